//! The idle containers of a plain pool, told apart by nothing but the instant they fell idle.

/// Instants at which the idle containers fell idle, in order: the next request goes to the last of them, the first is
/// the first whose window runs out.
#[derive(Debug, Default)]
pub(super) struct IdleStack {
    since: Vec<u64>,
    /// Those before it have stopped.
    bottom: usize,
}

/// A stack this deep forgets the stopped containers at its bottom once they are the greater part.
const DEEP: usize = 64;

impl IdleStack {
    pub(super) fn clear(&mut self) {
        self.since.clear();
        self.bottom = 0;
    }

    /// A container falls idle, no earlier than those that are idle already.
    #[inline]
    pub(super) fn push(&mut self, since: u64) {
        self.since.push(since);
    }

    /// Takes the most recently idle container.
    #[inline]
    pub(super) fn pop_newest(&mut self) -> Option<u64> {
        if self.since.len() > self.bottom { self.since.pop() } else { None }
    }

    /// When the longest idle container fell idle.
    #[inline]
    pub(super) fn oldest(&self) -> Option<u64> {
        self.since.get(self.bottom).copied()
    }

    /// The longest idle container stops.
    #[inline]
    pub(super) fn drop_oldest(&mut self) {
        self.bottom += 1;
        if self.bottom >= self.since.len() {
            self.clear();
        } else if self.bottom > DEEP && self.bottom > self.since.len() / 2 {
            self.since.drain(..self.bottom);
            self.bottom = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_serves_and_the_oldest_stops() {
        let mut idle = IdleStack::default();
        (0..200).for_each(|since| idle.push(since));
        for oldest in 0..150 {
            assert_eq!(idle.oldest(), Some(oldest));
            idle.drop_oldest();
        }
        assert_eq!((idle.pop_newest(), idle.oldest()), (Some(199), Some(150)));
        idle.push(300);
        assert_eq!((idle.pop_newest(), idle.oldest()), (Some(300), Some(150)));
        (0..49).for_each(|_| idle.drop_oldest());
        assert_eq!((idle.pop_newest(), idle.oldest()), (None, None));
    }
}
