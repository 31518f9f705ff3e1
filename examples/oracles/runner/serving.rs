//! What containers do with requests: batches, sharing, retries, timeouts.

use super::case::{Case, Keys, number_after};
use super::law::{self, LawText, deterministic, exponential, lognormal};
use super::system::{Model, Pool, System, ample};

type Systems = Result<Vec<System>, String>;

/// The law of a batch of one, and the share of it that each further request adds.
fn batch_law(keys: &Keys<'_>, case: &Case) -> Result<(LawText, f64), String> {
    if keys.has("mean_batch_s") {
        let words = case.description.to_lowercase();
        let mean_s = keys.number("mean_batch_s")?;
        let known = words.contains("exponential") && words.contains("independent of size");
        return if known { Ok((exponential(mean_s), 0.0)) } else { Err("the law of a batch is not said".to_owned()) };
    }
    if !keys.has("batch_service_s") {
        // A former without servers to speak of: batches leave at once.
        return Ok((deterministic(1.0), 0.0));
    }
    let words = keys.words("batch_service_s");
    let unknown = || format!("the batch time \"{words}\" is not understood");
    let (kind, formula) =
        words.split_once("mean ").map_or(("", words.as_str()), |(kind, formula)| (kind.trim(), formula));
    let formula = formula.replace(' ', "");
    let (base, each) = formula.split_once('+').unwrap_or((&formula, "0*size"));
    let number = |text: &str| text.parse::<f64>().map_err(|_| unknown());
    let (base, each) = (number(base)?, number(each.strip_suffix("*size").ok_or_else(unknown)?)?);
    let one = base + each;
    match kind {
        "" | "deterministic," => Ok((deterministic(one), each / one)),
        "exponential," => Ok((exponential(one), each / one)),
        _ => Err(unknown()),
    }
}

/// Batches of a server, or a former of batches in front of as many servers as it takes.
pub(crate) fn batches(keys: &Keys<'_>, case: &Case) -> Systems {
    let size = keys.count("max_batch")?;
    let (service, item_share) = batch_law(keys, case)?;
    let rate = keys.number("arrival_rate_per_s")?;
    let former = keys.has("rule") && keys.words("rule").contains("unlimited servers");
    if former {
        keys.remark("rule", &["closes at the b-th or t after opening"])?;
    } else {
        keys.remark("rule", &["greedy"])?;
    }
    let wait_ms = 1000.0 * keys.maybe("max_wait_s")?.unwrap_or(0.0);
    let timer = if keys.has("mean_max_wait_s") {
        keys.remark("max_wait_law", &["exponential timer, runs while the server is free"])?;
        format!(", wait_while_idle = {}", exponential(keys.number("mean_max_wait_s")?))
    } else {
        String::new()
    };
    let servers = if keys.has("servers") {
        keys.count("servers")?
    } else if former {
        ample(rate)
    } else {
        1
    };
    let batched =
        format!("batched = {{ max_batch_size = {size}, wait_ms = {wait_ms:?}, item_share = {item_share:?}{timer} }}");
    let pool = Pool { execution: "batched", ..Pool::fixed(servers) }.rule(batched);
    Ok(vec![System::one(Model::poisson(rate, service), pool)])
}

/// One container that works on all its requests at once. The answer holds for every service law: two are tried.
pub(crate) fn sharing(keys: &Keys<'_>, _: &Case) -> Systems {
    keys.remark("per_request_speed", &["total/n"])?;
    let words = keys.words("total_speed_when_n_in_service");
    let unknown = || format!("the speed \"{words}\" is not understood");
    let power = match words.split_whitespace().next() {
        Some("1") => 0.0,
        Some("n") => 1.0,
        Some(first) => number_after(first, "n^").ok_or_else(unknown)?,
        None => return Err(unknown()),
    };
    let limit = if words.contains("loss beyond") {
        Some(number_after(&words, "loss beyond ").ok_or_else(unknown)? as u32)
    } else if words.contains("unlimited") {
        None
    } else {
        return Err(unknown());
    };
    let pool = Pool { execution: "shared", inputs: limit.unwrap_or(10_000), ..Pool::fixed(1) };
    let pool = pool.rule(format!("efficiency = {{ power = {power:?} }}"));
    let pool = if limit.is_some() { pool.rule("max_pending = 0") } else { pool };
    let (rate, mean_s) = (keys.number("arrival_rate_per_s")?, keys.number("mean_work_s")?);
    let laws = match keys.words("service") {
        words if words.starts_with("any law") => vec![exponential(mean_s), lognormal(mean_s, 1.0)],
        words if words.is_empty() || words == "exponential" => vec![exponential(mean_s)],
        words => return Err(format!("the service law \"{words}\" is not known")),
    };
    Ok(laws.into_iter().map(|law| System::one(Model::poisson(rate, law), pool.clone())).collect())
}

/// Tries that fail at their end, each with a service time of its own, and more containers than are ever busy.
pub(crate) fn retries(keys: &Keys<'_>, _: &Case) -> Systems {
    keys.remark("servers", &["unlimited"])?;
    keys.remark("note", &["full service time"])?;
    let (law, mean_s) = law::service(keys)?;
    let (max, pause_s) = (keys.count("max_retries")?, keys.number("backoff_s")?);
    let retry = format!(
        "retry = {{ max_retries = {max}, initial_delay_s = {pause_s:?}, backoff_coefficient = 1.0, max_delay_s = \
         {pause_s:?}, fresh_service = true }}"
    );
    let probability = keys.number("attempt_failure_prob")?;
    // The rate does not matter where none waits.
    let model = Model { failure_probability: probability, ..Model::poisson(1.0 / mean_s, law) };
    Ok(vec![System::one(model, Pool::fixed(ample(1.0 / (1.0 - probability))).rule(retry))])
}

/// Executions that are killed at a limit, and more containers than are ever busy.
pub(crate) fn timeout(keys: &Keys<'_>, _: &Case) -> Systems {
    keys.remark("servers", &["unlimited"])?;
    let (law, mean_s) = law::service(keys)?;
    let pool = Pool { timeout_s: keys.number("execution_timeout_s")?, ..Pool::fixed(ample(1.0)) };
    Ok(vec![System::one(Model::poisson(1.0 / mean_s, law), pool)])
}
