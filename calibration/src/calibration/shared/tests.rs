//! Few runs against what is true of them: cut-off ones, and boots of two kinds.

use std::io::{Write, stderr};

use approx::assert_relative_eq;

use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};

use fleetfront_sim::normal_quantile;

use super::super::tests::{runs, warm};
use super::super::{CalibratedCell, Calibration, CalibrationOptions, Flag, LawBasis, StatedCv};
use crate::day::Day;
use crate::runs::{Phase, Runs, RunsOptions};

fn options() -> CalibrationOptions {
    let stated = |phase, cv| StatedCv { phase, cv, source: "a trace (2025)".into() };
    let stand_ins = vec![stated(Phase::Warm, 0.102), stated(Phase::Boot, 0.73)];
    CalibrationOptions { stand_ins, ..CalibrationOptions::default() }
}

fn cell(rows: &str) -> CalibratedCell {
    Calibration::of(&runs(rows), &options()).cells[0].clone()
}

fn cut_off(seconds: f64) -> String {
    format!("m,v,T4,warm,{seconds},timeout,,,,2026-11-01,measured,bench\n")
}

fn median_s(cell: &CalibratedCell) -> f64 {
    cell.fit.as_ref().expect("a law").law.seconds_at(0.5)
}

#[test]
fn two_that_ended_do_not_outvote_many_that_were_cut_off() {
    let found = cell(&(warm("T4", 100.0) + &warm("T4", 107.0) + &cut_off(300.0).repeat(28)));
    assert!(median_s(&found) > 300.0, "{:?}", found.fit);
    // As if all had ended when they were cut off: 287 s, and 1.7 standard errors of 9 s below it.
    let fit = found.fit.as_ref().expect("a law");
    assert!(fit.law.mean_s() * fit.factor.low > 265.0, "{fit:?}");
    let flag = Flag::MostlyCutOff { cut_off: 28, of: 30, limits_s: [300.0, 300.0] };
    assert!(found.flags.contains(&flag), "{:?}", found.flags);
    assert_eq!(flag.to_string(), "28 of 30 runs were cut off at 300 s: the mean lies beyond what was seen");
    let alone = Calibration::of(&runs(&(warm("T4", 100.0) + &cut_off(300.0))), &CalibrationOptions::default());
    let is_said = |flag: &Flag| matches!(flag, Flag::NoLaw { because } if because.contains("raise the limit"));
    assert!(alone.cells[0].flags.iter().any(is_said), "{:?}", alone.cells[0].flags);
    let none = cell(&warm("T4", 100.0).repeat(3));
    assert!(!none.flags.iter().any(|flag| matches!(flag, Flag::MostlyCutOff { .. })));
}

#[test]
fn three_that_ended_and_ten_that_were_cut_off_have_bounds_that_say_something() {
    let ended: String = [90.0, 100.0, 107.0].map(|s| warm("T4", s)).concat();
    let fit = cell(&(ended + &cut_off(110.0).repeat(10))).fit.expect("a law");
    assert!(fit.law.seconds_at(0.5) > 110.0 && fit.law.mean_s() < 200.0, "{fit:?}");
    assert!(fit.factor.low > 0.5 && fit.factor.high < 2.0, "{fit:?}");
}

/// A run that hung, beside five of 10 s: it is named, changes neither its own cell nor that of the lone run of another
/// model. As many cut off as ended are no accident.
#[test]
fn one_hung_run_wrecks_nothing() {
    let clean: String = [9.751, 9.895, 9.398, 10.297, 10.044].map(|s| warm("T4", s)).concat();
    let other = warm("T4", 5.0).replace("m,v", "o,v");
    let with = |more: &str| Calibration::of(&runs(&(clean.clone() + more + &other)), &options());
    let (found, without) = (with(&cut_off(300.0)), with(""));
    assert_eq!(found.pooled, without.pooled);
    for model in ["m", "o"] {
        let of = |all: &Calibration| {
            all.cell(Phase::Warm, model, "v", "T4").and_then(|cell| cell.fit.clone()).expect("a law")
        };
        assert_eq!((of(&found).law, of(&found).factor), (of(&without).law, of(&without).factor), "{model}");
    }
    let flag = found.cells[0].flags.iter().find(|flag| flag.is_dispute()).expect("it is named").to_string();
    let begins = "more than 300 s, where it was cut off (measured, bench (2026-11-01)), is 30.3 times longer than the measured 9.895 s";
    assert!(flag.starts_with(begins) && flag.ends_with("it hung, or was of another kind: not fitted"), "{flag}");
    let many = with(&cut_off(300.0).repeat(5));
    assert!(!many.cells[0].flags.iter().any(Flag::is_dispute), "{:?}", many.cells[0].flags);
}

/// Three cells of which one spreads ten times as much as another: what they say of a lone run has ends all the same. The
/// 95th percentile of Student's t with one degree of freedom is 6.3.
#[test]
fn cells_that_differ_much_leave_a_lone_run_its_bounds() {
    let of =
        |model: &str, seconds: [f64; 5]| seconds.map(|s| warm("T4", s).replace("m,v", &format!("{model},v"))).concat();
    let rows = of("a", [9.8, 10.1, 9.5, 10.2, 14.0])
        + &of("b", [4.975, 4.989, 4.938, 5.029, 5.004])
        + &of("c", [19.875, 20.128, 19.826, 20.555, 20.111])
        + &warm("T4", 7.0).replace("m,v", "d,v");
    let found = Calibration::of(&runs(&rows), &options());
    let fit = found.cell(Phase::Warm, "d", "v", "T4").and_then(|cell| cell.fit.clone()).expect("a law");
    assert!((1.05..2.0).contains(&fit.factor.high) && fit.factor.low > 0.5, "{fit:?}");
}

/// First requests wait for boots: three of them that happened to find their weights cached say no more than three boots.
#[test]
fn few_first_requests_have_the_spread_of_both_kinds_as_boots_have() {
    let rows = |phase: &str| [11.2, 12.9, 12.1].map(|s| warm("T4", s).replace("warm", phase)).concat();
    let of = |phase: &str| cell(&rows(phase));
    let (cold, boots) = (of("cold"), of("boot"));
    let fit = cold.fit.as_ref().expect("a law");
    assert!(fit.factor.high > 2.0 && fit.factor.low < 0.6, "{fit:?}");
    // The law itself stays theirs: a part of a first request is a boot.
    assert!((fit.law.mean_s() - 12.05).abs() < 0.05 && fit.law.cv() < 0.2, "{fit:?}");
    // Who says so is said.
    let flag = Flag::StatedSpread { source: "a trace (2025)".into() };
    assert!(cold.flags.contains(&flag) && boots.flags.contains(&flag), "{:?}", cold.flags);
}

fn normals(random: &mut ChaCha8Rng) -> f64 {
    normal_quantile(random.random_range(1e-12..1.0))
}

/// Five cells of 12 runs, each cut off at its median: 90 % bounds hold the true mean, and the spread that they share is
/// right on average. Without the likelihood of censored times the spread is 0.31, and bounds hold a mean in a tenth.
#[test]
fn cells_that_are_half_cut_off_share_their_true_spread() {
    let (sigma, worlds): (f64, u32) = (0.497, 60);
    let (mut inside, mut all, mut spreads) = (0, 0, 0.0);
    let mut random = ChaCha8Rng::seed_from_u64(3);
    for _ in 0..worlds {
        let middles: Vec<f64> = (0..5).map(|_| 2.0 + 0.5 * normals(&mut random)).collect();
        let mut rows = String::new();
        for (k, mu) in middles.iter().enumerate() {
            for _ in 0..12 {
                let (s, limit) = ((mu + sigma * normals(&mut random)).exp(), mu.exp());
                let row = if s > limit { cut_off(limit) } else { warm("T4", s) };
                rows += &row.replace("m,v", &format!("m{k},v"));
            }
        }
        let found = Calibration::of(&runs(&rows), &options());
        spreads += found.pooled[0].spread.expect("a spread").variance.sqrt() / f64::from(worlds);
        for (k, mu) in middles.iter().enumerate() {
            let Some(cell) = found.cell(Phase::Warm, &format!("m{k}"), "v", "T4") else { continue };
            let fit = cell.fit.as_ref().expect("a law");
            let truth = (mu + sigma * sigma / 2.0).exp() / fit.law.mean_s();
            inside += u32::from(truth > fit.factor.low && truth < fit.factor.high);
            all += 1;
        }
    }
    let share = f64::from(inside) / f64::from(all);
    let _ = writeln!(stderr(), "half cut off: {inside} of {all}, spread {spreads:.3} for {sigma}");
    assert!((0.8..0.97).contains(&share), "{inside} of {all}");
    assert!((spreads / sigma - 1.0).abs() < 0.12, "{spreads}");
}

fn boot(seconds: f64) -> String {
    warm("T4", seconds).replace(",warm,", ",boot,")
}

/// A published boot of another source is judged all the same.
#[test]
fn long_boots_of_one_source_do_not_contradict_the_short_ones() {
    let short = [11.2, 12.9, 12.1, 11.7, 12.4, 12.0, 11.5, 12.6, 11.9];
    let rows: String = short.iter().chain(&[58.0, 63.5, 70.2]).map(|s| boot(*s)).collect();
    let found = cell(&rows);
    assert_eq!((found.counts.ended, found.counts.evidence, found.basis), (12, 0, Some(LawBasis::Pooled)));
    let mean_s = found.fit.as_ref().expect("a law").law.mean_s();
    assert!((18.0..32.0).contains(&mean_s), "the sample has 25 s: {mean_s}");
    let found = cell(&(rows + "m,v,T4,boot,9000,yes,,,,2026-11-02,published,a stranger\n"));
    assert_eq!((found.counts.ended, found.counts.evidence), (12, 1), "{:?}", found.flags);
}

/// How many of so many 90 % bounds hold the mean of boots of which 30 % take a minute and the others 12 s.
fn boots_inside(n: usize, samples: u64) -> u64 {
    let truth = 0.7 * 12.0 + 0.3 * 60.0;
    let mut inside = 0;
    for seed in 0..samples {
        let mut random = ChaCha8Rng::seed_from_u64(1000 * n as u64 + seed);
        let mut one = || {
            let middle = if random.random::<f64>() < 0.7 { 12.0 } else { 60.0 };
            middle * (0.08 * normals(&mut random)).exp()
        };
        let rows: String = (0..n).map(|_| boot(one())).collect();
        let fit = cell(&rows).fit.expect("a law");
        let ratio = truth / fit.law.mean_s();
        inside += u64::from(ratio > fit.factor.low && ratio < fit.factor.high);
    }
    inside
}

#[test]
fn bounds_of_few_boots_of_two_kinds_hold_their_mean() {
    for n in [4, 8, 15, 19, 25] {
        let inside = boots_inside(n, 200);
        let _ = writeln!(stderr(), "{n} boots: {inside} of 200");
        assert!(inside >= 160, "{n} boots: {inside} of 200");
    }
}

fn summary(n: u32, p50_s: f64, p95_s: f64) -> CalibratedCell {
    let columns = "model,variant,gpu,phase,date,source,n,p50_s,p95_s\n";
    let text = format!("{columns}m,v,T4,warm,2026-11-01,paper,{n},{p50_s},{p95_s}\n");
    let today = Day::parse("2026-11-27").expect("a day");
    let runs = Runs::read("runs.csv", &text, &RunsOptions::on(today)).expect("valid");
    Calibration::of(&runs, &options()).cells[0].clone()
}

/// A gamma law of shape 2 by its percentiles: its mean is 2.4 % shorter than that of the lognormal law, which a hundred
/// thousand runs of that law would rule out.
#[test]
fn a_law_by_two_percentiles_leaves_its_family_open() {
    let cell = summary(100_000, 3.0 * 1.678_346_990, 3.0 * 4.743_864_518);
    let fit = cell.fit.as_ref().expect("a law");
    let ratio = 6.0 / fit.law.mean_s();
    assert!(ratio < 0.98 && ratio >= fit.factor.low, "{ratio} {:?}", fit.factor);
    let is_told = |flag: &Flag| matches!(flag, Flag::TwoPercentiles { n: 100_000, .. });
    assert!(
        cell.flags.iter().any(is_told) && !cell.flags.iter().any(|flag| matches!(flag, Flag::Few { .. })),
        "{:?}",
        cell.flags
    );
}

#[test]
fn equal_percentiles_are_one_number() {
    let (equal, one) = (summary(1000, 7.4, 7.4), cell(&warm("T4", 7.4)));
    let (of_equal, of_one) = (equal.fit.expect("a law"), one.fit.expect("a law"));
    assert_eq!((of_equal.law, of_equal.factor, of_equal.n), (of_one.law, of_one.factor, 1));
    assert!(equal.flags.contains(&Flag::EqualPercentiles { n: 1000, seconds: 7.4 }), "{:?}", equal.flags);
    let columns = "model,variant,gpu,phase,date,source,n,p50_s,p95_s\nm,v,T4,warm,2026-11-01,paper,1000,7.4,7.4\n";
    let runs = Runs::read("runs.csv", columns, &RunsOptions::undated()).expect("valid");
    let alone = Calibration::of(&runs, &CalibrationOptions::default()).cells[0].clone();
    let is_said = |flag: &Flag| matches!(flag, Flag::NoLaw { because } if because.starts_with("equal percentiles"));
    assert!(alone.flags.iter().any(is_said), "{:?}", alone.flags);
}

/// Pairs that agree to a thousandth say nothing of other days: 0.1 is believed at least, with three degrees of freedom, whose t
/// is 2.353 by tables; a cell's own runs outweigh it.
#[test]
fn cells_that_are_alike_make_no_point_of_a_lone_run() {
    let tight = |n: usize| (0..n).map(|k| warm("T4", 5.0 + 0.001 * (k % 2) as f64)).collect::<String>();
    let reach = |rows: &str, model: &str, options: &CalibrationOptions| {
        let found = Calibration::of(&runs(rows), options);
        let fit = found.cell(Phase::Warm, model, "v", "T4").and_then(|cell| cell.fit.clone()).expect("a law");
        (fit.factor.high / fit.factor.low).ln() / 2.0
    };
    let lone = warm("T4", 20.0).replace("m,v", "o,v");
    let options = CalibrationOptions { stated: Vec::new(), ..options() };
    for pairs in [tight(2), tight(2) + &tight(2).replace("m,v", "p,v") + &tight(2).replace("m,v", "q,v")] {
        let rows = pairs + &lone;
        assert_relative_eq!(reach(&rows, "o", &options), 2.353 * 0.1, max_relative = 1e-3);
        // (3 · 0.1² + 0) / 4 of two runs, whose t with four degrees is 2.132.
        let of_two = 2.132 * (0.0075f64 / 2.0).sqrt();
        assert_relative_eq!(reach(&rows, "m", &options), of_two, max_relative = 2e-3);
    }
    // (3 · 0.1² + 0) / 21 of nineteen; t with 21 degrees is 1.721.
    let of_many = 1.721 * (0.03f64 / 21.0 / 19.0).sqrt();
    assert_relative_eq!(reach(&(tight(19) + &lone), "m", &options), of_many, max_relative = 2e-3);
    let believed = CalibrationOptions { believed: vec![Phase::Warm], ..options };
    assert!(reach(&(tight(2) + &lone), "o", &believed) < 0.002);
}

/// A first request waits for weights as a boot does, and nothing else is said of its spread.
#[test]
fn a_lone_first_request_has_the_spread_that_is_stated_of_boots() {
    let cold = warm("T4", 60.0).replace(",warm,", ",cold,");
    let boots = StatedCv { phase: Phase::Boot, cv: 0.73, source: "a trace (2024)".into() };
    let options = CalibrationOptions { stand_ins: vec![boots], ..CalibrationOptions::default() };
    let found = Calibration::of(&runs(&cold), &options);
    let fit = found.cell(Phase::Cold, "m", "v", "T4").and_then(|cell| cell.fit.clone()).expect("a law");
    assert_relative_eq!(fit.law.cv(), 0.73, max_relative = 1e-6);
    assert!(fit.factor.high / fit.factor.low > 10.0, "{fit:?}");
}
