//! Scale-down: idle containers whose window has run out.

use super::{Trial, purpose};
use crate::autoscaler::desired_containers;
use crate::container::Container;
use crate::pool::Pool;
use crate::quantile::Quantile;
use crate::quantities::{SimSpan, SimTime};
use crate::trace::What;
use crate::window::Window;

/// A container that is about to stop.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stop {
    /// When its window runs out.
    due: SimTime,
    /// When it stops: then, or now if the floor has held it back.
    pub(super) at: SimTime,
    pool: usize,
    container: u32,
}

impl Trial<'_, '_, '_, '_, '_> {
    /// Stops the containers whose window ran out before `until` and that the floor lets go, in order of their instants.
    /// One that the floor held back stops at the first instant at which it lets it: the event that lowered the floor.
    /// Returns whether a stop made something happen that the event list did not hold before.
    #[inline]
    pub(super) fn expire_before(&mut self, until: SimTime) -> bool {
        self.may_expire_before(until) && self.expire_some_before(until)
    }

    /// Whether a container may stop before `until`. Mostly no window runs out, and that is seen at once.
    #[inline]
    pub(super) fn may_expire_before(&self, until: SimTime) -> bool {
        let [state] = self.w.pools.as_slice() else { return true };
        if !state.has_fixed_window {
            return true;
        }
        let longest_idle = state.levels.longest_idle();
        let since = longest_idle.map(|index| state.containers[index as usize].idle_since);
        // The least that the autoscaler wants stays whatever its windows.
        since.is_some_and(|since| since + state.window < until) && state.alive() > state.min
    }

    #[inline(never)]
    fn expire_some_before(&mut self, until: SimTime) -> bool {
        while let Some(stop) = self.next_stop() {
            // One that was held back stops with the event that lets it, before anything else at that instant.
            if stop.due >= until {
                break;
            }
            self.now = stop.at;
            let idle = self.w.pools[stop.pool].containers[stop.container as usize].idle_since;
            self.note(stop.pool, Some(stop.container), None, What::Stops { idle: stop.at - idle });
            self.stop(stop.pool, stop.container);
            if self.start_what_was_denied() {
                return true;
            }
        }
        false
    }

    /// The next container to stop if nothing else happens.
    #[inline]
    pub(super) fn next_stop(&mut self) -> Option<Stop> {
        if self.group.pools.len() == 1 {
            return self.next_stop_of(0);
        }
        (0..self.group.pools.len()).filter_map(|p| self.next_stop_of(p)).min_by_key(|stop| (stop.at, stop.due))
    }

    /// The next container of a pool to stop.
    #[inline]
    fn next_stop_of(&mut self, p: usize) -> Option<Stop> {
        let pool = self.pool(p);
        let state = &self.w.pools[p];
        let Some(longest_idle) = state.levels.longest_idle() else {
            self.pause_timers(p);
            return None;
        };
        let floor = self.floor(p);
        if state.alive() <= floor {
            self.pause_timers(p);
            return None;
        }
        let (container, due) = match pool.scaledown_window {
            Window::Fixed(window) => {
                let window = self.drained(p, pool, window, state.alive() - floor);
                (longest_idle, state.containers[longest_idle as usize].idle_since + window)
            }
            Window::Drawn(_) => {
                let ends = |index: u32| state.containers[index as usize].window_ends;
                let first = state.levels.idle(&state.containers).min_by_key(|index| ends(*index))?;
                (first, ends(first))
            }
            Window::Paused { mean } => (longest_idle, self.paused_timer(p, mean, floor)),
        };
        Some(Stop { due, at: due.max(self.now), pool: p, container })
    }

    /// The window of the longest idle container while so many containers, idle or not, are above the floor.
    #[inline]
    fn drained(&self, p: usize, pool: &Pool, window: SimSpan, above: u32) -> SimSpan {
        let state = &self.w.pools[p];
        match pool.early_drain {
            Some(early) if above >= 2 && state.levels.idle(&state.containers).nth(1).is_some() => window.min(early),
            _ => window,
        }
    }

    /// Containers that stay: as many as the autoscaler wants.
    #[inline]
    pub(super) fn floor(&self, p: usize) -> u32 {
        let state = &self.w.pools[p];
        desired_containers(self.pool(p), state.min, state.max, state.inputs())
    }

    /// When the first of the running timers ends. Memoryless timers may be drawn anew whenever their number changes.
    fn paused_timer(&mut self, p: usize, mean: SimSpan, floor: u32) -> SimTime {
        let idle = self.w.pools[p].levels.idle(&self.w.pools[p].containers).count() as u32;
        let timers = idle.min(self.w.pools[p].alive() - floor);
        if timers != self.w.pools[p].timers {
            let u = self.pool_draw(p, purpose::PAUSED_WINDOW);
            let span = -(1.0 - u).ln() * mean.as_secs_f64() / f64::from(timers);
            let state = &mut self.w.pools[p];
            state.timers = timers;
            state.timer_ends = self.now + SimSpan::from_secs_f64(span);
        }
        self.w.pools[p].timer_ends
    }

    fn pause_timers(&mut self, p: usize) {
        self.w.pools[p].timers = 0;
    }

    /// A uniform number in [0, 1) for the pool as a whole: a new one each time.
    pub(super) fn pool_draw(&mut self, p: usize, purpose: u32) -> f64 {
        let state = &mut self.w.pools[p];
        state.draws += 1;
        self.draws.lucks[p].uniform(state.draws, purpose)
    }

    /// A container has fallen idle, or has become ready without work.
    #[inline]
    pub(super) fn falls_idle(&mut self, p: usize, index: u32) {
        let pool = self.pool(p);
        let luck = self.draws.lucks[p];
        let container: &mut Container = &mut self.w.pools[p].containers[index as usize];
        container.idle_since = self.now;
        if let Window::Drawn(law) = pool.scaledown_window {
            container.attempts += 1;
            let u = luck.child(container.ordinal).uniform(container.attempts, purpose::IDLE_WINDOW);
            container.window_ends = self.now + law.span(Quantile::of_uniform(u));
        }
    }
}
