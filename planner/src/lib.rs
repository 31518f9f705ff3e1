//! Questions over many simulations: experiment, frontier, verdict, recommendation.
//!
//! Deliberately absent: files, figures, printing.

mod advice;
mod allocation;
mod assumptions;
mod break_even;
mod compare;
mod control;
mod coupled;
mod criteria;
mod engine_pool;
mod estimate;
mod experiment;
mod fleet_criteria;
mod fleets;
mod fresh;
mod frontier;
mod groups;
mod knob;
mod lateness;
mod metrics;
mod naive;
mod neighbours;
mod pairing;
mod partition;
mod points;
mod pooled;
mod race;
mod recommend;
mod reevaluate;
mod replications;
mod requests;
mod results;
mod run;
#[cfg(test)]
mod search_tests;
mod sections;
mod space;
pub mod statistics;
mod study;
mod summary;
mod tally;
mod unserved;
mod verdict;
mod why;

pub use assumptions::assumptions;
pub use compare::{Comparison, Difference, OpenQuestion, Precision, compare};
pub use control::{Control, Effort, Interrupted};
pub use estimate::{Estimate, paired_ratio, ratio, sectioned, sectioned_ratio};
pub use frontier::frontier_of_sums;
pub use knob::KnobUnit;
pub use metrics::{CostByState, Metrics};
pub use naive::naive_estimates;
pub use pairing::Probabilities;
pub use points::schedule_words;
pub use reevaluate::{Indifferent, Question, Reevaluation, Trigger, reevaluate};
pub use replications::{Look, ModelReplication, PoolReplication, Replication, TracedEvent, replicate, trace_trial};
pub use run::{run_study, simulate_allocation};
pub use space::{Pruned, SearchSpace, search_space};
pub use study::{
    AllocationMetrics, AllocationResult, Bridge, BridgeStep, CellSummary, Choice, CriterionResult, Day, FleetPoint,
    FreshDays, Frontier, GpuSummary, Judgement, ModelResult, ModelSummary, NaiveComparison, NaiveEstimate, Obstacle,
    Point, PoolResult, Recommendation, Role, Study, Verdict,
};
pub use summary::{cell_summaries, warnings};
pub use unserved::{Unserved, unserved};
pub use why::{Rival, Why, why};
