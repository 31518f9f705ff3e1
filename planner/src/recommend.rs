//! What to do instead: the cheapest fleet of own pools whose criteria pass, or the one that misses fewest.
//!
//! A criterion that the baseline does not meet itself is not held against a candidate: it is reported, it cannot rank.
//! What remains is counted: every (criterion, model) that is not shown to pass on the whole of its interval is a miss,
//! the fleet's cost criterion is one more. Misses add over models and costs add over pools, so the cheapest fleet for
//! each number of misses is found exactly by adding models one after the other.

use fleetfront_scenario::Scenario;

use crate::criteria::{Criterion, Evidence, Judged, cost_of_sections, judge_model};
use crate::experiment::Candidate;
use crate::study::Judgement;
use crate::tally::Subject;

/// A candidate with what counts against it.
pub(crate) struct Ranked<'a> {
    pub(crate) candidate: &'a Candidate,
    /// The criteria that it is not shown to meet and the baseline is.
    pub(crate) misses: Vec<Judged>,
    cost_usd: f64,
}

/// One candidate a model, in the scenario's order.
pub(crate) struct Fleet<'a> {
    pub(crate) chosen: Vec<&'a Ranked<'a>>,
    /// The cost criterion, where it is not met.
    pub(crate) cost_miss: Option<Judged>,
}

impl Fleet<'_> {
    pub(crate) fn misses(&self) -> usize {
        self.chosen.iter().map(|r| r.misses.len()).sum::<usize>() + usize::from(self.cost_miss.is_some())
    }

    /// Dollars of each section.
    pub(crate) fn cost_usd(&self) -> Vec<f64> {
        let mut sum = Vec::new();
        for ranked in &self.chosen {
            let cost = ranked.candidate.subject.cost_usd();
            sum.resize(cost.len(), 0.0);
            sum.iter_mut().zip(&cost).for_each(|(total, usd)| *total += usd);
        }
        sum
    }
}

/// Judges every candidate against the baseline. One list a model, in the scenario's order.
///
/// - `baseline`: the evidence of each model in the baseline, in the scenario's order.
pub(crate) fn rank<'a>(
    scenario: &'a Scenario,
    candidates: &'a [Candidate],
    baseline: &[Evidence<'_>],
) -> Vec<Vec<Ranked<'a>>> {
    let mut models: Vec<Vec<Ranked<'a>>> = scenario.models.iter().map(|_| Vec::new()).collect();
    for candidate in candidates {
        let place = (candidate.variant, candidate.gpu);
        let evidence = Evidence::new(scenario, candidate.model, place, &candidate.subject);
        let mut misses = judge_model(scenario, evidence, Some(baseline[candidate.model]));
        misses.retain(|judged| judged.result.judgement != Judgement::Pass && baseline_meets(judged));
        let cost_usd = candidate.subject.cost_usd().iter().sum();
        models[candidate.model].push(Ranked { candidate, misses, cost_usd });
    }
    models
}

/// Criteria that compare with the baseline have no judgement of it: they are always held against a candidate.
fn baseline_meets(judged: &Judged) -> bool {
    judged.result.baseline.is_none_or(|judgement| judgement == Judgement::Pass)
}

/// The fleet with the fewest misses, the cheapest of those. `None` when a model has no candidate.
///
/// - `dropped`: a criterion of a model (`None`: of the fleet) that is not held against anyone, to see what it costs.
pub(crate) fn best<'a>(
    scenario: &Scenario,
    models: &'a [Vec<Ranked<'a>>],
    baseline: &Subject,
    dropped: Option<(Criterion, Option<usize>)>,
) -> Option<Fleet<'a>> {
    let mut by_misses = cheapest_by_misses(models, dropped);
    let mut fleets: Vec<Fleet<'a>> = Vec::new();
    for chosen in by_misses.drain(..).flatten() {
        let mut fleet = Fleet { chosen, cost_miss: None };
        if dropped != Some((Criterion::Cost, None)) {
            let judged = cost_of_sections(&scenario.criteria, "fleet", &fleet.cost_usd(), &baseline.cost_usd());
            fleet.cost_miss = judged.filter(|j| j.result.judgement != Judgement::Pass);
        }
        fleets.push(fleet);
    }
    let counted = |fleet: &Fleet<'_>| {
        let own: usize = fleet.chosen.iter().map(|r| misses_without(r, dropped)).sum();
        own + usize::from(fleet.cost_miss.is_some())
    };
    let total = |fleet: &Fleet<'_>| fleet.chosen.iter().map(|r| r.cost_usd).sum::<f64>();
    fleets.into_iter().min_by(|a, b| counted(a).cmp(&counted(b)).then(total(a).total_cmp(&total(b))))
}

fn misses_without(ranked: &Ranked<'_>, dropped: Option<(Criterion, Option<usize>)>) -> usize {
    let held = |judged: &&Judged| dropped != Some((judged.criterion, Some(ranked.candidate.model)));
    ranked.misses.iter().filter(held).count()
}

/// Entry k: the cheapest choice of one candidate a model with k misses in all, `None` where there is none.
fn cheapest_by_misses<'a>(
    models: &'a [Vec<Ranked<'a>>],
    dropped: Option<(Criterion, Option<usize>)>,
) -> Vec<Option<Vec<&'a Ranked<'a>>>> {
    let cost = |chosen: &[&Ranked<'_>]| chosen.iter().map(|r| r.cost_usd).sum::<f64>();
    let mut table: Vec<Option<Vec<&'a Ranked<'a>>>> = vec![Some(Vec::new())];
    for candidates in models {
        let mut cheapest: Vec<Option<&Ranked<'_>>> = Vec::new();
        for ranked in candidates {
            let misses = misses_without(ranked, dropped);
            cheapest.resize(cheapest.len().max(misses + 1), None);
            if cheapest[misses].is_none_or(|best| ranked.cost_usd < best.cost_usd) {
                cheapest[misses] = Some(ranked);
            }
        }
        let mut next: Vec<Option<Vec<&'a Ranked<'a>>>> = vec![None; table.len() + cheapest.len()];
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
