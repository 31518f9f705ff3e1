//! The scenario: what the user writes, checked once, and what it means.
//!
//! Deliberately absent: simulation, figures, exit codes.

mod resolved;

pub use resolved::{
    Allocation, Cell, Criteria, Feasibility, Gpu, Grid, Infeasible, LatencyReading, Model, NaiveEstimate, Platform,
    PoolPlan, PoolSettings, Provenance, Quality, Scenario, Variant,
};
