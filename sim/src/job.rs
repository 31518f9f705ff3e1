//! A request inside the engine, from its arrival until it completes or fails for good.

use crate::LatencyHistogram;
use crate::block::BLOCK;
use crate::container::NONE;
use crate::quantile::Quantile;
use crate::quantities::{SimSpan, SimTime};
use crate::request::{Luck, Request};
use crate::service::{ReadyService, Service};

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
    /// The requests of one model as a pool with this service time sees them, in order of arrival.
    pub fn of<S: Into<Service>>(requests: &[Request], service: S, model: u16) -> impl Iterator<Item = Self> + use<S> {
        let mut arrivals = Vec::new();
        Self::append(requests, &service.into().ready(), model, &mut arrivals);
        arrivals.into_iter()
    }

    /// Appends what [`Arrival::of`] gives to `arrivals`, a block at a time.
    pub fn append(requests: &[Request], service: &ReadyService, model: u16, arrivals: &mut Vec<Self>) {
        let mut spans = [SimSpan::ZERO; BLOCK];
        arrivals.reserve(requests.len());
        for requests in requests.chunks(BLOCK) {
            let spans = &mut spans[..requests.len()];
            service.fill_spans(requests, spans);
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

/// Tries of a second copy are counted from here: half of the addresses that a request has.
const SECOND_COPY: u32 = 1 << 15;

/// Where a request stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// In the queue of its pool.
    Queued,
    /// Waiting for the container that it started and is bound to.
    Bound,
    /// Inside a container, behind others.
    Inside,
    /// Executing.
    Executing,
    /// Between a failed try and the next.
    Pausing,
}

/// A request in the system, or one of two copies of it.
#[expect(clippy::struct_excessive_bools, reason = "facts about a request that are true or not, each by itself")]
#[derive(Debug, Clone, Copy)]
pub(crate) struct Job {
    pub(crate) arrival: Arrival,
    /// When the first request of its chain arrived, and its model.
    pub(crate) root: (SimTime, u16),
    /// When it joined the queue.
    pub(crate) queued_at: SimTime,
    /// When a container accepted it.
    pub(crate) accepted_at: SimTime,
    /// When its present try began to execute.
    pub(crate) started: SimTime,
    /// Processor sharing: the container's virtual time at which its try ends.
    pub(crate) ends_at_virtual: f64,
    /// Number of the request in the trial: tells it from others that had the same place in memory.
    pub(crate) ordinal: u32,
    /// Changes with every move: an event that names an older one is stale.
    pub(crate) ticket: u32,
    /// Executions that have begun.
    pub(crate) executions: u32,
    /// Tries that have failed in the present pool.
    pub(crate) failures: u32,
    /// Its container, while it is in one or bound to one.
    pub(crate) container: u32,
    /// Neighbours in its list.
    pub(crate) links: (u32, u32),
    /// The other copy of the same request, while both may still answer it; `NONE` for most.
    pub(crate) twin: u32,
    /// The client that waits for it; `NONE` for what arrived whatever happened to others.
    pub(crate) client: u32,
    /// Its present pool.
    pub(crate) pool: u16,
    pub(crate) place: Place,
    /// Whether the present try will succeed; settled when it starts.
    pub(crate) succeeds: bool,
    /// Whether it counts: its chain began inside the horizon.
    pub(crate) counted: bool,
    /// Whether its client has given up, or the other copy has answered; what is left is work for nobody.
    pub(crate) abandoned: bool,
    /// Whether the other copy has answered while this one executed.
    pub(crate) lost: bool,
    /// Whether it is the second copy of a request.
    pub(crate) second: bool,
    /// Whether the other copy has been executed.
    pub(crate) begun_elsewhere: bool,
    /// Whether its service time is not the one that the arrival brought.
    pub(crate) away: bool,
}

// Two cache lines.
const _: () = assert!(size_of::<Job>() <= 128);

impl Job {
    #[inline]
    pub(crate) fn new(arrival: Arrival, ordinal: u32) -> Self {
        Self {
            arrival,
            root: (arrival.at, arrival.model),
            queued_at: arrival.at,
            accepted_at: arrival.at,
            started: SimTime::NEVER,
            ends_at_virtual: 0.0,
            ordinal,
            ticket: 0,
            executions: 0,
            failures: 0,
            container: NONE,
            links: (NONE, NONE),
            twin: NONE,
            client: NONE,
            pool: 0,
            place: Place::Queued,
            succeeds: false,
            counted: false,
            abandoned: false,
            lost: false,
            second: false,
            begun_elsewhere: false,
            away: false,
        }
    }

    /// Whether it is the first of two copies that may both still answer.
    #[inline]
    pub(crate) fn is_hedged(&self) -> bool {
        self.twin != NONE && !self.second
    }

    /// Whether its request has ever been executed.
    #[inline]
    pub(crate) fn has_begun(&self) -> bool {
        self.executions > 0 || self.begun_elsewhere
    }

    /// The address of its present try among the draws of its request: that of a second copy is not that of the first.
    #[inline]
    pub(crate) fn attempt(&self) -> u32 {
        self.executions + if self.second { SECOND_COPY } else { 0 }
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

    /// How many slots are taken.
    pub(crate) fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// Those that are left.
    pub(crate) fn all(&self) -> Vec<Job> {
        self.slots.iter().filter(|job| job.ordinal != NONE).copied().collect()
    }

    #[inline]
    pub(crate) fn insert(&mut self, arrival: Arrival, ordinal: u32) -> u32 {
        let job = Job::new(arrival, ordinal);
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
        let job = self.slots[index as usize];
        // No event may find it any more.
        self.slots[index as usize].ticket = 0;
        self.slots[index as usize].ordinal = NONE;
        job
    }

    #[inline]
    pub(crate) fn get(&self, index: u32) -> &Job {
        &self.slots[index as usize]
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, index: u32) -> &mut Job {
        &mut self.slots[index as usize]
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn some_arrival() -> Arrival {
        let (at, service) = (SimTime::START, SimSpan(10_000_000_000));
        Arrival { at, service, luck: Luck(1), quantile: Quantile::default(), model: 0 }
    }

    #[test]
    fn a_job_in_a_reused_place_is_not_the_one_before() {
        let mut jobs = Jobs::default();
        let first = jobs.insert(some_arrival(), 0);
        jobs.remove(first);
        let second = jobs.insert(some_arrival(), 1);
        assert_eq!((first, jobs.get(second).ordinal, jobs.len()), (second, 1, 1));
    }
}
