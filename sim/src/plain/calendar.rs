//! A calendar of busy containers, for pools with many of them: constant time whatever their number.
//!
//! Time is cut into slots of equal width, as many as cover the longest service and no more, so that a slot holds
//! containers of one lap only. Each slot is a short list, sorted. Which slots are taken stands in a bitmap, and which
//! words of that are not zero in a second one.
//!
//! # Source
//! The idea is that of R. Brown (1988), *Calendar queues: a fast O(1) priority queue implementation for the simulation
//! event set problem*, Communications of the ACM 31(10).

/// A busy container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BusyContainer {
    /// When its request departs.
    pub(super) free_at: u64,
    /// When its boot ended.
    pub(super) ready_at: u64,
}

/// No entry.
const NONE: u32 = u32::MAX;
/// Most slots: beyond it they become wider.
const MOST_SLOTS: u64 = 1 << 16;

/// A busy container and its successor within the slot.
#[derive(Debug, Clone, Copy)]
struct Entry {
    container: BusyContainer,
    next: u32,
}

/// Busy containers by the slot in which they come free.
#[derive(Debug, Default)]
pub(super) struct Calendar {
    /// A slot is 2^`shift` nanoseconds wide.
    shift: u32,
    /// The number of slots less one; that number is a power of two.
    mask: usize,
    /// The first entry of each slot.
    slots: Vec<u32>,
    /// A bit a slot, and a bit a word of those.
    taken: Vec<u64>,
    taken_words: Vec<u64>,
    entries: Vec<Entry>,
    /// The first entry out of use; they are chained.
    unused: u32,
    next_free_at: u64,
    len: usize,
}

impl Calendar {
    pub(super) fn clear(&mut self) {
        self.slots.clear();
        self.entries.clear();
        self.unused = NONE;
        self.next_free_at = u64::MAX;
        self.len = 0;
    }

    /// Fits its slots to a pool, unless they do. Whoever is busy stays.
    ///
    /// - `gap_ns`: the mean time between two services that begin, which is the width to aim at.
    /// - `longest_ns`: the longest service; none longer may be pushed.
    pub(super) fn fit(&mut self, gap_ns: u64, longest_ns: u64) {
        if !self.slots.is_empty() && (longest_ns >> self.shift) + 2 <= self.slots.len() as u64 {
            return;
        }
        let busy: Vec<BusyContainer> = std::iter::from_fn(|| (self.len > 0).then(|| self.pop())).collect();
        self.make_slots(gap_ns, longest_ns);
        for container in busy {
            self.push(container);
        }
    }

    fn make_slots(&mut self, gap_ns: u64, longest_ns: u64) {
        let width = (gap_ns / 4).max(longest_ns / (MOST_SLOTS - 2)).max(1);
        self.shift = width.next_power_of_two().ilog2();
        let slots = ((longest_ns >> self.shift) + 2).next_power_of_two() as usize;
        self.mask = slots - 1;
        self.clear();
        self.slots.resize(slots, NONE);
        self.taken.clear();
        self.taken.resize(slots.div_ceil(64), 0);
        self.taken_words.clear();
        self.taken_words.resize(self.taken.len().div_ceil(64), 0);
    }

    #[inline]
    fn slot(&self, instant: u64) -> usize {
        (instant >> self.shift) as usize & self.mask
    }

    #[inline]
    fn entry(&mut self, entry: Entry) -> u32 {
        if self.unused == NONE {
            self.entries.push(entry);
            return (self.entries.len() - 1) as u32;
        }
        let index = self.unused;
        self.unused = self.entries[index as usize].next;
        self.entries[index as usize] = entry;
        index
    }

    /// The first taken slot at or after `from`, round the end; there is one.
    #[inline]
    fn next_taken(&self, from: usize) -> usize {
        let word = from / 64;
        let rest = self.taken[word] & (u64::MAX << (from % 64));
        if rest != 0 {
            return word * 64 + rest.trailing_zeros() as usize;
        }
        let word = self.next_taken_word(word + 1);
        word * 64 + self.taken[word].trailing_zeros() as usize
    }

    #[inline]
    fn next_taken_word(&self, from: usize) -> usize {
        let groups = self.taken_words.len();
        let (mut group, mut mask) =
            if from < self.taken.len() { (from / 64, u64::MAX << (from % 64)) } else { (0, u64::MAX) };
        loop {
            let rest = self.taken_words[group] & mask;
            if rest != 0 {
                return group * 64 + rest.trailing_zeros() as usize;
            }
            group = if group + 1 < groups { group + 1 } else { 0 };
            mask = u64::MAX;
        }
    }

    /// When the next one comes free; `u64::MAX` when none is busy.
    #[inline]
    pub(super) fn next_free_at(&self) -> u64 {
        self.next_free_at
    }

    /// Begins a service.
    #[inline]
    pub(super) fn push(&mut self, container: BusyContainer) {
        let slot = self.slot(container.free_at);
        let new = self.entry(Entry { container, next: NONE });
        let (mut before, mut after) = (NONE, self.slots[slot]);
        while after != NONE && self.entries[after as usize].container.free_at <= container.free_at {
            before = after;
            after = self.entries[after as usize].next;
        }
        self.entries[new as usize].next = after;
        if before == NONE {
            self.slots[slot] = new;
            self.taken[slot / 64] |= 1 << (slot % 64);
            self.taken_words[slot / 4096] |= 1 << (slot / 64 % 64);
        } else {
            self.entries[before as usize].next = new;
        }
        self.next_free_at = self.next_free_at.min(container.free_at);
        self.len += 1;
    }

    /// Takes the next one to come free.
    ///
    /// # Panics
    /// If none is busy.
    #[inline]
    pub(super) fn pop(&mut self) -> BusyContainer {
        let slot = self.slot(self.next_free_at);
        let index = self.slots[slot];
        let Entry { container, next } = self.entries[index as usize];
        self.entries[index as usize].next = self.unused;
        self.unused = index;
        self.slots[slot] = next;
        self.len -= 1;
        if next == NONE {
            self.taken[slot / 64] &= !(1 << (slot % 64));
            if self.taken[slot / 64] == 0 {
                self.taken_words[slot / 4096] &= !(1 << (slot / 64 % 64));
            }
            self.next_free_at = if self.len == 0 {
                u64::MAX
            } else {
                let slot = self.next_taken(slot);
                self.entries[self.slots[slot] as usize].container.free_at
            };
        } else {
            self.next_free_at = self.entries[next as usize].container.free_at;
        }
        container
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whatever the width of the slots, the instants, and how many coincide.
    #[test]
    fn containers_come_free_in_order_and_those_that_began_first_precede() {
        for (gap_ns, longest_ns) in [(1, 10), (1, 5_000), (64, 100_000), (1 << 30, 5_000), (1, 40_000_000)] {
            let mut calendar = Calendar::default();
            calendar.clear();
            calendar.fit(gap_ns, longest_ns);
            let (mut expected, mut random, mut now) = (Vec::new(), 1u64, 0);
            for began in 0..3_000u64 {
                random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let free_at = now + (random >> 33) % (longest_ns + 1);
                calendar.push(BusyContainer { free_at, ready_at: began });
                expected.push((free_at, began));
                if began % 3 > 0 {
                    expected.sort_unstable();
                    let BusyContainer { free_at, ready_at } = calendar.pop();
                    assert_eq!((free_at, ready_at), expected.remove(0));
                    now = free_at;
                }
            }
            expected.sort_unstable();
            for (free_at, began) in expected {
                assert_eq!(calendar.next_free_at(), free_at);
                assert_eq!(calendar.pop().ready_at, began);
            }
            assert_eq!(calendar.next_free_at(), u64::MAX);
        }
    }
}
