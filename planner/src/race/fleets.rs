//! Settings of shared pools that no fleet needs.
//!
//! Models can share pools in many ways, and most ways lose. So a setting of a shared pool is held not only against others
//! of the same models, but, completed in the best way to a fleet, against the best fleets there are: where it is clearly
//! beaten however it is completed, for whatever fleets are chosen for, it leaves.

use crate::combined::{Combiner, Join};
use crate::criteria::Criterion;
use crate::experiment::Candidate;
use crate::recommend::Dropped;

use super::{Runner, is_clearly_less};

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
    /// Criteria missed, one of them possibly not asked.
    Misses(Option<Dropped>),
}

/// Which of the entries no fleet needs; only those of shared pools are asked.
///
/// - `models`: how many there are.
pub(super) fn unneeded(entries: &[Entry<'_>], models: usize) -> Vec<bool> {
    let shared: Vec<usize> = (0..entries.len()).filter(|k| entries[*k].candidate.models.len() > 1).collect();
    let mut is_unneeded = vec![false; entries.len()];
    if models >= u64::BITS as usize {
        return is_unneeded;
    }
    shared.iter().for_each(|k| is_unneeded[*k] = true);
    let everything = (1u64 << models) - 1;
    for of in uses(entries) {
        let asked: Vec<usize> = shared.iter().copied().filter(|k| is_unneeded[*k]).collect();
        if asked.is_empty() {
            break;
        }
        // What a setting may come to, and what the best fleets come to for sure.
        let mut hoped = Combiner::new(of.join(), &of.planes(entries, true));
        let mut sure = Combiner::new(of.join(), &of.planes(entries, false));
        let best: Vec<Fleet> =
            sure.frontier(everything).iter().map(|fleet| Fleet::of(of, entries, &fleet.chosen, false)).collect();
        for k in asked {
            let completions = hoped.frontier(everything & !entries[k].models());
            let is_beaten = |rest: &[usize]| {
                let chosen: Vec<usize> = rest.iter().copied().chain([k]).collect();
                let fleet = Fleet::of(of, entries, &chosen, true);
                best.iter().any(|other| other.clearly_beats(&fleet))
            };
            is_unneeded[k] = completions.iter().all(|rest| is_beaten(&rest.chosen));
        }
    }
    is_unneeded
}

/// Everything that fleets are chosen for, what is asked for most first.
fn uses(entries: &[Entry<'_>]) -> Vec<Use> {
    let mut uses = vec![Use::WorstRatio, Use::MeanLatency, Use::Misses(None)];
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
            Self::Misses(dropped) => {
                let is_asked = |s: &super::Standing| {
                    let model = Some(entry.candidate.models[s.place].0);
                    dropped.is_none_or(|d| d.criterion != s.criterion || d.model.is_some() && d.model != model)
                };
                let asked = entry.runner.criteria.iter().filter(|s| is_asked(s));
                asked.filter(|s| !(s.passes || hoped && s.may_pass)).count() as f64
            }
        }
    }

    /// Units with their candidates, for a [`Combiner`].
    fn planes(self, entries: &[Entry<'_>], hoped: bool) -> Vec<(u64, Vec<(usize, f64, f64)>)> {
        let mut units: Vec<(u64, Vec<(usize, f64, f64)>)> = Vec::new();
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
            Self::Misses(_) => &[],
        }
    }
}

/// One entry a pool, together.
struct Fleet {
    cost_usd: Vec<f64>,
    objective: f64,
    /// The objective of every section; none where sections have none.
    objectives: Vec<f64>,
}

impl Fleet {
    fn of(of: Use, entries: &[Entry<'_>], chosen: &[usize], hoped: bool) -> Self {
        let mut fleet = Self { cost_usd: Vec::new(), objective: 0.0, objectives: Vec::new() };
        for entry in chosen.iter().map(|k| &entries[*k]) {
            fleet.objective = of.join().of(fleet.objective, of.objective(entry, hoped));
            join(&mut fleet.cost_usd, &entry.runner.cost_usd, Join::Sum);
            join(&mut fleet.objectives, of.series(entry), of.join());
        }
        fleet
    }

    fn clearly_beats(&self, other: &Self) -> bool {
        self.objective <= other.objective
            && is_clearly_less(&self.cost_usd, &other.cost_usd)
            && (self.objectives.is_empty() || is_clearly_less(&self.objectives, &other.objectives))
    }
}

/// Section by section.
fn join(sums: &mut Vec<f64>, more: &[f64], join: Join) {
    sums.resize(more.len(), 0.0);
    sums.iter_mut().zip(more).for_each(|(sum, more)| *sum = join.of(*sum, *more));
}
