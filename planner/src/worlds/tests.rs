//! Worlds of the embedded scenario and of small ones, held against answers got another way.

use approx::assert_relative_eq;
use fleetfront_calibration::{Factor, Fit, Kind};
use fleetfront_scenario::{Files, Scenario, repaired};

use super::*;
use crate::run::simulate_allocation;
use crate::worlds::unknown::Target;

fn scenario() -> Scenario {
    Scenario::load(&Files::embedded()).expect("the embedded scenario is valid")
}

/// As today, and with InstantID on A10.
fn allocations(scenario: &Scenario) -> Vec<Allocation> {
    let current = scenario.allocations[scenario.baseline].clone();
    let mut moved = Allocation { name: "moved".to_owned(), ..current.clone() };
    moved.pools[1].gpu = 2;
    assert_eq!((moved.pools[1].name.as_str(), scenario.gpus[2].name.as_str()), ("instantid", "A10"));
    vec![current, moved]
}

fn fits(scenario: &mut Scenario) -> impl Iterator<Item = &mut Fit> {
    let cells = scenario.models.iter_mut().flat_map(|model| &mut model.variants).flat_map(|variant| &mut variant.cells);
    cells.flat_map(|cell| cell.service.iter_mut().chain(&mut cell.boot))
}

fn names(scenario: &Scenario, allocations: &[Allocation]) -> Vec<String> {
    unknowns(scenario, allocations).into_iter().map(|unknown| unknown.name).collect()
}

fn effort(worlds: u32, trials: u32, seed: u64) -> WorldsEffort {
    WorldsEffort { worlds, trials, seed }
}

fn run(scenario: &Scenario, allocations: &[Allocation], effort: WorldsEffort, fixed: &[String]) -> Worlds {
    worlds(scenario, allocations, effort, fixed, &Control::default()).expect("not cancelled")
}

/// A scenario of which one number alone is unknown: the ratio of A10 to L40S for instantid, whose end-to-end p95 may then
/// be more than what is asked.
fn one_ratio() -> (Scenario, Vec<Allocation>, Vec<String>) {
    let mut scenario = scenario();
    scenario.criteria.latency_readings = vec![fleetfront_scenario::LatencyReading::EndToEnd];
    scenario.criteria.latency_ratio_max = Some(1.35);
    let allocations = allocations(&scenario);
    let ratio = "ratio of A10 to L40S for instantid";
    let fixed: Vec<String> = names(&scenario, &allocations).into_iter().filter(|name| name != ratio).collect();
    (scenario, allocations, fixed)
}

#[test]
fn every_number_that_is_not_known_stands_there_once() {
    let scenario = scenario();
    let names = names(&scenario, &allocations(&scenario));
    for name in [
        "service time of flux-schnell fp8 on L40S",
        "service time of instantid fp16 on L40S",
        "ratio of A10 to L40S for instantid",
        "boot time of instantid on L40S",
        "boot time of instantid",
        "boot time of flux-dev on L40S",
        "switch time to flux-schnell",
        "traffic of wan2.1",
    ] {
        assert_eq!(names.iter().filter(|other| *other == name).count(), 1, "{name}: {names:#?}");
    }
    // Prices are known, models by themselves never switch, and nothing else stands on A10.
    let never = |name: &&String| {
        name.contains("price") || name.contains("switch time to instantid") || name.contains("A10 to L40S for flux")
    };
    assert_eq!(names.iter().find(never), None);
}

#[test]
fn a_base_moves_every_gpu_that_is_scaled_from_it_and_a_ratio_its_own() {
    let scenario = scenario();
    let Unknowns { drawn, .. } = Unknowns::of(&scenario, &allocations(&scenario));
    let model = scenario.models.iter().position(|model| model.name == "instantid").expect("it is there");
    let mean_s = |scenario: &Scenario, gpu: usize| {
        scenario.models[model].variants[0].cells[gpu].service.as_ref().expect("it is known").law.mean_s()
    };
    let turned = |name: &str| World::new(&scenario, &drawn, |own| if own.unknown.name == name { 2.0 } else { 1.0 });
    let base = turned("service time of instantid fp16 on L40S").scenario;
    let ratio = turned("ratio of A10 to L40S for instantid").scenario;
    for gpu in 0..scenario.gpus.len() {
        assert_relative_eq!(mean_s(&base, gpu), 2.0 * mean_s(&scenario, gpu), max_relative = 1e-12);
        let moved = if scenario.gpus[gpu].name == "A10" { 2.0 } else { 1.0 };
        assert_relative_eq!(mean_s(&ratio, gpu), moved * mean_s(&scenario, gpu), max_relative = 1e-12);
    }
    // Rows that speak of every GPU type are one number.
    let boots = drawn.iter().find(|own| own.unknown.name == "boot time of instantid").expect("it is there");
    let Target::Boots(places) = &boots.target else { panic!("{boots:?}") };
    assert_eq!(places.len(), scenario.gpus.len() - 1, "all but L40S, which was measured: {places:?}");
}

#[test]
fn numbers_stay_within_what_a_scenario_accepts() {
    let scenario = scenario();
    let Unknowns { drawn, .. } = Unknowns::of(&scenario, &allocations(&scenario));
    let far = World::new(&scenario, &drawn, |_| 1e6);
    assert!(far.truncated);
    assert!(far.scenario.models.iter().map(|model| model.requests_per_day).sum::<f64>() <= 1e7 * (1.0 + 1e-9));
    let service = far.scenario.models[0].variants[0].cells[3].service.as_ref().expect("it is known");
    assert_relative_eq!(service.law.mean_s(), 86_400.0, max_relative = 1e-9);
    let none = World::new(&scenario, &drawn, |_| 1e-9);
    assert!(none.truncated && none.scenario.models.iter().all(|model| model.requests_per_day >= 1.0 - 1e-9));
    assert!(!World::new(&scenario, &drawn, |_| 1.3).truncated);
}

/// A draw depends on seed, world and name: not on who else is drawn, nor in which order.
#[test]
fn draws_are_addressed() {
    let scenario = scenario();
    let of = |drawn: &[Drawn]| World::drawn(&scenario, drawn, 3, 17).scenario;
    let Unknowns { drawn, .. } = Unknowns::of(&scenario, &allocations(&scenario));
    let mut backwards = drawn.clone();
    backwards.reverse();
    assert_eq!(of(&drawn), of(&backwards));
    // The first allocation alone knows fewer unknowns; what it knows is drawn the same.
    let Unknowns { drawn: fewer, .. } = Unknowns::of(&scenario, &allocations(&scenario)[..1]);
    assert!(fewer.len() < drawn.len());
    assert_eq!(of(&fewer).models[0], of(&drawn).models[0]);
    // Pinned: a change here changes every result.
    assert_relative_eq!(share(1, 0, "boot time of flux-dev"), PINNED, epsilon = 1e-15);
}

const PINNED: f64 = 0.237_658_515_630_346_4;

/// Their numbers are uniform, and those of two unknowns or two worlds have nothing to do with each other.
#[test]
fn draws_are_uniform_and_independent() {
    let n = 20_000;
    let of = |name: &str| (0..n).map(|world| share(5, world, name) - 0.5).collect::<Vec<f64>>();
    let (a, b) = (of("traffic of a"), of("traffic of b"));
    let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>() / a.len() as f64;
    // Mean squares of 1/12 with a standard error of 0.0005; products of 1/12 / sqrt(n) = 0.0006.
    assert!((product(&a, &a) - 1.0 / 12.0).abs() < 0.002);
    assert!(product(&a, &b).abs() < 0.002 && product(&a[1..], &a).abs() < 0.002);
}

/// With a factor of one for everything a world is the scenario: the same days give the same dollars, to the last bit.
#[test]
fn a_world_without_a_difference_is_the_scenario_as_it_is() {
    let scenario = scenario();
    let allocations = allocations(&scenario);
    let Unknowns { drawn, .. } = Unknowns::of(&scenario, &allocations);
    let world = World::new(&scenario, &drawn, |_| 1.0);
    let control = Control::default();
    let all = Worldwide { allocations: &allocations, trials: 14, seed: 4, control: &control };
    let outcome = all.outcome(&world, 0).expect("not cancelled");
    let shared = Shared::new(&scenario, Effort { trials: 14, seed: 4 }, &control, 2);
    for (own, plan) in outcome.allocations.iter().zip(&allocations) {
        let run = shared.allocation(plan).expect("not cancelled");
        let sections = run.fleet.each(|t| t.cost_usd() / t.days * scenario.platform.days_per_month);
        assert_eq!(own.cost_usd_month, sections);
        assert_eq!(own.latency_s_p95, run.fleet.each(|t| t.percentiles_s[crate::tally::P95]));
        assert_eq!(own.whole.cost_usd_month.to_bits(), month_usd(&scenario, &run.fleet).to_bits());
    }
}

/// Everything fixed: what `simulate` says, and no worlds.
#[test]
fn without_unknowns_the_numbers_are_those_of_today() {
    let scenario = scenario();
    let allocations = allocations(&scenario);
    let all = names(&scenario, &allocations);
    let closed = run(&scenario, &allocations, effort(20, 14, 2), &all).headline;
    assert!(closed.ends_with("Nothing is open: no number that it rests on is unknown."), "{closed}");
    let found = run(&scenario, &allocations[..1], effort(20, 14, 2), &all);
    let effort = Effort { trials: PRESENT_TRIALS, seed: 2 };
    let today = simulate_allocation(&scenario, scenario.baseline, effort, &Control::default()).expect("not cancelled");
    let today = today.results.expect("it runs");
    let own = &found.allocations[0];
    assert_eq!((found.worlds, &own.present), (0, &today.fleet));
    assert_eq!(own.bill_usd, own.bill_usd_luck);
    assert_eq!(own.bill_usd.p5.to_bits(), today.month.bill_usd_p5.value.to_bits());
    assert_eq!(own.bill_usd.p95.to_bits(), today.month.bill_usd_p95.value.to_bits());
    assert_eq!((found.choice.is_open, own.cost_usd_month), (false, None));
    assert!(found.headline.ends_with(" a month (90 %), all of it luck."), "{}", found.headline);
}

#[test]
fn the_same_bytes_on_one_thread_and_two() {
    let (scenario, allocations, _) = one_ratio();
    let of = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
        let found = pool.install(|| run(&scenario, &allocations, effort(24, 14, 3), &[]));
        serde_json::to_string(&found).expect("JSON")
    };
    assert_eq!(of(1), of(2));
}

/// One unknown is all there is to know.
#[test]
fn the_only_unknown_is_worth_all_that_is_open() {
    let (scenario, allocations, fixed) = one_ratio();
    let found = run(&scenario, &allocations, effort(160, 14, 7), &fixed);
    let [only] = found.measurements.as_slice() else { panic!("{:?}", found.measurements) };
    assert!(found.choice.is_open && only.is_shown, "{found:#?}");
    let (all, own) = (found.choice.loss_usd_month, only);
    let slack = 2.0 * own.value_usd_standard_error;
    assert!(own.value_usd_month > all.low - slack && own.value_usd_month < all.high + slack, "{found:#?}");
    assert!(own.share > 0.8, "{own:?}");
    // By brute force: the ratio at which the choice turns leaves nothing to be wrong about beyond luck at the edge.
    assert!(own.wrong_after < 0.5 * found.choice.wrong.value, "{own:?} of {:?}", found.choice);
    assert!(found.headline.contains("Measure first: benchmark instantid on A10 (about "), "{}", found.headline);
}

/// The same with numbers beside it that nothing of the choice rests on.
#[test]
fn numbers_that_decide_nothing_are_not_sold() {
    let (scenario, allocations, _) = one_ratio();
    // What stays where it is in both allocations: its boots and traffic are the same for both.
    let kept = ["ratio of A10 to L40S for instantid", "traffic of wan2.1", "boot time of wan2.1 on L40S"];
    let fixed: Vec<String> =
        names(&scenario, &allocations).into_iter().filter(|name| !kept.contains(&name.as_str())).collect();
    let found = run(&scenario, &allocations, effort(160, 14, 8), &fixed);
    assert_eq!(found.measurements.len(), 3);
    for measurement in &found.measurements {
        assert_eq!(measurement.is_shown, measurement.unknown.name == kept[0], "{measurement:#?}");
    }
}

/// The truth is one more draw of what is not known, and its month has luck of its own.
#[test]
fn nine_months_in_ten_are_billed_what_the_interval_says() {
    let scenario = scenario();
    let allocations = vec![allocations(&scenario).swap_remove(0)];
    let found = run(&scenario, &allocations, effort(240, 14, 11), &[]);
    let bill = found.allocations[0].bill_usd;
    let Unknowns { drawn, .. } = Unknowns::of(&scenario, &allocations);
    let control = Control::default();
    // A month of 28 days: its luck is that of 30 but for a thirtieth.
    let truths = Worldwide { allocations: &allocations, trials: 28, seed: 987, control: &control };
    let bill_of = |world: u32| {
        let truth = World::drawn(&scenario, &drawn, 987, world);
        let outcome = truths.outcome(&truth, world).expect("not cancelled");
        scenario.platform.bill_usd(outcome.allocations[0].whole.cost_usd_month)
    };
    let inside = (0..200_u32).into_par_iter().map(bill_of).filter(|usd| bill.p5 <= *usd && *usd <= bill.p95).count();
    assert!((170..=190).contains(&inside), "{inside} of 200 in {bill:?}");
    // Luck alone covers far fewer, which is why all this is done.
    let cost = found.allocations[0].cost_usd_month.expect("finite");
    assert!(cost.ignorance_share.low > 0.5, "{cost:?}");
}

/// The repaired proposal misses what today keeps in every world.
#[test]
fn where_no_measurement_changes_the_choice_nothing_is_open() {
    let scenario = scenario();
    let (mended, _) = repaired(&scenario, scenario.proposed).expect("it cannot run as it is");
    let both = [scenario.allocations[scenario.baseline].clone(), mended];
    let found = run(&scenario, &both, effort(40, 14, 1), &[]);
    assert_eq!((found.choice.is_open, found.choice.wrong.value), (false, 0.0));
    assert!(found.headline.contains("\"current\" is the choice in every world. Nothing is open"), "{}", found.headline);
    assert!(found.measurements.iter().all(|measurement| !measurement.is_shown));
    assert_eq!(found.allocations[1].right_share.to_bits(), 0.0_f64.to_bits());
}

/// A world's numbers are known: intervals of what benchmarks leave open would count it twice.
#[test]
fn nothing_is_unknown_inside_a_world() {
    let mut world = World::new(&scenario(), &[], |_| 1.0).scenario;
    assert!(fits(&mut world).all(|fit| (fit.kind, fit.factor) == (Kind::Measured, Factor::EXACT)));
}

/// Failures that were counted are drawn by their count, and change what comes out.
#[test]
fn counted_failures_are_unknown() {
    let text = Files::embedded().text("scenario.toml").expect("it is there").to_owned();
    let old = "failure_probability = 0.0022";
    let counted = text.replacen(old, "failure_probability = 0.04\nfailure_counts = { failed = 2, tries = 50 }", 1);
    let scenario = Scenario::load(&Files::embedded().with("scenario.toml", &counted)).expect("no problems");
    let allocations = allocations(&scenario);
    let Unknowns { drawn, taken_as_known } = Unknowns::of(&scenario, &allocations);
    let name = "failure probability of flux-schnell";
    let own = drawn.iter().find(|own| own.unknown.name == name).expect("it is counted");
    assert_eq!((own.unknown.n, own.unknown.counted.as_str()), (50, "tries"));
    assert!(!taken_as_known.iter().any(|words| words.starts_with(name)), "{taken_as_known:?}");
    assert!(taken_as_known.iter().any(|words| words.starts_with("failure probability of flux-dev (assumed")));
    // Beta(2.5, 48.5) has the mean 2.5 / 51; drawn worlds have it too.
    let mean = (0..4000).map(|world| own.doubt.factor(share(1, world, name)) * 0.04).sum::<f64>() / 4000.0;
    assert_relative_eq!(mean, 2.5 / 51.0, max_relative = 0.03);
    let world = World::new(&scenario, &drawn, |own| if own.unknown.name == name { 3.0 } else { 1.0 });
    assert_relative_eq!(world.scenario.models[0].failure_probability, 0.12, max_relative = 1e-12);
}
