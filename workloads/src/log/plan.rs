//! How a log will be read, as its beginning shows.

use std::io::{self, Read};

use super::columns::{Columns, Mapping, Missing, position, slot};
use super::csv_fields::{CsvFields, delimiter};
use super::decimal::small_number;
use super::error::LogError;
use super::fault::shown;
use super::json_fields::{collect_keys, in_words};
use super::layout::Layout;
use super::minute_row::MinuteRow;
use super::not_text::not_text;
use super::numbering::number_s;
use super::options::LogOptions;
use super::records::Records;
use super::stamp::Stamps;

/// How many objects are looked at for their keys: those that are empty may be left out of some.
const SAMPLED_OBJECTS: usize = 1000;

/// How a log will be read.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) layout: Layout,
    pub(super) columns: Columns,
    pub(super) form: Form,
    /// The line of the header or of the first object, from 1.
    pub(super) line: u64,
    /// What a number that counts from zero counts, in seconds.
    pub(super) number_s: f64,
    /// The number of the first day, where days are numbered: 0 or 1.
    pub(super) first_day: i64,
}

/// What the records are and where their values stand.
#[derive(Debug)]
pub(super) enum Form {
    /// Lines of a table.
    Table {
        delimiter: u8,
        /// How many fields the header has.
        fields: usize,
        /// The column and the field of each slot.
        names: Vec<String>,
        places: Vec<Option<usize>>,
        duration_unit_s: f64,
    },
    /// Lines of a table with a column a minute.
    Minutes { delimiter: u8, row: MinuteRow },
    /// JSON objects.
    Objects {
        /// Whether there is one on each line; else they are told apart by their braces.
        are_lines: bool,
        /// The key of each slot.
        names: Vec<String>,
        duration_unit_s: f64,
    },
}

impl Plan {
    /// Looks at the beginning of a log and, in a table, takes its header.
    pub(super) fn of<R: Read>(records: &mut Records<R>, file: &str, options: &LogOptions) -> Result<Self, LogError> {
        records.beginning().map_err(|cause| unreadable(file, 1, cause))?;
        let line_end = records.line_end();
        let beginning = records.beginning().map_err(|cause| unreadable(file, 1, cause))?;
        let first = beginning.trim_ascii_start();
        if first.is_empty() {
            return Err(LogError::Empty { file: file.to_owned() });
        }
        if let Some((what, mend)) = not_text(beginning) {
            return Err(LogError::NotText { file: file.to_owned(), what, mend });
        }
        let looks_like_json = matches!(first[0], b'{' | b'[');
        if options.layout.map_or(looks_like_json, Layout::is_json) {
            Self::of_objects(beginning, line_end, file, options)
        } else {
            Self::of_table(records, file, options)
        }
    }

    fn of_objects(beginning: &[u8], line_end: u8, file: &str, options: &LogOptions) -> Result<Self, LogError> {
        let start = beginning.trim_ascii_start();
        let line = 1 + memchr::memchr_iter(line_end, &beginning[..beginning.len() - start.len()]).count() as u64;
        let first_line = start.split(|byte| *byte == line_end).next().unwrap_or(start);
        if !matches!(start[0], b'{' | b'[') {
            let cause = format!("`{}` begins no object", shown(first_line));
            let mend = "give a JSON object on each line, or one array of objects; or say that it is a table";
            return Err(LogError::NotJson { file: file.to_owned(), line, cause, mend });
        }
        let are_lines = start[0] == b'{' && first_line.trim_ascii_end() != b"{";
        let keys = sampled_keys(beginning, are_lines);
        let keys = keys.map_err(|cause| {
            let mend = "give a JSON object on each line, or one array of objects";
            LogError::NotJson { file: file.to_owned(), line, cause, mend }
        })?;
        let layout = options.layout.unwrap_or_else(|| Layout::of_objects(&keys));
        let mapping = Mapping::of(layout, &keys, &options.columns);
        let mapping = mapping.map_err(|missing| LogError::no_column(file, line, &missing, &keys))?;
        let columns = mapping.columns();
        let (names, duration_unit_s) = (mapping.names, mapping.duration_unit_s);
        Ok(Self {
            layout,
            columns,
            form: Form::Objects { are_lines, names, duration_unit_s },
            line,
            number_s: 1.0,
            first_day: 0,
        })
    }

    fn of_table<R: Read>(records: &mut Records<R>, file: &str, options: &LogOptions) -> Result<Self, LogError> {
        let found = records.next_line().map_err(|cause| unreadable(file, 1, cause))?;
        if !found {
            return Err(LogError::Empty { file: file.to_owned() });
        }
        let line = records.line();
        let delimiter = delimiter(records.bytes());
        let mut fields = CsvFields::default();
        fields.split(records.bytes(), delimiter);
        let values = fields.values(records.bytes());
        let name = |field| String::from_utf8_lossy(values.get(field)).into_owned();
        let header: Vec<String> = (0..fields.len()).map(name).collect();
        let layout = options.layout.unwrap_or_else(|| Layout::of_table(&header, &options.columns));
        let no_column = |missing: Missing| match stamp_among(&header) {
            Some(text) if missing.name.is_none() => LogError::NoHeader { file: file.to_owned(), line, text },
            _ => LogError::no_column(file, line, &missing, &header),
        };
        if layout == Layout::AzureFunctions && position(&header, "HashFunction").is_some() {
            let row = MinuteRow::of(&header, &options.columns).map_err(no_column)?;
            let (columns, form) = (row.columns(&header), Form::Minutes { delimiter, row });
            return Ok(Self { layout, columns, form, line, number_s: 1.0, first_day: 0 });
        }
        let mapping = Mapping::of(layout, &header, &options.columns).map_err(no_column)?;
        let place = |name: &String| header.iter().position(|column| !name.is_empty() && column == name);
        let places: Vec<Option<usize>> = mapping.names.iter().map(place).collect();
        let time = &mapping.names[slot::TIME];
        let gap = places[slot::TIME].and_then(|field| sampled_gap(records, delimiter, field));
        let number_s = match gap {
            Some(gap) if layout == Layout::Counts && mapping.names[slot::CLOCK].is_empty() => {
                number_s(time, gap, options.bin_s)
                    .map_err(|unclear| LogError::unclear_numbers(file, line, time, unclear))?
            }
            _ => 1.0,
        };
        let is_dated = mapping.names[slot::CLOCK].is_empty();
        let first_day = places[slot::TIME].filter(|_| !is_dated).map_or(0, |day| first_day(records, delimiter, day));
        let (columns, fields) = (mapping.columns(), header.len());
        let (names, duration_unit_s) = (mapping.names, mapping.duration_unit_s);
        let form = Form::Table { delimiter, fields, names, places, duration_unit_s };
        Ok(Self { layout, columns, form, line, number_s, first_day })
    }
}

pub(super) fn unreadable(file: &str, line: u64, cause: io::Error) -> LogError {
    LogError::Unreadable { file: file.to_owned(), line, cause }
}

/// The keys of the first objects; the cause when none of them is one.
fn sampled_keys(beginning: &[u8], are_lines: bool) -> Result<Vec<String>, String> {
    let mut records = Records::new(beginning);
    records.beginning().map_err(|error| error.to_string())?;
    let mut keys = Vec::new();
    let mut cause = "holds no object".to_owned();
    for _ in 0..SAMPLED_OBJECTS {
        // The last object of the beginning may be cut; it says nothing.
        let found = if are_lines { records.next_line() } else { records.next_object() };
        if !found.unwrap_or(false) {
            break;
        }
        if let Err(error) = collect_keys(records.bytes(), &mut keys)
            && keys.is_empty()
        {
            cause = in_words(&error);
        }
    }
    if keys.is_empty() { Err(cause) } else { Ok(keys) }
}

/// The smallest gap between small numbers of a field in a row that differ, in the lines that are in memory.
fn sampled_gap<R: Read>(records: &Records<R>, delimiter: u8, field: usize) -> Option<f64> {
    let (mut before, mut least) = (None, None::<f64>);
    each_sampled(records, delimiter, field, |text| {
        let Some(number) = small_number(text) else { return };
        if let Some(gap) = before.replace(number).map(|before: f64| (number - before).abs()).filter(|gap| *gap > 0.0) {
            least = Some(least.map_or(gap, |least| least.min(gap)));
        }
    });
    least
}

/// What the days of a field are numbered from: 1 where none of those in memory is the zeroth or named.
fn first_day<R: Read>(records: &Records<R>, delimiter: u8, field: usize) -> i64 {
    let mut least = None::<f64>;
    each_sampled(records, delimiter, field, |text| {
        let number = small_number(text).unwrap_or(0.0);
        least = Some(least.map_or(number, |least| least.min(number)));
    });
    i64::from(least.is_some_and(|least| least >= 1.0))
}

/// Hands the texts of a field in the lines that are in memory to `each`.
fn each_sampled<R: Read>(records: &Records<R>, delimiter: u8, field: usize, mut each: impl FnMut(&[u8])) {
    let mut sample = Records::new(records.ahead());
    let mut fields = CsvFields::default();
    while sample.next_line().unwrap_or(false) {
        fields.split(sample.bytes(), delimiter);
        if field < fields.len() {
            each(fields.values(sample.bytes()).get(field));
        }
    }
}

/// A name of the header that is a stamp: the first line is then no header.
fn stamp_among(header: &[String]) -> Option<String> {
    // Years of four digits and the numbers of minutes are names that tables do have.
    let mut stamps = Stamps::new("UTC", Some(0)).ok()?;
    let mut is_stamp = |name: &&String| name.len() >= 8 && stamps.read(name.as_bytes()).is_ok();
    header.iter().find(|name| is_stamp(name)).cloned()
}
