//! Lists and logs of other makers.

use super::super::{Benchmarked, CellName, ServedAs};
use super::*;
use crate::percentiles::{Percentile, lognormal_of};
use crate::provenance::Provenance;
use approx::assert_relative_eq;

fn cell(model: &str) -> CellName {
    CellName { model: model.into(), variant: "fp8".into(), gpu: "L40S".into() }
}

const CALLS: &str = r#"[
  {"function_call_id": "fc-3", "service_method_name": "Flux.generate", "enqueued_at": "2026-11-20T10:01:00Z",
   "started_at": "2026-11-20T10:01:00Z", "container_id": "ta-1", "startup_time_seconds": 28.5,
   "execution_time_seconds": 2.5, "status": "success"},
  {"function_call_id": "fc-2", "service_method_name": "Flux.generate", "enqueued_at": "2026-11-20T10:00:30Z",
   "started_at": "2026-11-20T10:00:31Z", "container_id": "ta-1", "startup_time_seconds": 28.5,
   "execution_time_seconds": 300.0, "status": "timeout"},
  {"function_call_id": "fc-1", "service_method_name": "Flux.generate", "enqueued_at": "2026-11-20T10:00:00Z",
   "started_at": "2026-11-20T10:00:29Z", "container_id": "ta-1", "startup_time_seconds": 28.5,
   "execution_time_seconds": 4.25, "status": "success"},
  {"function_call_id": "fc-4", "service_method_name": "Flux.generate", "enqueued_at": "2026-11-20T10:02:00Z",
   "started_at": null, "container_id": null, "startup_time_seconds": null, "execution_time_seconds": null,
   "status": "pending"},
  {"function_call_id": "fc-5", "service_method_name": "Flux.generate", "enqueued_at": "2026-11-20T10:03:00Z",
   "started_at": "2026-11-20T10:03:01Z", "container_id": "ta-1", "startup_time_seconds": null,
   "execution_time_seconds": 1.5, "status": "internal failure"}
]"#;

fn calls(text: &str, served: &[ServedAs]) -> Result<Runs, Vec<Problem>> {
    Runs::read_modal_calls("calls.json", text, served, &options())
}

fn served() -> Vec<ServedAs> {
    vec![ServedAs { method: "Flux.generate".into(), cell: cell("flux") }]
}

#[test]
fn calls_are_warm_runs_and_one_boot_a_container() {
    let runs = calls(CALLS, &served()).expect("valid");
    let found: Vec<_> = runs.rows.iter().map(|run| (run.line, run.phase, run.end.clone(), run.note.as_str())).collect();
    assert_eq!(
        found,
        [
            (2, Phase::Warm, RunEnd::Took { seconds: 2.5 }, "fc-3"),
            (5, Phase::Warm, RunEnd::CutOff { seconds: 300.0 }, "fc-2"),
            // The first call in the container: the boot is its.
            (8, Phase::Warm, RunEnd::Took { seconds: 4.25 }, "fc-1"),
            (8, Phase::Boot, RunEnd::Took { seconds: 28.5 }, "fc-1"),
            (14, Phase::Warm, RunEnd::Failed { seconds: Some(1.5), cause: "internal failure".into() }, "fc-5"),
        ]
    );
    assert!(runs.rows.iter().all(|run| run.cell == cell("flux") && run.machine == "ta-1"));
}

#[test]
fn lines_of_calls_are_read_as_well() {
    let line = r#"{"function_call_id": "fc-1", "service_method_name": null, "enqueued_at": "2026-11-20T10:00:00Z", "started_at": null, "container_id": "ta-1", "startup_time_seconds": null, "execution_time_seconds": 2.0, "status": "success"}"#;
    let runs = calls(&format!("{line}\n{}\n", line.replace("fc-1", "fc-2")), &served()).expect("valid");
    assert_eq!(runs.rows.iter().map(|run| run.line).collect::<Vec<_>>(), [1, 2]);
}

#[test]
fn methods_without_a_model_and_strange_statuses_are_named() {
    let text = CALLS.replace("\"Flux.generate\"", "\"Flux.generat\"");
    let found = calls(&text, &served()).expect_err("bad input");
    assert_eq!(
        found[0].to_string(),
        "calls.json:2: service_method_name: `Flux.generat` is no method whose model and GPU are given\n  help: did you mean `Flux.generate`?"
    );
    let found = calls(&CALLS.replace("\"pending\"", "\"dreaming\""), &served()).expect_err("bad input");
    assert_eq!((found[0].line, found[0].key.as_str()), (Some(11), "status"));
    let found = calls(&CALLS.replace("4.25", "-4.25"), &served()).expect_err("bad input");
    assert_eq!(found[0].message, "`-4.25` is negative");
    let found = calls("[{\"model\": 1}]", &served()).expect_err("bad input");
    assert_eq!(found[0].message, "is no call: missing field `function_call_id`");
    let found = calls("[{]", &served()).expect_err("bad input");
    assert!(found[0].message.starts_with("is no JSON: "), "{}", found[0]);
}

/// Times as a phone printed them (image segmentation, single stream), with our scenario's names.
const SINGLE_STREAM: &str = "\
================================================
MLPerf Results Summary
================================================
SUT name : PySUT
Scenario : SingleStream
Mode     : PerformanceOnly
90.0th percentile latency (ns) : 141426994
Result is : VALID
  Min queries satisfied : Yes
Early Stopping Result:
 * Processed at least 64 queries (2048).

================================================
Additional Stats
================================================
Mean latency (ns)               : 129386553
50.00 percentile latency (ns)   : 124973763
90.00 percentile latency (ns)   : 141426994
95.00 percentile latency (ns)   : 144560431
99.00 percentile latency (ns)   : 206884343

================================================
Test Parameters Used
================================================
min_query_count : 100
";

fn about() -> Benchmarked {
    let provenance = Provenance { kind: Kind::Published, source: "MLPerf".into(), date: "2024-08".into() };
    let shape = Shape { steps: Some(20.0), ..Shape::default() };
    Benchmarked { cell: cell("sdxl"), shape, gpus: 2, n: None, provenance }
}

fn mlperf(text: &str) -> Result<Runs, Vec<Problem>> {
    Runs::read_mlperf("summary.txt", text, &about(), &options())
}

#[test]
fn a_single_stream_result_is_a_summary_of_warm_runs() {
    let run = mlperf(SINGLE_STREAM).expect("valid").rows.remove(0);
    let RunEnd::Summary { n, p50_s, high_s, high_share } = run.end else { panic!("{run:?}") };
    assert_eq!((n, run.phase, run.used, run.line), (2048, Phase::Warm, true, 17));
    assert_relative_eq!(p50_s, 0.124_973_763, max_relative = 1e-12);
    assert_relative_eq!(high_s, 0.144_560_431, max_relative = 1e-12);
    let percentile = |share, seconds| Percentile { share, seconds };
    let law = lognormal_of(n, percentile(0.5, p50_s), percentile(high_share, high_s)).expect("percentiles");
    // ln(144.56 / 124.97) / 1.644854 by hand.
    assert_relative_eq!(law.sigma, 0.088_514_75, max_relative = 1e-6);
    let without = SINGLE_STREAM.replace("95.00 percentile", "94.00 percentile").replace(" (2048)", "");
    let run = mlperf(&without).expect("valid").rows.remove(0);
    assert!(
        matches!(run.end, RunEnd::Summary { n: 100, high_share, .. } if (high_share - 0.9).abs() < 1e-12),
        "{run:?}"
    );
}

#[test]
fn the_detailed_log_says_the_same() {
    let entry = |key: &str, value: &str| {
        format!(
            ":::MLLOG {{\"key\": \"{key}\", \"value\": {value}, \"time_ms\": 1.0, \"namespace\": \"mlperf::logging\", \"event_type\": \"POINT_IN_TIME\", \"metadata\": {{\"is_error\": false}}}}\n"
        )
    };
    let log = entry("effective_scenario", "\"SingleStream\"")
        + &entry("effective_min_query_count", "100")
        + &entry("result_validity", "\"VALID\"")
        + &entry("result_50.00_percentile_latency_ns", "124973763")
        + &entry("result_90.00_percentile_latency_ns", "141426994")
        + &entry("result_95.00_percentile_latency_ns", "144560431");
    let (log, text) = (mlperf(&log).expect("valid"), mlperf(&SINGLE_STREAM.replace(" (2048)", "")).expect("valid"));
    assert_eq!(log.rows[0].end, text.rows[0].end);
}

/// Cisco's two L40S in MLPerf 4.1: 1.36759 samples a second, 1.4624 GPU-seconds an image as the published tables say.
#[test]
fn an_offline_result_is_derived_and_not_fitted() {
    let text = "Scenario : Offline\nSamples per second: 1.36759\nResult is : VALID\n";
    let run = mlperf(text).expect("valid").rows.remove(0);
    assert_relative_eq!(run.typical_s().expect("a time"), 1.4624, max_relative = 1e-4);
    assert_eq!((run.provenance.kind, run.used), (Kind::Derived, false));
    assert_eq!(run.provenance.source, "2 GPUs / 1.36759 samples per second, MLPerf");
}

#[test]
fn results_that_say_nothing_of_one_request_are_refused() {
    let message = |text: &str| mlperf(text).expect_err("bad input").pop().expect("a problem").message;
    assert_eq!(message("Scenario : Server\nResult is : VALID\n"), "`Server` times more than one request alone");
    assert_eq!(message("hello\n"), "is not in the file");
    assert_eq!(message(&SINGLE_STREAM.replace("VALID", "INVALID")), "the run did not satisfy its own rules");
    assert_eq!(message("Scenario : SingleStream\n"), "two of them are missing");
    let unknown = SINGLE_STREAM.replace(" (2048)", "").replace("min_query_count", "least_query_count");
    assert_eq!(message(&unknown), "the file does not say how many queries were timed");
    assert_eq!(message(":::MLLOG {nonsense\n"), "is no JSON behind :::MLLOG");
    let tomorrow = Provenance { date: "2026-11-27".into(), ..about().provenance };
    let late = Benchmarked { provenance: tomorrow, ..about() };
    let found = Runs::read_mlperf("summary.txt", SINGLE_STREAM, &late, &options()).expect_err("bad input");
    assert_eq!(found[0].message, "`2026-11-27` lies in the future");
}
