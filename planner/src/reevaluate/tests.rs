use approx::assert_relative_eq;
use fleetfront_scenario::{Files, repaired};

use super::*;

fn scenario() -> Scenario {
    Scenario::load(&Files::embedded()).expect("the embedded scenario is valid")
}

fn two(scenario: &Scenario) -> [Allocation; 2] {
    let (mended, _) = repaired(scenario, scenario.proposed).expect("it cannot run as written");
    [scenario.allocations[scenario.baseline].clone(), mended]
}

const EFFORT: Effort = Effort { trials: 14, seed: 1 };

/// Costs are linear in a price: where they are equal follows from the bills of two prices, without a search.
#[test]
fn the_price_at_which_costs_are_equal_is_the_one_on_the_line() {
    let scenario = scenario();
    let allocations = two(&scenario);
    let t4 = scenario.gpus.iter().position(|gpu| gpu.name == "T4").expect("it is there");
    let knob = Knob::Price { gpu: t4 };
    let difference = |factor: f64| {
        let (turned, moved) = knob.turned(&scenario, &allocations, factor);
        let control = Control::default();
        let shared = Shared::new(&turned, EFFORT, &control, 2);
        let cost = |of: &Allocation| -> f64 {
            shared.allocation(of).expect("nobody interrupts").fleet.cost_usd().iter().sum()
        };
        cost(&moved[1]) - cost(&moved[0])
    };
    let (at_one, at_two) = (difference(1.0), difference(2.0));
    let factor = 1.0 - at_one / (at_two - at_one);
    assert!(factor > 0.1 && factor < 10.0, "{factor}");
    let claims = [Claim { what: Compared::Cost, target: 1.0 }];
    let found = turn(knob, &claims, &scenario, &allocations, EFFORT, &Control::default()).expect("nobody interrupts");
    let [trigger] = found.as_slice() else { panic!("{found:?}") };
    assert_relative_eq!(trigger.at.value / trigger.now, factor, max_relative = 0.01);
    assert!(trigger.at.low < trigger.at.value && trigger.at.value < trigger.at.high, "{trigger:?}");
    // Cheaper now, dearer beyond.
    assert!(at_one < 0.0 && !trigger.holds_beyond && trigger.at.value > trigger.now, "{trigger:?}");
}

#[test]
fn the_answers_now_are_those_of_a_comparison() {
    let scenario = scenario();
    let allocations = two(&scenario);
    let claims = Claim::all(&scenario);
    let values = values(&claims, &scenario, &allocations, EFFORT, &Control::default()).expect("nobody interrupts");
    let compared = crate::compare(&scenario, &allocations, crate::Precision::Trials(14), 1, &Control::default());
    let compared = compared.expect("nobody interrupts").differences.remove(0);
    let [cheaper, saving, latency] = values.as_slice() else { panic!("three claims") };
    assert_relative_eq!(cheaper.value + 1.0, compared.cost_ratio.value, max_relative = 2e-3);
    assert_relative_eq!(saving.value + 0.6, compared.cost_ratio.value, max_relative = 2e-3);
    assert_relative_eq!(latency.value + 1.2, compared.latency_p95_ratio.value, max_relative = 1e-9);
}

#[test]
fn a_question_is_open_while_its_interval_straddles_the_target() {
    let question =
        |low, high| Question { claim: String::new(), value: Estimate { value: 0.5, low, high }, target: 1.0 };
    let answers = [question(0.2, 0.9), question(1.1, 1.3), question(0.8, 1.2)].map(|question| question.holds());
    assert_eq!(answers, [Some(true), Some(false), None]);
}
