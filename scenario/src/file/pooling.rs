//! Who may share a pool, as the user writes it.

use schemars::JsonSchema;
use serde::Deserialize;

/// Models that may share a pool, besides those that a named allocation pools.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PoolingFile {
    /// No others
    Named,
    /// Any: every way of sharing is tried
    All,
    /// Any so many, two or more
    UpTo(usize),
    /// These: lists of models by name
    Sets(Vec<Vec<String>>),
}
