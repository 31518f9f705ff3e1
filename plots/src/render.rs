//! All files of the output folder, in one call.

use std::borrow::Cow;

use fleetfront_planner::{AllocationResult, Study};

use crate::bitmap::png;
use crate::cdf_figure::cdf_figure;
use crate::config_py::config_py;
use crate::cost_figure::cost_figure;
use crate::day_figure::day_figure;
use crate::export::named;
use crate::fleets_csv::fleets_csv;
use crate::frontier_figure::frontier_figure;
use crate::points_csv::points_csv;
use crate::pull_request::pull_request;
use crate::report::{Figures, Report};
use crate::report_md::report_md;
use crate::schedule_py::{has_schedule, schedule_py};
use crate::spending_csv::spending_csv;
use crate::spending_figure::spending_figure;
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
    pub name: Cow<'static, str>,
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
    #[error("the study has no allocation `{name}`")]
    UnknownAllocation {
        /// The name that was looked for.
        name: String,
    },
    /// What cannot run cannot be deployed.
    #[error("the allocation \"{name}\" cannot run: {reasons}")]
    CannotRun {
        /// Its name.
        name: String,
        /// All that stands in the way.
        reasons: String,
    },
    /// A script that would do nothing.
    #[error("the allocation \"{name}\" has the same bounds all day; config.py says them")]
    NoSchedule {
        /// Its name.
        name: String,
    },
    /// The program was built without it.
    #[error("this build writes no Parquet; build with --features parquet")]
    NoParquet,
    /// Parquet.
    #[cfg(feature = "parquet")]
    #[error("writing points.parquet: {0}")]
    Parquet(#[from] parquet::errors::ParquetError),
    /// The template of the report.
    #[error("writing report.html: {0}")]
    Report(#[from] askama::Error),
    /// A table.
    #[error("writing a table: {0}")]
    Table(#[from] csv::Error),
    /// The saved study.
    #[error("writing study.json: {0}")]
    Json(#[from] serde_json::Error),
}

impl PlotError {
    /// # Errors
    /// [`PlotError::CannotRun`] when the allocation cannot run.
    pub(crate) fn unless_it_runs(allocation: &AllocationResult) -> Result<(), Self> {
        if allocation.infeasible.is_empty() {
            return Ok(());
        }
        Err(Self::CannotRun { name: allocation.name.clone(), reasons: allocation.infeasible.join("; ") })
    }
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
        spending: svg(&spending_figure(study)),
    };
    let report = Report::new(study, &figures, config);
    let (html, md) = (report.html()?, report_md(&report));
    let text = |name: &'static str, text: String| Output { name: name.into(), bytes: text.into_bytes() };
    let recommended = named(study, &study.recommendation.allocation)?;
    let mut files = vec![
        text("report.html", html),
        text("report.md", md),
        text("frontier.svg", figures.frontier),
        Output { name: "frontier.png".into(), bytes: png(&frontier)? },
        text("cost_by_state.svg", figures.cost),
        text("latency_cdf.svg", figures.latency),
        text("day.svg", figures.day),
        text("spending.svg", figures.spending),
        Output { name: "frontier.csv".into(), bytes: points_csv(study)? },
        Output { name: "fleets.csv".into(), bytes: fleets_csv(study)? },
        Output { name: "spending.csv".into(), bytes: spending_csv(study)? },
        Output { name: "study.json".into(), bytes: study_json(study)? },
    ];
    // Whatever is recommended can run; only somebody who edits a study can make it otherwise.
    if recommended.infeasible.is_empty() {
        files.push(text("config.py", config_py(study, recommended)?));
        files.push(text("pull_request.md", pull_request(study, recommended, config)?));
        if has_schedule(recommended) {
            files.push(text("schedule.py", schedule_py(study, recommended)?));
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{about, study};
    use fleetfront_planner::Estimate;
    use fleetfront_scenario::rules::BoundsFile;
    use quick_xml::Reader;
    use quick_xml::events::Event;

    fn rendered(study: &Study) -> Vec<Output> {
        let config = RenderConfig { command: "fleetfront run \"my <fleet>\" --seed 7".into() };
        render(study, &config).expect("a complete study")
    }

    fn text(files: &[Output], name: &str) -> String {
        let file = files.iter().find(|file| file.name == name).expect(name);
        String::from_utf8(file.bytes.clone()).expect("text")
    }

    /// All texts of an SVG, or why it is not XML.
    fn texts(svg: &str) -> Result<Vec<String>, Box<dyn std::error::Error>> {
        let mut reader = Reader::from_str(svg);
        let (mut found, mut current, mut depth) = (Vec::new(), String::new(), 0_i32);
        loop {
            match reader.read_event()? {
                Event::Start(tag) => {
                    depth += 1;
                    for attribute in tag.attributes() {
                        attribute?.unescape_value()?;
                    }
                    current.clear();
                }
                Event::Empty(tag) => {
                    for attribute in tag.attributes() {
                        attribute?.unescape_value()?;
                    }
                }
                Event::Text(text) => current.push_str(&text.decode()?),
                Event::GeneralRef(name) => {
                    let name = name.decode()?;
                    current.push_str(quick_xml::escape::resolve_xml_entity(&name).ok_or("an unknown entity")?);
                }
                Event::End(_) => {
                    depth -= 1;
                    found.push(std::mem::take(&mut current));
                }
                Event::Eof => break,
                _ => {}
            }
        }
        if depth == 0 { Ok(found) } else { Err("unclosed elements".into()) }
    }

    const SVGS: [&str; 5] = ["frontier.svg", "cost_by_state.svg", "latency_cdf.svg", "day.svg", "spending.svg"];

    /// With `FLEETFRONT_PLOTS_OUT` set to a folder, the files are written there to be looked at.
    #[test]
    fn all_files_come_in_order_and_the_same_every_time() {
        let files = rendered(&study());
        if let Some(folder) = std::env::var_os("FLEETFRONT_PLOTS_OUT") {
            for file in &files {
                std::fs::write(std::path::Path::new(&folder).join(&*file.name), &file.bytes)
                    .expect("a writable folder");
            }
        }
        let names: Vec<&str> = files.iter().map(|file| &*file.name).collect();
        let wanted = "report.html report.md frontier.svg frontier.png cost_by_state.svg latency_cdf.svg day.svg \
                      spending.svg frontier.csv fleets.csv spending.csv study.json config.py pull_request.md";
        assert_eq!(names.join(" "), wanted);
        let mut scheduled = study();
        let recommended = scheduled.allocations.last_mut().expect("a recommended one");
        let morning = BoundsFile { at: "08:00".into(), min_containers: 1, max_containers: None };
        recommended.pools[0].settings.rules.schedule = Some(vec![morning]);
        let scheduled = rendered(&scheduled);
        let names: Vec<&str> = scheduled.iter().map(|file| &*file.name).collect();
        assert_eq!(names.join(" "), format!("{wanted} schedule.py"));
        assert!(rendered(&study()) == files);
    }

    #[test]
    fn figures_are_xml_and_name_what_they_show() {
        let files = rendered(&study());
        let all = SVGS.map(|name| texts(&text(&files, name)).expect(name));
        let says = |index: usize, label: &str| assert!(all[index].iter().any(|one| one == label), "{label}");
        for allocation in ["current", "proposed, repaired", "all-h100", "recommended"] {
            says(0, allocation);
            says(1, allocation);
            says(2, allocation);
        }
        says(0, "p95 = limit: below, every model keeps its limit");
        says(0, "cheaper and faster");
        assert!(all[0].iter().any(|one| one.ends_with("not by this axis. Not shown: proposed cannot run.")));
        says(1, "spreadsheet $162.60");
        says(1, "wasted on failed tries");
        for model in ["flux-schnell", "flux-dev", "lora", "wan2.1", "seedvr2"] {
            says(2, model);
        }
        says(2, "limit 30 s");
        assert!(all[2].iter().any(|one| one.starts_with("instantid <face>")));
        says(3, "current");
        says(3, "recommended");
        says(3, "requests waiting");
        says(4, "current");
        says(4, "recommended");
        says(4, "dollars a month");
    }

    #[test]
    fn the_report_escapes_names_and_loads_nothing() {
        let files = rendered(&study());
        let html = text(&files, "report.html");
        assert!(!html.contains("<script"), "the warning's script is text");
        assert!(!html.contains("<face>"));
        assert!(html.contains("instantid &#60;face&#62; &#38; &#34;id&#34;"));
        assert!(html.contains("fleetfront run &#34;my &#60;fleet&#62;&#34; --seed 7"));
        for loads in ["src=", "<link", "@import", "url(", "<iframe", "<object", "href=\"http", "href=\"//"] {
            assert!(!html.contains(loads), "{loads}");
        }
        let markdown = text(&files, "report.md");
        assert!(!markdown.contains("<script") && !markdown.contains("<face>"));
    }

    #[test]
    fn the_answer_comes_before_everything_else() {
        let html = text(&rendered(&study()), "report.html");
        let order = [
            "No: the proposed allocation cannot run",
            "Nothing meets all criteria at once",
            "do not fit a T4: they need",
            "43.6 %",
            "Cost and latency of every fleet",
            "a boot takes 56 s (assumed)",
            "a limit of 90 s would save",
            "id=\"criteria\"",
            "✗ fail",
            "id=\"bill\"",
            "idle containers",
            "Where the money goes",
            "more than $2,000",
            "id=\"allocations\"",
            "flux-schnell: T4 -&#62; A10",
            "id=\"frontiers\"",
            "id=\"fits\"",
            "≈ borderline: 21.5 of 22 GiB",
            "id=\"doubts\"",
            "contradict each other",
            "nobody measured these",
            "A month is 30 days",
            "seed 7",
        ];
        let mut from = 0;
        for phrase in order {
            let at = html[from..].find(phrase);
            from += at.unwrap_or_else(|| panic!("`{phrase}` is missing, or stands too early"));
        }
        assert!(html.contains("<span>never</span> <span>(at best"), "an infinite p99 is a word");
    }

    #[test]
    fn no_text_is_cut_off_or_covers_another() {
        let study = study();
        let day = [day_figure(&study), spending_figure(&study)];
        for figure in [frontier_figure(&study), cost_figure(&study), cdf_figure(&study)].into_iter().chain(day) {
            figure.assert_texts_are_legible();
        }
    }

    /// What a scenario with one cell, no feasible one, or nothing but failures looks like.
    #[test]
    fn thin_studies_are_drawn_too() {
        let mut single = study();
        single.frontier.by_worst_ratio.truncate(1);
        single.frontier.uniform.clear();
        let mut failing = study();
        for point in &mut failing.frontier.by_worst_ratio {
            point.worst_p95_over_limit = Estimate { value: f64::INFINITY, low: 1.0, high: f64::INFINITY };
        }
        let mut empty = study();
        empty.frontier.by_worst_ratio.clear();
        empty.frontier.uniform.clear();
        empty.points.clear();
        empty.naive.bridges.clear();
        for allocation in &mut empty.allocations {
            allocation.results = None;
            allocation.criteria.clear();
        }
        let mut free = study();
        for allocation in &mut free.allocations {
            if let Some(results) = &mut allocation.results {
                results.fleet.cost_usd_month = about(0.0, 0.0);
                results.day.busy.clear();
                results.spending = fleetfront_planner::Spending::default();
                results.models.iter_mut().for_each(|model| model.latency_cdf.clear());
            }
        }
        for study in [single, failing, empty, free] {
            let files = rendered(&study);
            for name in SVGS {
                texts(&text(&files, name)).unwrap_or_else(|error| panic!("{name}: {error}"));
                assert!(!text(&files, name).contains("NaN") && !text(&files, name).contains("inf"), "{name}");
            }
        }
    }
}
