//! Files as they lie on a disk: compressed, cut, padded, of other systems.

use std::fmt::Write as _;
use std::io::Write as _;

use crate::log::{LogError, LogOptions, LogSummary, open_log, read_log};

fn zipped(text: impl AsRef<[u8]>) -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(text.as_ref()).expect("memory");
    gzip.finish().expect("memory")
}

/// A log of so many requests, a second apart.
fn log(lines: u32) -> String {
    (0..lines).fold("time,model\n".to_owned(), |mut text, i| {
        writeln!(text, "{},m{}", 1_731_689_870 + i, i * 7919 % 7).expect("memory");
        text
    })
}

/// What is read of a file with these bytes.
fn read(bytes: &[u8]) -> Result<LogSummary, LogError> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("log");
    std::fs::write(&path, bytes).expect("a file");
    read_log(open_log(&path).expect("a log"), "log", &LogOptions::default(), |_| {})
}

#[test]
fn gzip_is_told_by_its_first_bytes() {
    let (text, gzip) = (log(50_000), zipped(log(50_000)));
    assert_eq!(read(text.as_bytes()).expect("a log").lines, 50_000);
    assert_eq!(read(&gzip).expect("a log").lines, 50_000);
    // Two members in a row are one file: its second header is a wrong line.
    assert_eq!(read(&[&gzip[..], &gzip].concat()).expect("a log").lines, 100_001);
}

#[test]
fn zeros_behind_compressed_data_are_padding_and_anything_else_is_told() {
    let gzip = zipped(log(1000));
    for zeros in [1, 511, 1 << 19] {
        assert_eq!(read(&[&gzip[..], &vec![0; zeros]].concat()).expect("a log").lines, 1000, "{zeros} zeros");
        let twice = [&gzip[..], &vec![0; zeros], &gzip].concat();
        assert_eq!(read(&twice).expect("a log").lines, 2001, "{zeros} zeros between members");
    }
    for garbage in [&b"x"[..], b"\0\0time,model\n", b"\x1f\x8b\xff", b"\x1f"] {
        let message = read(&[&gzip[..], garbage].concat()).expect_err("garbage").to_string();
        let what = "log:1002: cannot be read on: the compressed data end here, and what follows them is not gzip";
        assert!(message.starts_with(what), "{}: {message}", garbage.escape_ascii());
    }
}

/// The lines before the place where a file breaks are counted, whether or not that is within its first megabyte.
#[test]
fn a_broken_file_is_told_where_it_breaks() {
    let place = |message: &str| -> u64 {
        let (_, rest) = message.split_once("log:").expect("a place");
        rest.split(':').next().and_then(|line| line.parse().ok()).unwrap_or_else(|| panic!("no line: {message}"))
    };
    for lines in [2_000, 200_000] {
        let gzip = zipped(log(lines));
        let message = read(&gzip[..gzip.len() / 2]).expect_err("it is cut").to_string();
        assert!(message.contains("cannot be read on: the compressed data are cut off here"), "{message}");
        let share = place(&message) as f64 / f64::from(lines);
        assert!((0.3..0.7).contains(&share), "cut in the middle, not at {share}: {message}");
    }
    let mut gzip = zipped(log(200_000));
    let middle = gzip.len() / 2;
    gzip[middle..middle + 64].fill(0xff);
    let message = read(&gzip).expect_err("it is broken").to_string();
    assert!(message.contains("cannot be read on: the compressed data are broken ("), "{message}");
    assert!(place(&message) > 50_000, "{message}");
}

#[test]
fn files_of_old_macintoshes_and_other_formats_are_read_or_named() {
    let summary = read(log(1000).replace('\n', "\r").as_bytes()).expect("a log");
    assert_eq!((summary.lines, summary.wrong_count), (1000, 0));
    let json = "{\"time\": 1731689870}\r{\"time\": 1731689871}\r";
    assert_eq!(read(json.as_bytes()).expect("a log").lines, 2);
    let utf_16: Vec<u8> = format!("\u{feff}{}", log(3)).encode_utf16().flat_map(u16::to_le_bytes).collect();
    let message = read(&utf_16).expect_err("not UTF-8").to_string();
    assert_eq!(
        message,
        "log: holds no text: it is UTF-16\n  help: convert it to UTF-8, as with `iconv -f UTF-16 -t UTF-8`"
    );
    let message = read(&[7; 3000]).expect_err("not text").to_string();
    assert!(message.starts_with("log: holds no text: it is a binary file\n  help: give a table"), "{message}");
    let twice = zipped(zipped(log(10)));
    assert!(read(&twice).expect_err("twice").to_string().contains("it is compressed with gzip twice"));
}
