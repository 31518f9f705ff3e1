//! Ratios of sums over sections or trials: the cost of a request, the relative change against a baseline.

use serde::{Deserialize, Serialize};

use super::interval::Interval;
use super::student::t_factor;

/// A ratio and how well it is known.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct RatioEstimate {
    /// The ratio, in units of the numerator over those of the denominator.
    pub value: f64,
    /// Its standard error, in the same unit; infinite for fewer than two sections.
    pub standard_error: f64,
    /// The number of sections behind it.
    pub sections: usize,
}

impl RatioEstimate {
    /// Half the width of the t interval, with one degree of freedom less than sections.
    ///
    /// # Panics
    /// If `confidence` is not between 0 and 1.
    #[must_use]
    pub fn half_width(self, confidence: f64) -> f64 {
        t_factor(self.sections, confidence) * self.standard_error
    }

    /// The t interval.
    ///
    /// # Panics
    /// If `confidence` is not between 0 and 1.
    #[must_use]
    pub fn interval(self, confidence: f64) -> Interval {
        let half = self.half_width(confidence);
        Interval { low: self.value - half, high: self.value + half }
    }

    /// The t interval of the logarithm, carried back: it never leaves the positive numbers.
    ///
    /// # Panics
    /// If `confidence` is not between 0 and 1.
    #[must_use]
    pub fn log_interval(self, confidence: f64) -> Interval {
        let half = self.half_width(confidence) / self.value;
        Interval { low: self.value * (-half).exp(), high: self.value * half.exp() }
    }
}

/// How much larger one sum is than another, as a fraction of the other.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct RelativeChange {
    /// The change: -0.2 is a fifth less.
    pub value: f64,
    /// Its interval.
    pub interval: Interval,
}

/// Ratio of sums, sum(numerator) / sum(denominator), with its delta-method standard error. With all denominators equal
/// it is the ordinary mean and its standard error.
///
/// - `numerator`, `denominator`: one entry a section, in the same order.
///
/// The value is NaN for an empty denominator.
///
/// # Panics
/// If the two have different lengths.
///
/// # Source
/// Law, *Simulation Modeling and Analysis*, 5th ed., 9.3; Cochran 1977, *Sampling Techniques*, 6.3.
#[must_use]
pub fn ratio_of_sums(numerator: &[f64], denominator: &[f64]) -> RatioEstimate {
    assert_sections(numerator, denominator);
    let n = numerator.len() as f64;
    let total: f64 = denominator.iter().sum();
    let value = numerator.iter().sum::<f64>() / total;
    let squares: f64 = numerator.iter().zip(denominator).map(|(x, y)| (x - value * y).powi(2)).sum();
    let standard_error = if n < 2.0 { f64::INFINITY } else { (n / (n - 1.0) * squares).sqrt() / total };
    RatioEstimate { value, standard_error, sections: numerator.len() }
}

/// Ratio of sums with most of its bias removed: n times the ratio, less n - 1 times the mean of the ratios that leave
/// one section out; and the jackknife standard error.
///
/// - `numerator`, `denominator`: one entry a section, in the same order.
///
/// With fewer than two sections there is nothing to leave out: the value is that of [`ratio_of_sums`] and the error
/// infinite.
///
/// # Panics
/// If the two have different lengths.
///
/// # Source
/// Quenouille 1956 and Tukey 1958, through Efron 1982, *The Jackknife, the Bootstrap and Other Resampling Plans*.
#[must_use]
pub fn jackknife_ratio(numerator: &[f64], denominator: &[f64]) -> RatioEstimate {
    let whole = ratio_of_sums(numerator, denominator);
    if whole.sections < 2 {
        return whole;
    }
    let n = whole.sections as f64;
    let (above, below): (f64, f64) = (numerator.iter().sum(), denominator.iter().sum());
    let without: Vec<f64> = numerator.iter().zip(denominator).map(|(x, y)| (above - x) / (below - y)).collect();
    let mean = without.iter().sum::<f64>() / n;
    let squares: f64 = without.iter().map(|ratio| (ratio - mean).powi(2)).sum();
    let value = n * whole.value - (n - 1.0) * mean;
    RatioEstimate { value, standard_error: ((n - 1.0) / n * squares).sqrt(), sections: whole.sections }
}

/// The relative change of a positive sum against a baseline that met the same requests, section by section: the delta
/// method on the logarithm of the ratio, t with one degree of freedom less than sections.
///
/// - `of`, `baseline`: one entry a section, in the same order.
/// - `confidence`: such as 0.95.
///
/// # Panics
/// If the two have different lengths, or the confidence is not between 0 and 1.
///
/// # Source
/// See [`ratio_of_sums`]; the variance of a logarithm is the squared relative error, to first order.
#[must_use]
pub fn relative_change(of: &[f64], baseline: &[f64], confidence: f64) -> RelativeChange {
    let ratio = ratio_of_sums(of, baseline);
    let Interval { low, high } = ratio.log_interval(confidence);
    RelativeChange { value: ratio.value - 1.0, interval: Interval { low: low - 1.0, high: high - 1.0 } }
}

fn assert_sections(one: &[f64], other: &[f64]) {
    assert_eq!(one.len(), other.len(), "sections of different studies");
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    /// (1 + 2 + 6) / (1 + 1 + 2) = 9/4. Deviations -5/4, -1/4, 6/4, squares 62/16; error √(3/2 · 62/16) / 4.
    /// Leaving one out: 8/3, 7/3, 3/2; mean 13/6; 3 · 9/4 - 2 · 13/6 = 29/12; squares 1/4, 1/36, 4/9, sum 13/18.
    #[test]
    fn three_sections_by_hand() {
        let (x, y) = ([1.0, 2.0, 6.0], [1.0, 1.0, 2.0]);
        let delta = ratio_of_sums(&x, &y);
        assert_relative_eq!(delta.value, 2.25, max_relative = 1e-14);
        assert_relative_eq!(delta.standard_error, (1.5_f64 * 62.0 / 16.0).sqrt() / 4.0, max_relative = 1e-14);
        let jackknife = jackknife_ratio(&x, &y);
        assert_relative_eq!(jackknife.value, 29.0 / 12.0, max_relative = 1e-14);
        assert_relative_eq!(jackknife.standard_error, (2.0_f64 / 3.0 * 13.0 / 18.0).sqrt(), max_relative = 1e-14);
    }

    #[test]
    fn equal_denominators_give_the_mean_by_either_method() {
        let (x, y) = ([3.0, 5.0, 10.0], [1.0; 3]);
        let error = (13.0_f64 / 3.0).sqrt(); // s² = 13.
        for found in [ratio_of_sums(&x, &y), jackknife_ratio(&x, &y)] {
            assert_relative_eq!(found.value, 6.0, max_relative = 1e-14);
            assert_relative_eq!(found.standard_error, error, max_relative = 1e-14);
            // The 97.5 % quantile of t with two degrees of freedom.
            assert_relative_eq!(found.half_width(0.95), 4.302_652_729_911_275 * error, max_relative = 1e-8);
        }
    }

    #[test]
    fn a_change_against_itself_scaled_is_known_exactly() {
        let baseline = [100.0, 104.0, 112.0];
        let change = relative_change(&baseline.map(|x| 0.8 * x), &baseline, 0.95);
        assert_relative_eq!(change.value, -0.2, epsilon = 1e-14);
        assert_relative_eq!(change.interval.low, -0.2, epsilon = 1e-12);
        assert_relative_eq!(change.interval.high, -0.2, epsilon = 1e-12);
    }

    /// Swapping the two turns a ratio into its inverse, and so its interval: only true of the interval of a logarithm.
    #[test]
    fn a_change_read_backwards_has_the_inverse_interval() {
        let (a, b) = ([3.0, 4.0, 6.0, 5.0], [4.0, 4.5, 8.0, 5.5]);
        let (forth, back) = (relative_change(&a, &b, 0.9), relative_change(&b, &a, 0.9));
        assert_relative_eq!(1.0 + forth.interval.low, 1.0 / (1.0 + back.interval.high), max_relative = 1e-12);
        assert_relative_eq!(1.0 + forth.interval.high, 1.0 / (1.0 + back.interval.low), max_relative = 1e-12);
    }

    #[test]
    fn one_section_says_nothing_about_luck() {
        for found in [ratio_of_sums(&[3.0], &[0.3]), jackknife_ratio(&[3.0], &[0.3])] {
            assert_relative_eq!(found.value, 10.0, max_relative = 1e-14);
            assert_eq!(found.interval(0.95), Interval { low: f64::NEG_INFINITY, high: f64::INFINITY });
            assert_eq!(found.log_interval(0.95), Interval { low: 0.0, high: f64::INFINITY });
        }
    }
}
