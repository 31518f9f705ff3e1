//! Scale-up: containers are started, boots cancelled, bounds changed, and the quota is shared.

use super::Trial;
use crate::autoscaler::{desired_containers, has_plenty};
use crate::container::{Container, NONE};
use crate::quantities::SimTime;
use crate::trace::What;

impl Trial<'_, '_, '_, '_, '_> {
    pub(super) fn begin_pool(&mut self, p: usize) {
        let min = self.pool(p).min_containers;
        if self.pool(p).starts_ready {
            for _ in 0..min {
                if let Some(index) = self.start_container(p, self.group.first_model(p)) {
                    self.w.pools[p].outcome.boots += u64::from(self.horizon.contains(self.now));
                    self.begin_billing(p, index);
                    self.becomes_ready(p, index);
                }
            }
        }
        self.scale_up(p, self.group.first_model(p));
    }

    /// Starts containers until there are as many as the autoscaler wants. `model` is what they load.
    #[inline]
    pub(super) fn scale_up(&mut self, p: usize, model: u16) {
        let pool = self.pool(p);
        let state = &self.w.pools[p];
        if has_plenty(pool, state.min, state.inputs(), state.alive()) {
            return;
        }
        self.scale_up_to(p, self.floor(p), model);
    }

    fn scale_up_to(&mut self, p: usize, desired: u32, model: u16) {
        let boots = &self.pool(p).boots;
        // A request that is to be bound starts its own.
        let desired = if boots.bound { desired.min(self.w.pools[p].min) } else { desired };
        while self.w.pools[p].alive() < desired && self.w.pools[p].booting < boots.at_once {
            let Some(index) = self.start_container(p, model) else { break };
            self.note(p, Some(index), None, What::Starts { wanted: desired, have: self.w.pools[p].alive() });
            self.begin_start(p, index);
        }
    }

    /// What a container loads that no arrival starts: the model of the first queued request, else the pool's first.
    pub(super) fn wanted_model(&self, p: usize) -> u16 {
        let head = self.w.pools[p].queue.head();
        head.map_or_else(|| self.group.first_model(p), |job| self.w.jobs.get(job).arrival.model)
    }

    /// A new container, unless the quota denies it.
    #[inline]
    pub(super) fn start_container(&mut self, p: usize, model: u16) -> Option<u32> {
        let gpus = self.pool(p).hardware[0].gpus;
        let quota = self.group.quota;
        if self.containers >= quota.containers || gpus > quota.gpus.saturating_sub(self.gpus) {
            let state = &mut self.w.pools[p];
            state.denied = true;
            state.outcome.denied += u64::from(self.horizon.contains(self.now));
            self.note(p, None, None, What::Denied);
            return None;
        }
        Some(self.new_container(p, model))
    }

    /// A new container where no quota denies it.
    #[inline]
    pub(super) fn new_container(&mut self, p: usize, model: u16) -> u32 {
        self.containers_change();
        self.containers += 1;
        self.gpus += self.pool(p).hardware[0].gpus;
        let state = &mut self.w.pools[p];
        state.booting += 1;
        assert!(state.alive() <= state.max.max(state.min), "law 5: more containers than max_containers");
        let ordinal = state.starts;
        state.starts += 1;
        let container = Container::starting(self.now, model, ordinal);
        if let Some(index) = state.stopped.pop() {
            state.containers[index as usize] = container;
            if state.held.is_used() {
                state.held.forget(index);
            }
            return index;
        }
        state.containers.push(container);
        (state.containers.len() - 1) as u32
    }

    /// Starts what the quota had denied, now that something has stopped: the pool first whose first queued request has
    /// waited longest. Returns whether anything started.
    #[inline]
    pub(super) fn start_what_was_denied(&mut self) -> bool {
        if self.group.quota == crate::group::Quota::NONE {
            return false;
        }
        let mut denied: Vec<usize> = (0..self.w.pools.len()).filter(|p| self.w.pools[*p].denied).collect();
        let first_queued = |p: &usize| {
            let head = self.w.pools[*p].queue.head();
            head.map_or(SimTime::NEVER, |job| self.w.jobs.get(job).queued_at)
        };
        denied.sort_by_key(|p| (first_queued(p), *p));
        let before = self.containers;
        for p in denied {
            self.w.pools[p].denied = false;
            self.scale_up(p, self.wanted_model(p));
        }
        self.containers > before
    }

    /// Boots that are no longer wanted are cancelled, the last begun first.
    #[inline]
    pub(super) fn cancel_boots(&mut self, p: usize) {
        if !self.pool(p).boots.cancel {
            return;
        }
        let floor = self.floor(p);
        while self.w.pools[p].booting > 0 && self.w.pools[p].alive() > floor {
            let containers = &self.w.pools[p].containers;
            // Not one that a request is bound to: it waits for that one only.
            let may_go = |c: &Container| c.alive && !c.up && c.bound == NONE;
            let starting = (0..containers.len()).filter(|index| may_go(&containers[*index]));
            let Some(last) = starting.max_by_key(|index| containers[*index].ordinal) else { break };
            self.note(p, Some(last as u32), None, What::Cancelled);
            self.w.pools[p].outcome.cancelled += u64::from(self.horizon.contains(self.now));
            self.stop_container(p, last as u32);
        }
        self.start_what_was_denied();
    }

    pub(super) fn bounds_change(&mut self, p: usize, place: u32) {
        let bounds = self.pool(p).schedule[place as usize];
        let state = &mut self.w.pools[p];
        (state.min, state.max) = (bounds.min_containers, bounds.max_containers);
        self.note(p, None, None, What::Bounds { min: bounds.min_containers, max: bounds.max_containers });
        let model = self.wanted_model(p);
        let state = &self.w.pools[p];
        let desired = desired_containers(self.pool(p), state.min, state.max, state.inputs());
        self.scale_up_to(p, desired, model);
        self.cancel_boots(p);
    }

    /// Stops an idle container.
    #[inline]
    pub(super) fn stop(&mut self, p: usize, index: u32) {
        let state = &mut self.w.pools[p];
        state.levels.leave(&mut state.containers, index);
        let container = &state.containers[index as usize];
        assert!(container.up && container.inputs == 0, "law 5: a container stopped with work inside");
        self.stop_container(p, index);
        // The wait of a batch may run only while a container is idle.
        self.form_batches(p);
    }

    /// Ends a container that stands in no level list.
    #[inline]
    pub(super) fn stop_container(&mut self, p: usize, index: u32) {
        self.containers_change();
        self.containers -= 1;
        self.gpus -= self.pool(p).hardware[0].gpus;
        self.end_billing(p, index);
        self.end_capacity_wait(p, index);
        let state = &mut self.w.pools[p];
        let container = &mut state.containers[index as usize];
        if container.up {
            state.up -= 1;
        } else {
            state.booting -= 1;
        }
        container.alive = false;
        container.up = false;
        container.ordinal = NONE;
        container.ticket = NONE;
        state.stopped.push(index);
    }
}
