//! Peaks of memory beside what GPUs have.

use serde::{Deserialize, Serialize};

use crate::calibration::CalibratedCell;
use crate::memory::{Holder, Memory};
use crate::memory_fit::MemoryFit;
use crate::provenance::Provenance;
use crate::runs::{RunEnd, Runs};

use super::usable::{FailureOnGpu, OnGpu, QualityOfVariant, VariantFacts};

/// The peak of a variant, the GPUs that it fits on, and what else says whether it may be used there.
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
    /// GPU features that it cannot run without; empty too where nobody says.
    pub requires: Vec<String>,
    /// How its output stands to what is accepted.
    pub quality: QualityOfVariant,
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
    /// Features that the variant needs and the GPU lacks.
    pub lacks: Vec<String>,
    /// How often a request fails there; `None` where nothing says.
    pub failure: Option<FailureOnGpu>,
    /// Runs that ended there, although peak or features say that none can; 0 where nothing is contradicted.
    #[serde(default)]
    pub ended_all_the_same: u64,
}

/// The peaks of all models of the cells: as runs measured them, else as the table states them.
pub(super) fn peaks(
    cells: &[CalibratedCell],
    runs: &Runs,
    memory: &Memory,
    facts: &VariantFacts,
) -> Vec<PeakOfVariant> {
    let mut variants: Vec<(&str, &str)> =
        cells.iter().map(|cell| (cell.name.model.as_str(), cell.name.variant.as_str())).collect();
    variants.sort_unstable();
    variants.dedup();
    let peak = |(model, variant): (&str, &str)| {
        let (peak_gib, provenance, measured_on) = measured(runs, model, variant).or_else(|| {
            let row = memory.variant(model, variant)?;
            Some((row.gib, row.provenance.clone(), None))
        })?;
        let fact = facts.of(model, variant);
        let mut peak = PeakOfVariant {
            model: model.to_owned(),
            variant: variant.to_owned(),
            peak_gib,
            provenance,
            measured_on,
            requires: fact.map_or(Vec::new(), |fact| fact.requires.clone()),
            quality: QualityOfVariant::of(facts, fact),
            gpus: Vec::new(),
        };
        peak.gpus = on_gpus(&peak, cells, memory, facts);
        Some(peak)
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

fn on_gpus(peak: &PeakOfVariant, cells: &[CalibratedCell], memory: &Memory, facts: &VariantFacts) -> Vec<PeakOnGpu> {
    let PeakOfVariant { model, variant, .. } = peak;
    let fact = facts.of(model, variant);
    let known = memory.rows().iter().filter_map(|row| match &row.holder {
        Holder::Gpu { gpu } => Some((gpu, row)),
        Holder::Variant { .. } => None,
    });
    known
        .map(|(gpu, row)| {
            let fit = MemoryFit::of(peak.peak_gib, row.gib);
            let lacks = fact.map_or(Vec::new(), |fact| facts.lacks(fact, gpu));
            let provenances = [&peak.provenance, &row.provenance];
            let cell = CalibratedCell::of_failures(cells, model, variant, gpu);
            let on = OnGpu { fit, provenances, lacks: &lacks, cell };
            let (failure, ended_all_the_same) = (on.failure(facts, fact), on.ended_all_the_same());
            PeakOnGpu { gpu: gpu.clone(), fit, provenance: row.provenance.clone(), lacks, failure, ended_all_the_same }
        })
        .collect()
}
