//! How a command ends: its exit code, and what is said on stderr.

use fleetfront_planner::Interrupted;

/// How a command ends well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It did what was asked: exit code 0.
    Done,
    /// It did, and `--gate` was asked for and a criterion failed, or a decision changed: exit code 1.
    CriterionFailed,
}

/// Why a command did not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Failure {
    /// Something outside the program has to be changed, and the text says what: exit code 2.
    Input(String),
    /// Ctrl-C: exit code 130.
    Interrupted,
}

impl Failure {
    /// Something to be changed.
    ///
    /// - `what`: a lower-case fragment with the offending value.
    /// - `help`: what to do about it.
    pub(crate) fn input(what: impl std::fmt::Display, help: impl std::fmt::Display) -> Self {
        Self::Input(format!("error: {what}\n  help: {help}"))
    }
}

impl From<Interrupted> for Failure {
    fn from(_: Interrupted) -> Self {
        Self::Interrupted
    }
}
