//! The lognormal law of times of which some were cut off, where others say how much times spread.

use super::family::Family;
use super::fit::moments;
use super::jet::Jet;
use super::likelihood::Density;
use super::newton::{covariance, maximise};
use crate::percentiles::TwoPercentiles;

/// What is known of a spread beforehand: a variance of logarithms, and how many degrees of freedom it is worth.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct KnownSpread {
    pub(crate) variance: f64,
    /// 0: nothing is known.
    pub(crate) freedom: f64,
}

/// A lognormal law with what is not known of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Informed {
    pub(crate) mu: f64,
    pub(crate) sigma: f64,
    /// Standard error of the logarithm of the mean, mu + sigma²/2.
    pub(crate) mean_error: f64,
}

/// The likeliest law, with times that were cut off taken as longer than their limit. `None` where no law is the likeliest.
///
/// One time that ended is enough where a spread is known. With none cut off, variance and mean are those of the weighted
/// spreads (Smyth 2004, section 3): the likelihood is that of the deviations, with one degree of freedom less.
///
/// - `ended_s`, `cut_off_s`: above zero.
///
/// # Source
/// Likelihood of censored times: Cox and Oakes 1984, *Analysis of Survival Data*, section 3.2; the prior of a variance as
/// a scaled inverse chi-square: Smyth 2004.
pub(crate) fn informed_lognormal(
    ended_s: &[f64],
    cut_off_s: &[f64],
    summaries: &[TwoPercentiles],
    known: KnownSpread,
) -> Option<Informed> {
    let logs: Vec<f64> =
        ended_s.iter().chain(cut_off_s).map(|x| x.ln()).chain(summaries.iter().map(|s| s.mu)).collect();
    let [mean, ln_sigma] = moments(logs.into_iter());
    let ln_sigma = if known.freedom > 0.0 { ln_sigma.max(known.variance.ln() / 2.0) } else { ln_sigma.max(-9.0) };
    let of = |at: &[f64; 2]| {
        let [mu, ln_sigma] = Jet::variables(at);
        let density = Density::<2>::new(Family::Lognormal, &[mu, ln_sigma]);
        let ended = ended_s.iter().fold(Jet::ZERO, |sum, x| sum + density.ended(*x));
        let times = cut_off_s.iter().fold(ended, |sum, x| sum + density.beyond(*x));
        let told = summaries.iter().fold(times, |sum, summary| sum + of_summary(summary, mu, ln_sigma));
        let squares = ln_sigma.times(-2.0).exp().times(-known.freedom * known.variance / 2.0);
        told + ln_sigma.times(1.0 - known.freedom) + squares
    };
    let found = maximise([mean, ln_sigma], of)?;
    let [mu, ln_sigma] = found.at;
    let unknown = covariance(&found.jet)?;
    let sigma = ln_sigma.exp();
    let slope = [1.0, sigma * sigma];
    let variance: f64 = (0..2).map(|i| (0..2).map(|j| slope[i] * unknown[i][j] * slope[j]).sum::<f64>()).sum();
    Some(Informed { mu, sigma, mean_error: variance.max(0.0).sqrt() })
}

/// Percentiles of further runs, as the normal laws of the mean and the spread that they tell.
fn of_summary(summary: &TwoPercentiles, mu: Jet<2>, ln_sigma: Jet<2>) -> Jet<2> {
    let TwoPercentiles { mu: middle, sigma, mu_error, sigma_error, .. } = *summary;
    let off = mu.plus(-middle).times(mu_error.recip());
    let spread = ln_sigma.plus(-sigma.ln()).times(sigma / sigma_error);
    (off * off + spread * spread).times(-0.5)
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    const NOTHING: KnownSpread = KnownSpread { variance: 0.0, freedom: 0.0 };

    /// Three logarithms 1, 2, 3: mean 2, variance 1 with two degrees of freedom; with one of 4 worth two more, 2.5.
    #[test]
    fn without_cut_off_times_spreads_are_weighted() {
        let seconds = [1.0f64, 2.0, 3.0].map(f64::exp);
        let own = informed_lognormal(&seconds, &[], &[], NOTHING).expect("a law");
        assert_relative_eq!(own.mu, 2.0, epsilon = 1e-9);
        assert_relative_eq!(own.sigma, 1.0, max_relative = 1e-6);
        let known = KnownSpread { variance: 4.0, freedom: 2.0 };
        let both = informed_lognormal(&seconds, &[], &[], known).expect("a law");
        assert_relative_eq!(both.sigma.powi(2), 2.5, max_relative = 1e-6);
    }

    /// One of two was cut off at the median: mu is 2 + s·z where the slopes cancel, (2 - mu)/s + hazard(z) = 0.
    #[test]
    fn one_time_that_ended_is_enough_where_the_spread_is_known() {
        let known = KnownSpread { variance: 0.04, freedom: 1e9 };
        let found = informed_lognormal(&[2f64.exp()], &[2f64.exp()], &[], known).expect("a law");
        // z = (mu - 2)/s solves z = φ(z)/Φ(z): 0.506054468989 by bisection in another program.
        assert_relative_eq!((found.mu - 2.0) / 0.2, 0.506_054_469, epsilon = 1e-4);
        assert_eq!(informed_lognormal(&[2.0], &[2.0], &[], NOTHING), None);
    }
}
