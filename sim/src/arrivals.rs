//! Where the arrivals of a trial come from: a block at a time, so that a trial takes the memory of the requests in the
//! system and not of all that ever come.

use crate::block::BLOCK;
use crate::clients::Clients;
use crate::job::Arrival;
use crate::quantities::SimSpan;

/// The arrivals of one trial, in order.
pub trait Arrivals {
    /// The next few; none when all have come.
    fn next_block(&mut self) -> &[Arrival];

    /// A span that no service of those that have not come yet exceeds.
    fn longest_service(&self) -> SimSpan;

    /// Who sends further requests, each when the one before it is over; those are no part of the blocks. Nobody, mostly.
    fn clients(&self) -> &[Clients] {
        &[]
    }
}

/// Arrivals that are all there.
impl Arrivals for &[Arrival] {
    fn next_block(&mut self) -> &[Arrival] {
        let (block, rest) = self.split_at(self.len().min(BLOCK));
        *self = rest;
        block
    }

    fn longest_service(&self) -> SimSpan {
        self.iter().map(|arrival| arrival.service).max().unwrap_or(SimSpan::ZERO)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::tests::some_arrival;
    use crate::quantities::SimTime;

    #[test]
    fn a_slice_comes_block_by_block() {
        let arrival = |k: u64| Arrival { at: SimTime(k), service: SimSpan(2_000 - k), ..some_arrival() };
        let all: Vec<Arrival> = (0..1_300).map(arrival).collect();
        let (mut rest, mut came) = (&all[..], Vec::new());
        assert_eq!(rest.longest_service(), SimSpan(2_000));
        loop {
            let block = rest.next_block().to_vec();
            if block.is_empty() {
                break;
            }
            came.extend(block);
            assert_eq!(rest.longest_service().0, if came.len() == 1_300 { 0 } else { 2_000 - came.len() as u64 });
        }
        assert_eq!(came, all);
    }
}
