//! How long how many containers were alive, or busy, at once: the distribution that an average hides.

use serde::{Deserialize, Serialize};

/// Time inside the horizon by number of containers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Occupancy {
    /// Nanoseconds with 0, 1, 2, ... containers alive (waiting for capacity excepted).
    pub alive_ns: Vec<u64>,
    /// Nanoseconds with 0, 1, 2, ... containers executing something.
    pub busy_ns: Vec<u64>,
}

impl Occupancy {
    pub(crate) fn add(&mut self, alive: u32, busy: u32, nanoseconds: u64) {
        for (times, count) in [(&mut self.alive_ns, alive), (&mut self.busy_ns, busy)] {
            let count = count as usize;
            if times.len() <= count {
                times.resize(count + 1, 0);
            }
            times[count] += nanoseconds;
        }
    }

    /// Adds the times of `other`.
    pub fn merge(&mut self, other: &Self) {
        for (mine, theirs) in [(&mut self.alive_ns, &other.alive_ns), (&mut self.busy_ns, &other.busy_ns)] {
            mine.resize(mine.len().max(theirs.len()), 0);
            for (a, b) in mine.iter_mut().zip(theirs) {
                *a += b;
            }
        }
    }
}
