//! Causes of lines that are made up, and of truths that change in one thing.

use fleetfront_scenario::Scenario;
use fleetfront_sim::Seconds;

use super::*;
use crate::backtest::tests::{BOTH, MONDAY_NS, options, run, truths};
use crate::backtest::{BacktestOptions, Bill, DAY_NS, Observed, SimulatedPeriod};

/// A line outside of its band, or none, and worlds of which one in ten lies outside, each of another line's.
fn held(subject: &str, metric: Metric, off_percent: f64) -> Held {
    let subject = match subject {
        "fleet" => BacktestSubject::Fleet,
        day if day.starts_with("2026") => BacktestSubject::Day(day.to_owned()),
        model => BacktestSubject::Model(model.to_owned()),
    };
    // So wide that nothing is a gross miss.
    let line = BacktestLine {
        traffic: GivenTraffic::Given,
        subject,
        metric,
        observed: 1.0,
        predicted: 1.0 + off_percent / 100.0,
        low: 0.0,
        high: 100.0,
        is_inside: off_percent == 0.0,
        off_percent: Some(off_percent),
    };
    Held { line, worlds_outside: Vec::new() }
}

fn named(mut lines: Vec<Held>) -> Vec<(Cause, u32)> {
    for (place, held) in lines.iter_mut().enumerate() {
        held.worlds_outside = (0..100).map(|world| world % 10 == place % 10).collect();
    }
    causes(&lines, true).iter().map(|named| (named.cause, named.outside)).collect()
}

/// Of two lines, one outside is luck: one world in five has it. Two are not.
#[test]
fn a_single_line_names_no_cause() {
    let boots = |of_b: f64| vec![held("a", Metric::BootMean, 20.0), held("b", Metric::BootMean, of_b)];
    assert_eq!(named(boots(0.0)), []);
    assert_eq!(named(boots(20.0)), [(Cause::Boots, 2)]);
    // The fleet's own is not counted, and what is outside with both arrivals is counted once.
    let mut lines = boots(0.0);
    lines.push(held("fleet", Metric::BootMean, 20.0));
    let mut again = held("a", Metric::BootMean, 20.0);
    again.line.traffic = GivenTraffic::Forecast;
    lines.push(again);
    assert_eq!(named(lines), []);
    // Far outside one is enough.
    let mut lines = boots(0.0);
    (lines[0].line.low, lines[0].line.high, lines[0].line.observed) = (0.0, 1.0, 5.0);
    assert_eq!(named(lines), [(Cause::Boots, 1)]);
}

/// Worlds say how lines hang together: where half of a model's are outside in one world in ten, half of them are luck.
#[test]
fn lines_that_hang_together_are_no_more_than_one() {
    let times = [Metric::ExecutionMean, Metric::ExecutionP50, Metric::ExecutionP95, Metric::ExecutionP99];
    let lines = |together: bool| {
        let mut lines: Vec<Held> = times.map(|metric| held("a", metric, 20.0)).into();
        lines.extend(times.map(|metric| held("b", metric, 0.0)));
        for (place, held) in lines.iter_mut().enumerate() {
            let own = if together { place / 4 } else { place };
            held.worlds_outside = (0..100).map(|world| world % 10 == own).collect();
        }
        causes(&lines, true).len()
    };
    assert_eq!((lines(true), lines(false)), (0, 1));
}

const RULES: [Metric; 4] = [Metric::WaitMean, Metric::LatencyP95, Metric::ColdStartShare, Metric::BootPerDay];

/// Boots twice as long: everything waits and costs more, and rules and prices are what they were.
#[test]
fn causes_come_before_what_follows_from_them() {
    let lines = |boots: f64| {
        let mut lines: Vec<Held> = RULES.map(|metric| held("a", metric, -20.0)).into();
        lines.push(held("fleet", Metric::UsdPerDay, -20.0));
        lines.extend(["a", "b"].map(|model| held(model, Metric::BootMean, boots)));
        lines
    };
    assert_eq!(named(lines(0.0)), [(Cause::Rules, 4)]);
    assert_eq!(named(lines(-50.0)), [(Cause::Boots, 2)]);
    // Boots that are a hundredth shorter move nothing by a fifth.
    assert_eq!(named(lines(-1.5)), [(Cause::Boots, 2), (Cause::Rules, 4)]);
    // Other arrivals move nothing where they are given.
    let mut other = lines(0.0);
    other.extend(["a", "b"].map(|model| held(model, Metric::RequestsPerDay, -50.0)));
    assert_eq!(named(other), [(Cause::Arrivals, 2), (Cause::Rules, 4)]);
}

/// Dollars follow from seconds: prices are named where seconds are right, and after rules.
#[test]
fn prices_are_named_only_where_seconds_do_not_explain_dollars() {
    let of = |waits: f64, beside: Option<(Metric, f64)>| {
        let dates = ["2026-01-12", "2026-01-13", "2026-01-14"];
        let mut lines: Vec<Held> = RULES[..3].iter().map(|metric| held("a", *metric, waits)).collect();
        lines.extend(dates.map(|date| held(date, Metric::UsdPerDay, -40.0)));
        lines.extend(beside.map(|(metric, off)| held("fleet", metric, off)));
        named(lines)
    };
    // Another window: waits and idle seconds. Without the latter, waits say nothing of dollars.
    assert_eq!(of(30.0, Some((Metric::IdlePerDay, -50.0))), [(Cause::Rules, 3)]);
    assert_eq!(of(30.0, None), [(Cause::Rules, 3), (Cause::Prices, 3)]);
    // Other prices: the idle seconds that the bill tells are wrong with its dollars.
    assert_eq!(of(0.0, Some((Metric::IdlePerDay, -60.0))), [(Cause::Prices, 4)]);
    assert_eq!(of(0.0, Some((Metric::BusyPerDay, -30.0))), []);
    // Busy seconds that are a hundredth off do not explain them.
    assert_eq!(of(0.0, Some((Metric::BusyPerDay, -1.0))), [(Cause::Prices, 3)]);
}

/// Numbers that are outside with forecast arrivals alone are the traffic's, whatever it is that has changed in it.
#[test]
fn what_is_outside_with_forecast_arrivals_alone_is_the_traffics() {
    let lines = |is_given_outside: bool| {
        let given = RULES.map(|metric| held("a", metric, if is_given_outside { 20.0 } else { 0.0 }));
        let mut lines: Vec<Held> = given.clone().into();
        lines.extend(given.map(|of| {
            let mut own = held("a", of.line.metric, 20.0);
            own.line.traffic = GivenTraffic::Forecast;
            own
        }));
        named(lines)
    };
    assert_eq!(lines(false), [(Cause::Arrivals, 4)]);
    assert_eq!(lines(true), [(Cause::Rules, 4)]);
}

/// Days of each part.
const DAYS: u32 = 5;

/// A truth whose second part is that of another one, with dollars times a factor.
fn changed(change: impl Fn(&mut Scenario), usd_factor: f64) -> SimulatedPeriod {
    let of = |scenario: &Scenario, number: u32| {
        SimulatedPeriod::of(scenario, 0, MONDAY_NS, 2 * DAYS, (77, number)).expect("a zone")
    };
    let mut other = truths::truth(1);
    change(&mut other);
    let [before, after] = [of(&truths::truth(1), 1), of(&other, 2)];
    let from_ns = MONDAY_NS + i64::from(DAYS) * DAY_NS;
    let mut requests = before.observed.requests;
    requests.retain(|request| request.at_ns < from_ns);
    requests.extend(after.observed.requests.into_iter().filter(|request| request.at_ns >= from_ns).map(
        |mut request| {
            // Containers of their own.
            request.container = request.container.map(|container| container + 1_000_000);
            request
        },
    ));
    let mut rows = before.bill.rows;
    rows.retain(|row| *row.interval_start < *"2026-01-10");
    rows.extend(after.bill.rows.into_iter().filter(|row| *row.interval_start >= *"2026-01-10").map(|mut row| {
        row.cost_usd *= usd_factor;
        row
    }));
    let observed = Observed { requests, ..before.observed };
    SimulatedPeriod { observed, bill: Bill { rows, ..before.bill } }
}

/// What a backtest points to where one thing has changed.
fn pointed(change: impl Fn(&mut Scenario), usd_factor: f64) -> Vec<Cause> {
    let period = changed(change, usd_factor);
    // Dollars alone are a sixth of the numbers.
    let pass_share = if usd_factor > 1.0 { 0.9 } else { 0.8 };
    let options = BacktestOptions { pass_share, ..options(39, &BOTH) };
    let found = run(&truths::scenario(), &period, 2 * DAYS, &options);
    found.verdict.points_to.iter().map(|(cause, _)| *cause).collect()
}

#[test]
fn truths_that_change_in_one_thing_point_to_it_alone() {
    assert_eq!(pointed(|_| {}, 1.0), [], "nothing has changed");
    let boots = |scenario: &mut Scenario| {
        let boot = scenario.models[0].variants[0].cells[0].boot.as_mut().expect("it boots");
        boot.law = boot.law.scaled(2.0);
    };
    assert_eq!(pointed(boots, 1.0), [Cause::Boots]);
    let service = |scenario: &mut Scenario| {
        let service = scenario.models[0].variants[0].cells[0].service.as_mut().expect("it runs");
        service.law = service.law.scaled(1.25);
    };
    assert_eq!(pointed(service, 1.0), [Cause::Service]);
    let traffic = |scenario: &mut Scenario| {
        scenario.models[0].requests_per_day *= 1.6;
        scenario.traffic.models[0].requests_per_day *= 1.6;
    };
    assert_eq!(pointed(traffic, 1.0), [Cause::Arrivals]);
    assert_eq!(pointed(|scenario| scenario.models[0].failure_probability = 0.2, 1.0), [Cause::Failures]);
    let window = |scenario: &mut Scenario| {
        let shorter = Seconds::new(100.0).expect("a span");
        scenario.allocations[0].pools.iter_mut().for_each(|pool| pool.settings.scaledown_window = shorter);
    };
    assert_eq!(pointed(window, 1.0), [Cause::Rules]);
    assert_eq!(pointed(|_| {}, 1.25), [Cause::Prices]);
}
