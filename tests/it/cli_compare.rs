//! `fleetfront compare`.

use serde_json::Value;

use crate::cli_support::Place;

fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn the_proposed_allocation_is_held_against_the_baseline() {
    let place = Place::new();
    let done = place.succeed("compare");
    let said = words(&done.stdout);
    assert!(said.starts_with("\"proposed (repaired)\" costs −"), "{said}");
    for part in [
        "against \"current\", its p95 is ",
        "it fails its criteria.",
        "- Made to fit: flux-schnell as nf4-offload",
        "variance saved by pairing",
        "- flux-schnell: warm service time below 30 s: measure the service time of flux-schnell on T4",
    ] {
        assert!(said.contains(part), "{part:?} is missing:\n{}", done.stdout);
    }
    assert!(done.stderr.starts_with("simulated "), "{}", done.stderr);
    assert_eq!(place.names("."), Vec::<String>::new(), "a comparison writes nothing");
}

#[test]
fn the_gate_closes_when_an_allocation_fails() {
    let place = Place::new();
    assert_eq!(place.fleetfront("compare --gate --trials 14 --quiet").code, Some(1));
    // A criterion that everything meets, and none besides.
    let edited = place.scenario("open");
    edited.edit("scenario.toml", "cost_reduction_min = 0.40", "cost_reduction_min = 0.01");
    edited.edit("scenario.toml", "latency_ratio_max = 1.20\n", "");
    edited.edit("scenario.toml", "latency_limit = true", "latency_limit = false");
    let done = place.fleetfront("compare open --gate --trials 28 --quiet");
    assert_eq!(done.code, Some(0), "{}{}", done.stdout, done.stderr);
    assert!(words(&done.stdout).contains("it passes every criterion."), "{}", done.stdout);
}

#[test]
fn trials_follow_the_half_width_and_the_result_follows_the_seed() {
    let place = Place::new();
    let run = |words: &str| -> Value {
        serde_json::from_str(&place.succeed(&format!("compare --json --quiet {words}")).stdout).expect("JSON")
    };
    let narrow = run("--half-width 0.3");
    assert!(narrow["trials"].as_u64() > Some(98), "{}", narrow["trials"]);
    assert_eq!(narrow, run("--half-width 0.3 --threads 1"));
    assert_ne!(narrow["differences"], run("--half-width 0.3 --seed 2")["differences"]);
    let ratio = &narrow["differences"][0]["cost_ratio"];
    let number = |key: &str| ratio[key].as_f64().expect("a number");
    assert!((number("high") - number("low")) / 2.0 / number("value") < 0.0035, "{ratio}");
}

#[test]
fn what_cannot_be_compared_is_refused() {
    let place = Place::new();
    for (arguments, message) in [
        (
            "--allocations current,propsed",
            "error: scenario image-studio has no allocation \"propsed\"\n  help: did you mean \"proposed\"?",
        ),
        ("--allocations current", "error: --allocations: \"current\" alone is nothing to compare"),
        ("--allocations current,current", "error: --allocations: \"current\" stands there twice"),
    ] {
        let done = place.fleetfront(&format!("compare {arguments}"));
        assert_eq!((done.code, done.stdout.as_str()), (Some(2), ""));
        assert!(done.stderr.starts_with(message), "{}", done.stderr);
    }
    for arguments in ["--half-width 0", "--half-width 51", "--trials 10 --half-width 2", "--trials 1"] {
        assert_eq!(place.fleetfront(&format!("compare {arguments}")).code, Some(2), "{arguments}");
    }
}
