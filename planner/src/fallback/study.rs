//! The answer of a fallback study: everything by name.

use fleetfront_calibration::Kind;
use serde::{Deserialize, Serialize};

use super::grid::{FailureLevel, ScarcityLevel};
use super::payoff::Payoff;
use super::policy::FallbackPolicy;
use super::unbounded;
use crate::estimate::Estimate;
use crate::study::Judgement;

/// Whether it pays to try a cheap GPU type first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FallbackStudy {
    /// Version of the program.
    pub version: String,
    /// SHA-256 of the input files.
    pub inputs_sha256: String,
    /// Name of the scenario.
    pub scenario: String,
    /// Seed of all random numbers.
    pub seed: u64,
    /// Trials (days) at every point.
    pub trials: u32,
    /// Sections that intervals are computed from.
    pub sections: u32,
    /// Days that a month is said to have.
    pub days_per_month: f64,
    /// The answer over all pairs in a sentence or two.
    pub headline: String,
    /// What "pays" means here.
    pub definition: String,
    /// What was assumed, and how far it goes.
    pub notes: Vec<String>,
    /// One entry a model and pair of GPU types.
    pub pairs: Vec<FallbackAnswer>,
    /// Pairs that could not be studied, with the reason.
    pub left_out: Vec<String>,
}

/// Whether it pays for one model, from one GPU type to another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FallbackAnswer {
    /// Name of the model.
    pub model: String,
    /// The GPU type that is tried first.
    pub cheap: FallbackPlace,
    /// The one behind it.
    pub dear: FallbackPlace,
    /// The answer: whether fallback pays and where, what the cheap type alone does, and where anything is cheaper.
    pub sentences: Vec<String>,
    /// The dear type alone: what everything is held against.
    pub dear_only: PolicyResult,
    /// Every point of the grid: by scarcity, then by failure, least first.
    pub points: Vec<FallbackPoint>,
}

/// A model on a GPU type.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FallbackPlace {
    /// Name of the GPU type.
    pub gpu: String,
    /// The model's variant there.
    pub variant: String,
    /// What a container costs an hour.
    pub container_usd_per_hour: f64,
    /// Mean service time of a warm request; its interval is what the benchmarks leave open.
    pub service_s: Estimate,
    /// How good that is.
    pub service_kind: Kind,
    /// Mean boot time, in seconds.
    pub boot_s: f64,
}

/// One point of the grid.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FallbackPoint {
    /// How often a try fails on the cheap GPU type.
    pub failure: FailureLevel,
    /// How often it is not to be had.
    pub scarcity: ScarcityLevel,
    /// Every policy but the dear type alone.
    pub policies: Vec<PolicyResult>,
    /// The cheapest of those that come nearest to paying.
    pub best: FallbackPolicy,
}

/// One policy at one point.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PolicyResult {
    /// Which.
    pub policy: FallbackPolicy,
    /// Its bill of a month.
    #[serde(with = "unbounded")]
    pub cost_usd_month: Estimate,
    /// Its bill over that of the dear type alone, on the same requests.
    #[serde(with = "unbounded")]
    pub cost_ratio: Estimate,
    /// Two-sided p-value of equal bills, adjusted for the number of policies at this point (Holm).
    pub cost_p_adjusted: f64,
    /// Mean latency of completed requests.
    #[serde(with = "unbounded")]
    pub latency_s_mean: Estimate,
    /// 95th percentile of the latency; failed requests count as infinite.
    #[serde(with = "unbounded")]
    pub latency_s_p95: Estimate,
    /// The same over that of the dear type alone.
    #[serde(with = "unbounded")]
    pub latency_p95_ratio: Estimate,
    /// That ratio with what the benchmarks leave open about the service time on the cheap type: what is judged.
    #[serde(with = "unbounded")]
    pub latency_p95_ratio_judged: Estimate,
    /// Share of the requests that completed.
    #[serde(with = "unbounded")]
    pub success_rate: Estimate,
    /// Share of the requests that went to the dear pool, or whose second copy did; `None` for the ranked list, where containers do, and for a
    /// type alone.
    pub fell_back_share: Option<Estimate>,
    /// Share of the billed container time that is on the dear type.
    #[serde(with = "unbounded")]
    pub dear_time_share: Estimate,
    /// Whether the latency stays within the criterion; `None` where there is none.
    pub latency: Option<Judgement>,
    /// Whether enough requests complete; likewise.
    pub success: Option<Judgement>,
    /// All together.
    pub payoff: Payoff,
}

impl FallbackAnswer {
    /// The point at the scenario's own failure probability and scarcity.
    ///
    /// # Panics
    /// If there is none: every study has it.
    #[must_use]
    pub fn own_point(&self) -> &FallbackPoint {
        self.points.iter().find(|point| point.is_own()).expect("the scenario's own point is among them")
    }
}

impl FallbackPoint {
    /// Whether both levels are the scenario's own.
    #[must_use]
    pub fn is_own(&self) -> bool {
        use super::grid::LevelSource::Scenario;
        (self.failure.source, self.scarcity.source) == (Scenario, Scenario)
    }

    /// What came out of a policy.
    #[must_use]
    pub fn of(&self, policy: FallbackPolicy) -> Option<&PolicyResult> {
        self.policies.iter().find(|result| result.policy == policy)
    }

    /// The result of the best policy.
    ///
    /// # Panics
    /// If it is not among the policies: it is one of them.
    #[must_use]
    pub fn best(&self) -> &PolicyResult {
        self.of(self.best).expect("the best is one of them")
    }

    /// Whether fallback pays, or may, where the cheap type alone breaks something or costs more.
    #[must_use]
    pub fn needs_fallback(&self) -> bool {
        let alone = self.of(FallbackPolicy::CheapOnly).map_or(Payoff::NotCheaper, |alone| alone.payoff);
        let best = self.best_fallback().map_or(Payoff::NotCheaper, |best| best.payoff);
        best <= Payoff::Open && best < alone
    }

    /// The cheapest of the policies that fall back and come nearest to paying; `None` where none was tried.
    #[must_use]
    pub fn best_fallback(&self) -> Option<&PolicyResult> {
        PolicyResult::best_of(self.policies.iter().filter(|result| result.policy.falls_back()))
    }
}

impl PolicyResult {
    /// Of several the one that comes nearest to paying, and of equals the cheapest.
    pub(crate) fn best_of<'a>(results: impl Iterator<Item = &'a Self>) -> Option<&'a Self> {
        let order =
            |a: &&Self, b: &&Self| a.payoff.cmp(&b.payoff).then(a.cost_ratio.value.total_cmp(&b.cost_ratio.value));
        results.min_by(order)
    }
}
