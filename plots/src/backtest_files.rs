//! The files of a backtest: `backtest.svg`, `.png`, `.csv`, `.json` and `.md`.

use fleetfront_planner::{Backtest, BacktestLine, BacktestSubject, Based};

use crate::PlotError;
use crate::answer_files::{Answer, csv_table, list, pack};
use crate::backtest_figure::backtest_figure;
use crate::backtest_words::{
    BACKTEST_COLUMNS, CALIBRATED_COLUMNS, backtest_basis, backtest_cells, backtest_holds, bill_heading, bill_words,
    calibrated_basis, calibrated_cells, rate_heading, rate_words,
};
use crate::format::prose;
use crate::render::{Output, RenderConfig};
use crate::table::{Cell, Table, head, markdown, number};

const HEADER: [&str; 14] = [
    "traffic",
    "subject",
    "name",
    "metric",
    "observed",
    "predicted_p50",
    "predicted_p5",
    "predicted_p95",
    "is_inside",
    "off_percent",
    "observed_source",
    "predicted_source",
    "observed_kind",
    "predicted_kind",
];

/// Makes the files of a backtest.
///
/// # Errors
/// [`PlotError`] when a file cannot be made.
pub fn backtest_files(of: &Backtest, config: &RenderConfig) -> Result<Vec<Output>, PlotError> {
    let names = ["backtest.svg", "backtest.png", "backtest.csv", "backtest.json", "backtest.md"];
    let basis = of.basis();
    let lines = table("Observed and predicted", &BACKTEST_COLUMNS, of.lines.iter().map(backtest_cells));
    let lines = lines.resting_on(&backtest_basis(of));
    let first = table("What the first part told", &CALIBRATED_COLUMNS, of.calibrated.iter().map(calibrated_cells));
    let first = first.resting_on(&calibrated_basis(of));
    let answer = Answer {
        title: "How far off is the prediction?",
        sentences: of.verdict.sentences.iter().map(|words| prose(words)).collect(),
        figure: names[0],
        tables: vec![&lines, &first],
        basis: &basis,
        rest: rest(of),
        command: &config.command,
        version: &of.version,
        inputs_sha256: &of.inputs_sha256,
    };
    pack(names, &backtest_figure(of), csv(of)?, (of, &basis), answer.markdown())
}

fn table<const N: usize>(caption: &str, columns: &[&str; N], rows: impl Iterator<Item = [String; N]>) -> Table {
    let mut table = Table::new(caption, columns);
    for row in rows {
        let cells = row.into_iter().enumerate().map(|(k, text)| if k < 3 { head(text) } else { number(text) });
        table.push(cells.collect::<Vec<Cell>>());
    }
    table
}

fn rest(of: &Backtest) -> String {
    let mut out = String::new();
    let mut list = |heading: &str, items: &[String]| out += &list(heading, items);
    list("Not in the log, and not compared", &of.absent);
    list(&bill_heading(of), &bill_words(of));
    list(&rate_heading(of), &rate_words(of));
    list("What was repaired or assumed", &of.remarks);
    out + &markdown(&backtest_holds(of)) + "\n"
}

fn csv(of: &Backtest) -> Result<Vec<u8>, PlotError> {
    let predicted = of.basis();
    let row = |line: &BacktestLine| {
        let observed = of.observed_basis(line.metric.is_paid());
        let (subject, name) = match &line.subject {
            BacktestSubject::Fleet => ("fleet", ""),
            BacktestSubject::Model(name) => ("model", name.as_str()),
            BacktestSubject::Pool(name) => ("pool", name.as_str()),
            BacktestSubject::Day(date) => ("day", date.as_str()),
        };
        vec![
            line.traffic.word().to_owned(),
            subject.to_owned(),
            name.to_owned(),
            line.metric.name().to_owned(),
            line.observed.to_string(),
            line.predicted.to_string(),
            line.low.to_string(),
            line.high.to_string(),
            line.is_inside.to_string(),
            line.off_percent.map_or(String::new(), |off| off.to_string()),
            observed.source,
            predicted.source.clone(),
            observed.kind,
            predicted.kind.clone(),
        ]
    };
    csv_table(&HEADER, of.lines.iter().map(row))
}
