//! Small logs by hand, and logs of which little can be told.

use approx::assert_relative_eq;

use super::*;

const HOUR_S: i64 = 3600;
/// 2026-01-19 00:00:00 UTC, a Monday.
const MONDAY_S: i64 = 1_768_780_800;

fn options() -> DescribeOptions {
    DescribeOptions {
        origin: Origin::Hour,
        zone: "UTC".to_string(),
        resolution_ns: 1_000_000_000,
        bin_s: None,
        end_ns: None,
    }
}

/// Describes (unix seconds, model, requests).
fn described(options: DescribeOptions, log: &[(i64, u32, u64)]) -> Description {
    let mut describer = Describer::new(options).expect("options");
    for &(at_s, model, requests) in log {
        describer.push(at_s * 1_000_000_000, model, requests);
    }
    let description = describer.finish(&["a".to_string(), "b".to_string()]);
    // JSON turns what is not finite into null, which no number reads back.
    let text = serde_json::to_string(&description).expect("JSON");
    assert_eq!(serde_json::from_str::<Description>(&text).expect("a description"), description);
    description
}

fn has_warning(description: &Description, words: &str) -> bool {
    description.warnings.iter().any(|warning| warning.contains(words))
}

#[test]
fn four_seconds_by_hand() {
    let origin = DescribeOptions { origin: Origin::FirstRequest, ..options() };
    // Counts 2 0 1 1 from 0:00:10 on.
    let found = described(origin, &[(MONDAY_S + 10, 0, 2), (MONDAY_S + 12, 1, 1), (MONDAY_S + 13, 0, 1)]);
    assert_eq!((found.requests, found.span_s), (4, 4.0));
    assert_eq!(found.first.as_deref(), Some("2026-01-19T00:00:10+00:00"));
    assert_eq!(found.last.as_deref(), Some("2026-01-19T00:00:13+00:00"));
    let seconds = found.dispersion[0];
    assert_eq!((seconds.window_s, seconds.windows, seconds.mean), (1, 4, 1.0));
    // Variance (1 + 1 + 0 + 0) / 3.
    assert_relative_eq!(seconds.raw.expect("a value"), 2.0 / 3.0);
    assert_eq!((seconds.after_day_curve, seconds.local, found.dispersion.len()), (None, None, 1));
    let gaps = found.gaps.as_ref().expect("gaps");
    // Gaps 0 2 1.
    assert_relative_eq!(gaps.mean_s, 1.0);
    assert_relative_eq!(gaps.cv.expect("a value"), (2.0f64 / 3.0).sqrt());
    assert_relative_eq!(gaps.zero_share, 1.0 / 3.0);
    assert!(gaps.quantised && gaps.cv_rescaled.is_none());
    assert_eq!(found.peak_second.as_ref().map(|peak| peak.requests), Some(2));
    assert_eq!(found.peak_minute.as_ref().map(|peak| peak.start.as_str()), Some("2026-01-19T00:00:10+00:00"));
    let names: Vec<_> = found.models.iter().map(|model| (model.name.as_str(), model.requests, model.share)).collect();
    assert_eq!(names, [("a", 3, 0.75), ("b", 1, 0.25)]);
    assert!(has_warning(&found, "no clock hour"));
}

/// Two days, one request every hour, but four at noon.
#[test]
fn two_days_by_hand() {
    let noon = |hour: i64| if hour % 24 == 12 { 4 } else { 1 };
    let log: Vec<_> = (0..48).map(|hour| (MONDAY_S + hour * HOUR_S + 60, 0, noon(hour))).collect();
    let end = DescribeOptions { end_ns: Some((MONDAY_S + 48 * HOUR_S) * 1_000_000_000), ..options() };
    let found = described(end, &log);
    assert_eq!((found.hourly.len(), found.zero_hours, found.full_days.len()), (48, 0, 2));
    assert_eq!(found.hourly[12], HourCount { start_s: MONDAY_S + 12 * HOUR_S, requests: 4 });
    let first = DayTotal { date: "2026-01-19".into(), weekday: 0, hours: 24, requests: 27 };
    assert_eq!(found.full_days[0], first);
    assert_eq!((found.peak_hour, found.trough_hour), (Some(12), Some(0)));
    assert_relative_eq!(found.peak_over_mean.expect("a value"), 4.0 * 24.0 / 27.0);
    assert_relative_eq!(found.peak_over_trough.expect("a value"), 4.0);
    let noon = found.hour_of_day[12];
    assert_eq!(
        (noon.rate_per_s, noon.low_per_s, noon.high_per_s),
        (Some(4.0 / 3600.0), noon.rate_per_s, noon.rate_per_s)
    );
    let hours = found.dispersion.iter().find(|row| row.window_s == 3600).expect("hours");
    assert_eq!((hours.windows, hours.after_day_curve, hours.local), (48, Some(0.0), None));
    // Counts: 46 of 1 and 2 of 4, mean 9/8.
    assert_relative_eq!(hours.raw.expect("a value"), (46.0 / 64.0 + 2.0 * 529.0 / 64.0) / 47.0 / 1.125);
    assert_eq!((found.weekend_over_weekday, found.day_total_cv, found.trend), (None, Some(0.0), None));
    assert_eq!(
        found.keep_alive.iter().map(|row| row.cold_active_minutes).collect::<Vec<_>>(),
        [48, 48, 48, 48, 48, 48, 48, 1]
    );
    assert!(has_warning(&found, "a weekly curve needs 14"));
}

/// The last request of two weeks comes before their end: its hour is cut, and the week is told all the same.
#[test]
fn two_weeks_have_a_weekly_curve() {
    let found = |days: i64| {
        let half_hours = (0..48 * days).map(|half_hour| (MONDAY_S + half_hour * 1800, 0, 1));
        described(options(), &half_hours.collect::<Vec<_>>())
    };
    let (two_weeks, less) = (found(14), found(13));
    assert_eq!((two_weeks.hourly.len(), two_weeks.hour_of_week.len()), (335, 168));
    assert!(!has_warning(&two_weeks, "a weekly curve needs 14"));
    assert!(less.hour_of_week.is_empty() && has_warning(&less, "13.0 days of full hours: a weekly curve needs 14"));
}

/// A request each half hour by the clock of New York, for `days` days from `start`, midnight there.
fn new_york(start: &str, days: i64) -> Description {
    let start_s = start.parse::<jiff::Timestamp>().expect("an instant").as_second();
    let half_hours = (0..48 * days + 8).map(|half_hour| (start_s + half_hour * 1800, 0, 1));
    let zone = DescribeOptions { zone: "America/New_York".to_string(), ..options() };
    described(zone, &half_hours.collect::<Vec<_>>())
}

#[test]
fn days_have_23_and_25_hours_when_clocks_change() {
    let spring = new_york("2026-03-07T05:00:00Z", 3);
    let days: Vec<_> = spring.full_days.iter().map(|day| (day.date.as_str(), day.hours, day.requests)).collect();
    assert_eq!(days, [("2026-03-07", 24, 48), ("2026-03-08", 23, 46), ("2026-03-09", 24, 48)]);
    // No 2 o'clock on the 8th.
    assert_eq!(spring.hour_of_day[1].hours, spring.hour_of_day[2].hours + 1);
    assert_eq!(spring.first.as_deref(), Some("2026-03-07T00:00:00-05:00"));
    assert_eq!(&spring.last.as_deref().expect("a stamp")[19..], "-04:00");

    let autumn = new_york("2026-10-31T04:00:00Z", 3);
    let days: Vec<_> = autumn.full_days.iter().map(|day| (day.date.as_str(), day.hours, day.requests)).collect();
    assert_eq!(days, [("2026-10-31", 24, 48), ("2026-11-01", 25, 50), ("2026-11-02", 24, 48)]);
    // Two 1 o'clocks on the 1st.
    assert_eq!(autumn.hour_of_day[1].hours, autumn.hour_of_day[4].hours + 2);
    assert!(autumn.hour_of_day.iter().all(|point| point.rate_per_s == Some(2.0 / 3600.0)), "the rate is even");
}

#[test]
fn hours_are_those_of_a_zone_half_an_hour_off() {
    let zone = DescribeOptions { zone: "Asia/Kolkata".to_string(), ..options() };
    // 0:00 UTC is 5:30; the hours from 6 to 8 o'clock are full, and that of 5 as its start is the origin.
    let found = described(zone, &[(MONDAY_S, 0, 1), (MONDAY_S + 4 * HOUR_S - 1800, 0, 1)]);
    let starts: Vec<_> = found.hourly.iter().map(|hour| hour.start_s - MONDAY_S).collect();
    assert_eq!(starts, [-1800, 1800, 5400, 9000]);
    assert_eq!(found.hour_of_day.iter().map(|point| point.hours).collect::<Vec<_>>()[4..10], [0, 1, 1, 1, 1, 0]);
}

#[test]
fn no_request_one_request_and_one_stamp_are_told_apart() {
    let none = described(options(), &[]);
    assert_eq!((none.requests, none.first.as_ref(), none.mean_rate_per_s), (0, None, None));
    assert_eq!(none.warnings, ["the log holds no request"]);
    assert!(none.dispersion.is_empty() && none.models.iter().all(|model| model.requests == 0));

    for origin in [Origin::Hour, Origin::FirstRequest] {
        let options = DescribeOptions { origin, ..options() };
        let one = described(options.clone(), &[(MONDAY_S, 0, 1)]);
        assert_eq!((one.requests, one.span_s, one.gaps.as_ref()), (1, 1.0, None));
        assert!(has_warning(&one, "one request"), "{:?}", one.warnings);

        let same = described(options, &[(MONDAY_S, 0, 3), (MONDAY_S, 1, 2)]);
        let gaps = same.gaps.as_ref().expect("gaps");
        assert_eq!((gaps.mean_s, gaps.cv, gaps.zero_share), (0.0, None, 1.0));
        assert!(has_warning(&same, "one stamp"), "{:?}", same.warnings);
    }
}

#[test]
fn a_burst_within_a_second_is_told() {
    let mut describer = Describer::new(DescribeOptions { resolution_ns: 1_000_000, ..options() }).expect("options");
    for millisecond in 0..40 {
        describer.push(MONDAY_S * 1_000_000_000 + millisecond * 20_000_000, 0, 1);
    }
    let found = describer.finish(&["a".to_string()]);
    assert!(has_warning(&found, "within one second"), "{:?}", found.warnings);
    assert!(found.gaps.is_some_and(|gaps| !gaps.quantised));
}

#[test]
fn empty_bins_are_observed_and_empty_logs_are_not() {
    let bins = DescribeOptions { bin_s: Some(900.0), ..options() };
    let zeros: Vec<_> = (0..8).map(|bin| (MONDAY_S + bin * 900, 0, 0)).collect();
    let found = described(bins.clone(), &zeros);
    assert_eq!((found.requests, found.hourly.len(), found.zero_hours), (0, 2, 2));
    assert_eq!((found.mean_rate_per_s, found.hourly_cv, found.peak_over_mean), (Some(0.0), None, None));
    assert_eq!(
        found.dispersion.iter().map(|row| (row.window_s, row.raw)).collect::<Vec<_>>(),
        [(900, None), (3600, None)]
    );
    assert!(found.keep_alive.is_empty() && found.gaps.is_none());
    // No window holds whole bins of 7 s.
    let odd = described(DescribeOptions { bin_s: Some(7.0), ..bins }, &[(MONDAY_S, 0, 1), (MONDAY_S + 7000, 0, 1)]);
    assert!(odd.dispersion.is_empty());
}

#[test]
fn requests_after_the_end_are_left_out() {
    let end = DescribeOptions { end_ns: Some((MONDAY_S + 10) * 1_000_000_000), ..options() };
    let found = described(end.clone(), &[(MONDAY_S, 0, 1), (MONDAY_S + 9, 0, 1), (MONDAY_S + 10, 0, 5)]);
    assert_eq!((found.requests, found.span_s), (2, 10.0));
    assert!(has_warning(&found, "5 requests at or after the end"), "{:?}", found.warnings);
    assert_eq!(described(end, &[(MONDAY_S + 20, 0, 5)]).requests, 0);
}

#[test]
fn the_ends_of_64_bits_are_no_trouble() {
    let mut describer = Describer::new(options()).expect("options");
    describer.push(i64::MIN, 0, 1);
    describer.push(i64::MIN + 5_000_000_000, 0, 1);
    assert_eq!(describer.finish(&["a".to_string()]).first.map(|first| first[..4].to_string()), Some("1677".into()));
    let mut describer = Describer::new(options()).expect("options");
    describer.push(i64::MAX - 7_200_000_000_000, 0, 1);
    describer.push(i64::MAX, 0, 1);
    assert_eq!(describer.finish(&["a".to_string()]).requests, 2);
}

#[test]
#[should_panic(expected = "stamps must not decrease")]
fn stamps_that_decrease_are_a_bug_of_the_caller() {
    described(options(), &[(MONDAY_S, 0, 1), (MONDAY_S - 1, 0, 1)]);
}

#[test]
fn options_that_mean_nothing_are_refused() {
    let error = |options| Describer::new(options).expect_err("an error").to_string();
    assert!(error(DescribeOptions { zone: "Berlin".into(), ..options() }).contains("not a time zone"));
    assert!(error(DescribeOptions { resolution_ns: 0, ..options() }).contains("0 ns is not a resolution"));
    for bin_s in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(error(DescribeOptions { bin_s: Some(bin_s), ..options() }).contains("is not a length of bins"));
    }
}
