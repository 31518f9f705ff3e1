//! Python source that nothing in a name can leave: string literals and comments.

use std::fmt::Write;

/// A Python string literal that means `text`, whatever is in it.
///
/// Letters, digits and plain ASCII stand as they are. Everything else is a number: control characters, separators of
/// lines, and marks that change how a line looks but not what it does.
pub(crate) fn literal(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match (c, u32::from(c)) {
            ('"' | '\\', _) => out.extend(['\\', c]),
            (' '..='~', _) => out.push(c),
            _ if c.is_alphanumeric() => out.push(c),
            (_, code @ ..0x100) => {
                let _ = write!(out, "\\x{code:02x}");
            }
            (_, code @ ..0x1_0000) => {
                let _ = write!(out, "\\u{code:04x}");
            }
            (_, code) => {
                let _ = write!(out, "\\U{code:08x}");
            }
        }
    }
    out.push('"');
    out
}

/// Text of a comment: it ends where its line ends, so nothing in it may end a line, nor look as if it did.
pub(crate) fn in_comment(text: &str) -> String {
    text.chars().map(|c| if is_invisible(c) { ' ' } else { c }).collect()
}

/// Comment lines, one an entry, each behind `indent`.
pub(crate) fn comments(out: &mut String, indent: &str, lines: &[String]) {
    for line in lines {
        let _ = writeln!(out, "{}", format!("{indent}# {}", in_comment(line)).trim_end());
    }
}

/// Control characters, separators of lines and paragraphs, and format characters (Unicode general categories Cc, Zl, Zp
/// and Cf; Unicode 16.0): direction marks let a comment look like code and code like a comment.
pub(crate) fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}' | '\u{890}'..='\u{891}' | '\u{8e2}'
            | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}' | '\u{110bd}' | '\u{110cd}' | '\u{13430}'..='\u{1343f}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0001}' | '\u{e0020}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::test_runner::TestRunner;

    use super::*;
    use crate::asking_python::python;

    /// Names that have broken something somewhere, and random ones.
    fn names() -> Vec<String> {
        let mut names: Vec<String> = [
            "\"]; import os; #",
            "'''\"\"\"",
            "\\",
            "\\\"",
            "a\\nb\nc\rd\u{85}e\u{2028}f\u{2029}g\u{c}h\0i\u{1b}[31m",
            "\u{202e}}\u{2066} # \u{2069}",
            "\\N{BULLET} \\x41 \\u0041 {braces} %s",
            "日本語 naïve 𝔣𝔩𝔲𝔵 🦀 \u{10ffff}\u{feff}",
            "",
        ]
        .map(str::to_owned)
        .into();
        let mut runner = TestRunner::deterministic();
        for strategy in [any::<String>().boxed(), "[\"'\\\\\n\r#{}x0-9u]{0,12}".boxed(), "\\PC{0,20}".boxed()] {
            names.extend((0..120).map(|_| strategy.new_tree(&mut runner).expect("a name").current()));
        }
        names
    }

    /// Python reads each line by itself, and its own idea of a literal gives the name back.
    #[test]
    fn python_gives_every_name_back() {
        let names = names();
        let lines: Vec<String> = names.iter().map(|name| literal(name)).collect();
        assert!(lines.iter().all(|line| !line.chars().any(is_invisible)), "a line is a line");
        let program = "import ast, json, sys\n\
                       print(json.dumps([ast.literal_eval(line) for line in sys.stdin.read().split('\\n')]))";
        let Some(said) = python(program, &lines.join("\n")) else { return };
        let back: Vec<String> = serde_json::from_str(&said).expect("a list of names");
        assert_eq!(back, names);
    }

    /// A module of nothing but comments does nothing, whatever they say.
    #[test]
    fn no_name_leaves_its_comment() {
        let mut module = String::from("# -*- coding: utf-8 -*-\n");
        comments(&mut module, "    ", &names());
        let program = "import ast, sys\nprint(len(ast.parse(sys.stdin.buffer.read()).body))";
        if let Some(said) = python(program, &module) {
            assert_eq!(said.trim(), "0");
        }
        assert_eq!(module.lines().count(), names().len() + 1);
    }

    #[test]
    fn letters_of_all_scripts_stay_readable() {
        assert_eq!(literal("flüx 日本 #1 \u{200b}"), "\"flüx 日本 #1 \\u200b\"");
        assert_eq!(literal("a\n\u{1f980}"), "\"a\\x0a\\U0001f980\"");
    }
}
