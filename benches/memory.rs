//! Peak memory against the number of requests: run with `cargo bench --bench memory`. A stream of requests takes none
//! that grows; a trial holds the arrivals of one trial. Linux says what the peak was so far, so the sizes rise.

use fleetfront_sim::{
    Arrival, BootTimes, Horizon, LatencyHistogram, Law, Pool, PoolModel, SimSpan, SimTime, StreamKey, Workspace,
    simulate,
};
use fleetfront_workloads::{Process, Rate, RequestStream};

const DAY_S: f64 = 86_400.0;
const REQUESTS: [f64; 3] = [1e5, 1e6, 1e7];

/// The process's greatest resident memory so far, in MiB; `None` where the system does not say.
fn peak_mib() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix(" kB")?.parse::<f64>().ok()? / 1024.0)
}

fn stream_of(requests: f64) -> RequestStream {
    let rate = Rate::constant(requests / DAY_S, DAY_S);
    RequestStream::of_rate(rate, &Process::Poisson, 1, 0, StreamKey::of("bench"))
}

/// Draws a day of requests and forgets them, block by block. Returns how many there were.
fn streamed(requests: f64) -> usize {
    let (mut stream, mut block, mut count) = (stream_of(requests), Vec::new(), 0);
    while stream.fill(&mut block) {
        count += block.len();
    }
    count
}

/// Simulates a day of requests that take 0.1 s each. Returns how many there were.
fn simulated(requests: f64) -> u64 {
    let service = Law::Exponential { mean_s: 0.1 }.ready();
    let mut arrivals = Vec::with_capacity((requests + 10.0 * requests.sqrt()) as usize);
    let (mut stream, mut block) = (stream_of(requests), Vec::new());
    while stream.fill(&mut block) {
        Arrival::append(&block, &service, 0, &mut arrivals);
    }
    let pool = Pool { max_containers: 100, ..Pool::new(vec![PoolModel::new(1, SimSpan::from_secs_f64(1.0))]) };
    let boots = [Law::Deterministic { seconds: 1.0 }];
    let mut boots = BootTimes::new(1, 0, StreamKey::of("bench"), &boots);
    let horizon = Horizon { start: SimTime::START, end: SimTime(SimSpan::from_secs_f64(DAY_S).0) };
    let mut latencies = [LatencyHistogram::default()];
    let outcome = simulate(&pool, &arrivals, &mut boots, horizon, &mut Workspace::default(), &mut latencies, None);
    outcome.total().arrived
}

fn main() {
    let Some(start_mib) = peak_mib() else {
        println!("this system does not say how much memory a process takes: nothing measured");
        return;
    };
    println!("at the start: {start_mib:.1} MiB");
    for requests in REQUESTS {
        let count = streamed(requests);
        println!("{count:9} requests streamed:    {:8.1} MiB", peak_mib().unwrap_or(f64::NAN));
    }
    for requests in REQUESTS {
        let count = simulated(requests);
        let bytes = size_of::<Arrival>();
        println!(
            "{count:9} requests simulated:   {:8.1} MiB ({bytes} bytes an arrival)",
            peak_mib().unwrap_or(f64::NAN)
        );
    }
}
