//! Ordered lists of jobs: the queue of a pool, and those inside a container. A job stands in one list at most, so its
//! neighbours are kept in the job itself, and it leaves in one step wherever it stands.

use crate::container::NONE;
use crate::job::Jobs;

/// A list of jobs, by their places in [`Jobs`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct List {
    head: u32,
    tail: u32,
    len: u32,
}

impl Default for List {
    fn default() -> Self {
        Self { head: NONE, tail: NONE, len: 0 }
    }
}

impl List {
    #[inline]
    pub(crate) fn len(&self) -> u32 {
        self.len
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The first job.
    #[inline]
    pub(crate) fn head(&self) -> Option<u32> {
        (self.head != NONE).then_some(self.head)
    }

    /// The job after `index`.
    #[inline]
    pub(crate) fn after(jobs: &Jobs, index: u32) -> Option<u32> {
        let after = jobs.get(index).links.1;
        (after != NONE).then_some(after)
    }

    #[inline]
    pub(crate) fn push_back(&mut self, jobs: &mut Jobs, index: u32) {
        jobs.get_mut(index).links = (self.tail, NONE);
        match self.tail {
            NONE => self.head = index,
            last => jobs.get_mut(last).links.1 = index,
        }
        self.tail = index;
        self.len += 1;
    }

    pub(crate) fn push_front(&mut self, jobs: &mut Jobs, index: u32) {
        jobs.get_mut(index).links = (NONE, self.head);
        match self.head {
            NONE => self.tail = index,
            first => jobs.get_mut(first).links.0 = index,
        }
        self.head = index;
        self.len += 1;
    }

    #[inline]
    pub(crate) fn pop_front(&mut self, jobs: &mut Jobs) -> Option<u32> {
        let first = self.head()?;
        self.remove(jobs, first);
        Some(first)
    }

    /// Takes a job out that stands in this list.
    #[inline]
    pub(crate) fn remove(&mut self, jobs: &mut Jobs, index: u32) {
        let (before, after) = std::mem::replace(&mut jobs.get_mut(index).links, (NONE, NONE));
        match before {
            NONE => self.head = after,
            neighbour => jobs.get_mut(neighbour).links.1 = after,
        }
        match after {
            NONE => self.tail = before,
            neighbour => jobs.get_mut(neighbour).links.0 = before,
        }
        self.len -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::tests::some_arrival;

    #[test]
    fn jobs_leave_from_anywhere_and_the_others_keep_their_order() {
        let mut jobs = Jobs::default();
        let mut list = List::default();
        for ordinal in 0..5 {
            let index = jobs.insert(some_arrival(), ordinal);
            list.push_back(&mut jobs, index);
        }
        for gone in [2, 0, 4] {
            list.remove(&mut jobs, gone);
        }
        list.push_front(&mut jobs, 4);
        assert_eq!((list.len(), list.head(), List::after(&jobs, 4)), (3, Some(4), Some(1)));
        let order: Vec<u32> = std::iter::from_fn(|| list.pop_front(&mut jobs)).collect();
        assert_eq!(order, [4, 1, 3]);
        assert!(list.is_empty());
    }
}
