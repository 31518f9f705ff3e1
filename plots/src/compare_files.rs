//! The files of a comparison: `compare.svg`, `.png`, `.csv`, `.json` and `.md`.

use fleetfront_planner::{Based, Comparison};

use crate::PlotError;
use crate::answer_files::{Answer, cells, csv_table, pack};
use crate::compare_figure::compare_figure;
use crate::format::{Unit, estimate, in_unit, judgement_symbol, judgement_word, prose};
use crate::render::{Output, RenderConfig};
use crate::sources::basis_cells;
use crate::table::{Table, head, number, words};

const HEADER: [&str; 15] = [
    "allocation",
    "against",
    "subject",
    "what",
    "value",
    "low",
    "high",
    "unit",
    "target",
    "judgement",
    "baseline_judgement",
    "trials",
    "note",
    "kind",
    "source",
];

/// Makes the files of a comparison.
///
/// - `mends`: what was changed to make allocations run.
///
/// # Errors
/// [`PlotError`] when a file cannot be made.
pub fn compare_files(
    comparison: &Comparison,
    mends: &[String],
    config: &RenderConfig,
) -> Result<Vec<Output>, PlotError> {
    let names = ["compare.svg", "compare.png", "compare.csv", "compare.json", "compare.md"];
    let first = &comparison.allocations[0].name;
    let criteria: Vec<Table> =
        comparison.differences.iter().enumerate().map(|(k, _)| criteria(comparison, k)).collect();
    let differences = differences(comparison);
    let sentences = comparison.differences.iter().map(|difference| prose(&difference.headline));
    let open = comparison.differences.iter().flat_map(|difference| &difference.open);
    let open = open.map(|open| format!("Open: {}. What decides it: {}.", prose(&open.criterion), open.what_decides));
    let findings = comparison.differences.iter().filter_map(|difference| difference.pairing_finding.as_ref());
    let findings = findings.map(|finding| format!("A finding: {finding}."));
    let basis = comparison.basis();
    let answer = Answer {
        title: &format!("Other allocations against \"{first}\""),
        sentences: sentences.chain(mends.iter().cloned()).chain(open).chain(findings).collect(),
        figure: names[0],
        tables: std::iter::once(&differences).chain(&criteria).collect(),
        basis: &basis,
        rest: String::new(),
        command: &config.command,
        version: &comparison.version,
        inputs_sha256: &comparison.inputs_sha256,
    };
    pack(names, &compare_figure(comparison), csv(comparison)?, (comparison, &basis), answer.markdown())
}

fn differences(comparison: &Comparison) -> Table {
    let first = &comparison.allocations[0].name;
    let columns = ["allocation", "cost a month", "cost", "p95", "mean latency", "judged"];
    let caption = format!("Against \"{first}\", on the same {} days", comparison.trials);
    let mut table = Table::new(caption, &columns);
    for of in &comparison.differences {
        table.push(vec![
            head(&of.allocation),
            number(estimate(of.cost_usd_month, Unit::Usd)),
            number(estimate(of.cost_ratio, Unit::Ratio)),
            number(estimate(of.latency_p95_ratio, Unit::Ratio)),
            number(estimate(of.latency_mean_ratio, Unit::Ratio)),
            words(judgement_word(of.judgement)),
        ]);
    }
    table
}

fn criteria(comparison: &Comparison, place: usize) -> Table {
    let of = &comparison.allocations[place + 1];
    let mut table = Table::new(format!("Criteria, \"{}\"", of.name), &["asked", "of", "found", "judged", "note"]);
    for criterion in &of.criteria {
        table.push(vec![
            head(&criterion.criterion),
            words(&criterion.subject),
            number(in_unit(criterion.value, &criterion.unit)),
            words(format!("{} {}", judgement_symbol(criterion.judgement), judgement_word(criterion.judgement))),
            words(&criterion.note),
        ]);
    }
    table
}

/// A line a difference, then one a criterion and subject.
fn csv(comparison: &Comparison) -> Result<Vec<u8>, PlotError> {
    let first = &comparison.allocations[0].name;
    let (trials, basis) = (comparison.trials.to_string(), comparison.basis());
    let mut rows = Vec::new();
    for (of, difference) in comparison.allocations[1..].iter().zip(&comparison.differences) {
        let differences = [
            ("cost difference", difference.cost_usd_month, "usd_month"),
            ("cost ratio", difference.cost_ratio, "x"),
            ("mean latency difference", difference.latency_s_mean, "s"),
            ("mean latency ratio", difference.latency_mean_ratio, "x"),
            ("p95 ratio", difference.latency_p95_ratio, "x"),
        ];
        for (what, estimate, unit) in differences {
            let mut row = vec![of.name.clone(), first.clone(), "fleet".to_owned(), what.to_owned()];
            row.extend(cells(estimate));
            row.extend([unit, "", "", ""].map(str::to_owned));
            row.extend([trials.clone(), String::new()]);
            row.extend(basis_cells(&basis));
            rows.push(row);
        }
        for criterion in &of.criteria {
            let mut row = vec![of.name.clone(), first.clone(), criterion.subject.clone(), criterion.criterion.clone()];
            row.extend(cells(criterion.value));
            row.extend([criterion.unit.clone(), criterion.target.to_string()]);
            row.push(judgement_word(criterion.judgement).to_owned());
            row.push(criterion.baseline.map_or("", judgement_word).to_owned());
            row.extend([trials.clone(), criterion.note.clone()]);
            row.extend(basis_cells(criterion.basis.as_ref().unwrap_or(&basis)));
            rows.push(row);
        }
    }
    csv_table(&HEADER, rows)
}
