//! Where the billed nanoseconds go.

use std::ops::AddAssign;

use serde::{Deserialize, Serialize};

use crate::quantities::SimSpan;

/// What a container is doing, for the bill.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// From creation to ready.
    Boot,
    /// Executing at least one try that will succeed.
    Busy,
    /// Up with nothing to execute.
    Idle,
    /// Executing only tries that will fail or be killed.
    Wasted,
}

impl State {
    /// All of them, in the order of the bill.
    pub const ALL: [Self; 4] = [Self::Boot, Self::Busy, Self::Idle, Self::Wasted];

    /// Its name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Boot => "boot",
            Self::Busy => "busy",
            Self::Idle => "idle",
            Self::Wasted => "wasted",
        }
    }
}

/// Container-nanoseconds by state, inside the horizon. Every billed nanosecond stands in exactly one state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger([u64; 4]);

impl Ledger {
    /// Container time in one state.
    #[must_use]
    pub fn get(&self, state: State) -> SimSpan {
        SimSpan(self.0[state as usize])
    }

    /// All billed container time.
    #[must_use]
    pub fn billed(&self) -> SimSpan {
        SimSpan(self.0.iter().sum())
    }

    #[inline]
    pub(crate) fn add(&mut self, state: State, nanoseconds: u64) {
        self.0[state as usize] += nanoseconds;
    }

    /// Time that was booked as busy turns out to be wasted.
    pub(crate) fn turn_wasted(&mut self, nanoseconds: u64) {
        self.0[State::Busy as usize] -= nanoseconds;
        self.0[State::Wasted as usize] += nanoseconds;
    }
}

impl AddAssign for Ledger {
    fn add_assign(&mut self, other: Self) {
        for (mine, theirs) in self.0.iter_mut().zip(other.0) {
            *mine += theirs;
        }
    }
}
