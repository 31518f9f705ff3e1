//! The tables of a fallback study, for the screen and for Markdown.

use fleetfront_planner::{Estimate, FallbackAnswer, FallbackPoint, FallbackPolicy, Payoff, PolicyResult};

use crate::format::{Unit, estimate, plain};

/// A table of texts: its heading, its columns, and its rows, each as long as the columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FallbackTable {
    /// What it shows.
    pub heading: String,
    /// Names of its columns.
    pub columns: Vec<String>,
    /// Its rows; the first cell names the row.
    pub rows: Vec<Vec<String>>,
}

/// Every policy at one point, the dear GPU type alone first.
#[must_use]
pub fn policies_table(answer: &FallbackAnswer, point: &FallbackPoint) -> FallbackTable {
    let dear = &answer.dear.gpu;
    let head = ["policy", "cost a month", "change", "mean latency", "p95", "p95, ratio", "complete", "fell back"];
    let columns = head.into_iter().map(str::to_owned).chain([format!("time on {dear}"), "pays".to_owned()]).collect();
    let rows = std::iter::once(&answer.dear_only).chain(&point.policies).map(|of| policy_row(answer, of)).collect();
    FallbackTable { heading: heading(answer, point), columns, rows }
}

fn heading(answer: &FallbackAnswer, point: &FallbackPoint) -> String {
    let (cheap, dear) = (&answer.cheap, &answer.dear);
    let own = if point.is_own() { " (as the scenario says)" } else { "" };
    format!(
        "{}: {} ({}, ${:.2} an hour) before {} ({}, ${:.2}); {} of tries fail on {}, which is not to be had for {} of the \
         time{own}",
        answer.model,
        cheap.gpu,
        cheap.variant,
        cheap.container_usd_per_hour,
        dear.gpu,
        dear.variant,
        dear.container_usd_per_hour,
        plain(point.failure.probability, Unit::Share),
        cheap.gpu,
        plain(point.scarcity.share, Unit::Share),
    )
}

fn policy_row(answer: &FallbackAnswer, of: &PolicyResult) -> Vec<String> {
    let is_dear = of.policy == FallbackPolicy::DearOnly;
    let against = |text: String| if is_dear { "–".to_owned() } else { text };
    vec![
        of.policy.label(&answer.cheap.gpu, &answer.dear.gpu),
        estimate(of.cost_usd_month, Unit::Usd),
        against(estimate(change(of.cost_ratio), Unit::PerCent)),
        estimate(of.latency_s_mean, Unit::Seconds),
        estimate(of.latency_s_p95, Unit::Seconds),
        against(estimate(of.latency_p95_ratio, Unit::Ratio)),
        estimate(of.success_rate, Unit::Share),
        of.fell_back_share.map_or("–".to_owned(), |share| estimate(share, Unit::Share)),
        estimate(of.dear_time_share, Unit::Share),
        against(payoff_word(of.payoff).to_owned()),
    ]
}

/// A row a pair: how its best fallback does at the scenario's own point.
#[must_use]
pub fn pairs_table(answers: &[FallbackAnswer]) -> FallbackTable {
    let columns = ["model", "first", "then", "best fallback now", "change", "p95, ratio", "complete", "now", "at best"];
    let row = |answer: &FallbackAnswer| {
        let best = answer.own_point().best_fallback()?;
        let nearest = answer.points.iter().filter_map(FallbackPoint::best_fallback).map(|best| best.payoff).min()?;
        Some(vec![
            answer.model.clone(),
            answer.cheap.gpu.clone(),
            answer.dear.gpu.clone(),
            best.policy.label(&answer.cheap.gpu, &answer.dear.gpu),
            estimate(change(best.cost_ratio), Unit::PerCent),
            estimate(best.latency_p95_ratio, Unit::Ratio),
            estimate(best.success_rate, Unit::Share),
            payoff_word(best.payoff).to_owned(),
            payoff_word(nearest).to_owned(),
        ])
    };
    FallbackTable {
        heading: "The best fallback of each pair, now and at the best point of its map".to_owned(),
        columns: columns.map(str::to_owned).to_vec(),
        rows: answers.iter().filter_map(row).collect(),
    }
}

/// The map of a pair: the policy that comes nearest to paying, and its change of the cost, at each point.
#[must_use]
pub fn map_table(answer: &FallbackAnswer) -> FallbackTable {
    let cheap = &answer.cheap.gpu;
    let rows = answer.points.chunk_by(|a, b| a.scarcity == b.scarcity);
    let first = rows.clone().next().unwrap_or_default();
    let columns = first.iter().map(|point| format!("{} fail", plain(point.failure.probability, Unit::Share)));
    let cell = |point: &FallbackPoint| {
        let best = point.best();
        let own = if point.is_own() { " (now)" } else { "" };
        format!(
            "{}: {}, {}{own}",
            payoff_word(best.payoff),
            best.policy.label(cheap, &answer.dear.gpu),
            estimate(change(best.cost_ratio), Unit::PerCent)
        )
    };
    let row = |points: &[FallbackPoint]| {
        let name = format!("{} of the time", plain(points[0].scarcity.share, Unit::Share));
        std::iter::once(name).chain(points.iter().map(cell)).collect()
    };
    FallbackTable {
        heading: format!(
            "{}: what comes nearest to paying, by tries that fail on {cheap} and time without it",
            answer.model
        ),
        columns: std::iter::once(format!("no {cheap} for")).chain(columns).collect(),
        rows: rows.map(row).collect(),
    }
}

/// A ratio of costs as a change in per cent.
pub(crate) fn change(Estimate { value, low, high }: Estimate) -> Estimate {
    let percent = |ratio: f64| (ratio - 1.0) * 100.0;
    Estimate { value: percent(value), low: percent(low), high: percent(high) }
}

/// The word for a payoff.
#[must_use]
pub fn payoff_word(payoff: Payoff) -> &'static str {
    match payoff {
        Payoff::Pays => "pays",
        Payoff::Open => "may pay",
        Payoff::CheaperOnly => "cheaper only",
        Payoff::NotCheaper => "not cheaper",
    }
}
