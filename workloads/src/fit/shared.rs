//! Whether the models of a log rise and fall together.

use std::collections::BTreeMap;

use super::chance::FALSE_FACTORS;
use super::{CurveKind, TrafficFit};
use crate::describe::Description;
use crate::slow_rate::Scope;

/// Models share their luck from this ratio of the variance of all together to the sum of theirs on: then covariances make
/// up half of it or more. Of few models, from half of what covariances can make of it.
const TOGETHER: f64 = 2.0;

/// Whether models rise and fall together: by the ratio of the variance of their hourly counts together to the sum of their
/// variances, all about the mean of the hour of the day. Independent models have a ratio of 1.
pub(super) fn together(of_models: &[&Description]) -> bool {
    let rest: Vec<Vec<f64>> = of_models.iter().map(|of_model| about_hours(of_model)).collect();
    let hours = rest.iter().map(Vec::len).min().unwrap_or(0);
    let all: f64 = (0..hours).map(|hour| rest.iter().map(|own| own[hour]).sum::<f64>().powi(2)).sum();
    let of_each: Vec<f64> = rest.iter().map(|own| own[..hours].iter().map(|value| value.powi(2)).sum()).collect();
    let each: f64 = of_each.iter().sum();
    // The ratio where all move in step.
    let most = of_each.iter().map(|variance| variance.sqrt()).sum::<f64>().powi(2) / each;
    each > 0.0 && all > TOGETHER.min(f64::midpoint(1.0, most)) * each
}

/// Hourly counts about the mean of their hour of the day; about the mean of all where there is less than two days.
fn about_hours(log: &Description) -> Vec<f64> {
    let places = if log.hourly.len() < 48 { 1 } else { 24 };
    let mut sums: BTreeMap<usize, (f64, f64)> = BTreeMap::new();
    for (hour, of) in log.hourly.iter().enumerate() {
        let (sum, number) = sums.entry(hour % places).or_default();
        *sum += of.requests as f64;
        *number += 1.0;
    }
    let mean = |hour: usize| sums.get(&(hour % places)).map_or(0.0, |(sum, number)| sum / number);
    log.hourly.iter().enumerate().map(|(hour, of)| of.requests as f64 - mean(hour)).collect()
}

impl TrafficFit {
    /// The traffic of each of several models, given that of all together: where they rise and fall together, each has its
    /// share of the whole and all have the same luck; else each has a model of its own, but for those that tell no rate.
    #[must_use]
    pub fn of_models(whole: &Self, of_models: &[(String, Description)], kind: CurveKind) -> Vec<(String, Self)> {
        let active: Vec<&(String, Description)> = of_models.iter().filter(|(_, own)| own.requests > 0).collect();
        let requests: f64 = active.iter().map(|(_, own)| own.requests as f64).sum();
        let together = together(&active.iter().map(|(_, own)| own).collect::<Vec<_>>());
        let share = |own: &Description| Self {
            requests_per_day: whole.requests_per_day * own.requests as f64 / requests,
            scope: Scope::Fleet,
            ..whole.clone()
        };
        // The more models there are, the more often one of them looks unlike chance by chance.
        let level = FALSE_FACTORS / active.len() as f64;
        let alone = |own: &Description| Self::at_level(own, kind, level).unwrap_or_else(|_| share(own));
        let of_model = |own: &Description| if together { share(own) } else { alone(own) };
        active.into_iter().map(|(name, own)| (name.clone(), of_model(own))).collect()
    }
}
