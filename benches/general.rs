//! The event list at ten busy containers, in nanoseconds a request: run with `cargo bench --bench general`. First a
//! pool with plain rules, on the path of its own and on the event list, then with one rule after the other, and last
//! with all of them. Requests are drawn before.

use std::time::Instant;

use fleetfront_sim::{
    Arrival, BootTimes, Capacity, Draws, Fallback, Group, GroupModel, Horizon, LatencyHistogram, Law, Luck, Observers,
    Occupancy, Outcome, Patience, Pool, PoolModel, Preemption, Quota, Retries, Seconds, Service, SimSpan, SimTime,
    StreamKey, Workspace, simulate_group,
};
use fleetfront_workloads::{LoadCurve, ModelTraffic, Process, Traffic, draw_requests};

const SERVICE_MEAN_S: f64 = 10.0;
const BUSY: f64 = 10.0;
/// Hours of a trial: short, so that some measurements are not interrupted on a machine that others use too.
const HOURS: f64 = 1.0;
/// Different trials, so that branch predictors do not learn one by heart.
const TRIALS: u32 = 48;
/// Each trial counts with the fastest of so many runs.
const REPEATS: usize = 20;
/// The general path shall take no longer for a request, every rule in use.
const TARGET_NS: f64 = 400.0;

fn main() {
    let trials: Vec<Vec<Arrival>> = (0..TRIALS).map(arrivals).collect();
    let mut runs = vec![
        Run::new("plain, path of its own", Case::plain(), false),
        Run::new("plain, event list", Case::plain(), true),
    ];
    let mut all = Case::plain();
    for (name, rule) in RULES {
        let mut case = Case::plain();
        rule(&mut case);
        rule(&mut all);
        runs.push(Run::new(name, case, true));
    }
    runs.push(Run::new("all of them", all, true));
    // In turns, so that what else the machine does slows all of them.
    for _ in 0..REPEATS {
        for run in &mut runs {
            run.repeat(&trials);
        }
    }
    println!(
        "{:28} {:>10} {:>9} {:>9} {:>10} {:>9}",
        "rules", "ns/request", "mean (s)", "boots/r", "executed/r", "failed/r"
    );
    let ns: Vec<f64> = runs.iter().map(Run::print).collect();
    let last_ns = ns[ns.len() - 1];
    println!("target of the last: {TARGET_NS:.0} ns, {}", if last_ns < TARGET_NS { "kept" } else { "missed" });
}

fn span(seconds: f64) -> SimSpan {
    SimSpan::from_secs_f64(seconds)
}

fn seconds(value: f64) -> Seconds {
    Seconds::new(value).expect("a span")
}

fn service() -> Law {
    Law::lognormal(seconds(SERVICE_MEAN_S), 0.3)
}

/// Poisson requests that keep ten containers busy.
fn arrivals(trial: u32) -> Vec<Arrival> {
    let model = ModelTraffic {
        key: StreamKey::of("bench"),
        requests_per_day: BUSY / SERVICE_MEAN_S * 86_400.0,
        curve: LoadCurve::new(&[1.0; 24]).expect("a flat curve"),
        curve_ahead_h: 0.0,
        clock_changes: Vec::new(),
        process: Process::Poisson,
        swing: None,
        slow_rates: None,
        spikes: Vec::new(),
        replay: None,
    };
    let traffic = Traffic {
        models: vec![model],
        slow_rates: Vec::new(),
        run_in: Seconds::ZERO,
        horizon: seconds(HOURS * 3600.0),
    };
    let mut arrivals = Vec::new();
    Arrival::append(&draw_requests(&traffic, 1, trial, 0), &Service::from(service()).ready(), 0, &mut arrivals);
    arrivals
}

/// What is simulated: one pool, or a second one that it falls back to.
struct Case {
    pools: Vec<Pool>,
    quota: Quota,
    capacity: Vec<Capacity>,
}

impl Case {
    fn plain() -> Self {
        let model = PoolModel { services: vec![service().into()], ..PoolModel::new(1, span(30.0)) };
        let pool = Pool { max_containers: 50, ..Pool::new(vec![model]) };
        Self { pools: vec![pool], quota: Quota::NONE, capacity: Vec::new() }
    }

    fn simulate(
        &self,
        arrivals: &[Arrival],
        trial: u32,
        workspace: &mut Workspace,
        observers: &mut Observers<'_>,
    ) -> Outcome {
        let home = [GroupModel { home: 0, next: None }];
        let models = if self.pools.len() > 1 { &home[..] } else { &[] };
        let group = Group { pools: &self.pools, models, quota: self.quota, capacity: &self.capacity };
        let laws = [Law::lognormal(seconds(20.0), 0.5).ready_for_few()];
        let boots_of = |pool: usize| BootTimes::new(1, trial, StreamKey::of(["pool", "fallback"][pool]), &laws);
        let mut boots: Vec<BootTimes<'_>> = (0..self.pools.len()).map(boots_of).collect();
        let lucks: Vec<Luck> = boots.iter().map(BootTimes::luck).collect();
        let mut draws = Draws { boots: &mut boots, lucks: &lucks, scarcity: &[] };
        let horizon = Horizon { start: SimTime::START, end: SimTime(span(HOURS * 3600.0).0) };
        simulate_group(&group, &mut &*arrivals, &mut draws, horizon, workspace, observers)
    }
}

type Rule = (&'static str, fn(&mut Case));

const RULES: [Rule; 11] = [
    ("target_inputs 1 of 2", |case| case.pools[0].max_inputs = 2),
    ("buffer of 2", |case| case.pools[0].buffer_containers = 2),
    ("max_pending 100", |case| case.pools[0].max_pending = Some(100)),
    ("patience of 60 s", |case| {
        let law = Law::Exponential { mean_s: 60.0 };
        case.pools[0].patience = Some(Patience { law, in_queue_only: true });
    }),
    ("2 % of tries fail", |case| case.pools[0].models[0].failure_probability = 0.02),
    ("4 retries with back-off", |case| {
        case.pools[0].models[0].failure_probability = 0.02;
        case.pools[0].retries = Retries {
            max: 4,
            initial_delay: span(1.0),
            backoff_coefficient: 2.0,
            max_delay: span(60.0),
            fresh_service: false,
        };
    }),
    ("hosts of several speeds", |case| case.pools[0].host_speed_cv = 0.1),
    ("waits for capacity", |case| {
        case.capacity = vec![Capacity { wait: Some(Law::Exponential { mean_s: 5.0 }), scarcity: None }];
    }),
    ("preemption", |case| {
        case.pools[0].preemption = Some(Preemption { mean: span(4.0 * 3600.0), while_busy: false });
    }),
    ("fallback pool", |case| {
        let second = case.pools[0].clone();
        case.pools.push(Pool { fallback: None, ..second });
        case.pools[0].fallback = Some(Fallback {
            pool: 1,
            on_rejection: true,
            on_failure: true,
            on_wait: Some(span(15.0)),
            predicted: false,
            hedge: None,
        });
    }),
    ("quota of 60", |case| case.quota = Quota { containers: 60, gpus: 60 }),
];

/// A case and what was measured of it.
struct Run {
    name: &'static str,
    case: Case,
    /// Whether the event list has to be used, whatever the rules: somebody looks at the containers.
    general: bool,
    workspace: Workspace,
    /// The fastest run of every trial.
    best_ns: [f64; TRIALS as usize],
    sum: Outcome,
}

impl Run {
    fn new(name: &'static str, case: Case, general: bool) -> Self {
        let best_ns = [f64::INFINITY; TRIALS as usize];
        Self { name, case, general, workspace: Workspace::default(), best_ns, sum: Outcome::default() }
    }

    #[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
    fn repeat(&mut self, trials: &[Vec<Arrival>]) {
        let mut latencies = [LatencyHistogram::default()];
        let mut occupancies = vec![Occupancy::default(); if self.general { self.case.pools.len() } else { 0 }];
        self.sum = Outcome::default();
        for (trial, arrivals) in trials.iter().enumerate() {
            let mut observers = Observers { occupancies: &mut occupancies, ..Observers::latencies(&mut latencies) };
            let clock = Instant::now();
            let outcome = self.case.simulate(arrivals, trial as u32, &mut self.workspace, &mut observers);
            self.best_ns[trial] = self.best_ns[trial].min(clock.elapsed().as_secs_f64() * 1e9);
            self.sum += &outcome;
        }
    }

    /// Prints its line and returns its nanoseconds a request.
    fn print(&self) -> f64 {
        let total = self.sum.total();
        let requests = total.arrived as f64;
        let ns = self.best_ns.iter().sum::<f64>() / requests;
        println!(
            "{:28} {ns:10.1} {:9.4} {:9.5} {:10.4} {:9.5}",
            self.name,
            total.latency_ns as f64 / 1e9 / total.completed as f64,
            total.boots as f64 / requests,
            total.executions as f64 / requests,
            (requests - total.completed as f64) / requests,
        );
        ns
    }
}
