//! A plain trial with few containers: all that are up stand in one sorted array, the idle ones first, then the busy
//! ones. A request takes the last idle container and puts it back into the array where it comes free.

use super::array::{LIMIT, float, instant};
use super::calendar::BusyContainer;
use super::incoming::Incoming;
use super::trial::{NEVER, PlainTrial};

impl PlainTrial<'_, '_> {
    /// Lets the requests from `from` to `to` arrive. Returns the first that does not fit: an instant beyond
    /// [`LIMIT`], or too many busy containers.
    #[inline(never)]
    pub(super) fn admit_in_array(&mut self, from: usize, to: usize, is_counted: bool) -> usize {
        let mut place = from;
        let is_fixed = self.given.pool.min_containers == self.given.pool.max_containers;
        while place < to {
            if is_fixed && self.head == place && self.next_ready_at() == NEVER {
                place = self.admit_always_full(place, to, is_counted);
                if place == to {
                    break;
                }
            }
            if is_counted && self.is_alone(place) {
                place = self.admit_alone(place, to);
                if place == to {
                    break;
                }
            }
            let request = self.w.window.requests[place];
            let at = request.at;
            let fits = at + request.executes_ns() < LIMIT && !self.are_many();
            if !fits || self.happens_until(at, place) && !self.settle_in_array(at, place) {
                break;
            }
            self.w.array.advance(float(at));
            self.expire_in_array(at);
            let is_idle = self.w.array.busy > self.w.array.first;
            if !is_idle && !self.is_full() {
                if !self.serve_cold_alone(request, place) {
                    self.scale_up(at, place + 1);
                }
            } else if self.head == place && self.serve_simply(request, is_idle, is_counted) {
                self.head = place + 1;
            } else if is_idle {
                self.serve_idle(request);
                self.head = place + 1;
            }
            place += 1;
        }
        place
    }

    /// Whether a boot ends until `until`, or a request before `arrived` waits.
    #[inline]
    fn happens_until(&self, until: u64, arrived: usize) -> bool {
        self.head < arrived || self.next_ready_at() <= until
    }

    /// Whether too many containers are busy for an array.
    #[inline]
    fn are_many(&self) -> bool {
        self.w.array.last - self.w.array.busy > self.given.few
    }

    /// Whether no container can be added, and none is being.
    #[inline]
    fn is_full(&self) -> bool {
        self.alive == self.given.pool.max_containers && self.next_ready_at() == NEVER
    }

    /// The most recently idle container serves the request that arrives; where none is idle, the first that comes
    /// free. Returns whether it was simple: no failure, and all instants on the same side of the horizon's edges.
    #[inline]
    fn serve_simply(&mut self, request: Incoming, is_idle: bool, is_counted: bool) -> bool {
        let (at, service) = (request.at, request.succeeds_in_ns());
        let array = &mut self.w.array;
        let taken = if is_idle { array.busy - 1 } else { array.first };
        let since = instant(array.free_at[taken]);
        let free_at = since.max(at) + service;
        let is_simple = if is_counted {
            self.books.flow.serve::<true>(since, at, free_at)
        } else {
            self.books.flow.serve::<false>(since, at, free_at)
        };
        if !is_simple {
            return false;
        }
        array.busy = taken;
        array.postpone(taken, float(free_at));
        if is_counted {
            self.counts.wait_ns += u128::from(since.saturating_sub(at));
            self.counts.waited += u64::from(since > at);
            self.count(free_at - at);
        }
        true
    }

    /// Stops the containers whose window ran out before `until`.
    #[inline]
    fn expire_in_array(&mut self, until: u64) {
        let window = self.window_ns;
        while self.w.array.first < self.w.array.busy && self.alive > self.given.pool.min_containers {
            let since = instant(self.w.array.free_at[self.w.array.first]);
            if until - since <= window {
                break;
            }
            self.w.array.first += 1;
            self.books.flow.depart(since);
            self.stop(since, since + window);
        }
    }

    /// The request at `place` boots the only container there is, and begins there before the next one arrives. Returns
    /// whether that is so.
    #[inline]
    fn serve_cold_alone(&mut self, request: Incoming, place: usize) -> bool {
        if self.alive > 0 || self.head < place {
            return false;
        }
        let ready_at = self.next_boot(request.at);
        let next_at = self.w.window.next_at(place, NEVER);
        if ready_at > next_at || ready_at + request.executes_ns() >= LIMIT {
            return false;
        }
        self.begin_boot(request.at, ready_at);
        let free_at = self.books.flow.begin(ready_at, request);
        self.w.array.insert(float(free_at), 0);
        self.count_late_start(request, ready_at, ready_at);
        self.head = place + 1;
        true
    }

    /// The most recently idle container serves the request that arrives, though not simply.
    #[cold]
    fn serve_idle(&mut self, request: Incoming) {
        let at = request.at;
        let array = &mut self.w.array;
        array.busy -= 1;
        let since = instant(array.free_at[array.busy]);
        self.books.flow.depart(since);
        self.books.flow.idle(since, at);
        let free_at = self.books.flow.begin(at, request);
        array.postpone_tagged(array.busy, float(free_at));
        self.count_start(request);
    }

    /// Lets boots end and waiting requests begin until `until`. Requests before `arrived` are there. Returns whether
    /// it could: no instant was beyond [`LIMIT`].
    #[inline]
    fn settle_in_array(&mut self, until: u64, arrived: usize) -> bool {
        while self.head < arrived {
            let (free_at, ready_at) = (self.w.array.next_free_at(), self.next_ready_at());
            // When no container can be added any more, it is settled already who serves whom.
            if free_at.min(ready_at) > until && !self.is_full() {
                return true;
            }
            if free_at.min(ready_at) + self.w.window.requests[self.head].executes_ns() >= LIMIT {
                return false;
            }
            self.serve_head_in_array(free_at, ready_at, arrived);
        }
        // Nobody waits: departures need nothing done, and what has booted is idle.
        self.w.array.tagged = false;
        while self.next_ready_at() <= until {
            let ready_at = self.next_ready_at();
            self.end_boot();
            self.books.flow.ready(ready_at);
            self.w.array.insert(float(ready_at), 0);
        }
        true
    }

    /// Gives the longest waiting request to the first container, at `free_at`, or to the next to boot, at `ready_at`.
    fn serve_head_in_array(&mut self, free_at: u64, ready_at: u64, arrived: usize) {
        let request = self.w.window.requests[self.head];
        self.head += 1;
        let now = free_at.min(ready_at);
        let next = float(self.books.flow.begin(now, request));
        if free_at > ready_at {
            self.end_boot();
            let array = &mut self.w.array;
            if self.head < arrived {
                array.start_tags();
            }
            array.insert(next, ready_at);
            self.count_late_start(request, now, ready_at);
            return;
        }
        self.books.flow.depart(now);
        let array = &mut self.w.array;
        let tag = array.tag();
        array.postpone_tagged(array.first, next);
        self.count_late_start(request, now, tag);
    }

    /// Hands the containers over to the calendar.
    pub(super) fn leave_array(&mut self) {
        self.fit_calendar();
        let array = &mut self.w.array;
        for place in array.first..array.last {
            let free_at = instant(array.free_at[place]);
            if place < array.busy {
                self.books.flow.depart(free_at);
                self.w.idle.push(free_at);
            } else {
                let ready_at = if array.tagged { array.ready_at[place] } else { 0 };
                self.w.busy.push(BusyContainer { free_at, ready_at });
            }
        }
    }
}
