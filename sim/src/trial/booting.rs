//! From the wish for a container to its being ready: capacity, boot, failures of boots.

use super::{Trial, purpose};
use crate::boot::BootSpan;
use crate::container::NONE;
use crate::event_list::Event;
use crate::group::capacity_wait;
use crate::job::Place;
use crate::quantities::{SimSpan, SimTime};
use crate::request::Luck;
use crate::trace::What;

impl Trial<'_, '_, '_, '_, '_> {
    /// A container has been asked for: it waits for capacity, then boots.
    #[inline]
    pub(super) fn begin_start(&mut self, p: usize, index: u32) {
        let loaded = self.w.pools[p].containers[index as usize].loaded;
        if self.horizon.contains(self.now) {
            self.outcome.models[usize::from(loaded)].boots += 1;
            self.w.pools[p].outcome.boots += 1;
        }
        if self.group.capacity.is_empty() && self.pool(p).models[usize::from(loaded)].boots.is_empty() {
            self.begin_billing(p, index);
            self.begin_boot(p, index);
        } else {
            self.wait_for_capacity(p, index);
        }
    }

    /// The luck of a container.
    pub(super) fn container_luck(&self, p: usize, index: u32) -> Luck {
        self.draws.lucks[p].child(self.w.pools[p].containers[index as usize].ordinal)
    }

    /// The ranked GPU types one after the other: each but the last is waited for no longer than `hardware_wait`.
    fn wait_for_capacity(&mut self, p: usize, index: u32) {
        let pool = self.pool(p);
        let luck = self.container_luck(p, index);
        let attempt = self.w.pools[p].containers[index as usize].attempts;
        let mut asked_at = self.now;
        let mut rank = 0;
        let created = loop {
            let gpu = usize::from(pool.hardware[rank].gpu);
            let u = luck.child(rank as u32).uniform(attempt, purpose::CAPACITY_WAIT);
            let wait = capacity_wait(self.group.capacity.get(gpu), self.draws.scarcity, asked_at, u);
            if rank + 1 == pool.hardware.len() || wait <= pool.hardware_wait {
                break asked_at + wait;
            }
            asked_at = asked_at + pool.hardware_wait;
            rank += 1;
        };
        let unbilled = self.boot_span_on(p, index, rank).unbilled;
        let container = &mut self.w.pools[p].containers[index as usize];
        container.hardware = rank as u16;
        container.account = rank as u32 * pool.models.len() as u32 + u32::from(container.loaded);
        let wait = (created - self.now) + unbilled;
        if wait == SimSpan::ZERO {
            self.begin_billing(p, index);
            return self.begin_boot(p, index);
        }
        self.note(p, Some(index), None, What::WaitsForCapacity { wait, hardware: rank as u16 });
        self.w.pools[p].containers[index as usize].waits_since = self.now;
        let ticket = self.container_ticket(p, index);
        self.w.events.push(self.now + wait, Event::Created { pool: p as u16, container: index, ticket });
    }

    fn container_ticket(&mut self, p: usize, index: u32) -> u32 {
        let ticket = self.ticket();
        self.w.pools[p].containers[index as usize].ticket = ticket;
        ticket
    }

    /// How long the present attempt to boot lasts on a GPU type.
    fn boot_span_on(&mut self, p: usize, index: u32, hardware: usize) -> BootSpan {
        let container = &self.w.pools[p].containers[index as usize];
        let (ordinal, attempt, model) = (container.ordinal, container.attempts, usize::from(container.loaded));
        if let Some(boot) = self.pool(p).models[model].boots.get(hardware) {
            return boot.span(self.container_luck(p, index), attempt);
        }
        let billed = self.draws.boots[p].span(ordinal as usize, model);
        BootSpan { unbilled: SimSpan::ZERO, billed }
    }

    pub(super) fn created(&mut self, p: usize, index: u32, ticket: u32) {
        if self.w.pools[p].containers[index as usize].ticket == ticket {
            self.end_capacity_wait(p, index);
            self.begin_billing(p, index);
            self.begin_boot(p, index);
        }
    }

    /// Books the wait for capacity of a container that is created now, or never.
    pub(super) fn end_capacity_wait(&mut self, p: usize, index: u32) {
        let state = &mut self.w.pools[p];
        let since = std::mem::replace(&mut state.containers[index as usize].waits_since, SimTime::NEVER);
        state.outcome.capacity_wait_ns += self.horizon.clip(since, self.now);
    }

    #[inline]
    fn begin_boot(&mut self, p: usize, index: u32) {
        let hardware = usize::from(self.w.pools[p].containers[index as usize].hardware);
        let span = self.boot_span_on(p, index, hardware).billed.min(self.pool(p).boots.startup_timeout);
        let ticket = self.container_ticket(p, index);
        self.w.events.push(self.now + span, Event::BootEnd { pool: p as u16, container: index, ticket });
    }

    #[inline]
    pub(super) fn boot_ends(&mut self, p: usize, index: u32, ticket: u32) {
        if self.w.pools[p].containers[index as usize].ticket != ticket {
            return;
        }
        if self.pool(p).boots.may_fail() && self.boot_fails(p, index) {
            return self.boot_failed(p, index);
        }
        self.becomes_ready(p, index);
        // A staggered boot lets the next one begin.
        if self.pool(p).boots.at_once < u32::MAX {
            self.scale_up(p, self.wanted_model(p));
        }
    }

    fn boot_fails(&mut self, p: usize, index: u32) -> bool {
        let boots = &self.pool(p).boots;
        let hardware = usize::from(self.w.pools[p].containers[index as usize].hardware);
        let attempt = self.w.pools[p].containers[index as usize].attempts;
        self.boot_span_on(p, index, hardware).billed > boots.startup_timeout
            || self.container_luck(p, index).uniform(attempt, purpose::BOOT_FAILS) < boots.failure_probability
    }

    /// The failed container is gone; after a pause the start is tried again, with new luck.
    fn boot_failed(&mut self, p: usize, index: u32) {
        self.note(p, Some(index), None, What::BootFails);
        self.end_billing(p, index);
        let boots = &self.pool(p).boots;
        let state = &mut self.w.pools[p];
        state.outcome.boot_failures += u64::from(self.horizon.contains(self.now));
        state.failed_boots += 1;
        let growth = 2f64.powi((state.failed_boots - 1).min(60).cast_signed());
        let pause = SimSpan((boots.backoff.0 as f64 * growth) as u64).min(boots.backoff_max);
        let container = &mut state.containers[index as usize];
        container.attempts += 1;
        container.since = self.now;
        let begins = self.now + pause;
        // Asked for again when the pause is over: the wait for capacity begins then.
        let ticket = self.container_ticket(p, index);
        self.w.events.push(begins, Event::Restart { pool: p as u16, container: index, ticket });
    }

    pub(super) fn restart(&mut self, p: usize, index: u32, ticket: u32) {
        if self.w.pools[p].containers[index as usize].ticket == ticket {
            self.wait_for_capacity(p, index);
        }
    }

    /// A boot is over: the container takes requests.
    #[inline]
    pub(super) fn becomes_ready(&mut self, p: usize, index: u32) {
        self.note(p, Some(index), None, What::Ready);
        self.accrue(p, index);
        let state = &mut self.w.pools[p];
        state.booting -= 1;
        state.up += 1;
        state.failed_boots = 0;
        let container = &mut state.containers[index as usize];
        container.up = true;
        container.ready_at = self.now;
        let bound = std::mem::replace(&mut container.bound, NONE);
        self.draw_life(p, index);
        self.falls_idle(p, index);
        if bound != NONE {
            self.w.pools[p].bound -= 1;
            self.accept(p, index, bound);
        }
        self.take_from_queue(p, index);
        let state = &mut self.w.pools[p];
        state.levels.enter(&mut state.containers, index);
        self.form_batches(p);
        self.cancel_boots(p);
    }

    /// The speed of its host, and when it will be preempted.
    fn draw_life(&mut self, p: usize, index: u32) {
        let pool = self.pool(p);
        if pool.host_speed_cv == 0.0 && pool.preemption.is_none() {
            return;
        }
        let luck = self.container_luck(p, index);
        if pool.host_speed_cv > 0.0 {
            let unit = crate::Seconds::new(1.0).expect("a second is a span");
            let law = crate::law::Law::lognormal(unit, pool.host_speed_cv);
            self.w.pools[p].containers[index as usize].slowness =
                law.seconds_at(luck.uniform(0, purpose::SLOWNESS).max(1e-12));
        }
        if let Some(preemption) = pool.preemption {
            let life = -(1.0 - luck.uniform(0, purpose::PREEMPTION)).ln() * preemption.mean.as_secs_f64();
            let life = SimSpan::from_secs_f64(life);
            let container = &mut self.w.pools[p].containers[index as usize];
            let ordinal = container.ordinal;
            if preemption.while_busy {
                container.preempted_at = SimTime(life.0);
            } else {
                container.preempted_at = self.now + life;
                let event = Event::Preempted { pool: p as u16, container: index, ordinal };
                self.w.events.push(self.now + life, event);
            }
        }
    }

    /// A request starts a container of its own and waits for that one only. Returns whether it could.
    pub(super) fn start_bound(&mut self, p: usize, job_index: u32) -> bool {
        let state = &self.w.pools[p];
        if state.alive() >= state.max {
            return false;
        }
        let model = self.w.jobs.get(job_index).arrival.model;
        let Some(index) = self.start_container(p, model) else { return false };
        let state = &mut self.w.pools[p];
        state.bound += 1;
        state.containers[index as usize].bound = job_index;
        let ticket = self.ticket();
        let job = self.w.jobs.get_mut(job_index);
        (job.place, job.container, job.ticket) = (Place::Bound, index, ticket);
        let have = self.w.pools[p].alive();
        self.note(p, Some(index), Some(job_index), What::Starts { wanted: have, have });
        self.begin_start(p, index);
        true
    }
}
