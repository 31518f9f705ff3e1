//! Calls that are turned away, clients that give up, and what a container takes beyond its target.

use super::*;
use crate::patience::Patience;
use crate::pool::BootRules;

#[test]
fn a_call_behind_too_many_others_is_rejected() {
    let full = Pool { max_containers: 1, max_pending: Some(1), ..pool() };
    let (outcome, _) = run(&full, &[at(0.0), at(1.0), at(2.0)]);
    let total = outcome.total();
    assert_eq!((total.completed, total.rejected, total.late, mean_latency(&outcome)), (1, 2, 2, 30.0));
}

#[test]
fn a_retry_is_never_rejected() {
    let ready = Pool { min_containers: 1, max_containers: 1, starts_ready: true, max_pending: Some(0), ..pool() };
    let strict = Pool { timeout: s(8.0), retries: Retries::fixed(1), ..ready };
    // The first fails at 8, and comes back at 9 behind the second, which executes from 8.5 to 13.5: it fails again at 21.5.
    let (outcome, _) = run(&strict, &[at(0.0), Arrival { service: s(5.0), ..at(8.5) }, at(15.0)]);
    let total = outcome.total();
    assert_eq!((total.completed, total.failed, total.rejected, total.executions), (1, 1, 1, 3));
    assert_eq!(ledger(&outcome)[3], 8.0 + 8.0);
}

#[test]
fn a_bound_container_spares_a_call_the_queue() {
    let boots = BootRules { bound: true, ..BootRules::PLAIN };
    let bound = Pool { max_pending: Some(0), max_containers: 2, boots, ..pool() };
    let (outcome, _) = run(&bound, &[at(0.0); 3]);
    assert_eq!((outcome.total().completed, outcome.total().rejected), (2, 1));
}

fn patient(seconds: f64, in_queue_only: bool) -> Pool {
    Pool { patience: Some(Patience { law: lasting(seconds), in_queue_only }), ..pool() }
}

#[test]
fn a_client_that_gives_up_leaves_the_queue() {
    let (outcome, _) = run(&patient(5.0, false), &[at(0.0)]);
    // The boot ends for nobody.
    let total = outcome.total();
    assert_eq!((ledger(&outcome), total.abandoned, total.executions), ([20.0, 0.0, 60.0, 0.0], 1, 0));
    assert_eq!((total.wait_ns, total.sojourn_ns), (u128::from(s(5.0).0), u128::from(s(5.0).0)));
    let boots = BootRules { cancel: true, ..BootRules::PLAIN };
    let (outcome, _) = run(&Pool { boots, ..patient(5.0, false) }, &[at(0.0)]);
    assert_eq!((ledger(&outcome), outcome.pools[0].cancelled), ([5.0, 0.0, 0.0, 0.0], 1));
    let boots = BootRules { cancel: true, bound: true, ..BootRules::PLAIN };
    let (outcome, _) = run(&Pool { boots, ..patient(5.0, false) }, &[at(0.0)]);
    assert_eq!((ledger(&outcome), outcome.pools[0].cancelled), ([5.0, 0.0, 0.0, 0.0], 1));
}

#[test]
fn what_a_container_has_accepted_is_executed_for_nobody() {
    // Two inside the container from 20 on. Both give up at 25, and are executed until 40.
    let serial = Pool { max_inputs: 2, target_inputs: 2, ..patient(25.0, false) };
    let (outcome, _) = run(&serial, &[at(0.0); 2]);
    let total = outcome.total();
    assert_eq!((ledger(&outcome), total.abandoned, total.completed), ([20.0, 20.0, 60.0, 0.0], 2, 0));
    assert_eq!((total.wait_ns, total.sojourn_ns), (u128::from(s(45.0).0), u128::from(s(50.0).0)));
    // Or only what was never executed is given up: the second.
    let serial = Pool { max_inputs: 2, target_inputs: 2, ..patient(25.0, true) };
    let (outcome, _) = run(&serial, &[at(0.0); 2]);
    assert_eq!((outcome.total().abandoned, mean_latency(&outcome)), (1, 30.0));
}

#[test]
fn a_client_that_gives_up_between_tries_is_not_served_again() {
    let strict = Pool { timeout: s(8.0), retries: Retries::fixed(3), ..patient(28.5, false) };
    // 20-28 in vain, the next try would be 29.
    let (outcome, _) = run(&strict, &[at(0.0)]);
    assert_eq!((ledger(&outcome), outcome.total().abandoned), ([20.0, 0.0, 60.0, 8.0], 1));
}

#[test]
fn a_client_gives_up_at_the_end_of_a_boot_too_late() {
    let (outcome, _) = run(&patient(20.0, true), &[at(0.0)]);
    assert_eq!((outcome.total().completed, mean_latency(&outcome)), (1, 30.0));
}

#[test]
fn a_container_takes_more_than_its_target_while_capacity_lags() {
    let burst = Pool { max_inputs: 2, target_inputs: 1, execution: Execution::Parallel, ..pool() };
    // Two boots are wanted. Both end at 20; the first to do so takes both requests.
    let (outcome, _) = run(&burst, &[at(0.0); 2]);
    assert_eq!((ledger(&outcome), mean_latency(&outcome)), ([40.0, 10.0, 60.0 + 60.0, 0.0], 30.0));
    // Where there is capacity each goes to a container of its own.
    let (outcome, _) = run(&burst, &[at(0.0), at(0.0), at(50.0), at(50.0)]);
    assert_eq!(ledger(&outcome), [40.0, 10.0 + 20.0, 30.0 + 20.0 + 60.0 + 60.0, 0.0]);
}
