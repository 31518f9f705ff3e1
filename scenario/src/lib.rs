//! The scenario: what the user writes, checked once, and what it means.
//!
//! A scenario is a folder: `scenario.toml` and the CSV files that it names. [`Files`] holds the texts,
//! [`Scenario::load`] turns them into a [`Scenario`] with only legal states, or says everything that is wrong with them.
//!
//! Deliberately absent: simulation, figures, exit codes.

mod adapters;
mod arrivals;
mod clock;
mod contradictions;
mod coupling;
mod criteria;
mod criteria_check;
mod curves;
mod document;
mod failure_counts;
mod feasibility;
pub mod file;
mod files;
mod findings;
mod grid;
mod growth;
mod input_changes;
mod large_file;
mod law_file;
mod load;
mod model_files;
mod models;
mod nowhere;
mod on_platform;
mod overload;
#[cfg(test)]
mod pasted;
mod platform;
mod pooling;
mod pools;
mod presets;
mod render;
mod repair;
mod replay;
mod resolve;
mod resolved;
pub mod rules;
mod rules_check;
mod runs;
mod schema;
mod seen;
mod settings;
mod shapes;
mod spikes;
mod structure;
mod suggest;
mod tables;
#[cfg(test)]
mod testing;
mod traffic;
mod traffic_replay;
#[cfg(test)]
mod traffic_round_trip;
mod traffic_section;
mod traffic_shapes;

pub use adapters::AdapterMix;
pub use clock::Clock;
pub use failure_counts::{CellFailures, FailureCounts, SeenFailures};
pub use files::Files;
pub use fleetfront_calibration::{Problem, Provenance};
pub use grid::contradiction;
pub use input_changes::{InputChange, input_changes};
pub use large_file::LargeFile;
pub use law_file::LawFile;
pub use overload::{Overload, overload};
pub use platform::Platform;
pub use pools::RECOMMENDED;
pub use presets::{BesideGpu, Billing, Per, Preset, PresetGpu, PresetWindow, preset, presets};
pub use render::render;
pub use repair::{Mend, Repair, nearest_repair, repaired};
pub use resolved::{
    Allocation, BootPlan, Capacity, Cell, ChainStep, Criteria, Feasibility, Gpu, Grid, Infeasible, LatencyReading,
    Model, NaiveEstimate, PoolPlan, PoolSettings, Quality, Quota, ScarcityProcess, Scenario, Variant,
};
pub use rules::Rules;
pub use rules_check::time_of_day;
pub use schema::json_schema;
pub use shapes::ShapeMix;
pub use suggest::nearest;
pub use traffic_replay::{traffic_replay_section, traffic_trace_files};
pub use traffic_section::{traffic_load_files, traffic_section, traffic_source};
pub use traffic_shapes::traffic_shape_files;
