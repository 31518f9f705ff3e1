//! `fleetfront why`.

use fleetfront_planner::{Control, Why, run_study, why as find_rivals};
use fleetfront_plots::format::{Unit, estimate, prose};
use fleetfront_plots::why_files;

use crate::answer::{AnswerFolder, command};
use crate::args::WhyArgs;
use crate::failure::{Failure, Outcome};
use crate::interrupt::Interrupt;
use crate::output_folder::WHY;
use crate::screen::{Screen, print_json};
use crate::simulate::find;
use crate::source::load;
use crate::watch::watched;

/// Says which fleets beat an allocation, and by what.
pub(crate) fn why(args: &WhyArgs) -> Result<Outcome, Failure> {
    let scenario = load(&args.scenario)?;
    let name = &scenario.allocations[find(&scenario, &args.allocation)?].name;
    let folder = AnswerFolder::claim(args.out.as_ref(), &WHY)?;
    let interrupt = Interrupt::listen();
    let (pace, effort) = (&args.pace, args.pace.effort());
    let work = |control: &Control| run_study(&scenario, effort, control);
    let study = watched(&scenario, (&pace.machine, pace.trials), &interrupt, work, |_| pace.said())?;
    let Some(answer) = find_rivals(&study, name) else {
        let what = format!("allocation \"{name}\" cannot run, and no variant or GPU type makes it run");
        return Err(Failure::input(what, "`fleetfront check` says what fits where"));
    };
    let written = folder.publish(&interrupt, || {
        let words = ["--allocation", name, "--trials", &pace.trials.to_string()].map(str::to_owned);
        why_files(&study, &answer, &command("why", &args.scenario, &words, pace.machine.seed))
    })?;
    if args.json {
        return print_json(&answer);
    }
    let mut screen = shown(&answer);
    if let Some(words) = &written {
        screen.paragraph(words);
    }
    screen.show()
}

fn shown(answer: &Why) -> Screen {
    let mut screen = Screen::new();
    screen.paragraph(&prose(&answer.headline));
    let rows = ["beats it by", "cost a month", "  less by", "worst p95 / limit", "mean latency"];
    let mut columns = vec![(
        answer.allocation.clone(),
        vec![
            "–".to_owned(),
            estimate(answer.cost_usd_month, Unit::Usd),
            "–".to_owned(),
            estimate(answer.worst_p95_over_limit, Unit::Ratio),
            estimate(answer.latency_s_mean, Unit::Seconds),
        ],
    )];
    columns.extend(answer.rivals.iter().enumerate().map(|(place, rival)| {
        let cells = vec![
            rival.beats.clone(),
            estimate(rival.fleet.cost_usd_month, Unit::Usd),
            estimate(rival.saves_usd_month, Unit::Usd),
            estimate(rival.fleet.worst_p95_over_limit, Unit::Ratio),
            estimate(rival.fleet.latency_s_mean, Unit::Seconds),
        ];
        (format!("fleet {}", place + 1), cells)
    }));
    screen.heading("Beside the fleets that beat it");
    screen.matrix("", &rows, &columns);
    let pools: Vec<String> = (answer.rivals.iter().enumerate())
        .map(|(place, rival)| prose(&format!("fleet {}: {}", place + 1, rival.fleet.label)))
        .collect();
    screen.list("What they are", &pools);
    screen.paragraph(
        "Only cost and latency count here; the criteria that compare with the baseline may refuse what beats it. \
         `fleetfront run` says what they leave.",
    );
    screen
}
