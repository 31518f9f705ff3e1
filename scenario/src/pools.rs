//! The named allocations: which model runs as which variant in which pool.

use fleetfront_sim::Execution;

use crate::file::{AllocationFile, PoolFile, ScenarioFile};
use crate::findings::Findings;
use crate::resolved::{Allocation, PoolPlan, PoolSettings};
use crate::settings;
use crate::suggest::advice;

/// The name of the allocation that a study recommends: no scenario may use it.
pub const RECOMMENDED: &str = "recommended";

/// The allocations in the file's order.
pub(crate) fn allocations(
    file: &ScenarioFile,
    defaults: &PoolSettings,
    strict: bool,
    findings: &mut Findings<'_>,
) -> Vec<Allocation> {
    let names: Vec<&str> = file.allocations.iter().map(|allocation| allocation.name.as_str()).collect();
    findings.names("allocation", &names, |index| format!("allocations[{index}].name"));
    for (index, name) in names.iter().enumerate().filter(|(_, name)| **name == RECOMMENDED) {
        let message = format!("\"{name}\" is what the program calls its own allocation");
        findings.refuse(&format!("allocations[{index}].name"), message, "give it another name");
    }
    if names.is_empty() {
        findings.refuse("allocations", "there is no allocation", "add a table `[[allocations]]`");
    }
    let resolve =
        |(index, allocation)| resolve(file, allocation, (defaults, strict), &format!("allocations[{index}]"), findings);
    file.allocations.iter().enumerate().map(resolve).collect()
}

/// The index of the allocation that the top-level `key` names.
pub(crate) fn named(file: &ScenarioFile, key: &str, name: &str, findings: &mut Findings<'_>) -> usize {
    let names: Vec<&str> = file.allocations.iter().map(|allocation| allocation.name.as_str()).collect();
    findings.find(key, "allocation", name, &names).unwrap_or(0)
}

fn resolve(
    file: &ScenarioFile,
    allocation: &AllocationFile,
    (defaults, strict): (&PoolSettings, bool),
    path: &str,
    findings: &mut Findings<'_>,
) -> Allocation {
    let names: Vec<&str> = allocation.pools.iter().map(|pool| pool.name.as_str()).collect();
    findings.names("pool", &names, |index| format!("{path}.pools[{index}].name"));
    let mut places: Vec<Option<String>> = vec![None; file.models.len()];
    let mut pools = Vec::new();
    for (index, pool) in allocation.pools.iter().enumerate() {
        let path = format!("{path}.pools[{index}]");
        let models = models_of(file, pool, &path, &mut places, findings);
        check_serves(allocation, pool, &path, findings);
        let gpus: Vec<&str> = file.gpus.iter().map(|gpu| gpu.name.as_str()).collect();
        let gpu = findings.find(&format!("{path}.gpu"), "GPU", &pool.gpu, &gpus).unwrap_or(0);
        let settings = settings::of_pool(pool, (defaults, file.defaults.execution), strict, &path, findings);
        check_names(file, pool, &names, &path, findings);
        check_switching(file, &models, &settings, &path, findings);
        pools.push(PoolPlan { name: pool.name.clone(), gpu, models, settings });
    }
    let left = file.models.iter().zip(&places).filter(|(_, place)| place.is_none());
    let left: Vec<String> = left.map(|(model, _)| format!("\"{}\"", model.name)).collect();
    if !left.is_empty() {
        let message = format!("allocation \"{}\" forgets {}", allocation.name, left.join(", "));
        findings.refuse(&format!("{path}.name"), message, "give every model to one of its pools");
    }
    Allocation { name: allocation.name.clone(), description: allocation.description.clone(), pools }
}

/// The models of a pool as (model, variant); `places` remembers where each model of the allocation stands.
fn models_of(
    file: &ScenarioFile,
    pool: &PoolFile,
    path: &str,
    places: &mut [Option<String>],
    findings: &mut Findings<'_>,
) -> Vec<(usize, usize)> {
    let names: Vec<&str> = file.models.iter().map(|model| model.name.as_str()).collect();
    let mut models = Vec::new();
    for (index, written) in pool.models.iter().enumerate() {
        let path = format!("{path}.models[{index}]");
        let (name, variant) = written.split_once(':').map_or((written.as_str(), None), |(a, b)| (a, Some(b)));
        let Some(model) = findings.find(&path, "model", name, &names) else { continue };
        if let Some(first) = &places[model] {
            let help = format!("remove it here or there: it stands in `{first}` already");
            findings.refuse(&path, format!("the model \"{name}\" stands in two pools"), help);
            continue;
        }
        places[model] = Some(path.clone());
        let variants: Vec<&str> = file.models[model].variants.iter().map(|variant| variant.name.as_str()).collect();
        let index = match variant {
            None => Some(0),
            Some(wanted) => variants.iter().position(|variant| *variant == wanted),
        };
        match (index, variant) {
            (Some(index), _) => models.push((model, index)),
            (None, wanted) => {
                let wanted = wanted.unwrap_or_default();
                let message = format!("the model \"{name}\" has no variant \"{wanted}\"");
                findings.refuse(&path, message, advice(wanted, &variants));
            }
        }
    }
    models
}

/// A pool without models of its own serves what falls back to it, or nobody.
fn check_serves(allocation: &AllocationFile, pool: &PoolFile, path: &str, findings: &mut Findings<'_>) {
    let falls_here = |other: &PoolFile| other.rules.fallback.as_ref().is_some_and(|rule| rule.pool == pool.name);
    if pool.models.is_empty() && !allocation.pools.iter().any(falls_here) {
        let help = "name a model, remove the pool, or make it the fallback of another";
        findings.refuse(&format!("{path}.models"), "a pool without models", help);
    }
}

/// The pools and GPU types that the rules of a pool name.
fn check_names(file: &ScenarioFile, pool: &PoolFile, pools: &[&str], path: &str, findings: &mut Findings<'_>) {
    if let Some(fallback) = &pool.rules.fallback {
        let path = format!("{path}.rules.fallback.pool");
        if findings.find(&path, "pool", &fallback.pool, pools).is_some() && fallback.pool == pool.name {
            findings.refuse(&path, "a pool cannot be its own fallback", "name another pool of this allocation");
        }
    }
    let gpus: Vec<&str> = file.gpus.iter().map(|gpu| gpu.name.as_str()).collect();
    for (index, gpu) in pool.rules.gpu_fallback.iter().flatten().enumerate() {
        let path = format!("{path}.rules.gpu_fallback[{index}]");
        let before = pool.rules.gpu_fallback.iter().flatten().take(index);
        if findings.find(&path, "GPU", gpu, &gpus).is_some()
            && std::iter::once(&pool.gpu).chain(before).any(|own| own == gpu)
        {
            findings.refuse(
                &path,
                format!("\"{gpu}\" is tried already"),
                "name each GPU type once, the pool's own as gpu",
            );
        }
    }
}

/// A container that runs everything at once has no moment at which it could switch models.
fn check_switching(
    file: &ScenarioFile,
    models: &[(usize, usize)],
    settings: &PoolSettings,
    path: &str,
    findings: &mut Findings<'_>,
) {
    let switches = models.iter().any(|&(model, _)| {
        let model = &file.models[model];
        model.switch_in_s > 0.0 || model.switch_in_from_s.values().any(|&span| span > 0.0)
    });
    if settings.execution != Execution::Serial && models.len() > 1 && switches {
        let message =
            "execution of several models at once contradicts their switch times: one model is loaded at a time";
        let help = "write execution = \"serial\" for this pool, give each model its own pool, or set switch_in_s = 0";
        let place = format!("{path}.execution");
        findings.refuse(if findings.document.has(&place) { &place } else { path }, message, help);
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{check, default_scenario};

    #[test]
    fn the_default_allocations_are_those_under_review() {
        let scenario = default_scenario();
        let shown = |index: usize| -> Vec<String> {
            let pools = scenario.allocations[index].pools.iter();
            pools
                .map(|pool| {
                    let models = pool.models.iter().map(|&(model, variant)| {
                        let model = &scenario.models[model];
                        format!("{}:{}", model.name, model.variants[variant].name)
                    });
                    format!("{} {}", scenario.gpus[pool.gpu].name, models.collect::<Vec<_>>().join(" "))
                })
                .collect()
        };
        assert_eq!((scenario.baseline, scenario.proposed), (0, 1));
        assert_eq!(
            shown(0),
            [
                "L40S flux-schnell:fp8 flux-dev:bf16 lora:bf16",
                "L40S instantid:fp16",
                "L40S wan2.1:fp16",
                "L40S seedvr2:bf16"
            ]
        );
        assert_eq!(
            shown(1),
            [
                "T4 flux-schnell:fp8",
                "T4 lora:bf16",
                "A10 instantid:fp16",
                "A10 seedvr2:bf16",
                "L40S flux-dev:bf16",
                "L40S wan2.1:fp16"
            ]
        );
    }

    #[test]
    fn every_model_stands_in_exactly_one_pool() {
        let forgets = "allocation \"current\" forgets \"lora\"";
        let flux = "[[allocations]]\nname = \"current\"\ndescription = \"everything on L40S; the three FLUX endpoints share one pool\"";
        let with = |models: &str| {
            format!("{flux}\n\n[[allocations.pools]]\nname = \"flux\"\ngpu = \"L40S\"\nmodels = [{models}]")
        };
        let old = with("\"flux-schnell\", \"flux-dev\", \"lora\"");
        let new = with("\"flux-schnell\", \"flux-dev\"");
        check(&old, &new, "\"current\"", "allocations[0].name", forgets, "give every model");
        let (old, new) =
            ("gpu = \"L40S\"\nmodels = [\"instantid\"]", "gpu = \"L40S\"\nmodels = [\"instantid\", \"lora\"]");
        let help = "it stands in `allocations[0].pools[0].models[2]` already";
        check(old, new, "\"lora\"", "allocations[0].pools[1].models[1]", "\"lora\" stands in two pools", help);
        let new = "gpu = \"L40S\"\nmodels = [\"instantid\", \"instantid\"]";
        check(old, new, "\"instantid\"]", "allocations[0].pools[1].models[1]", "stands in two pools", "remove it");
        let new = with("\"flux-schnell\", \"flux-dev\", \"lora\"")
            + "\n[[allocations.pools]]\nname = \"none\"\ngpu = \"T4\"\nmodels = []\n";
        let old = with("\"flux-schnell\", \"flux-dev\", \"lora\"");
        check(&old, &new, "[]\n", "allocations[0].pools[1].models", "a pool without models", "remove the pool");
    }

    #[test]
    fn a_fallback_pool_needs_no_models_of_its_own() {
        let old = "name = \"instantid\"\ngpu = \"L40S\"\nmodels = [\"instantid\"]";
        let falls = "\nrules = { fallback = { pool = \"spare\", on_failure = true } }\n";
        let spare = "\n[[allocations.pools]]\nname = \"spare\"\ngpu = \"L40S\"\nmodels = []\n";
        let files = crate::testing::edited(old, &format!("{old}{falls}{spare}"));
        let scenario = crate::Scenario::load(&files).expect("no problems");
        let pool = &scenario.allocations[0].pools[2];
        assert_eq!((pool.name.as_str(), pool.models.len()), ("spare", 0));
    }

    #[test]
    fn unknown_names_get_the_nearest_known_one() {
        check(
            "gpu = \"T4\"",
            "gpu = \"T5\"",
            "\"T5\"",
            "allocations[1].pools[0].gpu",
            "no GPU \"T5\"",
            "did you mean `T4`?",
        );
        let key = "allocations[0].pools[0].models[1]";
        let (old, help) = ("gpu = \"L40S\"\nmodels = [\"flux-schnell\", \"flux-dev\"", "did you mean `nf4`?");
        let new = "gpu = \"L40S\"\nmodels = [\"flux-schnell\", \"flux-dev:nf5\"";
        let message = "the model \"flux-dev\" has no variant \"nf5\"";
        check(old, new, "\"flux-dev:", key, message, help);
        check(
            "baseline = \"current\"",
            "baseline = \"curent\"",
            "\"curent\"",
            "baseline",
            "no allocation \"curent\"",
            "`current`",
        );
        check(
            "proposed = \"proposed\"",
            "proposed = \"other\"",
            "\"other\"",
            "proposed",
            "\"other\"",
            "current, proposed",
        );
    }

    #[test]
    fn duplicate_names_are_refused() {
        let (old, new) = ("[[allocations]]\nname = \"proposed\"", "[[allocations]]\nname = \"current\"");
        let problems = crate::Scenario::load(&crate::testing::edited(old, new)).expect_err("problems");
        assert!(problems.iter().any(|problem| problem.message == "there are two allocations called \"current\""));
        let (old, new) = ("name = \"instantid\"\ngpu", "name = \"flux\"\ngpu");
        check(old, new, "\"flux\"", "allocations[0].pools[1].name", "two pools called \"flux\"", "rename one");
    }

    #[test]
    fn the_name_of_the_recommended_allocation_is_kept_for_it() {
        let (old, new) = ("[[allocations]]\nname = \"proposed\"", "[[allocations]]\nname = \"recommended\"");
        let problems = crate::Scenario::load(&crate::testing::edited(old, new)).expect_err("problems");
        let kept = problems.iter().find(|problem| problem.key == "allocations[1].name").expect("its name is refused");
        assert!(kept.message.contains("what the program calls its own"), "{kept}");
    }

    #[test]
    fn several_models_at_once_cannot_switch() {
        let (old, contradicts) = ("name = \"flux\"\ngpu", "contradicts their switch times");
        let new = "name = \"flux\"\nexecution = \"parallel\"\ngpu";
        let key = "allocations[0].pools[0].execution";
        check(old, new, "\"parallel\"", key, contradicts, "write execution = \"serial\"");
        // A pool of one model has nothing to switch.
        let (old, new) = ("name = \"instantid\"\ngpu", "name = \"instantid\"\nexecution = \"parallel\"\ngpu");
        assert!(crate::Scenario::load(&crate::testing::edited(old, new)).is_ok());
    }
}
