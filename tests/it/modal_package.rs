//! What is exported for Modal, held against the `modal` package itself: it builds the apps that the files describe, with
//! the network cut off, so that an argument that the package does not take fails here and not at a deployment.

use std::io::{Write, stderr};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};

use crate::cli_support::{Place, Scenario};

/// The Python that has the package; `.ci/run` sets it.
const PYTHON: &str = "FLEETFRONT_MODAL_PYTHON";
/// A model's name that ends a string, a list and a line in Python.
pub(crate) const HOSTILE: &str = "\"]; import os; #";

/// Every kind of argument.
const EVERY_ARGUMENT: &str = r#"
[[allocations]]
name = "every argument"
description = "coding: latin-1"

[[allocations.pools]]
name = "flux"
gpu = "L40S"
models = ["flux-schnell", "flux-dev", "lora"]
max_containers = 9
scaledown_window_s = 90.5

[allocations.pools.rules]
target_inputs = 3
gpu_fallback = ["A100-40GB"]
startup_timeout_s = 400
retry = { max_retries = 2, initial_delay_s = 1.5, backoff_coefficient = 2.0, max_delay_s = 30.0 }
schedule = [{ at = "08:00", min_containers = 2 }, { at = "19:30", min_containers = 0, max_containers = 4 }]

[[allocations.pools]]
name = "instantid"
gpu = "L40S"
models = ["instantid"]
min_containers = 1
buffer_containers = 1
max_containers = 3
retries = 2
timeout_s = 300

[allocations.pools.rules]
gpus_per_container = 2
max_pending = 50

[[allocations.pools]]
name = "wan2.1"
gpu = "L40S"
models = ["wan2.1"]
execution = "batched"
rules = { batched = { max_batch_size = 4, wait_ms = 250, item_share = 0.5 } }

[[allocations.pools]]
name = '"]; import os; #'
gpu = "L40S"
models = ['"]; import os; #']

[[cells]]
model = "instantid"
gpu = "L40S"
snapshot = { restore = { deterministic = { seconds = 5.0 } }, failure_probability = 0.01 }
provenance = { kind = "assumed", source = "a test", date = "2026-11-26" }
"#;

/// A scenario with that allocation, in which one model has the hostile name everywhere.
pub(crate) fn scenario(place: &Place) -> Scenario {
    let scenario = place.small_scenario("small");
    for file in ["benchmarks.csv", "boots.csv", "memory.csv"] {
        let text = place.text(&format!("small/{file}"));
        let quoted = format!("\"{}\",", HOSTILE.replace('"', "\"\""));
        let renamed = text.lines().map(|line| {
            let line = line.strip_prefix("seedvr2,").map_or(line.to_owned(), |rest| quoted.clone() + rest);
            line.replace("variant,seedvr2,", &format!("variant,{quoted}")) + "\n"
        });
        scenario.write(file, &renamed.collect::<String>());
    }
    let text = place.text("small/scenario.toml").replace("\"seedvr2\"", &format!("'{HOSTILE}'"));
    let assumed = "container_provenance = { kind = \"assumed\"";
    assert!(text.contains(assumed));
    let text = text.replacen(assumed, "container_provenance = { kind = \"measured\"", 1);
    scenario.write("scenario.toml", &(text + EVERY_ARGUMENT));
    scenario
}

/// A Python with the package; `None` where there is none, said past the test runner's capture.
pub(crate) fn python() -> Option<PathBuf> {
    let python = std::env::var_os(PYTHON).map_or(PathBuf::from("python3"), PathBuf::from);
    let version = ["-c", "import modal; print(modal.__version__)"];
    let found = Command::new(&python).args(version).output().is_ok_and(|output| output.status.success());
    if found {
        return Some(python);
    }
    let _ =
        writeln!(stderr(), "SKIPPED: {} has no package modal; set {PYTHON} to a Python that has it", python.display());
    None
}

/// What the apps came to, built by the package from the files of a folder.
fn build(python: &Path, folder: &Path) -> Output {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/modal_app.py");
    let mut command = Command::new(python);
    command.args(["-X", "utf8", "-B"]).arg(program).arg(folder);
    without_account(&mut command, folder).output().expect("it starts")
}

/// No account of whoever runs the tests is used.
pub(crate) fn without_account<'a>(command: &'a mut Command, folder: &Path) -> &'a mut Command {
    for name in ["MODAL_TOKEN_ID", "MODAL_TOKEN_SECRET", "MODAL_PROFILE", "MODAL_ENVIRONMENT"] {
        command.env_remove(name);
    }
    command.env("MODAL_CONFIG_PATH", folder.join("no-such-file"))
}

fn exported(place: &Place, name: &str, folder: &str, formats: &[&str]) {
    std::fs::create_dir(place.path(folder)).expect("made");
    for format in formats {
        let mut command = assert_cmd::Command::new(env!("CARGO_BIN_EXE_fleetfront"));
        command.args(["export", "out", "--allocation", name, "--format", format, "--out", folder]);
        command.current_dir(place.path(".")).assert().success();
    }
}

#[test]
fn the_package_takes_every_argument_and_nothing_in_a_name_runs() {
    let Some(python) = python() else { return };
    let place = Place::new();
    scenario(&place);
    place.succeed("run small --trials 2 --quiet");
    exported(&place, "every argument", "every", &["config.py", "schedule.py"]);
    let done = build(&python, &place.path("every"));
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let said: Value = serde_json::from_slice(&done.stdout).expect("JSON");
    let flux = &said["endpoints"]["flux-dev"];
    assert_eq!((&flux["pool"], &flux["gpu"]), (&json!("flux"), &json!(["L40S", "A100-40GB"])));
    assert_eq!((&flux["scaledown_window"], &flux["startup_timeout"]), (&json!(91), &json!(400)));
    assert_eq!(flux["retries"]["max_retries"], 2);
    assert_eq!((&flux["cpu"], &flux["memory"]), (&json!(1.0), &json!(16384)));
    let instantid = &said["endpoints"]["instantid"];
    assert_eq!((&instantid["gpu"], &instantid["retries"]), (&json!("L40S:2"), &json!(2)));
    assert_eq!(instantid["enable_memory_snapshot"], true);
    let hostile = &said["endpoints"][HOSTILE];
    assert_eq!((&hostile["pool"], &hostile["gpu"]), (&json!(HOSTILE), &json!("L40S")));
    assert_eq!(said["pools"]["flux"]["gpus"], json!(["L40S", "A100-40GB"]));
    assert_eq!(said["imports"], json!(["modal"]), "nothing but what the retries need");
    let calls = json!([
        ["image-studio", "flux", {"min_containers": 2, "max_containers": 9}],
        ["image-studio", "flux", {"min_containers": 0, "max_containers": 4}],
    ]);
    assert_eq!(said["schedule"], json!({"calls": calls, "zone": "UTC", "entrypoints": ["main"]}));
    // The recommended allocation of the same run, as the run itself wrote it.
    let done = build(&python, &place.path("out"));
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let said: Value = serde_json::from_slice(&done.stdout).expect("JSON");
    assert_eq!(said["endpoints"].as_object().map(serde_json::Map::len), Some(6));
    assert_eq!(said["imports"], json!([]));
}

/// A test that lets everything pass would let a wrong name pass.
#[test]
fn an_argument_that_the_package_does_not_have_is_found() {
    let Some(python) = python() else { return };
    let place = Place::new();
    let entry = |argument: &str| {
        format!(
            "POOLS = {{\"a\": {{\"gpu\": \"T4\", {argument}}}}}\nCONCURRENT = {{}}\nBATCHED = {{}}\nENDPOINTS = {{}}\n"
        )
    };
    for (argument, words) in [
        ("\"scaledown_window\": 60", None),
        ("\"scaledown_windows\": 60", Some("has no arguments ['scaledown_windows']")),
        ("\"scaledown_window\": 3601", Some("must be between 2 and 3600")),
        ("\"min_containers\": 3, \"max_containers\": 2", Some("cannot be greater than `max_containers`")),
    ] {
        std::fs::write(place.path("config.py"), entry(argument)).expect("written");
        let done = build(&python, &place.path("."));
        let stderr = String::from_utf8_lossy(&done.stderr);
        assert_eq!(done.status.success(), words.is_none(), "{argument}: {stderr}");
        assert!(words.is_none_or(|words| stderr.contains(words)), "{argument}: {stderr}");
    }
    std::fs::write(place.path("config.py"), "import socket\nsocket.create_connection((\"modal.com\", 443))\n")
        .expect("written");
    let done = build(&python, &place.path("."));
    assert!(String::from_utf8_lossy(&done.stderr).contains("the network was asked"));
}
