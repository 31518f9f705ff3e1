//! `fleetfront elsewhere`, and a platform by its name in a scenario.

use serde_json::Value;

use crate::cli_support::Place;

fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn the_baseline_is_priced_on_every_platform() {
    let place = Place::new();
    let done = place.succeed("elsewhere --trials 14");
    let said = words(&done.stdout);
    assert!(said.starts_with("\"current\" costs $"), "{said}");
    for part in [
        "modal (home)",
        "runpod-flex",
        "replicate-private",
        "baseten",
        "cost a month with it",
        "GPU types not offered",
        "What had to be changed to make it run there",
        "What is not as it is there - modal:",
        "Costs are before any plan's fee.",
    ] {
        assert!(said.contains(part), "{part:?} is missing:\n{}", done.stdout);
    }
    assert!(done.stderr.starts_with("simulated 14 trials on each platform"), "{}", done.stderr);
    let json = |extra: &str| -> Value {
        let words = format!("elsewhere --allocation proposed --trials 14 --json --quiet {extra}");
        serde_json::from_str(&place.succeed(&words).stdout).expect("JSON")
    };
    let proposed = json("");
    assert!(proposed["home"].is_null(), "the proposed allocation does not fit at home: {}", proposed["home"]);
    assert_eq!(proposed["platforms"].as_array().map(Vec::len), Some(7));
    assert_eq!(proposed, json("--threads 1"));
    assert_eq!(place.names("."), Vec::<String>::new(), "it writes nothing");
}

#[test]
fn a_platform_is_a_line_of_the_scenario() {
    let place = Place::new();
    let folder = place.scenario("there");
    folder.edit("scenario.toml", "name = \"modal\"\n", "name = \"modal\"\npreset = \"runpod-flex\"\n");
    let checked = place.succeed("check there");
    let said = words(&checked.stdout);
    assert!(said.contains("not offered"), "{}", checked.stdout);
    assert!(said.contains("container disk and network volumes are billed apart"), "{}", checked.stdout);
    let home: Value =
        serde_json::from_str(&place.succeed("simulate there --allocation current --trials 14 --json --quiet").stdout)
            .expect("JSON");
    let found: Value =
        serde_json::from_str(&place.succeed("elsewhere --trials 14 --json --quiet").stdout).expect("JSON");
    let runpod = found["platforms"].as_array().and_then(|all| all.iter().find(|one| one["platform"] == "runpod-flex"));
    let there = &runpod.expect("it is there")["outcome"]["cost_usd_month"];
    assert_eq!(&home["results"]["fleet"]["cost_usd_month"], there);
    folder.edit("scenario.toml", "runpod-flex", "runpod-flexx");
    let done = place.fleetfront("check there");
    assert_eq!(done.code, Some(2));
    assert!(done.stderr.contains("there is no platform \"runpod-flexx\""), "{}", done.stderr);
    assert!(done.stderr.contains("did you mean \"runpod-flex\"?"), "{}", done.stderr);
}
