//! The recommended allocation: what to do instead, how sure that is, and what stands in the way of better.

use serde::{Deserialize, Serialize};

use crate::estimate::Estimate;
use crate::number_json;

/// What to do instead.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Recommendation {
    /// Name of its entry among the allocations.
    pub allocation: String,
    /// Whether all criteria that the baseline meets, or is compared by, pass on the upper ends of their intervals.
    pub passes_all: bool,
    /// The answer in one sentence.
    pub headline: String,
    /// The same allocation on days that had no part in the choice.
    pub fresh_days: FreshDays,
    /// Numbers that it rests on, that the baseline does without, and that nobody measured.
    #[serde(default)]
    pub rests_on: Vec<String>,
    /// What stands in the way, and what relaxing it would buy; also what keeping every limit costs where the baseline
    /// does not.
    pub obstacles: Vec<Obstacle>,
}

impl Recommendation {
    /// What it rests on, in a sentence; empty where nothing is in doubt that was not before.
    #[must_use]
    pub fn basis(&self) -> String {
        match self.rests_on.as_slice() {
            [] => String::new(),
            all => format!("It rests on numbers that nobody measured: {}. Measure them first.", all.join(", ")),
        }
    }

    /// The answer with what other days say of it and what it rests on.
    #[must_use]
    pub fn words(&self) -> String {
        format!("{} {} {}", self.headline, self.fresh_days.words(), self.basis()).trim_end().to_owned()
    }
}

/// What an allocation comes to on days that it was not chosen on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FreshDays {
    /// How many.
    pub trials: u32,
    /// The number of the first one.
    pub first_trial: u32,
    /// A month's cost there.
    pub cost_usd_month: Estimate,
    /// The 95th percentile over all requests there, in seconds.
    pub latency_s_p95: Estimate,
    /// The criteria that are judged otherwise there than on the days of the choice, in words.
    pub changed: Vec<String>,
}

/// A criterion that no allocation meets together with the others.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Obstacle {
    /// The criterion and its subject, in words.
    pub criterion: String,
    /// Why nothing meets it.
    pub why: String,
    /// The cheapest month's bill if it were dropped (or, where it is not held against anyone, if it were asked for);
    /// `None` when that changes nothing or cannot be had.
    #[serde(with = "number_json::option")]
    pub usd_month_otherwise: Option<f64>,
    /// What that buys, in words.
    pub relaxing_it: String,
}
