//! What may be done with a cheap and a dear GPU type, and the allocation that does it.

use fleetfront_scenario::rules::{FallbackFile, Rules};
use fleetfront_scenario::{Allocation, PoolPlan, PoolSettings, Scenario};
use fleetfront_sim::Execution;
use serde::{Deserialize, Serialize};

use super::pairs::FallbackPair;

/// What is done with requests that may run on a cheap and on a dear GPU type.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FallbackPolicy {
    /// All on the dear one, as today: what the others are held against.
    DearOnly,
    /// All on the cheap one, without a way out.
    CheapOnly,
    /// One pool; a container that finds no capacity of the cheap type is of the dear one.
    Ranked,
    /// A request whose try fails is tried on the dear one at once.
    OnFailure,
    /// A request that queues too long goes to the dear one.
    OnWait {
        /// The threshold.
        seconds: f64,
        /// Whether the wait is predicted at the arrival instead of waited.
        predicted: bool,
    },
    /// A request that is not answered in time is sent to the dear one too; the first completion counts.
    Hedge {
        /// After how many seconds from its arrival.
        after_s: f64,
    },
}

/// Waits that are tried as thresholds, in seconds.
const WAITS_S: [f64; 5] = [0.0, 5.0, 15.0, 30.0, 60.0];
/// Times after which a second copy is sent, in seconds.
const HEDGES_S: [f64; 3] = [15.0, 30.0, 60.0];

impl FallbackPolicy {
    /// All that are tried, the dear one alone first.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let waits = |predicted| WAITS_S.map(|seconds| Self::OnWait { seconds, predicted });
        let mut all = vec![Self::DearOnly, Self::CheapOnly, Self::Ranked, Self::OnFailure];
        all.extend(waits(false));
        all.extend(waits(true));
        all.extend(HEDGES_S.map(|after_s| Self::Hedge { after_s }));
        all
    }

    /// Whether requests or containers may go from the cheap GPU type to the dear one.
    #[must_use]
    pub fn falls_back(self) -> bool {
        !matches!(self, Self::DearOnly | Self::CheapOnly)
    }

    /// Whether the engine simulates it with these settings: second copies go with one input at a time, and with clients
    /// that wait.
    pub(super) fn is_simulated_with(self, settings: &PoolSettings) -> bool {
        let one_at_a_time = match settings.execution {
            Execution::Serial => true,
            Execution::Parallel => settings.max_inputs == 1,
            Execution::Shared(_) | Execution::Batched(_) => false,
        };
        !matches!(self, Self::Hedge { .. }) || one_at_a_time && settings.rules.client_timeout.is_none()
    }

    /// What it is called.
    ///
    /// - `cheap`, `dear`: names of the GPU types.
    #[must_use]
    pub fn label(self, cheap: &str, dear: &str) -> String {
        match self {
            Self::DearOnly => format!("{dear} alone"),
            Self::CheapOnly => format!("{cheap} alone"),
            Self::Ranked => format!("ranked list {cheap}, {dear}"),
            Self::OnFailure => "on failure".to_owned(),
            Self::OnWait { seconds, predicted: false } => format!("on a wait over {seconds} s"),
            Self::OnWait { seconds, predicted: true } => format!("on a predicted wait over {seconds} s"),
            Self::Hedge { after_s } => format!("hedge after {after_s} s"),
        }
    }

    /// The subject of a sentence about it: "fallback on failure", "A10 alone".
    pub(super) fn subject(self, cheap: &str, dear: &str) -> String {
        let label = self.label(cheap, dear);
        match self {
            Self::DearOnly | Self::CheapOnly => label,
            Self::Ranked | Self::Hedge { .. } => format!("a {label}"),
            Self::OnFailure | Self::OnWait { .. } => format!("fallback {label}"),
        }
    }

    /// The rule of the cheap pool that sends requests to the dear one.
    fn rule(self, pool: &str) -> Option<FallbackFile> {
        let to = FallbackFile {
            pool: pool.to_owned(),
            on_rejection: false,
            on_failure: false,
            on_wait_s: None,
            predicted: false,
            hedge_after_s: None,
            cancel_loser: false,
        };
        match self {
            Self::DearOnly | Self::CheapOnly | Self::Ranked => None,
            Self::OnFailure => Some(FallbackFile { on_failure: true, ..to }),
            Self::OnWait { seconds, predicted } => Some(FallbackFile { on_wait_s: Some(seconds), predicted, ..to }),
            Self::Hedge { after_s } => Some(FallbackFile { hedge_after_s: Some(after_s), ..to }),
        }
    }

    /// The allocation that does it: the model in a pool of its own, and the pool that it falls back to, if it does.
    pub(super) fn allocation(self, scenario: &Scenario, pair: &FallbackPair) -> Allocation {
        let on = |gpu: usize| format!("{} on {}", scenario.models[pair.model].name, scenario.gpus[gpu].name);
        let own = own_settings(scenario, pair);
        let (variant, gpu) = if self == Self::DearOnly { pair.dear } else { pair.cheap };
        let dear = scenario.gpus[pair.dear.1].name.clone();
        let fallback = self.rule(&on(pair.dear.1));
        let gpu_fallback = (self == Self::Ranked).then(|| vec![dear]);
        let falls_back = fallback.is_some();
        let rules = Rules { fallback, gpu_fallback, ..own.rules.clone() };
        let settings = PoolSettings { rules, ..own.clone() };
        let mut pools = vec![PoolPlan { name: on(gpu), gpu, models: vec![(pair.model, variant)], settings }];
        if falls_back {
            let settings = spare_settings(own);
            pools.push(PoolPlan { name: on(pair.dear.1), gpu: pair.dear.1, models: Vec::new(), settings });
        }
        Allocation { name: String::new(), description: String::new(), pools }
    }
}

/// The settings of the model's pool in the baseline, without a fallback that may stand there.
fn own_settings(scenario: &Scenario, pair: &FallbackPair) -> PoolSettings {
    let settings = &pair.pool_today(scenario).settings;
    let rules = Rules { fallback: None, gpu_fallback: None, ..settings.rules.clone() };
    PoolSettings { rules, ..settings.clone() }
}

/// Those of the pool that is there for what falls back: nothing is kept warm in it.
fn spare_settings(own: PoolSettings) -> PoolSettings {
    let mut rules = own.rules;
    for entry in rules.schedule.iter_mut().flatten() {
        entry.min_containers = 0;
    }
    PoolSettings { min_containers: 0, rules, ..own }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fallback::tests::{pair, scenario};

    #[test]
    fn only_the_policies_that_fall_back_have_a_second_pool_or_type() {
        let scenario = scenario();
        let pair = pair(&scenario, "instantid", "A10");
        for policy in FallbackPolicy::all() {
            let allocation = policy.allocation(&scenario, &pair);
            let first = &allocation.pools[0];
            let ranked = first.settings.rules.gpu_fallback.is_some();
            assert_eq!(policy.falls_back(), allocation.pools.len() == 2 || ranked, "{policy:?}");
            let expected = if policy == FallbackPolicy::DearOnly { "L40S" } else { "A10" };
            assert_eq!(scenario.gpus[first.gpu].name, expected);
            for spare in &allocation.pools[1..] {
                assert_eq!(allocation.fallback_of(first), Some(1));
                assert_eq!((scenario.gpus[spare.gpu].name.as_str(), spare.models.len()), ("L40S", 0));
            }
        }
    }

    #[test]
    fn nothing_is_kept_warm_for_what_falls_back() {
        let mut scenario = scenario();
        let pair = pair(&scenario, "instantid", "A10");
        let baseline = scenario.baseline;
        let today = scenario.allocations[baseline].pools.iter_mut().find(|pool| pool.name == "instantid");
        today.expect("a pool").settings.min_containers = 2;
        let pools = FallbackPolicy::OnFailure.allocation(&scenario, &pair).pools;
        assert_eq!([0, 1].map(|place: usize| pools[place].settings.min_containers), [2, 0]);
    }
}
