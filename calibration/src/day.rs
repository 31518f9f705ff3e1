//! Days of the calendar, as sources write them.

use std::fmt;

/// The days that a date may mean: `2026-02-01` is one, `2026-02` a month, `2026` a year.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Day {
    /// Days since 1970-01-01 of the first.
    first: i64,
    /// Days since 1970-01-01 of the last.
    last: i64,
}

impl Day {
    /// Reads `YYYY`, `YYYY-MM`, `YYYY-MM-DD`, or the last with a time of day behind `T` or a blank. `None` for anything
    /// else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let date = text.split(['T', ' ']).next()?;
        let has_time = date.len() < text.len();
        let parts: Vec<&str> = date.split('-').collect();
        let widths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
        let digits = parts.iter().all(|part| part.bytes().all(|byte| byte.is_ascii_digit()));
        if !digits || !["4", "42", "422"].contains(&widths.iter().map(ToString::to_string).collect::<String>().as_str())
        {
            return None;
        }
        let numbers: Vec<i64> = parts.iter().map(|part| part.parse().ok()).collect::<Option<_>>()?;
        match numbers[..] {
            [year] if !has_time => Some(Self { first: days(year, 1, 1), last: days(year + 1, 1, 1) - 1 }),
            [year, month @ 1..=12] if !has_time => {
                Some(Self { first: days(year, month, 1), last: days(year, month + 1, 1) - 1 })
            }
            [year, month @ 1..=12, day] if day >= 1 && days(year, month, day) < days(year, month + 1, 1) => {
                let day = days(year, month, day);
                Some(Self { first: day, last: day })
            }
            _ => None,
        }
    }

    /// The day so many days after 1970-01-01.
    #[must_use]
    pub const fn since_1970(days: i64) -> Self {
        Self { first: days, last: days }
    }

    /// How many days at least lie between the two, from `self` on; negative where `later` is earlier.
    #[must_use]
    pub fn days_to(self, later: Self) -> i64 {
        later.first - self.last
    }

    /// Whether every day that is meant lies before 1990: nobody measured then what is read here.
    #[must_use]
    pub fn is_before_1990(self) -> bool {
        self.last < days(1990, 1, 1)
    }

    /// Whether even the first day that is meant lies behind every day of `other`.
    #[must_use]
    pub fn is_after(self, other: Self) -> bool {
        self.first > other.last
    }
}

impl fmt::Display for Day {
    /// The first of the days that are meant, as `2026-02-01`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut year = 1970 + self.first.div_euclid(366).min(self.first.div_euclid(365));
        while days(year + 1, 1, 1) <= self.first {
            year += 1;
        }
        let month = (1..=12).rev().find(|month| days(year, *month, 1) <= self.first).expect("the year has begun");
        write!(f, "{year:04}-{month:02}-{:02}", self.first - days(year, month, 1) + 1)
    }
}

/// Days since 1970-01-01 in the Gregorian calendar; a month 13 is the next January.
fn days(year: i64, month: i64, day: i64) -> i64 {
    // Years begin in March here, so that the leap day is the last.
    let months = 12 * year + month - 3;
    let (year, month) = (months.div_euclid(12), months.rem_euclid(12));
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn day(text: &str) -> Day {
        Day::parse(text).expect("a date")
    }

    /// Days since 1970 as `date -d DAY +%s` counts them.
    #[test]
    fn days_are_counted_as_the_calendar_does() {
        for (text, expected) in
            [("1970-01-01", 0), ("2000-02-29", 11_016), ("2026-11-26", 20_783), ("2100-03-01", 47_541)]
        {
            assert_eq!(day(text), Day { first: expected, last: expected }, "{text}");
        }
        assert_eq!(day("2026-02-01T18:39:30Z"), day("2026-02-01"));
        assert_eq!(day("2026-02").last - day("2026-02").first, 27);
        assert_eq!(day("2024").last - day("2024").first, 365);
    }

    #[test]
    fn days_are_written_as_they_are_read() {
        for text in ["0000-01-01", "1969-12-31", "1970-01-01", "2000-02-29", "2026-11-26", "2100-03-01", "2399-12-31"] {
            assert_eq!(day(text).to_string(), text);
        }
        assert_eq!(Day::since_1970(20_783).to_string(), "2026-11-26");
        assert_eq!(day("2026-02").to_string(), "2026-02-01");
    }

    #[test]
    fn ages_are_the_least_that_a_date_can_mean() {
        assert_eq!(day("2026-02-01").days_to(day("2026-11-26")), 298);
        assert_eq!(day("2026-02").days_to(day("2026-11-26")), 271);
        assert!(day("2026-11-27").is_after(day("2026-11-26")) && !day("2026-11").is_after(day("2026-11-26")));
    }

    #[test]
    fn what_is_no_date_is_none() {
        for text in
            ["", "n/d", "2025-2026", "2026-13", "2026-02-29", "26-02-01", "2026-2-1", "2026-02T10", "2026-00-01"]
        {
            assert_eq!(Day::parse(text), None, "{text}");
        }
    }
}
