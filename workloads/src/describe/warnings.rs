//! What to be careful with in a description.

use super::{Description, NS_PER_S};

/// Gaps below so many steps of the stamps' resolution are off by more than a twentieth.
const ROUGH: f64 = 20.0;
/// The resolution as a share of the mean gap above which rounding makes up much of the spread of the gaps.
const CV_IN_DOUBT: f64 = 0.1;

/// Plain sentences on `description`, the gravest first.
///
/// - `stamps_ns`: from the first stamp to the last, in nanoseconds.
/// - `late_requests`: how many were left out, at or after the end of observation.
pub(super) fn warnings(description: &Description, stamps_ns: u64, late_requests: u64) -> Vec<String> {
    let mut warnings = Vec::new();
    let mut warn = |holds: bool, text: String| {
        if holds {
            warnings.push(text);
        }
    };
    let d = description;
    let some = d.requests > 0;
    let several = d.requests > 1 && d.bin_s.is_none();
    let full_hours = d.hourly.len();
    warn(!some, "the log holds no request".to_string());
    warn(d.requests == 1, "the log holds one request: there is nothing to compare it with".to_string());
    warn(several && stamps_ns == 0, "all requests have one stamp: they say nothing about time".to_string());
    let one_second = several && (1..NS_PER_S).contains(&stamps_ns);
    warn(one_second, "all requests lie within one second: no curve, no trend, no dispersion".to_string());
    warn(late_requests > 0, format!("{late_requests} requests at or after the end of the log are left out"));
    if let Some(gaps) = d.gaps.as_ref().filter(|gaps| gaps.quantised) {
        let in_doubt = d.resolution_s > CV_IN_DOUBT * gaps.mean_s;
        let cv = if in_doubt { ", and the cv of gaps, raw or rescaled, cannot be trusted" } else { "" };
        let (resolution_s, zero_percent, rough_s) = (d.resolution_s, 100.0 * gaps.zero_share, d.resolution_s * ROUGH);
        let what = format!("stamps are quantised to {resolution_s} s and {zero_percent:.1} % of gaps are 0");
        warn(true, format!("{what}: gaps below {rough_s} s are rough{cv}"));
    }
    if let Some(bin_s) = d.bin_s {
        warn(some, format!("the log holds counts of {bin_s} s: it says nothing about gaps and shorter windows"));
    }
    warn(some && full_hours == 0, "no clock hour was observed from start to end: no curves".to_string());
    let some_hours = some && full_hours > 0;
    let points = |hours: u64| d.hour_of_day.iter().filter(|point| point.hours == hours).count();
    warn(some_hours && points(0) > 0, format!("{} of 24 hours of the day were not observed", points(0)));
    warn(
        some_hours && points(1) > 0,
        format!("fewer than 2 full days: {} of 24 points of the daily curve have no interval", points(1)),
    );
    warn(
        some_hours && d.hour_of_week.is_empty(),
        format!("{:.1} days of full hours: a weekly curve needs 14", full_hours as f64 / 24.0),
    );
    warn(d.zero_hours > 0, format!("{} of {full_hours} full hours are empty", d.zero_hours));
    warnings
}
