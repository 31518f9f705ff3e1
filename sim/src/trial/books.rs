//! The books of a trial: who is billed for what, who waited how long, and what must add up.

use super::Trial;
use crate::container::NONE;
use crate::job::{Arrival, Job, Place};
use crate::ledger::{Ledger, State};
use crate::outcome::PoolOutcome;
use crate::quantities::{SimSpan, SimTime};

impl Trial<'_, '_, '_, '_, '_> {
    /// Brings the ledger of a container up to date: the time since its last change was spent in its present state.
    #[inline]
    pub(super) fn accrue(&mut self, p: usize, index: u32) {
        let state = self.w.pools[p].containers[index as usize].state();
        self.accrue_as(p, index, state);
    }

    /// The same where its state is known.
    #[inline]
    pub(super) fn accrue_as(&mut self, p: usize, index: u32, state: State) {
        let of_pool = &mut self.w.pools[p];
        let container = &mut of_pool.containers[index as usize];
        let since = std::mem::replace(&mut container.since, self.now);
        if !container.billed {
            return;
        }
        let spent = self.horizon.clip(since, self.now);
        let account = container.account as usize;
        of_pool.ledgers[account].add(state, spent);
        if self.watched {
            self.watch_span(p, account, state, (since, self.now));
        }
    }

    /// A container of a pool was in a state for a while.
    #[inline]
    pub(super) fn watch_span(&mut self, p: usize, account: usize, state: State, (from, to): (SimTime, SimTime)) {
        if let Some(timeline) = self.seen.timelines.get_mut(p) {
            timeline.state(state, from, to);
        }
        if let Some(hours) = self.seen.hours.get_mut(p) {
            hours.spend(account, state, from, to);
        }
    }

    /// What a container has executed from `started` until now, one try, turns out to be for nobody. Its ledger is up to
    /// date.
    pub(super) fn turn_wasted(&mut self, p: usize, index: u32, started: SimTime) {
        let of_pool = &mut self.w.pools[p];
        let account = of_pool.containers[index as usize].account as usize;
        of_pool.ledgers[account].turn_wasted(self.horizon.clip(started, self.now));
        if let Some(timeline) = self.seen.timelines.get_mut(p) {
            timeline.turn_wasted(started, self.now);
        }
        if let Some(hours) = self.seen.hours.get_mut(p) {
            hours.turn_wasted(account, started, self.now);
        }
    }

    /// A container is created: from now on it is billed.
    #[inline]
    pub(super) fn begin_billing(&mut self, p: usize, index: u32) {
        self.billed_change(p);
        let state = &mut self.w.pools[p];
        state.billed += 1;
        let container = &mut state.containers[index as usize];
        container.billed = true;
        container.born = self.now;
        container.since = self.now;
    }

    /// It is no more.
    #[inline]
    pub(super) fn end_billing(&mut self, p: usize, index: u32) {
        if !self.w.pools[p].containers[index as usize].billed {
            return;
        }
        self.billed_change(p);
        self.accrue(p, index);
        let pool = self.pool(p);
        let state = &mut self.w.pools[p];
        state.billed -= 1;
        let container = &mut state.containers[index as usize];
        container.billed = false;
        self.audit.alive_ns += self.horizon.clip(container.born, self.now);
        if (pool.billing_increment.0 > 0 || pool.billing_minimum.0 > 0) && self.horizon.contains(self.now) {
            let lived = self.now - container.born;
            let rounded = rounded_up(lived, pool.billing_increment).max(pool.billing_minimum);
            let (hardware, added) = (usize::from(container.hardware), rounded.0 - lived.0);
            state.outcome.rounding_ns[hardware] += added;
            if let Some(hours) = self.seen.hours.get_mut(p) {
                hours.round_up(hardware, self.now, added);
            }
        }
    }

    /// The number of a pool's billed containers is about to change.
    #[inline]
    fn billed_change(&mut self, p: usize) {
        self.occupancy_changes(p);
        let billed = u64::from(self.w.pools[p].billed);
        self.audit.pools[p].settle(self.horizon, billed, self.now);
    }

    /// The number of containers in use is about to change.
    #[inline]
    pub(super) fn containers_change(&mut self) {
        let inside = self.audit.in_use_since(self.horizon, self.now);
        if inside {
            self.outcome.peak_containers = self.outcome.peak_containers.max(self.containers);
            for state in &mut self.w.pools {
                state.outcome.peak_containers = state.outcome.peak_containers.max(state.booting + state.up);
            }
        }
    }

    /// The number of a pool's containers that are alive or executing is about to change.
    #[inline]
    pub(super) fn occupancy_changes(&mut self, p: usize) {
        if !self.watched {
            return;
        }
        if let Some(occupancy) = self.seen.occupancies.get_mut(p) {
            let state = &mut self.w.pools[p];
            let span = self.horizon.clip(state.occupied_since, self.now);
            occupancy.add(state.billed, state.executing, span);
            state.occupied_since = self.now;
        }
    }

    /// The length of a queue is about to change.
    #[inline]
    pub(super) fn queue_changes(&mut self, p: usize) {
        if !self.watched {
            return;
        }
        if let Some(timeline) = self.seen.timelines.get_mut(p) {
            let state = &mut self.w.pools[p];
            timeline.queue(u64::from(state.queue.len()), state.queue_since, self.now);
            state.queue_since = self.now;
        }
    }

    #[inline]
    pub(super) fn count_arrival(&mut self, p: usize, arrival: &Arrival) {
        self.outcome.models[usize::from(arrival.model)].arrived += 1;
        self.watch_arrival(p, arrival);
    }

    #[inline]
    pub(super) fn watch_arrival(&mut self, p: usize, arrival: &Arrival) {
        if let Some(timeline) = self.seen.timelines.get_mut(p) {
            timeline.arrival(arrival.at);
        }
    }

    /// The first try of a request starts.
    #[inline]
    pub(super) fn count_start(&mut self, arrival: &Arrival, cold: bool, start: SimTime) {
        let wait = start - arrival.at;
        self.outcome.models[usize::from(arrival.model)].count_start(wait, cold);
        self.watch_wait(arrival, wait);
    }

    #[inline]
    pub(super) fn watch_wait(&mut self, arrival: &Arrival, wait: SimSpan) {
        if let Some(waits) = self.seen.waits.get_mut(usize::from(arrival.model)) {
            waits.record(wait);
        }
    }

    #[inline]
    pub(super) fn count_completion(&mut self, p: usize, arrival: &Arrival, end: SimTime) {
        let latency = end - arrival.at;
        let model = usize::from(arrival.model);
        self.seen.latencies[model].record(latency);
        self.outcome.models[model].count_completion(latency, self.group.pools[p].models[model].latency_limit);
    }

    /// A counted request ends without completing.
    pub(super) fn count_loss(&mut self, job: &Job) {
        let model = usize::from(job.arrival.model);
        self.seen.latencies[model].record_infinite();
        let outcome = &mut self.outcome.models[model];
        outcome.late += 1;
        let sojourn = self.now - job.arrival.at;
        outcome.sojourn_ns += u128::from(sojourn.0);
        if !job.has_begun() {
            outcome.wait_ns += u128::from(sojourn.0);
            outcome.waited += u64::from(sojourn > SimSpan::ZERO);
            if let Some(waits) = self.seen.waits.get_mut(model) {
                waits.record(sojourn);
            }
        }
    }

    /// A request comes into the system.
    #[inline]
    pub(super) fn population_grows(&mut self) {
        self.audit.population(self.horizon, self.population, self.now);
        self.audit.arrived += 1;
        self.population += 1;
    }

    /// A request leaves it, or its client does.
    #[inline]
    pub(super) fn population_shrinks(&mut self, arrived_at: SimTime) {
        self.audit.population(self.horizon, self.population, self.now);
        self.audit.sojourn_ns += u128::from(self.horizon.clip(arrived_at, self.now));
        self.population -= 1;
    }

    /// What nothing will ever serve: the quota or the bounds keep the last container from starting. Its time in the
    /// system counts to the end of the horizon.
    pub(super) fn count_stuck(&mut self, closing: SimTime) {
        if self.w.jobs.len() == 0 {
            return;
        }
        self.audit.population(self.horizon, self.population, closing);
        for job in self.w.jobs.all() {
            if job.place == Place::Executing {
                self.audit.tries_ns += self.horizon.clip(job.started, closing);
            }
            // Of two copies the first stands for the request.
            let is_copy = job.second && job.twin != NONE;
            self.audit.copies_stuck += u64::from(is_copy);
            if job.abandoned || is_copy {
                continue;
            }
            // How long others were followed says nothing about its time.
            self.now = self.horizon.end.max(job.arrival.at);
            self.audit.sojourn_ns += u128::from(self.horizon.clip(job.arrival.at, closing));
            if job.counted {
                self.outcome.models[usize::from(job.arrival.model)].stuck += 1;
                self.count_loss(&job);
            }
        }
    }

    /// Ends everything that is left of a pool.
    pub(super) fn close_pool(&mut self, p: usize, closing: SimTime) {
        self.now = closing;
        for index in 0..self.w.pools[p].containers.len() as u32 {
            if self.w.pools[p].containers[index as usize].alive {
                let inputs = self.w.pools[p].containers[index as usize].inputs;
                assert!(inputs == 0 || self.w.jobs.len() > 0, "law 1: work left after the last request");
                self.stop_container(p, index);
            }
        }
        assert_eq!(self.w.pools[p].alive(), 0, "law 3: containers left after the last event");
        self.occupancy_changes(p);
        self.queue_changes(p);
    }

    /// Hands over what the pools have counted. Returns the ledger of each.
    pub(super) fn collect_pools(&mut self) -> Vec<Ledger> {
        let models = self.outcome.models.len();
        let mut totals = Vec::with_capacity(self.w.pools.len());
        for state in &mut self.w.pools {
            for (account, ledger) in state.ledgers.iter().enumerate() {
                self.outcome.models[account % models].ledger += *ledger;
            }
            let outcome = PoolOutcome { ledgers: state.ledgers.clone(), ..std::mem::take(&mut state.outcome) };
            totals.push(outcome.ledger());
            self.outcome.pools.push(outcome);
        }
        totals
    }
}

fn rounded_up(span: SimSpan, increment: SimSpan) -> SimSpan {
    if increment.0 == 0 { span } else { SimSpan(span.0.div_ceil(increment.0).saturating_mul(increment.0)) }
}
