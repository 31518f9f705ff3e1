//! Two studies side by side: what changed in the inputs, what in the answer, and whether the decision did.

mod answers;
mod moves;
mod words;

use std::collections::BTreeSet;

use fleetfront_scenario::{InputChange, input_changes};
use serde::{Deserialize, Serialize};

use crate::estimate::Estimate;
use crate::origin::Origin;
use crate::study::{FleetPoint, Judgement, Study};

/// An earlier and a later study, and what differs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StudyDiff {
    /// The earlier study.
    pub old: StudyName,
    /// The later one.
    pub new: StudyName,
    /// Whether the decision changed, in a sentence or two.
    pub headline: String,
    /// The same, part by part.
    pub decision: DecisionDiff,
    /// What changed in the inputs.
    pub inputs: Vec<InputChange>,
    /// The allocations that ran in both, by name.
    pub answers: Vec<AnswerDiff>,
    /// Criteria of theirs that are judged otherwise, or asked in one of the two only.
    pub criteria: Vec<CriterionChange>,
    /// The cheapest fleet of the frontier that keeps every model's limit.
    pub in_time: InTime,
    /// What the reader has to know: what cannot be compared, and what the intervals mean.
    pub notes: Vec<String>,
}

/// Which study it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StudyName {
    /// Name of the scenario.
    pub scenario: String,
    /// Version of the program.
    pub version: String,
    /// SHA-256 of the input files.
    pub inputs_sha256: String,
    /// Seed of all random numbers.
    pub seed: u64,
    /// Trials (days) a point.
    pub trials: u32,
}

/// What is to be done, before and now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DecisionDiff {
    /// Whether anything is to be done otherwise: the proposed allocation is judged otherwise, or another one stands for
    /// it, or the recommended fleet is another.
    pub changed: bool,
    /// The judged allocation (the repair, where the proposed one cannot run) and its judgement, before.
    pub old_verdict: (String, Judgement),
    /// The same now.
    pub new_verdict: (String, Judgement),
    /// What is moved in the recommended fleet; empty when it is the same.
    pub moves: Vec<Move>,
}

/// Models that move together in the recommended fleet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Move {
    /// Which.
    pub models: Vec<String>,
    /// What is set otherwise for them.
    pub settings: Vec<SettingMove>,
}

/// One setting of a pool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettingMove {
    /// Which, such as "GPU" or "window".
    pub what: String,
    /// As it was, in words; "nowhere" for a model that the study does not have.
    pub old: String,
    /// As it is.
    pub new: String,
}

/// One allocation in both studies.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AnswerDiff {
    /// Its name.
    pub allocation: String,
    /// Its numbers, all requests together.
    pub metrics: Vec<MetricDiff>,
}

/// One number in both studies.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MetricDiff {
    /// What it is, such as "cost a month".
    pub metric: String,
    /// Its unit: "USD", "s", "x" or "%".
    pub unit: String,
    /// In the earlier study.
    pub old: Estimate,
    /// In the later one.
    pub new: Estimate,
    /// The later less the earlier, the two taken as independent.
    pub difference: Estimate,
    /// What may be said of it.
    pub told: Told,
}

/// What may be said of a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Told {
    /// There is none.
    Same,
    /// Its interval holds zero.
    MaybeLuck,
    /// Its interval does not hold zero.
    MoreThanLuck,
}

/// A criterion that is judged otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CriterionChange {
    /// The allocation.
    pub allocation: String,
    /// Of whom: "fleet", models' names.
    pub subjects: Vec<String>,
    /// What is asked, in words; what was asked where it is not asked any more.
    pub criterion: String,
    /// What was asked instead, where the target is another.
    pub old_criterion: Option<String>,
    /// The judgement before; `None` where it was not asked.
    pub old: Option<Judgement>,
    /// The judgement now; `None` where it is not asked.
    pub new: Option<Judgement>,
}

/// The cheapest fleet of the frontier whose every p95 is below its limit, on the upper end of the interval.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InTime {
    /// Before; `None` when no simulated fleet reached it.
    pub old: Option<FleetPoint>,
    /// Now.
    pub new: Option<FleetPoint>,
}

/// What differs from `old` to `new`. Studies of different scenarios are compared in what they have in common, by name.
#[must_use]
pub fn diff(old: &Study, new: &Study) -> StudyDiff {
    let moves = moves::moves(old, new);
    let verdict = |study: &Study| (study.verdict.allocation.clone(), study.verdict.judgement);
    let (old_verdict, new_verdict) = (verdict(old), verdict(new));
    let changed = old_verdict != new_verdict || !moves.is_empty();
    let mut diff = StudyDiff {
        old: StudyName::of(old),
        new: StudyName::of(new),
        headline: String::new(),
        decision: DecisionDiff { changed, old_verdict, new_verdict, moves },
        inputs: run_changes(old, new),
        answers: answers::answers(old, new),
        criteria: answers::criteria(old, new),
        in_time: InTime { old: answers::in_time(old), new: answers::in_time(new) },
        notes: Vec::new(),
    };
    if !old.origin.files.is_empty() && !new.origin.files.is_empty() {
        let in_texts = input_changes(&old.origin.files, &new.origin.files);
        let is_large = |file: &String| [old, new].iter().any(|study| study.origin.large.contains_key(file));
        diff.inputs.extend(in_texts.into_iter().filter(|change| !is_large(&change.file)));
        diff.inputs.extend(large_changes(&old.origin, &new.origin));
    }
    diff.headline = words::headline(old, new, &diff);
    diff.notes = words::notes(old, new, &diff);
    diff
}

/// Traces of which a study knows the digest only.
fn large_changes(old: &Origin, new: &Origin) -> Vec<InputChange> {
    const DIGITS: usize = 12;
    let said = |origin: &Origin, name: &String| {
        let large = origin.large.get(name).map(|file| {
            let digest = file.sha256.get(..DIGITS).unwrap_or(&file.sha256);
            format!("{} bytes, SHA-256 {digest}...", file.bytes)
        });
        large.or_else(|| origin.files.get(name).map(|text| format!("{} bytes", text.len())))
    };
    let is_same = |name: &String| match (old.large.get(name), new.large.get(name)) {
        (Some(old), Some(new)) => old.is_same(new),
        _ => false,
    };
    let names: BTreeSet<&String> = old.large.keys().chain(new.large.keys()).collect();
    let changed = names.into_iter().filter(|name| !is_same(name));
    changed
        .map(|name| InputChange {
            file: name.clone(),
            place: "the whole file".to_owned(),
            old: said(old, name),
            new: said(new, name),
        })
        .collect()
}

impl StudyName {
    /// That of a study.
    #[must_use]
    pub fn of(study: &Study) -> Self {
        Self {
            scenario: study.scenario.clone(),
            version: study.version.clone(),
            inputs_sha256: study.inputs_sha256.clone(),
            seed: study.seed,
            trials: study.trials,
        }
    }
}

/// What is an input of a run and stands in no file.
fn run_changes(old: &Study, new: &Study) -> Vec<InputChange> {
    let of = |study: &Study| {
        [("version", study.version.clone()), ("seed", study.seed.to_string()), ("trials", study.trials.to_string())]
    };
    let both = of(old).into_iter().zip(of(new)).filter(|(old, new)| old != new);
    both.map(|((place, old), (_, new))| InputChange {
        file: "fleetfront run".to_owned(),
        place: place.to_owned(),
        old: Some(old),
        new: Some(new),
    })
    .collect()
}

#[cfg(test)]
mod tests;
