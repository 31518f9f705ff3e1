//! A window as short as a boot: one boot in several is seen by no request.

use fleetfront_scenario::Scenario;
use fleetfront_sim::{Law, Seconds};

use super::super::{
    BacktestLine, BacktestOptions, Backtested, Dates, GivenTraffic, Metric, ReadyBacktest, SimulatedPeriod,
};
use crate::backtest::tests::truths;
use crate::control::Control;

/// Monday 2026-01-05, 00:00 UTC.
const MONDAY_NS: i64 = 1_767_571_200_000_000_000;

/// Boots of 40 s, windows of 20.
pub(crate) fn short_window() -> Scenario {
    let mut scenario = truths::scenario();
    let seconds = |seconds: f64| Seconds::new(seconds).expect("a span");
    scenario.allocations[0].pools.iter_mut().for_each(|pool| pool.settings.scaledown_window = seconds(20.0));
    for (model, per_day) in [(0, 1_500.0), (1, 400.0)] {
        scenario.models[model].requests_per_day = per_day;
        scenario.traffic.models[model].requests_per_day = per_day;
        let cell = &mut scenario.models[model].variants[0].cells[0];
        let laws = [(&mut cell.service, 8.0, 0.3), (&mut cell.boot, 40.0, 0.5)];
        for (fit, mean_s, cv) in laws {
            let fit = fit.as_mut().expect("it runs there");
            (fit.law, fit.n) = (Law::lognormal(seconds(mean_s), cv), 100_000);
            (fit.kind, fit.factor) = (fleetfront_calibration::Kind::Measured, fleetfront_calibration::Factor::EXACT);
        }
    }
    scenario
}

/// Days of it.
pub(crate) fn short_window_log(number: u32, days: u32) -> SimulatedPeriod {
    SimulatedPeriod::of(&short_window(), 0, MONDAY_NS, days, (78, number)).expect("a zone")
}

/// Whether the observed mean waits and seconds of boots of both models lie in their bands.
fn inside(lines: &[BacktestLine]) -> Vec<bool> {
    let of = lines.iter().filter(|line| matches!(line.metric, Metric::WaitMean | Metric::BootPerDay));
    of.map(|line| line.is_inside).collect()
}

#[test]
fn boots_that_no_request_shows_count_as_well() {
    let scenario = short_window();
    let options = BacktestOptions {
        allocation: 0,
        dates: Dates::default(),
        traffic: vec![GivenTraffic::Given],
        worlds: 19,
        seed: 1,
        pass_share: 0.8,
    };
    let (mut shown, mut matched, mut share) = (0.0, 0.0, 0.0);
    let (mut plain_bands, mut bands) = (Vec::new(), Vec::new());
    let logs = 4;
    for number in 0..logs {
        let period = short_window_log(number, 8);
        let given = Backtested { scenario: &scenario, observed: &period.observed, bill: None, rates: None };
        let ready = ReadyBacktest::new(given, &options).expect("it fits");
        let control = Control::default();
        plain_bands.extend(inside(&ready.compared(&ready.measured, &control).expect("nobody interrupts").lines));
        let models = ready.matched(&control).expect("nobody interrupts");
        bands.extend(inside(&ready.compared(&models, &control).expect("nobody interrupts").lines));
        let told = models[0].told("often", None).boot.expect("hundreds of boots");
        let unshown = told.unshown.expect("boots are missing");
        (shown, matched) = (shown + unshown.shown_mean_s, matched + told.law.mean_s());
        share += unshown.share;
    }
    let [shown, matched, share] = [shown, matched, share].map(|of| of / f64::from(logs));
    let count = |all: &[bool]| all.iter().filter(|is_inside| **is_inside).count();
    // A quarter of the boots is missing, and those that are not are 2 s too short.
    assert!((0.2..0.3).contains(&share), "{share}");
    assert!(shown < 38.8 && (matched - 40.0).abs() < 0.6, "{shown} and {matched}");
    // Of 24 nine tenths are 21.6.
    let [without, with] = [count(&plain_bands), count(&bands)];
    assert!(with >= 20 && without <= 16, "{with} and {without} of {}", bands.len());
}
