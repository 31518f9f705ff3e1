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
/// Smallest coefficient of variation of a part of a mixture.
const CV_MIN: f64 = 0.001;

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
    /// Lognormal behind a shortest time
    ShiftedLognormal(ShiftedLognormalFile),
    /// One of two lognormal laws, as of boots with and without a cached image
    LognormalMixture(LognormalMixtureFile),
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

/// A lognormal law behind a shortest time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShiftedLognormalFile {
    /// The shortest time, in seconds
    pub shift_s: f64,
    /// The mean, in seconds, with the shortest time in it
    pub mean_s: f64,
    /// Coefficient of variation of the whole: standard deviation over mean
    pub cv: f64,
}

/// One of two lognormal laws.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LognormalMixtureFile {
    /// Mean of the first, in seconds
    pub first_mean_s: f64,
    /// Coefficient of variation of the first
    pub first_cv: f64,
    /// Mean of the second, in seconds
    pub second_mean_s: f64,
    /// Coefficient of variation of the second
    pub second_cv: f64,
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
            Self::ShiftedLognormal(law) => Law::shifted_lognormal(span(law.shift_s), span(law.mean_s), law.cv),
            Self::LognormalMixture(law) => {
                // A file with problems is asked too, before they are reported.
                let part = |mean_s: f64, cv: f64| (span(mean_s.max(1e-9)), cv.max(CV_MIN));
                Law::lognormal_mixture(
                    [part(law.first_mean_s, law.first_cv), part(law.second_mean_s, law.second_cv)],
                    law.first_probability,
                )
            }
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
            Self::ShiftedLognormal(law) => {
                mean(&at("shifted_lognormal", "shift_s"), law.shift_s, findings);
                positive(&at("shifted_lognormal", "mean_s"), law.mean_s, findings);
                cv(&at("shifted_lognormal", "cv"), law.cv, findings);
                if law.shift_s >= law.mean_s {
                    let message = format!("shift_s = {} is not below mean_s = {}", law.shift_s, law.mean_s);
                    let mend = "the mean holds the shift: make it longer, or take `deterministic`";
                    findings.refuse(&at("shifted_lognormal", "shift_s"), message, mend);
                }
            }
            Self::LognormalMixture(law) => {
                for (part, mean_s, variation) in
                    [("first", law.first_mean_s, law.first_cv), ("second", law.second_mean_s, law.second_cv)]
                {
                    positive(&at("lognormal_mixture", &format!("{part}_mean_s")), mean_s, findings);
                    let path = at("lognormal_mixture", &format!("{part}_cv"));
                    findings.within(&path, variation, CV_MIN, CV_MAX, "a part that hardly varies is `two_point`");
                }
                let path = at("lognormal_mixture", "first_probability");
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

#[cfg(test)]
mod tests {
    use crate::Scenario;
    use crate::testing::{check, edited};
    use approx::assert_relative_eq;
    use fleetfront_workloads::Process;

    const OLD: &str = "name = \"lora\"\nrequests";

    fn with(law: &str) -> String {
        format!("name = \"lora\"\nprocess = {{ renewal = {{ gap = {{ {law} }} }} }}\nrequests")
    }

    fn mean_and_cv(law: &str) -> [f64; 2] {
        let scenario = Scenario::load(&edited(OLD, &with(law))).expect("no problems");
        let Process::Renewal { gap } = scenario.traffic.models[3].process else { panic!("gaps of a law") };
        [gap.mean_s(), gap.cv()]
    }

    #[test]
    fn shifted_laws_and_mixtures_are_read() {
        let [mean_s, cv] = mean_and_cv("shifted_lognormal = { shift_s = 4.0, mean_s = 5.0, cv = 0.5 }");
        assert_relative_eq!(mean_s, 5.0, max_relative = 1e-12);
        assert_relative_eq!(cv, 0.5, max_relative = 1e-12);
        let [mean_s, cv] = mean_and_cv(
            "lognormal_mixture = { first_mean_s = 3.0, first_cv = 0.1, second_mean_s = 20.0, second_cv = 0.4, \
             first_probability = 0.25 }",
        );
        // 0.25 · 3 + 0.75 · 20; second moments 9 · 1.01 and 400 · 1.16.
        assert_relative_eq!(mean_s, 15.75, max_relative = 1e-12);
        let second_moment: f64 = 0.25 * 9.09 + 0.75 * 464.0;
        assert_relative_eq!(cv, (second_moment / (15.75 * 15.75) - 1.0).sqrt(), max_relative = 1e-12);
    }

    #[test]
    fn what_is_no_such_law_is_refused() {
        let path = "models[3].process.renewal.gap.shifted_lognormal";
        let new = with("shifted_lognormal = { shift_s = 6.0, mean_s = 5.0, cv = 0.5 }");
        check(OLD, &new, "6.0", &format!("{path}.shift_s"), "shift_s = 6 is not below mean_s = 5", "make it longer");
        let new = with("shifted_lognormal = { shift_s = 1.0, mean_s = 5.0, cv = 200.0 }");
        check(OLD, &new, "200.0", &format!("{path}.cv"), "200 is outside 0 to 100", "varies so much");
        let path = "models[3].process.renewal.gap.lognormal_mixture";
        let mixture = |means: [f64; 2], cv: f64, probability: f64| {
            with(&format!(
                "lognormal_mixture = {{ first_mean_s = {:?}, first_cv = {cv:?}, second_mean_s = {:?}, second_cv = 0.4, \
                 first_probability = {probability:?} }}",
                means[0], means[1]
            ))
        };
        let new = mixture([3.0, 0.0], 0.1, 0.25);
        check(OLD, &new, "0.0, second_cv", &format!("{path}.second_mean_s"), "the mean is 0", "above zero");
        let new = mixture([3.0, 20.0], 0.0, 0.25);
        check(OLD, &new, "0.0, second", &format!("{path}.first_cv"), "0 is outside 0.001 to 100", "`two_point`");
        let new = mixture([3.0, 4.0], 0.1, 1.5);
        check(OLD, &new, "1.5", &format!("{path}.first_probability"), "1.5 is outside 0 to 1", "a probability");
    }
}
