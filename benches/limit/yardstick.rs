//! Loops written by hand for one workload each, as fast as one would write them in an afternoon: what the engine is
//! held against. They know no run-in, no horizon, no laws and no settings; time is seconds in floating point.

use rand::SeedableRng;
use rand_distr::{Distribution, Exp1, StandardNormal};
use rand_xoshiro::Xoshiro256PlusPlus;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

/// Where requests come from.
pub(crate) trait Requests {
    /// The instant of the next arrival, in seconds since the stretch began.
    fn arrival(&mut self) -> f64;
    /// The service time of the next request that begins, in seconds.
    fn service(&mut self) -> f64;
    /// A new stretch begins.
    fn restart(&mut self) {}
}

/// Variates drawn together, one block a purpose.
const BLOCK: usize = 512;

/// How service times spread.
#[derive(Clone, Copy)]
pub(crate) enum Service {
    Exponential { mean_s: f64 },
    Lognormal { mu: f64, sigma: f64 },
}

/// Poisson arrivals, drawn while the loop runs.
pub(crate) struct DrawnInside {
    rngs: [Xoshiro256PlusPlus; 2],
    rate: f64,
    service: Service,
    now: f64,
    gaps: [f64; BLOCK],
    services: [f64; BLOCK],
    gap: usize,
    next: usize,
}

impl DrawnInside {
    pub(crate) fn new(rate: f64, service: Service) -> Self {
        let rngs = [2, 3].map(Xoshiro256PlusPlus::seed_from_u64);
        Self { rngs, rate, service, now: 0.0, gaps: [0.0; BLOCK], services: [0.0; BLOCK], gap: BLOCK, next: BLOCK }
    }
}

impl Requests for DrawnInside {
    #[inline]
    fn arrival(&mut self) -> f64 {
        if self.gap == BLOCK {
            for gap in &mut self.gaps {
                let unit: f64 = Exp1.sample(&mut self.rngs[0]);
                *gap = unit / self.rate;
            }
            self.gap = 0;
        }
        self.now += self.gaps[self.gap];
        self.gap += 1;
        self.now
    }

    #[inline]
    fn service(&mut self) -> f64 {
        if self.next == BLOCK {
            for service in &mut self.services {
                *service = match self.service {
                    Service::Exponential { mean_s } => {
                        let unit: f64 = Exp1.sample(&mut self.rngs[1]);
                        unit * mean_s
                    }
                    Service::Lognormal { mu, sigma } => {
                        let score: f64 = StandardNormal.sample(&mut self.rngs[1]);
                        (mu + sigma * score).exp()
                    }
                };
            }
            self.next = 0;
        }
        let service = self.services[self.next];
        self.next += 1;
        service
    }

    fn restart(&mut self) {
        self.now = 0.0;
    }
}

/// Requests as (arrival, service) in seconds, one stretch after the other.
pub(crate) struct DrawnBefore<'a> {
    requests: &'a [(f64, f64)],
    arrival: usize,
    service: usize,
}

impl<'a> DrawnBefore<'a> {
    pub(crate) fn new(requests: &'a [(f64, f64)]) -> Self {
        Self { requests, arrival: 0, service: 0 }
    }
}

impl Requests for DrawnBefore<'_> {
    #[inline]
    fn arrival(&mut self) -> f64 {
        self.arrival += 1;
        self.requests[self.arrival - 1].0
    }

    #[inline]
    fn service(&mut self) -> f64 {
        self.service += 1;
        self.requests[self.service - 1].1
    }
}

/// What a loop found out.
pub(crate) struct Findings {
    buckets: Vec<u32>,
    pub(crate) requests: u64,
    pub(crate) latency_s: f64,
    pub(crate) busy_s: f64,
    pub(crate) billed_s: f64,
    pub(crate) boots: u64,
}

/// Buckets an octave of the histogram, from 2^-32 to 2^32 seconds.
const OCTAVE: usize = 128;

impl Findings {
    fn new() -> Self {
        let buckets = vec![0; 64 * OCTAVE];
        Self { buckets, requests: 0, latency_s: 0.0, busy_s: 0.0, billed_s: 0.0, boots: 0 }
    }

    #[inline]
    fn count(&mut self, latency: f64, service: f64) {
        let bits = ((latency + 1e-9).to_bits() >> 45) as usize;
        let bucket = bits.wrapping_sub((1023 - 32) * OCTAVE).min(self.buckets.len() - 1);
        self.buckets[bucket] += 1;
        self.requests += 1;
        self.latency_s += latency;
        self.busy_s += service;
    }

    pub(crate) fn quantile_s(&self, p: f64) -> f64 {
        let rank = (p * self.requests as f64) as u64;
        let mut seen = 0;
        for (bucket, count) in self.buckets.iter().enumerate() {
            seen += u64::from(*count);
            if seen > rank {
                return f64::from_bits(((bucket + (1023 - 32) * OCTAVE) as u64) << 45);
            }
        }
        f64::NAN
    }
}

/// First come, first served on `SERVERS` servers: each request begins on the one that comes free first.
pub(crate) fn always_warm<const SERVERS: usize>(requests: &mut impl Requests, stretches: &[usize]) -> Findings {
    let mut findings = Findings::new();
    for stretch in stretches {
        requests.restart();
        let mut free_at = [0.0f64; SERVERS];
        for _ in 0..*stretch {
            let (now, service) = (requests.arrival(), requests.service());
            let start = if free_at[0] > now { free_at[0] } else { now };
            let mut carried = start + service;
            for place in 1..SERVERS {
                let other = free_at[place];
                let earlier = other < carried;
                free_at[place - 1] = if earlier { other } else { carried };
                carried = if earlier { carried } else { other };
            }
            free_at[SERVERS - 1] = carried;
            findings.count(start + service - now, service);
        }
    }
    findings
}

/// The settings of the serverless pool.
#[derive(Clone, Copy)]
pub(crate) struct Serverless {
    pub(crate) window_s: f64,
    pub(crate) max: usize,
    pub(crate) boot_mu: f64,
    pub(crate) boot_sigma: f64,
}

/// Containers boot when requests wait, serve the newest idle first and stop when their window has run out. No event
/// list: what happened since the last arrival is settled at the next.
pub(crate) fn serverless(pool: Serverless, requests: &mut impl Requests, stretches: &[usize]) -> Findings {
    let mut findings = Findings::new();
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(4);
    let (mut busy, mut booting) = (Busy::default(), Vec::new());
    let (mut idle, mut waiting) = (VecDeque::new(), VecDeque::new());
    for stretch in stretches {
        requests.restart();
        let mut alive = 0;
        for arrival in 0..=*stretch {
            let now = if arrival < *stretch { requests.arrival() } else { f64::INFINITY };
            loop {
                let (free_at, ready_at) = (busy.first(), booting.last().copied().unwrap_or(f64::INFINITY));
                let at = if free_at <= ready_at { free_at } else { ready_at };
                if at > now || at == f64::INFINITY {
                    break;
                }
                if free_at <= ready_at {
                    busy.pop();
                } else {
                    booting.pop();
                }
                if let Some(arrived) = waiting.pop_front() {
                    let service = requests.service();
                    findings.count(at - arrived + service, service);
                    busy.push(at + service);
                } else {
                    idle.push_back(at);
                }
            }
            while let Some(since) = idle.front().copied().filter(|since| since + pool.window_s <= now) {
                idle.pop_front();
                findings.billed_s += since + pool.window_s;
                alive -= 1;
            }
            if arrival == *stretch {
                break;
            }
            if idle.pop_back().is_some() {
                let service = requests.service();
                findings.count(service, service);
                busy.push(now + service);
                continue;
            }
            waiting.push_back(now);
            if booting.len() < waiting.len() && alive < pool.max {
                alive += 1;
                findings.boots += 1;
                findings.billed_s -= now;
                let score: f64 = StandardNormal.sample(&mut rng);
                let ready_at = now + (pool.boot_mu + pool.boot_sigma * score).exp();
                booting.insert(booting.partition_point(|other| *other > ready_at), ready_at);
            }
        }
    }
    findings
}

/// Instants at which servers come free: a sorted array (latest first), and a heap for what does not fit into it.
#[derive(Default)]
struct Busy {
    sorted: Vec<f64>,
    heap: BinaryHeap<Reverse<Instant>>,
}

#[derive(Clone, Copy, PartialEq)]
struct Instant(f64);

impl Eq for Instant {}

impl PartialOrd for Instant {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Instant {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl Busy {
    const ARRAY: usize = 64;

    #[inline]
    fn first(&self) -> f64 {
        let array = self.sorted.last().copied().unwrap_or(f64::INFINITY);
        match self.heap.peek() {
            Some(Reverse(Instant(heap))) if *heap < array => *heap,
            _ => array,
        }
    }

    #[inline]
    fn pop(&mut self) {
        let array = self.sorted.last().copied().unwrap_or(f64::INFINITY);
        match self.heap.peek() {
            Some(Reverse(Instant(heap))) if *heap < array => drop(self.heap.pop()),
            _ => drop(self.sorted.pop()),
        }
    }

    #[inline]
    fn push(&mut self, free_at: f64) {
        if self.sorted.len() >= Self::ARRAY {
            self.heap.push(Reverse(Instant(free_at)));
            return;
        }
        self.sorted.push(free_at);
        let mut place = self.sorted.len() - 1;
        while place > 0 && self.sorted[place - 1] < free_at {
            self.sorted[place] = self.sorted[place - 1];
            place -= 1;
        }
        self.sorted[place] = free_at;
    }
}
