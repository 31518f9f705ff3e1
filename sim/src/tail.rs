//! The tail of a latency distribution: how many requests took longer than each of a row of times. Tails of several
//! pools add, so that the percentile of all their requests together is found without merging histograms.

use crate::histogram::{LatencyHistogram, edge_s};

/// How many requests took longer than the upper edge of each level; a level is a number of neighbouring buckets of the
/// histogram. Only the levels at which that changes are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tail {
    /// Buckets in a level.
    step: usize,
    /// The first level that holds anything.
    first: usize,
    /// From the first level on.
    later: Vec<u32>,
    infinite: u32,
    total: u32,
}

impl LatencyHistogram {
    /// Its tail.
    ///
    /// - `step`: buckets in a level, at least 1; with 1 nothing is lost.
    #[must_use]
    pub fn tail(&self, step: usize) -> Tail {
        let (counts, infinite) = self.parts();
        let of_levels: Vec<u32> = counts.chunks(step).map(|level| level.iter().sum()).collect();
        let first = of_levels.iter().position(|count| *count > 0).unwrap_or(0);
        let last = of_levels.iter().rposition(|count| *count > 0).map_or(0, |last| last + 1);
        // A histogram never holds more than 2^32 - 1.
        let total = self.total() as u32;
        let mut left = total;
        let after = |count: &u32| {
            left -= count;
            left
        };
        let later = of_levels[first..last.max(first)].iter().map(after).collect();
        Tail { step, first, later, infinite: infinite as u32, total }
    }
}

impl From<&Tail> for LatencyHistogram {
    /// The histogram that the tail is of.
    ///
    /// # Panics
    /// If the tail has levels of more than one bucket.
    fn from(tail: &Tail) -> Self {
        assert_eq!(tail.step, 1, "what is within a level is lost");
        let before = std::iter::once(tail.total).chain(tail.later.iter().copied());
        let counts = before.zip(&tail.later).map(|(before, later)| before - later);
        Self::of_parts(tail.first, counts, u64::from(tail.infinite))
    }
}

impl Tail {
    /// How many requests it is of.
    #[must_use]
    pub fn total(&self) -> u64 {
        u64::from(self.total)
    }

    /// How many of them took longer than the upper edge of a level.
    #[must_use]
    pub fn later_than(&self, level: usize) -> u64 {
        let count = match level.checked_sub(self.first) {
            None => self.total,
            Some(place) => self.later.get(place).copied().unwrap_or(self.infinite),
        };
        u64::from(count)
    }

    /// The last level at which the number changes.
    #[must_use]
    pub fn last_level(&self) -> usize {
        self.first + self.later.len().saturating_sub(1)
    }

    /// The least level whose upper edge a share `p` of all requests of several tails together does not exceed. `None`
    /// where failures reach into it, or nothing was counted.
    ///
    /// # Panics
    /// If the tails have levels of different sizes.
    #[must_use]
    pub fn level_of_quantile(tails: &[&Self], p: f64) -> Option<usize> {
        let step = tails.first()?.step;
        assert!(tails.iter().all(|tail| tail.step == step), "levels of one size");
        let total: u64 = tails.iter().map(|tail| tail.total()).sum();
        let wanted = p * total as f64;
        let reached = |level: usize| {
            let later: u64 = tails.iter().map(|tail| tail.later_than(level)).sum();
            (total - later) as f64 >= wanted
        };
        let (mut low, mut high) = (0, tails.iter().map(|tail| tail.last_level()).max()?);
        if total == 0 || !reached(high) {
            return None;
        }
        while low < high {
            let middle = usize::midpoint(low, high);
            if reached(middle) { high = middle } else { low = middle + 1 }
        }
        Some(low)
    }

    /// The latency in seconds that a share `p` of all requests of several tails together does not exceed, as
    /// [`LatencyHistogram::quantile_s`] of the merged histograms has it: with levels of one bucket the same number.
    ///
    /// # Panics
    /// If the tails have levels of different sizes.
    #[must_use]
    pub fn quantile_s(tails: &[&Self], p: f64) -> Option<f64> {
        let total: u64 = tails.iter().map(|tail| tail.total()).sum();
        let Some(level) = Self::level_of_quantile(tails, p) else {
            return (total > 0).then_some(f64::INFINITY);
        };
        let step = tails[0].step;
        let later = |level: usize| tails.iter().map(|tail| tail.later_than(level)).sum::<u64>();
        let before = level.checked_sub(1).map_or(0, |below| total - later(below)) as f64;
        let count = (total - later(level)) as f64 - before;
        let (low, high) = (edge_s(level * step), edge_s((level + 1) * step));
        Some(low + (high - low) * ((p * total as f64 - before) / count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quantities::SimSpan;

    /// Latencies of two pools, some of which never come.
    fn two() -> [LatencyHistogram; 2] {
        let mut pools = [LatencyHistogram::default(), LatencyHistogram::default()];
        for k in 1..2_000u64 {
            pools[usize::from(k % 3 == 0)].record(SimSpan(k * k * 10_000_000));
        }
        (0..40).for_each(|_| pools[1].record_infinite());
        pools
    }

    #[test]
    fn the_quantile_of_tails_is_that_of_the_merged_histograms() {
        let pools = two();
        let mut merged = pools[0].clone();
        merged.merge(&pools[1]);
        let fine = pools.each_ref().map(|pool| pool.tail(1));
        let coarse = pools.each_ref().map(|pool| pool.tail(16));
        for p in [0.01, 0.5, 0.9, 0.95, 0.97] {
            let exact = merged.quantile_s(p);
            assert_eq!(Tail::quantile_s(&fine.each_ref(), p), exact);
            let rough = Tail::quantile_s(&coarse.each_ref(), p).expect("counted");
            assert!((rough / exact.expect("counted") - 1.0).abs() < 0.03, "{rough} at {p}");
        }
        // Two in a hundred never come.
        assert_eq!(Tail::quantile_s(&fine.each_ref(), 0.99), Some(f64::INFINITY));
        assert_eq!(Tail::level_of_quantile(&fine.each_ref(), 0.99), None);
        assert_eq!(Tail::quantile_s(&[&LatencyHistogram::default().tail(1)], 0.5), None);
    }

    #[test]
    fn a_fine_tail_is_its_histogram() {
        for histogram in two().into_iter().chain([LatencyHistogram::default()]) {
            assert_eq!(LatencyHistogram::from(&histogram.tail(1)), histogram);
        }
    }

    #[test]
    fn a_level_is_reached_from_its_upper_edge_on() {
        let tails = two().map(|pool| pool.tail(1));
        let level = Tail::level_of_quantile(&tails.each_ref(), 0.95).expect("reached");
        let late = |level: usize| tails.iter().map(|tail| tail.later_than(level)).sum::<u64>();
        let total: u64 = tails.iter().map(Tail::total).sum();
        assert!(20 * late(level) <= total && 20 * late(level - 1) > total);
        assert_eq!((late(0), late(100_000)), (total, 40));
    }
}
