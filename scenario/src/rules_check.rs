//! Checks of the rules that a pool asks for: bounds of each, and what contradicts what.

use fleetfront_sim::SimTime;

use crate::document::join;
use crate::findings::Findings;
use crate::resolved::PoolSettings;
use crate::rules::{
    BatchedFile, BoundsFile, EfficiencyFile, ExecutionName, FallbackFile, RetryFile, Rules, WindowFile,
};

/// Most inputs of a batch, and longest wait of it in milliseconds (Modal documentation, read 2026-10-07).
const BATCH_MAX: f64 = 1000.0;
const WAIT_MS_MAX: f64 = 600_000.0;
/// Retry settings that the platform accepts (Modal documentation, read 2026-10-07).
const DELAY_MAX_S: f64 = 60.0;
const COEFFICIENT: (f64, f64) = (1.0, 10.0);
/// Most of what is counted: a limit of this simulation, against typing errors.
const COUNT_MAX: f64 = 1_000_000.0;

/// Checks what is written in the rules at `path`.
///
/// - `strict`: whether the platform's own limits hold.
pub(crate) fn check(rules: &Rules, path: &str, strict: bool, findings: &mut Findings<'_>) {
    let at = |key: &str| join(path, key);
    for (key, seconds) in [
        ("early_drain_s", rules.early_drain_s),
        ("startup_timeout_s", rules.startup_timeout_s),
        ("boot_backoff_s", rules.boot_backoff_s),
        ("boot_backoff_max_s", rules.boot_backoff_max_s),
        ("gpu_wait_s", rules.gpu_wait_s),
        ("billing_increment_s", rules.billing_increment_s),
        ("billing_minimum_s", rules.billing_minimum_s),
    ] {
        if let Some(seconds) = seconds {
            findings.within_a_day(&at(key), seconds);
        }
    }
    if let Some(probability) = rules.boot_failure_probability {
        findings.probability(&at("boot_failure_probability"), probability);
    }
    for (key, count) in [
        ("boots_at_once", rules.boots_at_once),
        ("gpus_per_container", rules.gpus_per_container),
        ("target_inputs", rules.target_inputs),
    ] {
        if let Some(count) = count {
            findings.within(&at(key), f64::from(count), 1.0, COUNT_MAX, "none at all serves nobody");
        }
    }
    if let Some(cv) = rules.host_speed_cv {
        findings.within(&at("host_speed_cv"), cv, 0.0, 3.0, "no hosts differ so much");
    }
    if let Some(preemption) = &rules.preemption {
        findings.positive(&join(&at("preemption"), "mean_h"), preemption.mean_h, "the mean time");
    }
    if let Some(client) = &rules.client_timeout {
        client.after.check(&join(&at("client_timeout"), "after"), findings);
    }
    match &rules.window {
        Some(WindowFile::Drawn(law)) => law.check(&join(&at("window"), "drawn"), findings),
        Some(WindowFile::PausedMeanS(mean)) => {
            findings.positive(&join(&at("window"), "paused_mean_s"), *mean, "the mean window");
        }
        None => {}
    }
    check_efficiency(rules.efficiency.as_ref(), &at("efficiency"), findings);
    check_batched(rules.batched.as_ref(), &at("batched"), findings);
    check_retry(rules.retry.as_ref(), &at("retry"), strict, findings);
    check_fallback(rules.fallback.as_ref(), &at("fallback"), findings);
    check_schedule(rules.schedule.as_deref().unwrap_or_default(), &at("schedule"), findings);
}

fn check_efficiency(efficiency: Option<&EfficiencyFile>, path: &str, findings: &mut Findings<'_>) {
    match efficiency {
        Some(EfficiencyFile::Power(exponent)) => {
            findings.within(&join(path, "power"), *exponent, 0.0, 1.0, "more inputs are not faster than one each");
        }
        Some(EfficiencyFile::Table(speeds)) => {
            let path = join(path, "table");
            if speeds.is_empty() || speeds.iter().any(|speed| *speed <= 0.0) {
                findings.refuse(&path, "a speed for each number of inputs is above zero", "give 1.0, then the others");
            }
        }
        None => {}
    }
}

pub(crate) fn check_batched(batched: Option<&BatchedFile>, path: &str, findings: &mut Findings<'_>) {
    let Some(batched) = batched else { return };
    let why = "the platform accepts no other";
    findings.within(&join(path, "max_batch_size"), f64::from(batched.max_batch_size), 1.0, BATCH_MAX, why);
    findings.within(&join(path, "wait_ms"), batched.wait_ms, 0.0, WAIT_MS_MAX, why);
    findings.within(&join(path, "item_share"), batched.item_share, 0.0, 1.0, "1 is no gain over one at a time");
    if let Some(law) = &batched.wait_while_idle {
        law.check(&join(path, "wait_while_idle"), findings);
    }
}

fn check_retry(retry: Option<&RetryFile>, path: &str, strict: bool, findings: &mut Findings<'_>) {
    let Some(retry) = retry else { return };
    findings.within(&join(path, "max_retries"), f64::from(retry.max_retries), 0.0, COUNT_MAX, "no more are simulated");
    let why = "the platform accepts no other";
    findings.within(&join(path, "backoff_coefficient"), retry.backoff_coefficient, COEFFICIENT.0, COEFFICIENT.1, why);
    let most = if strict { DELAY_MAX_S } else { 86_400.0 };
    findings.within(&join(path, "initial_delay_s"), retry.initial_delay_s, 0.0, most, why);
    findings.within(&join(path, "max_delay_s"), retry.max_delay_s, if strict { 1.0 } else { 0.0 }, most, why);
}

fn check_fallback(fallback: Option<&FallbackFile>, path: &str, findings: &mut Findings<'_>) {
    let Some(fallback) = fallback else { return };
    if !fallback.on_failure && !fallback.relieves() {
        let message = format!("nothing ever goes to the fallback pool \"{}\"", fallback.pool);
        let help = "add on_rejection = true, on_failure = true, on_wait_s = ... or hedge_after_s = ...";
        findings.refuse(path, message, help);
    }
    if let Some(seconds) = fallback.hedge_after_s {
        let path = join(path, "hedge_after_s");
        findings.within_a_day(&path, seconds);
        findings.positive(&path, seconds, "the time after which a request is sent a second time");
    } else if fallback.cancel_loser {
        let message = "no copy of a request loses without hedge_after_s";
        findings.refuse(&join(path, "cancel_loser"), message, "add hedge_after_s = ...");
    }
    if let Some(seconds) = fallback.on_wait_s {
        findings.within_a_day(&join(path, "on_wait_s"), seconds);
    } else if fallback.predicted {
        findings.refuse(&join(path, "predicted"), "no wait is predicted without on_wait_s", "add on_wait_s = ...");
    }
}

pub(crate) fn check_schedule(schedule: &[BoundsFile], path: &str, findings: &mut Findings<'_>) {
    let mut before = None;
    for (index, bounds) in schedule.iter().enumerate() {
        let path = format!("{path}[{index}]");
        let Some(at) = time_or_refuse(&bounds.at, &join(&path, "at"), findings) else { continue };
        if before.is_some_and(|before| before >= at) {
            let message = format!("\"{}\" is not after the entry before", bounds.at);
            findings.refuse(&join(&path, "at"), message, "put the entries in the order of the day, each time once");
        }
        before = Some(at);
        if bounds.max_containers.is_some_and(|max| max == 0 || max < bounds.min_containers) {
            let message = "max_containers is below min_containers, or zero";
            findings.refuse(&join(&path, "max_containers"), message, "raise max_containers");
        }
    }
}

/// The time of the day that is written at `path`, if it is one.
pub(crate) fn time_or_refuse(text: &str, path: &str, findings: &mut Findings<'_>) -> Option<SimTime> {
    let at = time_of_day(text);
    if at.is_none() {
        let message = format!("\"{text}\" is no time of the day");
        findings.refuse(path, message, "write it as \"HH:MM\", from \"00:00\" to \"23:59\"");
    }
    at
}

fn minutes_of(text: &str) -> Option<u64> {
    let (hours, minutes) = text.split_once(':')?;
    let (hours, minutes): (u64, u64) = (hours.parse().ok()?, minutes.parse().ok()?);
    (hours < 24 && minutes < 60).then_some(hours * 60 + minutes)
}

/// The instant of a time of the day, from midnight.
#[must_use]
pub fn time_of_day(text: &str) -> Option<SimTime> {
    minutes_of(text).map(|minutes| SimTime(minutes * 60_000_000_000))
}

/// Checks what a pool's settings say together. `path` is where they stand.
pub(crate) fn check_together(settings: &PoolSettings, name: ExecutionName, path: &str, findings: &mut Findings<'_>) {
    let rules = &settings.rules;
    if rules.bind_boots == Some(true) && rules.batched.is_some() {
        let message = "a request that waits for its own boot cannot wait for a batch";
        findings.refuse(&join(path, "rules.bind_boots"), message, "remove bind_boots or `batched`");
    }
    let place = |key: &str, findings: &Findings<'_>| {
        let places = [join(&join(path, "rules"), key), join(path, key), join(path, "execution"), path.to_owned()];
        places.into_iter().find(|place| findings.document.has(place)).unwrap_or_else(|| path.to_owned())
    };
    let mut contradicts = |on: bool, key: &str, message: &str, help: &str| {
        if on {
            let place = place(key, findings);
            findings.refuse(&place, message, help);
        }
    };
    let batched = rules.batched.is_some();
    contradicts(
        batched && name != ExecutionName::Batched,
        "batched",
        "batches form, but the execution is another",
        "write execution = \"batched\", or remove `batched`",
    );
    contradicts(
        !batched && name == ExecutionName::Batched,
        "execution",
        "execution = \"batched\" does not say how batches form",
        "add rules.batched = { max_batch_size = ..., wait_ms = ..., item_share = ... }",
    );
    contradicts(
        rules.efficiency.is_some() && name != ExecutionName::Shared,
        "efficiency",
        "an efficiency has no meaning where inputs do not share",
        "write execution = \"shared\", or remove `efficiency`",
    );
    contradicts(
        rules.efficiency.is_none() && name == ExecutionName::Shared,
        "execution",
        "execution = \"shared\" does not say how fast several inputs are",
        "add rules.efficiency = { power = ... } or { table = [...] }",
    );
    let capacity = rules.batched.as_ref().map_or(settings.max_inputs, |batched| batched.max_batch_size);
    contradicts(
        rules.target_inputs.is_some_and(|target| target > capacity),
        "target_inputs",
        "target_inputs is above what a container takes at once",
        "give max_inputs (or max_batch_size) or less",
    );
    let most = settings.max_containers;
    let starved = |entry: &BoundsFile| entry.max_containers.or(most).is_some_and(|max| max < entry.min_containers);
    contradicts(
        rules.schedule.iter().flatten().any(starved),
        "schedule",
        "the schedule keeps more containers up than max_containers allows",
        "raise max_containers of the pool or of the entry, or lower min_containers of the entry",
    );
    contradicts(
        rules.early_drain_s.is_some_and(|early| rules.window.is_none() && early >= settings.scaledown_window.get()),
        "early_drain_s",
        "early_drain_s is not below scaledown_window_s: nothing would be drained early",
        "lower early_drain_s, or remove it",
    );
    contradicts(
        rules.retry.as_ref().is_some_and(|retry| retry.initial_delay_s > retry.max_delay_s),
        "retry",
        "initial_delay_s is above max_delay_s",
        "raise max_delay_s",
    );
    contradicts(
        settings.max_containers.is_some_and(|max| settings.buffer_containers >= max.max(1)),
        "buffer_containers",
        "buffer_containers is not below max_containers: the buffer would never be complete",
        "raise max_containers or lower buffer_containers",
    );
    contradicts(
        rules.retry.is_some() && settings.retries > 0,
        "retry",
        "retries are given twice: as a number and as `retry`",
        "write retries = 0, or remove `retry`",
    );
    let bound = rules.bind_boots == Some(true);
    contradicts(
        bound && (rules.cancel_boots == Some(true) || rules.boots_at_once.is_some()),
        "bind_boots",
        "a boot to which a request is bound can neither be cancelled nor wait for others",
        "remove cancel_boots and boots_at_once, or bind_boots",
    );
    let never_queues = rules.max_pending == Some(0) && !bound && settings.min_containers == 0;
    contradicts(
        never_queues && !batched,
        "max_pending",
        "with max_pending = 0 and no warm container every request is rejected: none may wait for a boot",
        "raise max_pending or min_containers, or write bind_boots = true",
    );
    let busy = rules.preemption.as_ref().is_some_and(|preemption| preemption.while_busy);
    contradicts(
        busy && settings.max_inputs > 1 && name != ExecutionName::Serial,
        "preemption",
        "time while busy is defined for one try at a time",
        "remove while_busy, or write execution = \"serial\"",
    );
}
