//! Metrics, criteria and bridges as rows of tables.

use fleetfront_planner::{AllocationMetrics, AllocationResult, Bridge, CriterionResult, Metrics};

use crate::screen::Screen;
use fleetfront_plots::bounds::{self, bounds_basis};
use fleetfront_plots::format::{
    Unit, change_usd, estimate, in_unit, judgement_symbol, judgement_word, plain, prose, value,
};

/// A metric's name and how it is read.
type Row = (&'static str, fn(&Metrics) -> String);

/// What is said of a fleet, a pool or a model.
const METRICS: [Row; 17] = [
    ("cost a month", |m| estimate(m.cost_usd_month, Unit::Usd)),
    ("  busy", |m| estimate(m.cost_by_state.busy_usd, Unit::Usd)),
    ("  idle", |m| estimate(m.cost_by_state.idle_usd, Unit::Usd)),
    ("  boot", |m| estimate(m.cost_by_state.boot_usd, Unit::Usd)),
    ("  wasted", |m| estimate(m.cost_by_state.wasted_usd, Unit::Usd)),
    ("cost a request", |m| estimate(m.cost_usd_per_request, Unit::Usd)),
    ("mean wait", |m| estimate(m.wait_s_mean, Unit::Seconds)),
    ("latency p50", |m| estimate(m.latency_s_p50, Unit::Seconds)),
    ("latency p95", |m| estimate(m.latency_s_p95, Unit::Seconds)),
    ("latency p99", |m| estimate(m.latency_s_p99, Unit::Seconds)),
    ("later than the limit", |m| estimate(m.late_share, Unit::Share)),
    ("cold starts", |m| estimate(m.cold_start_share, Unit::Share)),
    ("completed", |m| estimate(m.success_rate, Unit::Share)),
    ("utilisation", |m| estimate(m.utilisation, Unit::Share)),
    ("containers", |m| estimate(m.containers_mean, Unit::Count)),
    ("containers at most", |m| m.containers_peak.to_string()),
    ("boots a day", |m| estimate(m.boots_per_day, Unit::Count)),
];

/// The names of `METRICS`.
pub(crate) fn metric_names() -> impl Iterator<Item = &'static str> {
    METRICS.iter().map(|(name, _)| *name)
}

/// The cells of `METRICS`; dashes for what was not simulated.
pub(crate) fn metric_cells(metrics: Option<&Metrics>) -> impl Iterator<Item = String> {
    METRICS.iter().map(move |(_, read)| metrics.map_or("–".to_owned(), read))
}

/// How near the latest model of a fleet is to its limit.
pub(crate) fn worst(results: &AllocationMetrics) -> String {
    format!("{}, {}", estimate(results.worst_p95_over_limit, Unit::Ratio), results.worst_model)
}

/// The judged criteria of an allocation, each under its name; those that are for information only are left to the
/// report.
pub(crate) fn show_criteria(screen: &mut Screen, allocation: &AllocationResult, baseline: &str, simulated: &str) {
    let counts = |criterion: &&CriterionResult| !criterion.note.starts_with("for information");
    let counted: Vec<&CriterionResult> = allocation.criteria.iter().filter(counts).collect();
    if counted.is_empty() {
        return;
    }
    let mut names: Vec<&str> = Vec::new();
    for criterion in &counted {
        if !names.contains(&criterion.criterion.as_str()) {
            names.push(&criterion.criterion);
        }
    }
    let judged = |judgement| format!("{} {}", judgement_symbol(judgement), judgement_word(judgement));
    // The baseline itself has nobody to be compared with.
    let compared = counted.iter().any(|criterion| criterion.baseline.is_some());
    let mut rows = Vec::new();
    for name in names {
        for (index, criterion) in counted.iter().filter(|criterion| criterion.criterion == name).enumerate() {
            let mut row = vec![
                if index == 0 { name.to_owned() } else { String::new() },
                criterion.subject.clone(),
                in_unit(criterion.value, &criterion.unit),
                judged(criterion.judgement),
            ];
            row.extend(compared.then(|| criterion.baseline.map_or("–".to_owned(), judged)));
            rows.push(row);
        }
    }
    let mut columns = vec!["asked", "of", "found (95 % interval)", "judged"];
    columns.extend(compared.then_some(baseline));
    let basis = format!("{simulated}; warm service and LPIPS: the scenario's, with kind and source there");
    screen.titled(&format!("Criteria, \"{}\"", allocation.name), &basis);
    screen.table(&columns, &rows, &[2]);
}

/// The fleets of the allocations that were simulated, a column each.
pub(crate) fn show_allocations(screen: &mut Screen, allocations: &[AllocationResult], simulated: &str) {
    let mut rows: Vec<&str> = metric_names().collect();
    rows.push("worst p95 / limit");
    let is_billed = allocations.iter().filter_map(|a| a.results.as_ref()).any(AllocationMetrics::has_own_bill);
    rows.extend(is_billed.then_some("billed, with the plan"));
    let column = |allocation: &AllocationResult| {
        let results = allocation.results.as_ref()?;
        let mut cells: Vec<String> = metric_cells(Some(&results.fleet)).collect();
        cells.push(worst(results));
        cells.extend(is_billed.then(|| estimate(results.bill_usd_month, Unit::Usd)));
        Some((allocation.name.clone(), cells))
    };
    let columns: Vec<(String, Vec<String>)> = allocations.iter().filter_map(column).collect();
    screen.titled("Allocations", simulated);
    screen.matrix("the whole fleet", &rows, &columns);
}

/// Between what the bills and latencies of the allocations lie, a column each, under a sentence about `first`.
pub(crate) fn show_bounds(
    screen: &mut Screen,
    first: &AllocationResult,
    allocations: &[AllocationResult],
    simulated: &str,
) {
    let Some(headline) = bounds::headline(first) else { return };
    let columns: Vec<(String, Vec<String>)> =
        allocations.iter().filter_map(|of| Some((of.name.clone(), bounds::fleet_cells(of)?))).collect();
    screen.heading("Between what bounds, a month");
    screen.item(&prose(&headline));
    screen.basis(&bounds_basis(simulated));
    screen.matrix("the whole fleet", &bounds::fleet_rows().collect::<Vec<_>>(), &columns);
    for reason in allocations.iter().flat_map(bounds::reasons) {
        screen.item(&prose(&reason));
    }
}

/// From the spreadsheet's bill to the simulated one, a column a bridge.
pub(crate) fn show_bridges(screen: &mut Screen, bridges: &[Bridge], basis: &str) {
    let mut steps: Vec<&str> = Vec::new();
    for step in bridges.iter().flat_map(|bridge| &bridge.steps) {
        if !steps.contains(&step.what.as_str()) {
            steps.push(&step.what);
        }
    }
    let column = |bridge: &Bridge| {
        let of_step = |what: &&str| {
            let step = bridge.steps.iter().find(|step| step.what == **what);
            step.map_or_else(String::new, |step| change_usd(step.usd_month))
        };
        let factor = bridge.simulated_usd_month.scaled(1.0 / bridge.naive_usd_month);
        let mut cells = vec![plain(bridge.naive_usd_month, Unit::Usd)];
        cells.extend(steps.iter().map(of_step));
        cells.push(estimate(bridge.simulated_usd_month, Unit::Usd));
        cells.push(if bridge.naive_usd_month > 0.0 { value(factor, Unit::Ratio) } else { "–".to_owned() });
        (bridge.allocation.clone(), cells)
    };
    let columns: Vec<(String, Vec<String>)> = bridges.iter().map(column).collect();
    let rows: Vec<&str> = std::iter::once("spreadsheet")
        .chain(steps.iter().copied())
        .chain(["simulated", "simulated / spreadsheet"])
        .collect();
    screen.titled("From the spreadsheet's bill to the simulated one, a month", basis);
    screen.matrix("step", &rows, &columns);
}
