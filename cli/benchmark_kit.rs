//! `fleetfront export benchmark-kit`: a script that measures a scenario's cells.

use std::path::PathBuf;

use clap::Args;
use fleetfront_plots::{KitConfig, KitError, benchmark_kit};

use crate::args::ScenarioArg;
use crate::export::{place, write};
use crate::failure::{Failure, Outcome};
use crate::screen::print_bytes;
use crate::source::load;

/// The name that the script has in a folder.
const FILE_NAME: &str = "benchmark_kit.py";

/// Arguments of `export benchmark-kit`.
#[derive(Debug, Args)]
pub(crate) struct BenchmarkKitArgs {
    #[command(flatten)]
    scenario: ScenarioArg,
    /// Which models, as NAME or NAME:VARIANT with commas between them [default: those of the allocations]
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    models: Vec<String>,
    /// On which GPU types each of them is measured [default: those that the allocations put it on]
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    gpus: Vec<String>,
    /// Warm requests of each shape in each cell, 1 to 10000
    #[arg(long, value_name = "N", default_value = "20", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    runs: u32,
    /// Fresh containers in each cell, each with a boot and a cold first request, 1 to 1000
    #[arg(long, value_name = "N", default_value = "5", value_parser = clap::value_parser!(u32).range(1..=1000))]
    boots: u32,
    /// File or folder to write to; what was there is replaced [default: stdout]
    #[arg(long, value_name = "FILE|DIR")]
    out: Option<PathBuf>,
}

/// Writes the script, whole or not at all.
pub(crate) fn export_benchmark_kit(args: &BenchmarkKitArgs) -> Result<Outcome, Failure> {
    let scenario = load(&args.scenario)?;
    let config = KitConfig { models: args.models.clone(), gpus: args.gpus.clone(), runs: args.runs, boots: args.boots };
    let text = benchmark_kit(&scenario, &config).map_err(|error| refused(&error))?;
    match &args.out {
        Some(out) => write(&place(out, FILE_NAME), text.as_bytes())?,
        None => return print_bytes(text.as_bytes()),
    }
    Ok(Outcome::Done)
}

fn refused(error: &KitError) -> Failure {
    match error {
        KitError::Unknown { meant, known, .. } => {
            let meant = meant.as_ref().map_or(String::new(), |meant| format!("did you mean \"{meant}\"? "));
            Failure::input(error, format!("{meant}There are: {}", known.join(", ")))
        }
        KitError::NothingRuns { .. } => {
            Failure::input(error, "choose other GPU types or variants; `fleetfront check` shows what fits where")
        }
        KitError::Unplaced { .. } => Failure::input(error, "say on which GPU types with --gpus"),
    }
}
