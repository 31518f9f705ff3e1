//! What a plain trial adds up, and the laws that its sums must obey.
//!
//! A span is the difference of two instants, so a sum of spans is a sum of ends less a sum of beginnings. Sums of
//! instants may pass 2^64 and are kept modulo 2^64; the differences that matter are below it, so they come out exact.
//! The two sides of each law come from different places: a beginning is added when it happens, an end when the
//! container is taken out of the structure that kept it meanwhile.

use super::incoming::{Incoming, Work};
use crate::horizon::Horizon;
use crate::ledger::{Ledger, State};
use crate::outcome::{ModelOutcome, Outcome, PoolOutcome};

/// The sums that change with every request, over the horizon: every instant is moved into it before it is added.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Flow {
    start: u64,
    end: u64,
    /// Instants at which services began.
    started: u64,
    /// Instants at which containers came free from a service, and their number.
    departed: u64,
    departures: u64,
    /// Service times in nanoseconds, added when they begin.
    executing_ns: u64,
    /// Those of requests that fail.
    wasted_ns: u64,
    /// Times from arrival to service in nanoseconds, added when that begins.
    waiting_ns: u64,
    /// Times from falling idle to the next service or the stop in nanoseconds, added when that comes.
    idle_ns: u64,
}

impl Flow {
    /// The instant moved into the horizon.
    #[inline]
    fn inside(&self, instant: u64) -> u64 {
        instant.max(self.start).min(self.end)
    }

    /// A request begins. Returns when its container comes free.
    #[inline]
    pub(super) fn begin(&mut self, start: u64, request: Incoming) -> u64 {
        let free_at = start + request.executes_ns();
        let (from, to) = (self.inside(start), self.inside(free_at));
        self.started = self.started.wrapping_add(from);
        self.executing_ns = self.executing_ns.wrapping_add(to - from);
        if request.fails() {
            self.wasted_ns = self.wasted_ns.wrapping_add(to - from);
        }
        free_at
    }

    /// A request that arrived at `at` begins later, at `start`.
    #[inline]
    pub(super) fn wait(&mut self, at: u64, start: u64) {
        self.waiting_ns = self.waiting_ns.wrapping_add(self.inside(start) - self.inside(at));
    }

    /// A container came free at `at`.
    #[inline]
    pub(super) fn depart(&mut self, at: u64) {
        self.departed = self.departed.wrapping_add(self.inside(at));
        self.departures = self.departures.wrapping_add(1);
    }

    /// What came free at `at` did so from a boot, though it will be added as if from a service.
    pub(super) fn ready(&mut self, at: u64) {
        self.departed = self.departed.wrapping_sub(self.inside(at));
        self.departures = self.departures.wrapping_sub(1);
    }

    /// A container that has been idle since `since` serves or stops at `until`.
    #[inline]
    pub(super) fn idle(&mut self, since: u64, until: u64) {
        self.idle_ns = self.idle_ns.wrapping_add(self.inside(until) - self.inside(since));
    }

    /// All in one, where no instant has to be moved: the request that arrives at `at` begins at once in a container
    /// that came free at `since`, or will then, and comes free again at `free_at`. Returns whether that is so.
    ///
    /// `COUNTED`: the request arrives inside the horizon, else before it.
    #[inline]
    pub(super) fn serve<const COUNTED: bool>(&mut self, since: u64, at: u64, free_at: u64) -> bool {
        let is_simple = if COUNTED { since >= self.start && free_at <= self.end } else { free_at <= self.start };
        if !is_simple {
            return false;
        }
        if COUNTED {
            // The differences cannot be negative: `from` is the later of two, and the service ends after it.
            let from = since.max(at);
            self.departed = self.departed.wrapping_add(since);
            self.started = self.started.wrapping_add(from);
            self.idle_ns = self.idle_ns.wrapping_add(from.wrapping_sub(since));
            self.waiting_ns = self.waiting_ns.wrapping_add(from.wrapping_sub(at));
            self.executing_ns = self.executing_ns.wrapping_add(free_at.wrapping_sub(from));
        } else {
            self.departed = self.departed.wrapping_add(self.start);
            self.started = self.started.wrapping_add(self.start);
        }
        self.departures = self.departures.wrapping_add(1);
        true
    }
}

/// All sums over the horizon.
#[derive(Debug, Default)]
pub(super) struct Books {
    pub(super) flow: Flow,
    /// Times from boot to ready in nanoseconds, added when they begin.
    booting_ns: u64,
    /// Instants of boots that began and of stops.
    born: u64,
    stopped: u64,
    /// Integral of the containers alive, up to `alive_since`.
    alive_ns: u128,
    alive_since: u64,
    /// Most containers at once for longer than an instant.
    peak: u32,
}

/// What is counted of the requests that arrive inside the horizon.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Counts {
    pub(super) cold: u64,
    pub(super) late: u64,
    /// Requests that waited longer than an instant.
    pub(super) waited: u64,
    pub(super) boots: u64,
    pub(super) wait_ns: u128,
    /// Requests that fail, and their times from arrival to that.
    pub(super) failed: u64,
    pub(super) failed_ns: u128,
}

impl Books {
    pub(super) fn new(horizon: Horizon) -> Self {
        let flow = Flow { start: horizon.start.0, end: horizon.end.0, ..Flow::default() };
        Self { flow, alive_since: horizon.start.0, ..Self::default() }
    }

    /// The first of the `alive` containers that are idle stops, idle since `idle_since`.
    pub(super) fn stop(&mut self, alive: u32, idle_since: u64, at: u64) {
        self.containers(alive, at);
        self.stopped = self.stopped.wrapping_add(self.flow.inside(at));
        self.flow.idle(idle_since, at);
    }

    /// A container is added to the `alive` ones.
    pub(super) fn boot(&mut self, alive: u32, now: u64, ready_at: u64) {
        self.containers(alive, now);
        self.born = self.born.wrapping_add(self.flow.inside(now));
        self.booting_ns = self.booting_ns.wrapping_add(self.flow.inside(ready_at) - self.flow.inside(now));
    }

    /// The number of containers, `alive` until `now`, is about to change.
    fn containers(&mut self, alive: u32, now: u64) {
        let now = self.flow.inside(now);
        let span = now - self.alive_since;
        if span > 0 {
            self.alive_ns += u128::from(alive) * u128::from(span);
            self.peak = self.peak.max(alive);
            self.alive_since = now;
        }
    }

    /// # Panics
    /// If a conservation law is broken; the message names it and both sides.
    fn check(&self, work: &Work) {
        assert_eq!(work.requests, self.flow.departures, "law 1: arrivals = departures");
        assert_eq!(
            self.flow.executing_ns,
            self.flow.departed.wrapping_sub(self.flow.started),
            "law 2: service times = departures - beginnings"
        );
        let billed = self.stopped.wrapping_sub(self.born);
        let by_state = self.booting_ns.wrapping_add(self.flow.executing_ns).wrapping_add(self.flow.idle_ns);
        assert_eq!(by_state, billed, "law 3: boot + busy + idle = stops - births");
        assert_eq!(u128::from(billed), self.alive_ns, "law 3: billed time = integral of the containers alive");
        assert_eq!(
            self.flow.waiting_ns.wrapping_add(self.flow.executing_ns),
            self.flow.departed.wrapping_sub(work.arrived),
            "law 4 (Little): sojourn times = integral of the population"
        );
    }

    /// Checks the laws and writes the outcome.
    ///
    /// # Panics
    /// If a conservation law is broken.
    pub(super) fn outcome(&self, counts: &Counts, work: &Work, horizon: Horizon) -> Outcome {
        self.check(work);
        let mut ledger = Ledger::default();
        ledger.add(State::Boot, self.booting_ns);
        ledger.add(State::Busy, self.flow.executing_ns - self.flow.wasted_ns);
        ledger.add(State::Wasted, self.flow.wasted_ns);
        ledger.add(State::Idle, self.flow.idle_ns);
        let sojourn_ns = counts.wait_ns + work.counted_ns;
        let model = ModelOutcome {
            arrived: work.counted,
            completed: work.counted - counts.failed,
            failed: counts.failed,
            cold: counts.cold,
            waited: counts.waited,
            executions: work.counted,
            boots: counts.boots,
            late: counts.late,
            latency_ns: sojourn_ns - counts.failed_ns,
            sojourn_ns,
            wait_ns: counts.wait_ns,
            ledger,
            ..ModelOutcome::default()
        };
        let pool = PoolOutcome {
            ledgers: vec![ledger],
            peak_containers: self.peak,
            boots: counts.boots,
            rounding_ns: vec![0],
            ..PoolOutcome::default()
        };
        let horizon_ns = (horizon.end - horizon.start).0;
        Outcome { models: vec![model], pools: vec![pool], peak_containers: self.peak, horizon_ns }
    }
}
