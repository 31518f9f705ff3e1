//! Latencies as integer counts in log-linear buckets: exact merge in any order, constant memory.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::quantities::SimSpan;

/// 128 buckets an octave: a bucket is at most 0.79 % wide, and so much a quantile may be off.
const BITS: u32 = 7;
/// Buckets of an octave.
const OCTAVE: usize = 1 << BITS;
/// Spans below 2^20 ns (1.05 ms) share the first bucket: nothing here is faster, and it keeps the table small.
const FLOOR_EXPONENT: u32 = 20;
/// Spans from 2^50 ns (13 days) share the last bucket.
const CEILING_EXPONENT: u32 = 50;
const BUCKETS: usize = ((CEILING_EXPONENT - FLOOR_EXPONENT) << BITS) as usize + 1;

/// Counts of latencies, up to 2^32 - 1 of them; a request that never completes counts as infinite.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LatencyHistogram {
    counts: Vec<u32>,
    infinite: u64,
    total: u64,
}

impl fmt::Debug for LatencyHistogram {
    /// The buckets that hold something: there are thousands.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let filled: Vec<(usize, u32)> =
            self.counts.iter().copied().enumerate().filter(|(_, count)| *count > 0).take(40).collect();
        write!(f, "LatencyHistogram {{ {filled:?}, infinite: {}, total: {} }}", self.infinite, self.total)
    }
}

impl Default for LatencyHistogram {
    fn default() -> Self {
        Self { counts: vec![0; BUCKETS], infinite: 0, total: 0 }
    }
}

impl LatencyHistogram {
    /// Counts one completed request.
    #[inline]
    pub fn record(&mut self, latency: SimSpan) {
        self.counts[bucket(latency.0)] += 1;
        self.total += 1;
    }

    /// The same for many requests, whose number is added at the end: see [`Recorder::finish`].
    pub(crate) fn recorder(&mut self) -> Recorder<'_> {
        Recorder { counts: &mut self.counts, total: &mut self.total }
    }

    /// Counts one request that failed, was rejected or gave up: its latency is infinite.
    pub fn record_infinite(&mut self) {
        self.infinite += 1;
        self.total += 1;
    }

    /// How many requests were counted.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.total
    }

    /// Adds the counts of `other`: the same as if all had been recorded here.
    ///
    /// # Panics
    /// If there are then more than a bucket can count, 2^32 - 1.
    pub fn merge(&mut self, other: &Self) {
        for (mine, theirs) in self.counts.iter_mut().zip(&other.counts) {
            *mine = mine.wrapping_add(*theirs);
        }
        self.infinite += other.infinite;
        self.total += other.total;
        self.assert_exact();
    }

    /// One with these counts from a bucket on, and of what never comes.
    pub(crate) fn of_parts(first: usize, counts: impl Iterator<Item = u32>, infinite: u64) -> Self {
        let mut histogram = Self { infinite, total: infinite, ..Self::default() };
        for (own, count) in histogram.counts[first..].iter_mut().zip(counts) {
            *own = count;
            histogram.total += u64::from(count);
        }
        histogram
    }

    /// The counts of its buckets, and of what never comes.
    pub(crate) fn parts(&self) -> (&[u32], u64) {
        (&self.counts, self.infinite)
    }

    /// # Panics
    /// If more were recorded than a bucket can count.
    pub(crate) fn assert_exact(&self) {
        assert!(u32::try_from(self.total).is_ok(), "{} latencies in one histogram", self.total);
    }

    /// Forgets everything, keeping the memory.
    pub fn clear(&mut self) {
        self.counts.fill(0);
        self.infinite = 0;
        self.total = 0;
    }

    /// The latency in seconds that a share `p` of the requests does not exceed, as if those of a bucket were spread
    /// evenly over it: 0.8 % off at most, and far less for laws without atoms. Infinite when failures reach into the
    /// quantile; `None` when nothing was counted.
    ///
    /// # Panics
    /// If `p` is outside [0, 1].
    #[must_use]
    pub fn quantile_s(&self, p: f64) -> Option<f64> {
        assert!((0.0..=1.0).contains(&p), "p = {p}");
        let wanted = p * self.total as f64;
        let mut seen = 0u64;
        for (place, counts) in self.counts.chunks(OCTAVE).enumerate() {
            // Octave by octave: the sum of one is much faster than looking after each bucket.
            let all = counts.iter().map(|count| u64::from(*count)).sum::<u64>();
            if all == 0 || ((seen + all) as f64) < wanted {
                seen += all;
                continue;
            }
            for (index, count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
                let (before, count) = (seen as f64, f64::from(*count));
                if before + count >= wanted {
                    let (low, high) = edges_s(place * OCTAVE + index);
                    return Some(low + (high - low) * ((wanted - before) / count));
                }
                seen += count as u64;
            }
        }
        (self.total > 0).then_some(f64::INFINITY)
    }

    /// A span that no completed request exceeds, at most a bucket longer than the longest; without limit beyond 13 days.
    #[must_use]
    pub fn longest(&self) -> SimSpan {
        let Some(place) = self.counts.chunks(OCTAVE).rposition(|counts| counts.iter().any(|count| *count > 0)) else {
            return SimSpan::ZERO;
        };
        let last = self.counts[place * OCTAVE..].iter().rposition(|count| *count > 0).unwrap_or(0);
        let index = place * OCTAVE + last;
        if index == bucket(u64::MAX) { SimSpan(u64::MAX) } else { SimSpan(lower_edge(index + 1)) }
    }

    /// How many requests took `seconds` or less, as if the latencies of a bucket were spread evenly over it.
    #[must_use]
    pub fn count_up_to(&self, seconds: f64) -> f64 {
        let place = bucket((seconds.max(0.0) * 1e9) as u64);
        let below: u64 = self.counts[..place].iter().map(|count| u64::from(*count)).sum();
        let (low, high) = edges_s(place);
        // What shares the first bucket took next to no time.
        let part = if place == 0 { 1.0 } else { ((seconds - low) / (high - low)).clamp(0.0, 1.0) };
        below as f64 + part * f64::from(self.counts[place])
    }

    /// The cumulative distribution as (seconds at the bucket's upper edge, share of all requests up to there), only
    /// where it rises. Ends below 1 when requests failed.
    #[must_use]
    pub fn cumulative(&self) -> Vec<(f64, f64)> {
        let mut seen = 0u64;
        let filled = self.counts.iter().enumerate().filter(|(_, count)| **count > 0);
        filled
            .map(|(index, count)| {
                seen += u64::from(*count);
                (lower_edge(index + 1) as f64 / 1e9, seen as f64 / self.total as f64)
            })
            .collect()
    }
}

/// Counts completed requests into a histogram.
pub(crate) struct Recorder<'a> {
    counts: &'a mut [u32],
    total: &'a mut u64,
}

impl Recorder<'_> {
    /// Counts one request, but for its number.
    #[inline]
    pub(crate) fn record(&mut self, latency: SimSpan) {
        self.counts[bucket(latency.0)] += 1;
    }

    /// Adds the number of the requests that were counted.
    pub(crate) fn finish(self, requests: u64) {
        *self.total += requests;
    }
}

#[inline]
fn bucket(nanoseconds: u64) -> usize {
    let ns = nanoseconds.clamp(1 << FLOOR_EXPONENT, (1 << CEILING_EXPONENT) - 1);
    let exponent = ns.ilog2();
    let mantissa = (ns >> (exponent - BITS)) & ((1 << BITS) - 1);
    let index = (u64::from(exponent - FLOOR_EXPONENT) << BITS) | mantissa;
    index as usize
}

fn lower_edge(index: usize) -> u64 {
    let exponent = (index >> BITS) as u32 + FLOOR_EXPONENT;
    let mantissa = (index & ((1 << BITS) - 1)) as u64;
    (1 << exponent) + (mantissa << (exponent - BITS))
}

/// Edges of a bucket in seconds; the first reaches down to zero.
fn edges_s(index: usize) -> (f64, f64) {
    (edge_s(index), edge_s(index + 1))
}

/// Where a bucket begins, in seconds; the first reaches down to zero.
pub(crate) fn edge_s(index: usize) -> f64 {
    if index == 0 { 0.0 } else { lower_edge(index) as f64 / 1e9 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_latency_is_reproduced_within_half_a_per_cent() {
        let mut ns = 1u64 << 20;
        while ns < 1 << 49 {
            let mut histogram = LatencyHistogram::default();
            histogram.record(SimSpan(ns));
            let seconds = histogram.quantile_s(0.5).expect("one latency");
            let error = (seconds * 1e9 / ns as f64 - 1.0).abs();
            // What shares the first bucket is known to a millisecond only.
            assert!(error <= 0.004 || ns < 1_060_000, "{ns} ns came back {error} off");
            ns += ns / 37;
        }
    }

    #[test]
    fn merging_equals_recording_together() {
        let (mut a, mut b, mut both) =
            (LatencyHistogram::default(), LatencyHistogram::default(), LatencyHistogram::default());
        for k in 1..500u64 {
            let span = SimSpan(k * k * 10_000_000);
            if k % 3 == 0 {
                a.record(span);
            } else {
                b.record(span);
            }
            both.record(span);
        }
        b.record_infinite();
        both.record_infinite();
        a.merge(&b);
        assert_eq!(a, both);
    }

    /// Spans spread evenly from 0 s to 10 s: a share p lies below 10 p.
    #[test]
    fn interpolation_is_finer_than_a_bucket() {
        let mut histogram = LatencyHistogram::default();
        for k in 0..100_000u64 {
            histogram.record(SimSpan(k * 100_000 + 50_000));
        }
        for p in [0.1, 0.5, 0.777, 0.95, 0.99] {
            let found = histogram.quantile_s(p).expect("counted");
            assert!((found / (10.0 * p) - 1.0).abs() < 1e-4, "{found} at {p}");
            let count = histogram.count_up_to(10.0 * p);
            assert!((count - 100_000.0 * p).abs() < 3.0, "{count} up to {}", 10.0 * p);
        }
        histogram.record_infinite();
        assert!(histogram.quantile_s(1.0).expect("counted").is_infinite());
        assert_eq!(LatencyHistogram::default().quantile_s(0.5), None);
    }

    #[test]
    fn the_longest_is_a_bucket_off_at_most() {
        let mut histogram = LatencyHistogram::default();
        assert_eq!(histogram.longest(), SimSpan::ZERO);
        let mut ns = 1u64 << 20;
        while ns < 1 << 49 {
            histogram.record(SimSpan(ns));
            histogram.record(SimSpan(5));
            let longest = histogram.longest().0;
            assert!(ns <= longest && (longest as f64) < ns as f64 * 1.009, "{ns} came back as {longest}");
            ns += ns / 37;
        }
        histogram.record(SimSpan(u64::MAX));
        assert_eq!(histogram.longest(), SimSpan(u64::MAX));
    }

    #[test]
    fn failures_are_infinitely_late() {
        let mut histogram = LatencyHistogram::default();
        for _ in 0..94 {
            histogram.record(SimSpan(1_000_000_000));
        }
        for _ in 0..6 {
            histogram.record_infinite();
        }
        assert!(histogram.quantile_s(0.94).expect("counted").is_finite());
        assert!(histogram.quantile_s(0.95).expect("counted").is_infinite());
    }
}
