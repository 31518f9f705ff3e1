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
            for (name, rows) in runs.cells(phase) {
                let flags = judged(name, phase, &rows, options).flags;
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

#[cfg(test)]
mod tests {
    use super::super::StatedCv;
    use super::super::tests::{runs, warm};
    use super::*;
    use approx::assert_relative_eq;

    fn stated(cv: f64) -> Vec<StatedCv> {
        vec![StatedCv { phase: Phase::Warm, cv, source: "a series (2025)".into() }]
    }

    /// 8 s among 4 to 4.2 s are 16.4 standard deviations of 0.04, beyond the 9.2 of Student's t with three degrees of freedom,
    /// and 6.6 of 0.1, which is believed where nothing is stated. What is stated goes before what stands in.
    #[test]
    fn rows_are_held_against_the_least_spread_that_is_known() {
        let runs = runs(&[4.0, 4.2, 4.1, 8.0].map(|seconds| warm("T4", seconds)).concat());
        let of = |stated, stand_ins| {
            let options = CalibrationOptions { stated, stand_ins, ..CalibrationOptions::default() };
            let found = Calibration::of(&runs, &options);
            let disputes = Calibration::disputes(&runs, &options);
            let [Dispute { flag: Flag::Contradiction { line: 5, fitted, words }, .. }] = &disputes[..] else {
                panic!("{disputes:?}")
            };
            assert!(found.cells[0].flags.contains(&disputes[0].flag), "{:?}", found.cells[0].flags);
            (*fitted, words.contains("luck explains"), found.cells[0].fit.as_ref().expect("a law").law.mean_s())
        };
        // Four rows about 5.05 s, or three about 4.10 s.
        for (stated, stand_ins, is_odd) in [
            (Vec::new(), Vec::new(), true),
            (Vec::new(), stated(0.04), false),
            (stated(0.04), Vec::new(), false),
            (stated(0.1), stated(0.04), true),
        ] {
            let (fitted, of_luck, mean_s) = of(stated, stand_ins);
            assert_eq!((fitted, of_luck), (is_odd, is_odd));
            assert_relative_eq!(mean_s, if is_odd { 5.05 } else { 4.1 }, max_relative = 0.02);
        }
    }
}
