//! A distribution as the user writes it: `{ lognormal = { mean_s = 10.0, cv = 0.3 } }`.

use fleetfront_sim::{Law, Seconds};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::document::join;
use crate::findings::Findings;

/// Longest mean, in seconds: thirty days, against typing errors.
const MEAN_MAX_S: f64 = 30.0 * 86_400.0;
/// Largest coefficient of variation.
const CV_MAX: f64 = 100.0;

/// A distribution of a time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum LawFile {
    /// Always the same
    Deterministic(DeterministicFile),
    /// Memoryless
    Exponential(ExponentialFile),
    /// The logarithm is normal
    Lognormal(MeanAndCvFile),
    /// Gamma
    Gamma(MeanAndCvFile),
    /// Weibull
    Weibull(WeibullFile),
    /// One of two times
    TwoPoint(TwoPointFile),
    /// One of two exponential laws
    Hyperexponential(HyperexponentialFile),
}

/// Always the same time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeterministicFile {
    /// The time, in seconds
    pub seconds: f64,
}

/// A memoryless time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExponentialFile {
    /// Its mean, in seconds
    pub mean_s: f64,
}

/// A law by mean and spread.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MeanAndCvFile {
    /// Its mean, in seconds
    pub mean_s: f64,
    /// Its coefficient of variation: standard deviation over mean
    pub cv: f64,
}

/// A Weibull law.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WeibullFile {
    /// Below 1 the longer it has lasted the longer it will; 1 is exponential
    pub shape: f64,
    /// Its scale, in seconds
    pub scale_s: f64,
}

/// One of two times.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TwoPointFile {
    /// The shorter, in seconds
    pub low_s: f64,
    /// The longer, in seconds
    pub high_s: f64,
    /// Probability of the longer
    pub high_probability: f64,
}

/// One of two exponential laws.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HyperexponentialFile {
    /// Mean of the first, in seconds
    pub first_mean_s: f64,
    /// Mean of the second, in seconds
    pub second_mean_s: f64,
    /// Probability of the first
    pub first_probability: f64,
}

impl LawFile {
    /// What it means. Holds only for a file without problems.
    #[must_use]
    pub fn law(&self) -> Law {
        let span = |seconds: f64| Seconds::new(seconds).unwrap_or(Seconds::ZERO);
        match self {
            Self::Deterministic(law) => Law::Deterministic { seconds: law.seconds },
            Self::Exponential(law) => Law::Exponential { mean_s: law.mean_s },
            Self::Lognormal(law) => Law::lognormal(span(law.mean_s), law.cv),
            Self::Gamma(law) => Law::gamma(span(law.mean_s), law.cv),
            Self::Weibull(law) => Law::Weibull { shape: law.shape, scale_s: law.scale_s },
            Self::TwoPoint(TwoPointFile { low_s, high_s, high_probability }) => {
                Law::TwoPoint { low_s: *low_s, high_s: *high_s, high_probability: *high_probability }
            }
            Self::Hyperexponential(law) => Law::Hyperexponential {
                mean_s: [law.first_mean_s, law.second_mean_s],
                first_probability: law.first_probability,
            },
        }
    }

    /// Checks the law that is written at `path`.
    pub(crate) fn check(&self, path: &str, findings: &mut Findings<'_>) {
        let at = |law: &str, key: &str| join(&join(path, law), key);
        match self {
            Self::Deterministic(law) => mean(&at("deterministic", "seconds"), law.seconds, findings),
            Self::Exponential(law) => positive(&at("exponential", "mean_s"), law.mean_s, findings),
            Self::Lognormal(law) => {
                mean(&at("lognormal", "mean_s"), law.mean_s, findings);
                cv(&at("lognormal", "cv"), law.cv, findings);
            }
            Self::Gamma(law) => {
                mean(&at("gamma", "mean_s"), law.mean_s, findings);
                cv(&at("gamma", "cv"), law.cv, findings);
            }
            Self::Weibull(law) => {
                positive(&at("weibull", "scale_s"), law.scale_s, findings);
                let why = "below 0.1 the mean is far beyond the scale";
                findings.within(&at("weibull", "shape"), law.shape, 0.1, 1000.0, why);
            }
            Self::TwoPoint(law) => {
                mean(&at("two_point", "low_s"), law.low_s, findings);
                mean(&at("two_point", "high_s"), law.high_s, findings);
                let path = at("two_point", "high_probability");
                findings.within(&path, law.high_probability, 0.0, 1.0, "it is a probability");
                if law.low_s > law.high_s {
                    let message = format!("low_s = {} is above high_s = {}", law.low_s, law.high_s);
                    findings.refuse(&at("two_point", "low_s"), message, "exchange the two");
                }
            }
            Self::Hyperexponential(law) => {
                positive(&at("hyperexponential", "first_mean_s"), law.first_mean_s, findings);
                positive(&at("hyperexponential", "second_mean_s"), law.second_mean_s, findings);
                let path = at("hyperexponential", "first_probability");
                findings.within(&path, law.first_probability, 0.0, 1.0, "it is a probability");
            }
        }
    }
}

fn mean(path: &str, seconds: f64, findings: &mut Findings<'_>) {
    findings.within(path, seconds, 0.0, MEAN_MAX_S, "more than thirty days is no time of a request or container");
}

fn positive(path: &str, seconds: f64, findings: &mut Findings<'_>) {
    findings.positive(path, seconds, "the mean");
    mean(path, seconds, findings);
}

fn cv(path: &str, cv: f64, findings: &mut Findings<'_>) {
    findings.within(path, cv, 0.0, CV_MAX, "no time varies so much");
}
