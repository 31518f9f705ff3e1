//! A request inside the engine, from its arrival until it completes or fails for good.

use crate::block::BLOCK;
use crate::container::NONE;
use crate::quantile::Quantile;
use crate::quantities::{SimSpan, SimTime};
use crate::request::{Luck, Request};
use crate::{LatencyHistogram, Law, ReadyLaw};

/// A request as one pool sees it: its service time on this pool's GPU is settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival {
    /// When it arrives.
    pub at: SimTime,
    /// How long an undisturbed execution lasts here, without model switch.
    pub service: SimSpan,
    /// The seed of its failure draws.
    pub luck: Luck,
    /// Its place in the distribution of service times, for laws that are asked later.
    pub quantile: Quantile,
    /// Its model, counted within the pool.
    pub model: u16,
}

// Two to a cache line of 64 bytes.
const _: () = assert!(size_of::<Arrival>() == 32);

impl Arrival {
    /// The requests of one model as a pool with this service law sees them, in order of arrival.
    pub fn of(requests: &[Request], law: &Law, model: u16) -> impl Iterator<Item = Self> + use<> {
        let mut arrivals = Vec::new();
        Self::append(requests, &law.ready(), model, &mut arrivals);
        arrivals.into_iter()
    }

    /// Appends what [`Arrival::of`] gives to `arrivals`, a block at a time.
    pub fn append(requests: &[Request], law: &ReadyLaw, model: u16, arrivals: &mut Vec<Self>) {
        let mut quantiles = [Quantile::default(); BLOCK];
        let mut spans = [SimSpan::ZERO; BLOCK];
        arrivals.reserve(requests.len());
        for requests in requests.chunks(BLOCK) {
            let (quantiles, spans) = (&mut quantiles[..requests.len()], &mut spans[..requests.len()]);
            for (quantile, request) in quantiles.iter_mut().zip(requests) {
                *quantile = request.quantile;
            }
            law.fill_spans(quantiles, spans);
            arrivals.extend(requests.iter().zip(&*spans).map(|(request, service)| Self {
                at: request.at,
                service: *service,
                luck: request.luck,
                quantile: request.quantile,
                model,
            }));
        }
    }
}

/// The latencies of a pool's models, one histogram a model in the pool's order.
pub type Latencies = [LatencyHistogram];

/// A request in the system.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Job {
    pub(crate) arrival: Arrival,
    /// When its present try began to execute.
    pub(crate) started: SimTime,
    /// Tries that have begun.
    pub(crate) tries: u32,
    /// Whether the present try will succeed; settled when it starts.
    pub(crate) succeeds: bool,
    /// Whether a try is executing.
    pub(crate) executing: bool,
    /// The job behind it inside a serial container.
    pub(crate) behind: u32,
}

impl Job {
    #[inline]
    pub(crate) fn new(arrival: Arrival) -> Self {
        let started = SimTime::NEVER;
        Self { arrival, started, tries: 0, succeeds: false, executing: false, behind: NONE }
    }
}

/// The jobs in the system, in reused slots.
#[derive(Debug, Default)]
pub(crate) struct Jobs {
    slots: Vec<Job>,
    free: Vec<u32>,
}

impl Jobs {
    pub(crate) fn clear(&mut self) {
        self.slots.clear();
        self.free.clear();
    }

    /// How many are in the system.
    #[inline]
    pub(crate) fn len(&self) -> u64 {
        (self.slots.len() - self.free.len()) as u64
    }

    #[inline]
    pub(crate) fn insert(&mut self, arrival: Arrival) -> u32 {
        let job = Job::new(arrival);
        if let Some(index) = self.free.pop() {
            self.slots[index as usize] = job;
            return index;
        }
        self.slots.push(job);
        (self.slots.len() - 1) as u32
    }

    #[inline]
    pub(crate) fn remove(&mut self, index: u32) -> Job {
        self.free.push(index);
        self.slots[index as usize]
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, index: u32) -> &mut Job {
        &mut self.slots[index as usize]
    }
}
