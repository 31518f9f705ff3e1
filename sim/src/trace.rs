//! The first events of a trial, one by one, so that a person can follow them.

use serde::{Deserialize, Serialize};

use crate::quantities::{SimSpan, SimTime};

/// The first events of a trial.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trace {
    limit: usize,
    /// At most as many as were asked for, in the order in which they happened.
    pub events: Vec<TraceEvent>,
}

/// One event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TraceEvent {
    /// When.
    pub at: SimTime,
    /// Index of the pool in the group.
    pub pool: u16,
    /// Number of the container in its pool, in the order of starts.
    pub container: Option<u32>,
    /// Number of the request in the trial, in the order of arrivals, and its model.
    pub request: Option<(u32, u16)>,
    /// What happened.
    pub what: What,
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// A request arrives.
    Arrives,
    /// It joins the queue, with so many before it.
    Queues {
        /// Requests before it.
        before: u32,
    },
    /// It is turned away: the queue is as long as `max_pending` allows.
    Rejected,
    /// It goes to the fallback pool.
    FallsBack {
        /// Why.
        because: FallbackReason,
        /// Index of the fallback pool.
        to: u16,
    },
    /// It is not answered in time: a second copy of it is sent.
    Hedges {
        /// Index of the pool of the second copy.
        to: u16,
    },
    /// One of its copies is over without an answer: the other one is left.
    LeftToTheOther,
    /// The other copy has answered: this one does not wait any longer, or is stopped.
    Withdrawn,
    /// It is accepted and waits inside its container behind others.
    WaitsInside,
    /// A try begins to execute.
    Executes {
        /// Time to become the loaded model, included in what follows.
        switch: SimSpan,
        /// Time to load its adapter, likewise.
        load: SimSpan,
        /// Whether it waited for a boot.
        cold: bool,
    },
    /// A try succeeds and the request completes.
    Completes {
        /// Time from arrival to completion.
        latency: SimSpan,
        /// Whether its client has given up, or the other copy has answered: the result is nobody's.
        in_vain: bool,
    },
    /// A try fails.
    TryFails {
        /// Whether it was killed at its timeout.
        timed_out: bool,
    },
    /// It will come back after a pause.
    WillRetry {
        /// The pause.
        after: SimSpan,
    },
    /// Its last try failed.
    Fails,
    /// Its client gives up.
    GivesUp,
    /// The next step of its chain arrives as a request of this model.
    Continues {
        /// The next step's model.
        model: u16,
    },
    /// A container is wanted.
    Starts {
        /// Containers wanted.
        wanted: u32,
        /// Containers there, booting or up, this one included.
        have: u32,
    },
    /// The quota keeps a wanted container from starting.
    Denied,
    /// A container waits for capacity.
    WaitsForCapacity {
        /// How long.
        wait: SimSpan,
        /// Which of the pool's GPU types it will be.
        hardware: u16,
    },
    /// A boot ends: the container takes requests.
    Ready,
    /// A boot fails.
    BootFails,
    /// A boot is cancelled.
    Cancelled,
    /// An idle container stops.
    Stops {
        /// How long it was idle.
        idle: SimSpan,
    },
    /// The platform takes a container away.
    Preempted,
    /// A batch of this size starts.
    Batch {
        /// Its size.
        size: u32,
    },
    /// The bounds of a pool change.
    Bounds {
        /// `min_containers` from now on.
        min: u32,
        /// `max_containers` from now on.
        max: u32,
    },
}

/// Why a request goes to the fallback pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FallbackReason {
    /// It would have been turned away.
    Rejection,
    /// Its try failed.
    Failure,
    /// It queued, or would have queued, too long.
    Wait,
}

impl Trace {
    /// A trace of the first `limit` events.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self { limit, events: Vec::new() }
    }

    #[inline]
    pub(crate) fn note(&mut self, event: TraceEvent) {
        if self.events.len() < self.limit {
            self.events.push(event);
        }
    }
}
