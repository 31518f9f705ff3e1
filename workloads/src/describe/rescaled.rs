//! Gaps after time is stretched so that the rate of every hour is 1.

use super::NS_PER_HOUR;
use super::gaps::Moments;
use super::hours::HourGrid;

/// Hours with fewer requests are cut out: their rate would be a guess.
const LEAST_REQUESTS: u64 = 30;

/// Keeps the gaps of the hour that requests fall into now in nanoseconds, and stretches them when the hour is over and
/// its rate known. Hours that are cut out (too few requests, or not full) take no time.
#[derive(Debug, Clone, Default)]
pub(super) struct RescaledGaps {
    /// The hour now, its requests, its first and last one (from its start), and the squares of its gaps.
    hour: u64,
    count: u64,
    first_ns: u64,
    last_ns: u64,
    squares_ns2: u128,
    /// Stretched time from the last request of the last hour that was used to that hour's end.
    tail: Option<f64>,
    gaps: Moments,
    requests: u64,
    hours: u64,
}

/// What became of the gaps.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rescaled {
    /// None where no two requests are left, or all have one stamp.
    pub(super) cv: Option<f64>,
    /// Requests in the hours that were used.
    pub(super) requests: u64,
    /// Hours that were used.
    pub(super) hours: u64,
}

impl RescaledGaps {
    /// Counts requests at an instant that is not before that of the call before.
    pub(super) fn push(&mut self, at_ns: u64, requests: u64, grid: &HourGrid) {
        let (hour, since_hour_ns) = (at_ns / NS_PER_HOUR, at_ns % NS_PER_HOUR);
        if hour != self.hour || self.count == 0 {
            self.close(grid);
            (self.hour, self.first_ns, self.last_ns) = (hour, since_hour_ns, since_hour_ns);
        }
        let gap_ns = u128::from(since_hour_ns - self.last_ns);
        self.squares_ns2 += gap_ns * gap_ns;
        self.last_ns = since_hour_ns;
        self.count += requests;
    }

    /// What became of the gaps of the whole log.
    pub(super) fn finish(mut self, grid: &HourGrid) -> Rescaled {
        self.close(grid);
        Rescaled { cv: self.gaps.cv(), requests: self.requests, hours: self.hours }
    }

    /// Ends the hour now.
    fn close(&mut self, grid: &HourGrid) {
        let (count, squares_ns2) = (std::mem::take(&mut self.count), std::mem::take(&mut self.squares_ns2));
        if count < LEAST_REQUESTS || !grid.full_hours().contains(&self.hour) {
            return;
        }
        let rate_per_ns = count as f64 / NS_PER_HOUR as f64;
        let stretched = |span_ns: u64| span_ns as f64 * rate_per_ns;
        if let Some(tail) = self.tail {
            let crossing = tail + stretched(self.first_ns);
            self.gaps.add(1, crossing, crossing * crossing);
        }
        let within = stretched(self.last_ns - self.first_ns);
        self.gaps.add(count - 1, within, squares_ns2 as f64 * rate_per_ns * rate_per_ns);
        self.tail = Some(stretched(NS_PER_HOUR - self.last_ns));
        self.requests += count;
        self.hours += 1;
    }
}
