//! Which cells a benchmark kit measures.

use fleetfront_scenario::{Cell, Scenario, nearest};

/// Why there is no kit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KitError {
    /// A name that the scenario does not have.
    #[error("the scenario has no {what} \"{name}\"")]
    Unknown {
        /// `model`, `variant` or `GPU type`.
        what: &'static str,
        /// The name as it was given.
        name: String,
        /// The name that was likely meant.
        meant: Option<String>,
        /// Those that there are.
        known: Vec<String>,
    },
    /// Everything that was chosen is infeasible.
    #[error("nothing that was chosen can run: {}", reasons.join("; "))]
    NothingRuns {
        /// Each cell with what stands in its way.
        reasons: Vec<String>,
    },
    /// No allocation puts what was chosen anywhere.
    #[error("no allocation has the model \"{name}\"")]
    Unplaced {
        /// The model as it was given.
        name: String,
    },
}

/// A variant on a GPU type, by indices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ChosenCell {
    pub(crate) model: usize,
    pub(crate) variant: usize,
    pub(crate) gpu: usize,
    pub(crate) chosen: Chosen,
}

/// Why a cell is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Chosen {
    /// A pool has it: the first, with the baseline before the proposed allocation and that before the others.
    Used { allocation: usize, pool: usize },
    /// No pool has it; the user asked for the GPU type or the variant.
    Asked,
}

impl ChosenCell {
    /// What the scenario says of it.
    pub(crate) fn of<'a>(&self, scenario: &'a Scenario) -> &'a Cell {
        &scenario.models[self.model].variants[self.variant].cells[self.gpu]
    }

    /// Model, variant and GPU type.
    pub(crate) fn names<'a>(&self, scenario: &'a Scenario) -> (&'a str, &'a str, &'a str) {
        let model = &scenario.models[self.model];
        (&model.name, &model.variants[self.variant].name, &scenario.gpus[self.gpu].name)
    }
}

/// The cells to measure, in the order of the scenario's models, variants and GPU types.
///
/// - `models`: names, or `model:variant`; a name alone means the variants that the allocations use. Empty for all.
/// - `gpus`: GPU types on which each of them is measured; empty for those that the allocations put it on.
///
/// # Errors
/// [`KitError::Unknown`] for a name that the scenario does not have, [`KitError::Unplaced`] where a variant that was asked
/// for is in no allocation and no GPU type was given.
pub(crate) fn chosen(scenario: &Scenario, models: &[String], gpus: &[String]) -> Result<Vec<ChosenCell>, KitError> {
    let used = used(scenario);
    let gpu_names: Vec<&str> = scenario.gpus.iter().map(|gpu| gpu.name.as_str()).collect();
    let gpus = gpus.iter().map(|name| place("GPU type", &gpu_names, name)).collect::<Result<Vec<usize>, KitError>>()?;
    let mut wanted = Vec::new();
    if models.is_empty() {
        wanted.extend(used.iter().map(|cell| (cell.model, cell.variant)));
    }
    for written in models {
        let variants = variants(scenario, &used, written)?;
        let placed = |cell: &ChosenCell| variants.contains(&(cell.model, cell.variant));
        if gpus.is_empty() && !used.iter().any(placed) {
            return Err(KitError::Unplaced { name: written.clone() });
        }
        wanted.extend(variants);
    }
    wanted.sort_unstable();
    wanted.dedup();
    let mut cells = Vec::new();
    for (model, variant) in wanted {
        for gpu in 0..scenario.gpus.len() {
            let own = used.iter().find(|cell| (cell.model, cell.variant, cell.gpu) == (model, variant, gpu));
            match own {
                Some(own) if gpus.is_empty() || gpus.contains(&gpu) => cells.push(own.clone()),
                None if gpus.contains(&gpu) => cells.push(ChosenCell { model, variant, gpu, chosen: Chosen::Asked }),
                _ => {}
            }
        }
    }
    Ok(cells)
}

/// The cells of all allocations, each once.
fn used(scenario: &Scenario) -> Vec<ChosenCell> {
    let mut cells: Vec<ChosenCell> = Vec::new();
    for allocation in [scenario.baseline, scenario.proposed].into_iter().chain(0..scenario.allocations.len()) {
        for (index, pool) in scenario.allocations[allocation].pools.iter().enumerate() {
            for &(model, variant) in &pool.models {
                let is_there = |cell: &ChosenCell| (cell.model, cell.variant, cell.gpu) == (model, variant, pool.gpu);
                if !cells.iter().any(is_there) {
                    let chosen = Chosen::Used { allocation, pool: index };
                    cells.push(ChosenCell { model, variant, gpu: pool.gpu, chosen });
                }
            }
        }
    }
    cells
}

/// The variants that `model` or `model:variant` means.
fn variants(scenario: &Scenario, used: &[ChosenCell], written: &str) -> Result<Vec<(usize, usize)>, KitError> {
    let (name, variant) = written.split_once(':').map_or((written, None), |(name, variant)| (name, Some(variant)));
    let names: Vec<&str> = scenario.models.iter().map(|model| model.name.as_str()).collect();
    let model = place("model", &names, name)?;
    let Some(variant) = variant else {
        return Ok(used.iter().filter(|cell| cell.model == model).map(|cell| (model, cell.variant)).collect());
    };
    let names: Vec<&str> = scenario.models[model].variants.iter().map(|variant| variant.name.as_str()).collect();
    Ok(vec![(model, place("variant", &names, variant)?)])
}

fn place(what: &'static str, names: &[&str], name: &str) -> Result<usize, KitError> {
    names.iter().position(|known| *known == name).ok_or_else(|| KitError::Unknown {
        what,
        name: name.to_owned(),
        meant: nearest(name, names.iter().copied()).map(str::to_owned),
        known: names.iter().map(|name| (*name).to_owned()).collect(),
    })
}

#[cfg(test)]
mod tests {
    use fleetfront_scenario::Files;

    use super::*;

    fn cells(models: &[&str], gpus: &[&str]) -> Result<Vec<String>, KitError> {
        let scenario = Scenario::load(&Files::embedded()).expect("the embedded scenario is valid");
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<String>>();
        let cells = chosen(&scenario, &owned(models), &owned(gpus))?;
        let words = |cell: &ChosenCell| {
            let (model, variant, gpu) = cell.names(&scenario);
            let mark = if cell.chosen == Chosen::Asked { " asked" } else { "" };
            format!("{model} {variant} {gpu}{mark}")
        };
        Ok(cells.iter().map(words).collect())
    }

    /// What the embedded scenario's two allocations say, read off by hand.
    #[test]
    fn by_default_it_is_what_the_allocations_use() {
        let all = [
            "flux-schnell fp8 T4",
            "flux-schnell fp8 L40S",
            "flux-dev bf16 L40S",
            "instantid fp16 A10",
            "instantid fp16 L40S",
            "lora bf16 T4",
            "lora bf16 L40S",
            "wan2.1 fp16 L40S",
            "seedvr2 bf16 A10",
            "seedvr2 bf16 L40S",
        ];
        assert_eq!(cells(&[], &[]).expect("cells"), all);
        assert_eq!(cells(&["lora"], &[]).expect("cells"), ["lora bf16 T4", "lora bf16 L40S"]);
    }

    #[test]
    fn a_gpu_type_is_measured_for_every_model_that_is_chosen() {
        assert_eq!(
            cells(&["lora", "flux-dev:nf4", "lora"], &["L4", "T4"]).expect("cells"),
            ["flux-dev nf4 T4 asked", "flux-dev nf4 L4 asked", "lora bf16 T4", "lora bf16 L4 asked"]
        );
        assert_eq!(cells(&[], &["H100"]).expect("cells").len(), 6);
    }

    #[test]
    fn what_there_is_not_is_named_with_what_there_is() {
        let unknown = |models: &[&str], gpus: &[&str]| match cells(models, gpus) {
            Err(KitError::Unknown { what, name, meant, .. }) => (what, name, meant),
            other => panic!("{other:?}"),
        };
        assert_eq!(unknown(&["flux-dew"], &[]), ("model", "flux-dew".into(), Some("flux-dev".into())));
        assert_eq!(unknown(&["flux-dev:fp9"], &[]).0, "variant");
        assert_eq!(unknown(&[], &["A10G"]), ("GPU type", "A10G".into(), Some("A10".into())));
        assert_eq!(cells(&["flux-dev:nf4"], &[]), Err(KitError::Unplaced { name: "flux-dev:nf4".into() }));
    }
}
