//! Cells are compared with those of other GPU types, and lend to them, at one shape only.

use approx::assert_relative_eq;

use super::tests::runs;
use super::{CalibratedCell, Calibration, CalibrationOptions, Flag};
use crate::day::Day;
use crate::runs::{Phase, Repeats, Runs, RunsOptions, Shape};

/// Two runs, a hundredth below and above in logarithms.
///
/// - `steps`: empty where the rows state none.
fn two(model: &str, gpu: &str, phase: &str, seconds: f64, steps: &str) -> String {
    let row = |by: f64| {
        format!("{model},v,{gpu},{phase},{},yes,,{steps},,2026-11-01,measured,{model} on {gpu}\n", seconds * by)
    };
    row(1.01) + &row(1.0 / 1.01)
}

fn warm(model: &str, gpu: &str, seconds: f64, steps: &str) -> String {
    two(model, gpu, "warm", seconds, steps)
}

/// 1 s and half a second a step, twice as long on a T4, at 10, 20 and 40 steps; most runs are of 20.
fn sizes(gpu: &str, by: f64) -> String {
    let at = |steps: u32| warm("m", gpu, by * (1.0 + 0.5 * f64::from(steps)), &steps.to_string());
    [10, 20, 20, 40].map(at).concat()
}

fn calibration(rows: &str, timed: Option<f64>) -> Calibration {
    let shape = |steps| Shape { steps: Some(steps), ..Shape::default() };
    let timed = timed.map(|steps| ["m", "n"].map(|model| (model.to_owned(), shape(steps))).to_vec());
    let options = CalibrationOptions {
        reference: Some("L40S".into()),
        timed: timed.unwrap_or_default(),
        ..CalibrationOptions::default()
    };
    Calibration::of(&runs(rows), &options)
}

fn cell<'a>(found: &'a Calibration, model: &str, gpu: &str) -> Option<&'a CalibratedCell> {
    found.cell(Phase::Warm, model, "v", gpu)
}

fn mean_s(found: &Calibration, model: &str, gpu: &str) -> f64 {
    cell(found, model, gpu).and_then(|cell| cell.fit.as_ref()).expect("a law").law.mean_s()
}

/// The ratio of a T4 to the L40S, and over how many models; `None` where none is compared.
fn ratio(found: &Calibration) -> Option<(f64, usize)> {
    found.pooled[0].ratios.first().map(|ratio| (ratio.ratio, ratio.models))
}

fn flag(found: &Calibration, model: &str) -> Option<String> {
    let flags = &cell(found, model, "T4").expect("a cell").flags;
    flags.iter().find(|flag| matches!(flag, Flag::NotCompared { .. })).map(ToString::to_string)
}

#[test]
fn cells_of_two_shapes_give_no_ratio_and_lend_nothing() {
    let rows = warm("m", "L40S", 4.0, "20") + &warm("m", "T4", 16.0, "40") + &warm("n", "L40S", 8.0, "20");
    let found = calibration(&rows, None);
    assert_eq!((ratio(&found), cell(&found, "n", "T4")), (None, None));
    let words = "not compared with L40S: the times are of 40 steps, and those on L40S of 20 steps; measure both at one shape, \
                 or several sizes with their shape columns, or say which one is wanted (--shape)";
    assert_eq!(flag(&found, "m").as_deref(), Some(words));
    // Another model that is compared tells the ratio alone, and with its sources alone.
    let with = calibration(&(rows + &warm("n", "T4", 24.0, "20")), None);
    let (of_n, models) = ratio(&with).expect("n is compared");
    assert_relative_eq!(of_n, 3.0, max_relative = 1e-9);
    assert_eq!((models, flag(&with, "n")), (1, None));
    assert_eq!(with.pooled[0].ratios[0].sources, ["n on L40S (2026-11-01)", "n on T4 (2026-11-01)"]);
    // 3 x 4 s of 20 steps say nothing of 40 steps.
    let m = cell(&with, "m", "T4").and_then(|cell| cell.pooled).expect("it is pooled");
    assert_eq!((m.borrowed, Some(m.pooled)), (None, m.own));
}

/// 40 steps take 21 s on the L40S, by the law of its own three sizes or of those of the T4.
#[test]
fn a_law_of_shapes_takes_either_cell_to_the_shape_of_the_other() {
    let lender = warm("n", "L40S", 8.0, "20");
    for (rows, at) in [
        (sizes("L40S", 1.0) + &warm("m", "T4", 42.0, "40"), "40 steps"),
        (warm("m", "L40S", 21.0, "40") + &sizes("T4", 2.0), "20 steps"),
        (sizes("L40S", 1.0) + &sizes("T4", 2.0), "20 steps"),
    ] {
        let found = calibration(&(rows + &lender), None);
        let (by, models) = ratio(&found).expect("m is compared");
        assert_relative_eq!(by, 2.0, max_relative = 2e-3);
        assert_eq!((models, flag(&found, "m")), (1, None));
        assert_eq!(cell(&found, "m", "T4").expect("a law").timed.to_string(), at);
        assert_relative_eq!(mean_s(&found, "n", "T4"), 16.0, max_relative = 2e-3);
        let borrowed = cell(&found, "n", "T4").expect("a law");
        assert_eq!(borrowed.timed.to_string(), "20 steps");
        let notes = &borrowed.fit.as_ref().expect("a law").notes;
        assert!(notes[0].ends_with("times the time on L40S at 20 steps, as 1 other model is"), "{notes:?}");
    }
    // Beyond its sizes a law says nothing.
    let far = calibration(&(sizes("L40S", 1.0) + &warm("m", "T4", 82.0, "80")), None);
    assert_eq!(ratio(&far), None);
    assert!(flag(&far, "m").is_some_and(|words| words.contains("of 80 steps, and those on L40S of 20 steps")));
}

/// What a cell borrows is brought to its own shape: runs of 40 steps beside a ratio of 2 and 21 s on the L40S.
#[test]
fn a_cell_borrows_at_its_own_shape() {
    let others: String =
        ["a", "b", "c"].map(|model| warm(model, "L40S", 5.0, "20") + &warm(model, "T4", 10.0, "20")).concat();
    let found = calibration(&(others + &sizes("L40S", 1.0) + &warm("m", "T4", 60.0, "40")), None);
    let pooled = cell(&found, "m", "T4").and_then(|cell| cell.pooled).expect("it is pooled");
    assert_relative_eq!(pooled.borrowed.expect("a ratio").median_s(), 42.0, max_relative = 2e-3);
    assert_relative_eq!(pooled.own.expect("two runs").median_s(), 60.0, max_relative = 1e-6);
}

#[test]
fn no_shape_beside_a_stated_one_is_another_unless_it_is_taken_for_the_wanted_one() {
    let rows = warm("m", "L40S", 4.0, "20") + &warm("m", "T4", 8.0, "");
    let found = calibration(&rows, None);
    assert_eq!(ratio(&found), None);
    assert!(flag(&found, "m").is_some_and(|words| words.contains("of no stated shape, and those on L40S of 20 steps")));
    let wanted = calibration(&rows, Some(20.0));
    let (by, _) = ratio(&wanted).expect("m is compared");
    assert_relative_eq!(by, 2.0, max_relative = 1e-9);
    assert_eq!(flag(&wanted, "m"), None);
    for steps in ["", "20"] {
        let alike = calibration(&(warm("m", "L40S", 4.0, steps) + &warm("m", "T4", 8.0, steps)), None);
        assert_eq!((ratio(&alike).map(|(_, models)| models), flag(&alike, "m")), (Some(1), None));
    }
}

/// A boot is over before anybody asks for steps; a first request holds them.
#[test]
fn boots_are_compared_whatever_is_asked_for_and_first_requests_are_not() {
    let of = |phase: &str| two("m", "L40S", phase, 40.0, "20") + &two("m", "T4", phase, 80.0, "40");
    let (by, _) = ratio(&calibration(&of("boot"), None)).expect("m is compared");
    assert_relative_eq!(by, 2.0, max_relative = 1e-9);
    assert_eq!(ratio(&calibration(&of("cold"), None)), None);
}

/// Runs that differ in their adapter alone: a factor, which has to be given to those that state nothing else too.
#[test]
fn times_with_and_without_an_adapter_meet_at_either() {
    let header = "model,gpu,phase,seconds,adapter,date,source\n";
    let row = |(seconds, adapter): (f64, &str)| format!("m,T4,warm,{seconds},{adapter},2026-11-01,kit\n");
    let with = [(6.5, "anime"), (6.4, "anime"), (6.6, "anime")];
    let without = [(5.0, ""), (4.9, ""), (5.1, "")];
    // Geometric means.
    let bare_s = (5.0_f64 * 4.9 * 5.1).cbrt();
    let adapted_s = (6.5_f64 * 6.4 * 6.6).cbrt();
    for (more, adapter, middle_s) in [((5.0, ""), "", bare_s), ((6.5, "anime"), "anime", adapted_s)] {
        let rows: String = without.into_iter().chain(with).chain([more]).map(row).collect();
        let options =
            RunsOptions { repeats: Repeats::Keep, ..RunsOptions::on(Day::parse("2026-11-27").expect("a day")) };
        let runs = Runs::read("runs.csv", &(header.to_owned() + &rows), &options).expect("valid");
        let found = Calibration::of(&runs, &CalibrationOptions::default());
        let cell = &found.cells[0];
        assert_eq!((cell.timed.adapter.as_str(), cell.counts.ended), (adapter, 7));
        assert_relative_eq!(cell.fit.as_ref().expect("a law").law.mean_s(), middle_s, max_relative = 3e-3);
        let factor = cell.shape_fit.as_ref().expect("a factor").adapter_factor;
        assert_relative_eq!(factor, adapted_s / bare_s, max_relative = 3e-3);
    }
}
