//! How numbers are written: with their interval, and with no more digits than it supports.

use fleetfront_calibration::Kind;
use fleetfront_planner::{Estimate, Judgement};

/// What a number counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Dollars.
    Usd,
    /// Seconds, written in minutes or hours where they are many.
    Seconds,
    /// A fraction, written in per cent.
    Share,
    /// A number that is in per cent already.
    PerCent,
    /// A multiple.
    Ratio,
    /// A bare number.
    Count,
}

impl Unit {
    /// The unit that a criterion names; `None` for one that we do not know.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "s" => Some(Self::Seconds),
            "x" => Some(Self::Ratio),
            "%" => Some(Self::PerCent),
            "USD" | "usd" | "$" => Some(Self::Usd),
            "" => Some(Self::Count),
            _ => None,
        }
    }

    /// Factor, text before and text after, for numbers of the size of `typical`.
    fn dress(self, typical: f64) -> (f64, &'static str, &'static str) {
        match self {
            Self::Usd => (1.0, "$", ""),
            Self::Seconds if typical >= 7200.0 => (1.0 / 3600.0, "", " h"),
            Self::Seconds if typical >= 120.0 => (1.0 / 60.0, "", " min"),
            Self::Seconds => (1.0, "", " s"),
            Self::Share => (100.0, "", " %"),
            Self::PerCent => (1.0, "", " %"),
            Self::Ratio => (1.0, "", "×"),
            Self::Count => (1.0, "", ""),
        }
    }

    /// Most decimals that a reader wants to see of a number of this size.
    fn decimals_max(self, size: f64) -> i32 {
        match self {
            Self::Usd if size < 1.0 => 6,
            Self::Usd if size >= 100.0 => 0,
            Self::Seconds | Self::Ratio | Self::Count if size < 1.0 => 3,
            _ => 2,
        }
    }
}

/// A number with its 95 % interval: `$412 (398–426)`. Without one where luck does not move it; "never" for a latency
/// that failed requests make infinite.
#[must_use]
pub fn estimate(of: Estimate, unit: Unit) -> String {
    if of.value.is_nan() {
        return "–".to_owned();
    }
    if of.value.is_infinite() {
        return if of.low.is_finite() && of.low > 0.0 {
            format!("{} (at best {})", infinite(unit), plain(of.low, unit))
        } else {
            infinite(unit).to_owned()
        };
    }
    let (factor, before, after) = unit.dress(of.value.abs());
    let (value, low, high) = (of.value * factor, of.low * factor, of.high * factor);
    let no_lower = !low.is_finite() || low <= 0.0;
    if no_lower && !high.is_finite() {
        return format!("{} (interval unknown)", plain(of.value, unit));
    }
    let half = if high.is_finite() { (high - low) / 2.0 } else { value - low };
    if half <= 0.0 {
        return plain(of.value, unit);
    }
    // An end well above zero is not written as zero.
    let of_half = decimals(half);
    let is_lost = !no_lower && low > half / 50.0 && low * 10f64.powi(of_half) < 0.5;
    let digits = if is_lost { decimals(low) } else { of_half };
    let digits = digits.min(unit.decimals_max(value.abs()));
    let write = |number: f64| rounded(number, digits);
    let text = signed(before, &write(value), after);
    if high.is_finite() {
        let (low, high) = (write(low), write(high));
        if low == high {
            return text;
        }
        // "-5–-3" cannot be read.
        let dash = if low.starts_with('−') || high.starts_with('−') { " to " } else { "–" };
        format!("{text} ({low}{dash}{high})")
    } else {
        format!("{text} ({} to {})", write(low), infinite(unit))
    }
}

/// The value alone, with the digits that its interval supports; for places that show the interval otherwise.
#[must_use]
pub fn value(of: Estimate, unit: Unit) -> String {
    let text = estimate(of, unit);
    text.split_once(" (").map_or(text.clone(), |(value, _)| value.to_owned())
}

/// A number that was put in, as it is, with what is not known of it: `43.6 s (30–70)`.
#[must_use]
pub fn given(of: Estimate, unit: Unit) -> String {
    let text = estimate(of, unit);
    text.split_once(" (").map_or(text.clone(), |(_, ends)| format!("{} ({ends}", plain(of.value, unit)))
}

/// A number without interval, because it is given or exact: prices, limits, settings.
#[must_use]
pub fn plain(value: f64, unit: Unit) -> String {
    if value.is_nan() {
        return "–".to_owned();
    }
    if value.is_infinite() {
        return infinite(unit).to_owned();
    }
    let (factor, before, after) = unit.dress(value.abs());
    let number = value * factor;
    let size = number.abs();
    let text = if unit == Unit::Usd && (0.1..1000.0).contains(&size) {
        rounded(number, 2)
    } else if size >= 1000.0 {
        rounded(number, 0)
    } else if size == 0.0 {
        "0".to_owned()
    } else {
        trimmed(&rounded(number, 2 - size.log10().floor() as i32))
    };
    signed(before, &text, after)
}

/// A part of a bill in dollars, always with its sign: whole dollars, so that parts add up, and cents under one.
#[must_use]
pub fn change_usd(value: f64) -> String {
    let text = if value.abs() < 0.995 { signed("$", &rounded(value, 2), "") } else { whole_usd(value) };
    match text.as_str() {
        "$0.00" => "$0".to_owned(),
        _ if value > 0.0 => format!("+{text}"),
        _ => text,
    }
}

/// Dollars without cents.
#[must_use]
pub fn whole_usd(value: f64) -> String {
    signed("$", &rounded(value, 0), "")
}

/// A sentence made elsewhere, with its numbers and arrows written as ours are.
#[must_use]
pub fn prose(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let after = &rest[first.len_utf8()..];
        let digits = after.len() - after.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        if first == '$' {
            out.push('$');
            out += &grouped(&after[..digits]);
            rest = &after[digits..];
        } else if first == '-' && after.starts_with('>') {
            out.push('→');
            rest = &after[1..];
        } else if first == '-' && digits > 0 && out.ends_with([' ', '(']) {
            out.push('−');
            rest = after;
        } else {
            out.push(first);
            rest = after;
        }
    }
    out
}

/// A criterion's number in the criterion's own unit.
#[must_use]
pub fn in_unit(of: Estimate, unit: &str) -> String {
    match Unit::named(unit) {
        Some(unit) => estimate(of, unit),
        None => format!("{} {unit}", estimate(of, Unit::Count)),
    }
}

/// The word for a judgement.
#[must_use]
pub fn judgement_word(judgement: Judgement) -> &'static str {
    match judgement {
        Judgement::Pass => "pass",
        Judgement::Undecided => "undecided",
        Judgement::Fail => "fail",
    }
}

/// The symbol for a judgement.
#[must_use]
pub fn judgement_symbol(judgement: Judgement) -> &'static str {
    match judgement {
        Judgement::Pass => "✓",
        Judgement::Undecided => "?",
        Judgement::Fail => "✗",
    }
}

/// The word for how good a number is.
#[must_use]
pub fn kind_word(kind: Kind) -> &'static str {
    kind.word()
}

fn infinite(unit: Unit) -> &'static str {
    match unit {
        Unit::Seconds | Unit::Ratio => "never",
        _ => "no end",
    }
}

/// Decimals that an interval of this half width supports: one digit of it, two where the first is a 1.
fn decimals(half: f64) -> i32 {
    let place = half.log10().floor();
    let leading = half / 10f64.powf(place);
    let extra = i32::from(leading < 2.0);
    extra - place as i32
}

/// - `decimals`: negative to round to tens, hundreds, ...
fn rounded(value: f64, decimals: i32) -> String {
    let text = if decimals >= 0 {
        format!("{:.*}", decimals as usize, value.abs())
    } else {
        let unit = 10f64.powi(-decimals);
        format!("{:.0}", (value.abs() / unit).round() * unit)
    };
    let zero = text.chars().all(|c| c == '0' || c == '.');
    let sign = if value < 0.0 && !zero { "−" } else { "" };
    format!("{sign}{}", grouped(&text))
}

/// Commas between thousands.
fn grouped(text: &str) -> String {
    let (whole, fraction) = text.split_once('.').map_or((text, None), |(whole, fraction)| (whole, Some(fraction)));
    let mut out = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    if let Some(fraction) = fraction {
        out.push('.');
        out.push_str(fraction);
    }
    out
}

fn trimmed(text: &str) -> String {
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text.to_owned() }
}

/// The sign stands before the dollar.
fn signed(before: &str, number: &str, after: &str) -> String {
    match number.strip_prefix('−') {
        Some(number) => format!("−{before}{number}{after}"),
        None => format!("{before}{number}{after}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(value: f64, low: f64, high: f64) -> Estimate {
        Estimate { value, low, high }
    }

    #[test]
    fn digits_stop_where_the_interval_does() {
        assert_eq!(estimate(of(412.347, 398.2, 426.1), Unit::Usd), "$412 (398–426)");
        assert_eq!(estimate(of(12_347.0, 11_100.0, 13_600.0), Unit::Usd), "$12,300 (11,100–13,600)");
        assert_eq!(estimate(of(1530.89, 1530.888, 1530.892), Unit::Usd), "$1,531");
        assert_eq!(estimate(of(0.004_166, 0.004_134, 0.004_198), Unit::Usd), "$0.00417 (0.00413–0.00420)");
        assert_eq!(estimate(of(12.345, 12.31, 12.38), Unit::Seconds), "12.35 s (12.31–12.38)");
        assert_eq!(estimate(of(0.9534, 0.951, 0.956), Unit::Share), "95.3 % (95.1–95.6)");
        assert_eq!(estimate(of(-41.66, -42.2, -41.1), Unit::PerCent), "−41.7 % (−42.2 to −41.1)");
        assert_eq!(estimate(of(2.61, 2.3, 2.9), Unit::Ratio), "2.6× (2.3–2.9)");
        assert_eq!(given(of(43.6, 26.6, 71.4), Unit::Seconds), "43.6 s (30–70)");
        assert_eq!(given(of(43.6, 43.6, 43.6), Unit::Seconds), "43.6 s");
        // Not from zero on, where the end is above it.
        assert_eq!(estimate(of(15.87, 2.85, 88.4), Unit::Seconds), "16 s (3–88)");
        assert_eq!(estimate(of(15.87, 0.05, 88.4), Unit::Seconds), "20 s (0–90)");
    }

    #[test]
    fn long_times_are_minutes_and_hours() {
        assert_eq!(estimate(of(119.0, 115.0, 123.0), Unit::Seconds), "119 s (115–123)");
        assert_eq!(estimate(of(300.0, 270.0, 330.0), Unit::Seconds), "5.0 min (4.5–5.5)");
        assert_eq!(plain(30.0, Unit::Seconds), "30 s");
        assert_eq!(plain(10_800.0, Unit::Seconds), "3 h");
    }

    #[test]
    fn infinite_ends_are_words() {
        let never = f64::INFINITY;
        assert_eq!(estimate(of(never, never, never), Unit::Seconds), "never");
        assert_eq!(estimate(of(never, 44.0, never), Unit::Seconds), "never (at best 44 s)");
        assert_eq!(estimate(of(12.0, 11.0, never), Unit::Seconds), "12.0 s (11.0 to never)");
        assert_eq!(estimate(of(12.0, 0.0, never), Unit::Seconds), "12 s (interval unknown)");
        assert_eq!(estimate(of(f64::NAN, 0.0, 1.0), Unit::Usd), "–");
    }

    #[test]
    fn what_luck_does_not_move_has_no_interval() {
        assert_eq!(estimate(Estimate::exact(162.6), Unit::Usd), "$162.60");
        assert_eq!(estimate(Estimate::exact(1.0), Unit::Share), "100 %");
        assert_eq!(plain(0.0, Unit::Usd), "$0");
        assert_eq!(plain(1530.89, Unit::Usd), "$1,531");
        assert_eq!(plain(1_234_567.0, Unit::Count), "1,234,567");
        assert_eq!(plain(0.000_542, Unit::Usd), "$0.000542");
    }

    #[test]
    fn changes_carry_their_sign() {
        assert_eq!(change_usd(-12.6), "−$13");
        assert_eq!(change_usd(1234.7), "+$1,235");
        assert_eq!(change_usd(0.384), "+$0.38");
        assert_eq!(change_usd(0.001), "$0");
    }

    #[test]
    fn sentences_from_elsewhere_are_written_like_ours() {
        let text = "$2524 -> $1234567 (-8 %, nf4-offload, 2026-01-21), $92.5, $1,200, –5 → 6 $";
        let wanted = "$2,524 → $1,234,567 (−8 %, nf4-offload, 2026-01-21), $92.5, $1,200, –5 → 6 $";
        assert_eq!(prose(text), wanted);
    }

    #[test]
    fn a_value_alone_keeps_the_digits_of_its_interval() {
        assert_eq!(value(of(412.347, 398.2, 426.1), Unit::Usd), "$412");
    }
}
