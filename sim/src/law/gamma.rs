//! The inverse of the gamma law's distribution function.

use crate::elementary::{exp, ln, ln_gamma, normal_quantile};

/// The gamma law with scale 1.
#[derive(Debug, Clone, Copy)]
pub(super) struct Gamma {
    shape: f64,
    ln_gamma: f64,
}

/// Most terms of a series or fraction: about sqrt(shape) of them matter, times a few.
const TERMS_MAX: u32 = 100_000;

impl Gamma {
    /// - `shape`: above zero.
    pub(super) fn new(shape: f64) -> Self {
        Self { shape, ln_gamma: ln_gamma(shape) }
    }

    /// What the variable stays below with probability `u`, in (0, 1), to about 1e-12 of its value; zero below e^-708.
    ///
    /// Solved for the logarithm y of the value: the logarithm of a gamma variable has a log-concave density, so that
    /// both tails of its distribution are log-concave in y, and Newton's method on the logarithm of either comes from
    /// any start to the root and from the second step on never overshoots.
    pub(super) fn quantile(&self, u: f64) -> f64 {
        let y = self.ln_quantile(u, 1.0 - u);
        if y < -708.0 { 0.0 } else { exp(y) }
    }

    /// The logarithm of [`Gamma::quantile`], by the probabilities of what is below and of what is above: the smaller
    /// of them has to be precise.
    pub(super) fn ln_quantile(&self, below: f64, above: f64) -> f64 {
        let lower = below <= above;
        let target = ln(if lower { below } else { above });
        let mut y = self.start(lower, target);
        for _ in 0..100 {
            let x = exp(y);
            let tail = if lower { self.lower(x, y) } else { self.upper(x, y) };
            // The tail's logarithmic derivative in y is x times the density over the tail.
            let slope = exp(self.shape * y - x - self.ln_gamma - tail);
            let step = (target - tail) / if lower { slope } else { -slope };
            if !step.is_finite() {
                break;
            }
            y += step.clamp(-50.0, 50.0);
            if step.abs() < 1e-11 {
                break;
            }
        }
        y
    }

    /// A first guess at the logarithm of the quantile.
    ///
    /// - `lower`: whether `target` is the logarithm of what is below, or of what is above.
    fn start(&self, lower: bool, target: f64) -> f64 {
        // Wilson and Hilferty (1931): the cube root of a gamma variable is nearly normal.
        let ninth = 1.0 / (9.0 * self.shape);
        let tail = exp(target);
        let normal = if lower { normal_quantile(tail) } else { -normal_quantile(tail) };
        let root = 1.0 - ninth + normal * ninth.sqrt();
        if root > 0.3 {
            return ln(self.shape * root * root * root);
        }
        // Near zero P(X < x) is x^shape / Γ(shape + 1).
        let ln_u = if lower { target } else { ln(1.0 - tail) };
        (ln_u + self.ln_gamma + ln(self.shape)) / self.shape
    }

    /// ln P(X < x), for x = e^y.
    fn lower(&self, x: f64, y: f64) -> f64 {
        if x < self.shape + 1.0 {
            self.lower_series(x, y)
        } else {
            ln((1.0 - exp(self.upper_fraction(x, y))).max(1e-300))
        }
    }

    /// ln P(X > x), for x = e^y.
    fn upper(&self, x: f64, y: f64) -> f64 {
        if x < self.shape + 1.0 {
            ln((1.0 - exp(self.lower_series(x, y))).max(1e-300))
        } else {
            self.upper_fraction(x, y)
        }
    }

    /// ln P(X < x) by the series x^a e^-x / Γ(a + 1) (1 + x / (a + 1) + x² / ((a + 1)(a + 2)) + ...), Abramowitz and
    /// Stegun 6.5.29.
    fn lower_series(&self, x: f64, y: f64) -> f64 {
        let (mut term, mut sum) = (1.0, 1.0);
        for k in 1..TERMS_MAX {
            term *= x / (self.shape + f64::from(k));
            sum += term;
            if term < 1e-17 * sum {
                break;
            }
        }
        self.shape * y - x - self.ln_gamma - ln(self.shape) + ln(sum)
    }

    /// ln P(X > x) by the continued fraction of Abramowitz and Stegun 6.5.31, in its even part, from the front (Lentz
    /// 1976).
    fn upper_fraction(&self, x: f64, y: f64) -> f64 {
        let mut denominator = x + 1.0 - self.shape;
        let mut above = 1e300;
        let mut below = 1.0 / denominator;
        let mut fraction = below;
        for k in 1..TERMS_MAX {
            let numerator = f64::from(k) * (self.shape - f64::from(k));
            denominator += 2.0;
            below = 1.0 / (numerator * below + denominator);
            above = denominator + numerator / above;
            fraction *= above * below;
            if (above * below - 1.0).abs() < 1e-16 {
                break;
            }
        }
        self.shape * y - x - self.ln_gamma + ln(fraction)
    }
}
