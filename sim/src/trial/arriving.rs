//! A request comes to a pool: at its arrival, on a retry, or from another pool.

use super::{Trial, purpose};
use crate::container::NONE;
use crate::event_list::Event;
use crate::fallback::Fallback;
use crate::job::{Arrival, Place};
use crate::quantile::Quantile;
use crate::quantities::{SimSpan, SimTime};
use crate::service::Service;
use crate::trace::{FallbackReason, What};

impl Trial<'_, '_, '_, '_, '_> {
    #[inline]
    pub(super) fn arrive(&mut self, arrival: Arrival) {
        debug_assert!(arrival.at < self.horizon.end, "an arrival after the horizon");
        let root = (arrival.at, arrival.model);
        self.enter_system(arrival, root, false, NONE);
    }

    /// - `root`: arrival and model of the first request of its chain.
    /// - `away`: whether its service time is to be asked of the pool instead of the arrival.
    /// - `client`: who waits for it; `NONE` for nobody whose next request depends on it.
    #[inline]
    pub(super) fn enter_system(&mut self, arrival: Arrival, root: (SimTime, u16), away: bool, client: u32) {
        self.population_grows();
        let p = self.group.home(arrival.model);
        let counted = self.horizon.contains(root.0);
        if counted {
            self.count_arrival(p, &arrival);
        }
        let ordinal = self.arrived;
        self.arrived += 1;
        let index = self.w.jobs.insert(arrival, ordinal);
        let job = self.w.jobs.get_mut(index);
        (job.pool, job.root, job.counted, job.away) = (p as u16, root, counted, away);
        job.client = client;
        self.note(p, None, Some(index), What::Arrives);
        if let Some(patience) = self.pool(p).patience {
            let span = patience.law.span(Quantile::of_uniform(arrival.luck.uniform(0, purpose::PATIENCE)));
            self.w.events.push(self.now + span, Event::GiveUp { job: index, ordinal });
        }
        if let Some(hedge) = self.pool(p).fallback.and_then(|fallback| fallback.hedge) {
            self.w.events.push(self.now + hedge.after, Event::Hedge { job: index, ordinal });
        }
        self.dispatch(p, index, true);
    }

    /// Gives an input to a container if one can take it, queues it otherwise, and starts what the autoscaler wants.
    ///
    /// - `call`: whether it is a new call, that `max_pending` may turn away.
    #[inline]
    pub(super) fn dispatch(&mut self, p: usize, job: u32, call: bool) {
        let model = self.w.jobs.get(job).arrival.model;
        let state = &mut self.w.pools[p];
        match state.levels.pick().filter(|_| self.group.pools[p].batching().is_none()) {
            Some(container) => {
                debug_assert!(state.queue.is_empty(), "a queue in front of a container that can take more");
                state.levels.leave(&mut state.containers, container);
                self.accept(p, container, job);
                let state = &mut self.w.pools[p];
                state.levels.enter(&mut state.containers, container);
            }
            None => {
                if !self.wait(p, job, call) {
                    return;
                }
            }
        }
        self.scale_up(p, model);
        self.form_batches(p);
    }

    /// Makes a request wait: for a container of its own, or in the queue. Returns whether it stays in this pool.
    #[inline]
    fn wait(&mut self, p: usize, job: u32, call: bool) -> bool {
        let pool = self.pool(p);
        if pool.boots.bound && self.start_bound(p, job) {
            return true;
        }
        if call && pool.max_pending.is_some_and(|limit| self.w.pools[p].queue.len() >= limit && !self.fits_a_batch(p)) {
            self.turn_away(p, job);
            return false;
        }
        if let Some(fallback) = pool.fallback.filter(|fallback| fallback.predicted)
            && fallback.on_wait.is_some_and(|limit| self.predicted_wait(p) > limit)
            && !self.w.jobs.get(job).is_hedged()
        {
            self.fall_back(p, job, fallback, FallbackReason::Wait);
            return false;
        }
        let before = self.w.pools[p].queue.len();
        self.begin_to_queue(p, job);
        self.w.pools[p].queue.push_back(&mut self.w.jobs, job);
        self.note(p, None, Some(job), What::Queues { before });
        true
    }

    /// A request is about to join the queue, at its tail or at its head.
    pub(super) fn begin_to_queue(&mut self, p: usize, job: u32) {
        self.queue_changes(p);
        let ticket = self.ticket();
        let of_job = self.w.jobs.get_mut(job);
        (of_job.place, of_job.queued_at, of_job.ticket, of_job.container) = (Place::Queued, self.now, ticket, NONE);
        if let Some(limit) = self.pool(p).fallback.filter(|fallback| !fallback.predicted).and_then(|f| f.on_wait) {
            self.w.events.push(self.now + limit, Event::Overflow { job, ticket });
        }
    }

    /// Whether an input that queues now starts a batch at once.
    fn fits_a_batch(&self, p: usize) -> bool {
        self.pool(p).batching().is_some() && self.w.pools[p].levels.pick().is_some()
    }

    /// The wait that a request would have if it queued now: those before it and itself, served at the mean rate of the
    /// containers that are there, or of one that boots first if none is.
    fn predicted_wait(&self, p: usize) -> SimSpan {
        let (pool, state) = (self.pool(p), &self.w.pools[p]);
        let ahead = f64::from(state.queue.len() + 1);
        let mean = |services: &[Service]| services.first().map_or(0.0, Service::mean_s);
        let services: Vec<f64> = pool.models.iter().map(|m| mean(&m.services)).filter(|s| *s > 0.0).collect();
        let service = services.iter().sum::<f64>() / services.len().max(1) as f64;
        let at_once = match pool.execution {
            crate::pool::Execution::Serial => 1,
            _ => pool.capacity(),
        };
        let boot = if state.up == 0 { self.mean_boot_s(p) } else { 0.0 };
        let servers = f64::from(state.alive().max(1)) * f64::from(at_once);
        SimSpan::from_secs_f64(boot + ahead * service / servers)
    }

    /// The mean boot of a pool's first model on its first GPU type.
    fn mean_boot_s(&self, p: usize) -> f64 {
        let first = usize::from(self.group.first_model(p));
        let boots = &self.pool(p).models[first].boots;
        boots.first().map_or_else(|| self.draws.boots[p].mean_s(first), crate::boot::Boot::mean_s)
    }

    /// A call that finds too many queued: to the fallback pool if there is one for it, else away.
    fn turn_away(&mut self, p: usize, job_index: u32) {
        if let Some(fallback) = self.pool(p).fallback.filter(|fallback| fallback.on_rejection) {
            return self.fall_back(p, job_index, fallback, FallbackReason::Rejection);
        }
        if self.leaves_to_the_other(p, job_index) {
            self.audit.copies_rejected += 1;
            return;
        }
        self.note(p, None, Some(job_index), What::Rejected);
        let job = self.w.jobs.remove(job_index);
        self.population_shrinks(job.arrival.at);
        self.audit.rejected += 1;
        if job.counted {
            self.outcome.models[usize::from(job.arrival.model)].rejected += 1;
            self.count_loss(&job);
        }
        self.tell(job.client);
    }

    /// Sends a request, that stands nowhere, to the fallback pool.
    pub(super) fn fall_back(&mut self, p: usize, index: u32, fallback: Fallback, because: FallbackReason) {
        self.note(p, None, Some(index), What::FallsBack { because, to: fallback.pool });
        let job = self.w.jobs.get_mut(index);
        job.pool = fallback.pool;
        job.away = true;
        job.failures = 0;
        let (first, model) = (usize::from(job.pool) != p, usize::from(job.arrival.model));
        debug_assert!(first, "a pool that falls back to itself");
        // A second copy that goes on is the same hedge.
        if job.counted && !job.second {
            self.outcome.models[model].fell_back += 1;
        }
        self.dispatch(usize::from(fallback.pool), index, true);
    }
}
