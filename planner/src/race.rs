//! The race of a grid's settings. All start with few trials. A setting leaves when others of its unit clearly beat it
//! in whatever it could be chosen for: it would stand on no frontier and in no recommendation. So most trials go where
//! the answer is open.
//!
//! Racing (O. Maron and A. W. Moore 1994, *Hoeffding races*; M. Birattari and others 2002, *A racing algorithm for
//! configuring metaheuristics*), on the same requests: differences are paired, so few trials tell most settings apart.

use std::ops::{Range, RangeInclusive};

use fleetfront_scenario::Scenario;
use rayon::prelude::*;

mod fleets;

use fleets::{Entry, unneeded};

use crate::criteria::{Criterion, Evidence, Judged, judge_model};
use crate::experiment::Candidate;
use crate::lateness::{is_outdone, late, levels};
use crate::partition::Partitions;
use crate::recommend::is_held;
use crate::statistics::t_factor;
use crate::study::Judgement;
use crate::tally::P95;

/// Trials of the first round: five weeks, a section each, so that it costs little to see who is far behind.
const PILOT: u32 = 35;
/// Sections of the study that the second round knows; the first one's, where there are that few.
const FIRST: usize = 5;
/// Each round knows so many times the sections of the one before it.
const GROWTH: usize = 3;
/// How sure it must be that one setting is better than another (two-sided).
const CONFIDENCE: f64 = 0.99;

/// The sections that are known at the end of each round; the last knows all of the study's. With few there is one round.
pub(crate) fn rounds(sections: &[Range<u32>], weekly: bool) -> Vec<Vec<Range<u32>>> {
    let growing = std::iter::successors(Some(FIRST), |known| Some(known * GROWTH));
    let growing: Vec<usize> = growing.take_while(|known| 2 * known <= sections.len()).collect();
    let pilot = growing.first().filter(|known| sections[**known - 1].end >= 2 * PILOT);
    let pilot = pilot.map(|_| crate::sections::sections(PILOT, weekly));
    let known = growing.into_iter().chain([sections.len()]).map(|known| sections[..known].to_vec());
    pilot.into_iter().chain(known).collect()
}

/// Marks the settings that others of their unit clearly beat.
///
/// - `baseline`: the evidence of each model there, in the scenario's order.
pub(crate) fn mark_beaten(
    scenario: &Scenario,
    partitions: &Partitions,
    baseline: &[Evidence<'_>],
    cells: &mut [Vec<Candidate>],
) {
    // Of clients who wait not all settings have the same requests: counts of late ones say nothing then, nor is asked for
    // the percentile of all requests.
    let waits = scenario.traffic.models.iter().any(|model| model.process.waits_for_answers());
    let levels = if waits { RangeInclusive::new(1, 0) } else { levels(partitions, cells) };
    let slack = fleets::slack(cells);
    let racing: Vec<&Candidate> = cells.iter().flatten().filter(|candidate| !candidate.beaten).collect();
    let runner = |candidate: &&Candidate| Runner::of(scenario, baseline, &levels, candidate);
    let runners: Vec<Runner> = racing.par_iter().map(runner).collect();
    let entries: Vec<Entry<'_>> =
        racing.iter().zip(&runners).map(|(candidate, runner)| Entry { candidate, runner }).collect();
    // Candidates come unit by unit.
    let units: Vec<&[Entry<'_>]> = entries.chunk_by(|a, b| a.candidate.unit == b.candidate.unit).collect();
    let of_units: Vec<Vec<bool>> = units
        .par_iter()
        .with_max_len(1)
        .map(|unit| beaten(&unit.iter().map(|entry| entry.runner).collect::<Vec<_>>()))
        .collect();
    let mut is_beaten: Vec<bool> = of_units.into_iter().flatten().collect();
    let stay: Vec<usize> = (0..entries.len()).filter(|k| !is_beaten[*k]).collect();
    let left: Vec<Entry<'_>> = stay.iter().map(|k| entries[*k]).collect();
    for (k, unneeded) in stay.into_iter().zip(unneeded(&left, scenario.models.len(), slack)) {
        is_beaten[k] = unneeded;
    }
    drop(entries);
    let racing = cells.iter_mut().flatten().filter(|candidate| !candidate.beaten);
    racing.zip(is_beaten).for_each(|(candidate, beaten)| candidate.beaten = beaten);
}

/// Which of them the others beat.
fn beaten(runners: &[&Runner]) -> Vec<bool> {
    let mut is_beaten = vec![false; runners.len()];
    // The cheapest first: only those before it can beat one.
    let mut order: Vec<usize> = (0..runners.len()).collect();
    let total = |k: &usize| runners[*k].cost_usd.iter().sum::<f64>();
    order.sort_by(|a, b| total(a).total_cmp(&total(b)));
    let mut leaders: Vec<&Runner> = Vec::new();
    for k in order {
        let own = runners[k];
        let cheaper: Vec<&Runner> =
            leaders.iter().copied().filter(|leader| is_clearly_less(&leader.cost_usd, &own.cost_usd)).collect();
        is_beaten[k] = cheaper.iter().any(|leader| is_clearly_less(&leader.latency_s, &own.latency_s))
            && cheaper.iter().any(|leader| leader.has_lower_p95s_than(own))
            && cheaper.iter().any(|leader| leader.meets_what_may_meet(own))
            && is_outdone(&own.late, &cheaper.iter().map(|leader| &leader.late[..]).collect::<Vec<_>>());
        if !is_beaten[k] {
            leaders.push(own);
        }
    }
    is_beaten
}

/// What a setting is chosen for.
struct Runner {
    /// One number a section: dollars, and seconds in the system.
    cost_usd: Vec<f64>,
    latency_s: Vec<f64>,
    /// Each model's p95, one number a section.
    p95_s: Vec<Vec<f64>>,
    /// The greatest ratio of a model's p95 to its limit: over all sections, and in each.
    worst_ratio: f64,
    worst_ratios: Vec<f64>,
    criteria: Vec<Standing>,
    /// How many of all its requests are late, at each level where the percentiles of fleets may lie.
    late: Vec<u64>,
}

/// How a setting stands with a criterion of one model.
#[derive(Clone, Copy)]
struct Standing {
    /// Place of the model.
    place: usize,
    criterion: Criterion,
    /// Whether it is shown to be met, and whether it may be when more is known.
    passes: bool,
    may_pass: bool,
    /// What has to be low enough: the upper end of a time or ratio, and of the share of late requests; the share of
    /// requests that fail.
    upper: f64,
    upper_late: f64,
}

impl Runner {
    fn of(
        scenario: &Scenario,
        baseline: &[Evidence<'_>],
        levels: &RangeInclusive<usize>,
        candidate: &Candidate,
    ) -> Self {
        let places = || candidate.models.iter().enumerate();
        let of_model = |(place, (model, variant)): (usize, &(usize, usize))| {
            let subject = candidate.of_model(place);
            let own = Evidence::new(scenario, *model, (*variant, candidate.gpu), subject);
            let judged = judge_model(scenario, own, Some(baseline[*model])).into_iter().filter(is_held);
            let upper_late = subject.late_share().high;
            judged.map(|judged| Standing::of(place, &judged, upper_late)).collect::<Vec<_>>()
        };
        let limit_s = |model: usize| scenario.models[model].latency_limit_s.get();
        let p95_s: Vec<Vec<f64>> =
            places().map(|(place, _)| candidate.of_model(place).each(|t| t.percentiles_s[P95])).collect();
        let worst = |ratio: &dyn Fn(usize, usize) -> f64| {
            places().map(|(place, (model, _))| ratio(place, *model)).fold(0.0, f64::max)
        };
        Self {
            cost_usd: candidate.pool.cost_usd(),
            latency_s: candidate.pool.each(|t| t.latency_s),
            worst_ratio: worst(&|place, model| candidate.of_model(place).percentiles_s[P95] / limit_s(model)),
            worst_ratios: (0..candidate.pool.sections.len())
                .map(|section| worst(&|place, model| p95_s[place][section] / limit_s(model)))
                .collect(),
            p95_s,
            criteria: places().flat_map(of_model).collect(),
            late: late(candidate, levels),
        }
    }

    fn has_lower_p95s_than(&self, other: &Self) -> bool {
        self.p95_s.iter().zip(&other.p95_s).all(|(own, others)| is_clearly_less(own, others))
    }

    /// Whether it meets, or comes closer to, each criterion that the other one may meet in the end.
    fn meets_what_may_meet(&self, other: &Self) -> bool {
        let stands_in = |(own, others): (&Standing, &Standing)| {
            let is_faster = || is_clearly_less(&self.p95_s[own.place], &other.p95_s[own.place]);
            !others.may_pass || own.passes || own.is_closer_than(others) && is_faster()
        };
        self.criteria.iter().zip(&other.criteria).all(stands_in)
    }
}

impl Standing {
    fn of(place: usize, judged: &Judged, upper_late: f64) -> Self {
        let Judged { criterion, result, .. } = judged;
        let passes = result.judgement == Judgement::Pass;
        // More trials narrow what luck leaves open, and nothing else.
        let is_luck = matches!(criterion, Criterion::RatioEndToEnd | Criterion::LimitEndToEnd | Criterion::Success);
        let is_open = result.judgement == Judgement::Undecided && is_luck && !judged.is_for_want_of_measurements();
        let upper = if *criterion == Criterion::Success { -result.value.low } else { result.value.high };
        Self { place, criterion: *criterion, passes, may_pass: passes || is_open, upper, upper_late }
    }

    fn is_closer_than(&self, other: &Self) -> bool {
        debug_assert_eq!(self.criterion, other.criterion, "criteria are judged in one order");
        self.may_pass && self.upper <= other.upper && self.upper_late <= other.upper_late
    }
}

/// Whether the first is less, by a paired t test over the sections.
fn is_clearly_less(own: &[f64], others: &[f64]) -> bool {
    let differences: Vec<f64> = own.iter().zip(others).map(|(a, b)| a - b).collect();
    let n = differences.len() as f64;
    let mean = differences.iter().sum::<f64>() / n;
    let variance = differences.iter().map(|d| (d - mean).powi(2)).sum::<f64>() / (n - 1.0);
    mean < 0.0 && -mean > t_factor(differences.len(), CONFIDENCE) * (variance / n).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runner(cost_usd: f64, latency_s: f64, p95_s: f64) -> Runner {
        // The days differ, for all alike.
        let days = |mean: f64| vec![mean - 0.5, mean + 0.25, mean, mean + 0.5, mean - 0.25];
        Runner {
            cost_usd: days(cost_usd),
            latency_s: days(latency_s),
            p95_s: vec![days(p95_s)],
            worst_ratio: p95_s / 30.0,
            worst_ratios: days(p95_s).iter().map(|p95_s| p95_s / 30.0).collect(),
            criteria: vec![standing(true, p95_s)],
            late: vec![],
        }
    }

    fn standing(may_pass: bool, upper: f64) -> Standing {
        let criterion = Criterion::LimitEndToEnd;
        Standing { place: 0, criterion, passes: false, may_pass, upper, upper_late: 0.0 }
    }

    #[test]
    fn rounds_grow_and_the_last_knows_everything() {
        let known = |trials: u32| {
            let sections = crate::sections::sections(trials, true);
            let rounds = rounds(&sections, true);
            assert_eq!(rounds.last(), Some(&sections));
            rounds.iter().map(|known| (known.len(), known[known.len() - 1].end)).collect::<Vec<_>>()
        };
        assert_eq!(known(1050), [(5, 35), (5, 105), (15, 315), (50, 1050)]);
        assert_eq!(known(203), [(5, 35), (29, 203)]);
        assert_eq!((known(63), known(14)), (vec![(9, 63)], vec![(2, 14)]));
    }

    #[test]
    fn who_is_worse_in_everything_leaves_though_no_single_rival_is_better_in_everything() {
        let (quick_mean, quick_p95, worse) =
            (runner(10.0, 5.0, 50.0), runner(11.0, 9.0, 20.0), runner(12.0, 6.0, 30.0));
        assert_eq!(beaten(&[&quick_mean, &quick_p95, &worse]), [false, false, true]);
    }

    #[test]
    fn who_is_best_at_something_stays() {
        for best in [runner(9.0, 6.0, 30.0), runner(12.0, 4.0, 30.0), runner(12.0, 6.0, 19.0)] {
            assert_eq!(beaten(&[&runner(10.0, 5.0, 20.0), &best]), [false, false]);
        }
        // Nor does it leave because of a difference that could be luck.
        let mut lucky = runner(10.0, 5.0, 20.0);
        lucky.cost_usd = vec![8.0, 12.5, 9.0, 12.8, 8.7];
        assert_eq!(beaten(&[&lucky, &runner(12.0, 6.0, 30.0)]), [false, false]);
    }

    #[test]
    fn who_may_meet_a_criterion_stays_unless_another_does_too() {
        let beats = |ours: Standing, theirs: Standing| {
            let (mut own, mut other) = (runner(10.0, 5.0, 20.0), runner(12.0, 6.0, 30.0));
            (own.criteria, other.criteria) = (vec![ours], vec![theirs]);
            beaten(&[&own, &other])[1]
        };
        assert!(beats(standing(true, 20.0), standing(true, 30.0)));
        assert!(!beats(standing(false, 20.0), standing(true, 30.0)));
        assert!(!beats(standing(true, 31.0), standing(true, 30.0)));
        assert!(!beats(Standing { upper_late: 0.1, ..standing(true, 20.0) }, standing(true, 30.0)));
        assert!(beats(Standing { passes: true, ..standing(true, 31.0) }, standing(true, 30.0)));
        assert!(beats(standing(false, 31.0), standing(false, 30.0)));
    }
}
