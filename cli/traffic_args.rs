//! Arguments of `fleetfront traffic`.

use std::path::PathBuf;

use clap::Args;
use fleetfront_scenario::file::LogFile;

use crate::args::{AnswerArgs, Machine};

/// Arguments of `traffic`.
#[derive(Debug, Args)]
pub(crate) struct TrafficArgs {
    /// The log: a table or JSON with a line for each request, or counts in bins; may be compressed with gzip; - for
    /// standard input
    #[arg(value_name = "LOG")]
    pub(crate) log: PathBuf,
    /// Folder of a scenario, or its scenario.toml, whose section log says how the log is read; what the options say wins
    #[arg(long, value_name = "SCENARIO")]
    pub(crate) scenario: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) reading: Reading,
    /// How the curve goes from one hour to the next: a level for each hour (steps), or a sum of few waves of the day and the
    /// week (smooth), which a short log tells better
    #[arg(long, value_name = "KIND", default_value = "steps", value_parser = ["steps", "smooth"])]
    pub(crate) curve: String,
    /// Draw logs from the model and hold the log's own statistics against theirs
    #[arg(long)]
    pub(crate) check: bool,
    /// Logs that are drawn, 39 to 10000 [default: 39 to 199, fewer for larger logs]
    #[arg(long, value_name = "N", requires = "check", value_parser = clap::value_parser!(u32).range(39..=10_000))]
    pub(crate) draws: Option<u32>,
    /// Write the requests of the log's whole days too, as traces that [models.replay] replays; takes --out
    #[arg(long, requires = "out")]
    pub(crate) trace: bool,
    #[command(flatten)]
    pub(crate) machine: Machine,
    #[command(flatten)]
    pub(crate) answer: AnswerArgs,
    /// Exit with 1 if less than 90 % of the log's statistics lie within what the model draws, or less than half of those of
    /// keep-alives, which decide cold starts
    #[arg(long, requires = "check")]
    pub(crate) gate: bool,
}

/// How the log is read.
#[derive(Debug, Clone, Args)]
pub(crate) struct Reading {
    /// How it is laid out: requests-csv, requests-json-lines, modal-calls, azure-functions, azure-llm or counts [default:
    /// told from its beginning]
    #[arg(long, value_name = "NAME")]
    pub(crate) layout: Option<String>,
    /// Column with the time of arrival [default: looked for under its usual names, as all columns are]
    #[arg(long, value_name = "COLUMN")]
    pub(crate) time: Option<String>,
    /// Column with the model that was asked for
    #[arg(long, value_name = "COLUMN")]
    pub(crate) model: Option<String>,
    /// Column with who asked
    #[arg(long, value_name = "COLUMN")]
    pub(crate) client: Option<String>,
    /// Column with how long the request ran
    #[arg(long, value_name = "COLUMN")]
    pub(crate) duration: Option<String>,
    /// Column with how the request ended
    #[arg(long, value_name = "COLUMN")]
    pub(crate) status: Option<String>,
    /// Column with how many requests the line stands for
    #[arg(long, value_name = "COLUMN")]
    pub(crate) count: Option<String>,
    /// Column with the adapter (LoRA) that the request needs
    #[arg(long, value_name = "COLUMN")]
    pub(crate) adapter: Option<String>,
    /// Columns with sizes of the request, with commas between them; SIZE=COLUMN says what one is: steps, megapixels, width,
    /// height, frames, images, adapters (how many)
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',')]
    pub(crate) shape: Vec<String>,
    /// Time zone of stamps that name none, and whose hours and weekdays count, by its IANA name
    /// [default: UTC]
    #[arg(long, value_name = "ZONE")]
    pub(crate) zone: Option<String>,
    /// Width of the bins of counts, in seconds [default: the smallest gap between stamps]
    #[arg(long, value_name = "S")]
    pub(crate) bin_s: Option<f64>,
    /// What stamps in seconds from zero start from, as a date such as 2026-01-05T00:00:00Z [default: a Monday at
    /// midnight]
    #[arg(long, value_name = "DATE")]
    pub(crate) start_of_zero: Option<String>,
    /// Leave out lines that equal the one before them
    #[arg(long)]
    pub(crate) drop_duplicates: bool,
    /// Largest share of wrong lines that is put up with, 0 to 1
    #[arg(long, value_name = "SHARE", default_value = "0.01")]
    pub(crate) wrong_share: f64,
}

impl Reading {
    /// The same with what a scenario says, where no option does.
    pub(crate) fn or(self, log: LogFile) -> Self {
        Self {
            time: self.time.or(log.time),
            model: self.model.or(log.model),
            client: self.client.or(log.client),
            duration: self.duration.or(log.duration),
            status: self.status.or(log.status),
            count: self.count.or(log.count),
            adapter: self.adapter.or(log.adapter),
            shape: if self.shape.is_empty() { log.shape } else { self.shape },
            zone: self.zone.or(log.zone),
            bin_s: self.bin_s.or(log.bin_s),
            ..self
        }
    }
}
