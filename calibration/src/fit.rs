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
    /// One sigma of a derived time to either side: predicting each GPU from the others is off by 16 to 37 % (median) and
    /// by 2 at worst, over the published benchmarks of image and video models, 2026-10.
    pub const DERIVED: Self = Self { low: 1.0 / DERIVED_SIGMA, high: DERIVED_SIGMA };
    /// What holds 90 % of the same: 1.645 standard deviations to either side.
    pub const DERIVED_BOUNDS: Self = Self { low: 1.0 / DERIVED_REACH, high: DERIVED_REACH };
}

const DERIVED_SIGMA: f64 = 1.35;

/// 1.35^1.644853627, the normal quantile of 95 %.
const DERIVED_REACH: f64 = 1.638_249_227_433_04;

/// Whom the rows of a file speak of: each part a name, or `*` for all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowsOf {
    /// The model.
    pub model: String,
    /// Its variant.
    pub variant: String,
    /// The GPU type.
    pub gpu: String,
}

/// What a mean rests on: means that rest on the same are wrong together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RestsOn {
    /// Rows that state it.
    Rows(RowsOf),
    /// The mean on another GPU type, and a ratio.
    Ratio {
        /// Whom the row of the ratio speaks of.
        rows: RowsOf,
        /// The GPU type that it compares with.
        relative_to: String,
        /// The fit there.
        base: Box<Fit>,
    },
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
    /// What the mean rests on; `None` where the scenario states the law itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rests_on: Option<RestsOn>,
    /// Sources, in words, with dates.
    pub sources: Vec<String>,
    /// What a reader must know: contradictions, proxies, pooled spread.
    pub notes: Vec<String>,
}

impl Fit {
    /// What is not known about the mean, with what is not known about the mean that it is a multiple of: independent
    /// parts, whose logarithms add in squares.
    #[must_use]
    pub fn whole_factor(&self) -> Factor {
        let Some(RestsOn::Ratio { base, .. }) = &self.rests_on else { return self.factor };
        let base = base.whole_factor();
        Factor {
            low: (-self.factor.low.ln().hypot(base.low.ln())).exp(),
            high: self.factor.high.ln().hypot(base.high.ln()).exp(),
        }
    }
}
