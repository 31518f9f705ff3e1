//! What kind a number is, and where it comes from: what every table of results says with its numbers.

use fleetfront_calibration::Fit;
use fleetfront_scenario::{Provenance, Scenario};
use serde::{Deserialize, Serialize};

use crate::backtest::Backtest;
use crate::compare::Comparison;
use crate::diff::StudyName;
use crate::elsewhere::Elsewhere;
use crate::fallback::FallbackStudy;
use crate::reevaluate::Reevaluation;
use crate::study::Study;
use crate::what_if::WhatIf;
use crate::worlds::Worlds;

/// Digits of a digest that a reader compares.
const DIGEST_SHOWN: usize = 12;

/// The kind and the source of a number.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Basis {
    /// `measured`, `published`, `derived` or `assumed`, as in a scenario; `setting` of what is chosen; `simulated`.
    pub kind: String,
    /// Who says so and when; a log with its days; a scenario with its digest, the seed and how much was simulated.
    pub source: String,
}

impl Basis {
    /// What somebody states.
    #[must_use]
    pub fn stated(of: &Provenance) -> Self {
        Self { kind: of.kind.word().to_owned(), source: of.cite() }
    }

    /// A mean that was fitted.
    #[must_use]
    pub fn fitted(fit: &Fit) -> Self {
        Self::of_fit(fit, fit.sources.join("; "))
    }

    /// Its spread, whose source stands among the notes.
    pub(crate) fn spread(fit: &Fit) -> Self {
        let own = fit.notes.iter().find_map(|note| note.strip_prefix("spread: "));
        Self::of_fit(fit, own.map_or_else(|| fit.sources.join("; "), str::to_owned))
    }

    fn of_fit(fit: &Fit, source: String) -> Self {
        let source = if source.is_empty() { "the scenario's own files".to_owned() } else { source };
        Self { kind: fit.kind.word().to_owned(), source }
    }

    /// A ratio, as good as the weaker of the two.
    pub(crate) fn over(self, other: Self) -> Self {
        let worse = |word: &str| Self::WORST_LAST.iter().position(|kind| *kind == word);
        let kind = if worse(&other.kind) > worse(&self.kind) { other.kind } else { self.kind };
        let source =
            if self.source == other.source { self.source } else { format!("{} / {}", self.source, other.source) };
        Self { kind, source }
    }

    const WORST_LAST: [&str; 4] = ["measured", "published", "derived", "assumed"];

    /// What is chosen, by whom.
    pub(crate) fn setting(source: &str) -> Self {
        Self { kind: "setting".to_owned(), source: source.to_owned() }
    }

    /// What was seen, in a log or a bill.
    #[must_use]
    pub fn measured(source: impl Into<String>) -> Self {
        Self { kind: "measured".to_owned(), source: source.into() }
    }

    /// What was simulated of a scenario.
    ///
    /// - `effort`: how much, such as `98 trials`.
    #[must_use]
    pub fn simulated(scenario: &Scenario, seed: u64, effort: &str) -> Self {
        let version = env!("CARGO_PKG_VERSION");
        Self::of_simulation(simulation((&scenario.name, version, &scenario.inputs_sha256), seed, effort))
    }

    fn of_simulation(source: String) -> Self {
        Self { kind: "simulated".to_owned(), source }
    }

    /// Kind and source in one.
    #[must_use]
    pub fn words(&self) -> String {
        format!("{}: {}", self.kind, self.source)
    }
}

/// As much of a digest as tells inputs apart for a reader.
#[must_use]
pub fn shown_digest(sha256: &str) -> &str {
    sha256.get(..DIGEST_SHOWN).unwrap_or(sha256)
}

fn simulation((scenario, version, inputs_sha256): (&str, &str, &str), seed: u64, effort: &str) -> String {
    let digest = shown_digest(inputs_sha256);
    format!("{scenario}, fleetfront {version}, seed {seed}, {effort}, inputs {digest}")
}

impl StudyName {
    /// In words, with as much of the digest as a reader can compare.
    #[must_use]
    pub fn words(&self) -> String {
        let Self { scenario, version, inputs_sha256, seed, trials } = self;
        simulation((scenario, version, inputs_sha256), *seed, &format!("{trials} trials"))
    }

    /// What its numbers are.
    #[must_use]
    pub fn basis(&self) -> Basis {
        Basis::of_simulation(self.words())
    }
}

/// Results that know what their numbers are: those that say nothing else of themselves.
pub trait Based {
    /// Kind and source.
    fn basis(&self) -> Basis;
}

macro_rules! simulated {
    ($($results:ty),*) => {
        $(impl Based for $results {
            fn basis(&self) -> Basis {
                let of = (self.scenario.as_str(), self.version.as_str(), self.inputs_sha256.as_str());
                Basis::of_simulation(simulation(of, self.seed, &format!("{} trials", self.trials)))
            }
        })*
    };
}

simulated!(Study, Comparison, WhatIf, Reevaluation, FallbackStudy, Elsewhere);

impl Based for Worlds {
    fn basis(&self) -> Basis {
        let effort = match self.worlds {
            0 => format!("{} trials", self.present_trials),
            worlds => format!("{worlds} worlds of {} trials", self.trials),
        };
        let of = (self.scenario.as_str(), self.version.as_str(), self.inputs_sha256.as_str());
        Basis::of_simulation(simulation(of, self.seed, &effort))
    }
}

/// What was predicted; [`Backtest::observed_basis`] says what it is held against.
impl Based for Backtest {
    fn basis(&self) -> Basis {
        let effort = format!("{} worlds of what {} told of {}", self.worlds, self.log, self.first.words());
        let of = (self.scenario.as_str(), self.version.as_str(), self.inputs_sha256.as_str());
        Basis::of_simulation(simulation(of, self.seed, &effort))
    }
}

impl Backtest {
    /// Of what was observed.
    ///
    /// - `is_paid`: of dollars, which a bill tells too.
    #[must_use]
    pub fn observed_basis(&self, is_paid: bool) -> Basis {
        let bill = self.bill.as_ref().filter(|_| is_paid).map_or(String::new(), |bill| format!(" and {}", bill.name));
        Basis::measured(format!("{}{bill}, {}", self.log, self.second.words()))
    }

    /// Of what the first part of the log told.
    #[must_use]
    pub fn calibrated_basis(&self) -> Basis {
        Basis::measured(format!("{}, {}", self.log, self.first.words()))
    }
}

#[cfg(test)]
mod tests {
    use fleetfront_scenario::Files;

    use super::*;

    #[test]
    fn what_was_simulated_is_named_by_what_makes_it_again() {
        let scenario = Scenario::load(&Files::embedded()).expect("the embedded scenario is valid");
        let digest = &scenario.inputs_sha256[..12];
        let wanted = format!("simulated: image-studio, fleetfront 0.1.0, seed 7, 98 trials, inputs {digest}");
        assert_eq!(Basis::simulated(&scenario, 7, "98 trials").words(), wanted);
    }

    #[test]
    fn a_mean_and_its_spread_have_sources_of_their_own() {
        let scenario = Scenario::load(&Files::embedded()).expect("the embedded scenario is valid");
        let pool = &scenario.allocations[scenario.baseline].pools[0];
        let (model, variant) = pool.models[0];
        let fit = scenario.models[model].variants[variant].cells[pool.gpu].boot.as_ref().expect("it boots there");
        assert!(Basis::fitted(fit).words().starts_with("measured: cold "), "{:?}", Basis::fitted(fit));
        assert!(Basis::spread(fit).source.starts_with("cv 0.730 for all models, "), "{:?}", Basis::spread(fit));
        let assumed = Basis { kind: "assumed".into(), source: "a guess".into() };
        assert_eq!(Basis::measured("a log").over(assumed.clone()).words(), "assumed: a log / a guess");
        assert_eq!(assumed.clone().over(assumed.clone()), assumed);
        let bare = Fit { sources: Vec::new(), notes: Vec::new(), ..fit.clone() };
        assert_eq!(Basis::spread(&bare).source, "the scenario's own files");
    }
}
