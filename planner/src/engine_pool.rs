//! From a plan to a pool of the engine, and what its container costs.

use fleetfront_calibration::Fit;
use fleetfront_scenario::{Cell, Gpu, Platform, PoolSettings, Scenario};
use fleetfront_sim::{Law, PLATFORM_MAX_CONTAINERS, Pool, PoolModel, Retries, UsdPerSecond, Window};

/// The pool of these models (scenario indices) with these settings.
pub(crate) fn engine_pool(scenario: &Scenario, models: &[usize], settings: &PoolSettings) -> Pool {
    let pool_model = |model: &usize| {
        let model = &scenario.models[*model];
        PoolModel {
            failure_probability: model.failure_probability,
            switch_in: models.iter().map(|from| model.switch_in_s[*from].to_span()).collect(),
            ..PoolModel::new(models.len(), model.latency_limit_s.to_span())
        }
    };
    Pool {
        min_containers: settings.min_containers,
        max_containers: settings.max_containers.unwrap_or(PLATFORM_MAX_CONTAINERS),
        buffer_containers: settings.buffer_containers,
        scaledown_window: Window::Fixed(settings.scaledown_window.to_span()),
        max_inputs: settings.max_inputs,
        target_inputs: settings.max_inputs,
        execution: settings.execution.clone(),
        timeout: settings.timeout.to_span(),
        retries: Retries::fixed(settings.retries),
        ..Pool::new(models.iter().map(pool_model).collect())
    }
}

/// GPU, CPU and memory of one container, region included.
pub(crate) fn container_price(platform: &Platform, gpu: &Gpu) -> UsdPerSecond {
    let cpu = platform.cpu_usd_per_core_s.get() * platform.cpu_cores;
    let memory = platform.memory_usd_per_gib_s.get() * platform.memory_gib;
    price((gpu.usd_per_second.get() + cpu + memory) * platform.region_multiplier)
}

fn price(usd_per_second: f64) -> UsdPerSecond {
    UsdPerSecond::new(usd_per_second).expect("a sum of prices is a price")
}

/// The cell of a model's variant on a GPU type.
pub(crate) fn cell(scenario: &Scenario, model: usize, variant: usize, gpu: usize) -> &Cell {
    &scenario.models[model].variants[variant].cells[gpu]
}

/// The service and boot fits of a feasible cell.
///
/// # Panics
/// If the cell has none: the scenario calls a cell without data infeasible.
pub(crate) fn fits(cell: &Cell) -> (&Fit, &Fit) {
    let service = cell.service.as_ref().expect("a feasible cell has a service time");
    let boot = cell.boot.as_ref().expect("a feasible cell has a boot time");
    (service, boot)
}

/// The laws of a pool's models (with their variants) on a GPU type: `(model, service law)` and the boot laws, in the
/// pool's order.
pub(crate) fn laws(scenario: &Scenario, models: &[(usize, usize)], gpu: usize) -> (Vec<(usize, Law)>, Vec<Law>) {
    let fits_of = |(model, variant): &(usize, usize)| {
        let (service, boot) = fits(cell(scenario, *model, *variant, gpu));
        ((*model, service.law), boot.law)
    };
    models.iter().map(fits_of).unzip()
}

#[cfg(test)]
mod tests {
    use approx::assert_relative_eq;
    use fleetfront_scenario::Files;

    use super::*;

    /// By hand: 0.000542 + 1 x 0.0000131 + 16 x 0.00000222 dollars a second.
    #[test]
    fn a_container_costs_its_gpu_its_cores_and_its_memory_in_its_region() {
        let scenario = Scenario::load(&Files::embedded()).expect("the embedded scenario is valid");
        let l40s = scenario.gpus.iter().find(|gpu| gpu.name == "L40S").expect("it is there");
        assert_relative_eq!(container_price(&scenario.platform, l40s).get(), 0.000_590_62, epsilon = 1e-12);
        let pinned = Platform { region_multiplier: 1.5, ..scenario.platform.clone() };
        assert_relative_eq!(container_price(&pinned, l40s).get(), 0.000_885_93, epsilon = 1e-12);
    }
}
