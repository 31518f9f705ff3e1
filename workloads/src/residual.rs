//! What is left of a span in which an arbitrary instant falls.

use fleetfront_sim::{Law, exp, ln};

/// Draws what is left of a span of this law, in seconds, at an instant that knows nothing of it: the equilibrium law of
/// renewal theory, of density P(S > x) / E\[S\].
///
/// - `uniforms`: two independent numbers in (0, 1).
///
/// # Panics
/// For an empirical law: neither scenarios nor logs give processes one.
///
/// # Source
/// Cox (1962), *Renewal Theory*, chapter 5: a span is met in proportion to its length, that is with density
/// x f(x) / E\[S\], and the instant is uniform inside it. Mixtures of exponential laws stay such mixtures.
pub(crate) fn residual_s(law: &Law, uniforms: [f64; 2]) -> f64 {
    let [share, place] = uniforms;
    match *law {
        Law::Deterministic { seconds } => share * seconds,
        Law::Exponential { .. } => law.seconds_at(place),
        Law::Lognormal { mu, sigma } => share * Law::Lognormal { mu: mu + sigma * sigma, sigma }.seconds_at(place),
        Law::Gamma { shape, scale_s } => share * Law::Gamma { shape: shape + 1.0, scale_s }.seconds_at(place),
        // (x / scale)^shape is exponential; met in proportion to x it is gamma.
        Law::Weibull { shape, scale_s } => {
            let power = Law::Gamma { shape: 1.0 + 1.0 / shape, scale_s: 1.0 }.seconds_at(place);
            share * scale_s * exp(ln(power) / shape)
        }
        Law::TwoPoint { low_s, high_s, high_probability } => {
            let high_probability = high_probability * high_s / law.mean_s();
            share * Law::TwoPoint { low_s, high_s, high_probability }.seconds_at(place)
        }
        Law::Hyperexponential { mean_s, first_probability } => {
            let first_probability = first_probability * mean_s[0] / law.mean_s();
            Law::Hyperexponential { mean_s, first_probability }.seconds_at(place)
        }
        // Met in proportion to shift + x: as it is by the share of the shift, in proportion to x else.
        Law::ShiftedLognormal { shift_s, mu, sigma } => {
            let first_probability = shift_s / law.mean_s();
            let beyond = if sigma > 0.0 {
                let (mu, sigma) = ([mu, mu + sigma * sigma], [sigma, sigma]);
                Law::LognormalMixture { mu, sigma, first_probability }
            } else {
                Law::Lognormal { mu, sigma }
            };
            share * (shift_s + beyond.seconds_at(place))
        }
        Law::LognormalMixture { mu, sigma, first_probability } => {
            let first_probability =
                first_probability * Law::Lognormal { mu: mu[0], sigma: sigma[0] }.mean_s() / law.mean_s();
            let mu = [0, 1].map(|part| mu[part] + sigma[part] * sigma[part]);
            share * Law::LognormalMixture { mu, sigma, first_probability }.seconds_at(place)
        }
        Law::Empirical { .. } => panic!("gaps and times to think have a law of a family, not a measured table"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_kolmogorov_smirnov, assert_mean};
    use fleetfront_sim::{Quantile, Role, Seconds, StreamKey, stream};
    use rand::Rng;

    fn residuals(law: Law) -> impl Iterator<Item = f64> {
        let mut rng = stream(1, 0, StreamKey::of("residual"), Role::Sessions);
        let mut uniform = move || Quantile(rng.next_u32()).uniform();
        (0..20_000).map(move |_| residual_s(&law, [uniform(), uniform()]))
    }

    /// E[left] = E[S^2] / (2 E[S]).
    #[test]
    fn what_is_left_has_its_mean_under_every_law() {
        let mean = Seconds::new(3.0).expect("a span");
        for law in [
            Law::Deterministic { seconds: 3.0 },
            Law::Exponential { mean_s: 3.0 },
            Law::lognormal(mean, 0.8),
            Law::gamma(mean, 1.4),
            Law::Weibull { shape: 0.7, scale_s: 2.0 },
            Law::Weibull { shape: 900.0, scale_s: 2.0 },
            Law::TwoPoint { low_s: 1.0, high_s: 20.0, high_probability: 0.1 },
            Law::hyperexponential(mean, 2.0),
            Law::ShiftedLognormal { shift_s: 2.0, mu: 0.0, sigma: 0.9 },
            Law::ShiftedLognormal { shift_s: 2.0, mu: 0.0, sigma: 0.0 },
            Law::LognormalMixture { mu: [0.0, 2.0], sigma: [0.2, 0.5], first_probability: 0.6 },
        ] {
            assert_mean(residuals(law), law.mean_s() * (1.0 + law.cv().powi(2)) / 2.0);
        }
    }

    #[test]
    fn what_is_left_has_its_distribution() {
        // P(left <= x) is the area under P(S > t) up to x, over the mean.
        let two = Law::TwoPoint { low_s: 1.0, high_s: 3.0, high_probability: 0.5 };
        assert_kolmogorov_smirnov(residuals(two), |x| 0.5 * x.min(1.0) + 0.25 * (x - 1.0).clamp(0.0, 2.0));
        let mixture = Law::Hyperexponential { mean_s: [1.0, 10.0], first_probability: 0.9 };
        let area = |x: f64, mean: f64| mean * -(-x / mean).exp_m1();
        assert_kolmogorov_smirnov(residuals(mixture), |x| (0.9 * area(x, 1.0) + 0.1 * area(x, 10.0)) / 1.9);
        // Two exponential phases: the rest is one phase or both, as likely as not.
        let erlang = Law::Gamma { shape: 2.0, scale_s: 1.0 };
        assert_kolmogorov_smirnov(residuals(erlang), |x| 1.0 - (-x).exp() * (1.0 + x / 2.0));
    }
}
