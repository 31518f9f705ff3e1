//! What differs between the inputs of two studies: key by key in `scenario.toml`, row by row in the tables.

mod keys;
mod rows;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use toml::Table;

use crate::files::SCENARIO_FILE;

/// One thing in one place of one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputChange {
    /// The file; by its later name where it has two.
    pub file: String,
    /// Where in it: `models[lora].latency_limit_s` in `scenario.toml`, `L40S: usd_per_second` in a table. Entries of
    /// lists are called by their names, rows by what they are about.
    pub place: String,
    /// What stood there, as it was written; `None` where nothing did.
    pub old: Option<String>,
    /// What stands there now.
    pub new: Option<String>,
}

/// The place of what is there once or not at all.
const WHOLE: &str = "the whole file";

/// All changes from one set of files to another, by name and text: `scenario.toml` first. Comments, layout, and the order
/// of rows mean nothing and are no changes.
#[must_use]
pub fn input_changes(old: &BTreeMap<String, String>, new: &BTreeMap<String, String>) -> Vec<InputChange> {
    let mut changes = Vec::new();
    let trees = [old, new].map(|files| files.get(SCENARIO_FILE).and_then(|text| text.parse::<Table>().ok()));
    if let [Some(before), Some(after)] = &trees {
        changes = keys::changes(SCENARIO_FILE, before, after);
    } else if old.get(SCENARIO_FILE) != new.get(SCENARIO_FILE) {
        changes.extend(whole(SCENARIO_FILE, old.get(SCENARIO_FILE), new.get(SCENARIO_FILE)));
    }
    for (before, after) in pairs(old, new, &trees) {
        let texts = (before.and_then(|name| old.get(name)), after.and_then(|name| new.get(name)));
        let file = after.or(before).map_or("", String::as_str);
        match texts {
            // Millions of rows that are about nothing but themselves.
            (Some(old), Some(new)) if rows::is_trace(old) || rows::is_trace(new) => {
                changes.extend(whole(file, Some(old), Some(new)).filter(|_| old != new));
            }
            (Some(old), Some(new)) => changes.extend(rows::changes(file, old, new)),
            (old, new) => changes.extend(whole(file, old, new)),
        }
    }
    changes
}

/// The tables of both, each with its counterpart: what has the same role (prices, boots, ...), else the same name.
fn pairs<'a>(
    old: &'a BTreeMap<String, String>,
    new: &'a BTreeMap<String, String>,
    trees: &'a [Option<Table>; 2],
) -> Vec<(Option<&'a String>, Option<&'a String>)> {
    let mut pairs: Vec<(Option<&String>, Option<&String>)> = Vec::new();
    let roles = |tree: &'a Option<Table>| tree.as_ref()?.get("files")?.as_table();
    if let (Some(before), Some(after)) = (roles(&trees[0]), roles(&trees[1])) {
        for (role, name) in before {
            let held = |files: &'a BTreeMap<String, String>, name: &toml::Value| {
                files.get_key_value(name.as_str()?).map(|(name, _)| name)
            };
            let both = held(old, name).zip(after.get(role).and_then(|name| held(new, name)));
            pairs.extend(both.map(|(old, new)| (Some(old), Some(new))));
        }
    }
    let tables = |files: &'a BTreeMap<String, String>| files.keys().filter(|name| *name != SCENARIO_FILE);
    let left_old: Vec<&String> = tables(old).filter(|name| !pairs.iter().any(|pair| pair.0 == Some(*name))).collect();
    let left_new: Vec<&String> = tables(new).filter(|name| !pairs.iter().any(|pair| pair.1 == Some(*name))).collect();
    pairs.extend(left_old.iter().map(|name| (Some(*name), left_new.iter().find(|other| *other == name).copied())));
    pairs.extend(left_new.iter().filter(|name| !left_old.contains(name)).map(|name| (None, Some(*name))));
    pairs
}

/// A file that is there once, or whose texts cannot be compared any closer; nothing where it is in neither.
fn whole(file: &str, old: Option<&String>, new: Option<&String>) -> Option<InputChange> {
    let lines = |text: &String| format!("{} lines", text.lines().count());
    let is_there = old.is_some() || new.is_some();
    is_there.then(|| InputChange {
        file: file.to_owned(),
        place: WHOLE.to_owned(),
        old: old.map(lines),
        new: new.map(lines),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::Files;

    fn texts(files: &Files) -> BTreeMap<String, String> {
        files.texts().clone()
    }

    fn edited(file: &str, old: &str, new: &str) -> BTreeMap<String, String> {
        texts(&Files::embedded().with(file, &crate::testing::edited_text(file, old, new)))
    }

    /// Changes in short: `file place: old > new`.
    fn said(new: &BTreeMap<String, String>) -> Vec<String> {
        let word = |side: Option<String>| side.unwrap_or_else(|| "nothing".to_owned());
        input_changes(&texts(&Files::embedded()), new)
            .into_iter()
            .map(|change| format!("{} {}: {} > {}", change.file, change.place, word(change.old), word(change.new)))
            .collect()
    }

    #[test]
    fn the_same_inputs_have_no_changes_and_neither_have_comments() {
        assert_eq!(said(&texts(&Files::embedded())), Vec::<String>::new());
        assert_eq!(said(&edited("scenario.toml", "# Version of", "# The version of")), Vec::<String>::new());
        assert_eq!(said(&edited("prices.csv", "# List prices", "\n\n# Prices")), Vec::<String>::new());
    }

    #[test]
    fn a_key_is_called_by_its_path_and_a_row_by_what_it_is_about() {
        assert_eq!(
            said(&edited("scenario.toml", "requests_per_day = 100.0", "requests_per_day = 250.0")),
            ["scenario.toml models[lora].requests_per_day: 100.0 > 250.0"]
        );
        assert_eq!(
            said(&edited("prices.csv", "T4,0.000164,published", "T4,0.0002,measured")),
            ["prices.csv T4: usd_per_second: 0.000164 > 0.0002", "prices.csv T4: kind: published > measured"]
        );
    }

    #[test]
    fn a_table_with_another_name_is_compared_with_what_it_was() {
        let mut new = edited("scenario.toml", "\"prices.csv\"", "\"autumn.csv\"");
        let prices = new.remove("prices.csv").expect("it is there");
        new.insert("autumn.csv".to_owned(), prices.replacen("0.000164", "0.0002", 1));
        assert_eq!(
            said(&new),
            [
                "scenario.toml files.prices: \"prices.csv\" > \"autumn.csv\"",
                "autumn.csv T4: usd_per_second: 0.000164 > 0.0002"
            ]
        );
    }

    #[test]
    fn a_file_that_is_there_once_is_a_change_and_nonsense_is_no_reason_to_panic() {
        let with_curve = texts(&Files::embedded().with("own.csv", "hour,weight\n0,1\n"));
        assert_eq!(said(&with_curve), ["own.csv the whole file: nothing > 2 lines"]);
        let trace = |calls: &str| texts(&Files::embedded().with("calls.csv", &format!("day,at_s\n{calls}")));
        let found = input_changes(&trace("0,1\n0,2\n"), &trace("0,1\n0,3\n1,4\n"));
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].place.as_str(), found[0].new.as_deref()), (WHOLE, Some("4 lines")));
        assert_eq!(input_changes(&trace("0,1\n"), &trace("0,1\n")), []);
        let broken = texts(&Files::embedded().with("scenario.toml", "= x\n"));
        assert!(said(&broken)[0].starts_with("scenario.toml the whole file: "), "{:?}", said(&broken));
        assert_eq!(said(&BTreeMap::new()).len(), 6);
        assert_eq!(input_changes(&BTreeMap::new(), &BTreeMap::new()), []);
    }
}
