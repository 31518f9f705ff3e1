//! The file of a load curve: one weight an hour.

use crate::problem::Problem;
use crate::provenance::Provenance;
use crate::table::{Bound, Table};

const COLUMNS: [&str; 5] = ["hour", "weight", "kind", "source", "date"];

/// The weight of one hour.
struct Weighting {
    line: u64,
    hour: usize,
    weight: f64,
    provenance: Provenance,
}

/// Reads the columns `hour,weight,kind,source,date`: hours 0 to 23 of a day, or 0 to 167 of a week from Monday 00:00.
///
/// Returns the weights as written, 24 or 168 of them, and where they come from: the weakest kind, every source once,
/// the latest date as text.
///
/// # Errors
/// Every problem of the file, in the order of its lines.
pub fn read_load_curve(file: &str, text: &str) -> Result<(Vec<f64>, Provenance), Vec<Problem>> {
    let mut table = Table::read(file, text, &COLUMNS, |row| {
        let number = row.number("hour", Bound::NotNegative);
        let weight = row.number("weight", Bound::NotNegative);
        let provenance = row.provenance();
        let hour = number.filter(|h| h.fract() == 0.0 && *h < 168.0);
        if number.is_some() && hour.is_none() {
            let message = format!("`{}` is not an hour", row.field("hour"));
            row.reject("hour", message, "write a whole number from 0 to 167");
        }
        Some(Weighting { line: row.line(), hour: hour? as usize, weight: weight?, provenance: provenance? })
    });
    check_order(&mut table);
    let hours = table.finish()?;
    let provenance = joint_provenance(&hours);
    Ok((hours.into_iter().map(|hour| hour.weight).collect(), provenance))
}

/// Hours must run 0, 1, 2, … to 23 or 167, and not all weights may be zero.
fn check_order(table: &mut Table<'_, Weighting>) {
    table.reject_repeats("hour", |hour| Some((hour.line, format!("hour {}", hour.hour))));
    // Rows that were dropped for a problem of their own would show as gaps: only a clean table is judged as a whole.
    if !table.is_clean() {
        return;
    }
    let hours = table.rows();
    if let Some((expected, found)) = hours.iter().enumerate().find(|(index, row)| *index != row.hour) {
        let (line, message) = (found.line, format!("hour {} follows where {expected} is due", found.hour));
        table.reject(Some(line), "hour", message, "list the hours in order, none left out, from 0");
    } else if hours.len() != 24 && hours.len() != 168 {
        let message = format!("has {} hours", hours.len());
        table.reject(None, "hour", message, "give 24 (a day) or 168 (a week from Monday 00:00)");
    } else if hours.iter().all(|row| row.weight == 0.0) {
        table.reject(None, "weight", "is zero in every hour".into(), "give at least one hour a weight above zero");
    }
}

fn joint_provenance(hours: &[Weighting]) -> Provenance {
    let mut sources: Vec<&str> = Vec::new();
    for hour in hours {
        if !sources.contains(&hour.provenance.source.as_str()) {
            sources.push(&hour.provenance.source);
        }
    }
    let kind = hours.iter().map(|hour| hour.provenance.kind).max().expect("a checked curve has hours");
    let date = hours.iter().map(|hour| &hour.provenance.date).max().expect("a checked curve has hours").clone();
    Provenance { kind, source: sources.join("; "), date }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fit::Kind;
    use std::fmt::Write as _;

    fn file(hours: impl Iterator<Item = usize>, weight: &str) -> String {
        let mut text = "hour,weight,kind,source,date\n".to_owned();
        for hour in hours {
            writeln!(text, "{hour},{weight},derived,a trace,1995-07").expect("writing to a string");
        }
        text
    }

    fn problem(text: &str) -> String {
        let found = read_load_curve("load.csv", text).expect_err("bad input");
        assert_eq!(found.len(), 1, "{found:#?}");
        found[0].to_string()
    }

    #[test]
    fn a_day_and_a_week_are_read_with_their_source() {
        for hours in [24, 168] {
            let (weights, provenance) = read_load_curve("load.csv", &file(0..hours, "0.5")).expect("valid");
            assert_eq!(weights, vec![0.5; hours]);
            assert_eq!((provenance.kind, provenance.source.as_str()), (Kind::Derived, "a trace"));
        }
    }

    #[test]
    fn the_weakest_kind_and_all_sources_stand_for_the_curve() {
        let text = file(0..23, "1") + "23,1,assumed,a guess,2026\n";
        let (_, provenance) = read_load_curve("load.csv", &text).expect("valid");
        assert_eq!(provenance.kind, Kind::Assumed);
        assert_eq!(provenance.source, "a trace; a guess");
    }

    #[test]
    fn a_wrong_number_of_hours_is_named() {
        assert!(problem(&file(0..23, "1")).starts_with("load.csv: hour: has 23 hours\n  help: give 24"));
    }

    #[test]
    fn hours_out_of_order_left_out_or_twice_are_named_with_their_line() {
        assert!(
            problem(&file((0..24).filter(|h| *h != 5), "1")).starts_with("load.csv:7: hour: hour 6 follows where 5")
        );
        assert!(problem(&file(1..25, "1")).starts_with("load.csv:2: hour: hour 1 follows where 0"));
        let twice = file((0..24).chain([3]), "1");
        assert!(problem(&twice).starts_with("load.csv:26: hour: hour 3 is already given in line 5"));
    }

    #[test]
    fn fractions_of_hours_and_bad_weights_are_named() {
        let fraction = file(0..24, "1").replace("\n7,", "\n7.5,");
        assert!(problem(&fraction).starts_with("load.csv:9: hour: `7.5` is not an hour"));
        let late = file(0..24, "1").replace("\n23,", "\n168,");
        assert!(problem(&late).starts_with("load.csv:25: hour: `168` is not an hour"));
        let negative = file(0..24, "1").replace("\n3,1,", "\n3,-1,");
        assert!(problem(&negative).starts_with("load.csv:5: weight: `-1`"));
        assert!(problem(&file(0..24, "0")).starts_with("load.csv: weight: is zero in every hour"));
    }
}
