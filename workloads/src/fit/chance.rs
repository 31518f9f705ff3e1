//! What indices of dispersion are like where requests come by chance: the test that random factors have to pass.
//!
//! Given the curve, counts of a Poisson process scatter too, and in a short log widely. Every index has its own mean,
//! variance and third cumulant under chance, so that it is judged by its own law and not by a fixed threshold.

use statrs::function::erf::erfc;
use statrs::function::gamma::gamma_ur;

/// So often a log whose requests come by chance gets a random factor, or sessions: over all lengths of windows, and over
/// all models of a log.
pub(super) const FALSE_FACTORS: f64 = 0.05;
/// A gamma law of this shape is normal to what probabilities are needed for.
const NORMAL_SHAPE: f64 = 1e5;

/// The law of a statistic under chance, by its first cumulants.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Chance {
    mean: f64,
    variance: f64,
    third: f64,
}

impl Chance {
    /// The index of dispersion in windows about the hours' own means.
    ///
    /// - `hours`: requests of each hour, and the slope of its curve: by what share of its mean the rate rises within it.
    /// - `windows`: how many each has, two or more.
    ///
    /// Summed over the pairs of requests of an hour, the squares are a multiple Wiener-Itô integral of second order, whose
    /// kernel is 1 - 1/n for pairs that share a window and -1/n for others: its cumulants are 2 ∫h² and 8 ∫∫∫hhh + 4 ∫h³
    /// (Peccati and Taqqu 2011, *Wiener Chaos: Moments, Cumulants and Diagrams*, section 7). Where windows hold many
    /// requests this is the chi-squared law, where they hold few the Poisson law of pairs.
    pub(super) fn within_hours(hours: impl Iterator<Item = (f64, f64)>, windows: f64) -> Option<Self> {
        let (mut all, mut drift, mut variance, mut third) = (0.0, 0.0, 0.0, 0.0);
        for (requests, slope) in hours {
            let pairs = requests * (requests - 1.0).max(0.0);
            let triples = pairs * (requests - 2.0).max(0.0);
            all += requests;
            drift += pairs * slope * slope / 12.0 * (1.0 - windows.powi(-2)) / (windows - 1.0);
            variance += 2.0 * pairs / (windows - 1.0);
            third += (8.0 * triples + 4.0 * pairs * (windows - 2.0)) / (windows - 1.0).powi(2);
        }
        (all > 0.0).then(|| Self {
            mean: 1.0 + drift / all,
            variance: variance / (all * all),
            third: third / all.powi(3),
        })
    }

    /// The index of dispersion of windows about a fitted curve.
    ///
    /// - `expected`: requests that the curve expects in each window.
    /// - `free`: the share of the windows that the curve's parameters leave free.
    ///
    /// From the central moments of Poisson counts: (N - m)² has the variance 2 m² + m and the third cumulant
    /// 8 m³ + 22 m² + m.
    pub(super) fn about_curve(expected: impl Iterator<Item = f64>, free: f64) -> Self {
        let (mut all, mut squares, mut third) = (0.0, 0.0, 0.0);
        for m in expected {
            all += m;
            squares += 2.0 * m * m;
            third += 8.0 * m.powi(3) + 22.0 * m * m + m;
        }
        let variance = (squares / free + all) / (all * all);
        Self { mean: 1.0, variance, third: third / (free * all).powi(3) * free }
    }

    /// The probability of a value as large as this one, by the gamma law with these cumulants (Pearson's type III).
    pub(super) fn exceeds(&self, value: f64) -> f64 {
        if self.variance <= 0.0 {
            return f64::from(value <= self.mean);
        }
        let distance = (value - self.mean) / self.variance.sqrt();
        let skewness = self.third / self.variance.powf(1.5);
        let shape = 4.0 / (skewness * skewness);
        if shape > NORMAL_SHAPE {
            return 0.5 * erfc(distance / std::f64::consts::SQRT_2);
        }
        let at = shape + distance * shape.sqrt();
        if at > 0.0 { gamma_ur(shape, at) } else { 1.0 }
    }
}

/// Whether any of these probabilities is too small for chance: below the level over their number (Bonferroni, the first
/// step of Holm 1979).
pub(super) fn is_beyond_chance(probabilities: &[f64], level: f64) -> bool {
    probabilities.iter().any(|probability| probability * (probabilities.len() as f64) < level)
}

#[cfg(test)]
mod tests {
    use approx::assert_relative_eq;

    use super::*;

    /// Four windows with many requests each: three degrees of freedom of chi-squared.
    #[test]
    fn many_requests_are_chi_squared() {
        let of = Chance::within_hours(std::iter::once((1e6, 0.0)), 4.0).expect("requests");
        // The 95 % quantile of the tables for three degrees, over the degrees.
        assert_relative_eq!(of.exceeds(7.814_728 / 3.0), 0.05, max_relative = 1e-3);
        let of = Chance::about_curve([1e6; 10].into_iter(), 1.0);
        // That for ten degrees.
        assert_relative_eq!(of.exceeds(1.830_703_8), 0.05, max_relative = 1e-3);
    }

    /// A hundred requests in windows of a second: pairs that share one are Poisson with mean 100 x 99 / 7200.
    #[test]
    fn few_requests_are_pairs_by_chance() {
        let of = Chance::within_hours(std::iter::once((100.0, 0.0)), 3600.0).expect("requests");
        let mean: f64 = 1.375;
        let value = |pairs: f64| 1.0 + 2.0 * (pairs - mean) / 100.0;
        let poisson = |from: u32| {
            let terms =
                (0..from).scan((-mean).exp(), |term, k| Some(std::mem::replace(term, *term * mean / f64::from(k + 1))));
            1.0 - terms.sum::<f64>()
        };
        // Half a pair less than the whole number: the gamma law has no steps.
        assert_relative_eq!(of.exceeds(value(3.5)), poisson(4), max_relative = 0.15);
        assert_relative_eq!(of.exceeds(value(5.5)), poisson(6), max_relative = 0.3);
    }

    #[test]
    fn a_rate_that_rises_within_the_hour_is_no_burst() {
        // 1200 requests, twice as many at the end as at the start: 300 a window times the variance of the windows' means.
        let slope: f64 = 2.0 / 3.0;
        let flat = Chance::within_hours(std::iter::once((1200.0, 0.0)), 4.0).expect("requests");
        let rising = Chance::within_hours(std::iter::once((1200.0, slope)), 4.0).expect("requests");
        let means = [-0.375, -0.125, 0.125, 0.375].map(|place| slope * place);
        let excess = 300.0 * means.iter().map(|mean| mean * mean).sum::<f64>() / 3.0;
        assert_relative_eq!(rising.mean - flat.mean, excess, max_relative = 1e-2);
    }

    #[test]
    fn several_tests_share_one_level() {
        assert!(is_beyond_chance(&[0.5, 0.009, 0.6, 0.7, 0.8], 0.05));
        assert!(!is_beyond_chance(&[0.5, 0.011, 0.6, 0.7, 0.8], 0.05));
        assert!(!is_beyond_chance(&[], 0.05));
    }
}
