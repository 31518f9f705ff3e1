//! Numbers and statuses as logs write them.

use super::fault::FaultKind;

/// A finite number, such as `32.0` or `1e3`.
pub(super) fn number(text: &[u8]) -> Result<f64, FaultKind> {
    let text = std::str::from_utf8(text).map_err(|_| FaultKind::NotUtf8)?;
    text.parse().ok().filter(|value: &f64| value.is_finite()).ok_or(FaultKind::NotANumber)
}

/// A duration in seconds, from a number of `unit_s`; `None` for an empty text.
pub(super) fn duration_s(text: &[u8], unit_s: f64) -> Result<Option<f64>, FaultKind> {
    if text.is_empty() {
        return Ok(None);
    }
    let value = number(text)? * unit_s;
    if value < 0.0 { Err(FaultKind::NegativeDuration) } else { Ok(Some(value)) }
}

/// A count: `14`, or `14.0` as tables of floats write it.
pub(super) fn count(text: &[u8]) -> Result<u64, FaultKind> {
    // The largest below which a float holds every integer.
    const EXACT_MAX: f64 = 9_007_199_254_740_992.0;
    let is_plain = !text.is_empty() && text.len() <= 18 && text.iter().all(u8::is_ascii_digit);
    if is_plain {
        return Ok(text.iter().fold(0, |value, digit| 10 * value + u64::from(digit - b'0')));
    }
    let value = number(text).map_err(|_| FaultKind::NotACount)?;
    let is_count = value.fract() == 0.0 && (0.0..=EXACT_MAX).contains(&value);
    if is_count { Ok(value as u64) } else { Err(FaultKind::NotACount) }
}

/// Whether a status says that the request succeeded: a word for it in any case, `true`, or an HTTP status of 200 to 299.
/// `None` for an empty text.
pub(super) fn is_ok(text: &[u8]) -> Option<bool> {
    const WORDS: [&str; 7] = ["success", "succeed", "succeeded", "ok", "completed", "done", "true"];
    if text.is_empty() {
        return None;
    }
    let is_http = matches!(text, [b'2', tens, ones] | [b'2', tens, ones, b'.' | b' ', ..]
        if tens.is_ascii_digit() && ones.is_ascii_digit());
    Some(is_http || WORDS.iter().any(|word| text.eq_ignore_ascii_case(word.as_bytes())))
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
        assert_eq!(duration_s(b"-0.5", 1.0), Err(FaultKind::NegativeDuration));
        for text in [&b"NaN"[..], b"inf", b"-inf", b"1e999", b"3,2", b"x", b"1 2"] {
            assert_eq!(duration_s(text, 1.0), Err(FaultKind::NotANumber), "{}", text.escape_ascii());
        }
        assert_eq!(duration_s(b"\xff", 1.0), Err(FaultKind::NotUtf8));
    }

    #[test]
    fn counts_are_whole() {
        assert_eq!(count(b"0"), Ok(0));
        assert_eq!(count(b"123456789012345678"), Ok(123_456_789_012_345_678));
        assert_eq!(count(b"14.0"), Ok(14));
        for text in [&b""[..], b"-1", b"1.5", b"99999999999999999999", b"NaN", b"a"] {
            assert_eq!(count(text), Err(FaultKind::NotACount), "{}", text.escape_ascii());
        }
    }

    #[test]
    fn statuses_are_good_by_name_or_by_number() {
        for text in
            ["SUCCESS", "Succeed", "SUCCEEDED", "ok", "completed", "Done", "200", "204", "200.0", "200 OK", "true"]
        {
            assert_eq!(is_ok(text.as_bytes()), Some(true), "{text}");
        }
        for text in ["FAILED", "500", "302", "20", "2000", "PENDING", "timeout", "false", "2xx"] {
            assert_eq!(is_ok(text.as_bytes()), Some(false), "{text}");
        }
        assert_eq!(is_ok(b""), None);
    }
}
