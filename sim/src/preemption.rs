//! Preemption: the platform takes a container away, and its inputs restart on another.

use crate::quantities::SimSpan;

/// How often containers are taken away: after exponential times, each container by itself.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Preemption {
    /// Mean time to it.
    pub mean: SimSpan,
    /// Whether only the time counts in which the container executes something (for comparison with theory), instead of
    /// all time from the end of its boot.
    pub while_busy: bool,
}
