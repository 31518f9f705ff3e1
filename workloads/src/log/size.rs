//! What the sizes of requests mean.

use serde::{Deserialize, Serialize};

use super::columns::position;

/// A size of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Size {
    /// Steps of the sampler.
    Steps,
    /// Millions of pixels of an image or frame.
    Megapixels,
    /// Pixels from left to right.
    Width,
    /// Pixels from top to bottom.
    Height,
    /// Frames of a video.
    Frames,
    /// Images (or videos) of the request.
    Images,
    /// How many adapters (LoRA) it needs.
    Adapters,
}

impl Size {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Steps, Self::Megapixels, Self::Width, Self::Height, Self::Frames, Self::Images, Self::Adapters];
    /// Those that a scenario takes as a joint sample, in the order of its columns.
    pub const SAMPLED: [Self; 4] = [Self::Steps, Self::Megapixels, Self::Frames, Self::Images];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Steps => "steps",
            Self::Megapixels => "megapixels",
            Self::Width => "width",
            Self::Height => "height",
            Self::Frames => "frames",
            Self::Images => "images",
            Self::Adapters => "adapters",
        }
    }

    /// The names of columns that mean it.
    const fn usual(self) -> &'static [&'static str] {
        match self {
            Self::Steps => &["steps", "num_inference_steps", "inference_steps", "num_steps", "sampling_steps"],
            Self::Megapixels => &["megapixels", "mp"],
            Self::Width => &["width", "image_width"],
            Self::Height => &["height", "image_height"],
            Self::Frames => &["frames", "num_frames"],
            Self::Images => &["images", "num_images", "num_images_per_prompt", "n_images"],
            Self::Adapters => &["num_adapters", "num_lora", "num_loras"],
        }
    }

    /// Whether a scenario takes such a value in a joint sample: above zero, whole (but for megapixels), and no more than it
    /// simulates.
    #[must_use]
    pub fn may_be(self, value: f64) -> bool {
        let most = match self {
            Self::Steps => 10_000.0,
            Self::Frames => 100_000.0,
            Self::Megapixels | Self::Images => 1000.0,
            Self::Width | Self::Height | Self::Adapters => return false,
        };
        value > 0.0 && value <= most && (self == Self::Megapixels || value.fract() == 0.0)
    }
}

/// A column of sizes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShapeColumn {
    /// The column, as the log has it.
    pub column: String,
    /// What it means, where that is known.
    pub size: Option<Size>,
}

impl From<&str> for ShapeColumn {
    /// `COLUMN`, whose name says what it means or nothing does, or `steps=COLUMN`.
    fn from(text: &str) -> Self {
        let named = text.split_once('=').and_then(|(name, column)| {
            let size = Size::ALL.into_iter().find(|size| size.name() == name)?;
            Some(Self { column: column.to_owned(), size: Some(size) })
        });
        let is_usual = |size: &Size| size.usual().iter().any(|name| name.eq_ignore_ascii_case(text));
        named.unwrap_or_else(|| Self { column: text.to_owned(), size: Size::ALL.into_iter().find(is_usual) })
    }
}

impl ShapeColumn {
    /// The column among those `found` that usually means this size.
    pub(super) fn usual(size: Size, found: &[String]) -> Option<Self> {
        let place = size.usual().iter().find_map(|name| position(found, name))?;
        Some(Self { column: found[place].clone(), size: Some(size) })
    }
}
