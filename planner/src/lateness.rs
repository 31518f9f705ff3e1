//! Whether a setting could be wanted for its latencies as a whole: the frontier against the percentile of all requests
//! of a fleet counts a pool's late requests at any time, not at its own percentiles only.

use std::ops::RangeInclusive;

use fleetfront_sim::Tail;

use crate::experiment::Candidate;
use crate::partition::Partitions;
use crate::tally::{P95, PERCENTILES};

/// So many levels (a twelfth of the time each) beyond where the percentiles of fleets seem to lie still count: few
/// trials do not tell exactly.
const MARGIN: usize = 3;

/// Late requests of all sections, level by level.
pub(crate) fn late(candidate: &Candidate, levels: &RangeInclusive<usize>) -> Vec<u64> {
    let sections = || candidate.tails.iter().flat_map(|tails| &tails.sections);
    levels.clone().map(|level| sections().map(|tail| tail.later_than(level)).sum()).collect()
}

/// Whether at every level some cheaper setting has no more late requests.
///
/// - `own`, `cheaper`: as [`late`] has them, on the same sections; the others are clearly cheaper.
pub(crate) fn is_outdone(own: &[u64], cheaper: &[&[u64]]) -> bool {
    own.iter().enumerate().all(|(level, late)| cheaper.iter().any(|other| other[level] <= *late))
}

/// The levels between which the 95th percentiles of fleets lie: from that of the fastest to that of the cheapest, for
/// none that is dearer and slower stands on a frontier.
pub(crate) fn levels(partitions: &Partitions, cells: &[Vec<Candidate>]) -> RangeInclusive<usize> {
    let racing = || cells.iter().flatten().filter(|candidate| !candidate.beaten);
    let sections = || racing().filter_map(|candidate| candidate.tails.as_ref()).flat_map(|tails| &tails.sections);
    let all = 0..=sections().map(Tail::last_level).max().unwrap_or(0);
    // By unit: the least late at each level, and of the cheapest setting its cost and how many are late.
    let mut least: Vec<Vec<u64>> = vec![Vec::new(); partitions.units.len()];
    let mut cheapest: Vec<(f64, Vec<u64>)> = vec![(f64::INFINITY, Vec::new()); partitions.units.len()];
    let mut totals = vec![0; partitions.units.len()];
    for candidate in racing() {
        let (late, unit) = (late(candidate, &all), candidate.unit);
        let cost = candidate.pool.cost_usd().iter().sum::<f64>();
        totals[unit] = candidate.tails.iter().flat_map(|tails| &tails.sections).map(Tail::total).sum::<u64>();
        if least[unit].is_empty() {
            least[unit].clone_from(&late);
        }
        least[unit].iter_mut().zip(&late).for_each(|(least, late)| *least = (*least).min(*late));
        if cost < cheapest[unit].0 {
            cheapest[unit] = (cost, late);
        }
    }
    let full = |cover: &&Vec<usize>| cover.iter().all(|unit| !least[*unit].is_empty());
    let reached = |cover: &Vec<usize>, late: &dyn Fn(usize) -> Vec<u64>| {
        let total: u64 = cover.iter().map(|unit| totals[*unit]).sum();
        let of_units: Vec<Vec<u64>> = cover.iter().map(|unit| late(*unit)).collect();
        let few = |level: &usize| {
            let late: u64 = of_units.iter().map(|late| late[*level]).sum();
            (total - late) as f64 >= PERCENTILES[P95] * total as f64
        };
        all.clone().find(few)
    };
    let covers = || partitions.covers.iter().filter(full);
    let fastest = covers().filter_map(|cover| reached(cover, &|unit| least[unit].clone())).min();
    let slowest = covers().map(|cover| reached(cover, &|unit| cheapest[unit].1.clone()).unwrap_or(*all.end())).max();
    let from = fastest.map_or(0, |level| level.saturating_sub(MARGIN));
    from..=slowest.map_or(*all.end(), |level| (level + MARGIN).min(*all.end()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_less_late_at_some_time_is_not_outdone() {
        let own = [30, 20, 5];
        assert!(is_outdone(&own, &[&[20, 20, 5]]));
        assert!(!is_outdone(&own, &[&[20, 20, 6]]) && !is_outdone(&own, &[]));
        // One that is better early on, another that is so late.
        assert!(!is_outdone(&own, &[&[1, 25, 25]]));
        assert!(is_outdone(&own, &[&[1, 25, 25], &[90, 20, 0]]));
    }
}
