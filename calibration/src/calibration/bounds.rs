//! What is not known of a mean, as a factor.

use crate::fit::Factor;
use crate::laws::{FIT_COVERAGE, LawFit};
use crate::pooling::LogMedian;
use crate::student::student_quantile;

/// The central 90 % of what is not known of a median, as multiples of it.
pub(super) fn bounds(median: &LogMedian) -> Factor {
    let (low, high) = median.interval_s(Factor::COVERAGE);
    Factor { low: low / median.median_s(), high: high / median.median_s() }
}

/// The same of the mean of a fitted law, whose own interval is wider. Where the fit gives none, the error of a mean of so
/// many independent times with the law's spread.
pub(super) fn bounds_of_mean(fit: &LawFit, ended: usize) -> Factor {
    let mean = fit.mean();
    let freedom = ended.saturating_sub(fit.family.parameters()).max(1) as f64;
    let error = match mean.interval {
        Some([_, high]) => (high / mean.value).ln() / student_quantile(freedom, FIT_COVERAGE),
        None => fit.law.cv() / (ended.max(1) as f64).sqrt(),
    };
    let reach = error * student(freedom);
    Factor { low: (-reach).exp(), high: reach.exp() }
}

/// How many standard errors the bounds reach to either side.
pub(super) fn student(freedom: f64) -> f64 {
    student_quantile(freedom, Factor::COVERAGE)
}
