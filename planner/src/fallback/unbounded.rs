//! Estimates that may be infinite: JSON has no infinity, so it is written as `null` and read back from it.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::estimate::Estimate;

#[derive(Deserialize)]
struct Read {
    value: Option<f64>,
    low: Option<f64>,
    high: Option<f64>,
}

pub(crate) fn serialize<S: Serializer>(of: &Estimate, serializer: S) -> Result<S::Ok, S::Error> {
    of.serialize(serializer)
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Estimate, D::Error> {
    let Read { value, low, high } = Read::deserialize(deserializer)?;
    let [value, low, high] = [value, low, high].map(|number| number.unwrap_or(f64::INFINITY));
    Ok(Estimate { value, low, high })
}
