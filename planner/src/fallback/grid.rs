//! How often tries fail on the cheap GPU type, and how often it is not to be had: what a fallback is tried against.

use fleetfront_scenario::{Capacity, ScarcityProcess, Scenario};
use fleetfront_sim::{Law, StreamKey};
use serde::{Deserialize, Serialize};

use super::pairs::FallbackPair;

/// Where a level comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LevelSource {
    /// It is what the scenario says.
    Scenario,
    /// Nobody measured it: a value to be tried.
    Assumed,
}

/// How often a try fails on the cheap GPU type.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct FailureLevel {
    /// The probability.
    pub probability: f64,
    /// Where it comes from.
    pub source: LevelSource,
}

/// How often the cheap GPU type is not to be had.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ScarcityLevel {
    /// The long-run share of the time in which no container of it is given.
    pub share: f64,
    /// How long a period without it lasts in the mean; zero where there is none.
    pub mean_length_s: f64,
    /// Where both come from.
    pub source: LevelSource,
}

/// Assumed probabilities that a try fails.
const FAILURES: [f64; 4] = [0.01, 0.03, 0.1, 0.3];
/// Assumed shares of the time without capacity.
const SHARES: [f64; 3] = [0.02, 0.1, 0.3];
/// Assumed mean length of a period without capacity: long against a boot, short against a day.
const LENGTH_S: f64 = 3600.0;
/// The name of the assumed process, of which the random stream follows.
const PROCESS: &str = "fallback study: the cheap GPU type is not to be had";

/// The levels of one pair, least first.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Levels {
    pub(crate) failures: Vec<FailureLevel>,
    pub(crate) scarcities: Vec<ScarcityLevel>,
}

impl Levels {
    /// What the scenario says, and what is assumed beside it.
    pub(crate) fn of(scenario: &Scenario, pair: &FallbackPair) -> Self {
        let (variant, gpu) = pair.cheap;
        let own = scenario.models[pair.model].failure_probability_on(variant, gpu);
        let stated = FailureLevel { probability: own, source: LevelSource::Scenario };
        let assumed = FAILURES.into_iter().filter(|p| (p - own).abs() > 1e-9);
        let assumed = assumed.map(|probability| FailureLevel { probability, source: LevelSource::Assumed });
        let mut failures: Vec<FailureLevel> = std::iter::once(stated).chain(assumed).collect();
        failures.sort_by(|a, b| a.probability.total_cmp(&b.probability));
        let stated = stated_scarcity(scenario, gpu);
        let none = (stated.share > 0.0).then_some((0.0, 0.0));
        let assumed = none.into_iter().chain(SHARES.map(|share| (share, LENGTH_S)));
        let assumed =
            assumed.map(|(share, mean_length_s)| ScarcityLevel { share, mean_length_s, source: LevelSource::Assumed });
        let mut scarcities: Vec<ScarcityLevel> = std::iter::once(stated).chain(assumed).collect();
        scarcities.sort_by(|a, b| a.share.total_cmp(&b.share));
        Self { failures, scarcities }
    }

    /// Every point of the grid, by scarcity, then by failure.
    pub(crate) fn points(&self) -> Vec<(FailureLevel, ScarcityLevel)> {
        let with = |scarcity: &ScarcityLevel| {
            let scarcity = *scarcity;
            self.failures.iter().map(move |failure| (*failure, scarcity))
        };
        self.scarcities.iter().flat_map(with).collect()
    }
}

fn stated_scarcity(scenario: &Scenario, gpu: usize) -> ScarcityLevel {
    let process =
        scenario.capacity.get(gpu).and_then(|capacity| capacity.scarcity).map(|list| &scenario.scarcity[list]);
    let (share, mean_length_s) = process.map_or((0.0, 0.0), |process| {
        let (gap, length) = (process.every.mean_s(), process.lasts.mean_s());
        (length / (gap + length), length)
    });
    ScarcityLevel { share, mean_length_s, source: LevelSource::Scenario }
}

/// The scenario at one point of the grid. Nothing else in it changes.
pub(crate) fn at(
    scenario: &Scenario,
    pair: &FallbackPair,
    (failure, scarcity): (FailureLevel, ScarcityLevel),
) -> Scenario {
    let mut moved = scenario.clone();
    let (variant, gpu) = pair.cheap;
    moved.models[pair.model].variants[variant].cells[gpu].failure_probability = Some(failure.probability);
    if scarcity.source == LevelSource::Scenario {
        return moved;
    }
    if moved.capacity.is_empty() {
        moved.capacity = vec![Capacity { wait: None, scarcity: None, provenance: None }; moved.gpus.len()];
    }
    moved.capacity[gpu].scarcity = (scarcity.share > 0.0).then_some(moved.scarcity.len());
    if scarcity.share > 0.0 {
        let gap_s = scarcity.mean_length_s * (1.0 - scarcity.share) / scarcity.share;
        moved.scarcity.push(ScarcityProcess {
            name: PROCESS.to_owned(),
            key: StreamKey::of(PROCESS),
            every: Law::Exponential { mean_s: gap_s },
            lasts: Law::Exponential { mean_s: scarcity.mean_length_s },
        });
    }
    moved
}

/// The scenario in which the model's variant on the cheap GPU type runs on the dear one as the variant that it has
/// there: what falls back is served by the dear pool as it is deployed.
pub(crate) fn with_dear_variant(scenario: &Scenario, pair: &FallbackPair) -> Scenario {
    let mut moved = scenario.clone();
    let model = &mut moved.models[pair.model];
    let own = model.variants[pair.dear.0].cells[pair.dear.1].clone();
    model.variants[pair.cheap.0].cells[pair.dear.1] = own;
    moved
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fallback::tests::{pair, scenario};

    #[test]
    fn what_the_scenario_says_is_among_the_levels_once() {
        let mut scenario = scenario();
        let pair = pair(&scenario, "instantid", "A10");
        let levels = Levels::of(&scenario, &pair);
        let failures: Vec<f64> = levels.failures.iter().map(|level| level.probability).collect();
        assert_eq!(failures, [0.0022, 0.01, 0.03, 0.1, 0.3]);
        let shares = |levels: &Levels| levels.scarcities.iter().map(|level| level.share).collect::<Vec<f64>>();
        assert_eq!(shares(&levels), [0.0, 0.02, 0.1, 0.3]);
        assert_eq!(levels.points().len(), 20);
        // A scenario that states both.
        scenario.models[pair.model].failure_probability = 0.1;
        let point = (levels.failures[0], levels.scarcities[2]);
        let stated = at(&scenario, &pair, point);
        let there = stated.models[pair.model].failure_probability_on(pair.cheap.0, pair.cheap.1);
        approx::assert_relative_eq!(there, 0.0022);
        let levels = Levels::of(&stated, &pair);
        assert_eq!(shares(&levels)[..2], [0.0, 0.02]);
        assert!((shares(&levels)[2] - 0.1).abs() < 1e-12);
        let sources: Vec<LevelSource> = levels.scarcities.iter().map(|level| level.source).collect();
        assert_eq!(sources.iter().filter(|source| **source == LevelSource::Scenario).count(), 1);
        assert_eq!(Levels::of(&scenario, &pair).failures.len(), 4);
    }

    #[test]
    fn only_the_cheap_type_becomes_scarce() {
        let scenario = scenario();
        let pair = pair(&scenario, "instantid", "A10");
        let levels = Levels::of(&scenario, &pair);
        let moved = at(&scenario, &pair, (levels.failures[0], levels.scarcities[3]));
        let scarce: Vec<usize> = (0..moved.gpus.len()).filter(|gpu| moved.capacity[*gpu].scarcity.is_some()).collect();
        assert_eq!(scarce, [pair.cheap.1]);
        let plain = at(&scenario, &pair, (levels.failures[0], levels.scarcities[0]));
        assert!(plain.capacity.is_empty() && plain.scarcity.is_empty());
    }
}
