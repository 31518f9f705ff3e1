//! What a log says of the assumptions behind a choice: which it rejects, what that does to the answers, and which numbers
//! have passed where an answer changes.

use fleetfront_scenario::{Allocation, Scenario};
use serde::{Deserialize, Serialize};

use crate::basis::Basis;
use crate::control::{Control, Effort, Interrupted};
use crate::estimate::Estimate;
use crate::knob::KnobUnit;
use crate::statistics::holm;

use super::adoption::Adopted;
use super::calls::ObservedCalls;
use super::model_tests::{Tested, Tests};
use super::shown::Shown;
use super::traffic_tests::whole_days;
use super::{Claim, Question, Trigger, question, values};

/// The probability of rejecting any assumption although all are true.
const LEVEL: f64 = 0.05;

/// A log held against the scenario.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Drift {
    /// Of everything that was observed: the log, and its days that count.
    #[serde(default)]
    pub observed_basis: Basis,
    /// Days of the log that count.
    pub days: u32,
    /// The allocation that served it.
    pub allocation: String,
    /// Every assumption that the log says something about, in the scenario's order.
    pub assumptions: Vec<Assumption>,
    /// The answers with all numbers that the log rejects or knows better replaced by its own; `None` where there are none.
    pub together: Option<Vec<Question>>,
    /// What the log cannot be held against, and why.
    pub not_tested: Vec<String>,
    /// What was repaired in the log or assumed.
    #[serde(default)]
    pub remarks: Vec<String>,
}

/// Something that the scenario says and a log can contradict.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Assumption {
    /// In words: `traffic of flux-dev`.
    pub name: String,
    /// Of the two numbers.
    pub unit: KnobUnit,
    /// What the scenario says, or draws in the mean.
    pub assumed: f64,
    /// What kind that is, and who says so.
    #[serde(default)]
    pub assumed_basis: Basis,
    /// What the log says, with 95 % where it is an estimate.
    pub observed: Estimate,
    /// Calls behind it.
    pub n: u64,
    /// How it was tested, in words.
    pub test: String,
    /// The probability of something as far off by luck.
    pub p_value: f64,
    /// The same for all tests together (Holm).
    pub p_adjusted: f64,
    /// Whether the log rejects it.
    pub rejected: bool,
    /// Whether the log does not reject it, because little was known of it, and yet knows another number.
    pub known_better: bool,
    /// The answers with the log's number in its place; only where it is rejected or known better.
    pub answers: Vec<Question>,
    /// What was put in its place, in words; empty where nothing was.
    pub adopted: String,
    /// Triggers of this number that the log has passed, or may have.
    pub fired: Vec<Fired>,
}

impl Assumption {
    /// Whether the log's number was put in its place.
    #[must_use]
    pub fn is_replaced(&self) -> bool {
        (self.rejected || self.known_better) && !self.adopted.is_empty()
    }
}

/// A trigger that the log speaks to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fired {
    /// The claim whose answer changes.
    pub claim: String,
    /// Where.
    pub at: Estimate,
    /// Whether the log's whole interval lies beyond that of the trigger; if not, they overlap.
    pub certainly: bool,
}

/// Holds a log against the scenario.
///
/// - `allocations`: as for [`reevaluate`](super::reevaluate); the first served the calls.
/// - `triggers`: of the choice between them.
///
/// # Errors
/// [`Interrupted`] when `control` was cancelled.
///
/// # Panics
/// If trials are not days, or the calls name a model that the scenario lacks.
pub fn drift(
    scenario: &Scenario,
    allocations: &[Allocation; 2],
    calls: &ObservedCalls,
    triggers: &[Trigger],
    effort: Effort,
    control: &Control,
) -> Result<Drift, Interrupted> {
    assert!(whole_days(&scenario.traffic), "drift is judged by days");
    let shown = Shown::of(scenario, &allocations[0], calls, effort.seed, control)?;
    let (served, seed) = (&allocations[0], effort.seed);
    let mut tests = Tests { scenario, served, calls, shown, seed, tested: vec![], left: vec![] };
    tests.all();
    let Tests { mut tested, left, .. } = tests;
    let adjusted = holm(&tested.iter().map(|of| of.assumption.p_value).collect::<Vec<_>>());
    let tests = tested.len() as f64;
    for (of, p) in tested.iter_mut().zip(adjusted) {
        let assumption = &mut of.assumption;
        (assumption.p_adjusted, assumption.rejected) = (p, p < LEVEL);
        // Bonferroni's level: of a hundred true means none is to be replaced by luck.
        assumption.known_better = !assumption.rejected && of.p_exact * tests < LEVEL;
    }
    let answers = |adopted: &[&Adopted]| -> Result<Vec<Question>, Interrupted> {
        let mut changed = (scenario.clone(), allocations.clone());
        for of in adopted {
            of.put(&mut changed.0);
        }
        let claims = Claim::all(&changed.0);
        let names = [&allocations[0].name, &allocations[1].name];
        let now = values(&claims, &changed.0, &changed.1, effort, control)?;
        Ok(claims.iter().zip(&now).map(|(claim, value)| question(*claim, value, names)).collect())
    };
    for of in &mut tested {
        of.assumption.fired = fired(scenario, of, triggers);
        let is_off = of.assumption.rejected || of.assumption.known_better;
        if let Some(adopted) = of.adopted.as_ref().filter(|_| is_off) {
            of.assumption.answers = answers(&[adopted])?;
            of.assumption.adopted = adopted.words();
        }
    }
    let replaced = tested.iter().filter(|of| of.assumption.is_replaced());
    let replaced: Vec<&Adopted> = replaced.filter_map(|of| of.adopted.as_ref()).collect();
    let together = if replaced.is_empty() { None } else { Some(answers(&replaced)?) };
    Ok(Drift {
        observed_basis: Basis::measured(&*calls.source),
        days: calls.days,
        allocation: allocations[0].name.clone(),
        assumptions: tested.into_iter().map(|of| of.assumption).collect(),
        together,
        not_tested: left,
        remarks: calls.remarks.clone(),
    })
}

/// The triggers of the number that lie between what is assumed and what was observed.
fn fired(scenario: &Scenario, of: &Tested, triggers: &[Trigger]) -> Vec<Fired> {
    let Some(knob) = of.knob else { return Vec::new() };
    let (name, observed) = (knob.name(scenario), of.assumption.observed);
    let passed = triggers.iter().filter(|trigger| trigger.knob == name).filter_map(|trigger| {
        let is_above = trigger.at.value >= trigger.now;
        let (touches, certainly) = if is_above {
            (observed.high >= trigger.at.low, observed.low > trigger.at.high)
        } else {
            (observed.low <= trigger.at.high, observed.high < trigger.at.low)
        };
        touches.then(|| Fired { claim: trigger.claim.clone(), at: trigger.at, certainly })
    });
    passed.collect()
}

#[cfg(test)]
#[path = "drift_tests.rs"]
mod tests;
