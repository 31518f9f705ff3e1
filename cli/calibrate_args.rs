//! Arguments of `fleetfront calibrate`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::args::{AnswerArgs, Machine};

/// Arguments of `calibrate`.
#[derive(Debug, Args)]
pub(crate) struct CalibrateArgs {
    /// What was measured: runs as CSV or JSON lines, the list of `modal function calls --json`, an MLPerf log, benchmarks.csv
    /// or boots.csv of a scenario, or the folder of one; may be compressed with gzip; - for standard input [default: the
    /// embedded scenario image-studio]
    #[arg(value_name = "BENCH")]
    pub(crate) inputs: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) reading: RunsReading,
    #[command(flatten)]
    pub(crate) joining: Joining,
    /// Samples drawn for the goodness of fit of each cell, 19 to 9999
    #[arg(long, value_name = "N", default_value = "199", value_parser = clap::value_parser!(u32).range(19..=9999))]
    pub(crate) replicates: u32,
    #[command(flatten)]
    pub(crate) machine: Machine,
    #[command(flatten)]
    pub(crate) answer: AnswerArgs,
}

/// How files are read.
#[derive(Debug, Args)]
pub(crate) struct RunsReading {
    /// What the files are [default: told from their beginning]
    #[arg(long = "as", value_name = "FORMAT", value_enum)]
    pub(crate) read_as: Option<ReadAs>,
    /// GPU types that may occur, with commas between them, or "any" [default: those with a price in the embedded list]
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub(crate) gpus: Vec<String>,
    /// What a log that names no model is of, as MODEL@GPU or MODEL:VARIANT@GPU; for the calls of several methods once for
    /// each, as METHOD=MODEL:VARIANT@GPU
    #[arg(long = "cell", value_name = "CELL")]
    pub(crate) cells: Vec<String>,
    /// Stands for the source of lines without one
    #[arg(long, value_name = "TEXT")]
    pub(crate) source: Option<String>,
    /// Stands for the date of lines without one
    #[arg(long, value_name = "DATE")]
    pub(crate) date: Option<String>,
    /// How many queries an MLPerf log timed, where it does not say
    #[arg(long, value_name = "N")]
    pub(crate) queries: Option<u32>,
    /// How many GPUs an MLPerf log was made with
    #[arg(long, value_name = "N", default_value = "1", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) accelerators: u32,
    /// What to do with lines that are equal in every column: ask about them, count them once, or keep all
    #[arg(long, value_name = "RULE", value_enum, default_value = "ask")]
    pub(crate) repeats: RepeatsRule,
    /// Times that look like milliseconds are seconds
    #[arg(long)]
    pub(crate) seconds_are_right: bool,
}

/// How runs become laws.
#[derive(Debug, Args)]
pub(crate) struct Joining {
    /// Rows older than so many days are flagged as stale
    #[arg(long, value_name = "DAYS", default_value = "180")]
    pub(crate) max_age_days: u32,
    /// The day on which ages are counted from, as 2026-11-27 [default: today]
    #[arg(long, value_name = "DATE")]
    pub(crate) on: Option<String>,
    /// What to do with rows that contradict the others: leave them out, widen the spread until it takes them in, or fit them
    #[arg(long, value_name = "RULE", value_enum, default_value = "exclude")]
    pub(crate) contradictions: ContradictionsRule,
    /// The shape that times are wanted for, as steps=20,megapixels=1.05 (also frames, images, adapter); for one model as
    /// MODEL:steps=20 [default: that of most runs]
    #[arg(long = "shape", value_name = "SHAPE")]
    pub(crate) shapes: Vec<String>,
    /// Allow shapes outside of what was measured; their times are labelled
    #[arg(long)]
    pub(crate) extrapolate: bool,
    /// What to do with runs of several shapes that make no shape fit: refuse them, or leave out all but one shape
    #[arg(long, value_name = "RULE", value_enum, default_value = "refuse")]
    pub(crate) mixed_shapes: MixedShapes,
    /// The GPU type that others are compared with [default: the one on which most cells were measured]
    #[arg(long, value_name = "GPU")]
    pub(crate) reference: Option<String>,
    /// Standard deviation over mean where fewer than three cells were measured twice, as warm=0.04 (or cold, boot, adapter)
    #[arg(long = "spread", value_name = "PHASE=CV")]
    pub(crate) spreads: Vec<String>,
}

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReadAs {
    /// Single runs: CSV or JSON lines
    Runs,
    /// The list of `modal function calls --json`
    ModalCalls,
    /// A log of the MLPerf load generator
    Mlperf,
    /// benchmarks.csv of a scenario
    Benchmarks,
    /// boots.csv of a scenario
    Boots,
}

impl ReadAs {
    /// As it is said on the command line.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Runs => "runs",
            Self::ModalCalls => "modal-calls",
            Self::Mlperf => "mlperf",
            Self::Benchmarks => "benchmarks",
            Self::Boots => "boots",
        }
    }
}

/// What is done with equal lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum RepeatsRule {
    /// Refuse them where they are more than rounding explains
    Ask,
    /// Count them once
    Merge,
    /// Keep all
    Keep,
}

/// What is done with contradictions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ContradictionsRule {
    /// They are shown and not fitted
    Exclude,
    /// They are not fitted, and the spread is widened until it takes them in
    Widen,
    /// They are fitted like the others
    Keep,
}

/// What is done with runs of several shapes that make no shape fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum MixedShapes {
    /// They are an error
    Refuse,
    /// One shape is fitted, and the others are flagged
    LeaveOut,
}
