//! A place in a distribution.

use rand::Rng;
use rand::rngs::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::block::BLOCK;

/// A place in a distribution, of 2^32 equally likely ones: what is drawn once and asked of every law.
///
/// Place `k` is the probability u = (k + 1/2) / 2^32, strictly between 0 and 1, so that no law has to answer for its
/// ends: 6.3 standard deviations from the mean of a normal law is the farthest.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Quantile(pub u32);

/// How many places there are.
const PLACES: f64 = 4_294_967_296.0;

impl Quantile {
    /// The place nearest to the probability `u`; the outermost for what lies outside \[0, 1\], the first for NaN.
    #[must_use]
    pub fn of_uniform(u: f64) -> Self {
        Self((u * PLACES) as u32)
    }

    /// Draws the next `quantiles.len()` places of a stream, each from 32 of its bits: what `next_u32` gives.
    pub fn fill(rng: &mut ChaCha8Rng, quantiles: &mut [Self]) {
        let mut bytes = [0; 4 * BLOCK];
        for quantiles in quantiles.chunks_mut(BLOCK) {
            let bytes = &mut bytes[..4 * quantiles.len()];
            rng.fill_bytes(bytes);
            for (quantile, word) in quantiles.iter_mut().zip(bytes.as_chunks().0) {
                *quantile = Self(u32::from_le_bytes(*word));
            }
        }
    }

    /// The probability u, in (0, 1); exact.
    #[inline]
    #[must_use]
    pub fn uniform(self) -> f64 {
        (f64::from(self.0) + 0.5) / PLACES
    }

    /// The place as far from 1 as this is from 0: its probability is 1 − u, exactly.
    #[inline]
    #[must_use]
    pub fn complement(self) -> Self {
        Self(!self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_probabilities_inside_the_unit_interval() {
        let [first, middle, last] = [0, 1 << 31, u32::MAX].map(|place| Quantile(place).uniform());
        assert!(first > 0.0 && last < 1.0);
        assert!((first + last).to_bits() == 1f64.to_bits());
        assert!((middle - 0.5 - 0.5 / PLACES).abs() == 0.0);
    }

    #[test]
    fn a_block_of_places_is_the_stream_word_by_word() {
        let rng = || crate::stream(1, 2, crate::StreamKey::FLEET, crate::Role::Service);
        for sizes in [vec![1, 2, 700], vec![703], vec![512, 191]] {
            let (mut words, mut blocks) = (rng(), rng());
            for size in sizes {
                let mut quantiles = vec![Quantile::default(); size];
                Quantile::fill(&mut blocks, &mut quantiles);
                assert!(quantiles.iter().all(|quantile| quantile.0 == words.next_u32()));
            }
        }
    }

    #[test]
    fn the_place_of_a_probability_is_the_one_that_holds_it() {
        for place in [0, 1, 77, 1 << 31, u32::MAX - 1, u32::MAX] {
            let quantile = Quantile(place);
            assert_eq!(Quantile::of_uniform(quantile.uniform()), quantile);
            assert!((quantile.uniform() + quantile.complement().uniform()).to_bits() == 1f64.to_bits());
        }
        let outside = [-1.0, 0.0, 1.0, 2.0, f64::NAN].map(|u| Quantile::of_uniform(u).0);
        assert_eq!(outside, [0, 0, u32::MAX, u32::MAX, 0]);
    }
}
