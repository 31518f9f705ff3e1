//! A calibration with all that is reported of it: how well laws fit, what arithmetic says, which variants
//! may be used where.

mod arithmetic;
mod peaks;
#[cfg(test)]
mod tests;
mod usable;

use fleetfront_sim::Law;
use serde::{Deserialize, Serialize};

use crate::calibration::{CalibratedCell, Calibration, CalibrationOptions, PooledPhase};
use crate::failures::FailureRate;
use crate::laws::{Family, FitEstimate, Goodness, goodness_of_fit};
use crate::memory::Memory;
use crate::roofline::Roofline;
use crate::runs::{Run, Runs, Shape};

pub use arithmetic::{BesideArithmetic, Disagreement};
pub use peaks::{PeakOfVariant, PeakOnGpu};
pub use usable::{FailureOnGpu, QualityOfVariant, VariantFact, VariantFacts};

/// Coverage of the intervals of failures.
const FAILURE_COVERAGE: f64 = 0.95;

/// Fewest different times that are drawn against a law.
const LEAST_DISTINCT: usize = 3;

/// A calibration as it is reported.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CalibrationStudy {
    /// In the order of [`Calibration::cells`].
    pub cells: Vec<CellStudy>,
    /// Of each phase with runs.
    pub pooled: Vec<PooledPhase>,
    /// Peaks of memory beside what GPUs have, with features, quality and failures.
    pub memory: Vec<PeakOfVariant>,
}

/// A cell as it is reported.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CellStudy {
    /// The cell: its `rows` say kind, sources and age of every number here.
    pub cell: CalibratedCell,
    /// The mean of its law, with the ends between which it is nine times in ten; `None` without a law.
    pub mean_s: Option<MeanBounds>,
    /// Standard deviation over mean of its law; `None` without one.
    pub cv: Option<f64>,
    /// Its times against the law that they were fitted with.
    pub fitness: Fitness,
    /// 95 % interval of its probability of failure (Clopper and Pearson); `None` where no run tells.
    pub failure_interval: Option<(f64, f64)>,
    /// Failures of requests of other shapes than the times are of, each shape with any by itself.
    pub failures_of_other_shapes: Vec<FailuresOfShape>,
    /// What arithmetic says; `None` where it knows neither the model nor the GPU.
    pub arithmetic: Option<BesideArithmetic>,
}

/// How often requests of one shape fail.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FailuresOfShape {
    /// The shape.
    pub shape: Shape,
    /// How often.
    pub rate: FailureRate,
    /// 95 % interval of the probability (Clopper and Pearson).
    pub interval: (f64, f64),
}

/// A mean with its bounds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct MeanBounds {
    /// In seconds.
    pub value: f64,
    /// Lower end, in seconds.
    pub low: f64,
    /// Upper end, in seconds.
    pub high: f64,
}

/// How times compare with their law.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fitness {
    /// Held against it.
    Tested {
        /// The family of the law, fitted to these times alone.
        family: Family,
        /// The law itself.
        law: Box<Law>,
        /// Its parameters by name.
        parameters: Vec<(String, FitEstimate)>,
        /// The tests, and the points of the figures.
        goodness: Goodness,
    },
    /// Not held against it.
    Untested {
        /// Why.
        because: String,
    },
}

/// How much is drawn for a study.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StudyEffort {
    /// Samples a cell for its goodness of fit.
    pub replicates: u32,
    /// Of all random numbers.
    pub seed: u64,
}

/// What a calibration is held against.
#[derive(Debug, Clone, Copy)]
pub struct StudyFacts<'a> {
    /// What GPUs have, and what variants are said to need.
    pub memory: &'a Memory,
    /// What arithmetic predicts.
    pub roofline: &'a Roofline,
    /// What a scenario says of features, quality and failures.
    pub variants: &'a VariantFacts,
}

impl CalibrationStudy {
    /// Calibrates, and holds the result against everything else that is known.
    ///
    /// # Panics
    /// If no replicate is asked for.
    #[must_use]
    pub fn of(runs: &Runs, options: &CalibrationOptions, facts: StudyFacts<'_>, effort: StudyEffort) -> Self {
        let Calibration { cells, pooled } = Calibration::of(runs, options);
        let memory = peaks::peaks(&cells, runs, facts.memory, facts.variants);
        let cells = cells.into_iter().map(|cell| CellStudy::of(cell, runs, facts.roofline, effort)).collect();
        Self { cells, pooled, memory }
    }
}

impl CellStudy {
    fn of(cell: CalibratedCell, runs: &Runs, roofline: &Roofline, effort: StudyEffort) -> Self {
        let mean_s = cell.fit.as_ref().map(|fit| {
            let (value, factor) = (fit.law.mean_s(), fit.whole_factor());
            MeanBounds { value, low: value * factor.low, high: value * factor.high }
        });
        Self {
            mean_s,
            cv: cell.fit.as_ref().map(|fit| fit.law.cv()),
            fitness: Fitness::of(&cell, effort),
            failure_interval: cell.failures.as_ref().map(|rate: &FailureRate| rate.interval(FAILURE_COVERAGE)),
            failures_of_other_shapes: of_other_shapes(&cell, runs),
            arithmetic: arithmetic::beside(&cell, runs, roofline),
            cell,
        }
    }
}

/// Failures of shapes that the cell's times are not of. A cell without a shape has those of all.
fn of_other_shapes(cell: &CalibratedCell, runs: &Runs) -> Vec<FailuresOfShape> {
    if cell.timed == Shape::default() {
        return Vec::new();
    }
    let rows = runs.rows.iter().filter(|run| run.phase == cell.phase && run.cell == cell.name);
    let others: Vec<&Run> = rows.filter(|run| run.shape != cell.timed).collect();
    let rates = FailureRate::by_shape(&others).into_iter().filter(|(_, rate)| rate.probability() > 0.0);
    let of = |(shape, rate): (&Shape, FailureRate)| FailuresOfShape {
        shape: shape.clone(),
        rate,
        interval: rate.interval(FAILURE_COVERAGE),
    };
    rates.map(of).collect()
}

impl Fitness {
    fn of(cell: &CalibratedCell, effort: StudyEffort) -> Self {
        let untested = |because: &str| Self::Untested { because: because.to_owned() };
        let Some((times, fit)) = cell.sample_and_fit() else {
            return untested("fewer times than the law has parameters");
        };
        let mut distinct = times.ended_s().to_vec();
        distinct.dedup();
        if distinct.len() < LEAST_DISTINCT {
            return untested("fewer than three different times");
        }
        let names = fit.family.parameter_names().iter().map(ToString::to_string);
        match goodness_of_fit(&fit, &times, effort.seed, effort.replicates) {
            Ok(goodness) => {
                let parameters = names.zip(fit.parameters()).collect();
                Self::Tested { family: fit.family, law: Box::new(fit.law), parameters, goodness }
            }
            Err(error) => untested(&error.to_string()),
        }
    }
}
