//! Which part of a trial counts.

use serde::{Deserialize, Serialize};

use crate::quantities::SimTime;

/// The instants of a trial: a run-in from 0 to `start`, counted from `start` to `end`. Requests that arrive inside are
/// followed to their end; seconds are billed inside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Horizon {
    /// First counted instant.
    pub start: SimTime,
    /// First instant after the horizon.
    pub end: SimTime,
}

impl Horizon {
    /// Whether a request that arrives at `at` is counted.
    #[must_use]
    pub fn contains(self, at: SimTime) -> bool {
        self.start <= at && at < self.end
    }

    /// The nanoseconds of `[from, to)` that lie inside.
    #[inline]
    #[must_use]
    pub fn clip(self, from: SimTime, to: SimTime) -> u64 {
        to.0.min(self.end.0).saturating_sub(from.0.max(self.start.0))
    }
}
