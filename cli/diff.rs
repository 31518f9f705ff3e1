//! `fleetfront diff`.

use fleetfront_planner::{AnswerDiff, CriterionChange, MetricDiff, Move, StudyDiff, Told};
use fleetfront_plots::format::{in_unit, judgement_word, prose};
use fleetfront_plots::{diff_basis, diff_inputs_basis, diff_md};
use fleetfront_scenario::InputChange;

use crate::args::DiffArgs;
use crate::failure::{Failure, Outcome};
use crate::saved;
use crate::screen::{Screen, print, print_json};

/// Changes of inputs that are shown; `--json` has them all.
const INPUTS_SHOWN: usize = 40;
/// Characters of a value that are shown: enough for a number, a name, a short list.
const VALUE_SHOWN: usize = 48;

/// Says what changed between two studies.
pub(crate) fn diff(args: &DiffArgs) -> Result<Outcome, Failure> {
    let (old, new) = (saved::read(&args.old)?, saved::read(&args.new)?);
    let diff = fleetfront_planner::diff(&old, &new);
    match (args.json, args.markdown) {
        (true, _) => print_json(&diff)?,
        (false, true) => print(&diff_md(&diff))?,
        (false, false) => answer(&diff).show()?,
    };
    Ok(if args.gate && diff.decision.changed { Outcome::CriterionFailed } else { Outcome::Done })
}

fn answer(diff: &StudyDiff) -> Screen {
    let mut screen = Screen::new();
    screen.paragraph(&prose(&diff.headline));
    let moves: Vec<String> = diff.decision.moves.iter().map(Move::words).map(|words| prose(&words)).collect();
    screen.list("What is moved in the recommended fleet", &moves);
    let basis = diff_basis(diff);
    show_inputs(&mut screen, &diff.inputs, &diff_inputs_basis(diff));
    show_answers(&mut screen, &diff.answers, &basis);
    screen.paragraph(&prose(&diff.in_time.words()));
    show_criteria(&mut screen, &diff.criteria, &basis);
    let notes: Vec<String> = diff.notes.iter().map(|note| prose(note)).collect();
    screen.list("To be read with it", &notes);
    screen
}

fn show_inputs(screen: &mut Screen, inputs: &[InputChange], basis: &str) {
    let side = |value: &Option<String>| value.as_deref().map_or("–".to_owned(), shortened);
    let row = |change: &InputChange| {
        vec![change.file.clone(), shortened(&change.place), side(&change.old), side(&change.new)]
    };
    let rows: Vec<Vec<String>> = inputs.iter().take(INPUTS_SHOWN).map(row).collect();
    if rows.is_empty() {
        screen.paragraph("No input changed.");
        return;
    }
    screen.titled("What changed in the inputs", basis);
    screen.table(&["file", "where", "old", "new"], &rows, &[]);
    if inputs.len() > INPUTS_SHOWN {
        screen.paragraph(&format!("{} more: --json has them all.", inputs.len() - INPUTS_SHOWN));
    }
}

/// One line, and not too long.
fn shortened(text: &str) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if line.chars().count() <= VALUE_SHOWN {
        return line;
    }
    let start: String = line.chars().take(VALUE_SHOWN - 1).collect();
    format!("{start}…")
}

fn show_answers(screen: &mut Screen, answers: &[AnswerDiff], basis: &str) {
    let mut rows = Vec::new();
    for answer in answers {
        for (index, metric) in answer.metrics.iter().enumerate() {
            let MetricDiff { metric: name, unit, old, new, difference, told } = metric;
            let allocation = if index == 0 { answer.allocation.clone() } else { String::new() };
            let (difference, told) = match told {
                Told::Same => ("–".to_owned(), "same"),
                Told::MaybeLuck => (in_unit(*difference, unit), "may be luck"),
                Told::MoreThanLuck => (in_unit(*difference, unit), "more than luck"),
            };
            let cells = [allocation, name.clone(), in_unit(*old, unit), in_unit(*new, unit), difference, told.into()];
            rows.push(cells.to_vec());
        }
    }
    if !rows.is_empty() {
        screen.titled("What changed in the answer", basis);
        screen.table(&["allocation", "of all requests", "old", "new", "difference", ""], &rows, &[2, 3, 4]);
    }
}

fn show_criteria(screen: &mut Screen, criteria: &[CriterionChange], basis: &str) {
    let words = |side: Option<_>| side.map_or("not asked", judgement_word).to_owned();
    let row = |change: &CriterionChange| {
        let CriterionChange { allocation, subjects, old, new, .. } = change;
        vec![allocation.clone(), change.asked(), subjects.join(", "), words(*old), words(*new)]
    };
    let rows: Vec<Vec<String>> = criteria.iter().map(row).collect();
    if !rows.is_empty() {
        screen.titled("Criteria that are judged otherwise", basis);
        screen.table(&["allocation", "asked", "of", "old", "new"], &rows, &[]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_values_are_cut_and_control_characters_are_blanks() {
        assert_eq!(shortened("a\nb\u{1b}[31m"), "a b [31m");
        let cut = shortened(&"ä".repeat(100));
        assert_eq!(cut.chars().count(), VALUE_SHOWN);
        assert!(cut.ends_with('…'));
        assert_eq!(shortened(&"x".repeat(VALUE_SHOWN)), "x".repeat(VALUE_SHOWN));
    }
}
