//! The same numbers from all requests at once, by the definitions, on random logs; and Poisson arrivals.

use std::collections::{BTreeMap, BTreeSet};

use approx::assert_relative_eq;
use fleetfront_sim::{Role, StreamKey, stream};
use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{Timestamp, civil};
use rand::RngExt;

use super::*;

/// Nanoseconds a second and an hour.
const S: i64 = 1_000_000_000;
const H: i64 = 3600 * S;
const MODELS: u32 = 3;

/// Exponential gaps whose mean changes from hour to hour, with empty stretches, on stamps of a resolution.
fn random_log(seed: u64, start_s: i64, days: i64, resolution_ns: i64) -> Vec<(i64, u32)> {
    let mut rng = stream(seed, 0, StreamKey::of("log"), Role::Arrivals);
    let mut log = Vec::new();
    for hour in 0..24 * days {
        let rate_per_hour = if rng.random::<f64>() < 0.1 { 0.0 } else { 120.0 * rng.random::<f64>().powi(2) };
        let mut into_hour = 0.0;
        loop {
            into_hour -= (1.0 - rng.random::<f64>()).ln() / rate_per_hour;
            if into_hour >= 1.0 {
                break;
            }
            let at_ns = start_s * S + hour * H + (into_hour * H as f64) as i64;
            log.push((at_ns.div_euclid(resolution_ns) * resolution_ns, rng.random_range(0..MODELS)));
        }
    }
    log.sort_unstable();
    log
}

fn described(options: &DescribeOptions, log: &[(i64, u32)]) -> Description {
    let mut describer = Describer::new(options.clone()).expect("options");
    for &(at_ns, model) in log {
        describer.push(at_ns, model, 1);
    }
    describer.finish(&(0..MODELS).map(|model| model.to_string()).collect::<Vec<_>>())
}

/// What the definitions need: all stamps, the observed time, the full hours.
struct Stored {
    stamps_ns: Vec<i64>,
    zone: TimeZone,
    origin_ns: i64,
    end_ns: i64,
    /// Start and count.
    hours: Vec<(i64, usize)>,
}

impl Stored {
    fn new(options: &DescribeOptions, log: &[(i64, u32)]) -> Self {
        let zone = TimeZoneDatabase::bundled().get(&options.zone).expect("a zone");
        let stamps_ns: Vec<i64> = log.iter().map(|(at_ns, _)| *at_ns).collect();
        let (first_ns, last_ns) = (stamps_ns[0], stamps_ns[stamps_ns.len() - 1]);
        let strikes_ns = (0..).map(|back| (first_ns.div_euclid(S) - back) * S);
        let on_the_hour = |&at_ns: &i64| {
            let time = civil_time(&zone, at_ns);
            (time.minute(), time.second()) == (0, 0)
        };
        let hour_ns = strikes_ns.into_iter().find(on_the_hour).expect("an hour");
        let origin_ns = if options.origin == Origin::Hour { hour_ns } else { first_ns };
        let end_of_log_ns = || origin_ns + (last_ns - origin_ns + options.resolution_ns + S - 1) / S * S;
        let end_ns = options.end_ns.unwrap_or_else(end_of_log_ns);
        let starts = (0..).map(|hour| hour_ns + hour * H).skip_while(|start| *start < origin_ns);
        let count = |start: i64| stamps_ns.iter().filter(|&&at| (start..start + H).contains(&at)).count();
        let hours = starts.take_while(|start| start + H <= end_ns).map(|start| (start, count(start))).collect();
        Self { stamps_ns, zone, origin_ns, end_ns, hours }
    }

    fn place(&self, at_ns: i64, week: bool) -> usize {
        let time = civil_time(&self.zone, at_ns);
        let day = if week { time.weekday().to_monday_zero_offset() } else { 0 };
        usize::from(day.unsigned_abs()) * 24 + usize::from(time.hour().unsigned_abs())
    }

    /// Requests a second by place.
    fn curve(&self, week: bool) -> BTreeMap<usize, f64> {
        let mut counts: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
        for &(start_ns, count) in &self.hours {
            counts.entry(self.place(start_ns, week)).or_default().push(count as f64 / 3600.0);
        }
        counts.into_iter().map(|(place, rates)| (place, rates.iter().sum::<f64>() / rates.len() as f64)).collect()
    }

    /// Starts and counts of the complete windows.
    fn windows(&self, window_s: u64) -> Vec<(i64, f64)> {
        let length_ns = window_s.cast_signed() * S;
        let number = (self.end_ns - self.origin_ns) / length_ns;
        let mut counts = vec![0.0; number as usize];
        for at_ns in &self.stamps_ns {
            if let Some(count) = counts.get_mut(((at_ns - self.origin_ns) / length_ns) as usize) {
                *count += 1.0;
            }
        }
        (0..number).map(|k| self.origin_ns + k * length_ns).zip(counts).collect()
    }

    fn about_curve(&self, windows: &[(i64, f64)], length_s: u64, week: bool) -> f64 {
        let curve = self.curve(week);
        let hour_ns = |at_ns: i64| self.hours[0].0 + (at_ns - self.hours[0].0).div_euclid(H) * H;
        let expected = |at_ns: i64| curve[&self.place(hour_ns(at_ns), week)] * length_s as f64;
        let squares: f64 = windows.iter().map(|&(at_ns, count)| (count - expected(at_ns)).powi(2)).sum();
        squares / windows.iter().map(|&(at_ns, _)| expected(at_ns)).sum::<f64>()
    }

    fn about_hours(&self, windows: &[(i64, f64)]) -> f64 {
        let (mut squares, mut expected) = (0.0, 0.0);
        for &(start_ns, _) in &self.hours {
            let first_at = |instant_ns: i64| windows.partition_point(|(at_ns, _)| *at_ns < instant_ns);
            let inside = &windows[first_at(start_ns)..first_at(start_ns + H)];
            let counts: Vec<f64> = inside.iter().map(|(_, count)| *count).collect();
            let n = counts.len() as f64;
            let mean = counts.iter().sum::<f64>() / n;
            squares += counts.iter().map(|count| (count - mean).powi(2)).sum::<f64>() * n / (n - 1.0);
            expected += mean * n;
        }
        squares / expected
    }

    /// Gaps on the clock that the cumulative rate of the hours with 30 requests or more drives.
    fn rescaled_gaps(&self) -> Vec<f64> {
        let (mut before, mut stretched) = (0.0, Vec::new());
        for &(start_ns, count) in self.hours.iter().filter(|(_, count)| *count >= 30) {
            let inside = self.stamps_ns.iter().filter(|&&at_ns| (start_ns..start_ns + H).contains(&at_ns));
            stretched.extend(inside.map(|at_ns| before + (at_ns - start_ns) as f64 / H as f64 * count as f64));
            before += count as f64;
        }
        stretched.windows(2).map(|pair| pair[1] - pair[0]).collect()
    }
}

fn civil_time(zone: &TimeZone, at_ns: i64) -> civil::DateTime {
    zone.to_datetime(Timestamp::from_nanosecond(at_ns.into()).expect("a timestamp"))
}

/// Variance (over n - `lost`) and mean.
fn moments(values: &[f64], lost: f64) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (n - lost), mean)
}

fn assert_near(what: &str, value: Option<f64>, expected: f64) {
    let value = value.unwrap_or_else(|| panic!("{what} is missing"));
    assert!((value - expected).abs() <= 1e-9 * expected.abs() + 1e-12, "{what} is {value}, expected {expected}");
}

fn check(options: &DescribeOptions, log: &[(i64, u32)]) {
    let found = described(options, log);
    let stored = Stored::new(options, log);
    let hourly: Vec<_> = found.hourly.iter().map(|hour| (hour.start_s * S, hour.requests as usize)).collect();
    assert_eq!(hourly, stored.hours);
    for (curve, week) in [(&found.hour_of_day, false), (&found.hour_of_week, true)] {
        let known = if curve.is_empty() { BTreeMap::new() } else { stored.curve(week) };
        for (place, point) in curve.iter().enumerate() {
            match known.get(&place) {
                Some(&rate) => assert_near("a point", point.rate_per_s, rate),
                None => assert_eq!(point.rate_per_s, None),
            }
        }
    }
    for row in &found.dispersion {
        let windows = stored.windows(row.window_s);
        let counts: Vec<f64> = windows.iter().map(|(_, count)| *count).collect();
        let (variance, mean) = moments(&counts, 1.0);
        assert_eq!(row.windows, windows.len() as u64);
        assert_near("mean", Some(row.mean), mean);
        assert_near("raw", row.raw, variance / mean);
        assert_near("day", row.after_day_curve, stored.about_curve(&windows, row.window_s, false));
        if row.after_week_curve.is_some() || stored.hours.len() >= 335 {
            assert_near("week", row.after_week_curve, stored.about_curve(&windows, row.window_s, true));
        }
        if row.window_s < 3600 {
            assert_near("local", row.local, stored.about_hours(&windows));
        }
    }
    check_gaps(&found, &stored);
    check_minutes(&found, &stored, log);
}

fn check_gaps(found: &Description, stored: &Stored) {
    let found = found.gaps.as_ref().expect("gaps");
    let mut gaps: Vec<f64> = stored.stamps_ns.windows(2).map(|pair| (pair[1] - pair[0]) as f64 / S as f64).collect();
    let (variance, mean) = moments(&gaps, 0.0);
    assert_near("mean gap", Some(found.mean_s), mean);
    assert_near("gap cv", found.cv, variance.sqrt() / mean);
    let (variance, mean) = moments(&stored.rescaled_gaps(), 0.0);
    assert_near("rescaled cv", found.cv_rescaled, variance.sqrt() / mean);
    gaps.sort_by(f64::total_cmp);
    for quantile in &found.quantiles {
        let place = quantile.percent / 100.0 * (gaps.len() - 1) as f64;
        let (low, high) = (gaps[place.floor() as usize], gaps[place.ceil() as usize]);
        assert_relative_eq!(quantile.gap_s, low + (high - low) * place.fract(), max_relative = 1e-3);
    }
}

fn check_minutes(found: &Description, stored: &Stored, log: &[(i64, u32)]) {
    let minute = |at_ns: i64| (at_ns - stored.origin_ns) / (60 * S);
    let active: BTreeSet<(u32, i64)> = log.iter().map(|&(at_ns, model)| (model, minute(at_ns))).collect();
    for row in &found.keep_alive {
        let is_warm = |&(model, minute): &(u32, i64)| {
            (1..=row.minutes.cast_signed()).any(|earlier| active.contains(&(model, minute - earlier)))
        };
        let cold = active.iter().filter(|minute| !is_warm(minute)).count() as u64;
        assert_eq!((row.active_minutes, row.cold_active_minutes), (active.len() as u64, cold), "{} min", row.minutes);
    }
    let fullest = |window_ns: i64| {
        let mut counts: BTreeMap<i64, u64> = BTreeMap::new();
        for at_ns in &stored.stamps_ns {
            *counts.entry((at_ns - stored.origin_ns) / window_ns).or_default() += 1;
        }
        counts.into_values().max()
    };
    assert_eq!(found.peak_second.as_ref().map(|peak| peak.requests), fullest(S));
    assert_eq!(found.peak_minute.as_ref().map(|peak| peak.requests), fullest(60 * S));
}

#[test]
fn the_stream_agrees_with_all_requests_at_once() {
    // Across a change of New York's clocks; windows of whole hours, and windows that hours cut.
    let start_s = 1_772_500_000;
    let cases = [
        (Origin::Hour, "America/New_York", S, 16, None),
        (Origin::FirstRequest, "America/New_York", S, 15, None),
        (Origin::FirstRequest, "Asia/Kolkata", 1, 3, None),
        (Origin::Hour, "UTC", 1_000_000, 3, Some(5 * H + 123_456_789)),
    ];
    for (seed, (origin, zone, resolution_ns, days, rest_ns)) in (1..).zip(cases) {
        let log = random_log(seed, start_s, days, resolution_ns);
        let end_ns = rest_ns.map(|rest_ns| log.last().map_or(0, |(at_ns, _)| at_ns + rest_ns));
        let zone = zone.to_string();
        check(&DescribeOptions { origin, zone, resolution_ns, bin_s: None, end_ns }, &log);
    }
}

#[test]
fn poisson_arrivals_have_dispersion_one() {
    let mut rng = stream(7, 0, StreamKey::of("log"), Role::Arrivals);
    let (mut at_s, mut log) = (0.0, Vec::new());
    while at_s < 20.0 * 86_400.0 {
        at_s -= (1.0 - rng.random::<f64>()).ln() / 0.2;
        log.push(((at_s * 1e9) as i64, 0));
    }
    let options = DescribeOptions {
        origin: Origin::Hour,
        zone: "UTC".to_string(),
        resolution_ns: 1,
        bin_s: None,
        end_ns: Some(20 * 24 * H),
    };
    let found = described(&options, &log);
    for row in &found.dispersion {
        // The variance of n counts has a relative standard error of √((2 + 1/mean) / n); curves take off degrees of
        // freedom, which 20 days of 24 hours and 168 hours of the week leave at 95 % and 65 % for windows of an hour.
        let error = ((2.0 + 1.0 / row.mean) / row.windows as f64).sqrt();
        for (value, left) in [(row.raw, 1.0), (row.local, 1.0)] {
            let Some(value) = value else { continue };
            assert!((value - left).abs() < 4.0 * error, "{value} of {} s, ± {error}", row.window_s);
        }
        let hourly = row.window_s as f64 / 3600.0;
        for (value, places) in [(row.after_day_curve, 24.0), (row.after_week_curve, 168.0)] {
            let left = 1.0 - hourly * places / 480.0;
            let value = value.expect("a value");
            assert!((value - left).abs() < 4.0 * error, "{value} of {} s, expected {left} ± {error}", row.window_s);
        }
    }
    let gaps = found.gaps.expect("gaps");
    assert_relative_eq!(gaps.cv.expect("a value"), 1.0, max_relative = 0.01);
    assert_relative_eq!(gaps.cv_rescaled.expect("a value"), 1.0, max_relative = 0.01);
    let growth = found.trend.expect("a trend");
    assert!(growth.low < 0.0 && growth.high > 0.0, "{growth:?}");
}
