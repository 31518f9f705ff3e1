//! Tests of reading runs: what is read, and what is asked about or refused.

mod asked;
mod logs;
mod shipped;

use crate::day::Day;
use crate::fit::Kind;
use crate::problem::Problem;

use super::{Phase, Repeats, RunEnd, Runs, RunsOptions, Shape};

const GPUS: [&str; 4] = ["T4", "A10", "L40S", "H100"];

fn options() -> RunsOptions<'static> {
    RunsOptions { gpus: &GPUS, ..RunsOptions::on(Day::parse("2026-11-26").expect("a date")) }
}

fn read(text: &str, options: &RunsOptions<'_>) -> Result<Runs, Vec<Problem>> {
    Runs::read("runs.csv", text, options)
}

/// Line, column and message of every problem.
fn problems(text: &str, options: &RunsOptions<'_>) -> Vec<(u64, String, String)> {
    let found = read(text, options).expect_err("bad input");
    assert!(found.iter().all(|problem| problem.file == "runs.csv" && !problem.help.is_empty()), "{found:#?}");
    found.into_iter().map(|p| (p.line.expect("a line"), p.key, p.message)).collect()
}

#[test]
fn every_kind_of_row_is_read() {
    let text = "gpu,model,phase,seconds,ok,cause,n,p50_s,p95_s,steps,megapixels,adapter,peak_gib,machine,date,source,kind\n\
                L40S,flux,warm,2.5,,,,,,4,1.05,anime,21.5,c1,2026-11-01,kit,\n\
                L40S,flux,warm,300,timeout,,,,,4,1.05,,,c1,2026-11-01,kit,measured\n\
                T4,flux,warm,,no,oom,,,,4,1.05,,14.7,c2,2026-11-01,kit,measured\n\
                H100,flux,warm,,,,40,0.9,1.1,4,1.05,,,,2026-11,vendor,published\n\
                L40S,flux,boot,55,yes,,,,,,,,,c1,2026-11-01,kit,\n";
    let runs = read(text, &options()).expect("valid");
    let ends: Vec<&RunEnd> = runs.rows.iter().map(|run| &run.end).collect();
    assert_eq!(
        ends,
        [
            &RunEnd::Took { seconds: 2.5 },
            &RunEnd::CutOff { seconds: 300.0 },
            &RunEnd::Failed { seconds: None, cause: "oom".into() },
            &RunEnd::Summary { n: 40, p50_s: 0.9, high_s: 1.1, high_share: 0.95 },
            &RunEnd::Took { seconds: 55.0 },
        ]
    );
    let first = &runs.rows[0];
    let shape = Shape { steps: Some(4.0), megapixels: Some(1.05), adapter: "anime".into(), ..Shape::default() };
    assert_eq!((&first.shape, first.peak_gib, first.machine.as_str()), (&shape, Some(21.5), "c1"));
    assert_eq!((first.cell.variant.as_str(), first.provenance.kind, first.phase), ("", Kind::Measured, Phase::Warm));
    assert_eq!(runs.rows[1].time(), Some((300.0, true)));
    assert_eq!(runs.remarks, []);
}

#[test]
fn json_lines_have_the_same_keys() {
    let csv = "model,gpu,phase,seconds,ok,cause,steps,date,source\nm,T4,warm,2.5,yes,,4,2026-11-01,kit\nm,T4,warm,,no,oom,4,2026-11-01,kit\n";
    let json = r#"{"model": "m", "gpu": "T4", "phase": "warm", "seconds": 2.5, "ok": true, "steps": 4, "date": "2026-11-01", "source": "kit"}
{"model": "m", "gpu": "T4", "phase": "warm", "seconds": null, "ok": false, "cause": "oom", "steps": 4, "date": "2026-11-01", "source": "kit"}
"#;
    let (csv, mut json) = (read(csv, &options()).expect("valid"), read(json, &options()).expect("valid"));
    for run in &mut json.rows {
        run.line += 1;
    }
    assert_eq!(json, csv);
}

#[test]
fn words_of_programs_say_whether_a_run_ended() {
    let header = "model,gpu,phase,seconds,ok,cause,date,source\n";
    for (yes, no) in [("true", "false"), ("TRUE", "FALSE"), ("True", "False"), ("Yes", "NO")] {
        let of = |yes: &str, no: &str| {
            format!("{header}m,T4,warm,2.5,{yes},,2026-11-01,kit\nm,T4,warm,,{no},oom,2026-11-01,kit\n")
        };
        let (found, plain) = (read(&of(yes, no), &options()), read(&of("yes", "no"), &options()));
        assert_eq!(found.expect("valid"), plain.expect("valid"), "{yes} {no}");
    }
    let wrong = header.to_owned() + &"m,T4,warm,2.5,perhaps,,2026-11-01,kit\n".repeat(40);
    let found = problems(&wrong, &options());
    assert_eq!(found.len(), 4, "{found:#?}");
    assert_eq!(found[3].2, "37 lines more, this one the first: `perhaps` is unknown");
}

#[test]
fn a_failure_by_timeout_with_its_seconds_was_cut_off() {
    let end = |seconds: &str, cause: &str| {
        let text =
            format!("model,gpu,phase,seconds,ok,cause,date,source\nm,T4,warm,{seconds},no,{cause},2026-11-01,kit\n");
        read(&text, &options()).expect("valid").rows[0].end.clone()
    };
    for cause in ["timeout", "Timeout", "timed out", "time_out", "TIMED_OUT"] {
        assert_eq!(end("8.5", cause), RunEnd::CutOff { seconds: 8.5 }, "{cause}");
    }
    assert_eq!(end("", "timeout"), RunEnd::Failed { seconds: None, cause: "timeout".into() });
    assert_eq!(end("8.5", "oom"), RunEnd::Failed { seconds: Some(8.5), cause: "oom".into() });
}

#[test]
fn cells_come_by_name_with_their_rows_in_order() {
    let text = "model,gpu,phase,seconds,date,source\nb,T4,warm,2,2026-11-01,kit\na,T4,warm,3,2026-11-01,kit\n\
                b,T4,warm,2.1,2026-11-01,kit\nb,T4,boot,30,2026-11-01,kit\n";
    let runs = read(text, &options()).expect("valid");
    let cells: Vec<(&str, Vec<u64>)> = runs
        .cells(Phase::Warm)
        .into_iter()
        .map(|(name, rows)| (name.model.as_str(), rows.iter().map(|run| run.line).collect()))
        .collect();
    assert_eq!(cells, [("a", vec![3]), ("b", vec![2, 4])]);
}

/// Of the default scenario's own file, and of one with every kind of row.
#[test]
fn what_is_fitted_are_ended_runs_and_summaries_that_somebody_measured() {
    let text = "model,gpu,phase,seconds,ok,cause,n,p50_s,p95_s,steps,date,source,kind\n\
                m,T4,warm,2.5,,,,,,4,2026-11-01,kit,\nm,T4,warm,300,timeout,,,,,4,2026-11-01,kit,\n\
                m,T4,warm,,no,oom,,,,4,2026-11-01,kit,\nm,T4,warm,,,,40,2.4,2.9,4,2026-11-01,vendor,published\n\
                m,T4,warm,2.9,,,,,,8,2026-11-01,sum,derived\nm,T4,boot,30,,,,,,,2026-11-01,kit,\n\
                m,A10,warm,,no,oom,,,,4,2026-11-01,kit,\n";
    let runs = read(text, &options()).expect("valid");
    let times = runs.cell_times(Phase::Warm).expect("laws");
    assert_eq!(times.len(), 1);
    assert_eq!((times[0].seconds.as_slice(), times[0].summaries.len()), ([2.5].as_slice(), 1));
    let shaped = runs.shaped(&runs.rows[0].cell);
    assert_eq!(shaped, [(2.5, Shape { steps: Some(4.0), ..Shape::default() })]);
}

/// The date and the source may be given once beside the file.
#[test]
fn what_is_stated_beside_the_file_fills_empty_fields() {
    let text = "model,gpu,phase,seconds,date\nm,T4,warm,2,\nm,T4,warm,3,2026-10-01\n";
    let beside = RunsOptions { source: Some("kit"), date: Some("2026-11-20"), ..options() };
    let rows = read(text, &beside).expect("valid").rows;
    let dates: Vec<_> = rows.iter().map(|run| (run.provenance.source.as_str(), run.provenance.date.as_str())).collect();
    assert_eq!(dates, [("kit", "2026-11-20"), ("kit", "2026-10-01")]);
    let found = problems(text, &options());
    assert_eq!(
        found.iter().map(|(line, key, _)| (*line, key.as_str())).collect::<Vec<_>>(),
        [(2, "source"), (2, "date"), (3, "source")]
    );
}

#[test]
fn repeats_are_merged_kept_or_asked_about_by_name() {
    let row = |seconds: f64| format!("m,T4,warm,{seconds},2026-11-01,kit\n");
    let once: String = (0..12).map(|k| row(2.0 + 0.017 * f64::from(k))).collect();
    let text = format!("model,gpu,phase,seconds,date,source\n{once}{once}");
    let found = problems(&text, &options());
    assert_eq!(found.len(), 12, "{found:#?}");
    assert_eq!(found[0], (14, String::new(), "is equal to line 2".into()));
    let with = |repeats| read(&text, &RunsOptions { repeats, ..options() }).expect("valid");
    let (merged, kept) = (with(Repeats::Merge), with(Repeats::Keep));
    assert_eq!((merged.rows.len(), kept.rows.len()), (12, 24));
    assert_eq!(merged.remarks[0].message, "is equal to line 2; 12 such rows, counted once");
    assert_eq!(kept.remarks[0].message, "is equal to line 2; 12 such rows, all counted");
}
