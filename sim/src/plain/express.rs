//! The express: the stretches of a plain trial in which the request that arrives can be settled at once.
//!
//! All containers that are up stand in one array, sorted by the instant at which each comes free or came free: the
//! idle ones first, then the busy ones. A request takes the last of the idle ones and goes back into the array at its
//! own end, which is one pass over the busy ones without a branch that depends on the data. Where no container is
//! idle and none can be added, it takes the first of the busy ones: the recursion of Kiefer and Wolfowitz (1955).
//!
//! When several requests wait while containers boot, who serves whom depends on what comes later. Then the express
//! stops, hands its containers back, and the trial goes on request by request until all is simple again.
//!
//! Instants are kept as floating-point numbers with their own bits in the mantissa, from 2^52 on. Their order is that
//! of the integers, and the processor has a minimum and a maximum for them.

use super::calendar::BusyContainer;
use super::elastic::{Elastic, NEVER};
use crate::job::Arrival;
use crate::pool::Pool;
use crate::quantities::{SimSpan, SimTime};

/// The bits of 2^52: instants are added to them.
const BASE: u64 = 0x4330_0000_0000_0000;
/// Instants from here on (52 days) are not for the express.
const LIMIT: u64 = 1 << 52;
/// Containers are moved in blocks of so many.
const BLOCK: usize = 4;

#[inline]
fn float(instant: u64) -> f64 {
    f64::from_bits(BASE + instant)
}

#[inline]
fn instant(float: f64) -> u64 {
    float.to_bits() - BASE
}

/// The containers that are up.
#[derive(Debug, Default)]
pub(super) struct Array {
    /// Sorted; those before `first` have stopped, behind `last` stands infinity.
    free_at: Vec<f64>,
    first: usize,
    /// The first that is busy.
    busy: usize,
    last: usize,
    /// When each became ready, while that matters: for requests that arrived before.
    ready_at: Vec<u64>,
    tagged: bool,
}

impl Array {
    pub(super) fn clear(&mut self) {
        self.tagged = false;
        self.free_at.clear();
        self.free_at.resize(4 * BLOCK, f64::INFINITY);
        (self.first, self.busy, self.last) = (0, 0, 0);
    }

    /// Makes room for one more.
    #[cold]
    #[inline(never)]
    fn make_room(&mut self) {
        if self.tagged {
            self.ready_at.drain(..self.first);
        }
        self.free_at.copy_within(self.first..self.last, 0);
        self.busy -= self.first;
        self.last -= self.first;
        self.first = 0;
        if self.free_at.len() < 2 * self.last + 4 * BLOCK {
            self.free_at.resize(4 * self.last + 4 * BLOCK, f64::INFINITY);
        }
        self.free_at[self.last..].fill(f64::INFINITY);
    }

    /// One more container, that comes free at `at`, behind those that come free at that instant too.
    fn insert(&mut self, at: f64, ready_at: u64) {
        if self.last + 2 * BLOCK > self.free_at.len() {
            self.make_room();
        }
        let mut place = self.last;
        while place > self.first && self.free_at[place - 1] > at {
            self.free_at[place] = self.free_at[place - 1];
            place -= 1;
        }
        self.free_at[place] = at;
        self.last += 1;
        if self.tagged {
            self.ready_at.insert(place, ready_at);
        }
    }

    /// When the first container comes free.
    fn next_free_at(&self) -> u64 {
        if self.first < self.last { instant(self.free_at[self.first]) } else { NEVER }
    }

    /// From now on it matters when each container became ready; those that are there were ready before any request
    /// arrived that still waits.
    fn start_tags(&mut self) {
        if !self.tagged {
            self.tagged = true;
            self.ready_at.clear();
            self.ready_at.resize(self.last, 0);
        }
    }

    /// When the first container became ready, if that matters.
    fn tag(&self) -> u64 {
        if self.tagged { self.ready_at[self.first] } else { 0 }
    }

    /// The first container comes free at `at` instead, and keeps its tag.
    fn postpone_tagged(&mut self, at: f64) {
        let tag = self.ready_at[self.first];
        let mut place = self.first;
        while place + 1 < self.last && self.free_at[place + 1] <= at {
            self.free_at[place] = self.free_at[place + 1];
            self.ready_at[place] = self.ready_at[place + 1];
            place += 1;
        }
        self.free_at[place] = at;
        self.ready_at[place] = tag;
    }

    /// Those that came free until `now` are idle.
    #[inline]
    fn advance(&mut self, now: f64) {
        loop {
            let block: &[f64; BLOCK] = self.free_at[self.busy..self.busy + BLOCK].try_into().expect("a block");
            let passed = block.iter().map(|at| usize::from(at.to_bits() <= now.to_bits())).sum::<usize>();
            self.busy += passed;
            if passed < BLOCK {
                break;
            }
        }
    }

    /// The container at `place` comes free at `at` instead, later than before.
    #[inline]
    fn postpone(&mut self, place: usize, at: f64) {
        let (blocks, _) = self.free_at.as_chunks_mut::<BLOCK>();
        let blocks = &mut blocks[place / BLOCK..=self.last.div_ceil(BLOCK)];
        let mut ats = BEFORE[place % BLOCK].map(|mask| f64::from_bits(at.to_bits() & mask));
        let mut here = blocks[0];
        for index in 0..blocks.len() - 1 {
            let after = blocks[index + 1];
            let next = [here[1], here[2], here[3], after[0]];
            for lane in 0..BLOCK {
                let later = if here[lane] > ats[lane] { here[lane] } else { ats[lane] };
                blocks[index][lane] = if next[lane] < later { next[lane] } else { later };
            }
            (here, ats) = (after, [at; BLOCK]);
        }
    }
}

/// Lanes before the first that counts.
const BEFORE: [[u64; BLOCK]; BLOCK] =
    [[u64::MAX; 4], [0, u64::MAX, u64::MAX, u64::MAX], [0, 0, u64::MAX, u64::MAX], [0, 0, 0, u64::MAX]];

impl Elastic<'_, '_> {
    /// Settles the requests from `place` to `to`. Returns the first that it did not settle.
    pub(super) fn express<const COUNTED: bool>(&mut self, from: usize, to: usize) -> usize {
        let Pool { min_containers: min, max_containers: max, scaledown_window, .. } = *self.trial.pool;
        for place in from..to {
            let arrival = self.trial.arrivals[place];
            let Arrival { at: SimTime(at), service: SimSpan(service), .. } = arrival;
            if (self.head < place || self.next_ready_at() <= at) && !self.settle_in_array(at, place) {
                return place;
            }
            let array = &mut self.w.array;
            array.advance(float(at));
            while array.first < array.busy {
                let since = instant(array.free_at[array.first]);
                if at - since <= scaledown_window.0 || self.alive <= min {
                    break;
                }
                array.first += 1;
                self.books.depart(since);
                self.books.stop(self.alive, since, since + scaledown_window.0);
                self.alive -= 1;
            }
            if array.busy > array.first {
                if at + service >= LIMIT {
                    return place;
                }
                array.busy -= 1;
                let since = instant(array.free_at[array.busy]);
                self.books.depart(since);
                self.books.idle(since, at);
                let free_at = self.books.begin(at, service);
                array.postpone(array.busy, float(free_at));
                self.head = place + 1;
                if COUNTED {
                    self.count(service);
                }
            } else if self.w.booting.is_empty() && self.alive == max && self.head == place {
                let start = instant(array.free_at[array.first]);
                if start + service >= LIMIT {
                    return place;
                }
                self.books.depart(start);
                let free_at = self.books.begin(start, service);
                array.postpone(array.first, float(free_at));
                self.head = place + 1;
                self.count_late_start(&arrival, start, 0);
            } else {
                self.scale_up(at, place + 1);
            }
        }
        to
    }

    /// Lets boots end and waiting requests begin until `until`. Requests before `arrived` are there.
    #[cold]
    #[inline(never)]
    fn settle_in_array(&mut self, until: u64, arrived: usize) -> bool {
        loop {
            let ready_at = self.next_ready_at();
            if self.head == arrived {
                // Nobody waits: departures need nothing, and what has booted is idle.
                self.w.array.tagged = false;
                if ready_at > until {
                    return true;
                }
                if ready_at >= LIMIT {
                    return false;
                }
                self.w.booting.pop();
                self.books.undo_depart(ready_at);
                self.w.array.insert(float(ready_at), 0);
                continue;
            }
            let free_at = self.w.array.next_free_at();
            let now = free_at.min(ready_at);
            // When no container can be added any more, it is settled already who serves whom.
            let is_full = ready_at == NEVER && self.alive == self.trial.pool.max_containers;
            if now > until && !is_full {
                return true;
            }
            let arrival = self.trial.arrivals[self.head];
            if now + arrival.service.0 >= LIMIT {
                return false;
            }
            self.head += 1;
            let next = float(self.books.begin(now, arrival.service.0));
            let array = &mut self.w.array;
            if free_at <= ready_at {
                self.books.depart(now);
                let tag = array.tag();
                if array.tagged {
                    array.postpone_tagged(next);
                } else {
                    array.postpone(array.first, next);
                }
                self.count_late_start(&arrival, now, tag);
            } else {
                self.w.booting.pop();
                if self.head < arrived {
                    array.start_tags();
                }
                array.insert(next, ready_at);
                self.count_late_start(&arrival, now, ready_at);
            }
        }
    }

    /// Hands the containers over to the calendar.
    pub(super) fn alight(&mut self) {
        let array = &mut self.w.array;
        for place in array.first..array.last {
            let free_at = instant(array.free_at[place]);
            if place < array.busy {
                self.books.depart(free_at);
                self.w.idle.push(free_at);
            } else {
                let ready_at = if array.tagged { array.ready_at[place] } else { 0 };
                self.w.busy.push(BusyContainer { free_at, ready_at });
            }
        }
    }
}
