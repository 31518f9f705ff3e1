//! Passes over a log: what stands in it, then what it looks like.

use std::collections::BTreeMap;
use std::io::{self, BufRead};

use super::{ALL, MODELS_MAX, StudyError, UNNAMED};
use crate::adapters::{AdapterBook, Adapters};
use crate::clients::{ClientBook, ClientSample, Clients};
use crate::describe::{Clock, DescribeOptions, Describer, Description, Origin};
use crate::log::{Entry, LogError, LogOptions, LogSummary, read_log, read_sorted};
use crate::shapes::{ShapeBook, Shapes};

const SECOND_NS: i64 = 1_000_000_000;
/// Logs that are shorter begin with their first request, not with its hour: too much of them would be empty.
const SHORT_NS: i64 = 2 * 3600 * SECOND_NS;

/// Of requests that come by chance so many are missed with a probability of 1 in 100: exp(-4.6).
const MISSED_MIN: f64 = 4.6;

/// A log that was read once.
#[derive(Debug)]
pub(super) struct Pass<'a, O> {
    open: O,
    file: &'a str,
    options: &'a LogOptions,
    summary: LogSummary,
    clock: Clock,
    names: Names,
    clients: ClientSample,
    opening: Opening,
    /// Where what is described ends, in unix seconds, if that is before the last request.
    until_s: Option<i64>,
}

/// The clock hour of the earliest request.
#[derive(Debug, Clone, Copy)]
struct Opening {
    /// When it began, in unix seconds.
    hour_s: i64,
    /// The requests in it.
    requests: u64,
}

impl Opening {
    const NONE: Self = Self { hour_s: i64::MAX, requests: 0 };

    fn add(&mut self, clock: &Clock, at_ns: i64, requests: u64) {
        let second = at_ns.div_euclid(SECOND_NS);
        if second < self.hour_s {
            *self = Self { hour_s: second - clock.since_hour_s(second), requests: 0 };
        }
        if second - self.hour_s < 3600 {
            self.requests += requests;
        }
    }

    /// Whether the log began within the hour: at the pace of what came after the first stamp, the silence before it would
    /// hardly be one.
    fn is_cut(self, first_ns: i64) -> bool {
        let silent_s = (first_ns - self.hour_s * SECOND_NS) as f64 / SECOND_NS as f64;
        self.requests as f64 * silent_s / (3600.0 - silent_s) > MISSED_MIN
    }
}

/// A log, or a part of it, described.
#[derive(Debug)]
pub(super) struct Described {
    /// All models together.
    pub(super) whole: Description,
    /// Each by itself, most requests first; empty where there is one.
    pub(super) of_models: Vec<(String, Description)>,
    pub(super) clients: Option<Clients>,
    pub(super) shapes: Option<Shapes>,
    pub(super) adapters: Option<Adapters>,
    /// Those of each model that needs some, where there are several models.
    pub(super) adapters_of_models: Vec<(String, Adapters)>,
    pub(super) options: DescribeOptions,
    /// The time observed, in unix seconds.
    pub(super) stretch_s: (i64, i64),
}

/// Names by their numbers, in the order of appearance.
#[derive(Debug, Default)]
struct Names {
    all: Vec<String>,
    numbers: BTreeMap<String, u32>,
    /// The one that was asked for last: most requests come in runs.
    last: Option<(String, u32)>,
}

impl Names {
    /// The number of a name, a new one if there is room for it.
    fn number(&mut self, name: &str) -> Option<u32> {
        if let Some((last, number)) = &self.last
            && last == name
        {
            return Some(*number);
        }
        let number = match self.numbers.get(name) {
            Some(number) => *number,
            None if self.all.len() == MODELS_MAX => return None,
            None => {
                let number = self.all.len() as u32;
                self.all.push(name.to_owned());
                self.numbers.insert(name.to_owned(), number);
                number
            }
        };
        self.last = Some((name.to_owned(), number));
        Some(number)
    }

    /// As they are shown.
    fn shown(&self) -> Vec<String> {
        let mut empty = if self.all.len() == 1 { ALL } else { UNNAMED }.to_owned();
        // A model may be called so.
        while self.numbers.contains_key(&empty) {
            empty.insert(0, '_');
        }
        let shown = |name: &String| if name.is_empty() { empty.clone() } else { name.clone() };
        if self.all.is_empty() { vec![ALL.to_owned()] } else { self.all.iter().map(shown).collect() }
    }
}

/// Hands the entries of a log that was read once to `each`, in order of time.
fn in_order<B: BufRead>(
    open: &mut impl FnMut() -> io::Result<B>,
    file: &str,
    options: &LogOptions,
    summary: &LogSummary,
    each: impl FnMut(&Entry<'_>),
) -> Result<(), LogError> {
    if summary.unsorted_count > 0 {
        return read_sorted(open, file, options, each).map(drop);
    }
    let source = open().map_err(|cause| LogError::Unreadable { file: file.to_owned(), line: 1, cause })?;
    read_log(source, file, options, each).map(drop)
}

impl<O> Pass<'_, O> {
    /// The names of the models, as they are shown.
    pub(super) fn names(&self) -> Vec<String> {
        self.names.shown()
    }

    /// The log, as the user named it.
    pub(super) fn file(&self) -> &str {
        self.file
    }

    /// What stands in it.
    pub(super) fn summary(&self) -> &LogSummary {
        &self.summary
    }

    /// Requests before the first full hour.
    pub(super) fn requests_before_hours(&self) -> u64 {
        if self.opening.is_cut(self.summary.first_ns) { self.opening.requests } else { 0 }
    }

    /// Leaves out from here on what comes at `until_s` (unix seconds) or later.
    pub(super) fn end_at(&mut self, until_s: i64) {
        self.until_s = Some(until_s);
    }

    /// The clock of its zone.
    pub(super) fn clock(&self) -> &Clock {
        &self.clock
    }
}

impl<'a, B: BufRead, O: FnMut() -> io::Result<B>> Pass<'a, O> {
    /// Reads what stands in the log.
    ///
    /// # Errors
    /// [`StudyError`] when it cannot be read or has too many models.
    pub(super) fn new(mut open: O, file: &'a str, options: &'a LogOptions) -> Result<Self, StudyError> {
        let clock = Clock::new(&options.zone).map_err(LogError::from)?;
        let source = open().map_err(|cause| LogError::Unreadable { file: file.to_owned(), line: 1, cause })?;
        let mut names = Names::default();
        let mut are_too_many = false;
        let mut clients = ClientSample::default();
        let mut opening = Opening::NONE;
        let each = |entry: &Entry<'_>| {
            opening.add(&clock, entry.at_ns, entry.requests);
            are_too_many |= names.number(entry.model).is_none();
            clients.add(entry.client);
        };
        let summary = read_log(source, file, options, each)?;
        if are_too_many {
            let column = summary.columns.model.clone().unwrap_or_default();
            return Err(StudyError::TooManyModels { file: file.to_owned(), column, most: MODELS_MAX });
        }
        Ok(Self { open, file, options, summary, clock, names, clients, opening, until_s: None })
    }

    pub(super) fn into_summary(self) -> LogSummary {
        self.summary
    }

    /// Reads the log again and describes it.
    ///
    /// - `since_s`: where to begin, in unix seconds; `None` for its beginning.
    ///
    /// # Errors
    /// [`StudyError`] when it cannot be read again.
    pub(super) fn describe(&mut self, since_s: Option<i64>) -> Result<Described, StudyError> {
        let (options, stretch_s) = self.observed(since_s);
        let models = self.names.shown();
        let mut whole = Describer::new(options.clone())?;
        let several = if models.len() > 1 { models.len() } else { 0 };
        let mut of_models = vec![Describer::new(options.clone())?; several];
        let start_ns = stretch_s.0 * SECOND_NS;
        // A model is observed from the beginning to the end, with or without a request there.
        let begun_ns = if options.origin == Origin::InsideHour { self.summary.first_ns } else { start_ns };
        for of_model in &mut of_models {
            of_model.push(begun_ns, 0, 0);
        }
        if since_s.is_some() {
            whole.push(start_ns, 0, 0);
        }
        let resolution_ns = self.summary.resolution_ns;
        let mut clients = ClientBook::new(&self.clients, resolution_ns, self.summary.bin_s.is_none());
        let (has_clients, has_adapters) = (!self.clients.is_empty(), self.summary.columns.adapter.is_some());
        let mut shapes = ShapeBook::new(&self.summary.columns.shape, models.len());
        let mut adapters = AdapterBook::default();
        let mut adapters_of_models = vec![AdapterBook::default(); several];
        let until_ns = self.until_s.map_or(i64::MAX, |until_s| until_s.saturating_mul(SECOND_NS));
        let names = &mut self.names;
        let each = |entry: &Entry<'_>| {
            if entry.at_ns < start_ns || entry.at_ns >= until_ns {
                return;
            }
            // All of them were seen in the first pass.
            let model = names.number(entry.model).unwrap_or(0);
            whole.push(entry.at_ns, model, entry.requests);
            shapes.push(model, entry.shape, entry.requests, entry.line);
            if has_clients {
                clients.push(entry.client, entry.at_ns, entry.requests);
            }
            if has_adapters {
                adapters.push(entry.adapter, entry.requests);
                if let Some(of_model) = adapters_of_models.get_mut(model as usize) {
                    of_model.push(entry.adapter, entry.requests);
                }
            }
            if let Some(of_model) = of_models.get_mut(model as usize) {
                of_model.push(entry.at_ns, 0, entry.requests);
            }
        };
        in_order(&mut self.open, self.file, self.options, &self.summary, each)?;
        let last_ns = self.summary.last_ns.min(until_ns - 1);
        for of_model in &mut of_models {
            of_model.push(last_ns, 0, 0);
        }
        let with_names = models.iter().zip(of_models);
        let mut of_models: Vec<(String, Description)> =
            with_names.map(|(name, of_model)| (name.clone(), of_model.finish(std::slice::from_ref(name)))).collect();
        of_models.sort_by(|(a, x), (b, y)| y.requests.cmp(&x.requests).then_with(|| a.cmp(b)));
        let (clients, shapes, adapters) = (clients.finish(), shapes.finish(&models), adapters.finish());
        let of_each = models.iter().zip(adapters_of_models);
        let adapters_of_models = of_each.filter_map(|(name, book)| Some((name.clone(), book.finish()?))).collect();
        let whole = whole.finish(&models);
        Ok(Described { whole, of_models, clients, shapes, adapters, adapters_of_models, options, stretch_s })
    }

    /// Reads the log again and hands its entries to `each` in order of time, with the numbers of their models.
    pub(super) fn each_entry(&mut self, mut each: impl FnMut(u32, &Entry<'_>)) -> Result<(), StudyError> {
        let names = &mut self.names;
        // All of them were seen in the first pass.
        let each = |entry: &Entry<'_>| each(names.number(entry.model).unwrap_or(0), entry);
        Ok(in_order(&mut self.open, self.file, self.options, &self.summary, each)?)
    }

    /// The time observed, or what is of it from `since_s` on, in unix seconds.
    pub(super) fn stretch_s(&self, since_s: Option<i64>) -> (i64, i64) {
        self.observed(since_s).1
    }

    /// The time observed from there on, and how it is described.
    fn observed(&self, since_s: Option<i64>) -> (DescribeOptions, (i64, i64)) {
        let log = &self.summary;
        let step_ns = log.bin_s.map_or(log.resolution_ns, |bin_s| (bin_s * 1e9) as i64);
        let end_s = (i128::from(log.last_ns) + i128::from(step_ns)).div_euclid(i128::from(SECOND_NS));
        let is_whole = (i128::from(log.last_ns) + i128::from(step_ns)).rem_euclid(i128::from(SECOND_NS)) == 0;
        let end_s = self.until_s.unwrap_or(end_s as i64 + i64::from(!is_whole));
        let first_s = log.first_ns.div_euclid(SECOND_NS);
        let is_short = log.last_ns.saturating_sub(log.first_ns) < SHORT_NS && log.bin_s.is_none();
        let origin = match () {
            () if is_short => Origin::FirstRequest,
            () if since_s.is_none() && self.opening.is_cut(log.first_ns) => Origin::InsideHour,
            () => Origin::Hour,
        };
        let start_s = match (since_s, origin) {
            (Some(since_s), _) => since_s,
            (None, Origin::FirstRequest) => first_s,
            (None, Origin::Hour | Origin::InsideHour) => first_s - self.clock.since_hour_s(first_s),
        };
        let options = DescribeOptions {
            origin,
            zone: self.options.zone.clone(),
            resolution_ns: log.resolution_ns,
            bin_s: log.bin_s,
            end_ns: end_s.checked_mul(SECOND_NS),
        };
        (options, (start_s, end_s))
    }
}
