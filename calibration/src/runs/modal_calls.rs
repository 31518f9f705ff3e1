//! The calls that `modal function calls APP/FN --json` lists.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::day::Day;
use crate::fit::Kind;
use crate::problem::Problem;
use crate::provenance::Provenance;
use crate::table::{Table, meant};

use super::{CellName, Phase, Run, RunEnd, Runs, RunsOptions, Shape};

/// Which cell a method of the platform serves: the list names methods, neither models nor GPUs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServedAs {
    /// As in `service_method_name`.
    pub method: String,
    /// What it runs, where.
    pub cell: CellName,
}

/// One call, with the keys of the platform's client 1.6.4 (read 2026-11). All but the first may be null.
#[derive(Debug, Deserialize)]
struct Call {
    function_call_id: String,
    service_method_name: Option<String>,
    enqueued_at: Option<String>,
    container_id: Option<String>,
    startup_time_seconds: Option<f64>,
    execution_time_seconds: Option<f64>,
    status: Option<serde_json::Value>,
}

/// What a status says of the execution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Status {
    Success,
    Timeout,
    Failure,
    NotOver,
}

impl Runs {
    /// Reads the list: a warm run from each `execution_time_seconds`, and a boot from the `startup_time_seconds` of the
    /// first call in each container. Calls in `containers` that boot are executed once they are ready, so both times
    /// are their own. A call without a method is that of the only entry of `served`.
    ///
    /// Calls that are pending or running are left out; what the platform stopped at its timeout was cut off at its
    /// time.
    ///
    /// - `served`: which cell each method is.
    ///
    /// # Errors
    /// Every problem of the list, in the order of its lines.
    pub fn read_modal_calls(
        file: &str,
        text: &str,
        served: &[ServedAs],
        options: &RunsOptions<'_>,
    ) -> Result<Self, Vec<Problem>> {
        let mut table = Table::of(file);
        let mut calls: Vec<(u64, Call)> = Vec::new();
        for (line, object) in objects(&mut table, text) {
            match serde_json::from_str::<Call>(object) {
                Ok(call) => calls.push((line, call)),
                Err(error) => table.reject(
                    Some(line),
                    "",
                    format!("is no call: {}", without_place(&error)),
                    "give what `modal function calls APP/FN --json` prints",
                ),
            }
        }
        // The list is the newest first; of a container the call that came first has waited for its boot.
        calls.sort_by(|(_, a), (_, b)| a.enqueued_at.cmp(&b.enqueued_at));
        let mut booted: BTreeSet<String> = BTreeSet::new();
        let mut rows = Vec::new();
        for (line, call) in &calls {
            rows.extend(runs_of(&mut table, *line, call, served, &mut booted));
        }
        rows.sort_by_key(|run: &Run| (run.line, run.phase));
        table.extend(rows);
        Self::checked(table, options)
    }
}

/// The objects of an array, or those of lines, with the lines on which they begin.
fn objects<'a>(table: &mut Table<'_, Run>, text: &'a str) -> Vec<(u64, &'a str)> {
    let line_of = |part: &str| {
        let offset = part.as_ptr() as usize - text.as_ptr() as usize;
        1 + text[..offset].matches('\n').count() as u64
    };
    let read: Result<Vec<&'a RawValue>, serde_json::Error> = if text.trim_start().starts_with('[') {
        serde_json::from_str(text)
    } else {
        serde_json::Deserializer::from_str(text).into_iter().collect()
    };
    match read {
        Ok(values) => values.into_iter().map(|value| (line_of(value.get()), value.get())).collect(),
        Err(error) => {
            let message = format!("is no JSON: {}", without_place(&error));
            table.reject(
                Some(error.line() as u64),
                "",
                message,
                "give what `modal function calls APP/FN --json` prints",
            );
            Vec::new()
        }
    }
}

fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split(" at line ").next().unwrap_or(&text).to_owned()
}

fn runs_of(
    table: &mut Table<'_, Run>,
    line: u64,
    call: &Call,
    served: &[ServedAs],
    booted: &mut BTreeSet<String>,
) -> Vec<Run> {
    let Some(name) = cell_of(table, line, call, served) else { return Vec::new() };
    let Some(status) = status_of(table, line, call) else { return Vec::new() };
    let Some(date) = call.enqueued_at.clone().filter(|date| Day::parse(date).is_some()) else {
        let message = format!("`{}` is no instant", call.enqueued_at.as_deref().unwrap_or("null"));
        table.reject(Some(line), "enqueued_at", message, "give the list as the platform prints it");
        return Vec::new();
    };
    let run = |phase: Phase, end: RunEnd| Run {
        line,
        cell: name.clone(),
        phase,
        end,
        shape: Shape::default(),
        peak_gib: None,
        machine: call.container_id.clone().unwrap_or_default(),
        used: true,
        provenance: Provenance { kind: Kind::Measured, source: "modal function calls".into(), date: date.clone() },
        note: call.function_call_id.clone(),
    };
    let mut runs = Vec::new();
    for (key, seconds) in
        [("startup_time_seconds", call.startup_time_seconds), ("execution_time_seconds", call.execution_time_seconds)]
    {
        if seconds.is_some_and(|seconds| seconds < 0.0) {
            let message = format!("`{}` is negative", seconds.unwrap_or_default());
            table.reject(Some(line), key, message, "leave the call out: the clocks of its hosts disagreed");
            return runs;
        }
    }
    let starts = call.container_id.as_ref().is_some_and(|container| booted.insert(container.clone()));
    if let Some(seconds) = call.startup_time_seconds.filter(|seconds| starts && *seconds > 0.0) {
        runs.push(run(Phase::Boot, RunEnd::Took { seconds }));
    }
    let executed = call.execution_time_seconds.filter(|seconds| *seconds > 0.0);
    match (status, executed) {
        (Status::Success, Some(seconds)) => runs.push(run(Phase::Warm, RunEnd::Took { seconds })),
        (Status::Timeout, Some(seconds)) => runs.push(run(Phase::Warm, RunEnd::CutOff { seconds })),
        (Status::Failure, seconds) => {
            let cause = call.status.as_ref().and_then(|status| status.as_str()).unwrap_or("failure").to_owned();
            runs.push(run(Phase::Warm, RunEnd::Failed { seconds, cause }));
        }
        (Status::Success | Status::Timeout | Status::NotOver, _) => {}
    }
    runs
}

fn cell_of(table: &mut Table<'_, Run>, line: u64, call: &Call, served: &[ServedAs]) -> Option<CellName> {
    match (&call.service_method_name, served) {
        (None, [only]) => Some(only.cell.clone()),
        (None, _) => {
            let message = "is null, and several methods are served".to_owned();
            table.reject(Some(line), "service_method_name", message, "list the calls of one method at a time");
            None
        }
        (Some(method), _) => {
            let found = served.iter().find(|entry| entry.method == *method).map(|entry| entry.cell.clone());
            if found.is_none() {
                let known: Vec<&str> = served.iter().map(|entry| entry.method.as_str()).collect();
                let message = format!("`{method}` is no method whose model and GPU are given");
                table.reject(Some(line), "service_method_name", message, &meant(method, &known));
            }
            found
        }
    }
}

/// The statuses of the client 1.6.4: names of its enumeration in lower case, blanks for underscores.
fn status_of(table: &mut Table<'_, Run>, line: u64, call: &Call) -> Option<Status> {
    let status = call.status.as_ref().and_then(|status| status.as_str()).unwrap_or_default();
    let word = status.to_lowercase().replace('_', " ");
    Some(match word.as_str() {
        "success" => Status::Success,
        "timeout" => Status::Timeout,
        // What the platform took away, or never executed, says nothing about its time either.
        "pending" | "running" | "terminated" | "idle timeout" => Status::NotOver,
        "failure" | "init failure" | "internal failure" | "memory manager eviction" => Status::Failure,
        _ => {
            let message = format!("`{status}` is no status that is known");
            table.reject(
                Some(line),
                "status",
                message,
                "known: success, failure, timeout, terminated, pending, running",
            );
            return None;
        }
    })
}
