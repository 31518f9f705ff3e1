//! How large a proportion is: a success rate, a share of cold starts.
//!
//! The intervals take observations as independent. Requests of one trial are not quite: they share its busy hours.

use statrs::distribution::{ContinuousCDF, Normal};

use super::binomial::{at_least, at_most};
use super::interval::{Interval, tail_of};
use super::root::last_where;

/// The Wilson interval of a proportion: all rates that a normal test of the score would not reject. Close to its
/// confidence on average over rates; [`clopper_pearson`] never falls below it.
///
/// - `successes`, `n`: counts, `successes` of `n` observations.
/// - `confidence`: such as 0.95.
///
/// # Panics
/// If `n` is 0 or less than `successes`, or the confidence is not between 0 and 1.
///
/// # Source
/// Wilson 1927, *Journal of the American Statistical Association* 22.
#[must_use]
pub fn wilson(successes: u64, n: u64, confidence: f64) -> Interval {
    assert_counts(successes, n);
    let z = Normal::standard().inverse_cdf(1.0 - tail_of(confidence));
    let (count, rate) = (n as f64, successes as f64 / n as f64);
    let shrink = 1.0 + z * z / count;
    let centre = (rate + z * z / (2.0 * count)) / shrink;
    let half = z / shrink * (rate * (1.0 - rate) / count + (z / (2.0 * count)).powi(2)).sqrt();
    // At the ends the two terms cancel exactly; floats leave a residue.
    Interval {
        low: if successes == 0 { 0.0 } else { centre - half },
        high: if successes == n { 1.0 } else { centre + half },
    }
}

/// The Clopper-Pearson interval of a proportion: the rates that neither exact one-sided test rejects. Holds the truth
/// at least as often as `confidence` says, whatever the rate.
///
/// - `successes`, `n`: counts, `successes` of `n` observations.
/// - `confidence`: such as 0.95.
///
/// # Panics
/// If `n` is 0 or less than `successes`, or the confidence is not between 0 and 1.
///
/// # Source
/// Clopper and Pearson 1934, *Biometrika* 26.
#[must_use]
pub fn clopper_pearson(successes: u64, n: u64, confidence: f64) -> Interval {
    assert_counts(successes, n);
    let tail = tail_of(confidence);
    Interval { low: lower_bound(successes, n, tail), high: upper_bound(successes, n, tail) }
}

/// The exact one-sided upper bound of a failure rate. With no failures it is 1 - (1 - confidence)^(1/n), about 3/n
/// at 95 %.
///
/// - `failures`, `n`: counts, `failures` of `n` observations.
/// - `confidence`: such as 0.95; all of what is left lies above the bound.
///
/// # Panics
/// If `n` is 0 or less than `failures`, or the confidence is not between 0 and 1.
///
/// # Source
/// Clopper and Pearson 1934; Hanley and Lippman-Hand 1983, *JAMA* 249, for no failures.
#[must_use]
pub fn failure_rate_bound(failures: u64, n: u64, confidence: f64) -> f64 {
    assert_counts(failures, n);
    upper_bound(failures, n, 2.0 * tail_of(confidence))
}

/// The rate at which so few successes, or fewer, have probability `tail`.
fn upper_bound(successes: u64, n: u64, tail: f64) -> f64 {
    match successes {
        0 => -(tail.ln() / n as f64).exp_m1(),
        _ if successes == n => 1.0,
        _ => last_where(0.0, 1.0, |rate| at_most(successes, n, rate) > tail),
    }
}

/// The rate at which so many successes, or more, have probability `tail`.
fn lower_bound(successes: u64, n: u64, tail: f64) -> f64 {
    match successes {
        0 => 0.0,
        _ if successes == n => (tail.ln() / n as f64).exp(),
        _ => last_where(0.0, 1.0, |rate| at_least(successes, n, rate) <= tail),
    }
}

fn assert_counts(successes: u64, n: u64) {
    assert!(n > 0, "a proportion of nothing");
    assert!(successes <= n, "{successes} of {n} observations");
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    /// `scipy.stats.binomtest(k, n).proportion_ci(confidence, method)`, scipy 1.17.1, by methods "wilson" and "exact";
    /// one success in a million by `scipy.stats.beta.ppf`.
    #[test]
    fn intervals_as_another_program_finds_them() {
        let check = |found: Interval, low: f64, high: f64| {
            assert_relative_eq!(found.low, low, max_relative = 1e-9);
            assert_relative_eq!(found.high, high, max_relative = 1e-9);
        };
        check(wilson(15, 20, 0.95), 0.531_299_122_381_256_1, 0.888_138_298_592_334_4);
        check(clopper_pearson(15, 20, 0.95), 0.508_954_128_292_042_5, 0.913_428_530_898_565_5);
        check(wilson(3, 250, 0.9), 0.004_805_690_727_850_675, 0.029_643_666_160_423_507);
        check(clopper_pearson(3, 250, 0.9), 0.003_278_536_482_219_78, 0.030_720_864_145_367_094);
        check(wilson(0, 50, 0.95), 0.0, 0.071_347_599_133_358_72);
        check(clopper_pearson(50, 50, 0.95), 0.928_878_263_535_795_4, 1.0);
        check(clopper_pearson(999_000, 1_000_000, 0.95), 0.998_936_081_892_686_3, 0.999_060_998_792_054_6);
        check(clopper_pearson(1, 1_000_000, 0.95), 2.531_780_766_379_418e-8, 5.571_630_655_166_939e-6);
        assert_relative_eq!(failure_rate_bound(2, 100, 0.95), 0.061_619_200_396_041_4, max_relative = 1e-10);
    }

    #[test]
    fn without_failures_the_rate_is_below_three_over_n() {
        for n in [100, 1000, 1_000_000] {
            let bound = failure_rate_bound(0, n, 0.95);
            assert_relative_eq!((1.0 - bound).powf(n as f64), 0.05, max_relative = 1e-9);
            assert!(bound < 3.0 / n as f64, "{n}: {bound}");
        }
    }

    #[test]
    fn successes_and_failures_have_mirrored_intervals() {
        for (k, n) in [(0, 7), (3, 7), (40, 200), (199, 200)] {
            for interval in [wilson, clopper_pearson] {
                let (one, other) = (interval(k, n, 0.95), interval(n - k, n, 0.95));
                assert_relative_eq!(one.low, 1.0 - other.high, epsilon = 1e-12);
                assert_relative_eq!(one.high, 1.0 - other.low, epsilon = 1e-12);
                assert!(one.contains(k as f64 / n as f64), "{k} of {n}: {one:?}");
            }
        }
    }

    /// The definition: over all samples that a rate can give, at least 90 % have an interval that holds it.
    #[test]
    fn the_exact_interval_covers_whatever_the_rate() {
        let n = 25;
        let intervals: Vec<Interval> = (0..=n).map(|k| clopper_pearson(k, n, 0.9)).collect();
        for rate in (1..100).map(|percent| f64::from(percent) / 100.0) {
            let probability = |k: u64| at_most(k, n, rate) - if k == 0 { 0.0 } else { at_most(k - 1, n, rate) };
            let covered: f64 = (0..=n).filter(|k| intervals[*k as usize].contains(rate)).map(probability).sum();
            assert!(covered >= 0.9, "{rate}: {covered}");
        }
    }

    #[test]
    #[should_panic(expected = "5 of 4 observations")]
    fn more_successes_than_observations_are_refused() {
        let _ = wilson(5, 4, 0.95);
    }
}
