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
//! | `fleets.csv` | every fleet of the three frontiers, with its pools and the neighbours that luck does not let tell from it |
//! | `study.json` | the study itself with its inputs; infinite numbers are `null`, since JSON has no infinity |
//! | `config.py` | settings of the recommended allocation, by Modal's own names |
//! | `pull_request.md` | what a reviewer of that change has to know, on a screen |
//! | `schedule.py` | a Modal app that moves bounds at times of the day; only where the allocation has a schedule |
//!
//! [`benchmark_kit()`] makes a script from a scenario that measures it (docs/benchmark-kit.md).
//! [`export()`] makes the last three, and tables for programs, from any allocation of a study (docs/export.md).
//!
//! `frontier.csv` has a line a point: `model`, `variant` (of models that share a pool, both joined by `+`), `gpu`,
//! `scaledown_window_s`, `min_containers`, and, where the grid tries several, `buffer_containers`, `max_containers`,
//! `max_inputs`; `trials` (fewer than the study's where another point clearly beats it in everything); then, each as value, `_low` and `_high` (95 % interval; `inf` where failed requests reach in): `cost_usd_month`,
//! `cost_usd_per_request`, `boot_usd_month`, `busy_usd_month`, `idle_usd_month`, `wasted_usd_month`, `latency_s_mean`,
//! `latency_s_p50`, `latency_s_p95`, `latency_s_p99`, `p95_over_limit`, `late_share`, `success_rate`,
//! `cold_start_share`, `utilisation`, `containers_mean`, `boots_per_day`; then `containers_peak`, `requests_per_day`,
//! `service_kind`, `on_model_frontier`, and, where the grid tries them, `gpu_fallback`, `max_batch_size`,
//! `batch_wait_ms`, `batch_item_share`, `snapshot`, `schedule`.
//!
//! [`render_fallback`] does the same for a fallback study: `fallback.md`, the map as `fallback.svg` and `fallback.png`,
//! `fallback.csv` with a line a policy and point, `fallback.json`.
//! [`render_traffic`] returns those of a log's traffic: `answer.md`, `traffic.json`, `scenario-traffic.toml`, `load.csv`,
//! `curve.svg`, `hours.svg`, `dispersion.svg`, `keep-alive.svg`.
//! [`render_calibration`] returns those of a calibration: `answer.md`, `calibration.json`, `means.svg`, `means.png`, and for
//! each cell with three different times `qq.CELL.svg` and `cdf.CELL.svg`.
//! [`backtest_files`], [`compare_files`], [`measure_files`], [`reevaluate_files`], [`what_if_files()`] and [`why_files`] return the files of the commands that
//! answer one question: each a figure (SVG and PNG), a table (CSV), the data (JSON) and the answer (Markdown) under the
//! command's own name.
//!
//! Figures are built of our own shapes in pixels (`figure`); `svg` and `bitmap` write them out, so that the drawing
//! library stays replaceable.
//!
//! Deliberately absent: files, simulation, arithmetic on results beyond scaling and formatting.

mod answer_files;
#[cfg(test)]
mod asking_python;
mod assumption_csv;
mod axes;
mod backtest_figure;
mod backtest_files;
pub mod backtest_words;
mod benchmark_cells;
mod benchmark_kit;
mod bitmap;
pub mod bounds;
mod calibration_files;
mod calibration_fit_figures;
#[cfg(test)]
mod calibration_fixture;
mod calibration_means_figure;
mod calibration_tables;
mod calibration_variants;
mod calibration_words;
mod cdf_figure;
mod compare_figure;
mod compare_files;
mod config_py;
mod cost_figure;
mod csv_name;
mod day_figure;
mod diff_md;
pub mod drift_words;
mod endpoints_csv;
mod expectation;
mod export;
mod fallback_csv;
mod fallback_figure;
mod fallback_files;
#[cfg(test)]
mod fallback_fixture;
mod fallback_tables;
mod figure;
#[cfg(test)]
mod fixture;
mod fleets_csv;
mod font;
mod forest;
pub mod format;
mod frontier_figure;
mod input_tables;
mod measure_figure;
mod measure_files;
pub mod measure_words;
mod metric_columns;
mod modal_arguments;
mod place;
mod points_csv;
#[cfg(feature = "parquet")]
mod points_parquet;
mod pull_request;
mod python;
mod reevaluate_figure;
mod reevaluate_files;
mod render;
mod report;
mod report_md;
mod scale;
mod schedule_py;
mod search_tables;
mod sources;
mod spending_csv;
mod spending_figure;
mod spending_tables;
mod study_json;
mod svg;
mod table;
mod tables;
mod theme;
mod traffic_curve_figure;
mod traffic_dispersion_figure;
mod traffic_files;
#[cfg(test)]
mod traffic_fixture;
mod traffic_frame;
mod traffic_hours_figure;
mod traffic_keep_alive_figure;
mod traffic_request_tables;
mod traffic_tables;
mod traffic_words;
pub mod trigger_words;
mod what_if_figure;
pub mod what_if_files;
mod why_files;

pub use backtest_files::backtest_files;
pub use benchmark_kit::{KitConfig, KitError, benchmark_kit};
pub use calibration_files::{CalibrationAnswer, CalibrationAsked, CalibrationInput, render_calibration};
pub use calibration_tables::{CalibrationTable, calibration_tables};
pub use calibration_words::{calibration_sentences, calibration_sources, contradiction_words, flag_words};
pub use compare_files::compare_files;
pub use diff_md::{diff_basis, diff_inputs_basis, diff_md};
pub use export::{ExportFormat, export};
pub use fallback_files::render_fallback;
pub use fallback_tables::{FallbackTable, fallback_basis, map_table, pairs_table, payoff_word, policies_table};
pub use measure_files::measure_files;
pub use reevaluate_files::reevaluate_files;
pub use render::{Output, PlotError, RenderConfig, render};
pub use sources::{Sources, WithBasis, with_basis};
pub use traffic_files::{TrafficAnswer, render_traffic};
pub use traffic_tables::{TrafficTable, traffic_tables};
pub use traffic_words::{traffic_holds, traffic_sentences};
pub use what_if_files::what_if_files;
pub use why_files::why_files;
