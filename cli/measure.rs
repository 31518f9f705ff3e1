//! `fleetfront measure`.

use fleetfront_planner::{Based, Control, Role, Study, Worlds, WorldsEffort, replan, unknowns, worlds};
use fleetfront_plots::format::prose;
use fleetfront_plots::measure_words::{
    MEASURE_COLUMNS, MONTH_COLUMNS, SPLIT_COLUMNS, holds, measure_basis, measure_cells, month_cells, open_criteria,
    split_rows, worth_showing,
};
use fleetfront_plots::{Sources, measure_files};
use fleetfront_scenario::{Allocation, Mend, Scenario, nearest, repaired};

use crate::answer::{AnswerFolder, command, unmended};
use crate::args::MeasureArgs;
use crate::failure::{Failure, Outcome};
use crate::interrupt::Interrupt;
use crate::output_folder::MEASURE;
use crate::saved;
use crate::screen::{Screen, print_results};
use crate::simulate::find;
use crate::source::{described, load};
use crate::watch::watched;

/// Simulates the worlds and prints what to measure next.
pub(crate) fn measure(args: &MeasureArgs) -> Result<Outcome, Failure> {
    let (scenario, study) = asked(args)?;
    let (allocations, mends) = chosen(&scenario, study.as_ref(), &args.allocations)?;
    check_fixed(&scenario, &allocations, &args.fix)?;
    let folder = AnswerFolder::claim(args.out.as_ref(), &MEASURE)?;
    let effort = WorldsEffort { worlds: args.worlds, trials: args.trials, seed: args.machine.seed };
    if !effort.is_even(&scenario) {
        let what =
            format!("--trials {}: the days of the week differ, and worlds of other than whole weeks", args.trials);
        return Err(Failure::input(what + " would not be alike", "give 14, 21, 28 or another multiple of 7"));
    }
    let Some(all_trials) = args.worlds.checked_mul(args.trials) else {
        let what = format!("{} worlds of {} days are too many to be counted", args.worlds, args.trials);
        return Err(Failure::input(what, "give fewer --worlds or --trials"));
    };
    let interrupt = Interrupt::listen();
    let work = |control: &Control| worlds(&scenario, &allocations, effort, &args.fix, control);
    let did = |found: &Worlds| format!("simulated {} worlds of {} trials of each", found.worlds, found.trials);
    let found = watched(&scenario, (&args.machine, all_trials), &interrupt, work, did)?;
    let written = folder.publish(&interrupt, || {
        let words = words(args, &scenario, &allocations);
        measure_files(&found, &mends, &command("measure", &args.scenario, &words, args.machine.seed))
    })?;
    if args.json {
        return print_results(&found, &found.basis());
    }
    let mut screen = answer(&found, &mends);
    if let Some(words) = &written {
        screen.paragraph(words);
    }
    screen.show()
}

/// The scenario, and the study whose it is where one is named.
fn asked(args: &MeasureArgs) -> Result<(Scenario, Option<Study>), Failure> {
    let Some(path) = &args.study else { return Ok((load(&args.scenario)?, None)) };
    let (files, _) = saved::inputs(path)?;
    let scenario = Scenario::load(&files).map_err(|problems| Failure::Input(described(&problems, &files)))?;
    Ok((scenario, Some(saved::read(path)?)))
}

/// What makes the same files again.
fn words(args: &MeasureArgs, scenario: &Scenario, allocations: &[Allocation]) -> Vec<String> {
    let study = args.study.iter().flat_map(|path| ["--study".to_owned(), path.display().to_string()]);
    let names: Vec<String> = allocations.iter().map(|of| unmended(scenario, &of.name)).collect();
    let (worlds, trials) = (args.worlds.to_string(), args.trials.to_string());
    let fixed = args.fix.iter().flat_map(|name| ["--fix".to_owned(), name.clone()]);
    study
        .chain(["--allocations".to_owned(), names.join(",")])
        .chain(["--worlds".to_owned(), worlds, "--trials".to_owned(), trials])
        .chain(fixed)
        .collect()
}

/// The allocations, each made to run where it cannot, and what was changed for it. Without names: the baseline, the
/// proposed one, and what a study recommends.
fn chosen(
    scenario: &Scenario,
    study: Option<&Study>,
    names: &[String],
) -> Result<(Vec<Allocation>, Vec<String>), Failure> {
    let recommended = study.and_then(|study| study.allocations.iter().find(|of| of.role == Role::Recommended));
    let recommended = recommended.and_then(|of| replan(scenario, of));
    let mut mended = Vec::new();
    let mut runnable = |index: usize| match repaired(scenario, index) {
        None => scenario.allocations[index].clone(),
        Some((allocation, mends)) => {
            mended.extend(mends.into_iter().map(|Mend { words, .. }| words));
            allocation
        }
    };
    let mut allocations: Vec<Allocation> = Vec::new();
    if names.is_empty() {
        allocations.push(runnable(scenario.baseline));
        if scenario.proposed != scenario.baseline {
            allocations.push(runnable(scenario.proposed));
        }
        allocations.extend(recommended);
    } else {
        for name in names {
            allocations.push(match &recommended {
                Some(own) if own.name == *name => own.clone(),
                _ => runnable(find(scenario, name)?),
            });
        }
    }
    for (place, own) in allocations.iter().enumerate() {
        if allocations[..place].iter().any(|other| other.name == own.name) {
            let what = format!("--allocations: \"{}\" stands there twice", own.name);
            return Err(Failure::input(what, "name each allocation once"));
        }
    }
    Ok((allocations, mended))
}

/// Refuses a name to be fixed that nothing has.
fn check_fixed(scenario: &Scenario, allocations: &[Allocation], fixed: &[String]) -> Result<(), Failure> {
    let known: Vec<String> = unknowns(scenario, allocations).into_iter().map(|unknown| unknown.name).collect();
    let Some(wrong) = fixed.iter().find(|name| !known.contains(name)) else { return Ok(()) };
    let meant = nearest(wrong, known.iter().map(String::as_str));
    let meant = meant.map_or(String::new(), |meant| format!("did you mean \"{meant}\"? "));
    let what = format!("--fix: nothing unknown of these allocations is called \"{wrong}\"");
    Err(Failure::input(what, format!("{meant}What is unknown: {}", known.join(", "))))
}

fn answer(found: &Worlds, mends: &[String]) -> Screen {
    let mut screen = Screen::new();
    screen.paragraph(&prose(&found.headline));
    let months: Vec<String> = found.allocations.iter().map(|of| prose(&(of.words() + "."))).collect();
    screen.list("What a month may come to", &months);
    screen.list("What had to be changed to make them run", mends);
    let (shown, mut sources, simulated) = (worth_showing(found), Sources::default(), found.basis().words());
    if !shown.is_empty() {
        let rows: Vec<Vec<String>> = shown.into_iter().map(|of| measure_cells(of, &mut sources).into()).collect();
        screen.titled("What to measure, the most valuable first", &measure_basis(found));
        screen.table(&MEASURE_COLUMNS, &rows, &[1, 2, 4, 5, 6]);
    }
    screen.list("Sources, by the numbers above", &sources.lines());
    let rows: Vec<Vec<String>> = found.allocations.iter().map(|of| month_cells(of).into()).collect();
    screen.titled("Allocations, over all worlds", &simulated);
    screen.table(&MONTH_COLUMNS, &rows, &[1, 2, 3, 4, 5]);
    let rows: Vec<Vec<String>> = found.allocations.iter().flat_map(split_rows).map(Into::into).collect();
    if !rows.is_empty() {
        screen.titled("Luck and ignorance", &simulated);
        screen.table(&SPLIT_COLUMNS, &rows, &[2, 3, 4, 5]);
    }
    let open: Vec<String> = found.allocations.iter().flat_map(open_criteria).map(|words| prose(&words)).collect();
    screen.list("Criteria that hold in some worlds only", &open);
    let silent: Vec<String> =
        found.measurements.iter().filter(|of| !of.is_shown).map(|of| of.unknown.name.clone()).collect();
    if !silent.is_empty() {
        screen.paragraph(&format!("Not shown to change the choice: {}.", silent.join(", ")));
    }
    screen.list("Held at what they are taken to be", &found.fixed);
    screen.list("Taken as known", &found.taken_as_known);
    screen.paragraph(&prose(&holds(found)));
    screen
}
