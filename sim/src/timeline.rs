//! What a day looks like: container time by state, queue and arrivals in bins of equal length.

use serde::{Deserialize, Serialize};

use crate::horizon::Horizon;
use crate::ledger::State;
use crate::quantities::{SimSpan, SimTime};

/// A day in bins, summed over the trials recorded into it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Timeline {
    horizon: Horizon,
    bin_ns: u64,
    /// Container-nanoseconds by bin and state (order of [`State::ALL`]).
    pub states_ns: Vec<[u64; 4]>,
    /// Queue length times nanoseconds by bin.
    pub queue_ns: Vec<u64>,
    /// Arrivals by bin.
    pub arrivals: Vec<u64>,
    /// How many trials were recorded.
    pub trials: u32,
}

impl Timeline {
    /// # Panics
    /// If `bins` is 0.
    #[must_use]
    pub fn new(horizon: Horizon, bins: usize) -> Self {
        assert!(bins > 0, "a timeline without bins");
        let bin_ns = (horizon.end - horizon.start).0.div_ceil(bins as u64);
        let (states_ns, queue_ns, arrivals) = (vec![[0; 4]; bins], vec![0; bins], vec![0; bins]);
        Self { horizon, bin_ns, states_ns, queue_ns, arrivals, trials: 0 }
    }

    /// Length of a bin.
    #[must_use]
    pub fn bin(&self) -> SimSpan {
        SimSpan(self.bin_ns)
    }

    /// Adds the bins of `other`.
    ///
    /// # Panics
    /// If `other` was recorded over another horizon or with other bins.
    pub fn merge(&mut self, other: &Self) {
        assert_eq!((self.horizon, self.bin_ns), (other.horizon, other.bin_ns), "timelines of different horizons");
        for (mine, theirs) in self.states_ns.iter_mut().zip(&other.states_ns) {
            for (a, b) in mine.iter_mut().zip(theirs) {
                *a += b;
            }
        }
        for (mine, theirs) in self.queue_ns.iter_mut().zip(&other.queue_ns) {
            *mine += theirs;
        }
        for (mine, theirs) in self.arrivals.iter_mut().zip(&other.arrivals) {
            *mine += theirs;
        }
        self.trials += other.trials;
    }

    /// One more arrival; a later step of a chain may lie outside the day.
    pub(crate) fn arrival(&mut self, at: SimTime) {
        if self.horizon.contains(at) {
            let bin = ((at - self.horizon.start).0 / self.bin_ns) as usize;
            self.arrivals[bin] += 1;
        }
    }

    pub(crate) fn state(&mut self, state: State, from: SimTime, to: SimTime) {
        self.spread(from, to, |this, bin, ns| this.states_ns[bin][state as usize] += ns);
    }

    /// Time that was recorded as busy turns out to be wasted.
    pub(crate) fn turn_wasted(&mut self, from: SimTime, to: SimTime) {
        self.spread(from, to, |this, bin, ns| {
            this.states_ns[bin][State::Busy as usize] -= ns;
            this.states_ns[bin][State::Wasted as usize] += ns;
        });
    }

    pub(crate) fn queue(&mut self, length: u64, from: SimTime, to: SimTime) {
        if length > 0 {
            self.spread(from, to, |this, bin, ns| this.queue_ns[bin] += length * ns);
        }
    }

    /// Calls `add` with each bin that `[from, to)` touches and the nanoseconds of it inside.
    fn spread(&mut self, from: SimTime, to: SimTime, add: impl Fn(&mut Self, usize, u64)) {
        let mut at = from.max(self.horizon.start);
        let end = to.min(self.horizon.end);
        while at < end {
            let bin = (at - self.horizon.start).0 / self.bin_ns;
            let edge = self.horizon.start + SimSpan((bin + 1) * self.bin_ns);
            let next = edge.min(end);
            add(self, bin as usize, (next - at).0);
            at = next;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_spread_over_its_bins_and_clipped_to_the_horizon() {
        let mut timeline = Timeline::new(Horizon { start: SimTime(100), end: SimTime(140) }, 4);
        timeline.state(State::Idle, SimTime(95), SimTime(125));
        timeline.queue(2, SimTime(138), SimTime(200));
        assert_eq!(timeline.states_ns.iter().map(|s| s[State::Idle as usize]).collect::<Vec<_>>(), [10, 10, 5, 0]);
        assert_eq!(timeline.queue_ns, [0, 0, 0, 4]);
    }
}
