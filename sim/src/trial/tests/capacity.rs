//! Waiting for capacity: drawn waits, scarcity periods, ranked GPU types.

use super::*;
use crate::boot::Boot;
use crate::group::{Capacity, Scarcity};
use crate::pool::{BootRules, Hardware};

fn period(from: f64, to: f64) -> Vec<Scarcity> {
    vec![Scarcity { from: SimTime(s(from).0), to: SimTime(s(to).0) }]
}

fn scarce(pool: Pool, wait_s: f64, periods: Vec<Scarcity>, arrivals: &[Arrival]) -> Outcome {
    let capacity = vec![Capacity { wait: Some(lasting(wait_s)), scarcity: Some(0) }];
    Setting { capacity, scarcity: vec![periods], ..group(vec![pool], arrivals) }.outcome().0
}

#[test]
fn a_container_waits_for_capacity_before_it_boots() {
    let outcome = scarce(pool(), 5.0, Vec::new(), &[at(0.0)]);
    // Created at 5, ready at 25; the wait is not billed.
    assert_eq!((ledger(&outcome), mean_latency(&outcome)), ([20.0, 10.0, 60.0, 0.0], 35.0));
    assert_eq!(outcome.pools[0].capacity_wait_ns, s(5.0).0);
    // Asked for inside the period, it comes 5 s after its end.
    let outcome = scarce(pool(), 5.0, period(0.0, 30.0), &[at(0.0)]);
    assert_eq!((ledger(&outcome), mean_latency(&outcome)), ([20.0, 10.0, 60.0, 0.0], 65.0));
    let outcome = scarce(pool(), 0.0, period(1.0, 30.0), &[at(0.0)]);
    assert_eq!(outcome, group(vec![pool()], &[at(0.0)]).outcome().0);
}

#[test]
fn a_container_that_waits_counts_as_starting() {
    let one = Pool { max_inputs: 5, target_inputs: 5, ..pool() };
    let outcome = scarce(one, 5.0, Vec::new(), &[at(0.0), at(2.0)]);
    assert_eq!((outcome.total().boots, outcome.peak_containers), (1, 1));
}

#[test]
fn a_wait_that_is_cancelled_ends_there() {
    let cancelling = Pool { boots: BootRules { cancel: true, ..BootRules::PLAIN }, ..pool() };
    // Created at 30, ready at 50, busy until 60. The second starts a wait 55-85 that is cancelled at 60.
    let outcome = scarce(cancelling, 30.0, Vec::new(), &[at(0.0), at(55.0)]);
    assert_eq!((ledger(&outcome), outcome.pools[0].cancelled), ([20.0, 20.0, 60.0, 0.0], 1));
    assert_eq!(outcome.pools[0].capacity_wait_ns, s(30.0 + 5.0).0);
}

#[test]
fn a_start_asks_for_the_next_gpu_type_when_the_first_does_not_come() {
    let mut ranked = Pool { hardware_wait: s(7.0), ..pool() };
    ranked.hardware.push(Hardware { gpu: 1, gpus: 1 });
    ranked.models[0].boots = vec![Boot::of(lasting(20.0)), Boot::of(lasting(30.0))];
    ranked.models[0].services = vec![lasting(10.0).into(), lasting(4.0).into()];
    let capacity = vec![Capacity { wait: None, scarcity: Some(0) }, Capacity { wait: None, scarcity: None }];
    let setting =
        Setting { capacity, scarcity: vec![period(0.0, 100.0)], ..group(vec![ranked], &[at(0.0), at(200.0)]) };
    let (outcome, _) = setting.outcome();
    // The second type from 7 on, ready at 37, busy until 41. At 200 the first type comes at once.
    assert_eq!(mean_latency(&outcome), f64::midpoint(41.0, 30.0));
    let of_type = |t: usize| State::ALL.map(|state| outcome.pools[0].ledgers[t].get(state).as_secs_f64());
    assert_eq!([0, 1].map(of_type), [[20.0, 10.0, 60.0, 0.0], [30.0, 4.0, 60.0, 0.0]]);
    // It would have come after 7 s: that is waited for.
    let (outcome, _) = Setting { scarcity: vec![period(0.0, 7.0)], ..setting }.outcome();
    assert_eq!(mean_latency(&outcome), f64::midpoint(37.0, 30.0));
}
