//! `scaledown_window`: how long an idle container stays.

use crate::law::Law;
use crate::quantities::SimSpan;

/// How long an idle container stays.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Window {
    /// Always the same time: the platform's rule. At the floor it runs out all the same, and the container stops at the
    /// first instant at which the floor lets it.
    Fixed(SimSpan),
    /// Drawn anew each time that a container falls idle; for comparison with theory. At the floor as above.
    Drawn(Law),
    /// Memoryless, with timers that run only while their container may stop: at any instant as many as there are idle
    /// containers above the floor; for comparison with theory.
    Paused {
        /// Mean of each timer.
        mean: SimSpan,
    },
}

impl Window {
    /// The window, where it is the same for all.
    #[must_use]
    pub fn fixed(&self) -> Option<SimSpan> {
        match self {
            Self::Fixed(window) => Some(*window),
            _ => None,
        }
    }
}
