//! `fleetfront elsewhere`.

use fleetfront_planner::{Based, Control, CostThere, Effort, Elsewhere, PlatformCost};
use fleetfront_plots::format::{Unit, estimate, plain, prose};

use crate::args::ElsewhereArgs;
use crate::failure::{Failure, Outcome};
use crate::interrupt::Interrupt;
use crate::screen::{Screen, print_results};
use crate::simulate::find;
use crate::source::load;
use crate::watch::watched;

/// Simulates an allocation under every platform's billing and prints what it costs there.
pub(crate) fn elsewhere(args: &ElsewhereArgs) -> Result<Outcome, Failure> {
    let scenario = load(&args.scenario)?;
    let allocation = match &args.allocation {
        Some(name) => find(&scenario, name)?,
        None => scenario.baseline,
    };
    let effort = Effort { trials: args.trials, seed: args.machine.seed };
    let interrupt = Interrupt::listen();
    let work = |control: &Control| fleetfront_planner::elsewhere(&scenario, allocation, effort, control);
    let did = |found: &Elsewhere| format!("simulated {} trials on each platform", found.trials);
    let found = watched(&scenario, (&args.machine, args.trials), &interrupt, work, did)?;
    if args.json {
        return print_results(&found, &found.basis());
    }
    answer(&found).show()
}

/// What is listed of a platform.
type Items = fn(&PlatformCost) -> &Vec<String>;

fn answer(found: &Elsewhere) -> Screen {
    let mut screen = Screen::new();
    screen.paragraph(&prose(&found.headline));
    let mut columns = vec![(format!("{} (home)", found.home_name), home_cells(found))];
    columns.extend(found.platforms.iter().map(|place| (place.platform.clone(), cells(place))));
    let basis = format!("{}; windows of platforms: published, docs/platforms.md", found.basis().words());
    screen.titled(&format!("\"{}\" on other platforms, the same requests", found.allocation), &basis);
    screen.matrix("platform", &ROWS, &columns);
    let lists: [(&str, Items); 4] = [
        ("Why it cannot run there", |place| &place.infeasible),
        ("What had to be changed to make it run there", |place| &place.changes),
        ("What was left behind, because it holds at home only", |place| &place.left_behind),
        ("What is not as it is there", |place| &place.caveats),
    ];
    for (heading, of) in lists {
        let items: Vec<String> = (found.platforms.iter())
            .filter(|place| !of(place).is_empty())
            .map(|place| prose(&format!("{}: {}", place.platform, of(place).join("; "))))
            .collect();
        screen.list(heading, &items);
    }
    screen.paragraph(&format!(
        "Costs are before any plan's fee. Numbers in brackets are 95 % intervals over {} trials (seed {}): they hold \
         luck, not wrong inputs. Service and boot times are taken to be the same everywhere; docs/platforms.md says \
         where every price and rule comes from.",
        found.trials, found.seed
    ));
    screen
}

const ROWS: [&str; 7] = [
    "cost a month",
    "latency p95",
    "cost over that at home",
    "its own window",
    "  cost a month with it",
    "  latency p95 with it",
    "GPU types not offered",
];

fn home_cells(found: &Elsewhere) -> Vec<String> {
    let mut cells = cost_cells(found.home.as_ref()).to_vec();
    cells.resize(ROWS.len(), "–".to_owned());
    cells
}

fn cells(place: &PlatformCost) -> Vec<String> {
    let none = || "–".to_owned();
    let own = place.default_window.as_ref();
    let mut cells = cost_cells(place.outcome.as_ref()).to_vec();
    cells.push(place.cost_ratio.map_or_else(none, |ratio| estimate(ratio, Unit::Ratio)));
    cells.push(own.map_or_else(none, |own| plain(own.window_s, Unit::Seconds)));
    cells.extend(cost_cells(own.map(|own| &own.outcome)));
    cells.push(if place.not_offered.is_empty() { none() } else { place.not_offered.join(", ") });
    cells
}

fn cost_cells(outcome: Option<&CostThere>) -> [String; 2] {
    match outcome {
        Some(outcome) => [estimate(outcome.cost_usd_month, Unit::Usd), estimate(outcome.latency_s_p95, Unit::Seconds)],
        None => ["–".to_owned(), "–".to_owned()],
    }
}
