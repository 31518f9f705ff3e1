//! Two TOML documents, key by key.

use toml::{Table, Value};

use super::InputChange;
use crate::document::join;

/// Whatever differs, in the order of the keys.
pub(super) fn changes(file: &str, old: &Table, new: &Table) -> Vec<InputChange> {
    let mut walk = Walk { file, changes: Vec::new() };
    walk.tables("", old, new);
    walk.changes
}

struct Walk<'a> {
    file: &'a str,
    changes: Vec<InputChange>,
}

impl Walk<'_> {
    fn tables(&mut self, path: &str, old: &Table, new: &Table) {
        let later = new.keys().filter(|key| !old.contains_key(*key));
        for key in old.keys().chain(later) {
            self.values(&join(path, key), old.get(key), new.get(key));
        }
    }

    fn values(&mut self, path: &str, old: Option<&Value>, new: Option<&Value>) {
        match (old, new) {
            (Some(Value::Table(old)), Some(Value::Table(new))) => return self.tables(path, old, new),
            (Some(Value::Array(old)), Some(Value::Array(new))) => {
                if let (Some(before), Some(after)) = (labels(old), labels(new)) {
                    return self.entries(path, (old, &before), (new, &after));
                }
            }
            _ => {}
        }
        let is_same = old.zip(new).is_some_and(|(old, new)| same(old, new));
        if !is_same {
            self.change(path.to_owned(), old.map(written), new.map(written));
        }
    }

    /// Lists whose entries have names: entry by entry, and then their order.
    fn entries(&mut self, path: &str, old: (&[Value], &[String]), new: (&[Value], &[String])) {
        let entry = |(values, labels): (&'_ [Value], &[String]), label: &String| {
            labels.iter().position(|other| other == label).map(|index| values[index].clone())
        };
        let later = new.1.iter().filter(|label| !old.1.contains(label));
        for label in old.1.iter().chain(later) {
            self.values(&format!("{path}[{label}]"), entry(old, label).as_ref(), entry(new, label).as_ref());
        }
        let common = |own: &[String], other: &[String]| {
            own.iter().filter(|label| other.contains(label)).cloned().collect::<Vec<_>>().join(", ")
        };
        let (before, after) = (common(old.1, new.1), common(new.1, old.1));
        if before != after {
            self.change(format!("{path} (order)"), Some(before), Some(after));
        }
    }

    fn change(&mut self, place: String, old: Option<String>, new: Option<String>) {
        self.changes.push(InputChange { file: self.file.to_owned(), place, old, new });
    }
}

/// What the tables of a list are called by: their names, else what they are about. `None` unless every entry is a table
/// with a label of its own.
fn labels(values: &[Value]) -> Option<Vec<String>> {
    let mut labels: Vec<String> = Vec::new();
    for value in values {
        let table = value.as_table()?;
        let word = |key: &str| table.get(key).and_then(Value::as_str);
        let label = match word("name") {
            Some(name) => name.to_owned(),
            None => ["model", "variant", "gpu"].into_iter().filter_map(word).collect::<Vec<_>>().join(" on "),
        };
        if label.is_empty() || labels.contains(&label) {
            return None;
        }
        labels.push(label);
    }
    Some(labels)
}

/// Whether two values mean the same: 30 and 30.0 do.
fn same(old: &Value, new: &Value) -> bool {
    let number = |value: &Value| value.as_float().or_else(|| value.as_integer().map(|whole| whole as f64));
    match (old, new) {
        (Value::Array(old), Value::Array(new)) => {
            old.len() == new.len() && old.iter().zip(new).all(|(old, new)| same(old, new))
        }
        _ => old == new || number(old).zip(number(new)).is_some_and(|(old, new)| old.total_cmp(&new).is_eq()),
    }
}

/// A value as TOML on one line.
fn written(value: &Value) -> String {
    value.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(old: &str, new: &str) -> Vec<(String, Option<String>, Option<String>)> {
        let tree = |text: &str| text.parse::<Table>().expect("TOML");
        changes("t.toml", &tree(old), &tree(new)).into_iter().map(|c| (c.place, c.old, c.new)).collect()
    }

    fn change(place: &str, old: &str, new: &str) -> (String, Option<String>, Option<String>) {
        let side = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        (place.to_owned(), side(old), side(new))
    }

    #[test]
    fn values_tables_and_lists_are_compared_where_they_stand() {
        let old = "a = 1\nb = 'x'\nc = [1, 2]\n[d]\ne = 30\nf = true\n";
        assert_eq!(said(old, old), []);
        assert_eq!(said(old, "b = 'x'\na = 1.0\nc = [1.0, 2.0]\nd = { f = true, e = 30.0 }\n"), [], "layout");
        let new = "b = 'y'\nc = [1, 3]\ng = 5\n[d]\ne = { h = 1 }\nf = false\n";
        let expected = [
            change("a", "1", ""),
            change("b", "\"x\"", "\"y\""),
            change("c", "[1, 2]", "[1, 3]"),
            change("d.e", "30", "{ h = 1 }"),
            change("d.f", "true", "false"),
            change("g", "", "5"),
        ];
        assert_eq!(said(old, new), expected);
    }

    #[test]
    fn entries_are_found_by_their_names_wherever_they_stand() {
        let old = "[[m]]\nname = 'a'\nx = 1\n[[m]]\nname = 'b'\nx = 2\n[[m.v]]\nname = 'p'\n[[m.v]]\nname = 'q'\n";
        let new = "[[m]]\nname = 'b'\nx = 3\n[[m.v]]\nname = 'q'\ny = 1\n[[m]]\nname = 'a'\nx = 1\n[[m]]\nname = 'c'\n";
        let expected = [
            change("m[b].v[p]", "{ name = \"p\" }", ""),
            change("m[b].v[q].y", "", "1"),
            change("m[b].x", "2", "3"),
            change("m[c]", "", "{ name = \"c\" }"),
            change("m (order)", "a, b", "b, a"),
        ];
        assert_eq!(said(old, new), expected);
    }

    #[test]
    fn what_has_no_name_is_called_by_what_it_is_about_or_taken_whole() {
        let old = "[[cells]]\nmodel = 'a'\ngpu = 'T4'\ns = 1\n[[s]]\nat = 1\n";
        let new = "[[cells]]\nmodel = 'a'\ngpu = 'T4'\ns = 2\n[[s]]\nat = 2\n";
        let expected = [change("cells[a on T4].s", "1", "2"), change("s", "[{ at = 1 }]", "[{ at = 2 }]")];
        assert_eq!(said(old, new), expected);
    }
}
