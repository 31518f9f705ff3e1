//! Cells that are stated as laws, and what ties pools together, as the user writes it.

use schemars::JsonSchema;
use serde::Deserialize;

use super::ProvenanceFile;
use crate::law_file::LawFile;

/// Service and boot time of a variant on a GPU type, stated as laws.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CellFile {
    /// The model
    pub model: String,
    /// The variant; left out for the deployed one
    pub variant: Option<String>,
    /// The GPU type
    pub gpu: String,
    /// Service time of a warm request
    pub service: Option<LawFile>,
    /// Boot time of a container
    pub boot: Option<LawFile>,
    /// A boot in phases, one after the other, instead of `boot`
    pub boot_phases: Option<Vec<LawFile>>,
    /// Loading the image, before the boot
    pub image: Option<LawFile>,
    /// Whether the platform bills the image load; left out for yes
    pub bill_image_load: Option<bool>,
    /// A memory snapshot that replaces the boot
    pub snapshot: Option<SnapshotFile>,
    /// Probability that a try fails on this GPU type; left out for the model's
    pub failure_probability: Option<f64>,
    /// The share of the reference service time that does not grow with the shape on this GPU type; left out for the
    /// model's
    pub fixed_share: Option<f64>,
    /// Where these come from
    pub provenance: ProvenanceFile,
}

/// A memory snapshot.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SnapshotFile {
    /// Time to restore it
    pub restore: LawFile,
    /// Probability that it cannot be restored, and the boot follows after all
    pub failure_probability: f64,
}

/// Limits over all pools.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QuotaFile {
    /// Containers in use at once
    pub containers: Option<u32>,
    /// GPUs in use at once
    pub gpus: Option<u32>,
}

/// Wait for capacity of a GPU type.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CapacityFile {
    /// The GPU type
    pub gpu: String,
    /// Time from asking for a container to its creation
    pub wait: Option<LawFile>,
    /// Name of the scarcity that it suffers; types that name the same one suffer it together
    pub scarcity: Option<String>,
    /// Where these come from
    pub provenance: ProvenanceFile,
}

/// Periods of scarcity: drawn, with gaps between them.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScarcityFile {
    /// Its name
    pub name: String,
    /// Time from the end of a period to the start of the next
    pub every: LawFile,
    /// Length of a period
    pub lasts: LawFile,
}

/// The next step of a chain of requests.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NextFile {
    /// The model that is called when a request completes
    pub model: String,
    /// Probability that it is
    pub probability: f64,
}
