//! Fallback pools and chains. Services last 4 s in the fallback pools.

use super::*;
use crate::batching::{BatchWait, Batching};
use crate::fallback::Fallback;
use crate::group::ChainStep;

/// Goes to the next pool for one reason.
pub(super) fn to(pool: u16) -> Fallback {
    Fallback { pool, on_rejection: false, on_failure: false, on_wait: None, predicted: false, hedge: None }
}

pub(super) fn quick() -> Pool {
    let mut quick = pool();
    quick.models[0].services = vec![lasting(4.0).into()];
    quick
}

fn on_failure(to_pool: u16) -> Fallback {
    Fallback { on_failure: true, ..to(to_pool) }
}

#[test]
fn a_failed_try_goes_on_in_the_fallback_pool_at_once() {
    let first = Pool { timeout: s(8.0), fallback: Some(on_failure(1)), retries: Retries::fixed(5), ..pool() };
    let (outcome, _) = group(vec![first, quick()], &[at(0.0)]).outcome();
    // 20-28 in vain; there boot 28-48, service 48-52.
    assert_eq!([0, 1].map(|p| pool_ledger(&outcome, p)), [[20.0, 0.0, 60.0, 8.0], [20.0, 4.0, 60.0, 0.0]]);
    assert_eq!((latencies(&outcome)[0], outcome.models[0].fell_back), (52.0, 1));
}

#[test]
fn a_fallback_pool_has_retries_and_a_fallback_of_its_own() {
    let first = Pool { timeout: s(8.0), fallback: Some(on_failure(1)), retries: Retries::fixed(5), ..pool() };
    let strict = Pool { timeout: s(3.0), ..quick() };
    // To the third: 48-51 in vain, boot 51-71, service 71-75.
    let second = Pool { fallback: Some(on_failure(2)), ..strict.clone() };
    let (outcome, _) = group(vec![first.clone(), second, quick()], &[at(0.0)]).outcome();
    assert_eq!((latencies(&outcome)[0], outcome.models[0].fell_back), (75.0, 2));
    // No third: 48-51 and 52-55 in vain.
    let second = Pool { retries: Retries::fixed(1), ..strict };
    let (outcome, _) = group(vec![first, second], &[at(0.0)]).outcome();
    assert_eq!((outcome.models[0].failed, pool_ledger(&outcome, 1)), (1, [20.0, 0.0, 1.0 + 60.0, 6.0]));
    assert_eq!(outcome.models[0].sojourn_ns, u128::from(s(55.0).0));
}

#[test]
fn a_call_that_would_be_rejected_goes_to_the_fallback_pool() {
    let fallback = Some(Fallback { on_rejection: true, ..to(1) });
    let full = Pool { max_containers: 1, max_pending: Some(1), fallback, ..pool() };
    let (outcome, _) = group(vec![full, quick()], &[at(0.0); 3]).outcome();
    // The first until 30; two others until 24.
    assert_eq!((latencies(&outcome)[0], outcome.models[0].fell_back), ((30.0 + 24.0 + 24.0) / 3.0, 2));
    assert_eq!([0, 1].map(|p| pool_ledger(&outcome, p)), [[20.0, 10.0, 60.0, 0.0], [40.0, 8.0, 120.0, 0.0]]);
}

#[test]
fn a_request_that_has_queued_too_long_goes_to_the_fallback_pool() {
    let after = |seconds: f64| {
        let impatient = Pool { fallback: Some(Fallback { on_wait: Some(s(seconds)), ..to(1) }), ..pool() };
        group(vec![impatient, quick()], &[at(0.0)]).outcome().0
    };
    // At 5: boot 5-25, service 25-29. The boot in the first pool is for nobody.
    let outcome = after(5.0);
    assert_eq!((latencies(&outcome)[0], outcome.models[0].cold), (29.0, 1));
    assert_eq!([0, 1].map(|p| pool_ledger(&outcome, p)), [[20.0, 0.0, 60.0, 0.0], [20.0, 4.0, 60.0, 0.0]]);
    // The boot ends at 20, at that very instant: the request stays.
    assert_eq!(after(20.0), group(vec![pool(), quick()], &[at(0.0)]).outcome().0);
}

#[test]
fn a_request_whose_wait_is_predicted_too_long_goes_to_the_fallback_pool_at_once() {
    let above = |seconds: f64| {
        let fallback = Some(Fallback { on_wait: Some(s(seconds)), predicted: true, ..to(1) });
        group(vec![Pool { fallback, ..pool() }, quick()], &[at(0.0)]).outcome().0
    };
    // A boot of 20 s and one service of 10 s.
    assert_eq!((latencies(&above(29.0))[0], latencies(&above(30.0))[0]), (24.0, 30.0));
    // A pool that says itself how it boots predicts with that: 50 s.
    let mut slow = Pool { fallback: Some(Fallback { on_wait: Some(s(59.0)), predicted: true, ..to(1) }), ..pool() };
    slow.models[0].boots = vec![crate::Boot::of(lasting(50.0))];
    assert_eq!(latencies(&group(vec![slow, quick()], &[at(0.0)]).outcome().0)[0], 24.0);
}

#[test]
fn a_batch_waits_for_its_next_input_when_the_first_has_left() {
    let batching = Batching { max_batch_size: 3, wait: BatchWait::Oldest(s(10.0)), item_share: 0.0 };
    let batches = Pool {
        execution: Execution::Batched(batching),
        target_inputs: 3,
        min_containers: 1,
        starts_ready: true,
        fallback: Some(Fallback { on_wait: Some(s(8.0)), ..to(1) }),
        ..pool()
    };
    // They leave at 108 and 112. What was due at 110 was the batch of the first.
    let (outcome, _) = group(vec![batches, quick()], &[at(100.0), at(104.0)]).outcome();
    assert_eq!((outcome.models[0].fell_back, outcome.pools[0].batches), (2, 0));
    // Boots 108-128 and 112-132; the first container takes both, 128-132 and 132-136.
    assert_eq!(latencies(&outcome)[0], f64::midpoint(32.0, 32.0));
}

/// Every request of the first model leads to one of the second, which arrives in `home`.
fn chained(pools: Vec<Pool>, home: u16, arrivals: &[Arrival]) -> Setting {
    let mut setting = group(pools, arrivals);
    setting.models[0].next = Some(ChainStep { model: 1, probability: 1.0 });
    setting.models[1].home = home;
    setting
}

#[test]
fn a_chain_goes_on_at_once_and_counts_where_it_began() {
    let mut setting = chained(vec![pool(), quick()], 1, &[at(0.0)]);
    // 0-30 in the first pool, boot 30-50 and service 50-54 in the second.
    let (outcome, _) = setting.outcome();
    assert_eq!(latencies(&outcome), [30.0, 24.0]);
    assert_eq!((outcome.models[0].chains, outcome.models[0].chain_ns), (1, u128::from(s(54.0).0)));
    // After the horizon it is counted all the same, and shown in no bin.
    setting.horizon.end = SimTime(s(10.0).0);
    let seen = setting.seen(0);
    assert_eq!(latencies(&seen.outcome), [30.0, 24.0]);
    assert_eq!(seen.timelines.iter().map(|t| t.arrivals.iter().sum::<u64>()).sum::<u64>(), 1);
    // A step that nobody takes costs nothing.
    setting.models[0].next = Some(ChainStep { model: 1, probability: 0.0 });
    let with = setting.outcome();
    setting.models[0].next = None;
    assert_eq!(with, setting.outcome());
}

#[test]
fn the_next_step_finds_the_container_that_the_former_has_left() {
    let one = Pool { min_containers: 1, starts_ready: true, max_pending: Some(0), ..quick() };
    // 0-10 and 10-14 in the same container, though nothing may queue.
    let (outcome, _) = chained(vec![one, quick()], 0, &[at(0.0)]).outcome();
    assert_eq!((latencies(&outcome), outcome.total().rejected), (vec![10.0, 4.0], 0));
    assert_eq!(pool_ledger(&outcome, 0), [0.0, 14.0, 986.0, 0.0]);
}
