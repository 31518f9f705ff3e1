//! Which law a sample supports, and which other it supports nearly as well.

use serde::{Deserialize, Serialize};

use super::error::FitError;
use super::family::Family;
use super::fit::{LawFit, fit_law};
use super::times::Times;

/// The laws that were compared.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    /// Not empty, the smallest AICc first.
    pub fits: Vec<LawFit>,
    /// Families without a fit, and why.
    pub left_out: Vec<(Family, FitError)>,
}

/// How far the second law is behind the first.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct RunnerUp {
    /// Its family.
    pub family: Family,
    /// Its AICc less the best one, zero or more.
    pub difference: f64,
    /// How many times likelier the first law is the better one of the two: e^(difference / 2).
    pub evidence_ratio: f64,
}

/// Fits every family that the sample allows (parameters + 2 times that ended, at least) and ranks them by AICc, of equals
/// those with fewer parameters first. Times that are all equal have the fixed time alone.
///
/// # Errors
/// [`FitError::TooFew`] when there are fewer than three times that ended, of which some differ.
///
/// # Source
/// Burnham and Anderson 2002, *Model Selection and Multimodel Inference*, chapter 2.
pub fn choose_law(times: &Times) -> Result<Choice, FitError> {
    let ended = times.ended_s().len();
    let (mut fits, mut left_out) = (Vec::new(), Vec::new());
    for family in Family::ALL {
        let needed = family.parameters() + 2;
        let fixed = family == Family::Deterministic;
        let fit = match fit_law(family, times) {
            Ok(_) if !fixed && times.only_time_s().is_some_and(|_| ended > 1) => {
                Err(FitError::NoSpread { n: ended, value: times.ended_s()[0] })
            }
            Ok(_) if !fixed && ended < needed => Err(FitError::TooFew { ended, needed }),
            // One time alone may be any law's.
            Ok(_) if fixed && ended < 2 => Err(FitError::TooFew { ended, needed: 2 }),
            fit => fit,
        };
        match fit {
            Ok(fit) => fits.push(fit),
            Err(error) => left_out.push((family, error)),
        }
    }
    fits.sort_by(|a, b| a.aicc.unwrap_or(f64::NEG_INFINITY).total_cmp(&b.aicc.unwrap_or(f64::NEG_INFINITY)));
    if fits.is_empty() { Err(FitError::TooFew { ended, needed: 3 }) } else { Ok(Choice { fits, left_out }) }
}

impl Choice {
    /// The law with the smallest AICc.
    #[must_use]
    pub fn best(&self) -> &LawFit {
        &self.fits[0]
    }

    /// The second; `None` where there is only one.
    #[must_use]
    pub fn runner_up(&self) -> Option<RunnerUp> {
        let second = self.fits.get(1)?;
        let difference = second.aicc? - self.best().aicc?;
        Some(RunnerUp { family: second.family, difference, evidence_ratio: (difference / 2.0).exp() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;
    use fleetfront_sim::Law;

    fn quantiles(law: Law, n: u32) -> Times {
        let seconds: Vec<f64> = (0..n).map(|k| law.seconds_at((f64::from(k) + 0.5) / f64::from(n))).collect();
        Times::ended(&seconds).expect("a sample")
    }

    #[test]
    fn the_family_of_a_large_sample_is_found() {
        let laws = [
            Law::Exponential { mean_s: 5.0 },
            Law::Lognormal { mu: 1.0, sigma: 0.7 },
            Law::Gamma { shape: 4.0, scale_s: 2.0 },
            Law::Weibull { shape: 2.5, scale_s: 3.0 },
            Law::ShiftedLognormal { shift_s: 8.0, mu: 0.5, sigma: 0.8 },
            Law::LognormalMixture { mu: [1.0, 3.0], sigma: [0.2, 0.4], first_probability: 0.3 },
        ];
        for law in laws {
            let choice = choose_law(&quantiles(law, 2000)).expect("a choice");
            let best = choice.best();
            assert_eq!(std::mem::discriminant(&best.law), std::mem::discriminant(&law), "{choice:#?}");
            let next = choice.runner_up().expect("a second");
            assert!(next.difference >= 0.0);
            assert_relative_eq!(next.evidence_ratio, (0.5 * next.difference).exp());
        }
    }

    #[test]
    fn few_times_allow_few_families() {
        let families = |n: u32| {
            let choice = choose_law(&quantiles(Law::Lognormal { mu: 1.0, sigma: 0.7 }, n)).expect("a choice");
            choice.fits.iter().map(|fit| fit.family.parameters()).max().expect("a fit")
        };
        assert_eq!((families(3), families(4)), (1, 2));
        assert!(families(5) <= 3 && families(6) <= 3);
        let error = |seconds: &[f64]| choose_law(&Times::ended(seconds).expect("a sample")).expect_err("no choice");
        assert_eq!(error(&[2.0, 3.0]), FitError::TooFew { ended: 2, needed: 3 });
        assert_eq!(error(&[2.0]), FitError::TooFew { ended: 1, needed: 3 });
    }

    #[test]
    fn equal_times_have_one_law() {
        let choice = choose_law(&Times::ended(&[2.5; 6]).expect("a sample")).expect("a choice");
        assert_eq!(choice.best().law, Law::Deterministic { seconds: 2.5 });
        assert_eq!((choice.fits.len(), choice.runner_up()), (1, None));
        assert!(choice.left_out.contains(&(Family::Exponential, FitError::NoSpread { n: 6, value: 2.5 })));
    }
}
