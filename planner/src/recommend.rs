//! What to do instead: the cheapest fleet whose criteria pass, or the one that misses fewest.
//!
//! A criterion that the baseline does not meet itself is not held against a candidate: it is reported, it cannot rank.
//! What remains is counted: every (criterion, model) that is not shown to pass on the whole of its interval is a miss,
//! the fleet's cost criterion is one more. Misses add over models and costs add over pools, so the cheapest fleet for
//! each number of misses is found exactly, for each way of sharing pools, by adding units one after the other.

use fleetfront_scenario::Scenario;

use crate::criteria::{Criterion, Evidence, Judged, cost_of_sections, judge_model};
use crate::experiment::Candidate;
use crate::partition::Partitions;
use crate::study::Judgement;
use crate::tally::Subject;

/// A candidate with what counts against it.
pub(crate) struct Ranked<'a> {
    pub(crate) candidate: &'a Candidate,
    /// The criteria that it is not shown to meet and the baseline is.
    pub(crate) misses: Vec<Judged>,
    cost_usd: f64,
}

/// A criterion that is not held against anyone, to see what it costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Dropped {
    pub(crate) criterion: Criterion,
    /// For this model only; `None` for all and for the fleet.
    pub(crate) model: Option<usize>,
}

impl Dropped {
    fn covers(self, judged: &Judged) -> bool {
        self.criterion == judged.criterion && (self.model.is_none() || self.model == judged.model)
    }
}

/// One candidate a unit.
pub(crate) struct Fleet<'a> {
    pub(crate) chosen: Vec<&'a Ranked<'a>>,
    /// Everything that it misses, the dropped criterion excepted.
    pub(crate) misses: Vec<&'a Judged>,
    /// The cost criterion, where it is missed.
    pub(crate) cost_miss: Option<Judged>,
}

impl Fleet<'_> {
    pub(crate) fn count(&self) -> usize {
        self.misses.len() + usize::from(self.cost_miss.is_some())
    }

    /// Dollars of each section.
    pub(crate) fn cost_usd(&self) -> Vec<f64> {
        let mut sum = Vec::new();
        for ranked in &self.chosen {
            let cost = ranked.candidate.pool.cost_usd();
            sum.resize(cost.len(), 0.0);
            sum.iter_mut().zip(&cost).for_each(|(total, usd)| *total += usd);
        }
        sum
    }
}

/// The candidates of every unit, judged, and the ways of combining them.
pub(crate) struct Ranking<'a> {
    scenario: &'a Scenario,
    partitions: &'a Partitions,
    baseline: &'a Subject,
    /// One list a unit.
    units: Vec<Vec<Ranked<'a>>>,
}

impl<'a> Ranking<'a> {
    /// Judges every candidate against the baseline.
    ///
    /// - `evidence`: that of each model in the baseline, in the scenario's order; `baseline`: its fleet.
    pub(crate) fn new(
        scenario: &'a Scenario,
        partitions: &'a Partitions,
        candidates: &'a [Candidate],
        evidence: &[Evidence<'_>],
        baseline: &'a Subject,
    ) -> Self {
        let mut units: Vec<Vec<Ranked<'a>>> = partitions.units.iter().map(|_| Vec::new()).collect();
        for candidate in candidates.iter().filter(|candidate| !candidate.beaten) {
            let mut misses = Vec::new();
            for (place, (model, variant)) in candidate.models.iter().enumerate() {
                let subject = candidate.of_model(place);
                let own = Evidence::new(scenario, *model, (*variant, candidate.gpu), subject);
                misses.extend(judge_model(scenario, own, Some(evidence[*model])));
            }
            misses.retain(|judged| judged.result.judgement != Judgement::Pass && is_held(judged));
            let cost_usd = candidate.pool.cost_usd().iter().sum();
            units[candidate.unit].push(Ranked { candidate, misses, cost_usd });
        }
        Self { scenario, partitions, baseline, units }
    }

    /// The fleet with the fewest misses, the cheapest of those. `None` when a model has no candidate.
    pub(crate) fn best(&self, dropped: Option<Dropped>) -> Option<Fleet<'_>> {
        let fleets = self.partitions.covers.iter().flat_map(|cover| self.cheapest_by_misses(cover, dropped));
        let total = |fleet: &Fleet<'_>| fleet.chosen.iter().map(|ranked| ranked.cost_usd).sum::<f64>();
        fleets
            .flatten()
            .map(|chosen| self.fleet(chosen, dropped))
            .min_by(|a, b| a.count().cmp(&b.count()).then(total(a).total_cmp(&total(b))))
    }

    fn fleet<'r>(&'r self, chosen: Vec<&'r Ranked<'r>>, dropped: Option<Dropped>) -> Fleet<'r> {
        let held = |judged: &&Judged| dropped.is_none_or(|d| !d.covers(judged));
        let misses = chosen.iter().flat_map(|ranked| &ranked.misses).filter(held).collect();
        let mut fleet = Fleet { chosen, misses, cost_miss: None };
        let judged = cost_of_sections(&self.scenario.criteria, "fleet", &fleet.cost_usd(), &self.baseline.cost_usd());
        fleet.cost_miss = judged.filter(|own| own.result.judgement != Judgement::Pass && held(&own));
        fleet
    }

    /// Entry k: the cheapest choice of one candidate a unit with k misses in all, `None` where there is none.
    fn cheapest_by_misses(&self, cover: &[usize], dropped: Option<Dropped>) -> Vec<Option<Vec<&Ranked<'_>>>> {
        let cost = |chosen: &[&Ranked<'_>]| chosen.iter().map(|ranked| ranked.cost_usd).sum::<f64>();
        let mut table: Vec<Option<Vec<&Ranked<'_>>>> = vec![Some(Vec::new())];
        for unit in cover {
            let cheapest = cheapest_of_unit(&self.units[*unit], dropped);
            let mut next: Vec<Option<Vec<&Ranked<'_>>>> = vec![None; table.len() + cheapest.len()];
            for (already, chosen) in table.iter().enumerate() {
                for (more, ranked) in cheapest.iter().enumerate() {
                    let (Some(chosen), Some(ranked)) = (chosen, ranked) else { continue };
                    let longer: Vec<_> = chosen.iter().copied().chain([*ranked]).collect();
                    let place = &mut next[already + more];
                    if place.as_ref().is_none_or(|best| cost(&longer) < cost(best)) {
                        *place = Some(longer);
                    }
                }
            }
            table = next;
        }
        table
    }
}

/// Whether a criterion is held against candidates: the baseline meets it. Criteria that compare with the baseline have
/// no judgement of it; they always are.
pub(crate) fn is_held(judged: &Judged) -> bool {
    judged.result.baseline.is_none_or(|judgement| judgement == Judgement::Pass)
}

/// Entry k: the cheapest candidate with k misses.
fn cheapest_of_unit<'r>(candidates: &'r [Ranked<'r>], dropped: Option<Dropped>) -> Vec<Option<&'r Ranked<'r>>> {
    let mut cheapest: Vec<Option<&Ranked<'_>>> = Vec::new();
    for ranked in candidates {
        let misses = ranked.misses.iter().filter(|judged| dropped.is_none_or(|d| !d.covers(judged))).count();
        cheapest.resize(cheapest.len().max(misses + 1), None);
        if cheapest[misses].is_none_or(|best| ranked.cost_usd < best.cost_usd) {
            cheapest[misses] = Some(ranked);
        }
    }
    cheapest
}

#[cfg(test)]
impl Ranking<'_> {
    /// Misses and dollars of the best fleet, by trying all of them.
    pub(crate) fn brute_force(&self) -> (usize, f64) {
        let mut best = (usize::MAX, f64::INFINITY);
        for cover in &self.partitions.covers {
            let mut fleets: Vec<Vec<&Ranked<'_>>> = vec![Vec::new()];
            for unit in cover {
                let extend = |fleet: &Vec<_>| {
                    let fleet = fleet.clone();
                    self.units[*unit].iter().map(move |ranked| fleet.iter().copied().chain([ranked]).collect())
                };
                fleets = fleets.iter().flat_map(extend).collect();
            }
            for fleet in fleets.into_iter().map(|chosen| self.fleet(chosen, None)) {
                let found = (fleet.count(), fleet.cost_usd().iter().sum::<f64>());
                if found < best {
                    best = found;
                }
            }
        }
        best
    }
}
