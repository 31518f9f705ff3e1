//! Backtests of worlds whose truth is known, and of inputs that fit nothing.

use std::collections::BTreeMap;

use fleetfront_scenario::{Files, Scenario};

use super::*;
use crate::control::Control;

#[path = "../../../benches/coverage/truths.rs"]
pub(super) mod truths;

/// Monday 2026-01-05, 00:00 UTC.
pub(super) const MONDAY_NS: i64 = 1_767_571_200_000_000_000;

pub(super) fn options(worlds: u32, traffic: &[GivenTraffic]) -> BacktestOptions {
    let (dates, traffic) = (Dates::default(), traffic.to_vec());
    BacktestOptions { allocation: 0, dates, traffic, worlds, seed: 1, pass_share: 0.8 }
}

pub(super) const BOTH: [GivenTraffic; 2] = [GivenTraffic::Given, GivenTraffic::Forecast];

fn simulated(number: u32, days: u32) -> SimulatedPeriod {
    SimulatedPeriod::of(&truths::truth(number), 0, MONDAY_NS, days, (77, number)).expect("a zone")
}

/// Whether the log covers its first and last day is not left to luck.
pub(super) fn run(scenario: &Scenario, period: &SimulatedPeriod, days: u32, options: &BacktestOptions) -> Backtest {
    let until =
        fleetfront_workloads::midnights("UTC", MONDAY_NS, MONDAY_NS + i64::from(days) * DAY_NS).expect("a zone");
    let dates = Dates { from: Some("2026-01-05".into()), until: Some(until[days as usize].0.clone()), split: None };
    let options = BacktestOptions { dates, ..options.clone() };
    let given = Backtested { scenario, observed: &period.observed, bill: Some(&period.bill), rates: None };
    let ready = ReadyBacktest::new(given, &options).expect("it fits");
    ready.run(&Control::default()).expect("nobody interrupts")
}

#[test]
fn a_backtest_of_a_simulated_log_has_every_number() {
    let period = simulated(1, 8);
    let backtest = run(&truths::scenario(), &period, 8, &options(19, &BOTH));
    assert_eq!((backtest.first.days(), backtest.second.days()), (4, 4));
    let count = |traffic: GivenTraffic| backtest.lines.iter().filter(|line| line.traffic == traffic).count();
    // 14 numbers of two models and the fleet, dollars and idle seconds of the fleet, two pools, four days; requests and hours of three.
    assert_eq!((count(GivenTraffic::Given), count(GivenTraffic::Forecast)), (14 * 3 + 8, 16 * 3 + 8));
    assert!(backtest.absent.is_empty(), "{:?}", backtest.absent);
    // The arrivals are the period's own: what is left to luck is little. Of drawn ones whole weeks lie outside together.
    let given: Vec<&BacktestLine> = backtest.lines.iter().filter(|line| line.traffic == GivenTraffic::Given).collect();
    let inside = given.iter().filter(|line| line.is_inside).count();
    assert!(inside * 5 >= given.len() * 4, "{inside} of {}: {:#?}", given.len(), backtest.verdict);
    assert_eq!(backtest.verdict.passes, backtest.verdict.inside * 5 >= backtest.verdict.lines * 4);
    assert!(backtest.remarks.is_empty(), "{:?}", backtest.remarks);
    let json = serde_json::to_string(&backtest).expect("JSON");
    assert_eq!(serde_json::from_str::<Backtest>(&json).expect("it comes back"), backtest);
    assert_eq!(run(&truths::scenario(), &period, 8, &options(19, &BOTH)), backtest, "the same again");
}

/// How many observed numbers lie in their bands, and in bands half and twice as wide about their medians; of each kind of
/// number by itself.
fn covered(truths: u32) -> BTreeMap<Metric, [(u32, u32); 3]> {
    let mut counts: BTreeMap<Metric, [(u32, u32); 3]> = BTreeMap::new();
    for number in 0..truths {
        // Each fit of the traffic takes longer than all else: a few truths have one.
        let traffic = if number % 4 == 0 { &BOTH[..] } else { &BOTH[..1] };
        let backtest = run(&truths::scenario(), &simulated(number, 8), 8, &options(19, traffic));
        // A right prediction is hardly ever far outside.
        assert!(backtest.verdict.far_outside.is_empty(), "{number}: {:?}", backtest.verdict.far_outside);
        for line in &backtest.lines {
            let counts = counts.entry(line.metric).or_default();
            for (count, width) in counts.iter_mut().zip([1.0, 0.5, 2.0]) {
                let low = line.predicted + width * (line.low - line.predicted);
                let high = line.predicted + width * (line.high - line.predicted);
                count.0 += u32::from(low <= line.observed && line.observed <= high);
                count.1 += 1;
            }
        }
    }
    counts
}

/// Bands of 90 % hold about nine numbers in ten of truths that the scenario does not know; bands half as wide hold far fewer, and
/// bands twice as wide nearly all. So does every kind of number: cold starts, waits, latencies, executions, seconds, dollars.
/// Numbers of one truth hang together, so that the bounds are wide: the bench `coverage` has 200 truths.
#[test]
fn bands_hold_what_they_promise() {
    let counts = covered(20);
    let share = |(inside, all): (u32, u32)| f64::from(inside) / f64::from(all);
    let [as_told, halved, doubled] = [0, 1, 2].map(|width| {
        let all = counts.values().map(|of| of[width]);
        share(all.fold((0, 0), |sum, count| (sum.0 + count.0, sum.1 + count.1)))
    });
    let holds = |share: f64| (0.84..0.955).contains(&share);
    assert_eq!(counts.len(), 18, "{counts:?}");
    for (metric, [own, half, _]) in &counts {
        // Three standard errors of the numbers of 20 truths below nine in ten; all may lie inside.
        let least = 0.9 - 3.0 * (0.09 / f64::from(own.1.min(40))).sqrt();
        assert!(share(*own) >= least && half.0 < own.0, "{metric:?}: {own:?}, in bands half as wide {half:?}");
    }
    assert!(holds(as_told), "{as_told}");
    assert!(!holds(halved) && !holds(doubled), "{halved} and {doubled} would be taken for right");
}

#[test]
fn what_fits_nothing_is_refused() {
    let period = simulated(2, 4);
    let scenario = truths::scenario();
    let said = |scenario: &Scenario, observed: &Observed, bill: Option<&Bill>| {
        let options = options(19, &BOTH);
        let given = Backtested { scenario, observed, bill, rates: None };
        ReadyBacktest::new(given, &options).expect_err("an error").to_string()
    };
    let embedded = Scenario::load(&Files::embedded()).expect("the embedded scenario is valid");
    assert!(said(&embedded, &period.observed, None).contains("the scenario has no model \"often\""));
    let mut chained = truths::scenario();
    chained.models[0].next = Some(fleetfront_scenario::ChainStep { model: 1, probability: 0.5 });
    assert!(said(&chained, &period.observed, None).contains("\"often\" leads to further requests"));
    let mut bill = period.bill.clone();
    bill.rows.iter_mut().for_each(|row| row.interval_start = "2027-01-05".into());
    assert!(said(&scenario, &period.observed, Some(&bill)).contains("no row lies in"));
    let mut empty = period.observed.clone();
    empty.requests.clear();
    assert!(said(&scenario, &empty, None).contains("has no request"));
}

/// Prices of the scenario: 0.0005 a second of the GPU is 1.8 USD an hour.
#[test]
fn rates_are_held_against_the_prices_of_the_allocation() {
    let rates = BTreeMap::from([("gpu".to_owned(), 2.0), ("cpu".to_owned(), 0.36), ("volume".to_owned(), 0.1)]);
    let (scenario, period) = (truths::scenario(), simulated(3, 2));
    let given = Backtested { scenario: &scenario, observed: &period.observed, bill: None, rates: Some(&rates) };
    let options = BacktestOptions {
        dates: Dates { from: Some("2026-01-05".into()), until: Some("2026-01-07".into()), split: None },
        ..options(19, &[GivenTraffic::Given])
    };
    let ready = ReadyBacktest::new(given, &options).expect("it fits");
    let backtest = ready.run(&Control::default()).expect("nobody interrupts");
    let told = backtest.rates.expect("rates were given");
    assert_eq!(told.checks.iter().map(|check| check.differs).collect::<Vec<_>>(), [true, false, false]);
    assert_eq!(told.unmatched, ["volume"]);
    let words = backtest.verdict.sentences.join(" ");
    assert!(words.contains("GPU 1.8000 against 2.0000 USD an hour"), "{words}");
    assert!(backtest.absent.iter().any(|words| words.starts_with("dollars and idle seconds")));
}
