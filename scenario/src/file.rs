//! `scenario.toml` as the user writes it: strings and plain numbers, nothing resolved.
//!
//! Units are the last word of a key, choices are externally tagged, unknown keys are refused. The descriptions of the
//! JSON schema, and what an error says about a missing key, are the doc comments of this file.

use std::collections::BTreeMap;

use fleetfront_calibration::{Kind, Provenance};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::failure_counts::FailureCounts;
use crate::resolved::LatencyReading;
use crate::rules::{BoundsFile, ExecutionName, Rules};

mod arrivals;
mod calibration;
mod coupling;
mod log;
mod pooling;
mod shapes;

pub use arrivals::{
    BatchSizeFile, BatchesFile, ClosedFile, DatesName, GammaFactorFile, GammaRateFile, GrowthFile, ModulatedFile,
    ProcessFile, RenewalFile, ReplayFile, ReplayedDaysName, ScopeName, SessionsFile, SlowRateFile, SpikeFile,
    StateFile, SwingFile, WeekdayName,
};
pub use calibration::{CalibrationFile, ContradictionsName, RepeatsName};
pub use coupling::{CapacityFile, CellFile, NextFile, QuotaFile, ScarcityFile, SnapshotFile};
pub use log::LogFile;
pub use pooling::PoolingFile;
pub use shapes::{AdaptersFile, QuantityFile, QuantityLawFile, QuantityMixFile, ReferenceFile, ShapeFile};

/// A scenario: what is asked of which fleet, on which platform.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScenarioFile {
    /// Version of the file format; 1 is the only one so far
    pub format: u32,
    /// Name of the scenario
    pub name: String,
    /// One sentence about the scenario
    pub description: String,
    /// Name of the allocation that the others are compared with
    pub baseline: String,
    /// Name of the allocation under review
    pub proposed: String,
    /// The other files of the scenario's folder
    pub files: FileNames,
    /// Containers and billing of the platform
    pub platform: PlatformFile,
    /// What is common to the traffic of all models
    pub traffic: TrafficFile,
    /// Settings of every pool that does not say otherwise
    pub defaults: SettingsFile,
    /// What is tried for each model on each GPU that it fits
    pub grid: GridFile,
    /// What an allocation has to reach
    pub criteria: CriteriaFile,
    /// The spreadsheet to be reproduced
    pub naive: NaiveFile,
    /// The GPU types that may be used
    pub gpus: Vec<GpuFile>,
    /// The models that requests call
    pub models: Vec<ModelFile>,
    /// Named ways of giving models to pools
    pub allocations: Vec<AllocationFile>,
    /// Service and boot times that are stated as laws, in place of benchmarks and measured boots
    #[serde(default)]
    pub cells: Vec<CellFile>,
    /// How measured runs become laws; left out for the default of each rule
    pub calibration: Option<CalibrationFile>,
    /// The workspace's limits over all pools; left out for none
    pub quota: Option<QuotaFile>,
    /// Waits for capacity, by GPU type; left out where there is none
    #[serde(default)]
    pub capacity: Vec<CapacityFile>,
    /// Periods in which GPU types are not to be had
    #[serde(default)]
    pub scarcity: Vec<ScarcityFile>,
    /// How a log is read that a command is given beside this scenario; changes no simulation
    pub log: Option<LogFile>,
}

/// Names of the CSV files in the scenario's folder.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FileNames {
    /// Prices of GPUs, cores and memory
    pub prices: String,
    /// Service times
    pub benchmarks: String,
    /// Boot times
    pub boots: String,
    /// Measured runs, in whose place `benchmarks` and `boots` stand where a cell has none; left out for none
    pub runs: Option<String>,
    /// Memory of GPUs and of model variants
    pub memory: String,
    /// The load curve of the models that have none of their own: a file, or one that is built in: "builtin:flat",
    /// "builtin:office-hours" (in the clock of New York), "builtin:weekly-consumer" (in UTC)
    pub load: String,
}

/// Where a number comes from.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProvenanceFile {
    /// How good the number is
    pub kind: KindName,
    /// Who says so, or how it was computed
    pub source: String,
    /// As of when: YYYY-MM-DD, or as the source states it
    pub date: String,
}

impl From<&ProvenanceFile> for Provenance {
    fn from(file: &ProvenanceFile) -> Self {
        Self { kind: file.kind.into(), source: file.source.clone(), date: file.date.clone() }
    }
}

/// How good a number is, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum KindName {
    /// Measured on the deployment under review
    Measured,
    /// Measured by somebody else and published
    Published,
    /// Computed from other numbers; the source says how
    Derived,
    /// Nobody measured it
    Assumed,
}

impl From<KindName> for Kind {
    fn from(name: KindName) -> Self {
        match name {
            KindName::Measured => Self::Measured,
            KindName::Published => Self::Published,
            KindName::Derived => Self::Derived,
            KindName::Assumed => Self::Assumed,
        }
    }
}

/// Containers and billing rules.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlatformFile {
    /// Name of the platform
    pub name: String,
    /// Physical cores that a container holds
    pub cpu_cores: f64,
    /// Memory that a container holds, in GiB
    pub memory_gib: f64,
    /// Where cores and memory of a container come from
    pub container_provenance: ProvenanceFile,
    /// Whether settings outside the platform's documented limits are accepted (for comparison with theory); left out
    /// for no
    pub lift_limits: Option<bool>,
    /// Multiplier on all prices for the chosen region; 1 is the platform's own choice of region
    pub region_multiplier: f64,
    /// Days that a month is said to have
    pub days_per_month: f64,
    /// Fee of the plan, in dollars a month; left out for none
    pub plan_fee_usd: Option<f64>,
    /// Usage that the plan includes, in dollars a month; left out for none
    pub included_credits_usd: Option<f64>,
    /// What there is to spend, in dollars a month; left out for nothing to hold months against
    pub budget_usd_month: Option<f64>,
    /// Whose prices and billing rules hold, by the name of a platform; left out for those of the scenario's own files
    pub preset: Option<String>,
    /// Whether boots are billed; left out for yes, or as the preset has it
    pub bills_boot: Option<bool>,
    /// Whether idle time is billed; left out for yes, or as the preset has it
    pub bills_idle: Option<bool>,
}

/// What is common to the traffic of all models.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TrafficFile {
    /// Time zone in which days and hours are reported, by its IANA name
    pub reporting_time_zone: String,
    /// Time zone in which the load curve is written, by its IANA name
    pub curve_time_zone: String,
    /// Day whose clock offset between the two time zones is taken, as "YYYY-MM-DD"
    pub date: String,
    /// Which days are simulated; left out for days that all have the clock offset of `date`
    pub dates: Option<DatesName>,
    /// Day whose volume is simulated, as "YYYY-MM-DD": the requests a day of every model with a growth, extrapolated to it;
    /// left out for the requests a day as they are stated
    pub volume_at: Option<String>,
    /// Growth of all models that state none of their own; has its effect by `volume_at`
    pub growth: Option<GrowthFile>,
    /// Hours of the evening before that are simulated and not counted
    pub run_in_h: f64,
    /// Hours that are simulated and counted in each trial; left out for a day
    pub horizon_h: Option<f64>,
    /// Slow random variation of the rate around the load curve
    pub slow_rate: SlowRateFile,
    /// Further factors of the same kind, for variation on other time scales: all of them multiply; left out for none
    pub more_slow_rates: Option<Vec<SlowRateFile>>,
    /// Scheduled factors on the rate, such as launches and outages; where they meet, they multiply
    #[serde(default)]
    pub spikes: Vec<SpikeFile>,
}

/// A GPU type.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GpuFile {
    /// The platform's own name for it
    pub name: String,
    /// What its hardware can do, such as "bf16" and "fp8"
    #[serde(default)]
    pub features: Vec<String>,
}

/// A model that requests call.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ModelFile {
    /// Name of the model, as in the benchmark files
    pub name: String,
    /// Mean requests a day
    pub requests_per_day: f64,
    /// Where the requests a day come from
    pub traffic_provenance: ProvenanceFile,
    /// Growth of its requests a day, in the place of that of `[traffic]`; has its effect by `traffic.volume_at`
    pub growth: Option<GrowthFile>,
    /// End-to-end latency objective, in seconds
    pub latency_limit_s: f64,
    /// Probability that a try fails, for whatever reason but memory
    pub failure_probability: f64,
    /// When in its execution a try fails that does; left out for any moment
    pub failure_at: Option<FailureAtName>,
    /// What a completed request leads to
    pub next: Option<NextFile>,
    /// Where the failure probability comes from
    pub failure_provenance: ProvenanceFile,
    /// The tries that it was counted from, { failed = 3, tries = 1400 }: how far it may be off
    pub failure_counts: Option<FailureCounts>,
    /// Time to become the loaded model of a container that has another one loaded, in seconds
    pub switch_in_s: f64,
    /// The same, in seconds, where it depends on the model loaded before: { other-model = 2.7 }
    #[serde(default)]
    pub switch_in_from_s: BTreeMap<String, f64>,
    /// Where the switch times come from
    pub switch_provenance: ProvenanceFile,
    /// How its requests arrive; left out for a Poisson process
    pub process: Option<ProcessFile>,
    /// A sine wave on its rate
    pub swing: Option<SwingFile>,
    /// Slow random variation of its own rate: factors that multiply, in the place of those of `[traffic]`; an empty list
    /// for none
    pub slow_rates: Option<Vec<SlowRateFile>>,
    /// A load curve of its own, in a file of the scenario's folder or built in: see files.load
    pub curve_file: Option<String>,
    /// Recorded days that are replayed in the place of drawn ones
    pub replay: Option<ReplayFile>,
    /// Time zone of its own load curve, by its IANA name
    pub curve_time_zone: Option<String>,
    /// What its requests ask for; left out where all ask for what the benchmarks timed
    pub shape: Option<ShapeFile>,
    /// The adapters that its requests need; left out for none
    pub adapters: Option<AdaptersFile>,
    /// Its precisions, the deployed one first
    pub variants: Vec<VariantFile>,
}

/// When a try fails that does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FailureAtName {
    /// At a moment uniform over its execution
    AnyMoment,
    /// At its end
    End,
}

/// A precision of a model.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VariantFile {
    /// Name of the variant, as in the benchmark files
    pub name: String,
    /// GPU features that it cannot run without
    #[serde(default)]
    pub requires: Vec<String>,
    /// How far its output is from the reference precision; left out for the reference itself
    pub quality: Option<QualityFile>,
}

/// How far a variant's output is from the reference precision.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QualityFile {
    /// Perceptual distance (LPIPS; 0 is identical)
    pub lpips: f64,
    /// How good the number is
    pub kind: KindName,
    /// Who says so, or how it was computed
    pub source: String,
    /// As of when: YYYY-MM-DD, or as the source states it
    pub date: String,
}

/// Pool settings, by the platform's own names.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SettingsFile {
    /// Containers that are always up
    pub min_containers: u32,
    /// At most so many containers; left out for the platform's own limit
    pub max_containers: Option<u32>,
    /// Extra containers while the pool is active
    pub buffer_containers: u32,
    /// How long an idle container stays, in seconds: 2 to 3600; left out for the default of the platform's preset
    pub scaledown_window_s: Option<f64>,
    /// Inputs that a container accepts at once
    pub max_inputs: u32,
    /// What a container does with several inputs
    pub execution: ExecutionName,
    /// Longest execution of a try, in seconds: 1 to 86400
    pub timeout_s: f64,
    /// Tries after the first, one second apart
    pub retries: u32,
    /// Rules that are off unless asked for
    #[serde(default)]
    pub rules: Rules,
}

/// What is tried for each model on each GPU that it fits.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GridFile {
    /// Scaledown windows, in seconds
    pub scaledown_window_s: Vec<f64>,
    /// Always-warm containers
    pub min_containers: Vec<u32>,
    /// Containers kept ready beside the busy ones; left out for each pool's own
    pub buffer_containers: Option<Vec<u32>>,
    /// Most containers; left out for each pool's own
    pub max_containers: Option<Vec<u32>>,
    /// Inputs that a container accepts at once; left out for each pool's own
    pub max_inputs: Option<Vec<u32>>,
    /// Models that may share a pool, besides those that a named allocation pools; left out for no others
    pub pooling: Option<PoolingFile>,
    /// Further GPU types that are asked in turn when a pool's own has no capacity: lists of names, an empty one for none
    pub gpu_fallback: Option<Vec<Vec<String>>>,
    /// How batches form; {} for no batches
    pub batched: Option<Vec<GridBatchesFile>>,
    /// Whether boots restore a memory snapshot, for cells that have one
    pub snapshot: Option<Vec<bool>>,
    /// Bounds that change at times of the day: lists of entries, an empty one for none
    pub schedules: Option<Vec<Vec<BoundsFile>>>,
}

/// Batches that the grid tries: all three keys, or none for no batches.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct GridBatchesFile {
    /// Most inputs of a batch: 1 to 1000
    pub max_batch_size: Option<u32>,
    /// How long the oldest input waits for more, in milliseconds: 0 to 600000
    pub wait_ms: Option<f64>,
    /// The share of a single input's service time that each further input adds: 0 is free, 1 is no gain
    pub item_share: Option<f64>,
}

/// A way of giving models to pools.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AllocationFile {
    /// Name of the allocation
    pub name: String,
    /// One sentence about it
    pub description: String,
    /// Its pools; every model stands in exactly one
    pub pools: Vec<PoolFile>,
}

/// One pool; settings that are left out are those of `[defaults]`.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PoolFile {
    /// Name of the pool
    pub name: String,
    /// Its GPU type
    pub gpu: String,
    /// Its models, as "model" (the deployed variant) or "model:variant"
    pub models: Vec<String>,
    /// Containers that are always up
    pub min_containers: Option<u32>,
    /// At most so many containers
    pub max_containers: Option<u32>,
    /// Extra containers while the pool is active
    pub buffer_containers: Option<u32>,
    /// How long an idle container stays, in seconds: 2 to 3600
    pub scaledown_window_s: Option<f64>,
    /// Inputs that a container accepts at once
    pub max_inputs: Option<u32>,
    /// What a container does with several inputs
    pub execution: Option<ExecutionName>,
    /// Longest execution of a try, in seconds: 1 to 86400
    pub timeout_s: Option<f64>,
    /// Tries after the first, one second apart
    pub retries: Option<u32>,
    /// Rules that are off unless asked for; what is left out is as in `[defaults]`
    #[serde(default)]
    pub rules: Rules,
}

/// What an allocation has to reach; a criterion that is left out is not asked for.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CriteriaFile {
    /// Smallest wanted cost reduction against the baseline, as a fraction
    pub cost_reduction_min: Option<f64>,
    /// Largest accepted latency as a multiple of the baseline's
    pub latency_ratio_max: Option<f64>,
    /// Whether each model's own `latency_limit_s` must be kept
    pub latency_limit: bool,
    /// Which percentile of the end-to-end latency is meant, as a fraction
    pub latency_percentile: f64,
    /// The readings of "latency" that are judged
    pub latency_readings: Vec<LatencyReading>,
    /// Smallest accepted share of requests that complete
    pub success_rate_min: Option<f64>,
    /// Largest accepted perceptual distance (LPIPS) to the reference precision
    pub quality_lpips_max: Option<f64>,
}

/// The spreadsheet: requests times seconds times price, and nothing else.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NaiveFile {
    /// Seconds that it allows a request, on every GPU
    pub time_per_request_s: f64,
    /// The models that it counts
    pub models: Vec<String>,
    /// Where it comes from
    pub provenance: ProvenanceFile,
}
