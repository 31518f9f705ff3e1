//! Bounds that a hand can work out, and that every allocation of the default scenario lies within.

use approx::assert_relative_eq;
use fleetfront_scenario::rules::FallbackFile;
use fleetfront_scenario::{Files, PoolPlan};
use fleetfront_sim::{Law, Seconds};
use fleetfront_workloads::{LoadCurve, Process};

use super::*;
use crate::control::{Control, Effort};
use crate::run::{Shared, simulate_allocation};

const EFFORT: Effort = Effort { trials: 14, seed: 1 };

fn default_scenario() -> Scenario {
    Scenario::load(&Files::embedded()).expect("the embedded scenario is valid")
}

/// One model alone: a request every `gap_s` seconds, which executes for `service_s` seconds on a container that boots
/// for 40 s. Chance decides nothing.
fn clockwork(gap_s: f64, service_s: f64) -> (Scenario, Allocation) {
    let mut scenario = default_scenario();
    let plan = &scenario.allocations[scenario.baseline].pools;
    let pool = plan.iter().find(|pool| pool.models.len() == 1).expect("a model of its own").clone();
    let (model, variant) = pool.models[0];
    scenario.traffic.slow_rates.clear();
    let traffic = &mut scenario.traffic.models[model];
    traffic.process = Process::Renewal { gap: Law::Deterministic { seconds: 1.0 } };
    traffic.curve = LoadCurve::new(&[1.0; 24]).expect("a curve");
    traffic.requests_per_day = 86_400.0 / gap_s;
    let of_model = &mut scenario.models[model];
    (of_model.requests_per_day, of_model.failure_probability) = (86_400.0 / gap_s, 0.0);
    let cell = &mut of_model.variants[variant].cells[pool.gpu];
    cell.boot_plan = None;
    cell.service.as_mut().expect("it runs").law = Law::Deterministic { seconds: service_s };
    cell.boot.as_mut().expect("it boots").law = Law::Deterministic { seconds: 40.0 };
    let allocation = Allocation { name: "clockwork".to_owned(), description: String::new(), pools: vec![pool] };
    (scenario, allocation)
}

fn found(scenario: &Scenario, allocation: &Allocation) -> (AllocationRun, Bounds) {
    let control = Control::default();
    let shared = Shared::new(scenario, EFFORT, &control, 1);
    let run = shared.allocation(allocation).expect("nobody interrupts");
    let bounds = shared.bounds(allocation, &run);
    (run, bounds)
}

fn set(allocation: &mut Allocation, min: u32, max: Option<u32>, window_s: f64) {
    let settings = &mut allocation.pools[0].settings;
    (settings.min_containers, settings.max_containers) = (min, max);
    settings.scaledown_window = Seconds::new(window_s).expect("a span");
    settings.max_inputs = 1;
}

/// A request every 100 s that takes 12 s: an autoscaler that knows that pays 864 x 12 s a day and keeps nobody waiting.
/// One that does not pays a boot and a window each time, or a container all day.
#[test]
fn an_autoscaler_that_knows_the_clock_pays_for_executions_only() {
    let (scenario, mut plan) = clockwork(100.0, 12.0);
    let price = usd_month_of_one(&scenario, &plan, 0) / (86_400.0 * 30.0);
    let perfect = 30.0 * 864.0 * 12.0 * price;
    let model = plan.pools[0].models[0].0;
    for (min, window, seconds_a_request, latency_s) in [(1, 300.0, 100.0, 12.0), (0, 20.0, 72.0, 52.0)] {
        set(&mut plan, min, Some(1), window);
        let (run, bounds) = found(&scenario, &plan);
        let cost = a_month(&scenario, &run, &run.fleet.cost_usd()).value;
        let number = |of: &Stated<Estimate>| of.number().expect("it is known").value;
        assert_relative_eq!(cost, 30.0 * 864.0 * seconds_a_request * price, max_relative = 1e-9);
        assert_relative_eq!(number(&bounds.perfect_usd_month), perfect, max_relative = 1e-9);
        assert_relative_eq!(number(&bounds.price_of_not_knowing), 1.0 - 12.0 / seconds_a_request, max_relative = 1e-9);
        let own = &bounds.models[model];
        assert_relative_eq!(number(&own.perfect_latency_s_mean), 12.0, max_relative = 1e-9);
        assert_relative_eq!(number(&own.perfect_latency_s_p95), 12.0, max_relative = 0.008);
        assert_relative_eq!(run.fleet.mean_latency().value, latency_s, max_relative = 1e-9);
        // One container that is always on is as fast as can be, and all that was up at the peak.
        let always_on = StaticPool { containers: 1, usd_month: 30.0 * 86_400.0 * price };
        assert_eq!(bounds.pools[0].static_as_fast, Stated::Number(always_on));
        assert_relative_eq!(bounds.peak_usd_month, always_on.usd_month, max_relative = 1e-12);
        assert_relative_eq!(
            bounds.pools[0].theory.number().expect("it is known").offered_load,
            0.12,
            max_relative = 1e-9
        );
    }
}

/// A request every 100 s that takes 150 s: one container falls behind for ever, two keep nobody waiting.
#[test]
fn the_best_static_fleet_of_a_clock_is_known() {
    let (mut scenario, mut plan) = clockwork(100.0, 150.0);
    let model = plan.pools[0].models[0].0;
    set(&mut plan, 0, None, 30.0);
    for (limit_s, expected) in [(155.0, Some(2)), (145.0, None)] {
        scenario.models[model].latency_limit_s = Seconds::new(limit_s).expect("a span");
        let (_, bounds) = found(&scenario, &plan);
        let pool = &bounds.pools[0];
        assert_eq!(pool.static_as_fast.number().map(|fleet| fleet.containers), Some(2));
        assert_eq!(pool.static_within_limits.number().map(|fleet| fleet.containers), expected);
    }
}

/// The work of a day that is put off to the next one is in no day's bill: nothing is claimed.
#[test]
fn an_overloaded_pool_has_no_bound() {
    let (scenario, mut plan) = clockwork(100.0, 150.0);
    set(&mut plan, 1, Some(1), 30.0);
    let (_, bounds) = found(&scenario, &plan);
    let Stated::Unknown(why) = &bounds.perfect_usd_month else { panic!("{:?}", bounds.perfect_usd_month) };
    assert!(why.ends_with("much of a day's work may be done after it"), "{why}");
}

#[test]
fn every_allocation_lies_within_its_bounds() {
    let scenario = default_scenario();
    for index in 0..scenario.allocations.len() {
        let result = simulate_allocation(&scenario, index, EFFORT, &Control::default()).expect("nobody interrupts");
        assert_eq!(result.bounds.is_some(), result.results.is_some());
        let (Some(bounds), Some(results)) = (&result.bounds, &result.results) else { continue };
        let perfect = bounds.perfect_usd_month.number().expect("the default has no rules that hide it");
        let cost = results.fleet.cost_usd_month;
        assert!(0.0 < perfect.value && perfect.value < cost.value && cost.value < bounds.peak_usd_month);
        let busy = results.fleet.cost_by_state.busy_usd.value + results.fleet.cost_by_state.wasted_usd.value;
        assert!(perfect.value <= busy, "{} of {busy}", perfect.value);
        let by_pool: f64 =
            bounds.pools.iter().map(|pool| pool.perfect_usd_month.number().expect("as the fleet").value).sum();
        assert_relative_eq!(by_pool, perfect.value, max_relative = 1e-9);
        for (own, model) in bounds.models.iter().zip(&results.models) {
            let mean = own.perfect_latency_s_mean.number().expect("it is known").value;
            let p95 = own.perfect_latency_s_p95.number().expect("it is known").value;
            assert!(mean <= model.metrics.latency_s_mean.value && p95 <= model.metrics.latency_s_p95.value * 1.000_001);
            assert_relative_eq!(mean, model.warm_service_s.value, max_relative = 0.1);
        }
    }
}

/// Without boots, switches and failures, and with a window of nothing, an allocation is the perfect autoscaler, but for
/// what may be executed after the day.
#[test]
fn a_pool_without_boots_and_windows_is_perfect() {
    let (mut scenario, mut plan) = clockwork(100.0, 12.0);
    let (model, variant) = plan.pools[0].models[0];
    scenario.traffic.models[model].process = Process::Poisson;
    let cell = &mut scenario.models[model].variants[variant].cells[plan.pools[0].gpu];
    cell.service.as_mut().expect("it runs").law = Law::Lognormal { mu: 2.4, sigma: 0.5 };
    cell.boot.as_mut().expect("it boots").law = Law::Deterministic { seconds: 0.0 };
    set(&mut plan, 0, None, 0.0);
    let (run, bounds) = found(&scenario, &plan);
    let Stated::Number(not_knowing) = bounds.price_of_not_knowing else { panic!("it is known") };
    assert!(not_knowing.value >= 0.0 && not_knowing.value < 0.002, "{not_knowing:?}");
    let mean = bounds.models[model].perfect_latency_s_mean.number().expect("it is known");
    assert_relative_eq!(mean.value, run.fleet.mean_latency().value, max_relative = 1e-9);
}

#[test]
fn what_is_not_known_of_one_pool_is_not_known_of_the_fleet() {
    let mut scenario = default_scenario();
    let allocation = &mut scenario.allocations[scenario.baseline];
    let last = allocation.pools.last_mut().expect("pools");
    last.settings.rules.host_speed_cv = Some(0.2);
    let name = last.name.clone();
    let result =
        simulate_allocation(&scenario, scenario.baseline, EFFORT, &Control::default()).expect("nobody interrupts");
    let bounds = result.bounds.expect("it runs");
    let Stated::Unknown(why) = &bounds.perfect_usd_month else { panic!("{:?}", bounds.perfect_usd_month) };
    assert_eq!(*why, format!("{name}: hosts differ in speed, and a request may meet a fast one"));
    let known = |pool: &PoolBounds| pool.perfect_usd_month.number().is_some();
    assert_eq!(bounds.pools.iter().filter(|pool| known(pool)).count(), bounds.pools.len() - 1);
    assert!(bounds.perfect_latency_s_p95.number().is_none());
}

/// A pool that serves only what falls back to it needs nothing by itself.
#[test]
fn a_pool_without_models_of_its_own_is_no_obstacle() {
    let mut scenario = default_scenario();
    let allocation = &mut scenario.allocations[scenario.baseline];
    let gpu = allocation.pools[0].gpu;
    let settings = scenario.defaults.clone();
    let fallback = FallbackFile {
        pool: "reserve".to_owned(),
        on_rejection: false,
        on_failure: true,
        on_wait_s: None,
        predicted: false,
        hedge_after_s: None,
        cancel_loser: false,
    };
    allocation.pools[0].settings.rules.fallback = Some(fallback);
    allocation.pools.push(PoolPlan { name: "reserve".to_owned(), gpu, models: Vec::new(), settings });
    let result =
        simulate_allocation(&scenario, scenario.baseline, EFFORT, &Control::default()).expect("nobody interrupts");
    let bounds = result.bounds.expect("it runs");
    // What failed is executed at home once, and again in the reserve.
    assert!(bounds.perfect_usd_month.number().is_some() && bounds.perfect_latency_s_mean.number().is_some());
    assert!(bounds.staffed_usd_month.number().is_some());
    let Stated::Unknown(why) = &bounds.static_as_fast_usd_month else { panic!("its pools are tied together") };
    assert!(why.ends_with("it is simulated together with other pools"), "{why}");
}
