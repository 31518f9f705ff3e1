//! What a shape fit says about a shape.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Asked, COLUMNS, ShapeError, ShapeFit, ShapeParameter, stated};
use crate::least_squares::Point;
use crate::runs::Shape;
use crate::student::student_quantile;

/// Measured ends are met to within rounding.
const ROUNDING: f64 = 1e-9;

/// Seconds of a request of one shape.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ShapePrediction {
    /// The median of such requests, in seconds.
    pub median_s: f64,
    /// Their mean: the median times exp(sigma²/2).
    pub mean_s: f64,
    /// Interval of the median, in seconds.
    pub median_interval_s: (f64, f64),
    /// Interval of one more run, in seconds.
    pub run_interval_s: (f64, f64),
    /// Standard error of the logarithm of the median.
    pub ln_error: f64,
    /// Where the shape lies outside of what was measured; empty inside. Nothing measured vouches for an extrapolation:
    /// its interval holds only if the law goes on as it is.
    pub beyond: Vec<Beyond>,
}

/// A column in which a shape lies outside of what was measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Beyond {
    /// Which one.
    pub column: String,
    /// What is asked for; 1 for an adapter, 0 for none.
    pub value: f64,
    /// The measured end that is nearest.
    pub nearest: f64,
}

impl Beyond {
    /// How many times the nearest measured value is asked for, or the other way round: above 1.
    #[must_use]
    pub fn factor(&self) -> f64 {
        (self.value / self.nearest).max(self.nearest / self.value)
    }
}

impl fmt::Display for Beyond {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { column, value, nearest } = self;
        match (column.as_str(), *value > 0.5) {
            ("adapter", true) => f.write_str("a request with an adapter lies"),
            ("adapter", false) => f.write_str("a request without an adapter lies"),
            _ => write!(f, "{column} {value} lies {:.2} times beyond {nearest}", self.factor()),
        }
    }
}

impl ShapeFit {
    /// The seconds at a shape inside of what was measured: in each column between the least and the greatest value.
    ///
    /// - `confidence`: of the intervals, between 0 and 1, such as 0.95.
    ///
    /// # Errors
    /// [`ShapeError::Outside`] names how far the shape lies outside.
    ///
    /// # Panics
    /// If `confidence` is not between 0 and 1.
    pub fn predict(&self, shape: &Shape, confidence: f64) -> Result<ShapePrediction, ShapeError> {
        let prediction = self.extrapolate(shape, confidence);
        if prediction.beyond.is_empty() {
            Ok(prediction)
        } else {
            Err(ShapeError::Outside { outside: prediction.beyond })
        }
    }

    /// The seconds at any shape; outside of what was measured `beyond` says how far.
    ///
    /// - `confidence`: of the intervals, between 0 and 1, such as 0.95.
    ///
    /// # Panics
    /// If `confidence` is not between 0 and 1.
    ///
    /// # Source
    /// Seber and Wild 1989, *Nonlinear Regression*, section 5.1: the linearised interval with Student's t, here of the
    /// logarithm of the seconds.
    #[must_use]
    pub fn extrapolate(&self, shape: &Shape, confidence: f64) -> ShapePrediction {
        assert!(confidence > 0.0 && confidence < 1.0, "{confidence} is no confidence");
        let asked = Asked::of(shape);
        let (ln_median, gradient) = asked.log_seconds(&self.point());
        let variance = self.variance_along(&gradient);
        let t = student_quantile(self.freedom as f64, confidence);
        let around = |deviation: f64| ((ln_median - t * deviation).exp(), (ln_median + t * deviation).exp());
        ShapePrediction {
            median_s: ln_median.exp(),
            mean_s: (ln_median + self.sigma * self.sigma / 2.0).exp(),
            median_interval_s: around(variance.sqrt()),
            run_interval_s: around((variance + self.sigma * self.sigma).sqrt()),
            ln_error: variance.sqrt(),
            beyond: self.beyond(&asked),
        }
    }

    /// By how much the logarithm of the median changes from one shape to another, with its standard error; `None` where one
    /// of them lies outside of what was measured, or states other columns than the other.
    pub(crate) fn ln_change(&self, from: &Shape, to: &Shape) -> Option<(f64, f64)> {
        let columns = |shape: &Shape| stated(shape).map(|value| value.is_some());
        let ends = [from, to].map(Asked::of);
        if columns(from) != columns(to) || ends.iter().any(|asked| !self.beyond(asked).is_empty()) {
            return None;
        }
        let [(ln_from, start), (ln_to, end)] = ends.map(|asked| asked.log_seconds(&self.point()));
        let gradient = std::array::from_fn(|k| end[k] - start[k]);
        Some((ln_to - ln_from, self.variance_along(&gradient).max(0.0).sqrt()))
    }

    /// Why a shape is not even extrapolated to: runs of one size do not tell how times grow with it.
    pub(crate) fn untold_size(&self, shape: &Shape) -> Option<ShapeError> {
        let beyond = self.beyond(&Asked::of(shape));
        let column = COLUMNS.into_iter().find(|column| beyond.iter().any(|beyond| beyond.column == *column))?;
        let because = "all that ended are of one size".to_owned();
        let untold = ShapeError::NotTold { parameter: ShapeParameter::PerStep, column, because };
        self.is_of_one_size().then_some(untold)
    }

    fn variance_along(&self, gradient: &Point) -> f64 {
        let along = |row: &Point| row.iter().zip(gradient).map(|(c, b)| c * b).sum::<f64>();
        gradient.iter().zip(&self.covariance).map(|(a, row)| a * along(row)).sum()
    }

    fn beyond(&self, asked: &Asked) -> Vec<Beyond> {
        let mut beyond = Vec::new();
        for ((column, value), (low, high)) in COLUMNS.into_iter().zip(asked.columns).zip(self.measured) {
            let is_outside = value < low * (1.0 - ROUNDING) || value > high * (1.0 + ROUNDING);
            if is_outside {
                beyond.push(Beyond { column: column.to_owned(), value, nearest: value.clamp(low, high) });
            }
        }
        let (with, without) = self.adapters;
        if (asked.has_adapter && !with) || (!asked.has_adapter && !without) {
            let value = f64::from(u8::from(asked.has_adapter));
            beyond.push(Beyond { column: "adapter".to_owned(), value, nearest: 1.0 - value });
        }
        beyond
    }
}
