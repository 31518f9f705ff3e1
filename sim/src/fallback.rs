//! Fallback pools: where requests go that cannot stay in theirs, or not only there.

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
    /// A request that is not answered in time is sent there a second time.
    pub hedge: Option<Hedge>,
}

/// When a request is sent a second time. The first completion is the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hedge {
    /// So long after its arrival.
    pub after: SimSpan,
    /// Whether the copy that lost stops at once when it executes, instead of running to its end.
    pub cancel_loser: bool,
}
