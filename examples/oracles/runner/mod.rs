//! From cases to answers: what a case asks, the scenario that says it, the trials that answer it.

pub(crate) mod case;
mod family;
mod fixed;
mod launching;
mod law;
mod metric;
mod moving;
mod pooled;
pub(crate) mod report;
mod routines;
mod sample;
mod serving;
mod simulate;
mod system;
mod tolerance;

use case::Case;
use fleetfront_planner::statistics::Interval;
use metric::Estimand;
use system::System;
use tolerance::Tolerance;

/// How much may be simulated.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Effort {
    /// Counted requests of a trial in steady state, in the mean.
    pub(crate) requests_per_trial: f64,
    /// Counted requests of all trials of a system, in the mean: what is not narrow enough by then is wide.
    pub(crate) requests_max: f64,
}

/// What came out of a case.
#[derive(Debug, Clone)]
pub(crate) enum Answer {
    /// Simulated, or computed by a routine (with an interval of no width).
    Found(Found),
    /// Not expressible, and why.
    NotExpressible(String),
}

/// An estimate, held against the exact value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Found {
    /// Group of cases of one kind.
    pub(crate) family: &'static str,
    /// The estimate.
    pub(crate) value: f64,
    /// Its interval.
    pub(crate) interval: Interval,
    /// Whether the exact value lies inside, and the interval is as narrow as it has to be.
    pub(crate) inside: bool,
    /// What else there is to say: "wide", "second run".
    pub(crate) note: String,
}

impl Found {
    /// Whether the exact value is in the interval, however wide that is.
    fn held(&self) -> bool {
        self.inside || self.note == WIDE
    }
}

/// The note of an interval that holds the exact value and is wider than it has to be.
const WIDE: &str = "wide";

/// What a case asks of one system. A case that holds for several laws asks several.
#[derive(Debug, Clone)]
pub(crate) struct Question {
    /// Group of cases of one kind.
    pub(crate) family: &'static str,
    /// What is simulated.
    pub(crate) system: System,
    /// What is estimated.
    pub(crate) estimand: Estimand,
}

/// What a case comes to.
#[derive(Debug, Clone)]
enum Plan {
    /// Trials of systems.
    Simulate(Tolerance, Vec<Question>),
    /// A routine has answered.
    Computed(Found),
    /// Why neither.
    NotExpressible(String),
}

/// The answers to all cases, in their order.
///
/// - `progress`: told what was simulated.
pub(crate) fn run(cases: &[Case], effort: Effort, progress: &dyn Fn(&str)) -> Vec<Answer> {
    let plans: Vec<Plan> = cases.iter().map(plan).collect();
    let simulated = simulate::answers(cases, &plans, effort, progress);
    let answer = |(plan, simulated): (&Plan, Option<Found>)| match (plan, simulated) {
        (Plan::NotExpressible(why), _) => Answer::NotExpressible(why.clone()),
        (Plan::Computed(found), _) => Answer::Found(found.clone()),
        (Plan::Simulate(..), Some(found)) => Answer::Found(found),
        (Plan::Simulate(..), None) => Answer::NotExpressible("the scenario was refused".to_owned()),
    };
    plans.iter().zip(simulated).map(answer).collect()
}

fn plan(case: &Case) -> Plan {
    let planned = || {
        let tolerance = Tolerance::of(&case.tolerance)?;
        if let Some(share) = tolerance.exact {
            let value = routines::value(case)?;
            let inside = (value - case.value).abs() <= share * case.value.abs();
            let interval = Interval { low: value, high: value };
            return Ok(Plan::Computed(Found { family: "routine", value, interval, inside, note: String::new() }));
        }
        let questions = family::questions(case)?;
        for question in &questions {
            question.system.scenario()?;
        }
        Ok(Plan::Simulate(tolerance, questions))
    };
    planned().unwrap_or_else(|why: String| Plan::NotExpressible(why))
}
