//! `fleetfront fallback`.

use fleetfront_planner::{FallbackPolicy, FallbackStudy, Payoff};

use crate::cli_support::Place;

fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn the_answer_is_a_sentence_then_every_policy_then_the_map() {
    let place = Place::new();
    let done = place.succeed("fallback --model instantid --pairs A10:L40S --trials 14");
    let said = words(&done.stdout);
    assert!(said.starts_with("Fallback from A10 to L40S "), "{said}");
    let order = [
        "As the scenario stands, fallback on ",
        "A10 alone, without fallback,",
        "Whatever becomes of latency and success, fallback is cheaper",
        "instantid: A10 (fp16, $1.28 an hour) before L40S (fp16, $2.13 an hour), as the scenario stands: 0.22 % of tries",
        "│ policy ┆ L40S alone ┆ A10 alone ┆ on failure │",
        "│ fell back ┆ – ┆ – ┆ 0.",
        "┆ predicted > 60 s ┆",
        "hedge after 15 s ┆",
        "what comes nearest to paying",
        "A policy pays where it costs less",
        "- Assumed, to be tried: every failure probability",
        "over 14 trials (seed 1)",
    ];
    let mut from = 0;
    for part in order {
        let at = said[from..].find(part);
        from += at.unwrap_or_else(|| panic!("{part:?} is missing, or stands too early:\n{}", done.stdout));
    }
    assert!(done.stderr.starts_with("tried every policy on 14 trials in "), "{}", done.stderr);
    assert_eq!(place.names("."), Vec::<String>::new(), "without --out nothing is written");
}

#[test]
fn files_hold_the_study_and_take_the_place_of_an_earlier_one() {
    let place = Place::new();
    let run =
        |words: &str| place.succeed(&format!("fallback --model wan2.1 --pairs L4:L40S --trials 14 --quiet {words}"));
    let done = run("--out found --json");
    let files = ["fallback.csv", "fallback.json", "fallback.md", "fallback.png", "fallback.svg"];
    assert_eq!(place.names("found"), files);
    let study: FallbackStudy = serde_json::from_str(&place.text("found/fallback.json")).expect("it can be read again");
    assert_eq!(serde_json::from_str::<FallbackStudy>(&done.stdout).expect("JSON"), study);
    let [answer] = study.pairs.as_slice() else { panic!("one pair") };
    assert_eq!((answer.model.as_str(), answer.points.len()), ("wan2.1", 20));
    // What a policy does at a point is what the intervals say.
    let results = answer.points.iter().flat_map(|point| &point.policies);
    for result in results.filter(|result| result.payoff != Payoff::NotCheaper) {
        assert!(result.cost_ratio.high < 1.0 && result.cost_p_adjusted <= 0.05, "{result:?}");
        let bounds = result.cost_ratio;
        assert!(bounds.low <= bounds.value && bounds.value <= bounds.high, "{result:?}");
    }
    let own = answer.own_point();
    assert!((own.failure.probability - 0.0022).abs() < 1e-12 && own.scarcity.share == 0.0, "{own:?}");
    assert!(own.of(FallbackPolicy::Ranked).is_none(), "L4 is there at once");
    // Neither threads nor the folder change a byte.
    let (json, md) = (place.text("found/fallback.json"), place.text("found/fallback.md"));
    assert!(md.contains("fleetfront fallback --model wan2.1 --pairs L4:L40S --trials 14 --seed 1"), "{md}");
    run("--out found --threads 1");
    assert_eq!((place.text("found/fallback.json"), place.text("found/fallback.md")), (json.clone(), md));
    run("--out found --seed 2");
    assert_ne!(place.text("found/fallback.json"), json);
}

#[test]
fn what_cannot_be_studied_is_refused() {
    let place = Place::new();
    std::fs::create_dir(place.path("mine")).expect("made");
    std::fs::write(place.path("mine/notes.txt"), "mine").expect("written");
    for (arguments, message) in [
        (
            "--model instantd",
            "error: scenario image-studio has no model \"instantd\"\n  help: did you mean \"instantid\"?",
        ),
        ("--pairs A1O:L40S", "error: scenario image-studio has no GPU \"A1O\"\n  help: did you mean \"A10\"?"),
        ("--pairs A10", "error: --pairs: \"A10\" names no two GPU types"),
        ("--pairs L40S:A10", "error: L40S is no cheaper than A10: a container costs $2.13 an hour, against $1.28"),
        (
            "--model flux-dev --pairs T4:L40S",
            "error: no model runs on a GPU type that is cheaper than its own\n  help: flux-dev cannot run on T4: bf16 needs \
             33.9 GiB, has 14.74; lacks bf16",
        ),
        ("--out mine", "error: --out mine: holds notes.txt, which no fallback study has written"),
    ] {
        let done = place.fleetfront(&format!("fallback {arguments}"));
        assert_eq!((done.code, done.stdout.as_str()), (Some(2), ""), "{arguments}");
        assert!(done.stderr.starts_with(message), "{}", done.stderr);
    }
    let tied = place.scenario("tied");
    tied.edit("scenario.toml", "[traffic]\n", "[quota]\ngpus = 10\n\n[traffic]\n");
    let done = place.fleetfront("fallback tied");
    assert_eq!((done.code, done.stdout.as_str()), (Some(2), ""));
    assert!(done.stderr.starts_with("error: the quota of the scenario ties all pools together"), "{}", done.stderr);
}
