//! What traffic the fleet meets.

use fleetfront_sim::{Horizon, Seconds, SimTime, StreamKey};
use serde::{Deserialize, Serialize};

use crate::curve::LoadCurve;
use crate::process::Process;
use crate::rate::{Rate, RateSegment};
use crate::replay::Replay;
use crate::slow_rate::{SlowRate, SlowStep};
use crate::spike::Spike;
use crate::time_zone::ClockChange;

const HOUR_S: f64 = 3600.0;
const DAY_S: f64 = 24.0 * HOUR_S;
/// Longest horizon: ten years.
const HORIZON_MAX_S: f64 = 3652.5 * DAY_S;

/// The traffic of all models.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Traffic {
    /// One entry a model, in the scenario's order.
    pub models: Vec<ModelTraffic>,
    /// The slow random rates of all models that have none of their own, whose factors multiply; none where the rate is
    /// the curve's. The place in the list tells their random numbers apart.
    pub slow_rates: Vec<SlowRate>,
    /// How much of the evening before is simulated and not counted.
    pub run_in: Seconds,
    /// How much is simulated and counted: a day, as a rule. Positive, at most ten years.
    pub horizon: Seconds,
}

/// The traffic of one model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelTraffic {
    /// Whose streams are used.
    pub key: StreamKey,
    /// Mean requests a day, over the whole curve, spikes left out.
    pub requests_per_day: f64,
    /// Its curve.
    pub curve: LoadCurve,
    /// Hours to add to the reporting clock to get the curve's clock, from -26 to 26; may be fractional.
    pub curve_ahead_h: f64,
    /// The same where one of the clocks changes, in seconds from the Monday 00:00 before the trials: from the beginning on,
    /// then from each change. Empty where none does. A trial that begins on a weekday is that day of this week.
    #[serde(default)]
    pub clock_changes: Vec<ClockChange>,
    /// How its requests arrive.
    #[serde(default)]
    pub process: Process,
    /// A sine wave on the rate of the curve.
    #[serde(default)]
    pub swing: Option<Swing>,
    /// Slow random rates of its own, in the place of the traffic's; `None` where it has those.
    #[serde(default)]
    pub slow_rates: Option<Vec<SlowRate>>,
    /// Scheduled factors on the rate; where they meet, they multiply.
    #[serde(default)]
    pub spikes: Vec<Spike>,
    /// Recorded days in the place of drawn ones. The curve is then their mean by the reporting clock, and says what is
    /// expected; process, swing, spikes and slow rates have no effect.
    #[serde(default)]
    pub replay: Option<Replay>,
}

/// A sine wave on a rate: a factor 1 + share x sin(2 pi t / period), with t from the beginning of the horizon.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Swing {
    /// Its amplitude as a share of the rate, from 0 to 1.
    pub share: f64,
    /// Its period in seconds, above zero.
    pub period_s: f64,
}

impl Swing {
    /// Steps a period: the wave inside a step differs from its mean by a thousandth of the amplitude or less.
    const STEPS: f64 = 3600.0;

    /// The factor in steps, each with the exact mean of the wave over it.
    fn steps(self, run_in_s: f64, end_s: f64) -> Vec<SlowStep> {
        let step_s = self.period_s / Self::STEPS;
        let phase = |at_s: f64| std::f64::consts::TAU * (at_s - run_in_s) / self.period_s;
        let mean = |from_s: f64, to_s: f64| {
            let (from, to) = (phase(from_s), phase(to_s));
            1.0 + self.share * (from.cos() - to.cos()) / (to - from)
        };
        let starts = (0..(end_s / step_s).ceil() as u64).map(|k| k as f64 * step_s);
        starts.map(|start_s| SlowStep { start_s, factor: mean(start_s, start_s + step_s).max(0.0) }).collect()
    }
}

impl Traffic {
    /// The horizon of every trial, behind the run-in.
    ///
    /// # Panics
    /// If it is empty or longer than ten years.
    #[must_use]
    pub fn horizon(&self) -> Horizon {
        let length_s = self.horizon.get();
        assert!(length_s > 0.0 && length_s <= HORIZON_MAX_S, "a horizon of {length_s} s is not up to ten years");
        let start = SimTime::START + self.run_in.to_span();
        Horizon { start, end: start + self.horizon.to_span() }
    }

    /// The weekday of trial `trial` (0 = Monday) on which its horizon begins, at 00:00 of the reporting clock. Trials
    /// of whole days follow each other through the week; others begin on one weekday after the other.
    #[must_use]
    pub fn weekday(&self, trial: u32) -> u32 {
        (self.first_day(trial) % 7) as u32
    }

    /// The day on which the horizon of a trial begins, counted from that of the first trial.
    pub(crate) fn first_day(&self, trial: u32) -> u64 {
        let days = self.horizon.get() / DAY_S;
        let step = if days.fract() == 0.0 { days as u64 } else { 1 };
        u64::from(trial) * step
    }

    /// Days that a trial counts.
    #[must_use]
    pub fn days(&self) -> f64 {
        self.horizon.get() / DAY_S
    }

    /// Whether the days of the week differ, so that trials have to cover them evenly.
    #[must_use]
    pub fn is_weekly(&self) -> bool {
        self.models.iter().any(|model| {
            let is_switched = !model.clock_changes.is_empty();
            model.curve.is_weekly() || is_switched || model.spikes.iter().any(Spike::is_weekly)
        })
    }

    /// Whether a spike comes in any trial, run-in included.
    #[must_use]
    pub fn meets(&self, spike: &Spike) -> bool {
        let (run_in_s, end_s) = self.bounds_s();
        let comes = |trial| spike.steps(self.weekday(trial), run_in_s, end_s).len() > 1;
        // It has begun, or ended, inside one. Of those that hold all the time the factor tells.
        let holds =
            |trial| spike.steps(self.weekday(trial), run_in_s, end_s)[0].factor.to_bits() == spike.factor.to_bits();
        (0..7).any(|trial| comes(trial) || holds(trial))
    }

    /// Where the counted part of a trial begins and ends, in seconds from its beginning.
    fn bounds_s(&self) -> (f64, f64) {
        let horizon = self.horizon();
        ((horizon.start - SimTime::START).as_secs_f64(), (horizon.end - SimTime::START).as_secs_f64())
    }

    /// The expected arrival rate of model `model` in trial `trial`, run-in included: the curve with what is scheduled,
    /// without the slow random rates.
    ///
    /// # Panics
    /// If there is no such model.
    #[must_use]
    pub fn expected_rate(&self, trial: u32, model: usize) -> Rate {
        let (run_in_s, end_s) = self.bounds_s();
        // Monday 00:00 of the reporting clock is 0; the run-in of a Monday lies before it.
        let reporting_start_s = f64::from(self.weekday(trial)) * DAY_S - run_in_s;
        let of_model = &self.models[model];
        let rate = of_model.curve_rate(reporting_start_s, end_s);
        let rate = match of_model.swing {
            Some(swing) => rate.times(&swing.steps(run_in_s, end_s)),
            None => rate,
        };
        of_model.with_spikes(rate, self.weekday(trial), run_in_s)
    }

    /// The slow random rates of model `model`: its own, or those of all.
    ///
    /// # Panics
    /// If there is no such model.
    #[must_use]
    pub fn slow_rates_of(&self, model: usize) -> &[SlowRate] {
        self.models[model].slow_rates.as_deref().unwrap_or(&self.slow_rates)
    }

    /// The arrival rate of model `model` in trial `trial`, run-in included: the curve times the slow random rates. Of a
    /// replayed model it is the expected one.
    ///
    /// # Panics
    /// If there is no such model.
    #[must_use]
    pub fn drawn_rate(&self, seed: u64, trial: u32, model: usize) -> Rate {
        let expected = self.expected_rate(trial, model);
        if self.models[model].replay.is_some() {
            return expected;
        }
        let path =
            |(place, slow): (usize, &SlowRate)| slow.path(seed, trial, self.models[model].key, place, self.horizon());
        self.slow_rates_of(model).iter().enumerate().map(path).fold(expected, |rate, steps| rate.times(&steps))
    }
}

impl ModelTraffic {
    /// Mean requests a day over a week, spikes and changes of the clock included.
    #[must_use]
    pub fn mean_per_day(&self) -> f64 {
        if self.spikes.is_empty() && self.clock_changes.is_empty() {
            return self.requests_per_day;
        }
        let week_s = 7.0 * DAY_S;
        self.with_spikes(self.curve_rate(0.0, week_s), 0, 0.0).integral(0.0, week_s) / 7.0
    }

    /// A rate times the spikes.
    ///
    /// - `weekday`: the day of the week on which the counted part begins, `run_in_s` seconds after the beginning.
    fn with_spikes(&self, rate: Rate, weekday: u32, run_in_s: f64) -> Rate {
        let end_s = rate.end_s();
        self.spikes.iter().fold(rate, |rate, spike| rate.times(&spike.steps(weekday, run_in_s, end_s)))
    }

    /// The curve's rate over `end_s` seconds that begin `reporting_start_s` seconds after (or before) a Monday 00:00 of
    /// the reporting clock.
    fn curve_rate(&self, reporting_start_s: f64, end_s: f64) -> Rate {
        let mean_per_second = self.requests_per_day / DAY_S;
        let mut segments = Vec::with_capacity((end_s / HOUR_S) as usize + 2);
        for (from_s, to_s, ahead_h) in self.clock(reporting_start_s, end_s) {
            let curve_start_s = reporting_start_s + ahead_h * HOUR_S;
            let first_hour = ((curve_start_s + from_s) / HOUR_S).floor() as i64;
            for hour in first_hour.. {
                // The first hour began before, whatever rounding makes of it.
                let start_s = if hour == first_hour { from_s } else { hour as f64 * HOUR_S - curve_start_s };
                if start_s >= to_s {
                    break;
                }
                segments.push(RateSegment { start_s, per_second: mean_per_second * self.curve.weight(hour) });
            }
        }
        Rate::new(segments, end_s)
    }

    /// How many hours the curve's clock is ahead, over `end_s` seconds that begin `reporting_start_s` seconds after a Monday
    /// 00:00 of the reporting clock: from when, to when, in seconds from there.
    fn clock(&self, reporting_start_s: f64, end_s: f64) -> Vec<(f64, f64, f64)> {
        if self.clock_changes.is_empty() {
            return vec![(0.0, end_s, self.curve_ahead_h)];
        }
        let from_s = self.clock_changes.iter().map(|change| (change.at_s - reporting_start_s).clamp(0.0, end_s));
        let to_s = from_s.clone().skip(1).chain([end_s]);
        let stretches = from_s.zip(to_s).zip(&self.clock_changes);
        let stretches = stretches.map(|((from_s, to_s), change)| (from_s, to_s, change.ahead_h));
        stretches.filter(|(from_s, to_s, _)| from_s < to_s).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    fn traffic(weights: &[f64], curve_ahead_h: f64, run_in_h: f64) -> Traffic {
        let model = ModelTraffic {
            key: StreamKey::of("flux-dev"),
            requests_per_day: 1000.0,
            curve: LoadCurve::new(weights).expect("a curve"),
            curve_ahead_h,
            clock_changes: Vec::new(),
            process: Process::Poisson,
            swing: None,
            slow_rates: None,
            spikes: Vec::new(),
            replay: None,
        };
        let [run_in, horizon] = [run_in_h * HOUR_S, DAY_S].map(|s| Seconds::new(s).expect("a span"));
        Traffic { models: vec![model], slow_rates: Vec::new(), run_in, horizon }
    }

    /// 168 weights that tell their hour of the week: 0, 1, 2, ... with mean 83.5.
    fn every_hour_differs() -> Vec<f64> {
        (0..168).map(f64::from).collect()
    }

    /// The hours of the curve that a trial's segments use, in order.
    fn hours(traffic: &Traffic, trial: u32) -> Vec<f64> {
        let rate = traffic.expected_rate(trial, 0);
        rate.segments().iter().map(|s| (s.per_second * DAY_S / 1000.0 * 83.5).round()).collect()
    }

    #[test]
    fn a_week_integrates_to_seven_days_of_requests() {
        let traffic = traffic(&every_hour_differs(), 3.5, 6.0);
        let week: f64 = (0..7).map(|trial| traffic.expected_rate(trial, 0).integral(6.0 * HOUR_S, 30.0 * HOUR_S)).sum();
        assert_relative_eq!(week, 7000.0, max_relative = 1e-12);
    }

    #[test]
    fn trials_are_weekdays_and_run_ins_the_evening_before() {
        let traffic = traffic(&every_hour_differs(), 0.0, 6.0);
        let tuesday: Vec<f64> = (18..48).map(f64::from).collect();
        assert_eq!(hours(&traffic, 1), tuesday);
        let monday: Vec<f64> = (162..168).chain(0..24).map(f64::from).collect();
        assert_eq!(hours(&traffic, 0), monday);
        assert_eq!(hours(&traffic, 7), monday);
    }

    #[test]
    fn trials_of_several_days_follow_each_other_through_the_week() {
        let with = |days: f64| {
            let horizon = Seconds::new(days * DAY_S).expect("a span");
            Traffic { horizon, ..traffic(&every_hour_differs(), 0.0, 6.0) }
        };
        let weekdays = |days: f64| (0..4).map(|trial| with(days).weekday(trial)).collect::<Vec<_>>();
        assert_eq!(weekdays(1.0), [0, 1, 2, 3]);
        assert_eq!(weekdays(3.0), [0, 3, 6, 2]);
        assert_eq!(weekdays(7.0), [0, 0, 0, 0]);
        assert_eq!(weekdays(0.5), [0, 1, 2, 3]);
        let second: Vec<f64> = (66..144).map(f64::from).collect();
        assert_eq!(hours(&with(3.0), 1), second);
        let [long, short] = [14.0, 0.25].map(|days| with(days).expected_rate(1, 0).integral(21_600.0, 1e9));
        assert_relative_eq!(long, 14_000.0, max_relative = 1e-12);
        assert_relative_eq!(short, 1000.0 / 83.5 * 6.0 * 26.5 / 24.0, max_relative = 1e-12);
    }

    #[test]
    #[should_panic(expected = "not up to ten years")]
    fn a_horizon_has_an_end() {
        let horizon = Seconds::new(3653.0 * DAY_S).expect("a span");
        let _ = Traffic { horizon, ..traffic(&[1.0; 24], 0.0, 0.0) }.horizon();
    }

    #[test]
    fn a_daily_curve_repeats() {
        let weights: Vec<f64> = (0..24).map(f64::from).collect();
        let traffic = traffic(&weights, 0.0, 6.0);
        assert_eq!(traffic.expected_rate(0, 0), traffic.expected_rate(3, 0));
        let rate = traffic.expected_rate(0, 0);
        assert_relative_eq!(rate.at(0.0), 1000.0 / DAY_S * 18.0 / 11.5, max_relative = 1e-12);
        assert_relative_eq!(rate.at(6.0 * HOUR_S), 0.0);
    }

    #[test]
    fn half_an_hour_ahead_moves_the_boundaries_to_half_hours() {
        let traffic = traffic(&every_hour_differs(), 5.5, 0.0);
        let rate = traffic.expected_rate(0, 0);
        let starts: Vec<f64> = rate.segments().iter().take(3).map(|s| s.start_s / HOUR_S).collect();
        assert_eq!(starts, [0.0, 0.5, 1.5]);
        assert_eq!(hours(&traffic, 0), (5..30).map(f64::from).collect::<Vec<_>>());
    }

    #[test]
    fn a_curve_behind_reads_the_hours_before() {
        let traffic = traffic(&every_hour_differs(), -26.0, 0.0);
        assert_eq!(hours(&traffic, 0), (142..166).map(f64::from).collect::<Vec<_>>());
    }

    /// Every hour of the days of a week in which a clock changes, told by the zone's own calendar.
    #[test]
    fn on_the_day_of_a_change_an_hour_of_the_curve_is_left_out_or_comes_twice() {
        // Mondays 00:00 UTC before the changes of 2026 in Berlin.
        for (date, monday_s, berlin_h) in [("2026-03-29", 1_774_224_000, 1.0), ("2026-10-25", 1_792_368_000, 2.0)] {
            let mut traffic = traffic(&every_hour_differs(), berlin_h, 6.0);
            let stretch_s = (-6.0 * HOUR_S, 7.0 * DAY_S);
            let changes = crate::clock_changes("Europe/Berlin", "UTC", date, stretch_s).expect("a week");
            assert_eq!(changes.len(), 2);
            traffic.models[0].clock_changes = changes;
            let clock = crate::describe::Clock::new("Europe/Berlin").expect("a zone");
            for trial in 0..7 {
                let start_s = monday_s + i64::from(trial) * 86_400 - 6 * 3600;
                let local = |hour: i64| clock.local_hour(start_s + 3600 * hour).of_week() as f64;
                assert_eq!(hours(&traffic, trial), (0..30).map(local).collect::<Vec<f64>>(), "{date}, trial {trial}");
            }
            // The fourth trial of two days is this Sunday and the Monday after it.
            let two_days = Traffic { horizon: Seconds::new(2.0 * DAY_S).expect("a span"), ..traffic.clone() };
            let start_s = monday_s + 6 * 86_400 - 6 * 3600;
            let local = |hour: i64| clock.local_hour(start_s + 3600 * hour).of_week() as f64;
            assert_eq!(hours(&two_days, 3), (0..54).map(local).collect::<Vec<f64>>());
            let week: f64 = (0..7).map(|trial| traffic.expected_rate(trial, 0).integral(6.0 * HOUR_S, 1e9)).sum();
            assert_relative_eq!(week, 7.0 * traffic.models[0].mean_per_day(), max_relative = 1e-12);
            assert!((traffic.models[0].mean_per_day() / 1000.0 - 1.0).abs() > 0.001, "an hour is missing or too many");
            let daily =
                ModelTraffic { curve: LoadCurve::new(&[1.0; 24]).expect("a curve"), ..traffic.models[0].clone() };
            traffic.models[0] = daily;
            assert!(traffic.is_weekly(), "days differ by it");
        }
    }

    #[test]
    fn spikes_change_the_expected_rate_and_the_volume() {
        let span = |hours: f64| Seconds::new(hours * HOUR_S).expect("a span");
        let plain = traffic(&[1.0; 24], 0.0, 6.0);
        let mut spiked = plain.clone();
        let spike = Spike { at: span(18.0), length: span(2.0), factor: 4.0, weekdays: [true; 7] };
        let tuesday = Spike { factor: 0.0, weekdays: [false, true, false, false, false, false, false], ..spike };
        spiked.models[0].spikes = vec![spike, tuesday];
        let rate = |trial, hour: f64| spiked.expected_rate(trial, 0).at((6.0 + hour) * HOUR_S) / (1000.0 / DAY_S);
        let rates = |trial, hours: &[f64]| -> Vec<f64> { hours.iter().map(|hour| rate(trial, *hour)).collect() };
        let found = rates(0, &[-6.0, -4.1, -4.0, 17.9, 18.0, 19.9, 20.0]);
        assert_eq!(found, [4.0, 4.0, 1.0, 1.0, 4.0, 4.0, 1.0]);
        assert_eq!(rates(1, &[-6.0, -4.0, 18.0, 20.0]), [4.0, 1.0, 0.0, 1.0]);
        // Six days with 22 + 8 hours' worth, one with 22.
        assert_relative_eq!(
            spiked.models[0].mean_per_day(),
            1000.0 / 24.0 * (6.0 * 30.0 + 22.0) / 7.0,
            max_relative = 1e-12
        );
        assert_relative_eq!(plain.models[0].mean_per_day(), 1000.0);
        assert!(spiked.is_weekly() && !plain.is_weekly());
        let week: f64 = (0..7).map(|trial| spiked.expected_rate(trial, 0).integral(6.0 * HOUR_S, 30.0 * HOUR_S)).sum();
        assert_relative_eq!(week, 7.0 * spiked.models[0].mean_per_day(), max_relative = 1e-12);
        let noon = Traffic { horizon: span(12.0), run_in: span(3.0), ..plain };
        assert!(!noon.meets(&spike) && spiked.meets(&spike) && noon.meets(&Spike { length: span(7.0), ..spike }));
        assert!(noon.meets(&Spike { length: span(24.0), ..spike }));
    }

    #[test]
    fn slow_rates_change_the_drawn_rate_only_and_multiply() {
        let plain = traffic(&every_hour_differs(), 0.0, 6.0);
        let correlation = Seconds::new(600.0).expect("a span");
        let redrawn = crate::Redrawn::AtRandom { correlation };
        let often = SlowRate { cv: 0.5, redrawn, scope: crate::Scope::Fleet };
        let daily = SlowRate { redrawn: crate::Redrawn::EachDay, ..often };
        let slow = Traffic { slow_rates: vec![often, daily], ..plain.clone() };
        assert_eq!(slow.expected_rate(2, 0), plain.expected_rate(2, 0));
        assert_eq!(plain.drawn_rate(1, 2, 0), plain.expected_rate(2, 0));
        let at_s = 20_000.0;
        let factor = |slow: SlowRate, place| {
            let path = slow.path(1, 2, plain.models[0].key, place, plain.horizon());
            path[path.partition_point(|step| step.start_s <= at_s) - 1].factor
        };
        let expected = plain.expected_rate(2, 0).at(at_s) * factor(often, 0) * factor(daily, 1);
        assert_relative_eq!(slow.drawn_rate(1, 2, 0).at(at_s), expected);
    }

    #[test]
    fn a_models_own_slow_rates_take_the_place_of_those_of_all() {
        let correlation = Seconds::new(600.0).expect("a span");
        let slow = |cv| SlowRate { cv, redrawn: crate::Redrawn::AtRandom { correlation }, scope: crate::Scope::Model };
        let mut traffic = traffic(&every_hour_differs(), 0.0, 6.0);
        traffic.slow_rates = vec![slow(0.5)];
        traffic.models.push(ModelTraffic { key: StreamKey::of("lora"), ..traffic.models[0].clone() });
        let shared = [0, 1].map(|model| traffic.drawn_rate(1, 2, model));
        // The same factor, written as the model's own, is the same luck, and no other model is touched.
        traffic.models[1].slow_rates = Some(vec![slow(0.5)]);
        assert_eq!([0, 1].map(|model| traffic.drawn_rate(1, 2, model)), shared);
        traffic.models[1].slow_rates = Some(vec![slow(0.9), slow(0.2)]);
        assert_eq!(traffic.drawn_rate(1, 2, 0), shared[0]);
        let key = traffic.models[1].key;
        let paths = [0, 1].map(|place| traffic.slow_rates_of(1)[place].path(1, 2, key, place, traffic.horizon()));
        let expected = paths.iter().fold(traffic.expected_rate(2, 1), |rate, path| rate.times(path));
        assert_eq!(traffic.drawn_rate(1, 2, 1), expected);
        traffic.models[1].slow_rates = Some(Vec::new());
        assert_eq!(traffic.drawn_rate(1, 2, 1), traffic.expected_rate(2, 1));
    }
}
