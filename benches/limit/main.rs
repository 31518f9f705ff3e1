//! The engine beside loops written by hand for the same workloads, in one process on one core, in nanoseconds a
//! request: run with `cargo bench --bench limit`, and
//! `-- NAME` for the workloads whose names hold NAME. Both sides' results stand beside the times, so that one sees that
//! they did the same work.

mod yardstick;

use std::borrow::BorrowMut;
use std::time::Instant;

use fleetfront_sim::{
    Arrival, BootTimes, Draws, Group, Horizon, LatencyHistogram, Law, Luck, Observers, Outcome, Pool, PoolModel,
    Quantile, Seconds, SimSpan, SimTime, State, StreamKey, Window, Workspace, simulate, simulate_group,
};
use fleetfront_workloads::{ArrivalStream, LoadCurve, ModelTraffic, Process, Traffic, draw_requests};
use yardstick::{DrawnBefore, DrawnInside, Findings, Requests, Serverless, Service, always_warm, serverless};

/// About so many requests a measurement: too many for branch predictors to learn them by heart.
const REQUESTS: f64 = 2e6;
/// Each measurement is the fastest of so many.
const REPEATS: usize = 5;
const WINDOW_S: f64 = 60.0;
const BOOT_MEAN_S: f64 = 20.0;
const BOOT_CV: f64 = 0.5;

struct Workload {
    name: &'static str,
    per_second: f64,
    /// Length of a trial in hours, up to a day.
    hours: usize,
    min: u32,
    max: u32,
    service: Law,
}

fn main() {
    let pool_of = |name, per_second, hours, max| Workload {
        name,
        per_second,
        hours,
        min: 0,
        max,
        service: Law::lognormal(seconds(10.0), 0.3),
    };
    let workloads = [
        pool_of("1,000 a day", 1_000.0 / 86_400.0, 24, 50),
        pool_of("100,000 a day", 100_000.0 / 86_400.0, 24, 50),
        pool_of("100 a second", 100.0, 6, 2_000),
        Workload {
            name: "M/M/8",
            per_second: 0.85 * 8.0,
            hours: 24,
            min: 8,
            max: 8,
            service: Law::Exponential { mean_s: 1.0 },
        },
    ];
    println!(
        "{:14} {:10} {:13} {:>10} {:>6} {:>9} {:>8} {:>8} {:>8} {:>9}",
        "workload",
        "program",
        "requests",
        "ns/request",
        "ratio",
        "mean (s)",
        "p95 (s)",
        "boots/r",
        "busy s/r",
        "billed s/r"
    );
    let wanted: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let is_wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|part| name.contains(part.as_str()));
    for workload in workloads.iter().filter(|workload| is_wanted(workload.name)) {
        workload.compare();
    }
    if !is_wanted("growth") {
        return;
    }
    println!("\ncontainers busy on average, and ns a request of the engine (requests drawn before)");
    for busy in [1u32, 10, 100, 1_000, 4_000] {
        println!("{busy:6} {:8.1}", growth_ns(busy));
    }
}

fn seconds(value: f64) -> Seconds {
    Seconds::new(value).expect("a span")
}

/// A program of the comparison: its name, where its requests come from, and a run of it.
type Program<'a> = (&'static str, &'static str, Box<dyn FnMut() -> Report + 'a>);

/// The fastest of several runs of each program in nanoseconds, and what it found. They take turns, so that what else
/// the machine does slows all of them.
#[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
fn fastest(programs: &mut [Program<'_>]) -> Vec<(f64, Report)> {
    let mut best: Vec<(f64, Report)> = Vec::new();
    for _ in 0..REPEATS {
        for (place, (_, _, run)) in programs.iter_mut().enumerate() {
            let clock = Instant::now();
            let report = run();
            let ns = clock.elapsed().as_secs_f64() * 1e9;
            match best.get_mut(place) {
                Some(fastest) => fastest.0 = fastest.0.min(ns),
                None => best.push((ns, report)),
            }
        }
    }
    best
}

impl Workload {
    fn trials(&self) -> u32 {
        (REQUESTS / self.mean_requests()).ceil() as u32
    }

    fn mean_requests(&self) -> f64 {
        self.per_second * 3600.0 * self.hours as f64
    }

    /// All requests of a day come in its first hours.
    fn traffic(&self) -> Traffic {
        let weights: Vec<f64> =
            (0..24).map(|hour| if hour < self.hours { 24.0 / self.hours as f64 } else { 0.0 }).collect();
        let curve = LoadCurve::new(&weights).expect("a curve");
        let requests_per_day = self.mean_requests();
        let model = ModelTraffic {
            key: StreamKey::of("bench"),
            requests_per_day,
            curve,
            curve_ahead_h: 0.0,
            clock_changes: Vec::new(),
            process: Process::Poisson,
            swing: None,
            slow_rates: None,
            spikes: Vec::new(),
            replay: None,
        };
        let horizon = Seconds::new(24.0 * 3600.0).expect("a day");
        Traffic { models: vec![model], slow_rates: Vec::new(), run_in: Seconds::ZERO, horizon }
    }

    fn horizon(&self) -> Horizon {
        Horizon { start: SimTime::START, end: SimTime(self.hours as u64 * 3_600_000_000_000) }
    }

    fn arrivals(&self, traffic: &Traffic, trial: u32) -> Vec<Arrival> {
        Arrival::of(&draw_requests(traffic, 1, trial, 0), &self.service, 0).collect()
    }

    fn compare(&self) {
        let traffic = self.traffic();
        let trials: Vec<Vec<Arrival>> = (0..self.trials()).map(|trial| self.arrivals(&traffic, trial)).collect();
        let pair = |arrival: &Arrival| (arrival.at.0 as f64 / 1e9, arrival.service.as_secs_f64());
        let pairs: Vec<(f64, f64)> = trials.iter().flatten().map(pair).collect();
        let lengths: Vec<usize> = trials.iter().map(Vec::len).collect();
        let mean_lengths = vec![self.mean_requests() as usize; lengths.len()];
        let boot_laws = [self.boot_law().ready_for_few()];
        let boots = |trial| BootTimes::new(1, trial, StreamKey::of("bench"), &boot_laws);
        let mut kept: Vec<BootTimes<'_>> = (0..self.trials()).map(boots).collect();
        let (mut one, mut other) = (EngineSide::new(self), EngineSide::new(self));
        let mut programs: [Program<'_>; 4] = [
            ("yardstick", "drawn inside", Box::new(|| self.yardstick(&mut self.drawn_inside(), &mean_lengths))),
            ("yardstick", "drawn before", Box::new(|| self.yardstick(&mut DrawnBefore::new(&pairs), &lengths))),
            ("engine", "drawn inside", Box::new(|| one.run_drawing(self, &traffic, boots))),
            ("engine", "drawn before", Box::new(|| other.run(trials.iter().zip(&mut kept)))),
        ];
        let results = fastest(&mut programs);
        let unit_ns = results[0].0 / results[0].1.requests;
        for ((program, drawn, _), (ns, report)) in programs.iter().zip(&results) {
            self.print(program, drawn, ns / report.requests, report, unit_ns);
        }
    }

    fn boot_law(&self) -> Law {
        if self.min == self.max {
            Law::Deterministic { seconds: 0.0 }
        } else {
            Law::lognormal(seconds(BOOT_MEAN_S), BOOT_CV)
        }
    }

    fn yardstick(&self, requests: &mut impl Requests, stretches: &[usize]) -> Report {
        let findings = match self.boot_law() {
            Law::Lognormal { mu, sigma } => {
                let pool = Serverless { window_s: WINDOW_S, max: self.max as usize, boot_mu: mu, boot_sigma: sigma };
                serverless(pool, requests, stretches)
            }
            _ => always_warm::<8>(requests, stretches),
        };
        findings.into()
    }

    fn drawn_inside(&self) -> DrawnInside {
        let service = match self.service {
            Law::Lognormal { mu, sigma } => Service::Lognormal { mu, sigma },
            other => Service::Exponential { mean_s: other.mean_s() },
        };
        DrawnInside::new(self.per_second, service)
    }

    fn print(&self, program: &str, drawn: &str, ns: f64, report: &Report, unit_ns: f64) {
        let Report { mean_s, p95_s, boots, busy_s, billed_s, .. } = report;
        println!(
            "{:14} {program:10} {drawn:13} {ns:10.1} {:6.2} {mean_s:9.4} {p95_s:8.3} {boots:8.5} {busy_s:8.4} {billed_s:9.3}",
            self.name,
            ns / unit_ns
        );
    }
}

/// What is compared, a request.
struct Report {
    requests: f64,
    mean_s: f64,
    p95_s: f64,
    boots: f64,
    busy_s: f64,
    billed_s: f64,
}

impl From<Findings> for Report {
    fn from(findings: Findings) -> Self {
        let requests = findings.requests as f64;
        Self {
            requests,
            mean_s: findings.latency_s / requests,
            p95_s: findings.quantile_s(0.95),
            boots: findings.boots as f64 / requests,
            busy_s: findings.busy_s / requests,
            billed_s: findings.billed_s / requests,
        }
    }
}

/// The engine's side of a comparison: one workspace and one histogram for all trials.
struct EngineSide {
    pool: Pool,
    horizon: Horizon,
    workspace: Workspace,
    latencies: [LatencyHistogram; 1],
    sum: Outcome,
}

impl EngineSide {
    fn new(workload: &Workload) -> Self {
        let (workspace, latencies) = (Workspace::default(), [LatencyHistogram::default()]);
        let pool = pool(workload.min, workload.max);
        Self { pool, horizon: workload.horizon(), workspace, latencies, sum: Outcome::default() }
    }

    /// Simulates all trials: their requests and their boots.
    fn run<'b, A, B>(&mut self, trials: impl Iterator<Item = (A, B)>) -> Report
    where
        A: AsRef<[Arrival]>,
        B: BorrowMut<BootTimes<'b>>,
    {
        let Self { pool, horizon, workspace, latencies, sum, .. } = self;
        latencies[0].clear();
        *sum = Outcome::default();
        for (arrivals, mut boots) in trials {
            *sum += &simulate(pool, arrivals.as_ref(), boots.borrow_mut(), *horizon, workspace, latencies, None);
        }
        self.report()
    }

    /// Draws the requests of every trial while it simulates it.
    fn run_drawing<'b>(
        &mut self,
        workload: &Workload,
        traffic: &Traffic,
        boots: impl Fn(u32) -> BootTimes<'b>,
    ) -> Report {
        let models = [(0, workload.service.into())];
        let Self { pool, horizon, workspace, latencies, sum } = self;
        latencies[0].clear();
        *sum = Outcome::default();
        for trial in 0..workload.trials() {
            let mut arrivals = ArrivalStream::new(traffic, 1, trial, &models);
            let mut boots = [boots(trial)];
            let mut draws = Draws { boots: &mut boots, lucks: &[Luck(0)], scarcity: &[] };
            let mut observers = Observers::latencies(latencies);
            *sum += &simulate_group(&Group::of(pool), &mut arrivals, &mut draws, *horizon, workspace, &mut observers);
        }
        self.report()
    }

    fn report(&self) -> Report {
        let total = self.sum.total();
        let requests = total.arrived as f64;
        Report {
            requests,
            mean_s: total.latency_ns as f64 / 1e9 / requests,
            p95_s: self.latencies[0].quantile_s(0.95).expect("requests"),
            boots: total.boots as f64 / requests,
            busy_s: total.ledger.get(State::Busy).as_secs_f64() / requests,
            billed_s: total.ledger.billed().as_secs_f64() / requests,
        }
    }
}

fn pool(min_containers: u32, max_containers: u32) -> Pool {
    Pool {
        min_containers,
        max_containers,
        scaledown_window: Window::Fixed(SimSpan::from_secs_f64(WINDOW_S)),
        ..Pool::new(vec![PoolModel::new(1, SimSpan::from_secs_f64(30.0))])
    }
}

/// Services of 10 s at a rate that keeps so many containers busy, for as long as 400,000 requests take.
fn growth_ns(busy: u32) -> f64 {
    let service = Law::lognormal(seconds(10.0), 0.3);
    let workload =
        Workload { name: "growth", per_second: f64::from(busy) / 10.0, hours: 0, min: 0, max: 2 * busy + 50, service };
    let mut requests = workload.drawn_inside();
    let mut arrival = || Arrival {
        at: SimTime(SimSpan::from_secs_f64(requests.arrival()).0),
        service: SimSpan::from_secs_f64(requests.service()),
        luck: Luck(0),
        quantile: Quantile::default(),
        model: 0,
    };
    let arrivals: Vec<Arrival> = (0..400_000).map(|_| arrival()).collect();
    let boot_laws = [workload.boot_law().ready_for_few()];
    let mut boots = BootTimes::new(1, 0, StreamKey::of("bench"), &boot_laws);
    let mut side = EngineSide::new(&workload);
    side.horizon.end = arrivals[arrivals.len() - 1].at + SimSpan(1);
    let run = || side.run(std::iter::once((&arrivals, &mut boots)));
    let results = fastest(&mut [("engine", "drawn before", Box::new(run))]);
    results[0].0 / results[0].1.requests
}
