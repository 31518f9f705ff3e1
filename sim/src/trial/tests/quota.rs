//! What pools share: a quota of containers and GPUs.

use super::*;
use crate::group::Quota;
use crate::pool::Hardware;
use crate::preemption::Preemption;
use crate::trial::purpose;

fn quota(containers: u32, gpus: u32) -> Quota {
    Quota { containers, gpus }
}

#[test]
fn a_start_above_the_quota_waits_until_something_stops() {
    let wide = |gpus| Pool { hardware: vec![Hardware { gpu: 0, gpus }], ..pool() };
    for (gpus, quota) in [(1, quota(1, 9)), (2, quota(9, 2))] {
        let two = group(vec![pool(), wide(gpus)], &[of(0, 0.0), of(1, 5.0)]);
        let (outcome, _) = Setting { quota, ..two }.outcome();
        // The first container is idle 30-90; the second boots 90-110.
        assert_eq!(latencies(&outcome), [30.0, 115.0]);
        assert_eq!((outcome.pools[1].denied, outcome.peak_containers), (1, 1));
        assert_eq!(pool_ledger(&outcome, 1), [20.0, 10.0, 60.0, 0.0]);
    }
}

#[test]
fn the_pool_whose_first_request_has_queued_longest_starts_first() {
    let three = group(vec![pool(); 3], &[of(0, 0.0), of(2, 5.0), of(1, 8.0)]);
    let (outcome, _) = Setting { quota: quota(1, 9), ..three }.outcome();
    // At 90 the third pool, at 180 the second.
    assert_eq!(latencies(&outcome), [30.0, 210.0 - 8.0, 120.0 - 5.0]);
}

#[test]
fn what_a_preemption_frees_goes_to_the_pool_that_has_queued_longest() {
    let warm = Pool { min_containers: 1, ..pool() };
    let two = Setting { quota: quota(1, 9), ..group(vec![warm, pool()], &[of(1, 5.0)]) };
    // The container of the first pool is taken away at 25. Without that the request would never be served.
    assert_eq!(two.outcome().0.total().stuck, 1);
    let luck = two.lucks[0].child(0).uniform(0, purpose::PREEMPTION);
    let mean = s(5.0 / -(1.0 - luck).ln());
    let mut taken = two.clone();
    taken.pools[0].preemption = Some(Preemption { mean, while_busy: false });
    let (outcome, _) = taken.outcome();
    // Boot 25-45, service 45-55.
    assert!((latencies(&outcome)[1] - 50.0).abs() < 1e-6, "{:?}", latencies(&outcome));
}

#[test]
fn a_quota_that_is_just_enough_does_nothing() {
    let arrivals = [of(0, 0.0), of(1, 5.0), of(1, 60.0), of(0, 300.0)];
    let two = group(vec![pool(), pool()], &arrivals);
    let free = two.outcome();
    assert_eq!(free.0.peak_containers, 2);
    assert_eq!(Setting { quota: quota(2, 2), ..two }.outcome(), free);
}
