//! `fleetfront backtest`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use fleetfront_calibration::{Problem, read_billing_rates, read_billing_report};
use fleetfront_planner::{Backtest, BacktestError, BacktestOptions, Backtested, Based, Bill, Control, ReadyBacktest};
use fleetfront_plots::backtest_files;
use fleetfront_plots::backtest_words::{
    BACKTEST_COLUMNS, CALIBRATED_COLUMNS, backtest_basis, backtest_cells, backtest_holds, bill_heading, bill_words,
    calibrated_basis, calibrated_cells, rate_heading, rate_words,
};
use fleetfront_plots::format::prose;
use fleetfront_scenario::Scenario;

use crate::answer::{AnswerFolder, command};
use crate::backtest_args::BacktestArgs;
use crate::calls::{calls_words, dates, observed, unreadable};
use crate::failure::{Failure, Outcome};
use crate::interrupt::Interrupt;
use crate::output_folder::BACKTEST;
use crate::screen::{Screen, print_results};
use crate::simulate::find;
use crate::source::load;
use crate::traffic::refused;
use crate::watch::watched;

/// Predicts the second part of a log and prints how far off the prediction is.
pub(crate) fn backtest(args: &BacktestArgs) -> Result<Outcome, Failure> {
    let scenario = load(&args.scenario)?;
    let options = options(args, &scenario)?;
    let folder = AnswerFolder::claim(args.answer.out.as_ref(), &BACKTEST)?;
    let bill = args.bill.as_ref().map(|path| bill(args, path)).transpose()?;
    let rates = args.rates.as_ref().map(|path| rates(path)).transpose()?;
    let (observed, log) = observed(&args.observed, &args.calls, &scenario)?;
    let given = Backtested { scenario: &scenario, observed: &observed, bill: bill.as_ref(), rates: rates.as_ref() };
    let interrupt = Interrupt::listen();
    let work = |control: &Control| match ReadyBacktest::new(given, &options) {
        Ok(ready) => ready.run(control).map(Ok),
        Err(error) => Ok(Err(error)),
    };
    let did = |done: &Result<Backtest, BacktestError>| match done {
        Ok(done) => format!("drew {} worlds of {} days", done.worlds, done.second.days()),
        Err(_) => "looked at the log".to_owned(),
    };
    let done = watched(&scenario, (&args.machine, options.worlds), &interrupt, work, did)?;
    let mut found = done.map_err(|error| refused(&error.to_string()))?;
    found.rates_file = args.rates.as_ref().map(|path| name(path));
    let written = folder.publish(&interrupt, || {
        let words = words(args, &scenario, &options, &log);
        backtest_files(&found, &command("backtest", &args.scenario, &words, args.machine.seed))
    })?;
    if args.answer.json {
        print_results(&found, &found.basis())?;
    } else {
        screen(&found, written.as_deref()).show()?;
    }
    Ok(if args.gate && !found.verdict.passes { Outcome::CriterionFailed } else { Outcome::Done })
}

fn options(args: &BacktestArgs, scenario: &Scenario) -> Result<BacktestOptions, Failure> {
    let allocation = args.allocation.as_ref().map(|name| find(scenario, name)).transpose()?;
    Ok(BacktestOptions {
        allocation: allocation.unwrap_or(scenario.baseline),
        dates: dates(&args.calls, args.split.as_ref()),
        traffic: args.traffic.all(),
        worlds: args.worlds,
        seed: args.machine.seed,
        pass_share: args.pass_share,
    })
}

fn bill(args: &BacktestArgs, path: &Path) -> Result<Bill, Failure> {
    let text = text("--bill", path)?;
    let rows = read_billing_report(&path.display().to_string(), &text).map_err(|problems| problem(&problems))?;
    Ok(Bill { name: name(path), rows, apps: args.bill_app.clone(), environment: args.environment.clone() })
}

fn rates(path: &Path) -> Result<BTreeMap<String, f64>, Failure> {
    let text = text("--rates", path)?;
    read_billing_rates(&path.display().to_string(), &text).map_err(|problems| problem(&problems))
}

fn text(option: &str, path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(|error| unreadable(option, path, &error))
}

/// The first of all problems, and how many there are.
fn problem(problems: &[Problem]) -> Failure {
    let first = problems.first().map_or(String::new(), ToString::to_string);
    let more = if problems.len() > 1 { format!("\n{} problems", problems.len()) } else { String::new() };
    Failure::Input(format!("error: {first}{more}"))
}

fn name(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}

/// What makes the same files again.
fn words(args: &BacktestArgs, scenario: &Scenario, options: &BacktestOptions, log: &str) -> Vec<String> {
    let path = |path: &Option<std::path::PathBuf>| path.as_ref().map(|path| path.display().to_string());
    let allocation = scenario.allocations[options.allocation].name.clone();
    let traffic: Vec<&str> = options.traffic.iter().map(|traffic| traffic.word()).collect();
    let traffic = if let [one] = traffic[..] { one.to_owned() } else { "both".to_owned() };
    let named = [
        ("--observed", Some(log.to_owned())),
        ("--bill", path(&args.bill)),
        ("--environment", args.environment.clone()),
        ("--rates", path(&args.rates)),
        ("--allocation", Some(allocation)),
        ("--split", args.split.clone()),
        ("--traffic", Some(traffic)),
        ("--worlds", Some(args.worlds.to_string())),
        ("--pass-share", Some(args.pass_share.to_string())),
    ];
    let mut words: Vec<String> = Vec::new();
    for (name, value) in named {
        words.extend(value.into_iter().flat_map(|value| [name.to_owned(), value]));
    }
    words.extend(args.bill_app.iter().flat_map(|(from, to)| ["--bill-app".to_owned(), format!("{from}={to}")]));
    words.extend(calls_words(&args.calls));
    words
}

fn screen(found: &Backtest, written: Option<&str>) -> Screen {
    let mut screen = Screen::new();
    for sentence in &found.verdict.sentences {
        screen.paragraph(&prose(sentence));
    }
    let rows: Vec<Vec<String>> = found.lines.iter().map(|line| backtest_cells(line).into()).collect();
    screen.titled("Observed and predicted", &backtest_basis(found));
    screen.table(&BACKTEST_COLUMNS, &rows, &[3, 4, 5, 6]);
    let rows: Vec<Vec<String>> = found.calibrated.iter().map(|of| calibrated_cells(of).into()).collect();
    screen.titled("What the first part told", &calibrated_basis(found));
    screen.table(&CALIBRATED_COLUMNS, &rows, &[1, 4, 5]);
    screen.list("Not in the log, and not compared", &found.absent);
    screen.list(&bill_heading(found), &bill_words(found));
    screen.list(&rate_heading(found), &rate_words(found));
    screen.list("What was repaired or assumed", &found.remarks);
    screen.paragraph(&prose(&backtest_holds(found)));
    if let Some(written) = written {
        screen.paragraph(written);
    }
    screen
}
