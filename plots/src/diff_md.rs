//! Two studies in Markdown, for a pull request.

use std::fmt::Write;

use fleetfront_planner::{Move, StudyDiff, StudyName, Told};

use crate::format::{in_unit, judgement_word, prose};
use crate::table::{Table, head, markdown, number, words};

/// Rows of a table that a reviewer may be shown.
const ROWS_SHOWN: usize = 60;

/// What changed between two studies, as Markdown: the answer first. Names and values of the scenario are text, whatever
/// stands in them.
#[must_use]
pub fn diff_md(diff: &StudyDiff) -> String {
    let symbol = if diff.decision.changed { "⚠️" } else { "✅" };
    let mut out = format!("{symbol} **{}**\n", markdown(&prose(&diff.headline)));
    list(&mut out, "What is moved in the recommended fleet", diff.decision.moves.iter().map(Move::words));
    section(&mut out, &inputs(diff).resting_on(&diff_inputs_basis(diff)), "No input changed.");
    let basis = diff_basis(diff);
    section(&mut out, &answers(diff).resting_on(&basis), "No allocation ran in both.");
    let _ = write!(out, "\n{}\n", markdown(&prose(&diff.in_time.words())));
    section(&mut out, &criteria(diff).resting_on(&basis), "Every criterion is judged as before.");
    list(&mut out, "To be read with it", diff.notes.iter().cloned());
    let _ = write!(out, "\n{}\n", markdown(&format!("{basis}. Numbers in brackets are 95 % intervals.")));
    out
}

/// What the numbers of two studies are.
#[must_use]
pub fn diff_basis(diff: &StudyDiff) -> String {
    format!("Old, {}. New, {}", diff.old.basis().words(), diff.new.basis().words())
}

/// Where the inputs of two studies stand.
#[must_use]
pub fn diff_inputs_basis(diff: &StudyDiff) -> String {
    let inputs = [&diff.old, &diff.new].map(StudyName::words);
    format!("as the files say it, with kind and source there: old, {}; new, {}", inputs[0], inputs[1])
}

fn section(out: &mut String, table: &Table, nothing: &str) {
    if table.rows.is_empty() {
        let _ = write!(out, "\n{nothing}\n");
        return;
    }
    let shown = Table { rows: table.rows.iter().take(ROWS_SHOWN).cloned().collect(), ..table.clone() };
    let _ = write!(out, "\n### {}\n\n{}\n\n{}", markdown(&table.caption), markdown(&table.basis), shown.markdown());
    if table.rows.len() > ROWS_SHOWN {
        let _ = write!(out, "\n{} more rows.\n", table.rows.len() - ROWS_SHOWN);
    }
}

fn list(out: &mut String, title: &str, items: impl Iterator<Item = String>) {
    let items: Vec<String> = items.map(|item| format!("- {}\n", markdown(&prose(&item)))).collect();
    if !items.is_empty() {
        let _ = write!(out, "\n### {title}\n\n{}", items.concat());
    }
}

fn inputs(diff: &StudyDiff) -> Table {
    let mut table = Table::new("What changed in the inputs", &["file", "where", "old", "new"]);
    for change in &diff.inputs {
        let side = |value: &Option<String>| words(value.as_deref().unwrap_or("–"));
        table.push(vec![head(&change.file), words(&change.place), side(&change.old), side(&change.new)]);
    }
    table
}

fn answers(diff: &StudyDiff) -> Table {
    let columns = ["allocation", "of all requests", "old", "new", "difference", "luck"];
    let mut table = Table::new("What changed in the answer", &columns);
    for answer in &diff.answers {
        for metric in &answer.metrics {
            let unit = metric.unit.as_str();
            let (difference, luck) = match metric.told {
                Told::Same => ("–".to_owned(), "same"),
                Told::MaybeLuck => (in_unit(metric.difference, unit), "may be luck"),
                Told::MoreThanLuck => (in_unit(metric.difference, unit), "more than luck"),
            };
            let sides = [metric.old, metric.new].map(|side| number(in_unit(side, unit)));
            let mut row = vec![head(&answer.allocation), words(&metric.metric)];
            row.extend(sides);
            row.extend([number(difference), words(luck)]);
            table.push(row);
        }
    }
    table
}

fn criteria(diff: &StudyDiff) -> Table {
    let columns = ["allocation", "asked", "of", "old", "new"];
    let mut table = Table::new("Criteria that are judged otherwise", &columns);
    for change in &diff.criteria {
        let side = |judgement: Option<_>| words(judgement.map_or("not asked", judgement_word));
        let names = [head(&change.allocation), words(change.asked()), words(change.subjects.join(", "))];
        table.push(names.into_iter().chain([side(change.old), side(change.new)]).collect());
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{about, study};
    use fleetfront_planner::{Judgement, diff};

    #[test]
    fn the_answer_comes_first_and_nothing_in_it_is_markup() {
        let (old, mut new) = (study(), study());
        new.verdict.judgement = Judgement::Pass;
        let text = "name = \"image-studio\"\n\"<script>|`\" = \"] [x](http://y)\\n# z\"\n";
        new.origin.files.insert("scenario.toml".into(), text.into());
        let own = new.allocations.iter_mut().find_map(|own| own.results.as_mut()).expect("one runs");
        own.fleet.cost_usd_month = about(2.0 * own.fleet.cost_usd_month.value, 2.0);
        let text = diff_md(&diff(&old, &new));
        assert!(text.starts_with("⚠️ **The decision changes: \"proposed, repaired\" passes every criterion"), "{text}");
        for wanted in
            ["| current | cost a month |", "more than luck", "| &lt;script&gt;\\|\\` |", "Old, simulated: image-studio"]
        {
            assert!(text.contains(wanted), "{wanted} is missing:\n{text}");
        }
        for markup in ["<script", "[x](", "\n# z"] {
            assert!(!text.contains(markup), "{markup}:\n{text}");
        }
        // Every row has its columns, whatever stands in the cells.
        let bars = |line: &str| line.matches('|').count() - line.matches("\\|").count();
        let rows = text.lines().filter(|line| line.starts_with('|')).collect::<Vec<_>>();
        assert!(rows.iter().all(|row| [5, 6, 7].contains(&bars(row))), "{rows:#?}");
    }

    #[test]
    fn the_same_study_twice_is_said_to_be_the_same() {
        let text = diff_md(&diff(&study(), &study()));
        assert!(text.starts_with("✅ **The decision stands: "), "{text}");
        for wanted in ["No input changed.", "Every criterion is judged as before.", "| same |"] {
            assert!(text.contains(wanted), "{wanted} is missing:\n{text}");
        }
    }
}
