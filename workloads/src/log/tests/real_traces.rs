//! Logs of real services agree with what other tools counted in them. They are not part of the project.

use std::io::Write as _;
use std::path::PathBuf;

use serde_json::Value;

use crate::log::{Columns, Entry, Layout, LogOptions, LogSummary, open_log, read_log, read_sorted};

fn data(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data").join(path)
}

/// The summary of a trace, and what other tools counted; `None` where the trace is not on this machine.
fn read(
    file: &str,
    reference: &str,
    options: &LogOptions,
    each: impl FnMut(&Entry<'_>),
) -> Option<(LogSummary, Value)> {
    let path = data("traces").join(file);
    if !path.exists() {
        let _ = writeln!(std::io::stderr(), "SKIPPED: {} is not on this machine", path.display());
        return None;
    }
    let summary = read_log(open_log(&path).expect("it opens"), file, options, each).expect("a log");
    assert_eq!((summary.wrong_count, &summary.wrong[..]), (0, &[][..]), "{file}");
    let reference = data("reference").join(format!("open__{reference}.json"));
    let reference = std::fs::read_to_string(reference).expect("the reference lies beside the traces");
    Some((summary, serde_json::from_str(&reference).expect("JSON")))
}

fn assert_near(found: f64, reference: &Value, tolerance: f64) {
    let expected = reference.as_f64().expect("a number");
    assert!((found - expected).abs() <= tolerance, "{found} is not {expected}");
}

#[test]
fn requests_for_pictures() {
    let columns = Columns {
        model: Some("checkpoint_model_version_id".into()),
        client: Some("groupId".into()),
        shape: vec!["num_inference_steps".into(), "negative_prompt_length".into()],
        ..Columns::default()
    };
    let options = LogOptions { columns, ..LogOptions::default() };
    let (mut ok, mut duration_s, mut of_first_model, mut of_any_model, mut unknown) = (0u64, 0.0, 0u64, 0u64, 0u64);
    let each = |entry: &Entry<'_>| {
        if entry.is_ok == Some(true) {
            ok += 1;
            duration_s += entry.duration_s.expect("every request has one");
        }
        of_first_model += u64::from(entry.model == "M0002");
        of_any_model += u64::from(!entry.model.is_empty());
        unknown += u64::from(entry.shape[1].is_nan());
    };
    let file = "gentd26_t2i_requests_a.csv.gz";
    let Some((summary, reference)) = read(file, "gentd26_t2i_requests_a", &options, each) else { return };
    assert_eq!(summary.layout, Layout::RequestsCsv);
    assert_eq!(Some(summary.requests), reference["n"].as_u64());
    assert_eq!(Some(ok), reference["status"]["SUCCEED"].as_u64());
    assert_near(duration_s / ok as f64, &reference["service_time"]["all"]["mean"], 1e-5);
    let share = of_first_model as f64 / of_any_model as f64;
    assert_near(share, &reference["models"]["share_top10"]["M0002"], 1e-8);
    assert!(unknown > 0 && unknown < summary.requests);
    let span_s = (summary.last_ns - summary.first_ns) as f64 / 1e9;
    let expected_s = reference["last_t"].as_f64().zip(reference["first_t"].as_f64()).map(|(last, first)| last - first);
    assert_eq!(Some(span_s), expected_s);
    assert_eq!((summary.resolution_ns, summary.unsorted_count), (1_000_000_000, 0));
}

#[test]
fn requests_for_text() {
    let mut context = 0.0;
    let each = |entry: &Entry<'_>| context += entry.shape[0];
    let file = "azure_llm2023_conv.csv.gz";
    let Some((summary, reference)) = read(file, "azure_llm2023_conv", &LogOptions::default(), each) else { return };
    assert_eq!(summary.layout, Layout::AzureLlm);
    assert_eq!(Some(summary.requests), reference["n"].as_u64());
    // Written to a tenth of a microsecond; the last digit is always 0.
    assert_eq!(summary.resolution_ns, 1000);
    assert_near(context / summary.requests as f64, &reference["tokens"]["context"]["mean"], 1e-4);
    assert_near((summary.last_ns - summary.first_ns) as f64 / 1e9, &reference["last_t"], 1e-4);
}

#[test]
fn calls_of_functions_by_the_minute() {
    let file = "azfunc2019_minute_counts_a.csv.gz";
    let reference = "azfunc2019_minute_counts_a";
    let Some((summary, reference)) = read(file, reference, &LogOptions::default(), |_| {}) else { return };
    assert_eq!((summary.layout, summary.bin_s), (Layout::AzureFunctions, Some(60.0)));
    assert_eq!(Some(summary.requests), reference["total"].as_u64());
    assert!(summary.unsorted_count > 0, "functions stand one after another");
    let mut last_ns = i64::MIN;
    let mut requests = 0;
    let each = |entry: &Entry<'_>| {
        assert!(entry.at_ns >= last_ns);
        last_ns = entry.at_ns;
        requests += entry.requests;
    };
    let open = || open_log(&data("traces").join(file));
    let sorted = read_sorted(open, file, &LogOptions::default(), each).expect("a log");
    assert_eq!(sorted, summary);
    assert_eq!(requests, summary.requests);
}

#[test]
fn requests_by_the_second() {
    let file = "nasa_jul17_23_persec.csv.gz";
    let options = LogOptions { zone: "America/New_York".into(), ..LogOptions::default() };
    let Some((summary, reference)) = read(file, "nasa_jul17_23_persec", &options, |_| {}) else { return };
    assert_eq!((summary.layout, summary.bin_s), (Layout::Counts, Some(1.0)));
    assert_eq!(Some(summary.requests), reference["n"].as_u64());
    let since_origin_s = |at_ns: i64| (at_ns - summary.origin_ns.expect("seconds from zero")) as f64 / 1e9;
    assert_near(since_origin_s(summary.first_ns), &reference["first_t"], 0.0);
    assert_near(since_origin_s(summary.last_ns), &reference["last_t"], 0.0);
}

#[test]
fn requests_by_the_hour_and_by_five_minutes() {
    for (file, reference) in
        [("nasa_jul95_hourly.csv", "nasa_jul95_hourly"), ("nab_twitter_amzn_5min.csv.gz", "nab_twitter_amzn_5min")]
    {
        let mut zero_bins = 0;
        let each = |entry: &Entry<'_>| zero_bins += u64::from(entry.requests == 0);
        let Some((summary, reference)) = read(file, reference, &LogOptions::default(), each) else { continue };
        assert_eq!(summary.layout, Layout::Counts);
        assert_eq!(summary.bin_s, reference["bin_s"].as_f64());
        assert_eq!(Some(summary.entries), reference["n"].as_u64());
        assert_near(summary.requests as f64, &reference["total"], 0.0);
        assert_eq!(Some(zero_bins), reference["zero_bins"].as_u64());
    }
}

#[test]
fn tables_of_other_things_are_refused() {
    for file in ["load_curves.csv", "servegen_mlarge_10min.csv", "servegen_deepseekr1_clients.csv.gz"] {
        let path = data("traces").join(file);
        if !path.exists() {
            let _ = writeln!(std::io::stderr(), "SKIPPED: {} is not on this machine", path.display());
            continue;
        }
        let result = read_log(open_log(&path).expect("it opens"), file, &LogOptions::default(), |_| {});
        let message = result.expect_err("no requests").to_string();
        assert!(message.contains("time: no column is known to mean this"), "{message}");
    }
}
