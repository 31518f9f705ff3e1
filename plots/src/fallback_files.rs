//! The files of a fallback study: `fallback.md`, `fallback.svg`, `fallback.png`, `fallback.csv`, `fallback.json`.

use std::fmt::Write;

use fleetfront_planner::{Based, FallbackStudy};

use crate::bitmap::png;
use crate::fallback_csv::fallback_csv;
use crate::fallback_figure::fallback_figure;
use crate::fallback_tables::{FallbackTable, fallback_basis, map_table, pairs_table, policies_table};
use crate::format::prose;
use crate::render::{Output, PlotError, RenderConfig};
use crate::sources::with_basis;
use crate::svg::svg;
use crate::table::markdown;

/// Makes all files of a fallback study: the same bytes for the same study.
///
/// # Errors
/// [`PlotError`] when a file cannot be made.
pub fn render_fallback(study: &FallbackStudy, config: &RenderConfig) -> Result<Vec<Output>, PlotError> {
    let figure = fallback_figure(study);
    let basis = study.basis();
    let mut json = serde_json::to_vec_pretty(&with_basis(study, &basis))?;
    json.push(b'\n');
    Ok(vec![
        Output { name: "fallback.md".into(), bytes: fallback_md(study, &config.command).into_bytes() },
        Output { name: "fallback.svg".into(), bytes: svg(&figure).into_bytes() },
        Output { name: "fallback.png".into(), bytes: png(&figure)? },
        Output { name: "fallback.csv".into(), bytes: fallback_csv(study)? },
        Output { name: "fallback.json".into(), bytes: json },
    ])
}

fn fallback_md(study: &FallbackStudy, command: &str) -> String {
    let say = |sentence: &str| markdown(&prose(sentence));
    let mut out = format!("# {}: does it pay to try a cheaper GPU type first?\n\n", markdown(&study.scenario));
    let _ = writeln!(out, "**{}**\n\n{}\n", say(&study.headline), say(&study.definition));
    out.push_str("![Where trying a cheaper GPU type first pays](fallback.svg)\n\n");
    let basis = fallback_basis(study);
    table(&mut out, &pairs_table(&study.pairs), &basis);
    for answer in &study.pairs {
        let _ = writeln!(
            out,
            "## {}: {} before {}\n",
            markdown(&answer.model),
            markdown(&answer.cheap.gpu),
            markdown(&answer.dear.gpu)
        );
        for sentence in &answer.sentences {
            let _ = writeln!(out, "{}\n", say(sentence));
        }
        table(&mut out, &policies_table(answer, answer.own_point()), &basis);
        table(&mut out, &map_table(answer), &basis);
    }
    for (heading, items) in [("What was assumed", &study.notes), ("What was not tried", &study.left_out)] {
        if !items.is_empty() {
            let _ = writeln!(out, "## {heading}\n");
            for item in items {
                let _ = writeln!(out, "- {}", say(item));
            }
            out.push('\n');
        }
    }
    let _ = writeln!(
        out,
        "Numbers in brackets are 95 % intervals over {} trials: they hold luck, not wrong inputs. fleetfront {}, seed {}; \
         inputs (SHA-256) {}. The same files again: {}",
        study.trials,
        markdown(&study.version),
        study.seed,
        study.inputs_sha256,
        markdown(command)
    );
    out
}

fn table(out: &mut String, table: &FallbackTable, basis: &str) {
    let line =
        |cells: &[String]| format!("| {} |\n", cells.iter().map(|cell| markdown(cell)).collect::<Vec<_>>().join(" | "));
    let _ = writeln!(out, "{}\n\n{}\n", markdown(&table.heading), markdown(basis));
    *out += &line(&table.columns);
    let _ = writeln!(out, "|{}", " --- |".repeat(table.columns.len()));
    for row in &table.rows {
        *out += &line(row);
    }
    out.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fallback_fixture::study;

    fn rendered() -> Vec<Output> {
        let config = RenderConfig { command: "fleetfront fallback \"my <fleet>\" --seed 7".into() };
        render_fallback(&study(), &config).expect("a complete study")
    }

    fn text(name: &str) -> String {
        let file = rendered().into_iter().find(|file| file.name == name).expect(name);
        String::from_utf8(file.bytes).expect("text")
    }

    /// With `FLEETFRONT_PLOTS_OUT` set to a folder, the files are written there to be looked at.
    #[test]
    fn all_files_come_in_order_and_the_same_every_time() {
        let files = rendered();
        if let Some(folder) = std::env::var_os("FLEETFRONT_PLOTS_OUT") {
            for file in &files {
                std::fs::write(std::path::Path::new(&folder).join(&*file.name), &file.bytes)
                    .expect("a writable folder");
            }
        }
        let names: Vec<&str> = files.iter().map(|file| &*file.name).collect();
        assert_eq!(names, ["fallback.md", "fallback.svg", "fallback.png", "fallback.csv", "fallback.json"]);
        assert!(rendered() == files);
    }

    #[test]
    fn the_study_comes_back_as_it_was() {
        let back: FallbackStudy = serde_json::from_str(&text("fallback.json")).expect("readable");
        assert_eq!(back, study());
    }

    #[test]
    fn the_answer_comes_first_and_names_are_text() {
        let md = text("fallback.md");
        let order = [
            "**Fallback pays for some &lt;models&gt;: now −12.0 %",
            "A policy pays where",
            "fallback.svg",
            "The best fallback of each pair",
            "## flux-schnell: T4 before L40S",
            "| L40S alone |",
            "| predicted &gt; 60 s |",
            "## What was assumed",
            "- flux-dev cannot run on T4",
            "The same files again: fleetfront fallback \"my &lt;fleet&gt;\" --seed 7",
        ];
        let mut from = 0;
        for phrase in order {
            let at = md[from..].find(phrase);
            from += at.unwrap_or_else(|| panic!("`{phrase}` is missing, or stands too early:\n{md}"));
        }
        assert!(!md.contains("<face>") && !text("fallback.svg").contains("<face>"));
    }

    #[test]
    fn no_text_of_the_map_is_cut_off_or_covers_another() {
        let figure = fallback_figure(&study());
        let texts = figure.texts().count();
        assert!(texts > 60, "{texts}");
        figure.assert_texts_are_legible();
    }

    #[test]
    fn a_study_of_nothing_is_drawn_too() {
        let mut empty = study();
        empty.pairs.clear();
        let svg = svg(&fallback_figure(&empty));
        assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
    }
}
