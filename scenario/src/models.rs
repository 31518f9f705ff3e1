//! The models: variants, cells and switch times.

use std::collections::BTreeMap;

use fleetfront_calibration::{Provenance, RestsOn, ShapeSample};
use fleetfront_sim::{Seconds, StreamKey};

use crate::failure_counts::{self, CellFailures, SeenFailures};
use crate::feasibility::Needs;
use crate::file::{ModelFile, ScenarioFile, VariantFile};
use crate::findings::Findings;
use crate::nowhere::runs_nowhere;
use crate::resolved::{Cell, Gpu, Model, Quality, Variant};
use crate::seen::Seen;
use crate::suggest::nearest;
use crate::tables::Tables;
use crate::{adapters, coupling, shapes};

/// Most requests a day of all models together: a trial holds every request of a day in memory.
pub(crate) const REQUESTS_PER_DAY_MAX: f64 = 10_000_000.0;
/// Below this a section of trials may hold no request at all, and nothing can be said of latency.
pub(crate) const REQUESTS_PER_DAY_MIN: f64 = 1.0;

/// The models in the file's order.
pub(crate) fn models(file: &ScenarioFile, gpus: &[Gpu], tables: &Tables, findings: &mut Findings<'_>) -> Vec<Model> {
    let names: Vec<&str> = file.models.iter().map(|model| model.name.as_str()).collect();
    findings.names("model", &names, |index| format!("models[{index}].name"));
    check_keys(&names, findings);
    check_requests(file, findings);
    let resolve = |(index, model)| {
        let sample = tables.shapes.get(index).and_then(Option::as_ref);
        resolve(file, (model, sample), &format!("models[{index}]"), gpus, tables, findings)
    };
    file.models.iter().enumerate().map(resolve).collect()
}

/// Two names with one key would share their luck.
fn check_keys(names: &[&str], findings: &mut Findings<'_>) {
    let mut first: BTreeMap<StreamKey, &str> = BTreeMap::new();
    for (index, name) in names.iter().enumerate() {
        let other = *first.entry(StreamKey::of(name)).or_insert(name);
        if other != *name {
            let message = format!("the names \"{other}\" and \"{name}\" lead to the same random numbers");
            findings.refuse(&format!("models[{index}].name"), message, "rename one of the two, by a letter or more");
        }
    }
}

fn check_requests(file: &ScenarioFile, findings: &mut Findings<'_>) {
    if file.models.is_empty() {
        return findings.refuse("models", "there is no model", "add a table `[[models]]`");
    }
    let rate = |index: &usize| file.models[*index].requests_per_day;
    let most = (0..file.models.len()).max_by(|a, b| rate(a).total_cmp(&rate(b))).unwrap_or(0);
    let path = format!("models[{most}].requests_per_day");
    let total: f64 = file.models.iter().map(|model| model.requests_per_day).sum();
    if total == 0.0 {
        findings.refuse(&path, "no model has any requests", "give at least one model requests above zero");
    } else if total > REQUESTS_PER_DAY_MAX {
        let message =
            format!("{total} requests a day in total are more than the {REQUESTS_PER_DAY_MAX} that are simulated");
        let help = "simulate a share of the traffic, such as one region";
        findings.refuse(&path, message, help);
    } else {
        let starved = file.models.iter().enumerate().filter(|(_, model)| model.requests_per_day < REQUESTS_PER_DAY_MIN);
        for (index, model) in starved {
            let message = format!("{} requests a day are too few to say how long they take", model.requests_per_day);
            let help = "give 1 or more, or take the model out of the scenario";
            findings.refuse(&format!("models[{index}].requests_per_day"), message, help);
        }
    }
}

fn resolve(
    file: &ScenarioFile,
    (model, sample): (&ModelFile, Option<&ShapeSample>),
    path: &str,
    gpus: &[Gpu],
    tables: &Tables,
    findings: &mut Findings<'_>,
) -> Model {
    findings.positive(&format!("{path}.latency_limit_s"), model.latency_limit_s, "the latency limit");
    findings.within_a_day(&format!("{path}.latency_limit_s"), model.latency_limit_s);
    findings.probability(&format!("{path}.failure_probability"), model.failure_probability);
    let names: Vec<&str> = model.variants.iter().map(|variant| variant.name.as_str()).collect();
    findings.names("variant", &names, |index| format!("{path}.variants[{index}].name"));
    if names.is_empty() {
        findings.refuse(&format!("{path}.variants"), "a model without variants", "add a table `[[models.variants]]`");
    }
    let variants: Vec<Variant> = (model.variants.iter().enumerate())
        .filter_map(|(index, variant)| {
            let path = format!("{path}.variants[{index}]");
            resolve_variant(file, model, variant, &path, gpus, tables, findings)
        })
        .collect();
    let runs_are_read = file.files.runs.is_none() || tables.runs.is_some();
    let tables_are_read = tables.benchmarks.is_some() && tables.boots.is_some() && runs_are_read;
    let known = tables_are_read && variants.len() == names.len();
    let runs = |variant: &Variant| variant.cells.iter().any(|cell| cell.feasibility.is_feasible());
    if known && !variants.is_empty() && !gpus.is_empty() && !variants.iter().any(runs) {
        let (message, help) = runs_nowhere(&model.name, &variants, gpus);
        findings.refuse(&format!("{path}.name"), message, help);
    }
    Model {
        name: model.name.clone(),
        key: StreamKey::of(&model.name),
        requests_per_day: model.requests_per_day,
        traffic_provenance: (&model.traffic_provenance).into(),
        latency_limit_s: Findings::seconds(model.latency_limit_s),
        failure_probability: model.failure_probability,
        failure_provenance: (&model.failure_provenance).into(),
        failure_counts: failure_counts::counts(model, path, findings),
        fails_at_end: model.failure_at == Some(crate::file::FailureAtName::End),
        next: coupling::next(file, model, path, findings),
        switch_in_s: switch_times(file, model, path, findings),
        switch_provenance: (&model.switch_provenance).into(),
        shape: shapes::shape(model, path, sample, findings),
        adapters: adapters::adapters(model, path, findings),
        variants,
    }
}

/// The time to switch to `model` by the index of the model loaded before; its own index is zero.
fn switch_times(file: &ScenarioFile, model: &ModelFile, path: &str, findings: &mut Findings<'_>) -> Vec<Seconds> {
    let names: Vec<&str> = file.models.iter().map(|model| model.name.as_str()).collect();
    findings.within_a_day(&format!("{path}.switch_in_s"), model.switch_in_s);
    for (before, &span) in &model.switch_in_from_s {
        let path = format!("{path}.switch_in_from_s.{before}");
        findings.within_a_day(&path, span);
        if *before == model.name {
            findings.refuse(&path, "a model that is loaded needs no switch", "remove this entry");
        } else {
            findings.find(&path, "model", before, &names);
        }
    }
    let span = |before: &str| match model.switch_in_from_s.get(before) {
        _ if before == model.name => Seconds::ZERO,
        Some(&span) => Findings::seconds(span),
        None => Findings::seconds(model.switch_in_s),
    };
    names.into_iter().map(span).collect()
}

/// `None` when the memory file has no row for the variant, which is a problem.
fn resolve_variant(
    file: &ScenarioFile,
    model: &ModelFile,
    variant: &VariantFile,
    path: &str,
    gpus: &[Gpu],
    tables: &Tables,
    findings: &mut Findings<'_>,
) -> Option<Variant> {
    check_features(file, variant, path, findings);
    let memory = tables.memory.as_ref()?;
    let Some(row) = memory.variant(&model.name, &variant.name) else {
        let message = format!("the peak memory of \"{}\" as \"{}\" is not known", model.name, variant.name);
        let help = format!("add a row variant,{},{},... to {}", model.name, variant.name, file.files.memory);
        findings.refuse(&format!("{path}.name"), message, help);
        return None;
    };
    let quality = variant.quality.as_ref().map(|quality| Quality {
        lpips: quality.lpips,
        provenance: Provenance {
            kind: quality.kind.into(),
            source: quality.source.clone(),
            date: quality.date.clone(),
        },
    });
    let needs = Needs {
        peak_gib: row.gib,
        requires: &variant.requires,
        quality: quality.as_ref(),
        lpips_max: file.criteria.quality_lpips_max,
        failed: None,
        seen: None,
    };
    let best_known = tables.best_known();
    let cell = |gpu: &Gpu| {
        let service = best_known.service(&model.name, &variant.name, &gpu.name);
        let boot = best_known.boot(&model.name, &variant.name, &gpu.name);
        let stated = coupling::stated(file, model, variant, gpu);
        let (service, boot, plan) = coupling::known(stated, service, boot);
        let seen_on = |gpu: &str| Seen::of(tables.calibration.as_ref(), &model.name, &variant.name, gpu);
        let seen = seen_on(&gpu.name);
        // A time that is scaled from another GPU type grows with the shape as it does there.
        let base = service.as_ref().and_then(|fit| match &fit.rests_on {
            Some(RestsOn::Ratio { relative_to, .. }) => seen_on(relative_to).shape_fit,
            _ => None,
        });
        let measured = seen.shape_fit.or(base);
        let failures_seen = seen.failures.as_ref().and_then(|failures| failures.seen);
        let peak_gib = seen.peak_gib.map_or(row.gib, |gib| gib.max(row.gib));
        let needs = Needs { peak_gib, failed: seen.failed, seen: failures_seen, ..needs };
        let own = stated.filter(|stated| stated.failure_probability.is_some());
        let counts = failures_seen.map(SeenFailures::counts).filter(|_| own.is_none());
        let counted = counts.map(|counts| f64::from(counts.failed) / f64::from(counts.tries));
        let failures = own.map(|own| {
            let provenance = Provenance::from(&own.provenance);
            CellFailures { kind: provenance.kind, sources: vec![provenance.cite()], seen: failures_seen }
        });
        Cell {
            boot_plan: plan,
            failure_probability: stated.and_then(|stated| stated.failure_probability).or(counted),
            failure_counts: counts,
            failures: failures.or(seen.failures),
            peak_gib: seen.peak_gib,
            shape: shapes::law(model, stated, measured),
            ..needs.cell(gpu, service, boot)
        }
    };
    let cells = gpus.iter().map(cell).collect();
    Some(Variant {
        name: variant.name.clone(),
        peak_gib: row.gib,
        memory_provenance: row.provenance.clone(),
        requires: variant.requires.clone(),
        quality,
        cells,
    })
}

/// A feature that no GPU has may be meant; one that is misspelt is not.
fn check_features(file: &ScenarioFile, variant: &VariantFile, path: &str, findings: &mut Findings<'_>) {
    let known: Vec<&str> = file.gpus.iter().flat_map(|gpu| &gpu.features).map(String::as_str).collect();
    for (index, feature) in variant.requires.iter().enumerate() {
        if known.contains(&feature.as_str()) {
            continue;
        }
        if let Some(meant) = nearest(feature, known.iter().copied()) {
            let message = format!("no GPU has the feature \"{feature}\"");
            findings.refuse(&format!("{path}.requires[{index}]"), message, format!("did you mean `{meant}`?"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{check, default_scenario, edited, edited_text, only_problem};
    use crate::{Files, Scenario};

    #[test]
    fn requests_have_a_total_that_can_be_simulated() {
        let (old, key) = ("requests_per_day = 400.0", "models[0].requests_per_day");
        let help = "simulate a share of the traffic";
        check(old, "requests_per_day = 1e12", "1e12", key, "more than the 10000000 that are simulated", help);
        check(old, "requests_per_day = 9999321.0", "9999321.0", key, "10000001 requests a day in total", help);
        assert!(Scenario::load(&edited(old, "requests_per_day = 9999320.0")).is_ok());
        let nothing = Files::embedded().text("scenario.toml").expect("it is there").to_owned();
        let nothing = ["400.0", "300.0", "200.0", "100.0", "20.0", "60.0"]
            .iter()
            .fold(nothing, |text, rate| text.replace(&format!("requests_per_day = {rate}"), "requests_per_day = 0"));
        let problem = only_problem(&Files::embedded().with("scenario.toml", &nothing));
        assert_eq!(problem.message, "no model has any requests");
        assert_eq!(problem.help, "give at least one model requests above zero");
    }

    #[test]
    fn a_model_without_requests_is_refused() {
        let (old, key) = ("requests_per_day = 20.0", "models[4].requests_per_day");
        for few in ["0.0", "0.01"] {
            let new = format!("requests_per_day = {few}");
            check(old, &new, few, key, "too few to say how long they take", "give 1 or more");
        }
    }

    #[test]
    fn probabilities_leave_hope() {
        let key = "models[0].failure_probability";
        for probability in ["1.0", "1.5"] {
            let new = format!("failure_probability = {probability}");
            check(
                "failure_probability = 0.0022",
                &new,
                probability,
                key,
                "is not a probability below 1",
                "less than 1",
            );
        }
        check("latency_limit_s = 30.0", "latency_limit_s = 0", "0", "models[0].latency_limit_s", "is 0", "above zero");
    }

    #[test]
    fn names_are_unique_and_usable() {
        let twice = "there are two models called \"flux-dev\"";
        let problem = Scenario::load(&edited("name = \"flux-schnell\"\nrequests", "name = \"flux-dev\"\nrequests"));
        let problem =
            problem.expect_err("problems").into_iter().find(|problem| problem.message == twice).expect("that");
        assert_eq!(
            (problem.key.as_str(), problem.help.as_str()),
            ("models[1].name", "rename one; the other is `models[0].name`")
        );
        check("name = \"L4\"", "name = \"T4\"", "\"T4\"", "gpus[1].name", "two GPUs called \"T4\"", "gpus[0].name");
        let problems = Scenario::load(&edited("name = \"nf4\"", "name = \"fp8\"")).expect_err("problems");
        assert_eq!(problems[0].message, "there are two variants called \"fp8\"");
        let problems = Scenario::load(&edited("name = \"fp8\"", "name = \"fp:8\"")).expect_err("problems");
        assert!(problems[0].message.contains("\"fp:8\" is no name"), "{problems:?}");
    }

    #[test]
    fn names_with_the_same_random_numbers_are_refused() {
        // Among a few thousand names two share their 24 bits.
        let mut seen = BTreeMap::new();
        let (a, b) = (0..100_000)
            .find_map(|number| {
                let name = format!("model-{number}");
                seen.insert(StreamKey::of(&name), name.clone()).map(|other| (other, name))
            })
            .expect("24 bits are not enough for 100,000 names");
        let tree = toml::de::DeTable::parse("").expect("nothing is TOML");
        let document = crate::document::Document::new("scenario.toml", "", tree.get_ref());
        let mut findings = Findings { document: &document, problems: Vec::new(), warnings: Vec::new() };
        check_keys(&[&a, "other", &b], &mut findings);
        assert_eq!(findings.problems.len(), 1);
        assert_eq!(findings.problems[0].key, "models[2].name");
        assert!(findings.problems[0].message.contains(&a) && findings.problems[0].message.contains(&b));
    }

    #[test]
    fn switch_times_are_indexed_by_the_model_before() {
        let scenario = default_scenario();
        let index = |name: &str| scenario.models.iter().position(|model| model.name == name).expect("a model");
        let switch = |from: &str, to: &str| scenario.models[index(to)].switch_in_s[index(from)];
        let seconds = Findings::seconds;
        assert_eq!(switch("flux-schnell", "flux-dev"), seconds(18.4));
        assert_eq!(switch("flux-dev", "flux-schnell"), seconds(18.4));
        assert_eq!(switch("lora", "flux-dev"), seconds(0.0));
        assert_eq!(switch("flux-dev", "lora"), seconds(2.7));
        assert_eq!(switch("flux-dev", "flux-dev"), seconds(0.0));
        let key = "models[1].switch_in_from_s.lorra";
        check("{ lora = 0.0 }", "{ lorra = 0.0 }", "0.0", key, "no model \"lorra\"", "did you mean `lora`?");
        check(
            "{ lora = 0.0 }",
            "{ lora = 86401 }",
            "86401",
            "models[1].switch_in_from_s.lora",
            "86401 is outside",
            "a day",
        );
        let (old, new) = ("switch_in_s = 18.4", "switch_in_s = 18400000");
        check(old, new, "18400000", "models[0].switch_in_s", "18400000 is outside 0 to 86400", "in seconds");
        let own = "models[1].switch_in_from_s.flux-dev";
        check("{ lora = 0.0 }", "{ flux-dev = 1.0 }", "1.0", own, "needs no switch", "remove this entry");
    }

    #[test]
    fn what_a_variant_needs_must_be_known() {
        let new = "[[models.variants]]\nname = \"int2\"\n\n[[models.variants]]\nname = \"fp8\"";
        let (key, help) = ("models[0].variants[0].name", "add a row variant,flux-schnell,int2,... to memory.csv");
        check("[[models.variants]]\nname = \"fp8\"", new, "\"int2\"", key, "the peak memory of \"flux-schnell\"", help);
        let key = "models[1].variants[0].requires[0]";
        check(
            "requires = [\"bf16\"]",
            "requires = [\"bf61\"]",
            "\"bf61\"",
            key,
            "no GPU has the feature \"bf61\"",
            "`bf16`",
        );
    }

    #[test]
    fn a_model_that_runs_nowhere_is_refused() {
        let memory = edited_text("memory.csv", "variant,instantid,fp16,14.5", "variant,instantid,fp16,1000");
        let problem = only_problem(&Files::embedded().with("memory.csv", &memory));
        assert_eq!(problem.key, "models[2].name");
        assert!(
            problem.message.starts_with("no variant of \"instantid\" can run on any GPU: more memory"),
            "{problem}"
        );
        // Without any service time it runs nowhere either.
        let files = Files::embedded();
        let rows = files.text("benchmarks.csv").expect("it is there").lines();
        let rows: Vec<&str> = rows.filter(|line| !line.starts_with("instantid,")).collect();
        let problem = only_problem(&files.clone().with("benchmarks.csv", &rows.join("\n")));
        assert_eq!(problem.key, "models[2].name");
        assert_eq!(problem.message, "no service time of \"instantid\" is known on any GPU");
    }
}
