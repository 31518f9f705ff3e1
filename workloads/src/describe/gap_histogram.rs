//! A histogram of gaps: exact while they take few values, log-linear otherwise.

use std::collections::BTreeMap;

/// Up to so many different gaps are kept as they are: all those of coarse stamps.
const MOST_EXACT: usize = 4096;
/// A power of two is cut into 2^11 equal buckets, so that each is at most 0.05 % as wide as where it begins.
const BITS: u32 = 11;

/// How often each gap occurred.
#[derive(Debug, Clone, Default)]
pub(crate) struct GapHistogram {
    number: u64,
    zeros: u64,
    values: Values,
}

#[derive(Debug, Clone)]
enum Values {
    /// Gap, in nanoseconds, to how often.
    Exact(BTreeMap<u64, u64>),
    /// By [`bucket`].
    Buckets(Vec<u64>),
}

impl Default for Values {
    fn default() -> Self {
        Self::Exact(BTreeMap::new())
    }
}

impl GapHistogram {
    /// Counts `times` gaps of one length, in nanoseconds.
    pub(crate) fn add(&mut self, gap_ns: u64, times: u64) {
        if times == 0 {
            return;
        }
        self.number += times;
        if gap_ns == 0 {
            self.zeros += times;
        }
        match &mut self.values {
            Values::Exact(counts) => {
                *counts.entry(gap_ns).or_insert(0) += times;
                if counts.len() > MOST_EXACT {
                    self.values = Values::Buckets(bucketed(counts));
                }
            }
            Values::Buckets(counts) => add_to_bucket(counts, gap_ns, times),
        }
    }

    /// How many gaps there are.
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    /// How many of them are 0.
    pub(super) fn zeros(&self) -> u64 {
        self.zeros
    }

    /// The gap below which a share of them lies, in nanoseconds, linear between gaps (type 7 of Hyndman and Fan); 0
    /// where there are none.
    pub(crate) fn quantile_ns(&self, share: f64) -> f64 {
        let place = share * self.number.saturating_sub(1) as f64;
        let below = place.floor();
        let (low, high) = (self.ranked_ns(below as u64), self.ranked_ns(place.ceil() as u64));
        low + (high - low) * (place - below)
    }

    /// The different gaps in nanoseconds, ascending, each with how often it occurred; of those that are counted together
    /// the middle.
    pub(crate) fn values(&self) -> Vec<(f64, f64)> {
        match &self.values {
            Values::Exact(counts) => counts.iter().map(|(&gap_ns, &times)| (gap_ns as f64, times as f64)).collect(),
            Values::Buckets(counts) => {
                let filled = counts.iter().enumerate().filter(|(_, times)| **times > 0);
                let middle = |bucket| {
                    let (start_ns, width_ns) = bounds(bucket);
                    start_ns as f64 + (width_ns as f64 - 1.0) / 2.0
                };
                filled.map(|(bucket, &times)| (middle(bucket), times as f64)).collect()
            }
        }
    }

    /// The gap with this rank, from 0; within a bucket gaps stand at equal distances.
    fn ranked_ns(&self, rank: u64) -> f64 {
        let mut before = 0;
        let mut reached = |count: u64| {
            let inside = rank.checked_sub(before).filter(|&place| place < count);
            before += count;
            inside.map(|place| (place as f64 + 0.5) / count as f64)
        };
        match &self.values {
            Values::Exact(counts) => {
                let found = counts.iter().find(|&(_, &count)| reached(count).is_some());
                found.map_or(0.0, |(&gap_ns, _)| gap_ns as f64)
            }
            Values::Buckets(counts) => {
                let mut places = counts.iter().enumerate();
                let found = places.find_map(|(bucket, &count)| reached(count).map(|share| (bucket, share)));
                found.map_or(0.0, |(bucket, share)| {
                    // Gaps are whole nanoseconds: a bucket of one holds exactly its start.
                    let (start_ns, width_ns) = bounds(bucket);
                    start_ns as f64 + ((width_ns as f64) * share - 0.5).max(0.0)
                })
            }
        }
    }
}

fn bucketed(counts: &BTreeMap<u64, u64>) -> Vec<u64> {
    let mut buckets = Vec::new();
    for (&gap_ns, &times) in counts {
        add_to_bucket(&mut buckets, gap_ns, times);
    }
    buckets
}

fn add_to_bucket(counts: &mut Vec<u64>, gap_ns: u64, times: u64) {
    let bucket = bucket(gap_ns);
    if counts.len() <= bucket {
        counts.resize(bucket + 1, 0);
    }
    counts[bucket] += times;
}

/// The place of a gap's bucket: small gaps have buckets of their own.
fn bucket(gap_ns: u64) -> usize {
    let shift = (u64::BITS - gap_ns.leading_zeros()).saturating_sub(BITS + 1);
    ((u64::from(shift) << BITS) + (gap_ns >> shift)) as usize
}

/// Start and width of a bucket, in nanoseconds.
fn bounds(bucket: usize) -> (u64, u64) {
    let shift = (bucket as u64 >> BITS).saturating_sub(1);
    ((bucket as u64 - (shift << BITS)) << shift, 1 << shift)
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    #[test]
    fn buckets_follow_one_another_and_are_narrow() {
        let mut next = 0;
        for place in 0..bucket(u64::MAX) {
            let (start_ns, width_ns) = bounds(place);
            assert_eq!(start_ns, next, "bucket {place}");
            assert_eq!((bucket(start_ns), bucket(start_ns + width_ns - 1)), (place, place));
            assert!(width_ns == 1 || width_ns as f64 <= 0.001 * start_ns as f64);
            next = start_ns + width_ns;
        }
        assert_eq!(
            bounds(bucket(u64::MAX)).0.checked_add(bounds(bucket(u64::MAX)).1),
            None,
            "the last one ends at 2^64"
        );
    }

    #[test]
    fn few_values_have_exact_quantiles() {
        let mut histogram = GapHistogram::default();
        histogram.add(0, 2);
        histogram.add(5, 1);
        histogram.add(10, 2);
        assert_eq!((histogram.number(), histogram.zeros()), (5, 2));
        // Values 0 0 5 10 10.
        for (share, quantile_ns) in [(0.0, 0.0), (0.25, 0.0), (0.375, 2.5), (0.5, 5.0), (0.6, 7.0), (1.0, 10.0)] {
            assert_relative_eq!(histogram.quantile_ns(share), quantile_ns);
        }
    }

    #[test]
    fn many_values_have_close_quantiles() {
        let mut histogram = GapHistogram::default();
        let mut values: Vec<u64> = (0..20_000u64).map(|i| i * i * 977 % 1_000_003 * 1_000).collect();
        for &gap_ns in &values {
            histogram.add(gap_ns, 1);
        }
        assert!(matches!(histogram.values, Values::Buckets(_)));
        values.sort_unstable();
        assert_eq!(histogram.zeros(), values.iter().filter(|&&gap_ns| gap_ns == 0).count() as u64);
        for rank in [1usize, 10, 500, 9_999, 19_000, 19_999] {
            let share = rank as f64 / 19_999.0;
            assert_relative_eq!(histogram.quantile_ns(share), values[rank] as f64, max_relative = 1e-3);
        }
    }
}
