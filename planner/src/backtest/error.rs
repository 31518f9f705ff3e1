//! Why a period cannot be predicted.

use fleetfront_workloads::{LogError, TimeZoneError};

/// Why a log cannot be held against a prediction, and what to change.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BacktestError {
    /// The log cannot be read.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The reporting zone or a date is unknown, or a day does not have 24 hours.
    #[error(transparent)]
    Zone(#[from] TimeZoneError),
    /// Anything else: what is wrong, and how to mend it.
    #[error("{what}\n  help: {help}")]
    Unfit {
        /// What is wrong, with the offending value.
        what: String,
        /// What to do.
        help: String,
    },
}

impl BacktestError {
    pub(crate) fn unfit(what: impl Into<String>, help: impl Into<String>) -> Self {
        Self::Unfit { what: what.into(), help: help.into() }
    }
}
