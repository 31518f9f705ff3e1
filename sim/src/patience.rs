//! `client_timeout`: clients that give up.

use crate::law::Law;

/// When a client gives up, counted from the arrival of its request.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Patience {
    /// How long it waits.
    pub law: Law,
    /// Whether it gives up only while its request has never been executed. Otherwise it may give up at any time; what a
    /// container has accepted by then is executed and billed all the same.
    pub in_queue_only: bool,
}
