//! What is simulated together: pools that share a quota, GPU capacity, fallback or chains of requests.

use rand::Rng;

use crate::boot_times::BootTimes;
use crate::horizon::Horizon;
use crate::law::Law;
use crate::pool::Pool;
use crate::quantile::Quantile;
use crate::quantities::{SimSpan, SimTime};
use crate::request::Luck;
use crate::stream::{Role, StreamKey, stream};

/// Pools that are simulated together. Pools that share nothing are simulated one by one.
#[derive(Debug, Clone, Copy)]
pub struct Group<'a> {
    /// At least one. Every pool lists every model of the group, also those that it never serves.
    pub pools: &'a [Pool],
    /// One entry a model; empty when all belong to the first pool and nothing is chained.
    pub models: &'a [GroupModel],
    /// What may be in use at once over all pools.
    pub quota: Quota,
    /// How containers of each GPU type come; empty when there is always capacity.
    pub capacity: &'a [Capacity],
}

/// Where requests of a model arrive and what follows them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GroupModel {
    /// Index of its pool.
    pub home: u16,
    /// What a completed request leads to.
    pub next: Option<ChainStep>,
}

/// The next step of a chain: arrives when the former request completes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ChainStep {
    /// Its model.
    pub model: u16,
    /// Probability of the step.
    pub probability: f64,
}

/// The workspace's limits over all pools.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// Containers in use at once.
    pub containers: u32,
    /// GPUs in use at once.
    pub gpus: u32,
}

impl Quota {
    /// No limit.
    pub const NONE: Self = Self { containers: u32::MAX, gpus: u32::MAX };
}

/// How containers of one GPU type come.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Capacity {
    /// Wait for a container from its request to its creation; `None` for none.
    pub wait: Option<Law>,
    /// Which list of scarcity periods holds for it; types may share one. `None` when it is never scarce.
    pub scarcity: Option<u16>,
}

/// A stretch of time in which no container of a GPU type is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scarcity {
    /// First instant of it.
    pub from: SimTime,
    /// First instant after it.
    pub to: SimTime,
}

/// What chance brings to a trial besides its requests.
#[derive(Debug)]
pub struct Draws<'a, 'b> {
    /// The boots of each pool.
    pub boots: &'a mut [BootTimes<'b>],
    /// The luck of each pool's containers.
    pub lucks: &'a [Luck],
    /// Lists of scarcity periods, each in order and without overlaps.
    pub scarcity: &'a [Vec<Scarcity>],
}

impl Scarcity {
    /// The periods of one process in one trial: gaps and lengths in turn, a gap first, to the end of the horizon.
    ///
    /// - `address`: seed, trial and key of the process.
    #[must_use]
    pub fn periods(address: (u64, u32, StreamKey), every: &Law, lasts: &Law, horizon: Horizon) -> Vec<Self> {
        let (seed, trial, key) = address;
        let mut rng = stream(seed, trial, key, Role::Scarcity);
        let mut next = |law: &Law| law.span(Quantile(rng.next_u32()));
        let mut periods = Vec::new();
        let mut at = SimTime::START;
        while at < horizon.end {
            let from = at + next(every);
            let to = from + next(lasts);
            // Gaps of nothing, drawn again and again, would never come to an end.
            at = to.max(SimTime(at.0 + 1));
            periods.push(Self { from, to });
        }
        periods
    }
}

impl<'a> Group<'a> {
    /// A group of one pool.
    #[must_use]
    pub fn of(pool: &'a Pool) -> Self {
        Self { pools: std::slice::from_ref(pool), models: &[], quota: Quota::NONE, capacity: &[] }
    }

    /// The pool in which requests of a model arrive.
    #[inline]
    #[must_use]
    pub fn home(&self, model: u16) -> usize {
        self.models.get(usize::from(model)).map_or(0, |model| usize::from(model.home))
    }

    /// The first model whose requests arrive in a pool: what `min_containers` load. The group's first where none does.
    pub(crate) fn first_model(&self, pool: usize) -> u16 {
        self.models.iter().position(|model| usize::from(model.home) == pool).unwrap_or(0) as u16
    }

    /// What a completed request of a model may lead to.
    #[inline]
    pub(crate) fn next(&self, model: u16) -> Option<ChainStep> {
        self.models.get(usize::from(model)).and_then(|model| model.next)
    }

    /// Whether requests of a model come as later steps of chains too.
    pub(crate) fn is_step(&self, model: usize) -> bool {
        self.models.iter().any(|other| other.next.is_some_and(|step| usize::from(step.model) == model))
    }

    /// The pools of which one holds a request that goes from fallback to fallback, this one first.
    fn ways(&self, start: usize) -> impl Iterator<Item = &'a Pool> {
        let next = |pool: &&'a Pool| pool.fallback.map(|fallback| &self.pools[usize::from(fallback.pool)]);
        std::iter::successors(Some(&self.pools[start]), next)
    }

    /// Two copies of a request, and what one of them has executed for nobody, are followed where containers execute one
    /// input at a time; and where no client gives up.
    fn assert_hedges_legally(&self, start: usize) {
        let pool = &self.pools[start];
        let Some(hedge) = pool.fallback.and_then(|fallback| fallback.hedge) else { return };
        assert!(hedge.after > SimSpan::ZERO, "a request is hedged some time after its arrival");
        assert!(pool.patience.is_none(), "no client of a hedged request gives up");
        assert!(self.ways(start).all(Pool::executes_singly), "hedging: one input at a time, in all its pools");
    }

    /// # Panics
    /// If the group is not one that the engine simulates: a bug of whoever made it.
    pub(crate) fn assert_legal(&self) {
        assert!(!self.pools.is_empty(), "a group without pools");
        let models = self.pools[0].models.len();
        assert!(self.models.is_empty() || self.models.len() == models, "every model of the group has an entry");
        for pool in self.pools {
            pool.assert_legal();
            assert_eq!(pool.models.len(), models, "every pool lists every model of the group");
        }
        for start in 0..self.pools.len() {
            let mut at = start;
            for _ in 0..self.pools.len() {
                let Some(fallback) = &self.pools[at].fallback else { break };
                at = usize::from(fallback.pool);
                assert_ne!(at, start, "a fallback cycle");
            }
            self.assert_hedges_legally(start);
        }
    }
}

/// How long a container of a GPU type waits for capacity when it is asked for at `at`, with luck `u` in (0, 1).
pub(crate) fn capacity_wait(capacity: Option<&Capacity>, scarcity: &[Vec<Scarcity>], at: SimTime, u: f64) -> SimSpan {
    let Some(capacity) = capacity else { return SimSpan::ZERO };
    let periods = capacity.scarcity.and_then(|list| scarcity.get(usize::from(list))).map_or(&[][..], Vec::as_slice);
    // The last period that began by then: they do not overlap.
    let place = periods.partition_point(|period| period.from <= at);
    let ends = periods[..place].last().map_or(at, |period| period.to.max(at));
    let wait = capacity.wait.map_or(SimSpan::ZERO, |law| law.span(Quantile::of_uniform(u)));
    (ends - at) + wait
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capacity_comes_after_its_wait_and_after_the_scarcity() {
        let capacity = Capacity { wait: Some(Law::Deterministic { seconds: 2.0 }), scarcity: Some(0) };
        let period = |from, to| Scarcity { from: SimTime(from), to: SimTime(to) };
        let lists = [vec![period(10, 20), period(50, 60)]];
        let second = 1_000_000_000;
        let wait = |at| capacity_wait(Some(&capacity), &lists, SimTime(at), 0.5).0 - 2 * second;
        assert_eq!([wait(0), wait(10), wait(19), wait(20), wait(55)], [0, 10, 1, 0, 5]);
        assert_eq!(capacity_wait(None, &lists, SimTime(15), 0.5), SimSpan::ZERO);
    }
}
