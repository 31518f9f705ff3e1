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

/// Requests days after the end of a log are no traffic of their own, however its first hour is cut.
#[test]
fn strays_after_a_silence_are_left_out() {
    let text = log(14, 600, |_| "a");
    let (_, cut) = text.split_once("2024-01-01 00:30").expect("the first hour");
    let cut = format!("time,model\n2024-01-01 00:30{cut}");
    let late = |hours: &[u32]| {
        hours.iter().fold(String::new(), |text, hour| text + &format!("2024-01-25 {hour:02}:00:00,a\n"))
    };
    for (log, hours) in [(&text, &[1, 5, 9, 13, 19][..]), (&cut, &[1, 5, 9, 13, 19]), (&text, &[1]), (&cut, &[23])] {
        let found = study(&(log.clone() + &late(hours)), &plain()).expect("a study");
        let strays = found.strays.clone().expect("strays");
        assert_eq!((strays.requests, strays.after.as_str()), (hours.len() as u64, "2024-01-15T00:00:00+00:00"));
        assert_eq!((found.since.as_deref(), found.whole.growth_per_week), (None, None));
        assert!((found.requests_per_day() - 144.0).abs() < 1.0, "{}", found.requests_per_day());
        assert_eq!(found.description.requests + strays.requests, found.log.requests);
    }
    // What comes back as it was ends an outage.
    let back = log(30, 600, |_| "a");
    let outage: String =
        back.split_inclusive('\n').filter(|line| !("2024-01-10".."2024-01-17").contains(line)).collect();
    let outage = study(&outage, &plain()).expect("a study");
    assert_eq!((outage.strays, outage.since), (None, None));
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

/// Model, day and millisecond of requests.
type Sunk = Vec<(String, u32, u32)>;

/// What a sink gets of a log, and what is said of it.
fn traced(text: &str, options: &StudyOptions) -> Result<(Sunk, Traces), StudyError> {
    let mut requests = Vec::new();
    let mut sink = |model: &str, day, ms| {
        requests.push((model.to_owned(), day, ms));
        Ok(())
    };
    let (_, traces) = study_and_trace(|| Ok(Cursor::new(text.to_owned())), "log.csv", options, &mut sink)?;
    Ok((requests, traces))
}

#[test]
fn whole_days_are_traced_and_the_rest_is_counted() {
    // From the middle of Monday to the middle of Thursday, backwards.
    let text = log(4, 600, |at_s| if at_s.is_multiple_of(1200) { "a" } else { "b" });
    let mut lines: Vec<&str> = text.lines().collect();
    lines.truncate(1 + 144 * 3 + 72);
    lines.drain(1..=72);
    lines[1..].reverse();
    let (requests, traces) = traced(&(lines.join("\n") + "\n"), &plain()).expect("traces");
    assert_eq!((traces.first_date.as_str(), traces.last_date.as_str()), ("2024-01-02", "2024-01-03"));
    assert_eq!((traces.first_weekday, traces.left_out), (Some(1), 144));
    let expected =
        (0..2).flat_map(|day| (0..144).map(move |k| (if k % 2 == 0 { "a" } else { "b" }.to_owned(), day, k * 600_000)));
    assert_eq!(requests, expected.collect::<Vec<_>>());
    for of in &traces.models {
        assert_eq!((of.requests, of.days, of.is_weekly), (144, 2, false));
        assert!((of.requests_per_day - 72.0).abs() < 1e-12);
    }
}

/// On 2024-11-03 the clocks of New York show the hour from 1:00 twice, on 2024-03-10 they skip that from 2:00.
#[test]
fn days_are_those_of_a_clock_that_is_put_back_or_forward() {
    let hours = |from: &str| {
        let from: jiff::Timestamp = from.parse().expect("a stamp");
        let line =
            |hour: i64| format!("{}\n", from.saturating_add(jiff::SignedDuration::from_hours(hour)).expect("in range"));
        (0..72).map(line).fold("time\n".to_owned(), |text, line| text + &line)
    };
    let zone = LogOptions { zone: "America/New_York".into(), ..LogOptions::default() };
    let options = StudyOptions { log: zone, ..plain() };
    for (from, left_out, second_day) in [("2024-11-02T04:00:00Z", 1 + 23, 24), ("2024-03-09T05:00:00Z", 1, 23)] {
        let (requests, traces) = traced(&hours(from), &options).expect("traces");
        assert_eq!(traces.left_out, left_out, "{from}");
        assert_eq!(requests.iter().filter(|(_, day, _)| *day == 1).count(), second_day, "{from}");
        assert!(requests.is_sorted_by_key(|(_, day, ms)| (*day, *ms)));
        assert!(requests.iter().all(|(model, _, ms)| model == "all" && *ms < 86_400_000));
    }
}

#[test]
fn what_has_no_trace_is_refused_with_the_cause() {
    let refused = |text: &str| traced(text, &plain()).expect_err("refused").to_string();
    let counts = "time,count\n2024-01-01,5\n2024-01-02,4\n2024-01-03,6\n";
    assert!(refused(counts).starts_with("log.csv: no trace can be written: counts in bins of 86400 s do not say"));
    assert!(refused(&log(1, 600, |_| "a").replace("01 00", "01 01")).contains("it has no whole day"));
    let full = |_: &str, _, _| Err(io::Error::from(io::ErrorKind::StorageFull));
    let text = log(2, 600, |_| "a");
    let result = study_and_trace(|| Ok(Cursor::new(text.clone())), "log.csv", &plain(), &mut { full });
    assert!(matches!(result, Err(StudyError::TraceUnwritten { .. })));
}

#[test]
fn an_hour_in_which_the_log_begins_is_no_whole_hour() {
    // Every minute from 9:50 on, against the same from 9:00 on.
    let text = log(3, 60, |_| "a");
    let from = |minutes: usize| {
        let mut lines: Vec<&str> = text.lines().collect();
        lines.drain(1..=minutes);
        study(&(lines.join("\n") + "\n"), &plain()).expect("a study").description
    };
    let (cut, whole) = (from(9 * 60 + 50), from(9 * 60));
    assert_eq!((cut.hourly.len(), whole.hourly.len()), (62, 63));
    assert!((cut.hour_of_day[9].rate_per_s.expect("a rate") - 1.0 / 60.0).abs() < 1e-12);
    assert_eq!(cut.hourly[0].start_s, whole.hourly[1].start_s);
    assert!((cut.span_s - (62.0 * 3600.0 + 600.0)).abs() < 1e-9, "{}", cut.span_s);
    // A quiet service may be silent for long.
    let text = log(3, 7200, |_| "a").replace(" 00:00:00", " 00:40:00");
    assert_eq!(study(&text, &plain()).expect("a study").description.hourly.len(), 70);
}
