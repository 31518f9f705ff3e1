//! What a request log looks like: curves, dispersion, gaps, the mix of models.
//!
//! A [`Describer`] takes requests in the order of their stamps and keeps sums only, so that its memory grows with the
//! hours that hold requests and with the models, never with the requests. [`Describer::finish`] turns the sums into a
//! [`Description`], plain data without NaN or infinity.
//!
//! # Windows and hours
//! Windows of each length follow one another from the [`Origin`] to the end of the log; a last one that is not
//! complete is dropped. Hours are the clock hours of the log's time zone, counted in steps of 3600 s from that of the
//! first stamp; only those that lie wholly between origin and end ("full hours") make curves. A window belongs to the
//! hour in which it begins: its expected count is that hour's rate times its length. For windows that begin with the
//! hour and divide it this is exact.

#[cfg(test)]
mod brute_force;
pub(crate) mod clock;
mod curves;
mod days;
mod description;
mod gap_histogram;
mod gaps;
mod hours;
mod keep_alive;
#[cfg(test)]
mod reference;
mod rescaled;
#[cfg(test)]
mod tests;
mod trend;
pub(crate) use trend::solve;
mod warnings;
mod windows;

pub use description::{
    ActiveMinutes, CurvePoint, DayTotal, Description, Dispersion, Gaps, Half, HourCount, KeepAlive, ModelShare, Peak,
    Quantile, Silence, Trend, normalised,
};

pub(crate) use clock::Clock;
pub(crate) use gap_histogram::GapHistogram;
use gaps::GapSums;
pub(crate) use gaps::Moments;
use hours::{HourCounts, HourGrid};
use keep_alive::KeepAliveCounts;
use rescaled::RescaledGaps;
use windows::WindowCounts;

use crate::time_zone::TimeZoneError;

/// Lengths of the windows in which requests are counted, in seconds.
const WINDOWS_S: [u64; 6] = [1, 10, 60, 300, 900, 3600];
/// Nanoseconds a second.
const NS_PER_S: u64 = 1_000_000_000;
/// Nanoseconds an hour.
const NS_PER_HOUR: u64 = 3600 * NS_PER_S;

/// Where observation of the traffic began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// With the clock hour of the first stamp: that hour counts as observed, and windows begin with clock hours.
    Hour,
    /// With the first stamp: windows begin there, and the first full hour is the next one that the clock strikes.
    FirstRequest,
    /// With the first stamp, somewhere in its clock hour: windows begin with clock hours, and the first full hour is the next.
    InsideHour,
}

/// How a log is to be read.
#[derive(Debug, Clone, PartialEq)]
pub struct DescribeOptions {
    /// Where observation began.
    pub origin: Origin,
    /// IANA name of the time zone whose hours and weekdays count, such as `Europe/Berlin`.
    pub zone: String,
    /// Resolution of the stamps, in nanoseconds: all of them are multiples of it.
    pub resolution_ns: i64,
    /// Length of the bins whose starts the stamps are, in seconds; none if every request has its own stamp. With bins
    /// there are no gaps and no windows but those that hold whole bins.
    pub bin_s: Option<f64>,
    /// End of observation, in unix nanoseconds; requests at or after it are left out, and a warning counts them.
    /// None: the log ends with its last resolution step (or bin), rounded up to whole seconds from the origin.
    pub end_ns: Option<i64>,
}

/// What is wrong with the options.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum DescribeError {
    /// The time zone is unknown.
    #[error(transparent)]
    Zone(#[from] TimeZoneError),
    /// `resolution_ns < 1`.
    #[error("{resolution_ns} ns is not a resolution of stamps; give 1 ns or more")]
    NotAResolution {
        /// The offending value, in nanoseconds.
        resolution_ns: i64,
    },
    /// Not 1 ns to 366 days.
    #[error("{bin_s} s is not a length of bins; give a number of seconds above 0 and up to 366 days")]
    NotABin {
        /// The offending value, in seconds.
        bin_s: f64,
    },
}

/// Takes a log request by request and describes it.
#[derive(Debug, Clone)]
pub struct Describer {
    options: DescribeOptions,
    clock: Clock,
    bin_ns: Option<u64>,
    /// None before the first stamp.
    log: Option<Log>,
    /// Requests at or after the end of observation.
    late_requests: u64,
}

/// The sums over the log so far. Instants that are not unix time are nanoseconds since the hour of the first stamp began.
#[derive(Debug, Clone)]
struct Log {
    grid: HourGrid,
    first_unix_ns: i64,
    last_unix_ns: i64,
    requests: u64,
    by_model: Vec<u64>,
    hours: HourCounts,
    windows: Vec<WindowCounts>,
    /// None for bins.
    gaps: Option<(GapSums, RescaledGaps)>,
    /// None for bins longer than a minute.
    keep_alive: Option<KeepAliveCounts>,
}

impl Describer {
    /// A describer that has seen nothing yet.
    ///
    /// # Errors
    /// [`DescribeError`] when the zone is unknown or resolution or bin are no lengths.
    pub fn new(options: DescribeOptions) -> Result<Self, DescribeError> {
        let clock = Clock::new(&options.zone)?;
        if options.resolution_ns < 1 {
            return Err(DescribeError::NotAResolution { resolution_ns: options.resolution_ns });
        }
        let bin_ns = match options.bin_s {
            None => None,
            Some(bin_s) => Some(bin_length_ns(bin_s).ok_or(DescribeError::NotABin { bin_s })?),
        };
        Ok(Self { options, clock, bin_ns, log: None, late_requests: 0 })
    }

    /// Counts `requests` at one instant.
    ///
    /// - `at_ns`: unix time in nanoseconds, not before that of the call before.
    /// - `model`: place of the model in the names that [`Self::finish`] gets.
    /// - `requests`: how many; 0 only says that the log reaches this far.
    ///
    /// # Panics
    /// If `at_ns` is before that of the call before: the caller sorts.
    pub fn push(&mut self, at_ns: i64, model: u32, requests: u64) {
        if self.options.end_ns.is_some_and(|end_ns| at_ns >= end_ns) {
            self.late_requests += requests;
            return;
        }
        let bins = self.bin_ns;
        let log = self.log.get_or_insert_with(|| Log::new(at_ns, &self.options, &self.clock, bins));
        log.push(at_ns, model as usize, requests);
    }

    /// The description of all that was counted.
    ///
    /// - `models`: names of the models, by their places.
    ///
    /// # Panics
    /// If a request's model has no name.
    #[must_use]
    pub fn finish(self, models: &[String]) -> Description {
        let granularity_ns = self.granularity_ns();
        let mut description = Description::of_nothing(&self.options);
        let stamps_ns = self.log.as_ref().map_or(0, |log| log.last_unix_ns.abs_diff(log.first_unix_ns));
        if let Some(mut log) = self.log {
            log.grid.end_ns = match self.options.end_ns {
                Some(end_ns) => log.grid.since_start_ns(end_ns),
                None => log.grid.end_of_log_ns(log.last_unix_ns, granularity_ns),
            };
            log.describe(models, &self.clock, &mut description);
        }
        description.warnings = warnings::warnings(&description, stamps_ns, self.late_requests);
        description
    }

    /// Length of a bin, or the resolution of the stamps.
    fn granularity_ns(&self) -> u64 {
        self.bin_ns.unwrap_or(self.options.resolution_ns.unsigned_abs())
    }
}

impl Log {
    fn new(at_ns: i64, options: &DescribeOptions, clock: &Clock, bin_ns: Option<u64>) -> Self {
        let grid = HourGrid::new(at_ns, options.origin, clock);
        let holds_whole_steps = |window_ns: u64| match bin_ns {
            Some(bin_ns) => window_ns.is_multiple_of(bin_ns),
            None => window_ns >= options.resolution_ns.unsigned_abs(),
        };
        let lengths = WINDOWS_S.iter().map(|window_s| window_s * NS_PER_S);
        let windows = lengths.filter(|&window_ns| holds_whole_steps(window_ns));
        let resolution_ns = options.resolution_ns.unsigned_abs();
        Self {
            grid,
            first_unix_ns: at_ns,
            last_unix_ns: at_ns,
            requests: 0,
            by_model: Vec::new(),
            hours: HourCounts::default(),
            windows: windows.map(|window_ns| WindowCounts::new(window_ns, grid.origin_ns)).collect(),
            gaps: bin_ns.is_none().then(|| (GapSums::new(resolution_ns), RescaledGaps::default())),
            keep_alive: bin_ns.is_none_or(|bin_ns| bin_ns <= 60 * NS_PER_S).then(KeepAliveCounts::default),
        }
    }

    fn push(&mut self, unix_ns: i64, model: usize, requests: u64) {
        assert!(unix_ns >= self.last_unix_ns, "stamps must not decrease: sort the log before it is described");
        self.last_unix_ns = unix_ns;
        let at_ns = self.grid.since_start_ns(unix_ns);
        if requests == 0 {
            return;
        }
        self.requests += requests;
        if self.by_model.len() <= model {
            self.by_model.resize(model + 1, 0);
        }
        self.by_model[model] += requests;
        self.hours.push(at_ns / NS_PER_HOUR, requests);
        for windows in &mut self.windows {
            windows.push(at_ns, requests);
        }
        if let Some((gaps, rescaled)) = &mut self.gaps {
            gaps.push(at_ns, requests);
            rescaled.push(at_ns, requests, &self.grid);
        }
        if let Some(keep_alive) = &mut self.keep_alive {
            keep_alive.push((at_ns - self.grid.origin_ns) / (60 * NS_PER_S), model);
        }
    }

    fn describe(mut self, models: &[String], clock: &Clock, description: &mut Description) {
        let grid = self.grid;
        let hourly = self.hours.full_hours(&grid);
        let local: Vec<_> = hourly.iter().map(|hour| clock.local_hour(hour.start_s)).collect();
        description.requests = self.requests;
        description.first = Some(clock.rfc3339(self.first_unix_ns.into()));
        description.last = Some(clock.rfc3339(self.last_unix_ns.into()));
        description.span_s = (grid.end_ns - grid.begun_ns) as f64 / NS_PER_S as f64;
        description.mean_rate_per_s = Some(self.requests as f64 / description.span_s);
        curves::describe_hours(&hourly, &local, description);
        days::describe_days(&hourly, &local, clock, description);
        for windows in &mut self.windows {
            windows.finish(&grid);
        }
        let peak = |window_s: u64| {
            let windows = self.windows.iter().find(|windows| windows.window_ns() == window_s * NS_PER_S)?;
            windows.peak().map(|(start_ns, requests)| Peak { start: clock.rfc3339(grid.unix_ns(start_ns)), requests })
        };
        description.peak_second = peak(1);
        description.peak_minute = peak(60);
        let curves = windows::Curves::new(&grid, clock, description);
        description.dispersion = self.windows.iter().filter_map(|w| w.dispersion(&grid, &curves)).collect();
        description.silences = self.gaps.as_ref().map(|(gaps, _)| gaps.silences(&grid)).unwrap_or_default();
        description.gaps = self.gaps.and_then(|(gaps, rescaled)| gaps.describe(&rescaled.finish(&grid)));
        description.models = model_shares(&self.by_model, models);
        description.active_minutes = self.keep_alive.as_ref().and_then(KeepAliveCounts::active_minutes);
        description.keep_alive = self.keep_alive.map(|counts| counts.describe()).unwrap_or_default();
        description.hourly = hourly;
    }
}

/// Whole nanoseconds of a bin of 1 ns to 366 days.
fn bin_length_ns(length_s: f64) -> Option<u64> {
    let rounded = (length_s * NS_PER_S as f64).round();
    (rounded >= 1.0 && length_s <= 366.0 * 86_400.0).then_some(rounded as u64)
}

/// The models with their shares, the one with most requests first.
fn model_shares(by_model: &[u64], models: &[String]) -> Vec<ModelShare> {
    assert!(by_model.len() <= models.len(), "model {} has no name", models.len());
    let total: u64 = by_model.iter().sum();
    let counts = by_model.iter().copied().chain(std::iter::repeat(0));
    let share = |requests: u64| if total == 0 { 0.0 } else { requests as f64 / total as f64 };
    let named = models.iter().zip(counts);
    let mut shares: Vec<_> =
        named.map(|(name, requests)| ModelShare { name: name.clone(), requests, share: share(requests) }).collect();
    shares.sort_by(|a, b| b.requests.cmp(&a.requests).then_with(|| a.name.cmp(&b.name)));
    shares
}
