//! A plain pool whose number of containers never changes (`min_containers` = `max_containers`), once all have booted.
//!
//! Then it matters to nobody which of the idle containers serves. So each request takes the container that came free
//! first, or will: the recursion of J. Kiefer and J. Wolfowitz (1955), *On the theory of queues with many servers*,
//! Transactions of the American Mathematical Society 78.

use super::array::{float, instant};
use super::trial::PlainTrial;
use crate::quantities::SimSpan;

/// Requests at once: their waiting times fit into 64 bits together.
const AT_ONCE: usize = 1 << 12;

impl PlainTrial<'_, '_> {
    /// Lets requests from `from` to `to` arrive, the first of which finds nobody waiting, until one does not fit.
    /// Returns that one.
    pub(super) fn admit_always_full(&mut self, from: usize, to: usize, is_counted: bool) -> usize {
        match (self.alive, is_counted) {
            (0..=4, true) => self.admit_by_recursion::<true, 4>(from, to),
            (5..=8, true) => self.admit_by_recursion::<true, 8>(from, to),
            (9..=16, true) => self.admit_by_recursion::<true, 16>(from, to),
            (0..=16, false) => self.admit_by_recursion::<false, 16>(from, to),
            _ => from,
        }
    }

    /// The same for up to `SIZE` containers.
    fn admit_by_recursion<const COUNTED: bool, const SIZE: usize>(&mut self, from: usize, to: usize) -> usize {
        let array = &mut self.w.array;
        let up = array.first..array.last;
        let mut free_at = [f64::INFINITY; SIZE];
        free_at[..up.len()].copy_from_slice(&array.free_at[up.clone()]);
        if COUNTED {
            // What was idle before the horizon is idle from its start on, for all that is counted.
            let start = float(self.given.horizon.start.0);
            for at in &mut free_at {
                *at = if *at > start { *at } else { start };
            }
        }
        let mut flow = self.books.flow;
        let (mut wait_ns, mut waited, mut late) = (0u64, 0, 0);
        let mut recorder = self.given.histogram.recorder();
        let limit_ns = self.limit_ns;
        let mut place = from;
        for request in &self.w.window.requests[from..to.min(from + AT_ONCE)] {
            let (at, since) = (request.at, instant(free_at[0]));
            let end = since.max(at) + request.succeeds_in_ns();
            if !flow.serve::<COUNTED>(since, at, end) {
                break;
            }
            let mut carried = float(end);
            for place in 1..SIZE {
                let other = free_at[place];
                let is_earlier = other < carried;
                free_at[place - 1] = if is_earlier { other } else { carried };
                carried = if is_earlier { carried } else { other };
            }
            free_at[SIZE - 1] = carried;
            if COUNTED {
                let latency_ns = end - at;
                recorder.record(SimSpan(latency_ns));
                // Less than 2^52 each, and 2^12 of them.
                wait_ns = wait_ns.wrapping_add(since.max(at).wrapping_sub(at));
                waited += u64::from(since > at);
                late += u64::from(latency_ns > limit_ns);
            }
            place += 1;
        }
        self.books.flow = flow;
        if COUNTED {
            recorder.finish((place - from) as u64);
        }
        self.counts.wait_ns += u128::from(wait_ns);
        self.counts.waited += waited;
        self.counts.late += late;
        self.head = place;
        // Where none was served, the array still knows who was idle when it last looked.
        if place > from {
            array.busy = up.start;
            array.free_at[up.clone()].copy_from_slice(&free_at[..up.len()]);
            array.advance(float(self.w.window.requests[place - 1].at));
        }
        place
    }
}
