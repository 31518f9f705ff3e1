//! What the platform charges a workspace now: `modal billing rates --json`.
//!
//! # Source
//! The platform's client 1.6.4, `modal/cli/billing.py`, read 2026-11: one JSON object, each value a decimal number in a text.
//! Its protocol (`modal_proto/api.proto`, `WorkspaceBillingRatesResponse`) says what they are: dollars an hour for a unit of
//! compute, dollars a month for a GiB of storage. Which names there are is decided by the platform's server and documented
//! nowhere, so that rates are found by the words of their names, and those that nothing is found for are listed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::problem::Problem;

const SECONDS_PER_HOUR: f64 = 3600.0;
/// A rate that lacks this factor to a fifth is asked about: it may be by the second.
const PER_SECOND_BAND: f64 = 1.2;
/// Rates of what runs beside functions, and of which no fleet is made.
const OTHER_USES: [&str; 2] = ["sandbox", "sandboxes"];
/// Prices are written with three digits or more: a thousandth apart they are equal.
const EQUAL: f64 = 1e-3;

/// What a scenario says that something costs.
#[derive(Debug, Clone, PartialEq)]
pub struct StatedPrice {
    /// What: a GPU type by the platform's name, `cpu` for a core, `memory` for a GiB.
    pub item: String,
    /// Dollars a second.
    pub usd_per_second: f64,
}

/// A price of the scenario beside the platform's rate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RateCheck {
    /// As the scenario names it.
    pub item: String,
    /// As the platform names it; `None` where it has no such rate.
    pub rate: Option<String>,
    /// The scenario's price in dollars an hour.
    pub stated_usd_per_hour: f64,
    /// The platform's.
    pub rate_usd_per_hour: Option<f64>,
    /// Whether they differ by more than a thousandth.
    pub differs: bool,
    /// Whether the rate looks like dollars a second: it is about 3600 times smaller.
    #[serde(default)]
    pub is_per_second: bool,
}

/// Rates beside the prices of a scenario.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RateChecks {
    /// Every price of the scenario, in its order.
    pub checks: Vec<RateCheck>,
    /// Names of rates that no price was found for.
    pub unmatched: Vec<String>,
}

/// Reads rates: dollars an hour for a unit, or a month for storage, by the platform's names.
///
/// - `file`: its name in errors.
///
/// # Errors
/// Every problem of the file: no JSON object, or values that are no numbers of zero or more.
pub fn read_billing_rates(file: &str, text: &str) -> Result<BTreeMap<String, f64>, Vec<Problem>> {
    let problem = |line: Option<u64>, key: &str, message: String| Problem {
        file: file.to_owned(),
        line,
        column: None,
        key: key.to_owned(),
        message,
        help: "give what `modal billing rates --json` prints".to_owned(),
    };
    let written: BTreeMap<String, serde_json::Value> = serde_json::from_str(text).map_err(|error| {
        vec![problem(Some(error.line() as u64), "", format!("is no JSON object of rates: {error}"))]
    })?;
    let (mut rates, mut problems) = (BTreeMap::new(), Vec::new());
    for (name, value) in written {
        let number = match &value {
            serde_json::Value::String(text) => text.trim().parse::<f64>().ok(),
            value => value.as_f64(),
        };
        match number.filter(|rate| rate.is_finite() && *rate >= 0.0) {
            Some(rate) => {
                rates.insert(name, rate);
            }
            None => problems.push(problem(None, &name, format!("`{value}` is not a number zero or more"))),
        }
    }
    if problems.is_empty() { Ok(rates) } else { Err(problems) }
}

/// Holds the prices of a scenario against rates.
///
/// A rate is that of an item whose words stand in its name one behind the other, whatever stands between them: `gpu_a100_40gb`
/// is that of A100-40GB. Of several items it is that with the most words; of several rates of an item the one with the
/// shortest name counts. Those of sandboxes are of nothing: a fleet is made of functions.
#[must_use]
pub fn check_rates(rates: &BTreeMap<String, f64>, stated: &[StatedPrice]) -> RateChecks {
    let items: Vec<Vec<String>> = stated.iter().map(|price| item_words(&price.item)).collect();
    let mut found: Vec<Option<(&String, f64)>> = vec![None; stated.len()];
    let mut unmatched = Vec::new();
    for (name, rate) in rates {
        let own = words(name);
        let is_in = |item: &[String]| own.windows(item.len().max(1)).any(|part| part == item);
        let is_of_functions = !own.iter().any(|word| OTHER_USES.contains(&word.as_str()));
        let places = (0..items.len()).filter(|_| is_of_functions);
        let best = places.filter(|place| is_in(&items[*place])).max_by_key(|place| items[*place].len());
        let Some(place) = best else {
            unmatched.push(name.clone());
            continue;
        };
        match found[place] {
            Some((other, _)) if other.len() <= name.len() => unmatched.push(name.clone()),
            other => {
                unmatched.extend(other.map(|(other, _)| other.clone()));
                found[place] = Some((name, *rate));
            }
        }
    }
    let check = |(price, found): (&StatedPrice, Option<(&String, f64)>)| {
        let stated_usd_per_hour = price.usd_per_second * SECONDS_PER_HOUR;
        let rate_usd_per_hour = found.map(|(_, rate)| rate);
        let differs = rate_usd_per_hour.is_some_and(|rate| (rate - stated_usd_per_hour).abs() > EQUAL * rate);
        let rate = found.map(|(name, _)| name.clone());
        let is_about = |ratio: f64| (1.0 / PER_SECOND_BAND..PER_SECOND_BAND).contains(&ratio);
        let is_per_second =
            rate_usd_per_hour.is_some_and(|rate| is_about(rate * SECONDS_PER_HOUR / stated_usd_per_hour));
        RateCheck { item: price.item.clone(), rate, stated_usd_per_hour, rate_usd_per_hour, differs, is_per_second }
    };
    RateChecks { checks: stated.iter().zip(found).map(check).collect(), unmatched }
}

/// Letters and digits that stand together, in lower case.
fn words(name: &str) -> Vec<String> {
    let parts = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|part| !part.is_empty());
    parts.map(str::to_ascii_lowercase).collect()
}

/// The same of an item; never empty.
fn item_words(item: &str) -> Vec<String> {
    let own = words(item);
    if own.is_empty() { vec![item.to_owned()] } else { own }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATES: &str = r#"{"cpu": "0.0473", "gpu_a10": "1.1016", "gpu_a100_40gb": "2.0988", "gpu_l4": "0.7992",
        "gpu_l40s": "2.5", "memory": "0.008", "volume_storage": "0.09"}"#;

    fn stated() -> Vec<StatedPrice> {
        let prices = [
            ("L40S", 0.000_542),
            ("A10", 0.000_306),
            ("A100-40GB", 0.000_583),
            ("B200", 0.001_736),
            ("cpu", 0.000_013_1),
        ];
        prices.map(|(item, usd_per_second)| StatedPrice { item: item.to_owned(), usd_per_second }).into()
    }

    /// L40S: 0.000542 x 3600 = 1.9512 against 2.5; a core 0.0000131 x 3600 = 0.04716 against 0.0473, 0.3 % apart.
    #[test]
    fn prices_are_found_by_the_words_of_their_names() {
        let rates = read_billing_rates("rates.json", RATES).expect("rates");
        let RateChecks { checks, unmatched } = check_rates(&rates, &stated());
        let told: Vec<(&str, Option<&str>, bool)> =
            checks.iter().map(|check| (check.item.as_str(), check.rate.as_deref(), check.differs)).collect();
        assert_eq!(
            told,
            [
                ("L40S", Some("gpu_l40s"), true),
                ("A10", Some("gpu_a10"), false),
                ("A100-40GB", Some("gpu_a100_40gb"), false),
                ("B200", None, false),
                ("cpu", Some("cpu"), true)
            ]
        );
        assert!((checks[0].stated_usd_per_hour - 1.9512).abs() < 1e-12);
        assert_eq!(unmatched, ["gpu_l4", "memory", "volume_storage"]);
    }

    #[test]
    fn of_several_rates_the_plainest_counts_and_the_others_are_listed() {
        let rates =
            read_billing_rates("r", r#"{"h100": 3.9, "h100_nonpreemptible": 11.8, "H100 (old)": "4"}"#).expect("r");
        let stated = [StatedPrice { item: "H100".into(), usd_per_second: 3.9 / 3600.0 }];
        let found = check_rates(&rates, &stated);
        assert_eq!((found.checks[0].rate.as_deref(), found.checks[0].differs), (Some("h100"), false));
        assert_eq!(found.unmatched, ["H100 (old)", "h100_nonpreemptible"]);
    }

    /// A core for 0.0000131 x 3600 = 0.04716 USD an hour: functions pay it, sandboxes 0.12.
    #[test]
    fn a_fleet_is_made_of_functions_and_of_no_sandboxes() {
        let found = |text: &str| {
            let found = check_rates(&read_billing_rates("r", text).expect("rates"), &stated()[4..]);
            (found.checks[0].rate.clone(), found.checks[0].differs, found.unmatched)
        };
        let both = found(r#"{"function_cpu": 0.04716, "sandbox_cpu": 0.12}"#);
        assert_eq!(both, (Some("function_cpu".to_owned()), false, vec!["sandbox_cpu".to_owned()]));
        assert_eq!(found(r#"{"cpu_sandbox": 0.12}"#), (None, false, vec!["cpu_sandbox".to_owned()]));
    }

    /// 0.000542 USD a second is 1.9512 an hour.
    #[test]
    fn rates_by_the_second_are_told_from_wrong_prices() {
        let is_per_second = |rate: &str| {
            let rates = read_billing_rates("r", &format!("{{\"L40S\": {rate}}}")).expect("rates");
            check_rates(&rates, &stated()[..1]).checks[0].is_per_second
        };
        let told = ["0.000542", "0.0006", "0.000542e-3", "0.05", "1.9512", "0"].map(is_per_second);
        assert_eq!(told, [true, true, false, false, false, false]);
    }

    #[test]
    fn what_are_no_rates_is_refused() {
        let said = |text: &str| read_billing_rates("rates.json", text).expect_err("a problem")[0].to_string();
        assert!(said("[1]").starts_with("rates.json:1: is no JSON object of rates"), "{}", said("[1]"));
        assert!(said(r#"{"cpu": "free"}"#).contains("cpu: `\"free\"` is not a number"));
        assert!(said(r#"{"cpu": "-1"}"#).contains("zero or more"));
        assert!(said(r#"{"cpu": null}"#).contains("`null` is not a number"));
    }
}
