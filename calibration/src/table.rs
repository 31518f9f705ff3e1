//! A CSV file read line by line, every problem collected.
//!
//! A record stands on one line: an unclosed quote is then a problem of its own line instead of swallowing the rest of
//! the file, and line numbers stay right beside comments.

mod json_lines;

use std::collections::BTreeMap;

use csv::{ReaderBuilder, StringRecord, Trim};

use crate::fit::Kind;
use crate::nearest::nearest;
use crate::problem::Problem;
use crate::provenance::Provenance;

/// What a number may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bound {
    /// Above zero.
    Positive,
    /// Zero or more.
    NotNegative,
}

/// Which columns a table may have, and where they stand in this one.
#[derive(Debug)]
pub(crate) struct Header<'a> {
    columns: &'a [&'a str],
    /// For each of `columns` the field of a line that holds it; `None` where the table leaves it out.
    places: Vec<Option<usize>>,
    width: usize,
}

impl<'a> Header<'a> {
    /// Every column, in this order.
    pub(crate) fn in_order(columns: &'a [&'a str]) -> Self {
        Self { columns, places: (0..columns.len()).map(Some).collect(), width: columns.len() }
    }
}

/// One line of a table, read field by field by column name.
#[derive(Debug)]
pub(crate) struct Row<'a> {
    file: &'a str,
    line: u64,
    header: &'a Header<'a>,
    record: StringRecord,
    problems: Vec<Problem>,
}

impl Row<'_> {
    /// The line in the file, from 1.
    pub(crate) fn line(&self) -> u64 {
        self.line
    }

    /// Records that this column is wrong.
    pub(crate) fn reject(&mut self, column: &str, message: String, help: &str) {
        self.problems.push(problem(self.file, Some(self.line), column, message, help));
    }

    /// The field as written; empty also where the table leaves the column out.
    pub(crate) fn field(&self, column: &str) -> &str {
        let known = self.header.columns.iter().position(|c| *c == column);
        let index = known.expect("the column is one that the table may have");
        self.header.places[index].map_or("", |place| &self.record[place])
    }

    /// A field that may not be empty.
    pub(crate) fn text(&mut self, column: &str) -> Option<String> {
        let text = self.field(column).to_owned();
        if text.is_empty() {
            self.reject(column, "is empty".into(), "every line needs one; write what is known");
            return None;
        }
        Some(text)
    }

    /// A number, or a problem.
    pub(crate) fn number(&mut self, column: &str, bound: Bound) -> Option<f64> {
        let text = self.text(column)?;
        let value = text.parse::<f64>().ok().filter(|v| v.is_finite());
        let accepted = value.filter(|v| if bound == Bound::Positive { *v > 0.0 } else { *v >= 0.0 });
        if accepted.is_none() {
            let wanted = if bound == Bound::Positive { "above zero" } else { "zero or more" };
            self.reject(column, format!("`{text}` is not a number {wanted}"), "write a finite number, such as 2.5");
        }
        accepted
    }

    /// A number, or `None` for an empty field; also for a wrong one, which is a problem and drops the row.
    pub(crate) fn optional_number(&mut self, column: &str, bound: Bound) -> Option<f64> {
        if self.field(column).is_empty() { None } else { self.number(column, bound) }
    }

    /// One of the words, or a problem that lists them.
    pub(crate) fn choice<T: Copy>(&mut self, column: &str, choices: &[(&str, T)]) -> Option<T> {
        let text = self.text(column)?;
        let found = choices.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
        if found.is_none() {
            let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
            self.reject(column, format!("`{text}` is unknown"), &format!("write one of: {}", words.join(", ")));
        }
        found
    }

    /// The column `use`: whether the line is fitted or only shown.
    pub(crate) fn used(&mut self) -> Option<bool> {
        self.choice("use", &[("yes", true), ("no", false)])
    }

    /// The columns `kind`, `source` and `date`.
    pub(crate) fn provenance(&mut self) -> Option<Provenance> {
        let kind = self.choice("kind", &KINDS);
        let source = self.text("source");
        let date = self.text("date");
        Some(Provenance { kind: kind?, source: source?, date: date? })
    }

    /// Rejects every column of `columns` that is filled in, because `why`.
    pub(crate) fn must_be_empty(&mut self, columns: &[&str], why: &str) {
        for column in columns {
            let text = self.field(column).to_owned();
            if !text.is_empty() {
                self.reject(column, format!("`{text}` has no meaning here: {why}"), "leave the field empty");
            }
        }
    }
}

/// What may stand in the column `kind`.
pub(crate) const KINDS: [(&str, Kind); 4] = [
    ("measured", Kind::Measured),
    ("published", Kind::Published),
    ("derived", Kind::Derived),
    ("assumed", Kind::Assumed),
];

/// What is said of a file with a header alone, and what to do.
pub const NO_ROWS: (&str, &str) = ("has a header but no rows", "add at least one row below the header");

/// The good rows of a file, and what is wrong with the others.
#[derive(Debug)]
pub(crate) struct Table<'a, T> {
    file: &'a str,
    rows: Vec<T>,
    problems: Vec<Problem>,
}

impl<'a, T> Table<'a, T> {
    /// A table without rows, for files of another make.
    pub(crate) fn of(file: &'a str) -> Self {
        Self { file, rows: Vec::new(), problems: Vec::new() }
    }

    /// Adds rows that were read elsewhere.
    pub(crate) fn extend(&mut self, rows: impl IntoIterator<Item = T>) {
        self.rows.extend(rows);
    }

    /// The file, as the user named it.
    pub(crate) fn file(&self) -> &str {
        self.file
    }

    /// Reads `text`, whose first line that is neither blank nor a comment (`#`) is the header `columns`, exactly.
    ///
    /// `parse` turns a row into a value; it returns `None` after rejecting a field.
    pub(crate) fn read(
        file: &'a str,
        text: &str,
        columns: &[&str],
        mut parse: impl FnMut(&mut Row<'_>) -> Option<T>,
    ) -> Self {
        let mut table = Self::of(file);
        let expected = columns.join(",");
        let mut lines = filled_lines(text);
        let Some((line, header)) = lines.next() else {
            table.reject(None, "", "is empty".into(), &format!("begin with the header line {expected}"));
            return table;
        };
        if split(header).is_none_or(|found| found.iter().ne(columns.iter().copied())) {
            let message = format!("the header is `{header}`");
            table.reject(Some(line), "", message, &format!("write the header line {expected}"));
            return table;
        }
        let header = Header::in_order(columns);
        for (line, content) in lines {
            table.read_line(line, content, &header, &mut parse);
        }
        table
    }

    /// As [`Self::read`], of a table whose header names some of `columns` in any order, but all that are `needed`.
    pub(crate) fn read_named(
        file: &'a str,
        text: &str,
        columns: &[&str],
        needed: &[&str],
        mut parse: impl FnMut(&mut Row<'_>) -> Option<T>,
    ) -> Self {
        let mut table = Self::of(file);
        let mut lines = filled_lines(text);
        let Some((line, names)) = lines.next() else {
            table.reject(None, "", "is empty".into(), &format!("begin with a header line of {}", columns.join(", ")));
            return table;
        };
        let names: Vec<String> = split(names).map_or_else(Vec::new, |names| names.iter().map(str::to_owned).collect());
        table.judge_names(line, &names, columns, needed);
        if table.is_clean() {
            let place = |column: &&str| names.iter().position(|name| name == column);
            let header = Header { columns, places: columns.iter().map(place).collect(), width: names.len() };
            for (line, content) in lines {
                table.read_line(line, content, &header, &mut parse);
            }
        }
        table
    }

    fn judge_names(&mut self, line: u64, names: &[String], columns: &[&str], needed: &[&str]) {
        for (index, name) in names.iter().enumerate() {
            if !columns.contains(&name.as_str()) {
                let help = meant(name, columns);
                self.reject(Some(line), name, "is no column that is known here".into(), &help);
            } else if names[..index].contains(name) {
                self.reject(Some(line), name, "is named twice in the header".into(), "remove one of the two columns");
            }
        }
        for column in needed.iter().filter(|column| !names.iter().any(|name| name == *column)) {
            self.reject(Some(line), column, "is missing from the header".into(), "add the column");
        }
    }

    fn read_line(
        &mut self,
        line: u64,
        content: &str,
        header: &Header<'_>,
        parse: &mut impl FnMut(&mut Row<'_>) -> Option<T>,
    ) {
        let Some(record) = split(content) else {
            self.reject(Some(line), "", "has a quote that is not closed".into(), "close the quote on the same line");
            return;
        };
        if record.len() != header.width {
            let message = format!("has {} fields, the header has {}", record.len(), header.width);
            let help = if record.len() < header.width {
                "leave empty what is not known, but write its comma"
            } else {
                "put quotes round a field that contains a comma"
            };
            self.reject(Some(line), "", message, help);
            return;
        }
        self.read_record(line, record, header, parse);
    }

    fn read_record(
        &mut self,
        line: u64,
        record: StringRecord,
        header: &Header<'_>,
        parse: &mut impl FnMut(&mut Row<'_>) -> Option<T>,
    ) {
        let mut row = Row { file: self.file, line, header, record, problems: Vec::new() };
        let parsed = parse(&mut row);
        assert!(parsed.is_some() || !row.problems.is_empty(), "a row is dropped only with a problem");
        if row.problems.is_empty() {
            self.rows.extend(parsed);
        }
        self.problems.append(&mut row.problems);
    }

    /// The rows without a problem so far.
    pub(crate) fn rows(&self) -> &[T] {
        &self.rows
    }

    /// Whether nothing is wrong so far.
    pub(crate) fn is_clean(&self) -> bool {
        self.problems.is_empty()
    }

    /// Records a problem that only shows when rows are seen together.
    pub(crate) fn reject(&mut self, line: Option<u64>, column: &str, message: String, help: &str) {
        self.problems.push(problem(self.file, line, column, message, help));
    }

    /// Rejects a row whose `key` an earlier row has: (line, what the key is) of each row, in order.
    pub(crate) fn reject_repeats(&mut self, column: &str, key: impl Fn(&T) -> Option<(u64, String)>) {
        let mut seen: BTreeMap<String, u64> = BTreeMap::new();
        for (line, name) in self.rows.iter().filter_map(key).collect::<Vec<_>>() {
            if let Some(first) = seen.get(&name) {
                let message = format!("{name} is already given in line {first}");
                self.reject(Some(line), column, message, "remove one of the two lines");
            } else {
                seen.insert(name, line);
            }
        }
    }

    /// The rows, at least one, or every problem in the order of the lines.
    pub(crate) fn finish_filled(mut self) -> Result<Vec<T>, Vec<Problem>> {
        if self.rows.is_empty() && self.problems.is_empty() {
            self.reject(None, "", NO_ROWS.0.into(), NO_ROWS.1);
        }
        self.finish()
    }

    /// The rows, none if only the header is there, or every problem in the order of the lines.
    pub(crate) fn finish(mut self) -> Result<Vec<T>, Vec<Problem>> {
        if self.problems.is_empty() {
            return Ok(self.rows);
        }
        self.problems.sort_by_key(|problem| problem.line);
        Err(self.problems)
    }
}

/// "did you mean `x`?" where a name is close, else the list of the known ones.
pub(crate) fn meant(given: &str, known: &[&str]) -> String {
    match nearest(given, known.iter().copied()) {
        Some(name) => format!("did you mean `{name}`?"),
        None if known.contains(&"megapixels") && ["width", "height"].contains(&given) => {
            "give `megapixels`: width times height over 1,000,000".to_owned()
        }
        None => format!("known here: {}", known.join(", ")),
    }
}

/// The lines that say something, with their numbers from 1.
pub(crate) fn filled_lines(text: &str) -> impl Iterator<Item = (u64, &str)> {
    let text = text.trim_start_matches('\u{feff}');
    (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'))
}

/// The fields of a table as they are written, the header's first, without blank lines and comments. Nothing is checked:
/// a line that cannot be split is one field.
#[must_use]
pub fn table_cells(text: &str) -> Vec<Vec<String>> {
    let fields = |line: &str| match split(line) {
        Some(record) => record.iter().map(str::to_owned).collect(),
        None => vec![line.to_owned()],
    };
    filled_lines(text).map(|(_, line)| fields(line)).collect()
}

/// The fields of one line; `None` when a quote is not closed.
fn split(line: &str) -> Option<StringRecord> {
    if line.matches('"').count() % 2 == 1 {
        return None;
    }
    let mut reader = ReaderBuilder::new().has_headers(false).trim(Trim::All).from_reader(line.as_bytes());
    let record = reader.records().next()?;
    Some(record.expect("one line of valid UTF-8 is one record"))
}

fn problem(file: &str, line: Option<u64>, column: &str, message: String, help: &str) -> Problem {
    Problem { file: file.into(), line, column: None, key: column.into(), message, help: help.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<(u64, String, f64)>, Vec<Problem>> {
        Table::read("t.csv", text, &["name", "value"], |row| {
            let (name, value) = (row.text("name"), row.number("value", Bound::Positive));
            Some((row.line(), name?, value?))
        })
        .finish_filled()
    }

    fn problems(text: &str) -> Vec<String> {
        read(text).expect_err("bad input").iter().map(ToString::to_string).collect()
    }

    #[test]
    fn comments_blank_lines_and_a_byte_order_mark_are_skipped_and_lines_stay_right() {
        let rows = read("\u{feff}# a table\r\n\r\nname,value\r\n# one\r\na, 1.5\r\n\r\n\"b, c\",2\r\n").expect("valid");
        assert_eq!(rows, [(5, "a".to_owned(), 1.5), (7, "b, c".to_owned(), 2.0)]);
    }

    #[test]
    fn cells_are_what_stands_in_the_lines() {
        let found = table_cells("\u{feff}# a\nname,value\n\na, 1.5\n\"b, c\",\n\"open,1\n");
        assert_eq!(found, [vec!["name", "value"], vec!["a", "1.5"], vec!["b, c", ""], vec!["\"open,1"]]);
    }

    #[test]
    fn every_problem_is_reported_with_its_line_and_column() {
        let found = problems("name,value\na,NaN\n,-1\nb,0\nc,1e999\nd,two");
        let places: Vec<&str> = found.iter().map(|p| p.split(": `").next().expect("a place")).collect();
        assert_eq!(found.len(), 6, "{found:#?}");
        assert!(places[0].starts_with("t.csv:2: value"), "{}", found[0]);
        assert!(found[1].starts_with("t.csv:3: name: is empty"), "{}", found[1]);
        assert!(found[2].starts_with("t.csv:3: value: `-1` is not a number above zero"), "{}", found[2]);
        assert!(found[3].starts_with("t.csv:4: value"), "{}", found[3]);
        assert!(found[4].starts_with("t.csv:5: value"), "{}", found[4]);
        assert!(found[5].starts_with("t.csv:6: value: `two`"), "{}", found[5]);
    }

    #[test]
    fn fields_too_few_and_too_many_have_each_their_mend() {
        assert_eq!(
            problems("name,value\na\nb,1,2\n"),
            [
                "t.csv:2: has 1 fields, the header has 2\n  help: leave empty what is not known, but write its comma",
                "t.csv:3: has 3 fields, the header has 2\n  help: put quotes round a field that contains a comma",
            ]
        );
    }

    fn read_named(text: &str) -> Result<Vec<(String, Option<f64>)>, Vec<Problem>> {
        Table::read_named("t.csv", text, &["name", "value"], &["name"], |row| {
            let (name, value) = (row.text("name"), row.optional_number("value", Bound::Positive));
            Some((name?, value))
        })
        .finish_filled()
    }

    #[test]
    fn columns_may_stand_in_any_order_and_be_left_out() {
        assert_eq!(read_named("value,name\n1,a\n").expect("valid"), [("a".to_owned(), Some(1.0))]);
        assert_eq!(read_named("name\na\n").expect("valid"), [("a".to_owned(), None)]);
        let found = |text| read_named(text).expect_err("bad input").iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(
            found("nmae,value,value\na,1,2\n"),
            [
                "t.csv:1: nmae: is no column that is known here\n  help: did you mean `name`?",
                "t.csv:1: value: is named twice in the header\n  help: remove one of the two columns",
                "t.csv:1: name: is missing from the header\n  help: add the column",
            ]
        );
    }

    #[test]
    fn a_file_without_rows_is_a_problem() {
        assert!(problems("")[0].starts_with("t.csv: is empty\n  help: begin with the header line name,value"));
        assert!(problems("# only a comment\n")[0].starts_with("t.csv: is empty"));
        assert!(problems("name,value\n")[0].starts_with("t.csv: has a header but no rows"));
    }

    #[test]
    fn another_header_is_shown_beside_the_right_one() {
        let found = problems("# table\nvalue,name\n1,a\n");
        let expected = "t.csv:2: the header is `value,name`\n  help: write the header line name,value";
        assert_eq!(found, [expected]);
    }

    #[test]
    fn a_line_with_too_many_fields_or_an_open_quote_is_a_problem_of_that_line_only() {
        let found = problems("name,value\na,1,2\n\"b,1\nc,x\n");
        assert_eq!(found.len(), 3, "{found:#?}");
        assert!(found[0].starts_with("t.csv:2: has 3 fields, the header has 2"), "{}", found[0]);
        assert!(found[1].starts_with("t.csv:3: has a quote that is not closed"), "{}", found[1]);
        assert!(found[2].starts_with("t.csv:4: value: `x`"), "{}", found[2]);
    }
}
