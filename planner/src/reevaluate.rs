//! When a decision between two allocations has to be looked at again: every number that may turn out otherwise is moved
//! until the answer changes. A log says which of them have (`drift.rs`).

mod adoption;
mod calls;
mod drift;
mod failure_test;
mod model_tests;
mod shown;
mod time_tests;
mod traffic_tests;

use fleetfront_scenario::{Allocation, LatencyReading, Scenario};
use serde::{Deserialize, Serialize};

use crate::allocation::AllocationRun;
use crate::basis::Basis;
use crate::break_even::{Axis, Crossing};
use crate::control::{Control, Effort, Interrupted};
use crate::criteria::p95_ratio;
use crate::estimate::{Estimate, paired_ratio};
use crate::knob::{Knob, KnobUnit};
use crate::results::infeasible_reasons;
use crate::run::Shared;

pub use calls::{ObservedCalls, ObservedModel, SaidOfCalls};
pub use drift::{Assumption, Drift, Fired, drift};

/// Two allocations, and what would change the choice between them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reevaluation {
    /// Version of the program.
    pub version: String,
    /// SHA-256 of the input files.
    pub inputs_sha256: String,
    /// Name of the scenario.
    pub scenario: String,
    /// Seed of all random numbers.
    pub seed: u64,
    /// Trials at the present traffic; fewer where there is more of it.
    pub trials: u32,
    /// The allocation that the other is held against, and the other.
    pub allocations: [String; 2],
    /// What is asked, and how it stands now.
    pub questions: Vec<Question>,
    /// Where an answer changes, those nearest to the present first.
    pub triggers: Vec<Trigger>,
    /// Numbers that change no answer within the range that was tried.
    pub indifferent: Vec<Indifferent>,
    /// What a log says of the assumptions; `None` without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drift: Option<Drift>,
}

/// Something that is so or not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Question {
    /// What it says: `"b" costs less than "a"`.
    pub claim: String,
    /// The number that decides it, now.
    pub value: Estimate,
    /// The claim holds where the number is at most this.
    pub target: f64,
}

impl Question {
    /// Whether the claim holds at the present numbers; `None` where the interval straddles the target.
    #[must_use]
    pub fn holds(&self) -> Option<bool> {
        if self.value.high <= self.target { Some(true) } else { (self.value.low > self.target).then_some(false) }
    }
}

/// A number at which an answer changes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trigger {
    /// Whose number, in words.
    pub knob: String,
    /// Its unit.
    pub unit: KnobUnit,
    /// What it is now.
    pub now: f64,
    /// What kind that is, and who says so.
    #[serde(default)]
    pub now_basis: Basis,
    /// Where the answer changes; an end of the interval that was not found is the end of the range.
    pub at: Estimate,
    /// The claim whose answer changes.
    pub claim: String,
    /// Whether the claim holds beyond (above a number that is above the present one, below one that is below).
    pub holds_beyond: bool,
}

impl Trigger {
    /// How far the number has to go, as a factor above 1.
    #[must_use]
    pub fn distance(&self) -> f64 {
        let factor = self.at.value / self.now;
        factor.max(1.0 / factor)
    }
}

/// A number that decides nothing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Indifferent {
    /// Whose number, in words.
    pub knob: String,
    /// Its unit.
    pub unit: KnobUnit,
    /// Least and greatest that were tried.
    pub range: [f64; 2],
}

/// Fewest trials, however much traffic there is.
const TRIALS_MIN: u32 = 14;

/// Moves every number until an answer changes.
///
/// - `allocations`: two, all of whose cells are feasible; the second is held against the first.
///
/// # Errors
/// [`Interrupted`] when `control` was cancelled.
///
/// # Panics
/// If an allocation cannot run, or a conservation law is broken.
pub fn reevaluate(
    scenario: &Scenario,
    allocations: &[Allocation; 2],
    effort: Effort,
    control: &Control,
) -> Result<Reevaluation, Interrupted> {
    for allocation in allocations {
        let reasons = infeasible_reasons(scenario, allocation);
        assert!(reasons.is_empty(), "\"{}\" cannot run: {reasons:?}", allocation.name);
    }
    let claims = Claim::all(scenario);
    let names = [&allocations[0].name, &allocations[1].name];
    let present = values(&claims, scenario, allocations, effort, control)?;
    let mut found = Reevaluation {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        inputs_sha256: scenario.inputs_sha256.clone(),
        scenario: scenario.name.clone(),
        seed: effort.seed,
        trials: effort.trials,
        allocations: names.map(Clone::clone),
        questions: claims.iter().zip(&present).map(|(claim, value)| question(*claim, value, names)).collect(),
        triggers: Vec::new(),
        indifferent: Vec::new(),
        drift: None,
    };
    for knob in Knob::all(scenario, allocations) {
        let triggers = turn(knob, &claims, scenario, allocations, effort, control)?;
        let (now, unit) = knob.now(scenario);
        if triggers.is_empty() {
            let range = [knob.grid()[0], knob.grid()[knob.grid().len() - 1]].map(|factor| factor * now);
            found.indifferent.push(Indifferent { knob: knob.name(scenario), unit, range });
        }
        found.triggers.extend(triggers);
    }
    found.triggers.sort_by(|a, b| a.distance().total_cmp(&b.distance()));
    Ok(found)
}

/// Where one number changes answers: the nearest point on either side of the present, for each claim.
fn turn(
    knob: Knob,
    claims: &[Claim],
    scenario: &Scenario,
    allocations: &[Allocation; 2],
    effort: Effort,
    control: &Control,
) -> Result<Vec<Trigger>, Interrupted> {
    let mut axis = Axis::new(knob.grid(), |factor: f64| {
        let (turned, moved) = knob.turned(scenario, allocations, factor);
        let trials = (f64::from(effort.trials) / knob.load(scenario, factor).max(1.0)).ceil() as u32;
        let trials = trials.clamp(TRIALS_MIN.min(effort.trials), effort.trials);
        let moved = [&moved[0], &moved[1]].map(Clone::clone);
        values(claims, &turned, &moved, Effort { trials, ..effort }, control)
    })?;
    let (now, unit) = knob.now(scenario);
    let names = [&allocations[0].name, &allocations[1].name];
    let mut triggers = Vec::new();
    for (which, claim) in claims.iter().enumerate() {
        let crossings = axis.crossings(which)?;
        // Beyond the far end of its interval the answer is shown to be another; where that end is not found within the
        // range, it is not.
        let (first, last) = (knob.grid()[0], knob.grid()[knob.grid().len() - 1]);
        let below = crossings.iter().rev().find(|crossing| crossing.at.value < 1.0 && crossing.at.low > first);
        let above = crossings.iter().find(|crossing| crossing.at.value >= 1.0 && crossing.at.high < last);
        // A claim holds where its value is at most zero.
        let trigger = |crossing: &Crossing, holds_beyond: bool| Trigger {
            knob: knob.name(scenario),
            unit,
            now,
            now_basis: knob.basis(scenario),
            at: crossing.at.scaled(now),
            claim: claim.words(names),
            holds_beyond,
        };
        triggers.extend(below.map(|crossing| trigger(crossing, crossing.rises)));
        triggers.extend(above.map(|crossing| trigger(crossing, !crossing.rises)));
    }
    Ok(triggers)
}

/// A claim and the number that decides it.
fn question(claim: Claim, value: &Estimate, names: [&String; 2]) -> Question {
    let plus = |number: f64| number + claim.target;
    let value = Estimate { value: plus(value.value), low: plus(value.low), high: plus(value.high) };
    Question { claim: claim.words(names), value, target: claim.target }
}

/// Something that an allocation is held to against another: its number is at most the target.
#[derive(Debug, Clone, Copy)]
struct Claim {
    what: Compared,
    target: f64,
}

#[derive(Debug, Clone, Copy)]
enum Compared {
    Cost,
    P95,
}

impl Claim {
    /// That it is cheaper, and what the criteria ask of a fleet.
    fn all(scenario: &Scenario) -> Vec<Self> {
        let criteria = &scenario.criteria;
        let saving = criteria.cost_reduction_min.map(|least| Self { what: Compared::Cost, target: 1.0 - least });
        let is_end_to_end = criteria.latency_readings.contains(&LatencyReading::EndToEnd);
        let latency = criteria.latency_ratio_max.filter(|_| is_end_to_end);
        let latency = latency.map(|target| Self { what: Compared::P95, target });
        [Some(Self { what: Compared::Cost, target: 1.0 }), saving, latency].into_iter().flatten().collect()
    }

    fn words(self, [first, other]: [&String; 2]) -> String {
        match self.what {
            Compared::Cost if self.target >= 1.0 => format!("\"{other}\" costs less than \"{first}\""),
            Compared::Cost => {
                format!("\"{other}\" costs at least {:.0} % less than \"{first}\"", (1.0 - self.target) * 100.0)
            }
            Compared::P95 => {
                format!("the p95 of \"{other}\" is at most {:.2} times that of \"{first}\"", self.target)
            }
        }
    }

    /// By how much the number is above the target.
    fn excess(self, first: &AllocationRun, other: &AllocationRun) -> Estimate {
        let ratio = match self.what {
            Compared::Cost => paired_ratio(&other.fleet.cost_usd(), &first.fleet.cost_usd()),
            Compared::P95 => p95_ratio(&other.fleet, &first.fleet),
        };
        let less = |number: f64| number - self.target;
        Estimate { value: less(ratio.value), low: less(ratio.low), high: less(ratio.high) }
    }
}

fn values(
    claims: &[Claim],
    scenario: &Scenario,
    allocations: &[Allocation; 2],
    effort: Effort,
    control: &Control,
) -> Result<Vec<Estimate>, Interrupted> {
    let shared = Shared::new(scenario, effort, control, 2);
    let (first, other) = (shared.allocation(&allocations[0])?, shared.allocation(&allocations[1])?);
    Ok(claims.iter().map(|claim| claim.excess(&first, &other)).collect())
}

#[cfg(test)]
mod tests;
