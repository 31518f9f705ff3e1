//! A distribution as it was measured: knots with straight lines between them, and a smooth tail.

#![expect(
    clippy::inline_always,
    reason = "a loop is vectorised for the machine's vectors only where all of it is inlined"
)]

use crate::block::update;
use crate::elementary::{exp_m1, ln};
use crate::quantile::Quantile;

/// How many knots an empirical law has: at the probabilities 0/32, 1/32 and so on up to 30/32, where its tail begins.
pub const KNOTS: usize = 31;
/// Steps of a knot from probability 0 to 1: a power of two, so that the highest bits of a quantile are the knot's number.
const STEPS: f64 = 32.0;
/// Of the steps, those below the tail and those in it.
const BODY: f64 = (KNOTS - 1) as f64;
const TAIL: f64 = STEPS - BODY;

/// What [`Law::Empirical`](super::Law::Empirical) holds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Empirical {
    pub(super) knots_s: [f32; KNOTS],
    pub(super) tail_scale_s: f64,
    pub(super) tail_shape: f64,
}

impl Empirical {
    /// The seconds that it stays below with probability `u`, in (0, 1).
    pub(super) fn seconds(&self, u: f64) -> f64 {
        if u * STEPS < BODY { self.body(u) } else { self.tail(u) }
    }

    /// What [`Empirical::seconds`] gives at `quantiles`, in two passes: the body, and the few of the tail.
    pub(super) fn fill(&self, quantiles: &[Quantile], seconds: &mut [f64]) {
        update(
            quantiles,
            seconds,
            #[inline(always)]
            |q, _| self.body(q.uniform()),
        );
        for (q, seconds) in quantiles.iter().zip(seconds) {
            if q.uniform() * STEPS >= BODY {
                *seconds = self.tail(q.uniform());
            }
        }
    }

    /// Below the tail, where it is asked: the straight line between two knots.
    #[inline(always)]
    fn body(&self, u: f64) -> f64 {
        let place = u * STEPS;
        let knot = (place as usize).min(KNOTS - 2);
        let (low, high) = (f64::from(self.knots_s[knot]), f64::from(self.knots_s[knot + 1]));
        low + (high - low) * (place - knot as f64)
    }

    /// Beyond the last knot: P(X > knot + y) is proportional to (1 + shape y / scale)^(-1 / shape).
    fn tail(&self, u: f64) -> f64 {
        let depth = -ln((1.0 - u) * (STEPS / TAIL));
        // Exponential in the limit.
        let excess = if self.tail_shape == 0.0 { depth } else { exp_m1(self.tail_shape * depth) / self.tail_shape };
        self.last_s() + self.tail_scale_s * excess
    }

    /// The mean in seconds; infinite for tails with a shape of 1 or more.
    pub(super) fn mean_s(&self) -> f64 {
        let body: f64 = self.cells().map(|[low, high]| f64::midpoint(low, high)).sum();
        let tail = self.last_s() + self.moment(1);
        (body + TAIL * tail) / STEPS
    }

    /// The coefficient of variation; infinite for tails with a shape of 1/2 or more, whose squares have no mean.
    pub(super) fn cv(&self) -> f64 {
        let mean_s = self.mean_s();
        if mean_s == 0.0 {
            return 0.0;
        }
        // About the mean: of small spreads nothing is lost to rounding.
        let square = |[a, b]: [f64; 2]| (a * a + a * b + b * b) / 3.0;
        let body: f64 = self.cells().map(|ends| square(ends.map(|end| end - mean_s))).sum();
        let last = self.last_s() - mean_s;
        let tail = last * last + 2.0 * last * self.moment(1) + self.moment(2);
        ((body + TAIL * tail) / STEPS).sqrt() / mean_s
    }

    /// The ends of what lies between two knots.
    fn cells(&self) -> impl Iterator<Item = [f64; 2]> {
        self.knots_s.windows(2).map(|ends| [f64::from(ends[0]), f64::from(ends[1])])
    }

    fn last_s(&self) -> f64 {
        f64::from(self.knots_s[KNOTS - 1])
    }

    /// The mean of the excess over the last knot, or of its square (Davison and Smith 1990, *Journal of the Royal
    /// Statistical Society* B 52).
    fn moment(&self, power: u8) -> f64 {
        if self.tail_scale_s == 0.0 {
            return 0.0;
        }
        let over = |times: f64| {
            let rest = 1.0 - times * self.tail_shape;
            if rest > 0.0 { times * self.tail_scale_s / rest } else { f64::INFINITY }
        };
        if power == 1 { over(1.0) } else { over(1.0) * over(2.0) }
    }
}
