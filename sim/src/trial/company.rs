//! Requests that meet in the only container of a pool, from the first arrival to the last end in one step.
//!
//! Where one container is all there is, and it takes its inputs one at a time, the course of each request is known when
//! it arrives: it starts when the one before it ends. So requests that find company wait here, undecided, until the
//! container has served them all; then each is settled as one that is alone. Should one of them need more than that,
//! a second container or another try, all of them go through the event list from the first on: until then nothing of
//! them stands in any state or book.

use super::Trial;
use super::failing::{TryLength, try_length};
use crate::job::Arrival;
use crate::pool::{Execution, Pool};
use crate::quantities::SimTime;

/// Requests that meet in the only container, in order of arrival.
#[derive(Debug, Default)]
pub(super) struct Company(Vec<Visit>);

/// What will become of one of them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Visit {
    pub(super) arrival: Arrival,
    pub(super) start: SimTime,
    pub(super) end: SimTime,
}

impl Company {
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// When the last of them leaves.
    #[inline]
    pub(super) fn ends(&self) -> SimTime {
        self.0.last().map_or(SimTime::START, |last| last.end)
    }
}

/// How many inputs the only container of a pool may hold without anything happening that a request alone would not see:
/// more would start another container. Below two there is no company.
pub(super) fn most_together(pool: &Pool) -> usize {
    let serial = pool.execution == Execution::Serial && !pool.timeout_from_accept;
    if serial { pool.max_inputs.min(pool.target_inputs) as usize } else { 0 }
}

impl Trial<'_, '_, '_, '_, '_> {
    /// A request that the next one will find in the only container. Returns whether it may be joined there.
    pub(super) fn expect_company(&mut self, visit: Visit) -> bool {
        let may_be_joined = self.most_together > 1;
        if may_be_joined {
            self.w.company.0.push(visit);
        }
        may_be_joined
    }

    /// A request that arrives while others are expected to be in the only container. Returns whether it joins them;
    /// otherwise they have gone through the event list.
    pub(super) fn join_company(&mut self, arrival: &Arrival) -> bool {
        let visits = &self.w.company.0;
        let inside = visits.iter().rev().take_while(|visit| visit.end > self.now).count();
        if let Some(last) = visits.last().filter(|_| inside < self.most_together) {
            let pool = self.pool(0);
            let switch = pool.models[usize::from(arrival.model)].switch_in[usize::from(last.arrival.model)];
            let TryLength { lasts, succeeds } = try_length(pool, arrival, 0, switch + arrival.service, pool.timeout);
            if succeeds {
                let visit = Visit { arrival: *arrival, start: last.end, end: last.end + lasts };
                self.w.company.0.push(visit);
                return true;
            }
        }
        self.dissolve_company();
        false
    }

    /// All of them go through the event list, up to now.
    fn dissolve_company(&mut self) {
        let now = self.now;
        let mut visits = std::mem::take(&mut self.w.company.0);
        for Visit { arrival, .. } in visits.drain(..) {
            self.advance(arrival.at);
            self.arrive(arrival);
        }
        self.w.company.0 = visits;
        self.advance(now);
    }

    /// All of them have been served, and nobody else comes before `next`.
    pub(super) fn settle_company(&mut self, next: SimTime) {
        let mut visits = std::mem::take(&mut self.w.company.0);
        if let [first, others @ ..] = visits.as_slice() {
            let idle = self.w.pools[0].levels.latest_idle();
            if idle.is_none() && self.nobody_finds_it(others.last().unwrap_or(first).end, next) {
                self.pass_by(&visits);
            } else {
                let index = idle.unwrap_or_else(|| self.start_cold(first));
                for visit in &visits {
                    self.serve_alone(visit, index);
                }
            }
        }
        visits.clear();
        self.w.company.0 = visits;
    }
}
