//! What a time zone's clock and calendar show.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::{TimeZone, TimeZoneDatabase};

use crate::time_zone::{TimeZoneError, find};

const DAY_S: i64 = 86_400;

/// The clock of a time zone.
#[derive(Debug, Clone)]
pub(crate) struct Clock {
    zone: TimeZone,
}

/// Where an hour stands in its day and week.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LocalHour {
    /// Days from 1970-01-01 on the zone's calendar.
    pub(crate) day: i64,
    /// 0 = Monday.
    pub(crate) weekday: u8,
    /// 0 to 23.
    pub(crate) hour: u8,
}

impl LocalHour {
    /// 0 to 23.
    pub(crate) fn of_day(self) -> usize {
        usize::from(self.hour)
    }

    /// 0 (Monday 0:00) to 167.
    pub(crate) fn of_week(self) -> usize {
        usize::from(self.weekday) * 24 + self.of_day()
    }
}

impl Clock {
    pub(crate) fn new(zone: &str) -> Result<Self, TimeZoneError> {
        Ok(Self { zone: find(&TimeZoneDatabase::bundled(), zone)? })
    }

    /// The hour and day that the clock shows at `unix_s`.
    pub(crate) fn local_hour(&self, unix_s: i64) -> LocalHour {
        let local_s = unix_s + self.offset_s(unix_s);
        let day = local_s.div_euclid(DAY_S);
        // 1970-01-01 was a Thursday.
        let weekday = (day + 3).rem_euclid(7) as u8;
        LocalHour { day, weekday, hour: (local_s.rem_euclid(DAY_S) / 3600) as u8 }
    }

    /// How long before `unix_s` the clock struck the hour, in seconds.
    pub(crate) fn since_hour_s(&self, unix_s: i64) -> i64 {
        (unix_s + self.offset_s(unix_s)).rem_euclid(3600)
    }

    /// `YYYY-MM-DD` of a [`LocalHour::day`].
    pub(crate) fn date(day: i64) -> String {
        calendar(day).to_string()
    }

    /// How long a [`LocalHour::day`] lasts, in seconds: not 86,400 where the clock changes.
    pub(crate) fn day_length_s(&self, day: i64) -> i64 {
        // Fails at the ends of the calendar (years -9999 and 9999) only.
        let midnight =
            |day| calendar(day).to_zoned_datetime(self.zone.clone()).map(|zoned| zoned.timestamp().as_second());
        match (midnight(day), midnight(day + 1)) {
            (Ok(start_s), Ok(end_s)) => end_s - start_s,
            _ => DAY_S,
        }
    }

    /// RFC 3339 with the zone's offset; of the fraction of the second what is not 0.
    pub(crate) fn rfc3339(&self, unix_ns: i128) -> String {
        let instant = timestamp(unix_ns);
        instant.display_with_offset(self.zone.to_offset(instant)).to_string()
    }

    fn offset_s(&self, unix_s: i64) -> i64 {
        i64::from(self.zone.to_offset(timestamp(i128::from(unix_s) * 1_000_000_000)).seconds())
    }
}

/// All stamps are 64-bit nanoseconds, years 1677 to 2262, so that the ends of jiff's calendar are never met.
fn timestamp(unix_ns: i128) -> Timestamp {
    Timestamp::from_nanosecond(unix_ns).unwrap_or(Timestamp::MAX)
}

fn calendar(day: i64) -> Date {
    Timestamp::from_second(day.saturating_mul(DAY_S))
        .map_or(Date::MAX, |utc| utc.to_zoned_datetime(TimeZone::UTC).date())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock(zone: &str) -> Clock {
        Clock::new(zone).expect("a zone")
    }

    #[test]
    fn hours_and_weekdays_are_those_of_the_zone() {
        // 2026-01-21 (a Wednesday) 20:45:00 UTC.
        let unix_s = 1_769_028_300;
        let at = |zone| clock(zone).local_hour(unix_s);
        assert_eq!(at("UTC"), LocalHour { day: 20_474, weekday: 2, hour: 20 });
        assert_eq!(at("Asia/Tokyo"), LocalHour { day: 20_475, weekday: 3, hour: 5 });
        assert_eq!(at("Asia/Tokyo").of_week(), 3 * 24 + 5);
        assert_eq!(clock("UTC").since_hour_s(unix_s), 45 * 60);
        assert_eq!(clock("Asia/Kolkata").since_hour_s(unix_s), 15 * 60);
        assert_eq!(clock("Asia/Kolkata").rfc3339(1_769_028_300_250_000_000), "2026-01-22T02:15:00.25+05:30");
    }

    #[test]
    fn days_are_as_long_as_the_clock_says() {
        let new_york = clock("America/New_York");
        let day = |date: &str| (0..30_000).find(|&day| Clock::date(day) == date).expect("a day");
        assert_eq!(new_york.day_length_s(day("2026-03-07")), 24 * 3600);
        assert_eq!(new_york.day_length_s(day("2026-03-08")), 23 * 3600);
        assert_eq!(new_york.day_length_s(day("2026-11-01")), 25 * 3600);
        // The clock of São Paulo went from 24:00 to 1:00.
        assert_eq!(clock("America/Sao_Paulo").day_length_s(day("2018-11-04")), 23 * 3600);
    }
}
