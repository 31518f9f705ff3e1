//! Fallback pools: where requests go that cannot stay in theirs.

use crate::quantities::SimSpan;

/// Where requests of a pool go, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fallback {
    /// Index of the fallback pool in the group.
    pub pool: u16,
    /// Calls that `max_pending` would reject go there.
    pub on_rejection: bool,
    /// A request whose try fails is tried again there, at once, instead of here.
    pub on_failure: bool,
    /// A request that has to queue longer than this goes there.
    pub on_wait: Option<SimSpan>,
    /// Whether `on_wait` is compared with the wait predicted at the arrival, instead of with the time waited.
    pub predicted: bool,
}
