//! How long one trial-day of one pool takes, requests already drawn: run with `cargo bench`.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use fleetfront_sim::{
    Arrival, BootTimes, LatencyHistogram, Law, Pool, PoolModel, Retries, Seconds, SimSpan, StreamKey, Workspace,
    simulate,
};
use fleetfront_workloads::{LoadCurve, ModelTraffic, Process, Traffic, draw_requests};

fn traffic(requests_per_day: f64) -> Traffic {
    let curve = LoadCurve::new(&[1.0; 24]).expect("a flat curve");
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
    let horizon = Seconds::new(86_400.0).expect("a day");
    Traffic { models: vec![model], slow_rates: Vec::new(), run_in: Seconds::ZERO, horizon }
}

fn pool() -> Pool {
    let model = PoolModel { failure_probability: 0.01, ..PoolModel::new(1, SimSpan::from_secs_f64(30.0)) };
    Pool { max_containers: 50, retries: Retries::fixed(1), ..Pool::new(vec![model]) }
}

/// Mean service 10 s (cv 0.3), mean boot 20 s (cv 0.5), window 60 s, at most 50 containers.
fn trial_day(criterion: &mut Criterion) {
    let seconds = |s| Seconds::new(s).expect("a span");
    let service = Law::lognormal(seconds(10.0), 0.3);
    let boot = [Law::lognormal(seconds(20.0), 0.5).ready_for_few()];
    for requests_per_day in [1_000u32, 100_000] {
        let traffic = traffic(f64::from(requests_per_day));
        let requests = draw_requests(&traffic, 1, 0, 0);
        let arrivals: Vec<Arrival> = Arrival::of(&requests, &service, 0).collect();
        let (pool, horizon) = (pool(), traffic.horizon());
        let mut workspace = Workspace::default();
        let mut latencies = [LatencyHistogram::default()];
        criterion.bench_function(&format!("trial-day at {requests_per_day} requests"), |bencher| {
            bencher.iter(|| {
                let mut boots = BootTimes::new(1, 0, StreamKey::of("bench"), &boot);
                black_box(simulate(&pool, &arrivals, &mut boots, horizon, &mut workspace, &mut latencies, None))
            });
        });
    }
}

/// Drawing a day of 1,000 requests.
fn draw_day(criterion: &mut Criterion) {
    let traffic = traffic(1_000.0);
    let mut trial = 0;
    criterion.bench_function("drawing a day of 1000 requests", |bencher| {
        bencher.iter(|| {
            trial += 1;
            black_box(draw_requests(&traffic, 1, trial, 0))
        });
    });
}

criterion_group!(benches, trial_day, draw_day);
criterion_main!(benches);
