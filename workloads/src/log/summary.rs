//! What was in a log, and what had to be put up with.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::columns::Columns;
use super::layout::Layout;

/// What was in a log, and what had to be put up with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LogSummary {
    /// The layout, as asked for or as recognised.
    pub layout: Layout,
    /// The columns that were read.
    pub columns: Columns,
    /// Lines (objects, in an array) without blank ones and the header.
    pub lines: u64,
    /// Entries that were handed on. A line of a wide table holds many, a wrong one none.
    pub entries: u64,
    /// The requests of all entries.
    pub requests: u64,
    /// The first wrong lines, at most ten.
    pub wrong: Vec<WrongLine>,
    /// How many lines were wrong; they are left out.
    pub wrong_count: u64,
    /// Why they were, the most frequent cause first.
    pub wrong_causes: Vec<WrongCause>,
    /// Why values were left out that no line can be wrong by (durations, sizes), the most frequent cause first; their
    /// requests are kept.
    pub dropped_values: Vec<WrongCause>,
    /// Entries that are earlier than one before them.
    pub unsorted_count: u64,
    /// Lines that equal the one before them, byte for byte.
    pub duplicates: u64,
    /// Whether those were left out.
    pub are_duplicates_dropped: bool,
    /// What the stamps say about their zones, in the order of appearance. More than one is a mix: every stamp is
    /// read by what it says itself.
    pub zones: Vec<ZoneCount>,
    /// Stamps without a zone that the clock of `zone` showed twice or never, because it was put back or forward. The
    /// first of two is taken, and a time that never was is moved by the jump.
    pub ambiguous_count: u64,
    /// Stamps before the year 2000, of those that are dates.
    pub before_2000_count: u64,
    /// How the requests ended whose status the log has.
    pub endings: Endings,
    /// Words for it that are not known, at most ten; their requests count neither as failed nor as succeeded.
    #[serde(default)]
    pub unheard: Vec<UnheardWord>,
    /// Columns of which one names its zone and the other does not, where nobody said which zone that is.
    #[serde(default)]
    pub zone_told_once: Option<OneZone>,
    /// Whether stamps name no zone and nobody said which one that is.
    #[serde(default)]
    pub is_zone_assumed: bool,
    /// The coarsest of 1 ns, 10 ns, ..., 1 s, 60 s of which all stamps are multiples.
    pub resolution_ns: i64,
    /// The width of bins in seconds; `None` in logs of requests.
    pub bin_s: Option<f64>,
    /// The earliest stamp, in nanoseconds since 1970.
    pub first_ns: i64,
    /// The latest stamp, in nanoseconds since 1970. In bins it is the beginning of the last.
    pub last_ns: i64,
    /// What stamps in seconds from zero were taken to start from, in nanoseconds since 1970; `None` where stamps are
    /// dates.
    pub origin_ns: Option<i64>,
    /// What a number that counts from there counts, in seconds: 1, or more where bins are numbered.
    pub number_s: f64,
    /// Whether nobody said what that is, so that a Monday was taken: the log then has no date.
    pub is_origin_assumed: bool,
    /// The time zone of stamps that name none.
    pub zone: String,
}

/// A line that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WrongLine {
    /// The line, from 1.
    pub line: u64,
    /// The column; empty when the whole line is meant.
    pub column: String,
    /// What is wrong: a lower-case fragment that holds the offending text.
    pub cause: String,
}

impl fmt::Display for WrongLine {
    /// `line: column: cause`; the file is the caller's to put before it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.line)?;
        if !self.column.is_empty() {
            write!(f, "{}: ", self.column)?;
        }
        f.write_str(&self.cause)
    }
}

/// Lines, or values in them, that are wrong for the same cause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WrongCause {
    /// The column; empty when whole lines are meant.
    pub column: String,
    /// What they have in common: a lower-case fragment.
    pub cause: String,
    /// How many they are.
    pub lines: u64,
    /// The first of them, from 1.
    pub first_line: u64,
}

impl fmt::Display for WrongCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} x ", self.lines)?;
        if !self.column.is_empty() {
            write!(f, "{}: ", self.column)?;
        }
        let first = if self.lines == 1 { "line" } else { "first in line" };
        write!(f, "{} ({first} {})", self.cause, self.first_line)
    }
}

/// How requests ended, as their status says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endings {
    /// Those that succeeded.
    pub ok: u64,
    /// Those that failed.
    pub failed: u64,
    /// Those that waited or ran when the log was written: neither.
    pub open: u64,
    /// Those that ended in a word that is not known: neither.
    #[serde(default)]
    pub unheard: u64,
}

/// A word for how a request ended that is not known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnheardWord {
    /// As the log writes it, cut where it is long.
    pub word: String,
    /// How many requests.
    pub requests: u64,
    /// The first line with it, from 1.
    pub first_line: u64,
}

impl fmt::Display for UnheardWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { word, requests, first_line } = self;
        write!(f, "{requests} x \"{word}\" (first in line {first_line})")
    }
}

/// Two columns of stamps, of which one names its zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OneZone {
    /// The column that does.
    pub named: String,
    /// The column that does not.
    pub unnamed: String,
    /// The first line that shows it, from 1.
    pub line: u64,
}

impl OneZone {
    /// - `zones`, `columns`: of two stamps in a line.
    pub(super) fn of(zones: (StampZone, StampZone), columns: [&str; 2], line: u64) -> Option<Self> {
        let names = |zone: StampZone| matches!(zone, StampZone::Offset(_) | StampZone::Epoch);
        let of = |named: &str, unnamed: &str| Some(Self { named: named.to_owned(), unnamed: unnamed.to_owned(), line });
        match zones {
            (StampZone::Unnamed, other) if names(other) => of(columns[1], columns[0]),
            (other, StampZone::Unnamed) if names(other) => of(columns[0], columns[1]),
            _ => None,
        }
    }
}

/// What a stamp says about its zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StampZone {
    /// Nothing: it is read in the zone of the options.
    Unnamed,
    /// How far its clock is ahead of UTC, in seconds.
    Offset(i32),
    /// It is a number since 1970 in UTC.
    Epoch,
    /// It is a number of seconds (or a minute) from the origin.
    FromOrigin,
}

/// How many stamps say so about their zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ZoneCount {
    /// What they say.
    pub zone: StampZone,
    /// How many.
    pub stamps: u64,
}

impl fmt::Display for StampZone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unnamed => f.write_str("no zone"),
            Self::Epoch => f.write_str("since 1970"),
            Self::FromOrigin => f.write_str("from zero"),
            Self::Offset(offset_s) => {
                let sign = if *offset_s < 0 { '-' } else { '+' };
                let minutes = offset_s.unsigned_abs() / 60;
                write!(f, "UTC{sign}{:02}:{:02}", minutes / 60, minutes % 60)
            }
        }
    }
}

impl LogSummary {
    /// What a reader of results must know about the log: a sentence for every repair and every assumption, none when
    /// there was nothing of the kind.
    #[must_use]
    pub fn remarks(&self) -> Vec<String> {
        let mut remarks = Vec::new();
        let mut say = |count: u64, text: String| {
            if count > 0 {
                remarks.push(text);
            }
        };
        let (wrong, lines) = (self.wrong_count, self.lines);
        let listed = |causes: &[WrongCause]| causes.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
        say(wrong, format!("{wrong} of {lines} lines are wrong and left out: {}", listed(&self.wrong_causes)));
        let dropped = self.dropped_values.iter().map(|of| of.lines).sum();
        say(dropped, format!("values left out, their requests kept: {}", listed(&self.dropped_values)));
        let unsorted = self.unsorted_count;
        say(
            unsorted,
            format!("{unsorted} of {} entries are earlier than one before them; they are sorted", self.entries),
        );
        let are = if self.are_duplicates_dropped { "left out" } else { "kept; --drop-duplicates leaves them out" };
        say(self.duplicates, format!("{} lines equal the one before them and are {are}", self.duplicates));
        let (open, old) = (self.endings.open, self.before_2000_count);
        say(
            open,
            format!(
                "{open} requests had not ended when the log was written; they count as traffic, not as failures or times"
            ),
        );
        let words = self.unheard.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        say(
            self.endings.unheard,
            format!(
                "{} requests ended in words that are not known, and count neither as failed nor as succeeded: {words}",
                self.endings.unheard
            ),
        );
        let date = |at_ns: i64| jiff::Timestamp::from_nanosecond(i128::from(at_ns)).map(|at| at.to_string());
        let first = date(self.first_ns).unwrap_or_default();
        say(
            old,
            format!(
                "{old} of {} stamps are before the year 2000, the first {first}: if that cannot be, look at their unit",
                self.entries
            ),
        );
        let mix: Vec<String> = self.zones.iter().map(|seen| format!("{} {}", seen.stamps, seen.zone)).collect();
        say(u64::from(mix.len() > 1), format!("stamps are of different zones: {}", mix.join(", ")));
        let (ambiguous, zone) = (self.ambiguous_count, &self.zone);
        say(
            ambiguous,
            format!(
                "{ambiguous} stamps were shown twice or never by the clocks of {zone}; the first, or the time after the jump, is taken"
            ),
        );
        if self.origin_ns.is_some() && self.number_s.to_bits() != 1f64.to_bits() {
            let column = self.columns.time.as_deref().unwrap_or_default();
            say(1, format!("a number in column `{column}` counts steps of {} s", self.number_s));
        }
        if let Some(origin_ns) = self.origin_ns {
            let origin = jiff::Timestamp::from_nanosecond(i128::from(origin_ns));
            let origin = origin.map_or_else(|_| origin_ns.to_string(), |origin| origin.to_string());
            let what = if self.is_origin_assumed {
                format!(
                    "stamps are counted from zero and the log has no date: hours and weekdays are as if zero were Monday, \
                     {origin}; --start-of-zero says what it is"
                )
            } else {
                format!("stamps are counted from zero, which is taken to be {origin}")
            };
            say(1, what);
        }
        remarks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_and_offsets_read_well() {
        let wrong = WrongLine { line: 7, column: "status".into(), cause: "`x` is odd".into() };
        assert_eq!(wrong.to_string(), "7: status: `x` is odd");
        assert_eq!(WrongLine { column: String::new(), ..wrong }.to_string(), "7: `x` is odd");
        assert_eq!(StampZone::Offset(-12_600).to_string(), "UTC-03:30");
        assert_eq!(StampZone::Offset(0).to_string(), "UTC+00:00");
    }
}
