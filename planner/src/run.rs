//! The whole study, from a scenario to its results.

use std::ops::Range;

use fleetfront_scenario::{Allocation, Scenario, repaired};
use fleetfront_workloads::{Replay, ReplayedDays};

use crate::advice::{as_allocation, limit_obstacle, recommendation};
use crate::allocation::{AllocationRun, run_allocation};
use crate::assumptions::assumptions;
use crate::bounds::{Bounds, bounds};
use crate::control::{Control, Effort, Interrupted};
use crate::coupled::Together;
use crate::deployment::Deployment;
use crate::experiment::{Grid, feasible_cells, run_grid};
use crate::fleets::fleets;
use crate::foundation::rests_on;
use crate::fresh::on_fresh_days;
use crate::naive::{bridge, naive_estimates};
use crate::origin::Origin;
use crate::partition::Partitions;
use crate::points::points;
use crate::race;
use crate::recommend::Ranking;
use crate::requests::Requests;
use crate::results::{Baseline, infeasible_reasons, infeasible_result, result};
use crate::sections::sections;
use crate::space::search_space_of;
use crate::study::{AllocationResult, Bridge, Frontier, Role, STUDY_FORMAT, Study};
use crate::summary::{cell_summaries, gpu_summaries, model_summaries, warnings};
use crate::verdict::verdict;

/// Below so many trials a recommendation is told to depend on their number. Fifty weeks: a section each, or more.
const ENOUGH_TO_JUDGE: u32 = 350;

/// What every part of a study shares.
pub(crate) struct Shared<'a> {
    scenario: &'a Scenario,
    control: &'a Control,
    requests: Requests<'a>,
    sections: Vec<Range<u32>>,
}

impl<'a> Shared<'a> {
    /// - `parts`: how many times all sections will be gone through.
    pub(crate) fn new(scenario: &'a Scenario, effort: Effort, control: &'a Control, parts: usize) -> Self {
        assert!(effort.trials >= 2, "an interval needs two trials");
        let sections = sections(effort.trials, scenario.traffic.is_weekly());
        control.expect((parts * sections.len()) as u64);
        let requests = Requests::of_trials(&scenario.traffic, effort.seed, effort.trials);
        Self { scenario, control, requests, sections }
    }

    fn grid(&self, partitions: &'a Partitions, seed: u64) -> Grid<'_> {
        let Self { scenario, control, requests, .. } = self;
        Grid { scenario, partitions, requests, seed, control }
    }

    fn together(&'a self, partitions: &'a Partitions) -> Together<'a> {
        let Self { scenario, control, requests, sections } = self;
        Together { scenario, partitions, requests, sections, control }
    }

    pub(crate) fn allocation(&self, allocation: &Allocation) -> Result<AllocationRun, Interrupted> {
        self.allocation_of(self.scenario, allocation)
    }

    /// An allocation of another scenario with the same traffic, on the same requests.
    pub(crate) fn allocation_of(
        &self,
        scenario: &Scenario,
        allocation: &Allocation,
    ) -> Result<AllocationRun, Interrupted> {
        run_allocation(scenario, allocation, &self.requests, &self.sections, self.control)
    }

    /// What came out of an allocation, with its bounds.
    fn result(
        &self,
        plan: &Allocation,
        role: Role,
        run: &AllocationRun,
        baseline: Option<&Baseline<'_>>,
    ) -> AllocationResult {
        let bounds = self.bounds(plan, run);
        AllocationResult { bounds: Some(bounds), ..result(self.scenario, plan, role, run, baseline) }
    }

    /// Between what an allocation lies that was simulated.
    pub(crate) fn bounds(&self, plan: &Allocation, run: &AllocationRun) -> Bounds {
        bounds(self.scenario, plan, run, &self.requests, &self.sections)
    }
}

/// The allocations of a study as they are found out, the baseline first.
struct Findings {
    results: Vec<AllocationResult>,
    bridges: Vec<Bridge>,
    /// Index of the proposed allocation as written, and of what is judged in its place.
    proposed: (usize, usize),
}

/// Runs everything: the grid, the named allocations, the verdict and the recommendation.
///
/// # Errors
/// [`Interrupted`] when `control` was cancelled.
///
/// # Panics
/// If a conservation law is broken, the scenario is not one that `Scenario::load` returns, or some model can run
/// nowhere: [`unserved`](crate::unserved) says so beforehand, and why.
pub fn run_study(scenario: &Scenario, effort: Effort, control: &Control) -> Result<Study, Interrupted> {
    let partitions = Partitions::of(scenario);
    let tasks = feasible_cells(scenario, &partitions);
    // Every named allocation and the recommended one, and on other days that one and the baseline.
    let shared = Shared::new(scenario, effort, control, scenario.allocations.len() + 3);
    let rounds = race::rounds(&shared.sections, scenario.traffic.is_weekly());
    // The baseline joins in every round but the last.
    let steps = |(round, known): (usize, &Vec<_>)| (tasks.len() + usize::from(round + 1 < rounds.len())) * known.len();
    control.expect(rounds.iter().enumerate().map(steps).sum::<usize>() as u64);
    let baseline_plan = &scenario.allocations[scenario.baseline];
    let baseline_run = shared.allocation(baseline_plan)?;
    let baseline = Baseline { allocation: baseline_plan, run: &baseline_run };
    let mut found = named_allocations(&shared, &baseline)?;

    let evidence = baseline.evidence(scenario);
    let candidates = run_grid(&shared.grid(&partitions, effort.seed), &tasks, &rounds)?;
    let ranking = Ranking::new(scenario, &partitions, &candidates, &evidence, &baseline_run.fleet);
    let fleet = ranking.best(None).expect("no model is unserved");
    let plan = as_allocation(&partitions, &fleet);
    let run = shared.allocation(&plan)?;
    let recommended = shared.result(&plan, Role::Recommended, &run, Some(&baseline));
    let a_month = scenario.platform.days_per_month / f64::from(effort.trials);
    let fleets = shared.together(&partitions).under_quota(fleets(scenario, &partitions, &candidates))?;
    let mut warnings = warnings(scenario);
    warnings.extend(uneven_week(scenario, effort.trials));
    warnings.extend(repeated_days(scenario, effort.trials));
    warnings.extend(fleets.notes.iter().cloned());
    let frontier = fleets.into_frontier();
    let fresh_days = on_fresh_days(scenario, &plan, &recommended, effort, control)?;
    let pair = (&recommended, &found.results[0]);
    let mut advice = recommendation(scenario, &ranking, &fleet, pair, fresh_days, a_month);
    if effort.trials < ENOUGH_TO_JUDGE {
        advice.headline += " With so few days little is shown, and what is not shown to pass counts as missed: more days \
                            may recommend a cheaper fleet.";
    }
    advice.rests_on = rests_on(scenario, &plan, baseline_plan);
    advice.obstacles.extend(limit_obstacle(scenario, &frontier.by_worst_ratio, &evidence));
    found.bridges.push(bridge(scenario, &plan, &run));
    found.results.push(recommended);

    let mut naive = naive_estimates(scenario);
    naive.bridges = found.bridges;
    let (original, judged) = found.proposed;
    let verdict = verdict(scenario, &found.results[original], &found.results[judged], &found.results[0], &naive);
    Ok(Study {
        format: STUDY_FORMAT,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        seed: effort.seed,
        trials: effort.trials,
        sections: shared.sections.len() as u32,
        inputs_sha256: scenario.inputs_sha256.clone(),
        scenario: scenario.name.clone(),
        description: scenario.description.clone(),
        days_per_month: scenario.platform.days_per_month,
        models: model_summaries(scenario),
        gpus: gpu_summaries(scenario),
        cells: cell_summaries(scenario),
        warnings,
        assumptions: assumptions(scenario),
        points: points(scenario, &partitions, &candidates),
        frontier,
        allocations: found.results,
        naive,
        verdict,
        recommendation: advice,
        deployment: Deployment::of(scenario),
        origin: Origin::default(),
        search: search_space_of(scenario, &partitions, &tasks),
    })
}

/// The frontiers of a study, and nothing else of it.
///
/// # Errors
/// [`Interrupted`] when `control` was cancelled.
///
/// # Panics
/// As [`run_study`].
pub fn search_frontier(scenario: &Scenario, effort: Effort, control: &Control) -> Result<Frontier, Interrupted> {
    let partitions = Partitions::of(scenario);
    let shared = Shared::new(scenario, effort, control, 0);
    let rounds = race::rounds(&shared.sections, scenario.traffic.is_weekly());
    let grid = shared.grid(&partitions, effort.seed);
    let candidates = run_grid(&grid, &feasible_cells(scenario, &partitions), &rounds)?;
    let together = shared.together(&partitions).under_quota(fleets(scenario, &partitions, &candidates))?;
    Ok(together.into_frontier())
}

/// One allocation in detail, compared with the baseline where it is another.
///
/// - `allocation`: its index in the scenario.
///
/// # Errors
/// [`Interrupted`] when `control` was cancelled.
///
/// # Panics
/// If `allocation` is out of range, or a conservation law is broken.
pub fn simulate_allocation(
    scenario: &Scenario,
    allocation: usize,
    effort: Effort,
    control: &Control,
) -> Result<AllocationResult, Interrupted> {
    let plan = &scenario.allocations[allocation];
    let role = role_of(scenario, allocation);
    if !infeasible_reasons(scenario, plan).is_empty() {
        return Ok(infeasible_result(scenario, plan, role));
    }
    let parts = if allocation == scenario.baseline { 1 } else { 2 };
    let shared = Shared::new(scenario, effort, control, parts);
    let run = shared.allocation(plan)?;
    if allocation == scenario.baseline {
        return Ok(shared.result(plan, role, &run, None));
    }
    let baseline_plan = &scenario.allocations[scenario.baseline];
    let baseline_run = shared.allocation(baseline_plan)?;
    let baseline = Baseline { allocation: baseline_plan, run: &baseline_run };
    Ok(shared.result(plan, role, &run, Some(&baseline)))
}

/// Says so where some days of the week count noticeably more often than others.
fn uneven_week(scenario: &Scenario, trials: u32) -> Option<String> {
    /// From 50 weeks on, one day more or less moves nothing that is shown.
    const ENOUGH: u32 = 350;
    let uneven = scenario.traffic.is_weekly() && !trials.is_multiple_of(7) && trials < ENOUGH;
    uneven.then(|| format!("{trials} trials do not cover the days of the week evenly: give a multiple of 7"))
}

/// Says so where trials replay the same recorded days in order again and again.
fn repeated_days(scenario: &Scenario, trials: u32) -> Option<String> {
    let days = f64::from(trials) * scenario.traffic.days();
    let repeats = |replay: &Replay| replay.days == ReplayedDays::InOrder && days > replay.trace.len() as f64;
    let replays = scenario.traffic.models.iter().map(|model| model.replay.as_ref());
    let (model, replay) = scenario
        .models
        .iter()
        .zip(replays)
        .find_map(|(model, replay)| Some((model, replay.filter(|r| repeats(r))?)))?;
    Some(format!(
        "{trials} trials replay the {} days of \"{}\" more than once: intervals hold the luck of these days only",
        replay.trace.len(),
        model.name
    ))
}

fn role_of(scenario: &Scenario, allocation: usize) -> Role {
    if allocation == scenario.baseline {
        Role::Baseline
    } else if allocation == scenario.proposed {
        Role::Proposed
    } else {
        Role::Named
    }
}

/// The baseline, then the others in the scenario's order, each followed by its repair where it cannot run.
fn named_allocations(shared: &Shared<'_>, baseline: &Baseline<'_>) -> Result<Findings, Interrupted> {
    let scenario = shared.scenario;
    let own = shared.result(baseline.allocation, Role::Baseline, baseline.run, None);
    let bridges = vec![bridge(scenario, baseline.allocation, baseline.run)];
    let mut found = Findings { results: vec![own], bridges, proposed: (0, 0) };
    for (index, plan) in scenario.allocations.iter().enumerate() {
        if index == scenario.baseline {
            continue;
        }
        let role = role_of(scenario, index);
        let original = found.results.len();
        let mut judged = original;
        if infeasible_reasons(scenario, plan).is_empty() {
            let run = shared.allocation(plan)?;
            found.results.push(shared.result(plan, role, &run, Some(baseline)));
            found.bridges.push(bridge(scenario, plan, &run));
        } else {
            found.results.push(infeasible_result(scenario, plan, role));
            if let Some((mended, mends)) = repaired(scenario, index) {
                let run = shared.allocation(&mended)?;
                let mut repair = shared.result(&mended, Role::Repaired, &run, Some(baseline));
                repair.repairs = mends.into_iter().map(|mend| mend.words).collect();
                judged = found.results.len();
                found.results.push(repair);
                found.bridges.push(bridge(scenario, &mended, &run));
            }
        }
        if index == scenario.proposed {
            found.proposed = (original, judged);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests;
