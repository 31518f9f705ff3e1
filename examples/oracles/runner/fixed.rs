//! Fleets of containers that are always up: queues, losses, impatience, breakdowns.

use super::case::{Case, Keys};
use super::law::{self, LawText, exponential, lognormal};
use super::system::{Model, Pool, System};

type Systems = Result<Vec<System>, String>;

/// Number of containers; one where nothing is said.
fn servers(keys: &Keys<'_>) -> Result<u32, String> {
    keys.value("rho");
    keys.remark("discipline", &["fifo"])?;
    if keys.has("servers") { keys.count("servers") } else { Ok(1) }
}

fn poisson(keys: &Keys<'_>) -> Result<(Model, LawText), String> {
    let (service, mean_s) = law::service(keys)?;
    let per_second = match keys.maybe("arrival_rate_per_s")? {
        Some(rate) => rate,
        None => keys.number("offered_erlangs")? / mean_s,
    };
    keys.value("offered_erlangs");
    Ok((Model::poisson(per_second, service.clone()), service))
}

/// First come, first served, without any limit.
pub(crate) fn queue(keys: &Keys<'_>, _: &Case) -> Systems {
    let pool = Pool::fixed(servers(keys)?);
    Ok(vec![System::one(poisson(keys)?.0, pool)])
}

/// Clients who think, send a request and wait for its end: the machine-repair model. Where exponential servers are first
/// come, first served, only the mean of the time to think matters: it is tried with a lognormal law too.
pub(crate) fn closed(keys: &Keys<'_>, _: &Case) -> Systems {
    let (clients, think_s) = (keys.count("clients")?, keys.number("mean_think_s")?);
    let (service, mean_s) = law::service(keys)?;
    let pool = Pool::fixed(servers(keys)?);
    let with = |think: LawText| {
        let arrivals = format!("process = {{ closed = {{ clients = {clients}, think = {think} }} }}");
        // What they would send if nobody waited for a server.
        let model = Model::poisson(f64::from(clients) / (think_s + mean_s), service.clone());
        System::one(Model { arrivals, ..model }, pool.clone())
    };
    let insensitive = !keys.has("service");
    let other = insensitive.then(|| with(lognormal(think_s, 1.5)));
    Ok(std::iter::once(with(exponential(think_s))).chain(other).collect())
}

/// No queue. Where the description says that the service law does not matter, it is tried with another one too.
pub(crate) fn loss(keys: &Keys<'_>, case: &Case) -> Systems {
    let capacity = keys.count("queue_capacity")?;
    let pool = Pool::fixed(servers(keys)?).rule(format!("max_pending = {capacity}"));
    let (model, _) = poisson(keys)?;
    let other = match keys.maybe("mean_service_s")? {
        Some(mean_s) if case.description.contains("insensitive") && !keys.has("service") => {
            Some(Model { services: vec![lognormal(mean_s, 1.0)], ..model.clone() })
        }
        _ => None,
    };
    Ok(std::iter::once(model).chain(other).map(|model| System::one(model, pool.clone())).collect())
}

/// Room for some in the queue.
pub(crate) fn finite(keys: &Keys<'_>, _: &Case) -> Systems {
    let (servers, all) = (servers(keys)?, keys.count("capacity_including_in_service")?);
    let waiting = all.checked_sub(servers).ok_or("less capacity than servers")?;
    let pool = Pool::fixed(servers).rule(format!("max_pending = {waiting}"));
    Ok(vec![System::one(poisson(keys)?.0, pool)])
}

/// Clients that give up while they queue.
pub(crate) fn impatient(keys: &Keys<'_>, _: &Case) -> Systems {
    let after = if keys.has("queue_timeout_s") {
        keys.remark("timeout_applies_to", &["queue only"])?;
        law::deterministic(keys.number("queue_timeout_s")?)
    } else {
        keys.remark("patience", &["exponential"])?;
        exponential(keys.number("mean_patience_s")?)
    };
    let pool =
        Pool::fixed(servers(keys)?).rule(format!("client_timeout = {{ after = {after}, in_queue_only = true }}"));
    Ok(vec![System::one(poisson(keys)?.0, pool)])
}

/// Requests that differ in steps, or need one of several adapters that are needed alike.
pub(crate) fn shaped(keys: &Keys<'_>, _: &Case) -> Systems {
    let (mut model, _) = poisson(keys)?;
    let source = "provenance = { kind = \"assumed\", source = \"a case\", date = \"2027-01\" }";
    if keys.has("steps") {
        let (steps, weights) = (keys.numbers("steps")?, keys.numbers("probs")?);
        let (reference, fixed_share) = (keys.number("reference_steps")?, keys.number("fixed_share")?);
        model.arrivals = format!(
            "shape = {{ steps = {{ values = {steps:?}, weights = {weights:?} }}, reference = {{ steps = {reference:?} }}, \
             fixed_share = {fixed_share:?}, {source} }}"
        );
    } else {
        let (count, load_s, held) = (keys.count("adapters")?, keys.number("adapter_load_s")?, keys.count("held")?);
        model.arrivals =
            format!("adapters = {{ count = {count}, zipf = 0.0, load_s = {load_s:?}, held = {held}, {source} }}");
    }
    Ok(vec![System::one(model, Pool::fixed(servers(keys)?))])
}

/// Arrivals at equal distances.
pub(crate) fn regular(keys: &Keys<'_>, _: &Case) -> Systems {
    let gap_s = keys.number("interarrival_s")?;
    let arrivals = format!("process = {{ renewal = {{ gap = {} }} }}", law::deterministic(gap_s));
    let model = Model { arrivals, ..Model::poisson(1.0 / gap_s, law::service(keys)?.0) };
    Ok(vec![System::one(model, Pool::fixed(servers(keys)?))])
}

/// A rate that steps through states, each held for an exponential time.
pub(crate) fn modulated(keys: &Keys<'_>, _: &Case) -> Systems {
    const STATES: [(&str, &str); 4] = [
        ("rate_state1_per_s", "mean_sojourn1_s"),
        ("rate_state2_per_s", "mean_sojourn2_s"),
        ("rate_state3_per_s", "mean_sojourn3_s"),
        ("rate_state4_per_s", "mean_sojourn4_s"),
    ];
    let present = STATES.iter().filter(|(rate, _)| keys.has(rate));
    let states: Vec<(f64, f64)> = present
        .map(|(rate, sojourn)| Ok((keys.number(rate)?, keys.number(sojourn)?)))
        .collect::<Result<_, String>>()?;
    let cycle_s: f64 = states.iter().map(|(_, sojourn_s)| sojourn_s).sum();
    let mean = states.iter().map(|(rate, sojourn_s)| rate * sojourn_s).sum::<f64>() / cycle_s;
    let entry = |(rate, sojourn_s): &(f64, f64)| format!("{{ weight = {rate:?}, mean_sojourn_s = {sojourn_s:?} }}");
    let states: Vec<String> = states.iter().map(entry).collect();
    let arrivals = format!("process = {{ modulated = {{ states = [{}] }} }}", states.join(", "));
    let model = Model { arrivals, ..Model::poisson(mean, law::service(keys)?.0) };
    Ok(vec![System::one(model, Pool::fixed(servers(keys)?))])
}

/// Requests that fail at their end come back to the tail of the queue after a pause, each time with a service time of
/// its own. The pause is fixed: only its mean matters.
pub(crate) fn feedback(keys: &Keys<'_>, _: &Case) -> Systems {
    keys.remark("retries", &["unlimited"])?;
    keys.remark("queue", &["fifo"])?;
    let pause_s = keys.number("mean_backoff_s")?;
    let retry = format!(
        "retry = {{ max_retries = 1000000, initial_delay_s = {pause_s:?}, backoff_coefficient = 1.0, max_delay_s = \
         {pause_s:?}, fresh_service = true }}"
    );
    let model = Model::poisson(keys.number("external_rate_per_s")?, law::service(keys)?.0);
    let model = Model { failure_probability: keys.number("failure_prob")?, ..model };
    Ok(vec![System::one(model, Pool::fixed(servers(keys)?).rule(retry))])
}

/// Containers that are taken away while busy and boot anew; what they executed starts again with a fresh time.
pub(crate) fn breakdowns(keys: &Keys<'_>, _: &Case) -> Systems {
    let mean_h = keys.number("mean_time_to_failure_busy_s")? / 3600.0;
    let fresh = "retry = { max_retries = 0, initial_delay_s = 0.0, backoff_coefficient = 1.0, max_delay_s = 0.0, \
                 fresh_service = true }";
    let (model, _) = poisson(keys)?;
    let model = Model { boot: exponential(keys.number("mean_repair_s")?), ..model };
    let preemption = format!("preemption = {{ mean_h = {mean_h:?}, while_busy = true }}");
    let pool = Pool::fixed(servers(keys)?).rule(preemption).rule(fresh);
    Ok(vec![System::one(model, pool)])
}
