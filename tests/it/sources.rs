//! No number without kind and source: every file that any command writes, and every table that it prints.

use std::fs;
use std::path::{Path, PathBuf};

use crate::cli_backtest::{bill, calls};
use crate::cli_support::Place;

/// Every command, with all that it writes; what it reads lies in `in`.
const COMMANDS: [&str; 21] = [
    "check in/fleet",
    "run in/fleet --trials 14 --out run",
    "report run --out report",
    "export run --format csv --out export/endpoints.csv",
    "export run --format json --out export/allocation.json",
    "export run --format pull-request --out export/pull_request.md",
    "diff run report",
    "diff run report --markdown",
    "simulate in/fleet --allocation current --trials 14",
    "simulate in/fleet --allocation current --trial 3 --trace-events 20",
    "compare in/fleet --trials 14 --out compare",
    "whatif in/fleet --trials 14 --out whatif",
    "why --study run --allocation current --out why",
    "measure in/fleet --worlds 24 --trials 14 --out measure",
    "fallback in/fleet --model flux-schnell --trials 14 --out fallback",
    "fallback in/fleet --trials 14 --out all-fallback",
    "elsewhere in/fleet --trials 14",
    "reevaluate in/fleet --trials 14 --observed in/calls.json --out reevaluate",
    "backtest in/fleet --observed in/calls.json --bill in/bill.csv --rates in/rates.json --worlds 19 --out backtest",
    "traffic in/calls.json --trace --check --out traffic",
    "calibrate in/fleet --on 2026-11-27 --out calibrate",
];

/// Commands that tell no numbers: they write what somebody else runs or edits.
const TELL_NO_NUMBERS: [&str; 4] = ["init", "schema", "completions", "help"];

/// What a number can be.
const KINDS: [&str; 6] = ["measured", "published", "derived", "assumed", "setting", "simulated"];

/// Files whose readers take these columns and no others: the line of `scenario.toml` that names one has its provenance.
const NO_COLUMNS: [&str; 2] = ["trace.", "shapes."];
/// Where every cell of the data has its own kind and sources.
const OWN_KINDS: [&str; 1] = ["calibration.json"];

/// Runs that contradict each other and a stated ratio, that fail in part and for certain, of several phases.
fn runs() -> String {
    let mut rows = "model,variant,gpu,phase,seconds,ok,cause,peak_gib,date,kind,source\n".to_owned();
    let mut row = |cell: &str, phase: &str, seconds: f64, ended: &str| {
        rows.push_str(&[cell, phase, &seconds.to_string(), ended, "2026-11-20,measured,kit of the team\n"].join(","));
    };
    for k in 0..25 {
        row("flux-schnell,fp8,L40S", "warm", 2.4 + 0.01 * f64::from(k), "yes,,21.5");
    }
    for (seconds, ended) in [(12.1, "yes,,"), (12.6, "yes,,"), (12.3, "yes,,"), (80.0, "yes,,"), (12.4, "no,other,")] {
        row("instantid,fp16,A10", "warm", seconds, ended);
    }
    row("wan2.1,fp16,L40S", "boot", 35.0, "yes,,");
    row("lora,bf16,A10", "warm", 1.0, "no,oom,");
    rows
}

/// A place in which every command was run, and what each printed.
fn everything() -> (Place, Vec<(&'static str, String)>) {
    let place = Place::new();
    fs::create_dir_all(place.path("in")).expect("a folder");
    fs::create_dir_all(place.path("export")).expect("a folder");
    let fleet = place.small_scenario("in/fleet");
    fleet.edit(
        "scenario.toml",
        "benchmarks = \"benchmarks.csv\"",
        "benchmarks = \"benchmarks.csv\"\nruns = \"runs.csv\"",
    );
    fs::write(place.path("in/fleet/runs.csv"), runs()).expect("it is written");
    for (name, text) in [
        ("in/calls.json", calls("flux-dev")),
        ("in/bill.csv", bill()),
        ("in/rates.json", "{\"l40s\": \"1.9512\"}".into()),
    ] {
        fs::write(place.path(name), text).expect("it is written");
    }
    let printed = COMMANDS.map(|words| (words, place.succeed(words).stdout)).into_iter().collect();
    (place, printed)
}

/// All files of a place but those that commands read.
fn written(place: &Place) -> Vec<(PathBuf, String)> {
    fn below(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() { below(&path, found) } else { found.push(path) }
        }
    }
    let mut found = Vec::new();
    below(&place.path("."), &mut found);
    found.retain(|path| !path.starts_with(place.path("./in")));
    found.sort();
    let text = |path: PathBuf| {
        let text = fs::read(&path).expect("it can be read");
        (path, String::from_utf8_lossy(&text).into_owned())
    };
    found.into_iter().map(text).collect()
}

fn ends_with(path: &Path, ending: &str) -> bool {
    path.extension().is_some_and(|own| own == ending)
}

fn begins_with_any(path: &Path, names: &[&str]) -> bool {
    let own = path.file_name().expect("a name").to_string_lossy().into_owned();
    names.iter().any(|name| own.starts_with(name))
}

/// What is wrong with a table for programs: it has a pair of columns `kind` and `source`, or of `X_kind` and `X_source` for its
/// columns `X_...`; no cell of them is empty where its numbers are not, and every kind is one.
fn faults_of_csv(text: &str) -> Vec<String> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let head: Vec<String> = reader.headers().expect("a header").iter().map(str::to_owned).collect();
    let prefix = |name: &str, end: &str| -> Option<String> {
        if name == end { Some(String::new()) } else { name.strip_suffix(&format!("_{end}")).map(|of| format!("{of}_")) }
    };
    let mut faults = Vec::new();
    let has_pair = head.iter().filter_map(|name| prefix(name, "kind")).any(|of| head.contains(&format!("{of}source")));
    if !has_pair {
        faults.push(format!("no pair of columns for kind and source: {head:?}"));
    }
    for row in reader.records().map(|row| row.expect("as long as the header")) {
        for (place, name) in head.iter().enumerate() {
            let cell = &row[place];
            let of = prefix(name, "kind").or_else(|| prefix(name, "source"));
            let Some(of) = of else { continue };
            let numbers = |(place, other): (usize, &String)| {
                other.starts_with(&of)
                    && prefix(other, "kind").is_none()
                    && prefix(other, "source").is_none()
                    && !row[place].is_empty()
            };
            if cell.is_empty() && head.iter().enumerate().any(numbers) {
                faults.push(format!("{name} is empty: {row:?}"));
            }
            if prefix(name, "kind").is_some() && !cell.is_empty() && !KINDS.contains(&cell) {
                faults.push(format!("{name} is no kind: {cell}"));
            }
        }
    }
    faults
}

/// Whether words say what numbers are.
fn says_kind(words: &str) -> bool {
    words.contains("kind") || KINDS.iter().any(|kind| words.contains(kind))
}

/// Tables of a text that say neither above themselves nor in their head what they are; each begins with a line that `is_first`
/// picks out and has its head within the `head` lines after that.
fn silent_tables(text: &str, is_first: impl Fn(&[&str], usize) -> bool, head: usize) -> Vec<String> {
    let lines: Vec<&str> = text.lines().collect();
    let mut silent = Vec::new();
    for at in (0..lines.len()).filter(|at| is_first(&lines, *at)) {
        let above: Vec<&str> = lines[..at]
            .iter()
            .rev()
            .skip_while(|line| line.is_empty())
            .copied()
            .take_while(|line| !line.is_empty())
            .collect();
        let own = &lines[at..(at + head).min(lines.len())];
        // A matrix that is too wide for the screen goes on below itself.
        let goes_on = above.first().is_some_and(|line| line.starts_with('└'));
        if !goes_on && !says_kind(&above.join(" ")) && !says_kind(&own.join(" ")) {
            silent.push(format!("{:?} above {}", above.first(), own.join("\n")));
        }
    }
    silent
}

fn is_drawn(lines: &[&str], at: usize) -> bool {
    lines[at].starts_with('┌')
}

fn is_markdown(lines: &[&str], at: usize) -> bool {
    lines[at].starts_with("| ") && lines.get(at + 1).is_some_and(|line| line.starts_with("| ---"))
}

/// Sentences that hold one time against another.
fn sentences_on_times(text: &str) -> Vec<String> {
    let lines = text.replace("\n  ", " ").replace("\n\n", "\n");
    let is_one = |line: &&str| [" times longer than ", " times shorter than "].iter().any(|words| line.contains(words));
    lines.lines().filter(is_one).map(str::to_owned).collect()
}

#[test]
fn every_number_that_a_command_writes_or_prints_has_kind_and_source() {
    let (place, printed) = everything();
    let mut faults: Vec<String> = Vec::new();
    let mut seen = [0; 4];
    for (path, text) in written(&place) {
        let mut add =
            |found: Vec<String>| faults.extend(found.into_iter().map(|fault| format!("{}: {fault}", path.display())));
        if ends_with(&path, "csv") && !begins_with_any(&path, &NO_COLUMNS) {
            seen[0] += 1;
            add(faults_of_csv(&text));
        } else if ends_with(&path, "json") && !begins_with_any(&path, &OWN_KINDS) {
            seen[1] += 1;
            let json: serde_json::Value = serde_json::from_str(&text).expect("JSON");
            let said = ["kind", "source"].map(|key| json[key].as_str().unwrap_or_default().to_owned());
            add(said
                .iter()
                .filter(|said| said.is_empty())
                .map(|_| "no kind or source at its end".to_owned())
                .collect());
        } else if ends_with(&path, "md") {
            seen[2] += 1;
            add(silent_tables(&text, is_markdown, 1));
        } else if ends_with(&path, "html") {
            seen[3] += 1;
            let captions = text.split("<caption>").skip(1).filter_map(|rest| rest.split("</caption>").next());
            add(captions.filter(|words| !says_kind(words)).map(str::to_owned).collect());
        }
    }
    let mut contradictions = 0;
    for (command, text) in &printed {
        for sentence in sentences_on_times(text) {
            contradictions += 1;
            let of_a_row = KINDS.iter().any(|kind| sentence.contains(&format!(" s ({kind}, ")));
            let of_both = KINDS.iter().filter(|kind| sentence.contains(&format!("the {kind} "))).count();
            if !of_a_row && of_both < 2 {
                faults.push(format!("{command}: {sentence}"));
            }
        }
        let found = [silent_tables(text, is_drawn, 2), silent_tables(text, is_markdown, 1)].concat();
        faults.extend(found.into_iter().map(|fault| format!("{command}: {fault}")));
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(contradictions >= 12, "{contradictions}");
    assert!(seen[0] >= 13 && seen[1] >= 12 && seen[2] >= 12 && seen[3] >= 2, "{seen:?}");
}

/// A command that is new has to be in the list.
#[test]
fn no_command_is_left_out() {
    let help = Place::new().succeed("--help").stdout;
    let commands = help.split("Commands:").nth(1).and_then(|rest| rest.split("\n\n").next()).expect("a list");
    let names = commands.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let names: Vec<&str> = names.filter_map(|line| line.split_whitespace().next()).collect();
    assert!(names.contains(&"backtest") && names.len() > 15, "{names:?}");
    for name in names.into_iter().filter(|name| !TELL_NO_NUMBERS.contains(name)) {
        assert!(COMMANDS.iter().any(|words| words.split(' ').next() == Some(name)), "{name}");
    }
}

#[test]
fn what_lacks_kind_or_source_is_found() {
    let silent = |text: &str| silent_tables(text, is_drawn, 2).len();
    assert_eq!(silent("Costs\n┌──┐\n│ a│\n└──┘\n"), 1);
    assert_eq!(silent("Costs\nsimulated: a fleet\n┌──┐\n│ a│\n└──┘\n┌──┐\n│ b│\n└──┘\n"), 0);
    assert_eq!(silent("Costs\n┌──┐\n│ a ┆ kind│\n└──┘\n"), 0);
    assert_eq!(silent_tables("**Costs**\n\n| a |\n| --- |\n", is_markdown, 1).len(), 1);
    let faults = |text: &str| faults_of_csv(text).len();
    assert_eq!(faults("usd,kind,source\n1,measured,a log\n"), 0);
    assert_eq!(faults("usd,kind\n1,measured\n"), 1);
    assert_eq!(faults("usd,kind,source\n1,measured,\n2,,\n3,guess,a log\n"), 4);
    assert_eq!(faults("now_s,now_kind,now_source\n1,assumed,a guess\n,,\n"), 0);
    assert_eq!(faults("now_s,now_kind,now_source\n1,assumed,\n"), 1);
}

/// The words of a text, without the frames of its tables.
fn words(text: &str) -> String {
    text.split_whitespace().filter(|word| !["│", "┆"].contains(word)).collect::<Vec<_>>().join(" ")
}

#[test]
fn a_backtest_says_what_was_observed_and_what_was_predicted() {
    let place = Place::new();
    fs::write(place.path("calls.json"), calls("flux-dev")).expect("it is written");
    fs::write(place.path("bill.csv"), bill()).expect("it is written");
    let said = words(&place.succeed("backtest --observed calls.json --bill bill.csv --worlds 19 --out out").stdout);
    for part in [
        "observed, measured: calls.json, 2026-01-12 to 2026-01-18 (7 days); dollars by bill.csv. Predicted, simulated: \
         image-studio, fleetfront 0.1.0, seed 1, 19 worlds of what calls.json told of 2026-01-05 to 2026-01-11 (7 days), inputs ",
        "What the first part told measured: calls.json, 2026-01-05 to 2026-01-11 (7 days)",
        "The bill (measured: bill.csv, 2026-01-12 to 2026-01-18 (7 days))",
    ] {
        assert!(said.contains(part), "{part:?} is missing: {said}");
    }
    let table = place.text("out/backtest.csv");
    assert!(table.contains("\"calls.json and bill.csv, 2026-01-12 to 2026-01-18 (7 days)\""), "{table}");
}

#[test]
fn a_drift_names_kind_and_source_of_what_the_scenario_says_row_by_row() {
    let place = Place::new();
    fs::write(place.path("calls.json"), calls("flux-dev")).expect("it is written");
    let out = place.succeed("reevaluate --trials 14 --observed calls.json --out out --quiet").stdout;
    let said = words(&out);
    let log = "log, measured: calls.json, 2026-01-05 to 2026-01-18 (14 days)";
    assert!(said.contains(log), "{said}");
    let page = place.text("out/reevaluate.md");
    assert!(page.contains(log), "{page}");
    let row = |name: &str| -> Vec<String> {
        let row = page.lines().find(|line| line.starts_with(&format!("| {name} |"))).expect(name);
        row.trim_matches('|').split(" | ").map(|cell| cell.trim().to_owned()).collect()
    };
    let source = |cell: &str| -> String {
        let number = cell.split_once("\\[").and_then(|(_, rest)| rest.split_once("\\]")).expect("a number").0;
        let line = page.lines().find(|line| line.starts_with(&format!("- \\[{number}\\] "))).expect("its source");
        line.to_owned()
    };
    for (name, kind, wanted) in [
        ("traffic of flux-dev", "published", "(2026-"),
        ("dispersion of flux-dev in 15 min", "simulated", "drawn logs of 14 days"),
        ("service time of flux-dev on L40S", "derived", "collated"),
        ("spread of the boot time of flux-dev on L40S", "derived", "cv 0.730 for all models"),
        ("failures of flux-dev", "assumed", "blog.salad.com"),
    ] {
        let cells = row(name);
        assert!(cells[2].starts_with(kind), "{name}: {cells:?}");
        assert!(source(&cells[2]).contains(wanted), "{name}: {}", source(&cells[2]));
    }
    // A trigger's present number has its own too, and where it passes was simulated.
    assert!(row("price of L40S")[2].starts_with("published"), "{:?}", row("price of L40S"));
    assert!(said.contains("passes, simulated: image-studio, fleetfront 0.1.0, seed 1, 14 trials, inputs "), "{said}");
}

#[test]
fn what_to_measure_names_the_source_of_what_is_known_now() {
    let place = Place::new();
    place.succeed("measure --worlds 24 --trials 14 --allocations current --out out --quiet");
    let page = place.text("out/measure.md");
    let row = page.lines().find(|line| line.contains("| derived \\[")).expect("a derived number with its source");
    let number = row.split_once("derived \\[").and_then(|(_, rest)| rest.split_once("\\]")).expect("a number").0;
    assert!(page.contains(&format!("- \\[{number}\\] ")), "{page}");
    assert!(
        page.contains(
            "decides, still wrong: simulated: image-studio, fleetfront 0.1.0, seed 1, 24 worlds of 14 trials, inputs"
        ),
        "{page}"
    );
}

/// What a comparison finds is simulated, but for what stands in the scenario.
#[test]
fn a_comparison_tells_what_is_simulated_from_what_the_scenario_says() {
    let place = Place::new();
    place.succeed("compare --trials 14 --out out --quiet");
    let table = place.text("out/compare.csv");
    let kinds = |what: &str, subject: &str| -> (String, String) {
        let mut reader = csv::Reader::from_reader(table.as_bytes());
        let row = reader.records().map(|row| row.expect("a row"));
        let row = row.into_iter().find(|row| row[3].starts_with(what) && &row[2] == subject).expect(what);
        (row[13].to_owned(), row[14].to_owned())
    };
    for (what, subject, kind, source) in [
        ("cost ratio", "fleet", "simulated", "image-studio, fleetfront 0.1.0, seed 1, 14 trials, inputs "),
        ("end-to-end p95 below", "lora", "simulated", "image-studio"),
        ("warm service time below", "lora", "derived", "14.2 s x 1.25"),
        ("warm service time at most", "instantid", "derived", "("),
        ("warm service time at most", "fleet", "derived", "the warm service times of all models"),
        ("perceptual distance", "lora", "derived", "("),
    ] {
        let found = kinds(what, subject);
        assert!(found.0 == kind && found.1.contains(source), "{what}, {subject}: {found:?}");
    }
}
