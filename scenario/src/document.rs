//! A TOML text and where everything stands in it.

use std::collections::BTreeMap;
use std::ops::Range;

use fleetfront_calibration::Problem;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Places of a TOML file by key path, such as `models[2].requests_per_day`.
#[derive(Debug)]
pub(crate) struct Document {
    file: String,
    line_starts: Vec<usize>,
    text: String,
    spans: BTreeMap<String, Range<usize>>,
}

impl Document {
    /// Remembers the places of `tree`, which was parsed from `text`.
    pub(crate) fn new(file: &str, text: &str, tree: &DeTable<'_>) -> Self {
        let line_starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        let mut document = Self { file: file.to_owned(), line_starts, text: text.to_owned(), spans: BTreeMap::new() };
        document.remember_table(tree, "");
        document
    }

    fn remember_table(&mut self, table: &DeTable<'_>, path: &str) {
        for (key, value) in table {
            let path = join(path, key.get_ref());
            // A table's own span is its header or braces; where it has none (`[a.b]` for `a`) the key must do.
            let span = if value.span().is_empty() { key.span() } else { value.span() };
            self.remember_value(value, path, span);
        }
    }

    fn remember_value(&mut self, value: &Spanned<DeValue<'_>>, path: String, span: Range<usize>) {
        match value.get_ref() {
            DeValue::Table(table) => self.remember_table(table, &path),
            DeValue::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.remember_value(item, format!("{path}[{index}]"), item.span());
                }
            }
            _ => {}
        }
        self.spans.insert(path, span);
    }

    /// Whether the file says something at a key path.
    pub(crate) fn has(&self, path: &str) -> bool {
        self.spans.contains_key(path)
    }

    /// A problem at a key path, or at the nearest enclosing one that is written in the file.
    pub(crate) fn problem(&self, path: &str, message: impl Into<String>, help: impl Into<String>) -> Problem {
        let mut place = path;
        let offset = loop {
            if let Some(span) = self.spans.get(place) {
                break span.start;
            }
            match place.rfind(['.', '[']) {
                Some(end) => place = &place[..end],
                None => break 0,
            }
        };
        self.problem_at(offset, path, message, help)
    }

    /// A problem at a byte of the text.
    pub(crate) fn problem_at(
        &self,
        offset: usize,
        key: &str,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Problem {
        let (line, column) = self.position(offset);
        Problem {
            file: self.file.clone(),
            line: Some(line),
            column: Some(column),
            key: key.to_owned(),
            message: message.into(),
            help: help.into(),
        }
    }

    /// Line and column (in characters) of a byte, both from 1.
    fn position(&self, offset: usize) -> (u64, u64) {
        let line = self.line_starts.partition_point(|&start| start <= offset);
        let start = self.line_starts[line - 1];
        let column = self.text.get(start..offset).map_or(0, |before| before.chars().count());
        (line as u64, column as u64 + 1)
    }
}

/// The path of `key` in the table at `path`.
pub(crate) fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "a = 1\n[b]\nc = 'ö' # é\n  d = { e = [1,\n 22] }\n[[f]]\ng = 1\n[[f]]\ng = 2\n[x.y]\nz = 3\n";

    fn place(path: &str) -> (u64, u64) {
        let tree = DeTable::parse(TEXT).unwrap();
        let problem = Document::new("t.toml", TEXT, tree.get_ref()).problem(path, "wrong", "mend");
        (problem.line.unwrap(), problem.column.unwrap())
    }

    #[test]
    fn values_are_found_by_their_path() {
        assert_eq!(place("a"), (1, 5));
        assert_eq!(place("b"), (2, 1));
        assert_eq!(place("b.c"), (3, 5));
        assert_eq!(place("b.d.e[1]"), (5, 2));
        assert_eq!(place("f[1]"), (8, 1));
        assert_eq!(place("f[1].g"), (9, 5));
        assert_eq!(place("x.y.z"), (11, 5));
    }

    #[test]
    fn what_is_not_written_is_found_at_what_encloses_it() {
        assert_eq!(place("f[1].missing.deeper"), (8, 1));
        assert_eq!(place("x.y.q"), (10, 1));
        assert_eq!(place("missing"), (1, 1));
    }

    #[test]
    fn columns_count_characters() {
        let tree = DeTable::parse(TEXT).unwrap();
        let document = Document::new("t.toml", TEXT, tree.get_ref());
        let offset = TEXT.find('é').unwrap();
        assert_eq!(document.position(offset), (3, 11));
    }
}
