//! Estimates: a number is never shown without its interval.

use serde::{Deserialize, Serialize};

use crate::number_json;
use crate::statistics::{Interval, jackknife_ratio, ratio_of_sums, t_factor};

/// Of every interval that a study states.
const CONFIDENCE: f64 = 0.95;

/// A value with its 95 % interval over trials.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The estimate; infinite for a latency quantile that failed requests reach into (`null` in JSON).
    #[serde(with = "number_json")]
    pub value: f64,
    /// Lower end of the 95 % interval.
    #[serde(with = "number_json")]
    pub low: f64,
    /// Upper end of the 95 % interval.
    #[serde(with = "number_json")]
    pub high: f64,
}

impl Estimate {
    /// A value that luck does not move.
    #[must_use]
    pub fn exact(value: f64) -> Self {
        Self { value, low: value, high: value }
    }

    /// The estimate and its interval multiplied by a positive constant.
    #[must_use]
    pub fn scaled(self, factor: f64) -> Self {
        Self { value: self.value * factor, low: self.low * factor, high: self.high * factor }
    }

    /// Half the width of the interval.
    #[must_use]
    pub fn half_width(self) -> f64 {
        (self.high - self.low) / 2.0
    }
}

/// Ratio of sums over sections, sum(numerator) / sum(denominator), with the delta-method interval (t, n - 1 degrees of
/// freedom). With all denominators equal it is the ordinary mean and its t interval.
///
/// - `numerator`, `denominator`: one entry a section, in the same order.
///
/// Returns an infinite interval for fewer than two sections, and NaN for an empty denominator.
///
/// # Source
/// See [`ratio_of_sums`].
#[must_use]
pub fn ratio(numerator: &[f64], denominator: &[f64]) -> Estimate {
    let ratio = ratio_of_sums(numerator, denominator);
    let Interval { low, high } = ratio.interval(CONFIDENCE);
    Estimate { value: ratio.value, low, high }
}

/// Ratio of sums of a pair measured on the same requests, with the interval of its logarithm.
///
/// # Source
/// Delta method on the log ratio; see [`ratio`].
#[must_use]
pub fn paired_ratio(of: &[f64], to: &[f64]) -> Estimate {
    let ratio = ratio_of_sums(of, to);
    let Interval { low, high } = ratio.log_interval(CONFIDENCE);
    Estimate { value: ratio.value, low, high }
}

/// The same by the jackknife, which takes out the bias of a ratio.
///
/// # Source
/// See [`jackknife_ratio`].
#[must_use]
pub(crate) fn jackknifed_ratio(of: &[f64], to: &[f64]) -> Estimate {
    let ratio = jackknife_ratio(of, to);
    let Interval { low, high } = ratio.log_interval(CONFIDENCE);
    Estimate { value: ratio.value, low, high }
}

/// A quantile: its value over all requests, its interval from the spread of the sections' own quantiles (sectioning:
/// Asmussen and Glynn 2007, *Stochastic Simulation*, III.5).
#[must_use]
pub fn sectioned(value: f64, sections: &[f64]) -> Estimate {
    let half = t_factor(sections.len(), CONFIDENCE) * standard_error(sections);
    if half.is_finite() && value.is_finite() {
        Estimate { value, low: (value - half).max(0.0), high: value + half }
    } else {
        Estimate { value, low: if value.is_finite() { 0.0 } else { value }, high: f64::INFINITY }
    }
}

/// The ratio of two quantiles measured on the same requests: its value over all requests, its interval from the
/// sections' own log ratios. Infinite without doubt where the first is infinite in every section and the second in none.
#[must_use]
pub fn sectioned_ratio(value: f64, of: &[f64], to: &[f64]) -> Estimate {
    let logs: Vec<f64> = of.iter().zip(to).map(|(a, b)| (a / b).ln()).collect();
    let half = t_factor(logs.len(), CONFIDENCE) * standard_error(&logs);
    if half.is_finite() && value.is_finite() {
        Estimate { value, low: value * (-half).exp(), high: value * half.exp() }
    } else {
        let always = value.is_infinite() && logs.iter().all(|log| log.is_infinite() && *log > 0.0);
        Estimate { value, low: if always { value } else { 0.0 }, high: f64::INFINITY }
    }
}

fn standard_error(values: &[f64]) -> f64 {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    (values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0) / n).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    const REQUESTS: [f64; 8] = [980.0, 1020.0, 1105.0, 930.0, 995.0, 1060.0, 1010.0, 970.0];
    const COST_USD: [f64; 8] = [4.1, 4.25, 4.6, 3.9, 4.2, 4.35, 4.22, 4.0];

    /// Reference values computed with another program (delta method, t with 7 degrees of freedom).
    #[test]
    fn cost_per_request_is_a_ratio_of_sums() {
        let estimate = ratio(&COST_USD, &REQUESTS);
        assert_relative_eq!(estimate.value, 0.004_166_047_087_98, max_relative = 1e-10);
        assert_relative_eq!(estimate.half_width(), 3.157_576_137_28e-5, max_relative = 1e-6);
    }

    /// Reference values computed with another program (log-ratio delta method).
    #[test]
    fn a_paired_cost_change_has_the_interval_of_its_logarithm() {
        let cost = [58.0, 61.0, 66.0, 55.0, 60.0, 63.0, 59.0, 57.0];
        let baseline = [100.0, 104.0, 112.0, 95.0, 101.0, 108.0, 103.0, 98.0];
        let change = paired_ratio(&cost, &baseline);
        assert_relative_eq!(change.value - 1.0, -0.416_565_164_434, max_relative = 1e-10);
        assert_relative_eq!(change.low - 1.0, -0.422_057_851_789, max_relative = 1e-6);
        assert_relative_eq!(change.high - 1.0, -0.411_020_275_289, max_relative = 1e-6);
    }

    #[test]
    fn what_never_comes_in_any_section_is_never_as_fast() {
        let never = f64::INFINITY;
        assert_eq!(sectioned_ratio(never, &[never, never], &[3.0, 4.0]), Estimate::exact(never));
        let open = |low: f64| low.total_cmp(&0.0).is_eq();
        assert!(open(sectioned_ratio(never, &[never, 5.0], &[3.0, 4.0]).low));
        assert!(open(sectioned_ratio(f64::NAN, &[never, never], &[never, never]).low));
    }

    #[test]
    fn one_section_says_nothing_about_luck() {
        let estimate = sectioned(3.0, &[3.0]);
        assert_eq!((estimate.low, estimate.high), (0.0, f64::INFINITY));
    }
}
