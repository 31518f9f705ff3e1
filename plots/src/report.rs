//! The report: what it says and in which order. `report.html` and `report.md` are written from this.

use askama::Template;
use fleetfront_planner::{AllocationResult, Based, Study};

use crate::RenderConfig;
use crate::bounds::{self, bounds_basis, naive_basis};
use crate::format::{Unit, judgement_symbol, judgement_word, plain, prose};
use crate::spending_tables;
use crate::table::Table;
use crate::{input_tables, search_tables, tables};

/// The figures of the report, as SVG.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Figures {
    pub(crate) frontier: String,
    pub(crate) cost: String,
    pub(crate) latency: String,
    pub(crate) day: String,
    pub(crate) spending: String,
}

/// An allocation in the report.
#[derive(Debug)]
pub(crate) struct Section<'a> {
    pub(crate) of: &'a AllocationResult,
    pub(crate) pools: Table,
    pub(crate) bounds: Table,
}

impl<'a> Section<'a> {
    fn new(of: &'a AllocationResult, simulated: &str) -> Self {
        let settings = format!("{simulated}; counts and times of pools: settings of the allocation");
        let bounds = tables::pool_bounds(of).resting_on(&bounds_basis(simulated));
        Self { of, pools: tables::pools(of).resting_on(&settings), bounds }
    }
}

/// Between what the numbers lie.
#[derive(Debug)]
pub(crate) struct Bounds {
    pub(crate) headlines: Vec<String>,
    pub(crate) table: Table,
    pub(crate) reasons: Vec<String>,
}

impl Bounds {
    fn new(study: &Study, simulated: &str) -> Self {
        Self {
            headlines: study.allocations.iter().filter_map(bounds::headline).map(|words| prose(&words)).collect(),
            table: tables::bounds(study).resting_on(&bounds_basis(simulated)),
            reasons: study.allocations.iter().flat_map(bounds::reasons).map(|words| prose(&words)).collect(),
        }
    }
}

/// The whole report.
#[derive(Debug, Template)]
#[template(path = "report.html")]
pub(crate) struct Report<'a> {
    pub(crate) study: &'a Study,
    pub(crate) figures: &'a Figures,
    pub(crate) command: &'a str,
    /// The answer and what to do instead, in a sentence each.
    pub(crate) answer: String,
    pub(crate) instead: String,
    pub(crate) first: Vec<String>,
    pub(crate) judgement: String,
    pub(crate) judgement_class: &'static str,
    pub(crate) saving: String,
    pub(crate) naive_seconds: String,
    pub(crate) naive: Table,
    pub(crate) criteria: Vec<Table>,
    pub(crate) obstacles: Table,
    pub(crate) bridges: Table,
    pub(crate) spending: Table,
    pub(crate) months: Table,
    pub(crate) months_rest_on: String,
    pub(crate) fleet_bills: Table,
    pub(crate) fleet_latencies: Table,
    pub(crate) sections: Vec<Section<'a>>,
    pub(crate) model_bills: Table,
    pub(crate) model_latencies: Table,
    pub(crate) traffic: Table,
    pub(crate) frontiers: Vec<Table>,
    pub(crate) feasibility: Table,
    pub(crate) laws: Table,
    pub(crate) notes: Vec<&'a str>,
    pub(crate) prices: Table,
    pub(crate) method: Vec<String>,
    pub(crate) metrics: [(&'static str, &'static str); 19],
    /// Between what the numbers lie: a sentence an allocation, a table, why numbers are missing.
    pub(crate) bounds: Bounds,
}

impl<'a> Report<'a> {
    pub(crate) fn new(study: &'a Study, figures: &'a Figures, config: &'a RenderConfig) -> Self {
        let judgement = study.verdict.judgement;
        let simulated = study.basis().words();
        let beside = naive_basis(study);
        let judged = format!("{simulated}; warm service and LPIPS: the scenario's, with kind and source there");
        Self {
            study,
            figures,
            command: &config.command,
            answer: prose(&study.verdict.headline),
            instead: prose(&study.recommendation.words()),
            first: study.verdict.first.iter().map(|sentence| prose(sentence)).collect(),
            judgement: format!("{} {}", judgement_symbol(judgement), judgement_word(judgement)),
            judgement_class: judgement_word(judgement),
            saving: plain((study.naive.saving * 1000.0).round() / 1000.0, Unit::Share),
            naive_seconds: plain(study.naive.seconds_per_request, Unit::Seconds),
            naive: tables::naive(study).resting_on(&beside),
            criteria: judged_first(study).into_iter().map(|of| tables::criteria(of).resting_on(&judged)).collect(),
            obstacles: tables::obstacles(&study.recommendation.obstacles).resting_on(&simulated),
            bridges: tables::bridges(study).resting_on(&beside),
            spending: spending_tables::spending(study).resting_on(&simulated),
            months: spending_tables::months(study).resting_on(&simulated),
            months_rest_on: spending_tables::months_rest_on(study),
            fleet_bills: tables::fleet_bills(study).resting_on(&simulated),
            fleet_latencies: tables::fleet_latencies(study).resting_on(&simulated),
            sections: study.allocations.iter().map(|of| Section::new(of, &simulated)).collect(),
            model_bills: tables::model_bills(study).resting_on(&simulated),
            model_latencies: tables::model_latencies(study).resting_on(&judged),
            traffic: input_tables::traffic(study),
            frontiers: frontiers(study).into_iter().map(|table| table.resting_on(&simulated)).collect(),
            feasibility: input_tables::feasibility(study),
            laws: input_tables::laws(study),
            notes: input_tables::notes(study),
            prices: input_tables::prices(study),
            method: method(study),
            metrics: METRICS,
            bounds: Bounds::new(study, &simulated),
        }
    }

    /// The text of `report.html`.
    ///
    /// # Errors
    /// What askama reports.
    pub(crate) fn html(&self) -> Result<String, askama::Error> {
        let mut text = self.render()?;
        text.push('\n');
        Ok(text)
    }
}

/// The fleets, then the pools that they are made of, then what was left out.
fn frontiers(study: &Study) -> Vec<Table> {
    let mut all = search_tables::fleets(study);
    all.extend(tables::frontiers(study));
    all.extend(Some(search_tables::pruned(study)).filter(|table| !table.rows.is_empty()));
    all
}

/// Allocations with criteria: the judged one, the recommended one, the others.
fn judged_first(study: &Study) -> Vec<&AllocationResult> {
    let mut judged: Vec<&AllocationResult> =
        study.allocations.iter().filter(|allocation| !allocation.criteria.is_empty()).collect();
    judged.sort_by_key(|allocation| {
        (allocation.name != study.verdict.allocation, allocation.name != study.recommendation.allocation)
    });
    judged
}

/// The method in five sentences.
fn method(study: &Study) -> Vec<String> {
    vec![
        "A trial draws one day of requests and plays it against a pool, request by request: containers are created when \
         requests wait, boot, serve, stay idle for the scaledown window, and stop."
            .to_owned(),
        same_requests(study),
        format!(
            "From {} trials come {} sections, and every interval is a 95 % interval over sections: Student's t for \
             means, the delta method for ratios, the spread of the sections' own quantiles for quantiles; it says how \
             far luck reaches, not whether the inputs are right.",
            study.trials, study.sections
        ),
        "Pools do not disturb each other, so the frontier of fleets is an exact combination of simulated pools: for \
         every threshold the cheapest way under it to give each model a pool of its own, or one of those that an \
         allocation lets models share. Where a quota may tie pools together, their fleets are simulated as wholes."
            .to_owned(),
        format!(
            "A month is {} days; a request that fails counts as infinitely late, so a quantile that failed requests \
             reach into is \"never\".",
            plain(study.days_per_month, Unit::Count)
        ),
    ]
}

/// What allocations have in common.
fn same_requests(study: &Study) -> String {
    let same =
        "All allocations meet the same requests with the same luck, so that they differ by nothing but themselves";
    let waiting = study.models.iter().filter(|model| model.clients.is_some());
    let names: Vec<&str> = waiting.map(|model| model.name.as_str()).collect();
    if names.is_empty() {
        return format!("{same}.");
    }
    format!(
        "{same}; but the clients of {} wait for their answers: the k-th request of each is the same everywhere, and where \
         answers are slow it comes later, fewer come in a day, and the bill is smaller for that.",
        names.join(", ")
    )
}

/// What each number means.
const METRICS: [(&str, &str); 19] = [
    (
        "cost a month",
        "billed container time times the price of GPU, CPU and memory, a day's mean times the days of a month",
    ),
    ("cost a request", "the bill of all trials over the requests that arrived in them"),
    (
        "booting, busy, idle, wasted",
        "the bill by what containers did: starting, executing tries that succeeded, up without work, executing tries that failed; they add up to the bill",
    ),
    ("mean latency", "mean time from arrival to completion, of the requests that completed"),
    ("p50, p95, p99", "the time after which half, 95 % and 99 % of the requests were completed; failed ones never are"),
    ("p95 over limit", "p95 divided by the model's limit; of a fleet, the greatest of its models"),
    ("late", "requests completed after the model's limit or never, over requests that arrived"),
    ("completed", "requests completed over requests that arrived"),
    ("cold starts", "requests that waited for a container to boot, over requests that arrived"),
    ("utilisation", "busy over billed container time"),
    ("containers", "containers alive, booting ones included, on average over time; and the most at once in any trial"),
    ("warm service", "mean execution time on a container that is up; its interval is what the benchmarks leave open"),
    ("spreadsheet", "requests times a fixed number of seconds times the price of the GPU"),
    ("variation", "standard deviation over mean of the service time"),
    (
        "perfect autoscaler, execution alone",
        "one that knew the future would have a container ready for every request and pay for executions only, on the same requests; no allocation undercuts it",
    ),
    ("price of not knowing", "the share of the bill that is more than the perfect autoscaler's"),
    (
        "always-on fleet",
        "for each pool the fewest containers that never stop and keep every model's p95 as short as the allocation does, or every model within its limit: found by simulation on the same requests",
    ),
    (
        "theory: offered load, staffed by the hour",
        "containers kept busy in the mean (requests a second times service time); and the mean number of busy containers if nobody waited (M_t/G/∞), with square roots of it added so that few requests wait, rounded up, hour by hour",
    ),
    ("at the peak all the time", "the most containers that were up at once, kept up for the whole month"),
];
