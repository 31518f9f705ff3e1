//! Adapters, such as `LoRA`: small weights on top of a model, of which each request needs one and a container holds a few.

use crate::law::Law;
use crate::quantile::Quantile;
use crate::quantities::SimSpan;
use crate::request::Luck;
use crate::shape::{cumulative, place};

/// Purposes of a request's own draws, by number: part of the results.
const ADAPTER: u32 = 72;
const LOAD: u32 = 73;

/// The adapters of a model.
///
/// Which one a request needs is drawn from its own luck. A container holds the last few that it has executed; a try
/// whose adapter is not among them loads it first, and the one that was used least recently makes room.
#[derive(Debug, Clone, PartialEq)]
pub struct Adapters {
    /// The share of requests that need each adapter and those before it; 1 at the last.
    cumulative: Vec<f64>,
    /// Time that a container takes to load one.
    pub load: Law,
    /// How many a container holds at once, at least 1.
    pub held: u32,
}

impl Adapters {
    /// - `weights`: how often each is needed, in relation to each other.
    /// - `load`: time to load one.
    /// - `held`: how many a container holds at once.
    ///
    /// # Panics
    /// If no weight is above zero, one is negative or infinite, or containers hold none.
    #[must_use]
    pub fn new(weights: &[f64], load: Law, held: u32) -> Self {
        assert!(held >= 1, "containers that hold no adapter");
        Self { cumulative: cumulative(weights), load, held }
    }

    /// The share of requests that need each, in their order.
    pub fn shares(&self) -> impl Iterator<Item = f64> {
        let before = std::iter::once(0.0).chain(self.cumulative.iter().copied());
        self.cumulative.iter().zip(before).map(|(to, from)| to - from)
    }

    /// The greatest share of requests that find their adapter held, whatever a container does: the adapters that are
    /// needed most are always held. What a request needs is independent of what is held when it comes.
    #[must_use]
    pub fn hits_at_most(&self) -> f64 {
        let mut shares: Vec<f64> = self.shares().collect();
        shares.sort_by(|a, b| b.total_cmp(a));
        shares.iter().take(self.held as usize).sum::<f64>().min(1.0)
    }

    /// The adapter that the request with this luck needs.
    #[inline]
    pub(crate) fn of(&self, luck: Luck) -> u32 {
        place(&self.cumulative, luck.uniform(0, ADAPTER)) as u32
    }

    /// How long the load lasts that a try begins with, if it has to.
    pub(crate) fn load_span(&self, luck: Luck, attempt: u32) -> SimSpan {
        self.load.span(Quantile::of_uniform(luck.uniform(attempt, LOAD)))
    }
}

/// Nobody.
const NONE: u32 = u32::MAX;

/// What the containers of a pool hold: of the model that is loaded, the adapters that were used last.
#[derive(Debug, Default)]
pub(crate) struct Held {
    /// Places a container, as many as the model with the most of them has.
    places: usize,
    /// By container, the most recently used first; `NONE` where nothing is held.
    adapters: Vec<u32>,
}

impl Held {
    /// Nothing is held, and containers have so many places.
    pub(crate) fn reset(&mut self, places: u32) {
        self.places = places as usize;
        self.adapters.clear();
    }

    /// Whether any model of the pool has adapters.
    #[inline]
    pub(crate) fn is_used(&self) -> bool {
        self.places > 0
    }

    /// A container holds nothing any more, or it is new.
    pub(crate) fn forget(&mut self, container: u32) {
        self.of(container).fill(NONE);
    }

    /// A container uses an adapter. Returns whether it held it before.
    ///
    /// - `held`: so many are held of its model.
    pub(crate) fn take(&mut self, container: u32, adapter: u32, held: u32) -> bool {
        let places = &mut self.of(container)[..held as usize];
        let found = places.iter().position(|own| *own == adapter);
        let used = found.unwrap_or(places.len() - 1);
        places[..=used].rotate_right(1);
        places[0] = adapter;
        found.is_some()
    }

    fn of(&mut self, container: u32) -> &mut [u32] {
        let from = container as usize * self.places;
        if self.adapters.len() < from + self.places {
            self.adapters.resize(from + self.places, NONE);
        }
        &mut self.adapters[from..from + self.places]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    #[test]
    fn the_least_recently_used_goes_first() {
        let mut held = Held::default();
        held.reset(3);
        let take = |held: &mut Held, adapters: &[u32]| adapters.iter().map(|a| held.take(1, *a, 3)).collect::<Vec<_>>();
        assert_eq!(take(&mut held, &[5, 6, 7, 5, 8]), [false, false, false, true, false]);
        // 6 made room for 8: it had been used before 7 and 5.
        assert_eq!(take(&mut held, &[7, 5, 8, 6, 7]), [true, true, true, false, false]);
        // Another container holds nothing, and one that starts anew neither.
        assert!(!held.take(0, 6, 3));
        held.forget(1);
        assert_eq!(take(&mut held, &[7, 7]), [false, true]);
    }

    #[test]
    fn a_model_uses_its_own_number_of_places() {
        let mut held = Held::default();
        held.reset(3);
        assert_eq!([1, 2, 1, 1].map(|adapter| held.take(0, adapter, 1)), [false, false, false, true]);
    }

    #[test]
    fn adapters_are_needed_by_their_weights() {
        let weights = [3.0, 0.0, 1.0];
        let adapters = Adapters::new(&weights, Law::Deterministic { seconds: 3.0 }, 2);
        let n = 40_000;
        let mut counts = [0.0; 3];
        (0..n).for_each(|k| counts[adapters.of(Luck(k).child(1)) as usize] += 1.0);
        // The standard error of the share 3/4 of 40,000 is 0.0022.
        assert!((counts[0] / n as f64 - 0.75).abs() < 0.009 && counts[1] == 0.0, "{counts:?}");
        assert_eq!(adapters.shares().collect::<Vec<_>>(), [0.75, 0.0, 0.25]);
        assert_relative_eq!(adapters.hits_at_most(), 1.0);
        assert_relative_eq!(Adapters::new(&weights, adapters.load, 1).hits_at_most(), 0.75);
    }
}
