use approx::assert_relative_eq;
use fleetfront_calibration::Provenance;
use fleetfront_scenario::{Capacity, Files};
use fleetfront_sim::Law;

use super::*;
use crate::control::{Control, Effort};
use crate::engine_pool::container_price;
use crate::replications::{Look, replicate};
use crate::run::Shared;

const EFFORT: Effort = Effort { trials: 14, seed: 3 };

fn embedded() -> Scenario {
    Scenario::load(&Files::embedded()).expect("the embedded scenario is valid")
}

/// The baseline with everything that is awkward for a bill: a ranked list whose first GPU type is often not to be had, a
/// fallback from one pool to another, containers that are rounded up.
fn awkward() -> Scenario {
    let mut scenario = embedded();
    let baseline = scenario.baseline;
    let l40s = scenario.gpus.iter().position(|gpu| gpu.name == "L40S").expect("it is there");
    let none = || Capacity { wait: None, scarcity: None, provenance: None::<Provenance> };
    scenario.capacity = vec![none(); scenario.gpus.len()];
    scenario.capacity[l40s].wait = Some(Law::Exponential { mean_s: 20.0 });
    let pools = &mut scenario.allocations[baseline].pools;
    let second = pools[1].name.clone();
    for pool in pools.iter_mut() {
        pool.settings.rules.billing_increment_s = Some(60.0);
        pool.settings.rules.billing_minimum_s = Some(90.0);
    }
    pools[0].settings.rules.gpu_fallback = Some(vec!["H100".to_owned()]);
    pools[0].settings.rules.gpu_wait_s = Some(10.0);
    pools[0].settings.rules.fallback = Some(fleetfront_scenario::rules::FallbackFile {
        pool: second,
        on_rejection: false,
        on_failure: true,
        on_wait_s: Some(30.0),
        predicted: false,
        hedge_after_s: None,
        cancel_loser: false,
    });
    scenario
}

fn run(scenario: &Scenario, allocation: usize) -> AllocationRun {
    let control = Control::default();
    let shared = Shared::new(scenario, EFFORT, &control, 1);
    shared.allocation(&scenario.allocations[allocation]).expect("nobody interrupts")
}

fn sum(of: impl Iterator<Item = StateUsd>) -> f64 {
    of.map(|states| states.total()).sum()
}

#[test]
fn every_breakdown_adds_up_to_the_cost_of_a_month() {
    for scenario in [embedded(), awkward()] {
        let allocation = &scenario.allocations[scenario.baseline];
        let run = run(&scenario, scenario.baseline);
        let days = scenario.platform.days_per_month;
        let spending = spending(&scenario, allocation, &run);
        let cost = run.fleet.metrics(days);
        let total = cost.cost_usd_month.value;
        let same = |found: f64, wanted: f64| assert_relative_eq!(found, wanted, max_relative = 1e-10);
        same(spending.total_usd_month, total);
        same(sum(spending.gpus.iter().map(|row| row.states)), total);
        same(spending.gpus.iter().map(|row| row.usd_month.value).sum(), total);
        same(spending.gpus.iter().map(|row| row.share.value).sum(), 1.0);
        same(sum(spending.pools.iter().map(|row| row.states)), total);
        same(sum(spending.models.iter().map(|row| row.states)), total);
        same(sum(spending.hours.iter().map(|row| row.states)), total);
        same(sum(spending.lines.iter().map(|row| row.states)), total);
        let by = cost.cost_by_state;
        for (state, wanted) in State::ALL.into_iter().zip([by.boot_usd, by.busy_usd, by.idle_usd, by.wasted_usd]) {
            same(spending.lines.iter().map(|row| row.states.get(state)).sum(), wanted.value);
        }
        // Pools and models as they are billed elsewhere.
        for (row, pool) in spending.pools.iter().zip(&run.pools) {
            same(row.usd_month, pool.metrics(days).cost_usd_month.value);
        }
        for (row, model) in spending.models.iter().zip(&run.models) {
            same(row.usd_month, model.metrics(days).cost_usd_month.value);
        }
    }
}

#[test]
fn one_gpu_type_has_all_of_it_with_the_interval_of_the_fleet() {
    let scenario = embedded();
    let run = run(&scenario, scenario.baseline);
    let spending = spending(&scenario, &scenario.allocations[scenario.baseline], &run);
    let [only] = spending.gpus.as_slice() else { panic!("one GPU type: {:?}", spending.gpus) };
    let fleet = run.fleet.metrics(30.0).cost_usd_month;
    assert_relative_eq!(only.usd_month.low, fleet.low, max_relative = 1e-9);
    assert_relative_eq!(only.usd_month.high, fleet.high, max_relative = 1e-9);
    assert_relative_eq!(only.share.low, 1.0, max_relative = 1e-9);
    assert!(only.idle_share.low < only.idle_share.value && only.idle_share.value > 0.3, "{:?}", only.idle_share);
    assert!(spending.models.iter().all(|model| model.name != ROUNDING));
}

/// The ledgers of each trial, GPU type by GPU type, at the prices of the scenario.
#[test]
fn ranked_lists_and_rounding_land_on_the_gpu_type_that_ran() {
    let scenario = awkward();
    let run = run(&scenario, scenario.baseline);
    let allocation = &scenario.allocations[scenario.baseline];
    let spending = spending(&scenario, allocation, &run);
    let replications =
        replicate(&scenario, scenario.baseline, 0..14, 3, Look::default(), &Control::default()).expect("it runs");
    let models = scenario.models.len();
    let (mut by_hand, mut rounded) = ([0.0; 2], 0.0);
    for (place, pool) in replications.iter().flat_map(|replication| replication.pools.iter().enumerate()) {
        let types = pool.outcome.rounding_ns.len();
        assert_eq!(types, if place == 0 { 2 } else { 1 });
        let models = pool.outcome.ledgers.len() / types;
        for (hardware, name) in ["L40S", "H100"].iter().enumerate().take(types) {
            let gpu = scenario.gpus.iter().find(|gpu| gpu.name == *name).expect("it is there");
            let price = container_price(&scenario.platform, gpu, 1).get();
            let ledgers = &pool.outcome.ledgers[hardware * models..][..models];
            let spent: u64 = ledgers.iter().map(|ledger| ledger.billed().0).sum();
            let rounding = pool.outcome.rounding_ns[hardware];
            by_hand[hardware] += (spent + rounding) as f64 / 1e9 * price / 14.0 * 30.0;
            rounded += rounding as f64 / 1e9 * price / 14.0 * 30.0;
        }
    }
    let of = |name: &str| spending.gpus.iter().find(|row| row.gpu == name).expect("it is used").usd_month.value;
    assert!(by_hand[1] > 0.1 * by_hand[0], "{by_hand:?}");
    assert_relative_eq!(of("L40S"), by_hand[0], max_relative = 1e-10);
    assert_relative_eq!(of("H100"), by_hand[1], max_relative = 1e-10);
    let last = spending.models.last().expect("there is one");
    assert_eq!((last.name.as_str(), spending.models.len()), (ROUNDING, models + 1));
    assert_relative_eq!(last.usd_month, rounded, max_relative = 1e-10);
    assert_relative_eq!(last.states.idle, rounded, max_relative = 1e-10);
    // What fell back is billed in the other pool, to the model that was sent there.
    let guest = &scenario.models[allocation.pools[0].models[0].0].name;
    let second = &allocation.pools[1].name;
    assert!(spending.lines.iter().any(|line| line.pool == *second && line.model.as_ref() == Some(guest)));
}

/// The hours of the average day, drawn apart: what each ten minutes of it cost at the price of the only GPU type.
#[test]
fn hours_are_those_of_the_average_day() {
    let scenario = embedded();
    let run = run(&scenario, scenario.baseline);
    let spending = spending(&scenario, &scenario.allocations[scenario.baseline], &run);
    let l40s = scenario.gpus.iter().find(|gpu| gpu.name == "L40S").expect("it is there");
    let price = container_price(&scenario.platform, l40s, 1).get();
    assert_eq!(spending.hours.len(), 24);
    for (hour, row) in spending.hours.iter().enumerate() {
        assert_eq!(row.hour as usize, hour);
        let idle: f64 = run.day.idle[hour * 6..][..6].iter().sum();
        assert_relative_eq!(row.states.idle, idle * 600.0 * 30.0 * price, max_relative = 1e-9);
    }
}
