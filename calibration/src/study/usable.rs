//! Whether a variant may be used on a GPU besides its memory: features, quality, failures.

use serde::{Deserialize, Serialize};

use crate::calibration::CalibratedCell;
use crate::failures::FailureRate;
use crate::fit::Kind;
use crate::memory_fit::{MemoryClass, MemoryFit};
use crate::provenance::Provenance;

use super::FAILURE_COVERAGE;

/// What a scenario says of its variants besides times and memory; empty where there is none.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct VariantFacts {
    /// Each variant once.
    pub variants: Vec<VariantFact>,
    /// GPU types with their features.
    pub features: Vec<(String, Vec<String>)>,
    /// Who says which features there are.
    pub features_source: String,
    /// The largest accepted distance to the reference precision (LPIPS).
    pub lpips_max: Option<f64>,
}

/// What a scenario says of a variant.
#[derive(Debug, Clone, PartialEq)]
pub struct VariantFact {
    /// The model.
    pub model: String,
    /// Its variant.
    pub variant: String,
    /// GPU features that it cannot run without.
    pub requires: Vec<String>,
    /// Its distance to the reference precision (LPIPS); `None` of the reference itself.
    pub lpips: Option<(f64, Provenance)>,
    /// Probability that a request fails that fits.
    pub failure_probability: f64,
    /// Where that comes from.
    pub failure_provenance: Provenance,
}

impl VariantFacts {
    /// What is said of a variant; an empty name is the only one of its model.
    pub(super) fn of(&self, model: &str, variant: &str) -> Option<&VariantFact> {
        let of_model: Vec<&VariantFact> = self.variants.iter().filter(|fact| fact.model == model).collect();
        match of_model[..] {
            [only] if variant.is_empty() => Some(only),
            _ => of_model.into_iter().find(|fact| fact.variant == variant),
        }
    }

    /// The features that a variant needs and a GPU type lacks; none of a GPU type that nothing is said of.
    pub(super) fn lacks(&self, fact: &VariantFact, gpu: &str) -> Vec<String> {
        let Some((_, features)) = self.features.iter().find(|(name, _)| name == gpu) else { return Vec::new() };
        fact.requires.iter().filter(|feature| !features.contains(feature)).cloned().collect()
    }
}

/// How a variant's output stands to what is accepted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QualityOfVariant {
    /// Nobody states it.
    NotStated,
    /// It is the precision that others are compared with.
    Reference,
    /// It differs from the reference precision.
    Stated {
        /// By how much: perceptual distance (LPIPS), 0 is identical.
        lpips: f64,
        /// Who says so.
        provenance: Provenance,
        /// The largest distance that is accepted; `None` where nobody says.
        lpips_max: Option<f64>,
        /// Whether it is accepted.
        is_met: Option<bool>,
    },
}

impl QualityOfVariant {
    pub(super) fn of(facts: &VariantFacts, fact: Option<&VariantFact>) -> Self {
        match fact.map(|fact| &fact.lpips) {
            None => Self::NotStated,
            Some(None) => Self::Reference,
            Some(Some((lpips, provenance))) => Self::Stated {
                lpips: *lpips,
                provenance: provenance.clone(),
                lpips_max: facts.lpips_max,
                is_met: facts.lpips_max.map(|most| *lpips <= most),
            },
        }
    }
}

/// How often requests of a variant fail on a GPU.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FailureOnGpu {
    /// 1 where it is certain.
    pub probability: f64,
    /// 95 % interval (Clopper and Pearson), where runs were counted.
    pub interval: Option<(f64, f64)>,
    /// Why it is certain; `None` where it is not.
    pub because: Option<String>,
    /// Counted, stated, or derived from memory and features.
    pub kind: Kind,
    /// Who counted or states it, with dates.
    pub sources: Vec<String>,
}

/// A variant on a GPU, with all that says whether it fails there.
pub(super) struct OnGpu<'a> {
    pub(super) fit: MemoryFit,
    /// Of the peak and of the memory.
    pub(super) provenances: [&'a Provenance; 2],
    pub(super) lacks: &'a [String],
    /// Its warm requests there; else its first ones.
    pub(super) cell: Option<&'a CalibratedCell>,
}

impl OnGpu<'_> {
    /// Runs first, since they show it; then memory and features, for which it is certain; then what the scenario states.
    /// `None` where nothing says.
    pub(super) fn failure(&self, facts: &VariantFacts, fact: Option<&VariantFact>) -> Option<FailureOnGpu> {
        let rate = self.cell.and_then(|cell| cell.failures);
        match rate {
            Some(rate @ FailureRate::Certain { .. }) => {
                self.counted(&rate, Some("every run there ran out of memory".into()))
            }
            Some(rate @ FailureRate::Sometimes { failed: 1.., .. }) => self.counted(&rate, None),
            // What ended there is no proof that the next one will, but refutes that it never does.
            Some(rate) if self.never().is_some() => self.counted(&rate, None),
            _ => self.never_on(facts).or_else(|| {
                let fact = fact?;
                let (kind, source) = (fact.failure_provenance.kind, fact.failure_provenance.cite());
                let probability = fact.failure_probability;
                Some(FailureOnGpu { probability, interval: None, because: None, kind, sources: vec![source] })
            }),
        }
    }

    /// Runs that refute that no request can succeed.
    pub(super) fn ended_all_the_same(&self) -> u64 {
        let rate = self.cell.and_then(|cell| cell.failures).filter(|_| self.never().is_some());
        rate.map_or(0, |rate| match rate {
            FailureRate::Certain { .. } => 0,
            FailureRate::Sometimes { failed, runs, .. } => runs - failed,
        })
    }

    /// Why no request can succeed.
    fn never(&self) -> Option<String> {
        let MemoryFit { class, peak_gib, usable_gib } = self.fit;
        if class == MemoryClass::No {
            return Some(format!("needs {peak_gib} GiB, has {usable_gib}"));
        }
        (!self.lacks.is_empty()).then(|| format!("lacks {}", self.lacks.join(", ")))
    }

    fn never_on(&self, facts: &VariantFacts) -> Option<FailureOnGpu> {
        let because = self.never()?;
        let sources = if self.fit.class == MemoryClass::No {
            self.provenances.map(Provenance::cite).to_vec()
        } else {
            vec![facts.features_source.clone()]
        };
        Some(FailureOnGpu { probability: 1.0, interval: None, because: Some(because), kind: Kind::Derived, sources })
    }

    fn counted(&self, rate: &FailureRate, because: Option<String>) -> Option<FailureOnGpu> {
        let rows = &self.cell?.rows;
        Some(FailureOnGpu {
            probability: rate.probability(),
            interval: because.is_none().then(|| rate.interval(FAILURE_COVERAGE)),
            because,
            kind: rows.kind,
            sources: rows.sources.clone(),
        })
    }
}
