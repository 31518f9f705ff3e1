//! `fleetfront reevaluate`.

use fleetfront_planner::{Assumption, Drift};
use serde_json::Value;

use crate::cli_backtest::calls;
use crate::cli_support::Place;

#[test]
fn the_nearest_trigger_comes_first_and_each_lies_in_its_interval() {
    let place = Place::new();
    let found: Value =
        serde_json::from_str(&place.succeed("reevaluate --trials 14 --json --quiet").stdout).expect("JSON");
    let triggers = found["triggers"].as_array().expect("a list");
    assert!(triggers.len() > 5, "{}", triggers.len());
    let number = |of: &Value| of.as_f64().expect("a number");
    let distances = triggers.iter().map(|trigger| {
        let at = &trigger["at"];
        let (value, low, high, now) =
            (number(&at["value"]), number(&at["low"]), number(&at["high"]), number(&trigger["now"]));
        assert!(low <= value && value <= high, "{trigger}");
        (value / now).ln().abs()
    });
    assert!(distances.collect::<Vec<_>>().is_sorted());
    // What is moved changes an answer or is said to change none.
    let names = |list: &str| -> Vec<String> {
        found[list].as_array().expect("a list").iter().map(|of| of["knob"].to_string()).collect()
    };
    assert!(names("indifferent").iter().all(|name| !names("triggers").contains(name)));
    let threads = place.succeed("reevaluate --trials 14 --json --quiet --threads 1").stdout;
    assert_eq!(serde_json::from_str::<Value>(&threads).expect("JSON"), found);
}

#[test]
fn the_answer_is_a_sentence_and_a_table() {
    let place = Place::new();
    let done = place.succeed("reevaluate --trials 14");
    let said = done.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.starts_with("Review when the "), "{said}");
    for part in [
        "Not shown to change an answer",
        "│ price of L40S ┆ $1.95 an hour ┆ published [1] ┆ < $1.",
        "no longer: \"proposed (repaired)\" costs less",
    ] {
        assert!(said.contains(part), "{part:?} is missing:\n{}", done.stdout);
    }
    assert!(done.stderr.starts_with("tried every number on 14 trials in "), "{}", done.stderr);
}

#[test]
fn a_choice_is_between_two() {
    let place = Place::new();
    place.scenario("three");
    let more = "\n[[allocations]]\nname = \"third\"\ndescription = \"as today, other words\"\n";
    let text = place.text("three/scenario.toml");
    let start = text.find("[[allocations]]").expect("allocations");
    let first = text[start..].split("[[allocations]]").nth(1).expect("the first");
    let pools = first.find("[[allocations.pools]]").map_or("", |at| &first[at..]);
    std::fs::write(place.path("three/scenario.toml"), format!("{text}{more}{pools}")).expect("it can be written");
    let done = place.fleetfront("reevaluate three --allocations current,proposed,third");
    assert_eq!((done.code, done.stdout.as_str()), (Some(2), ""));
    assert!(
        done.stderr.starts_with("error: --allocations: 3 are given, and a choice is between two"),
        "{}",
        done.stderr
    );
}

/// What two weeks of 48 calls of flux-dev a day say, 12 s each in a container of its own that took 30 s: all by hand. The
/// scenario has 300 a day, 11.3 s (computed), boots of 43.6 s.
#[test]
fn a_log_says_which_assumptions_it_rejects_and_what_that_does() {
    let place = Place::new();
    std::fs::write(place.path("calls.json"), calls("flux-dev")).expect("it is written");
    let command = "reevaluate --trials 14 --observed calls.json --quiet";
    let found: Value = serde_json::from_str(&place.succeed(&format!("{command} --json")).stdout).expect("JSON");
    let drift: Drift = serde_json::from_value(found["drift"].clone()).expect("a drift");
    assert_eq!((drift.days, drift.allocation.as_str()), (14, "current"));
    let of = |name: &str| -> &Assumption {
        let names: Vec<&String> = drift.assumptions.iter().map(|of| &of.name).collect();
        drift.assumptions.iter().find(|of| of.name == name).unwrap_or_else(|| panic!("{name}: {names:?}"))
    };
    let traffic = of("traffic of flux-dev");
    assert!((traffic.observed.value - 48.0).abs() < 0.5 && (traffic.assumed - 300.0).abs() < 1e-9, "{traffic:?}");
    assert!(traffic.rejected && traffic.n == 14 * 48, "{traffic:?}");
    let service = of("service time of flux-dev on L40S");
    assert!((service.observed.value - 12.0).abs() < 1e-9 && !service.rejected && service.known_better, "{service:?}");
    let boot = of("boot time of flux-dev on L40S");
    assert!((boot.observed.value - 30.0).abs() < 1e-9, "{boot:?}");
    let failures = of("failures of flux-dev");
    // 0 of 672 where 1.5 are expected: 0.9978^672 = 0.23, twice.
    assert!(!failures.rejected && (failures.p_value - 2.0 * 0.9978_f64.powi(672)).abs() < 1e-6, "{failures:?}");
    assert!(of("curve of flux-dev: distance from it").rejected && of("dispersion of flux-dev in 15 min").rejected);
    for assumption in &drift.assumptions {
        let asked = found["questions"].as_array().expect("a list").len();
        assert_eq!(assumption.answers.len(), if assumption.is_replaced() { asked } else { 0 }, "{assumption:?}");
    }
    assert!(drift.together.is_some());
    let threads = place.succeed(&format!("{command} --json --threads 1")).stdout;
    assert_eq!(serde_json::from_str::<Value>(&threads).expect("JSON"), found);
    let done = place.fleetfront(&format!("{command} --gate --out answer"));
    assert_eq!(done.code, Some(1), "{}", done.stderr);
    let said = done.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.starts_with("14 days of calls reject "), "{said}");
    assert!(place.text("answer/reevaluate.md").contains("What the log says"));
    let table = place.text("answer/assumptions.csv");
    assert_eq!(table.lines().count(), 1 + drift.assumptions.len(), "{table}");
    // Three days of it, and another model.
    let other = "--from 2026-01-06 --until 2026-01-09 --serves flux-dev=instantid";
    let found: Value = serde_json::from_str(&place.succeed(&format!("{command} --json {other}")).stdout).expect("JSON");
    assert_eq!(
        (&found["drift"]["days"], &found["drift"]["assumptions"][0]["name"]),
        (&Value::from(3), &Value::from("traffic of instantid"))
    );
}

#[test]
fn a_log_that_cannot_be_held_against_the_scenario_is_one_clear_error() {
    let place = Place::new();
    let refused = |arguments: &str, message: &str| {
        let done = place.fleetfront(&format!("reevaluate --trials 14 --quiet {arguments}"));
        assert_eq!((done.code, done.stdout.as_str()), (Some(2), ""), "{arguments}: {}", done.stderr);
        assert!(done.stderr.starts_with("error: ") && done.stderr.contains(message), "{}", done.stderr);
    };
    refused("--gate", "--observed");
    refused("--status state", "--status: says how a log is read, and none is given");
    refused("--observed nothing.json", "cannot be read");
    std::fs::write(place.path("calls.json"), calls("flux-dve")).expect("it is written");
    refused("--observed calls.json", "did you mean \"flux-dev\"?");
    let milliseconds =
        calls("flux-dev").replace("\"execution_time_seconds\": 12.0", "\"execution_time_seconds\": 12000");
    std::fs::write(place.path("calls.json"), milliseconds).expect("it is written");
    refused("--observed calls.json", "is that another unit?");
}
