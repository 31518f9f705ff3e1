//! What runs of a cell showed besides their times: failures, memory, and how times grow with the shape.

use fleetfront_calibration::{BORDERLINE_SHARE, CalibratedCell, Calibration, FailureRate, FailureRows, Phase};

use crate::failure_counts::{CellFailures, SeenFailures};
use crate::feasibility::RunsFailed;
use crate::findings::Findings;
use crate::resolved::{Gpu, Model};
use crate::shapes::Measured;

/// What runs of a variant on a GPU type showed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seen<'a> {
    /// All of them failed.
    pub(crate) failed: Option<RunsFailed>,
    /// Some of them failed, and not all. A model's own probability stands where none did.
    pub(crate) failures: Option<CellFailures>,
    /// The greatest peak of GPU memory, in GiB.
    pub(crate) peak_gib: Option<f64>,
    /// How their times grow with the shape; `None` of one shape.
    pub(crate) shape_fit: Option<Measured<'a>>,
}

impl<'a> Seen<'a> {
    pub(crate) fn of(joined: Option<&'a Calibration>, model: &str, variant: &str, gpu: &str) -> Self {
        let Some(joined) = joined else { return Self::default() };
        let of_cell = |phase: Phase| {
            let mut cells = joined.cells.iter().filter(move |cell| cell.phase == phase);
            cells.find(|cell| (cell.name.model == model && cell.name.variant == variant) && cell.name.gpu == gpu)
        };
        let [warm, cold] = [Phase::Warm, Phase::Cold].map(of_cell);
        let tells = CalibratedCell::of_failures(&joined.cells, model, variant, gpu);
        let (failed, failures) = tells.map_or((None, None), judged);
        let peaks = [warm, cold].into_iter().flatten().filter_map(|cell| cell.peak_gib);
        let grows = |cell: &'a CalibratedCell| cell.shape_fit.as_ref().filter(|law| !law.is_of_one_size());
        let shape_fit = warm.and_then(|cell| Some((grows(cell)?, &cell.timed)));
        Self { failed, failures, peak_gib: peaks.reduce(f64::max), shape_fit }
    }
}

fn judged(cell: &CalibratedCell) -> (Option<RunsFailed>, Option<CellFailures>) {
    match cell.failures {
        Some(FailureRate::Certain { runs }) => (Some(RunsFailed { runs, out_of_memory: runs }), None),
        Some(FailureRate::Sometimes { failed, runs, out_of_memory }) if failed == runs => {
            (Some(RunsFailed { runs, out_of_memory }), None)
        }
        None | Some(FailureRate::Sometimes { failed: 0, .. }) => (None, None),
        Some(FailureRate::Sometimes { failed, runs, out_of_memory }) => {
            // A file has fewer lines than that.
            let count = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
            let seen = SeenFailures { failed: count(failed), runs: count(runs), out_of_memory: count(out_of_memory) };
            let behind = cell.failure_rows.clone();
            (None, behind.map(|FailureRows { kind, sources }| CellFailures { kind, sources, seen: Some(seen) }))
        }
    }
}

/// Cells whose measured peak and the peak of the memory file decide differently, or lie far apart.
pub(crate) fn warn(models: &[Model], gpus: &[Gpu], findings: &mut Findings<'_>) {
    for model in models {
        for variant in &model.variants {
            for (cell, gpu) in variant.cells.iter().zip(gpus) {
                let Some(measured) = cell.peak_gib else { continue };
                let (stated, usable) = (variant.peak_gib, gpu.usable_gib);
                let who = format!("{} {} on {}", model.name, variant.name, gpu.name);
                if stated > usable {
                    findings.warnings.push(format!(
                        "{who}: a run ended with a peak of {measured} GiB, and the memory file says {stated} GiB, more than \
                         the {usable} GiB there: taken for out of memory"
                    ));
                } else if stated < BORDERLINE_SHARE * measured {
                    findings.warnings.push(format!(
                        "{who}: a run had a peak of {measured} GiB, and the memory file says {stated} GiB: the greater one \
                         decides"
                    ));
                }
            }
        }
    }
}
