//! All files of the output folder, in one call.

use fleetfront_planner::Study;

use crate::bitmap::png;
use crate::cdf_figure::cdf_figure;
use crate::config_py::config_py;
use crate::cost_figure::cost_figure;
use crate::day_figure::day_figure;
use crate::frontier_figure::frontier_figure;
use crate::points_csv::points_csv;
use crate::report::{Figures, Report};
use crate::report_md::report_md;
use crate::study_json::study_json;
use crate::svg::svg;

/// What the files say that a study does not know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenderConfig {
    /// The command that makes the same files again, such as `fleetfront run my-fleet --seed 7`.
    pub command: String,
}

/// A file of the output folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// Its name in the folder.
    pub name: &'static str,
    /// What is in it.
    pub bytes: Vec<u8>,
}

/// Why a file could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlotError {
    /// The PNG could not be painted or compressed.
    #[error("painting frontier.png: {0}")]
    Bitmap(String),
    /// A study that contradicts itself.
    #[error("the study recommends `{name}`, which is not among its allocations; run the study again")]
    UnknownAllocation {
        /// The name that was looked for.
        name: String,
    },
    /// The template of the report.
    #[error("writing report.html: {0}")]
    Report(#[from] askama::Error),
    /// A table.
    #[error("writing frontier.csv: {0}")]
    Table(#[from] csv::Error),
    /// The saved study.
    #[error("writing study.json: {0}")]
    Json(#[from] serde_json::Error),
}

/// Makes all files from a study: the same bytes for the same study, in a fixed order.
///
/// # Errors
/// [`PlotError`] when a file cannot be made.
pub fn render(study: &Study, config: &RenderConfig) -> Result<Vec<Output>, PlotError> {
    let frontier = frontier_figure(study);
    let figures = Figures {
        frontier: svg(&frontier),
        cost: svg(&cost_figure(study)),
        latency: svg(&cdf_figure(study)),
        day: svg(&day_figure(study)),
    };
    let report = Report::new(study, &figures, config);
    let (html, md) = (report.html()?, report_md(&report));
    let text = |name, text: String| Output { name, bytes: text.into_bytes() };
    Ok(vec![
        text("report.html", html),
        text("report.md", md),
        text("frontier.svg", figures.frontier),
        Output { name: "frontier.png", bytes: png(&frontier)? },
        text("cost_by_state.svg", figures.cost),
        text("latency_cdf.svg", figures.latency),
        text("day.svg", figures.day),
        Output { name: "frontier.csv", bytes: points_csv(&study.points)? },
        Output { name: "study.json", bytes: study_json(study)? },
        text("config.py", config_py(study)?),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::study;

    fn rendered(study: &Study) -> Vec<Output> {
        let config = RenderConfig { command: "fleetfront run \"my <fleet>\" --seed 7".into() };
        render(study, &config).expect("a complete study")
    }

    /// With `FLEETFRONT_PLOTS_OUT` set to a folder, the files are written there to be looked at.
    #[test]
    fn files_are_the_same_every_time() {
        let files = rendered(&study());
        if let Some(folder) = std::env::var_os("FLEETFRONT_PLOTS_OUT") {
            for file in &files {
                std::fs::write(std::path::Path::new(&folder).join(file.name), &file.bytes).expect("a writable folder");
            }
        }
        assert!(rendered(&study()) == files);
    }
}
