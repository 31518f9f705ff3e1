//! Random groups of pools for the tests of the laws: any subset of all rules, small enough to meet each other often.

use std::sync::Arc;

use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::setting::Setting;
use super::*;
use crate::boot::{Boot, Snapshot};
use crate::clients::Clients;
use crate::group::{Capacity, ChainStep, GroupModel, Quota, Scarcity};
use crate::law::Law;
use crate::pace::Pace;
use crate::pool::{BootRules, Bounds, Execution, Hardware, PoolModel};
use crate::quantile::Quantile;
use crate::quantities::SimSpan;
use crate::request::Luck;
use crate::window::Window;
use crate::{Adapters, Service, Shape, ShapeLaw, Shapes, Work};
use crate::{BatchWait, Batching, Efficiency, Fallback, Hedge, Patience, Preemption, Retries};

/// The same tests on every machine and every day.
pub(super) fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, rng_seed: RngSeed::Fixed(20_261_124), failure_persistence: None, ..Default::default() }
}

pub(super) fn s(seconds: u64) -> SimSpan {
    SimSpan(seconds * 1_000_000_000)
}

fn always(seconds: u64) -> Law {
    Law::Deterministic { seconds: seconds as f64 }
}

/// Numbers that choose rules one after the other: a zero chooses the first, which is "off".
struct Dials<'a> {
    numbers: std::slice::Iter<'a, u8>,
    /// Whether laws and events by chance may be chosen.
    chance: bool,
}

impl Dials<'_> {
    fn pick<T: Clone>(&mut self, choices: &[T]) -> T {
        let number = usize::from(*self.numbers.next().expect("enough dials"));
        choices[number % choices.len()].clone()
    }

    /// The same, where only the first `certain` choices leave nothing to chance.
    fn pick_certain<T: Clone>(&mut self, certain: usize, choices: &[T]) -> T {
        self.pick(if self.chance { choices } else { &choices[..certain] })
    }

    fn law(&mut self, seconds: u64) -> Law {
        let mean_s = seconds as f64;
        let lognormal = Law::Lognormal { mu: mean_s.max(1.0).ln(), sigma: 0.7 };
        self.pick_certain(3, &[always(seconds), always(0), always(seconds + 3), Law::Exponential { mean_s }, lognormal])
    }
}

const DIALS_A_POOL: usize = 44;
const DIALS_A_MODEL: usize = 14;
const DIALS_A_HEDGE: usize = 3;
const DIALS_OF_GROUP: usize = 21;

fn execution(dials: &mut Dials<'_>) -> Execution {
    let waits = [BatchWait::Oldest(s(5)), BatchWait::Oldest(SimSpan::ZERO)];
    let wait = dials.pick_certain(2, &[waits[0], waits[1], BatchWait::WhileIdle(Law::Exponential { mean_s: 4.0 })]);
    let batching = Batching { max_batch_size: dials.pick(&[2, 1, 3]), wait, item_share: dials.pick(&[0.5, 0.0, 1.0]) };
    let powers = [Execution::Shared(Efficiency::Power(0.5)), Execution::Shared(Efficiency::Table(vec![1.0, 1.6]))];
    let serial = Execution::Serial;
    let [power, table] = powers;
    // Shared execution ends at rounded instants: it does not scale to the nanosecond.
    dials.pick_certain(3, &[serial, Execution::Parallel, Execution::Batched(batching), power, table])
}

fn boot_rules(dials: &mut Dials<'_>) -> BootRules {
    let (cancel, at_once, bound) = dials.pick(&[
        (false, u32::MAX, false),
        (true, u32::MAX, false),
        (false, 1, false),
        (true, 2, false),
        (false, u32::MAX, true),
        (true, u32::MAX, true),
    ]);
    BootRules {
        cancel,
        at_once,
        bound,
        failure_probability: dials.pick(&[0.0, 0.0, 0.4]),
        startup_timeout: dials.pick(&[SimSpan(u64::MAX), s(60)]),
        backoff: dials.pick(&[s(1), s(3), SimSpan::ZERO]),
        backoff_max: s(5),
    }
}

fn model(dials: &mut Dials<'_>, models: usize, types: usize, serial: bool) -> PoolModel {
    let switch = |dials: &mut Dials<'_>| if serial { dials.pick(&[SimSpan::ZERO, s(2), s(7)]) } else { SimSpan::ZERO };
    let boot = |dials: &mut Dials<'_>| {
        let snapshot = Snapshot { restore: always(1), failure_probability: dials.pick(&[0.5, 0.0]) };
        Boot {
            image: dials.pick(&[None, Some(always(2))]),
            bill_image: dials.pick(&[true, false]),
            phases: vec![dials.law(4), always(1)],
            snapshot: dials.pick(&[None, Some(snapshot)]),
        }
    };
    let boots = boot(dials);
    let (weights, held) = dials.pick(&[(vec![1.0], 1), (vec![2.0, 1.0, 1.0], 1), (vec![3.0, 1.0, 1.0, 1.0], 2)]);
    let loads = dials.pick(&[false, true]) && serial;
    PoolModel {
        failure_probability: dials.pick(&[0.0, 0.0, 0.5]),
        // A failure on the way is an instant that does not scale.
        fails_at_end: !dials.chance || dials.pick(&[false, true]),
        switch_in: vec![switch(dials); models],
        services: services(dials, types),
        adapters: loads.then(|| Arc::new(Adapters::new(&weights, dials.law(3), held))),
        boots: if types > 1 || dials.pick(&[false, true]) { vec![boots; types] } else { Vec::new() },
        ..PoolModel::new(models, s(20))
    }
}

/// Works that are powers of two, so that whole seconds stay exact where nothing is left to chance.
fn services(dials: &mut Dials<'_>, types: usize) -> Vec<Service> {
    let (law, chance) = (dials.law(5), dials.chance);
    let one = || vec![(1.0, 1.0)];
    let [reference, short] = [1.0, 0.5].map(|steps| Shape { steps, megapixels: 1.0, frames: 1.0, images: 1.0 });
    let long = Shape { steps: 2.0, images: 4.0, ..short };
    let steps = vec![(1.0, 0.5), (1.0, 1.0), (1.0, 2.0)];
    let independent = Shapes::Independent([steps, one(), one(), vec![(2.0, 1.0), (1.0, 4.0)]]);
    let mixes = [None, Some(independent), Some(Shapes::Joint(vec![(2.0, short), (1.0, long), (1.0, reference)]))];
    let shapes = dials.pick(&mixes);
    let work = |k: usize| {
        let fixed_share = if chance { [0.0, 0.3][k % 2] } else { 0.0 };
        let law = ShapeLaw { fixed_share, megapixels_exponent: 1.0, frames_exponent: 1.0 };
        shapes.as_ref().map(|shapes| Arc::new(Work::of(shapes, &reference, &law)))
    };
    (0..types).map(|k| Service { law, work: work(k) }).collect()
}

/// Some pools that have a fallback pool hedge too. What cannot be where requests are hedged gives way.
fn hedge(numbers: &[u8], pools: &mut [Pool]) {
    for place in (0..pools.len()).rev() {
        let dials = &mut Dials { numbers: numbers[place * DIALS_A_HEDGE..][..DIALS_A_HEDGE].iter(), chance: true };
        let (hedges, after) = (dials.pick(&[false, true]), dials.pick(&[s(4), SimSpan(1), s(11), s(30)]));
        let cancel_loser = dials.pick(&[false, true]);
        if let Some(fallback) = pools[place].fallback.as_mut().filter(|_| hedges) {
            fallback.hedge = Some(Hedge { after, cancel_loser });
            pools[place].patience = None;
            let mut at = place;
            loop {
                let pool = &mut pools[at];
                if !pool.executes_singly() {
                    pool.execution = Execution::Serial;
                    pool.target_inputs = pool.target_inputs.min(pool.max_inputs);
                }
                let Some(next) = pool.fallback else { break };
                at = usize::from(next.pool);
            }
        }
    }
}

/// - `place`: its index of `pools`; it may fall back to the next.
fn pool(numbers: &[u8], chance: bool, models: usize, place: usize, pools: usize) -> Pool {
    let (of_pool, of_models) = numbers.split_at(DIALS_A_POOL);
    let dials = &mut Dials { numbers: of_pool.iter(), chance };
    let execution = execution(dials);
    let serial = execution == Execution::Serial;
    let mut boots = boot_rules(dials);
    let max_inputs = dials.pick(&[1, 2, 3, 5]);
    let capacity = if let Execution::Batched(batching) = &execution {
        boots.bound = false;
        batching.max_batch_size
    } else {
        max_inputs
    };
    let types = dials.pick(&[1, 1, 2]);
    let preemption = dials.pick_certain(1, &[None, Some((s(30), false)), Some((s(15), serial))]);
    let min_containers = dials.pick(&[0, 0, 1, 2]);
    let max_containers = (min_containers + dials.pick(&[1000, 1, 2, 0])).max(1);
    let bounds =
        |at: u64, min: u32, more: u32| Bounds { at: SimTime(s(at).0), min_containers: min, max_containers: min + more };
    let schedule = [vec![], vec![bounds(0, 0, 1), bounds(30, 2, 1)], vec![bounds(17, 1, 0), bounds(40, 0, 7)]];
    let windows = [Window::Fixed(s(60)), Window::Fixed(SimSpan::ZERO), Window::Fixed(s(7))];
    let drawn = [Window::Drawn(Law::Exponential { mean_s: 9.0 }), Window::Paused { mean: s(9) }];
    let retries = Retries {
        max: dials.pick(&[0, 1, 3]),
        initial_delay: dials.pick(&[s(1), SimSpan::ZERO]),
        backoff_coefficient: dials.pick(&[1.0, 2.0]),
        max_delay: s(3),
        fresh_service: dials.pick(&[false, true]),
    };
    let patience = Patience { law: dials.law(12), in_queue_only: dials.pick(&[false, true]) };
    let fallback = Fallback {
        pool: place as u16 + 1,
        on_rejection: dials.pick(&[true, false]),
        on_failure: dials.pick(&[true, false]),
        on_wait: dials.pick(&[None, Some(s(4)), Some(SimSpan::ZERO), Some(SimSpan(u64::MAX))]),
        predicted: dials.pick(&[false, true]),
        hedge: None,
    };
    let on = [None, Some(fallback)];
    Pool {
        min_containers,
        max_containers,
        buffer_containers: dials.pick(&[0, 0, 1, 2]),
        buffer_always: dials.pick(&[false, true]),
        schedule: dials.pick(&schedule),
        starts_ready: dials.pick(&[false, true]),
        scaledown_window: dials.pick_certain(3, &[windows[0], windows[1], windows[2], drawn[0], drawn[1]]),
        early_drain: dials.pick(&[None, Some(s(2)), Some(SimSpan::ZERO)]),
        max_inputs,
        target_inputs: dials.pick(&[capacity, 1, capacity.div_ceil(2)]),
        execution,
        boots,
        host_speed_cv: dials.pick_certain(1, &[0.0, 0.5]),
        preemption: preemption.map(|(mean, while_busy)| Preemption { mean, while_busy }),
        timeout: dials.pick(&[s(300), s(6), SimSpan(u64::MAX)]),
        timeout_from_accept: dials.pick(&[false, true]),
        retries,
        max_pending: dials.pick(&[None, Some(0), Some(2)]),
        patience: dials.pick(&[None, Some(patience)]),
        fallback: dials.pick(&on[..if place + 1 < pools { 2 } else { 1 }]),
        hardware: [Hardware { gpu: 0, gpus: 1 }, Hardware { gpu: 1, gpus: 1 }][..types].to_vec(),
        hardware_wait: dials.pick(&[SimSpan::ZERO, s(3)]),
        billing_increment: dials.pick(&[SimSpan::ZERO, s(10)]),
        billing_minimum: dials.pick(&[SimSpan::ZERO, s(30)]),
        ..Pool::new(
            of_models
                .chunks(DIALS_A_MODEL)
                .take(models)
                .map(|numbers| model(&mut Dials { numbers: numbers.iter(), chance }, models, types, serial))
                .collect(),
        )
    }
}

fn arrivals(models: u16) -> impl Strategy<Value = Vec<Arrival>> {
    let gap = prop_oneof![3 => (0..9u64).prop_map(s), 1 => Just(SimSpan::ZERO)];
    let one = (gap, (0..12u64).prop_map(s), any::<u64>(), any::<u32>(), 0..models);
    prop::collection::vec(one, 1..30).prop_map(|rows| {
        let mut at = SimTime::START;
        let arrival = |(gap, service, luck, quantile, model)| {
            at = at + gap;
            Arrival { at, service, luck: Luck(luck), quantile: Quantile(quantile), model }
        };
        rows.into_iter().map(arrival).collect()
    })
}

/// Nobody, or up to three clients of some models, who think for some seconds.
fn clients(models: u16, chance: bool) -> impl Strategy<Value = Vec<Clients>> {
    let steady = Just(Pace::steady());
    let changing = Just(Pace::new(&[(SimTime::START, 1.0), (SimTime(s(20).0), 0.0), (SimTime(s(35).0), 2.0)]));
    let law = move |seconds: u64| -> BoxedStrategy<Law> {
        let drawn = Law::Exponential { mean_s: seconds as f64 };
        if chance { prop_oneof![Just(always(seconds)), Just(drawn)].boxed() } else { Just(always(seconds)).boxed() }
    };
    // Whole seconds at twice the pace are none: those who think by a changing clock do so for an even number of them.
    let think = (1..9u64).prop_flat_map(move |seconds| law(2 * seconds));
    let first = prop::collection::vec((0..9u64).prop_map(|seconds| s(2 * seconds)), 1..4);
    let one = (0..models, first, think, (0..12u64).prop_flat_map(law), prop_oneof![steady, changing], any::<u64>());
    let some = prop::collection::vec(one, 1..3).prop_map(|all| {
        let of = |(model, first, think, service, pace, luck): (u16, _, _, Law, _, _)| Clients {
            model,
            first,
            think,
            service: service.into(),
            pace,
            luck: Luck(luck),
        };
        all.into_iter().map(of).collect()
    });
    prop_oneof![3 => Just(Vec::new()), 2 => some]
}

/// Groups of one to three pools and as many models, with about a third of the rules on.
///
/// - `chance`: whether anything but the arrivals is random (else all spans are whole seconds).
pub(super) fn setting(chance: bool) -> impl Strategy<Value = Setting> {
    (1..=3usize, 1..=3usize).prop_flat_map(move |(pools, models)| {
        let count = DIALS_OF_GROUP + pools * (DIALS_A_POOL + models * DIALS_A_MODEL);
        let dials = prop::collection::vec(prop_oneof![5 => Just(0u8), 4 => any::<u8>()], count);
        let requests = (arrivals(models as u16), clients(models as u16, chance));
        (dials, requests, any::<u64>(), prop_oneof![Just(0.0), 0.0..1.0f64], 1..200u64).prop_map(
            move |(dials, (arrivals, clients), luck, run_in, rest)| {
                let last = arrivals.last().map_or(SimTime::START, |arrival| arrival.at);
                let start = SimTime((last.0 as f64 * run_in) as u64);
                let horizon = Horizon { start, end: last + s(rest) };
                let (of_group, of_pools) = dials.split_at(DIALS_OF_GROUP);
                let lucks = (0..pools as u32).map(|p| Luck(luck).child(p)).collect();
                let chunks = of_pools.chunks(DIALS_A_POOL + models * DIALS_A_MODEL).enumerate();
                let mut pools: Vec<Pool> = chunks.map(|(p, dials)| pool(dials, chance, models, p, pools)).collect();
                let (of_hedges, of_group) = of_group.split_at(3 * DIALS_A_HEDGE);
                hedge(of_hedges, &mut pools);
                group(
                    of_group,
                    chance,
                    pools,
                    models,
                    Setting { arrivals, clients, lucks, horizon, ..Setting::default() },
                )
            },
        )
    })
}

fn group(numbers: &[u8], chance: bool, pools: Vec<Pool>, models: usize, rest: Setting) -> Setting {
    let dials = &mut Dials { numbers: numbers.iter(), chance };
    let quota = |containers, gpus| Quota { containers, gpus };
    let wait = dials.law(3);
    let scarce = Capacity { wait: Some(wait), scarcity: Some(0) };
    let capacity = [Vec::new(), vec![scarce; 2], vec![scarce, Capacity { wait: None, scarcity: None }]];
    let period = |from, to| Scarcity { from: SimTime(s(from).0), to: SimTime(s(to).0) };
    let of_model = |(m, dials): (usize, &mut Dials<'_>)| {
        let probability = dials.pick(&[1.0, 0.5]);
        let step = ChainStep { model: m as u16 + 1, probability };
        let steps = [None, Some(step)];
        let next = dials.pick(&steps[..if m + 1 < models { 2 } else { 1 }]);
        GroupModel { home: dials.pick(&[0, 1, 2, 3]) % pools.len() as u16, next }
    };
    Setting {
        quota: dials.pick(&[Quota::NONE, quota(2, u32::MAX), quota(u32::MAX, 3), quota(1, 1)]),
        capacity: dials.pick(&capacity),
        scarcity: vec![vec![period(3, 9), period(20, 50)]],
        boots: pools.iter().map(|_| (0..models as u64).map(|m| always(2 + 3 * m)).collect()).collect(),
        models: (0..models).map(|m| of_model((m, dials))).collect(),
        pools,
        ..rest
    }
}
