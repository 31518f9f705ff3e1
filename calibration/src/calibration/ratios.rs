//! How much longer requests take on one GPU type than on another, over models.

use serde::{Deserialize, Serialize};

use crate::fit::{Factor, Kind};
use crate::pooling::Pooling;
use crate::runs::CellName;
use crate::sample::push_once;

use super::bounds::bounds;
use super::{CalibratedCell, Flag};

/// The ratio of a GPU type to the reference, over the models that were measured on both.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GpuRatio {
    /// The GPU type.
    pub gpu: String,
    /// How many times as long a request takes as on the reference: the geometric mean over models.
    pub ratio: f64,
    /// Holds the ratio of one more model nine times in ten.
    pub factor: Factor,
    /// Standard deviation of the logarithm of the ratio between models.
    pub between_models: f64,
    /// How many models were measured on both at one shape.
    pub models: usize,
    /// Always derived.
    pub kind: Kind,
    /// Of all runs on both.
    pub sources: Vec<String>,
}

/// The ratios of all GPU types that have a model in common with the reference, by name.
pub(super) fn ratios(pooling: &Pooling, reference: &str, cells: &[CalibratedCell]) -> Vec<GpuRatio> {
    let mut gpus: Vec<&str> = cells.iter().map(|cell| cell.name.gpu.as_str()).collect();
    gpus.sort_unstable();
    gpus.dedup();
    let of = |gpu: &&str| {
        let effects = pooling.ratio(gpu, None)?;
        let predicted = effects.predicted();
        Some(GpuRatio {
            gpu: (*gpu).to_owned(),
            ratio: predicted.median_s(),
            factor: bounds(&predicted),
            between_models: effects.tau,
            models: effects.k,
            kind: Kind::Derived,
            sources: sources_of_both(gpu, pooling, cells),
        })
    };
    gpus.iter().filter(|gpu| **gpu != reference).filter_map(of).collect()
}

/// Who measured the models that are compared on both.
pub(super) fn sources_of_both(gpu: &str, pooling: &Pooling, cells: &[CalibratedCell]) -> Vec<String> {
    let mut sources = Vec::new();
    for name in pooling.compared(gpu) {
        let base = CellName { gpu: pooling.reference().to_owned(), ..name.clone() };
        let of_both = [&base, name].into_iter().filter_map(|name| cells.iter().find(|cell| cell.name == *name));
        for source in of_both.flat_map(|cell| &cell.rows.sources) {
            push_once(&mut sources, source.clone());
        }
    }
    sources
}

/// A cell whose times are of another shape than those of its model on the reference.
pub(super) fn not_compared(cell: &CellName, pooling: &Pooling) -> Option<Flag> {
    let shapes = pooling.shapes_apart(cell)?.map(ToString::to_string);
    Some(Flag::NotCompared { shapes, reference: pooling.reference().to_owned() })
}
