//! The pages of `docs/questions`: every command that they show is run, and what it prints and draws is what they show.
//!
//! A page holds `sh` blocks, each followed by a `text` block with all that its commands print. Between `<!-- answer 2 -->`
//! and `<!-- end -->` stands the first paragraph of the second of them, as a quotation. A figure `PAGE.NAME.svg` is the
//! file `NAME.svg` that the page's commands wrote. With `FLEETFRONT_UPDATE_DOCS` set the pages are written anew:
//!
//! ```sh
//! FLEETFRONT_UPDATE_DOCS=1 cargo test --test it questions
//! ```

#![cfg(unix)]

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const UPDATE: &str = "FLEETFRONT_UPDATE_DOCS";
const HOW: &str = "FLEETFRONT_UPDATE_DOCS=1 cargo test --test it questions";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/questions")
}

/// A piece of a page.
#[derive(Debug, Clone, PartialEq)]
enum Piece {
    /// Lines as they are.
    Prose(String),
    /// The body of a block of commands.
    Commands(String),
    /// The body of a block of what they print.
    Printed(String),
    /// The first paragraph of the k-th printed block, counted from 1, as it stands there.
    Answer(usize, String),
}

/// The pieces of a page, or why it is none.
fn pieces(text: &str) -> Result<Vec<Piece>, String> {
    let mut pieces = Vec::new();
    let mut prose = String::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let end = if line == "```sh" || line == "```text" { "```" } else { "<!-- end -->" };
        let answer = line.strip_prefix("<!-- answer ").and_then(|rest| rest.strip_suffix(" -->"));
        if end != "```" && answer.is_none() {
            prose += line;
            prose.push('\n');
            continue;
        }
        pieces.push(Piece::Prose(std::mem::take(&mut prose)));
        let mut body = String::new();
        loop {
            match lines.next() {
                Some(inner) if inner == end => break,
                Some(inner) => body = body + inner + "\n",
                None => return Err(format!("`{line}` has no end")),
            }
        }
        pieces.push(match answer {
            Some(number) => Piece::Answer(number.parse().map_err(|_| format!("`{line}` names no block"))?, body),
            None if line == "```sh" => Piece::Commands(body),
            None => Piece::Printed(body),
        });
    }
    pieces.push(Piece::Prose(prose));
    Ok(pieces)
}

/// The page that these pieces make.
fn page(pieces: &[Piece]) -> String {
    let text = |piece: &Piece| match piece {
        Piece::Prose(text) => text.clone(),
        Piece::Commands(body) => format!("```sh\n{body}```\n"),
        Piece::Printed(body) => format!("```text\n{body}```\n"),
        Piece::Answer(number, body) => format!("<!-- answer {number} -->\n{body}<!-- end -->\n"),
    };
    pieces.iter().map(text).collect()
}

/// What the commands print, in a folder of their own.
fn run(commands: &str, place: &Path) -> String {
    let binary = Path::new(env!("CARGO_BIN_EXE_fleetfront")).parent().expect("it is in a folder");
    let path = env::var_os("PATH").unwrap_or_default();
    let path = env::join_paths(std::iter::once(binary.to_owned()).chain(env::split_paths(&path))).expect("folders");
    let output = Command::new("sh").args(["-eu", "-c", commands]).current_dir(place).env("PATH", path).output();
    let output = output.expect("sh starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "exit code {:?} of\n{commands}\n{said}", output.status.code());
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// The pieces as they are when the commands are run now.
fn renewed(old: &[Piece], place: &Path) -> Vec<Piece> {
    let mut printed: Vec<String> = Vec::new();
    let mut waiting = false;
    let mut new = Vec::new();
    for piece in old {
        new.push(match piece {
            Piece::Commands(body) => {
                assert!(!waiting, "two blocks of commands without what the first prints");
                printed.push(run(body, place));
                waiting = true;
                piece.clone()
            }
            Piece::Printed(_) => {
                assert!(std::mem::take(&mut waiting), "a text block without commands before it");
                Piece::Printed(printed[printed.len() - 1].clone())
            }
            Piece::Prose(_) | Piece::Answer(..) => piece.clone(),
        });
    }
    assert!(!waiting, "a block of commands without what it prints");
    for piece in &mut new {
        if let Piece::Answer(number, body) = piece {
            let first = printed[*number - 1].split("\n\n").next().expect("a first paragraph");
            *body = format!("> {}\n", first.trim_end().replace('\n', "\n> "));
        }
    }
    new
}

fn is_figure(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|ending| ending == "svg")
}

/// The figures that a page shows, by the name that its commands gave them.
fn figures(folder: &Path, name: &str, text: &str) -> BTreeMap<String, PathBuf> {
    let links = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let own = links.filter_map(|link| link.strip_prefix(&format!("{name}.")).filter(|rest| is_figure(rest)));
    own.map(|own| (own.to_owned(), folder.join(format!("{name}.{own}")))).collect()
}

/// The one file of this name in a folder of `place`.
fn drawn(place: &Path, name: &str) -> Vec<u8> {
    let folders = fs::read_dir(place).expect("a folder").map(|entry| entry.expect("an entry").path());
    let found: Vec<PathBuf> = folders.map(|folder| folder.join(name)).filter(|file| file.is_file()).collect();
    assert_eq!(found.len(), 1, "{name} is drawn once: {found:?}");
    fs::read(&found[0]).expect("it can be read")
}

/// Fails with the first line that differs.
fn compare(what: &str, shown: &str, now: &str) {
    if shown == now {
        return;
    }
    let lines = shown.lines().zip(now.lines()).enumerate();
    let place = lines.clone().position(|(_, (a, b))| a != b);
    let (number, (a, b)) = match place {
        Some(place) => (place + 1, lines.clone().nth(place).expect("it is there").1),
        None => (shown.lines().count().min(now.lines().count()) + 1, ("(one ends here)", "(the other goes on)")),
    };
    panic!("{what}:{number} shows\n  {a}\nand it is now\n  {b}\nto write it anew: {HOW}");
}

/// Runs the commands of a page and compares; or, where it is asked for, writes it anew.
pub(crate) fn check_page(folder: &Path, name: &str) {
    let file = folder.join(format!("{name}.md"));
    let text = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let old = pieces(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    assert_eq!(page(&old), text, "a page is its pieces");
    let place = tempfile::tempdir().expect("a folder");
    let new = page(&renewed(&old, place.path()));
    let figures = figures(folder, name, &text);
    assert!(!figures.is_empty(), "{name}.md shows no figure of its own");
    if env::var_os(UPDATE).is_some() {
        fs::write(&file, &new).expect("it can be written");
        for (drawing, file) in &figures {
            fs::write(file, drawn(place.path(), drawing)).expect("it can be written");
        }
        return;
    }
    compare(&file.display().to_string(), &text, &new);
    for (drawing, file) in &figures {
        let shown = fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}; {HOW}", file.display()));
        let now = String::from_utf8(drawn(place.path(), drawing)).expect("an SVG is text");
        compare(&file.display().to_string(), &shown, &now);
    }
}

/// The pages, by the question that each answers.
const PAGES: [&str; 10] = [
    "best-allocation",
    "failure-rate",
    "fallback",
    "instantid-on-a10",
    "is-it-justified",
    "latency-for-money",
    "quantisation",
    "t4-against-l40s",
    "what-to-measure",
    "when-to-review",
];

macro_rules! pages {
    ($($test:ident: $name:literal,)*) => {
        $(#[test]
        fn $test() {
            check_page(&folder(), $name);
        })*
    };
}

// A test each, so that they run side by side and all mismatches are told.
pages! {
    best_allocation: "best-allocation",
    failure_rate: "failure-rate",
    fallback: "fallback",
    instantid_on_a10: "instantid-on-a10",
    is_it_justified: "is-it-justified",
    latency_for_money: "latency-for-money",
    quantisation: "quantisation",
    t4_against_l40s: "t4-against-l40s",
    what_to_measure: "what-to-measure",
    when_to_review: "when-to-review",
}

#[test]
fn every_page_is_checked_and_listed() {
    if env::var_os(UPDATE).is_some() {
        return; // The pages are being written.
    }
    let entries = fs::read_dir(folder()).expect("docs/questions").map(|entry| entry.expect("an entry").file_name());
    let mut names: Vec<String> = entries.map(|name| name.into_string().expect("UTF-8")).collect();
    names.sort();
    let pages: Vec<&str> =
        names.iter().filter_map(|name| name.strip_suffix(".md")).filter(|name| *name != "README").collect();
    assert_eq!(pages, PAGES);
    let index = fs::read_to_string(folder().join("README.md")).expect("an index");
    for page in PAGES {
        assert!(index.contains(&format!("({page}.md)")), "{page} is not in the index");
    }
    // A figure that no page shows is a figure that nobody renews.
    for figure in names.iter().filter(|name| is_figure(name)) {
        let page = figure.split('.').next().expect("a first part");
        let text = fs::read_to_string(folder().join(format!("{page}.md"))).unwrap_or_default();
        assert!(text.contains(&format!("]({figure})")), "no page shows {figure}");
    }
}

/// The numbers of a text: digits that are part of no name (T4, L40S, p95, 4-bit, out/1).
fn numbers(text: &str) -> Vec<String> {
    let is_part = |c: char| c.is_ascii_digit() || c == '.' || c == ',';
    let words = text.split(|c: char| c.is_whitespace() || "()[]*`\"'–:;%$×→".contains(c));
    let trimmed = words.map(|word| word.trim_matches(|c: char| c == '.' || c == ',' || c == '−' || c == '+'));
    trimmed
        .filter(|word| word.starts_with(|c: char| c.is_ascii_digit()) && word.chars().all(is_part))
        .map(str::to_owned)
        .collect()
}

/// Prose goes stale when a result changes, outputs are renewed: a number stands in an output, or nowhere.
#[test]
fn no_page_says_a_number_that_no_output_of_it_says() {
    if env::var_os(UPDATE).is_some() {
        return;
    }
    for name in PAGES {
        let text = fs::read_to_string(folder().join(format!("{name}.md"))).expect("a page");
        let pieces = pieces(&text).expect("a page");
        let shown: Vec<String> = pieces
            .iter()
            .filter_map(|piece| match piece {
                Piece::Commands(body) | Piece::Printed(body) => Some(numbers(body)),
                Piece::Prose(_) | Piece::Answer(..) => None,
            })
            .flatten()
            .collect();
        for piece in &pieces {
            let Piece::Prose(prose) = piece else { continue };
            // The question itself is quoted as it was asked.
            for line in prose.lines().filter(|line| !line.starts_with('#') && !line.starts_with("> ")) {
                for number in numbers(line) {
                    assert!(shown.contains(&number), "{name}.md says {number}, no output of it does: {line}");
                }
            }
        }
    }
}

#[test]
fn a_page_is_taken_apart_and_put_together() {
    let text = "# Q\n\n<!-- answer 1 -->\n> old\n<!-- end -->\n\n```sh\nprintf 'new line\\nmore\\n\\nrest\\n'\n```\n\n\
                ```text\nold\n```\n";
    let old = pieces(text).expect("a page");
    assert_eq!(page(&old), text);
    let place = tempfile::tempdir().expect("a folder");
    let new = page(&renewed(&old, place.path()));
    assert!(new.contains("<!-- answer 1 -->\n> new line\n> more\n<!-- end -->\n"), "{new}");
    assert!(new.contains("```text\nnew line\nmore\n\nrest\n```\n"), "{new}");
    assert!(pieces("```sh\nls\n").is_err());
    assert_eq!(numbers("T4 and 4-bit, 12.5 s (1,000–2,000) of p95, 3."), ["12.5", "1,000", "2,000", "3"]);
}

#[test]
#[should_panic(
    expected = "page:2 shows\n  b\nand it is now\n  c\nto write it anew: FLEETFRONT_UPDATE_DOCS=1 cargo test"
)]
fn a_difference_is_told_by_its_first_line_and_its_mend() {
    compare("page", "a\nb\n", "a\nc\n");
}
