//! When a line says that it happened.

use jiff::civil::DateTime;
use jiff::fmt::rfc2822;
use jiff::{Timestamp, ZonedDateTime};

use super::decimal::{Decimal, SINCE_1970_MIN, Unit, billionths};
use super::fault::FaultKind;
use super::local_clock::{Instant, LocalClock};
use super::numbering::day_number;
use super::summary::StampZone;
use super::value::count;
use crate::TimeZoneError;

const SECOND_NS: i64 = 1_000_000_000;
const DAY_S: i64 = 86_400;
/// Of a day.
const MINUTES: i64 = 1440;
/// Monday 1970-01-05, in seconds: the first whole week of clocks.
const FIRST_MONDAY_S: i64 = 4 * DAY_S;

/// An instant and what was said about its zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    /// Nanoseconds since 1970 in UTC.
    pub(super) at_ns: i64,
    pub(super) zone: StampZone,
    /// Whether the clock of the zone showed it twice or never.
    pub(super) is_ambiguous: bool,
}

/// Reads stamps: dates (RFC 3339 with `T` or a blank, with an offset or without) and numbers. A number is in seconds,
/// milliseconds, microseconds or nanoseconds since 1970, by the size of the first of the log; or in seconds from the origin, when the first of the
/// log is too small to be since 1970.
#[derive(Debug)]
pub(super) struct Stamps {
    clock: LocalClock,
    origin_ns: i64,
    /// Whether numbers count from the origin; unknown before the first.
    are_from_origin: Option<bool>,
    /// What a number from the origin counts, in nanoseconds.
    number_ns: i64,
    /// The unit of numbers since 1970; unknown before the first.
    unit: Option<Unit>,
    /// The number of the first day, where days are numbered.
    first_day: i64,
    /// A date and the time of its day as one text.
    joined: Vec<u8>,
    /// The last date, and its days since 1970.
    date: [u8; 10],
    days: i64,
}

impl Stamps {
    /// - `zone`: of dates that name none.
    /// - `origin_ns`: of seconds from zero; `None` for Monday 1970-01-05 00:00 in `zone`.
    ///
    /// # Errors
    /// [`TimeZoneError`] for an unknown zone.
    pub(super) fn new(zone: &str, origin_ns: Option<i64>) -> Result<Self, TimeZoneError> {
        let mut clock = LocalClock::new(zone)?;
        let monday_s = clock.instant(FIRST_MONDAY_S).map_or(FIRST_MONDAY_S, |instant| instant.at_s);
        let origin_ns = origin_ns.unwrap_or(monday_s * SECOND_NS);
        let number_ns = SECOND_NS;
        Ok(Self {
            clock,
            origin_ns,
            are_from_origin: None,
            number_ns,
            unit: None,
            first_day: 0,
            joined: Vec::new(),
            date: [0; 10],
            days: 0,
        })
    }

    /// The same where numbers from the origin count spans of `number_s`.
    pub(super) fn counting(self, number_s: f64) -> Self {
        Self { number_ns: (number_s * 1e9).round() as i64, ..self }
    }

    /// The same where days are numbered from `first`.
    pub(super) fn numbering_days_from(self, first: i64) -> Self {
        Self { first_day: first, ..self }
    }

    /// What numbers of seconds and minutes count from, in nanoseconds since 1970.
    pub(super) fn origin_ns(&self) -> i64 {
        self.origin_ns
    }

    /// The beginning of a minute of the day, 0 to 1439.
    pub(super) fn of_minute(&self, text: &[u8]) -> Result<Stamp, FaultKind> {
        let minute = count(text).ok().and_then(|minute| i64::try_from(minute).ok()).filter(|minute| *minute < MINUTES);
        self.at_minute(minute.ok_or(FaultKind::NotAMinute)?)
    }

    /// The beginning of a minute after the origin.
    pub(super) fn at_minute(&self, minute: i64) -> Result<Stamp, FaultKind> {
        let since_ns = minute.checked_mul(60 * SECOND_NS);
        let at_ns = since_ns.and_then(|since_ns| self.origin_ns.checked_add(since_ns));
        Ok(Stamp { at_ns: at_ns.ok_or(FaultKind::OutOfCalendar)?, zone: StampZone::FromOrigin, is_ambiguous: false })
    }

    /// The stamp in `text`, without blanks around it.
    pub(super) fn read(&mut self, text: &[u8]) -> Result<Stamp, FaultKind> {
        if text.is_empty() {
            return Err(FaultKind::NoStamp);
        }
        if text.get(4) == Some(&b'-') {
            if let Some(written) = self.date(text) {
                return self.at(written);
            }
        } else if let Some(number) = Decimal::parse(text) {
            return self.of_number(number);
        }
        self.by_jiff(text)
    }

    /// The stamp of a date and a time of that day, such as `16:57`, or its hour. A clock that is
    /// neither may be a stamp by itself.
    pub(super) fn read_both(&mut self, date: &[u8], clock: &[u8]) -> Result<Stamp, FaultKind> {
        let digits = clock.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if !matches!((digits, &clock[digits..]), (1..=2, [] | [b':', ..])) {
            return self.read(clock);
        }
        let day = day_number(date);
        self.joined.clear();
        self.joined.extend_from_slice(if day.is_some() { b"1970-01-01" } else { date });
        self.joined.extend_from_slice(if digits == 1 { b" 0" } else { b" " });
        self.joined.extend_from_slice(clock);
        if digits == clock.len() {
            self.joined.extend_from_slice(b":00");
        }
        let joined = std::mem::take(&mut self.joined);
        let stamp = match day {
            Some(day) => self.of_day(day, &joined),
            None => self.read(&joined),
        };
        self.joined = joined;
        stamp
    }

    /// The stamp of a numbered day, and of its time behind any date.
    fn of_day(&mut self, day: i64, joined: &[u8]) -> Result<Stamp, FaultKind> {
        if !*self.are_from_origin.get_or_insert(true) {
            return Err(FaultKind::OtherOrigin);
        }
        let written = self.date(joined).ok_or(FaultKind::NotAStamp)?;
        let since_ns = ((day - self.first_day) * DAY_S + written.second) * SECOND_NS + written.nanosecond;
        let at_ns = self.origin_ns.checked_add(since_ns).ok_or(FaultKind::OutOfCalendar)?;
        Ok(Stamp { at_ns, zone: StampZone::FromOrigin, is_ambiguous: false })
    }

    fn at(&mut self, written: Written) -> Result<Stamp, FaultKind> {
        let shown_s = self.days * DAY_S + written.second;
        let instant = if let StampZone::Offset(offset_s) = written.zone {
            Instant { at_s: shown_s - i64::from(offset_s), is_ambiguous: false }
        } else {
            self.clock.instant(shown_s).ok_or(FaultKind::OutOfCalendar)?
        };
        let whole_ns = instant.at_s.checked_mul(SECOND_NS);
        let at_ns = whole_ns.and_then(|whole_ns| whole_ns.checked_add(written.nanosecond));
        let at_ns = at_ns.ok_or(FaultKind::OutOfCalendar)?;
        Ok(Stamp { at_ns, zone: written.zone, is_ambiguous: instant.is_ambiguous })
    }

    fn of_number(&mut self, number: Decimal) -> Result<Stamp, FaultKind> {
        // In seconds or more of it, and in parts of seconds so much larger.
        let parts = (SECOND_NS / self.number_ns.max(1)).max(1).cast_unsigned();
        let is_from_origin = number.whole < SINCE_1970_MIN.saturating_mul(parts);
        if *self.are_from_origin.get_or_insert(is_from_origin) != is_from_origin {
            return Err(FaultKind::OtherOrigin);
        }
        let (unit_ns, fraction_ns) = if is_from_origin {
            let number_ns = i128::from(self.number_ns);
            (number_ns, number_ns * i128::from(number.billionths) / i128::from(SECOND_NS))
        } else {
            let unit = Unit::of(number.whole);
            let first = *self.unit.get_or_insert(unit);
            if unit != first {
                return Err(FaultKind::OtherUnit { own: unit.name(), first: first.name() });
            }
            unit.ns(number.billionths)
        };
        let size = i128::from(number.whole) * unit_ns + fraction_ns;
        let since = if number.is_negative { -size } else { size };
        let (origin_ns, zone) =
            if is_from_origin { (self.origin_ns, StampZone::FromOrigin) } else { (0, StampZone::Epoch) };
        let at_ns = i64::try_from(i128::from(origin_ns) + since).map_err(|_| FaultKind::OutOfCalendar)?;
        Ok(Stamp { at_ns, zone, is_ambiguous: false })
    }

    /// The usual forms of dates; `None` for others and for what is no date. Sets `days`.
    fn date(&mut self, text: &[u8]) -> Option<Written> {
        let (date, time) = text.split_first_chunk::<10>()?;
        if *date != self.date {
            self.days = days_since_1970(date)?;
            self.date = *date;
        }
        let (second, rest) = match time {
            [] => (0, &[][..]),
            [b'T' | b't' | b' ', time @ ..] => {
                let (hour, time) = two(time, 23)?;
                let (minute, time) = two(after(b':', time)?, 59)?;
                let (second, rest) = after(b':', time).map_or(Some((0, time)), |time| two(time, 59))?;
                (3600 * hour + 60 * minute + second, rest)
            }
            _ => return None,
        };
        let (nanosecond, rest) = match rest {
            [b'.' | b',', digits @ ..] => billionths(digits)?,
            _ => (0, rest),
        };
        let rest = if let [b' ', rest @ ..] = rest { rest } else { rest };
        let zone = match rest {
            [] => StampZone::Unnamed,
            b"Z" | b"z" | b"UTC" | b"GMT" => StampZone::Offset(0),
            _ => StampZone::Offset(offset_s(rest)?),
        };
        Some(Written { second, nanosecond, zone })
    }

    /// The forms that are too rare to be read here: zones in brackets, ISO 8601 without hyphens, dates of e-mails, leap
    /// seconds.
    fn by_jiff(&mut self, text: &[u8]) -> Result<Stamp, FaultKind> {
        let text = std::str::from_utf8(text).map_err(|_| FaultKind::NotUtf8)?;
        if let Ok(shown) = text.parse::<DateTime>()
            && text.parse::<Timestamp>().is_err()
            && text.parse::<ZonedDateTime>().is_err()
        {
            let shown = jiff::tz::Offset::UTC.to_timestamp(shown).map_err(|_| FaultKind::OutOfCalendar)?;
            self.days = shown.as_second().div_euclid(DAY_S);
            // What is remembered of dates no longer belongs to `days`.
            self.date = [0; 10];
            let second = shown.as_second().rem_euclid(DAY_S);
            let nanosecond = i64::from(shown.subsec_nanosecond()).max(0);
            return self.at(Written { second, nanosecond, zone: StampZone::Unnamed });
        }
        let zoned = text.parse::<ZonedDateTime>().or_else(|_| rfc2822::parse(text));
        let (instant, offset_s) = match zoned {
            Ok(zoned) => (zoned.timestamp(), zoned.offset().seconds()),
            Err(_) => (text.parse::<Timestamp>().map_err(|_| FaultKind::NotAStamp)?, 0),
        };
        let at_ns = i64::try_from(instant.as_nanosecond()).map_err(|_| FaultKind::OutOfCalendar)?;
        Ok(Stamp { at_ns, zone: StampZone::Offset(offset_s), is_ambiguous: false })
    }
}

/// A date as logs write it, in nanoseconds since 1970; `None` for what is none, numbers included.
///
/// - `zone`: IANA name of the time zone of a date that names none.
///
/// # Errors
/// [`TimeZoneError`] where the zone is unknown.
pub fn parse_instant(text: &str, zone: &str) -> Result<Option<i64>, TimeZoneError> {
    let stamp = Stamps::new(zone, None)?.read(text.as_bytes());
    Ok(stamp
        .ok()
        .filter(|stamp| !matches!(stamp.zone, StampZone::Epoch | StampZone::FromOrigin))
        .map(|stamp| stamp.at_ns))
}

/// The time of a day as it is written.
#[derive(Debug, Clone, Copy)]
struct Written {
    /// Since midnight.
    second: i64,
    nanosecond: i64,
    /// [`StampZone::Unnamed`] or an offset.
    zone: StampZone,
}

/// The two digits that `text` begins with, if they are such and not more than `max`, and what follows them.
fn two(text: &[u8], max: i64) -> Option<(i64, &[u8])> {
    let ([tens, ones], rest) = text.split_first_chunk()?;
    let (tens, ones) = (tens.wrapping_sub(b'0'), ones.wrapping_sub(b'0'));
    let value = 10 * i64::from(tens) + i64::from(ones);
    (tens < 10 && ones < 10 && value <= max).then_some((value, rest))
}

/// What follows `letter`, if `text` begins with it.
fn after(letter: u8, text: &[u8]) -> Option<&[u8]> {
    text.split_first().filter(|(first, _)| **first == letter).map(|(_, rest)| rest)
}

/// `+02:00`, `-0330`, `+02` or `+00:19:32` in seconds.
fn offset_s(text: &[u8]) -> Option<i32> {
    let (sign, text) = text.split_first().filter(|(sign, _)| matches!(sign, b'+' | b'-'))?;
    let (hours, text) = two(text, 23)?;
    let (minutes, text) = if text.is_empty() { (0, text) } else { two(after(b':', text).unwrap_or(text), 59)? };
    let (seconds, text) = if text.is_empty() { (0, text) } else { two(after(b':', text)?, 59)? };
    let size = (hours * 3600 + minutes * 60 + seconds) as i32;
    text.is_empty().then_some(if *sign == b'-' { -size } else { size })
}

/// The days from 1970-01-01 to `YYYY-MM-DD` in the Gregorian calendar; `None` for what is no date.
///
/// # Source
/// Howard Hinnant, "chrono-compatible low-level date algorithms" (2013), `days_from_civil`.
fn days_since_1970(date: &[u8; 10]) -> Option<i64> {
    let (century, rest) = two(date, 99)?;
    let (year, rest) = two(rest, 99)?;
    let (month, rest) = two(after(b'-', rest)?, 12)?;
    let (day, _) = two(after(b'-', rest)?, 31)?;
    let year = 100 * century + year;
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let month_days = match month {
        2 => 28 + i64::from(is_leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    if month == 0 || day == 0 || day > month_days {
        return None;
    }
    // Years begin in March, so that the leap day is the last.
    let year = if month <= 2 { year - 1 } else { year };
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    Some(era * 146_097 + day_of_era - 719_468)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_in(zone: &str, text: &str) -> Result<Stamp, FaultKind> {
        Stamps::new(zone, None).expect("a zone").read(text.as_bytes())
    }

    fn check(text: &str, utc: &str, zone: StampZone) {
        let at_ns = i64::try_from(utc.parse::<Timestamp>().expect("a stamp").as_nanosecond()).expect("in range");
        assert_eq!(read_in("UTC", text), Ok(Stamp { at_ns, zone, is_ambiguous: false }), "{text}");
    }

    #[test]
    fn dates_are_read_in_all_their_forms() {
        let utc = StampZone::Offset(0);
        check("2024-11-15T16:57:50Z", "2024-11-15T16:57:50Z", utc);
        check("2024-11-15 16:57:50+00:00", "2024-11-15T16:57:50Z", utc);
        check("2024-11-15 16:57:50 UTC", "2024-11-15T16:57:50Z", utc);
        check("2024-11-15T16:57:50-03:30", "2024-11-15T20:27:50Z", StampZone::Offset(-12_600));
        check("2024-11-15T16:57:50+0200", "2024-11-15T14:57:50Z", StampZone::Offset(7200));
        check("2024-11-15 16:57:50.25 +02", "2024-11-15T14:57:50.25Z", StampZone::Offset(7200));
        let unnamed = StampZone::Unnamed;
        check("2024-11-15 16:57:50", "2024-11-15T16:57:50Z", unnamed);
        check("2024-11-15t16:57", "2024-11-15T16:57:00Z", unnamed);
        check("2024-11-15", "2024-11-15T00:00:00Z", unnamed);
        check("2023-11-16 18:15:46.6805900", "2023-11-16T18:15:46.68059Z", unnamed);
        check("2024-11-15 16:57:50,5", "2024-11-15T16:57:50.5Z", unnamed);
        check("2024-02-29 00:00:00.1234567891234", "2024-02-29T00:00:00.123456789Z", unnamed);
        check("1969-12-31 23:59:59.5", "1969-12-31T23:59:59.5Z", unnamed);
        check("2000-02-29", "2000-02-29T00:00:00Z", unnamed);
    }

    #[test]
    fn rare_forms_are_left_to_jiff() {
        check("2024-07-15T16:57:50[Europe/Berlin]", "2024-07-15T14:57:50Z", StampZone::Offset(7200));
        check("20241115T165750Z", "2024-11-15T16:57:50Z", StampZone::Offset(0));
        check("20241115T165750", "2024-11-15T16:57:50Z", StampZone::Unnamed);
        check("Fri, 15 Nov 2024 16:57:50 +0100", "2024-11-15T15:57:50Z", StampZone::Offset(3600));
        check("2016-12-31T23:59:60Z", "2016-12-31T23:59:59Z", StampZone::Offset(0));
    }

    #[test]
    fn numbers_have_their_unit_by_their_size() {
        for text in ["1731689870", "1731689870.0", "1731689870000", "1731689870000000", "1731689870000000000"] {
            check(text, "2024-11-15T16:57:50Z", StampZone::Epoch);
        }
        check("1.73168987e9", "2024-11-15T16:57:50Z", StampZone::Epoch);
        check("1731689870.123456789123", "2024-11-15T16:57:50.123456789Z", StampZone::Epoch);
        check("1731689870123.5", "2024-11-15T16:57:50.1235Z", StampZone::Epoch);
        check("-1000000000", "1938-04-24T22:13:20Z", StampZone::Epoch);
    }

    #[test]
    fn the_unit_is_that_of_the_first_number() {
        let mut stamps = Stamps::new("UTC", None).expect("a zone");
        assert!(stamps.read(b"1731689870").is_ok());
        let other = FaultKind::OtherUnit { own: "milliseconds", first: "seconds" };
        assert_eq!(stamps.read(b"1731689870000"), Err(other));
        assert!(stamps.read(b"1731689871.5").is_ok());
        let mut stamps = Stamps::new("UTC", None).expect("a zone");
        assert!(stamps.read(b"1731689870000000").is_ok());
        assert_eq!(stamps.read(b"1731689870"), Err(FaultKind::OtherUnit { own: "seconds", first: "microseconds" }));
    }

    #[test]
    fn small_numbers_are_seconds_from_the_origin_and_stay_so() {
        check("90.5", "1970-01-05T00:01:30.5Z", StampZone::FromOrigin);
        let mut stamps = Stamps::new("Europe/Berlin", None).expect("a zone");
        assert_eq!(stamps.read(b"0").expect("a stamp").at_ns, (FIRST_MONDAY_S - 3600) * SECOND_NS);
        assert_eq!(stamps.read(b"1731689870"), Err(FaultKind::OtherOrigin));
        let mut stamps = Stamps::new("UTC", Some(5)).expect("a zone");
        assert_eq!(stamps.read(b"1").expect("a stamp").at_ns, SECOND_NS + 5);
        assert_eq!(stamps.of_minute(b"1439").expect("a minute").at_ns, 1439 * 60 * SECOND_NS + 5);
        assert_eq!(stamps.of_minute(b"1440"), Err(FaultKind::NotAMinute));
        let mut stamps = Stamps::new("UTC", None).expect("a zone");
        assert!(stamps.read(b"1731689870").is_ok());
        assert_eq!(stamps.read(b"0"), Err(FaultKind::OtherOrigin));
    }

    #[test]
    fn dates_without_a_zone_are_of_the_clock_of_the_zone() {
        let berlin = read_in("Europe/Berlin", "2024-07-15 12:00:00").expect("a stamp");
        assert_eq!(Ok(berlin.at_ns), read_in("UTC", "2024-07-15 10:00:00").map(|stamp| stamp.at_ns));
        assert!(!berlin.is_ambiguous);
        assert!(read_in("Europe/Berlin", "2024-10-27 02:30:00").expect("a stamp").is_ambiguous);
        assert!(!read_in("Europe/Berlin", "2024-10-27 02:30:00+01:00").expect("a stamp").is_ambiguous);
    }

    #[test]
    fn a_date_and_a_time_of_its_day_are_one_stamp() {
        let read = |date: &str, clock: &str| {
            Stamps::new("UTC", None).expect("a zone").read_both(date.as_bytes(), clock.as_bytes())
        };
        for (clock, whole) in [
            ("16:57:50", "2024-11-15 16:57:50"),
            ("9:05", "2024-11-15 09:05"),
            ("7", "2024-11-15 07:00"),
            ("23", "2024-11-15 23:00"),
            ("16:57:50.25+02:00", "2024-11-15 16:57:50.25+02:00"),
            ("2024-11-16T01:00:00Z", "2024-11-16T01:00:00Z"),
        ] {
            assert_eq!(read("2024-11-15", clock), read_in("UTC", whole), "{clock}");
        }
        for (date, clock) in [("2024-11-15", "24"), ("2024-11-15", "noon"), ("2024-11-15", ""), ("x", "16:57")] {
            assert!(read(date, clock).is_err(), "{date} {clock}");
        }
    }

    #[test]
    fn what_is_no_stamp_is_refused() {
        assert_eq!(read_in("UTC", ""), Err(FaultKind::NoStamp));
        for text in [
            "x",
            "2024-13-01",
            "2024-00-01",
            "2023-02-29",
            "1900-02-29 00:00:00",
            "2024-04-31 00:00:00",
            "2024-11-15 24:00:00",
            "2024-11-15 16:60:00",
            "2024-11-15 16:57:50x",
            "2024-11-15 16:57:50.",
            "2024-11-15T",
            "2024-11-15 16:57:50+0",
            "2024-11-15 16:57:50+99:00",
            "12,5",
            "0x10",
            "1e400",
            "NaN",
            "-",
            ".5",
        ] {
            assert_eq!(read_in("UTC", text), Err(FaultKind::NotAStamp), "{text}");
        }
        for text in ["1500-01-01 00:00:00", "2400-01-01T00:00:00Z", "9999999999999999999"] {
            assert_eq!(read_in("UTC", text), Err(FaultKind::OutOfCalendar), "{text}");
        }
    }

    #[test]
    fn days_agree_with_jiff_over_four_centuries() {
        let first: jiff::civil::Date = "1700-01-01".parse().expect("a date");
        for day in (0..150_000).step_by(13) {
            let date = first.saturating_add(jiff::Span::new().days(day));
            let text: [u8; 10] = date.to_string().as_bytes().try_into().expect("ten letters");
            let since = date.since(jiff::civil::date(1970, 1, 1)).expect("in range").get_days();
            assert_eq!(days_since_1970(&text), Some(i64::from(since)), "{date}");
        }
    }
}
