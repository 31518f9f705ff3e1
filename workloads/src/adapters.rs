//! Which adapters (LoRA) requests ask for: how many there are, and how popular each is.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::name_hash::name_hash;

/// Most adapters that are told apart; requests for others are counted together.
pub const ADAPTERS_MAX: usize = 100_000;
/// So many of the most popular are named.
const NAMED: usize = 10;
/// Longest name that is kept, in letters.
const NAME_MAX: usize = 80;
/// The steepest popularity that is looked for.
const ZIPF_MAX: f64 = 20.0;
/// Halvings of the range in which the exponent is looked for.
const HALVINGS: u32 = 50;

/// The adapters of a log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Adapters {
    /// How many there are; at least so many where not all could be told apart.
    pub distinct: u64,
    /// Whether all of them were told apart.
    pub is_complete: bool,
    /// Requests that name one.
    pub requests: u64,
    /// Requests that name none.
    pub without: u64,
    /// The most popular, at most ten.
    pub top: Vec<AdapterShare>,
    /// Exponent of Zipf's law (the k-th is asked for in proportion to k^-s) under which the requests by rank are
    /// likeliest; none below two adapters.
    pub zipf: Option<f64>,
}

/// An adapter's part of the requests.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AdapterShare {
    /// Its name, cut where it is long.
    pub name: String,
    /// Its requests.
    pub requests: u64,
    /// Their share of the requests that name an adapter.
    pub share: f64,
}

/// Counts of requests by adapter.
#[derive(Debug, Clone, Default)]
pub(crate) struct AdapterBook {
    known: BTreeMap<u64, (String, u64)>,
    others: u64,
    without: u64,
}

impl AdapterBook {
    pub(crate) fn push(&mut self, adapter: &str, requests: u64) {
        if adapter.is_empty() {
            self.without += requests;
            return;
        }
        let hash = name_hash(adapter);
        if let Some((_, count)) = self.known.get_mut(&hash) {
            *count += requests;
        } else if self.known.len() < ADAPTERS_MAX {
            self.known.insert(hash, (adapter.chars().take(NAME_MAX).collect(), requests));
        } else {
            self.others += requests;
        }
    }

    /// What is known of the adapters; none where no request names one.
    pub(crate) fn finish(self) -> Option<Adapters> {
        let mut known: Vec<(String, u64)> = self.known.into_values().filter(|(_, requests)| *requests > 0).collect();
        known.sort_by(|a, b| (Reverse(a.1), &a.0).cmp(&(Reverse(b.1), &b.0)));
        let requests = known.iter().map(|(_, requests)| requests).sum::<u64>() + self.others;
        let share = |(name, own): &(String, u64)| AdapterShare {
            name: name.clone(),
            requests: *own,
            share: *own as f64 / requests as f64,
        };
        let counts: Vec<f64> = known.iter().map(|(_, requests)| *requests as f64).collect();
        (!known.is_empty()).then(|| Adapters {
            distinct: known.len() as u64,
            is_complete: self.others == 0,
            requests,
            without: self.without,
            top: known.iter().take(NAMED).map(share).collect(),
            zipf: zipf_exponent(&counts),
        })
    }
}

/// The exponent under which counts by rank are likeliest: that at which the mean logarithm of the rank is that of the
/// counts (Clauset, Shalizi and Newman 2009, "Power-law distributions in empirical data", for ranks that end).
fn zipf_exponent(counts: &[f64]) -> Option<f64> {
    let logs: Vec<f64> = (1..=counts.len()).map(|rank| (rank as f64).ln()).collect();
    let seen = counts.iter().zip(&logs).map(|(count, log)| count * log).sum::<f64>() / counts.iter().sum::<f64>();
    let mean = |exponent: f64| {
        let weights = logs.iter().map(|log| (-exponent * log).exp());
        let (sum, with_log) = weights
            .zip(&logs)
            .fold((0.0, 0.0), |(sum, with_log), (weight, log)| (sum + weight, with_log + weight * log));
        with_log / sum
    };
    let (mut low, mut high) = (0.0, ZIPF_MAX);
    for _ in 0..HALVINGS {
        let middle = f64::midpoint(low, high);
        // Steeper laws have lower ranks.
        if mean(middle) > seen {
            low = middle;
        } else {
            high = middle;
        }
    }
    (counts.len() > 1).then(|| f64::midpoint(low, high))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exponent_is_that_of_the_law() {
        for exponent in [0.0, 0.7, 1.0, 2.5] {
            let counts: Vec<f64> = (1..=500).map(|rank| 1e6 * f64::from(rank).powf(-exponent)).collect();
            let found = zipf_exponent(&counts).expect("ranks");
            assert!((found - exponent).abs() < 1e-6, "{found} is not {exponent}");
        }
        assert_eq!(zipf_exponent(&[7.0]), None);
    }

    #[test]
    fn adapters_are_counted_and_the_most_popular_named() {
        let mut book = AdapterBook::default();
        for (name, requests) in [("x", 1), ("", 4), ("y", 3), ("x", 1), ("z", 3), (&"long".repeat(100), 1)] {
            book.push(name, requests);
        }
        let found = book.finish().expect("adapters");
        assert_eq!((found.distinct, found.is_complete, found.requests, found.without), (4, true, 9, 4));
        let top: Vec<(&str, u64)> = found.top.iter().map(|of| (of.name.as_str(), of.requests)).collect();
        assert_eq!(top, [("y", 3), ("z", 3), ("x", 2), (&"long".repeat(20)[..], 1)]);
        assert!((found.top[0].share - 1.0 / 3.0).abs() < 1e-12);
        let mut none = AdapterBook::default();
        none.push("", 3);
        assert_eq!(none.finish(), None);
    }

    #[test]
    fn more_adapters_than_are_told_apart_are_counted_together() {
        let mut book = AdapterBook::default();
        (0..=ADAPTERS_MAX + 4).for_each(|k| book.push(&format!("a{k}"), 1));
        let found = book.finish().expect("adapters");
        assert_eq!((found.distinct, found.is_complete), (ADAPTERS_MAX as u64, false));
        assert_eq!(found.requests, ADAPTERS_MAX as u64 + 5);
    }
}
