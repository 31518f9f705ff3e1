//! How measured runs become laws, as the user writes it.

use fleetfront_calibration::ContradictionRule;
use schemars::JsonSchema;
use serde::Deserialize;

/// How the runs of `files.runs` become laws.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CalibrationFile {
    /// What is done about rows that contradict the others of their cell; left out for "exclude"
    pub contradictions: Option<ContradictionsName>,
    /// Whether shapes may lie outside of what was measured; left out for no
    pub extrapolate: Option<bool>,
    /// Whether times that differ a thousandfold are seconds all the same; left out for a question
    pub seconds_are_right: Option<bool>,
    /// What lines that are equal in every column are; left out for a question
    pub repeats: Option<RepeatsName>,
}

/// What is done about rows that contradict the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ContradictionsName {
    /// They are shown and not fitted
    Exclude,
    /// They are not fitted, and the spread is widened until they are within two standard deviations
    Widen,
    /// They are fitted like all others
    Keep,
}

/// What equal lines are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RepeatsName {
    /// Copies: the first of each counts
    Merge,
    /// Runs of their own
    Keep,
}

impl From<ContradictionsName> for ContradictionRule {
    fn from(name: ContradictionsName) -> Self {
        match name {
            ContradictionsName::Exclude => Self::Exclude,
            ContradictionsName::Widen => Self::Widen,
            ContradictionsName::Keep => Self::Keep,
        }
    }
}
