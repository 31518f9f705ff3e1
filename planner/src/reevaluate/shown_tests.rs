//! A right scenario whose window is as short as a boot, held against its own logs, and against those of other windows.

use fleetfront_calibration::Fit;

use super::*;
use crate::backtest::{Dates, SimulatedPeriod, short_window, short_window_log};
use crate::reevaluate::time_tests::{mean_test, selected_mean_test, spread_test};

/// Monday 2026-01-05, 00:00 UTC.
const MONDAY_NS: i64 = 1_767_571_200_000_000_000;

/// Whether boots of the first model are rejected at a twentieth, with the selection of the log and without: their mean, and
/// their spread.
fn rejected(number: u32) -> [[bool; 2]; 2] {
    let scenario = short_window();
    let observed = short_window_log(number, 3).observed;
    let calls = ObservedCalls::of(&observed, &scenario, &Dates::default()).expect("whole days");
    let served = &scenario.allocations[0];
    let shown =
        Shown::of(&scenario, served, &calls, u64::from(number), &Control::default()).expect("nobody interrupts");
    let cell = Cell { place: (0, 0, 0), of_boots: true };
    let fit: &Fit = scenario.models[0].variants[0].cells[0].boot.as_ref().expect("it boots");
    let seconds = &calls.models[0].boot_s;
    let mean = |selection| mean_test(seconds, 40.0, fit, selection).p_value < 0.05;
    let form = Form::of_law(&fit.law);
    let (expected, _) = shown.expected(cell, seconds.len(), form).expect("a law");
    let spread = |expected| spread_test(seconds, expected, 1).expect("no fixed time") < 0.05;
    [[mean(shown.selection(cell, 40.0)), spread(expected)], [mean(Selection::NONE), spread(Expected::Law(&fit.law))]]
}

#[test]
fn boots_of_a_right_scenario_are_not_rejected_for_those_that_no_request_shows() {
    let all: Vec<[[bool; 2]; 2]> = (0..20).map(rejected).collect();
    let count = |way: usize, test: usize| all.iter().filter(|of| of[way][test]).count();
    let [with, without] = [0, 1].map(|way| [0, 1].map(|test| count(way, test)));
    assert!(with[0] <= 2 && with[1] <= 3, "{with:?} of 20, where one is expected");
    assert!(without[0] >= 15, "{without:?} of 20: the selection does nothing here");
}

/// Eight days of another window, and what logs simulated with their arrivals show.
///
/// - `window_s`: of the log; the scenario says 20. `slower`: how much longer its boots take.
fn shown(number: u32, window_s: f64, slower: f64) -> (ObservedCalls, Shown) {
    let scenario = short_window();
    let mut truth = scenario.clone();
    let window = fleetfront_sim::Seconds::new(window_s).expect("a span");
    truth.allocations[0].pools.iter_mut().for_each(|pool| pool.settings.scaledown_window = window);
    let cell = Cell { place: (0, 0, 0), of_boots: true };
    Adopted::Times { cell, factor: slower }.put(&mut truth);
    let log = SimulatedPeriod::of(&truth, 0, MONDAY_NS, 8, (79, number)).expect("a zone");
    let calls = ObservedCalls::of(&log.observed, &scenario, &Dates::default()).expect("whole days");
    let shown = Shown::of(&scenario, &scenario.allocations[0], &calls, u64::from(number), &Control::default());
    (calls, shown.expect("nobody interrupts"))
}

/// Whether the boot mean of a log is rejected at a twentieth by the simulated selection alone, and by that and none.
fn mean_rejected(number: u32, window_s: f64, slower: f64) -> [bool; 2] {
    let scenario = short_window();
    let (calls, shown) = shown(number, window_s, slower);
    let selection = shown.selection(Cell { place: (0, 0, 0), of_boots: true }, 40.0);
    let fit = scenario.models[0].variants[0].cells[0].boot.as_ref().expect("it boots");
    let seconds = &calls.models[0].boot_s;
    [mean_test, selected_mean_test].map(|test| test(seconds, 40.0, fit, selection).p_value < 0.05)
}

#[test]
fn boots_are_not_rejected_for_a_window_that_is_wrong() {
    let count = |window_s: f64, slower: f64| {
        let all: Vec<[bool; 2]> = (0..12).map(|number| mean_rejected(number, window_s, slower)).collect();
        [0, 1].map(|test| all.iter().filter(|of| of[test]).count())
    };
    let wrong = count(60.0, 1.0);
    assert!(wrong[0] >= 8, "{wrong:?} of 12: the wrong window does nothing here");
    assert!(wrong[1] <= 2, "{wrong:?} of 12, where one is expected at most");
    let right = count(20.0, 1.0);
    assert!(right[1] <= 2, "{right:?} of 12, where one is expected at most");
    assert_eq!([count(20.0, 1.5), count(60.0, 1.5)], [[12; 2]; 2]);
}

/// Standard deviations of 5 and 6 s about 40: the root of 61 over 40.
#[test]
fn boots_in_phases_have_a_form_and_those_with_an_image_have_none() {
    let law = |mean_s: f64, cv: f64| Law::lognormal(fleetfront_sim::Seconds::new(mean_s).expect("a span"), cv);
    let phases = vec![law(10.0, 0.5), law(30.0, 0.2)];
    let mut plan = BootPlan { image: None, bill_image: true, phases, snapshot: None };
    let form = Form::of_plan(&plan).expect("phases alone");
    approx::assert_relative_eq!(form.cv, 61f64.sqrt() / 40.0, max_relative = 1e-9);
    assert!(form.law.is_none());
    plan.phases.truncate(1);
    assert_eq!(Form::of_plan(&plan).expect("one law").law, plan.phases.first());
    plan.image = Some(law(20.0, 0.3));
    assert!(Form::of_plan(&plan).is_none());
}

/// Windows of 20 s, as the scenario says, and of 60; the first day counts for nothing, as it begins with nothing up.
#[test]
fn windows_that_are_wrong_show_another_number_of_boots() {
    let p_values = |window_s: f64| -> Vec<f64> {
        let boots = |number: u32| {
            let (calls, shown) = shown(number, window_s, 1.0);
            let boots = shown.boots(&calls.models[0]).expect("hundreds of boots");
            assert!(boots.words().starts_with("of days 1 to 8, "), "{}", boots.words());
            boots.p_value
        };
        (0..6).map(boots).collect()
    };
    let (right, wrong) = (p_values(20.0), p_values(60.0));
    assert!(right.iter().filter(|p| **p < 0.05).count() <= 1, "{right:?}");
    assert!(wrong.iter().all(|p| *p < 1e-6), "{wrong:?}");
}

#[test]
fn a_model_without_a_call_is_of_the_log_unless_others_were_named() {
    let scenario = short_window();
    let mut observed = short_window_log(1, 3).observed;
    observed.requests.retain(|request| request.model == 0);
    observed.models.truncate(1);
    let calls = |observed: &crate::backtest::Observed| {
        ObservedCalls::of(observed, &scenario, &Dates::default()).expect("whole days").models
    };
    let all = calls(&observed);
    assert_eq!((all.len(), all[1].model, all[1].at_s.len()), (2, 1, 0));
    assert_eq!(all[0].boot_s.len(), all[0].boot_at_s.len());
    observed.only = vec![scenario.models[0].name.clone()];
    assert_eq!(calls(&observed).len(), 1);
}
