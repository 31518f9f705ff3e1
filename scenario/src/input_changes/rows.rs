//! Two tables, row by row.

use fleetfront_calibration::{TRACE_HEADER, table_cells};

use super::InputChange;

/// The columns that say what a row is about, of any table of a scenario.
const KEYS: [&str; 9] = ["item", "scope", "model", "name", "variant", "gpu", "phase", "relative_to", "hour"];

/// A table as its columns and rows.
struct Rows {
    columns: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Rows {
    fn read(text: &str) -> Self {
        let mut rows = table_cells(text);
        let columns = if rows.is_empty() { Vec::new() } else { rows.remove(0) };
        Self { columns, rows }
    }

    /// A cell; empty where the row or the column is not there.
    fn cell<'a>(&self, row: &'a [String], column: &str) -> &'a str {
        let index = self.columns.iter().position(|other| other == column);
        index.and_then(|index| row.get(index)).map_or("", String::as_str)
    }

    /// What a row is about; empty in a table that does not say.
    fn key(&self, row: &[String]) -> String {
        let words = KEYS.into_iter().map(|column| self.cell(row, column)).filter(|word| !word.is_empty());
        words.collect::<Vec<_>>().join(" ")
    }

    /// The columns that say something about it.
    fn facts(&self) -> impl Iterator<Item = &String> {
        self.columns.iter().filter(|column| !KEYS.contains(&column.as_str()))
    }

    /// What a row says, but for what it is about.
    fn words(&self, row: &[String]) -> String {
        let said = self.facts().map(|column| (column, self.cell(row, column))).filter(|(_, cell)| !cell.is_empty());
        said.map(|(column, cell)| format!("{column} {cell}")).collect::<Vec<_>>().join(", ")
    }
}

/// Whether a table is a trace.
pub(super) fn is_trace(text: &str) -> bool {
    text.lines().find(|line| !line.trim().is_empty() && !line.starts_with('#')) == Some(TRACE_HEADER)
}

/// Rows that are there once, and cells that differ. Several rows may be about the same thing (measurements are): of
/// those, equal ones are the same, and the others are paired by how little differs.
pub(super) fn changes(file: &str, old: &str, new: &str) -> Vec<InputChange> {
    let (old, new) = (Rows::read(old), Rows::read(new));
    let mut changes = Vec::new();
    let mut change = |place: String, old: Option<String>, new: Option<String>| {
        changes.push(InputChange { file: file.to_owned(), place, old, new });
    };
    let mut keys: Vec<String> = Vec::new();
    for key in old.rows.iter().map(|row| old.key(row)).chain(new.rows.iter().map(|row| new.key(row))) {
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    let mut columns: Vec<&String> = old.facts().collect();
    columns.extend(new.facts().filter(|column| !old.columns.contains(column)));
    let differing = |before: &[String], after: &[String]| -> Vec<&String> {
        columns.iter().copied().filter(|column| old.cell(before, column) != new.cell(after, column)).collect()
    };
    for key in keys {
        let mut before: Vec<&Vec<String>> = old.rows.iter().filter(|row| old.key(row) == key).collect();
        let mut after: Vec<&Vec<String>> = new.rows.iter().filter(|row| new.key(row) == key).collect();
        before.retain(|own| {
            let same = after.iter().position(|other| differing(own, other).is_empty());
            same.map(|index| after.remove(index)).is_none()
        });
        for own in before {
            let nearest = (0..after.len()).min_by_key(|index| differing(own, after[*index]).len());
            let Some(other) = nearest.map(|index| after.remove(index)) else {
                change(key.clone(), Some(old.words(own)), None);
                continue;
            };
            for column in differing(own, other) {
                let side = |cell: &str| (!cell.is_empty()).then(|| cell.to_owned());
                change(format!("{key}: {column}"), side(old.cell(own, column)), side(new.cell(other, column)));
            }
        }
        for row in after {
            change(key.clone(), None, Some(new.words(row)));
        }
    }
    changes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(old: &str, new: &str) -> Vec<String> {
        let word = |side: Option<String>| side.unwrap_or_else(|| "nothing".to_owned());
        let changes = changes("t.csv", old, new).into_iter();
        changes.map(|c| format!("{}: {} > {}", c.place, word(c.old), word(c.new))).collect()
    }

    #[test]
    fn rows_are_found_by_what_they_are_about_in_any_order() {
        let old = "# facts\nitem,usd,source\nT4,1,a\nL4,2,b\n";
        assert_eq!(said(old, "item,usd,source\nL4,2,b\n\nT4,1,a\n"), Vec::<String>::new());
        let expected = ["T4: usd: 1 > 3", "L4: usd 2, source b > nothing", "A10: nothing > usd 5, source x, y"];
        assert_eq!(said(old, "item,usd,source\nA10,5,\"x, y\"\nT4,3,a\n"), expected);
    }

    /// By hand: of three measurements of one cell the first stays, the second is corrected, the third goes.
    #[test]
    fn measurements_of_the_same_thing_are_paired_by_how_little_differs() {
        let old = "model,gpu,seconds,use,date\na,T4,1,yes,d1\na,T4,2,yes,d2\na,T4,9,no,d3\nb,T4,5,yes,d1\n";
        let new = "model,gpu,seconds,use,date\na,T4,2.5,yes,d2\na,T4,1,yes,d1\nb,T4,5,yes,d1\n";
        assert_eq!(said(old, new), ["a T4: seconds: 2 > 2.5", "a T4: seconds 9, use no, date d3 > nothing"]);
    }

    #[test]
    fn columns_may_come_and_go_and_a_broken_line_is_only_another_row() {
        let found = said("model,note\na,x\n", "model,seconds\na,3\n");
        assert_eq!(found, ["a: note: x > nothing", "a: seconds: nothing > 3"]);
        assert_eq!(said("model,s\na,1\n", "model,s\n\"a,1\n").len(), 2);
        assert_eq!(said("", ""), Vec::<String>::new());
    }
}
