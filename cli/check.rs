//! `fleetfront check`.

use fleetfront_planner::{
    Basis, CellSummary, NaiveComparison, Pruned, SearchSpace, assumptions, cell_summaries, naive_estimates,
    request_words, search_space, shown_digest, warnings,
};
use fleetfront_scenario::{Mend, PoolPlan, Scenario, repaired};
use serde::Serialize;

use crate::args::CheckArgs;
use crate::failure::{Failure, Outcome};
use crate::screen::{Screen, print_json};
use crate::source::load;
use fleetfront_plots::Sources;
use fleetfront_plots::format::{Unit, estimate, given, kind_word, plain};

/// What a scenario means.
#[derive(Debug, Serialize)]
struct Meaning<'a> {
    scenario: &'a Scenario,
    cells: Vec<CellSummary>,
    infeasible: Vec<String>,
    warnings: Vec<String>,
    assumptions: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    requests: Vec<String>,
    naive: NaiveComparison,
    search: SearchSpace,
}

/// Checks a scenario and says what it means.
pub(crate) fn check(args: &CheckArgs) -> Result<Outcome, Failure> {
    let scenario = load(&args.scenario)?;
    let cells = cell_summaries(&scenario);
    let meaning = Meaning {
        scenario: &scenario,
        infeasible: infeasible(&scenario, &cells),
        cells,
        warnings: warnings(&scenario),
        assumptions: assumptions(&scenario),
        requests: request_words(&scenario),
        naive: naive_estimates(&scenario),
        search: search_space(&scenario),
    };
    match (args.quiet, args.json) {
        (true, _) => Ok(Outcome::Done),
        (false, true) => print_json(&meaning),
        (false, false) => meaning.screen().show(),
    }
}

/// What cannot run where an allocation puts it, why, and the nearest mend.
fn infeasible(scenario: &Scenario, cells: &[CellSummary]) -> Vec<String> {
    let mut words = Vec::new();
    for (index, allocation) in scenario.allocations.iter().enumerate() {
        let mends = repaired(scenario, index).map_or(Vec::new(), |(_, mends)| mends);
        let placed = allocation.pools.iter().flat_map(|pool| pool.models.iter().map(|(m, v)| (*m, *v, pool.gpu)));
        for (model, variant, gpu) in placed {
            let names = &scenario.models[model];
            let (name, variant_name) = (&names.name, &names.variants[variant].name);
            let gpu_name = &scenario.gpus[gpu].name;
            let is_here = |c: &&CellSummary| (&c.model, &c.variant, &c.gpu) == (name, variant_name, gpu_name);
            let cell = cells.iter().find(is_here).expect("every variant has a cell on every GPU type");
            if cell.feasible {
                continue;
            }
            let is_mend = |mend: &&Mend| (mend.repair.model, mend.repair.variant) == (model, variant);
            let mend = mends.iter().find(is_mend).map_or("", |mend| mend.words.as_str());
            let (of, why) = (&allocation.name, &cell.memory);
            words.push(format!("\"{of}\": {name} ({variant_name}) cannot run on {gpu_name}: {why}. {mend}"));
        }
    }
    words
}

impl Meaning<'_> {
    /// What the numbers of a table are, and whose.
    fn basis(&self, what: &str) -> String {
        let digest = shown_digest(&self.scenario.inputs_sha256);
        format!("{what} (of {}, inputs {digest})", self.scenario.name)
    }

    fn screen(&self) -> Screen {
        let scenario = self.scenario;
        let mut screen = Screen::new();
        let (models, gpus, allocations) = (scenario.models.len(), scenario.gpus.len(), scenario.allocations.len());
        screen.paragraph(&format!(
            "The scenario {} is valid: {models} models, {gpus} GPU types, {allocations} allocations. {}",
            scenario.name, scenario.description
        ));
        self.show_naive(&mut screen);
        screen.list("What cannot run as written", &self.infeasible);
        screen.list("Warnings and contradictions", &self.warnings);
        screen.list("What requests ask for", &self.requests);
        screen.list("Nobody measured", &self.assumptions);
        let mut sources = Sources::default();
        self.show_platform(&mut screen, &mut sources);
        self.show_models(&mut screen, &mut sources);
        self.show_allocations(&mut screen);
        self.show_feasibility(&mut screen);
        self.show_failures(&mut screen, &mut sources);
        self.show_fits(&mut screen);
        self.show_sources_of_times(&mut screen, &mut sources);
        screen.list("Sources, by the numbers above", &sources.lines());
        screen
    }

    fn show_naive(&self, screen: &mut Screen) {
        let naive = &self.naive;
        let bill = |estimate: &fleetfront_planner::NaiveEstimate| {
            format!("\"{}\" {} a month", estimate.allocation, plain(estimate.usd_month, Unit::Usd))
        };
        let bills: Vec<String> = naive.estimates.iter().map(bill).collect();
        screen.paragraph(&format!(
            "The spreadsheet ({} a request, price of the GPU, nothing else): {}; {} saved. It knows no boots, no idle \
             time and no slower GPU.",
            plain(naive.seconds_per_request, Unit::Seconds),
            bills.join(", "),
            plain((naive.saving * 1000.0).round() / 1000.0, Unit::Share)
        ));
    }

    fn show_platform(&self, screen: &mut Screen, sources: &mut Sources) {
        let (platform, traffic) = (&self.scenario.platform, &self.scenario.traffic);
        screen.heading("Scenario");
        screen.item(&format!(
            "platform {}: CPU cores of a container {}, memory {} GiB; region multiplier {}; a month has {} days",
            platform.name, platform.cpu_cores, platform.memory_gib, platform.region_multiplier, platform.days_per_month
        ));
        let own = traffic.models.iter().any(|model| model.slow_rates.as_ref().is_some_and(|own| !own.is_empty()));
        let burst = match traffic.slow_rates.len() {
            _ if own => "with random rates by model".to_owned(),
            0 => "Poisson".to_owned(),
            1 => "with a slowly varying random rate".to_owned(),
            several => format!("with a random rate that varies on {several} time scales"),
        };
        let cycle = if traffic.models.iter().any(|model| model.curve.is_weekly()) { "weekly" } else { "daily" };
        let spikes = match traffic.models.iter().map(|model| model.spikes.len()).max() {
            None | Some(0) => String::new(),
            Some(1) => ", a scheduled spike".to_owned(),
            Some(several) => format!(", {several} scheduled spikes"),
        };
        let replayed = match traffic.models.iter().filter(|model| model.replay.is_some()).count() {
            0 => String::new(),
            1 => ", one model replayed".to_owned(),
            several => format!(", {several} models replayed"),
        };
        let run_in = plain(traffic.run_in.get(), Unit::Seconds);
        screen.item(&format!("traffic: {cycle} curve, {burst}{spikes}{replayed}; {run_in} simulated before each day"));
        let grid = &self.scenario.grid;
        let windows: Vec<String> = grid.windows.iter().map(|window| window.get().to_string()).collect();
        let warm: Vec<String> = grid.min_containers.iter().map(ToString::to_string).collect();
        screen.item(&format!("grid: windows of {} s; {} warm containers", windows.join(", "), warm.join(" or ")));
        let SearchSpace { settings, fleets, pruned } = &self.search;
        let fleets = if *fleets < 1e6 { plain(*fleets, Unit::Count) } else { format!("{fleets:.1e}") };
        screen.item(&format!("search: {} pool settings, {fleets} fleets", plain(*settings as f64, Unit::Count)));
        for Pruned { what, why, count } in pruned {
            screen.item(&format!("not tried: {} {what}: {why}", plain(*count as f64, Unit::Count)));
        }
        screen.item(&format!("inputs (SHA-256): {}", self.scenario.inputs_sha256));
        let row = |gpu: &fleetfront_scenario::Gpu| {
            let (usd, kind) = if gpu.offered {
                let kind = sources.cite(&Basis::stated(&gpu.price_provenance));
                (plain(gpu.usd_per_second.get() * 3600.0, Unit::Usd), kind)
            } else {
                ("not offered".to_owned(), "–".to_owned())
            };
            vec![
                gpu.name.clone(),
                usd,
                kind,
                format!("{} GiB", gpu.usable_gib),
                sources.cite(&Basis::stated(&gpu.memory_provenance)),
                gpu.features.join(", "),
            ]
        };
        let rows: Vec<Vec<String>> = self.scenario.gpus.iter().map(row).collect();
        screen.titled("GPU types", &self.basis("kind and source of each row"));
        let columns = ["GPU", "an hour", "kind [from]", "usable memory", "kind [from]", "features"];
        screen.table(&columns, &rows, &[1, 3]);
    }

    fn show_models(&self, screen: &mut Screen, sources: &mut Sources) {
        let row = |model: &fleetfront_scenario::Model| {
            let variants: Vec<&str> = model.variants.iter().map(|variant| variant.name.as_str()).collect();
            vec![
                model.name.clone(),
                variants.join(", "),
                plain(model.requests_per_day, Unit::Count),
                sources.cite(&Basis::stated(&model.traffic_provenance)),
                plain(model.latency_limit_s.get(), Unit::Seconds),
                plain(model.failure_probability, Unit::Share),
                sources.cite(&Basis::stated(&model.failure_provenance)),
            ]
        };
        let rows: Vec<Vec<String>> = self.scenario.models.iter().map(row).collect();
        screen.titled("Models", &self.basis("kind and source of each row; latency limit: setting"));
        let columns =
            ["model", "variants", "requests a day", "kind [from]", "latency limit", "tries that fail", "kind [from]"];
        screen.table(&columns, &rows, &[2, 4, 5]);
    }

    fn show_allocations(&self, screen: &mut Screen) {
        let scenario = self.scenario;
        let models = |pool: &PoolPlan| -> String {
            let name = |(model, variant): &(usize, usize)| {
                let model = &scenario.models[*model];
                format!("{} ({})", model.name, model.variants[*variant].name)
            };
            pool.models.iter().map(name).collect::<Vec<_>>().join(", ")
        };
        let mut rows = Vec::new();
        for (index, allocation) in scenario.allocations.iter().enumerate() {
            let role = match index {
                _ if index == scenario.baseline => " (baseline)",
                _ if index == scenario.proposed => " (under review)",
                _ => "",
            };
            for (place, pool) in allocation.pools.iter().enumerate() {
                rows.push(vec![
                    if place == 0 { format!("{}{role}", allocation.name) } else { String::new() },
                    pool.name.clone(),
                    scenario.gpus[pool.gpu].name.clone(),
                    models(pool),
                    plain(pool.settings.scaledown_window.get(), Unit::Seconds),
                    pool.settings.min_containers.to_string(),
                    pool.settings.max_inputs.to_string(),
                ]);
            }
        }
        screen.titled("Allocations", &self.basis("settings"));
        screen.table(&["allocation", "pool", "GPU", "models", "window", "warm", "inputs"], &rows, &[4, 5, 6]);
    }

    fn show_feasibility(&self, screen: &mut Screen) {
        let gpus: Vec<&str> = self.scenario.gpus.iter().map(|gpu| gpu.name.as_str()).collect();
        let mut rows: Vec<Vec<String>> = Vec::new();
        // Cells come model by model, variant by variant, all GPU types of each in a row.
        for cells in self.cells.chunks(gpus.len()) {
            let mut row = vec![format!("{} {}", cells[0].model, cells[0].variant)];
            row.extend(cells.iter().map(|cell| cell.sign().to_owned()));
            rows.push(row);
        }
        let derived = "derived: peaks beside usable memory, with kind and source in the memory file";
        screen.titled("What runs where (≈: hardly any memory to spare; !: some runs failed)", &self.basis(derived));
        screen.table(&[&["model, variant"], gpus.as_slice()].concat(), &rows, &[]);
    }

    /// Cells whose tries fail more or less often than their model's.
    fn show_failures(&self, screen: &mut Screen, sources: &mut Sources) {
        let row = |cell: &CellSummary| {
            let failures = cell.failures.as_ref()?;
            let seen = failures.seen.map_or_else(
                || "–".to_owned(),
                |seen| format!("{} of {}, {} out of memory", seen.failed, seen.runs, seen.out_of_memory),
            );
            Some(vec![
                format!("{} {}", cell.model, cell.variant),
                cell.gpu.clone(),
                estimate(failures.probability, Unit::Share),
                format!("{} [{}]", kind_word(failures.kind), sources.numbers(&failures.sources)),
                seen,
            ])
        };
        let rows: Vec<Vec<String>> = self.cells.iter().filter_map(row).collect();
        if !rows.is_empty() {
            screen.heading("Tries that fail, where a cell has a share of its own (90 % interval where it was counted)");
            screen.table(&["model, variant", "GPU", "tries that fail", "kind [from]", "runs that failed"], &rows, &[2]);
        }
    }

    fn show_fits(&self, screen: &mut Screen) {
        let row = |cell: &CellSummary| {
            let dash = || "–".to_owned();
            vec![
                format!("{} {}", cell.model, cell.variant),
                cell.gpu.clone(),
                cell.service().map_or_else(dash, |mean| estimate(mean, Unit::Seconds)),
                cell.service_cv.map_or_else(dash, |cv| plain(cv, Unit::Share)),
                cell.service_kind.map_or_else(dash, |kind| kind_word(kind).to_owned()),
                cell.service_n.map_or_else(dash, |n| n.to_string()),
                cell.boot().map_or_else(dash, |mean| given(mean, Unit::Seconds)),
                cell.boot_kind.map_or_else(dash, |kind| kind_word(kind).to_owned()),
                cell.memory.clone(),
            ]
        };
        let rows: Vec<Vec<String>> = self.cells.iter().map(row).collect();
        let kinds = "kinds of service and boot by row, their sources in the next table; memory as above";
        let heading = "Times used: mean warm service and boot (90 % of what is not known of them), spread";
        screen.titled(heading, &self.basis(kinds));
        let columns = ["model, variant", "GPU", "service", "cv", "kind", "n", "boot", "kind", "memory"];
        screen.table(&columns, &rows, &[2, 3, 5, 6]);
    }

    /// Who says so, of the times on every GPU type.
    fn show_sources_of_times(&self, screen: &mut Screen, sources: &mut Sources) {
        let variants =
            || self.scenario.models.iter().flat_map(|model| model.variants.iter().map(move |of| (model, of)));
        let names: Vec<String> = variants().map(|(model, of)| format!("{} {}", model.name, of.name)).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let mut columns: Vec<(String, Vec<String>)> = Vec::new();
        for (place, gpu) in self.scenario.gpus.iter().enumerate() {
            let cells = variants().map(|(_, of)| {
                let fits = of.cells[place].service.iter().chain(&of.cells[place].boot);
                sources.numbers(fits.flat_map(|fit| &fit.sources))
            });
            columns.push((gpu.name.clone(), cells.collect()));
        }
        screen.titled("Sources of the times used, by number", &self.basis("kinds as above"));
        screen.matrix("model, variant", &names, &columns);
    }
}
