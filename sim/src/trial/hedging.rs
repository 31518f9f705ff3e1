//! Hedging: a request that has not been answered in time is sent a second time, to the fallback pool. The first
//! completion is its answer.
//!
//! Two jobs are then one request. They know each other while both may still answer; whatever ends one of them tells the
//! other. They stand in different pools: the first stays at home, the second goes on from fallback to fallback, and no
//! way leads back. The request is counted once: it arrives with its first copy, completes with the first copy that does,
//! and is lost with the last.

use super::Trial;
use crate::container::NONE;
use crate::job::{Job, Place};
use crate::trace::What;

impl Trial<'_, '_, '_, '_, '_> {
    /// A request has not been answered in time, wherever it stands: queued, executing, or waiting for a retry. One that
    /// has fallen back is not sent a second time: it is where the second copy would go.
    pub(super) fn hedge(&mut self, job_index: u32, ordinal: u32) {
        let job = *self.w.jobs.get(job_index);
        let home = self.group.home(job.arrival.model);
        if job.ordinal != ordinal || usize::from(job.pool) != home {
            return;
        }
        let Some(fallback) = self.pool(home).fallback else { return };
        self.note(home, None, Some(job_index), What::Hedges { to: fallback.pool });
        let copy = self.w.jobs.insert(job.arrival, ordinal);
        let second = self.w.jobs.get_mut(copy);
        (second.pool, second.root, second.counted) = (fallback.pool, job.root, job.counted);
        (second.away, second.second, second.begun_elsewhere) = (true, true, job.has_begun());
        (second.twin, second.client) = (job_index, job.client);
        self.w.jobs.get_mut(job_index).twin = copy;
        self.audit.hedged += 1;
        if job.counted {
            self.outcome.models[usize::from(job.arrival.model)].hedged += 1;
        }
        self.dispatch(usize::from(fallback.pool), copy, true);
    }

    /// A job, that stands nowhere, is over without an answer. Returns whether another copy of its request is left.
    pub(super) fn leaves_to_the_other(&mut self, p: usize, job_index: u32) -> bool {
        let twin = self.w.jobs.get(job_index).twin;
        if twin == NONE {
            return false;
        }
        self.note(p, None, Some(job_index), What::LeftToTheOther);
        self.w.jobs.remove(job_index);
        self.w.jobs.get_mut(twin).twin = NONE;
        true
    }

    /// One of two copies, already gone, has answered.
    pub(super) fn hedge_answered(&mut self, winner: &Job) {
        self.audit.answered += 1;
        let home = self.pool(self.group.home(winner.arrival.model));
        let hedge = home.fallback.and_then(|fallback| fallback.hedge);
        self.lose(winner.twin, hedge.is_some_and(|hedge| hedge.cancel_loser));
    }

    /// A copy is not needed any more: it leaves if it does not execute. If it does, that was and is for nobody.
    fn lose(&mut self, job_index: u32, cancel: bool) {
        let job = self.w.jobs.get_mut(job_index);
        assert!(!job.abandoned, "law 6: a request completes twice");
        job.twin = NONE;
        let (p, index, place) = (usize::from(job.pool), job.container, job.place);
        if place != Place::Executing || cancel {
            let inside = matches!(place, Place::Inside | Place::Executing);
            self.note(p, inside.then_some(index), Some(job_index), What::Withdrawn);
        }
        match place {
            Place::Queued | Place::Bound | Place::Pausing => self.withdraw(p, job_index),
            Place::Inside => {
                let state = &mut self.w.pools[p];
                state.levels.leave(&mut state.containers, index);
                self.leave_inside(p, index, job_index);
                self.w.jobs.remove(job_index);
                self.after_departure(p, index);
            }
            Place::Executing => self.lose_executing(p, index, job_index, cancel),
        }
    }

    /// All that a try has executed is wasted: its request did not need it.
    fn lose_executing(&mut self, p: usize, index: u32, job_index: u32, cancel: bool) {
        self.accrue(p, index);
        let job = self.w.jobs.get_mut(job_index);
        (job.abandoned, job.lost) = (true, true);
        let (started, succeeds) = (job.started, job.succeeds);
        if succeeds {
            let container = &mut self.w.pools[p].containers[index as usize];
            container.good -= 1;
            container.bad += 1;
            self.turn_wasted(p, index, started);
        }
        if cancel {
            let state = &mut self.w.pools[p];
            state.levels.leave(&mut state.containers, index);
            self.end_try(p, index, job_index);
            self.w.jobs.remove(job_index);
            self.next_inside(p, index);
            self.after_departure(p, index);
        }
    }
}
