use fleetfront_scenario::Files;

use super::*;
use crate::control::{Control, Effort};
use crate::run::Shared;
use crate::tally::percentiles_s;

/// The default scenario with so many times the traffic.
fn busy(times: f64) -> Scenario {
    let mut scenario = Scenario::load(&Files::embedded()).expect("the embedded scenario is valid");
    for (model, traffic) in scenario.models.iter_mut().zip(&mut scenario.traffic.models) {
        model.requests_per_day *= times;
        traffic.requests_per_day *= times;
    }
    scenario
}

/// The found number of containers, set as `min_containers` and `max_containers` of the allocation itself, is as fast as
/// was asked, and one fewer is not.
#[test]
fn one_container_fewer_is_too_slow() {
    let (scenario, control) = (busy(60.0), Control::default());
    let shared = Shared::new(&scenario, Effort { trials: 3, seed: 5 }, &control, 1);
    let plan = &scenario.allocations[scenario.baseline];
    let run = shared.allocation(plan).expect("nobody interrupts");
    let bounds = shared.bounds(plan, &run);
    let mut checked = 0;
    for (place, pool) in plan.pools.iter().enumerate().filter(|(_, pool)| pool.models.len() == 1) {
        let model = pool.models[0].0;
        let fleet = *bounds.pools[place].static_as_fast.number().expect("a pool of one model");
        let with = |containers: u32| {
            let mut fixed = plan.clone();
            let settings = &mut fixed.pools[place].settings;
            (settings.min_containers, settings.max_containers) = (containers, Some(containers));
            let run = shared.allocation(&fixed).expect("nobody interrupts");
            percentiles_s(&run.few_latencies[model])[P95]
        };
        let asked = percentiles_s(&run.few_latencies[model])[P95];
        let found = with(fleet.containers);
        assert!(found <= asked, "{}: {found} s with {fleet:?}, {asked} s", pool.name);
        if fleet.containers > 1 {
            let fewer = with(fleet.containers - 1);
            assert!(fewer > asked, "{}: {fewer} s with one fewer than {fleet:?}, {asked} s", pool.name);
            checked += 1;
        }
    }
    assert!(checked > 0, "no pool needs two containers");
}

#[test]
fn a_static_fleet_needs_a_pool_that_shares_nothing() {
    let (mut scenario, control) = (busy(1.0), Control::default());
    scenario.quota.containers = Some(100);
    let shared = Shared::new(&scenario, Effort { trials: 2, seed: 5 }, &control, 1);
    let plan = &scenario.allocations[scenario.baseline];
    let run = shared.allocation(plan).expect("nobody interrupts");
    let bounds = shared.bounds(plan, &run);
    let Stated::Unknown(why) = &bounds.static_as_fast_usd_month else { panic!("a quota couples the pools") };
    assert!(why.ends_with("it is simulated together with other pools"), "{why}");
    assert!(bounds.perfect_usd_month.number().is_some(), "a quota only delays");
}

#[test]
fn few_sections_are_enough_where_requests_are_many() {
    let sections: Vec<Range<u32>> = (0..50).map(|k| k * 20..(k + 1) * 20).collect();
    assert_eq!(few_sections(&busy(0.1), &sections), 50);
    let some = few_sections(&busy(1.0), &sections);
    assert!((5..20).contains(&some), "{some}");
    assert_eq!(few_sections(&busy(1e4), &sections), 1);
}
