//! Which law a sample supports, and which other it supports nearly as well.

use serde::{Deserialize, Serialize};

use super::error::FitError;
use super::family::Family;
use super::fit::{LawFit, fit_law};
use super::goodness::probability_below;
use super::kaplan_meier::kaplan_meier;
use super::times::Times;
use crate::calibration::OWN_LAW_N;

/// Fewest times that ended from which the sample may be its own law: a sixteenth of them tell the tail.
const MEASURED_N: usize = 200;
/// A law is refuted from this distance on, times the root of the number of times. Of a law that was known beforehand 5 % of
/// samples are as far (1.358, and 1 % as far as 1.628: Smirnov 1948, *Annals of Mathematical Statistics* 19). Those tables
/// are too careful here: parameters were fitted to the same sample and the family was chosen by it, which makes distances
/// smaller (Lilliefors 1967, *Journal of the American Statistical Association* 62: 1.03 for one normal sample in a
/// hundred). Of 7,200 samples of six families (`recovery.rs`) one in a hundred was beyond 0.77 to 1.20, and two beyond 1.36.
const REFUTED: f64 = 1.36;

/// By how much a mixture has to be ahead: where one part alone is true the other is not identified, so twice the logarithm
/// of the likelihood ratio is no chi-square, and AICc takes luck for a second part (`McLachlan` and Peel 2000, *Finite Mixture
/// Models*, chapter 6). Beyond 10 a law has "essentially no support" (Burnham and Anderson 2002, section 2.6).
pub(crate) const CLEARLY_AHEAD: f64 = 10.0;

/// The laws that were compared.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    /// Not empty: the smallest AICc first, that of a mixture taken 10 higher, and before all of them the empirical law where the sample refutes the best of
    /// the others.
    pub fits: Vec<LawFit>,
    /// Families without a fit, and why.
    pub left_out: Vec<(Family, FitError)>,
    /// The best of the families, where the sample refutes it.
    pub refuted: Option<Refuted>,
}

/// The likeliest family of a sample that is of none of them.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Refuted {
    /// The family.
    pub family: Family,
    /// The largest distance between its distribution function and that of the sample (halfway up the sample's steps, so
    /// that times which a clock has rounded refute nothing).
    pub distance: f64,
    /// That distance times the root of the number of times that ended.
    pub scaled: f64,
    /// From what on a law is refuted.
    pub level: f64,
}

/// How far the second law is behind the first.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct RunnerUp {
    /// Its family.
    pub family: Family,
    /// Its AICc less the best one, zero or more; that of a mixture is taken 10 higher, as in the ranking.
    pub difference: f64,
    /// How many times likelier the first law is the better one of the two: e^(difference / 2).
    pub evidence_ratio: f64,
}

/// Fits every family that the sample allows (parameters + 2 times that ended, at least) and ranks them by AICc, of equals
/// those with fewer parameters first; a mixture has to be ahead by more than 10. Times that are all equal have the fixed time alone. Where the sample is large and
/// refutes the best of them, it is its own law.
///
/// # Errors
/// [`FitError::TooFew`] when there are fewer than three times that ended, of which some differ.
///
/// # Source
/// Burnham and Anderson 2002, *Model Selection and Multimodel Inference*, chapter 2.
pub fn choose_law(times: &Times) -> Result<Choice, FitError> {
    let ended = times.ended_s().len();
    let (mut fits, mut left_out) = (Vec::new(), Vec::new());
    for family in Family::COMPARED {
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
    fits.sort_by(|a, b| ranked(a).unwrap_or(f64::NEG_INFINITY).total_cmp(&ranked(b).unwrap_or(f64::NEG_INFINITY)));
    let Some(best) = fits.first() else { return Err(FitError::TooFew { ended, needed: 3 }) };
    let refuted = refuted(best, times).filter(|found| found.scaled > found.level);
    let measured = refuted.and_then(|_| fit_law(Family::Empirical, times).ok());
    let refuted = refuted.filter(|_| measured.is_some());
    Ok(Choice { fits: measured.into_iter().chain(fits).collect(), left_out, refuted })
}

/// By what laws are ranked: the AICc, for a mixture with what it has to be ahead.
fn ranked(fit: &LawFit) -> Option<f64> {
    let ahead = if fit.family == Family::LognormalMixture { CLEARLY_AHEAD } else { 0.0 };
    Some(fit.aicc? + ahead)
}

/// The law that a sample has by itself: the chosen one of [`OWN_LAW_N`] times that ended or more, the lognormal one of
/// fewer, which could not tell families apart; a fixed time where all are equal.
///
/// # Errors
/// [`FitError`] when there are fewer than two different times.
pub fn own_law(times: &Times) -> Result<LawFit, FitError> {
    if times.only_time_s().is_some() {
        return fit_law(Family::Deterministic, times);
    }
    if times.ended_s().len() < OWN_LAW_N {
        return fit_law(Family::Lognormal, times);
    }
    choose_law(times).map(|choice| choice.best().clone())
}

/// How far a sample that is large enough is from its law.
pub(super) fn refuted(fit: &LawFit, times: &Times) -> Option<Refuted> {
    if fit.ended < MEASURED_N || fit.family == Family::Deterministic {
        return None;
    }
    let mut below = 0.0;
    let off = kaplan_meier(times).into_iter().map(|(at, share)| {
        let middle = f64::midpoint(below, share);
        below = share;
        (middle - probability_below(&fit.law, at)).abs()
    });
    let distance = off.fold(0.0, f64::max);
    Some(Refuted { family: fit.family, distance, scaled: distance * (fit.ended as f64).sqrt(), level: REFUTED })
}

impl Choice {
    /// The law with the smallest AICc, or the sample's own.
    #[must_use]
    pub fn best(&self) -> &LawFit {
        &self.fits[0]
    }

    /// What the law of `n` runs is, in words.
    pub(crate) fn words(&self, n: usize) -> String {
        let law = format!("{} law of its {n} runs", self.best().family);
        match self.refuted {
            Some(Refuted { family, distance, .. }) => {
                format!("{law}: the likeliest family ({family}) is off by {:.1} %", 100.0 * distance)
            }
            None => law,
        }
    }

    /// The second; `None` where there is only one, and behind the sample's own law, which has no AICc.
    #[must_use]
    pub fn runner_up(&self) -> Option<RunnerUp> {
        let second = self.fits.get(1)?;
        let difference = ranked(second)? - ranked(self.best())?;
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

    /// Three heaps are no two: from 200 times on the sample is its own law, and the families follow it.
    #[test]
    fn a_sample_of_no_family_is_its_own_law() {
        let heaps = |n: u32| {
            let heap = |k: u32| [1.0, 10.0, 100.0][k as usize % 3] * (1.0 + 0.1 * f64::from(k) / f64::from(n));
            choose_law(&Times::ended(&(0..n).map(heap).collect::<Vec<_>>()).expect("a sample")).expect("a choice")
        };
        let choice = heaps(600);
        assert_eq!((choice.best().family, choice.best().aicc, choice.runner_up()), (Family::Empirical, None, None));
        let refuted = choice.refuted.expect("a distance");
        assert_eq!(refuted.family, choice.fits[1].family);
        assert!(refuted.distance > 0.05 && refuted.scaled > REFUTED, "{refuted:?}");
        let few = heaps(198);
        assert!(few.refuted.is_none() && few.best().family != Family::Empirical);
    }

    #[test]
    fn a_sample_chooses_from_twenty_times_on() {
        let exponential = |n: u32| own_law(&quantiles(Law::Exponential { mean_s: 5.0 }, n)).expect("a law").family;
        assert_eq!((exponential(19), exponential(20)), (Family::Lognormal, Family::Exponential));
        let equal = Times::ended(&[2.5; 3]).expect("a sample");
        assert_eq!(own_law(&equal).expect("a law").law, Law::Deterministic { seconds: 2.5 });
        assert!(own_law(&Times::ended(&[2.5]).expect("a sample")).is_ok());
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
