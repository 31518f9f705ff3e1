//! `fleetfront traffic`.

use std::time::Instant;

use fleetfront_plots::{TrafficAnswer, TrafficTable, render_traffic, traffic_holds, traffic_sentences, traffic_tables};
use fleetfront_scenario::nearest;
use fleetfront_workloads::fit::CurveKind;
use fleetfront_workloads::{
    CheckOptions, Columns, Layout, LogOptions, ShapeColumn, StudyError, StudyOptions, Traces, TrafficStudy,
    parse_instant, study_and_trace, study_traffic,
};
use rayon::ThreadPoolBuilder;

use crate::answer::AnswerFolder;
use crate::args::ScenarioArg;
use crate::failure::{Failure, Outcome};
use crate::interrupt::Interrupt;
use crate::log_input::LogInput;
use crate::output_folder::TRAFFIC;
use crate::run::quoted;
use crate::screen::{Screen, print_results};
use crate::source::load;
use crate::trace_files::TraceFiles;
use crate::traffic_args::{Reading, TrafficArgs};

/// Studies the traffic of a log, writes the files if a folder is given, and prints the answer.
pub(crate) fn traffic(args: &TrafficArgs) -> Result<Outcome, Failure> {
    let reading = reading(args)?;
    let options = options(args, &reading)?;
    let folder = AnswerFolder::claim(args.answer.out.as_ref(), &TRAFFIC)?;
    let log = LogInput::open(&args.log).map_err(|error| {
        let what = format!("{}: cannot be read: {error}", args.log.display());
        Failure::input(what, "give the name of a log that you may read, or - for standard input")
    })?;
    let mut files = TraceFiles::default();
    let (study, traces) = watched(args, || {
        if !args.trace {
            return study_traffic(|| log.reopen(), &log.name, &options).map(|study| (study, None));
        }
        let sink = &mut |model: &str, day, ms| files.write(model, day, ms);
        study_and_trace(|| log.reopen(), &log.name, &options, sink).map(|(study, traces)| (study, Some(traces)))
    })?;
    let large = traces.as_ref().map(|traces| files.finish(traces)).transpose();
    let large = large.map_err(|cause| refused(&StudyError::TraceUnwritten { cause }.to_string()))?.unwrap_or_default();
    let version = env!("CARGO_PKG_VERSION").to_owned();
    let (command, inputs_sha256) = (command(args, &reading, &log.word), log.sha256);
    let answer = TrafficAnswer { version, command, log_file: log.short_name, inputs_sha256, study, traces };
    // Before the files change places nothing has to be said or put away: Ctrl-C ends the program as it would any other.
    let interrupt = Interrupt::listen();
    let written = folder.publish_all(&interrupt, || render_traffic(&answer), &large)?;
    if args.answer.json {
        print_results(&answer, &answer.basis())?;
    } else {
        screen(&answer, written.as_deref()).show()?;
    }
    Ok(if args.gate && !traffic_holds(&answer.study) { Outcome::CriterionFailed } else { Outcome::Done })
}

/// Runs `work` on the threads asked for, with timing on stderr.
fn watched(
    args: &TrafficArgs,
    work: impl FnOnce() -> Result<(TrafficStudy, Option<Traces>), StudyError> + Send,
) -> Result<(TrafficStudy, Option<Traces>), Failure> {
    let threads = usize::from(args.machine.threads.unwrap_or(0));
    let pool = ThreadPoolBuilder::new().num_threads(threads).build();
    let pool =
        pool.map_err(|error| Failure::input(format!("the threads cannot be started: {error}"), "lower --threads"))?;
    #[expect(clippy::disallowed_methods, reason = "goes to stderr, and into no result")]
    let begun = Instant::now();
    let (study, traces) = pool.install(work).map_err(|error| refused(&error.to_string()))?;
    if !args.machine.quiet {
        let drawn = study.proof.as_ref().map_or(String::new(), |proof| format!(", drew {} logs", proof.draws));
        eprintln!("read {} lines{drawn} in {:.1} s", study.log.lines, begun.elapsed().as_secs_f64());
    }
    Ok((study, traces))
}

/// An error of a library with its mend apart, in the words of the command line.
pub(crate) fn refused(message: &str) -> Failure {
    const OPTIONS: [(&str, &str); 3] =
        [("bin_s = ", "--bin-s "), ("wrong_share_max: ", "--wrong-share: "), ("columns.shape: ", "--shape: ")];
    let message = OPTIONS.iter().fold(message.to_owned(), |text, (name, option)| text.replace(name, option));
    let message = if message.starts_with("bin_s: ") { message.replacen("bin_s", "--bin-s", 1) } else { message };
    let share = "or allow a larger share of wrong lines";
    let message = message.replace(share, &format!("{share} with --wrong-share"));
    let column = "say which of its columns does";
    let message = message.replace(column, &format!("{column}, as with --time"));
    if message.contains("\n  help: ") {
        return Failure::Input(format!("error: {message}"));
    }
    match message.split_once("; ") {
        Some((what, help)) => Failure::input(what, help),
        None => Failure::Input(format!("error: {message}")),
    }
}

/// How the log is read, by the options and by the scenario where one is named.
fn reading(args: &TrafficArgs) -> Result<Reading, Failure> {
    let Some(path) = &args.scenario else { return Ok(args.reading.clone()) };
    let scenario = load(&ScenarioArg { path: Some(path.clone()) })?;
    let log = scenario.log.ok_or_else(|| {
        let what = format!("--scenario {}: it has no [log]", path.display());
        Failure::input(what, "write one, such as [log] with time = \"created\", or leave --scenario out")
    })?;
    Ok(args.reading.clone().or(log))
}

fn options(args: &TrafficArgs, reading: &Reading) -> Result<StudyOptions, Failure> {
    let check = args.check.then_some(CheckOptions { seed: args.machine.seed, draws: args.draws });
    let curve = if args.curve == "smooth" { CurveKind::Smooth } else { CurveKind::Steps };
    Ok(StudyOptions { log: log_options(reading)?, curve, check })
}

/// How a log is read.
///
/// # Errors
/// [`Failure::Input`] when a layout, a date or a zone is none.
pub(crate) fn log_options(reading: &Reading) -> Result<LogOptions, Failure> {
    let Reading { time, model, client, duration, status, count, adapter, shape, bin_s, .. } = reading;
    let zone = zone(reading);
    let columns = Columns {
        time: time.clone(),
        model: model.clone(),
        client: client.clone(),
        duration: duration.clone(),
        status: status.clone(),
        count: count.clone(),
        adapter: adapter.clone(),
        started: None,
        startup: None,
        container: None,
        shape: shape.iter().map(|column| ShapeColumn::from(column.as_str())).collect(),
    };
    let origin = reading.start_of_zero.as_ref().map(|date| {
        let instant = parse_instant(date, zone).map_err(|error| refused(&error.to_string()))?;
        instant.ok_or_else(|| {
            let what = format!("--start-of-zero: \"{date}\" is not a date");
            Failure::input(what, "write it as 2026-01-05T00:00:00Z")
        })
    });
    Ok(LogOptions {
        layout: reading.layout.as_deref().map(layout).transpose()?,
        columns,
        zone: zone.to_owned(),
        is_zone_assumed: reading.zone.is_none(),
        wrong_share_max: reading.wrong_share,
        now: Some(now_ns()),
        bin_s: *bin_s,
        origin: origin.transpose()?,
        drop_duplicates: reading.drop_duplicates,
    })
}

/// The time zone of stamps that name none.
fn zone(reading: &Reading) -> &str {
    reading.zone.as_deref().unwrap_or("UTC")
}

fn layout(name: &str) -> Result<Layout, Failure> {
    Layout::from_name(name).ok_or_else(|| {
        let names = Layout::ALL.map(Layout::name);
        let meant = nearest(name, names).map_or(String::new(), |meant| format!("did you mean {meant}? "));
        Failure::input(
            format!("--layout: no layout is called \"{name}\""),
            format!("{meant}Known here: {}", names.join(", ")),
        )
    })
}

/// Nanoseconds since 1970: a request that is later than the present is a wrong line.
#[expect(clippy::disallowed_types, reason = "decides nothing but which stamps cannot be")]
fn now_ns() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| i64::try_from(since.as_nanos()).unwrap_or(i64::MAX))
}

/// The command that makes the same again: it depends neither on threads nor on the folder, nor on a scenario.
fn command(args: &TrafficArgs, of: &Reading, log: &str) -> String {
    let mut words = vec!["fleetfront".to_owned(), "traffic".to_owned(), log.to_owned()];
    words.extend(reading_words(of));
    words.extend(args.trace.then(|| "--trace".to_owned()));
    if args.curve != "steps" {
        words.extend(["--curve".to_owned(), args.curve.clone()]);
    }
    if args.check {
        words.extend(["--check".to_owned(), "--seed".to_owned(), args.machine.seed.to_string()]);
        words.extend(args.draws.iter().flat_map(|draws| ["--draws".to_owned(), draws.to_string()]));
    }
    words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")
}

/// The options that say how a log is read.
pub(crate) fn reading_words(of: &Reading) -> Vec<String> {
    let mut words = Vec::new();
    let named = [
        ("--layout", &of.layout),
        ("--time", &of.time),
        ("--model", &of.model),
        ("--client", &of.client),
        ("--duration", &of.duration),
        ("--status", &of.status),
        ("--count", &of.count),
        ("--adapter", &of.adapter),
        ("--start-of-zero", &of.start_of_zero),
    ];
    for (name, value) in named {
        words.extend(value.iter().flat_map(|value| [name.to_owned(), value.clone()]));
    }
    if !of.shape.is_empty() {
        words.extend(["--shape".to_owned(), of.shape.join(",")]);
    }
    words.extend(["--zone".to_owned(), zone(of).to_owned()]);
    words.extend(of.bin_s.iter().flat_map(|bin_s| ["--bin-s".to_owned(), bin_s.to_string()]));
    words.extend(of.drop_duplicates.then(|| "--drop-duplicates".to_owned()));
    words.extend(["--wrong-share".to_owned(), of.wrong_share.to_string()]);
    words
}

fn screen(answer: &TrafficAnswer, written: Option<&str>) -> Screen {
    let mut screen = Screen::new();
    for sentence in traffic_sentences(&answer.study) {
        screen.paragraph(&sentence);
    }
    screen.list("What was repaired or assumed", &answer.remarks());
    let basis = answer.basis().words();
    for table in traffic_tables(&answer.study) {
        show(&mut screen, &table, &basis);
    }
    screen.heading("For scenario.toml (with --out also as a file, and the curve as load.csv)");
    screen.verbatim(&answer.section());
    if let Some(section) = answer.replay_section() {
        screen.heading("To replay the log, for scenario.toml");
        screen.verbatim(&section);
    }
    if let Some(written) = written {
        screen.paragraph(written);
    }
    screen
}

fn show(screen: &mut Screen, table: &TrafficTable, basis: &str) {
    screen.titled(&table.heading, basis);
    let columns: Vec<&str> = table.columns.iter().map(String::as_str).collect();
    let numbers: Vec<usize> = (1..columns.len()).collect();
    screen.table(&columns, &table.rows, &numbers);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_name_the_options_of_the_command_line() {
        let said = |message: &str| match refused(message) {
            Failure::Input(text) => text,
            Failure::Interrupted => String::new(),
        };
        assert_eq!(
            said("\"x\" is not a time zone; give an IANA name"),
            "error: \"x\" is not a time zone\n  help: give an IANA name"
        );
        assert!(
            said("log: all equal\n  help: give it, such as bin_s = 3600")
                .ends_with("help: give it, such as --bin-s 3600")
        );
        assert!(said("a\n  help: say which of its columns does; b").ends_with("does, as with --time; b"));
        assert!(said("bin_s: 0 is out of range\n  help: x").starts_with("error: --bin-s: 0"));
        assert!(said("wrong_share_max: 2 is out of range\n  help: x").starts_with("error: --wrong-share: 2"));
    }
}
