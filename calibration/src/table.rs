//! A CSV file read line by line, every problem collected.
//!
//! A record stands on one line: an unclosed quote is then a problem of its own line instead of swallowing the rest of
//! the file, and line numbers stay right beside comments.

mod json_lines;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use csv::{ReaderBuilder, StringRecord, Trim};

use crate::fit::Kind;
use crate::nearest::nearest;
use crate::problem::{Problem, several};
use crate::provenance::Provenance;

/// What a number may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bound {
    /// Above zero.
    Positive,
    /// Zero or more.
    NotNegative,
}

/// No GPU has more memory, in GiB: the largest of the default scenario has 178. As MiB it is less than one GiB.
const MOST_GIB: f64 = 1_000.0;

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
        if self.field(column).is_empty() {
            self.reject(column, "is empty".into(), "every line needs one; write what is known");
            return None;
        }
        self.optional_text(column)
    }

    /// A field that may be empty. Control characters, which a terminal would obey, are a problem and drop the row.
    pub(crate) fn optional_text(&mut self, column: &str) -> Option<String> {
        let text = self.field(column).to_owned();
        let Some(control) = text.chars().find(|letter| letter.is_control()) else { return Some(text) };
        let shown = text.replace(char::is_control, "\u{fffd}");
        let message = format!("`{shown}` holds a control character (U+{:04X})", u32::from(control));
        self.reject(column, message, "remove it, or write the name anew");
        None
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

    /// A peak of memory in GiB, or a problem; above [`MOST_GIB`] it is one too.
    pub(crate) fn gib(&mut self, column: &str) -> Option<f64> {
        let gib = self.number(column, Bound::Positive)?;
        if gib > MOST_GIB {
            let message = format!("`{}` GiB is more than any GPU has: is it MiB?", self.field(column));
            self.reject(column, message, &format!("divide MiB by 1024: {:.1}", gib / 1024.0));
            return None;
        }
        Some(gib)
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

    /// A table that cannot be read, for what stands in this line.
    pub(crate) fn refused(file: &'a str, line: u64, message: &str, help: &str) -> Self {
        let mut table = Self::of(file);
        table.reject(Some(line), "", message.into(), help);
        table
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
        let in_capitals = |name: &&String| {
            let lower = name.to_ascii_lowercase();
            lower != **name && columns.contains(&lower.as_str())
        };
        let (capitals, names): (Vec<&String>, Vec<&String>) = names.iter().partition(in_capitals);
        self.reject_capitals(line, &capitals);
        for (index, name) in names.iter().enumerate() {
            if !columns.contains(&name.as_str()) {
                let help = meant(name, columns);
                self.reject(Some(line), name, "is no column that is known here".into(), &help);
            } else if names[..index].contains(name) {
                self.reject(Some(line), name, "is named twice in the header".into(), "remove one of the two columns");
            }
        }
        let is_there = |column: &str| names.iter().chain(&capitals).any(|name| name.eq_ignore_ascii_case(column));
        for column in needed.iter().filter(|column| !is_there(column)) {
            self.reject(Some(line), column, "is missing from the header".into(), "add the column");
        }
    }

    /// Names that are columns but for their case, in one problem.
    fn reject_capitals(&mut self, line: u64, capitals: &[&String]) {
        if capitals.is_empty() {
            return;
        }
        let message = match capitals.len() {
            1 => "is no column that is known here",
            _ => "are no columns that are known here",
        };
        let given: Vec<&str> = capitals.iter().map(|name| name.as_str()).collect();
        let lower: Vec<String> = capitals.iter().map(|name| format!("`{}`", name.to_ascii_lowercase())).collect();
        let help = format!("column names are lower case: write {}", lower.join(", "));
        self.reject(Some(line), &given.join(", "), message.into(), &help);
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
            let message = format!("has {}, the header has {}", several(record.len(), "field", "fields"), header.width);
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
