//! A small calibration for the tests of its files: three cells with laws, one without, names that need care.

use fleetfront_calibration::{
    CalibrationOptions, CalibrationStudy, ContradictionRule, Day, Memory, Repeats, Roofline, Runs, RunsOptions, Shape,
    StudyEffort, StudyFacts, VariantFacts,
};

use crate::calibration_files::{CalibrationAnswer, CalibrationAsked, CalibrationInput};

const HEADER: &str = "model,variant,gpu,phase,seconds,ok,cause,steps,peak_gib,date,source\n";

/// The answer of a study with other rows.
pub(crate) fn answer_of(rows: &str) -> CalibrationAnswer {
    let today = Day::parse("2026-11-27").expect("a day");
    let options = RunsOptions { repeats: Repeats::Keep, ..RunsOptions::on(today) };
    let runs =
        Runs::read("runs.csv", &(HEADER.to_owned() + rows), &options).unwrap_or_else(|found| panic!("{found:#?}"));
    let memory = Memory::read("memory.csv", include_str!("../../data/image-studio/memory.csv")).expect("valid");
    let facts = StudyFacts { memory: &memory, roofline: &Roofline::shipped(), variants: &VariantFacts::default() };
    let options = CalibrationOptions { stale: Some((today, 180)), ..CalibrationOptions::default() };
    let study = CalibrationStudy::of(&runs, &options, facts, StudyEffort { replicates: 49, seed: 1 });
    CalibrationAnswer {
        version: "0.1.0".into(),
        command: "fleetfront calibrate runs.csv".into(),
        inputs_sha256: "ab".into(),
        inputs: vec![CalibrationInput {
            file: "runs.csv".into(),
            read_as: "runs".into(),
            rows: runs.rows.len(),
            sha256: "cd".into(),
        }],
        asked: CalibrationAsked {
            on: "2026-11-27".into(),
            max_age_days: 180,
            contradictions: ContradictionRule::Exclude,
            extrapolate: false,
            shapes: vec![("m <b>".into(), Shape::default())],
            reference: None,
            replicates: 49,
            seed: 1,
        },
        remarks: vec!["runs.csv line 3: a <remark>".into()],
        study,
    }
}

/// Thirty warm requests of one cell, three of another (one far off, and old), failures, boots, and a model on a GPU type
/// that only another was measured on.
pub(crate) fn answer() -> CalibrationAnswer {
    let many = (0..30).map(|k| {
        let seconds = 5.0 + f64::from(k % 7) * 0.31 + f64::from(k) * 0.013;
        format!("m <b>,v|1,L40S,warm,{seconds},yes,,20,12.5,2026-11-01,a *log*\n")
    });
    let few = [2.13, 2.51, 2.9, 29.0].map(|seconds| format!("n,fp8,L40S,warm,{seconds},yes,,4,,2026-02-01,notes\n"));
    let elsewhere = [7.1, 7.4, 7.7].map(|seconds| format!("n,fp8,T4,warm,{seconds},yes,,4,,2026-11-01,notes\n"));
    let boots = [40.0, 44.0, 52.0].map(|seconds| format!("n,fp8,L40S,boot,{seconds},yes,,,,2026-11-01,notes\n"));
    let failed = "m <b>,v|1,L40S,warm,,no,error,20,,2026-11-01,a *log*\nbig,,T4,warm,,no,oom,4,,2026-11-01,notes\n";
    let rows: String = many.chain(few).chain(elsewhere).chain(boots).chain([failed.to_owned()]).collect();
    answer_of(&rows)
}
