//! The platform: what a container costs besides its GPU, and how the bill is added up.

use fleetfront_calibration::Provenance;
use fleetfront_sim::UsdPerSecond;
use serde::{Deserialize, Serialize};

/// Containers and billing rules of the platform.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Platform {
    /// Its name.
    pub name: String,
    /// Physical cores a container holds.
    pub cpu_cores: f64,
    /// Memory a container holds, in GiB.
    pub memory_gib: f64,
    /// Price of one physical core.
    pub cpu_usd_per_core_s: UsdPerSecond,
    /// Price of one GiB of memory.
    pub memory_usd_per_gib_s: UsdPerSecond,
    /// Multiplier on all prices for the region.
    pub region_multiplier: f64,
    /// Days that a month is said to have.
    pub days_per_month: f64,
    /// Fee of the plan, in dollars a month.
    #[serde(default)]
    pub plan_fee_usd: f64,
    /// Usage that the plan includes, in dollars a month.
    #[serde(default)]
    pub included_credits_usd: f64,
    /// What there is to spend, in dollars a month.
    #[serde(default)]
    pub budget_usd_month: Option<f64>,
    /// Name of the preset whose prices and rules hold; `None` for those of the scenario's own files.
    #[serde(default)]
    pub preset: Option<String>,
    /// Whether boots are billed.
    #[serde(default = "yes")]
    pub bills_boot: bool,
    /// Whether idle time is billed.
    #[serde(default = "yes")]
    pub bills_idle: bool,
    /// Container times are rounded up to a multiple of so many seconds where a pool does not say otherwise; 0 for none.
    #[serde(default)]
    pub billing_increment_s: f64,
    /// A container is billed for so many seconds at least where its pool does not say otherwise.
    #[serde(default)]
    pub billing_minimum_s: f64,
    /// Where cores and GiB of a container come from.
    pub container_provenance: Provenance,
    /// Where the CPU and memory prices come from.
    pub price_provenance: Provenance,
}

pub(crate) fn yes() -> bool {
    true
}

impl Platform {
    /// What a month's usage comes to: what the plan includes is off, its fee is on.
    #[must_use]
    pub fn bill_usd(&self, usage_usd: f64) -> f64 {
        (usage_usd - self.included_credits_usd).max(0.0) + self.plan_fee_usd
    }
}
