//! A slowly varying random factor on the arrival rate.

use fleetfront_sim::{Horizon, Law, Quantile, Role, Seconds, StreamKey, exp, ln, normal_quantile, stream};
use rand::Rng;
use rand::rngs::ChaCha8Rng;
use serde::{Deserialize, Serialize};

const HOUR_S: f64 = 3600.0;

/// A slowly varying random factor on the rate: gamma with mean 1, drawn anew from time to time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SlowRate {
    /// Coefficient of variation of the factor; at zero it is always 1.
    pub cv: f64,
    /// When it is drawn anew.
    pub redrawn: Redrawn,
    /// Who shares a factor.
    pub scope: Scope,
}

/// When a slow random rate is drawn anew.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Redrawn {
    /// At the points of a Poisson process, so that its autocorrelation is exp(-lag / correlation).
    AtRandom {
        /// Mean time between two draws; at zero the factor averages out at once and is always 1.
        correlation: Seconds,
    },
    /// At every midnight of the reporting clock inside the horizon; the run-in belongs to the first day.
    EachDay,
    /// At every full hour of the reporting clock.
    EachHour,
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
    /// The factor over one trial, run-in included, in steps in order of time, the first at 0.
    ///
    /// - `place`: among the slow rates of the traffic, whose factors are independent.
    ///
    /// The draws have no memory, so a path that begins with one is stationary from the first instant on. It takes
    /// about as many steps as the trial has correlation times, days or hours.
    ///
    /// # Panics
    /// If `cv` is negative, infinite or NaN.
    #[must_use]
    pub fn path(&self, seed: u64, trial: u32, model: StreamKey, place: usize, horizon: Horizon) -> Vec<SlowStep> {
        assert!(self.cv.is_finite() && self.cv >= 0.0, "cv {} of the slow rate is not zero or more", self.cv);
        let [run_in_s, end_s] = [horizon.start, horizon.end].map(|at| at.0 as f64 / 1e9);
        let variance = self.cv * self.cv;
        if variance == 0.0 || self.redrawn == (Redrawn::AtRandom { correlation: Seconds::ZERO }) {
            return vec![SlowStep { start_s: 0.0, factor: 1.0 }];
        }
        let key = match self.scope {
            Scope::Fleet => StreamKey::FLEET,
            Scope::Model => model,
        };
        let mut rng = stream(seed, trial, key, Role::SlowRate);
        // Each begins where no other comes: a path of 2^32 draws would not fit into memory.
        rng.set_word_pos((place as u128) << 32);
        let mut steps = Vec::new();
        let mut start_s = 0.0;
        while start_s < end_s {
            steps.push(SlowStep { start_s, factor: variance * gamma(1.0 / variance, &mut rng) });
            let next_s = match self.redrawn {
                Redrawn::AtRandom { correlation } => {
                    start_s + Law::Exponential { mean_s: correlation.get() }.seconds_at(uniform(&mut rng))
                }
                Redrawn::EachDay => run_in_s + 24.0 * HOUR_S * steps.len() as f64,
                // The first full hour behind the start, then one after the other.
                Redrawn::EachHour => run_in_s - HOUR_S * ((run_in_s / HOUR_S).ceil() - steps.len() as f64),
            };
            // A gap too short to move the clock would make an empty step.
            start_s = next_s.max(f64::next_up(start_s));
        }
        steps
    }
}

fn uniform(rng: &mut ChaCha8Rng) -> f64 {
    Quantile(rng.next_u32()).uniform()
}

/// A gamma variable with this shape and scale 1.
///
/// # Source
/// Marsaglia and Tsang (2000), "A simple method for generating gamma variables", including their way with shapes below
/// one. Ten times as fast as the inverse of the distribution function; nothing here has to be comonotone.
fn gamma(shape: f64, rng: &mut ChaCha8Rng) -> f64 {
    if shape < 1.0 {
        let power = exp(ln(uniform(rng)) / shape);
        return power * gamma(shape + 1.0, rng);
    }
    let d = shape - 1.0 / 3.0;
    let c = 1.0 / (9.0 * d).sqrt();
    loop {
        let normal = normal_quantile(uniform(rng));
        let root = 1.0 + c * normal;
        let cube = root * root * root;
        let u = uniform(rng);
        if root > 0.0 && ln(u) < 0.5 * normal * normal + d * (1.0 - cube + ln(cube)) {
            return d * cube;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_kolmogorov_smirnov, assert_mean};
    use fleetfront_sim::{SimSpan, SimTime};
    use statrs::distribution::ContinuousCDF;

    fn slow_rate(cv: f64, correlation_s: f64, scope: Scope) -> SlowRate {
        let correlation = Seconds::new(correlation_s).expect("a span");
        SlowRate { cv, redrawn: Redrawn::AtRandom { correlation }, scope }
    }

    fn horizon(run_in_s: f64, length_s: f64) -> Horizon {
        let start = SimTime::START + SimSpan::from_secs_f64(run_in_s);
        Horizon { start, end: start + SimSpan::from_secs_f64(length_s) }
    }

    fn key() -> StreamKey {
        StreamKey::of("flux-dev")
    }

    #[test]
    fn factors_are_gamma_with_mean_one() {
        for cv in [0.5, 1.0, 1.7] {
            let steps = slow_rate(cv, 10.0, Scope::Model).path(1, 0, key(), 0, horizon(0.0, 200_000.0));
            let law = statrs::distribution::Gamma::new(1.0 / (cv * cv), 1.0 / (cv * cv)).expect("a gamma law");
            assert_kolmogorov_smirnov(steps.iter().map(|step| step.factor), |x| law.cdf(x));
        }
    }

    #[test]
    fn gaps_between_draws_are_exponential() {
        let steps = slow_rate(0.5, 10.0, Scope::Model).path(2, 0, key(), 0, horizon(0.0, 200_000.0));
        let gaps = steps.windows(2).map(|pair| (pair[1].start_s - pair[0].start_s) / 10.0);
        assert_kolmogorov_smirnov(gaps, |x| 1.0 - (-x).exp());
    }

    #[test]
    fn the_path_is_stationary_with_an_exponential_autocorrelation() {
        let slow = slow_rate(0.6, 100.0, Scope::Model);
        let at = |steps: &[SlowStep], at_s: f64| steps[steps.partition_point(|s| s.start_s <= at_s) - 1].factor - 1.0;
        for (from_s, lag_s) in [(0.0, 0.0), (0.0, 100.0), (450.0, 50.0)] {
            let products = (0..20_000).map(|trial| {
                let steps = slow.path(3, trial, key(), 0, horizon(60.0, 540.0));
                at(&steps, from_s) * at(&steps, from_s + lag_s)
            });
            assert_mean(products, 0.36 * (-lag_s / 100.0).exp());
        }
    }

    #[test]
    fn the_fleet_shares_one_path_and_models_have_their_own() {
        let path = |scope, name| slow_rate(0.5, 60.0, scope).path(1, 0, StreamKey::of(name), 0, horizon(0.0, 3600.0));
        assert_eq!(path(Scope::Fleet, "flux-dev"), path(Scope::Fleet, "lora"));
        assert_ne!(path(Scope::Model, "flux-dev"), path(Scope::Model, "lora"));
    }

    #[test]
    fn every_place_has_draws_of_its_own() {
        let slow = slow_rate(0.5, 60.0, Scope::Fleet);
        let [first, second, third] = [0, 1, 2].map(|place| slow.path(1, 0, key(), place, horizon(0.0, 1e6)));
        let factors = |steps: &[SlowStep]| -> Vec<u64> { steps.iter().map(|step| step.factor.to_bits()).collect() };
        let first = factors(&first);
        for other in [second, third] {
            assert!(other.len() > 10_000 && factors(&other).iter().all(|factor| !first.contains(factor)));
        }
    }

    #[test]
    fn without_variation_or_correlation_the_factor_is_one() {
        for slow in [slow_rate(0.0, 60.0, Scope::Fleet), slow_rate(0.5, 0.0, Scope::Fleet)] {
            assert_eq!(slow.path(1, 0, key(), 0, horizon(0.0, 3600.0)), [SlowStep { start_s: 0.0, factor: 1.0 }]);
        }
    }

    #[test]
    fn a_daily_factor_holds_from_the_run_in_to_midnight_and_an_hourly_one_from_hour_to_hour() {
        let starts = |redrawn, run_in_h: f64, length_h: f64| -> Vec<f64> {
            let slow = SlowRate { cv: 0.5, redrawn, scope: Scope::Fleet };
            let steps = slow.path(1, 0, key(), 0, horizon(3600.0 * run_in_h, 3600.0 * length_h));
            assert!(steps.windows(2).all(|pair| pair[0].factor.to_bits() != pair[1].factor.to_bits()));
            steps.iter().map(|step| step.start_s / 3600.0).collect()
        };
        assert_eq!(starts(Redrawn::EachDay, 6.0, 24.0), [0.0]);
        assert_eq!(starts(Redrawn::EachDay, 6.0, 60.0), [0.0, 30.0, 54.0]);
        assert_eq!(starts(Redrawn::EachHour, 2.0, 2.0), [0.0, 1.0, 2.0, 3.0]);
        assert_eq!(starts(Redrawn::EachHour, 1.5, 2.0), [0.0, 0.5, 1.5, 2.5]);
        assert_eq!(starts(Redrawn::EachHour, 0.0, 2.5), [0.0, 1.0, 2.0]);
    }

    #[test]
    fn factors_of_days_are_gamma_too() {
        let slow = SlowRate { cv: 0.8, redrawn: Redrawn::EachDay, scope: Scope::Fleet };
        let law = statrs::distribution::Gamma::new(1.0 / 0.64, 1.0 / 0.64).expect("a gamma law");
        let factors = (0..3000).map(|trial| slow.path(1, trial, key(), 0, horizon(7200.0, 86_400.0))[0].factor);
        assert_kolmogorov_smirnov(factors, |x| law.cdf(x));
    }
}
