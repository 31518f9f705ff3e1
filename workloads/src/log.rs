//! Logs of requests, read line by line.
//!
//! A log is cut into records, lines or objects (`records.rs`), and a record into values (`csv_fields.rs`,
//! `json_fields.rs`). Which value means what is settled once, at the beginning (`plan.rs`, `layout.rs`, `columns.rs`).
//! Values become an [`Entry`] (`reading.rs`, `stamp.rs`, `value.rs`) or a wrong line (`fault.rs`); what is remarkable
//! about all of them is counted (`tally.rs`) and stated in the [`LogSummary`]. Nothing grows with the log: wrong lines
//! are counted, and ten of them kept.
//!
//! What is repaired and stated: entries that are not in order, lines that come twice, stamps of several zones or of an hour
//! that the clock skipped or repeated, durations and sizes that are no numbers (left out, their requests kept). What makes a
//! line wrong: no stamp, one in the future or in another unit than the first, a count that is none, more or fewer fields
//! than the header. What is refused: a log without the needed column, or with too many wrong lines.

mod causes;
mod columns;
mod csv_fields;
mod decimal;
mod ending;
mod entry;
mod error;
mod fault;
mod json_fields;
mod layout;
mod local_clock;
mod minute_row;
mod not_text;
mod numbering;
mod options;
mod plan;
mod reading;
mod records;
mod size;
mod sorted;
mod source;
mod span;
mod stamp;
mod summary;
mod tally;
#[cfg(test)]
mod tests;
mod value;

use std::io::BufRead;

pub use columns::Columns;
pub use ending::KNOWN_ENDINGS;
pub use entry::Entry;
pub use error::LogError;
pub use layout::Layout;
pub use options::LogOptions;
pub use size::{ShapeColumn, Size};
pub use sorted::read_sorted;
pub use source::{open_log, open_log_in};
pub use stamp::parse_instant;
pub use summary::{Endings, LogSummary, OneZone, StampZone, UnheardWord, WrongCause, WrongLine, ZoneCount};

use plan::Plan;
use reading::Reading;
use records::Records;

/// Reads a log and hands its entries to `each` as they stand, in memory that does not grow with the log.
///
/// - `source`: the log, decompressed; [`open_log`] opens one.
/// - `file`: its name in errors.
///
/// Too many wrong lines are told at the end only, when `each` has seen the entries of the others; [`read_sorted`] looks
/// before.
///
/// # Errors
/// [`LogError`] when the log cannot be read to its end, is empty, lacks a column that is needed or named, has more wrong
/// lines than the options allow, or has bins of unknown or unequal width; or when an option is out of its range.
pub fn read_log(
    source: impl BufRead,
    file: &str,
    options: &LogOptions,
    each: impl FnMut(&Entry<'_>),
) -> Result<LogSummary, LogError> {
    options.check()?;
    let mut records = Records::new(source);
    let plan = Plan::of(&mut records, file, options)?;
    let mut reading = Reading::new(file, options, plan)?;
    reading.all(&mut records, each)?;
    reading.finish()
}
