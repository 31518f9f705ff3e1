//! The likeliest laws of samples that are complete, in closed form but for one root.

use fleetfront_sim::Law;

use super::family::Family;
use super::stirling::{ln_less_digamma, remainder};

/// The likeliest law of a family with one or two parameters, and the logarithm of its likelihood.
///
/// - `seconds`: not empty, above zero, and not all equal.
///
/// # Source
/// Lognormal: moments of the logarithm, divided by n. Gamma: Choi and Wette 1969, *Technometrics* 11, the shape
/// between 1/(2s) and 1/s by Alzer 1997, *Mathematics of Computation* 66. Weibull: Cohen 1965, *Technometrics* 7.
///
/// # Panics
/// For another family.
pub(super) fn likeliest(family: Family, seconds: &[f64]) -> (Law, f64) {
    let logs = Logs::of(seconds);
    let (law, mean_log_likelihood) = match family {
        Family::Exponential => exponential(&logs),
        Family::Lognormal => lognormal(&logs),
        Family::Gamma => gamma(&logs),
        Family::Weibull => weibull(&logs),
        _ => panic!("{family} has no closed form"),
    };
    (law, seconds.len() as f64 * mean_log_likelihood)
}

/// A sample that can be fitted, as logarithms about their mean: these families are closed under scaling, and sums
/// of small deviations keep their digits.
struct Logs {
    /// Mean of the logarithm of the seconds.
    mean: f64,
    /// ln x less `mean`; neither empty nor all zero.
    deviations: Vec<f64>,
}

impl Logs {
    fn of(seconds: &[f64]) -> Self {
        let n = seconds.len();
        let first = seconds[0];
        // About the first time, so that a common factor costs no digits.
        let ln_ratio = |x: &f64| {
            let close = (0.5..2.0).contains(&(x / first));
            if close { ((x - first) / first).ln_1p() } else { x.ln() - first.ln() }
        };
        let about_first: Vec<f64> = seconds.iter().map(ln_ratio).collect();
        let mean = about_first.iter().sum::<f64>() / n as f64;
        let deviations: Vec<f64> = about_first.iter().map(|x| x - mean).collect();
        Self { mean: first.ln() + mean, deviations }
    }

    /// The mean of a function of the deviations.
    fn mean_of(&self, of: impl Fn(f64) -> f64) -> f64 {
        self.deviations.iter().map(|x| of(*x)).sum::<f64>() / self.deviations.len() as f64
    }
}

/// Law and log-likelihood a time.
fn exponential(logs: &Logs) -> (Law, f64) {
    let ln_mean = logs.mean + logs.mean_of(f64::exp_m1).ln_1p();
    (Law::Exponential { mean_s: ln_mean.exp() }, -ln_mean - 1.0)
}

fn lognormal(logs: &Logs) -> (Law, f64) {
    let sigma = logs.mean_of(|x| x * x).sqrt();
    let likelihood = -logs.mean - sigma.ln() - 0.5 * (1.0 + std::f64::consts::TAU.ln());
    (Law::Lognormal { mu: logs.mean, sigma }, likelihood)
}

/// The shape solves ln k - ψ(k) = s, s the logarithm of the mean less the mean of the logarithm.
fn gamma(logs: &Logs) -> (Law, f64) {
    // exp(x) - 1 - x has the mean of exp(x) - 1, as the deviations have mean zero.
    let s = logs.mean_of(|x| x.exp_m1() - x).ln_1p();
    let shape = increasing_root(0.5 / s, 1.0 / s, |k| s - ln_less_digamma(k));
    let scale_s = (logs.mean + s).exp() / shape;
    // -ks + k ln k - k - ln Γ(k) - mean ln x, with Stirling's formula in the place of ln Γ.
    let likelihood = 0.5 * (shape / std::f64::consts::TAU).ln() - remainder(shape) - shape * s - logs.mean;
    (Law::Gamma { shape, scale_s }, likelihood)
}

/// The shape solves 1/k = the mean of ln x weighted with x^k, less the plain mean.
fn weibull(logs: &Logs) -> (Law, f64) {
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
    (Law::Weibull { shape, scale_s: ln_scale.exp() }, likelihood)
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

    const FAMILIES: [Family; 3] = [Family::Lognormal, Family::Gamma, Family::Weibull];

    fn check((law, likelihood): (Law, f64), parameters: [f64; 2], log_likelihood: f64) {
        let found = match law {
            Law::Lognormal { mu, sigma } => [mu, sigma],
            Law::Gamma { shape, scale_s } | Law::Weibull { shape, scale_s } => [shape, scale_s],
            _ => panic!("{law:?}"),
        };
        for (found, expected) in found.iter().zip(parameters) {
            assert_relative_eq!(*found, expected, max_relative = 1e-6);
        }
        assert_relative_eq!(likelihood, log_likelihood, max_relative = 1e-9);
    }

    use likeliest as fit;

    /// `scipy.stats.lognorm/gamma/weibull_min.fit(x, floc=0)`, polished by `scipy.optimize.minimize(..., "Nelder-Mead",
    /// xatol=1e-12, fatol=1e-14)` on -`logpdf`, scipy 1.17.1.
    #[test]
    fn fits_as_another_program_finds_them() {
        let lognormal = fit(Family::Lognormal, &TIMES_S);
        check(lognormal, [1.467_340_576_377_27, 0.310_051_869_821_362], -17.152_634_360_924_31);
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
            let (law, found) = fit(family, &WILD_S);
            let (Law::Gamma { shape, scale_s } | Law::Weibull { shape, scale_s }) = law else {
                unreachable!("a shape and a scale")
            };
            assert_relative_eq!(likelihood(density, shape, scale_s), found, max_relative = 1e-10);
            for (dk, db) in [(1.001, 1.0), (0.999, 1.0), (1.0, 1.001), (1.0, 0.999)] {
                assert!(likelihood(density, dk * shape, db * scale_s) < found, "{family:?} {dk} {db}");
            }
        }
    }

    /// Seconds or minutes: shapes stay, scales follow, and the density of each time changes by the factor.
    #[test]
    fn the_unit_does_not_matter() {
        for family in FAMILIES {
            let (one, other) = (fit(family, &TIMES_S), fit(family, &TIMES_S.map(|x| 60.0 * x)));
            let parameters = match one.0 {
                Law::Lognormal { mu, sigma } => [mu + 60.0_f64.ln(), sigma],
                Law::Gamma { shape, scale_s } | Law::Weibull { shape, scale_s } => [shape, 60.0 * scale_s],
                law => panic!("{law:?}"),
            };
            check(other, parameters, one.1 - 10.0 * 60.0_f64.ln());
        }
    }

    /// Of a nearly constant time the families agree: cv = sigma = 1/√shape.
    #[test]
    fn tiny_spreads_are_fitted_too() {
        let seconds = [10.0, 10.0 + 1e-6, 10.0 - 1e-6, 10.0];
        // Two of four deviate by 1e-7.
        let cv = 0.5_f64.sqrt() * 1e-7;
        let Law::Lognormal { sigma, .. } = fit(Family::Lognormal, &seconds).0 else { unreachable!() };
        let Law::Gamma { shape, .. } = fit(Family::Gamma, &seconds).0 else { unreachable!() };
        assert_relative_eq!(sigma, cv, max_relative = 1e-6);
        assert_relative_eq!(shape.sqrt().recip(), cv, max_relative = 1e-6);
    }
}
