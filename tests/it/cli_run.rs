//! `fleetfront run`: the answer first, all files or none, and the exit code of the gate.

use std::fs;

use serde_json::Value;

use crate::cli_support::{FILES, Place};

#[test]
fn the_default_is_answered_first_and_written_whole() {
    let place = Place::new();
    let done = place.succeed("run --trials 14");
    assert_eq!(place.names("."), ["out"], "nothing but the folder");
    assert_eq!(place.names("out"), FILES);
    let study = place.json("out/study.json");
    assert_eq!((study["trials"].as_u64(), study["seed"].as_u64()), (Some(14), Some(1)));
    let words = |path: &str| study.pointer(path).and_then(Value::as_str).expect("words").to_owned();
    // Lines are wrapped, and numbers are set with commas and proper minus signs: compare words without those.
    let bare = |text: &str| text.replace(',', "").replace('−', "-").replace('→', "->");
    let said: Vec<&str> = done.stdout.split_whitespace().collect();
    let said = bare(&said.join(" "));
    let in_order = [
        words("/verdict/headline"),
        words("/verdict/first/0"),
        words("/recommendation/headline"),
        "Criteria, \"proposed (repaired)\"".to_owned(),
        "latency p95".to_owned(),
        "an autoscaler that knew the future would pay $".to_owned(),
        "│ spreadsheet".to_owned(),
        "open out/report.html".to_owned(),
    ];
    let mut from = 0;
    for part in in_order {
        let at =
            said[from..].find(&bare(&part)).unwrap_or_else(|| panic!("{part:?} is missing or late:\n{}", done.stdout));
        assert!(from > 0 || at == 0, "the verdict comes first");
        from += at + bare(&part).len();
    }
    assert_eq!(from, said.len(), "the place of the report comes last");
    // The spreadsheet's bills of the requirements: 10 s x requests x price of the GPU.
    assert!(said.contains("$162.60") && said.contains("$91.74"), "{}", done.stdout);
    assert!(done.stderr.starts_with("simulated 14 trials a point in "), "timing is no result: {}", done.stderr);
}

#[test]
fn an_untouched_copy_gives_the_same_study_as_the_embedded_scenario() {
    let place = Place::new();
    place.scenario("copy");
    place.succeed("run --trials 3 --quiet --out embedded");
    place.succeed("run copy --trials 3 --quiet --out folder");
    place.succeed("run copy/scenario.toml --trials 3 --quiet --out file");
    for name in FILES.iter().filter(|name| **name != "frontier.png") {
        let embedded = place.text(&format!("embedded/{name}"));
        let same = |folder: &str| embedded == place.text(&format!("{folder}/{name}"));
        assert!(same("folder") && same("file"), "{name} differs");
    }
    assert!(place.text("folder/report.html").contains("fleetfront run --trials 3 --seed 1"));
}

#[test]
fn json_on_stdout_is_the_study_and_quiet_is_quiet() {
    let place = Place::new();
    place.small_scenario("small");
    let done = place.succeed("run small --trials 2 --json --quiet");
    assert_eq!(done.stdout, place.text("out/study.json"));
    assert_eq!(done.stderr, "");
}

#[test]
fn a_later_run_replaces_an_earlier_one_as_a_whole() {
    let place = Place::new();
    place.small_scenario("small");
    for seed in [1, 2] {
        place.succeed(&format!("run small --trials 2 --quiet --seed {seed} --out deep/down/out"));
        assert_eq!(place.json("deep/down/out/study.json")["seed"], seed);
        assert_eq!(place.names("deep/down"), ["out"]);
        assert_eq!(place.names("deep/down/out"), FILES);
    }
}

#[test]
fn the_gate_is_the_verdict() {
    let place = Place::new();
    let scenario = place.small_scenario("small");
    let done = place.fleetfront("run small --trials 14 --quiet --gate");
    assert_eq!((done.code, done.stderr.as_str()), (Some(1), ""), "the proposal fails");
    assert_eq!(place.names("out"), FILES, "the files are written all the same");
    assert_eq!(place.json("out/study.json")["verdict"]["judgement"], "fail");
    place.succeed("run small --trials 14 --quiet");
    // Ask for no more than half of the requests to complete.
    scenario.edit("scenario.toml", "cost_reduction_min = 0.40", "");
    scenario.edit("scenario.toml", "latency_ratio_max = 1.20", "");
    scenario.edit("scenario.toml", "latency_limit = true", "latency_limit = false");
    scenario.edit("scenario.toml", "success_rate_min = 0.95", "success_rate_min = 0.5");
    place.succeed("run small --trials 14 --quiet --gate");
    assert_eq!(place.json("out/study.json")["verdict"]["judgement"], "pass");
}

#[test]
fn a_folder_with_anything_else_in_it_is_refused_before_the_simulation() {
    let place = Place::new();
    fs::create_dir(place.path("mine")).expect("made");
    fs::write(place.path("mine/notes.txt"), "keep me").expect("written");
    // So many trials that only a check beforehand can answer in time.
    let done = place.fleetfront("run --trials 70000 --out mine");
    assert_eq!((done.code, done.stdout.as_str()), (Some(2), ""));
    let expected = "error: --out mine: holds notes.txt, which no run has written; it would be lost\n  \
                    help: name a folder that does not exist, is empty, or holds an earlier run\n";
    assert_eq!(done.stderr, expected);
    assert_eq!((place.names("mine"), place.text("mine/notes.txt").as_str()), (vec!["notes.txt".to_owned()], "keep me"));
}

#[test]
fn a_folder_that_cannot_be_written_is_refused_before_the_simulation() {
    let place = Place::new();
    fs::write(place.path("file"), "").expect("written");
    let done = place.fleetfront("run --trials 70000 --out file/out");
    assert_eq!((done.code, done.stdout.as_str()), (Some(2), ""));
    assert!(done.stderr.starts_with("error: --out file/out: cannot be written: "), "{}", done.stderr);
    assert!(done.stderr.contains("help: name a folder in a place that you may write to with --out"), "{}", done.stderr);
    assert_eq!(place.names("."), ["file"]);
}

/// A limit on the size of a file stands in for a full disk: both are errors in the middle of writing.
#[cfg(unix)]
#[test]
fn a_disk_that_is_full_leaves_what_was_there() {
    let place = Place::new();
    place.small_scenario("small");
    place.succeed("run small --trials 2 --quiet");
    let before = place.text("out/study.json");
    for out in ["out", "new/out"] {
        let script =
            format!("trap '' XFSZ; ulimit -f 64; exec \"$0\" run small --trials 2 --seed 9 --quiet --out {out}");
        let mut command = assert_cmd::Command::new("sh");
        command.args(["-c", &script, env!("CARGO_BIN_EXE_fleetfront")]).current_dir(place.path("."));
        let output = command.output().expect("it starts");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{stderr}");
        assert!(stderr.starts_with(&format!("error: --out {out}: cannot be written: ")), "{stderr}");
        assert!(stderr.contains("help: make room"), "{stderr}");
        assert_eq!(place.names("."), ["out", "small"], "no litter");
        assert_eq!(place.text("out/study.json"), before);
    }
}
