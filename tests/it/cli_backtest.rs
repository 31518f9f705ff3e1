//! `fleetfront backtest` on small logs and on a real one.

use std::fmt::Write as _;
use std::io::Read as _;

use fleetfront_planner::{Backtest, BacktestLine, BacktestSubject, GivenTraffic, Metric};

use crate::cli_support::Place;

/// Two weeks of calls from Monday 2026-01-05, as `modal function calls --json` lists them: one of flux-dev every half hour,
/// 12 s each, in a container of its own that took 30 s to start.
pub(crate) fn calls(model: &str) -> String {
    let call = |k: u32| {
        let (day, minute) = (5 + k / 48, k % 48 * 30);
        let at = |second: u32| format!("2026-01-{day:02}T{:02}:{:02}:{second:02}Z", minute / 60, minute % 60);
        format!(
            "{{\"function_call_id\": \"fc-{k}\", \"service_method_name\": \"{model}\", \"enqueued_at\": \"{}\", \
             \"started_at\": \"{}\", \"container_id\": \"ta-{k}\", \"startup_time_seconds\": 30.0, \
             \"execution_time_seconds\": 12.0, \"status\": \"success\"}}",
            at(0),
            at(30)
        )
    };
    format!("[{}]", (0..14 * 48).map(call).collect::<Vec<_>>().join(",\n"))
}

/// The bill of these days: dollars of one app, and of another that is none of ours. By hand: each of 48 containers a day starts
/// for 30 s, executes for 12 s and is idle for the 300 s of its window, at 0.00059062 USD a second.
const USD_A_DAY: f64 = 48.0 * (30.0 + 12.0 + 300.0) * 0.000_590_62;

pub(crate) fn bill() -> String {
    let mut text = "Object ID,Description,Environment,Interval Start,Cost\n".to_owned();
    for day in 5..19 {
        let _ = writeln!(text, "ap-1,image-studio,main,2026-01-{day:02}T00:00:00,{USD_A_DAY}");
        let _ = writeln!(text, "ap-2,training,main,2026-01-{day:02}T00:00:00,40");
    }
    text
}

fn write(place: &Place, name: &str, text: &str) {
    std::fs::write(place.path(name), text).expect("it is written");
}

fn line(found: &Backtest, traffic: GivenTraffic, metric: Metric) -> &BacktestLine {
    let is_it = |line: &&BacktestLine| {
        line.traffic == traffic && line.metric == metric && line.subject == BacktestSubject::Fleet
    };
    found.lines.iter().find(is_it).expect("a line of the fleet")
}

/// Every call waits for its container: the pool of today keeps one for less than half an hour. Nothing varies, so that the
/// prediction is the observation, as far as starts and executions go.
#[test]
fn a_log_without_chance_is_predicted_exactly() {
    let place = Place::new();
    write(&place, "calls.json", &calls("flux-dev"));
    write(&place, "bill.csv", &bill());
    write(&place, "rates.json", "{\"l40s\": \"1.9512\", \"cpu\": \"9\"}");
    let command = "backtest --observed calls.json --worlds 19 --traffic given --quiet";
    let done = place.succeed(&format!("{command} --json --bill bill.csv --rates rates.json"));
    let found: Backtest = serde_json::from_str(&done.stdout).expect("a backtest");
    assert_eq!((found.first.days(), found.second.days(), found.second.dates[0].as_str()), (7, 7, "2026-01-12"));
    for (metric, observed) in [
        (Metric::WaitMean, 30.0),
        (Metric::LatencyP95, 42.0),
        (Metric::ColdStartShare, 1.0),
        (Metric::BusyPerDay, 48.0 * 12.0),
        (Metric::BootPerDay, 48.0 * 30.0),
    ] {
        let own = line(&found, GivenTraffic::Given, metric);
        assert!((own.observed - observed).abs() < 1e-6 * observed, "{own:?}");
        assert!((own.predicted - observed).abs() < 1e-6 * observed && own.is_inside, "{own:?}");
    }
    let usd = line(&found, GivenTraffic::Given, Metric::UsdPerDay);
    assert!((usd.observed - USD_A_DAY).abs() < 1e-9 && (usd.predicted / USD_A_DAY - 1.0).abs() < 2e-3, "{usd:?}");
    let told = found.bill.expect("a bill was given");
    assert!(
        (told.unmatched[0].usd - 280.0).abs() < 1e-9 && (told.outside_usd - 7.0 * (40.0 + USD_A_DAY)).abs() < 1e-9,
        "{told:?}"
    );
    assert!(found.rates.expect("rates were given").checks.iter().any(|check| check.differs && check.item == "cpu"));
    let out = place.succeed(&format!("{command} --out answer"));
    assert!(out.stdout.starts_with("The prediction passes: "), "{}", out.stdout);
    assert_eq!(place.names("answer"), ["backtest.csv", "backtest.json", "backtest.md", "backtest.png", "backtest.svg"]);
    ratios_are_marked(&place.text("answer/backtest.svg"));
    place.succeed(&format!("{command} --out answer --threads 1"));
}

/// The axis of a figure of ratios is marked at one, and nowhere at zero or below.
fn ratios_are_marked(svg: &str) {
    let texts = svg.split("<text").skip(1).filter_map(|rest| rest.split_once('>')?.1.split_once('<'));
    let ticks: Vec<&str> = texts.filter_map(|(text, _)| text.strip_suffix('×')).collect();
    let of = |tick: &&str| tick.parse::<f64>().unwrap_or_else(|error| panic!("{tick}: {error}"));
    let ratios: Vec<f64> = ticks.iter().map(of).collect();
    assert!(ratios.len() >= 2 && ratios.contains(&1.0), "{ticks:?}");
    assert!(ratios.iter().all(|ratio| *ratio > 0.0) && ratios.is_sorted(), "{ticks:?}");
}

#[test]
fn a_gate_fails_where_too_few_numbers_lie_in_their_bands() {
    let place = Place::new();
    // In the second week executions take five times as long.
    let text = calls("flux-dev");
    let (first, second) = text.split_at(text.find("2026-01-12").expect("a second week"));
    write(&place, "calls.json", &(first.to_owned() + &second.replace(": 12.0", ": 60.0")));
    let command = "backtest --observed calls.json --worlds 19 --traffic given --quiet --gate --pass-share 0.9";
    let done = place.fleetfront(command);
    assert_eq!(done.code, Some(1), "{}", done.stderr);
    assert!(done.stdout.contains("point to service times"), "{}", done.stdout);
    place.fleetfront(&format!("{command} --out answer"));
    ratios_are_marked(&place.text("answer/backtest.svg"));
}

#[test]
fn what_cannot_be_predicted_is_one_clear_error() {
    let refused = |files: &[(&str, &str)], arguments: &str, message: &str| {
        let place = Place::new();
        for (name, text) in files {
            write(&place, name, text);
        }
        let done = place.fleetfront(&format!("backtest {arguments} --quiet"));
        assert_eq!((done.code, done.stdout.as_str()), (Some(2), ""), "{arguments}: {}", done.stderr);
        assert!(done.stderr.starts_with("error: ") && done.stderr.contains("\n  help: "), "{}", done.stderr);
        assert!(done.stderr.contains(message), "{}", done.stderr);
    };
    let known = calls("flux-dev");
    let log = [("calls.json", known.as_str())];
    refused(&[("calls.json", &calls("flux-dve"))], "--observed calls.json", "did you mean \"flux-dev\"?");
    refused(&log, "--observed calls.json --split 2027-01-01", "--split 2027-01-01: is not among the days");
    refused(&log, "--observed calls.json --until 2026-01-06", "1 whole days of UTC");
    refused(&log, "--observed calls.json --until 2026-01-30", "or 2026-01-19, the day behind the last");
    refused(&log, "--observed calls.json --until 2026-1-30", "give a date as YYYY-MM-DD");
    refused(&[("calls.json", "[]\n")], "--observed calls.json", "calls.json: is an empty list and holds no calls");
    refused(&log, "--observed nothing.json", "nothing.json: cannot be read");
    refused(&log, "--observed calls.json --allocation currnet", "currnet");
    let negative = bill().replacen(",40\n", ",-3.5\n", 1);
    let with_bill = |text: &str, message: &str| {
        refused(&[log[0], ("bill.csv", text)], "--observed calls.json --bill bill.csv", message);
    };
    with_bill(&negative, "Cost: `-3.5` is not a number zero or more");
    with_bill(&bill().replace("2026", "2027"), "no row lies in 2026-01-12 to 2026-01-18");
    let staging = bill().replacen("image-studio,main,2026-01-13", "image-studio,staging,2026-01-13", 1);
    with_bill(&staging, "help: say whose log this is with --environment NAME");
    let stagign = "--observed calls.json --bill bill.csv --environment stagign";
    refused(&[log[0], ("bill.csv", &staging)], stagign, "did you mean \"staging\"?");
    with_bill(&bill().replace("image-studio", "studio"), "no row is that of a pool");
    refused(&[log[0], ("r.json", "[]")], "--observed calls.json --rates r.json", "is no JSON object of rates");
}

/// Twelve hours without a row, another environment, an app of another name, and rates by the second: each is said.
#[test]
fn what_is_odd_about_a_bill_is_said() {
    let place = Place::new();
    write(&place, "calls.json", &calls("flux-dev"));
    let mut text = "Object ID,Description,Environment,Interval Start,Cost\n".to_owned();
    for hour in (0..14 * 24).filter(|hour| !(10 * 24 + 12..11 * 24).contains(hour)) {
        let at = format!("2026-01-{:02}T{:02}:00:00", 5 + hour / 24, hour % 24);
        let _ = writeln!(text, "ap-1,image-studio,main,{at},0.1\nap-2,image-studio,staging,{at},0.2");
    }
    write(&place, "bill.csv", &text);
    write(&place, "rates.json", "{\"L40S\": 0.000542}");
    let command = "backtest --observed calls.json --bill bill.csv --rates rates.json --environment main --worlds 19 \
                   --traffic given --quiet --out answer";
    let said = place.fleetfront(command).stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    for words in [
        "no row of any pool for 12 hours (2026-01-15 12:00 to 2026-01-15 23:00): taken as hours without cost",
        // 7 days of 24 hours less 12, at 0.2.
        "$31.20 of other environments: compared with nothing",
        "Are the platform's rates dollars a second?",
        "L40S: 1.9512 USD an hour is about 3600 times the platform's L40S, 0.000542",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert!(place.text("answer/backtest.md").contains("--environment main"));
}

/// The first week of `GenTD26` to the second: it tells executions and failures, neither waits nor containers. Its three kinds
/// of request stand for three models of the scenario by name alone. Skipped where the traces are absent.
#[test]
fn a_real_week_is_held_against_the_week_before() {
    let path =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/traces/gentd26_t2i_requests_a.csv.gz");
    if !path.exists() {
        eprintln!("SKIPPED: {} is absent", path.display());
        return;
    }
    let mut text = String::new();
    let file = std::fs::File::open(&path).expect("it opens");
    flate2::read::GzDecoder::new(file).read_to_string(&mut text).expect("it is text");
    let in_week = |line: &&str| ("2024-11-23".."2024-11-30").contains(&&line[..10]);
    let requests = text.lines().skip(1).filter(in_week).count() as f64;
    let place = Place::new();
    let words = "backtest --model predict_type --serves TXT_2_IMG=flux-dev --serves IMG_2_IMG=instantid \
                 --serves INPAINTING=lora --from 2024-11-16 --split 2024-11-23 --until 2024-11-30 --worlds 59 --quiet --json";
    let done = place.fleetfront_with(words, &["--observed", &path.display().to_string()]);
    let found: Backtest = serde_json::from_str(&done.stdout).unwrap_or_else(|_| panic!("{}", done.stderr));
    let told = line(&found, GivenTraffic::Forecast, Metric::RequestsPerDay);
    assert!((told.observed - requests / 7.0).abs() < 1e-9 && told.is_inside, "{told:?}");
    // The first week's own 95th percentile is 50 s: two lognormals meet it. Its days differ, and bands are three times as wide
    // as of single times.
    let family = found.calibrated.iter().find(|of| of.model == "flux-dev").and_then(|of| of.service.as_ref());
    assert_eq!(family.expect("a law").family, "mixture of two lognormals");
    let p95 = line(&found, GivenTraffic::Given, Metric::ExecutionP95);
    assert!((47.0..52.0).contains(&p95.predicted) && p95.high - p95.low > 5.0, "{p95:?}");
    // The days of the second week grow slower than any of the first: no band holds that.
    let mean = line(&found, GivenTraffic::Given, Metric::ExecutionMean);
    assert!(
        !mean.is_inside && (23.0..24.5).contains(&mean.predicted) && (28.0..28.6).contains(&mean.observed),
        "{mean:?}"
    );
    assert!(!found.verdict.passes);
    assert!(found.absent.iter().any(|words| words.starts_with("wait and latency")), "{:?}", found.absent);
    assert!(found.lines.iter().all(|line| line.metric != Metric::LatencyMean && line.metric != Metric::ColdStartShare));
}
