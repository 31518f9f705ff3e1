use approx::assert_relative_eq;
use fleetfront_scenario::{AdapterMix, Allocation, Files, ShapeMix};
use fleetfront_sim::{Law, Seconds, Shape, ShapeLaw, Shapes, State};
use fleetfront_workloads::LoadCurve;

use super::*;
use crate::control::Control;
use crate::replications::{Look, replicate};
use crate::statistics::t_factor;

/// The baseline's pools of one model, without failures, boots and windows, with services of half an hour and a rate that
/// steps up and down.
fn without_boots() -> Scenario {
    let mut scenario = Scenario::load(&Files::embedded()).expect("the embedded scenario is valid");
    let mut pools = scenario.allocations[scenario.baseline].pools.clone();
    pools.retain(|pool| pool.models.len() == 1);
    for pool in &mut pools {
        let (model, variant) = pool.models[0];
        let of_model = &mut scenario.models[model];
        of_model.failure_probability = 0.0;
        let cell = &mut of_model.variants[variant].cells[pool.gpu];
        (cell.boot_plan, cell.failure_probability) = (None, None);
        cell.service.as_mut().expect("it runs").law = Law::Gamma { shape: 0.8, scale_s: 2000.0 };
        cell.boot.as_mut().expect("it boots").law = Law::Deterministic { seconds: 0.0 };
        of_model.requests_per_day = 3000.0;
        let steps: Vec<f64> = (0..24).map(|hour| [0.4, 1.6, 1.0][hour / 8]).collect();
        let traffic = &mut scenario.traffic.models[model];
        (traffic.requests_per_day, traffic.curve_ahead_h) = (3000.0, 0.0);
        traffic.curve = LoadCurve::new(&steps).expect("a curve");
        let settings = &mut pool.settings;
        (settings.max_inputs, settings.min_containers, settings.max_containers) = (1, 0, None);
        settings.scaledown_window = Seconds::new(0.0).expect("a span");
        settings.timeout = Seconds::new(1e6).expect("a span");
    }
    scenario.traffic.slow_rates.clear();
    let name = "without boots".to_owned();
    scenario.allocations.push(Allocation { name, description: String::new(), pools });
    scenario
}

/// Where containers are there at once and leave at once, the busy ones are those of `M_t/G/infinity` in every hour of the
/// day: the means over trials lie within intervals that hold all 24 at once in 99.9 % of all seeds, for services that
/// last long enough to lag behind the curve.
#[test]
fn the_engine_agrees_with_infinite_servers_hour_by_hour() {
    let loads = agree_hour_by_hour(&without_boots());
    // An hour behind the step up, half of it has come: a formula that forgets the lag is refuted.
    assert!(loads[7] < 0.4 * loads[15] && loads[8] < 0.8 * loads[15], "{loads:?}");
}

/// Three of four requests take half the time, the others two and a half times: the same load, that comes and goes otherwise.
#[test]
fn shapes_of_requests_follow_the_curve_each_by_its_own_time() {
    let mut scenario = without_boots();
    let plain = agree_hour_by_hour(&scenario);
    for model in 0..scenario.models.len() {
        give_steps(&mut scenario, model, &[(3.0, 10.0), (1.0, 50.0)], 0.0);
    }
    let shaped = agree_hour_by_hour(&scenario);
    // Most of the load is that of the long ones, which is there later.
    assert!(shaped[8] < 0.95 * plain[8], "{shaped:?}, {plain:?}");
}

/// Numbers of steps, by weight, where the benchmarks have 20, and what of the service time does not grow with them.
pub(crate) fn give_steps(scenario: &mut Scenario, model: usize, steps: &[(f64, f64)], fixed_share: f64) {
    let reference = Shape { steps: 20.0, megapixels: 1.0, frames: 1.0, images: 1.0 };
    let rows = steps.iter().map(|(weight, steps)| (*weight, Shape { steps: *steps, ..reference })).collect();
    let of_model = &mut scenario.models[model];
    let provenance = of_model.switch_provenance.clone();
    of_model.shape = Some(ShapeMix { shapes: Shapes::Joint(rows), reference, provenance });
    let law = ShapeLaw { fixed_share, megapixels_exponent: 1.0, frames_exponent: 1.0 };
    of_model.variants.iter_mut().flat_map(|variant| &mut variant.cells).for_each(|cell| cell.shape = Some(law));
}

/// Checks every hour, and returns the mean number of busy containers of each.
fn agree_hour_by_hour(scenario: &Scenario) -> Vec<f64> {
    let index = scenario.allocations.len() - 1;
    let trials = 70;
    let look = Look { bins: 24, ..Look::default() };
    let runs = replicate(scenario, index, 0..trials, 3, look, &Control::default()).expect("nobody interrupts");
    let plan = &scenario.allocations[index].pools[0];
    let found = theory(scenario, plan);
    let theory = found.number().expect("it is known");
    let factor = t_factor(trials as usize, 1.0 - 0.001 / 24.0);
    let mut loads = Vec::new();
    for (hour, expected) in theory.busy_by_hour.iter().enumerate() {
        let of_trial = |run: &crate::Replication| {
            let timeline = run.pools[0].timeline.as_ref().expect("it was looked at");
            timeline.states_ns[hour][State::Busy as usize] as f64 / timeline.bin().0 as f64
        };
        let busy: Vec<f64> = runs.iter().map(of_trial).collect();
        let mean = busy.iter().sum::<f64>() / busy.len() as f64;
        let variance = busy.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (busy.len() - 1) as f64;
        let half = factor * (variance / busy.len() as f64).sqrt();
        assert!((mean - expected).abs() <= half, "hour {hour}: {mean} +- {half}, in theory {expected}");
        assert!(half < 0.12 * expected, "hour {hour}: {mean} +- {half} says nothing");
        loads.push(mean);
    }
    loads
}

/// The load of larger requests is larger in proportion; what adapters add is left out, and the formula of the single
/// container with them.
#[test]
fn loads_are_those_of_all_shapes() {
    let mut scenario = Scenario::load(&Files::embedded()).expect("the embedded scenario is valid");
    let plan = scenario.allocations[scenario.baseline].pools[2].clone();
    let model = plan.models[0].0;
    let of = |scenario: &Scenario| theory(scenario, &plan).number().expect("it is known").clone();
    let before = of(&scenario);
    give_steps(&mut scenario, model, &[(1.0, 20.0), (1.0, 80.0)], 0.2);
    let shaped = of(&scenario);
    // 0.2 + 0.8 x (1 + 4) / 2.
    assert_relative_eq!(shaped.offered_load, 2.2 * before.offered_load, max_relative = 1e-12);
    let cold = |theory: &PoolTheory| theory.single_container.expect("it is rare").cold_start_share;
    assert!(cold(&shaped) < cold(&before));
    let provenance = scenario.models[model].switch_provenance.clone();
    let load = Law::Deterministic { seconds: 3.0 };
    scenario.models[model].adapters = Some(AdapterMix { weights: vec![1.0; 4], load, held: 1, provenance });
    let adapted = of(&scenario);
    assert_eq!((adapted.offered_load, adapted.single_container), (shaped.offered_load, None));
    assert!(adapted.assumptions.iter().any(|words| words.contains("finds its adapter")));
}

/// The mean of the busy containers over a week is the offered load, whatever the curve (Little).
#[test]
fn loads_are_rates_times_services() {
    let scenario = without_boots();
    let plan = &scenario.allocations.last().expect("allocations").pools[0];
    let found = theory(&scenario, plan);
    let theory = found.number().expect("it is known");
    let (model, variant) = plan.models[0];
    let mean_s = fits(cell(&scenario, model, variant, plan.gpu)).0.law.mean_s();
    assert_relative_eq!(theory.offered_load, 3000.0 / 86_400.0 * mean_s, max_relative = 1e-9);
    assert_relative_eq!(mean(&theory.busy_by_hour), theory.offered_load, max_relative = 0.02);
    // 5 % may wait: 1.74 square roots.
    assert_relative_eq!(theory.safety, 1.74, max_relative = 0.01);
    let peak = theory.busy_by_hour.iter().copied().fold(0.0, f64::max);
    assert!(f64::from(theory.containers_at_peak) >= peak + 1.7 * peak.sqrt());
    let usd_month_of_one = theory.staffed_usd_month / f64::from(theory.containers_at_peak);
    let price = container_price(&scenario.platform, &scenario.gpus[plan.gpu], 1).get();
    assert!(usd_month_of_one < price * 86_400.0 * scenario.platform.days_per_month);
    assert_eq!(theory.single_container, None);
}

/// The closed form of one container, hour by hour, is near what the default's rare models do.
#[test]
fn the_single_container_is_near_the_simulation_where_requests_are_rare() {
    let scenario = Scenario::load(&Files::embedded()).expect("the embedded scenario is valid");
    let effort = crate::Effort { trials: 56, seed: 1 };
    let found = crate::simulate_allocation(&scenario, scenario.baseline, effort, &Control::default());
    let found = found.expect("nobody interrupts");
    let mut compared = 0;
    for (pool, bounds) in found.pools.iter().zip(&found.bounds.expect("it runs").pools) {
        let theory = bounds.theory.number().expect("serial pools");
        let (Some(single), Some(metrics)) = (theory.single_container, &pool.metrics) else { continue };
        let pairs = [
            (single.cold_start_share, metrics.cold_start_share.value),
            (single.billed_share, metrics.containers_mean.value),
            (single.usd_month, metrics.cost_usd_month.value),
        ];
        for (closed, simulated) in pairs {
            assert!((closed / simulated - 1.0).abs() < 0.12, "{}: {closed} in closed form, {simulated}", pool.name);
        }
        compared += 1;
    }
    assert!(compared >= 2, "{compared} pools");
}

#[test]
fn what_has_no_formula_says_so() {
    let scenario = Scenario::load(&Files::embedded()).expect("the embedded scenario is valid");
    let mut plan = scenario.allocations[scenario.baseline].pools[0].clone();
    let parallel = |inputs: u32| PoolPlan {
        settings: fleetfront_scenario::PoolSettings {
            execution: Execution::Parallel,
            max_inputs: inputs,
            ..plan.settings.clone()
        },
        ..plan.clone()
    };
    let load = |plan: &PoolPlan| theory(&scenario, plan).number().expect("it is known").offered_load;
    assert_relative_eq!(load(&parallel(1)), 4.0 * load(&parallel(4)), max_relative = 1e-12);
    plan.settings.execution = Execution::Shared(fleetfront_sim::Efficiency::Power(0.5));
    assert!(theory(&scenario, &plan).number().is_none());
    plan.models.clear();
    assert_eq!(theory(&scenario, &plan), Stated::Unknown("no requests arrive there by themselves".to_owned()));
}
