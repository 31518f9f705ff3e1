//! What two percentiles of a sample say about a lognormal law.

use serde::{Deserialize, Serialize};
use statrs::distribution::{Continuous, ContinuousCDF, Gamma, Normal};
use statrs::function::gamma::gamma;

/// A share of a sample and the time below which it lies.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Percentile {
    /// Between 0 and 1, ends excluded.
    pub share: f64,
    /// In seconds, above zero.
    pub seconds: f64,
}

/// Mean and spread of the logarithm of the seconds, as two percentiles tell them.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct TwoPercentiles {
    /// Mean of the logarithm of the seconds.
    pub mu: f64,
    /// Standard deviation of the logarithm.
    pub sigma: f64,
    /// Standard error of `mu`.
    pub mu_error: f64,
    /// Standard error of `sigma`.
    pub sigma_error: f64,
    /// How many runs stand behind the percentiles.
    pub n: u32,
}

/// Why two percentiles make no law.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PercentileError {
    /// A share outside (0, 1), a time that is not above zero, or shares that do not rise.
    #[error(
        "{low:?} and {high:?} are no two percentiles; give shares that rise between 0 and 1, and seconds above zero"
    )]
    NotPercentiles {
        /// The one that should be lower.
        low: Percentile,
        /// The other.
        high: Percentile,
    },
    /// The times do not rise with the shares.
    #[error("{high_s} s is not above {low_s} s; give the higher percentile the longer time")]
    NotRising {
        /// The lower percentile in seconds.
        low_s: f64,
        /// The higher one in seconds.
        high_s: f64,
    },
    /// No runs.
    #[error("percentiles of {n} runs say nothing of their error; give the number of runs, at least 2")]
    TooFew {
        /// How many.
        n: u32,
    },
}

/// The lognormal law with these two percentiles, and how far `n` independent runs let it be trusted.
///
/// - `low`, `high`: two sample percentiles of the same runs, the lower first; equal times mean no spread.
///
/// # Errors
/// [`PercentileError`].
///
/// # Source
/// Standard errors from the joint normal limit of sample quantiles, covariance `p·(1 - q) / (n·f(x_p)·f(x_q))` for
/// p ≤ q: David and Nagaraja 2003, *Order Statistics*, 3rd edition, section 10.3.
pub fn lognormal_of(n: u32, low: Percentile, high: Percentile) -> Result<TwoPercentiles, PercentileError> {
    let is_one = |p: Percentile| p.share > 0.0 && p.share < 1.0 && p.seconds.is_finite() && p.seconds > 0.0;
    if !(is_one(low) && is_one(high) && low.share < high.share) {
        return Err(PercentileError::NotPercentiles { low, high });
    }
    if high.seconds < low.seconds {
        return Err(PercentileError::NotRising { low_s: low.seconds, high_s: high.seconds });
    }
    if n < 2 {
        return Err(PercentileError::TooFew { n });
    }
    let normal = Normal::standard();
    let (a, b) = (normal.inverse_cdf(low.share), normal.inverse_cdf(high.share));
    let sigma = (high.seconds.ln() - low.seconds.ln()) / (b - a);
    let mu = low.seconds.ln() - a * sigma;
    // Variances of the two standardised quantiles, and their covariance, in units of sigma²/n.
    let variance = |p: f64, z: f64| p * (1.0 - p) / normal.pdf(z).powi(2);
    let covariance = low.share * (1.0 - high.share) / (normal.pdf(a) * normal.pdf(b));
    let (va, vb) = (variance(low.share, a), variance(high.share, b));
    // mu = (b·x_a - a·x_b) / (b - a), sigma = (x_b - x_a) / (b - a).
    let mu_variance = (b * b * va + a * a * vb - 2.0 * a * b * covariance) / (b - a).powi(2);
    let sigma_variance = (va + vb - 2.0 * covariance) / (b - a).powi(2);
    let error = |variance: f64| sigma * (variance / f64::from(n)).sqrt();
    Ok(TwoPercentiles { mu, sigma, mu_error: error(mu_variance), sigma_error: error(sigma_variance), n })
}

/// The shortest and the longest mean among laws of several families with these two percentiles, as multiples of the mean of
/// the lognormal one: gamma, Weibull, lognormal beyond half the lower percentile, and exponential beyond a time. Two
/// percentiles cannot tell them apart. A few runs that take many times longer than the higher one would show in none.
///
/// - `low`, `high`: as [`lognormal_of`] takes them, and of different times.
pub(crate) fn means_of_families(low: Percentile, high: Percentile) -> [f64; 2] {
    let normal = Normal::standard();
    let (a, b) = (normal.inverse_cdf(low.share), normal.inverse_cdf(high.share));
    let lognormal_beyond = |shift_s: f64| {
        let (x, y) = ((low.seconds - shift_s).ln(), (high.seconds - shift_s).ln());
        let sigma = (y - x) / (b - a);
        shift_s + (x - a * sigma + sigma * sigma / 2.0).exp()
    };
    let plain = lognormal_beyond(0.0);
    let others = [
        gamma_mean(low, high).unwrap_or(plain),
        weibull_mean(low, high),
        lognormal_beyond(low.seconds / 2.0),
        exponential_mean(low, high).unwrap_or(plain),
    ];
    let ratios = others.map(|mean| mean / plain);
    [ratios.into_iter().fold(1.0, f64::min), ratios.into_iter().fold(1.0, f64::max)]
}

/// -ln(1 - p): the time of a standard exponential law.
fn waits(of: Percentile) -> f64 {
    -(-of.share).ln_1p()
}

fn weibull_mean(low: Percentile, high: Percentile) -> f64 {
    let shape = (waits(high) / waits(low)).ln() / (high.seconds / low.seconds).ln();
    low.seconds / waits(low).powf(shape.recip()) * gamma(1.0 + shape.recip())
}

/// Of an exponential law that begins at a time; `None` where that would be below zero.
fn exponential_mean(low: Percentile, high: Percentile) -> Option<f64> {
    let scale_s = (high.seconds - low.seconds) / (waits(high) - waits(low));
    let shift_s = low.seconds - scale_s * waits(low);
    (shift_s >= 0.0).then_some(shift_s + scale_s)
}

/// The ratio of two percentiles falls with the shape: between a cv of 7 and one of a per cent.
fn gamma_mean(low: Percentile, high: Percentile) -> Option<f64> {
    let at = |ln_shape: f64| {
        let law = Gamma::new(ln_shape.exp(), 1.0).ok()?;
        Some((law.inverse_cdf(low.share), law.inverse_cdf(high.share)))
    };
    let (mut from, mut to) = (-4.0, 9.0);
    let ratio = high.seconds / low.seconds;
    let reaches = |ln_shape: f64| at(ln_shape).map(|(x, y)| y / x > ratio);
    if !reaches(from)? || reaches(to)? {
        return None;
    }
    for _ in 0..50 {
        let middle = f64::midpoint(from, to);
        if reaches(middle)? { from = middle } else { to = middle }
    }
    let (x, _) = at(from)?;
    Some(from.exp() * low.seconds / x)
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;
    use fleetfront_sim::{Role, StreamKey, normal_quantile, stream};
    use rand::RngExt;

    fn percentiles(p50_s: f64, p95_s: f64) -> (Percentile, Percentile) {
        (Percentile { share: 0.5, seconds: p50_s }, Percentile { share: 0.95, seconds: p95_s })
    }

    /// 2·e^(0.3·1.644854) = 3.2759; the error of a median is σ·√(π/2n), which is 0.3·1.2533/10 for 100 runs.
    #[test]
    fn the_law_has_the_percentiles_and_the_median_its_textbook_error() {
        let (low, high) = percentiles(2.0, 2.0 * (0.3 * 1.644_853_627_f64).exp());
        let law = lognormal_of(100, low, high).expect("percentiles");
        assert_relative_eq!(law.mu, 2.0_f64.ln(), epsilon = 1e-12);
        assert_relative_eq!(law.sigma, 0.3, max_relative = 1e-8);
        assert_relative_eq!(law.mu_error, 0.3 * (std::f64::consts::PI / 200.0).sqrt(), max_relative = 1e-6);
    }

    /// The errors are the spread of the estimates over 2000 drawn samples of 200 runs.
    #[test]
    fn errors_are_what_redrawn_samples_show() {
        let mut rng = stream(1, 0, StreamKey::of("percentiles"), Role::Service);
        let (mut mus, mut sigmas, mut told) = (Vec::new(), Vec::new(), (0.0, 0.0));
        for _ in 0..2000 {
            let mut logs: Vec<f64> = (0..200).map(|_| 0.4 * normal_quantile(rng.random::<f64>())).collect();
            logs.sort_by(f64::total_cmp);
            let at = |p: f64| (f64::midpoint(logs[(200.0 * p) as usize - 1], logs[(200.0 * p) as usize])).exp();
            let (low, high) = percentiles(at(0.5), at(0.95));
            let law = lognormal_of(200, low, high).expect("percentiles");
            mus.push(law.mu);
            sigmas.push(law.sigma);
            told = (told.0 + law.mu_error / 2000.0, told.1 + law.sigma_error / 2000.0);
        }
        let spread = |of: &[f64]| {
            let mean = of.iter().sum::<f64>() / of.len() as f64;
            (of.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / of.len() as f64).sqrt()
        };
        // The spread of 2000 estimates is itself known to 1.6 %; the limit law is a few per cent off at 200 runs.
        assert_relative_eq!(told.0, spread(&mus), max_relative = 0.08);
        assert_relative_eq!(told.1, spread(&sigmas), max_relative = 0.08);
    }

    /// Each law by its own percentiles: gamma of shape 2 and scale 3 (by `scipy.stats.gamma.ppf`), Weibull of shape 1.5 and
    /// scale 4, an exponential one of 2 s beyond 1 s.
    #[test]
    fn each_family_has_its_mean_by_two_percentiles() {
        let (low, high) = percentiles(3.0 * 1.678_346_990, 3.0 * 4.743_864_518);
        assert_relative_eq!(gamma_mean(low, high).expect("a law"), 6.0, max_relative = 1e-6);
        let (low, high) = percentiles(4.0 * 2f64.ln().powf(1.0 / 1.5), 4.0 * 20f64.ln().powf(1.0 / 1.5));
        assert_relative_eq!(weibull_mean(low, high), 4.0 * 0.902_745_293, max_relative = 1e-8);
        let (low, high) = percentiles(1.0 + 2.0 * 2f64.ln(), 1.0 + 2.0 * 20f64.ln());
        assert_relative_eq!(exponential_mean(low, high).expect("a law"), 3.0, max_relative = 1e-9);
    }

    #[test]
    fn the_wider_two_percentiles_the_less_they_tell_of_the_mean() {
        let means = |p95_s| {
            let (low, high) = percentiles(2.0, p95_s);
            means_of_families(low, high)
        };
        let ([narrow, _], [low, high]) = (means(2.1), means(10.0));
        assert!(narrow > 0.99 && low < 0.98 && high > 1.05, "{narrow} {low} {high}");
    }

    #[test]
    fn what_makes_no_law_is_named() {
        let (low, high) = percentiles(2.0, 3.0);
        assert_eq!(lognormal_of(1, low, high), Err(PercentileError::TooFew { n: 1 }));
        let falling = lognormal_of(9, low, Percentile { seconds: 1.0, ..high });
        assert_eq!(falling, Err(PercentileError::NotRising { low_s: 2.0, high_s: 1.0 }));
        assert!(matches!(lognormal_of(9, high, low), Err(PercentileError::NotPercentiles { .. })));
        let zero = Percentile { seconds: 0.0, ..low };
        assert!(matches!(lognormal_of(9, zero, high), Err(PercentileError::NotPercentiles { .. })));
    }
}
