//! A fitted law and what stands behind it.

use fleetfront_sim::Law;
use serde::{Deserialize, Serialize};

/// Where a number comes from, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Measured on the deployment under review.
    Measured,
    /// Measured by somebody else and published.
    Published,
    /// Computed from other numbers; the source says how.
    Derived,
    /// Nobody measured it.
    Assumed,
}

impl Kind {
    /// As it is written in files and said in reports.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Measured => "measured",
            Self::Published => "published",
            Self::Derived => "derived",
            Self::Assumed => "assumed",
        }
    }
}

/// What is not known about a ratio: the mean may be `low` to `high` times what the law says.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Factor {
    /// Lower end as a multiple of the law's mean, at most 1.
    pub low: f64,
    /// Upper end as a multiple of the law's mean, at least 1.
    pub high: f64,
}

impl Factor {
    /// Nothing is uncertain.
    pub const EXACT: Self = Self { low: 1.0, high: 1.0 };
}

/// A law with its provenance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fit {
    /// The law.
    pub law: Law,
    /// The weakest kind among what the law rests on.
    pub kind: Kind,
    /// How many measurements the mean rests on (0 when none: derived from a ratio or assumed).
    pub n: u32,
    /// What is not known about the mean.
    pub factor: Factor,
    /// Sources, in words, with dates.
    pub sources: Vec<String>,
    /// What a reader must know: contradictions, proxies, pooled spread.
    pub notes: Vec<String>,
}
