//! Whether nominal 95 % intervals cover what they should: thousands of small studies of systems whose exact answers
//! are known, and the share of them whose interval holds the answer. Run with `cargo bench --bench coverage`, and
//! `-- STUDIES` for another number than 2,000; `-- intervals`, `-- frontier` and `-- backtest` do one
//! part only.
//!
//! The frontier's part is about fleets whose exact place is known: how often the numbers of those on the frontier lie in
//! their intervals, and how often it holds the fleets of the true one. It takes half as many studies.
//!
//! The part of backtests takes a tenth as many truths, or with `-- 200 backtest` as many as are named: each is a prediction of its
//! own.
//!
//! Latencies and cost are read off `simulate_allocation`, the numbers that the report prints. A mean wait is no number
//! of the report; its interval is made as the report makes all others, by `ratio` over `replicate`'s trials.

mod backtest;
mod frontier;
mod truths;

use std::process::ExitCode;

use fleetfront_planner::statistics::Mmc;
use fleetfront_planner::{Control, Effort, Estimate, Look, ratio, replicate, simulate_allocation};
use fleetfront_scenario::{Files, Scenario};

const STUDIES: u64 = 2_000;
/// Fewer truths tell no share.
const TRUTHS: u64 = 200;
const TRIALS: u32 = 30;
/// What the shares have to lie in: three standard errors of a share of 2,000 to either side of 95 %.
const ACCEPTED: (f64, f64) = (0.935, 0.965);

/// The places of the models in the scenario.
const QUEUE: usize = 0;
const SINGLE: usize = 1;

const DAYS_PER_MONTH: f64 = 30.0;
const USD_PER_SECOND: f64 = 0.0005 + 0.0001 + 0.0001;
const PRICES: &str = "item,usd_per_second,kind,source,date\nGPU,0.0005,assumed,chosen,2026-11-24\n\
    cpu_core,0.0001,assumed,chosen,2026-11-24\nmemory_gib,0.0001,assumed,chosen,2026-11-24\n";
const MEMORY: &str = "scope,name,variant,gib,kind,source,date,note\ngpu,GPU,,2,assumed,chosen,2026-11-24,\n\
    variant,queue,only,1,assumed,chosen,2026-11-24,\nvariant,single,only,1,assumed,chosen,2026-11-24,\n";
const BENCHMARKS: &str = "model,variant,gpu,phase,seconds,ratio,ratio_low,ratio_high,relative_to,cv,use,kind,source,date,note\n\
    *,*,*,cv,,,,,,0.3,yes,assumed,chosen,2026-11-24,\n";
const BOOTS: &str = "model,variant,gpu,seconds,cv,use,kind,source,date,note\n\
    queue,*,*,1,0.1,yes,assumed,chosen,2026-11-24,\nsingle,*,*,1,0.1,yes,assumed,chosen,2026-11-24,\n";

/// A number that is estimated, and how often its interval held it.
struct Quantity {
    name: &'static str,
    exact: f64,
    covered: u64,
    below: u64,
    sum: f64,
    half_widths: f64,
}

impl Quantity {
    fn new(name: &'static str, exact: f64) -> Self {
        Self { name, exact, covered: 0, below: 0, sum: 0.0, half_widths: 0.0 }
    }

    fn meet(&mut self, estimate: Estimate) {
        self.covered += u64::from(estimate.low <= self.exact && self.exact <= estimate.high);
        self.below += u64::from(estimate.high < self.exact);
        self.sum += estimate.value;
        self.half_widths += estimate.half_width();
    }

    /// Prints its line; whether the share lies in what is accepted.
    fn print(&self, studies: u64) -> bool {
        let n = studies as f64;
        let share = self.covered as f64 / n;
        let error = (share * (1.0 - share) / n).sqrt();
        println!(
            "{:24} {:10.5} {:10.5} {:8.2} {:9.2} ({:.2}) {:10.2} {:10.2}",
            self.name,
            self.exact,
            self.sum / n,
            100.0 * self.half_widths / n / self.exact,
            100.0 * share,
            100.0 * error,
            100.0 * self.below as f64 / n,
            100.0 * (studies - self.covered - self.below) as f64 / n,
        );
        (ACCEPTED.0..=ACCEPTED.1).contains(&share)
    }
}

/// A container at most: Poisson arrivals, exponential service, a fixed boot, an idle window.
#[derive(Clone, Copy)]
struct Single {
    per_second: f64,
    service_s: f64,
    boot_s: f64,
}

const SINGLE_POOL: Single = Single { per_second: 0.02, service_s: 10.0, boot_s: 40.0 };

impl Single {
    /// Its cost in a month.
    ///
    /// It serves Poisson arrivals, stops after an idle window w and boots for D at the next arrival. A cycle of the
    /// renewal process begins when it stops, and an arrival finds it gone with probability p (1 - rho) / (1 + lambda p
    /// D), where p = exp(-lambda w): an M/G/1 queue with exceptional first service (Welch 1964, "On a generalized M/G/1
    /// queuing process in which the first customer of each busy period receives exceptional service"). Poisson arrivals
    /// see time averages, so this is also the share of the time that is not billed.
    fn usd_month(self, window_s: f64) -> f64 {
        let Self { per_second, service_s, boot_s } = self;
        let silence = f64::exp(-per_second * window_s);
        let gone = silence * (1.0 - per_second * service_s) / (1.0 + per_second * silence * boot_s);
        (1.0 - gone) * 86_400.0 * DAYS_PER_MONTH * USD_PER_SECOND
    }

    /// Its mean latency (the same source): lambda E[S^2] / (2 (1 - rho)) + p (2 D + lambda D^2) / (2 (1 + p lambda D)),
    /// and the service. An infinite window is a container that is always up.
    fn latency_s(self, window_s: f64) -> f64 {
        let Self { per_second, service_s, boot_s } = self;
        let silence = f64::exp(-per_second * window_s);
        let queue = per_second * 2.0 * service_s.powi(2) / (2.0 * (1.0 - per_second * service_s));
        let boots = silence * (2.0 * boot_s + per_second * boot_s.powi(2));
        queue + boots / (2.0 * (1.0 + silence * per_second * boot_s)) + service_s
    }
}

/// The scenario with the tables of this bench.
///
/// - `models`: two.
fn scenario(text: &str, models: [&str; 2]) -> Scenario {
    let tables = [MEMORY, BOOTS].map(|table| table.replace("queue", models[0]).replace("single", models[1]));
    let header = "hour,weight,kind,source,date".to_owned();
    let hours = (0..24).map(|hour| format!("{hour},1,assumed,chosen,2026-11-24"));
    let load = std::iter::once(header).chain(hours).collect::<Vec<_>>().join("\n");
    let files = Files::from_texts([
        ("scenario.toml", text),
        ("prices.csv", PRICES),
        ("memory.csv", &tables[0]),
        ("benchmarks.csv", BENCHMARKS),
        ("boots.csv", &tables[1]),
        ("load.csv", &load),
    ]);
    Scenario::load(&files).unwrap_or_else(|problems| panic!("{problems:#?}"))
}

fn main() -> ExitCode {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let studies = wanted.iter().find_map(|number| number.parse().ok()).unwrap_or(STUDIES);
    let is_asked = |part: &str| wanted.iter().all(|word| word == part || word.parse::<u64>().is_ok());
    let control = Control::default();
    println!("{studies} studies of {TRIALS} trials; shares in per cent");
    println!(
        "{:24} {:>10} {:>10} {:>8} {:>16} {:>10} {:>10}",
        "quantity", "exact", "mean", "half", "covered (error)", "too low", "too high"
    );
    // Both parts are printed, whichever fails.
    let intervals = !is_asked("intervals") || print_intervals(studies, &control);
    let frontier = !is_asked("frontier") || frontier::print(studies.div_ceil(2), &control);
    // A truth takes as long as ten studies, and tells a hundred numbers.
    let is_alone = wanted.iter().any(|word| word == "backtest");
    let truths = if is_alone { studies } else { studies.div_ceil(10) };
    let backtest = !is_asked("backtest") || backtest::print(truths, &control);
    let is_telling = studies >= STUDIES || (is_alone && truths >= TRUTHS);
    if (intervals && frontier && backtest) || !is_telling { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Prints the shares of single allocations' numbers; whether all lie in what is accepted.
fn print_intervals(studies: u64, control: &Control) -> bool {
    let scenario = scenario(include_str!("scenario.toml"), ["queue", "single"]);
    let queue = Mmc::new(2, 1.2, 1.0);
    let mut wait = Quantity::new("M/M/2 mean wait (s)", queue.waiting_mean_s());
    let mut mean = Quantity::new("M/M/2 mean latency (s)", queue.waiting_mean_s() + 1.0);
    let mut p95 = Quantity::new("M/M/2 p95 latency (s)", queue.sojourn_quantile_s(0.95));
    let mut cost = Quantity::new("M/G/1 cost (USD/month)", SINGLE_POOL.usd_month(60.0));
    for seed in 1..=studies {
        let effort = Effort { trials: TRIALS, seed };
        let result = simulate_allocation(&scenario, 0, effort, control).expect("nobody interrupts");
        let of_models = &result.results.expect("it can run").models;
        mean.meet(of_models[QUEUE].metrics.latency_s_mean);
        p95.meet(of_models[QUEUE].metrics.latency_s_p95);
        cost.meet(of_models[SINGLE].metrics.cost_usd_month);
        let trials = replicate(&scenario, 0, 0..TRIALS, seed, Look::default(), control).expect("nobody interrupts");
        let outcomes = trials.iter().map(|trial| &trial.models[QUEUE].outcome);
        let waits: Vec<f64> = outcomes.clone().map(|outcome| outcome.wait_ns as f64 / 1e9).collect();
        let arrived: Vec<f64> = outcomes.map(|outcome| outcome.arrived as f64).collect();
        wait.meet(ratio(&waits, &arrived));
    }
    let accepted: Vec<bool> = [wait, mean, p95, cost].iter().map(|quantity| quantity.print(studies)).collect();
    !accepted.contains(&false)
}
