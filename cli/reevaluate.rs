//! `fleetfront reevaluate`.

use fleetfront_planner::{Control, Effort, Estimate, Indifferent, KnobUnit, Question, Reevaluation, Trigger};
use fleetfront_plots::format::{Unit, estimate, plain, prose};
use fleetfront_scenario::Allocation;

use crate::args::ReevaluateArgs;
use crate::compare::chosen;
use crate::failure::{Failure, Outcome};
use crate::interrupt::Interrupt;
use crate::screen::{Screen, print_json};
use crate::source::load;
use crate::watch::watched;

/// Finds what would change the choice and prints it.
pub(crate) fn reevaluate(args: &ReevaluateArgs) -> Result<Outcome, Failure> {
    let scenario = load(&args.scenario)?;
    let (allocations, mends) = chosen(&scenario, &args.allocations)?;
    let allocations: [Allocation; 2] = allocations.try_into().map_err(|all: Vec<Allocation>| {
        let what = format!("--allocations: {} are given, and a choice is between two", all.len());
        Failure::input(what, "name two allocations")
    })?;
    let effort = Effort { trials: args.trials, seed: args.machine.seed };
    let interrupt = Interrupt::listen();
    let work = |control: &Control| fleetfront_planner::reevaluate(&scenario, &allocations, effort, control);
    let did = |found: &Reevaluation| format!("tried every number on {} trials", found.trials);
    let found = watched(&scenario, (&args.machine, args.trials), &interrupt, work, did)?;
    if args.json {
        return print_json(&found);
    }
    answer(&found, &mends).show()
}

fn answer(found: &Reevaluation, mends: &[String]) -> Screen {
    let mut screen = Screen::new();
    match found.triggers.first() {
        Some(nearest) => screen.paragraph(&prose(&format!("Review when {}.", words(nearest)))),
        None => screen.paragraph("No number that was tried changes an answer."),
    }
    screen.list("What had to be changed to make them run", mends);
    let rows: Vec<Vec<String>> = found.questions.iter().map(question_row).collect();
    screen.heading("Now");
    screen.table(&["claim", "holds", "ratio", "at most"], &rows, &[2, 3]);
    let rows: Vec<Vec<String>> = found.triggers.iter().map(trigger_row).collect();
    screen.heading("Review when");
    screen.table(&["number", "now", "passes", "then"], &rows, &[1, 2]);
    let indifferent: Vec<String> = found.indifferent.iter().map(indifferent_words).collect();
    screen.list("Changes no answer", &indifferent);
    screen.paragraph(&format!(
        "Numbers in brackets are 95 % intervals over {} trials (seed {}), paired; each number is moved by itself.",
        found.trials, found.seed
    ));
    screen
}

fn question_row(question: &Question) -> Vec<String> {
    let holds = match question.holds() {
        Some(true) => "yes",
        Some(false) => "no",
        None => "undecided",
    };
    let (value, target) = (estimate(question.value, Unit::Ratio), plain(question.target, Unit::Ratio));
    vec![prose(&question.claim), holds.to_owned(), value, target]
}

fn trigger_row(trigger: &Trigger) -> Vec<String> {
    let unit = unit(trigger.unit);
    let at = number(trigger);
    let passes = format!("{} {at}", if trigger.at.value > trigger.now { ">" } else { "<" });
    vec![trigger.knob.clone(), plain(trigger.now, unit) + suffix(trigger.unit), passes, then(trigger)]
}

/// `price of T4 exceeds $0.83 (0.79–0.88) an hour: then ...`
fn words(trigger: &Trigger) -> String {
    let verb = if trigger.at.value > trigger.now { "exceeds" } else { "falls below" };
    format!("the {} {verb} {}: then {}", trigger.knob, number(trigger), then(trigger))
}

/// Where it passes. An interval over orders of magnitude has no digits in common: each end keeps its own.
fn number(trigger: &Trigger) -> String {
    let unit = unit(trigger.unit);
    let Estimate { value, low, high } = trigger.at;
    let at = if high > 3.0 * low {
        format!("{} ({}–{})", plain(value, unit), plain(low, unit), plain(high, unit))
    } else {
        estimate(trigger.at, unit)
    };
    at + suffix(trigger.unit)
}

fn then(trigger: &Trigger) -> String {
    prose(&if trigger.holds_beyond { trigger.claim.clone() } else { format!("no longer: {}", trigger.claim) })
}

fn indifferent_words(of: &Indifferent) -> String {
    let [least, most] = of.range.map(|number| plain(number, unit(of.unit)) + suffix(of.unit));
    format!("{}, from {least} to {most}", of.knob)
}

fn unit(of: KnobUnit) -> Unit {
    match of {
        KnobUnit::RequestsADay => Unit::Count,
        KnobUnit::UsdAnHour => Unit::Usd,
        KnobUnit::Seconds => Unit::Seconds,
        KnobUnit::Factor => Unit::Ratio,
    }
}

fn suffix(of: KnobUnit) -> &'static str {
    match of {
        KnobUnit::RequestsADay => " a day",
        KnobUnit::UsdAnHour => " an hour",
        KnobUnit::Seconds | KnobUnit::Factor => "",
    }
}
