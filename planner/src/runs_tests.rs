//! The default scenario with runs of instantid on A10, one against twenty: what is known of it decides what is said.

use fleetfront_calibration::{Factor, RestsOn};
use fleetfront_scenario::{Allocation, Files, LatencyReading, Scenario};

use crate::control::Control;
use crate::criteria::{Criterion, Evidence, judge_model};
use crate::study::Judgement;
use crate::tally::{Subject, Tally};
use crate::worlds::{WorldsEffort, unknowns, worlds};

const A10: &str = "service time of instantid fp16 on A10";

/// Runs of 10 s on A10, 4 % more or less: 1.12 times the 8.9 s on L40S.
fn with_runs(n: u32) -> Scenario {
    let files = Files::embedded();
    let text = files.text("scenario.toml").expect("it is there");
    let text = text.replacen("load = \"load.csv\"", "load = \"load.csv\"\nruns = \"runs.csv\"", 1);
    let seconds =
        |k: u32| if n == 1 { 10.0 } else { (if k.is_multiple_of(2) { 10.4 } else { 9.6 }) + f64::from(k) * 1e-4 };
    let row = |k: u32| format!("instantid,,A10,warm,{},yes,2026-11-26,measured,a bench\n", seconds(k));
    let runs: String = (0..n).map(row).collect();
    let header = "model,variant,gpu,phase,seconds,ok,date,kind,source\n";
    let files = files.with("scenario.toml", &text).with("runs.csv", &format!("{header}{runs}"));
    let mut scenario = Scenario::load(&files).expect("no problems");
    scenario.criteria.latency_readings = vec![LatencyReading::WarmService];
    scenario
}

/// As today, and with InstantID on A10.
fn allocations(scenario: &Scenario) -> Vec<Allocation> {
    let current = scenario.allocations[scenario.baseline].clone();
    let mut moved = Allocation { name: "moved".to_owned(), ..current.clone() };
    moved.pools[1].gpu = 2;
    vec![current, moved]
}

fn within_a_fifth(scenario: &Scenario) -> Judgement {
    let tally = Tally { days: 1.0, arrived: 100.0, completed: 100.0, percentiles_s: [20.0; 3], ..Tally::default() };
    let subject = Subject { sections: vec![tally; 3], percentiles_s: [20.0; 3], peak_containers: 1 };
    let model = scenario.models.iter().position(|model| model.name == "instantid").expect("it is there");
    let [here, there] = [2, 3].map(|gpu| Evidence::new(scenario, model, (0, gpu), &subject));
    let judged = judge_model(scenario, here, Some(there));
    let ratio = judged.iter().find(|own| own.criterion == Criterion::RatioWarm).expect("it is asked for");
    ratio.result.judgement
}

#[test]
fn one_run_does_not_confirm_what_twenty_do() {
    assert_eq!(within_a_fifth(&with_runs(1)), Judgement::Undecided);
    assert_eq!(within_a_fifth(&with_runs(20)), Judgement::Pass);
    // The baseline may rest on runs too; what they leave open counts as much.
    let mut scenario = with_runs(20);
    let model = scenario.models.iter().position(|model| model.name == "instantid").expect("it is there");
    let wide = Factor { low: 0.9, high: 1.1 };
    scenario.models[model].variants[0].cells[3].service.as_mut().expect("it is known").factor = wide;
    assert_eq!(within_a_fifth(&scenario), Judgement::Undecided);
}

#[test]
fn one_run_is_measured_again_first_and_twenty_are_not() {
    let first = |n: u32| {
        let mut scenario = with_runs(n);
        let model = scenario.models.iter().position(|model| model.name == "instantid").expect("it is there");
        // One row too, as uncertain as one run: let it rest on more than the cell that is asked about.
        scenario.models[model].variants[0].cells[3].service.as_mut().expect("it is known").n = 10;
        let allocations = allocations(&scenario);
        let kept = [A10, "service time of instantid fp16 on L40S", "traffic of wan2.1"];
        let names = unknowns(&scenario, &allocations).into_iter().map(|unknown| unknown.name);
        let (kept, fixed): (Vec<String>, Vec<String>) = names.partition(|name| kept.contains(&name.as_str()));
        assert_eq!(kept.len(), 3, "{kept:?}");
        let effort = WorldsEffort { worlds: 160, trials: 14, seed: 5 };
        let found = worlds(&scenario, &allocations, effort, &fixed, &Control::default()).expect("not cancelled");
        found.measurements[0].unknown.name.clone()
    };
    assert_eq!(first(1), A10);
    assert_ne!(first(20), A10);
}

/// A ratio of benchmarks.csv on runs of its base, and failures that runs counted, are unknowns of their own.
#[test]
fn what_runs_leave_open_is_drawn_by_its_name() {
    let scenario = with_runs(20);
    let mut counted = scenario.clone();
    let model = scenario.models.iter().position(|model| model.name == "instantid").expect("it is there");
    let cell = &mut counted.models[model].variants[0].cells[2];
    let counts = fleetfront_scenario::FailureCounts { failed: 2, tries: 40 };
    (cell.failure_counts, cell.failure_probability) = (Some(counts), Some(0.05));
    let names: Vec<String> =
        unknowns(&counted, &allocations(&counted)).into_iter().map(|unknown| unknown.name).collect();
    let own = "failure probability of instantid fp16 on A10".to_owned();
    assert!(names.contains(&A10.to_owned()) && names.contains(&own), "{names:#?}");
    // Boots that are borrowed are a base and a ratio, as services are.
    let boot = counted.models[model].variants[0].cells[2].boot.as_mut().expect("it is known");
    let base = Box::new(scenario.models[model].variants[0].cells[3].boot.clone().expect("it is known"));
    let any = fleetfront_calibration::RowsOf { model: "*".into(), variant: "*".into(), gpu: "A10".into() };
    boot.rests_on = Some(RestsOn::Ratio { rows: any, relative_to: "L40S".into(), base });
    boot.factor = Factor { low: 0.8, high: 1.25 };
    let names: Vec<String> =
        unknowns(&counted, &allocations(&counted)).into_iter().map(|unknown| unknown.name).collect();
    assert!(names.contains(&"ratio of boots of A10 to L40S for instantid".to_owned()), "{names:#?}");
}
