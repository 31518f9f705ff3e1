//! Boot times by ordinal: the k-th boot of a pool has the same luck under every setting of it.

use rand::rngs::ChaCha8Rng;

use crate::block::BLOCK;
use crate::law::ReadyLaw;
use crate::quantile::Quantile;
use crate::quantities::SimSpan;
use crate::request::Luck;
use crate::stream::{Role, StreamKey, container_luck, stream};

/// The boot times of one pool in one trial, drawn as they are asked for and kept for the next setting.
#[derive(Debug)]
pub struct BootTimes<'a> {
    laws: &'a [ReadyLaw],
    rng: ChaCha8Rng,
    luck: Luck,
    /// For each law the spans of the boots drawn so far, in the order of the boots.
    spans: Vec<Vec<SimSpan>>,
}

/// How many boots are drawn at first; each time as many again as there are, up to a block.
const FIRST: usize = 32;

impl<'a> BootTimes<'a> {
    /// - `laws`: the boot law of each model of the pool, in the pool's order: a container boots with the model of the
    ///   request that started it. Made ready for few, once for all trials.
    #[must_use]
    pub fn new(seed: u64, trial: u32, key: StreamKey, laws: &'a [ReadyLaw]) -> Self {
        let rng = stream(seed, trial, key, Role::Boot);
        Self { laws, rng, luck: container_luck(seed, trial, key), spans: vec![Vec::new(); laws.len()] }
    }

    /// The luck of the pool's containers, apart from their boots: capacity, speed of the host, preemption.
    #[must_use]
    pub fn luck(&self) -> Luck {
        self.luck
    }

    /// How long the `ordinal`-th boot (from 0) lasts when it loads `model`.
    #[inline]
    pub(crate) fn span(&mut self, ordinal: usize, model: usize) -> SimSpan {
        while self.spans[model].len() <= ordinal {
            self.draw_more();
        }
        self.spans[model][ordinal]
    }

    #[cold]
    fn draw_more(&mut self) {
        let drawn = self.spans[0].len();
        let mut quantiles = [Quantile::default(); BLOCK];
        let quantiles = &mut quantiles[..drawn.clamp(FIRST, BLOCK)];
        Quantile::fill(&mut self.rng, quantiles);
        for (law, spans) in self.laws.iter().zip(&mut self.spans) {
            spans.resize(drawn + quantiles.len(), SimSpan::ZERO);
            law.fill_spans(quantiles, &mut spans[drawn..]);
        }
    }

    /// The mean boot of a model, in seconds.
    pub(crate) fn mean_s(&self, model: usize) -> f64 {
        self.laws[model].law().mean_s()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::law::Law;

    /// Halving the law's distribution function for every boot would cost more than a trial.
    #[test]
    fn boots_of_a_mixture_are_those_of_its_law() {
        let parts = [(3.0, 0.1), (40.0, 0.5)].map(|(s, cv)| (crate::Seconds::new(s).expect("a span"), cv));
        let law = Law::lognormal_mixture(parts, 0.4);
        let laws = [law.ready_for_few()];
        let key = StreamKey::of("flux");
        let mut boots = BootTimes::new(1, 2, key, &laws);
        let mut quantiles = [Quantile::default(); FIRST];
        Quantile::fill(&mut stream(1, 2, key, Role::Boot), &mut quantiles);
        for (k, quantile) in quantiles.into_iter().enumerate() {
            approx::assert_relative_eq!(
                boots.span(k, 0).as_secs_f64(),
                law.span(quantile).as_secs_f64(),
                max_relative = 1e-8
            );
        }
    }

    #[test]
    fn the_kth_boot_is_the_same_in_whatever_order_it_is_asked_for() {
        let laws = [Law::Lognormal { mu: 3.0, sigma: 0.7 }, Law::Deterministic { seconds: 2.0 }];
        let laws = laws.map(|law| law.ready_for_few());
        let mut forward = BootTimes::new(1, 2, StreamKey::of("flux"), &laws);
        let mut backward = BootTimes::new(1, 2, StreamKey::of("flux"), &laws);
        let a: Vec<_> = (0..2000).map(|k| forward.span(k, 0)).collect();
        let b: Vec<_> = (0..2000).rev().map(|k| backward.span(k, 0)).collect();
        assert!(a.iter().eq(b.iter().rev()));
        assert_eq!(forward.span(7, 1), SimSpan::from_secs_f64(2.0));
    }
}
