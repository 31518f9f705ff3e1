//! A request and the luck that it carries wherever it goes.

use serde::{Deserialize, Serialize};

use crate::quantile::Quantile;
use crate::quantities::SimTime;

/// One call of a model. Everything an allocation cannot influence is drawn when it arrives, so the same request meets
/// every allocation with the same luck and comparisons are paired.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// When it arrives.
    pub at: SimTime,
    /// The seed of its failure draws.
    pub luck: Luck,
    /// Its place in the distribution of service times: what it lasts on a GPU is `law.span(quantile)`.
    pub quantile: Quantile,
}

/// The seed of a request's own uniform draws, one for each (try, purpose), in any order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Luck(pub u64);

impl Luck {
    /// A uniform number in [0, 1) for this try and purpose.
    #[must_use]
    pub fn uniform(self, attempt: u32, purpose: u32) -> f64 {
        // SplitMix64 itself, started at the seed and stepped to the address: 2^64 divided by the golden ratio a step.
        let address = (u64::from(attempt) << 8 | u64::from(purpose)) + 1;
        let bits = mix(self.0.wrapping_add(address.wrapping_mul(0x9E37_79B9_7F4A_7C15)));
        (bits >> 11) as f64 / (1u64 << 53) as f64
    }

    /// The luck of the `ordinal`-th thing that has its own: a container of a pool, a later step of a chain.
    #[must_use]
    pub fn child(self, ordinal: u32) -> Self {
        // A constant of its own (the fraction of the square root of 2), so that children and draws do not share bits.
        Self(mix(
            mix(self.0 ^ 0x6A09_E667_F3BC_C909).wrapping_add(u64::from(ordinal).wrapping_mul(0x9E37_79B9_7F4A_7C15))
        ))
    }
}

/// The finaliser of `SplitMix64` (Steele, Lea and Flood 2014, "Fast splittable pseudorandom number generators").
fn mix(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_draws_of_a_try_are_uniform_and_differ_between_tries() {
        let n = 100_000;
        let mean = (0..n).map(|k| Luck(k).uniform(0, 1)).sum::<f64>() / n as f64;
        // Standard error of the mean of n uniforms is 1/sqrt(12 n) = 0.0009.
        assert!((mean - 0.5).abs() < 0.004, "mean {mean}");
        assert!((Luck(7).uniform(0, 1) - Luck(7).uniform(1, 1)).abs() > 0.0);
    }
}
