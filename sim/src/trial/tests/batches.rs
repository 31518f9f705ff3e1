//! Dynamic batching, in batches of at most two that wait 5 s; one lasts 10 s, two last 15 s.

use super::*;
use crate::batching::{BatchWait, Batching};

fn batching() -> Batching {
    Batching { max_batch_size: 2, wait: BatchWait::Oldest(s(5.0)), item_share: 0.5 }
}

fn batches(batching: Batching) -> Pool {
    let target_inputs = batching.max_batch_size;
    Pool { execution: Execution::Batched(batching), target_inputs, ..pool() }
}

#[test]
fn what_has_queued_during_the_boot_starts_as_a_batch() {
    let (outcome, _) = run(&batches(batching()), &[at(0.0), at(1.0)]);
    // One container for both: 20-35.
    assert_eq!((ledger(&outcome), mean_latency(&outcome)), ([20.0, 15.0, 60.0, 0.0], 34.5));
    assert_eq!((outcome.pools[0].batches, outcome.pools[0].full_batches, outcome.total().executions), (1, 1, 2));
}

#[test]
fn a_batch_waits_until_it_is_full_or_its_first_input_has_waited_long_enough() {
    // The first has waited during the boot: 20-30. The second waits 40-45 for company: 45-55.
    let (outcome, _) = run(&batches(batching()), &[at(0.0), at(40.0)]);
    assert_eq!((ledger(&outcome), mean_latency(&outcome)), ([20.0, 20.0, 15.0 + 60.0, 0.0], f64::midpoint(30.0, 15.0)));
    assert_eq!((outcome.pools[0].batches, outcome.pools[0].full_batches), (2, 0));
    // Company comes at 43: 43-58.
    let (outcome, _) = run(&batches(batching()), &[at(0.0), at(40.0), at(43.0)]);
    assert_eq!(
        (ledger(&outcome), mean_latency(&outcome)),
        ([20.0, 25.0, 13.0 + 60.0, 0.0], (30.0 + 18.0 + 15.0) / 3.0)
    );
}

#[test]
fn a_batch_that_is_due_starts_when_a_container_falls_idle() {
    // Due at 27, but the container is busy until 30.
    let (outcome, _) = run(&batches(batching()), &[at(0.0), at(22.0)]);
    assert_eq!((ledger(&outcome), mean_latency(&outcome)), ([20.0, 20.0, 60.0, 0.0], f64::midpoint(30.0, 18.0)));
}

#[test]
fn the_wait_of_theory_runs_only_while_a_container_is_idle() {
    let theory = batches(Batching { wait: BatchWait::WhileIdle(lasting(5.0)), ..batching() });
    // From 20 to 25, batch 25-35; from 35 to 40, batch 40-50.
    let (outcome, _) = run(&theory, &[at(0.0), at(30.0)]);
    assert_eq!((ledger(&outcome), mean_latency(&outcome)), ([20.0, 20.0, 10.0 + 60.0, 0.0], f64::midpoint(35.0, 20.0)));
}

#[test]
fn a_batch_of_exactly_the_timeout_completes_and_a_longer_one_fails_as_a_whole() {
    let (outcome, _) = run(&Pool { timeout: s(15.0), ..batches(batching()) }, &[at(0.0); 2]);
    assert_eq!((ledger(&outcome), outcome.total().completed), ([20.0, 15.0, 60.0, 0.0], 2));
    let (outcome, _) = run(&Pool { timeout: s(14.0), ..batches(batching()) }, &[at(0.0); 2]);
    assert_eq!((ledger(&outcome), outcome.total().failed), ([20.0, 0.0, 60.0, 14.0], 2));
}

#[test]
fn an_input_that_fails_does_so_when_its_batch_ends() {
    let mut flaky = batches(batching());
    flaky.models[0].failure_probability = 0.5;
    let fails = |luck: &Luck| luck.uniform(0, super::super::purpose::TRY_FAILS) < 0.5;
    let good = (0..100_000).map(Luck).find(|luck| !fails(luck)).expect("one that succeeds");
    let bad = (0..100_000).map(Luck).find(fails).expect("one that fails");
    let (outcome, _) = run(&flaky, &[good, bad].map(|luck| Arrival { luck, ..at(0.0) }));
    let total = outcome.total();
    assert_eq!((ledger(&outcome), total.completed, total.failed), ([20.0, 15.0, 60.0, 0.0], 1, 1));
    assert_eq!(total.sojourn_ns, u128::from(s(70.0).0));
}

#[test]
fn batches_of_one_are_no_batches() {
    let ones = batches(Batching { max_batch_size: 1, wait: BatchWait::Oldest(SimSpan::ZERO), item_share: 0.5 });
    let arrivals = [0.0, 0.0, 25.0, 31.0, 31.0, 130.0].map(at);
    let (mut outcome, latencies) = run(&ones, &arrivals);
    assert_eq!((outcome.pools[0].batches, outcome.pools[0].full_batches), (6, 6));
    (outcome.pools[0].batches, outcome.pools[0].full_batches) = (0, 0);
    assert_eq!((outcome, latencies), run(&pool(), &arrivals));
}
