//! The rules of the contract, each shown on a trial small enough to follow by eye. Instants are in seconds; boots last
//! 20 s, services 10 s, windows 60 s unless a test says otherwise.

#![expect(clippy::float_cmp, reason = "whole seconds are exact in floating point")]

use super::setting::Setting;
use super::*;
use crate::law::Law;
use crate::ledger::State;

use crate::group::GroupModel;
use crate::histogram::LatencyHistogram;
use crate::pool::{Execution, PoolModel};
use crate::quantile::Quantile;
use crate::quantities::SimSpan;
use crate::request::Luck;
use crate::retries::Retries;
use crate::stream::StreamKey;

pub(crate) fn pool() -> Pool {
    Pool { max_containers: u32::MAX, ..Pool::new(vec![PoolModel::new(1, s(30.0))]) }
}

fn s(seconds: f64) -> SimSpan {
    SimSpan::from_secs_f64(seconds)
}

fn at(seconds: f64) -> Arrival {
    Arrival { at: SimTime(s(seconds).0), service: s(10.0), luck: Luck(1), quantile: Quantile::default(), model: 0 }
}

/// A trial over [0, 1000) s. Returns the outcome and the median latency of each model in seconds.
fn run(pool: &Pool, arrivals: &[Arrival]) -> (Outcome, Vec<LatencyHistogram>) {
    let laws = vec![Law::Deterministic { seconds: 20.0 }.ready_for_few(); pool.models.len()];
    let mut boots = BootTimes::new(1, 0, StreamKey::FLEET, &laws);
    let mut latencies = vec![LatencyHistogram::default(); pool.models.len()];
    let horizon = Horizon { start: SimTime::START, end: SimTime(s(1000.0).0) };
    let mut workspace = Workspace::default();
    let outcome = simulate(pool, arrivals, &mut boots, horizon, &mut workspace, &mut latencies, None);
    (outcome, latencies)
}

/// Boot, busy, idle and wasted seconds.
fn ledger(outcome: &Outcome) -> [f64; 4] {
    State::ALL.map(|state| outcome.total().ledger.get(state).as_secs_f64())
}

/// The same of one pool.
fn pool_ledger(outcome: &Outcome, p: usize) -> [f64; 4] {
    State::ALL.map(|state| outcome.pools[p].ledger().get(state).as_secs_f64())
}

/// The mean latency of each model in seconds, of those that completed.
fn latencies(outcome: &Outcome) -> Vec<f64> {
    outcome.models.iter().map(|m| m.latency_ns as f64 / 1e9 / m.completed as f64).collect()
}

/// A request of a model.
fn of(model: u16, seconds: f64) -> Arrival {
    Arrival { model, ..at(seconds) }
}

fn mean_latency(outcome: &Outcome) -> f64 {
    outcome.total().latency_ns as f64 / 1e9 / outcome.total().completed as f64
}

/// Pools that each serve the model with their number, over [0, 1000) s.
fn group(mut pools: Vec<Pool>, arrivals: &[Arrival]) -> Setting {
    let models = pools.len();
    for pool in &mut pools {
        // What a test says of the first model holds for all.
        let model = &mut pool.models[0];
        model.switch_in = vec![SimSpan::ZERO; models];
        if model.services.is_empty() {
            model.services = vec![lasting(10.0).into()];
        }
        pool.models = vec![model.clone(); models];
    }
    Setting {
        boots: vec![vec![lasting(20.0); models]; models],
        lucks: (0..models as u32).map(|p| Luck(0).child(p)).collect(),
        models: (0..models as u16).map(|home| GroupModel { home, next: None }).collect(),
        arrivals: arrivals.to_vec(),
        horizon: Horizon { start: SimTime::START, end: SimTime(s(1000.0).0) },
        pools,
        ..Setting::default()
    }
}

fn lasting(seconds: f64) -> Law {
    Law::Deterministic { seconds }
}

#[test]
fn an_isolated_request_bills_boot_service_and_window() {
    let (outcome, _) = run(&pool(), &[at(100.0)]);
    assert_eq!(ledger(&outcome), [20.0, 10.0, 60.0, 0.0]);
    assert_eq!((outcome.total().boots, outcome.total().cold, outcome.peak_containers), (1, 1, 1));
    approx::assert_relative_eq!(mean_latency(&outcome), 30.0);
}

#[test]
fn a_request_inside_the_window_is_warm_and_restarts_it() {
    // Ready at 20, free at 30; the second is served 80-90 and its window ends at 150.
    let (outcome, _) = run(&pool(), &[at(0.0), at(80.0)]);
    assert_eq!(ledger(&outcome), [20.0, 20.0, 50.0 + 60.0, 0.0]);
    assert_eq!((outcome.total().boots, outcome.total().cold), (1, 1));
}

#[test]
fn a_container_whose_window_ends_at_the_instant_of_an_arrival_serves_it() {
    let (outcome, _) = run(&pool(), &[at(0.0), at(90.0)]);
    assert_eq!(outcome.total().boots, 1);
    let (outcome, _) = run(&pool(), &[at(0.0), at(90.000_001)]);
    assert_eq!(outcome.total().boots, 2);
}

#[test]
fn a_request_is_not_bound_to_the_boot_that_it_caused() {
    // The second finds the first container busy (20-30) and starts a boot (25-45), but is served by the first at 30.
    let (outcome, _) = run(&pool(), &[at(0.0), at(25.0)]);
    assert_eq!((outcome.total().boots, outcome.total().cold), (2, 1));
    approx::assert_relative_eq!(mean_latency(&outcome), f64::midpoint(30.0, 15.0));
    // The second container boots all the same, finds no work and idles for its window.
    assert_eq!(ledger(&outcome), [40.0, 20.0, 120.0, 0.0]);
}

#[test]
fn a_burst_starts_no_more_boots_than_requests_wait() {
    let (outcome, _) = run(&pool(), &[at(0.0), at(1.0), at(2.0), at(60.0)]);
    assert_eq!(outcome.total().boots, 3);
}

#[test]
fn max_containers_makes_requests_wait() {
    let one = Pool { max_containers: 1, ..pool() };
    let (outcome, _) = run(&one, &[at(0.0), at(0.0), at(0.0)]);
    assert_eq!((outcome.total().boots, outcome.peak_containers), (1, 1));
    approx::assert_relative_eq!(mean_latency(&outcome), (30.0 + 40.0 + 50.0) / 3.0);
}

#[test]
fn the_most_recently_idle_container_serves_so_the_other_expires() {
    // Two containers from 0; both free at 30 and 31. Requests every 40 s go to the one used last.
    let mut arrivals = vec![at(0.0), at(1.0)];
    arrivals.extend([70.0, 110.0, 150.0].map(at));
    let (outcome, _) = run(&pool(), &arrivals);
    assert_eq!(outcome.total().boots, 2);
    // The first stops at 90 (idle 30-90); the second idles 31-70, 80-110, 120-150 and 160-220.
    assert_eq!(ledger(&outcome)[2], 60.0 + 39.0 + 30.0 + 30.0 + 60.0);
}

#[test]
fn min_containers_are_always_up() {
    let warm = Pool { min_containers: 1, ..pool() };
    let (outcome, _) = run(&warm, &[at(500.0)]);
    assert_eq!(ledger(&outcome), [20.0, 10.0, 970.0, 0.0]);
    assert_eq!(outcome.total().cold, 0);
}

#[test]
fn at_the_floor_an_expired_container_stays_until_the_floor_lets_it_go() {
    // min 1. Two requests at 0: a second container boots 0-20 beside the first. Both are served 20-30 and fall idle at
    // 30 (the first, index 0, first). At 90 both windows have run out: one stops, the other is the floor.
    let warm = Pool { min_containers: 1, ..pool() };
    let (outcome, _) = run(&warm, &[at(0.0), at(0.0)]);
    assert_eq!(ledger(&outcome), [40.0, 20.0, 60.0 + 970.0, 0.0]);
}

#[test]
fn a_buffer_container_runs_only_while_the_pool_is_active() {
    let buffered = Pool { buffer_containers: 1, ..pool() };
    let (outcome, _) = run(&buffered, &[at(0.0)]);
    // The buffer boots beside the first, falls idle at 20, is held by the floor until 30 and leaves at 80.
    assert_eq!(ledger(&outcome), [40.0, 10.0, 60.0 + 60.0, 0.0]);
}

#[test]
fn a_buffer_held_past_its_window_leaves_when_the_pool_falls_idle() {
    let buffered = Pool { buffer_containers: 1, ..pool() };
    let long = Arrival { service: s(100.0), ..at(0.0) };
    let (outcome, _) = run(&buffered, &[long]);
    // The buffer is idle from 20; its window ends at 80 but the floor holds it until the request ends at 120.
    assert_eq!(ledger(&outcome), [40.0, 100.0, 100.0 + 60.0, 0.0]);
}

#[test]
fn serial_inputs_wait_inside_the_container() {
    let serial = Pool { max_inputs: 5, target_inputs: 5, ..pool() };
    let (outcome, _) = run(&serial, &[at(0.0), at(0.0), at(0.0), at(25.0)]);
    assert_eq!((outcome.total().boots, outcome.peak_containers), (1, 1));
    assert_eq!(ledger(&outcome), [20.0, 40.0, 60.0, 0.0]);
    approx::assert_relative_eq!(mean_latency(&outcome), (30.0 + 40.0 + 50.0 + (60.0 - 25.0)) / 4.0);
}

#[test]
fn parallel_inputs_share_a_container_without_slowing_down() {
    let parallel = Pool { max_inputs: 5, target_inputs: 5, execution: Execution::Parallel, ..pool() };
    let (outcome, _) = run(&parallel, &[at(0.0), at(0.0), at(25.0)]);
    // Served 20-30, 20-30 and 25-35: busy 15 s of container time.
    assert_eq!(ledger(&outcome), [20.0, 15.0, 60.0, 0.0]);
    approx::assert_relative_eq!(mean_latency(&outcome), (30.0 + 30.0 + 10.0) / 3.0);
}

#[test]
fn a_sixth_input_starts_a_second_container() {
    let serial = Pool { max_inputs: 5, target_inputs: 5, ..pool() };
    let (outcome, _) = run(&serial, &[at(0.0); 6]);
    assert_eq!((outcome.total().boots, outcome.peak_containers), (2, 2));
}

#[test]
fn a_shared_container_pays_for_switching_models() {
    let model = |from: [f64; 2]| PoolModel { switch_in: from.map(s).to_vec(), ..pool().models[0].clone() };
    let shared = Pool { models: vec![model([0.0, 5.0]), model([7.0, 0.0])], ..pool() };
    let second = |t: f64| Arrival { model: 1, ..at(t) };
    // Boots with model 0; 0 (10 s), 1 (7 + 10 s), 1 (10 s), 0 (5 + 10 s).
    let (outcome, _) = run(&shared, &[at(0.0), second(40.0), second(70.0), at(100.0)]);
    assert_eq!(outcome.total().boots, 1);
    assert_eq!(ledger(&outcome)[1], 10.0 + 17.0 + 10.0 + 15.0);
    let by_model = [0, 1].map(|m| outcome.models[m].ledger.get(State::Busy).as_secs_f64());
    assert_eq!(by_model, [25.0, 27.0]);
}

#[test]
fn a_try_longer_than_the_timeout_is_killed_billed_and_failed() {
    let strict = Pool { timeout: s(8.0), retries: Retries::fixed(2), ..pool() };
    let (outcome, latencies) = run(&strict, &[at(0.0)]);
    // Three tries of 8 s with pauses of 1 s, all wasted.
    assert_eq!(ledger(&outcome), [20.0, 0.0, 1.0 + 1.0 + 60.0, 24.0]);
    assert_eq!((outcome.total().failed, outcome.total().late), (1, 1));
    assert_eq!(latencies[0].quantile_s(0.5), Some(f64::INFINITY));
}

#[test]
fn a_try_of_exactly_the_timeout_completes() {
    let (outcome, _) = run(&Pool { timeout: s(10.0), ..pool() }, &[at(0.0)]);
    assert_eq!(outcome.total().completed, 1);
}

#[test]
fn failures_follow_their_probability_and_retries_mend_them() {
    let mut flaky = pool();
    flaky.models[0].failure_probability = 0.3;
    let arrivals: Vec<Arrival> =
        (0u32..900).map(|k| Arrival { luck: Luck(u64::from(k)), service: s(0.5), ..at(f64::from(k)) }).collect();
    let (once, _) = run(&flaky, &arrivals);
    let (thrice, _) = run(&Pool { retries: Retries::fixed(2), ..flaky }, &arrivals);
    // Binomial: 270 +- 14 of 900 fail once, 24 +- 5 three times in a row.
    assert!((210..330).contains(&once.total().failed), "{}", once.total().failed);
    assert!((5..50).contains(&thrice.total().failed), "{}", thrice.total().failed);
    assert!(ledger(&once)[3] > 0.0);
}

#[test]
fn only_the_horizon_is_counted() {
    let laws = [Law::Deterministic { seconds: 20.0 }.ready_for_few()];
    let mut boots = BootTimes::new(1, 0, StreamKey::FLEET, &laws);
    let mut latencies = [LatencyHistogram::default()];
    let horizon = Horizon { start: SimTime(s(100.0).0), end: SimTime(s(200.0).0) };
    let arrivals = [at(50.0), at(95.0), at(195.0)];
    let mut workspace = Workspace::default();
    let outcome = simulate(&pool(), &arrivals, &mut boots, horizon, &mut workspace, &mut latencies, None);
    // In the run-in: boot 50-70, service 70-80, service 95-105, window until 165. Counted: boot 195-215, of which 5 s
    // lie inside; its request completes at 225 and its latency counts.
    assert_eq!(ledger(&outcome), [5.0, 5.0, 60.0, 0.0]);
    assert_eq!((outcome.total().arrived, outcome.total().completed, outcome.total().boots), (1, 1, 1));
    approx::assert_relative_eq!(mean_latency(&outcome), 30.0);
}

#[test]
fn a_timeline_adds_up_to_the_ledger() {
    let laws = [Law::Deterministic { seconds: 20.0 }.ready_for_few()];
    let mut boots = BootTimes::new(1, 0, StreamKey::FLEET, &laws);
    let mut latencies = [LatencyHistogram::default()];
    let horizon = Horizon { start: SimTime::START, end: SimTime(s(1000.0).0) };
    let mut timeline = Timeline::new(horizon, 7);
    let arrivals = [at(3.0), at(4.0), at(100.0), at(777.0)];
    let mut workspace = Workspace::default();
    let outcome =
        simulate(&pool(), &arrivals, &mut boots, horizon, &mut workspace, &mut latencies, Some(&mut timeline));
    for state in State::ALL {
        let bins: u64 = timeline.states_ns.iter().map(|bin| bin[state as usize]).sum();
        assert_eq!(bins, outcome.total().ledger.get(state).0, "{state:?}");
    }
    assert_eq!(timeline.arrivals.iter().sum::<u64>(), 4);
    // 3 and 4 wait for boots until 23 and 24, 777 until 797; 100 finds both containers gone at 93 and 94.
    assert_eq!(timeline.queue_ns.iter().sum::<u64>(), s(80.0).0);
}

mod adapters;
mod batches;
mod boots;
mod capacity;
mod clients;
mod failures;
mod fallback;
mod hedge;
mod limits;
mod never_met;
mod quota;
mod shapes;
mod shared;
mod stories;
mod watching;
mod windows;
