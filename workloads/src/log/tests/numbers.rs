//! What the numbers in a column of counts count.

use std::fmt::Write as _;

use super::rules::{read, refused};
use crate::log::LogOptions;

/// Monday 1970-01-05, in seconds.
const MONDAY_S: f64 = 345_600.0;

fn wide(bin_s: f64) -> LogOptions {
    LogOptions { bin_s: Some(bin_s), ..LogOptions::default() }
}

/// Two weeks of bins with their numbers.
fn numbered(column: &str, step: u32) -> String {
    (0..336).fold(format!("{column},requests\n"), |mut text, bin| {
        let _ = writeln!(text, "{},{}", bin * step, bin % 24);
        text
    })
}

#[test]
fn columns_called_by_a_unit_number_bins_of_it() {
    for (column, unit_s) in [("hour", 3600.0), ("Hours", 3600.0), ("minute", 60.0), ("day", 86_400.0), ("second", 1.0)]
    {
        let (entries, summary) = read(&numbered(column, 1), &LogOptions::default());
        assert_eq!((summary.bin_s, summary.number_s), (Some(unit_s), unit_s), "{column}");
        assert!((entries[335].at_s - MONDAY_S - 335.0 * unit_s).abs() < 1e-6, "{column}");
        let is_said = summary.remarks()[0] == format!("a number in column `{column}` counts steps of {unit_s} s");
        assert_eq!(is_said, unit_s > 1.0, "{:?}", summary.remarks());
    }
    assert_eq!(read(&numbered("minute", 5), &LogOptions::default()).1.bin_s, Some(300.0));
    assert_eq!(read("hour,count\n0.0,1\n1.0,1\n7.0,2\n", &LogOptions::default()).1.bin_s, Some(3600.0));
}

#[test]
fn a_width_says_what_numbers_in_a_row_are() {
    for column in ["t", "time", "bin"] {
        let (entries, summary) = read(&numbered(column, 1), &wide(300.0));
        assert_eq!((summary.bin_s, summary.number_s), (Some(300.0), 300.0), "{column}");
        assert!((entries[335].at_s - MONDAY_S - 335.0 * 300.0).abs() < 1e-6);
        let (entries, summary) = read(&numbered(column, 1), &wide(1.0));
        assert_eq!((summary.bin_s, summary.number_s), (Some(1.0), 1.0));
        assert!((entries[335].at_s - MONDAY_S - 335.0).abs() < 1e-6);
    }
    // Numbers that are as far apart as the bins are wide are seconds.
    let (entries, summary) = read(&numbered("hour", 3600), &wide(3600.0));
    assert_eq!((summary.bin_s, summary.number_s), (Some(3600.0), 1.0));
    assert!((entries[2].at_s - MONDAY_S - 7200.0).abs() < 1e-6);
}

#[test]
fn numbers_that_nobody_explains_are_refused_with_what_settles_it() {
    let said = "log:1: column `time`: its numbers are in steps of 1: seconds, or bins of another width?\n  help: give the \
                width of the bins, such as bin_s = 3600 for hours and bin_s = 1 for seconds; or call the column hour, \
                minute, second or day";
    assert_eq!(refused(&numbered("time", 1), &LogOptions::default()), said);
    assert_eq!(refused("time,count\n0,4\n3,1\n4,1\n", &LogOptions::default()), said);
    assert!(refused(&numbered("t", 1), &LogOptions::default()).contains("column `t`: its numbers are in steps of 1"));
    // Seconds with requests, of those that have none nothing is said.
    assert_eq!(read("t,count\n1,1\n3,1\n4,1\n", &LogOptions::default()).1.bin_s, Some(1.0));
    let said = refused(&numbered("hour", 3600), &LogOptions::default());
    assert!(said.contains("its numbers are 3600 apart: in steps of 3600 s, as it is called, or in seconds?"), "{said}");
    let said = refused(&numbered("hour", 1), &wide(900.0));
    assert!(said.contains("its name says steps of 3600 s, but the width that is given is 900 s"), "{said}");
}

#[test]
fn stamps_closer_together_than_the_bins_are_refused() {
    let text = "time,count\n1995-07-01T00:00:00,3\n1995-07-01T01:00:00,1\n1995-07-01T05:00:00,4\n";
    assert_eq!(
        refused(text, &wide(7200.0)),
        "log: stamps are 3600 s apart, closer than bins of 7200 s\n  help: give the width of the bins, such as bin_s = \
         3600, or leave it out: it is then the smallest gap between stamps"
    );
    assert_eq!(read(text, &wide(3600.0)).1.bin_s, Some(3600.0));
    assert!(refused("t,count\n0,1\n2,1\n4,1\n", &wide(60.0)).contains("2 s apart, closer than bins of 60 s"));
    // The clock was put forward on 2024-03-10: that day has 23 hours.
    let days = "date,count\n2024-03-09,1\n2024-03-10,1\n2024-03-11,1\n";
    let new_york = LogOptions { zone: "America/New_York".into(), ..wide(86_400.0) };
    assert_eq!(read(days, &new_york).1.bin_s, Some(86_400.0));
}

/// Counts by the hour of each of two weeks, as `row` writes them.
fn by_day(header: &str, row: impl Fn(usize, usize) -> String) -> String {
    let rows = (0..336).map(|bin| format!("{},{}\n", row(bin / 24, bin % 24), bin % 24));
    std::iter::once(format!("{header}\n")).chain(rows).collect()
}

#[test]
fn hours_that_begin_again_are_refused_with_what_settles_it() {
    let text = by_day("hour,requests", |_, hour| hour.to_string());
    let said = refused(&text, &LogOptions::default());
    assert!(said.starts_with("log:26: column `hour`: its numbers begin again here: the next days, or"), "{said}");
    assert!(said.contains("help: number the bins on without a break, give a column `date`"), "{said}");
    let week = ["Mon", "tue", "Wednesday", "Thu", "Fri", "Sat", "Sun"];
    let weeks = by_day("weekday,hour,requests", |day, hour| format!("{},{hour}", week[day % 7]));
    let said = refused(&weeks, &LogOptions::default());
    assert!(said.starts_with("log:170: column `weekday+hour`: its numbers begin again"), "{said}");
    // Parts of the same hours that have a name, and hours that are only out of order.
    let models = by_day("hour,model,requests", |day, hour| format!("{hour},m{day}"));
    assert_eq!(read(&models, &LogOptions::default()).1.requests, 14 * 276);
    let back = (0..336).rev().fold("hour,requests\n".to_owned(), |text, bin| text + &format!("{bin},1\n"));
    assert_eq!(read(&back, &LogOptions::default()).1.requests, 336);
}

#[test]
fn days_that_are_numbered_or_named_go_with_their_hours() {
    let one_week = |text: String| text.split_inclusive('\n').take(169).collect::<String>();
    let week = ["Mon", "tue", "Wednesday", "Thu", "Fri", "Sat", "Sun"];
    let named = one_week(by_day("weekday,hour,requests", |day, hour| format!("{},{hour}", week[day % 7])));
    let from_one = by_day("day,hour,requests", |day, hour| format!("{},{hour:02}:00", day + 1));
    let from_zero = by_day("day,hour,requests", |day, hour| format!("{day},{hour}"));
    for (text, bins) in [(named, 168), (from_one, 336), (from_zero, 336)] {
        let (entries, summary) = read(&text, &LogOptions::default());
        assert_eq!((entries.len(), summary.bin_s), (bins, Some(3600.0)), "{text}");
        for (bin, entry) in entries.iter().enumerate() {
            assert!((entry.at_s - MONDAY_S - 3600.0 * bin as f64).abs() < 1e-6, "{bin}");
        }
    }
    let dated = by_day("day,hour,requests", |day, hour| format!("2024-01-{:02},{hour}", day + 1));
    assert_eq!(read(&dated, &LogOptions::default()).0.len(), 336);
}
