//! Tables that are written as JSON, an object a line.

use serde_json::Value;

use super::{Header, Row, Table, filled_lines, meant};

impl<'a, T> Table<'a, T> {
    /// As [`Self::read_named`], of a file with a JSON object a line: its keys are the columns. `true` is read as `yes`,
    /// `false` as `no` and `null` as an empty field.
    pub(crate) fn read_json_lines(
        file: &'a str,
        text: &str,
        columns: &[&str],
        mut parse: impl FnMut(&mut Row<'_>) -> Option<T>,
    ) -> Self {
        let mut table = Self::of(file);
        let header = Header::in_order(columns);
        for (line, content) in filled_lines(text) {
            let Ok(object) = serde_json::from_str::<serde_json::Map<String, Value>>(content) else {
                table.reject(Some(line), "", "is no JSON object".into(), "write one object a line, in braces");
                continue;
            };
            let known = table.problems.len();
            for (key, value) in &object {
                if !columns.contains(&key.as_str()) {
                    table.reject(Some(line), key, "is no key that is known here".into(), &meant(key, columns));
                } else if value.is_array() || value.is_object() {
                    table.reject(Some(line), key, "is a list or an object".into(), "write a text or a number");
                }
            }
            if table.problems.len() == known {
                let fields = columns.iter().map(|column| object.get(*column).map_or_else(String::new, as_text));
                table.read_record(line, fields.collect(), &header, &mut parse);
            }
        }
        table
    }
}

fn as_text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(yes) => (if *yes { "yes" } else { "no" }).to_owned(),
        Value::String(text) => text.trim().to_owned(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Bound;
    use super::*;

    #[test]
    fn json_lines_are_rows_with_the_same_problems() {
        let read = |text| {
            Table::read_json_lines("t.jsonl", text, &["name", "value"], |row| {
                let (name, value) = (row.text("name"), row.number("value", Bound::Positive));
                Some((row.line(), name?, value?))
            })
            .finish_filled()
        };
        let rows = read("{\"value\": 1.5, \"name\": true}\n\n{\"name\": \"a, b\", \"value\": \"2\"}\n").expect("valid");
        assert_eq!(rows, [(1, "yes".to_owned(), 1.5), (3, "a, b".to_owned(), 2.0)]);
        let found =
            read("{\"name\": null, \"value\": -1}\n[1]\n{\"name\": [1], \"valeu\": 2}\n").expect_err("bad input");
        let found: Vec<_> =
            found.iter().map(|p| (p.line.expect("a line"), p.key.as_str(), p.message.as_str())).collect();
        assert_eq!(
            found,
            [
                (1, "name", "is empty"),
                (1, "value", "`-1` is not a number above zero"),
                (2, "", "is no JSON object"),
                (3, "name", "is a list or an object"),
                (3, "valeu", "is no key that is known here"),
            ]
        );
    }
}
