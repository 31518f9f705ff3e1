//! What is printed on stdout: sentences and tables, as wide as the terminal.

use std::io::{self, Write};

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{CellAlignment, ContentArrangement, Table};
use fleetfront_planner::Basis;
use fleetfront_plots::with_basis;
use terminal_size::{Width, terminal_size_of};

use crate::failure::{Failure, Outcome};

/// Columns where stdout is not a terminal: the same text everywhere.
const WIDTH: u16 = 120;
/// Narrower terminals get lines that they wrap themselves.
const WIDTH_MIN: u16 = 60;
/// Wider ones get lines that can still be read.
const WIDTH_MAX: u16 = 200;

/// Text on its way to stdout.
#[derive(Debug)]
pub(crate) struct Screen {
    width: u16,
    text: String,
}

impl Screen {
    /// As wide as the terminal.
    pub(crate) fn new() -> Self {
        let width = terminal_size_of(io::stdout()).map_or(WIDTH, |(Width(width), _)| width);
        Self { width: width.clamp(WIDTH_MIN, WIDTH_MAX), text: String::new() }
    }

    /// A paragraph.
    pub(crate) fn paragraph(&mut self, words: &str) {
        self.gap();
        self.wrap(words, "", "");
    }

    /// A line that stands over what follows.
    pub(crate) fn heading(&mut self, words: &str) {
        self.gap();
        self.text += words;
        self.text.push('\n');
    }

    /// A line that stands over a table, and under it what the numbers of the table are and where they come from.
    pub(crate) fn titled(&mut self, words: &str, basis: &str) {
        self.heading(words);
        self.basis(basis);
    }

    /// What the numbers of the table below are.
    pub(crate) fn basis(&mut self, words: &str) {
        self.wrap(words, "", "");
    }

    /// Text as it is: to be copied.
    pub(crate) fn verbatim(&mut self, text: &str) {
        self.gap();
        self.text += text;
    }

    /// An item of a list.
    pub(crate) fn item(&mut self, words: &str) {
        self.wrap(words, "- ", "  ");
    }

    /// A heading and a list; nothing if the list is empty.
    pub(crate) fn list<'a>(&mut self, heading: &str, items: impl IntoIterator<Item = &'a String>) {
        let mut items = items.into_iter().peekable();
        if items.peek().is_some() {
            self.heading(heading);
            items.for_each(|item| self.item(item));
        }
    }

    /// A table with a row an entry.
    ///
    /// - `rows`: each as long as `columns`.
    /// - `numbers`: the columns that are aligned to the right.
    pub(crate) fn table(&mut self, columns: &[&str], rows: &[Vec<String>], numbers: &[usize]) {
        let header = columns.iter().map(|column| (*column).to_owned()).collect();
        self.draw(header, rows.to_vec(), |column| numbers.contains(&column));
    }

    /// A table with a column an entry and a row a property, cut into several where it is too wide.
    ///
    /// - `columns`: each with its heading and as many cells as there are `rows`.
    pub(crate) fn matrix(&mut self, corner: &str, rows: &[&str], columns: &[(String, Vec<String>)]) {
        let widest =
            |texts: &mut dyn Iterator<Item = &str>| texts.map(|text| text.chars().count()).max().unwrap_or(0) + 3;
        // Long names of rows are wrapped rather than columns put into another table.
        let head = widest(&mut rows.iter().copied().chain([corner])).min(usize::from(self.width) * 2 / 5);
        let mut left = columns;
        while !left.is_empty() {
            let mut free = usize::from(self.width).saturating_sub(head + 1);
            let fitting = left.iter().take_while(|(heading, cells)| {
                let width = widest(&mut cells.iter().map(String::as_str).chain([heading.as_str()]));
                let fits = width <= free;
                free = free.saturating_sub(width);
                fits
            });
            let (now, later) = left.split_at(fitting.count().max(1));
            let header = std::iter::once(corner.to_owned()).chain(now.iter().map(|(heading, _)| heading.clone()));
            let cells = |row: usize| now.iter().map(move |(_, cells)| cells[row].clone());
            let body = rows.iter().enumerate().map(|(row, name)| std::iter::once((*name).to_owned()).chain(cells(row)));
            self.draw(header.collect(), body.map(Iterator::collect).collect(), |column| column > 0);
            left = later;
        }
    }

    fn draw(&mut self, header: Vec<String>, rows: Vec<Vec<String>>, is_number: impl Fn(usize) -> bool) {
        let mut table = Table::new();
        table.load_style(UTF8_FULL_CONDENSED).set_content_arrangement(ContentArrangement::Dynamic);
        table.set_width(self.width).set_header(header);
        for row in rows {
            table.add_row(row);
        }
        for (index, column) in table.column_iter_mut().enumerate() {
            column.set_cell_alignment(if is_number(index) { CellAlignment::Right } else { CellAlignment::Left });
        }
        self.text += &table.trim_fmt();
        self.text.push('\n');
    }

    /// An empty line, but not at the top.
    fn gap(&mut self) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
    }

    fn wrap(&mut self, words: &str, first: &str, other: &str) {
        let mut line = first.to_owned();
        let mut is_empty = true;
        for word in words.split_whitespace() {
            if !is_empty && line.chars().count() + 1 + word.chars().count() > usize::from(self.width) {
                self.text += &line;
                self.text.push('\n');
                other.clone_into(&mut line);
                is_empty = true;
            }
            if !is_empty {
                line.push(' ');
            }
            line += word;
            is_empty = false;
        }
        self.text += &line;
        self.text.push('\n');
    }

    /// Prints all of it.
    pub(crate) fn show(&self) -> Result<Outcome, Failure> {
        print(&self.text)
    }
}

/// Prints results as indented JSON, with what their numbers are at the end.
pub(crate) fn print_results(results: &impl serde::Serialize, basis: &Basis) -> Result<Outcome, Failure> {
    print_json(&with_basis(results, basis))
}

/// Prints a value as indented JSON.
pub(crate) fn print_json(value: &impl serde::Serialize) -> Result<Outcome, Failure> {
    let text = serde_json::to_string_pretty(value).expect("results can be written as JSON");
    print(&(text + "\n"))
}

/// Prints text on stdout. A reader who has seen enough (`| head`) is no error.
///
/// # Errors
/// [`Failure::Input`] when it cannot be written, such as to a full disk.
pub(crate) fn print(text: &str) -> Result<Outcome, Failure> {
    print_bytes(text.as_bytes())
}

/// The same of bytes that need not be text.
///
/// # Errors
/// As of [`print()`].
pub(crate) fn print_bytes(bytes: &[u8]) -> Result<Outcome, Failure> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::input(format!("stdout cannot be written: {error}"), "send it somewhere else"))
        }
        _ => Ok(Outcome::Done),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn screen(width: u16) -> Screen {
        Screen { width, text: String::new() }
    }

    #[test]
    fn lines_end_before_the_edge() {
        let mut screen = screen(12);
        screen.paragraph("one two three four");
        screen.item("five six seven");
        assert_eq!(screen.text, "one two\nthree four\n- five six\n  seven\n");
    }

    #[test]
    fn an_empty_list_has_no_heading() {
        let mut screen = screen(20);
        screen.list("Warnings", &[]);
        assert_eq!(screen.text, "");
        screen.list("Warnings", &["w".to_owned()]);
        assert_eq!(screen.text, "Warnings\n- w\n");
    }

    #[test]
    fn a_matrix_that_is_too_wide_is_cut_between_columns() {
        let columns = ["alpha", "beta", "gamma"].map(|name| (name.to_owned(), vec!["1234567890".to_owned()]));
        let heads = |width: u16| {
            let mut screen = screen(width);
            screen.matrix("what", &["cost"], &columns);
            assert!(screen.text.lines().all(|line| line.chars().count() <= usize::from(width)), "{}", screen.text);
            screen.text.lines().filter(|line| line.contains("what")).map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(heads(60).len(), 1);
        let cut = heads(36);
        assert_eq!(cut.len(), 2, "{cut:?}");
        assert!(cut[0].contains("alpha") && cut[0].contains("beta") && cut[1].contains("gamma"), "{cut:?}");
    }
}
