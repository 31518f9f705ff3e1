//! How exactly an answer is to be met: what the words of a case ask.

use fleetfront_planner::statistics::Interval;

use super::case::number_after;

/// Confidence of all intervals.
pub(crate) const CONFIDENCE: f64 = 0.999;

/// How exactly an answer is to be met.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Tolerance {
    /// Largest relative difference of a routine that does not simulate.
    pub(crate) exact: Option<f64>,
    /// Largest half width of the interval, as a share of the value.
    half_width: f64,
    /// Largest half width instead, and the value below which it will do.
    absolute: Option<(f64, f64)>,
    /// Fewest trials.
    pub(crate) trials_min: u32,
}

impl Tolerance {
    /// Reads the words.
    ///
    /// # Errors
    /// If they name neither a precision nor a half width.
    pub(crate) fn of(words: &str) -> Result<Self, String> {
        let exact = number_after(words, "agree to ");
        let place = words.find("half-width");
        let width = place.map(|at| &words[at + "half-width".len()..]);
        let half_width = width.and_then(|rest| number_after(rest, "<=")).map(|percent| percent / 100.0);
        let limit = words.find(" absolute when value").and_then(|at| {
            let width = words[..at].rfind("<=").and_then(|start| number_after(&words[start..], "<="))?;
            Some((width, number_after(&words[at..], "value")?))
        });
        let trials = number_after(words, "R>=").unwrap_or(0.0).max(number_after(words, "over >=").unwrap_or(0.0));
        match (exact, half_width) {
            (None, None) => Err(format!("the tolerance \"{words}\" names no precision")),
            _ => Ok(Self {
                exact,
                half_width: half_width.unwrap_or(0.0),
                absolute: limit,
                trials_min: (trials as u32).max(30),
            }),
        }
    }

    /// How many times wider the interval is than it may be.
    pub(crate) fn excess(&self, exact: f64, interval: Interval) -> f64 {
        let half = (interval.high - interval.low) / 2.0;
        let least = self.absolute.filter(|(_, below)| exact < *below).map_or(0.0, |(width, _)| width);
        half / (self.half_width * exact.abs()).max(least)
    }
}
