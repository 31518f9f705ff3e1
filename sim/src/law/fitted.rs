//! Quantiles without a closed form, fitted once a law: a fast polynomial instead of an iteration for every span.

use crate::block::{BLOCK, update_in_lanes};
use crate::elementary::{exp, normal_quantile};

/// The logarithm of a law's seconds as a Chebyshev series in the standard normal quantile, on all that a
/// [`Quantile`](crate::Quantile) can ask for. In this variable laws are smooth: the cube root of a gamma variable is
/// nearly linear in it (Wilson and Hilferty 1931).
#[derive(Debug, Clone)]
pub(super) struct Fitted {
    /// Of the Chebyshev polynomials, from the constant on.
    coefficients: Vec<f64>,
}

/// The normal quantile of the last place, at 1 - 2^-33, rounded up.
const FARTHEST: f64 = 6.337_957_754_554;
const TERMS_MIN: usize = 32;
const TERMS_MAX: usize = 512;
/// What the terms at the end of a series may add up to: the error of a span is then below 1e-9 of it.
const NEGLIGIBLE: f64 = 2e-10;

impl Fitted {
    /// - `ln_seconds`: the logarithm of the law's seconds, given the probabilities of what is below and of what is
    ///   above; the smaller of them is precise.
    ///
    /// `None` where 512 terms do not suffice: laws with a sharp bend, such as gamma with a cv above 4.
    pub(super) fn of(ln_seconds: impl Fn(f64, f64) -> f64) -> Option<Self> {
        let mut terms = TERMS_MIN;
        while terms <= TERMS_MAX {
            let coefficients = chebyshev(terms, |t| {
                let tail = tail_of_normal(FARTHEST * t.abs());
                if t < 0.0 { ln_seconds(tail, 1.0 - tail) } else { ln_seconds(1.0 - tail, tail) }
            });
            let mut rest = 0.0;
            let negligible = coefficients.iter().rev().take_while(|c| {
                rest += c.abs();
                rest < NEGLIGIBLE
            });
            let needed = terms - negligible.count();
            // A quarter of negligible terms is a series that has ended, and no accident.
            if needed <= terms - terms / 4 {
                return Some(Self { coefficients: coefficients[..needed.max(1)].to_vec() });
            }
            terms *= 2;
        }
        None
    }

    /// Replaces standard normal variables by the law's seconds.
    pub(super) fn fill(&self, normal: &mut [f64]) {
        debug_assert!(normal.len() <= BLOCK);
        update_in_lanes(normal, &self.coefficients, FARTHEST);
    }
}

/// The coefficients of the polynomial that meets `f` at the `terms` Chebyshev nodes of [-1, 1]; `terms` is a power of 2.
fn chebyshev(terms: usize, f: impl Fn(f64) -> f64) -> Vec<f64> {
    // cos(pi k / (2 terms)) by halving the angle pi / 2 and turning: no library's cosine.
    let mut cosine = 0.0f64;
    for _ in 0..terms.ilog2() {
        cosine = f64::midpoint(1.0, cosine).sqrt();
    }
    let sine = (1.0 - cosine * cosine).sqrt();
    let mut turned = (1.0, 0.0);
    let cosines: Vec<f64> = (0..4 * terms)
        .map(|_| {
            let (c, s) = turned;
            turned = (c * cosine - s * sine, s * cosine + c * sine);
            c
        })
        .collect();
    // Node k stands at the angle pi (2 k + 1) / (2 terms).
    let values: Vec<f64> = (0..terms).map(|k| f(cosines[2 * k + 1])).collect();
    let coefficient = |j: usize| {
        let sum: f64 = values.iter().enumerate().map(|(k, y)| y * cosines[(2 * k + 1) * j % (4 * terms)]).sum();
        sum * if j == 0 { 1.0 } else { 2.0 } / terms as f64
    };
    (0..terms).map(coefficient).collect()
}

/// P(Z > z) for a standard normal Z, by Newton's method on its logarithm: it is concave, so that no step behind the
/// first overshoots. `z` is between 0 and [`FARTHEST`].
fn tail_of_normal(z: f64) -> f64 {
    const SQRT_TAU: f64 = 2.506_628_274_631_000_2;
    let density = exp(-0.5 * z * z) / SQRT_TAU;
    // A fair start: the tail is the density over 1.25 at zero and over z far out.
    let mut tail = density / z.max(1.25);
    for _ in 0..50 {
        let step = (-normal_quantile(tail) - z) * density / tail;
        tail *= exp(step.clamp(-1.0, 1.0));
        if step.abs() < 1e-13 {
            break;
        }
    }
    tail
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::elementary::ln;
    use crate::law::gamma::Gamma;
    use approx::assert_relative_eq;

    #[test]
    fn tails_invert_normal_quantiles() {
        for k in 0..=633 {
            let z = f64::from(k) / 100.0;
            assert_relative_eq!(normal_quantile(tail_of_normal(z)), -z, max_relative = 1e-12, epsilon = 1e-15);
        }
    }

    #[test]
    fn the_series_of_a_chebyshev_polynomial_is_that_polynomial() {
        // T5(x) = 16 x^5 - 20 x^3 + 5 x.
        let coefficients = chebyshev(32, |x| 16.0 * x.powi(5) - 20.0 * x.powi(3) + 5.0 * x + 0.25);
        for (j, c) in coefficients.iter().enumerate() {
            let expected = if j == 0 { 0.25 } else { f64::from(u8::from(j == 5)) };
            assert_relative_eq!(*c, expected, epsilon = 1e-13);
        }
    }

    #[test]
    fn tame_laws_need_few_terms_and_bent_ones_are_left_alone() {
        let terms =
            |shape: f64| Fitted::of(|u, v| Gamma::new(shape).ln_quantile(u, v)).map_or(0, |f| f.coefficients.len());
        let found = [100.0, 4.0, 1.0, 0.3].map(terms);
        assert!(found.iter().all(|terms| (8..=128).contains(terms)), "{found:?}");
        assert!(Fitted::of(|u, _| if u < 0.3 { 0.0 } else { ln(u) }).is_none());
    }
}
