//! A log cut into lines or objects, in memory that does not grow with it.

use std::io::{self, Read};

use memchr::memchr;

/// What is read at a time, in bytes.
const CHUNK: usize = 1 << 18;
/// The longest record that is kept, in bytes: prompts and pictures may stand in a log.
const RECORD_MAX: usize = 1 << 24;
/// The farthest that a quoted field is followed over line ends, in bytes. One that is still open is a stray quote.
const QUOTED_MAX: usize = 1 << 16;

/// The records of a source, one at a time.
///
/// A record is a line, or an object of a JSON array. Blank lines are none.
#[derive(Debug)]
pub(super) struct Records<R> {
    source: R,
    buffer: Vec<u8>,
    /// The current record begins here; what is before it is done with.
    start: usize,
    /// The buffer is filled up to here.
    end: usize,
    is_ended: bool,
    /// Why the source ended early: told when all that came before is read.
    failure: Option<io::Error>,
    /// What ends a line: a line feed, but a carriage return in files that have no line feed.
    line_end: u8,
    /// How long the current record is, and how far it is to the next.
    length: usize,
    taken: usize,
    /// The line of `start`, from 1, and the line ends in what is taken.
    line: u64,
    lines_taken: u64,
    is_too_long: bool,
}

impl<R: Read> Records<R> {
    pub(super) fn new(source: R) -> Self {
        Self {
            source,
            buffer: vec![0; CHUNK],
            start: 0,
            end: 0,
            is_ended: false,
            failure: None,
            line_end: b'\n',
            length: 0,
            taken: 0,
            line: 1,
            lines_taken: 0,
            is_too_long: false,
        }
    }

    /// The line on which the current record begins, from 1.
    pub(super) fn line(&self) -> u64 {
        self.line
    }

    /// The current record without its line end.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.buffer[self.start..self.start + self.length]
    }

    /// Whether the current record was too long to be kept; its bytes are then gone.
    pub(super) fn is_too_long(&self) -> bool {
        self.is_too_long
    }

    /// The beginning of a source from which nothing was taken yet, without a byte order mark. What ends its lines is told
    /// from it.
    ///
    /// # Errors
    /// When not a byte of it can be read.
    pub(super) fn beginning(&mut self) -> io::Result<&[u8]> {
        while self.end - self.start < CHUNK && self.fill() {}
        if self.start == self.end {
            self.check_failure()?;
        }
        if self.buffer[self.start..self.end].starts_with(b"\xef\xbb\xbf") {
            self.start += 3;
        }
        let beginning = &self.buffer[self.start..self.end];
        if memchr(b'\n', beginning).is_none() && memchr(b'\r', beginning).is_some() {
            self.line_end = b'\r';
        }
        Ok(beginning)
    }

    /// Whole lines after the current record, as far as they are in memory.
    pub(super) fn ahead(&self) -> &[u8] {
        let ahead = &self.buffer[self.start + self.taken..self.end];
        let whole = memchr::memrchr(self.line_end, ahead).map_or(0, |end| end + 1);
        if self.is_ended { ahead } else { &ahead[..whole] }
    }

    /// What ends a line.
    pub(super) fn line_end(&self) -> u8 {
        self.line_end
    }

    /// Goes on to the next line that is not blank. Returns whether there is one.
    pub(super) fn next_line(&mut self) -> io::Result<bool> {
        self.pass();
        loop {
            let found = self.find_line_end(0)?;
            self.set(found);
            if self.taken == 0 && !self.is_too_long {
                return Ok(false);
            }
            if self.is_too_long || !self.bytes().trim_ascii().is_empty() {
                return Ok(true);
            }
            self.pass();
        }
    }

    /// Lengthens the current record by the line after it. Returns whether that could be done; if not, the record is
    /// what it was, or too long.
    pub(super) fn extend(&mut self) -> io::Result<bool> {
        if self.is_too_long || self.taken > QUOTED_MAX {
            return Ok(false);
        }
        let before = self.taken;
        let (length, taken) = self.find_line_end(before)?;
        if taken == before && !self.is_too_long {
            return Ok(false);
        }
        (self.length, self.taken) = (length, taken);
        self.lines_taken += 1;
        Ok(!self.is_too_long)
    }

    /// Shortens an extended record to its first line, so that the others are records again.
    pub(super) fn shorten(&mut self) -> io::Result<()> {
        let found = self.find_line_end(0)?;
        self.set(found);
        Ok(())
    }

    /// Goes on to the next object of a JSON array. Returns whether there is one.
    ///
    /// What stands between objects is passed over, and anything else is a record of its own up to the next comma.
    ///
    /// # Errors
    /// [`io::ErrorKind::InvalidData`] for an object that never ends: what is after its beginning cannot be told apart.
    pub(super) fn next_object(&mut self) -> io::Result<bool> {
        self.pass();
        loop {
            let between = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b',' | b'[' | b']');
            let ready = &self.buffer[self.start..self.end];
            let skipped = ready.iter().take_while(|byte| between(byte)).count();
            self.line += count_lines(&ready[..skipped], self.line_end);
            self.start += skipped;
            if self.start < self.end {
                break;
            }
            if !self.fill() {
                self.check_failure()?;
                return Ok(false);
            }
        }
        self.length = self.object_end()?;
        self.taken = self.length;
        self.lines_taken = count_lines(self.bytes(), self.line_end);
        Ok(true)
    }

    /// Leaves the current record behind.
    fn pass(&mut self) {
        self.start += self.taken;
        self.line += self.lines_taken;
        (self.length, self.taken, self.lines_taken) = (0, 0, 0);
        self.is_too_long = false;
    }

    fn set(&mut self, (length, taken): (usize, usize)) {
        (self.length, self.taken) = (length, taken);
        self.lines_taken = u64::from(taken > 0);
    }

    /// How far it is from `start` to the end of the line that begins `from` bytes after it, and to the next line.
    fn find_line_end(&mut self, from: usize) -> io::Result<(usize, usize)> {
        let mut searched = from;
        loop {
            let ready = &self.buffer[self.start..self.end];
            if let Some(found) = memchr(self.line_end, &ready[searched..]) {
                let end = searched + found;
                let length = if ready[..end].ends_with(b"\r") { end - 1 } else { end };
                return Ok((length, end + 1));
            }
            searched = ready.len();
            if searched > RECORD_MAX {
                self.drop_line();
                return Ok((0, self.taken));
            }
            if !self.fill() {
                // What is there of the last line is cut: it says nothing.
                self.check_failure()?;
                return Ok((searched, searched));
            }
        }
    }

    /// Throws the rest of a line away that is too long.
    fn drop_line(&mut self) {
        self.is_too_long = true;
        loop {
            if let Some(found) = memchr(self.line_end, &self.buffer[self.start..self.end]) {
                self.taken = found + 1;
                return;
            }
            self.start = self.end;
            if !self.fill() {
                self.taken = 0;
                return;
            }
        }
    }

    /// How long the object is that begins at `start`.
    fn object_end(&mut self) -> io::Result<usize> {
        let mut scan = ObjectScan::default();
        let mut scanned = 0;
        loop {
            let ready = &self.buffer[self.start..self.end];
            if let Some(length) = scan.end(ready, scanned) {
                return Ok(length);
            }
            scanned = ready.len();
            if scanned > RECORD_MAX || !self.fill() {
                self.check_failure()?;
                if scan.depth == 0 {
                    return Ok(scanned);
                }
                return Err(io::Error::new(io::ErrorKind::InvalidData, "an object begins here that never ends"));
            }
        }
    }

    /// Tells why the source ended early, once.
    fn check_failure(&mut self) -> io::Result<()> {
        self.failure.take().map_or(Ok(()), Err)
    }

    /// Reads more behind `end`; what is done with makes room. Returns whether anything came.
    fn fill(&mut self) -> bool {
        if self.is_ended {
            return false;
        }
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        if self.end == self.buffer.len() {
            self.buffer.resize(2 * self.buffer.len(), 0);
        }
        loop {
            match self.source.read(&mut self.buffer[self.end..]) {
                Ok(count) => {
                    self.end += count;
                    self.is_ended = count == 0;
                    return count > 0;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    (self.is_ended, self.failure) = (true, Some(error));
                    return false;
                }
            }
        }
    }
}

/// Where in an object a scan is.
#[derive(Debug, Default)]
struct ObjectScan {
    depth: usize,
    is_in_text: bool,
    is_escaped: bool,
}

impl ObjectScan {
    /// The end of the object that begins at `bytes[0]`, when it is within `bytes`; they are scanned from `from` on.
    fn end(&mut self, bytes: &[u8], from: usize) -> Option<usize> {
        for (place, &byte) in bytes.iter().enumerate().skip(from) {
            if self.is_escaped {
                self.is_escaped = false;
            } else if self.is_in_text {
                self.is_escaped = byte == b'\\';
                self.is_in_text = byte != b'"';
            } else {
                match byte {
                    b'"' => self.is_in_text = true,
                    b'{' => self.depth += 1,
                    b'}' if self.depth <= 1 => return Some(place + 1),
                    b'}' => self.depth -= 1,
                    b',' | b'\n' | b']' if self.depth == 0 => return Some(place.max(1)),
                    _ => {}
                }
            }
        }
        None
    }
}

fn count_lines(bytes: &[u8], line_end: u8) -> u64 {
    memchr::memchr_iter(line_end, bytes).count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A source that gives `step` bytes at a time.
    struct Slow<'a>(&'a [u8], usize);

    impl Read for Slow<'_> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let count = self.1.min(self.0.len()).min(into.len());
            into[..count].copy_from_slice(&self.0[..count]);
            self.0 = &self.0[count..];
            Ok(count)
        }
    }

    fn lines(text: &str, step: usize) -> Vec<(u64, String)> {
        let mut records = Records::new(Slow(text.as_bytes(), step));
        let mut found = Vec::new();
        while records.next_line().expect("no errors") {
            found.push((records.line(), String::from_utf8_lossy(records.bytes()).into_owned()));
        }
        found
    }

    fn objects(text: &str, step: usize) -> Vec<(u64, String)> {
        let mut records = Records::new(Slow(text.as_bytes(), step));
        let mut found = Vec::new();
        while records.next_object().expect("no errors") {
            found.push((records.line(), String::from_utf8_lossy(records.bytes()).into_owned()));
        }
        found
    }

    fn numbered(expected: &[(u64, &str)]) -> Vec<(u64, String)> {
        expected.iter().map(|(line, text)| (*line, (*text).to_owned())).collect()
    }

    #[test]
    fn lines_are_numbered_and_blank_ones_are_none() {
        let expected = numbered(&[(1, "a"), (3, "b"), (5, "c")]);
        for step in [1, 2, 100] {
            assert_eq!(lines("a\n\nb\r\n  \nc", step), expected);
            assert_eq!(lines("a\n\nb\r\n  \nc\n\n", step), expected);
        }
        assert!(lines("", 1).is_empty());
        assert!(lines("\n \n", 1).is_empty());
    }

    #[test]
    fn objects_are_told_apart_whatever_their_texts_hold() {
        let text = "[\n {\"a\": \"}{,\\\"\"},\n {\"b\": {\"c\": [1, 2]},\n  \"d\": 1}, 7 ,{}]\n";
        let expected = numbered(&[
            (2, "{\"a\": \"}{,\\\"\"}"),
            (3, "{\"b\": {\"c\": [1, 2]},\n  \"d\": 1}"),
            (4, "7 "),
            (4, "{}"),
        ]);
        for step in [1, 3, 100] {
            assert_eq!(objects(text, step), expected);
        }
    }

    #[test]
    fn an_object_without_end_is_an_error() {
        let mut records = Records::new(&b"[{}, {\"a\": [1"[..]);
        assert!(records.next_object().expect("the first"));
        assert_eq!(records.next_object().expect_err("the second").kind(), io::ErrorKind::InvalidData);
    }

    /// A source that breaks after some bytes.
    struct Broken<'a>(&'a [u8]);

    impl Read for Broken<'_> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            if self.0.is_empty() { Err(io::Error::other("broken")) } else { self.0.read(into) }
        }
    }

    #[test]
    fn a_source_that_breaks_is_told_where_it_broke() {
        let mut records = Records::new(Broken(b"a\nb\ncut"));
        assert_eq!(records.beginning().expect("some of it"), b"a\nb\ncut");
        for line in [1, 2] {
            assert!(records.next_line().expect("a line"));
            assert_eq!(records.line(), line);
        }
        assert_eq!((records.next_line().expect_err("it broke").to_string(), records.line()), ("broken".to_owned(), 3));
        assert!(Records::new(Broken(b"")).beginning().is_err());
        let mut records = Records::new(Broken(b"[{},\n{}"));
        assert!(records.next_object().expect("the first") && records.next_object().expect("the second"));
        assert!(records.next_object().is_err());
        assert_eq!(records.line(), 2);
    }

    #[test]
    fn carriage_returns_end_lines_where_no_line_feed_does() {
        let mut records = Records::new(&b"a\rb\r\rc"[..]);
        records.beginning().expect("no errors");
        let mut found = Vec::new();
        while records.next_line().expect("no errors") {
            found.push((records.line(), String::from_utf8_lossy(records.bytes()).into_owned()));
        }
        assert_eq!(found, numbered(&[(1, "a"), (2, "b"), (4, "c")]));
        let mut records = Records::new(&b"a\rb\nc"[..]);
        records.beginning().expect("no errors");
        assert!(records.next_line().expect("a line"));
        assert_eq!(records.bytes(), b"a\rb");
    }

    #[test]
    fn a_record_grows_by_lines_and_shrinks_back() {
        let mut records = Records::new(Slow(b"a\nb\nc", 1));
        assert!(records.next_line().expect("a line"));
        assert!(records.extend().expect("another"));
        assert_eq!((records.line(), records.bytes()), (1, &b"a\nb"[..]));
        records.shorten().expect("it is there");
        assert!(records.next_line().expect("the second"));
        assert_eq!((records.line(), records.bytes()), (2, &b"b"[..]));
        assert!(records.extend().expect("the third"));
        assert!(!records.extend().expect("the end"));
        assert_eq!(records.bytes(), b"b\nc");
        assert!(!records.next_line().expect("the end"));
    }

    #[test]
    fn a_line_that_is_too_long_is_dropped_without_holding_it() {
        let mut text = vec![b'x'; 3 * RECORD_MAX];
        text.extend_from_slice(b"\nb\n");
        let mut records = Records::new(&text[..]);
        assert!(records.next_line().expect("a line"));
        assert!(records.is_too_long());
        assert!(records.next_line().expect("the next"));
        assert_eq!((records.line(), records.bytes(), records.is_too_long()), (2, &b"b"[..], false));
        assert!(records.buffer.len() <= 4 * RECORD_MAX);
    }

    #[test]
    fn memory_does_not_grow_with_the_log() {
        let text = "2024-11-15 16:57:50,flux-dev,32.0,SUCCEED\n".repeat(100_000);
        let mut records = Records::new(text.as_bytes());
        let mut count = 0;
        while records.next_line().expect("no errors") {
            count += 1;
        }
        assert_eq!((count, records.line(), records.buffer.len()), (100_000, 100_001, CHUNK));
    }

    #[test]
    fn a_byte_order_mark_is_passed_over() {
        let mut records = Records::new(&b"\xef\xbb\xbftime\n"[..]);
        assert_eq!(records.beginning().expect("no errors"), b"time\n");
        assert!(records.next_line().expect("a line"));
        assert_eq!(records.bytes(), b"time");
    }
}
