//! Exact tails of the binomial distribution.

use statrs::function::gamma::ln_gamma;

/// P(X ≤ `k`) of X ~ Bin(`n`, `p`).
///
/// The terms are added outwards from `k` on the side of the thinner tail until they no longer count: about √n of them,
/// for any n, where the continued fraction of the incomplete beta function would need as many but stops at a fixed
/// number. The first term is known to about n·ln n·1e-16, relative.
pub(super) fn at_most(k: u64, n: u64, p: f64) -> f64 {
    lower(k, n, p, 1.0 - p)
}

/// P(X ≥ `k`) of X ~ Bin(`n`, `p`): failures in the place of successes.
pub(super) fn at_least(k: u64, n: u64, p: f64) -> f64 {
    if k > n { 0.0 } else { lower(n - k, n, 1.0 - p, p) }
}

/// P(X ≤ `k`) for probabilities `p` of a success and `q` = 1 - p of a failure. Both are given, as the smaller of them
/// would lose digits in a subtraction.
fn lower(k: u64, n: u64, p: f64, q: f64) -> f64 {
    if k >= n || p <= 0.0 {
        1.0
    } else if q <= 0.0 {
        0.0
    } else if (k as f64) < n as f64 * p {
        tail(k, n, p, q)
    } else {
        1.0 - tail(n - k - 1, n, q, p)
    }
}

/// The sum of P(X = j) over j = `k`, `k` - 1, ..., 0, for `k` below the mean or next to it: the terms fall.
fn tail(k: u64, n: u64, p: f64, q: f64) -> f64 {
    let odds = q / p;
    let (mut term, mut sum) = (1.0, 1.0);
    for j in (1..=k).rev() {
        // P(j - 1) / P(j).
        term *= j as f64 / (n - j + 1) as f64 * odds;
        sum += term;
        if term < sum * f64::EPSILON / 4.0 {
            break;
        }
    }
    sum * ln_probability(k, n, p, q).exp()
}

/// ln P(X = `k`).
fn ln_probability(k: u64, n: u64, p: f64, q: f64) -> f64 {
    let [k, n] = [k as f64, n as f64];
    let (ln_p, ln_q) = if p < q { (p.ln(), (-p).ln_1p()) } else { ((-q).ln_1p(), q.ln()) };
    ln_gamma(n + 1.0) - ln_gamma(k + 1.0) - ln_gamma(n - k + 1.0) + k * ln_p + (n - k) * ln_q
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    /// `scipy.stats.binom.cdf(k, n, p)` and, for the upper tail, `binom.sf(k - 1, n, p)`, scipy 1.17.1.
    #[test]
    fn tails_as_another_program_finds_them() {
        assert_relative_eq!(at_most(7, 20, 0.3), 0.772_271_797_418_160_8, max_relative = 1e-12);
        assert_relative_eq!(at_most(0, 20, 0.3), 0.000_797_922_662_976_120_4, max_relative = 1e-12);
        assert_relative_eq!(at_least(950, 1000, 0.95), 0.537_529_040_801_425, max_relative = 1e-11);
        assert_relative_eq!(at_most(999_900, 1_000_000, 0.9999), 0.513_300_791_444_488_7, max_relative = 1e-7);
    }

    #[test]
    fn the_two_tails_share_nothing_and_leave_nothing() {
        for k in 0..=30 {
            assert_relative_eq!(at_most(k, 30, 0.37) + at_least(k + 1, 30, 0.37), 1.0, epsilon = 1e-13);
        }
        assert_relative_eq!(at_least(0, 30, 0.37), 1.0);
        assert_relative_eq!(at_most(30, 30, 0.37), 1.0);
    }
}
