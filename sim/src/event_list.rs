//! What is going to happen inside a group. Arrivals never enter it (they come sorted), nor do the ends of idle windows
//! (they are settled before the next event): mostly it holds completions and boots, a handful at a time.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::quantities::SimTime;

/// Something that happens at an instant. `ticket` is that of its job or container when it was scheduled: one that has
/// moved on since makes it stale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Event {
    /// A try ends, one way or the other.
    TryEnd { job: u32, ticket: u32 },
    /// Processor sharing: the input of a container that has least left ends.
    ShareEnd { pool: u16, container: u32, ticket: u32 },
    /// A batch ends.
    BatchEnd { pool: u16, container: u32, ticket: u32 },
    /// A container is created: its boot begins.
    Created { pool: u16, container: u32, ticket: u32 },
    /// The pause after a failed boot is over.
    Restart { pool: u16, container: u32, ticket: u32 },
    /// A boot ends, one way or the other.
    BootEnd { pool: u16, container: u32, ticket: u32 },
    /// The platform takes a container away.
    Preempted { pool: u16, container: u32, ordinal: u32 },
    /// A try is killed where its end is not settled when it starts, or before it starts.
    TimedOut { job: u32, ticket: u32 },
    /// A client gives up.
    GiveUp { job: u32, ordinal: u32 },
    /// A request has queued for as long as its pool's fallback rule allows.
    Overflow { job: u32, ticket: u32 },
    /// A request has not been answered for as long as its pool's hedging rule allows.
    Hedge { job: u32, ordinal: u32 },
    /// A failed request comes back.
    Retry { job: u32, ticket: u32 },
    /// The bounds of a pool change.
    Bounds { pool: u16, place: u32 },
    /// A batch that is not full has waited long enough.
    BatchDue { pool: u16, ticket: u32 },
    /// A client has thought for long enough: it sends a request.
    Send { client: u32 },
}

/// What happens when two events fall on the same instant: the smaller rank goes first. Arrivals come after these,
/// ends of idle windows after arrivals: a container whose window ends at the very instant of an arrival serves it.
#[derive(Debug, Clone, Copy)]
enum Rank {
    Departure,
    Boot,
    Preemption,
    GivingUp,
    Hedge,
    Retry,
    Bounds,
    Batch,
    Sending,
}

impl Event {
    #[inline]
    fn rank(self) -> Rank {
        match self {
            Self::TryEnd { .. } | Self::ShareEnd { .. } | Self::BatchEnd { .. } => Rank::Departure,
            Self::Created { .. } | Self::Restart { .. } | Self::BootEnd { .. } => Rank::Boot,
            Self::Preempted { .. } | Self::TimedOut { .. } => Rank::Preemption,
            Self::GiveUp { .. } | Self::Overflow { .. } => Rank::GivingUp,
            Self::Hedge { .. } => Rank::Hedge,
            Self::Retry { .. } => Rank::Retry,
            Self::Bounds { .. } => Rank::Bounds,
            Self::BatchDue { .. } => Rank::Batch,
            Self::Send { .. } => Rank::Sending,
        }
    }
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
        self.sequence += 1;
        let order = (event.rank() as u64) << 32 | u64::from(self.sequence);
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
            list.push(instant, Event::Retry { job, ticket: 0 });
            expected.push((instant, job));
        }
        expected.sort_unstable();
        let drained = std::iter::from_fn(|| list.pop());
        for ((at, event), (expected_at, job)) in drained.zip(expected) {
            assert_eq!((at, event), (expected_at, Event::Retry { job, ticket: 0 }));
        }
    }

    #[test]
    fn at_the_same_instant_a_departure_precedes_a_boot_and_a_boot_a_retry() {
        let mut list = EventList::default();
        let now = SimTime(5);
        let expected = [
            Event::TryEnd { job: 3, ticket: 0 },
            Event::BootEnd { pool: 0, container: 1, ticket: 0 },
            Event::Preempted { pool: 0, container: 1, ordinal: 0 },
            Event::GiveUp { job: 3, ordinal: 0 },
            Event::Hedge { job: 3, ordinal: 0 },
            Event::Retry { job: 0, ticket: 0 },
            Event::Bounds { pool: 0, place: 0 },
            Event::BatchDue { pool: 0, ticket: 0 },
            Event::Send { client: 2 },
        ];
        for event in expected.iter().rev() {
            list.push(now, *event);
        }
        let order: Vec<Event> = std::iter::from_fn(|| list.pop()).map(|(_, event)| event).collect();
        assert_eq!(order, expected);
    }
}
