//! Whether as many calls fail as the scenario says.

use fleetfront_scenario::FailureCounts;
use statrs::distribution::{Binomial, DiscreteCDF};
use statrs::function::beta::ln_beta;
use statrs::function::factorial::ln_binomial;

/// The probability of a number of failures as unlikely as this one, to both sides.
///
/// - `counts`: what the probability was counted from; then it is itself uncertain.
pub(super) fn failure_test(failed: u64, calls: u64, probability: f64, counts: Option<FailureCounts>) -> f64 {
    let (below, above) = match counts {
        Some(counts) => predictive(failed, calls, counts),
        None if probability <= 0.0 => (1.0, if failed > 0 { 0.0 } else { 1.0 }),
        None => {
            let law = Binomial::new(probability, calls).expect("a probability");
            let above = if failed == 0 { 1.0 } else { law.sf(failed - 1) };
            (law.cdf(failed), above)
        }
    };
    (2.0 * below.min(above)).min(1.0)
}

/// P(at most) and P(at least) so many failures of so many more calls, by Jeffreys' posterior of the counted share.
fn predictive(failed: u64, calls: u64, counts: FailureCounts) -> (f64, f64) {
    let (a, b) = (f64::from(counts.failed) + 0.5, f64::from(counts.tries - counts.failed) + 0.5);
    let of = |k: u64| {
        let (k, n) = (k as f64, calls as f64);
        (ln_binomial(calls, k as u64) + ln_beta(a + k, n - k + b) - ln_beta(a, b)).exp()
    };
    let below: f64 = (0..=failed).map(of).sum();
    (below.min(1.0), (1.0 - below + of(failed)).clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    /// By hand: 2 of 10 at a half: (1 + 10 + 45) / 1024, twice.
    #[test]
    fn a_known_probability_is_tested_by_the_binomial_law() {
        assert_relative_eq!(failure_test(2, 10, 0.5, None), 2.0 * 56.0 / 1024.0, max_relative = 1e-9);
        assert_relative_eq!(failure_test(8, 10, 0.5, None), 2.0 * 56.0 / 1024.0, max_relative = 1e-9);
        assert_relative_eq!(failure_test(0, 10, 0.0, None), 1.0);
        assert_relative_eq!(failure_test(1, 10, 0.0, None), 0.0);
    }

    /// Laplace's rule of succession with Jeffreys' prior: after 0 of 1, the next call fails with (0 + 1/2) / (1 + 1).
    #[test]
    fn a_counted_share_leaves_room() {
        let counts = FailureCounts { failed: 0, tries: 1 };
        assert_relative_eq!(failure_test(1, 1, 0.0, Some(counts)), 2.0 * 0.25, max_relative = 1e-9);
        let many = FailureCounts { failed: 500, tries: 1000 };
        assert_relative_eq!(failure_test(2, 10, 0.5, Some(many)), 2.0 * 56.0 / 1024.0, max_relative = 0.03);
    }
}
