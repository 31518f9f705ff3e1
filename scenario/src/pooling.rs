//! Which models the search lets share a pool.

use std::collections::BTreeMap;

use fleetfront_sim::Execution;

use crate::file::{GridFile, PoolingFile, ScenarioFile};
use crate::findings::Findings;
use crate::resolved::Scenario;

/// So many ways of sharing are told apart: all that eight models have (Bell's number, 4140), and some more.
const COVERS_MAX: u64 = 5_000;
/// More models than these are more than [`COVERS_MAX`] ways, whatever else is asked.
const MODELS_MAX: usize = 24;

/// The sets of two models or more, by index, each in the scenario's order; smaller sets come first.
pub(crate) fn pooled(file: &ScenarioFile, findings: &mut Findings<'_>) -> Vec<Vec<usize>> {
    let models = file.models.len();
    let most = match &file.grid.pooling {
        None | Some(PoolingFile::Named) => return Vec::new(),
        Some(PoolingFile::Sets(sets)) => return named_sets(file, sets, findings),
        Some(PoolingFile::All) => models,
        Some(PoolingFile::UpTo(most)) => {
            findings.within(
                "grid.pooling.up_to",
                *most as f64,
                2.0,
                models.max(2) as f64,
                "so many models share a pool",
            );
            (*most).min(models)
        }
    };
    if models > MODELS_MAX {
        too_many(&file.grid, &format!("{models} models can share pools in too many ways"), findings);
        return Vec::new();
    }
    let members = |bits: u32| (0..models).filter(|model| bits >> model & 1 == 1).collect::<Vec<usize>>();
    let mut sets: Vec<Vec<usize>> =
        (0..1u32 << models).filter(|bits| (2..=most as u32).contains(&bits.count_ones())).map(members).collect();
    sets.sort_by_key(Vec::len);
    sets
}

fn named_sets(file: &ScenarioFile, sets: &[Vec<String>], findings: &mut Findings<'_>) -> Vec<Vec<usize>> {
    if file.models.len() >= u64::BITS as usize {
        too_many(&file.grid, &format!("{} models can share pools in too many ways", file.models.len()), findings);
        return Vec::new();
    }
    let known: Vec<&str> = file.models.iter().map(|model| model.name.as_str()).collect();
    let mut all: Vec<Vec<usize>> = Vec::new();
    for (index, set) in sets.iter().enumerate() {
        let path = format!("grid.pooling.sets[{index}]");
        let mut models = Vec::new();
        for (place, name) in set.iter().enumerate() {
            let path = format!("{path}[{place}]");
            let Some(model) = findings.find(&path, "model", name, &known) else { continue };
            if models.contains(&model) {
                findings.refuse(&path, format!("\"{name}\" stands here twice"), "remove one");
            }
            models.push(model);
        }
        if set.len() < 2 {
            findings.refuse(&path, "a pool is shared by two models or more", "name two, or remove the list");
        }
        models.sort_unstable();
        if all.contains(&models) {
            findings.refuse(&path, "the same models stand here twice", "remove one of the lists");
        }
        all.push(models);
    }
    all
}

/// Refuses more ways of sharing than can be told apart, and pools that several models cannot share.
pub(crate) fn check(scenario: &Scenario, file: &ScenarioFile, findings: &mut Findings<'_>) {
    let sets = &scenario.grid.pooled;
    if sets.is_empty() {
        return;
    }
    let switches =
        |model: usize| sets.iter().flatten().any(|from| scenario.models[model].switch_in_s[*from].get() > 0.0);
    if scenario.defaults.execution != Execution::Serial && sets.iter().flatten().any(|model| switches(*model)) {
        let message = "pools shared by several models run one input at a time: one model is loaded at a time";
        let help = "write execution = \"serial\" in [defaults], set switch_in_s = 0, or remove `pooling`";
        findings.refuse("grid.pooling", message, help);
    }
    let named = scenario.allocations.iter().flat_map(|allocation| &allocation.pools).map(|pool| {
        let mut models: Vec<usize> = pool.models.iter().map(|(model, _)| *model).collect();
        models.sort_unstable();
        models
    });
    let mut all: Vec<Vec<usize>> = sets.iter().cloned().chain(named.filter(|models| models.len() > 1)).collect();
    all.sort();
    all.dedup();
    let covers = covers(scenario.models.len(), &all);
    if covers > COVERS_MAX {
        too_many(&file.grid, &format!("the models can share pools in {covers} ways"), findings);
    }
}

fn too_many(grid: &GridFile, message: &str, findings: &mut Findings<'_>) {
    let help = match grid.pooling {
        Some(PoolingFile::Sets(_)) => "give fewer sets",
        _ => "name the models that may share: pooling = { sets = [[\"a\", \"b\"]] }",
    };
    findings.refuse("grid.pooling", format!("{message}; {COVERS_MAX} are the most"), help);
}

/// In how many ways all models can be covered, each once, by these sets and by models alone.
fn covers(models: usize, sets: &[Vec<usize>]) -> u64 {
    let masks: Vec<u64> = sets.iter().map(|set| set.iter().fold(0, |mask, model| mask | 1 << model)).collect();
    let mut known = BTreeMap::new();
    ways((1 << models) - 1, &masks, &mut known)
}

/// In how many ways the models that are left can be covered; sums that do not fit are as many as can be told.
fn ways(left: u64, masks: &[u64], known: &mut BTreeMap<u64, u64>) -> u64 {
    if left == 0 {
        return 1;
    }
    if let Some(ways) = known.get(&left) {
        return *ways;
    }
    let first = left & left.wrapping_neg();
    let fitting = masks.iter().filter(|mask| *mask & first != 0 && *mask & !left == 0);
    let mut sum = ways(left & !first, masks, known);
    for mask in fitting {
        sum = sum.saturating_add(ways(left & !mask, masks, known));
    }
    known.insert(left, sum);
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{edited, only_problem};

    fn with(pooling: &str) -> crate::Files {
        edited("pooling = \"all\"", &format!("pooling = {pooling}"))
    }

    fn sets(pooling: &str) -> Vec<Vec<usize>> {
        Scenario::load(&with(pooling)).expect("no problems").grid.pooled
    }

    #[test]
    fn sets_are_all_subsets_or_those_that_are_named() {
        assert_eq!(sets("\"named\""), Vec::<Vec<usize>>::new());
        // Of six models: 2^6 less the empty one and the six single ones; 15 pairs and 20 triples.
        assert_eq!(sets("\"all\"").len(), 57);
        assert_eq!(sets("{ up_to = 3 }").len(), 35);
        assert!(sets("{ up_to = 2 }").iter().all(|set| set.len() == 2));
        assert_eq!(sets("{ sets = [[\"lora\", \"flux-dev\"]] }"), [[1, 3]]);
    }

    /// Bell's numbers (Graham, Knuth and Patashnik 1994, *Concrete Mathematics*, exercise 7.15): 1, 2, 5, 15, 52, 203.
    #[test]
    fn ways_of_sharing_are_counted() {
        let all = |models: usize| -> Vec<Vec<usize>> {
            let members = |bits: u32| (0..models).filter(|model| bits >> model & 1 == 1).collect::<Vec<usize>>();
            (0..1u32 << models).filter(|bits| bits.count_ones() > 1).map(members).collect()
        };
        assert_eq!([1, 2, 3, 4, 5, 6].map(|models| covers(models, &all(models))), [1, 2, 5, 15, 52, 203]);
        assert_eq!(covers(4, &[vec![0, 1], vec![1, 2]]), 3);
        assert_eq!(covers(40, &[]), 1);
    }

    #[test]
    fn sets_that_cannot_be_are_refused() {
        for (pooling, key, message) in [
            ("{ sets = [[\"lora\"]] }", "grid.pooling.sets[0]", "two models or more"),
            ("{ sets = [[\"lora\", \"lora\"]] }", "grid.pooling.sets[0][1]", "twice"),
            ("{ sets = [[\"lora\", \"lara\"]] }", "grid.pooling.sets[0][1]", "there is no model \"lara\""),
            ("{ sets = [[\"lora\", \"wan2.1\"], [\"wan2.1\", \"lora\"]] }", "grid.pooling.sets[1]", "twice"),
            ("{ up_to = 1 }", "grid.pooling.up_to", "1 is outside 2 to 6"),
            ("{ up_to = 7 }", "grid.pooling.up_to", "7 is outside 2 to 6"),
        ] {
            let problem = only_problem(&with(pooling));
            assert_eq!(problem.key, key);
            assert!(problem.message.contains(message), "{pooling}: {problem}");
        }
    }

    #[test]
    fn models_that_run_at_once_share_no_pool() {
        // The pool of today stays as it is.
        let text = with("\"all\"").text("scenario.toml").expect("it is there").to_owned();
        let parallel = text.replacen("execution = \"serial\"", "execution = \"parallel\"", 1).replacen(
            "gpu = \"L40S\"",
            "gpu = \"L40S\"\nexecution = \"serial\"",
            1,
        );
        let problem = only_problem(&with("\"all\"").with("scenario.toml", &parallel));
        assert_eq!(problem.key, "grid.pooling");
    }
}
