//! `assumptions.csv` of a re-evaluation: what a log says of every assumption that was tested, for programs.

use fleetfront_planner::{Assumption, Drift};

use crate::PlotError;
use crate::answer_files::{cells, csv_table};
use crate::reevaluate_files::unit_name;
use crate::sources::basis_cells;

/// The name of the file.
pub(crate) const ASSUMPTIONS: &str = "assumptions.csv";

const HEADER: [&str; 16] = [
    "assumption",
    "unit",
    "scenario",
    "log",
    "log_low",
    "log_high",
    "n",
    "p",
    "p_of_all_tests",
    "rejected",
    "known_better",
    "tested_by",
    "scenario_kind",
    "scenario_source",
    "log_kind",
    "log_source",
];

/// A row an assumption; `p_of_all_tests` is Holm's, and 95 % of what the log leaves open lies between `log_low` and `log_high`.
pub(crate) fn assumption_csv(drift: &Drift) -> Result<Vec<u8>, PlotError> {
    let row = |of: &Assumption| {
        let mut row = vec![of.name.clone(), unit_name(of.unit).to_owned(), of.assumed.to_string()];
        row.extend(cells(of.observed));
        row.extend([of.n.to_string(), of.p_value.to_string(), of.p_adjusted.to_string()]);
        row.extend([of.rejected.to_string(), of.known_better.to_string(), of.test.clone()]);
        row.extend(basis_cells(&of.assumed_basis));
        row.extend(basis_cells(&drift.observed_basis));
        row
    };
    csv_table(&HEADER, drift.assumptions.iter().map(row))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::questions::drift;

    #[test]
    fn every_assumption_is_a_row_with_both_numbers() {
        let (drift, _) = drift();
        let text = String::from_utf8(assumption_csv(&drift).expect("a table")).expect("text");
        let rows: Vec<&str> = text.lines().collect();
        assert_eq!(rows.len(), 1 + drift.assumptions.len());
        assert!(rows[1].starts_with("traffic of a|b,requests_per_day,200,410,390,430,2870,"), "{text}");
        assert!(
            rows[1].contains(",true,false,") && rows[1].contains(",published,a page (2026-11-23),measured,"),
            "{text}"
        );
    }
}
