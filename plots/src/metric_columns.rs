//! The estimated columns that all tables for programs share, in one order.

use fleetfront_planner::{Estimate, Metrics};

/// How a column is read: from the metrics, and the 95th percentile of the latency over its limit.
type Read = fn(&Metrics, Estimate) -> Estimate;

/// Names and values; a table writes each as value, `_low` and `_high` (95 % interval).
pub(crate) const ESTIMATED: [(&str, Read); 17] = [
    ("cost_usd_month", |m, _| m.cost_usd_month),
    ("cost_usd_per_request", |m, _| m.cost_usd_per_request),
    ("boot_usd_month", |m, _| m.cost_by_state.boot_usd),
    ("busy_usd_month", |m, _| m.cost_by_state.busy_usd),
    ("idle_usd_month", |m, _| m.cost_by_state.idle_usd),
    ("wasted_usd_month", |m, _| m.cost_by_state.wasted_usd),
    ("latency_s_mean", |m, _| m.latency_s_mean),
    ("latency_s_p50", |m, _| m.latency_s_p50),
    ("latency_s_p95", |m, _| m.latency_s_p95),
    ("latency_s_p99", |m, _| m.latency_s_p99),
    ("p95_over_limit", |_, ratio| ratio),
    ("late_share", |m, _| m.late_share),
    ("success_rate", |m, _| m.success_rate),
    ("cold_start_share", |m, _| m.cold_start_share),
    ("utilisation", |m, _| m.utilisation),
    ("containers_mean", |m, _| m.containers_mean),
    ("boots_per_day", |m, _| m.boots_per_day),
];

/// The headings of all of them.
pub(crate) fn headings() -> impl Iterator<Item = String> {
    ESTIMATED.iter().flat_map(|(name, _)| ["", "_low", "_high"].map(|end| format!("{name}{end}")))
}

/// The numbers of all of them, in the order of the headings.
pub(crate) fn numbers(metrics: &Metrics, p95_over_limit: Estimate) -> impl Iterator<Item = f64> {
    ESTIMATED.iter().flat_map(move |(_, read)| {
        let Estimate { value, low, high } = read(metrics, p95_over_limit);
        [value, low, high]
    })
}
