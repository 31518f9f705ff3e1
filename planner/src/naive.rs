//! The spreadsheet, and what it leaves out.

use fleetfront_scenario::{Allocation, Scenario};
use fleetfront_sim::State;

use crate::allocation::AllocationRun;
use crate::engine_pool::{cell, fits, service};
use crate::estimate::{Estimate, ratio};
use crate::study::{Bridge, BridgeStep, NaiveComparison, NaiveEstimate};
use crate::tariff::bills;

/// Requests x seconds x GPU price, for the baseline and the proposed allocation: no idle, no boot, the same speed on
/// every GPU. Bridges are left empty.
#[must_use]
pub fn naive_estimates(scenario: &Scenario) -> NaiveComparison {
    let of = |index: usize| {
        let allocation = &scenario.allocations[index];
        NaiveEstimate { allocation: allocation.name.clone(), usd_month: naive_usd_month(scenario, allocation) }
    };
    let estimates = vec![of(scenario.baseline), of(scenario.proposed)];
    let saving = 1.0 - estimates[1].usd_month / estimates[0].usd_month;
    let seconds_per_request = scenario.naive.seconds_per_request.get();
    NaiveComparison { seconds_per_request, estimates, saving, bridges: Vec::new() }
}

/// What the spreadsheet says about an allocation.
pub(crate) fn naive_usd_month(scenario: &Scenario, allocation: &Allocation) -> f64 {
    let seconds = scenario.naive.seconds_per_request.get();
    on_gpus(scenario, allocation, |model, _| if scenario.naive.models.contains(&model) { seconds } else { 0.0 })
}

/// A month's GPU dollars when each request of `model` (with its variant and GPU) takes `seconds`.
fn on_gpus(scenario: &Scenario, allocation: &Allocation, seconds: impl Fn(usize, (usize, usize)) -> f64) -> f64 {
    let per_day = |model: usize| scenario.models[model].requests_per_day;
    of_requests(scenario, allocation, per_day, seconds)
}

/// The same for any number of requests a day.
fn of_requests(
    scenario: &Scenario,
    allocation: &Allocation,
    per_day: impl Fn(usize) -> f64,
    seconds: impl Fn(usize, (usize, usize)) -> f64,
) -> f64 {
    let placed = allocation.pools.iter().flat_map(|pool| pool.models.iter().map(move |(m, v)| (*m, *v, pool.gpu)));
    placed
        .map(|(model, variant, gpu)| {
            let requests = per_day(model) * scenario.platform.days_per_month;
            requests * seconds(model, (variant, gpu)) * scenario.gpus[gpu].usd_per_second.get()
        })
        .sum()
}

/// From the spreadsheet's bill to the simulated one, step by step; the steps add up to the difference.
pub(crate) fn bridge(scenario: &Scenario, allocation: &Allocation, run: &AllocationRun) -> Bridge {
    let naive = naive_usd_month(scenario, allocation);
    let flat = scenario.naive.seconds_per_request.get();
    let all_models = on_gpus(scenario, allocation, |_, _| flat);
    let baseline = placement(scenario, &scenario.allocations[scenario.baseline]);
    let on_baseline = on_gpus(scenario, allocation, |model, _| reference_s(scenario, model, baseline[model]));
    let where_it_is = on_gpus(scenario, allocation, |model, place| reference_s(scenario, model, place));
    let shaped = on_gpus(scenario, allocation, |model, place| warm_service_s(scenario, model, place));
    let spiked = |model: usize| scenario.traffic.models[model].mean_per_day();
    let with_spikes = of_requests(scenario, allocation, spiked, |model, place| warm_service_s(scenario, model, place));
    let sent = |model: usize| {
        let subject = &run.models[model];
        if scenario.traffic.models[model].process.waits_for_answers() {
            ratio(&subject.each(|t| t.arrived), &subject.each(|t| t.days)).value
        } else {
            spiked(model)
        }
    };
    let as_sent = of_requests(scenario, allocation, sent, |model, place| warm_service_s(scenario, model, place));
    let simulated = |state: State| gpu_usd_month(scenario, allocation, run, state);
    let gpu_only: f64 = State::ALL.into_iter().map(simulated).sum();
    let total = ratio(&run.fleet.cost_usd(), &run.fleet.each(|t| t.days)).scaled(scenario.platform.days_per_month);
    let around = |usd: f64| usd * scenario.platform.region_multiplier;
    let flat_words = format!("models that the spreadsheet leaves out, at its {flat} s a request");
    let step = |what: &str, usd_month: f64| BridgeStep { what: what.to_owned(), usd_month };
    let rest = if scenario.models.iter().any(|model| model.adapters.is_some()) {
        "model switches, loads of adapters, failures cut short, the luck of the draw"
    } else {
        "model switches, failures cut short, the luck of the draw"
    };
    let mut steps = vec![
        step(&flat_words, all_models - naive),
        step("real service times on the baseline's GPU", on_baseline - all_models),
        step("other GPUs and variants than the baseline's", where_it_is - on_baseline),
        step(rest, simulated(State::Busy) - as_sent),
        step("idle containers", simulated(State::Idle)),
        step("boots", simulated(State::Boot)),
        step("tries that failed", simulated(State::Wasted)),
        step("CPU and memory of the containers", total.value - around(gpu_only)),
    ];
    if scenario.traffic.models.iter().any(|model| model.process.waits_for_answers()) {
        steps.insert(3, step("requests that clients send, more or fewer than expected", as_sent - with_spikes));
    }
    if scenario.traffic.models.iter().any(|model| !model.spikes.is_empty()) {
        steps.insert(3, step("scheduled spikes", with_spikes - shaped));
    }
    if scenario.models.iter().any(|model| model.shape.is_some()) {
        steps.insert(3, step("the shapes of the requests, which the benchmarks do not have", shaped - where_it_is));
    }
    if (scenario.platform.region_multiplier - 1.0).abs() > 0.0 {
        steps.push(step("region", around(gpu_only) - gpu_only));
    }
    Bridge { allocation: allocation.name.clone(), naive_usd_month: naive, steps, simulated_usd_month: total }
}

/// Variant and GPU of each model, in the scenario's order.
pub(crate) fn placement(scenario: &Scenario, allocation: &Allocation) -> Vec<(usize, usize)> {
    let mut places = vec![(0, 0); scenario.models.len()];
    for pool in &allocation.pools {
        for (model, variant) in &pool.models {
            places[*model] = (*variant, pool.gpu);
        }
    }
    places
}

/// The mean service time of the shape that the benchmarks timed.
fn reference_s(scenario: &Scenario, model: usize, (variant, gpu): (usize, usize)) -> f64 {
    fits(cell(scenario, model, variant, gpu)).0.law.mean_s()
}

/// The mean service time over the shapes of the requests.
fn warm_service_s(scenario: &Scenario, model: usize, (variant, gpu): (usize, usize)) -> f64 {
    service(scenario, (model, variant), gpu).mean_s()
}

/// What a state's container seconds cost a month at the price of the GPU alone, before the region.
fn gpu_usd_month(scenario: &Scenario, allocation: &Allocation, run: &AllocationRun, state: State) -> f64 {
    let of_pool = |(pool, subject): (&fleetfront_scenario::PoolPlan, &crate::tally::Subject)| {
        let seconds = subject.each(|t| t.seconds[state as usize]);
        let Estimate { value, .. } = ratio(&seconds, &subject.each(|t| t.days));
        let value = if bills(&scenario.platform, state) { value } else { 0.0 };
        value * scenario.platform.days_per_month * scenario.gpus[pool.gpu].usd_per_second.get()
    };
    allocation.pools.iter().zip(&run.pools).map(of_pool).sum()
}
