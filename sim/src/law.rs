//! How long a span is: a distribution, asked at a quantile.
//!
//! Every random span is `law.span(q)` for a quantile `q` of which all places are equally likely. The map is increasing
//! in `q`, so two laws asked at the same quantile give comonotone spans: a slower GPU is slower for the same request.

use serde::{Deserialize, Serialize};
use statrs::function::erf::erfc_inv;

use crate::quantile::Quantile;
use crate::quantities::{Seconds, SimSpan};

/// The distribution of a service, boot or switch time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Law {
    /// Always the same span.
    Deterministic {
        /// The span.
        seconds: f64,
    },
    /// Memoryless: -mean * ln(1 - U).
    Exponential {
        /// The mean span in seconds.
        mean_s: f64,
    },
    /// exp(mu + sigma * z), by the parameters of its logarithm.
    Lognormal {
        /// Mean of the logarithm of the seconds.
        mu: f64,
        /// Standard deviation of the logarithm.
        sigma: f64,
    },
}

impl Law {
    /// The lognormal law with this mean and coefficient of variation.
    #[must_use]
    pub fn lognormal(mean: Seconds, cv: f64) -> Self {
        if mean.get() == 0.0 || cv == 0.0 {
            return Self::Deterministic { seconds: mean.get() };
        }
        let variance = (1.0 + cv * cv).ln();
        Self::Lognormal { mu: mean.get().ln() - variance / 2.0, sigma: variance.sqrt() }
    }

    /// The span at quantile `q`.
    #[must_use]
    pub fn span(&self, q: Quantile) -> SimSpan {
        SimSpan::from_secs_f64(self.seconds_at(q.uniform()))
    }

    /// The seconds that the span stays below with probability `u`, in (0, 1).
    #[must_use]
    pub fn seconds_at(&self, u: f64) -> f64 {
        match *self {
            Self::Deterministic { seconds } => seconds,
            Self::Exponential { mean_s } => -mean_s * (1.0 - u).ln(),
            Self::Lognormal { mu, sigma } => (mu + sigma * normal_quantile(u)).exp(),
        }
    }

    /// The mean in seconds.
    #[must_use]
    pub fn mean_s(&self) -> f64 {
        match *self {
            Self::Deterministic { seconds } => seconds,
            Self::Exponential { mean_s } => mean_s,
            Self::Lognormal { mu, sigma } => (mu + sigma * sigma / 2.0).exp(),
        }
    }

    /// The coefficient of variation: standard deviation over mean.
    #[must_use]
    pub fn cv(&self) -> f64 {
        match *self {
            Self::Deterministic { .. } => 0.0,
            Self::Exponential { .. } => 1.0,
            Self::Lognormal { sigma, .. } => (sigma * sigma).exp_m1().sqrt(),
        }
    }

    /// The same law with every span multiplied by `factor`.
    #[must_use]
    pub fn scaled(&self, factor: f64) -> Self {
        match *self {
            Self::Deterministic { seconds } => Self::Deterministic { seconds: seconds * factor },
            Self::Exponential { mean_s } => Self::Exponential { mean_s: mean_s * factor },
            Self::Lognormal { mu, sigma } => Self::Lognormal { mu: mu + factor.ln(), sigma },
        }
    }
}

/// What a standard normal variable stays below with probability `u`.
fn normal_quantile(u: f64) -> f64 {
    -std::f64::consts::SQRT_2 * erfc_inv(2.0 * u)
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    #[test]
    fn a_lognormal_law_keeps_the_mean_and_cv_it_was_made_with() {
        let law = Law::lognormal(Seconds::new(8.9).expect("a span"), 0.7);
        assert_relative_eq!(law.mean_s(), 8.9, epsilon = 1e-12);
        assert_relative_eq!(law.cv(), 0.7, epsilon = 1e-12);
    }

    #[test]
    fn the_median_of_an_exponential_law_is_mean_times_ln_two() {
        let law = Law::Exponential { mean_s: 10.0 };
        assert_relative_eq!(law.seconds_at(0.5), 10.0 * 2f64.ln(), epsilon = 1e-12);
    }

    #[test]
    fn spans_grow_with_the_quantile() {
        for law in [Law::Exponential { mean_s: 2.0 }, Law::Lognormal { mu: 0.3, sigma: 0.5 }] {
            let spans: Vec<_> = (0..=255).map(|k| law.span(Quantile(k << 24))).collect();
            assert!(spans.is_sorted(), "{law:?}");
        }
    }

    #[test]
    fn scaling_a_law_scales_its_spans() {
        let law = Law::lognormal(Seconds::new(3.0).expect("a span"), 0.2);
        assert_relative_eq!(law.scaled(2.1).seconds_at(0.7), 2.1 * law.seconds_at(0.7), epsilon = 1e-12);
    }
}
