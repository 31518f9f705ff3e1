//! How long a span is: a distribution, asked at a quantile.
//!
//! Every random span is `law.span(q)` for a quantile `q` of which all places are equally likely. The map never
//! decreases in `q`, so two laws asked at the same quantile give comonotone spans: a slower GPU is slower for the same
//! request. Many spans at a time are [`Law::ready`].

mod empirical;
mod fitted;
mod gamma;
mod hyperexponential;
mod inverse_table;
mod lognormal_mixture;
mod normal_tail;
mod spans;
#[cfg(test)]
mod tests;

pub use empirical::KNOTS;
pub use normal_tail::scaled_normal_tail;
pub use spans::ReadyLaw;

use serde::{Deserialize, Serialize};

use crate::elementary::{exp, exp_m1, ln, ln_1p, ln_gamma};
use crate::quantities::Seconds;
use empirical::Empirical;

/// The distribution of a service, boot or switch time, of a patience, or of the gaps between arrivals.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Law {
    /// Always the same span.
    Deterministic {
        /// The span.
        seconds: f64,
    },
    /// Memoryless: -mean * ln(1 - u).
    Exponential {
        /// The mean span in seconds.
        mean_s: f64,
    },
    /// exp(mu + sigma * z), by the parameters of its logarithm.
    Lognormal {
        /// Mean of the logarithm of the seconds.
        mu: f64,
        /// Standard deviation of the logarithm, zero or more.
        sigma: f64,
    },
    /// Density proportional to x^(shape - 1) e^(-x / scale).
    Gamma {
        /// Its shape, above zero: 1 is exponential, whole numbers are Erlang.
        shape: f64,
        /// Its scale in seconds, above zero; the mean is shape times scale.
        scale_s: f64,
    },
    /// P(X > x) = exp(-(x / scale)^shape).
    Weibull {
        /// Its shape, above zero: 1 is exponential, below 1 the longest spans dominate.
        shape: f64,
        /// Its scale in seconds, above zero: 63 % of the spans are shorter.
        scale_s: f64,
    },
    /// One of two spans.
    TwoPoint {
        /// The shorter span in seconds.
        low_s: f64,
        /// The longer span in seconds, at least the shorter.
        high_s: f64,
        /// The probability of the longer one.
        high_probability: f64,
    },
    /// One of two exponential laws, chosen at random.
    Hyperexponential {
        /// Their means in seconds, above zero.
        mean_s: [f64; 2],
        /// The probability of the first.
        first_probability: f64,
    },
    /// A span that nothing undercuts, and a lognormal one behind it.
    ShiftedLognormal {
        /// The shortest span in seconds, zero or more.
        shift_s: f64,
        /// Mean of the logarithm of the seconds beyond it.
        mu: f64,
        /// Standard deviation of the logarithm, zero or more.
        sigma: f64,
    },
    /// One of two lognormal laws, chosen at random: boots that find an image cached, and boots that do not.
    LognormalMixture {
        /// Means of the logarithms of the seconds.
        mu: [f64; 2],
        /// Standard deviations of the logarithms, above zero.
        sigma: [f64; 2],
        /// The probability of the first.
        first_probability: f64,
    },
    /// As it was measured: straight lines between knots, and a generalised Pareto tail.
    Empirical {
        /// The seconds that 0/32, 1/32 and so on up to 30/32 of the spans stay below; never falling. Seven digits, more
        /// than clocks of measurements have: a law is copied with every pool and stays small.
        knots_s: [f32; KNOTS],
        /// Scale of what the others exceed the last knot by, in seconds, zero or more.
        tail_scale_s: f64,
        /// Its shape: 0 is exponential, below that the tail ends, above it is heavier; the variance is infinite from
        /// 1/2 on.
        tail_shape: f64,
    },
}

impl Law {
    /// The lognormal law with this mean and coefficient of variation; without mean or variation, always the mean.
    #[must_use]
    pub fn lognormal(mean: Seconds, cv: f64) -> Self {
        if mean.get() == 0.0 || cv == 0.0 {
            return Self::Deterministic { seconds: mean.get() };
        }
        let variance = ln_1p(cv * cv);
        Self::Lognormal { mu: ln(mean.get()) - variance / 2.0, sigma: variance.sqrt() }
    }

    /// The gamma law with this mean and coefficient of variation; without mean or variation, always the mean.
    #[must_use]
    pub fn gamma(mean: Seconds, cv: f64) -> Self {
        let variance = cv * cv;
        if mean.get() == 0.0 || variance == 0.0 {
            return Self::Deterministic { seconds: mean.get() };
        }
        Self::Gamma { shape: 1.0 / variance, scale_s: mean.get() * variance }
    }

    /// The hyperexponential law with this mean and coefficient of variation, to which both of its parts contribute
    /// the same seconds ("balanced means", Whitt 1982); exponential at cv 1.
    ///
    /// # Panics
    /// If `cv` is below 1 or infinite: no mixture of exponential laws varies less.
    #[must_use]
    pub fn hyperexponential(mean: Seconds, cv: f64) -> Self {
        assert!(cv >= 1.0 && cv.is_finite(), "a hyperexponential law has a cv of 1 or more, not {cv}");
        if mean.get() == 0.0 || cv <= 1.0 {
            return Self::Exponential { mean_s: mean.get() };
        }
        let square = cv * cv;
        let first_probability = f64::midpoint(1.0, ((square - 1.0) / (square + 1.0)).sqrt());
        let half = mean.get() / 2.0;
        Self::Hyperexponential {
            mean_s: [half / first_probability, half / (1.0 - first_probability)],
            first_probability,
        }
    }

    /// The lognormal law shifted by `shift` that has this mean and coefficient of variation, shift included; without
    /// variation, or where the mean does not lie beyond the shift, always the mean.
    #[must_use]
    pub fn shifted_lognormal(shift: Seconds, mean: Seconds, cv: f64) -> Self {
        let beyond_s = mean.get() - shift.get();
        let beyond = Seconds::new(beyond_s).unwrap_or(Seconds::ZERO);
        match Self::lognormal(beyond, cv * mean.get() / beyond_s) {
            Self::Lognormal { mu, sigma } => Self::ShiftedLognormal { shift_s: shift.get(), mu, sigma },
            _ => Self::Deterministic { seconds: mean.get() },
        }
    }

    /// The mixture of two lognormal laws with these means and coefficients of variation.
    ///
    /// # Panics
    /// If a mean or a coefficient of variation is zero.
    #[must_use]
    pub fn lognormal_mixture(parts: [(Seconds, f64); 2], first_probability: f64) -> Self {
        let [first, second] = parts.map(|(mean, cv)| match Self::lognormal(mean, cv) {
            Self::Lognormal { mu, sigma } => (mu, sigma),
            _ => panic!("a part of a mixture has a mean and varies, not {} s with cv {cv}", mean.get()),
        });
        Self::LognormalMixture { mu: [first.0, second.0], sigma: [first.1, second.1], first_probability }
    }

    /// The mean in seconds.
    #[must_use]
    pub fn mean_s(&self) -> f64 {
        match *self {
            Self::Deterministic { seconds } => seconds,
            Self::Exponential { mean_s } => mean_s,
            Self::Lognormal { mu, sigma } => exp(mu + sigma * sigma / 2.0),
            Self::Gamma { shape, scale_s } => shape * scale_s,
            Self::Weibull { shape, scale_s } => scale_s * exp(ln_gamma(1.0 + 1.0 / shape)),
            Self::TwoPoint { low_s, high_s, high_probability } => low_s + (high_s - low_s) * high_probability,
            Self::Hyperexponential { mean_s: [first, second], first_probability: p } => p * first + (1.0 - p) * second,
            Self::ShiftedLognormal { shift_s, mu, sigma } => shift_s + exp(mu + sigma * sigma / 2.0),
            Self::LognormalMixture { mu, sigma, first_probability: p } => {
                let mean = |part: usize| exp(mu[part] + sigma[part] * sigma[part] / 2.0);
                p * mean(0) + (1.0 - p) * mean(1)
            }
            Self::Empirical { knots_s, tail_scale_s, tail_shape } => {
                Empirical { knots_s, tail_scale_s, tail_shape }.mean_s()
            }
        }
    }

    /// The coefficient of variation: standard deviation over mean. Zero for a law that is always zero, infinite for an
    /// empirical one with a tail of shape 1/2 or more.
    #[must_use]
    pub fn cv(&self) -> f64 {
        match *self {
            Self::Deterministic { .. } => 0.0,
            Self::Exponential { .. } => 1.0,
            Self::Lognormal { sigma, .. } => exp_m1(sigma * sigma).sqrt(),
            Self::Gamma { shape, .. } => 1.0 / shape.sqrt(),
            Self::Weibull { shape, .. } => {
                exp_m1(ln_gamma(1.0 + 2.0 / shape) - 2.0 * ln_gamma(1.0 + 1.0 / shape)).sqrt()
            }
            Self::TwoPoint { low_s, high_s, high_probability: p } => {
                let deviation = (high_s - low_s) * (p * (1.0 - p)).sqrt();
                if deviation == 0.0 { 0.0 } else { deviation / self.mean_s() }
            }
            Self::Hyperexponential { mean_s: [first, second], first_probability: p } => {
                let mean = self.mean_s();
                let second_moment = 2.0 * (p * first * first + (1.0 - p) * second * second);
                (second_moment / (mean * mean) - 1.0).sqrt()
            }
            Self::ShiftedLognormal { shift_s, mu, sigma } => {
                let beyond_s = exp(mu + sigma * sigma / 2.0);
                exp_m1(sigma * sigma).sqrt() * beyond_s / (shift_s + beyond_s)
            }
            // The variances within the parts, and that between them.
            Self::LognormalMixture { mu, sigma, first_probability: p } => {
                let means = [0, 1].map(|part| exp(mu[part] + sigma[part] * sigma[part] / 2.0));
                let within = |part: usize| means[part] * means[part] * exp_m1(sigma[part] * sigma[part]);
                let apart = means[0] - means[1];
                let variance = p * within(0) + (1.0 - p) * within(1) + p * (1.0 - p) * apart * apart;
                variance.sqrt() / self.mean_s()
            }
            Self::Empirical { knots_s, tail_scale_s, tail_shape } => {
                Empirical { knots_s, tail_scale_s, tail_shape }.cv()
            }
        }
    }

    /// The same law with every span multiplied by `factor`, above zero.
    #[must_use]
    pub fn scaled(&self, factor: f64) -> Self {
        match *self {
            Self::Deterministic { seconds } => Self::Deterministic { seconds: seconds * factor },
            Self::Exponential { mean_s } => Self::Exponential { mean_s: mean_s * factor },
            Self::Lognormal { mu, sigma } => Self::Lognormal { mu: mu + ln(factor), sigma },
            Self::Gamma { shape, scale_s } => Self::Gamma { shape, scale_s: scale_s * factor },
            Self::Weibull { shape, scale_s } => Self::Weibull { shape, scale_s: scale_s * factor },
            Self::TwoPoint { low_s, high_s, high_probability } => {
                Self::TwoPoint { low_s: low_s * factor, high_s: high_s * factor, high_probability }
            }
            Self::Hyperexponential { mean_s, first_probability } => {
                Self::Hyperexponential { mean_s: mean_s.map(|mean| mean * factor), first_probability }
            }
            Self::ShiftedLognormal { shift_s, mu, sigma } => {
                Self::ShiftedLognormal { shift_s: shift_s * factor, mu: mu + ln(factor), sigma }
            }
            Self::LognormalMixture { mu, sigma, first_probability } => {
                Self::LognormalMixture { mu: mu.map(|mu| mu + ln(factor)), sigma, first_probability }
            }
            Self::Empirical { knots_s, tail_scale_s, tail_shape } => {
                let knots_s = knots_s.map(|knot_s| (f64::from(knot_s) * factor) as f32);
                Self::Empirical { knots_s, tail_scale_s: tail_scale_s * factor, tail_shape }
            }
        }
    }
}
