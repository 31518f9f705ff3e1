//! `fleetfront whatif`, and the files that the commands which answer one question write.

use serde_json::Value;

use crate::cli_support::Place;

fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn changes_are_told_with_what_they_save_and_what_to_write() {
    let place = Place::new();
    let done = place.succeed("whatif --trials 14");
    let said = words(&done.stdout);
    assert!(said.starts_with("Of ") && said.contains(" changes to \"current\", "), "{said}");
    for part in [
        "As it is, \"current\" costs $",
        "One change at a time, those that save most first",
        "0.09 → 0.29",
        "another precision: ",
        "memory snapshots: a memory snapshot for all pools (derived: 48.3 s to the first image without and 11.4 s with",
        "`scaledown_window_s = 60.0` in every pool of \"current\"",
        "they hold luck, not whether a change does what it says",
    ] {
        assert!(said.contains(part), "{part:?} is missing:\n{}", done.stdout);
    }
    assert!(done.stderr.starts_with("tried ") && done.stderr.contains(" changes on 14 trials in "), "{}", done.stderr);
    assert_eq!(place.names("."), Vec::<String>::new(), "nothing is written without --out");
    let proposed = words(&place.succeed("whatif --allocation proposed --trials 14 --quiet").stdout);
    assert!(
        proposed.contains("changes to \"proposed (repaired)\"") && proposed.contains("- Made to fit: "),
        "{proposed}"
    );
}

#[test]
fn what_is_printed_follows_the_seed_and_not_the_threads() {
    let place = Place::new();
    let run = |words: &str| place.succeed(&format!("whatif --trials 14 --json --quiet {words}")).stdout;
    assert_eq!(run(""), run("--threads 1"));
    assert_ne!(run(""), run("--seed 2"));
    let found: Value = serde_json::from_str(&run("")).expect("JSON");
    let ratios = found["changes"].as_array().expect("a list").iter().map(|of| of["cost_ratio"]["value"].as_f64());
    assert!(ratios.collect::<Option<Vec<f64>>>().expect("numbers").is_sorted());
}

#[test]
fn an_unknown_allocation_is_refused_with_the_nearest_name() {
    let done = Place::new().fleetfront("whatif --allocation curent");
    assert_eq!((done.code, done.stdout.as_str()), (Some(2), ""));
    assert!(done.stderr.contains("did you mean \"current\"?"), "{}", done.stderr);
}

/// The files of each command, again and in the same bytes; what they are made of is tested where they are made.
#[test]
fn answers_are_written_as_figure_table_data_and_text() {
    let place = Place::new();
    for (command, stem, more) in [
        ("compare --trials 14", "compare", None),
        ("reevaluate --trials 14", "reevaluate", None),
        ("whatif --trials 14", "what_if", None),
        ("why --allocation current --trials 14", "why", Some("why.toml")),
    ] {
        let done = place.succeed(&format!("{command} --quiet --out {stem}"));
        let mut names: Vec<String> = ["csv", "json", "md", "png", "svg"].map(|end| format!("{stem}.{end}")).to_vec();
        names.extend(more.map(str::to_owned));
        assert_eq!(place.names(stem), names);
        assert!(words(&done.stdout).contains(&format!("to {stem}.")), "{}", done.stdout);
        let page = place.text(&format!("{stem}/{stem}.md"));
        // The command in the page writes the same files.
        let again = page.split("```sh\nfleetfront ").nth(1).and_then(|rest| rest.lines().next()).expect("a command");
        let figure = place.text(&format!("{stem}/{stem}.svg"));
        place.succeed(&format!("{again} --quiet --out {stem}"));
        assert_eq!(
            (place.text(&format!("{stem}/{stem}.svg")), place.text(&format!("{stem}/{stem}.md"))),
            (figure, page)
        );
    }
    let refused = place.fleetfront("compare --trials 14 --out why");
    assert_eq!((refused.code, refused.stdout.as_str()), (Some(2), ""));
    assert!(refused.stderr.contains("which no comparison has written; it would be lost"), "{}", refused.stderr);
}

/// What beats an allocation can be appended to the scenario, and is there what it was said to be.
#[test]
fn fleets_that_beat_an_allocation_are_allocations() {
    let place = Place::new();
    let scenario = place.scenario("fleet");
    place.succeed("why fleet --allocation current --trials 14 --quiet --out out");
    let text = place.text("fleet/scenario.toml") + &place.text("out/why.toml");
    scenario.write("scenario.toml", &text);
    let rivals = place.json("out/why.json")["why"]["rivals"].clone();
    for (place_of, rival) in rivals.as_array().expect("a list").iter().enumerate() {
        let name = format!("fleet-{}", place_of + 1);
        let words = format!("simulate fleet --allocation {name} --trials 14 --json --quiet");
        let own: Value = serde_json::from_str(&place.succeed(&words).stdout).expect("JSON");
        let cost = |of: &Value, key: &str| of["cost_usd_month"][key].as_f64().expect("a number");
        let (simulated, said) = (&own["results"]["fleet"], &rival["fleet"]);
        assert!(
            cost(said, "low") <= cost(simulated, "value") && cost(simulated, "value") <= cost(said, "high"),
            "{name}: {simulated} and {said}"
        );
    }
}
