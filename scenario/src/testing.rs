//! What the tests of this crate share: one edit of the default scenario, and the problem that it leads to.

use fleetfront_calibration::Problem;

use crate::files::{Files, SCENARIO_FILE};
use crate::resolved::Scenario;

/// The default scenario.
pub(crate) fn default_scenario() -> Scenario {
    Scenario::load(&Files::embedded()).expect("the default scenario has no problems")
}

/// The default scenario's `file` with the first `old` replaced by `new`.
pub(crate) fn edited_text(file: &str, old: &str, new: &str) -> String {
    let files = Files::embedded();
    let text = files.text(file).expect("the default scenario has this file");
    assert!(text.contains(old), "{file} has no {old:?}");
    text.replacen(old, new, 1)
}

/// The default scenario with one edit of `scenario.toml`.
pub(crate) fn edited(old: &str, new: &str) -> Files {
    Files::embedded().with(SCENARIO_FILE, &edited_text(SCENARIO_FILE, old, new))
}

/// The only problem of `files`.
pub(crate) fn only_problem(files: &Files) -> Problem {
    let mut problems = Scenario::load(files).expect_err("a problem");
    assert_eq!(problems.len(), 1, "{problems:#?}");
    problems.remove(0)
}

/// Checks that replacing `old` by `new` in `scenario.toml` leads to exactly one problem: at the text `at` (which is part
/// of `new`), with this key, and with a message and help that contain these words.
pub(crate) fn check(old: &str, new: &str, at: &str, key: &str, message: &str, help: &str) {
    let before = edited_text(SCENARIO_FILE, old, "\u{1}");
    let start = before.find('\u{1}').expect("the edit is there");
    let problem = only_problem(&edited(old, new));
    let offset = start + new.find(at).expect("the place is part of the edit");
    let text = before.replacen('\u{1}', new, 1);
    let line_start = text[..offset].rfind('\n').map_or(0, |newline| newline + 1);
    let line = text[..offset].matches('\n').count() as u64 + 1;
    let column = text[line_start..offset].chars().count() as u64 + 1;
    let place = (problem.file.as_str(), problem.line, problem.column);
    assert_eq!(place, (SCENARIO_FILE, Some(line), Some(column)), "{problem}");
    assert_eq!(problem.key, key, "{problem}");
    assert!(problem.message.contains(message), "{problem}");
    assert!(problem.help.contains(help), "{problem}");
}

/// Checks that replacing `old` by `new` in the CSV file `file` leads to exactly one problem, in the line of the edit (or
/// of the whole file), with a message and help that contain these words.
pub(crate) fn check_table(file: &str, old: &str, new: &str, at_line: bool, message: &str, help: &str) {
    let text = edited_text(file, old, new);
    let original = Files::embedded();
    let offset = original.text(file).and_then(|text| text.find(old)).expect("the edit is there");
    let line = text[..offset].matches('\n').count() as u64 + 1;
    let problem = only_problem(&original.with(file, &text));
    assert_eq!((problem.file.as_str(), problem.line), (file, at_line.then_some(line)), "{problem}");
    assert!(problem.message.contains(message), "{problem}");
    assert!(problem.help.contains(help), "{problem}");
}
