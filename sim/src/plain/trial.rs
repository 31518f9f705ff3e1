//! A plain pool from the first arrival to the last departure, settled at each arrival.

use super::array::LIMIT;
use super::books::{Books, Counts};
use super::calendar::BusyContainer;
use super::incoming::Incoming;
use super::{Given, PlainWorkspace};
use crate::arrivals::Arrivals;
use crate::boot_times::BootTimes;
use crate::outcome::Outcome;
use crate::quantities::SimSpan;

/// No such instant.
pub(super) const NEVER: u64 = u64::MAX;

/// A trial under way. Instants and spans are nanoseconds.
pub(super) struct PlainTrial<'a, 'b> {
    pub(super) given: Given<'a>,
    boot_times: &'a mut BootTimes<'b>,
    /// Owned while it runs, which spares a step on the way to everything.
    pub(super) w: PlainWorkspace,
    /// The idle window.
    pub(super) window_ns: u64,
    /// When the next boot ends.
    next_ready_at: u64,
    /// Latency above which a request is late.
    pub(super) limit_ns: u64,
    /// The first request of the window that has not begun; those from there to the present arrival wait.
    pub(super) head: usize,
    /// Containers that boot or are up.
    pub(super) alive: u32,
    boots_begun: usize,
    pub(super) books: Books,
    pub(super) counts: Counts,
}

impl<'a, 'b> PlainTrial<'a, 'b> {
    pub(super) fn new(given: Given<'a>, boot_times: &'a mut BootTimes<'b>, w: PlainWorkspace) -> Self {
        let limit_ns = given.pool.models[0].latency_limit.0;
        let window_ns = given.pool.scaledown_window.fixed().map_or(0, |window| window.0);
        let books = Books::new(given.horizon);
        Self {
            given,
            boot_times,
            w,
            window_ns,
            next_ready_at: NEVER,
            limit_ns,
            head: 0,
            alive: 0,
            boots_begun: 0,
            books,
            counts: Counts::default(),
        }
    }

    pub(super) fn run(mut self, arrivals: &mut dyn Arrivals) -> (Outcome, PlainWorkspace) {
        for _ in 0..self.given.pool.min_containers {
            self.start_boot(0);
        }
        // Inside a horizon that an array can tell, only what ends after it has to be asked whether it can be told.
        let (mut place, mut is_small) = (0, self.given.horizon.end.0 < LIMIT);
        while !self.w.window.is_last {
            let done = self.head.min(place);
            let gone = self.w.window.refill(arrivals, self.given.pool, self.given.horizon, done);
            (self.head, place) = (self.head - gone, place - gone);
            // The last of the window waits for the one behind it to come in: some look ahead.
            let to = self.w.window.requests.len() - usize::from(!self.w.window.is_last);
            if is_small {
                place = self.admit_few(place, to);
                if place < to {
                    self.leave_array();
                    is_small = false;
                }
            }
            if !is_small {
                self.fit_calendar();
                self.admit(place, to);
                place = to;
            }
        }
        if is_small {
            self.leave_array();
        }
        self.finish();
        (self.books.outcome(&self.counts, &self.w.window.work, self.given.horizon), self.w)
    }

    /// As [`Self::admit`], as long as an array can hold the containers. Returns the first that does not fit.
    fn admit_few(&mut self, from: usize, to: usize) -> usize {
        let start = self.given.horizon.start.0;
        let run_in = from + self.w.window.requests[from..to].partition_point(|request| request.at < start);
        let place = self.admit_in_array(from, run_in, false);
        if place < run_in { place } else { self.admit_in_array(run_in, to, true) }
    }

    /// Lets the calendar take what the requests of the window bring.
    pub(super) fn fit_calendar(&mut self) {
        let Some(last) = self.w.window.requests.last() else { return };
        let work = &self.w.window.work;
        self.w.busy.fit(last.at / work.requests.max(1), work.longest_ns);
    }

    /// Lets the requests from `from` to `to` arrive.
    #[inline]
    fn admit(&mut self, from: usize, to: usize) {
        for place in from..to {
            let request = self.w.window.requests[place];
            self.settle(request.at, place);
            self.expire_before(request.at);
            match self.w.idle.pop_newest() {
                Some(since) => {
                    self.books.flow.idle(since, request.at);
                    self.head = place + 1;
                    // It has been idle: whoever it serves from now on arrives after its boot.
                    self.start(request.at, request, 0);
                    self.count_start(request);
                }
                None => self.scale_up(request.at, place + 1),
            }
        }
    }

    /// Lets everything happen that happens until `until`, stops excepted. Requests before `arrived` are there.
    #[inline]
    fn settle(&mut self, until: u64, arrived: usize) {
        loop {
            let free_at = self.w.busy.next_free_at();
            let ready_at = self.next_ready_at();
            let now = free_at.min(ready_at);
            if now > until || now == NEVER {
                break;
            }
            let ready_at = if free_at <= ready_at {
                self.books.flow.depart(now);
                self.w.busy.pop().ready_at
            } else {
                self.end_boot();
                ready_at
            };
            if self.head < arrived {
                self.serve_head(now, ready_at);
            } else {
                self.w.idle.push(now);
            }
        }
    }

    /// When the next boot ends.
    #[inline]
    pub(super) fn next_ready_at(&self) -> u64 {
        self.next_ready_at
    }

    /// Stops the containers whose window ran out before `until`, the longest idle first.
    #[inline]
    fn expire_before(&mut self, until: u64) {
        while let Some(since) = self.w.idle.oldest() {
            if until - since <= self.window_ns || self.alive <= self.given.pool.min_containers {
                break;
            }
            self.w.idle.drop_oldest();
            self.stop(since, since + self.window_ns);
        }
    }

    pub(super) fn stop(&mut self, idle_since: u64, at: u64) {
        self.books.stop(self.alive, idle_since, at);
        self.alive -= 1;
    }

    /// The newest of the requests before `arrived` found no container idle.
    #[inline]
    pub(super) fn scale_up(&mut self, now: u64, arrived: usize) {
        if self.w.booting.len() < arrived - self.head && self.alive < self.given.pool.max_containers {
            self.start_boot(now);
        }
    }

    fn start_boot(&mut self, now: u64) {
        let ready_at = self.next_boot(now);
        self.begin_boot(now, ready_at);
        let place = self.w.booting.partition_point(|later| *later > ready_at);
        self.w.booting.insert(place, ready_at);
        self.next_ready_at = self.next_ready_at.min(ready_at);
    }

    /// The next boot ends.
    pub(super) fn end_boot(&mut self) {
        self.w.booting.pop();
        self.next_ready_at = self.w.booting.last().copied().unwrap_or(NEVER);
    }

    /// When the next boot ends if it begins now.
    #[inline]
    pub(super) fn next_boot(&mut self, now: u64) -> u64 {
        now + self.boot_times.span(self.boots_begun, 0).0
    }

    /// One more container, in the books.
    #[inline]
    pub(super) fn begin_boot(&mut self, now: u64, ready_at: u64) {
        self.boots_begun += 1;
        self.counts.boots += u64::from(now >= self.given.horizon.start.0);
        self.books.boot(self.alive, now, ready_at);
        self.alive += 1;
    }

    /// Gives the longest waiting request to a container that became ready at `ready_at`.
    #[inline]
    fn serve_head(&mut self, now: u64, ready_at: u64) {
        let request = self.w.window.requests[self.head];
        self.head += 1;
        self.start(now, request, ready_at);
        self.count_late_start(request, now, ready_at);
    }

    /// The request begins at the instant of its arrival.
    #[inline]
    pub(super) fn count_start(&mut self, request: Incoming) {
        if request.at >= self.given.horizon.start.0 {
            self.count_end(request, request.executes_ns());
        }
    }

    /// The request begins at `now`, after it has waited, in a container that became ready at `ready_at`.
    #[inline]
    pub(super) fn count_late_start(&mut self, request: Incoming, now: u64, ready_at: u64) {
        let at = request.at;
        self.books.flow.wait(at, now);
        if at >= self.given.horizon.start.0 {
            self.counts.cold += u64::from(ready_at > at);
            self.counts.wait_ns += u128::from(now - at);
            self.counts.waited += u64::from(now > at);
            self.count_end(request, now - at + request.executes_ns());
        }
    }

    /// The request leaves the system so long after it arrived.
    #[inline]
    fn count_end(&mut self, request: Incoming, sojourn: u64) {
        if request.fails() { self.count_failure(sojourn) } else { self.count(sojourn) }
    }

    #[inline]
    pub(super) fn count(&mut self, latency: u64) {
        self.given.histogram.record(SimSpan(latency));
        self.counts.late += u64::from(latency > self.limit_ns);
    }

    #[cold]
    fn count_failure(&mut self, sojourn: u64) {
        self.given.histogram.record_infinite();
        self.counts.late += 1;
        self.counts.failed += 1;
        self.counts.failed_ns += u128::from(sojourn);
    }

    #[inline]
    fn start(&mut self, now: u64, request: Incoming, ready_at: u64) {
        let free_at = self.books.flow.begin(now, request);
        self.w.busy.push(BusyContainer { free_at, ready_at });
    }

    /// Follows what arrived to its end, and stops every container.
    fn finish(&mut self) {
        self.settle(NEVER, self.w.window.requests.len());
        self.expire_before(NEVER);
        while let Some(since) = self.w.idle.oldest() {
            self.w.idle.drop_oldest();
            self.stop(since, NEVER);
        }
        assert_eq!(self.alive, 0, "law 3: containers left after the last event");
    }
}
