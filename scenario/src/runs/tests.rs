//! The default scenario with a file of runs.

use approx::assert_relative_eq;
use fleetfront_calibration::{Kind, RestsOn};

use crate::resolved::{Cell, Feasibility, Infeasible, Model};
use crate::testing::{check, default_scenario, edited_text, only_problem};
use crate::{CellFailures, FailureCounts, Files, Scenario, SeenFailures};

const HEADER: &str = "model,variant,gpu,phase,seconds,ok,cause,steps,megapixels,peak_gib,machine,date,kind,source\n";

/// A warm run that ended.
fn warm(cell: &str, seconds: f64) -> String {
    format!("{cell},warm,{seconds},yes,,,,,,2026-11-26,measured,a bench\n")
}

/// Twenty of them about so many seconds, 4 % more or less: mean and spread by hand.
fn twenty(cell: &str, seconds: f64) -> String {
    (0..20).map(|k| warm(cell, seconds * if k % 2 == 0 { 1.04 } else { 0.96 } + f64::from(k) * 1e-4)).collect()
}

fn with_runs(rows: &str) -> Files {
    let text = edited_text("scenario.toml", "load = \"load.csv\"", "load = \"load.csv\"\nruns = \"runs.csv\"");
    Files::embedded().with("scenario.toml", &text).with("runs.csv", &format!("{HEADER}{rows}"))
}

/// The same, and what is written in front of the GPU types.
fn with_section(rows: &str, section: &str) -> Files {
    let files = with_runs(rows);
    let text =
        files.text("scenario.toml").expect("it is there").replacen("[[gpus]]", &format!("{section}\n[[gpus]]"), 1);
    files.with("scenario.toml", &text)
}

fn loaded(rows: &str) -> Scenario {
    Scenario::load(&with_runs(rows)).expect("no problems")
}

fn model<'a>(scenario: &'a Scenario, name: &str) -> &'a Model {
    scenario.models.iter().find(|model| model.name == name).expect("a model")
}

/// A cell of the deployed variant.
fn cell<'a>(scenario: &'a Scenario, name: &str, gpu: &str) -> &'a Cell {
    let gpu = scenario.gpus.iter().position(|own| own.name == gpu).expect("a GPU type");
    &model(scenario, name).variants[0].cells[gpu]
}

#[test]
fn runs_of_a_cell_stand_in_the_place_of_rows_and_of_what_is_scaled_from_them() {
    let scenario = loaded(&twenty("instantid,,L40S", 6.0));
    let fit = cell(&scenario, "instantid", "L40S").service.as_ref().expect("a law");
    assert_eq!((fit.n, fit.kind), (20, Kind::Measured));
    assert_relative_eq!(fit.law.mean_s(), 6.0, max_relative = 2e-3);
    assert!(matches!(&fit.rests_on, Some(RestsOn::Rows(rows)) if rows.variant == "fp16"), "{:?}", fit.rests_on);
    // The row of 8.9 s is held against them, by name.
    let against = "instantid fp16 on L40S: 8.9 s";
    assert!(scenario.warnings.iter().any(|words| words.contains(against)), "{:#?}", scenario.warnings);
    // A10 is 2.1 times L40S by benchmarks.csv, now of what the runs say.
    let scaled = cell(&scenario, "instantid", "A10").service.as_ref().expect("a law");
    assert_relative_eq!(scaled.law.mean_s(), 2.1 * fit.law.mean_s(), max_relative = 1e-12);
    let Some(RestsOn::Ratio { base, .. }) = &scaled.rests_on else { panic!("{:?}", scaled.rests_on) };
    assert_eq!((base.law, base.factor, &base.rests_on), (fit.law, fit.factor, &fit.rests_on));
    // Nothing else moves.
    let before = default_scenario();
    for name in ["flux-schnell", "flux-dev", "wan2.1"] {
        assert_eq!(cell(&scenario, name, "A10"), cell(&before, name, "A10"), "{name}");
    }
}

#[test]
fn one_run_has_the_least_spread_that_is_believed_and_a_wide_mean() {
    let scenario = loaded(&warm("instantid,,A10", 10.0));
    let fit = cell(&scenario, "instantid", "A10").service.as_ref().expect("a law");
    assert_eq!((fit.n, fit.kind), (1, Kind::Measured));
    // The tables state 0.04, of which few runs are not believed.
    assert_relative_eq!(fit.law.cv(), 0.01_f64.exp_m1().sqrt(), max_relative = 1e-6);
    // Student's t of the three degrees that a stated spread is worth: 2.353; about the logarithm of the run, half a variance
    // above that of the mean.
    assert_relative_eq!(fit.law.mean_s(), 10.0, max_relative = 1e-9);
    assert_relative_eq!(fit.factor.high.ln(), 2.353 * 0.1 + 0.1 * 0.1 / 2.0, max_relative = 2e-3);
    let told = "instantid fp16, A10 (warm requests): 1 run:";
    assert!(scenario.warnings.iter().any(|words| words.contains(told)), "{:#?}", scenario.warnings);
}

/// `benchmarks.csv` has 8.9 s once, with a cv of 0.042: the middle is 8.892 s, known to 0.042 itself, and 30 s are ln 3.374 =
/// 1.216 above it, 20.5 times √2 · 0.042. What was cut off at 9.5 s is 1.1 above, and where runs ended they make the law.
#[test]
fn runs_that_were_cut_off_far_above_the_tables_are_named() {
    let cut_off = |seconds: f64| warm("instantid,,L40S", seconds).replace("yes", "timeout");
    let told = |rows: &str| -> Vec<String> {
        let scenario = loaded(rows);
        scenario.warnings.into_iter().filter(|words| words.contains("cut off (measured: a bench")).collect()
    };
    let fit = cell(&loaded(&cut_off(30.0)), "instantid", "L40S").service.clone().expect("a law");
    assert_relative_eq!(fit.law.mean_s(), 8.9, max_relative = 1e-9);
    let found = told(&cut_off(30.0));
    let [words] = &found[..] else { panic!("{found:#?}") };
    assert!(
        words.starts_with(
            "runs.csv: instantid fp16, L40S (warm requests): more than 30 s, where a run was cut off (measured: a bench \
             (2026-11-26)), is 3.4 times longer than the measured 8.892 s ("
        ),
        "{words}"
    );
    assert!(words.contains("20.5 standard deviations"), "{words}");
    assert!(
        words.ends_with("the measured time is simulated all the same; raise the limit and measure again"),
        "{words}"
    );
    assert_eq!(told(&cut_off(9.5)), [] as [String; 0]);
    let ended: String = (0..5).map(|k| warm("instantid,,L40S", 25.0 + f64::from(k))).collect();
    assert_eq!(told(&(ended + &cut_off(30.0))), [] as [String; 0]);
    // One boot of 15.87 s with a cv of 0.73: ln(1 + 0.73²) = 0.654², the middle is 12.8 s; 400 s are 3.7 times √2 · 0.654
    // above it, 60 s 1.7.
    let boot = |seconds: f64| cut_off(seconds).replace("warm", "boot");
    assert_eq!(told(&boot(400.0)).len(), 1);
    assert_eq!(told(&boot(60.0)).len(), 0);
}

/// The choice is that of `calibrate`.
#[test]
fn many_runs_of_no_family_are_simulated_as_they_were_measured() {
    let rows: String = (0..300).map(|k| warm("instantid,,A10", [4.0, 11.0, 30.0][k % 3] + 1e-3 * k as f64)).collect();
    let scenario = loaded(&rows);
    let fit = cell(&scenario, "instantid", "A10").service.as_ref().expect("a law");
    assert_eq!(fit.n, 300);
    assert!(matches!(fit.law, fleetfront_sim::Law::Empirical { .. }), "{:?}", fit.law);
    assert_relative_eq!(fit.law.mean_s(), 15.149_5, max_relative = 2e-3);
}

/// Two hours a request are asked about, until the scenario says that they are meant.
#[test]
fn a_cell_in_milliseconds_is_asked_about_and_may_be_right() {
    let rows = warm("instantid,,L40S", 7300.0) + &warm("instantid,,L40S", 7200.0);
    let problem = only_problem(&with_runs(&rows));
    assert!(problem.message.contains("are these milliseconds?"), "{problem}");
    assert!(problem.help.contains("write seconds_are_right = true under [calibration]"), "{problem}");
    Scenario::load(&with_section(&rows, "[calibration]\nseconds_are_right = true\n")).expect("they are meant");
}

#[test]
fn boots_and_first_requests_tell_boots() {
    let boots: String = [20.0, 22.0, 21.0].map(|s| warm("instantid,,L40S", s).replace(",warm,", ",boot,")).concat();
    let scenario = loaded(&boots);
    let fit = cell(&scenario, "instantid", "L40S").boot.as_ref().expect("a law");
    assert_eq!(fit.n, 3);
    // Three boots cannot tell that there is one kind of them alone: the cv of 0.73 that boots.csv states is kept. Half of
    // ln(1 + 0.73²) goes onto the logarithm of the median, 20.98 s, less what is too much because three runs know it with an
    // error: a third of that.
    assert_relative_eq!(fit.law.mean_s(), 20.98 * (0.73_f64.powi(2).ln_1p() / 3.0).exp(), max_relative = 2e-3);
    // On other GPU types rows of boots.csv speak, as before.
    let before = default_scenario();
    assert_eq!(cell(&scenario, "instantid", "A10").boot, cell(&before, "instantid", "A10").boot);
    let cold: String = [30.0, 31.0, 32.0].map(|s| warm("instantid,,A10", s).replace(",warm,", ",cold,")).concat();
    let scenario = loaded(&(twenty("instantid,,A10", 10.0) + &cold));
    let boot = cell(&scenario, "instantid", "A10").boot.as_ref().expect("a law");
    assert_relative_eq!(boot.law.mean_s(), 21.0, max_relative = 0.02);
}

#[test]
fn names_are_the_scenario_s() {
    let problem = |rows: &str| only_problem(&with_runs(rows));
    let found = problem(&(warm("instantd,,A10", 10.0) + &warm("instantd,,A10", 11.0)));
    assert_eq!((found.line, found.key.as_str()), (Some(2), "model"));
    assert_eq!(found.help, "did you mean `instantid`?");
    let found = problem(&warm("instantid,,A10G", 10.0));
    assert!(found.key == "gpu" && found.help.contains("`A10`"), "{found}");
    let found = problem(&warm("flux-dev,fp4,A10", 10.0));
    assert_eq!((found.key.as_str(), found.help.as_str()), ("variant", "did you mean `fp8`?"));
    let found = problem(&warm("flux-dev,,A10", 10.0));
    assert_eq!(found.message, "which variant of flux-dev was run is not said");
    assert_eq!(found.help, "write one of: bf16, fp8, nf4");
    // A date of tomorrow is none of the scenario's business: it knows no day.
    let far = warm("instantid,,A10", 10.0).replace("2026-11-26", "2199-01-01");
    assert!(Scenario::load(&with_runs(&far)).is_ok());
}

#[test]
fn shapes_are_not_mixed_without_a_law_of_them() {
    let steps = |steps: u32| warm("instantid,,A10", 10.0).replace("yes,,", &format!("yes,,{steps}"));
    let found = only_problem(&with_runs(&(steps(20) + &steps(30))));
    assert!(found.message.contains("2 shapes: steps 20 (1 run); steps 30 (1 run)"), "{found}");
}

#[test]
fn rules_follow_the_section_and_have_no_effect_without_runs() {
    let rows = [8.0, 8.2, 8.1, 80.0].map(|seconds| warm("instantid,,A10", seconds)).concat();
    let mean_s = |section: &str| {
        let scenario = Scenario::load(&with_section(&rows, section)).expect("no problems");
        let told = scenario.warnings.iter().filter(|words| words.contains("A10 (warm requests): 80 s")).count();
        assert_eq!(told, 1, "{:#?}", scenario.warnings);
        cell(&scenario, "instantid", "A10").service.as_ref().expect("a law").law.mean_s()
    };
    assert_relative_eq!(mean_s(""), 8.1, max_relative = 0.01);
    let kept = mean_s("[calibration]\ncontradictions = \"keep\"\n");
    assert!(kept > 12.0, "{kept}");
    let new = "[calibration]\nextrapolate = true\n\n[naive]";
    check("[naive]", new, "[calibration]", "calibration", "there are no runs", "files.runs");
}

#[test]
fn runs_that_all_ran_out_of_memory_rule_a_cell_out() {
    let oom = warm("instantid,,A10", 1.0).replace(",1,yes,,", ",,no,oom,").repeat(2);
    // Boots that never succeed have no requests.
    for oom in [oom.clone(), oom.replace(",warm,", ",boot,")] {
        let scenario = loaded(&oom);
        let Feasibility::Infeasible { reasons } = &cell(&scenario, "instantid", "A10").feasibility else { panic!() };
        assert_eq!(reasons[..], [Infeasible::RunsFailed { runs: 2, out_of_memory: 2 }]);
    }
}

#[test]
fn failures_that_were_counted_are_the_cell_s_unless_it_states_its_own() {
    let failed = warm("instantid,,A10", 1.0).replace(",1,yes,,", ",,no,crash,");
    let rows = twenty("instantid,,A10", 10.0) + &failed;
    let scenario = loaded(&rows);
    let found = cell(&scenario, "instantid", "A10");
    assert_eq!(found.failure_counts, Some(FailureCounts { failed: 1, tries: 21 }));
    assert_relative_eq!(found.failure_probability.expect("it was counted"), 1.0 / 21.0);
    // Where no run failed the model's own stands.
    assert_eq!(cell(&loaded(&twenty("instantid,,A10", 10.0)), "instantid", "A10").failure_probability, None);
    let stated = "[[cells]]\nmodel = \"instantid\"\ngpu = \"A10\"\nfailure_probability = 0.25\n\
                  provenance = { kind = \"assumed\", source = \"a test\", date = \"2026-11-24\" }\n";
    let scenario = Scenario::load(&with_section(&rows, stated)).expect("no problems");
    let found = cell(&scenario, "instantid", "A10");
    assert_eq!((found.failure_probability, found.failure_counts), (Some(0.25), None));
    // What its runs showed is told all the same.
    let seen = Some(SeenFailures { failed: 1, runs: 21, out_of_memory: 0 });
    let sources = vec!["a test (2026-11-24)".to_owned()];
    assert_eq!(found.failures, Some(CellFailures { kind: Kind::Assumed, sources, seen }));
}

#[test]
fn memory_that_sometimes_does_not_suffice_is_at_its_limit() {
    let failed = |cause: &str| warm("instantid,,A10", 1.0).replace(",1,yes,,", &format!(",,no,{cause},"));
    let rows = twenty("instantid,,A10", 10.0) + &failed("oom").repeat(3) + &failed("crash");
    let scenario = loaded(&rows);
    let found = cell(&scenario, "instantid", "A10");
    assert_eq!(found.feasibility, Feasibility::SometimesOutOfMemory);
    let failures = found.failures.as_ref().expect("some failed");
    assert_eq!(failures.seen, Some(SeenFailures { failed: 4, runs: 24, out_of_memory: 3 }));
    assert_eq!((failures.kind, failures.sources.is_empty()), (Kind::Measured, false));
    // Where the platform offers the GPU type it stays so.
    let there = scenario.on_platform(&crate::presets::preset("modal").expect("it is there"));
    assert_eq!(cell(&there, "instantid", "A10").feasibility, Feasibility::SometimesOutOfMemory);
    let there = scenario.on_platform(&crate::presets::preset("runpod-flex").expect("it is there"));
    assert!(!cell(&there, "instantid", "A10").feasibility.is_feasible());
    let back = there.on_platform(&crate::presets::preset("modal").expect("it is there"));
    assert_eq!(cell(&back, "instantid", "A10").feasibility, Feasibility::SometimesOutOfMemory);
}

#[test]
fn the_greater_peak_decides_and_a_contradiction_is_told() {
    let peak =
        |gpu: &str, gib: &str| warm(&format!("instantid,,{gpu}"), 10.0).replace("yes,,,,,", &format!("yes,,,,{gib},"));
    // The memory file says 14.5 GiB; a T4 has 14.74, an A10 22.
    let scenario = loaded(&(peak("T4", "14.7") + &peak("A10", "21.5")));
    let found = &cell(&scenario, "instantid", "A10").feasibility;
    assert_eq!(*found, Feasibility::Borderline { peak_gib: 21.5, usable_gib: 22.0 });
    let told: Vec<&String> = scenario.warnings.iter().filter(|words| words.contains("the memory file says")).collect();
    assert!(told.len() == 1 && told[0].contains("on A10: a run had a peak of 21.5 GiB"), "{told:?}");
    // What ended cannot need more than there is: the memory file's word stands, and is told.
    let scenario = loaded(&warm("flux-dev,nf4,T4", 60.0).replace("yes,,,,,", "yes,,,,14.1,"));
    let told = scenario.warnings.iter().find(|words| words.contains("a run ended with a peak of 14.1 GiB"));
    assert!(told.is_some_and(|words| words.contains("17.3 GiB, more than the 14.74 GiB")), "{:#?}", scenario.warnings);
}

/// 1 s and half a second a step, a per cent more or less, on A10.
fn by_steps() -> String {
    let row = |(steps, off): (u32, f64)| {
        let seconds = (1.0 + 0.5 * f64::from(steps)) * off;
        warm("instantid,,A10", seconds).replace("yes,,", &format!("yes,,{steps}"))
    };
    [(4, 1.01), (4, 0.99), (8, 1.0), (8, 1.01), (12, 0.99), (20, 1.0), (20, 1.01), (30, 0.99)].map(row).concat()
}

fn shaped(lines: &str, section: &str) -> Files {
    let files = with_section(&by_steps(), section);
    let text = files.text("scenario.toml").expect("it is there").to_owned();
    let shape = format!(
        "shape = {{ {lines}, provenance = {{ kind = \"assumed\", source = \"a test\", date = \"2026-11-24\" }} }}"
    );
    let old = "name = \"instantid\"\nrequests";
    assert!(text.contains(old));
    files.with("scenario.toml", &text.replacen(old, &format!("name = \"instantid\"\n{shape}\nrequests"), 1))
}

#[test]
fn runs_of_several_shapes_tell_how_times_grow_where_nothing_is_stated() {
    let stated = "steps = { values = [10, 20] }, reference = { steps = 16 }, fixed_share = 0.5";
    let scenario = Scenario::load(&shaped(stated, "")).expect("no problems");
    let found = cell(&scenario, "instantid", "A10");
    assert_relative_eq!(found.service.as_ref().expect("a law").law.mean_s(), 9.0, max_relative = 0.01);
    assert_relative_eq!(found.shape.expect("it has shapes").fixed_share, 0.5);
    // Left out, the share is that of the runs, 1 s of 9; nobody tells it on other GPU types.
    let untold = stated.replace(", fixed_share = 0.5", "");
    let problem = only_problem(&shaped(&untold, ""));
    assert_eq!(problem.key, "models[2].shape.fixed_share");
    assert!(problem.message.contains("how instantid grows with them on T4, L4, L40S"), "{problem}");
    let cells: String =
        default_scenario().gpus.iter().filter(|gpu| gpu.name != "A10").fold(String::new(), |all, gpu| {
            let provenance = "{ kind = \"assumed\", source = \"a test\", date = \"2026-11-24\" }";
            all + &format!(
                "[[cells]]\nmodel = \"instantid\"\ngpu = \"{}\"\nfixed_share = 0.2\nprovenance = {provenance}\n",
                gpu.name
            )
        });
    let scenario = Scenario::load(&shaped(&untold, &cells)).expect("no problems");
    let share = |gpu: &str| cell(&scenario, "instantid", gpu).shape.expect("it has shapes").fixed_share;
    assert_relative_eq!(share("A10"), 1.0 / 9.0, max_relative = 0.1);
    assert_relative_eq!(share("L40S"), 0.2);
    assert_relative_eq!(model(&scenario, "instantid").mean_service_s(0, 2).expect("known"), 8.5, max_relative = 0.02);
}

#[test]
fn shapes_outside_of_what_was_measured_are_refused_unless_asked_for() {
    let far = "steps = { values = [10, 60] }, reference = { steps = 16 }, fixed_share = 0.1";
    let problem = only_problem(&shaped(far, ""));
    assert_eq!(problem.key, "models[2].shape");
    assert!(problem.message.contains("instantid fp16 on A10 lie outside of what was measured: steps 60"), "{problem}");
    let scenario = Scenario::load(&shaped(far, "[calibration]\nextrapolate = true\n")).expect("no problems");
    let told = "steps 60 lies 2.00 times beyond 30: extrapolated";
    assert!(scenario.warnings.iter().any(|words| words.contains(told)), "{:#?}", scenario.warnings);
}
