//! Gamma and Weibull laws under which gaps are likeliest, from a histogram of them.
//!
//! The equations are those of Johnson, Kotz and Balakrishnan (1994), *Continuous Univariate Distributions* 1, chapters 17
//! and 21; both have one root, which is found by bisection.

use serde::{Deserialize, Serialize};
use statrs::function::gamma::{digamma, ln_gamma};

/// Shapes are looked for between this and its inverse.
const SHAPE_MIN: f64 = 1e-4;
/// Halvings of that range on a logarithmic scale, to the last digit.
const HALVINGS: u32 = 80;

/// A law with a shape and a scale, and how likely it makes what it was fitted to.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LikeliestLaw {
    /// Without unit; 1 is the exponential law.
    pub shape: f64,
    /// In seconds.
    pub scale_s: f64,
    /// Logarithm of the density of all values (seconds^-n) under it.
    pub log_likelihood: f64,
}

/// Values above zero, each with how often it occurred.
#[derive(Debug, Clone)]
pub(crate) struct Weighted {
    values: Vec<(f64, f64)>,
    number: f64,
    mean: f64,
    mean_ln: f64,
}

impl Weighted {
    /// None where fewer than two values differ: no law fits one value.
    pub(crate) fn new(values: Vec<(f64, f64)>) -> Option<Self> {
        let number: f64 = values.iter().map(|(_, times)| times).sum();
        let mean = values.iter().map(|(value, times)| value * times).sum::<f64>() / number;
        let mean_ln = values.iter().map(|(value, times)| value.ln() * times).sum::<f64>() / number;
        (values.len() > 1).then_some(Self { values, number, mean, mean_ln })
    }

    /// The gamma law: ln k - digamma(k) is the logarithm of the mean less the mean logarithm.
    pub(crate) fn gamma(&self) -> LikeliestLaw {
        let wanted = self.mean.ln() - self.mean_ln;
        let shape = bisect(|shape| wanted - (shape.ln() - digamma(shape)));
        let scale_s = self.mean / shape;
        let each = (shape - 1.0) * self.mean_ln - shape - shape * scale_s.ln() - ln_gamma(shape);
        LikeliestLaw { shape, scale_s, log_likelihood: self.number * each }
    }

    /// The Weibull law: the mean logarithm weighted by x^k, less 1 / k, is the mean logarithm.
    pub(crate) fn weibull(&self) -> LikeliestLaw {
        let most = self.values.iter().map(|(value, _)| *value).fold(0.0, f64::max);
        // Over the largest, so that no power overflows.
        let powers = |shape: f64| {
            self.values.iter().fold((0.0, 0.0), |(sum, with_ln), (value, times)| {
                let power = (value / most).powf(shape) * times;
                (sum + power, with_ln + power * value.ln())
            })
        };
        let shape = bisect(|shape| {
            let (sum, with_ln) = powers(shape);
            with_ln / sum - 1.0 / shape - self.mean_ln
        });
        let scale_s = most * (powers(shape).0 / self.number).powf(1.0 / shape);
        let each = shape.ln() - shape * scale_s.ln() + (shape - 1.0) * self.mean_ln - 1.0;
        LikeliestLaw { shape, scale_s, log_likelihood: self.number * each }
    }
}

/// Where a function that rises through zero does so.
fn bisect(rising: impl Fn(f64) -> f64) -> f64 {
    let (mut low, mut high) = (SHAPE_MIN.ln(), -SHAPE_MIN.ln());
    for _ in 0..HALVINGS {
        let middle = f64::midpoint(low, high);
        if rising(middle.exp()) < 0.0 {
            low = middle;
        } else {
            high = middle;
        }
    }
    f64::midpoint(low, high).exp()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::io::Write as _;
    use std::path::Path;

    use super::*;
    use crate::log::{LogOptions, open_log, read_log};

    fn assert_near(found: f64, expected: f64, share: f64) {
        assert!((found / expected - 1.0).abs() < share, "{found} is not {expected}");
    }

    /// Durations of a real service against what scipy fits to them.
    #[test]
    fn laws_are_those_that_another_program_finds() {
        let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
        let path = shared.join("traces/gentd26_t2i_requests_a.csv.gz");
        if !path.exists() {
            let _ = writeln!(std::io::stderr(), "SKIPPED: {} is not on this machine", path.display());
            return;
        }
        let mut times: BTreeMap<u64, f64> = BTreeMap::new();
        let each = |entry: &crate::log::Entry<'_>| {
            if let Some(duration_s) =
                entry.duration_s.filter(|duration_s| entry.is_ok == Some(true) && *duration_s > 0.0)
            {
                *times.entry(duration_s.to_bits()).or_default() += 1.0;
            }
        };
        read_log(open_log(&path).expect("it opens"), "log", &LogOptions::default(), each).expect("a log");
        let values = times.into_iter().map(|(bits, times)| (f64::from_bits(bits), times)).collect();
        let weighted = Weighted::new(values).expect("values");
        let reference = std::fs::read_to_string(shared.join("reference/open__gentd26_t2i_requests_a.json"));
        let reference: serde_json::Value = serde_json::from_str(&reference.expect("a reference")).expect("JSON");
        for (name, found) in [("gamma", weighted.gamma()), ("weibull", weighted.weibull())] {
            let fit = &reference["service_time"]["all"]["fits"][name];
            let number = |value: &serde_json::Value| value.as_f64().expect("a number");
            assert_near(found.shape, number(&fit["params"]["shape"]), 1e-5);
            assert_near(found.scale_s, number(&fit["params"]["scale"]), 1e-5);
            assert_near(found.log_likelihood, number(&fit["loglik"]), 1e-6);
        }
    }

    /// At its own quantiles an exponential law is both a gamma and a Weibull law of shape 1.
    #[test]
    fn an_exponential_law_has_shape_one() {
        let n = 100_000;
        let values = (0..n).map(|k| (-5.0 * (1.0 - (f64::from(k) + 0.5) / f64::from(n)).ln(), 1.0)).collect();
        let weighted = Weighted::new(values).expect("values");
        for law in [weighted.gamma(), weighted.weibull()] {
            assert_near(law.shape, 1.0, 1e-3);
            assert_near(law.scale_s, 5.0, 1e-3);
            // The entropy of an exponential law of mean m is 1 + ln m.
            assert_near(law.log_likelihood, -f64::from(n) * (1.0 + 5_f64.ln()), 1e-4);
        }
        assert!(Weighted::new(vec![(3.0, 7.0)]).is_none());
    }
}
