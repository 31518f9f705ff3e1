//! Descriptions of published traces against independent numbers (numpy, pandas, scipy), which lie beside the workspace
//! and say themselves how each is defined.

use std::fs;
use std::io::{Read, Write, stderr};
use std::path::PathBuf;

use approx::assert_relative_eq;
use flate2::read::GzDecoder;
use jiff::civil::DateTime;
use jiff::tz::Offset;
use serde_json::Value;

use super::*;

/// The reference has 8 digits.
const CLOSE: f64 = 1e-7;

/// A trace and what is known of it; none, with a visible line, where the folder is absent.
fn trace(name: &str, file: &str) -> Option<(String, Value)> {
    let data = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data"));
    if !data.is_dir() {
        // Past the harness, which hides what a passing test prints.
        writeln!(stderr(), "SKIPPED: {name}: there is no folder shared/data beside the workspace").expect("stderr");
        return None;
    }
    let bytes = fs::read(data.join("traces").join(file)).expect("the trace");
    let mut text = String::new();
    if bytes.starts_with(&[0x1f, 0x8b]) {
        GzDecoder::new(bytes.as_slice()).read_to_string(&mut text).expect("gzip");
    } else {
        text = String::from_utf8(bytes).expect("text");
    }
    let reference = fs::read_to_string(data.join("reference").join(format!("open__{name}.json"))).expect("reference");
    Some((text, serde_json::from_str(&reference).expect("JSON")))
}

/// Unix nanoseconds of a time in UTC plus `hours`.
fn unix_ns(text: &str, hours: i8) -> i64 {
    let time: DateTime = text.parse().expect("a date and time");
    let instant = Offset::from_hours(hours).expect("an offset").to_timestamp(time).expect("a timestamp");
    i64::try_from(instant.as_nanosecond()).expect("64 bits")
}

fn options(origin: Origin, zone: &str) -> DescribeOptions {
    DescribeOptions { origin, zone: zone.into(), resolution_ns: 1_000_000_000, bin_s: None, end_ns: None }
}

/// Describes (unix nanoseconds, model, requests), which are sorted here.
fn described(options: DescribeOptions, mut log: Vec<(i64, u32, u64)>) -> Description {
    log.sort_unstable();
    let models = log.iter().map(|(_, model, _)| model + 1).max().unwrap_or(0);
    let mut describer = Describer::new(options).expect("options");
    for (at_ns, model, requests) in log {
        describer.push(at_ns, model, requests);
    }
    let description = describer.finish(&(0..models).map(|model| model.to_string()).collect::<Vec<_>>());
    let text = serde_json::to_string(&description).expect("JSON");
    assert_eq!(serde_json::from_str::<Description>(&text).expect("a description"), description);
    description
}

fn rows(text: &str) -> impl Iterator<Item = Vec<&str>> {
    text.lines().skip(1).map(|line| line.split(',').collect())
}

fn number(text: &str) -> u64 {
    text.parse().expect("a count")
}

fn assert_close(what: &str, value: Option<f64>, expected: &Value) {
    match expected.as_f64() {
        Some(expected) => {
            let value = value.unwrap_or_else(|| panic!("{what} is missing"));
            let close = (value - expected).abs() <= CLOSE * expected.abs().max(1e-9);
            assert!(close, "{what} is {value}, expected {expected}");
        }
        None => assert_eq!(value, None, "{what}"),
    }
}

fn assert_curve(what: &str, curve: &[CurvePoint], expected: &Value) {
    let Some(expected) = expected.as_array() else { return assert!(curve.is_empty(), "{what}") };
    assert_eq!(curve.len(), expected.len(), "{what}");
    for (hour, (point, expected)) in curve.iter().zip(expected).enumerate() {
        assert_close(&format!("{what} at {hour}"), point.rate_per_s, expected);
    }
}

fn assert_hours(found: &Description, expected: &Value) {
    let day = &expected["hour_of_day"];
    let count = |value: &Value| value.as_f64().map(|value| value as u64);
    assert_eq!(Some(found.hourly.len() as u64), count(&expected["n_hours"]));
    assert_eq!(Some(found.zero_hours), count(&expected["zero_hours"]));
    assert_eq!(Some(found.hourly.iter().map(|hour| hour.requests).sum()), count(&expected["total"]));
    assert_close("hourly cv", found.hourly_cv, &expected["hourly_cv"]);
    assert_curve("the day", &found.hour_of_day, &day["rate_per_s"]);
    assert_curve("the week", &found.hour_of_week, &expected["hour_of_week_rate_per_s"]);
    let normal = normalised(&found.hour_of_day).expect("a curve");
    for (value, expected) in normal.iter().zip(day["normalised"].as_array().expect("24 numbers")) {
        assert_close("a point of the curve", Some(*value), expected);
    }
    assert_eq!(found.peak_hour.map(u64::from), count(&day["peak_hour"]));
    assert_eq!(found.trough_hour.map(u64::from), count(&day["trough_hour"]));
    assert_close("peak over mean", found.peak_over_mean, &day["peak_over_mean"]);
    assert_close("peak over trough", found.peak_over_trough, &day["peak_over_trough"]);
    let days = expected["full_days"].as_object().expect("days");
    let dates: Vec<_> = found.full_days.iter().map(|day| day.date.as_str()).collect();
    assert_eq!(dates, days.keys().collect::<Vec<_>>());
    for day in &found.full_days {
        assert_close(&day.date, Some(day.requests as f64), &days[&day.date]);
    }
    assert_close("weekend over weekday", found.weekend_over_weekday, &expected["weekend_over_weekday_mean"]);
    assert_close("cv of days", found.day_total_cv, &expected["day_total_cv"]);
}

fn assert_dispersion(found: &Description, expected: &Value) {
    let known = expected.as_object().expect("windows");
    for (window_s, expected) in known {
        let row = found.dispersion.iter().find(|row| row.window_s == number(window_s)).expect("this window");
        let what = |name: &str| format!("{name} of {window_s} s");
        assert_eq!(Some(row.windows), expected["n"].as_u64(), "windows of {window_s} s");
        assert_close(&what("mean"), Some(row.mean), &expected["mean"]);
        assert_close(&what("raw"), row.raw, &expected["idc_raw"]);
        assert_close(&what("day"), row.after_day_curve, &expected["idc_hod24"]);
        assert_close(&what("week"), row.after_week_curve, &expected["idc_how168"]);
        assert_close(&what("local"), row.local, &expected["idc_local"]);
    }
}

fn assert_gaps(found: &Description, expected: &Value, quantile_tolerance: f64) {
    let gaps = found.gaps.as_ref().expect("gaps");
    assert_close("mean gap", Some(gaps.mean_s), &expected["mean"]);
    assert_close("gap cv", gaps.cv, &expected["gap_cv"]);
    assert_close("zero gaps", Some(gaps.zero_share), &expected["zero_gap_share"]);
    assert_close("rescaled cv", gaps.cv_rescaled, &expected["gap_cv_rescaled"]);
    assert_eq!(gaps.rescaled_requests, expected["rescaled_n"].as_u64().unwrap_or(0));
    assert_eq!(gaps.rescaled_hours, expected["rescaled_hours_used"].as_u64().unwrap_or(0));
    for quantile in &gaps.quantiles {
        let known = expected["quantiles"][format!("p{}", quantile.percent)].as_f64().expect("a quantile");
        assert_relative_eq!(quantile.gap_s, known, max_relative = quantile_tolerance);
    }
}

fn assert_mean_rate(found: &Description, expected: &Value) {
    assert_eq!(Some(found.requests), expected["n"].as_u64());
    assert_close("span", Some(found.span_s), &expected["span_s"]);
    assert_close("mean rate", found.mean_rate_per_s, &expected["mean_rate_per_s"]);
    let peak = found.peak_second.as_ref().map(|peak| peak.requests as f64);
    assert_close("the fullest second", peak, &expected["counts_max_1s"]);
}

#[test]
fn a_text_to_image_service() {
    let Some((text, expected)) = trace("gentd26_t2i_requests_a", "gentd26_t2i_requests_a.csv.gz") else { return };
    let log = rows(&text).map(|row| (unix_ns(row[0], 0), 0, 1)).collect();
    let found = described(options(Origin::Hour, "UTC"), log);
    assert_mean_rate(&found, &expected);
    assert_eq!(found.first.as_deref(), Some("2024-11-15T16:57:50+00:00"));
    assert_hours(&found, &expected["hourly"]);
    assert_dispersion(&found, &expected["dispersion"]);
    assert_gaps(&found, &expected["gap"], CLOSE);
    assert!(found.trend.is_some_and(|trend| trend.weekdays && trend.low < trend.high));
    assert_eq!(
        found.warnings,
        [
            "stamps are quantised to 1 s and 2.3 % of gaps are 0: gaps below 20 s are rough",
            "134 of 367 full hours are empty"
        ]
    );
}

#[test]
fn a_web_server_by_the_second() {
    let Some((text, expected)) = trace("nasa_jul17_23_persec", "nasa_jul17_23_persec.csv.gz") else { return };
    let start_ns = unix_ns("1995-07-17T00:00:00", -4);
    let at_ns = |row: &Vec<&str>| start_ns + number(row[0]).cast_signed() * 1_000_000_000;
    let log = rows(&text).map(|row| (at_ns(&row), 0, number(row[1]))).collect();
    let found = described(options(Origin::Hour, "America/New_York"), log);
    assert_mean_rate(&found, &expected);
    assert_hours(&found, &expected["hourly"]);
    assert_dispersion(&found, &expected["dispersion"]);
    assert_gaps(&found, &expected["gap"], CLOSE);
    assert!(found.gaps.is_some_and(|gaps| gaps.quantised));
    assert!(found.warnings[0].contains("quantised to 1 s and 39.4 % of gaps are 0"), "{:?}", found.warnings);
    assert!(found.warnings[0].ends_with("cannot be trusted"), "{:?}", found.warnings);
}

#[test]
fn a_web_server_by_the_hour() {
    let Some((text, expected)) = trace("nasa_jul95_hourly", "nasa_jul95_hourly.csv") else { return };
    let log = rows(&text).map(|row| (unix_ns(row[0], -4), 0, number(row[1]))).collect();
    let hourly = DescribeOptions { bin_s: Some(3600.0), ..options(Origin::Hour, "America/New_York") };
    let found = described(hourly, log);
    assert_close("requests", Some(found.requests as f64), &expected["total"]);
    assert_hours(&found, &expected["hourly"]);
    assert_dispersion(&found, &expected["dispersion"]);
    assert_eq!((found.dispersion.len(), &found.gaps, found.keep_alive.len()), (1, &None, 0));
}

#[test]
fn mentions_by_five_minutes() {
    let Some((text, expected)) = trace("nab_twitter_amzn_5min", "nab_twitter_amzn_5min.csv.gz") else { return };
    // The reference takes 21:42:53 as the bin from 21:40, and begins its windows there.
    let bin_ns = 300_000_000_000;
    let log = rows(&text).map(|row| (unix_ns(row[0], 0) / bin_ns * bin_ns, 0, number(row[1]))).collect();
    let found = described(DescribeOptions { bin_s: Some(300.0), ..options(Origin::FirstRequest, "UTC") }, log);
    assert_close("requests", Some(found.requests as f64), &expected["total"]);
    assert_hours(&found, &expected["hourly"]);
    assert_dispersion(&found, &expected["dispersion"]);
    assert_eq!(found.dispersion.len(), 3);
}

#[test]
fn an_hour_of_conversations() {
    let Some((text, expected)) = trace("azure_llm2023_conv", "azure_llm2023_conv.csv.gz") else { return };
    let log = rows(&text).map(|row| (unix_ns(row[0], 0), 0, 1)).collect();
    let found = described(DescribeOptions { resolution_ns: 100, ..options(Origin::FirstRequest, "UTC") }, log);
    assert_mean_rate(&found, &expected);
    assert_dispersion(&found, &expected["dispersion"]);
    assert_gaps(&found, &expected["gap"], 5e-4);
    assert!(found.hourly.is_empty() && found.gaps.is_some_and(|gaps| !gaps.quantised));
}

#[test]
fn functions_by_the_minute() {
    let Some((text, expected)) = trace("azfunc2019_minute_counts_a", "azfunc2019_minute_counts_a.csv.gz") else {
        return;
    };
    let start_ns = unix_ns("2019-07-15T00:00:00", 0);
    let at_ns = |row: &Vec<&str>| start_ns + number(row[1]).cast_signed() * 60_000_000_000;
    let log = rows(&text).map(|row| (at_ns(&row), number(row[0]) as u32, number(row[2]))).collect();
    let found = described(DescribeOptions { bin_s: Some(60.0), ..options(Origin::Hour, "UTC") }, log);
    assert_eq!(Some(found.requests), expected["total"].as_u64());
    for (hour, expected) in found.hourly.iter().zip(expected["hourly_total"].as_array().expect("24 hours")) {
        assert_eq!(Some(hour.requests), expected.as_u64());
    }
    assert_eq!(found.hourly.len(), 24);
    let minutes = found.dispersion.iter().find(|row| row.window_s == 60).expect("minutes");
    assert_close("local", minutes.local, &expected["total_idc_60s_local"]);
    assert_close("the largest", Some(found.models[0].share), &expected["per_function_day_count"]["top1_share"]);
    let cold = expected["cold"].as_array().expect("keep-alives");
    assert_eq!(found.keep_alive.len(), cold.len());
    for (row, expected) in found.keep_alive.iter().zip(cold) {
        assert_eq!(Some(row.minutes), expected["keep_alive_min"].as_u64());
        assert_eq!(Some(row.cold_active_minutes), expected["cold_active_minutes"].as_u64());
        assert_close("cold share", Some(row.share), &expected["share_of_active_minutes"]);
    }
}
