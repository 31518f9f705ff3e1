//! What a pool is: one autoscaled set of identical containers.

use serde::{Deserialize, Serialize};

/// What a container does with several inputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Execution {
    /// One at a time; the others wait inside the container.
    Serial,
    /// All at once, independently.
    Parallel,
}
