//! Bad input, each kind with the answer that it gets.

use super::*;

const HEADER: &str = "model,gpu,phase,seconds,ok,cause,n,p50_s,p95_s,steps,date,source\n";

#[track_caller]
fn check(lines: &str, expected: &[(u64, &str, &str)]) {
    let found = problems(&format!("{HEADER}{lines}"), &options());
    let found: Vec<_> = found.iter().map(|(line, key, message)| (*line, key.as_str(), message.as_str())).collect();
    assert_eq!(found, expected);
}

#[test]
fn times_that_are_no_times_are_named() {
    check("m,T4,warm,-2,,,,,,,2026-11-01,kit\n", &[(2, "seconds", "`-2` is not a number above zero")]);
    check("m,T4,warm,0,,,,,,,2026-11-01,kit\n", &[(2, "seconds", "`0` is not a number above zero")]);
    check("m,T4,warm,,,,,,,,2026-11-01,kit\n", &[(2, "seconds", "is empty")]);
    check("m,T4,warm,,timeout,,,,,,2026-11-01,kit\n", &[(2, "seconds", "is empty")]);
    check(
        "m,T4,warm,2,yes,oom,,,,,2026-11-01,kit\n",
        &[(2, "cause", "`oom` has no meaning here: the run did not fail")],
    );
    check("m,T4,warm,2,no,,,,,,2026-11-01,kit\n", &[(2, "cause", "is empty beside a failure")]);
    check("m,T4,hot,2,,,,,,,2026-11-01,kit\n", &[(2, "phase", "`hot` is unknown")]);
}

#[test]
fn summaries_that_cannot_be_are_named() {
    check(
        "m,T4,warm,2,,,9,2,3,,2026-11-01,kit\n",
        &[(2, "seconds", "`2` has no meaning here: the row gives percentiles")],
    );
    check("m,T4,warm,,,,1,2,3,,2026-11-01,kit\n", &[(2, "n", "`1` is no number of runs")]);
    check("m,T4,warm,,,,9,3,2,,2026-11-01,kit\n", &[(2, "p95_s", "2 s is below the median 3 s")]);
    check("m,T4,warm,,,,9,3,,,2026-11-01,kit\n", &[(2, "p95_s", "is empty")]);
    check("m,T4,warm,,no,oom,9,2,3,,2026-11-01,kit\n", &[(2, "ok", "speaks of one run beside percentiles of several")]);
}

#[test]
fn gpus_that_are_nearly_right_are_recognised() {
    let found = read(&format!("{HEADER}m,l40s,warm,2,,,,,,,2026-11-01,kit\n"), &options()).expect_err("bad input");
    assert_eq!(
        found[0].to_string(),
        "runs.csv:2: gpu: `l40s` is no GPU type that is known\n  help: did you mean `L40S`?"
    );
    let anything = RunsOptions { gpus: &[], ..options() };
    assert!(read(&format!("{HEADER}m,l40s,warm,2,,,,,,,2026-11-01,kit\n"), &anything).is_ok());
}

#[test]
fn dates_in_the_future_and_no_dates_are_refused() {
    check("m,T4,warm,2,,,,,,,2026-11-27,kit\n", &[(2, "date", "`2026-11-27` lies in the future")]);
    check("m,T4,warm,2,,,,,,,yesterday,kit\n", &[(2, "date", "`yesterday` is no date")]);
    assert!(read(&format!("{HEADER}m,T4,warm,2,,,,,,,2026-11-26,kit\n"), &options()).is_ok());
}

#[test]
fn dates_before_1990_are_none_of_measurements() {
    let row = |date: &str| format!("m,T4,warm,2,,,,,,,{date},kit\n");
    let lines = row("0026-11-20") + &row("1989-12") + &row("1990-01-01");
    let message = |date: &str| format!("`{date}` lies before 1990: it is no date of a measurement");
    check(&lines, &[(2, "date", message("0026-11-20").as_str()), (3, "date", message("1989-12").as_str())]);
    // A scenario knows no today, but which year is none.
    let found = problems(&format!("{HEADER}{}", row("0026")), &RunsOptions::undated());
    assert_eq!(found, [(2, "date".to_owned(), message("0026"))]);
}

#[test]
fn control_characters_are_refused_in_names() {
    let header = "model,variant,gpu,machine,adapter,phase,seconds,date,source\n";
    let lines = "m\u{1b}[31mX,a,T4,c,,warm,2,2026-11-01,kit\nm,a\u{7}b,T4,c,,warm,2,2026-11-01,kit\n\
                 m,a,T\u{1b}4,c,,warm,2,2026-11-01,kit\nm,a,T4,c\u{9b}1,,warm,2,2026-11-01,kit\n\
                 m,a,T4,c,l\u{0}l,warm,2,2026-11-01,kit\nm,a,T4,c,,warm,2,2026-11-01,k\tk\n";
    let found = problems(&format!("{header}{lines}"), &RunsOptions { gpus: &[], ..options() });
    let found: Vec<_> = found.iter().map(|(line, key, message)| (*line, key.as_str(), message.as_str())).collect();
    assert_eq!(
        found,
        [
            (2, "model", "`m\u{fffd}[31mX` holds a control character (U+001B)"),
            (3, "variant", "`a\u{fffd}b` holds a control character (U+0007)"),
            (4, "gpu", "`T\u{fffd}4` holds a control character (U+001B)"),
            (5, "machine", "`c\u{fffd}1` holds a control character (U+009B)"),
            (6, "adapter", "`l\u{fffd}l` holds a control character (U+0000)"),
            (7, "source", "`k\u{fffd}k` holds a control character (U+0009)"),
        ]
    );
    // Letters of any script are names.
    let good = "Größe-模型,a,T4,c,,warm,2,2026-11-01,kit\n";
    assert!(read(&format!("{header}{good}"), &options()).is_ok());
}

#[test]
fn peaks_in_mib_are_asked_about() {
    let text =
        |peak: &str| format!("model,gpu,phase,seconds,peak_gib,date,source\nm,T4,warm,2,{peak},2026-11-01,kit\n");
    let found = read(&text("33900"), &options()).expect_err("bad input");
    let said: Vec<String> = found.iter().map(ToString::to_string).collect();
    let wanted =
        "runs.csv:2: peak_gib: `33900` GiB is more than any GPU has: is it MiB?\n  help: divide MiB by 1024: 33.1";
    assert_eq!(said, [wanted]);
    assert!(read(&text("1000"), &options()).is_ok());
}

#[test]
fn stale_rows_are_remarked_on_once_a_source() {
    let lines =
        "m,T4,warm,2,,,,,,,2026-02-01,kit\nm,T4,warm,2.1,,,,,,,2026-01-31,kit\nm,T4,warm,2.2,,,,,,,2026-06-01,kit\n";
    let runs = read(&format!("{HEADER}{lines}"), &options()).expect("valid");
    assert_eq!(runs.rows.len(), 3);
    assert_eq!(
        runs.remarks.iter().map(ToString::to_string).collect::<Vec<_>>(),
        [
            "runs.csv:3: date: `2026-01-31` (and 1 more row) is 299 days old\n  help: measure again what is older than 180 days"
        ]
    );
    let older = RunsOptions { max_age_days: 300, ..options() };
    assert_eq!(read(&format!("{HEADER}{lines}"), &older).expect("valid").remarks, []);
}

#[test]
fn one_row_in_milliseconds_is_asked_about() {
    let lines =
        "m,T4,warm,2.5,,,,,,,2026-11-01,kit\nm,T4,warm,2510,,,,,,,2026-11-01,kit\nm,T4,warm,2.6,,,,,,,2026-11-01,kit\n";
    let question = "`2510` s is 965 times the 2.6 s of line 4: are these milliseconds?";
    check(lines, &[(3, "seconds", question)]);
    let sure = RunsOptions { seconds_are_right: true, ..options() };
    assert_eq!(read(&format!("{HEADER}{lines}"), &sure).expect("valid").rows[1].time(), Some((2510.0, false)));
}

/// 4 s / 1e-9 s: no milliseconds make that, and 4 s is a usual time.
#[test]
fn a_time_a_million_times_shorter_is_the_one_that_is_asked_about() {
    let row = |seconds: &str| format!("m,T4,warm,{seconds},,,,,,,2026-11-01,kit\n");
    let question = "`0.000000001` s is 1/4000000000 of the 4 s of line 2: in which unit is it?";
    check(&(row("4") + &row("1e-9")), &[(3, "seconds", question)]);
    let two = row("4") + &row("1e-9") + &row("1.1e-9");
    let found = problems(&format!("{HEADER}{two}"), &options());
    assert_eq!(found.iter().map(|(line, ..)| *line).collect::<Vec<_>>(), [3, 4]);
    // Beside 80000 s, in microseconds perhaps, 0.08 s is a usual time.
    let question = "`80000` s is 1000000 times the 0.08 s of line 2: are these milliseconds?";
    check(&(row("0.08") + &row("80000")), &[(3, "seconds", question)]);
}

#[test]
fn a_gpu_a_hundred_times_slower_is_asked_about() {
    let row = |gpu: &str, seconds: f64| format!("m,{gpu},warm,{seconds},,,,,,,2026-11-01,kit\n");
    let question = "`303` s is 101 times the 3 s of line 2: are these milliseconds?";
    check(&(row("L40S", 3.0) + &row("A10", 303.0)), &[(3, "seconds", question)]);
    assert!(read(&format!("{HEADER}{}{}", row("L40S", 3.0), row("A10", 297.0)), &options()).is_ok());
}

/// A first request holds the service too: 895 s / 31 s = 29.
#[test]
fn a_warm_request_ten_times_as_long_as_a_first_one_is_asked_about() {
    let row = |phase: &str, seconds: f64, steps: &str| format!("m,T4,{phase},{seconds},,,,,,{steps},2026-11-01,kit\n");
    let lines = row("warm", 880.0, "") + &row("warm", 900.0, "") + &row("warm", 895.0, "") + &row("cold", 31.0, "");
    let first = "the 31 s of the first request of line 5, boot and all";
    let question = format!("`895` s of a warm request is 29 times {first}: are these milliseconds?");
    check(&lines, &[(4, "seconds", question.as_str())]);
    let sure = RunsOptions { seconds_are_right: true, ..options() };
    assert!(read(&format!("{HEADER}{lines}"), &sure).is_ok());
    // Nine times as long, and a request of another shape.
    assert!(read(&format!("{HEADER}{}{}", row("warm", 279.0, ""), row("cold", 31.0, "")), &options()).is_ok());
    assert!(read(&format!("{HEADER}{}{}", row("warm", 895.0, "50"), row("cold", 31.0, "1")), &options()).is_ok());
}

#[test]
fn one_row_in_seconds_among_milliseconds_is_asked_about() {
    let lines = "m,T4,warm,2500,,,,,,,2026-11-01,kit\nm,T4,warm,2.5,,,,,,,2026-11-01,kit\nm,T4,warm,2600,,,,,,,2026-11-01,kit\n";
    check(lines, &[(3, "seconds", "`2.5` s is 1/1000 of the 2500 s of line 2: are those milliseconds?")]);
}

#[test]
fn a_cell_in_milliseconds_beside_other_gpus_is_asked_about() {
    let lines = "m,T4,warm,19,,,,,,,2026-11-01,kit\nm,L40S,warm,2.5,,,,,,,2026-11-01,kit\nm,H100,warm,970,,,,,,,2026-11-01,kit\n\
                 m,H100,warm,990,,,,,,,2026-11-01,kit\n";
    // From 19 s to 990 s is a factor of 52: GPUs may differ by that, and none is asked about.
    assert!(read(&format!("{HEADER}{lines}"), &options()).is_ok());
    let slower = lines.replace("19,", "7.6,").replace("970", "5010").replace("990", "5030");
    check(&slower, &[(5, "seconds", "`5030` s is 662 times the 7.6 s of line 2: are these milliseconds?")]);
}

/// A model in milliseconds, and one in seconds: two cells say not which, but that one usually takes three hours.
#[test]
fn a_model_or_a_file_in_milliseconds_is_asked_about() {
    let row = |model: &str, phase: &str, seconds: f64| format!("{model},L40S,{phase},{seconds},,,,,,,2026-11-01,kit\n");
    let lines = row("a", "warm", 2.65) + &row("b", "warm", 10346.0);
    let long = "`10346` s is in the middle of its cell, more than 1000 s: are these milliseconds?";
    check(&lines, &[(3, "seconds", long)]);
    let boots = row("a", "boot", 43516.0) + &row("b", "boot", 43999.0);
    assert_eq!(problems(&format!("{HEADER}{boots}"), &options()).len(), 2);
    let sure = RunsOptions { seconds_are_right: true, ..options() };
    assert!(read(&format!("{HEADER}{lines}{boots}"), &sure).is_ok());
    // Of three, the middle of the others tells from 300 times on: 2.65 s of 2.6 and 2.65.
    let three = row("a", "warm", 2.65) + &row("b", "warm", 900.0) + &row("c", "warm", 2.6);
    check(
        &three,
        &[(3, "seconds", "`900` s is 340 times the 2.65 s in the middle of other cells: are these milliseconds?")],
    );
    assert!(read(&format!("{HEADER}{}", three.replace("900", "700")), &options()).is_ok());
}

/// Four steps of a model whose operations are counted take 2 s on an L40S; of another model nobody knows.
#[test]
fn times_far_beyond_arithmetic_are_asked_about() {
    let row = |model: &str, seconds: f64| format!("{model},L40S,warm,{seconds},,,,,,4,2026-11-01,kit\n");
    let found = problems(&format!("{HEADER}{}", row("flux-schnell", 990.0)), &options());
    let [(2, _, message)] = &found[..] else { panic!("{found:?}") };
    assert!(message.contains("that arithmetic predicts: are these milliseconds?"), "{message}");
    assert!(read(&format!("{HEADER}{}", row("flux-schnell", 60.0)), &options()).is_ok());
    assert!(read(&format!("{HEADER}{}", row("unheard-of", 990.0)), &options()).is_ok());
}

#[test]
fn a_run_of_more_than_a_day_is_asked_about() {
    check(
        "m,T4,warm,90000,timeout,,,,,,2026-11-01,kit\n",
        &[(2, "seconds", "`90000` s is more than a day: are these milliseconds?")],
    );
}

/// Steps differ by 50 and times with them: other shapes are no neighbours.
#[test]
fn other_shapes_and_phases_are_no_neighbours() {
    let lines = "m,T4,warm,0.02,,,,,,1,2026-11-01,kit\nm,T4,warm,2.5,,,,,,100,2026-11-01,kit\nm,T4,boot,60,,,,,,,2026-11-01,kit\n";
    assert!(read(&format!("{HEADER}{lines}"), &options()).is_ok());
}

/// Of twelve times rounded to a tenth that spread over a tenth, ties are expected.
#[test]
fn equal_rounded_times_are_runs_of_their_own() {
    let row = |seconds: &str| format!("m,T4,warm,{seconds},,,,,,,2026-11-01,kit\n");
    let lines: String = ["2.5", "2.6", "2.5", "2.4", "2.5", "2.6", "2.4", "2.5"].into_iter().map(row).collect();
    let runs = read(&format!("{HEADER}{lines}"), &options()).expect("valid");
    assert_eq!(runs.rows.len(), 8);
    assert_eq!(runs.remarks[0].message, "is equal to line 2; 5 such rows, all counted");
}

#[test]
fn a_repeated_instant_or_summary_is_a_copy() {
    let row = "m,T4,warm,2.5,,,,,,,2026-11-01T10:00:00Z,kit\n";
    check(&format!("{row}{row}"), &[(3, "", "is equal to line 2")]);
    let summary = "m,T4,warm,,,,9,2,3,,2026-11-01,kit\n";
    check(&format!("{summary}{summary}"), &[(3, "", "is equal to line 2")]);
    // Failures without a time are alike by nature.
    let failure = "m,T4,warm,,no,oom,,,,,2026-11-01,kit\n";
    assert_eq!(read(&format!("{HEADER}{failure}{failure}"), &options()).expect("valid").rows.len(), 2);
}

#[test]
fn mixed_shapes_are_named_unless_the_model_has_a_shape_law() {
    let lines = "m,T4,warm,2,,,,,,4,2026-11-01,kit\nm,T4,warm,9,,,,,,20,2026-11-01,kit\nm,T4,warm,2.1,,,,,,4,2026-11-01,kit\n\
                 m,A10,warm,1,,,,,,4,2026-11-01,kit\nm,T4,warm,5,,,,,,,2026-11-01,kit\n";
    let runs = read(&format!("{HEADER}{lines}"), &options()).expect("valid");
    let found = runs.mixed_shapes("runs.csv", &[]);
    assert_eq!(
        found.iter().map(ToString::to_string).collect::<Vec<_>>(),
        [
            "runs.csv:3: steps: m on T4 has runs of 3 shapes: steps 4 (2 runs); steps 20 (1 run); steps not stated (1 run)\n  \
          help: give each shape a variant of its own, or the model a shape fit"
        ]
    );
    assert_eq!(runs.mixed_shapes("runs.csv", &["m"]), []);
}

#[test]
fn headers_are_judged_by_name() {
    let found = problems("model,gpu,phase,second\nm,T4,warm,2\n", &options());
    assert_eq!(found, [(1, "second".into(), "is no column that is known here".into())]);
    let found = problems("model,gpu,seconds\nm,T4,2\n", &options());
    assert_eq!(found, [(1, "phase".into(), "is missing from the header".into())]);
    // Capitals are one problem, and what is there in capitals is not missing.
    let found = problems("Model,GPU,phase,seconds\nm,T4,warm,2\n", &options());
    assert_eq!(found, [(1, "Model, GPU".into(), "are no columns that are known here".into())]);
}

#[test]
fn a_list_of_runs_is_told_from_runs_a_line() {
    let found = read("\n[\n  {\"model\": \"m\"}\n]\n", &options()).expect_err("bad input");
    let [problem] = &found[..] else { panic!("{found:#?}") };
    assert_eq!(
        (problem.line, problem.message.as_str()),
        (Some(2), "begins a list: runs as JSON are one object a line")
    );
    assert!(problem.help.ends_with("`jq -c '.[]' FILE` does"), "{problem}");
}
