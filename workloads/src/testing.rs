//! What the tests of this crate share: traffic that is known, and verdicts on samples. Seeds are fixed, so no test fails at
//! random.

use crate::fit::{Events, Grouping, TrafficFit};
use crate::slow_rate::Scope;

/// Traffic that is known: a curve, and chance around it.
pub(crate) fn known_traffic(requests_per_day: f64, curve: Vec<f64>) -> TrafficFit {
    TrafficFit {
        requests_per_day,
        curve,
        levels: Grouping::Alike,
        shapes: Grouping::Alike,
        harmonics: None,
        growth_per_week: None,
        day_cv: 0.0,
        bursts: Vec::new(),
        scope: Scope::Model,
        events: Events::POISSON,
        marked: Vec::new(),
        dispersion: Vec::new(),
    }
}

/// Asserts that `sample` comes from the law with this distribution function (Kolmogorov-Smirnov, α = 0.001).
pub(crate) fn assert_kolmogorov_smirnov(sample: impl Iterator<Item = f64>, cdf: impl Fn(f64) -> f64) {
    let mut sorted: Vec<f64> = sample.collect();
    sorted.sort_by(f64::total_cmp);
    let n = sorted.len() as f64;
    assert!(n >= 1000.0, "{n} values are too few for the asymptotic bound");
    let distance = sorted.iter().enumerate().fold(0.0f64, |worst, (rank, &x)| {
        let expected = cdf(x);
        worst.max(expected - rank as f64 / n).max((rank + 1) as f64 / n - expected)
    });
    // sqrt(-ln(α / 2) / 2), Kolmogorov's limit law.
    let bound = 1.949 / n.sqrt();
    assert!(distance < bound, "the distance {distance} of {n} values is above {bound}");
}

/// Asserts that the mean of independent `values` is within 4 standard errors of `expected`, and that the standard
/// error is small enough (5 % of `expected`, if that is not zero) for this to mean something. Returns the mean.
pub(crate) fn assert_mean(values: impl Iterator<Item = f64>, expected: f64) -> f64 {
    let values: Vec<f64> = values.collect();
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / (n - 1.0);
    let error = (variance / n).sqrt();
    assert!((mean - expected).abs() < 4.0 * error, "mean {mean} ± {error}, expected {expected}");
    assert!(expected == 0.0 || error < 0.05 * expected.abs(), "± {error} is too wide to tell {expected}");
    mean
}
