use std::io::{Read, Write};
use std::path::Path;

use super::*;
use crate::describe::Origin;
use crate::fit::{CurveKind, Grouping, level_since_s};
use crate::testing::known_traffic;

const S: i64 = 1_000_000_000;

/// A trace that is kept beside the project; none, visibly, where it is not.
fn trace(name: &str) -> Option<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/traces").join(name);
    let Ok(bytes) = std::fs::read(&path) else {
        // The harness hides what a passing test prints, but not what is written to the stream itself.
        let _ = writeln!(std::io::stderr(), "SKIPPED: no trace {name} beside the project");
        return None;
    };
    let mut text = String::new();
    if path.extension().is_some_and(|extension| extension == "gz") {
        flate2::read::GzDecoder::new(&bytes[..]).read_to_string(&mut text).expect("a compressed text");
    } else {
        text = String::from_utf8(bytes).expect("a text");
    }
    Some(text)
}

/// A log for tests: stamps in unix nanoseconds, each with its model and number of requests.
struct Log {
    stamps: Vec<(i64, u32, u64)>,
    names: Vec<String>,
    options: DescribeOptions,
    stretch_s: (i64, i64),
}

impl Log {
    fn of_one(stamps: Vec<(i64, u32, u64)>, bin_s: Option<f64>, stretch_s: (i64, i64)) -> Self {
        let options =
            DescribeOptions { origin: Origin::Hour, zone: "UTC".into(), resolution_ns: S, bin_s, end_ns: None };
        Self { stamps, names: vec!["all".into()], options, stretch_s }
    }

    fn describe(&self, names: &[String], model: Option<u32>) -> Description {
        let options = DescribeOptions { end_ns: Some(self.stretch_s.1 * S), ..self.options.clone() };
        let mut describer = Describer::new(options).expect("legal options");
        describer.push(self.stretch_s.0 * S, 0, 0);
        for (at_ns, own, requests) in self.stamps.iter().filter(|stamp| model.is_none_or(|model| model == stamp.1)) {
            describer.push(*at_ns, if model.is_some() { 0 } else { *own }, *requests);
        }
        describer.finish(names)
    }

    /// From the day on which the level changed for good.
    fn of_present_level(mut self) -> Self {
        if let Some(since_s) = level_since_s(&self.describe(&self.names, None)) {
            self.stretch_s.0 = since_s;
            self.stamps.retain(|stamp| stamp.0 >= since_s * S);
        }
        self
    }

    /// The part of it between two instants, in unix seconds.
    fn part(&self, (start_s, end_s): (i64, i64)) -> Self {
        let within = |stamp: &&(i64, u32, u64)| (start_s * S..end_s * S).contains(&stamp.0);
        Self {
            stamps: self.stamps.iter().filter(within).copied().collect(),
            names: self.names.clone(),
            options: self.options.clone(),
            stretch_s: (start_s, end_s),
        }
    }

    /// A fit held against it.
    fn against(&self, fit: &TrafficFit) -> Proof {
        let log = self.describe(&self.names, None);
        let models = [("all".to_owned(), fit.clone())];
        prove(&log, &self.options, self.stretch_s, &models, (1, ample_draws(log.requests))).expect("legal options")
    }

    /// What is fitted to the days before an instant, held against those after it.
    fn held_out(&self, split_s: i64) -> Proof {
        let before = self.part((self.stretch_s.0, split_s));
        let fit = TrafficFit::of(&before.describe(&self.names, None), CurveKind::Steps).expect("a fit");
        assert_eq!(fit.growth_per_week, None, "the later days have the level of the first");
        self.part((split_s, self.stretch_s.1)).against(&fit)
    }

    fn prove(&self) -> Proof {
        let log = self.describe(&self.names, None);
        let models = self.names.iter().enumerate().filter_map(|(model, name)| {
            let own = self.describe(std::slice::from_ref(name), Some(model as u32));
            Some((name.clone(), TrafficFit::of(&own, CurveKind::Steps).ok()?))
        });
        let models: Vec<(String, TrafficFit)> = models.collect();
        prove(&log, &self.options, self.stretch_s, &models, (1, ample_draws(log.requests))).expect("legal options")
    }
}

/// A civil stamp of UTC.
fn stamp_ns(text: &str) -> i64 {
    let civil: jiff::civil::DateTime = text.replace(' ', "T").parse().expect("a stamp");
    jiff::tz::TimeZone::UTC.to_timestamp(civil).expect("a time").as_nanosecond() as i64
}

fn hour_of(at_ns: i64) -> i64 {
    at_ns.div_euclid(3600 * S) * 3600
}

/// Rows of a table with a header.
fn rows(text: &str) -> impl Iterator<Item = Vec<&str>> {
    text.lines().skip(1).map(|line| line.split(',').collect())
}

#[track_caller]
fn assert_holds(log: &Log, least_checks: usize, least_keep_alive: Option<f64>) {
    let proof = log.prove();
    let missed: Vec<_> = proof.checks.iter().filter(|check| !check.holds).collect();
    assert!(proof.checks.len() >= least_checks, "{} checks", proof.checks.len());
    assert!(proof.share() >= Some(0.9), "{:?} of {} hold; not {missed:#?}", proof.share(), proof.checks.len());
    // Cold starts are what a simulation is for, and the group is too small to weigh among the others.
    let keep_alive = proof.share_of(CheckGroup::KeepAlive);
    assert!(keep_alive >= least_keep_alive, "{keep_alive:?} of keep-alive hold; not {missed:#?}");
    assert_eq!(keep_alive.is_some(), least_keep_alive.is_some(), "bins longer than a minute have no cold minutes");
}

/// Least shares of the groups, in their order.
#[track_caller]
fn assert_groups(proof: &Proof, least: [f64; 5]) {
    for (group, least) in CheckGroup::ALL.into_iter().zip(least) {
        let share = proof.share_of(group);
        assert!(share >= Some(least), "{share:?} of {group:?} hold, below {least}");
    }
}

#[test]
fn a_text_to_image_service_is_drawn_as_it_is() {
    let Some(log) = text_to_image() else { return };
    assert_eq!(log.stretch_s.0, stamp_ns("2024-11-19 00:00:00") / S, "the traffic began on a Tuesday");
    assert_holds(&log, 60, Some(0.6));
    assert_groups(&log.prove(), [0.96, 0.88, 0.88, 0.75, 0.6]);
    let fit = TrafficFit::of(&log.describe(&log.names, None), CurveKind::Steps).expect("a fit");
    assert!(fit.events.session.is_some(), "people ask for several images: {:?}", fit.events);
}

/// From its launch on.
fn text_to_image() -> Option<Log> {
    let text = trace("gentd26_t2i_requests_a.csv.gz")?;
    let mut stamps: Vec<_> = rows(&text).map(|row| (stamp_ns(row[0]), 0, 1)).collect();
    stamps.sort_unstable();
    let stretch_s = (hour_of(stamps[0].0), stamps[stamps.len() - 1].0 / S + 1);
    Some(Log::of_one(stamps, None, stretch_s).of_present_level())
}

/// Seven days are fitted, the five after them are held against what that draws. Mornings differ: people worked on.
#[test]
fn later_days_of_a_text_to_image_service_are_those_of_the_first() {
    let Some(log) = text_to_image() else { return };
    let proof = log.held_out(stamp_ns("2024-11-26 00:00:00") / S);
    assert!(proof.checks.len() >= 60 && proof.share() >= Some(0.85), "{:?}", proof.share());
    assert_groups(&proof, [0.8, 0.85, 0.95, 1.0, 0.85]);
}

/// What no fit knows: in the weeks after a launch of a shuttle people asked for a third less, and the check says so. Tweets of
/// two weeks come in smaller bursts than those of the 40 days before.
#[test]
fn later_weeks_of_other_traffic_are_told_from_the_first() {
    let held_out = |name: &str, bin_s: i64, split: &str| {
        let text = trace(name)?;
        let stamps: Vec<_> = rows(&text).map(|row| (stamp_ns(row[0]), 0, row[1].parse().expect("a count"))).collect();
        let stretch_s = (hour_of(stamps[0].0), stamps[stamps.len() - 1].0 / S + bin_s);
        Some(Log::of_one(stamps, Some(bin_s as f64), stretch_s).held_out(stamp_ns(split) / S))
    };
    if let Some(proof) = held_out("nasa_jul95_hourly.csv", 3600, "1995-07-17 00:00:00") {
        assert!(proof.share() < Some(0.3), "{:?}", proof.share());
        let all = proof.checks.iter().find(|check| check.name == "requests").expect("it is checked");
        assert!(all.log < all.drawn.map(|drawn| drawn.low), "{all:?}");
    }
    if let Some(proof) = held_out("nab_twitter_amzn_5min.csv.gz", 300, "2015-04-06 00:00:00") {
        assert!(proof.share() >= Some(0.6) && proof.share_of(CheckGroup::Curve) >= Some(0.65), "{:?}", proof.share());
        assert!(proof.share_of(CheckGroup::Dispersion) < Some(0.5), "{:?}", proof.share_of(CheckGroup::Dispersion));
    }
}

#[test]
fn a_web_server_of_a_second_is_drawn_as_it_is() {
    let Some(text) = trace("nasa_jul17_23_persec.csv.gz") else { return };
    let start_ns = stamp_ns("1995-07-17 00:00:00");
    let number = |field: &str| field.parse::<i64>().expect("a number");
    let stamps = rows(&text).map(|row| (start_ns + number(row[0]) * S, 0, number(row[1]) as u64)).collect();
    let log = Log::of_one(stamps, None, (start_ns / S, start_ns / S + 7 * 86_400));
    assert_holds(&log, 55, Some(0.6));
    let fit = TrafficFit::of(&log.describe(&log.names, None), CurveKind::Steps).expect("a fit");
    assert_eq!(fit.levels, Grouping::Weekend);
    assert!(fit.marked.len() > 5 && fit.marked.iter().all(|mark| mark.mark == crate::fit::Mark::Outage));
}

/// Counts by the hour and by five minutes.
#[test]
fn counts_are_drawn_as_they_are() {
    for (name, bin_s, least_checks) in [("nasa_jul95_hourly.csv", 3600, 28), ("nab_twitter_amzn_5min.csv.gz", 300, 32)]
    {
        let Some(text) = trace(name) else { continue };
        let stamps: Vec<_> = rows(&text).map(|row| (stamp_ns(row[0]), 0, row[1].parse().expect("a count"))).collect();
        let stretch_s = (hour_of(stamps[0].0), stamps[stamps.len() - 1].0 / S + bin_s);
        assert_holds(&Log::of_one(stamps, Some(bin_s as f64), stretch_s), least_checks, None);
    }
}

#[test]
fn an_hour_of_a_language_model_is_drawn_as_it_is() {
    let Some(text) = trace("azure_llm2023_conv.csv.gz") else { return };
    let stamps: Vec<_> = rows(&text).map(|row| stamp_ns(row[0])).collect();
    let stamps = stamps.iter().map(|at_ns| (at_ns - stamps[0], 0, 1)).collect();
    let log = Log::of_one(stamps, None, (0, 3502));
    let options = DescribeOptions { origin: Origin::FirstRequest, resolution_ns: 1000, ..log.options.clone() };
    assert_holds(&Log { options, ..log }, 20, Some(1.0));
}

#[test]
fn five_hundred_functions_are_drawn_as_they_are() {
    let Some(text) = trace("azfunc2019_minute_counts_a.csv.gz") else { return };
    let number = |field: &str| field.parse::<i64>().expect("a number");
    let row = |row: Vec<&str>| (60 * S * number(row[1]), number(row[0]) as u32, number(row[2]) as u64);
    let mut stamps: Vec<_> = rows(&text).map(row).collect();
    stamps.sort_unstable();
    let most = stamps.iter().map(|stamp| stamp.1).max().expect("functions");
    let names = (0..=most).map(|function| format!("f{function}")).collect();
    let proof = Log { names, ..Log::of_one(stamps, Some(60.0), (0, 86_400)) }.prove();
    // So many functions add up that bands are two per cent wide: cold starts at some keep-alives are beside them, by an
    // eighth at most.
    assert!(proof.share().is_some_and(|share| share >= 0.9) && proof.checks.len() > 40, "{proof:#?}");
    let cold: Vec<_> = proof.checks.iter().filter(|check| check.group == CheckGroup::KeepAlive).collect();
    assert_eq!(cold.len(), 8);
    let off = |check: &Check| check.drawn.zip(check.log).map_or(1.0, |(drawn, log)| (drawn.median / log - 1.0).abs());
    assert!(cold.iter().all(|check| off(check) < 0.15), "{cold:#?}");
}

/// Four weeks of a model that is known.
fn drawn(fit: &TrafficFit) -> Log {
    let stretch_s = (stamp_ns("2026-03-02 00:00:00") / S, stamp_ns("2026-03-30 00:00:00") / S);
    let expected = Expected::new(fit, "UTC", stretch_s, stretch_s.1).expect("a known zone");
    let mut stamps = Vec::new();
    expected.draw((5, 0), "flux-dev", |since_ns| stamps.push((stretch_s.0 * S + since_ns.cast_signed() / S * S, 0, 1)));
    Log::of_one(stamps, None, stretch_s)
}

fn known() -> TrafficFit {
    let curve = (0..24).map(|hour| 1.0 + 0.7 * (f64::from(hour) / 24.0 * std::f64::consts::TAU).sin());
    known_traffic(3000.0, curve.collect())
}

#[test]
fn a_model_is_proved_by_what_it_draws_and_another_is_not() {
    let bursts = vec![crate::fit::Burst { cv: 0.6, correlation_s: 1800.0 }];
    let log = drawn(&TrafficFit { bursts, ..known() });
    let own = log.prove();
    assert!(own.share() > Some(0.9), "{own:#?}");
    // The same curve without bursts.
    let description = log.describe(&log.names, None);
    let calm = vec![("all".to_owned(), known())];
    let other = prove(&description, &log.options, log.stretch_s, &calm, (1, 99)).expect("legal options");
    let dispersion = |check: &&Check| check.group == CheckGroup::Dispersion && check.name.contains("15 min");
    assert!(other.checks.iter().any(|check| dispersion(&check)));
    assert!(
        other
            .checks
            .iter()
            .filter(dispersion)
            .all(|check| !check.holds && check.log > check.drawn.map(|drawn| drawn.high)),
        "{other:#?}"
    );
    assert!(other.share() < Some(0.8), "{:?}", other.share());
}

/// What is done to a fit, and the group of statistics that has to see it, with its largest share.
type Wrong = (fn(&TrafficFit) -> TrafficFit, CheckGroup, f64);

/// Fits that are wrong in one respect: six hours late, half as much again, nothing but chance, and far too wild.
fn wrong() -> [Wrong; 4] {
    let late = |fit: &TrafficFit| {
        let mut curve = fit.curve.clone();
        curve.rotate_right(6);
        TrafficFit { curve, ..fit.clone() }
    };
    let calm = |fit: &TrafficFit| {
        let events = crate::fit::Events::POISSON;
        TrafficFit { day_cv: 0.0, bursts: Vec::new(), events, ..fit.clone() }
    };
    let wild = |fit: &TrafficFit| {
        let bursts = vec![crate::fit::Burst { cv: 3.0, correlation_s: 1800.0 }];
        TrafficFit { bursts, ..fit.clone() }
    };
    [
        (late, CheckGroup::Curve, 0.2),
        (|fit| TrafficFit { requests_per_day: 1.5 * fit.requests_per_day, ..fit.clone() }, CheckGroup::Curve, 0.6),
        (calm, CheckGroup::Dispersion, 0.1),
        (wild, CheckGroup::Dispersion, 0.1),
    ]
}

/// Of a log that is known and of one that people made, the fit holds and the same fit with one error does not, by far.
#[test]
fn fits_that_are_wrong_fail() {
    let bursts = vec![crate::fit::Burst { cv: 0.6, correlation_s: 1800.0 }];
    for log in [Some(drawn(&TrafficFit { bursts, ..known() })), text_to_image()].into_iter().flatten() {
        let fit = TrafficFit::of(&log.describe(&log.names, None), CurveKind::Steps).expect("a fit");
        assert!(log.against(&fit).share() >= Some(0.9));
        for (number, (of, group, most)) in wrong().into_iter().enumerate() {
            let proof = log.against(&of(&fit));
            assert!(proof.share() < Some(0.7), "{number}: {:?}", proof.share());
            assert!(proof.share_of(group) < Some(most), "{number}: {:?} of {group:?}", proof.share_of(group));
        }
    }
}

#[test]
fn a_proof_is_the_same_every_time() {
    let log = drawn(&TrafficFit { requests_per_day: 300.0, ..known() });
    assert_eq!(log.prove(), log.prove());
}

#[test]
#[should_panic(expected = "38 draws make no band")]
fn too_few_draws_make_no_band() {
    let log = drawn(&TrafficFit { requests_per_day: 10.0, ..known() });
    let description = log.describe(&log.names, None);
    let _ = prove(&description, &log.options, log.stretch_s, &[("all".into(), known())], (1, 38));
}
