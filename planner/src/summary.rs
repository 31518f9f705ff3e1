//! The inputs in words: what the reader has to know of them to judge the results.

use fleetfront_calibration::Fit;
use fleetfront_scenario::{Cell, Feasibility, Infeasible, Scenario};
use fleetfront_workloads::{ModelTraffic, Process};

use crate::engine_pool::container_price;
use crate::study::{CellSummary, GpuSummary, ModelSummary};

/// The models, in the scenario's order.
pub(crate) fn model_summaries(scenario: &Scenario) -> Vec<ModelSummary> {
    let of = |(model, traffic): (&fleetfront_scenario::Model, &ModelTraffic)| ModelSummary {
        name: model.name.clone(),
        requests_per_day: model.requests_per_day,
        requests_kind: model.traffic_provenance.kind,
        latency_limit_s: model.latency_limit_s.get(),
        clients: if let Process::Closed { clients, .. } = traffic.process { Some(clients) } else { None },
    };
    scenario.models.iter().zip(&scenario.traffic.models).map(of).collect()
}

/// The GPU types, in the scenario's order.
pub(crate) fn gpu_summaries(scenario: &Scenario) -> Vec<GpuSummary> {
    let of = |gpu: &fleetfront_scenario::Gpu| GpuSummary {
        name: gpu.name.clone(),
        usd_per_hour: gpu.usd_per_second.get() * 3600.0,
        container_usd_per_hour: container_price(&scenario.platform, gpu, 1).get() * 3600.0,
        usable_gib: gpu.usable_gib,
        offered: gpu.offered,
    };
    scenario.gpus.iter().map(of).collect()
}

/// Every variant on every GPU type: whether it fits, and the laws used.
#[must_use]
pub fn cell_summaries(scenario: &Scenario) -> Vec<CellSummary> {
    let mut summaries = Vec::new();
    for model in &scenario.models {
        for variant in &model.variants {
            for (cell, gpu) in variant.cells.iter().zip(&scenario.gpus) {
                summaries.push(cell_summary(&model.name, &variant.name, &gpu.name, cell));
            }
        }
    }
    summaries
}

fn cell_summary(model: &str, variant: &str, gpu: &str, cell: &Cell) -> CellSummary {
    let service = cell.service.as_ref();
    let boot = cell.boot.as_ref();
    let mean = |fit: &Fit| fit.law.mean_s();
    let notes = service.iter().chain(&boot).flat_map(|fit| fit.notes.iter().chain(&fit.sources)).cloned().collect();
    CellSummary {
        model: model.to_owned(),
        variant: variant.to_owned(),
        gpu: gpu.to_owned(),
        feasible: cell.feasibility.is_feasible(),
        memory: feasibility_words(&cell.feasibility),
        service_s: service.map(mean),
        service_s_low: service.map(|fit| mean(fit) * fit.factor.low),
        service_s_high: service.map(|fit| mean(fit) * fit.factor.high),
        service_cv: service.map(|fit| fit.law.cv()),
        service_kind: service.map(|fit| fit.kind),
        service_n: service.map(|fit| fit.n),
        boot_s: boot.map(mean),
        boot_kind: boot.map(|fit| fit.kind),
        notes,
    }
}

/// "fits", "borderline: ..." or every reason why not.
pub(crate) fn feasibility_words(feasibility: &Feasibility) -> String {
    match feasibility {
        Feasibility::Fits => "fits".to_owned(),
        Feasibility::Borderline { peak_gib, usable_gib } => format!("borderline: {peak_gib} of {usable_gib} GiB"),
        Feasibility::Infeasible { reasons } => reasons.iter().map(reason_words).collect::<Vec<_>>().join("; "),
    }
}

fn reason_words(reason: &Infeasible) -> String {
    match reason {
        Infeasible::Memory { peak_gib, usable_gib } => format!("needs {peak_gib} GiB, has {usable_gib}"),
        Infeasible::Feature { feature } => format!("lacks {feature}"),
        Infeasible::Quality { lpips, limit } => format!("LPIPS {lpips} above the accepted {limit}"),
        Infeasible::NotOffered { platform } => format!("not offered by {platform}"),
        Infeasible::NoData { what } => format!("no {what} known"),
    }
}

/// Warnings of the files, and what benchmarks contradict; each once.
#[must_use]
pub fn warnings(scenario: &Scenario) -> Vec<String> {
    let mut seen = Vec::new();
    let notes = fits(scenario).filter(|(_, _, fit)| fit.n > 0).flat_map(|(_, _, fit)| &fit.notes);
    let contradictions = notes.filter(|note| note.contains("contradict"));
    let timeouts = timeout_warnings(scenario);
    for warning in scenario.warnings.iter().chain(contradictions).chain(&timeouts) {
        if !seen.contains(warning) {
            seen.push(warning.clone());
        }
    }
    seen
}

/// Pools whose timeout kills the average warm request.
fn timeout_warnings(scenario: &Scenario) -> Vec<String> {
    let mut warnings = Vec::new();
    for allocation in &scenario.allocations {
        for pool in &allocation.pools {
            for (model, variant) in &pool.models {
                let of_model = &scenario.models[*model];
                let service = of_model.variants[*variant].cells[pool.gpu].service.as_ref().map(|fit| fit.law.mean_s());
                let timeout_s = pool.settings.timeout.get();
                if let Some(service_s) = service.filter(|service_s| *service_s > timeout_s) {
                    warnings.push(format!(
                        "{}: a timeout of {timeout_s} s kills most tries of {}, which take {service_s:.1} s warm on {}",
                        allocation.name, of_model.name, scenario.gpus[pool.gpu].name
                    ));
                }
            }
        }
    }
    warnings
}

/// Every fit of the scenario, with its model's name and what it is of.
pub(crate) fn fits(scenario: &Scenario) -> impl Iterator<Item = (&str, &'static str, &Fit)> {
    let cells = scenario.models.iter().flat_map(|model| {
        model.variants.iter().flat_map(|variant| &variant.cells).map(|cell| (model.name.as_str(), cell))
    });
    cells.flat_map(|(name, cell)| {
        let service = cell.service.as_ref().map(|fit| (name, "service", fit));
        let boot = cell.boot.as_ref().map(|fit| (name, "boot", fit));
        service.into_iter().chain(boot)
    })
}
