//! Every trial lies within its bounds, whatever the rules: tried on random groups.

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};

use super::random_group::{config, setting};
use super::setting::Setting;
use super::*;
use crate::floor::{Floor, assert_within_bounds, least_billed};
use crate::group::Quota;
use crate::pool::Execution;

/// The floor and the shortest latencies of each model.
fn floors(setting: &Setting) -> (Vec<Floor>, Vec<LatencyHistogram>) {
    let mut floors = vec![Floor::default(); setting.models.len()];
    let mut soonest = vec![LatencyHistogram::default(); setting.models.len()];
    setting.clients.iter().for_each(|clients| floors[usize::from(clients.model)].leave_open());
    for arrival in &setting.arrivals {
        let model = usize::from(arrival.model);
        let home = &setting.pools[usize::from(setting.models[model].home)];
        floors[model].add(home, setting.horizon, arrival, &mut soonest[model]);
    }
    (floors, soonest)
}

fn group(setting: &Setting) -> Group<'_> {
    let Setting { pools, models, quota, capacity, .. } = setting;
    Group { pools, models, quota: *quota, capacity }
}

/// How many requests were done by a time, for every time that a histogram tells apart.
fn done_by(latencies: &LatencyHistogram, edges: &[f64]) -> Vec<f64> {
    edges.iter().map(|edge| latencies.count_up_to(*edge)).collect()
}

proptest! {
    #![proptest_config(config(3_000))]

    #[test]
    fn every_trial_lies_within_its_bounds(setting in setting(true)) {
        let (outcome, latencies) = setting.outcome();
        let (group, (floors, soonest)) = (group(&setting), floors(&setting));
        assert_within_bounds(&group, &floors, &outcome, &latencies, &|| "a random group".to_owned());
        for (m, floor) in floors.iter().enumerate() {
            if floor.latency(&group, m, &outcome.models[m]).is_err() {
                continue;
            }
            prop_assert!(floor.certain().0 <= outcome.models[m].completed);
            // No share of the requests is done earlier than by themselves, so no percentile is shorter.
            let edges: Vec<f64> = (0..60).map(|k| 0.5 * 1.15_f64.powi(k)).collect();
            for (simulated, soonest) in done_by(&latencies[m], &edges).iter().zip(done_by(&soonest[m], &edges)) {
                prop_assert!(*simulated <= soonest + 1e-9, "{simulated} of {soonest}");
            }
        }
    }

    /// Containers that are all up before the first request, one for each: nobody waits, and the bounds are met.
    #[test]
    fn with_a_container_for_everybody_latencies_are_at_their_bound(setting in setting(true)) {
        let mut setting = setting;
        setting.clients.clear();
        setting.pools.truncate(1);
        setting.boots.truncate(1);
        setting.lucks.truncate(1);
        setting.quota = Quota::NONE;
        for model in &mut setting.models {
            (model.home, model.next) = (0, None);
        }
        let pool = &mut setting.pools[0];
        (pool.min_containers, pool.max_containers, pool.starts_ready) = (200, 200, true);
        (pool.max_inputs, pool.target_inputs) = (1, 1);
        (pool.execution, pool.preemption, pool.host_speed_cv) = (Execution::Serial, None, 0.0);
        (pool.fallback, pool.patience, pool.max_pending, pool.boots.bound) = (None, None, None, false);
        pool.schedule.clear();
        pool.hardware.truncate(1);
        for model in &mut pool.models {
            model.switch_in.iter_mut().for_each(|switch| *switch = SimSpan::ZERO);
            model.adapters = None;
        }
        let (outcome, latencies) = setting.outcome();
        let (group, (floors, soonest)) = (group(&setting), floors(&setting));
        for (m, floor) in floors.iter().enumerate() {
            let of_model = &outcome.models[m];
            prop_assert_eq!(floor.certain(), (of_model.completed, of_model.latency_ns));
            prop_assert_eq!(&soonest[m], &latencies[m]);
        }
        let least = least_billed(&group, 0, &floors, &outcome, &latencies).expect("all rules are off");
        let busy = outcome.pools[0].ledger();
        let executed = busy.get(crate::State::Busy).0 + busy.get(crate::State::Wasted).0;
        // What the run-in still executes inside the horizon is not needed by those that count.
        prop_assert!(least.least_ns <= u128::from(executed));
        if setting.horizon.start == SimTime::START {
            prop_assert!(least.least_ns + least.behind_ns >= u128::from(executed));
        }
    }
}

/// The tests above would say nothing if nothing were ever known.
#[test]
fn the_bounds_are_met_in_earnest() {
    let (mut bills, mut near, mut latencies_known) = (0, 0, 0);
    let mut runner = TestRunner::new_with_rng(config(1), TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    for _ in 0..400 {
        let setting = setting(true).new_tree(&mut runner).expect("a setting").current();
        let (outcome, latencies) = setting.outcome();
        let (group, (floors, _)) = (group(&setting), floors(&setting));
        for p in 0..setting.pools.len() {
            let billed = u128::from(outcome.pools[p].ledger().billed().0);
            if let Ok(least) = least_billed(&group, p, &floors, &outcome, &latencies) {
                bills += u32::from(least.least_ns > 0);
                near += u32::from(least.least_ns * 4 > billed && billed > 0);
            }
        }
        let known = |m: &usize| floors[*m].latency(&group, *m, &outcome.models[*m]).is_ok_and(|least| least.sum_ns > 0);
        latencies_known += (0..floors.len()).filter(known).count();
    }
    assert!(bills > 100 && near > 20 && latencies_known > 100, "{bills} bills, {near} near, {latencies_known}");
}
