//! Benchmarks to distributions.
//!
//! Every law knows its kind, its sources and how many measurements stand behind it. Deliberately absent: the scenario
//! file format and the simulation.

mod fit;

pub use fit::{Factor, Fit, Kind};
