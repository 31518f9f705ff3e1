//! Inputs inside containers: accepted, executed, completed. One at a time (`serial`) or independently (`parallel`);
//! `shared.rs` and `batches.rs` have the other two ways.

use super::failing::{TryLength, try_length};
use super::{Trial, purpose};
use crate::container::NONE;
use crate::event_list::Event;
use crate::job::{Arrival, Job, Place};
use crate::pool::Execution;
use crate::quantile::Quantile;
use crate::quantities::{SimSpan, SimTime};
use crate::trace::What;

/// The next step of a chain.
#[derive(Debug, Clone, Copy)]
pub(super) struct NextStep {
    arrival: Arrival,
    /// Arrival and model of the first request of its chain.
    root: (SimTime, u16),
    /// Who waits for the end of the chain.
    client: u32,
}

impl Trial<'_, '_, '_, '_, '_> {
    /// Fills a container (that stands in no level list) from the head of the queue.
    #[inline]
    pub(super) fn take_from_queue(&mut self, p: usize, index: u32) {
        let pool = self.pool(p);
        if pool.batching().is_some() {
            return;
        }
        while self.w.pools[p].containers[index as usize].inputs < pool.max_inputs && !self.w.pools[p].queue.is_empty() {
            self.take_one(p, index);
        }
    }

    /// The head of the queue, if there is one, goes to a container with room (that stands in no level list).
    #[inline]
    pub(super) fn take_one(&mut self, p: usize, index: u32) {
        self.queue_changes(p);
        if let Some(job) = self.w.pools[p].queue.pop_front(&mut self.w.jobs) {
            self.accept(p, index, job);
        }
    }

    /// Puts an input into a container (that stands in no level list): it executes at once, or waits inside behind
    /// others.
    #[inline]
    pub(super) fn accept(&mut self, p: usize, index: u32, job_index: u32) {
        let pool = self.pool(p);
        let state = &mut self.w.pools[p];
        let container = &mut state.containers[index as usize];
        assert!(container.up, "law 5: an input in a container that boots");
        container.inputs += 1;
        assert!(container.inputs <= pool.capacity(), "law 5: more inputs than max_inputs");
        state.running += 1;
        let job = self.w.jobs.get_mut(job_index);
        job.container = index;
        job.accepted_at = self.now;
        match &pool.execution {
            Execution::Serial if !container.executing.is_empty() => {
                job.place = Place::Inside;
                container.waiting.push_back(&mut self.w.jobs, job_index);
                self.note(p, Some(index), Some(job_index), What::WaitsInside);
                if pool.timeout_from_accept {
                    let ticket = self.ticket();
                    self.w.jobs.get_mut(job_index).ticket = ticket;
                    self.w.events.push(self.now + pool.timeout, Event::TimedOut { job: job_index, ticket });
                }
            }
            Execution::Shared(_) => self.join_shared(p, index, job_index),
            _ => self.start_try(p, index, job_index),
        }
    }

    /// How long an undisturbed execution of a request lasts on a container, without model switch.
    #[inline]
    pub(super) fn service(&self, p: usize, index: u32, job: &Job) -> SimSpan {
        let pool = self.pool(p);
        let container = &self.w.pools[p].containers[index as usize];
        let fresh = pool.retries.fresh_service && job.executions > 0;
        let span = if job.away || fresh || container.hardware > 0 {
            let service = &pool.models[usize::from(job.arrival.model)].services[usize::from(container.hardware)];
            let drawn = || Quantile::of_uniform(job.arrival.luck.uniform(job.attempt(), purpose::FRESH_SERVICE));
            service.span(if fresh { drawn() } else { job.arrival.quantile }, job.arrival.luck)
        } else {
            job.arrival.service
        };
        if container.slowness.to_bits() == 1f64.to_bits() {
            span
        } else {
            SimSpan::from_secs_f64(span.as_secs_f64() * container.slowness)
        }
    }

    /// Executes a try. Its end is settled here: it completes, fails on the way, or is killed at the timeout.
    #[inline]
    fn start_try(&mut self, p: usize, index: u32, job_index: u32) {
        self.accrue(p, index);
        let pool = self.pool(p);
        let service = self.service(p, index, self.w.jobs.get(job_index));
        let ticket = self.ticket();
        let load = if self.w.pools[p].held.is_used() { self.load_adapter(p, index, job_index) } else { SimSpan::ZERO };
        let job = self.w.jobs.get_mut(job_index);
        let container = &mut self.w.pools[p].containers[index as usize];
        let switch = pool.models[usize::from(job.arrival.model)].switch_in[usize::from(container.loaded)];
        container.load(job.arrival.model);
        let waited = if pool.timeout_from_accept { (self.now - job.accepted_at).0 } else { 0 };
        let limit = SimSpan(pool.timeout.0.saturating_sub(waited));
        let TryLength { lasts, succeeds } =
            try_length(pool, &job.arrival, job.attempt(), switch + load + service, limit);
        job.ticket = ticket;
        let ends = self.now + lasts;
        if pool.preemption.is_none() {
            self.w.events.push(ends, Event::TryEnd { job: job_index, ticket });
            self.count_try(p, index, job_index, succeeds, (switch, load));
        } else {
            // Not if the container is taken away before.
            let survives = self.survives(p, index, lasts);
            if survives {
                self.w.events.push(ends, Event::TryEnd { job: job_index, ticket });
            }
            self.count_try(p, index, job_index, succeeds && survives, (switch, load));
        }
    }

    /// Books a try that starts now.
    ///
    /// - `first`: how long its model is switched and its adapter loaded before it executes.
    #[inline]
    pub(super) fn count_try(
        &mut self,
        p: usize,
        index: u32,
        job_index: u32,
        succeeds: bool,
        (switch, load): (SimSpan, SimSpan),
    ) {
        let state = &mut self.w.pools[p];
        let container = &mut state.containers[index as usize];
        let job = self.w.jobs.get_mut(job_index);
        let first = !job.has_begun();
        let twin = job.twin;
        let cold = container.ready_at > job.arrival.at;
        job.executions += 1;
        job.started = self.now;
        job.succeeds = succeeds;
        job.place = Place::Executing;
        if succeeds {
            container.good += 1;
        } else {
            container.bad += 1;
        }
        container.executing.push_back(&mut self.w.jobs, job_index);
        let begins = container.executing.len() == 1;
        let (arrival, counted) = {
            let job = self.w.jobs.get(job_index);
            (job.arrival, job.counted && !job.abandoned)
        };
        if counted {
            self.outcome.models[usize::from(arrival.model)].executions += 1;
            if first {
                self.count_start(&arrival, cold, self.now);
            }
        }
        if twin != NONE {
            self.w.jobs.get_mut(twin).begun_elsewhere = true;
        }
        if begins {
            self.occupancy_changes(p);
            self.w.pools[p].executing += 1;
        }
        self.note(p, Some(index), Some(job_index), What::Executes { switch, load, cold });
    }

    #[inline]
    pub(super) fn try_ends(&mut self, job_index: u32, ticket: u32) {
        let job = self.w.jobs.get(job_index);
        if job.ticket != ticket {
            return;
        }
        let (p, index) = (usize::from(job.pool), job.container);
        self.accrue(p, index);
        let state = &mut self.w.pools[p];
        state.levels.leave(&mut state.containers, index);
        self.end_try(p, index, job_index);
        let step = self.settle_try(p, job_index);
        self.next_inside(p, index);
        self.after_departure(p, index);
        if let Some(step) = step {
            self.take_step(step);
        }
    }

    /// Takes an executing try out of its container, whose ledger is up to date.
    #[inline]
    pub(super) fn end_try(&mut self, p: usize, index: u32, job_index: u32) {
        let job = self.w.jobs.get_mut(job_index);
        assert!(job.place == Place::Executing, "law 6: a try ended twice");
        job.place = Place::Pausing;
        job.ticket = 0;
        // What has lost is booked with the tries that fail.
        let (started, succeeds) = (job.started, job.succeeds && !job.lost);
        self.audit.tries_ns += self.horizon.clip(started, self.now);
        let state = &mut self.w.pools[p];
        let container = &mut state.containers[index as usize];
        container.executing.remove(&mut self.w.jobs, job_index);
        container.inputs -= 1;
        state.running -= 1;
        if succeeds {
            container.good -= 1;
        } else {
            container.bad -= 1;
        }
        if container.executing.is_empty() {
            self.occupancy_changes(p);
            self.w.pools[p].executing -= 1;
        }
        if self.pool(p).preemption.is_some() {
            self.survived(p, index, started);
        }
    }

    /// The next input inside a serial container executes.
    #[inline]
    pub(super) fn next_inside(&mut self, p: usize, index: u32) {
        let container = &mut self.w.pools[p].containers[index as usize];
        if !container.executing.is_empty() {
            return;
        }
        if let Some(next) = container.waiting.pop_front(&mut self.w.jobs) {
            self.start_try(p, index, next);
        }
    }

    /// What becomes of the request of a try that ended. Returns the next step of its chain if there is one: it arrives
    /// when the container has let go of this one.
    #[inline]
    pub(super) fn settle_try(&mut self, p: usize, job_index: u32) -> Option<NextStep> {
        if self.w.jobs.get(job_index).succeeds {
            self.complete(p, job_index)
        } else {
            self.fail_try(p, job_index);
            None
        }
    }

    /// An input has left a container that stands in no level list.
    #[inline]
    pub(super) fn after_departure(&mut self, p: usize, index: u32) {
        self.take_from_queue(p, index);
        if self.w.pools[p].containers[index as usize].inputs == 0 {
            self.falls_idle(p, index);
        } else {
            self.w.pools[p].containers[index as usize].idle_since = self.now;
        }
        let state = &mut self.w.pools[p];
        state.levels.enter(&mut state.containers, index);
        self.form_batches(p);
        self.cancel_boots(p);
    }

    #[inline]
    fn complete(&mut self, p: usize, job_index: u32) -> Option<NextStep> {
        if self.seen.trace.is_some() {
            let job = self.w.jobs.get(job_index);
            let (latency, in_vain) = (self.now - job.arrival.at, job.abandoned);
            self.note(p, Some(job.container), Some(job_index), What::Completes { latency, in_vain });
        }
        let step = if self.group.models.is_empty() { None } else { self.next_step(p, job_index) };
        let job = self.w.jobs.remove(job_index);
        if job.abandoned {
            return None;
        }
        self.population_shrinks(job.arrival.at);
        self.audit.completed += 1;
        if job.counted {
            self.count_completion(p, &job.arrival, self.now);
            self.outcome.models[usize::from(job.arrival.model)].hedge_wins += u64::from(job.second);
        }
        if job.twin != NONE {
            self.hedge_answered(&job);
        }
        if step.is_none() {
            self.tell(job.client);
        }
        step
    }

    /// What a request leads to that completes now; counts the chain if this was its last step.
    fn next_step(&mut self, p: usize, job_index: u32) -> Option<NextStep> {
        let job = *self.w.jobs.get(job_index);
        if job.abandoned {
            return None;
        }
        let luck = job.arrival.luck;
        let step = self.group.next(job.arrival.model);
        if let Some(step) = step.filter(|step| luck.uniform(0, purpose::CHAIN) < step.probability) {
            self.note(p, None, Some(job_index), What::Continues { model: step.model });
            let luck = luck.child(purpose::CHAIN);
            let quantile = Quantile::of_uniform(luck.uniform(0, purpose::FRESH_SERVICE));
            let arrival = Arrival { at: self.now, service: SimSpan::ZERO, luck, quantile, model: step.model };
            return Some(NextStep { arrival, root: job.root, client: job.client });
        }
        if job.counted {
            let root = &mut self.outcome.models[usize::from(job.root.1)];
            root.chains += 1;
            root.chain_ns += u128::from((self.now - job.root.0).0);
        }
        None
    }

    /// The next step of a chain arrives.
    pub(super) fn take_step(&mut self, step: NextStep) {
        self.enter_system(step.arrival, step.root, true, step.client);
    }
}
