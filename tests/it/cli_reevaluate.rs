//! `fleetfront reevaluate`.

use serde_json::Value;

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
        "│ price of L40S ┆ $1.95 an hour ┆ < $1.",
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
