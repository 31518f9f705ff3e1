//! A request that meets nobody, from its arrival to its end in one step.
//!
//! Most requests of a sparse pool arrive when nothing is under way and leave before the next one comes. Nothing that
//! happens in between can surprise them, so they need no event list, no queue and no job. This is a shortcut through
//! the same rules, not another engine: it reaches the same state and the same books, to the nanosecond.

use super::Trial;
use super::company::Visit;
use super::failing::{TryLength, try_length};
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
        && pool.models.iter().all(|model| model.boots.is_empty() && model.adapters.is_none())
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
        // Nothing is under way, so that a container is idle or not there.
        let idle = state.levels.latest_idle();
        let (start, loaded) = match idle {
            Some(index) => (self.now, state.containers[index as usize].loaded),
            None => (self.now + self.draws.boots[0].span(state.starts as usize, model), arrival.model),
        };
        let switch = pool.models[model].switch_in[usize::from(loaded)];
        let TryLength { lasts, succeeds } = try_length(pool, arrival, 0, switch + arrival.service, pool.timeout);
        let end = start + lasts;
        if !succeeds {
            return false;
        }
        let visit = Visit { arrival: *arrival, start, end };
        if end > next {
            let is_only = state.alive() == u32::from(idle.is_some());
            return is_only && self.expect_company(visit);
        }
        match idle {
            Some(index) if self.another_stops_before(end, index) => return false,
            Some(index) => self.serve_alone(&visit, index),
            None if self.nobody_finds_it(end, next) => self.pass_by(&[visit]),
            None => {
                let index = self.start_cold(&visit);
                self.serve_alone(&visit, index);
            }
        }
        true
    }

    /// Whether an idle container, `index` apart, stops before `end`.
    #[inline]
    fn another_stops_before(&self, end: SimTime, index: u32) -> bool {
        let state = &self.w.pools[0];
        let longest_idle = state.levels.longest_idle().unwrap_or(index);
        longest_idle != index && state.containers[longest_idle as usize].idle_since + state.window < end
    }

    /// Whether a container that falls idle at `end`, and that no bound holds, has stopped at `next`.
    #[inline]
    pub(super) fn nobody_finds_it(&self, end: SimTime, next: SimTime) -> bool {
        end + self.w.pools[0].window < next
    }

    /// A container boots for a request, where there is none at all, and has become ready. Returns its index.
    #[inline]
    pub(super) fn start_cold(&mut self, visit: &Visit) -> u32 {
        let Visit { arrival, start, .. } = visit;
        debug_assert!(self.w.pools[0].alive() == 0, "no event, no idle container, and yet one");
        self.now = arrival.at;
        let index = self.new_container(0, arrival.model);
        self.count_boot(arrival);
        self.begin_billing(0, index);
        self.now = *start;
        self.accrue_as(0, index, State::Boot);
        let state = &mut self.w.pools[0];
        (state.booting, state.up) = (0, 1);
        let container = &mut state.containers[index as usize];
        container.up = true;
        container.ready_at = *start;
        state.levels.enter(&mut state.containers, index);
        index
    }

    /// Executes a request on an idle container.
    #[inline]
    pub(super) fn serve_alone(&mut self, visit: &Visit, index: u32) {
        let Visit { arrival, start, end } = visit;
        let horizon = self.horizon;
        let state = &mut self.w.pools[0];
        let container = &mut state.containers[index as usize];
        let (ready_at, since) = (container.ready_at, container.since);
        let account = container.account as usize;
        state.ledgers[account].add(State::Idle, horizon.clip(since, *start));
        container.load(arrival.model);
        state.ledgers[container.account as usize].add(State::Busy, horizon.clip(*start, *end));
        container.since = *end;
        container.idle_since = *end;
        state.queue_since = *end;
        if self.watched {
            self.watch_span(0, account, State::Idle, (since, *start));
        }
        self.count_settled(visit, ready_at);
        self.now = *end;
    }

    /// Requests that follow one another on a container that boots for the first of them and stops, its window over,
    /// before anybody else comes.
    #[inline]
    pub(super) fn pass_by(&mut self, visits: &[Visit]) {
        let ([first, ..], [.., last]) = (visits, visits) else { return };
        let (horizon, born, ready_at) = (self.horizon, first.arrival.at, first.start);
        let stops = last.end + self.w.pools[0].window;
        self.now = born;
        self.containers_change();
        self.count_boot(&first.arrival);
        let state = &mut self.w.pools[0];
        state.starts += 1;
        state.ledgers[usize::from(first.arrival.model)].add(State::Boot, horizon.clip(born, ready_at));
        state.ledgers[usize::from(last.arrival.model)].add(State::Idle, horizon.clip(last.end, stops));
        for visit in visits {
            let busy = horizon.clip(visit.start, visit.end);
            self.w.pools[0].ledgers[usize::from(visit.arrival.model)].add(State::Busy, busy);
            self.count_settled(visit, ready_at);
        }
        if self.watched {
            self.watch_span(0, usize::from(first.arrival.model), State::Boot, (born, ready_at));
            self.watch_span(0, usize::from(last.arrival.model), State::Idle, (last.end, stops));
        }
        self.audit.passed(horizon, born, stops);
        self.now = stops;
        (self.containers, self.w.pools[0].booting) = (1, 1);
        self.containers_change();
        (self.containers, self.w.pools[0].booting) = (0, 0);
        self.w.pools[0].queue_since = stops;
    }

    /// A container begins to boot for a request.
    #[inline]
    fn count_boot(&mut self, arrival: &Arrival) {
        if self.horizon.contains(arrival.at) {
            self.outcome.models[usize::from(arrival.model)].boots += 1;
            self.w.pools[0].outcome.boots += 1;
        }
    }

    /// The books of a request that was settled, but for its container's time.
    ///
    /// - `ready_at`: when its container's boot ended.
    #[inline]
    fn count_settled(&mut self, visit: &Visit, ready_at: SimTime) {
        let Visit { arrival, start, end } = visit;
        let (horizon, cold) = (self.horizon, ready_at > arrival.at);
        self.arrived += 1;
        self.audit.settled(horizon.clip(arrival.at, *end), horizon.clip(*start, *end), *end);
        if self.watched {
            if cold && let Some(timeline) = self.seen.timelines.first_mut() {
                timeline.queue(1, arrival.at, ready_at);
            }
            self.watch_span(0, usize::from(arrival.model), State::Busy, (*start, *end));
        }
        if !horizon.contains(arrival.at) {
            return;
        }
        let model = usize::from(arrival.model);
        let (wait, latency) = (*start - arrival.at, *end - arrival.at);
        let limit = self.group.pools[0].models[model].latency_limit;
        self.seen.latencies[model].record(latency);
        let outcome = &mut self.outcome.models[model];
        outcome.arrived += 1;
        outcome.executions += 1;
        outcome.count_start(wait, cold);
        outcome.count_completion(latency, limit);
        if self.watched {
            self.watch_arrival(0, arrival);
            self.watch_wait(arrival, wait);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::boot_times::BootTimes;
    use crate::group::Draws;
    use crate::histogram::LatencyHistogram;
    use crate::horizon::Horizon;
    use crate::hour_book::HourBook;
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
            target_inputs: draw(10, &[2, 5]).min(max_inputs),
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

    fn run(pool: &Pool, arrivals: &[Arrival], shortcut: bool) -> (Outcome, Vec<LatencyHistogram>, Timeline, HourBook) {
        let laws = [Law::Lognormal { mu: 2.5, sigma: 0.8 }, Law::Deterministic { seconds: 20.0 }];
        let laws = laws.map(|law| law.ready_for_few());
        let mut boots = BootTimes::new(1, 0, StreamKey::FLEET, &laws);
        let mut latencies = vec![LatencyHistogram::default(); 2];
        let horizon = Horizon { start: SimTime(HOUR), end: SimTime(6 * HOUR) };
        let (mut workspace, mut timeline) = (Workspace::default(), Timeline::new(horizon, 20));
        let mut book = HourBook::new(horizon, 1, 2);
        let (timelines, hours) = (std::slice::from_mut(&mut timeline), std::slice::from_mut(&mut book));
        let mut observers = Observers { timelines, hours, ..Observers::latencies(&mut latencies) };
        let mut draws = Draws { boots: std::slice::from_mut(&mut boots), lucks: &[Luck(0)], scarcity: &[] };
        let group = Group::of(pool);
        let mut trial = Trial::new(&group, &mut draws, horizon, &mut workspace, &mut observers);
        trial.shortcut &= shortcut;
        let outcome = trial.run(&mut &*arrivals);
        (outcome, latencies, timeline, book)
    }

    #[test]
    fn the_shortcut_changes_no_outcome_by_a_nanosecond() {
        let (mut sparse, mut met) = (0, 0);
        for case in 0..1500 {
            let luck = Luck(case);
            let (pool, arrivals) = (random_pool(luck), random_arrivals(luck));
            let with = run(&pool, &arrivals, true);
            assert_eq!(with, run(&pool, &arrivals, false), "case {case}: {pool:?}");
            sparse += u32::from(arrivals.len() < 300 && pool.buffer_containers == 0);
            let total = with.0.total();
            let is_serial = pool.execution == Execution::Serial && pool.max_inputs > 1;
            met += u32::from(is_serial && total.waited > total.cold && total.completed == total.arrived);
        }
        assert!(sparse > 300, "too few cases in which requests are alone: {sparse}");
        assert!(met > 100, "too few cases in which requests meet in a container: {met}");
    }
}
