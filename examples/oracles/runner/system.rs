//! A system of theory as a scenario: the texts of its files.

use std::fmt::Write;

use fleetfront_scenario::{Files, Scenario};

use super::law::{LawText, deterministic};

/// GPU types that pools stand on: laws differ between pools by standing on different ones.
const GPUS: [&str; 2] = ["first", "second"];
const NOBODY: &str = "{ kind = \"assumed\", source = \"a case\", date = \"2026-11-24\" }";

/// A system of theory.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct System {
    /// Streams of requests.
    pub(crate) models: Vec<Model>,
    /// Fleets; pool k stands on GPU type k.
    pub(crate) pools: Vec<Pool>,
    /// GPUs in use at once over all pools.
    pub(crate) quota_gpus: Option<u32>,
    /// Weights of the hours of the day; empty for a flat day.
    pub(crate) hours: Vec<f64>,
    /// `traffic.slow_rate`, as written.
    pub(crate) slow_rate: String,
    /// Which part of each trial counts.
    pub(crate) span: Span,
}

/// Which part of each trial counts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Span {
    /// Steady state: as long as the effort allows, in whole multiples of a period, after a run-in of a tenth of it.
    Steady {
        /// The period in seconds; 0 for none.
        period_s: f64,
    },
    /// From an empty system for so many seconds, with nothing before.
    FromEmpty(f64),
    /// So many seconds, after a run-in.
    After {
        /// Seconds before.
        run_in_s: f64,
        /// Seconds that count.
        seconds: f64,
    },
}

/// A stream of requests.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Model {
    /// Mean arrival rate.
    pub(crate) per_second: f64,
    /// Service law on each GPU type that is used.
    pub(crate) services: Vec<LawText>,
    /// Boot law, on all.
    pub(crate) boot: LawText,
    /// Probability that a try fails at its end.
    pub(crate) failure_probability: f64,
    /// `process`, `swing`, `shape` or `adapters`, as written.
    pub(crate) arrivals: String,
}

/// A fleet.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Pool {
    /// The streams that call it, by place.
    pub(crate) models: Vec<usize>,
    /// Containers that are always up.
    pub(crate) min: u32,
    /// At most so many; `None` for the platform's limit.
    pub(crate) max: Option<u32>,
    /// Extra containers.
    pub(crate) buffer: u32,
    /// How long an idle container stays.
    pub(crate) window_s: f64,
    /// Inputs at once.
    pub(crate) inputs: u32,
    /// What a container does with them.
    pub(crate) execution: &'static str,
    /// Longest execution.
    pub(crate) timeout_s: f64,
    /// `rules`, as written, entry by entry.
    pub(crate) rules: Vec<String>,
}

impl Model {
    /// Poisson arrivals, one service law, no boot time.
    pub(crate) fn poisson(per_second: f64, service: LawText) -> Self {
        let (services, boot) = (vec![service], deterministic(0.0));
        Self { per_second, services, boot, failure_probability: 0.0, arrivals: String::new() }
    }
}

impl Pool {
    /// Containers that are always up and ready from the beginning, one request each.
    pub(crate) fn fixed(containers: u32) -> Self {
        let starts_ready = "starts_ready = true".to_owned();
        Self { min: containers, max: Some(containers), rules: vec![starts_ready], ..Self::elastic(None) }
    }

    /// Containers that come and go, with an idle window of 0 s.
    pub(crate) fn elastic(max: Option<u32>) -> Self {
        Self {
            models: vec![0],
            min: 0,
            max,
            buffer: 0,
            window_s: 0.0,
            inputs: 1,
            execution: "serial",
            timeout_s: 1e7,
            rules: Vec::new(),
        }
    }

    /// With one more rule.
    pub(crate) fn rule(mut self, rule: impl Into<String>) -> Self {
        self.rules.push(rule.into());
        self
    }
}

/// Containers that are never all busy: ten standard deviations and twenty more than the offered load.
pub(crate) fn ample(erlangs: f64) -> u32 {
    (erlangs + 10.0 * erlangs.sqrt() + 20.0).ceil() as u32
}

impl System {
    /// One stream and one fleet, in steady state.
    pub(crate) fn one(model: Model, pool: Pool) -> Self {
        Self {
            models: vec![model],
            pools: vec![pool],
            quota_gpus: None,
            hours: Vec::new(),
            slow_rate: "\"none\"".to_owned(),
            span: Span::Steady { period_s: 0.0 },
        }
    }

    /// Requests per second of all streams.
    fn per_second(&self) -> f64 {
        self.models.iter().map(|model| model.per_second).sum()
    }

    /// Run-in and horizon of a trial in seconds, where a trial in steady state is to count so many requests.
    fn spans_s(&self, requests: f64) -> (f64, f64) {
        match self.span {
            Span::FromEmpty(seconds) => (0.0, seconds),
            Span::After { run_in_s, seconds } => (run_in_s, seconds),
            Span::Steady { period_s } => {
                let most = 8760.0 * 3600.0;
                let wanted = (requests / self.per_second()).min(most);
                let whole = if period_s > 0.0 { (wanted / period_s).ceil().max(1.0) * period_s } else { wanted };
                (whole / 10.0, whole)
            }
        }
    }

    /// Requests that a trial counts in the mean.
    pub(crate) fn requests(&self, wanted: f64) -> f64 {
        self.spans_s(wanted).1 * self.per_second()
    }

    /// The scenario with short trials, to see whether it is one.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn scenario(&self) -> Result<Scenario, String> {
        self.scenario_of(1e4)
    }

    /// The scenario whose trials count so many requests in steady state.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn scenario_of(&self, requests: f64) -> Result<Scenario, String> {
        Scenario::load(&self.files(requests)).map_err(|problems| {
            let words: Vec<String> =
                problems.iter().map(|problem| format!("{}: {}", problem.key, problem.message)).collect();
            format!("the scenario is refused: {}", words.join("; "))
        })
    }

    fn files(&self, requests: f64) -> Files {
        let row = |(hour, weight): (usize, &f64)| format!("{hour},{weight:?},assumed,a case,2026-11-24\n");
        let flat = vec![1.0; 24];
        let hours = if self.hours.is_empty() { &flat } else { &self.hours };
        let load = hours.iter().enumerate().map(row).collect::<String>();
        let price = |item: &str| format!("{item},0.001,assumed,a case,2026-11-24\n");
        let prices: String = GPUS.iter().chain(&["cpu_core", "memory_gib"]).map(|item| price(item)).collect();
        let memory =
            |scope: &str, name: &str, variant: &str| format!("{scope},{name},{variant},1,assumed,a case,2026-11-24,\n");
        let gpus = GPUS.iter().map(|gpu| memory("gpu", gpu, ""));
        let memory: String =
            gpus.chain((0..self.models.len()).map(|k| memory("variant", &stream(k), "only"))).collect();
        // Laws are stated in cells, which come before what was measured; but no file may be without rows.
        let benchmarks = "model,variant,gpu,phase,seconds,ratio,ratio_low,ratio_high,relative_to,cv,use,kind,source,date,note\n\
            stream-0,only,first,warm,1,,,,,,yes,assumed,a case,2026-11-24,\n";
        let boots = "model,variant,gpu,seconds,cv,use,kind,source,date,note\n\
            stream-0,only,first,1,,yes,assumed,a case,2026-11-24,\n";
        Files::from_texts([
            ("scenario.toml", self.toml(requests).as_str()),
            ("prices.csv", &format!("item,usd_per_second,kind,source,date\n{prices}")),
            ("memory.csv", &format!("scope,name,variant,gib,kind,source,date,note\n{memory}")),
            ("load.csv", &format!("hour,weight,kind,source,date\n{load}")),
            ("benchmarks.csv", benchmarks),
            ("boots.csv", boots),
        ])
    }

    /// `scenario.toml`.
    fn toml(&self, requests: f64) -> String {
        let (run_in_s, horizon_s) = self.spans_s(requests);
        let mut text = format!(
            r#"format = 1
name = "case"
description = "a system with an exact answer"
baseline = "only"
proposed = "only"
files = {{ prices = "prices.csv", benchmarks = "benchmarks.csv", boots = "boots.csv", memory = "memory.csv", load = "load.csv" }}
[platform]
name = "theory"
cpu_cores = 1.0
memory_gib = 1.0
container_provenance = {NOBODY}
lift_limits = true
region_multiplier = 1.0
days_per_month = 30.0
[traffic]
reporting_time_zone = "UTC"
curve_time_zone = "UTC"
date = "2026-11-24"
run_in_h = {:?}
horizon_h = {:?}
slow_rate = {}
[defaults]
min_containers = 0
buffer_containers = 0
scaledown_window_s = 60.0
max_inputs = 1
execution = "serial"
timeout_s = 10000000.0
retries = 0
[grid]
scaledown_window_s = [60.0]
min_containers = [0]
[criteria]
latency_limit = false
latency_percentile = 0.95
latency_readings = ["end_to_end"]
[naive]
time_per_request_s = 1.0
models = []
provenance = {NOBODY}
"#,
            run_in_s / 3600.0,
            horizon_s / 3600.0,
            self.slow_rate
        );
        if let Some(gpus) = self.quota_gpus {
            let _ = writeln!(text, "[quota]\ngpus = {gpus}");
        }
        for gpu in GPUS {
            let _ = writeln!(text, "[[gpus]]\nname = \"{gpu}\"");
        }
        self.models.iter().enumerate().for_each(|(k, model)| model.write(k, &mut text));
        text.push_str("[[allocations]]\nname = \"only\"\ndescription = \"the system\"\n");
        self.pools.iter().enumerate().for_each(|(k, pool)| pool.write(k, &mut text));
        text
    }
}

/// Name of a stream.
fn stream(place: usize) -> String {
    format!("stream-{place}")
}

/// Name of a pool.
pub(crate) fn pool_name(place: usize) -> String {
    format!("pool-{place}")
}

impl Model {
    fn write(&self, place: usize, text: &mut String) {
        let name = stream(place);
        // Writing into a string never fails.
        let _ = write!(
            text,
            r#"[[models]]
name = "{name}"
requests_per_day = {:?}
traffic_provenance = {NOBODY}
latency_limit_s = 3600.0
failure_probability = {:?}
failure_at = "end"
failure_provenance = {NOBODY}
switch_in_s = 0.0
switch_provenance = {NOBODY}
{}
[[models.variants]]
name = "only"
"#,
            self.per_second * 86_400.0,
            self.failure_probability,
            self.arrivals
        );
        for (gpu, service) in GPUS.iter().zip(&self.services) {
            let boot = &self.boot;
            let _ = writeln!(
                text,
                "[[cells]]\nmodel = \"{name}\"\ngpu = \"{gpu}\"\nservice = {service}\nboot = {boot}\nprovenance = {NOBODY}"
            );
        }
    }
}

impl Pool {
    fn write(&self, place: usize, text: &mut String) {
        let models: Vec<String> = self.models.iter().map(|model| format!("\"{}\"", stream(*model))).collect();
        let max = self.max.map_or(String::new(), |max| format!("max_containers = {max}\n"));
        let _ = write!(
            text,
            r#"[[allocations.pools]]
name = "{}"
gpu = "{}"
models = [{}]
min_containers = {}
{max}buffer_containers = {}
scaledown_window_s = {:?}
max_inputs = {}
execution = "{}"
timeout_s = {:?}
rules = {{ {} }}
"#,
            pool_name(place),
            GPUS[place.min(1)],
            models.join(", "),
            self.min,
            self.buffer,
            self.window_s,
            self.inputs,
            self.execution,
            self.timeout_s,
            self.rules.join(", ")
        );
    }
}
