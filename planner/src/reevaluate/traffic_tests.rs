//! Whether a log's arrivals are such as the scenario draws: its level, its curve and its burstiness against as many drawn
//! weeks, whatever the scenario's process is.

use fleetfront_workloads::{Traffic, draw_requests};
use rayon::prelude::*;

use super::calls::{ObservedCalls, ObservedModel};

const DAY_S: f64 = 86_400.0;
const MINUTES: usize = 1440;
const HOURS: usize = 24;
/// The windows in which arrivals are counted to tell how they come together, in minutes.
pub(super) const WINDOWS_MIN: [usize; 2] = [1, 15];
/// Most and fewest weeks that are drawn, and the arrivals that all of them have together.
const DRAWN: (u32, u32) = (4_999, 999);
const ARRIVALS: f64 = 1e8;

/// Statistics of one model's arrivals.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Statistics {
    /// How many.
    pub(super) arrivals: f64,
    /// Squared distance of the hours of weekdays and of weekends from their expected shares, in units of what is
    /// expected.
    pub(super) off_curve: f64,
    /// Index of dispersion at [`WINDOWS_MIN`], each window against the mean of its hour: 1 of a Poisson process whose rate
    /// is constant in the hour. NaN without arrivals.
    pub(super) dispersion: [f64; 2],
}

/// What was seen, and what the scenario draws.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Compared {
    pub(super) seen: Statistics,
    pub(super) drawn: Vec<Statistics>,
    /// Expected arrivals by the hour, from the first midnight on.
    pub(super) expected: Vec<f64>,
    /// Seen arrivals, the same way.
    pub(super) hours: Vec<f64>,
}

/// Holds the arrivals of a model against those of the scenario. `None` of a model that the scenario does not draw: clients
/// who wait for answers, recorded days.
///
/// The scenario's trials are days; a week is as many that follow each other from its weekday on.
pub(super) fn compared(
    traffic: &Traffic,
    calls: &ObservedCalls,
    observed: &ObservedModel,
    seed: u64,
) -> Option<Compared> {
    let of_model = &traffic.models[observed.model];
    if of_model.replay.is_some() || of_model.process.waits_for_answers() {
        return None;
    }
    let weeks = calls.days.div_ceil(7) + 1;
    // Trial 0 is a Monday: each drawn week begins on the weekday of the log.
    let first_trial = |draw: u32| draw * 7 * weeks + calls.first_weekday;
    let expected = expected_hours(traffic, observed.model, first_trial(0), calls.days);
    let statistics = |minutes: &[u32]| Statistics::of(minutes, &expected, calls.first_weekday);
    let a_week = expected.iter().sum::<f64>().max(1.0);
    let weeks_drawn = ((ARRIVALS / a_week) as u32).clamp(DRAWN.1, DRAWN.0);
    let drawn = (0..weeks_drawn).into_par_iter().map(|draw| {
        let days = (0..calls.days).map(|day| drawn_minutes(traffic, seed, first_trial(draw) + day, observed.model));
        statistics(&days.flatten().collect::<Vec<u32>>())
    });
    let minutes = seen_minutes(&observed.at_s, calls.days);
    let hours = minutes.chunks(60).map(|hour| f64::from(hour.iter().sum::<u32>())).collect();
    Some(Compared { seen: statistics(&minutes), drawn: drawn.collect(), expected, hours })
}

fn seen_minutes(at_s: &[f64], days: u32) -> Vec<u32> {
    let mut minutes = vec![0; days as usize * MINUTES];
    for at in at_s {
        let minute = (at / 60.0) as usize;
        if *at >= 0.0 && minute < minutes.len() {
            minutes[minute] += 1;
        }
    }
    minutes
}

fn drawn_minutes(traffic: &Traffic, seed: u64, trial: u32, model: usize) -> Vec<u32> {
    let start = traffic.horizon().start;
    let requests = draw_requests(traffic, seed, trial, model);
    let at_s: Vec<f64> = (requests.iter().filter(|request| request.at >= start))
        .map(|request| (request.at - start).as_secs_f64())
        .collect();
    seen_minutes(&at_s, 1)
}

fn expected_hours(traffic: &Traffic, model: usize, first_trial: u32, days: u32) -> Vec<f64> {
    let run_in_s = traffic.run_in.get();
    let of_day = |day: u32| {
        let rate = traffic.expected_rate(first_trial + day, model);
        let hour = move |hour: usize| {
            let from = run_in_s + hour as f64 * 3600.0;
            rate.integral(from, from + 3600.0)
        };
        (0..HOURS).map(hour)
    };
    (0..days).flat_map(of_day).collect()
}

impl Statistics {
    fn of(minutes: &[u32], expected: &[f64], first_weekday: u32) -> Self {
        let arrivals = minutes.iter().map(|count| f64::from(*count)).sum();
        let dispersion = WINDOWS_MIN.map(|window| dispersion(minutes, window));
        Self { arrivals, off_curve: off_curve(minutes, expected, first_weekday, arrivals), dispersion }
    }
}

/// The class of an hour from the first midnight on: its hour of the day, on weekdays or at weekends.
pub(super) fn class(hour: usize, first_weekday: u32) -> usize {
    let weekday = (first_weekday as usize + hour / HOURS) % 7;
    hour % HOURS + if weekday >= 5 { HOURS } else { 0 }
}

fn off_curve(minutes: &[u32], expected: &[f64], first_weekday: u32, arrivals: f64) -> f64 {
    let (mut seen, mut shares) = ([0.0; 2 * HOURS], [0.0; 2 * HOURS]);
    let total: f64 = expected.iter().sum();
    for (hour, (counts, expected)) in minutes.chunks(60).zip(expected).enumerate() {
        let class = class(hour, first_weekday);
        seen[class] += f64::from(counts.iter().sum::<u32>());
        shares[class] += expected / total;
    }
    let distance = |(seen, share): (&f64, &f64)| {
        // Where nothing is expected, an arrival is as far off as one of an hour with half a request.
        let expected = (arrivals * share).max(0.5);
        if *share > 0.0 || *seen > 0.0 { (seen - arrivals * share).powi(2) / expected } else { 0.0 }
    };
    seen.iter().zip(&shares).map(distance).sum()
}

/// The variance of windows about the mean of their hour, over that mean.
fn dispersion(minutes: &[u32], window_min: usize) -> f64 {
    let (mut squares, mut means) = (0.0, 0.0);
    let n = (60 / window_min) as f64;
    for hour in minutes.chunks(60) {
        let counts = hour.chunks(window_min).map(|of| f64::from(of.iter().sum::<u32>()));
        let mean = counts.clone().sum::<f64>() / n;
        squares += counts.map(|count| (count - mean).powi(2)).sum::<f64>() * n / (n - 1.0);
        means += mean * n;
    }
    squares / means
}

/// How likely the scenario draws something at least as far out as was seen; never zero, as only so many were drawn.
///
/// # Source
/// Davison and Hinkley 1997, *Bootstrap Methods and their Application*, section 4.2: Monte Carlo tests are exact.
pub(super) fn p_value(seen: f64, drawn: impl Iterator<Item = f64> + Clone, two_sided: bool) -> f64 {
    let all = drawn.clone().count() as f64 + 1.0;
    let upper = (1.0 + drawn.clone().filter(|drawn| *drawn >= seen).count() as f64) / all;
    if !two_sided {
        return upper;
    }
    let lower = (1.0 + drawn.filter(|drawn| *drawn <= seen).count() as f64) / all;
    (2.0 * upper.min(lower)).min(1.0)
}

/// The days that a log has to have.
pub(super) fn whole_days(traffic: &Traffic) -> bool {
    (traffic.horizon.get() - DAY_S).abs() < 0.5
}
