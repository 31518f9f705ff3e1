//! Arguments of `fleetfront reevaluate`.

use std::path::PathBuf;

use clap::Args;

use crate::args::{AnswerArgs, Machine, ScenarioArg, trials};
use crate::calls_args::CallsArgs;

/// Arguments of `reevaluate`.
#[derive(Debug, Args)]
pub(crate) struct ReevaluateArgs {
    #[command(flatten)]
    pub(crate) scenario: ScenarioArg,
    /// Two allocations of the scenario; the second is held against the first [default: the baseline and the proposed
    /// one]
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub(crate) allocations: Vec<String>,
    /// Days simulated at every number that is tried, 2 to 1000000; fewer where there is more traffic
    #[arg(long, value_name = "N", default_value = "98", value_parser = trials)]
    pub(crate) trials: u32,
    /// What happened since: a log with a line for each request, such as `modal function calls APP/FN --json` prints, while
    /// the first allocation was in force; - for standard input. Says which assumptions it rejects, and what that does
    #[arg(long, value_name = "LOG")]
    pub(crate) observed: Option<PathBuf>,
    /// Exit with 1 if the log rejects an assumption
    #[arg(long, requires = "observed")]
    pub(crate) gate: bool,
    #[command(flatten)]
    pub(crate) calls: CallsArgs,
    #[command(flatten)]
    pub(crate) machine: Machine,
    #[command(flatten)]
    pub(crate) answer: AnswerArgs,
}
