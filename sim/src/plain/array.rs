//! The containers of a plain pool that are up, in one sorted array: for pools with few of them.
//!
//! Instants are kept as floating-point numbers with the integer's bits in the mantissa, from 2^52 on. Their order is
//! that of the integers, and processors find the minimum and the maximum of two such numbers for several pairs at once.

use super::trial::NEVER;

/// The bits of 2^52: instants are added to them.
const BASE: u64 = 0x4330_0000_0000_0000;
/// Instants from here on (52 days) have no place in an array.
pub(super) const LIMIT: u64 = 1 << 52;
/// Containers are moved in blocks of so many.
pub(super) const BLOCK: usize = 4;

/// An instant below [`LIMIT`] as a number of the array.
#[inline]
pub(super) fn float(instant: u64) -> f64 {
    f64::from_bits(BASE | instant)
}

/// The instant of a number of the array; infinity is beyond [`LIMIT`].
#[inline]
pub(super) fn instant(float: f64) -> u64 {
    float.to_bits() ^ BASE
}

/// The containers that are up.
#[derive(Debug, Default)]
pub(super) struct Array {
    /// Sorted; those before `first` have stopped, behind `last` stands infinity.
    pub(super) free_at: Vec<f64>,
    pub(super) first: usize,
    /// The first that is busy, or was when last looked at.
    pub(super) busy: usize,
    pub(super) last: usize,
    /// When each became ready, while that matters: for requests that arrived before.
    pub(super) ready_at: Vec<u64>,
    pub(super) tagged: bool,
}

impl Array {
    pub(super) fn clear(&mut self) {
        self.tagged = false;
        self.free_at.clear();
        self.free_at.resize(16 * BLOCK, f64::INFINITY);
        (self.first, self.busy, self.last) = (0, 0, 0);
    }

    /// Makes room for one more.
    #[cold]
    #[inline(never)]
    fn make_room(&mut self) {
        if self.tagged {
            self.ready_at.drain(..self.first);
        }
        self.free_at.copy_within(self.first..self.last, 0);
        self.busy -= self.first;
        self.last -= self.first;
        self.first = 0;
        if self.free_at.len() < 2 * self.last + 16 * BLOCK {
            self.free_at.resize(4 * self.last + 16 * BLOCK, f64::INFINITY);
        }
        self.free_at[self.last..].fill(f64::INFINITY);
    }

    /// One more container, that comes free at `at`, behind those that come free at that instant too.
    pub(super) fn insert(&mut self, at: f64, ready_at: u64) {
        if self.last + 2 * BLOCK > self.free_at.len() {
            self.make_room();
        }
        let mut place = self.last;
        while place > self.first && self.free_at[place - 1] > at {
            self.free_at[place] = self.free_at[place - 1];
            place -= 1;
        }
        self.free_at[place] = at;
        self.last += 1;
        if self.tagged {
            self.ready_at.insert(place, ready_at);
        }
    }

    /// When the first container comes free.
    pub(super) fn next_free_at(&self) -> u64 {
        if self.first < self.last { instant(self.free_at[self.first]) } else { NEVER }
    }

    /// From now on it matters when each container became ready; those that are there were ready before any request
    /// arrived that still waits.
    pub(super) fn start_tags(&mut self) {
        if !self.tagged {
            self.tagged = true;
            self.ready_at.clear();
            self.ready_at.resize(self.last, 0);
        }
    }

    /// When the first container became ready, if that matters.
    pub(super) fn tag(&self) -> u64 {
        if self.tagged { self.ready_at[self.first] } else { 0 }
    }

    /// The container at `place` comes free at `at` instead, later than before, and keeps its tag.
    pub(super) fn postpone_tagged(&mut self, from: usize, at: f64) {
        let mut place = from;
        while place + 1 < self.last && self.free_at[place + 1] <= at {
            self.free_at[place] = self.free_at[place + 1];
            place += 1;
        }
        self.free_at[place] = at;
        if self.tagged {
            self.ready_at[from..=place].rotate_left(1);
        }
    }

    /// Those that came free until `now` are idle.
    #[inline]
    pub(super) fn advance(&mut self, now: f64) {
        loop {
            let block: &[f64; BLOCK] = self.free_at[self.busy..self.busy + BLOCK].try_into().expect("a block");
            let passed = block.iter().map(|at| usize::from(at.to_bits() <= now.to_bits())).sum::<usize>();
            self.busy += passed;
            if passed < BLOCK {
                break;
            }
        }
    }

    /// The same while tags do not matter, without branches that depend on the instants.
    #[inline]
    pub(super) fn postpone(&mut self, place: usize, at: f64) {
        let (blocks, _) = self.free_at.as_chunks_mut::<BLOCK>();
        let blocks = &mut blocks[place / BLOCK..=self.last.div_ceil(BLOCK)];
        let mut ats = BEFORE[place % BLOCK].map(|mask| f64::from_bits(at.to_bits() & mask));
        let mut here = blocks[0];
        for index in 0..blocks.len() - 1 {
            let after = blocks[index + 1];
            let next = [here[1], here[2], here[3], after[0]];
            for lane in 0..BLOCK {
                let later = if here[lane] > ats[lane] { here[lane] } else { ats[lane] };
                blocks[index][lane] = if next[lane] < later { next[lane] } else { later };
            }
            (here, ats) = (after, [at; BLOCK]);
        }
    }
}

/// Lanes before the first that counts.
const BEFORE: [[u64; BLOCK]; BLOCK] =
    [[u64::MAX; 4], [0, u64::MAX, u64::MAX, u64::MAX], [0, 0, u64::MAX, u64::MAX], [0, 0, 0, u64::MAX]];
