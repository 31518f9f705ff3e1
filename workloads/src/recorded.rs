//! Recorded days in compact form: a byte or two a request, read day by day from wherever they lie.
//!
//! A request is the gap since the one before it on its day, in milliseconds, seven bits a byte, the last byte of a gap
//! below 128. Whoever can reach a disk may put the bytes there: then the memory that a trace takes does not grow with its
//! requests.

use std::io::{self, Write};
use std::sync::Arc;

/// Bytes that are read at once.
const BLOCK: usize = 4096;
const HOURS: usize = 24;
const HOUR_MS: u32 = 3_600_000;

/// Where the bytes of recorded days lie.
pub trait RecordedBytes: std::fmt::Debug + Send + Sync {
    /// Fills `into` with the bytes from `from` on, all of which were written.
    ///
    /// # Panics
    /// If they cannot be read any more: a simulation cannot go on without them.
    fn read_at(&self, from: u64, into: &mut [u8]);
}

impl RecordedBytes for Vec<u8> {
    fn read_at(&self, from: u64, into: &mut [u8]) {
        let from = usize::try_from(from).expect("memory has an address");
        into.copy_from_slice(&self[from..from + into.len()]);
    }
}

/// A recorded day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RecordedDay {
    /// Where its bytes begin and end.
    start: u64,
    end: u64,
    /// Requests in each hour.
    pub(crate) hourly: [u64; HOURS],
}

/// The requests of recorded days.
#[derive(Debug, Clone)]
pub struct RecordedDays {
    bytes: Arc<dyn RecordedBytes>,
    days: Vec<RecordedDay>,
}

/// Writes recorded days in compact form, request by request.
#[derive(Debug)]
pub struct Recorder<W> {
    out: W,
    days: Vec<RecordedDay>,
    last_ms: u32,
}

impl<W: Write> Recorder<W> {
    /// Nothing is recorded so far.
    #[must_use]
    pub fn new(out: W) -> Self {
        Self { out, days: Vec::new(), last_ms: 0 }
    }

    /// Adds a request that comes after all others; days between are without any.
    ///
    /// - `day`: its number, from 0; `ms`: milliseconds after 00:00.
    ///
    /// # Errors
    /// What the writer says.
    ///
    /// # Panics
    /// If it comes before another, or goes beyond the day's 24 hours.
    pub fn push(&mut self, day: u32, ms: u32) -> io::Result<()> {
        assert!(day as usize + 1 >= self.days.len(), "days are recorded in order");
        self.extend_to(day as usize + 1);
        let mut gap = ms.checked_sub(self.last_ms).expect("requests are recorded in order of time");
        self.last_ms = ms;
        let mut bytes = [0; 5];
        let mut length = 0;
        while gap >= 0x80 {
            bytes[length] = (gap & 0x7f) as u8 | 0x80;
            gap >>= 7;
            length += 1;
        }
        bytes[length] = gap as u8;
        self.out.write_all(&bytes[..=length])?;
        let day = self.days.last_mut().expect("the day of the request");
        day.end += length as u64 + 1;
        day.hourly[(ms / HOUR_MS) as usize] += 1;
        Ok(())
    }

    /// Adds days without requests until there are so many.
    pub(crate) fn extend_to(&mut self, count: usize) {
        while self.days.len() < count {
            let end = self.days.last().map_or(0, |day| day.end);
            self.days.push(RecordedDay { start: end, end, hourly: [0; HOURS] });
            self.last_ms = 0;
        }
    }

    /// What was recorded.
    ///
    /// - `bytes`: of what was written to, where it lies from now on.
    ///
    /// # Errors
    /// What `bytes` says.
    pub fn finish(self, bytes: impl FnOnce(W) -> io::Result<Arc<dyn RecordedBytes>>) -> io::Result<RecordedDays> {
        Ok(RecordedDays { bytes: bytes(self.out)?, days: self.days })
    }
}

impl Recorder<Vec<u8>> {
    /// What was recorded, kept in memory.
    #[must_use]
    pub fn in_memory(mut self) -> RecordedDays {
        self.out.shrink_to_fit();
        RecordedDays { bytes: Arc::new(self.out), days: self.days }
    }
}

impl RecordedDays {
    /// How many days there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.days.len()
    }

    /// Whether there is no day.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.days.is_empty()
    }

    /// Bytes of all requests in compact form.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.days.last().map_or(0, |day| day.end)
    }

    pub(crate) fn days(&self) -> &[RecordedDay] {
        &self.days
    }

    /// Keeps the first days only.
    pub(crate) fn truncate(&mut self, count: usize) {
        self.days.truncate(count);
    }

    /// The requests of a day, from its first on.
    pub(crate) fn cursor(&self, day: usize) -> Cursor {
        let RecordedDay { start, end, .. } = self.days[day];
        Cursor { from: start, end, ms: 0, block: Vec::new(), place: 0 }
    }

    /// The requests of a day, in milliseconds after 00:00.
    pub(crate) fn day(&self, day: usize) -> Vec<u32> {
        let mut cursor = self.cursor(day);
        std::iter::from_fn(|| cursor.next(self)).collect()
    }
}

impl PartialEq for RecordedDays {
    /// A day has one compact form only.
    fn eq(&self, other: &Self) -> bool {
        self.days == other.days && (0..self.len()).all(|day| self.day(day) == other.day(day))
    }
}

/// Where the reading of a day stands.
#[derive(Debug)]
pub(crate) struct Cursor {
    /// Where the next block begins, and where the day ends.
    from: u64,
    end: u64,
    /// The latest request.
    ms: u32,
    /// The bytes that were read last, and the next of them.
    block: Vec<u8>,
    place: usize,
}

impl Cursor {
    /// The next request of the day, in milliseconds after 00:00.
    pub(crate) fn next(&mut self, of: &RecordedDays) -> Option<u32> {
        if self.place == self.block.len() && !self.read(of) {
            return None;
        }
        let (mut gap, mut shift) = (0, 0);
        loop {
            let byte = self.block[self.place];
            self.place += 1;
            gap |= u32::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                self.ms += gap;
                return Some(self.ms);
            }
            shift += 7;
            // A gap may begin in one block and end in the next.
            if self.place == self.block.len() {
                assert!(self.read(of), "a gap ends with its day");
            }
        }
    }

    /// Reads the next block; whether there is one.
    #[cold]
    fn read(&mut self, of: &RecordedDays) -> bool {
        let length = (self.end - self.from).min(BLOCK as u64) as usize;
        self.block.resize(length, 0);
        self.place = 0;
        if length > 0 {
            of.bytes.read_at(self.from, &mut self.block);
        }
        self.from += length as u64;
        length > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recorded(days: &[Vec<u32>]) -> RecordedDays {
        let mut recorder = Recorder::new(Vec::new());
        for (day, requests) in (0..).zip(days) {
            recorder.extend_to(day as usize + 1);
            for ms in requests {
                recorder.push(day, *ms).expect("memory takes it");
            }
        }
        recorder.in_memory()
    }

    #[test]
    fn what_was_recorded_is_read_back_whatever_the_gaps_and_blocks() {
        // Gaps of every length of bytes, none, and enough of them for several blocks whose edges cut gaps.
        let gaps = [0, 1, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152];
        let mixed: Vec<u32> = gaps.iter().scan(0, |at, gap| Some(std::mem::replace(at, *at + gap) + gap)).collect();
        let dense: Vec<u32> = (0..400_000).map(|k| k * 200 + k % 7).collect();
        let days = vec![vec![], mixed, vec![86_399_999], dense, vec![], vec![0, 0, 0]];
        let found = recorded(&days);
        assert_eq!((0..found.len()).map(|day| found.day(day)).collect::<Vec<_>>(), days);
        for (day, requests) in days.iter().enumerate() {
            let of_hour = |hour: u32| requests.iter().filter(|ms| **ms / HOUR_MS == hour).count() as u64;
            assert_eq!(found.days()[day].hourly.to_vec(), (0..24).map(of_hour).collect::<Vec<_>>());
        }
        assert_eq!(found, recorded(&days));
        assert_ne!(found, recorded(&days[..5]));
        let mut other = days.clone();
        other[3][17] += 1;
        assert_ne!(found, recorded(&other), "the hours are alike, the requests are not");
    }

    #[test]
    fn a_busy_trace_takes_little_more_than_a_byte_a_request() {
        let count = 1_000_000_u32;
        // Gaps of 86 ms in the mean, as even as a square is not: from 0 to 258 ms.
        let mut at_ms = 0;
        let day: Vec<u32> = (0..count)
            .map(|k| {
                let share = f64::from(k.wrapping_mul(2_654_435_761)) / f64::from(u32::MAX);
                at_ms += (259.0 * share * share) as u32;
                at_ms
            })
            .collect();
        assert!(*day.last().expect("requests") < 24 * HOUR_MS);
        let bytes = recorded(&[day]).bytes() as f64 / f64::from(count);
        assert!((1.0..1.5).contains(&bytes), "{bytes} bytes a request");
    }

    #[test]
    #[should_panic(expected = "in order of time")]
    fn disorder_is_a_bug() {
        let _ = recorded(&[vec![5, 4]]);
    }
}
