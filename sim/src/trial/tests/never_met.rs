//! A rule that is on but never met costs nothing: the outcome is that of the pool without it.

use super::*;
use crate::fallback::{Fallback, Hedge};
use crate::patience::Patience;
use crate::pool::{BootRules, Bounds};
use crate::preemption::Preemption;
use crate::window::Window;

/// Requests that wait, share containers, fail and come back.
fn arrivals() -> Vec<Arrival> {
    let one =
        |k: u64| Arrival { service: s(1.0 + (k * 7 % 12) as f64), luck: Luck(k), ..at((k * k % 11 + 9 * k) as f64) };
    let mut all: Vec<Arrival> = (0..60).map(one).collect();
    all.sort_by_key(|arrival| arrival.at);
    all
}

fn busy() -> Pool {
    let mut busy = Pool {
        min_containers: 1,
        max_containers: 3,
        max_inputs: 2,
        target_inputs: 2,
        retries: Retries::fixed(2),
        timeout: s(11.0),
        ..pool()
    };
    busy.models[0].failure_probability = 0.2;
    busy
}

#[test]
fn a_rule_that_is_never_met_costs_nothing() {
    let hours = SimSpan(u64::MAX);
    let boots = |boots: BootRules| Pool { boots, ..busy() };
    let preempted = |while_busy| Pool { preemption: Some(Preemption { mean: hours, while_busy }), ..busy() };
    let patient = |in_queue_only| Patience { law: lasting(1e9), in_queue_only };
    let bounds = |seconds: f64, max_containers| Bounds { at: SimTime(s(seconds).0), min_containers: 1, max_containers };
    let batched_retries = Retries { backoff_coefficient: 3.0, ..Retries::fixed(2) };
    let all = [
        ("at once", boots(BootRules { at_once: 3, ..BootRules::PLAIN })),
        ("startup timeout", boots(BootRules { startup_timeout: s(20.0), ..BootRules::PLAIN })),
        ("preemption", preempted(false)),
        ("preemption while busy", preempted(true)),
        ("pending", Pool { max_pending: Some(60), ..busy() }),
        ("patience", Pool { patience: Some(patient(false)), ..busy() }),
        ("patience in the queue", Pool { patience: Some(patient(true)), ..busy() }),
        ("schedule", Pool { schedule: vec![bounds(100.0, 3), bounds(1e7, 1)], ..busy() }),
        ("early drain", Pool { early_drain: Some(s(60.0)), ..busy() }),
        ("drawn window", Pool { scaledown_window: Window::Drawn(lasting(60.0)), ..busy() }),
        ("accept", Pool { timeout_from_accept: true, timeout: hours, ..busy() }),
        ("back-off up to the first pause", Pool { retries: batched_retries, ..busy() }),
        ("hardware wait", Pool { hardware_wait: hours, ..busy() }),
        ("increment", Pool { billing_increment: SimSpan(1), billing_minimum: SimSpan(1), ..busy() }),
        ("no buffer", Pool { buffer_always: true, ..busy() }),
    ];
    for (name, with) in all {
        let without = Pool { timeout: with.timeout, ..busy() };
        let plain = run(&without, &arrivals());
        assert!(plain.0.total().failed > 0 || with.timeout == hours);
        assert_eq!(run(&with, &arrivals()), plain, "{name}");
    }
}

#[test]
fn a_fallback_that_nobody_needs_costs_nothing() {
    let never = |predicted| Fallback {
        pool: 1,
        on_rejection: true,
        on_failure: false,
        on_wait: Some(SimSpan(u64::MAX)),
        predicted,
        hedge: None,
    };
    let without = group(vec![busy(), pool()], &arrivals()).outcome();
    for predicted in [false, true] {
        let with = Pool { fallback: Some(never(predicted)), ..busy() };
        assert_eq!(group(vec![with, pool()], &arrivals()).outcome(), without);
    }
    // And one that would hedge, were a request not answered for a thousand years.
    for cancel_loser in [false, true] {
        let hedge = Some(Hedge { after: s(3e10), cancel_loser });
        let fallback = Some(Fallback { on_rejection: false, on_wait: None, hedge, ..never(false) });
        let with = Pool { fallback, ..busy() };
        assert_eq!(group(vec![with, pool()], &arrivals()).outcome(), without);
    }
}
