//! The clock hours of a log and the requests in them.

use super::clock::Clock;
use super::{HourCount, NS_PER_HOUR, NS_PER_S, Origin};

/// The hours of a log. Instants are nanoseconds since the hour of the first stamp began.
#[derive(Debug, Clone, Copy)]
pub(super) struct HourGrid {
    /// When that hour began, in unix seconds.
    start_s: i64,
    /// When the first window began.
    pub(super) origin_ns: u64,
    /// When observation began.
    pub(super) begun_ns: u64,
    /// When it ended; known when the log is complete.
    pub(super) end_ns: u64,
}

impl HourGrid {
    /// The grid of a log whose first stamp is `at_ns` (unix).
    pub(super) fn new(at_ns: i64, origin: Origin, clock: &Clock) -> Self {
        let whole_s = at_ns.div_euclid(NS_PER_S.cast_signed());
        let grid = Self { start_s: whole_s - clock.since_hour_s(whole_s), origin_ns: 0, begun_ns: 0, end_ns: u64::MAX };
        let first_ns = grid.since_start_ns(at_ns);
        match origin {
            Origin::Hour => grid,
            Origin::FirstRequest => Self { origin_ns: first_ns, begun_ns: first_ns, ..grid },
            // Logs that are compared with this one may begin with the hour: it counts for none of them.
            Origin::InsideHour => Self { begun_ns: first_ns.max(1), ..grid },
        }
    }

    /// The instant of a unix time that is not before the first stamp.
    pub(super) fn since_start_ns(&self, unix_ns: i64) -> u64 {
        let since_ns = i128::from(unix_ns) - self.unix_ns(0);
        u64::try_from(since_ns.max(0)).unwrap_or(u64::MAX)
    }

    /// The unix time of an instant, in nanoseconds.
    pub(super) fn unix_ns(&self, instant_ns: u64) -> i128 {
        i128::from(self.start_s) * i128::from(NS_PER_S) + i128::from(instant_ns)
    }

    /// When the `hour`-th hour began, in unix seconds.
    pub(super) fn hour_start_s(&self, hour: u64) -> i64 {
        self.start_s + 3600 * hour.cast_signed()
    }

    /// The end of a log whose last stamp (unix) stands for `granularity_ns`: whole seconds from the origin.
    pub(super) fn end_of_log_ns(&self, last_unix_ns: i64, granularity_ns: u64) -> u64 {
        let span_ns = (self.since_start_ns(last_unix_ns) - self.origin_ns).saturating_add(granularity_ns);
        self.origin_ns.saturating_add(span_ns.div_ceil(NS_PER_S).saturating_mul(NS_PER_S))
    }

    /// The hours that were observed from start to end.
    pub(super) fn full_hours(&self) -> std::ops::Range<u64> {
        self.first_full_hour()..(self.end_ns / NS_PER_HOUR).max(self.first_full_hour())
    }

    /// The first hour that was observed from its start.
    pub(super) fn first_full_hour(&self) -> u64 {
        self.begun_ns.div_ceil(NS_PER_HOUR)
    }
}

/// Requests by hour; hours without requests take no place.
#[derive(Debug, Clone, Default)]
pub(super) struct HourCounts {
    counts: Vec<(u64, u64)>,
}

impl HourCounts {
    /// Counts requests in an hour that is not before the one of the call before.
    pub(super) fn push(&mut self, hour: u64, requests: u64) {
        match self.counts.last_mut() {
            Some((last, count)) if *last == hour => *count += requests,
            _ => self.counts.push((hour, requests)),
        }
    }

    /// All full hours in order, the empty ones too.
    pub(super) fn full_hours(&self, grid: &HourGrid) -> Vec<HourCount> {
        let full = grid.full_hours();
        let empty = |hour| HourCount { start_s: grid.hour_start_s(hour), requests: 0 };
        let mut hourly: Vec<HourCount> = full.clone().map(empty).collect();
        for &(hour, requests) in self.counts.iter().filter(|(hour, _)| full.contains(hour)) {
            hourly[(hour - full.start) as usize].requests = requests;
        }
        hourly
    }
}
