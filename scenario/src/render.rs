//! Problems drawn under the lines that they are about.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use fleetfront_calibration::Problem;

use crate::files::Files;

/// The problems as text for a terminal without colours: each with its source line, a mark under the place, and the mend.
///
/// A problem of a file that is not among `files`, or of a whole file, is written as its [`Display`](std::fmt::Display).
#[must_use]
pub fn render(problems: &[Problem], files: &Files) -> String {
    let one = |problem: &Problem| {
        let source = files.iter().find(|(label, _)| *label == problem.file).map(|(_, text)| text);
        source.and_then(|text| drawn(problem, text)).unwrap_or_else(|| problem.to_string())
    };
    let blocks: Vec<String> = problems.iter().map(one).collect();
    blocks.join("\n\n") + "\n"
}

fn drawn(problem: &Problem, text: &str) -> Option<String> {
    let number = usize::try_from(problem.line?).ok()?;
    let line = text.lines().nth(number.checked_sub(1)?)?;
    let title =
        if problem.key.is_empty() { problem.message.clone() } else { format!("{}: {}", problem.key, problem.message) };
    let mark = AnnotationKind::Primary.span(marked(line, problem.column));
    let snippet = Snippet::source(line).path(&problem.file).line_start(number).annotation(mark);
    let mut group = Level::ERROR.primary_title(&title).element(snippet);
    if !problem.help.is_empty() {
        group = group.element(Level::HELP.message(&problem.help));
    }
    Some(Renderer::plain().render(&[group]))
}

/// The bytes of `line` to be marked: the value or key at `column`, or the whole line.
fn marked(line: &str, column: Option<u64>) -> Range<usize> {
    let Some(column) = column else { return 0..line.len() };
    let at = usize::try_from(column).unwrap_or(1).saturating_sub(1);
    let start = line.char_indices().nth(at).map_or(line.len(), |(byte, _)| byte);
    let rest = &line[start..];
    let length = match rest.chars().next() {
        Some(quote @ ('"' | '\'')) => rest[1..].find(quote).map_or(rest.len(), |end| end + 2),
        Some('[') => rest.rfind(']').map_or(rest.len(), |end| end + 1),
        Some('{') => rest.rfind('}').map_or(rest.len(), |end| end + 1),
        _ => rest.find([' ', ',', ']', '}', '=', '\t', '#']).unwrap_or(rest.len()),
    };
    start..start + length
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(line: Option<u64>, column: Option<u64>) -> Problem {
        Problem {
            file: "a.toml".into(),
            line,
            column,
            key: "b.c".into(),
            message: "\"x\" is not a number".into(),
            help: "leave out the quotes".into(),
        }
    }

    #[test]
    fn the_line_is_drawn_with_a_mark_under_the_place() {
        let files = Files::from_texts([("a.toml", "[b]\nc = \"x\" # why\n")]);
        let expected = "\
error: b.c: \"x\" is not a number
 --> a.toml:2:5
  |
2 | c = \"x\" # why
  |     ^^^
  |
  = help: leave out the quotes
";
        assert_eq!(render(&[problem(Some(2), Some(5))], &files), expected);
    }

    #[test]
    fn without_a_line_the_problem_says_it_alone() {
        let files = Files::from_texts([("a.toml", "c = 1\n")]);
        let expected = "a.toml: b.c: \"x\" is not a number\n  help: leave out the quotes\n";
        assert_eq!(render(&[problem(None, None)], &files), expected);
        // A line beyond the end cannot be drawn.
        assert!(render(&[problem(Some(9), None)], &files).starts_with("a.toml:9: b.c"));
    }

    #[test]
    fn marks_cover_the_value() {
        let check = |line: &str, column, expected: &str| assert_eq!(&line[marked(line, column)], expected);
        check("gpus = [\"T4\", \"ö\"]", Some(15), "\"ö\"");
        check("cv = 0.6 # wide", Some(6), "0.6");
        check("a = { b = 1 }", Some(5), "{ b = 1 }");
        check("[[models]]", Some(1), "[[models]]");
        check("T4,0.1", None, "T4,0.1");
        check("short", Some(99), "");
    }
}
