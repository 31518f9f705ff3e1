//! The files of a calibration: `calibration.json`, `answer.md`, a figure of all means, and two figures a cell.

use std::collections::BTreeSet;
use std::fmt::Write;

use fleetfront_calibration::{CalibratedCell, CalibrationStudy, ContradictionRule, Fitness, Phase, Shape};
use serde::{Deserialize, Serialize};

use crate::answer_files::fenced;
use crate::bitmap::png;
use crate::calibration_fit_figures::{cdf_figure, qq_figure};
use crate::calibration_means_figure::means_figure;
use crate::calibration_tables::{CalibrationTable, calibration_tables};
use crate::calibration_words::{calibration_sentences, calibration_sources, contradiction_words, flag_words};
use crate::render::{Output, PlotError};
use crate::svg::svg;
use crate::table::markdown;

/// A calibration and where it comes from: what `calibration.json` holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CalibrationAnswer {
    /// Version of the program.
    pub version: String,
    /// The command that makes the same again.
    pub command: String,
    /// SHA-256 of the digests of all inputs, in hexadecimal digits.
    pub inputs_sha256: String,
    /// The files that were read, in the order of the command.
    pub inputs: Vec<CalibrationInput>,
    /// What was asked for.
    pub asked: CalibrationAsked,
    /// What readers of the inputs must know: stale dates, repeated lines.
    pub remarks: Vec<String>,
    /// What was found.
    pub study: CalibrationStudy,
}

/// A file that was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CalibrationInput {
    /// Its name, without its folder.
    pub file: String,
    /// What it was taken for.
    pub read_as: String,
    /// How many rows it gave.
    pub rows: usize,
    /// SHA-256 of its bytes, in hexadecimal digits.
    pub sha256: String,
}

/// What was asked for besides the files.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CalibrationAsked {
    /// The day on which ages are counted from, as written.
    pub on: String,
    /// Rows older than so many days are stale.
    pub max_age_days: u32,
    /// What is done about rows that contradict others.
    pub contradictions: ContradictionRule,
    /// Whether times outside of measured shapes are wanted.
    pub extrapolate: bool,
    /// The shapes that times are wanted for, by model.
    pub shapes: Vec<(String, Shape)>,
    /// The GPU type that others are compared with, where one was named.
    pub reference: Option<String>,
    /// Samples drawn a cell for its goodness of fit.
    pub replicates: u32,
    /// Seed of all random numbers.
    pub seed: u64,
}

/// Makes all files of a calibration: the same bytes for the same answer.
///
/// # Errors
/// [`PlotError`] when a file cannot be made.
pub fn render_calibration(answer: &CalibrationAnswer) -> Result<Vec<Output>, PlotError> {
    let mut json = serde_json::to_vec_pretty(answer)?;
    json.push(b'\n');
    let means = means_figure(&answer.study);
    let mut files = vec![
        Output { name: "answer.md".into(), bytes: answer_md(answer).into_bytes() },
        Output { name: "calibration.json".into(), bytes: json },
        Output { name: "means.svg".into(), bytes: svg(&means).into_bytes() },
        Output { name: "means.png".into(), bytes: png(&means)? },
    ];
    for (name, cell, fitness) in figures(&answer.study) {
        let Fitness::Tested { family, law, goodness, .. } = fitness else { continue };
        for (start, figure) in
            [("qq", qq_figure(cell, *family, goodness)), ("cdf", cdf_figure(cell, (*family, law.as_ref()), goodness))]
        {
            files.push(Output { name: format!("{start}.{name}.svg").into(), bytes: svg(&figure).into_bytes() });
        }
    }
    Ok(files)
}

/// The cells that are drawn, each with the part of its files' names that tells it from the others.
fn figures(study: &CalibrationStudy) -> Vec<(String, &CalibratedCell, &Fitness)> {
    let mut taken = BTreeSet::new();
    let drawn = study.cells.iter().filter(|of| matches!(of.fitness, Fitness::Tested { .. }));
    drawn
        .map(|of| {
            let name = file_name(&of.cell);
            let mut free = name.clone();
            let mut k = 1;
            while !taken.insert(free.to_lowercase()) {
                k += 1;
                free = format!("{name}.{k}");
            }
            (free, &of.cell, &of.fitness)
        })
        .collect()
}

fn file_name(cell: &CalibratedCell) -> String {
    let phase = match cell.phase {
        Phase::Warm => "warm",
        Phase::Cold => "cold",
        Phase::Boot => "boot",
        Phase::Adapter => "adapter",
    };
    let plain = |c: char| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '-' };
    let parts = [cell.name.model.as_str(), &cell.name.variant, &cell.name.gpu, phase];
    let parts = parts.into_iter().filter(|part| !part.is_empty() && *part != "*");
    parts.map(|part| part.chars().take(60).map(plain).collect::<String>()).collect::<Vec<_>>().join(".")
}

fn answer_md(answer: &CalibrationAnswer) -> String {
    let study = &answer.study;
    let mut out = "# Calibration\n".to_owned();
    for sentence in calibration_sentences(study) {
        let _ = write!(out, "\n{}\n", markdown(&sentence));
    }
    out.push_str("\n![Means of all cells with their bounds](means.svg)\n");
    for table in calibration_tables(study) {
        let _ = write!(out, "\n**{}**\n\n{}", markdown(&table.heading), rows(&table));
    }
    for (heading, items) in [
        ("Contradictions", contradiction_words(study)),
        ("What a reader must know", flag_words(study)),
        ("Remarks on the files", answer.remarks.clone()),
    ] {
        list(&mut out, heading, "-", &items);
    }
    list(&mut out, "Sources, by the numbers in the tables", "1.", &calibration_sources(study));
    let drawn = figures(study);
    if !drawn.is_empty() {
        out.push_str("\n## Figures\n");
        for (name, cell, _) in drawn {
            let words = markdown(&cell.words());
            let _ = write!(out, "\n![{words}: quantiles](qq.{name}.svg)\n![{words}: distribution](cdf.{name}.svg)\n");
        }
    }
    let (version, inputs) = (&answer.version, &answer.inputs_sha256);
    out + &format!("\n{}\nfleetfront {version}, inputs {inputs}.\n", fenced("sh", &answer.command))
}

fn list(out: &mut String, heading: &str, bullet: &str, items: &[String]) {
    if items.is_empty() {
        return;
    }
    let _ = write!(out, "\n## {heading}\n\n");
    for item in items {
        let _ = writeln!(out, "{bullet} {}", markdown(item));
    }
}

fn rows(table: &CalibrationTable) -> String {
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let rule = |column: usize| if table.numbers.contains(&column) { "---:" } else { "---" }.to_owned();
    let head = line(table.columns.iter().map(|column| markdown(column)).collect());
    let body = table.rows.iter().map(|row| line(row.iter().map(|cell| markdown(cell)).collect()));
    head + &line((0..table.columns.len()).map(rule).collect()) + &body.collect::<String>()
}

#[cfg(test)]
mod tests {
    use quick_xml::Reader;
    use quick_xml::events::Event;

    use super::*;
    use crate::calibration_fixture::{answer, answer_of};
    use crate::figure::Figure;

    fn text(name: &str) -> String {
        let files = render_calibration(&answer()).expect("a complete answer");
        let file = files.into_iter().find(|file| file.name == name).expect(name);
        String::from_utf8(file.bytes).expect("text")
    }

    /// With `FLEETFRONT_PLOTS_OUT` set to a folder, the files are written there to be looked at.
    #[test]
    fn all_files_come_in_order_and_the_same_every_time() {
        let files = render_calibration(&answer()).expect("a complete answer");
        if let Some(folder) = std::env::var_os("FLEETFRONT_PLOTS_OUT") {
            for file in &files {
                std::fs::write(std::path::Path::new(&folder).join(&*file.name), &file.bytes)
                    .expect("a writable folder");
            }
        }
        let names: Vec<&str> = files.iter().map(|file| &*file.name).collect();
        assert_eq!(names[..4], ["answer.md", "calibration.json", "means.svg", "means.png"]);
        let cells = ["m--b-.v-1.L40S.warm", "n.fp8.L40S.warm", "n.fp8.T4.warm", "n.fp8.L40S.boot"];
        let figures: Vec<String> =
            cells.iter().flat_map(|cell| [format!("qq.{cell}.svg"), format!("cdf.{cell}.svg")]).collect();
        assert_eq!(names[4..], figures);
        assert!(render_calibration(&answer()).expect("a complete answer") == files);
        let back: CalibrationAnswer = serde_json::from_str(&text("calibration.json")).expect("readable");
        let mut same = answer();
        // What figures are drawn from is not written twice.
        same.study.cells.iter_mut().for_each(|of| of.cell.times.clear());
        assert_eq!(back, same);
    }

    #[test]
    fn cells_whose_names_are_alike_have_figures_of_their_own() {
        let rows =
            |model: &str| [5.0, 5.5, 6.1].map(|s| format!("{model},,T4,warm,{s},yes,,,,2026-11-01,kit\n")).concat();
        let answer = answer_of(&(rows("a?") + &rows("a!") + &rows("A-")));
        let names: Vec<String> = figures(&answer.study).into_iter().map(|(name, ..)| name).collect();
        assert_eq!(names, ["A-.T4.warm", "a-.T4.warm.2", "a-.T4.warm.3"]);
    }

    #[test]
    fn the_answer_comes_first_and_names_are_text() {
        let page = text("answer.md");
        let order = [
            "# Calibration\n\n",
            "cells (a model's variant on a GPU type",
            "](means.svg)",
            "**Warm requests: laws of the seconds**",
            "| m &lt;b&gt; v\\|1, L40S at 20 steps |",
            "disputed, stale, few",
            "**Boots: laws of the seconds**",
            "**How well laws fit",
            "**Ratios between GPU types",
            "**Failures**",
            "certain: out of memory",
            "## Contradictions",
            "29 s (measured, notes (2026-02-01)) is 10.7 times longer",
            "## What a reader must know",
            "the youngest row is of 2026-02-01, 299 days old",
            "a &lt;remark&gt;",
            "## Sources",
            "](qq.m--b-.v-1.L40S.warm.svg)",
            "fleetfront calibrate runs.csv",
        ];
        let mut from = 0;
        for phrase in order {
            let at = page[from..].find(phrase);
            from += at.unwrap_or_else(|| panic!("`{phrase}` is missing, or stands too early:\n{page}"));
        }
        assert!(!page.contains("<b>"), "{page}");
    }

    #[test]
    fn figures_are_xml_and_no_text_is_cut_off_or_covers_another() {
        let equal = answer_of(&"m,,T4,warm,5,yes,,,,2026-11-01,kit\n".repeat(4));
        let nothing = answer_of("m,,T4,warm,,no,error,,,2026-11-01,kit\n");
        let cut_off = [5.0, 5.5, 6.0, 6.2].map(|s| format!("m,,T4,warm,{s},yes,,,,2026-11-01,kit\n")).concat()
            + &"m,,T4,warm,7,timeout,,,,2026-11-01,kit\n".repeat(3);
        let heaps = (0..300).map(|k| [5.0, 9.0, 30.0][k % 3] + 0.001 * k as f64);
        let heaps = heaps.map(|s| format!("m,,T4,warm,{s},yes,,,,2026-11-01,kit\n")).collect::<Vec<_>>().concat();
        for answer in [answer(), equal, nothing, answer_of(&cut_off), answer_of(&heaps)] {
            let mut all: Vec<Figure> = vec![means_figure(&answer.study)];
            for (_, cell, fitness) in figures(&answer.study) {
                let Fitness::Tested { family, law, goodness, .. } = fitness else { panic!("drawn without a test") };
                all.extend([qq_figure(cell, *family, goodness), cdf_figure(cell, (*family, law.as_ref()), goodness)]);
            }
            for figure in all {
                let drawn = svg(&figure);
                assert!(!drawn.contains("NaN") && !drawn.contains("inf\""), "{drawn}");
                let mut reader = Reader::from_str(&drawn);
                while reader.read_event().expect("XML") != Event::Eof {}
                figure.assert_texts_are_legible();
            }
        }
    }
}
