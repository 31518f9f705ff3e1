//! What a request costs before it is simulated, in a block or a day of them: run with `cargo bench --bench drawing`.
//! The throughput is in requests, so that a million elements a second is a microsecond a request.

use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use fleetfront_sim::{Arrival, Law, Quantile, ReadyService, Role, Seconds, Service, SimSpan, StreamKey, stream};
use fleetfront_workloads::{
    BatchSize, LoadCurve, ModelTraffic, Process, Redrawn, Replay, ReplayedDays, RequestStream, Scope, SlowRate, Trace,
    Traffic,
};

const BLOCK: usize = 512;

fn seconds(value: f64) -> Seconds {
    Seconds::new(value).expect("a span")
}

/// A day with busy evenings; the first slow rate as a production trace has it, a second one ten times as fast.
fn traffic(requests_per_day: f64, slow_rates: usize) -> Traffic {
    let weights: Vec<f64> = (0..24).map(|hour| 1.0 + f64::from(hour)).collect();
    let model = ModelTraffic {
        key: StreamKey::of("bench"),
        requests_per_day,
        curve: LoadCurve::new(&weights).expect("a curve"),
        curve_ahead_h: 0.0,
        clock_changes: Vec::new(),
        process: Process::Poisson,
        swing: None,
        slow_rates: None,
        spikes: Vec::new(),
        replay: None,
    };
    let slow_rate = |correlation_s| {
        let redrawn = Redrawn::AtRandom { correlation: seconds(correlation_s) };
        SlowRate { cv: 0.49, redrawn, scope: Scope::Fleet }
    };
    let slow_rates = [980.0, 98.0].into_iter().take(slow_rates).map(slow_rate).collect();
    Traffic { models: vec![model], slow_rates, run_in: seconds(7200.0), horizon: seconds(86_400.0) }
}

/// The same in sessions of five requests, half a minute apart.
fn in_sessions(requests_per_day: f64) -> Traffic {
    let mut traffic = traffic(requests_per_day, 1);
    let (requests, think) = (BatchSize::Geometric { mean: 5.0 }, Law::lognormal(seconds(30.0), 1.0));
    traffic.models[0].process = Process::Sessions { requests, think };
    traffic
}

/// The same from ten recorded days with a request every so many milliseconds, two days and a half laid over each other.
fn replayed(requests_per_day: f64) -> Traffic {
    let mut traffic = traffic(requests_per_day, 1);
    let recorded = (requests_per_day / 2.5) as u32;
    let day: Vec<u32> = (0..recorded).map(|k| k * (86_400_000 / recorded)).collect();
    let trace = Trace::new(&vec![day; 10], None, false).expect("a trace");
    traffic.models[0].replay = Some(Replay { trace: Arc::new(trace), days: ReplayedDays::Resampled });
    traffic
}

fn laws() -> [(&'static str, Law); 5] {
    [
        ("exponential", Law::Exponential { mean_s: 10.0 }),
        ("lognormal", Law::lognormal(seconds(10.0), 0.3)),
        ("Weibull", Law::Weibull { shape: 1.5, scale_s: 10.0 }),
        ("gamma", Law::gamma(seconds(10.0), 0.5)),
        ("hyperexponential", Law::hyperexponential(seconds(10.0), 2.0)),
    ]
}

/// Words of a stream, gaps, and spans of the laws, in blocks.
fn blocks(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("block");
    group.throughput(Throughput::Elements(BLOCK as u64));
    let mut quantiles = [Quantile::default(); BLOCK];
    let mut rng = stream(1, 0, StreamKey::of("bench"), Role::Service);
    group.bench_function("quantiles", |bencher| {
        bencher.iter(|| Quantile::fill(&mut rng, black_box(&mut quantiles)));
    });
    let mut gaps = [0.0; BLOCK];
    let unit = Law::Exponential { mean_s: 1.0 }.ready();
    group.bench_function("gaps", |bencher| bencher.iter(|| unit.fill_seconds(black_box(&quantiles), &mut gaps)));
    let mut spans = [SimSpan::ZERO; BLOCK];
    for (name, law) in laws() {
        let ready = law.ready();
        group.bench_function(format!("{name} spans"), |bencher| {
            bencher.iter(|| ready.fill_spans(black_box(&quantiles), &mut spans));
        });
    }
}

/// What a law without a closed form takes once.
fn ready(criterion: &mut Criterion) {
    let law = Law::gamma(seconds(10.0), 0.5);
    criterion.bench_function("gamma made ready", |bencher| bencher.iter(|| black_box(law).ready()));
}

/// Draws a trial block by block, with services where there is a law of them.
fn draw(traffic: &Traffic, trial: u32, service: Option<&ReadyService>) {
    let mut requests = RequestStream::new(traffic, 1, trial, 0);
    let (mut block, mut arrivals) = (Vec::new(), Vec::new());
    while requests.fill(&mut block) {
        arrivals.clear();
        if let Some(service) = service {
            Arrival::append(&block, service, 0, &mut arrivals);
        }
        black_box((&block, &arrivals));
    }
}

/// Whole days, block by block: requests alone, and with their service spans. The run-in, a sixth of a day's requests
/// more, is drawn and not counted in the throughput.
fn days(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("day");
    for requests_per_day in [1_000.0, 100_000.0] {
        let traffic = traffic(requests_per_day, 1);
        group.throughput(Throughput::Elements(requests_per_day as u64));
        let mut trial = 0;
        let mut day = |service: Option<&ReadyService>| {
            trial += 1;
            draw(&traffic, trial, service);
        };
        group.bench_function(format!("{requests_per_day} requests"), |bencher| bencher.iter(|| day(None)));
        for (name, law) in laws().into_iter().take(2) {
            let service = Service::from(law).ready();
            group.bench_function(format!("{requests_per_day} requests, {name} services"), |bencher| {
                bencher.iter(|| day(Some(&service)));
            });
        }
        for (name, traffic) in [("sessions", in_sessions(requests_per_day)), ("a replay", replayed(requests_per_day))] {
            let mut trial = 0;
            group.bench_function(format!("{requests_per_day} requests, {name}"), |bencher| {
                bencher.iter(|| {
                    trial += 1;
                    draw(&traffic, trial, None);
                });
            });
        }
        for slow_rates in [0, 2] {
            let traffic = self::traffic(requests_per_day, slow_rates);
            let mut trial = 0;
            group.bench_function(format!("{requests_per_day} requests, {slow_rates} slow rates"), |bencher| {
                bencher.iter(|| {
                    trial += 1;
                    draw(&traffic, trial, None);
                });
            });
        }
    }
}

criterion_group!(benches, blocks, ready, days);
criterion_main!(benches);
