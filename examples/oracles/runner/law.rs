//! Laws of times, as scenarios write them and as cases name them.

use super::case::{Keys, numbers_in};

/// A law in the words of `scenario.toml`.
pub(crate) type LawText = String;

pub(crate) fn deterministic(seconds: f64) -> LawText {
    format!("{{ deterministic = {{ seconds = {seconds:?} }} }}")
}

/// Exponential; a mean of zero is no time at all.
pub(crate) fn exponential(mean_s: f64) -> LawText {
    if mean_s > 0.0 { format!("{{ exponential = {{ mean_s = {mean_s:?} }} }}") } else { deterministic(0.0) }
}

pub(crate) fn lognormal(mean_s: f64, cv: f64) -> LawText {
    format!("{{ lognormal = {{ mean_s = {mean_s:?}, cv = {cv:?} }} }}")
}

fn gamma(mean_s: f64, cv: f64) -> LawText {
    format!("{{ gamma = {{ mean_s = {mean_s:?}, cv = {cv:?} }} }}")
}

/// The service law of a case, and its mean in seconds: `service` names it, `mean_service_s` or `service_s`, `cv_service`
/// or `cv` and so on are its numbers. Unnamed it is exponential where a mean is given, and fixed where a time is.
///
/// # Errors
/// A law that is not known, or lacks a number.
pub(crate) fn service(keys: &Keys<'_>) -> Result<(LawText, f64), String> {
    // What follows from the others.
    for derived in ["log_mu", "log_sigma"] {
        keys.value(derived);
    }
    let name = keys.words("service");
    let time = |keys: &Keys<'_>| match keys.maybe("mean_service_s")? {
        Some(mean) => Ok(mean),
        None => keys.number("service_s"),
    };
    let spread = |keys: &Keys<'_>| -> Result<f64, String> {
        match numbers_in(&name).first() {
            Some(cv) => Ok(*cv),
            None if keys.has("cv_service") => keys.number("cv_service"),
            None => keys.number("cv"),
        }
    };
    let kind = name.split_whitespace().next().unwrap_or_default();
    let law = match kind {
        "" if keys.has("mean_service_s") => exponential(time(keys)?),
        "" | "deterministic" => deterministic(time(keys)?),
        "exponential" => exponential(time(keys)?),
        "lognormal" => lognormal(time(keys)?, spread(keys)?),
        "gamma" => gamma(time(keys)?, spread(keys)?),
        "mixture" => return mixture(keys),
        _ => return Err(format!("the service law \"{name}\" is not known")),
    };
    // Known of laws without a spread of their own.
    keys.value("cv_service");
    Ok((law, time(keys)?))
}

/// Fixed times with their probabilities: one or two of them.
fn mixture(keys: &Keys<'_>) -> Result<(LawText, f64), String> {
    let (values, probabilities) = (keys.numbers("values_s")?, keys.numbers("probs")?);
    let mean = values.iter().zip(&probabilities).map(|(value, p)| value * p).sum();
    let law = match (values.as_slice(), probabilities.as_slice()) {
        ([only], [_]) => deterministic(*only),
        ([a, b], [of_a, of_b]) => {
            let (low, high, p) = if a <= b { (a, b, of_b) } else { (b, a, of_a) };
            format!("{{ two_point = {{ low_s = {low:?}, high_s = {high:?}, high_probability = {p:?} }} }}")
        }
        _ => return Err("a mixture of more than two times is no law of the scenario".to_owned()),
    };
    Ok((law, mean))
}
