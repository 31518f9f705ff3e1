//! Rates that move: days, waves, random factors, starts from an empty system.

use super::case::{Case, Keys};
use super::launching;
use super::law::{self, LawText, deterministic, exponential};
use super::system::{Model, Pool, Span, System, ample};

type Systems = Result<Vec<System>, String>;

const DAY_S: f64 = 86_400.0;

/// One day from an empty system: a fixed fleet, one whose clients give up, or an autoscaled one.
pub(crate) fn day(keys: &Keys<'_>, _: &Case) -> Systems {
    let hours = keys.numbers("hourly_mean_requests")?;
    check_day(keys, &hours)?;
    keys.remark("arrivals", &["nhpp piecewise constant"])?;
    keys.remark("population", &["arrive in the day"])?;
    let per_second = hours.iter().sum::<f64>() / DAY_S;
    let (service, _) = law::service(keys)?;
    let mut model = Model::poisson(per_second, service);
    let pool = if keys.has("setup_semantics") {
        model.boot = exponential(keys.number("mean_setup_s")?);
        let pool = launching::autoscaled(keys)?;
        keys.remark("start", &[&format!("no requests, {} ready containers", pool.min)])?;
        if pool.min > 0 { pool.rule("starts_ready = true") } else { pool }
    } else {
        keys.remark("start", &["empty"])?;
        let pool = Pool::fixed(keys.count("servers")?);
        if keys.has("mean_patience_s") {
            keys.remark("patience", &["exponential"])?;
            let after = exponential(keys.number("mean_patience_s")?);
            pool.rule(format!("client_timeout = {{ after = {after}, in_queue_only = true }}"))
        } else {
            pool
        }
    };
    Ok(vec![System { hours, span: Span::FromEmpty(DAY_S), ..System::one(model, pool) }])
}

fn check_day(keys: &Keys<'_>, hours: &[f64]) -> Result<(), String> {
    let whole = keys.maybe("horizon_s")?.unwrap_or(DAY_S);
    let exact = hours.len() == 24 && (whole - DAY_S).abs() < 1e-6;
    if exact { Ok(()) } else { Err(format!("{} hours and a horizon of {whole} s are no day", hours.len())) }
}

/// Counts of requests by day and hour: nobody waits.
pub(crate) fn counts(keys: &Keys<'_>, _: &Case) -> Systems {
    let hours = keys.numbers("hourly_means")?;
    check_day(keys, &hours)?;
    keys.value("day_total_mean");
    let mut slow_rate = "\"none\"".to_owned();
    for (law, cv, key) in
        [("day_factor", "day_factor_cv", "gamma_each_day"), ("hour_factor", "hour_factor_cv", "gamma_each_hour")]
    {
        if keys.has(cv) {
            keys.remark(law, &["gamma, mean 1"])?;
            slow_rate = gamma(key, keys.number(cv)?);
        }
    }
    let per_second = hours.iter().sum::<f64>() / DAY_S;
    // A tenth of a millisecond: whoever comes is gone before the next.
    let model = Model::poisson(per_second, deterministic(1e-4));
    let span = Span::FromEmpty(DAY_S);
    Ok(vec![System { hours, slow_rate, span, ..System::one(model, Pool::fixed(3)) }])
}

fn gamma(key: &str, cv: f64) -> String {
    let provenance = "{ kind = \"assumed\", source = \"a case\", date = \"2026-11-24\" }";
    format!("{{ {key} = {{ cv = {cv:?}, scope = \"model\", provenance = {provenance} }} }}")
}

/// A loss system under a rate that is another in each trial. A trial is a day, long against the service time.
pub(crate) fn random_rate(keys: &Keys<'_>, case: &Case) -> Systems {
    if !case.description.contains("gamma factor") {
        return Err("the law of the factor is not understood".to_owned());
    }
    let service_s = 60.0;
    let (servers, erlangs, cv) =
        (keys.count("servers")?, keys.number("mean_offered_erlangs")?, keys.number("factor_cv")?);
    let model = Model::poisson(erlangs / service_s, exponential(service_s));
    let pool = Pool::fixed(servers).rule("max_pending = 0");
    let span = Span::After { run_in_s: 3600.0, seconds: DAY_S };
    Ok(vec![System { slow_rate: gamma("gamma_each_day", cv), span, ..System::one(model, pool) }])
}

/// The law of a service by mean: named by a key, or by the letter of Kendall's notation in the description.
fn service(keys: &Keys<'_>, case: &Case) -> Result<LawText, String> {
    if keys.has("service") {
        return law::service(keys).map(|(law, _)| law);
    }
    let mean_s = keys.number("mean_service_s")?;
    let letter = |letter: &str| case.description.contains(&format!("/{letter}/"));
    match (letter("M"), letter("D")) {
        (true, false) => Ok(exponential(mean_s)),
        (false, true) => Ok(deterministic(mean_s)),
        _ => Err("neither keys nor description say which law the service has".to_owned()),
    }
}

/// A rate "A+B*sin(2*pi*t/P)", met by more containers than are ever busy.
pub(crate) fn sinusoid(keys: &Keys<'_>, case: &Case) -> Systems {
    keys.remark("regime", &["periodic steady state"])?;
    let text = keys.words("rate_per_s").replace(' ', "");
    let unknown = || format!("the rate \"{text}\" is not understood");
    let (mean, rest) = text.split_once('+').ok_or_else(unknown)?;
    let (amplitude, rest) = rest.split_once("*sin(2*pi*t/").ok_or_else(unknown)?;
    let number = |text: &str| text.parse::<f64>().map_err(|_| unknown());
    let (mean, amplitude) = (number(mean)?, number(amplitude)?);
    let period_s = number(rest.strip_suffix(')').ok_or_else(unknown)?)?;
    if (keys.number("period_s")? - period_s).abs() > 1e-9 * period_s {
        return Err(unknown());
    }
    let service_s = keys.number("mean_service_s")?;
    Ok(vec![wave(mean, amplitude / mean, period_s, (service(keys, case)?, service_s))])
}

/// A wave of which only the period matters: the lag of the busy containers behind the rate.
pub(crate) fn sinusoid_alone(keys: &Keys<'_>, case: &Case) -> Systems {
    let service_s = keys.number("mean_service_s")?;
    let period_s = keys.number("period_s")?;
    // Any rate will do; this one keeps ten busy.
    Ok(vec![wave(10.0 / service_s, 1.0, period_s, (service(keys, case)?, service_s))])
}

fn wave(mean: f64, share: f64, period_s: f64, (law, service_s): (LawText, f64)) -> System {
    let arrivals = format!("swing = {{ share = {share:?}, period_s = {period_s:?} }}");
    let containers = ample(mean * (1.0 + share) * service_s);
    let model = Model { arrivals, ..Model::poisson(mean, law) };
    System { span: Span::Steady { period_s }, ..System::one(model, Pool::fixed(containers)) }
}

/// More containers than are ever busy, all idle at the beginning.
pub(crate) fn transient(keys: &Keys<'_>, case: &Case) -> Systems {
    let (rate, service_s, at_s) =
        (keys.number("arrival_rate_per_s")?, keys.number("mean_service_s")?, keys.number("time_s")?);
    if !case.description.contains("empty") {
        return Err("the start is not said to be empty".to_owned());
    }
    let model = Model::poisson(rate, service(keys, case)?);
    let pool = Pool::fixed(ample(rate * service_s));
    Ok(vec![System { span: Span::FromEmpty(2.0 * at_s), ..System::one(model, pool) }])
}
