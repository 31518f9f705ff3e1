//! How much longer requests take on one GPU type than on another, over models.

use serde::{Deserialize, Serialize};

use crate::fit::{Factor, Kind};
use crate::pooling::Pooling;
use crate::runs::CellName;
use crate::sample::push_once;

use super::CalibratedCell;
use super::bounds::bounds;

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
    /// How many models were measured on both.
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
            sources: sources_of_both(gpu, reference, cells),
        })
    };
    gpus.iter().filter(|gpu| **gpu != reference).filter_map(of).collect()
}

/// Who measured the models that were measured on both.
pub(super) fn sources_of_both(gpu: &str, reference: &str, cells: &[CalibratedCell]) -> Vec<String> {
    let fitted: Vec<&CalibratedCell> =
        cells.iter().filter(|cell| cell.pooled.is_some_and(|pooled| pooled.own.is_some())).collect();
    let mut sources = Vec::new();
    for cell in fitted.iter().filter(|cell| cell.name.gpu == gpu) {
        let name = CellName { gpu: reference.to_owned(), ..cell.name.clone() };
        let base = fitted.iter().filter(|other| other.name == name);
        for source in base.chain([cell]).flat_map(|of| &of.rows.sources) {
            push_once(&mut sources, source.clone());
        }
    }
    sources
}
