//! `fleetfront measure`.

use serde_json::Value;

use crate::cli_support::Place;

const FEW: &str = "--worlds 24 --trials 14";

fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_choice_that_nothing_changes_is_told_as_closed() {
    let place = Place::new();
    let done = place.succeed(&format!("measure {FEW}"));
    let said = words(&done.stdout);
    assert!(
        said.starts_with("With what is known, \"current\" is the choice in every world. Nothing is open"),
        "{said}"
    );
    for part in [
        "- \"current\": cost $",
        "% is what nobody measured; by luck alone $",
        "Luck and ignorance",
        "- Made to fit: ",
        "boot time of flux-dev on L40S",
        "- failure probability of flux-schnell (assumed, no counts stated)",
        "24 worlds of 14 days (seed 1)",
    ] {
        assert!(said.contains(part), "{part:?} is missing:\n{}", done.stdout);
    }
    assert!(done.stderr.starts_with("simulated 24 worlds of 14 trials of each in "), "{}", done.stderr);
    assert_eq!(place.names("."), Vec::<String>::new(), "nothing is written without --out");
}

#[test]
fn what_is_printed_follows_the_seed_and_not_the_threads() {
    let place = Place::new();
    let run =
        |words: &str| place.succeed(&format!("measure {FEW} --allocations current --json --quiet {words}")).stdout;
    assert_eq!(run(""), run("--threads 1"));
    assert_ne!(run(""), run("--seed 2"));
}

#[test]
fn numbers_are_held_by_name_and_unknown_names_are_refused() {
    let place = Place::new();
    let run = |more: &[&str]| -> Value {
        let done = place.fleetfront_with(&format!("measure {FEW} --allocations current --json --quiet"), more);
        serde_json::from_str(&done.stdout).expect("JSON")
    };
    let names = |found: &Value| -> Vec<String> {
        let all = found["measurements"].as_array().expect("a list").iter();
        all.map(|of| of["unknown"]["name"].as_str().expect("a name").to_owned()).collect()
    };
    let name = "boot time of flux-dev on L40S";
    let (all, fewer) = (run(&[]), run(&["--fix", name]));
    assert!(names(&all).contains(&name.to_owned()) && !names(&fewer).contains(&name.to_owned()));
    assert_eq!((names(&all).len(), &fewer["fixed"][0]), (names(&fewer).len() + 1, &Value::from(name)));
    let done = place.fleetfront_with(&format!("measure {FEW}"), &["--fix", "boot time of flux-dev on L40"]);
    assert_eq!((done.code, done.stdout.as_str()), (Some(2), ""));
    assert!(done.stderr.contains(&format!("did you mean \"{name}\"?")), "{}", done.stderr);
    let done = place.fleetfront("measure --trials 10");
    assert_eq!(done.code, Some(2));
    assert!(done.stderr.contains("give 14, 21, 28 or another multiple of 7"), "{}", done.stderr);
}

/// What a study recommends is one of its allocations.
#[test]
fn the_recommended_allocation_of_a_study_is_measured_too() {
    let place = Place::new();
    place.succeed("run --trials 14 --quiet --out study");
    let done = place.succeed(&format!("measure --study study {FEW} --quiet --out out"));
    assert!(words(&done.stdout).contains("\"recommended\": cost $"), "{}", done.stdout);
    let found = place.json("out/measure.json");
    let names: Vec<&str> = found["allocations"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|of| of["name"].as_str().expect("a name"))
        .collect();
    assert_eq!(names, ["current", "proposed (repaired)", "recommended"]);
    // The command in the page makes the same files.
    let page = place.text("out/measure.md");
    let again = page.split("```sh\nfleetfront ").nth(1).and_then(|rest| rest.lines().next()).expect("a command");
    assert!(again.contains("--study study --allocations current,proposed,recommended"), "{again}");
    place.succeed(&format!("{again} --quiet --out out"));
    assert_eq!(place.text("out/measure.md"), page);
}
