//! Numbers as logs write them.

use super::fault::FaultKind;

/// The largest count of a line, and of all lines together: a float holds every integer up to it.
pub(super) const COUNT_MAX: u64 = 9_007_199_254_740_992;

/// A finite number, zero or more.
pub(super) fn size(text: &[u8]) -> Result<f64, FaultKind> {
    let value = number(text)?;
    if value < 0.0 { Err(FaultKind::Negative) } else { Ok(value) }
}

/// A finite number, such as `32.0` or `1e3`.
fn number(text: &[u8]) -> Result<f64, FaultKind> {
    let text = std::str::from_utf8(text).map_err(|_| FaultKind::NotUtf8)?;
    text.parse().ok().filter(|value: &f64| value.is_finite()).ok_or(FaultKind::NotANumber)
}

/// A duration in seconds, from a number of `unit_s`; `None` for an empty text.
pub(super) fn duration_s(text: &[u8], unit_s: f64) -> Result<Option<f64>, FaultKind> {
    if text.is_empty() {
        return Ok(None);
    }
    size(text).map(|value| Some(value * unit_s))
}

/// A count: `14`, or `14.0` as tables of floats write it.
pub(super) fn count(text: &[u8]) -> Result<u64, FaultKind> {
    let is_plain = !text.is_empty() && text.len() <= 18 && text.iter().all(u8::is_ascii_digit);
    let count = if is_plain {
        text.iter().fold(0, |value, digit| 10 * value + u64::from(digit - b'0'))
    } else {
        let value = number(text).map_err(|_| FaultKind::NotACount)?;
        if value.fract() != 0.0 || value < 0.0 {
            return Err(FaultKind::NotACount);
        }
        // Beyond all integers this is the largest.
        value as u64
    };
    if count <= COUNT_MAX { Ok(count) } else { Err(FaultKind::TooMany) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_scaled_and_never_negative() {
        assert_eq!(duration_s(b"32.0", 1.0), Ok(Some(32.0)));
        assert_eq!(duration_s(b"1500", 1e-3), Ok(Some(1.5)));
        assert_eq!(duration_s(b"0", 1.0), Ok(Some(0.0)));
        assert_eq!(duration_s(b"", 1.0), Ok(None));
        assert_eq!(duration_s(b"-0.5", 1.0), Err(FaultKind::Negative));
        for text in [&b"NaN"[..], b"inf", b"-inf", b"1e999", b"3,2", b"x", b"1 2"] {
            assert_eq!(duration_s(text, 1.0), Err(FaultKind::NotANumber), "{}", text.escape_ascii());
        }
        assert_eq!(duration_s(b"\xff", 1.0), Err(FaultKind::NotUtf8));
    }

    #[test]
    fn counts_are_whole() {
        assert_eq!(count(b"0"), Ok(0));
        assert_eq!(count(b"9007199254740992"), Ok(COUNT_MAX));
        assert_eq!(count(b"14.0"), Ok(14));
        for text in [&b"9007199254740993"[..], b"123456789012345678", b"1e18", b"99999999999999999999", b"1e300"] {
            assert_eq!(count(text), Err(FaultKind::TooMany), "{}", text.escape_ascii());
        }
        for text in [&b""[..], b"-1", b"1.5", b"NaN", b"a"] {
            assert_eq!(count(text), Err(FaultKind::NotACount), "{}", text.escape_ascii());
        }
    }
}
