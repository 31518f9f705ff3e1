//! Measured runs, whoever measured them: one table of times, cut-off times, failures and summaries.

mod checks;
mod from_tables;
mod milliseconds;
mod mlperf;
mod modal_calls;
mod names;
mod row;
#[cfg(test)]
mod tests;

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::day::Day;
use crate::fit::Kind;
use crate::percentiles::{Percentile, PercentileError, lognormal_of};
use crate::pooling::CellTimes;
use crate::problem::{Problem, gathered};
use crate::provenance::Provenance;
use crate::table::{Table, filled_lines};

pub use mlperf::Benchmarked;
pub use modal_calls::ServedAs;
pub use names::{KnownModel, near_misses};

/// The columns of `runs.csv`, and the keys of its JSON lines.
pub const RUN_COLUMNS: [&str; 21] = [
    "model",
    "variant",
    "gpu",
    "phase",
    "seconds",
    "ok",
    "cause",
    "steps",
    "megapixels",
    "frames",
    "images",
    "adapter",
    "n",
    "p50_s",
    "p95_s",
    "peak_gib",
    "machine",
    "date",
    "kind",
    "source",
    "note",
];

/// Runs of any number of models and GPUs, and what a reader must know about the file.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Runs {
    /// In the order of the file.
    pub rows: Vec<Run>,
    /// What is allowed, but should be looked at: stale dates, repeated lines. In the order of the lines.
    pub remarks: Vec<Problem>,
}

/// One line of a file of runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// Line in the file, from 1.
    pub line: u64,
    /// What was run, where.
    pub cell: CellName,
    /// What of it was timed.
    pub phase: Phase,
    /// How it ended.
    pub end: RunEnd,
    /// What was asked for.
    pub shape: Shape,
    /// Peak GPU memory of the container in GiB.
    pub peak_gib: Option<f64>,
    /// Which container or host; runs on one machine are not independent. May be empty.
    pub machine: String,
    /// Whether it may be fitted; if not, it is evidence to be shown.
    pub used: bool,
    /// Where it comes from.
    pub provenance: Provenance,
    /// What a reader must know; may be empty.
    pub note: String,
}

/// A model's variant on a GPU type.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CellName {
    /// The scenario's name of the model.
    pub model: String,
    /// Its variant; empty: the only one.
    pub variant: String,
    /// The GPU type by the platform's name.
    pub gpu: String,
}

/// What of a run was timed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// One request alone in a warm container.
    Warm,
    /// A first request: boot and service, as the client sees it.
    Cold,
    /// From the start of a container until it is ready.
    Boot,
    /// Loading a LoRA adapter.
    Adapter,
}

impl Phase {
    /// All of them.
    pub(crate) const ALL: [Self; 4] = [Self::Warm, Self::Cold, Self::Boot, Self::Adapter];

    /// What is measured in it.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Warm => "warm requests",
            Self::Cold => "first requests",
            Self::Boot => "boots",
            Self::Adapter => "loads of adapters",
        }
    }

    /// Whether some runs are much longer than others by nature: a boot finds its weights cached, or does not.
    pub(crate) fn has_two_kinds(self) -> bool {
        matches!(self, Self::Cold | Self::Boot)
    }
}

impl fmt::Display for CellName {
    /// `flux-dev bf16, L40S`; what is `*` or empty is left out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { model, variant, gpu } = self;
        let variant = if variant.is_empty() || variant == "*" { String::new() } else { format!(" {variant}") };
        write!(f, "{model}{variant}, {gpu}")
    }
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunEnd {
    /// It ended by itself.
    Took {
        /// After so long.
        seconds: f64,
    },
    /// It was still running when it was cut off: it takes longer than this.
    CutOff {
        /// The limit.
        seconds: f64,
    },
    /// It failed.
    Failed {
        /// After so long, where that is known.
        seconds: Option<f64>,
        /// Free text; `oom` (out of memory) is certain to come again.
        cause: String,
    },
    /// Percentiles of several runs.
    Summary {
        /// Of how many.
        n: u32,
        /// The median in seconds.
        p50_s: f64,
        /// A higher percentile in seconds.
        high_s: f64,
        /// Which one: 0.95 in files of ours.
        high_share: f64,
    },
}

/// What a request asked for; `None` where the file does not say.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Shape {
    /// Denoising steps.
    pub steps: Option<f64>,
    /// Millions of pixels of one image or frame.
    pub megapixels: Option<f64>,
    /// Frames of a video.
    pub frames: Option<f64>,
    /// Images of one request.
    pub images: Option<f64>,
    /// The LoRA adapter; empty: none.
    pub adapter: String,
}

/// What is to be done with lines that are equal in every column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeats {
    /// Refuse them where they are more than rounded times explain, or where the date has a time of day.
    Ask,
    /// Keep the first of each.
    Merge,
    /// Keep all: they are runs of their own.
    Keep,
}

/// What a reader of runs must be told.
#[derive(Debug, Clone, Copy)]
pub struct RunsOptions<'a> {
    /// The GPU types that there are; empty: any name is taken.
    pub gpus: &'a [&'a str],
    /// Stands for the source of rows without one.
    pub source: Option<&'a str>,
    /// Stands for the date of rows without one.
    pub date: Option<&'a str>,
    /// The day on which the runs are read: later dates are refused, and old rows remarked on. `None` where that is not
    /// known: neither is judged.
    pub today: Option<Day>,
    /// Older rows are remarked on; 180 where nobody asks for another age.
    pub max_age_days: u32,
    /// The answer to the question whether milliseconds were written as seconds: they were not.
    pub seconds_are_right: bool,
    /// What to do with equal lines.
    pub repeats: Repeats,
}

impl RunsOptions<'_> {
    /// Any GPU, sources and dates in the file, questions asked, stale after 180 days.
    #[must_use]
    pub const fn on(today: Day) -> Self {
        Self { today: Some(today), ..Self::undated() }
    }

    /// The same on a day that is not known.
    #[must_use]
    pub const fn undated() -> Self {
        Self {
            gpus: &[],
            source: None,
            date: None,
            today: None,
            max_age_days: 180,
            seconds_are_right: false,
            repeats: Repeats::Ask,
        }
    }
}

impl Runs {
    /// Reads `runs.csv` (columns by name, any order, those of [`RUN_COLUMNS`]), or the same as JSON lines.
    ///
    /// # Errors
    /// Every problem of the file, in the order of its lines.
    pub fn read(file: &str, text: &str, options: &RunsOptions<'_>) -> Result<Self, Vec<Problem>> {
        let first = filled_lines(text).next();
        let parse = |row: &mut crate::table::Row<'_>| row::read_row(row, options);
        let table = match first.and_then(|(line, content)| Some((line, content.trim_start().chars().next()?))) {
            Some((line, '[')) => Table::refused(
                file,
                line,
                "begins a list: runs as JSON are one object a line",
                "write each object on a line of its own, without commas between them: `jq -c '.[]' FILE` does",
            ),
            Some((_, '{')) => Table::read_json_lines(file, text, &RUN_COLUMNS, parse),
            _ => Table::read_named(file, text, &RUN_COLUMNS, &["model", "gpu", "phase"], parse),
        };
        Self::checked(table, options)
    }

    /// The rows of a table that are plausible together.
    fn checked(mut table: Table<'_, Run>, options: &RunsOptions<'_>) -> Result<Self, Vec<Problem>> {
        checks::reject_unlikely(&mut table, options);
        let remarks = checks::remarks(&table, options);
        let mut rows = table.finish_filled().map_err(gathered)?;
        if options.repeats == Repeats::Merge {
            rows = checks::merged(rows);
        }
        Ok(Self { rows, remarks })
    }

    /// The runs, if all are of GPU types that there are: for readers that do not ask for them.
    ///
    /// - `gpus`: empty: any name is taken. `*`, all of them, always is.
    ///
    /// # Errors
    /// Every row with another name.
    pub fn on_known_gpus(self, file: &str, gpus: &[&str]) -> Result<Self, Vec<Problem>> {
        let problems = checks::unknown_gpus(&self, file, gpus);
        if problems.is_empty() { Ok(self) } else { Err(problems) }
    }

    /// All cells that the rows of a phase speak of, sorted by name, each with its rows in the order of the file.
    #[must_use]
    pub fn cells(&self, phase: Phase) -> Vec<(&CellName, Vec<&Run>)> {
        let mut cells: Vec<(&CellName, Vec<&Run>)> = Vec::new();
        for run in self.rows.iter().filter(|run| run.phase == phase) {
            match cells.binary_search_by(|(name, _)| (*name).cmp(&run.cell)) {
                Ok(index) => cells[index].1.push(run),
                Err(index) => cells.insert(index, (&run.cell, vec![run])),
            }
        }
        cells
    }

    /// What pooling takes of a phase: of each cell, sorted by name, the times and summaries that may be fitted and that
    /// somebody measured, whatever their shape; cells where none ended are left out.
    ///
    /// # Errors
    /// A summary that makes no law, with its line.
    pub fn cell_times(&self, phase: Phase) -> Result<Vec<CellTimes>, (u64, PercentileError)> {
        let mut cells = Vec::new();
        for (name, rows) in self.cells(phase) {
            let mut times = CellTimes::none_of(name.clone());
            for run in rows.into_iter().filter(|run| run.is_fitted()) {
                match run.end {
                    RunEnd::Took { seconds } => times.seconds.push(seconds),
                    RunEnd::Summary { n, p50_s, high_s, high_share } => {
                        let low = Percentile { share: 0.5, seconds: p50_s };
                        let high = Percentile { share: high_share, seconds: high_s };
                        times.summaries.push(lognormal_of(n, low, high).map_err(|error| (run.line, error))?);
                    }
                    RunEnd::CutOff { seconds } => times.cut_off_s.push(seconds),
                    RunEnd::Failed { .. } => {}
                }
            }
            if !(times.seconds.is_empty() && times.summaries.is_empty()) {
                cells.push(times);
            }
        }
        Ok(cells)
    }

    /// What a shape fit takes of a cell: seconds and shape of the warm runs that ended, may be fitted and were
    /// measured.
    #[must_use]
    pub fn shaped(&self, cell: &CellName) -> Vec<(f64, Shape)> {
        let warm = self.rows.iter().filter(|run| run.phase == Phase::Warm && run.cell == *cell && run.is_fitted());
        warm.filter_map(|run| match run.end {
            RunEnd::Took { seconds } => Some((seconds, run.shape.clone())),
            _ => None,
        })
        .collect()
    }

    /// Models whose cells hold runs of several shapes although no shape fit is to be fitted for them: one problem a
    /// cell.
    ///
    /// - `file`: as the user named it.
    /// - `with_shape_law`: models whose times may depend on the shape.
    #[must_use]
    pub fn mixed_shapes(&self, file: &str, with_shape_law: &[&str]) -> Vec<Problem> {
        checks::mixed_shapes(self, file, with_shape_law)
    }
}

impl Shape {
    /// Whether requests of both have the same work: of adapters only whether there is one matters. What one states and the
    /// other does not is not the same.
    #[must_use]
    pub fn asks_the_same_as(&self, other: &Self) -> bool {
        let sizes = |of: &Self| (of.steps, of.megapixels, of.frames, of.images);
        sizes(self) == sizes(other) && self.adapter.is_empty() == other.adapter.is_empty()
    }
}

impl std::fmt::Display for Shape {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { steps, megapixels, frames, images, adapter } = self;
        let columns = [(steps, "steps"), (megapixels, "megapixels"), (frames, "frames"), (images, "images")];
        let stated = columns.into_iter().filter_map(|(value, name)| {
            let value = (*value)?;
            // One of them is no plural.
            let name = if (value - 1.0).abs() > 0.0 { name } else { name.trim_end_matches('s') };
            Some(format!("{value} {name}"))
        });
        let adapter = (!adapter.is_empty()).then(|| format!("adapter {adapter}"));
        let words: Vec<String> = stated.chain(adapter).collect();
        if words.is_empty() { f.write_str("no stated shape") } else { f.write_str(&words.join(", ")) }
    }
}

impl Run {
    /// The time and whether the run was cut off at it; `None` of failures and summaries.
    #[must_use]
    pub fn time(&self) -> Option<(f64, bool)> {
        match self.end {
            RunEnd::Took { seconds } => Some((seconds, false)),
            RunEnd::CutOff { seconds } => Some((seconds, true)),
            RunEnd::Failed { .. } | RunEnd::Summary { .. } => None,
        }
    }

    /// Whether it may be fitted and somebody measured it: what was computed is no measurement.
    #[must_use]
    pub fn is_fitted(&self) -> bool {
        self.used && self.provenance.kind <= Kind::Published
    }

    /// Where the middle of what the row states lies, in seconds: its time, or the median of its summary.
    #[must_use]
    pub fn typical_s(&self) -> Option<f64> {
        match self.end {
            RunEnd::Took { seconds } | RunEnd::Summary { p50_s: seconds, .. } => Some(seconds),
            RunEnd::CutOff { .. } | RunEnd::Failed { .. } => None,
        }
    }
}
