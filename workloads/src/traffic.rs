//! What traffic the fleet meets.

use fleetfront_sim::{Horizon, Seconds, SimSpan, SimTime, StreamKey};
use serde::{Deserialize, Serialize};

use crate::curve::LoadCurve;

/// The traffic of all models.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Traffic {
    /// One entry a model, in the scenario's order.
    pub models: Vec<ModelTraffic>,
    /// The slow random rate; `None` for a plain Poisson process with the curve's rate.
    pub slow_rate: Option<SlowRate>,
    /// How much of the evening before is simulated and not counted.
    pub run_in: Seconds,
}

/// The traffic of one model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelTraffic {
    /// Whose streams are used.
    pub key: StreamKey,
    /// Mean requests a day, over the whole curve.
    pub requests_per_day: f64,
    /// Its curve.
    pub curve: LoadCurve,
    /// Hours to add to the reporting clock to get the curve's clock, from -26 to 26; may be fractional.
    pub curve_ahead_h: f64,
}

/// A slowly varying random factor on the rate: gamma with mean 1, drawn anew at the points of a Poisson process, so
/// that its autocorrelation is exp(-lag / correlation).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SlowRate {
    /// Coefficient of variation of the factor.
    pub cv: f64,
    /// Mean time between two draws of the factor.
    pub correlation: Seconds,
    /// Who shares a factor.
    pub scope: Scope,
}

/// Who shares one slow random rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// All models rise and fall together.
    Fleet,
    /// Each model has its own.
    Model,
}

impl Traffic {
    /// The horizon of every trial: one day of 24 h after the run-in.
    #[must_use]
    pub fn horizon(&self) -> Horizon {
        let start = SimTime::START + self.run_in.to_span();
        Horizon { start, end: start + SimSpan::from_secs_f64(86_400.0) }
    }

    /// Whether the days of the week differ, so that trials have to cover them evenly.
    #[must_use]
    pub fn is_weekly(&self) -> bool {
        self.models.iter().any(|model| model.curve.is_weekly())
    }
}
