//! The tables of a fallback study, for the screen and for Markdown.

use fleetfront_planner::{
    Based, Estimate, FallbackAnswer, FallbackPlace, FallbackPoint, FallbackPolicy, FallbackStudy, Payoff, PolicyResult,
};

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

/// What the numbers of all tables are.
#[must_use]
pub fn fallback_basis(study: &FallbackStudy) -> String {
    let levels = "failure probabilities and time without a GPU type: the scenario's where it says now, else assumed";
    format!("{}; {levels}", study.basis().words())
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
    let place = |of: &FallbackPlace| {
        format!("{} ({}, {} an hour)", of.gpu, of.variant, plain(of.container_usd_per_hour, Unit::Usd))
    };
    let own = if point.is_own() { "as the scenario stands" } else { "if" };
    let fails = plain(point.failure.probability, Unit::Share);
    let cheap = &answer.cheap.gpu;
    let scarce = match point.scarcity.share {
        share if share > 0.0 => format!("and {cheap} is not to be had for {} of the time", plain(share, Unit::Share)),
        _ => format!("and {cheap} is always to be had"),
    };
    format!(
        "{}: {} before {}, {own}: {fails} of tries on {cheap} fail, {scarce}",
        answer.model,
        place(&answer.cheap),
        place(&answer.dear),
    )
}

/// What a policy is called in a table.
pub(crate) fn short_label(policy: FallbackPolicy, cheap: &str, dear: &str) -> String {
    match policy {
        FallbackPolicy::Ranked => "ranked list".to_owned(),
        FallbackPolicy::OnWait { seconds, predicted: false } => format!("wait > {seconds} s"),
        FallbackPolicy::OnWait { seconds, predicted: true } => format!("predicted > {seconds} s"),
        other => other.label(cheap, dear),
    }
}

fn policy_row(answer: &FallbackAnswer, of: &PolicyResult) -> Vec<String> {
    let is_dear = of.policy == FallbackPolicy::DearOnly;
    let against = |text: String| if is_dear { "–".to_owned() } else { text };
    vec![
        short_label(of.policy, &answer.cheap.gpu, &answer.dear.gpu),
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

/// A row a pair: how its best fallback and its cheap GPU type alone do at the scenario's own point.
#[must_use]
pub fn pairs_table(answers: &[FallbackAnswer]) -> FallbackTable {
    let columns = [
        "model",
        "GPU types",
        "best fallback now",
        "change",
        "p95, ratio",
        "now",
        "at best",
        "alone: change",
        "alone: now",
    ];
    let row = |answer: &FallbackAnswer| {
        let (cheap, dear) = (&answer.cheap.gpu, &answer.dear.gpu);
        let own = answer.own_point();
        let (best, alone) = (own.best_fallback()?, own.of(FallbackPolicy::CheapOnly)?);
        let nearest = answer.points.iter().filter_map(FallbackPoint::best_fallback).map(|best| best.payoff).min()?;
        Some(vec![
            answer.model.clone(),
            format!("{cheap}, then {dear}"),
            short_label(best.policy, cheap, dear),
            estimate(change(best.cost_ratio), Unit::PerCent),
            estimate(best.latency_p95_ratio, Unit::Ratio),
            payoff_word(best.payoff).to_owned(),
            payoff_word(nearest).to_owned(),
            estimate(change(alone.cost_ratio), Unit::PerCent),
            payoff_word(alone.payoff).to_owned(),
        ])
    };
    FallbackTable {
        heading: "The best fallback of each pair as the scenario stands and at the best point of its map, beside the \
                  cheaper type alone"
            .to_owned(),
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
            short_label(best.policy, cheap, &answer.dear.gpu),
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
