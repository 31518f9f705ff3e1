//! Sections of logs that are made up, as text and as what a scenario makes of them.

use std::io::Cursor;

use approx::assert_relative_eq;
use fleetfront_sim::Seconds;
use fleetfront_workloads::fit::CurveKind;
use fleetfront_workloads::{LogOptions, StudyOptions, study_traffic};

use super::*;
use crate::files::{Files, SCENARIO_FILE};
use crate::resolved::Scenario;
use crate::testing::edited;

/// Two weeks of a log: a request every ten minutes, and with some of them, at random, nine more within a minute.
fn bursty(model: impl Fn(u32, u32) -> &'static str) -> TrafficStudy {
    let mut text = "time,model\n".to_owned();
    for k in 0..14 * 144 {
        let (day, hour, minute) = (k / 144 + 1, k / 6 % 24, k % 6 * 10);
        let requests = if (k * 7919 + k * k) % 97 < 12 { 10 } else { 1 };
        for second in 0..requests {
            let _ = writeln!(text, "2024-01-{day:02} {hour:02}:{minute:02}:{:02},{}", second * 5, model(k, second));
        }
    }
    let options = StudyOptions { log: LogOptions::default(), curve: CurveKind::Steps, check: None };
    study_traffic(|| Ok(Cursor::new(text.clone())), "log.csv", &options).expect("a study")
}

/// The default scenario with the traffic of a study in place of its own.
pub(super) fn pasted(study: &TrafficStudy) -> Files {
    let files = Files::embedded();
    let section = traffic_section(study, "log \"a\",\n.csv");
    let text = crate::pasted::pasted(files.text(SCENARIO_FILE).expect("it is there"), &section);
    let curves = traffic_load_files(study, "log \"a\",\n.csv").into_iter();
    curves.fold(files.with(SCENARIO_FILE, &text), |files, (name, curve)| files.with(&name, &curve))
}

#[test]
fn what_is_pasted_is_the_traffic_of_the_log() {
    let study = bursty(|_, _| "flux");
    let scenario = Scenario::load(&pasted(&study)).unwrap_or_else(|problems| panic!("{problems:#?}"));
    let of_model = &scenario.traffic.models[0];
    assert_relative_eq!(of_model.requests_per_day, study.requests_per_day(), max_relative = 1e-4);
    assert_eq!(of_model.process, study.fits[0].1.process());
    assert_eq!(of_model.curve.hourly().len(), study.whole.curve.len());
    let (read, fitted) = (&scenario.traffic.slow_rates, study.whole.slow_rates());
    assert!(!fitted.is_empty(), "the log is bursty");
    assert_eq!(read.len(), fitted.len());
    for (read, fitted) in read.iter().zip(&fitted) {
        assert_relative_eq!(read.cv, fitted.cv, max_relative = 0.01);
        assert_eq!(read.scope, fitted.scope);
    }
}

/// The curve of a scenario has hours: those of a smooth one are written, and said to be derived.
#[test]
fn a_smooth_curve_is_written_by_the_hour() {
    let text = (0..7 * 1440_u32).fold("time\n".to_owned(), |mut text, minute| {
        let of_day = f64::from(minute % 1440) / 1440.0 * std::f64::consts::TAU;
        if f64::from(minute * 7919 % 1000) < 500.0 + 400.0 * of_day.sin() {
            let (day, hour, minute) = (minute / 1440 + 1, minute / 60 % 24, minute % 60);
            let _ = writeln!(text, "2024-01-{day:02} {hour:02}:{minute:02}:00");
        }
        text
    });
    let options = StudyOptions { log: LogOptions::default(), curve: CurveKind::Smooth, check: None };
    let study = study_traffic(|| Ok(Cursor::new(text.clone())), "log.csv", &options).expect("a study");
    let (name, curve) = &traffic_load_files(&study, "log.csv")[0];
    let harmonics = study.whole.harmonics.as_ref().expect("a smooth curve").words();
    let source = format!(",derived,\"smooth curve (Poisson regression on {harmonics}) fitted to log.csv: ");
    assert!(name == "load.csv" && curve.lines().skip(1).all(|line| line.contains(&source)), "{curve}");
    let scenario = Scenario::load(&pasted(&study)).unwrap_or_else(|problems| panic!("{problems:#?}"));
    for (read, fitted) in scenario.traffic.models[0].curve.hourly().iter().zip(&study.whole.curve) {
        assert_relative_eq!(*read, *fitted, max_relative = 1e-3);
    }
}

#[test]
fn several_models_share_the_factors_of_all_of_them() {
    let study = bursty(|k, second| ["b \"quoted\"", "a", "c", "d"][((k + second) % 4) as usize]);
    let scenario = Scenario::load(&pasted(&study)).unwrap_or_else(|problems| panic!("{problems:#?}"));
    for (read, (_, fit)) in scenario.traffic.models.iter().zip(&study.fits) {
        assert_relative_eq!(read.requests_per_day, fit.requests_per_day, max_relative = 1e-4);
    }
    let scopes: Vec<_> = scenario.traffic.slow_rates.iter().map(|slow| slow.scope).collect();
    assert_eq!(scopes, vec![fleetfront_workloads::Scope::Fleet; study.whole.slow_rates().len()]);
}

#[test]
fn a_log_without_a_date_gets_none_and_its_assumption_is_labelled() {
    let text: String = (0..4000).fold("t\n".to_owned(), |text, k| text + &(k * 60 + k * k % 37).to_string() + "\n");
    let columns = fleetfront_workloads::Columns { time: Some("t".into()), ..Default::default() };
    let study = |origin: Option<i64>| {
        let log = LogOptions { columns: columns.clone(), origin, ..LogOptions::default() };
        let options = StudyOptions { log, curve: CurveKind::Steps, check: None };
        study_traffic(|| Ok(Cursor::new(text.clone())), "log.csv", &options).expect("a study")
    };
    let undated = study(None);
    let section = traffic_section(&undated, "log.csv");
    assert!(section.contains("# ASSUMED: the log counts from zero and has no date"), "{section}");
    assert!(section.contains("\ndate = \"2026-01-05\"\n") && section.contains("date = \"undated\""), "{section}");
    assert!(section.contains("log.csv: 4000 requests in 66.7 h, counted from zero (no date)"), "{section}");
    assert!(traffic_load_files(&undated, "log.csv").iter().all(|(_, text)| !text.contains("1970")));
    let scenario = Scenario::load(&pasted(&undated)).unwrap_or_else(|problems| panic!("{problems:#?}"));
    assert_relative_eq!(scenario.traffic.models[0].requests_per_day, undated.requests_per_day(), max_relative = 1e-4);
    // 2024-05-06T00:00:00Z.
    let dated = traffic_section(&study(Some(1_714_953_600_000_000_000)), "log.csv");
    assert!(dated.contains("\ndate = \"2024-05-08\"\n") && !dated.contains("undated"), "{dated}");
}

/// Every process and law comes back as it was when the scenario is read.
#[test]
fn processes_are_written_as_they_are_read() {
    assert_eq!(process(&Process::Poisson), None);
    let laws = [
        Law::Exponential { mean_s: 60.0 },
        Law::Deterministic { seconds: 2.5 },
        Law::gamma(Seconds::new(4.0).expect("a span"), 0.5),
        Law::lognormal(Seconds::new(4.0).expect("a span"), 1.5),
        Law::Weibull { shape: 0.5, scale_s: 3.0 },
        Law::TwoPoint { low_s: 1.0, high_s: 9.0, high_probability: 0.25 },
        Law::Hyperexponential { mean_s: [1.0, 9.0], first_probability: 0.75 },
        Law::shifted_lognormal(Seconds::new(1.0).expect("a span"), Seconds::new(4.0).expect("a span"), 0.5),
        Law::lognormal_mixture(
            [(Seconds::new(1.0).expect("a span"), 0.5), (Seconds::new(9.0).expect("a span"), 0.25)],
            0.75,
        ),
    ];
    let (size, fixed) = (BatchSize::Geometric { mean: 2.5 }, BatchSize::Fixed { requests: 3 });
    let mut processes: Vec<Process> = laws.iter().map(|gap| Process::Renewal { gap: *gap }).collect();
    processes.push(Process::Batches { gap: laws[0], size });
    processes.push(Process::Sessions { requests: fixed, think: laws[4] });
    processes.push(Process::Closed { clients: 20.0, think: laws[4] });
    let states = [(1.0, 600.0), (0.0, 60.0)];
    let state = |(weight, mean_sojourn_s)| ModulatedState { weight, mean_sojourn_s };
    processes.push(Process::Modulated { states: states.map(state).to_vec() });
    for of in processes {
        let written = process(&of).expect("it is not Poisson").1;
        let new = format!("name = \"lora\"\nprocess = {written}\nrequests");
        let scenario = Scenario::load(&edited("name = \"lora\"\nrequests", &new));
        let read = &scenario.unwrap_or_else(|problems| panic!("{written}: {problems:#?}")).traffic.models[3].process;
        assert_eq!(process(read), process(&of));
        assert_eq!(std::mem::discriminant(read), std::mem::discriminant(&of), "{written}");
    }
}

#[test]
fn numbers_have_a_point_and_no_more_digits_than_wanted() {
    let written = [(1234.56, 3), (0.012_345, 3), (0.0, 3), (98_765.4, 5), (1.0, 3)].map(|(x, n)| digits(x, n));
    assert_eq!(written, ["1230.0", "0.0123", "0.0", "98765.0", "1.0"]);
}
