//! `fleetfront traffic` on small logs.

use std::fmt::Write as _;
use std::io::Write as _;

use fleetfront_plots::{TrafficAnswer, traffic_holds};
use fleetfront_scenario::{Files, Scenario};
use fleetfront_workloads::TrafficStudy;
use fleetfront_workloads::describe::{DescribeOptions, Origin};
use fleetfront_workloads::fit::{Burst, TrafficFit};
use fleetfront_workloads::prove::{CheckGroup, prove};

use crate::cli_support::Place;
use crate::pasted::pasted;

/// Every file of it.
const FILES: [&str; 8] = [
    "answer.md",
    "curve.svg",
    "dispersion.svg",
    "hours.svg",
    "keep-alive.svg",
    "load.csv",
    "scenario-traffic.toml",
    "traffic.json",
];

/// Stamps of two weeks from Monday 2024-01-01, in order: more by day than by night, and bursts at random.
pub(crate) fn stamps() -> Vec<String> {
    let mut stamps = Vec::new();
    for k in 0..14 * 144_u32 {
        let (day, hour, minute) = (k / 144 + 1, k / 6 % 24, k % 6 * 10);
        let noise = (k * 7919 + k * k) % 97;
        let requests = u32::from(noise > 20) + u32::from((8..20).contains(&hour)) + if noise < 6 { 8 } else { 0 };
        stamps.extend((0..requests).map(|n| format!("2024-01-{day:02}T{hour:02}:{minute:02}:{:02}Z", n * 5)));
    }
    stamps
}

pub(crate) fn csv_log() -> String {
    let lines =
        stamps().into_iter().enumerate().map(|(k, stamp)| format!("{stamp},{}\n", if k % 3 == 0 { "b" } else { "a" }));
    std::iter::once("time,model\n".to_owned()).chain(lines).collect()
}

fn write(place: &Place, name: &str, text: &str) {
    std::fs::write(place.path(name), text).expect("it is written");
}

fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Checks that a log is refused with this message.
fn refused(name: &str, text: &str, arguments: &str, message: &str) {
    let place = Place::new();
    write(&place, name, text);
    let done = place.fleetfront(&format!("traffic {name} {arguments}"));
    assert_eq!((done.code, done.stdout.as_str()), (Some(2), ""), "{arguments}: {}", done.stderr);
    assert!(done.stderr.starts_with(message), "{}", done.stderr);
    assert!(done.stderr.contains("\n  help: "), "{}", done.stderr);
    assert_eq!(place.names("."), [name], "nothing is written");
}

#[test]
fn the_answer_is_sentences_then_tables_then_the_section() {
    let place = Place::new();
    write(&place, "log.csv", &csv_log());
    let done = place.succeed("traffic log.csv --check --draws 39");
    let said = words(&done.stdout);
    let requests = stamps().len();
    let thousands = format!(
        "{},{:03} requests in 14 days (from 2024-01-01 to 2024-01-14, UTC): ",
        requests / 1000,
        requests % 1000
    );
    assert!(said.starts_with(&thousands), "{said}");
    let order = [
        "The busiest hour of the day (from ",
        "statistics of the log (",
        "The log in numbers",
        "The daily curve (UTC)",
        "│ 23:00 ┆",
        "Index of dispersion",
        "Gaps between requests",
        "│ model ┆ requests ┆ share ┆",
        "Active minutes that would find no warm container",
        "│ 60 min ┆",
        "Statistics of the log within the middle 95 % of 39 logs drawn from the model",
        "For scenario.toml",
        "[traffic]",
        "[[models]] name = \"a\"",
    ];
    let mut from = 0;
    for part in order {
        let at = said[from..].find(part);
        from += at.unwrap_or_else(|| panic!("{part:?} is missing, or stands too early:\n{}", done.stdout));
    }
    assert!(done.stderr.contains("lines, drew 39 logs in "), "{}", done.stderr);
    assert_eq!(place.names("."), ["log.csv"], "without --out nothing is written");
}

#[test]
fn files_hold_the_answer_and_are_the_same_every_time() {
    let place = Place::new();
    write(&place, "log.csv", &csv_log());
    let done = place.succeed("traffic log.csv --check --draws 39 --quiet --json --out found");
    assert_eq!((place.names("found"), done.stderr.as_str()), (FILES.map(str::to_owned).to_vec(), ""));
    let answer: TrafficAnswer = serde_json::from_str(&place.text("found/traffic.json")).expect("it can be read again");
    assert_eq!(serde_json::from_str::<TrafficAnswer>(&done.stdout).expect("JSON"), answer);
    assert_eq!(answer.study.description.requests, stamps().len() as u64);
    assert_eq!(answer.command, "fleetfront traffic log.csv --zone UTC --wrong-share 0.01 --check --seed 1 --draws 39");
    let files = || FILES.map(|name| place.text(&format!("found/{name}")));
    let first = files();
    place.succeed("traffic log.csv --check --draws 39 --quiet --threads 1 --out found");
    assert_eq!(files(), first, "neither the threads nor what was there change a byte");
    place.succeed("traffic log.csv --check --draws 39 --seed 2 --out found");
    assert_ne!(place.text("found/traffic.json"), first[FILES.len() - 1]);
    std::fs::write(place.path("found/notes.txt"), "mine").expect("written");
    let done = place.fleetfront("traffic log.csv --out found");
    assert_eq!(done.code, Some(2));
    assert!(done.stderr.contains("holds notes.txt, which no traffic study has written"), "{}", done.stderr);
}

/// The traffic of the section in the embedded scenario, in place of its own.
fn loaded(place: &Place, folder: &str) -> Scenario {
    let files = Files::embedded();
    let own = files.text("scenario.toml").expect("it is there");
    let text = pasted(own, &place.text(&format!("{folder}/scenario-traffic.toml")));
    let curves = place.names(folder).into_iter().filter(|name| name.starts_with("load."));
    let files = curves.fold(files.with("scenario.toml", &text), |files, name| {
        files.with(&name, &place.text(&format!("{folder}/{name}")))
    });
    Scenario::load(&files).unwrap_or_else(|problems| panic!("{problems:#?}"))
}

#[test]
fn the_section_is_the_traffic_of_the_log_in_a_scenario() {
    let place = Place::new();
    write(&place, "log.csv", &csv_log());
    place.succeed("traffic log.csv --quiet --out found");
    let traffic = loaded(&place, "found").traffic;
    let of_log: f64 = traffic.models[..2].iter().map(|model| model.requests_per_day).sum();
    let wanted = stamps().len() as f64 / 14.0;
    assert!((of_log / wanted - 1.0).abs() < 0.03, "{of_log} requests a day, {wanted} in the log");
    assert!(traffic.models[0].requests_per_day > 1.5 * traffic.models[1].requests_per_day);
    assert!(traffic.models[0].curve.hourly()[12] > 1.2 * traffic.models[0].curve.hourly()[2]);
}

#[test]
fn json_lines_gzip_disorder_and_repeats_are_the_same_log() {
    let place = Place::new();
    let all = stamps();
    let json: String = all.iter().fold(String::new(), |mut text, stamp| {
        let _ = writeln!(text, "{{\"timestamp\": \"{stamp}\"}}");
        text
    });
    write(&place, "log.jsonl", &json);
    let file = std::fs::File::create(place.path("log.jsonl.gz")).expect("a file");
    let mut gzip = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
    gzip.write_all(json.as_bytes()).and_then(|()| gzip.finish().map(drop)).expect("it is written");
    let mut lines: Vec<&str> = json.lines().collect();
    lines.reverse();
    write(&place, "reversed.jsonl", &(lines.join("\n") + "\n"));
    let twice: String = json.lines().flat_map(|line| [line, "\n", line, "\n"]).collect();
    write(&place, "twice.jsonl", &twice);
    let study = |arguments: &str| {
        let done = place.succeed(&format!("traffic {arguments} --quiet --json"));
        serde_json::from_str::<TrafficAnswer>(&done.stdout).expect("JSON")
    };
    let plain = study("log.jsonl");
    assert_eq!(plain.study.description.requests, all.len() as u64);
    assert_eq!(study("log.jsonl.gz").study, plain.study);
    let reversed = study("reversed.jsonl");
    assert_eq!(reversed.study.whole, plain.study.whole);
    assert!(reversed.remarks()[0].contains("are earlier than one before them"), "{:?}", reversed.remarks());
    assert_eq!(study("twice.jsonl").study.description.requests, 2 * all.len() as u64);
    let dropped = study("twice.jsonl --drop-duplicates");
    assert_eq!(dropped.study.whole, plain.study.whole);
    assert!(dropped.remarks()[0].ends_with("equal the one before them and are left out"), "{:?}", dropped.remarks());
}

/// A pipe can be read but once, and the log is read several times.
#[test]
fn what_comes_through_a_pipe_is_the_same_log() {
    let place = Place::new();
    write(&place, "log.csv", &csv_log());
    let file: TrafficAnswer =
        serde_json::from_str(&place.succeed("traffic log.csv --quiet --json").stdout).expect("JSON");
    for log in ["-", "/dev/stdin"] {
        if log.starts_with('/') && !std::path::Path::new(log).exists() {
            continue;
        }
        let done = place.fleetfront_fed(&format!("traffic {log} --quiet --json"), csv_log().as_bytes());
        assert_eq!(done.code, Some(0), "{log}: {}", done.stderr);
        let piped: TrafficAnswer = serde_json::from_str(&done.stdout).expect("JSON");
        assert_eq!((&piped.study, &piped.inputs_sha256), (&file.study, &file.inputs_sha256), "{log}");
        assert_eq!(piped.log_file, "standard input");
        assert_eq!(piped.command, "fleetfront traffic - --zone UTC --wrong-share 0.01");
    }
    let done = place.fleetfront_fed("traffic -", b"");
    assert_eq!(done.code, Some(2));
    assert!(done.stderr.starts_with("error: standard input: holds no requests"), "{}", done.stderr);
}

#[test]
fn wrong_lines_are_counted_shown_and_refused_where_they_are_many() {
    let mut text = csv_log();
    for k in 0..12 {
        let _ = writeln!(text, "not a date {k},a");
    }
    let _ = writeln!(text, "2999-01-01T00:00:00Z,a");
    let place = Place::new();
    write(&place, "log.csv", &text);
    let done = place.succeed("traffic log.csv");
    let said = words(&done.stdout);
    let lines = stamps().len() + 13;
    let first = stamps().len() + 2;
    assert!(said.contains(&format!("- 13 of {lines} lines are wrong and left out")), "{said}");
    assert!(said.contains(&format!("- log.csv:{first}: time: ")), "{said}");
    assert_eq!(said.matches("not a date").count(), 10, "ten are shown: {said}");
    let message = format!("error: log.csv: 13 of {lines} lines are wrong (0.");
    refused("log.csv", &text, "--wrong-share 0.001", &message);
    refused(
        "log.csv",
        "time\n2999-01-01T00:00:00Z\n2024-01-01T00:00:00Z\n",
        "",
        "error: log.csv: 1 of 2 lines are wrong",
    );
}

#[test]
fn what_cannot_be_studied_is_refused_with_file_line_cause_and_mend() {
    refused("log.csv", "when,model\nx,a\n", "", "error: log.csv:1: time: no column is known to mean this");
    refused(
        "log.csv",
        "time,model\nx,a\n",
        "--time tme",
        "error: log.csv:1: time: no column `tme`\n  help: did you mean `time`?",
    );
    refused("log.csv", "", "", "error: log.csv: holds no requests");
    refused("log.csv", "time\n2024-01-01T00:00:00Z\n", "", "error: log.csv: all requests came within one second");
    let second = "time\n2024-01-01T00:00:00.1Z\n2024-01-01T00:00:00.8Z\n";
    refused("log.csv", second, "", "error: log.csv: all requests lie within ");
    refused("log.csv", &csv_log(), "--zone Utopia", "error: \"Utopia\" is not a time zone");
    refused(
        "log.csv",
        &csv_log(),
        "--layout counted",
        "error: --layout: no layout is called \"counted\"\n  help: did you mean counts?",
    );
    refused("log.csv", &csv_log(), "--layout modal-calls", "error: log.csv:1: not JSON");
    refused("log.csv", &csv_log(), "--start-of-zero monday", "error: --start-of-zero: \"monday\" is not a date");
    refused("log.csv", &csv_log(), "--wrong-share 2", "error: --wrong-share: 2 is out of range");
    refused("log.csv", "time,count\n2024-01-01,5\n", "", "error: log.csv: all counts have the same stamp");
    let mut many = "time,model\n".to_owned();
    for k in 0..1001 {
        let _ = writeln!(many, "2024-01-01T{:02}:00:00Z,model-{k}", k % 24);
    }
    refused("log.csv", &many, "", "error: log.csv: more than 1000 models in column `model`");
    let missing = Place::new().fleetfront("traffic nowhere.csv");
    assert_eq!(missing.code, Some(2));
    assert!(missing.stderr.starts_with("error: nowhere.csv: cannot be read: "), "{}", missing.stderr);
}

#[test]
fn zones_are_said_and_zero_is_where_it_is_told_to_be() {
    let place = Place::new();
    let mixed: String = stamps().iter().enumerate().fold("time\n".to_owned(), |text, (k, stamp)| {
        text + &if k % 2 == 0 { stamp.clone() } else { stamp.replace('Z', "+00:30") } + "\n"
    });
    write(&place, "mixed.csv", &mixed);
    let said = words(&place.succeed("traffic mixed.csv --zone Asia/Tokyo").stdout);
    assert!(said.contains("stamps are of different zones:"), "{said}");
    assert!(said.contains("The daily curve (Asia/Tokyo)"), "{said}");
    let counted: String = (0..5000).fold("t\n".to_owned(), |text, k| text + &(k * 60 + k % 7).to_string() + "\n");
    write(&place, "counted.csv", &counted);
    let said = words(&place.succeed("traffic counted.csv --time t --start-of-zero 2024-05-06T00:00:00Z").stdout);
    assert!(said.contains("from 2024-05-06 to 2024-05-09"), "{said}");
    assert!(said.contains("stamps are counted from zero, which is taken to be 2024-05-06T00:00:00Z"), "{said}");
}

#[test]
fn a_gate_fails_where_the_model_does_not_hold() {
    // A request every ten minutes, and a thousand at one instant: nothing that is drawn is like that.
    let mut text = "time\n".to_owned();
    for k in 0..3 * 144 {
        let _ = writeln!(text, "2024-01-{:02}T{:02}:{:02}:00Z", k / 144 + 1, k / 6 % 24, k % 6 * 10);
    }
    let burst = "2024-01-02T03:00:00Z\n";
    let (before, after) = text.split_at(text.find(burst).expect("a line"));
    let place = Place::new();
    write(&place, "log.csv", &(before.to_owned() + &burst.repeat(1000) + after));
    let done = place.fleetfront("traffic log.csv --check --draws 39 --gate --quiet");
    assert_eq!(done.code, Some(1), "{}", done.stdout);
    assert!(words(&done.stdout).contains("What lies outside"), "{}", done.stdout);
    assert_eq!(place.fleetfront("traffic log.csv --check --draws 39 --quiet").code, Some(0));
    assert_eq!(place.fleetfront("traffic log.csv --gate").code, Some(2), "a gate needs a check");
}

/// Two weeks of requests by chance, more by day than by night: a model of that draws such days.
fn log_of_chance() -> String {
    let (mut text, mut state, mut at_s) = ("epoch\n".to_owned(), 1_u64, 0.0);
    while at_s < 14.0 * 86_400.0 {
        // Knuth's linear congruential generator; its upper bits are uniform.
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let uniform = ((state >> 11) as f64 + 0.5) / 2_f64.powi(53);
        let by_day = (8.0..20.0).contains(&(at_s / 3600.0 % 24.0));
        at_s -= uniform.ln() * if by_day { 40.0 } else { 120.0 };
        // Whole milliseconds from 2024-01-01.
        let _ = writeln!(text, "{:.3}", 1_704_067_200.0 + at_s);
    }
    text
}

#[test]
fn a_gate_passes_where_the_model_holds() {
    let place = Place::new();
    write(&place, "log.csv", &log_of_chance());
    let done = place.fleetfront("traffic log.csv --check --draws 99 --gate --json --quiet");
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    let answer: TrafficAnswer = serde_json::from_str(&done.stdout).expect("JSON");
    let proof = answer.study.proof.expect("it was checked");
    assert!(proof.share() >= Some(0.9) && proof.share_of(CheckGroup::KeepAlive) >= Some(0.75), "{proof:#?}");
}

/// What the gate goes by, with the log's own model and with one that is far too wild in its place.
#[test]
fn a_gate_fails_where_a_model_is_too_wild() {
    let place = Place::new();
    write(&place, "log.csv", &log_of_chance());
    let answer: TrafficAnswer =
        serde_json::from_str(&place.succeed("traffic log.csv --quiet --json").stdout).expect("JSON");
    let holds = |fits: Vec<(String, TrafficFit)>| {
        let (origin, zone, resolution_ns) = (Origin::Hour, "UTC".to_owned(), 1_000_000);
        let options = DescribeOptions { origin, zone, resolution_ns, bin_s: None, end_ns: None };
        let stretch_s = (1_704_067_200, 1_704_067_200 + 14 * 86_400);
        let proof = prove(answer.study.fitted(), &options, stretch_s, &fits, (1, 99)).expect("legal options");
        traffic_holds(&TrafficStudy { fits, proof: Some(proof), ..answer.study.clone() })
    };
    let own = answer.study.fits.clone();
    let wild = |(name, fit): &(String, TrafficFit)| {
        let bursts = vec![Burst { cv: 3.0, correlation_s: 1800.0 }];
        (name.clone(), TrafficFit { bursts, ..fit.clone() })
    };
    assert!(!holds(own.iter().map(wild).collect()));
    assert!(holds(own));
}

/// Two models, one by day and one by night: each has a curve of its own.
fn log_of_day_and_night() -> String {
    let mut text = "time,model\n".to_owned();
    for k in 0..21 * 288_u32 {
        let (day, hour, minute) = (k / 288 + 1, k / 12 % 24, k % 12 * 5);
        let is_day = (7..19).contains(&hour);
        let noise = (k * 7919 + k * k) % 89;
        let requests = [u32::from(is_day) * 3 + u32::from(noise < 30), u32::from(!is_day) * 2 + u32::from(noise > 60)];
        for (model, count) in ["day", "night"].iter().zip(requests) {
            for n in 0..count {
                let _ = writeln!(text, "2024-01-{day:02}T{hour:02}:{minute:02}:{:02}Z,{model}", n * 7);
            }
        }
    }
    text
}

/// Steps and waves: what a scenario draws by is what was fitted, to the five digits that are written.
#[test]
fn curves_of_both_kinds_are_those_that_were_fitted() {
    let place = Place::new();
    write(&place, "log.csv", &log_of_day_and_night());
    for kind in ["steps", "smooth"] {
        let done = place.succeed(&format!("traffic log.csv --curve {kind} --quiet --json --out {kind}"));
        let answer: TrafficAnswer = serde_json::from_str(&done.stdout).expect("JSON");
        assert_eq!(answer.command.contains("--curve smooth"), kind == "smooth", "{}", answer.command);
        for file in ["load.csv", "load.day.csv", "load.night.csv"] {
            assert!(place.names(kind).contains(&file.to_owned()), "{kind}: {:?}", place.names(kind));
        }
        let scenario = loaded(&place, kind);
        let fits = &answer.study.fits;
        assert_eq!(fits.len(), 2);
        for ((name, fit), of_model) in fits.iter().zip(&scenario.traffic.models) {
            assert_eq!(fit.harmonics.is_some(), kind == "smooth", "{kind}: {name}");
            let found = of_model.requests_per_day / fit.requests_per_day;
            assert!((found - 1.0).abs() < 1e-4, "{kind}: {name} has {found} times its requests");
            let fitted = &fit.curve;
            for hour in 0..168 {
                let (drawn, wanted) = (of_model.curve.weight(hour), fitted[hour as usize % fitted.len()]);
                assert!(
                    (drawn - wanted).abs() < 2e-4 * wanted.max(1.0),
                    "{kind}: {name}, hour {hour}: {drawn}, {wanted}"
                );
            }
        }
        let noon = |model: usize| scenario.traffic.models[model].curve.weight(12);
        let midnight = |model: usize| scenario.traffic.models[model].curve.weight(0);
        assert!(noon(0) > 2.0 * midnight(0) && midnight(1) > 2.0 * noon(1), "{kind}");
    }
    let done = place.fleetfront("traffic log.csv --curve wavy");
    assert_eq!(done.code, Some(2));
    assert!(done.stderr.contains("[possible values: steps, smooth]"), "{}", done.stderr);
}

/// Names that would end a line, leave a folder or fill it go into texts as they are, and into files' names as letters.
#[test]
fn hostile_names_of_models_do_no_harm() {
    let long = "n".repeat(300);
    let names = ["\"", "a\nb", "../x", "\"\"\"", "[[models]]", &long];
    let text: String = stamps().into_iter().enumerate().fold(String::new(), |mut text, (k, stamp)| {
        let line = serde_json::json!({ "time": stamp, "model": names[k % 6], "steps": 20 + k % 2 });
        let _ = writeln!(text, "{line}");
        text
    });
    let place = Place::new();
    write(&place, "log.jsonl", &text);
    place.succeed("traffic log.jsonl --quiet --out found");
    let files = place.names("found");
    assert_eq!(files.len(), FILES.len() + names.len(), "{files:?}");
    assert!(files.iter().all(|name| name.len() < 80), "{files:?}");
    assert_eq!(place.names("."), ["found", "log.jsonl"]);
    // In the page a name is no markup and ends no row.
    let page = place.text("found/answer.md");
    let rows = page.lines().filter(|line| line.starts_with("| ") && line.contains("../x"));
    assert!(rows.count() >= 1, "{page}");
    place.succeed("traffic log.jsonl --quiet --out found");
    assert_eq!(place.names("found"), files, "its own files are replaced");
}

/// The sizes of requests are written beside the section, which says what is missing to simulate them.
#[test]
fn sizes_and_clients_are_read_where_they_are_named() {
    let place = Place::new();
    let lines = stamps().into_iter().enumerate().map(|(k, stamp)| format!("{stamp},{},{}\n", 20 + k % 3, k % 11));
    let text: String = std::iter::once("time,n,who\n".to_owned()).chain(lines).collect();
    write(&place, "log.csv", &text);
    let done = place.succeed("traffic log.csv --client who --shape steps=n --out found");
    let said = words(&done.stdout);
    assert!(said.contains("The requests are of 11 clients, "), "{said}");
    assert!(said.contains("# [models.shape] # file = \"shapes.csv\" # reference = { steps = ? }"), "{said}");
    assert!(said.contains("keep-alive.svg, shapes.csv to found."), "{said}");
    let shapes = place.text("found/shapes.csv");
    let rows: Vec<&str> = shapes.lines().collect();
    assert_eq!((rows[0], rows.len()), ("weight,steps", 4));
    let third = stamps().len() / 3;
    assert!(rows[1..].iter().any(|row| row.starts_with(&format!("{third},"))), "{shapes}");
    let answer: TrafficAnswer = serde_json::from_str(&place.text("found/traffic.json")).expect("JSON");
    assert_eq!(answer.command, "fleetfront traffic log.csv --client who --shape steps=n --zone UTC --wrong-share 0.01");
    refused("log.csv", &text, "--shape steps=m", "error: log.csv:1: shape: no column `m`");
}

/// The real trace; a line says so where it is not there.
#[test]
fn a_real_trace_is_studied_from_end_to_end() {
    let trace =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/traces/gentd26_t2i_requests_a.csv.gz");
    if !trace.exists() {
        // The harness hides what a passing test prints, but not what is written to the stream itself.
        let _ = writeln!(std::io::stderr(), "SKIPPED: {} is not there", trace.display());
        return;
    }
    let place = Place::new();
    std::fs::copy(&trace, place.path("gentd26.csv.gz")).expect("copied");
    let done = place.succeed("traffic gentd26.csv.gz --check --draws 39 --out found");
    let said = words(&done.stdout);
    assert!(said.starts_with("14,279 requests in "), "{said}");
    let (_, share) = said.split_once("statistics of the log (").expect("it says how many");
    let share: f64 = share.split_once(" %)").and_then(|(share, _)| share.parse().ok()).expect("a share");
    assert!(share >= 90.0, "{said}");
    // It has sizes: steps and images.
    let mut names = FILES.to_vec();
    names.insert(FILES.len() - 1, "shapes.csv");
    assert_eq!(place.names("found"), names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
    for figure in ["curve.svg", "dispersion.svg", "hours.svg", "keep-alive.svg"] {
        let svg = place.text(&format!("found/{figure}"));
        assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n") && !svg.contains("NaN"), "{figure}");
        let mut reader = quick_xml::Reader::from_str(&svg);
        while reader.read_event().expect("XML") != quick_xml::events::Event::Eof {}
    }
    let answer: TrafficAnswer = serde_json::from_str(&place.text("found/traffic.json")).expect("it can be read again");
    let told = loaded(&place, "found").traffic.models[0].requests_per_day;
    assert!((told / answer.study.requests_per_day() - 1.0).abs() < 1e-3, "{told}");
}
