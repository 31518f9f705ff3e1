//! Shapes of requests: which there are, which one the benchmarks timed, and how service times grow with them.

use fleetfront_calibration::{
    Provenance, SHAPE_COLUMNS, SHAPE_MOST, SHAPE_WEIGHT_MAX as WEIGHT_MAX, ShapeSample, is_quantity, quantity_help,
};
use fleetfront_sim::{Law, Quantile, Seconds, Service, Shape, ShapeLaw, Shapes, Weighted, Work};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

use crate::document::join;
use crate::file::{CellFile, ModelFile, QuantityFile, QuantityLawFile, QuantityMixFile, ScenarioFile, ShapeFile};
use crate::findings::Findings;
use crate::resolved::Model;

mod measured;

pub(crate) use measured::{Measured, check_measured, law};

/// Most values of a quantity.
const VALUES_MAX: usize = 10_000;
/// A law is rounded up to whole numbers, of megapixels to whole hundredths.
const UNITS: [f64; 4] = [1.0, 100.0, 1.0, 1.0];
/// Largest power of a quantity.
const EXPONENT_MAX: f64 = 4.0;
/// Largest coefficient of variation of a quantity.
const CV_MAX: f64 = 10.0;

/// The shapes of a model's requests.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ShapeMix {
    /// Which there are.
    pub shapes: Shapes,
    /// The one whose service time is known.
    pub reference: Shape,
    /// Where these come from.
    pub provenance: Provenance,
}

impl ShapeMix {
    /// The least and the greatest of each quantity, in the order of [`SHAPE_COLUMNS`], with its reference.
    fn ranges(&self) -> [(f64, f64, f64); 4] {
        let reference = values_of(&self.reference);
        std::array::from_fn(|k| {
            let values: Vec<f64> = match &self.shapes {
                Shapes::Independent(all) => {
                    all[k].iter().filter(|(weight, _)| *weight > 0.0).map(|own| own.1).collect()
                }
                Shapes::Joint(rows) => {
                    let met = rows.iter().filter(|(weight, _)| *weight > 0.0);
                    met.map(|(_, shape)| values_of(shape)[k]).collect()
                }
            };
            let (low, high) =
                values.iter().fold((f64::INFINITY, 0.0), |(low, high), v| (f64::min(low, *v), f64::max(high, *v)));
            (low, high, reference[k])
        })
    }

    /// The reference shape in words, as far as requests differ from it.
    #[must_use]
    pub fn reference_words(&self) -> String {
        let words = |(k, (low, high, reference)): (usize, (f64, f64, f64))| {
            (low < reference || high > reference).then(|| counted(reference, k))
        };
        let all: Vec<String> = self.ranges().into_iter().enumerate().filter_map(words).collect();
        all.join(", ")
    }

    /// How large requests are that may need more memory than the reference shape; `None` where none are larger. Steps
    /// take time, not memory.
    #[must_use]
    pub fn larger_than_reference(&self) -> Option<String> {
        let words =
            |(k, (_, high, reference)): (usize, (f64, f64, f64))| (k > 0 && high > reference).then(|| counted(high, k));
        let all: Vec<String> = self.ranges().into_iter().enumerate().filter_map(words).collect();
        (!all.is_empty()).then(|| all.join(", "))
    }
}

impl Model {
    /// How long requests of a variant execute on a GPU type, over all shapes; `None` where nothing is known.
    #[must_use]
    pub fn service_on(&self, variant: usize, gpu: usize) -> Option<Service> {
        let cell = &self.variants[variant].cells[gpu];
        let work = |(mix, law): (&ShapeMix, &ShapeLaw)| Arc::new(Work::of(&mix.shapes, &mix.reference, law));
        let work = self.shape.as_ref().zip(cell.shape.as_ref()).map(work);
        Some(Service { law: cell.service.as_ref()?.law, work })
    }

    /// Its mean in seconds.
    #[must_use]
    pub fn mean_service_s(&self, variant: usize, gpu: usize) -> Option<f64> {
        self.service_on(variant, gpu).map(|service| service.mean_s())
    }
}

/// A value with its quantity.
fn counted(value: f64, k: usize) -> String {
    let name = SHAPE_COLUMNS[k];
    // One of them is no plural.
    let name = if (value - 1.0).abs() > 0.0 { name } else { name.trim_end_matches('s') };
    format!("{value} {name}")
}

fn values_of(shape: &Shape) -> [f64; 4] {
    [shape.steps, shape.megapixels, shape.frames, shape.images]
}

fn shape_of([steps, megapixels, frames, images]: [f64; 4]) -> Shape {
    Shape { steps, megapixels, frames, images }
}

/// What cells say of shapes that their model does not have.
pub(crate) fn check_cell(file: &ScenarioFile, cell: &CellFile, path: &str, findings: &mut Findings<'_>) {
    let Some(fixed_share) = cell.fixed_share else { return };
    let path = join(path, "fixed_share");
    findings.within(&path, fixed_share, 0.0, 1.0, "it is a share of the service time");
    let model = file.models.iter().find(|model| model.name == cell.model);
    if model.is_some_and(|model| model.shape.is_none()) {
        let message = format!("requests of {} have no shape: `fixed_share` has no effect", cell.model);
        findings.refuse(&path, message, "remove it, or say which shapes there are: [models.shape]");
    }
}

/// The shapes of the model at `path`.
///
/// - `sample`: what its file says; `None` where it names none, or where it has problems.
pub(crate) fn shape(
    model: &ModelFile,
    path: &str,
    sample: Option<&ShapeSample>,
    findings: &mut Findings<'_>,
) -> Option<ShapeMix> {
    let file = model.shape.as_ref()?;
    let path = join(path, "shape");
    if let Some(fixed_share) = file.fixed_share {
        findings.within(&join(&path, "fixed_share"), fixed_share, 0.0, 1.0, "it is a share of the service time");
    }
    let quantities = [&file.steps, &file.megapixels, &file.frames, &file.images];
    let written: [bool; 4] = std::array::from_fn(|k| quantities[k].is_some());
    for k in (0..4).filter(|k| file.file.is_some() && written[*k]) {
        let message = format!("the file says which {} there are together with the rest", SHAPE_COLUMNS[k]);
        let help = format!("remove `{}`, or `file`", SHAPE_COLUMNS[k]);
        findings.refuse(&join(&path, SHAPE_COLUMNS[k]), message, help);
    }
    if file.file.is_none() && written == [false; 4] {
        let help = "state steps, megapixels, frames or images, or name a file of them";
        findings.refuse(&path, "this does not say which shapes there are", help);
        return None;
    }
    let given = if file.file.is_some() { sample?.given } else { written };
    check_exponents(file, given, &path, findings);
    let reference = reference(file, given, &path, findings);
    let shapes = match sample {
        Some(sample) => {
            let filled = |values: &[f64; 4]| std::array::from_fn(|k| if given[k] { values[k] } else { reference[k] });
            Shapes::Joint(sample.rows.iter().map(|(weight, values)| (*weight, shape_of(filled(values)))).collect())
        }
        None => Shapes::Independent(std::array::from_fn(|k| match quantities[k] {
            Some(quantity) => values(k, quantity, &join(&path, SHAPE_COLUMNS[k]), findings),
            None => vec![(1.0, reference[k])],
        })),
    };
    let provenance = (&file.provenance).into();
    findings.problems.is_empty().then_some(ShapeMix { shapes, reference: shape_of(reference), provenance })
}

/// The power of what does not vary has no effect.
fn check_exponents(file: &ShapeFile, given: [bool; 4], path: &str, findings: &mut Findings<'_>) {
    let exponents =
        [("megapixels_exponent", 1, file.megapixels_exponent), ("frames_exponent", 2, file.frames_exponent)];
    for (key, k, exponent) in exponents {
        let Some(exponent) = exponent else { continue };
        let path = join(path, key);
        findings.within(&path, exponent, 0.0, EXPONENT_MAX, "service times grow no faster");
        if !given[k] {
            let message = format!("nothing says which {} requests have: `{key}` has no effect", SHAPE_COLUMNS[k]);
            findings.refuse(&path, message, format!("remove it, or state `{}`", SHAPE_COLUMNS[k]));
        }
    }
}

/// The reference shape; 1 of what neither varies nor is stated, and of what is missing, which is a problem.
fn reference(file: &ShapeFile, given: [bool; 4], path: &str, findings: &mut Findings<'_>) -> [f64; 4] {
    let stated = &file.reference;
    let stated = [stated.steps, stated.megapixels, stated.frames, stated.images];
    let path = join(path, "reference");
    for k in 0..4 {
        let name = SHAPE_COLUMNS[k];
        match stated[k] {
            Some(value) if !is_quantity(k, value) => {
                let message = format!("{value} is no number of {name}");
                findings.refuse(&join(&path, name), message, quantity_help(k));
            }
            None if given[k] => {
                let message = format!("requests have {name}, but not those that the benchmarks timed");
                let help =
                    format!("write {name} = ... into `reference`: what the service times of the scenario are of");
                findings.refuse(&path, message, help);
            }
            _ => {}
        }
    }
    stated.map(|value| value.unwrap_or(1.0))
}

/// The values of a quantity and their weights.
fn values(k: usize, quantity: &QuantityFile, path: &str, findings: &mut Findings<'_>) -> Vec<Weighted<f64>> {
    let mix = match quantity {
        QuantityFile::Number(value) => {
            check_value(k, *value, path, findings);
            return vec![(1.0, *value)];
        }
        QuantityFile::Mix(mix) => mix,
    };
    let QuantityMixFile { values, weights, lognormal, gamma } = mix;
    let ways = [values.is_some(), lognormal.is_some(), gamma.is_some()];
    let is_law_with_weights = weights.is_some() && values.is_none();
    if is_law_with_weights || ways.iter().filter(|way| **way).count() != 1 {
        let message = format!("this does not say in one way which {} there are", SHAPE_COLUMNS[k]);
        findings.refuse(path, message, "give values (and weights), or lognormal, or gamma");
        return vec![(1.0, 1.0)];
    }
    if let Some(law) = lognormal {
        return rounded_up(k, law, Law::lognormal, &join(path, "lognormal"), findings);
    }
    if let Some(law) = gamma {
        return rounded_up(k, law, Law::gamma, &join(path, "gamma"), findings);
    }
    let values = values.as_deref().unwrap_or_default();
    for (index, value) in values.iter().enumerate() {
        check_value(k, *value, &format!("{path}.values[{index}]"), findings);
    }
    let weights = weights.clone().unwrap_or_else(|| vec![1.0; values.len()]);
    if values.is_empty() || values.len() > VALUES_MAX {
        let message = format!("{} values are none that can be simulated", values.len());
        findings.refuse(&join(path, "values"), message, format!("give 1 to {VALUES_MAX}"));
    } else if weights.len() != values.len() {
        let message = format!("there are {} weights for {} values", weights.len(), values.len());
        findings.refuse(&join(path, "weights"), message, "give one weight a value, in the same order");
    } else {
        check_weights(&weights, &join(path, "weights"), findings);
    }
    weights.into_iter().zip(values.iter().copied()).collect()
}

fn check_value(k: usize, value: f64, path: &str, findings: &mut Findings<'_>) {
    // What is negative or infinite has been refused with the shape of the file.
    if value.is_finite() && value >= 0.0 && !is_quantity(k, value) {
        findings.refuse(path, format!("{value} is no number of {}", SHAPE_COLUMNS[k]), quantity_help(k));
    }
}

/// Weights that say nothing.
pub(crate) fn check_weights(weights: &[f64], path: &str, findings: &mut Findings<'_>) {
    if weights.iter().all(|weight| *weight == 0.0) {
        findings.refuse(path, "all weights are zero", "give at least one a weight above zero");
    }
    let most = weights.iter().copied().fold(0.0, f64::max);
    findings.within(path, most, 0.0, WEIGHT_MAX, "they count in relation to each other");
}

/// A law rounded up to the unit of a quantity, as its values with the number of places of the law that lead to each.
fn rounded_up(
    k: usize,
    file: &QuantityLawFile,
    law: impl Fn(Seconds, f64) -> Law,
    path: &str,
    findings: &mut Findings<'_>,
) -> Vec<Weighted<f64>> {
    let name = SHAPE_COLUMNS[k];
    findings.positive(&join(path, "mean"), file.mean, "the mean");
    findings.within(&join(path, "mean"), file.mean, 0.0, SHAPE_MOST[k], "requests have no more");
    findings.within(&join(path, "cv"), file.cv, 0.0, CV_MAX, "requests do not differ so much");
    if !(file.mean > 0.0 && (0.0..=CV_MAX).contains(&file.cv)) {
        return vec![(1.0, 1.0)];
    }
    let law = law(Findings::seconds(file.mean), file.cv);
    let units = |place: u32| (law.seconds_at(Quantile(place).uniform()) * UNITS[k]).ceil().max(1.0);
    let (least, most) = (units(0), units(u32::MAX));
    if most > SHAPE_MOST[k] * UNITS[k] || most - least >= VALUES_MAX as f64 {
        let (low, high) = (least / UNITS[k], most / UNITS[k]);
        let message = format!("this law reaches from {low} to {high} {name}: too far to be simulated");
        findings.refuse(path, message, "give a smaller cv, or values with weights");
        return vec![(1.0, 1.0)];
    }
    let mut values = Vec::new();
    gather(&units, (0, u32::MAX), (least, most), &mut values);
    values.into_iter().map(|(weight, units)| (weight, units / UNITS[k])).collect()
}

/// Adds the numbers of units at these places, which rise, with the number of places that lead to each.
fn gather(
    units: &impl Fn(u32) -> f64,
    (first, last): (u32, u32),
    (low, high): (f64, f64),
    values: &mut Vec<Weighted<f64>>,
) {
    if (low - high).abs() < 0.5 {
        let places = f64::from(last - first) + 1.0;
        match values.last_mut() {
            Some((weight, value)) if (*value - low).abs() < 0.5 => *weight += places,
            _ => values.push((places, low)),
        }
        return;
    }
    let middle = first + (last - first) / 2;
    let (below, above) = (units(middle), units(middle + 1));
    gather(units, (first, middle), (low, below), values);
    gather(units, (middle + 1, last), (above, high), values);
}

#[cfg(test)]
mod tests;
