//! Whether a setting could be wanted for its latencies as a whole: the frontier against the percentile of all requests
//! of a fleet counts a pool's late requests at any time, not at its own percentiles only.

use fleetfront_sim::Tail;

use crate::race::is_clearly_less;

/// A share of late requests above which a difference must be sure, not only seen: below it hardly anything hangs on it.
const SURE: f64 = 0.02;

/// Whether at every time some cheaper setting has no more requests later than that.
///
/// - `own`: its tails, one a section.
/// - `cheaper`: those of settings that are clearly cheaper, on the same sections.
pub(crate) fn is_outdone(own: &[Tail], cheaper: &[&[Tail]]) -> bool {
    let total: u64 = own.iter().map(Tail::total).sum();
    let last = |tails: &[Tail]| tails.iter().map(Tail::last_level).max().unwrap_or(0);
    let Some(ends) = cheaper.iter().map(|tails| last(tails)).min() else { return false };
    (0..=ends.max(last(own))).all(|level| {
        let late = |tails: &[Tail]| tails.iter().map(|tail| tail.later_than(level) as f64).collect::<Vec<f64>>();
        let here = late(own);
        let sum: f64 = here.iter().sum();
        let must_be_sure = sum > SURE * total as f64;
        cheaper.iter().any(|tails| {
            let others = late(tails);
            let other: f64 = others.iter().sum();
            other <= sum && (!must_be_sure || other >= sum || is_clearly_less(&others, &here))
        })
    })
}

#[cfg(test)]
mod tests {
    use fleetfront_sim::{LatencyHistogram, SimSpan};

    use super::*;

    /// Five sections of a hundred requests: so many of each take 40 s, the others 5 s.
    fn tails(slow: [u32; 5]) -> Vec<Tail> {
        let section = |slow: u32| {
            let mut latencies = LatencyHistogram::default();
            for k in 0..100 {
                latencies.record(SimSpan::from_secs_f64(if k < slow { 40.0 } else { 5.0 }));
            }
            latencies.tail(16)
        };
        slow.map(section).into()
    }

    #[test]
    fn who_is_less_late_at_some_time_is_not_outdone() {
        let own = tails([30, 31, 29, 30, 32]);
        let (better, worse) = (tails([20, 22, 19, 20, 21]), tails([40, 41, 39, 40, 42]));
        assert!(is_outdone(&own, &[&better]));
        assert!(!is_outdone(&own, &[&worse]) && !is_outdone(&own, &[]));
        // Fewer, but not for sure; and exactly as many.
        assert!(!is_outdone(&own, &[&tails([10, 40, 35, 20, 45])]));
        assert!(is_outdone(&own, &[&own]));
        // One that is better at 5 s, another at 40 s.
        let mut quick = LatencyHistogram::default();
        (0..70).for_each(|_| quick.record(SimSpan::from_secs_f64(1.0)));
        (0..30).for_each(|_| quick.record(SimSpan::from_secs_f64(90.0)));
        let quick = vec![quick.tail(16); 5];
        assert!(!is_outdone(&own, &[&quick]) && is_outdone(&own, &[&quick, &better]));
        assert!(!is_outdone(&quick, &[&better]) && !is_outdone(&quick, &[&own]));
    }
}
