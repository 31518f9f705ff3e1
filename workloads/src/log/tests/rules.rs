//! What is read, repaired, counted and refused, a rule a test.

use std::fmt::Write as _;

use crate::log::{
    Columns, Endings, Entry, Layout, LogError, LogOptions, LogSummary, OneZone, StampZone, ZoneCount, read_log,
};

/// An entry that owns what it holds.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Read {
    pub(super) at_s: f64,
    pub(super) requests: u64,
    model: String,
    client: String,
    duration_s: Option<f64>,
    is_ok: Option<bool>,
    shape: Vec<f64>,
    line: u64,
}

fn read_bytes(text: &[u8], options: &LogOptions) -> (Vec<Read>, Result<LogSummary, LogError>) {
    let mut entries = Vec::new();
    let each = |entry: &Entry<'_>| {
        entries.push(Read {
            at_s: entry.at_ns as f64 / 1e9,
            requests: entry.requests,
            model: entry.model.to_owned(),
            client: entry.client.to_owned(),
            duration_s: entry.duration_s,
            is_ok: entry.is_ok,
            shape: entry.shape.to_vec(),
            line: entry.line,
        });
    };
    let summary = read_log(text, "log", options, each);
    (entries, summary)
}

pub(super) fn read(text: &str, options: &LogOptions) -> (Vec<Read>, LogSummary) {
    let (entries, summary) = read_bytes(text.as_bytes(), options);
    (entries, summary.expect("a log"))
}

pub(super) fn refused(text: &str, options: &LogOptions) -> String {
    read_bytes(text.as_bytes(), options).1.expect_err("an error").to_string()
}

/// Any share of wrong lines is put up with.
pub(super) fn lenient() -> LogOptions {
    LogOptions { wrong_share_max: 1.0, ..LogOptions::default() }
}

/// What is wrong with the lines of `text`, as they are shown.
pub(super) fn wrong(text: &str, options: &LogOptions) -> Vec<String> {
    read(text, options).1.wrong.iter().map(ToString::to_string).collect()
}

#[test]
fn a_table_of_requests_is_read_by_its_header() {
    let text = "timestamp,model,duration_ms,status,user,steps\n\
                2024-11-15 16:57:50,flux-dev,1500,SUCCEED,ann,30\n\
                2024-11-15T16:57:51.5Z,\"sd,xl\",,500,,\n";
    let columns = Columns { shape: vec!["steps".into()], ..Columns::default() };
    let (entries, summary) = read(text, &LogOptions { columns, ..LogOptions::default() });
    let first = Read {
        at_s: 1_731_689_870.0,
        requests: 1,
        model: "flux-dev".into(),
        client: "ann".into(),
        duration_s: Some(1.5),
        is_ok: Some(true),
        shape: vec![30.0],
        line: 2,
    };
    assert_eq!(entries[0], first);
    let second = &entries[1];
    assert_eq!((second.model.as_str(), second.client.as_str(), second.line), ("sd,xl", "", 3));
    assert_eq!((second.duration_s, second.is_ok), (None, Some(false)));
    assert!(second.shape[0].is_nan());
    assert_eq!((summary.layout, summary.lines, summary.entries, summary.requests), (Layout::RequestsCsv, 2, 2, 2));
    assert_eq!((summary.resolution_ns, summary.bin_s, summary.origin_ns), (100_000_000, None, None));
    assert_eq!(summary.columns.duration.as_deref(), Some("duration_ms"));
    let saved = serde_json::to_string(&summary).expect("JSON");
    assert_eq!(serde_json::from_str::<LogSummary>(&saved).expect("a summary"), summary);
}

#[test]
fn json_is_read_by_its_keys_on_lines_or_in_an_array() {
    let lines = "{\"time\": 1731689870, \"status\": 200}\n\
                 {\"model\": \"a\\u0062\", \"duration_s\": 2.5, \"time\": \"2024-11-15T16:57:51Z\", \"x\": [1]}\n";
    let array = format!("[\n{}]\n", lines.replacen("\n{", ",\n{", 1));
    let pretty = array.replace(", ", ",\n  ").replacen("[\n", "", 1).replacen('{', "{\n", 1);
    for (text, first_line) in [(lines.to_owned(), 1), (array, 2), (pretty, 1)] {
        let (entries, summary) = read(&text, &LogOptions::default());
        assert_eq!(summary.layout, Layout::RequestsJsonLines);
        assert_eq!(
            (entries[0].is_ok, entries[0].duration_s, entries[0].line),
            (Some(true), None, first_line),
            "{text}"
        );
        assert_eq!((entries[1].model.as_str(), entries[1].duration_s, entries[1].is_ok), ("ab", Some(2.5), None));
        assert!((entries[1].at_s - entries[0].at_s - 1.0).abs() < 1e-9);
    }
}

#[test]
fn calls_of_modal_are_stamped_when_they_were_enqueued() {
    let text = r#"[
  {
    "function_call_id": "fc-01", "service_method_name": "Flux.generate", "enqueued_at": "2025-03-01 10:00:00+01:00",
    "started_at": "2025-03-01 10:00:30+01:00", "container_id": "ta-01", "startup_time_seconds": 28.5,
    "execution_time_seconds": 4.25, "status": "SUCCESS"
  },
  {
    "function_call_id": "fc-02", "service_method_name": "Flux.generate", "enqueued_at": "2025-03-01 10:00:07+01:00",
    "started_at": null, "container_id": null, "startup_time_seconds": null, "execution_time_seconds": null,
    "status": "FAILURE"
  }
]"#;
    let (entries, summary) = read(text, &LogOptions::default());
    assert_eq!(summary.layout, Layout::ModalCalls);
    assert_eq!((entries[0].at_s, entries[0].model.as_str(), entries[0].line), (1_740_819_600.0, "Flux.generate", 2));
    assert_eq!((entries[0].duration_s, entries[0].is_ok), (Some(4.25), Some(true)));
    assert_eq!((entries[1].duration_s, entries[1].is_ok, entries[1].line), (None, Some(false), 7));
    assert_eq!(summary.zones, [ZoneCount { zone: StampZone::Offset(3600), stamps: 2 }]);
    // How each was served: 30 s after it came, by a container that took 28.5 s of them to start.
    let mut served = Vec::new();
    let each = |entry: &Entry<'_>| served.push((entry.wait_s, entry.startup_s, entry.container.to_owned()));
    read_log(text.as_bytes(), "log.json", &LogOptions::default(), each).expect("a log");
    assert_eq!(served, [(Some(30.0), Some(28.5), "ta-01".to_owned()), (None, None, String::new())]);
    let columns = Columns { shape: vec!["startup_time_seconds".into()], ..Columns::default() };
    let (entries, _) = read(text, &LogOptions { columns, ..LogOptions::default() });
    assert_eq!(entries[0].shape, [28.5]);
}

#[test]
fn minutes_of_a_day_are_counted_by_function() {
    let (entries, summary) = read("func,minute,count\n7,0,14\n7,1439,2\n8,10,3\n", &LogOptions::default());
    assert_eq!((summary.layout, summary.bin_s, summary.requests), (Layout::AzureFunctions, Some(60.0), 19));
    assert_eq!((summary.unsorted_count, summary.resolution_ns), (1, 60_000_000_000));
    assert_eq!(summary.origin_ns, Some(4 * 86_400_000_000_000), "Monday");
    assert_eq!((entries[1].at_s, entries[1].model.as_str(), entries[1].requests), (431_940.0, "7", 2));
    let faults = wrong("func,minute,count\n7,1440,1\n7,1,1\n7,-1,1\n7,3,-2\n", &lenient());
    assert_eq!(
        faults,
        [
            "2: minute: `1440` is no minute of a day (0 to 1439)",
            "4: minute: `-1` is no minute of a day (0 to 1439)",
            "5: count: `-2` is not a count (0, 1, 2, ...)"
        ]
    );
}

#[test]
fn minutes_of_a_day_may_be_columns() {
    let mut text = "HashOwner,HashApp,HashFunction,Trigger".to_owned();
    (1..=1440).for_each(|minute| write!(text, ",{minute}").expect("memory"));
    for (function, filled) in [("f", 2), ("g", 1440), ("h", 1)] {
        write!(text, "\no,a,{function},http").expect("memory");
        (1..=1440).for_each(|minute| text.push_str(if minute == filled { ",5" } else { ",0" }));
    }
    text.push_str("x\n");
    let (entries, summary) = read(&text, &lenient());
    assert_eq!((summary.layout, summary.lines, summary.entries, summary.requests), (Layout::AzureFunctions, 3, 2, 10));
    let found: Vec<_> = entries.iter().map(|entry| (entry.model.as_str(), entry.client.as_str(), entry.at_s)).collect();
    assert_eq!(found, [("f", "o", 345_660.0), ("g", "o", 431_940.0)]);
    assert_eq!(summary.wrong[0].to_string(), "4: 1440: `0x` is not a count (0, 1, 2, ...)");
    let now = Some(400_000_000_000_000);
    let (entries, summary) = read(&text, &LogOptions { now, ..lenient() });
    assert_eq!((entries.len(), summary.wrong_count), (1, 2), "the last minute of the day is after now");
}

#[test]
fn tokens_of_the_llm_traces_are_the_shape() {
    let text = "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:15:46.6805900,374,44\n";
    let (entries, summary) = read(text, &LogOptions::default());
    assert_eq!((summary.layout, summary.resolution_ns), (Layout::AzureLlm, 10_000));
    assert_eq!(entries[0].shape, [374.0, 44.0]);
}

#[test]
fn counts_have_the_width_of_the_smallest_gap_or_the_one_given() {
    let text = "time,count\n1995-07-01T00:00:00,3\n1995-07-01T01:00:00,0\n1995-07-01T05:00:00,4\n";
    let (entries, summary) = read(text, &LogOptions::default());
    assert_eq!((summary.layout, summary.bin_s, summary.requests), (Layout::Counts, Some(3600.0), 7));
    assert_eq!(entries[1].requests, 0);
    assert_eq!(read(text, &LogOptions { bin_s: Some(60.0), ..LogOptions::default() }).1.bin_s, Some(60.0));
    let uneven = "t,count\n0,1\n2,1\n5,1\n";
    assert!(refused(uneven, &LogOptions::default()).contains("the smallest gap between stamps is 2 s"));
    assert_eq!(read(uneven, &LogOptions { bin_s: Some(1.0), ..LogOptions::default() }).1.bin_s, Some(1.0));
    let one = "t,count\n0,9\n";
    assert_eq!(
        refused(one, &LogOptions::default()),
        "log: all counts have the same stamp, so the width of the bins is unknown\n  help: give it, such as bin_s = 3600"
    );
    assert_eq!(read(one, &LogOptions { bin_s: Some(60.0), ..LogOptions::default() }).1.requests, 9);
}

#[test]
fn counts_may_be_of_several_models() {
    let text = "hour,model,requests\n2024-01-01 00:00,a,3\n2024-01-01 00:00,b,1\n2024-01-01 01:00,a,2\n";
    let (entries, summary) = read(text, &LogOptions::default());
    assert_eq!((summary.layout, summary.bin_s, summary.requests), (Layout::Counts, Some(3600.0), 6));
    assert_eq!(entries.iter().map(|entry| entry.model.as_str()).collect::<String>(), "aba");
}

#[test]
fn seconds_from_zero_start_at_the_origin_and_this_is_said() {
    let options = LogOptions { zone: "Europe/Berlin".into(), ..LogOptions::default() };
    let (entries, summary) = read("t,count\n1,1\n3,1\n4,1\n", &options);
    assert_eq!((entries[0].at_s, summary.bin_s), (342_001.0, Some(1.0)));
    let said = "stamps are counted from zero and the log has no date: hours and weekdays are as if zero were Monday, \
                1970-01-04T23:00:00Z; --start-of-zero says what it is";
    assert_eq!((summary.remarks(), summary.is_origin_assumed), (vec![said.to_owned()], true));
    let origin = Some(1_000_000_000_000_000_000);
    let (entries, summary) = read("t,count\n1,1\n3,1\n", &LogOptions { origin, ..LogOptions::default() });
    assert_eq!((entries[0].at_s, summary.origin_ns, summary.is_origin_assumed), (1_000_000_001.0, origin, false));
    assert_eq!(summary.remarks(), ["stamps are counted from zero, which is taken to be 2001-09-09T01:46:40Z"]);
}

#[test]
fn a_count_in_a_table_of_requests_is_used_when_named() {
    let text = "time,duration_s,count\n2024-11-15,1,5\n2024-11-16,1,\n";
    assert_eq!(read(text, &lenient()).1.requests, 2);
    let columns = Columns { count: Some("count".into()), ..Columns::default() };
    let (entries, summary) = read(text, &LogOptions { columns, ..lenient() });
    assert_eq!((entries.len(), summary.requests, summary.wrong_count), (1, 5, 1));
}

#[test]
fn wrong_lines_say_where_and_what() {
    let text = "time,model,duration_s\n\
                2024-11-15,a,1\n\
                ,a,1\n\
                yesterday,a,1\n\
                2024-11-15,a\n\
                2024-11-15,a,1,2\n\
                2024-11-15,a,-1\n\
                2024-11-15,a,NaN\n\
                2024-11-15,a,three\n\
                1500-01-01,a,1\n\
                2025-11-15,a,1\n\
                2024-11-15,\"a,1\n";
    let now = Some(1_740_000_000_000_000_000);
    let (entries, summary) = read(text, &LogOptions { now, ..lenient() });
    assert_eq!((entries.len(), summary.wrong_count, summary.lines), (4, 7, 11));
    let faults: Vec<String> = summary.wrong.iter().map(ToString::to_string).collect();
    assert_eq!(
        faults,
        [
            "3: time: has no stamp",
            "4: time: `yesterday` is no stamp; give RFC 3339, or seconds or milliseconds since 1970",
            "5: 2 fields where the header has 3",
            "6: 4 fields where the header has 3",
            "10: time: `1500-01-01` is not between the years 1678 and 2262",
            "11: time: `2025-11-15` is in the future",
            "12: a quote is opened and not closed",
        ]
    );
    assert_eq!(
        summary.remarks(),
        [
            "7 of 11 lines are wrong and left out: 2 x another number of fields than the header (first in line 5); 1 x \
             time: no stamp (line 3); 1 x time: no stamp that can be read (line 4); 1 x time: not between the years 1678 \
             and 2262 (line 10); 1 x time: in the future (line 11); 1 x a quote that is not closed (line 12)",
            "values left out, their requests kept: 2 x duration_s: not a finite number (first in line 8); 1 x duration_s: \
             negative (line 7)",
        ]
    );
    assert!(entries[1..].iter().all(|entry| entry.duration_s.is_none()));
}

/// A request counts whatever its duration is: one in seven is negative here, and the log is read.
#[test]
fn durations_and_sizes_that_are_none_are_left_out_and_counted() {
    let text = "time,duration_s,steps\n2024-11-15,-3,30\n".to_owned() + &"2024-11-16,2,n/a\n".repeat(6);
    let columns = Columns { shape: vec!["steps".into()], ..Columns::default() };
    let (entries, summary) = read(&text, &LogOptions { columns, ..LogOptions::default() });
    assert_eq!((entries.len(), summary.wrong_count), (7, 0));
    assert_eq!((entries[0].duration_s, entries[0].shape[0], entries[1].duration_s), (None, 30.0, Some(2.0)));
    assert!(entries[1].shape[0].is_nan());
    let causes: Vec<String> = summary.dropped_values.iter().map(ToString::to_string).collect();
    assert_eq!(causes, ["6 x steps: not a finite number (first in line 3)", "1 x duration_s: negative (line 2)"]);
}

/// A column is in one unit: what is in another is not taken for it, and many of them are refused.
#[test]
fn a_mix_of_seconds_and_milliseconds_is_refused_by_name() {
    let (seconds, milliseconds) = ("1731689870\n", "1731689870123\n");
    let (_, summary) = read(&format!("ts\n{}{milliseconds}", seconds.repeat(199)), &LogOptions::default());
    assert_eq!(
        summary.wrong[0].to_string(),
        "201: ts: `1731689870123` is in milliseconds by its size, and the first stamp in seconds"
    );
    assert_eq!(summary.wrong_causes[0].to_string(), "1 x ts: in another unit than the first stamp (line 201)");
    let message = refused(&format!("ts\n{seconds}{milliseconds}"), &LogOptions::default());
    assert!(message.contains("\n  1 x ts: in another unit than the first stamp (line 3)\n"), "{message}");
}

#[test]
fn counts_beyond_what_can_be_added_are_refused_with_the_limit() {
    let (_, summary) =
        read(&format!("time,count\n2024-01-01,1e18\n{}", "2024-01-02,3\n2024-01-03,3\n".repeat(50)), &lenient());
    assert_eq!(
        summary.wrong[0].to_string(),
        "2: count: `1e18` is too large for a count; the largest that is read is 9007199254740992"
    );
    let text = "time,count\n2024-01-01,9007199254740992\n2024-01-02,1\n";
    let message = refused(text, &LogOptions::default());
    assert!(message.starts_with("log: holds more than 9007199254740992 requests\n  help: look at"), "{message}");
}

#[test]
fn calls_that_have_not_ended_are_no_failures_and_old_stamps_are_remarked() {
    let text =
        "time,status\n1995-07-01,SUCCESS\n2024-11-15,FAILURE\n2024-11-15,PENDING\n2024-11-16,RUNNING\n2024-11-16,\n";
    let (entries, summary) = read(text, &LogOptions::default());
    let is_ok: Vec<_> = entries.iter().map(|entry| entry.is_ok).collect();
    assert_eq!(is_ok, [Some(true), Some(false), None, None, None]);
    assert_eq!(summary.endings, Endings { ok: 1, failed: 1, open: 2, unheard: 0 });
    assert_eq!(
        summary.remarks(),
        [
            "2 requests had not ended when the log was written; they count as traffic, not as failures or times",
            "1 of 5 stamps are before the year 2000, the first 1995-07-01T00:00:00Z: if that cannot be, look at their unit",
        ]
    );
}

#[test]
fn words_that_are_not_known_are_listed_and_count_for_nothing() {
    let text =
        "time,status,duration_s\n2024-11-15,xyzzy,1\n2024-11-15,ok,2\n2024-11-16,xyzzy,3\n2024-11-16,running,4\n";
    let (entries, summary) = read(text, &LogOptions::default());
    let told: Vec<_> = entries.iter().map(|entry| (entry.is_ok, entry.duration_s)).collect();
    assert_eq!(told, [(None, Some(1.0)), (Some(true), Some(2.0)), (None, Some(3.0)), (None, None)]);
    assert_eq!(summary.endings, Endings { ok: 1, failed: 0, open: 1, unheard: 2 });
    let remarks = summary.remarks();
    assert!(remarks[1].ends_with("neither as failed nor as succeeded: 2 x \"xyzzy\" (first in line 2)"), "{remarks:?}");
}

#[test]
fn a_column_that_names_its_zone_beside_one_that_does_not_is_told() {
    let text = "time,started_at\n2024-11-15T10:00:00Z,\n2024-11-15T10:00:00,2024-11-15T15:00:01Z\n";
    let (_, summary) = read(text, &LogOptions::default());
    let told = OneZone { named: "started_at".into(), unnamed: "time".into(), line: 3 };
    assert_eq!((summary.zone_told_once, summary.is_zone_assumed), (Some(told), true));
    let given = LogOptions { zone: "America/New_York".into(), is_zone_assumed: false, ..LogOptions::default() };
    let (_, summary) = read(text, &given);
    assert_eq!((summary.zone_told_once, summary.is_zone_assumed), (None, false));
}

#[test]
fn texts_that_are_not_utf8_are_wrong_where_they_are_used() {
    let (entries, summary) = read_bytes(b"time,model,x\n2024-11-15,\xff,\n2024-11-15,a,\xff\n", &lenient());
    let summary = summary.expect("a log");
    assert_eq!(entries.len(), 1);
    assert_eq!(summary.wrong[0].to_string(), "2: model: `\u{fffd}` is not UTF-8");
}

#[test]
fn a_broken_object_is_one_wrong_line() {
    let text = "{\"time\": 1731689870}\n{\"time\": 1731689871\n{\"time\": [1]}\n7\n{\"time\": 1731689872}\n{}\n";
    let (entries, summary) = read(text, &lenient());
    assert_eq!((entries.len(), summary.wrong_count), (2, 4));
    let faults: Vec<String> = summary.wrong.iter().map(ToString::to_string).collect();
    assert_eq!(faults[0], "2: not a JSON object: EOF while parsing an object at character 19");
    assert_eq!(faults[1], "3: not a JSON object: a list or an object where one value is needed at character 13");
    assert_eq!(faults[2], "4: not a JSON object: invalid type: integer `7`, expected an object at character 1");
    assert_eq!(faults[3], "6: time: has no stamp");
    let cut = "[{\"time\": 1731689870}, {\"time\": 17316";
    assert!(refused(cut, &lenient()).starts_with("log:1: cannot be read on: an object begins here that never ends"));
}

#[test]
fn one_wrong_line_in_a_hundred_is_put_up_with_and_ten_are_shown() {
    let log = |good: usize, bad: usize| "time\n".to_owned() + &"2024-11-15\n".repeat(good) + &"x\n".repeat(bad);
    let (_, summary) = read(&log(99, 1), &LogOptions::default());
    assert_eq!((summary.wrong_count, summary.lines), (1, 100));
    let message = refused(&log(98, 2), &LogOptions::default());
    assert_eq!(
        message,
        "log: 2 of 100 lines are wrong (2.0 %, at most 1 % are put up with)\n  \
         2 x time: no stamp that can be read (first in line 100)\n  \
         log:100: time: `x` is no stamp; give RFC 3339, or seconds or milliseconds since 1970\n  \
         log:101: time: `x` is no stamp; give RFC 3339, or seconds or milliseconds since 1970\n  \
         help: mend them, map other columns, or allow a larger share of wrong lines"
    );
    let (_, summary) = read(&log(1, 25), &lenient());
    assert_eq!((summary.wrong.len(), summary.wrong_count), (10, 25));
}

#[test]
fn a_missing_column_is_named_with_those_that_there_are() {
    assert_eq!(
        refused("when,model\n2024-11-15,a\n", &LogOptions::default()),
        "log:1: time: no column is known to mean this\n  help: say which of its columns does; the log has `when`, `model`"
    );
    let columns = Columns { duration: Some("durations".into()), ..Columns::default() };
    let options = LogOptions { columns, ..LogOptions::default() };
    assert_eq!(
        refused("time,duration_s\n2024-11-15,1\n", &options),
        "log:1: duration: no column `durations`\n  help: did you mean `duration_s`? the log has `time`, `duration_s`"
    );
    assert!(refused("\n{\"tme\": 1, \"duration\": 1}\n", &options).starts_with("log:2: time: no column is known"));
    let counts = LogOptions { layout: Some(Layout::Counts), ..LogOptions::default() };
    assert!(refused("time,n\n2024-11-15,1\n", &counts).starts_with("log:1: count: no column"));
}

#[test]
fn a_log_without_header_or_requests_or_of_another_kind_is_refused() {
    assert_eq!(
        refused("2024-11-15 16:57:50,a\n", &LogOptions::default()),
        "log:1: no header: `2024-11-15 16:57:50` is a stamp\n  help: let the first line name the columns"
    );
    for text in ["", "\n \n", "time,model\n", "\u{feff}"] {
        assert!(refused(text, &LogOptions::default()).starts_with("log: holds no requests"), "{text:?}");
    }
    let json = LogOptions { layout: Some(Layout::ModalCalls), ..LogOptions::default() };
    assert!(refused("time,model\n", &json).starts_with("log:1: not JSON: `time,model` begins no object"));
    assert!(refused("[1, 2]", &LogOptions::default()).starts_with("log:1: not JSON: "));
    let zone = LogOptions { zone: "Berlin".into(), ..LogOptions::default() };
    assert!(refused("time\n2024-11-15\n", &zone).contains("\"Berlin\" is not a time zone"));
}

#[test]
fn equal_lines_are_counted_and_kept_unless_dropped() {
    let text =
        "time,model\n2024-11-15,a\n2024-11-15,a\n2024-11-15,a\n2024-11-15,b\n2024-11-15,a\nx,\nx,\n2024-11-15,a\n";
    let (entries, summary) = read(text, &lenient());
    assert_eq!((entries.len(), summary.duplicates, summary.wrong_count), (6, 2, 2));
    assert!(
        summary
            .remarks()
            .contains(&"2 lines equal the one before them and are kept; --drop-duplicates leaves them out".to_owned())
    );
    let (entries, summary) = read(text, &LogOptions { drop_duplicates: true, ..lenient() });
    assert_eq!((entries.len(), summary.duplicates, summary.entries, summary.wrong_count), (4, 2, 4, 2));
    assert!(summary.remarks().contains(&"2 lines equal the one before them and are left out".to_owned()));
}

#[test]
fn a_mix_of_zones_is_stated_and_unsorted_entries_are_counted() {
    let text = "time\n2024-11-15 12:00:00\n2024-11-15T12:00:00+02:00\n2024-11-15T12:00:00Z\n1731689870\n2024-11-15 12:00:00Z\n";
    let (_, summary) = read(text, &LogOptions { zone: "America/New_York".into(), ..LogOptions::default() });
    let zones =
        [(StampZone::Unnamed, 1), (StampZone::Offset(7200), 1), (StampZone::Offset(0), 2), (StampZone::Epoch, 1)];
    assert_eq!(summary.zones, zones.map(|(zone, stamps)| ZoneCount { zone, stamps }));
    assert_eq!(
        summary.remarks(),
        [
            "4 of 5 entries are earlier than one before them; they are sorted",
            "stamps are of different zones: 1 no zone, 1 UTC+02:00, 2 UTC+00:00, 1 since 1970"
        ]
    );
}

#[test]
fn hours_that_the_clock_skipped_or_repeated_are_counted() {
    let text = "time\n2024-10-27 01:59:00\n2024-10-27 02:00:00\n2024-10-27 02:59:00\n2024-10-27 03:00:00\n";
    let (entries, summary) = read(text, &LogOptions { zone: "Europe/Berlin".into(), ..LogOptions::default() });
    assert_eq!(summary.ambiguous_count, 2);
    assert!((entries[3].at_s - entries[0].at_s - 7260.0).abs() < 1e-9);
    assert!(summary.remarks()[0].starts_with("2 stamps were shown twice or never by the clocks of Europe/Berlin"));
}

#[test]
fn quoted_fields_may_span_lines_and_stray_quotes_may_not() {
    let text = "time,prompt,model\n2024-11-15,\"a\nb \"\"c\"\"\",m\n2024-11-16,5\" disk,n\n2024-11-17,\"open,o\n2024-11-18,x,p\n";
    let (entries, summary) = read(text, &lenient());
    let found: Vec<_> = entries.iter().map(|entry| (entry.model.as_str(), entry.line)).collect();
    assert_eq!(found, [("m", 2), ("n", 4), ("p", 6)]);
    assert_eq!(summary.wrong[0].to_string(), "5: a quote is opened and not closed");
    // Two of them do not take the lines between them along.
    let text = format!("time,prompt\n2024-11-15,\"a\n{}2024-11-16,\"c\n", "2024-11-15,b\n".repeat(98));
    let (_, summary) = read(&text, &lenient());
    assert_eq!((summary.entries, summary.wrong_count, summary.lines), (98, 2, 100));
}

#[test]
fn other_separators_line_ends_and_a_byte_order_mark_are_taken() {
    let text = "\u{feff}time;model;duration_s\r\n2024-11-15;a;1\r\n\r\n2024-11-16;\"b\";2";
    let (entries, summary) = read(text, &LogOptions::default());
    assert_eq!((entries.len(), entries[1].model.as_str(), entries[1].duration_s), (2, "b", Some(2.0)));
    assert_eq!((entries[1].line, summary.lines), (4, 2));
}

#[test]
fn a_larger_share_is_not_advised_where_every_line_is_wrong() {
    let message = refused("time,model\nx,a\ny,b\n", &LogOptions::default());
    assert!(message.ends_with("\n  help: mend them, or map other columns"), "{message}");
    assert!(refused("time,model\nx,a\n2024-11-15,b\n", &LogOptions::default()).contains("a larger share"));
}
