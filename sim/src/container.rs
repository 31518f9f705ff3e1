//! One container: its life `queued for capacity -> booting -> idle <-> busy -> stopped`, and the lists that routing
//! needs.

use crate::ledger::State;
use crate::list::List;
use crate::quantities::SimTime;

/// No container, or no job.
pub(crate) const NONE: u32 = u32::MAX;

/// One container of a pool.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Container {
    /// Billing begins; meaningful once `billed`.
    pub(crate) born: SimTime,
    /// Boot ends; meaningful once `up`.
    pub(crate) ready_at: SimTime,
    /// Since when the ledger has to be brought up to date.
    pub(crate) since: SimTime,
    /// Since when it waits for capacity; `NEVER` while it does not.
    pub(crate) waits_since: SimTime,
    /// When its last input left (or its boot ended).
    pub(crate) idle_since: SimTime,
    /// When its window ends, where windows are drawn.
    pub(crate) window_ends: SimTime,
    /// When it is preempted; while nothing executes and only busy time counts: the time left instead.
    pub(crate) preempted_at: SimTime,
    /// Processor sharing: virtual time reached at `since`.
    pub(crate) virtual_s: f64,
    /// Factor on its execution times.
    pub(crate) slowness: f64,
    /// Number of the start in its pool: the address of its luck. Tells it from others in the same place of memory.
    pub(crate) ordinal: u32,
    /// Changes with every event that is scheduled for it: an event that names an older one is stale.
    pub(crate) ticket: u32,
    /// Boots that have been tried.
    pub(crate) attempts: u32,
    /// Inputs it holds, executing or waiting inside.
    pub(crate) inputs: u32,
    /// Executing tries that will succeed.
    pub(crate) good: u32,
    /// Executing tries that will fail or be killed.
    pub(crate) bad: u32,
    /// The jobs that execute.
    pub(crate) executing: List,
    /// The jobs that wait inside (serial execution).
    pub(crate) waiting: List,
    /// The job that is bound to its boot, or `NONE`.
    pub(crate) bound: u32,
    /// Neighbours in the list of its level.
    links: (u32, u32),
    /// The model that is loaded.
    pub(crate) loaded: u16,
    /// Where its time is booked: by GPU type and model that is loaded.
    pub(crate) account: u32,
    /// Which of the pool's GPU types it is.
    pub(crate) hardware: u16,
    /// Whether it exists for the bill: not while it waits for capacity or pauses after a failed boot.
    pub(crate) billed: bool,
    /// Whether the boot is over.
    pub(crate) up: bool,
    /// Whether it is alive, booting or up.
    pub(crate) alive: bool,
}

impl Container {
    pub(crate) fn starting(now: SimTime, loaded: u16, ordinal: u32) -> Self {
        Self {
            born: now,
            ready_at: SimTime::NEVER,
            since: now,
            waits_since: SimTime::NEVER,
            idle_since: SimTime::NEVER,
            window_ends: SimTime::NEVER,
            preempted_at: SimTime::NEVER,
            virtual_s: 0.0,
            slowness: 1.0,
            ordinal,
            ticket: 0,
            attempts: 0,
            inputs: 0,
            good: 0,
            bad: 0,
            executing: List::default(),
            waiting: List::default(),
            bound: NONE,
            links: (NONE, NONE),
            loaded,
            account: u32::from(loaded),
            hardware: 0,
            billed: false,
            up: false,
            alive: true,
        }
    }

    /// Loads a model: its time is booked there from now on.
    #[inline]
    pub(crate) fn load(&mut self, model: u16) {
        self.account = self.account - u32::from(self.loaded) + u32::from(model);
        self.loaded = model;
    }

    /// What it is doing, for the bill.
    #[inline]
    pub(crate) fn state(&self) -> State {
        if self.good > 0 {
            State::Busy
        } else if !self.up {
            State::Boot
        } else if self.bad > 0 {
            State::Wasted
        } else {
            State::Idle
        }
    }
}

/// The containers that can take an input, by how many they hold ("level"): level 0 is idle.
///
/// An input goes to the lowest level; within it to the container that came there last. So an idle container comes
/// first, the most recently idle one before the others, and the head of level 0 is the longest idle.
#[derive(Debug, Default)]
pub(crate) struct Levels {
    /// Head (oldest) and tail (newest) of each level, as many as a container takes inputs.
    ends: Vec<(u32, u32)>,
}

impl Levels {
    pub(crate) fn reset(&mut self, max_inputs: u32) {
        self.ends.clear();
        self.ends.resize(max_inputs as usize, (NONE, NONE));
    }

    /// The container that takes the next input.
    #[inline]
    pub(crate) fn pick(&self) -> Option<u32> {
        self.ends.iter().map(|(_, tail)| *tail).find(|tail| *tail != NONE)
    }

    /// The longest idle container.
    #[inline]
    pub(crate) fn longest_idle(&self) -> Option<u32> {
        let head = self.ends[0].0;
        (head != NONE).then_some(head)
    }

    /// The most recently idle container.
    #[inline]
    pub(crate) fn latest_idle(&self) -> Option<u32> {
        let tail = self.ends[0].1;
        (tail != NONE).then_some(tail)
    }

    /// The idle containers, the longest idle first.
    pub(crate) fn idle<'a>(&self, containers: &'a [Container]) -> impl Iterator<Item = u32> + 'a {
        std::iter::successors(self.longest_idle(), |index| {
            let after = containers[*index as usize].links.1;
            (after != NONE).then_some(after)
        })
    }

    /// Puts a container at the end of the list of its level, unless it is full.
    #[inline]
    pub(crate) fn enter(&mut self, containers: &mut [Container], index: u32) {
        let level = containers[index as usize].inputs as usize;
        let Some((head, tail)) = self.ends.get_mut(level) else { return };
        containers[index as usize].links = (*tail, NONE);
        match *tail {
            NONE => *head = index,
            last => containers[last as usize].links.1 = index,
        }
        *tail = index;
    }

    /// Takes a container out of the list of its level, if it stands in one.
    #[inline]
    pub(crate) fn leave(&mut self, containers: &mut [Container], index: u32) {
        let Container { inputs, links: (before, after), .. } = containers[index as usize];
        let Some((head, tail)) = self.ends.get_mut(inputs as usize) else { return };
        match before {
            NONE => *head = after,
            neighbour => containers[neighbour as usize].links.1 = after,
        }
        match after {
            NONE => *tail = before,
            neighbour => containers[neighbour as usize].links.0 = before,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fewest_inputs_come_first_then_the_latest_to_get_there() {
        let mut containers = vec![Container::starting(SimTime::START, 0, 0); 4];
        let mut levels = Levels::default();
        levels.reset(3);
        for (index, inputs) in [(0, 1), (1, 0), (2, 0), (3, 3)] {
            containers[index as usize].inputs = inputs;
            levels.enter(&mut containers, index);
        }
        assert_eq!((levels.pick(), levels.longest_idle()), (Some(2), Some(1)));
        assert_eq!(levels.idle(&containers).collect::<Vec<_>>(), [1, 2]);
        for (taken, next) in [(2, Some(1)), (1, Some(0)), (0, None)] {
            assert_eq!(levels.pick(), Some(taken));
            levels.leave(&mut containers, taken);
            assert_eq!(levels.pick(), next);
        }
    }
}
