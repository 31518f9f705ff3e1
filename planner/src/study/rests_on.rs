//! What a study rests on: models, GPU types, and every variant on each of them.

use fleetfront_calibration::Kind;
use fleetfront_scenario::SeenFailures;
use serde::{Deserialize, Serialize};

use crate::basis::Basis;
use crate::estimate::Estimate;
use crate::number_json;

/// A model, for the reader.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelSummary {
    /// Its name.
    pub name: String,
    /// Mean requests a day.
    pub requests_per_day: f64,
    /// How good that number is.
    pub requests_kind: Kind,
    /// Who says so.
    #[serde(default)]
    pub requests_source: String,
    /// Latency limit in seconds.
    pub latency_limit_s: f64,
    /// How many clients send them and wait for the answers; `None` where requests come whatever happens to others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clients: Option<f64>,
}

/// A GPU type, for the reader.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GpuSummary {
    /// Its name.
    pub name: String,
    /// Price of the GPU alone.
    pub usd_per_hour: f64,
    /// Price of a container: GPU, CPU and memory, region included.
    pub container_usd_per_hour: f64,
    /// Usable memory.
    #[serde(with = "number_json")]
    pub usable_gib: f64,
    /// Who states the price.
    #[serde(default)]
    pub price_basis: Basis,
    /// Who states the memory.
    #[serde(default)]
    pub memory_basis: Basis,
    /// Whether the platform has it; the prices are zero where it does not.
    #[serde(default = "yes")]
    pub offered: bool,
}

fn yes() -> bool {
    true
}

/// A variant on a GPU type.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CellSummary {
    /// Model.
    pub model: String,
    /// Variant.
    pub variant: String,
    /// GPU type.
    pub gpu: String,
    /// Whether it can run.
    pub feasible: bool,
    /// "fits", "borderline: 21.5 of 22 GiB", or every reason why not; with what runs showed, "fits, but 6 of 12 runs failed".
    pub memory: String,
    /// Who states the peak of a request.
    #[serde(default)]
    pub peak_basis: Basis,
    /// How often tries fail here; `None` for the model's own probability.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failures: Option<CellFailureSummary>,
    /// Mean warm service time in seconds.
    #[serde(with = "number_json::option")]
    pub service_s: Option<f64>,
    /// Below it the mean lies one time in twenty, by the number of its runs or the bounds of its ratio; in studies of before
    /// 2026-11-27 by those of its ratio alone.
    #[serde(with = "number_json::option")]
    pub service_s_low: Option<f64>,
    /// Above it the mean lies one time in twenty.
    #[serde(with = "number_json::option")]
    pub service_s_high: Option<f64>,
    /// Coefficient of variation of the service time.
    #[serde(with = "number_json::option")]
    pub service_cv: Option<f64>,
    /// How good the service time is.
    pub service_kind: Option<Kind>,
    /// Measurements behind it.
    pub service_n: Option<u32>,
    /// Mean boot time in seconds.
    #[serde(with = "number_json::option")]
    pub boot_s: Option<f64>,
    /// Below it the mean boot time lies one time in twenty.
    #[serde(default, with = "number_json::option")]
    pub boot_s_low: Option<f64>,
    /// Above it the mean boot time lies one time in twenty.
    #[serde(default, with = "number_json::option")]
    pub boot_s_high: Option<f64>,
    /// How good the boot time is.
    pub boot_kind: Option<Kind>,
    /// Sources and notes, in words.
    pub notes: Vec<String>,
}

impl CellSummary {
    /// Mean warm service time in seconds, and what is not known of it.
    #[must_use]
    pub fn service(&self) -> Option<Estimate> {
        known_to(self.service_s, self.service_s_low, self.service_s_high)
    }

    /// Mean boot time in seconds, and what is not known of it.
    #[must_use]
    pub fn boot(&self) -> Option<Estimate> {
        known_to(self.boot_s, self.boot_s_low, self.boot_s_high)
    }
}

fn known_to(mean: Option<f64>, low: Option<f64>, high: Option<f64>) -> Option<Estimate> {
    mean.map(|value| Estimate { value, low: low.unwrap_or(value), high: high.unwrap_or(value) })
}

/// How often tries fail in one cell.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CellFailureSummary {
    /// Probability that a try fails; between what it is nine times in ten where it was counted.
    pub probability: Estimate,
    /// How good it is.
    pub kind: Kind,
    /// What runs showed; `None` where it is stated and no run failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<SeenFailures>,
    /// Sources, in words.
    pub sources: Vec<String>,
}

impl CellSummary {
    /// A sign for tables: ✓ runs, ≈ hardly any memory to spare, ! some of its runs failed, ✗ cannot run.
    #[must_use]
    pub fn sign(&self) -> &'static str {
        let has_failed = self.failures.as_ref().is_some_and(|failures| failures.seen.is_some());
        match self.feasible {
            true if self.memory.starts_with("borderline") => "≈",
            true if has_failed => "!",
            true => "✓",
            false => "✗",
        }
    }
}
