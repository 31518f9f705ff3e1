//! Simulation against exact results: each inside a 99.9 % t interval over at least 30 trials with fixed seeds, and each
//! interval narrow enough to notice an engine that is off by a few per cent.
//!
//! Trials are days, so rates are scaled to put enough requests into a day: [`Setting::per_day`] over the rate of the
//! textbook case is the number of its time units in a day.

use std::sync::Arc;

use fleetfront_sim::{
    Arrival, Attended, BootTimes, Draws, Group, Horizon, LatencyHistogram, Law, ModelOutcome, Observers, Pool,
    PoolModel, Quantile, Retries, Seconds, Service, Shape, ShapeLaw, Shapes, SimSpan, State, StreamKey, Timeline,
    Window, Work, Workspace, simulate_group,
};
use fleetfront_workloads::{LoadCurve, ModelTraffic, Process, Traffic, clients, draw_requests};
use statrs::distribution::{ContinuousCDF, LogNormal, StudentsT};

use crate::exact::{
    SingleContainer, lognormal_limited_mean_s, mean_busy, mmc_latency_quantile, mmc_wait, pollaczek_khinchine_of_s,
    pollaczek_khinchine_s, second_moment,
};

const SEED: u64 = 20_261_123;
pub(crate) const DAY_S: f64 = 86_400.0;
/// A histogram's bucket is 0.8 % wide, its midpoint 0.4 % off at most.
const BUCKET: f64 = 0.004;
const INSTANT: Law = Law::Deterministic { seconds: 0.0 };

/// A pool, its traffic and its laws.
pub(crate) struct Setting {
    /// Whose random numbers it takes, so that no two settings share their luck.
    pub(crate) name: String,
    pub(crate) pool: Pool,
    /// Mean requests a day.
    pub(crate) per_day: f64,
    /// How they arrive.
    pub(crate) process: Process,
    /// Hourly weights of the day.
    pub(crate) weights: Vec<f64>,
    pub(crate) run_in_s: f64,
    pub(crate) service: Service,
    pub(crate) boot: Law,
}

/// What one trial showed.
pub(crate) struct Trial {
    pub(crate) outcome: ModelOutcome,
    /// Mean square of the service times of the day's requests, in seconds squared.
    mean_square: f64,
    latencies: LatencyHistogram,
    /// Quarters of an hour.
    pub(crate) timeline: Timeline,
}

impl Setting {
    pub(crate) fn trials(&self, count: u32) -> Vec<Trial> {
        let mut workspace = Workspace::default();
        let curve = LoadCurve::new(&self.weights).expect("a curve");
        let key = StreamKey::of(&self.name);
        let model = ModelTraffic {
            key,
            requests_per_day: self.per_day,
            curve,
            curve_ahead_h: 0.0,
            clock_changes: Vec::new(),
            process: self.process.clone(),
            swing: None,
            slow_rates: None,
            spikes: Vec::new(),
            replay: None,
        };
        let traffic =
            Traffic { models: vec![model], slow_rates: Vec::new(), run_in: span(self.run_in_s), horizon: span(DAY_S) };
        let horizon = traffic.horizon();
        let trial = |trial| {
            let requests = draw_requests(&traffic, SEED, trial, 0);
            let arrivals: Vec<Arrival> = Arrival::of(&requests, &self.service, 0).collect();
            let laws = [self.boot.ready_for_few()];
            let mut boots = BootTimes::new(SEED, trial, key, &laws);
            let mut latencies = [LatencyHistogram::default()];
            let mut timeline = Timeline::new(horizon, 96);
            let lucks = [boots.luck()];
            let mut draws = Draws { boots: std::slice::from_mut(&mut boots), lucks: &lucks, scarcity: &[] };
            let clients = clients(&traffic, SEED, trial, &[(0, self.service.ready())]);
            let mut all = Attended { arrivals: &arrivals, clients: &clients };
            let timelines = std::slice::from_mut(&mut timeline);
            let mut observers = Observers { timelines, ..Observers::latencies(&mut latencies) };
            let group = Group::of(&self.pool);
            let outcome = simulate_group(&group, &mut all, &mut draws, horizon, &mut workspace, &mut observers);
            let [latencies] = latencies;
            Trial { outcome: outcome.total(), mean_square: mean_square(&arrivals, horizon), latencies, timeline }
        };
        (0..count).map(trial).collect()
    }
}

impl Trial {
    pub(crate) fn wait_s(&self) -> f64 {
        self.outcome.wait_ns as f64 / 1e9 / self.outcome.arrived as f64
    }

    /// Mean number of containers in one state, over the day.
    pub(crate) fn mean_in(&self, state: State) -> f64 {
        self.outcome.ledger.get(state).as_secs_f64() / DAY_S
    }

    fn mean_billed(&self) -> f64 {
        self.outcome.ledger.billed().as_secs_f64() / DAY_S
    }

    /// `count` of the requests that arrived, as a share.
    pub(crate) fn share(&self, count: u64) -> f64 {
        count as f64 / self.outcome.arrived as f64
    }

    fn p99_s(&self) -> f64 {
        self.latencies.quantile_s(0.99).expect("latencies")
    }
}

fn mean_square(arrivals: &[Arrival], horizon: Horizon) -> f64 {
    let counted = arrivals.iter().filter(|a| horizon.contains(a.at));
    let (sum, count) = counted.fold((0.0, 0.0), |(s, n), a| (s + a.service.as_secs_f64().powi(2), n + 1.0));
    sum / count
}

pub(crate) fn span(seconds: f64) -> Seconds {
    Seconds::new(seconds).expect("a span")
}

/// As many containers as it takes, on the spot, for ever: the other pools depart from here.
pub(crate) fn pool() -> Pool {
    let for_ever = SimSpan::from_secs_f64(1e6);
    Pool {
        max_containers: 1_000_000,
        scaledown_window: Window::Fixed(for_ever),
        timeout: for_ever,
        ..Pool::new(vec![PoolModel::new(1, for_ever)])
    }
}

/// `containers` that are always warm.
pub(crate) fn fixed(containers: u32) -> Pool {
    Pool { min_containers: containers, max_containers: containers, ..pool() }
}

/// A constant rate, from an hour before the day on.
pub(crate) fn steady(name: &str, pool: Pool, per_day: f64, service: impl Into<Service>) -> Setting {
    let (name, process, service) = (name.to_string(), Process::Poisson, service.into());
    Setting { name, pool, per_day, process, weights: vec![1.0; 24], run_in_s: 3600.0, service, boot: INSTANT }
}

/// The exact value lies within the 99.9 % t interval over the trials, widened by the relative `resolution` of the
/// measurement; and the test has power: the interval reaches at most `power` (relative) to each side.
fn check_within(what: &str, exact: f64, per_trial: &[f64], power: f64, resolution: f64) {
    let n = per_trial.len() as f64;
    assert!(n >= 30.0, "{what}: {n} trials");
    let mean = per_trial.iter().sum::<f64>() / n;
    let variance = per_trial.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0);
    let t = StudentsT::new(0.0, 1.0, n - 1.0).expect("degrees of freedom").inverse_cdf(0.9995);
    let half_width = t * (variance / n).sqrt();
    assert!(half_width <= power * exact, "{what}: {mean} +- {half_width} is too wide to say anything about {exact}");
    let gap = (mean - exact).abs();
    assert!(gap <= half_width + resolution * exact, "{what}: {mean} +- {half_width}, but exactly {exact}; seed {SEED}");
}

/// [`check_within`] 2 %.
pub(crate) fn check(what: &str, exact: f64, trials: &[Trial], value: impl Fn(&Trial) -> f64) {
    let per_trial: Vec<f64> = trials.iter().map(value).collect();
    check_within(what, exact, &per_trial, 0.02, 0.0);
}

/// [`check`] of the latency's 99th percentile, sectioned: a quantile a trial.
fn check_p99(what: &str, exact_s: f64, trials: &[Trial]) {
    let per_trial: Vec<f64> = trials.iter().map(Trial::p99_s).collect();
    check_within(what, exact_s, &per_trial, 0.02, BUCKET);
}

fn check_mmc(containers: u32, utilisation: f64, trials: u32, per_day: f64) {
    let load = utilisation * f64::from(containers);
    let mean_s = load * DAY_S / per_day;
    let name = format!("M/M/{containers} at {utilisation}");
    let trials = steady(&name, fixed(containers), per_day, Law::Exponential { mean_s }).trials(trials);
    check(&format!("{name}, mean wait"), mmc_wait(containers, load) * mean_s, &trials, Trial::wait_s);
    check_p99(&format!("{name}, p99"), mmc_latency_quantile(containers, load, 0.99) * mean_s, &trials);
    check(&format!("{name}, busy"), load, &trials, |t| t.mean_in(State::Busy));
    for trial in &trials {
        let idle = f64::from(containers) - trial.mean_in(State::Busy);
        approx::assert_relative_eq!(trial.mean_in(State::Idle), idle, max_relative = 1e-9);
    }
}

#[test]
fn one_container_at_half_load() {
    check_mmc(1, 0.5, 50, 60_000.0);
}

#[test]
fn one_container_at_four_fifths() {
    check_mmc(1, 0.8, 90, 160_000.0);
}

#[test]
fn two_containers_share_a_queue() {
    check_mmc(2, 0.8, 90, 160_000.0);
}

#[test]
fn eight_containers_share_a_queue() {
    check_mmc(8, 0.8, 90, 160_000.0);
}

/// The trial's mean square of the service times is a control variate: its expectation is known, the wait follows it.
fn check_mg1(utilisation: f64, cv: f64, trials: u32, per_day: f64) {
    let per_second = per_day / DAY_S;
    let service = Law::lognormal(span(utilisation / per_second), cv);
    let name = format!("M/G/1 at {utilisation}, cv {cv}");
    let trials = steady(&name, fixed(1), per_day, service).trials(trials);
    let exact_s = pollaczek_khinchine_s(per_second, &service);
    check(&name, exact_s, &trials, |t| t.wait_s() - exact_s * (t.mean_square / second_moment(&service) - 1.0));
}

#[test]
fn the_wait_grows_with_the_second_moment_of_the_service_time() {
    check_mg1(0.8, 0.0, 60, 60_000.0);
    check_mg1(0.7, 0.5, 40, 60_000.0);
    check_mg1(0.5, 2.0, 40, 120_000.0);
}

/// Straight lines between knots and a Pareto tail: the formula needs the mean and the mean square only.
#[test]
fn the_wait_grows_with_the_second_moment_of_a_measured_law() {
    let (per_day, utilisation) = (60_000.0, 0.6);
    let per_second = per_day / DAY_S;
    let knots_s = std::array::from_fn(|k| if k < 20 { 0.2 + 0.01 * k as f32 } else { 1.0 + 0.05 * k as f32 });
    let law = Law::Empirical { knots_s, tail_scale_s: 0.8, tail_shape: 0.1 };
    let law = law.scaled(utilisation / per_second / law.mean_s());
    let trials = steady("M/G/1 as measured", fixed(1), per_day, law).trials(40);
    let exact_s = pollaczek_khinchine_s(per_second, &law);
    check("M/G/1 as measured", exact_s, &trials, |t| {
        t.wait_s() - exact_s * (t.mean_square / second_moment(&law) - 1.0)
    });
}

/// Three of four requests have 20 steps, the others 80; a fifth of the time of the reference, 40 steps, does not grow. So
/// the factors on the service time are 0.6 and 1.8.
#[test]
fn the_wait_grows_with_the_shapes_of_requests() {
    let (per_day, utilisation, cv) = (60_000.0, 0.7, 0.5);
    let per_second = per_day / DAY_S;
    let (mean, square) = (0.75 * 0.6 + 0.25 * 1.8, 0.75 * 0.6 * 0.6 + 0.25 * 1.8 * 1.8);
    let reference = Shape { steps: 40.0, megapixels: 1.0, frames: 1.0, images: 1.0 };
    let shapes = Shapes::Joint([(3.0, 20.0), (1.0, 80.0)].map(|(w, steps)| (w, Shape { steps, ..reference })).to_vec());
    let grows = ShapeLaw { fixed_share: 0.2, megapixels_exponent: 1.0, frames_exponent: 1.0 };
    let law = Law::lognormal(span(utilisation / per_second / mean), cv);
    let service = Service { law, work: Some(Arc::new(Work::of(&shapes, &reference, &grows))) };
    let of_both = second_moment(&law) * square;
    let exact_s = pollaczek_khinchine_of_s(per_second, law.mean_s() * mean, of_both);
    let name = "M/G/1 with two shapes";
    let trials = steady(name, fixed(1), per_day, service).trials(40);
    check(name, exact_s, &trials, |t| t.wait_s() - exact_s * (t.mean_square / of_both - 1.0));
}

/// Derived: Crommelin's embedded chain n(t + D) = max(n - c, 0) + Poisson, 2026-11; service times of 10 s at 0.32 a
/// second. With a fixed service time, a request is late beyond it exactly when it waited.
#[test]
fn four_containers_with_a_fixed_service_time() {
    let per_day = 60_000.0;
    let unit_s = 0.32 * DAY_S / per_day;
    let service = Law::Deterministic { seconds: 10.0 * unit_s };
    let mut pool = fixed(4);
    pool.models[0].latency_limit = service.span(Quantile::default());
    let trials = steady("M/D/4", pool, per_day, service).trials(80);
    check("M/D/4, mean wait", 3.860_949_308_52 * unit_s, &trials, Trial::wait_s);
    check("M/D/4, share that waits", 0.578_282_015_457, &trials, |t| t.share(t.outcome.late));
}

#[test]
fn a_container_is_gone_when_the_gap_exceeds_the_window() {
    let per_day = 50_000.0;
    let instant = Law::Deterministic { seconds: 1e-6 };
    for gaps in [0.5, 2.0] {
        let name = format!("a window of {gaps} gaps");
        let window = Window::Fixed(SimSpan::from_secs_f64(gaps * DAY_S / per_day));
        let pool = Pool { max_containers: 1, scaledown_window: window, ..pool() };
        let trials = Setting { boot: instant, ..steady(&name, pool, per_day, instant) }.trials(40);
        check(&name, (-gaps).exp(), &trials, |t| t.share(t.outcome.boots));
    }
}

/// Checks all that renewal theory says of a single container that comes and goes.
fn check_single(name: &str, single: &SingleContainer, per_day: f64) -> Vec<Trial> {
    let window = Window::Fixed(SimSpan::from_secs_f64(single.window_s));
    let pool = Pool { max_containers: 1, scaledown_window: window, ..pool() };
    let trials = Setting { boot: single.boot, ..steady(name, pool, per_day, single.service) }.trials(40);
    let check =
        |what: &str, exact, value: &dyn Fn(&Trial) -> f64| check(&format!("{name}, {what}"), exact, &trials, value);
    check("wait", single.wait_s(), &Trial::wait_s);
    check("cold", single.cold_probability(), &|t| t.share(t.outcome.boots));
    check("waiting for a boot", single.boot_waiters(), &|t| t.share(t.outcome.cold));
    check("billed", single.billed_share(), &Trial::mean_billed);
    check("booting", single.booting_share(), &|t| t.mean_in(State::Boot));
    let busy = single.per_second * single.service.mean_s();
    check("idle", single.billed_share() - single.booting_share() - busy, &|t| t.mean_in(State::Idle));
    trials
}

#[test]
fn a_single_container_comes_and_goes() {
    let per_day = 60_000.0;
    let per_second = per_day / DAY_S;
    let boot = Law::Deterministic { seconds: 0.8 / per_second };
    let service = Law::Exponential { mean_s: 0.2 / per_second };
    check_single("fixed boots", &SingleContainer { per_second, window_s: 1.2 / per_second, boot, service }, per_day);
    let boot = Law::lognormal(span(1.0 / per_second), 0.7);
    check_single(
        "lognormal boots",
        &SingleContainer { per_second, window_s: 0.5 / per_second, boot, service },
        per_day,
    );
}

/// Derived: 0.05 requests a second, boot 25 s, window 30 s, lognormal service of 8 s with cv 0.5; the wait is that of
/// an M/G/1 queue plus an independent part for the boots, convolved by FFT on a lattice of a 4000th of the mean,
/// 2026-11. P99 of the latency: 52.8018378383 s.
#[test]
fn a_single_containers_tail_includes_its_boots() {
    let per_day = 60_000.0;
    let unit_s = 0.05 * DAY_S / per_day;
    let boot = Law::Deterministic { seconds: 25.0 * unit_s };
    let service = Law::lognormal(span(8.0 * unit_s), 0.5);
    let single = SingleContainer { per_second: per_day / DAY_S, window_s: 30.0 * unit_s, boot, service };
    let trials = check_single("lognormal service", &single, per_day);
    check_p99("lognormal service, p99", 52.801_837_838_3 * unit_s, &trials);
}

/// Derived: with instant boots and the most recently idle container first, the containers alive are the most that
/// were busy at once within the last window; by matrix exponentials of the M/M/infinity process, 2026-11.
#[test]
fn the_most_recently_idle_container_serves_first() {
    for (per_second, window_s, alive, cold) in
        [(0.5, 60.0, 9.352_062_960_12, 0.048_634_377_419_1), (0.1, 300.0, 4.106_083_566_44, 0.024_169_962_289_8)]
    {
        let (name, per_day) = (format!("LIFO with a window of {window_s}"), 50_000.0);
        let unit_s = per_second * DAY_S / per_day;
        let pool = Pool { scaledown_window: Window::Fixed(SimSpan::from_secs_f64(window_s * unit_s)), ..pool() };
        let trials = steady(&name, pool, per_day, Law::Exponential { mean_s: 10.0 * unit_s }).trials(40);
        check(&format!("{name}, alive"), alive, &trials, Trial::mean_billed);
        check(&format!("{name}, boots"), cold, &trials, |t| t.share(t.outcome.boots));
    }
}

/// Arrivals that follow a sinusoid by the hour, and as many containers as it takes.
#[test]
fn busy_containers_lag_behind_the_load() {
    let per_day = 80_000.0;
    let rate = |hour: i32| 1.0 + 0.6 * (std::f64::consts::TAU * (f64::from(hour) + 0.5) / 24.0).sin();
    let weights: Vec<f64> = (0..24).map(rate).collect();
    let service = Law::lognormal(span(1800.0), 1.0);
    let Law::Lognormal { mu, sigma } = service else { unreachable!("a positive cv") };
    let run_in_h = 12;
    let run_in_s = f64::from(run_in_h) * 3600.0;
    let trials = Setting { weights, run_in_s, ..steady("sinusoid", pool(), per_day, service) }.trials(50);

    let piece = |hour: i32| (f64::from(hour) * 3600.0, f64::from(hour + 1) * 3600.0, rate(hour) * per_day / DAY_S);
    let pieces: Vec<_> = (-run_in_h..24).map(piece).collect();
    let busy = |t: f64| mean_busy(&pieces, |u| lognormal_limited_mean_s(mu, sigma, u.max(0.0)), t);
    for hour in [0, 3, 6, 8, 12, 15, 18, 21] {
        // The mean over the first quarter of the hour, by Simpson's rule.
        let (from_s, step_s) = (f64::from(hour) * 3600.0, 225.0);
        let at = [0.0, 1.0, 2.0, 3.0, 4.0].map(|k| busy(from_s + k * step_s));
        let exact = (at[0] + 4.0 * at[1] + 2.0 * at[2] + 4.0 * at[3] + at[4]) / 12.0;
        let bin = usize::try_from(hour * 4).expect("an hour of the day");
        check(&format!("busy at {hour} h"), exact, &trials, |t| {
            t.timeline.states_ns[bin][State::Busy as usize] as f64 / t.timeline.bin().0 as f64
        });
    }
}

/// A try longer than the timeout is killed and billed: completions follow the law's distribution function, container
/// time its limited mean.
#[test]
fn the_timeout_cuts_the_service_time() {
    let per_day = 20_000.0;
    let service = Law::lognormal(span(10.0), 0.6);
    let Law::Lognormal { mu, sigma } = service else { unreachable!("a positive cv") };
    let timeout_s = 12.0;
    let pool = Pool { timeout: SimSpan::from_secs_f64(timeout_s), ..pool() };
    let trials = steady("timeout", pool, per_day, service).trials(40);
    let completes = LogNormal::new(mu, sigma).expect("a law").cdf(timeout_s);
    check("completed", completes, &trials, |t| t.share(t.outcome.completed));
    let executing = per_day / DAY_S * lognormal_limited_mean_s(mu, sigma, timeout_s);
    check("executing", executing, &trials, |t| t.mean_in(State::Busy) + t.mean_in(State::Wasted));
    let killed = per_day / DAY_S * (1.0 - completes) * timeout_s;
    check("killed", killed, &trials, |t| t.mean_in(State::Wasted));
}

/// A try fails with probability p at an instant uniform over its service; a retry pauses first.
#[test]
fn retries_follow_the_geometric_law() {
    let (per_day, service_s, pause_s, p) = (20_000.0, 10.0, 3.0, 0.3_f64);
    let pause = SimSpan::from_secs_f64(pause_s);
    let retries = Retries { max: 2, initial_delay: pause, max_delay: pause, ..Retries::none() };
    let mut pool = Pool { retries, ..pool() };
    pool.models[0].failure_probability = p;
    let trials = steady("retries", pool, per_day, Law::Deterministic { seconds: service_s }).trials(40);
    let completes = 1.0 - p.powi(3);
    check("completed", completes, &trials, |t| t.share(t.outcome.completed));
    let failures = (1.0 - p) * (p + 2.0 * p * p) / completes;
    let latency_s = service_s + failures * (service_s / 2.0 + pause_s);
    check("latency", latency_s, &trials, |t| t.outcome.latency_ns as f64 / 1e9 / t.outcome.completed as f64);
    let wasted = per_day / DAY_S * (p + p * p + p.powi(3)) * service_s / 2.0;
    check("wasted", wasted, &trials, |t| t.mean_in(State::Wasted));
}
