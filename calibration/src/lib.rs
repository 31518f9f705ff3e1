//! Benchmarks to distributions.
//!
//! Every law knows its kind, its sources and how many measurements stand behind it. Deliberately absent: the scenario
//! file format and the simulation.

mod benchmarks;
mod boots;
mod curve_file;
mod fit;
mod laws;
mod memory;
mod prices;
mod problem;
mod provenance;
mod sample;
mod service;
mod spread;
mod table;
mod trace_file;

pub use benchmarks::{BenchmarkRow, Benchmarks, Finding};
pub use boots::{BootRow, Boots};
pub use curve_file::read_load_curve;
pub use fit::{Factor, Fit, Kind};
pub use laws::{
    CdfStep, Choice, Empirical, FIT_COVERAGE, Family, FitError, FitEstimate, Goodness, LawFit, Nearest, QqPoint,
    REPLICATES, RunnerUp, TestOfFit, Time, TimeOnTest, Times, choose_law, fit_law, goodness_of_fit, kaplan_meier,
};
pub use memory::{Holder, Memory, MemoryRow};
pub use prices::{PriceRow, Prices};
pub use problem::Problem;
pub use provenance::Provenance;
pub use table::{NO_ROWS, table_cells};
pub use trace_file::{TRACE_HEADER, read_trace};

#[cfg(test)]
mod shipped;
