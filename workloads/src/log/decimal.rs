//! Numbers as stamps: seconds from zero, or since 1970 in a unit that their size tells.

/// Fewer seconds are counted from the beginning of the log, more since 1970: the bound is 1973-03-03.
pub(super) const SINCE_1970_MIN: u64 = 100_000_000;

/// A decimal number with nine places.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Decimal {
    pub(super) is_negative: bool,
    pub(super) whole: u64,
    pub(super) billionths: i64,
}

impl Decimal {
    pub(super) fn parse(text: &[u8]) -> Option<Self> {
        let (is_negative, text) = if let [b'-', rest @ ..] = text { (true, rest) } else { (false, text) };
        let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (whole, rest) = text.split_at(digits);
        if digits == 0 || digits > 19 {
            return None;
        }
        let whole = whole.iter().fold(0, |value, digit| 10 * value + u64::from(digit - b'0'));
        match rest {
            [] | [b'.'] => Some(Self { is_negative, whole, billionths: 0 }),
            [b'.', digits @ ..] => match billionths(digits)? {
                (billionths, []) => Some(Self { is_negative, whole, billionths }),
                (_, rest) => Self::from_float(is_negative, text, rest),
            },
            _ => Self::from_float(is_negative, text, rest),
        }
    }

    /// A number with an exponent, such as `1.7e9`.
    fn from_float(is_negative: bool, text: &[u8], rest: &[u8]) -> Option<Self> {
        if !matches!(rest, [b'e' | b'E', ..]) {
            return None;
        }
        let value: f64 = std::str::from_utf8(text).ok()?.parse().ok()?;
        let is_exact = (0.0..1e19).contains(&value);
        let billionths = (value.fract() * 1e9) as i64;
        is_exact.then_some(Self { is_negative, whole: value as u64, billionths })
    }
}

/// The digits after a point as billionths (further ones are cut off), and what follows them; `None` without any.
pub(super) fn billionths(digits: &[u8]) -> Option<(i64, &[u8])> {
    let count = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, rest) = digits.split_at(count);
    let kept = &digits[..count.min(9)];
    let value = kept.iter().fold(0, |value, digit| 10 * value + i64::from(digit - b'0'));
    (count > 0).then(|| (value * 10i64.pow(9 - kept.len() as u32), rest))
}

/// A number that is too small to be since 1970, as it is written; `None` for anything else.
pub(super) fn small_number(text: &[u8]) -> Option<f64> {
    let number = Decimal::parse(text).filter(|number| number.whole < SINCE_1970_MIN)?;
    let size = number.whole as f64 + number.billionths as f64 * 1e-9;
    Some(if number.is_negative { -size } else { size })
}

/// The unit of a number since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    Seconds,
    Milliseconds,
    Microseconds,
    Nanoseconds,
}

impl Unit {
    /// By bounds so far apart that each unit covers the years 1973 to 5138.
    pub(super) fn of(whole: u64) -> Self {
        match whole {
            0..100_000_000_000 => Self::Seconds,
            100_000_000_000..100_000_000_000_000 => Self::Milliseconds,
            100_000_000_000_000..100_000_000_000_000_000 => Self::Microseconds,
            100_000_000_000_000_000.. => Self::Nanoseconds,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Seconds => "seconds",
            Self::Milliseconds => "milliseconds",
            Self::Microseconds => "microseconds",
            Self::Nanoseconds => "nanoseconds",
        }
    }

    /// One of it, and so many billionths of it, in nanoseconds.
    pub(super) fn ns(self, billionths: i64) -> (i128, i128) {
        let billionths = i128::from(billionths);
        match self {
            Self::Seconds => (1_000_000_000, billionths),
            Self::Milliseconds => (1_000_000, billionths / 1000),
            Self::Microseconds => (1000, billionths / 1_000_000),
            Self::Nanoseconds => (1, 0),
        }
    }
}
