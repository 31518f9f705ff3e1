//! The requests of a log as traces that a scenario replays.

use std::io::{self, BufRead};

use serde::{Deserialize, Serialize};

use super::StudyError;
use super::pass::Pass;
use crate::describe::Clock;

const SECOND_NS: i64 = 1_000_000_000;
const MS_NS: i64 = 1_000_000;
const HOUR_S: i64 = 3600;
/// The longest trace that a scenario reads, in days: ten years.
const DAYS_MAX: i64 = 3653;
/// Each model's trace is a file of its own, and so many may be open.
const MODELS_MAX: usize = 100;
const WEEK: usize = 7;

/// Where the requests go: model, day from 0, milliseconds after its 00:00.
pub type TraceSink<'s> = dyn FnMut(&str, u32, u32) -> io::Result<()> + Send + 's;

/// What was written of a log as traces: whole days by the clock of its zone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Traces {
    /// The first day, `YYYY-MM-DD`: day 0 of every trace.
    pub first_date: String,
    /// The last, `YYYY-MM-DD`.
    pub last_date: String,
    /// The weekday of the first, 0 (Monday) to 6; none where the log has no date.
    pub first_weekday: Option<u8>,
    /// Requests of the log that are in no trace: before or after the whole days, or in the hour that a clock repeats.
    pub left_out: u64,
    /// The trace of each model that has requests in these days, most first.
    pub models: Vec<ModelTrace>,
}

/// The trace of a model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelTrace {
    /// The model, as the study calls it.
    pub model: String,
    /// Its requests.
    pub requests: u64,
    /// Days up to the last with a request.
    pub days: u32,
    /// Mean requests a day.
    pub requests_per_day: f64,
    /// Whether it has whole weeks and no day besides: where weekdays count, nothing else is replayed in order.
    pub is_weekly: bool,
}

/// Hands the requests of whole days to `sink`, in order of time.
///
/// - `since_s`: where to begin, in unix seconds; `None` for the beginning of the log.
pub(super) fn trace<B: BufRead, O: FnMut() -> io::Result<B>>(
    pass: &mut Pass<'_, O>,
    since_s: Option<i64>,
    sink: &mut TraceSink<'_>,
) -> Result<Traces, StudyError> {
    let clock = pass.clock().clone();
    let days = whole_days(&clock, pass.stretch_s(since_s), pass.file())?;
    let names = pass.names();
    let mut counts = vec![Vec::new(); names.len()];
    let (mut left_out, mut last, mut failure) = (0, (i64::MIN, 0), None);
    pass.each_entry(|model, entry| {
        let unix_s = entry.at_ns.div_euclid(SECOND_NS);
        let hour = clock.local_hour(unix_s);
        let second = i64::from(hour.hour) * HOUR_S + clock.since_hour_s(unix_s);
        let at = (hour.day, second * 1000 + entry.at_ns.rem_euclid(SECOND_NS) / MS_NS);
        // A trace has a clock's time once, in order.
        let is_repeated = at < last || clock.local_hour(unix_s - HOUR_S) == hour;
        if !days.contains(&at.0) || is_repeated || failure.is_some() {
            left_out += entry.requests;
            return;
        }
        last = at;
        let (day, ms) = ((at.0 - days.start) as u32, at.1 as u32);
        for _ in 0..entry.requests {
            if let Err(cause) = sink(&names[model as usize], day, ms) {
                failure = Some(cause);
                return;
            }
        }
        let of_model: &mut Vec<u64> = &mut counts[model as usize];
        of_model.resize(of_model.len().max(day as usize + 1), 0);
        of_model[day as usize] += entry.requests;
    })?;
    if let Some(cause) = failure {
        return Err(StudyError::TraceUnwritten { cause });
    }
    let first_weekday = (!pass.summary().is_origin_assumed).then(|| (days.start + 3).rem_euclid(7) as u8);
    let with_requests = names.into_iter().zip(counts).filter(|(_, counts)| counts.iter().any(|count| *count > 0));
    let mut models: Vec<ModelTrace> =
        with_requests.map(|(model, counts)| model_trace(model, &counts, first_weekday.is_some())).collect();
    models.sort_by(|a, b| b.requests.cmp(&a.requests).then_with(|| a.model.cmp(&b.model)));
    let (first_date, last_date) = (Clock::date(days.start), Clock::date(days.end - 1));
    Ok(Traces { first_date, last_date, first_weekday, left_out, models })
}

/// Refuses a log of which no trace can be made, before it is described.
pub(super) fn check<O>(pass: &Pass<'_, O>) -> Result<(), StudyError> {
    let file = pass.file().to_owned();
    if let Some(bin_s) = pass.summary().bin_s {
        let what = format!("counts in bins of {bin_s} s do not say when each request came");
        let mend = "leave the trace out; the curve and the model of the counts are written all the same";
        return Err(StudyError::NoTrace { file, what, mend });
    }
    if pass.names().len() > MODELS_MAX {
        let what = format!("a trace is a file a model, and the log has more than {MODELS_MAX}");
        return Err(StudyError::NoTrace { file, what, mend: "name another column of models, or leave the trace out" });
    }
    Ok(())
}

/// The days of which the log has every hour.
fn whole_days(clock: &Clock, (start_s, end_s): (i64, i64), file: &str) -> Result<std::ops::Range<i64>, StudyError> {
    let since_hour_s = clock.since_hour_s(end_s);
    // The hour of the last request is a whole one, as that of the first is.
    let end_s = if since_hour_s > 0 { end_s - since_hour_s + HOUR_S } else { end_s };
    let first = clock.local_hour(start_s).day;
    let begins_there = clock.local_hour(start_s - 1).day < first;
    let days = (if begins_there { first } else { first + 1 })..clock.local_hour(end_s).day;
    let refused = |what: String, mend| Err(StudyError::NoTrace { file: file.to_owned(), what, mend });
    match days.end - days.start {
        ..1 => refused(
            "it has no whole day".to_owned(),
            "leave the trace out, give a longer log, or the zone in which its days are whole",
        ),
        count if count > DAYS_MAX => {
            refused(format!("{count} days are more than the {DAYS_MAX} of a trace"), "give a shorter part of it")
        }
        _ => Ok(days),
    }
}

/// What there is to say of a model with so many requests on each day, up to the last with any.
fn model_trace(model: String, counts: &[u64], has_weekdays: bool) -> ModelTrace {
    let (days, requests) = (counts.len(), counts.iter().sum::<u64>());
    let is_weekly = has_weekdays && days.is_multiple_of(WEEK);
    ModelTrace { model, requests, days: days as u32, requests_per_day: requests as f64 / days as f64, is_weekly }
}
