//! A scheduled factor on the rate: a launch, a campaign, an outage.

use fleetfront_sim::Seconds;
use serde::{Deserialize, Serialize};

use crate::slow_rate::SlowStep;

const DAY_S: f64 = 86_400.0;

/// A factor on the rate, from a time of the day on, on certain days of the week.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Spike {
    /// When it begins, after 00:00 of the reporting clock; less than a day.
    pub at: Seconds,
    /// How long it lasts: above zero, a day at most. It may go on beyond midnight.
    pub length: Seconds,
    /// What the rate is multiplied with, zero or more: zero is an outage.
    pub factor: f64,
    /// On which days of the week it begins, Monday first.
    pub weekdays: [bool; 7],
}

impl Spike {
    /// Whether days of the week differ by it.
    #[must_use]
    pub fn is_weekly(&self) -> bool {
        self.weekdays.iter().any(|is_on| *is_on != self.weekdays[0])
    }

    /// The factor over one trial, run-in included, in steps in order of time, the first at 0.
    ///
    /// - `weekday`: on which the counted part begins (0 = Monday), at 00:00 and `run_in_s` seconds after the beginning.
    /// - `end_s`: of the trial, in seconds from its beginning.
    pub(crate) fn steps(&self, weekday: u32, run_in_s: f64, end_s: f64) -> Vec<SlowStep> {
        // What began on the day before the trial may go on in it.
        let first = -((run_in_s / DAY_S).ceil() as i64) - 1;
        let last = ((end_s - run_in_s) / DAY_S).ceil() as i64;
        let mut steps = vec![SlowStep { start_s: 0.0, factor: 1.0 }];
        for day in first..=last {
            if !self.weekdays[(i64::from(weekday) + day).rem_euclid(7) as usize] {
                continue;
            }
            let start_s = run_in_s + day as f64 * DAY_S + self.at.get();
            for (at_s, factor) in [(start_s, self.factor), (start_s + self.length.get(), 1.0)] {
                // Where one ends as the next begins, and before the trial, only the latest counts.
                let at_s = at_s.max(0.0);
                steps.retain(|step| step.start_s < at_s);
                steps.push(SlowStep { start_s: at_s, factor });
            }
        }
        steps.retain(|step| step.start_s < end_s);
        steps
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spike(at_h: f64, length_h: f64, weekdays: [bool; 7]) -> Spike {
        let [at, length] = [at_h, length_h].map(|hours| Seconds::new(hours * 3600.0).expect("a span"));
        Spike { at, length, factor: 5.0, weekdays }
    }

    /// Hours from midnight of the trial's day and factors of a spike in a trial with a run-in of 6 hours.
    fn steps(spike: Spike, weekday: u32, hours: f64) -> Vec<(f64, f64)> {
        let steps = spike.steps(weekday, 6.0 * 3600.0, (6.0 + hours) * 3600.0);
        steps.iter().map(|step| (step.start_s / 3600.0 - 6.0, step.factor)).collect()
    }

    #[test]
    fn it_comes_at_its_time_on_its_days() {
        let daily = spike(18.0, 1.5, [true; 7]);
        // The evening before is that of another day, and has one too.
        assert_eq!(steps(daily, 0, 24.0), [(-6.0, 5.0), (-4.5, 1.0), (18.0, 5.0), (19.5, 1.0)]);
        let mut monday = [false; 7];
        monday[0] = true;
        let mondays = spike(18.0, 1.5, monday);
        assert_eq!(steps(mondays, 0, 24.0), [(-6.0, 1.0), (18.0, 5.0), (19.5, 1.0)]);
        assert_eq!(steps(mondays, 1, 24.0), [(-6.0, 5.0), (-4.5, 1.0)]);
        assert_eq!(steps(mondays, 2, 24.0), [(-6.0, 1.0)]);
        assert_eq!(steps(mondays, 5, 72.0), [(-6.0, 1.0), (66.0, 5.0), (67.5, 1.0)]);
        assert!(mondays.is_weekly() && !daily.is_weekly());
    }

    #[test]
    fn it_goes_on_beyond_midnight_and_stops_with_the_trial() {
        let night = spike(22.0, 4.0, [true; 7]);
        assert_eq!(steps(night, 3, 24.0), [(-6.0, 1.0), (-2.0, 5.0), (2.0, 1.0), (22.0, 5.0)]);
        // A whole day each: it never ends.
        let always = spike(7.0, 24.0, [true; 7]).steps(0, 0.0, 86_400.0);
        assert!(always.iter().all(|step| step.factor.to_bits() == 5.0f64.to_bits()), "{always:?}");
        // One that ends as the trial begins has no effect.
        assert_eq!(steps(spike(16.0, 2.0, [true; 7]), 0, 4.0), [(-6.0, 1.0)]);
    }
}
