//! What a pool is: one autoscaled set of identical containers, in the engine's terms.

use serde::{Deserialize, Serialize};

use crate::quantities::SimSpan;

/// What a container does with several inputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Execution {
    /// One at a time; the others wait inside the container.
    Serial,
    /// All at once, independently.
    Parallel,
}

/// A pool: its rules, and what each of its models brings.
#[derive(Debug, Clone, PartialEq)]
pub struct Pool {
    /// Containers that are always up.
    pub min_containers: u32,
    /// At most so many.
    pub max_containers: u32,
    /// Extra containers while the pool is active.
    pub buffer_containers: u32,
    /// How long an idle container stays.
    pub scaledown_window: SimSpan,
    /// Inputs a container accepts at once, at least 1.
    pub max_inputs: u32,
    /// What it does with them.
    pub execution: Execution,
    /// Longest execution of a try.
    pub timeout: SimSpan,
    /// Tries after the first.
    pub retries: u32,
    /// Pause before each retry.
    pub retry_delay: SimSpan,
    /// Its models, at least one; [`Arrival::model`](crate::Arrival) counts in this order.
    pub models: Vec<PoolModel>,
}

/// One model of a pool.
#[derive(Debug, Clone, PartialEq)]
pub struct PoolModel {
    /// Probability that a try fails, at an instant uniform over its execution.
    pub failure_probability: f64,
    /// Time to become the loaded model, by the model of this pool that is loaded before (own place: zero).
    pub switch_in: Vec<SimSpan>,
    /// Latency above which a request counts as late.
    pub latency_limit: SimSpan,
}

impl Pool {
    /// # Panics
    /// If a setting is outside what the engine simulates. The scenario refuses such settings by name; one that comes
    /// this far is a bug of ours.
    pub(crate) fn assert_legal(&self) {
        assert!(!self.models.is_empty(), "a pool without models");
        assert!(self.max_inputs >= 1, "a container that accepts nothing");
        assert!(self.max_containers >= 1 && self.min_containers <= self.max_containers, "min above max");
        for model in &self.models {
            assert_eq!(model.switch_in.len(), self.models.len(), "a switch time from every model of the pool");
            assert!((0.0..1.0).contains(&model.failure_probability), "a failure probability in [0, 1)");
        }
        let switches = self.models.iter().flat_map(|m| &m.switch_in).any(|s| *s > SimSpan::ZERO);
        assert!(!(switches && self.execution == Execution::Parallel), "model switches with parallel execution");
    }
}
