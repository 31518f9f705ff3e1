//! What nobody measured.

use fleetfront_calibration::Kind;
use fleetfront_scenario::{AdapterMix, Model, Provenance, Scenario};
use fleetfront_workloads::Process;

use crate::summary::fits;

/// Every assumed value, in words; values with one source together.
#[must_use]
pub fn assumptions(scenario: &Scenario) -> Vec<String> {
    let platform = &scenario.platform;
    let container = format!("CPU cores of a container {}, memory {} GiB", platform.cpu_cores, platform.memory_gib);
    let mut values = vec![
        (container, &platform.container_provenance),
        ("prices of CPU and memory".to_owned(), &platform.price_provenance),
        ("the spreadsheet's seconds a request".to_owned(), &scenario.naive.provenance),
    ];
    for gpu in &scenario.gpus {
        if gpu.offered {
            values.push((format!("{}: price", gpu.name), &gpu.price_provenance));
        }
        values.push((format!("{}: usable memory", gpu.name), &gpu.memory_provenance));
    }
    for (index, model) in scenario.models.iter().enumerate() {
        let name = &model.name;
        let requests = match &scenario.traffic.models[index].process {
            Process::Closed { clients, think } => format!(
                "{name}: {} requests a day, of {clients} clients who think for {} s",
                model.requests_per_day,
                (think.mean_s() * 1e6).round() / 1e6
            ),
            _ => format!("{name}: {} requests a day", model.requests_per_day),
        };
        values.push((requests, &model.traffic_provenance));
        values.push((format!("{name}: share of tries that fail"), &model.failure_provenance));
        values.push((format!("{name}: model switch times"), &model.switch_provenance));
        if let Some(shape) = &model.shape {
            let what = format!("{name}: shapes of requests, and how service times grow with them");
            values.push((what, &shape.provenance));
        }
        if let Some(adapters) = &model.adapters {
            values.push((format!("{name}: {}", adapter_words(adapters)), &adapters.provenance));
        }
        for variant in &model.variants {
            values.push((format!("{name} as {}: peak memory", variant.name), &variant.memory_provenance));
            let quality = variant.quality.iter().map(|quality| &quality.provenance);
            values.extend(quality.map(|source| (format!("{name} as {}: quality", variant.name), source)));
        }
    }
    let mut by_source: Vec<(&Provenance, Vec<String>)> = Vec::new();
    for (what, source) in values.into_iter().filter(|(_, source)| source.kind == Kind::Assumed) {
        match by_source.iter_mut().find(|(other, _)| *other == source) {
            Some((_, names)) => names.push(what),
            None => by_source.push((source, vec![what])),
        }
    }
    let words = |(source, names): (&Provenance, Vec<String>)| {
        format!("{}: {} ({})", names.join("; "), source.source, source.date)
    };
    by_source.into_iter().map(words).chain(assumed_times(scenario)).chain(memory_of_shapes(scenario)).collect()
}

/// The adapters of a model, in words.
pub(crate) fn adapter_words(mix: &AdapterMix) -> String {
    let (count, load_s, held) = (mix.weights.len(), mix.load.mean_s(), mix.held);
    format!("{count} adapters by popularity, {load_s:.1} s to load one, {held} held by a container")
}

/// Nobody said whether requests larger than those that were timed fit into memory.
fn memory_of_shapes(scenario: &Scenario) -> impl Iterator<Item = String> {
    let words = |model: &Model| {
        let larger = model.shape.as_ref()?.larger_than_reference()?;
        Some(format!(
            "{}: requests of up to {larger} need no more memory than the peak that is stated for the reference shape",
            model.name
        ))
    };
    scenario.models.iter().filter_map(words)
}

/// Assumed service and boot times, one line a source.
fn assumed_times(scenario: &Scenario) -> Vec<String> {
    let mut by_source: Vec<(String, Vec<&str>)> = Vec::new();
    for (name, what, fit) in fits(scenario).filter(|(_, _, fit)| fit.kind == Kind::Assumed) {
        let source = format!("{what} times ({})", fit.sources.first().map_or("no source", String::as_str));
        match by_source.iter_mut().find(|(other, _)| *other == source) {
            Some((_, names)) if names.contains(&name) => {}
            Some((_, names)) => names.push(name),
            None => by_source.push((source, vec![name])),
        }
    }
    by_source.into_iter().map(|(source, names)| format!("{}: {source}", names.join(", "))).collect()
}

#[cfg(test)]
mod tests {
    use fleetfront_scenario::Files;

    use super::*;

    #[test]
    fn assumed_values_are_listed_and_published_ones_are_not() {
        let scenario = Scenario::load(&Files::embedded()).expect("no problems");
        let assumed = assumptions(&scenario);
        assert!(assumed.iter().any(|words| words.starts_with("wan2.1: 20 requests a day; ")), "{assumed:?}");
        assert!(!assumed.iter().any(|words| words.contains("flux-schnell: 400 requests")), "{assumed:?}");
        let failures = assumed.iter().filter(|words| words.contains("share of tries that fail"));
        assert_eq!(failures.count(), 1, "one source is named once: {assumed:?}");
    }
}
