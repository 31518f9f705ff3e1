//! Where the money goes: dollars a month by GPU type, pool, model, hour of the day and what containers did.
//!
//! All breakdowns are sums of the same lines, so each adds up to the same total. Everything is a mean over the trials;
//! intervals stand at the totals by GPU type.

use std::collections::BTreeMap;

use fleetfront_scenario::{Allocation, Scenario};
use fleetfront_sim::{HOURS, HourBook, State};
use serde::{Deserialize, Serialize};

use crate::allocation::AllocationRun;
use crate::estimate::{Estimate, ratio};
use crate::groups::ReadyGroup;
use crate::tally::{Bill, share};

/// The name of what no model causes: what the bill adds by rounding containers up.
pub const ROUNDING: &str = "(rounded up)";

/// Where a month's cost of an allocation goes, before the plan's fee and what it includes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Spending {
    /// What each breakdown adds up to.
    pub total_usd_month: f64,
    /// By GPU type, in the scenario's order.
    pub gpus: Vec<GpuSpending>,
    /// By pool, in the allocation's order.
    pub pools: Vec<NamedSpending>,
    /// By model, in the scenario's order; last [`ROUNDING`], where the platform rounds.
    pub models: Vec<NamedSpending>,
    /// By hour of the day and GPU type; only what is not zero.
    pub hours: Vec<HourSpending>,
    /// All of it by pool, GPU type, model and hour; only what is not zero.
    pub lines: Vec<SpendingLine>,
}

/// Dollars a month by what containers did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct StateUsd {
    /// Booting.
    pub boot: f64,
    /// Executing tries that succeeded.
    pub busy: f64,
    /// Up without work, and what is billed beyond a container's life.
    pub idle: f64,
    /// Executing tries that failed.
    pub wasted: f64,
}

/// A GPU type.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GpuSpending {
    /// Its name.
    pub gpu: String,
    /// What its containers cost a month.
    pub usd_month: Estimate,
    /// Over the cost of all GPU types.
    pub share: Estimate,
    /// Share of its cost that is idle time.
    pub idle_share: Estimate,
    /// By what they did.
    pub states: StateUsd,
}

/// A pool or a model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NamedSpending {
    /// Its name.
    pub name: String,
    /// Dollars a month.
    pub usd_month: f64,
    /// By what containers did.
    pub states: StateUsd,
}

/// A GPU type in an hour of the day.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HourSpending {
    /// 0 to 23, from midnight of the reporting clock.
    pub hour: u32,
    /// Its name.
    pub gpu: String,
    /// Dollars a month.
    pub states: StateUsd,
}

/// The smallest part of the bill that has a line of its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SpendingLine {
    /// Pool.
    pub pool: String,
    /// GPU type; a pool with a ranked list has several.
    pub gpu: String,
    /// The model that causes it; `None` for what is rounded up.
    pub model: Option<String>,
    /// 0 to 23, from midnight of the reporting clock.
    pub hour: u32,
    /// Dollars a month.
    pub states: StateUsd,
}

impl StateUsd {
    fn of([boot, busy, idle, wasted]: [f64; 4]) -> Self {
        Self { boot, busy, idle, wasted }
    }

    /// All of it.
    #[must_use]
    pub fn total(&self) -> f64 {
        self.boot + self.busy + self.idle + self.wasted
    }

    /// What a state has.
    #[must_use]
    pub fn get(&self, state: State) -> f64 {
        match state {
            State::Boot => self.boot,
            State::Busy => self.busy,
            State::Idle => self.idle,
            State::Wasted => self.wasted,
        }
    }
}

/// The hour books of one section: one entry a group, of one a pool of it.
pub(crate) type SectionBooks = Vec<Vec<HourBook>>;

/// Where a line stands: places of the pool in the allocation and of GPU type and model in the scenario, hour of the
/// day. What is rounded up stands behind the last model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    pool: usize,
    gpu: usize,
    model: usize,
    hour: usize,
}

type Lines = BTreeMap<Place, [f64; 4]>;

/// Where the money of an allocation goes.
pub(crate) fn spending(scenario: &Scenario, allocation: &Allocation, run: &AllocationRun) -> Spending {
    let days = run.fleet.each(|tally| tally.days);
    let sections: Vec<Lines> = run.books.iter().map(|books| lines(scenario, &run.groups, books)).collect();
    let a_month = scenario.platform.days_per_month / days.iter().sum::<f64>();
    let mut all = Lines::new();
    for (place, usd) in sections.iter().flatten() {
        add(all.entry(*place).or_default(), usd, a_month);
    }
    let by = |key: fn(&Place) -> usize| {
        let mut sums: BTreeMap<usize, [f64; 4]> = BTreeMap::new();
        for (place, usd) in &all {
            add(sums.entry(key(place)).or_default(), usd, 1.0);
        }
        sums
    };
    let named = |sums: BTreeMap<usize, [f64; 4]>, name: &dyn Fn(usize) -> String| {
        let row = |(index, usd): (usize, [f64; 4])| {
            let states = StateUsd::of(usd);
            NamedSpending { name: name(index), usd_month: states.total(), states }
        };
        sums.into_iter().map(row).collect()
    };
    let gpu_name = |gpu: usize| scenario.gpus[gpu].name.clone();
    let model_name = |model: usize| scenario.models.get(model).map(|model| model.name.clone());
    let pool_name = |pool: usize| allocation.pools[pool].name.clone();
    let of_gpu = |(gpu, usd): (usize, [f64; 4])| {
        let gpu_days = GpuDays::of(&sections, gpu);
        GpuSpending {
            gpu: gpu_name(gpu),
            usd_month: ratio(&gpu_days.usd, &days).scaled(scenario.platform.days_per_month),
            share: part(&gpu_days.usd, &run.fleet.cost_usd()),
            idle_share: part(&gpu_days.idle_usd, &gpu_days.usd),
            states: StateUsd::of(usd),
        }
    };
    Spending {
        total_usd_month: all.values().map(|usd| usd.iter().sum::<f64>()).sum(),
        gpus: by(|place| place.gpu).into_iter().map(of_gpu).collect(),
        pools: named(by(|place| place.pool), &pool_name),
        models: named(by(|place| place.model), &|model| model_name(model).unwrap_or_else(|| ROUNDING.to_owned())),
        hours: hours(&all, gpu_name),
        lines: all
            .iter()
            .map(|(place, usd)| SpendingLine {
                pool: pool_name(place.pool),
                gpu: gpu_name(place.gpu),
                model: model_name(place.model),
                hour: place.hour as u32,
                states: StateUsd::of(*usd),
            })
            .collect(),
    }
}

fn hours(lines: &Lines, gpu_name: impl Fn(usize) -> String) -> Vec<HourSpending> {
    let mut sums: BTreeMap<(usize, usize), [f64; 4]> = BTreeMap::new();
    for (place, usd) in lines {
        add(sums.entry((place.hour, place.gpu)).or_default(), usd, 1.0);
    }
    let row = |((hour, gpu), usd)| HourSpending { hour: hour as u32, gpu: gpu_name(gpu), states: StateUsd::of(usd) };
    sums.into_iter().map(row).collect()
}

/// The dollars of one section, line by line.
fn lines(scenario: &Scenario, groups: &[ReadyGroup], books: &SectionBooks) -> Lines {
    let mut lines = Lines::new();
    let mut enter = |place: Place, bill: Bill| {
        if bill.usd.iter().any(|usd| *usd > 0.0) {
            add(lines.entry(place).or_default(), &bill.usd, 1.0);
        }
    };
    for (group, of_group) in groups.iter().zip(books) {
        let models = group.models.len();
        for (in_group, book) in of_group.iter().enumerate() {
            let pool = group.places[in_group];
            for (hardware, price) in group.prices[in_group].iter().enumerate() {
                let gpu = group.gpu(in_group, hardware);
                for hour in 0..HOURS {
                    for (k, (model, _)) in group.models.iter().enumerate() {
                        let mut bill = Bill::default();
                        bill.add(book.ledger(hour, hardware * models + k), *price);
                        enter(Place { pool, gpu, model: *model, hour }, bill);
                    }
                    let mut bill = Bill::default();
                    bill.add_rounding(book.rounding(hour, hardware).0, *price);
                    enter(Place { pool, gpu, model: scenario.models.len(), hour }, bill);
                }
            }
        }
    }
    lines
}

/// One GPU type, section by section.
struct GpuDays {
    usd: Vec<f64>,
    idle_usd: Vec<f64>,
}

impl GpuDays {
    fn of(sections: &[Lines], gpu: usize) -> Self {
        let sum = |lines: &Lines, part: fn(&[f64; 4]) -> f64| {
            lines.iter().filter(|(place, _)| place.gpu == gpu).map(|(_, usd)| part(usd)).sum()
        };
        let each = |part: fn(&[f64; 4]) -> f64| sections.iter().map(|lines| sum(lines, part)).collect();
        Self { usd: each(|usd| usd.iter().sum()), idle_usd: each(|usd| usd[State::Idle as usize]) }
    }
}

/// A share, or none of nothing.
fn part(of: &[f64], whole: &[f64]) -> Estimate {
    if whole.iter().sum::<f64>() > 0.0 { share(of, whole) } else { Estimate::exact(0.0) }
}

fn add(sum: &mut [f64; 4], usd: &[f64; 4], factor: f64) {
    for (sum, usd) in sum.iter_mut().zip(usd) {
        *sum += usd * factor;
    }
}

#[cfg(test)]
mod tests;
