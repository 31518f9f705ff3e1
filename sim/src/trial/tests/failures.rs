//! Tries that fail and requests that come back: back-off, timeouts, preemption.

use super::*;
use crate::preemption::Preemption;
use crate::trial::purpose;

/// A luck by which the first tries of a request fail, of probability one half each, and the next does not.
fn failing(tries: u32) -> Luck {
    let fails = |luck: Luck, attempt| luck.uniform(attempt, purpose::TRY_FAILS) < 0.5;
    let fits = |luck: &Luck| (0..tries).all(|k| fails(*luck, k)) && !fails(*luck, tries);
    (0..100_000).map(Luck).find(fits).expect("some luck fits")
}

#[test]
fn pauses_between_tries_grow_up_to_the_longest() {
    let retries = Retries { backoff_coefficient: 2.0, max_delay: s(3.0), ..Retries::fixed(3) };
    // Tries 20-28, 29-37, 39-47 and, after 3 s instead of 4, 50-58.
    let (outcome, _) = run(&Pool { timeout: s(8.0), retries, ..pool() }, &[at(0.0)]);
    assert_eq!((ledger(&outcome), outcome.total().executions), ([20.0, 0.0, 1.0 + 2.0 + 3.0 + 60.0, 32.0], 4));
}

#[test]
fn failures_may_show_at_the_end() {
    let mut late = Pool { retries: Retries::fixed(1), ..pool() };
    (late.models[0].failure_probability, late.models[0].fails_at_end) = (0.5, true);
    // 20-30 in vain, again 31-41.
    let (outcome, _) = run(&late, &[Arrival { luck: failing(1), ..at(0.0) }]);
    assert_eq!((ledger(&outcome), mean_latency(&outcome)), ([20.0, 10.0, 1.0 + 60.0, 10.0], 41.0));
}

#[test]
fn a_new_try_may_draw_a_service_time_of_its_own() {
    let mut fresh = Pool { retries: Retries { fresh_service: true, ..Retries::fixed(1) }, ..pool() };
    (fresh.models[0].failure_probability, fresh.models[0].fails_at_end) = (0.5, true);
    fresh.models[0].services = vec![lasting(3.0).into()];
    let arrivals = [Arrival { luck: failing(1), ..at(0.0) }];
    let (outcome, _) = run(&fresh, &arrivals);
    assert_eq!((ledger(&outcome), mean_latency(&outcome)), ([20.0, 3.0, 1.0 + 60.0, 10.0], 34.0));
    // What is always the same may be drawn as often as one likes.
    fresh.models[0].services = vec![lasting(10.0).into()];
    let repeated = Pool { retries: Retries::fixed(1), ..fresh.clone() };
    assert_eq!(run(&fresh, &arrivals), run(&repeated, &arrivals));
}

#[test]
fn the_clock_of_the_timeout_may_start_when_the_container_accepts_the_input() {
    let serial = Pool { max_inputs: 2, target_inputs: 2, timeout: s(15.0), ..pool() };
    let fourteen = |t: f64| Arrival { service: s(14.0), ..at(t) };
    let arrivals = [fourteen(0.0), fourteen(22.0)];
    // 20-34 and 34-48.
    let (outcome, _) = run(&serial, &arrivals);
    assert_eq!((ledger(&outcome), outcome.total().completed), ([20.0, 28.0, 60.0, 0.0], 2));
    // The second is accepted at 22 and killed at 37.
    let (outcome, _) = run(&Pool { timeout_from_accept: true, ..serial.clone() }, &arrivals);
    assert_eq!((ledger(&outcome), outcome.total().failed), ([20.0, 14.0, 60.0, 3.0], 1));
    let patient = Pool { timeout: s(26.0), ..serial };
    assert_eq!(run(&Pool { timeout_from_accept: true, ..patient.clone() }, &arrivals), run(&patient, &arrivals));
}

/// A pool whose first container lives for `life` seconds (of those that count) and whose second lives longer than `rest`.
fn preempted(pool: Pool, life: f64, rest: f64, while_busy: bool, arrivals: &[Arrival]) -> Setting {
    let unit = |luck: Luck, ordinal| -(1.0 - luck.child(ordinal).uniform(0, purpose::PREEMPTION)).ln();
    let fits = |luck: &Luck| unit(*luck, 1) / unit(*luck, 0) * life > rest;
    let luck = (0..100_000).map(Luck).find(fits).expect("some luck fits");
    let preemption = Some(Preemption { mean: s(life / unit(luck, 0)), while_busy });
    Setting { lucks: vec![luck], ..group(vec![Pool { preemption, ..pool }], arrivals) }
}

/// Whether seconds agree to a microsecond: lives are drawn.
fn about(outcome: &Outcome, boot_busy_idle_wasted: [f64; 4]) -> bool {
    ledger(outcome).iter().zip(boot_busy_idle_wasted).all(|(is, should)| (is - should).abs() < 1e-6)
}

#[test]
fn a_preempted_request_starts_again_on_another_container() {
    // 20-25 in vain; boot 25-45, service 45-55.
    let (outcome, _) = preempted(pool(), 5.0, 70.0, false, &[at(0.0)]).outcome();
    assert!(about(&outcome, [40.0, 10.0, 60.0, 5.0]), "{:?}", ledger(&outcome));
    let total = outcome.total();
    assert_eq!((total.completed, total.executions, outcome.pools[0].preemptions), (1, 2, 1));
    approx::assert_relative_eq!(mean_latency(&outcome), 55.0, epsilon = 1e-6);
}

#[test]
fn preempted_inputs_keep_their_order() {
    let serial = Pool { max_inputs: 4, target_inputs: 4, max_containers: 1, ..pool() };
    let lasts = |service: f64, t: f64| Arrival { service: s(service), ..at(t) };
    // One executes and two wait inside at 25; the fourth, of 30, queues behind them while the second container boots.
    let arrivals = [lasts(10.0, 0.0), lasts(5.0, 0.0), lasts(1.0, 0.0), lasts(2.0, 30.0)];
    let (outcome, _) = preempted(serial, 5.0, 100.0, false, &arrivals).outcome();
    approx::assert_relative_eq!(mean_latency(&outcome), (55.0 + 60.0 + 61.0 + 33.0) / 4.0, epsilon = 1e-6);
}

/// Two inputs of a container that is taken away go to the two that are idle, one each.
#[test]
fn preempted_inputs_are_routed_one_by_one() {
    let serial = Pool { max_inputs: 2, min_containers: 3, max_containers: 3, ..pool() };
    let lasts = |service: f64| Arrival { service: s(service), ..at(30.0) };
    // Three containers take one each, and the last of them the fourth.
    let arrivals = [lasts(1.0), lasts(1.0), lasts(60.0), lasts(60.0)];
    let preemption = Some(Preemption { mean: s(100.0), while_busy: false });
    let life = |luck: Luck, ordinal| -(1.0 - luck.child(ordinal).uniform(0, purpose::PREEMPTION)).ln() * 100.0;
    let mut met = 0;
    for luck in (0..20_000).map(Luck) {
        // One of the three is taken away 35 to 85 s after the start; the others and its successor live on.
        let early = (0..3).filter(|k| (15.0..65.0).contains(&life(luck, *k))).count();
        let late = (0..4).filter(|k| life(luck, *k) > 150.0).count();
        if (early, late) != (1, 3) || life(luck, 3) < 150.0 {
            continue;
        }
        let pools = vec![Pool { preemption, ..serial.clone() }];
        let (outcome, _) = Setting { lucks: vec![luck], ..group(pools, &arrivals) }.outcome();
        let [.., wasted] = ledger(&outcome);
        // Nothing is wasted where it is one of the idle ones.
        if wasted > 0.0 {
            met += 1;
            let mean_s = (1.0 + 1.0 + 2.0 * (wasted + 60.0)) / 4.0;
            approx::assert_relative_eq!(mean_latency(&outcome), mean_s, epsilon = 1e-6);
        }
    }
    assert!(met > 5, "{met} cases");
}

#[test]
fn only_busy_time_may_count_towards_preemption() {
    // Busy 20-30, idle 30-50, busy 50-55: 15 s. Boot 55-75, service 75-85.
    let (outcome, _) = preempted(pool(), 15.0, 30.0, true, &[at(0.0), at(50.0)]).outcome();
    assert!(about(&outcome, [40.0, 20.0, 20.0 + 60.0, 5.0]), "{:?}", ledger(&outcome));
    let shared = Pool { execution: Execution::Shared(crate::Efficiency::Power(0.0)), ..pool() };
    let (outcome, _) = preempted(shared, 15.0, 30.0, true, &[at(0.0), at(50.0)]).outcome();
    assert!(about(&outcome, [40.0, 20.0, 20.0 + 60.0, 5.0]), "{:?}", ledger(&outcome));
}

#[test]
fn a_request_that_no_container_survives_is_stuck_at_last() {
    // A day of service, and a container is taken away every minute.
    let long = Arrival { service: s(86_400.0), ..at(0.0) };
    let hopeless = Preemption { mean: s(60.0), while_busy: false };
    let endless = Pool { preemption: Some(hopeless), timeout: SimSpan(u64::MAX), ..pool() };
    let (outcome, _) = run(&endless, &[long]);
    let total = outcome.total();
    assert_eq!((total.stuck, total.completed, total.late), (1, 0, 1));
    assert_eq!(total.sojourn_ns, u128::from(s(1000.0).0));
}

#[test]
fn a_preempted_request_may_queue_too_long_once_more() {
    let fallback = crate::Fallback { on_wait: Some(s(20.0)), ..super::fallback::to(1) };
    let lone = preempted(Pool { fallback: Some(fallback), ..pool() }, 5.0, 70.0, false, &[at(0.0)]);
    let mut two = group(vec![lone.pools[0].clone(), pool()], &[at(0.0)]);
    two.lucks[0] = lone.lucks[0];
    // The first wait ends with the boot at 20. From 25 on no container comes before 100: at 45 to the other pool, whose GPU
    // type there is. Boot 45-65, service 65-75.
    two.pools[1].hardware[0].gpu = 1;
    two.scarcity = vec![vec![crate::Scarcity { from: SimTime(s(21.0).0), to: SimTime(s(100.0).0) }]];
    let of = |scarcity| crate::Capacity { wait: None, scarcity };
    two.capacity = vec![of(Some(0)), of(None)];
    let (outcome, _) = two.outcome();
    assert_eq!(outcome.models[0].fell_back, 1);
    approx::assert_relative_eq!(mean_latency(&outcome), 75.0, epsilon = 1e-6);
}
