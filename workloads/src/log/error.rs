//! Why a log cannot be read.

use std::fmt::Write as _;
use std::io;

use super::columns::{Missing, nearest};
use super::numbering::Unclear;
use super::summary::{WrongCause, WrongLine};
use super::value::COUNT_MAX;
use crate::TimeZoneError;

/// Why a log cannot be read, where, and what to change.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LogError {
    /// The source failed: a broken disk, pipe or gzip file.
    #[error(
        "{file}:{line}: cannot be read on: {cause}\n  help: give the whole file; lines before this one are readable"
    )]
    Unreadable {
        /// The log, as the user named it.
        file: String,
        /// The line on which it broke, from 1.
        line: u64,
        /// What the system says.
        #[source]
        cause: io::Error,
    },
    /// Nothing to read.
    #[error(
        "{file}: holds no requests\n  help: give a log with a line for each request, below a header if it is a table"
    )]
    Empty {
        /// The log, as the user named it.
        file: String,
    },
    /// It holds no lines of text.
    #[error("{file}: holds no text: {what}\n  help: {mend}")]
    NotText {
        /// The log, as the user named it.
        file: String,
        /// What it is instead.
        what: &'static str,
        /// What to do.
        mend: &'static str,
    },
    /// The first line is data.
    #[error("{file}:{line}: no header: `{text}` is a stamp\n  help: let the first line name the columns")]
    NoHeader {
        /// The log, as the user named it.
        file: String,
        /// Where the header should be, from 1.
        line: u64,
        /// What stands in the place of the first name.
        text: String,
    },
    /// JSON was asked for, and this is something else.
    #[error("{file}:{line}: not JSON: {cause}\n  help: {mend}")]
    NotJson {
        /// The log, as the user named it.
        file: String,
        /// The line, from 1.
        line: u64,
        /// What is wrong.
        cause: String,
        /// What to do.
        mend: &'static str,
    },
    /// A column that is needed or was named is not there.
    #[error("{file}:{line}: {meaning}: {message}\n  help: {mend}")]
    NoColumn {
        /// The log, as the user named it.
        file: String,
        /// The line of the header or of the first object, from 1.
        line: u64,
        /// What the column was to mean, such as `time`.
        meaning: &'static str,
        /// What is missing.
        message: String,
        /// The columns that there are, or the one that was meant.
        mend: String,
    },
    /// More lines are wrong than is put up with.
    #[error("{}", wrong_lines(file, (*wrong_count, *lines, *share_max), causes, shown))]
    WrongLines {
        /// The log, as the user named it.
        file: String,
        /// How many lines are wrong.
        wrong_count: u64,
        /// How many there are, without blank ones and the header.
        lines: u64,
        /// The share that would have been put up with.
        share_max: f64,
        /// Why they are wrong, the most frequent cause first.
        causes: Vec<WrongCause>,
        /// The first of them, at most ten.
        shown: Vec<WrongLine>,
    },
    /// The counts add up to more than is counted.
    #[error(
        "{file}: holds more than {COUNT_MAX} requests\n  help: look at the column of counts; it may hold something else"
    )]
    TooManyRequests {
        /// The log, as the user named it.
        file: String,
    },
    /// The width of the bins cannot be told from a single stamp.
    #[error(
        "{file}: all counts have the same stamp, so the width of the bins is unknown\n  help: give it, such as bin_s = 3600"
    )]
    NoWidth {
        /// The log, as the user named it.
        file: String,
    },
    /// The stamps of bins are not equally far apart.
    #[error(
        "{file}: bins of unequal width: the smallest gap between stamps is {gap_s} s, but not all are multiples of it\n  \
         help: give counts in bins of equal width, or say the width, such as bin_s = {gap_s}"
    )]
    UnevenBins {
        /// The log, as the user named it.
        file: String,
        /// The smallest gap between stamps, in seconds.
        gap_s: f64,
    },
    /// The stamps of bins are closer together than the bins are wide.
    #[error(
        "{file}: stamps are {gap_s} s apart, closer than bins of {bin_s} s\n  help: give the width of the bins, such as \
         bin_s = {gap_s}, or leave it out: it is then the smallest gap between stamps"
    )]
    CloserThanBins {
        /// The log, as the user named it.
        file: String,
        /// The smallest gap between stamps, in seconds.
        gap_s: f64,
        /// The width that was given, in seconds.
        bin_s: f64,
    },
    /// Numbers that may count seconds or number bins.
    #[error("{file}:{line}: column `{column}`: {message}\n  help: {mend}")]
    UnclearNumbers {
        /// The log, as the user named it.
        file: String,
        /// The line of the header, or the one that shows it, from 1.
        line: u64,
        /// The column of the numbers.
        column: String,
        /// What they may be.
        message: String,
        /// What to do.
        mend: String,
    },
    /// An option is out of its range.
    #[error("{name}: {value} is out of range\n  help: {mend}")]
    Option {
        /// The option.
        name: &'static str,
        /// What was given.
        value: String,
        /// What may be given.
        mend: &'static str,
    },
    /// The time zone of stamps that name none is unknown.
    #[error(transparent)]
    Zone(#[from] TimeZoneError),
}

impl LogError {
    pub(super) fn no_column(file: &str, line: u64, missing: &Missing, found: &[String]) -> Self {
        let listed = format!("the log has {}", quoted(found));
        let (message, mend) = match &missing.name {
            Some(name) => {
                let meant = nearest(name, found).map(|column| format!("did you mean `{column}`? "));
                (format!("no column `{name}`"), meant.unwrap_or_default() + &listed)
            }
            None => ("no column is known to mean this".to_owned(), format!("say which of its columns does; {listed}")),
        };
        Self::NoColumn { file: file.to_owned(), line, meaning: missing.meaning, message, mend }
    }
}

impl LogError {
    /// - `line`: of the header, from 1.
    pub(super) fn unclear_numbers(file: &str, line: u64, column: &str, unclear: Unclear) -> Self {
        let (message, mend) = match unclear {
            Unclear::UnitOrSeconds { unit_s, gap } => (
                format!("its numbers are {gap} apart: in steps of {unit_s} s, as it is called, or in seconds?"),
                format!("give the width of the bins: bin_s = {} or bin_s = {gap}", gap * unit_s),
            ),
            Unclear::UnitOrWidth { unit_s, bin_s } => (
                format!("its name says steps of {unit_s} s, but the width that is given is {bin_s} s"),
                format!(
                    "leave the width out or give bin_s = {unit_s}; if these are numbers of bins, call the column bin"
                ),
            ),
        };
        Self::UnclearNumbers { file: file.to_owned(), line, column: column.to_owned(), message, mend }
    }

    /// Numbers of bins that begin again: whether the next days, or another part of the same ones, nobody says.
    ///
    /// - `line`: where they do, from 1.
    pub(super) fn begins_again(file: &str, line: u64, column: &str) -> Self {
        let message = "its numbers begin again here: the next days, or the same hours of something else?".to_owned();
        let mend = "number the bins on without a break, give a column `date` (or `day` for the number of the day) beside \
                    the hours, or name the column that tells the models apart";
        Self::UnclearNumbers { file: file.to_owned(), line, column: column.to_owned(), message, mend: mend.to_owned() }
    }

    /// Numbers in a row that nobody says the unit of.
    pub(super) fn numbers_in_a_row(file: &str, line: u64, column: &str) -> Self {
        let message = "its numbers are in steps of 1: seconds, or bins of another width?".to_owned();
        let mend = "give the width of the bins, such as bin_s = 3600 for hours and bin_s = 1 for seconds; or call the \
                    column hour, minute, second or day";
        let mend = mend.to_owned();
        Self::UnclearNumbers { file: file.to_owned(), line, column: column.to_owned(), message, mend }
    }
}

/// The names that there are, cut where they are too many to read.
fn quoted(names: &[String]) -> String {
    const SHOWN: usize = 40;
    let mut text = names.iter().take(SHOWN).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    if names.len() > SHOWN {
        let _ = write!(text, " and {} more", names.len() - SHOWN);
    }
    if text.is_empty() { "no columns".to_owned() } else { text }
}

fn wrong_lines(
    file: &str,
    (wrong_count, lines, share_max): (u64, u64, f64),
    causes: &[WrongCause],
    shown: &[WrongLine],
) -> String {
    let share = 100.0 * wrong_count as f64 / lines as f64;
    let most = 100.0 * share_max;
    let mut text =
        format!("{file}: {wrong_count} of {lines} lines are wrong ({share:.1} %, at most {most} % are put up with)");
    for cause in causes {
        let _ = write!(text, "\n  {cause}");
    }
    for wrong in shown {
        let _ = write!(text, "\n  {file}:{wrong}");
    }
    // Of a log without a right line nothing is left that could be read.
    let help = if wrong_count < lines {
        "mend them, map other columns, or allow a larger share of wrong lines"
    } else {
        "mend them, or map other columns"
    };
    text + "\n  help: " + help
}
