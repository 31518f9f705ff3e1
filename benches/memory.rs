//! Peak memory against the number of requests: run with `cargo bench --bench memory`. A stream of requests takes none
//! that grows, nor does a trial that draws them as it goes, nor a long trace that is replayed. Linux says what the peak was
//! so far, so the sizes rise.

use std::io::{BufWriter, Write};
use std::path::Path;

use fleetfront_scenario::{Files, Scenario};

use fleetfront_sim::{
    BootTimes, Draws, Group, LatencyHistogram, Law, Luck, Observers, Pool, PoolModel, Seconds, SimSpan, StreamKey,
    Workspace, simulate_group,
};
use fleetfront_workloads::{ArrivalStream, LoadCurve, ModelTraffic, Process, Rate, RequestStream, Traffic};

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
    let model = ModelTraffic {
        key: StreamKey::of("bench"),
        requests_per_day: requests,
        curve: LoadCurve::new(&[1.0; 24]).expect("a curve"),
        curve_ahead_h: 0.0,
        clock_changes: Vec::new(),
        process: Process::Poisson,
        swing: None,
        slow_rates: None,
        spikes: Vec::new(),
        replay: None,
    };
    let horizon = Seconds::new(DAY_S).expect("a day");
    let traffic = Traffic { models: vec![model], slow_rates: Vec::new(), run_in: Seconds::ZERO, horizon };
    let mut arrivals = ArrivalStream::new(&traffic, 1, 0, &[(0, Law::Exponential { mean_s: 0.1 }.into())]);
    let pool = Pool { max_containers: 100, ..Pool::new(vec![PoolModel::new(1, SimSpan::from_secs_f64(1.0))]) };
    let boots = [Law::Deterministic { seconds: 1.0 }.ready_for_few()];
    let mut boots = [BootTimes::new(1, 0, StreamKey::of("bench"), &boots)];
    let mut draws = Draws { boots: &mut boots, lucks: &[Luck(0)], scarcity: &[] };
    let mut latencies = [LatencyHistogram::default()];
    let (mut workspace, mut observers) = (Workspace::default(), Observers::latencies(&mut latencies));
    let group = Group::of(&pool);
    let outcome = simulate_group(&group, &mut arrivals, &mut draws, traffic.horizon(), &mut workspace, &mut observers);
    outcome.total().arrived
}

/// Days of the trace, and the model that replays it.
const DAYS: u64 = 100;
const REPLAYED: usize = 3;

/// Writes the default scenario with a trace of so many requests.
fn write_replay(folder: &Path, requests: u64) -> std::io::Result<()> {
    let files = Files::embedded();
    let text = files.text("scenario.toml").expect("it is there");
    let old = "name = \"lora\"\nrequests_per_day = 100.0";
    assert!(text.contains(old), "the default scenario has changed");
    let (per_day, replay) = (requests / DAYS, "replay = { file = \"calls.csv\", days = \"resampled\" }");
    let new = format!("name = \"lora\"\n{replay}\nrequests_per_day = {per_day}.0");
    let text = text.replace(old, &new);
    files.with("scenario.toml", &text).write_to(folder).expect("a free folder");
    let mut calls = BufWriter::new(std::fs::File::create(folder.join("calls.csv"))?);
    writeln!(calls, "day,at_s")?;
    for day in 0..DAYS {
        for k in 0..per_day {
            let at_ms = k * 86_000_000 / per_day + (k * k + day) % 7;
            writeln!(calls, "{day},{}.{:03}", at_ms / 1000, at_ms % 1000)?;
        }
    }
    calls.flush()
}

/// Reads a scenario that replays a trace, and draws ten of its days. Returns how many requests there were.
fn replayed(folder: &Path) -> usize {
    let files = Files::read_folder(folder).expect("it is there");
    let scenario = Scenario::load(&files).unwrap_or_else(|problems| panic!("{problems:?}"));
    let (mut block, mut count) = (Vec::new(), 0);
    for trial in 0..10 {
        let mut stream = RequestStream::new(&scenario.traffic, 1, trial, REPLAYED);
        while stream.fill(&mut block) {
            count += block.len();
        }
    }
    count
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
        println!("{count:9} requests simulated:   {:8.1} MiB", peak_mib().unwrap_or(f64::NAN));
    }
    for requests in REQUESTS.map(|requests| requests as u64).into_iter().chain([30_000_000]) {
        let place = tempfile::tempdir().expect("a folder");
        let folder = place.path().join("scenario");
        write_replay(&folder, requests).expect("room for the trace");
        let count = replayed(&folder);
        let peak = peak_mib().unwrap_or(f64::NAN);
        println!("{count:9} requests of {requests:9} replayed: {peak:8.1} MiB");
    }
}
