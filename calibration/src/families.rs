//! Which family of laws suits a sample: maximum-likelihood fits of two-parameter families, compared by AICc.
//!
//! The laws that a study simulates are made in `sample.rs`; this says how well their family suits the measurements.

use serde::{Deserialize, Serialize};

use crate::stirling::{ln_less_digamma, remainder};

/// Fewest times that two parameters can be compared on: AICc divides by n - 3.
const FEWEST_TIMES: usize = 4;

/// A family of positive laws with two parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Family {
    /// The logarithm is normal.
    Lognormal,
    /// A sum of exponential stages, also of a fraction of one.
    Gamma,
    /// A power of an exponential.
    Weibull,
}

impl Family {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Lognormal, Self::Gamma, Self::Weibull];
}

/// One law of a family.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Parameters {
    /// exp(N(mu, sigma²)).
    Lognormal {
        /// Mean of the logarithm of the seconds.
        mu: f64,
        /// Standard deviation of the logarithm.
        sigma: f64,
    },
    /// Density proportional to x^(shape - 1)·exp(-x/scale).
    Gamma {
        /// Without unit; 1 is the exponential law.
        shape: f64,
        /// In seconds; the mean is shape times scale.
        scale_s: f64,
    },
    /// P(X > x) = exp(-(x/scale)^shape).
    Weibull {
        /// Without unit; 1 is the exponential law.
        shape: f64,
        /// In seconds; 63 % of the times lie below.
        scale_s: f64,
    },
}

/// The law of a family under which a sample is likeliest.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct FamilyFit {
    /// The law.
    pub parameters: Parameters,
    /// Logarithm of the density of the sample (seconds^-n) under it.
    pub log_likelihood: f64,
    /// Akaike's criterion corrected for small samples: less is better, a difference below 2 says little.
    pub aicc: f64,
}

/// Why a sample has no fit.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum FitError {
    /// There are fewer than four times.
    #[error("{n} times are too few to compare families; give at least {FEWEST_TIMES}")]
    TooFew {
        /// How many there are.
        n: usize,
    },
    /// A time is zero, negative, infinite or NaN.
    #[error("{value} is not a time that these families know; give seconds above zero and leave failed requests out")]
    NotPositive {
        /// The offending time.
        value: f64,
    },
    /// All times are equal, to within rounding.
    #[error("all {n} times are {value} s: no spread to fit; give times with more digits, or use the fixed time")]
    NoSpread {
        /// How many there are.
        n: usize,
        /// The common time.
        value: f64,
    },
    /// No request ended before its limit.
    #[error("none of the times ended before the limit; give at least one that did, or raise the limit")]
    NoneEnded,
}

/// The maximum-likelihood fit of one family.
///
/// - `seconds`: at least four independent times in seconds, above zero, in any order; not all equal.
///
/// # Errors
/// [`FitError`] when the sample is not such.
///
/// # Source
/// Lognormal: moments of the logarithm, divided by n. Gamma: Choi and Wette 1969, *Technometrics* 11, the shape
/// between 1/(2s) and 1/s by Alzer 1997, *Mathematics of Computation* 66. Weibull: Cohen 1965, *Technometrics* 7. AICc:
/// Hurvich and Tsai 1989, *Biometrika* 76.
pub fn fit_family(family: Family, seconds: &[f64]) -> Result<FamilyFit, FitError> {
    let logs = Logs::of(seconds)?;
    let (parameters, mean_log_likelihood) = match family {
        Family::Lognormal => lognormal(&logs),
        Family::Gamma => gamma(&logs),
        Family::Weibull => weibull(&logs),
    };
    let n = seconds.len() as f64;
    let log_likelihood = n * mean_log_likelihood;
    // Two parameters: 2·2 - 2 ln L + 2·2·3 / (n - 3).
    let aicc = 4.0 - 2.0 * log_likelihood + 12.0 / (n - 3.0);
    Ok(FamilyFit { parameters, log_likelihood, aicc })
}

/// The fits of all families, the smallest AICc first; of equals in the order of [`Family::ALL`].
///
/// - `seconds`: as in [`fit_family`].
///
/// # Errors
/// As [`fit_family`].
pub fn compare_families(seconds: &[f64]) -> Result<Vec<FamilyFit>, FitError> {
    let mut fits = Family::ALL.map(|family| fit_family(family, seconds)).into_iter().collect::<Result<Vec<_>, _>>()?;
    fits.sort_by(|a, b| a.aicc.total_cmp(&b.aicc));
    Ok(fits)
}

/// A sample that can be fitted, as logarithms about their mean: all three families are closed under scaling, and sums
/// of small deviations keep their digits.
struct Logs {
    /// Mean of the logarithm of the seconds.
    mean: f64,
    /// ln x less `mean`; neither empty nor all zero.
    deviations: Vec<f64>,
}

impl Logs {
    fn of(seconds: &[f64]) -> Result<Self, FitError> {
        let n = seconds.len();
        if let Some(&value) = seconds.iter().find(|x| !(x.is_finite() && **x > 0.0)) {
            return Err(FitError::NotPositive { value });
        }
        if n < FEWEST_TIMES {
            return Err(FitError::TooFew { n });
        }
        let first = seconds[0];
        // About the first time, so that a common factor costs no digits.
        let ln_ratio = |x: &f64| {
            let close = (0.5..2.0).contains(&(x / first));
            if close { ((x - first) / first).ln_1p() } else { x.ln() - first.ln() }
        };
        let about_first: Vec<f64> = seconds.iter().map(ln_ratio).collect();
        let mean = about_first.iter().sum::<f64>() / n as f64;
        let deviations: Vec<f64> = about_first.iter().map(|x| x - mean).collect();
        // Smaller spreads are roundings of one number; their shapes would overflow.
        if deviations.iter().all(|x| x.abs() < 1e-12) {
            return Err(FitError::NoSpread { n, value: first });
        }
        Ok(Self { mean: first.ln() + mean, deviations })
    }

    /// The mean of a function of the deviations.
    fn mean_of(&self, of: impl Fn(f64) -> f64) -> f64 {
        self.deviations.iter().map(|x| of(*x)).sum::<f64>() / self.deviations.len() as f64
    }
}

/// Parameters and log-likelihood a time.
fn lognormal(logs: &Logs) -> (Parameters, f64) {
    let sigma = logs.mean_of(|x| x * x).sqrt();
    let likelihood = -logs.mean - sigma.ln() - 0.5 * (1.0 + std::f64::consts::TAU.ln());
    (Parameters::Lognormal { mu: logs.mean, sigma }, likelihood)
}

/// The shape solves ln k - ψ(k) = s, s the logarithm of the mean less the mean of the logarithm.
fn gamma(logs: &Logs) -> (Parameters, f64) {
    // exp(x) - 1 - x has the mean of exp(x) - 1, as the deviations have mean zero.
    let s = logs.mean_of(|x| x.exp_m1() - x).ln_1p();
    let shape = increasing_root(0.5 / s, 1.0 / s, |k| s - ln_less_digamma(k));
    let scale_s = (logs.mean + s).exp() / shape;
    // -ks + k ln k - k - ln Γ(k) - mean ln x, with Stirling's formula in the place of ln Γ.
    let likelihood = 0.5 * (shape / std::f64::consts::TAU).ln() - remainder(shape) - shape * s - logs.mean;
    (Parameters::Gamma { shape, scale_s }, likelihood)
}

/// The shape solves 1/k = the mean of ln x weighted with x^k, less the plain mean.
fn weibull(logs: &Logs) -> (Parameters, f64) {
    let largest = logs.deviations.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let weight = |k: f64| logs.mean_of(|x| (k * (x - largest)).exp());
    let score = |k: f64| logs.mean_of(|x| x * (k * (x - largest)).exp()) / weight(k) - k.recip();
    let (mut low, mut high) = (1.0, 1.0);
    while score(low) > 0.0 {
        low /= 2.0;
    }
    while score(high) < 0.0 {
        high *= 2.0;
    }
    let shape = increasing_root(low, high, score);
    let ln_scale = logs.mean + largest + weight(shape).ln() / shape;
    let likelihood = shape.ln() - shape * (ln_scale - logs.mean) - logs.mean - 1.0;
    (Parameters::Weibull { shape, scale_s: ln_scale.exp() }, likelihood)
}

/// Where an increasing function changes its sign between `low` and `high`, to the last float.
fn increasing_root(mut low: f64, mut high: f64, of: impl Fn(f64) -> f64) -> f64 {
    loop {
        let middle = f64::midpoint(low, high);
        if middle <= low || middle >= high {
            return middle;
        }
        if of(middle) < 0.0 {
            low = middle;
        } else {
            high = middle;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    const TIMES_S: [f64; 10] = [3.2, 4.1, 2.8, 6.5, 3.9, 5.0, 4.4, 3.1, 7.9, 4.7];
    /// From a hundredth of a second to a quarter of a minute: shapes below one.
    const WILD_S: [f64; 6] = [0.01, 0.2, 0.9, 3.0, 14.0, 0.05];

    fn check(fit: FamilyFit, parameters: [f64; 2], log_likelihood: f64) {
        let found = match fit.parameters {
            Parameters::Lognormal { mu, sigma } => [mu, sigma],
            Parameters::Gamma { shape, scale_s } | Parameters::Weibull { shape, scale_s } => [shape, scale_s],
        };
        for (found, expected) in found.iter().zip(parameters) {
            assert_relative_eq!(*found, expected, max_relative = 1e-6);
        }
        assert_relative_eq!(fit.log_likelihood, log_likelihood, max_relative = 1e-9);
    }

    fn fit(family: Family, seconds: &[f64]) -> FamilyFit {
        fit_family(family, seconds).expect("a sample with spread")
    }

    /// `scipy.stats.lognorm/gamma/weibull_min.fit(x, floc=0)`, polished by `scipy.optimize.minimize(..., "Nelder-Mead",
    /// xatol=1e-12, fatol=1e-14)` on -`logpdf`, scipy 1.17.1; AICc by hand from the log-likelihood.
    #[test]
    fn fits_as_another_program_finds_them() {
        let lognormal = fit(Family::Lognormal, &TIMES_S);
        check(lognormal, [1.467_340_576_377_27, 0.310_051_869_821_362], -17.152_634_360_924_31);
        assert_relative_eq!(lognormal.aicc, 4.0 + 34.305_268_721_848_62 + 12.0 / 7.0, max_relative = 1e-10);
        check(fit(Family::Gamma, &TIMES_S), [10.167_415_16, 0.448_491_572], -17.430_668_085_647);
        check(fit(Family::Weibull, &TIMES_S), [3.147_841_90, 5.096_074_67], -18.278_352_278_151);
        check(fit(Family::Gamma, &WILD_S), [0.332_811_034_6, 9.094_249_559], -8.605_978_933_874);
        check(fit(Family::Weibull, &WILD_S), [0.459_326_012_05, 1.321_909_198_3], -8.421_198_090_168);
    }

    /// Two times of 1 s and two of e² s: mean 1 and deviation 1 of the logarithm, so L = -4 (1 + ½ + ½ ln 2π).
    #[test]
    fn a_lognormal_by_hand() {
        let square = std::f64::consts::E.powi(2);
        let expected = -4.0 * (1.5 + 0.5 * std::f64::consts::TAU.ln());
        check(fit(Family::Lognormal, &[1.0, square, 1.0, square]), [1.0, 1.0], expected);
    }

    /// The definition: no law near the fitted one makes the sample likelier.
    #[test]
    fn no_neighbour_is_likelier() {
        let ln_gamma = |k: f64| remainder(k) + (k - 0.5) * k.ln() - k + 0.5 * std::f64::consts::TAU.ln();
        let gamma = |k: f64, b: f64, x: f64| (k - 1.0) * x.ln() - x / b - k * b.ln() - ln_gamma(k);
        let weibull = |k: f64, b: f64, x: f64| (k / b).ln() + (k - 1.0) * (x / b).ln() - (x / b).powf(k);
        let likelihood =
            |density: &dyn Fn(f64, f64, f64) -> f64, k, b| WILD_S.iter().map(|x| density(k, b, *x)).sum::<f64>();
        for (family, density) in [(Family::Gamma, &gamma as &dyn Fn(f64, f64, f64) -> f64), (Family::Weibull, &weibull)]
        {
            let fit = fit(family, &WILD_S);
            let (Parameters::Gamma { shape, scale_s } | Parameters::Weibull { shape, scale_s }) = fit.parameters else {
                unreachable!("a shape and a scale")
            };
            assert_relative_eq!(likelihood(density, shape, scale_s), fit.log_likelihood, max_relative = 1e-10);
            for (dk, db) in [(1.001, 1.0), (0.999, 1.0), (1.0, 1.001), (1.0, 0.999)] {
                assert!(likelihood(density, dk * shape, db * scale_s) < fit.log_likelihood, "{family:?} {dk} {db}");
            }
        }
    }

    /// Seconds or minutes: shapes stay, scales follow, and the density of each time changes by the factor.
    #[test]
    fn the_unit_does_not_matter() {
        for family in Family::ALL {
            let (one, other) = (fit(family, &TIMES_S), fit(family, &TIMES_S.map(|x| 60.0 * x)));
            let parameters = match one.parameters {
                Parameters::Lognormal { mu, sigma } => [mu + 60.0_f64.ln(), sigma],
                Parameters::Gamma { shape, scale_s } | Parameters::Weibull { shape, scale_s } => {
                    [shape, 60.0 * scale_s]
                }
            };
            check(other, parameters, one.log_likelihood - 10.0 * 60.0_f64.ln());
        }
    }

    /// Of a nearly constant time the families agree: cv = sigma = 1/√shape.
    #[test]
    fn tiny_spreads_are_fitted_too() {
        let seconds = [10.0, 10.0 + 1e-6, 10.0 - 1e-6, 10.0];
        // Two of four deviate by 1e-7.
        let cv = 0.5_f64.sqrt() * 1e-7;
        let Parameters::Lognormal { sigma, .. } = fit(Family::Lognormal, &seconds).parameters else { unreachable!() };
        let Parameters::Gamma { shape, .. } = fit(Family::Gamma, &seconds).parameters else { unreachable!() };
        assert_relative_eq!(sigma, cv, max_relative = 1e-6);
        assert_relative_eq!(shape.sqrt().recip(), cv, max_relative = 1e-6);
    }

    #[test]
    fn the_likeliest_family_comes_first() {
        let fits = compare_families(&TIMES_S).expect("a sample with spread");
        assert_eq!(fits.len(), 3);
        assert!(fits.is_sorted_by(|a, b| a.aicc < b.aicc), "{fits:?}");
        assert!(matches!(fits[0].parameters, Parameters::Lognormal { .. }), "{fits:?}");
    }

    #[test]
    fn samples_without_a_fit_say_what_to_change() {
        let error = |seconds: &[f64]| fit_family(Family::Gamma, seconds).expect_err("no fit");
        assert_eq!(error(&[]), FitError::TooFew { n: 0 });
        assert_eq!(error(&[1.0, 2.0, 3.0]), FitError::TooFew { n: 3 });
        assert_eq!(error(&[1.0, 0.0, 3.0, 2.0]), FitError::NotPositive { value: 0.0 });
        assert_eq!(error(&[1.0, -2.0]), FitError::NotPositive { value: -2.0 });
        assert!(matches!(error(&[1.0, f64::NAN, 3.0, 2.0]), FitError::NotPositive { .. }));
        let equal = error(&[2.5; 6]);
        assert_eq!(equal, FitError::NoSpread { n: 6, value: 2.5 });
        assert!(equal.to_string().starts_with("all 6 times are 2.5 s"), "{equal}");
        assert_eq!(error(&[]).to_string(), "0 times are too few to compare families; give at least 4");
    }
}
