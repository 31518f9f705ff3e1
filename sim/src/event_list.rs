//! What is going to happen inside a pool. Arrivals never enter it (they come sorted), nor do expiries (they are
//! settled at the next event): it holds completions, boots and retries, a handful at a time.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::quantities::SimTime;

/// Something that happens at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Event {
    /// A try ends, one way or the other.
    TryEnd { container: u32, job: u32 },
    /// A container is ready.
    BootDone { container: u32 },
    /// A failed request comes back.
    Retry { job: u32 },
}

/// What happens when two events fall on the same instant: the smaller rank goes first. Arrivals come after these,
/// expiries after arrivals: a container whose window ends at the very instant of an arrival serves it.
#[derive(Debug, Clone, Copy)]
enum Rank {
    Departure,
    BootDone,
    Retry,
}

/// One event in the total order of the list: by instant, then rank, then order of entry; no two are equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Entry {
    at: SimTime,
    /// Rank in the upper half, sequence number in the lower.
    order: u64,
    event: Event,
}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Entry {
    #[inline]
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.order).cmp(&(other.at, other.order))
    }
}

/// Up to so many events a sorted array beats a heap.
const ARRAY_LIMIT: usize = 48;

/// Events in order: a small sorted array (latest first), and a heap for what does not fit into it.
#[derive(Debug, Default)]
pub(crate) struct EventList {
    sorted: Vec<Entry>,
    heap: BinaryHeap<Reverse<Entry>>,
    sequence: u32,
}

impl EventList {
    pub(crate) fn clear(&mut self) {
        self.sorted.clear();
        self.heap.clear();
        self.sequence = 0;
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        // The heap takes only what the array has no room for, but the array may empty first.
        self.sorted.is_empty() && self.heap.is_empty()
    }

    /// When the next event happens; `NEVER` when none will.
    #[inline]
    pub(crate) fn next_at(&self) -> SimTime {
        let array = self.sorted.last().map_or(SimTime::NEVER, |entry| entry.at);
        match self.heap.peek() {
            Some(Reverse(entry)) => array.min(entry.at),
            None => array,
        }
    }

    #[inline]
    pub(crate) fn push(&mut self, at: SimTime, event: Event) {
        let rank = match event {
            Event::TryEnd { .. } => Rank::Departure,
            Event::BootDone { .. } => Rank::BootDone,
            Event::Retry { .. } => Rank::Retry,
        };
        self.sequence += 1;
        let order = (rank as u64) << 32 | u64::from(self.sequence);
        let entry = Entry { at, order, event };
        if self.sorted.len() >= ARRAY_LIMIT {
            self.heap.push(Reverse(entry));
            return;
        }
        // Shifted by hand: a handful of entries at most, and what is pushed is mostly among the last to happen.
        self.sorted.push(entry);
        let mut place = self.sorted.len() - 1;
        while place > 0 && self.sorted[place - 1] < entry {
            self.sorted[place] = self.sorted[place - 1];
            place -= 1;
        }
        self.sorted[place] = entry;
    }

    #[inline]
    pub(crate) fn pop(&mut self) -> Option<(SimTime, Event)> {
        let from_heap = match (self.sorted.last(), self.heap.peek()) {
            (Some(array), Some(Reverse(heap))) => heap < array,
            (None, Some(_)) => true,
            (_, None) => false,
        };
        let entry = if from_heap { self.heap.pop().map(|Reverse(entry)| entry) } else { self.sorted.pop() };
        entry.map(|entry| (entry.at, entry.event))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_come_out_in_order_however_many_there_are() {
        let mut list = EventList::default();
        let mut at = 12_345u64;
        let mut expected = Vec::new();
        for job in 0..500 {
            at = at.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let instant = SimTime(at >> 54);
            list.push(instant, Event::Retry { job });
            expected.push((instant, job));
        }
        expected.sort_unstable();
        let drained = std::iter::from_fn(|| list.pop());
        for ((at, event), (expected_at, job)) in drained.zip(expected) {
            assert_eq!((at, event), (expected_at, Event::Retry { job }));
        }
    }

    #[test]
    fn at_the_same_instant_a_departure_precedes_a_boot_and_a_boot_a_retry() {
        let mut list = EventList::default();
        let now = SimTime(5);
        list.push(now, Event::Retry { job: 0 });
        list.push(now, Event::BootDone { container: 1 });
        list.push(now, Event::TryEnd { container: 2, job: 3 });
        let order: Vec<Event> = std::iter::from_fn(|| list.pop()).map(|(_, event)| event).collect();
        let expected =
            [Event::TryEnd { container: 2, job: 3 }, Event::BootDone { container: 1 }, Event::Retry { job: 0 }];
        assert_eq!(order, expected);
    }
}
