//! An allocation trial by trial: what studies of their own are made of, and what a person looks at.

use fleetfront_scenario::Scenario;
use fleetfront_sim::{
    LatencyHistogram, Ledger, ModelOutcome, Observers, Occupancy, PoolOutcome, Timeline, Trace, TraceEvent,
};
use rayon::prelude::*;
use serde::Serialize;

use crate::control::{Control, Interrupted};
use crate::groups::{ReadyGroup, Scratch, groups};
use crate::requests::Requests;

/// What is kept of each trial besides counts and latencies.
#[derive(Debug, Clone, Copy, Default)]
pub struct Look {
    /// Times from arrival to the first execution.
    pub waits: bool,
    /// Time by number of containers.
    pub occupancies: bool,
    /// Bins of the timeline; 0 for none.
    pub bins: usize,
}

/// One trial.
#[derive(Debug, Clone, Serialize)]
pub struct Replication {
    /// Which.
    pub trial: u32,
    /// Seconds that count.
    pub horizon_s: f64,
    /// One entry a model, in the scenario's order.
    pub models: Vec<ModelReplication>,
    /// One entry a pool, in the allocation's order.
    pub pools: Vec<PoolReplication>,
}

/// One model in one trial.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ModelReplication {
    /// Counts and sums.
    pub outcome: ModelOutcome,
    /// Latencies.
    pub latencies: LatencyHistogram,
    /// Waits, if they were looked at.
    pub waits: Option<LatencyHistogram>,
}

/// One pool in one trial.
#[derive(Debug, Clone, Default, Serialize)]
pub struct PoolReplication {
    /// Counts and sums.
    pub outcome: PoolOutcome,
    /// Container time by state.
    pub ledger: Ledger,
    /// What its containers cost.
    pub cost_usd: f64,
    /// Time by number of containers, if it was looked at.
    pub occupancy: Option<Occupancy>,
    /// The timeline, if it was looked at.
    pub timeline: Option<Timeline>,
}

/// Runs the trials of an allocation, each by itself: trial `k` is the same whichever others are run.
///
/// - `allocation`: its index in the scenario; all its cells must be feasible.
/// - `trials`: which.
///
/// # Errors
/// [`Interrupted`] when `control` was cancelled.
///
/// # Panics
/// If `allocation` is out of range or cannot run, or a conservation law is broken.
pub fn replicate(
    scenario: &Scenario,
    allocation: usize,
    trials: std::ops::Range<u32>,
    seed: u64,
    look: Look,
    control: &Control,
) -> Result<Vec<Replication>, Interrupted> {
    let ready = groups(scenario, &scenario.allocations[allocation]);
    control.expect(u64::from(trials.end - trials.start));
    trials
        .into_par_iter()
        .map_init(Scratch::default, |scratch, trial| {
            let replication = one(scenario, allocation, &ready, (seed, trial), look, scratch);
            control.step()?;
            Ok(replication)
        })
        .collect()
}

fn one(
    scenario: &Scenario,
    allocation: usize,
    ready: &[ReadyGroup],
    (seed, trial): (u64, u32),
    look: Look,
    scratch: &mut Scratch,
) -> Replication {
    let horizon = scenario.traffic.horizon();
    let requests = Requests::on_demand(&scenario.traffic, seed);
    let mut replication = Replication {
        trial,
        horizon_s: (horizon.end - horizon.start).as_secs_f64(),
        models: vec![ModelReplication::default(); scenario.models.len()],
        pools: vec![PoolReplication::default(); scenario.allocations[allocation].pools.len()],
    };
    for group in ready {
        let (models, pools) = (group.models.len(), group.places.len());
        let mut latencies = vec![LatencyHistogram::default(); models];
        let mut waits = vec![LatencyHistogram::default(); if look.waits { models } else { 0 }];
        let mut occupancies = vec![Occupancy::default(); if look.occupancies { pools } else { 0 }];
        let timelines = if look.bins > 0 { pools } else { 0 };
        let mut timelines: Vec<Timeline> = (0..timelines).map(|_| Timeline::new(horizon, look.bins)).collect();
        let mut observers = Observers {
            waits: &mut waits,
            timelines: &mut timelines,
            occupancies: &mut occupancies,
            ..Observers::latencies(&mut latencies)
        };
        let outcome = group.simulate(scenario, &requests, trial, scratch, &mut observers);
        let mut waits = waits.into_iter();
        for (k, latencies) in latencies.into_iter().enumerate() {
            let outcome = outcome.models[k];
            replication.models[group.models[k].0] = ModelReplication { outcome, latencies, waits: waits.next() };
        }
        let (mut occupancies, mut timelines) = (occupancies.into_iter(), timelines.into_iter());
        for (place, pool) in outcome.pools.into_iter().enumerate() {
            replication.pools[group.places[place]] = PoolReplication {
                ledger: pool.ledger(),
                cost_usd: group.cost_usd(place, &pool),
                outcome: pool,
                occupancy: occupancies.next(),
                timeline: timelines.next(),
            };
        }
    }
    replication
}

/// One event of a trial, with names.
#[derive(Debug, Clone, PartialEq)]
pub struct TracedEvent {
    /// Seconds from the beginning of the day that counts; negative in the run-in.
    pub at_s: f64,
    /// Name of the pool.
    pub pool: String,
    /// Name of the model, where a request is concerned.
    pub model: Option<String>,
    /// The event itself; pools and models in it are counted within the group that the pool belongs to.
    pub event: TraceEvent,
    /// Names of the group's pools and models, for the numbers in the event.
    pub names: (Vec<String>, Vec<String>),
}

/// The first events of one trial, group by group in the order of the allocation's pools.
///
/// - `limit`: so many of each group.
///
/// # Panics
/// If `allocation` is out of range or cannot run.
#[must_use]
pub fn trace_trial(scenario: &Scenario, allocation: usize, seed: u64, trial: u32, limit: usize) -> Vec<TracedEvent> {
    let horizon = scenario.traffic.horizon();
    let requests = Requests::on_demand(&scenario.traffic, seed);
    let mut events = Vec::new();
    for group in groups(scenario, &scenario.allocations[allocation]) {
        let mut latencies = vec![LatencyHistogram::default(); group.models.len()];
        let mut trace = Trace::new(limit);
        let mut observers = Observers { trace: Some(&mut trace), ..Observers::latencies(&mut latencies) };
        // The outcome is looked at elsewhere.
        let _ = group.simulate(scenario, &requests, trial, &mut Scratch::default(), &mut observers);
        let pools: Vec<String> =
            group.places.iter().map(|place| scenario.allocations[allocation].pools[*place].name.clone()).collect();
        let models: Vec<String> = group.models.iter().map(|(model, _)| scenario.models[*model].name.clone()).collect();
        events.extend(trace.events.into_iter().map(|event| TracedEvent {
            at_s: (event.at.0 as f64 - horizon.start.0 as f64) / 1e9,
            pool: pools[usize::from(event.pool)].clone(),
            model: event.request.map(|(_, model)| models[usize::from(model)].clone()),
            names: (pools.clone(), models.clone()),
            event,
        }));
    }
    events.sort_by(|a, b| a.at_s.total_cmp(&b.at_s));
    events.truncate(limit);
    events
}
