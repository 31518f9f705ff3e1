//! An autoscaler that knew the future: what it would have paid and reached on the same requests, and that nothing
//! simulated undercuts it.

use fleetfront_scenario::{Allocation, Scenario};
use fleetfront_sim::{
    Arrivals, Floor, Group, Horizon, LatencyHistogram, LeastBilled, LeastLatency, ModelOutcome, Outcome, State,
    Unbounded, assert_within_bounds, least_billed,
};

use crate::allocation::GroupSection;
use crate::groups::ReadyGroup;
use crate::tally::{P95, PERCENTILES, percentiles_s};

/// A percentile is a few operations on floats away from the counts that it rests on (1e-16 each).
const ROUNDING: f64 = 1e-9;

/// What the requests of a group of pools cannot do without, over one section of trials.
pub(crate) struct SectionFloor {
    /// One entry a model of the group.
    floors: Vec<Floor>,
    /// The shortest latencies of each model.
    soonest: Vec<LatencyHistogram>,
    /// The percentiles of those, once all requests are in.
    soonest_s: Vec<[f64; 3]>,
}

impl SectionFloor {
    pub(crate) fn new(models: usize) -> Self {
        let soonest = vec![LatencyHistogram::default(); models];
        Self { floors: vec![Floor::default(); models], soonest, soonest_s: Vec::new() }
    }

    /// Adds the requests of one trial. Those of clients who wait for answers are not known beforehand.
    pub(crate) fn add(&mut self, group: &Group<'_>, horizon: Horizon, arrivals: &mut dyn Arrivals) {
        for clients in arrivals.clients() {
            self.floors[usize::from(clients.model)].leave_open();
        }
        loop {
            let block = arrivals.next_block();
            if block.is_empty() {
                return;
            }
            for arrival in block {
                let model = usize::from(arrival.model);
                let home = &group.pools[group.home(arrival.model)];
                self.floors[model].add(home, horizon, arrival, &mut self.soonest[model]);
            }
        }
    }

    /// All trials are in.
    pub(crate) fn close(&mut self) {
        self.soonest_s = self.soonest.iter().map(percentiles_s).collect();
    }

    /// # Panics
    /// If what came out of the same trials lies outside its bounds.
    pub(crate) fn check(
        &self,
        group: &Group<'_>,
        outcome: &Outcome,
        latencies: &[LatencyHistogram],
        name: &dyn Fn() -> String,
    ) {
        assert_within_bounds(group, &self.floors, outcome, latencies, name);
    }

    /// The same of the percentiles of its latencies.
    ///
    /// - `simulated`: those of a model of the group, in seconds.
    ///
    /// # Panics
    /// If one is shorter than that of the executions alone.
    pub(crate) fn check_percentiles(
        &self,
        group: &Group<'_>,
        outcome: &Outcome,
        simulated: impl Fn(usize) -> [f64; 3],
        name: &dyn Fn() -> String,
    ) {
        for (model, alone_s) in self.soonest_s.iter().enumerate() {
            if self.latency(group, model, &outcome.models[model]).is_ok() {
                assert_percentiles(simulated(model), *alone_s, model, name);
            }
        }
    }

    fn latency(&self, group: &Group<'_>, model: usize, outcome: &ModelOutcome) -> Result<LeastLatency, Unbounded> {
        self.floors[model].latency(group, model, outcome)
    }
}

fn assert_percentiles(simulated_s: [f64; 3], alone_s: [f64; 3], model: usize, name: &dyn Fn() -> String) {
    for ((p, simulated), alone) in PERCENTILES.iter().zip(simulated_s).zip(alone_s) {
        // Without requests there is neither.
        assert!(
            alone.is_nan() || simulated >= alone * (1.0 - ROUNDING),
            "{} lies outside its bounds: the {p} quantile of the latencies of model {model} is {simulated} s, below the \
             {alone} s of execution alone",
            name()
        );
    }
}

/// What an autoscaler that knew the future would have paid and reached, section by section.
#[derive(Debug, Clone, Default)]
pub(crate) struct Perfect {
    /// One entry a pool, in the allocation's order.
    pub(crate) pools: Vec<Result<PerfectBill, Unbounded>>,
    /// One entry a model, in the scenario's order.
    pub(crate) models: Vec<Result<PerfectLatency, Unbounded>>,
    /// The 95th percentile of all models together, and that of each section, in seconds.
    pub(crate) fleet_p95_s: (f64, Vec<f64>),
}

/// The bill of one pool.
#[derive(Debug, Clone, Default)]
pub(crate) struct PerfectBill {
    /// One entry a section.
    pub(crate) usd: Vec<f64>,
    /// What is missing from all sections together because it may have been executed after the day.
    pub(crate) behind_usd: f64,
}

/// The latencies of one model.
#[derive(Debug, Clone, Default)]
pub(crate) struct PerfectLatency {
    /// Sum over the requests that completed, in seconds, and their number: one entry a section.
    pub(crate) sum_s: Vec<f64>,
    pub(crate) completed: Vec<f64>,
    /// The 95th percentile of all sections together, and that of each, in seconds.
    pub(crate) p95_s: (f64, Vec<f64>),
}

/// - `of_sections`: one entry a section, in each one a group.
pub(crate) fn perfect(
    scenario: &Scenario,
    allocation: &Allocation,
    ready: &[ReadyGroup],
    of_sections: &[Vec<GroupSection>],
) -> Perfect {
    let mut perfect = Perfect {
        pools: vec![Ok(PerfectBill::default()); allocation.pools.len()],
        models: vec![Ok(PerfectLatency::default()); scenario.models.len()],
        fleet_p95_s: (f64::NAN, Vec::new()),
    };
    let mut of_models = vec![LatencyHistogram::default(); scenario.models.len()];
    for groups in of_sections {
        let mut of_fleet = LatencyHistogram::default();
        for (group, section) in ready.iter().zip(groups) {
            for (pool, place) in group.places.iter().enumerate() {
                add_bill(&mut perfect.pools[*place], group, pool, section);
            }
            for (k, (model, _)) in group.models.iter().enumerate() {
                of_fleet.merge(&section.floor.soonest[k]);
                of_models[*model].merge(&section.floor.soonest[k]);
                let least = section.floor.latency(&group.group(), k, &section.outcome.models[k]);
                add_latency(&mut perfect.models[*model], least, section.floor.soonest_s[k][P95]);
            }
        }
        perfect.fleet_p95_s.1.push(percentiles_s(&of_fleet)[P95]);
    }
    let mut of_fleet = LatencyHistogram::default();
    for (model, soonest) in perfect.models.iter_mut().zip(&of_models) {
        of_fleet.merge(soonest);
        if let Ok(model) = model {
            model.p95_s.0 = percentiles_s(soonest)[P95];
        }
    }
    perfect.fleet_p95_s.0 = percentiles_s(&of_fleet)[P95];
    perfect
}

fn add_bill(bill: &mut Result<PerfectBill, Unbounded>, group: &ReadyGroup, pool: usize, section: &GroupSection) {
    let Ok(so_far) = bill else { return };
    let floors = &section.floor.floors;
    match least_billed(&group.group(), pool, floors, &section.outcome, &section.latencies) {
        Ok(LeastBilled { least_ns, behind_ns }) => {
            // Of the GPU types that its containers may have, the cheapest.
            let price = group.prices[pool].iter().map(|tariff| tariff.get(State::Busy)).fold(f64::INFINITY, f64::min);
            so_far.usd.push(least_ns as f64 / 1e9 * price);
            so_far.behind_usd += behind_ns as f64 / 1e9 * price;
        }
        Err(why) => *bill = Err(why),
    }
}

fn add_latency(latency: &mut Result<PerfectLatency, Unbounded>, least: Result<LeastLatency, Unbounded>, p95_s: f64) {
    let Ok(so_far) = latency else { return };
    match least {
        Ok(LeastLatency { sum_ns, completed }) => {
            so_far.sum_s.push(sum_ns as f64 / 1e9);
            so_far.completed.push(completed as f64);
            so_far.p95_s.1.push(p95_s);
        }
        Err(why) => *latency = Err(why),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: &dyn Fn() -> String = &|| "a point".to_owned();

    #[test]
    fn what_never_ends_is_within_its_bounds() {
        assert_percentiles([1.0, 2.0, f64::INFINITY], [1.0, 2.0, f64::INFINITY], 0, NAME);
        assert_percentiles([f64::NAN; 3], [f64::NAN; 3], 0, NAME);
    }

    #[test]
    #[should_panic(
        expected = "a point lies outside its bounds: the 0.95 quantile of the latencies of model 0 is 1.9 s, \
                               below the 2 s of execution alone"
    )]
    fn a_percentile_below_execution_alone_is_an_error() {
        assert_percentiles([1.0, 1.9, 3.0], [1.0, 2.0, 3.0], 0, NAME);
    }

    #[test]
    #[should_panic(expected = "the 0.99 quantile of the latencies of model 3 is 100 s, below the inf s")]
    fn what_fails_for_certain_is_never_done() {
        assert_percentiles([1.0, 2.0, 100.0], [1.0, 2.0, f64::INFINITY], 3, NAME);
    }
}
