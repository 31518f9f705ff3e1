//! Logs of calls that nothing can be held against, with what to change.

use std::io::BufRead;

use fleetfront_workloads::{KNOWN_ENDINGS, LogSummary, OneZone};

use super::BacktestError;

/// Refuses a log most of whose executions begin at no possible instant: what is left of them is no sample.
pub(super) fn possible(file: &str, summary: &LogSummary) -> Result<(), BacktestError> {
    let Some(column) = &summary.columns.started else { return Ok(()) };
    let of_column = || summary.dropped_values.iter().filter(|cause| cause.column == *column);
    let wrong: u64 = of_column().map(|cause| cause.lines).sum();
    let Some(first) = of_column().next().filter(|_| 2 * wrong > summary.entries) else { return Ok(()) };
    let (line, entries) = (first.first_line, summary.entries);
    let what = format!(
        "{file}:{line}: {wrong} of {entries} values of `{column}` are impossible, this the first: execution cannot begin before \
         the request comes"
    );
    Err(BacktestError::unfit(
        what,
        "say which columns are meant, with --time for the arrival and --started for the beginning",
    ))
}

/// Whether it is `[]`, as the platform prints where there is nothing to print.
pub(super) fn is_empty_list(source: impl BufRead) -> bool {
    let mut written = source.bytes().map_while(Result::ok).filter(|byte| !byte.is_ascii_whitespace()).take(3);
    (written.next(), written.next(), written.next()) == (Some(b'['), Some(b']'), None)
}

/// Refuses a log in which arrivals name their zone and the beginnings of executions do not, or the other way round: waits hang
/// on both.
pub(super) fn in_one_zone(file: &str, summary: &LogSummary) -> Result<(), BacktestError> {
    let Some(OneZone { named, unnamed, line }) = &summary.zone_told_once else { return Ok(()) };
    let what = format!("{file}:{line}: stamps in `{named}` name their zone, and those in `{unnamed}` do not");
    let mend =
        "say which clock wrote those, with --zone (such as --zone America/New_York, or UTC), or write offsets in both";
    Err(BacktestError::unfit(what, mend))
}

/// Refuses a log of whose requests too many ended in words that nobody knows: they would be taken for no ends.
pub(super) fn known_endings(file: &str, summary: &LogSummary, share_max: f64) -> Result<(), BacktestError> {
    let unheard = summary.endings.unheard;
    let Some(first) = summary.unheard.first().filter(|_| unheard as f64 > share_max * summary.requests as f64) else {
        return Ok(());
    };
    let (line, word, all) = (first.first_line, &first.word, summary.requests);
    let column = summary.columns.status.as_deref().unwrap_or_default();
    let what = format!(
        "{file}:{line}: column `{column}`: is \"{word}\" a success or a failure? {unheard} of {all} requests ended in words that \
         are not known"
    );
    let mend = format!(
        "write one that is known ({KNOWN_ENDINGS}), name another column with --status, or take them for neither with \
         --wrong-share 1"
    );
    Err(BacktestError::unfit(what, mend))
}
