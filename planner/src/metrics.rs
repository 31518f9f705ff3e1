//! What is reported of a pool, a model or a fleet.

use serde::{Deserialize, Serialize};

use crate::estimate::Estimate;

/// The metrics of a model, a pool or a fleet over all trials. Formulae: docs/model.md.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Metrics {
    /// Bill of a month: GPU, CPU and memory.
    pub cost_usd_month: Estimate,
    /// Bill over requests that arrived.
    pub cost_usd_per_request: Estimate,
    /// The month's bill by what containers did.
    pub cost_by_state: CostByState,
    /// Mean time from arrival to the first execution (or to the end without one).
    pub wait_s_mean: Estimate,
    /// Mean time from arrival to completion, of completed requests.
    pub latency_s_mean: Estimate,
    /// Median latency; failed requests count as infinite, here and below.
    pub latency_s_p50: Estimate,
    /// 95th percentile of the latency.
    pub latency_s_p95: Estimate,
    /// 99th percentile of the latency.
    pub latency_s_p99: Estimate,
    /// Share of requests later than the model's limit (failed ones included).
    pub late_share: Estimate,
    /// Completed over arrived.
    pub success_rate: Estimate,
    /// Share of requests that waited for a boot.
    pub cold_start_share: Estimate,
    /// Busy over billed container time.
    pub utilisation: Estimate,
    /// Time-average number of containers, booting ones included.
    pub containers_mean: Estimate,
    /// Most containers at once in any trial.
    pub containers_peak: u32,
    /// Boots a day.
    pub boots_per_day: Estimate,
    /// Requests a day.
    pub requests_per_day: f64,
}

/// A month's bill by what containers did. The four add up to the bill.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CostByState {
    /// Booting.
    pub boot_usd: Estimate,
    /// Executing tries that succeeded.
    pub busy_usd: Estimate,
    /// Up without work.
    pub idle_usd: Estimate,
    /// Executing tries that failed.
    pub wasted_usd: Estimate,
}
