//! Which cheap and dear GPU types are held against each other, for which model.

use fleetfront_scenario::{PoolPlan, Scenario};

use crate::engine_pool::container_price;
use crate::summary::feasibility_words;

/// A model on a cheap GPU type with a dear one behind it (indices in the scenario).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FallbackPair {
    /// The model.
    pub model: usize,
    /// Its variant on the cheap GPU type, and that type.
    pub cheap: (usize, usize),
    /// Its variant on the dear GPU type, and that type.
    pub dear: (usize, usize),
}

/// The pairs that can be studied, and the others with what is in their way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FallbackPairs {
    /// Those that can be: model by model, the cheapest GPU type first.
    pub pairs: Vec<FallbackPair>,
    /// A sentence for each that cannot be.
    pub left_out: Vec<String>,
}

/// Why a fallback study cannot be made.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum FallbackError {
    /// A model's pools depend on those of the others.
    #[error("the quota of the scenario ties all pools together: a model's fallback cannot be told by itself")]
    Quota,
    /// A model's requests come from, or lead to, those of another.
    #[error("{model} is part of a chain of requests: its fallback cannot be told by itself")]
    Chain {
        /// Its name.
        model: String,
    },
    /// A pair is the wrong way round.
    #[error("{cheap} is no cheaper than {dear}: a container costs ${cheap_usd:.2} an hour, against ${dear_usd:.2}")]
    NotCheaper {
        /// The one that should be cheaper.
        cheap: String,
        /// The other one.
        dear: String,
        /// What a container of the first costs an hour.
        cheap_usd: f64,
        /// What one of the second costs.
        dear_usd: f64,
    },
    /// Nothing is left to be studied.
    #[error("no model runs on a GPU type that is cheaper than its own")]
    NoPair {
        /// A sentence for each pair that was left out.
        reasons: Vec<String>,
    },
}

impl FallbackError {
    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> String {
        match self {
            Self::Quota => "remove [quota], and compare allocations with rules.fallback instead".to_owned(),
            Self::Chain { .. } => {
                "remove `next`, or compare allocations with rules.fallback; --model names another".to_owned()
            }
            Self::NotCheaper { .. } => "give pairs as CHEAP:DEAR".to_owned(),
            Self::NoPair { reasons } => reasons.join(" "),
        }
    }
}

impl FallbackPair {
    /// The pool that serves the model in the baseline.
    ///
    /// # Panics
    /// If the baseline does not serve it: the scenario puts every model in a pool of every allocation.
    pub(crate) fn pool_today<'a>(&self, scenario: &'a Scenario) -> &'a PoolPlan {
        pool_today(scenario, self.model).0
    }
}

/// The pool of a model in the baseline, and its variant there.
fn pool_today(scenario: &Scenario, model: usize) -> (&PoolPlan, usize) {
    let pools = &scenario.allocations[scenario.baseline].pools;
    let serves =
        |pool: &'_ PoolPlan| pool.models.iter().find(|(other, _)| *other == model).map(|(_, variant)| *variant);
    let found = pools.iter().find_map(|pool| serves(pool).map(|variant| (pool, variant)));
    found.expect("every model stands in a pool of the baseline")
}

/// What a container of a GPU type costs an hour in the model's pool.
pub(crate) fn container_usd_per_hour(scenario: &Scenario, model: usize, gpu: usize) -> f64 {
    let held = pool_today(scenario, model).0.settings.rules.gpus_per_container.unwrap_or(1);
    container_price(&scenario.platform, &scenario.gpus[gpu], held).get() * 3600.0
}

/// The pairs of the models asked for.
///
/// - `models`: indices in the scenario.
/// - `gpus`: (cheap, dear) pairs of GPU types; empty for every type that is cheaper than the model's own in the
///   baseline, with that one behind it.
///
/// On either type the model runs as the variant that it has in the baseline, where that one fits, else as the first
/// that does.
///
/// # Errors
/// [`FallbackError`] when there is no pair to be studied, or pools are tied together.
pub fn fallback_pairs(
    scenario: &Scenario,
    models: &[usize],
    gpus: &[(usize, usize)],
) -> Result<FallbackPairs, FallbackError> {
    if scenario.quota.containers.is_some() || scenario.quota.gpus.is_some() {
        return Err(FallbackError::Quota);
    }
    let mut found = FallbackPairs { pairs: Vec::new(), left_out: Vec::new() };
    for &model in models {
        let of_model = &scenario.models[model];
        if of_model.next.is_some() || scenario.models.iter().any(|m| m.next.is_some_and(|step| step.model == model)) {
            return Err(FallbackError::Chain { model: of_model.name.clone() });
        }
        let wanted = if gpus.is_empty() { cheaper_than_today(scenario, model) } else { gpus.to_vec() };
        if wanted.is_empty() {
            let own = &scenario.gpus[pool_today(scenario, model).0.gpu].name;
            found.left_out.push(format!("{}: no GPU type is cheaper than {own}.", of_model.name));
        }
        for (cheap, dear) in wanted {
            let usd = |gpu: usize| container_usd_per_hour(scenario, model, gpu);
            let name = |gpu: usize| scenario.gpus[gpu].name.clone();
            let (cheap_usd, dear_usd) = (usd(cheap), usd(dear));
            if cheap_usd >= dear_usd {
                return Err(FallbackError::NotCheaper { cheap: name(cheap), dear: name(dear), cheap_usd, dear_usd });
            }
            match (variant_on(scenario, model, cheap), variant_on(scenario, model, dear)) {
                (Ok(on_cheap), Ok(on_dear)) => {
                    found.pairs.push(FallbackPair { model, cheap: (on_cheap, cheap), dear: (on_dear, dear) });
                }
                (Err(reason), _) | (_, Err(reason)) => found.left_out.push(reason),
            }
        }
    }
    if found.pairs.is_empty() {
        return Err(FallbackError::NoPair { reasons: found.left_out });
    }
    Ok(found)
}

fn cheaper_than_today(scenario: &Scenario, model: usize) -> Vec<(usize, usize)> {
    let own = pool_today(scenario, model).0.gpu;
    let usd = |gpu: usize| container_usd_per_hour(scenario, model, gpu);
    let mut cheaper: Vec<usize> = (0..scenario.gpus.len()).filter(|gpu| usd(*gpu) < usd(own)).collect();
    cheaper.sort_by(|a, b| usd(*a).total_cmp(&usd(*b)));
    cheaper.into_iter().map(|cheap| (cheap, own)).collect()
}

/// The variant that a model runs as on a GPU type, or why none does.
fn variant_on(scenario: &Scenario, model: usize, gpu: usize) -> Result<usize, String> {
    let of_model = &scenario.models[model];
    let runs = |variant: &usize| of_model.variants[*variant].cells[gpu].feasibility.is_feasible();
    let (_, today) = pool_today(scenario, model);
    let found = std::iter::once(today).chain(0..of_model.variants.len()).find(runs);
    found.ok_or_else(|| {
        let reason = |variant: &fleetfront_scenario::Variant| {
            format!("{} {}", variant.name, feasibility_words(&variant.cells[gpu].feasibility))
        };
        let reasons: Vec<String> = of_model.variants.iter().map(reason).collect();
        format!("{} cannot run on {}: {}.", of_model.name, scenario.gpus[gpu].name, reasons.join("; "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fallback::tests::{model, scenario};

    fn named(scenario: &Scenario, pair: &FallbackPair) -> [String; 4] {
        let of_model = &scenario.models[pair.model];
        let place =
            |(variant, gpu): (usize, usize)| (of_model.variants[variant].name.clone(), &scenario.gpus[gpu].name);
        let ((on_cheap, cheap), (on_dear, dear)) = (place(pair.cheap), place(pair.dear));
        [on_cheap, cheap.clone(), on_dear, dear.clone()]
    }

    #[test]
    fn every_cheaper_type_is_tried_with_the_variant_that_fits_it() {
        let scenario = scenario();
        let found = fallback_pairs(&scenario, &[model(&scenario, "flux-schnell")], &[]).expect("there are some");
        let names: Vec<[String; 4]> = found.pairs.iter().map(|pair| named(&scenario, pair)).collect();
        let expected =
            [["nf4-offload", "T4", "fp8", "L40S"], ["fp8", "L4", "fp8", "L40S"], ["fp8", "A10", "fp8", "L40S"]];
        assert_eq!(names, expected);
        assert_eq!(found.left_out, Vec::<String>::new());
    }

    #[test]
    fn a_quality_limit_rules_variants_out() {
        let mut scenario = scenario();
        let all = &[model(&scenario, "flux-dev")];
        let found = fallback_pairs(&scenario, all, &[]).expect("there are some");
        assert_eq!(found.pairs.len(), 2);
        assert!(found.left_out[0].starts_with("flux-dev cannot run on T4: bf16 needs 33.9 GiB"), "{found:?}");
        // The scenario itself decides what is feasible: no other variant is taken.
        for variant in &mut scenario.models[all[0]].variants {
            variant.cells[1].feasibility = fleetfront_scenario::Feasibility::Infeasible {
                reasons: vec![fleetfront_scenario::Infeasible::Quality { lpips: 0.29, limit: 0.1 }],
            };
        }
        let found = fallback_pairs(&scenario, all, &[]).expect("A10 is left");
        assert!(found.left_out[1].contains("on L4: bf16 LPIPS 0.29 above the accepted 0.1"), "{found:?}");
    }

    #[test]
    fn what_cannot_be_studied_says_why() {
        let scenario = scenario();
        let schnell = model(&scenario, "flux-schnell");
        let error = |scenario: &Scenario, models: &[usize], gpus: &[(usize, usize)]| {
            let error = fallback_pairs(scenario, models, gpus).expect_err("it cannot be studied");
            format!("{error}: {}", error.help())
        };
        assert!(
            error(&scenario, &[schnell], &[(3, 0)]).starts_with("L40S is no cheaper than T4: a container costs $2.13")
        );
        let dev = model(&scenario, "flux-dev");
        let none = error(&scenario, &[dev], &[(0, 3)]);
        assert!(none.contains("cheaper than its own: flux-dev cannot run on T4: bf16 needs"), "{none}");
        let mut tied = scenario.clone();
        tied.quota.gpus = Some(4);
        assert!(error(&tied, &[schnell], &[]).starts_with("the quota of the scenario ties all pools together"));
        let mut chained = scenario.clone();
        chained.models[schnell].next = Some(fleetfront_scenario::ChainStep { model: dev, probability: 1.0 });
        for part in [schnell, dev] {
            assert!(error(&chained, &[part], &[]).contains("is part of a chain of requests"));
        }
    }
}
