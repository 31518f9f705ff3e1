//! What is wrong with a file that has the right shape, collected while it is resolved.

use fleetfront_calibration::Problem;
use fleetfront_sim::Seconds;

use crate::document::Document;
use crate::suggest::advice;

/// Problems and warnings so far. Resolving goes on after a problem, with a harmless value in its place.
#[derive(Debug)]
pub(crate) struct Findings<'a> {
    pub(crate) document: &'a Document,
    pub(crate) problems: Vec<Problem>,
    pub(crate) warnings: Vec<String>,
}

impl Findings<'_> {
    /// Records a problem, unless the same key has one already: the first says what matters.
    pub(crate) fn refuse(&mut self, path: &str, message: impl Into<String>, help: impl Into<String>) {
        let problem = self.document.problem(path, message, help);
        if !self.problems.iter().any(|other| other.key == problem.key && other.line == problem.line) {
            self.problems.push(problem);
        }
    }

    /// The first of these places that is written in the scenario; none where nothing of them is.
    pub(crate) fn written(&self, places: &[String]) -> String {
        places.iter().find(|place| self.document.has(place)).cloned().unwrap_or_default()
    }

    /// Records what is legal but rarely meant.
    pub(crate) fn warn(&mut self, path: &str, message: &str) {
        let problem = self.document.problem(path, message, "");
        let place = problem.line.map_or(String::new(), |line| format!(":{line}"));
        self.warnings.push(format!("{}{place}: {path}: {message}", problem.file));
    }

    /// A span; negative and infinite ones have been refused with the shape of the file.
    pub(crate) fn seconds(value: f64) -> Seconds {
        Seconds::new(value).unwrap_or(Seconds::ZERO)
    }

    /// Refuses a number outside `low..=high`; negative and infinite ones have been refused with the shape of the file.
    pub(crate) fn within(&mut self, path: &str, value: f64, low: f64, high: f64, why: &str) {
        if value.is_finite() && value >= 0.0 && !(low..=high).contains(&value) {
            self.refuse(path, format!("{value} is outside {low} to {high}"), format!("give {low} to {high}: {why}"));
        }
    }

    /// Refuses a span of more than a day: longer ones are typing errors, and no day could tell their effect.
    pub(crate) fn within_a_day(&mut self, path: &str, seconds: f64) {
        self.within(path, seconds, 0.0, 86_400.0, "it is in seconds, and no longer than a day");
    }

    /// Refuses zero.
    pub(crate) fn positive(&mut self, path: &str, value: f64, what: &str) {
        if value <= 0.0 {
            self.refuse(path, format!("{what} is {value}"), "give a number above zero");
        }
    }

    /// Refuses what is no probability that leaves hope.
    pub(crate) fn probability(&mut self, path: &str, value: f64) {
        if !(0.0..1.0).contains(&value) {
            self.refuse(path, format!("{value} is not a probability below 1"), "give 0 or more and less than 1");
        }
    }

    /// Refuses empty names, names with a colon and names that come twice. `path_of` is the path of a name by index.
    pub(crate) fn names(&mut self, what: &str, names: &[&str], path_of: impl Fn(usize) -> String) {
        for (index, name) in names.iter().enumerate() {
            if name.trim() != *name || name.is_empty() || name.contains([':', '\n', '\r', '\t']) {
                let message = format!("\"{}\" is no name for a {what}", name.escape_debug());
                self.refuse(&path_of(index), message, "give text without colons and without spaces at its ends");
            }
            if let Some(first) = names[..index].iter().position(|other| other == name) {
                let message = format!("there are two {what}s called \"{name}\"");
                let help = format!("rename one; the other is `{}`", path_of(first));
                self.refuse(&path_of(index), message, help);
            }
        }
    }

    /// The index of `name`, or a problem with the nearest known name.
    pub(crate) fn find(&mut self, path: &str, what: &str, name: &str, known: &[&str]) -> Option<usize> {
        let index = known.iter().position(|other| *other == name);
        if index.is_none() {
            self.refuse(path, format!("there is no {what} \"{name}\""), advice(name, known));
        }
        index
    }
}
