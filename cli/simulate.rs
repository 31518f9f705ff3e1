//! `fleetfront simulate`.

use fleetfront_planner::{
    AllocationResult, Basis, Control, Look, PoolResult, Replication, replicate, simulate_allocation, trace_trial,
};
use fleetfront_scenario::{Scenario, nearest, repaired};

use crate::args::SimulateArgs;
use crate::failure::{Failure, Outcome};
use crate::interrupt::Interrupt;
use crate::money::{show_months, show_spending};
use crate::rows::{metric_cells, metric_names, show_bounds, show_criteria, worst};
use crate::screen::{Screen, print_json, print_results};
use crate::source::load;
use crate::trace::{show_events, show_trial};
use crate::watch::watched;
use fleetfront_plots::bounds::{bounds_basis, pool_cells, pool_rows};
use fleetfront_plots::format::{Unit, estimate, kind_word, plain};
use fleetfront_plots::with_basis;

/// Simulates one allocation and prints it.
pub(crate) fn simulate(args: &SimulateArgs) -> Result<Outcome, Failure> {
    let scenario = load(&args.scenario)?;
    let index = find(&scenario, &args.allocation)?;
    if args.trial.is_some() || args.trace_events.is_some() {
        return one_trial(&scenario, index, args);
    }
    let interrupt = Interrupt::listen();
    let (pace, effort) = (&args.pace, args.pace.effort());
    let work = |control: &Control| simulate_allocation(&scenario, index, effort, control);
    let result = watched(&scenario, (&pace.machine, pace.trials), &interrupt, work, |_| pace.said())?;
    let basis = Basis::simulated(&scenario, pace.machine.seed, &format!("{} trials", pace.trials));
    if args.json {
        return print_results(&result, &basis);
    }
    let mends = repaired(&scenario, index).map_or(Vec::new(), |(_, mends)| mends);
    let mends: Vec<String> = mends.into_iter().map(|mend| mend.words).collect();
    let mut screen = detail(&scenario, &result, &mends, &basis.words());
    if result.results.is_some() {
        let (trials, seed) = (args.pace.trials, args.pace.machine.seed);
        screen.paragraph(&format!("Numbers in brackets are 95 % intervals over {trials} trials (seed {seed})."));
    }
    screen.show()
}

/// One trial alone, and its first events if asked for.
fn one_trial(scenario: &Scenario, index: usize, args: &SimulateArgs) -> Result<Outcome, Failure> {
    let allocation = &scenario.allocations[index];
    if let Some(mend) = repaired(scenario, index) {
        let words: Vec<String> = mend.1.into_iter().map(|mend| mend.words).collect();
        let what = format!("allocation \"{}\" cannot run", allocation.name);
        return Err(Failure::input(what, words.join("; ")));
    }
    let (seed, trial) = (args.pace.machine.seed, args.trial.unwrap_or(0));
    let trials =
        trial..trial.checked_add(1).ok_or_else(|| Failure::input("--trial is too large", "give a smaller number"))?;
    let interrupt = Interrupt::listen();
    let work = |control: &Control| replicate(scenario, index, trials, seed, Look::default(), control);
    let did = |_: &Vec<Replication>| "simulated 1 trial".to_owned();
    let replications = watched(scenario, (&args.pace.machine, 1), &interrupt, work, did)?;
    let basis = Basis::simulated(scenario, seed, &format!("trial {trial} alone"));
    if args.json {
        let each: Vec<_> = replications.iter().map(|replication| with_basis(replication, &basis)).collect();
        return print_json(&each);
    }
    let mut screen = Screen::new();
    for replication in &replications {
        show_trial(&mut screen, scenario, allocation, replication, &basis.words());
    }
    if let Some(limit) = args.trace_events {
        show_events(&mut screen, &trace_trial(scenario, index, seed, trial, limit as usize), &basis.words());
    }
    screen.show()
}

/// The allocation of that name.
pub(crate) fn find(scenario: &Scenario, name: &str) -> Result<usize, Failure> {
    let names: Vec<&str> = scenario.allocations.iter().map(|allocation| allocation.name.as_str()).collect();
    among(&format!("scenario {}", scenario.name), &names, name)
}

/// The place of `name` among the allocations of `whose`.
pub(crate) fn among(whose: &str, names: &[&str], name: &str) -> Result<usize, Failure> {
    names.iter().position(|other| *other == name).ok_or_else(|| {
        let meant = nearest(name, names.iter().copied());
        let meant = meant.map_or(String::new(), |meant| format!("did you mean \"{meant}\"? "));
        let what = format!("{whose} has no allocation \"{name}\"");
        Failure::input(what, format!("{meant}Its allocations: {}", names.join(", ")))
    })
}

/// - `mends`: what would make an allocation run that cannot.
fn detail(scenario: &Scenario, result: &AllocationResult, mends: &[String], simulated: &str) -> Screen {
    let mut screen = Screen::new();
    screen.paragraph(&format!("\"{}\": {}", result.name, result.description));
    let Some(results) = &result.results else {
        screen.list("It cannot run", &result.infeasible);
        screen.list("What would mend it", mends);
        return screen;
    };
    let bill = results.bill_usd_month;
    let billed = results.has_own_bill().then(|| format!(" ({} billed, with the plan)", estimate(bill, Unit::Usd)));
    screen.paragraph(&format!(
        "{} a month{}; latency p95 {}; {} of the requests complete. Worst p95 over limit: {}.",
        estimate(results.fleet.cost_usd_month, Unit::Usd),
        billed.unwrap_or_default(),
        estimate(results.fleet.latency_s_p95, Unit::Seconds),
        estimate(results.fleet.success_rate, Unit::Share),
        worst(results)
    ));
    show_criteria(&mut screen, result, &scenario.allocations[scenario.baseline].name, simulated);
    show_spending(&mut screen, std::slice::from_ref(result), simulated);
    show_months(&mut screen, std::slice::from_ref(result));
    show_pools(&mut screen, result, simulated);
    let rows: Vec<&str> =
        ["variant", "GPU", "requests a day", "warm service"].into_iter().chain(metric_names()).collect();
    let model = |model: &fleetfront_planner::ModelResult| {
        let kind = kind_word(model.service_kind);
        let mut cells = vec![
            model.variant.clone(),
            model.gpu.clone(),
            plain(model.metrics.requests_per_day, Unit::Count),
            format!("{}, {kind}", estimate(model.warm_service_s, Unit::Seconds)),
        ];
        cells.extend(metric_cells(Some(&model.metrics)));
        (model.model.clone(), cells)
    };
    let columns: Vec<(String, Vec<String>)> = results.models.iter().map(model).collect();
    let rest = "requests a day: as drawn; warm service: kind beside it, source as `check` says";
    screen.titled("Models", &format!("{simulated}; {rest}"));
    screen.matrix("model", &rows, &columns);
    show_bounds(&mut screen, result, std::slice::from_ref(result), simulated);
    let columns = pool_cells(result);
    screen.titled("Between what bounds, pool by pool", &bounds_basis(simulated));
    screen.matrix("pool", &pool_rows().collect::<Vec<_>>(), &columns);
    screen
}

fn show_pools(screen: &mut Screen, result: &AllocationResult, simulated: &str) {
    let rows: Vec<&str> = ["GPU", "models", "window", "warm", "at most", "buffer", "inputs", "timeout", "retries"]
        .into_iter()
        .chain(metric_names())
        .collect();
    let columns: Vec<(String, Vec<String>)> = result.pools.iter().map(pool_column).collect();
    screen.titled("Pools", &format!("window to retries: settings of the allocation; the rest, {simulated}"));
    screen.matrix("pool", &rows, &columns);
}

fn pool_column(pool: &PoolResult) -> (String, Vec<String>) {
    let settings = &pool.settings;
    let models: Vec<&str> = pool.models.iter().map(|(model, _)| model.as_str()).collect();
    let mut cells = vec![
        pool.gpu.clone(),
        models.join(", "),
        plain(settings.scaledown_window.get(), Unit::Seconds),
        settings.min_containers.to_string(),
        settings.max_containers.map_or("–".to_owned(), |most| most.to_string()),
        settings.buffer_containers.to_string(),
        settings.max_inputs.to_string(),
        plain(settings.timeout.get(), Unit::Seconds),
        settings.retries.to_string(),
    ];
    cells.extend(metric_cells(pool.metrics.as_ref()));
    (pool.name.clone(), cells)
}
