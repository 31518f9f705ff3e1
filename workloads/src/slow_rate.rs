//! A slowly varying random factor on the arrival rate.

use fleetfront_sim::{Role, Seconds, StreamKey, stream};
use rand_distr::{Distribution, Exp1, Gamma};
use serde::{Deserialize, Serialize};

/// A slowly varying random factor on the rate: gamma with mean 1, drawn anew at the points of a Poisson process, so
/// that its autocorrelation is exp(-lag / correlation).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SlowRate {
    /// Coefficient of variation of the factor; at zero it is always 1.
    pub cv: f64,
    /// Mean time between two draws of the factor; at zero it averages out at once and is always 1.
    pub correlation: Seconds,
    /// Who shares a factor.
    pub scope: Scope,
}

/// Who shares one slow random rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// All models rise and fall together.
    Fleet,
    /// Each model has its own.
    Model,
}

/// A stretch of constant factor, up to the start of the next one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SlowStep {
    /// Where it begins, in seconds from the beginning of the trial.
    pub start_s: f64,
    /// What the rate is multiplied with.
    pub factor: f64,
}

impl SlowRate {
    /// The factor over one trial of `end_s` seconds, in steps in order of time, the first at 0.
    ///
    /// The draws have no memory, so a path that begins with one is stationary from the first instant on. It takes
    /// about `end_s / correlation` steps.
    ///
    /// # Panics
    /// If `cv` is negative, infinite or NaN.
    #[must_use]
    pub fn path(&self, seed: u64, trial: u32, model: StreamKey, end_s: f64) -> Vec<SlowStep> {
        assert!(self.cv.is_finite() && self.cv >= 0.0, "cv {} of the slow rate is not zero or more", self.cv);
        let correlation_s = self.correlation.get();
        let variance = self.cv * self.cv;
        if variance == 0.0 || correlation_s == 0.0 {
            return vec![SlowStep { start_s: 0.0, factor: 1.0 }];
        }
        let key = match self.scope {
            Scope::Fleet => StreamKey::FLEET,
            Scope::Model => model,
        };
        let mut rng = stream(seed, trial, key, Role::SlowRate);
        let gamma = Gamma::new(1.0 / variance, variance).expect("shape and scale are above zero");
        let mut steps = Vec::new();
        let mut start_s = 0.0;
        while start_s < end_s {
            steps.push(SlowStep { start_s, factor: gamma.sample(&mut rng) });
            let gap: f64 = Exp1.sample(&mut rng);
            // A gap too short to move the clock would make an empty step.
            start_s = (start_s + gap * correlation_s).max(f64::next_up(start_s));
        }
        steps
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_kolmogorov_smirnov, assert_mean};
    use statrs::distribution::ContinuousCDF;

    fn slow_rate(cv: f64, correlation_s: f64, scope: Scope) -> SlowRate {
        SlowRate { cv, correlation: Seconds::new(correlation_s).expect("a span"), scope }
    }

    fn key() -> StreamKey {
        StreamKey::of("flux-dev")
    }

    #[test]
    fn factors_are_gamma_with_mean_one() {
        for cv in [0.5, 1.0, 1.7] {
            let steps = slow_rate(cv, 10.0, Scope::Model).path(1, 0, key(), 200_000.0);
            let law = statrs::distribution::Gamma::new(1.0 / (cv * cv), 1.0 / (cv * cv)).expect("a gamma law");
            assert_kolmogorov_smirnov(steps.iter().map(|step| step.factor), |x| law.cdf(x));
        }
    }

    #[test]
    fn gaps_between_draws_are_exponential() {
        let steps = slow_rate(0.5, 10.0, Scope::Model).path(2, 0, key(), 200_000.0);
        let gaps = steps.windows(2).map(|pair| (pair[1].start_s - pair[0].start_s) / 10.0);
        assert_kolmogorov_smirnov(gaps, |x| 1.0 - (-x).exp());
    }

    #[test]
    fn the_path_is_stationary_with_an_exponential_autocorrelation() {
        let slow = slow_rate(0.6, 100.0, Scope::Model);
        let at = |steps: &[SlowStep], at_s: f64| steps[steps.partition_point(|s| s.start_s <= at_s) - 1].factor - 1.0;
        for (from_s, lag_s) in [(0.0, 0.0), (0.0, 100.0), (450.0, 50.0)] {
            let products = (0..20_000).map(|trial| {
                let steps = slow.path(3, trial, key(), 600.0);
                at(&steps, from_s) * at(&steps, from_s + lag_s)
            });
            assert_mean(products, 0.36 * (-lag_s / 100.0).exp());
        }
    }

    #[test]
    fn the_fleet_shares_one_path_and_models_have_their_own() {
        let path = |scope, name| slow_rate(0.5, 60.0, scope).path(1, 0, StreamKey::of(name), 3600.0);
        assert_eq!(path(Scope::Fleet, "flux-dev"), path(Scope::Fleet, "lora"));
        assert_ne!(path(Scope::Model, "flux-dev"), path(Scope::Model, "lora"));
    }

    #[test]
    fn without_variation_or_correlation_the_factor_is_one() {
        for slow in [slow_rate(0.0, 60.0, Scope::Fleet), slow_rate(0.5, 0.0, Scope::Fleet)] {
            assert_eq!(slow.path(1, 0, key(), 3600.0), [SlowStep { start_s: 0.0, factor: 1.0 }]);
        }
    }
}
