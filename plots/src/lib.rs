//! From a finished study to the files of the output folder, as bytes.
//!
//! [`render`] returns, in this order:
//!
//! | file | what it is |
//! |---|---|
//! | `report.html` | the report, one file that needs no network |
//! | `report.md` | the same story, shorter, in Markdown |
//! | `frontier.svg`, `frontier.png` | cost against the worst ratio of p95 to limit |
//! | `cost_by_state.svg` | a month's bill by what containers do |
//! | `latency_cdf.svg` | requests done after a time, by model |
//! | `day.svg` | the average day of the baseline and the recommended allocation |
//! | `frontier.csv` | every simulated point (below) |
//! | `fleets.csv` | every fleet of the two frontiers, with its pools |
//! | `study.json` | the study itself; infinite numbers are `null`, since JSON has no infinity |
//! | `config.py` | settings of the recommended allocation, by Modal's own names |
//!
//! `frontier.csv` has a line a point: `model`, `variant` (of models that share a pool, both joined by `+`), `gpu`,
//! `scaledown_window_s`, `min_containers`, and, where the grid tries several, `buffer_containers`, `max_containers`,
//! `max_inputs`; `trials` (fewer than the study's where another point clearly beats it in everything); then, each as value, `_low` and `_high` (95 % interval; `inf` where failed requests reach in): `cost_usd_month`,
//! `cost_usd_per_request`, `boot_usd_month`, `busy_usd_month`, `idle_usd_month`, `wasted_usd_month`, `latency_s_mean`,
//! `latency_s_p50`, `latency_s_p95`, `latency_s_p99`, `p95_over_limit`, `late_share`, `success_rate`,
//! `cold_start_share`, `utilisation`, `containers_mean`, `boots_per_day`; then `containers_peak`, `requests_per_day`,
//! `service_kind`, `on_model_frontier`.
//!
//! [`compare_files`], [`reevaluate_files`], [`what_if_files()`] and [`why_files`] return the files of the commands that
//! answer one question: each a figure (SVG and PNG), a table (CSV), the data (JSON) and the answer (Markdown) under the
//! command's own name.
//!
//! Figures are built of our own shapes in pixels (`figure`); `svg` and `bitmap` write them out, so that the drawing
//! library stays replaceable.
//!
//! Deliberately absent: files, simulation, arithmetic on results beyond scaling and formatting.

mod answer_files;
mod axes;
mod bitmap;
mod cdf_figure;
mod compare_figure;
mod compare_files;
mod config_py;
mod cost_figure;
mod day_figure;
mod figure;
#[cfg(test)]
mod fixture;
mod fleets_csv;
mod font;
mod forest;
pub mod format;
mod frontier_figure;
mod place;
mod points_csv;
mod reevaluate_figure;
mod reevaluate_files;
mod render;
mod report;
mod report_md;
mod scale;
mod study_json;
mod svg;
mod table;
mod tables;
mod theme;
pub mod trigger_words;
mod what_if_figure;
pub mod what_if_files;
mod why_files;

pub use compare_files::compare_files;
pub use reevaluate_files::reevaluate_files;
pub use render::{Output, PlotError, RenderConfig, render};
pub use what_if_files::what_if_files;
pub use why_files::why_files;
