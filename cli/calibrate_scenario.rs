//! What a scenario says to a calibration besides its tables: names, shapes, features, quality and failures.

use fleetfront_calibration::{KnownModel, Problem, Runs, Shape, VariantFact, VariantFacts};
use fleetfront_scenario::{Files, Model, Scenario};

/// What is taken of a scenario.
#[derive(Debug, Default)]
pub(crate) struct OfScenario {
    /// Its models; empty where only its facts stand in.
    pub(crate) models: Vec<KnownModel>,
    /// The shape that its times are of, by model, all four quantities.
    references: Vec<(String, [f64; 4])>,
    /// Features, quality and failures.
    pub(crate) facts: VariantFacts,
}

impl OfScenario {
    /// All of it.
    ///
    /// # Errors
    /// The first problem of the scenario: its tables may be usable all the same.
    pub(crate) fn of(files: &Files) -> Result<Self, Box<Problem>> {
        let scenario =
            Scenario::load(files).map_err(|problems| Box::new(problems.into_iter().next().expect("a problem")))?;
        let variants = |model: &Model| model.variants.iter().map(|own| own.name.clone()).collect();
        let reference = |model: &Model| {
            let of = &model.shape.as_ref()?.reference;
            Some((model.name.clone(), [of.steps, of.megapixels, of.frames, of.images]))
        };
        Ok(Self {
            models: scenario.models.iter().map(|model| (model.name.clone(), variants(model))).collect(),
            references: scenario.models.iter().filter_map(reference).collect(),
            facts: facts(&scenario),
        })
    }

    /// The facts alone, for files that are not of this scenario.
    pub(crate) fn facts_of(files: &Files) -> Self {
        let facts = Self::of(files).unwrap_or_default().facts;
        Self { facts, ..Self::default() }
    }

    /// The shapes that times are wanted at: of each model its reference, as far as its runs state shapes.
    pub(crate) fn timed(&self, runs: &Runs) -> Vec<(String, Shape)> {
        let of = |(model, [steps, megapixels, frames, images]): &(String, [f64; 4])| {
            let is_stated = |of: fn(&Shape) -> Option<f64>| {
                runs.rows.iter().any(|run| run.cell.model == *model && of(&run.shape).is_some())
            };
            let shape = Shape {
                steps: is_stated(|shape| shape.steps).then_some(*steps),
                megapixels: is_stated(|shape| shape.megapixels).then_some(*megapixels),
                frames: is_stated(|shape| shape.frames).then_some(*frames),
                images: is_stated(|shape| shape.images).then_some(*images),
                adapter: String::new(),
            };
            (shape != Shape::default()).then(|| (model.clone(), shape))
        };
        self.references.iter().filter_map(of).collect()
    }
}

fn facts(scenario: &Scenario) -> VariantFacts {
    let mut variants = Vec::new();
    for model in &scenario.models {
        variants.extend(model.variants.iter().map(|variant| VariantFact {
            model: model.name.clone(),
            variant: variant.name.clone(),
            requires: variant.requires.clone(),
            lpips: variant.quality.as_ref().map(|quality| (quality.lpips, quality.provenance.clone())),
            failure_probability: model.failure_probability,
            failure_provenance: model.failure_provenance.clone(),
        }));
    }
    VariantFacts {
        variants,
        features: scenario.gpus.iter().map(|gpu| (gpu.name.clone(), gpu.features.clone())).collect(),
        features_source: format!("features of [[gpus]] and requires of [[models.variants]] of {}", scenario.name),
        lpips_max: scenario.criteria.quality_lpips_max,
    }
}
