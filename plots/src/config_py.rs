//! The settings of an allocation as Python, by the names of Modal's own decorator arguments: `config.py`.

use std::fmt::Write;

use fleetfront_planner::{AllocationResult, PoolResult, Study};
use fleetfront_sim::Execution;

use crate::PlotError;
use crate::expectation::{expectation, of_endpoint};
use crate::modal_arguments::{Arguments, Named};
use crate::python::{comments, literal};

/// What stands above a Python file. The first lines hold nothing of the user's: one that looked like a declaration of
/// the file's encoding would be one.
pub(crate) const CODING: &str = "# -*- coding: utf-8 -*-\n";

/// The text of the module.
///
/// # Errors
/// [`PlotError::CannotRun`] when the allocation cannot run.
pub(crate) fn config_py(study: &Study, allocation: &AllocationResult) -> Result<String, PlotError> {
    PlotError::unless_it_runs(allocation)?;
    let pools: Vec<(&PoolResult, Arguments)> =
        allocation.pools.iter().map(|pool| (pool, Arguments::of(pool, &study.deployment))).collect();
    let mut out = header(study, allocation);
    if pools.iter().any(|(_, arguments)| arguments.need_modal()) {
        out.push_str("\nimport modal\n");
    }
    out.push_str("\n# One entry a pool, which is an app class: arguments of @app.cls (or @app.function).\nPOOLS = {\n");
    for (pool, arguments) in &pools {
        let models: Vec<String> = pool.models.iter().map(|(model, variant)| format!("{model} ({variant})")).collect();
        comments(&mut out, "    ", &[models.join(", ")]);
        comments(&mut out, "    ", &arguments.notes);
        entry(&mut out, &pool.name, &arguments.cls);
    }
    out.push_str("}\n\n# Of pools whose containers accept several inputs at once: arguments of @modal.concurrent.\n");
    out.push_str("CONCURRENT = {\n");
    for (pool, arguments) in pools.iter().filter(|(_, arguments)| !arguments.concurrent.is_empty()) {
        comments(&mut out, "    ", &[meaning(&pool.settings.execution).to_owned()]);
        entry(&mut out, &pool.name, &arguments.concurrent);
    }
    out.push_str(
        "}\n\n# Of pools that form batches: arguments of @modal.batched, which stands on the method.\nBATCHED = {\n",
    );
    for (pool, arguments) in pools.iter().filter(|(_, arguments)| !arguments.batched.is_empty()) {
        entry(&mut out, &pool.name, &arguments.batched);
    }
    out.push_str("}\n\n# One entry an endpoint: its pool, the variant it loads, and the arguments of its pool.\n");
    out.push_str("ENDPOINTS = {\n");
    for (pool, _) in &pools {
        let name = literal(&pool.name);
        for (model, variant) in &pool.models {
            comments(&mut out, "    ", &of_endpoint(allocation, model));
            let (model, variant) = (literal(model), literal(variant));
            let _ = writeln!(out, "    {model}: {{\"pool\": {name}, \"variant\": {variant}, **POOLS[{name}]}},");
        }
    }
    out.push_str("}\n");
    Ok(out)
}

fn header(study: &Study, allocation: &AllocationResult) -> String {
    let mut out = CODING.to_owned();
    out.push_str(
        "# Settings of a fleet on Modal by the names of its own arguments, as the package modal 1.6.4 takes them.\n#\n",
    );
    let mut lines = expectation(study, allocation);
    lines.push(String::new());
    lines.push("How to use it:".to_owned());
    lines.push("    @app.cls(image=image, **POOLS[pool])".to_owned());
    lines.push("    @modal.concurrent(**CONCURRENT[pool])  # where the pool has an entry".to_owned());
    lines.push("    class Pool: ...".to_owned());
    lines.push("Arguments that an entry leaves out keep Modal's own defaults.".to_owned());
    lines.extend(besides(study));
    comments(&mut out, "", &lines);
    out
}

/// What was priced and stands in no entry.
fn besides(study: &Study) -> Vec<String> {
    let of = &study.deployment;
    let mut lines = Vec::new();
    if of.container_is_assumed {
        lines.push(format!(
            "The bill counts {} CPU and {} GiB of memory a container, which is assumed: both are left out below.",
            of.cpu_cores, of.memory_gib
        ));
    }
    if of.region_multiplier.total_cmp(&1.0).is_ne() {
        lines.push(format!(
            "All prices are times {} for a region: add region=... to every pool, or the bill is another.",
            of.region_multiplier
        ));
    }
    if !of.platform.is_empty() && !of.platform.eq_ignore_ascii_case("modal") {
        lines.push(format!("The study bills as {} does, which is not what Modal bills.", of.platform));
    }
    lines
}

fn meaning(execution: &Execution) -> &'static str {
    match execution {
        Execution::Serial => "executed one after another: the class has to see to that, with a lock",
        Execution::Parallel => "executed at the same time",
        Execution::Shared(_) => "executed at the same time, sharing the GPU",
        Execution::Batched(_) => "executed in batches",
    }
}

fn entry(out: &mut String, name: &str, arguments: &Named) {
    let _ = writeln!(out, "    {}: {{", literal(name));
    for (argument, value) in arguments {
        let _ = writeln!(out, "        \"{argument}\": {value},");
    }
    out.push_str("    },\n");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::asking_python::python;
    use crate::fixture;

    const HOSTILE: &str = "\"]; import os; #";

    /// A study whose recommended allocation has a fleet of everything that can be said, under hostile names.
    fn awkward() -> Study {
        let mut study = fixture::study();
        study.deployment.container_is_assumed = false;
        study.scenario = "coding: latin-1".into();
        let recommended = study.allocations.last_mut().expect("a recommended one");
        let other = recommended.pools.remove(1);
        let first = &mut recommended.pools[0];
        first.models.extend(other.models);
        first.models[0].0 = HOSTILE.into();
        first.name = "a \"pool\"\\ of\nmine".into();
        first.settings.rules.gpu_fallback = Some(vec!["L40S".into()]);
        first.settings.rules.max_pending = Some(9);
        recommended.pools[1].settings.max_containers = Some(8);
        recommended.criteria[0].criterion = "two\nlines".into();
        study
    }

    fn recommended(study: &Study) -> &AllocationResult {
        study.allocations.last().expect("a recommended one")
    }

    fn text(study: &Study) -> String {
        config_py(study, recommended(study)).expect("it can run")
    }

    #[test]
    fn the_header_says_what_to_expect_and_what_is_open() {
        let text = text(&awkward());
        let mut lines = text.lines();
        assert_eq!(lines.next(), Some("# -*- coding: utf-8 -*-"));
        assert!(lines.next().is_some_and(|line| line.starts_with("# Settings of a fleet on Modal")));
        for part in [
            "# Allocation \"recommended\" of the scenario \"coding: latin-1\".\n",
            "# Inputs (SHA-256): 8d1f",
            "seed 7, 56 trials; facts as of 2026-11-23.",
            "two lines",
            "p95 latency at most 1.2 times that of current: 1.22× (1.15–1.29): undecided (the service time",
            "    # max_pending = 9: calls that are rejected",
        ] {
            assert!(text.contains(part), "{part:?} is missing:\n{text}");
        }
        let outside = text.lines().filter(|line| !line.is_empty() && !line.starts_with(['#', ' ', '}']));
        assert_eq!(outside.collect::<Vec<_>>(), ["POOLS = {", "CONCURRENT = {", "BATCHED = {", "ENDPOINTS = {"]);
    }

    /// Python itself is asked where there is one.
    #[test]
    fn python_finds_every_endpoint_with_the_arguments_of_its_pool() {
        let study = awkward();
        let program = "import json, sys\nd = {}\nexec(compile(sys.stdin.buffer.read(), 'config.py', 'exec'), d)\n\
                       print(json.dumps({k: d[k] for k in ('POOLS', 'CONCURRENT', 'BATCHED', 'ENDPOINTS')}))";
        let Some(said) = python(program, &text(&study)) else { return };
        let said: serde_json::Value = serde_json::from_str(&said).expect("JSON");
        let pools = said["POOLS"].as_object().expect("pools");
        let endpoints = said["ENDPOINTS"].as_object().expect("endpoints");
        assert_eq!((pools.len(), endpoints.len()), (5, 6));
        assert_eq!(endpoints[HOSTILE]["gpu"], serde_json::json!(["A10", "L40S"]));
        assert_eq!(said["CONCURRENT"][&recommended(&study).pools[0].name]["max_inputs"], 5);
        for (name, endpoint) in endpoints {
            let pool = pools[endpoint["pool"].as_str().expect("a name")].as_object().expect("a pool");
            let mut own = endpoint.as_object().expect("an endpoint").clone();
            assert!(own.remove("pool").is_some() && own.remove("variant").is_some_and(|v| v.is_string()), "{name}");
            assert_eq!(&own, pool, "{name}");
        }
    }

    #[test]
    fn what_cannot_run_is_refused_with_its_reasons() {
        let study = fixture::study();
        let error = config_py(&study, &study.allocations[1]).expect_err("proposed cannot run");
        let words = error.to_string();
        assert!(words.contains("\"proposed\" cannot run: flux-schnell fp8 on T4 needs 21.5 GiB"), "{words}");
    }

    #[test]
    fn what_is_priced_and_not_written_is_said() {
        let mut study = fixture::study();
        study.deployment.region_multiplier = 1.25;
        study.deployment.platform = "elsewhere".into();
        let text = text(&study);
        assert!(text.contains("# The bill counts 1 CPU and 16 GiB of memory a container, which is assumed"), "{text}");
        assert!(text.contains("# All prices are times 1.25 for a region"), "{text}");
        assert!(text.contains("# The study bills as elsewhere does"), "{text}");
        assert!(!text.contains("\"cpu\"") && !text.contains("\"memory\""));
    }
}
