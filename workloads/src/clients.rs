//! Who asks: how many clients there are, how often each comes, and how long it stays away in between.
//!
//! Memory is bounded: of more than [`TRACKED_MAX`] clients those are looked at whose names hash into an ever smaller part of
//! all hashes, which is a simple random sample of the clients, the same for the same log (Flajolet 1990, adaptive
//! sampling). How large that part is is known after the log was read once; the gaps are those of the second time.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::describe::{GapHistogram, Moments, Quantile};
use crate::likelihood::{LikeliestLaw, Weighted};
use crate::name_hash::name_hash;

/// Most clients that are looked at.
pub const TRACKED_MAX: usize = 10_000;
/// A client that stayed away longer has come anew: the half hour by which web servers' logs are cut into visits
/// (Catledge and Pitkow 1995, "Characterizing browsing strategies in the World-Wide Web", 25.5 min).
const PAUSE_S: f64 = 1800.0;
/// A client with fewer gaps has no spread of its own to speak of.
const OWN_GAPS_MIN: u64 = 10;
/// Quantiles of what clients differ in, in per cent.
const PERCENTS: [f64; 5] = [10.0, 50.0, 90.0, 99.0, 100.0];
/// Quantiles of the gaps, in per cent.
const GAP_PERCENTS: [f64; 6] = [10.0, 25.0, 50.0, 75.0, 90.0, 99.0];
const NS_PER_S: f64 = 1e9;

/// The clients of a log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Clients {
    /// How many there are; an estimate where not all were looked at.
    pub clients: f64,
    /// How many were looked at: all, or a random sample.
    pub tracked: u64,
    /// Whether it was a sample.
    pub is_sample: bool,
    /// Requests that name no client.
    pub nameless_requests: u64,
    /// Requests of a client in the mean.
    pub requests_mean: f64,
    /// Quantiles of the clients' requests.
    pub requests: Vec<ClientQuantile>,
    /// Share of the requests that the busiest tenth of the clients has.
    pub busiest_tenth_share: f64,
    /// Share of the clients with a single request.
    pub once_share: f64,
    /// Gaps between requests of the same client; none for counts in bins, and where nobody came twice.
    pub gaps: Option<ClientGaps>,
}

/// A quantile over clients.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ClientQuantile {
    /// Share of the clients, in per cent.
    pub percent: f64,
    /// Up to which these lie.
    pub value: f64,
}

/// Gaps between requests of the same client, those of all clients together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClientGaps {
    /// How many.
    pub number: u64,
    /// Their mean, in seconds.
    pub mean_s: f64,
    /// Their coefficient of variation (n); none where all are 0.
    pub cv: Option<f64>,
    /// Their quantiles.
    pub quantiles: Vec<Quantile>,
    /// Quantiles over the clients with ten gaps or more of the coefficient of variation of a client's own gaps; empty where
    /// there is none.
    pub own_cv: Vec<ClientQuantile>,
    /// The likeliest gamma law; gaps of 0 count as half a step of the stamps. None where fewer than two gaps differ.
    pub gamma: Option<LikeliestLaw>,
    /// The likeliest Weibull law.
    pub weibull: Option<LikeliestLaw>,
    /// Requests of a visit in the mean: a client that was away for more than half an hour comes anew.
    pub requests_of_visit: f64,
    /// Mean gap within a visit, in seconds; none where every visit is one request.
    pub gap_of_visit_s: Option<f64>,
}

/// Which clients are looked at.
#[derive(Debug, Clone, Default)]
pub(crate) struct ClientSample {
    hashes: BTreeSet<u64>,
    /// Hashes below 2^(64 - level) are.
    level: u32,
    /// The client that was asked for last: many come in runs.
    last: u64,
}

impl ClientSample {
    pub(crate) fn add(&mut self, client: &str) {
        let hash = name_hash(client);
        if client.is_empty() || hash == self.last || !self.holds(hash) {
            return;
        }
        self.last = hash;
        self.hashes.insert(hash);
        while self.hashes.len() > TRACKED_MAX {
            self.level += 1;
            let level = self.level;
            self.hashes.retain(|hash| is_below(*hash, level));
        }
    }

    /// Whether the log has clients.
    pub(crate) fn is_empty(&self) -> bool {
        self.hashes.is_empty() && self.level == 0
    }

    fn holds(&self, hash: u64) -> bool {
        is_below(hash, self.level)
    }
}

fn is_below(hash: u64, level: u32) -> bool {
    hash.leading_zeros() >= level
}

/// Sums over the requests of each client that is looked at.
#[derive(Debug, Clone)]
pub(crate) struct ClientBook {
    level: u32,
    resolution_ns: i64,
    has_gaps: bool,
    own: BTreeMap<u64, Own>,
    nameless_requests: u64,
    gaps: GapHistogram,
}

#[derive(Debug, Clone, Copy)]
struct Own {
    requests: u64,
    last_ns: i64,
    gaps: Moments,
}

impl ClientBook {
    /// - `resolution_ns`: of the stamps.
    /// - `has_gaps`: whether every request has a stamp of its own.
    pub(crate) fn new(sample: &ClientSample, resolution_ns: i64, has_gaps: bool) -> Self {
        let (level, gaps) = (sample.level, GapHistogram::default());
        Self { level, resolution_ns, has_gaps, own: BTreeMap::new(), nameless_requests: 0, gaps }
    }

    /// Counts requests; instants do not decrease.
    pub(crate) fn push(&mut self, client: &str, at_ns: i64, requests: u64) {
        if client.is_empty() {
            self.nameless_requests += requests;
            return;
        }
        let hash = name_hash(client);
        if requests == 0 || !is_below(hash, self.level) {
            return;
        }
        let own = self.own.entry(hash).or_insert(Own { requests: 0, last_ns: at_ns, gaps: Moments::default() });
        if self.has_gaps {
            let is_first = own.requests == 0;
            let gap_ns = at_ns.abs_diff(own.last_ns);
            let seconds = gap_ns as f64 / NS_PER_S;
            // The first of several has a gap before it, the others follow at once.
            self.gaps.add(gap_ns, u64::from(!is_first));
            self.gaps.add(0, requests - 1);
            own.gaps.add(requests - u64::from(is_first), seconds, seconds * seconds);
            own.last_ns = at_ns;
        }
        own.requests += requests;
    }

    /// What is known of the clients; none where there are none.
    pub(crate) fn finish(self) -> Option<Clients> {
        let mut counts: Vec<f64> = self.own.values().map(|own| own.requests as f64).collect();
        counts.sort_by(f64::total_cmp);
        let (tracked, requests) = (counts.len() as f64, counts.iter().sum::<f64>());
        if counts.is_empty() {
            return None;
        }
        let tenth = (tracked / 10.0).ceil() as usize;
        Some(Clients {
            clients: tracked * 2_f64.powi(self.level.cast_signed()),
            tracked: counts.len() as u64,
            is_sample: self.level > 0,
            nameless_requests: self.nameless_requests,
            requests_mean: requests / tracked,
            requests: quantiles(&counts),
            busiest_tenth_share: counts.iter().rev().take(tenth).sum::<f64>() / requests,
            once_share: counts.iter().filter(|count| **count < 1.5).count() as f64 / tracked,
            gaps: self.describe_gaps(),
        })
    }

    fn describe_gaps(&self) -> Option<ClientGaps> {
        let all = self.own.values().fold(Moments::default(), |all, own| all.plus(own.gaps));
        if all.number() == 0 {
            return None;
        }
        let values = self.gaps.values();
        let (within, number) = values
            .iter()
            .filter(|(gap_ns, _)| *gap_ns <= PAUSE_S * NS_PER_S)
            .fold((0.0, 0.0), |(sum, number), (gap_ns, times)| (sum + gap_ns / NS_PER_S * times, number + times));
        let visits = self.own.len() as f64 + (all.number() as f64 - number);
        let half_step_s = self.resolution_ns as f64 / 2.0 / NS_PER_S;
        let above_zero = |(gap_ns, times): (f64, f64)| ((gap_ns / NS_PER_S).max(half_step_s), times);
        let weighted = Weighted::new(values.into_iter().map(above_zero).collect());
        let mut own_cv: Vec<f64> =
            self.own.values().filter(|own| own.gaps.number() >= OWN_GAPS_MIN).filter_map(|own| own.gaps.cv()).collect();
        own_cv.sort_by(f64::total_cmp);
        let quantile = |percent: f64| self.gaps.quantile_ns(percent / 100.0) / NS_PER_S;
        Some(ClientGaps {
            number: all.number(),
            mean_s: all.mean(),
            cv: all.cv(),
            quantiles: GAP_PERCENTS.iter().map(|&percent| Quantile { percent, gap_s: quantile(percent) }).collect(),
            own_cv: if own_cv.is_empty() { Vec::new() } else { quantiles(&own_cv) },
            gamma: weighted.as_ref().map(Weighted::gamma),
            weibull: weighted.as_ref().map(Weighted::weibull),
            requests_of_visit: (number + visits) / visits,
            gap_of_visit_s: (number > 0.0).then(|| within / number),
        })
    }
}

/// Quantiles of values in order (type 1 of Hyndman and Fan: each is one of the values).
fn quantiles(values: &[f64]) -> Vec<ClientQuantile> {
    let at = |percent: f64| values[((percent / 100.0 * values.len() as f64).ceil() as usize).max(1) - 1];
    PERCENTS.iter().map(|&percent| ClientQuantile { percent, value: at(percent) }).collect()
}
