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
        let mut partitions = Self { covers: vec![(0..units.len()).collect()], units };
        for allocation in &scenario.allocations {
            // A pool without models serves what falls back to it: it covers none.
            let pools = allocation.pools.iter().filter(|pool| !pool.models.is_empty());
            let mut cover: Vec<usize> = pools.map(|pool| partitions.unit(pool)).collect();
            cover.sort_unstable();
            if !partitions.covers.contains(&cover) {
                partitions.covers.push(cover);
            }
        }
        partitions
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
    fn the_default_is_covered_by_own_pools_and_by_the_shared_pool_of_today() {
        let scenario = Scenario::load(&Files::embedded()).expect("the embedded scenario is valid");
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
