//! The files of a measure: `measure.svg`, `.png`, `.csv`, `.json` and `.md`.

use fleetfront_planner::{Based, Measurement, Worlds};

use crate::PlotError;
use crate::answer_files::{Answer, csv_table, list, pack};
use crate::format::{kind_word, prose};
use crate::measure_figure::measure_figure;
use crate::measure_words::{
    MEASURE_COLUMNS, MONTH_COLUMNS, SPLIT_COLUMNS, holds, measure_basis, measure_cells, month_cells, open_criteria,
    split_rows,
};
use crate::reevaluate_files::unit_name;
use crate::render::{Output, RenderConfig};
use crate::sources::Sources;
use crate::table::{Cell, Table, head, markdown, number};

const HEADER: [&str; 21] = [
    "unknown",
    "now",
    "unit",
    "kind",
    "n",
    "sd_log",
    "factor_p5",
    "factor_p95",
    "measure",
    "count",
    "counted",
    "value_usd_month",
    "value_usd_standard_error",
    "is_shown",
    "share",
    "wrong_after",
    "worlds",
    "trials",
    "source",
    "value_kind",
    "value_source",
];

/// Makes the files of a measure.
///
/// - `mends`: what was changed to make allocations run.
///
/// # Errors
/// [`PlotError`] when a file cannot be made.
pub fn measure_files(of: &Worlds, mends: &[String], config: &RenderConfig) -> Result<Vec<Output>, PlotError> {
    let names = ["measure.svg", "measure.png", "measure.csv", "measure.json", "measure.md"];
    let months = table("What a month may come to", &MONTH_COLUMNS, of.allocations.iter().map(month_cells));
    let split = table("Luck and ignorance", &SPLIT_COLUMNS, of.allocations.iter().flat_map(split_rows));
    let basis = of.basis();
    let mut sources = Sources::default();
    let rows: Vec<_> = of.measurements.iter().map(|of| measure_cells(of, &mut sources)).collect();
    let measured = table("What to measure, the most valuable first", &MEASURE_COLUMNS, rows.into_iter());
    let measured = measured.resting_on(&measure_basis(of));
    let sentences = of.allocations.iter().map(|own| own.words() + ".");
    let filled = [&months, &split, &measured].into_iter().filter(|table| !table.rows.is_empty());
    let answer = Answer {
        title: "What to measure next",
        sentences: std::iter::once(&of.headline).chain(mends).map(|words| prose(words)).chain(sentences).collect(),
        figure: names[0],
        tables: filled.collect(),
        basis: &basis,
        rest: rest(of, &sources),
        command: &config.command,
        version: &of.version,
        inputs_sha256: &of.inputs_sha256,
    };
    pack(names, &measure_figure(of), csv(of)?, (of, &basis), answer.markdown())
}

fn table<const N: usize>(caption: &str, columns: &[&str; N], rows: impl Iterator<Item = [String; N]>) -> Table {
    let mut table = Table::new(caption, columns);
    for row in rows {
        let cells = row.into_iter().enumerate().map(|(k, text)| if k == 0 { head(text) } else { number(text) });
        table.push(cells.collect::<Vec<Cell>>());
    }
    table
}

fn rest(of: &Worlds, sources: &Sources) -> String {
    let mut out = String::new();
    let mut list = |heading: &str, items: &[String]| out += &list(heading, items);
    let open: Vec<String> = of.allocations.iter().flat_map(open_criteria).map(|words| prose(&words)).collect();
    list("Sources, by the numbers above", &sources.lines());
    list("Criteria that hold in some worlds only", &open);
    list("Held at what they are taken to be", &of.fixed);
    list("Taken as known", &of.taken_as_known);
    out + &markdown(&holds(of)) + "\n"
}

fn csv(of: &Worlds) -> Result<Vec<u8>, PlotError> {
    let value = of.basis();
    let row = |measurement: &Measurement| {
        let unknown = &measurement.unknown;
        vec![
            unknown.name.clone(),
            unknown.now.to_string(),
            unit_name(unknown.unit).to_owned(),
            kind_word(unknown.kind).to_owned(),
            unknown.n.to_string(),
            unknown.sd_log.to_string(),
            unknown.factor[0].to_string(),
            unknown.factor[1].to_string(),
            unknown.measure.clone(),
            measurement.count.map_or(String::new(), |count| count.to_string()),
            unknown.counted.clone(),
            measurement.value_usd_month.to_string(),
            measurement.value_usd_standard_error.to_string(),
            measurement.is_shown.to_string(),
            measurement.share.to_string(),
            measurement.wrong_after.to_string(),
            of.worlds.to_string(),
            of.trials.to_string(),
            unknown.source.clone(),
            value.kind.clone(),
            value.source.clone(),
        ]
    };
    csv_table(&HEADER, of.measurements.iter().map(row))
}
