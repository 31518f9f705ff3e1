//! A request that never waits: what it takes by itself, whatever the pool does with the others.

use super::failing::fails_at;
use super::purpose;
use crate::job::Arrival;
use crate::pool::{Execution, Pool, PoolModel};
use crate::quantile::Quantile;
use crate::quantities::SimSpan;

/// Shared containers end inputs at rounded instants: so much may be missing from a try, in nanoseconds. A try is rounded
/// twice by half a nanosecond; the rest is for sums of floats (1e-16 of a day is 0.01 ns, ten thousand times).
pub(crate) const ROUNDING_NS: u64 = 16;

/// What a request takes in its home pool if a container that has its model loaded is free whenever it asks for one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unhindered {
    /// How long its tries execute together, at least.
    pub executes: SimSpan,
    /// Time from arrival to completion, at least; `None` if it never completes.
    pub completes_after: Option<SimSpan>,
    /// Whether it completes under every setting of the pool's containers, as long as it is not turned away and its
    /// client does not give up.
    pub is_certain: bool,
}

/// The least and the most that one try takes.
#[derive(Debug, Clone, Copy)]
struct Range {
    least: SimSpan,
    most: SimSpan,
}

impl Pool {
    /// All tries of a request with the shortest execution that any GPU type of the pool gives it, and the pauses between
    /// them. The rules of [`Pool::retries`], the timeout and the request's own luck decide how many there are.
    ///
    /// Not meant for batches and for pools whose hosts differ in speed: there a request may take less.
    #[must_use]
    pub fn unhindered(&self, arrival: &Arrival) -> Unhindered {
        let model = &self.models[usize::from(arrival.model)];
        // Most requests of most pools: one try, on the only GPU type, that succeeds by itself.
        if self.hardware.len() == 1 && arrival.service <= self.timeout && !self.shares() {
            let whole = arrival.service + model.longest_start(arrival, 0);
            if fails_at(model, arrival.luck, 0).is_none() && whole <= self.timeout {
                let (executes, completes_after) = (arrival.service, Some(arrival.service));
                return Unhindered { executes, completes_after, is_certain: true };
            }
        }
        self.all_tries(arrival)
    }

    fn all_tries(&self, arrival: &Arrival) -> Unhindered {
        let model = &self.models[usize::from(arrival.model)];
        let (mut executes, mut elapsed) = (SimSpan::ZERO, SimSpan::ZERO);
        let mut execution = 0;
        loop {
            let fails = fails_at(model, arrival.luck, execution);
            let Range { least, most } = self.execution(arrival, execution);
            let part = |span: SimSpan| fails.map_or(span, |share| SimSpan((span.0 as f64 * share) as u64));
            let (runs_out, is_killed) = (part(most) <= self.timeout, part(least) > self.timeout);
            let lasts = part(least).min(self.timeout);
            // A shared container that slows a try down beyond the timeout has not done all its work by then.
            let is_done = runs_out || !self.shares();
            executes += if is_done { self.work(lasts) } else { SimSpan::ZERO };
            elapsed += lasts;
            if fails.is_none() && !is_killed {
                return Unhindered { executes, completes_after: Some(elapsed), is_certain: runs_out };
            }
            if self.fallback.is_some_and(|fallback| fallback.on_failure) {
                return Unhindered { executes, completes_after: Some(elapsed), is_certain: false };
            }
            execution += 1;
            if execution > self.retries.max {
                return Unhindered { executes, completes_after: None, is_certain: false };
            }
            elapsed += self.retries.delay(execution);
        }
    }

    /// The whole of one execution; the most of it with model switch and adapter.
    fn execution(&self, arrival: &Arrival, execution: u32) -> Range {
        let model = &self.models[usize::from(arrival.model)];
        let fresh = self.retries.fresh_service && execution > 0;
        let drawn = || Quantile::of_uniform(arrival.luck.uniform(execution, purpose::FRESH_SERVICE));
        let quantile = if fresh { drawn() } else { arrival.quantile };
        let luck = arrival.luck;
        let first = if fresh { model.services[0].span(quantile, luck) } else { arrival.service };
        let others = model.services.iter().take(self.hardware.len()).skip(1).map(|own| own.span(quantile, luck));
        let (least, most) = others.fold((first, first), |(least, most), span| (least.min(span), most.max(span)));
        match self.speeds() {
            None => Range { least, most: most + model.longest_start(arrival, execution) },
            Some([slowest, fastest]) => Range {
                least: SimSpan(((least.0 as f64 / fastest) as u64).saturating_sub(ROUNDING_NS)),
                most: SimSpan((most.0 as f64 / slowest) as u64) + SimSpan(ROUNDING_NS),
            },
        }
    }

    fn shares(&self) -> bool {
        matches!(self.execution, Execution::Shared(_))
    }

    /// The work of a try in a shared container, where it lasts at least so long.
    fn work(&self, lasts: SimSpan) -> SimSpan {
        self.speeds().map_or(lasts, |[_, fastest]| SimSpan((lasts.0 as f64 * fastest) as u64))
    }

    /// The slowest and the fastest that one input of a shared container is, by how many there are.
    fn speeds(&self) -> Option<[f64; 2]> {
        let Execution::Shared(efficiency) = &self.execution else { return None };
        let each = (1..=self.max_inputs).map(|inputs| efficiency.each(inputs));
        Some(each.fold([f64::INFINITY, 0.0], |[slowest, fastest], speed| [slowest.min(speed), fastest.max(speed)]))
    }
}

impl PoolModel {
    /// The longest that a try may take before it executes: the model in place of another, and its adapter.
    #[inline]
    fn longest_start(&self, arrival: &Arrival, execution: u32) -> SimSpan {
        let switch = self.switch_in.iter().copied().max().unwrap_or(SimSpan::ZERO);
        let load = self.adapters.as_ref().map(|adapters| adapters.load_span(arrival.luck, execution));
        load.map_or(switch, |load| switch + load)
    }
}
