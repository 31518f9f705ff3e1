//! The space that is searched: which settings a pool may have on a cell, and what is left out for which reason.
//!
//! What cannot be, or is the same as something else, is left out before it is simulated. Nothing is left out because a
//! bound says that it is worse: no bound that holds for certain tells two settings apart. Warm containers bound the
//! cost from below (their price times the time) and the latency from below by the service time only; those without
//! bound the cost from above (a boot, a service and two windows a request) and the latency not at all. So a setting
//! with a lower bound above another's upper bound in cost may still be the faster one, and of the default's
//! settings of models by themselves such bounds rule out none. The race tells them apart within a few days instead.

use std::collections::BTreeMap;

use fleetfront_scenario::rules::BatchedFile;
use fleetfront_scenario::{PoolPlan, PoolSettings, Rules, Scenario, contradiction, overload};
use fleetfront_sim::Execution;
use serde::{Deserialize, Serialize};

use crate::engine_pool::cell;
use crate::experiment::{CellTask, feasible_cells};
use crate::partition::{Partitions, Unit};

/// What is searched.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SearchSpace {
    /// Settings of pools: each is simulated, and shared by all fleets that contain it.
    pub settings: usize,
    /// Fleets that they add up to.
    pub fleets: f64,
    /// What was left out.
    pub pruned: Vec<Pruned>,
}

/// Something that was left out of the search.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pruned {
    /// What, such as "pool settings".
    pub what: String,
    /// Why.
    pub why: String,
    /// How many.
    pub count: usize,
}

/// Sizes of the space and what was left out of it, without simulating anything.
#[must_use]
pub fn search_space(scenario: &Scenario) -> SearchSpace {
    let partitions = Partitions::of(scenario);
    search_space_of(scenario, &partitions, &feasible_cells(scenario, &partitions))
}

pub(crate) fn search_space_of(scenario: &Scenario, partitions: &Partitions, tasks: &[CellTask]) -> SearchSpace {
    let mut pruned: BTreeMap<(&str, String), usize> = BTreeMap::new();
    for cell in scenario.models.iter().flat_map(|model| &model.variants).flat_map(|variant| &variant.cells) {
        if let Some(first) = cell.feasibility.reasons().first() {
            *pruned.entry(("variants on GPU types", first.constraint().to_owned())).or_default() += 1;
        }
    }
    for (unit, _) in partitions.units.iter().enumerate().filter(|(_, unit)| unit.is_shared()) {
        let left = scenario.gpus.len() - tasks.iter().filter(|task| task.unit == unit).count();
        if left > 0 {
            let why = "not all of its models run there".to_owned();
            *pruned.entry(("shared pools on GPU types", why)).or_default() += left;
        }
    }
    let mut by_unit = vec![0usize; partitions.units.len()];
    for task in tasks {
        let found = settings_of(scenario, &partitions.units[task.unit], &task.models, task.gpu);
        by_unit[task.unit] += found.kept.len();
        for why in found.left_out {
            *pruned.entry(("pool settings", why)).or_default() += 1;
        }
    }
    let fleets = |cover: &Vec<usize>| cover.iter().map(|unit| by_unit[*unit] as f64).product::<f64>();
    SearchSpace {
        settings: by_unit.iter().sum(),
        fleets: partitions.covers.iter().map(fleets).sum(),
        pruned: pruned.into_iter().map(|((what, why), count)| Pruned { what: what.to_owned(), why, count }).collect(),
    }
}

/// The settings of a pool on a cell.
pub(crate) struct Settings {
    /// What is tried.
    pub(crate) kept: Vec<PoolSettings>,
    /// Why others are not, one entry a setting.
    pub(crate) left_out: Vec<String>,
}

/// Every combination of the grid's lists, from the unit's own settings on.
///
/// - `models`: with the variants that run on this GPU type.
pub(crate) fn settings_of(scenario: &Scenario, unit: &Unit, models: &[(usize, usize)], gpu: usize) -> Settings {
    let grid = &scenario.grid;
    let place = Place { scenario, models, gpu };
    let mut all = vec![place.own(&unit.settings)];
    all = vary(&all, &grid.windows, |settings, window| settings.scaledown_window = *window);
    all = vary(&all, &grid.min_containers, |settings, min| settings.min_containers = *min);
    all = vary(&all, &grid.buffer_containers, |settings, buffer| settings.buffer_containers = *buffer);
    all = vary(&all, &grid.max_containers, |settings, max| settings.max_containers = Some(*max));
    all = vary(&all, &grid.max_inputs, |settings, inputs| settings.max_inputs = *inputs);
    all = vary(&all, &grid.gpu_fallback, |settings, names| settings.rules.gpu_fallback = Some(names.clone()));
    all = vary(&all, &grid.batched, |settings, batches| set_batches(settings, batches.as_ref()));
    all = vary(&all, &grid.snapshot, |settings, restores| settings.rules.snapshot = Some(*restores));
    all = vary(&all, &grid.schedules, |settings, entries| settings.rules.schedule = Some(entries.clone()));
    let mut found = Settings { kept: Vec::new(), left_out: Vec::new() };
    // Only what was put another way can be the same as something else.
    let mut reworded = false;
    for written in all {
        let settings = place.reworded(written.clone());
        reworded |= settings != written;
        match place.refusal(&settings) {
            Some(why) => found.left_out.push(why),
            None if reworded && found.kept.contains(&settings) => {
                found.left_out.push("another one that says the same is tried".to_owned());
            }
            None => found.kept.push(settings),
        }
    }
    found
}

/// The settings with each of the values set; as they are where there are none to try.
fn vary<T>(all: &[PoolSettings], values: &[T], set: impl Fn(&mut PoolSettings, &T)) -> Vec<PoolSettings> {
    if values.is_empty() {
        return all.to_vec();
    }
    let with = |settings: &PoolSettings, value: &T| {
        let mut settings = settings.clone();
        set(&mut settings, value);
        settings
    };
    all.iter().flat_map(|settings| values.iter().map(|value| with(settings, value)).collect::<Vec<_>>()).collect()
}

fn set_batches(settings: &mut PoolSettings, batches: Option<&BatchedFile>) {
    settings.rules.batched = batches.cloned();
    match batches {
        Some(batches) => {
            settings.execution = Execution::Batched(batches.batching());
            settings.rules.efficiency = None;
            // What a container takes at once is a batch.
            settings.max_inputs = batches.max_batch_size;
        }
        None if matches!(settings.execution, Execution::Batched(_)) => settings.execution = Execution::Serial,
        None => {}
    }
}

/// A cell that settings are tried on.
struct Place<'a> {
    scenario: &'a Scenario,
    models: &'a [(usize, usize)],
    gpu: usize,
}

impl Place<'_> {
    /// The settings that a unit starts from. It falls back to no pool, as it is by itself; to the GPU types that it
    /// names only from those from which it may.
    fn own(&self, settings: &PoolSettings) -> PoolSettings {
        let mut settings = settings.clone();
        settings.rules.fallback = None;
        if self.ranking_refusal(&settings.rules).is_some() {
            settings.rules.gpu_fallback = None;
        }
        settings
    }

    /// The same said in one way, so that equal settings are equal.
    fn reworded(&self, mut settings: PoolSettings) -> PoolSettings {
        let rules = &mut settings.rules;
        let has_capacity =
            self.scenario.capacity.get(self.gpu).is_none_or(|c| c.wait.is_none() && c.scarcity.is_none());
        if rules.gpu_fallback.as_ref().is_some_and(|names| names.is_empty() || has_capacity) {
            rules.gpu_fallback = None;
        }
        if rules.gpu_fallback.is_none() {
            rules.gpu_wait_s = None;
        }
        if rules.snapshot == Some(false) && !self.has_snapshot(rules) {
            rules.snapshot = None;
        }
        match rules.schedule.as_deref() {
            Some([]) => rules.schedule = None,
            // The last entry holds from the evening before on; the pool's own number never does.
            Some([.., last]) => settings.min_containers = last.min_containers,
            None => {}
        }
        settings
    }

    fn has_snapshot(&self, rules: &Rules) -> bool {
        let mut gpus = crate::engine_pool::gpus(self.scenario, self.gpu, rules).into_iter();
        gpus.any(|gpu| {
            self.models.iter().any(|(model, variant)| cell(self.scenario, *model, *variant, gpu).has_snapshot())
        })
    }

    /// Why these settings are not tried here.
    fn refusal(&self, settings: &PoolSettings) -> Option<String> {
        if let Some(why) = contradiction(settings) {
            return Some(why);
        }
        if let Some(why) = self.ranking_refusal(&settings.rules) {
            return Some(why.to_owned());
        }
        if settings.rules.snapshot == Some(true) && !self.has_snapshot(&settings.rules) {
            return Some("snapshot = true where the cell has no memory snapshot".to_owned());
        }
        let switches = || {
            let spans = self.models.iter().flat_map(|(model, _)| &self.scenario.models[*model].switch_in_s);
            spans.into_iter().any(|span| span.get() > 0.0)
        };
        if self.models.len() > 1 && settings.execution != Execution::Serial && switches() {
            return Some("several models at once cannot switch".to_owned());
        }
        let loads = || self.models.iter().any(|(model, _)| self.scenario.models[*model].adapters.is_some());
        if !settings.executes_singly() && loads() {
            return Some("several inputs at once cannot load adapters".to_owned());
        }
        let limited = settings.max_containers.is_some() || settings.rules.schedule.is_some();
        let queue_grows = || {
            let plan = PoolPlan {
                name: String::new(),
                gpu: self.gpu,
                models: self.models.to_vec(),
                settings: settings.clone(),
            };
            overload(self.scenario, &plan).is_some()
        };
        (limited && queue_grows()).then(|| {
            "requests keep more containers busy than max_containers allows: the queue grows without bound".into()
        })
    }

    /// Why a pool may not fall back to these GPU types.
    fn ranking_refusal(&self, rules: &Rules) -> Option<&'static str> {
        let scenario = self.scenario;
        let ranked = crate::engine_pool::gpus(scenario, self.gpu, rules);
        for (before, gpu) in ranked.iter().zip(&ranked[1..]) {
            let cells = || self.models.iter().map(|(model, variant)| (&scenario.models[*model], *variant));
            if *gpu == self.gpu {
                return Some("gpu_fallback names the pool's own GPU type");
            }
            if cells().any(|(model, variant)| !model.variants[variant].cells[*gpu].feasibility.is_feasible()) {
                return Some("gpu_fallback names a GPU type that a model cannot run on");
            }
            if scenario.gpus[*gpu].usd_per_second.get() <= scenario.gpus[*before].usd_per_second.get() {
                return Some("gpu_fallback names a GPU type that is not dearer than the one asked before it");
            }
            let fails = |(model, variant): (&fleetfront_scenario::Model, usize)| {
                model.failure_probability_on(variant, *gpu) - model.failure_probability_on(variant, self.gpu)
            };
            if cells().any(|model| fails(model).abs() > 0.0) {
                return Some("gpu_fallback names a GPU type on which a model fails with another probability");
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use fleetfront_scenario::Files;

    use super::*;

    /// The default scenario with these lines in its grid, and more at its end.
    fn with(lines: &str, end: &str) -> Scenario {
        let files = Files::embedded();
        let text = files.text("scenario.toml").expect("it is there");
        let text = text.replace("min_containers = [0, 1]", lines) + end;
        Scenario::load(&files.with("scenario.toml", &text)).unwrap_or_else(|problems| panic!("{problems:#?}"))
    }

    /// The settings of wan2.1 as it is deployed, on a GPU type.
    fn on(scenario: &Scenario, gpu: &str) -> Settings {
        let model = scenario.models.iter().position(|model| model.name == "wan2.1").expect("a model");
        let gpu = scenario.gpus.iter().position(|own| own.name == gpu).expect("a GPU type");
        settings_of(scenario, &Partitions::of(scenario).units[model], &[(model, 0)], gpu)
    }

    /// The GPU types on which all of some models run, a model by itself once a variant.
    fn cells_of(scenario: &Scenario, models: u32) -> usize {
        let members: Vec<_> = (0..scenario.models.len()).filter(|k| models >> k & 1 == 1).collect();
        let runs = |model: usize, variant: usize, gpu: usize| {
            scenario.models[model].variants[variant].cells[gpu].feasibility.is_feasible()
        };
        let variants = |model: usize, gpu: usize| {
            (0..scenario.models[model].variants.len()).filter(|variant| runs(model, *variant, gpu)).count()
        };
        let on = |gpu: usize| match members[..] {
            [only] => variants(only, gpu),
            _ => usize::from(members.iter().all(|model| variants(*model, gpu) > 0)),
        };
        (0..scenario.gpus.len()).map(on).sum()
    }

    /// Fleets of some models: the first of them is in one of the pools that hold it, and the others in fleets of theirs.
    fn fleets_of(settings: &[f64], models: u32) -> f64 {
        if models == 0 {
            return 1.0;
        }
        let first = models & models.wrapping_neg();
        let pools = (1..=models).filter(|pool| pool & models == *pool && pool & first != 0);
        pools.map(|pool| settings[pool as usize] * fleets_of(settings, models & !pool)).sum()
    }

    #[test]
    fn the_default_space_is_as_large_as_it_says() {
        let scenario = with("min_containers = [0, 1]", "");
        let space = search_space(&scenario);
        // Nine windows, two numbers of warm containers.
        let settings: Vec<f64> = (0..64).map(|models| 18.0 * cells_of(&scenario, models) as f64).collect();
        let sum: f64 = settings[1..].iter().sum();
        assert_eq!((space.settings, sum), (11_664, 11_664.0));
        let fleets = fleets_of(&settings, 63);
        assert!((space.fleets / fleets - 1.0).abs() < 1e-12 && fleets > 1e15, "{} {fleets}", space.fleets);
        // Nothing but what fits nowhere is left out.
        assert!(space.pruned.iter().all(|pruned| pruned.what != "pool settings"), "{:?}", space.pruned);
    }

    /// By hand: of 0, 1 and 3 warm containers with at most 1 or 2, the two with 3 cannot be; nor can a buffer of 1 where
    /// there is at most 1, whatever is warm.
    #[test]
    fn what_contradicts_itself_is_left_out_with_its_reason() {
        let lists = "min_containers = [0, 1, 3]\nmax_containers = [1, 2]\nbuffer_containers = [0, 1]";
        let found = on(&with(lists, ""), "L40S");
        assert_eq!(found.kept.len(), 9 * (12 - 4 - 2));
        let count = |start: &str| found.left_out.iter().filter(|why| why.starts_with(start)).count();
        assert_eq!(count("min_containers = 3 is above max_containers = 1"), 9 * 2);
        assert_eq!(count("min_containers = 3 is above max_containers = 2"), 9 * 2);
        assert_eq!(count("buffer_containers is not below max_containers"), 9 * 2);
        assert_eq!(found.left_out.len(), 9 * 6);
    }

    #[test]
    fn pools_that_could_never_catch_up_are_left_out() {
        let files = Files::embedded();
        let text = files.text("scenario.toml").expect("it is there");
        let head = "[[models]]\nname = \"wan2.1\"\nrequests_per_day = ";
        let rate = text.split(head).nth(1).and_then(|rest| rest.lines().next()).expect("a rate");
        let text = text.replace(&format!("{head}{rate}"), &format!("{head}20000.0"));
        let text = text.replace("min_containers = [0, 1]", "min_containers = [0, 1]\nmax_containers = [1, 50]");
        let scenario = Scenario::load(&files.with("scenario.toml", &text)).expect("no problems");
        // 20,000 requests of 7.3 s keep 1.7 containers busy.
        let found = on(&scenario, "L40S");
        assert_eq!((found.kept.len(), found.left_out.len()), (18, 18));
        assert!(found.left_out.iter().all(|why| why.contains("the queue grows without bound")));
    }

    const CAPACITY: &str = "provenance = { kind = \"assumed\", source = \"chosen\", date = \"2026-11-26\" }";

    /// By hand: two numbers of warm containers, with and without a GPU type to fall back to, with and without a
    /// schedule, which makes the number of warm containers meaningless.
    #[test]
    fn ranked_gpu_types_and_schedules_are_tried_where_they_mean_something() {
        let lists = "min_containers = [0, 1]\ngpu_fallback = [[], [\"L40S\"]]\n\
                     schedules = [[], [{ at = \"08:00\", min_containers = 1 }, { at = \"20:00\", min_containers = 0 }]]";
        let waits = |gpu: &str| {
            format!("\n[[capacity]]\ngpu = \"{gpu}\"\nwait = {{ exponential = {{ mean_s = 60.0 }} }}\n{CAPACITY}\n")
        };
        let scenario = with(lists, &["L4", "L40S", "H100"].map(waits).concat());
        let count =
            |gpu: &str, start: &str| on(&scenario, gpu).left_out.iter().filter(|why| why.starts_with(start)).count();
        let same = "another one that says the same";
        // L4 is cheaper than L40S and not always to be had.
        assert_eq!((on(&scenario, "L4").kept.len(), count("L4", same)), (9 * 6, 9 * 2));
        // On A10, which always is, falling back changes nothing.
        assert_eq!((on(&scenario, "A10").kept.len(), count("A10", same)), (9 * 3, 9 * 5));
        assert_eq!(count("L40S", "gpu_fallback names the pool's own GPU type"), 9 * 4);
        assert_eq!(count("H100", "gpu_fallback names a GPU type that is not dearer"), 9 * 4);
        let scheduled = on(&scenario, "L4").kept.into_iter().find(|own| own.rules.schedule.is_some());
        assert_eq!(scheduled.map(|own| own.min_containers), Some(0));
    }

    #[test]
    fn snapshots_are_tried_where_there_is_one() {
        let cell = format!(
            "\n[[cells]]\nmodel = \"wan2.1\"\ngpu = \"L40S\"\nboot = {{ deterministic = {{ seconds = 30.0 }} }}\n\
             snapshot = {{ restore = {{ deterministic = {{ seconds = 3.0 }} }}, failure_probability = 0.0 }}\n{CAPACITY}\n"
        );
        let scenario = with("min_containers = [0, 1]\nsnapshot = [false, true]", &cell);
        let (there, elsewhere) = (on(&scenario, "L40S"), on(&scenario, "L4"));
        assert_eq!((there.kept.len(), there.left_out.len()), (36, 0));
        assert_eq!((elsewhere.kept.len(), elsewhere.left_out.len()), (18, 18));
        assert!(elsewhere.left_out.iter().all(|why| why == "snapshot = true where the cell has no memory snapshot"));
        assert!(elsewhere.kept.iter().all(|own| own.rules.snapshot.is_none()));
    }

    #[test]
    fn batches_switch_the_execution() {
        let lists = "min_containers = [0]\nbatched = [{}, { max_batch_size = 4, wait_ms = 100, item_share = 0.3 }]";
        let scenario = with(lists, "");
        let found = on(&scenario, "L40S");
        let batched = found.kept.iter().filter(|own| matches!(own.execution, Execution::Batched(_)));
        assert_eq!((batched.count(), found.kept.len()), (9, 18));
        // Models that share a pool switch, and a batch cannot.
        let shared = Partitions::of(&scenario).units.into_iter().find(Unit::is_shared).expect("one is");
        let found = settings_of(&scenario, &shared, &shared.models, 3);
        assert_eq!((found.kept.len(), found.left_out.len()), (9, 9));
        assert_eq!(found.left_out[0], "several models at once cannot switch");
    }
}
