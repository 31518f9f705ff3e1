//! Luck and ignorance apart, and what to measure next.
//!
//! A trial varies by luck. What is not known (few benchmarks, guessed boots, ratios of GPU types, levels of traffic)
//! varies between worlds: in each of them every unknown has one value, and all allocations meet the same requests.
//! The worlds say what a month may come to, how much of that is luck, and which number decides what is open.

mod doubt;
mod draw;
mod outcome;
mod smooth;
mod split;
#[cfg(test)]
mod tests;
mod unknown;
mod value;
mod words;

use fleetfront_scenario::{Allocation, Scenario};
use fleetfront_sim::normal_quantile;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::allocation::AllocationRun;
use crate::control::{Control, Effort, Interrupted};
use crate::estimate::Estimate;
use crate::metrics::Metrics;
use crate::month::monthly_bill;
use crate::results::infeasible_reasons;
use crate::run::Shared;
use crate::sections::sections;
use crate::statistics::{Interval, wilson};

use draw::World;
use outcome::{AllocationOutcome, Met, Named, Standing, WorldOutcome, Worldwide, judged, month_usd};
use split::months;
use unknown::{Drawn, Unknowns};
use value::{Choice, Decides, Measured, losses, shown_loss};

pub(crate) use doubt::Doubt;
pub(crate) use draw::share;
pub(crate) use split::quantile;

pub use split::Components;
pub use unknown::{Unknown, unknowns};

/// Trials of the scenario as it is, beside which the worlds are shown: fifty weeks.
const PRESENT_TRIALS: u32 = 350;

/// How many worlds, and how many days of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WorldsEffort {
    /// At least 20.
    pub worlds: u32,
    /// Trials (days) of each, at least 2; at least 14, and whole weeks, where days of the week differ.
    pub trials: u32,
    /// Seed of all random numbers.
    pub seed: u64,
}

impl WorldsEffort {
    /// Whether every world has sections that are alike: whole weeks, two or more, where days of the week differ.
    #[must_use]
    pub fn is_even(self, scenario: &Scenario) -> bool {
        if scenario.traffic.is_weekly() { self.trials >= 14 && self.trials.is_multiple_of(7) } else { self.trials >= 2 }
    }
}

/// Fewest worlds that anything is said of.
pub const WORLDS_MIN: u32 = 20;

/// Allocations in many worlds, the choice between them, and what would decide it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Worlds {
    /// Version of the program.
    pub version: String,
    /// SHA-256 of the input files.
    pub inputs_sha256: String,
    /// Name of the scenario.
    pub scenario: String,
    /// Seed of all random numbers.
    pub seed: u64,
    /// Worlds that were simulated; 0 where nothing is unknown.
    pub worlds: u32,
    /// Days of each.
    pub trials: u32,
    /// Days of the scenario as it is.
    pub present_trials: u32,
    /// Days that a month is said to have.
    pub days_per_month: f64,
    /// The answer in a sentence or two.
    pub headline: String,
    /// The allocations in their order; criteria compare the others with the first.
    pub allocations: Vec<AllocationWorlds>,
    /// The choice between them.
    pub choice: ChoiceNow,
    /// What each unknown decides of it, the most valuable first.
    pub measurements: Vec<Measurement>,
    /// Unknowns that were held at what they are taken to be.
    pub fixed: Vec<String>,
    /// What nobody measured, and the worlds do not vary.
    pub taken_as_known: Vec<String>,
    /// Worlds in which a number was taken at the end of what a scenario accepts.
    pub truncated: u32,
}

/// One allocation over all worlds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AllocationWorlds {
    /// Its name.
    pub name: String,
    /// The scenario as it is: what `compare` says of it.
    pub present: Metrics,
    /// What nine months in ten are billed between, and what half of them are billed, by luck alone.
    pub bill_usd_luck: MonthBill,
    /// The same when what is not known is drawn too.
    pub bill_usd: MonthBill,
    /// A month's cost in dollars. `None` here and below where nothing is unknown, or a number is infinite in some world.
    pub cost_usd_month: Option<Components>,
    /// What is saved of the first's cost, in per cent; `None` for the first too.
    pub saving_percent: Option<Components>,
    /// Mean latency.
    pub latency_s_mean: Option<Components>,
    /// 95th percentile of a section.
    pub latency_s_p95: Option<Components>,
    /// Share of the worlds in which it meets every criterion that decides.
    pub acceptable_share: f64,
    /// Share of the worlds in which it is the right choice.
    pub right_share: f64,
    /// What choosing it loses a month, in the mean over the worlds.
    pub loss_usd_month: f64,
    /// Its criteria, and in which share of the worlds they are met.
    pub criteria: Vec<CriterionChance>,
}

/// The month that one in twenty is cheaper than, half, and nineteen in twenty.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct MonthBill {
    /// One in twenty.
    pub p5: f64,
    /// Half.
    pub p50: f64,
    /// Nineteen in twenty.
    pub p95: f64,
}

/// A criterion over all worlds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CriterionChance {
    /// The criterion.
    pub criterion: String,
    /// "fleet" or a model's name.
    pub subject: String,
    /// Share of the worlds in which it is met.
    pub met: f64,
    /// Share of the worlds in which it decides whether the allocation is acceptable: the first allocation meets it, or it
    /// compares with that. The criterion of the cost never does: the cost decides by itself.
    pub decides: f64,
}

/// The choice between the allocations with what is known now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChoiceNow {
    /// The allocation with the smallest expected loss.
    pub chosen: String,
    /// Share of the worlds in which another would be right, with the 95 % interval of so many worlds.
    pub wrong: Estimate,
    /// What that loses a month in the mean: the value of knowing everything (EVPI), in dollars.
    pub loss_usd_month: Estimate,
    /// The same as far as the luck of the few days of a world cannot pretend it.
    pub loss_shown_usd_month: f64,
    /// Whether another choice is worth looking for.
    pub is_open: bool,
}

/// What measuring one number would decide.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measurement {
    /// The number.
    pub unknown: Unknown,
    /// What knowing it takes off the loss (EVPPI), in dollars a month.
    pub value_usd_month: f64,
    /// Standard error of that.
    pub value_usd_standard_error: f64,
    /// Whether luck alone would show less, for any of the unknowns.
    pub is_shown: bool,
    /// Share of what knowing everything is worth.
    pub share: f64,
    /// Share of the worlds in which the choice is still wrong once it is known.
    pub wrong_after: f64,
    /// About so many measurements bring four fifths of that; of a number that is not shown to decide anything, so many
    /// leave a third of what is not known of it. `None` where no number is enough.
    pub count: Option<u32>,
}

/// Simulates the worlds of allocations, and says what would decide between them.
///
/// - `allocations`: all of whose cells are feasible; the first is what criteria compare with.
/// - `fixed`: names of unknowns that are held (see [`unknowns`]); others are passed over.
///
/// # Errors
/// [`Interrupted`] when `control` was cancelled.
///
/// # Panics
/// If there is no allocation, one cannot run, there are too few worlds or trials, or a conservation law is broken.
pub fn worlds(
    scenario: &Scenario,
    allocations: &[Allocation],
    effort: WorldsEffort,
    fixed: &[String],
    control: &Control,
) -> Result<Worlds, Interrupted> {
    assert!(effort.worlds >= WORLDS_MIN && effort.is_even(scenario), "not enough, or uneven: {effort:?}");
    for allocation in allocations {
        let reasons = infeasible_reasons(scenario, allocation);
        assert!(reasons.is_empty(), "\"{}\" cannot run: {reasons:?}", allocation.name);
    }
    let Unknowns { mut drawn, taken_as_known } = Unknowns::of(scenario, allocations);
    drawn.retain(|own| !fixed.contains(&own.unknown.name));
    let present_effort = Effort { trials: PRESENT_TRIALS, seed: effort.seed };
    let shared = Shared::new(scenario, present_effort, control, allocations.len());
    let present: Vec<AllocationRun> =
        allocations.iter().map(|allocation| shared.allocation(allocation)).collect::<Result<_, _>>()?;
    let outcomes =
        if drawn.is_empty() { Vec::new() } else { outcomes(scenario, allocations, &drawn, effort, control)? };
    let answer = Answer { scenario, allocations, effort, drawn: &drawn, present: &present, outcomes: &outcomes };
    let mut worlds = answer.worlds(fixed, taken_as_known);
    worlds.headline = words::headline(&worlds);
    Ok(worlds)
}

/// Every world, in their order.
fn outcomes(
    scenario: &Scenario,
    allocations: &[Allocation],
    drawn: &[Drawn],
    effort: WorldsEffort,
    control: &Control,
) -> Result<Vec<WorldOutcome>, Interrupted> {
    control.expect(u64::from(effort.worlds) * allocations.len() as u64);
    let all = Worldwide { allocations, trials: effort.trials, seed: effort.seed, control };
    let of = |number: u32| all.outcome(&World::drawn(scenario, drawn, effort.seed, number), number);
    (0..effort.worlds).into_par_iter().map(of).collect()
}

/// What an answer is made of.
struct Answer<'a> {
    scenario: &'a Scenario,
    allocations: &'a [Allocation],
    effort: WorldsEffort,
    drawn: &'a [Drawn],
    present: &'a [AllocationRun],
    outcomes: &'a [WorldOutcome],
}

impl Answer<'_> {
    fn worlds(&self, fixed: &[String], taken_as_known: Vec<String>) -> Worlds {
        let present = self.present_standings();
        let choice = match self.outcomes {
            // Nothing is unknown: there is one world, the scenario as it is.
            [] => Choice::new([losses(&present)]),
            worlds => Choice::new(worlds.iter().map(|world| losses(&whole(world)))),
        };
        let now = self.choice_now(&choice);
        let measurements = if now.is_open { self.measurements(&choice, &now) } else { self.unmeasured() };
        Worlds {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            inputs_sha256: self.scenario.inputs_sha256.clone(),
            scenario: self.scenario.name.clone(),
            seed: self.effort.seed,
            worlds: self.outcomes.len() as u32,
            trials: self.effort.trials,
            present_trials: PRESENT_TRIALS,
            days_per_month: self.scenario.platform.days_per_month,
            headline: String::new(),
            allocations: (0..self.allocations.len()).map(|place| self.allocation(place, &choice)).collect(),
            choice: now,
            measurements,
            fixed: fixed.to_vec(),
            taken_as_known,
            truncated: self.outcomes.iter().filter(|world| world.truncated).count() as u32,
        }
    }

    fn present_standings(&self) -> Vec<Standing> {
        let judged = judged(self.scenario, self.allocations, self.present);
        let of = |(run, criteria): (&AllocationRun, &Vec<Named>)| Standing {
            cost_usd_month: month_usd(self.scenario, &run.fleet),
            is_acceptable: Met::are_acceptable(criteria),
        };
        self.present.iter().zip(&judged).map(of).collect()
    }

    fn choice_now(&self, choice: &Choice) -> ChoiceNow {
        let chosen = choice.now();
        let (loss, wrong, worlds) = (choice.expected()[chosen], choice.wrong(chosen), self.outcomes.len() as u64);
        let name = self.allocations[chosen].name.clone();
        if worlds == 0 {
            let nothing = Estimate::exact(0.0);
            return ChoiceNow {
                chosen: name,
                wrong: nothing,
                loss_usd_month: nothing,
                loss_shown_usd_month: 0.0,
                is_open: false,
            };
        }
        let redrawn = choice.redrawn(self.effort.seed);
        let Interval { low, high } = wilson((wrong * worlds as f64).round() as u64, worlds, 0.95);
        let halves: Vec<[Vec<Standing>; 2]> = self.outcomes.iter().map(halves).collect();
        let shown = shown_loss(&halves).min(loss);
        ChoiceNow {
            chosen: name,
            wrong: Estimate { value: wrong, low, high },
            loss_usd_month: Estimate {
                value: loss,
                low: quantile(&redrawn, 0.025).min(loss),
                high: quantile(&redrawn, 0.975).max(loss),
            },
            loss_shown_usd_month: shown,
            is_open: shown > 0.0,
        }
    }

    fn allocation(&self, place: usize, choice: &Choice) -> AllocationWorlds {
        let days_per_month = self.scenario.platform.days_per_month;
        let run = &self.present[place];
        let month = monthly_bill(self.scenario, run.first_trial, &run.trials_usd, run.seed);
        let [p5, p50, p95] = [month.bill_usd_p5, month.bill_usd_p50, month.bill_usd_p95].map(|bill| bill.value);
        let luck = MonthBill { p5, p50, p95 };
        let split = |number: fn(&AllocationOutcome) -> &Vec<f64>| {
            let rows: Vec<Vec<f64>> =
                self.outcomes.iter().map(|world| number(&world.allocations[place]).clone()).collect();
            if rows.is_empty() { None } else { Components::of(&rows, self.sections_a_month(), self.effort.seed) }
        };
        AllocationWorlds {
            name: self.allocations[place].name.clone(),
            present: run.fleet.metrics(days_per_month),
            bill_usd_luck: luck,
            bill_usd: self.bill(place).unwrap_or(luck),
            cost_usd_month: split(|of| &of.cost_usd_month),
            saving_percent: if place == 0 { None } else { split(|of| &of.saving_percent) },
            latency_s_mean: split(|of| &of.latency_s_mean),
            latency_s_p95: split(|of| &of.latency_s_p95),
            acceptable_share: self.share(|world| whole(world)[place].is_acceptable, place),
            right_share: 1.0 - choice.wrong(place),
            loss_usd_month: choice.expected()[place],
            criteria: self.criteria(place),
        }
    }

    /// Sections of a world's trials in a month.
    fn sections_a_month(&self) -> f64 {
        let traffic = &self.scenario.traffic;
        let sections = sections(self.effort.trials, traffic.is_weekly()).len() as f64;
        let days = f64::from(self.effort.trials) * traffic.days();
        self.scenario.platform.days_per_month / (days / sections)
    }

    fn bill(&self, place: usize) -> Option<MonthBill> {
        let costs = self.outcomes.iter().map(|world| world.allocations[place].cost_usd_month.clone());
        let rows: Vec<Vec<f64>> = costs.collect();
        if rows.is_empty() {
            return None;
        }
        let bills: Vec<f64> = months(&rows, self.sections_a_month())
            .into_iter()
            .map(|usd| self.scenario.platform.bill_usd(usd))
            .collect();
        let [p5, p50, p95] = [0.05, 0.5, 0.95].map(|share| quantile(&bills, share));
        Some(MonthBill { p5, p50, p95 })
    }

    /// Of the worlds; of the scenario as it is where there are none.
    fn share(&self, is_so: impl Fn(&WorldOutcome) -> bool, place: usize) -> f64 {
        match self.outcomes {
            [] => f64::from(u8::from(self.present_standings()[place].is_acceptable)),
            worlds => worlds.iter().filter(|world| is_so(world)).count() as f64 / worlds.len() as f64,
        }
    }

    fn criteria(&self, place: usize) -> Vec<CriterionChance> {
        let present = judged(self.scenario, self.allocations, self.present).swap_remove(place);
        let share = |index: usize, is_so: fn(Met) -> bool| match self.outcomes {
            [] => f64::from(u8::from(is_so(present[index].met))),
            worlds => {
                let those = worlds.iter().filter(|world| is_so(world.allocations[place].criteria[index]));
                those.count() as f64 / worlds.len() as f64
            }
        };
        let of = |(index, named): (usize, &Named)| CriterionChance {
            criterion: named.criterion.clone(),
            subject: named.subject.clone(),
            met: share(index, |met| met.holds),
            decides: share(index, |met| met.decides),
        };
        present.iter().enumerate().map(of).collect()
    }

    /// What each unknown decides, the most valuable first.
    fn measurements(&self, choice: &Choice, now: &ChoiceNow) -> Vec<Measurement> {
        let normal = |own: &Drawn| {
            let draw = |world: u32| normal_quantile(share(self.effort.seed, world, &own.unknown.name));
            ((0..self.outcomes.len() as u32).map(draw).collect(), measured(&own.unknown))
        };
        let unknowns: Vec<(Vec<f64>, Measured)> = self.drawn.iter().map(normal).collect();
        let found = choice.decides(&unknowns, self.effort.seed);
        let mut all: Vec<Measurement> =
            self.drawn.iter().zip(found).map(|(own, decides)| measurement(&own.unknown, decides, now)).collect();
        all.sort_by(|a, b| {
            let by_value = b.value_usd_month.total_cmp(&a.value_usd_month);
            b.is_shown.cmp(&a.is_shown).then(by_value).then(a.unknown.name.cmp(&b.unknown.name))
        });
        all
    }

    /// The unknowns where nothing is open.
    fn unmeasured(&self) -> Vec<Measurement> {
        let of = |own: &Drawn| Measurement {
            unknown: own.unknown.clone(),
            value_usd_month: 0.0,
            value_usd_standard_error: 0.0,
            is_shown: false,
            share: 0.0,
            wrong_after: 0.0,
            count: Some(measured(&own.unknown).for_a_third()),
        };
        self.drawn.iter().map(of).collect()
    }
}

fn measured(unknown: &Unknown) -> Measured {
    Measured { sd_log: unknown.sd_log, cv: unknown.cv }
}

fn measurement(unknown: &Unknown, decides: Decides, now: &ChoiceNow) -> Measurement {
    let share = if decides.is_shown { (decides.value / now.loss_usd_month.value).min(1.0) } else { 0.0 };
    Measurement {
        unknown: unknown.clone(),
        value_usd_month: decides.value,
        value_usd_standard_error: decides.standard_error,
        is_shown: decides.is_shown,
        share,
        wrong_after: decides.wrong_after,
        count: if decides.is_shown { decides.count } else { Some(measured(unknown).for_a_third()) },
    }
}

fn whole(world: &WorldOutcome) -> Vec<Standing> {
    world.allocations.iter().map(|of| of.whole).collect()
}

fn halves(world: &WorldOutcome) -> [Vec<Standing>; 2] {
    [0, 1].map(|half| world.allocations.iter().map(|of| of.halves[half]).collect())
}
