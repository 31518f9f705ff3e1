//! The best fleet that never scales: for each pool the fewest containers, up all the time, that are fast enough.
//!
//! Found by simulation on the requests of the allocation itself. With more containers no request of a pool that serves
//! one input at a time in order of arrival waits longer (Kiefer and Wolfowitz 1955), so the search halves a range.

use std::collections::BTreeMap;
use std::ops::Range;

use fleetfront_scenario::{Allocation, PoolPlan, Scenario};
use fleetfront_sim::{
    BootRules, BootTimes, Draws, Group, LatencyHistogram, Law, Observers, PLATFORM_MAX_CONTAINERS, Pool, ReadyService,
    Workspace, simulate_group,
};
use fleetfront_workloads::ModelTraffic;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::allocation::AllocationRun;
use crate::bounds::Stated;
use crate::engine_pool::{container_price, engine_pool, laws};
use crate::groups::{ReadyGroup, groups};
use crate::requests::Requests;
use crate::tally::{P95, PERCENTILES};

/// So many expected requests of all models are enough to compare percentiles.
const ENOUGH: f64 = 2e5;
/// Where more containers are not faster for certain, the search goes to so many times the simulated peak.
const SEARCHED: u32 = 4;

/// A pool that never scales.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct StaticPool {
    /// Its containers.
    pub containers: u32,
    /// What they cost a month.
    pub usd_month: f64,
}

/// Of each pool of an allocation the static pools that stand beside it, in its order.
pub(crate) struct StaticFleets {
    /// As fast at p95 as the simulated pool, with every model.
    pub(crate) as_fast: Vec<Stated<StaticPool>>,
    /// With every model within its limit.
    pub(crate) within_limits: Vec<Stated<StaticPool>>,
}

/// So many of the first sections of a study are used here.
pub(crate) fn few_sections(scenario: &Scenario, sections: &[Range<u32>]) -> usize {
    let a_trial = scenario.traffic.models.iter().map(ModelTraffic::mean_per_day).sum::<f64>() * scenario.traffic.days();
    let fits = |section: &&Range<u32>| f64::from(section.end) * a_trial <= ENOUGH;
    sections.iter().take_while(fits).count().max(1)
}

/// - `requests`, `sections`: those of the simulation.
pub(crate) fn static_fleets(
    scenario: &Scenario,
    allocation: &Allocation,
    run: &AllocationRun,
    requests: &Requests<'_>,
    sections: &[Range<u32>],
) -> StaticFleets {
    let sections = &sections[..few_sections(scenario, sections)];
    let alone: Vec<usize> = groups(scenario, allocation).iter().filter_map(ReadyGroup::only_place).collect();
    let of_pool = |(place, plan): (usize, &PoolPlan)| {
        let search = match Search::new(scenario, plan, requests, sections) {
            _ if !alone.contains(&place) => Err("it is simulated together with other pools".to_owned()),
            search => search.map_err(str::to_owned),
        };
        let mut search = match search {
            Ok(search) => search,
            Err(why) => return (Stated::Unknown(why.clone()), Stated::Unknown(why)),
        };
        let peak = run.pools[place].peak_containers.max(1);
        let own_s = |model: usize| run.few_latencies[model].quantile_s(PERCENTILES[P95]).unwrap_or(f64::NAN);
        let limit_s = |model: usize| scenario.models[model].latency_limit_s.get();
        let as_fast = search.fewest(peak, PERCENTILES[P95], &own_s);
        let within_limits = search.fewest(peak, scenario.criteria.latency_percentile, &limit_s);
        (as_fast, within_limits)
    };
    let (as_fast, within_limits) = allocation.pools.iter().enumerate().map(of_pool).unzip();
    StaticFleets { as_fast, within_limits }
}

/// The search over the containers of one pool.
struct Search<'a> {
    scenario: &'a Scenario,
    plan: &'a PoolPlan,
    requests: &'a Requests<'a>,
    sections: &'a [Range<u32>],
    /// With the rules of the plan, whatever its containers.
    pool: Pool,
    /// Each model with its service time.
    services: Vec<(usize, ReadyService)>,
    /// The latencies of each model by the number of containers.
    known: BTreeMap<u32, Vec<LatencyHistogram>>,
}

impl<'a> Search<'a> {
    /// # Errors
    /// Why there is no such pool, in words.
    fn new(
        scenario: &'a Scenario,
        plan: &'a PoolPlan,
        requests: &'a Requests<'a>,
        sections: &'a [Range<u32>],
    ) -> Result<Self, &'static str> {
        if plan.models.is_empty() {
            return Err("no requests arrive there");
        }
        let own = engine_pool(scenario, &plan.models, plan.gpu, &plan.settings);
        if own.preemption.is_some() {
            return Err("its containers are taken away, so that none is always on");
        }
        let (services, _) = laws(scenario, &plan.models, plan.gpu);
        let mut models = own.models.clone();
        for (model, (_, service)) in models.iter_mut().zip(&services) {
            (model.boots, model.services) = (Vec::new(), vec![service.service().clone()]);
        }
        let hardware = own.hardware[..1].to_vec();
        let pool = Pool {
            buffer_containers: 0,
            schedule: Vec::new(),
            boots: BootRules::PLAIN,
            fallback: None,
            early_drain: None,
            hardware,
            models,
            ..own
        };
        Ok(Self { scenario, plan, requests, sections, pool, services, known: BTreeMap::new() })
    }

    /// The fewest containers with which every model has a percentile of its latency no longer than its target.
    ///
    /// - `peak`: so many should do.
    /// - `target_s`: by the model's index in the scenario.
    fn fewest(&mut self, peak: u32, percentile: f64, target_s: &dyn Fn(usize) -> f64) -> Stated<StaticPool> {
        for (model, _) in &self.plan.models {
            if !target_s(*model).is_finite() {
                let name = &self.scenario.models[*model].name;
                return Stated::Unknown(format!("so many requests of {name} fail that none is slower"));
            }
        }
        let most = peak.saturating_mul(SEARCHED).clamp(4, PLATFORM_MAX_CONTAINERS);
        let (mut few, mut many) = (0, peak.min(most));
        while !self.keeps(many, percentile, target_s) {
            if many == most {
                return Stated::Unknown(self.too_slow(most, percentile, target_s));
            }
            (few, many) = (many, many.saturating_mul(2).min(most));
        }
        while many - few > 1 {
            let middle = few + (many - few) / 2;
            if self.keeps(middle, percentile, target_s) {
                many = middle;
            } else {
                few = middle;
            }
        }
        let price =
            container_price(&self.scenario.platform, &self.scenario.gpus[self.plan.gpu], self.pool.hardware[0].gpus);
        let usd_month = f64::from(many) * price.get() * 86_400.0 * self.scenario.platform.days_per_month;
        Stated::Number(StaticPool { containers: many, usd_month })
    }

    /// Whether so many containers are fast enough.
    fn keeps(&mut self, containers: u32, percentile: f64, target_s: &dyn Fn(usize) -> f64) -> bool {
        if !self.known.contains_key(&containers) {
            self.known.insert(containers, self.simulate(containers));
        }
        // Without requests nothing is late.
        let latency_s = |latencies: &LatencyHistogram| latencies.quantile_s(percentile).unwrap_or(0.0);
        let pairs = self.plan.models.iter().zip(&self.known[&containers]);
        pairs.into_iter().all(|((model, _), latencies)| latency_s(latencies) <= target_s(*model))
    }

    /// Why so many containers, that have been tried, are not fast enough.
    fn too_slow(&self, containers: u32, percentile: f64, target_s: &dyn Fn(usize) -> f64) -> String {
        let latency_s = |latencies: &LatencyHistogram| latencies.quantile_s(percentile).unwrap_or(0.0);
        let slow = |((model, _), latencies): (&(usize, usize), &LatencyHistogram)| {
            let (found_s, target_s) = (latency_s(latencies), target_s(*model));
            (found_s > target_s).then(|| (&self.scenario.models[*model].name, found_s, target_s))
        };
        let found = self.plan.models.iter().zip(&self.known[&containers]).find_map(slow);
        let (name, found_s, target_s) = found.expect("some model is too slow");
        let share = 100.0 * percentile;
        format!(
            "even with {containers} containers {share} % of {name} take up to {found_s:.1} s, not {target_s:.1} s, because \
             of execution, model switches or failures"
        )
    }

    /// The latencies of each model with so many containers, ready from the start.
    fn simulate(&self, containers: u32) -> Vec<LatencyHistogram> {
        let pool = Pool { min_containers: containers, max_containers: containers, ..self.pool.clone() };
        let key = self.scenario.models[self.plan.models[0].0].key;
        let at_once = vec![Law::Deterministic { seconds: 0.0 }.ready_for_few(); self.plan.models.len()];
        let empty = || vec![LatencyHistogram::default(); self.plan.models.len()];
        let of_section = |section: &Range<u32>| {
            let (mut latencies, mut workspace) = (empty(), Workspace::default());
            for trial in section.clone() {
                let arrivals = self.requests.of_pool(trial, &self.services);
                let mut boots = BootTimes::new(self.requests.seed, trial, key, &at_once);
                let lucks = [boots.luck()];
                let mut draws = Draws { boots: std::slice::from_mut(&mut boots), lucks: &lucks, scarcity: &[] };
                // What it costs is known beforehand.
                let _ = simulate_group(
                    &Group::of(&pool),
                    &mut *arrivals.source(),
                    &mut draws,
                    self.scenario.traffic.horizon(),
                    &mut workspace,
                    &mut Observers::latencies(&mut latencies),
                );
            }
            latencies
        };
        let of_sections: Vec<_> = self.sections.par_iter().map(of_section).collect();
        let mut together = empty();
        for own in &of_sections {
            together.iter_mut().zip(own).for_each(|(all, own)| all.merge(own));
        }
        together
    }
}

#[cfg(test)]
mod tests;
