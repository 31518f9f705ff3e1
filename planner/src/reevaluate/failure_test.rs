//! Whether as many calls fail as the scenario says.

use fleetfront_scenario::FailureCounts;
use statrs::distribution::{Beta, Binomial, ContinuousCDF, DiscreteCDF};
use statrs::function::beta::ln_beta;
use statrs::function::factorial::ln_binomial;

/// Places in the law of a counted share that stand for all of it.
const SHARES: u32 = 2_000;

/// What the scenario says of the tries of a model.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct FailingTries {
    /// That one fails.
    pub(super) probability: f64,
    /// What that was counted from; then it is itself uncertain.
    pub(super) counts: Option<FailureCounts>,
    /// Most of one call, which fails with the last of them: 1 without retries.
    pub(super) tries: u32,
}

impl FailingTries {
    /// The share of tries that fail where so many calls do: each by itself.
    pub(super) fn of_calls(self, share: f64) -> f64 {
        share.powf(1.0 / f64::from(self.tries))
    }

    fn share_of_calls(self, probability: f64) -> f64 {
        probability.powf(f64::from(self.tries))
    }
}

/// The probability of a number of failed calls as unlikely as this one, to both sides.
pub(super) fn failure_test(failed: u64, calls: u64, of: FailingTries) -> f64 {
    let (below, above) = match of.counts {
        Some(counts) if of.tries == 1 => predictive(failed, calls, counts),
        Some(counts) => {
            let law = Beta::new(f64::from(counts.failed) + 0.5, f64::from(counts.tries - counts.failed) + 0.5);
            let law = law.expect("Jeffreys' posterior");
            let share = |k: u32| law.inverse_cdf((f64::from(k) + 0.5) / f64::from(SHARES));
            let both = (0..SHARES).map(|k| tails(failed, calls, of.share_of_calls(share(k))));
            let sum = both.fold((0.0, 0.0), |sum, own| (sum.0 + own.0, sum.1 + own.1));
            (sum.0 / f64::from(SHARES), sum.1 / f64::from(SHARES))
        }
        None => tails(failed, calls, of.share_of_calls(of.probability)),
    };
    (2.0 * below.min(above)).min(1.0)
}

/// P(at most) and P(at least) so many failures of calls that fail by a known probability.
fn tails(failed: u64, calls: u64, probability: f64) -> (f64, f64) {
    if probability <= 0.0 {
        return (1.0, if failed > 0 { 0.0 } else { 1.0 });
    }
    let law = Binomial::new(probability, calls).expect("a probability");
    (law.cdf(failed), if failed == 0 { 1.0 } else { law.sf(failed - 1) })
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

    fn of(probability: f64, counts: Option<FailureCounts>, tries: u32) -> FailingTries {
        FailingTries { probability, counts, tries }
    }

    /// By hand: 2 of 10 at a half: (1 + 10 + 45) / 1024, twice.
    #[test]
    fn a_known_probability_is_tested_by_the_binomial_law() {
        assert_relative_eq!(failure_test(2, 10, of(0.5, None, 1)), 2.0 * 56.0 / 1024.0, max_relative = 1e-9);
        assert_relative_eq!(failure_test(8, 10, of(0.5, None, 1)), 2.0 * 56.0 / 1024.0, max_relative = 1e-9);
        assert_relative_eq!(failure_test(0, 10, of(0.0, None, 1)), 1.0);
        assert_relative_eq!(failure_test(1, 10, of(0.0, None, 1)), 0.0);
    }

    /// Laplace's rule of succession with Jeffreys' prior: after 0 of 1, the next call fails with (0 + 1/2) / (1 + 1).
    #[test]
    fn a_counted_share_leaves_room() {
        let counts = FailureCounts { failed: 0, tries: 1 };
        assert_relative_eq!(failure_test(1, 1, of(0.0, Some(counts), 1)), 2.0 * 0.25, max_relative = 1e-9);
        let many = FailureCounts { failed: 500, tries: 1000 };
        let p = failure_test(2, 10, of(0.5, Some(many), 1));
        assert_relative_eq!(p, 2.0 * 56.0 / 1024.0, max_relative = 0.03);
    }

    /// By hand: calls of two tries that fail with the root of a half do so with a half. Of a counted share the square has the
    /// mean a (a + 1) / ((a + b) (a + b + 1)), which for a = 1/2 and b = 3/2 is 1/8.
    #[test]
    fn a_call_fails_with_its_last_try() {
        let root = of(0.5_f64.sqrt(), None, 2);
        assert_relative_eq!(failure_test(2, 10, root), 2.0 * 56.0 / 1024.0, max_relative = 1e-9);
        assert_relative_eq!(root.of_calls(0.25), 0.5);
        let counts = FailureCounts { failed: 0, tries: 1 };
        assert_relative_eq!(failure_test(1, 1, of(0.0, Some(counts), 2)), 2.0 * 0.125, max_relative = 1e-3);
    }
}
