//! The grid's candidates as they are reported, and the fleets combined of them.

use fleetfront_scenario::Scenario;

use crate::engine_pool::{cell, fits};
use crate::estimate::{Estimate, ratio};
use crate::experiment::Candidate;
use crate::frontier::{combine_sum, combine_worst, pareto};
use crate::study::{Choice, FleetPoint, Frontier, Point};
use crate::tally::P95;

/// Every candidate with its metrics.
pub(crate) fn points(scenario: &Scenario, candidates: &[Candidate]) -> Vec<Point> {
    let mut points: Vec<Point> = candidates.iter().map(|candidate| point(scenario, candidate)).collect();
    for model in 0..scenario.models.len() {
        let own: Vec<usize> = (0..candidates.len()).filter(|k| candidates[*k].model == model).collect();
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
        metrics: candidate.subject.metrics(scenario.platform.days_per_month),
        p95_over_limit: p95_over_limit(scenario, candidate),
        on_model_frontier: false,
    }
}

/// The setting of a candidate, by name.
pub(crate) fn choice(scenario: &Scenario, candidate: &Candidate) -> Choice {
    let model = &scenario.models[candidate.model];
    let (service, _) = fits(cell(scenario, candidate.model, candidate.variant, candidate.gpu));
    Choice {
        model: model.name.clone(),
        variant: model.variants[candidate.variant].name.clone(),
        gpu: scenario.gpus[candidate.gpu].name.clone(),
        scaledown_window_s: candidate.settings.scaledown_window.get(),
        min_containers: candidate.settings.min_containers,
        service_kind: service.kind,
    }
}

fn p95_over_limit(scenario: &Scenario, candidate: &Candidate) -> Estimate {
    candidate.subject.percentile(P95).scaled(1.0 / scenario.models[candidate.model].latency_limit_s.get())
}

/// The fleet's frontiers, combined of the candidates exactly, and uniform fleets to compare them with.
pub(crate) fn fleet_frontier(scenario: &Scenario, candidates: &[Candidate]) -> Frontier {
    let own: Vec<Vec<&Candidate>> = (0..scenario.models.len())
        .map(|model| candidates.iter().filter(|candidate| candidate.model == model).collect())
        .collect();
    let cost = |candidate: &Candidate| candidate.subject.cost_usd().iter().sum::<f64>();
    let plane = |objective: &dyn Fn(&Candidate) -> f64| -> Vec<Vec<(f64, f64)>> {
        own.iter().map(|of_model| of_model.iter().map(|c| (cost(c), objective(c))).collect()).collect()
    };
    let fleets = |choices: Vec<Vec<usize>>| -> Vec<FleetPoint> {
        let chosen = |choice: &Vec<usize>| choice.iter().zip(&own).map(|(k, of_model)| of_model[*k]).collect();
        choices.iter().map(|choice| fleet_point(scenario, String::new(), chosen(choice))).collect()
    };
    let worst = plane(&|c| p95_over_limit(scenario, c).value);
    // Total seconds in the system over all requests: the request-weighted mean latency times the requests.
    let sum = plane(&|c| c.subject.each(|t| t.latency_s).iter().sum());
    Frontier {
        by_worst_ratio: fleets(combine_worst(&worst)),
        by_mean_latency: fleets(combine_sum(&sum)),
        uniform: uniform_fleets(scenario, &own),
    }
}

/// The same GPU type and setting for every model, each in the first of its variants that runs there.
fn uniform_fleets(scenario: &Scenario, own: &[Vec<&Candidate>]) -> Vec<FleetPoint> {
    let mut fleets = Vec::new();
    for (gpu, of_gpu) in scenario.gpus.iter().enumerate() {
        for window in &scenario.grid.windows {
            for min in &scenario.grid.min_containers {
                let here = |c: &&&Candidate| {
                    c.gpu == gpu
                        && c.settings.scaledown_window == *window
                        && c.settings.min_containers == *min
                };
                let chosen: Option<Vec<&Candidate>> =
                    own.iter().map(|of_model| of_model.iter().find(here).copied()).collect();
                let warm = if *min > 0 { format!(", {min} warm") } else { String::new() };
                let label = format!("{}, {} s{warm}", of_gpu.name, window.get());
                fleets.extend(chosen.map(|chosen| fleet_point(scenario, label, chosen)));
            }
        }
    }
    fleets
}

/// One candidate a model, in the scenario's order, as a fleet.
pub(crate) fn fleet_point(scenario: &Scenario, label: String, chosen: Vec<&Candidate>) -> FleetPoint {
    let sections = chosen.first().map_or(0, |c| c.subject.sections.len());
    let sum = |number: &dyn Fn(&crate::tally::Tally) -> f64| -> Vec<f64> {
        (0..sections).map(|s| chosen.iter().map(|c| number(&c.subject.sections[s])).sum()).collect()
    };
    let days: Vec<f64> = chosen.first().map_or(Vec::new(), |c| c.subject.each(|t| t.days));
    let worst = chosen.iter().map(|c| p95_over_limit(scenario, c)).reduce(greater).expect("a fleet has models");
    FleetPoint {
        label,
        cost_usd_month: ratio(&sum(&|t| t.cost_usd()), &days).scaled(scenario.platform.days_per_month),
        worst_p95_over_limit: worst,
        latency_s_mean: ratio(&sum(&|t| t.latency_s), &sum(&|t| t.completed)),
        choices: chosen.iter().map(|c| choice(scenario, c)).collect(),
    }
}

/// The greater of two estimates, bound by bound.
fn greater(a: Estimate, b: Estimate) -> Estimate {
    Estimate { value: a.value.max(b.value), low: a.low.max(b.low), high: a.high.max(b.high) }
}
