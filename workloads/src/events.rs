//! The events of a process, a block at a time: gaps in expected requests, mapped to time.

use fleetfront_sim::{Law, Quantile, ReadyLaw, Role, SimTime, StreamKey, stream};
use rand::Rng;
use rand::rngs::ChaCha8Rng;

use crate::instants::Instants;
use crate::process::Process;
use crate::rate::Rate;
use crate::residual::residual_s;

/// Most events that are drawn at a time: a block that stays in the cache.
pub(crate) const BLOCK: usize = 512;

/// The instants of the events of a process, up to the end of its rate.
#[derive(Debug)]
pub(crate) struct Events {
    instants: Instants,
    gaps: ReadyLaw,
    rng: ChaCha8Rng,
    /// What is left of the gap in which the trial begins, until it is taken.
    first: Option<f64>,
    /// How many are drawn at a time.
    at_once: usize,
    over: bool,
}

impl Events {
    /// - `at_once`: how many are drawn at a time, [`BLOCK`] at most: no more than the trial can be expected to have.
    ///
    /// # Panics
    /// If the process is not legal: see [`Process`].
    pub(crate) fn new(rate: Rate, process: &Process, at_once: usize, seed: u64, trial: u32, key: StreamKey) -> Self {
        let gap = process.gaps();
        Self {
            instants: Instants::new(rate),
            gaps: gap.ready(),
            rng: stream(seed, trial, key, Role::Arrivals),
            first: begins_inside(&gap).then(|| {
                let mut rng = stream(seed, trial, key, Role::Sessions);
                residual_s(&gap, [(); 2].map(|()| Quantile(rng.next_u32()).uniform()))
            }),
            at_once: at_once.clamp(1, BLOCK),
            over: false,
        }
    }

    /// Whether there are no more.
    pub(crate) fn are_over(&self) -> bool {
        self.over
    }

    /// Puts the next events at the beginning of `instants`; how many there are.
    pub(crate) fn draw(&mut self, instants: &mut [SimTime; BLOCK]) -> usize {
        if self.over {
            return 0;
        }
        let mut quantiles = [Quantile::default(); BLOCK];
        let mut gaps = [0.0; BLOCK];
        let (quantiles, gaps) = (&mut quantiles[..self.at_once], &mut gaps[..self.at_once]);
        Quantile::fill(&mut self.rng, quantiles);
        self.gaps.fill_seconds(quantiles, gaps);
        if let Some(first) = self.first.take() {
            gaps[0] = first;
        }
        let events = self.instants.place(gaps, &mut instants[..gaps.len()]);
        self.over = events < gaps.len();
        events
    }
}

/// Whether a trial begins inside a gap, at an instant that knows nothing of the events: so that as many events come in
/// the mean as the rate says, whatever the law. What is left of an exponential gap is a whole one, and equal gaps are a
/// timetable that begins with the trial.
fn begins_inside(gap: &Law) -> bool {
    !matches!(gap, Law::Deterministic { .. } | Law::Exponential { .. })
}
