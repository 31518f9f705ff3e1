//! A load curve: how traffic is spread over a day or a week.

use serde::{Deserialize, Serialize};

/// What is wrong with a load curve.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CurveError {
    /// Neither a day nor a week.
    #[error("a load curve has {hours} values; give 24 (a day) or 168 (a week from Monday 00:00)")]
    WrongLength {
        /// How many there are.
        hours: usize,
    },
    /// A weight is negative, infinite or NaN.
    #[error("hour {hour} of the load curve is {weight}; give a finite weight, zero or more")]
    NotAWeight {
        /// Which hour, from 0.
        hour: usize,
        /// The offending weight.
        weight: f64,
    },
    /// Every weight is zero.
    #[error("every hour of the load curve is zero; at least one must be above zero")]
    AllZero,
}

/// Hourly weights with mean 1: 24 values, or 168 from Monday 00:00, in the curve's own time zone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LoadCurve {
    hourly: Vec<f64>,
}

impl LoadCurve {
    /// Scales `weights` to mean 1.
    ///
    /// # Errors
    /// [`CurveError`] when there are not 24 or 168 of them, one is no weight, or all are zero.
    pub fn new(weights: &[f64]) -> Result<Self, CurveError> {
        if weights.len() != 24 && weights.len() != 168 {
            return Err(CurveError::WrongLength { hours: weights.len() });
        }
        if let Some((hour, &weight)) = weights.iter().enumerate().find(|(_, w)| !(w.is_finite() && **w >= 0.0)) {
            return Err(CurveError::NotAWeight { hour, weight });
        }
        let sum: f64 = weights.iter().sum();
        if sum <= 0.0 {
            return Err(CurveError::AllZero);
        }
        let mean = sum / weights.len() as f64;
        Ok(Self { hourly: weights.iter().map(|w| w / mean).collect() })
    }

    /// The hourly weights: 24 or 168 values with mean 1.
    #[must_use]
    pub fn hourly(&self) -> &[f64] {
        &self.hourly
    }

    /// Whether days of the week differ.
    #[must_use]
    pub fn is_weekly(&self) -> bool {
        self.hourly.len() == 168
    }

    /// The weight of the hour that begins `hour` hours after a Monday 00:00 of the curve's clock; may be negative or
    /// beyond the week, which repeats.
    #[must_use]
    pub fn weight(&self, hour: i64) -> f64 {
        self.hourly[hour.rem_euclid(168) as usize % self.hourly.len()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    #[test]
    fn weights_are_scaled_to_mean_one() {
        let mut weights = [3.0; 24];
        weights[7] = 27.0;
        let curve = LoadCurve::new(&weights).expect("a curve");
        assert_relative_eq!(curve.hourly().iter().sum::<f64>(), 24.0, max_relative = 1e-12);
        assert_relative_eq!(curve.weight(7) / curve.weight(8), 9.0);
    }

    #[test]
    fn days_and_weeks_repeat_in_both_directions() {
        let day = LoadCurve::new(&(0..24).map(f64::from).collect::<Vec<_>>()).expect("a curve");
        assert_relative_eq!(day.weight(-1), day.hourly()[23]);
        assert_relative_eq!(day.weight(24 * 5 + 3), day.hourly()[3]);
        let week = LoadCurve::new(&(0..168).map(f64::from).collect::<Vec<_>>()).expect("a curve");
        assert_relative_eq!(week.weight(-1), week.hourly()[167]);
        assert_relative_eq!(week.weight(24), week.hourly()[24]);
        assert!(week.is_weekly() && !day.is_weekly());
    }

    #[test]
    fn errors_name_the_place_and_the_remedy() {
        let message = |weights: &[f64]| LoadCurve::new(weights).expect_err("an error").to_string();
        assert_eq!(
            message(&[1.0; 25]),
            "a load curve has 25 values; give 24 (a day) or 168 (a week from Monday 00:00)"
        );
        for bad in [-0.1, f64::NAN, f64::INFINITY] {
            let mut weights = [1.0; 24];
            weights[3] = bad;
            assert_eq!(
                message(&weights),
                format!("hour 3 of the load curve is {bad}; give a finite weight, zero or more")
            );
        }
        assert_eq!(message(&[0.0; 168]), "every hour of the load curve is zero; at least one must be above zero");
    }
}
