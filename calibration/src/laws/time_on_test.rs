//! Times that were cut off: what a request that ran into its limit says about the mean.

use serde::{Deserialize, Serialize};

use super::error::FitError;

/// The total time on test: what exponential times leave to know once some were cut off.
///
/// A request that was stopped at its limit took at least that long; leaving it out makes the mean too small, and
/// counting it as finished does too.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct TimeOnTest {
    /// Seconds of all requests together, to their end or to where they were cut off.
    pub total_s: f64,
    /// How many of them ended by themselves.
    pub ended: u64,
}

impl TimeOnTest {
    /// - `ended_s`: times of the requests that ended, in seconds above zero.
    /// - `cut_off_s`: for how long the others were watched, in seconds above zero; the limits may differ.
    ///
    /// # Errors
    /// [`FitError::NotPositive`] when a time is not above zero and finite.
    pub fn of(ended_s: &[f64], cut_off_s: &[f64]) -> Result<Self, FitError> {
        let all = || ended_s.iter().chain(cut_off_s);
        if let Some(&value) = all().find(|x| !(x.is_finite() && **x > 0.0)) {
            return Err(FitError::NotPositive { value });
        }
        Ok(Self { total_s: all().sum(), ended: ended_s.len() as u64 })
    }

    /// The mean under which the sample is likeliest, in seconds: the total time on test a request that ended.
    ///
    /// Exact for exponential times. For times that vary less than exponential ones it is too large.
    ///
    /// # Errors
    /// [`FitError::NoneEnded`] when all requests were cut off; [`FitError::NotPositive`] when the total is not a time.
    ///
    /// # Source
    /// Epstein and Sobel 1953, *Journal of the American Statistical Association* 48.
    pub fn mean_s(self) -> Result<f64, FitError> {
        if !(self.total_s.is_finite() && self.total_s > 0.0) {
            return Err(FitError::NotPositive { value: self.total_s });
        }
        if self.ended == 0 {
            return Err(FitError::NoneEnded);
        }
        Ok(self.total_s / self.ended as f64)
    }

    /// Standard error of the mean in seconds, from the curvature of the likelihood: the mean over the root of the
    /// requests that ended.
    ///
    /// # Errors
    /// As [`Self::mean_s`].
    pub fn standard_error_s(self) -> Result<f64, FitError> {
        Ok(self.mean_s()? / (self.ended as f64).sqrt())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    /// (2 + 3 + 5 + 2·10) / 3 = 10: without the two that were cut off it would have been 10/3.
    #[test]
    fn requests_that_were_cut_off_make_the_mean_longer() {
        let test = TimeOnTest::of(&[2.0, 3.0, 5.0], &[10.0, 10.0]).expect("times");
        assert_eq!(test, TimeOnTest { total_s: 30.0, ended: 3 });
        assert_relative_eq!(test.mean_s().expect("some ended"), 10.0);
        assert_relative_eq!(test.standard_error_s().expect("some ended"), 10.0 / 3.0_f64.sqrt());
    }

    /// Exponential times of mean 20 s by inversion at the midpoints of 2000 equal shares, cut off at 30 s.
    #[test]
    fn the_limit_does_not_move_the_mean() {
        let times = (0..2000).map(|k| -20.0 * ((f64::from(k) + 0.5) / 2000.0).ln());
        let (ended, cut_off): (Vec<f64>, Vec<f64>) = times.partition(|t| *t < 30.0);
        let test = TimeOnTest::of(&ended, &vec![30.0; cut_off.len()]).expect("times");
        assert_relative_eq!(test.mean_s().expect("some ended"), 20.0, max_relative = 1e-3);
        assert!(ended.iter().sum::<f64>() / (ended.len() as f64) < 13.0, "those that ended are the short ones");
    }

    #[test]
    fn samples_without_a_mean_are_refused() {
        let all_cut_off = TimeOnTest::of(&[], &[30.0]).expect("times");
        assert_eq!(all_cut_off.mean_s(), Err(FitError::NoneEnded));
        assert_eq!(TimeOnTest::of(&[1.0], &[-30.0]), Err(FitError::NotPositive { value: -30.0 }));
        assert_eq!(TimeOnTest::of(&[0.0], &[]), Err(FitError::NotPositive { value: 0.0 }));
    }
}
