//! What sorted observations say about a quantile, whatever their distribution.
//!
//! The number of observations below the q-quantile is Bin(n, q): everything follows from that. Observations are taken
//! as independent, from one continuous distribution.

use serde::{Deserialize, Serialize};

use super::binomial::{at_least, at_most};
use super::interval::tail_of;

/// An interval between two of the sorted observations.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct OrderStatistics {
    /// Its lower end is the `lower`-th smallest observation, counted from 1.
    pub lower: u64,
    /// Its upper end is the `upper`-th smallest observation, counted from 1.
    pub upper: u64,
    /// Probability that it holds the quantile: exact, and at least the confidence asked for.
    pub coverage: f64,
}

/// The distribution-free interval of a quantile with equal tails: the largest `lower` with
/// P(Bin(n, q) ≤ `lower` - 1) and the smallest `upper` with P(Bin(n, q) ≥ `upper`) each at most half of what the
/// confidence leaves.
///
/// - `n`: number of observations.
/// - `quantile`: q, between 0 and 1.
/// - `confidence`: such as 0.95.
///
/// Returns `None` when `n` observations are too few to bound the quantile on both sides.
///
/// # Panics
/// If the quantile or the confidence is not between 0 and 1.
///
/// # Source
/// Conover 1999, *Practical Nonparametric Statistics*, 3rd ed., 3.2; David and Nagaraja 2003, *Order Statistics*, 7.1.
#[must_use]
pub fn quantile_interval(n: u64, quantile: f64, confidence: f64) -> Option<OrderStatistics> {
    assert_quantile(quantile);
    let tail = tail_of(confidence);
    let lower = first_where(n + 1, |k| at_most(k, n, quantile) > tail);
    let upper = first_where(n + 1, |k| at_least(k, n, quantile) <= tail);
    if lower == 0 || upper > n {
        return None;
    }
    let coverage = 1.0 - at_most(lower - 1, n, quantile) - at_least(upper, n, quantile);
    Some(OrderStatistics { lower, upper, coverage })
}

/// The fewest observations whose largest is an upper bound of a quantile: the smallest n with 1 - q^n at least the
/// confidence.
///
/// - `quantile`: q, between 0 and 1.
/// - `confidence`: such as 0.95, one-sided.
///
/// # Panics
/// If the quantile or the confidence is not between 0 and 1.
///
/// # Source
/// Wilks 1941, *Annals of Mathematical Statistics* 12.
#[must_use]
pub fn sample_size_for_maximum(quantile: f64, confidence: f64) -> u64 {
    assert_quantile(quantile);
    let all_below = 2.0 * tail_of(confidence);
    let guess = (all_below.ln() / quantile.ln()) as u64;
    // The quotient of logarithms may miss a whole number by a rounding.
    let near = guess.saturating_sub(1).max(1);
    near + first_where(3, |more| quantile.powf((near + more) as f64) <= all_below * (1.0 + f64::EPSILON))
}

/// The smallest k in 0..`end` for which `holds` is true, `end` if none: `holds` changes once, from false to true.
fn first_where(end: u64, holds: impl Fn(u64) -> bool) -> u64 {
    let (mut low, mut high) = (0, end);
    while low < high {
        let middle = low + (high - low) / 2;
        if holds(middle) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    low
}

fn assert_quantile(quantile: f64) {
    assert!(quantile > 0.0 && quantile < 1.0, "quantile {quantile} is not between 0 and 1");
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    /// From the definition, by a search through `scipy.stats.binom.cdf`, scipy 1.17.1. The first is in most tables of
    /// the median.
    #[test]
    fn indices_as_another_program_finds_them() {
        let check = |n, quantile, confidence, lower, upper, coverage| {
            let found = quantile_interval(n, quantile, confidence).expect("enough observations");
            assert_eq!((found.lower, found.upper), (lower, upper), "{n} observations");
            assert_relative_eq!(found.coverage, coverage, max_relative = 1e-9);
        };
        check(100, 0.5, 0.95, 40, 61, 0.964_799_799_782_295_2);
        check(500, 0.99, 0.95, 490, 500, 0.980_185_949_857_805_8);
        check(2000, 0.9, 0.99, 1765, 1835, 0.990_973_240_199_299);
        check(100_000, 0.95, 0.95, 94_864, 95_136, 0.951_540_724_083_229_3);
    }

    /// (1/2)^5 > 2.5 % > (1/2)^6: the extremes of six observations bound the median, with 1 - 2/64.
    #[test]
    fn six_observations_are_enough_for_a_median() {
        assert_eq!(quantile_interval(5, 0.5, 0.95), None);
        let six = quantile_interval(6, 0.5, 0.95).expect("enough");
        assert_eq!((six.lower, six.upper), (1, 6));
        assert_relative_eq!(six.coverage, 1.0 - 2.0 / 64.0, epsilon = 1e-14);
    }

    #[test]
    fn coverage_is_never_below_the_confidence() {
        for n in (10..400).step_by(13) {
            for quantile in [0.1, 0.5, 0.9] {
                if let Some(found) = quantile_interval(n, quantile, 0.9) {
                    assert!(found.coverage >= 0.9 && found.lower < found.upper, "{n}, {quantile}: {found:?}");
                }
            }
        }
    }

    /// Powers by hand: 0.9^22 = 0.0985 < 0.1 < 0.9^21; 0.5^2 and 0.5^7 are exact, where a rounding would show.
    #[test]
    fn the_sample_maximum_bounds_a_quantile_from_some_size_on() {
        assert_eq!(sample_size_for_maximum(0.9, 0.9), 22);
        assert_eq!(sample_size_for_maximum(0.5, 0.75), 2);
        assert_eq!(sample_size_for_maximum(0.5, 1.0 - 1.0 / 128.0), 7);
        assert_eq!(sample_size_for_maximum(0.1, 0.5), 1);
        for quantile in [0.5, 0.95, 0.99, 0.999] {
            let n = sample_size_for_maximum(quantile, 0.95) as f64;
            assert!(quantile.powf(n) <= 0.05 && quantile.powf(n - 1.0) > 0.05, "{quantile}: {n}");
        }
    }
}
