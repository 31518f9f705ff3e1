use approx::assert_relative_eq;

use fleetfront_sim::Law;

use super::{
    CalibrationStudy, CellStudy, Disagreement, FailureOnGpu, Fitness, PeakOnGpu, QualityOfVariant, StudyEffort,
    StudyFacts, VariantFact, VariantFacts,
};
use crate::calibration::{CalibratedCell, CalibrationOptions};
use crate::day::Day;
use crate::fit::Kind;
use crate::laws::{Family, QqPoint};
use crate::memory::Memory;
use crate::memory_fit::MemoryClass;
use crate::provenance::Provenance;
use crate::roofline::Roofline;
use crate::runs::{Runs, RunsOptions};

const HEADER: &str = "model,variant,gpu,phase,seconds,ok,cause,steps,peak_gib,date,source\n";
const EFFORT: StudyEffort = StudyEffort { replicates: 99, seed: 1 };

/// What a scenario says of two variants of flux-dev: the reference needs bf16, the other is 0.29 off and fails in 0.2 %.
fn variants() -> VariantFacts {
    let provenance = |source: &str| Provenance { kind: Kind::Published, source: source.into(), date: "2026".into() };
    let fact = |variant: &str, requires: &[&str], lpips: Option<f64>| VariantFact {
        model: "flux-dev".into(),
        variant: variant.into(),
        requires: requires.iter().map(ToString::to_string).collect(),
        lpips: lpips.map(|lpips| (lpips, provenance("a paper"))),
        failure_probability: 0.002,
        failure_provenance: provenance("a fleet"),
    };
    VariantFacts {
        variants: vec![fact("bf16", &["bf16"], None), fact("nf4", &[], Some(0.29)), fact("small", &["bf16"], None)],
        features: vec![
            ("T4".into(), vec![]),
            ("A10".into(), vec!["bf16".into()]),
            ("L40S".into(), vec!["bf16".into()]),
        ],
        features_source: "datasheets".into(),
        lpips_max: Some(0.3),
    }
}

fn study(rows: &str) -> CalibrationStudy {
    study_beside(rows, &variants())
}

fn study_beside(rows: &str, variants: &VariantFacts) -> CalibrationStudy {
    let today = Day::parse("2026-11-27").expect("a day");
    let options = RunsOptions { repeats: crate::Repeats::Keep, ..RunsOptions::on(today) };
    let runs =
        Runs::read("runs.csv", &format!("{HEADER}{rows}"), &options).unwrap_or_else(|found| panic!("{found:#?}"));
    let memory = Memory::read("memory.csv", include_str!("../../../data/image-studio/memory.csv")).expect("valid");
    let facts = StudyFacts { memory: &memory, roofline: &Roofline::shipped(), variants };
    CalibrationStudy::of(&runs, &CalibrationOptions::default(), facts, EFFORT)
}

fn flux(gpu: &str, seconds: &[f64], steps: u32) -> String {
    let row = |s: &f64| format!("flux-dev,bf16,{gpu},warm,{s},yes,,{steps},,2026-11-01,kit\n");
    seconds.iter().map(row).collect::<Vec<_>>().concat()
}

fn disagreement(rows: &str) -> Option<Disagreement> {
    study(rows).cells[0].arithmetic.clone().expect("the model is known").disagreement
}

#[test]
fn arithmetic_refutes_and_says_by_what() {
    // 28 passes of 23.8 GB at 864 GB/s (data/hardware) take 0.77 s at least.
    let Some(Disagreement::FasterThanMemory { least_s }) = disagreement(&flux("L40S", &[0.5, 0.52, 0.51], 28)) else {
        panic!("faster than its memory")
    };
    assert_relative_eq!(least_s, 28.0 * 23.8 / 864.0, max_relative = 1e-6);
    assert!(matches!(
        disagreement(&flux("L40S", &[60.0, 61.0, 62.0], 28)),
        Some(Disagreement::FarFromPrediction { interval_s: (_, high) }) if high < 60.0
    ));
    // 16 s are published for this request.
    assert_eq!(disagreement(&flux("L40S", &[15.8, 16.1, 16.3], 28)), None);
    // Without steps nothing is compared.
    let without = flux("L40S", &[15.8, 16.1, 16.3], 28).replace(",28,", ",,");
    assert_eq!(study(&without).cells[0].arithmetic, None);
}

#[test]
fn times_are_held_against_their_law_where_there_are_three() {
    let fitness = |rows: &str| study(rows).cells[0].fitness.clone();
    let Fitness::Tested { goodness, .. } = fitness(&flux("L40S", &[15.8, 16.1, 16.3, 16.2], 28)) else {
        panic!("four times")
    };
    assert!(
        goodness.anderson_darling.is_some_and(|test| test.p_value > 0.05) && goodness.qq.len() == 4,
        "{goodness:?}"
    );
    let Fitness::Untested { because } = fitness(&flux("L40S", &[15.8, 16.1, 15.8], 28)) else { panic!("two times") };
    assert_eq!(because, "fewer than three different times");
}

/// Three hundred runs in three heaps: no family suits, the law is theirs, and a test against itself would say nothing.
#[test]
fn many_runs_that_refute_every_family_are_their_own_law() {
    let heaps: Vec<f64> = (0..300).map(|k| [12.0, 20.0, 45.0][k % 3] * (1.0 + 0.0002 * k as f64)).collect();
    let found = study(&flux("L40S", &heaps, 28));
    let CalibratedCell { fit: Some(fit), ranking: Some(ranking), .. } = &found.cells[0].cell else {
        panic!("300 runs")
    };
    assert!(matches!(fit.law, Law::Empirical { .. }));
    assert_relative_eq!(fit.law.mean_s(), heaps.iter().sum::<f64>() / 300.0, max_relative = 2e-3);
    // The interval of a mean of 300: Student's t of 297 degrees of freedom at 90 % is 1.650.
    assert_relative_eq!(fit.factor.high.ln(), 1.650 * fit.law.cv() / 300f64.sqrt(), max_relative = 2e-3);
    let refuted = ranking.refuted.expect("three heaps are no two");
    assert_eq!((ranking.laws[1].family, ranking.runner_up_difference), (refuted.family, None));
    assert!(fit.notes[0].starts_with("empirical law of its 300 runs: the likeliest family ("), "{:?}", fit.notes);
    let written = serde_json::to_string(&found).expect("JSON");
    let read: CalibrationStudy = serde_json::from_str(&written).expect("as written");
    assert_eq!(read.cells[0].cell.fit, found.cells[0].cell.fit);
    let Fitness::Tested { family, parameters, goodness, .. } = &found.cells[0].fitness else { panic!("300 times") };
    assert_eq!((*family, parameters.len()), (Family::Empirical, 3));
    assert!(goodness.anderson_darling.is_none() && goodness.kolmogorov_smirnov.is_none());
    assert!(goodness.qq.len() > 150 && goodness.cdf.len() > 150, "{goodness:?}");
    let inside = |point: &QqPoint| (point.band_s[0]..=point.band_s[1]).contains(&point.sample_s);
    assert!(goodness.qq.iter().filter(|point| inside(point)).count() > goodness.qq.len() * 9 / 10);
}

#[test]
fn peaks_are_those_of_runs_or_of_the_table() {
    let rows = "m,v,T4,warm,2,yes,,,14.2,2026-11-01,kit\nm,v,T4,warm,2.1,yes,,,13,2026-11-01,kit\n\
                m,v,T4,warm,,no,oom,,20,2026-11-01,kit\n"
        .to_owned()
        + &flux("L40S", &[15.8, 16.1], 28);
    let found = study(&rows);
    let class = |k: usize, gpu: &str| {
        found.memory[k].gpus.iter().find(|on| on.gpu == gpu).expect("its memory is known").fit.class
    };
    let [stated, measured] = &found.memory[..] else { panic!("{:?}", found.memory) };
    assert_relative_eq!(stated.peak_gib, 33.9);
    assert_eq!(
        (stated.measured_on.as_deref(), class(0, "A10"), class(0, "L40S")),
        (None, MemoryClass::No, MemoryClass::Fits)
    );
    assert_relative_eq!(measured.peak_gib, 14.2);
    assert_eq!((measured.measured_on.as_deref(), class(1, "T4")), (Some("T4"), MemoryClass::Borderline));
}

#[test]
fn bounds_of_a_borrowed_mean_hold_what_is_not_known_of_both_parts() {
    let pair = |model: &str, gpu: &str, seconds: f64| {
        [1.0, 1.1].map(|by| format!("{model},v,{gpu},warm,{},yes,,,,2026-11-01,kit\n", seconds * by)).concat()
    };
    let rows = pair("a", "L40S", 2.0) + &pair("b", "L40S", 5.0) + &pair("a", "T4", 6.0) + &pair("c", "L40S", 7.0);
    let found = study(&rows);
    let of = |model: &str, gpu: &str| -> &CellStudy {
        found.cells.iter().find(|own| own.cell.name.model == model && own.cell.name.gpu == gpu).expect("a cell")
    };
    let (borrowed, base) = (of("c", "T4"), of("c", "L40S"));
    let reach = |own: &CellStudy| own.mean_s.map(|mean| (mean.high / mean.value).ln()).expect("a law");
    let ratio = borrowed.cell.fit.as_ref().expect("a law").factor.high.ln();
    assert_relative_eq!(reach(borrowed), ratio.hypot(reach(base)), max_relative = 1e-9);
}

/// A variant on a GPU type, of a study of these rows.
fn on(rows: &str, variant: &str, gpu: &str) -> PeakOnGpu {
    let found = study(rows);
    let peak = found.memory.iter().find(|peak| peak.model == "flux-dev" && peak.variant == variant).expect("a peak");
    peak.gpus.iter().find(|on| on.gpu == gpu).expect("its memory is known").clone()
}

fn row(variant: &str, gpu: &str, end: &str, peak_gib: &str) -> String {
    format!("flux-dev,{variant},{gpu},warm,{end},,{peak_gib},2026-11-01,kit\n")
}

#[test]
fn what_cannot_fit_or_lacks_a_feature_fails_for_certain() {
    let rows = flux("L40S", &[15.8, 16.1], 28) + &row("small", "A10", "9,yes,", "12.5");
    let certain = |variant: &str, gpu: &str| {
        let FailureOnGpu { probability, because, kind, sources, interval } =
            on(&rows, variant, gpu).failure.expect("it is said");
        assert_eq!((probability.to_bits(), kind, interval), (1.0_f64.to_bits(), Kind::Derived, None));
        (because.expect("it is certain"), sources.len())
    };
    // 33.9 GiB of memory.csv; who says so, and who says what a GPU has.
    assert_eq!(certain("bf16", "A10"), ("needs 33.9 GiB, has 22".to_owned(), 2));
    assert_eq!(certain("small", "T4"), ("lacks bf16".to_owned(), 1));
    assert_eq!(on(&rows, "small", "T4").lacks, ["bf16"]);
    // Where it fits, what the scenario states.
    let stated = on(&rows, "bf16", "L40S").failure.expect("it is said");
    assert_eq!((stated.probability.to_bits(), stated.because), (0.002_f64.to_bits(), None));
    assert_eq!((stated.kind, &stated.sources[..]), (Kind::Published, &["a fleet (2026)".to_owned()][..]));
}

#[test]
fn runs_say_more_of_failures_than_a_scenario() {
    let good = |n: usize| (0..n).map(|k| row("nf4", "L4", &format!("{}.5,yes,", 9 + k % 5), "17")).collect::<String>();
    let failed = good(9) + &row("nf4", "L4", ",no,error", "");
    let counted = on(&failed, "nf4", "L4").failure.expect("it is said");
    assert_eq!((counted.probability.to_bits(), counted.kind), (0.1_f64.to_bits(), Kind::Measured));
    let (low, high) = counted.interval.expect("it is counted");
    // `scipy.stats.binomtest(1, 10).proportion_ci(method="exact")`.
    assert_relative_eq!(low, 0.002_528_579, max_relative = 1e-5);
    assert_relative_eq!(high, 0.445_016_1, max_relative = 1e-5);
    // None of few is no better than what is stated; out of memory every time is certain, although the table says it fits.
    assert_relative_eq!(on(&good(9), "nf4", "L4").failure.expect("it is said").probability, 0.002);
    let oom = good(3) + &row("nf4", "L40S", ",no,oom", "");
    let certain = on(&oom, "nf4", "L40S").failure.expect("it is said");
    assert_eq!(certain.because.as_deref(), Some("every run there ran out of memory"));
    // A feature that is said to be lacking, and a run that ended all the same.
    let ended = on(&row("small", "T4", "9,yes,", "12.5"), "small", "T4");
    let failure = ended.failure.expect("it is said");
    assert_eq!((failure.probability.to_bits(), failure.because, ended.lacks), (0, None, vec!["bf16".to_owned()]));
    assert_eq!(ended.ended_all_the_same, 1);
    // 33.9 GiB are said to be needed of 22.
    let offloaded =
        row("bf16", "A10", "41,yes,", "") + &row("bf16", "A10", "42,yes,", "") + &row("bf16", "A10", ",no,oom", "");
    assert_eq!(on(&offloaded, "bf16", "A10").ended_all_the_same, 2);
    assert_eq!(on(&offloaded, "bf16", "L40S").ended_all_the_same, 0);
}

#[test]
fn quality_is_held_against_what_is_accepted() {
    let rows = flux("L40S", &[15.8, 16.1], 28)
        + &row("nf4", "L4", "9,yes,", "17")
        + "other,v,L4,warm,9,yes,,,9,2026-11-01,kit\n";
    let quality = |lpips_max: Option<f64>, k: usize| {
        study_beside(&rows, &VariantFacts { lpips_max, ..variants() }).memory[k].quality.clone()
    };
    assert_eq!(
        (quality(Some(0.3), 0), quality(Some(0.3), 2)),
        (QualityOfVariant::Reference, QualityOfVariant::NotStated)
    );
    for (limit, met) in [(Some(0.3), Some(true)), (Some(0.29), Some(true)), (Some(0.1), Some(false)), (None, None)] {
        let QualityOfVariant::Stated { lpips, provenance, lpips_max, is_met } = quality(limit, 1) else {
            panic!("it is stated")
        };
        assert_eq!((lpips.to_bits(), lpips_max, is_met), (0.29_f64.to_bits(), limit, met));
        assert_eq!(provenance.cite(), "a paper (2026)");
    }
}
