//! Measured times, of which some were cut off.

use serde::{Deserialize, Serialize};

use super::error::FitError;

/// One measured time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Time {
    /// How long it took, or was watched, in seconds.
    pub seconds: f64,
    /// Whether it had not ended then: a request that ran into its timeout took at least that long (right-censored).
    pub censored: bool,
}

/// A sample of independent times, checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Times {
    /// Rising.
    ended_s: Vec<f64>,
    /// Rising.
    cut_off_s: Vec<f64>,
}

impl Times {
    /// The sample of these times.
    ///
    /// # Errors
    /// [`FitError::NotPositive`] when a time is not above zero and finite; [`FitError::TooFew`] when there is none;
    /// [`FitError::NoneEnded`] when all were cut off.
    pub fn of(times: &[Time]) -> Result<Self, FitError> {
        let of = |censored: bool| {
            let mut seconds: Vec<f64> =
                times.iter().filter(|time| time.censored == censored).map(|time| time.seconds).collect();
            seconds.sort_by(f64::total_cmp);
            seconds
        };
        if let Some(time) = times.iter().find(|time| !(time.seconds.is_finite() && time.seconds > 0.0)) {
            return Err(FitError::NotPositive { value: time.seconds });
        }
        if times.is_empty() {
            return Err(FitError::TooFew { ended: 0, needed: 1 });
        }
        let times = Self { ended_s: of(false), cut_off_s: of(true) };
        if times.ended_s.is_empty() { Err(FitError::NoneEnded) } else { Ok(times) }
    }

    /// The sample of times that all ended.
    ///
    /// # Errors
    /// As [`Times::of`].
    pub fn ended(seconds: &[f64]) -> Result<Self, FitError> {
        Self::of(&seconds.iter().map(|&seconds| Time { seconds, censored: false }).collect::<Vec<_>>())
    }

    /// Those that ended, in seconds, rising; never empty.
    #[must_use]
    pub fn ended_s(&self) -> &[f64] {
        &self.ended_s
    }

    /// For how long those were watched that had not ended, in seconds, rising.
    #[must_use]
    pub fn cut_off_s(&self) -> &[f64] {
        &self.cut_off_s
    }

    /// How many there are, cut off or not.
    #[must_use]
    pub fn count(&self) -> usize {
        self.ended_s.len() + self.cut_off_s.len()
    }

    /// The time that all have in common, where no other law than that time explains them: all that ended are equal to
    /// within rounding, and none was watched for longer.
    #[must_use]
    pub fn only_time_s(&self) -> Option<f64> {
        let (low, high) = (self.ended_s[0], self.ended_s[self.ended_s.len() - 1]);
        // Smaller spreads are roundings of one number; shapes fitted to them would overflow.
        let equal = (high - low) / low < 1e-12;
        (equal && self.cut_off_s.last().is_none_or(|longest| *longest <= high)).then_some(low)
    }

    /// All times as if they had ended, as logarithms: where searches for a maximum begin.
    pub(super) fn logs(&self) -> Vec<f64> {
        self.ended_s.iter().chain(&self.cut_off_s).map(|x| x.ln()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_sample_is_refused() {
        assert_eq!(Times::of(&[]), Err(FitError::TooFew { ended: 0, needed: 1 }));
        assert_eq!(Times::ended(&[1.0, 0.0]), Err(FitError::NotPositive { value: 0.0 }));
        assert_eq!(Times::ended(&[f64::INFINITY]), Err(FitError::NotPositive { value: f64::INFINITY }));
        let late = |seconds| Time { seconds, censored: true };
        assert_eq!(Times::of(&[late(3.0), late(4.0)]), Err(FitError::NoneEnded));
        assert_eq!(Times::of(&[late(-3.0)]), Err(FitError::NotPositive { value: -3.0 }));
    }

    #[test]
    fn equal_times_are_one_time_unless_some_were_watched_for_longer() {
        let time = |(seconds, censored)| Time { seconds, censored };
        let only = |times: &[(f64, bool)]| {
            Times::of(&times.iter().copied().map(time).collect::<Vec<_>>()).expect("a sample").only_time_s()
        };
        assert_eq!(only(&[(2.0, false), (2.0, false), (1.0, true)]), Some(2.0));
        assert_eq!(only(&[(2.0, false), (2.0, false), (3.0, true)]), None);
        assert_eq!(only(&[(2.0, false), (2.1, false)]), None);
    }
}
