//! What a model expects of a stretch of time: the rate that days are drawn from.

use fleetfront_sim::{Horizon, Seconds, SimSpan, SimTime, StreamKey};

use super::{Mark, Marked, TrafficFit};
use crate::describe::Clock;
use crate::process::Process;
use crate::rate::{Rate, RateSegment};
use crate::request_stream::RequestStream;
use crate::slow_rate::{Redrawn, SlowRate, SlowStep};
use crate::time_zone::TimeZoneError;

const HOUR_S: i64 = 3600;
const DAY_S: f64 = 86_400.0;
/// A day.
const RUN_IN_S: i64 = 24 * HOUR_S;

/// An hour of a stretch of time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ExpectedHour {
    /// Its start, in unix seconds.
    pub start_s: i64,
    /// Requests a second.
    pub per_second: f64,
}

/// What a model expects between two instants, and requests drawn from it.
#[derive(Debug, Clone, PartialEq)]
pub struct Expected {
    start_s: i64,
    end_s: i64,
    /// From the run-in's start to the first midnight, in seconds.
    before_midnight_s: f64,
    /// How long before the start the drawing begins: gaps that have begun are of any age.
    run_in_s: i64,
    hours: Vec<ExpectedHour>,
    factors: Vec<SlowRate>,
    process: Process,
    /// Outages: the rate is zero from the first step's start to the second's, and so on.
    outages: Vec<SlowStep>,
}

impl Expected {
    /// What the model expects between two instants of its log's time, marked stretches as they were: an outage is one
    /// again, and an unusual day has the level that it had.
    ///
    /// - `start_s`, `end_s`: unix seconds, the former the start of a clock hour unless the stretch is shorter than one.
    /// - `growth_from_s`: when the level is that of the model: the start of the log's last hour.
    ///
    /// # Errors
    /// [`TimeZoneError`] where the zone is unknown.
    ///
    /// # Panics
    /// If the stretch is empty.
    pub fn new(
        fit: &TrafficFit,
        zone: &str,
        (start_s, end_s): (i64, i64),
        growth_from_s: i64,
    ) -> Result<Self, TimeZoneError> {
        assert!(start_s < end_s, "a stretch of time has a length");
        let clock = Clock::new(zone)?;
        let weekly = fit.growth_per_week.unwrap_or(0.0).ln_1p();
        let run_in_s = if fit.events.gap.is_some() { RUN_IN_S } else { 0 };
        let first_s = start_s - run_in_s;
        let every_hour = (0..).map(|hour| first_s + HOUR_S * hour).take_while(|at_s| *at_s < end_s);
        let hours = every_hour
            .map(|at_s| {
                let local = clock.local_hour(at_s);
                let weight = fit.curve[local.of_week() % fit.curve.len()];
                let growth = (weekly * (at_s - growth_from_s) as f64 / (7.0 * DAY_S)).exp();
                let per_second = fit.requests_per_day / DAY_S * weight * growth * level(&fit.marked, at_s);
                ExpectedHour { start_s: at_s, per_second }
            })
            .collect();
        let midnight = (0..25).map(|hour| first_s + HOUR_S * hour).find(|at_s| clock.local_hour(*at_s).hour == 0);
        Ok(Self {
            start_s,
            end_s,
            before_midnight_s: midnight.map_or(0.0, |midnight_s| (midnight_s - first_s) as f64),
            run_in_s,
            hours,
            factors: fit.slow_rates(),
            process: fit.process(),
            outages: outages(&fit.marked, first_s),
        })
    }

    /// The hours and their rates, those of a run-in before the start among them.
    #[must_use]
    pub fn hours(&self) -> &[ExpectedHour] {
        &self.hours
    }

    /// One draw of the stretch: `each` gets every request's nanoseconds since its start, in order.
    ///
    /// - `draw`: which; every model of every draw has random numbers of its own.
    pub fn draw(&self, (seed, draw): (u64, u32), model: &str, mut each: impl FnMut(u64)) {
        let mut requests = self.stream(seed, draw, model);
        let start = SimTime::START + SimSpan::from_secs_f64(self.run_in_s as f64);
        let mut block = Vec::new();
        while requests.fill(&mut block) {
            block.iter().filter(|request| request.at >= start).for_each(|request| each((request.at - start).0));
        }
    }

    fn stream(&self, seed: u64, draw: u32, model: &str) -> RequestStream {
        let first_s = self.start_s - self.run_in_s;
        let at = |hour: &ExpectedHour| (hour.start_s - first_s) as f64;
        let segments = self.hours.iter().map(|h| RateSegment { start_s: at(h), per_second: h.per_second }).collect();
        let length_s = (self.end_s - first_s) as f64;
        let mut rate = Rate::new(segments, length_s).times(&self.outages);
        for (place, factor) in self.factors.iter().enumerate() {
            // Days begin at midnight, not with the log.
            let shift_s = if factor.redrawn == Redrawn::EachDay { self.before_midnight_s } else { 0.0 };
            let start = SimTime::START + SimSpan::from_secs_f64(shift_s.min(length_s - 1e-3).max(0.0));
            let horizon = Horizon { start, end: SimTime::START + SimSpan::from_secs_f64(length_s) };
            rate = rate.times(&factor.path(seed, draw, StreamKey::of(model), place, horizon));
        }
        RequestStream::of_rate(rate, &self.process, seed, draw, StreamKey::of(model))
    }
}

/// A factor that is zero in outages and one elsewhere.
fn outages(marked: &[Marked], start_s: i64) -> Vec<SlowStep> {
    let mut steps = vec![SlowStep { start_s: 0.0, factor: 1.0 }];
    for outage in marked.iter().filter(|mark| mark.mark == Mark::Outage && mark.end_s > start_s) {
        let at = |unix_s: i64| (unix_s - start_s).max(0) as f64;
        let (from_s, to_s) = (at(outage.start_s), at(outage.end_s));
        // One that begins where the last step stands replaces it.
        steps.retain(|step| step.start_s < from_s);
        steps.extend([SlowStep { start_s: from_s, factor: 0.0 }, SlowStep { start_s: to_s, factor: 1.0 }]);
    }
    steps
}

/// What a marked stretch makes of the rate; outages are taken out of it to the second.
fn level(marked: &[Marked], at_s: i64) -> f64 {
    let of = marked.iter().find(|mark| (mark.start_s..mark.end_s).contains(&at_s));
    of.map_or(1.0, |mark| match mark.mark {
        Mark::QuietDay | Mark::BusyDay if mark.expected > 0.0 => mark.requests / mark.expected,
        _ => 1.0,
    })
}

impl TrafficFit {
    /// The random factors on the rate, the day's luck first.
    ///
    /// # Panics
    /// If a correlation time is negative, infinite or NaN.
    #[must_use]
    pub fn slow_rates(&self) -> Vec<SlowRate> {
        let of = |cv: f64, redrawn: Redrawn| SlowRate { cv, redrawn, scope: self.scope };
        let day = (self.day_cv > 0.0).then(|| of(self.day_cv, Redrawn::EachDay));
        let bursts = self.bursts.iter().map(|burst| {
            let correlation = Seconds::new(burst.correlation_s).expect("a correlation time is a span");
            of(burst.cv, Redrawn::AtRandom { correlation })
        });
        day.into_iter().chain(bursts).collect()
    }

    /// Whether nothing but chance makes requests depart from the curve: they are a Poisson process.
    #[must_use]
    pub fn is_by_chance(&self) -> bool {
        self.slow_rates().is_empty() && self.process() == Process::Poisson
    }

    /// How requests come, given the rate.
    #[must_use]
    pub fn process(&self) -> Process {
        self.events.process()
    }
}
