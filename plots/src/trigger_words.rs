//! Triggers in words: the same in the table, the figure and the files.

use fleetfront_planner::{Basis, Estimate, Indifferent, KnobUnit, Trigger};

use crate::format::{Unit, estimate, plain, prose};
use crate::sources::Sources;

/// The number that a trigger's knob is, as a unit of ours.
#[must_use]
pub fn unit(of: KnobUnit) -> Unit {
    match of {
        KnobUnit::RequestsADay | KnobUnit::Count => Unit::Count,
        KnobUnit::UsdAnHour => Unit::Usd,
        KnobUnit::Seconds => Unit::Seconds,
        KnobUnit::Factor => Unit::Ratio,
        KnobUnit::Share => Unit::Share,
    }
}

/// What stands behind the number.
#[must_use]
pub fn suffix(of: KnobUnit) -> &'static str {
    match of {
        KnobUnit::RequestsADay => " a day",
        KnobUnit::UsdAnHour => " an hour",
        KnobUnit::Seconds | KnobUnit::Factor | KnobUnit::Share | KnobUnit::Count => "",
    }
}

/// Where it passes: `$1.65 (1.62–1.67) an hour`. An interval over orders of magnitude has no digits in common: each end
/// keeps its own.
#[must_use]
pub fn number(trigger: &Trigger) -> String {
    let unit = unit(trigger.unit);
    let Estimate { value, low, high } = trigger.at;
    let at = if high > 3.0 * low {
        format!("{} ({}–{})", plain(value, unit), plain(low, unit), plain(high, unit))
    } else {
        estimate(trigger.at, unit)
    };
    at + suffix(trigger.unit)
}

/// The same with its direction: `< $1.65 (1.62–1.67) an hour`.
#[must_use]
pub fn at(trigger: &Trigger) -> String {
    format!("{} {}", if trigger.at.value > trigger.now { ">" } else { "<" }, number(trigger))
}

/// What follows beyond.
#[must_use]
pub fn then(trigger: &Trigger) -> String {
    prose(&if trigger.holds_beyond { trigger.claim.clone() } else { format!("no longer: {}", trigger.claim) })
}

/// `price of T4 exceeds $0.83 (0.79–0.88) an hour: then ...`
#[must_use]
pub fn sentence(trigger: &Trigger) -> String {
    let verb = if trigger.at.value > trigger.now { "exceeds" } else { "falls below" };
    format!("the {} {verb} {}: then {}", trigger.knob, number(trigger), then(trigger))
}

/// A number that changes no answer, with its range.
#[must_use]
pub fn indifferent(of: &Indifferent) -> String {
    let [least, most] = of.range.map(|number| plain(number, unit(of.unit)) + suffix(of.unit));
    format!("{}, from {least} to {most}", of.knob)
}

/// Columns of [`trigger_row`].
pub const TRIGGER_COLUMNS: [&str; 5] = ["number", "now", "kind [from]", "passes", "then"];

/// Those of them that are numbers.
pub const TRIGGER_NUMBERS: [usize; 2] = [1, 3];

/// A trigger as a row.
///
/// - `sources`: of what the scenario says, cited by number.
#[must_use]
pub fn trigger_row(trigger: &Trigger, sources: &mut Sources) -> Vec<String> {
    let now = plain(trigger.now, unit(trigger.unit)) + suffix(trigger.unit);
    vec![trigger.knob.clone(), now, sources.cite(&trigger.now_basis), at(trigger), then(trigger)]
}

/// What its numbers are: what the scenario says, and where an answer changes.
#[must_use]
pub fn trigger_basis(simulated: &Basis) -> String {
    format!("now: kind and source of each row; passes, {}", simulated.words())
}

/// The nearest trigger as the answer.
#[must_use]
pub fn answer(triggers: &[Trigger]) -> String {
    match triggers.first() {
        Some(nearest) => prose(&format!("Review when {}.", sentence(nearest))),
        None => "No number that was tried changes an answer.".to_owned(),
    }
}
