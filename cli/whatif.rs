//! `fleetfront whatif`.

use fleetfront_planner::{Based, Change, ChangeGroup, Control, Effort, WhatIf, what_if};
use fleetfront_plots::format::{Unit, estimate, judgement_word, kind_word, prose};
use fleetfront_plots::what_if_files::{criteria, quality, what_if_basis, what_if_files};
use fleetfront_scenario::{Allocation, Mend, Scenario, repaired};

use crate::answer::{AnswerFolder, command, unmended};
use crate::args::WhatIfArgs;
use crate::failure::{Failure, Outcome};
use crate::interrupt::Interrupt;
use crate::output_folder::WHAT_IF;
use crate::screen::{Screen, print_results};
use crate::simulate::find;
use crate::source::load;
use crate::watch::watched;

/// Tries one change after the other and prints what each brings.
pub(crate) fn whatif(args: &WhatIfArgs) -> Result<Outcome, Failure> {
    let scenario = load(&args.scenario)?;
    let index = args.allocation.as_ref().map_or(Ok(scenario.baseline), |name| find(&scenario, name))?;
    let (allocation, mends) = runnable(&scenario, index);
    let (baseline, _) = runnable(&scenario, scenario.baseline);
    let folder = AnswerFolder::claim(args.answer.out.as_ref(), &WHAT_IF)?;
    let effort = Effort { trials: args.trials, seed: args.machine.seed };
    let interrupt = Interrupt::listen();
    let work = |control: &Control| what_if(&scenario, &allocation, &baseline, effort, control);
    let did = |found: &WhatIf| format!("tried {} changes on {} trials", found.changes.len(), found.trials);
    let found = watched(&scenario, (&args.machine, args.trials), &interrupt, work, did)?;
    let written = folder.publish(&interrupt, || {
        let name = unmended(&scenario, &found.allocation);
        let words = ["--allocation".to_owned(), name, "--trials".to_owned(), args.trials.to_string()];
        what_if_files(&found, &mends, &command("whatif", &args.scenario, &words, args.machine.seed))
    })?;
    if args.answer.json {
        return print_results(&found, &found.basis());
    }
    let mut screen = answer(&found, &mends);
    if let Some(words) = &written {
        screen.paragraph(words);
    }
    screen.show()
}

/// An allocation that runs, and what was changed for it.
fn runnable(scenario: &Scenario, index: usize) -> (Allocation, Vec<String>) {
    match repaired(scenario, index) {
        None => (scenario.allocations[index].clone(), Vec::new()),
        Some((allocation, mends)) => (allocation, mends.into_iter().map(|Mend { words, .. }| words).collect()),
    }
}

fn answer(found: &WhatIf, mends: &[String]) -> Screen {
    let mut screen = Screen::new();
    screen.paragraph(&prose(&found.headline));
    screen.list("What had to be changed to make it run", mends);
    let now = &found.now;
    screen.paragraph(&format!(
        "As it is, \"{}\" costs {} a month with a p95 of {}, and {} of the requests complete. Its criteria, against \
         \"{}\": {}.",
        found.allocation,
        estimate(now.cost_usd_month, Unit::Usd),
        estimate(now.latency_s_p95, Unit::Seconds),
        estimate(now.success_rate, Unit::Share),
        found.baseline,
        judgement_word(now.judgement),
    ));
    let columns = ["change", "saves a month", "p95", "complete", "LPIPS", "criteria"];
    let rows: Vec<Vec<String>> = found.changes.iter().map(|change| row(change, found)).collect();
    screen.titled("One change at a time, those that save most first", &what_if_basis(found));
    screen.table(&columns, &rows, &[1, 2, 3]);
    let best: Vec<String> = ChangeGroup::ALL.into_iter().filter_map(|group| best(found, group)).collect();
    screen.list("What to write for the best of each kind", &best);
    screen.list("What cannot run", &found.impossible);
    screen.paragraph(&format!(
        "Numbers in brackets are 95 % intervals over {} trials (seed {}), paired: they hold luck, not whether a change \
         does what it says. LPIPS is the distance to the reference precision; criteria that come out better are counted \
         with +, worse with −. --out writes the lines of every change.",
        found.trials, found.seed
    ));
    screen
}

fn row(change: &Change, found: &WhatIf) -> Vec<String> {
    let complete = |of| estimate(of, Unit::Share);
    let (before, after) = (complete(found.now.success_rate), complete(change.success_rate));
    vec![
        change.what.clone(),
        estimate(change.saves_usd_month, Unit::Usd),
        estimate(change.latency_p95_ratio, Unit::Ratio),
        if before == after { "as now".to_owned() } else { after },
        quality(change),
        criteria(change),
    ]
}

/// `a shorter window: pool flux: a window of 60 s; scaledown_window_s = 60.0 in pool "flux" of "current" (setting)`.
fn best(found: &WhatIf, group: ChangeGroup) -> Option<String> {
    let change = found.changes.iter().find(|change| change.group == group)?;
    let mut lines = change.write.trim_end().lines();
    let first = lines.next().unwrap_or("");
    let kind = change.kind.map_or("a setting", kind_word);
    let write = if lines.next().is_none() {
        format!("`{first}` {}", change.place)
    } else {
        format!("{} lines of {first} {}", change.write.lines().count(), change.place)
    };
    Some(format!("{}: {} ({kind}: {}); {write}", group.name(), change.what, change.basis))
}
