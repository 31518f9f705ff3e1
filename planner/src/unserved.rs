//! Models that no setting of the grid can serve, and why: a study of them would have nothing to choose from.
//!
//! That a model fits no GPU type is refused with the scenario; what is left to ask is whether the grid's lists leave
//! a setting where it fits.

use std::collections::BTreeMap;

use fleetfront_scenario::Scenario;

use crate::engine_pool::cell;
use crate::experiment::feasible_cells;
use crate::partition::Partitions;
use crate::space::settings_of;

/// A model that stands in no fleet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unserved {
    /// The model.
    pub model: String,
    /// What stands in the way, in words: each reason with the number of settings that it rules out.
    pub why: Vec<String>,
    /// What would mend it.
    pub mend: String,
}

/// The models for which the grid leaves no setting, if therefore no fleet can be made; also those that the baseline runs
/// where nothing is known of their times. Empty where a study can be made: [`run_study`](crate::run_study) needs that.
#[must_use]
pub fn unserved(scenario: &Scenario) -> Vec<Unserved> {
    let baseline = unknown_in_baseline(scenario);
    if !baseline.is_empty() {
        return baseline;
    }
    let partitions = Partitions::of(scenario);
    let mut has_settings = vec![false; partitions.units.len()];
    let mut left_out: Vec<BTreeMap<String, usize>> = vec![BTreeMap::new(); partitions.units.len()];
    for task in feasible_cells(scenario, &partitions) {
        let found = settings_of(scenario, &partitions.units[task.unit], &task.models, task.gpu);
        has_settings[task.unit] |= !found.kept.is_empty();
        for why in found.left_out {
            *left_out[task.unit].entry(why).or_default() += 1;
        }
    }
    if partitions.covers.iter().any(|cover| cover.iter().all(|unit| has_settings[*unit])) {
        return Vec::new();
    }
    // The unit of a model by itself stands at the model's own place.
    let models = scenario.models.iter().enumerate().filter(|(model, _)| !has_settings[*model]);
    let told = |(model, of_model): (usize, &fleetfront_scenario::Model)| Unserved {
        model: of_model.name.clone(),
        why: left_out[model].iter().map(|(why, count)| format!("{why}: {count} settings")).collect(),
        mend: "let the lists of [grid] hold values that go together".to_owned(),
    };
    models.map(told).collect()
}

/// What the baseline runs without a service or boot time: nothing can be compared with it.
fn unknown_in_baseline(scenario: &Scenario) -> Vec<Unserved> {
    let baseline = &scenario.allocations[scenario.baseline];
    let placed = baseline.pools.iter().flat_map(|pool| pool.models.iter().map(|(m, v)| (*m, *v, pool.gpu)));
    let unknown = placed.filter(|(model, variant, gpu)| {
        let cell = cell(scenario, *model, *variant, *gpu);
        cell.service.is_none() || cell.boot.is_none()
    });
    let told = |(model, variant, gpu): (usize, usize, usize)| {
        let of_model = &scenario.models[model];
        let (variant, gpu) = (&of_model.variants[variant].name, &scenario.gpus[gpu].name);
        Unserved {
            model: of_model.name.clone(),
            why: vec![format!("the baseline runs it as {variant} on {gpu}, where no service or boot time is known")],
            mend: "give the times (a row of each table, or [[cells]]), or let the baseline run it elsewhere".to_owned(),
        }
    };
    unknown.map(told).collect()
}

#[cfg(test)]
mod tests {
    use fleetfront_scenario::Files;

    use super::*;

    fn edited(old: &str, new: &str) -> Scenario {
        let files = Files::embedded();
        let text = files.text("scenario.toml").expect("it is there").replace(old, new);
        Scenario::load(&files.with("scenario.toml", &text)).expect("no problems")
    }

    #[test]
    fn a_grid_whose_lists_do_not_go_together_is_named() {
        let old = "min_containers = [0, 1]";
        assert_eq!(unserved(&edited(old, old)), []);
        let found = unserved(&edited(old, "min_containers = [5]\nmax_containers = [2]"));
        assert_eq!(found.len(), 6);
        // wan2.1 fits eight GPU types or more, with nine windows each.
        let why = &found[4].why;
        assert_eq!(why.len(), 1);
        assert!(why[0].starts_with("min_containers = 5 is above max_containers = 2: "), "{why:?}");
        assert!(found[4].mend.contains("[grid]"));
    }

    #[test]
    fn a_baseline_of_which_nothing_is_known_is_named() {
        let mut scenario = edited("", "");
        let pool = scenario.allocations[scenario.baseline].pools[0].clone();
        scenario.models[pool.models[0].0].variants[pool.models[0].1].cells[pool.gpu].service = None;
        let found = unserved(&scenario);
        assert_eq!(found.len(), 1);
        assert!(found[0].why[0].contains("as fp8 on L40S, where no service or boot time is known"), "{found:?}");
    }
}
