//! What is wrong with a line.

use super::value::COUNT_MAX;

/// What is wrong with a line, and in which slot; the text is looked up only if the line is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fault {
    /// The slot, or none when the whole line is meant.
    pub(super) slot: Option<usize>,
    pub(super) kind: FaultKind,
}

/// What may be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FaultKind {
    NoStamp,
    NotAStamp,
    OutOfCalendar,
    Future,
    /// A number of seconds from zero among stamps since 1970, or the other way round.
    OtherOrigin,
    /// A number since 1970 in another unit than the first of the log.
    OtherUnit {
        own: &'static str,
        first: &'static str,
    },
    NotAMinute,
    NotANumber,
    Negative,
    NotACount,
    TooMany,
    NotUtf8,
    Fields {
        found: usize,
        header: usize,
    },
    OpenQuote,
    TooLong,
    NotAnObject,
}

impl FaultKind {
    pub(super) fn whole(self) -> Fault {
        Fault { slot: None, kind: self }
    }

    pub(super) fn at(self, slot: usize) -> Fault {
        Fault { slot: Some(slot), kind: self }
    }

    /// What all faults of this kind have in common, in words.
    pub(super) fn cause(self) -> &'static str {
        match self {
            Self::NoStamp => "no stamp",
            Self::NotAStamp => "no stamp that can be read",
            Self::OutOfCalendar => "not between the years 1678 and 2262",
            Self::Future => "in the future",
            Self::OtherOrigin => "counted from another zero than the first stamp",
            Self::OtherUnit { .. } => "in another unit than the first stamp",
            Self::NotAMinute => "no minute of a day",
            Self::NotANumber => "not a finite number",
            Self::Negative => "negative",
            Self::NotACount => "not a count",
            Self::TooMany => "too large for a count",
            Self::NotUtf8 => "not UTF-8",
            Self::Fields { .. } => "another number of fields than the header",
            Self::OpenQuote => "a quote that is not closed",
            Self::TooLong => "more than 16 MiB long",
            Self::NotAnObject => "not a JSON object",
        }
    }

    /// In words, with the text that is wrong.
    pub(super) fn describe(self, text: &[u8]) -> String {
        let text = shown(text);
        match self {
            Self::NoStamp => "has no stamp".to_owned(),
            Self::NotAStamp => {
                format!("`{text}` is no stamp; give RFC 3339, or seconds or milliseconds since 1970")
            }
            Self::OutOfCalendar => format!("`{text}` is not between the years 1678 and 2262"),
            Self::Future => format!("`{text}` is in the future"),
            Self::OtherOrigin => {
                format!(
                    "`{text}` is counted from another zero than the stamps before it (seconds from zero, or since 1970)"
                )
            }
            Self::OtherUnit { own, first } => {
                format!("`{text}` is in {own} by its size, and the first stamp in {first}")
            }
            Self::NotAMinute => format!("`{text}` is no minute of a day (0 to 1439)"),
            Self::NotANumber => format!("`{text}` is not a finite number"),
            Self::Negative => format!("`{text}` is negative"),
            Self::NotACount => format!("`{text}` is not a count (0, 1, 2, ...)"),
            Self::TooMany => format!("`{text}` is too large for a count; the largest that is read is {COUNT_MAX}"),
            Self::NotUtf8 => format!("`{text}` is not UTF-8"),
            Self::Fields { found, header } => format!("{found} fields where the header has {header}"),
            Self::OpenQuote => "a quote is opened and not closed".to_owned(),
            Self::TooLong => "more than 16 MiB long".to_owned(),
            Self::NotAnObject => format!("`{text}` is not a JSON object"),
        }
    }
}

/// As much of a wrong text as is of use.
pub(super) fn shown(text: &[u8]) -> String {
    const LETTERS: usize = 60;
    let text = String::from_utf8_lossy(&text[..text.len().min(4 * LETTERS)]);
    let clean = |letter: char| if letter.is_control() { ' ' } else { letter };
    let mut shown: String = text.chars().take(LETTERS).map(clean).collect();
    if text.chars().count() > LETTERS {
        shown.push_str("...");
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_and_odd_texts_are_cut_and_cleaned() {
        assert_eq!(shown(b"a\nb\xff"), "a b\u{fffd}");
        assert_eq!(shown(&[b'x'; 100]), "x".repeat(60) + "...");
        assert_eq!(shown("é".repeat(60).as_bytes()), "é".repeat(60));
    }
}
