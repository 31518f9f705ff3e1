//! A log that grows: its section, simulated at the end of the log and ahead of it.

use std::io::Cursor;

use approx::assert_relative_eq;
use fleetfront_workloads::fit::CurveKind;
use fleetfront_workloads::{LogOptions, StudyOptions, study_traffic};

use super::tests::pasted;
use super::*;
use crate::files::{Files, SCENARIO_FILE};
use crate::resolved::Scenario;

/// Four weeks and a day by the hour, with 8 % more each week, half as many by night.
fn growing() -> TrafficStudy {
    let mut text = "time,count\n".to_owned();
    for hour in 0..29 * 24 {
        let (day, of_day) = (hour / 24 + 1, hour % 24);
        let level = if (8..20).contains(&of_day) { 1000.0 } else { 500.0 };
        let count = (level * 1.08_f64.powf(f64::from(hour) / 168.0)).round();
        let _ = writeln!(text, "2024-01-{day:02} {of_day:02}:00:00,{count}");
    }
    let log = LogOptions { bin_s: Some(3600.0), ..LogOptions::default() };
    study_traffic(
        || Ok(Cursor::new(text.clone())),
        "log.csv",
        &StudyOptions { log, curve: CurveKind::Steps, check: None },
    )
    .expect("a study")
}

#[test]
fn growth_is_written_and_simulated_from_the_end_of_the_log_on() {
    let study = growing();
    let growth = study.fits[0].1.growth_per_week.expect("it grows");
    assert_relative_eq!(growth, 0.08, max_relative = 0.01);
    let files = pasted(&study);
    let load = |files: &Files| Scenario::load(files).unwrap_or_else(|problems| panic!("{problems:#?}"));
    let end = load(&files);
    assert_relative_eq!(end.traffic.models[0].requests_per_day, study.requests_per_day(), max_relative = 1e-4);
    assert!(end.warnings.iter().all(|warning| !warning.contains("extrapolated")), "{:?}", end.warnings);
    // Ten weeks on: 1.08^10 is 2.159.
    let text = files.text(SCENARIO_FILE).expect("it is there");
    assert_eq!(text.matches("volume_at = \"2024-01-29\"").count(), 1, "{text}");
    let ahead = text.replace("volume_at = \"2024-01-29\"", "volume_at = \"2024-04-08\"");
    let ahead = load(&files.clone().with(SCENARIO_FILE, &ahead));
    let ratio = ahead.traffic.models[0].requests_per_day / end.traffic.models[0].requests_per_day;
    assert_relative_eq!(ratio, 2.159, max_relative = 2e-3);
    assert!(ahead.warnings.iter().any(|warning| warning.contains("extrapolated over 10.0 weeks")));
}
