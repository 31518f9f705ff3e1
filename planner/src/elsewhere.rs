//! What an allocation would cost on other platforms: the same requests under their prices and billing rules.

use fleetfront_scenario::{Allocation, PoolPlan, Preset, Scenario, presets, repaired};
use fleetfront_sim::Seconds;
use serde::{Deserialize, Serialize};

use crate::allocation::AllocationRun;
use crate::control::{Control, Effort, Interrupted};
use crate::engine_pool::{cell, container_price};
use crate::estimate::{Estimate, jackknifed_ratio, ratio};
use crate::results::infeasible_reasons;
use crate::run::Shared;
use crate::tally::P95;

/// An allocation on every platform.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Elsewhere {
    /// Version of the program.
    pub version: String,
    /// SHA-256 of the input files.
    pub inputs_sha256: String,
    /// Name of the scenario.
    pub scenario: String,
    /// Seed of all random numbers.
    pub seed: u64,
    /// Trials (days) on each platform.
    pub trials: u32,
    /// The allocation.
    pub allocation: String,
    /// Where the scenario has it, and what it costs there; `None` when it cannot run as written.
    pub home: Option<CostThere>,
    /// Name of the scenario's own platform.
    pub home_name: String,
    /// One entry a platform.
    pub platforms: Vec<PlatformCost>,
    /// The answer in a sentence.
    pub headline: String,
}

/// What came out on a platform.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CostThere {
    /// A month's cost, before any plan's fee.
    pub cost_usd_month: Estimate,
    /// 95th percentile of the latency of all requests.
    pub latency_s_p95: Estimate,
}

/// The allocation on one platform.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlatformCost {
    /// Its name, as `preset` of a scenario has it.
    pub platform: String,
    /// What it is.
    pub title: String,
    /// Whether a container is paid for as long as it is there, which is one of one's own; the headline speaks of these.
    pub own_containers: bool,
    /// GPU types of the allocation that it has no price for.
    pub not_offered: Vec<String>,
    /// What had to be changed to make the allocation run there; empty when nothing had to.
    pub changes: Vec<String>,
    /// Why it cannot run there at all; empty when it can.
    pub infeasible: Vec<String>,
    /// What came out, with the windows of the scenario; `None` when it cannot run.
    pub outcome: Option<CostThere>,
    /// Cost there over the cost at home, on the same requests.
    pub cost_ratio: Option<Estimate>,
    /// The same with the platform's own default window in every pool, where it has one.
    pub default_window: Option<DefaultWindow>,
    /// What of the scenario holds at home only and was left behind.
    pub left_behind: Vec<String>,
    /// What is not as it is there.
    pub caveats: Vec<String>,
}

/// What comes out with the platform's own window.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct DefaultWindow {
    /// It, in seconds.
    pub window_s: f64,
    /// What came out.
    pub outcome: CostThere,
}

/// Simulates an allocation under every platform's billing, on the same requests.
///
/// - `allocation`: its index in the scenario.
///
/// # Errors
/// [`Interrupted`] when `control` was cancelled.
///
/// # Panics
/// If `allocation` is out of range, or a conservation law is broken.
pub fn elsewhere(
    scenario: &Scenario,
    allocation: usize,
    effort: Effort,
    control: &Control,
) -> Result<Elsewhere, Interrupted> {
    let plan = &scenario.allocations[allocation];
    let days = scenario.platform.days_per_month;
    let runs = infeasible_reasons(scenario, plan).is_empty();
    let home = if runs { Some(simulated(scenario, plan, effort, control)?) } else { None };
    let all = presets();
    let platforms = all.iter().map(|preset| {
        let there = moved_to(scenario, preset);
        let left_behind = if is_home(scenario, preset) { Vec::new() } else { left_behind(scenario) };
        let place = on_platform(&there, (allocation, preset), home.as_ref(), effort, control)?;
        Ok(PlatformCost { left_behind, ..place })
    });
    let platforms = platforms.collect::<Result<Vec<PlatformCost>, Interrupted>>()?;
    let home = home.map(|run| outcome(&run, days));
    let home_name = scenario.platform.preset.clone().unwrap_or_else(|| scenario.platform.name.clone());
    Ok(Elsewhere {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        inputs_sha256: scenario.inputs_sha256.clone(),
        scenario: scenario.name.clone(),
        seed: effort.seed,
        trials: effort.trials,
        headline: headline(&plan.name, &home_name, home.as_ref(), &platforms),
        allocation: plan.name.clone(),
        home,
        home_name,
        platforms,
    })
}

/// The scenario on a platform; what holds at home only is left behind.
fn moved_to(scenario: &Scenario, preset: &Preset) -> Scenario {
    let mut there = scenario.on_platform(preset);
    if !is_home(scenario, preset) {
        there.platform.region_multiplier = 1.0;
    }
    there
}

fn is_home(scenario: &Scenario, preset: &Preset) -> bool {
    scenario.platform.preset.as_ref().unwrap_or(&scenario.platform.name) == &preset.name
}

fn left_behind(scenario: &Scenario) -> Vec<String> {
    let platform = &scenario.platform;
    let mut left = Vec::new();
    if (platform.region_multiplier - 1.0).abs() > 0.0 {
        left.push(format!("the region multiplier {}", platform.region_multiplier));
    }
    if platform.plan_fee_usd > 0.0 || platform.included_credits_usd > 0.0 {
        left.push(format!(
            "the plan: ${} a month, with ${} included",
            platform.plan_fee_usd, platform.included_credits_usd
        ));
    }
    left
}

fn on_platform(
    there: &Scenario,
    (allocation, preset): (usize, &Preset),
    home: Option<&AllocationRun>,
    effort: Effort,
    control: &Control,
) -> Result<PlatformCost, Interrupted> {
    let (plan, changes) = carried_over(there, allocation);
    let infeasible = infeasible_reasons(there, &plan);
    let mut place = PlatformCost {
        platform: preset.name.clone(),
        title: preset.title.clone(),
        own_containers: preset.billing.boot && preset.billing.idle,
        not_offered: not_offered(there, &there.allocations[allocation]),
        changes: if infeasible.is_empty() { changes } else { Vec::new() },
        infeasible,
        outcome: None,
        cost_ratio: None,
        default_window: None,
        left_behind: Vec::new(),
        caveats: preset.caveats.clone(),
    };
    if !place.infeasible.is_empty() {
        return Ok(place);
    }
    let days = there.platform.days_per_month;
    let run = simulated(there, &plan, effort, control)?;
    place.outcome = Some(outcome(&run, days));
    place.cost_ratio = home.map(|home| jackknifed_ratio(&run.fleet.cost_usd(), &home.fleet.cost_usd()));
    if let Some(window) = preset.window.as_ref().and_then(|window| Seconds::new(window.default_s).ok()) {
        let run = simulated(there, &with_window(&plan, window), effort, control)?;
        place.default_window = Some(DefaultWindow { window_s: window.get(), outcome: outcome(&run, days) });
    }
    Ok(place)
}

fn simulated(
    scenario: &Scenario,
    plan: &Allocation,
    effort: Effort,
    control: &Control,
) -> Result<AllocationRun, Interrupted> {
    Shared::new(scenario, effort, control, 1).allocation(plan)
}

fn outcome(run: &AllocationRun, days_per_month: f64) -> CostThere {
    let days = run.fleet.each(|tally| tally.days);
    CostThere {
        cost_usd_month: ratio(&run.fleet.cost_usd(), &days).scaled(days_per_month),
        latency_s_p95: run.fleet.percentile(P95),
    }
}

fn with_window(plan: &Allocation, window: Seconds) -> Allocation {
    let mut plan = plan.clone();
    plan.pools.iter_mut().for_each(|pool| pool.settings.scaledown_window = window);
    plan
}

/// GPU types of an allocation without a price, in the scenario's order.
fn not_offered(scenario: &Scenario, plan: &Allocation) -> Vec<String> {
    let ranked = |pool: &PoolPlan| pool.settings.rules.gpu_fallback.clone().unwrap_or_default();
    let named = |gpu: &fleetfront_scenario::Gpu| {
        let is_its = |pool: &PoolPlan| scenario.gpus[pool.gpu].name == gpu.name || ranked(pool).contains(&gpu.name);
        plan.pools.iter().any(is_its)
    };
    let missing = scenario.gpus.iter().filter(|gpu| !gpu.offered && named(gpu));
    missing.map(|gpu| gpu.name.clone()).collect()
}

/// The allocation with every pool whose GPU type is not offered on the cheapest one that runs all its models, ranked
/// lists without what is not offered, and, where that is not enough, mended model by model; and what was changed.
fn carried_over(scenario: &Scenario, allocation: usize) -> (Allocation, Vec<String>) {
    let mut plan = scenario.allocations[allocation].clone();
    let mut changes = Vec::new();
    let is_offered = |name: &String| scenario.gpus.iter().any(|gpu| gpu.name == *name && gpu.offered);
    for pool in &mut plan.pools {
        if !scenario.gpus[pool.gpu].offered
            && let Some(gpu) = cheapest_for(scenario, pool)
        {
            let (from, to) = (&scenario.gpus[pool.gpu].name, &scenario.gpus[gpu].name);
            changes.push(format!("{}: {from} -> {to}, the cheapest GPU type there that runs it", pool.name));
            pool.gpu = gpu;
        }
        if let Some(ranked) = &mut pool.settings.rules.gpu_fallback {
            let missing: Vec<String> = ranked.iter().filter(|name| !is_offered(name)).cloned().collect();
            if !missing.is_empty() {
                ranked.retain(is_offered);
                changes.push(format!("{}: no longer falls back to {}", pool.name, missing.join(", ")));
            }
        }
    }
    if infeasible_reasons(scenario, &plan).is_empty() {
        return (plan, changes);
    }
    let mut mended = scenario.clone();
    mended.allocations[allocation] = plan.clone();
    match repaired(&mended, allocation) {
        Some((mended, mends)) => {
            changes.extend(mends.into_iter().map(|mend| mend.words.trim_end_matches('.').to_owned()));
            (mended, changes)
        }
        None => (plan, changes),
    }
}

/// The cheapest GPU type on which all models of a pool run as they are.
fn cheapest_for(scenario: &Scenario, pool: &PoolPlan) -> Option<usize> {
    let runs =
        |gpu: usize, (model, variant): &(usize, usize)| cell(scenario, *model, *variant, gpu).feasibility.is_feasible();
    let usable = (0..scenario.gpus.len()).filter(|gpu| pool.models.iter().all(|model| runs(*gpu, model)));
    let price = |gpu: &usize| container_price(&scenario.platform, &scenario.gpus[*gpu], 1).get();
    usable.min_by(|a, b| price(a).total_cmp(&price(b)))
}

fn headline(allocation: &str, home_name: &str, home: Option<&CostThere>, platforms: &[PlatformCost]) -> String {
    let costs = |outcome: &CostThere| {
        let Estimate { value, low, high } = outcome.cost_usd_month;
        format!("${value:.0} a month ({low:.0} to {high:.0})")
    };
    let start = match home {
        Some(outcome) => format!("\"{allocation}\" costs {} on {home_name}", costs(outcome)),
        None => format!("\"{allocation}\" cannot run as it is written on {home_name}"),
    };
    let away = || platforms.iter().filter(|place| place.platform != home_name && place.own_containers);
    let cheapest = |of: &mut dyn Iterator<Item = &PlatformCost>| {
        let found = of.filter_map(|place| place.outcome.map(|outcome| (place.clone(), outcome)));
        found.min_by(|a, b| a.1.cost_usd_month.value.total_cmp(&b.1.cost_usd_month.value))
    };
    let unchanged = cheapest(&mut away().filter(|place| place.changes.is_empty()));
    let changed = cheapest(&mut away().filter(|place| !place.changes.is_empty()));
    let mut parts = vec![start];
    if let Some((place, outcome)) = &unchanged {
        parts.push(format!("elsewhere the same fleet is cheapest on {}: {}", place.platform, costs(outcome)));
    }
    if let Some((place, outcome)) = &changed {
        let with = if unchanged.is_some() { "with other GPU types" } else { "elsewhere, with other GPU types," };
        parts.push(format!("{with} it costs {} on {}", costs(outcome), place.platform));
    }
    if unchanged.is_none() && changed.is_none() {
        parts.push("it runs on no other platform".to_owned());
    }
    format!("{}.", parts.join("; "))
}

#[cfg(test)]
mod tests;
