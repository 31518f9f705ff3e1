//! Statistical routines: no simulation, only functions of the library.

use fleetfront_calibration::{Family, TimeOnTest, Times, fit_law};
use fleetfront_planner::frontier_of_sums;
use fleetfront_planner::statistics::{
    Mmc, clopper_pearson, failure_rate_bound, holm, jackknife_ratio, ocba, quantile_interval, ratio_of_sums,
    relative_change, sample_size_for_maximum, wilson,
};
use fleetfront_sim::Law;
use serde_json::Value;

use super::case::{Case, Keys, number_after, numbers_in};

/// The value that the library computes.
///
/// # Errors
/// Why the case is none of its routines.
pub(crate) fn value(case: &Case) -> Result<f64, String> {
    let keys = Keys::of(case);
    let words = (case.description.to_lowercase(), case.metric.to_lowercase());
    let routine = [
        ("successes", proportion as fn(&Keys<'_>, &(String, String)) -> Result<f64, String>),
        ("failures", failures),
        ("conf", sample_size),
        ("quantile", order_statistics),
        ("cost_usd", ratio),
        ("baseline", change),
        ("p", adjusted),
        ("means", budget),
        ("weights", frontier),
        ("data_s", fit),
        ("n_censored", censored),
        ("mean_service_s", staffing),
    ];
    let (_, routine) = routine.iter().find(|(key, _)| keys.has(key)).ok_or_else(|| {
        let names: Vec<&str> = case.parameters.keys().map(String::as_str).collect();
        format!("not understood: {}", names.join(", "))
    })?;
    let value = routine(&keys, &words)?;
    keys.all_understood()?;
    Ok(value)
}

type Words = (String, String);

fn unknown((description, metric): &Words) -> String {
    format!("\"{metric}\" of \"{description}\" is no routine of the library")
}

/// The confidence that a text names in per cent; 95 % where it names none.
fn confidence(text: &str) -> f64 {
    let before = text.split('%').next().filter(|_| text.contains('%')).unwrap_or_default();
    numbers_in(before).last().map_or(0.95, |percent| percent / 100.0)
}

fn proportion(keys: &Keys<'_>, words: &Words) -> Result<f64, String> {
    let (successes, n) = (u64::from(keys.count("successes")?), u64::from(keys.count("n")?));
    let confidence = confidence(&words.0);
    let interval = if words.0.contains("wilson") {
        wilson(successes, n, confidence)
    } else if words.0.contains("clopper-pearson") {
        clopper_pearson(successes, n, confidence)
    } else {
        return Err(unknown(words));
    };
    match (words.1.contains("lower"), words.1.contains("upper")) {
        (true, false) => Ok(interval.low),
        (false, true) => Ok(interval.high),
        _ => Err(unknown(words)),
    }
}

fn failures(keys: &Keys<'_>, words: &Words) -> Result<f64, String> {
    if !words.1.contains("upper bound of the failure rate") {
        return Err(unknown(words));
    }
    Ok(failure_rate_bound(u64::from(keys.count("failures")?), u64::from(keys.count("n")?), confidence(&words.1)))
}

fn sample_size(keys: &Keys<'_>, words: &Words) -> Result<f64, String> {
    if !words.0.contains("smallest n") {
        return Err(unknown(words));
    }
    Ok(sample_size_for_maximum(keys.number("quantile")?, keys.number("conf")?) as f64)
}

fn order_statistics(keys: &Keys<'_>, words: &Words) -> Result<f64, String> {
    let n = u64::from(keys.count("n")?);
    let found = quantile_interval(n, keys.number("quantile")?, confidence(&words.0)).ok_or("too few observations")?;
    match words.1.as_str() {
        metric if metric.starts_with("lower") => Ok(found.lower as f64),
        metric if metric.starts_with("upper") => Ok(found.upper as f64),
        metric if metric.contains("coverage") => Ok(found.coverage),
        _ => Err(unknown(words)),
    }
}

fn ratio(keys: &Keys<'_>, words: &Words) -> Result<f64, String> {
    let (cost, requests) = (keys.numbers("cost_usd")?, keys.numbers("requests")?);
    match words.1.as_str() {
        "ratio of sums" => Ok(ratio_of_sums(&cost, &requests).value),
        "delta-method standard error" => Ok(ratio_of_sums(&cost, &requests).standard_error),
        "jackknife estimate" => Ok(jackknife_ratio(&cost, &requests).value),
        "jackknife standard error" => Ok(jackknife_ratio(&cost, &requests).standard_error),
        metric if metric.contains("half-width") => Ok(ratio_of_sums(&cost, &requests).half_width(confidence(metric))),
        _ => Err(unknown(words)),
    }
}

fn change(keys: &Keys<'_>, words: &Words) -> Result<f64, String> {
    let found = relative_change(&keys.numbers("cost")?, &keys.numbers("baseline")?, confidence(&words.1));
    match words.1.as_str() {
        "relative change" => Ok(found.value),
        metric if metric.contains("lower") => Ok(found.interval.low),
        metric if metric.contains("upper") => Ok(found.interval.high),
        _ => Err(unknown(words)),
    }
}

/// The item that a metric names last.
fn item(list: &[f64], words: &Words) -> Result<f64, String> {
    let place = numbers_in(&words.1).last().map(|number| *number as usize);
    place.and_then(|place| list.get(place)).copied().ok_or_else(|| unknown(words))
}

fn adjusted(keys: &Keys<'_>, words: &Words) -> Result<f64, String> {
    if words.0.contains("holm") { item(&holm(&keys.numbers("p")?), words) } else { Err(unknown(words)) }
}

fn budget(keys: &Keys<'_>, words: &Words) -> Result<f64, String> {
    let (means, deviations) = (keys.numbers("means")?, keys.numbers("sds")?);
    let shares = ocba(&means, &deviations, keys.number("budget")?);
    if words.0.contains("ocba") { item(&shares, words) } else { Err(unknown(words)) }
}

fn frontier(keys: &Keys<'_>, words: &Words) -> Result<f64, String> {
    let weights = keys.numbers("weights")?;
    let mut pools = Vec::new();
    for (key, weight) in ["pool_A_cost_miss", "pool_B_cost_miss", "pool_C_cost_miss"].into_iter().zip(weights) {
        let points = keys.value(key).and_then(Value::as_array).ok_or_else(|| format!("`{key}` is no list"))?;
        let point = |pair: &Value| Some((pair.get(0)?.as_f64()?, weight * pair.get(1)?.as_f64()?));
        let points: Option<Vec<(f64, f64)>> = points.iter().map(point).collect();
        pools.push(points.ok_or_else(|| format!("`{key}` is no list of pairs"))?);
    }
    let sums = frontier_of_sums(&pools);
    if words.1.contains("number of non-dominated sums") {
        return Ok(sums.len() as f64);
    }
    let limit = number_after(&words.1, "fleet miss <= ").filter(|_| words.1.starts_with("cheapest cost"));
    let limit = limit.ok_or_else(|| unknown(words))?;
    // Sums of decimals miss their limit by a rounding.
    let fits = sums.iter().filter(|(_, miss)| *miss <= limit * (1.0 + 1e-12));
    fits.map(|(cost, _)| *cost).reduce(f64::min).ok_or_else(|| "no sum is under the limit".to_owned())
}

fn fit(keys: &Keys<'_>, words: &Words) -> Result<f64, String> {
    let known = [("lognormal", Family::Lognormal), ("gamma", Family::Gamma), ("weibull", Family::Weibull)];
    let family = known.iter().find(|(name, _)| words.0.contains(name)).ok_or_else(|| unknown(words))?;
    let times = Times::ended(&keys.numbers("data_s")?).map_err(|error| error.to_string())?;
    let fit = fit_law(family.1, &times).map_err(|error| error.to_string())?;
    let metric = words.1.as_str();
    match fit.law {
        _ if metric.starts_with("aicc") => fit.aicc.ok_or_else(|| "too few times for AICc".to_owned()),
        _ if metric.contains("log-likelihood") => fit.log_likelihood.ok_or_else(|| "no density".to_owned()),
        Law::Gamma { shape, .. } | Law::Weibull { shape, .. } if metric == "shape" => Ok(shape),
        Law::Gamma { scale_s, .. } | Law::Weibull { scale_s, .. } if metric == "scale" => Ok(scale_s),
        Law::Lognormal { mu, .. } if metric == "mu" => Ok(mu),
        Law::Lognormal { sigma, .. } if metric == "sigma" => Ok(sigma),
        _ => Err(unknown(words)),
    }
}

fn censored(keys: &Keys<'_>, words: &Words) -> Result<f64, String> {
    if !words.0.contains("exponential mle") {
        return Err(unknown(words));
    }
    let cut_off_s = keys.number("n_censored")? * keys.number("censor_s")?;
    let test = TimeOnTest {
        total_s: keys.number("sum_uncensored_s")? + cut_off_s,
        ended: u64::from(keys.count("n_uncensored")?),
    };
    test.mean_s().map_err(|error| error.to_string())
}

fn staffing(keys: &Keys<'_>, words: &Words) -> Result<f64, String> {
    let percent = number_after(&words.0, "smallest c with p").ok_or_else(|| unknown(words))?;
    let limit_s = number_after(&words.0, "total latency <=").ok_or_else(|| unknown(words))?;
    let (rate, service_s) = (keys.number("arrival_rate_per_s")?, keys.number("mean_service_s")?);
    let servers = Mmc::fewest_servers(rate, service_s, percent / 100.0, limit_s);
    servers.map(f64::from).ok_or_else(|| "no fleet is fast enough".to_owned())
}
