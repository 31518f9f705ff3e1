//! How far one time zone's clock is ahead of another's.

use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone, TimeZoneDatabase};
use jiff::{Span, Timestamp};
use serde::{Deserialize, Serialize};

/// What is wrong with a time zone or the date at which it is read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TimeZoneError {
    /// The time zone database does not know this name.
    #[error(
        "{zone:?} is not a time zone; give an IANA name such as \"Europe/Berlin\", \"America/New_York\" or \"UTC\""
    )]
    UnknownZone {
        /// The offending name.
        zone: String,
    },
    /// Not a day of the calendar.
    #[error("{date:?} is not a date; give year, month and day such as \"2026-01-21\"")]
    NotADate {
        /// The offending text.
        date: String,
    },
    /// A day of 23 or 25 hours.
    #[error(
        "the clock of {zone} changes on {date}, and days of 23 or 25 hours are not simulated; report in UTC: the clock of \
         the curve then changes inside a day of 24 hours"
    )]
    UnevenDay {
        /// The zone in which days are reported.
        zone: String,
        /// The day that is longer or shorter than others.
        date: String,
    },
}

/// From when on a clock is how far ahead of another.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ClockChange {
    /// In seconds from a Monday 00:00 of the other clock; may be negative.
    pub at_s: f64,
    /// Hours that it is ahead from then on; negative when it is behind.
    pub ahead_h: f64,
}

/// How far the clock of `curve_zone` is ahead of that of `reporting_zone` in the week, Monday to Sunday of the latter, that
/// holds `on_date`: first from the beginning of the stretch on, then from each change.
///
/// - `stretch_s`: from when to when, in seconds from that Monday 00:00.
///
/// # Errors
/// [`TimeZoneError`] when a zone or the date is unknown, or the reporting clock changes in the stretch.
pub fn clock_changes(
    curve_zone: &str,
    reporting_zone: &str,
    on_date: &str,
    stretch_s: (f64, f64),
) -> Result<Vec<ClockChange>, TimeZoneError> {
    let database = TimeZoneDatabase::bundled();
    let curve = find(&database, curve_zone)?;
    let reporting = find(&database, reporting_zone)?;
    let not_a_date = || TimeZoneError::NotADate { date: on_date.to_owned() };
    let day = date(on_date)?;
    let since_monday = Span::new().days(day.weekday().to_monday_zero_offset());
    let monday = day.checked_sub(since_monday).map_err(|_| not_a_date())?;
    // Of a midnight that does not exist the instant at which the clock jumps over it.
    let monday_s = reporting.to_timestamp(monday.at(0, 0, 0, 0)).map_err(|_| not_a_date())?.as_second();
    let at = |second: f64| Timestamp::from_second(monday_s + second as i64).map_err(|_| not_a_date());
    let (start, end) = (at(stretch_s.0.floor())?, at(stretch_s.1.ceil())?);
    if let Some(change) = reporting.following(start).next().filter(|change| change.timestamp() < end) {
        let date = reporting.to_datetime(change.timestamp()).date().to_string();
        return Err(TimeZoneError::UnevenDay { zone: reporting_zone.to_owned(), date });
    }
    let reporting_s = reporting.to_offset(start).seconds();
    let ahead_h = |offset: Offset| f64::from(offset.seconds() - reporting_s) / 3600.0;
    let mut changes = vec![ClockChange { at_s: stretch_s.0, ahead_h: ahead_h(curve.to_offset(start)) }];
    for change in curve.following(start).take_while(|change| change.timestamp() < end) {
        let next =
            ClockChange { at_s: (change.timestamp().as_second() - monday_s) as f64, ahead_h: ahead_h(change.offset()) };
        // A zone may change its name without its clock.
        if changes.last().is_some_and(|last| last.ahead_h.to_bits() != next.ahead_h.to_bits()) {
            changes.push(next);
        }
    }
    Ok(changes)
}

/// How many hours the clock of `curve_zone` is ahead of the clock of `reporting_zone` when it is noon of `on_date` in
/// the latter; negative when it is behind.
///
/// Zones come from the time zone database that is compiled in, never from the machine, so the answer is the same
/// everywhere. Between two changes to or from summer time it holds for every instant.
///
/// - `curve_zone`, `reporting_zone`: IANA names, such as `Europe/Berlin`.
/// - `on_date`: `YYYY-MM-DD`.
///
/// # Errors
/// [`TimeZoneError`] when a zone or the date is unknown.
pub fn hours_ahead(curve_zone: &str, reporting_zone: &str, on_date: &str) -> Result<f64, TimeZoneError> {
    let database = TimeZoneDatabase::bundled();
    let curve = find(&database, curve_zone)?;
    let reporting = find(&database, reporting_zone)?;
    // Fails within a day of the ends of the calendar (years -9999 and 9999) only.
    let noon = reporting.to_timestamp(date(on_date)?.at(12, 0, 0, 0));
    let noon = noon.map_err(|_| TimeZoneError::NotADate { date: on_date.to_owned() })?;
    let ahead_s = curve.to_offset(noon).seconds() - reporting.to_offset(noon).seconds();
    Ok(f64::from(ahead_s) / 3600.0)
}

/// The midnights of a zone from the last one at or before an instant on, until the first one at or after another: the date
/// that begins there, `YYYY-MM-DD`, and when, in nanoseconds since 1970. Of a midnight that the clock jumps over it is the
/// instant of the jump.
///
/// # Errors
/// [`TimeZoneError`] when the zone is unknown, or an instant beyond the calendar.
pub fn midnights(zone: &str, from_ns: i64, until_ns: i64) -> Result<Vec<(String, i64)>, TimeZoneError> {
    let own = find(&TimeZoneDatabase::bundled(), zone)?;
    let beyond = || TimeZoneError::NotADate { date: format!("{from_ns} ns since 1970") };
    let mut day = own.to_datetime(Timestamp::from_nanosecond(from_ns.into()).map_err(|_| beyond())?).date();
    let mut all = Vec::new();
    loop {
        let midnight = own.to_timestamp(day.at(0, 0, 0, 0)).map_err(|_| beyond())?;
        let at_ns = i64::try_from(midnight.as_nanosecond()).map_err(|_| beyond())?;
        all.push((day.to_string(), at_ns));
        if at_ns >= until_ns {
            return Ok(all);
        }
        day = day.tomorrow().map_err(|_| beyond())?;
    }
}

/// How many days lie between two dates, written `YYYY-MM-DD`; negative where the second is the earlier one.
///
/// # Errors
/// [`TimeZoneError::NotADate`] when one is no day of the calendar.
pub fn days_between(from: &str, to: &str) -> Result<i64, TimeZoneError> {
    let [from, to] = [date(from)?, date(to)?];
    Ok(i64::from(from.duration_until(to).as_hours() as i32 / 24))
}

/// A day of the calendar, written `YYYY-MM-DD`.
pub(crate) fn date(text: &str) -> Result<Date, TimeZoneError> {
    Date::strptime("%Y-%m-%d", text).map_err(|_| TimeZoneError::NotADate { date: text.to_owned() })
}

/// The zone of this IANA name.
pub(crate) fn find(database: &TimeZoneDatabase, zone: &str) -> Result<TimeZone, TimeZoneError> {
    database.get(zone).map_err(|_| TimeZoneError::UnknownZone { zone: zone.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(curve: &str, reporting: &str, date: &str, hours: f64) {
        assert_eq!(hours_ahead(curve, reporting, date), Ok(hours), "{curve} against {reporting} on {date}");
    }

    #[test]
    fn zones_differ_by_their_offsets_on_the_day() {
        check("Europe/Berlin", "UTC", "2026-01-21", 1.0);
        check("Europe/Berlin", "UTC", "2026-07-21", 2.0);
        check("America/New_York", "Europe/Berlin", "2026-01-21", -6.0);
        // The United States change their clocks three weeks before Europe does.
        check("America/New_York", "Europe/Berlin", "2026-03-15", -5.0);
        check("Asia/Kolkata", "UTC", "2026-01-21", 5.5);
        check("Pacific/Kiritimati", "Pacific/Niue", "2026-01-21", 25.0);
        check("Asia/Tokyo", "Asia/Tokyo", "2026-01-21", 0.0);
    }

    #[test]
    fn clocks_change_in_the_week_of_the_date() {
        let (run_in, week) = (-7200.0, 7.0 * 86_400.0);
        let of = |curve, reporting, date| clock_changes(curve, reporting, date, (run_in, week));
        let changes = |at_h: f64, before: f64, after: f64| {
            let change = |at_s, ahead_h| ClockChange { at_s, ahead_h };
            Ok(vec![change(run_in, before), change(at_h * 3600.0, after)])
        };
        // Sunday 01:00 UTC, whatever day of the week is named.
        for date in ["2026-03-23", "2026-03-26", "2026-03-29"] {
            assert_eq!(of("Europe/Berlin", "UTC", date), changes(6.0 * 24.0 + 1.0, 1.0, 2.0));
        }
        assert_eq!(of("Europe/Berlin", "UTC", "2026-10-25"), changes(6.0 * 24.0 + 1.0, 2.0, 1.0));
        // 02:00 in New York is 06:00 UTC by summer time.
        assert_eq!(of("America/New_York", "UTC", "2026-11-01"), changes(6.0 * 24.0 + 6.0, -4.0, -5.0));
        let none = of("Europe/Berlin", "UTC", "2026-03-30").expect("a week");
        assert_eq!(none, [ClockChange { at_s: run_in, ahead_h: 2.0 }]);
        let error = of("UTC", "Europe/Berlin", "2026-03-29").expect_err("its own day has 23 hours").to_string();
        assert!(error.starts_with("the clock of Europe/Berlin changes on 2026-03-29, and days of 23"), "{error}");
        assert!(of("UTC", "Europe/Berlin", "2026-04-07").is_ok());
    }

    /// Berlin's clock goes from 02:00 to 03:00 on 2026-03-29: that day has 23 hours.
    #[test]
    fn midnights_are_those_of_the_zone() {
        const HOUR_NS: i64 = 3_600_000_000_000;
        // 2026-03-28 12:00 UTC.
        let noon_ns = 1_774_699_200_000_000_000;
        let found = midnights("Europe/Berlin", noon_ns, noon_ns + 30 * HOUR_NS).expect("a zone");
        let hours: Vec<(&str, i64)> =
            found.iter().map(|(date, at)| (date.as_str(), (at - noon_ns) / HOUR_NS)).collect();
        assert_eq!(hours, [("2026-03-28", -13), ("2026-03-29", 11), ("2026-03-30", 34)]);
        assert_eq!(midnights("UTC", noon_ns - 12 * HOUR_NS, noon_ns - 12 * HOUR_NS).expect("a zone").len(), 1);
        assert!(midnights("Utopia", 0, 0).is_err());
    }

    #[test]
    fn days_are_counted_by_the_calendar() {
        assert_eq!(days_between("2026-11-26", "2027-03-01"), Ok(95));
        assert_eq!(days_between("2028-03-01", "2028-02-28"), Ok(-2));
        assert_eq!(days_between("2026-01-01", "2026-01-01"), Ok(0));
        assert!(days_between("2026-02-29", "2026-03-01").is_err() && days_between("2026-03-01", "soon").is_err());
    }

    #[test]
    fn errors_name_the_zone_or_date_and_the_remedy() {
        let message = |curve, date| hours_ahead(curve, "UTC", date).expect_err("an error").to_string();
        assert_eq!(
            message("Berlin", "2026-01-21"),
            "\"Berlin\" is not a time zone; give an IANA name such as \"Europe/Berlin\", \"America/New_York\" or \"UTC\""
        );
        for date in ["2026-02-30", "21.01.2026", "", "2026-01-21T00:00"] {
            assert_eq!(
                message("UTC", date),
                format!("{date:?} is not a date; give year, month and day such as \"2026-01-21\"")
            );
        }
    }
}
