//! `retries`: what happens after a failed try.

use serde::{Deserialize, Serialize};

use crate::quantities::SimSpan;

/// How often a request is tried again, and after which pauses: the platform's `max_retries`, `initial_delay`,
/// `backoff_coefficient` and `max_delay`. An integer `retries` is the same with a constant pause of 1 s.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Retries {
    /// Tries after the first.
    pub max: u32,
    /// Pause before the first retry.
    pub initial_delay: SimSpan,
    /// Each further pause is so many times the one before, 1 or more.
    pub backoff_coefficient: f64,
    /// Longest pause.
    pub max_delay: SimSpan,
    /// Whether each try draws a service time of its own, instead of repeating that of its request.
    pub fresh_service: bool,
}

impl Retries {
    /// The pause of an integer `retries` (the platform's documentation as read 2026-10-07).
    pub const FIXED_DELAY: SimSpan = SimSpan(1_000_000_000);

    /// No retry.
    #[must_use]
    pub const fn none() -> Self {
        Self::fixed(0)
    }

    /// An integer `retries`: so many, one second apart.
    #[must_use]
    pub const fn fixed(max: u32) -> Self {
        Self {
            max,
            initial_delay: Self::FIXED_DELAY,
            backoff_coefficient: 1.0,
            max_delay: Self::FIXED_DELAY,
            fresh_service: false,
        }
    }

    /// The pause after the `failures`-th failed try (from 1).
    #[inline]
    pub(crate) fn delay(&self, failures: u32) -> SimSpan {
        let growth = self.backoff_coefficient.powi(failures.saturating_sub(1).min(1_000).cast_signed());
        let delay = self.initial_delay.0 as f64 * growth;
        if delay >= self.max_delay.0 as f64 { self.max_delay } else { SimSpan(delay.round() as u64) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_by_the_coefficient_up_to_the_longest() {
        let second = 1_000_000_000;
        let doubling = Retries { max: 5, backoff_coefficient: 2.0, max_delay: SimSpan(5 * second), ..Retries::none() };
        let pauses: Vec<u64> = (1..=5).map(|failures| doubling.delay(failures).0 / second).collect();
        assert_eq!(pauses, [1, 2, 4, 5, 5]);
        assert_eq!(Retries::fixed(9).delay(9), Retries::FIXED_DELAY);
    }
}
