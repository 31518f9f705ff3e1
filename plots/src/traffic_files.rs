//! The files of a traffic study: `traffic.json`, `answer.md`, `scenario-traffic.toml`, load curves, four figures, and the
//! joint samples of sizes.

use std::fmt::Write;

use fleetfront_planner::{Basis, shown_digest};
use fleetfront_scenario::{
    traffic_load_files, traffic_replay_section, traffic_section, traffic_shape_files, traffic_source,
};
use fleetfront_workloads::{Traces, TrafficStudy};
use serde::{Deserialize, Serialize};

use crate::answer_files::fenced;
use crate::render::{Output, PlotError};
use crate::sources::with_basis;
use crate::svg::svg;
use crate::table::markdown;
use crate::traffic_curve_figure::traffic_curve_figure;
use crate::traffic_dispersion_figure::traffic_dispersion_figure;
use crate::traffic_hours_figure::traffic_hours_figure;
use crate::traffic_keep_alive_figure::traffic_keep_alive_figure;
use crate::traffic_tables::{TrafficTable, traffic_tables};
use crate::traffic_words::traffic_sentences;

/// A traffic study and where it comes from: what `traffic.json` holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrafficAnswer {
    /// Version of the program.
    pub version: String,
    /// The command that makes the same again.
    pub command: String,
    /// The name of the log, without its folder.
    pub log_file: String,
    /// SHA-256 of the log as it lies there, in hexadecimal digits.
    pub inputs_sha256: String,
    /// What is known of its traffic.
    pub study: TrafficStudy,
    /// The traces that were written of it, where they were asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traces: Option<Traces>,
}

impl TrafficAnswer {
    /// Everything that was put up with or assumed: remarks, then the first wrong lines with their places.
    #[must_use]
    pub fn remarks(&self) -> Vec<String> {
        let wrong = self.study.log.wrong.iter().map(|wrong| format!("{}:{wrong}", self.log_file));
        self.study.remarks().into_iter().chain(wrong).collect()
    }

    /// What the numbers are: of the log, of a model that was fitted to it, of logs that were drawn from that.
    #[must_use]
    pub fn basis(&self) -> Basis {
        let digest = shown_digest(&self.inputs_sha256);
        let drawn = self
            .study
            .proof
            .as_ref()
            .map_or(String::new(), |proof| format!("; drawn: simulated, {} logs of the model", proof.draws));
        let log = traffic_source(&self.study, &self.log_file);
        Basis::measured(format!("{log}, log {digest}; model and fitted: derived from it{drawn}"))
    }

    /// The section of `scenario.toml`.
    #[must_use]
    pub fn section(&self) -> String {
        traffic_section(&self.study, &self.log_file)
    }

    /// The lines of `scenario.toml` that replay the traces; none without traces.
    #[must_use]
    pub fn replay_section(&self) -> Option<String> {
        self.traces.as_ref().map(|traces| traffic_replay_section(traces, &self.study.log.zone, &self.log_file))
    }
}

/// Makes all files of a traffic study: the same bytes for the same study.
///
/// # Errors
/// [`PlotError`] when a file cannot be made.
pub fn render_traffic(answer: &TrafficAnswer) -> Result<Vec<Output>, PlotError> {
    let study = &answer.study;
    let mut json = serde_json::to_vec_pretty(&with_basis(answer, &answer.basis()))?;
    json.push(b'\n');
    let figure = |name: &'static str, figure: &crate::figure::Figure| Output {
        name: name.into(),
        bytes: svg(figure).into_bytes(),
    };
    let curves = traffic_load_files(study, &answer.log_file).into_iter();
    let curves = curves.map(|(name, text)| Output { name: name.into(), bytes: text.into_bytes() });
    let mut files = vec![
        Output { name: "answer.md".into(), bytes: answer_md(answer).into_bytes() },
        Output { name: "traffic.json".into(), bytes: json },
        Output { name: "scenario-traffic.toml".into(), bytes: answer.section().into_bytes() },
        figure("curve.svg", &traffic_curve_figure(study)),
        figure("hours.svg", &traffic_hours_figure(study)),
        figure("dispersion.svg", &traffic_dispersion_figure(study)),
        figure("keep-alive.svg", &traffic_keep_alive_figure(study)),
    ];
    files.splice(3..3, curves);
    let shapes = traffic_shape_files(study).into_iter();
    files.extend(shapes.map(|(name, csv)| Output { name: name.into(), bytes: csv.into_bytes() }));
    Ok(files)
}

fn answer_md(answer: &TrafficAnswer) -> String {
    let mut out = format!("# Traffic of {}\n", markdown(&answer.log_file));
    for sentence in traffic_sentences(&answer.study) {
        let _ = write!(out, "\n{}\n", markdown(&sentence));
    }
    let remarks = answer.remarks();
    if !remarks.is_empty() {
        out.push_str("\n## What was repaired or assumed\n\n");
        for remark in &remarks {
            let _ = writeln!(out, "- {}", markdown(remark));
        }
    }
    let figures = [
        ("Requests by hour, with intervals, and the fitted curve", "curve.svg"),
        ("Requests hour by hour over the log", "hours.svg"),
        ("Index of dispersion by length of the window, log and model", "dispersion.svg"),
        ("Active minutes without a warm container, by keep-alive", "keep-alive.svg"),
    ];
    out.push('\n');
    for (words, file) in figures {
        let _ = writeln!(out, "![{words}]({file})");
    }
    let basis = answer.basis().words();
    for table in traffic_tables(&answer.study) {
        let (heading, basis) = (markdown(&table.heading), markdown(&basis));
        let _ = write!(out, "\n**{heading}**\n\n{basis}\n\n{}", rows(&table));
    }
    let _ = write!(
        out,
        "\n## For the scenario\n\n`scenario-traffic.toml`, with the curve in `load.csv`:\n\n{}",
        fenced("toml", &answer.section())
    );
    if let Some(section) = answer.replay_section() {
        let _ = write!(out, "\n## To replay the log\n\n{}", fenced("toml", &section));
    }
    let (version, inputs) = (&answer.version, &answer.inputs_sha256);
    out + &format!("\n{}\nfleetfront {version}, log {inputs}.\n", fenced("sh", &answer.command))
}

fn rows(table: &TrafficTable) -> String {
    let line =
        |cells: &[String]| format!("| {} |\n", cells.iter().map(|cell| markdown(cell)).collect::<Vec<_>>().join(" | "));
    let rule = format!("| --- |{}\n", " ---: |".repeat(table.columns.len() - 1));
    line(&table.columns) + &rule + &table.rows.iter().map(|row| line(row)).collect::<String>()
}

#[cfg(test)]
mod tests {
    use quick_xml::Reader;
    use quick_xml::events::Event;

    use super::*;
    use crate::figure::Figure;
    use crate::traffic_fixture::study;

    fn answer() -> TrafficAnswer {
        TrafficAnswer {
            version: "0.1.0".into(),
            command: "fleetfront traffic 'my log.csv'".into(),
            log_file: "my <log>.csv".into(),
            inputs_sha256: "ab".into(),
            study: study(),
            traces: None,
        }
    }

    fn text(name: &str) -> String {
        let files = render_traffic(&answer()).expect("a complete study");
        let file = files.into_iter().find(|file| file.name == name).expect(name);
        String::from_utf8(file.bytes).expect("text")
    }

    /// With `FLEETFRONT_PLOTS_OUT` set to a folder, the files are written there to be looked at.
    #[test]
    fn all_files_come_in_order_and_the_same_every_time() {
        let files = render_traffic(&answer()).expect("a complete study");
        if let Some(folder) = std::env::var_os("FLEETFRONT_PLOTS_OUT") {
            for file in &files {
                std::fs::write(std::path::Path::new(&folder).join(&*file.name), &file.bytes)
                    .expect("a writable folder");
            }
        }
        let names: Vec<&str> = files.iter().map(|file| &*file.name).collect();
        let wanted = ["answer.md", "traffic.json", "scenario-traffic.toml", "load.csv"];
        assert_eq!(names[..4], wanted);
        // Two models that do not rise and fall together.
        assert_eq!(names[4..6], ["load.a.csv", "load.b--bold-.csv"]);
        assert_eq!(names[6..], ["curve.svg", "hours.svg", "dispersion.svg", "keep-alive.svg"]);
        assert!(render_traffic(&answer()).expect("a complete study") == files);
        let back: TrafficAnswer = serde_json::from_str(&text("traffic.json")).expect("readable");
        assert_eq!(back, answer());
    }

    #[test]
    fn the_answer_comes_first_and_names_are_text() {
        let page = text("answer.md");
        let order = [
            "# Traffic of my &lt;log&gt;.csv",
            "requests in 14 days",
            "](curve.svg)",
            "**The daily curve",
            "| b &lt;bold&gt; |",
            "## For the scenario",
            "[traffic]",
            "fleetfront traffic 'my log.csv'",
        ];
        let mut from = 0;
        for phrase in order {
            let at = page[from..].find(phrase);
            from += at.unwrap_or_else(|| panic!("`{phrase}` is missing, or stands too early:\n{page}"));
        }
        // Code is code: in the section a name stands as it is.
        assert!(!page.split("## For the scenario").next().expect("a part").contains("<bold>"));
    }

    fn figures(study: &TrafficStudy) -> [Figure; 4] {
        [
            traffic_curve_figure(study),
            traffic_hours_figure(study),
            traffic_dispersion_figure(study),
            traffic_keep_alive_figure(study),
        ]
    }

    #[test]
    fn figures_are_xml_and_no_text_is_cut_off_or_covers_another() {
        let mut thin = study();
        thin.proof = None;
        thin.whole.dispersion.clear();
        thin.description.keep_alive.clear();
        thin.description.hourly.clear();
        thin.description.dispersion.clear();
        thin.description.peak_hour = None;
        let mut weekly = study();
        weekly.whole.curve = vec![1.0; 168];
        weekly.since = Some("2024-01-04T00:00:00+00:00".into());
        for figure in [study(), thin, weekly].iter().flat_map(figures) {
            let drawn = svg(&figure);
            assert!(!drawn.contains("NaN") && !drawn.contains("inf\""), "{drawn}");
            let mut reader = Reader::from_str(&drawn);
            while reader.read_event().expect("XML") != Event::Eof {}
            figure.assert_texts_are_legible();
        }
    }
}
