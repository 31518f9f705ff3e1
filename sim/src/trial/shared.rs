//! Processor sharing: all inputs of a container execute at once and slow each other down.
//!
//! A container has a virtual time that runs as fast as each of its inputs is served. An input ends when the virtual
//! time has moved on by its service time, so that the end of each is known in virtual time when it starts, and only the
//! next end has to stand in the event list.

use super::Trial;
use super::failing::fails_at;
use crate::event_list::Event;
use crate::list::List;
use crate::pool::Execution;
use crate::quantities::SimSpan;

impl Trial<'_, '_, '_, '_, '_> {
    /// An input joins those that a container executes.
    pub(super) fn join_shared(&mut self, p: usize, index: u32, job_index: u32) {
        self.catch_up(p, index);
        self.accrue(p, index);
        let pool = self.pool(p);
        let job = *self.w.jobs.get(job_index);
        let model = &pool.models[usize::from(job.arrival.model)];
        let work = self.service(p, index, &job).as_secs_f64();
        let fails = fails_at(model, job.arrival.luck, job.executions);
        let container = &mut self.w.pools[p].containers[index as usize];
        container.load(job.arrival.model);
        let ends = container.virtual_s + work * fails.unwrap_or(1.0);
        let ticket = self.ticket();
        let of_job = self.w.jobs.get_mut(job_index);
        (of_job.ends_at_virtual, of_job.ticket) = (ends, ticket);
        self.w.events.push(self.now + pool.timeout, Event::TimedOut { job: job_index, ticket });
        let survives = pool.preemption.is_none_or(|preemption| !preemption.while_busy) || {
            // One input at a time, as whatever counts busy time executes: its end is known.
            let lasts = SimSpan::from_secs_f64(work * fails.unwrap_or(1.0) / self.speed_of_each(p, index));
            self.survives(p, index, lasts.min(pool.timeout))
        };
        self.count_try(p, index, job_index, fails.is_none() && survives, (SimSpan::ZERO, SimSpan::ZERO));
        self.schedule_share_end(p, index);
    }

    /// Brings the virtual time of a container up to now; to be called before `accrue`.
    fn catch_up(&mut self, p: usize, index: u32) {
        let speed = self.speed_of_each(p, index);
        let container = &mut self.w.pools[p].containers[index as usize];
        if container.executing.is_empty() {
            container.virtual_s = 0.0;
        } else {
            container.virtual_s += (self.now - container.since).as_secs_f64() * speed;
        }
    }

    fn speed_of_each(&self, p: usize, index: u32) -> f64 {
        match &self.pool(p).execution {
            Execution::Shared(efficiency) => {
                efficiency.each(self.w.pools[p].containers[index as usize].executing.len().max(1))
            }
            _ => 1.0,
        }
    }

    /// The executing input of a container that has least left, the first to start among equals.
    fn first_to_end(&self, p: usize, index: u32) -> Option<u32> {
        let mut at = self.w.pools[p].containers[index as usize].executing.head();
        let mut first = at?;
        while let Some(job) = at {
            if self.w.jobs.get(job).ends_at_virtual < self.w.jobs.get(first).ends_at_virtual {
                first = job;
            }
            at = List::after(&self.w.jobs, job);
        }
        Some(first)
    }

    fn schedule_share_end(&mut self, p: usize, index: u32) {
        let ticket = self.ticket();
        let speed = self.speed_of_each(p, index);
        let first = self.first_to_end(p, index);
        let container = &mut self.w.pools[p].containers[index as usize];
        container.ticket = ticket;
        if let Some(first) = first {
            let left = (self.w.jobs.get(first).ends_at_virtual - container.virtual_s).max(0.0) / speed;
            let at = self.now + SimSpan::from_secs_f64(left);
            self.w.events.push(at, Event::ShareEnd { pool: p as u16, container: index, ticket });
        }
    }

    pub(super) fn share_ends(&mut self, p: usize, index: u32, ticket: u32) {
        if self.w.pools[p].containers[index as usize].ticket != ticket {
            return;
        }
        let Some(job_index) = self.first_to_end(p, index) else { return };
        let state = &mut self.w.pools[p];
        state.levels.leave(&mut state.containers, index);
        self.leave_shared(p, index, job_index, true);
        let step = self.settle_try(p, job_index);
        self.after_departure(p, index);
        if let Some(step) = step {
            self.take_step(step);
        }
    }

    /// Takes an input out of those that a container executes.
    ///
    /// - `at_end`: whether it has reached its end, which rounding may have missed by a nanosecond; killed otherwise.
    pub(super) fn leave_shared(&mut self, p: usize, index: u32, job_index: u32, at_end: bool) {
        self.catch_up(p, index);
        self.accrue(p, index);
        if at_end {
            let end = self.w.jobs.get(job_index).ends_at_virtual;
            self.w.pools[p].containers[index as usize].virtual_s = end;
        }
        self.end_try(p, index, job_index);
        self.schedule_share_end(p, index);
    }
}
