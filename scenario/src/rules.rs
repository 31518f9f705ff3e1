//! Rules of the platform that are off unless a pool asks for them: `rules = { ... }` of `[defaults]` and of pools.

use fleetfront_sim::{BatchWait, Batching, Efficiency, Execution, Hedge, SimSpan};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::law_file::LawFile;

/// Rules that are off unless asked for, by the platform's own names where it has one.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Rules {
    /// Inputs a container that the autoscaler plans with; containers take up to `max_inputs` while capacity lags
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_inputs: Option<u32>,
    /// How fast a container is with several inputs at once, for `execution = "shared"`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub efficiency: Option<EfficiencyFile>,
    /// How batches form, for `execution = "batched"`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batched: Option<BatchedFile>,
    /// Bounds that change at times of the day
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schedule: Option<Vec<BoundsFile>>,
    /// Whether `min_containers` are ready when a trial begins, instead of booting then
    #[serde(skip_serializing_if = "Option::is_none")]
    pub starts_ready: Option<bool>,
    /// Whether the buffer stays while the pool has no inputs (for comparison with theory)
    #[serde(skip_serializing_if = "Option::is_none")]
    pub buffer_always: Option<bool>,
    /// While two or more idle containers are above the wanted number, the longest idle stops after so many seconds
    #[serde(skip_serializing_if = "Option::is_none")]
    pub early_drain_s: Option<f64>,
    /// Idle windows that differ, instead of `scaledown_window_s` (for comparison with theory)
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window: Option<WindowFile>,
    /// Whether boots that are no longer wanted are cancelled (for comparison with theory)
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cancel_boots: Option<bool>,
    /// Whether a request that finds no room starts a container of its own and waits for that one only (for comparison
    /// with theory)
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bind_boots: Option<bool>,
    /// At most so many boots at a time (for comparison with theory)
    #[serde(skip_serializing_if = "Option::is_none")]
    pub boots_at_once: Option<u32>,
    /// Probability that a boot fails at its end and is tried again
    #[serde(skip_serializing_if = "Option::is_none")]
    pub boot_failure_probability: Option<f64>,
    /// A boot longer than this fails then, in seconds
    #[serde(skip_serializing_if = "Option::is_none")]
    pub startup_timeout_s: Option<f64>,
    /// Pause after a failed boot, in seconds; doubles with each further one
    #[serde(skip_serializing_if = "Option::is_none")]
    pub boot_backoff_s: Option<f64>,
    /// Longest pause after a failed boot, in seconds
    #[serde(skip_serializing_if = "Option::is_none")]
    pub boot_backoff_max_s: Option<f64>,
    /// Coefficient of variation of the hosts' speed
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host_speed_cv: Option<f64>,
    /// When the platform takes containers away
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preemption: Option<PreemptionFile>,
    /// Whether the clock of `timeout_s` starts when a container accepts the input
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout_from_accept: Option<bool>,
    /// Retries with growing pauses, instead of the number `retries`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry: Option<RetryFile>,
    /// Calls are rejected while so many inputs are queued
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_pending: Option<u32>,
    /// When clients give up
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_timeout: Option<ClientTimeoutFile>,
    /// Where requests go that cannot stay
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fallback: Option<FallbackFile>,
    /// Further GPU types, tried in this order when the pool's own has no capacity
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gpu_fallback: Option<Vec<String>>,
    /// How long a container start waits for a GPU type before it asks for the next, in seconds
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gpu_wait_s: Option<f64>,
    /// GPUs that a container holds
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gpus_per_container: Option<u32>,
    /// Container times are rounded up to a multiple of this for the bill, in seconds
    #[serde(skip_serializing_if = "Option::is_none")]
    pub billing_increment_s: Option<f64>,
    /// A container is billed for so many seconds at least
    #[serde(skip_serializing_if = "Option::is_none")]
    pub billing_minimum_s: Option<f64>,
    /// Whether boots restore the memory snapshot of their cell, where it has one; left out for yes
    #[serde(skip_serializing_if = "Option::is_none")]
    pub snapshot: Option<bool>,
}

/// Speed of a container by the number of its inputs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum EfficiencyFile {
    /// Total speed is the number of inputs to this power: 0 shares one input's speed, 1 slows nobody down
    Power(f64),
    /// Total speed with 1, 2, ... inputs, in units of one input's; the last holds for more
    Table(Vec<f64>),
}

/// Dynamic batching.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BatchedFile {
    /// Most inputs of a batch: 1 to 1000
    pub max_batch_size: u32,
    /// How long the oldest input waits for more, in milliseconds: 0 to 600000
    pub wait_ms: f64,
    /// The share of a single input's service time that each further input adds: 0 is free, 1 is no gain
    pub item_share: f64,
    /// A drawn wait that runs only while a container is idle, instead of `wait_ms` (for comparison with theory)
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait_while_idle: Option<LawFile>,
}

/// Bounds from a time of the day on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BoundsFile {
    /// Time of the day in the reporting time zone, as "HH:MM"
    pub at: String,
    /// Containers that are always up from then on
    pub min_containers: u32,
    /// At most so many containers from then on; left out for the pool's own
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_containers: Option<u32>,
}

/// Idle windows that differ.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum WindowFile {
    /// Each idle period has a window of its own
    Drawn(LawFile),
    /// Exponential timers with this mean, in seconds, that run only while their container may stop
    PausedMeanS(f64),
}

/// Preemption.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PreemptionFile {
    /// Mean time until a container is taken away, in hours
    pub mean_h: f64,
    /// Whether only time counts in which the container executes something (for comparison with theory)
    #[serde(default)]
    pub while_busy: bool,
}

/// Retries with growing pauses, by the platform's own names.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RetryFile {
    /// Tries after the first
    pub max_retries: u32,
    /// Pause before the first retry, in seconds: 0 to 60
    pub initial_delay_s: f64,
    /// Each further pause is so many times the one before: 1 to 10
    pub backoff_coefficient: f64,
    /// Longest pause, in seconds: 1 to 60
    pub max_delay_s: f64,
    /// Whether each try draws a service time of its own (for comparison with theory)
    #[serde(default)]
    pub fresh_service: bool,
}

/// When clients give up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClientTimeoutFile {
    /// How long they wait from the arrival of their request
    pub after: LawFile,
    /// Whether only requests are given up that were never executed
    #[serde(default)]
    pub in_queue_only: bool,
}

/// A fallback pool.
#[expect(clippy::struct_excessive_bools, reason = "each is a rule that a pool has or has not")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FallbackFile {
    /// Name of the fallback pool, of the same allocation
    pub pool: String,
    /// Calls that `max_pending` would reject go there
    #[serde(default)]
    pub on_rejection: bool,
    /// A request whose try fails is tried there at once
    #[serde(default)]
    pub on_failure: bool,
    /// A request that has to queue longer than this goes there, in seconds
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_wait_s: Option<f64>,
    /// Whether the wait is predicted at the arrival, instead of waited
    #[serde(default)]
    pub predicted: bool,
    /// A request that has not been answered so many seconds after its arrival is sent there a second time; the first
    /// completion is the answer
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hedge_after_s: Option<f64>,
    /// Whether the copy that lost is stopped when it executes, instead of running to its end
    #[serde(default)]
    pub cancel_loser: bool,
}

impl FallbackFile {
    /// Whether requests that would wait in the pool are served by the fallback pool in the end.
    #[must_use]
    pub(crate) fn relieves(&self) -> bool {
        self.on_rejection || self.on_wait_s.is_some() || self.hedge_after_s.is_some()
    }

    /// When a request is sent a second time.
    #[must_use]
    pub fn hedge(&self) -> Option<Hedge> {
        let after = self.hedge_after_s.map(SimSpan::from_secs_f64)?;
        Some(Hedge { after, cancel_loser: self.cancel_loser })
    }
}

impl Rules {
    /// Whether none is on.
    #[must_use]
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// The rules that are on, as they are written in `scenario.toml`.
    ///
    /// # Panics
    /// Never: rules are made of what TOML has.
    #[must_use]
    pub fn written(&self) -> String {
        toml::Value::try_from(self).expect("rules are made of what TOML has").to_string()
    }

    /// These rules where they say something, `defaults` where they do not.
    pub(crate) fn or(self, defaults: &Self) -> Self {
        let d = defaults.clone();
        Self {
            target_inputs: self.target_inputs.or(d.target_inputs),
            efficiency: self.efficiency.or(d.efficiency),
            batched: self.batched.or(d.batched),
            schedule: self.schedule.or(d.schedule),
            starts_ready: self.starts_ready.or(d.starts_ready),
            buffer_always: self.buffer_always.or(d.buffer_always),
            early_drain_s: self.early_drain_s.or(d.early_drain_s),
            window: self.window.or(d.window),
            cancel_boots: self.cancel_boots.or(d.cancel_boots),
            bind_boots: self.bind_boots.or(d.bind_boots),
            boots_at_once: self.boots_at_once.or(d.boots_at_once),
            boot_failure_probability: self.boot_failure_probability.or(d.boot_failure_probability),
            startup_timeout_s: self.startup_timeout_s.or(d.startup_timeout_s),
            boot_backoff_s: self.boot_backoff_s.or(d.boot_backoff_s),
            boot_backoff_max_s: self.boot_backoff_max_s.or(d.boot_backoff_max_s),
            host_speed_cv: self.host_speed_cv.or(d.host_speed_cv),
            preemption: self.preemption.or(d.preemption),
            timeout_from_accept: self.timeout_from_accept.or(d.timeout_from_accept),
            retry: self.retry.or(d.retry),
            max_pending: self.max_pending.or(d.max_pending),
            client_timeout: self.client_timeout.or(d.client_timeout),
            fallback: self.fallback.or(d.fallback),
            gpu_fallback: self.gpu_fallback.or(d.gpu_fallback),
            gpu_wait_s: self.gpu_wait_s.or(d.gpu_wait_s),
            gpus_per_container: self.gpus_per_container.or(d.gpus_per_container),
            billing_increment_s: self.billing_increment_s.or(d.billing_increment_s),
            billing_minimum_s: self.billing_minimum_s.or(d.billing_minimum_s),
            snapshot: self.snapshot.or(d.snapshot),
        }
    }
}

impl EfficiencyFile {
    /// What it means.
    #[must_use]
    pub fn efficiency(&self) -> Efficiency {
        match self {
            Self::Power(exponent) => Efficiency::Power(*exponent),
            Self::Table(speeds) => Efficiency::Table(speeds.clone()),
        }
    }
}

impl BatchedFile {
    /// What it means.
    #[must_use]
    pub fn batching(&self) -> Batching {
        let wait = match &self.wait_while_idle {
            Some(law) => BatchWait::WhileIdle(law.law()),
            None => BatchWait::Oldest(SimSpan::from_secs_f64(self.wait_ms / 1000.0)),
        };
        Batching { max_batch_size: self.max_batch_size, wait, item_share: self.item_share }
    }
}

/// What a container does with several inputs, with the settings that it needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExecutionName {
    /// One at a time; the others wait inside the container
    Serial,
    /// All at once, independently
    Parallel,
    /// All at once, slowing each other down as `rules.efficiency` says
    Shared,
    /// In batches that form as `rules.batched` says
    Batched,
}

impl ExecutionName {
    /// What it means with these rules. Holds only for a file without problems.
    pub(crate) fn execution(self, rules: &Rules) -> Execution {
        match (self, &rules.efficiency, &rules.batched) {
            (Self::Parallel, ..) => Execution::Parallel,
            (Self::Shared, Some(efficiency), _) => Execution::Shared(efficiency.efficiency()),
            (Self::Batched, _, Some(batched)) => Execution::Batched(batched.batching()),
            _ => Execution::Serial,
        }
    }
}
