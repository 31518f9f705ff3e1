//! The requests of a plain trial as they come in: a window over its arrivals, from the first that waits to the end of
//! the present block.

use crate::arrivals::Arrivals;
use crate::horizon::Horizon;
use crate::job::Arrival;
use crate::pool::Pool;
use crate::trial::{TryLength, try_length};

/// Stands in the executing time of a request that fails at the end of it.
const FAILS: u64 = 1 << 63;

/// A request as a plain pool sees it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Incoming {
    /// When it arrives.
    pub(super) at: u64,
    tagged_ns: u64,
}

impl Incoming {
    #[inline]
    fn of(pool: &Pool, arrival: &Arrival) -> Self {
        let TryLength { lasts, succeeds } = try_length(pool, arrival, 0, arrival.service, pool.timeout);
        Self { at: arrival.at.0, tagged_ns: lasts.0 | if succeeds { 0 } else { FAILS } }
    }

    /// How long it executes.
    #[inline]
    pub(super) fn executes_ns(self) -> u64 {
        self.tagged_ns & !FAILS
    }

    /// How long it executes; beyond every horizon if it fails. So a loop that serves what ends inside the horizon
    /// leaves those that fail to its caller without asking.
    #[inline]
    pub(super) fn succeeds_in_ns(self) -> u64 {
        self.tagged_ns
    }

    #[inline]
    pub(super) fn fails(self) -> bool {
        self.tagged_ns & FAILS != 0
    }
}

/// What the requests have brought that have come so far, before any of them is served.
#[derive(Debug, Default)]
pub(super) struct Work {
    /// The longest execution.
    pub(super) longest_ns: u64,
    /// The number of requests, and the sum of their arrivals, each moved into the horizon, modulo 2^64.
    pub(super) requests: u64,
    pub(super) arrived: u64,
    /// The number of those that arrive inside the horizon, and the sum of their executions.
    pub(super) counted: u64,
    pub(super) counted_ns: u128,
}

impl Work {
    fn add(&mut self, requests: &[Incoming], horizon: Horizon) {
        let run_in = requests.partition_point(|request| request.at < horizon.start.0);
        let (before, counted) = requests.split_at(run_in);
        self.requests += requests.len() as u64;
        self.counted += counted.len() as u64;
        self.arrived = self.arrived.wrapping_add(horizon.start.0.wrapping_mul(before.len() as u64));
        for request in before {
            self.longest_ns = self.longest_ns.max(request.executes_ns());
        }
        for request in counted {
            self.longest_ns = self.longest_ns.max(request.executes_ns());
            self.arrived = self.arrived.wrapping_add(request.at);
            self.counted_ns += u128::from(request.executes_ns());
        }
    }
}

/// The window.
#[derive(Debug, Default)]
pub(super) struct Window {
    pub(super) requests: Vec<Incoming>,
    /// Whether the last request of the trial is among them.
    pub(super) is_last: bool,
    pub(super) work: Work,
}

impl Window {
    pub(super) fn clear(&mut self) {
        self.requests.clear();
        self.is_last = false;
        self.work = Work::default();
    }

    /// Lets the next block come in. The first `done` requests are not needed any more; how many of them are gone.
    ///
    /// # Panics
    /// If a request arrives after the horizon.
    pub(super) fn refill(&mut self, arrivals: &mut dyn Arrivals, pool: &Pool, horizon: Horizon, done: usize) -> usize {
        // Not before they are half of the window: who waits is moved a few times at most.
        let gone = if 2 * done >= self.requests.len() { done } else { 0 };
        self.requests.drain(..gone);
        let before = self.requests.len();
        let block = arrivals.next_block();
        self.is_last = block.is_empty();
        self.requests.extend(block.iter().map(|arrival| Incoming::of(pool, arrival)));
        if let Some(last) = self.requests.last() {
            assert!(last.at < horizon.end.0, "an arrival after the horizon");
        }
        self.work.add(&self.requests[before..], horizon);
        gone
    }

    /// When the request behind the one at `place` arrives, `never` if none does.
    #[inline]
    pub(super) fn next_at(&self, place: usize, never: u64) -> u64 {
        self.requests.get(place + 1).map_or(never, |next| next.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::tests::some_arrival;
    use crate::pool::PoolModel;
    use crate::quantities::{SimSpan, SimTime};

    #[test]
    fn what_waits_stays_and_what_fails_is_told_apart() {
        let arrival = |k: u64| Arrival { at: SimTime(k), service: SimSpan(100 + k), ..some_arrival() };
        let all: Vec<Arrival> = (0..1_300).map(arrival).collect();
        let pool = Pool { timeout: SimSpan(1_000), ..Pool::new(vec![PoolModel::new(1, SimSpan(1))]) };
        let horizon = Horizon { start: SimTime(600), end: SimTime(2_000) };
        let (mut window, mut first, mut done) = (Window::default(), 0, 0);
        let mut rest = &all[..];
        while !window.is_last {
            let gone = window.refill(&mut rest, &pool, horizon, done);
            first += gone as u64;
            assert_eq!(window.requests[0].at, first);
            // Some wait.
            done = window.requests.len() - 200;
            for request in &window.requests {
                assert_eq!(request.fails(), request.at > 900, "at {}", request.at);
                assert_eq!(request.executes_ns(), (100 + request.at).min(1_000));
                assert_eq!(request.succeeds_in_ns() < horizon.end.0, !request.fails());
            }
        }
        assert_eq!(window.requests.last().map(|request| request.at), Some(1_299));
        let Work { longest_ns, requests, counted, counted_ns, .. } = window.work;
        let sum: u64 = (600..1_300u64).map(|k| (100 + k).min(1_000)).sum();
        assert_eq!((longest_ns, requests, counted, counted_ns), (1_000, 1_300, 700, u128::from(sum)));
    }
}
