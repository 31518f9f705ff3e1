//! The files of a re-evaluation: `reevaluate.svg`, `.png`, `.csv`, `.json` and `.md`, and `assumptions.csv` where a log was held
//! against it.

use fleetfront_planner::{Based, KnobUnit, Reevaluation};

use crate::PlotError;
use crate::answer_files::{Answer, cells, csv_table, list, pack};
use crate::assumption_csv::{ASSUMPTIONS, assumption_csv};
use crate::drift_words::{
    DRIFT_COLUMNS, DRIFT_NUMBERS, EFFECT_COLUMNS, drift_basis, drift_headline, drift_rows, effect_basis, effect_rows,
    fired_lines,
};
use crate::format::{Unit, estimate, plain, prose};
use crate::reevaluate_figure::reevaluate_figure;
use crate::render::{Output, RenderConfig};
use crate::sources::{Sources, basis_cells};
use crate::table::{Cell, Table, head, number, words};
use crate::trigger_words::{TRIGGER_COLUMNS, TRIGGER_NUMBERS, answer, indifferent, trigger_basis, trigger_row};

const HEADER: [&str; 14] = [
    "number",
    "unit",
    "now",
    "at",
    "at_low",
    "at_high",
    "direction",
    "claim",
    "holds_beyond",
    "trials",
    "now_kind",
    "now_source",
    "at_kind",
    "at_source",
];

/// Makes the files of a re-evaluation.
///
/// - `mends`: what was changed to make allocations run.
///
/// # Errors
/// [`PlotError`] when a file cannot be made.
pub fn reevaluate_files(
    found: &Reevaluation,
    mends: &[String],
    config: &RenderConfig,
) -> Result<Vec<Output>, PlotError> {
    let names = ["reevaluate.svg", "reevaluate.png", "reevaluate.csv", "reevaluate.json", "reevaluate.md"];
    let mut questions = Table::new("Now", &["claim", "holds", "ratio", "at most"]);
    for question in &found.questions {
        let holds = question.holds().map_or("undecided", |holds| if holds { "yes" } else { "no" });
        let (value, target) = (estimate(question.value, Unit::Ratio), plain(question.target, Unit::Ratio));
        questions.push(vec![head(prose(&question.claim)), words(holds), number(value), number(target)]);
    }
    let (basis, mut sources) = (found.basis(), Sources::default());
    let mut triggers = Table::new("Review when", &TRIGGER_COLUMNS);
    triggers.basis = trigger_basis(&basis);
    for trigger in &found.triggers {
        triggers.push(cells_of(trigger_row(trigger, &mut sources), &TRIGGER_NUMBERS));
    }
    let still: Vec<String> = found.indifferent.iter().map(indifferent).collect();
    let still = if still.is_empty() {
        Vec::new()
    } else {
        vec![format!("Not shown to change an answer: {}.", still.join("; "))]
    };
    let mut sentences: Vec<String> = found.drift.iter().map(|drift| drift_headline(drift, &found.questions)).collect();
    sentences.extend(std::iter::once(answer(&found.triggers)).chain(mends.iter().cloned()).chain(still));
    let mut drifted =
        [Table::new("What the log says", &DRIFT_COLUMNS), Table::new("With its numbers", &EFFECT_COLUMNS)];
    if let Some(drift) = &found.drift {
        sentences.extend(fired_lines(drift));
        sentences.extend(drift.not_tested.iter().map(|what| format!("Not tested: {what}.")));
        sentences.extend(drift.remarks.iter().map(|what| format!("Repaired in the log or assumed: {what}.")));
        drifted[0].basis = drift_basis(drift);
        drifted[1].basis = effect_basis(drift, &basis);
        for row in drift_rows(drift, &mut sources) {
            drifted[0].push(cells_of(row, &DRIFT_NUMBERS));
        }
        for row in effect_rows(drift, &found.questions) {
            drifted[1].push(cells_of(row, &[3, 4]));
        }
    }
    let drifted = drifted.iter().filter(|table| !table.rows.is_empty());
    let page = Answer {
        title: "When to look again",
        sentences,
        figure: names[0],
        tables: drifted.chain([&questions, &triggers]).collect(),
        basis: &basis,
        rest: list("Sources, by the numbers above", &sources.lines()),
        command: &config.command,
        version: &found.version,
        inputs_sha256: &found.inputs_sha256,
    };
    let mut files = pack(names, &reevaluate_figure(found), csv(found)?, (found, &basis), page.markdown())?;
    if let Some(drift) = &found.drift {
        files.push(Output { name: ASSUMPTIONS.into(), bytes: assumption_csv(drift)? });
    }
    Ok(files)
}

/// The cells of a row whose first names it.
fn cells_of(row: Vec<String>, numbers: &[usize]) -> Vec<Cell> {
    let cell = |(place, text): (usize, String)| match place {
        0 => head(text),
        _ if numbers.contains(&place) => number(text),
        _ => words(text),
    };
    row.into_iter().enumerate().map(cell).collect()
}

/// A unit as programs read it.
pub(crate) fn unit_name(unit: KnobUnit) -> &'static str {
    match unit {
        KnobUnit::RequestsADay => "requests_per_day",
        KnobUnit::UsdAnHour => "usd_per_hour",
        KnobUnit::Seconds => "s",
        KnobUnit::Factor => "x",
        KnobUnit::Share => "share",
        KnobUnit::Count => "count",
    }
}

fn csv(found: &Reevaluation) -> Result<Vec<u8>, PlotError> {
    let at = found.basis();
    let rows = found.triggers.iter().map(|trigger| {
        let mut row = vec![trigger.knob.clone(), unit_name(trigger.unit).to_owned(), trigger.now.to_string()];
        row.extend(cells(trigger.at));
        row.push(if trigger.at.value > trigger.now { "above" } else { "below" }.to_owned());
        row.extend([trigger.claim.clone(), trigger.holds_beyond.to_string(), found.trials.to_string()]);
        row.extend(basis_cells(&trigger.now_basis));
        row.extend(basis_cells(&at));
        row
    });
    csv_table(&HEADER, rows)
}
