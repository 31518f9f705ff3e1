//! `fleetfront why`.

use serde_json::Value;

use crate::cli_support::Place;

#[test]
fn an_allocation_is_told_who_beats_it_and_by_what() {
    let place = Place::new();
    let done = place.succeed("why --allocation current --trials 14 --quiet");
    for part in ["\"current\" costs $", "It is beaten:", "worst p95 / limit", "fleet 1: ", "Only cost and latency"] {
        assert!(done.stdout.contains(part), "{part:?} is missing:\n{}", done.stdout);
    }
    assert_eq!(place.names("."), Vec::<String>::new(), "it writes nothing");
}

#[test]
fn what_cannot_run_is_answered_for_as_mended() {
    let place = Place::new();
    let done = place.succeed("why --allocation proposed --trials 14 --quiet --json");
    let answer: Value = serde_json::from_str(&done.stdout).expect("JSON");
    assert_eq!(answer["allocation"], "proposed (repaired)");
    let own = answer["cost_usd_month"]["value"].as_f64().expect("a number");
    let rivals = answer["rivals"].as_array().expect("a list");
    assert!(!rivals.is_empty());
    for rival in rivals {
        let cost = rival["fleet"]["cost_usd_month"]["value"].as_f64().expect("a number");
        let saves = rival["saves_usd_month"]["value"].as_f64().expect("a number");
        assert!(cost <= own && (own - cost - saves).abs() < 1e-6, "{rival}");
    }
}

#[test]
fn an_unknown_allocation_is_refused_with_the_nearest_name() {
    let done = Place::new().fleetfront("why --allocation curent");
    assert_eq!(done.code, Some(2));
    assert!(done.stderr.contains("did you mean \"current\"?"), "{}", done.stderr);
}
