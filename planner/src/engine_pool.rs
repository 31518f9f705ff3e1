//! From a plan to a pool of the engine, and what its container costs.

use std::sync::Arc;

use fleetfront_calibration::Fit;
use fleetfront_scenario::rules::{Rules, WindowFile};
use fleetfront_scenario::{Cell, Gpu, Platform, PoolSettings, Scenario, time_of_day};
use fleetfront_sim::{
    BootRules, Bounds, Hardware, PLATFORM_MAX_CONTAINERS, Patience, Pool, PoolModel, Preemption, Quantile, ReadyLaw,
    ReadyService, Retries, Service, SimSpan, SimTime, UsdPerSecond, Window,
};

use crate::tariff::Tariff;

const DAY_NS: u64 = 86_400_000_000_000;

/// The pool of these models (scenario indices, with their variants) on a GPU type, and on those that it falls back to,
/// with these settings, as it is by itself: without a fallback pool.
pub(crate) fn engine_pool(scenario: &Scenario, models: &[(usize, usize)], gpu: usize, settings: &PoolSettings) -> Pool {
    let indices: Vec<usize> = models.iter().map(|(model, _)| *model).collect();
    let rules = &settings.rules;
    let startup_timeout = startup_timeout(scenario, models, gpu, settings);
    // Where nothing special is asked for, the arrivals bring their service and the ordinals their boots.
    let needs_boots = startup_timeout < SimSpan(u64::MAX) || needs_boots(scenario, models, gpu, rules);
    let gpus = gpus(scenario, gpu, rules);
    let pool_models =
        models.iter().map(|model| pool_model(scenario, *model, &gpus, needs_boots.then_some(rules), &indices));
    let pool = Pool {
        min_containers: settings.min_containers,
        max_containers: settings.max_containers.unwrap_or(PLATFORM_MAX_CONTAINERS),
        buffer_containers: settings.buffer_containers,
        scaledown_window: Window::Fixed(settings.scaledown_window.to_span()),
        max_inputs: settings.max_inputs,
        execution: settings.execution.clone(),
        timeout: settings.timeout.to_span(),
        retries: Retries::fixed(settings.retries),
        ..Pool::new(pool_models.collect())
    };
    with_rules(scenario, pool, (&gpus, startup_timeout), rules)
}

/// A model and its variant in a pool of these models on these GPU types, best first.
///
/// - `boots`: the rules of its boots; `None` where their ordinals tell how long they last.
pub(crate) fn pool_model(
    scenario: &Scenario,
    (model, variant): (usize, usize),
    gpus: &[usize],
    boots: Option<&Rules>,
    models: &[usize],
) -> PoolModel {
    let of_model = &scenario.models[model];
    let cells = || gpus.iter().map(|gpu| cell(scenario, model, variant, *gpu));
    PoolModel {
        services: gpus.iter().filter_map(|gpu| of_model.service_on(variant, *gpu)).collect(),
        adapters: of_model.adapters.as_ref().map(|mix| Arc::new(mix.adapters())),
        boots: boots.map_or(Vec::new(), |rules| cells().filter_map(|cell| cell.boots(rules)).collect()),
        failure_probability: of_model.failure_probability_on(variant, gpus[0]),
        fails_at_end: of_model.fails_at_end,
        switch_in: models.iter().map(|from| of_model.switch_in_s[*from].to_span()).collect(),
        ..PoolModel::new(models.len(), of_model.latency_limit_s.to_span())
    }
}

/// Whether boots that nothing kills are more than one number by ordinal.
fn needs_boots(scenario: &Scenario, models: &[(usize, usize)], gpu: usize, rules: &Rules) -> bool {
    let planned = |(model, variant): &(usize, usize)| cell(scenario, *model, *variant, gpu).boot_plan.is_some();
    rules.boot_failure_probability.is_some() || rules.gpu_fallback.is_some() || models.iter().any(planned)
}

/// When a boot is killed. Where nobody says, never if fewer than one in ten thousand would last that long: to ask each
/// of them would cost more time than it changes.
fn startup_timeout(scenario: &Scenario, models: &[(usize, usize)], gpu: usize, settings: &PoolSettings) -> SimSpan {
    let limit = settings.startup_timeout().to_span();
    let boots = gpus(scenario, gpu, &settings.rules).into_iter().flat_map(|gpu| {
        models.iter().filter_map(move |(model, variant)| cell(scenario, *model, *variant, gpu).boots(&settings.rules))
    });
    let rare = if settings.rules.startup_timeout_s.is_some() { 0 } else { u32::MAX / 10_000 };
    let longest = boots.map(|boot| boot.at_most(Quantile(u32::MAX - rare))).max().unwrap_or(SimSpan::ZERO);
    if longest > limit { limit } else { SimSpan(u64::MAX) }
}

/// The GPU types of a pool's containers, best first.
pub(crate) fn gpus(scenario: &Scenario, gpu: usize, rules: &Rules) -> Vec<usize> {
    let others = rules.gpu_fallback.iter().flatten();
    let others = others.filter_map(|name| scenario.gpus.iter().position(|gpu| gpu.name == *name));
    std::iter::once(gpu).chain(others).collect()
}

/// The pool with the rules that are off unless asked for.
fn with_rules(scenario: &Scenario, pool: Pool, (gpus, startup_timeout): (&[usize], SimSpan), rules: &Rules) -> Pool {
    let span = |seconds: f64| SimSpan::from_secs_f64(seconds);
    let some = |seconds: Option<f64>| seconds.map(span);
    let capacity = rules.batched.as_ref().map_or(pool.max_inputs, |batched| batched.max_batch_size);
    Pool {
        target_inputs: rules.target_inputs.unwrap_or(capacity),
        buffer_always: rules.buffer_always == Some(true),
        starts_ready: rules.starts_ready == Some(true),
        scaledown_window: match &rules.window {
            Some(WindowFile::Drawn(law)) => Window::Drawn(law.law()),
            Some(WindowFile::PausedMeanS(mean)) => Window::Paused { mean: span(*mean) },
            None => pool.scaledown_window,
        },
        early_drain: some(rules.early_drain_s),
        boots: boot_rules(rules, startup_timeout),
        host_speed_cv: rules.host_speed_cv.unwrap_or(0.0),
        preemption: rules
            .preemption
            .as_ref()
            .map(|preemption| Preemption { mean: span(preemption.mean_h * 3600.0), while_busy: preemption.while_busy }),
        timeout_from_accept: rules.timeout_from_accept == Some(true),
        retries: rules.retry.as_ref().map_or(pool.retries, |retry| Retries {
            max: retry.max_retries,
            initial_delay: span(retry.initial_delay_s),
            backoff_coefficient: retry.backoff_coefficient,
            max_delay: span(retry.max_delay_s),
            fresh_service: retry.fresh_service,
        }),
        max_pending: rules.max_pending,
        patience: rules
            .client_timeout
            .as_ref()
            .map(|client| Patience { law: client.after.law(), in_queue_only: client.in_queue_only }),
        hardware: (gpus.iter())
            .map(|gpu| Hardware { gpu: *gpu as u16, gpus: rules.gpus_per_container.unwrap_or(1) })
            .collect(),
        hardware_wait: some(rules.gpu_wait_s).unwrap_or(SimSpan::ZERO),
        billing_increment: span(rules.billing_increment_s.unwrap_or(scenario.platform.billing_increment_s)),
        billing_minimum: span(rules.billing_minimum_s.unwrap_or(scenario.platform.billing_minimum_s)),
        ..scheduled(scenario, pool, rules)
    }
}

fn boot_rules(rules: &Rules, startup_timeout: SimSpan) -> BootRules {
    let span = |seconds: Option<f64>, plain: SimSpan| seconds.map_or(plain, SimSpan::from_secs_f64);
    let plain = BootRules::PLAIN;
    BootRules {
        cancel: rules.cancel_boots == Some(true),
        at_once: rules.boots_at_once.unwrap_or(plain.at_once),
        bound: rules.bind_boots == Some(true),
        failure_probability: rules.boot_failure_probability.unwrap_or(0.0),
        startup_timeout,
        backoff: span(rules.boot_backoff_s, plain.backoff),
        backoff_max: span(rules.boot_backoff_max_s, plain.backoff_max),
    }
}

/// The daily schedule over the whole trial; what holds at its beginning is what was set last the evening before.
fn scheduled(scenario: &Scenario, pool: Pool, rules: &Rules) -> Pool {
    let Some(entries) = rules.schedule.as_ref().filter(|entries| !entries.is_empty()) else { return pool };
    let horizon = scenario.traffic.horizon();
    let days_before = horizon.start.0.div_ceil(DAY_NS);
    let days = days_before + (horizon.end.0 - horizon.start.0).div_ceil(DAY_NS);
    let mut schedule = Vec::new();
    let (mut min_containers, mut max_containers) = (pool.min_containers, pool.max_containers);
    for day in 0..=days {
        for entry in entries {
            let time = time_of_day(&entry.at).unwrap_or(SimTime::START);
            let max = entry.max_containers.unwrap_or(pool.max_containers);
            // One day earlier than the run-in, so that its beginning is settled too.
            let at = (horizon.start.0 + day * DAY_NS + time.0).checked_sub((days_before + 1) * DAY_NS);
            match at {
                Some(at) if at > 0 && at < horizon.end.0 => {
                    schedule.push(Bounds {
                        at: SimTime(at),
                        min_containers: entry.min_containers,
                        max_containers: max,
                    });
                }
                Some(0) | None => (min_containers, max_containers) = (entry.min_containers, max),
                Some(_) => {}
            }
        }
    }
    Pool { min_containers, max_containers, schedule, ..pool }
}

/// What a container of a pool costs on each of its GPU types, best first.
pub(crate) fn prices(scenario: &Scenario, gpu: usize, rules: &Rules) -> Vec<Tariff> {
    let held = rules.gpus_per_container.unwrap_or(1);
    let price = |gpu: usize| Tariff::of(&scenario.platform, &scenario.gpus[gpu], held);
    gpus(scenario, gpu, rules).into_iter().map(price).collect()
}

/// GPU, CPU and memory of one container, region included.
///
/// - `gpus`: how many GPUs it holds.
#[must_use]
pub fn container_price(platform: &Platform, gpu: &Gpu, gpus: u32) -> UsdPerSecond {
    let cpu = platform.cpu_usd_per_core_s.get() * platform.cpu_cores;
    let memory = platform.memory_usd_per_gib_s.get() * platform.memory_gib;
    price((gpu.usd_per_second.get() * f64::from(gpus) + cpu + memory) * platform.region_multiplier)
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

/// How long requests of a model execute as a variant on a GPU type, over all their shapes.
///
/// # Panics
/// As [`fits`].
pub(crate) fn service(scenario: &Scenario, (model, variant): (usize, usize), gpu: usize) -> Service {
    scenario.models[model].service_on(variant, gpu).expect("a feasible cell has a service time")
}

/// The laws of a pool's models (with their variants) on a GPU type, made ready for all trials: `(model, service time)`
/// and the boot laws, in the pool's order.
pub(crate) fn laws(
    scenario: &Scenario,
    models: &[(usize, usize)],
    gpu: usize,
) -> (Vec<(usize, ReadyService)>, Vec<ReadyLaw>) {
    let fits_of = |(model, variant): &(usize, usize)| {
        let (_, boot) = fits(cell(scenario, *model, *variant, gpu));
        ((*model, service(scenario, (*model, *variant), gpu).ready()), boot.law.ready_for_few())
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
        assert_relative_eq!(container_price(&scenario.platform, l40s, 1).get(), 0.000_590_62, epsilon = 1e-12);
        assert_relative_eq!(container_price(&scenario.platform, l40s, 2).get(), 0.001_132_62, epsilon = 1e-12);
        let pinned = Platform { region_multiplier: 1.5, ..scenario.platform.clone() };
        assert_relative_eq!(container_price(&pinned, l40s, 1).get(), 0.000_885_93, epsilon = 1e-12);
    }

    #[test]
    fn boots_have_a_timeout_only_where_one_may_last_longer() {
        let scenario = Scenario::load(&Files::embedded()).expect("the embedded scenario is valid");
        let of = |settings: &PoolSettings| engine_pool(&scenario, &[(0, 0)], 3, settings);
        let longest = cell(&scenario, 0, 0, 3).boots(&Rules::default()).expect("it boots").at_most(Quantile(u32::MAX));
        assert!(longest > scenario.defaults.timeout.to_span());
        assert_eq!(of(&scenario.defaults).boots, BootRules::PLAIN);
        let stated = |startup_timeout_s| {
            let rules = Rules { startup_timeout_s: Some(startup_timeout_s), ..Rules::default() };
            of(&PoolSettings { rules, ..scenario.defaults.clone() }).boots.startup_timeout
        };
        // What is stated is kept, unless nothing can reach it.
        assert_eq!(stated(scenario.defaults.timeout.get()), scenario.defaults.timeout.to_span());
        assert_eq!(stated(longest.as_secs_f64() + 1.0), SimSpan(u64::MAX));
        let timeout = fleetfront_sim::Seconds::new(100.0).expect("a span");
        let shorter = PoolSettings { timeout, ..scenario.defaults.clone() };
        let pool = of(&shorter);
        assert_eq!(pool.boots.startup_timeout, timeout.to_span());
        assert_eq!(pool.models[0].boots.len(), 1);
    }

    #[test]
    fn a_schedule_holds_from_the_evening_before() {
        let mut scenario = Scenario::load(&Files::embedded()).expect("the embedded scenario is valid");
        scenario.traffic.run_in = fleetfront_sim::Seconds::new(7200.0).expect("a span");
        let entry = |at: &str, min_containers| fleetfront_scenario::rules::BoundsFile {
            at: at.to_owned(),
            min_containers,
            max_containers: None,
        };
        let rules = Rules { schedule: Some(vec![entry("08:00", 2), entry("23:00", 0)]), ..Rules::default() };
        let settings = PoolSettings { rules, ..scenario.defaults.clone() };
        let pool = engine_pool(&scenario, &[(0, 0)], 3, &settings);
        // The trial begins at 22:00 with what holds since 08:00.
        assert_eq!(pool.min_containers, 2);
        let hours: Vec<(u64, u32)> =
            pool.schedule.iter().map(|b| (b.at.0 / 3_600_000_000_000, b.min_containers)).collect();
        assert_eq!(hours, [(1, 0), (10, 2), (25, 0)]);
    }
}
