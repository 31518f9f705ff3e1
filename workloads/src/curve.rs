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
}
