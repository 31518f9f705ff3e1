//! Which models share a pool: each by itself, and those that an allocation of the scenario pools.

use fleetfront_scenario::{PoolSettings, Scenario};

/// Models that share a pool in some fleet.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Unit {
    /// Its name: the model's, or the pool's in the allocation that has it.
    pub(crate) name: String,
    /// The models with the variant that the allocation gives them (of a model by itself every variant is tried).
    pub(crate) models: Vec<(usize, usize)>,
    /// The settings that the grid starts from.
    pub(crate) settings: PoolSettings,
}

impl Unit {
    fn model_indices(&self) -> Vec<usize> {
        self.models.iter().map(|(model, _)| *model).collect()
    }

    pub(crate) fn is_shared(&self) -> bool {
        self.models.len() > 1
    }
}

/// The units of a scenario and the ways of covering all models with them.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Partitions {
    /// First one a model in the scenario's order, then the shared ones.
    pub(crate) units: Vec<Unit>,
    /// Each a list of units that together hold every model once; the first has every model by itself.
    pub(crate) covers: Vec<Vec<usize>>,
}

impl Partitions {
    pub(crate) fn of(scenario: &Scenario) -> Self {
        let single = |(model, of_model): (usize, &fleetfront_scenario::Model)| Unit {
            name: of_model.name.clone(),
            models: vec![(model, 0)],
            settings: scenario.defaults.clone(),
        };
        let units: Vec<Unit> = scenario.models.iter().enumerate().map(single).collect();
        let mut partitions = Self { covers: Vec::new(), units };
        // A pool without models serves what falls back to it: it covers none.
        let pools = scenario.allocations.iter().flat_map(|allocation| &allocation.pools);
        for pool in pools.filter(|pool| !pool.models.is_empty()) {
            partitions.unit(pool);
        }
        for set in &scenario.grid.pooled {
            partitions.unit(&pool_of(scenario, set));
        }
        partitions.covers = partitions.covers(scenario.models.len());
        partitions
    }

    /// Every way of covering all models, each once; that of each by itself comes first.
    fn covers(&self, models: usize) -> Vec<Vec<usize>> {
        let members: Vec<Vec<usize>> = self.units.iter().map(Unit::model_indices).collect();
        let mut covers = Vec::new();
        extend(&members, &mut vec![false; models], &mut Vec::new(), &mut covers);
        for cover in &mut covers {
            cover.sort_unstable();
        }
        covers
    }

    /// The unit of a pool's models, whatever their order; a new one where there is none yet.
    fn unit(&mut self, pool: &fleetfront_scenario::PoolPlan) -> usize {
        let mut wanted: Vec<usize> = pool.models.iter().map(|(model, _)| *model).collect();
        wanted.sort_unstable();
        let same = |unit: &Unit| {
            let mut models = unit.model_indices();
            models.sort_unstable();
            models == wanted
        };
        self.units.iter().position(same).unwrap_or_else(|| {
            let (name, models, settings) = (pool.name.clone(), pool.models.clone(), pool.settings.clone());
            self.units.push(Unit { name, models, settings });
            self.units.len() - 1
        })
    }
}

/// The pool that models would share: on any GPU type, the deployed variants first, with the settings of all pools.
fn pool_of(scenario: &Scenario, set: &[usize]) -> fleetfront_scenario::PoolPlan {
    let names: Vec<&str> = set.iter().map(|model| scenario.models[*model].name.as_str()).collect();
    fleetfront_scenario::PoolPlan {
        name: names.join("+"),
        gpu: 0,
        models: set.iter().map(|model| (*model, 0)).collect(),
        settings: scenario.defaults.clone(),
    }
}

/// Adds every way of covering the models that are left with the units that come after those taken already.
fn extend(members: &[Vec<usize>], covered: &mut Vec<bool>, taken: &mut Vec<usize>, covers: &mut Vec<Vec<usize>>) {
    let Some(first) = covered.iter().position(|is_covered| !is_covered) else {
        covers.push(taken.clone());
        return;
    };
    for (unit, models) in members.iter().enumerate() {
        if models.contains(&first) && models.iter().all(|model| !covered[*model]) {
            for model in models {
                covered[*model] = true;
            }
            taken.push(unit);
            extend(members, covered, taken, covers);
            taken.pop();
            for model in models {
                covered[*model] = false;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fleetfront_scenario::Files;

    #[test]
    fn a_pool_without_models_covers_none() {
        let mut scenario = Scenario::load(&Files::embedded()).expect("the embedded scenario is valid");
        let before = Partitions::of(&scenario);
        let spare = fleetfront_scenario::PoolPlan {
            name: "spare".into(),
            models: Vec::new(),
            ..scenario.allocations[0].pools[0].clone()
        };
        scenario.allocations[0].pools.push(spare);
        assert_eq!(Partitions::of(&scenario), before);
    }

    #[test]
    fn every_set_of_the_default_is_a_unit_and_every_way_of_sharing_a_cover() {
        let scenario = Scenario::load(&Files::embedded()).expect("the embedded scenario is valid");
        let partitions = Partitions::of(&scenario);
        // 2^6 - 1 sets, and the sixth of Bell's numbers.
        assert_eq!((partitions.units.len(), partitions.covers.len()), (63, 203));
        assert_eq!(partitions.covers[0], [0, 1, 2, 3, 4, 5]);
        let mut sorted = partitions.covers.clone();
        sorted.sort();
        sorted.dedup();
        assert_eq!(sorted.len(), partitions.covers.len());
        // The shared pool of today keeps its own settings and name.
        let today: Vec<&Unit> = partitions.units.iter().filter(|unit| unit.name == "flux").collect();
        assert_eq!(today.iter().map(|unit| unit.model_indices()).collect::<Vec<_>>(), [[0, 1, 3]]);
    }

    #[test]
    fn without_other_sets_pools_are_own_ones_and_those_of_the_allocations() {
        let mut scenario = Scenario::load(&Files::embedded()).expect("the embedded scenario is valid");
        scenario.grid.pooled.clear();
        let partitions = Partitions::of(&scenario);
        let shared: Vec<&Unit> = partitions.units.iter().filter(|unit| unit.is_shared()).collect();
        assert_eq!(shared.len(), 1);
        assert_eq!(shared[0].models.len(), 3);
        assert_eq!(partitions.covers.len(), 2);
        for cover in &partitions.covers {
            let mut models: Vec<usize> = cover.iter().flat_map(|u| partitions.units[*u].model_indices()).collect();
            models.sort_unstable();
            assert_eq!(models, (0..scenario.models.len()).collect::<Vec<_>>());
        }
    }
}
