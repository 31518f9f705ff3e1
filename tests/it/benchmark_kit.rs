//! `fleetfront export benchmark-kit`: the script that it writes compiles, measures what it should on a platform that is
//! played, and is taken by the package `modal` itself.

use std::collections::BTreeMap;
use std::io::{Write, stderr};
use std::process::Command;

use serde_json::{Value, json};

use crate::cli_support::{Done, Place};
use crate::modal_package::{HOSTILE, python as python_with_modal, scenario as hostile_scenario, without_account};

const MODELS: &str = include_str!("benchmark_kit_models.py");
const FAKE_MODAL: &str = include_str!("fake_modal.py");
const CHOSEN: &str = "--runs 6 --boots 3 --out kit.py";

/// Runs a program with the played platform in the place of the package; `None` where there is no Python.
fn python(place: &Place, program: &str) -> Option<Done> {
    std::fs::write(place.path("modal.py"), FAKE_MODAL).expect("written");
    let mut command = Command::new("python3");
    command.args(["-X", "utf8", "-B", "-c", program]).current_dir(place.path("."));
    match command.env("PYTHONPATH", place.path(".")).output() {
        Ok(output) => Some(Done::from(output)),
        Err(error) => {
            let _ = writeln!(stderr(), "SKIPPED: no python3 on this machine ({error})");
            None
        }
    }
}

/// The same, and it has to succeed.
fn succeed(place: &Place, program: &str) -> Option<String> {
    let done = python(place, program)?;
    assert_eq!(done.code, Some(0), "{program}: {}\n{}", done.stdout, done.stderr);
    Some(done.stdout)
}

/// A kit whose models are those of `benchmark_kit_models.py`.
fn filled_in(place: &Place, words: &str) {
    place.succeed(&format!("export benchmark-kit {words}"));
    let text = place.text("kit.py");
    assert_eq!(text.matches("\nCELLS = [\n").count(), 1);
    std::fs::write(place.path("kit.py"), text.replace("\nCELLS = [\n", &format!("\n{MODELS}\n\nCELLS = [\n")))
        .expect("written");
}

/// A row by its columns.
type Row = BTreeMap<String, String>;

fn rows(place: &Place) -> Vec<Row> {
    let text = place.text("runs.csv");
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    assert_eq!(
        reader.headers().expect("a header").iter().collect::<Vec<_>>().join(","),
        "model,variant,gpu,phase,seconds,ok,cause,steps,megapixels,frames,images,adapter,peak_gib,machine,date,kind,\
         source,note"
    );
    reader.deserialize().map(|row| row.expect("a row with every column")).collect()
}

/// How many rows there are of each cell, phase, shape and outcome, with their seconds where all have the same.
fn counted(rows: &[Row]) -> Vec<String> {
    let mut counts: BTreeMap<String, (usize, Option<String>)> = BTreeMap::new();
    for row in rows {
        let shape = ["steps", "megapixels", "frames", "images", "adapter"].map(|column| row[column].clone()).concat();
        let parts = [&row["model"], &row["gpu"], &row["phase"], &shape, &row["ok"], &row["cause"]];
        let parts: Vec<&str> = parts.into_iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
        let entry = counts.entry(parts.join(" ")).or_insert((0, Some(row["seconds"].clone())));
        entry.0 += 1;
        entry.1 = entry.1.take().filter(|seconds| *seconds == row["seconds"]);
    }
    let words = |(key, (count, seconds)): (String, (usize, Option<String>))| {
        format!("{count} {key}{}", seconds.map_or(String::new(), |seconds| format!(": {seconds}")))
    };
    counts.into_iter().map(words).collect()
}

/// Times added up by hand: placing takes 2 s, travelling 0.05 s a call, the rest stands in `benchmark_kit_models.py`.
/// Boots inside are those plus the age of the process, which is real and differs.
#[test]
fn every_cell_and_phase_has_its_rows() {
    let place = Place::new();
    filled_in(&place, CHOSEN);
    let program = "import kit, modal\nkit.main(yes=True)\nprint(modal.PLATFORM.calls)";
    let Some(said) = succeed(&place, program) else { return };
    let rows = rows(&place);
    let expected = [
        "3 flux-dev L40S boot yes",
        "3 flux-dev L40S cold 1 yes: 29.05",
        "6 flux-dev L40S warm 1 yes: 7",
        "3 flux-dev L40S warm 4 no oom: 0.5",
        "3 flux-schnell L40S adapter ink, \"wet\" yes: 1.5",
        "3 flux-schnell L40S boot yes",
        "3 flux-schnell L40S cold 4 yes: 34.05",
        "6 flux-schnell L40S warm 4 yes: 2",
        "6 flux-schnell L40S warm 8ink, \"wet\" yes: 4",
        "3 instantid A10 boot no oom",
        "3 instantid L40S boot yes",
        "3 instantid L40S cold yes: 17.05",
        "6 instantid L40S warm yes: 3",
        "3 lora L40S boot yes",
        "3 lora L40S cold 1 yes: 112.05",
        "6 lora L40S warm 1 yes: 100",
        "3 lora L40S warm 99 timeout: 1800",
        "3 seedvr2 A10 boot yes: 25",
        "3 seedvr2 A10 cold 2 yes: 35.05",
        "6 seedvr2 A10 warm 2 yes: 8",
        "3 seedvr2 L40S boot yes: 25",
        "3 seedvr2 L40S cold 2 yes: 35.05",
        "6 seedvr2 L40S warm 2 yes: 8",
        "3 wan2.1 L40S cold 81 yes: 51.05",
        "6 wan2.1 L40S warm 81 yes: 9.05",
    ];
    let alike = |found: &str, wanted: &str| found == wanted || (wanted.contains(" boot ") && found.starts_with(wanted));
    let found = counted(&rows);
    assert!(found.len() == expected.len() && found.iter().zip(expected).all(|(f, w)| alike(f, w)), "{found:#?}");
    assert!(said.contains("instantid__fp16__A10: what failed 3 times on end was left alone"), "{said}");
    let source = format!("benchmark kit of fleetfront {}, scenario image-studio", env!("CARGO_PKG_VERSION"));
    for row in &rows {
        let known = [&row["kind"], &row["source"]] == ["measured", &source];
        assert!(known && row["date"].len() == 10 && !row["variant"].is_empty(), "{row:?}");
        if row["phase"] == "boot" && row["model"] == "flux-dev" {
            // The model loads for 20 s; the process was started a moment before.
            let seconds: f64 = row["seconds"].parse().expect("a number");
            assert!((20.0..80.0).contains(&seconds), "{row:?}");
            let since = if cfg!(target_os = "linux") { "process start" } else { "import" };
            assert!(row["note"].contains(&format!("since={since}; client_wait_s=22.05")), "{row:?}");
        }
    }
    let mut machines: Vec<&str> = rows.iter().map(|row| row["machine"].as_str()).collect();
    machines.sort_unstable();
    machines.dedup();
    // Three containers a cell; wan2.1 does not say which, and nobody was left to say it where the time ran out.
    assert_eq!(machines.len(), 7 * 3 + 1, "{machines:?}");
    let seed = rows.iter().find(|row| row["adapter"] == "ink, \"wet\"" && row["phase"] == "warm").expect("one");
    assert!(seed["note"].contains("clock=container; client_s=5.55") && seed["note"].ends_with("seed=7"), "{seed:?}");
}

/// What the kit measured, as `calibrate` says it: the times of `benchmark_kit_models.py`, and a peak that an endpoint says.
#[test]
fn what_the_kit_measures_is_what_calibrate_says() {
    let place = Place::new();
    filled_in(&place, CHOSEN);
    let (old, new) = ("\"machine\": reply[\"where\"]}", "\"machine\": reply[\"where\"], \"peak_gib\": 11.25}");
    let text = place.text("kit.py");
    assert!(text.contains(old));
    std::fs::write(place.path("kit.py"), text.replace(old, new)).expect("written");
    if succeed(&place, "import kit\nkit.main(yes=True)").is_none() {
        return;
    }
    // The played platform takes the same time every time, and wan2.1 does not say on which machine.
    let done = place.fleetfront("calibrate runs.csv --quiet");
    assert!(done.code == Some(2) && done.stderr.contains("--repeats keep"), "{}", done.stderr);
    let done = place.fleetfront("calibrate runs.csv --quiet --repeats keep");
    assert!(done.code == Some(2) && done.stderr.matches("has runs of several shapes").count() == 2, "{}", done.stderr);
    // Equal times tell no spread, and nobody states one of first requests.
    let words = "calibrate runs.csv --json --quiet --repeats keep --mixed-shapes leave-out --spread cold=0.02";
    let study = &place.json_of(words)["study"];
    let cells = study["cells"].as_array().expect("cells");
    let cell = |name: [&str; 3], phase: &str| {
        let is = |of: &&Value| {
            let own = &of["cell"]["name"];
            [&own["model"], &own["variant"], &own["gpu"]] == name && of["cell"]["phase"] == phase
        };
        cells.iter().find(is).unwrap_or_else(|| panic!("{name:?} {phase} is missing"))
    };
    for (name, phase, ended, mean_s) in [
        (["flux-dev", "bf16", "L40S"], "warm", 6, 7.0),
        (["flux-dev", "bf16", "L40S"], "cold", 3, 29.05),
        (["flux-schnell", "fp8", "L40S"], "warm", 6, 2.0),
        (["flux-schnell", "fp8", "L40S"], "cold", 3, 34.05),
        (["instantid", "fp16", "L40S"], "warm", 6, 3.0),
        (["lora", "bf16", "L40S"], "warm", 6, 100.0),
        (["seedvr2", "bf16", "A10"], "warm", 6, 8.0),
        (["seedvr2", "bf16", "A10"], "boot", 3, 25.0),
        (["wan2.1", "fp16", "L40S"], "warm", 6, 9.05),
        (["wan2.1", "fp16", "L40S"], "cold", 3, 51.05),
    ] {
        let found = cell(name, phase);
        assert_eq!(found["cell"]["counts"]["ended"], ended, "{name:?} {phase}");
        let off = found["mean_s"]["value"].as_f64().expect("a mean") / mean_s;
        assert!((off - 1.0).abs() < 0.01, "{name:?} {phase}: {off}");
        // Equal times are no exact law: the least that is believed of few runs, 0.1, is worth three degrees of freedom
        // beside five; of few first requests, of which some may be of another kind, the 0.02 are kept.
        let cv = found["cv"].as_f64().expect("a spread");
        let expected = if phase == "warm" { (0.01_f64 * 3.0 / 8.0).exp_m1().sqrt() } else { 0.02 };
        assert!(phase == "boot" || (cv / expected - 1.0).abs() < 1e-3, "{name:?} {phase}: {cv}");
    }
    // First requests less warm ones, where nobody inside said how long the boot took.
    let boot = cell(["wan2.1", "fp16", "L40S"], "boot");
    assert_eq!((&boot["cell"]["basis"], &boot["cell"]["fit"]["n"]), (&json!("first_requests"), &json!(3)));
    assert!((boot["mean_s"]["value"].as_f64().expect("a mean") / 42.0 - 1.0).abs() < 0.02, "{boot}");
    // Four images run out of memory, every time; so do all boots on an A10, for which nothing is borrowed then.
    let others = &cell(["flux-dev", "bf16", "L40S"], "warm")["failures_of_other_shapes"];
    assert_eq!((&others[0]["shape"]["images"], &others[0]["rate"]), (&json!(4.0), &json!({"certain": {"runs": 3}})));
    let a10 = ["instantid", "fp16", "A10"];
    assert_eq!(cell(a10, "boot")["cell"]["failures"], json!({"certain": {"runs": 3}}));
    assert!(
        cells.iter().all(|of| of["cell"]["name"]["gpu"] != "A10"
            || of["cell"]["name"]["model"] != "instantid"
            || of["cell"]["phase"] == "boot"),
        "nothing is borrowed for what cannot run: {cells:#?}"
    );
    let memory = study["memory"].as_array().expect("peaks");
    let of = |model: &str, gpu: &str| -> (Value, Value) {
        let peak = memory.iter().find(|peak| peak["model"] == model).expect("its peak");
        let on = peak["gpus"].as_array().expect("GPUs").iter().find(|on| on["gpu"] == gpu).expect("the GPU");
        (json!([peak["peak_gib"], peak["provenance"]["kind"]]), on.clone())
    };
    let (peak, on) = of("seedvr2", "A10");
    assert_eq!(
        (peak, &on["fit"]["class"], &on["failure"]["because"]),
        (json!([11.25, "measured"]), &json!("fits"), &Value::Null)
    );
    // By the table 14.5 GiB would fit 22: runs say otherwise.
    let (peak, on) = of("instantid", "A10");
    assert_eq!((peak, &on["fit"]["class"]), (json!([14.5, "derived"]), &json!("fits")));
    assert_eq!(on["failure"]["because"], "every run there ran out of memory");
}

#[test]
fn what_is_there_is_not_measured_again() {
    let place = Place::new();
    filled_in(&place, CHOSEN);
    let run = "import kit, modal\nkit.main(yes=True)\nprint('calls', modal.PLATFORM.calls)";
    if succeed(&place, run).is_none() {
        return;
    }
    let whole = place.text("runs.csv");
    let said = succeed(&place, run).expect("Python");
    assert!(said.contains("Nothing is left to measure") && said.ends_with("calls 0\n"), "{said}");
    assert_eq!(place.text("runs.csv"), whole);
    // Stopped within a line of the second container of the first cell: what is there stays, the rest follows.
    let lines: Vec<&str> = whole.split_inclusive('\n').collect();
    let kept = lines[..10].concat();
    std::fs::write(place.path("runs.csv"), format!("{kept}{}", &lines[10][..20])).expect("written");
    succeed(&place, run).expect("Python");
    let text = place.text("runs.csv");
    assert!(text.starts_with(&kept), "{text}");
    let timeless = |rows: &[Row]| counted(rows).into_iter().filter(|line| !line.contains(" boot ")).collect::<Vec<_>>();
    let again = timeless(&rows(&place));
    std::fs::write(place.path("runs.csv"), &whole).expect("written");
    let (first, second): (Vec<String>, Vec<String>) =
        timeless(&rows(&place)).into_iter().zip(again).filter(|(a, b)| a != b).unzip();
    // An adapter is loaded once in each container that needs it, and there were fewer of those.
    let adapter = |count: u32| format!("{count} flux-schnell L40S adapter ink, \"wet\" yes: 1.5");
    assert_eq!((first, second), (vec![adapter(3)], vec![adapter(2)]));
    // Another table is left alone.
    std::fs::write(place.path("other.csv"), "a,b\n1,2\n").expect("written");
    let done = python(&place, "import kit\nkit.main(yes=True, out='other.csv')").expect("Python");
    assert!(done.stderr.contains("error: other.csv: has other columns") && done.code == Some(1), "{}", done.stderr);
    assert_eq!(place.text("other.csv"), "a,b\n1,2\n");
}

#[test]
fn nothing_starts_without_a_yes_or_with_something_to_fill_in() {
    let place = Place::new();
    place.succeed("export benchmark-kit --models flux-dev --out kit.py");
    let main = "import kit, modal\ntry:\n    kit.main(yes=True)\nfinally:\n    print('calls', modal.PLATFORM.calls)";
    let Some(done) = python(&place, main) else { return };
    assert!(done.code == Some(1) && done.stdout == "calls 0\n", "{}", done.stdout);
    let words = "error: this kit is not ready\n  'flux-dev': load_flux_dev is not filled in; write it and delete @todo";
    assert!(done.stderr.contains(words), "{}", done.stderr);
    filled_in(&place, "--models flux-dev,seedvr2 --gpus L40S --runs 20 --boots 5 --out kit.py");
    let said = succeed(&place, "import kit, modal\nkit.main()\nprint('calls', modal.PLATFORM.calls)").expect("Python");
    assert!(said.ends_with("Nothing has been started. Add --yes to measure.\ncalls 0\n"), "{said}");
    // 5 boots, 5 first and 2 x 20 warm requests, at the price of GPU, one core and 16 GiB.
    let check = place.json_of("check --json");
    let cell = check["cells"].as_array().expect("cells").iter().find(|cell| {
        (&cell["model"], &cell["variant"], &cell["gpu"]) == (&json!("flux-dev"), &json!("bf16"), &json!("L40S"))
    });
    let seconds = |name: &str| cell.expect("the cell")[name].as_f64().expect("a time");
    let total_s = 5.0 * (seconds("boot_s") + seconds("service_s")) + 40.0 * seconds("service_s");
    let usd = total_s * (0.000_542 + 0.000_013_1 + 16.0 * 0.000_002_22);
    let words = format!("  5 containers   40 warm {total_s:8.0} s {usd:8.2}\n");
    assert!(said.contains(&words), "{said}\n{words}");
    assert!(said.contains("(deployed endpoint)") && said.contains("list prices of 20"), "{said}");
    assert!(!place.path("runs.csv").exists());
    let done = python(&place, "import kit\nkit.main(only='flux')").expect("Python");
    assert!(
        done.stderr.contains("--only: there is no 'flux'\n  help: choose among flux_dev__bf16__L40S"),
        "{}",
        done.stderr
    );
}

/// A container that stays, and one that is replaced among the warm requests: neither makes a false row.
#[test]
fn what_the_platform_does_otherwise_makes_no_false_row() {
    let place = Place::new();
    filled_in(&place, "--models instantid --gpus L40S --runs 6 --boots 3 --out kit.py");
    // The first leave (call 4) is not heeded; call 10 would be the first warm one of the second container.
    let program = "import kit, modal\nmodal.PLATFORM.deaf_to_leaves, modal.PLATFORM.replaced_before = 1, {10}\n\
                   kit.main(yes=True)\nprint(len(modal.PLATFORM.started))";
    let Some(said) = succeed(&place, program) else { return };
    assert!(said.contains("a container that had served before: not counted as cold"), "{said}");
    assert!(said.contains("the platform has replaced the container"), "{said}");
    assert!(said.ends_with("\n4\n"), "three containers that count, and the one that took a place: {said}");
    let found = counted(&rows(&place));
    assert!(found[0].starts_with("3 instantid L40S boot yes"), "{found:?}");
    assert_eq!(found[1..], ["3 instantid L40S cold yes: 17.05", "6 instantid L40S warm yes: 3"]);
}

const SNAPSHOT: &str = r#"
[[cells]]
model = "instantid"
gpu = "L40S"
snapshot = { restore = { deterministic = { seconds = 5.0 } }, failure_probability = 0.01 }
provenance = { kind = "assumed", source = "a test", date = "2026-11-26" }
"#;

#[test]
fn a_snapshot_is_restored_and_its_making_is_no_boot() {
    let place = Place::new();
    let scenario = place.small_scenario("small");
    let text = place.text("small/scenario.toml");
    scenario.write("scenario.toml", &(text + SNAPSHOT));
    filled_in(&place, "small --models instantid --gpus L40S --runs 4 --boots 2 --out kit.py");
    let text = place.text("kit.py");
    assert!(text.contains("\"enable_memory_snapshot\": True"), "{text}");
    let Some(said) = succeed(&place, "import kit\nkit.main(yes=True)") else { return };
    assert!(said.contains("left out: it restores a snapshot; modal deploy this file"), "{said}");
    let said = succeed(&place, "import kit\nkit.main(yes=True, deployed=True)").expect("Python");
    assert!(said.contains("this container made a snapshot and restored none"), "{said}");
    let rows = rows(&place);
    // Loading takes 12 s in the restored container too: it is not in the snapshot. Placing and travelling count, since
    // inside nobody sees the restoring.
    let found = counted(&rows);
    assert_eq!(
        found,
        ["2 instantid L40S boot yes: 14.05", "2 instantid L40S cold yes: 17.05", "4 instantid L40S warm yes: 3",]
    );
    let boot = rows.iter().find(|row| row["phase"] == "boot").expect("one");
    assert!(boot["note"].starts_with("clock=client; since=restored; inside_s=12; client_wait_s=14.05"), "{boot:?}");
}

#[test]
fn no_name_leaves_its_place_in_the_script() {
    let place = Place::new();
    hostile_scenario(&place);
    place.succeed("export benchmark-kit small --out .");
    let program = "import py_compile, ast, json, modal\n\
                   py_compile.compile('benchmark_kit.py', cfile='compiled', doraise=True)\n\
                   tree = ast.parse(open('benchmark_kit.py', 'rb').read())\n\
                   import benchmark_kit as kit\n\
                   imports = [n.name for node in ast.walk(tree) if isinstance(node, ast.Import) for n in node.names]\n\
                   print(json.dumps([imports, [[c['name'], c['model']] for c in kit.CELLS], list(kit.MODELS)]))";
    let Some(said) = succeed(&place, program) else { return };
    let said: Value = serde_json::from_str(&said).expect("JSON");
    let mut imports = ["argparse", "csv", "datetime", "gc", "os", "subprocess", "sys", "threading", "time"].to_vec();
    imports.extend(["modal", "modal.exception", "modal.experimental"]);
    // The worked example imports torch in a comment.
    assert_eq!(said[0], json!(imports));
    assert_eq!(said[2].as_array().expect("models").last(), Some(&json!(HOSTILE)));
    let hostile: Vec<&Value> = said[1].as_array().expect("cells").iter().filter(|cell| cell[1] == HOSTILE).collect();
    assert_eq!(hostile[0][0], json!("import_os__bf16__A10"));
}

#[test]
fn what_cannot_be_measured_is_refused_in_one_error() {
    let place = Place::new();
    let refused = |words: &str, what: &str, help: &str| {
        let done = place.fleetfront(&format!("export benchmark-kit {words}"));
        assert_eq!((done.code, done.stdout.as_str()), (Some(2), ""), "{words}");
        assert!(done.stderr.starts_with(&format!("error: {what}")), "{words}: {}", done.stderr);
        assert!(done.stderr.contains(&format!("help: {help}")), "{words}: {}", done.stderr);
        assert_eq!(done.stderr.matches("error: ").count(), 1, "{words}: {}", done.stderr);
    };
    refused("--gpus A10G", "the scenario has no GPU type \"A10G\"", "did you mean \"A10\"? There are: T4, L4, A10");
    refused("--models flux-dew", "the scenario has no model \"flux-dew\"", "did you mean \"flux-dev\"?");
    refused("--models flux-dev:fp9", "the scenario has no variant \"fp9\"", "did you mean \"fp8\"?");
    refused("--models flux-dev:nf4", "no allocation has the model \"flux-dev:nf4\"", "say on which GPU types");
    let memory = "nothing that was chosen can run: flux-dev (bf16) on T4: needs 33.9 GiB, has 14.74; lacks bf16";
    refused("--models flux-dev --gpus T4", memory, "choose other GPU types or variants");
    refused("--out nowhere/kit.py", "--out nowhere/kit.py: cannot be written", "name a file in a folder");
    for words in ["--runs 0", "--boots 1001"] {
        assert_eq!(place.fleetfront(&format!("export benchmark-kit {words}")).code, Some(2), "{words}");
    }
    assert_eq!(place.names("."), Vec::<String>::new());
    // Into a folder it goes under its own name, and stdout has the same.
    place.succeed("export benchmark-kit --out .");
    assert_eq!(place.succeed("export benchmark-kit").stdout, place.text("benchmark_kit.py"));
    let left_out = "# - flux-schnell (fp8) on T4: needs 21.5 GiB, has 14.74\n";
    assert!(place.text("benchmark_kit.py").contains(left_out));
}

/// The package builds the app: every cell is a class with the settings of its pool.
#[test]
fn the_package_builds_the_app() {
    let Some(python) = python_with_modal() else { return };
    let place = Place::new();
    hostile_scenario(&place);
    std::fs::create_dir(place.path("kit")).expect("made");
    place.succeed("export benchmark-kit small --out kit");
    let program = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/modal_kit.py");
    let mut command = Command::new(python);
    command.args(["-X", "utf8", "-B"]).arg(program).arg(place.path("kit"));
    let done = Done::from(without_account(&mut command, &place.path("kit")).output().expect("it starts"));
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    let said: Value = serde_json::from_str(&done.stdout).expect("JSON");
    let functions = said["functions"].as_object().expect("functions");
    assert_eq!((functions.len(), &said["entrypoints"]), (8, &json!(["main"])));
    // The baseline's pool, on one GPU type though the allocation "every argument" ranks two.
    let flux = &functions["flux_dev__bf16__L40S"];
    assert_eq!((&flux["gpus"], &flux["timeout"], &flux["cpu"]), (&json!([["L40S", 1]]), &json!(1800), &json!(1.0)));
    assert_eq!((&flux["memory"], &flux["retries"]), (&json!(16384), &Value::Null));
    let arguments = json!({"gpu": "L40S", "cpu": 1.0, "memory": 16384, "scaledown_window": 300, "timeout": 1800,
        "max_containers": 1});
    assert_eq!(flux["arguments"], arguments);
    assert_eq!(flux["methods"], json!(["leave", "request"]));
    assert_eq!(functions["instantid__fp16__L40S"]["arguments"]["enable_memory_snapshot"], true);
    assert_eq!(functions["import_os__bf16__A10"]["gpus"], json!([["A10", 1]]));
    let imports = said["imports"].as_array().expect("imports");
    assert!(!imports.contains(&json!("torch")) && imports.len() == 12, "{imports:?}");
}

/// `-S` hides installed packages, and `-I` those of the user.
#[test]
fn without_the_package_the_kit_says_what_to_install() {
    let place = Place::new();
    place.succeed("export benchmark-kit --out kit.py");
    let mut command = Command::new("python3");
    let Ok(output) = command.args(["-I", "-S", "kit.py"]).current_dir(place.path(".")).output() else {
        let _ = writeln!(stderr(), "SKIPPED: no python3 on this machine");
        return;
    };
    let done = Done::from(output);
    let expected = "error: there is no package modal here: python3 -m pip install modal==1.6.4\n";
    assert_eq!((done.code, done.stdout.as_str(), done.stderr.as_str()), (Some(1), "", expected));
}
