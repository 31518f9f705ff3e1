//! The grid: each unit (a model alone in its pool, or models that share one) on each feasible cell, with every
//! combination of the windows and numbers to be tried.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Mutex;

use fleetfront_scenario::{PoolSettings, Scenario};
use fleetfront_sim::{
    BootTimes, Draws, Group, Horizon, LatencyHistogram, Observers, Outcome, Pool, ReadyLaw, ReadyService, Scarcity,
    StreamKey, Tail, Workspace, simulate_group,
};

use crate::allocation::run_allocation;
use crate::control::{Control, Interrupted};
use crate::engine_pool::{cell, engine_pool, laws, prices};
use crate::groups::{capacity, scarcity};
use crate::partition::Partitions;
use crate::perfect::SectionFloor;
use crate::race;
use crate::requests::{OfPool, Requests};
use crate::results::Baseline;
use crate::space;
use crate::tally::{Bill, Subject, Tally, percentiles_s};
use crate::tariff::Tariff;

/// One setting of one unit's pool, and what came out.
#[derive(Debug, Clone)]
pub(crate) struct Candidate {
    /// Index of its unit.
    pub(crate) unit: usize,
    /// Its models with their variants.
    pub(crate) models: Vec<(usize, usize)>,
    pub(crate) gpu: usize,
    pub(crate) settings: PoolSettings,
    /// Whether it left the race: no more trials were simulated.
    pub(crate) beaten: bool,
    /// Trials that it was simulated for.
    pub(crate) trials: u32,
    /// All its models together.
    pub(crate) pool: Subject,
    /// Each model by itself; empty when there is only one.
    of_models: Vec<Subject>,
    /// Its latencies, while it is in the race.
    pub(crate) tails: Option<Tails>,
    /// Those of each model in the histogram's own buckets, from which the next round goes on; empty after the last.
    latencies: Vec<Tail>,
}

/// How late the requests of all its models together are, compactly: frontiers of fleets add them up.
#[derive(Debug, Clone)]
pub(crate) struct Tails {
    /// Over all trials, in the histogram's own buckets; `None` before all sections are known.
    pub(crate) whole: Option<Tail>,
    /// Of each section, [`COARSE`] buckets a level.
    pub(crate) sections: Vec<Tail>,
}

/// Buckets of the histogram in a level of a section's tail: a twelfth of the time wide, as sections only serve for
/// intervals.
const COARSE: usize = 16;

impl Candidate {
    /// Nothing is known of it any more.
    fn forget(&mut self) {
        self.pool = Subject::default();
        self.of_models.fill(Subject::default());
        self.leave();
    }

    /// What only serves the race is let go.
    fn leave(&mut self) {
        self.tails = None;
        self.latencies = Vec::new();
    }

    /// What came out for the `place`-th of its models.
    pub(crate) fn of_model(&self, place: usize) -> &Subject {
        self.of_models.get(place).unwrap_or(&self.pool)
    }
}

/// A feasible cell: all its settings are simulated together, because they share requests, service and boot times.
pub(crate) struct CellTask {
    pub(crate) unit: usize,
    pub(crate) models: Vec<(usize, usize)>,
    pub(crate) gpu: usize,
}

/// Simulates the whole grid, round by round: a setting that another one clearly beats leaves the race. Candidates come
/// in the order unit, variant, GPU, then that of the grid's lists.
///
/// - `rounds`: the sections that are known at the end of each; see [`race::rounds`].
pub(crate) fn run_grid(
    grid: &Grid<'_>,
    tasks: &[CellTask],
    rounds: &[Vec<Range<u32>>],
) -> Result<Vec<Candidate>, Interrupted> {
    let all = tasks.iter().map(|task| grid.settings(task).into_iter().map(|s| task.candidate(s)).collect());
    let mut cells: Vec<Vec<Candidate>> = all.collect();
    for (round, known) in rounds.iter().enumerate() {
        if round > 0 {
            // What is compared with the baseline is compared on the same days.
            let allocation = &grid.scenario.allocations[grid.scenario.baseline];
            let run = run_allocation(grid.scenario, allocation, grid.requests, &rounds[round - 1], grid.control)?;
            let baseline = Baseline { allocation, run: &run };
            race::mark_beaten(grid.scenario, grid.partitions, &baseline.evidence(grid.scenario), &mut cells);
        }
        // The pilot's sections are no part of the later rounds'.
        let before = if round > 0 { rounds[round - 1].as_slice() } else { &[] };
        let known_before = if known.starts_with(before) { before.len() } else { 0 };
        let is_last = round + 1 == rounds.len();
        grid.run_round(tasks, &mut cells, &Round { sections: known, known_before, is_last })?;
        cells.iter_mut().flatten().filter(|candidate| candidate.beaten).for_each(Candidate::leave);
    }
    Ok(cells.into_iter().flatten().collect())
}

pub(crate) fn feasible_cells(scenario: &Scenario, partitions: &Partitions) -> Vec<CellTask> {
    let mut tasks = Vec::new();
    let runs = |model: usize, variant: usize, gpu: usize| cell(scenario, model, variant, gpu).feasibility.is_feasible();
    for (unit, of_unit) in partitions.units.iter().enumerate() {
        if of_unit.is_shared() {
            for gpu in 0..scenario.gpus.len() {
                let models = of_unit.models.iter().map(|(model, wanted)| variant_on(scenario, *model, *wanted, gpu));
                tasks.extend(models.collect::<Option<Vec<_>>>().map(|models| CellTask { unit, models, gpu }));
            }
        } else {
            let model = of_unit.models[0].0;
            for variant in 0..scenario.models[model].variants.len() {
                let gpus = (0..scenario.gpus.len()).filter(|gpu| runs(model, variant, *gpu));
                tasks.extend(gpus.map(|gpu| CellTask { unit, models: vec![(model, variant)], gpu }));
            }
        }
    }
    tasks
}

/// The wanted variant where it runs, else the first that does.
fn variant_on(scenario: &Scenario, model: usize, wanted: usize, gpu: usize) -> Option<(usize, usize)> {
    let runs = |variant: &usize| cell(scenario, model, *variant, gpu).feasibility.is_feasible();
    let variants = std::iter::once(wanted).chain(0..scenario.models[model].variants.len());
    variants.into_iter().find(runs).map(|variant| (model, variant))
}

/// One round of the race.
struct Round<'a> {
    /// What is known at its end.
    sections: &'a [Range<u32>],
    /// So many of them are known from the round before.
    known_before: usize,
    /// Whether all sections of the study will be known.
    is_last: bool,
}

/// What all cells share.
pub(crate) struct Grid<'a> {
    pub(crate) scenario: &'a Scenario,
    pub(crate) partitions: &'a Partitions,
    pub(crate) requests: &'a Requests<'a>,
    pub(crate) seed: u64,
    pub(crate) control: &'a Control,
}

impl CellTask {
    /// A setting of which nothing is known yet.
    pub(crate) fn candidate(&self, settings: PoolSettings) -> Candidate {
        let models = self.models.clone();
        let of_models = if models.len() > 1 { vec![Subject::default(); models.len()] } else { Vec::new() };
        Candidate {
            unit: self.unit,
            models,
            gpu: self.gpu,
            settings,
            beaten: false,
            trials: 0,
            pool: Subject::default(),
            of_models,
            tails: None,
            latencies: Vec::new(),
        }
    }
}

/// One setting while its cell is simulated.
struct Run<'c> {
    pool: Pool,
    /// What a container costs on each of its GPU types.
    prices: Vec<Tariff>,
    tails: Vec<Tail>,
    /// Whether all sections will be known.
    is_last: bool,
    /// One histogram a model.
    section: Vec<LatencyHistogram>,
    all: Vec<LatencyHistogram>,
    candidate: &'c mut Candidate,
}

impl Grid<'_> {
    /// Every setting that is tried in a cell.
    fn settings(&self, task: &CellTask) -> Vec<PoolSettings> {
        space::settings_of(self.scenario, &self.partitions.units[task.unit], &task.models, task.gpu).kept
    }

    /// One cell at a time and thread, so that its histograms stay in the cache; the longest first, so that no thread is
    /// left with one when the others are done: they differ in length by a factor of a hundred.
    ///
    fn run_round(
        &self,
        tasks: &[CellTask],
        cells: &mut [Vec<Candidate>],
        round: &Round<'_>,
    ) -> Result<(), Interrupted> {
        let mut rest: Vec<(&CellTask, &mut Vec<Candidate>)> = tasks.iter().zip(cells).collect();
        // The longest is the last, which is taken first.
        rest.sort_by(|(a, of_a), (b, of_b)| self.requests_of(a, of_a).total_cmp(&self.requests_of(b, of_b)));
        let rest = Mutex::new(rest);
        let next = || rest.lock().expect("nobody panics while taking one").pop();
        let by_thread = rayon::broadcast(|_| {
            while let Some((task, cell)) = next() {
                self.run_cell(task, cell, round)?;
            }
            Ok(())
        });
        by_thread.into_iter().collect()
    }

    /// Requests a day over all settings of a cell that are still in the race.
    fn requests_of(&self, task: &CellTask, cell: &[Candidate]) -> f64 {
        let runners = cell.iter().filter(|candidate| !candidate.beaten).count();
        let rate = |(model, _): &(usize, usize)| self.scenario.models[*model].requests_per_day;
        runners as f64 * task.models.iter().map(rate).sum::<f64>()
    }

    /// Simulates what is still in the race, from the first section on that is not known.
    fn run_cell(&self, task: &CellTask, cell: &mut [Candidate], round: &Round<'_>) -> Result<(), Interrupted> {
        let scenario = self.scenario;
        let indices: Vec<usize> = task.models.iter().map(|(model, _)| *model).collect();
        let empty = vec![LatencyHistogram::default(); indices.len()];
        let mut runs: Vec<Run<'_>> = Vec::new();
        for candidate in cell.iter_mut().filter(|candidate| !candidate.beaten) {
            if round.known_before == 0 {
                candidate.forget();
            }
            candidate.trials = round.sections[round.sections.len() - 1].end;
            let pool = engine_pool(scenario, &task.models, task.gpu, &candidate.settings);
            let prices = prices(scenario, task.gpu, &candidate.settings.rules);
            let tails = candidate.tails.take().map_or_else(Vec::new, |tails| tails.sections);
            let all = std::mem::take(&mut candidate.latencies).iter().map(LatencyHistogram::from).collect();
            let all = if round.known_before == 0 { empty.clone() } else { all };
            runs.push(Run { pool, prices, tails, is_last: round.is_last, section: empty.clone(), all, candidate });
        }
        let (services, boots) = laws(scenario, &task.models, task.gpu);
        let days = Days {
            scenario,
            seed: self.seed,
            key: scenario.models[indices[0]].key,
            horizon: scenario.traffic.horizon(),
            services,
            boots,
        };
        for (place, section) in round.sections.iter().enumerate() {
            if place >= round.known_before && !runs.is_empty() {
                days.simulate(section, self.requests, &mut runs);
            }
            self.control.step()?;
        }
        runs.into_iter().for_each(Run::finish);
        Ok(())
    }
}

impl Run<'_> {
    /// Closes one section of `days` trials.
    fn end_section(&mut self, days: f64, outcome: &Outcome) {
        let Self { section, all, candidate, prices, tails, .. } = self;
        let (pool, models) = (&outcome.pools[0], outcome.models.len());
        let pool_section = merged(section);
        let mut bill = Bill::default();
        bill.add_pool(pool, prices, models);
        candidate.pool.sections.push(Tally::billed(days, &outcome.total(), bill, &pool_section));
        tails.push(pool_section.tail(COARSE));
        candidate.pool.peak_containers = candidate.pool.peak_containers.max(outcome.peak_containers);
        for (place, subject) in candidate.of_models.iter_mut().enumerate() {
            let mut bill = Bill::default();
            bill.add_model(pool, prices, (models, place));
            subject.sections.push(Tally::billed(days, &outcome.models[place], bill, &section[place]));
        }
        for (all, section) in all.iter_mut().zip(section) {
            all.merge(section);
            section.clear();
        }
    }

    fn finish(self) {
        let Self { all, candidate, tails, is_last, .. } = self;
        let pool = merged(&all);
        candidate.pool.percentiles_s = percentiles_s(&pool);
        // The fine one is for frontiers, on which only who is known to the end may stand.
        candidate.tails = Some(Tails { whole: is_last.then(|| pool.tail(1)), sections: tails });
        if !is_last {
            candidate.latencies = all.iter().map(|latencies| latencies.tail(1)).collect();
        }
        for (subject, latencies) in candidate.of_models.iter_mut().zip(&all) {
            subject.percentiles_s = percentiles_s(latencies);
            subject.peak_containers = candidate.pool.peak_containers;
        }
    }
}

/// All models' latencies together.
fn merged(latencies: &[LatencyHistogram]) -> Cow<'_, LatencyHistogram> {
    let [first, others @ ..] = latencies else { unreachable!("a pool has models") };
    let mut together = Cow::Borrowed(first);
    for other in others {
        together.to_mut().merge(other);
    }
    together
}

/// What all settings of a cell share.
struct Days<'a> {
    scenario: &'a Scenario,
    seed: u64,
    key: StreamKey,
    horizon: Horizon,
    /// Each model with its service time.
    services: Vec<(usize, ReadyService)>,
    boots: Vec<ReadyLaw>,
}

/// What all settings of a cell meet on one day.
struct OneDay<'a> {
    arrivals: OfPool<'a>,
    boots: BootTimes<'a>,
    scarcity: Vec<Vec<Scarcity>>,
}

impl Days<'_> {
    /// Simulates one section of trials under every setting.
    fn simulate(&self, section: &Range<u32>, requests: &Requests<'_>, runs: &mut [Run<'_>]) {
        let scenario = self.scenario;
        let mut days: Vec<OneDay<'_>> = section
            .clone()
            .map(|trial| {
                let arrivals = requests.of_pool(trial, &self.services);
                let boots = BootTimes::new(self.seed, trial, self.key, &self.boots);
                OneDay { arrivals, boots, scarcity: scarcity(scenario, (self.seed, trial), self.horizon) }
            })
            .collect();
        let floor = self.floor(&days, runs);
        let capacity = capacity(scenario);
        let mut workspace = Workspace::default();
        // Setting by setting, not day by day: one histogram stays in the cache and the branches of one setting are alike.
        for run in runs {
            let mut outcome = Outcome::default();
            let group = Group { capacity: &capacity, ..Group::of(&run.pool) };
            for OneDay { arrivals, boots, scarcity } in &mut days {
                let lucks = [boots.luck()];
                let mut draws = Draws { boots: std::slice::from_mut(boots), lucks: &lucks, scarcity };
                let mut observers = Observers::latencies(&mut run.section);
                let mut arrivals = arrivals.source();
                outcome +=
                    &simulate_group(&group, &mut *arrivals, &mut draws, self.horizon, &mut workspace, &mut observers);
            }
            floor.check(&group, &outcome, &run.section, &|| self.name(run.candidate));
            run.end_section(section.len() as f64 * scenario.traffic.days(), &outcome);
            let percentiles = |model: usize| run.candidate.of_model(model).last_percentiles_s();
            floor.check_percentiles(&Group::of(&run.pool), &outcome, percentiles, &|| self.name(run.candidate));
        }
    }

    /// What the requests of some days cannot do without, whatever the setting: settings of a cell differ in how many
    /// inputs a container takes, and the more it takes the wider is what a shared one may make of a request.
    fn floor(&self, days: &[OneDay<'_>], runs: &[Run<'_>]) -> SectionFloor {
        let mut floor = SectionFloor::new(self.services.len());
        let Some(widest) = runs.iter().max_by_key(|run| run.pool.max_inputs) else { return floor };
        for day in days {
            floor.add(&Group::of(&widest.pool), self.horizon, &mut *day.arrivals.source());
        }
        floor.close();
        floor
    }

    /// A candidate in words, for the message of a broken bound.
    fn name(&self, candidate: &Candidate) -> String {
        let of_model = |(model, variant): &(usize, usize)| {
            let model = &self.scenario.models[*model];
            format!("{} ({})", model.name, model.variants[*variant].name)
        };
        let models: Vec<String> = candidate.models.iter().map(of_model).collect();
        let (gpu, settings) = (&self.scenario.gpus[candidate.gpu].name, &candidate.settings);
        format!("{} on {gpu} with {settings:?}", models.join(" + "))
    }
}
