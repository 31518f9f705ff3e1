//! Reading a log in the order of time.

use std::collections::BTreeMap;
use std::io::{self, BufRead};

use super::entry::Entry;
use super::error::LogError;
use super::options::LogOptions;
use super::plan::unreadable;
use super::read_log;
use super::summary::LogSummary;

/// Reads a log and hands its entries to `each` in the order of their stamps, equal ones as they stand.
///
/// The log is read twice. The first time tells whether it is in order and whether it can be used at all, so that `each` is
/// not called for a log that is refused. One in order is then streamed; of another the entries are gathered (some 100 bytes
/// each) and sorted. [`LogSummary::unsorted_count`] says which it was.
///
/// - `open`: opens the log from its beginning, as [`super::open_log`] does; is called twice.
/// - `file`: its name in errors.
///
/// # Errors
/// [`LogError`], as [`read_log`].
pub fn read_sorted<B: BufRead>(
    mut open: impl FnMut() -> io::Result<B>,
    file: &str,
    options: &LogOptions,
    mut each: impl FnMut(&Entry<'_>),
) -> Result<LogSummary, LogError> {
    let mut opened = || open().map_err(|cause| unreadable(file, 1, cause));
    let summary = read_log(opened()?, file, options, |_| {})?;
    if summary.unsorted_count == 0 {
        return read_log(opened()?, file, options, each);
    }
    let mut gathered = Gathered::default();
    let summary = read_log(opened()?, file, options, |entry| gathered.add(entry))?;
    gathered.sort();
    gathered.hand_on(&mut each);
    Ok(summary)
}

/// Entries that are kept.
#[derive(Debug, Default)]
struct Gathered {
    entries: Vec<Kept>,
    names: Names,
    /// The shapes of all entries, in the order in which they were read.
    shapes: Vec<f64>,
}

#[derive(Debug, Clone, Copy)]
struct Kept {
    at_ns: i64,
    requests: u64,
    duration_s: Option<f64>,
    line: u64,
    /// Where its shape begins, and how long it is.
    shape: usize,
    sizes: u8,
    is_ok: Option<bool>,
    wait_s: Option<f64>,
    startup_s: Option<f64>,
    container: u32,
    model: u32,
    client: u32,
    adapter: u32,
}

impl Gathered {
    fn add(&mut self, entry: &Entry<'_>) {
        self.entries.push(Kept {
            at_ns: entry.at_ns,
            requests: entry.requests,
            duration_s: entry.duration_s,
            line: entry.line,
            shape: self.shapes.len(),
            sizes: entry.shape.len() as u8,
            is_ok: entry.is_ok,
            wait_s: entry.wait_s,
            startup_s: entry.startup_s,
            container: self.names.number(entry.container),
            model: self.names.number(entry.model),
            client: self.names.number(entry.client),
            adapter: self.names.number(entry.adapter),
        });
        self.shapes.extend_from_slice(entry.shape);
    }

    fn sort(&mut self) {
        self.entries.sort_by_key(|kept| kept.at_ns);
    }

    fn hand_on(&self, each: &mut impl FnMut(&Entry<'_>)) {
        for kept in &self.entries {
            each(&Entry {
                at_ns: kept.at_ns,
                requests: kept.requests,
                model: self.names.name(kept.model),
                client: self.names.name(kept.client),
                adapter: self.names.name(kept.adapter),
                duration_s: kept.duration_s,
                is_ok: kept.is_ok,
                wait_s: kept.wait_s,
                startup_s: kept.startup_s,
                container: self.names.name(kept.container),
                shape: &self.shapes[kept.shape..kept.shape + usize::from(kept.sizes)],
                line: kept.line,
            });
        }
    }
}

/// Names, each kept once.
#[derive(Debug, Default)]
struct Names {
    numbers: BTreeMap<String, u32>,
    names: Vec<String>,
}

impl Names {
    fn number(&mut self, name: &str) -> u32 {
        if let Some(&number) = self.numbers.get(name) {
            return number;
        }
        let number = self.names.len() as u32;
        self.numbers.insert(name.to_owned(), number);
        self.names.push(name.to_owned());
        number
    }

    fn name(&self, number: u32) -> &str {
        &self.names[number as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(text: &str, options: &LogOptions) -> (Vec<String>, u64) {
        let mut read = Vec::new();
        let each = |entry: &Entry<'_>| {
            read.push(format!("{} {} {:?} {}", entry.at_ns / 1_000_000_000, entry.model, entry.shape, entry.line));
        };
        let summary = read_sorted(|| Ok(text.as_bytes()), "log.csv", options, each).expect("a log");
        (read, summary.unsorted_count)
    }

    #[test]
    fn entries_come_in_order_and_equal_ones_as_they_stand() {
        let mut options = LogOptions::default();
        options.columns.shape = vec!["steps".into()];
        let (read, unsorted_count) =
            sorted("epoch,model,steps\n1000000005,a,1\n1000000003,b,2\n1000000005,c,3\n1000000003,d,\n", &options);
        let expected = ["1000000003 b [2.0] 3", "1000000003 d [NaN] 5", "1000000005 a [1.0] 2", "1000000005 c [3.0] 4"];
        assert_eq!(read, expected);
        assert_eq!(unsorted_count, 2);
        let (read, unsorted_count) = sorted("epoch,model\n1000000003,b\n1000000005,a\n", &LogOptions::default());
        assert_eq!(read, ["1000000003 b [] 2", "1000000005 a [] 3"]);
        assert_eq!(unsorted_count, 0);
    }

    #[test]
    fn a_log_that_is_refused_hands_nothing_on() {
        let text = "time,model\n2024-11-15,a\nx,b\n";
        let result = read_sorted(|| Ok(text.as_bytes()), "log.csv", &LogOptions::default(), |_| panic!("an entry"));
        assert!(matches!(result, Err(LogError::WrongLines { wrong_count: 1, lines: 2, .. })));
    }
}
