//! What a month's bill comes to when luck plays: months put together from the simulated days.

use fleetfront_scenario::{Platform, Scenario};
use fleetfront_sim::Luck;
use serde::{Deserialize, Serialize};

use crate::estimate::Estimate;
use crate::statistics::{Interval, clopper_pearson};

/// Months that are drawn: a probability is known to 1 % or better.
const MONTHS: u32 = 4_000;
/// Times that the simulated days are drawn anew, to see how much the answer rests on them.
const REPEATS: u32 = 200;
/// Months drawn each of these times.
const MONTHS_A_REPEAT: u32 = 400;
/// Of every interval that a study states.
const CONFIDENCE: f64 = 0.95;
/// Below so many simulated days of a kind the months are visibly too alike.
const DAYS_ENOUGH: usize = 20;

/// The bill of a month, drawn many times: the simulated days are put together to months, each day of the week from its
/// own, and each month is billed by the plan. It holds the luck of the days, and nothing of what is wrong with the
/// inputs or of what happens to whole months.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MonthlyBill {
    /// One month in twenty is cheaper.
    pub bill_usd_p5: Estimate,
    /// Half of the months are.
    pub bill_usd_p50: Estimate,
    /// One month in twenty is dearer.
    pub bill_usd_p95: Estimate,
    /// What the scenario has to spend, and how often that is not enough.
    pub budget: Option<BudgetOutlook>,
    /// What it rests on, in words.
    pub rests_on: String,
}

/// A budget and the months that exceed it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct BudgetOutlook {
    /// What there is to spend, in dollars a month.
    pub budget_usd_month: f64,
    /// Probability that a month's bill is more. With none or all of the drawn months above it, the other end of the
    /// interval is the exact bound for their number.
    pub exceeded: Estimate,
}

impl BudgetOutlook {
    /// As a sentence has it.
    #[must_use]
    pub fn words(&self) -> String {
        let Estimate { value, low, high } = self.exceeded;
        let percent = |share: f64| match share * 100.0 {
            0.0 => "0".to_owned(),
            100.0 => "100".to_owned(),
            percent if percent < 0.1 => "< 0.1".to_owned(),
            percent if percent > 99.9 => "> 99.9".to_owned(),
            percent if !(10.0..=90.0).contains(&percent) => format!("{percent:.1}"),
            percent => format!("{percent:.0}"),
        };
        let budget = self.budget_usd_month;
        let (value, low, high) = (percent(value), percent(low), percent(high));
        format!("budget ${budget:.0}: exceeded in {value} % of months ({low} to {high})")
    }
}

/// The costs of the trials of an allocation, by the weekday on which they begin.
struct Days {
    /// One entry a weekday, where these differ; else one.
    by_weekday: Vec<Vec<f64>>,
}

/// - `first_trial`: the number of the first of the trials.
/// - `costs_usd`: what each trial cost, in their order.
pub(crate) fn monthly_bill(scenario: &Scenario, first_trial: u32, costs_usd: &[f64], seed: u64) -> MonthlyBill {
    let traffic = &scenario.traffic;
    let weekday = |trial: u32| if traffic.is_weekly() { traffic.weekday(trial) as usize } else { 0 };
    let mut days = Days { by_weekday: vec![Vec::new(); if traffic.is_weekly() { 7 } else { 1 }] };
    for (trial, cost) in (first_trial..).zip(costs_usd) {
        days.by_weekday[weekday(trial)].push(*cost);
    }
    let length = scenario.platform.days_per_month / traffic.days();
    let months = Months { length, weekdays: [0, 1, 2, 3, 4, 5, 6].map(weekday), luck: Luck(seed ^ MONTH_LUCK) };
    let simulated = match traffic.days() {
        1.0 => format!("{} simulated days", costs_usd.len()),
        each => format!("{} simulated trials of {each} days", costs_usd.len()),
    };
    MonthlyBill { rests_on: months.rests_on(&days, &simulated), ..months.bill(&days, &scenario.platform) }
}

/// Keeps the draws of months apart from those of anything else.
const MONTH_LUCK: u64 = 0x006D_6F6E_7468_6C79;

/// How months are made.
struct Months {
    /// Trials in one, the last of which may count in part.
    length: f64,
    /// The weekday of seven trials in a row, from which it goes on.
    weekdays: [usize; 7],
    luck: Luck,
}

impl Months {
    fn bill(&self, days: &Days, platform: &Platform) -> MonthlyBill {
        let bills = |days: &Days, count: u32, luck: Luck| {
            let mut bills: Vec<f64> = (0..count).map(|k| platform.bill_usd(self.cost(days, luck.child(k)))).collect();
            bills.sort_by(f64::total_cmp);
            bills
        };
        let drawn = bills(days, MONTHS, self.luck.child(0));
        let repeats: Vec<Vec<f64>> = (1..=REPEATS)
            .map(|repeat| {
                let luck = self.luck.child(repeat);
                bills(&days.drawn_anew(luck), MONTHS_A_REPEAT, luck)
            })
            .collect();
        let of = |read: &dyn Fn(&[f64]) -> f64| {
            let mut others: Vec<f64> = repeats.iter().map(|bills| read(bills)).collect();
            others.sort_by(f64::total_cmp);
            let value = read(&drawn);
            let (low, high) =
                (quantile(&others, (1.0 - CONFIDENCE) / 2.0), quantile(&others, f64::midpoint(1.0, CONFIDENCE)));
            Estimate { value, low: low.min(value), high: high.max(value) }
        };
        let percentile = |p: f64| of(&|bills: &[f64]| quantile(bills, p));
        let budget = platform.budget_usd_month.map(|budget_usd_month| {
            let above = |bills: &[f64]| bills.len() - bills.partition_point(|bill| *bill <= budget_usd_month);
            let exceeded = of(&|bills: &[f64]| above(bills) as f64 / bills.len() as f64);
            let exceeded = exactly_bounded(exceeded, above(&drawn) as u64, drawn.len() as u64);
            BudgetOutlook { budget_usd_month, exceeded }
        });
        MonthlyBill {
            bill_usd_p5: percentile(0.05),
            bill_usd_p50: percentile(0.50),
            bill_usd_p95: percentile(0.95),
            budget,
            rests_on: String::new(),
        }
    }

    /// The cost of one month: it begins on any day of the week, and the days follow each other.
    fn cost(&self, days: &Days, luck: Luck) -> f64 {
        let start = (luck.uniform(0, 1) * 7.0) as usize;
        let whole = self.length.floor();
        let trial = |k: usize| days.draw(self.weekdays[(start + k) % 7], luck.uniform(k as u32, 0));
        let of_whole: f64 = (0..whole as usize).map(trial).sum();
        let rest = self.length - whole;
        if rest > 0.0 { of_whole + rest * trial(whole as usize) } else { of_whole }
    }

    fn rests_on(&self, days: &Days, simulated: &str) -> String {
        let kinds = days.by_weekday.len();
        let fewest = days.by_weekday.iter().map(Vec::len).min().unwrap_or(0);
        let trials: usize = days.by_weekday.iter().map(Vec::len).sum();
        let own = if kinds > 1 { ", each day of the week from its own" } else { "" };
        let mut parts = vec![
            format!("{MONTHS} months put together from {simulated}{own}"),
            "it holds the luck of the days, not wrong inputs, nor months that differ as a whole".to_owned(),
        ];
        if fewest == 0 {
            parts.push("not every day of the week was simulated: the others stand in for it".to_owned());
        } else if fewest < DAYS_ENOUGH {
            let n = fewest as f64;
            let narrow = (1.0 - ((n - 1.0) / n).sqrt()) * 100.0;
            let of_each = if kinds > 1 { " of each day of the week" } else { "" };
            parts.push(format!("with {fewest}{of_each} the spread comes out about {narrow:.0} % too small"));
        }
        if (trials as f64) < self.length {
            parts.push("fewer days than a month has were simulated".to_owned());
        }
        parts.join("; ")
    }
}

impl Days {
    /// One of a weekday; of any, where none was simulated on it.
    fn draw(&self, weekday: usize, uniform: f64) -> f64 {
        let own = &self.by_weekday[weekday];
        if own.is_empty() {
            let others = || self.by_weekday.iter().flatten();
            return others().nth(place(uniform, others().count())).copied().unwrap_or(0.0);
        }
        own[place(uniform, own.len())]
    }

    /// As many of each weekday, drawn from them with replacement.
    fn drawn_anew(&self, luck: Luck) -> Self {
        // Purposes 0 and 1 are those of the months' own draws.
        let of_weekday = |(own, purpose): (&Vec<f64>, u32)| {
            let draw = |k: usize| own[place(luck.child(k as u32).uniform(0, purpose), own.len())];
            (0..own.len()).map(draw).collect()
        };
        Self { by_weekday: self.by_weekday.iter().zip(2..).map(of_weekday).collect() }
    }
}

/// Which of `count` things a uniform number in [0, 1) means.
fn place(uniform: f64, count: usize) -> usize {
    ((uniform * count as f64) as usize).min(count.saturating_sub(1))
}

/// Of sorted numbers: the smallest that so large a share does not exceed.
fn quantile(sorted: &[f64], p: f64) -> f64 {
    sorted[((p * sorted.len() as f64).ceil() as usize).clamp(1, sorted.len()) - 1]
}

/// Where nobody or everybody exceeds, the resampled days do not differ either: the exact bound of the drawn months does
/// not vanish with them.
fn exactly_bounded(estimate: Estimate, successes: u64, n: u64) -> Estimate {
    if successes > 0 && successes < n {
        return estimate;
    }
    let Interval { low, high } = clopper_pearson(successes, n, CONFIDENCE);
    Estimate { low: estimate.low.min(low), high: estimate.high.max(high), ..estimate }
}

#[cfg(test)]
mod tests;
