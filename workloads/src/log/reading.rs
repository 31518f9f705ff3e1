//! Reading a log record by record.

use std::io::{self, Read};

use super::causes::Causes;
use super::columns::{slot, unit_s};
use super::csv_fields::CsvFields;
use super::ending::Ending;
use super::entry::Entry;
use super::error::LogError;
use super::fault::{Fault, FaultKind};
use super::json_fields::{JsonFields, in_words};
use super::layout::Layout;
use super::numbering::is_guessed;
use super::options::LogOptions;
use super::plan::{Form, Plan, unreadable};
use super::records::Records;
use super::span::{Span, Values};
use super::stamp::{Stamp, Stamps};
use super::summary::{LogSummary, OneZone, StampZone, WrongLine};
use super::tally::Tally;
use super::value::{self, COUNT_MAX};

/// How many wrong lines are shown.
const SHOWN: usize = 10;

/// A log that is being read.
#[derive(Debug)]
pub(super) struct Reading<'o> {
    file: &'o str,
    options: &'o LogOptions,
    plan: Plan,
    stamps: Stamps,
    fields: CsvFields,
    objects: JsonFields,
    /// Where the values of the record stand, by slot.
    spans: Vec<Span>,
    shape: Vec<f64>,
    /// The record before, for telling duplicates.
    previous: Vec<u8>,
    lines: u64,
    duplicates: u64,
    wrong: Vec<WrongLine>,
    wrong_count: u64,
    wrong_causes: Causes,
    dropped: Causes,
    tally: Tally,
    /// The first line whose stamp is before one above it, from 1.
    back_line: Option<u64>,
    zone_told_once: Option<OneZone>,
}

impl<'o> Reading<'o> {
    pub(super) fn new(file: &'o str, options: &'o LogOptions, plan: Plan) -> Result<Self, LogError> {
        Ok(Self {
            file,
            options,
            stamps: Stamps::new(&options.zone, options.origin)?
                .counting(plan.number_s)
                .numbering_days_from(plan.first_day),
            plan,
            fields: CsvFields::default(),
            objects: JsonFields::default(),
            spans: Vec::new(),
            shape: Vec::new(),
            previous: Vec::new(),
            lines: 0,
            duplicates: 0,
            wrong: Vec::new(),
            wrong_count: 0,
            wrong_causes: Causes::default(),
            dropped: Causes::default(),
            tally: Tally::new(),
            back_line: None,
            zone_told_once: None,
        })
    }

    /// Reads all records and hands their entries to `each`.
    pub(super) fn all<R: Read>(
        &mut self,
        records: &mut Records<R>,
        mut each: impl FnMut(&Entry<'_>),
    ) -> Result<(), LogError> {
        loop {
            let found = match self.plan.form {
                Form::Objects { are_lines: false, .. } => records.next_object(),
                _ => records.next_line(),
            };
            let found =
                found.and_then(|found| if found { self.record(records, &mut each) } else { Ok(()) }.map(|()| found));
            if !found.map_err(|cause| unreadable(self.file, records.line(), cause))? {
                return Ok(());
            }
        }
    }

    /// Reads the current record.
    fn record<R: Read>(&mut self, records: &mut Records<R>, each: &mut impl FnMut(&Entry<'_>)) -> io::Result<()> {
        self.lines += 1;
        let cut = self.cut(records)?;
        let record = records.bytes();
        let is_duplicate = cut.is_ok() && record == self.previous;
        let result = match cut {
            Ok(()) if is_duplicate && self.options.drop_duplicates => Ok(()),
            Ok(()) => self.entries(record, records.line(), each),
            Err(fault) => Err(fault),
        };
        match result {
            Ok(()) if is_duplicate => self.duplicates += 1,
            Ok(()) => {
                self.previous.clear();
                self.previous.extend_from_slice(record);
            }
            Err(fault) => {
                // The lines on both sides of it do not follow each other.
                self.previous.clear();
                self.add_wrong(fault, record, records.line());
            }
        }
        Ok(())
    }

    /// Finds out where in the current record the values stand; a quoted field may lengthen it.
    fn cut<R: Read>(&mut self, records: &mut Records<R>) -> io::Result<Result<(), Fault>> {
        if records.is_too_long() {
            return Ok(Err(FaultKind::TooLong.whole()));
        }
        let (delimiter, header) = match &self.plan.form {
            Form::Table { delimiter, fields, .. } => (*delimiter, *fields),
            Form::Minutes { delimiter, row } => (*delimiter, row.fields),
            Form::Objects { names, .. } => {
                let found = self.objects.find(records.bytes(), names);
                return Ok(found.map_err(|_| FaultKind::NotAnObject.whole()));
            }
        };
        if !self.fields.split(records.bytes(), delimiter)
            && let Err(kind) = self.close_quote(records, delimiter, header)?
        {
            return Ok(Err(kind.whole()));
        }
        let found = self.fields.len();
        if found != header {
            return Ok(Err(FaultKind::Fields { found, header }.whole()));
        }
        if let Form::Table { places, .. } = &self.plan.form {
            self.spans.clear();
            self.spans
                .extend(places.iter().map(|place| place.map_or_else(Span::default, |field| self.fields.span(field))));
        }
        Ok(Ok(()))
    }

    /// Lengthens a record until the quote that is open at its end is closed.
    ///
    /// A quote in a later line may be a stray one as well, and the lines up to it requests: only what then has the form
    /// of the header is one record.
    fn close_quote<R: Read>(
        &mut self,
        records: &mut Records<R>,
        delimiter: u8,
        header: usize,
    ) -> io::Result<Result<(), FaultKind>> {
        loop {
            let before = records.bytes().len();
            let is_longer = records.extend()?;
            if records.is_too_long() {
                return Ok(Err(FaultKind::TooLong));
            }
            // Lines without a quote close none: a record is cut again only if that may help.
            let is_tried = is_longer && memchr::memchr(b'"', &records.bytes()[before..]).is_some();
            let is_closed = is_tried && self.fields.split(records.bytes(), delimiter);
            if is_closed && self.fields.is_clean() && self.fields.len() == header {
                return Ok(Ok(()));
            }
            if is_closed || !is_longer {
                records.shorten()?;
                return Ok(Err(FaultKind::OpenQuote));
            }
        }
    }

    /// Hands on the entries of a record, all or none.
    fn entries(&mut self, record: &[u8], line: u64, each: &mut impl FnMut(&Entry<'_>)) -> Result<(), Fault> {
        let (values, names, duration_unit_s) = match &self.plan.form {
            Form::Minutes { .. } => return self.minutes(record, line, each),
            Form::Table { names, duration_unit_s, .. } => {
                (Values { record, rewritten: self.fields.rewritten(), spans: &self.spans }, names, *duration_unit_s)
            }
            Form::Objects { names, duration_unit_s, .. } => (self.objects.values(record), names, *duration_unit_s),
        };
        let text = values.get(slot::TIME);
        let is_minute = self.plan.layout == Layout::AzureFunctions;
        let has_clock = !names[slot::CLOCK].is_empty();
        let stamp = match () {
            () if is_minute => self.stamps.of_minute(text),
            () if has_clock => self.stamps.read_both(text, values.get(slot::CLOCK)),
            () => self.stamps.read(text),
        };
        let stamp = stamp.map_err(|kind| {
            let is_of_clock = has_clock && self.stamps.read(text).is_ok();
            kind.at(if is_of_clock { slot::CLOCK } else { slot::TIME })
        })?;
        if self.options.now.is_some_and(|now| stamp.at_ns > now) {
            return Err(FaultKind::Future.at(slot::TIME));
        }
        let is_counted = !names[slot::COUNT].is_empty();
        let status = values.get(slot::STATUS);
        let ending = Ending::of(status, &names[slot::STATUS]);
        let text = values.get(slot::STARTED);
        let started = (!text.is_empty()).then(|| self.stamps.read(text));
        let startup_name = names[slot::STARTUP].as_str();
        if let Some(Ok(started)) = started
            && self.zone_told_once.is_none()
            && self.options.is_zone_assumed
        {
            self.zone_told_once =
                OneZone::of((stamp.zone, started.zone), [slot::TIME, slot::STARTED].map(|slot| &*names[slot]), line);
        }
        let optional = Optional { duration_unit_s, startup_name, shape: &mut self.shape, dropped: &mut self.dropped };
        let entry = optional.entry(values, (stamp, started), is_counted, ending, line)?;
        self.tally.add(stamp, entry.requests);
        if self.tally.unsorted_count == 1 {
            self.back_line.get_or_insert(line);
        }
        self.tally.add_ending(ending, (status, line), entry.requests);
        each(&entry);
        Ok(())
    }

    /// Hands on the entries of a line with a column a minute.
    fn minutes(&mut self, record: &[u8], line: u64, each: &mut impl FnMut(&Entry<'_>)) -> Result<(), Fault> {
        let Form::Minutes { row, .. } = &mut self.plan.form else { return Ok(()) };
        let values = self.fields.values(record);
        row.read(values)?;
        let model = text(values, row.model())?;
        let client = row.client().map_or(Ok(""), |field| text(values, field))?;
        // The latest first: what can be wrong with a minute is wrong with that one.
        let latest = row.counts().iter().map(|(minute, _)| *minute).max().unwrap_or(0);
        let latest = self.stamps.at_minute(latest).map_err(FaultKind::whole)?;
        if self.options.now.is_some_and(|now| latest.at_ns > now) {
            return Err(FaultKind::Future.whole());
        }
        for &(minute, requests) in row.counts() {
            let stamp = self.stamps.at_minute(minute).map_err(FaultKind::whole)?;
            let at_ns = stamp.at_ns;
            self.tally.add(stamp, requests);
            each(&Entry { at_ns, requests, model, client, line, ..Entry::default() });
        }
        Ok(())
    }

    fn add_wrong(&mut self, fault: Fault, record: &[u8], line: u64) {
        self.wrong_count += 1;
        self.wrong_causes.add(fault, line);
        if self.wrong.len() == SHOWN {
            return;
        }
        let text = match (fault.slot, &self.plan.form) {
            (None, _) => record,
            (Some(slot), Form::Minutes { .. }) => self.fields.values(record).get(slot),
            (Some(slot), Form::Objects { .. }) => self.objects.values(record).get(slot),
            (Some(slot), Form::Table { .. }) => {
                Values { record, rewritten: self.fields.rewritten(), spans: &self.spans }.get(slot)
            }
        };
        let column = self.column(fault.slot);
        let mut cause = fault.kind.describe(text);
        if let (Form::Objects { names, .. }, FaultKind::NotAnObject) = (&self.plan.form, fault.kind)
            && let Err(error) = self.objects.find(record, names)
        {
            // Looked for again, for its words: there are too many wrong lines to keep those of all.
            cause = format!("not a JSON object: {}", in_words(&error));
        }
        self.wrong.push(WrongLine { line, column, cause });
    }

    /// The name of a slot's column; empty where a whole line is meant.
    fn column(&self, slot: Option<usize>) -> String {
        match (slot, &self.plan.form) {
            (None, _) => String::new(),
            (Some(slot), Form::Minutes { row, .. }) => row.name(slot),
            (Some(slot), Form::Objects { names, .. } | Form::Table { names, .. }) => names[slot].clone(),
        }
    }

    /// What was read, unless too much of it was wrong.
    pub(super) fn finish(self) -> Result<LogSummary, LogError> {
        let (file, lines, wrong_count) = (self.file.to_owned(), self.lines, self.wrong_count);
        let share_max = self.options.wrong_share_max;
        let wrong_causes = self.wrong_causes.told(|slot| self.column(slot));
        if wrong_count as f64 > share_max * lines as f64 {
            let (causes, shown) = (wrong_causes, self.wrong);
            return Err(LogError::WrongLines { file, wrong_count, lines, share_max, causes, shown });
        }
        let dropped_values = self.dropped.told(|slot| self.column(slot));
        let tally = self.tally;
        if tally.entries == 0 {
            return Err(LogError::Empty { file });
        }
        if tally.requests > COUNT_MAX {
            return Err(LogError::TooManyRequests { file });
        }
        let is_from_origin = tally.zones.iter().any(|seen| seen.zone == StampZone::FromOrigin);
        let names_groups = self.plan.columns.model.is_some() || self.plan.columns.client.is_some();
        if let (Layout::Counts, true, false, Some(line)) =
            (self.plan.layout, is_from_origin, names_groups, self.back_line)
            && tally.has_repeated_bins(self.options.bin_s)
        {
            let column = self.plan.columns.time.as_deref().unwrap_or_default();
            return Err(LogError::begins_again(&file, line, column));
        }
        let bin_s = match self.plan.layout {
            Layout::AzureFunctions => Some(60.0),
            Layout::Counts => Some(bin_s(&self.plan, &tally, self.options.bin_s, is_from_origin, &file)?),
            _ => None,
        };
        Ok(LogSummary {
            layout: self.plan.layout,
            columns: self.plan.columns,
            lines,
            entries: tally.entries,
            requests: tally.requests,
            wrong: self.wrong,
            wrong_count,
            wrong_causes,
            dropped_values,
            unsorted_count: tally.unsorted_count,
            duplicates: self.duplicates,
            are_duplicates_dropped: self.options.drop_duplicates,
            ambiguous_count: tally.ambiguous_count,
            before_2000_count: tally.before_2000_count,
            endings: tally.endings,
            zone_told_once: self.zone_told_once,
            is_zone_assumed: self.options.is_zone_assumed
                && tally.zones.iter().any(|seen| seen.zone == StampZone::Unnamed),
            resolution_ns: tally.resolution_ns(),
            bin_s,
            first_ns: tally.first_ns,
            last_ns: tally.last_ns,
            number_s: self.plan.number_s,
            origin_ns: is_from_origin.then_some(self.stamps.origin_ns()),
            is_origin_assumed: is_from_origin && self.options.origin.is_none(),
            zone: self.options.zone.clone(),
            unheard: tally.unheard,
            zones: tally.zones,
        })
    }
}

/// The width of the bins of a log of counts, in seconds.
fn bin_s(plan: &Plan, tally: &Tally, given_s: Option<f64>, is_from_origin: bool, file: &str) -> Result<f64, LogError> {
    let file = file.to_owned();
    match (given_s, tally.gap_s()) {
        (Some(bin_s), Some((gap_s, _))) if is_closer(gap_s, bin_s) => {
            Err(LogError::CloserThanBins { file, gap_s, bin_s })
        }
        (Some(bin_s), _) => Ok(bin_s),
        (None, None) => Err(LogError::NoWidth { file }),
        (None, Some((gap_s, false))) => Err(LogError::UnevenBins { file, gap_s }),
        (None, Some((gap_s, true))) => {
            let column = plan.columns.time.as_deref().unwrap_or_default();
            let is_guessed = is_from_origin && is_guessed(column, gap_s, tally.is_in_a_row());
            if is_guessed { Err(LogError::numbers_in_a_row(&file, plan.line, column)) } else { Ok(gap_s) }
        }
    }
}

/// Whether stamps so far apart are of narrower bins. Bins of days are an hour narrower where the clock is put forward.
fn is_closer(gap_s: f64, bin_s: f64) -> bool {
    const DAY_S: f64 = 86_400.0;
    let put_forward_s = if bin_s >= DAY_S { 3600.0 } else { 0.0 };
    // Stamps and widths are as exact as a nanosecond.
    gap_s < bin_s - put_forward_s - 1e-9
}

/// The values of a record that a request need not have.
struct Optional<'r> {
    duration_unit_s: f64,
    startup_name: &'r str,
    shape: &'r mut Vec<f64>,
    dropped: &'r mut Causes,
}

impl<'r> Optional<'r> {
    /// The entry of a record with a value a slot.
    fn entry(
        self,
        values: Values<'r>,
        (stamp, started): (Stamp, Option<Result<Stamp, FaultKind>>),
        is_counted: bool,
        ending: Ending,
        line: u64,
    ) -> Result<Entry<'r>, Fault> {
        let is_ok = ending.is_ok();
        let requests = if is_counted { value::count(values.get(slot::COUNT)) } else { Ok(1) };
        let requests = requests.map_err(|kind| kind.at(slot::COUNT))?;
        let (model, client) = (text(values, slot::MODEL)?, text(values, slot::CLIENT)?);
        let (adapter, container) = (text(values, slot::ADAPTER)?, text(values, slot::CONTAINER)?);
        // Traffic needs neither durations nor sizes: a wrong one is counted, and the request kept.
        let duration_s = value::duration_s(values.get(slot::DURATION), self.duration_unit_s);
        let duration_s = duration_s.unwrap_or_else(|kind| {
            self.dropped.add(kind.at(slot::DURATION), line);
            None
        });
        // What still runs has none yet.
        let duration_s = duration_s.filter(|_| ending != Ending::Open);
        let wait_s = started.transpose().and_then(|started| match started {
            Some(started) if started.at_ns < stamp.at_ns => Err(FaultKind::Negative),
            started => Ok(started.map(|started| (started.at_ns - stamp.at_ns) as f64 / 1e9)),
        });
        let wait_s = wait_s.unwrap_or_else(|kind| {
            self.dropped.add(kind.at(slot::STARTED), line);
            None
        });
        let startup = values.get(slot::STARTUP);
        let unit_s = if startup.is_empty() { 1.0 } else { unit_s(self.startup_name) };
        let startup_s = value::duration_s(startup, unit_s).unwrap_or_else(|kind| {
            self.dropped.add(kind.at(slot::STARTUP), line);
            None
        });
        self.shape.clear();
        for slot in slot::SHAPE..values.spans.len() {
            let text = values.get(slot);
            let size = if text.is_empty() { Ok(f64::NAN) } else { value::size(text) };
            self.shape.push(size.unwrap_or_else(|kind| {
                self.dropped.add(kind.at(slot), line);
                f64::NAN
            }));
        }
        let at_ns = stamp.at_ns;
        Ok(Entry {
            at_ns,
            requests,
            model,
            client,
            duration_s,
            is_ok,
            wait_s,
            startup_s,
            container,
            adapter,
            shape: self.shape,
            line,
        })
    }
}

fn text(values: Values<'_>, slot: usize) -> Result<&str, Fault> {
    if values.get(slot).is_empty() {
        return Ok("");
    }
    std::str::from_utf8(values.get(slot)).map_err(|_| FaultKind::NotUtf8.at(slot))
}
