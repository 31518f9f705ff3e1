use fleetfront_scenario::{Files, Scenario, repaired};
use fleetfront_sim::Luck;
use fleetfront_workloads::draw_requests;

use super::*;
use crate::control::{Control, Effort};

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
    ObservedModel { model, failed: failed.count() as u64, ended: at_s.len() as u64, at_s, service_s, boot_s }
}

fn judged(scenario: &Scenario, models: Vec<ObservedModel>) -> Drift {
    judged_with(scenario, models, &[])
}

fn judged_with(scenario: &Scenario, models: Vec<ObservedModel>, triggers: &[Trigger]) -> Drift {
    let calls =
        ObservedCalls { source: "calls.csv, 7 days".to_owned(), remarks: vec![], first_weekday: 0, days: DAYS, models };
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
    slow.service_s.iter_mut().for_each(|seconds| *seconds *= 1.5);
    let drift = judged(&scenario, vec![slow]);
    assert_eq!(rejected(&drift), [format!("service time of {name} on L40S")]);
    let service = drift.assumptions.iter().find(|of| of.rejected).expect("one");
    approx::assert_relative_eq!(service.observed.value / service.assumed, 1.5, max_relative = 0.02);
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
