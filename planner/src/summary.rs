//! The inputs in words: what the reader has to know of them to judge the results.

use fleetfront_calibration::Fit;
use fleetfront_scenario::{Cell, Feasibility, Infeasible, Model, Provenance, Scenario, SeenFailures};
use fleetfront_sim::Service;
use fleetfront_workloads::{ModelTraffic, Process};

use crate::assumptions::adapter_words;
use crate::basis::Basis;
use crate::engine_pool::container_price;
use crate::estimate::Estimate;
use crate::study::{CellFailureSummary, CellSummary, GpuSummary, ModelSummary};
use crate::worlds::Doubt;

/// The models, in the scenario's order.
pub(crate) fn model_summaries(scenario: &Scenario) -> Vec<ModelSummary> {
    let of = |(model, traffic): (&fleetfront_scenario::Model, &ModelTraffic)| ModelSummary {
        name: model.name.clone(),
        requests_per_day: model.requests_per_day,
        requests_kind: model.traffic_provenance.kind,
        requests_source: model.traffic_provenance.cite(),
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
        price_basis: Basis::stated(&gpu.price_provenance),
        memory_basis: Basis::stated(&gpu.memory_provenance),
        offered: gpu.offered,
    };
    scenario.gpus.iter().map(of).collect()
}

/// Every variant on every GPU type: whether it fits, and the laws used.
#[must_use]
pub fn cell_summaries(scenario: &Scenario) -> Vec<CellSummary> {
    let mut summaries = Vec::new();
    for model in &scenario.models {
        for variant in 0..model.variants.len() {
            summaries.extend((0..scenario.gpus.len()).map(|gpu| cell_summary(scenario, model, (variant, gpu))));
        }
    }
    summaries
}

fn cell_summary(scenario: &Scenario, model: &Model, (variant, gpu): (usize, usize)) -> CellSummary {
    let cell = &model.variants[variant].cells[gpu];
    let (service, boot) = (cell.service.as_ref(), cell.boot.as_ref());
    let over_shapes = model.service_on(variant, gpu);
    let mean_s = over_shapes.as_ref().map(Service::mean_s);
    let boot_s = boot.map(|fit| fit.law.mean_s());
    let ([service_low, service_high], [boot_low, boot_high]) = (bounds_of_mean(service), bounds_of_mean(boot));
    let of_fits = service.iter().chain(&boot).flat_map(|fit| fit.notes.iter().chain(&fit.sources)).cloned();
    let notes = over_shapes.iter().filter_map(|service| shape_note(model, cell, service)).chain(of_fits).collect();
    CellSummary {
        model: model.name.clone(),
        variant: model.variants[variant].name.clone(),
        gpu: scenario.gpus[gpu].name.clone(),
        feasible: cell.feasibility.is_feasible(),
        memory: cell_words(cell),
        peak_basis: Basis::stated(&model.variants[variant].memory_provenance),
        failures: cell_failures(cell),
        service_s: mean_s,
        service_s_low: mean_s.map(|mean| mean * service_low),
        service_s_high: mean_s.map(|mean| mean * service_high),
        service_cv: over_shapes.as_ref().map(Service::cv),
        service_kind: service.map(|fit| fit.kind),
        service_n: service.map(|fit| fit.n),
        boot_s,
        boot_s_low: boot_s.map(|mean| mean * boot_low),
        boot_s_high: boot_s.map(|mean| mean * boot_high),
        boot_kind: boot.map(|fit| fit.kind),
        notes,
    }
}

/// Between which factors a mean is nine times in ten, as worlds draw it: 1 and 1 of a law of which no more is known.
fn bounds_of_mean(fit: Option<&Fit>) -> [f64; 2] {
    fit.and_then(Doubt::of).map_or([1.0, 1.0], Doubt::bounds)
}

/// Whether the cell runs and what was seen of it: "fits, but 6 of 12 runs failed".
pub(crate) fn cell_words(cell: &Cell) -> String {
    let words = feasibility_words(&cell.feasibility);
    let Some(SeenFailures { failed, runs, out_of_memory }) = cell.failures.as_ref().and_then(|of| of.seen) else {
        return words;
    };
    let memory = if out_of_memory > 0 { format!(": {out_of_memory} out of memory") } else { String::new() };
    let seen = format!("{failed} of {runs} {} failed{memory}", if runs == 1 { "run" } else { "runs" });
    match &cell.feasibility {
        Feasibility::Fits => format!("{words}, but {seen}"),
        Feasibility::Borderline { .. } | Feasibility::SometimesOutOfMemory => format!("{words}, and {seen}"),
        Feasibility::Infeasible { .. } => words,
    }
}

/// The failure probability of a cell that has one of its own.
fn cell_failures(cell: &Cell) -> Option<CellFailureSummary> {
    let (of, probability) = (cell.failures.as_ref()?, cell.failure_probability?);
    // As uncertain as its count; of a number that is stated nothing more is known.
    let bounds = cell.failure_counts.map(|counts| Doubt::Counted { counts, taken: probability }.bounds());
    let [low, high] = bounds.map_or([1.0, 1.0], |bounds| bounds);
    let probability = Estimate { value: probability, low: probability * low, high: probability * high };
    Some(CellFailureSummary { probability, kind: of.kind, seen: of.seen, sources: of.sources.clone() })
}

/// What requests ask for that differ from each other, a sentence a model and subject.
#[must_use]
pub fn request_words(scenario: &Scenario) -> Vec<String> {
    let of_model = |model: &Model| {
        let name = &model.name;
        let cells = (0..model.variants.len()).flat_map(|v| (0..scenario.gpus.len()).map(move |gpu| (v, gpu)));
        // The work of a shape is that of the model, wherever it runs.
        let work = cells.into_iter().find_map(|(variant, gpu)| model.service_on(variant, gpu)?.work);
        let shape = model.shape.as_ref().zip(work).map(|(shape, work)| {
            let (mean, reference) = (work.mean_work(), shape.reference_words());
            let Provenance { kind, .. } = &shape.provenance;
            let (kind, cited) = (kind.word(), shape.provenance.cite());
            format!("{name}: requests have {mean:.2} times the work of the reference ({reference}) in the mean; {kind}: {cited}")
        });
        let adapters = model.adapters.as_ref().map(|mix| {
            let (kind, cited) = (mix.provenance.kind.word(), mix.provenance.cite());
            let most = 100.0 * mix.adapters().hits_at_most();
            let words = adapter_words(mix);
            format!("{name}: {words}: at most {most:.0} % of requests find theirs held; {kind}: {cited}")
        });
        shape.into_iter().chain(adapters)
    };
    scenario.models.iter().flat_map(of_model).collect()
}

/// What shapes make of a service time, and where that comes from.
fn shape_note(model: &Model, cell: &Cell, service: &Service) -> Option<String> {
    let (shape, law, work) = (model.shape.as_ref()?, cell.shape.as_ref()?, service.work.as_ref()?);
    let provenance = &shape.provenance;
    Some(format!(
        "over all shapes {:.2} times the {:.1} s of the reference ({}): mean work {:.2}, a share of {} does not grow ({}: {})",
        work.mean(),
        service.law.mean_s(),
        shape.reference_words(),
        work.mean_work(),
        law.fixed_share,
        provenance.kind.word(),
        provenance.cite()
    ))
}

/// "fits", "borderline: ..." or every reason why not.
pub(crate) fn feasibility_words(feasibility: &Feasibility) -> String {
    match feasibility {
        Feasibility::Fits => "fits".to_owned(),
        Feasibility::Borderline { peak_gib, usable_gib } => format!("borderline: {peak_gib} of {usable_gib} GiB"),
        Feasibility::SometimesOutOfMemory => "borderline".to_owned(),
        Feasibility::Infeasible { reasons } => reasons.iter().map(reason_words).collect::<Vec<_>>().join("; "),
    }
}

/// `its only run`, or `all of its 12 runs`.
fn all_runs(runs: u64) -> String {
    if runs == 1 { "its only run".to_owned() } else { format!("all of its {runs} runs") }
}

fn reason_words(reason: &Infeasible) -> String {
    match reason {
        Infeasible::Memory { peak_gib, usable_gib } => format!("needs {peak_gib} GiB, has {usable_gib}"),
        Infeasible::RunsFailed { runs, out_of_memory } if out_of_memory == runs => {
            format!("out of memory in {}", all_runs(*runs))
        }
        Infeasible::RunsFailed { runs, out_of_memory } => {
            let memory = if *runs > 1 { format!(", {out_of_memory} of them out of memory") } else { String::new() };
            format!("failed in {}{memory}", all_runs(*runs))
        }
        Infeasible::Feature { feature } => format!("lacks {feature}"),
        Infeasible::Quality { lpips, limit } => format!("LPIPS {lpips} above the accepted {limit}"),
        Infeasible::NotOffered { platform } => format!("not offered by {platform}"),
        Infeasible::NoData { what } => format!("no {what} known"),
    }
}

/// Warnings of the files and of the pools, each once.
#[must_use]
pub fn warnings(scenario: &Scenario) -> Vec<String> {
    let mut seen = Vec::new();
    let timeouts = timeout_warnings(scenario);
    for warning in scenario.warnings.iter().chain(&timeouts) {
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
                let service = of_model.mean_service_s(*variant, pool.gpu);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_only_run_is_no_plural() {
        let words = |runs, out_of_memory| reason_words(&Infeasible::RunsFailed { runs, out_of_memory });
        assert_eq!(words(1, 1), "out of memory in its only run");
        assert_eq!(words(1, 0), "failed in its only run");
        assert_eq!(words(3, 3), "out of memory in all of its 3 runs");
        assert_eq!(words(3, 2), "failed in all of its 3 runs, 2 of them out of memory");
    }
}
