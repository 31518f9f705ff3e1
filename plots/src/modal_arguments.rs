//! A pool's settings as arguments of Modal's decorators, and what cannot be said by any of them.
//!
//! Names and ranges are those of the `modal` package 1.6.4 (pypi.org, read 2026-11-26): `App.cls`, `concurrent`, `batched`,
//! `Retries`. The platform refuses what is outside; then the nearest value that it takes is written, and said to be
//! another than the simulated one.

use std::fmt::Write;

use fleetfront_planner::{Deployment, PoolResult};
use fleetfront_scenario::rules::{BatchedFile, RetryFile};
use serde_json::Value;

use crate::python::literal;

/// Seconds of `scaledown_window`.
const WINDOW_S: (f64, f64) = (2.0, 3600.0);
/// Seconds of `timeout` and `startup_timeout`: to a day (Modal documentation, read 2026-11).
const TIMEOUT_S: (f64, f64) = (1.0, 86_400.0);
/// Milliseconds of `wait_ms`.
const WAIT_MS: (f64, f64) = (0.0, 600_000.0);
/// Seconds of `Retries(initial_delay=...)` and `Retries(max_delay=...)`.
const INITIAL_DELAY_S: (f64, f64) = (0.0, 60.0);
const MAX_DELAY_S: (f64, f64) = (1.0, 60.0);

/// Rules of a pool that are no argument, with what has to happen instead.
const BESIDES: [(&str, &str); 20] = [
    ("billing_increment_s", FACT),
    ("billing_minimum_s", FACT),
    ("bind_boots", THEORY),
    ("boot_backoff_max_s", FACT),
    ("boot_backoff_s", FACT),
    ("boot_failure_probability", FACT),
    ("boots_at_once", THEORY),
    ("buffer_always", THEORY),
    ("cancel_boots", THEORY),
    ("client_timeout", "clients give up; write it into the clients"),
    ("early_drain_s", FACT),
    ("efficiency", "how fast a container is with several inputs at once; a property of the model's code"),
    ("fallback", "requests that go to another pool; the code that calls the endpoints has to send them there"),
    ("gpu_wait_s", FACT),
    ("host_speed_cv", FACT),
    ("max_pending", "calls that are rejected while others queue; the code in front of the endpoint has to do it"),
    ("preemption", FACT),
    ("starts_ready", FACT),
    ("timeout_from_accept", FACT),
    ("window", THEORY),
];
const FACT: &str = "how the platform was taken to behave; nothing to set";
const THEORY: &str = "for comparison with theory; no platform does this";
/// Rules that are arguments, or stand in `schedule.py`.
const ARGUMENTS: [&str; 7] =
    ["batched", "gpu_fallback", "gpus_per_container", "retry", "snapshot", "startup_timeout_s", "target_inputs"];

/// Names with values in Python.
pub(crate) type Named = Vec<(&'static str, String)>;

/// The arguments of a pool.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Arguments {
    /// Of `@app.cls` or `@app.function`.
    pub(crate) cls: Named,
    /// Of `@modal.concurrent`; empty where a container takes one input.
    pub(crate) concurrent: Named,
    /// Of `@modal.batched`; empty without batches.
    pub(crate) batched: Named,
    /// What was simulated and is no argument, and what had to be written otherwise.
    pub(crate) notes: Vec<String>,
}

impl Arguments {
    pub(crate) fn of(pool: &PoolResult, deployment: &Deployment) -> Self {
        let mut all = Self::default();
        all.push_cls(pool, deployment);
        let (settings, rules) = (&pool.settings, &pool.settings.rules);
        match &rules.batched {
            Some(batched) => all.push_batched(batched, pool),
            None if settings.max_inputs > 1 => {
                all.concurrent.push(("max_inputs", settings.max_inputs.to_string()));
                let target = rules.target_inputs.filter(|target| *target < settings.max_inputs);
                all.concurrent.extend(target.map(|target| ("target_inputs", target.to_string())));
            }
            None => {}
        }
        all.push_notes(pool);
        all
    }

    /// Whether the values need `import modal`.
    pub(crate) fn need_modal(&self) -> bool {
        self.cls.iter().any(|(_, value)| value.starts_with("modal."))
    }

    fn push_cls(&mut self, pool: &PoolResult, deployment: &Deployment) {
        let (settings, rules) = (&pool.settings, &pool.settings.rules);
        self.cls.push(("gpu", gpu(pool)));
        if !deployment.container_is_assumed {
            if deployment.cpu_cores > 0.0 {
                self.cls.push(("cpu", format!("{:?}", deployment.cpu_cores)));
            }
            if deployment.memory_gib > 0.0 {
                // The platform counts in MiB.
                self.cls.push(("memory", ((deployment.memory_gib * 1024.0).ceil() as u64).to_string()));
            }
        }
        self.cls.push(("min_containers", settings.min_containers.to_string()));
        self.cls.push(("max_containers", settings.max_containers.map_or("None".to_owned(), |most| most.to_string())));
        self.cls.push(("buffer_containers", settings.buffer_containers.to_string()));
        let window = self.whole("scaledown_window", settings.scaledown_window.get(), WINDOW_S, "s");
        self.cls.push(("scaledown_window", window));
        let timeout = self.whole("timeout", settings.timeout.get(), TIMEOUT_S, "s");
        self.cls.push(("timeout", timeout));
        if let Some(seconds) = rules.startup_timeout_s {
            let timeout = self.whole("startup_timeout", seconds, TIMEOUT_S, "s");
            self.cls.push(("startup_timeout", timeout));
        }
        if let Some(retry) = &rules.retry {
            let retries = self.retries(retry);
            self.cls.push(("retries", retries));
        } else if settings.retries > 0 {
            // Web endpoints refuse the argument, even where it is 0; without it nothing is tried again.
            self.cls.push(("retries", settings.retries.to_string()));
        }
        self.push_snapshot(pool, deployment);
    }

    fn push_snapshot(&mut self, pool: &PoolResult, deployment: &Deployment) {
        let others = pool.settings.rules.gpu_fallback.iter().flatten();
        let gpus: Vec<&String> = std::iter::once(&pool.gpu).chain(others).collect();
        let with = |(model, variant): &&(String, String)| {
            let cells = &deployment.snapshots;
            cells.iter().any(|cell| cell.model == *model && cell.variant == *variant && gpus.contains(&&cell.gpu))
        };
        let names: Vec<&str> = pool.models.iter().filter(with).map(|(model, _)| model.as_str()).collect();
        // A pool may do without the snapshot that its cell has.
        if names.is_empty() || pool.settings.rules.snapshot == Some(false) {
            return;
        }
        self.cls.push(("enable_memory_snapshot", "True".to_owned()));
        if names.len() < pool.models.len() {
            self.notes.push(format!("only {} was simulated to start from a snapshot", names.join(", ")));
        }
    }

    fn push_batched(&mut self, batched: &BatchedFile, pool: &PoolResult) {
        let wait = self.whole("wait_ms", batched.wait_ms, WAIT_MS, "ms");
        self.batched = vec![("max_batch_size", batched.max_batch_size.to_string()), ("wait_ms", wait)];
        if batched.wait_while_idle.is_some() {
            self.notes.push(format!("wait_while_idle of batches: {THEORY}"));
        }
        if let Some(target) = pool.settings.rules.target_inputs {
            self.notes.push(format!("target_inputs = {target} was simulated; batches take no such argument"));
        }
        if pool.models.len() > 1 {
            let why = "Modal lets a class with batches have one method only: one method has to serve all models";
            self.notes.push(why.to_owned());
        }
    }

    fn push_notes(&mut self, pool: &PoolResult) {
        if pool.settings.rules.schedule.as_ref().is_some_and(|schedule| !schedule.is_empty()) {
            self.notes.push("the bounds change at times of the day: schedule.py".to_owned());
        }
        // By their names as written, so that no rule is left out because nobody thought of it here.
        let rules = serde_json::to_value(&pool.settings.rules).unwrap_or_default();
        for (key, value) in rules.as_object().into_iter().flatten() {
            if ARGUMENTS.contains(&key.as_str()) || key == "schedule" || *value == Value::Bool(false) {
                continue;
            }
            let besides = BESIDES.iter().find(|(name, _)| name == key);
            let words = besides.map_or("was simulated, and is no argument of Modal's", |(_, words)| *words);
            self.notes.push(format!("{key} = {value}: {words}"));
        }
    }

    /// A whole number that the platform takes; says so where that is not the simulated one.
    fn whole(&mut self, name: &str, simulated: f64, (least, most): (f64, f64), unit: &str) -> String {
        let written = simulated.ceil().clamp(least, most);
        if written.total_cmp(&simulated).is_ne() {
            self.notes.push(format!(
                "{name}: {simulated} {unit} was simulated; Modal takes whole numbers from {least} to {most}"
            ));
        }
        (written as u64).to_string()
    }

    fn retries(&mut self, retry: &RetryFile) -> String {
        let mut out = format!("modal.Retries(max_retries={}", retry.max_retries);
        for (name, simulated, (least, most)) in [
            ("backoff_coefficient", retry.backoff_coefficient, (1.0, 10.0)),
            ("initial_delay", retry.initial_delay_s, INITIAL_DELAY_S),
            ("max_delay", retry.max_delay_s, MAX_DELAY_S),
        ] {
            let written = simulated.clamp(least, most);
            if written.total_cmp(&simulated).is_ne() {
                self.notes.push(format!("{name}: {simulated} was simulated; Modal takes {least} to {most}"));
            }
            let _ = write!(out, ", {name}={written:?}");
        }
        if retry.fresh_service {
            self.notes.push(format!("fresh_service of retries: {THEORY}"));
        }
        out.push(')');
        out
    }
}

/// The GPU, or a ranked list of them; several of one type as `T4:2`.
fn gpu(pool: &PoolResult) -> String {
    let gpus = pool.settings.rules.gpus_per_container.unwrap_or(1);
    let one = |name: &str| literal(&if gpus > 1 { format!("{name}:{gpus}") } else { name.to_owned() });
    match pool.settings.rules.gpu_fallback.as_deref() {
        None | Some([]) => one(&pool.gpu),
        Some(others) => {
            let all: Vec<String> = std::iter::once(&pool.gpu).chain(others).map(|name| one(name)).collect();
            format!("[{}]", all.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use fleetfront_scenario::json_schema;
    use fleetfront_sim::Seconds;

    use super::*;
    use crate::fixture;

    fn pool() -> PoolResult {
        fixture::study().allocations[0].pools[0].clone()
    }

    fn get<'a>(named: &'a Named, key: &str) -> Option<&'a str> {
        named.iter().find(|(name, _)| *name == key).map(|(_, value)| value.as_str())
    }

    fn with_rules(json: &str) -> PoolResult {
        let mut pool = pool();
        pool.settings.rules = serde_json::from_str(json).expect("rules");
        pool
    }

    #[test]
    fn plain_settings_are_plain_arguments() {
        let all = Arguments::of(&pool(), &Deployment { container_is_assumed: true, ..Deployment::default() });
        let cls: Vec<String> = all.cls.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let wanted = "gpu=\"L40S\" min_containers=0 max_containers=None buffer_containers=0 scaledown_window=300 \
                      timeout=1800";
        assert_eq!(cls.join(" "), wanted);
        assert_eq!(all.concurrent, [("max_inputs", "5".to_owned())]);
        assert!(all.batched.is_empty() && all.notes.is_empty() && !all.need_modal());
    }

    #[test]
    fn what_a_container_holds_is_an_argument_where_it_is_stated() {
        let deployment = Deployment { cpu_cores: 0.5, memory_gib: 16.1, ..Deployment::default() };
        let all = Arguments::of(&pool(), &deployment);
        assert_eq!((get(&all.cls, "cpu"), get(&all.cls, "memory")), (Some("0.5"), Some("16487")));
    }

    #[test]
    fn lists_numbers_of_gpus_and_back_off_have_the_platform_s_form() {
        let rules = r#"{"gpu_fallback": ["L40S", "A100-80GB"], "gpus_per_container": 2, "startup_timeout_s": 90.5,
                       "target_inputs": 3, "retry": {"max_retries": 4, "initial_delay_s": 2.0,
                       "backoff_coefficient": 2.0, "max_delay_s": 30.0}}"#;
        let mut pool = with_rules(rules);
        pool.gpu = "A10".into();
        let all = Arguments::of(&pool, &Deployment::default());
        assert_eq!(get(&all.cls, "gpu"), Some("[\"A10:2\", \"L40S:2\", \"A100-80GB:2\"]"));
        assert_eq!(get(&all.cls, "startup_timeout"), Some("91"));
        let retries = "modal.Retries(max_retries=4, backoff_coefficient=2.0, initial_delay=2.0, max_delay=30.0)";
        assert_eq!(get(&all.cls, "retries"), Some(retries));
        assert_eq!(get(&all.concurrent, "target_inputs"), Some("3"));
        assert!(all.need_modal());
        assert_eq!(all.notes, ["startup_timeout: 90.5 s was simulated; Modal takes whole numbers from 1 to 86400"]);
    }

    #[test]
    fn batches_stand_apart() {
        let rules = r#"{"batched": {"max_batch_size": 8, "wait_ms": 250.0, "item_share": 0.2}}"#;
        let all = Arguments::of(&with_rules(rules), &Deployment::default());
        assert_eq!(all.batched, [("max_batch_size", "8".to_owned()), ("wait_ms", "250".to_owned())]);
        assert!(all.concurrent.is_empty());
    }

    #[test]
    fn what_the_platform_would_refuse_is_written_as_the_nearest_that_it_takes() {
        let mut pool = pool();
        for (window, written) in [(0.0, "2"), (1.0, "2"), (2.0, "2"), (2.5, "3"), (3600.0, "3600"), (9e9, "3600")] {
            pool.settings.scaledown_window = Seconds::new(window).expect("a span");
            let all = Arguments::of(&pool, &Deployment::default());
            assert_eq!(get(&all.cls, "scaledown_window"), Some(written), "{window}");
            assert_eq!(all.notes.is_empty(), written.parse() == Ok(window), "{window}: {:?}", all.notes);
        }
    }

    #[test]
    fn a_snapshot_is_an_argument_of_the_pools_that_use_it() {
        let mut pool = pool();
        pool.models.push(("other".into(), "fp8".into()));
        let cell = fleetfront_planner::SnapshotCell {
            model: pool.models[0].0.clone(),
            variant: pool.models[0].1.clone(),
            gpu: pool.gpu.clone(),
        };
        let deployment = Deployment { snapshots: vec![cell.clone()], ..Deployment::default() };
        let all = Arguments::of(&pool, &deployment);
        assert_eq!(get(&all.cls, "enable_memory_snapshot"), Some("True"));
        assert_eq!(all.notes, ["only flux-schnell was simulated to start from a snapshot"]);
        let mut without = pool.clone();
        without.settings.rules.snapshot = Some(false);
        assert_eq!(get(&Arguments::of(&without, &deployment).cls, "enable_memory_snapshot"), None);
        let elsewhere = Deployment {
            snapshots: vec![fleetfront_planner::SnapshotCell { gpu: "T4".into(), ..cell }],
            ..Deployment::default()
        };
        assert_eq!(get(&Arguments::of(&pool, &elsewhere).cls, "enable_memory_snapshot"), None);
        pool.settings.rules.gpu_fallback = Some(vec!["T4".into()]);
        assert_eq!(get(&Arguments::of(&pool, &elsewhere).cls, "enable_memory_snapshot"), Some("True"));
    }

    /// A rule that is neither an argument nor explained would be simulated and then forgotten.
    #[test]
    fn every_rule_is_an_argument_or_has_its_words() {
        let schema: Value = serde_json::from_str(&json_schema()).expect("JSON");
        let rules = schema["$defs"]["Rules"]["properties"].as_object().expect("the rules");
        let mut known: Vec<&str> = BESIDES.iter().map(|(name, _)| *name).chain(ARGUMENTS).collect();
        known.push("schedule");
        known.sort_unstable();
        let mut all: Vec<&str> = rules.keys().map(String::as_str).collect();
        all.sort_unstable();
        assert_eq!(known, all);
    }

    #[test]
    fn what_others_have_to_do_is_said() {
        let rules = r#"{"fallback": {"pool": "big", "on_wait_s": 5.0}, "max_pending": 7, "cancel_boots": false,
                       "window": {"paused_mean_s": 3.0}}"#;
        let all = Arguments::of(&with_rules(rules), &Deployment::default());
        let begins = |note: &str, words: &str| assert!(note.starts_with(words), "{note}");
        assert_eq!(all.notes.len(), 3, "{:?}", all.notes);
        begins(
            &all.notes[0],
            "fallback = {\"cancel_loser\":false,\"on_failure\":false,\"on_rejection\":false,\"on_wait_s\":5.0,\"pool\":\"big\"",
        );
        begins(&all.notes[1], "max_pending = 7: calls that are rejected");
        begins(&all.notes[2], "window = {\"paused_mean_s\":3.0}: for comparison with theory");
    }
}
