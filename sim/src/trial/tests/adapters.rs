//! Adapters that take 3 s to load. Two of them are needed alike, unless a test says otherwise.

use std::sync::Arc;

use super::*;
use crate::adapters::Adapters;

fn adapters(weights: &[f64], held: u32) -> Arc<Adapters> {
    Arc::new(Adapters::new(weights, lasting(3.0), held))
}

fn holding(held: u32) -> Pool {
    let mut pool = Pool { max_containers: 1, ..pool() };
    pool.models[0].adapters = Some(adapters(&[1.0, 1.0], held));
    pool
}

/// A request that needs this one.
fn needs(adapter: u32, seconds: f64) -> Arrival {
    let all = adapters(&[1.0, 1.0], 1);
    let luck = (1..1_000).map(Luck).find(|luck| all.of(*luck) == adapter).expect("half of all");
    Arrival { luck, ..at(seconds) }
}

#[test]
fn an_adapter_that_is_not_held_is_loaded_first() {
    let arrivals = [needs(0, 0.0), needs(0, 40.0), needs(1, 60.0), needs(0, 80.0)];
    // Boot until 20, load until 23, executed until 33. Held at 40. The other one: 60-63-73. Gone by then: 80-83-93.
    let (outcome, _) = run(&holding(1), &arrivals);
    assert_eq!(ledger(&outcome), [20.0, 4.0 * 10.0 + 3.0 * 3.0, 7.0 + 10.0 + 7.0 + 60.0, 0.0]);
    assert_eq!((mean_latency(&outcome), outcome.total().adapter_loads), ((33.0 + 10.0 + 13.0 + 13.0) / 4.0, 3));
    // Two are held: the last one does not load.
    let (outcome, _) = run(&holding(2), &arrivals);
    assert_eq!((mean_latency(&outcome), outcome.total().adapter_loads), ((33.0 + 10.0 + 13.0 + 10.0) / 4.0, 2));
    assert_eq!(ledger(&outcome), [20.0, 46.0, 7.0 + 10.0 + 7.0 + 60.0, 0.0]);
}

#[test]
fn every_container_holds_its_own_and_a_new_one_nothing() {
    let two = Pool { max_containers: 2, ..holding(2) };
    // Each boots for one of the first two; the third comes to the one that fell idle last.
    let (outcome, _) = run(&two, &[needs(0, 0.0), needs(1, 1.0), needs(1, 50.0)]);
    assert_eq!((outcome.total().adapter_loads, outcome.total().boots), (2, 2));
    // The other one of the two had it: routing does not look.
    let (outcome, _) = run(&two, &[needs(0, 0.0), needs(1, 1.0), needs(0, 50.0)]);
    assert_eq!(outcome.total().adapter_loads, 3);
    // Stopped at 93; the next container is in the same place and holds nothing.
    let (outcome, _) = run(&two, &[needs(0, 0.0), needs(0, 200.0)]);
    assert_eq!((outcome.total().adapter_loads, mean_latency(&outcome)), (2, 33.0));
}

#[test]
fn another_model_takes_the_adapters_with_it() {
    let plain = PoolModel { switch_in: vec![s(7.0), SimSpan::ZERO], ..PoolModel::new(2, s(30.0)) };
    let with = PoolModel {
        switch_in: vec![SimSpan::ZERO, s(7.0)],
        adapters: Some(adapters(&[1.0, 1.0], 2)),
        ..PoolModel::new(2, s(30.0))
    };
    let both = Pool { models: vec![with, plain], max_containers: 1, ..pool() };
    // 20-23-33; the other model 40-47-57; back again: 60-67 the model, -70 the adapter, -80.
    let (outcome, _) = run(&both, &[needs(0, 0.0), of(1, 40.0), needs(0, 60.0)]);
    assert_eq!((latencies(&outcome), ledger(&outcome)), (vec![26.5, 17.0], [20.0, 50.0, 7.0 + 3.0 + 60.0, 0.0]));
    assert_eq!(outcome.total().adapter_loads, 2);
}

#[test]
fn a_load_counts_against_the_timeout_and_the_adapter_stays() {
    let strict = Pool { timeout: s(12.0), retries: Retries::fixed(1), ..holding(1) };
    // Killed after 12 of 13 s, at 32; the second try finds the adapter: 33-43.
    let (outcome, _) = run(&strict, &[needs(0, 0.0)]);
    assert_eq!((ledger(&outcome), mean_latency(&outcome)), ([20.0, 10.0, 1.0 + 60.0, 12.0], 43.0));
    assert_eq!((outcome.total().adapter_loads, outcome.total().executions), (1, 2));
}

#[test]
fn one_input_at_a_time_is_the_same_by_either_name() {
    let arrivals = [needs(0, 0.0), needs(1, 3.0), needs(0, 50.0)];
    let parallel = Pool { execution: Execution::Parallel, ..holding(1) };
    assert_eq!(run(&parallel, &arrivals), run(&holding(1), &arrivals));
    // Behind each other inside a container they load in turn: 20-33, 33-46, 50-63.
    let behind = Pool { max_inputs: 2, target_inputs: 2, ..holding(1) };
    let (outcome, _) = run(&behind, &arrivals);
    assert_eq!((mean_latency(&outcome), outcome.total().boots), ((33.0 + 43.0 + 13.0) / 3.0, 1));
}

#[test]
#[should_panic(expected = "adapters need one input at a time")]
fn several_inputs_at_once_are_none_that_load() {
    let _ = run(&Pool { execution: Execution::Parallel, max_inputs: 2, ..holding(1) }, &[needs(0, 0.0)]);
}

/// The share of requests that find their adapter, by King's formula (1971) for caches that drop the least recently
/// used: the stationary law of what is held, in its order.
fn king(shares: &[f64], held: &mut Vec<usize>, places: usize, probability: f64) -> f64 {
    if held.len() == places {
        return probability * held.iter().map(|k| shares[*k]).sum::<f64>();
    }
    let left = 1.0 - held.iter().map(|k| shares[*k]).sum::<f64>();
    let mut sum = 0.0;
    for k in 0..shares.len() {
        if !held.contains(&k) {
            held.push(k);
            sum += king(shares, held, places, probability * shares[k] / left);
            held.pop();
        }
    }
    sum
}

/// The same by brute force: the chain of what is held, step by step, until it stands still.
fn chain(shares: &[f64], places: usize) -> f64 {
    let mut law = std::collections::BTreeMap::from([(Vec::new(), 1.0)]);
    let mut hits = 0.0;
    for _ in 0..400 {
        let (before, mut after) = (std::mem::take(&mut law), std::collections::BTreeMap::new());
        hits = 0.0;
        for (held, probability) in before {
            for (k, share) in shares.iter().enumerate() {
                hits += if held.contains(&k) { probability * share } else { 0.0 };
                let mut next: Vec<usize> =
                    std::iter::once(k).chain(held.iter().copied().filter(|own| *own != k)).collect();
                next.truncate(places);
                *after.entry(next).or_insert(0.0) += probability * share;
            }
        }
        law = after;
    }
    hits
}

#[test]
fn requests_find_their_adapter_as_often_as_theory_says() {
    let shares = [0.5, 0.25, 0.15, 0.1];
    let n = 40_000_u32;
    let arrivals: Vec<Arrival> = std::iter::successors(Some(Luck::first(7)), |luck| Some(luck.next()))
        .zip(0..n)
        .map(|(luck, k)| Arrival { luck, service: s(1.0), ..at(5.0 * f64::from(k)) })
        .collect();
    for held in 1..=4 {
        let expected = king(&shares, &mut Vec::new(), held as usize, 1.0);
        approx::assert_relative_eq!(expected, chain(&shares, held as usize), max_relative = 1e-9);
        if held == 1 {
            approx::assert_relative_eq!(expected, shares.iter().map(|share| share * share).sum(), max_relative = 1e-12);
        }
        let mut warm = Pool { min_containers: 1, starts_ready: true, ..holding(1) };
        warm.models[0].adapters = Some(adapters(&shares, held));
        let mut setting = group(vec![warm], &arrivals);
        setting.horizon.end = SimTime(s(5.0 * f64::from(n) + 100.0).0);
        let (outcome, _) = setting.outcome();
        let loads = outcome.total().adapter_loads;
        let hits = 1.0 - loads as f64 / f64::from(n);
        // Hits of one request and the next are not independent; twice the deviation that they had then is ample.
        let error = (expected * (1.0 - expected) / f64::from(n)).sqrt();
        assert!((hits - expected).abs() <= 5.0 * error + 4.0 / f64::from(n), "{held} held: {hits}, not {expected}");
        // Nobody waits: each takes its second, and those that load 3 s more.
        assert_eq!(outcome.total().latency_ns, u128::from(s(1.0).0) * u128::from(n) + u128::from(s(3.0).0 * loads));
        assert!(hits <= adapters(&shares, held).hits_at_most() + 5.0 * error);
    }
}
