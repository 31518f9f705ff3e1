//! Tables that are written as JSON, an object a line.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
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
            let Ok(Pairs(pairs)) = serde_json::from_str(content) else {
                let help = "write one object a line, in braces: `jq -c . FILE` does";
                table.reject(Some(line), "", "is no JSON object".into(), help);
                continue;
            };
            let known = table.problems.len();
            for (place, (key, value)) in pairs.iter().enumerate() {
                if !columns.contains(&key.as_str()) {
                    table.reject(Some(line), key, "is no key that is known here".into(), &meant(key, columns));
                } else if pairs[..place].iter().any(|(earlier, _)| earlier == key) {
                    table.reject(Some(line), key, "stands twice in the object".into(), "remove one of the two");
                } else if value.is_array() || value.is_object() {
                    table.reject(Some(line), key, "is a list or an object".into(), "write a text or a number");
                }
            }
            if table.problems.len() == known {
                let value = |column: &&str| pairs.iter().find(|(key, _)| key == column).map(|(_, value)| value);
                let fields = columns.iter().map(|column| value(column).map_or_else(String::new, as_text));
                table.read_record(line, fields.collect(), &header, &mut parse);
            }
        }
        table
    }
}

/// The keys and values of an object as they are written: of a key that stands twice, a map keeps the last value.
struct Pairs(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(PairsVisitor)
    }
}

struct PairsVisitor;

impl<'de> Visitor<'de> for PairsVisitor {
    type Value = Pairs;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Pairs, A::Error> {
        let mut pairs = Vec::new();
        while let Some(pair) = object.next_entry()? {
            pairs.push(pair);
        }
        Ok(Pairs(pairs))
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

    fn read(text: &str) -> Result<Vec<(u64, String, f64)>, Vec<crate::problem::Problem>> {
        Table::read_json_lines("t.jsonl", text, &["name", "value"], |row| {
            let (name, value) = (row.text("name"), row.number("value", Bound::Positive));
            Some((row.line(), name?, value?))
        })
        .finish_filled()
    }

    #[test]
    fn a_key_that_stands_twice_is_refused_and_not_chosen_from() {
        let found = read("{\"name\": \"a\", \"value\": 3}\n{\"name\": \"b\", \"value\": 3, \"value\": 4}\n");
        let found: Vec<String> = found.expect_err("bad input").iter().map(ToString::to_string).collect();
        assert_eq!(found, ["t.jsonl:2: value: stands twice in the object\n  help: remove one of the two"]);
    }

    #[test]
    fn json_lines_are_rows_with_the_same_problems() {
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
