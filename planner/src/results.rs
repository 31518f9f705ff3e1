//! From a simulated allocation to what is reported of it.

use fleetfront_scenario::{Allocation, Scenario};

use crate::allocation::AllocationRun;
use crate::criteria::{Evidence, Judged, cost, judge_model, quality, success};
use crate::engine_pool::cell;
use crate::estimate::Estimate;
use crate::fleet_criteria::{FleetEvidence, judge_fleet};
use crate::month::monthly_bill;
use crate::naive::placement;
use crate::spending::spending;
use crate::study::{AllocationMetrics, AllocationResult, CriterionResult, ModelResult, PoolResult, Role};
use crate::summary::feasibility_words;
use crate::tally::P95;
use crate::verdict::FOR_INFORMATION;

/// What the baseline says about each model: what others are compared with.
pub(crate) struct Baseline<'a> {
    pub(crate) allocation: &'a Allocation,
    pub(crate) run: &'a AllocationRun,
}

impl<'a> Baseline<'a> {
    pub(crate) fn evidence(&self, scenario: &'a Scenario) -> Vec<Evidence<'a>> {
        evidence(scenario, self.allocation, self.run)
    }
}

/// The evidence of each model of an allocation, in the scenario's order.
fn evidence<'a>(scenario: &'a Scenario, allocation: &Allocation, run: &'a AllocationRun) -> Vec<Evidence<'a>> {
    let places = placement(scenario, allocation);
    places.iter().enumerate().map(|(m, place)| Evidence::new(scenario, m, *place, &run.models[m])).collect()
}

/// An allocation that cannot run: what it is, and why it cannot.
pub(crate) fn infeasible_result(scenario: &Scenario, allocation: &Allocation, role: Role) -> AllocationResult {
    AllocationResult {
        name: allocation.name.clone(),
        description: allocation.description.clone(),
        role,
        infeasible: infeasible_reasons(scenario, allocation),
        repairs: Vec::new(),
        pools: pool_results(scenario, allocation, None),
        results: None,
        criteria: Vec::new(),
        bounds: None,
    }
}

/// Why an allocation cannot run, a sentence a model; empty when it can.
pub(crate) fn infeasible_reasons(scenario: &Scenario, allocation: &Allocation) -> Vec<String> {
    let placed = allocation.pools.iter().flat_map(|pool| pool.models.iter().map(move |(m, v)| (*m, *v, pool.gpu)));
    placed
        .filter(|(model, variant, gpu)| !cell(scenario, *model, *variant, *gpu).feasibility.is_feasible())
        .map(|(model, variant, gpu)| {
            let reasons = feasibility_words(&cell(scenario, model, variant, gpu).feasibility);
            let of_model = &scenario.models[model];
            let (name, variant) = (&of_model.name, &of_model.variants[variant].name);
            format!("{name} ({variant}) cannot run on {}: {reasons}.", scenario.gpus[gpu].name)
        })
        .collect()
}

/// An allocation that was simulated.
///
/// - `baseline`: `None` for the baseline itself, which has only the absolute criteria.
pub(crate) fn result(
    scenario: &Scenario,
    allocation: &Allocation,
    role: Role,
    run: &AllocationRun,
    baseline: Option<&Baseline<'_>>,
) -> AllocationResult {
    AllocationResult {
        name: allocation.name.clone(),
        description: allocation.description.clone(),
        role,
        infeasible: Vec::new(),
        repairs: Vec::new(),
        pools: pool_results(scenario, allocation, Some(run)),
        results: Some(metrics(scenario, allocation, run)),
        criteria: judge(scenario, allocation, run, baseline),
        bounds: None,
    }
}

fn pool_results(scenario: &Scenario, allocation: &Allocation, run: Option<&AllocationRun>) -> Vec<PoolResult> {
    let names = |(model, variant): &(usize, usize)| {
        let model = &scenario.models[*model];
        (model.name.clone(), model.variants[*variant].name.clone())
    };
    let of_pool = |(place, pool): (usize, &fleetfront_scenario::PoolPlan)| PoolResult {
        name: pool.name.clone(),
        gpu: scenario.gpus[pool.gpu].name.clone(),
        models: pool.models.iter().map(names).collect(),
        settings: pool.settings.clone(),
        metrics: run.map(|run| run.pools[place].metrics(scenario.platform.days_per_month)),
    };
    allocation.pools.iter().enumerate().map(of_pool).collect()
}

fn metrics(scenario: &Scenario, allocation: &Allocation, run: &AllocationRun) -> AllocationMetrics {
    let days = scenario.platform.days_per_month;
    let over_limit =
        |e: &Evidence<'_>| e.subject.percentile(P95).scaled(1.0 / scenario.models[e.model].latency_limit_s.get());
    let all = evidence(scenario, allocation, run);
    let worst = all.iter().map(|e| (e.model, over_limit(e))).max_by(|a, b| a.1.value.total_cmp(&b.1.value));
    let (worst_model, worst_p95_over_limit) = worst.expect("a scenario has models");
    let of_model = |e: &Evidence<'_>| {
        let model = &scenario.models[e.model];
        ModelResult {
            model: model.name.clone(),
            variant: model.variants[e.place.0].name.clone(),
            gpu: scenario.gpus[e.place.1].name.clone(),
            warm_service_s: e.warm_service_s(),
            service_kind: e.service.kind,
            metrics: e.subject.metrics(days),
            latency_cdf: run.latencies[e.model].cumulative(),
        }
    };
    let fleet = run.fleet.metrics(days);
    let bill = |usd: f64| scenario.platform.bill_usd(usd);
    let Estimate { value, low, high } = fleet.cost_usd_month;
    AllocationMetrics {
        fleet,
        bill_usd_month: Estimate { value: bill(value), low: bill(low), high: bill(high) },
        worst_p95_over_limit,
        worst_model: scenario.models[worst_model].name.clone(),
        models: all.iter().map(of_model).collect(),
        day: run.day.clone(),
        spending: spending(scenario, allocation, run),
        month: monthly_bill(scenario, run.first_trial, &run.trials_usd, run.seed),
        cost_usd_sections: run.fleet.cost_usd(),
    }
}

/// All criteria, the fleet's first, then model by model.
fn judge(
    scenario: &Scenario,
    allocation: &Allocation,
    run: &AllocationRun,
    baseline: Option<&Baseline<'_>>,
) -> Vec<CriterionResult> {
    let of_baseline = baseline.map(|b| b.evidence(scenario));
    judge_against(scenario, allocation, run, baseline.zip(of_baseline.as_deref()))
}

/// All criteria of an allocation, held against a baseline whose evidence may be that of another scenario.
pub(crate) fn criteria_against(
    scenario: &Scenario,
    allocation: &Allocation,
    run: &AllocationRun,
    baseline: &Baseline<'_>,
    evidence: &[Evidence<'_>],
) -> Vec<CriterionResult> {
    judge_against(scenario, allocation, run, Some((baseline, evidence)))
}

fn judge_against(
    scenario: &Scenario,
    allocation: &Allocation,
    run: &AllocationRun,
    compared: Option<(&Baseline<'_>, &[Evidence<'_>])>,
) -> Vec<CriterionResult> {
    judged_against(scenario, allocation, run, compared).into_iter().map(|judged| judged.result).collect()
}

/// The same, each with its place in the ranking.
pub(crate) fn judged_against(
    scenario: &Scenario,
    allocation: &Allocation,
    run: &AllocationRun,
    compared: Option<(&Baseline<'_>, &[Evidence<'_>])>,
) -> Vec<Judged> {
    let criteria = &scenario.criteria;
    let (baseline, of_baseline) = (compared.map(|(baseline, _)| baseline), compared.map(|(_, evidence)| evidence));
    let mut judged: Vec<Judged> = Vec::new();
    judged.extend(baseline.and_then(|b| cost(criteria, "fleet", &run.fleet, &b.run.fleet)));
    if let Some(target) = criteria.success_rate_min {
        let mut own = success("fleet", &run.fleet, target);
        own.result.baseline = baseline.map(|b| success("fleet", &b.run.fleet, target).result.judgement);
        judged.push(own);
    }
    let own_models = evidence(scenario, allocation, run);
    let whole = FleetEvidence { models: &own_models, fleet: &run.fleet };
    let other = baseline.zip(of_baseline);
    let other = other.map(|(b, models)| FleetEvidence { models, fleet: &b.run.fleet });
    judged.extend(judge_fleet(scenario, whole, other));
    for own in &own_models {
        let (own, name) = (*own, &scenario.models[own.model].name);
        let same = of_baseline.map(|all| all[own.model]);
        if let Some(mut own_cost) = same.and_then(|b| cost(criteria, name, own.subject, b.subject)) {
            FOR_INFORMATION.clone_into(&mut own_cost.result.note);
            judged.push(own_cost);
        }
        judged.extend(judge_model(scenario, own, same));
        judged.extend(quality(scenario, own).map(|mut own| {
            own.result.baseline = same.and_then(|b| quality(scenario, b)).map(|b| b.result.judgement);
            own
        }));
    }
    judged
}
