//! Benchmarks to distributions.
//!
//! Every law knows its kind, its sources and how many measurements stand behind it. Deliberately absent: the scenario
//! file format and the simulation.

mod benchmarks;
mod best_known;
mod billing;
mod billing_rates;
mod boots;
mod calibration;
mod contradictions;
mod curve_file;
mod day;
mod failures;
mod fit;
mod laws;
mod least_squares;
mod memory;
mod memory_fit;
mod nearest;
mod percentiles;
mod pooling;
mod prices;
mod problem;
mod provenance;
mod roofline;
mod runs;
mod sample;
mod service;
mod shape_fit;
mod shapes_file;
mod spread;
mod student;
mod study;
mod table;
mod trace_file;

pub use benchmarks::{BenchmarkRow, Benchmarks, Finding};
pub use best_known::BestKnown;
pub use billing::{BILLING_COLUMNS, BillingRow, read_billing_report};
pub use billing_rates::{RateCheck, RateChecks, StatedPrice, check_rates, read_billing_rates};
pub use boots::{BootRow, Boots};
pub use calibration::{
    CalibratedCell, Calibration, CalibrationOptions, Dispute, FailureRows, Flag, GpuRatio, LawBasis, LawRanking,
    OWN_LAW_N, PooledPhase, RankedLaw, RowsBehind, RunCounts, StatedCv,
};
pub use contradictions::{ContradictionRule, Contradictions, JudgedRow, Standing, TypicalTime};
pub use curve_file::read_load_curve;
pub use day::Day;
pub use failures::FailureRate;
pub use fit::{DERIVED_SIGMA, Factor, Fit, Kind, RestsOn, RowsOf};
pub use laws::{
    CdfStep, Choice, FIT_COVERAGE, Family, FitError, FitEstimate, Goodness, LawFit, QqPoint, REPLICATES, Refuted,
    RunnerUp, TestOfFit, Time, TimeOnTest, Times, choose_law, fit_law, goodness_of_fit, kaplan_meier, own_law,
};
pub use memory::{Holder, Memory, MemoryRow};
pub use memory_fit::{BORDERLINE_SHARE, MemoryClass, MemoryFit};
pub use nearest::{is_slip_of, nearest};
pub use percentiles::{Percentile, PercentileError, TwoPercentiles, lognormal_of};
pub use pooling::{
    CellEstimate, CellSpread, CellTimes, ENOUGH_CELLS, LogMedian, Pooling, PoolingError, RandomEffects, RatioOfModel,
    SPREAD_FLOOR, SpreadOfEffects, SpreadPrior, TAU_FLOOR, TimedAt,
};
pub use prices::{PriceRow, Prices};
pub use problem::{Problem, several};
pub use provenance::Provenance;
pub use roofline::{Achieved, Chip, LeftOut, Roofline, RooflineError, RooflinePrediction, RooflineVerdict, Work};
pub use runs::{
    Benchmarked, CellName, KnownModel, Phase, RUN_COLUMNS, Repeats, Run, RunEnd, Runs, RunsOptions, ServedAs, Shape,
    near_misses,
};
pub use shape_fit::{Beyond, Exponents, ShapeError, ShapeFit, ShapeMisfit, ShapeParameter, ShapePrediction};
pub use shapes_file::{
    SHAPE_COLUMNS, SHAPE_MOST, SHAPE_WEIGHT_MAX, ShapeSample, is_quantity, quantity_help, read_shapes,
};
pub use spread::{BORROWED_FREEDOM, OWN_SPREAD_N};
pub use study::{
    BesideArithmetic, CalibrationStudy, CellStudy, Disagreement, FailureOnGpu, FailuresOfShape, Fitness, MeanBounds,
    PeakOfVariant, PeakOnGpu, QualityOfVariant, StudyEffort, StudyFacts, VariantFact, VariantFacts,
};
pub use table::{NO_ROWS, table_cells};
pub use trace_file::{TRACE_HEADER, read_trace};

#[cfg(test)]
mod shipped;
