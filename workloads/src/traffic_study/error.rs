//! Why the traffic of a log cannot be studied.

use std::io;

use crate::describe::DescribeError;
use crate::fit::FitError;
use crate::log::LogError;

/// Why the traffic of a log cannot be studied, and what to change.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StudyError {
    /// The log cannot be read.
    #[error(transparent)]
    Log(#[from] LogError),
    /// It cannot be described.
    #[error(transparent)]
    Describe(#[from] DescribeError),
    /// More models than are told apart.
    #[error(
        "{file}: more than {most} models in column `{column}`\n  help: name another column, or leave the models out of the \
         log"
    )]
    TooManyModels {
        /// The log, as the user named it.
        file: String,
        /// Which column was taken for the model.
        column: String,
        /// How many are told apart.
        most: usize,
    },
    /// All requests lie within less than a minute.
    #[error("{file}: all requests lie within {span_s} s: no day can be told from them\n  help: give a longer log")]
    TooShort {
        /// The log, as the user named it.
        file: String,
        /// From its first request to its last, in seconds.
        span_s: f64,
    },
    /// Drawing logs like it would take too long.
    #[error(
        "{file}: {draws} logs of {requests} requests are {all:.1e}, more than the {most:.0e} that are drawn for a check\n  \
         help: study it without a check, or check a shorter part of it"
    )]
    TooMuchToDraw {
        /// The log, as the user named it.
        file: String,
        /// Its requests, of the part that is fitted.
        requests: u64,
        /// Logs that would be drawn.
        draws: u32,
        /// All of their requests.
        all: f64,
        /// How many are drawn at most.
        most: f64,
    },
    /// No trace can be made of it.
    #[error("{file}: no trace can be written: {what}\n  help: {mend}")]
    NoTrace {
        /// The log, as the user named it.
        file: String,
        /// Why.
        what: String,
        /// What to do.
        mend: &'static str,
    },
    /// Its trace finds no room.
    #[error(
        "the trace cannot be written: {cause}\n  help: make room where temporary files are kept, or name another folder in \
         TMPDIR"
    )]
    TraceUnwritten {
        /// What the system says.
        #[source]
        cause: io::Error,
    },
    /// It tells no rate.
    #[error("{file}: {cause}")]
    NoFit {
        /// The log, as the user named it.
        file: String,
        /// Why.
        #[source]
        cause: FitError,
    },
}
