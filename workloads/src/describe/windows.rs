//! Counts in windows of one length, and their index of dispersion.

use super::clock::Clock;
use super::hours::HourGrid;
use super::{CurvePoint, Description, Dispersion, Half, NS_PER_HOUR, NS_PER_S};

/// Hours from which on the daily curve can be told from the days: each hour of the day twice.
const DAY_CURVE_HOURS: u64 = 2 * 24;

/// Counts in windows that follow one another from the origin. Of every hour it keeps the sum of the counts of the
/// windows that begin in it, and that of their squares; everything else follows.
#[derive(Debug, Clone)]
pub(super) struct WindowCounts {
    window_ns: u64,
    origin_ns: u64,
    /// The window that requests fall into now: its place from the origin, its end, its count.
    index: u64,
    end_ns: u64,
    count: u64,
    /// By hour, ascending; hours in which no window with a request begins take no place.
    hours: Vec<(u64, Sums)>,
    /// The first of the fullest windows.
    peak: Option<(u64, u64)>,
}

/// Sums over the windows that begin in an hour.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    counts: u64,
    squares: u128,
}

/// The rate that the curves expect in each hour, from the hour of the first stamp on; none where no curve says.
pub(super) struct Curves {
    of_day: Vec<Option<f64>>,
    of_week: Vec<Option<f64>>,
}

/// A ratio of sums: squared differences over expected counts.
#[derive(Debug, Clone, Copy, Default)]
struct Ratio {
    squares: f64,
    expected: f64,
}

impl Ratio {
    fn joined(self, other: Self) -> Self {
        Self { squares: self.squares + other.squares, expected: self.expected + other.expected }
    }

    fn value(&self) -> Option<f64> {
        (self.expected > 0.0).then(|| self.squares / self.expected)
    }
}

impl WindowCounts {
    pub(super) fn new(window_ns: u64, origin_ns: u64) -> Self {
        Self {
            window_ns,
            origin_ns,
            index: 0,
            end_ns: origin_ns.saturating_add(window_ns),
            count: 0,
            hours: Vec::new(),
            peak: None,
        }
    }

    /// Length of the windows, in nanoseconds.
    pub(super) fn window_ns(&self) -> u64 {
        self.window_ns
    }

    /// Start and count of the first of the fullest windows, an incomplete last one included.
    pub(super) fn peak(&self) -> Option<(u64, u64)> {
        self.peak
    }

    /// Counts requests at an instant that is not before that of the call before.
    pub(super) fn push(&mut self, at_ns: u64, requests: u64) {
        if at_ns >= self.end_ns {
            self.close();
            self.index = (at_ns - self.origin_ns) / self.window_ns;
            self.end_ns = self.start_ns(self.index).saturating_add(self.window_ns);
        }
        self.count += requests;
    }

    /// Counts the last window, if it was complete at the end of the log.
    pub(super) fn finish(&mut self, grid: &HourGrid) {
        if self.end_ns <= grid.end_ns {
            self.close();
        } else {
            self.count_peak();
            self.count = 0;
        }
    }

    /// Ends the window that requests fall into now, as a complete one.
    fn close(&mut self) {
        if self.count == 0 {
            return;
        }
        self.count_peak();
        let hour = self.start_ns(self.index) / NS_PER_HOUR;
        if self.hours.last().is_none_or(|(last, _)| *last != hour) {
            self.hours.push((hour, Sums::default()));
        }
        if let Some((_, sums)) = self.hours.last_mut() {
            sums.counts += self.count;
            sums.squares += u128::from(self.count) * u128::from(self.count);
        }
        self.count = 0;
    }

    fn count_peak(&mut self) {
        if self.count > self.peak.map_or(0, |(_, most)| most) {
            self.peak = Some((self.start_ns(self.index), self.count));
        }
    }

    fn start_ns(&self, index: u64) -> u64 {
        self.origin_ns.saturating_add(index.saturating_mul(self.window_ns))
    }

    /// How many complete windows begin before `instant_ns`.
    fn windows_before(&self, instant_ns: u64, grid: &HourGrid) -> u64 {
        let all = (grid.end_ns - grid.origin_ns) / self.window_ns;
        instant_ns.saturating_sub(grid.origin_ns).div_ceil(self.window_ns).min(all)
    }

    /// The dispersion about mean, curves and hours; none below two windows.
    pub(super) fn dispersion(&self, grid: &HourGrid, curves: &Curves) -> Option<Dispersion> {
        let windows = self.windows_before(u64::MAX, grid);
        if windows < 2 {
            return None;
        }
        let mean = self.hours.iter().map(|(_, sums)| sums.counts).sum::<u64>() as f64 / windows as f64;
        let squares = self.hours.iter().map(|(_, sums)| sums.squares).sum::<u128>() as f64;
        let n = windows as f64;
        let own_hours = self.about_own_hours(grid);
        let variance = settled(squares - mean * mean * n, squares).max(0.0) / (n - 1.0);
        Some(Dispersion {
            window_s: self.window_ns / NS_PER_S,
            windows,
            mean,
            raw: (mean > 0.0).then(|| variance / mean),
            after_day_curve: self.about(&curves.of_day, grid),
            after_week_curve: self.about(&curves.of_week, grid),
            local: ratio_of(own_hours.iter().map(|(_, ratio)| ratio)).value(),
            local_error: error_of(own_hours.iter().map(|(_, ratio)| *ratio)),
            halves: halves(own_hours, &curves.of_day),
        })
    }

    /// Every hour with the number of its windows and their sums, up to the last one in which a complete window begins.
    fn by_hour(&self, grid: &HourGrid) -> impl Iterator<Item = (u64, u64, Sums)> {
        let (start, end) = (grid.origin_ns / NS_PER_HOUR, grid.end_ns.div_ceil(NS_PER_HOUR));
        let mut rest = self.hours.iter().peekable();
        let mut before = 0;
        let grid = *grid;
        (start..end).map(move |hour| {
            let until = self.windows_before((hour + 1).saturating_mul(NS_PER_HOUR), &grid);
            let windows = until - std::mem::replace(&mut before, until);
            let sums = rest.next_if(|(at, _)| *at == hour).map_or_else(Sums::default, |(_, sums)| *sums);
            (hour, windows, sums)
        })
    }

    /// About expected counts: `rates` by hour, in requests a second.
    fn about(&self, rates: &[Option<f64>], grid: &HourGrid) -> Option<f64> {
        let (mut ratio, mut all) = (Ratio::default(), 0.0);
        for (hour, windows, sums) in self.by_hour(grid) {
            if let Some(Some(rate_per_s)) = rates.get(hour as usize) {
                let expected = rate_per_s * self.window_ns as f64 / NS_PER_S as f64;
                // The sum of (N - m)² over the windows of the hour.
                ratio.squares +=
                    sums.squares as f64 - 2.0 * expected * sums.counts as f64 + windows as f64 * expected * expected;
                ratio.expected += windows as f64 * expected;
                all += sums.squares as f64;
            }
        }
        ratio.squares = settled(ratio.squares, all);
        ratio.value()
    }

    /// The full hours with requests, each about its own mean.
    fn about_own_hours(&self, grid: &HourGrid) -> Vec<(u64, Ratio)> {
        let full = grid.full_hours();
        let of_hour = |(hour, windows, sums): (u64, u64, Sums)| {
            let (n, counts) = (windows as f64, sums.counts as f64);
            let squares = settled(sums.squares as f64 - counts * counts / n, sums.squares as f64) * n / (n - 1.0);
            (hour, Ratio { squares, expected: counts })
        };
        let several = self.by_hour(grid).filter(|(hour, windows, _)| full.contains(hour) && *windows > 1);
        several.map(of_hour).filter(|(_, of)| of.expected > 0.0).collect()
    }
}

/// A difference of sums of squares as large as `of`; zero where it is but what their rounding left.
fn settled(difference: f64, of: f64) -> f64 {
    const ROUNDING: f64 = 1e-12;
    if difference.abs() < ROUNDING * of { 0.0 } else { difference }
}

fn ratio_of<'a>(hours: impl Iterator<Item = &'a Ratio>) -> Ratio {
    hours.fold(Ratio::default(), |sum, of| sum.joined(*of))
}

/// Standard error of the ratio of sums, from how the hours scatter about it (delta method); none below two hours.
fn error_of(hours: impl Iterator<Item = Ratio> + Clone) -> Option<f64> {
    let n = hours.clone().count() as f64;
    let sums = hours.clone().fold(Ratio::default(), Ratio::joined);
    let value = sums.value()?;
    let squares: f64 = hours.map(|of| (of.squares - value * of.expected).powi(2)).sum();
    (n > 1.0).then(|| (squares * n / (n - 1.0)).sqrt() / sums.expected)
}

/// The hours at which the daily curve is low and those at which it is high, each with half of the requests; none where
/// there are too few hours to tell. Hours are not told apart by their own counts: these are high by luck, too.
fn halves(hours: Vec<(u64, Ratio)>, rates: &[Option<f64>]) -> Option<[Half; 2]> {
    const HOURS: usize = 20;
    let of_curve = hours.into_iter().map(|(hour, of)| Some((rates.get(hour as usize).copied()??, of)));
    let mut hours: Vec<(f64, Ratio)> = of_curve.collect::<Option<_>>()?;
    hours.sort_by(|a, b| a.0.total_cmp(&b.0));
    let all = ratio_of(hours.iter().map(|(_, of)| of)).expected;
    let mut reached = 0.0;
    let split = hours.iter().position(|(_, of)| {
        reached += of.expected;
        2.0 * reached >= all
    })?;
    let half = |hours: &[(f64, Ratio)]| {
        let sums = ratio_of(hours.iter().map(|(_, of)| of));
        let pairs = hours.iter().map(|(_, of)| of.expected * (of.expected - 1.0)).sum::<f64>();
        let dispersion = sums.value()?;
        let error = error_of(hours.iter().map(|(_, of)| *of))?;
        Some(Half { dispersion, error, others_per_hour: pairs / sums.expected, hours: hours.len() as u64 })
    };
    let (quiet, busy) = hours.split_at(split);
    if quiet.len().min(busy.len()) < HOURS {
        return None;
    }
    Some([half(quiet)?, half(busy)?])
}

impl Curves {
    /// What the curves of `description` expect in the hours of `grid`.
    pub(super) fn new(grid: &HourGrid, clock: &Clock, description: &Description) -> Self {
        let hours = grid.end_ns.div_ceil(NS_PER_HOUR);
        let local: Vec<_> = (0..hours).map(|hour| clock.local_hour(grid.hour_start_s(hour))).collect();
        let rate = |curve: &[CurvePoint], place: usize| curve.get(place).and_then(|point| point.rate_per_s);
        let (day, week) = (&description.hour_of_day, &description.hour_of_week);
        let full = grid.full_hours();
        let day: &[CurvePoint] = if full.end - full.start < DAY_CURVE_HOURS { &[] } else { day };
        Self {
            of_day: local.iter().map(|hour| rate(day, hour.of_day())).collect(),
            of_week: local.iter().map(|hour| rate(week, hour.of_week())).collect(),
        }
    }
}
