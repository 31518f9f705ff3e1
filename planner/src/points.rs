//! The grid's candidates as they are reported, and the fleets combined of them.

use fleetfront_calibration::Kind;
use fleetfront_scenario::Scenario;

use crate::engine_pool::{cell, fits};
use crate::estimate::{Estimate, ratio};
use crate::experiment::Candidate;
use crate::frontier::{combine_sum, combine_worst, pareto};
use crate::partition::Partitions;
use crate::study::{Choice, FleetPoint, Frontier, Point};
use crate::tally::{P95, Tally};

/// Every candidate with its metrics.
pub(crate) fn points(scenario: &Scenario, partitions: &Partitions, candidates: &[Candidate]) -> Vec<Point> {
    let mut points: Vec<Point> = candidates.iter().map(|candidate| point(scenario, candidate)).collect();
    for unit in 0..partitions.units.len() {
        let in_race = |k: &usize| candidates[*k].unit == unit && !candidates[*k].beaten;
        let own: Vec<usize> = (0..candidates.len()).filter(in_race).collect();
        let plane = |k: &usize| (points[*k].metrics.cost_usd_month.value, points[*k].p95_over_limit.value);
        let coordinates: Vec<(f64, f64)> = own.iter().map(plane).collect();
        for k in pareto(&coordinates) {
            points[own[k]].on_model_frontier = true;
        }
    }
    points
}

fn point(scenario: &Scenario, candidate: &Candidate) -> Point {
    Point {
        choice: choice(scenario, candidate),
        trials: candidate.trials,
        metrics: candidate.pool.metrics(scenario.platform.days_per_month),
        p95_over_limit: p95_over_limit(scenario, candidate),
        on_model_frontier: false,
    }
}

/// The setting of a candidate, by name; names of models that share the pool are joined by `+`.
pub(crate) fn choice(scenario: &Scenario, candidate: &Candidate) -> Choice {
    let names = |name: &dyn Fn(usize, usize) -> String| {
        candidate.models.iter().map(|(model, variant)| name(*model, *variant)).collect::<Vec<_>>().join("+")
    };
    let kind = |(model, variant): &(usize, usize)| fits(cell(scenario, *model, *variant, candidate.gpu)).0.kind;
    Choice {
        model: names(&|model, _| scenario.models[model].name.clone()),
        variant: names(&|model, variant| scenario.models[model].variants[variant].name.clone()),
        gpu: scenario.gpus[candidate.gpu].name.clone(),
        scaledown_window_s: candidate.settings.scaledown_window.get(),
        min_containers: candidate.settings.min_containers,
        buffer_containers: tried(&scenario.grid.buffer_containers, Some(candidate.settings.buffer_containers)),
        max_containers: tried(&scenario.grid.max_containers, candidate.settings.max_containers),
        max_inputs: tried(&scenario.grid.max_inputs, Some(candidate.settings.max_inputs)),
        service_kind: candidate.models.iter().map(kind).max().unwrap_or(Kind::Assumed),
    }
}

/// What is said of a number that the grid tries; nothing of one that is every pool's own.
fn tried(grid: &[u32], number: Option<u32>) -> Option<u32> {
    number.filter(|_| !grid.is_empty())
}

/// A pool in a few words: `flux-dev bf16 on L40S, 300 s`.
pub(crate) fn choice_words(choice: &Choice) -> String {
    let Choice { model, variant, gpu, scaledown_window_s, min_containers, .. } = choice;
    let buffer = choice.buffer_containers.filter(|count| *count > 0).map_or(String::new(), |n| format!(", buffer {n}"));
    let most = choice.max_containers.map_or(String::new(), |n| format!(", at most {n}"));
    let inputs = choice.max_inputs.map_or(String::new(), |n| format!(", inputs {n}"));
    let warm = if *min_containers > 0 { format!(", {min_containers} warm") } else { String::new() };
    format!("{model} {variant} on {gpu}, {scaledown_window_s} s{warm}{buffer}{most}{inputs}")
}

/// The greatest ratio of a model's p95 to its limit.
fn p95_over_limit(scenario: &Scenario, candidate: &Candidate) -> Estimate {
    let of_model = |(place, (model, _)): (usize, &(usize, usize))| {
        let limit = scenario.models[*model].latency_limit_s.get();
        candidate.of_model(place).percentile(P95).scaled(1.0 / limit)
    };
    candidate.models.iter().enumerate().map(of_model).reduce(greater).expect("a pool has models")
}

/// The fleet's frontiers, combined of the candidates exactly, and uniform fleets to compare them with.
pub(crate) fn fleet_frontier(scenario: &Scenario, partitions: &Partitions, candidates: &[Candidate]) -> Frontier {
    let units: Vec<Vec<&Candidate>> = (0..partitions.units.len())
        .map(|unit| candidates.iter().filter(|candidate| candidate.unit == unit).collect())
        .collect();
    // Total seconds in the system over all requests: the request-weighted mean latency times the requests.
    let seconds = |c: &Candidate| c.pool.each(|t| t.latency_s).iter().sum::<f64>();
    let worst = |c: &Candidate| p95_over_limit(scenario, c).value;
    let covers = &partitions.covers;
    Frontier {
        by_worst_ratio: frontier_over(scenario, covers, &units, worst, combine_worst, |f| f.worst_p95_over_limit),
        by_mean_latency: frontier_over(scenario, covers, &units, seconds, combine_sum, |f| f.latency_s_mean),
        uniform: uniform_fleets(scenario, &units[..scenario.models.len()]),
    }
}

/// The frontier over all ways of sharing pools: that of each way, and of those what none of the others beats.
fn frontier_over(
    scenario: &Scenario,
    covers: &[Vec<usize>],
    units: &[Vec<&Candidate>],
    objective: impl Fn(&Candidate) -> f64,
    combine: impl Fn(&[Vec<(f64, f64)>]) -> Vec<Vec<usize>>,
    reached: impl Fn(&FleetPoint) -> Estimate,
) -> Vec<FleetPoint> {
    let cost = |candidate: &Candidate| candidate.pool.cost_usd().iter().sum::<f64>();
    // What left the race stands on no frontier, and its few trials may flatter it.
    let place = |c: &&Candidate| if c.beaten { (f64::NAN, f64::NAN) } else { (cost(c), objective(c)) };
    let planes: Vec<Vec<(f64, f64)>> = units.iter().map(|of_unit| of_unit.iter().map(place).collect()).collect();
    let mut fleets: Vec<FleetPoint> = Vec::new();
    for cover in covers {
        let own: Vec<Vec<(f64, f64)>> = cover.iter().map(|unit| planes[*unit].clone()).collect();
        for choice in combine(&own) {
            let chosen: Vec<&Candidate> = choice.iter().zip(cover).map(|(k, unit)| units[*unit][*k]).collect();
            let words: Vec<String> = chosen.iter().map(|c| choice_words(&self::choice(scenario, c))).collect();
            fleets.push(fleet_point(scenario, words.join("; "), &chosen));
        }
    }
    let coordinates: Vec<(f64, f64)> = fleets.iter().map(|f| (f.cost_usd_month.value, reached(f).value)).collect();
    pareto(&coordinates).into_iter().map(|k| fleets[k].clone()).collect()
}

/// The same GPU type and setting for every model, each by itself in the first of its variants that runs there.
fn uniform_fleets(scenario: &Scenario, own: &[Vec<&Candidate>]) -> Vec<FleetPoint> {
    let mut fleets = Vec::new();
    for (gpu, of_gpu) in scenario.gpus.iter().enumerate() {
        for window in &scenario.grid.windows {
            for min in &scenario.grid.min_containers {
                let here = |c: &&&Candidate| {
                    c.gpu == gpu && c.settings.scaledown_window == *window && c.settings.min_containers == *min
                };
                let chosen: Option<Vec<&Candidate>> =
                    own.iter().map(|of_model| of_model.iter().find(here).copied()).collect();
                let warm = if *min > 0 { format!(", {min} warm") } else { String::new() };
                let label = format!("{}, {} s{warm}", of_gpu.name, window.get());
                fleets.extend(chosen.map(|chosen| fleet_point(scenario, label, &chosen)));
            }
        }
    }
    fleets
}

/// One candidate a pool as a fleet.
fn fleet_point(scenario: &Scenario, label: String, chosen: &[&Candidate]) -> FleetPoint {
    // What left the race is known for the first sections only.
    let sections = chosen.iter().map(|c| c.pool.sections.len()).min().unwrap_or(0);
    let sum = |number: &dyn Fn(&Tally) -> f64| -> Vec<f64> {
        (0..sections).map(|s| chosen.iter().map(|c| number(&c.pool.sections[s])).sum()).collect()
    };
    let days: Vec<f64> =
        chosen.first().map_or(Vec::new(), |c| c.pool.sections[..sections].iter().map(|t| t.days).collect());
    let worst = chosen.iter().map(|c| p95_over_limit(scenario, c)).reduce(greater).expect("a fleet has pools");
    FleetPoint {
        label,
        cost_usd_month: ratio(&sum(&Tally::cost_usd), &days).scaled(scenario.platform.days_per_month),
        worst_p95_over_limit: worst,
        latency_s_mean: ratio(&sum(&|t| t.latency_s), &sum(&|t| t.completed)),
        choices: chosen.iter().map(|c| choice(scenario, c)).collect(),
    }
}

/// The greater of two estimates, bound by bound.
fn greater(a: Estimate, b: Estimate) -> Estimate {
    Estimate { value: a.value.max(b.value), low: a.low.max(b.low), high: a.high.max(b.high) }
}
