//! Allocations against the first: what they change of the bill and of the p95, with the criteria's limits.

use fleetfront_planner::{AllocationResult, Comparison, CriterionResult, Difference, Estimate};

use crate::figure::Figure;
use crate::forest::{Forest, Mark, Panel, Row};
use crate::format::{Unit, estimate, plain};
use crate::theme::{INK, Look, Marker, QUIET, looks};

/// With more allocations than this, their models are left to the table.
const WITH_MODELS: usize = 3;
const MODEL: Look = Look { marker: Marker::Dot, colour: QUIET, dash: &[], width: 1.0 };

/// Draws the comparison.
pub(crate) fn compare_figure(comparison: &Comparison) -> Figure {
    let first = &comparison.allocations[0].name;
    let others: Vec<(&AllocationResult, &Difference)> =
        comparison.allocations[1..].iter().zip(&comparison.differences).collect();
    let all_looks = looks(&comparison.allocations);
    let mut rows = Vec::new();
    for ((of, difference), look) in others.iter().zip(&all_looks[1..]) {
        if others.len() <= WITH_MODELS {
            rows.push(Row::Heading(difference.allocation.clone()));
            rows.push(Row::Marks("all requests".to_owned(), fleet_marks(of, difference, *look)));
            rows.extend(models(of));
        } else {
            rows.push(Row::Marks(difference.allocation.clone(), fleet_marks(of, difference, *look)));
        }
    }
    let mut notes = vec![format!(
        "95 % intervals over {} days on the same requests; the shaded side of a dashed line is what the criteria accept.",
        comparison.trials
    )];
    if others.len() <= WITH_MODELS {
        let note = "Thick: luck alone. Thin: also what benchmarks leave open about service times on other GPUs.";
        notes.push(note.to_owned());
    }
    Forest {
        title: format!("What other allocations change, against \"{first}\""),
        description: "One row an allocation or model: the change of the bill in per cent and the p95 latency as a \
                      multiple, each with its 95 % interval, and the limits that the criteria set."
            .to_owned(),
        legend: Vec::new(),
        panels: vec![
            cost_panel(limit_of(&others, is_cost).map(|percent| -percent.abs())),
            p95_panel(limit_of(&others, is_p95_ratio)),
        ],
        rows,
        notes,
    }
    .figure()
}

/// The bill's change in per cent.
///
/// - `limit`: what criteria accept, likewise.
pub(crate) fn cost_panel(limit: Option<f64>) -> Panel {
    Panel {
        heading: "cost".to_owned(),
        is_log: false,
        now: Some((0.0, "no change".to_owned())),
        limit: limit.map(|limit| (limit, format!("asked: {}", plain(limit, Unit::PerCent)))),
        tick: |tick| plain(tick, Unit::PerCent),
    }
}

/// The p95 as a multiple.
pub(crate) fn p95_panel(limit: Option<f64>) -> Panel {
    Panel {
        heading: "p95 latency".to_owned(),
        is_log: true,
        now: Some((1.0, "no change".to_owned())),
        limit: limit.map(|limit| (limit, format!("asked: {}", plain(limit, Unit::Ratio)))),
        tick: |tick| plain(tick, Unit::Ratio),
    }
}

/// A ratio of bills as a change in per cent.
pub(crate) fn change(ratio: Estimate) -> Estimate {
    let percent = |ratio: f64| (ratio - 1.0) * 100.0;
    Estimate { value: percent(ratio.value), low: percent(ratio.low), high: percent(ratio.high) }
}

pub(crate) fn mark(look: Look, of: Estimate, luck: Option<Estimate>, unit: Unit) -> Mark {
    Mark { look, hollow: false, of, luck, words: estimate(of, unit) }
}

fn is_cost(criterion: &CriterionResult) -> bool {
    criterion.criterion.starts_with("cost at least")
}

fn is_p95_ratio(criterion: &CriterionResult) -> bool {
    criterion.criterion.starts_with("end-to-end p95 at most")
}

fn limit_of(others: &[(&AllocationResult, &Difference)], is_meant: fn(&CriterionResult) -> bool) -> Option<f64> {
    others
        .iter()
        .flat_map(|(of, _)| &of.criteria)
        .find(|criterion| is_meant(criterion))
        .map(|criterion| criterion.target)
}

/// A cost reduction in per cent as a change.
fn reduction(of: Estimate) -> Estimate {
    Estimate { value: -of.value, low: -of.high, high: -of.low }
}

fn found(of: &AllocationResult, subject: &str, is_meant: fn(&CriterionResult) -> bool) -> Option<Estimate> {
    of.criteria.iter().find(|criterion| criterion.subject == subject && is_meant(criterion)).map(|found| found.value)
}

fn fleet_marks(of: &AllocationResult, difference: &Difference, look: Look) -> Vec<Option<Mark>> {
    let luck = difference.latency_p95_ratio;
    let wide = found(of, "fleet", is_p95_ratio).unwrap_or(luck);
    let look = Look { colour: if look.marker == Marker::Square { INK } else { look.colour }, ..look };
    vec![
        Some(mark(look, change(difference.cost_ratio), None, Unit::PerCent)),
        Some(mark(look, wide, Some(luck), Unit::Ratio)),
    ]
}

/// The models, as far as criteria say something of them.
fn models(of: &AllocationResult) -> Vec<Row> {
    let Some(results) = &of.results else { return Vec::new() };
    let row = |model: &str, gpu: &str| {
        let cost = found(of, model, is_cost).map(|of| mark(MODEL, reduction(of), None, Unit::PerCent));
        let p95 = found(of, model, is_p95_ratio).map(|of| mark(MODEL, of, None, Unit::Ratio));
        (cost.is_some() || p95.is_some()).then(|| Row::Marks(format!("{model} on {gpu}"), vec![cost, p95]))
    };
    results.models.iter().filter_map(|model| row(&model.model, &model.gpu)).collect()
}
