//! From a log to a section, from the section to a scenario, from the scenario to days, and those described again: what comes
//! back is the log.

use std::fmt::Write;
use std::io::Cursor;

use fleetfront_sim::{Horizon, Law, Seconds, SimSpan, SimTime, StreamKey};
use fleetfront_workloads::describe::Description;
use fleetfront_workloads::fit::CurveKind;
use fleetfront_workloads::{
    BatchSize, LogOptions, Process, Rate, RateSegment, Redrawn, RequestStream, Scope, SlowRate, StudyOptions,
    TrafficStudy, study_traffic,
};

use crate::files::{Files, SCENARIO_FILE};
use crate::pasted::pasted;
use crate::resolved::Scenario;
use crate::{traffic_load_files, traffic_section};

const DAYS: u32 = 56;
const DAY_S: f64 = 86_400.0;
/// Monday 2026-03-02, in unix seconds.
const MONDAY_S: f64 = 1_772_409_600.0;

/// The study of requests at these seconds since that Monday.
fn study(stamps_s: &[f64]) -> TrafficStudy {
    let text = stamps_s.iter().fold("epoch\n".to_owned(), |mut text, at_s| {
        writeln!(text, "{:.3}", MONDAY_S + at_s).expect("memory");
        text
    });
    let options = StudyOptions { log: LogOptions::default(), curve: CurveKind::Steps, check: None };
    study_traffic(|| Ok(Cursor::new(text.clone())), "log.csv", &options).expect("a study")
}

/// All that a stream has left, in seconds.
fn all(mut stream: RequestStream) -> Vec<f64> {
    let (mut block, mut stamps_s) = (Vec::new(), Vec::new());
    while stream.fill(&mut block) {
        stamps_s.extend(block.iter().map(|request| request.at.0 as f64 / 1e9));
    }
    stamps_s
}

/// Quiet nights and busy evenings, times a factor, if any; nothing of it is read from a section.
fn log(redrawn: Option<(f64, Redrawn)>, process: &Process) -> Vec<f64> {
    let weight = |hour: u32| if hour < 8 { 0.3 } else { 0.6 + 0.06 * f64::from(hour) };
    let segments = (0..DAYS * 24)
        .map(|hour| RateSegment { start_s: 3600.0 * f64::from(hour), per_second: 3500.0 / DAY_S * weight(hour % 24) });
    let mut rate = Rate::new(segments.collect(), DAY_S * f64::from(DAYS));
    let end = SimTime::START + SimSpan::from_secs_f64(rate.end_s());
    let key = StreamKey::of("log");
    if let Some((cv, redrawn)) = redrawn {
        let factor = SlowRate { cv, redrawn, scope: Scope::Model };
        rate = rate.times(&factor.path(11, 0, key, 0, Horizon { start: SimTime::START, end }));
    }
    all(RequestStream::of_rate(rate, process, 11, 0, key))
}

/// As many days of a scenario's first model, one after the other.
fn drawn(scenario: &Scenario) -> Vec<f64> {
    let traffic = &scenario.traffic;
    let of_day = |day: u32| {
        let since_midnight =
            all(RequestStream::new(traffic, 5, day, 0)).into_iter().map(|at_s| at_s - traffic.run_in.get());
        since_midnight.filter(|at_s| (0.0..DAY_S).contains(at_s)).map(move |at_s| f64::from(day) * DAY_S + at_s)
    };
    (0..DAYS).flat_map(of_day).collect()
}

#[track_caller]
fn assert_near(what: &str, found: Option<f64>, expected: Option<f64>, share: f64) {
    let (found, expected) = found.zip(expected).unwrap_or_else(|| panic!("no {what}"));
    assert!((found / expected - 1.0).abs() < share, "{what}: {found}, and {expected} in the log");
}

/// The study of what a log's section draws in the default scenario.
fn again(of_log: &TrafficStudy) -> TrafficStudy {
    let files = Files::embedded();
    let section = traffic_section(of_log, "log.csv");
    let text = pasted(files.text(SCENARIO_FILE).expect("it is there"), &section);
    let curves = traffic_load_files(of_log, "log.csv").into_iter();
    let files = curves.fold(files.with(SCENARIO_FILE, &text), |files, (name, curve)| files.with(&name, &curve));
    let scenario = Scenario::load(&files).unwrap_or_else(|problems| panic!("{problems:#?}"));
    study(&drawn(&scenario))
}

#[test]
fn what_a_pasted_section_draws_is_described_as_the_log_is() {
    let correlation = Seconds::new(1800.0).expect("a span");
    let of_log = study(&log(Some((0.5, Redrawn::AtRandom { correlation })), &Process::Poisson));
    let again = again(&of_log);
    let (log, again): (&Description, &Description) = (of_log.fitted(), again.fitted());
    // 190,000 requests; luck of half an hour leaves the total to about 1 % and an hour of the day to about 5 %, of the log
    // and again of what is drawn.
    assert_near("requests", Some(again.requests as f64), Some(log.requests as f64), 0.05);
    for (hour, (again, log)) in again.hour_of_day.iter().zip(&log.hour_of_day).enumerate() {
        assert_near(&format!("hour {hour}"), again.rate_per_s, log.rate_per_s, 0.2);
    }
    for (again, log) in again.dispersion.iter().zip(&log.dispersion) {
        let what = format!("dispersion in {} s", log.window_s);
        match log.local {
            Some(local) => assert_near(&what, again.local, Some(local), 0.12),
            None => assert_near(&what, again.after_day_curve, log.after_day_curve, 0.3),
        }
    }
    assert_eq!((again.dispersion.len(), log.dispersion.len()), (6, 6));
    assert!(log.dispersion.iter().any(|of| of.local > Some(2.0)), "the log is bursty");
    let (again, log) = (again.gaps.as_ref().expect("gaps"), log.gaps.as_ref().expect("gaps"));
    assert_near("cv of the gaps", again.cv, log.cv, 0.1);
}

/// 56 days tell a coefficient of variation to a tenth of itself: twice that, and as much again for what is drawn.
#[test]
fn the_luck_of_days_comes_back_as_it_was() {
    let of_log = study(&log(Some((0.3, Redrawn::EachDay)), &Process::Poisson));
    assert_near("spread of days", Some(of_log.whole.day_cv), Some(0.3), 0.2);
    let again = again(&of_log);
    assert_near("spread of days", Some(again.whole.day_cv), Some(of_log.whole.day_cv), 0.3);
    for study in [&of_log, &again] {
        assert!(study.whole.bursts.iter().all(|burst| burst.cv < 0.1), "{:?}", study.whole.bursts);
        assert_eq!(study.whole.events.session, None);
    }
}

/// Sessions of four requests a minute apart. A length and a time to think are told together, by how counts scatter: their
/// product is told better than each.
#[test]
fn sessions_come_back_as_they_were() {
    let think = Law::Exponential { mean_s: 60.0 };
    let sessions = Process::Sessions { requests: BatchSize::Geometric { mean: 4.0 }, think };
    let of_log = study(&log(None, &sessions));
    let again = again(&of_log);
    for study in [&of_log, &again] {
        let found = study.whole.events.session.expect("sessions");
        assert_near("requests of a session", Some(found.mean_requests), Some(4.0), 0.25);
        assert_near("time to think", Some(found.think.mean_s()), Some(60.0), 0.5);
        assert!(study.whole.day_cv < 0.1, "{}", study.whole.day_cv);
    }
    for (again, log) in again.fitted().dispersion.iter().zip(&of_log.fitted().dispersion) {
        if let Some(local) = log.local {
            assert_near(&format!("dispersion in {} s", log.window_s), again.local, Some(local), 0.12);
        }
    }
}
