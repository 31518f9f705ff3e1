//! An allocation of a study as a plan again.

use fleetfront_scenario::{Allocation, PoolPlan, Scenario};

use crate::study::{AllocationResult, PoolResult};

/// The plan that a result is of. `None` where the scenario does not know one of its names.
#[must_use]
pub fn replan(scenario: &Scenario, of: &AllocationResult) -> Option<Allocation> {
    let pools = of.pools.iter().map(|pool| plan(scenario, pool)).collect::<Option<_>>()?;
    Some(Allocation { name: of.name.clone(), description: of.description.clone(), pools })
}

fn plan(scenario: &Scenario, pool: &PoolResult) -> Option<PoolPlan> {
    let place = |(model, variant): &(String, String)| {
        let model = scenario.models.iter().position(|own| own.name == *model)?;
        let variants = &scenario.models[model].variants;
        Some((model, variants.iter().position(|own| own.name == *variant)?))
    };
    Some(PoolPlan {
        name: pool.name.clone(),
        gpu: scenario.gpus.iter().position(|gpu| gpu.name == pool.gpu)?,
        models: pool.models.iter().map(place).collect::<Option<_>>()?,
        settings: pool.settings.clone(),
    })
}

#[cfg(test)]
mod tests {
    use fleetfront_scenario::Files;

    use super::*;
    use crate::results::infeasible_result;
    use crate::study::Role;

    #[test]
    fn a_result_is_planned_as_it_was() {
        let scenario = Scenario::load(&Files::embedded()).expect("the embedded scenario is valid");
        for allocation in &scenario.allocations {
            let result = infeasible_result(&scenario, allocation, Role::Named);
            assert_eq!(replan(&scenario, &result).as_ref(), Some(allocation));
            let mut unknown = result;
            unknown.pools[0].gpu = "abacus".to_owned();
            assert_eq!(replan(&scenario, &unknown), None);
        }
    }
}
