//! Several fleets that share something: overflow, two tiers, a quota.

use super::case::{Case, Keys};
use super::law::{self, deterministic, exponential};
use super::system::{Model, Pool, System, ample, pool_name};

type Systems = Result<Vec<System>, String>;

/// A first fleet without a queue, and a second one for what it turns away.
fn overflowing(model: Model, servers: u32, second: Pool) -> System {
    let rule = format!("fallback = {{ pool = \"{}\", on_rejection = true }}", pool_name(1));
    let first = Pool::fixed(servers).rule("max_pending = 0").rule(rule);
    let second = Pool { models: Vec::new(), ..second };
    System { pools: vec![first, second], ..System::one(model, Pool::fixed(1)) }
}

/// The second fleet is never all busy.
pub(crate) fn overflow(keys: &Keys<'_>, _: &Case) -> Systems {
    keys.remark("secondary", &["unlimited servers, same service law exponential"])?;
    let (servers, erlangs, service_s) =
        (keys.count("primary_servers")?, keys.number("offered_erlangs")?, keys.number("mean_service_s")?);
    let law = exponential(service_s);
    let model = Model { services: vec![law.clone(), law.clone()], ..Model::poisson(erlangs / service_s, law) };
    Ok(vec![overflowing(model, servers, Pool::fixed(ample(erlangs)))])
}

/// The second fleet has no queue either.
pub(crate) fn two_tier(keys: &Keys<'_>, _: &Case) -> Systems {
    keys.remark("queue", &["none"])?;
    keys.remark("laws", &["exponential"])?;
    let [first_s, second_s] =
        [keys.number("primary_mean_service_s")?, keys.number("fallback_mean_service_s")?].map(exponential);
    let model = Model::poisson(keys.number("arrival_rate_per_s")?, first_s.clone());
    let model = Model { services: vec![first_s, second_s], ..model };
    let second = Pool::fixed(keys.count("fallback_servers")?).rule("max_pending = 0");
    Ok(vec![overflowing(model, keys.count("primary_servers")?, second)])
}

/// Classes of requests that hold different numbers of GPUs, out of one quota; without queue, boot or window.
pub(crate) fn quota(keys: &Keys<'_>, _: &Case) -> Systems {
    let service_s = keys.maybe("mean_service_s")?.unwrap_or(10.0);
    keys.remark("service", &["exponential"])?;
    let classes = keys.value("classes").and_then(|value| value.as_array()).ok_or("`classes` is no list")?;
    let gpus = keys.count("quota_gpus")?;
    let (mut models, mut pools) = (Vec::new(), Vec::new());
    for (place, class) in classes.iter().enumerate() {
        let number = |key: &str| class.get(key).and_then(serde_json::Value::as_f64);
        let (Some(erlangs), Some(held)) = (number("offered_erlangs"), number("gpus")) else {
            return Err(format!("class {place} lacks offered_erlangs or gpus"));
        };
        let law = exponential(service_s);
        let model = Model::poisson(erlangs / service_s, law.clone());
        models.push(Model { services: vec![law.clone(), law], boot: deterministic(0.0), ..model });
        let pool = Pool { models: vec![place], ..Pool::elastic(None) };
        let pool = pool.rule("bind_boots = true").rule("max_pending = 0");
        pools.push(pool.rule(format!("gpus_per_container = {}", held as u32)));
    }
    let law = law::deterministic(0.0);
    let system = System::one(Model::poisson(1.0, law), Pool::fixed(1));
    Ok(vec![System { models, pools, quota_gpus: Some(gpus), ..system }])
}
