//! What arithmetic says of a measured cell. It can refute, never confirm.

use serde::{Deserialize, Serialize};

use crate::calibration::CalibratedCell;
use crate::roofline::{Roofline, RooflinePrediction, Work};
use crate::runs::{Phase, Runs};

/// Coverage of the interval outside of which a time is far from what arithmetic predicts.
const FAR_COVERAGE: f64 = 0.95;

/// How a cell stands to what arithmetic predicts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BesideArithmetic {
    /// The setting whose operations are counted.
    pub setting: String,
    /// Passes of the denoiser that were taken.
    pub passes: f64,
    /// The prediction with its sources; of kind derived.
    pub prediction: RooflinePrediction,
    /// What speaks against the cell; `None`: nothing does, which confirms nothing.
    pub disagreement: Option<Disagreement>,
}

/// What speaks against a cell.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Disagreement {
    /// The mean is below the time in which the GPU's memory can deliver the weights once a pass.
    FasterThanMemory {
        /// That time in seconds.
        least_s: f64,
    },
    /// The mean lies outside of the 95 % interval of the prediction.
    FarFromPrediction {
        /// Its ends in seconds.
        interval_s: (f64, f64),
    },
}

/// What arithmetic says of a cell's warm requests; `None` where it knows neither the model nor the GPU, or the steps of
/// the runs are not stated.
pub(super) fn beside(cell: &CalibratedCell, runs: &Runs, roofline: &Roofline) -> Option<BesideArithmetic> {
    let measured = cell.fit.as_ref().filter(|_| cell.phase == Phase::Warm && cell.counts.ended > 0)?;
    let (work, passes) = asked(cell, runs, roofline)?;
    // Weights are counted in 16 bits: of others it is not known how much a pass reads.
    let variant = &cell.name.variant;
    let is_counted = variant.is_empty() || variant.contains("16");
    let read_gb = if is_counted { work.weight_gb_per_forward * passes } else { 0.0 };
    let prediction = roofline.predict(&work.family, work.tflop(passes), read_gb, &cell.name.gpu).ok()?;
    let mean_s = measured.law.mean_s();
    let interval_s = prediction.interval_s(FAR_COVERAGE);
    let disagreement = match prediction.least_s {
        Some(least_s) if mean_s < least_s => Some(Disagreement::FasterThanMemory { least_s }),
        _ if mean_s < interval_s.0 || mean_s > interval_s.1 => Some(Disagreement::FarFromPrediction { interval_s }),
        _ => None,
    };
    Some(BesideArithmetic { setting: work.setting.clone(), passes, prediction, disagreement })
}

/// The row of the model's work whose setting is that of the cell, and how many passes it asks for. Rows of one model in
/// several settings say nothing of a cell without a size.
fn asked<'a>(cell: &CalibratedCell, runs: &Runs, roofline: &'a Roofline) -> Option<(&'a Work, f64)> {
    let works = roofline.work(&cell.name.model);
    let [work] = works[..] else { return None };
    // Sizes change the operations of a pass, which is counted for one megapixel and one frame.
    let is_plain =
        |value: Option<f64>, as_counted: f64| value.is_none_or(|value| (value / as_counted - 1.0).abs() < 0.06);
    let shape = &cell.timed;
    if !is_plain(shape.megapixels, MEGAPIXELS) || !is_plain(shape.frames, 1.0) || !is_plain(shape.images, 1.0) {
        return None;
    }
    let steps = shape.steps.or_else(|| steps_of_notes(cell, runs))?;
    let counted_steps = counted_steps(work)?;
    Some((work, steps * work.forwards / counted_steps))
}

/// 1024 x 1024, as the settings of `work.csv` say.
const MEGAPIXELS: f64 = 1.048_576;

/// Steps of the setting, as its words say.
fn counted_steps(work: &Work) -> Option<f64> {
    if !work.setting.contains("1024x1024") {
        return None;
    }
    steps_in(&work.setting)
}

/// The steps that notes of the fitted rows agree on: tables of a scenario have no columns for shapes.
fn steps_of_notes(cell: &CalibratedCell, runs: &Runs) -> Option<f64> {
    let rows = runs.rows.iter().filter(|run| run.phase == cell.phase && run.cell == cell.name && run.is_fitted());
    let mut stated: Vec<f64> = rows.filter_map(|run| steps_in(&run.note)).collect();
    stated.sort_by(f64::total_cmp);
    stated.dedup();
    if let [steps] = stated[..] { Some(steps) } else { None }
}

/// The number before the word "steps".
fn steps_in(words: &str) -> Option<f64> {
    let words: Vec<&str> = words.split([' ', ',']).filter(|word| !word.is_empty()).collect();
    words.windows(2).find(|pair| pair[1] == "steps").and_then(|pair| pair[0].parse().ok())
}
