//! What came out of a trial.

use std::ops::AddAssign;

use serde::{Deserialize, Serialize};

use crate::ledger::Ledger;
use crate::quantities::SimSpan;

/// The outcome of one trial of a group of pools, or the sum of several.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// One entry a model of the group.
    pub models: Vec<ModelOutcome>,
    /// One entry a pool of the group.
    pub pools: Vec<PoolOutcome>,
    /// Most containers (booting or up) of all pools together at any instant inside the horizon.
    pub peak_containers: u32,
    /// Length of the horizon in nanoseconds, summed over trials.
    pub horizon_ns: u64,
}

/// The outcome of one model's requests that arrived inside the horizon, and the container time that it caused inside
/// it: boots that its requests started, execution, and the idle time after it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelOutcome {
    /// Requests.
    pub arrived: u64,
    /// Requests that completed.
    pub completed: u64,
    /// Requests whose last try failed.
    pub failed: u64,
    /// Requests that were turned away because too many were queued.
    pub rejected: u64,
    /// Requests whose client gave up.
    pub abandoned: u64,
    /// Requests that no container will ever serve: still in the system when nothing more can happen, or 30 days after
    /// the horizon. Their time in the system counts to its end.
    pub stuck: u64,
    /// Requests that waited for a boot: served by a container that became ready after they arrived.
    pub cold: u64,
    /// Requests that were not executed at the instant of their arrival.
    pub waited: u64,
    /// Requests that went to a fallback pool.
    pub fell_back: u64,
    /// Requests that were sent a second time, to the fallback pool, because they were not answered in time.
    pub hedged: u64,
    /// Of those, the ones that the second copy answered.
    pub hedge_wins: u64,
    /// Executions that began.
    pub executions: u64,
    /// Executions that began with the load of an adapter.
    #[serde(default)]
    pub adapter_loads: u64,
    /// Boots that its requests started inside the horizon (`min_containers` boot with the pool's first model).
    pub boots: u64,
    /// Requests that did not complete or took longer than the model's limit.
    pub late: u64,
    /// Sum of the latencies of completed requests, in nanoseconds.
    pub latency_ns: u128,
    /// Sum of the times from arrival to the end of all requests, whichever it was, in nanoseconds.
    pub sojourn_ns: u128,
    /// Sum of the times from arrival to the first execution, or to the end without one, in nanoseconds.
    pub wait_ns: u128,
    /// Chains that began with its requests and came to their end with every step completed.
    pub chains: u64,
    /// Sum of their times from the first arrival to the last completion, in nanoseconds.
    pub chain_ns: u128,
    /// Container time by state.
    pub ledger: Ledger,
}

/// The outcome of one pool inside the horizon.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoolOutcome {
    /// Container time by state: one entry a GPU type of the pool and model of the group, type by type.
    pub ledgers: Vec<Ledger>,
    /// Most containers (booting or up) at any instant.
    pub peak_containers: u32,
    /// Boots that were begun, whatever began them.
    pub boots: u64,
    /// Boots that failed.
    pub boot_failures: u64,
    /// Boots that were cancelled.
    pub cancelled: u64,
    /// Containers that were preempted.
    pub preemptions: u64,
    /// Times that the quota kept a wanted container from starting.
    pub denied: u64,
    /// Batches, and those of them that were full.
    pub batches: u64,
    /// Batches that were full.
    pub full_batches: u64,
    /// Container time waiting for capacity, not billed, in nanoseconds.
    pub capacity_wait_ns: u64,
    /// What the bill adds by rounding containers up to its increment and minimum, in nanoseconds a GPU type.
    pub rounding_ns: Vec<u64>,
}

impl ModelOutcome {
    /// The first try of a request starts.
    #[inline]
    pub(crate) fn count_start(&mut self, wait: SimSpan, cold: bool) {
        self.cold += u64::from(cold);
        self.waited += u64::from(wait > SimSpan::ZERO);
        self.wait_ns += u128::from(wait.0);
    }

    /// A request completes.
    #[inline]
    pub(crate) fn count_completion(&mut self, latency: SimSpan, limit: SimSpan) {
        self.completed += 1;
        self.latency_ns += u128::from(latency.0);
        self.sojourn_ns += u128::from(latency.0);
        self.late += u64::from(latency > limit);
    }
}

impl AddAssign<&ModelOutcome> for ModelOutcome {
    fn add_assign(&mut self, other: &Self) {
        self.arrived += other.arrived;
        self.completed += other.completed;
        self.failed += other.failed;
        self.rejected += other.rejected;
        self.abandoned += other.abandoned;
        self.stuck += other.stuck;
        self.cold += other.cold;
        self.waited += other.waited;
        self.fell_back += other.fell_back;
        self.hedged += other.hedged;
        self.hedge_wins += other.hedge_wins;
        self.executions += other.executions;
        self.adapter_loads += other.adapter_loads;
        self.boots += other.boots;
        self.late += other.late;
        self.latency_ns += other.latency_ns;
        self.sojourn_ns += other.sojourn_ns;
        self.wait_ns += other.wait_ns;
        self.chains += other.chains;
        self.chain_ns += other.chain_ns;
        self.ledger += other.ledger;
    }
}

impl AddAssign<&PoolOutcome> for PoolOutcome {
    /// Sums; the peak is the greater of the two.
    fn add_assign(&mut self, other: &Self) {
        self.ledgers.resize(self.ledgers.len().max(other.ledgers.len()), Ledger::default());
        for (mine, theirs) in self.ledgers.iter_mut().zip(&other.ledgers) {
            *mine += *theirs;
        }
        self.rounding_ns.resize(self.rounding_ns.len().max(other.rounding_ns.len()), 0);
        for (mine, theirs) in self.rounding_ns.iter_mut().zip(&other.rounding_ns) {
            *mine += theirs;
        }
        self.peak_containers = self.peak_containers.max(other.peak_containers);
        self.boots += other.boots;
        self.boot_failures += other.boot_failures;
        self.cancelled += other.cancelled;
        self.preemptions += other.preemptions;
        self.denied += other.denied;
        self.batches += other.batches;
        self.full_batches += other.full_batches;
        self.capacity_wait_ns += other.capacity_wait_ns;
    }
}

impl PoolOutcome {
    /// All its container time by state.
    #[must_use]
    pub fn ledger(&self) -> Ledger {
        let mut total = Ledger::default();
        for ledger in &self.ledgers {
            total += *ledger;
        }
        total
    }
}

impl Outcome {
    /// All models together.
    #[must_use]
    pub fn total(&self) -> ModelOutcome {
        let mut total = ModelOutcome::default();
        for model in &self.models {
            total += model;
        }
        total
    }
}

impl AddAssign<&Outcome> for Outcome {
    /// Sums the counts; peaks are the greater of the two.
    fn add_assign(&mut self, other: &Self) {
        self.models.resize(self.models.len().max(other.models.len()), ModelOutcome::default());
        for (mine, theirs) in self.models.iter_mut().zip(&other.models) {
            *mine += theirs;
        }
        self.pools.resize(self.pools.len().max(other.pools.len()), PoolOutcome::default());
        for (mine, theirs) in self.pools.iter_mut().zip(&other.pools) {
            *mine += theirs;
        }
        self.peak_containers = self.peak_containers.max(other.peak_containers);
        self.horizon_ns += other.horizon_ns;
    }
}
