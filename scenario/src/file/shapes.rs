//! What requests of a model ask for, and the adapters that they need, as the user writes it.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::ProvenanceFile;
use crate::law_file::LawFile;

/// The shapes of a model's requests. What is not stated is as in the reference.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShapeFile {
    /// Steps of the sampler
    pub steps: Option<QuantityFile>,
    /// Millions of pixels of an image or frame
    pub megapixels: Option<QuantityFile>,
    /// Frames of a video
    pub frames: Option<QuantityFile>,
    /// Images (or videos) a request
    pub images: Option<QuantityFile>,
    /// A joint sample in the place of these: a file of the scenario's folder with the columns weight and those of steps,
    /// megapixels, frames, images that vary
    pub file: Option<String>,
    /// The shape of the requests that the benchmarks of this scenario timed
    pub reference: ReferenceFile,
    /// The share of the reference service time that does not grow with the shape (encode, decode, overhead), as a
    /// fraction; left out where the runs of files.runs tell it
    pub fixed_share: Option<f64>,
    /// The power of the megapixels in the work; left out for what runs tell, else 1
    pub megapixels_exponent: Option<f64>,
    /// The power of the frames in the work; left out for what runs tell, else 1
    pub frames_exponent: Option<f64>,
    /// Where these come from
    pub provenance: ProvenanceFile,
}

/// A shape: what is not stated does not vary.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReferenceFile {
    /// Its steps
    pub steps: Option<f64>,
    /// Its megapixels
    pub megapixels: Option<f64>,
    /// Its frames
    pub frames: Option<f64>,
    /// Its images
    pub images: Option<f64>,
}

/// A quantity of requests: a number that all have, or which values how many have.
#[derive(Debug, Clone, PartialEq)]
pub enum QuantityFile {
    /// All have this one.
    Number(f64),
    /// They differ.
    Mix(QuantityMixFile),
}

/// Values with their weights, or a law that is rounded up to whole numbers (megapixels: to hundredths).
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QuantityMixFile {
    /// The values that there are
    pub values: Option<Vec<f64>>,
    /// How often each comes, in relation to the others; left out for all alike
    pub weights: Option<Vec<f64>>,
    /// A lognormal law instead
    pub lognormal: Option<QuantityLawFile>,
    /// A gamma law instead
    pub gamma: Option<QuantityLawFile>,
}

/// A law of a quantity, before it is rounded up.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QuantityLawFile {
    /// Its mean
    pub mean: f64,
    /// Its coefficient of variation: standard deviation over mean
    pub cv: f64,
}

/// The adapters, such as `LoRA`, that a model's requests need, one each.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AdaptersFile {
    /// How many there are
    pub count: Option<u32>,
    /// Their popularity: the k-th is needed in proportion to k to the power of minus this; 0 for all alike
    pub zipf: Option<f64>,
    /// How often each is needed, in relation to the others, in the place of count and zipf
    pub weights: Option<Vec<f64>>,
    /// Time that a container takes to load one that it does not hold, in seconds
    pub load_s: Option<f64>,
    /// The same as a law
    pub load: Option<LawFile>,
    /// How many a container holds at once; the least recently used makes room
    pub held: u32,
    /// Where these come from
    pub provenance: ProvenanceFile,
}

impl<'de> Deserialize<'de> for QuantityFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = QuantityFile;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number, or a table of values and weights or of a law")
            }

            fn visit_f64<E>(self, number: f64) -> Result<QuantityFile, E> {
                Ok(QuantityFile::Number(number))
            }

            fn visit_i64<E>(self, number: i64) -> Result<QuantityFile, E> {
                Ok(QuantityFile::Number(number as f64))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<QuantityFile, A::Error> {
                QuantityMixFile::deserialize(MapAccessDeserializer::new(map)).map(QuantityFile::Mix)
            }
        }
        deserializer.deserialize_any(Either)
    }
}

impl JsonSchema for QuantityFile {
    fn schema_name() -> Cow<'static, str> {
        "QuantityFile".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = QuantityMixFile::json_schema(generator);
        schema.insert("type".to_owned(), vec!["number", "object"].into());
        schema
    }
}
