//! The files of a command that answers one question: a figure, a table, the data, and the answer in Markdown.

use std::fmt::Write;

use fleetfront_planner::{Basis, Estimate};
use serde::Serialize;

use crate::PlotError;
use crate::bitmap::png;
use crate::figure::Figure;
use crate::render::Output;
use crate::sources::with_basis;
use crate::svg::svg;
use crate::table::{Table, markdown};

/// Names of the figure twice, the table, the data and the answer.
pub(crate) type Names = [&'static str; 5];

/// The five files, in the order of their names.
///
/// - `data`: what came out, and what its numbers are.
///
/// # Errors
/// [`PlotError`] when one cannot be made.
pub(crate) fn pack(
    names: Names,
    figure: &Figure,
    csv: Vec<u8>,
    data: (&impl Serialize, &Basis),
    answer: String,
) -> Result<Vec<Output>, PlotError> {
    let mut json = serde_json::to_vec_pretty(&with_basis(data.0, data.1))?;
    json.push(b'\n');
    let bytes = [svg(figure).into_bytes(), png(figure)?, csv, json, answer.into_bytes()];
    Ok(names.into_iter().zip(bytes).map(|(name, bytes)| Output { name: name.into(), bytes }).collect())
}

/// A table for programs: rows as long as the header.
pub(crate) fn csv_table(header: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> Result<Vec<u8>, PlotError> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(header)?;
    for row in rows {
        writer.write_record(row)?;
    }
    writer.into_inner().map_err(|error| csv::Error::from(error.into_error()).into())
}

/// Value, lower and upper end as cells.
pub(crate) fn cells(of: Estimate) -> [String; 3] {
    [of.value, of.low, of.high].map(|number| number.to_string())
}

/// The answer in Markdown: the sentence, the figure, then whatever follows, and how it was made.
pub(crate) struct Answer<'a> {
    pub(crate) title: &'a str,
    pub(crate) sentences: Vec<String>,
    pub(crate) figure: &'a str,
    pub(crate) tables: Vec<&'a Table>,
    /// Of all tables that say nothing else.
    pub(crate) basis: &'a Basis,
    /// Written as it is.
    pub(crate) rest: String,
    pub(crate) command: &'a str,
    pub(crate) version: &'a str,
    pub(crate) inputs_sha256: &'a str,
}

impl Answer<'_> {
    pub(crate) fn markdown(&self) -> String {
        let mut out = format!("# {}\n", markdown(self.title));
        for sentence in &self.sentences {
            let _ = write!(out, "\n{}\n", markdown(sentence));
        }
        let _ = write!(out, "\n![{}]({})\n", markdown(self.title), self.figure);
        for table in &self.tables {
            let basis = if table.basis.is_empty() { self.basis.words() } else { table.basis.clone() };
            let _ = write!(out, "\n**{}**\n\n{}\n\n{}", markdown(&table.caption), markdown(&basis), table.markdown());
        }
        if !self.rest.is_empty() {
            let _ = write!(out, "\n{}", self.rest);
        }
        let (version, inputs) = (self.version, self.inputs_sha256);
        out + &format!("\n{}\nfleetfront {version}, inputs {inputs}.\n", fenced("sh", self.command))
    }
}

/// A heading and a list in Markdown; nothing if the list is empty.
pub(crate) fn list(heading: &str, items: &[String]) -> String {
    if items.is_empty() {
        return String::new();
    }
    let items: Vec<String> = items.iter().map(|item| format!("- {}\n", markdown(item))).collect();
    format!("**{}**\n\n{}\n", markdown(heading), items.concat())
}

/// A block of code whose fence is longer than any in it.
pub(crate) fn fenced(language: &str, text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}{language}\n{}\n{fence}\n", text.trim_end())
}

#[cfg(test)]
mod tests {
    use quick_xml::Reader;
    use quick_xml::events::Event;

    use super::*;
    use crate::compare_figure::compare_figure;
    use crate::fixture::questions::{changes, comparison, reevaluation, rivals};
    use crate::fixture::study;
    use crate::fixture::worlds::worlds;
    use crate::measure_figure::measure_figure;
    use crate::reevaluate_figure::reevaluate_figure;
    use crate::render::RenderConfig;
    use crate::what_if_figure::what_if_figure;
    use crate::{compare_files, measure_files, reevaluate_files, what_if_files, why_files};

    fn all_files() -> Vec<(&'static str, Vec<Output>)> {
        let config = RenderConfig { command: "fleetfront compare 'my fleet'".into() };
        let mends = ["Made to fit: <lora> as nf4.".to_owned()];
        let complete = "a complete answer";
        vec![
            ("compare", compare_files(&comparison(), &mends, &config).expect(complete)),
            ("reevaluate", reevaluate_files(&reevaluation(), &mends, &config).expect(complete)),
            ("what_if", what_if_files(&changes(), &mends, &config).expect(complete)),
            ("measure", measure_files(&worlds(), &mends, &config).expect(complete)),
            ("why", why_files(&study(), &rivals(), &config).expect(complete)),
        ]
    }

    fn text(files: &[Output], name: &str) -> String {
        let file = files.iter().find(|file| file.name == name).expect(name);
        String::from_utf8(file.bytes.clone()).expect("text")
    }

    #[test]
    fn code_cannot_end_its_own_block() {
        assert_eq!(fenced("sh", "ls\n"), "```sh\nls\n```\n");
        assert_eq!(fenced("", "a ```` b"), "`````\na ```` b\n`````\n");
    }

    /// With `FLEETFRONT_PLOTS_OUT` set to a folder, the files are written there to be looked at.
    #[test]
    fn every_answer_has_its_five_files_and_the_same_every_time() {
        let all = all_files();
        if let Some(folder) = std::env::var_os("FLEETFRONT_PLOTS_OUT") {
            for file in all.iter().flat_map(|(_, files)| files) {
                std::fs::write(std::path::Path::new(&folder).join(&*file.name), &file.bytes)
                    .expect("a writable folder");
            }
        }
        for (stem, files) in &all {
            let names: Vec<String> = files.iter().map(|file| file.name.to_string()).collect();
            let wanted = ["svg", "png", "csv", "json", "md"].map(|ending| format!("{stem}.{ending}"));
            assert_eq!(names[..5], wanted);
        }
        assert!(all_files() == all);
    }

    #[test]
    fn data_are_json_tables_have_equal_lines_and_figures_are_xml() {
        for (stem, files) in all_files() {
            let json: serde_json::Value = serde_json::from_str(&text(&files, &format!("{stem}.json"))).expect("JSON");
            // What the output folder knows its own files by.
            assert!(json["version"].is_string() && json["inputs_sha256"].is_string(), "{stem}");
            let table = text(&files, &format!("{stem}.csv"));
            let lines = csv::Reader::from_reader(table.as_bytes()).records().collect::<Result<Vec<_>, _>>();
            assert!(!lines.expect("lines of equal length").is_empty(), "{stem}");
            let svg = text(&files, &format!("{stem}.svg"));
            assert!(!svg.contains("NaN") && !svg.contains("inf"), "{stem}");
            let mut reader = Reader::from_str(&svg);
            while reader.read_event().expect("XML") != Event::Eof {}
        }
    }

    #[test]
    fn an_answer_says_the_sentence_first_and_escapes_names() {
        for (stem, files) in all_files() {
            let page = text(&files, &format!("{stem}.md"));
            let figure = page.find(&format!("]({stem}.svg)")).expect("a figure");
            let order =
                [page.find("# "), page.find("\n\n"), Some(figure), page.find("| "), page.find("\nfleetfront 0.1.0")];
            assert!(order.is_sorted() && order.iter().all(Option::is_some), "{stem}: {order:?}");
            assert!(!page.contains("<x>") && !page.contains("<lora>"), "{stem}");
            if stem != "why" {
                assert!(page.contains("```sh\nfleetfront compare 'my fleet'\n```"), "{stem}");
            }
        }
        let lines = text(&all_files()[2].1, "what_if.md");
        assert!(lines.contains("````toml\nscaledown_window_s = 60.0\n```\n````"), "a longer fence: {lines}");
    }

    #[test]
    fn no_text_is_cut_off_or_covers_another() {
        let mut few = comparison();
        few.differences.truncate(1);
        few.allocations.truncate(2);
        let figures = [
            compare_figure(&comparison()),
            compare_figure(&few),
            reevaluate_figure(&reevaluation()),
            what_if_figure(&changes()),
            measure_figure(&worlds()),
        ];
        for figure in figures {
            figure.assert_texts_are_legible();
        }
    }

    /// A comparison of one with itself, no trigger, no change, no measurement at all.
    #[test]
    fn thin_answers_are_drawn_too() {
        let mut same = comparison();
        for difference in &mut same.differences {
            difference.cost_ratio = Estimate::exact(1.0);
            difference.latency_p95_ratio = Estimate { value: f64::INFINITY, low: 0.0, high: f64::INFINITY };
        }
        same.allocations.iter_mut().for_each(|of| of.criteria.clear());
        let mut nothing = reevaluation();
        nothing.triggers.clear();
        let mut none = changes();
        none.changes.clear();
        let mut closed = worlds();
        closed.measurements.clear();
        closed.choice.loss_usd_month = Estimate::exact(0.0);
        let measured = measure_figure(&closed);
        for figure in [compare_figure(&same), reevaluate_figure(&nothing), what_if_figure(&none), measured] {
            let drawn = svg(&figure);
            assert!(!drawn.contains("NaN") && !drawn.contains("inf"), "{drawn}");
        }
    }
}
