//! A scenario with only legal states: what the planner works on.

use fleetfront_calibration::{Fit, Provenance};
use fleetfront_sim::{Boot, Law, Seconds, ShapeLaw, Snapshot, StreamKey, UsdPerSecond};
use fleetfront_workloads::Traffic;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::adapters::AdapterMix;
use crate::clock::Clock;
use crate::failure_counts::{CellFailures, FailureCounts};
use crate::file::LogFile;
use crate::platform::Platform;
use crate::rules::{BatchedFile, BoundsFile, Rules};
use crate::shapes::ShapeMix;

/// Everything a study needs, cross-references resolved to indices.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Scenario {
    /// Its name.
    pub name: String,
    /// One sentence about it.
    pub description: String,
    /// SHA-256 of the input files, hexadecimal.
    pub inputs_sha256: String,
    /// Containers and billing.
    pub platform: Platform,
    /// The GPU types, in the scenario's order.
    pub gpus: Vec<Gpu>,
    /// The models, in the scenario's order.
    pub models: Vec<Model>,
    /// The traffic of the models, in the same order.
    pub traffic: Traffic,
    /// What is tried for each model on each feasible cell.
    pub grid: Grid,
    /// The pool settings that the grid starts from.
    pub defaults: PoolSettings,
    /// The named allocations.
    pub allocations: Vec<Allocation>,
    /// Index of the allocation that others are compared with.
    pub baseline: usize,
    /// Index of the allocation under review.
    pub proposed: usize,
    /// What an allocation has to reach.
    pub criteria: Criteria,
    /// The spreadsheet to be reproduced.
    pub naive: NaiveEstimate,
    /// The workspace's limits over all pools.
    #[serde(default)]
    pub quota: Quota,
    /// Waits for capacity: one entry a GPU type, in the scenario's order, or empty.
    #[serde(default)]
    pub capacity: Vec<Capacity>,
    /// Scarcity processes that capacity refers to.
    #[serde(default)]
    pub scarcity: Vec<ScarcityProcess>,
    /// Warnings of the files: never errors, always shown.
    pub warnings: Vec<String>,
    /// The clocks that times of the day are told by.
    #[serde(default)]
    pub clock: Clock,
    /// How a log is read that is given beside it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log: Option<LogFile>,
}

/// Limits over all pools; `None` for no limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quota {
    /// Containers in use at once.
    pub containers: Option<u32>,
    /// GPUs in use at once.
    pub gpus: Option<u32>,
}

/// How containers of a GPU type come.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Capacity {
    /// Wait from asking to creation.
    pub wait: Option<Law>,
    /// Index of its scarcity process.
    pub scarcity: Option<usize>,
    /// Where these come from.
    pub provenance: Option<Provenance>,
}

/// Periods in which nothing is to be had.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScarcityProcess {
    /// Its name.
    pub name: String,
    /// Whose random stream it uses.
    pub key: StreamKey,
    /// Time from the end of a period to the start of the next.
    pub every: Law,
    /// Length of a period.
    pub lasts: Law,
}

/// The next step of a chain of requests.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ChainStep {
    /// Index of its model.
    pub model: usize,
    /// Its probability.
    pub probability: f64,
}

/// A boot in phases.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BootPlan {
    /// Loading the image.
    pub image: Option<Law>,
    /// Whether that is billed.
    pub bill_image: bool,
    /// What follows, one after the other.
    pub phases: Vec<Law>,
    /// Time to restore a memory snapshot instead, and the probability that it fails.
    pub snapshot: Option<(Law, f64)>,
}

/// A GPU type.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Gpu {
    /// The platform's own name for it.
    pub name: String,
    /// Whether the platform has it: a preset may not.
    #[serde(default = "crate::platform::yes")]
    pub offered: bool,
    /// Price before the region multiplier.
    pub usd_per_second: UsdPerSecond,
    /// Memory a process can use, in GiB.
    pub usable_gib: f64,
    /// What its hardware can do: `bf16`, `fp8`.
    pub features: Vec<String>,
    /// Where the price comes from.
    pub price_provenance: Provenance,
    /// Where the memory comes from.
    pub memory_provenance: Provenance,
}

/// A model that requests call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Model {
    /// Its name.
    pub name: String,
    /// Whose random streams it uses.
    pub key: StreamKey,
    /// Mean requests a day.
    pub requests_per_day: f64,
    /// Where that comes from.
    pub traffic_provenance: Provenance,
    /// End-to-end latency objective: the share `1 - criteria.latency_percentile` may exceed it.
    pub latency_limit_s: Seconds,
    /// Probability that a try fails, for whatever reason but memory (which is certain).
    pub failure_probability: f64,
    /// Where that comes from.
    pub failure_provenance: Provenance,
    /// The tries that it was counted from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure_counts: Option<FailureCounts>,
    /// Whether a try that fails does so at its end, instead of at any moment.
    #[serde(default)]
    pub fails_at_end: bool,
    /// What a completed request leads to.
    #[serde(default)]
    pub next: Option<ChainStep>,
    /// Time to become the loaded model of a container, by the index of the model loaded before (own index: zero).
    pub switch_in_s: Vec<Seconds>,
    /// Where those come from.
    pub switch_provenance: Provenance,
    /// What its requests ask for; `None` where all ask for what the benchmarks timed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shape: Option<ShapeMix>,
    /// The adapters that its requests need.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adapters: Option<AdapterMix>,
    /// Its precisions, the deployed one first.
    pub variants: Vec<Variant>,
}

/// A precision of a model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Variant {
    /// Its name, such as `fp8`.
    pub name: String,
    /// Peak GPU memory of one request, in GiB.
    pub peak_gib: f64,
    /// Where that comes from.
    pub memory_provenance: Provenance,
    /// GPU features it cannot run without.
    pub requires: Vec<String>,
    /// How its output differs from the reference precision; `None` when it is the reference.
    pub quality: Option<Quality>,
    /// One cell a GPU type, in the scenario's order.
    pub cells: Vec<Cell>,
}

/// How far a variant's output is from the reference precision.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Quality {
    /// Perceptual distance (LPIPS; 0 is identical).
    pub lpips: f64,
    /// Where that comes from.
    pub provenance: Provenance,
}

/// A variant on a GPU type.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cell {
    /// Whether it can run at all.
    pub feasibility: Feasibility,
    /// Service time of a warm request with the reference shape; `None` when nothing is known (then the cell is infeasible for want of data).
    pub service: Option<Fit>,
    /// Boot time of a container.
    pub boot: Option<Fit>,
    /// Its phases, where it has any; the fit then holds their mean.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub boot_plan: Option<BootPlan>,
    /// Probability that a try fails here; `None` for the model's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure_probability: Option<f64>,
    /// The tries that this was counted from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure_counts: Option<FailureCounts>,
    /// What stands behind the probability; `None` for the model's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failures: Option<CellFailures>,
    /// Peak GPU memory of its runs in GiB, where it was measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peak_gib: Option<f64>,
    /// How its service time grows with the shape; `None` where the model has one shape only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shape: Option<ShapeLaw>,
}

impl Cell {
    /// Whether a memory snapshot may replace its boot.
    #[must_use]
    pub fn has_snapshot(&self) -> bool {
        self.boot_plan.as_ref().is_some_and(|plan| plan.snapshot.is_some())
    }

    /// How a container boots under the rules of its pool; `None` when nothing is known.
    #[must_use]
    pub fn boots(&self, rules: &Rules) -> Option<Boot> {
        let restores = rules.snapshot != Some(false);
        match &self.boot_plan {
            Some(BootPlan { image, bill_image, phases, snapshot }) => Some(Boot {
                image: *image,
                bill_image: *bill_image,
                phases: phases.clone(),
                snapshot: snapshot
                    .filter(|_| restores)
                    .map(|(restore, failure_probability)| Snapshot { restore, failure_probability }),
            }),
            None => self.boot.as_ref().map(|fit| Boot::of(fit.law)),
        }
    }
}

/// Whether a variant can run on a GPU type.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Feasibility {
    /// Memory to spare and all features.
    Fits,
    /// Fits with less than a twentieth of the memory to spare: a larger image may not.
    Borderline {
        /// Peak need.
        peak_gib: f64,
        /// What the GPU has.
        usable_gib: f64,
    },
    /// Some of its runs ran out of memory and others did not: which requests fit is luck. The cell's failures have the counts.
    SometimesOutOfMemory,
    /// Cannot run, with every reason.
    Infeasible {
        /// All that stands in the way.
        reasons: Vec<Infeasible>,
    },
}

impl Feasibility {
    /// Whether a request can be served at all.
    #[must_use]
    pub fn is_feasible(&self) -> bool {
        !matches!(self, Self::Infeasible { .. })
    }
}

/// One reason why a variant cannot run on a GPU type.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Infeasible {
    /// Out of memory, every time.
    Memory {
        /// Peak need.
        peak_gib: f64,
        /// What the GPU has.
        usable_gib: f64,
    },
    /// Every run of it failed.
    RunsFailed {
        /// How many runs.
        runs: u64,
        /// How many of them ran out of memory.
        out_of_memory: u64,
    },
    /// The hardware lacks a feature.
    Feature {
        /// Which.
        feature: String,
    },
    /// The output is further from the reference than the scenario accepts.
    Quality {
        /// What it is.
        lpips: f64,
        /// What is accepted.
        limit: f64,
    },
    /// The platform of the preset has no price for the GPU type.
    NotOffered {
        /// Which platform.
        platform: String,
    },
    /// No service or boot time is known.
    NoData {
        /// What is missing.
        what: String,
    },
}

/// What is tried for each model on each feasible cell.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Grid {
    /// Scaledown windows.
    pub windows: Vec<Seconds>,
    /// Always-warm containers.
    pub min_containers: Vec<u32>,
    /// Containers kept ready beside the busy ones; empty where each pool keeps its own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub buffer_containers: Vec<u32>,
    /// Most containers; likewise.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub max_containers: Vec<u32>,
    /// Inputs that a container accepts at once; likewise.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub max_inputs: Vec<u32>,
    /// Further GPU types, by name, asked in turn when the pool's own has no capacity; likewise.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gpu_fallback: Vec<Vec<String>>,
    /// How batches form, `None` for no batches; likewise.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub batched: Vec<Option<BatchedFile>>,
    /// Whether boots restore a memory snapshot; likewise.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub snapshot: Vec<bool>,
    /// Daily schedules, an empty one for none; likewise.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub schedules: Vec<Vec<BoundsFile>>,
    /// Models (two or more, by index, rising) that may share a pool, besides those that a named allocation pools.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pooled: Vec<Vec<usize>>,
}

/// The autoscaler's and the container's settings, by the platform's own names.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PoolSettings {
    /// Containers that are always up.
    pub min_containers: u32,
    /// At most so many; `None` for the platform's own limit.
    pub max_containers: Option<u32>,
    /// Extra containers while the pool is active.
    pub buffer_containers: u32,
    /// How long an idle container stays.
    pub scaledown_window: Seconds,
    /// Inputs a container accepts at once.
    pub max_inputs: u32,
    /// What it does with them.
    pub execution: fleetfront_sim::Execution,
    /// Longest execution of a try.
    pub timeout: Seconds,
    /// Tries after the first, one second apart.
    pub retries: u32,
    /// Rules that are off unless asked for.
    #[serde(default, skip_serializing_if = "Rules::is_none")]
    pub rules: Rules,
}

/// A way of giving models to pools.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Allocation {
    /// Its name.
    pub name: String,
    /// One sentence about it.
    pub description: String,
    /// Its pools; every model stands in exactly one.
    pub pools: Vec<PoolPlan>,
}

impl Model {
    /// Probability that a try of a variant fails on a GPU type.
    #[must_use]
    pub fn failure_probability_on(&self, variant: usize, gpu: usize) -> f64 {
        self.variants[variant].cells[gpu].failure_probability.unwrap_or(self.failure_probability)
    }
}

impl PoolSettings {
    /// How long a boot may take: the platform takes `timeout` where no `startup_timeout` is given.
    #[must_use]
    pub fn startup_timeout(&self) -> Seconds {
        self.rules.startup_timeout_s.and_then(|seconds| Seconds::new(seconds).ok()).unwrap_or(self.timeout)
    }

    /// The most containers that are kept up at any time of the day.
    #[must_use]
    pub fn most_min_containers(&self) -> u32 {
        let entries = self.rules.schedule.iter().flatten();
        entries.map(|entry| entry.min_containers).fold(self.min_containers, u32::max)
    }
}

impl Allocation {
    /// Index of the pool to which requests of `pool` fall back.
    #[must_use]
    pub fn fallback_of(&self, pool: &PoolPlan) -> Option<usize> {
        let name = &pool.settings.rules.fallback.as_ref()?.pool;
        self.pools.iter().position(|other| other.name == *name)
    }
}

/// One pool of an allocation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PoolPlan {
    /// Its name.
    pub name: String,
    /// Index of its GPU type.
    pub gpu: usize,
    /// Its models with the variant of each: (model index, variant index).
    pub models: Vec<(usize, usize)>,
    /// Its settings.
    pub settings: PoolSettings,
}

/// What an allocation has to reach. A criterion that is `None` is not asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Criteria {
    /// Smallest wanted cost reduction against the baseline, as a fraction (0.40).
    pub cost_reduction_min: Option<f64>,
    /// Largest accepted latency as a multiple of the baseline's (1.20).
    pub latency_ratio_max: Option<f64>,
    /// Whether each model's own `latency_limit_s` must be kept.
    pub latency_limit: bool,
    /// Which percentile of the end-to-end latency is meant (0.95).
    pub latency_percentile: f64,
    /// Both readings of "latency" that are judged.
    pub latency_readings: Vec<LatencyReading>,
    /// Smallest accepted share of requests that complete (0.95).
    pub success_rate_min: Option<f64>,
    /// Largest accepted perceptual distance to the reference precision.
    pub quality_lpips_max: Option<f64>,
}

/// What "latency" may mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LatencyReading {
    /// Mean service time on a warm container.
    WarmService,
    /// Percentile of the time from arrival to completion, cold starts and queueing included.
    EndToEnd,
}

/// The spreadsheet: requests times seconds times price, and nothing else.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NaiveEstimate {
    /// Seconds that it allows a request, on every GPU.
    pub seconds_per_request: Seconds,
    /// Indices of the models that it counts.
    pub models: Vec<usize>,
    /// Where it comes from.
    pub provenance: Provenance,
}
