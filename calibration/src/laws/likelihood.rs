//! How likely a sample is under a law, as a function of the law's coordinates: numbers without bounds, so that every step
//! of a search is a law.

use fleetfront_sim::Law;

use super::family::Family;
use super::jet::Jet;
use super::special::{HALF_LN_TAU, ln_gamma_tail, ln_normal_tail, stirling_factor};
use super::times::Times;

/// A law of a family at its coordinates.
///
/// Exponential: ln mean. Lognormal: mu, ln sigma. Gamma: ln shape, ln mean. Weibull: ln shape, ln scale. Shifted
/// lognormal: shift, mu, ln sigma. Mixture: the logit of the first probability, then mu and ln sigma of each part.
#[derive(Debug, Clone, Copy)]
pub(super) enum Density<const N: usize> {
    Exponential { ln_mean: Jet<N> },
    Lognormal { shift: Jet<N>, part: Normal<N> },
    Gamma { shape: Jet<N>, ln_mean: Jet<N>, factor: Jet<N> },
    Weibull { ln_shape: Jet<N>, shape: Jet<N>, ln_scale: Jet<N> },
    Mixture { ln_weights: [Jet<N>; 2], parts: [Normal<N>; 2] },
}

/// The normal law of a logarithm.
#[derive(Debug, Clone, Copy)]
pub(super) struct Normal<const N: usize> {
    mu: Jet<N>,
    ln_sigma: Jet<N>,
    per_sigma: Jet<N>,
}

impl<const N: usize> Normal<N> {
    fn new(mu: Jet<N>, ln_sigma: Jet<N>) -> Self {
        Self { mu, ln_sigma, per_sigma: (-ln_sigma).exp() }
    }

    /// The logarithm of the density of the seconds, given their logarithm.
    fn ended(&self, ln_x: Jet<N>) -> Jet<N> {
        let z = (ln_x - self.mu) * self.per_sigma;
        (z * z).times(-0.5).plus(-HALF_LN_TAU) - self.ln_sigma - ln_x
    }

    fn beyond(&self, ln_x: Jet<N>) -> Jet<N> {
        let z = (ln_x - self.mu) * self.per_sigma;
        z.through(ln_normal_tail(z.value))
    }
}

impl<const N: usize> Density<N> {
    /// - `at`: as many coordinates as the family has.
    ///
    /// # Panics
    /// For the deterministic law, which has no density.
    pub(super) fn new(family: Family, at: &[Jet<N>]) -> Self {
        match (family, at) {
            (Family::Exponential, &[ln_mean]) => Self::Exponential { ln_mean },
            (Family::Lognormal, &[mu, ln_sigma]) => {
                Self::Lognormal { shift: Jet::ZERO, part: Normal::new(mu, ln_sigma) }
            }
            (Family::ShiftedLognormal, &[shift, mu, ln_sigma]) => {
                Self::Lognormal { shift, part: Normal::new(mu, ln_sigma) }
            }
            (Family::Gamma, &[ln_shape, ln_mean]) => {
                let shape = ln_shape.exp();
                Self::Gamma { shape, ln_mean, factor: shape.through(stirling_factor(shape.value)) }
            }
            (Family::Weibull, &[ln_shape, ln_scale]) => Self::Weibull { ln_shape, shape: ln_shape.exp(), ln_scale },
            (Family::LognormalMixture, &[logit, first_mu, first_ln_sigma, second_mu, second_ln_sigma]) => {
                Self::Mixture {
                    ln_weights: [ln_sigmoid(&logit), ln_sigmoid(&-logit)],
                    parts: [Normal::new(first_mu, first_ln_sigma), Normal::new(second_mu, second_ln_sigma)],
                }
            }
            _ => panic!("{family} has {} coordinates and a density", family.parameters()),
        }
    }

    /// The logarithm of the density at `x`, in seconds above zero; -infinity where there is none.
    pub(super) fn ended(&self, x: f64) -> Jet<N> {
        let ln_x = x.ln();
        match self {
            Self::Exponential { ln_mean } => -*ln_mean - (-*ln_mean).plus(ln_x).exp(),
            Self::Lognormal { shift, part } => match beyond_shift(shift, x) {
                Some(ln_beyond) => part.ended(ln_beyond),
                None => Jet::constant(f64::NEG_INFINITY),
            },
            Self::Gamma { shape, ln_mean, factor } => {
                let d = (-*ln_mean).plus(ln_x);
                let fall = d.through([d.value - d.value.exp_m1(), -d.value.exp_m1(), -d.value.exp()]);
                (*factor + *shape * fall).plus(-ln_x - HALF_LN_TAU)
            }
            Self::Weibull { ln_shape, shape, ln_scale } => {
                let z = *shape * (-*ln_scale).plus(ln_x);
                (*ln_shape + z - z.exp()).plus(-ln_x)
            }
            Self::Mixture { ln_weights, parts } => {
                let of = |part: usize| ln_weights[part] + parts[part].ended(Jet::constant(ln_x));
                ln_sum(&of(0), &of(1))
            }
        }
    }

    /// The logarithm of the probability of more than `x`, in seconds above zero.
    pub(super) fn beyond(&self, x: f64) -> Jet<N> {
        let ln_x = x.ln();
        match self {
            Self::Exponential { ln_mean } => -(-*ln_mean).plus(ln_x).exp(),
            Self::Lognormal { shift, part } => match beyond_shift(shift, x) {
                Some(ln_beyond) => part.beyond(ln_beyond),
                None => Jet::ZERO,
            },
            Self::Gamma { shape, ln_mean, .. } => ln_gamma_tail(shape, &(-*ln_mean).plus(ln_x)),
            Self::Weibull { shape, ln_scale, .. } => -(*shape * (-*ln_scale).plus(ln_x)).exp(),
            Self::Mixture { ln_weights, parts } => {
                let of = |part: usize| ln_weights[part] + parts[part].beyond(Jet::constant(ln_x));
                ln_sum(&of(0), &of(1))
            }
        }
    }

    /// The logarithm of the likelihood of a sample (seconds^-n for the n that ended).
    pub(super) fn likelihood(&self, times: &Times) -> Jet<N> {
        let ended = times.ended_s().iter().fold(Jet::ZERO, |sum, x| sum + self.ended(*x));
        times.cut_off_s().iter().fold(ended, |sum, x| sum + self.beyond(*x))
    }
}

/// The logarithm of the time beyond the shift; precise without a shift.
fn beyond_shift<const N: usize>(shift: &Jet<N>, x: f64) -> Option<Jet<N>> {
    (x > shift.value).then(|| (-*shift).plus(x).ln())
}

/// ln(1 / (1 + e^-x)).
fn ln_sigmoid<const N: usize>(x: &Jet<N>) -> Jet<N> {
    let small = (-x.value.abs()).exp();
    let value = x.value.min(0.0) - small.ln_1p();
    let (here, there) = ((1.0 + (-x.value).exp()).recip(), (1.0 + x.value.exp()).recip());
    x.through([value, there, -here * there])
}

/// ln(e^a + e^b).
fn ln_sum<const N: usize>(a: &Jet<N>, b: &Jet<N>) -> Jet<N> {
    let high = a.value.max(b.value);
    if high == f64::NEG_INFINITY {
        return *a;
    }
    let [of_a, of_b] = [a.value, b.value].map(|value| (value - high).exp());
    let (first, second) = (of_a / (of_a + of_b), of_b / (of_a + of_b));
    let both = first * second;
    Jet::through_two(a, b, high + (of_a + of_b).ln(), [first, second], [both, -both, both])
}

/// The law at these coordinates.
pub(super) fn law_at(family: Family, at: &[f64]) -> Law {
    match (family, at) {
        (Family::Deterministic, &[ln_seconds]) => Law::Deterministic { seconds: ln_seconds.exp() },
        (Family::Exponential, &[ln_mean]) => Law::Exponential { mean_s: ln_mean.exp() },
        (Family::Lognormal, &[mu, ln_sigma]) => Law::Lognormal { mu, sigma: ln_sigma.exp() },
        (Family::ShiftedLognormal, &[shift_s, mu, ln_sigma]) => {
            Law::ShiftedLognormal { shift_s, mu, sigma: ln_sigma.exp() }
        }
        (Family::Gamma, &[ln_shape, ln_mean]) => {
            Law::Gamma { shape: ln_shape.exp(), scale_s: (ln_mean - ln_shape).exp() }
        }
        (Family::Weibull, &[ln_shape, ln_scale]) => Law::Weibull { shape: ln_shape.exp(), scale_s: ln_scale.exp() },
        (Family::LognormalMixture, &[logit, first_mu, first_ln_sigma, second_mu, second_ln_sigma]) => {
            Law::LognormalMixture {
                mu: [first_mu, second_mu],
                sigma: [first_ln_sigma.exp(), second_ln_sigma.exp()],
                first_probability: (1.0 + (-logit).exp()).recip(),
            }
        }
        _ => panic!("{family} has {} coordinates", family.parameters()),
    }
}

/// The family of a law that can be fitted, and its coordinates.
pub(super) fn coordinates(law: &Law) -> Option<(Family, Vec<f64>)> {
    Some(match *law {
        Law::Deterministic { seconds } => (Family::Deterministic, vec![seconds.ln()]),
        Law::Exponential { mean_s } => (Family::Exponential, vec![mean_s.ln()]),
        Law::Lognormal { mu, sigma } => (Family::Lognormal, vec![mu, sigma.ln()]),
        Law::ShiftedLognormal { shift_s, mu, sigma } => (Family::ShiftedLognormal, vec![shift_s, mu, sigma.ln()]),
        Law::Gamma { shape, scale_s } => (Family::Gamma, vec![shape.ln(), shape.ln() + scale_s.ln()]),
        Law::Weibull { shape, scale_s } => (Family::Weibull, vec![shape.ln(), scale_s.ln()]),
        Law::LognormalMixture { mu, sigma, first_probability: p } => {
            (Family::LognormalMixture, vec![(p / (1.0 - p)).ln(), mu[0], sigma[0].ln(), mu[1], sigma[1].ln()])
        }
        Law::TwoPoint { .. } | Law::Hyperexponential { .. } | Law::Empirical { .. } => return None,
    })
}

/// The density of a law, as plain numbers.
pub(super) fn plain(law: &Law) -> Option<Density<0>> {
    let (family, at) = coordinates(law)?;
    if family == Family::Deterministic {
        return None;
    }
    Some(Density::new(family, &at.iter().map(|x| Jet::constant(*x)).collect::<Vec<_>>()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    pub(crate) const LAWS: [Law; 6] = [
        Law::Exponential { mean_s: 3.0 },
        Law::Lognormal { mu: 1.0, sigma: 0.4 },
        Law::Gamma { shape: 2.5, scale_s: 1.5 },
        Law::Weibull { shape: 0.7, scale_s: 4.0 },
        Law::ShiftedLognormal { shift_s: 0.9, mu: 0.5, sigma: 0.8 },
        Law::LognormalMixture { mu: [0.5, 2.0], sigma: [0.3, 0.6], first_probability: 0.35 },
    ];

    #[test]
    fn coordinates_lead_back_to_the_law() {
        for law in LAWS {
            let (family, at) = coordinates(&law).expect("a family");
            let (_, again) = coordinates(&law_at(family, &at)).expect("a family");
            for (one, other) in at.iter().zip(again) {
                assert_relative_eq!(*one, other, max_relative = 1e-14, epsilon = 1e-15);
            }
        }
    }

    /// The simulated law and the fitted one are the same: the quantile at u is exceeded with probability 1 - u, and the
    /// density is the slope of that.
    #[test]
    fn tails_are_those_of_the_simulated_laws_and_densities_their_slopes() {
        for law in LAWS {
            let density = plain(&law).expect("a density");
            for u in [1e-6, 0.01, 0.2, 0.5, 0.9, 0.999, 1.0 - 1e-6] {
                let x = law.seconds_at(u);
                assert_relative_eq!(density.beyond(x).value.exp(), 1.0 - u, max_relative = 1e-8);
                let h = 1e-5 * (x - law.seconds_at(1e-9));
                let slope = (density.beyond(x - h).value.exp() - density.beyond(x + h).value.exp()) / (2.0 * h);
                assert_relative_eq!(density.ended(x).value.exp(), slope, max_relative = 1e-3, epsilon = 1e-10);
            }
        }
    }

    #[test]
    fn likelihoods_have_the_derivatives_of_differences() {
        fn check<const N: usize>(family: Family, at: &[f64], times: &Times) {
            let jet = |at: &[f64]| Density::<N>::new(family, &Jet::variables(at)).likelihood(times);
            let found = jet(at);
            for i in 0..N {
                let h = 1e-5;
                let moved = |by: f64| {
                    let mut at = at.to_vec();
                    at[i] += by;
                    jet(&at)
                };
                let (low, high) = (moved(-h), moved(h));
                let difference = (high.value - low.value) / (2.0 * h);
                assert_relative_eq!(found.slope[i], difference, max_relative = 1e-6, epsilon = 1e-6);
                for j in 0..N {
                    let difference = (high.slope[j] - low.slope[j]) / (2.0 * h);
                    assert_relative_eq!(found.curvature[i][j], difference, max_relative = 1e-5, epsilon = 1e-5);
                }
            }
        }
        let time = |(seconds, censored)| super::super::Time { seconds, censored };
        let times = [(1.5, false), (2.0, false), (4.5, false), (9.0, false), (0.95, true), (3.0, true), (12.0, true)];
        let times = Times::of(&times.map(time)).expect("a sample");
        for law in LAWS {
            let (family, at) = coordinates(&law).expect("a family");
            match at.len() {
                1 => check::<1>(family, &at, &times),
                2 => check::<2>(family, &at, &times),
                3 => check::<3>(family, &at, &times),
                _ => check::<5>(family, &at, &times),
            }
        }
    }
}
