use std::sync::LazyLock;

use fleetfront_scenario::{Files, LargeFile, Scenario};

use super::*;
use crate::control::{Control, Effort};
use crate::run::run_study;
use crate::study::Judgement::{Fail, Pass, Undecided};
use crate::study::{AllocationResult, CriterionResult, Role};

/// One setting a cell, two weeks: enough to have something of everything.
static STUDY: LazyLock<Study> = LazyLock::new(|| {
    let files = Files::embedded();
    let mut scenario = Scenario::load(&files).expect("no problems");
    scenario.grid.windows = vec![scenario.defaults.scaledown_window];
    scenario.grid.min_containers = vec![0];
    let mut study = run_study(&scenario, Effort { trials: 14, seed: 1 }, &Control::default()).expect("it runs");
    study.origin.files = files.texts().clone();
    study
});

fn allocation<'a>(study: &'a mut Study, name: &str) -> &'a mut AllocationResult {
    study.allocations.iter_mut().find(|own| own.name == name).expect("it has this allocation")
}

fn fleet<'a>(study: &'a mut Study, name: &str) -> &'a mut crate::study::AllocationMetrics {
    allocation(study, name).results.as_mut().expect("it runs")
}

fn metric<'a>(diff: &'a StudyDiff, allocation: &str, name: &str) -> &'a MetricDiff {
    let answer = diff.answers.iter().find(|answer| answer.allocation == allocation).expect("it ran in both");
    answer.metrics.iter().find(|metric| metric.metric == name).expect("a metric of this name")
}

fn of(value: f64, low: f64, high: f64) -> Estimate {
    Estimate { value, low, high }
}

#[test]
fn a_study_does_not_differ_from_itself() {
    let diff = diff(&STUDY, &STUDY);
    assert!(!diff.decision.changed && diff.decision.moves.is_empty());
    assert_eq!((diff.inputs.len(), diff.criteria.len()), (0, 0));
    assert_eq!(diff.answers.len(), 3, "the baseline, the repair, the recommended one");
    assert!(diff.answers.iter().flat_map(|answer| &answer.metrics).all(|metric| metric.told == Told::Same));
    let start = "The decision stands: \"proposed (repaired)\" still fails its criteria, and the same fleet is recommended. \
                 It costs $";
    assert!(diff.headline.starts_with(start) && diff.headline.ends_with(" a month, as before."), "{}", diff.headline);
    assert_eq!(diff.notes, ["\"proposed\" cannot run as written in both studies."]);
}

/// By hand: half-widths of 3 and 4 dollars make 5.
#[test]
fn differences_are_as_wide_as_both_and_luck_is_what_holds_zero() {
    let (mut old, mut new) = (STUDY.clone(), STUDY.clone());
    fleet(&mut old, "current").fleet.cost_usd_month = of(100.0, 97.0, 103.0);
    fleet(&mut new, "current").fleet.cost_usd_month = of(120.0, 116.0, 124.0);
    fleet(&mut old, "current").worst_p95_over_limit = of(1.5, 1.4, 1.6);
    fleet(&mut new, "current").worst_p95_over_limit = of(1.4, 1.3, 1.5);
    let diff = diff(&old, &new);
    let cost = metric(&diff, "current", "cost a month");
    assert_eq!((cost.difference, cost.told), (of(20.0, 15.0, 25.0), Told::MoreThanLuck));
    assert_eq!(metric(&diff, "current", "worst p95 / limit").told, Told::MaybeLuck);
    assert_eq!(metric(&diff, "current", "completed").told, Told::Same);
    assert!(!diff.decision.changed, "another number is no other decision");
    assert!(diff.notes.iter().any(|note| note.contains("with the same seed (1)")), "{:?}", diff.notes);
}

#[test]
fn infinite_numbers_differ_when_their_intervals_lie_apart() {
    let never = of(f64::INFINITY, 50.0, f64::INFINITY);
    for (before, after, told) in [
        (never, never, Told::Same),
        (never, of(f64::INFINITY, 60.0, f64::INFINITY), Told::MaybeLuck),
        (never, of(30.0, 29.0, 31.0), Told::MoreThanLuck),
        (of(30.0, 29.0, 31.0), never, Told::MoreThanLuck),
        (never, of(55.0, 40.0, 70.0), Told::MaybeLuck),
        (of(f64::NAN, f64::NAN, f64::NAN), of(f64::NAN, f64::NAN, f64::NAN), Told::Same),
        (of(f64::NAN, 0.0, f64::INFINITY), of(1.0, 0.9, 1.1), Told::MaybeLuck),
    ] {
        assert_eq!(answers::metric_diff("p95", "s", before, after).told, told, "{before:?} {after:?}");
    }
}

#[test]
fn moves_are_spelled_out_setting_by_setting() {
    let mut new = STUDY.clone();
    let name = new.recommendation.allocation.clone();
    let pools = &mut allocation(&mut new, &name).pools;
    let pool = pools.iter_mut().find(|pool| pool.models.len() == 1 && pool.models[0].0 == "instantid");
    let pool = pool.expect("instantid has a pool of its own");
    let (gpu, variant) = (pool.gpu.clone(), pool.models[0].1.clone());
    pool.gpu = "A100-80GB".to_owned();
    pool.models[0].1 = "int8".to_owned();
    pool.settings.scaledown_window = fleetfront_sim::Seconds::new(60.0).expect("a span");
    pool.settings.max_containers = Some(4);
    pool.settings.rules.max_pending = Some(7);
    let diff = diff(&STUDY, &new);
    let expected = format!(
        "instantid: variant {variant} -> int8, {gpu} -> A100-80GB, window 300 s -> 60 s, at most no limit -> 4, rules none \
         -> {{ max_pending = 7 }}"
    );
    assert_eq!(diff.decision.moves.iter().map(Move::words).collect::<Vec<_>>(), std::slice::from_ref(&expected));
    assert!(diff.decision.changed);
    let start = format!(
        "The decision changes: \"proposed (repaired)\" still fails its criteria; recommended now: {expected}. It costs $"
    );
    assert!(diff.headline.starts_with(&start), "{}", diff.headline);
}

/// Two pools of one model become one of two: both models move, and the same happens to them.
#[test]
fn models_that_come_together_say_with_whom() {
    let (mut old, mut new) = (STUDY.clone(), STUDY.clone());
    let name = new.recommendation.allocation.clone();
    let pool = allocation(&mut old, &name).pools[0].clone();
    let alone = |model: &str, gpu: &str| crate::study::PoolResult {
        name: model.to_owned(),
        gpu: gpu.to_owned(),
        models: vec![(model.to_owned(), "v".to_owned())],
        ..pool.clone()
    };
    let pairs = ["a", "b", "c"].map(|model| (model.to_owned(), "v".to_owned()));
    allocation(&mut old, &name).pools = vec![alone("a", "L4"), alone("b", "L4"), alone("c", "T4"), alone("d", "T4")];
    let shared = crate::study::PoolResult { models: pairs.to_vec(), ..alone("all", "L4") };
    allocation(&mut new, &name).pools = vec![shared, alone("e", "T4")];
    let words: Vec<String> = diff(&old, &new).decision.moves.iter().map(Move::words).collect();
    let expected = [
        "a: pool alone -> with b + c",
        "b: pool alone -> with a + c",
        "c: pool alone -> with a + b, T4 -> L4",
        "e: nowhere -> T4",
        "d: T4 -> nowhere",
    ];
    assert_eq!(words, expected);
    let headline = diff(&old, &new).headline;
    assert!(headline.contains("with a + b, T4 -> L4, and 2 more moves."), "{headline}");
    // The order of the names of a pool means nothing.
    let mut turned = new.clone();
    allocation(&mut turned, &name).pools[0].models.reverse();
    assert_eq!(diff(&new, &turned).decision.moves, []);
}

#[test]
fn a_verdict_that_turns_is_a_decision_that_changes() {
    let mut new = STUDY.clone();
    new.verdict.judgement = Judgement::Pass;
    let turned = diff(&STUDY, &new);
    let start = "The decision changes: \"proposed (repaired)\" passes every criterion, where it failed its criteria; the \
                 same fleet is recommended. ";
    assert!(turned.decision.changed && turned.headline.starts_with(start), "{}", turned.headline);
    let mut runs = STUDY.clone();
    runs.verdict.allocation = "proposed".to_owned();
    let runs = diff(&STUDY, &runs);
    let start =
        "The decision changes: \"proposed\" fails its criteria, where \"proposed (repaired)\" failed its criteria; ";
    assert!(runs.decision.changed && runs.headline.starts_with(start), "{}", runs.headline);
}

#[test]
fn criteria_turn_come_and_go_and_another_target_is_another_question_only_in_its_answer() {
    let (mut old, mut new) = (STUDY.clone(), STUDY.clone());
    let template = STUDY.allocations[0].criteria[0].clone();
    let asked = |criterion: &str, subject: &str, judgement| CriterionResult {
        criterion: criterion.to_owned(),
        subject: subject.to_owned(),
        judgement,
        note: String::new(),
        ..template.clone()
    };
    allocation(&mut old, "current").criteria = vec![
        asked("at least 95 % complete", "fleet", Fail),
        asked("at least 95 % complete", "a", Fail),
        asked("at least 95 % complete", "b", Pass),
        asked("p95 below 30 s", "a", Pass),
        asked("p95 below 30 s", "b", Pass),
        asked("gone", "a", Undecided),
        CriterionResult { note: crate::verdict::FOR_INFORMATION.to_owned(), ..asked("told", "a", Fail) },
    ];
    allocation(&mut new, "current").criteria = vec![
        asked("at least 92.5 % complete", "fleet", Pass),
        asked("at least 92.5 % complete", "a", Pass),
        asked("at least 92.5 % complete", "b", Pass),
        asked("p95 below 30 s", "a", Undecided),
        asked("p95 below 30 s", "b", Pass),
        asked("come", "b", Pass),
    ];
    let change = |subjects: &[&str], criterion: &str, old_criterion: Option<&str>, old, new| CriterionChange {
        allocation: "current".to_owned(),
        subjects: subjects.iter().map(|subject| (*subject).to_owned()).collect(),
        criterion: criterion.to_owned(),
        old_criterion: old_criterion.map(str::to_owned),
        old,
        new,
    };
    let expected = [
        change(&["fleet", "a"], "at least 92.5 % complete", Some("at least 95 % complete"), Some(Fail), Some(Pass)),
        change(&["a"], "p95 below 30 s", None, Some(Pass), Some(Undecided)),
        change(&["b"], "come", None, None, Some(Pass)),
        change(&["a"], "gone", None, Some(Undecided), None),
    ];
    assert_eq!(diff(&old, &new).criteria, expected);
}

#[test]
fn inputs_are_compared_where_both_studies_hold_them() {
    let mut new = STUDY.clone();
    (new.seed, new.trials, new.version) = (2, 28, "9.0.0".to_owned());
    let toml = &STUDY.origin.files["scenario.toml"];
    let edited = toml.replacen("requests_per_day = 100.0", "requests_per_day = 250.0", 1);
    new.origin.files.insert("scenario.toml".to_owned(), edited);
    let found = diff(&STUDY, &new);
    let places: Vec<(&str, &str)> = found.inputs.iter().map(|c| (c.file.as_str(), c.place.as_str())).collect();
    let expected = [
        ("fleetfront run", "version"),
        ("fleetfront run", "seed"),
        ("fleetfront run", "trials"),
        ("scenario.toml", "models[lora].requests_per_day"),
    ];
    assert_eq!(places, expected);
    // Another hash without any change of what is said, and no inputs at all.
    new.origin.files.insert("scenario.toml".to_owned(), format!("{toml}\n# more\n"));
    new.inputs_sha256 = "other".to_owned();
    let notes = diff(&STUDY, &new).notes;
    assert!(notes.contains(&"The input files differ in comments and layout only.".to_owned()), "{notes:?}");
    new.origin.files.clear();
    let found = diff(&STUDY, &new);
    assert_eq!(found.inputs.len(), 3);
    assert!(found.notes.iter().any(|note| note.starts_with("The new study holds no inputs")), "{:?}", found.notes);
}

#[test]
fn traces_that_no_study_holds_are_compared_by_their_digests() {
    let file = |bytes: u64, sha256: &str| LargeFile { path: "calls.csv".into(), bytes, sha256: sha256.repeat(16) };
    let (mut old, mut new) = (STUDY.clone(), STUDY.clone());
    old.origin.large.insert("calls.csv".to_owned(), file(20_000_000, "01ab"));
    new.origin
        .large
        .insert("calls.csv".to_owned(), LargeFile { path: "else/calls.csv".into(), ..file(20_000_000, "01ab") });
    assert_eq!(diff(&old, &new).inputs, [], "where it lies does not matter");
    new.origin.large.insert("calls.csv".to_owned(), file(30_000_000, "23cd"));
    let found = diff(&old, &new).inputs;
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].file.as_str(), found[0].place.as_str()), ("calls.csv", "the whole file"));
    assert_eq!(found[0].old.as_deref(), Some("20000000 bytes, SHA-256 01ab01ab01ab..."));
    assert_eq!(found[0].new.as_deref(), Some("30000000 bytes, SHA-256 23cd23cd23cd..."));
    // It has grown out of the study.
    old.origin.large.clear();
    old.origin.files.insert("calls.csv".to_owned(), "day,at_s\n0,1\n".to_owned());
    let found = diff(&old, &new).inputs;
    assert_eq!((found.len(), found[0].old.as_deref()), (1, Some("13 bytes")));
}

#[test]
fn the_cheapest_fleet_in_time_is_the_first_whose_whole_interval_is() {
    let (mut old, mut new) = (STUDY.clone(), STUDY.clone());
    let point = |label: &str, usd: f64, worst: Estimate| FleetPoint {
        label: label.to_owned(),
        cost_usd_month: Estimate::exact(usd),
        worst_p95_over_limit: worst,
        latency_s_mean: Estimate::exact(1.0),
        choices: Vec::new(),
        latency_s_p95: None,
        indistinguishable: Vec::new(),
        simulated_together: false,
        cost_usd_sections: Vec::new(),
    };
    let (late, open, kept) = (of(1.2, 1.1, 1.3), of(0.95, 0.9, 1.1), of(0.9, 0.8, 1.0));
    old.frontier.by_worst_ratio = vec![point("a", 1.0, late), point("b", 2.0, open), point("c", 3.0, kept)];
    new.frontier.by_worst_ratio = vec![point("a", 1.0, late)];
    let found = diff(&old, &new).in_time;
    assert_eq!((found.old.as_ref().map(|fleet| fleet.label.as_str()), &found.new), (Some("c"), &None));
    assert_eq!(found.words(), "No simulated fleet keeps every limit now; before, one cost $3.");
    let back = diff(&new, &old).in_time.words();
    assert_eq!(back, "The cheapest fleet that keeps every limit costs $3 a month; before, none did.");
    let none = diff(&new, &new).in_time.words();
    assert_eq!(none, "No simulated fleet keeps every limit, before or now.");
}

/// Whatever is missing or called otherwise, there is an answer, and it says what could not be compared.
#[test]
fn strangers_are_compared_in_what_they_have_in_common() {
    let mut other = STUDY.clone();
    other.scenario = "elsewhere".to_owned();
    other.days_per_month = 30.4;
    for model in &mut other.models {
        model.name = format!("{}-next", model.name);
    }
    other.allocations.retain(|own| own.role == Role::Recommended || own.role == Role::Baseline);
    allocation(&mut other, "current").name = "today".to_owned();
    for pool in other.allocations.iter_mut().flat_map(|own| &mut own.pools) {
        for (model, _) in &mut pool.models {
            *model = format!("{model}-next");
        }
    }
    let found = diff(&STUDY, &other);
    assert!(found.decision.changed);
    assert_eq!(found.answers.iter().map(|answer| answer.allocation.as_str()).collect::<Vec<_>>(), ["recommended"]);
    let moved: usize = found.decision.moves.iter().map(|one| one.models.len()).sum();
    assert_eq!(moved, 12, "six models go, six come: {:?}", found.decision.moves);
    for start in [
        "The studies are of different scenarios, \"image-studio\" and \"elsewhere\": ",
        "A month has 30 days in the old study and 30.4 in the new one",
        "Models of the old study only: \"flux-schnell\", ",
        "Allocations of the old study only: \"current\", \"proposed\", ",
        "Allocations of the new study only: \"today\".",
    ] {
        assert!(found.notes.iter().any(|note| note.starts_with(start)), "{start}: {:?}", found.notes);
    }
    let mut bare = STUDY.clone();
    bare.allocations.clear();
    bare.models.clear();
    bare.frontier.by_worst_ratio.clear();
    for (old, new) in [(&*STUDY, &bare), (&bare, &*STUDY), (&bare, &bare)] {
        assert!(diff(old, new).answers.is_empty());
    }
    assert!(!diff(&bare, &bare).decision.changed);
}
