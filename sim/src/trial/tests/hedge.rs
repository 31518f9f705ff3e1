//! Hedging: the fallback pool boots in 20 s as the first does, and serves in 4 s instead of 10 s.

use super::fallback::{quick, to};
use super::*;
use crate::fallback::{Fallback, Hedge};
use crate::group::{ChainStep, Quota};

fn hedge(after: f64) -> Fallback {
    Fallback { hedge: Some(Hedge { after: s(after), cancel_loser: false }), ..to(1) }
}

fn hedging(after: f64) -> Pool {
    Pool { fallback: Some(hedge(after)), ..pool() }
}

/// The same where what has lost is stopped.
fn cancelling(after: f64) -> Pool {
    Pool { fallback: Some(Fallback { hedge: Some(Hedge { after: s(after), cancel_loser: true }), ..to(1) }), ..pool() }
}

/// One request at 0 in the first of two pools.
fn one(first: Pool, second: Pool) -> Outcome {
    group(vec![first, second], &[at(0.0)]).outcome().0
}

fn ledgers(outcome: &Outcome) -> [[f64; 4]; 2] {
    [0, 1].map(|p| pool_ledger(outcome, p))
}

/// Requests sent twice, those that the second copy answered, and executions.
fn counts(outcome: &Outcome) -> [u64; 3] {
    let model = &outcome.models[0];
    [model.hedged, model.hedge_wins, model.executions]
}

#[test]
fn the_second_copy_answers_and_what_the_first_has_executed_is_wasted() {
    // The first 20-30. The second is sent at 5: boot 5-25, service 25-29.
    let outcome = one(hedging(5.0), quick());
    assert_eq!(ledgers(&outcome), [[20.0, 0.0, 60.0, 10.0], [20.0, 4.0, 60.0, 0.0]]);
    assert_eq!((latencies(&outcome)[0], counts(&outcome)), (29.0, [1, 1, 2]));
    // It began to execute at 20, in a container for which it had waited.
    assert_eq!((outcome.models[0].wait_ns, outcome.models[0].cold), (u128::from(s(20.0).0), 1));
    // Stopped at 29.
    let outcome = one(cancelling(5.0), quick());
    assert_eq!(ledgers(&outcome), [[20.0, 0.0, 60.0, 9.0], [20.0, 4.0, 60.0, 0.0]]);
    assert_eq!((latencies(&outcome)[0], counts(&outcome)), (29.0, [1, 1, 2]));
}

#[test]
fn the_first_copy_answers_and_what_the_second_has_executed_is_wasted() {
    // The second is sent at 7: boot 7-27, service 27-31. The first ends at 30.
    let outcome = one(hedging(7.0), quick());
    assert_eq!(ledgers(&outcome), [[20.0, 10.0, 60.0, 0.0], [20.0, 0.0, 60.0, 4.0]]);
    assert_eq!((latencies(&outcome)[0], counts(&outcome)), (30.0, [1, 0, 2]));
    let outcome = one(cancelling(7.0), quick());
    assert_eq!(ledgers(&outcome), [[20.0, 10.0, 60.0, 0.0], [20.0, 0.0, 60.0, 3.0]]);
}

#[test]
fn a_copy_that_is_queued_when_the_other_answers_leaves() {
    // The second queues from 15 for a boot that ends at 35; the container finds no work then.
    let outcome = one(hedging(15.0), quick());
    assert_eq!(ledgers(&outcome), [[20.0, 10.0, 60.0, 0.0], [20.0, 0.0, 60.0, 0.0]]);
    assert_eq!((latencies(&outcome)[0], counts(&outcome)), (30.0, [1, 0, 1]));
    // Bound to its boot, it leaves as well.
    let mut bound = quick();
    bound.boots.bound = true;
    assert_eq!(ledgers(&one(hedging(15.0), bound)), ledgers(&outcome));
}

#[test]
fn a_copy_that_waits_inside_a_container_leaves_and_the_others_move_up() {
    // Two requests in one container, 20-30 and then 30-40; a third comes at 28 and waits behind them. The copies of the
    // first two are sent at 5 and answer at 29: the first is executed to its end, the second leaves, the third is next.
    let first = Pool { max_inputs: 3, target_inputs: 3, ..hedging(5.0) };
    let (outcome, _) = group(vec![first.clone(), quick()], &[at(0.0), at(0.0), at(28.0)]).outcome();
    // The copy of the third is sent at 33 and answers at 37, on a warm container. The first has executed it since 30.
    assert_eq!(counts(&outcome), [3, 3, 5]);
    assert_eq!(latencies(&outcome)[0], (29.0 + 29.0 + 9.0) / 3.0);
    assert_eq!(ledgers(&outcome), [[20.0, 0.0, 60.0, 20.0], [40.0, 12.0, 4.0 + 60.0 + 60.0, 0.0]]);
    // Stopped at once, the third executes from 29 to 37.
    let first = Pool { fallback: cancelling(5.0).fallback, ..first };
    let (outcome, _) = group(vec![first, quick()], &[at(0.0), at(0.0), at(28.0)]).outcome();
    assert_eq!(pool_ledger(&outcome, 0), [20.0, 0.0, 60.0, 9.0 + 8.0]);
}

#[test]
fn of_copies_that_end_together_the_one_that_began_first_answers() {
    // The second is sent at 6: boot 6-26, service 26-30.
    let outcome = one(hedging(6.0), quick());
    assert_eq!(ledgers(&outcome), [[20.0, 10.0, 60.0, 0.0], [20.0, 0.0, 60.0, 4.0]]);
    assert_eq!((latencies(&outcome)[0], counts(&outcome)), (30.0, [1, 0, 2]));
}

#[test]
fn a_request_that_is_answered_in_time_is_not_sent_twice() {
    // At 30, the very instant of its answer.
    assert_eq!(one(hedging(30.0), quick()), one(pool(), quick()));
    assert_eq!(counts(&one(hedging(29.999), quick())), [1, 0, 1]);
}

#[test]
fn a_second_copy_comes_before_what_arrives_there_at_that_instant() {
    // One container there, warm. The copy is sent at 5 and executes 5-9; the other request waits for it.
    let warm = Pool { min_containers: 1, max_containers: 1, starts_ready: true, ..quick() };
    let other = Arrival { service: s(4.0), ..of(1, 5.0) };
    let (outcome, _) = group(vec![hedging(5.0), warm], &[at(0.0), other]).outcome();
    assert_eq!(latencies(&outcome), [9.0, 8.0]);
}

#[test]
fn a_copy_that_fails_leaves_the_request_to_the_other() {
    // The first is killed at 28, the second answers at 29.
    let strict = Pool { timeout: s(8.0), ..hedging(5.0) };
    let outcome = one(strict, quick());
    assert_eq!((latencies(&outcome)[0], counts(&outcome)), (29.0, [1, 1, 2]));
    assert_eq!(ledgers(&outcome), [[20.0, 0.0, 60.0, 8.0], [20.0, 4.0, 60.0, 0.0]]);
    // The second is killed at 28, the first answers at 30.
    let outcome = one(hedging(5.0), Pool { timeout: s(3.0), ..quick() });
    assert_eq!((latencies(&outcome)[0], counts(&outcome)), (30.0, [1, 0, 2]));
    assert_eq!(ledgers(&outcome), [[20.0, 10.0, 60.0, 0.0], [20.0, 0.0, 60.0, 3.0]]);
}

#[test]
fn a_request_fails_with_its_last_copy_after_the_retries_of_both() {
    // The first 20-28 and 29-37 in vain; the second 25-28 in vain.
    let strict = Pool { timeout: s(8.0), retries: Retries::fixed(1), ..hedging(5.0) };
    let outcome = one(strict.clone(), Pool { timeout: s(3.0), ..quick() });
    let model = &outcome.models[0];
    assert_eq!((model.failed, model.completed, model.late, counts(&outcome)), (1, 0, 1, [1, 0, 3]));
    assert_eq!(model.sojourn_ns, u128::from(s(37.0).0));
    assert_eq!(ledgers(&outcome), [[20.0, 0.0, 61.0, 16.0], [20.0, 0.0, 60.0, 3.0]]);
    // The second three times more: 29-32, 33-36, 37-40. It is the last.
    let outcome = one(strict, Pool { timeout: s(3.0), retries: Retries::fixed(3), ..quick() });
    assert_eq!((outcome.models[0].failed, outcome.models[0].sojourn_ns), (1, u128::from(s(40.0).0)));
}

#[test]
fn a_copy_that_waits_for_a_retry_leaves() {
    // Killed at 28, to be tried again at 29. The second is sent at 4.5 and answers at 28.5.
    let strict = Pool { timeout: s(8.0), retries: Retries::fixed(5), ..hedging(4.5) };
    let outcome = one(strict, quick());
    assert_eq!((latencies(&outcome)[0], counts(&outcome)), (28.5, [1, 1, 2]));
    assert_eq!(pool_ledger(&outcome, 0), [20.0, 0.0, 60.0, 8.0]);
}

#[test]
fn a_request_that_waits_for_a_retry_is_sent_a_second_time() {
    // Killed at 28; the second is sent at 28.5 and answers at 52.5, when the first has failed at 37.
    let strict = Pool { timeout: s(8.0), retries: Retries::fixed(1), ..hedging(28.5) };
    let outcome = one(strict, quick());
    assert_eq!((latencies(&outcome)[0], counts(&outcome)), (52.5, [1, 1, 3]));
}

#[test]
fn a_second_copy_that_is_rejected_leaves_the_first_alone() {
    let mut outcome = one(hedging(5.0), Pool { max_pending: Some(0), ..quick() });
    assert_eq!(counts(&outcome), [1, 0, 1]);
    outcome.models[0].hedged = 0;
    assert_eq!(outcome, one(pool(), quick()));
    // Where the first has failed before, the request is rejected: by a third pool, to which the second goes on.
    let full = Pool { max_pending: Some(0), ..quick() };
    let onward = Pool { timeout: s(3.0), fallback: Some(Fallback { on_failure: true, ..to(2) }), ..quick() };
    let strict = Pool { timeout: s(1.0), ..hedging(5.0) };
    let (outcome, _) = group(vec![strict, onward, full], &[at(0.0)]).outcome();
    let model = &outcome.models[0];
    assert_eq!((model.failed, model.rejected, model.fell_back, model.sojourn_ns), (0, 1, 0, u128::from(s(28.0).0)));
}

#[test]
fn a_request_that_has_fallen_back_is_not_sent_a_second_time() {
    let waits = |after: f64, on_wait: f64| {
        let fallback = Fallback { on_wait: Some(s(on_wait)), ..hedge(after) };
        one(Pool { fallback: Some(fallback), ..pool() }, quick())
    };
    let falls = one(Pool { fallback: Some(Fallback { on_wait: Some(s(5.0)), ..to(1) }), ..pool() }, quick());
    assert_eq!(falls.models[0].fell_back, 1);
    assert_eq!((waits(8.0, 5.0), waits(5.0, 5.0)), (falls.clone(), falls));
    // Nor does one fall back whose second copy is there: 24-28 there, 20-30 here.
    let outcome = waits(4.0, 5.0);
    assert_eq!((outcome.models[0].fell_back, counts(&outcome)), (0, [1, 1, 2]));
    assert_eq!(ledgers(&outcome), [[20.0, 0.0, 60.0, 10.0], [20.0, 4.0, 60.0, 0.0]]);
}

#[test]
fn on_failure_sends_no_third_copy_while_the_second_is_left() {
    let fallback = Some(Fallback { on_failure: true, ..hedge(5.0) });
    let strict = Pool { timeout: s(8.0), retries: Retries::fixed(5), fallback, ..pool() };
    // Killed at 28, and not tried again; the second answers at 29.
    let outcome = one(strict.clone(), quick());
    assert_eq!((latencies(&outcome)[0], counts(&outcome), outcome.models[0].fell_back), (29.0, [1, 1, 2], 0));
    // The second is killed first, 25-27: the first goes there at 28 after all, 28-30.
    let outcome = one(strict, Pool { timeout: s(2.0), ..quick() });
    assert_eq!((counts(&outcome), outcome.models[0].fell_back, outcome.models[0].failed), ([1, 0, 3], 1, 1));
    assert_eq!(pool_ledger(&outcome, 1), [20.0, 0.0, 1.0 + 60.0, 4.0]);
}

#[test]
fn the_next_step_of_a_chain_follows_the_first_completion_only() {
    let mut setting = group(vec![hedging(5.0), quick()], &[at(0.0)]);
    setting.models[0].next = Some(ChainStep { model: 1, probability: 1.0 });
    // Answered at 29 in the second pool, where the next step executes 29-33. The first copy ends at 30.
    let (outcome, _) = setting.outcome();
    assert_eq!((latencies(&outcome), outcome.models[1].arrived), (vec![29.0, 4.0], 1));
    assert_eq!((outcome.models[0].chains, outcome.models[0].chain_ns), (1, u128::from(s(33.0).0)));
}

#[test]
fn the_second_copy_has_the_service_time_of_the_request_and_failures_of_its_own() {
    let exponential = Law::Exponential { mean_s: 6.0 };
    let arrivals: Vec<Arrival> = (0u32..900)
        .map(|k| Arrival { luck: Luck(u64::from(k)), quantile: Quantile(k << 22), ..at(100.0 * f64::from(k)) })
        .collect();
    let warm = |pool: Pool| Pool { min_containers: 1, starts_ready: true, ..pool };
    let second = |fails: f64| {
        let mut second = warm(quick());
        second.models[0].services = vec![exponential.into()];
        second.models[0].failure_probability = fails;
        second.models[0].fails_at_end = true;
        second
    };
    let hedged = |first: Pool, fails: f64| {
        let mut setting = group(vec![first, second(fails)], &arrivals);
        setting.horizon.end = SimTime(s(90_000.0).0);
        setting.outcome().0.models[0]
    };
    // Killed here after 1 s, so that the second copy answers: sent at 1 s, it lasts what the law says of the request.
    let strict = Pool { timeout: s(2.0), ..warm(hedging(1.0)) };
    let lasts = |arrival: &Arrival| u128::from((s(1.0) + exponential.span(arrival.quantile)).0);
    assert_eq!(hedged(strict, 0.0).latency_ns, arrivals.iter().map(lasts).sum());
    // Both fail: 0.3 x 0.3 of 900 is 81 +- 9. With the same failures it would be 270.
    let mut flaky = warm(hedging(1.0));
    flaky.models[0].failure_probability = 0.3;
    flaky.models[0].fails_at_end = true;
    let failed = hedged(flaky, 0.3).failed;
    assert!((50..115).contains(&failed), "{failed}");
}

#[test]
fn a_request_whose_copies_nothing_will_serve_is_stuck_once() {
    let mut setting = group(vec![hedging(5.0), quick()], &[at(0.0)]);
    setting.quota = Quota { containers: 0, ..Quota::NONE };
    let (outcome, _) = setting.outcome();
    assert_eq!((outcome.models[0].stuck, outcome.models[0].late, counts(&outcome)), (1, 1, [1, 0, 0]));
    assert_eq!(outcome.models[0].sojourn_ns, u128::from(s(1000.0).0));
}
