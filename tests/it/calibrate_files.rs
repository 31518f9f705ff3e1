//! `fleetfront calibrate` on files of several kinds: logs of MLPerf, names that are nearly alike, folders of scenarios.

use std::fs;

use approx::assert_relative_eq;
use serde_json::{Value, json};

use crate::cli_support::Place;

const ON: &str = "--on 2026-11-27 --quiet";
const HEADER: &str = "model,variant,gpu,phase,seconds,ok,cause,steps,megapixels,peak_gib,date,kind,source\n";

fn write(place: &Place, name: &str, text: &str) {
    fs::write(place.path(name), text).expect("it is written");
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

/// A warm row.
fn warm(model: &str, variant: &str, seconds: f64, steps: u32) -> String {
    format!("{model},{variant},L40S,warm,{seconds},yes,,{steps},,,2026-11-01,measured,bench\n")
}

fn said(place: &Place, words: &str) -> String {
    place.succeed(words).stdout.split_whitespace().collect::<Vec<_>>().join(" ")
}

const SINGLE_STREAM: &str = "\
================================================
MLPerf Results Summary
================================================
SUT name : PySUT
Scenario : SingleStream
Mode     : PerformanceOnly
90.0th percentile latency (ns) : 141426994
Result is : VALID
Early Stopping Result:
 * Processed at least 64 queries (2048).
Additional Stats
50.00 percentile latency (ns)   : 124973763
95.00 percentile latency (ns)   : 144560431
";

/// Image segmentation on a phone, under a name of ours: median 0.12497 s, 95th percentile 0.14456 s of 2048 queries.
#[test]
fn a_single_stream_log_becomes_the_law_of_its_percentiles() {
    let place = Place::new();
    write(&place, "mlperf_log_summary.txt", SINGLE_STREAM);
    let about = "--cell sdxl:fp16@H100 --source MLPerf --date 2024-08";
    let found = place.json_of(&format!("calibrate mlperf_log_summary.txt {ON} --json {about}"));
    assert_eq!(found["inputs"][0]["read_as"], "mlperf");
    let of = &found["study"]["cells"][0];
    assert_eq!(of["cell"]["name"], json!({"model": "sdxl", "variant": "fp16", "gpu": "H100"}));
    assert_eq!((&of["cell"]["counts"]["summaries"], &of["cell"]["counts"]["ended"]), (&json!(1), &json!(0)));
    assert_eq!((&of["cell"]["fit"]["n"], &of["cell"]["fit"]["kind"]), (&json!(2048), &json!("published")));
    assert_eq!(of["cell"]["fit"]["sources"], json!(["MLPerf (2024-08)"]));
    // ln(144.56 / 124.97) / 1.644854; the least spread of few runs weighs little beside so many.
    let sigma: f64 = 0.088_514_75;
    let law = &of["cell"]["fit"]["law"]["lognormal"];
    assert_relative_eq!(number(&law["sigma"]), sigma, max_relative = 1e-3);
    assert_relative_eq!(
        number(&of["mean_s"]["value"]),
        0.124_973_763 * (sigma * sigma / 2.0).exp(),
        max_relative = 1e-5
    );
    // The median of n normal values is off by sqrt(pi/2) sigma / sqrt(n); 1.645 times that to either side.
    let reach = 1.645 * (std::f64::consts::FRAC_PI_2).sqrt() * sigma / 2048_f64.sqrt();
    // Beyond it the means of other families: exponential beyond a time, 0.127585 s, and Weibull (shape 10.05), 0.1233 s.
    let end = |of_end: &str| number(&of["mean_s"][of_end]) / number(&of["mean_s"]["value"]);
    assert_relative_eq!(end("high"), reach.exp() * 1.0169, max_relative = 1e-3);
    assert_relative_eq!(end("low"), (-reach).exp() * 0.983, max_relative = 2e-3);
    assert!(of["cell"]["flags"][0]["two_percentiles"]["n"] == json!(2048), "{}", of["cell"]["flags"]);
}

/// Throughput of batches: GPU-seconds a sample. It is shown, held against what was measured, and never fitted.
#[test]
fn an_offline_log_is_evidence_and_makes_no_law() {
    let place = Place::new();
    let offline = |rate: f64| {
        let line = format!("Samples per second: {rate}\nResult is : VALID\n");
        format!("MLPerf Results Summary\nScenario : Offline\n{line}")
    };
    let about = "--cell sdxl:fp16@H100 --accelerators 8 --source MLPerf --date 2024-08";
    write(&place, "offline.txt", &offline(8.0));
    let found = place.json_of(&format!("calibrate offline.txt {ON} --json {about}"));
    let of = &found["study"]["cells"][0];
    assert_eq!((&of["cell"]["fit"], &of["cell"]["counts"]["evidence"]), (&Value::Null, &json!(1)));
    assert_eq!(of["cell"]["rows"]["sources"], json!(["8 GPUs / 8 samples per second, MLPerf (2024-08)"]));
    assert_eq!(of["cell"]["rows"]["kind"], "derived");
    // Beside the single stream, 8 GPU-seconds / 8 a second = 1 s is eight times its 0.125 s.
    write(&place, "single.txt", SINGLE_STREAM);
    let found = place.json_of(&format!("calibrate single.txt offline.txt {ON} --json {about}"));
    let of = &found["study"]["cells"][0];
    assert_eq!(of["cell"]["counts"], json!({"ended": 0, "cut_off": 0, "failed": 0, "summaries": 1, "evidence": 1}));
    let flag = of["cell"]["flags"].to_string();
    assert!(
        flag.contains("1 s (derived, 8 GPUs / 8 samples per second, MLPerf (2024-08)) is 8.0 times longer"),
        "{flag}"
    );
    assert_relative_eq!(number(&of["mean_s"]["value"]), 0.125_464, max_relative = 1e-3);
}

#[test]
fn names_that_are_nearly_alike_are_asked_about() {
    let place = Place::new();
    let rows = |model: &str, variant: &str| [5.0, 5.2, 5.3].map(|s| warm(model, variant, s, 20)).concat();
    write(&place, "runs.csv", &(HEADER.to_owned() + &rows("flux-dev", "bf16") + &rows("flux_dev", "bf16")));
    let words = said(&place, &format!("calibrate runs.csv {ON}"));
    let wanted = "runs.csv line 5: model `flux_dev` (3 rows) is nearly `flux-dev` (3 rows): did you mean that?";
    assert!(words.contains(wanted), "{words}");
    // The second file alone says nothing wrong; beside the first, and beside a scenario, it does.
    write(&place, "other.csv", &(HEADER.to_owned() + &rows("Flux-Dev", "bf16")));
    assert!(!said(&place, &format!("calibrate other.csv {ON}")).contains("did you mean"));
    write(&place, "first.csv", &(HEADER.to_owned() + &rows("flux-dev", "bf16")));
    let words = said(&place, &format!("calibrate first.csv other.csv {ON}"));
    assert!(words.contains("other.csv line 2: model `Flux-Dev` (3 rows) is nearly `flux-dev` (3 rows)"), "{words}");
    place.scenario("folder");
    let words = said(&place, &format!("calibrate folder other.csv {ON}"));
    assert!(words.contains("`Flux-Dev` (3 rows) is nearly `flux-dev` (in the scenario)"), "{words}");
    assert_eq!(words.matches("did you mean").count(), 1, "{words}");
}

#[test]
fn two_shapes_under_one_name_are_asked_about() {
    let place = Place::new();
    let group = |middle: f64, n: u32| -> String {
        let row = |k: u32| warm("m", "v", middle * (1.0 + 0.01 * f64::from(k % 13) + 0.001 * f64::from(k)), 20);
        (0..n).map(row).collect()
    };
    let text = (HEADER.to_owned() + &group(2.4, 15) + &group(11.1, 25)).replace(",20,", ",,");
    write(&place, "runs.csv", &text);
    let words = said(&place, &format!("calibrate runs.csv {ON} --replicates 19"));
    assert!(words.contains("In 1 cell warm times fall into two groups: two shapes under one name?"), "{words}");
    assert!(words.contains("% of runs in the first: two shapes under one name? give columns for shapes"), "{words}");
    write(&place, "boots.csv", &text.replace(",warm,", ",boot,"));
    let words = said(&place, &format!("calibrate boots.csv {ON} --replicates 19"));
    assert!(!words.contains("two groups"), "boots find weights cached, or do not: {words}");
}

/// Of two shapes with as many runs the one that a scenario's times are of is meant; without a scenario, the choice is told.
#[test]
fn the_scenario_says_which_of_tied_shapes_is_meant() {
    let place = Place::new();
    let row = |(steps, off): (u32, f64)| warm("flux-dev", "bf16", (1.0 + 0.5 * f64::from(steps)) * off, steps);
    let rows: String = [(4, 1.0), (4, 1.01), (20, 1.0), (20, 0.99)].map(row).concat();
    write(&place, "runs.csv", &(HEADER.to_owned() + &rows));
    let words = said(&place, &format!("calibrate runs.csv {ON}"));
    assert!(words.contains("flux-dev bf16, L40S at 4 steps") || words.contains("at 4 steps"), "{words}");
    assert!(words.contains("2 runs are of 4 steps, and as many of 20 steps"), "{words}");
    let scenario = place.scenario("folder");
    let shape = "\n[models.shape]\nsteps = 20\nreference = { steps = 20 }\nfixed_share = 0.1\n\
                 provenance = { kind = \"assumed\", source = \"a test\", date = \"2026-11-27\" }\n";
    let text = fs::read_to_string(scenario.file("scenario.toml")).expect("it is there");
    let at = text.find("[[models]]\nname = \"flux-dev\"").expect("the model");
    let at = at + text[at..].find("\n[[models.variants]]").expect("its variants");
    scenario.write("scenario.toml", &format!("{}{shape}{}", &text[..at], &text[at..]));
    place.succeed("check folder");
    let found = place.json_of(&format!("calibrate folder runs.csv {ON} --json"));
    let cells = found["study"]["cells"].as_array().expect("cells");
    let of = cells.iter().find(|of| of["cell"]["name"]["model"] == "flux-dev" && of["cell"]["counts"]["ended"] != 0);
    let of = of.expect("it has runs");
    assert_eq!(of["cell"]["timed"]["steps"], 20.0, "{of}");
    assert!(!of["cell"]["flags"].to_string().contains("tied_shapes"), "{of}");
}

/// Of the default scenario: FLUX in 16 bits needs 33.9 GiB and bf16; 4 bits are 0.29 off, 0.30 are accepted.
#[test]
fn variants_have_features_quality_and_failures_with_kind_and_source() {
    let place = Place::new();
    let scenario = place.scenario("folder");
    let memory = |found: &Value, model: &str, variant: &str| -> Value {
        let all = found["study"]["memory"].as_array().expect("peaks");
        all.iter().find(|peak| peak["model"] == model && peak["variant"] == variant).expect("its peak").clone()
    };
    let on = |peak: &Value, gpu: &str| -> Value {
        peak["gpus"].as_array().expect("GPUs").iter().find(|on| on["gpu"] == gpu).expect("the GPU").clone()
    };
    let found = place.json_of(&format!("calibrate folder {ON} --json"));
    let (bf16, nf4) = (memory(&found, "flux-dev", "bf16"), memory(&found, "flux-dev", "nf4"));
    assert_eq!((&bf16["requires"], &bf16["quality"]), (&json!(["bf16"]), &json!("reference")));
    let t4 = on(&bf16, "T4");
    assert_eq!((&t4["lacks"], &t4["failure"]["because"]), (&json!(["bf16"]), &json!("needs 33.9 GiB, has 14.74")));
    assert_eq!((&t4["failure"]["probability"], &t4["failure"]["kind"]), (&json!(1.0), &json!("derived")));
    let l40s = on(&bf16, "L40S");
    assert_eq!((&l40s["failure"]["probability"], &l40s["failure"]["kind"]), (&json!(0.0022), &json!("assumed")));
    let lacking = on(&memory(&found, "wan2.1", "bf16"), "T4");
    assert_eq!((&lacking["fit"]["class"], &lacking["failure"]["because"]), (&json!("fits"), &json!("lacks bf16")));
    let quality = &nf4["quality"]["stated"];
    assert_eq!(
        (&quality["lpips"], &quality["lpips_max"], &quality["is_met"]),
        (&json!(0.29), &json!(0.3), &json!(true))
    );
    assert_eq!(quality["provenance"]["kind"], "published");
    for peak in found["study"]["memory"].as_array().expect("peaks") {
        for on in peak["gpus"].as_array().expect("GPUs") {
            let failure = &on["failure"];
            assert!(failure["kind"].is_string() && failure["sources"][0].is_string(), "{on}");
        }
    }
    scenario.edit("scenario.toml", "quality_lpips_max = 0.30", "quality_lpips_max = 0.10");
    let words = said(&place, &format!("calibrate folder {ON}"));
    for phrase in ["accepted up to 0.1) and failures", "0.29, not met", "0.09, met", "reference, met", "bf16 (T4)"] {
        assert!(words.contains(phrase), "`{phrase}` is missing:\n{words}");
    }
    // A scenario that has problems lends its tables alone, and that is said.
    scenario.edit("scenario.toml", "quality_lpips_max = 0.10", "quality_lpips_max = -1.0");
    let words = said(&place, &format!("calibrate folder {ON}"));
    assert!(words.contains("only the tables of this scenario are taken, for it has problems"), "{words}");
}

/// Of a model timed at 20 steps here and at 40 there nobody knows how much faster one GPU type is: a time of another model is not
/// made of that, and the list says what to do. At one shape, it is.
#[test]
fn times_of_two_shapes_make_no_ratio_of_gpu_types() {
    let place = Place::new();
    let on = |gpu: &str, model: &str, seconds: f64, steps: u32| {
        let row = |by: f64| warm(model, "v", seconds * by, steps).replace(",L40S,", &format!(",{gpu},"));
        [0.99, 1.0, 1.01].map(row).concat()
    };
    let bases = on("L40S", "m", 4.0, 20) + &on("L40S", "n", 8.0, 20);
    write(&place, "apart.csv", &(HEADER.to_owned() + &bases + &on("A10", "m", 16.0, 40)));
    let words = said(&place, &format!("calibrate apart.csv {ON}"));
    let flag = "m v, A10 (warm requests): not compared with L40S: the times are of 40 steps, and those on L40S of 20 steps; measure \
                both at one shape";
    assert!(words.contains(flag), "{words}");
    assert!(!words.contains("n v, A10") && !words.contains("Ratios between GPU types"), "{words}");
    write(&place, "alike.csv", &(HEADER.to_owned() + &bases + &on("A10", "m", 8.0, 20)));
    let found = place.json_of(&format!("calibrate alike.csv {ON} --json"));
    let ratio = &found["study"]["pooled"][0]["ratios"][0];
    assert_relative_eq!(number(&ratio["ratio"]), 2.0, max_relative = 1e-6);
    let cells = found["study"]["cells"].as_array().expect("cells");
    let borrowed = cells.iter().find(|of| of["cell"]["basis"] == "borrowed").expect("n on A10");
    assert_eq!((&borrowed["cell"]["name"]["model"], &borrowed["cell"]["timed"]["steps"]), (&json!("n"), &json!(20.0)));
    assert_relative_eq!(number(&borrowed["mean_s"]["value"]), 16.0, max_relative = 2e-3);
}

/// Of runs of one size, with an adapter and without, the factor is told; another size is refused, by name too.
#[test]
fn runs_that_differ_in_their_adapter_alone_are_no_refused_mixture() {
    let place = Place::new();
    let header = "model,variant,gpu,phase,seconds,ok,steps,adapter,date,source\n";
    let row = |(seconds, adapter): (f64, &str)| format!("m,v,L40S,warm,{seconds},yes,20,{adapter},2026-11-01,bench\n");
    let rows: String =
        [(4.9, ""), (5.0, ""), (5.1, ""), (5.05, ""), (6.4, "ink"), (6.5, "ink"), (6.6, "ink")].map(row).concat();
    write(&place, "runs.csv", &(header.to_owned() + &rows));
    let words = said(&place, &format!("calibrate runs.csv {ON}"));
    // The ratio of the geometric means, 6.4995 s and 5.0120 s.
    assert!(words.contains("m v, L40S at 20 steps") && words.contains("adapter × 1.3 ±"), "{words}");
    for (asked, cause, mend) in [
        ("", "steps 40 lies 2.00 times beyond 20", "measure there: runs of one size do not tell how times grow"),
        (
            " --extrapolate",
            "cannot tell what a step takes: all that ended are of one size",
            "add runs that differ in steps",
        ),
    ] {
        let refused = place.fleetfront(&format!("calibrate runs.csv {ON} --shape steps=40{asked}"));
        let told = refused.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(refused.code == Some(2) && told.contains(cause) && told.contains(mend), "{told}");
    }
    // One that was cut off asked for more; all that ended ask for as much.
    let cut_off = "m,v,L40S,warm,1800,timeout,99,,2026-11-01,bench\n";
    let ended =
        ["100", "101", "99"].map(|seconds| format!("m,v,L40S,warm,{seconds},yes,1,,2026-11-01,bench\n")).concat();
    write(&place, "runs.csv", &(header.to_owned() + &ended + cut_off));
    let refused = place.fleetfront(&format!("calibrate runs.csv {ON}"));
    assert!(refused.stderr.contains("all that ended ask for 1 step of the same size"), "{}", refused.stderr);
}

/// What calibrate says of a file that it refuses.
fn refused(name: &str, text: &str) -> String {
    let place = Place::new();
    write(&place, name, text);
    let done = place.fleetfront(&format!("calibrate {name} {ON}"));
    assert_eq!((done.code, done.stdout.as_str()), (Some(2), ""), "{}", done.stderr);
    assert!(done.stderr.contains("help: "), "{}", done.stderr);
    done.stderr
}

#[test]
fn a_header_that_is_nearly_that_of_runs_is_told_what_it_lacks() {
    for (text, phrases) in [
        (
            "model,phase,seconds,date,source\nm,warm,3,2026-11-20,k\n",
            ["runs.csv:1:", "gpu: is missing", "add the column"],
        ),
        ("model,gpu,seconds\nm,L40S,3\n", ["runs.csv:1:", "phase: is missing", "add the column"]),
        ("mdoel,gpu,phase,seconds\nm,L40S,warm,3\n", ["runs.csv:1:", "mdoel: is no column", "did you mean `model`?"]),
        (
            "Model,GPU,Phase,Seconds,Date,Source\nm,L40S,warm,3,2026-11-20,k\n",
            ["runs.csv:1:", "Model, GPU, Phase", "column names are lower case: write `model`, `gpu`, `phase`"],
        ),
    ] {
        let found = refused("runs.csv", text);
        assert!(phrases.iter().all(|phrase| found.contains(phrase)), "{found}");
    }
    // Names of two columns, and nothing of runs beside them.
    let found = refused("other.csv", "model,gpu,colour,size,weight\nm,L40S,red,1,2\n");
    assert!(found.contains("is no file of times that is known by its beginning"), "{found}");
    let found = refused("hardware.csv", "gpu,tflop,seconds,kind,source,date\nT4,1,2,measured,a,2026-11-20\n");
    assert!(found.contains("is no file of times that is known by its beginning"), "{found}");
}

#[test]
fn bytes_of_other_encodings_are_told_with_their_line() {
    let place = Place::new();
    let refused = |bytes: &[u8]| {
        fs::write(place.path("runs.csv"), bytes).expect("it is written");
        let done = place.fleetfront(&format!("calibrate runs.csv {ON}"));
        assert_eq!(done.code, Some(2), "{}", done.stderr);
        done.stderr
    };
    // Twenty bytes are the first line; m, two of ö and l stand before it in the second.
    let found = refused(b"model,phase,seconds\nm\xc3\xb6l\xe9,warm,3\n");
    assert!(found.contains("runs.csv:2: is not UTF-8 text: byte 25 of the file (0xe9) makes no character"), "{found}");
    assert!(found.contains("help: save it as UTF-8"), "{found}");
    assert!(refused(b"\xff\xfem\x00o\x00").contains("runs.csv: is UTF-16 text, not UTF-8"));
}

/// No control character of a file reaches the terminal.
#[test]
fn names_that_command_a_terminal_are_refused_without_doing_so() {
    let found = refused("runs.csv", "model,gpu,phase,seconds,date,source\nm\u{1b}[31mX,L40S,warm,3,2026-11-20,k\n");
    assert!(found.contains("model: `m\u{fffd}[31mX` holds a control character (U+001B)"), "{found}");
    assert!(!found.contains('\u{1b}'), "{found:?}");
}

#[test]
fn runs_in_a_json_list_are_told_how_to_be_written() {
    let found =
        refused("runs.json", "[\n {\"model\": \"m\", \"gpu\": \"L40S\", \"phase\": \"warm\", \"seconds\": 3}\n]\n");
    assert!(found.contains("runs.json:1:") && found.contains("one object a line"), "{found}");
    assert!(found.contains("jq -c '.[]' FILE") && !found.contains("names methods"), "{found}");
}

/// A scenario reads its runs as `calibrate` does.
#[test]
fn a_key_that_stands_twice_in_a_line_is_refused_here_and_in_a_scenario() {
    let line = |seconds: &str| {
        let cell = "\"model\": \"flux-dev\", \"variant\": \"bf16\", \"gpu\": \"L40S\", \"phase\": \"warm\"";
        format!("{{{cell}, {seconds}, \"date\": \"2026-11-20\", \"source\": \"k\"}}\n")
    };
    let text = line("\"seconds\": 11") + &line("\"seconds\": 11.3, \"seconds\": 12");
    let found = refused("runs.jsonl", &text);
    assert!(found.contains("runs.jsonl:2:") && found.contains("seconds: stands twice in the object"), "{found}");
    let place = Place::new();
    let scenario = place.scenario("folder");
    scenario.edit("scenario.toml", "[files]\n", "[files]\nruns = \"runs.jsonl\"\n");
    scenario.write("runs.jsonl", &text);
    let done = place.fleetfront("check folder");
    assert_eq!(done.code, Some(2), "{}", done.stderr);
    assert!(done.stderr.contains("runs.jsonl:2:") && done.stderr.contains("seconds: stands twice"), "{}", done.stderr);
    scenario.write("runs.jsonl", &text.replace(", \"seconds\": 12", ""));
    place.succeed("check folder");
}
