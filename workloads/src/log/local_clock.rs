//! The clock of a time zone, asked for line after line.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone, TimeZoneDatabase};

use crate::TimeZoneError;

const HOUR_S: i64 = 3600;

/// The clock of a time zone. It remembers the last hour, because most stamps fall into the hour of the one before.
#[derive(Debug)]
pub(super) struct LocalClock {
    zone: TimeZone,
    /// An hour of the clock (since 1970) that had one offset from beginning to end, and that offset.
    hour: i64,
    offset_s: i64,
}

/// What a reading of the clock means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Instant {
    /// Seconds since 1970 in UTC.
    pub(super) at_s: i64,
    /// Whether the clock showed the reading twice or never.
    pub(super) is_ambiguous: bool,
}

impl LocalClock {
    /// # Errors
    /// [`TimeZoneError::UnknownZone`] for a name that the compiled-in database does not have.
    pub(super) fn new(zone: &str) -> Result<Self, TimeZoneError> {
        let found = TimeZoneDatabase::bundled().get(zone);
        let zone = found.map_err(|_| TimeZoneError::UnknownZone { zone: zone.to_owned() })?;
        Ok(Self { zone, hour: i64::MIN, offset_s: 0 })
    }

    /// The instant at which the clock shows `local_s`, seconds since it showed 1970-01-01 00:00. Of two the first; a time
    /// that was jumped over is moved by the jump. `None` outside of the calendar.
    pub(super) fn instant(&mut self, local_s: i64) -> Option<Instant> {
        let hour = local_s.div_euclid(HOUR_S);
        if hour != self.hour {
            let (offset_s, is_ambiguous) = self.offset(local_s)?;
            let quarters = (0..5).map(|quarter| hour * HOUR_S + (quarter * HOUR_S / 4).min(HOUR_S - 1));
            let is_steady = quarters.map(|at_s| self.offset(at_s)).all(|other| other == Some((offset_s, false)));
            if is_ambiguous || !is_steady {
                return Some(Instant { at_s: local_s - offset_s, is_ambiguous });
            }
            (self.hour, self.offset_s) = (hour, offset_s);
        }
        Some(Instant { at_s: local_s - self.offset_s, is_ambiguous: false })
    }

    /// How far the clock is ahead of UTC when it shows `local_s`, and whether it shows that twice or never.
    fn offset(&self, local_s: i64) -> Option<(i64, bool)> {
        let shown: DateTime = Offset::UTC.to_datetime(Timestamp::from_second(local_s).ok()?);
        let meant = self.zone.to_ambiguous_timestamp(shown);
        let is_ambiguous = meant.is_ambiguous();
        Some((local_s - meant.compatible().ok()?.as_second(), is_ambiguous))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock_s(date: &str) -> i64 {
        format!("{date}Z").parse::<Timestamp>().expect("a date").as_second()
    }

    fn check(zone: &str, shown: &str, utc: &str, is_ambiguous: bool) {
        let mut clock = LocalClock::new(zone).expect("a zone");
        // The first answer is looked up, the second remembered, the third looked up again.
        for local_s in [clock_s(shown), clock_s(shown), clock_s(shown) + 7200, clock_s(shown)] {
            let instant = clock.instant(local_s).expect("in the calendar");
            if local_s == clock_s(shown) {
                assert_eq!(instant, Instant { at_s: clock_s(utc), is_ambiguous }, "{shown} in {zone}");
            }
        }
    }

    #[test]
    fn clocks_are_put_forward_and_back() {
        check("UTC", "2024-03-31T02:30:00", "2024-03-31T02:30:00", false);
        check("Europe/Berlin", "2024-03-31T01:59:59", "2024-03-31T00:59:59", false);
        check("Europe/Berlin", "2024-03-31T03:00:00", "2024-03-31T01:00:00", false);
        // Never shown: the clock went from 02:00 to 03:00.
        check("Europe/Berlin", "2024-03-31T02:30:00", "2024-03-31T01:30:00", true);
        // Shown twice: the first.
        check("Europe/Berlin", "2024-10-27T02:30:00", "2024-10-27T00:30:00", true);
        check("Europe/Berlin", "2024-10-27T03:00:00", "2024-10-27T02:00:00", false);
        // Half an hour: 02:00 to 02:30 was never shown, 02:30 was.
        check("Australia/Lord_Howe", "2024-10-06T02:15:00", "2024-10-05T15:45:00", true);
        check("Australia/Lord_Howe", "2024-10-06T02:45:00", "2024-10-05T15:45:00", false);
        check("America/St_Johns", "1995-07-17T00:00:00", "1995-07-17T02:30:00", false);
    }

    #[test]
    fn an_hour_of_two_offsets_is_not_remembered() {
        let mut clock = LocalClock::new("Australia/Lord_Howe").expect("a zone");
        for _ in 0..2 {
            let later = clock.instant(clock_s("2024-10-06T02:45:00")).expect("in the calendar");
            let earlier = clock.instant(clock_s("2024-10-06T02:15:00")).expect("in the calendar");
            assert!(earlier.is_ambiguous && !later.is_ambiguous);
        }
    }

    #[test]
    fn an_unknown_zone_and_the_end_of_the_calendar_are_told() {
        assert!(LocalClock::new("Berlin").is_err());
        let mut clock = LocalClock::new("UTC").expect("a zone");
        assert_eq!(clock.instant(i64::MAX / 4), None);
        assert_eq!(clock.instant(i64::MIN / 4), None);
    }
}
