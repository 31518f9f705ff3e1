//! A log's traffic as a model that days can be drawn from: a curve, growth, a luck of days, bursts at several time
//! scales, and what is out of the ordinary.
//!
//! The rate is a product: level x growth x curve x a gamma factor a day x gamma factors that are drawn anew now and then.
//! Given the rate, requests are Poisson, or a renewal process where the log is more even than that. Everything is fitted
//! by moments: the curve to the hours, the factors to the index of dispersion at several lengths of windows, so that a
//! log of any length is fitted from its [`Description`].

mod bursts;
mod chance;
mod curve;
mod days;
mod events;
mod expected;
mod harmonics;
mod marks;
mod sessions;
mod shared;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use crate::describe::Description;
use crate::slow_rate::Scope;

pub use bursts::{Burst, FittedDispersion};
pub use curve::{CurveKind, Grouping};
pub use events::Events;
pub use expected::{Expected, ExpectedHour};
pub use harmonics::Harmonics;
pub use marks::{Mark, Marked};
pub use sessions::Session;

/// A model of the traffic of one log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrafficFit {
    /// Mean requests a day over the curve, at the level of the end of the log.
    pub requests_per_day: f64,
    /// Hourly weights with mean 1: 24 from 0:00, or 168 from Monday 0:00, in the log's time zone.
    pub curve: Vec<f64>,
    /// Which days have a level of their own.
    pub levels: Grouping,
    /// Which days have a shape of their own.
    pub shapes: Grouping,
    /// What the curve is made of where it is smooth; none where it is one of steps, or flat.
    #[serde(default)]
    pub harmonics: Option<Harmonics>,
    /// Growth a week as a share; none where the log does not show any.
    pub growth_per_week: Option<f64>,
    /// Coefficient of variation of the factor that a day has.
    pub day_cv: f64,
    /// Random factors on the rate, the slowest first.
    pub bursts: Vec<Burst>,
    /// Who shares the random factors: `Fleet` where it is a model's part of a whole.
    pub scope: Scope,
    /// What comes, given the rate.
    pub events: Events,
    /// Days and hours that are out of the ordinary; the curve and the factors are fitted without them.
    pub marked: Vec<Marked>,
    /// What the log's dispersion is and what the model's is.
    pub dispersion: Vec<FittedDispersion>,
}

/// Why a log has no model.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FitError {
    /// There is nothing in it.
    #[error("a log without requests has no traffic to fit")]
    Empty,
    /// All requests came within a second.
    #[error("all requests came within one second: no rate can be told from them; give a longer log")]
    OneInstant,
}

/// When the traffic that a log ends with began, in unix seconds: midnight of the day on which its level changed threefold
/// or more and for good. None where it did not. What was before is another traffic: describe the log from there on, and
/// fit that.
#[must_use]
pub fn level_since_s(log: &Description) -> Option<i64> {
    let hours = days::Hours::of(log, days::growth(log));
    marks::level_since_s(&hours, &curve::fit(log, &hours, &[], CurveKind::Steps))
}

/// Where a log really ends, in unix seconds, if days of silence and then strays follow: a handful of requests that are no
/// level of their own. None where it ends with its last request.
///
/// - `before`: requests before the first full hour.
#[must_use]
pub fn strays_after_s(log: &Description, before: u64) -> Option<i64> {
    let in_hours: u64 = log.hourly.iter().map(|hour| hour.requests).sum();
    let tail = log.requests.saturating_sub(in_hours).saturating_sub(before);
    marks::strays_after_s(&days::Hours::of(log, None), tail as f64)
}

impl TrafficFit {
    /// The model of a log.
    ///
    /// # Errors
    /// [`FitError`] where the log tells no rate.
    pub fn of(log: &Description, kind: CurveKind) -> Result<Self, FitError> {
        Self::at_level(log, kind, chance::FALSE_FACTORS)
    }

    /// The same, where so many of the logs whose requests come by chance may get random factors.
    fn at_level(log: &Description, kind: CurveKind, level: f64) -> Result<Self, FitError> {
        if log.requests == 0 {
            return Err(FitError::Empty);
        }
        let within_a_second = log.peak_second.as_ref().is_some_and(|peak| peak.requests == log.requests);
        if log.bin_s.is_none() && (log.first == log.last || within_a_second) {
            return Err(FitError::OneInstant);
        }
        let growth_per_week = days::growth(log);
        let hours = days::Hours::of(log, growth_per_week);
        let fitted = curve::fit(log, &hours, &[], kind);
        // What is out of the ordinary is found by the curve, and taken out of it.
        let marked = marks::find(log, &hours, &fitted);
        let fitted = if marked.is_empty() { fitted } else { curve::fit(log, &hours, &marked, kind) };
        let factors = bursts::fit(log, &hours, &fitted, &marked, level);
        Ok(Self {
            requests_per_day: fitted.requests_per_day,
            curve: fitted.weights,
            levels: fitted.levels,
            shapes: fitted.shapes,
            harmonics: fitted.harmonics,
            growth_per_week,
            day_cv: factors.day_cv,
            bursts: factors.bursts,
            scope: Scope::Model,
            events: factors.events,
            marked,
            dispersion: factors.dispersion,
        })
    }
}
