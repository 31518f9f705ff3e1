//! The files of a what-if: `what_if.svg`, `.png`, `.csv`, `.json` and `.md`.

use std::fmt::Write;

use fleetfront_planner::{Based, Change, WhatIf};

use crate::PlotError;
use crate::answer_files::{Answer, cells, csv_table, fenced, pack};
use crate::format::{Unit, estimate, judgement_word, kind_word, prose};
use crate::render::{Output, RenderConfig};
use crate::sources::basis_cells;
use crate::table::{Table, head, markdown, number, words};
use crate::what_if_figure::what_if_figure;

const HEADER: [&str; 27] = [
    "change",
    "group",
    "kind",
    "basis",
    "lpips_before",
    "lpips_after",
    "cost_usd_month",
    "cost_usd_month_low",
    "cost_usd_month_high",
    "saves_usd_month",
    "saves_usd_month_low",
    "saves_usd_month_high",
    "cost_ratio",
    "cost_ratio_low",
    "cost_ratio_high",
    "latency_p95_ratio",
    "latency_p95_ratio_low",
    "latency_p95_ratio_high",
    "success_rate",
    "success_rate_low",
    "success_rate_high",
    "judgement",
    "criteria_changed",
    "place",
    "write",
    "result_kind",
    "result_source",
];

/// Makes the files of a what-if.
///
/// - `mends`: what was changed to make the allocation run.
///
/// # Errors
/// [`PlotError`] when a file cannot be made.
pub fn what_if_files(found: &WhatIf, mends: &[String], config: &RenderConfig) -> Result<Vec<Output>, PlotError> {
    let names = ["what_if.svg", "what_if.png", "what_if.csv", "what_if.json", "what_if.md"];
    let columns = ["change", "saves a month", "cost", "p95", "LPIPS", "criteria", "rests on"];
    let caption = format!("On the same {} days, those that save most first", found.trials);
    let mut table = Table::new(caption, &columns);
    for change in &found.changes {
        table.push(vec![
            head(&change.what),
            number(estimate(change.saves_usd_month, Unit::Usd)),
            number(estimate(change.cost_ratio, Unit::Ratio)),
            number(estimate(change.latency_p95_ratio, Unit::Ratio)),
            words(quality(change)),
            words(criteria(change)),
            words(format!("{}: {}", change.kind.map_or("setting", kind_word), change.basis)),
        ]);
    }
    let basis = found.basis();
    table.basis = what_if_basis(found);
    let answer = Answer {
        title: &format!("What one change would bring to \"{}\"", found.allocation),
        sentences: std::iter::once(prose(&found.headline)).chain(mends.iter().cloned()).collect(),
        figure: names[0],
        tables: vec![&table],
        basis: &basis,
        rest: lines(found),
        command: &config.command,
        version: &found.version,
        inputs_sha256: &found.inputs_sha256,
    };
    pack(names, &what_if_figure(found), csv(found)?, (found, &basis), answer.markdown())
}

/// What the numbers of the table are.
#[must_use]
pub fn what_if_basis(found: &WhatIf) -> String {
    let rest = "LPIPS: the scenario's, and what a change rests on: its own kind and source, by change";
    format!("{}; {rest}", found.basis().words())
}

/// The perceptual distance before and after, where a precision changes.
#[must_use]
pub fn quality(change: &Change) -> String {
    change.lpips.map_or("as now".to_owned(), |[before, after]| format!("{before:.2} → {after:.2}"))
}

/// How many criteria come out better (+) and worse (−).
#[must_use]
pub fn criteria(change: &Change) -> String {
    let better = change.criteria.iter().filter(|one| one.is_better()).count();
    let worse = change.criteria.len() - better;
    match (better, worse) {
        (0, 0) => "as now".to_owned(),
        (better, 0) => format!("+{better}"),
        (0, worse) => format!("−{worse}"),
        (better, worse) => format!("+{better} −{worse}"),
    }
}

/// Each change with the lines to write, and the criteria that it turns.
fn lines(found: &WhatIf) -> String {
    let mut out = "**The lines of `scenario.toml`**\n".to_owned();
    for change in &found.changes {
        let _ = write!(
            out,
            "\n{}, {}:\n\n{}",
            markdown(&change.what),
            markdown(&change.place),
            fenced("toml", &change.write)
        );
        for turned in &change.criteria {
            let (before, after) = (judgement_word(turned.before), judgement_word(turned.after));
            let asked = prose(&format!("{}: {}", turned.subject, turned.criterion));
            let _ = write!(out, "\n- {}: {before}, then {after}\n", markdown(&asked));
        }
    }
    if !found.impossible.is_empty() {
        let impossible: Vec<String> = found.impossible.iter().map(|words| format!("- {}\n", markdown(words))).collect();
        let _ = write!(out, "\n**Precisions that cannot run**\n\n{}", impossible.concat());
    }
    out
}

fn csv(found: &WhatIf) -> Result<Vec<u8>, PlotError> {
    let basis = found.basis();
    let rows = found.changes.iter().map(|change| {
        let lpips = |k: usize| change.lpips.map_or(String::new(), |both| both[k].to_string());
        let mut row = vec![
            change.what.clone(),
            change.group.name().to_owned(),
            change.kind.map_or("setting", kind_word).to_owned(),
            change.basis.clone(),
            lpips(0),
            lpips(1),
        ];
        let estimates = [
            change.cost_usd_month,
            change.saves_usd_month,
            change.cost_ratio,
            change.latency_p95_ratio,
            change.success_rate,
        ];
        row.extend(estimates.into_iter().flat_map(cells));
        row.extend([judgement_word(change.judgement).to_owned(), criteria(change)]);
        row.extend([change.place.clone(), change.write.clone()]);
        row.extend(basis_cells(&basis));
        row
    });
    csv_table(&HEADER, rows)
}
