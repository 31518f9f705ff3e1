//! The tables of the report, one function each.

use std::collections::BTreeSet;

use fleetfront_planner::{
    AllocationMetrics, AllocationResult, CellSummary, CriterionResult, Judgement, Metrics, ModelResult, ModelSummary,
    Obstacle, PoolResult, Role, Study, schedule_words,
};
use fleetfront_sim::Execution;

use crate::bounds::{self as in_words, fleet_cells, fleet_rows, pool_rows};
use crate::cost_figure::of_state;
use crate::format::{
    Unit, change_usd, estimate, in_unit, judgement_symbol, judgement_word, kind_word, plain, prose, whole_usd,
};
use crate::table::{Cell, Look, Table, cell, head, names, number, words};
use crate::theme::State;

/// The spreadsheet's bill beside the simulated one.
pub(crate) fn naive(study: &Study) -> Table {
    let mut table = Table::new("A month's bill", &["allocation", "spreadsheet", "simulated", "factor"]);
    for allocation in &study.allocations {
        let bridge = study.naive.bridges.iter().find(|bridge| bridge.allocation == allocation.name);
        let spreadsheet = study.naive.estimates.iter().find(|one| one.allocation == allocation.name);
        let naive = bridge.map(|bridge| bridge.naive_usd_month).or(spreadsheet.map(|one| one.usd_month));
        let simulated = bridge.map(|bridge| bridge.simulated_usd_month);
        let factor = naive.zip(simulated).filter(|(naive, _)| *naive > 0.0);
        let factor = factor.map(|(naive, simulated)| plain(simulated.value / naive, Unit::Ratio));
        let missing = if allocation.results.is_none() { "cannot run" } else { "–" };
        table.push(vec![
            head(&allocation.name),
            number(naive.map_or("–".to_owned(), |naive| plain(naive, Unit::Usd))),
            number(simulated.map_or(missing.to_owned(), |simulated| estimate(simulated, Unit::Usd))),
            number(factor.unwrap_or_default()),
        ]);
    }
    table
}

/// From the spreadsheet to the simulated bill, step by step.
pub(crate) fn bridges(study: &Study) -> Table {
    let bridges = &study.naive.bridges;
    let mut table = Table::new("From the spreadsheet's bill to the simulated one, USD a month", &["step"]);
    table.columns.extend(bridges.iter().map(|bridge| bridge.allocation.clone()));
    let mut row = |name: &str, of: &dyn Fn(&fleetfront_planner::Bridge) -> String| {
        table.push(std::iter::once(head(name)).chain(bridges.iter().map(|bridge| number(of(bridge)))).collect());
    };
    row("spreadsheet", &|bridge| plain(bridge.naive_usd_month, Unit::Usd));
    let mut steps: Vec<&str> = Vec::new();
    for step in bridges.iter().flat_map(|bridge| &bridge.steps) {
        if !steps.contains(&step.what.as_str()) {
            steps.push(&step.what);
        }
    }
    for what in steps {
        row(what, &|bridge| {
            let step = bridge.steps.iter().find(|step| step.what == what);
            step.map_or_else(String::new, |step| change_usd(step.usd_month))
        });
    }
    row("simulated", &|bridge| estimate(bridge.simulated_usd_month, Unit::Usd));
    table
}

/// Between what the bills and latencies of the allocations lie.
pub(crate) fn bounds(study: &Study) -> Table {
    let columns: Vec<(&str, Vec<String>)> =
        study.allocations.iter().filter_map(|of| Some((of.name.as_str(), fleet_cells(of)?))).collect();
    beside("Between what bounds: a month of the whole fleet", fleet_rows(), &columns)
}

/// The same of the pools of one allocation; empty where it has no bounds.
pub(crate) fn pool_bounds(allocation: &AllocationResult) -> Table {
    let cells = in_words::pool_cells(allocation);
    let columns: Vec<(&str, Vec<String>)> = cells.iter().map(|(name, cells)| (name.as_str(), cells.clone())).collect();
    beside(&format!("Between what bounds: the pools of {}", allocation.name), pool_rows(), &columns)
}

/// A row a property, a column an entry; empty without entries.
fn beside(caption: &str, rows: impl Iterator<Item = &'static str>, columns: &[(&str, Vec<String>)]) -> Table {
    let mut table = Table::new(caption, &["what"]);
    table.columns.extend(columns.iter().map(|(name, _)| (*name).to_owned()));
    for (place, name) in rows.enumerate().filter(|_| !columns.is_empty()) {
        let cells = columns.iter().map(|(_, cells)| number(&cells[place]));
        table.push(std::iter::once(head(name.trim_start())).chain(cells).collect());
    }
    table
}

/// The criteria of an allocation, judged.
pub(crate) fn criteria(allocation: &AllocationResult) -> Table {
    let columns = ["criterion", "subject", "found", "target", "judgement", "baseline", "note"];
    let mut table = Table::new(format!("Criteria: {}", allocation.name), &columns);
    for criterion in &allocation.criteria {
        let CriterionResult { target, unit, .. } = criterion;
        let target = fleetfront_planner::Estimate::exact(*target);
        table.push(vec![
            head(&criterion.criterion),
            words(&criterion.subject),
            number(in_unit(criterion.value, unit)),
            number(in_unit(target, unit)),
            judged(criterion.judgement),
            criterion.baseline.map_or_else(|| words("–"), judged),
            words(&criterion.note),
        ]);
    }
    table
}

fn judged(judgement: Judgement) -> Cell {
    let look = match judgement {
        Judgement::Pass => Look::Good,
        Judgement::Undecided => Look::Open,
        Judgement::Fail => Look::Bad,
    };
    cell(look, format!("{} {}", judgement_symbol(judgement), judgement_word(judgement)))
}

/// What stands in the way of meeting everything.
pub(crate) fn obstacles(obstacles: &[Obstacle]) -> Table {
    let columns = ["criterion", "why nothing meets it", "what relaxing buys", "the bill then, a month"];
    let mut table = Table::new("What stands in the way of meeting everything", &columns);
    for obstacle in obstacles {
        let without = obstacle.usd_month_otherwise.map_or("no change".to_owned(), whole_usd);
        table.push(vec![
            head(prose(&obstacle.criterion)),
            words(prose(&obstacle.why)),
            words(prose(&obstacle.relaxing_it)),
            number(without),
        ]);
    }
    table
}

/// A metric's heading and how it is read.
type Metric = (&'static str, fn(&Metrics) -> String);

const BILL: [Metric; 9] = [
    ("cost a month", |m| estimate(m.cost_usd_month, Unit::Usd)),
    ("cost a request", |m| estimate(m.cost_usd_per_request, Unit::Usd)),
    ("busy", |m| estimate(of_state(&m.cost_by_state, State::Busy), Unit::Usd)),
    ("idle", |m| estimate(of_state(&m.cost_by_state, State::Idle), Unit::Usd)),
    ("booting", |m| estimate(of_state(&m.cost_by_state, State::Boot), Unit::Usd)),
    ("wasted", |m| estimate(of_state(&m.cost_by_state, State::Wasted), Unit::Usd)),
    ("utilisation", |m| estimate(m.utilisation, Unit::Share)),
    ("containers", containers),
    ("boots a day", |m| estimate(m.boots_per_day, Unit::Count)),
];

const LATENCY: [Metric; 8] = [
    ("p50", |m| estimate(m.latency_s_p50, Unit::Seconds)),
    ("p95", |m| estimate(m.latency_s_p95, Unit::Seconds)),
    ("p99", |m| estimate(m.latency_s_p99, Unit::Seconds)),
    ("mean latency", |m| estimate(m.latency_s_mean, Unit::Seconds)),
    ("mean wait", |m| estimate(m.wait_s_mean, Unit::Seconds)),
    ("late", |m| estimate(m.late_share, Unit::Share)),
    ("completed", |m| estimate(m.success_rate, Unit::Share)),
    ("cold starts", |m| estimate(m.cold_start_share, Unit::Share)),
];

const POOL: [Metric; 5] = [BILL[0], LATENCY[1], LATENCY[7], BILL[6], BILL[7]];

fn containers(metrics: &Metrics) -> String {
    format!("{}, peak {}", estimate(metrics.containers_mean, Unit::Count), metrics.containers_peak)
}

fn headings(of: &[Metric]) -> impl Iterator<Item = String> {
    of.iter().map(|(name, _)| (*name).to_owned())
}

fn cells(of: &[Metric], metrics: &Metrics) -> impl Iterator<Item = Cell> {
    of.iter().map(|(_, read)| number(read(metrics)))
}

fn role_word(role: Role) -> &'static str {
    match role {
        Role::Baseline => "baseline",
        Role::Proposed => "proposed",
        Role::Repaired => "proposed, repaired",
        Role::Named => "named in the scenario",
        Role::Recommended => "recommended",
    }
}

/// What the allocations cost as wholes.
pub(crate) fn fleet_bills(study: &Study) -> Table {
    let mut table = fleets(study, "What the allocations cost", &BILL);
    let results = || study.allocations.iter().filter_map(|allocation| allocation.results.as_ref());
    if results().any(AllocationMetrics::has_own_bill) {
        table.columns.push("billed, with the plan".to_owned());
        for (row, results) in table.rows.iter_mut().zip(results()) {
            row.push(number(estimate(results.bill_usd_month, Unit::Usd)));
        }
    }
    table
}

/// How long requests take in the allocations as wholes.
pub(crate) fn fleet_latencies(study: &Study) -> Table {
    let mut table = fleets(study, "How long requests take in the allocations", &LATENCY);
    table.columns.push("worst p95 over limit".to_owned());
    let results = study.allocations.iter().filter_map(|allocation| allocation.results.as_ref());
    for (row, results) in table.rows.iter_mut().zip(results) {
        let worst = estimate(results.worst_p95_over_limit, Unit::Ratio);
        row.push(number(format!("{worst}, {}", results.worst_model)));
    }
    table
}

fn fleets(study: &Study, caption: &str, metrics: &[Metric]) -> Table {
    let mut table = Table::new(caption, &["allocation", "role"]);
    table.columns.extend(headings(metrics));
    for allocation in &study.allocations {
        let Some(results) = &allocation.results else { continue };
        let mut row = vec![head(&allocation.name), words(role_word(allocation.role))];
        row.extend(cells(metrics, &results.fleet));
        table.push(row);
    }
    table
}

/// The pools of an allocation with their settings and results.
pub(crate) fn pools(allocation: &AllocationResult) -> Table {
    let settings = ["pool", "GPU", "models", "min", "max", "buffer", "window", "inputs", "timeout", "retries"];
    let mut table = Table::new(format!("Pools: {}", allocation.name), &settings);
    if allocation.results.is_some() {
        table.columns.extend(headings(&POOL));
    }
    for pool in &allocation.pools {
        let mut row = pool_cells(pool);
        match &pool.metrics {
            _ if allocation.results.is_none() => {}
            Some(metrics) => row.extend(cells(&POOL, metrics)),
            None => row.extend(POOL.map(|_| number("–"))),
        }
        table.push(row);
    }
    table
}

fn pool_cells(pool: &PoolResult) -> Vec<Cell> {
    let settings = &pool.settings;
    let models: Vec<String> = pool.models.iter().map(|(model, variant)| format!("{model} ({variant})")).collect();
    let inputs = match &settings.execution {
        _ if settings.max_inputs <= 1 => "1".to_owned(),
        Execution::Serial => format!("{}, in turn", settings.max_inputs),
        Execution::Parallel => format!("{}, at once", settings.max_inputs),
        Execution::Shared(_) => format!("{}, sharing", settings.max_inputs),
        Execution::Batched(batching) => format!("batches of {}", batching.max_batch_size),
    };
    let ranked = settings.rules.gpu_fallback.iter().flatten();
    vec![
        head(&pool.name),
        words(std::iter::once(&pool.gpu).chain(ranked).map(String::as_str).collect::<Vec<_>>().join(", else ")),
        names(&models),
        number(settings.rules.schedule.as_deref().map_or(settings.min_containers.to_string(), schedule_words)),
        number(settings.max_containers.map_or("none".to_owned(), |most| most.to_string())),
        number(settings.buffer_containers.to_string()),
        number(plain(settings.scaledown_window.get(), Unit::Seconds)),
        words(inputs),
        number(plain(settings.timeout.get(), Unit::Seconds)),
        number(settings.retries.to_string()),
    ]
}

/// What every model costs in every allocation.
pub(crate) fn model_bills(study: &Study) -> Table {
    let mut table = Table::new("What each model costs", &["model", "allocation", "variant, GPU"]);
    table.columns.extend(headings(&BILL));
    for (model, allocation, result) in each_model(study) {
        let mut row = vec![head(&model.name), words(&allocation.name), served(result)];
        row.extend(cells(&BILL, &result.metrics));
        table.push(row);
    }
    table
}

/// How long requests take for every model in every allocation.
pub(crate) fn model_latencies(study: &Study) -> Table {
    let columns = ["model", "allocation", "variant, GPU", "limit", "warm service", "kind"];
    let mut table = Table::new("How long requests of each model take", &columns);
    table.columns.extend(headings(&LATENCY));
    for (model, allocation, result) in each_model(study) {
        let mut row = vec![
            head(&model.name),
            words(&allocation.name),
            served(result),
            number(plain(model.latency_limit_s, Unit::Seconds)),
            number(estimate(result.warm_service_s, Unit::Seconds)),
            words(kind_word(result.service_kind)),
        ];
        row.extend(cells(&LATENCY, &result.metrics));
        table.push(row);
    }
    table
}

/// Every model in every allocation that runs: the allocations of a model stand together.
fn each_model(study: &Study) -> impl Iterator<Item = (&ModelSummary, &AllocationResult, &ModelResult)> {
    study.models.iter().flat_map(|model| {
        study.allocations.iter().flat_map(move |allocation| {
            let results = allocation.results.iter().flat_map(|results| &results.models);
            let own = results.filter(|result| result.model == model.name);
            own.map(move |result| (model, allocation, result))
        })
    })
}

fn served(result: &ModelResult) -> Cell {
    names(&[result.variant.clone(), result.gpu.clone()])
}

/// The models themselves.
pub(crate) fn traffic(study: &Study) -> Table {
    let mut table = Table::new("Models", &["model", "requests a day", "kind", "p95 limit"]);
    for model in &study.models {
        let requests = plain(model.requests_per_day, Unit::Count);
        table.push(vec![
            head(&model.name),
            number(match model.clients {
                Some(clients) => format!("{requests} expected of {} clients", plain(clients, Unit::Count)),
                None => requests,
            }),
            words(kind_word(model.requests_kind)),
            number(plain(model.latency_limit_s, Unit::Seconds)),
        ]);
    }
    table
}

/// One table a model, and one for each group of models that share a pool, in this order.
pub(crate) fn frontiers(study: &Study) -> Vec<Table> {
    let mut units: Vec<&str> = study.models.iter().map(|model| model.name.as_str()).collect();
    for point in &study.points {
        if !units.contains(&point.choice.model.as_str()) {
            units.push(&point.choice.model);
        }
    }
    units.into_iter().map(|unit| frontier(study, unit)).filter(|table| !table.rows.is_empty()).collect()
}

/// The points of one model, or of models that share a pool, that nothing beats in both cost and p95.
fn frontier(study: &Study, model: &str) -> Table {
    let columns =
        ["cost a month", "p95 over limit", "p95", "p50", "late", "variant", "GPU", "window", "min", "service"];
    let alone = study.models.iter().any(|one| one.name == model);
    let together = if alone { model.to_owned() } else { format!("{} in one pool", spaced(model)) };
    let mut table = Table::new(format!("Frontier: {together}"), &columns);
    let mut points: Vec<_> =
        study.points.iter().filter(|point| point.on_model_frontier && point.choice.model == model).collect();
    let tries_more = points.iter().any(|point| !point.choice.further().is_empty());
    table.columns.extend(tries_more.then(|| "besides".to_owned()));
    points.sort_by(|a, b| a.metrics.cost_usd_month.value.total_cmp(&b.metrics.cost_usd_month.value));
    for point in points {
        let within = point.p95_over_limit.high <= 1.0;
        let ratio = estimate(point.p95_over_limit, Unit::Ratio);
        table.push(vec![
            number(estimate(point.metrics.cost_usd_month, Unit::Usd)),
            if within { number(format!("✓ {ratio}")) } else { number(ratio) },
            number(estimate(point.metrics.latency_s_p95, Unit::Seconds)),
            number(estimate(point.metrics.latency_s_p50, Unit::Seconds)),
            number(estimate(point.metrics.late_share, Unit::Share)),
            words(if alone { point.choice.variant.clone() } else { spaced(&point.choice.variant) }),
            words(point.choice.gpus()),
            number(plain(point.choice.scaledown_window_s, Unit::Seconds)),
            number(point.choice.min_containers.to_string()),
            words(kind_word(point.choice.service_kind)),
        ]);
        if tries_more {
            table.rows.last_mut().expect("just pushed").push(words(point.choice.further()));
        }
    }
    table
}

/// Names that are joined by `+`, with air to break lines at.
fn spaced(joined: &str) -> String {
    joined.replace('+', " + ")
}

/// Which variant can run on which GPU type.
pub(crate) fn feasibility(study: &Study) -> Table {
    let mut table = Table::new("What fits where", &["model, variant"]);
    table.columns.extend(study.gpus.iter().map(|gpu| format!("{} ({} GiB)", gpu.name, gpu.usable_gib)));
    let mut seen = BTreeSet::new();
    for first in study.cells.iter().filter(|one| seen.insert((one.model.clone(), one.variant.clone()))) {
        let mut row = vec![head(format!("{}, {}", first.model, first.variant))];
        row.extend(study.gpus.iter().map(|gpu| {
            let found =
                study.cells.iter().find(|c| c.model == first.model && c.variant == first.variant && c.gpu == gpu.name);
            found.map_or_else(|| words("–"), fit)
        }));
        table.push(row);
    }
    table
}

fn fit(found: &CellSummary) -> Cell {
    let look = match found.sign() {
        "✓" => Look::Good,
        "✗" => Look::Bad,
        _ => Look::Open,
    };
    cell(look, format!("{} {}", found.sign(), found.memory))
}

/// All notes on service and boot times, each once; [`laws`] refers to them by number, from 1.
pub(crate) fn notes(study: &Study) -> Vec<&str> {
    let mut seen = BTreeSet::new();
    let used = study.cells.iter().filter(|one| one.feasible).flat_map(|one| &one.notes);
    used.map(String::as_str).filter(|note| seen.insert(*note)).collect()
}

/// The service and boot times that were used.
pub(crate) fn laws(study: &Study) -> Table {
    let columns = [
        "model, variant",
        "GPU",
        "warm service, mean (could be)",
        "variation",
        "kind",
        "n",
        "boot, mean",
        "kind",
        "sources and notes, below",
    ];
    let notes = notes(study);
    let mut table = Table::new("Times used", &columns);
    for one in study.cells.iter().filter(|one| one.feasible) {
        let service = one.service_s.map_or("–".to_owned(), |mean| {
            let low = one.service_s_low.unwrap_or(mean);
            let high = one.service_s_high.unwrap_or(mean);
            estimate(fleetfront_planner::Estimate { value: mean, low, high }, Unit::Seconds)
        });
        let dash = || "–".to_owned();
        table.push(vec![
            head(format!("{}, {}", one.model, one.variant)),
            words(&one.gpu),
            number(service),
            number(one.service_cv.map_or_else(dash, |cv| plain(cv, Unit::Share))),
            words(one.service_kind.map_or("–", kind_word)),
            number(one.service_n.map_or_else(dash, |n| n.to_string())),
            number(one.boot_s.map_or_else(dash, |boot| plain(boot, Unit::Seconds))),
            words(one.boot_kind.map_or("–", kind_word)),
            words(numbers(one.notes.iter().filter_map(|note| notes.iter().position(|other| other == note)))),
        ]);
    }
    table
}

/// Positions as a reader counts them, rising.
fn numbers(positions: impl Iterator<Item = usize>) -> String {
    let rising: BTreeSet<usize> = positions.collect();
    rising.iter().map(|position| (position + 1).to_string()).collect::<Vec<_>>().join(", ")
}

/// What the GPU types cost.
pub(crate) fn prices(study: &Study) -> Table {
    let mut table = Table::new("GPU types", &["GPU", "GPU alone, an hour", "container, an hour", "usable memory"]);
    for gpu in &study.gpus {
        let usd = |price: f64| number(if gpu.offered { plain(price, Unit::Usd) } else { "not offered".to_owned() });
        table.push(vec![
            head(&gpu.name),
            usd(gpu.usd_per_hour),
            usd(gpu.container_usd_per_hour),
            number(format!("{} GiB", gpu.usable_gib)),
        ]);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::study;

    #[test]
    fn models_that_share_a_pool_have_their_own_frontier() {
        let tables = frontiers(&study());
        let shared = tables.last().expect("tables");
        assert_eq!(shared.caption, "Frontier: flux-schnell + flux-dev in one pool");
        assert_eq!(shared.rows.len(), 2);
        assert!(shared.rows.iter().flatten().any(|cell| cell.text == "fp8 + nf4"));
        assert!(tables.iter().any(|table| table.caption == "Frontier: lora"));
    }

    #[test]
    fn notes_are_told_once_and_found_by_number() {
        let mut study = study();
        study.cells[4].notes = vec!["second".into(), "team benchmark (2026-01-21)".into()];
        assert_eq!(notes(&study), ["team benchmark (2026-01-21)", "second"]);
        let table = laws(&study);
        let found: Vec<&str> = table.rows.iter().map(|row| row[8].text.as_str()).collect();
        assert_eq!(found.iter().filter(|numbers| **numbers == "1, 2").count(), 1);
        assert!(found.iter().all(|numbers| ["1", "1, 2"].contains(numbers)));
    }
}
