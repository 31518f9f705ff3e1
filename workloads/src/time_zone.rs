//! How far one time zone's clock is ahead of another's.

use jiff::civil::Date;
use jiff::tz::{TimeZone, TimeZoneDatabase};

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
