//! `fleetfront reevaluate`.

use fleetfront_planner::{Control, Effort, Question, Reevaluation, Trigger};
use fleetfront_plots::format::{Unit, estimate, plain, prose};
use fleetfront_plots::reevaluate_files;
use fleetfront_plots::trigger_words::{answer as nearest, at, indifferent, suffix, then, unit};
use fleetfront_scenario::Allocation;

use crate::answer::{AnswerFolder, command, unmended};
use crate::args::ReevaluateArgs;
use crate::compare::chosen;
use crate::failure::{Failure, Outcome};
use crate::interrupt::Interrupt;
use crate::output_folder::REEVALUATE;
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
    let folder = AnswerFolder::claim(args.answer.out.as_ref(), &REEVALUATE)?;
    let effort = Effort { trials: args.trials, seed: args.machine.seed };
    let interrupt = Interrupt::listen();
    let work = |control: &Control| fleetfront_planner::reevaluate(&scenario, &allocations, effort, control);
    let did = |found: &Reevaluation| format!("tried every number on {} trials", found.trials);
    let found = watched(&scenario, (&args.machine, args.trials), &interrupt, work, did)?;
    let written = folder.publish(&interrupt, || {
        let names = found.allocations.each_ref().map(|name| unmended(&scenario, name)).join(",");
        let words = ["--allocations".to_owned(), names, "--trials".to_owned(), args.trials.to_string()];
        reevaluate_files(&found, &mends, &command("reevaluate", &args.scenario, &words, args.machine.seed))
    })?;
    if args.answer.json {
        return print_json(&found);
    }
    let mut screen = answer(&found, &mends);
    if let Some(words) = &written {
        screen.paragraph(words);
    }
    screen.show()
}

fn answer(found: &Reevaluation, mends: &[String]) -> Screen {
    let mut screen = Screen::new();
    screen.paragraph(&nearest(&found.triggers));
    screen.list("What had to be changed to make them run", mends);
    let rows: Vec<Vec<String>> = found.questions.iter().map(question_row).collect();
    screen.heading("Now");
    screen.table(&["claim", "holds", "ratio", "at most"], &rows, &[2, 3]);
    let rows: Vec<Vec<String>> = found.triggers.iter().map(trigger_row).collect();
    screen.heading("Review when");
    screen.table(&["number", "now", "passes", "then"], &rows, &[1, 2]);
    let indifferent: Vec<String> = found.indifferent.iter().map(indifferent).collect();
    screen.list("Not shown to change an answer", &indifferent);
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
    let now = plain(trigger.now, unit(trigger.unit)) + suffix(trigger.unit);
    vec![trigger.knob.clone(), now, at(trigger), then(trigger)]
}
