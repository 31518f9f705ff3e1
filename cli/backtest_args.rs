//! Arguments of `fleetfront backtest`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use fleetfront_planner::{BACKTEST_WORLDS_MIN, GivenTraffic};

use crate::args::{AnswerArgs, Machine, ScenarioArg};
use crate::calls_args::{CallsArgs, pair};

/// Arguments of `backtest`.
#[derive(Debug, Args)]
pub(crate) struct BacktestArgs {
    #[command(flatten)]
    pub(crate) scenario: ScenarioArg,
    /// The log: a table or JSON with a line for each request, such as `modal function calls APP/FN --json` prints; may be
    /// compressed with gzip; - for standard input
    #[arg(long, value_name = "LOG")]
    pub(crate) observed: PathBuf,
    /// The bill: what `modal billing report --csv` prints, with --show-resources or without
    #[arg(long, value_name = "CSV")]
    pub(crate) bill: Option<PathBuf>,
    /// What a description in the bill stands for, NAME=POOL, NAME=* for all pools together or NAME=- for none; may be given
    /// several times
    #[arg(long, value_name = "NAME=POOL", requires = "bill", value_parser = pair)]
    pub(crate) bill_app: Vec<(String, String)>,
    /// The environment in the bill whose rows count, where it has several
    #[arg(long, value_name = "NAME", requires = "bill")]
    pub(crate) environment: Option<String>,
    /// The platform's rates: what `modal billing rates --json` prints; the scenario's prices are held against them
    #[arg(long, value_name = "JSON")]
    pub(crate) rates: Option<PathBuf>,
    /// The allocation that was in force [default: the baseline]
    #[arg(long, value_name = "NAME")]
    pub(crate) allocation: Option<String>,
    /// The first day of the second part, which is predicted [default: the middle]
    #[arg(long, value_name = "DATE")]
    pub(crate) split: Option<String>,
    /// Which arrivals the second part meets: its own, drawn from what the first part tells, or both in turn
    #[arg(long, value_enum, default_value = "both")]
    pub(crate) traffic: TrafficWord,
    /// Worlds that are drawn, 19 to 100000
    #[arg(long, value_name = "N", default_value = "199", value_parser = clap::value_parser!(u32).range(i64::from(BACKTEST_WORLDS_MIN)..=100_000))]
    pub(crate) worlds: u32,
    /// Share of the observed numbers that has to lie in their 90 % bands, 0 to 1
    #[arg(long, value_name = "SHARE", default_value = "0.8", value_parser = share)]
    pub(crate) pass_share: f64,
    #[command(flatten)]
    pub(crate) calls: CallsArgs,
    #[command(flatten)]
    pub(crate) machine: Machine,
    #[command(flatten)]
    pub(crate) answer: AnswerArgs,
    /// Exit with 1 if less than --pass-share of the numbers lie in their bands
    #[arg(long)]
    pub(crate) gate: bool,
}

/// Which arrivals the second part meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum TrafficWord {
    /// Its own: tries service times, boots and rules
    Given,
    /// Drawn: tries everything
    Forecast,
    /// One after the other
    Both,
}

impl TrafficWord {
    /// As the planner takes it.
    pub(crate) fn all(self) -> Vec<GivenTraffic> {
        match self {
            Self::Given => vec![GivenTraffic::Given],
            Self::Forecast => vec![GivenTraffic::Forecast],
            Self::Both => vec![GivenTraffic::Given, GivenTraffic::Forecast],
        }
    }
}

fn share(text: &str) -> Result<f64, String> {
    let share = text.parse::<f64>().ok().filter(|share| (0.0..=1.0).contains(share));
    share.ok_or_else(|| "give a share from 0 to 1".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_between_nothing_and_all() {
        assert!(share("1.1").is_err() && share("NaN").is_err() && share("0.9").is_ok());
    }
}
