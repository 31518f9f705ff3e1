//! A Modal script that measures the cells of a scenario and writes `runs.csv`: `benchmark_kit.py`.
//!
//! What it does stands in `templates/benchmark_kit.py`; written into it are the cells, what their pools set, what the
//! scenario expects of them and what a second costs.

use std::fmt::Write;

use fleetfront_planner::{CellSummary, Deployment, PoolResult, cell_summaries, container_price};
use fleetfront_scenario::{Feasibility, Infeasible, Scenario};

use crate::benchmark_cells::{Chosen, ChosenCell, chosen};
use crate::config_py::CODING;
use crate::modal_arguments::Arguments;
use crate::python::{comments, literal};

pub use crate::benchmark_cells::KitError;

const TEMPLATE: &str = include_str!("../templates/benchmark_kit.py");
/// Lines of the template in whose place something is written, in their order.
const PLACES: [&str; 4] = ["#: head\n", "#: settings\n", "#: models\n", "    #: cells\n"];
/// Arguments of a pool that change how long a boot or a request takes, or how long it may take.
const MEASURED_WITH: [&str; 7] =
    ["gpu", "cpu", "memory", "scaledown_window", "timeout", "startup_timeout", "enable_memory_snapshot"];

/// What is measured, and how often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KitConfig {
    /// Models by name, or `model:variant`; empty for those of the allocations.
    pub models: Vec<String>,
    /// GPU types by name; empty for those that the allocations put the models on.
    pub gpus: Vec<String>,
    /// Warm requests of each shape in each cell.
    pub runs: u32,
    /// Fresh containers, each with a boot and a cold first request, in each cell.
    pub boots: u32,
}

/// The text of the script: the same bytes for the same scenario.
///
/// # Errors
/// [`KitError`] when a name is unknown, or nothing that was chosen can run.
///
/// # Panics
/// If the template has lost a line in whose place something is written.
pub fn benchmark_kit(scenario: &Scenario, config: &KitConfig) -> Result<String, KitError> {
    let summaries = cell_summaries(scenario);
    let (cells, left_out): (Vec<ChosenCell>, Vec<ChosenCell>) =
        chosen(scenario, &config.models, &config.gpus)?.into_iter().partition(|cell| can_be_tried(scenario, cell));
    let left_out: Vec<String> = left_out.iter().map(|cell| why_not(scenario, &summaries, cell)).collect();
    if cells.is_empty() {
        return Err(KitError::NothingRuns { reasons: left_out });
    }
    let mut names = Names::default();
    let written = [
        head(scenario, &left_out),
        settings(scenario, config, &cells),
        models(scenario, &cells, &mut names),
        entries(scenario, &summaries, &cells, &mut names),
    ];
    let (mut out, mut rest) = (String::new(), TEMPLATE);
    for (place, text) in PLACES.iter().zip(written) {
        let (before, after) = rest.split_once(place).expect("the template has every place");
        out.push_str(before);
        out.push_str(&text);
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

/// Whether a cell is worth a try: it runs, or nothing is known of it but that it has not been measured.
fn can_be_tried(scenario: &Scenario, cell: &ChosenCell) -> bool {
    match &cell.of(scenario).feasibility {
        Feasibility::Infeasible { reasons } => reasons.iter().all(|reason| matches!(reason, Infeasible::NoData { .. })),
        _ => true,
    }
}

fn summary<'a>(scenario: &Scenario, summaries: &'a [CellSummary], cell: &ChosenCell) -> &'a CellSummary {
    let (model, variant, gpu) = cell.names(scenario);
    let is_it = |one: &&CellSummary| one.model == model && one.variant == variant && one.gpu == gpu;
    summaries.iter().find(is_it).expect("every variant has a cell on every GPU type")
}

fn why_not(scenario: &Scenario, summaries: &[CellSummary], cell: &ChosenCell) -> String {
    let (model, variant, gpu) = cell.names(scenario);
    format!("{model} ({variant}) on {gpu}: {}", summary(scenario, summaries, cell).memory)
}

fn head(scenario: &Scenario, left_out: &[String]) -> String {
    let deployment = Deployment::of(scenario);
    let mut lines = vec![
        format!("Benchmark kit of the scenario \"{}\".", scenario.name),
        format!("Inputs (SHA-256): {}", scenario.inputs_sha256),
        format!("Written by fleetfront {}; facts as of {}.", env!("CARGO_PKG_VERSION"), deployment.facts_as_of),
    ];
    if !left_out.is_empty() {
        lines.push(String::new());
        lines.push("Not in it, since by the scenario's numbers it cannot run:".to_owned());
        lines.extend(left_out.iter().map(|line| format!("- {line}")));
    }
    if deployment.container_is_assumed {
        lines.push(String::new());
        let (cores, gib) = (deployment.cpu_cores, deployment.memory_gib);
        lines.push(format!(
            "The price of a second counts {cores} CPU and {gib} GiB of memory a container, which is assumed:"
        ));
        lines.push("the arguments below leave both to the platform. Write what your endpoints have.".to_owned());
    }
    if !deployment.platform.is_empty() && !deployment.platform.eq_ignore_ascii_case("modal") {
        lines.push(format!("The prices are those of {}, which Modal does not charge.", deployment.platform));
    }
    let mut out = CODING.to_owned();
    comments(&mut out, "", &lines);
    out
}

fn settings(scenario: &Scenario, config: &KitConfig, cells: &[ChosenCell]) -> String {
    let mut dates: Vec<&str> =
        cells.iter().map(|cell| scenario.gpus[cell.gpu].price_provenance.date.as_str()).collect();
    dates.push(&scenario.platform.price_provenance.date);
    dates.sort_unstable();
    dates.dedup();
    let region = scenario.platform.region_multiplier;
    let region =
        if region.total_cmp(&1.0).is_ne() { format!(", times {region} for the region") } else { String::new() };
    let prices = format!("the scenario's list prices of {}{region}", dates.join(", "));
    let source = format!("benchmark kit of fleetfront {}, scenario {}", env!("CARGO_PKG_VERSION"), scenario.name);
    format!(
        "# Warm requests of each shape in each cell, and fresh containers in each cell, each with its boot and its first\n\
         # request; the warm requests are shared among the containers.\n\
         RUNS = {}\nBOOTS = {}\n\
         # What stands in the column `source`: write who measured, and on which workspace.\n\
         SOURCE = {}\nPRICES = {}\n",
        config.runs,
        config.boots,
        literal(&source),
        literal(&prices)
    )
}

/// A pair of functions to fill in and an entry, a model.
fn models(scenario: &Scenario, cells: &[ChosenCell], names: &mut Names) -> String {
    let mut order: Vec<usize> = cells.iter().map(|cell| cell.model).collect();
    order.sort_unstable();
    order.dedup();
    let mut out = String::new();
    for model in order {
        let name = &scenario.models[model].name;
        let mut variants: Vec<usize> =
            cells.iter().filter(|cell| cell.model == model).map(|cell| cell.variant).collect();
        variants.sort_unstable();
        variants.dedup();
        let variants = variants.iter().map(|variant| literal(&scenario.models[model].variants[*variant].name));
        let variants = variants.collect::<Vec<String>>().join(", ");
        let identifier = names.fresh(&[name]);
        let name = literal(name);
        out.push('\n');
        comments(&mut out, "", &[format!("{name}: variant {variants}.")]);
        let _ = write!(
            out,
            "@todo\ndef load_{identifier}(variant):\n    raise NotImplementedError({name})\n\n\n\
             @todo\ndef run_{identifier}(handle, shape):\n    raise NotImplementedError({name})\n\n\n\
             MODELS[{name}] = Model(load_{identifier}, run_{identifier}, shapes=[{{}}])\n\n"
        );
    }
    out
}

fn entries(scenario: &Scenario, summaries: &[CellSummary], cells: &[ChosenCell], names: &mut Names) -> String {
    let mut out = String::new();
    for cell in cells {
        let (model, variant, gpu) = cell.names(scenario);
        let (pool, settings_of) = pool(scenario, cell);
        let arguments = Arguments::of(&pool, &Deployment::of(scenario));
        let is_said = |note: &&String| MEASURED_WITH.iter().any(|name| note.starts_with(&format!("{name}: ")));
        let mut lines = vec![settings_of];
        lines.extend(arguments.notes.iter().filter(is_said).cloned());
        let gpus = pool.settings.rules.gpus_per_container.unwrap_or(1);
        let price = container_price(&scenario.platform, &scenario.gpus[cell.gpu], gpus).get();
        let expected = summary(scenario, summaries, cell);
        let seconds = |value: Option<f64>| value.map_or("None".to_owned(), |value| format!("{value:.3}"));
        out.push_str("    {\n");
        let _ = writeln!(out, "        \"name\": {},", literal(&names.fresh(&[model, variant, gpu])));
        for (key, value) in [("model", model), ("variant", variant), ("gpu", gpu)] {
            let _ = writeln!(out, "        \"{key}\": {},", literal(value));
        }
        comments(&mut out, "        ", &lines);
        out.push_str("        \"arguments\": {\n");
        for (name, value) in arguments.cls.iter().filter(|(name, _)| MEASURED_WITH.contains(name)) {
            let _ = writeln!(out, "            \"{name}\": {value},");
        }
        out.push_str("            \"max_containers\": 1,\n        },\n");
        let (boot, service) = (seconds(expected.boot_s), seconds(expected.service_s));
        let _ = writeln!(out, "        \"usd_per_second\": {price:.9},");
        let _ = writeln!(out, "        \"boot_s\": {boot},\n        \"service_s\": {service},\n    }},");
    }
    out
}

/// The pool that a cell would have alone, and whose settings it has.
fn pool(scenario: &Scenario, cell: &ChosenCell) -> (PoolResult, String) {
    let (model, variant, gpu) = cell.names(scenario);
    let (mut settings, words) = match &cell.chosen {
        Chosen::Used { allocation, pool } => {
            let (allocation, pool) = (&scenario.allocations[*allocation], *pool);
            let words =
                format!("the pool \"{}\" of the allocation \"{}\"", allocation.pools[pool].name, allocation.name);
            (allocation.pools[pool].settings.clone(), words)
        }
        Chosen::Asked => (scenario.defaults.clone(), "the scenario's [defaults]".to_owned()),
    };
    // Measured is this GPU type, not whichever of a ranked list is to be had.
    settings.rules.gpu_fallback = None;
    let models = vec![(model.to_owned(), variant.to_owned())];
    let pool = PoolResult { name: model.to_owned(), gpu: gpu.to_owned(), models, settings, metrics: None };
    (pool, format!("As {words} has it; one container at a time."))
}

/// Identifiers of Python that are like names and like no other.
#[derive(Debug, Default)]
struct Names {
    taken: Vec<String>,
}

impl Names {
    /// An identifier of letters and digits of ASCII and underscores, about 60 at most.
    fn fresh(&mut self, parts: &[&str]) -> String {
        let plain = |part: &&str| {
            let plain = part.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' });
            let plain: String = plain.take(20).collect();
            plain.trim_matches('_').to_owned()
        };
        let joined = parts.iter().map(plain).collect::<Vec<String>>().join("__");
        let first =
            if joined.starts_with(|c: char| c.is_ascii_alphabetic()) { joined } else { format!("model_{joined}") };
        let numbered = (2..).map(|number| format!("{first}_{number}"));
        let free = std::iter::once(first.clone()).chain(numbered).find(|name| !self.taken.contains(name));
        let free = free.expect("there are more numbers than names");
        self.taken.push(free.clone());
        free
    }
}

#[cfg(test)]
mod tests {
    use fleetfront_scenario::Files;

    use super::*;

    fn config(models: &[&str], gpus: &[&str]) -> KitConfig {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        KitConfig { models: owned(models), gpus: owned(gpus), runs: 20, boots: 5 }
    }

    /// Nothing is known of it: that is what a kit is for. Too little memory is known.
    #[test]
    fn what_nobody_has_measured_is_measured_and_what_cannot_fit_is_not() {
        let mut scenario = Scenario::load(&Files::embedded()).expect("the embedded scenario is valid");
        let l4 = scenario.gpus.iter().position(|gpu| gpu.name == "L4").expect("it is there");
        let instantid = scenario.models.iter().position(|model| model.name == "instantid").expect("it is there");
        let cell = &mut scenario.models[instantid].variants[0].cells[l4];
        cell.service = None;
        let reasons = vec![Infeasible::NoData { what: "service time".into() }];
        cell.feasibility = Feasibility::Infeasible { reasons };
        let text = benchmark_kit(&scenario, &config(&["instantid", "lora"], &["L4"])).expect("one can be tried");
        assert!(text.contains("\"name\": \"instantid__fp16__L4\""), "{text}");
        assert!(
            text.contains("\"service_s\": None,") && text.contains("# As the scenario's [defaults] has it"),
            "{text}"
        );
        assert!(text.contains("# - lora (bf16) on L4: needs 34.6 GiB, has 22\n"), "{text}");
        assert!(!text.contains("MODELS[\"lora\"]") && !text.contains("#: "), "{text}");
    }

    #[test]
    fn identifiers_are_each_another_and_python_s() {
        let mut names = Names::default();
        let made = [["flux-dev", "fp8"], ["flux.dev", "fp8"], ["日本", "8"], ["", ""], ["\"]; import os; #", "x"]];
        let made: Vec<String> = made.iter().map(|parts| names.fresh(parts)).collect();
        assert_eq!(made, ["flux_dev__fp8", "flux_dev__fp8_2", "model___8", "model___", "import_os__x"]);
    }
}
