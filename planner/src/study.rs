//! A study: everything that a run found out, by name, ready to be printed, drawn or saved. `study.json` is this.

mod rests_on;

use fleetfront_calibration::Kind;
use fleetfront_scenario::Rules;
use serde::{Deserialize, Serialize};

pub use rests_on::{CellFailureSummary, CellSummary, GpuSummary, ModelSummary};

use crate::basis::Basis;
use crate::bounds::Bounds;
use crate::deployment::Deployment;
use crate::estimate::Estimate;
use crate::metrics::Metrics;
use crate::month::MonthlyBill;
use crate::number_json;
use crate::origin::Origin;
use crate::recommendation::Recommendation;
use crate::space::SearchSpace;
use crate::spending::Spending;

/// The format of studies that this version writes and reads. It rises when what an older version wrote can no longer be
/// read, or would be read as something else.
pub const STUDY_FORMAT: u32 = 1;

/// The results of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Study {
    /// Format of the file: [`STUDY_FORMAT`].
    pub format: u32,
    /// Version of the program.
    pub version: String,
    /// Seed of all random numbers.
    pub seed: u64,
    /// Trials (days) a point.
    pub trials: u32,
    /// Sections that intervals are computed from (whole weeks where days of the week differ).
    pub sections: u32,
    /// SHA-256 of the input files.
    pub inputs_sha256: String,
    /// Name of the scenario.
    pub scenario: String,
    /// One sentence about it.
    pub description: String,
    /// Days that a month is said to have.
    pub days_per_month: f64,
    /// The models.
    pub models: Vec<ModelSummary>,
    /// The GPU types.
    pub gpus: Vec<GpuSummary>,
    /// Every variant on every GPU type: whether it fits, and the laws used.
    pub cells: Vec<CellSummary>,
    /// What the reader has to know before believing anything: input warnings, contradictions.
    pub warnings: Vec<String>,
    /// Values that nobody measured.
    pub assumptions: Vec<String>,
    /// Each model alone in its pool, and models that an allocation lets share one, on each feasible cell with each
    /// setting of the grid.
    pub points: Vec<Point>,
    /// The named allocations, the repair of the proposed one, and the recommended one.
    pub allocations: Vec<AllocationResult>,
    /// Fleet points: the frontier by worst ratio of p95 to limit, and for comparison uniform fleets.
    pub frontier: Frontier,
    /// The spreadsheet and what it leaves out.
    pub naive: NaiveComparison,
    /// The proposed allocation judged.
    pub verdict: Verdict,
    /// What to do instead.
    pub recommendation: Recommendation,
    /// What a deployment has to know besides.
    #[serde(default)]
    pub deployment: Deployment,
    /// Inputs and command: enough to make the study again.
    pub origin: Origin,
    /// How much was searched, and what was left out for which reason.
    #[serde(default)]
    pub search: SearchSpace,
}

/// One model alone in its pool, or models that an allocation of the scenario lets share one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// What was set.
    pub choice: Choice,
    /// Trials that it rests on: all of the study's, or fewer where another point of the same models clearly beats it in
    /// everything.
    pub trials: u32,
    /// What came out.
    pub metrics: Metrics,
    /// 95th percentile of the latency over the model's limit (the greatest of the models that share the pool).
    pub p95_over_limit: Estimate,
    /// Whether no other point of the same models is both cheaper and faster (at p95).
    pub on_model_frontier: bool,
}

/// The setting of a pool.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Choice {
    /// Model; the names of models that share the pool are joined by `+`.
    pub model: String,
    /// Variant; joined likewise.
    pub variant: String,
    /// GPU type.
    pub gpu: String,
    /// Scaledown window in seconds.
    pub scaledown_window_s: f64,
    /// Always-warm containers.
    pub min_containers: u32,
    /// Containers kept ready beside the busy ones, where the grid tries several; the pool's own elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub buffer_containers: Option<u32>,
    /// Most containers; likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_containers: Option<u32>,
    /// Inputs that a container accepts at once; likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_inputs: Option<u32>,
    /// How good the service time is that the point rests on.
    pub service_kind: Kind,
    /// Of the rules those that the grid tries: further GPU types, batches, snapshots, schedules.
    #[serde(default, skip_serializing_if = "Rules::is_none")]
    pub rules: Rules,
}

/// An allocation: what it is and what came out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AllocationResult {
    /// Its name.
    pub name: String,
    /// One sentence about it.
    pub description: String,
    /// Why it is in the study.
    pub role: Role,
    /// Why it cannot run; empty when it can.
    pub infeasible: Vec<String>,
    /// What was changed to make it feasible (for a repair).
    pub repairs: Vec<String>,
    /// Its pools.
    pub pools: Vec<PoolResult>,
    /// Its results; `None` when it cannot run.
    pub results: Option<AllocationMetrics>,
    /// Each criterion judged; empty when it cannot run, and for the baseline only the absolute ones.
    pub criteria: Vec<CriterionResult>,
    /// Between what its numbers lie; `None` when it cannot run, and where only criteria are asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bounds: Option<Bounds>,
}

/// Why an allocation is in the study.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// What others are compared with.
    Baseline,
    /// Under review.
    Proposed,
    /// The proposed one, made feasible.
    Repaired,
    /// Named in the scenario.
    Named,
    /// Ours.
    Recommended,
}

/// One pool of an allocation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PoolResult {
    /// Its name.
    pub name: String,
    /// GPU type.
    pub gpu: String,
    /// Models with their variants, as `model` and `variant`.
    pub models: Vec<(String, String)>,
    /// The platform's own settings.
    pub settings: fleetfront_scenario::PoolSettings,
    /// Results; `None` when the allocation cannot run.
    pub metrics: Option<Metrics>,
}

/// The results of an allocation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AllocationMetrics {
    /// All models and pools together.
    pub fleet: Metrics,
    /// Its month's cost as it is billed: less what the plan includes, and the plan's fee on top. Criteria compare the
    /// cost, which the allocation decides.
    pub bill_usd_month: Estimate,
    /// Greatest ratio of a model's p95 to its limit.
    pub worst_p95_over_limit: Estimate,
    /// The model that has it.
    pub worst_model: String,
    /// One entry a model, in the scenario's order.
    pub models: Vec<ModelResult>,
    /// The average day.
    pub day: Day,
    /// Where the money goes.
    pub spending: Spending,
    /// What luck makes of a month's bill.
    pub month: MonthlyBill,
    /// Dollars of each section, from which differences on the same requests are taken.
    #[serde(default)]
    pub cost_usd_sections: Vec<f64>,
}

impl AllocationMetrics {
    /// Whether the platform's plan makes the bill another than the cost.
    #[must_use]
    pub fn has_own_bill(&self) -> bool {
        self.bill_usd_month != self.fleet.cost_usd_month
    }
}

/// One model in an allocation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelResult {
    /// Model.
    pub model: String,
    /// Variant.
    pub variant: String,
    /// GPU type.
    pub gpu: String,
    /// Mean service time on a warm container; the interval is what the benchmarks leave open, not luck.
    pub warm_service_s: Estimate,
    /// How good it is.
    pub service_kind: Kind,
    /// Results; in a shared pool the model bears the boots that its requests started, its execution, and the idle time
    /// after it.
    pub metrics: Metrics,
    /// Latency distribution: (seconds, share of requests not later), rising; ends below 1 when requests failed.
    pub latency_cdf: Vec<(f64, f64)>,
}

/// The average day, in bins of equal length from midnight of the reporting clock.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Day {
    /// Length of a bin.
    pub bin_s: f64,
    /// Mean requests a second, by bin.
    pub arrivals_per_s: Vec<f64>,
    /// Mean containers booting, by bin.
    pub boot: Vec<f64>,
    /// Mean containers busy, by bin.
    pub busy: Vec<f64>,
    /// Mean containers idle, by bin.
    pub idle: Vec<f64>,
    /// Mean containers executing tries that fail, by bin.
    pub wasted: Vec<f64>,
    /// Mean requests waiting for a container, by bin.
    pub queue: Vec<f64>,
}

/// Fleets combined from the points.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Frontier {
    /// Exact frontier of cost against the worst ratio of p95 to limit, cheapest first.
    pub by_worst_ratio: Vec<FleetPoint>,
    /// Exact frontier of cost against the request-weighted mean latency, cheapest first.
    pub by_mean_latency: Vec<FleetPoint>,
    /// The same GPU and setting for every model, for comparison: not on the frontier as a rule.
    pub uniform: Vec<FleetPoint>,
    /// Exact frontier of cost against the 95th percentile of all requests of the fleet together, cheapest first.
    #[serde(default)]
    pub by_pooled_p95: Vec<FleetPoint>,
}

/// A fleet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FleetPoint {
    /// What it is: `L40S, 60 s` of a uniform fleet, its pools in a few words on a frontier.
    pub label: String,
    /// Month's bill.
    pub cost_usd_month: Estimate,
    /// Greatest ratio of a model's p95 to its limit.
    pub worst_p95_over_limit: Estimate,
    /// Mean latency over all requests.
    pub latency_s_mean: Estimate,
    /// One choice a pool.
    pub choices: Vec<Choice>,
    /// 95th percentile of the latency of all requests together; `None` of a uniform fleet that left the race.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency_s_p95: Option<Estimate>,
    /// Places on the same frontier of the neighbours that luck does not let tell from this one: neither in cost nor in
    /// the latency that the frontier is about, by paired t tests at 95 % over the sections.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub indistinguishable: Vec<usize>,
    /// Whether its pools were simulated together because the quota may tie them; the others never reach it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub simulated_together: bool,
    /// Dollars of each section, from which differences on the same requests are taken.
    #[serde(default)]
    pub cost_usd_sections: Vec<f64>,
}

/// The spreadsheet, and from it to the simulated bill in steps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NaiveComparison {
    /// Seconds that it allows a request.
    pub seconds_per_request: f64,
    /// What the spreadsheet says about the baseline and the proposed allocation, in that order.
    pub estimates: Vec<NaiveEstimate>,
    /// What the spreadsheet says is saved, as a fraction.
    #[serde(with = "number_json")]
    pub saving: f64,
    /// The steps to the simulated bill, one entry an allocation that was simulated.
    pub bridges: Vec<Bridge>,
}

/// The spreadsheet's bill of one allocation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NaiveEstimate {
    /// The allocation.
    pub allocation: String,
    /// Requests x seconds x GPU price.
    #[serde(with = "number_json")]
    pub usd_month: f64,
}

/// From the spreadsheet's bill to the simulated one; the steps add up to the difference.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Bridge {
    /// The allocation.
    pub allocation: String,
    /// Where it starts.
    #[serde(with = "number_json")]
    pub naive_usd_month: f64,
    /// What is added, in order.
    pub steps: Vec<BridgeStep>,
    /// Where it ends.
    pub simulated_usd_month: Estimate,
}

/// One step of a bridge.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BridgeStep {
    /// What it is, such as "idle containers".
    pub what: String,
    /// How much it adds (negative when it takes away).
    #[serde(with = "number_json")]
    pub usd_month: f64,
}

/// How a criterion came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Judgement {
    /// The whole interval is on the right side.
    Pass,
    /// The interval straddles the target, or the number rests on data that cannot confirm it.
    Undecided,
    /// The whole interval is on the wrong side.
    Fail,
}

/// One criterion for one subject.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CriterionResult {
    /// What is asked, in words: "cost at least 40 % below current".
    pub criterion: String,
    /// "fleet" or a model's name.
    pub subject: String,
    /// What was found, in the unit of `unit`.
    pub value: Estimate,
    /// The target, in the same unit.
    #[serde(with = "number_json")]
    pub target: f64,
    /// Unit of value and target, such as "s", "x", "%" (values in per cent then).
    pub unit: String,
    /// The judgement.
    pub judgement: Judgement,
    /// Why, where it is not plain from the numbers.
    pub note: String,
    /// Whether the baseline itself meets it; `None` for criteria that compare with the baseline.
    pub baseline: Option<Judgement>,
    /// Of a value that was not simulated: what kind it is, and who says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basis: Option<Basis>,
}

/// The proposed allocation judged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// The allocation that the sentences are about (the repair where the proposed one cannot run).
    pub allocation: String,
    /// The answer in one sentence.
    pub headline: String,
    /// What has to be said first: infeasibility, criteria that the baseline does not meet itself.
    pub first: Vec<String>,
    /// Overall.
    pub judgement: Judgement,
}
