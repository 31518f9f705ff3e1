//! The grid: each model alone in its pool, on each feasible cell, with each window and each number of warm containers.

use std::ops::Range;

use fleetfront_scenario::{PoolSettings, Scenario};
use fleetfront_sim::{
    Arrival, BootTimes, Horizon, LatencyHistogram, Law, Outcome, Pool, UsdPerSecond, Workspace, simulate,
};
use rayon::prelude::*;

use crate::control::{Control, Effort, Interrupted};
use crate::engine_pool::{cell, container_price, engine_pool, fits};
use crate::requests::Requests;
use crate::tally::{Subject, Tally, percentiles_s};

/// One setting of one model's own pool, and what came out.
#[derive(Debug, Clone)]
pub(crate) struct Candidate {
    pub(crate) model: usize,
    pub(crate) variant: usize,
    pub(crate) gpu: usize,
    pub(crate) settings: PoolSettings,
    pub(crate) subject: Subject,
}

/// A feasible cell: all its settings are simulated together, because they share requests, service and boot times.
struct CellTask {
    model: usize,
    variant: usize,
    gpu: usize,
}

/// Simulates the whole grid. Candidates come in the order model, variant, GPU, window, warm containers.
pub(crate) fn run_grid(
    scenario: &Scenario,
    requests: &Requests,
    sections: &[Range<u32>],
    effort: Effort,
    control: &Control,
) -> Result<Vec<Candidate>, Interrupted> {
    let tasks = feasible_cells(scenario);
    control.expect((tasks.len() * sections.len()) as u64);
    let cells: Result<Vec<Vec<Candidate>>, Interrupted> =
        tasks.par_iter().map(|task| run_cell(scenario, task, requests, sections, effort, control)).collect();
    Ok(cells?.into_iter().flatten().collect())
}

fn feasible_cells(scenario: &Scenario) -> Vec<CellTask> {
    let mut tasks = Vec::new();
    for (model, of_model) in scenario.models.iter().enumerate() {
        for (variant, of_variant) in of_model.variants.iter().enumerate() {
            let feasible = of_variant.cells.iter().enumerate().filter(|(_, cell)| cell.feasibility.is_feasible());
            tasks.extend(feasible.map(|(gpu, _)| CellTask { model, variant, gpu }));
        }
    }
    tasks
}

fn grid_settings(scenario: &Scenario) -> Vec<PoolSettings> {
    let with = |window: &_, min: &_| PoolSettings {
        scaledown_window: *window,
        min_containers: *min,
        ..scenario.defaults.clone()
    };
    let grid = &scenario.grid;
    grid.windows.iter().flat_map(|window| grid.min_containers.iter().map(move |min| with(window, min))).collect()
}

/// One setting while its cell is simulated.
struct Run {
    pool: Pool,
    section: LatencyHistogram,
    all: LatencyHistogram,
    candidate: Candidate,
}

fn run_cell(
    scenario: &Scenario,
    task: &CellTask,
    requests: &Requests,
    sections: &[Range<u32>],
    effort: Effort,
    control: &Control,
) -> Result<Vec<Candidate>, Interrupted> {
    let &CellTask { model, variant, gpu } = task;
    let (service, boot) = fits(cell(scenario, model, variant, gpu));
    let price = container_price(&scenario.platform, &scenario.gpus[gpu]);
    let mut runs: Vec<Run> = grid_settings(scenario)
        .into_iter()
        .map(|settings| Run {
            pool: engine_pool(scenario, &[model], &settings),
            section: LatencyHistogram::default(),
            all: LatencyHistogram::default(),
            candidate: Candidate { model, variant, gpu, settings, subject: Subject::default() },
        })
        .collect();
    let days = Days {
        seed: effort.seed,
        key: scenario.models[model].key,
        horizon: scenario.traffic.horizon(),
        model,
        service: service.law,
        boot: boot.law,
    };
    for section in sections {
        days.simulate(section, requests, &mut runs, price);
        control.step()?;
    }
    Ok(runs
        .into_iter()
        .map(|mut run| {
            run.candidate.subject.percentiles_s = percentiles_s(&run.all);
            run.candidate
        })
        .collect())
}

/// What all settings of a cell share.
struct Days {
    seed: u64,
    key: fleetfront_sim::StreamKey,
    horizon: Horizon,
    model: usize,
    service: Law,
    boot: Law,
}

impl Days {
    /// Simulates one section of trials under every setting.
    fn simulate(&self, section: &Range<u32>, requests: &Requests, runs: &mut [Run], price: UsdPerSecond) {
        let mut workspace = Workspace::default();
        let mut arrivals: Vec<Arrival> = Vec::new();
        let mut outcomes = vec![Outcome::default(); runs.len()];
        let laws = [self.boot];
        for trial in section.clone() {
            requests.at_pool(trial, &[(self.model, self.service)], &mut arrivals);
            let mut boots = BootTimes::new(self.seed, trial, self.key, &laws);
            for (run, outcome) in runs.iter_mut().zip(&mut outcomes) {
                let latencies = std::slice::from_mut(&mut run.section);
                *outcome +=
                    &simulate(&run.pool, &arrivals, &mut boots, self.horizon, &mut workspace, latencies, None);
            }
        }
        for (run, outcome) in runs.iter_mut().zip(&outcomes) {
            let subject = &mut run.candidate.subject;
            subject.sections.push(Tally::new(section.len() as u32, &outcome.total(), price, &run.section));
            subject.peak_containers = subject.peak_containers.max(outcome.peak_containers);
            run.all.merge(&run.section);
            run.section.clear();
        }
    }
}
