//! Whether the bands of a backtest hold what they promise: in each of many worlds another truth, eight days of it simulated as
//! a log and a bill, the first four calibrated on and the last four predicted by a scenario that does not know the truth.

use std::collections::BTreeMap;

use fleetfront_planner::{
    BacktestOptions, BacktestSubject, Backtested, Control, Dates, GivenTraffic, Metric, ReadyBacktest, SimulatedPeriod,
};

use crate::truths::{scenario, truth};

/// Monday 2026-01-05, 00:00 UTC.
const MONDAY_NS: i64 = 1_767_571_200_000_000_000;
const DAYS: u32 = 8;
/// Worlds of each prediction: the band is between the third and the 57th of them.
const WORLDS: u32 = 59;
/// A forecast takes ten times as long as all else, because traffic is fitted 40 times: one truth in four has one.
const FORECAST_EVERY: u32 = 4;
/// What the share of all numbers has to lie in, and, more loosely because fewer numbers tell it, that of each one.
const ACCEPTED: (f64, f64) = (0.85, 0.95);
const ENOUGH: u64 = 200;
const ACCEPTED_OF_ONE: (f64, f64) = (0.80, 0.98);

/// Prints how often each number lay in its band; whether that is what bands of 90 % promise.
pub(crate) fn print(truths: u64, control: &Control) -> bool {
    let mut counts: BTreeMap<(GivenTraffic, Metric, &str), (u64, u64)> = BTreeMap::new();
    for number in 0..truths as u32 {
        let period = SimulatedPeriod::of(&truth(number), 0, MONDAY_NS, DAYS, (77, number)).expect("a known zone");
        let dates = Dates { from: Some("2026-01-05".into()), until: Some("2026-01-13".into()), split: None };
        let both = [GivenTraffic::Given, GivenTraffic::Forecast];
        let traffic = both[..if number % FORECAST_EVERY == 0 { 2 } else { 1 }].to_vec();
        let seed = u64::from(number) + 1;
        let options = BacktestOptions { allocation: 0, dates, traffic, worlds: WORLDS, seed, pass_share: 0.8 };
        let own = scenario();
        let given = Backtested { scenario: &own, observed: &period.observed, bill: Some(&period.bill), rates: None };
        let ready = ReadyBacktest::new(given, &options).expect("the log fits the scenario");
        for line in ready.run(control).expect("nobody interrupts").lines {
            let subject = match line.subject {
                BacktestSubject::Fleet => "fleet",
                BacktestSubject::Model(_) => "models",
                BacktestSubject::Pool(_) => "pools",
                BacktestSubject::Day(_) => "days",
            };
            let count = counts.entry((line.traffic, line.metric, subject)).or_default();
            count.0 += u64::from(line.is_inside);
            count.1 += 1;
        }
    }
    println!("backtest: {truths} truths, {WORLDS} worlds each; share of the observed numbers in their 90 % bands");
    let mut holds = true;
    let share = |(inside, all): (u64, u64)| inside as f64 / all as f64;
    for ((traffic, metric, subject), count) in &counts {
        let own = share(*count);
        let is_accepted = (ACCEPTED_OF_ONE.0..=ACCEPTED_OF_ONE.1).contains(&own);
        holds &= is_accepted || count.1 < ENOUGH;
        let mark = if is_accepted { "" } else { " !" };
        println!("{:9} {:7} {:24} {:6.1} of {}{mark}", traffic.word(), subject, metric.name(), 100.0 * own, count.1);
    }
    for traffic in [GivenTraffic::Given, GivenTraffic::Forecast] {
        let own = counts.iter().filter(|((other, ..), _)| *other == traffic);
        let all = own.fold((0, 0), |sum, (_, count)| (sum.0 + count.0, sum.1 + count.1));
        holds &= (ACCEPTED.0..=ACCEPTED.1).contains(&share(all));
        println!("{:9} all numbers {:38.1} of {}", traffic.word(), 100.0 * share(all), all.1);
    }
    holds
}
