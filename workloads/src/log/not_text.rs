//! Files that hold no lines of text, told by their beginning.

/// Of the beginning so many bytes are looked at.
const SEEN: usize = 4096;

/// What files of other formats begin with, what that is, and what to do.
const FORMATS: [(&[u8], &str, &str); 9] = [
    (b"\xff\xfe", "it is UTF-16", UTF_16),
    (b"\xfe\xff", "it is UTF-16", UTF_16),
    (b"PK\x03\x04", "it is a zip archive or a spreadsheet", "unpack it, or save the table as CSV"),
    (b"\x28\xb5\x2f\xfd", "it is compressed with zstd", UNPACK),
    (b"BZh", "it is compressed with bzip2", UNPACK),
    (b"\xfd7zXZ\0", "it is compressed with xz", UNPACK),
    (b"7z\xbc\xaf\x27\x1c", "it is a 7z archive", UNPACK),
    (b"\x1f\x8b", "it is compressed with gzip twice", UNPACK),
    (b"PAR1", "it is a Parquet file", "export it as CSV or JSON lines"),
];
const UTF_16: &str = "convert it to UTF-8, as with `iconv -f UTF-16 -t UTF-8`";
const UNPACK: &str = "unpack it first; of compressed files those of gzip are read";

/// What a file is that begins like this, and what to do about it; `None` for text.
pub(super) fn not_text(beginning: &[u8]) -> Option<(&'static str, &'static str)> {
    if let Some((_, what, mend)) = FORMATS.iter().find(|(magic, ..)| beginning.starts_with(magic)) {
        return Some((what, mend));
    }
    let seen = &beginning[..beginning.len().min(SEEN)];
    let zeros_at = |odd: usize| seen.iter().skip(odd).step_by(2).filter(|byte| **byte == 0).count();
    let (even, odd) = (zeros_at(0), zeros_at(1));
    // Every other byte of Latin letters in UTF-16 is zero.
    if even.max(odd) * 5 > seen.len() && even.min(odd) * 20 < even.max(odd) {
        return Some(("it looks like UTF-16", UTF_16));
    }
    let is_odd = |byte: &&u8| byte.is_ascii_control() && !matches!(byte, b'\t' | b'\n' | b'\r' | 0x0b | 0x0c | 0x1b);
    let odd = seen.iter().filter(is_odd).count();
    (odd * 20 > seen.len()).then_some(("it is a binary file", "give a table (CSV) or JSON lines in UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf_16(text: &str, is_big: bool) -> Vec<u8> {
        text.encode_utf16().flat_map(|unit| if is_big { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
    }

    #[test]
    fn other_formats_and_encodings_are_told_by_name() {
        let text = "time,model\n2024-11-15 16:57:50,flux\n";
        for (bytes, what) in [
            (utf_16(&format!("\u{feff}{text}"), false), "it is UTF-16"),
            (utf_16(&format!("\u{feff}{text}"), true), "it is UTF-16"),
            (utf_16(text, false), "it looks like UTF-16"),
            (utf_16(text, true), "it looks like UTF-16"),
            (b"PK\x03\x04rest".to_vec(), "it is a zip archive or a spreadsheet"),
            (b"PAR1....".to_vec(), "it is a Parquet file"),
            ((0..=255).collect(), "it is a binary file"),
        ] {
            assert_eq!(not_text(&bytes).map(|found| found.0), Some(what), "{}", bytes.escape_ascii());
        }
    }

    #[test]
    fn text_is_text_whatever_its_letters() {
        let ascii = "time,model\r\n2024-11-15\tflux\x1b[0m\n";
        for text in [ascii, "", "время,модель\n", "\u{feff}time\n", "時刻,模型\n2024-11-15,画像\n"] {
            assert_eq!(not_text(text.as_bytes()), None, "{text}");
        }
        assert_eq!(not_text(&[ascii.repeat(3).as_bytes(), b"\0"].concat()), None, "a stray zero makes no binary file");
    }
}
