//! What one change of the scenario would bring to an allocation: another precision, memory snapshots, faster software,
//! faster boots, a shorter window, each by itself, on the same requests.
//!
//! Every change comes with the lines to write: they give the scenario that was simulated.

mod changes;
mod lines;
#[cfg(test)]
mod tests;

use fleetfront_calibration::Kind;
use fleetfront_scenario::{Allocation, Scenario};
use serde::{Deserialize, Serialize};

use crate::allocation::AllocationRun;
use crate::control::{Control, Effort, Interrupted};
use crate::criteria::p95_ratio;
use crate::estimate::{Estimate, paired_ratio, ratio};
use crate::pairing::Pair;
use crate::results::{Baseline, criteria_against, infeasible_reasons};
use crate::run::Shared;
use crate::study::{CriterionResult, Judgement};
use crate::tally::P95;
use crate::verdict::{is_information, overall};

use changes::{Planned, all_changes};

/// An allocation, and what one change or another would make of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WhatIf {
    /// Version of the program.
    pub version: String,
    /// SHA-256 of the input files.
    pub inputs_sha256: String,
    /// Name of the scenario.
    pub scenario: String,
    /// Seed of all random numbers.
    pub seed: u64,
    /// Trials (days) that every change was simulated for.
    pub trials: u32,
    /// Sections that intervals are computed from.
    pub sections: u32,
    /// The allocation.
    pub allocation: String,
    /// The scenario's baseline, which criteria compare with.
    pub baseline: String,
    /// The answer in a sentence.
    pub headline: String,
    /// The allocation as it is.
    pub now: Now,
    /// The changes, those that save most first.
    pub changes: Vec<Change>,
    /// Other precisions that cannot run where the model stands, and why.
    pub impossible: Vec<String>,
}

/// The allocation as it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Now {
    /// A month's bill.
    pub cost_usd_month: Estimate,
    /// 95th percentile over all requests.
    pub latency_s_p95: Estimate,
    /// Share of requests that complete.
    pub success_rate: Estimate,
    /// All criteria together, against the baseline.
    pub judgement: Judgement,
}

/// What is changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeGroup {
    /// A model runs in another precision.
    Precision,
    /// Containers are restored from a memory snapshot.
    Snapshot,
    /// Requests take less time on a warm container.
    Software,
    /// Containers boot in less time.
    Boot,
    /// Idle containers stop sooner.
    Window,
}

impl ChangeGroup {
    /// All of them, in the order in which they are told.
    pub const ALL: [Self; 5] = [Self::Precision, Self::Snapshot, Self::Software, Self::Boot, Self::Window];

    /// What it is called.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Precision => "another precision",
            Self::Snapshot => "memory snapshots",
            Self::Software => "faster software",
            Self::Boot => "faster boots",
            Self::Window => "a shorter window",
        }
    }
}

/// One change and its effect.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// What is changed, in words.
    pub what: String,
    /// Its kind.
    pub group: ChangeGroup,
    /// How good the numbers are that it rests on; `None` for a setting, which rests on none.
    pub kind: Option<Kind>,
    /// What it rests on, in words.
    pub basis: String,
    /// Where the lines go.
    pub place: String,
    /// The lines to write into `scenario.toml`.
    pub write: String,
    /// Perceptual distance to the reference precision (LPIPS; 0 is the reference), before and after; for another
    /// precision only.
    pub lpips: Option<[f64; 2]>,
    /// A month's bill with it.
    pub cost_usd_month: Estimate,
    /// What it takes off the bill, paired.
    pub saves_usd_month: Estimate,
    /// The bill over the present one, paired.
    pub cost_ratio: Estimate,
    /// 95th percentile over all requests with it.
    pub latency_s_p95: Estimate,
    /// The p95 over the present one, paired.
    pub latency_p95_ratio: Estimate,
    /// Share of requests that complete with it.
    pub success_rate: Estimate,
    /// All criteria together, against the baseline as it is.
    pub judgement: Judgement,
    /// The criteria that come out otherwise.
    pub criteria: Vec<CriterionTurn>,
}

/// A criterion that comes out otherwise.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CriterionTurn {
    /// The criterion.
    pub criterion: String,
    /// "fleet" or a model's name.
    pub subject: String,
    /// As it is.
    pub before: Judgement,
    /// With the change.
    pub after: Judgement,
}

impl CriterionTurn {
    /// Whether it is for the better.
    #[must_use]
    pub fn is_better(&self) -> bool {
        self.after < self.before
    }
}

/// Simulates an allocation as it is and with each change.
///
/// - `allocation`: one whose cells are all feasible (see [`fleetfront_scenario::repaired`]).
/// - `baseline`: the scenario's baseline, likewise.
///
/// # Errors
/// [`Interrupted`] when `control` was cancelled.
///
/// # Panics
/// If one of them cannot run, or a conservation law is broken.
pub fn what_if(
    scenario: &Scenario,
    allocation: &Allocation,
    baseline: &Allocation,
    effort: Effort,
    control: &Control,
) -> Result<WhatIf, Interrupted> {
    for plan in [allocation, baseline] {
        let reasons = infeasible_reasons(scenario, plan);
        assert!(reasons.is_empty(), "\"{}\" cannot run: {reasons:?}", plan.name);
    }
    let (planned, impossible) = all_changes(scenario, allocation);
    let shared = Shared::new(scenario, effort, control, planned.len() + 2);
    let baseline_run = shared.allocation(baseline)?;
    let baseline = Baseline { allocation: baseline, run: &baseline_run };
    let run = shared.allocation(allocation)?;
    let present = Present { scenario, run: &run, criteria: judged(scenario, scenario, allocation, &run, &baseline) };
    let mut changes = Vec::new();
    for plan in planned {
        let run = shared.allocation_of(&plan.scenario, &plan.allocation)?;
        let criteria = judged(&plan.scenario, scenario, &plan.allocation, &run, &baseline);
        changes.push(present.changed(plan, &run, &criteria));
    }
    changes.sort_by(|a, b| a.cost_ratio.value.total_cmp(&b.cost_ratio.value));
    let now = Now {
        cost_usd_month: bill(scenario, &run),
        latency_s_p95: run.fleet.percentile(P95),
        success_rate: run.fleet.success_rate(),
        judgement: overall(&present.criteria),
    };
    Ok(WhatIf {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        inputs_sha256: scenario.inputs_sha256.clone(),
        scenario: scenario.name.clone(),
        seed: effort.seed,
        trials: effort.trials,
        sections: run.fleet.sections.len() as u32,
        allocation: allocation.name.clone(),
        baseline: baseline.allocation.name.clone(),
        headline: headline(&allocation.name, &changes),
        now,
        changes,
        impossible,
    })
}

/// The criteria of an allocation in a changed scenario, against the baseline as it is.
fn judged(
    changed: &Scenario,
    scenario: &Scenario,
    plan: &Allocation,
    run: &AllocationRun,
    baseline: &Baseline<'_>,
) -> Vec<CriterionResult> {
    let all = criteria_against(changed, plan, run, baseline, &baseline.evidence(scenario));
    all.into_iter().filter(|criterion| !is_information(criterion)).collect()
}

fn bill(scenario: &Scenario, run: &AllocationRun) -> Estimate {
    ratio(&run.fleet.cost_usd(), &run.fleet.each(|t| t.days)).scaled(scenario.platform.days_per_month)
}

/// What changes are held against.
struct Present<'a> {
    scenario: &'a Scenario,
    run: &'a AllocationRun,
    criteria: Vec<CriterionResult>,
}

impl Present<'_> {
    fn changed(&self, plan: Planned, run: &AllocationRun, criteria: &[CriterionResult]) -> Change {
        let cost = Pair { of: self.run.fleet.cost_usd(), to: run.fleet.cost_usd() };
        let saves = ratio(&cost.differences(), &run.fleet.each(|t| t.days));
        Change {
            what: plan.what,
            group: plan.group,
            kind: plan.kind,
            basis: plan.basis,
            place: plan.place,
            write: plan.write,
            lpips: plan.lpips,
            cost_usd_month: bill(self.scenario, run),
            saves_usd_month: saves.scaled(self.scenario.platform.days_per_month),
            cost_ratio: paired_ratio(&cost.to, &cost.of),
            latency_s_p95: run.fleet.percentile(P95),
            latency_p95_ratio: p95_ratio(&run.fleet, &self.run.fleet),
            success_rate: run.fleet.success_rate(),
            judgement: overall(criteria),
            criteria: turned(&self.criteria, criteria),
        }
    }
}

/// The criteria that come out otherwise.
fn turned(before: &[CriterionResult], after: &[CriterionResult]) -> Vec<CriterionTurn> {
    let same = |old: &&CriterionResult, new: &CriterionResult| {
        (&old.criterion, &old.subject) == (&new.criterion, &new.subject)
    };
    let change = |new: &CriterionResult| {
        let old = before.iter().find(|old| same(old, new))?;
        (old.judgement != new.judgement).then(|| CriterionTurn {
            criterion: new.criterion.clone(),
            subject: new.subject.clone(),
            before: old.judgement,
            after: new.judgement,
        })
    };
    after.iter().filter_map(change).collect()
}

/// - `changes`: those that save most first.
fn headline(name: &str, changes: &[Change]) -> String {
    let Some(best) = changes.first() else {
        return format!("\"{name}\" leaves nothing to be changed by one line.");
    };
    let said = |change: &Change| {
        format!(
            "{} changes the bill by {} and makes the p95 {:.2} times as long ({:.2} to {:.2})",
            change.what,
            per_cent(change.cost_ratio),
            change.latency_p95_ratio.value,
            change.latency_p95_ratio.low,
            change.latency_p95_ratio.high,
        )
    };
    let luck = |change: &Change| if change.saves_usd_month.low > 0.0 { "" } else { ", which may be luck" };
    let first = format!("Of {} changes to \"{name}\", {}{}.", changes.len(), said(best), luck(best));
    let kinder = changes.iter().find(|change| change.saves_usd_month.low > 0.0 && change.latency_p95_ratio.high <= 1.0);
    match kinder {
        Some(both) if both.what == best.what => format!("{first} No other saves as much."),
        Some(both) => format!("{first} The most that is saved without a longer p95: {}.", said(both)),
        None => format!("{first} None is shown to save without a longer p95."),
    }
}

fn per_cent(ratio: Estimate) -> String {
    let change = |ratio: f64| (ratio - 1.0) * 100.0;
    format!("{:+.1} % ({:+.1} to {:+.1})", change(ratio.value), change(ratio.low), change(ratio.high))
}
