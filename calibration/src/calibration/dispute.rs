//! Rows that contradict what is taken of their cell: one judgement for tables and runs, whoever asks.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::runs::{CellName, Phase, Runs};

use super::rows::judged;
use super::{Calibration, CalibrationOptions, Flag};

/// A row that contradicts its cell, or a cell whose rows are divided.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Dispute {
    /// Whose rows.
    pub cell: CellName,
    /// What of it was timed.
    pub phase: Phase,
    /// What is said of them.
    pub flag: Flag,
}

impl Calibration {
    /// Rows that contradict the others, and cells whose rows are divided, as [`Self::of`] flags them, without its laws:
    /// sorted by phase and cell.
    #[must_use]
    pub fn disputes(runs: &Runs, options: &CalibrationOptions) -> Vec<Dispute> {
        let mut found = Vec::new();
        for phase in Phase::ALL {
            let stated = options.stated.iter().find(|stated| stated.phase == phase);
            for (name, rows) in runs.cells(phase) {
                let flags = judged(name, phase, &rows, stated, options).flags;
                let disputes = flags.into_iter().filter(Flag::is_dispute);
                found.extend(disputes.map(|flag| Dispute { cell: name.clone(), phase, flag }));
            }
        }
        found
    }
}

impl fmt::Display for Dispute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}): {}", self.cell, self.phase.words(), self.flag)
    }
}
