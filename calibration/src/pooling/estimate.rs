//! What is known of the middle of a cell.

use serde::{Deserialize, Serialize};

use crate::student::student_quantile;

/// The logarithm of the median of a cell's seconds, with what is not known of it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LogMedian {
    /// Its posterior mean.
    pub mean: f64,
    /// Its posterior standard deviation, before Student's t; never zero.
    pub error: f64,
    /// Degrees of freedom of Student's t.
    pub freedom: f64,
    /// Standard deviation of the logarithm of one run about it.
    pub sigma: f64,
    /// How many runs of the cell stand behind it; a summary counts as as many as would know its mean so well.
    pub n: usize,
}

impl LogMedian {
    /// The median in seconds.
    #[must_use]
    pub fn median_s(&self) -> f64 {
        self.mean.exp()
    }

    /// Interval of the median in seconds.
    ///
    /// # Panics
    /// If `confidence` is not between 0 and 1.
    #[must_use]
    pub fn interval_s(&self, confidence: f64) -> (f64, f64) {
        self.around(self.error, confidence)
    }

    /// Interval of one more run in seconds.
    ///
    /// # Panics
    /// If `confidence` is not between 0 and 1.
    #[must_use]
    pub fn run_interval_s(&self, confidence: f64) -> (f64, f64) {
        self.around(self.error.hypot(self.sigma), confidence)
    }

    fn around(&self, deviation: f64, confidence: f64) -> (f64, f64) {
        let reach = student_quantile(self.freedom, confidence) * deviation;
        ((self.mean - reach).exp(), (self.mean + reach).exp())
    }

    /// The median after an independent uncertain factor, whose logarithm is `ratio`; the spread of a run stays.
    pub(super) fn plus(&self, ratio: &Self) -> Self {
        let error = self.error.hypot(ratio.error);
        let freedom = satterthwaite((self.error, self.freedom), (ratio.error, ratio.freedom));
        Self { mean: self.mean + ratio.mean, error, freedom, sigma: self.sigma, n: 0 }
    }
}

/// Degrees of freedom of a sum of two independent parts, each (standard error, degrees of freedom).
///
/// # Source
/// Satterthwaite 1946, *Biometrics Bulletin* 2.
fn satterthwaite((a, a_freedom): (f64, f64), (b, b_freedom): (f64, f64)) -> f64 {
    (a * a + b * b).powi(2) / (a.powi(4) / a_freedom + b.powi(4) / b_freedom)
}

/// Two independent sources on one median, weighted by their precision.
///
/// The spread of a run and the number of runs are those of `own`.
///
/// # Source
/// The normal posterior: Morris 1983, *Journal of the American Statistical Association* 78; degrees of freedom by
/// Satterthwaite 1946.
pub(super) fn combined(own: LogMedian, borrowed: LogMedian) -> LogMedian {
    let (a, b) = (own.error.powi(-2), borrowed.error.powi(-2));
    let share = a / (a + b);
    let parts = ((share * own.error, own.freedom), ((1.0 - share) * borrowed.error, borrowed.freedom));
    LogMedian {
        mean: share * own.mean + (1.0 - share) * borrowed.mean,
        error: (a + b).sqrt().recip(),
        freedom: satterthwaite(parts.0, parts.1),
        ..own
    }
}
