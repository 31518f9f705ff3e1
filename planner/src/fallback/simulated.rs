//! One policy for one model on all requests.

use std::ops::Range;

use fleetfront_scenario::{Allocation, Scenario};
use fleetfront_sim::{LatencyHistogram, Observers, Outcome};

use super::pairs::FallbackPair;
use crate::estimate::{Estimate, ratio};
use crate::groups::{ReadyGroup, Scratch, groups};
use crate::requests::Requests;
use crate::tally::{Bill, Subject, Tally, percentiles_s};

/// What came out of it, section by section.
#[derive(Debug, Clone, Default)]
pub(crate) struct Simulated {
    pub(crate) subject: Subject,
    /// Requests that went to the fallback pool, or whose second copy did.
    pub(crate) fell_back: Vec<f64>,
    /// Billed seconds on the dear GPU type.
    pub(crate) dear_s: Vec<f64>,
}

impl Simulated {
    /// - `allocation`: of one model, all of whose cells are feasible.
    pub(crate) fn new(
        scenario: &Scenario,
        pair: &FallbackPair,
        allocation: &Allocation,
        requests: &Requests<'_>,
        sections: &[Range<u32>],
    ) -> Self {
        let ready = groups(scenario, allocation);
        assert_eq!(ready.len(), 1, "a pool and its fallback are one group");
        let group = &ready[0];
        let mut found = Self::default();
        let mut all = LatencyHistogram::default();
        let mut scratch = Scratch::default();
        for section in sections {
            let mut latencies = vec![LatencyHistogram::default()];
            let mut outcome = Outcome::default();
            for trial in section.clone() {
                let mut observers = Observers::latencies(&mut latencies);
                outcome += &group.simulate(scenario, requests, trial, &mut scratch, &mut observers);
            }
            all.merge(&latencies[0]);
            let days = section.len() as f64 * scenario.traffic.days();
            found.add(scenario, pair, allocation, group, (days, &outcome, &latencies[0]));
        }
        found.subject.percentiles_s = percentiles_s(&all);
        found
    }

    fn add(
        &mut self,
        scenario: &Scenario,
        pair: &FallbackPair,
        allocation: &Allocation,
        group: &ReadyGroup,
        (days, outcome, latencies): (f64, &Outcome, &LatencyHistogram),
    ) {
        let mut bill = Bill::default();
        let mut dear_s = 0.0;
        let places = allocation.pools.iter().zip(&outcome.pools).zip(&group.prices);
        for ((plan, pool), prices) in places {
            let gpus = crate::engine_pool::gpus(scenario, plan.gpu, &plan.settings.rules);
            // One model: a ledger a GPU type.
            for (hardware, (gpu, price)) in gpus.iter().zip(prices).enumerate() {
                let ledger = &pool.ledgers[hardware];
                bill.add(ledger, *price);
                bill.add_rounding(pool.rounding_ns[hardware], *price);
                if *gpu == pair.dear.1 {
                    dear_s += (ledger.billed().0 + pool.rounding_ns[hardware]) as f64 / 1e9;
                }
            }
        }
        self.subject.sections.push(Tally::billed(days, &outcome.models[0], bill, latencies));
        self.subject.peak_containers = self.subject.peak_containers.max(outcome.peak_containers);
        self.fell_back.push((outcome.models[0].fell_back + outcome.models[0].hedged) as f64);
        self.dear_s.push(dear_s);
    }

    /// Share of the requests that went to the fallback pool, or whose second copy did.
    pub(crate) fn fell_back_share(&self) -> Estimate {
        share(&self.fell_back, &self.subject.each(|t| t.arrived))
    }

    /// Share of the billed container time on the dear GPU type.
    pub(crate) fn dear_time_share(&self) -> Estimate {
        share(&self.dear_s, &self.subject.each(|t| t.seconds.iter().sum()))
    }
}

/// A share cannot leave [0, 1].
fn share(part: &[f64], whole: &[f64]) -> Estimate {
    let Estimate { value, low, high } = ratio(part, whole);
    Estimate { value, low: low.max(0.0), high: high.min(1.0) }
}
