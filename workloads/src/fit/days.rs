//! The hours of a log as the fit sees them.

use crate::describe::{Clock, Description};

/// Days from which on growth is told from weekdays.
const GROWTH_DAYS: u64 = 14;
const DAY_S: f64 = 86_400.0;

/// An hour that was observed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Hour {
    /// Its start, in unix seconds.
    pub(super) start_s: i64,
    /// Its day on the zone's calendar, from 1970-01-01.
    pub(super) day: i64,
    /// 0 = Monday.
    pub(super) weekday: usize,
    /// 0 to 23.
    pub(super) of_day: usize,
    /// Requests in it.
    pub(super) requests: f64,
    /// The level of traffic that growth has reached, 1 at the end of the log.
    pub(super) growth: f64,
}

impl Hour {
    /// Hours from Monday's midnight.
    pub(super) fn of_week(&self) -> usize {
        self.weekday * 24 + self.of_day
    }
}

/// All hours that were observed from start to end, in order; for a log without such hours one stretch of constant rate.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Hours {
    pub(super) hours: Vec<Hour>,
    /// Requests a day over the time observed, growth or not.
    pub(super) requests_per_day: f64,
}

/// Growth that the log shows: from two weeks on, and where its interval leaves out zero.
pub(super) fn growth(log: &Description) -> Option<f64> {
    let trend = log.trend.filter(|trend| trend.days >= GROWTH_DAYS && trend.weekdays)?;
    (trend.low > 0.0 || trend.high < 0.0).then_some(trend.growth_per_week)
}

impl Hours {
    pub(super) fn of(log: &Description, growth_per_week: Option<f64>) -> Self {
        let clock = Clock::new(&log.zone).expect("a described log has a known zone");
        let last_s = log.hourly.last().map_or(0, |hour| hour.start_s);
        let weekly = growth_per_week.unwrap_or(0.0).ln_1p();
        let hour = |of: &crate::describe::HourCount| {
            let local = clock.local_hour(of.start_s);
            Hour {
                start_s: of.start_s,
                day: local.day,
                weekday: usize::from(local.weekday),
                of_day: usize::from(local.hour),
                requests: of.requests as f64,
                growth: (weekly * (of.start_s - last_s) as f64 / (7.0 * DAY_S)).exp(),
            }
        };
        Self {
            hours: log.hourly.iter().map(hour).collect(),
            requests_per_day: log.mean_rate_per_s.unwrap_or(0.0) * DAY_S,
        }
    }

    /// Days that were observed from start to end: 23 hours or more.
    pub(super) fn full_days(&self) -> Vec<&[Hour]> {
        self.hours.chunk_by(|a, b| a.day == b.day).filter(|day| day.len() >= 23).collect()
    }
}
