//! A table of the report, before it is HTML or Markdown.

use crate::python::is_invisible;

/// How a cell is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    /// Names the row.
    Head,
    /// Words.
    Text,
    /// A list of names, separated by commas.
    Names,
    /// Numbers, aligned to the right.
    Number,
    /// Something is as wanted.
    Good,
    /// Something is open.
    Open,
    /// Something is not as wanted.
    Bad,
}

impl Look {
    /// The class in the report's style sheet.
    pub(crate) fn class(self) -> &'static str {
        match self {
            Self::Head => "head",
            Self::Text => "text",
            Self::Names => "names",
            Self::Number => "number",
            Self::Good => "good",
            Self::Open => "open",
            Self::Bad => "bad",
        }
    }
}

/// A cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cell {
    pub(crate) text: String,
    pub(crate) look: Look,
}

impl Cell {
    pub(crate) fn is_head(&self) -> bool {
        self.look == Look::Head
    }

    pub(crate) fn class(&self) -> &'static str {
        self.look.class()
    }

    /// The pieces of the text between which a line may break: names of a list, a number and its interval.
    pub(crate) fn pieces(&self) -> Vec<&str> {
        let is_cut = |before: &str, after: &str| match self.look {
            Look::Names => before.ends_with(','),
            Look::Number => after.starts_with('(') || before.ends_with("),"),
            _ => false,
        };
        let mut pieces = Vec::new();
        let mut from = 0;
        for (at, _) in self.text.match_indices(' ') {
            if is_cut(&self.text[..at], &self.text[at + 1..]) {
                pieces.push(&self.text[from..at]);
                from = at + 1;
            }
        }
        pieces.push(&self.text[from..]);
        pieces
    }
}

/// Shorthand for a cell.
pub(crate) fn cell(look: Look, text: impl Into<String>) -> Cell {
    Cell { text: text.into(), look }
}

/// Shorthand for a cell that names its row.
pub(crate) fn head(text: impl Into<String>) -> Cell {
    cell(Look::Head, text)
}

/// Shorthand for a cell of words.
pub(crate) fn words(text: impl Into<String>) -> Cell {
    cell(Look::Text, text)
}

/// Shorthand for a cell with a list of names.
pub(crate) fn names(all: &[String]) -> Cell {
    cell(Look::Names, all.join(", "))
}

/// Shorthand for a cell with a number.
pub(crate) fn number(text: impl Into<String>) -> Cell {
    cell(Look::Number, text)
}

/// A table; every row is as long as `columns`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Table {
    pub(crate) caption: String,
    /// What its numbers are and where they come from, in words.
    pub(crate) basis: String,
    pub(crate) columns: Vec<String>,
    pub(crate) rows: Vec<Vec<Cell>>,
}

impl Table {
    pub(crate) fn new(caption: impl Into<String>, columns: &[&str]) -> Self {
        let columns = columns.iter().map(|column| (*column).to_owned()).collect();
        Self { caption: caption.into(), basis: String::new(), columns, rows: Vec::new() }
    }

    /// The table with what its numbers are; what it says by itself stays.
    pub(crate) fn resting_on(mut self, basis: &str) -> Self {
        if self.basis.is_empty() {
            basis.clone_into(&mut self.basis);
        }
        self
    }

    pub(crate) fn push(&mut self, row: Vec<Cell>) {
        assert_eq!(row.len(), self.columns.len(), "a row of `{}` has the wrong length", self.caption);
        self.rows.push(row);
    }

    /// The class of a column's heading: that of what stands under it.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "templates pass arguments by reference")]
    pub(crate) fn heading_class(&self, column: &usize) -> &'static str {
        if self.is_numeric(*column) { Look::Number.class() } else { Look::Text.class() }
    }

    fn is_numeric(&self, column: usize) -> bool {
        self.rows.first().is_some_and(|row| row[column].look == Look::Number)
    }

    /// The table in Markdown, without its caption.
    pub(crate) fn markdown(&self) -> String {
        let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
        let mut out = line(self.columns.iter().map(|column| markdown(column)).collect());
        let rule = |column| if self.is_numeric(column) { "---:" } else { "---" }.to_owned();
        out += &line((0..self.columns.len()).map(rule).collect());
        for row in &self.rows {
            out += &line(row.iter().map(|cell| markdown(&cell.text)).collect());
        }
        out
    }
}

/// Text that Markdown takes as text, also in a table and at the beginning of a line; and that nobody's platform takes
/// for a mention, a reference or a link: a space without width parts what would make one.
pub(crate) fn markdown(text: &str) -> String {
    const APART: &str = "&#8203;";
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let next = rest.peek().copied().unwrap_or(' ');
        let begins = out.chars().all(|before| before.is_ascii_digit());
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '|' | '\\' | '`' | '*' | '_' | '[' | ']' | '~' => out.extend(['\\', c]),
            '#' | '=' if out.is_empty() => out.extend(['\\', c]),
            '-' | '+' if out.is_empty() && [' ', c].contains(&next) => out.extend(['\\', c]),
            '.' | ')' if begins && !out.is_empty() && next == ' ' => out.extend(['\\', c]),
            '@' | '#' if next.is_alphanumeric() => out = out + &String::from(c) + APART,
            ':' if next == '/' => out = out + ":" + APART,
            '.' if out.to_ascii_lowercase().ends_with("www") => out = out + APART + ".",
            c if is_invisible(c) => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_between_names_and_before_intervals() {
        let pieces = |cell: Cell| cell.pieces().join("|");
        assert_eq!(pieces(number("$412 (398–426)")), "$412|(398–426)");
        assert_eq!(pieces(number("1.6 (1.5–1.7), peak 5")), "1.6|(1.5–1.7),|peak 5");
        assert_eq!(pieces(number("30 s")), "30 s");
        assert_eq!(pieces(names(&["a (fp8)".into(), "b (nf4)".into()])), "a (fp8),|b (nf4)");
        assert_eq!(pieces(words("one (two), three")), "one (two), three");
    }

    #[test]
    fn text_stays_text() {
        for (text, wanted) in [
            ("# no heading", "\\# no heading"),
            ("- no item", "\\- no item"),
            ("12. no item", "12\\. no item"),
            ("1) no item", "1\\) no item"),
            ("--- no rule", "\\--- no rule"),
            ("12.5 s", "12.5 s"),
            ("-5 s", "-5 s"),
            ("a-b 1.5 = 2 #", "a-b 1.5 = 2 #"),
            ("@team, see #12", "@&#8203;team, see #&#8203;12"),
            ("https://a.example, www.b.example", "https:&#8203;//a.example, www&#8203;.b.example"),
            ("<img src=x> ~~a~~", "&lt;img src=x&gt; \\~\\~a\\~\\~"),
            ("[a](b) `c` *d* _e_ |", "\\[a\\](b) \\`c\\` \\*d\\* \\_e\\_ \\|"),
            ("a\u{2028}b\u{202e}c\u{0}d", "a b c d"),
        ] {
            assert_eq!(markdown(text), wanted);
        }
    }

    #[test]
    fn markdown_keeps_its_columns() {
        let mut table = Table::new("t", &["what", "how much"]);
        table.push(vec![head("a|b\nc"), number("<1>")]);
        assert_eq!(table.markdown(), "| what | how much |\n| --- | ---: |\n| a\\|b c | &lt;1&gt; |\n");
    }
}
