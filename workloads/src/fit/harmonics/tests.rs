//! Smooth curves against statsmodels' regressions of published traces, and against curves that are known.

use std::collections::BTreeMap;
use std::io::{Read, Write, stderr};
use std::path::Path;

use approx::assert_relative_eq;
use serde_json::Value;

use super::*;

/// Requests by hour of a trace, whose rows are a stamp (UTC) and perhaps a number, and what is known of it; none, visibly,
/// where the folder is absent.
fn trace(file: &str, reference: &str) -> Option<(Vec<Hour>, Value)> {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    let Ok(bytes) = std::fs::read(data.join("traces").join(file)) else {
        writeln!(stderr(), "SKIPPED: no trace {file} beside the project").expect("stderr");
        return None;
    };
    let mut text = String::new();
    if bytes.starts_with(&[0x1f, 0x8b]) {
        flate2::read::GzDecoder::new(&bytes[..]).read_to_string(&mut text).expect("a compressed text");
    } else {
        text = String::from_utf8(bytes).expect("a text");
    }
    let reference = std::fs::read_to_string(data.join("reference").join(reference)).expect("a reference");
    let reference: Value = serde_json::from_str(&reference).expect("JSON");
    let hour_of = |stamp: &str| {
        let civil: jiff::civil::DateTime = stamp.replace(' ', "T").parse().expect("a stamp");
        jiff::tz::TimeZone::UTC.to_timestamp(civil).expect("a time").as_second().div_euclid(3600)
    };
    let mut counts: BTreeMap<i64, f64> = BTreeMap::new();
    for row in text.lines().skip(1) {
        let (stamp, rest) = row.split_once(',').expect("two fields");
        *counts.entry(hour_of(stamp)).or_default() += rest.parse().unwrap_or(1.0);
    }
    // Full hours, empty ones among them.
    let first = hour_of(reference["hourly"]["first_hour"].as_str().expect("a stamp"));
    let hours = first..first + reference["hourly"]["n_hours"].as_i64().expect("a number");
    let hours = hours.map(|hour| of_hour(hour, counts.get(&hour).copied().unwrap_or(0.0)));
    Some((hours.collect(), reference))
}

/// An hour since 1970, which began on a Thursday.
fn of_hour(hour: i64, requests: f64) -> Hour {
    let day = hour.div_euclid(24);
    let (weekday, of_day) = ((day + 3).rem_euclid(7) as usize, hour.rem_euclid(24) as usize);
    Hour { start_s: hour * 3600, day, weekday, of_day, requests, growth: 1.0 }
}

/// Three harmonics, as statsmodels 0.15.0 has them, with eight digits.
#[test]
fn coefficients_are_those_of_an_independent_regression() {
    for (file, reference) in [
        ("gentd26_t2i_requests_a.csv.gz", "open__gentd26_t2i_requests_a.json"),
        ("nasa_jul95_hourly.csv", "open__nasa_jul95_hourly.json"),
        ("nab_twitter_amzn_5min.csv.gz", "open__nab_twitter_amzn_5min.json"),
    ] {
        let Some((hours, reference)) = trace(file, reference) else { continue };
        let expected = &reference["hourly"]["glm_hourly"]["poisson_3_harmonics"];
        let found = Harmonics::regression(&hours, &cells(&hours), (3, 0)).expect("coefficients");
        let coefficients = expected["coef_const_c1_s1_c2_s2_c3_s3"].as_array().expect("a list");
        assert_eq!(found.coefficients.len(), coefficients.len());
        for (found, expected) in found.coefficients.iter().zip(coefficients) {
            assert_relative_eq!(*found, expected.as_f64().expect("a number"), max_relative = 1e-6);
        }
        let dispersion = expected["dispersion"].as_f64().expect("a number");
        assert_relative_eq!(found.dispersion, dispersion, max_relative = 1e-6);
    }
}

/// Counts that are their expectation: the harmonics that made them come back, and no others.
#[test]
fn the_harmonics_that_are_there_are_chosen() {
    let made = |(of_day, of_week): (u32, u32), coefficients: &[f64]| Harmonics {
        of_day,
        of_week,
        coefficients: coefficients.to_vec(),
        dispersion: 1.0,
    };
    for (of, days) in [
        (made((0, 0), &[3.0]), 14),
        (made((2, 0), &[3.0, 0.5, -0.3, 0.2, 0.1]), 5),
        (made((1, 1), &[3.0, 0.5, -0.3, 0.4, 0.1]), 14),
    ] {
        let hours: Vec<Hour> = (0..24 * days)
            .map(|hour| of_hour(hour, 0.0))
            .map(|hour| Hour { requests: of.rate(hour.of_week()), ..hour })
            .collect();
        let found = Harmonics::of(&hours, days >= 14).expect("a curve");
        assert_eq!((found.of_day, found.of_week), (of.of_day, of.of_week));
        for (found, expected) in found.coefficients.iter().zip(&of.coefficients) {
            assert_relative_eq!(*found, *expected, epsilon = 1e-9);
        }
    }
}

/// An hour that has grown to half counts as half an hour.
#[test]
fn growth_is_no_part_of_the_curve() {
    let level = |hour: i64| 0.5 + hour as f64 / (48.0 * 14.0);
    let hours: Vec<Hour> =
        (0..24 * 14).map(|hour| Hour { growth: level(hour), ..of_hour(hour, 20.0 * level(hour)) }).collect();
    let found = Harmonics::of(&hours, true).expect("a curve");
    assert_eq!((found.of_day, found.of_week), (0, 0));
    assert_relative_eq!(found.rate(77), 20.0, max_relative = 1e-9);
}
