//! `fleetfront why`.

use std::path::Path;

use fleetfront_planner::{Based, Control, Study, Why, run_study, why as find_rivals};
use fleetfront_plots::format::{Unit, estimate, prose};
use fleetfront_plots::{RenderConfig, why_files};

use crate::answer::{AnswerFolder, command};
use crate::args::WhyArgs;
use crate::failure::{Failure, Outcome};
use crate::interrupt::Interrupt;
use crate::output_folder::WHY;
use crate::run::quoted;
use crate::saved;
use crate::screen::{Screen, print_results};
use crate::simulate::{among, find};
use crate::source::{load, served};
use crate::watch::watched;

/// Says which fleets beat an allocation, and by what.
pub(crate) fn why(args: &WhyArgs) -> Result<Outcome, Failure> {
    let folder = AnswerFolder::claim(args.answer.out.as_ref(), &WHY)?;
    let interrupt = Interrupt::listen();
    let (study, name) = match &args.study {
        Some(path) => of_saved(path, &args.allocation)?,
        None => of_simulated(args, &interrupt)?,
    };
    let Some(answer) = find_rivals(&study, &name) else {
        let what = format!("allocation \"{name}\" cannot run, and no variant or GPU type makes it run");
        return Err(Failure::input(what, "`fleetfront check` says what fits where"));
    };
    let written = folder.publish(&interrupt, || why_files(&study, &answer, &made_by(args, &name)))?;
    if args.answer.json {
        return print_results(&answer, &study.basis());
    }
    let mut screen = shown(&answer, &study.basis().words());
    if let Some(words) = &written {
        screen.paragraph(words);
    }
    screen.show()
}

/// The command that makes the same files again.
fn made_by(args: &WhyArgs, name: &str) -> RenderConfig {
    if let Some(path) = &args.study {
        let words = ["--study", &path.display().to_string(), "--allocation", name].map(quoted);
        return RenderConfig { command: format!("fleetfront why {}", words.join(" ")) };
    }
    let words = ["--allocation", name, "--trials", &args.pace.trials.to_string()].map(str::to_owned);
    command("why", &args.scenario, &words, args.pace.machine.seed)
}

/// A study of the scenario, and the name of the allocation.
fn of_simulated(args: &WhyArgs, interrupt: &Interrupt) -> Result<(Study, String), Failure> {
    let scenario = load(&args.scenario)?;
    served(&scenario)?;
    let name = &scenario.allocations[find(&scenario, &args.allocation)?].name;
    let (pace, effort) = (&args.pace, args.pace.effort());
    let work = |control: &Control| run_study(&scenario, effort, control);
    let study = watched(&scenario, (&pace.machine, pace.trials), interrupt, work, |_| pace.said())?;
    Ok((study, name.clone()))
}

/// The same of a study that was saved, which also has the recommended allocation and what was made to fit.
fn of_saved(path: &Path, name: &str) -> Result<(Study, String), Failure> {
    let study = saved::read(path)?;
    let names: Vec<&str> = study.allocations.iter().map(|allocation| allocation.name.as_str()).collect();
    let name = among(&format!("the study {}", path.display()), &names, name).map(|index| names[index].to_owned())?;
    Ok((study, name))
}

fn shown(answer: &Why, simulated: &str) -> Screen {
    let mut screen = Screen::new();
    screen.paragraph(&prose(&answer.headline));
    let rows = [
        "beats it by",
        "cost a month",
        "  less by",
        "worst p95 / limit",
        "mean latency",
        "p95 of all requests",
        "like neighbours",
    ];
    let mut columns = vec![(
        answer.allocation.clone(),
        vec![
            "–".to_owned(),
            estimate(answer.cost_usd_month, Unit::Usd),
            "–".to_owned(),
            estimate(answer.worst_p95_over_limit, Unit::Ratio),
            estimate(answer.latency_s_mean, Unit::Seconds),
            estimate(answer.latency_s_p95, Unit::Seconds),
            "–".to_owned(),
        ],
    )];
    columns.extend(answer.rivals.iter().enumerate().map(|(place, rival)| {
        let cells = vec![
            rival.beats.clone(),
            estimate(rival.fleet.cost_usd_month, Unit::Usd),
            estimate(rival.saves_usd_month, Unit::Usd),
            estimate(rival.fleet.worst_p95_over_limit, Unit::Ratio),
            estimate(rival.fleet.latency_s_mean, Unit::Seconds),
            rival.fleet.latency_s_p95.map_or("–".to_owned(), |p95| estimate(p95, Unit::Seconds)),
            rival.fleet.indistinguishable.len().to_string(),
        ];
        (format!("fleet {}", place + 1), cells)
    }));
    screen.titled("Beside the fleets that beat it", simulated);
    screen.matrix("", &rows, &columns);
    let pools: Vec<String> = (answer.rivals.iter().enumerate())
        .map(|(place, rival)| prose(&format!("fleet {}: {}", place + 1, rival.fleet.label)))
        .collect();
    screen.list("What they are", &pools);
    screen.paragraph(
        "Like neighbours: fleets next to it on its frontier that neither cost nor latency tells from it. Only cost and \
         latency count here; the criteria that compare with the baseline may refuse what beats it. \
         `fleetfront run` says what they leave.",
    );
    screen
}
