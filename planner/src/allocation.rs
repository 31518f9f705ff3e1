//! An allocation as it stands: all its pools over all trials.

use std::ops::Range;

use fleetfront_scenario::{Allocation, Scenario};
use fleetfront_sim::{HourBook, LatencyHistogram, ModelOutcome, Observers, Outcome, State, Timeline};
use rayon::prelude::*;

use crate::control::{Control, Interrupted};
use crate::groups::{ReadyGroup, Scratch, groups};
use crate::perfect::{Perfect, SectionFloor, perfect};
use crate::requests::Requests;
use crate::spending::SectionBooks;
use crate::static_fleet::few_sections;
use crate::study::Day;
use crate::tally::{Bill, Subject, Tally, percentiles_s};

/// Bins of the average day: ten minutes each.
const BINS: usize = 144;

/// What came out of an allocation.
pub(crate) struct AllocationRun {
    /// All models together.
    pub(crate) fleet: Subject,
    /// One entry a pool, in the allocation's order.
    pub(crate) pools: Vec<Subject>,
    /// One entry a model, in the scenario's order.
    pub(crate) models: Vec<Subject>,
    /// Latencies of each model over all trials.
    pub(crate) latencies: Vec<LatencyHistogram>,
    /// The same over the first sections only: see [`few_sections`].
    pub(crate) few_latencies: Vec<LatencyHistogram>,
    /// The average day.
    pub(crate) day: Day,
    /// What an autoscaler that knew the future would have paid and reached.
    pub(crate) perfect: Perfect,
    /// What the pools were simulated as.
    pub(crate) groups: Vec<ReadyGroup>,
    /// Container time hour by hour, section by section.
    pub(crate) books: Vec<SectionBooks>,
    /// What each trial cost, in their order, and the number of the first.
    pub(crate) trials_usd: Vec<f64>,
    pub(crate) first_trial: u32,
    /// Of all random numbers.
    pub(crate) seed: u64,
}

/// One group of pools over one section.
pub(crate) struct GroupSection {
    pub(crate) outcome: Outcome,
    /// One entry a model of the group.
    pub(crate) latencies: Vec<LatencyHistogram>,
    /// One entry a pool of the group.
    timelines: Vec<Timeline>,
    /// What its requests cannot do without.
    pub(crate) floor: SectionFloor,
    hours: Vec<HourBook>,
    /// What each trial cost.
    trials_usd: Vec<f64>,
}

/// Simulates an allocation all of whose cells are feasible.
pub(crate) fn run_allocation(
    scenario: &Scenario,
    allocation: &Allocation,
    requests: &Requests<'_>,
    sections: &[Range<u32>],
    control: &Control,
) -> Result<AllocationRun, Interrupted> {
    let ready = groups(scenario, allocation);
    let of_sections: Result<Vec<Vec<GroupSection>>, Interrupted> = sections
        .par_iter()
        .map(|section| {
            let simulate =
                |group: &ReadyGroup| simulate_section(scenario, (&allocation.name, group), section, requests, BINS);
            let groups = ready.iter().map(simulate).collect();
            control.step()?;
            Ok(groups)
        })
        .collect();
    let of_sections = of_sections?;
    let mut run = fold(scenario, allocation, &ready, sections, &of_sections);
    run.day = average_day(&of_sections);
    run.perfect = perfect(scenario, allocation, &ready, &of_sections);
    run.trials_usd = of_sections.iter().flat_map(|groups| trials_usd(groups)).collect();
    run.books = of_sections.into_iter().map(|groups| groups.into_iter().map(|group| group.hours).collect()).collect();
    Ok(AllocationRun {
        groups: ready,
        first_trial: sections.first().map_or(0, |s| s.start),
        seed: requests.seed,
        ..run
    })
}

/// Simulates one group of an allocation over one section, and checks it against its bounds.
///
/// - `bins`: of the average day; 0 to keep no books of the hours either.
pub(crate) fn simulate_section(
    scenario: &Scenario,
    (allocation, group): (&str, &ReadyGroup),
    section: &Range<u32>,
    requests: &Requests<'_>,
    bins: usize,
) -> GroupSection {
    let timelines = if bins > 0 { group.places.len() } else { 0 };
    let mut scratch = Scratch::default();
    let mut of_section = GroupSection {
        outcome: Outcome::default(),
        latencies: vec![LatencyHistogram::default(); group.models.len()],
        timelines: (0..timelines).map(|_| Timeline::new(scenario.traffic.horizon(), bins)).collect(),
        floor: SectionFloor::new(group.models.len()),
        hours: if bins > 0 { group.hour_books(scenario.traffic.horizon()) } else { Vec::new() },
        trials_usd: Vec::with_capacity(section.len()),
    };
    let GroupSection { outcome, latencies, timelines, floor, hours, trials_usd } = &mut of_section;
    for trial in section.clone() {
        let arrivals = group.arrivals(requests, trial);
        floor.add(&group.group(), scenario.traffic.horizon(), &mut *arrivals.source());
        let mut observers = Observers { timelines, hours, ..Observers::latencies(latencies) };
        let address = (requests.seed, trial);
        let of_trial = group.simulate_arrivals(scenario, &arrivals, address, &mut scratch, &mut observers);
        trials_usd.push((0..group.places.len()).map(|pool| group.cost_usd(pool, &of_trial.pools[pool])).sum());
        *outcome += &of_trial;
    }
    floor.close();
    let name = || format!("allocation \"{allocation}\"");
    floor.check(&group.group(), outcome, latencies, &name);
    floor.check_percentiles(&group.group(), outcome, |model| percentiles_s(&latencies[model]), &name);
    of_section
}

/// What each trial of a section cost, all groups together.
fn trials_usd(groups: &[GroupSection]) -> Vec<f64> {
    let trials = groups.first().map_or(0, |group| group.trials_usd.len());
    (0..trials).map(|trial| groups.iter().map(|group| group.trials_usd[trial]).sum()).collect()
}

impl GroupSection {
    /// What a model caused in all pools of its group.
    fn bill_of_model(&self, group: &ReadyGroup, model: usize) -> Bill {
        let mut bill = Bill::default();
        for (pool, prices) in self.outcome.pools.iter().zip(&group.prices) {
            bill.add_model(pool, prices, (group.models.len(), model));
        }
        bill
    }

    /// What the containers of a pool cost, whoever used them.
    fn bill_of_pool(&self, group: &ReadyGroup, pool: usize) -> Bill {
        let mut bill = Bill::default();
        bill.add_pool(&self.outcome.pools[pool], &group.prices[pool], group.models.len());
        bill
    }
}

/// Folds the sections in order; the average day and what was bound to be are left out.
pub(crate) fn fold(
    scenario: &Scenario,
    allocation: &Allocation,
    ready: &[ReadyGroup],
    sections: &[Range<u32>],
    of_sections: &[Vec<GroupSection>],
) -> AllocationRun {
    let (models, pools) = (scenario.models.len(), allocation.pools.len());
    let mut run = AllocationRun {
        fleet: Subject::default(),
        pools: vec![Subject::default(); pools],
        models: vec![Subject::default(); models],
        latencies: vec![LatencyHistogram::default(); models],
        few_latencies: vec![LatencyHistogram::default(); models],
        day: Day::default(),
        perfect: Perfect::default(),
        groups: Vec::new(),
        books: Vec::new(),
        trials_usd: Vec::new(),
        first_trial: 0,
        seed: 0,
    };
    let mut fleet_latencies = LatencyHistogram::default();
    let mut pool_latencies = vec![LatencyHistogram::default(); pools];
    let few = few_sections(scenario, sections);
    for (index, (section, groups)) in sections.iter().zip(of_sections).enumerate() {
        let days = section.len() as f64 * scenario.traffic.days();
        let mut fleet = Tally::default();
        let mut fleet_section = LatencyHistogram::default();
        for (group, of_group) in ready.iter().zip(groups) {
            for (k, (model, _)) in group.models.iter().enumerate() {
                let latencies = &of_group.latencies[k];
                let bill = of_group.bill_of_model(group, k);
                let tally = Tally::billed(days, &of_group.outcome.models[k], bill, latencies);
                run.models[*model].sections.push(tally);
                run.latencies[*model].merge(latencies);
                if index < few {
                    run.few_latencies[*model].merge(latencies);
                }
            }
            for (place, in_allocation) in group.places.iter().enumerate() {
                let at_home = || (0..group.models.len()).filter(|k| group.homes[*k] == place);
                let mut outcome = ModelOutcome::default();
                let mut pool_section = LatencyHistogram::default();
                for k in at_home() {
                    outcome += &of_group.outcome.models[k];
                    pool_section.merge(&of_group.latencies[k]);
                }
                outcome.boots = of_group.outcome.pools[place].boots;
                let tally = Tally::billed(days, &outcome, of_group.bill_of_pool(group, place), &pool_section);
                fleet_section.merge(&pool_section);
                pool_latencies[*in_allocation].merge(&pool_section);
                fleet.join(&tally, [0.0; 3]);
                run.pools[*in_allocation].sections.push(tally);
                let peak = &mut run.pools[*in_allocation].peak_containers;
                *peak = (*peak).max(of_group.outcome.pools[place].peak_containers);
            }
        }
        fleet.percentiles_s = percentiles_s(&fleet_section);
        fleet_latencies.merge(&fleet_section);
        run.fleet.sections.push(fleet);
    }
    run.fleet.percentiles_s = percentiles_s(&fleet_latencies);
    // Groups peak at different instants: the sum is an upper bound of the fleet's peak.
    let peak_of_group =
        |group: usize| of_sections.iter().map(move |groups| groups[group].outcome.peak_containers).max();
    run.fleet.peak_containers = (0..ready.len()).filter_map(peak_of_group).sum();
    for (pool, latencies) in run.pools.iter_mut().zip(&pool_latencies) {
        pool.percentiles_s = percentiles_s(latencies);
    }
    for group in ready {
        for (k, (model, _)) in group.models.iter().enumerate() {
            run.models[*model].percentiles_s = percentiles_s(&run.latencies[*model]);
            run.models[*model].peak_containers = run.pools[group.places[group.homes[k]]].peak_containers;
        }
    }
    run
}

/// The average day of all pools together.
fn average_day(of_sections: &[Vec<GroupSection>]) -> Day {
    let mut timelines = of_sections.iter().flatten().flat_map(|group| &group.timelines);
    let Some(first) = timelines.next() else { return Day::default() };
    let mut sum = first.clone();
    timelines.for_each(|timeline| sum.merge(timeline));
    let pools = of_sections.first().map_or(0, |groups| groups.iter().map(|group| group.timelines.len()).sum()).max(1);
    let trials = f64::from(sum.trials) / pools as f64;
    let bin_ns = sum.bin().0 as f64 * trials;
    let containers = |state: State| sum.states_ns.iter().map(|bin| bin[state as usize] as f64 / bin_ns).collect();
    Day {
        bin_s: sum.bin().as_secs_f64(),
        arrivals_per_s: sum.arrivals.iter().map(|n| *n as f64 / (bin_ns / 1e9)).collect(),
        boot: containers(State::Boot),
        busy: containers(State::Busy),
        idle: containers(State::Idle),
        wasted: containers(State::Wasted),
        queue: sum.queue_ns.iter().map(|ns| *ns as f64 / bin_ns).collect(),
    }
}
