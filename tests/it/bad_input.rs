//! Bad input: exit code 2, nothing on stdout, and one error that names the place and the mend.

use crate::cli_support::{Place, Scenario};

/// Checks that `fleetfront check` of the embedded scenario with one change says exactly one error.
///
/// - `line`: the text that the error has to point at in `file`; empty when the whole file is meant.
fn check(file: &str, change: impl FnOnce(&Scenario), line: &str, message: &str, help: &str) {
    let place = Place::new();
    let scenario = place.scenario("bad");
    change(&scenario);
    let done = place.fleetfront("check bad");
    assert_eq!((done.code, done.stdout.as_str()), (Some(2), ""), "{}", done.stderr);
    assert_eq!(done.stderr.matches("error: ").count(), 1, "{}", done.stderr);
    let at = if line.is_empty() {
        format!("bad/{file}: ")
    } else {
        let text = std::fs::read_to_string(scenario.file(file)).expect("a file");
        let before = &text[..text.find(line).unwrap_or_else(|| panic!("{file} has no {line:?}"))];
        format!("--> bad/{file}:{}:", before.matches('\n').count() + 1)
    };
    for part in [at.as_str(), message, "help: ", help] {
        assert!(done.stderr.contains(part), "{part:?} is missing: {}", done.stderr);
    }
}

/// The same for one edit of `scenario.toml`.
fn check_edit(old: &str, new: &str, message: &str, help: &str) {
    let line = new.lines().next().unwrap_or_default();
    check("scenario.toml", |scenario| scenario.edit("scenario.toml", old, new), line, message, help);
}

#[test]
fn unknown_keys() {
    let message = "defaults.max_imputs: there is no key `max_imputs` here";
    check_edit("max_inputs = 5", "max_imputs = 5", message, "did you mean `max_inputs`?");
}

#[test]
fn missing_files() {
    let remove = |scenario: &Scenario| std::fs::remove_file(scenario.file("boots.csv")).expect("it was there");
    check("boots.csv", remove, "", "there is no such file", "put it there");
    let done = Place::new().fleetfront("run nowhere");
    assert_eq!(done.code, Some(2));
    let expected = "error: nowhere/scenario.toml: there is no such file\n  \
                    help: `fleetfront init FOLDER` writes a complete scenario to start from\n";
    assert_eq!(done.stderr, expected);
}

#[test]
fn wrong_units_and_signs() {
    let old = "latency_limit_s = 30.0";
    let key = "models[0].latency_limit_s: ";
    check_edit(old, "latency_limit_s = -30.0", &format!("{key}-30.0 cannot be used here"), "zero or more");
    check_edit(old, "latency_limit_s = \"30 s\"", &format!("{key}\"30 s\" is not a number"), "give a number");
}

#[test]
fn numbers_that_are_none() {
    let message = "models[0].requests_per_day: nan cannot be used here";
    check_edit("requests_per_day = 400.0", "requests_per_day = nan", message, "give a finite number");
    let row = "instantid,fp16,L40S,warm,NaN,";
    let change = |scenario: &Scenario| scenario.edit("benchmarks.csv", "instantid,fp16,L40S,warm,8.90,", row);
    check("benchmarks.csv", change, row, "seconds: `NaN` is not a number above zero", "such as 2.5");
}

#[test]
fn empty_benchmarks() {
    let empty = |scenario: &Scenario| scenario.write("benchmarks.csv", "");
    check("benchmarks.csv", empty, "", "is empty", "begin with the header line model,variant,gpu,phase,");
    let header = |scenario: &Scenario| scenario.write("benchmarks.csv", &scenario.lines("benchmarks.csv")[0]);
    check("benchmarks.csv", header, "", "has a header but no rows", "add at least one row");
}

#[test]
fn a_gpu_without_a_price() {
    let change = |scenario: &Scenario| scenario.edit("prices.csv", "\nT4,", "\nP4,");
    let message = "gpus[0].name: the price of \"T4\" is not known";
    check("scenario.toml", change, "name = \"T4\"", message, "add a row T4,... to prices.csv");
}

#[test]
fn a_model_that_runs_nowhere() {
    let change = |scenario: &Scenario| {
        let lines = scenario.lines("memory.csv");
        let row = lines.iter().find(|line| line.starts_with("variant,instantid,")).expect("a row");
        scenario.edit("memory.csv", row, "variant,instantid,fp16,500,assumed,test,2026-11-23,");
    };
    let message = "models[2].name: no variant of \"instantid\" can run on any GPU";
    check("scenario.toml", change, "name = \"instantid\"", message, "add a GPU type with 500 GiB or more");
}

#[test]
fn bounds_that_contradict() {
    let new = "min_containers = 2\nmax_containers = 1\n";
    let message = "min_containers = 2 is above max_containers = 1";
    check_edit("min_containers = 0\n", new, message, "lower min_containers or raise max_containers");
}

#[test]
fn windows_that_the_platform_refuses() {
    for window in ["1.0", "3601.0"] {
        let new = format!("scaledown_window_s = {window}\n#");
        let message = format!("{} is outside 2 to 3600", &window[..window.len() - 2]);
        check_edit("scaledown_window_s = 300.0", &new, &message, "give 2 to 3600");
    }
}

#[test]
fn load_curves_that_are_none() {
    let short = |scenario: &Scenario| scenario.write("load.csv", &scenario.lines("load.csv")[..24].join("\n"));
    check("load.csv", short, "", "has 23 hours", "give 24 (a day) or 168 (a week from Monday 00:00)");
    let zero = |scenario: &Scenario| {
        let header = scenario.lines("load.csv")[0].clone();
        let hours = (0..24).map(|hour| format!("{hour},0,assumed,test,2026-11-23"));
        let lines: Vec<String> = std::iter::once(header).chain(hours).collect();
        scenario.write("load.csv", &lines.join("\n"));
    };
    check("load.csv", zero, "", "is zero in every hour", "give at least one hour a weight above zero");
}

#[test]
fn more_requests_than_can_be_simulated() {
    let new = "requests_per_day = 1e12";
    check_edit("requests_per_day = 400.0", new, "1000000000680 requests a day", "simulate a share of the traffic");
    // A day that is accepted, but not a thousand of them at once.
    let place = Place::new();
    place.scenario("big").edit("scenario.toml", "requests_per_day = 400.0", "requests_per_day = 5e6");
    let done = place.fleetfront("run big");
    assert_eq!((done.code, done.stdout.as_str()), (Some(2), ""));
    assert!(done.stderr.starts_with("error: 1000 trials of "), "{}", done.stderr);
    assert!(done.stderr.contains("help: give --trials "), "{}", done.stderr);
    assert_eq!(place.names("."), ["big"], "nothing is written");
}

#[test]
fn an_allocation_that_does_not_exist() {
    let done = Place::new().fleetfront("simulate --allocation curent");
    assert_eq!((done.code, done.stdout.as_str()), (Some(2), ""));
    let expected = "error: scenario image-studio has no allocation \"curent\"\n  \
                    help: did you mean \"current\"? Its allocations: current, proposed\n";
    assert_eq!(done.stderr, expected);
}

#[test]
fn arguments_out_of_range() {
    let place = Place::new();
    for (words, message) in [
        ("run --trials 1", "an interval needs two trials or more"),
        ("run --trials 1000001", "give a whole number from 2 to 1000000"),
        ("run --threads 0", "0 is not in 1..=1024"),
        ("run --threads 1025", "1025 is not in 1..=1024"),
        ("run --seed -1", "'-1'"),
        ("run --seed x", "invalid value 'x' for '--seed <N>'"),
        ("simulate", "--allocation <NAME>"),
        ("completions tcsh9", "invalid value 'tcsh9'"),
        ("frontier", "unrecognized subcommand 'frontier'"),
    ] {
        let done = place.fleetfront(words);
        assert_eq!((done.code, done.stdout.as_str()), (Some(2), ""), "{words}");
        assert!(done.stderr.starts_with("error: ") && done.stderr.contains(message), "{words}: {}", done.stderr);
    }
    assert_eq!(place.names("."), Vec::<String>::new());
}

#[test]
fn all_problems_are_said_at_once_and_run_writes_nothing() {
    let place = Place::new();
    let scenario = place.scenario("bad");
    scenario.edit("scenario.toml", "max_inputs = 5", "max_inputs = 0");
    scenario.edit("scenario.toml", "latency_limit_s = 30.0", "latency_limit_s = -1");
    let done = place.fleetfront("run bad");
    assert_eq!((done.code, done.stdout.as_str()), (Some(2), ""));
    assert!(done.stderr.contains("defaults.max_inputs") && done.stderr.contains("models[0].latency_limit_s"));
    assert!(done.stderr.ends_with("\n2 problems\n"), "{}", done.stderr);
    assert_eq!(place.names("."), ["bad"]);
}
