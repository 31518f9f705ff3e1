//! The runner of cases with exact answers, on a small set of closed forms.

#[path = "../../examples/oracles/runner/mod.rs"]
mod runner;

use runner::{Answer, Effort, Found};

/// Enough for half widths of some per cent.
const SMALL: Effort = Effort { requests_per_trial: 2e4, requests_max: 6e6 };

fn answers(text: &str) -> Vec<Answer> {
    let cases = runner::case::read(text).expect("cases");
    let answers = runner::run(&cases, SMALL, &|_| ());
    // Shown when the test fails.
    println!("{}", runner::report::HEADER);
    for (case, answer) in cases.iter().zip(&answers) {
        println!("{}", runner::report::line(case, answer));
    }
    answers
}

/// One case of M/M/1 with a load of one half, whose mean wait is 10 s.
fn of_one(parameters: &str, metric: &str, value: f64) -> Answer {
    let text = format!(
        r#"[{{"id": "one", "description": "M/M/1", "parameters": {{"arrival_rate_per_s": 0.05, "mean_service_s": 10.0{parameters}}},
        "metric": "{metric}", "value": {value:?}, "tolerance": "half-width <=5%"}}]"#
    );
    answers(&text).remove(0)
}

#[test]
fn closed_forms_lie_inside() {
    let answers = answers(include_str!("oracles.json"));
    assert_eq!(runner::report::last_line(&answers), format!("{} inside, 0 outside, 0 not expressible", answers.len()));
    assert!(answers.len() >= 40, "{} cases", answers.len());
}

#[test]
fn a_wrong_value_lies_outside() {
    let found = |value| match of_one("", "mean wait", value) {
        Answer::Found(found) => found,
        Answer::NotExpressible(why) => panic!("{why}"),
    };
    assert!(found(10.0).inside);
    let Found { inside, note, interval, .. } = found(11.0);
    assert!(!inside && note == "second run" && interval.high < 11.0, "{note}: {interval:?}");
}

#[test]
fn what_is_not_understood_is_not_answered() {
    let why = |parameters: &str, metric: &str| match of_one(parameters, metric, 10.0) {
        Answer::NotExpressible(why) => why,
        Answer::Found(found) => panic!("{found:?}"),
    };
    assert_eq!(why(", \"temperature\": 3", "mean wait"), "not understood: temperature");
    assert_eq!(why("", "median mood"), "the metric \"median mood\" is not understood");
    assert!(why(", \"service\": \"pareto\"", "mean wait").contains("\"pareto\" is not known"));
    assert!(why(", \"servers\": 1.5", "mean wait").contains("1.5 is no count"));
}
