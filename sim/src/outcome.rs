//! What came out of a trial.

use std::ops::AddAssign;

use serde::{Deserialize, Serialize};

use crate::ledger::Ledger;

/// The outcome of one pool in one trial, or the sum of several.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// One entry a model of the pool.
    pub models: Vec<ModelOutcome>,
    /// Most containers (booting or up) at any instant inside the horizon.
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
    /// Requests that waited for a boot: served by a container that became ready after they arrived.
    pub cold: u64,
    /// Boots that its requests started inside the horizon (`min_containers` boot with the pool's first model).
    pub boots: u64,
    /// Requests that failed or took longer than the model's limit.
    pub late: u64,
    /// Sum of the latencies of completed requests, in nanoseconds.
    pub latency_ns: u128,
    /// Sum of the times from arrival to the first execution, in nanoseconds.
    pub wait_ns: u128,
    /// Container time by state.
    pub ledger: Ledger,
}

impl AddAssign<&ModelOutcome> for ModelOutcome {
    fn add_assign(&mut self, other: &Self) {
        self.arrived += other.arrived;
        self.completed += other.completed;
        self.failed += other.failed;
        self.cold += other.cold;
        self.boots += other.boots;
        self.late += other.late;
        self.latency_ns += other.latency_ns;
        self.wait_ns += other.wait_ns;
        self.ledger += other.ledger;
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
    /// Sums the counts; the peak is the greater of the two.
    fn add_assign(&mut self, other: &Self) {
        self.models.resize(self.models.len().max(other.models.len()), ModelOutcome::default());
        for (mine, theirs) in self.models.iter_mut().zip(&other.models) {
            *mine += theirs;
        }
        self.peak_containers = self.peak_containers.max(other.peak_containers);
        self.horizon_ns += other.horizon_ns;
    }
}
