//! `fleetfront traffic` beside scenarios: from a log to its replay, and columns that the scenario names.

use fleetfront_scenario::{Files, Scenario};
use fleetfront_sim::Seconds;
use fleetfront_workloads::draw_requests;

use crate::cli_support::Place;
use crate::cli_traffic::{csv_log, stamps};

/// The default scenario where the lines of the answer stand, as they are printed, in the place of the same lines of
/// `lora` and `wan2.1`, for the log's models `a` and `b`.
fn replayed(place: &Place, answer: &str) -> Scenario {
    let (_, section) = answer.split_once("## To replay the log").expect("the lines of the replay");
    let mut files = Files::embedded();
    let mut text = files.text("scenario.toml").expect("it is there").to_owned();
    for (own, model) in [("lora", "a"), ("wan2.1", "b")] {
        let (_, lines) = section.split_once(&format!("\n# {model}: ")).expect("the model");
        let (_, lines) = lines.split_once('\n').expect("lines below their comment");
        let end = ["\n\n", "\n```"].iter().filter_map(|end| lines.find(end)).min().expect("their end");
        let name = format!("[[models]]\nname = \"{own}\"\n");
        let (before, after) = text.split_once(&name).expect("the model");
        let (entry, after) = after.split_once("\n\n").expect("its lines");
        let is_replaced =
            |line: &&str| line.starts_with("requests_per_day =") || line.starts_with("traffic_provenance =");
        assert_eq!(entry.lines().filter(is_replaced).count(), 2, "{entry}");
        let rest: String = entry.split_inclusive('\n').filter(|line| !is_replaced(line)).collect();
        text = format!("{before}{name}{}\n{rest}\n{after}", &lines[..end]);
        let file = format!("trace.{model}.csv");
        files = files.with(&file, &place.text(&format!("found/{file}")));
    }
    Scenario::load(&files.with("scenario.toml", &text)).unwrap_or_else(|problems| panic!("{problems:#?}"))
}

/// The days and seconds of the requests that the log has of a model.
fn in_log(model: &str) -> Vec<(u32, u32)> {
    let log = csv_log();
    let of_model = log.lines().filter(|line| line.ends_with(model));
    of_model
        .map(|line| {
            let number = |from: usize| line[from..from + 2].parse::<u32>().expect("two digits");
            (number(8) - 1, number(11) * 3600 + number(14) * 60 + number(17))
        })
        .collect()
}

/// The log has two whole weeks from a Monday on: the first fourteen days of the replay are the log, request by request.
#[test]
fn a_replay_has_exactly_the_requests_of_the_log() {
    let place = Place::new();
    std::fs::write(place.path("log.csv"), csv_log()).expect("it is written");
    let done = place.succeed("traffic log.csv --trace --quiet --out found");
    assert!(
        done.stdout.contains("replay = { file = \"trace.a.csv\"") && done.stdout.contains("# 0 requests are left out"),
        "{}",
        done.stdout
    );
    assert!(done.stdout.contains("trace.a.csv, trace.b.csv to found."), "{}", done.stdout);
    let mut traffic = replayed(&place, &place.text("found/answer.md")).traffic;
    traffic.run_in = Seconds::ZERO;
    let requests = |model: usize| -> Vec<(u32, u32)> {
        let of_day = |day: u32| draw_requests(&traffic, 1, day, model).into_iter().map(move |of| (day, of.at.0));
        let second = |(day, at_ns): (u32, u64)| (day, u32::try_from(at_ns / 1_000_000_000).expect("a second of a day"));
        (0..14).flat_map(of_day).map(second).collect()
    };
    assert_eq!((requests(3), requests(4)), (in_log(",a"), in_log(",b")));
    assert_eq!(in_log(",a").len() + in_log(",b").len(), stamps().len());
    let again = place.text("found/trace.a.csv");
    assert!(again.starts_with("day,at_s\n0,"));
    place.succeed("traffic log.csv --trace --quiet --threads 1 --out found");
    assert_eq!(place.text("found/trace.a.csv"), again);
    place.succeed("traffic log.csv --quiet --out found");
    assert!(!place.names("found").iter().any(|name| name.starts_with("trace")));
}

#[test]
fn a_trace_needs_a_folder_and_requests() {
    let place = Place::new();
    std::fs::write(place.path("log.csv"), "hour,requests\n0,5\n1,6\n2,1\n").expect("it is written");
    assert_eq!(place.fleetfront("traffic log.csv --trace").code, Some(2));
    let done = place.fleetfront("traffic log.csv --trace --out found");
    assert_eq!(done.code, Some(2));
    assert!(done.stderr.contains("counts in bins of 3600 s do not say when each request came"), "{}", done.stderr);
    assert_eq!(place.names("."), ["log.csv"]);
}

#[test]
fn a_scenario_says_how_its_log_is_read_and_options_win() {
    let place = Place::new();
    let log = csv_log().replacen("time,model", "seen,what", 1);
    std::fs::write(place.path("log.csv"), &log).expect("it is written");
    place.succeed("init mine");
    let toml = place.text("mine/scenario.toml");
    let say = |section: &str| {
        std::fs::write(place.path("mine/scenario.toml"), format!("{toml}\n{section}")).expect("it is written");
    };
    let done = place.fleetfront("traffic log.csv --scenario mine");
    assert!(done.code == Some(2) && done.stderr.contains("it has no [log]"), "{}", done.stderr);
    say("[log]\ntime = \"seen\"\nmodel = \"what\"\nzone = \"Asia/Tokyo\"\n");
    assert!(!place.succeed("traffic log.csv --time seen --quiet").stdout.contains("name = \"a\""));
    let done = place.succeed("traffic log.csv --scenario mine --quiet --json");
    let by_options = "traffic log.csv --time seen --model what --zone Asia/Tokyo";
    assert_eq!(done.stdout, place.succeed(&format!("{by_options} --quiet --json")).stdout);
    assert!(done.stdout.contains(&format!("\"command\": \"fleetfront {by_options} --wrong-share 0.01\"")));
    let utc = place.succeed("traffic log.csv --scenario mine --zone UTC --quiet --json").stdout;
    assert!(utc.contains("--time seen --model what --zone UTC"), "{utc}");
    say("[log]\ntimes = \"seen\"\n");
    let done = place.fleetfront("traffic log.csv --scenario mine");
    assert!(done.code == Some(2) && done.stderr.contains("did you mean"), "{}", done.stderr);
}
