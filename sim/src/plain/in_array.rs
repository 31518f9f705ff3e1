//! A plain trial with few containers: all that are up stand in one sorted array, the idle ones first, then the busy
//! ones. A request takes the last idle container and puts it back into the array where it comes free.

use super::array::{LIMIT, float, instant};
use super::calendar::BusyContainer;
use super::trial::{NEVER, PlainTrial};
use crate::job::Arrival;
use crate::quantities::{SimSpan, SimTime};

impl PlainTrial<'_, '_> {
    /// Lets the requests from `from` to `to` arrive. Returns the first that does not fit: an instant beyond
    /// [`LIMIT`].
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
            let arrival = self.given.arrivals[place];
            let Arrival { at: SimTime(at), service: SimSpan(service), .. } = arrival;
            if at + service >= LIMIT || self.happens_until(at, place) && !self.settle_in_array(at, place) {
                break;
            }
            self.w.array.advance(float(at));
            self.expire_in_array(at);
            let is_idle = self.w.array.busy > self.w.array.first;
            if !is_idle && !self.is_full() {
                if !self.serve_cold_alone(&arrival, place) {
                    self.scale_up(at, place + 1);
                }
            } else if self.head == place && self.serve_simply(&arrival, is_idle, is_counted) {
                self.head = place + 1;
            } else if is_idle {
                self.serve_idle(&arrival);
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

    /// Whether no container can be added, and none is being.
    #[inline]
    fn is_full(&self) -> bool {
        self.alive == self.given.pool.max_containers && self.next_ready_at() == NEVER
    }

    /// The most recently idle container serves the request that arrives; where none is idle, the first that comes
    /// free. Returns whether it was simple: all instants on the same side of the horizon's edges.
    #[inline]
    fn serve_simply(&mut self, arrival: &Arrival, is_idle: bool, is_counted: bool) -> bool {
        let (at, service) = (arrival.at.0, arrival.service.0);
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
        let window = self.given.window_ns;
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
    fn serve_cold_alone(&mut self, arrival: &Arrival, place: usize) -> bool {
        if self.alive > 0 || self.head < place {
            return false;
        }
        let ready_at = self.next_boot(arrival.at.0);
        let next_at = self.given.arrivals.get(place + 1).map_or(NEVER, |next| next.at.0);
        if ready_at > next_at || ready_at + arrival.service.0 >= LIMIT {
            return false;
        }
        self.begin_boot(arrival.at.0, ready_at);
        let free_at = self.books.flow.begin(ready_at, arrival.service.0);
        self.w.array.insert(float(free_at), 0);
        self.count_late_start(arrival, ready_at, ready_at);
        self.head = place + 1;
        true
    }

    /// The most recently idle container serves the request that arrives, though not simply.
    #[cold]
    fn serve_idle(&mut self, arrival: &Arrival) {
        let at = arrival.at.0;
        let array = &mut self.w.array;
        array.busy -= 1;
        let since = instant(array.free_at[array.busy]);
        self.books.flow.depart(since);
        self.books.flow.idle(since, at);
        let free_at = self.books.flow.begin(at, arrival.service.0);
        array.postpone_tagged(array.busy, float(free_at));
        if arrival.at >= self.given.horizon.start {
            self.count(arrival.service.0);
        }
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
            if free_at.min(ready_at) + self.given.arrivals[self.head].service.0 >= LIMIT {
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
        let arrival = self.given.arrivals[self.head];
        self.head += 1;
        let now = free_at.min(ready_at);
        let next = float(self.books.flow.begin(now, arrival.service.0));
        if free_at > ready_at {
            self.end_boot();
            let array = &mut self.w.array;
            if self.head < arrived {
                array.start_tags();
            }
            array.insert(next, ready_at);
            self.count_late_start(&arrival, now, ready_at);
            return;
        }
        self.books.flow.depart(now);
        let array = &mut self.w.array;
        let tag = array.tag();
        array.postpone_tagged(array.first, next);
        self.count_late_start(&arrival, now, tag);
    }

    /// Hands the containers over to the calendar.
    pub(super) fn leave_array(&mut self) {
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
