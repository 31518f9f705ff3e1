//! What to do about a model that cannot run where an allocation puts it.

use serde::{Deserialize, Serialize};

use crate::resolved::{Allocation, Model, PoolPlan, Scenario};

/// What would make a model runnable that is not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repair {
    /// Index of the model.
    pub model: usize,
    /// Index of the variant that cannot run.
    pub variant: usize,
    /// Index of the GPU type that it cannot run on.
    pub gpu: usize,
    /// Another variant of the model that runs on the same GPU type: the first in the scenario's order.
    pub same_gpu: Option<usize>,
    /// The cheapest GPU type on which the model runs, as (variant, GPU type): with the variant that was asked for, or,
    /// where that one runs nowhere, with any other.
    pub cheapest_gpu: Option<(usize, usize)>,
}

/// One mended cell of a repaired allocation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mend {
    /// What was wrong and what could be done.
    pub repair: Repair,
    /// What was done, in words.
    pub words: String,
}

/// The nearest ways to run `model` when `variant` cannot run on `gpu`.
///
/// # Panics
/// If an index is out of range.
#[must_use]
pub fn nearest_repair(scenario: &Scenario, model: usize, variant: usize, gpu: usize) -> Repair {
    let variants = &scenario.models[model].variants;
    let runs = |variant: usize, gpu: usize| variants[variant].cells[gpu].feasibility.is_feasible();
    let cheapest = |variant: usize| {
        let price = |gpu: &usize| scenario.gpus[*gpu].usd_per_second.get();
        let gpus = (0..scenario.gpus.len()).filter(|&gpu| runs(variant, gpu));
        gpus.min_by(|a, b| price(a).total_cmp(&price(b))).map(|gpu| (variant, gpu))
    };
    Repair {
        model,
        variant,
        gpu,
        same_gpu: (0..variants.len()).find(|&other| runs(other, gpu)),
        cheapest_gpu: cheapest(variant).or_else(|| (0..variants.len()).find_map(cheapest)),
    }
}

/// Allocation `allocation` with every cell that cannot run mended: by another variant on the same GPU type where there
/// is one, else by the cheapest GPU type. A model that changes its GPU leaves the pool that it shared.
///
/// Returns `None` when there is nothing to mend, or nothing that mends it.
///
/// # Panics
/// If `allocation` is out of range.
#[must_use]
pub fn repaired(scenario: &Scenario, allocation: usize) -> Option<(Allocation, Vec<Mend>)> {
    let broken = &scenario.allocations[allocation];
    let mut mends = Vec::new();
    let mut pools = Vec::new();
    for pool in &broken.pools {
        let mut kept = PoolPlan { models: Vec::new(), ..pool.clone() };
        let mut moved = Vec::new();
        for &(model, variant) in &pool.models {
            let of_model = &scenario.models[model];
            if of_model.variants[variant].cells[pool.gpu].feasibility.is_feasible() {
                kept.models.push((model, variant));
                continue;
            }
            let repair = nearest_repair(scenario, model, variant, pool.gpu);
            if let Some(other) = repair.same_gpu {
                kept.models.push((model, other));
            } else {
                let (other, gpu) = repair.cheapest_gpu?;
                let name = if pool.models.len() == 1 { pool.name.clone() } else { of_model.name.clone() };
                moved.push(PoolPlan { name, gpu, models: vec![(model, other)], settings: pool.settings.clone() });
            }
            mends.push(Mend { words: words(scenario, of_model, &repair), repair });
        }
        pools.extend((!kept.models.is_empty()).then_some(kept));
        pools.append(&mut moved);
    }
    if mends.is_empty() {
        return None;
    }
    let description = format!("\"{}\" with every model that cannot run there moved to where it can", broken.name);
    Some((Allocation { name: format!("{} (repaired)", broken.name), description, pools }, mends))
}

fn words(scenario: &Scenario, model: &Model, repair: &Repair) -> String {
    let name = &model.name;
    let asked = &model.variants[repair.variant].name;
    let gpu = |index: usize| &scenario.gpus[index].name;
    let other = |index: usize| {
        let variant = &model.variants[index];
        let quality = variant.quality.as_ref().map_or(String::new(), |q| format!(", LPIPS {}", q.lpips));
        format!("{} ({} GiB{quality})", variant.name, variant.peak_gib)
    };
    match (repair.same_gpu, repair.cheapest_gpu) {
        (Some(there), Some((variant, on))) if variant == repair.variant => format!(
            "Made to fit: {name} as {} on {}. As {asked}, the cheapest GPU that it fits is {}.",
            other(there),
            gpu(repair.gpu),
            gpu(on)
        ),
        (Some(there), _) => format!("Made to fit: {name} as {} on {}.", other(there), gpu(repair.gpu)),
        (None, Some((variant, on))) if variant == repair.variant => {
            format!("Made to fit: {name} on {}, the cheapest GPU that {asked} fits.", gpu(on))
        }
        (None, Some((variant, on))) => format!("Made to fit: {name} as {} on {}.", other(variant), gpu(on)),
        (None, None) => format!("{name} fits nowhere."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resolved::{Feasibility, Infeasible};
    use crate::testing::{default_scenario, edited};

    fn named(scenario: &Scenario, model: usize, variant: usize, gpu: usize) -> (&str, &str, &str) {
        let of_model = &scenario.models[model];
        (&of_model.name, &of_model.variants[variant].name, &scenario.gpus[gpu].name)
    }

    fn infeasible(scenario: &Scenario, allocation: usize) -> Vec<(&str, &str, &str)> {
        let pools = scenario.allocations[allocation].pools.iter();
        let cells = pools.flat_map(|pool| pool.models.iter().map(|&(model, variant)| (model, variant, pool.gpu)));
        let broken = cells.filter(|&(m, v, g)| !scenario.models[m].variants[v].cells[g].feasibility.is_feasible());
        broken.map(|(m, v, g)| named(scenario, m, v, g)).collect()
    }

    #[test]
    fn of_the_default_only_two_cells_of_the_proposal_cannot_run() {
        let scenario = default_scenario();
        assert_eq!(infeasible(&scenario, 0), []);
        assert_eq!(infeasible(&scenario, 1), [("flux-schnell", "fp8", "T4"), ("lora", "bf16", "T4")]);
        let reasons = vec![Infeasible::Memory { peak_gib: 21.5, usable_gib: 14.74 }];
        assert_eq!(scenario.models[0].variants[0].cells[0].feasibility, Feasibility::Infeasible { reasons });
        let reasons = vec![
            Infeasible::Memory { peak_gib: 34.6, usable_gib: 14.74 },
            Infeasible::Feature { feature: "bf16".to_owned() },
        ];
        assert_eq!(scenario.models[3].variants[0].cells[0].feasibility, Feasibility::Infeasible { reasons });
    }

    #[test]
    fn the_nearest_repair_is_on_the_same_gpu_or_the_cheapest_one() {
        let scenario = default_scenario();
        let repair = nearest_repair(&scenario, 0, 0, 0);
        assert_eq!(scenario.models[0].variants[repair.same_gpu.expect("one")].name, "nf4-offload");
        let (variant, gpu) = repair.cheapest_gpu.expect("one");
        assert_eq!(named(&scenario, 0, variant, gpu), ("flux-schnell", "fp8", "L4"));
        // flux-dev has no variant that fits a T4; in bf16 it needs an L40S.
        let repair = nearest_repair(&scenario, 1, 0, 0);
        assert_eq!(repair.same_gpu, None);
        let (variant, gpu) = repair.cheapest_gpu.expect("one");
        assert_eq!(named(&scenario, 1, variant, gpu), ("flux-dev", "bf16", "L40S"));
    }

    #[test]
    fn the_repaired_proposal_runs() {
        let mut scenario = default_scenario();
        assert_eq!(repaired(&scenario, 0), None);
        let (allocation, mends) = repaired(&scenario, 1).expect("the proposal needs it");
        assert_eq!(allocation.name, "proposed (repaired)");
        let words: Vec<&str> = mends.iter().map(|mend| mend.words.as_str()).collect();
        assert_eq!(
            words,
            [
                "Made to fit: flux-schnell as nf4-offload (12.2 GiB, LPIPS 0.29) on T4. As fp8, the cheapest GPU that it fits is L4.",
                "Made to fit: lora as nf4-offload (12.9 GiB, LPIPS 0.29) on T4. As bf16, the cheapest GPU that it fits is L40S."
            ]
        );
        assert_eq!(allocation.pools[2..], scenario.allocations[1].pools[2..]);
        scenario.allocations.push(allocation);
        assert_eq!(infeasible(&scenario, 2), []);
    }

    #[test]
    fn a_model_that_changes_its_gpu_leaves_the_shared_pool() {
        // Everything of the shared FLUX pool on T4: flux-dev has to move, the others change their variant.
        let files = edited("name = \"flux\"\ngpu = \"L40S\"", "name = \"flux\"\ngpu = \"T4\"");
        let scenario = Scenario::load(&files).expect("no problems");
        let (allocation, mends) = repaired(&scenario, 0).expect("it needs it");
        let pools: Vec<(&str, usize, usize)> =
            allocation.pools.iter().map(|pool| (pool.name.as_str(), pool.gpu, pool.models.len())).collect();
        assert_eq!(pools[..2], [("flux", 0, 2), ("flux-dev", 3, 1)]);
        assert_eq!(mends[1].words, "Made to fit: flux-dev on L40S, the cheapest GPU that bf16 fits.");
    }
}
