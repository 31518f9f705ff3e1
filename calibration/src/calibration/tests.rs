use approx::assert_relative_eq;
use fleetfront_sim::Law;

use super::{Calibration, CalibrationOptions, Flag, LawBasis, StatedCv};
use crate::contradictions::ContradictionRule;
use crate::day::Day;
use crate::failures::FailureRate;
use crate::fit::{Factor, Kind, RestsOn};
use crate::laws::Family;
use crate::runs::{Phase, Repeats, Runs, RunsOptions, Shape};

const HEADER: &str = "model,variant,gpu,phase,seconds,ok,cause,steps,machine,date,kind,source\n";

pub(super) fn runs(rows: &str) -> Runs {
    let today = Day::parse("2026-11-27").expect("a day");
    let options = RunsOptions { repeats: Repeats::Keep, seconds_are_right: true, ..RunsOptions::on(today) };
    Runs::read("runs.csv", &format!("{HEADER}{rows}"), &options).unwrap_or_else(|problems| panic!("{problems:#?}"))
}

fn calibration(rows: &str) -> Calibration {
    Calibration::of(&runs(rows), &CalibrationOptions::default())
}

/// A warm row of `m` as `v` that ended.
pub(super) fn warm(gpu: &str, seconds: f64) -> String {
    format!("m,v,{gpu},warm,{seconds},yes,,,,2026-11-01,measured,bench\n")
}

fn rows(gpu: &str, seconds: &[f64]) -> String {
    seconds.iter().map(|seconds| warm(gpu, *seconds)).collect()
}

/// The middles of equal shares of a law.
fn quantiles(law: Law, n: u32) -> Vec<f64> {
    (0..n).map(|k| law.seconds_at((f64::from(k) + 0.5) / f64::from(n))).collect()
}

#[test]
fn many_runs_choose_their_law_and_say_how_well_they_know_its_mean() {
    let seconds = quantiles(Law::Lognormal { mu: 1.5, sigma: 0.3 }, 60);
    let found = calibration(&rows("T4", &seconds));
    let cell = found.cell(Phase::Warm, "m", "v", "T4").expect("a law");
    let fit = cell.fit.as_ref().expect("a law");
    assert_eq!((cell.basis, fit.n, fit.kind), (Some(LawBasis::OwnRuns), 60, Kind::Measured));
    let ranking = cell.ranking.as_ref().expect("sixty runs");
    assert_eq!(ranking.laws[0].family, Family::Lognormal);
    assert!(ranking.runner_up_difference.is_some_and(|difference| difference >= 0.0));
    // ln of the mean is mu + sigma^2 / 2; its variance is (sigma^2 + sigma^4 / 2) / n (Zou, Taleban and Huo 2009, the
    // two parts that are squared and added), Student's t of 58 degrees of freedom at 90 % is 1.6716 by tables.
    let Law::Lognormal { sigma, .. } = fit.law else { panic!("{:?}", fit.law) };
    let reach = 1.6716 * ((sigma.powi(2) + sigma.powi(4) / 2.0) / 58.0).sqrt();
    assert_relative_eq!(fit.factor.high.ln(), reach, max_relative = 1e-3);
    assert_relative_eq!(fit.factor.low.ln(), -reach, max_relative = 1e-3);
    assert_eq!(fit.sources, ["bench (2026-11-01)"]);
}

#[test]
fn one_run_has_the_spread_of_the_others_and_a_wide_mean() {
    let found = calibration(&(rows("T4", &[5.0, 6.5, 5.5]) + "n,v,T4,warm,9,yes,,,,2026-11-01,published,paper\n"));
    let cell = found.cell(Phase::Warm, "n", "v", "T4").expect("a law");
    let fit = cell.fit.as_ref().expect("a law");
    assert_eq!((cell.basis, fit.n, fit.kind), (Some(LawBasis::Pooled), 1, Kind::Published));
    assert!(cell.flags.contains(&Flag::Few { n: 1 }), "{:?}", cell.flags);
    // By hand: logarithms 1.6094, 1.8718, 1.7047; their deviation is 0.1328 with two degrees of freedom, whose t is 2.92.
    let deviation = 0.132_8;
    let Law::Lognormal { mu, sigma } = fit.law else { panic!("{:?}", fit.law) };
    assert_relative_eq!(sigma, deviation, epsilon = 1e-3);
    // One run is its own mean; the bounds are about the logarithm of the run.
    assert_relative_eq!(fit.law.mean_s(), 9.0, max_relative = 1e-9);
    assert_relative_eq!(mu, 9f64.ln() - sigma.powi(2) / 2.0, epsilon = 1e-9);
    assert_relative_eq!(fit.factor.high.ln(), 2.92 * deviation + sigma.powi(2) / 2.0, max_relative = 2e-3);
    let alone = calibration("n,v,T4,warm,9,yes,,,,2026-11-01,published,paper\n");
    assert_eq!(alone.cell(Phase::Warm, "n", "v", "T4"), None);
    assert!(matches!(&alone.cells[0].flags[..], [Flag::NoLaw { because }] if because.contains("state a spread")));
}

#[test]
fn a_stated_spread_stands_in_and_is_named() {
    let stated = vec![StatedCv { phase: Phase::Warm, cv: 0.04, source: "a series (2025)".into() }];
    let options = CalibrationOptions { stated, believed: vec![Phase::Warm], ..CalibrationOptions::default() };
    let found = Calibration::of(&runs(&warm("T4", 9.0)), &options);
    let cell = found.cell(Phase::Warm, "m", "v", "T4").expect("a law");
    assert!(cell.flags.contains(&Flag::StatedSpread { source: "a series (2025)".into() }), "{:?}", cell.flags);
    let fit = cell.fit.as_ref().expect("a law");
    assert_relative_eq!(fit.law.cv(), 0.04, max_relative = 1e-6);
    // Three degrees of freedom: t is 2.353; about the logarithm of the run, half a variance above that of the mean.
    let variance = (0.04f64 * 0.04).ln_1p();
    assert_relative_eq!(fit.factor.high.ln(), 2.353 * variance.sqrt() + variance / 2.0, max_relative = 1e-3);
}

/// The only cell that was measured twice, logarithms 1.6094, 1.7918, 1.7047, and a source: (2 · 0.0912² + 3 · 0.04²) / 5 is
/// 0.0654², with five degrees of freedom, whose t is 2.015. What is said of other models only stands in.
#[test]
fn a_stated_spread_counts_beside_one_cell_and_a_stand_in_does_not() {
    let rows = rows("T4", &[5.0, 6.0, 5.5]) + "n,v,T4,warm,9,yes,,,,2026-11-01,published,paper\n";
    let stated = vec![StatedCv { phase: Phase::Warm, cv: 0.04, source: "a series (2025)".into() }];
    let law = |rows: &str, options: &CalibrationOptions, model: &str| {
        let found = Calibration::of(&runs(rows), options);
        let cell = found.cell(Phase::Warm, model, "v", "T4").expect("a law");
        let is_stated = cell.flags.iter().any(|flag| matches!(flag, Flag::StatedSpread { .. }));
        let fit = cell.fit.as_ref().expect("a law");
        // Both ends are as far from the logarithm of the middle.
        let reach = (fit.factor.high.ln() - fit.factor.low.ln()) / 2.0;
        ((fit.law.cv() * fit.law.cv()).ln_1p().sqrt(), reach, is_stated)
    };
    let believed = CalibrationOptions { believed: vec![Phase::Warm], ..CalibrationOptions::default() };
    let beside = CalibrationOptions { stated: stated.clone(), ..believed.clone() };
    for model in ["m", "n"] {
        let (sigma, _, is_stated) = law(&rows, &beside, model);
        assert_relative_eq!(sigma, 0.0654, max_relative = 2e-3);
        assert!(is_stated);
    }
    assert_relative_eq!(law(&rows, &beside, "n").1, 2.015 * 0.0654, max_relative = 2e-3);
    let stand_in = CalibrationOptions { stand_ins: stated, ..believed.clone() };
    assert_eq!(law(&rows, &stand_in, "n"), law(&rows, &believed, "n"));
    let (sigma, reach, is_stated) = law(&warm("T4", 9.0), &stand_in, "m");
    assert!(is_stated);
    assert_relative_eq!(sigma, 0.04, max_relative = 1e-3);
    assert_relative_eq!(reach, 2.353 * 0.04, max_relative = 2e-3);
}

#[test]
fn what_contradicts_is_named_and_follows_the_rule() {
    let rows = rows("T4", &[2.13, 2.51, 2.9, 29.0]);
    let law = |rule| {
        let found = Calibration::of(&runs(&rows), &CalibrationOptions { rule, ..CalibrationOptions::default() });
        let cell = found.cells[0].clone();
        let named = cell.flags.iter().filter(|flag| matches!(flag, Flag::Contradiction { line: 5, .. })).count();
        assert_eq!(named, 1, "{:?}", cell.flags);
        (cell.counts, cell.fit.expect("a law"))
    };
    let (counts, excluded) = law(ContradictionRule::Exclude);
    assert_eq!((counts.ended, counts.evidence, excluded.n), (3, 1, 3));
    let (counts, widened) = law(ContradictionRule::Widen);
    assert_eq!((counts.ended, counts.evidence), (3, 1));
    assert!(widened.law.cv() > 2.0 * excluded.law.cv(), "{} {}", widened.law.cv(), excluded.law.cv());
    assert_relative_eq!(widened.law.mean_s(), excluded.law.mean_s(), max_relative = 1e-9);
    let (counts, kept) = law(ContradictionRule::Keep);
    assert_eq!((counts.ended, counts.evidence, kept.n), (4, 0, 4));
    assert!(kept.law.mean_s() > 1.5 * excluded.law.mean_s());
}

/// A third of the boots finds its weights cached: far from the median, and no mistake.
#[test]
fn the_tail_of_a_long_series_contradicts_nobody() {
    let mut seconds = quantiles(Law::Lognormal { mu: 1.2, sigma: 0.15 }, 20);
    seconds.extend(quantiles(Law::Lognormal { mu: 3.4, sigma: 0.1 }, 40));
    let boots = rows("T4", &seconds).replace(",warm,", ",boot,");
    let found = calibration(&(boots + "m,v,T4,boot,900,yes,,,,2026-11-02,published,a stranger\n"));
    let cell = &found.cells[0];
    assert_eq!((cell.phase, cell.counts.ended, cell.counts.evidence), (Phase::Boot, 60, 1));
    assert!(matches!(cell.fit.as_ref().map(|fit| fit.law), Some(Law::LognormalMixture { .. })), "{:?}", cell.fit);
    let [Flag::Contradiction { line: 62, fitted: false, .. }] = &cell.flags[..] else { panic!("{:?}", cell.flags) };
}

#[test]
fn runs_that_were_cut_off_make_the_law_longer() {
    let ended = rows("T4", &[5.0, 5.5, 6.0, 5.2]);
    let cut_off = "m,v,T4,warm,8,timeout,,,,2026-11-01,measured,bench\n".repeat(2);
    let mean = |rows: &str| calibration(rows).cells[0].fit.as_ref().expect("a law").law.mean_s();
    assert!(mean(&(ended.clone() + &cut_off)) > 1.15 * mean(&ended));
}

#[test]
fn out_of_memory_is_certain_and_makes_no_law() {
    let oom = "m,v,T4,warm,,no,oom,,,2026-11-01,measured,bench\n".repeat(2);
    let found = calibration(&(rows("A10", &[5.0, 6.0]) + &oom));
    let cell = found.cells.iter().find(|cell| cell.name.gpu == "T4").expect("a cell");
    assert_eq!(cell.failures, Some(FailureRate::Certain { runs: 2 }));
    assert!(cell.flags.contains(&Flag::OutOfMemory { runs: 2 }), "{:?}", cell.flags);
    assert_eq!((cell.fit.is_none(), cell.basis), (true, None));
    assert_eq!(found.cells[0].failures.map(|rate| rate.probability()), Some(0.0));
}

#[test]
fn shapes_meet_at_the_one_that_is_asked_for() {
    // 1 s and half a second a step, a per cent more or less.
    let row = |(steps, off): (u32, f64)| {
        let seconds = (1.0 + 0.5 * f64::from(steps)) * off;
        format!("m,v,T4,warm,{seconds},yes,,{steps},,2026-11-01,measured,bench\n")
    };
    let shapes = [(4, 1.01), (4, 0.99), (8, 1.0), (8, 1.01), (12, 0.99), (20, 1.0), (20, 1.01), (30, 0.99)];
    let rows: String = shapes.map(row).concat();
    let at = |steps: f64, extrapolate: bool| {
        let timed = vec![("m".to_owned(), Shape { steps: Some(steps), ..Shape::default() })];
        let believed = vec![Phase::Warm];
        let options = CalibrationOptions { believed, timed, extrapolate, ..CalibrationOptions::default() };
        Calibration::of(&runs(&rows), &options).cells[0].clone()
    };
    let cell = at(16.0, false);
    assert_eq!((cell.counts.ended, cell.shape_fit.is_some()), (8, true));
    let fit = cell.fit.expect("a law");
    assert_relative_eq!(fit.law.mean_s(), 9.0, max_relative = 0.01);
    assert!(fit.law.cv() < 0.02 && fit.factor.high < 1.03, "{fit:?}");
    let beyond = at(50.0, false);
    assert!(beyond.fit.is_none() && matches!(beyond.flags[0], Flag::OtherShapesLeftOut { runs: 8, .. }), "{beyond:?}");
    let beyond = at(50.0, true);
    assert!(matches!(&beyond.flags[0], Flag::Extrapolated { beyond } if beyond.contains("steps 50")), "{beyond:?}");
    assert_relative_eq!(beyond.fit.expect("a law").law.mean_s(), 26.0, max_relative = 0.02);
}

#[test]
fn a_gpu_that_others_were_measured_on_lends_its_speed() {
    let of = |model: &str, gpu: &str, seconds: f64| {
        warm(gpu, seconds).replace("m,v", &format!("{model},v"))
            + &warm(gpu, seconds * 1.1).replace("m,v", &format!("{model},v"))
    };
    let rows = of("a", "L40S", 2.0)
        + &of("b", "L40S", 5.0)
        + &of("c", "L40S", 7.0)
        + &of("a", "T4", 6.0)
        + &of("b", "T4", 16.0);
    let found = calibration(&rows);
    let cell = found.cell(Phase::Warm, "c", "v", "T4").expect("a law");
    let fit = cell.fit.as_ref().expect("a law");
    assert_eq!((cell.basis, fit.kind, fit.n), (Some(LawBasis::Borrowed), Kind::Derived, 0));
    // The geometric mean of 3 and 3.2, as both ratios are known equally well.
    let base = found.cell(Phase::Warm, "c", "v", "L40S").expect("a law").fit.as_ref().expect("a law");
    assert_relative_eq!(fit.law.mean_s() / base.law.mean_s(), 9.6f64.sqrt(), max_relative = 1e-6);
    assert!(fit.factor.high > 1.2, "two models say little of a third: {:?}", fit.factor);
    assert!(matches!(&fit.rests_on, Some(RestsOn::Ratio { relative_to, .. }) if relative_to == "L40S"));
    assert!(cell.flags.contains(&Flag::NotMeasured));
    assert_eq!((&fit.sources, &cell.rows.sources), (&vec!["bench (2026-11-01)".to_owned()], &fit.sources));
    let elsewhere = rows
        .replace("b,v,T4,warm,16,yes,,,,2026-11-01,measured,bench", "b,v,T4,warm,16,yes,,,,2026-11-01,measured,kit");
    let found = calibration(&elsewhere);
    let lent = found.cell(Phase::Warm, "c", "v", "T4").expect("a law");
    assert!(lent.rows.sources.contains(&"kit (2026-11-01)".to_owned()), "who lends is named: {:?}", lent.rows.sources);
}

#[test]
fn first_requests_less_warm_ones_are_boots() {
    let cold = rows("T4", &[50.0, 58.0]).replace(",warm,", ",cold,");
    let found = calibration(&(rows("T4", &[2.4, 2.6]) + &cold));
    let boot = found.cell(Phase::Boot, "m", "v", "T4").expect("a law");
    let fit = boot.fit.as_ref().expect("a law");
    let mean = |phase| found.cell(phase, "m", "v", "T4").expect("a law").fit.as_ref().expect("a law").law.mean_s();
    assert_relative_eq!(fit.law.mean_s(), mean(Phase::Cold) - mean(Phase::Warm), max_relative = 1e-9);
    assert_eq!((boot.basis, fit.n, fit.kind), (Some(LawBasis::FirstRequests), 2, Kind::Measured));
    let none = calibration(&(rows("T4", &[52.0, 58.0]) + &cold));
    assert_eq!(none.cell(Phase::Boot, "m", "v", "T4"), None);
}

#[test]
fn first_requests_of_a_cell_say_more_than_boots_of_other_models() {
    let boots = |model: &str, gpu: &str, seconds: f64| {
        let rows = warm(gpu, seconds) + &warm(gpu, seconds * 1.1);
        rows.replace("m,v", &format!("{model},v")).replace(",warm,", ",boot,")
    };
    let others = boots("a", "L40S", 10.0) + &boots("a", "T4", 20.0) + &boots("m", "L40S", 30.0);
    let mean_s = |rows: &str| {
        let found = calibration(rows);
        let boot = found.cell(Phase::Boot, "m", "v", "T4").expect("a law");
        (boot.basis, boot.fit.as_ref().expect("a law").law.mean_s())
    };
    let (basis, borrowed) = mean_s(&others);
    assert_eq!(basis, Some(LawBasis::Borrowed));
    assert!(borrowed > 55.0, "twice as long as on L40S: {borrowed}");
    let seen = rows("T4", &[2.4, 2.6]) + &rows("T4", &[40.0, 41.0]).replace(",warm,", ",cold,");
    let (basis, own) = mean_s(&(others + &seen));
    assert_eq!(basis, Some(LawBasis::FirstRequests));
    assert_relative_eq!(own, 38.0, max_relative = 0.02);
}

/// Boots on a T4 all ran out of memory: neither boots nor requests of other models stand in for what cannot run.
#[test]
fn nothing_is_borrowed_where_every_boot_runs_out_of_memory() {
    let of = |model: &str, gpu: &str, phase: &str, seconds: f64| {
        let rows = warm(gpu, seconds) + &warm(gpu, seconds * 1.1);
        rows.replace("m,v", &format!("{model},v")).replace(",warm,", &format!(",{phase},"))
    };
    let mut text = String::new();
    for (phase, seconds) in [("warm", 2.0), ("cold", 12.0), ("boot", 10.0)] {
        text += &(of("a", "L40S", phase, seconds)
            + &of("a", "T4", phase, 3.0 * seconds)
            + &of("m", "L40S", phase, seconds));
    }
    let on_t4 = |text: &str| {
        let found = calibration(text);
        let cells = found.cells.iter().filter(|cell| cell.name.model == "m" && cell.name.gpu == "T4");
        cells.map(|cell| (cell.phase, cell.basis, cell.failures)).collect::<Vec<_>>()
    };
    let borrowed = |phase| (phase, Some(LawBasis::Borrowed), None);
    // A boot is borrowed from boots, not taken from first requests that are borrowed themselves.
    assert_eq!(on_t4(&text), [Phase::Warm, Phase::Cold, Phase::Boot].map(borrowed));
    let oom = "m,v,T4,boot,,no,oom,,,2026-11-01,measured,bench\n".repeat(3);
    assert_eq!(on_t4(&(text + &oom)), [(Phase::Boot, None, Some(FailureRate::Certain { runs: 3 }))]);
}

/// The last digit of the mean of logarithms is no spread.
#[test]
fn equal_times_tell_no_spread() {
    let equal = calibration(&rows("T4", &[7.0; 6]));
    assert!(
        matches!(&equal.cells[0].flags[..], [Flag::NoLaw { because }] if because.starts_with("its runs are equal")),
        "{:?}",
        equal.cells[0].flags
    );
    let stated = vec![StatedCv { phase: Phase::Warm, cv: 0.04, source: "a series (2025)".into() }];
    let options = CalibrationOptions { stand_ins: stated, ..CalibrationOptions::default() };
    let found = Calibration::of(&runs(&rows("T4", &[7.0; 6])), &options);
    let fit = found.cells[0].fit.as_ref().expect("a law");
    assert!(fit.law.cv() > 0.01 && fit.factor.high > 1.005, "{fit:?}");
}

#[test]
fn computed_times_stand_in_and_judge_the_evidence() {
    let rows = "n,v,L40S,warm,5,yes,,,,2025,measured,log\nn,v,L40S,warm,5.4,yes,,,,2025,measured,log\n\
                m,v,L40S,warm,11.3,yes,,,,2025,derived,a sum\n";
    let found = calibration(rows);
    let cell = found.cell(Phase::Warm, "m", "v", "L40S").expect("a law");
    let fit = cell.fit.as_ref().expect("a law");
    assert_eq!((cell.basis, fit.kind, fit.n), (Some(LawBasis::Computed), Kind::Derived, 0));
    // 90 % of what one standard deviation of 1.35 leaves open.
    assert_eq!(fit.factor, Factor::DERIVED);
    assert_relative_eq!(fit.factor.high.ln(), 1.644_853_627 * 1.35_f64.ln(), max_relative = 1e-8);
    assert_relative_eq!(fit.factor.low * fit.factor.high, 1.0, max_relative = 1e-12);
    assert_relative_eq!(fit.law.mean_s(), 11.3, max_relative = 1e-9);
}

#[test]
fn old_rows_and_lonely_machines_are_flagged() {
    let stale = Some((Day::parse("2026-11-27").expect("a day"), 180));
    let rows = rows("T4", &[5.0, 5.5, 6.0]).replace(",,,2026-11-01", ",,host-a,2026-02-01");
    let found = Calibration::of(&runs(&rows), &CalibrationOptions { stale, ..CalibrationOptions::default() });
    let flags = &found.cells[0].flags;
    // February has 28 days in 2026: 27 + 31 + 30 + 31 + 30 + 31 + 31 + 30 + 31 + 27 days.
    assert!(flags.contains(&Flag::Stale { date: "2026-02-01".into(), days: 299, rows: 3, of: 3 }), "{flags:?}");
    assert!(flags.contains(&Flag::OneMachine { n: 3, machine: "host-a".into() }), "{flags:?}");
    let young = Calibration::of(
        &runs(&rows.replace("2026-02-01", "2026-11-01")),
        &CalibrationOptions { stale, ..CalibrationOptions::default() },
    );
    assert!(!young.cells[0].flags.iter().any(|flag| matches!(flag, Flag::Stale { .. })));
}

#[test]
fn two_rows_that_cannot_both_be_right_are_named_and_the_law_holds_both() {
    let rows = rows("T4", &[2.52, 29.65])
        + "n,v,T4,warm,5.1,yes,,,,2026-11-01,measured,bench\n"
        + "n,v,T4,warm,5,yes,,,,2026-11-01,measured,bench\n";
    let law = |rule| {
        let found = Calibration::of(&runs(&rows), &CalibrationOptions { rule, ..CalibrationOptions::default() });
        let cell = found.cell(Phase::Warm, "m", "v", "T4").expect("a law").clone();
        let Some(Flag::Divided { ratio, words }) = cell.flags.iter().find(|flag| matches!(flag, Flag::Divided { .. }))
        else {
            panic!("{:?}", cell.flags)
        };
        assert_relative_eq!(*ratio, 29.65 / 2.52, max_relative = 1e-12);
        assert!(words.starts_with("1 of 2 rows lie about 2.52 s or less, the others about 29.65 s or more"), "{words}");
        cell.fit.expect("a law")
    };
    let fit = law(ContradictionRule::Exclude);
    let mean = fit.law.mean_s();
    assert!(fit.factor.low * mean <= 2.52 && fit.factor.high * mean >= 29.65, "{fit:?}");
    // Two standard deviations of the logarithm to either side take both in.
    let sigma = (fit.law.cv() * fit.law.cv()).ln_1p().sqrt();
    assert!(4.0 * sigma >= (29.65f64 / 2.52).ln() * (1.0 - 1e-9), "{sigma}");
    law(ContradictionRule::Keep);
}

/// Each row has a time of its own, as the lists of platforms have them.
#[test]
fn long_series_are_of_one_source_whatever_the_time_and_two_that_differ_are_named() {
    let series = |source: &str, middle: f64| -> String {
        let seconds = quantiles(Law::Lognormal { mu: middle.ln(), sigma: 0.1 }, 25);
        let row = |(k, s): (usize, f64)| format!("m,v,T4,warm,{s},yes,,,,2026-11-01T10:{k:02}:00Z,measured,{source}\n");
        seconds.into_iter().enumerate().map(row).collect()
    };
    let one = calibration(&series("kit", 3.0)).cells[0].clone();
    assert_eq!((one.counts.ended, one.counts.evidence, one.flags.len()), (25, 0, 0), "{:?}", one.flags);
    let of_days = series("kit", 3.0).replacen("2026-11-01T", "2026-10-29T", 1);
    let days = calibration(&of_days).cells[0].clone();
    assert_eq!(
        (&one.rows.sources[..], &days.rows.sources[..]),
        (&["kit (2026-11-01)".to_owned()][..], &["kit (2026-10-29 to 2026-11-01)".to_owned()][..])
    );
    let two = calibration(&(series("kit", 3.0) + &series("list", 30.0))).cells[0].clone();
    let [Flag::Divided { words, .. }] = &two.flags[..] else { panic!("{:?}", two.flags) };
    assert!(words.starts_with("25 of 50 rows lie about 3"), "{words}");
    let (fit, counts) = (two.fit.expect("a law"), two.counts);
    let mean = fit.law.mean_s();
    assert!(fit.factor.low * mean <= 3.1 && fit.factor.high * mean >= 29.0, "{fit:?}");
    assert_eq!(counts.ended, 50);
}

#[test]
fn equal_lines_of_two_files_are_judged_by_themselves() {
    // Line 5 contradicts; another run has the same line in a file of its own.
    let mut runs = runs(&rows("T4", &[2.13, 2.51, 2.9, 29.0, 2.4]));
    runs.rows[4].line = 5;
    let found = Calibration::of(&runs, &CalibrationOptions::default());
    assert_eq!((found.cells[0].counts.ended, found.cells[0].counts.evidence), (4, 1));
}

#[test]
fn few_old_rows_among_young_ones_are_counted() {
    let stale = Some((Day::parse("2026-11-27").expect("a day"), 180));
    let rows = rows("T4", &[5.0, 5.5]) + &warm("T4", 6.0).replace("2026-11-01", "2026-02-01");
    let found = Calibration::of(&runs(&rows), &CalibrationOptions { stale, ..CalibrationOptions::default() });
    let cell = &found.cells[0];
    assert!(
        cell.flags.contains(&Flag::Stale { date: "2026-02-01".into(), days: 299, rows: 1, of: 3 }),
        "{:?}",
        cell.flags
    );
    assert_eq!((cell.rows.age_days, cell.rows.youngest.as_deref()), (Some(26), Some("2026-11-01")));
    assert_eq!(cell.rows.oldest_days, Some(299));
}

/// Boots find their weights cached or do not; warm requests have no such reason.
#[test]
fn warm_times_in_two_groups_are_asked_about_and_boots_are_not() {
    let mut seconds = quantiles(Law::Lognormal { mu: 2.4f64.ln(), sigma: 0.06 }, 15);
    seconds.extend(quantiles(Law::Lognormal { mu: 11.1f64.ln(), sigma: 0.08 }, 25));
    let text = rows("T4", &seconds);
    let flags = |text: &str| calibration(text).cells[0].flags.clone();
    let [Flag::TwoGroups { first_share, is_shaped: false, .. }] = &flags(&text)[..] else {
        panic!("{:?}", flags(&text))
    };
    assert_relative_eq!(*first_share, 15.0 / 40.0, max_relative = 0.01);
    assert_eq!(flags(&text.replace(",warm,", ",boot,")), []);
    let shaped = flags(&text.replace(",yes,,,", ",yes,,20,"));
    assert!(matches!(&shaped[..], [Flag::TwoGroups { is_shaped: true, .. }]), "{shaped:?}");
}

#[test]
fn a_tie_of_shapes_is_named_unless_one_is_wanted() {
    let row = |steps: u32, off: f64| {
        format!("m,v,T4,warm,{},yes,,{steps},,2026-11-01,measured,bench\n", (1.0 + 0.5 * f64::from(steps)) * off)
    };
    let twice = |steps: u32| row(steps, 1.0) + &row(steps, 1.01);
    let text = twice(20) + &twice(4);
    let cell = |text: &str, timed: Option<f64>| {
        let timed = timed.map(|steps| ("m".to_owned(), Shape { steps: Some(steps), ..Shape::default() }));
        let options = CalibrationOptions { timed: timed.into_iter().collect(), ..CalibrationOptions::default() };
        Calibration::of(&runs(text), &options).cells[0].clone()
    };
    let tied = cell(&text, None);
    assert_eq!(tied.timed.steps, Some(20.0));
    let flag = Flag::TiedShapes { runs: 2, taken: "20 steps".into(), others: "4 steps".into() };
    assert!(tied.flags.contains(&flag), "{:?}", tied.flags);
    for (text, timed, steps) in [(text.clone(), Some(4.0), 4.0), (text + &row(4, 0.99), None, 4.0)] {
        let cell = cell(&text, timed);
        assert_eq!(cell.timed.steps, Some(steps));
        assert!(!cell.flags.iter().any(|flag| matches!(flag, Flag::TiedShapes { .. })), "{:?}", cell.flags);
    }
    // What ran out of memory, however often, is not the shape of the times.
    let failed = "m,v,T4,warm,,no,oom,50,,2026-11-01,measured,bench\n".repeat(9);
    assert_eq!(cell(&(twice(20) + &row(20, 0.99) + &twice(4) + &failed), None).timed.steps, Some(20.0));
}

#[test]
fn what_is_not_asked_of_a_shape_is_as_in_the_runs() {
    let header = "model,gpu,phase,seconds,steps,megapixels,date,source\n";
    let row = |steps: u32| {
        format!(
            "m,T4,warm,{},{steps},1.05,2026-11-01,kit\n",
            1.0 + 0.5 * f64::from(steps) + 0.01 * f64::from(steps % 3)
        )
    };
    let text = header.to_owned() + &[4, 8, 12, 16, 20, 30].map(row).concat();
    let runs =
        Runs::read("runs.csv", &text, &RunsOptions::on(Day::parse("2026-11-27").expect("a day"))).expect("valid");
    let at = |steps: f64| {
        let timed = vec![("m".to_owned(), Shape { steps: Some(steps), ..Shape::default() })];
        Calibration::of(&runs, &CalibrationOptions { timed, ..CalibrationOptions::default() }).cells[0].clone()
    };
    let cell = at(18.0);
    assert_eq!(cell.timed.megapixels, Some(1.05));
    assert_relative_eq!(cell.fit.expect("a law").law.mean_s(), 10.0, max_relative = 0.01);
    // Outside, the law that was fitted is still told.
    assert!(at(90.0).fit.is_none() && at(90.0).shape_fit.is_some());
}

#[test]
fn ratios_of_gpus_are_told_with_their_sources() {
    let pair = |model: &str, gpu: &str, seconds: f64| {
        [1.0, 1.1].map(|by| warm(gpu, seconds * by).replace("m,v", &format!("{model},v"))).concat()
    };
    let rows = pair("a", "L40S", 2.0) + &pair("b", "L40S", 5.0) + &pair("a", "T4", 6.0) + &pair("b", "T4", 16.0);
    let found = calibration(&rows);
    let [ratio] = &found.pooled[0].ratios[..] else { panic!("{:?}", found.pooled) };
    assert_eq!((ratio.gpu.as_str(), ratio.models, ratio.kind), ("T4", 2, Kind::Derived));
    assert_relative_eq!(ratio.ratio, 9.6f64.sqrt(), max_relative = 1e-6);
    assert_eq!(ratio.sources, ["bench (2026-11-01)"]);
    assert!(ratio.factor.low < 3.0 / 3.1 && ratio.factor.high > 3.2 / 3.1, "{ratio:?}");
}
