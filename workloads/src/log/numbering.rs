//! What a number in a column of counts counts: seconds, or bins.

use super::columns::unit_s;

const HOUR_S: f64 = 3600.0;
/// Words of a column's name that say its unit, and that unit in seconds.
const UNITS: [(&[&str], f64); 5] = [
    (&["second", "seconds", "sec", "secs", "s"], 1.0),
    (&["minute", "minutes", "min", "mins"], 60.0),
    (&["hour", "hours", "hr", "hrs", "h"], HOUR_S),
    (&["day", "days"], 24.0 * HOUR_S),
    (&["week", "weeks"], 168.0 * HOUR_S),
];

/// Why nobody can tell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Unclear {
    /// Numbers in the unit that the column names, or in seconds: this far apart, in the unit and in seconds.
    UnitOrSeconds { unit_s: f64, gap: f64 },
    /// The unit that the column names is not the width that was given.
    UnitOrWidth { unit_s: f64, bin_s: f64 },
}

/// What one of the numbers in a column of counts is in seconds, where they count from zero.
///
/// - `gap`: the smallest between numbers in a row that differ.
/// - `bin_s`: the width of the bins, where it was given.
pub(super) fn number_s(column: &str, gap: f64, bin_s: Option<f64>) -> Result<f64, Unclear> {
    let is_one = gap.to_bits() == 1f64.to_bits();
    match (named_s(column), bin_s) {
        // Below a second and at one: the name says all.
        (Some(unit_s), _) if unit_s <= 1.0 => Ok(unit_s),
        (Some(unit_s), None) if gap < unit_s => Ok(unit_s),
        (Some(unit_s), None) => Err(Unclear::UnitOrSeconds { unit_s, gap }),
        // So far apart that each would be of many bins: these are seconds, whatever the column is called.
        (Some(unit_s), Some(bin_s)) if gap >= unit_s && gap >= bin_s => Ok(1.0),
        (Some(unit_s), Some(bin_s)) if (bin_s / unit_s).fract() == 0.0 => Ok(unit_s),
        (Some(unit_s), Some(bin_s)) => Err(Unclear::UnitOrWidth { unit_s, bin_s }),
        (None, Some(bin_s)) if is_one => Ok(bin_s),
        (None, _) => Ok(1.0),
    }
}

/// Whether seconds were only guessed: numbers a second apart may number bins of any width.
///
/// - `are_in_a_row`: whether none is left out, as is usual where bins are numbered, and rare where seconds are counted in
///   which anything happened. A column `t` is of seconds by its name unless it numbers them so.
pub(super) fn is_guessed(column: &str, gap_s: f64, are_in_a_row: bool) -> bool {
    let is_t = column.eq_ignore_ascii_case("t");
    gap_s.to_bits() == 1f64.to_bits() && named_s(column).is_none() && (are_in_a_row || !is_t)
}

/// The unit that the name of a column says, in seconds.
fn named_s(column: &str) -> Option<f64> {
    let ending_s = unit_s(column);
    if ending_s < 1.0 {
        return Some(ending_s);
    }
    let column = column.to_ascii_lowercase();
    let unit_s = |word: &str| UNITS.iter().find(|(words, _)| words.contains(&word)).map(|(_, unit_s)| *unit_s);
    column.split(|letter: char| !letter.is_ascii_alphanumeric()).find_map(unit_s)
}

/// Columns that number days or name weekdays, beside one of hours.
pub(super) const DAY_NAMES: &[&str] = &["day", "weekday", "day_of_week", "dow", "days"];

/// The number of a day: as it is written, or 0 for Monday to 6 for Sunday where it is named in English.
pub(super) fn day_number(text: &[u8]) -> Option<i64> {
    const WEEKDAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    const DAYS_MAX: i64 = 100_000;
    let text = std::str::from_utf8(text).ok()?.trim();
    if let Ok(number) = text.parse() {
        return (0..DAYS_MAX).contains(&number).then_some(number);
    }
    let word = text.to_ascii_lowercase();
    let named = WEEKDAYS.iter().position(|name| word.len() >= 3 && name.starts_with(&word));
    named.and_then(|place| i64::try_from(place).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(column: &str, gap: f64, bin_s: Option<f64>) -> Result<u32, Unclear> {
        number_s(column, gap, bin_s).map(|number_s| number_s as u32)
    }

    #[test]
    fn names_say_units() {
        for (column, unit_s) in
            [("Hour", 3600), ("hour_of_week", 3600), ("minutes", 60), ("day", 86_400), ("time_s", 1), ("week", 604_800)]
        {
            assert_eq!(of(column, 1.0, None), Ok(unit_s), "{column}");
        }
        assert_eq!(named_s("elapsed_ms"), Some(1e-3));
        for column in ["t", "time", "timestamp", "bin", "shours", "@timestamp"] {
            assert_eq!((named_s(column), of(column, 1.0, None)), (None, Ok(1)), "{column}");
        }
    }

    #[test]
    fn a_width_says_that_numbers_in_a_row_are_of_bins() {
        assert_eq!(of("time", 1.0, Some(300.0)), Ok(300));
        assert_eq!(of("time", 300.0, Some(300.0)), Ok(1));
        assert_eq!(of("time", 2.0, Some(300.0)), Ok(1), "no bins, and too close together for seconds");
        assert_eq!(of("hour", 1.0, Some(3600.0)), Ok(3600));
        assert_eq!(of("hour", 24.0, Some(86_400.0)), Ok(3600));
        assert_eq!(of("minute", 60.0, Some(3600.0)), Ok(60));
    }

    #[test]
    fn a_name_and_numbers_that_contradict_each_other_are_unclear() {
        assert_eq!(of("hour", 3600.0, None), Err(Unclear::UnitOrSeconds { unit_s: 3600.0, gap: 3600.0 }));
        assert_eq!(of("hour", 3600.0, Some(3600.0)), Ok(1), "said");
        assert_eq!(of("minute", 5.0, None), Ok(60));
        assert_eq!(of("hour", 1.0, Some(900.0)), Err(Unclear::UnitOrWidth { unit_s: 3600.0, bin_s: 900.0 }));
    }

    #[test]
    fn seconds_that_nobody_names_are_guessed() {
        assert!(is_guessed("time", 1.0, true) && is_guessed("time", 1.0, false) && is_guessed("t", 1.0, true));
        for (column, gap_s, are_in_a_row) in [("t", 1.0, false), ("second", 1.0, true), ("time", 60.0, true)] {
            assert!(!is_guessed(column, gap_s, are_in_a_row), "{column}");
        }
    }
}
