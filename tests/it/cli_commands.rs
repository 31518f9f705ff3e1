//! The other commands.

use serde_json::Value;

use crate::cli_support::Place;

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn check_says_what_the_scenario_means() {
    let place = Place::new();
    let done = place.succeed("check");
    assert_eq!(done.stderr, "");
    assert!(done.stdout.starts_with("The scenario image-studio is valid: 6 models, 10 GPU types, 2 allocations."));
    // Lines are wrapped, cells are padded: compare words.
    let words: Vec<&str> = done.stdout.split_whitespace().collect();
    let words = words.join(" ");
    let said = [
        // The naive estimate, what cannot run, contradictions, assumptions, the resolved scenario, the fits.
        "\"current\" $162.60 a month, \"proposed\" $91.74 a month; 43.6 % saved.",
        "- \"proposed\": flux-schnell (fp8) cannot run on T4: needs 21.5 GiB, has 14.74. Made to fit: flux-schnell as nf4-offload",
        "- flux-dev bf16, L40S (warm requests): 29.65 s (measured, github.com/",
        "- wan2.1: 20 requests a day; seedvr2: 60 requests a day: no volume is stated anywhere (2026-11-23)",
        "│ current (baseline) ┆ flux ┆ L40S ┆",
        "│ flux-dev bf16 ┆ ✗ ┆ ✗ ┆ ✗ ┆ ✓ ",
        "│ flux-dev bf16 ┆ L40S ┆ 11 s (7–19) ┆ 3.6 % ┆ derived ┆ 0 ┆ 43.6 s (30–70) ┆",
    ];
    for part in said {
        assert!(words.contains(part), "{part:?} is missing:\n{}", done.stdout);
    }
    assert_eq!(place.succeed("check --quiet").stdout, "");
    assert_eq!(place.names("."), Vec::<String>::new(), "a check writes nothing");
}

#[test]
fn check_as_json_holds_the_same() {
    let place = Place::new();
    let meaning = parsed(&place.succeed("check --json").stdout);
    assert_eq!(meaning["scenario"]["name"], "image-studio");
    // 14 variants on 10 GPU types.
    assert_eq!(meaning["cells"].as_array().map(Vec::len), Some(140));
    assert_eq!(meaning["infeasible"].as_array().map(Vec::len), Some(2));
    let usd = meaning["naive"]["estimates"][0]["usd_month"].as_f64().expect("a number");
    approx::assert_relative_eq!(usd, 162.6, max_relative = 1e-9);
}

/// Six of twelve runs failed: that is no cell that simply fits.
#[test]
fn check_says_how_many_runs_of_a_cell_failed() {
    let place = Place::new();
    let scenario = place.scenario("failing");
    scenario.edit("scenario.toml", "load = \"load.csv\"", "load = \"load.csv\"\nruns = \"runs.csv\"");
    let run = |gpu: &str, k: usize, rest: &str| {
        format!("instantid,fp16,{gpu},warm,{rest},2026-11-{:02},measured,a bench\n", k + 1)
    };
    let of = |gpu: &'static str, causes: [&'static str; 6]| {
        let good = (0..6).map(move |k| run(gpu, k, &format!("{:.1},yes,", 18.0 + 0.2 * k as f64)));
        let bad = causes.into_iter().enumerate().map(move |(k, cause)| run(gpu, k + 6, &format!(",no,{cause}")));
        good.chain(bad).collect::<String>()
    };
    let header = "model,variant,gpu,phase,seconds,ok,cause,date,kind,source\n";
    let crash = of("A10", ["crash"; 6]);
    scenario
        .write("runs.csv", &(header.to_owned() + &crash + &of("L4", ["oom", "crash", "oom", "crash", "oom", "crash"])));
    let cells = place.json_of("check failing --json")["cells"].clone();
    let cell = |gpu: &str| {
        let is_it = |cell: &&Value| {
            (&cell["model"], &cell["variant"], &cell["gpu"]) == (&"instantid".into(), &"fp16".into(), &gpu.into())
        };
        cells.as_array().expect("cells").iter().find(is_it).expect("the cell").clone()
    };
    assert_eq!(cell("A10")["memory"], "fits, but 6 of 12 runs failed");
    assert_eq!(cell("L4")["memory"], "borderline, and 6 of 12 runs failed: 3 out of memory");
    let failures = &cell("L4")["failures"];
    assert_eq!((&failures["kind"], failures["sources"].as_array().map(Vec::len)), (&"measured".into(), Some(12)));
    // Jeffreys' 90 % interval of 6 in 12 is that of Beta(6.5, 6.5), by summing its density in another program.
    let of = |key: &str| failures["probability"][key].as_f64().expect("a number");
    approx::assert_relative_eq!(of("value"), 0.5, max_relative = 1e-9);
    approx::assert_relative_eq!(of("low"), 0.279_57, max_relative = 1e-4);
    approx::assert_relative_eq!(of("high"), 0.720_43, max_relative = 1e-4);
    let words = place.succeed("check failing").stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    for part in [
        "!: some runs failed",
        "│ instantid fp16 ┆ ≈ ┆ ≈ ┆ ! ┆ ✓",
        "│ instantid fp16 ┆ A10 ┆ 50 % (30–70) ┆ measured [",
        "] ┆ 6 of 12, 0 out of memory │",
    ] {
        assert!(words.contains(part), "{part:?} is missing:\n{words}");
    }
}

#[test]
fn a_long_window_is_a_warning() {
    let place = Place::new();
    let scenario = place.scenario("long");
    scenario.edit("scenario.toml", "scaledown_window_s = 300.0", "scaledown_window_s = 1201.0");
    let done = place.succeed("check long");
    let words: Vec<&str> = done.stdout.split_whitespace().collect();
    let expected = "defaults.scaledown_window_s: 1201 s is accepted, but the platform warns above 1200 s";
    assert!(words.join(" ").contains(expected), "{}", done.stdout);
}

#[test]
fn simulate_shows_one_allocation() {
    let place = Place::new();
    let done = place.succeed("simulate --allocation current --trials 14");
    assert!(done.stdout.starts_with("\"current\": everything on L40S"), "{}", done.stdout);
    for part in ["Criteria, \"current\"", "Pools\n", "Models\n", "  idle", "latency p99", "cold starts", "│ window"] {
        assert!(done.stdout.contains(part), "{part:?} is missing:\n{}", done.stdout);
    }
    assert!(done.stdout.ends_with("95 % intervals over 14 trials (seed 1).\n"), "{}", done.stdout);
    let again = place.succeed("simulate --allocation current --trials 14 --quiet");
    assert_eq!((again.stdout, again.stderr.as_str()), (done.stdout, ""));
    assert_eq!(place.names("."), Vec::<String>::new(), "nothing is written");
}

#[test]
fn simulate_agrees_with_the_study() {
    let place = Place::new();
    place.small_scenario("small");
    place.succeed("run small --trials 3 --quiet");
    let alone = parsed(&place.succeed("simulate small --allocation current --trials 3 --json --quiet").stdout);
    let study = place.json("out/study.json");
    assert_eq!(alone["results"]["fleet"], study["allocations"][0]["results"]["fleet"]);
    assert!(alone["results"]["fleet"]["cost_usd_month"]["value"].as_f64() > Some(0.0));
}

#[test]
fn simulate_says_why_an_allocation_cannot_run() {
    let done = Place::new().succeed("simulate --allocation proposed --quiet");
    assert!(done.stdout.contains("It cannot run\n- flux-schnell (fp8) cannot run on T4: needs 21.5 GiB, has 14.74."));
    assert!(done.stdout.contains("Made to fit: flux-schnell as nf4-offload"), "{}", done.stdout);
}

#[test]
fn init_writes_once_and_says_what_to_do_next() {
    let place = Place::new();
    let done = place.succeed("init my-fleet");
    assert!(done.stdout.contains("fleetfront run my-fleet"), "{}", done.stdout);
    let files = ["benchmarks.csv", "boots.csv", "load.csv", "memory.csv", "prices.csv", "scenario.toml"];
    assert_eq!(
        (place.names("."), place.names("my-fleet")),
        (vec!["my-fleet".to_owned()], files.map(str::to_owned).to_vec())
    );
    let again = place.fleetfront("init my-fleet");
    assert_eq!((again.code, again.stdout.as_str()), (Some(2), ""));
    assert_eq!(again.stderr, "error: my-fleet: is not empty\n  help: name a folder that does not exist yet\n");
}

#[test]
fn the_schema_describes_the_scenario() {
    let schema = parsed(&Place::new().succeed("schema").stdout);
    assert!(schema["properties"]["allocations"]["description"].is_string(), "{schema:#}");
}

#[test]
fn completions_know_the_commands() {
    let script = Place::new().succeed("completions bash").stdout;
    assert!(script.contains("complete -F _fleetfront") && script.contains("--allocation"), "{script}");
}

#[cfg(unix)]
#[test]
fn a_reader_who_has_seen_enough_is_no_error() {
    // More than a pipe holds, so that the writer meets its end.
    let script = "{ \"$0\" check --json; echo $? >&2; } | head -n 1";
    let output = assert_cmd::Command::new("sh").args(["-c", script, env!("CARGO_BIN_EXE_fleetfront")]).output();
    let output = output.expect("it starts");
    assert_eq!(
        (output.stdout.as_slice(), String::from_utf8_lossy(&output.stderr).as_ref()),
        (b"{\n".as_slice(), "0\n")
    );
}
