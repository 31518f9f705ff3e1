//! Dynamic batching: inputs wait in the queue until a batch of them starts on an idle container.

use super::failing::fails_at;
use super::{Trial, purpose};
use crate::batching::{BatchWait, Batching};
use crate::event_list::Event;
use crate::job::{Arrival, Place};
use crate::list::List;
use crate::quantile::Quantile;
use crate::quantities::{SimSpan, SimTime};
use crate::trace::What;

impl Trial<'_, '_, '_, '_, '_> {
    /// Starts the batches that may start now, and sees to it that the next one will.
    #[inline]
    pub(super) fn form_batches(&mut self, p: usize) {
        if let Some(batching) = self.pool(p).batching() {
            self.form(p, batching);
        }
    }

    fn form(&mut self, p: usize, batching: &Batching) {
        loop {
            let state = &self.w.pools[p];
            let Some(head) = state.queue.head() else { break };
            let full = state.queue.len() >= batching.max_batch_size;
            let idle = state.levels.pick();
            let due = match batching.wait {
                BatchWait::Oldest(wait) => self.w.jobs.get(head).queued_at + wait,
                BatchWait::WhileIdle(_) => SimTime::NEVER,
            };
            match idle {
                Some(container) if full || due <= self.now => self.start_batch(p, container, batching),
                _ => return self.wait_for_batch(p, batching, idle.is_some(), due),
            }
        }
        self.w.pools[p].batch_ticket = 0;
    }

    /// The batch is not full, or no container is idle: a timer runs, unless one does already.
    fn wait_for_batch(&mut self, p: usize, batching: &Batching, idle: bool, due: SimTime) {
        let running = self.w.pools[p].batch_ticket != 0;
        let at = match batching.wait {
            // A container that falls idle later looks for itself.
            BatchWait::Oldest(_) => due.max(self.now),
            BatchWait::WhileIdle(_) if !idle => {
                self.w.pools[p].batch_ticket = 0;
                return;
            }
            BatchWait::WhileIdle(_) if running => return,
            BatchWait::WhileIdle(law) => {
                let u = self.pool_draw(p, purpose::BATCH_WAIT);
                self.now + law.span(Quantile::of_uniform(u))
            }
        };
        if idle {
            let ticket = self.ticket();
            self.w.pools[p].batch_ticket = ticket;
            self.w.events.push(at, Event::BatchDue { pool: p as u16, ticket });
        }
    }

    /// The wait of a batch is over.
    pub(super) fn batch_due(&mut self, p: usize, ticket: u32) {
        if self.w.pools[p].batch_ticket != ticket {
            return;
        }
        self.w.pools[p].batch_ticket = 0;
        let Some(batching) = self.pool(p).batching() else { return };
        if let Some(container) = self.w.pools[p].levels.pick()
            && !self.w.pools[p].queue.is_empty()
        {
            self.start_batch(p, container, batching);
        }
        self.form(p, batching);
    }

    /// Starts a batch from the head of the queue on an idle container.
    fn start_batch(&mut self, p: usize, index: u32, batching: &Batching) {
        let pool = self.pool(p);
        self.w.pools[p].batch_ticket = 0;
        self.queue_changes(p);
        let state = &mut self.w.pools[p];
        state.levels.leave(&mut state.containers, index);
        let size = state.queue.len().min(batching.max_batch_size);
        self.accrue(p, index);
        let (mut lasts, mut in_time) = (SimSpan::ZERO, true);
        for place in 0..size {
            let state = &mut self.w.pools[p];
            let Some(job_index) = state.queue.pop_front(&mut self.w.jobs) else { break };
            state.running += 1;
            state.containers[index as usize].inputs += 1;
            let job = *self.w.jobs.get(job_index);
            if place == 0 {
                let whole = batching.duration(self.service(p, index, &job), self.factors(p, index, job_index, size));
                (lasts, in_time) = (whole.min(pool.timeout), whole <= pool.timeout);
                let ticket = self.ticket();
                let container = &mut self.w.pools[p].containers[index as usize];
                container.load(job.arrival.model);
                container.ticket = ticket;
                self.w.events.push(self.now + lasts, Event::BatchEnd { pool: p as u16, container: index, ticket });
            }
            let of_job = self.w.jobs.get_mut(job_index);
            (of_job.container, of_job.accepted_at, of_job.ticket) = (index, self.now, 0);
            let model = &pool.models[usize::from(job.arrival.model)];
            // A failure shows at the end of the batch; one that is longer than the timeout is killed as a whole.
            let succeeds = fails_at(model, job.arrival.luck, job.executions).is_none() && in_time;
            let survives = pool
                .preemption
                .is_none_or(|_| self.now + lasts <= self.w.pools[p].containers[index as usize].preempted_at);
            self.count_try(p, index, job_index, succeeds && survives, (SimSpan::ZERO, SimSpan::ZERO));
        }
        let inside = self.horizon.contains(self.now);
        let outcome = &mut self.w.pools[p].outcome;
        outcome.batches += u64::from(inside);
        outcome.full_batches += u64::from(inside && size == batching.max_batch_size);
        self.note(p, Some(index), None, What::Batch { size });
    }

    /// What their shapes make of the service times of a batch: its first item, and those that are queued behind it.
    fn factors(&self, p: usize, index: u32, first: u32, size: u32) -> impl Iterator<Item = f64> {
        let hardware = usize::from(self.w.pools[p].containers[index as usize].hardware);
        let others = std::iter::successors(self.w.pools[p].queue.head(), |job| List::after(&self.w.jobs, *job));
        std::iter::once(first).chain(others).take(size as usize).map(move |job| {
            let Arrival { model, luck, .. } = self.w.jobs.get(job).arrival;
            self.pool(p).models[usize::from(model)].services.get(hardware).map_or(1.0, |service| service.factor(luck))
        })
    }

    pub(super) fn batch_ends(&mut self, p: usize, index: u32, ticket: u32) {
        if self.w.pools[p].containers[index as usize].ticket != ticket {
            return;
        }
        self.accrue(p, index);
        let mut ended = Vec::new();
        while let Some(job) = self.w.pools[p].containers[index as usize].executing.head() {
            self.end_try(p, index, job);
            ended.push(job);
        }
        let mut steps = Vec::new();
        for job in ended {
            debug_assert!(self.w.jobs.get(job).place == Place::Pausing);
            steps.extend(self.settle_try(p, job));
        }
        self.after_departure(p, index);
        for step in steps {
            self.take_step(step);
        }
    }
}
