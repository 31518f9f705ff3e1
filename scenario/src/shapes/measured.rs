//! How service times grow with the shape, where runs of several shapes tell it.

use fleetfront_calibration::{Shape as Asked, ShapeFit};
use fleetfront_sim::ShapeLaw;

use super::ShapeMix;
use crate::document::join;
use crate::file::{CellFile, ModelFile, ScenarioFile};
use crate::findings::Findings;
use crate::resolved::{Gpu, Model};
use crate::runs::extrapolates;
use crate::seen::Seen;
use crate::tables::Tables;

/// A fit of runs, and the shape at which their times are taken; empty columns are those that no run states.
pub(crate) type Measured<'a> = (&'a ShapeFit, &'a Asked);

/// How service times of a model grow with the shape on one GPU type, where it has shapes.
///
/// - `stated`: what the scenario states of the cell.
/// - `measured`: what runs tell; stands where nothing is stated.
///
/// `None` too where neither tells which share does not grow.
pub(crate) fn law(model: &ModelFile, stated: Option<&CellFile>, measured: Option<Measured<'_>>) -> Option<ShapeLaw> {
    let shape = model.shape.as_ref()?;
    let fixed_share = stated.and_then(|cell| cell.fixed_share).or(shape.fixed_share);
    let fitted = measured.map(|(law, _)| law);
    Some(ShapeLaw {
        fixed_share: fixed_share.or_else(|| measured.map(|(law, timed)| law.fixed_share(timed)))?,
        megapixels_exponent: shape.megapixels_exponent.or(fitted.map(|law| law.megapixels_exponent)).unwrap_or(1.0),
        frames_exponent: shape.frames_exponent.or(fitted.map(|law| law.frames_exponent)).unwrap_or(1.0),
    })
}

/// Refuses shapes about which neither the scenario nor runs say how long they take.
pub(crate) fn check_measured(
    file: &ScenarioFile,
    models: &[Model],
    gpus: &[Gpu],
    tables: &Tables,
    findings: &mut Findings<'_>,
) {
    for (index, (of_file, model)) in file.models.iter().zip(models).enumerate() {
        let (Some(stated), Some(mix)) = (&of_file.shape, &model.shape) else { continue };
        let path = format!("models[{index}].shape");
        check_share(file, model, gpus, &path, findings);
        let fits_nothing =
            stated.fixed_share.is_some() && stated.megapixels_exponent.is_some() && stated.frames_exponent.is_some();
        if !fits_nothing {
            check_range(file, (model, mix), gpus, tables, &path, findings);
        }
    }
}

/// Without a share that does not grow, shapes would have no effect.
fn check_share(file: &ScenarioFile, model: &Model, gpus: &[Gpu], path: &str, findings: &mut Findings<'_>) {
    let mut untold: Vec<&str> = Vec::new();
    for variant in &model.variants {
        for (cell, gpu) in variant.cells.iter().zip(gpus) {
            if cell.feasibility.is_feasible() && cell.shape.is_none() && !untold.contains(&gpu.name.as_str()) {
                untold.push(&gpu.name);
            }
        }
    }
    if untold.is_empty() {
        return;
    }
    let path = join(path, "fixed_share");
    let what = "the share of the reference service time that does not grow with the shape";
    if file.files.runs.is_none() {
        return findings.refuse(&path, "`fixed_share` is missing", format!("state {what}"));
    }
    let message = format!("no runs of several shapes tell how {} grows with them on {}", model.name, untold.join(", "));
    findings.refuse(&path, message, format!("state {what}, or measure there"));
}

/// Shapes outside of what was measured are refused, or told where the scenario asks for them.
fn check_range(
    file: &ScenarioFile,
    (model, mix): (&Model, &ShapeMix),
    gpus: &[Gpu],
    tables: &Tables,
    path: &str,
    findings: &mut Findings<'_>,
) {
    for variant in &model.variants {
        for gpu in gpus {
            let seen = Seen::of(tables.calibration.as_ref(), &model.name, &variant.name, &gpu.name);
            let Some(measured) = seen.shape_fit else { continue };
            let beyond = beyond(mix, measured);
            if beyond.is_empty() {
                continue;
            }
            let who = format!("{} {} on {}", model.name, variant.name, gpu.name);
            let words = format!("requests of {who} lie outside of what was measured: {}", beyond.join(", "));
            if extrapolates(file) {
                findings.warn(path, &format!("{words}: extrapolated"));
            } else {
                let help = "measure there, or write extrapolate = true in [calibration]";
                return findings.refuse(path, words, help);
            }
        }
    }
}

/// Where the least and the greatest of each quantity lie outside.
fn beyond(mix: &ShapeMix, (law, timed): Measured<'_>) -> Vec<String> {
    let ranges = mix.ranges();
    let stated = [timed.steps, timed.megapixels, timed.frames, timed.images];
    let of = |end: fn((f64, f64, f64)) -> f64| {
        // What no run states is taken for the reference: there, and only there, it was measured.
        let column = |k: usize| Some(if stated[k].is_some() { end(ranges[k]) } else { end(ranges[k]) / ranges[k].2 });
        let shape = Asked {
            steps: column(0),
            megapixels: column(1),
            frames: column(2),
            images: column(3),
            adapter: timed.adapter.clone(),
        };
        law.extrapolate(&shape, COVERAGE).beyond
    };
    let mut words: Vec<String> = Vec::new();
    for beyond in of(|(low, ..)| low).iter().chain(&of(|(_, high, _)| high)) {
        let told = beyond.to_string();
        if !words.contains(&told) {
            words.push(told);
        }
    }
    words
}

/// Any: the intervals are not looked at.
const COVERAGE: f64 = 0.9;
