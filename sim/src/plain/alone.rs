//! A plain pool with one container, as sparse traffic leaves it most of the time: all there is to know is when that
//! container comes free.

use super::array::{float, instant};
use super::trial::{NEVER, PlainTrial};

impl PlainTrial<'_, '_> {
    /// Whether one container is up and none boots, nobody waits for it before `arrived`, and it may stop.
    #[inline]
    pub(super) fn is_alone(&self, arrived: usize) -> bool {
        self.alive == 1 && self.next_ready_at() == NEVER && self.head == arrived && self.given.pool.min_containers == 0
    }

    /// Lets requests from `from` to `to` arrive inside the horizon, as long as each finds the container idle or
    /// stopped and, in that case, boots its successor before the next one arrives. Returns the first that does not.
    pub(super) fn admit_alone(&mut self, from: usize, to: usize) -> usize {
        let window = self.window_ns;
        let end = self.given.horizon.end.0;
        let mut since = instant(self.w.array.free_at[self.w.array.first]);
        let mut place = from;
        while place < to {
            let request = self.w.window.requests[place];
            let (at, service) = (request.at, request.succeeds_in_ns());
            if at < since {
                break;
            }
            if at - since <= window {
                if !self.books.flow.serve::<true>(since, at, at + service) {
                    break;
                }
                self.count(service);
                since = at + service;
            } else {
                let ready_at = self.next_boot(at);
                let next_at = self.w.window.next_at(place, NEVER);
                if ready_at > next_at || ready_at + service > end {
                    break;
                }
                self.books.flow.depart(since);
                self.stop(since, since + window);
                self.begin_boot(at, ready_at);
                since = self.books.flow.begin(ready_at, request);
                self.count_late_start(request, ready_at, ready_at);
            }
            place += 1;
        }
        let array = &mut self.w.array;
        array.free_at[array.first] = float(since);
        array.busy = array.first;
        self.head = place;
        place
    }
}
