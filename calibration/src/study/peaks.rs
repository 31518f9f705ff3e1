//! Peaks of memory beside what GPUs have.

use serde::{Deserialize, Serialize};

use crate::calibration::CalibratedCell;
use crate::memory::{Holder, Memory};
use crate::memory_fit::MemoryFit;
use crate::provenance::Provenance;
use crate::runs::{RunEnd, Runs};

/// The peak of a variant, and the GPUs that it fits on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PeakOfVariant {
    /// The model.
    pub model: String,
    /// Its variant; may be empty.
    pub variant: String,
    /// The greatest peak of a request, in GiB.
    pub peak_gib: f64,
    /// Where the peak comes from.
    pub provenance: Provenance,
    /// The GPU on which it was measured; `None` where a table states it.
    pub measured_on: Option<String>,
    /// How it stands to every GPU whose memory is known.
    pub gpus: Vec<PeakOnGpu>,
}

/// A peak beside the memory of a GPU.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PeakOnGpu {
    /// The GPU type.
    pub gpu: String,
    /// How the peak stands to it.
    pub fit: MemoryFit,
    /// Where the memory of the GPU comes from.
    pub provenance: Provenance,
}

/// The peaks of all models of the cells: as runs measured them, else as the table states them.
pub(super) fn peaks(cells: &[CalibratedCell], runs: &Runs, memory: &Memory) -> Vec<PeakOfVariant> {
    let mut variants: Vec<(&str, &str)> =
        cells.iter().map(|cell| (cell.name.model.as_str(), cell.name.variant.as_str())).collect();
    variants.sort_unstable();
    variants.dedup();
    let peak = |(model, variant): (&str, &str)| {
        let (peak_gib, provenance, measured_on) = measured(runs, model, variant).or_else(|| {
            let row = memory.variant(model, variant)?;
            Some((row.gib, row.provenance.clone(), None))
        })?;
        let gpus = on_gpus(peak_gib, memory);
        Some(PeakOfVariant {
            model: model.to_owned(),
            variant: variant.to_owned(),
            peak_gib,
            provenance,
            measured_on,
            gpus,
        })
    };
    variants.into_iter().filter_map(peak).collect()
}

/// The greatest peak of a run that ended.
fn measured(runs: &Runs, model: &str, variant: &str) -> Option<(f64, Provenance, Option<String>)> {
    let ended = runs.rows.iter().filter(|run| {
        run.used && run.cell.model == model && run.cell.variant == variant && !matches!(run.end, RunEnd::Failed { .. })
    });
    let peaks = ended.filter_map(|run| Some((run.peak_gib?, run)));
    let (gib, run) = peaks.reduce(|a, b| if b.0 > a.0 { b } else { a })?;
    Some((gib, run.provenance.clone(), Some(run.cell.gpu.clone())))
}

fn on_gpus(peak_gib: f64, memory: &Memory) -> Vec<PeakOnGpu> {
    let known = memory.rows().iter().filter_map(|row| match &row.holder {
        Holder::Gpu { gpu } => Some((gpu, row)),
        Holder::Variant { .. } => None,
    });
    known
        .map(|(gpu, row)| PeakOnGpu {
            gpu: gpu.clone(),
            fit: MemoryFit::of(peak_gib, row.gib),
            provenance: row.provenance.clone(),
        })
        .collect()
}
