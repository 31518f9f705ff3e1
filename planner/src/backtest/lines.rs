//! Observed numbers beside their predictions.

use fleetfront_scenario::{Allocation, Scenario};
use serde::{Deserialize, Serialize};

use super::charged::Charged;
use super::days::Period;
use super::numbers::{BacktestSubject, Key, Metric, Sheet};
use super::world::Lived;
use crate::engine_pool::container_price;

/// What a band holds of the worlds.
pub(crate) const BAND: f64 = 0.90;
/// A number that fewer worlds have is not predicted.
const WORLDS_SHARE_MIN: f64 = 0.5;

/// Which arrivals the worlds meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GivenTraffic {
    /// Those of the second part itself.
    Given,
    /// Drawn from what the first part tells.
    Forecast,
}

impl GivenTraffic {
    /// As it is written on the command line.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Given => "given",
            Self::Forecast => "forecast",
        }
    }
}

/// A number of the second part: observed, and predicted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BacktestLine {
    /// Which arrivals the worlds met.
    pub traffic: GivenTraffic,
    /// Whose number.
    pub subject: BacktestSubject,
    /// Which.
    pub metric: Metric,
    /// What was observed.
    pub observed: f64,
    /// Half of the worlds have less.
    pub predicted: f64,
    /// One world in twenty has less.
    pub low: f64,
    /// One world in twenty has more.
    pub high: f64,
    /// Whether what was observed lies between the two.
    pub is_inside: bool,
    /// How far the prediction is off, in per cent of what was observed; `None` where that is zero.
    pub off_percent: Option<f64>,
}

/// A line, and which worlds lie outside of its band.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Held {
    pub(crate) line: BacktestLine,
    /// By world; one that does not have the number lies inside.
    pub(crate) worlds_outside: Vec<bool>,
}

/// What turns a log's numbers into those that are compared.
pub(crate) struct Comparing<'a> {
    pub(crate) scenario: &'a Scenario,
    pub(crate) allocation: &'a Allocation,
    pub(crate) charged: Option<&'a Charged>,
    pub(crate) second: &'a Period,
}

impl Comparing<'_> {
    /// What was observed, with what the bill says.
    pub(crate) fn observed(&self, mut sheet: Sheet) -> Sheet {
        if let Some(charged) = self.charged {
            let prices: Vec<f64> = charged.covered.iter().map(|pool| self.usd_per_second(*pool)).collect();
            let days = &charged.days_usd;
            // Pools of one price need not be told apart.
            let usd: Vec<f64> = match &charged.pools {
                Some(pools) => pools.iter().map(|days| days.iter().sum()).collect(),
                None => vec![days.iter().sum()],
            };
            let same = prices.iter().all(|price| price.to_bits() == prices[0].to_bits());
            let container_s = (charged.pools.is_some() || same)
                .then(|| usd.iter().zip(prices.iter()).map(|(usd, price)| usd / price).sum());
            self.add_bill(&mut sheet, days, charged.pools.as_deref(), container_s);
        }
        sheet
    }

    /// What a world came to, as far as the bill tells it too.
    pub(crate) fn predicted(&self, mut sheet: Sheet, lived: &Lived) -> Sheet {
        if let Some(charged) = self.charged {
            let of_day = |day: usize| charged.covered.iter().map(|pool| lived.usd[*pool][day]).sum();
            let days: Vec<f64> = (0..self.second.days()).map(of_day).collect();
            let pools: Vec<Vec<f64>> = charged.covered.iter().map(|pool| lived.usd[*pool].clone()).collect();
            let container_s = charged.covered.iter().map(|pool| lived.container_s[*pool]).sum();
            self.add_bill(&mut sheet, &days, charged.pools.as_ref().map(|_| &pools[..]), Some(container_s));
        }
        sheet
    }

    /// Dollars by day and pool, and the idle time that they leave.
    ///
    /// - `container_s`: container seconds that were paid, where dollars tell them.
    fn add_bill(&self, sheet: &mut Sheet, days_usd: &[f64], pools: Option<&[Vec<f64>]>, container_s: Option<f64>) {
        let days = self.second.days() as f64;
        let sum = |usd: &[f64]| usd.iter().sum::<f64>() / days;
        sheet.insert((BacktestSubject::Fleet, Metric::UsdPerDay), sum(days_usd));
        for (date, usd) in self.second.dates.iter().zip(days_usd) {
            sheet.insert((BacktestSubject::Day(date.clone()), Metric::UsdPerDay), *usd);
        }
        let charged = self.charged.expect("a bill is added where there is one");
        for (place, usd) in charged.covered.iter().zip(pools.unwrap_or_default()) {
            let name = self.allocation.pools[*place].name.clone();
            sheet.insert((BacktestSubject::Pool(name), Metric::UsdPerDay), sum(usd));
        }
        let fleet = |metric: Metric| sheet.get(&(BacktestSubject::Fleet, metric)).copied();
        let told = (container_s, fleet(Metric::BusyPerDay), fleet(Metric::BootPerDay));
        if let ((Some(container_s), Some(busy), Some(boot)), true) = (told, self.tells_idle(charged)) {
            sheet.insert((BacktestSubject::Fleet, Metric::IdlePerDay), container_s / days - busy - boot);
        }
    }

    /// Whether what is paid beyond execution and starts is idle time: all pools are paid, each container executes one request
    /// at a time on one GPU type, and every state is billed.
    fn tells_idle(&self, charged: &Charged) -> bool {
        let platform = &self.scenario.platform;
        let plain = |pool: &fleetfront_scenario::PoolPlan| {
            pool.settings.max_inputs == 1 && pool.settings.rules.gpu_fallback.is_none()
        };
        let are_all = charged.covered.len() == self.allocation.pools.len();
        are_all && platform.bills_boot && platform.bills_idle && self.allocation.pools.iter().all(plain)
    }

    fn usd_per_second(&self, pool: usize) -> f64 {
        let pool = &self.allocation.pools[pool];
        let gpus = pool.settings.rules.gpus_per_container.unwrap_or(1);
        container_price(&self.scenario.platform, &self.scenario.gpus[pool.gpu], gpus).get()
    }
}

/// A line for every number that was observed and that worlds have.
pub(crate) fn lines(traffic: GivenTraffic, observed: &Sheet, worlds: &[Sheet]) -> Vec<Held> {
    // How many requests came, and when, is no prediction where they are given.
    let is_arrivals = |metric: Metric| matches!(metric, Metric::RequestsPerDay | Metric::OtherHours);
    let is_told = |(_, metric): &Key| traffic == GivenTraffic::Forecast || !is_arrivals(*metric);
    let line = |(key, observed): (&Key, &f64)| {
        let mut all: Vec<f64> = worlds.iter().filter_map(|world| world.get(key).copied()).collect();
        if (all.len() as f64) < WORLDS_SHARE_MIN * worlds.len() as f64 || all.is_empty() {
            return None;
        }
        all.sort_by(f64::total_cmp);
        let [low, predicted, high] = [(1.0 - BAND) / 2.0, 0.5, f64::midpoint(1.0, BAND)].map(|share| at(&all, share));
        let line = BacktestLine {
            traffic,
            subject: key.0.clone(),
            metric: key.1,
            observed: *observed,
            predicted,
            low,
            high,
            is_inside: low <= *observed && *observed <= high,
            off_percent: (*observed > 0.0).then(|| (predicted / observed - 1.0) * 100.0),
        };
        let place = |world: &Sheet| world.get(key).is_some_and(|value| is_beyond(*value, *observed, &all));
        Some(Held { line, worlds_outside: worlds.iter().map(place).collect() })
    };
    observed.iter().filter(|(key, _)| is_told(key)).filter_map(line).collect()
}

/// The place in sorted numbers that one more number like them stays below with this probability: share x (n + 1), between
/// neighbours in proportion. Of 19 numbers the bounds of a band of 90 % are the least and the greatest.
fn at(sorted: &[f64], share: f64) -> f64 {
    let place = (share * (sorted.len() + 1) as f64 - 1.0).clamp(0.0, (sorted.len() - 1) as f64);
    let (below, part) = (place.floor() as usize, place.fract());
    let above = (below + 1).min(sorted.len() - 1);
    // Without a part nothing is taken of what may be far off.
    if part > 0.0 { sorted[below] + part * (sorted[above] - sorted[below]) } else { sorted[below] }
}

/// Whether a world would lie outside, were it observed and what was observed a world: so often as the latter does.
///
/// - `sorted`: the worlds' numbers, its own among them.
fn is_beyond(value: f64, observed: f64, sorted: &[f64]) -> bool {
    let outside = ((1.0 - BAND) / 2.0 * (sorted.len() + 1) as f64).round() as usize;
    let below = sorted.partition_point(|other| *other <= value) - 1 + usize::from(observed <= value);
    let above = sorted.len() - sorted.partition_point(|other| *other < value) - 1 + usize::from(observed >= value);
    below.min(above) < outside
}

#[cfg(test)]
mod tests {
    use approx::assert_relative_eq;

    use super::*;

    fn one(metric: Metric, value: f64) -> Sheet {
        Sheet::from([((BacktestSubject::Fleet, metric), value)])
    }

    /// Of 19 worlds with 1 to 19: the band is all of them, the median 10.
    #[test]
    fn a_band_is_what_one_more_world_lies_in_nine_times_in_ten() {
        let worlds: Vec<Sheet> = (1..=19).rev().map(|value| one(Metric::WaitMean, f64::from(value))).collect();
        let found = lines(GivenTraffic::Given, &one(Metric::WaitMean, 8.0), &worlds);
        let [Held { line, .. }] = &found[..] else { panic!("one line") };
        assert_eq!((line.low, line.predicted, line.high, line.is_inside), (1.0, 10.0, 19.0, true));
        assert_relative_eq!(line.off_percent.expect("not zero"), 25.0);
        let outside = lines(GivenTraffic::Given, &one(Metric::WaitMean, 19.5), &worlds);
        assert!(!outside[0].line.is_inside);
        // Of 20 numbers, the observed one among them, two are outermost.
        let count = |held: &[Held]| held[0].worlds_outside.iter().filter(|is| **is).count();
        assert_eq!((count(&found), count(&outside)), (2, 1));
    }

    #[test]
    fn given_requests_are_no_prediction_and_rare_numbers_no_line() {
        let worlds: Vec<Sheet> = (0..20).map(|value| one(Metric::RequestsPerDay, f64::from(value))).collect();
        let observed = one(Metric::RequestsPerDay, 3.0);
        assert!(lines(GivenTraffic::Given, &observed, &worlds).is_empty());
        assert_eq!(lines(GivenTraffic::Forecast, &observed, &worlds).len(), 1);
        let some: Vec<Sheet> = worlds[..9].iter().cloned().chain((0..11).map(|_| Sheet::new())).collect();
        assert!(lines(GivenTraffic::Forecast, &observed, &some).is_empty());
    }
}
