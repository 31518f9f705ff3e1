//! The grid's candidates as they are reported.

use fleetfront_calibration::Kind;
use fleetfront_scenario::rules::{BatchedFile, BoundsFile};
use fleetfront_scenario::{PoolSettings, Rules, Scenario};

use crate::engine_pool::{cell, fits};
use crate::estimate::Estimate;
use crate::experiment::Candidate;
use crate::frontier::pareto;
use crate::partition::Partitions;
use crate::study::{Choice, Point};
use crate::tally::P95;

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
        rules: tried_rules(scenario, &candidate.settings),
    }
}

/// What is said of a number that the grid tries; nothing of one that is every pool's own.
fn tried(grid: &[u32], number: Option<u32>) -> Option<u32> {
    number.filter(|_| !grid.is_empty())
}

/// Of the rules those that the grid tries.
fn tried_rules(scenario: &Scenario, settings: &PoolSettings) -> Rules {
    let (grid, own) = (&scenario.grid, &settings.rules);
    Rules {
        gpu_fallback: own.gpu_fallback.clone().filter(|_| !grid.gpu_fallback.is_empty()),
        batched: own.batched.clone().filter(|_| !grid.batched.is_empty()),
        snapshot: own.snapshot.filter(|_| !grid.snapshot.is_empty()),
        schedule: own.schedule.clone().filter(|_| !grid.schedules.is_empty()),
        ..Rules::default()
    }
}

/// A pool in a few words: `flux-dev bf16 on L40S, 300 s`.
pub(crate) fn choice_words(choice: &Choice) -> String {
    let Choice { model, variant, scaledown_window_s, min_containers, .. } = choice;
    let is_scheduled = choice.rules.schedule.is_some();
    let warm = (*min_containers > 0 && !is_scheduled).then(|| format!("{min_containers} warm"));
    let start = format!("{model} {variant} on {}, {scaledown_window_s} s", choice.gpus());
    let further = Some(choice.further()).filter(|words| !words.is_empty());
    [Some(start), warm, further].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

impl Choice {
    /// The GPU types in a few words, the pool's own first: `L40S, else H100`.
    #[must_use]
    pub fn gpus(&self) -> String {
        let gpus = std::iter::once(&self.gpu).chain(self.rules.gpu_fallback.iter().flatten());
        gpus.map(String::as_str).collect::<Vec<_>>().join(", else ")
    }

    /// What else the grid tries, in a few words: `buffer 1, batches of 4 within 50 ms`; nothing where it is off.
    #[must_use]
    pub fn further(&self) -> String {
        let batches = |own: &BatchedFile| {
            let BatchedFile { max_batch_size, wait_ms, item_share, .. } = own;
            format!("batches of {max_batch_size} within {wait_ms} ms (each more {item_share})")
        };
        let snapshot = |restores: bool| if restores { "snapshot" } else { "no snapshot" }.to_owned();
        let inputs = self.max_inputs.filter(|_| self.rules.batched.is_none());
        let words = [
            self.buffer_containers.filter(|count| *count > 0).map(|n| format!("buffer {n}")),
            self.max_containers.map(|n| format!("at most {n}")),
            inputs.map(|n| format!("inputs {n}")),
            self.rules.batched.as_ref().map(batches),
            self.rules.snapshot.map(snapshot),
            self.rules.schedule.as_deref().map(schedule_words),
        ];
        words.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}

/// A daily schedule in a few words: `1 warm from 08:00, 0 warm from 20:00`.
#[must_use]
pub fn schedule_words(entries: &[BoundsFile]) -> String {
    let entry = |entry: &BoundsFile| {
        let most = entry.max_containers.map_or(String::new(), |most| format!(" of at most {most}"));
        format!("{} warm{most} from {}", entry.min_containers, entry.at)
    };
    entries.iter().map(entry).collect::<Vec<_>>().join(", ")
}

/// The greatest ratio of a model's p95 to its limit.
pub(crate) fn p95_over_limit(scenario: &Scenario, candidate: &Candidate) -> Estimate {
    let of_model = |(place, (model, _)): (usize, &(usize, usize))| {
        let limit = scenario.models[*model].latency_limit_s.get();
        candidate.of_model(place).percentile(P95).scaled(1.0 / limit)
    };
    candidate.models.iter().enumerate().map(of_model).reduce(greater).expect("a pool has models")
}

/// The greater of two estimates, bound by bound.
pub(crate) fn greater(a: Estimate, b: Estimate) -> Estimate {
    Estimate { value: a.value.max(b.value), low: a.low.max(b.low), high: a.high.max(b.high) }
}
