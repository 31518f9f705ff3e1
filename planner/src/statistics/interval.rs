//! Intervals.

use serde::{Deserialize, Serialize};

/// The ends of a confidence interval, in the unit of what it is about.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end, at least `low`.
    pub high: f64,
}

impl Interval {
    /// Whether `value` lies inside, ends included.
    #[must_use]
    pub fn contains(self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }
}

/// The probability that each of two equal tails is left.
///
/// # Panics
/// If `confidence` is not strictly between 0 and 1.
pub(super) fn tail_of(confidence: f64) -> f64 {
    assert!(confidence > 0.0 && confidence < 1.0, "confidence {confidence} is not between 0 and 1");
    (1.0 - confidence) / 2.0
}
