//! Shapes of requests, where the engine asks for a service time that the arrival did not bring: requests of 10 s that
//! are half or double that.

use std::sync::Arc;

use super::*;
use crate::batching::{BatchWait, Batching};
use crate::group::ChainStep;
use crate::pool::Hardware;
use crate::service::Service;
use crate::shape::{Shape, ShapeLaw, Shapes, Work};
use crate::{Boot, Capacity, Fallback, Scarcity};

/// Half of the requests have half of the steps, the others twice as many.
fn work(fixed_share: f64) -> Arc<Work> {
    let reference = Shape { steps: 20.0, megapixels: 1.0, frames: 1.0, images: 1.0 };
    let law = ShapeLaw { fixed_share, megapixels_exponent: 1.0, frames_exponent: 1.0 };
    let one = || vec![(1.0, 1.0)];
    let shapes = Shapes::Independent([vec![(1.0, 10.0), (1.0, 40.0)], one(), one(), one()]);
    Arc::new(Work::of(&shapes, &reference, &law))
}

fn service(seconds: f64, fixed_share: f64) -> Service {
    Service { law: lasting(seconds), work: Some(work(fixed_share)) }
}

/// A request of twice or of half the steps, whose service time is that of a GPU type of 10 s.
fn shaped(seconds: f64, is_long: bool) -> Arrival {
    let (own, factor) = (service(10.0, 0.0), if is_long { 2.0 } else { 0.5 });
    let luck = (1..1_000).map(Luck).find(|luck| own.factor(*luck) == factor).expect("half of all");
    let quantile = Quantile::default();
    Arrival { service: own.span(quantile, luck), luck, quantile, ..at(seconds) }
}

#[test]
fn a_request_keeps_its_shape_in_the_pool_to_which_it_falls_back() {
    let fallback =
        Fallback { pool: 1, on_rejection: false, on_failure: true, on_wait: None, predicted: false, hedge: None };
    let strict = Pool { timeout: s(4.0), fallback: Some(fallback), ..pool() };
    let mut spare = pool();
    // 4 s at the reference, of which half does not grow: 0.5 + 0.5 x 2 = 1.5 times, and 0.5 + 0.5 x 0.5 = 0.75 times.
    spare.models[0].services = vec![service(4.0, 0.5)];
    for (is_long, lasts) in [(true, 6.0), (false, 3.0)] {
        let outcome = group(vec![strict.clone(), spare.clone()], &[shaped(0.0, is_long)]).outcome().0;
        assert_eq!(pool_ledger(&outcome, 0), [20.0, 0.0, 60.0, 4.0]);
        // Killed at 24; the other pool boots until 44.
        assert_eq!((pool_ledger(&outcome, 1), mean_latency(&outcome)), ([20.0, lasts, 60.0, 0.0], 44.0 + lasts));
    }
}

#[test]
fn another_gpu_type_has_a_fixed_share_of_its_own() {
    let mut ranked = pool();
    ranked.hardware.push(Hardware { gpu: 1, gpus: 1 });
    ranked.models[0].boots = vec![Boot::of(lasting(20.0)); 2];
    ranked.models[0].services = vec![service(10.0, 0.0), service(4.0, 0.5)];
    let never = vec![vec![Scarcity { from: SimTime::START, to: SimTime(s(900.0).0) }]];
    let capacity = vec![Capacity { wait: None, scarcity: Some(0) }, Capacity { wait: None, scarcity: None }];
    for (is_long, lasts) in [(true, 6.0), (false, 3.0)] {
        let setting = group(vec![ranked.clone()], &[shaped(0.0, is_long)]);
        let outcome = Setting { capacity: capacity.clone(), scarcity: never.clone(), ..setting }.outcome().0;
        assert_eq!((ledger(&outcome), mean_latency(&outcome)), ([20.0, lasts, 60.0, 0.0], 20.0 + lasts));
    }
}

#[test]
fn a_retry_with_a_fresh_service_time_has_the_shape_of_the_first_try() {
    let mut fresh = Pool { timeout: s(12.0), retries: Retries { fresh_service: true, ..Retries::fixed(1) }, ..pool() };
    fresh.models[0].services = vec![service(3.0, 0.0)];
    // 20 s, killed at 32; again from 33, twice the 3 s.
    let (outcome, _) = run(&fresh, &[shaped(0.0, true)]);
    assert_eq!((ledger(&outcome), mean_latency(&outcome)), ([20.0, 6.0, 1.0 + 60.0, 12.0], 39.0));
}

#[test]
fn the_next_step_of_a_chain_has_a_shape_of_its_own() {
    let mut setting = group(vec![pool(), pool()], &[shaped(0.0, true)]);
    for pool in &mut setting.pools {
        pool.models[1].services = vec![service(8.0, 0.0)];
    }
    setting.models[0].next = Some(ChainStep { model: 1, probability: 1.0 });
    let lasts = |luck: Luck| {
        let own = Arrival { luck, ..shaped(0.0, true) };
        let outcome = Setting { arrivals: vec![own], ..setting.clone() }.outcome().0;
        latencies(&outcome)[1]
    };
    // Boot of 20 s, then 4 s or 16 s, whatever the first step was.
    let mut seen: Vec<f64> = (0..40).map(|luck| lasts(Luck(luck))).collect();
    seen.sort_by(f64::total_cmp);
    seen.dedup();
    assert_eq!(seen, [24.0, 36.0]);
}

#[test]
fn a_batch_lasts_as_long_as_its_longest_item_and_a_part_of_the_others() {
    let batching = Batching { max_batch_size: 3, wait: BatchWait::Oldest(s(5.0)), item_share: 0.4 };
    let mut batches = Pool { execution: Execution::Batched(batching), target_inputs: 3, ..pool() };
    batches.models[0].services = vec![service(10.0, 0.0)];
    // 20 s, and 0.4 of twice 5 s; in whichever order they came.
    for long in 0..3 {
        let arrivals: Vec<Arrival> = (0..3).map(|k| shaped(f64::from(k), k == long)).collect();
        let (outcome, _) = run(&batches, &arrivals);
        assert_eq!((ledger(&outcome), outcome.pools[0].full_batches), ([20.0, 24.0, 60.0, 0.0], 1));
    }
}

#[test]
fn inputs_that_share_a_container_have_work_by_their_shapes() {
    let half = Execution::Shared(crate::Efficiency::Power(0.0));
    let shared = Pool { execution: half, max_inputs: 2, target_inputs: 2, ..pool() };
    // 5 s of work and 20 s: together until 30, when the short one is done; the other has 15 s left.
    let (outcome, _) = run(&shared, &[shaped(0.0, false), shaped(0.0, true)]);
    assert_eq!((ledger(&outcome), mean_latency(&outcome)), ([20.0, 25.0, 60.0, 0.0], f64::midpoint(30.0, 45.0)));
}

#[test]
fn the_predicted_wait_is_that_of_the_mean_shape() {
    let fallback = Fallback {
        pool: 1,
        on_rejection: false,
        on_failure: false,
        on_wait: Some(s(32.4)),
        predicted: true,
        hedge: None,
    };
    let mut first = Pool { fallback: Some(fallback), max_containers: 1, ..pool() };
    // The mean factor is 1.25: a boot of 20 s and one request of 12.5 s before it are 32.5 s.
    first.models[0].services = vec![service(10.0, 0.0)];
    let fell_back = |on_wait| {
        let mut first = first.clone();
        first.fallback.iter_mut().for_each(|fallback| fallback.on_wait = Some(s(on_wait)));
        group(vec![first, pool()], &[shaped(0.0, false)]).outcome().0.models[0].fell_back
    };
    assert_eq!([fell_back(32.4), fell_back(32.6)], [1, 0]);
}
