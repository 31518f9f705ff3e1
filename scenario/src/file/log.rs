//! `[log]`: how a log of requests is read that a command is given beside the scenario.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a log that is given beside the scenario is read; each key is the flag of that name, which wins over it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LogFile {
    /// Column with the time of arrival, or date+time for two
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<String>,
    /// Column with the model that was asked for
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Column with who asked
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
    /// Column with how long the request ran
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration: Option<String>,
    /// Column with how the request ended
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// Column with how many requests the line stands for
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<String>,
    /// Column with the adapter (LoRA) that the request needs
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adapter: Option<String>,
    /// Columns with sizes of the request; size=column says what one is
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shape: Vec<String>,
    /// IANA name of the time zone of stamps that name none
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// Width of the bins of counts, in seconds
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bin_s: Option<f64>,
}
