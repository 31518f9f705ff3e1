//! What a pool is: one autoscaled set of identical containers, in the engine's terms.
//!
//! Every rule of the platform that is switched off costs nothing: [`Pool::new`] has the plain ones only.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::adapters::Adapters;
use crate::batching::Batching;
use crate::boot::Boot;
use crate::fallback::Fallback;
use crate::patience::Patience;
use crate::preemption::Preemption;
use crate::quantities::{SimSpan, SimTime};
use crate::retries::Retries;
use crate::service::Service;
use crate::sharing::Efficiency;
use crate::window::Window;

/// The platform's own limit of containers a function (its documentation as read 2026-10-07).
pub const PLATFORM_MAX_CONTAINERS: u32 = 4_000;

/// What a container does with several inputs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Execution {
    /// One at a time; the others wait inside the container.
    Serial,
    /// All at once, independently.
    Parallel,
    /// All at once, each slowed down by the others: processor sharing.
    Shared(Efficiency),
    /// In batches that form in the queue; one batch at a time.
    Batched(Batching),
}

/// A pool: its rules, and what each model brings.
#[derive(Debug, Clone, PartialEq)]
pub struct Pool {
    /// Containers that are always up.
    pub min_containers: u32,
    /// At most so many.
    pub max_containers: u32,
    /// Extra containers while the pool is active.
    pub buffer_containers: u32,
    /// Whether the extra containers stay while the pool has no inputs.
    pub buffer_always: bool,
    /// Changes of `min_containers` and `max_containers`, in order of their instants.
    pub schedule: Vec<Bounds>,
    /// Whether `min_containers` are ready when the trial begins, instead of booting then.
    pub starts_ready: bool,
    /// How long an idle container stays.
    pub scaledown_window: Window,
    /// While two or more idle containers are above the floor, the longest idle stops after this time, if it is shorter
    /// than the window.
    pub early_drain: Option<SimSpan>,
    /// Inputs a container accepts at once, at least 1.
    pub max_inputs: u32,
    /// Inputs a container that the autoscaler plans with, from 1 to `max_inputs` (or the batch size).
    pub target_inputs: u32,
    /// What a container does with its inputs.
    pub execution: Execution,
    /// How containers start.
    pub boots: BootRules,
    /// Coefficient of variation of the hosts' speed: a lognormal factor with mean 1 on the service times of a
    /// container; model switches take as long on every host.
    pub host_speed_cv: f64,
    /// When the platform takes containers away.
    pub preemption: Option<Preemption>,
    /// Longest execution of a try.
    pub timeout: SimSpan,
    /// Whether the clock of `timeout` starts when a container accepts the input, instead of when its execution starts.
    pub timeout_from_accept: bool,
    /// What happens after a failed try.
    pub retries: Retries,
    /// Calls are rejected while so many inputs are queued.
    pub max_pending: Option<u32>,
    /// When clients give up.
    pub patience: Option<Patience>,
    /// Where requests go that cannot stay.
    pub fallback: Option<Fallback>,
    /// The GPU types of its containers, best first; never empty.
    pub hardware: Vec<Hardware>,
    /// How long a container start waits for each type but the last before it moves on to the next.
    pub hardware_wait: SimSpan,
    /// Container times are rounded up to a multiple of this for the bill; zero for none.
    pub billing_increment: SimSpan,
    /// A container is billed for this long at least.
    pub billing_minimum: SimSpan,
    /// One entry a model of the group, in its order; [`Arrival::model`](crate::Arrival) counts in this order.
    pub models: Vec<PoolModel>,
}

/// From an instant on, other bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// From when.
    pub at: SimTime,
    /// `min_containers` from then on.
    pub min_containers: u32,
    /// `max_containers` from then on.
    pub max_containers: u32,
}

/// A GPU type of a pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hardware {
    /// Index into [`Group::capacity`](crate::Group::capacity).
    pub gpu: u16,
    /// GPUs a container holds (what a quota counts).
    pub gpus: u32,
}

/// How the containers of a pool start.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BootRules {
    /// Whether boots that are no longer wanted are cancelled, the last begun first.
    pub cancel: bool,
    /// At most so many boots at once.
    pub at_once: u32,
    /// Whether a request that finds no container free starts one of its own and waits for that one only.
    pub bound: bool,
    /// Probability that a boot fails at its end and is tried again.
    pub failure_probability: f64,
    /// A boot longer than this fails then.
    pub startup_timeout: SimSpan,
    /// Pause after the first failed boot; doubles with each further one, up to `backoff_max`.
    pub backoff: SimSpan,
    /// Longest pause after a failed boot.
    pub backoff_max: SimSpan,
}

impl BootRules {
    /// Boots that always succeed, any number at once, bound to nobody.
    pub const PLAIN: Self = Self {
        cancel: false,
        at_once: u32::MAX,
        bound: false,
        failure_probability: 0.0,
        startup_timeout: SimSpan(u64::MAX),
        backoff: SimSpan(1_000_000_000),
        backoff_max: SimSpan(60_000_000_000),
    };

    /// Whether a boot may fail.
    pub(crate) fn may_fail(&self) -> bool {
        self.failure_probability > 0.0 || self.startup_timeout.0 < u64::MAX
    }
}

/// One model in a pool.
#[derive(Debug, Clone, PartialEq)]
pub struct PoolModel {
    /// Probability that a try fails.
    pub failure_probability: f64,
    /// Whether a try that fails does so at its end, instead of at an instant uniform over its execution.
    pub fails_at_end: bool,
    /// Time to become the loaded model, by the model that is loaded before (own place: zero).
    pub switch_in: Vec<SimSpan>,
    /// Latency above which a request counts as late.
    pub latency_limit: SimSpan,
    /// Its service time on each of the pool's GPU types. Needed where an arrival does not bring it: on other types than
    /// the first, away from its home pool, as a later step of a chain, and where retries draw a fresh one.
    pub services: Vec<Service>,
    /// The adapters that its requests need, of which a container loads one that it does not hold; `None` for none.
    pub adapters: Option<Arc<Adapters>>,
    /// How a container boots that loads it, on each of the pool's GPU types. Empty: as [`BootTimes`](crate::BootTimes)
    /// says, which needs one type and boots that do not fail.
    pub boots: Vec<Boot>,
}

impl PoolModel {
    /// A model that never fails, in a pool of `models` models without switch times.
    #[must_use]
    pub fn new(models: usize, latency_limit: SimSpan) -> Self {
        Self {
            failure_probability: 0.0,
            fails_at_end: false,
            switch_in: vec![SimSpan::ZERO; models],
            latency_limit,
            services: Vec::new(),
            adapters: None,
            boots: Vec::new(),
        }
    }
}

impl Pool {
    /// A pool with the platform's defaults (Modal documentation as read 2026-10-07: window 60 s, timeout 300 s, one
    /// input a container, no retries) and the plain rules.
    #[must_use]
    pub fn new(models: Vec<PoolModel>) -> Self {
        Self {
            min_containers: 0,
            max_containers: PLATFORM_MAX_CONTAINERS,
            buffer_containers: 0,
            buffer_always: false,
            schedule: Vec::new(),
            starts_ready: false,
            scaledown_window: Window::Fixed(SimSpan(60_000_000_000)),
            early_drain: None,
            max_inputs: 1,
            target_inputs: 1,
            execution: Execution::Serial,
            boots: BootRules::PLAIN,
            host_speed_cv: 0.0,
            preemption: None,
            timeout: SimSpan(300_000_000_000),
            timeout_from_accept: false,
            retries: Retries::none(),
            max_pending: None,
            patience: None,
            fallback: None,
            hardware: vec![Hardware { gpu: 0, gpus: 1 }],
            hardware_wait: SimSpan::ZERO,
            billing_increment: SimSpan::ZERO,
            billing_minimum: SimSpan::ZERO,
            models,
        }
    }

    /// The batching rules, if it batches.
    #[inline]
    pub(crate) fn batching(&self) -> Option<&Batching> {
        match &self.execution {
            Execution::Batched(batching) => Some(batching),
            _ => None,
        }
    }

    /// The most inputs a container holds at once.
    pub(crate) fn capacity(&self) -> u32 {
        self.batching().map_or(self.max_inputs, |batching| batching.max_batch_size)
    }

    /// Whether its containers execute one try at a time.
    pub(crate) fn is_one_at_a_time(&self) -> bool {
        self.execution == Execution::Serial || (self.max_inputs == 1 && self.batching().is_none())
    }

    /// Whether each of its containers executes one try at a time, from its start to its end as it was settled at the
    /// start. Then what a container has executed is one try's: what copies of a request and adapters need.
    pub(crate) fn executes_singly(&self) -> bool {
        match self.execution {
            Execution::Serial => true,
            Execution::Parallel => self.max_inputs == 1,
            Execution::Shared(_) | Execution::Batched(_) => false,
        }
    }

    /// # Panics
    /// If a setting is outside what the engine simulates. The scenario refuses such settings by name; one that comes
    /// this far is a bug of ours.
    pub(crate) fn assert_legal(&self) {
        assert!(!self.models.is_empty(), "a pool without models");
        assert!(!self.hardware.is_empty(), "a pool without a GPU type");
        assert!(self.max_inputs >= 1, "a container that accepts nothing");
        assert!((1..=self.capacity()).contains(&self.target_inputs), "target_inputs in 1 to max_inputs");
        assert!(self.max_containers >= 1 && self.min_containers <= self.max_containers, "min above max");
        assert!(self.schedule.is_sorted_by_key(|bounds| bounds.at), "a schedule in order");
        for bounds in &self.schedule {
            assert!(bounds.max_containers >= 1 && bounds.min_containers <= bounds.max_containers, "min above max");
        }
        for model in &self.models {
            assert_eq!(model.switch_in.len(), self.models.len(), "a switch time from every model of the pool");
            assert!((0.0..1.0).contains(&model.failure_probability), "a failure probability in [0, 1)");
        }
        assert!((0.0..1.0).contains(&self.boots.failure_probability), "a failure probability of boots in [0, 1)");
        let switches = self.models.iter().flat_map(|m| &m.switch_in).any(|s| *s > SimSpan::ZERO);
        assert!(!switches || self.execution == Execution::Serial, "model switches need serial execution");
        let adapters = self.models.iter().any(|model| model.adapters.is_some());
        assert!(!adapters || self.executes_singly(), "adapters need one input at a time");
        let one_at_a_time = self.is_one_at_a_time();
        assert!(self.preemption.is_none_or(|p| !p.while_busy || one_at_a_time), "busy hazard: one try at a time");
        assert!(!self.boots.bound || self.boots.at_once == u32::MAX, "bound boots are not staggered");
        assert!(!self.boots.bound || self.batching().is_none(), "bound requests do not wait for a batch");
    }
}
