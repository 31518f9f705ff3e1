//! Gaps between successive requests.

use super::gap_histogram::GapHistogram;
use super::hours::HourGrid;
use super::rescaled::Rescaled;
use super::{Gaps, NS_PER_S, Quantile, Silence};

/// The quantiles that are told, in per cent.
const PERCENTS: [f64; 10] = [1.0, 5.0, 10.0, 25.0, 50.0, 75.0, 90.0, 95.0, 99.0, 99.9];
/// Stamps are quantised where their resolution is more than this share of the median gap.
const COARSE_SHARE: f64 = 0.05;

/// So many of the longest gaps are told.
const SILENCES: usize = 50;
/// Shorter gaps are no silence.
const SILENCE_NS: u64 = 60 * NS_PER_S;

/// Number, sum and sum of squares of values.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Moments {
    number: u64,
    sum: f64,
    squares: f64,
}

impl Moments {
    /// Adds `number` values with this sum and this sum of squares.
    pub(crate) fn add(&mut self, number: u64, sum: f64, squares: f64) {
        self.number += number;
        self.sum += sum;
        self.squares += squares;
    }

    /// The sum of all values.
    pub(super) fn sum(&self) -> f64 {
        self.sum
    }

    /// These and those together.
    pub(crate) fn plus(self, other: Self) -> Self {
        let (sum, squares) = (self.sum + other.sum, self.squares + other.squares);
        Self { number: self.number + other.number, sum, squares }
    }

    /// How many they are.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// Their mean; NaN of none.
    pub(crate) fn mean(&self) -> f64 {
        self.sum / self.number as f64
    }

    /// Coefficient of variation (n); none where all values are 0.
    pub(crate) fn cv(&self) -> Option<f64> {
        let n = self.number as f64;
        (self.sum > 0.0).then(|| (n * self.squares / (self.sum * self.sum) - 1.0).max(0.0).sqrt())
    }
}

/// Sums over the gaps so far.
#[derive(Debug, Clone)]
pub(super) struct GapSums {
    resolution_ns: u64,
    last_ns: Option<u64>,
    histogram: GapHistogram,
    /// They add up to the log's span at most, so that this cannot overflow.
    squares_ns2: u128,
    sum_ns: u64,
    /// The longest of them with their starts, the longest first.
    silences: Vec<(u64, u64)>,
}

impl GapSums {
    pub(super) fn new(resolution_ns: u64) -> Self {
        Self {
            resolution_ns,
            last_ns: None,
            histogram: GapHistogram::default(),
            squares_ns2: 0,
            sum_ns: 0,
            silences: Vec::new(),
        }
    }

    /// Counts requests at an instant that is not before that of the call before: the first of them has a gap before it,
    /// the others follow at once.
    pub(super) fn push(&mut self, at_ns: u64, requests: u64) {
        self.histogram.add(0, requests - 1);
        if let Some(last_ns) = self.last_ns.replace(at_ns) {
            let gap_ns = at_ns - last_ns;
            self.histogram.add(gap_ns, 1);
            self.sum_ns += gap_ns;
            self.squares_ns2 += u128::from(gap_ns) * u128::from(gap_ns);
            self.remember(last_ns, gap_ns);
        }
    }

    /// Keeps a gap among the longest.
    fn remember(&mut self, start_ns: u64, gap_ns: u64) {
        let least =
            self.silences.last().filter(|_| self.silences.len() == SILENCES).map_or(SILENCE_NS, |(gap, _)| *gap);
        if gap_ns > least {
            let place = self.silences.partition_point(|(other, _)| *other >= gap_ns);
            self.silences.insert(place, (gap_ns, start_ns));
            self.silences.truncate(SILENCES);
        }
    }

    /// The longest gaps, the longest first.
    pub(super) fn silences(&self, grid: &HourGrid) -> Vec<Silence> {
        let of = |(gap_ns, start_ns): &(u64, u64)| Silence {
            start_s: grid.unix_ns(*start_ns) as f64 / NS_PER_S as f64,
            length_s: *gap_ns as f64 / NS_PER_S as f64,
        };
        self.silences.iter().map(of).collect()
    }

    /// The gaps, with what became of them when time was stretched; none where there are none.
    pub(super) fn describe(&self, rescaled: &Rescaled) -> Option<Gaps> {
        let number = self.histogram.number();
        if number == 0 {
            return None;
        }
        let seconds = |gap_ns: f64| gap_ns / NS_PER_S as f64;
        let quantile = |percent: f64| seconds(self.histogram.quantile_ns(percent / 100.0));
        let moments = Moments { number, sum: self.sum_ns as f64, squares: self.squares_ns2 as f64 };
        Some(Gaps {
            mean_s: seconds(self.sum_ns as f64 / number as f64),
            cv: moments.cv(),
            zero_share: self.histogram.zeros() as f64 / number as f64,
            quantiles: PERCENTS.iter().map(|&percent| Quantile { percent, gap_s: quantile(percent) }).collect(),
            cv_rescaled: rescaled.cv,
            rescaled_requests: rescaled.requests,
            rescaled_hours: rescaled.hours,
            quantised: seconds(self.resolution_ns as f64) > COARSE_SHARE * quantile(50.0),
        })
    }
}
