//! Models that do not rise and fall together: their sections, held against the fit of each.

use std::io::Cursor;

use approx::assert_relative_eq;
use fleetfront_workloads::fit::CurveKind;
use fleetfront_workloads::fit::Expected;
use fleetfront_workloads::{LogOptions, StudyOptions, study_traffic};

use super::tests::pasted;
use super::*;
use crate::resolved::Scenario;

/// Two weeks of two models that know nothing of each other: one by day and in bursts, one by night.
fn independent() -> TrafficStudy {
    let mut text = "time,model\n".to_owned();
    for k in 0..14 * 288_u32 {
        let (day, hour, minute) = (k / 288 + 1, k / 12 % 24, k % 12 * 5);
        let by_day = (8..20).contains(&hour);
        let burst = if by_day && (k * 7919 + k * k) % 97 < 9 { 12 } else { u32::from(by_day) };
        for second in 0..burst {
            let _ = writeln!(text, "2024-01-{day:02} {hour:02}:{minute:02}:{:02},a/b", second * 4);
        }
        if !by_day || minute == 0 {
            let _ = writeln!(text, "2024-01-{day:02} {hour:02}:{minute:02}:{:02},A:B", (k * 31 + k * k) % 59);
        }
    }
    let options = StudyOptions { log: LogOptions::default(), curve: CurveKind::Steps, check: None };
    study_traffic(|| Ok(Cursor::new(text.clone())), "log.csv", &options).expect("a study")
}

/// The section of models that do not rise and fall together, read as a scenario, is what a check draws from: the rate
/// of every hour, every factor and every process, model by model.
#[test]
fn independent_models_are_simulated_as_each_was_fitted() {
    let study = independent();
    assert_eq!(study.fits.len(), 2);
    assert!(study.fits.iter().all(|(_, fit)| fit.scope == Scope::Model));
    let files: Vec<String> = traffic_load_files(&study, "x").into_iter().map(|(name, _)| name).collect();
    assert_eq!(files[0], "load.csv");
    assert!(files.contains(&"load.a-b.csv".to_owned()) && files.contains(&"load.A-B-2.csv".to_owned()), "{files:?}");
    let scenario = Scenario::load(&pasted(&study)).unwrap_or_else(|problems| panic!("{problems:#?}"));
    assert_eq!(scenario.traffic.slow_rates, [], "nothing is shared");
    for (place, (_, fit)) in study.fits.iter().enumerate() {
        let read = scenario.traffic.slow_rates_of(place);
        assert_eq!(read.len(), fit.slow_rates().len());
        for (read, fitted) in read.iter().zip(fit.slow_rates()) {
            assert_relative_eq!(read.cv, fitted.cv, max_relative = 0.01);
            assert_eq!(read.scope, Scope::Model);
            assert_eq!(std::mem::discriminant(&read.redrawn), std::mem::discriminant(&fitted.redrawn));
        }
        let own = &scenario.traffic.models[place];
        assert_eq!(process(&own.process), process(&fit.process()));
        assert_eq!(own.curve.is_weekly(), fit.curve.len() == 168);
        // A Wednesday in January, hour by hour, behind a run-in of two hours.
        let simulated = scenario.traffic.expected_rate(2, place);
        let start_s = 1_704_844_800;
        let expected = Expected::new(fit, "UTC", (start_s, start_s + 86_400), start_s).expect("a zone");
        for hour in expected.hours().iter().filter(|hour| hour.start_s >= start_s) {
            let growth = fit.growth_per_week.unwrap_or(0.0).ln_1p();
            let grown = (growth * (hour.start_s - start_s) as f64 / (7.0 * 86_400.0)).exp();
            let at_s = 7200.0 + (hour.start_s - start_s) as f64 + 1.0;
            assert_relative_eq!(simulated.at(at_s), hour.per_second / grown, max_relative = 2e-4);
        }
    }
    assert!(study.fits.iter().any(|(_, fit)| !fit.slow_rates().is_empty()), "one of them is bursty");
    // Their luck is their own.
    let factor = |model: usize| {
        let (drawn, expected) = (scenario.traffic.drawn_rate(1, 2, model), scenario.traffic.expected_rate(2, model));
        drawn.at(50_000.0) / expected.at(50_000.0)
    };
    assert!((factor(0) - factor(1)).abs() > 1e-6);
}
