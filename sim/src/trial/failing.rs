//! Tries that fail: by chance, at the timeout, or because the platform takes the container away; and what follows.

use super::{Trial, purpose};
use crate::event_list::Event;
use crate::group::Quota;
use crate::job::{Arrival, Place};
use crate::pool::{Pool, PoolModel};
use crate::quantities::{SimSpan, SimTime};
use crate::request::Luck;
use crate::trace::{FallbackReason, What};

/// How a try goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TryLength {
    /// How long it executes.
    pub(crate) lasts: SimSpan,
    /// Whether it succeeds then.
    pub(crate) succeeds: bool,
}

/// How long a try executes, and whether it succeeds: the whole of `whole` (model switch and service), cut at an instant
/// uniform over it when the try fails, and at `limit`.
///
/// - `execution`: executions of the request that began before.
#[inline]
pub(crate) fn try_length(pool: &Pool, arrival: &Arrival, execution: u32, whole: SimSpan, limit: SimSpan) -> TryLength {
    match fails_at(&pool.models[usize::from(arrival.model)], arrival.luck, execution) {
        None => TryLength { lasts: whole.min(limit), succeeds: whole <= limit },
        Some(share) => TryLength { lasts: SimSpan((whole.0 as f64 * share) as u64).min(limit), succeeds: false },
    }
}

/// The share of its execution after which the next try of a request fails; `None` if it does not.
#[inline]
pub(super) fn fails_at(model: &PoolModel, luck: Luck, execution: u32) -> Option<f64> {
    let probability = model.failure_probability;
    let fails = probability > 0.0 && luck.uniform(execution, purpose::TRY_FAILS) < probability;
    fails.then(|| if model.fails_at_end { 1.0 } else { luck.uniform(execution, purpose::TRY_FAILS_AT) })
}

impl Trial<'_, '_, '_, '_, '_> {
    /// `retries`: a pause, then the request queues again behind the others; or a try in the fallback pool.
    pub(super) fn fail_try(&mut self, p: usize, job_index: u32) {
        if self.seen.trace.is_some() {
            let (pool, job) = (self.pool(p), self.w.jobs.get(job_index));
            let since = if pool.timeout_from_accept { job.accepted_at } else { job.started };
            let timed_out = self.now - since >= pool.timeout;
            self.note(p, Some(job.container), Some(job_index), What::TryFails { timed_out });
        }
        self.audit.failed_tries += 1;
        let pool = self.pool(p);
        let ticket = self.ticket();
        let job = self.w.jobs.get_mut(job_index);
        job.failures += 1;
        if job.abandoned {
            self.audit.dropped += 1;
            self.w.jobs.remove(job_index);
            return;
        }
        match pool.fallback.filter(|fallback| fallback.on_failure) {
            Some(fallback) if !job.is_hedged() => {
                self.audit.retries += 1;
                return self.fall_back(p, job_index, fallback, FallbackReason::Failure);
            }
            None if job.failures <= pool.retries.max => {
                self.audit.retries += 1;
                let pause = pool.retries.delay(job.failures);
                (job.place, job.ticket) = (Place::Pausing, ticket);
                self.w.events.push(self.now + pause, Event::Retry { job: job_index, ticket });
                return self.note(p, None, Some(job_index), What::WillRetry { after: pause });
            }
            // No try is left; or the fallback pool has the second copy already.
            _ => {}
        }
        if self.leaves_to_the_other(p, job_index) {
            self.audit.copies_failed += 1;
            return;
        }
        self.note(p, None, Some(job_index), What::Fails);
        let job = self.w.jobs.remove(job_index);
        self.population_shrinks(job.arrival.at);
        self.audit.failed += 1;
        if job.counted {
            self.outcome.models[usize::from(job.arrival.model)].failed += 1;
            self.count_loss(&job);
        }
        self.tell(job.client);
    }

    pub(super) fn retry(&mut self, job_index: u32, ticket: u32) {
        let job = self.w.jobs.get(job_index);
        if job.ticket == ticket {
            self.dispatch(usize::from(job.pool), job_index, false);
        }
    }

    /// A try is killed whose end was not settled when it started: in a shared container, or while it waits inside a
    /// serial one.
    pub(super) fn time_out(&mut self, job_index: u32, ticket: u32) {
        let job = self.w.jobs.get(job_index);
        if job.ticket != ticket {
            return;
        }
        let (p, index) = (usize::from(job.pool), job.container);
        let executes = job.place == Place::Executing;
        let state = &mut self.w.pools[p];
        state.levels.leave(&mut state.containers, index);
        if executes {
            self.leave_shared(p, index, job_index, false);
        } else {
            self.leave_inside(p, index, job_index);
        }
        self.fail_try(p, job_index);
        self.after_departure(p, index);
    }

    /// An input leaves a container (that stands in no level list) in which it waits behind others.
    pub(super) fn leave_inside(&mut self, p: usize, index: u32, job_index: u32) {
        let state = &mut self.w.pools[p];
        let container = &mut state.containers[index as usize];
        container.waiting.remove(&mut self.w.jobs, job_index);
        container.inputs -= 1;
        state.running -= 1;
        self.w.jobs.get_mut(job_index).ticket = 0;
    }

    /// Whether a try that starts now and would last so long ends before its container is taken away. One that does not
    /// is cut by the event that takes it.
    pub(super) fn survives(&mut self, p: usize, index: u32, lasts: SimSpan) -> bool {
        let Some(preemption) = self.pool(p).preemption else { return true };
        let container = &self.w.pools[p].containers[index as usize];
        if !preemption.while_busy {
            return self.now + lasts <= container.preempted_at;
        }
        let left = SimSpan(container.preempted_at.0);
        if lasts > left {
            let event = Event::Preempted { pool: p as u16, container: index, ordinal: container.ordinal };
            self.w.events.push(self.now + left, event);
        }
        lasts <= left
    }

    /// A try that started at `started` has ended: where only busy time counts, less of it is left.
    pub(super) fn survived(&mut self, p: usize, index: u32, started: SimTime) {
        if self.pool(p).preemption.is_some_and(|preemption| preemption.while_busy) {
            let left = &mut self.w.pools[p].containers[index as usize].preempted_at;
            *left = SimTime(left.0.saturating_sub((self.now - started).0));
        }
    }

    /// The platform takes a container away: its inputs go back to the head of the queue, in their order, and restart on
    /// others. That is no failed try of theirs.
    pub(super) fn preempt(&mut self, p: usize, index: u32, ordinal: u32) {
        let container = &self.w.pools[p].containers[index as usize];
        if container.ordinal != ordinal || !container.alive {
            return;
        }
        self.note(p, Some(index), None, What::Preempted);
        self.accrue(p, index);
        let state = &mut self.w.pools[p];
        state.levels.leave(&mut state.containers, index);
        state.outcome.preemptions += u64::from(self.horizon.contains(self.now));
        let mut inputs = Vec::new();
        while let Some(job) = self.w.pools[p].containers[index as usize].executing.head() {
            self.end_try(p, index, job);
            inputs.push(job);
        }
        while let Some(job) = {
            let state = &mut self.w.pools[p];
            state.containers[index as usize].waiting.pop_front(&mut self.w.jobs)
        } {
            let state = &mut self.w.pools[p];
            state.containers[index as usize].inputs -= 1;
            state.running -= 1;
            inputs.push(job);
        }
        self.stop_container(p, index);
        self.put_back(p, inputs);
    }

    /// Gives the queue to the containers with room, request by request as if each arrived now.
    fn route_queue(&mut self, p: usize) {
        while let Some(container) = self.w.pools[p].levels.pick() {
            let state = &mut self.w.pools[p];
            if state.queue.is_empty() {
                break;
            }
            state.levels.leave(&mut state.containers, container);
            self.take_one(p, container);
            let state = &mut self.w.pools[p];
            state.levels.enter(&mut state.containers, container);
        }
    }

    /// Puts requests at the head of the queue, the first in front, and serves what can be served.
    fn put_back(&mut self, p: usize, inputs: Vec<u32>) {
        for job_index in inputs.into_iter().rev() {
            if self.w.jobs.get(job_index).abandoned {
                self.w.jobs.remove(job_index);
                continue;
            }
            self.begin_to_queue(p, job_index);
            self.w.pools[p].queue.push_front(&mut self.w.jobs, job_index);
        }
        if self.pool(p).batching().is_none() {
            self.route_queue(p);
        }
        if self.group.quota == Quota::NONE {
            self.scale_up(p, self.wanted_model(p));
        } else {
            // What stopped may go to a pool that has waited longer.
            self.w.pools[p].denied = true;
            self.start_what_was_denied();
        }
        self.form_batches(p);
    }
}
