//! What lines outside of their bands point to: causes before what follows from them.

use serde::{Deserialize, Serialize};

use super::lines::{BacktestLine, GivenTraffic, Held};
use super::numbers::{BacktestSubject, Metric};

/// A cause is named where so few worlds have as many lines of its group outside, or more: one in twenty.
const LUCK: f64 = 0.05;
/// A consequence may be off by so many times as much as the cause that it is put down to.
const FOLLOWS: f64 = 3.0;
/// Those that are seen by themselves, each in lines of its own.
const INPUTS: [Cause; 4] = [Cause::Arrivals, Cause::Service, Cause::Boots, Cause::Failures];

/// What a line tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// How many requests come, and when.
    Arrivals,
    /// How long requests execute.
    Service,
    /// How long containers take to start.
    Boots,
    /// Which requests fail.
    Failures,
    /// When containers start and stop, and how requests find them.
    Rules,
    /// What containers cost.
    Prices,
}

impl Cause {
    /// What a number is a sign of by itself; `None` of seconds, which follow from others, and of what prices are judged by too.
    fn of(metric: Metric) -> Option<Self> {
        Some(match metric {
            Metric::RequestsPerDay | Metric::OtherHours => Self::Arrivals,
            Metric::ExecutionMean | Metric::ExecutionP50 | Metric::ExecutionP95 | Metric::ExecutionP99 => Self::Service,
            Metric::BootMean => Self::Boots,
            Metric::FailedShare => Self::Failures,
            Metric::ColdStartShare
            | Metric::WaitMean
            | Metric::LatencyMean
            | Metric::LatencyP50
            | Metric::LatencyP95
            | Metric::LatencyP99
            | Metric::BootPerDay => Self::Rules,
            Metric::UsdPerDay => Self::Prices,
            Metric::BusyPerDay | Metric::IdlePerDay => return None,
        })
    }

    fn name(self) -> &'static str {
        match self {
            Self::Arrivals => "arrivals",
            Self::Service => "service times",
            Self::Boots => "boots",
            Self::Failures => "failures",
            Self::Rules => "rules",
            Self::Prices => "prices or idle time",
        }
    }

    /// What is so if it is the cause.
    fn words(self) -> &'static str {
        match self {
            Self::Arrivals => "the second part's traffic is not that of the first",
            Self::Service => "requests execute otherwise than in the first part, or follow no law that was tried",
            Self::Boots => "containers take another time to start than in the first part",
            Self::Failures => "another share of the requests fails than in the first part",
            Self::Rules => "windows, scaling and routing of the scenario are not what was in force",
            Self::Prices => "what is paid is not what the scenario's containers would cost",
        }
    }
}

/// A cause that stands out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Named {
    pub(crate) cause: Cause,
    /// Lines of its group that are outside and follow from nothing else.
    pub(crate) outside: u32,
    /// Lines of its group.
    pub(crate) of: u32,
    /// How far the farthest of them is off.
    moved: f64,
}

impl Named {
    pub(crate) fn words(&self) -> String {
        let Self { cause, outside, of, .. } = self;
        let lines = if *of == 1 {
            "The only line that tells it points".to_owned()
        } else {
            format!("{outside} of {of} lines point")
        };
        format!("{lines} to {}: {}.", cause.name(), cause.words())
    }
}

/// Inputs that are farther outside than luck goes, each observed number once.
pub(crate) fn far_outside(held: &[Held]) -> Vec<&BacktestLine> {
    let lines = INPUTS.iter().flat_map(|cause| judged(held, |metric| Cause::of(metric) == Some(*cause)));
    lines.map(|held| &held.line).filter(|line| is_far_outside(line)).collect()
}

/// The causes that stand out: inputs, those with the most lines first, then rules, then prices.
///
/// Rules and prices are judged by what does not follow from an input that is named, prices by what does not follow from
/// seconds either. Where nothing is named and numbers are outside with forecast arrivals alone, it is arrivals.
///
/// - `are_prices_told`: whether dollars say something of prices.
pub(crate) fn causes(held: &[Held], are_prices_told: bool) -> Vec<Named> {
    let of_cause = |cause: Cause| judged(held, |metric| Cause::of(metric) == Some(cause));
    let mut all: Vec<Named> =
        INPUTS.iter().filter_map(|cause| Named::of(*cause, &of_cause(*cause), |_| true)).collect();
    all.sort_by(|a, b| b.outside.cmp(&a.outside).then(a.cause.cmp(&b.cause)));
    let inputs = all.clone();
    // Arrivals that are given move nothing.
    let follows = |line: &BacktestLine| {
        let moves = |named: &&Named| line.traffic == GivenTraffic::Forecast || named.cause != Cause::Arrivals;
        moved(line) <= FOLLOWS * farthest(inputs.iter().filter(moves).map(|named| named.moved))
    };
    let rules = Named::of(Cause::Rules, &of_cause(Cause::Rules), |line| !follows(line));
    let prices = judged(held, |metric| matches!(metric, Metric::UsdPerDay | Metric::IdlePerDay));
    let paid = Paid::of(held, &prices, |line| {
        follows(line) || rules.is_some_and(|rules| moved(line) <= FOLLOWS * rules.moved)
    });
    let prices = Named::of(Cause::Prices, &prices, |line| !follows(line) && !paid.follows(line));
    all.extend(rules.into_iter().chain(prices.filter(|_| are_prices_told)));
    if all.is_empty() {
        all.extend(Named::of(Cause::Arrivals, &of_forecast_alone(held), |_| true));
    }
    all
}

impl Named {
    /// Judges a cause by its lines.
    ///
    /// - `is_told`: whether a line outside says something of it.
    fn of(cause: Cause, group: &[&Held], is_told: impl Fn(&BacktestLine) -> bool) -> Option<Self> {
        let lines = || group.iter().map(|held| &held.line).filter(|line| !line.is_inside && is_told(line));
        let outside = lines().count();
        let is_named = outside > 0 && (lines().any(is_far_outside) || luck(group, outside) <= LUCK);
        let (outside, of) = (outside as u32, group.len() as u32);
        is_named.then(|| Self { cause, outside, of, moved: farthest(lines().map(moved)) })
    }
}

/// How often a period of the same truth has so many lines of a group outside, or more. What was observed is one more world if
/// the prediction is right, so that worlds tell it, with all that makes lines hang together.
fn luck(group: &[&Held], outside: usize) -> f64 {
    let worlds = group.iter().map(|held| held.worlds_outside.len()).max().unwrap_or(0);
    let of_world = |world: usize| group.iter().filter(|held| held.worlds_outside.get(world) == Some(&true)).count();
    let so_many = (0..worlds).filter(|world| of_world(*world) >= outside).count();
    (1 + so_many) as f64 / (1 + worlds) as f64
}

/// The lines of some metrics, each observed number once: with the arrivals given where there are such lines, and those of models,
/// pools and days where there are those, of which the fleet's are made and with whose mix they move.
fn judged(held: &[Held], is_of: impl Fn(Metric) -> bool) -> Vec<&Held> {
    let own: Vec<&Held> = held.iter().filter(|held| is_of(held.line.metric)).collect();
    let is_given_too = |line: &BacktestLine| own.iter().any(|other| is_given_number(&other.line, line));
    let has_parts = |line: &BacktestLine| {
        let is_part = |other: &BacktestLine| other.metric == line.metric && other.subject != BacktestSubject::Fleet;
        own.iter().any(|other| is_part(&other.line))
    };
    let counts = |line: &BacktestLine| {
        (line.traffic == GivenTraffic::Given || !is_given_too(line))
            && (line.subject != BacktestSubject::Fleet || !has_parts(line))
    };
    own.iter().copied().filter(|held| counts(&held.line)).collect()
}

fn is_given_number(line: &BacktestLine, of: &BacktestLine) -> bool {
    line.traffic == GivenTraffic::Given && line.metric == of.metric && line.subject == of.subject
}

/// Lines with forecast arrivals, but those that are outside with given ones too.
fn of_forecast_alone(held: &[Held]) -> Vec<&Held> {
    let is_outside_too =
        |line: &BacktestLine| held.iter().any(|other| !other.line.is_inside && is_given_number(&other.line, line));
    let is_alone =
        |line: &BacktestLine| line.traffic == GivenTraffic::Forecast && (line.is_inside || !is_outside_too(line));
    let has_given = held.iter().any(|held| held.line.traffic == GivenTraffic::Given);
    held.iter().filter(|held| has_given && is_alone(&held.line)).collect()
}

/// What is outside of the seconds that dollars are paid for.
struct Paid {
    /// How far those are off, as a logarithm.
    seconds_moved: f64,
    /// Whether idle seconds, which the bill tells, follow from what is named without it.
    is_idle_told: bool,
}

impl Paid {
    /// - `prices`: the lines that prices are judged by.
    /// - `follows`: whether idle seconds follow from inputs or rules that are named.
    fn of(held: &[Held], prices: &[&Held], follows: impl Fn(&BacktestLine) -> bool) -> Self {
        let traffic = prices.first().map(|held| held.line.traffic);
        let outside =
            || held.iter().map(|held| &held.line).filter(|line| !line.is_inside && Some(line.traffic) == traffic);
        let is_idle_told = outside().any(|line| line.metric == Metric::IdlePerDay && follows(line));
        let is_paid = |metric: Metric| match metric {
            Metric::BusyPerDay | Metric::BootPerDay => true,
            Metric::IdlePerDay => is_idle_told,
            _ => false,
        };
        let seconds_moved = farthest(outside().filter(|line| is_paid(line.metric)).map(moved));
        Self { seconds_moved, is_idle_told }
    }

    fn follows(&self, line: &BacktestLine) -> bool {
        match line.metric {
            Metric::IdlePerDay => self.is_idle_told,
            _ => moved(line) <= FOLLOWS * self.seconds_moved,
        }
    }
}

fn farthest(moved: impl Iterator<Item = f64>) -> f64 {
    moved.fold(0.0, f64::max)
}

/// How far a prediction is off, as a logarithm; shares of all requests by their distance: they move others by so much.
fn moved(line: &BacktestLine) -> f64 {
    if matches!(line.metric, Metric::FailedShare | Metric::OtherHours) {
        return (line.observed - line.predicted).abs();
    }
    let ratio = line.predicted / line.observed;
    if ratio > 0.0 { ratio.ln().abs() } else { f64::INFINITY }
}

/// Whether a number lies farther outside of its band than the band is wide, both as square roots, which makes counts about
/// normal: 4.9 standard deviations, one time in a million, if it were right; of five failures where none or one is expected
/// one in 25,000. The 99th of a hundred hangs on single requests and is left out, and so is a band of no width, and a daily
/// curve that is nearer to the first part's than luck makes it.
fn is_far_outside(line: &BacktestLine) -> bool {
    if matches!(line.metric, Metric::ExecutionP99 | Metric::LatencyP99) {
        return false;
    }
    let [low, high, observed] = [line.low, line.high, line.observed].map(|of| of.max(0.0).sqrt());
    let below = if line.metric == Metric::OtherHours { 0.0 } else { low - observed };
    high > low && (observed - high).max(below) > high - low
}

#[cfg(test)]
#[path = "causes_tests.rs"]
mod tests;
