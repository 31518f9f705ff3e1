//! Requests that do not wait any longer: clients that give up, and queues that overflow into the fallback pool.

use super::Trial;
use crate::container::NONE;
use crate::job::Place;
use crate::trace::{FallbackReason, What};

impl Trial<'_, '_, '_, '_, '_> {
    /// A client gives up. What waits leaves; what a container has accepted is executed, and billed, all the same.
    pub(super) fn give_up(&mut self, job_index: u32, ordinal: u32) {
        let job = *self.w.jobs.get(job_index);
        if job.ordinal != ordinal || job.abandoned {
            return;
        }
        let home = self.group.home(job.arrival.model);
        if self.pool(home).patience.is_some_and(|patience| patience.in_queue_only && job.executions > 0) {
            return;
        }
        let p = usize::from(job.pool);
        self.note(p, None, Some(job_index), What::GivesUp);
        self.population_shrinks(job.arrival.at);
        self.audit.abandoned += 1;
        if job.counted {
            self.outcome.models[usize::from(job.arrival.model)].abandoned += 1;
            self.count_loss(&job);
        }
        self.tell(job.client);
        if matches!(job.place, Place::Inside | Place::Executing) {
            self.w.jobs.get_mut(job_index).abandoned = true;
        } else {
            self.withdraw(p, job_index);
        }
    }

    /// A request, or a copy of one, leaves that no container has accepted.
    pub(super) fn withdraw(&mut self, p: usize, job_index: u32) {
        let job = self.w.jobs.get(job_index);
        match job.place {
            Place::Queued => self.leave_queue(p, job_index),
            Place::Bound => {
                let container = job.container;
                let state = &mut self.w.pools[p];
                state.bound -= 1;
                state.containers[container as usize].bound = NONE;
            }
            Place::Pausing => {}
            Place::Inside | Place::Executing => unreachable!("a container has accepted it"),
        }
        self.w.jobs.remove(job_index);
        self.cancel_boots(p);
        self.form_batches(p);
    }

    fn leave_queue(&mut self, p: usize, job_index: u32) {
        self.queue_changes(p);
        self.w.pools[p].queue.remove(&mut self.w.jobs, job_index);
        self.w.jobs.get_mut(job_index).ticket = 0;
    }

    /// A request has queued for as long as the fallback rule allows.
    pub(super) fn overflow(&mut self, job_index: u32, ticket: u32) {
        let job = self.w.jobs.get(job_index);
        // One whose second copy is in the fallback pool already stays.
        if job.ticket != ticket || job.place != Place::Queued || job.is_hedged() {
            return;
        }
        let p = usize::from(job.pool);
        let Some(fallback) = self.pool(p).fallback else { return };
        self.leave_queue(p, job_index);
        self.cancel_boots(p);
        // The batch may have another first input now.
        self.form_batches(p);
        self.fall_back(p, job_index, fallback, FallbackReason::Wait);
    }
}
