//! Instructions a request, counted by valgrind and compared with `counts.csv`: speed that a busy machine does not blur.
//! Run with `cargo bench --bench instructions`; it fails when a count is more than 3 % above the one written down, and
//! prints the lines to write down after a change that is meant, or with another compiler. Without valgrind it says so
//! and counts nothing.

use std::hint::black_box;
use std::process::{Command, ExitCode};

use fleetfront_sim::{
    Arrival, BootTimes, Horizon, LatencyHistogram, Law, Pool, PoolModel, Retries, Seconds, Service, SimSpan, SimTime,
    StreamKey, Workspace, simulate,
};
use fleetfront_workloads::{Process, Rate, RequestStream};

/// `workload,instructions`, less those of a process that does nothing.
const COUNTS: &str = include_str!("counts.csv");
/// How much more than written down is accepted, as a share.
const TOLERANCE: f64 = 0.03;
const REQUESTS: f64 = 100_000.0;
const HOUR_S: f64 = 3600.0;

/// The first is what starting a process takes.
const WORKLOADS: [(&str, fn()); 6] = [
    ("nothing", || ()),
    ("drawn, not simulated", || _ = black_box(arrivals(lognormal()))),
    ("plain pool, few busy", || run(&pool(0, 50, 0.0), lognormal(), 0.01)),
    ("plain pool, many busy", || run(&pool(0, 2_000, 0.0), lognormal(), 1.0)),
    ("M/M/8", || run(&pool(8, 8, 0.0), Law::Exponential { mean_s: 10.0 }, 0.0245)),
    ("event list, tries fail and are repeated", || run(&pool(0, 50, 0.01), lognormal(), 0.01)),
];

fn lognormal() -> Law {
    Law::lognormal(Seconds::new(10.0).expect("a span"), 0.3)
}

fn pool(min_containers: u32, max_containers: u32, failure_probability: f64) -> Pool {
    let model = PoolModel { failure_probability, ..PoolModel::new(1, SimSpan::from_secs_f64(30.0)) };
    let retries = Retries::fixed(u32::from(failure_probability > 0.0));
    Pool { min_containers, max_containers, retries, ..Pool::new(vec![model]) }
}

/// An hour of requests with services of this law.
fn arrivals(service: Law) -> Vec<Arrival> {
    let rate = Rate::constant(REQUESTS / HOUR_S, HOUR_S);
    let mut stream = RequestStream::of_rate(rate, &Process::Poisson, 1, 0, StreamKey::of("bench"));
    let (mut block, mut arrivals) = (Vec::new(), Vec::with_capacity(1 << 17));
    let service = Service::from(service).ready();
    while stream.fill(&mut block) {
        Arrival::append(&block, &service, 0, &mut arrivals);
    }
    arrivals
}

/// Simulates the hour with its services `scale` times as long.
fn run(pool: &Pool, service: Law, scale: f64) {
    let mut arrivals = arrivals(service);
    for arrival in &mut arrivals {
        arrival.service = SimSpan((arrival.service.0 as f64 * scale) as u64);
    }
    let boots = [Law::lognormal(Seconds::new(20.0).expect("a span"), 0.5).ready_for_few()];
    let mut boots = BootTimes::new(1, 0, StreamKey::of("bench"), &boots);
    let horizon = Horizon { start: SimTime::START, end: SimTime(SimSpan::from_secs_f64(HOUR_S).0) };
    let mut latencies = [LatencyHistogram::default()];
    let mut workspace = Workspace::default();
    _ = black_box(simulate(pool, &arrivals, &mut boots, horizon, &mut workspace, &mut latencies, None));
}

/// Instructions of this program on one workload; `None` where valgrind cannot say.
fn count(workload: usize) -> Option<u64> {
    let program = std::env::current_exe().ok()?;
    let mut valgrind = Command::new("valgrind");
    valgrind.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]).arg(program).arg(workload.to_string());
    let said = String::from_utf8(valgrind.output().ok()?.stderr).ok()?;
    let line = said.lines().find_map(|line| line.split_once("Collected : "))?;
    line.1.trim().parse().ok()
}

fn main() -> ExitCode {
    if let Some(workload) = std::env::args().nth(1).and_then(|argument| argument.parse::<usize>().ok()) {
        (WORKLOADS[workload].1)();
        return ExitCode::SUCCESS;
    }
    if Command::new("valgrind").arg("--version").output().is_err() {
        println!("SKIPPED: valgrind is not installed, no instructions counted");
        return ExitCode::SUCCESS;
    }
    let written = |name: &str| {
        let of = |line: &str| line.strip_prefix(name)?.strip_prefix(',')?.parse::<f64>().ok();
        COUNTS.lines().find_map(of)
    };
    let mut changed = Vec::new();
    println!("workload,instructions");
    let counts: Option<Vec<u64>> = (0..WORKLOADS.len()).map(count).collect();
    let Some(counts) = counts else {
        println!("valgrind is installed and did not count");
        return ExitCode::FAILURE;
    };
    for ((name, _), count) in WORKLOADS.iter().zip(&counts).skip(1) {
        let count = count - counts[0];
        println!("{name},{count}");
        let change = written(name).map_or(f64::INFINITY, |before| count as f64 / before - 1.0);
        if change.abs() > TOLERANCE {
            changed.push((name, 100.0 * change));
        }
    }
    for (name, percent) in &changed {
        println!("{name}: {percent:+.1} % against counts.csv");
    }
    if changed.iter().any(|(_, percent)| *percent > 0.0) { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
