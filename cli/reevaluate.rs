//! `fleetfront reevaluate`.

use fleetfront_planner::{Based, Control, Effort, ObservedCalls, Question, Reevaluation, drift};
use fleetfront_plots::drift_words::{
    DRIFT_COLUMNS, DRIFT_NUMBERS, EFFECT_COLUMNS, drift_basis, drift_headline, drift_rows, effect_basis, effect_rows,
    fired_lines,
};
use fleetfront_plots::format::{Unit, estimate, plain, prose};
use fleetfront_plots::trigger_words::{
    TRIGGER_COLUMNS, TRIGGER_NUMBERS, answer as nearest, indifferent, trigger_basis, trigger_row,
};
use fleetfront_plots::{Sources, reevaluate_files};
use fleetfront_scenario::Allocation;

use crate::answer::{AnswerFolder, command, unmended};
use crate::calls::{calls_words, dates, observed};
use crate::compare::chosen;
use crate::failure::{Failure, Outcome};
use crate::interrupt::Interrupt;
use crate::output_folder::REEVALUATE;
use crate::reevaluate_args::ReevaluateArgs;
use crate::screen::{Screen, print_results};
use crate::source::load;
use crate::traffic::refused;
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
    let log = args.observed.as_ref().map(|path| observed(path, &args.calls, &scenario)).transpose()?;
    if log.is_none() {
        refuse_idle_words(args)?;
    }
    let calls = log.as_ref().map(|(log, _)| ObservedCalls::of(log, &scenario, &dates(&args.calls, None)));
    let calls = calls.transpose().map_err(|error| refused(&error.to_string()))?;
    let interrupt = Interrupt::listen();
    let work = |control: &Control| {
        let mut found = fleetfront_planner::reevaluate(&scenario, &allocations, effort, control)?;
        if let Some(calls) = &calls {
            found.drift = Some(drift(&scenario, &allocations, calls, &found.triggers, effort, control)?);
        }
        Ok(found)
    };
    let did = |found: &Reevaluation| format!("tried every number on {} trials", found.trials);
    let found = watched(&scenario, (&args.machine, args.trials), &interrupt, work, did)?;
    let written = folder.publish(&interrupt, || {
        let names = found.allocations.each_ref().map(|name| unmended(&scenario, name)).join(",");
        let mut words = vec!["--allocations".to_owned(), names, "--trials".to_owned(), args.trials.to_string()];
        if let Some((_, word)) = &log {
            words.extend(["--observed".to_owned(), word.clone()]);
            words.extend(calls_words(&args.calls));
        }
        reevaluate_files(&found, &mends, &command("reevaluate", &args.scenario, &words, args.machine.seed))
    })?;
    if args.answer.json {
        print_results(&found, &found.basis())?;
    } else {
        let mut screen = answer(&found, &mends);
        if let Some(words) = &written {
            screen.paragraph(words);
        }
        screen.show()?;
    }
    let rejected = found.drift.as_ref().is_some_and(|drift| drift.assumptions.iter().any(|of| of.rejected));
    Ok(if args.gate && rejected { Outcome::CriterionFailed } else { Outcome::Done })
}

/// Refuses words that say how a log is read where there is none.
fn refuse_idle_words(args: &ReevaluateArgs) -> Result<(), Failure> {
    // What these two say when nobody asks.
    const DEFAULTS: [&str; 4] = ["--zone", "UTC", "--wrong-share", "0.01"];
    let words = calls_words(&args.calls);
    match words.iter().find(|word| !DEFAULTS.contains(&word.as_str())) {
        Some(word) => {
            Err(Failure::input(format!("{word}: says how a log is read, and none is given"), "give --observed LOG"))
        }
        None => Ok(()),
    }
}

fn answer(found: &Reevaluation, mends: &[String]) -> Screen {
    let (mut screen, mut sources, basis) = (Screen::new(), Sources::default(), found.basis());
    if let Some(drift) = &found.drift {
        screen.paragraph(&drift_headline(drift, &found.questions));
        screen.list("Triggers", &fired_lines(drift));
        screen.titled("What the log says", &drift_basis(drift));
        screen.table(&DRIFT_COLUMNS, &drift_rows(drift, &mut sources), &DRIFT_NUMBERS);
        let effects = effect_rows(drift, &found.questions);
        if !effects.is_empty() {
            screen.titled("With its numbers", &effect_basis(drift, &basis));
            screen.table(&EFFECT_COLUMNS, &effects, &[3, 4]);
        }
        screen.list("Not tested", &drift.not_tested);
        screen.list("What was repaired in the log or assumed", &drift.remarks);
        screen.paragraph(&format!(
            "p is adjusted for {} tests (Holm): below 0.05 an assumption is rejected. Calls are taken as served by \"{}\".",
            drift.assumptions.len(),
            drift.allocation
        ));
    }
    screen.paragraph(&nearest(&found.triggers));
    screen.list("What had to be changed to make them run", mends);
    let rows: Vec<Vec<String>> = found.questions.iter().map(question_row).collect();
    screen.titled("Now", &basis.words());
    screen.table(&["claim", "holds", "ratio", "at most"], &rows, &[2, 3]);
    let rows: Vec<Vec<String>> = found.triggers.iter().map(|of| trigger_row(of, &mut sources)).collect();
    screen.titled("Review when", &trigger_basis(&basis));
    screen.table(&TRIGGER_COLUMNS, &rows, &TRIGGER_NUMBERS);
    screen.list("Sources, by the numbers above", &sources.lines());
    let indifferent: Vec<String> = found.indifferent.iter().map(indifferent).collect();
    screen.list("Not shown to change an answer (simulated, over the range that was tried)", &indifferent);
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
