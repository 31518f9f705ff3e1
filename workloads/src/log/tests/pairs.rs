//! What two columns say together.

use crate::log::{Columns, Entry, LogOptions, read_log};

use super::rules::{lenient, read, wrong};

/// An execution that began before its request came is left out and counted; a column of arrivals is none of beginnings.
#[test]
fn beginnings_of_executions_become_waits() {
    let waits = |text: &str| {
        let mut waits = Vec::new();
        let each = |entry: &Entry<'_>| waits.push((entry.wait_s, entry.startup_s));
        let summary = read_log(text.as_bytes(), "log.csv", &LogOptions::default(), each).expect("a log");
        (waits, summary.dropped_values.len())
    };
    let text = "created_at,started_at,startup_ms\n2025-03-01 10:00:00,2025-03-01 10:00:02.5,\n\
                2025-03-01 10:00:09,2025-03-01 10:00:08,1500\n2025-03-01 10:01:00,,\n";
    assert_eq!(waits(text), (vec![(Some(2.5), None), (None, Some(1.5)), (None, None)], 1));
    assert_eq!(waits("started_at\n2025-03-01 10:00:00\n"), (vec![(None, None)], 0));
}

#[test]
fn dates_and_times_of_the_day_in_two_columns_are_joined() {
    let joined = "date,time,model\n2024-11-15,16:57:50,a\n2024-11-16,9:05,b\n";
    let (entries, summary) = read(joined, &LogOptions::default());
    let whole = "time,model\n2024-11-15 16:57:50,a\n2024-11-16 09:05,b\n";
    assert_eq!((entries, summary.columns.time.as_deref()), (read(whole, &LogOptions::default()).0, Some("date+time")));
    let json = "{\"d\": \"2024-11-15\", \"at\": \"16:57:50\", \"model\": \"a\"}\n";
    let columns = Columns { time: Some("d+at".into()), ..Columns::default() };
    let options = LogOptions { columns, ..LogOptions::default() };
    assert_eq!(read(json, &options).0[0].at_s.to_bits(), 1_731_689_870f64.to_bits());
    let counts = "date,hour,requests\n2024-11-15,23,4\n2024-11-16,0,5\n2024-11-16,1,0\n";
    let (entries, summary) = read(counts, &LogOptions::default());
    assert_eq!((summary.bin_s, summary.requests, entries[1].at_s), (Some(3600.0), 9, 1_731_715_200.0));
    assert_eq!(
        wrong("date,time\n2024-11-15,24:00\nx,16:57\n2024-11-15,16:57\n", &lenient()),
        [
            "2: time: `24:00` is no stamp; give RFC 3339, or seconds or milliseconds since 1970",
            "3: date: `x` is no stamp; give RFC 3339, or seconds or milliseconds since 1970"
        ]
    );
}
