//! The engine against a second, independent reading of the contract: groups of pools, all rules that need no chance.
//!
//! `contract_groups.json` holds small random groups, their arrivals and what must come out, exactly;
//! `contract_shapes.json` holds others whose requests have shapes and adapters. `contract_groups.py` beside them makes
//! them, and shares neither code nor design with the engine.

use std::collections::BTreeMap;
use std::sync::Arc;

use fleetfront_sim::{
    Adapters, Arrival, BatchWait, Batching, Boot, BootRules, BootTimes, Bounds, Capacity, ChainStep, Draws, Efficiency,
    Execution, Fallback, Group, GroupModel, Hardware, Hedge, Horizon, LatencyHistogram, Law, Luck, ModelOutcome,
    Observers, Outcome, Patience, Pool, PoolModel, PoolOutcome, Quantile, Quota, Retries, Scarcity, Service, Shape,
    ShapeLaw, Shapes, SimSpan, SimTime, Snapshot, State, StreamKey, Window, Work, Workspace, simulate_group,
};
use serde::Deserialize;

/// Times are in ticks of `tick_ns`.
#[derive(Debug, Deserialize)]
struct Case {
    tick_ns: u64,
    /// The pool of each model.
    homes: Vec<u16>,
    /// What a completed request of each model leads to.
    nexts: Vec<Option<u16>>,
    /// Containers and GPUs.
    quota: [u32; 2],
    /// By GPU type: wait and list of scarcity periods.
    capacity: Vec<(u64, Option<u16>)>,
    scarcity: Vec<Vec<[u64; 2]>>,
    /// Latency limit of each model.
    limits: Vec<u64>,
    horizon: [u64; 2],
    pools: Vec<CasePool>,
    /// Instant, which is the luck of the request too, service time, model.
    arrivals: Vec<(u64, u64, u16)>,
    /// By model: how often which work comes.
    #[serde(default)]
    works: BTreeMap<usize, Vec<(f64, f64)>>,
    /// By model.
    #[serde(default)]
    adapters: BTreeMap<usize, CaseAdapters>,
    expected: Expected,
    /// Zero where every departure falls on a whole nanosecond.
    tolerance_ns: u64,
}

#[derive(Debug, Deserialize)]
struct CaseAdapters {
    weights: Vec<f64>,
    load: u64,
    held: u32,
}

/// The rules of a pool; those that are absent are off.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a rule that a pool has or has not")]
struct CasePool {
    min: u32,
    max: Option<u32>,
    buffer: u32,
    buffer_always: bool,
    /// Instant, `min_containers`, `max_containers`.
    schedule: Vec<(u64, u32, u32)>,
    starts_ready: bool,
    window: u64,
    early_drain: Option<u64>,
    max_inputs: Option<u32>,
    target: Option<u32>,
    execution: CaseExecution,
    cancel: bool,
    at_once: Option<u32>,
    bound: bool,
    timeout: u64,
    timeout_from_accept: bool,
    retries: u32,
    delay: Option<u64>,
    coefficient: Option<f64>,
    max_delay: Option<u64>,
    max_pending: Option<u32>,
    patience: Option<u64>,
    in_queue_only: bool,
    fallback: Option<CaseFallback>,
    hardware: Option<Vec<u16>>,
    gpus: Option<u32>,
    hardware_wait: u64,
    increment: u64,
    minimum: u64,
    /// Row: the model that is wanted; column: the model that is loaded.
    switch: Option<Vec<Vec<u64>>>,
    /// By model and GPU type.
    services: Vec<Vec<u64>>,
    /// By model.
    boots: Vec<CaseBoot>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum CaseExecution {
    #[default]
    Serial,
    Parallel,
    Shared(CaseEfficiency),
    Batched {
        size: u32,
        wait: u64,
        item_share: f64,
    },
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum CaseEfficiency {
    Power(f64),
    Table(Vec<f64>),
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct CaseFallback {
    pool: u16,
    on_rejection: bool,
    on_failure: bool,
    on_wait: Option<u64>,
    hedge_after: Option<u64>,
    cancel_loser: bool,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum CaseBoot {
    Plain(u64),
    /// By GPU type.
    InPhases(Vec<CasePhases>),
}

#[derive(Debug, Deserialize)]
struct CasePhases {
    image: Option<u64>,
    bill_image: Option<bool>,
    phases: Vec<u64>,
    restore: Option<u64>,
    #[serde(default)]
    snapshot_fails: bool,
}

/// What comes out.
#[derive(Debug, PartialEq, Eq, Deserialize)]
struct Expected {
    models: Vec<Part>,
    pools: Vec<Part>,
    /// Of all pools together.
    peak: Option<u64>,
}

/// Counts, and times in nanoseconds; `None` where the contract leaves open what a number counts.
///
/// - Of a model: arrived, completed, failed, rejected, abandoned, stuck, cold, waited, fell back, hedged, hedge wins,
///   executions, boots, late, chains; sums of latencies, sojourns, waits and chain times.
/// - Of a pool: peak, boots, cancelled, batches, full batches, denied; capacity wait, rounding by GPU type, and by GPU
///   type and model the four states in the order of [`State::ALL`].
#[derive(Debug, PartialEq, Eq, Deserialize)]
struct Part(Vec<Option<u64>>, Vec<Option<u64>>);

impl Part {
    /// Whether an outcome is as expected, times up to `tolerance_ns`.
    fn allows(&self, outcome: &Self, tolerance_ns: u64) -> bool {
        let close = |(expected, outcome): (&Option<u64>, &Option<u64>), tolerance| {
            expected.zip(*outcome).is_none_or(|(a, b)| a.abs_diff(b) <= tolerance)
        };
        (self.0.len(), self.1.len()) == (outcome.0.len(), outcome.1.len())
            && self.0.iter().zip(&outcome.0).all(|pair| close(pair, 0))
            && self.1.iter().zip(&outcome.1).all(|pair| close(pair, tolerance_ns))
    }
}

impl Case {
    fn span(&self, ticks: u64) -> SimSpan {
        SimSpan(ticks * self.tick_ns)
    }

    fn instant(&self, ticks: u64) -> SimTime {
        SimTime(ticks * self.tick_ns)
    }

    fn law(&self, ticks: u64) -> Law {
        Law::Deterministic { seconds: (ticks * self.tick_ns) as f64 / 1e9 }
    }

    fn execution(&self, p: &CasePool) -> Execution {
        match &p.execution {
            CaseExecution::Serial => Execution::Serial,
            CaseExecution::Parallel => Execution::Parallel,
            CaseExecution::Shared(CaseEfficiency::Power(exponent)) => Execution::Shared(Efficiency::Power(*exponent)),
            CaseExecution::Shared(CaseEfficiency::Table(speeds)) => {
                Execution::Shared(Efficiency::Table(speeds.clone()))
            }
            &CaseExecution::Batched { size, wait, item_share } => {
                let wait = BatchWait::Oldest(self.span(wait));
                Execution::Batched(Batching { max_batch_size: size, wait, item_share })
            }
        }
    }

    fn boot(&self, b: &CasePhases) -> Boot {
        let failure_probability = if b.snapshot_fails { 1.0 } else { 0.0 };
        Boot {
            image: b.image.map(|ticks| self.law(ticks)),
            bill_image: b.bill_image.unwrap_or(true),
            phases: b.phases.iter().map(|ticks| self.law(*ticks)).collect(),
            snapshot: b.restore.map(|ticks| Snapshot { restore: self.law(ticks), failure_probability }),
        }
    }

    fn pool_model(&self, p: &CasePool, model: usize) -> PoolModel {
        let types = p.hardware.as_ref().map_or(1, Vec::len);
        let plain = PoolModel::new(self.homes.len(), self.span(self.limits[model]));
        let switch_in =
            p.switch.as_ref().map(|rows| rows[model].iter().map(|ticks| self.span(*ticks)).collect::<Vec<_>>());
        PoolModel {
            switch_in: switch_in.unwrap_or_else(|| plain.switch_in.clone()),
            services: p.services[model][..types].iter().enumerate().map(|(k, t)| self.service(model, k, *t)).collect(),
            adapters: self
                .adapters
                .get(&model)
                .map(|adapters| Arc::new(Adapters::new(&adapters.weights, self.law(adapters.load), adapters.held))),
            boots: match &p.boots[model] {
                CaseBoot::Plain(_) => Vec::new(),
                CaseBoot::InPhases(types) => types.iter().map(|boot| self.boot(boot)).collect(),
            },
            ..plain
        }
    }

    fn retries(&self, p: &CasePool) -> Retries {
        let delay = p.delay.unwrap_or(2);
        Retries {
            max: p.retries,
            initial_delay: self.span(delay),
            backoff_coefficient: p.coefficient.unwrap_or(1.0),
            max_delay: self.span(p.max_delay.unwrap_or(delay)),
            fresh_service: false,
        }
    }

    fn fallback(&self, f: &CaseFallback) -> Fallback {
        Fallback {
            pool: f.pool,
            on_rejection: f.on_rejection,
            on_failure: f.on_failure,
            on_wait: f.on_wait.map(|ticks| self.span(ticks)),
            predicted: false,
            hedge: f.hedge_after.map(|ticks| Hedge { after: self.span(ticks), cancel_loser: f.cancel_loser }),
        }
    }

    fn pool(&self, p: &CasePool) -> Pool {
        let execution = self.execution(p);
        let max_inputs = p.max_inputs.unwrap_or(1);
        let room = if let Execution::Batched(batching) = &execution { batching.max_batch_size } else { max_inputs };
        let bounds = |&(at, min_containers, max_containers): &(u64, u32, u32)| Bounds {
            at: self.instant(at),
            min_containers,
            max_containers,
        };
        let at_once = p.at_once.unwrap_or(u32::MAX);
        let gpus = p.gpus.unwrap_or(1);
        let types = p.hardware.clone().unwrap_or_else(|| vec![0]);
        Pool {
            min_containers: p.min,
            max_containers: p.max.unwrap_or(1_000),
            buffer_containers: p.buffer,
            buffer_always: p.buffer_always,
            schedule: p.schedule.iter().map(bounds).collect(),
            starts_ready: p.starts_ready,
            scaledown_window: Window::Fixed(self.span(p.window)),
            early_drain: p.early_drain.map(|ticks| self.span(ticks)),
            max_inputs,
            target_inputs: p.target.unwrap_or(room),
            execution,
            boots: BootRules { cancel: p.cancel, at_once, bound: p.bound, ..BootRules::PLAIN },
            timeout: self.span(p.timeout),
            timeout_from_accept: p.timeout_from_accept,
            retries: self.retries(p),
            max_pending: p.max_pending,
            patience: p.patience.map(|ticks| Patience { law: self.law(ticks), in_queue_only: p.in_queue_only }),
            fallback: p.fallback.as_ref().map(|fallback| self.fallback(fallback)),
            hardware: types.into_iter().map(|gpu| Hardware { gpu, gpus }).collect(),
            hardware_wait: self.span(p.hardware_wait),
            billing_increment: self.span(p.increment),
            billing_minimum: self.span(p.minimum),
            ..Pool::new((0..self.homes.len()).map(|model| self.pool_model(p, model)).collect())
        }
    }

    fn arrivals(&self) -> Vec<Arrival> {
        let arrival = |&(at, service, model): &(u64, u64, u16)| Arrival {
            at: self.instant(at),
            service: self.span(service),
            luck: Luck(at),
            quantile: Quantile::default(),
            model,
        };
        self.arrivals.iter().map(arrival).collect()
    }

    /// Works are numbers of steps, of which the reference has one; half of a service does not grow on other types than
    /// the first.
    fn service(&self, model: usize, hardware: usize, ticks: u64) -> Service {
        let reference = Shape { steps: 1.0, megapixels: 1.0, frames: 1.0, images: 1.0 };
        let fixed_share = if hardware == 0 { 0.0 } else { 0.5 };
        let law = ShapeLaw { fixed_share, megapixels_exponent: 1.0, frames_exponent: 1.0 };
        let one = || vec![(1.0, 1.0)];
        let work = |works: &Vec<(f64, f64)>| {
            let shapes = Shapes::Independent([works.clone(), one(), one(), one()]);
            Arc::new(Work::of(&shapes, &reference, &law))
        };
        Service { law: self.law(ticks), work: self.works.get(&model).map(work) }
    }

    fn simulate(&self, workspace: &mut Workspace) -> Expected {
        let pools: Vec<Pool> = self.pools.iter().map(|p| self.pool(p)).collect();
        let step = |next: u16| ChainStep { model: next, probability: 1.0 };
        let models = self.homes.iter().zip(&self.nexts);
        let models: Vec<_> = models.map(|(home, next)| GroupModel { home: *home, next: next.map(step) }).collect();
        let wait = |ticks: u64| (ticks > 0).then(|| self.law(ticks));
        let capacity = self.capacity.iter().map(|(ticks, list)| Capacity { wait: wait(*ticks), scarcity: *list });
        let capacity: Vec<_> = capacity.collect();
        let quota = Quota { containers: self.quota[0], gpus: self.quota[1] };
        let group = Group { pools: &pools, models: &models, quota, capacity: &capacity };
        let plain = |boot: &CaseBoot| if let CaseBoot::Plain(ticks) = boot { self.law(*ticks) } else { self.law(0) };
        let ready = |boot: &CaseBoot| plain(boot).ready_for_few();
        let laws: Vec<Vec<_>> = self.pools.iter().map(|p| p.boots.iter().map(ready).collect()).collect();
        let mut boots: Vec<_> = laws.iter().map(|laws| BootTimes::new(1, 0, StreamKey::FLEET, laws)).collect();
        let period = |[from, to]: &[u64; 2]| Scarcity { from: self.instant(*from), to: self.instant(*to) };
        let scarcity: Vec<Vec<_>> = self.scarcity.iter().map(|list| list.iter().map(period).collect()).collect();
        let lucks = vec![Luck(0); pools.len()];
        let mut draws = Draws { boots: &mut boots, lucks: &lucks, scarcity: &scarcity };
        let horizon = Horizon { start: self.instant(self.horizon[0]), end: self.instant(self.horizon[1]) };
        let mut latencies = vec![LatencyHistogram::default(); models.len()];
        let mut observers = Observers::latencies(&mut latencies);
        let arrivals = self.arrivals();
        of_outcome(&simulate_group(&group, &mut &arrivals[..], &mut draws, horizon, workspace, &mut observers))
    }
}

fn of_outcome(outcome: &Outcome) -> Expected {
    Expected {
        models: outcome.models.iter().map(of_model).collect(),
        pools: outcome.pools.iter().map(of_pool).collect(),
        peak: Some(u64::from(outcome.peak_containers)),
    }
}

#[rustfmt::skip]
fn of_model(m: &ModelOutcome) -> Part {
    let counts = [
        m.arrived, m.completed, m.failed, m.rejected, m.abandoned, m.stuck, m.cold, m.waited, m.fell_back,
        m.hedged, m.hedge_wins, m.executions, m.boots, m.late, m.chains,
    ];
    let times = [m.latency_ns, m.sojourn_ns, m.wait_ns, m.chain_ns];
    let small = |sum| Some(u64::try_from(sum).expect("a small case"));
    Part(counts.map(Some).to_vec(), times.map(small).to_vec())
}

fn of_pool(p: &PoolOutcome) -> Part {
    let counts = [u64::from(p.peak_containers), p.boots, p.cancelled, p.batches, p.full_batches, p.denied];
    let states = p.ledgers.iter().flat_map(|ledger| State::ALL.map(|state| ledger.get(state).0));
    let times = std::iter::once(p.capacity_wait_ns).chain(p.rounding_ns.iter().copied()).chain(states);
    Part(counts.map(Some).to_vec(), times.map(Some).collect())
}

/// # Panics
/// If the engine and the case differ.
fn check(number: usize, case: &Case, workspace: &mut Workspace) {
    let (expected, outcome) = (&case.expected, case.simulate(workspace));
    assert_eq!((outcome.models.len(), outcome.pools.len()), (expected.models.len(), expected.pools.len()));
    let models = expected.models.iter().zip(&outcome.models).map(|parts| ("model", parts));
    let pools = expected.pools.iter().zip(&outcome.pools).map(|parts| ("pool", parts));
    for (what, (expected, outcome)) in models.chain(pools) {
        let allowed = expected.allows(outcome, case.tolerance_ns);
        assert!(allowed, "case {number}, a {what}: {outcome:?}, expected {expected:?}: {case:?}");
    }
    assert!(expected.peak.is_none_or(|peak| outcome.peak == Some(peak)), "case {number}, the peak: {case:?}");
}

#[test]
fn groups_of_pools_behave_as_an_independent_reading_of_the_contract_says() {
    replay(include_str!("contract_groups.json"), 300);
}

#[test]
fn shapes_and_adapters_too() {
    replay(include_str!("contract_shapes.json"), 150);
}

/// Replays all cases of a text that holds so many at least.
fn replay(text: &str, least: usize) {
    let cases: Vec<Case> = serde_json::from_str(text).expect("cases");
    assert!(cases.len() >= least, "{} cases", cases.len());
    let mut workspace = Workspace::default();
    for (number, case) in cases.iter().enumerate() {
        check(number, case, &mut workspace);
    }
}

#[test]
fn a_time_may_be_off_by_the_tolerance_and_a_count_by_nothing() {
    let part = |count, time| Part(vec![Some(count)], vec![time]);
    let expected = part(3, Some(100));
    assert!(expected.allows(&part(3, Some(102)), 2));
    assert!(!expected.allows(&part(3, Some(103)), 2));
    assert!(!expected.allows(&part(4, Some(100)), 2));
    assert!(part(3, None).allows(&part(3, Some(7)), 0));
    assert!(!expected.allows(&Part(vec![Some(3)], Vec::new()), 2));
}
