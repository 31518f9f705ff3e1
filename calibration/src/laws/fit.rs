//! The likeliest law of a family, and what the sample leaves open about it.

use fleetfront_sim::{KNOTS, Law};
use serde::{Deserialize, Serialize};
use statrs::distribution::{ChiSquared, ContinuousCDF};

use super::error::FitError;
use super::family::Family;
use super::jet::Jet;
use super::likelihood::{Density, coordinates, law_at};
use super::newton::{Maximum, covariance, maximise};
use super::times::Times;
use super::{complete, empirical, mixture, shifted};
use crate::student::student_quantile;

/// The coverage of every interval of a fit.
pub const FIT_COVERAGE: f64 = 0.95;

/// A number with what is not known about it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct FitEstimate {
    /// The number.
    pub value: f64,
    /// The ends of its 95 % interval; `None` where the sample alone does not give one.
    pub interval: Option<[f64; 2]>,
}

/// The law of a family under which a sample is likeliest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LawFit {
    /// The family.
    pub family: Family,
    /// The law.
    pub law: Law,
    /// How many times ended.
    pub ended: usize,
    /// How many were cut off.
    pub cut_off: usize,
    /// Logarithm of the likelihood of the sample (seconds^-n for the n that ended) under it. Of a fixed time, a sum of
    /// probabilities of 1: zero. `None` for an empirical law, which follows any sample.
    pub log_likelihood: Option<f64>,
    /// Akaike's criterion corrected for small samples: less is better, a difference below 2 says little. `None` with fewer
    /// than two times more than parameters, for an empirical law, and for a fixed time, whose likelihood is none of a
    /// density.
    pub aicc: Option<f64>,
    /// Of the law's coordinates: of what is not known about them, from the curvature of the likelihood.
    covariance: Option<Vec<Vec<f64>>>,
    /// Of a shifted law, where the profile likelihood gives it.
    shift_s: Option<[f64; 2]>,
}

/// A maximum as the families find it.
struct Likeliest {
    at: Vec<f64>,
    likelihood: f64,
    covariance: Option<Vec<Vec<f64>>>,
    shift_s: Option<[f64; 2]>,
}

/// The maximum-likelihood fit of one family, with times that were cut off taken as longer than their limit.
///
/// Intervals ([`LawFit::parameters`], [`LawFit::mean`], [`LawFit::quantile`]) come from the observed information: the
/// inverse of the curvature of the likelihood in the logarithms of what is positive, times n / (n - k) for the k
/// parameters, with Student's t of n - k degrees of freedom and the delta method. n counts the times that ended: those
/// that were cut off say little about the shape. The parameters of a lognormal law of times that all ended have their
/// exact intervals, by Student's t and chi-square of n - 1 degrees of freedom. A shift has the interval of its profile
/// likelihood; the others of that law are given the shift where it is zero.
///
/// # Errors
/// [`FitError`] when the sample has no fit of the family.
///
/// # Source
/// Complete samples: see `complete.rs`. Others: Newton's method on the logarithms of the parameters. Shifted lognormal:
/// the local maximum of the likelihood (Cohen and Whitten 1980). Mixture: expectation and maximisation. AICc: Hurvich and
/// Tsai 1989, *Biometrika* 76, with the number that ended for n (Volinsky and Raftery 2000, *Biometrics* 56).
pub fn fit_law(family: Family, times: &Times) -> Result<LawFit, FitError> {
    let ended = times.ended_s().len();
    let parameters = family.parameters();
    if family == Family::Deterministic {
        return fixed(times);
    }
    if family == Family::Empirical {
        return empirical::empirical(times).map(|law| without_coordinates(family, law, times));
    }
    if ended < parameters {
        return Err(FitError::FewerThanParameters { family, ended, parameters });
    }
    if let (Some(value), true) = (times.only_time_s(), family != Family::Exponential) {
        return Err(FitError::NoSpread { n: ended, value });
    }
    let found = match family {
        Family::ShiftedLognormal => shifted_lognormal(times),
        Family::LognormalMixture => mixture(times, None),
        _ => plain(family, times, true),
    };
    let found = found.ok_or(FitError::NoMaximum { family })?;
    Ok(LawFit {
        family,
        law: law_at(family, &found.at),
        ended,
        cut_off: times.cut_off_s().len(),
        log_likelihood: Some(found.likelihood),
        aicc: aicc(parameters, ended, found.likelihood),
        covariance: found.covariance,
        shift_s: found.shift_s,
    })
}

/// The law alone, as fast as it can be found.
///
/// - `near`: a law of the family that fits a sample like this one.
pub(super) fn refit(family: Family, times: &Times, near: &Law) -> Option<Law> {
    if times.ended_s().len() < family.parameters() {
        return None;
    }
    let at = match family {
        Family::Deterministic | Family::Empirical => return fit_law(family, times).ok().map(|fit| fit.law),
        Family::ShiftedLognormal => {
            let found = shifted::likeliest(times)?;
            vec![found.shift_s, found.beyond[0], found.beyond[1]]
        }
        Family::LognormalMixture => {
            let start = coordinates(near)?.1.try_into().ok()?;
            mixture(times, Some(&start))?.at
        }
        _ => plain(family, times, false)?.at,
    };
    Some(law_at(family, &at))
}

fn aicc(parameters: usize, n: usize, log_likelihood: f64) -> Option<f64> {
    let k = parameters as f64;
    let rest = n as f64 - k - 1.0;
    (rest > 0.0).then(|| 2.0 * k - 2.0 * log_likelihood + 2.0 * k * (k + 1.0) / rest)
}

fn fixed(times: &Times) -> Result<LawFit, FitError> {
    let ended = times.ended_s();
    let shortest = ended[0];
    let seconds = times.only_time_s().ok_or_else(|| {
        let longest = ended[ended.len() - 1].max(times.cut_off_s().last().copied().unwrap_or(0.0));
        FitError::Varies { shortest, longest }
    })?;
    let fit = without_coordinates(Family::Deterministic, Law::Deterministic { seconds }, times);
    Ok(LawFit { log_likelihood: Some(0.0), ..fit })
}

/// A law of which no curvature tells what is not known about it.
fn without_coordinates(family: Family, law: Law, times: &Times) -> LawFit {
    LawFit {
        family,
        law,
        ended: times.ended_s().len(),
        cut_off: times.cut_off_s().len(),
        log_likelihood: None,
        aicc: None,
        covariance: None,
        shift_s: None,
    }
}

/// Families with one or two parameters.
///
/// - `informed`: whether the covariance is wanted.
fn plain(family: Family, times: &Times, informed: bool) -> Option<Likeliest> {
    if family == Family::Exponential {
        newton::<1>(family, times, informed)
    } else {
        newton::<2>(family, times, informed)
    }
}

fn newton<const N: usize>(family: Family, times: &Times, informed: bool) -> Option<Likeliest> {
    let of = |at: &[f64; N]| Density::<N>::new(family, &Jet::variables(at)).likelihood(times);
    if times.cut_off_s().is_empty() {
        let (law, likelihood) = complete::likeliest(family, times.ended_s());
        let at = coordinates(&law)?.1;
        if at.iter().any(|x| !x.is_finite()) {
            return None;
        }
        let jet = informed.then(|| of(&std::array::from_fn(|k| at[k])));
        let covariance = jet.and_then(|jet| covariance(&jet)).map(rows);
        return Some(Likeliest { at, likelihood, covariance, shift_s: None });
    }
    let Maximum { at, jet } = maximise(start(family, times), of)?;
    Some(Likeliest { at: at.to_vec(), likelihood: jet.value, covariance: covariance(&jet).map(rows), shift_s: None })
}

/// Where the search begins: the law with the moments that the logarithms would have if all times had ended.
fn start<const N: usize>(family: Family, times: &Times) -> [f64; N] {
    const EULER: f64 = 0.577_215_664_901_532_9;
    // The deviation of the logarithm of a Weibull time is this over its shape.
    let gumbel: f64 = std::f64::consts::PI / 6f64.sqrt();
    let [mean, ln_sigma] = moments(times.logs().into_iter());
    // All logarithms equal, where some were cut off at that time.
    let ln_sigma = ln_sigma.max(-9.0);
    let at = match family {
        Family::Exponential => {
            let total: f64 = times.ended_s().iter().chain(times.cut_off_s()).sum();
            vec![(total / times.ended_s().len() as f64).ln()]
        }
        Family::Lognormal => vec![mean, ln_sigma],
        Family::Gamma => vec![-2.0 * ln_sigma, mean + 0.5 * (2.0 * ln_sigma).exp()],
        _ => {
            let ln_shape = gumbel.ln() - ln_sigma;
            vec![ln_shape, mean + EULER / ln_shape.exp()]
        }
    };
    std::array::from_fn(|k| at[k])
}

/// The mean and the logarithm of the standard deviation.
pub(super) fn moments(logs: impl Iterator<Item = f64> + Clone) -> [f64; 2] {
    let n = logs.clone().count() as f64;
    let mean = logs.clone().sum::<f64>() / n;
    let variance = logs.map(|y| (y - mean).powi(2)).sum::<f64>() / n;
    [mean, 0.5 * variance.ln()]
}

fn shifted_lognormal(times: &Times) -> Option<Likeliest> {
    let best = shifted::likeliest(times)?;
    let at = vec![best.shift_s, best.beyond[0], best.beyond[1]];
    let jet = Density::<3>::new(Family::ShiftedLognormal, &Jet::variables(&at)).likelihood(times);
    let unknown = if best.shift_s > 0.0 {
        covariance(&jet).map(rows)
    } else {
        // At the edge the curvature says nothing about the shift.
        let beyond = Jet::<2> {
            value: jet.value,
            slope: [jet.slope[1], jet.slope[2]],
            curvature: [1, 2].map(|i| [1, 2].map(|j| jet.curvature[i][j])),
        };
        let padded = |unknown: [[f64; 2]; 2]| {
            let row = |row: [f64; 2]| vec![0.0, row[0], row[1]];
            vec![vec![0.0; 3], row(unknown[0]), row(unknown[1])]
        };
        covariance(&beyond).map(padded)
    };
    let shift_s = student(times.ended_s().len(), 3).map(|[t, scale]| {
        // Half of the square of the quantile, as the covariance is scaled.
        shifted::likely_shifts(times, &best, 0.5 * t * t * scale)
    });
    Some(Likeliest { at, likelihood: best.likelihood, covariance: unknown, shift_s })
}

fn mixture(times: &Times, start: Option<&[f64; 5]>) -> Option<Likeliest> {
    let found = mixture::likeliest(times, start)?;
    let covariance = found.covariance.map(rows);
    Some(Likeliest { at: found.at.to_vec(), likelihood: found.likelihood, covariance, shift_s: None })
}

fn rows<const N: usize>(matrix: [[f64; N]; N]) -> Vec<Vec<f64>> {
    matrix.iter().map(|row| row.to_vec()).collect()
}

/// Student's quantile for `n` times and `k` parameters, and n / (n - k); `None` without a degree of freedom.
fn student(n: usize, k: usize) -> Option<[f64; 2]> {
    let freedom = n.checked_sub(k).filter(|freedom| *freedom > 0)? as f64;
    Some([student_quantile(freedom, FIT_COVERAGE), n as f64 / freedom])
}

impl LawFit {
    /// The law of the same family for another sample like the one it was fitted to, as fast as it can be found; `None`
    /// where that has none.
    #[must_use]
    pub fn refitted(&self, times: &Times) -> Option<Law> {
        refit(self.family, times, &self.law)
    }

    /// The parameters, in the order of [`Family::parameter_names`]; of an empirical law without intervals.
    #[must_use]
    pub fn parameters(&self) -> Vec<FitEstimate> {
        if let Law::Empirical { knots_s, tail_scale_s, tail_shape } = self.law {
            let known = |value: f64| FitEstimate { value, interval: None };
            return [f64::from(knots_s[KNOTS - 1]), tail_scale_s, tail_shape].map(known).to_vec();
        }
        let positive = |of: fn(&[f64]) -> f64| self.positive(of);
        match self.family {
            Family::Deterministic | Family::Exponential => vec![positive(|at| at[0])],
            Family::Lognormal if self.cut_off == 0 && self.ended > 1 => self.exact().to_vec(),
            Family::Lognormal => vec![self.plain(|at| at[0]), positive(|at| at[1])],
            Family::Gamma => vec![positive(|at| at[0]), positive(|at| at[1] - at[0])],
            Family::Weibull => vec![positive(|at| at[0]), positive(|at| at[1])],
            Family::ShiftedLognormal => {
                let shift = FitEstimate { value: self.at()[0], interval: self.shift_s };
                vec![shift, self.plain(|at| at[1]), positive(|at| at[2])]
            }
            Family::LognormalMixture => {
                let share = |logit: f64| (1.0 + (-logit).exp()).recip();
                let logit = self.plain(|at| at[0]);
                let first =
                    FitEstimate { value: share(logit.value), interval: logit.interval.map(|ends| ends.map(share)) };
                let (mu, sigma) = ([1, 3].map(|k| self.coordinate(k, false)), [2, 4].map(|k| self.coordinate(k, true)));
                vec![first, mu[0], sigma[0], mu[1], sigma[1]]
            }
            Family::Empirical => unreachable!("its law has no coordinates"),
        }
    }

    /// Mean and standard deviation of logarithms that are normal, all of them seen.
    fn exact(&self) -> [FitEstimate; 2] {
        let (at, n) = (self.at(), self.ended as f64);
        let (mu, sigma) = (at[0], at[1].exp());
        let reach = student_quantile(n - 1.0, FIT_COVERAGE) * sigma / (n - 1.0).sqrt();
        let squares = ChiSquared::new(n - 1.0).expect("one degree of freedom or more");
        let outside = (1.0 - FIT_COVERAGE) / 2.0;
        let ends = [1.0 - outside, outside].map(|share| sigma * (n / squares.inverse_cdf(share)).sqrt());
        [
            FitEstimate { value: mu, interval: Some([mu - reach, mu + reach]) },
            FitEstimate { value: sigma, interval: Some(ends) },
        ]
    }

    /// The mean in seconds. Of an empirical law with the interval of the mean of as many independent times as ended.
    #[must_use]
    pub fn mean(&self) -> FitEstimate {
        if self.family == Family::Empirical {
            let (value, n) = (self.law.mean_s(), self.ended as f64);
            let reach = student_quantile(n - 1.0, FIT_COVERAGE) * self.law.cv() / n.sqrt();
            return FitEstimate { value, interval: Some([value * (-reach).exp(), value * reach.exp()]) };
        }
        self.positive(|at| law_at(self.family, at).mean_s().ln())
    }

    /// What a time stays below with this probability, in seconds; of an empirical law without an interval.
    ///
    /// - `probability`: in (0, 1), and no closer to its ends than 2^-33.
    #[must_use]
    pub fn quantile(&self, probability: f64) -> FitEstimate {
        if self.family == Family::Empirical {
            return FitEstimate { value: self.law.seconds_at(probability), interval: None };
        }
        self.positive(|at| law_at(self.family, at).seconds_at(probability).ln())
    }

    fn at(&self) -> Vec<f64> {
        coordinates(&self.law).expect("a law that was fitted has coordinates").1
    }

    fn coordinate(&self, k: usize, positive: bool) -> FitEstimate {
        if positive { self.positive(|at| at[k]) } else { self.plain(|at| at[k]) }
    }

    /// A function of the coordinates, with the interval of the delta method.
    fn plain(&self, of: impl Fn(&[f64]) -> f64) -> FitEstimate {
        let at = self.at();
        let value = of(&at);
        let half = || {
            let unknown = self.covariance.as_ref()?;
            let [t, scale] = student(self.ended, self.family.parameters())?;
            let slope: Vec<f64> = (0..at.len()).map(|k| difference(&of, &at, k, unknown[k][k].sqrt())).collect();
            let variance: f64 =
                (0..at.len()).map(|i| (0..at.len()).map(|j| slope[i] * unknown[i][j] * slope[j]).sum::<f64>()).sum();
            let half = t * (scale * variance.max(0.0)).sqrt();
            half.is_finite().then_some(half)
        };
        FitEstimate { value, interval: half().map(|half| [value - half, value + half]) }
    }

    /// The exponential of such a function: its interval has no end below zero.
    fn positive(&self, of: impl Fn(&[f64]) -> f64) -> FitEstimate {
        let FitEstimate { value, interval } = self.plain(of);
        FitEstimate { value: value.exp(), interval: interval.map(|ends| ends.map(f64::exp)) }
    }
}

/// The slope in coordinate `k`, from a difference over a thousandth of what is not known about it.
fn difference(of: impl Fn(&[f64]) -> f64, at: &[f64], k: usize, deviation: f64) -> f64 {
    if deviation <= 0.0 {
        return 0.0;
    }
    let h = 1e-3 * deviation.min(1.0);
    let moved = |by: f64| {
        let mut at = at.to_vec();
        at[k] += by;
        of(&at)
    };
    (moved(h) - moved(-h)) / (2.0 * h)
}

#[cfg(test)]
mod tests;
