//! One trial of a group of pools: a pure function of the pools, the arrivals and what chance brings.
//!
//! Nothing happens between events that cannot be settled at the next one, so idle windows run out lazily: before each
//! event, containers whose window ran out since the last one are stopped at the instant it ran out. Between two events
//! the number of inputs, and with it the floor of the scale-down, stands still, which makes this exact.
//!
//! Each rule stands in one file below this one.

use crate::adapters::Held;
use crate::arrivals::Arrivals;
use crate::boot_times::BootTimes;
use crate::conservation::Audit;
use crate::container::{Container, Levels};
use crate::event_list::{Event, EventList};
use crate::group::{Draws, Group};
use crate::histogram::LatencyHistogram;
use crate::horizon::Horizon;
use crate::job::{Arrival, Jobs, Latencies};
use crate::ledger::Ledger;
use crate::list::List;
use crate::observers::Observers;
use crate::outcome::{ModelOutcome, Outcome, PoolOutcome};
use crate::plain::{self, PlainWorkspace};
use crate::pool::Pool;
use crate::quantities::{SimSpan, SimTime};
use crate::timeline::Timeline;
use crate::trace::{TraceEvent, What};

mod adapting;
mod alone;
mod arriving;
mod batches;
mod books;
mod booting;
mod company;
mod executing;
mod expiring;
mod failing;
mod giving_up;
mod hedging;
mod scaling;
mod shared;
mod thinking;
mod unhindered;

use company::Company;
use thinking::Thinking;

pub(crate) use alone::possible as follows_requests_alone;
pub(crate) use failing::{TryLength, try_length};
pub(crate) use unhindered::ROUNDING_NS;
pub use unhindered::Unhindered;

/// Purposes of a request's own draws, by number: part of the results. Shapes and adapters have theirs from 64 on.
mod purpose {
    pub(super) const TRY_FAILS: u32 = 0;
    pub(super) const TRY_FAILS_AT: u32 = 1;
    pub(super) const FRESH_SERVICE: u32 = 2;
    pub(super) const CHAIN: u32 = 3;
    pub(super) const PATIENCE: u32 = 4;
    pub(super) const THINK: u32 = 5;
    /// Of a container.
    pub(super) const CAPACITY_WAIT: u32 = 8;
    pub(super) const SLOWNESS: u32 = 9;
    pub(super) const PREEMPTION: u32 = 10;
    pub(super) const BOOT_FAILS: u32 = 11;
    pub(super) const IDLE_WINDOW: u32 = 12;
    /// Of a pool.
    pub(super) const PAUSED_WINDOW: u32 = 13;
    pub(super) const BATCH_WAIT: u32 = 14;
}

/// Where containers are preempted or boots fail, requests are followed for so long after the horizon (30 days), and
/// counted as stuck then: containers that are gone before they have served anything may come and go for ever.
const FOLLOWED: SimSpan = SimSpan(30 * 86_400_000_000_000);

/// Memory that one trial leaves to the next.
#[derive(Debug, Default)]
pub struct Workspace {
    pools: Vec<PoolState>,
    events: EventList,
    jobs: Jobs,
    company: Company,
    thinking: Thinking,
    plain: PlainWorkspace,
}

/// What a pool is at an instant.
#[derive(Debug, Default)]
struct PoolState {
    containers: Vec<Container>,
    stopped: Vec<u32>,
    levels: Levels,
    /// The adapters that its containers hold.
    held: Held,
    queue: List,
    /// Since when the queue has its length (kept for the timeline only).
    queue_since: SimTime,
    /// Containers that start (waiting for capacity or booting), and that are up.
    booting: u32,
    up: u32,
    /// Of both, those that are billed.
    billed: u32,
    /// Containers that execute something, and since when they and the billed ones are so many (for occupancies only).
    executing: u32,
    occupied_since: SimTime,
    /// Inputs inside containers, executing or waiting there, and inputs bound to a boot.
    running: u32,
    bound: u32,
    /// The idle window, where it is the same for all and nothing cuts it short.
    window: SimSpan,
    has_fixed_window: bool,
    /// Present bounds.
    min: u32,
    max: u32,
    starts: u32,
    failed_boots: u32,
    /// Whether the quota keeps it from starting what it wants.
    denied: bool,
    /// Paused windows: how many timers run, and when the first of them ends.
    timers: u32,
    timer_ends: SimTime,
    /// Draws made for the pool as a whole.
    draws: u32,
    /// The running wait of a batch that is not full.
    batch_ticket: u32,
    /// By GPU type and model.
    ledgers: Vec<Ledger>,
    outcome: PoolOutcome,
}

impl PoolState {
    fn reset(&mut self, pool: &Pool) {
        self.containers.clear();
        self.stopped.clear();
        self.levels.reset(if pool.batching().is_some() { 1 } else { pool.max_inputs });
        let places = pool.models.iter().flat_map(|model| &model.adapters).map(|adapters| adapters.held).max();
        self.held.reset(places.unwrap_or(0));
        let Self { containers, stopped, levels, held, ledgers, .. } = std::mem::take(self);
        let outcome = PoolOutcome { rounding_ns: vec![0; pool.hardware.len()], ..PoolOutcome::default() };
        *self = Self { containers, stopped, levels, held, ledgers, outcome, ..Self::default() };
        self.ledgers.clear();
        self.ledgers.resize(pool.hardware.len() * pool.models.len(), Ledger::default());
        self.has_fixed_window = pool.scaledown_window.fixed().is_some() && pool.early_drain.is_none();
        self.window = pool.scaledown_window.fixed().unwrap_or(SimSpan::ZERO);
        self.min = pool.min_containers;
        self.max = pool.max_containers;
        self.timer_ends = SimTime::NEVER;
    }

    /// Inputs that the autoscaler counts.
    #[inline]
    fn inputs(&self) -> u32 {
        self.running + self.queue.len() + self.bound
    }

    #[inline]
    fn alive(&self) -> u32 {
        self.booting + self.up
    }
}

/// Simulates one trial of a pool that shares nothing with others.
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
    let timelines = timeline.map_or(&mut [][..], std::slice::from_mut);
    let mut observers = Observers { timelines, ..Observers::latencies(latencies) };
    let lucks = [boots.luck()];
    let mut draws = Draws { boots: std::slice::from_mut(boots), lucks: &lucks, scarcity: &[] };
    simulate_group(&Group::of(pool), &mut &*arrivals, &mut draws, horizon, workspace, &mut observers)
}

/// Simulates one trial of a group of pools.
///
/// - `arrivals`: in order, before `horizon.end`; those before `horizon.start` are the run-in. No more of them are kept
///   than are in the system, and a block. Clients that come with them send until `horizon.end`.
/// - `draws`: one entry a pool.
/// - `observers`: what they see is added to what they saw.
///
/// # Panics
/// If a conservation law is broken, or the arguments contradict each other.
#[must_use]
pub fn simulate_group(
    group: &Group<'_>,
    arrivals: &mut dyn Arrivals,
    draws: &mut Draws<'_, '_>,
    horizon: Horizon,
    workspace: &mut Workspace,
    observers: &mut Observers<'_>,
) -> Outcome {
    group.assert_legal();
    let (pools, models) = (group.pools.len(), group.pools[0].models.len());
    assert_eq!(observers.latencies.len(), models, "a histogram for every model");
    assert!(observers.waits.is_empty() || observers.waits.len() == models, "waits of every model or none");
    assert_eq!((draws.boots.len(), draws.lucks.len()), (pools, pools), "boots and luck for every pool");
    assert!([0, pools].contains(&observers.timelines.len()), "timelines of every pool or none");
    assert!([0, pools].contains(&observers.occupancies.len()), "occupancies of every pool or none");
    assert!([0, pools].contains(&observers.hours.len()), "hours of every pool or none");
    let outcome = if observers.sees_latencies_only() && plain::is_plain(group, arrivals) {
        let (pool, boots) = (&group.pools[0], &mut draws.boots[0]);
        plain::simulate(pool, arrivals, boots, horizon, &mut workspace.plain, observers.latencies)
    } else {
        Trial::new(group, draws, horizon, workspace, observers).run(arrivals)
    };
    observers.latencies.iter().for_each(LatencyHistogram::assert_exact);
    outcome
}

struct Trial<'g, 'x, 'd, 'b, 'o> {
    group: &'x Group<'g>,
    /// Whether requests that meet nobody are settled in one step.
    shortcut: bool,
    /// How many of them may meet in the only container.
    most_together: usize,
    draws: &'x mut Draws<'d, 'b>,
    horizon: Horizon,
    w: &'x mut Workspace,
    seen: &'x mut Observers<'o>,
    /// The last event.
    now: SimTime,
    /// Whether somebody looks at more than latencies.
    watched: bool,
    /// Requests in the system whose client has not given up.
    population: u64,
    /// Requests that have arrived.
    arrived: u32,
    /// Tickets given out.
    tickets: u32,
    /// Containers of all pools that start or are up, and the GPUs they hold.
    containers: u32,
    gpus: u32,
    outcome: Outcome,
    audit: Audit,
}

impl<'g, 'x, 'd, 'b, 'o> Trial<'g, 'x, 'd, 'b, 'o> {
    fn new(
        group: &'x Group<'g>,
        draws: &'x mut Draws<'d, 'b>,
        horizon: Horizon,
        w: &'x mut Workspace,
        seen: &'x mut Observers<'o>,
    ) -> Self {
        w.pools.resize_with(group.pools.len(), PoolState::default);
        for (state, pool) in w.pools.iter_mut().zip(group.pools) {
            state.reset(pool);
        }
        w.events.clear();
        w.jobs.clear();
        w.company.clear();
        w.thinking.clear();
        for timeline in seen.timelines.iter_mut() {
            timeline.trials += 1;
        }
        let models = vec![ModelOutcome::default(); group.pools[0].models.len()];
        let horizon_ns = (horizon.end - horizon.start).0;
        let outcome = Outcome { models, horizon_ns, ..Outcome::default() };
        Self {
            group,
            shortcut: alone::possible(group) && seen.occupancies.is_empty() && seen.trace.is_none(),
            most_together: company::most_together(&group.pools[0]),
            draws,
            horizon,
            w,
            watched: seen.sees_the_books(),
            seen,
            now: SimTime::START,
            population: 0,
            arrived: 0,
            tickets: 0,
            containers: 0,
            gpus: 0,
            outcome,
            audit: Audit::of_pools(group.pools.len()),
        }
    }

    /// The rules of a pool.
    #[inline]
    fn pool(&self, p: usize) -> &'g Pool {
        &self.group.pools[p]
    }

    /// A number that no event has been given yet.
    #[inline]
    fn ticket(&mut self) -> u32 {
        self.tickets += 1;
        self.tickets
    }

    fn run(mut self, arrivals: &mut dyn Arrivals) -> Outcome {
        self.begin();
        self.begin_to_think(arrivals.clients());
        let mut before: Option<Arrival> = None;
        loop {
            let block = arrivals.next_block();
            for arrival in block {
                if let Some(before) = before.replace(*arrival) {
                    self.admit(&before, arrival.at);
                }
            }
            if block.is_empty() {
                break;
            }
        }
        if let Some(last) = before {
            assert!(last.at < self.horizon.end, "an arrival after the horizon");
            self.admit(&last, SimTime::NEVER);
        }
        self.finish()
    }

    /// The request arrives, and `next` is when the one behind it does.
    #[inline]
    fn admit(&mut self, arrival: &Arrival, next: SimTime) {
        self.advance(arrival.at);
        if !self.settle_alone(arrival, next) {
            self.arrive(*arrival);
        }
    }

    fn begin(&mut self) {
        for p in 0..self.group.pools.len() {
            for (place, bounds) in self.pool(p).schedule.iter().enumerate() {
                self.w.events.push(bounds.at, Event::Bounds { pool: p as u16, place: place as u32 });
            }
            self.begin_pool(p);
        }
    }

    /// Lets everything happen that happens until `until`, ends of windows at that very instant excepted.
    #[inline]
    fn advance(&mut self, until: SimTime) {
        // Mostly the event list is empty and nothing happens.
        if !self.w.events.is_empty() || !self.passes_quietly(until) {
            self.advance_through(until);
        }
        self.now = until;
    }

    /// Whether nothing happens until `until` but what becomes of requests that met in the only container. The event
    /// list is empty.
    #[inline]
    fn passes_quietly(&mut self, until: SimTime) -> bool {
        if !self.w.company.is_empty() {
            if self.w.company.ends() > until {
                return true;
            }
            self.settle_company(until);
        }
        !self.may_expire_before(until)
    }

    #[inline(never)]
    fn advance_through(&mut self, until: SimTime) {
        loop {
            let at = self.w.events.next_at();
            if self.expire_before(at.min(until)) {
                // A stop let another pool start something that may happen before `at`.
                continue;
            }
            if at > until {
                break;
            }
            let Some((at, event)) = self.w.events.pop() else { break };
            self.now = at;
            self.happen(event);
        }
    }

    #[inline]
    fn happen(&mut self, event: Event) {
        match event {
            Event::TryEnd { job, ticket } => self.try_ends(job, ticket),
            Event::BootEnd { pool, container, ticket } => self.boot_ends(usize::from(pool), container, ticket),
            _ => self.happen_rarely(event),
        }
    }

    #[inline(never)]
    fn happen_rarely(&mut self, event: Event) {
        match event {
            Event::TryEnd { .. } | Event::BootEnd { .. } => unreachable!("settled by the caller"),
            Event::ShareEnd { pool, container, ticket } => self.share_ends(usize::from(pool), container, ticket),
            Event::BatchEnd { pool, container, ticket } => self.batch_ends(usize::from(pool), container, ticket),
            Event::Created { pool, container, ticket } => self.created(usize::from(pool), container, ticket),
            Event::Restart { pool, container, ticket } => self.restart(usize::from(pool), container, ticket),
            Event::Preempted { pool, container, ordinal } => self.preempt(usize::from(pool), container, ordinal),
            Event::TimedOut { job, ticket } => self.time_out(job, ticket),
            Event::GiveUp { job, ordinal } => self.give_up(job, ordinal),
            Event::Overflow { job, ticket } => self.overflow(job, ticket),
            Event::Hedge { job, ordinal } => self.hedge(job, ordinal),
            Event::Retry { job, ticket } => self.retry(job, ticket),
            Event::Bounds { pool, place } => self.bounds_change(usize::from(pool), place),
            Event::BatchDue { pool, ticket } => self.batch_due(usize::from(pool), ticket),
            Event::Send { client } => self.send(client),
        }
    }

    /// Follows what arrived to its end, closes the books and checks them.
    fn finish(mut self) -> Outcome {
        self.settle_company(SimTime::NEVER);
        if !self.w.thinking.is_empty() {
            // Who thinks while nobody is in the system sends more.
            self.advance(self.horizon.end);
        }
        let endless = self.group.pools.iter().any(|pool| pool.preemption.is_some() || pool.boots.may_fail());
        let given_up = if endless { self.horizon.end + FOLLOWED } else { SimTime::NEVER };
        while self.w.jobs.len() > 0 {
            // What is left may wait for a container elsewhere to stop.
            let next = self.w.events.next_at().min(self.next_stop().map_or(SimTime::NEVER, |stop| stop.at));
            if next > given_up || next == SimTime::NEVER {
                break;
            }
            self.advance(SimTime(next.0 + 1));
            self.now = next;
        }
        let closing = self.now.max(self.horizon.end);
        self.advance(closing);
        self.count_stuck(closing);
        for p in 0..self.group.pools.len() {
            self.close_pool(p, closing);
        }
        let ledgers = self.collect_pools();
        self.audit.check(self.group, &ledgers, self.population, self.w.thinking.waiting());
        self.outcome
    }

    /// Notes an event if somebody looks.
    #[inline]
    fn note(&mut self, p: usize, container: Option<u32>, request: Option<u32>, what: What) {
        if self.seen.trace.is_some() {
            self.note_seen(p, container, request, what);
        }
    }

    #[inline(never)]
    fn note_seen(&mut self, p: usize, container: Option<u32>, request: Option<u32>, what: What) {
        let container = container.map(|index| self.w.pools[p].containers[index as usize].ordinal);
        let request = request.map(|index| self.w.jobs.get(index)).map(|job| (job.ordinal, job.arrival.model));
        let event = TraceEvent { at: self.now, pool: p as u16, container, request, what };
        if let Some(trace) = &mut self.seen.trace {
            trace.note(event);
        }
    }
}

#[cfg(test)]
mod floor_laws;
#[cfg(test)]
mod group_laws;
#[cfg(test)]
mod laws;
#[cfg(test)]
mod random_group;
#[cfg(test)]
mod setting;
#[cfg(test)]
pub(crate) mod tests;
