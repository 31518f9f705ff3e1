//! Between what an allocation's numbers lie, and what others who know less or more would say: the perfect autoscaler,
//! the best fleet that never scales, queueing theory, the spreadsheet.

use std::ops::Range;

use fleetfront_scenario::{Allocation, Scenario};
use fleetfront_sim::Unbounded;
use serde::{Deserialize, Serialize};

use crate::allocation::AllocationRun;
use crate::engine_pool::{container_price, gpus};
use crate::estimate::{Estimate, ratio, sectioned};
use crate::naive::naive_usd_month;
use crate::perfect::{PerfectBill, PerfectLatency};
use crate::requests::Requests;
use crate::static_fleet::{StaticPool, static_fleets};
use crate::theory::{PoolTheory, theory};

/// A number, or the reason why there is none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stated<T> {
    /// The number.
    Number(T),
    /// Why there is none, in words.
    Unknown(String),
}

impl<T> Stated<T> {
    /// The number, if there is one.
    #[must_use]
    pub fn number(&self) -> Option<&T> {
        match self {
            Self::Number(number) => Some(number),
            Self::Unknown(_) => None,
        }
    }

    /// Another number made of it.
    pub(crate) fn map<U>(&self, make: impl FnOnce(&T) -> U) -> Stated<U> {
        match self {
            Self::Number(number) => Stated::Number(make(number)),
            Self::Unknown(why) => Stated::Unknown(why.clone()),
        }
    }
}

/// Between what an allocation's numbers lie, and what stands beside them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Bounds {
    /// What an autoscaler that knew the future would pay at least, a month: executions alone, on the same requests.
    pub perfect_usd_month: Stated<Estimate>,
    /// The share of the simulated cost that is more than that: what it costs not to know.
    pub price_of_not_knowing: Stated<Estimate>,
    /// Mean latency with execution alone, over all requests that complete.
    pub perfect_latency_s_mean: Stated<Estimate>,
    /// 95th percentile of the latency with execution alone, over all requests.
    pub perfect_latency_s_p95: Stated<Estimate>,
    /// What the cheapest fleet of always-on containers costs a month whose models are as fast at p95 as here.
    pub static_as_fast_usd_month: Stated<f64>,
    /// The same with every model within its limit.
    pub static_within_limits_usd_month: Stated<f64>,
    /// What it would cost a month to staff the mean number of busy containers with a square root of safety, hour by
    /// hour.
    pub staffed_usd_month: Stated<f64>,
    /// What every pool at its simulated peak costs a month, all the time.
    pub peak_usd_month: f64,
    /// What the spreadsheet says.
    pub naive_usd_month: f64,
    /// One entry a pool, in the allocation's order.
    pub pools: Vec<PoolBounds>,
    /// One entry a model, in the scenario's order.
    pub models: Vec<ModelBounds>,
}

/// The bounds of one pool.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PoolBounds {
    /// Its name.
    pub pool: String,
    /// See [`Bounds::perfect_usd_month`].
    pub perfect_usd_month: Stated<Estimate>,
    /// The fewest always-on containers with which its models are as fast at p95 as here, and what they cost.
    pub static_as_fast: Stated<StaticPool>,
    /// The same with its models within their limits.
    pub static_within_limits: Stated<StaticPool>,
    /// Its simulated peak all the time, a month.
    pub peak_usd_month: f64,
    /// What queueing theory says.
    pub theory: Stated<PoolTheory>,
}

/// The bounds of one model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelBounds {
    /// Its name.
    pub model: String,
    /// Mean latency with execution alone.
    pub perfect_latency_s_mean: Stated<Estimate>,
    /// 95th percentile of the latency with execution alone.
    pub perfect_latency_s_p95: Stated<Estimate>,
}

/// More than this share of the work that may have been executed after the day, and the bound says little.
const BEHIND_MOST: f64 = 0.1;

/// The bounds of an allocation that was simulated.
///
/// - `requests`, `sections`: those of the simulation.
pub(crate) fn bounds(
    scenario: &Scenario,
    allocation: &Allocation,
    run: &AllocationRun,
    requests: &Requests<'_>,
    sections: &[Range<u32>],
) -> Bounds {
    let mut fleets = static_fleets(scenario, allocation, run, requests, sections);
    let bills = bills(run);
    let pools: Vec<PoolBounds> = (allocation.pools.iter().enumerate().zip(fleets.as_fast.drain(..)))
        .zip(fleets.within_limits.drain(..))
        .map(|(((place, plan), static_as_fast), static_within_limits)| PoolBounds {
            pool: plan.name.clone(),
            perfect_usd_month: bills[place].map(|usd| a_month(scenario, run, usd)),
            static_as_fast,
            static_within_limits,
            peak_usd_month: f64::from(run.pools[place].peak_containers) * usd_month_of_one(scenario, allocation, place),
            theory: theory(scenario, plan),
        })
        .collect();
    let perfect_usd: Stated<Vec<f64>> = added(allocation, bills.iter().cloned());
    let of_pools = |of: &dyn Fn(&PoolBounds) -> Stated<f64>| {
        added(allocation, pools.iter().map(|pool| of(pool).map(|usd| vec![*usd]))).map(|usd| usd[0])
    };
    Bounds {
        price_of_not_knowing: perfect_usd.map(|usd| not_knowing(&run.fleet.cost_usd(), usd)),
        perfect_usd_month: perfect_usd.map(|usd| a_month(scenario, run, usd)),
        perfect_latency_s_mean: fleet_mean(scenario, run),
        perfect_latency_s_p95: fleet_p95(scenario, run),
        static_as_fast_usd_month: of_pools(&|pool| pool.static_as_fast.map(|fleet| fleet.usd_month)),
        static_within_limits_usd_month: of_pools(&|pool| pool.static_within_limits.map(|fleet| fleet.usd_month)),
        staffed_usd_month: of_pools(&|pool| pool.theory.map(|theory| theory.staffed_usd_month)),
        peak_usd_month: pools.iter().map(|pool| pool.peak_usd_month).sum(),
        naive_usd_month: naive_usd_month(scenario, allocation),
        models: model_bounds(scenario, run),
        pools,
    }
}

/// The perfect autoscaler's bill of each pool, a number a section.
fn bills(run: &AllocationRun) -> Vec<Stated<Vec<f64>>> {
    let of_pool = |bill: &Result<PerfectBill, Unbounded>| match bill {
        Err(why) => Stated::Unknown(why.to_string()),
        Ok(PerfectBill { usd, behind_usd }) => {
            let all = usd.iter().sum::<f64>() + behind_usd;
            if *behind_usd > BEHIND_MOST * all {
                Stated::Unknown("requests take so long that much of a day's work may be done after it".to_owned())
            } else {
                Stated::Number(usd.clone())
            }
        }
    };
    run.perfect.pools.iter().map(of_pool).collect()
}

/// Numbers of all pools added up, place by place; the first reason why one has none.
fn added(allocation: &Allocation, pools: impl Iterator<Item = Stated<Vec<f64>>>) -> Stated<Vec<f64>> {
    let mut sums: Vec<f64> = Vec::new();
    for (plan, own) in allocation.pools.iter().zip(pools) {
        // What only falls back to a pool is counted where it comes from.
        let own = if plan.models.is_empty() { Stated::Number(vec![0.0; sums.len()]) } else { own };
        match own {
            Stated::Number(own) => {
                sums.resize(sums.len().max(own.len()), 0.0);
                sums.iter_mut().zip(own).for_each(|(sum, own)| *sum += own);
            }
            Stated::Unknown(why) => return Stated::Unknown(format!("{}: {why}", plan.name)),
        }
    }
    Stated::Number(sums)
}

/// Dollars of the sections as a month's.
fn a_month(scenario: &Scenario, run: &AllocationRun, usd: &[f64]) -> Estimate {
    ratio(usd, &run.fleet.each(|t| t.days)).scaled(scenario.platform.days_per_month)
}

/// The share of the cost that is more than the perfect autoscaler's, both a number a section.
fn not_knowing(cost: &[f64], perfect: &[f64]) -> Estimate {
    let Estimate { value, low, high } = ratio(perfect, cost);
    Estimate { value: 1.0 - value, low: 1.0 - high, high: 1.0 - low }
}

/// A container of a pool, up all month, on the dearest of its GPU types.
fn usd_month_of_one(scenario: &Scenario, allocation: &Allocation, place: usize) -> f64 {
    let plan = &allocation.pools[place];
    let held = plan.settings.rules.gpus_per_container.unwrap_or(1);
    let price = |gpu: usize| container_price(&scenario.platform, &scenario.gpus[gpu], held).get();
    let dearest = gpus(scenario, plan.gpu, &plan.settings.rules).into_iter().map(price).fold(0.0, f64::max);
    dearest * 86_400.0 * scenario.platform.days_per_month
}

fn model_bounds(scenario: &Scenario, run: &AllocationRun) -> Vec<ModelBounds> {
    let of_model = |(model, own): (&fleetfront_scenario::Model, &Result<PerfectLatency, Unbounded>)| {
        let stated = |of: &dyn Fn(&PerfectLatency) -> Estimate| match own {
            Ok(own) => Stated::Number(of(own)),
            Err(why) => Stated::Unknown(why.to_string()),
        };
        ModelBounds {
            model: model.name.clone(),
            perfect_latency_s_mean: stated(&|own| ratio(&own.sum_s, &own.completed)),
            perfect_latency_s_p95: stated(&|own| sectioned(own.p95_s.0, &own.p95_s.1)),
        }
    };
    scenario.models.iter().zip(&run.perfect.models).map(of_model).collect()
}

fn fleet_mean(scenario: &Scenario, run: &AllocationRun) -> Stated<Estimate> {
    let sections = run.fleet.sections.len();
    let (mut sum_s, mut completed) = (vec![0.0; sections], vec![0.0; sections]);
    for (model, own) in scenario.models.iter().zip(&run.perfect.models) {
        match own {
            Ok(own) => {
                sum_s.iter_mut().zip(&own.sum_s).for_each(|(sum, own)| *sum += own);
                completed.iter_mut().zip(&own.completed).for_each(|(sum, own)| *sum += own);
            }
            Err(why) => return Stated::Unknown(format!("{}: {why}", model.name)),
        }
    }
    Stated::Number(ratio(&sum_s, &completed))
}

fn fleet_p95(scenario: &Scenario, run: &AllocationRun) -> Stated<Estimate> {
    let unknown = scenario.models.iter().zip(&run.perfect.models).find_map(|(model, own)| {
        let why = own.as_ref().err()?;
        Some(Stated::Unknown(format!("{}: {why}", model.name)))
    });
    let (value, sections) = &run.perfect.fleet_p95_s;
    unknown.unwrap_or_else(|| Stated::Number(sectioned(*value, sections)))
}

#[cfg(test)]
mod tests;
