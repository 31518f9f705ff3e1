//! What is implausible about runs that are seen together.

use std::collections::BTreeMap;

use crate::day::Day;
use crate::problem::{Problem, several};
use crate::table::{Table, meant};

use super::milliseconds::milliseconds;
use super::{CellName, Phase, Repeats, Run, RunEnd, Runs, RunsOptions, Shape};

/// Times whose spread is below a thousandth are not taken for repeated lines.
const LEAST_CV: f64 = 0.001;

/// Rejects GPUs that are not known, dates in the future or long past, milliseconds in the place of seconds, and lines that were copied.
pub(super) fn reject_unlikely(table: &mut Table<'_, Run>, options: &RunsOptions<'_>) {
    let mut found: Vec<(u64, &str, String, String)> = Vec::new();
    for run in table.rows() {
        let gpu = run.cell.gpu.as_str();
        if !options.gpus.is_empty() && !options.gpus.contains(&gpu) {
            found.push((run.line, "gpu", format!("`{gpu}` is no GPU type that is known"), meant(gpu, options.gpus)));
        }
    }
    for run in table.rows() {
        let date = &run.provenance.date;
        if Day::parse(date).is_some_and(Day::is_before_1990) {
            let message = format!("`{date}` lies before 1990: it is no date of a measurement");
            found.push((run.line, "date", message, "correct the year".to_owned()));
        }
        if Day::parse(date).zip(options.today).is_some_and(|(day, today)| day.is_after(today)) {
            let help = "correct the date, or the clock of the machine".to_owned();
            found.push((run.line, "date", format!("`{date}` lies in the future"), help));
        }
    }
    if !options.seconds_are_right {
        found.extend(milliseconds(table.rows()));
    }
    if options.repeats == Repeats::Ask {
        found.extend(copies(table.rows()));
    }
    for (line, key, message, help) in found {
        table.reject(Some(line), key, message, &help);
    }
}

/// See [`Runs::on_known_gpus`].
pub(super) fn unknown_gpus(runs: &Runs, file: &str, gpus: &[&str]) -> Vec<Problem> {
    let unknown = |run: &&Run| run.cell.gpu != "*" && !gpus.contains(&run.cell.gpu.as_str());
    let problem = |run: &Run| Problem {
        file: file.to_owned(),
        line: Some(run.line),
        column: None,
        key: "gpu".to_owned(),
        message: format!("`{}` is no GPU type that is known", run.cell.gpu),
        help: meant(&run.cell.gpu, gpus),
    };
    if gpus.is_empty() { Vec::new() } else { runs.rows.iter().filter(unknown).map(problem).collect() }
}

/// The rows by a key, keys and rows in the order of the file.
pub(super) fn groups<'a, K: PartialEq>(
    rows: impl Iterator<Item = &'a Run>,
    key: impl Fn(&'a Run) -> K,
) -> Vec<Vec<&'a Run>> {
    let mut groups: Vec<(K, Vec<&Run>)> = Vec::new();
    for run in rows {
        let key = key(run);
        match groups.iter_mut().find(|(other, _)| *other == key) {
            Some((_, group)) => group.push(run),
            None => groups.push((key, vec![run])),
        }
    }
    groups.into_iter().map(|(_, group)| group).collect()
}

/// Lines of rows that are equal to an earlier one in every column, with the line of that one. Failures and timeouts are
/// alike by nature.
fn repeats(rows: &[Run]) -> BTreeMap<u64, u64> {
    let mut first: BTreeMap<String, u64> = BTreeMap::new();
    let mut repeats = BTreeMap::new();
    for run in rows.iter().filter(|run| run.typical_s().is_some()) {
        let columns = format!("{:?}", Run { line: 0, ..run.clone() });
        match first.get(&columns) {
            Some(line) => {
                repeats.insert(run.line, *line);
            }
            None => {
                first.insert(columns, run.line);
            }
        }
    }
    repeats
}

/// Repeated rows that rounding does not explain.
fn copies(rows: &[Run]) -> Vec<(u64, &'static str, String, String)> {
    let repeats = repeats(rows);
    let help = "remove the copy; if it is a run of its own, name its machine or time of day, or read the file with \
                repeats kept";
    let question = |line: u64, first: u64| (line, "", format!("is equal to line {first}"), help.to_owned());
    let repeated = |run: &&Run| Some((run.line, *repeats.get(&run.line)?));
    let mut found: Vec<_> =
        rows.iter().filter(|run| is_copy(run)).filter_map(|run| repeated(&run)).map(|(a, b)| question(a, b)).collect();
    if repeats.len() == found.len() {
        return found;
    }
    for group in groups(rows.iter().filter(|run| !is_copy(run)), |run| (run.phase, &run.cell, &run.shape)) {
        let times: Vec<f64> = group.iter().filter_map(|run| run.typical_s()).collect();
        let here: Vec<(u64, u64)> = group.iter().filter_map(repeated).collect();
        let expected = expected_ties(&times);
        if !here.is_empty() && here.len() as f64 > expected + 3.0 * expected.sqrt() + 0.5 {
            found.extend(here.into_iter().map(|(line, first)| question(line, first)));
        }
    }
    found
}

/// No two runs have one time of day and one duration; nor do two sources state the same percentiles twice.
fn is_copy(run: &Run) -> bool {
    run.provenance.date.contains(['T', ' ']) || matches!(run.end, RunEnd::Summary { .. })
}

/// How many pairs of independent times fall on one rounded value: n(n - 1)/2 times the step of rounding times the
/// integral of the squared normal density, 1/(2s√π).
fn expected_ties(times: &[f64]) -> f64 {
    let n = times.len() as f64;
    let mean = times.iter().sum::<f64>() / n;
    let spread = (times.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n).sqrt();
    let decimals = |x: &f64| x.to_string().split_once('.').map_or(0, |(_, digits)| digits.len());
    let step = 0.1_f64.powf(times.iter().map(decimals).max().unwrap_or(0) as f64);
    let spread = spread.max(step / 2.0).max(LEAST_CV * mean);
    n * (n - 1.0) / 2.0 * step / (2.0 * spread * std::f64::consts::PI.sqrt())
}

/// The rows without those that repeat an earlier one.
pub(super) fn merged(rows: Vec<Run>) -> Vec<Run> {
    let repeats = repeats(&rows);
    rows.into_iter().filter(|run| !repeats.contains_key(&run.line)).collect()
}

/// Stale rows, one remark a source (on the oldest); repeated rows, one remark a file.
pub(super) fn remarks(table: &Table<'_, Run>, options: &RunsOptions<'_>) -> Vec<Problem> {
    let remark = |line: u64, key: &str, message: String, help: &str| Problem {
        file: table.file().to_owned(),
        line: Some(line),
        column: None,
        key: key.to_owned(),
        message,
        help: help.to_owned(),
    };
    let mut remarks = Vec::new();
    let age = |run: &&Run| Some(Day::parse(&run.provenance.date)?.days_to(options.today?));
    let and_more = |n: usize| match n - 1 {
        0 => String::new(),
        more => format!(" (and {})", several(more, "more row", "more rows")),
    };
    for rows in groups(table.rows().iter(), |run| &run.provenance.source) {
        let ageless: Vec<&&Run> = rows.iter().filter(|run| Day::parse(&run.provenance.date).is_none()).collect();
        if let Some(first) = ageless.first() {
            let message = format!("`{}`{} tells no age", first.provenance.date, and_more(ageless.len()));
            remarks.push(remark(first.line, "date", message, "write YYYY-MM-DD"));
        }
        let stale = rows.iter().filter(|run| age(run).is_some_and(|age| age > i64::from(options.max_age_days)));
        let stale: Vec<&&Run> = stale.collect();
        if let Some(oldest) = stale.iter().max_by_key(|run| age(run)) {
            let days = age(oldest).unwrap_or_default();
            let message = format!("`{}`{} is {days} days old", oldest.provenance.date, and_more(stale.len()));
            let help = format!("measure again what is older than {} days", options.max_age_days);
            remarks.push(remark(oldest.line, "date", message, &help));
        }
    }
    let repeats = repeats(table.rows());
    if let Some((line, first)) = repeats.first_key_value() {
        let verdict = if options.repeats == Repeats::Merge { "counted once" } else { "all counted" };
        let message =
            format!("is equal to line {first}; {}, {verdict}", several(repeats.len(), "such row", "such rows"));
        remarks.push(remark(*line, "", message, ""));
    }
    remarks.sort_by_key(|remark| remark.line);
    remarks
}

/// A column of a shape and what a row says in it.
type Column = (&'static str, fn(&Shape) -> String);

const SHAPE_COLUMNS: [Column; 5] = [
    ("steps", |shape| number(shape.steps)),
    ("megapixels", |shape| number(shape.megapixels)),
    ("frames", |shape| number(shape.frames)),
    ("images", |shape| number(shape.images)),
    ("adapter", |shape| if shape.adapter.is_empty() { "none".to_owned() } else { shape.adapter.clone() }),
];

fn number(value: Option<f64>) -> String {
    value.map_or_else(|| "not stated".to_owned(), |value| value.to_string())
}

/// See [`Runs::mixed_shapes`].
pub(super) fn mixed_shapes(runs: &Runs, file: &str, with_shape_law: &[&str]) -> Vec<Problem> {
    let mut found = Vec::new();
    for (name, rows) in runs.cells(Phase::Warm) {
        let used: Vec<&Run> = rows.into_iter().filter(|run| run.used && run.time().is_some()).collect();
        if with_shape_law.contains(&name.model.as_str()) {
            continue;
        }
        let by_shape = groups(used.iter().copied(), |run| &run.shape);
        let [first, second, ..] = &by_shape[..] else { continue };
        let differs = |(_, of): &&Column| by_shape.iter().any(|group| of(&group[0].shape) != of(&first[0].shape));
        let columns: Vec<&Column> = SHAPE_COLUMNS.iter().filter(differs).collect();
        let describe = |group: &Vec<&Run>| {
            let shape: Vec<String> =
                columns.iter().map(|(column, of)| format!("{column} {}", of(&group[0].shape))).collect();
            format!("{} ({})", shape.join(", "), several(group.len(), "run", "runs"))
        };
        let shapes: Vec<String> = by_shape.iter().map(describe).collect();
        found.push(Problem {
            file: file.to_owned(),
            line: Some(second[0].line),
            column: None,
            key: columns[0].0.to_owned(),
            message: format!("{} has runs of {} shapes: {}", said(name), shapes.len(), shapes.join("; ")),
            help: "give each shape a variant of its own, or the model a shape fit".to_owned(),
        });
    }
    found.sort_by_key(|problem| problem.line);
    found
}

/// The cell as it is said in messages.
fn said(name: &CellName) -> String {
    let CellName { model, variant, gpu } = name;
    if variant.is_empty() { format!("{model} on {gpu}") } else { format!("{model} {variant} on {gpu}") }
}
