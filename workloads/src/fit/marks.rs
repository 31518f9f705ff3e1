//! What is out of the ordinary: outages and unusual days. They are marked, and averaged into nothing.

use serde::{Deserialize, Serialize};

use super::curve::FittedCurve;
use super::days::{Hour, Hours};
use crate::describe::{Clock, Description, Dispersion, Silence};

/// A run of empty hours is an outage where the ordinary luck of such hours would leave them empty less often than this.
const OUTAGE_PROBABILITY: f64 = 1e-6;
/// A day is unusual from so many robust standard deviations on.
const UNUSUAL: f64 = 4.5;
/// From so many full days on a day can be told to be unusual.
const DAYS: usize = 10;

/// A stretch that is out of the ordinary.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Marked {
    /// What it is.
    pub mark: Mark,
    /// Its first hour, in unix seconds.
    pub start_s: i64,
    /// Where it ends, in unix seconds.
    pub end_s: i64,
    /// Its first day, `YYYY-MM-DD` in the log's zone.
    pub date: String,
    /// Requests in it.
    pub requests: f64,
    /// Requests that the curve expects there.
    pub expected: f64,
}

/// What a marked stretch is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// No request where there should be some: the service or its log was down.
    Outage,
    /// A day with far fewer requests than its like: a holiday.
    QuietDay,
    /// A day with far more requests than its like.
    BusyDay,
}

/// Whether an hour is marked from its start to its end.
pub(super) fn is_marked(marked: &[Marked], hour: &Hour) -> bool {
    marked.iter().any(|mark| mark.start_s <= hour.start_s && hour.start_s + 3600 <= mark.end_s)
}

/// Outages, then unusual days, in order of time.
pub(super) fn find(log: &Description, hours: &Hours, curve: &FittedCurve) -> Vec<Marked> {
    let clock = Clock::new(&log.zone).expect("a described log has a known zone");
    let mut marked = outages(hours, curve, &clock);
    marked.extend(silences(log, hours, curve, &clock));
    let unusual = unusual_days(hours, curve, &clock, &marked);
    marked.extend(unusual);
    marked.sort_by_key(|mark| mark.start_s);
    marked
}

fn of(mark: Mark, hours: &[Hour], curve: &FittedCurve, clock: &Clock) -> Marked {
    let start_s = hours.first().map_or(0, |hour| hour.start_s);
    Marked {
        mark,
        start_s,
        end_s: hours.last().map_or(0, |hour| hour.start_s + 3600),
        date: Clock::date(clock.local_hour(start_s).day),
        requests: hours.iter().map(|hour| hour.requests).sum(),
        expected: expected(hours, curve),
    }
}

/// Requests that the curve expects in some hours.
fn expected(hours: &[Hour], curve: &FittedCurve) -> f64 {
    hours.iter().map(|hour| curve.expected(hour)).sum()
}

/// The logarithm of a day's requests over those that the curve expects.
fn over_expected(day: &[Hour], curve: &FittedCurve) -> f64 {
    let total: f64 = day.iter().map(|hour| hour.requests).sum();
    ((total + 0.5) / (expected(day, curve) + 0.5)).ln()
}

/// Whether a stretch without requests is empty beyond ordinary luck: given a gamma rate for the whole stretch, with the
/// squared coefficient of variation V, none of E expected requests comes with probability (1 + E V)^(-1/V).
fn is_beyond_luck(expected: f64, variance: f64) -> bool {
    empty_log_probability(expected, variance) < OUTAGE_PROBABILITY.ln()
}

fn empty_log_probability(expected: f64, variance: f64) -> f64 {
    if variance > 1e-9 { -(expected * variance).ln_1p() / variance } else { -expected }
}

/// Runs of empty hours that ordinary luck, with the spread that the hours of this log have, does not explain.
fn outages(hours: &Hours, curve: &FittedCurve, clock: &Clock) -> Vec<Marked> {
    let spread = relative_variance(&hours.hours, curve);
    let runs = hours.hours.chunk_by(|a, b| (a.requests > 0.0) == (b.requests > 0.0));
    let is_outage = |run: &&[Hour]| run[0].requests == 0.0 && is_beyond_luck(expected(run, curve), spread);
    runs.filter(is_outage).map(|run| of(Mark::Outage, run, curve, clock)).collect()
}

/// Outages that are shorter than an hour: gaps that ordinary luck does not explain. Rates vary more within short windows
/// than from hour to hour, as the dispersion within hours tells.
fn silences(log: &Description, hours: &Hours, curve: &FittedCurve, clock: &Clock) -> Vec<Marked> {
    let within = |of: &Dispersion| Some((of.local? - 1.0).max(0.0) / of.mean);
    let minutes = log.dispersion.iter().find(|of| of.window_s == 60).and_then(within).unwrap_or(0.0);
    let spread = minutes + relative_variance(&hours.hours, curve);
    let of_silence = |silence: &Silence| {
        let end_s = silence.start_s + silence.length_s;
        let within_s = |hour: &Hour| {
            let start_s = hour.start_s as f64;
            (end_s.min(start_s + 3600.0) - silence.start_s.max(start_s)).max(0.0)
        };
        // The hours' own requests tell their rates better than the curve, and lack those that the silence swallowed.
        let of_hour = |hour: &Hour| within_s(hour) * hour.requests / (3600.0 - within_s(hour)).max(1.0);
        let expected: f64 = hours.hours.iter().filter(|hour| within_s(hour) > 0.0).map(of_hour).sum();
        (silence.length_s < 1800.0 && is_beyond_luck(expected, spread)).then(|| Marked {
            mark: Mark::Outage,
            start_s: silence.start_s as i64 + 1,
            end_s: end_s as i64,
            date: Clock::date(clock.local_hour(silence.start_s as i64).day),
            requests: 0.0,
            expected,
        })
    };
    log.silences.iter().filter_map(of_silence).collect()
}

/// Fewer days with requests tell no level: one day's luck and the next's must not be a traffic of their own.
const LEAST_DAYS: usize = 3;
/// Fewer requests tell no curve: it has 24 weights.
const LEAST_REQUESTS: f64 = 24.0;
/// Strays are fewer than this share of the requests before them: what comes back as it was is an outage's end.
const STRAYS: f64 = 0.1;

/// Whether hours have requests enough, on days enough, to be a traffic of their own.
fn tells_a_level(hours: &[Hour]) -> bool {
    let requests: f64 = hours.iter().map(|hour| hour.requests).sum();
    let with_some = hours.chunk_by(|a, b| a.day == b.day).filter(|day| day.iter().any(|hour| hour.requests > 0.0));
    requests >= LEAST_REQUESTS && with_some.count() >= LEAST_DAYS
}

/// Where a silence begins after which nothing comes but strays, in unix seconds: three days or longer, beyond the ordinary
/// luck of the days before it, and what comes then tells no level and is less than a tenth of what came before.
///
/// - `tail`: requests after the last full hour.
pub(super) fn strays_after_s(hours: &Hours, tail: f64) -> Option<i64> {
    let all = &hours.hours;
    let mut from = 0;
    for run in all.chunk_by(|a, b| (a.requests > 0.0) == (b.requests > 0.0)) {
        let (before, rest) = (&all[..from], &all[from + run.len()..]);
        from += run.len();
        if run[0].requests > 0.0 || run.len() < 24 * LEAST_DAYS || !tells_a_level(before) {
            continue;
        }
        let after = tail + rest.iter().map(|hour| hour.requests).sum::<f64>();
        let is_little = after < STRAYS * before.iter().map(|hour| hour.requests).sum::<f64>();
        if is_little && (after < LEAST_REQUESTS || !tells_a_level(rest)) && are_days_beyond_luck(before, run) {
            return Some(run[0].start_s);
        }
    }
    None
}

/// Whether so many empty days are beyond the luck that the full days before them have, each day with a luck of its own.
fn are_days_beyond_luck(before: &[Hour], silence: &[Hour]) -> bool {
    let days = before.chunk_by(|a, b| a.day == b.day).filter(|day| day.len() >= 23);
    let totals: Vec<f64> = days.map(|day| day.iter().map(|hour| hour.requests).sum()).collect();
    let n = totals.len() as f64;
    let mean = totals.iter().sum::<f64>() / n;
    if totals.len() < LEAST_DAYS || mean <= 0.0 {
        return false;
    }
    let variance = totals.iter().map(|total| (total - mean).powi(2)).sum::<f64>() / (n - 1.0);
    let own = ((variance - mean) / mean.powi(2)).max(0.0);
    silence.len() as f64 / 24.0 * empty_log_probability(mean, own) < OUTAGE_PROBABILITY.ln()
}

/// When the level changed for good, in unix seconds, where it did (a launch): the split of the full days into two of three
/// days or more whose logarithms differ most, by threefold or more and beyond doubt. What comes then is a level if it has
/// requests on three days, and as many as a curve has weights.
pub(super) fn level_since_s(hours: &Hours, curve: &FittedCurve) -> Option<i64> {
    let days = hours.full_days();
    let ratios: Vec<f64> = days.iter().map(|day| over_expected(day, curve)).collect();
    let split = |at: usize| {
        let (before, after) = ratios.split_at(at);
        let mean = |part: &[f64]| part.iter().sum::<f64>() / part.len() as f64;
        let (low, high) = (mean(before), mean(after));
        let rest = |part: &[f64], mean: f64| part.iter().map(|x| (x - mean).powi(2)).sum::<f64>();
        let variance = (rest(before, low) + rest(after, high)) / (ratios.len() as f64 - 2.0).max(1.0);
        let error = (variance * (1.0 / before.len() as f64 + 1.0 / after.len() as f64)).sqrt();
        (at, (high - low).abs() / error.max(1e-9), (high - low).abs())
    };
    let splits = LEAST_DAYS..(days.len() + 1).saturating_sub(LEAST_DAYS);
    let (at, distance, difference) = splits.map(split).max_by(|a, b| a.1.total_cmp(&b.1))?;
    let since_s = days[at][0].start_s;
    let after = hours.hours.partition_point(|hour| hour.start_s < since_s);
    let is_told = distance > UNUSUAL && difference > 3f64.ln() && tells_a_level(&hours.hours[after..]);
    is_told.then_some(since_s)
}

/// How much the hours' rates vary about the curve, as a squared coefficient of variation.
pub(super) fn relative_variance(hours: &[Hour], curve: &FittedCurve) -> f64 {
    let squares: f64 = hours.iter().map(|hour| (hour.requests - curve.expected(hour)).powi(2) - hour.requests).sum();
    let expected: f64 = hours.iter().map(|hour| curve.expected(hour).powi(2)).sum();
    let degrees = (hours.len() as f64 - curve.parameters).max(1.0) / hours.len().max(1) as f64;
    if expected > 0.0 { (squares / expected / degrees).max(0.0) } else { 0.0 }
}

/// Full days whose totals lie far from those of their like, by the median and the median absolute deviation of the
/// logarithms.
fn unusual_days(hours: &Hours, curve: &FittedCurve, clock: &Clock, outages: &[Marked]) -> Vec<Marked> {
    let days: Vec<&[Hour]> =
        hours.full_days().into_iter().filter(|day| !day.iter().any(|hour| is_marked(outages, hour))).collect();
    if days.len() < DAYS {
        return Vec::new();
    }
    let ratios: Vec<f64> = days.iter().map(|day| over_expected(day, curve)).collect();
    let middle = median(&ratios);
    let deviations: Vec<f64> = ratios.iter().map(|ratio| (ratio - middle).abs()).collect();
    // 1.4826 makes the median absolute deviation that of a normal law; Poisson luck is there in any case.
    let spread = 1.4826 * median(&deviations);
    let unusual = |(day, ratio): (&&[Hour], &f64)| {
        let luck = 1.0 / (expected(day, curve) + 0.5);
        let distance = (ratio - middle) / (spread * spread + luck).sqrt();
        let mark = if distance > 0.0 { Mark::BusyDay } else { Mark::QuietDay };
        (distance.abs() > UNUSUAL).then(|| of(mark, day, curve, clock))
    };
    days.iter().zip(&ratios).filter_map(unusual).collect()
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let n = sorted.len();
    if n == 0 {
        return 0.0;
    }
    f64::midpoint(sorted[(n - 1) / 2], sorted[n / 2])
}
