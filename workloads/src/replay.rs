//! Replaying a trace: whole recorded days in the place of drawn ones.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

use fleetfront_sim::{Horizon, Quantile, Role, SimTime, StreamKey, stream};
use rand::Rng;
use rand::rngs::ChaCha8Rng;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::events::BLOCK;
use crate::recorded::Cursor;
use crate::trace::Trace;

const DAY_NS: i64 = 86_400_000_000_000;
const MS_NS: i64 = 1_000_000;
/// A volume this near to whole days is one: no request is taken out for the last digit of a written number.
const WHOLE: f64 = 1e-6;

/// A trace, and which of its days stand for the days of a trial.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Replay {
    /// The recorded days; shared by all copies of the traffic.
    #[serde(serialize_with = "write_shared", deserialize_with = "read_shared")]
    pub trace: Arc<Trace>,
    /// Which of them stand for a trial's.
    pub days: ReplayedDays,
}

/// Which days of a trace stand for those of a trial.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReplayedDays {
    /// One after the other, from the first Monday on where weekdays count, and again from the beginning.
    InOrder,
    /// Each drawn from those that are alike.
    Resampled,
}

impl Replay {
    /// How many of its days have to be laid over each other for so many requests a day; the part of a day that is
    /// left is thinned.
    #[must_use]
    pub fn volume(&self, requests_per_day: f64) -> f64 {
        let volume = requests_per_day / self.trace.mean_per_day();
        let is_whole = volume > 0.5 && (volume - volume.round()).abs() < WHOLE;
        if is_whole { volume.round() } else { volume }
    }

    /// The places of `layers` recorded days that stand for one day.
    ///
    /// - `ordinal`: of the day, counted from the Monday of the first trial; the evening before a trial is the day before.
    /// - `rng`: of this day.
    fn chosen(&self, ordinal: i64, layers: usize, rng: &mut ChaCha8Rng) -> Vec<usize> {
        let weekday = ordinal.rem_euclid(7) as usize;
        match self.days {
            ReplayedDays::InOrder => {
                // In order one day stands for another; more of them only where more traffic is tried than there was.
                let step = if self.trace.is_weekly() { 7 } else { 1 };
                let [first, count] = [self.trace.first_monday(), self.trace.len()].map(|n| i64::from(n as u32));
                let place = |layer: u32| (first + ordinal + i64::from(layer) * step).rem_euclid(count) as usize;
                (0..layers as u32).map(place).collect()
            }
            ReplayedDays::Resampled => {
                // A day laid over itself would double every request: none comes twice before all have come.
                let mut alike = self.trace.alike(weekday);
                let count = alike.len();
                let draw = |layer: usize| {
                    let place = layer % count;
                    let share = Quantile(rng.next_u32()).uniform();
                    alike.swap(place, place + (share * (count - place) as f64) as usize);
                    alike[place]
                };
                (0..layers).map(draw).collect()
            }
        }
    }
}

fn write_shared<S: Serializer>(trace: &Arc<Trace>, serializer: S) -> Result<S::Ok, S::Error> {
    trace.serialize(serializer)
}

fn read_shared<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Arc<Trace>, D::Error> {
    Trace::deserialize(deserializer).map(Arc::new)
}

/// The instants of one trial's requests, in order.
#[derive(Debug)]
pub(crate) struct Replayed {
    trace: Arc<Trace>,
    layers: Vec<Layer>,
    /// The next instant of each layer that has one.
    next: BinaryHeap<Reverse<(SimTime, usize)>>,
    end: SimTime,
}

/// Recorded days one behind the other.
#[derive(Debug, Default)]
struct Layer {
    /// The place of each day in the trace, and when it begins, in nanoseconds from the beginning of the trial.
    days: Vec<(usize, i64)>,
    /// The day in `days` that comes next, and the reading of the one before it.
    next_day: usize,
    reading: Option<(Cursor, i64)>,
    thinning: Option<Thinning>,
}

/// Which requests are kept: each by itself.
#[derive(Debug)]
struct Thinning {
    kept: f64,
    rng: ChaCha8Rng,
}

impl Replayed {
    /// - `requests_per_day`: how many are wanted.
    /// - `first_day`: the ordinal of the day on which the trial's horizon begins, from the Monday of the first trial.
    pub(crate) fn new(
        replay: &Replay,
        requests_per_day: f64,
        first_day: i64,
        horizon: Horizon,
        (seed, trial, key): (u64, u32, StreamKey),
    ) -> Self {
        let [start_ns, end_ns] = [horizon.start, horizon.end].map(|at| at.0.cast_signed());
        let volume = replay.volume(requests_per_day);
        let kept = volume.fract();
        let mut layers: Vec<Layer> = (0..volume.ceil() as usize).map(|_| Layer::default()).collect();
        for day in -((start_ns + DAY_NS - 1) / DAY_NS)..(end_ns - start_ns + DAY_NS - 1) / DAY_NS {
            let mut rng = stream(seed, trial, key, Role::ReplayedDay);
            // Each day has draws of its own, however long the run-in is.
            rng.set_word_pos(u128::from((day as i32).cast_unsigned()) << 32);
            let chosen = replay.chosen(first_day + day, layers.len(), &mut rng);
            for (layer, place) in layers.iter_mut().zip(chosen) {
                layer.days.push((place, start_ns + day * DAY_NS));
            }
        }
        if let Some(last) = layers.last_mut().filter(|_| kept > 0.0) {
            last.thinning = Some(Thinning { kept, rng: stream(seed, trial, key, Role::Thinning) });
        }
        let mut replayed = Self { trace: Arc::clone(&replay.trace), layers, next: BinaryHeap::new(), end: horizon.end };
        (0..replayed.layers.len()).for_each(|layer| replayed.advance(layer));
        replayed
    }

    /// The instants of the next requests, [`BLOCK`] at most; none when there are no more.
    pub(crate) fn next(&mut self) -> Vec<SimTime> {
        let mut instants = Vec::with_capacity(BLOCK);
        while instants.len() < BLOCK {
            let Some(Reverse((at, layer))) = self.next.pop() else { break };
            instants.push(at);
            self.advance(layer);
        }
        instants
    }

    /// Looks for the next request of a layer.
    fn advance(&mut self, layer: usize) {
        let at = self.layers[layer].next(&self.trace);
        self.next.extend(at.filter(|at| *at < self.end).map(|at| Reverse((at, layer))));
    }
}

impl Layer {
    /// The next request that is in the trial, or behind it, and kept.
    fn next(&mut self, trace: &Trace) -> Option<SimTime> {
        loop {
            let next = self.reading.as_mut().and_then(|(cursor, start_ns)| Some((trace.next(cursor)?, *start_ns)));
            let Some((ms, start_ns)) = next else {
                let (day, start_ns) = *self.days.get(self.next_day)?;
                self.next_day += 1;
                self.reading = Some((trace.cursor(day), start_ns));
                continue;
            };
            let at_ns = start_ns + i64::from(ms) * MS_NS;
            // What is left out of the evening before takes its draw with it: the rest of the day stays as it is.
            let is_kept = self.thinning.as_mut().is_none_or(Thinning::keeps);
            if at_ns >= 0 && is_kept {
                return Some(SimTime(at_ns.cast_unsigned()));
            }
        }
    }
}

impl Thinning {
    fn keeps(&mut self) -> bool {
        Quantile(self.rng.next_u32()).uniform() < self.kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::assert_mean;
    use crate::{ModelTraffic, Process, Redrawn, RequestStream, Scope, SlowRate, Traffic, draw_requests};
    use approx::assert_relative_eq;
    use fleetfront_sim::{Request, Seconds};

    const HOUR_MS: u32 = 3_600_000;

    /// Days with requests in the first milliseconds of an hour of their own, one more each day, and one at the last
    /// millisecond of the day.
    fn days(count: u32) -> Vec<Vec<u32>> {
        let day = |day: u32| (0..20 + day).map(|k| day % 20 * HOUR_MS + k).chain([24 * HOUR_MS - 1]).collect();
        (0..count).map(day).collect()
    }

    fn trace(count: u32, first_weekday: Option<u32>) -> Trace {
        Trace::new(&days(count), first_weekday, false).expect("a trace")
    }

    fn traffic(trace: Trace, days: ReplayedDays, volume: f64) -> Traffic {
        let replay = Replay { trace: Arc::new(trace), days };
        let slow_rate = SlowRate { cv: 2.0, redrawn: Redrawn::EachHour, scope: Scope::Fleet };
        Traffic {
            models: vec![ModelTraffic {
                key: StreamKey::of("flux-dev"),
                requests_per_day: volume * replay.trace.mean_per_day(),
                curve: replay.trace.curve(),
                curve_ahead_h: 0.0,
                clock_changes: Vec::new(),
                process: Process::Poisson,
                swing: None,
                slow_rates: None,
                spikes: Vec::new(),
                replay: Some(replay),
            }],
            slow_rates: vec![slow_rate],
            run_in: Seconds::new(7200.0).expect("a span"),
            horizon: Seconds::new(86_400.0).expect("a span"),
        }
    }

    /// Milliseconds from 00:00 of a trial's day.
    fn instants(traffic: &Traffic, trial: u32) -> Vec<i64> {
        let ms = |request: &Request| (request.at.0 / 1_000_000).cast_signed() - 7_200_000;
        draw_requests(traffic, 1, trial, 0).iter().map(ms).collect()
    }

    /// Requests of a trial that count.
    fn counted(traffic: &Traffic, trial: u32) -> u32 {
        instants(traffic, trial).iter().filter(|ms| **ms >= 0).count() as u32
    }

    /// The recorded day that a trial has, told by how many requests there are.
    fn day_of(traffic: &Traffic, trial: u32) -> u32 {
        counted(traffic, trial) - 21
    }

    #[test]
    fn in_order_a_trial_is_a_recorded_day_with_the_evening_before() {
        let traffic = traffic(trace(5, None), ReplayedDays::InOrder, 1.0);
        for trial in 0..7 {
            let of_day = days(5)[trial as usize % 5].clone();
            let expected: Vec<i64> = [-1].into_iter().chain(of_day.into_iter().map(i64::from)).collect();
            assert_eq!(instants(&traffic, trial), expected, "trial {trial}");
        }
        let two_days = Traffic { horizon: Seconds::new(2.0 * 86_400.0).expect("a span"), ..traffic };
        assert_eq!(counted(&two_days, 1), 2 * 21 + 2 + 3);
    }

    #[test]
    fn in_order_weekdays_meet_weekdays() {
        // The first of sixteen days is a Saturday; two whole weeks count.
        let trace = Trace::new(&days(16), Some(5), true).expect("a trace");
        let traffic = traffic(trace, ReplayedDays::InOrder, 1.0);
        let found: Vec<u32> = (0..16).map(|trial| day_of(&traffic, trial)).collect();
        assert_eq!(found, [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 0, 1, 2, 3]);
    }

    #[test]
    fn resampled_days_are_drawn_from_those_alike_as_often_as_each_other() {
        let anyone = traffic(trace(3, None), ReplayedDays::Resampled, 1.0);
        let drawn: Vec<u32> = (0..3000).map(|trial| day_of(&anyone, trial)).collect();
        for day in 0..3 {
            assert_mean(drawn.iter().map(|drawn| f64::from(u8::from(*drawn == day))), 1.0 / 3.0);
        }
        // 17 days from a Monday on: Mondays are the days 0, 7 and 14, Sundays 6 and 13.
        let weekly = traffic(trace(17, Some(0)), ReplayedDays::Resampled, 1.0);
        assert!((0..50).all(|week| [0, 7, 14].contains(&day_of(&weekly, 7 * week))));
        assert!((0..50).all(|week| [6, 13].contains(&day_of(&weekly, 7 * week + 6))));
        assert!(weekly.is_weekly() && !anyone.is_weekly());
    }

    #[test]
    fn a_volume_is_reached_by_thinning_and_by_laying_days_over_each_other() {
        for (days, volume) in [
            (ReplayedDays::InOrder, 0.3),
            (ReplayedDays::Resampled, 0.3),
            (ReplayedDays::Resampled, 1.0),
            (ReplayedDays::Resampled, 2.4),
        ] {
            let traffic = traffic(trace(14, Some(3)), days, volume);
            // Two weeks, so that in order every day comes once.
            let of_weeks = |weeks: u32| (0..14).map(|day| f64::from(counted(&traffic, 14 * weeks + day))).sum::<f64>();
            assert_mean((0..150).map(|weeks| of_weeks(weeks) / 14.0), traffic.models[0].requests_per_day);
        }
    }

    #[test]
    fn the_expected_rate_is_the_mean_of_the_hours_and_nothing_changes_it() {
        let traffic = traffic(trace(3, None), ReplayedDays::Resampled, 2.0);
        let rate = traffic.expected_rate(5, 0);
        assert_eq!(traffic.drawn_rate(1, 5, 0), rate);
        for (hour, count) in [(0, 20.0), (1, 21.0), (2, 22.0), (3, 0.0), (23, 3.0)] {
            let from_s = 7200.0 + 3600.0 * f64::from(hour);
            assert_relative_eq!(rate.integral(from_s, from_s + 3600.0), 2.0 * count / 3.0, max_relative = 1e-12);
        }
    }

    #[test]
    fn more_traffic_than_there_was_in_order_is_that_of_the_following_days_too() {
        let three = traffic(trace(5, None), ReplayedDays::InOrder, 3.0);
        assert_eq!(counted(&three, 3), 24 + 25 + 21);
        let weekly = traffic(Trace::new(&days(21), Some(0), true).expect("a trace"), ReplayedDays::InOrder, 2.0);
        assert_eq!(counted(&weekly, 15), (21 + 15) + (21 + 1));
    }

    #[test]
    fn layers_repeat_no_day_before_all_have_come() {
        let traffic = traffic(trace(4, None), ReplayedDays::Resampled, 4.0);
        assert!((0..20).all(|trial| counted(&traffic, trial) == 21 + 22 + 23 + 24));
    }

    #[test]
    fn more_of_a_trace_keeps_what_there_was_and_the_luck_of_the_kth_request() {
        let [less, more] = [0.3, 0.6].map(|volume| traffic(trace(9, None), ReplayedDays::InOrder, volume));
        for trial in 0..9 {
            let [less, more] = [&less, &more].map(|traffic| draw_requests(traffic, 1, trial, 0));
            assert!(less.iter().all(|request| more.iter().any(|other| other.at == request.at)));
            assert!(less.iter().zip(&more).all(|(a, b)| (a.quantile, a.luck) == (b.quantile, b.luck)));
        }
    }

    #[test]
    fn blocks_put_together_are_the_whole_in_order() {
        let traffic = traffic(trace(60, None), ReplayedDays::Resampled, 30.5);
        let mut stream = RequestStream::new(&traffic, 1, 2, 0);
        let (mut together, mut block) = (Vec::new(), Vec::new());
        while stream.fill(&mut block) {
            assert!(block.len() <= BLOCK);
            together.extend_from_slice(&block);
        }
        assert!(together.len() > 1000 && together.is_sorted_by_key(|request| request.at));
        assert_eq!(together, draw_requests(&traffic, 1, 2, 0));
    }

    #[test]
    fn a_replay_survives_being_written() {
        let traffic = traffic(trace(7, Some(1)), ReplayedDays::Resampled, 1.5);
        let text = serde_json::to_string(&traffic).expect("text");
        assert_eq!(serde_json::from_str::<Traffic>(&text).expect("traffic"), traffic);
    }
}
