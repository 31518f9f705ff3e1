//! Who says so, and when.

use serde::{Deserialize, Serialize};

use crate::fit::Kind;

/// Where a number of an input file comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provenance {
    /// How good it is.
    pub kind: Kind,
    /// Who says so.
    pub source: String,
    /// As of when (YYYY-MM-DD, or as the source states it).
    pub date: String,
}

impl Provenance {
    /// The source with its date, as reports quote it.
    #[must_use]
    pub fn cite(&self) -> String {
        format!("{} ({})", self.source, self.date)
    }

    /// The same with its kind, for numbers that stand in a sentence, without a table's columns about them.
    #[must_use]
    pub fn cite_in_full(&self) -> String {
        format!("{}, {}", self.kind.word(), self.cite())
    }
}
