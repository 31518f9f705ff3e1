//! Whether it pays to try a cheap GPU type first and to fall back to a dear one: every way of doing so, against the dear
//! type alone, on the same requests, over a range of how often the cheap type fails or is not to be had.

mod grid;
mod pairs;
mod payoff;
mod policy;
mod region;
mod sentences;
mod simulated;
mod study;
mod unbounded;

use fleetfront_scenario::Scenario;
use rayon::prelude::*;

pub use grid::{FailureLevel, LevelSource, ScarcityLevel};
pub use pairs::{FallbackError, FallbackPair, FallbackPairs, fallback_pairs};
pub use payoff::Payoff;
pub use policy::FallbackPolicy;
pub use study::{FallbackAnswer, FallbackPlace, FallbackPoint, FallbackStudy, PolicyResult};

use crate::control::{Control, Effort, Interrupted};
use crate::criteria::Evidence;
use crate::engine_pool::{cell, fits};
use crate::estimate::Estimate;
use crate::requests::Requests;
use crate::sections::sections;
use grid::{Levels, at, with_dear_variant};
use pairs::container_usd_per_hour;
use simulated::Simulated;
use std::ops::Range;

/// Simulates every policy for every pair at every point of the grid.
///
/// - `pairs`: from [`fallback_pairs`].
///
/// # Errors
/// [`Interrupted`] when `control` was cancelled.
///
/// # Panics
/// If there are fewer than two trials, or a conservation law is broken.
pub fn fallback_study(
    scenario: &Scenario,
    pairs: &FallbackPairs,
    effort: Effort,
    control: &Control,
) -> Result<FallbackStudy, Interrupted> {
    assert!(effort.trials >= 2, "an interval needs two trials");
    let sections = sections(effort.trials, scenario.traffic.is_weekly());
    let requests = Requests::of_trials(&scenario.traffic, effort.seed, effort.trials);
    let work = Work { scenario, requests: &requests, sections: &sections, control };
    let levels: Vec<Levels> = pairs.pairs.iter().map(|pair| Levels::of(scenario, pair)).collect();
    let points: usize = levels.iter().map(|levels| levels.points().len()).sum();
    control.expect((pairs.pairs.len() + points) as u64);
    let dears: Result<Vec<Simulated>, Interrupted> = pairs.pairs.par_iter().map(|pair| work.dear(pair)).collect();
    let dears = dears?;
    let tasks: Vec<(usize, (FailureLevel, ScarcityLevel))> = levels
        .iter()
        .enumerate()
        .flat_map(|(place, levels)| levels.points().into_iter().map(move |point| (place, point)))
        .collect();
    let found: Result<Vec<FallbackPoint>, Interrupted> =
        tasks.par_iter().map(|(place, point)| work.point(&pairs.pairs[*place], *point, &dears[*place])).collect();
    let mut found = found?.into_iter();
    let answers: Vec<FallbackAnswer> = (pairs.pairs.iter().zip(&levels).zip(&dears))
        .map(|((pair, levels), dear)| {
            let points = found.by_ref().take(levels.points().len()).collect();
            answer(scenario, pair, levels, dear, points)
        })
        .collect();
    Ok(FallbackStudy {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        inputs_sha256: scenario.inputs_sha256.clone(),
        scenario: scenario.name.clone(),
        seed: effort.seed,
        trials: effort.trials,
        sections: sections.len() as u32,
        days_per_month: scenario.platform.days_per_month,
        headline: sentences::headline(&answers),
        definition: payoff::definition(&scenario.criteria),
        notes: notes(scenario, &pairs.pairs),
        pairs: answers,
        left_out: pairs.left_out.clone(),
    })
}

/// What all simulations share.
struct Work<'a> {
    scenario: &'a Scenario,
    requests: &'a Requests<'a>,
    sections: &'a [Range<u32>],
    control: &'a Control,
}

impl Work<'_> {
    fn simulate(&self, scenario: &Scenario, pair: &FallbackPair, policy: FallbackPolicy) -> Simulated {
        let allocation = policy.allocation(scenario, pair);
        Simulated::new(scenario, pair, &allocation, self.requests, self.sections)
    }

    /// The dear type alone: the same at every point of the grid.
    fn dear(&self, pair: &FallbackPair) -> Result<Simulated, Interrupted> {
        let dear = self.simulate(self.scenario, pair, FallbackPolicy::DearOnly);
        self.control.step()?;
        Ok(dear)
    }

    fn point(
        &self,
        pair: &FallbackPair,
        point: (FailureLevel, ScarcityLevel),
        dear: &Simulated,
    ) -> Result<FallbackPoint, Interrupted> {
        let moved = at(self.scenario, pair, point);
        let with_pools = with_dear_variant(&moved, pair);
        let simulate = |policy: FallbackPolicy| {
            // One pool is one program, and runs the cheap type's variant everywhere; a pool of its own has its own.
            let scenario = if policy == FallbackPolicy::Ranked { &moved } else { &with_pools };
            (policy, self.simulate(scenario, pair, policy))
        };
        let policies: Vec<(FallbackPolicy, Simulated)> = tried(&moved, pair).into_iter().map(simulate).collect();
        let (service, _) = fits(cell(self.scenario, pair.model, pair.cheap.0, pair.cheap.1));
        let policies = payoff::judged(self.scenario, service, &policies, dear);
        let best = PolicyResult::best_of(policies.iter()).expect("some policies are tried").policy;
        self.control.step()?;
        Ok(FallbackPoint { failure: point.0, scarcity: point.1, policies, best })
    }
}

/// What is held against the dear type alone. A ranked list needs a variant that runs on both types; and where the cheap
/// type is there at once it is the cheap type alone.
fn tried(scenario: &Scenario, pair: &FallbackPair) -> Vec<FallbackPolicy> {
    let runs_on_both = cell(scenario, pair.model, pair.cheap.0, pair.dear.1).feasibility.is_feasible();
    let capacity = scenario.capacity.get(pair.cheap.1);
    let is_waited_for = capacity.is_some_and(|capacity| capacity.wait.is_some() || capacity.scarcity.is_some());
    let ranked = runs_on_both && is_waited_for;
    let all = FallbackPolicy::all().into_iter().filter(|policy| *policy != FallbackPolicy::DearOnly);
    let settings = &pair.pool_today(scenario).settings;
    all.filter(|policy| policy.is_simulated_with(settings))
        .filter(|policy| ranked || *policy != FallbackPolicy::Ranked)
        .collect()
}

fn answer(
    scenario: &Scenario,
    pair: &FallbackPair,
    levels: &Levels,
    dear: &Simulated,
    points: Vec<FallbackPoint>,
) -> FallbackAnswer {
    let (service, _) = fits(cell(scenario, pair.model, pair.dear.0, pair.dear.1));
    let mut answer = FallbackAnswer {
        model: scenario.models[pair.model].name.clone(),
        cheap: place(scenario, pair.model, pair.cheap, dear),
        dear: place(scenario, pair.model, pair.dear, dear),
        sentences: Vec::new(),
        dear_only: payoff::of_dear(scenario, service, dear),
        points,
    };
    answer.sentences = sentences::sentences(&answer, levels, &scenario.criteria);
    answer
}

fn place(scenario: &Scenario, model: usize, (variant, gpu): (usize, usize), dear: &Simulated) -> FallbackPlace {
    let evidence = Evidence::new(scenario, model, (variant, gpu), &dear.subject);
    let (_, boot) = fits(cell(scenario, model, variant, gpu));
    let service_s: Estimate = evidence.warm_service_s();
    FallbackPlace {
        gpu: scenario.gpus[gpu].name.clone(),
        variant: scenario.models[model].variants[variant].name.clone(),
        container_usd_per_hour: container_usd_per_hour(scenario, model, gpu),
        service_s,
        service_kind: evidence.service.kind,
        boot_s: boot.law.mean_s(),
    }
}

/// What was assumed, and how far the answer goes.
fn notes(scenario: &Scenario, pairs: &[FallbackPair]) -> Vec<String> {
    let mut notes = vec![
        "Assumed, to be tried: every failure probability and every scarcity but the scenario's own; periods without the \
         cheap GPU type come at random and last an hour in the mean."
            .to_owned(),
        "Each model has a pool of its own, with the settings of its pool in the baseline; the pool that it falls back to \
         has the same and keeps nothing warm."
            .to_owned(),
        "A ranked list is one pool: all of its containers run the cheap type's variant and fail with its probability. Where \
         the cheap type is there at once it is the cheap type alone, and is not tried."
            .to_owned(),
    ];
    let hedge = FallbackPolicy::Hedge { after_s: 1.0 };
    let unhedged = |pair: &FallbackPair| !hedge.is_simulated_with(&pair.pool_today(scenario).settings);
    notes.push(if pairs.iter().any(unhedged) {
        "Hedging is tried where containers execute one input at a time and clients do not give up.".to_owned()
    } else {
        "A hedged request counts as fallen back; its copy that loses runs to its end where it executes already, and is \
         billed."
            .to_owned()
    });
    let waits = |pair: &&FallbackPair| scenario.traffic.models[pair.model].process.waits_for_answers();
    if pairs.iter().any(|pair| waits(&pair)) {
        notes.push(
            "Clients wait for their answers: where a policy answers more slowly, fewer requests come, and the bill is smaller \
             for that."
                .to_owned(),
        );
    }
    let shared = |pair: &&FallbackPair| pair.pool_today(scenario).models.len() > 1;
    let mut models: Vec<&str> =
        pairs.iter().filter(shared).map(|pair| scenario.models[pair.model].name.as_str()).collect();
    models.dedup();
    if !models.is_empty() {
        notes.push(format!(
            "In the baseline {} share a pool: the dear type alone costs another sum there.",
            models.join(", ")
        ));
    }
    let ruled = |pair: &&FallbackPair| {
        let rules = &pair.pool_today(scenario).settings.rules;
        rules.fallback.is_some() || rules.gpu_fallback.is_some()
    };
    if pairs.iter().any(|pair| ruled(&pair)) {
        notes.push("A fallback that the baseline's pools have already is left out.".to_owned());
    }
    notes
}

#[cfg(test)]
mod tests;
