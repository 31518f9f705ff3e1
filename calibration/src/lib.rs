//! Benchmarks to distributions.
//!
//! Every law knows its kind, its sources and how many measurements stand behind it. Deliberately absent: the scenario
//! file format and the simulation.

mod benchmarks;
mod boots;
mod censored;
mod curve_file;
mod families;
mod fit;
mod memory;
mod prices;
mod problem;
mod provenance;
mod sample;
mod service;
mod spread;
mod stirling;
mod table;
mod trace_file;

pub use benchmarks::{BenchmarkRow, Benchmarks, Finding};
pub use boots::{BootRow, Boots};
pub use censored::TimeOnTest;
pub use curve_file::read_load_curve;
pub use families::{Family, FamilyFit, FitError, Parameters, compare_families, fit_family};
pub use fit::{Factor, Fit, Kind, RestsOn, RowsOf};
pub use memory::{Holder, Memory, MemoryRow};
pub use prices::{PriceRow, Prices};
pub use problem::Problem;
pub use provenance::Provenance;
pub use table::{NO_ROWS, table_cells};
pub use trace_file::{TRACE_HEADER, read_trace};

#[cfg(test)]
mod shipped;
