//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use fleetfront_planner::{Effort, WORLDS_MIN};
use fleetfront_plots::ExportFormat;

use crate::backtest_args::BacktestArgs;
use crate::benchmark_kit::BenchmarkKitArgs;
use crate::calibrate_args::CalibrateArgs;
use crate::reevaluate_args::ReevaluateArgs;
use crate::traffic_args::TrafficArgs;

/// Simulates request traffic on serverless GPU fleets and shows what every allocation of models to GPU types costs and
/// how long requests take.
#[derive(Debug, Parser)]
#[command(name = "fleetfront", version, max_term_width = 100, after_help = EXIT_CODES)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXIT_CODES: &str = "Exit codes: 0 done, 1 a criterion failed or a decision changed (with --gate), 2 bad usage or input, 70 a bug of \
                          ours, 130 interrupted.";

/// What can be asked.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Simulate everything: the verdict, what to do instead, the frontier; write the report
    Run(RunArgs),
    /// Write the embedded scenario as files to edit
    Init(InitArgs),
    /// Check a scenario and say what it means: what fits where, which times are used, what the spreadsheet says
    Check(CheckArgs),
    /// Simulate one allocation in detail
    Simulate(SimulateArgs),
    /// Compare allocations on the same requests: differences, how sure they are, what would decide the rest
    Compare(CompareArgs),
    /// Say when a choice between two allocations has to be looked at again: at which traffic, prices, service and boot
    /// times the answer changes
    Reevaluate(Box<ReevaluateArgs>),
    /// Say which fleets beat an allocation, and by what
    Why(WhyArgs),
    /// Write an allocation of a saved study as a file to act on: settings for Modal, a pull request, tables; or, from a
    /// scenario, a script that measures it
    Export(ExportArgs),
    /// Write the report and all other files of a run again from its study
    Report(ReportArgs),
    /// Say what changed between two studies: in the inputs, in the answer, and whether the decision did
    Diff(DiffArgs),
    /// Say whether it pays to try a cheaper GPU type first and to fall back to the model's own: every way of doing so,
    /// over a range of how often the cheaper one fails or is not to be had
    Fallback(FallbackArgs),
    /// Say what an allocation would cost on other platforms: the same requests under their prices and billing rules
    Elsewhere(ElsewhereArgs),
    /// Say what one change would bring to an allocation: other precisions, snapshots, faster software and boots,
    /// shorter windows
    Whatif(WhatIfArgs),
    /// Say how much of the answer is luck and how much is what nobody measured, and which measurement would decide a choice
    Measure(MeasureArgs),
    /// Say what the traffic of a request log is like, and write it as a scenario's traffic; with --check draw logs from the
    /// model and show whether they are like it
    Traffic(Box<TrafficArgs>),
    /// Predict the second part of a log from its first, and say how far off that is: waits, cold starts, latency, seconds and
    /// dollars, each with the band it should lie in
    Backtest(Box<BacktestArgs>),
    /// Turn measurements into laws: how long requests and boots take in every cell, how sure that is, how well the law fits,
    /// what contradicts what, and where each number comes from
    Calibrate(Box<CalibrateArgs>),
    /// Print the JSON schema of scenario.toml
    Schema,
    /// Print completions for a shell
    Completions(CompletionsArgs),
}

/// Arguments of `run`.
#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    pub(crate) scenario: ScenarioArg,
    #[command(flatten)]
    pub(crate) pace: Pace,
    /// Folder that the results are written to; results of an earlier run in it are replaced
    #[arg(long, value_name = "DIR", default_value = "out")]
    pub(crate) out: PathBuf,
    /// Print the study as JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// Exit with 1 if the proposed allocation (made to fit, where it cannot run) fails a criterion
    #[arg(long)]
    pub(crate) gate: bool,
}

/// Arguments of `init`.
#[derive(Debug, Args)]
pub(crate) struct InitArgs {
    /// Folder to be made
    #[arg(value_name = "DIR")]
    pub(crate) folder: PathBuf,
    /// Write the inputs of a study (study.json of a run) instead, so that it can be run again
    #[arg(long, value_name = "STUDY")]
    pub(crate) from: Option<PathBuf>,
    /// Say nothing
    #[arg(long, short)]
    pub(crate) quiet: bool,
}

/// Arguments of `check`.
#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    #[command(flatten)]
    pub(crate) scenario: ScenarioArg,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// Print nothing but problems
    #[arg(long, short)]
    pub(crate) quiet: bool,
}

/// Arguments of `simulate`.
#[derive(Debug, Args)]
pub(crate) struct SimulateArgs {
    #[command(flatten)]
    pub(crate) scenario: ScenarioArg,
    /// Which allocation of the scenario
    #[arg(long, value_name = "NAME")]
    pub(crate) allocation: String,
    /// Replay one trial alone: the same as its part of the study with this seed
    #[arg(long, value_name = "K")]
    pub(crate) trial: Option<u32>,
    /// Print the first N events of the trial (the first one if --trial is not given), a line each
    #[arg(long, value_name = "N", conflicts_with = "json", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) trace_events: Option<u32>,
    #[command(flatten)]
    pub(crate) pace: Pace,
    /// Print the result as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Arguments of `compare`.
#[derive(Debug, Args)]
pub(crate) struct CompareArgs {
    #[command(flatten)]
    pub(crate) scenario: ScenarioArg,
    /// Which allocations of the scenario, two or more; the others are compared with the first [default: the
    /// baseline and the proposed one]
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub(crate) allocations: Vec<String>,
    /// Days simulated for each [default: as many as --half-width takes]
    #[arg(long, value_name = "N", value_parser = trials, conflicts_with = "half_width")]
    pub(crate) trials: Option<u32>,
    /// Simulate until every cost ratio is known to so many per cent either way, 0.01 to 50
    #[arg(long, value_name = "PER CENT", default_value = "1", value_parser = half_width)]
    pub(crate) half_width: f64,
    #[command(flatten)]
    pub(crate) machine: Machine,
    #[command(flatten)]
    pub(crate) answer: AnswerArgs,
    /// Exit with 1 if an allocation fails a criterion
    #[arg(long)]
    pub(crate) gate: bool,
}

/// Arguments of `why`.
#[derive(Debug, Args)]
pub(crate) struct WhyArgs {
    #[command(flatten)]
    pub(crate) scenario: ScenarioArg,
    /// Which allocation of the scenario
    #[arg(long, value_name = "NAME")]
    pub(crate) allocation: String,
    /// Look into a study (study.json of a run) instead of simulating
    #[arg(long, value_name = "FILE", conflicts_with_all = ["path", "trials", "seed", "threads"])]
    pub(crate) study: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) pace: Pace,
    #[command(flatten)]
    pub(crate) answer: AnswerArgs,
}

/// Arguments of `whatif`.
#[derive(Debug, Args)]
pub(crate) struct WhatIfArgs {
    #[command(flatten)]
    pub(crate) scenario: ScenarioArg,
    /// Which allocation of the scenario is changed [default: the baseline]
    #[arg(long, value_name = "NAME")]
    pub(crate) allocation: Option<String>,
    /// Days simulated for every change, 2 to 1000000
    #[arg(long, value_name = "N", default_value = "350", value_parser = trials)]
    pub(crate) trials: u32,
    #[command(flatten)]
    pub(crate) machine: Machine,
    #[command(flatten)]
    pub(crate) answer: AnswerArgs,
}

/// Arguments of `measure`.
#[derive(Debug, Args)]
pub(crate) struct MeasureArgs {
    #[command(flatten)]
    pub(crate) scenario: ScenarioArg,
    /// Between which allocations of the scenario is chosen; criteria compare the others with the first [default: the
    /// baseline, the proposed one, and the recommended one of a --study]
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub(crate) allocations: Vec<String>,
    /// Take the scenario of a study (study.json of a run), and its recommended allocation
    #[arg(long, value_name = "STUDY", conflicts_with = "path")]
    pub(crate) study: Option<PathBuf>,
    /// Worlds: what is not known is drawn once for each, 20 to 100000
    #[arg(long, value_name = "N", default_value = "500", value_parser = worlds)]
    pub(crate) worlds: u32,
    /// Days simulated in each world, 2 to 1000000; whole weeks, two or more, where days of the week differ
    #[arg(long, value_name = "N", default_value = "28", value_parser = trials)]
    pub(crate) trials: u32,
    /// Hold a number at what it is taken to be, by its name, such as "boot time of flux-dev"; may be given several times
    #[arg(long, value_name = "NAME")]
    pub(crate) fix: Vec<String>,
    #[command(flatten)]
    pub(crate) machine: Machine,
    /// Folder that the figure, table, data and answer are written to; those of an earlier one in it are replaced
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Arguments of `export`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct ExportArgs {
    #[command(subcommand)]
    pub(crate) of_scenario: Option<ExportOfScenario>,
    #[command(flatten)]
    pub(crate) of_study: ExportOfStudy,
}

/// What `export` writes from a scenario, before anything is simulated.
#[derive(Debug, Subcommand)]
pub(crate) enum ExportOfScenario {
    /// Write a Modal script that measures models on GPU types: boots, first and warm requests, failures, memory
    BenchmarkKit(BenchmarkKitArgs),
}

/// What `export` writes from a saved study.
#[derive(Debug, Args)]
pub(crate) struct ExportOfStudy {
    /// The study.json of a run, or the folder of the run
    #[arg(value_name = "STUDY", required = true)]
    pub(crate) study: Option<PathBuf>,
    /// Which allocation of the study [default: the recommended one]
    #[arg(long, value_name = "NAME")]
    pub(crate) allocation: Option<String>,
    /// What to write
    #[arg(long, value_name = "FORMAT", default_value = "config.py")]
    pub(crate) format: ExportFormatArg,
    /// File or folder to write to; what was there is replaced [default: stdout]
    #[arg(long, value_name = "FILE|DIR")]
    pub(crate) out: Option<PathBuf>,
}

/// What `export` can write.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum ExportFormatArg {
    /// Python: the arguments of Modal's decorators, by pool and endpoint
    #[value(name = "config.py")]
    ConfigPy,
    /// Python: a Modal app that moves bounds at times of the day
    #[value(name = "schedule.py")]
    SchedulePy,
    /// Markdown: what a reviewer has to know, on a screen
    PullRequest,
    /// The allocation with its settings and results
    Json,
    /// A line an endpoint, with settings and results
    Csv,
    /// Every point and allocation in columns (builds with --features parquet)
    Parquet,
}

impl ExportFormatArg {
    /// What the library calls it.
    pub(crate) fn format(self) -> ExportFormat {
        match self {
            Self::ConfigPy => ExportFormat::ConfigPy,
            Self::SchedulePy => ExportFormat::SchedulePy,
            Self::PullRequest => ExportFormat::PullRequest,
            Self::Json => ExportFormat::Json,
            Self::Csv => ExportFormat::Csv,
            Self::Parquet => ExportFormat::Parquet,
        }
    }
}

/// Arguments of `report`.
#[derive(Debug, Args)]
pub(crate) struct ReportArgs {
    /// study.json of a run, or its folder
    #[arg(value_name = "STUDY")]
    pub(crate) study: PathBuf,
    /// Folder that the files are written to; results of an earlier run in it are replaced
    #[arg(long, value_name = "DIR", default_value = "out")]
    pub(crate) out: PathBuf,
    /// Print nothing
    #[arg(long, short)]
    pub(crate) quiet: bool,
}

/// Arguments of `diff`.
#[derive(Debug, Args)]
pub(crate) struct DiffArgs {
    /// study.json of the earlier run, or its folder
    #[arg(value_name = "OLD")]
    pub(crate) old: PathBuf,
    /// study.json of the later run, or its folder
    #[arg(value_name = "NEW")]
    pub(crate) new: PathBuf,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// Print Markdown, for a pull request
    #[arg(long, conflicts_with = "json")]
    pub(crate) markdown: bool,
    /// Exit with 1 if the decision changed
    #[arg(long)]
    pub(crate) gate: bool,
}

/// Arguments of `fallback`.
#[derive(Debug, Args)]
pub(crate) struct FallbackArgs {
    #[command(flatten)]
    pub(crate) scenario: ScenarioArg,
    /// Which model of the scenario; of one alone every policy is shown [default: all]
    #[arg(long, value_name = "NAME")]
    pub(crate) model: Option<String>,
    /// Which GPU types, as CHEAP:DEAR with commas between them [default: every type that is cheaper than the model's own
    /// in the baseline, with that one behind it]
    #[arg(long, value_name = "CHEAP:DEAR", value_delimiter = ',')]
    pub(crate) pairs: Vec<String>,
    /// Days simulated for every policy at every point, 2 to 1000000
    #[arg(long, value_name = "N", default_value = "56", value_parser = trials)]
    pub(crate) trials: u32,
    #[command(flatten)]
    pub(crate) machine: Machine,
    #[command(flatten)]
    pub(crate) answer: AnswerArgs,
}

/// Arguments of `elsewhere`.
#[derive(Debug, Args)]
pub(crate) struct ElsewhereArgs {
    #[command(flatten)]
    pub(crate) scenario: ScenarioArg,
    /// Which allocation of the scenario [default: the baseline]
    #[arg(long, value_name = "NAME")]
    pub(crate) allocation: Option<String>,
    /// Days simulated on each platform, 2 to 1000000
    #[arg(long, value_name = "N", default_value = "98", value_parser = trials)]
    pub(crate) trials: u32,
    #[command(flatten)]
    pub(crate) machine: Machine,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Arguments of `completions`.
#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// Which shell
    pub(crate) shell: Shell,
}

/// Which scenario.
#[derive(Debug, Args)]
pub(crate) struct ScenarioArg {
    /// Folder of the scenario, or its scenario.toml [default: the embedded scenario image-studio]
    #[arg(value_name = "SCENARIO")]
    pub(crate) path: Option<PathBuf>,
}

/// Where an answer goes besides the screen.
#[derive(Debug, Args)]
pub(crate) struct AnswerArgs {
    /// Folder that the answer with its data, tables and figures is written to; that of an earlier one in it is replaced
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// How much is simulated, and how.
#[derive(Debug, Clone, Args)]
pub(crate) struct Pace {
    /// Days simulated for each point, 2 to 1000000; more days make shorter intervals
    #[arg(long, value_name = "N", default_value = "1000", value_parser = trials)]
    pub(crate) trials: u32,
    #[command(flatten)]
    pub(crate) machine: Machine,
}

/// With which luck, and on what.
#[derive(Debug, Clone, Args)]
pub(crate) struct Machine {
    /// Seed of all random numbers: the same seed gives the same results
    #[arg(long, value_name = "N", default_value = "1")]
    pub(crate) seed: u64,
    /// Threads, 1 to 1024; the results do not depend on it [default: one for each core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) threads: Option<u16>,
    /// No progress and no timing on stderr
    #[arg(long, short)]
    pub(crate) quiet: bool,
}

impl Pace {
    /// What is said when it is done.
    pub(crate) fn said(&self) -> String {
        format!("simulated {} trials a point", self.trials)
    }

    /// What the planner has to know.
    pub(crate) fn effort(&self) -> Effort {
        Effort { trials: self.trials, seed: self.machine.seed }
    }
}

pub(crate) fn trials(text: &str) -> Result<u32, String> {
    match text.parse::<u32>() {
        Ok(0 | 1) => Err("an interval needs two trials or more".to_owned()),
        Ok(trials) if trials <= 1_000_000 => Ok(trials),
        _ => Err("give a whole number from 2 to 1000000".to_owned()),
    }
}

fn worlds(text: &str) -> Result<u32, String> {
    match text.parse::<u32>() {
        Ok(worlds) if (WORLDS_MIN..=100_000).contains(&worlds) => Ok(worlds),
        _ => Err(format!("give a whole number from {WORLDS_MIN} to 100000")),
    }
}

/// Per cent, as a share.
fn half_width(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(percent) if (0.01..=50.0).contains(&percent) => Ok(percent / 100.0),
        _ => Err("give a number from 0.01 to 50".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn trials_are_two_to_a_million() {
        assert_eq!((trials("2"), trials("1000000")), (Ok(2), Ok(1_000_000)));
        for wrong in ["0", "1", "1000001", "-3", "1e3", ""] {
            assert!(trials(wrong).is_err(), "{wrong}");
        }
    }
}
