//! The inverse of a mixture of two exponential laws.

#![expect(
    clippy::inline_always,
    reason = "a loop is vectorised for the machine's vectors only where all of it is inlined"
)]

use crate::block::{BLOCK, update};
use crate::elementary::{exp, ln};
use crate::quantile::Quantile;

/// A mixture of two exponential laws.
///
/// The logarithm of its survival function is convex (Feller 1971, *An Introduction to Probability Theory*, vol. 2:
/// mixtures of exponentials are log-convex), so Newton's method never overshoots from a start below the root.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mixture {
    mean_s: [f64; 2],
    /// The probabilities of the two, over their means.
    hazard: [f64; 2],
    /// The logarithms of the two probabilities.
    ln_probability: [f64; 2],
}

/// Steps are a handful, ten for means and probabilities far apart.
const STEPS_MAX: usize = 100;
/// Smaller steps, relative to the value, are none: what has arrived stays where it is, whoever else is under way.
const ARRIVED: f64 = 1e-13;

impl Mixture {
    /// - `mean_s`: the two means, in seconds, above zero.
    /// - `first_probability`: that of the first.
    pub(super) fn new(mean_s: [f64; 2], first_probability: f64) -> Self {
        let probability = [first_probability, 1.0 - first_probability];
        // The logarithm of zero is taken at the smallest normal number: far below every survival.
        let ln_probability = probability.map(|p| ln(p.max(f64::MIN_POSITIVE)));
        Self { mean_s, hazard: [probability[0] / mean_s[0], probability[1] / mean_s[1]], ln_probability }
    }

    /// The seconds that it exceeds with probability `survival`, in (0, 1).
    pub(super) fn seconds(&self, survival: f64) -> f64 {
        let mut x = self.start(survival);
        for _ in 0..STEPS_MAX {
            let next = self.next(x, survival);
            if next.to_bits() == x.to_bits() {
                break;
            }
            x = next;
        }
        x
    }

    /// What [`Mixture::seconds`] gives at `quantiles`.
    pub(super) fn fill(&self, quantiles: &[Quantile], seconds: &mut [f64]) {
        let mut before = [0.0; BLOCK];
        let before = &mut before[..seconds.len()];
        update(
            quantiles,
            seconds,
            #[inline(always)]
            |q, _| self.start(1.0 - q.uniform()),
        );
        for _ in 0..STEPS_MAX {
            before.copy_from_slice(seconds);
            update(
                quantiles,
                seconds,
                #[inline(always)]
                |q, x| self.next(x, 1.0 - q.uniform()),
            );
            if before == seconds {
                break;
            }
        }
    }

    /// A value below the root: either part alone survives longer than its share of the mixture, and the mixture's
    /// hazard rate never exceeds its hazard rate at zero.
    #[inline(always)]
    fn start(&self, survival: f64) -> f64 {
        let target = ln(survival);
        let alone = |part: usize| self.mean_s[part] * (self.ln_probability[part] - target);
        (-target / (self.hazard[0] + self.hazard[1])).max(alone(0)).max(alone(1))
    }

    /// Newton's next value behind `x`.
    #[inline(always)]
    fn next(&self, x: f64, survival: f64) -> f64 {
        let first = self.hazard[0] * exp(-x / self.mean_s[0]);
        let second = self.hazard[1] * exp(-x / self.mean_s[1]);
        let surviving = first * self.mean_s[0] + second * self.mean_s[1];
        let step = (ln(surviving) - ln(survival)) * surviving / (first + second);
        if step > ARRIVED * x { x + step } else { x }
    }
}
