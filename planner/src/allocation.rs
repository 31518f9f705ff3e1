//! An allocation as it stands: all its pools over all trials.

use std::ops::Range;

use fleetfront_scenario::{Allocation, Scenario};
use fleetfront_sim::{
    Arrival, BootTimes, LatencyHistogram, Law, Outcome, Pool, State, StreamKey, Timeline, UsdPerSecond, Workspace,
    simulate,
};
use rayon::prelude::*;

use crate::control::{Control, Effort, Interrupted};
use crate::engine_pool::{container_price, engine_pool, laws};
use crate::requests::Requests;
use crate::study::Day;
use crate::tally::{Subject, Tally, percentiles_s};

/// Bins of the average day: ten minutes each.
const BINS: usize = 144;

/// What came out of an allocation.
pub(crate) struct AllocationRun {
    /// All models together.
    pub(crate) fleet: Subject,
    /// One entry a pool, in the allocation's order.
    pub(crate) pools: Vec<Subject>,
    /// One entry a model, in the scenario's order.
    pub(crate) models: Vec<Subject>,
    /// Latencies of each model over all trials.
    pub(crate) latencies: Vec<LatencyHistogram>,
    /// The average day.
    pub(crate) day: Day,
}

/// A pool ready to run.
struct Ready<'a> {
    pool: Pool,
    models: Vec<(usize, Law)>,
    boots: Vec<Law>,
    key: StreamKey,
    price: UsdPerSecond,
    scenario: &'a Scenario,
}

/// One pool over one section.
struct PoolSection {
    outcome: Outcome,
    latencies: Vec<LatencyHistogram>,
    timeline: Timeline,
}

/// Simulates an allocation all of whose cells are feasible.
pub(crate) fn run_allocation(
    scenario: &Scenario,
    allocation: &Allocation,
    requests: &Requests,
    sections: &[Range<u32>],
    effort: Effort,
    control: &Control,
) -> Result<AllocationRun, Interrupted> {
    let ready: Vec<Ready<'_>> = allocation.pools.iter().map(|plan| Ready::new(scenario, plan)).collect();
    let of_sections: Result<Vec<Vec<PoolSection>>, Interrupted> = sections
        .par_iter()
        .map(|section| {
            let pools = ready.iter().map(|pool| pool.simulate(section, requests, effort)).collect();
            control.step()?;
            Ok(pools)
        })
        .collect();
    Ok(fold(scenario, &ready, sections, &of_sections?))
}

impl<'a> Ready<'a> {
    fn new(scenario: &'a Scenario, plan: &fleetfront_scenario::PoolPlan) -> Self {
        let (models, boots) = laws(scenario, &plan.models, plan.gpu);
        let indices: Vec<usize> = plan.models.iter().map(|(model, _)| *model).collect();
        Self {
            pool: engine_pool(scenario, &indices, &plan.settings),
            models,
            boots,
            // The luck of its boots: that of its first model, so that a model's own pool meets the same boots here as
            // in the grid.
            key: scenario.models[indices[0]].key,
            price: container_price(&scenario.platform, &scenario.gpus[plan.gpu]),
            scenario,
        }
    }

    fn simulate(&self, section: &Range<u32>, requests: &Requests, effort: Effort) -> PoolSection {
        let horizon = self.scenario.traffic.horizon();
        let mut workspace = Workspace::default();
        let mut arrivals: Vec<Arrival> = Vec::new();
        let mut of_section = PoolSection {
            outcome: Outcome::default(),
            latencies: vec![LatencyHistogram::default(); self.models.len()],
            timeline: Timeline::new(horizon, BINS),
        };
        let PoolSection { outcome, latencies, timeline } = &mut of_section;
        for trial in section.clone() {
            requests.at_pool(trial, &self.models, &mut arrivals);
            let mut boots = BootTimes::new(effort.seed, trial, self.key, &self.boots);
            *outcome +=
                &simulate(&self.pool, &arrivals, &mut boots, horizon, &mut workspace, latencies, Some(timeline));
        }
        of_section
    }
}

/// Folds the sections in order.
fn fold(
    scenario: &Scenario,
    ready: &[Ready<'_>],
    sections: &[Range<u32>],
    of_sections: &[Vec<PoolSection>],
) -> AllocationRun {
    let models = scenario.models.len();
    let mut run = AllocationRun {
        fleet: Subject::default(),
        pools: vec![Subject::default(); ready.len()],
        models: vec![Subject::default(); models],
        latencies: vec![LatencyHistogram::default(); models],
        day: Day::default(),
    };
    let mut fleet_latencies = LatencyHistogram::default();
    let mut pool_latencies = vec![LatencyHistogram::default(); ready.len()];
    for (section, pools) in sections.iter().zip(of_sections) {
        let days = section.len() as u32;
        let mut fleet = Tally::default();
        let mut fleet_section = LatencyHistogram::default();
        for (place, (pool, of_pool)) in ready.iter().zip(pools).enumerate() {
            let mut pool_section = LatencyHistogram::default();
            for (k, (model, _)) in pool.models.iter().enumerate() {
                let latencies = &of_pool.latencies[k];
                run.models[*model].sections.push(Tally::new(days, &of_pool.outcome.models[k], pool.price, latencies));
                run.latencies[*model].merge(latencies);
                pool_section.merge(latencies);
            }
            let tally = Tally::new(days, &of_pool.outcome.total(), pool.price, &pool_section);
            fleet_section.merge(&pool_section);
            pool_latencies[place].merge(&pool_section);
            fleet.join(&tally, [0.0; 3]);
            run.pools[place].sections.push(tally);
            let peak = &mut run.pools[place].peak_containers;
            *peak = (*peak).max(of_pool.outcome.peak_containers);
        }
        fleet.percentiles_s = percentiles_s(&fleet_section);
        fleet_latencies.merge(&fleet_section);
        run.fleet.sections.push(fleet);
    }
    run.fleet.percentiles_s = percentiles_s(&fleet_latencies);
    // Pools peak at different instants: the sum is an upper bound of the fleet's peak.
    run.fleet.peak_containers = run.pools.iter().map(|pool| pool.peak_containers).sum();
    for (pool, latencies) in run.pools.iter_mut().zip(&pool_latencies) {
        pool.percentiles_s = percentiles_s(latencies);
    }
    for (pool, place) in ready.iter().zip(0..) {
        for (model, _) in &pool.models {
            run.models[*model].percentiles_s = percentiles_s(&run.latencies[*model]);
            run.models[*model].peak_containers = run.pools[place].peak_containers;
        }
    }
    run.day = average_day(of_sections);
    run
}

/// The average day of all pools together.
fn average_day(of_sections: &[Vec<PoolSection>]) -> Day {
    let mut timelines = of_sections.iter().flatten().map(|pool| &pool.timeline);
    let Some(first) = timelines.next() else { return Day::default() };
    let mut sum = first.clone();
    timelines.for_each(|timeline| sum.merge(timeline));
    let pools = of_sections.first().map_or(1, Vec::len).max(1);
    let trials = f64::from(sum.trials) / pools as f64;
    let bin_ns = sum.bin().0 as f64 * trials;
    let containers = |state: State| sum.states_ns.iter().map(|bin| bin[state as usize] as f64 / bin_ns).collect();
    Day {
        bin_s: sum.bin().as_secs_f64(),
        arrivals_per_s: sum.arrivals.iter().map(|n| *n as f64 / (bin_ns / 1e9)).collect(),
        boot: containers(State::Boot),
        busy: containers(State::Busy),
        idle: containers(State::Idle),
        wasted: containers(State::Wasted),
        queue: sum.queue_ns.iter().map(|ns| *ns as f64 / bin_ns).collect(),
    }
}
