//! The conservation laws: what must be true of every trial whatever its settings. Checked in release builds too;
//! a violation is a bug of ours and ends the program.

use crate::group::Group;
use crate::horizon::Horizon;
use crate::ledger::{Ledger, State};
use crate::quantities::SimTime;

/// Counts kept on the side while a trial runs, to be compared with its outcome. All are of the whole trial, run-in
/// included, unless they are clipped to the horizon.
#[derive(Debug, Default)]
pub(crate) struct Audit {
    pub(crate) arrived: u64,
    pub(crate) completed: u64,
    pub(crate) failed: u64,
    pub(crate) rejected: u64,
    pub(crate) abandoned: u64,
    pub(crate) failed_tries: u64,
    pub(crate) retries: u64,
    /// Tries of requests whose client had given up, that failed and were not tried again.
    pub(crate) dropped: u64,
    /// Requests that were sent a second time.
    pub(crate) hedged: u64,
    /// Of those: one copy completed while the other was left.
    pub(crate) answered: u64,
    /// One copy failed, or was rejected, and left the request to the other.
    pub(crate) copies_failed: u64,
    pub(crate) copies_rejected: u64,
    /// Requests that clients sent, and how many of them a client was told the end of.
    pub(crate) sent: u64,
    pub(crate) told: u64,
    /// Both copies are in the system when nothing more happens.
    pub(crate) copies_stuck: u64,
    /// Clipped execution time of all tries, each once.
    pub(crate) tries_ns: u64,
    /// Clipped container time from stops minus births.
    pub(crate) alive_ns: u64,
    /// Clipped sum of the times from arrival to departure.
    pub(crate) sojourn_ns: u128,
    population: Area,
    /// Billed containers of each pool.
    pub(crate) pools: Vec<Area>,
    in_use_since: SimTime,
}

/// A piecewise-constant count and its clipped integral over time.
#[derive(Debug, Default)]
pub(crate) struct Area {
    since: SimTime,
    area_ns: u128,
}

impl Area {
    /// The count was `count` until now.
    #[inline]
    pub(crate) fn settle(&mut self, horizon: Horizon, count: u64, now: SimTime) {
        let span = horizon.clip(self.since, now);
        self.area_ns += u128::from(count) * u128::from(span);
        self.since = now;
    }
}

impl Audit {
    pub(crate) fn of_pools(pools: usize) -> Self {
        Self { pools: std::iter::repeat_with(Area::default).take(pools).collect(), ..Self::default() }
    }

    /// The number of requests in the system, `count` until now, is about to change.
    #[inline]
    pub(crate) fn population(&mut self, horizon: Horizon, count: u64, now: SimTime) {
        self.population.settle(horizon, count, now);
    }

    /// A request that nothing could surprise was in the system for `inside` nanoseconds of the horizon, executed for
    /// `executing` of them, and left at `to`, with nobody in the system who arrived before it.
    #[inline]
    pub(crate) fn settled(&mut self, inside: u64, executing: u64, to: SimTime) {
        self.arrived += 1;
        self.completed += 1;
        self.tries_ns += executing;
        self.sojourn_ns += u128::from(inside);
        self.population.area_ns += u128::from(inside);
        self.population.since = to;
    }

    /// The only container of the only pool lived from `born` to `stopped`.
    #[inline]
    pub(crate) fn passed(&mut self, horizon: Horizon, born: SimTime, stopped: SimTime) {
        self.pools[0].settle(horizon, 0, born);
        self.pools[0].settle(horizon, 1, stopped);
        self.alive_ns += horizon.clip(born, stopped);
    }

    /// The number of containers in use is about to change. Returns whether it stood inside the horizon.
    #[inline]
    pub(crate) fn in_use_since(&mut self, horizon: Horizon, now: SimTime) -> bool {
        let since = std::mem::replace(&mut self.in_use_since, now);
        horizon.clip(since, now) > 0
    }

    /// - `ledgers`: one a pool.
    /// - `in_system`: requests that nothing will ever serve.
    /// - `waiting`: clients that wait for one of those.
    ///
    /// # Panics
    /// If a law is broken; the message names it and both sides.
    pub(crate) fn check(&self, group: &Group<'_>, ledgers: &[Ledger], in_system: u64, waiting: u64) {
        let Self { arrived, completed, failed, rejected, abandoned, .. } = *self;
        let ended = completed + failed + rejected + abandoned;
        assert_eq!(
            arrived,
            ended + in_system,
            "law 1: arrivals = completed + failed + rejected + abandoned + in the system"
        );

        let executing: u64 = ledgers.iter().map(|ledger| ledger.get(State::Busy).0 + ledger.get(State::Wasted).0).sum();
        if group.pools.iter().all(crate::pool::Pool::is_one_at_a_time) {
            assert_eq!(executing, self.tries_ns, "law 2: busy and wasted time = the tries that ran, each once");
        } else {
            assert!(executing <= self.tries_ns, "law 2: busy {executing} above the tries that ran {}", self.tries_ns);
        }

        let billed: u64 = ledgers.iter().map(|ledger| ledger.billed().0).sum();
        assert_eq!(billed, self.alive_ns, "law 3: boot + busy + idle + wasted = stops - births");
        for (ledger, area) in ledgers.iter().zip(&self.pools) {
            let billed = u128::from(ledger.billed().0);
            assert_eq!(billed, area.area_ns, "law 3: billed time = integral of the containers billed");
        }

        assert_eq!(
            self.sojourn_ns, self.population.area_ns,
            "law 4 (Little): sojourn times = integral of the population"
        );

        assert!(self.retries <= self.failed_tries, "law 6: {} retries of {} failures", self.retries, self.failed_tries);
        assert_eq!(
            self.retries + self.failed + self.dropped + self.copies_failed,
            self.failed_tries,
            "law 6: a failed try is retried, or ends its request or its copy"
        );
        assert_eq!(
            self.hedged,
            self.answered + self.copies_failed + self.copies_rejected + self.copies_stuck,
            "law 6: of two copies one answers, or one leaves the request to the other"
        );

        assert_eq!(self.sent, self.told + waiting, "law 7: who has sent a request waits for it, or was told its end");
        assert!(waiting <= in_system, "law 7: {waiting} clients wait for {in_system} requests");
    }
}
