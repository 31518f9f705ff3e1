//! A request that meets nobody, from its arrival to its end in one step.
//!
//! Most requests of a sparse pool arrive when nothing is under way and leave before the next one comes. Nothing that
//! happens in between can surprise them, so they need no event list, no queue and no job. This is a shortcut through
//! the same rules, not another engine: it reaches the same state and the same books, to the nanosecond.

use super::Trial;
use super::failing::{TryLength, try_length};
use crate::container::Container;
use crate::group::{Group, Quota};
use crate::job::Arrival;
use crate::ledger::State;
use crate::pool::{BootRules, Execution};
use crate::quantities::{SimSpan, SimTime};

/// Whether requests of a group can meet nobody: one pool, and only rules that follow a request by itself.
pub(crate) fn possible(group: &Group<'_>) -> bool {
    let [pool] = group.pools else { return false };
    // A buffer starts containers beside every request: nobody is alone.
    pool.buffer_containers == 0
        && matches!(pool.execution, Execution::Serial | Execution::Parallel)
        && pool.boots == BootRules::PLAIN
        && pool.scaledown_window.fixed().is_some()
        && (pool.early_drain, pool.preemption, pool.patience, pool.fallback) == (None, None, None, None)
        && pool.schedule.is_empty()
        && pool.max_pending.is_none()
        && pool.host_speed_cv == 0.0
        && pool.hardware.len() == 1
        && (pool.billing_increment, pool.billing_minimum) == (SimSpan::ZERO, SimSpan::ZERO)
        && pool.models.iter().all(|model| model.boots.is_empty())
        && group.models.is_empty()
        && group.capacity.is_empty()
        && group.quota == Quota::NONE
}

impl Trial<'_, '_, '_, '_, '_> {
    /// Settles a request alone if it is certain to meet nobody. Returns whether it was settled.
    ///
    /// - `next`: when the next request arrives; at the very instant of its departure is late enough.
    #[inline]
    pub(super) fn settle_alone(&mut self, arrival: &Arrival, next: SimTime) -> bool {
        if !self.shortcut || !self.w.events.is_empty() {
            return false;
        }
        if !self.w.company.is_empty() {
            return self.join_company(arrival);
        }
        let pool = self.pool(0);
        let state = &self.w.pools[0];
        let model = usize::from(arrival.model);
        let picked = state.levels.pick();
        let (start, loaded) = match picked {
            Some(index) => (self.now, state.containers[index as usize].loaded),
            None => (self.now + self.draws.boots[0].span(state.starts as usize, model), arrival.model),
        };
        let switch = pool.models[model].switch_in[usize::from(loaded)];
        let TryLength { lasts, succeeds } = try_length(pool, arrival, 0, switch + arrival.service, pool.timeout);
        let end = start + lasts;
        if !succeeds {
            return false;
        }
        if end > next {
            let is_only = state.alive() == u32::from(picked.is_some());
            return is_only && self.expect_company(arrival, start, end);
        }
        if let Some(index) = picked {
            return self.serve_warm(arrival, index, end);
        }
        debug_assert!(state.alive() == 0, "no event, no container that can take an input, and yet one");
        self.serve_cold(arrival, start, end);
        true
    }

    /// On the most recently idle container. Returns whether no other container stops while the request is served.
    #[inline]
    fn serve_warm(&mut self, arrival: &Arrival, index: u32, end: SimTime) -> bool {
        let state = &self.w.pools[0];
        let longest_idle = state.levels.longest_idle().unwrap_or(index);
        if longest_idle != index && state.containers[longest_idle as usize].idle_since + state.window < end {
            return false;
        }
        self.serve_alone(arrival, index, State::Idle, end);
        true
    }

    /// On a container that boots for it, where there is none at all.
    pub(super) fn serve_cold(&mut self, arrival: &Arrival, ready_at: SimTime, end: SimTime) {
        let index = self.new_container(0, arrival.model);
        if self.horizon.contains(self.now) {
            self.outcome.models[usize::from(arrival.model)].boots += 1;
            self.w.pools[0].outcome.boots += 1;
        }
        self.begin_billing(0, index);
        self.now = ready_at;
        let state = &mut self.w.pools[0];
        (state.booting, state.up) = (0, 1);
        let container: &mut Container = &mut state.containers[index as usize];
        container.up = true;
        container.ready_at = ready_at;
        self.serve_alone(arrival, index, State::Boot, end);
        let state = &mut self.w.pools[0];
        state.levels.enter(&mut state.containers, index);
    }

    /// Executes the request from now to `end` on a container that was in the state `before` until now.
    #[inline]
    pub(super) fn serve_alone(&mut self, arrival: &Arrival, index: u32, before: State, end: SimTime) {
        let (start, horizon) = (self.now, self.horizon);
        let state = &mut self.w.pools[0];
        let container = &mut state.containers[index as usize];
        let (ready_at, cold) = (container.ready_at, container.ready_at > arrival.at);
        let since = container.since;
        state.ledgers[container.account as usize].add(before, horizon.clip(since, start));
        container.load(arrival.model);
        let busy = horizon.clip(start, end);
        state.ledgers[container.account as usize].add(State::Busy, busy);
        container.since = end;
        container.idle_since = end;
        state.queue_since = end;
        self.arrived += 1;
        let inside = if start == arrival.at { busy } else { horizon.clip(arrival.at, end) };
        self.audit.alone(inside, end);
        self.audit.tries_ns += busy;
        if self.watched
            && let Some(timeline) = self.seen.timelines.first_mut()
        {
            if cold {
                timeline.queue(1, arrival.at, ready_at);
            }
            timeline.state(before, since, start);
            timeline.state(State::Busy, start, end);
        }
        if horizon.contains(arrival.at) {
            self.count_arrival(0, arrival);
            self.outcome.models[usize::from(arrival.model)].executions += 1;
            self.count_start(arrival, cold, start);
            self.count_completion(0, arrival, end);
        }
        self.now = end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::boot_times::BootTimes;
    use crate::group::Draws;
    use crate::histogram::LatencyHistogram;
    use crate::horizon::Horizon;
    use crate::law::Law;
    use crate::observers::Observers;
    use crate::outcome::Outcome;
    use crate::pool::{Pool, PoolModel};
    use crate::quantile::Quantile;
    use crate::request::Luck;
    use crate::retries::Retries;
    use crate::stream::StreamKey;
    use crate::timeline::Timeline;
    use crate::trial::Workspace;
    use crate::window::Window;

    const HOUR: u64 = 3_600_000_000_000;

    /// A pool with random settings, all within what the engine simulates.
    fn random_pool(luck: Luck) -> Pool {
        let draw = |purpose: u32, choices: &[u32]| choices[(luck.uniform(0, purpose) * choices.len() as f64) as usize];
        let switches = draw(9, &[0, 1]) == 1;
        let execution = if draw(0, &[0, 1]) == 1 && !switches { Execution::Parallel } else { Execution::Serial };
        let switch = SimSpan(if switches { 7_000_000_000 } else { 0 });
        let failure_probability = f64::from(draw(1, &[0, 0, 20])) / 100.0;
        let model = |switch_in: [SimSpan; 2]| PoolModel {
            failure_probability,
            switch_in: switch_in.to_vec(),
            ..PoolModel::new(2, SimSpan(30_000_000_000))
        };
        let min_containers = draw(2, &[0, 0, 1, 2]);
        let max_inputs = draw(6, &[1, 1, 5]);
        Pool {
            min_containers,
            max_containers: min_containers.max(draw(3, &[1, 2, 4_000])),
            buffer_containers: draw(4, &[0, 0, 0, 1]),
            scaledown_window: Window::Fixed(SimSpan(u64::from(draw(5, &[2, 60, 300])) * 1_000_000_000)),
            max_inputs,
            target_inputs: max_inputs,
            execution,
            timeout: SimSpan(u64::from(draw(7, &[15, 300])) * 1_000_000_000),
            retries: Retries::fixed(draw(8, &[0, 2])),
            ..Pool::new(vec![model([SimSpan::ZERO, switch]), model([switch, SimSpan::ZERO])])
        }
    }

    /// Six hours of arrivals, from one every ten minutes to one every six seconds, on whole seconds so that instants
    /// coincide now and then.
    fn random_arrivals(luck: Luck) -> Vec<Arrival> {
        let mean_gap_s = [600.0, 100.0, 20.0, 6.0][(luck.uniform(1, 0) * 4.0) as usize];
        let mut arrivals = Vec::new();
        let mut seconds = 0.0;
        for k in 0u32.. {
            seconds += (-mean_gap_s * (1.0 - luck.uniform(2, k)).ln()).round();
            let at = SimTime((seconds * 1e9) as u64);
            if at.0 >= 6 * HOUR {
                break;
            }
            let service = SimSpan::from_secs_f64((1.0 + 20.0 * luck.uniform(3, k)).round());
            let model = u16::from(luck.uniform(4, k) < 0.3);
            let luck = Luck(luck.0 ^ u64::from(k) << 32);
            arrivals.push(Arrival { at, service, luck, quantile: Quantile::default(), model });
        }
        arrivals
    }

    fn run(pool: &Pool, arrivals: &[Arrival], shortcut: bool) -> (Outcome, Vec<LatencyHistogram>, Timeline) {
        let laws = [Law::Lognormal { mu: 2.5, sigma: 0.8 }, Law::Deterministic { seconds: 20.0 }];
        let mut boots = BootTimes::new(1, 0, StreamKey::FLEET, &laws);
        let mut latencies = vec![LatencyHistogram::default(); 2];
        let horizon = Horizon { start: SimTime(HOUR), end: SimTime(6 * HOUR) };
        let (mut workspace, mut timeline) = (Workspace::default(), Timeline::new(horizon, 20));
        let timelines = std::slice::from_mut(&mut timeline);
        let mut observers = Observers { timelines, ..Observers::latencies(&mut latencies) };
        let mut draws = Draws { boots: std::slice::from_mut(&mut boots), lucks: &[Luck(0)], scarcity: &[] };
        let group = Group::of(pool);
        let mut trial = Trial::new(&group, &mut draws, horizon, &mut workspace, &mut observers);
        trial.shortcut &= shortcut;
        let outcome = trial.run(&mut &*arrivals);
        (outcome, latencies, timeline)
    }

    #[test]
    fn the_shortcut_changes_no_outcome_by_a_nanosecond() {
        let mut sparse = 0;
        for case in 0..1500 {
            let luck = Luck(case);
            let (pool, arrivals) = (random_pool(luck), random_arrivals(luck));
            let with = run(&pool, &arrivals, true);
            assert_eq!(with, run(&pool, &arrivals, false), "case {case}: {pool:?}");
            sparse += u32::from(arrivals.len() < 300 && pool.buffer_containers == 0);
        }
        assert!(sparse > 300, "too few cases in which requests are alone: {sparse}");
    }
}
