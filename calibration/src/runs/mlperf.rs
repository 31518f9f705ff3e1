//! Results of the MLPerf load generator: its summary, or the lines of its detailed log.

use crate::fit::Kind;
use crate::problem::Problem;
use crate::provenance::Provenance;
use crate::table::Table;

use super::{CellName, Phase, Run, RunEnd, Runs, RunsOptions, Shape};

const NS: f64 = 1e-9;

/// What a result file does not say of itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Benchmarked {
    /// What was run, where.
    pub cell: CellName,
    /// What one sample asked for.
    pub shape: Shape,
    /// How many GPUs shared the work.
    pub gpus: u32,
    /// How many queries were timed, where the file does not tell.
    pub n: Option<u32>,
    /// Who measured it, and when; a throughput becomes derived.
    pub provenance: Provenance,
}

/// What was found in a file; each with the line on which it stands.
#[derive(Debug, Default)]
struct Found {
    scenario: Option<(u64, String)>,
    is_valid: Option<(u64, bool)>,
    samples_per_second: Option<(u64, f64)>,
    /// Share and seconds.
    percentiles: Vec<(u64, f64, f64)>,
    queries: Option<u32>,
    least_queries: Option<u32>,
}

impl Runs {
    /// Reads `mlperf_log_summary.txt`, or the `:::MLLOG` lines of `mlperf_log_detail.txt`.
    ///
    /// A single-stream result is a summary of warm runs: its median and 95th percentile (else the 90th). An offline one
    /// is a throughput of batches: GPU-seconds a sample, a row of kind derived that is not fitted. A server's latencies
    /// hold waiting times and are refused.
    ///
    /// # Errors
    /// Every problem of the file.
    ///
    /// # Source
    /// Reddi et al. 2020, *MLPerf Inference Benchmark*, ISCA: what the scenarios time.
    pub fn read_mlperf(
        file: &str,
        text: &str,
        about: &Benchmarked,
        options: &RunsOptions<'_>,
    ) -> Result<Self, Vec<Problem>> {
        let mut table = Table::of(file);
        let found = if text.contains(":::MLLOG") { log_lines(&mut table, text) } else { summary_lines(text) };
        let run = result(&mut table, &found, about);
        table.extend(run);
        Self::checked(table, options)
    }
}

fn summary_lines(text: &str) -> Found {
    let mut found = Found::default();
    for (line, content) in (1..).zip(text.lines()) {
        if let Some((_, rest)) = content.split_once("Processed at least ") {
            found.queries = rest.split_once('(').and_then(|(_, n)| n.split_once(')')?.0.parse().ok());
        }
        let Some((key, value)) = content.split_once(':') else { continue };
        note(&mut found, line, key.trim(), value.trim());
    }
    found
}

/// One line of the summary, or one entry of the log under the summary's name.
fn note(found: &mut Found, line: u64, key: &str, value: &str) {
    match key {
        "Scenario" => found.scenario = Some((line, value.replace(' ', ""))),
        "Result is" => found.is_valid = Some((line, value == "VALID")),
        "Samples per second" => found.samples_per_second = value.parse().ok().map(|rate| (line, rate)),
        "min_query_count" => found.least_queries = value.parse().ok(),
        _ => {
            if let Some(percent) = key.strip_suffix(" percentile latency (ns)")
                && let (Ok(percent), Ok(ns)) = (percent.parse::<f64>(), value.parse::<f64>())
            {
                found.percentiles.push((line, percent / 100.0, ns * NS));
            }
        }
    }
}

fn log_lines(table: &mut Table<'_, Run>, text: &str) -> Found {
    let mut found = Found::default();
    for (line, content) in (1..).zip(text.lines()) {
        let Some((_, json)) = content.split_once(":::MLLOG") else { continue };
        let Ok(entry) = serde_json::from_str::<serde_json::Value>(json.trim()) else {
            table.reject(Some(line), "", "is no JSON behind :::MLLOG".into(), "give the log as it was written");
            continue;
        };
        let key = entry["key"].as_str().unwrap_or_default();
        let value = entry["value"].as_str().map_or_else(|| entry["value"].to_string(), str::to_owned);
        let percent = key.strip_prefix("result_").and_then(|key| key.strip_suffix("_percentile_latency_ns"));
        match key {
            "effective_scenario" | "requested_scenario" => note(&mut found, line, "Scenario", &value),
            "result_validity" => note(&mut found, line, "Result is", &value),
            "result_samples_per_second" => note(&mut found, line, "Samples per second", &value),
            "effective_min_query_count" => note(&mut found, line, "min_query_count", &value),
            "early_stopping_result" => found.queries = summary_lines(&value).queries,
            _ => {
                if let Some(percent) = percent {
                    note(&mut found, line, &format!("{percent} percentile latency (ns)"), &value);
                }
            }
        }
    }
    found
}

fn result(table: &mut Table<'_, Run>, found: &Found, about: &Benchmarked) -> Option<Run> {
    let help = "give mlperf_log_summary.txt or mlperf_log_detail.txt of a performance run";
    if let Some((line, false)) = found.is_valid {
        table.reject(Some(line), "Result is", "the run did not satisfy its own rules".into(), "give a valid run");
    }
    let Some((line, scenario)) = &found.scenario else {
        table.reject(None, "Scenario", "is not in the file".into(), help);
        return None;
    };
    match scenario.as_str() {
        "SingleStream" => single_stream(table, found, about),
        "Offline" => offline(table, found, about),
        other => {
            let message = format!("`{other}` times more than one request alone");
            table.reject(Some(*line), "Scenario", message, "give a SingleStream result, or an Offline one");
            None
        }
    }
}

fn single_stream(table: &mut Table<'_, Run>, found: &Found, about: &Benchmarked) -> Option<Run> {
    let at = |share: f64| found.percentiles.iter().find(|(_, p, _)| (p - share).abs() < 1e-9);
    let (Some(median), Some(high)) = (at(0.5), at(0.95).or_else(|| at(0.9))) else {
        let help = "give the file with its additional stats: the 50.00 and the 90.00 or 95.00 percentile";
        table.reject(None, "percentile latency (ns)", "two of them are missing".into(), help);
        return None;
    };
    let Some(n) = about.n.or(found.queries).or(found.least_queries.filter(|n| *n >= 2)) else {
        let help = "state the number of queries beside the file";
        table.reject(None, "min_query_count", "the file does not say how many queries were timed".into(), help);
        return None;
    };
    let end = RunEnd::Summary { n, p50_s: median.2, high_s: high.2, high_share: high.1 };
    Some(run(median.0, end, about, about.provenance.clone(), true, String::new()))
}

fn offline(table: &mut Table<'_, Run>, found: &Found, about: &Benchmarked) -> Option<Run> {
    let Some((line, rate)) = found.samples_per_second.filter(|(_, rate)| *rate > 0.0) else {
        let help = "give the summary of a performance run";
        table.reject(None, "Samples per second", "is not in the file, or not above zero".into(), help);
        return None;
    };
    let source = format!("{} GPUs / {rate} samples per second, {}", about.gpus, about.provenance.source);
    let provenance = Provenance { kind: about.provenance.kind.max(Kind::Derived), source, ..about.provenance.clone() };
    let note = "throughput of batches: a request alone takes longer".to_owned();
    Some(run(line, RunEnd::Took { seconds: f64::from(about.gpus) / rate }, about, provenance, false, note))
}

fn run(line: u64, end: RunEnd, about: &Benchmarked, provenance: Provenance, used: bool, note: String) -> Run {
    Run {
        line,
        cell: about.cell.clone(),
        phase: Phase::Warm,
        end,
        shape: about.shape.clone(),
        peak_gib: None,
        machine: String::new(),
        used,
        provenance,
        note,
    }
}
