//! The calls of a deployment, from a log.

use std::path::Path;

use fleetfront_planner::{Dates, Observed};
use fleetfront_scenario::Scenario;
use fleetfront_workloads::LogOptions;

use crate::calls_args::CallsArgs;
use crate::failure::Failure;
use crate::log_input::LogInput;
use crate::traffic::{log_options, reading_words, refused};

/// The log, and the word for it in a command.
///
/// - `scenario`: whose `[log]` says what the options leave open.
pub(crate) fn observed(path: &Path, args: &CallsArgs, scenario: &Scenario) -> Result<(Observed, String), Failure> {
    let log = LogInput::open(path).map_err(|error| unreadable("--observed", path, &error))?;
    let reading = args.reading.clone();
    let plain = log_options(&match &scenario.log {
        Some(log) => reading.or(log.clone()),
        None => reading,
    })?;
    let mut columns = plain.columns.clone();
    (columns.started, columns.startup, columns.container) =
        (args.started.clone(), args.startup.clone(), args.container.clone());
    let options = LogOptions { columns, ..plain };
    let observed = Observed::read(|| log.reopen(), (&log.name, &log.short_name), &options, &args.serves);
    Ok((observed.map_err(|error| refused(&error.to_string()))?, log.word))
}

/// Which days of it.
pub(crate) fn dates(args: &CallsArgs, split: Option<&String>) -> Dates {
    Dates { from: args.from.clone(), until: args.until.clone(), split: split.cloned() }
}

/// The words that read it the same way.
pub(crate) fn calls_words(args: &CallsArgs) -> Vec<String> {
    let named = [
        ("--from", &args.from),
        ("--until", &args.until),
        ("--started", &args.started),
        ("--startup", &args.startup),
        ("--container", &args.container),
    ];
    let mut words: Vec<String> = Vec::new();
    for (name, value) in named {
        words.extend(value.iter().flat_map(|value| [name.to_owned(), value.clone()]));
    }
    words.extend(args.serves.iter().flat_map(|(from, to)| ["--serves".to_owned(), format!("{from}={to}")]));
    words.extend(reading_words(&args.reading));
    words
}

/// Refuses a file that cannot be read.
pub(crate) fn unreadable(option: &str, path: &Path, error: &std::io::Error) -> Failure {
    let what = format!("{option} {}: cannot be read: {error}", path.display());
    Failure::input(what, "give the name of a file that you may read")
}
