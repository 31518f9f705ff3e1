//! The recommended fleet in words, and what stands in the way of a better one.

use fleetfront_scenario::{Allocation, LatencyReading, RECOMMENDED, Scenario};

use crate::coupled::plan;
use crate::criteria::{Criterion, Evidence, Judged, keeps_limit, ratio_words};
use crate::experiment::Candidate;
use crate::partition::Partitions;
use crate::points::{choice, choice_words};
use crate::recommend::{Dropped, Fleet, Ranking};
use crate::recommendation::{FreshDays, Obstacle, Recommendation};
use crate::study::{AllocationResult, CriterionResult, FleetPoint, Judgement};
use crate::verdict::FOR_INFORMATION;

/// The fleet as an allocation.
pub(crate) fn as_allocation(partitions: &Partitions, fleet: &Fleet<'_>) -> Allocation {
    let chosen: Vec<&Candidate> = fleet.chosen.iter().map(|ranked| ranked.candidate).collect();
    let description = "The cheapest of all simulated fleets among those that miss the fewest criteria.";
    plan(partitions, RECOMMENDED, description, &chosen)
}

/// - `ranking`: what the fleet was chosen from.
/// - `result`, `baseline`: the fleet and the baseline, simulated as allocations.
/// - `fresh_days`: the fleet on days that had no part in the choice.
/// - `a_month`: months over all sections' days.
pub(crate) fn recommendation(
    scenario: &Scenario,
    ranking: &Ranking<'_>,
    fleet: &Fleet<'_>,
    (result, baseline): (&AllocationResult, &AllocationResult),
    fresh_days: FreshDays,
    a_month: f64,
) -> Recommendation {
    let mut obstacles: Vec<Obstacle> =
        fleet.misses.iter().map(|judged| latency_obstacle(ranking, fleet, judged, a_month)).collect();
    obstacles.extend(fleet.cost_miss.as_ref().map(|judged| cost_obstacle(scenario, ranking, judged, a_month)));
    Recommendation {
        allocation: result.name.clone(),
        passes_all: fleet.count() == 0,
        headline: headline(fleet, result, baseline),
        fresh_days,
        rests_on: Vec::new(),
        obstacles,
    }
}

fn bill(fleet: &Fleet<'_>, a_month: f64) -> f64 {
    fleet.cost_usd().iter().sum::<f64>() * a_month
}

fn headline(fleet: &Fleet<'_>, result: &AllocationResult, baseline: &AllocationResult) -> String {
    let cost = |r: &AllocationResult| r.results.as_ref().map_or(f64::NAN, |m| m.fleet.cost_usd_month.value);
    let (of, to) = (cost(result), cost(baseline));
    let pools: Vec<String> = result.pools.iter().map(pool_words).collect();
    let missed: Vec<String> = fleet.misses.iter().copied().chain(&fleet.cost_miss).map(named).collect();
    let so = match missed.as_slice() {
        [] => format!("it meets whatever \"{}\" meets", baseline.name),
        [one] => format!(
            "held to what \"{}\" itself meets, it misses one criterion ({one}); no fleet misses none",
            baseline.name
        ),
        [first, others @ ..] => {
            let n = others.len();
            format!(
                "held to what \"{}\" itself meets, it misses {} criteria ({first} and {n} more); no fleet misses fewer",
                baseline.name,
                n + 1
            )
        }
    };
    let change = (of / to - 1.0) * 100.0;
    let also = missed_together(fleet, result);
    format!("Instead: {}. ${of:.0} a month ({change:+.0} % against ${to:.0}); {so}.{also}", pools.join(", "))
}

/// What the pools miss together, in one simulation, that they do not miss one by one: a quota or chains tie them.
fn missed_together(fleet: &Fleet<'_>, result: &AllocationResult) -> String {
    let is_known = |own: &CriterionResult| {
        let misses = fleet.misses.iter().copied().chain(&fleet.cost_miss);
        misses
            .into_iter()
            .any(|judged| (&judged.result.criterion, &judged.result.subject) == (&own.criterion, &own.subject))
    };
    let counts = |own: &&CriterionResult| {
        let ranked = own.subject != FLEET || own.criterion.starts_with("cost");
        let held = own.baseline.is_none_or(|judgement| judgement == Judgement::Pass);
        ranked && held && own.judgement != Judgement::Pass && own.note != FOR_INFORMATION && !is_known(own)
    };
    let more: Vec<String> =
        result.criteria.iter().filter(counts).map(|own| format!("{}, {}", own.criterion, own.subject)).collect();
    if more.is_empty() {
        return String::new();
    }
    format!(" That is what its pools promise one by one; simulated together it also misses: {}.", more.join("; "))
}

const FLEET: &str = "fleet";

fn pool_words(pool: &crate::study::PoolResult) -> String {
    let names: Vec<&str> = pool.models.iter().map(|(model, _)| model.as_str()).collect();
    let warm = match pool.settings.min_containers {
        0 => String::new(),
        n => format!(", {n} always warm"),
    };
    let shared = if names.len() > 1 { " in one pool" } else { "" };
    let window = pool.settings.scaledown_window.get();
    format!("{}{shared} on {} (window {window} s{warm})", names.join(" + "), pool.gpu)
}

/// The pools of a fleet that was not simulated as an allocation.
fn fleet_words(scenario: &Scenario, fleet: &Fleet<'_>) -> String {
    let words = fleet.chosen.iter().map(|ranked| choice_words(&choice(scenario, ranked.candidate)));
    words.collect::<Vec<_>>().join("; ")
}

/// What it costs to keep every limit, which the baseline does not: nobody was held to it.
///
/// - `frontier`: by worst ratio of p95 to limit, cheapest first.
/// - `baseline`: the evidence of each model in the baseline.
pub(crate) fn limit_obstacle(
    scenario: &Scenario,
    frontier: &[FleetPoint],
    baseline: &[Evidence<'_>],
) -> Option<Obstacle> {
    let criteria = &scenario.criteria;
    let asked = criteria.latency_limit && criteria.latency_readings.contains(&LatencyReading::EndToEnd);
    if !asked || baseline.iter().all(|evidence| keeps_limit(scenario, *evidence)) {
        return None;
    }
    let keeps = frontier.iter().find(|fleet| fleet.worst_p95_over_limit.high <= 1.0);
    let usd = keeps.map(|fleet| fleet.cost_usd_month.value);
    let relaxing_it = match keeps.zip(usd) {
        Some((fleet, usd)) => {
            format!(
                "asking for it costs ${usd:.0} a month or more ({}), as far as service times are known",
                fleet.label
            )
        }
        None => "no simulated fleet reaches it".to_owned(),
    };
    Some(Obstacle {
        criterion: "every model: end-to-end p95 below its limit".to_owned(),
        why: "not asked of the recommendation, because the baseline does not meet it either".to_owned(),
        usd_month_otherwise: usd,
        relaxing_it,
    })
}

fn latency_obstacle(ranking: &Ranking<'_>, fleet: &Fleet<'_>, judged: &Judged, a_month: f64) -> Obstacle {
    let dropped = Dropped { criterion: judged.criterion, model: judged.model };
    let now = bill(fleet, a_month);
    let without = ranking.best(Some(dropped)).map(|fleet| bill(&fleet, a_month));
    let without = without.filter(|usd| (usd - now).abs() > 0.005 * now);
    let relaxing_it = match without {
        Some(usd) => format!("without it the best fleet costs ${usd:.0} a month instead of ${now:.0}"),
        None => "dropping it would not change the choice".to_owned(),
    };
    obstacle(judged, without, relaxing_it)
}

/// What has to be given up for the cost criterion to be met.
fn cost_obstacle(scenario: &Scenario, ranking: &Ranking<'_>, judged: &Judged, a_month: f64) -> Obstacle {
    let mut rivals = vec![
        (Criterion::LimitWarm, "the limit on the warm service time".to_owned()),
        (Criterion::LimitEndToEnd, "the limit on the end-to-end p95".to_owned()),
        (Criterion::Success, "the success rate".to_owned()),
    ];
    if let Some(target) = scenario.criteria.latency_ratio_max {
        rivals.push((Criterion::RatioWarm, ratio_words(LatencyReading::WarmService, target)));
        rivals.push((Criterion::RatioEndToEnd, ratio_words(LatencyReading::EndToEnd, target)));
    }
    let mut ways: Vec<(f64, String)> = Vec::new();
    for (criterion, words) in rivals {
        let fleet = ranking.best(Some(Dropped { criterion, model: None }));
        if let Some(fleet) = fleet.filter(|fleet| fleet.cost_miss.is_none()) {
            let usd = bill(&fleet, a_month);
            let others = match fleet.count() {
                0 => String::new(),
                n => format!(", still missing {n} others"),
            };
            let pools = fleet_words(scenario, &fleet);
            ways.push((usd, format!("giving up \"{words}\" meets it at ${usd:.0} a month{others} ({pools})")));
        }
    }
    ways.sort_by(|a, b| a.0.total_cmp(&b.0));
    let relaxing_it = match ways.as_slice() {
        [] => "no other criterion, given up by itself, makes room for it".to_owned(),
        ways => ways.iter().map(|(_, words)| words.as_str()).collect::<Vec<_>>().join("; "),
    };
    obstacle(judged, ways.first().map(|(usd, _)| *usd), relaxing_it)
}

fn obstacle(judged: &Judged, usd_month_otherwise: Option<f64>, relaxing_it: String) -> Obstacle {
    Obstacle { criterion: named(judged), why: why(judged), usd_month_otherwise, relaxing_it }
}

fn named(judged: &Judged) -> String {
    format!("{}: {}", judged.result.subject, judged.result.criterion)
}

/// What a subject does with a criterion.
pub(crate) fn verb(judgement: Judgement) -> &'static str {
    match judgement {
        Judgement::Fail => "fails",
        Judgement::Undecided => "is undecided",
        Judgement::Pass => "passes",
    }
}

fn why(judged: &Judged) -> String {
    let result = &judged.result;
    let (value, low, high) = (result.value.value, result.value.low, result.value.high);
    let digits = if value.abs() < 10.0 { 2 } else { 1 };
    let found = format!("{value:.digits$} {} ({low:.digits$} to {high:.digits$})", result.unit);
    let word = verb(result.judgement);
    let note = if result.note.is_empty() { String::new() } else { format!("; {}", result.note) };
    format!("{word}: {found}{note}")
}
