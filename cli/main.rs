//! The `fleetfront` binary: arguments, progress, printing, exit codes. Results go to stdout and depend on nothing but
//! inputs and seed; progress and timing go to stderr.
//!
//! Deliberately absent: arithmetic on results, knowledge of files other than the output folder and saved studies.

mod answer;
mod args;
mod backtest;
mod backtest_args;
mod benchmark_kit;
mod bug;
mod calibrate;
mod calibrate_args;
mod calibrate_format;
mod calibrate_inputs;
mod calibrate_scenario;
mod calls;
mod calls_args;
mod check;
mod compare;
mod completions;
mod diff;
mod elsewhere;
mod export;
mod failure;
mod fallback;
mod init;
mod interrupt;
mod log_input;
mod measure;
mod money;
mod output_folder;
mod reevaluate;
mod reevaluate_args;
mod report;
mod rows;
mod run;
mod saved;
mod schema;
mod screen;
mod simulate;
mod source;
mod trace;
mod trace_files;
mod traffic;
mod traffic_args;
mod watch;
mod whatif;
mod why;

use std::process::ExitCode;

use clap::Parser;

use crate::args::{Cli, Command};
use crate::failure::{Failure, Outcome};

fn main() -> ExitCode {
    bug::install_hook();
    let done = match Cli::parse().command {
        Command::Run(args) => run::run(&args),
        Command::Init(args) => init::init(&args),
        Command::Check(args) => check::check(&args),
        Command::Simulate(args) => simulate::simulate(&args),
        Command::Compare(args) => compare::compare(&args),
        Command::Reevaluate(args) => reevaluate::reevaluate(&args),
        Command::Why(args) => why::why(&args),
        Command::Export(args) => export::export(&args),
        Command::Report(args) => report::report(&args),
        Command::Diff(args) => diff::diff(&args),
        Command::Fallback(args) => fallback::fallback(&args),
        Command::Elsewhere(args) => elsewhere::elsewhere(&args),
        Command::Whatif(args) => whatif::whatif(&args),
        Command::Measure(args) => measure::measure(&args),
        Command::Backtest(args) => backtest::backtest(&args),
        Command::Calibrate(args) => calibrate::calibrate(&args),
        Command::Traffic(args) => traffic::traffic(&args),
        Command::Schema => schema::schema(),
        Command::Completions(args) => completions::completions(&args),
    };
    match done {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::CriterionFailed) => ExitCode::from(1),
        Err(Failure::Input(message)) => {
            eprintln!("{}", message.trim_end());
            ExitCode::from(2)
        }
        Err(Failure::Interrupted) => {
            eprintln!("{}", interrupt::MESSAGE);
            ExitCode::from(interrupt::EXIT_CODE)
        }
    }
}
