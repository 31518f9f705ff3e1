use std::io::Cursor;

use super::*;
use crate::fit::FitError;
use crate::process::Process;
use fleetfront_sim::Law;

/// A log of one request every `step_s` seconds for so many days from Monday 2024-01-01, of the model that `model` says.
fn log(days: u32, step_s: u32, model: impl Fn(u32) -> &'static str) -> String {
    let line = |at_s: u32| {
        let (day, hour, minute, second) = (at_s / 86_400 + 1, at_s / 3600 % 24, at_s / 60 % 60, at_s % 60);
        format!("2024-01-{day:02} {hour:02}:{minute:02}:{second:02},{}\n", model(at_s))
    };
    let lines = (0..days * 86_400 / step_s).map(|k| line(k * step_s));
    std::iter::once("time,model\n".to_owned()).chain(lines).collect()
}

fn study(text: &str, options: &StudyOptions) -> Result<TrafficStudy, StudyError> {
    study_traffic(|| Ok(Cursor::new(text.to_owned())), "log.csv", options)
}

fn plain() -> StudyOptions {
    StudyOptions { log: LogOptions::default(), curve: CurveKind::Steps, check: None }
}

#[test]
fn models_are_described_and_fitted_over_the_time_of_the_whole_log() {
    // Model b has requests on the last of four days only.
    let text = log(4, 600, |at_s| if at_s >= 3 * 86_400 && at_s.is_multiple_of(1200) { "b" } else { "a" });
    let study = study(&text, &plain()).expect("a study");
    assert_eq!((study.description.requests, study.since.as_deref()), (576, None));
    let names: Vec<&str> = study.of_models.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["a", "b"]);
    assert!(study.of_models.iter().all(|(_, of)| (of.span_s - study.description.span_s).abs() < 1e-9));
    assert_eq!(study.of_models.iter().map(|(_, of)| of.requests).sum::<u64>(), 576);
    let sum = study.requests_per_day();
    assert!((sum / study.whole.requests_per_day - 1.0).abs() < 0.02, "{sum} against {}", study.whole.requests_per_day);
}

/// A model without a name is none of those that have one, whatever they are called.
#[test]
fn models_have_names_of_their_own() {
    let text = log(4, 600, |at_s| if at_s.is_multiple_of(1200) { "unnamed" } else { "" });
    let study = study(&text, &plain()).expect("a study");
    let names: Vec<&str> = study.fits.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["_unnamed", "unnamed"]);
}

#[test]
fn a_log_without_models_has_one_and_no_descriptions_of_models() {
    let study = study("time\n2024-01-01 00:00:00\n2024-01-01 01:00:00\n2024-01-01 05:00:00\n", &plain()).expect("one");
    assert!(study.of_models.is_empty());
    assert_eq!((study.fits.len(), study.fits[0].0.as_str()), (1, "all"));
    assert_eq!(study.fits[0].1, study.whole);
    assert!(study.remarks().iter().any(|remark| remark.contains("the log covers 5.0 hours")), "{:?}", study.remarks());
}

#[test]
fn the_present_level_alone_is_fitted() {
    // From the sixth day on ten times as many.
    let text = log(12, 600, |_| "a");
    let is_kept = |(place, line): (usize, &str)| {
        let day: u32 = line.get(8..10).and_then(|day| day.parse().ok()).unwrap_or(0);
        (place == 0 || day >= 6 || place % 10 == 1).then(|| format!("{line}\n"))
    };
    let text: String = text.lines().enumerate().filter_map(is_kept).collect();
    let study = study(&text, &plain()).expect("a study");
    assert_eq!(study.since.as_deref(), Some("2024-01-06T00:00:00+00:00"));
    assert_eq!(study.fitted().requests, 7 * 144);
    assert!(study.description.requests > study.fitted().requests);
    assert!((study.requests_per_day() - 144.0).abs() < 3.0, "{}", study.requests_per_day());
}

#[test]
fn unsorted_logs_are_the_same_as_sorted_ones() {
    let text = log(3, 900, |at_s| if at_s % 7 == 0 { "a" } else { "b" });
    let mut lines: Vec<&str> = text.lines().collect();
    lines[1..].reverse();
    let (sorted, reversed) = (study(&text, &plain()), study(&(lines.join("\n") + "\n"), &plain()));
    let (sorted, reversed) = (sorted.expect("a study"), reversed.expect("a study"));
    assert_eq!((sorted.whole, &sorted.fits), (reversed.whole.clone(), &reversed.fits));
    assert!(reversed.log.unsorted_count > 0);
}

#[test]
fn a_study_comes_back_from_json_and_a_check_is_the_same_for_a_seed() {
    let text = log(3, 1200, |_| "a");
    let check = |seed| StudyOptions { check: Some(CheckOptions { seed, draws: Some(39) }), ..plain() };
    let first = study(&text, &check(7)).expect("a study");
    let json = serde_json::to_string(&first).expect("JSON");
    assert_eq!(serde_json::from_str::<TrafficStudy>(&json).expect("it comes back"), first);
    assert_eq!(study(&text, &check(7)).expect("a study"), first);
    assert_ne!(study(&text, &check(8)).expect("a study").proof, first.proof);
    assert_eq!(first.proof.expect("a proof").draws, 39);
}

/// Counts of a thousand million a bin would take days to draw.
#[test]
fn a_check_that_would_take_too_many_draws_is_refused_with_its_bound() {
    let hour = |hour: u32| format!("2024-01-{:02} {:02}:00:00,1000000000\n", hour / 24 + 1, hour % 24);
    let text: String = std::iter::once("time,count\n".to_owned()).chain((0..72).map(hour)).collect();
    assert!(study(&text, &plain()).is_ok());
    let check = |draws| StudyOptions { check: Some(CheckOptions { seed: 1, draws }), ..plain() };
    assert_eq!(
        study(&text, &check(None)).expect_err("too many").to_string(),
        "log.csv: 39 logs of 72000000000 requests are 2.8e12, more than the 2e9 that are drawn for a check\n  help: study \
         it without a check, or check a shorter part of it"
    );
    let few = study(&log(3, 1200, |_| "a"), &check(Some(10_000_000))).expect_err("too many draws");
    assert!(matches!(few, StudyError::TooMuchToDraw { draws: 10_000_000, requests: 216, .. }), "{few}");
}

/// What a machine sends by its clock is drawn by a clock.
#[test]
fn an_exact_clock_is_a_clock_in_its_model() {
    for step_s in [60, 300] {
        let check = Some(CheckOptions { seed: 1, draws: Some(39) });
        let study = study(&log(4, step_s, |_| "a"), &StudyOptions { check, ..plain() }).expect("a study");
        let proof = study.proof.expect("it was checked");
        let missed: Vec<_> = proof.checks.iter().filter(|check| !check.holds).collect();
        assert!(proof.share() >= Some(0.9), "{:?} {:?}: {missed:#?}", proof.share(), study.whole.events);
        assert!(matches!(study.whole.process(), Process::Renewal { gap: Law::Deterministic { .. } }));
    }
}

#[test]
fn clients_sizes_and_adapters_are_those_of_the_time_that_is_fitted() {
    // From the sixth day on ten times as many; what was before is of another client, and larger.
    let line = |k: u32| {
        let (day, minute) = (k / 144 + 1, k % 144 * 10);
        let (client, steps, lora) = if day < 6 { ("old", 50, "x") } else { (["ann", "bob"][k as usize % 2], 20, "y") };
        let stamp = format!("2024-01-{day:02} {:02}:{:02}:00", minute / 60, minute % 60);
        (day >= 6 || k.is_multiple_of(10)).then(|| format!("{stamp},a,{client},{steps},{lora}\n"))
    };
    let text: String =
        std::iter::once("time,model,user,steps,lora\n".to_owned()).chain((0..12 * 144).filter_map(line)).collect();
    let study = study(&text, &plain()).expect("a study");
    assert!(study.since.is_some());
    let clients = study.clients.expect("clients");
    assert_eq!((clients.tracked, clients.requests_mean), (2, 504.0));
    assert!((clients.gaps.expect("gaps").mean_s - 1200.0).abs() < 1e-6);
    let shapes = study.shapes.expect("sizes");
    assert_eq!((shapes.columns[0].mean, shapes.samples[0].rows.len(), shapes.samples[0].requests), (20.0, 1, 1008));
    let adapters = study.adapters.expect("adapters");
    assert_eq!((adapters.distinct, adapters.top[0].name.as_str()), (1, "y"));
}

#[test]
fn what_tells_no_rate_is_refused() {
    let once = study("time\n2024-01-01 00:00:00\n", &plain()).expect_err("one request");
    assert!(matches!(once, StudyError::NoFit { cause: FitError::OneInstant, .. }), "{once}");
    let short = study("time\n2024-01-01 00:00:00.25\n2024-01-01 00:00:00.75\n", &plain()).expect_err("half a second");
    assert!(short.to_string().starts_with("log.csv: all requests lie within 0.75 s"), "{short}");
    let none = study("time,count\n2024-01-01 00:00:00,0\n2024-01-01 01:00:00,0\n", &plain()).expect_err("nothing");
    assert!(matches!(none, StudyError::NoFit { cause: FitError::Empty, .. }), "{none}");
    let line = |text: String, k| text + &format!("2024-01-01 00:{:02}:00,m{k}\n", k / 60);
    let many = study(&(0..1001).fold("time,model\n".to_owned(), line), &plain()).expect_err("too many");
    assert!(many.to_string().contains("more than 1000 models in column `model`"), "{many}");
}
