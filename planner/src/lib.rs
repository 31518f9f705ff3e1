//! Questions over many simulations: experiment, frontier, verdict, recommendation.
//!
//! Deliberately absent: files, figures, printing.

mod estimate;
mod metrics;
mod study;

pub use estimate::{Estimate, paired_ratio, ratio, sectioned, sectioned_ratio};
pub use metrics::{CostByState, Metrics};
pub use study::{
    AllocationMetrics, AllocationResult, Bridge, BridgeStep, CellSummary, Choice, CriterionResult, Day, FleetPoint,
    Frontier, GpuSummary, Judgement, ModelResult, ModelSummary, NaiveComparison, NaiveEstimate, Obstacle, Point,
    PoolResult, Recommendation, Role, Study, Verdict,
};
