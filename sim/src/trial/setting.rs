//! Everything that a trial of a group depends on, and everything that can be seen of it: for tests.

use super::*;
use crate::clients::{Attended, Clients};
use crate::group::{Capacity, GroupModel, Quota, Scarcity};
use crate::histogram::LatencyHistogram;
use crate::hour_book::HourBook;
use crate::law::Law;
use crate::occupancy::Occupancy;
use crate::request::Luck;
use crate::stream::StreamKey;
use crate::trace::Trace;

/// Everything that a trial of a group depends on.
#[derive(Debug, Clone)]
pub(super) struct Setting {
    pub(super) pools: Vec<Pool>,
    pub(super) models: Vec<GroupModel>,
    pub(super) quota: Quota,
    pub(super) capacity: Vec<Capacity>,
    pub(super) scarcity: Vec<Vec<Scarcity>>,
    pub(super) arrivals: Vec<Arrival>,
    pub(super) clients: Vec<Clients>,
    /// Boot laws of the models, pool by pool.
    pub(super) boots: Vec<Vec<Law>>,
    pub(super) lucks: Vec<Luck>,
    pub(super) horizon: Horizon,
}

/// What every observer saw.
#[derive(Debug, PartialEq)]
pub(super) struct Seen {
    pub(super) outcome: Outcome,
    pub(super) latencies: Vec<LatencyHistogram>,
    pub(super) waits: Vec<LatencyHistogram>,
    pub(super) timelines: Vec<Timeline>,
    pub(super) occupancies: Vec<Occupancy>,
    pub(super) hours: Vec<HourBook>,
    pub(super) trace: Trace,
}

impl Default for Setting {
    fn default() -> Self {
        Self {
            pools: Vec::new(),
            models: Vec::new(),
            quota: Quota::NONE,
            capacity: Vec::new(),
            scarcity: Vec::new(),
            arrivals: Vec::new(),
            clients: Vec::new(),
            boots: Vec::new(),
            lucks: Vec::new(),
            horizon: Horizon { start: SimTime::START, end: SimTime::NEVER },
        }
    }
}

impl Setting {
    pub(super) fn outcome(&self) -> (Outcome, Vec<LatencyHistogram>) {
        self.outcome_in(&mut Workspace::default())
    }

    pub(super) fn outcome_in(&self, workspace: &mut Workspace) -> (Outcome, Vec<LatencyHistogram>) {
        let mut latencies = vec![LatencyHistogram::default(); self.pools[0].models.len()];
        let outcome = self.simulate(workspace, &mut Observers::latencies(&mut latencies));
        (outcome, latencies)
    }

    /// With all observers, the trace cut at `limit` events.
    pub(super) fn seen(&self, limit: usize) -> Seen {
        let models = self.pools[0].models.len();
        let mut latencies = vec![LatencyHistogram::default(); models];
        let mut waits = latencies.clone();
        let mut timelines = vec![Timeline::new(self.horizon, 7); self.pools.len()];
        let mut occupancies = vec![Occupancy::default(); self.pools.len()];
        let of_pool = |pool: &Pool| HourBook::new(self.horizon, pool.hardware.len(), models);
        let mut hours: Vec<HourBook> = self.pools.iter().map(of_pool).collect();
        let mut trace = Trace::new(limit);
        let mut observers = Observers {
            latencies: &mut latencies,
            waits: &mut waits,
            timelines: &mut timelines,
            occupancies: &mut occupancies,
            hours: &mut hours,
            trace: Some(&mut trace),
        };
        let outcome = self.simulate(&mut Workspace::default(), &mut observers);
        Seen { outcome, latencies, waits, timelines, occupancies, hours, trace }
    }

    fn simulate(&self, workspace: &mut Workspace, observers: &mut Observers<'_>) -> Outcome {
        let ready = |laws: &Vec<Law>| laws.iter().map(Law::ready_for_few).collect::<Vec<_>>();
        let laws: Vec<_> = self.boots.iter().map(ready).collect();
        let boots = laws.iter().map(|laws| BootTimes::new(7, 0, StreamKey::FLEET, laws));
        let mut boots: Vec<BootTimes<'_>> = boots.collect();
        let mut draws = Draws { boots: &mut boots, lucks: &self.lucks, scarcity: &self.scarcity };
        let Self { pools, models, quota, capacity, .. } = self;
        let group = Group { pools, models, quota: *quota, capacity };
        let mut arrivals = Attended { arrivals: &self.arrivals, clients: &self.clients };
        simulate_group(&group, &mut arrivals, &mut draws, self.horizon, workspace, observers)
    }
}
