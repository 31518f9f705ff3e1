//! Container time by the hour of the day, as the bill has it: who caused it, on which GPU type, in which state.

use serde::{Deserialize, Serialize};

use crate::horizon::Horizon;
use crate::ledger::{Ledger, State};
use crate::quantities::{SimSpan, SimTime};

const HOUR_NS: u64 = 3_600_000_000_000;

/// Hours of a day.
pub const HOURS: usize = 24;

/// The ledgers of a pool hour by hour, summed over the trials recorded into it. A trial of several days adds each of
/// them; the first hour is that in which the horizon begins.
///
/// Over all hours it is what [`PoolOutcome`](crate::PoolOutcome) holds, to the nanosecond.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HourBook {
    horizon: Horizon,
    accounts: usize,
    /// Hour by hour, one entry an account: a GPU type of the pool and a model of the group, type by type.
    ledgers: Vec<Ledger>,
    /// Hour by hour, one entry a GPU type: what rounding adds to the bill of containers that stop then.
    rounding_ns: Vec<u64>,
}

impl HourBook {
    /// - `hardware`: GPU types of the pool.
    /// - `models`: models of the group.
    ///
    /// # Panics
    /// If either is 0.
    #[must_use]
    pub fn new(horizon: Horizon, hardware: usize, models: usize) -> Self {
        assert!(hardware > 0 && models > 0, "a book of nobody");
        let accounts = hardware * models;
        Self {
            horizon,
            accounts,
            ledgers: vec![Ledger::default(); HOURS * accounts],
            rounding_ns: vec![0; HOURS * hardware],
        }
    }

    /// The time of an account in an hour of the day.
    ///
    /// - `account`: GPU type times models, plus model, as in [`PoolOutcome::ledgers`](crate::PoolOutcome::ledgers).
    #[must_use]
    pub fn ledger(&self, hour: usize, account: usize) -> &Ledger {
        &self.ledgers[hour * self.accounts + account]
    }

    /// What rounding adds to the bill of the containers of a GPU type that stop in an hour of the day.
    #[must_use]
    pub fn rounding(&self, hour: usize, hardware: usize) -> SimSpan {
        SimSpan(self.rounding_ns[hour * (self.rounding_ns.len() / HOURS) + hardware])
    }

    #[inline]
    pub(crate) fn spend(&mut self, account: usize, state: State, from: SimTime, to: SimTime) {
        self.spread(account, from, to, |ledger, nanoseconds| ledger.add(state, nanoseconds));
    }

    /// Time that was recorded as busy turns out to be wasted.
    pub(crate) fn turn_wasted(&mut self, account: usize, from: SimTime, to: SimTime) {
        self.spread(account, from, to, Ledger::turn_wasted);
    }

    /// Calls `book` with the account's ledger of each hour that `[from, to)` touches and the nanoseconds of it inside.
    #[inline]
    fn spread(&mut self, account: usize, from: SimTime, to: SimTime, book: impl Fn(&mut Ledger, u64)) {
        let mut at = from.max(self.horizon.start);
        let end = to.min(self.horizon.end);
        while at < end {
            let hour = (at - self.horizon.start).0 / HOUR_NS;
            let next = (self.horizon.start + SimSpan((hour + 1) * HOUR_NS)).min(end);
            let place = (hour % HOURS as u64) as usize * self.accounts + account;
            book(&mut self.ledgers[place], (next - at).0);
            at = next;
        }
    }

    /// A container stops inside the horizon, and is billed for longer than it was there.
    pub(crate) fn round_up(&mut self, hardware: usize, stops: SimTime, nanoseconds: u64) {
        let hour = (stops - self.horizon.start).0 / HOUR_NS % HOURS as u64;
        let types = self.rounding_ns.len() / HOURS;
        self.rounding_ns[hour as usize * types + hardware] += nanoseconds;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: a day and an hour from 6:00 of the clock of the run-in. 90 minutes from the 23rd hour on reach into the
    /// second day's first; what lies outside the horizon is nobody's.
    #[test]
    fn a_span_is_spread_over_its_hours_and_days_follow_each_other() {
        let at = |hours: f64| SimTime((hours * HOUR_NS as f64) as u64);
        let mut book = HourBook::new(Horizon { start: at(6.0), end: at(31.0) }, 2, 3);
        book.spend(4, State::Idle, at(5.0), at(6.5));
        book.spend(4, State::Idle, at(29.0), at(30.5));
        book.spend(1, State::Boot, at(30.75), at(33.0));
        let minutes = |hour, account, state| book.ledger(hour, account).get(state).0 * 60 / HOUR_NS;
        assert_eq!([0, 1, 22, 23].map(|hour| minutes(hour, 4, State::Idle)), [60, 0, 0, 60]);
        assert_eq!([0, 1].map(|hour| minutes(hour, 1, State::Boot)), [15, 0]);
        book.round_up(1, at(6.0), 7);
        book.round_up(1, at(30.5), 5);
        assert_eq!((book.rounding(0, 1), book.rounding(0, 0)), (SimSpan(12), SimSpan::ZERO));
    }
}
