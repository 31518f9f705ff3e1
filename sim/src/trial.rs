//! One trial of one pool: a pure function of the pool, its arrivals and its boots.
//!
//! Nothing happens between events that cannot be settled at the next one, so idle containers expire lazily: before
//! each event, those whose window ran out since the last one are stopped at the instant it ran out. Between two events
//! the number of inputs, and with it the floor of the scale-down, stands still, which makes this exact.

use std::collections::VecDeque;

use crate::autoscaler::{desired_containers, has_plenty};
use crate::boot_times::BootTimes;
use crate::conservation::Audit;
use crate::container::{Container, Levels, NONE};
use crate::event_list::{Event, EventList};
use crate::histogram::LatencyHistogram;
use crate::horizon::Horizon;
use crate::job::{Arrival, Job, Jobs, Latencies};
use crate::ledger::State;
use crate::outcome::{ModelOutcome, Outcome};
use crate::plain::{self, PlainWorkspace};
use crate::pool::{Execution, Pool};
use crate::quantities::{SimSpan, SimTime};
use crate::timeline::Timeline;

mod alone;

/// Purposes of a request's own draws, by number: part of the results.
const TRY_FAILS: u32 = 0;
const TRY_FAILS_AT: u32 = 1;

/// Memory that one trial leaves to the next.
#[derive(Debug, Default)]
pub struct Workspace {
    containers: Vec<Container>,
    stopped: Vec<u32>,
    levels: Levels,
    events: EventList,
    jobs: Jobs,
    queue: VecDeque<u32>,
    plain: PlainWorkspace,
}

/// Simulates one trial of a pool.
///
/// - `arrivals`: in order of arrival, before `horizon.end`; those before `horizon.start` are the run-in.
/// - `latencies`: one histogram a model; the counted requests are added to them.
/// - `timeline`: filled when given.
///
/// # Panics
/// If a conservation law is broken, or the arguments contradict each other.
#[must_use]
pub fn simulate(
    pool: &Pool,
    arrivals: &[Arrival],
    boots: &mut BootTimes<'_>,
    horizon: Horizon,
    workspace: &mut Workspace,
    latencies: &mut Latencies,
    timeline: Option<&mut Timeline>,
) -> Outcome {
    pool.assert_legal();
    assert_eq!(latencies.len(), pool.models.len(), "a histogram for every model of the pool");
    if timeline.is_none()
        && plain::is_plain(pool)
        && let Some(outcome) = plain::simulate(pool, arrivals, boots, horizon, &mut workspace.plain, latencies)
    {
        return outcome;
    }
    let trial = Trial::new(pool, boots, horizon, workspace, latencies, timeline);
    trial.run(arrivals)
}

struct Trial<'a, 'b> {
    pool: &'a Pool,
    /// Whether requests that meet nobody are settled in one step.
    shortcut: bool,
    boots: &'a mut BootTimes<'b>,
    horizon: Horizon,
    w: &'a mut Workspace,
    latencies: &'a mut Latencies,
    timeline: Option<&'a mut Timeline>,
    /// The last event.
    now: SimTime,
    /// Since when the queue has its length (kept for the timeline only).
    queue_since: SimTime,
    /// Containers that boot, and that are up.
    booting: u32,
    up: u32,
    /// Inputs inside containers, executing or waiting there.
    running: u32,
    boots_begun: usize,
    outcome: Outcome,
    audit: Audit,
}

impl<'a, 'b> Trial<'a, 'b> {
    fn new(
        pool: &'a Pool,
        boots: &'a mut BootTimes<'b>,
        horizon: Horizon,
        w: &'a mut Workspace,
        latencies: &'a mut [LatencyHistogram],
        mut timeline: Option<&'a mut Timeline>,
    ) -> Self {
        w.containers.clear();
        w.stopped.clear();
        w.levels.reset(pool.max_inputs);
        w.events.clear();
        w.jobs.clear();
        w.queue.clear();
        if let Some(timeline) = &mut timeline {
            timeline.trials += 1;
        }
        let models = vec![ModelOutcome::default(); pool.models.len()];
        let horizon_ns = (horizon.end - horizon.start).0;
        let outcome = Outcome { models, peak_containers: 0, horizon_ns };
        Self {
            pool,
            // A buffer starts containers beside every request: nobody is alone.
            shortcut: pool.buffer_containers == 0,
            boots,
            horizon,
            w,
            latencies,
            timeline,
            now: SimTime::START,
            queue_since: SimTime::START,
            booting: 0,
            up: 0,
            running: 0,
            boots_begun: 0,
            outcome,
            audit: Audit::default(),
        }
    }

    fn run(mut self, arrivals: &[Arrival]) -> Outcome {
        self.scale_up(0);
        for (place, arrival) in arrivals.iter().enumerate() {
            self.advance(arrival.at);
            let next = arrivals.get(place + 1).map_or(SimTime::NEVER, |next| next.at);
            if !self.settle_alone(arrival, next) {
                self.arrive(*arrival);
            }
        }
        self.finish()
    }

    /// Lets everything happen that happens until `until`, expiries at that very instant excepted.
    #[inline]
    fn advance(&mut self, until: SimTime) {
        loop {
            let at = self.w.events.next_at();
            if at > until {
                break;
            }
            self.expire_before(at);
            self.now = at;
            match self.w.events.pop() {
                Some((_, Event::TryEnd { container, job })) => self.end_try(container, job),
                Some((_, Event::BootDone { container })) => self.boot_done(container),
                Some((_, Event::Retry { job })) => self.dispatch(job),
                None => break,
            }
        }
        self.expire_before(until);
        self.now = until;
    }

    /// Stops the containers whose window ran out before `until` and that the floor lets go, the longest idle first.
    /// One that the floor held back stops at the first instant at which it lets it: the event that lowered the floor.
    #[inline]
    fn expire_before(&mut self, until: SimTime) {
        while let Some(index) = self.w.levels.longest_idle() {
            let due = self.w.containers[index as usize].idle_since + self.pool.scaledown_window;
            if due >= until || self.booting + self.up <= self.floor() {
                break;
            }
            self.stop(index, due.max(self.now));
        }
    }

    fn floor(&self) -> u32 {
        desired_containers(self.pool, self.running + self.w.queue.len() as u32)
    }

    fn arrive(&mut self, arrival: Arrival) {
        debug_assert!(arrival.at < self.horizon.end, "an arrival after the horizon");
        self.audit.population(self.horizon, self.w.jobs.len(), self.now);
        self.audit.arrived += 1;
        if self.horizon.contains(arrival.at) {
            self.count_arrival(&arrival);
        }
        let job = self.w.jobs.insert(arrival);
        self.dispatch(job);
    }

    /// Gives an input to a container if one can take it, queues it otherwise, and starts what the autoscaler wants.
    #[inline]
    fn dispatch(&mut self, job: u32) {
        let model = self.w.jobs.get_mut(job).arrival.model;
        if let Some(container) = self.w.levels.pick() {
            debug_assert!(self.w.queue.is_empty(), "a queue in front of a container that can take more");
            self.w.levels.leave(&mut self.w.containers, container);
            self.accept(container, job);
            self.w.levels.enter(&mut self.w.containers, container);
        } else {
            self.queue_changes();
            self.w.queue.push_back(job);
        }
        self.scale_up(model);
    }

    /// Starts containers until there are as many as the autoscaler wants. `model` is what they load.
    #[inline]
    fn scale_up(&mut self, model: u16) {
        if has_plenty(self.pool, self.running + self.w.queue.len() as u32, self.booting + self.up) {
            return;
        }
        let desired = self.floor();
        while self.booting + self.up < desired {
            self.start_boot(model);
        }
    }

    fn start_boot(&mut self, model: u16) {
        self.count_containers();
        self.booting += 1;
        assert!(self.booting + self.up <= self.pool.max_containers, "law 5: more containers than max_containers");
        let index = self.new_container(Container::booting(self.now, model));
        let span = self.boots.span(self.boots_begun, usize::from(model));
        self.boots_begun += 1;
        self.outcome.models[usize::from(model)].boots += u64::from(self.horizon.contains(self.now));
        self.w.events.push(self.now + span, Event::BootDone { container: index });
    }

    /// Puts a container into a free place.
    #[inline]
    fn new_container(&mut self, container: Container) -> u32 {
        if let Some(index) = self.w.stopped.pop() {
            self.w.containers[index as usize] = container;
            return index;
        }
        self.w.containers.push(container);
        (self.w.containers.len() - 1) as u32
    }

    fn boot_done(&mut self, index: u32) {
        self.accrue(index);
        self.booting -= 1;
        self.up += 1;
        let container = &mut self.w.containers[index as usize];
        container.up = true;
        container.ready_at = self.now;
        container.idle_since = self.now;
        self.take_from_queue(index);
        self.w.levels.enter(&mut self.w.containers, index);
    }

    fn stop(&mut self, index: u32, at: SimTime) {
        let last_event = std::mem::replace(&mut self.now, at);
        self.count_containers();
        self.accrue(index);
        self.now = last_event;
        self.w.levels.leave(&mut self.w.containers, index);
        let container = &self.w.containers[index as usize];
        assert!(container.up && container.inputs == 0, "law 5: a container stopped with work inside");
        self.audit.alive_ns += self.horizon.clip(container.born, at);
        self.up -= 1;
        self.w.stopped.push(index);
    }

    /// Fills a container (that stands in no level list) from the head of the queue.
    #[inline]
    fn take_from_queue(&mut self, index: u32) {
        while self.w.containers[index as usize].inputs < self.pool.max_inputs && !self.w.queue.is_empty() {
            self.queue_changes();
            if let Some(job) = self.w.queue.pop_front() {
                self.accept(index, job);
            }
        }
    }

    /// Puts an input into a container: it executes at once, or waits inside behind others.
    #[inline]
    fn accept(&mut self, index: u32, job: u32) {
        let container = &mut self.w.containers[index as usize];
        assert!(container.up, "law 5: an input in a container that boots");
        container.inputs += 1;
        assert!(container.inputs <= self.pool.max_inputs, "law 5: more inputs than max_inputs");
        self.running += 1;
        let occupied = container.good + container.bad > 0;
        if self.pool.execution == Execution::Serial && occupied {
            self.w.jobs.get_mut(job).behind = NONE;
            match container.waiting.1 {
                NONE => container.waiting.0 = job,
                last => self.w.jobs.get_mut(last).behind = job,
            }
            container.waiting.1 = job;
        } else {
            self.start_try(index, job);
        }
    }

    /// Executes a try. Its end is settled here: it completes, fails on the way, or is killed at the timeout.
    fn start_try(&mut self, index: u32, job_index: u32) {
        self.accrue(index);
        let container = &mut self.w.containers[index as usize];
        let job = self.w.jobs.get_mut(job_index);
        let model = &self.pool.models[usize::from(job.arrival.model)];
        let switch = model.switch_in[usize::from(container.loaded)];
        container.loaded = job.arrival.model;
        let (lasts, succeeds) = try_length(self.pool, model.failure_probability, &job.arrival, job.tries, switch);
        let first = (job.tries == 0).then_some((job.arrival, container.ready_at > job.arrival.at));
        job.tries += 1;
        job.started = self.now;
        job.succeeds = succeeds;
        job.executing = true;
        if succeeds {
            container.good += 1;
        } else {
            container.bad += 1;
        }
        self.w.events.push(self.now + lasts, Event::TryEnd { container: index, job: job_index });
        if let Some((arrival, cold)) = first.filter(|(arrival, _)| self.horizon.contains(arrival.at)) {
            self.count_start(&arrival, cold, self.now);
        }
    }

    fn end_try(&mut self, index: u32, job_index: u32) {
        self.accrue(index);
        self.w.levels.leave(&mut self.w.containers, index);
        let job = self.w.jobs.get_mut(job_index);
        assert!(job.executing, "law 6: a try ended twice");
        job.executing = false;
        let job = *job;
        self.audit.tries_ns += self.horizon.clip(job.started, self.now);
        let container = &mut self.w.containers[index as usize];
        container.inputs -= 1;
        self.running -= 1;
        if job.succeeds {
            container.good -= 1;
        } else {
            container.bad -= 1;
        }
        container.idle_since = self.now;
        if container.waiting.0 != NONE {
            let next = container.waiting.0;
            container.waiting.0 = self.w.jobs.get_mut(next).behind;
            if container.waiting.0 == NONE {
                container.waiting.1 = NONE;
            }
            self.start_try(index, next);
        }
        if job.succeeds {
            self.complete(job_index);
        } else {
            self.fail_try(job_index, job.tries);
        }
        self.take_from_queue(index);
        self.w.levels.enter(&mut self.w.containers, index);
    }

    fn complete(&mut self, job_index: u32) {
        let arrival = self.depart(job_index);
        self.audit.completed += 1;
        if self.horizon.contains(arrival.at) {
            self.count_completion(&arrival, self.now);
        }
    }

    #[inline]
    fn count_arrival(&mut self, arrival: &Arrival) {
        self.outcome.models[usize::from(arrival.model)].arrived += 1;
        if let Some(timeline) = &mut self.timeline {
            timeline.arrival(arrival.at);
        }
    }

    /// The first try of a request starts.
    #[inline]
    fn count_start(&mut self, arrival: &Arrival, cold: bool, start: SimTime) {
        let outcome = &mut self.outcome.models[usize::from(arrival.model)];
        outcome.cold += u64::from(cold);
        outcome.wait_ns += u128::from((start - arrival.at).0);
    }

    #[inline]
    fn count_completion(&mut self, arrival: &Arrival, end: SimTime) {
        let latency = end - arrival.at;
        let model = usize::from(arrival.model);
        self.latencies[model].record(latency);
        let outcome = &mut self.outcome.models[model];
        outcome.completed += 1;
        outcome.latency_ns += u128::from(latency.0);
        outcome.late += u64::from(latency > self.pool.models[model].latency_limit);
    }

    /// Integer `retries`: a fixed pause, then the request queues again behind the others.
    fn fail_try(&mut self, job_index: u32, tries: u32) {
        self.audit.failed_tries += 1;
        if tries <= self.pool.retries {
            self.audit.retries += 1;
            self.w.events.push(self.now + self.pool.retry_delay, Event::Retry { job: job_index });
            return;
        }
        let arrival = self.depart(job_index);
        self.audit.failed += 1;
        if self.horizon.contains(arrival.at) {
            let model = usize::from(arrival.model);
            self.latencies[model].record_infinite();
            self.outcome.models[model].failed += 1;
            self.outcome.models[model].late += 1;
        }
    }

    fn depart(&mut self, job_index: u32) -> Arrival {
        self.audit.population(self.horizon, self.w.jobs.len(), self.now);
        let Job { arrival, .. } = self.w.jobs.remove(job_index);
        self.audit.sojourn_ns += u128::from(self.horizon.clip(arrival.at, self.now));
        arrival
    }

    /// Brings the ledger of a container up to date: the time since its last change was spent in its present state.
    #[inline]
    fn accrue(&mut self, index: u32) {
        self.accrue_as(index, self.w.containers[index as usize].state());
    }

    /// The same where its state is known.
    #[inline]
    fn accrue_as(&mut self, index: u32, state: State) {
        let container = &mut self.w.containers[index as usize];
        let since = std::mem::replace(&mut container.since, self.now);
        let spent = self.horizon.clip(since, self.now);
        self.outcome.models[usize::from(container.loaded)].ledger.add(state, spent);
        if let Some(timeline) = &mut self.timeline {
            timeline.state(state, since, self.now);
        }
    }

    fn queue_changes(&mut self) {
        if let Some(timeline) = &mut self.timeline {
            timeline.queue(self.w.queue.len() as u64, self.queue_since, self.now);
            self.queue_since = self.now;
        }
    }

    fn count_containers(&mut self) {
        let alive = self.booting + self.up;
        if self.audit.containers(self.horizon, u64::from(alive), self.now) {
            self.outcome.peak_containers = self.outcome.peak_containers.max(alive);
        }
    }

    /// Follows what arrived to its end, closes the books and checks them.
    fn finish(mut self) -> Outcome {
        while !self.w.events.is_empty() {
            self.advance(self.w.events.next_at());
        }
        let closing = self.now.max(self.horizon.end);
        self.expire_before(closing);
        self.now = closing;
        while let Some(index) = self.w.levels.longest_idle() {
            self.stop(index, closing);
        }
        let in_system = self.w.jobs.len();
        assert_eq!(in_system, 0, "law 1: requests left in the system after the last event");
        assert_eq!(self.booting + self.up, 0, "law 3: containers left after the last event");
        self.audit.population(self.horizon, in_system, closing);
        self.audit.check(self.pool, &self.outcome.total().ledger, in_system);
        self.outcome
    }
}

/// How long a try executes, and whether it succeeds: the model switch and the service, cut at an instant uniform over
/// them when the try fails, and at the timeout.
#[inline]
fn try_length(
    pool: &Pool,
    failure_probability: f64,
    arrival: &Arrival,
    tries: u32,
    switch: SimSpan,
) -> (SimSpan, bool) {
    let whole = switch + arrival.service;
    let luck = arrival.luck;
    let fails = failure_probability > 0.0 && luck.uniform(tries, TRY_FAILS) < failure_probability;
    let runs = if fails { SimSpan((whole.0 as f64 * luck.uniform(tries, TRY_FAILS_AT)) as u64) } else { whole };
    (runs.min(pool.timeout), !fails && runs <= pool.timeout)
}

#[cfg(test)]
mod laws;
#[cfg(test)]
pub(crate) mod tests;
