//! Saved studies: the report again, the inputs again, two of them side by side, and files that are no study.

use std::fs;

use serde_json::Value;

use crate::cli_support::{FILES, Place};

/// A run of a small scenario in which half of the requests of a model fail, so that numbers are infinite.
fn run_failing(place: &Place) -> String {
    let scenario = place.small_scenario("small");
    scenario.edit("scenario.toml", "failure_probability = 0.0022", "failure_probability = 0.5");
    scenario.edit("scenario.toml", "success_rate_min = 0.95", "success_rate_min = 0.40");
    let stdout = place.succeed("run small --trials 14 --quiet").stdout;
    assert!(place.text("out/report.md").contains("never"), "an infinite number is a word");
    assert!(place.json("out/study.json")["allocations"][0]["results"]["worst_p95_over_limit"]["value"].is_null());
    stdout
}

fn bytes(place: &Place, file: &str) -> Vec<u8> {
    fs::read(place.path(file)).expect("a file")
}

fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_report_from_the_study_is_the_report_of_the_run_byte_by_byte() {
    let place = Place::new();
    let said = run_failing(&place);
    let again = place.succeed("report out/study.json --out again");
    assert_eq!(again.stdout, said.replace("open out/", "open again/"));
    assert_eq!((again.stderr.as_str(), place.names("again")), ("", FILES.map(str::to_owned).to_vec()));
    for file in FILES {
        assert!(bytes(&place, &format!("out/{file}")) == bytes(&place, &format!("again/{file}")), "{file} differs");
    }
    // From the folder, and over itself.
    let before = bytes(&place, "again/study.json");
    assert_eq!(place.succeed("report again --out again --quiet").stdout, "");
    assert!(
        bytes(&place, "again/study.json") == before
            && bytes(&place, "again/report.html") == bytes(&place, "out/report.html")
    );
}

#[test]
fn a_study_can_be_run_again_from_itself() {
    let place = Place::new();
    run_failing(&place);
    let study = place.path("out/study.json");
    let elsewhere = Place::new();
    let done = elsewhere.succeed(&format!("init small --from {}", study.display()));
    assert!(
        done.stdout.starts_with(&format!("Wrote the inputs of {} to small:\n", study.display())),
        "{}",
        done.stdout
    );
    let last = "The study was made by:\n  fleetfront run small --trials 14 --seed 1\n";
    assert!(done.stdout.ends_with(last), "{}", done.stdout);
    assert_eq!(elsewhere.names("small"), place.names("small"));
    for file in place.names("small") {
        assert_eq!(elsewhere.text(&format!("small/{file}")), place.text(&format!("small/{file}")));
    }
    elsewhere.succeed("run small --trials 14 --quiet");
    for file in FILES {
        assert!(bytes(&place, &format!("out/{file}")) == bytes(&elsewhere, &format!("out/{file}")), "{file} differs");
    }
}

#[test]
fn why_answers_from_a_study_as_from_a_simulation() {
    let place = Place::new();
    run_failing(&place);
    let simulated = place.succeed("why small --allocation current --trials 14 --quiet").stdout;
    assert_eq!(place.succeed("why --study out/study.json --allocation current").stdout, simulated);
    let done = place.fleetfront("why --study out --allocation curent");
    let expected = "error: the study out has no allocation \"curent\"\n  help: did you mean \"current\"? Its allocations: \
                    current, proposed, proposed (repaired), recommended\n";
    assert_eq!((done.code, done.stderr.as_str()), (Some(2), expected));
    assert_eq!(place.fleetfront("why small --study out --allocation current").code, Some(2), "one or the other");
    assert_eq!(place.fleetfront("why --study out --allocation current --trials 14").code, Some(2));
}

#[test]
fn a_study_that_was_cut_short_is_refused_and_nothing_is_written() {
    let place = Place::new();
    place.small_scenario("small");
    place.succeed("run small --trials 2 --quiet");
    let whole = bytes(&place, "out/study.json");
    for end in [1, 100, whole.len() / 3, whole.len() / 2, whole.len() - 3] {
        fs::write(place.path("cut.json"), &whole[..end]).expect("it is written");
        let line = whole[..end].split(|byte| *byte == b'\n').count();
        for words in [
            "report cut.json --out again",
            "why --study cut.json --allocation current",
            "diff cut.json out",
            "diff out cut.json",
            "init again --from cut.json",
        ] {
            let done = place.fleetfront(words);
            assert_eq!((done.code, done.stdout.as_str()), (Some(2), ""), "{words}: {}", done.stderr);
            assert!(done.stderr.starts_with(&format!("error: cut.json:{line}:")), "{words}, {end}: {}", done.stderr);
            let rest = ": the file ends in the middle: it was cut short\n  help: copy it again, or run again\n";
            assert!(done.stderr.ends_with(rest), "{words}: {}", done.stderr);
        }
    }
    assert_eq!(place.names("."), ["cut.json", "out", "small"]);
}

#[test]
fn studies_of_another_format_and_other_files_are_refused_by_name() {
    let place = Place::new();
    place.small_scenario("small");
    place.succeed("run small --trials 2 --quiet");
    let mut study = place.json("out/study.json");
    let own = study["version"].as_str().expect("a version").to_owned();
    let root = study.as_object_mut().expect("an object");
    assert_eq!(root.keys().next().map(String::as_str), Some("allocations"), "keys are sorted when they are read");
    assert!(place.text("out/study.json").starts_with("{\n  \"format\": 1,\n"), "the format comes first");
    root.insert("format".to_owned(), 2.into());
    root.insert("version".to_owned(), "0.9.0".into());
    fs::write(place.path("newer.json"), study.to_string()).expect("it is written");
    let newer = format!(
        "error: newer.json: has a newer format of studies (number 2, written by fleetfront 0.9.0); fleetfront {own} reads \
         number 1\n  help: use the version that wrote it, or run it again, its inputs are inside: `fleetfront init FOLDER \
         --from newer.json`, then `fleetfront run FOLDER`\n"
    );
    let root = study.as_object_mut().expect("an object");
    root.remove("format");
    root.remove("origin");
    root.insert("version".to_owned(), "0.1.0".into());
    fs::write(place.path("older.json"), study.to_string()).expect("it is written");
    let older = format!(
        "error: older.json: has an older format of studies (no number, written by fleetfront 0.1.0); fleetfront {own} reads \
         number 1\n  help: run it again from the folder of its scenario\n"
    );
    fs::write(place.path("other.json"), "{\"version\": \"1\"}").expect("it is written");
    let other =
        "error: other.json: is JSON, but no study of fleetfront\n  help: name the study.json of a run\n".to_owned();
    let nothing = "error: nothing.json: there is no such file\n  help: `fleetfront run` writes a study to \
                   out/study.json\n"
        .to_owned();
    for (file, expected) in [("newer", newer), ("older", older), ("other", other), ("nothing", nothing)] {
        let done = place.fleetfront(&format!("report {file}.json --out again"));
        assert_eq!((done.code, done.stdout.as_str(), done.stderr), (Some(2), "", expected));
    }
    // A comparison is no study either, though it begins alike.
    let comparison = place.succeed("compare small --trials 2 --json --quiet").stdout;
    fs::write(place.path("comparison.json"), comparison).expect("it is written");
    let done = place.fleetfront("diff out comparison.json");
    assert!(done.stderr.starts_with("error: comparison.json: is JSON, but no study"), "{}", done.stderr);
    place.succeed("init rescued --from newer.json --quiet");
    assert_eq!(place.text("rescued/scenario.toml"), place.text("small/scenario.toml"));
}

#[test]
fn two_studies_are_told_apart_by_inputs_answer_and_decision() {
    let place = Place::new();
    let scenario = place.small_scenario("small");
    place.succeed("run small --trials 14 --quiet --out old");
    let same = place.succeed("diff old old --gate");
    assert!(same.stdout.starts_with("The decision stands: \"proposed (repaired)\" still fails its criteria"));
    assert!(same.stdout.contains("No input changed.") && !same.stdout.contains("luck,"), "{}", same.stdout);
    // L40S costs three times as much: whatever ran there had better run elsewhere.
    scenario.edit("prices.csv", "L40S,0.000542", "L40S,0.001626");
    scenario.edit("scenario.toml", "requests_per_day = 100.0", "requests_per_day = 110.0");
    place.succeed("run small --trials 14 --quiet --seed 2 --out new");
    let done = place.fleetfront("diff old new --gate");
    assert_eq!((done.code, done.stderr.as_str()), (Some(1), ""), "{}", done.stdout);
    let said = words(&done.stdout);
    assert!(said.starts_with("The decision changes: \"proposed (repaired)\" "), "{said}");
    for part in [
        "What is moved in the recommended fleet - ",
        "│ fleetfront run ┆ seed ┆ 1 ┆ 2 │",
        "│ scenario.toml ┆ models[lora].requests_per_day ┆ 100.0 ┆ 110.0 │",
        "│ prices.csv ┆ L40S: usd_per_second ┆ 0.000542 ┆ 0.001626 │",
        "│ current ┆ cost a month ┆ $",
        "┆ more than luck │",
        "which they are: their seeds differ (1 and 2).",
    ] {
        assert!(said.contains(part), "{part:?} is missing:\n{}", done.stdout);
    }
    let diff: Value = serde_json::from_str(&place.succeed("diff old new --json").stdout).expect("JSON");
    assert_eq!(diff["decision"]["changed"], true);
    assert!(diff["decision"]["moves"].as_array().is_some_and(|moves| !moves.is_empty()));
    let cost = &diff["answers"][0]["metrics"][0];
    let number = |side: &str| cost[side]["value"].as_f64().expect("a number");
    assert!((number("new") - number("old") - number("difference")).abs() < 1e-9 && number("difference") > 0.0);
    let markdown = place.succeed("diff old new --markdown").stdout;
    assert!(markdown.contains("| prices.csv | L40S: usd\\_per\\_second | 0.000542 | 0.001626 |"), "{markdown}");
    assert_eq!(place.names("."), ["new", "old", "small"], "a comparison writes nothing");
}
