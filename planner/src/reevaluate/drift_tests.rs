use fleetfront_scenario::{Files, Scenario, repaired};
use fleetfront_sim::Luck;
use fleetfront_workloads::draw_requests;

use super::super::calls::{ObservedModel, SaidOfCalls};
use super::*;
use crate::control::{Control, Effort};
use crate::knob::Knob;

const DAYS: u32 = 7;
const EFFORT: Effort = Effort { trials: 14, seed: 1 };

fn scenario() -> Scenario {
    Scenario::load(&Files::embedded()).expect("the embedded scenario is valid")
}

fn two(scenario: &Scenario) -> [Allocation; 2] {
    let (mended, _) = repaired(scenario, scenario.proposed).expect("it cannot run as written");
    [scenario.allocations[scenario.baseline].clone(), mended]
}

/// A week that is such as the scenario says, of one model on the GPU type that serves it.
fn week(scenario: &Scenario, model: usize, seed: u64) -> ObservedModel {
    let traffic = &scenario.traffic;
    let start = traffic.horizon().start;
    let at_s: Vec<f64> = (0..DAYS)
        .flat_map(|day| {
            let of_day = draw_requests(traffic, seed, day, model).into_iter().filter(|request| request.at >= start);
            let at = of_day.map(move |request| (request.at - start).as_secs_f64() + f64::from(day) * 86_400.0);
            at.collect::<Vec<f64>>()
        })
        .collect();
    let gpu = scenario.allocations[scenario.baseline].pools[0].gpu;
    let cell = &scenario.models[model].variants[0].cells[gpu];
    let luck = Luck(seed).child(7);
    let times = |law: &fleetfront_sim::Law, n: usize, purpose: u32| -> Vec<f64> {
        (0..n).map(|k| law.seconds_at(luck.child(k as u32).uniform(0, purpose).max(1e-9))).collect()
    };
    let service_s = times(&cell.service.as_ref().expect("it runs there").law, at_s.len(), 0);
    let boot_s = times(&cell.boot.as_ref().expect("it boots there").law, 60, 1);
    let failed = at_s
        .iter()
        .enumerate()
        .filter(|(k, _)| luck.child(*k as u32).uniform(0, 2) < scenario.models[model].failure_probability);
    let (failed, ended) = (failed.count() as u64, at_s.len() as u64);
    // Whose boots stand in no call: how many there are says nothing.
    ObservedModel { model, failed, ended, at_s, service_s, boot_s, boot_at_s: Vec::new() }
}

fn judged(scenario: &Scenario, models: Vec<ObservedModel>) -> Drift {
    judged_with(scenario, models, &[])
}

fn judged_with(scenario: &Scenario, models: Vec<ObservedModel>, triggers: &[Trigger]) -> Drift {
    let says = SaidOfCalls { waits: true, endings: true, executions: true, startups: false };
    let source = "calls.csv, 7 days".to_owned();
    let calls = ObservedCalls { source, remarks: vec![], first_weekday: 0, days: DAYS, models, says };
    drift(scenario, &two(scenario), &calls, triggers, EFFORT, &Control::default()).expect("nobody interrupts")
}

fn rejected(drift: &Drift) -> Vec<&str> {
    drift.assumptions.iter().filter(|of| of.rejected).map(|of| of.name.as_str()).collect()
}

/// Six weeks: all tests together reject a true week one time in twenty.
#[test]
fn weeks_as_the_scenario_has_them_are_not_rejected() {
    let scenario = scenario();
    let (mut rejecting, mut tests, mut known) = (0, 0, 0);
    for seed in 100..106 {
        let drift = judged(&scenario, vec![week(&scenario, 0, seed)]);
        tests += drift.assumptions.len();
        rejecting += u32::from(!rejected(&drift).is_empty());
        assert_eq!(drift.together.is_some(), drift.assumptions.iter().any(Assumption::is_replaced));
        known += drift.assumptions.iter().filter(|of| of.known_better).count();
    }
    // Traffic, curve, two dispersions, two of services, two of boots, failures.
    assert_eq!(tests, 6 * 9);
    assert!(rejecting <= 2, "{rejecting} of 6, where a third of one is expected");
    assert!(known <= 1, "{known} true means were replaced");
}

#[test]
fn twice_the_traffic_is_rejected_and_fires_what_it_passes() {
    let scenario = scenario();
    let mut twice = week(&scenario, 0, 100);
    let more = week(&scenario, 0, 101);
    twice.at_s.extend(more.at_s);
    twice.at_s.sort_by(f64::total_cmp);
    let at = |value: f64| Estimate { value, low: 0.98 * value, high: 1.02 * value };
    let name = format!("traffic of {}", scenario.models[0].name);
    let trigger = |at: Estimate| Trigger {
        knob: name.clone(),
        unit: KnobUnit::RequestsADay,
        now: 400.0,
        now_basis: Basis::default(),
        at,
        claim: "a claim".to_owned(),
        holds_beyond: true,
    };
    let triggers = [trigger(at(500.0)), trigger(at(800.0)), trigger(at(2_000.0)), trigger(at(200.0))];
    let drift = judged_with(&scenario, vec![twice], &triggers);
    assert_eq!(rejected(&drift), [name.as_str()]);
    let level = &drift.assumptions[0];
    assert!(level.observed.low < 800.0 && level.observed.high > 800.0, "{level:?}");
    let fired: Vec<(f64, bool)> = level.fired.iter().map(|fired| (fired.at.value, fired.certainly)).collect();
    assert_eq!(fired, [(500.0, true), (800.0, false)]);
    // By another way: the scenario with twice the requests.
    let allocations = two(&scenario);
    let factor = level.observed.value / 400.0;
    let (turned, _) = Knob::Traffic { model: 0 }.turned(&scenario, &allocations, factor);
    let claims = Claim::all(&turned);
    let now = values(&claims, &turned, &allocations, EFFORT, &Control::default()).expect("nobody interrupts");
    for (answer, value) in level.answers.iter().zip(&now) {
        approx::assert_relative_eq!(answer.value.value, value.value + answer.target, max_relative = 1e-3);
    }
    assert_eq!(drift.together.as_ref(), Some(&level.answers));
}

#[test]
fn another_curve_is_rejected_and_nothing_else() {
    let scenario = scenario();
    let mut late = week(&scenario, 0, 100);
    let week_s = f64::from(DAYS) * 86_400.0;
    late.at_s.iter_mut().for_each(|at| *at = (*at + 8.0 * 3600.0) % week_s);
    late.at_s.sort_by(f64::total_cmp);
    let drift = judged(&scenario, vec![late]);
    let name = &scenario.models[0].name;
    assert_eq!(rejected(&drift), [format!("curve of {name}: distance from it")]);
    let curve = &drift.assumptions[1];
    assert!(curve.observed.value > 3.0 * curve.assumed, "{curve:?}");
    assert_eq!(curve.answers.len(), Claim::all(&scenario).len());
}

#[test]
fn requests_that_come_together_are_rejected() {
    let scenario = scenario();
    let mut pairs = week(&scenario, 0, 100);
    // Each second one comes right after the one before it.
    let at_s: Vec<f64> = pairs.at_s.iter().step_by(2).flat_map(|at| [*at, at + 1.0]).collect();
    pairs.at_s = at_s;
    let drift = judged(&scenario, vec![pairs]);
    let name = &scenario.models[0].name;
    assert_eq!(rejected(&drift), [format!("dispersion of {name} in 1 min")]);
    // A Poisson process of pairs has twice the dispersion.
    let minute = &drift.assumptions[2];
    assert!(minute.observed.value > 1.7, "{minute:?}");
}

#[test]
fn slower_and_more_spread_times_and_failures_are_rejected_by_themselves() {
    let scenario = scenario();
    let name = &scenario.models[2].name;
    let mut slow = week(&scenario, 2, 100);
    // The assumption rests on one run: 0.1 times Student's t of three degrees leaves 1.5 times it to luck, and 2.5 times not.
    slow.service_s.iter_mut().for_each(|seconds| *seconds *= 1.5);
    let drift = judged(&scenario, vec![slow.clone()]);
    let service = drift.assumptions.iter().find(|of| of.known_better).expect("one that is known better");
    assert_eq!((rejected(&drift), &service.name), (Vec::new(), &format!("service time of {name} on L40S")));
    slow.service_s.iter_mut().for_each(|seconds| *seconds *= 2.5 / 1.5);
    let drift = judged(&scenario, vec![slow]);
    assert_eq!(rejected(&drift), [format!("service time of {name} on L40S")]);
    let service = drift.assumptions.iter().find(|of| of.rejected).expect("one");
    approx::assert_relative_eq!(service.observed.value / service.assumed, 2.5, max_relative = 0.02);
    let mut wide = week(&scenario, 2, 100);
    let mean = wide.service_s.iter().sum::<f64>() / wide.service_s.len() as f64;
    wide.service_s.iter_mut().for_each(|seconds| *seconds = (mean + 3.0 * (*seconds - mean)).max(0.1));
    let drift = judged(&scenario, vec![wide]);
    assert_eq!(rejected(&drift), [format!("spread of the service time of {name} on L40S")]);
    let mut failing = week(&scenario, 2, 100);
    failing.failed = failing.ended / 10;
    let drift = judged(&scenario, vec![failing]);
    assert_eq!(rejected(&drift), [format!("failures of {name}")]);
}

#[test]
fn a_model_without_a_call_has_no_traffic() {
    let scenario = scenario();
    let silent = ObservedModel { model: 2, ..ObservedModel::default() };
    let drift = judged(&scenario, vec![week(&scenario, 0, 100), silent]);
    let [first, name, other] = [0, 2, 1].map(|model: usize| &scenario.models[model].name);
    assert_eq!(rejected(&drift), [format!("traffic of {name}")]);
    let level = drift.assumptions.iter().find(|of| of.rejected).expect("one");
    assert_eq!((level.observed.value, level.n, level.adopted.as_str()), (0.0, 0, "0.000 times the traffic"));
    let is_left = |start: &str| drift.not_tested.iter().any(|of| of.starts_with(start));
    assert!(is_left(&format!("curve, dispersion, times, boots and failures of {name}: no call in the log")));
    assert!(is_left(&format!("everything of {other}: no call in the log, and --serves")), "{:?}", drift.not_tested);
    assert!(
        is_left("waits: ") && is_left("prices, limits and scaling rules") && !is_left(&format!("traffic of {first}"))
    );
}

/// By hand: calls of two tries that fail with a tenth each fail with a hundredth; with 4 % a try fails with a fifth.
#[test]
fn calls_with_retries_are_held_against_the_failures_of_tries() {
    let mut scenario = scenario();
    let name = scenario.models[2].name.clone();
    scenario.models[2].failure_probability = 0.1;
    let baseline = scenario.baseline;
    scenario.allocations[baseline].pools.iter_mut().for_each(|pool| pool.settings.retries = 1);
    let failing = |share: f64| {
        let mut seen = week(&scenario, 2, 100);
        seen.failed = (seen.ended as f64 * share).round() as u64;
        judged(&scenario, vec![seen])
    };
    let of = |drift: &Drift| {
        let own = drift.assumptions.iter().find(|of| of.name == format!("failures of {name}")).expect("tested");
        (own.assumed, (own.observed.value * 100.0).round(), own.rejected, own.adopted.clone())
    };
    assert_eq!(of(&failing(0.01)), (0.1, 10.0, false, String::new()));
    let (_, share, is_rejected, adopted) = of(&failing(0.04));
    assert!(is_rejected && (share - 20.0).abs() < 1.0, "{share}");
    assert!(adopted.starts_with("a failure probability of 0.2"), "{adopted}");
}

/// The cell fails with a hundredth, the model elsewhere with a twentieth.
#[test]
fn the_failures_of_the_cell_that_served_are_tested_and_replaced() {
    let mut scenario = scenario();
    let gpu = scenario.allocations[scenario.baseline].pools[0].gpu;
    scenario.models[2].failure_probability = 0.05;
    scenario.models[2].variants[0].cells[gpu].failure_probability = Some(0.01);
    scenario.models[2].variants[0].cells[gpu].failure_counts = None;
    let mut seen = week(&scenario, 2, 100);
    seen.failed = (seen.ended as f64 * 0.01).round() as u64;
    let of = |seen: ObservedModel| {
        let drift = judged(&scenario, vec![seen]);
        drift.assumptions.into_iter().find(|of| of.name.starts_with("failures of ")).expect("tested")
    };
    let right = of(seen.clone());
    assert!((right.assumed - 0.01).abs() < 1e-12 && !right.rejected, "{right:?}");
    seen.failed *= 5;
    assert!(of(seen).rejected);
    let mut changed = scenario.clone();
    Adopted::Failures { model: 2, own: Some((0, gpu)), probability: 0.05 }.put(&mut changed);
    approx::assert_relative_eq!(changed.models[2].failure_probability_on(0, gpu), 0.05);
}

#[test]
fn what_the_log_does_not_say_is_named() {
    let scenario = scenario();
    let (name, gpu) = (&scenario.models[0].name, "L40S");
    let plain = ObservedModel { model: 0, at_s: week(&scenario, 0, 100).at_s, ..ObservedModel::default() };
    let calls = ObservedCalls {
        source: "calls.csv".to_owned(),
        remarks: vec![],
        first_weekday: 0,
        days: DAYS,
        models: vec![plain],
        says: SaidOfCalls::default(),
    };
    let drift = drift(&scenario, &two(&scenario), &calls, &[], EFFORT, &Control::default()).expect("nobody interrupts");
    for of in [
        format!("service time of {name} on {gpu} and its spread: the log does not say how long calls executed"),
        format!("boot time of {name} on {gpu} and its spread: the log does not say how long containers took to start"),
        format!("boots shown of {name} (idle window, containers): the log does not say when containers started"),
        format!("failures of {name}: the log does not say how calls ended"),
        "waits: they follow from all of this; backtest holds them against a log, and this one does not say when calls \
         began to execute"
            .to_owned(),
    ] {
        assert!(drift.not_tested.contains(&of), "{of}: {:?}", drift.not_tested);
    }
}
