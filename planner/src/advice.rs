//! The recommended fleet in words, and what stands in the way of a better one.

use std::collections::BTreeSet;

use fleetfront_scenario::{Allocation, PoolPlan, Scenario};

use crate::criteria::{Criterion, Judged};
use crate::recommend::{Fleet, Ranked, best};
use crate::study::{AllocationResult, Judgement, Obstacle, Recommendation};
use crate::tally::Subject;

/// The name of the recommended allocation.
pub(crate) const RECOMMENDED: &str = "recommended";

/// The fleet as an allocation: every model in a pool of its own.
pub(crate) fn as_allocation(scenario: &Scenario, fleet: &Fleet<'_>) -> Allocation {
    let pool = |ranked: &&Ranked<'_>| {
        let candidate = ranked.candidate;
        PoolPlan {
            name: scenario.models[candidate.model].name.clone(),
            gpu: candidate.gpu,
            models: vec![(candidate.model, candidate.variant)],
            settings: candidate.settings.clone(),
        }
    };
    Allocation {
        name: RECOMMENDED.to_owned(),
        description: "The cheapest of all simulated fleets of own pools that misses the fewest criteria.".to_owned(),
        pools: fleet.chosen.iter().map(pool).collect(),
    }
}

/// - `models`: the ranked candidates that the fleet was chosen from.
/// - `result`: the fleet, simulated as an allocation.
pub(crate) fn recommendation<'a>(
    scenario: &Scenario,
    models: &'a [Vec<Ranked<'a>>],
    fleet: &Fleet<'a>,
    result: &AllocationResult,
    baseline: (&AllocationResult, &Subject),
) -> Recommendation {
    let obstacles = obstacles(scenario, models, fleet, baseline.1);
    let passes_all = fleet.misses() == 0;
    Recommendation {
        allocation: result.name.clone(),
        passes_all,
        headline: headline(fleet, result, baseline.0, passes_all),
        obstacles,
    }
}

fn headline(fleet: &Fleet<'_>, result: &AllocationResult, baseline: &AllocationResult, passes_all: bool) -> String {
    let cost = |r: &AllocationResult| r.results.as_ref().map_or(f64::NAN, |m| m.fleet.cost_usd_month.value);
    let (of, to) = (cost(result), cost(baseline));
    let pools: Vec<String> = result
        .pools
        .iter()
        .map(|pool| {
            let warm = match pool.settings.min_containers {
                0 => String::new(),
                n => format!(", {n} warm"),
            };
            format!("{} on {} ({} s{warm})", pool.name, pool.gpu, pool.settings.scaledown_window.get())
        })
        .collect();
    let so = if passes_all {
        "meets every criterion that the baseline meets".to_owned()
    } else {
        format!("misses {} of them, fewer than any other", fleet.misses())
    };
    let change = (of / to - 1.0) * 100.0;
    format!("Instead: {}: ${of:.0} a month ({change:+.0} % against ${to:.0}); it {so}.", pools.join(", "))
}

/// Every criterion that the fleet misses, and what dropping it would buy.
fn obstacles<'a>(
    scenario: &Scenario,
    models: &'a [Vec<Ranked<'a>>],
    fleet: &Fleet<'a>,
    baseline: &Subject,
) -> Vec<Obstacle> {
    let a_month = scenario.platform.days_per_month / baseline.each(|t| t.days).iter().sum::<f64>();
    let bill = |fleet: &Fleet<'_>| fleet.cost_usd().iter().sum::<f64>() * a_month;
    let own = fleet.chosen.iter().flat_map(|r| r.misses.iter().map(|judged| (Some(r.candidate.model), judged)));
    let mut seen: BTreeSet<(Criterion, Option<usize>)> = BTreeSet::new();
    let mut obstacles = Vec::new();
    for (model, judged) in own.chain(fleet.cost_miss.iter().map(|judged| (None, judged))) {
        if !seen.insert((judged.criterion, model)) {
            continue;
        }
        let without = best(scenario, models, baseline, Some((judged.criterion, model)));
        let without = without.map(|f| bill(&f)).filter(|usd| (usd - bill(fleet)).abs() > 0.005 * bill(fleet));
        let relaxing_it = match without {
            Some(usd) => format!("without it the best fleet costs ${usd:.0} a month instead of ${:.0}", bill(fleet)),
            None => "dropping it would not change the choice".to_owned(),
        };
        obstacles.push(Obstacle {
            criterion: format!("{}: {}", judged.result.subject, judged.result.criterion),
            why: why(judged),
            usd_month_without_it: without,
            relaxing_it,
        });
    }
    obstacles
}

fn why(judged: &Judged) -> String {
    let result = &judged.result;
    let (value, low, high) = (result.value.value, result.value.low, result.value.high);
    let found = format!("{value:.2} {} ({low:.2} to {high:.2})", result.unit);
    let word = match result.judgement {
        Judgement::Fail => "fails",
        Judgement::Undecided => "is undecided",
        Judgement::Pass => "passes",
    };
    let note = if result.note.is_empty() { String::new() } else { format!("; {}", result.note) };
    format!("{word}: {found}{note}")
}
