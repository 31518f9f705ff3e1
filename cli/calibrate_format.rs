//! What a file of times is, told by its beginning.

use std::path::Path;

use fleetfront_calibration::RUN_COLUMNS;

use crate::calibrate_args::ReadAs;
use crate::failure::Failure;

/// What a text is, by its beginning; `None` where nothing tells.
pub(crate) fn told(text: &str) -> Option<ReadAs> {
    let first = text.lines().find(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#'))?;
    let begins = text.trim_start().chars().take(4096).collect::<String>();
    if begins.contains(":::MLLOG") || begins.contains("MLPerf Results Summary") {
        return Some(ReadAs::Mlperf);
    }
    if first.trim_start().starts_with(['[', '{']) {
        let is_list = first.trim_start().starts_with('[');
        let names = |keys: &[&str]| keys.iter().any(|key| begins.contains(&format!("\"{key}\"")));
        // Runs in a list are refused by their reader, which says why.
        let is_of_runs = !is_list || names(&["phase", "seconds", "p50_s"]);
        let is_of_calls = names(&["function_call_id"]) || !is_of_runs;
        return Some(if is_of_calls { ReadAs::ModalCalls } else { ReadAs::Runs });
    }
    let columns = header(text)?;
    let has = |names: &[&str]| names.iter().all(|name| columns.contains(name));
    if has(&["model", "phase", "relative_to", "ratio"]) {
        Some(ReadAs::Benchmarks)
    } else if has(&["model", "variant", "gpu", "seconds", "cv", "use"]) {
        Some(ReadAs::Boots)
    } else if has(&["model", "gpu", "phase"]) || is_nearly_of_runs(&columns) {
        Some(ReadAs::Runs)
    } else {
        None
    }
}

/// Whether most columns are those of runs.csv, in whatever case: its reader then says what is wrong with the others.
fn is_nearly_of_runs(columns: &[&str]) -> bool {
    let columns: Vec<String> = columns.iter().map(|name| name.to_ascii_lowercase()).collect();
    let count = |names: &[&str]| columns.iter().filter(|column| names.contains(&column.as_str())).count();
    let of_other_tables = count(&["relative_to", "ratio", "cv", "use"]);
    let says_of_what = count(&["model", "phase"]) >= 1 && count(&["model", "phase", "gpu", "seconds"]) >= 2;
    of_other_tables == 0 && says_of_what && 2 * count(&RUN_COLUMNS) > columns.len()
}

/// Whether a path is that of a scenario, or of its folder.
pub(crate) fn is_scenario(path: &Path) -> bool {
    path.is_dir() || path.extension().is_some_and(|ending| ending == "toml")
}

/// The names of the columns of a table.
pub(crate) fn header(text: &str) -> Option<Vec<&str>> {
    Some(first_line(text)?.split(',').map(|name| name.trim().trim_matches('"')).collect())
}

/// The first line that says something.
fn first_line(text: &str) -> Option<&str> {
    text.lines().find(|line| !line.trim().is_empty() && !line.starts_with('#'))
}

/// What is said of a file that nothing tells of.
pub(crate) fn unknown(label: &str, text: &str) -> Failure {
    let Some(first) = first_line(text) else {
        return Failure::input(
            format!("{label}: is empty"),
            "begin with a line of names: model,gpu,phase,seconds,date,source",
        );
    };
    // What spreadsheets write where the comma is a decimal one.
    if let Some((separator, name)) = [(';', "semicolons"), ('\t', "tabs")].into_iter().find(|of| first.contains(of.0))
        && first.split(separator).any(|name| name.trim().trim_matches('"') == "model")
    {
        return Failure::input(
            format!("{label}: columns are separated by {name}"),
            "save it as CSV with commas between columns and points in numbers, as UTF-8",
        );
    }
    Failure::input(
        format!("{label}: is no file of times that is known by its beginning"),
        "runs.csv begins with a line of names such as model,gpu,phase,seconds,date,source; say what another file is with \
         --as runs, modal-calls, mlperf, benchmarks or boots",
    )
}
