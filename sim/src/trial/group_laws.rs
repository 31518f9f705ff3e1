//! Laws of every group of pools, tried on random ones with random rules. [`simulate_group`] checks conservation itself,
//! so each of these runs does too.

use std::sync::Arc;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};

use super::random_group::{config, s, setting};
use super::setting::Setting;
use super::*;
use crate::group::{Capacity, Quota, Scarcity};
use crate::histogram::LatencyHistogram;
use crate::hour_book::HOURS;
use crate::law::Law;
use crate::ledger::{Ledger, State};
use crate::outcome::{ModelOutcome, PoolOutcome};
use crate::pool::{Bounds, Execution, Hardware};
use crate::window::Window;
use crate::{Patience, Preemption};

/// Longer than any trial is followed.
const AGES: u64 = 1 << 62;

/// Rules that are on and never met: a limit that is not reached, a time that does not come.
fn with_idle_rules(mut setting: Setting) -> Setting {
    if setting.quota == Quota::NONE {
        setting.quota = Quota { containers: 100_000, gpus: 100_000 };
    }
    if setting.capacity.is_empty() {
        let wait = Some(Law::Deterministic { seconds: 0.0 });
        setting.scarcity.push(vec![Scarcity { from: SimTime(AGES), to: SimTime::NEVER }]);
        setting.capacity = vec![Capacity { wait, scarcity: Some(setting.scarcity.len() as u16 - 1) }; 3];
        for pool in setting.pools.iter_mut().filter(|pool| pool.hardware.len() == 1) {
            pool.hardware.push(Hardware { gpu: 2, gpus: 1 });
        }
    }
    for pool in &mut setting.pools {
        let last = pool.schedule.last();
        let (min_containers, max_containers) =
            last.map_or((pool.min_containers, pool.max_containers), |b| (b.min_containers, b.max_containers));
        // New bounds, and ends of boots, are occasions to try again what the quota denies.
        let repeats = setting.quota.containers == 100_000 && !pool.boots.bound;
        let same = Bounds { at: SimTime(s(70).0), min_containers, max_containers };
        pool.schedule.extend(repeats.then_some(same));
        pool.schedule.push(Bounds { at: SimTime(AGES), min_containers: 0, max_containers: 1 });
        pool.early_drain = pool.early_drain.or(Some(s(60)));
        pool.boots.at_once = pool.boots.at_once.min(if repeats { 100_000 } else { u32::MAX });
        pool.boots.startup_timeout = pool.boots.startup_timeout.min(SimSpan(AGES));
        pool.timeout = pool.timeout.min(SimSpan(AGES));
        pool.max_pending = pool.max_pending.or(Some(100_000));
        let law = Law::Deterministic { seconds: 1e9 };
        let hedges = pool.fallback.is_some_and(|fallback| fallback.hedge.is_some());
        pool.patience = pool.patience.or((!hedges).then_some(Patience { law, in_queue_only: false }));
        let mean = SimSpan(u64::MAX);
        pool.preemption = pool.preemption.or(Some(Preemption { mean, while_busy: false }));
        if let Some(fallback) = &mut pool.fallback {
            fallback.on_wait = fallback.on_wait.or(Some(SimSpan(AGES)));
        }
    }
    setting
}

/// The same with the models named in the opposite order. What the first model of a pool is must not matter.
fn turned(setting: &Setting) -> Setting {
    let mut turned = setting.clone();
    let last = setting.models.len() as u16 - 1;
    turned.models.reverse();
    for step in turned.models.iter_mut().filter_map(|model| model.next.as_mut()) {
        step.model = last - step.model;
    }
    for pool in &mut turned.pools {
        pool.models.reverse();
        pool.models.iter_mut().for_each(|model| model.switch_in.reverse());
    }
    turned.boots.iter_mut().for_each(|laws| laws.reverse());
    turned.arrivals.iter_mut().for_each(|arrival| arrival.model = last - arrival.model);
    turned.clients.iter_mut().for_each(|clients| clients.model = last - clients.model);
    turned
}

/// Starts load the model of a request that waits, never a pool's first.
fn without_first_models(mut setting: Setting) -> Setting {
    for pool in &mut setting.pools {
        (pool.min_containers, pool.buffer_containers, pool.target_inputs) = (0, 0, pool.capacity());
        pool.schedule.iter_mut().for_each(|bounds| bounds.min_containers = 0);
        if let Some(fallback) = &mut pool.fallback {
            fallback.predicted = false;
        }
    }
    setting
}

/// One pool of a group by itself, with the requests that arrive there.
fn alone(setting: &Setting, p: usize) -> Setting {
    let mut alone = setting.clone();
    alone.pools = vec![setting.pools[p].clone()];
    alone.boots = vec![setting.boots[p].clone()];
    alone.lucks = vec![setting.lucks[p]];
    let is_here = |model: u16| usize::from(setting.models[usize::from(model)].home) == p;
    alone.arrivals.retain(|arrival| is_here(arrival.model));
    alone.clients.retain(|clients| is_here(clients.model));
    for model in &mut alone.models {
        // Elsewhere: no request of theirs comes.
        model.home = if usize::from(model.home) == p { 0 } else { u16::MAX };
    }
    alone
}

fn without_sharing(mut setting: Setting) -> Setting {
    setting.quota = Quota::NONE;
    setting.pools.iter_mut().for_each(|pool| pool.fallback = None);
    setting.models.iter_mut().for_each(|model| model.next = None);
    setting
}

fn scale(span: &mut SimSpan, factor: u64) {
    span.0 = span.0.saturating_mul(factor);
}

fn scale_all<const N: usize>(spans: [&mut SimSpan; N], factor: u64) {
    for span in spans {
        scale(span, factor);
    }
}

fn scale_law(law: &mut Law, factor: u64) {
    *law = law.scaled(factor as f64);
}

/// The same with every time so many times as long.
fn times(setting: &Setting, factor: u64) -> Setting {
    let mut longer = setting.clone();
    let instant = |at: &mut SimTime| at.0 *= factor;
    for pool in &mut longer.pools {
        let window = pool.scaledown_window.fixed().expect("nothing is drawn");
        pool.scaledown_window = Window::Fixed(SimSpan(window.0 * factor));
        if let Execution::Batched(batching) = &mut pool.execution
            && let crate::BatchWait::Oldest(wait) = &mut batching.wait
        {
            scale(wait, factor);
        }
        let boots = &mut pool.boots;
        let retries = &mut pool.retries;
        let spans = [&mut boots.startup_timeout, &mut boots.backoff, &mut boots.backoff_max, &mut pool.timeout];
        scale_all(spans, factor);
        let spans = [&mut retries.initial_delay, &mut retries.max_delay, &mut pool.hardware_wait];
        scale_all(spans, factor);
        let spans = [&mut pool.billing_increment, &mut pool.billing_minimum];
        scale_all(spans, factor);
        pool.early_drain.iter_mut().for_each(|span| scale(span, factor));
        pool.schedule.iter_mut().for_each(|bounds| instant(&mut bounds.at));
        pool.patience.iter_mut().for_each(|patience| scale_law(&mut patience.law, factor));
        pool.fallback.iter_mut().flat_map(|fallback| &mut fallback.on_wait).for_each(|span| scale(span, factor));
        let hedges = pool.fallback.iter_mut().flat_map(|fallback| &mut fallback.hedge);
        hedges.for_each(|hedge| scale(&mut hedge.after, factor));
        for model in &mut pool.models {
            scale(&mut model.latency_limit, factor);
            model.switch_in.iter_mut().for_each(|span| scale(span, factor));
            model.services.iter_mut().for_each(|service| scale_law(&mut service.law, factor));
            let adapters = model.adapters.iter_mut().map(Arc::make_mut);
            adapters.for_each(|adapters| scale_law(&mut adapters.load, factor));
            for boot in &mut model.boots {
                boot.image.iter_mut().chain(&mut boot.phases).for_each(|law| scale_law(law, factor));
                boot.snapshot.iter_mut().for_each(|snapshot| scale_law(&mut snapshot.restore, factor));
            }
        }
    }
    longer.capacity.iter_mut().flat_map(|capacity| &mut capacity.wait).for_each(|law| scale_law(law, factor));
    for period in longer.scarcity.iter_mut().flatten() {
        instant(&mut period.from);
        instant(&mut period.to);
    }
    for arrival in &mut longer.arrivals {
        instant(&mut arrival.at);
        scale(&mut arrival.service, factor);
    }
    for clients in &mut longer.clients {
        clients.first.iter_mut().for_each(|span| scale(span, factor));
        scale_law(&mut clients.think, factor);
        scale_law(&mut clients.service.law, factor);
        clients.pace = clients.pace.slowed(factor);
    }
    longer.boots.iter_mut().flatten().for_each(|law| scale_law(law, factor));
    instant(&mut longer.horizon.start);
    instant(&mut longer.horizon.end);
    longer
}

fn ledgers(outcome: &Outcome, factor: u64) -> Vec<[u64; 4]> {
    let ledgers = outcome.pools.iter().flat_map(|pool| &pool.ledgers);
    ledgers.map(|ledger| State::ALL.map(|state| ledger.get(state).0 * factor)).collect()
}

fn hedges(setting: &Setting) -> bool {
    setting.pools.iter().filter_map(|pool| pool.fallback).any(|fallback| fallback.hedge.is_some())
}

/// Boot, execution and idle time of each pool, by GPU type and model.
fn paid(outcome: &Outcome) -> Vec<[u64; 3]> {
    let split = |[boot, busy, idle, wasted]: [u64; 4]| [boot, busy + wasted, idle];
    ledgers(outcome, 1).into_iter().map(split).collect()
}

fn losses(model: &ModelOutcome) -> u64 {
    model.failed + model.rejected + model.abandoned + model.stuck
}

#[test]
fn random_groups_meet_every_rule() {
    let mut runner = TestRunner::new_with_rng(config(1), TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let mut sum = Outcome::default();
    let mut sent = 0;
    for _ in 0..1_500 {
        let setting = setting(true).new_tree(&mut runner).expect("a setting").current();
        let outcome = setting.outcome().0;
        sent += outcome.total().arrived - Setting { clients: Vec::new(), ..setting }.outcome().0.total().arrived;
        sum += &outcome;
    }
    assert!(sent >= 2_000, "{sent} requests of clients");
    let total = sum.total();
    let mut met = PoolOutcome::default();
    sum.pools.iter().for_each(|pool| met += pool);
    let losses = [total.failed, total.rejected, total.abandoned, total.stuck];
    let hedges = [total.hedged - total.hedge_wins, total.hedge_wins];
    let moves = [
        total.adapter_loads,
        total.fell_back,
        total.cold,
        met.denied,
        met.cancelled,
        met.preemptions,
        met.boot_failures,
    ];
    let batches = [met.batches - met.full_batches, met.full_batches];
    // Of some thousand requests.
    for count in losses.into_iter().chain(hedges).chain(moves).chain(batches) {
        assert!(count >= 50, "{losses:?} {hedges:?} {moves:?} {batches:?}");
    }
    assert!(met.capacity_wait_ns > 0 && met.rounding_ns.iter().all(|ns| *ns > 0));
}

proptest! {
    #![proptest_config(config(1_000))]

    #[test]
    fn every_request_ends_once_and_every_second_is_somebodys(setting in setting(true)) {
        let seen = setting.seen(usize::MAX);
        let outcome = &seen.outcome;
        for (model, (latencies, waits)) in outcome.models.iter().zip(seen.latencies.iter().zip(&seen.waits)) {
            prop_assert_eq!(model.completed + losses(model), model.arrived);
            prop_assert_eq!((latencies.total(), waits.total()), (model.arrived, model.arrived));
            prop_assert!(losses(model) <= model.late && model.late <= model.arrived);
            prop_assert!(model.cold <= model.waited && model.waited <= model.arrived);
            prop_assert!(model.latency_ns <= model.sojourn_ns);
            // What is stuck may have been executed, in vain, after the end to which its time counts.
            prop_assert!(model.stuck > 0 || model.wait_ns <= model.sojourn_ns);
            prop_assert!(model.completed <= model.executions && model.adapter_loads <= model.executions);
            prop_assert!(model.hedge_wins <= model.hedged && model.hedged <= model.arrived);
        }
        // A step of a chain arrives when the one before it goes on.
        let inside = || seen.trace.events.iter().filter(|event| setting.horizon.contains(event.at));
        let arrive = inside().filter(|event| event.what == What::Arrives).count() as u64;
        let roots = arrive - inside().filter(|event| matches!(event.what, What::Continues { .. })).count() as u64;
        let listed = setting.arrivals.iter().filter(|arrival| setting.horizon.contains(arrival.at)).count() as u64;
        prop_assert!(listed <= roots && (listed == roots || !setting.clients.is_empty()));
        let total = outcome.total();
        let continued = setting.models.iter().any(|model| model.next.is_some());
        prop_assert!(total.arrived == roots || (continued && total.arrived > roots));
        // A chain ends with its last step or with a loss.
        prop_assert_eq!(total.chains + losses(&total), roots);
        let mut of_pools = crate::Ledger::default();
        outcome.pools.iter().for_each(|pool| of_pools += pool.ledger());
        prop_assert_eq!(of_pools, total.ledger);
        for (pool, rules) in outcome.pools.iter().zip(&setting.pools) {
            let most = rules.schedule.iter().map(|bounds| bounds.max_containers).fold(rules.max_containers, u32::max);
            prop_assert!(pool.peak_containers <= most.min(outcome.peak_containers));
            prop_assert!(pool.ledger().billed().0 <= u64::from(pool.peak_containers) * outcome.horizon_ns);
            prop_assert!(pool.full_batches <= pool.batches);
        }
        prop_assert!(outcome.peak_containers <= setting.quota.containers.min(setting.quota.gpus));
    }

    #[test]
    fn no_request_ends_twice(setting in setting(true)) {
        let mut ended = std::collections::BTreeSet::new();
        for event in setting.seen(usize::MAX).trace.events {
            let ends = matches!(
                event.what,
                What::Completes { in_vain: false, .. } | What::Fails | What::Rejected | What::GivesUp
            );
            prop_assert!(!ends || ended.insert(event.request), "{event:?}");
        }
    }

    #[test]
    fn a_client_waits_for_its_request_before_it_sends_another(setting in setting(true)) {
        let setting = Setting { arrivals: Vec::new(), ..setting };
        let clients: usize = setting.clients.iter().map(|clients| clients.first.len()).sum();
        let (mut inside, mut sent, mut ended) = (std::collections::BTreeSet::new(), 0, 0);
        let seen = setting.seen(usize::MAX);
        for event in seen.trace.events {
            match event.what {
                What::Arrives => {
                    sent += 1;
                    prop_assert!(inside.insert(event.request));
                    prop_assert!(inside.len() <= clients, "{} requests of {clients} clients", inside.len());
                }
                What::Completes { in_vain: false, .. } | What::Fails | What::Rejected | What::GivesUp => {
                    ended += 1;
                    prop_assert!(inside.remove(&event.request));
                }
                _ => {}
            }
        }
        prop_assert_eq!(sent, ended + inside.len());
        let total = seen.outcome.total();
        prop_assert!(total.stuck <= inside.len() as u64 && total.arrived <= sent as u64);
    }

    #[test]
    fn a_used_workspace_leaves_no_trace(first in setting(true), second in setting(true)) {
        let mut workspace = Workspace::default();
        let _ = first.outcome_in(&mut workspace);
        prop_assert_eq!(second.outcome_in(&mut workspace), second.outcome());
    }

    #[test]
    fn rules_that_are_never_met_change_nothing(setting in setting(true)) {
        let mut plain = setting.outcome();
        let idle = with_idle_rules(setting.clone());
        let mut with = idle.outcome();
        // The GPU type that never comes has an empty account.
        for pool in plain.0.pools.iter_mut().chain(&mut with.0.pools) {
            pool.ledgers.truncate(setting.models.len());
            pool.rounding_ns.truncate(1);
        }
        prop_assert_eq!(with, plain);
    }

    #[test]
    fn naming_the_models_in_another_order_changes_nothing(setting in setting(true)) {
        let setting = without_first_models(setting);
        let (outcome, latencies) = setting.outcome();
        let (mut turned_outcome, mut turned_latencies) = turned(&setting).outcome();
        turned_outcome.models.reverse();
        for pool in &mut turned_outcome.pools {
            pool.ledgers.chunks_mut(setting.models.len()).for_each(<[_]>::reverse);
        }
        turned_latencies.reverse();
        prop_assert_eq!((outcome, latencies), (turned_outcome, turned_latencies));
    }

    #[test]
    fn pools_that_share_nothing_do_in_a_group_what_they_do_alone(setting in setting(true)) {
        let setting = without_sharing(setting);
        let (outcome, latencies) = setting.outcome();
        for p in 0..setting.pools.len() {
            let (alone, alone_latencies) = alone(&setting, p).outcome();
            prop_assert_eq!(&alone.pools[0], &outcome.pools[p]);
            for m in (0..setting.models.len()).filter(|m| usize::from(setting.models[*m].home) == p) {
                prop_assert_eq!(&alone_latencies[m], &latencies[m]);
                // A pool that is nobody's home charges the first model of all.
                let ModelOutcome { boots, ledger, .. } = outcome.models[m];
                prop_assert_eq!(ModelOutcome { boots, ledger, ..alone.models[m] }, outcome.models[m]);
            }
        }
    }

    /// Adjacent horizons add up, and what arrives later changes no second before.
    #[test]
    fn the_past_does_not_know_the_future(setting in setting(true), cut in 0.01..0.99f64) {
        let Horizon { start, end } = setting.horizon;
        let middle = SimTime(start.0 + ((end.0 - start.0) as f64 * cut) as u64);
        let mut before = Setting { horizon: Horizon { start, end: middle }, ..setting.clone() };
        before.arrivals.retain(|arrival| arrival.at < middle);
        let after = Setting { horizon: Horizon { start: middle, end }, ..setting.clone() };
        let mut sum = before.outcome().0;
        sum += &after.outcome().0;
        let whole = setting.outcome().0;
        prop_assert_eq!(sum.peak_containers, whole.peak_containers);
        if hedges(&setting) {
            // Which of two copies was for nobody is known when the other one answers. What was paid for is known at once.
            prop_assert_eq!(paid(&sum), paid(&whole));
        } else {
            prop_assert_eq!(sum.pools, whole.pools);
            for (parts, all) in sum.models.iter().zip(&whole.models) {
                prop_assert_eq!((parts.boots, parts.ledger), (all.boots, all.ledger));
            }
        }
    }

    #[test]
    fn a_longer_second_makes_everything_longer_in_proportion(setting in setting(false), factor in 2..1000u64) {
        let (short, _) = setting.outcome();
        let (long, _) = times(&setting, factor).outcome();
        prop_assert_eq!(ledgers(&short, factor), ledgers(&long, 1));
        prop_assert_eq!(short.peak_containers, long.peak_containers);
        for (s, l) in short.models.iter().zip(&long.models) {
            let wide = u128::from(factor);
            prop_assert_eq!((s.latency_ns * wide, s.wait_ns * wide), (l.latency_ns, l.wait_ns));
            prop_assert_eq!((s.sojourn_ns * wide, s.chain_ns * wide), (l.sojourn_ns, l.chain_ns));
            let counts = |m: &ModelOutcome| {
                [m.completed, m.failed, m.rejected, m.abandoned, m.stuck, m.cold, m.waited, m.fell_back, m.executions, m.boots, m.late]
            };
            prop_assert_eq!(counts(s), counts(l));
            prop_assert_eq!((s.hedged, s.hedge_wins), (l.hedged, l.hedge_wins));
        }
        for (s, l) in short.pools.iter().zip(&long.pools) {
            prop_assert_eq!(s.capacity_wait_ns * factor, l.capacity_wait_ns);
            prop_assert!(s.rounding_ns.iter().zip(&l.rounding_ns).all(|(s, l)| s * factor == *l));
            prop_assert_eq!((s.boots, s.cancelled, s.denied, s.batches), (l.boots, l.cancelled, l.denied, l.batches));
        }
    }

    #[test]
    fn nobody_changes_what_he_looks_at(setting in setting(true), limit in 0..50usize) {
        let (outcome, latencies): (Outcome, Vec<LatencyHistogram>) = setting.outcome();
        let all = setting.seen(usize::MAX);
        prop_assert_eq!((&all.outcome, &all.latencies), (&outcome, &latencies));
        let few = setting.seen(limit);
        prop_assert!(few.trace.events.len() <= limit);
        prop_assert_eq!(&few.trace.events[..], &all.trace.events[..limit.min(all.trace.events.len())]);
        prop_assert_eq!((&few.outcome, &few.waits), (&all.outcome, &all.waits));
        prop_assert_eq!((&few.timelines, &few.hours), (&all.timelines, &all.hours));
    }

    #[test]
    fn hours_add_up_to_the_ledgers_account_by_account(setting in setting(true)) {
        let seen = setting.seen(0);
        for (pool, hours) in seen.outcome.pools.iter().zip(&seen.hours) {
            for (account, ledger) in pool.ledgers.iter().enumerate() {
                let mut of_hours = Ledger::default();
                (0..HOURS).for_each(|hour| of_hours += *hours.ledger(hour, account));
                prop_assert_eq!(of_hours, *ledger);
            }
            for (hardware, rounding_ns) in pool.rounding_ns.iter().enumerate() {
                let of_hours: u64 = (0..HOURS).map(|hour| hours.rounding(hour, hardware).0).sum();
                prop_assert_eq!(of_hours, *rounding_ns);
            }
        }
    }

    #[test]
    fn timelines_and_occupancies_add_up_to_the_ledgers(setting in setting(true)) {
        let seen = setting.seen(0);
        for ((pool, timeline), occupancy) in seen.outcome.pools.iter().zip(&seen.timelines).zip(&seen.occupancies) {
            let ledger = pool.ledger();
            for state in State::ALL {
                let bins: u64 = timeline.states_ns.iter().map(|bin| bin[state as usize]).sum();
                prop_assert_eq!(bins, ledger.get(state).0);
            }
            let weighted = |times: &[u64]| times.iter().zip(0u64..).map(|(time, count)| time * count).sum::<u64>();
            prop_assert_eq!(weighted(&occupancy.alive_ns), ledger.billed().0);
            prop_assert_eq!(weighted(&occupancy.busy_ns), ledger.get(State::Busy).0 + ledger.get(State::Wasted).0);
            for times in [&occupancy.alive_ns, &occupancy.busy_ns] {
                prop_assert_eq!(times.iter().sum::<u64>(), seen.outcome.horizon_ns);
            }
        }
    }
}
