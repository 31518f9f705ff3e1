//! Containers that are started when they are wanted and stop when they are idle.

use serde_json::Value;

use super::case::{Case, Keys};
use super::law::{self, deterministic, exponential};
use super::system::{Model, Pool, System};

type Systems = Result<Vec<System>, String>;

/// A model with its service and setup laws.
fn model(keys: &Keys<'_>) -> Result<Model, String> {
    keys.remark("setup", &["deterministic", "exponential"])?;
    let boot = match (keys.maybe("setup_s")?, keys.words("setup").as_str()) {
        (Some(seconds), "exponential") => exponential(seconds),
        (Some(seconds), _) => deterministic(seconds),
        (None, "deterministic") => deterministic(keys.number("mean_setup_s")?),
        (None, _) => exponential(keys.number("mean_setup_s")?),
    };
    let model = Model::poisson(keys.number("arrival_rate_per_s")?, law::service(keys)?.0);
    Ok(Model { boot, ..model })
}

/// The pool with its idle window: fixed, or exponential timers that run only while their container may stop.
fn windowed(keys: &Keys<'_>, pool: Pool) -> Result<Pool, String> {
    keys.remark("idle_window", &["deterministic", "exponential"])?;
    let drawn = keys.words("idle_window") == "exponential";
    let (window_s, drawn) = match keys.maybe("mean_idle_window_s")? {
        Some(mean_s) => (mean_s, keys.words("idle_window") != "deterministic"),
        None => (keys.number("idle_window_s")?, drawn),
    };
    let pool = Pool { window_s, ..pool };
    if drawn && window_s > 0.0 {
        Ok(pool.rule(format!("window = {{ paused_mean_s = {window_s:?} }}")))
    } else {
        Ok(pool)
    }
}

/// `max_containers`: a number, or "unlimited".
fn max_containers(keys: &Keys<'_>) -> Result<Option<u32>, String> {
    match keys.value("max_containers") {
        None => Ok(None),
        Some(Value::String(word)) if word == "unlimited" => Ok(None),
        Some(_) => keys.count("max_containers").map(Some),
    }
}

/// Boots, a window, and either a queue (one container unless said otherwise), or a container for each request.
pub(crate) fn with_setup(keys: &Keys<'_>, case: &Case) -> Systems {
    if keys.words("queue").starts_with("none") {
        return bound(keys, case);
    }
    let words = case.description.to_lowercase();
    let of_its_own = words.contains("bound to its own container") && words.contains("ample");
    keys.remark("queue", &["fifo unlimited", "fifo, unlimited"])?;
    keys.remark("start", &["first request that finds none"])?;
    keys.remark("concurrency", &["1"])?;
    let one = words.contains("single container") || words.contains("/1/") || words.is_empty();
    let (max, min) = (max_containers(keys)?, keys.maybe("min_containers")?.unwrap_or(0.0) as u32);
    let pool = match max {
        None if of_its_own => Pool::elastic(None).rule("bind_boots = true"),
        None if one => Pool::elastic(Some(1)),
        None => return Err("neither keys nor description say how many containers there may be".to_owned()),
        Some(max) => Pool { min, ..Pool::elastic(Some(max)) },
    };
    Ok(vec![System::one(model(keys)?, windowed(keys, pool)?)])
}

/// Each request that finds no idle container starts one, bound to it; none queues.
pub(crate) fn bound(keys: &Keys<'_>, _: &Case) -> Systems {
    keys.remark("queue", &["none"])?;
    keys.remark("routing", &["lifo", "most recently"])?;
    keys.remark("binding", &["stays bound"])?;
    keys.remark("laws", &["all exponential"])?;
    let min = keys.maybe("min_containers")?.unwrap_or(0.0) as u32;
    let pool = Pool { min, ..Pool::elastic(max_containers(keys)?) };
    let pool = pool.rule("bind_boots = true").rule("max_pending = 0");
    Ok(vec![System::one(model(keys)?, windowed(keys, pool)?)])
}

/// A central queue and several containers, by one of the rules of starting them that theory knows.
pub(crate) fn setup(keys: &Keys<'_>, _: &Case) -> Systems {
    Ok(vec![System::one(model(keys)?, autoscaled(keys)?)])
}

/// The pool of an autoscaled system.
pub(crate) fn autoscaled(keys: &Keys<'_>) -> Result<Pool, String> {
    keys.remark("laws", &["all exponential"])?;
    keys.remark("queue", &["fifo, unlimited", "fifo unlimited"])?;
    let semantics = keys.words("setup_semantics");
    let min = if keys.has("min_containers") { keys.count("min_containers")? } else { 0 };
    let buffer = if keys.has("buffer_containers") { keys.count("buffer_containers")? } else { 0 };
    let pool = Pool { min, buffer, ..Pool::elastic(max_containers(keys)?) };
    let pool = if semantics.contains("at most one") || semantics.contains("staggered") {
        pool.rule("boots_at_once = 1").rule("cancel_boots = true")
    } else if semantics.contains("no longer needed are cancelled") {
        pool.rule("cancel_boots = true")
    } else if ["always complete", "never cancelled"].iter().any(|words| semantics.contains(words)) {
        pool
    } else {
        return Err(format!("`setup_semantics` = \"{semantics}\" is not understood"));
    };
    // What theory calls a buffer is there with no jobs too.
    let pool = if buffer > 0 { pool.rule("buffer_always = true") } else { pool };
    windowed(keys, pool)
}
