//! Whether the bands of a backtest hold what they promise, number by number: in each of many worlds another truth, its days
//! simulated as a log and a bill, the first half calibrated on and the other half predicted by a scenario that does not know
//! the truth. Of eight days laws are redrawn by single times, of fourteen by whole days.

use std::collections::BTreeMap;

use fleetfront_planner::{
    BacktestLine, BacktestOptions, BacktestSubject, Backtested, Control, Dates, GivenTraffic, Metric, ReadyBacktest,
    SimulatedPeriod,
};

use crate::truths::{scenario, truth};

/// Monday 2026-01-05, 00:00 UTC.
const MONDAY_NS: i64 = 1_767_571_200_000_000_000;
/// Worlds of each prediction: the band is between the third and the 57th of them.
const WORLDS: u32 = 59;
/// A forecast takes ten times as long as all else, because traffic is fitted 40 times: one truth in four has one.
const FORECAST_EVERY: u32 = 4;
/// What the share of all numbers has to lie in, and, more loosely because fewer numbers tell it, that of each one.
const ACCEPTED: (f64, f64) = (0.85, 0.95);
const ENOUGH: u64 = 200;
const ACCEPTED_OF_ONE: (f64, f64) = (0.80, 0.98);

/// What is tried: days and their traffic, in the order of the columns.
const CASES: [(u32, GivenTraffic); 3] =
    [(8, GivenTraffic::Given), (14, GivenTraffic::Given), (8, GivenTraffic::Forecast)];
/// Of each case how many numbers lay inside, and how many there were.
type Counts = [(u64, u64); CASES.len()];

/// Prints how often each number lay in its band; whether that is what bands of 90 % promise.
pub(crate) fn print(truths: u64, control: &Control) -> bool {
    let mut counts: BTreeMap<(Metric, &str), Counts> = BTreeMap::new();
    for number in 0..truths as u32 {
        for days in [8, 14] {
            for line in lines(number, days, control) {
                let subject = match line.subject {
                    BacktestSubject::Fleet => "fleet",
                    BacktestSubject::Model(_) => "models",
                    BacktestSubject::Pool(_) => "pools",
                    BacktestSubject::Day(_) => "days",
                };
                let case = CASES.iter().position(|case| *case == (days, line.traffic)).expect("a case");
                let count = &mut counts.entry((line.metric, subject)).or_default()[case];
                count.0 += u64::from(line.is_inside);
                count.1 += 1;
            }
        }
    }
    println!("backtest: {truths} truths, {WORLDS} worlds each; per cent of the observed numbers in their 90 % bands");
    let columns = CASES.map(|(days, traffic)| format!("{0} + {0} days, {1}", days / 2, traffic.word()));
    println!("{:24} {:7} {}", "number", "of", columns.map(|column| format!("{column:>24}")).join(""));
    let mut holds = true;
    let mut all = Counts::default();
    for ((metric, subject), of_cases) in &counts {
        holds &= print_row(metric.name(), subject, of_cases, (ACCEPTED_OF_ONE, ENOUGH));
        for (sum, count) in all.iter_mut().zip(of_cases) {
            *sum = (sum.0 + count.0, sum.1 + count.1);
        }
    }
    holds & print_row("all numbers", "", &all, (ACCEPTED, 0))
}

/// Prints a line; whether all shares that rest on enough numbers lie in what is accepted.
fn print_row(name: &str, subject: &str, counts: &Counts, ((low, high), enough): ((f64, f64), u64)) -> bool {
    let mut holds = true;
    let cells = counts.map(|(inside, all)| {
        if all == 0 {
            return format!("{:>24}", "-");
        }
        let share = inside as f64 / all as f64;
        // Fewer numbers tell no share.
        let is_accepted = all < enough || (low..=high).contains(&share);
        holds &= is_accepted;
        let error = 100.0 * (share * (1.0 - share) / all as f64).sqrt();
        let mark = if is_accepted { ' ' } else { '!' };
        format!("{:>12.1} ({error:3.1}) of {all:4}{mark}", 100.0 * share)
    });
    println!("{name:24} {subject:7} {}", cells.join(""));
    holds
}

/// The numbers of a backtest of so many days of a truth.
fn lines(number: u32, days: u32, control: &Control) -> Vec<BacktestLine> {
    let period = SimulatedPeriod::of(&truth(number), 0, MONDAY_NS, days, (77, number)).expect("a known zone");
    let until = format!("2026-01-{:02}", 5 + days);
    let dates = Dates { from: Some("2026-01-05".into()), until: Some(until), split: None };
    let is_asked = |traffic: &GivenTraffic| {
        CASES.contains(&(days, *traffic)) && (*traffic == GivenTraffic::Given || number.is_multiple_of(FORECAST_EVERY))
    };
    let traffic = [GivenTraffic::Given, GivenTraffic::Forecast].into_iter().filter(is_asked).collect();
    let seed = u64::from(number) + 1;
    let options = BacktestOptions { allocation: 0, dates, traffic, worlds: WORLDS, seed, pass_share: 0.8 };
    let own = scenario();
    let given = Backtested { scenario: &own, observed: &period.observed, bill: Some(&period.bill), rates: None };
    let ready = ReadyBacktest::new(given, &options).expect("the log fits the scenario");
    ready.run(control).expect("nobody interrupts").lines
}
