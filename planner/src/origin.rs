//! Where a study comes from: enough to make it again.

use std::collections::BTreeMap;

use fleetfront_scenario::LargeFile;
use serde::{Deserialize, Serialize};

/// The inputs of a study and the command that made it. Whoever read the files fills it in: a study that was made from a
/// scenario in memory has an empty one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The command that makes it again, such as `fleetfront run my-fleet --trials 1000 --seed 1`.
    pub command: String,
    /// The input files by name: their texts. `inputs_sha256` of the study is over these.
    pub files: BTreeMap<String, String>,
    /// Traces that are too large to be held, by name: where they lay, and the digest of what was in them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub large: BTreeMap<String, LargeFile>,
}
