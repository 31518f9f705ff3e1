//! Settings of shared pools that no fleet needs.
//!
//! Models can share pools in many ways, and most ways lose. So a setting of a shared pool is held not only against others
//! of the same models, but, completed in the best way to a fleet, against the best fleets there are: where it is clearly
//! beaten however it is completed, for whatever fleets are chosen for, it leaves.

use std::collections::BTreeMap;

use rayon::prelude::*;

use crate::combined::{Choices, Combiner, Join};
use crate::criteria::Criterion;
use crate::experiment::Candidate;
use crate::recommend::Dropped;

use super::{Runner, Standing, is_clearly_less};

/// Of the levels of lateness every so many is looked at: neighbours want nearly the same settings.
const LEVELS: usize = 4;
/// With more settings of shared pools than these a frontier is so dense that thousands of fleets differ by less than
/// anybody would decide by.
const MANY: usize = 2_000;
/// Then who improves on the best fleets by less than this share of cost and latency is not needed either (an indifference
/// zone: Bechhofer 1954, "A single-sample multiple decision procedure for ranking means of normal populations").
const INDIFFERENCE: f64 = 0.01;

/// One of the runners: a candidate that is still in the race.
#[derive(Clone, Copy)]
pub(super) struct Entry<'a> {
    pub(super) candidate: &'a Candidate,
    pub(super) runner: &'a Runner,
}

impl Entry<'_> {
    /// Its models as bits.
    fn models(&self) -> u64 {
        self.candidate.models.iter().fold(0, |bits, (model, _)| bits | 1 << model)
    }
}

/// Something that fleets are chosen for besides their cost.
#[derive(Clone, Copy)]
enum Use {
    /// The greatest p95 over its limit.
    WorstRatio,
    /// The mean latency: seconds in the system over all requests.
    MeanLatency,
    /// Late requests at a level.
    Late(usize),
    /// Criteria missed, one of them possibly not asked.
    Misses(Option<Dropped>),
}

/// By less than this share of cost and latency nobody is better.
///
/// - `cells`: all settings, those too that left: what is indifferent does not change from round to round.
pub(super) fn slack(cells: &[Vec<Candidate>]) -> f64 {
    let shared = cells.iter().flatten().filter(|candidate| candidate.models.len() > 1).count();
    if shared > MANY { INDIFFERENCE } else { 0.0 }
}

/// Which of the entries no fleet needs; only those of shared pools are asked.
///
/// - `models`: how many there are.
pub(super) fn unneeded(entries: &[Entry<'_>], models: usize, slack: f64) -> Vec<bool> {
    let mut is_unneeded: Vec<bool> = entries.iter().map(|entry| entry.candidate.models.len() > 1).collect();
    if models >= u64::BITS as usize {
        return vec![false; entries.len()];
    }
    // Some uses at a time: what one needs the later ones need not ask.
    for some in uses(entries).chunks(rayon::current_num_threads().max(2)) {
        let asked: Vec<usize> = (0..entries.len()).filter(|k| is_unneeded[*k]).collect();
        let needed: Vec<Vec<usize>> = some.par_iter().map(|of| of.needed(entries, &asked, models, slack)).collect();
        needed.into_iter().flatten().for_each(|k| is_unneeded[k] = false);
    }
    is_unneeded
}

/// Everything that fleets are chosen for, what is asked for most first.
fn uses(entries: &[Entry<'_>]) -> Vec<Use> {
    let mut uses = vec![Use::WorstRatio, Use::MeanLatency, Use::Misses(None)];
    let levels = entries.first().map_or(0, |entry| entry.runner.late.len());
    uses.extend((0..levels).step_by(LEVELS).map(Use::Late));
    let mut criteria: Vec<(Criterion, usize)> = Vec::new();
    for entry in entries {
        let of_entry = entry.runner.criteria.iter().map(|s| (s.criterion, entry.candidate.models[s.place].0));
        criteria.extend(of_entry);
        criteria.sort_unstable();
        criteria.dedup();
    }
    let for_one = criteria.iter().map(|(criterion, model)| Dropped { criterion: *criterion, model: Some(*model) });
    let mut for_all: Vec<Criterion> = criteria.iter().map(|(criterion, _)| *criterion).collect();
    for_all.dedup();
    let for_all = for_all.into_iter().map(|criterion| Dropped { criterion, model: None });
    uses.extend(for_one.chain(for_all).map(|dropped| Use::Misses(Some(dropped))));
    uses
}

impl Use {
    /// Which of those that are asked stand in one of the best fleets or, completed in some way, in a fleet that none of
    /// them clearly beats.
    ///
    /// - `slack`: by less than this share of cost and objective nobody is better.
    fn needed(self, entries: &[Entry<'_>], asked: &[usize], models: usize, slack: f64) -> Vec<usize> {
        let everything = (1u64 << models) - 1;
        // What a setting may come to, and what the best fleets come to for sure.
        let mut hoped = Combiner::new(self.join(), &self.planes(entries, true));
        let mut sure = Combiner::new(self.join(), &self.planes(entries, false));
        let fleets = |combiner: &mut Combiner, models: u64, hoped: bool| -> Vec<Fleet> {
            combiner.frontier(models).iter().map(|fleet| Fleet::of(self, entries, &fleet.chosen, hoped)).collect()
        };
        let best = fleets(&mut sure, everything, false);
        let mut stands: Vec<bool> = vec![false; entries.len()];
        sure.frontier(everything).iter().flat_map(|fleet| &fleet.chosen).for_each(|k| stands[*k] = true);
        let mut completions: BTreeMap<u64, Vec<Fleet>> = BTreeMap::new();
        for models in asked.iter().map(|k| entries[*k].models()) {
            completions.entry(models).or_insert_with(|| fleets(&mut hoped, everything & !models, true));
        }
        let is_needed = |k: &usize| {
            let own = &entries[*k];
            let beaten = |rest: &Fleet| rest.with(self, own).is_clearly_beaten(&best, self.slack(slack), slack);
            stands[*k] || !completions[&own.models()].iter().all(beaten)
        };
        asked.iter().copied().filter(is_needed).collect()
    }

    /// Misses are counted, not measured.
    fn slack(self, slack: f64) -> f64 {
        if matches!(self, Self::Misses(_)) { 0.0 } else { slack }
    }

    fn join(self) -> Join {
        if matches!(self, Self::WorstRatio) { Join::Greatest } else { Join::Sum }
    }

    /// The number that is to be small, over all sections.
    ///
    /// - `hoped`: what is undecided counts as met.
    fn objective(self, entry: &Entry<'_>, hoped: bool) -> f64 {
        match self {
            Self::WorstRatio => entry.runner.worst_ratio,
            Self::MeanLatency => entry.runner.latency_s.iter().sum(),
            Self::Late(level) => entry.runner.late[level] as f64,
            Self::Misses(dropped) => {
                let is_asked = |s: &&Standing| {
                    let model = Some(entry.candidate.models[s.place].0);
                    dropped.is_none_or(|d| d.criterion != s.criterion || d.model.is_some() && d.model != model)
                };
                let asked = entry.runner.criteria.iter().filter(is_asked);
                asked.filter(|s| !(s.passes || hoped && s.may_pass)).count() as f64
            }
        }
    }

    /// Units with their candidates, for a [`Combiner`].
    fn planes(self, entries: &[Entry<'_>], hoped: bool) -> Vec<Choices> {
        let mut units: Vec<Choices> = Vec::new();
        for (k, entry) in entries.iter().enumerate() {
            let point = (k, entry.runner.cost_usd.iter().sum(), self.objective(entry, hoped));
            match units.last_mut() {
                Some((models, points)) if *models == entry.models() => points.push(point),
                _ => units.push((entry.models(), vec![point])),
            }
        }
        units
    }

    /// The number of every section; none where sections have none.
    fn series<'a>(self, entry: &Entry<'a>) -> &'a [f64] {
        match self {
            Self::WorstRatio => &entry.runner.worst_ratios,
            Self::MeanLatency => &entry.runner.latency_s,
            Self::Late(_) | Self::Misses(_) => &[],
        }
    }
}

/// One entry a pool, together.
#[derive(Clone, Default)]
struct Fleet {
    cost: f64,
    cost_usd: Vec<f64>,
    objective: f64,
    /// The objective of every section; none where sections have none.
    objectives: Vec<f64>,
    /// Whether what is undecided counts as met.
    hoped: bool,
}

impl Fleet {
    fn of(of: Use, entries: &[Entry<'_>], chosen: &[usize], hoped: bool) -> Self {
        let none = Self { hoped, ..Self::default() };
        chosen.iter().fold(none, |fleet, k| fleet.with(of, &entries[*k]))
    }

    fn with(&self, of: Use, entry: &Entry<'_>) -> Self {
        let mut fleet = self.clone();
        fleet.objective = of.join().of(fleet.objective, of.objective(entry, self.hoped));
        join(&mut fleet.cost_usd, &entry.runner.cost_usd, Join::Sum);
        join(&mut fleet.objectives, of.series(entry), of.join());
        fleet.cost = fleet.cost_usd.iter().sum();
        fleet
    }

    /// Whether one of those that are cheaper and better is so clearly. Without slack only the middle one of them is asked:
    /// to ask all would find one by luck.
    ///
    /// - `best`: a frontier, cheapest first: objectives fall.
    /// - `slack`: shares of the objective and of the cost by which they may be worse.
    fn is_clearly_beaten(&self, best: &[Self], slack: f64, cost_slack: f64) -> bool {
        let first = best.partition_point(|other| other.objective > self.objective * (1.0 + slack));
        let better = &best[first..];
        let better = &better[..better.partition_point(|other| other.cost < self.cost * (1.0 + cost_slack))];
        let middle = better.len() / 2;
        let asked = if cost_slack > 0.0 { better } else { better.get(middle..=middle).unwrap_or_default() };
        let (cost_usd, objectives) = (times(&self.cost_usd, 1.0 + cost_slack), times(&self.objectives, 1.0 + slack));
        asked.iter().any(|other| {
            is_clearly_less(&other.cost_usd, &cost_usd)
                && (objectives.is_empty() || is_clearly_less(&other.objectives, &objectives))
        })
    }
}

fn times(values: &[f64], factor: f64) -> Vec<f64> {
    values.iter().map(|value| value * factor).collect()
}

/// Section by section.
fn join(sums: &mut Vec<f64>, more: &[f64], join: Join) {
    sums.resize(more.len(), 0.0);
    sums.iter_mut().zip(more).for_each(|(sum, more)| *sum = join.of(*sum, *more));
}

#[cfg(test)]
mod tests {
    use fleetfront_scenario::{Files, Scenario};

    use super::*;
    use crate::experiment::CellTask;

    /// The days differ, for all alike.
    fn runner(cost: f64, latency: f64) -> Runner {
        let days = |mean: f64| vec![mean - 0.05, mean + 0.025, mean, mean + 0.05, mean - 0.025];
        Runner {
            cost_usd: days(cost),
            latency_s: days(latency),
            p95_s: Vec::new(),
            worst_ratio: latency,
            worst_ratios: days(latency),
            criteria: Vec::new(),
            late: vec![(latency * 10.0) as u64],
        }
    }

    /// Two models, alone for 10 each, and what they cost together. Alone their fleet costs 20; its worst ratio is 1, and
    /// its latencies add up to 2.
    fn is_unneeded(cost: f64, latency: f64) -> bool {
        let scenario = Scenario::load(&Files::embedded()).expect("the embedded scenario is valid");
        let task = |unit: usize, models: &[(usize, usize)]| CellTask { unit, models: models.to_vec(), gpu: 3 };
        let tasks = [task(0, &[(0, 0)]), task(1, &[(1, 0)]), task(2, &[(0, 0), (1, 0)])];
        let candidates = tasks.map(|task| task.candidate(scenario.defaults.clone()));
        let runners = [runner(10.0, 1.0), runner(10.0, 1.0), runner(cost, latency)];
        let entries: Vec<Entry<'_>> =
            candidates.iter().zip(&runners).map(|(candidate, runner)| Entry { candidate, runner }).collect();
        let [false, false, shared] = unneeded(&entries, 2, 0.0)[..] else { panic!("who is alone is not asked") };
        shared
    }

    #[test]
    fn who_is_dearer_and_slower_than_being_apart_is_not_needed() {
        assert!(is_unneeded(30.0, 3.0));
    }

    #[test]
    fn who_is_cheaper_or_faster_than_being_apart_is_needed() {
        assert!(!is_unneeded(12.0, 5.0));
        assert!(!is_unneeded(30.0, 0.5));
        // Faster in the mean, though not at the worst.
        assert!(!is_unneeded(30.0, 1.5));
        // Within luck of being apart.
        assert!(!is_unneeded(20.01, 2.0));
    }
}
