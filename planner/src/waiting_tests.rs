//! Clients who wait for their answers, in every question that the planner answers: each either simulates them or says why
//! it does not.

use approx::assert_relative_eq;
use fleetfront_scenario::Scenario;
use fleetfront_sim::Law;
use fleetfront_workloads::Process;

use crate::bounds::Stated;
use crate::compare::{Precision, compare};
use crate::control::{Control, Effort};
use crate::reevaluate::reevaluate;
use crate::run::run_study;
use crate::search_tests::by_hand;
use crate::study::{FleetPoint, Study};

const EFFORT: Effort = Effort { trials: 14, seed: 3 };
const DAY_S: f64 = 86_400.0;

/// One client who thinks for 90 s. Requests take 10 s on A and 4 s on B, a boot 20 s; a second of a container costs
/// $0.0007 on A, twice as much on B.
fn one_client() -> Scenario {
    let mut scenario = by_hand();
    let think = Law::Deterministic { seconds: 90.0 };
    scenario.traffic.models[0].process = Process::Closed { clients: 1.0, think };
    scenario
}

type Latency = fn(&FleetPoint) -> f64;

fn study() -> Study {
    run_study(&one_client(), EFFORT, &Control::default()).expect("nobody interrupts")
}

/// By hand: with a window of 2 s the container is gone before the client comes again. On A the client then thinks for
/// 90 s and waits for 30 s, of which a container is there for 32 s; on B for 24 s, of which it is there for 26 s. With
/// 95 s, or one always warm, the container never stops. Four of these nothing beats.
#[test]
fn the_frontiers_of_one_client_are_those_of_a_hand() {
    let study = study();
    let all_day = 30.0 * DAY_S * 0.0007;
    let expected =
        [(32.0 / 120.0 * all_day, 30.0), (2.0 * 26.0 / 114.0 * all_day, 24.0), (all_day, 10.0), (2.0 * all_day, 4.0)];
    let frontiers: [(&[FleetPoint], Latency); 2] = [
        (&study.frontier.by_worst_ratio, |fleet| fleet.worst_p95_over_limit.value * 15.0),
        (&study.frontier.by_mean_latency, |fleet| fleet.latency_s_mean.value),
    ];
    for (fleets, latency_s) in frontiers {
        assert_eq!(fleets.len(), 4);
        for (fleet, (usd, seconds)) in fleets.iter().zip(expected) {
            assert_relative_eq!(fleet.cost_usd_month.value, usd, max_relative = 5e-3);
            assert_relative_eq!(latency_s(fleet), seconds, max_relative = 8e-3);
        }
    }
    // As many requests as the answers leave time for, not the 864 that are expected.
    for point in &study.points {
        let (boots, is_fast) = (point.choice.scaledown_window_s < 90.0, point.choice.gpu == "B");
        let boots = boots && point.choice.min_containers == 0;
        let cycle_s = 90.0 + if boots { 20.0 } else { 0.0 } + if is_fast { 4.0 } else { 10.0 };
        assert_relative_eq!(point.metrics.requests_per_day, DAY_S / cycle_s, max_relative = 2e-3);
    }
}

#[test]
fn what_assumes_a_given_stream_of_requests_is_left_out_with_its_reason() {
    let study = study();
    assert_eq!(study.frontier.by_pooled_p95, Vec::new());
    let said = |words: &str| study.warnings.iter().any(|warning| warning.contains(words));
    assert!(said("no frontier against the p95 of all requests: the clients of solo wait"), "{:?}", study.warnings);
    assert_eq!(study.models[0].clients, Some(1.0));
    assert!(study.assumptions.iter().any(|words| words.contains("of 1 clients who think for 90 s")));
    let bounds = study.allocations[0].bounds.as_ref().expect("it ran");
    let Stated::Unknown(why) = &bounds.perfect_usd_month else { panic!("{:?}", bounds.perfect_usd_month) };
    assert!(why.contains("clients wait for answers"), "{why}");
    assert!(bounds.models[0].perfect_latency_s_p95.number().is_none());
    let Stated::Unknown(why) = &bounds.pools[0].theory else { panic!("{:?}", bounds.pools[0].theory) };
    assert!(why.contains("the rate of requests depends on the containers"), "{why}");
    // Found by simulation, with the client.
    assert_eq!(bounds.pools[0].static_as_fast.number().map(|fleet| fleet.containers), Some(1));
}

/// 94 s from request to request on B, which is always up: 919.1 requests a day and not 864, of 4 s each at the price of the
/// GPU alone.
#[test]
fn the_bridge_has_a_step_for_what_clients_send() {
    let study = study();
    let bridge = &study.naive.bridges[0];
    let step = bridge.steps.iter().find(|step| step.what.starts_with("requests that clients send")).expect("a step");
    let expected = (DAY_S / 94.0 - 864.0) * 30.0 * 4.0 * 0.0012;
    assert_relative_eq!(step.usd_month, expected, max_relative = 2e-2);
    let steps: f64 = bridge.steps.iter().map(|step| step.usd_month).sum();
    assert_relative_eq!(bridge.naive_usd_month + steps, bridge.simulated_usd_month.value, max_relative = 1e-9);
}

#[test]
fn allocations_are_compared_and_looked_at_again_with_the_client() {
    let mut scenario = one_client();
    let mut cheap = scenario.allocations[0].clone();
    cheap.name = "cheap".to_owned();
    cheap.pools[0].gpu = 0;
    scenario.allocations.push(cheap);
    let both: [_; 2] = [scenario.allocations[0].clone(), scenario.allocations[1].clone()];
    let control = Control::default();
    let comparison = compare(&scenario, &both, Precision::Trials(14), 3, &control).expect("nobody interrupts");
    let sent: Vec<f64> =
        comparison.allocations.iter().map(|of| of.results.as_ref().expect("it ran").fleet.requests_per_day).collect();
    assert_relative_eq!(sent[0], DAY_S / 94.0, max_relative = 2e-3);
    assert_relative_eq!(sent[1], DAY_S / 100.0, max_relative = 2e-3);
    let found = reevaluate(&scenario, &both, EFFORT, &control).expect("nobody interrupts");
    assert!(!found.questions.is_empty() && !found.triggers.is_empty());
}
