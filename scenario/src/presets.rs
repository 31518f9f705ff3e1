//! Platforms as data: what other providers charge, for what, and how they round. The files lie in `data/platforms/` and
//! are compiled in.

use fleetfront_calibration::Provenance;
use serde::{Deserialize, Serialize};
use toml::de::Deserializer;

use crate::file::ProvenanceFile;

/// The files, in the order in which they are shown.
const EMBEDDED: [&str; 7] = [
    include_str!("../../data/platforms/modal.toml"),
    include_str!("../../data/platforms/runpod-flex.toml"),
    include_str!("../../data/platforms/replicate-private.toml"),
    include_str!("../../data/platforms/replicate-public.toml"),
    include_str!("../../data/platforms/fal.toml"),
    include_str!("../../data/platforms/baseten.toml"),
    include_str!("../../data/platforms/cloud-run.toml"),
];

/// What a platform charges, and how.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Preset {
    /// Its name in a scenario.
    pub name: String,
    /// What it is.
    pub title: String,
    /// The GPU types that it has a price for.
    pub gpus: Vec<PresetGpu>,
    /// What cores and memory of a container cost beside the GPU; `None` where they come with it.
    pub beside: Option<BesideGpu>,
    /// Where that comes from.
    pub container_provenance: Provenance,
    /// How long an idle container stays where nobody says otherwise; `None` where the platform does not say.
    pub window: Option<PresetWindow>,
    /// What is billed.
    pub billing: Billing,
    /// What is not as it is here.
    pub caveats: Vec<String>,
}

/// A GPU type on a platform.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PresetGpu {
    /// The scenarios' name for it.
    pub name: String,
    /// The platform's.
    pub theirs: String,
    /// The price as it is published, in dollars.
    pub usd: f64,
    /// What that is for.
    pub per: Per,
    /// Physical cores that a container with it has at least.
    pub cores_min: f64,
    /// GiB of memory that a container with it has at least.
    pub memory_gib_min: f64,
    /// Where the price comes from.
    pub provenance: Provenance,
}

impl PresetGpu {
    /// Dollars a second.
    #[must_use]
    pub fn usd_per_second(&self) -> f64 {
        self.usd / self.per.seconds()
    }
}

/// What a price is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Per {
    /// A second.
    Second,
    /// A minute.
    Minute,
    /// An hour.
    Hour,
}

impl Per {
    /// How many seconds that is.
    #[must_use]
    pub fn seconds(self) -> f64 {
        match self {
            Self::Second => 1.0,
            Self::Minute => 60.0,
            Self::Hour => 3600.0,
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Second => "second",
            Self::Minute => "minute",
            Self::Hour => "hour",
        }
    }
}

/// What is billed beside the GPU.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct BesideGpu {
    /// Dollars a second for a physical core.
    pub usd_per_core_s: f64,
    /// Dollars a second for a GiB.
    pub usd_per_gib_s: f64,
}

/// A default window.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PresetWindow {
    /// Seconds.
    pub default_s: f64,
    /// Where it comes from.
    pub provenance: Provenance,
}

/// What is billed of a container's life.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Billing {
    /// Whether its boot is.
    pub boot: bool,
    /// Whether idle time is.
    pub idle: bool,
    /// Whether loading the image is, where boots have it as a phase; `None` where the platform does not say.
    pub image: Option<bool>,
    /// Its time is rounded up to a multiple of so many seconds; 0 for none.
    pub increment_s: f64,
    /// It is billed for so many seconds at least.
    pub minimum_s: f64,
    /// Where that comes from.
    pub provenance: Provenance,
}

/// All platforms, in the order in which they are shown.
///
/// # Panics
/// Never: a test reads all files.
#[must_use]
pub fn presets() -> Vec<Preset> {
    EMBEDDED.iter().map(|text| read(text).expect("a test reads every platform")).collect()
}

/// The platform of that name.
#[must_use]
pub fn preset(name: &str) -> Option<Preset> {
    presets().into_iter().find(|preset| preset.name == name)
}

fn read(text: &str) -> Result<Preset, toml::de::Error> {
    let file = PresetFile::deserialize(Deserializer::parse(text)?)?;
    let container = file.container;
    let beside = match container.cpu_and_memory {
        CpuAndMemory::Included => None,
        CpuAndMemory::Extra => Some(BesideGpu {
            usd_per_core_s: container.usd_per_core_s.unwrap_or(0.0),
            usd_per_gib_s: container.usd_per_gib_s.unwrap_or(0.0),
        }),
    };
    let gpu = |gpu: GpuFile| PresetGpu {
        name: gpu.name,
        theirs: gpu.theirs,
        usd: gpu.usd,
        per: gpu.per,
        cores_min: gpu.cores_min.unwrap_or(0.0),
        memory_gib_min: gpu.memory_gib_min.unwrap_or(0.0),
        provenance: (&gpu.provenance).into(),
    };
    let window =
        |window: WindowFile| PresetWindow { default_s: window.default_s, provenance: (&window.provenance).into() };
    Ok(Preset {
        name: file.name,
        title: file.title,
        gpus: file.gpus.into_iter().map(gpu).collect(),
        beside,
        container_provenance: (&container.provenance).into(),
        window: file.window.map(window),
        billing: Billing {
            boot: file.billing.boot,
            idle: file.billing.idle,
            image: file.billing.image,
            increment_s: file.billing.increment_s.unwrap_or(0.0),
            minimum_s: file.billing.minimum_s.unwrap_or(0.0),
            provenance: (&file.billing.provenance).into(),
        },
        caveats: file.caveats,
    })
}

/// A platform as its file has it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PresetFile {
    name: String,
    title: String,
    caveats: Vec<String>,
    container: ContainerFile,
    window: Option<WindowFile>,
    billing: BillingFile,
    gpus: Vec<GpuFile>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ContainerFile {
    cpu_and_memory: CpuAndMemory,
    usd_per_core_s: Option<f64>,
    usd_per_gib_s: Option<f64>,
    provenance: ProvenanceFile,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum CpuAndMemory {
    Included,
    Extra,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WindowFile {
    default_s: f64,
    provenance: ProvenanceFile,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct BillingFile {
    boot: bool,
    idle: bool,
    image: Option<bool>,
    increment_s: Option<f64>,
    minimum_s: Option<f64>,
    provenance: ProvenanceFile,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct GpuFile {
    name: String,
    theirs: String,
    usd: f64,
    per: Per,
    cores_min: Option<f64>,
    memory_gib_min: Option<f64>,
    provenance: ProvenanceFile,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::default_scenario;

    #[test]
    fn every_platform_is_read_and_every_number_is_a_price() {
        for text in EMBEDDED {
            read(text).unwrap_or_else(|error| panic!("{error}"));
        }
        let all = presets();
        for platform in &all {
            let Preset { name, gpus, .. } = platform;
            assert!(name.chars().all(|c| c.is_ascii_lowercase() || c == '-'), "{name}");
            assert!(!gpus.is_empty() && !platform.caveats.is_empty(), "{name}");
            for gpu in gpus {
                let usd_per_hour = gpu.usd_per_second() * 3600.0;
                assert!((0.2..20.0).contains(&usd_per_hour), "{name}, {}: ${usd_per_hour} an hour", gpu.name);
                assert!(!gpu.provenance.source.is_empty() && !gpu.provenance.date.is_empty(), "{name}, {}", gpu.name);
                assert_eq!(gpus.iter().filter(|other| other.name == gpu.name).count(), 1, "{name}, {}", gpu.name);
            }
            // What is rounded up is billed as a whole: parts of a life that are free do not go with it.
            let rounds = platform.billing.increment_s > 0.0 || platform.billing.minimum_s > 0.0;
            assert!(!rounds || (platform.billing.boot && platform.billing.idle), "{name}");
        }
        let names: Vec<&str> = all.iter().map(|platform| platform.name.as_str()).collect();
        assert_eq!(names.join(" "), "modal runpod-flex replicate-private replicate-public fal baseten cloud-run");
    }

    /// The scenarios' own platform: the same prices as the embedded scenario's.
    #[test]
    fn modal_is_what_the_embedded_scenario_is_billed_by() {
        let (modal, scenario) = (preset("modal").expect("it is there"), default_scenario());
        assert_eq!(modal.gpus.len(), scenario.gpus.len());
        for (gpu, own) in modal.gpus.iter().zip(&scenario.gpus) {
            assert_eq!((&gpu.name, gpu.usd_per_second()), (&own.name, own.usd_per_second.get()));
            assert_eq!(gpu.provenance, own.price_provenance);
        }
        let beside = modal.beside.expect("cores and memory are billed apart");
        let own = (scenario.platform.cpu_usd_per_core_s.get(), scenario.platform.memory_usd_per_gib_s.get());
        assert_eq!((beside.usd_per_core_s, beside.usd_per_gib_s), own);
    }

    /// As published: $0.02012 a minute, $6.25 an hour.
    #[test]
    fn prices_are_for_a_second_a_minute_or_an_hour() {
        let price = |platform: &str, gpu: &str| {
            let all = preset(platform).expect("it is there");
            all.gpus.iter().find(|own| own.name == gpu).expect("it has a price").usd_per_second()
        };
        approx::assert_relative_eq!(price("baseten", "A10"), 0.000_335_333, max_relative = 1e-5);
        approx::assert_relative_eq!(price("fal", "B200"), 0.001_736_111, max_relative = 1e-5);
        approx::assert_relative_eq!(price("runpod-flex", "L40S"), 0.000_53);
    }
}
