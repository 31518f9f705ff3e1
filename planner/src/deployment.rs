//! What a deployment has to know of the scenario besides the settings of its pools.

use fleetfront_calibration::Kind;
use fleetfront_scenario::{Clock, Provenance, Scenario};
use serde::{Deserialize, Serialize};

use crate::summary::fits;

/// What exports say, and write into a deployment's configuration, that no pool says.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Deployment {
    /// The date of the newest fact among the inputs, such as `2026-10-07`; empty when no fact has one. It stands for the
    /// date of the study, which would make the same study another one every day.
    pub facts_as_of: String,
    /// The platform whose prices were used.
    pub platform: String,
    /// Physical cores that a container holds.
    pub cpu_cores: f64,
    /// Memory that a container holds, in GiB.
    pub memory_gib: f64,
    /// Whether nobody has stated these two.
    pub container_is_assumed: bool,
    /// Multiplier on all prices for the region; 1 where the platform chooses it.
    pub region_multiplier: f64,
    /// The clocks that schedules and traffic follow.
    pub clock: Clock,
    /// Where containers start from a memory snapshot.
    pub snapshots: Vec<SnapshotCell>,
}

/// A variant that starts from a memory snapshot on a GPU type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotCell {
    /// Model.
    pub model: String,
    /// Variant.
    pub variant: String,
    /// GPU type.
    pub gpu: String,
}

impl Deployment {
    /// What the scenario says of them.
    #[must_use]
    pub fn of(scenario: &Scenario) -> Self {
        let platform = &scenario.platform;
        Self {
            facts_as_of: newest_date(scenario),
            platform: platform.name.clone(),
            cpu_cores: platform.cpu_cores,
            memory_gib: platform.memory_gib,
            container_is_assumed: platform.container_provenance.kind == Kind::Assumed,
            region_multiplier: platform.region_multiplier,
            clock: scenario.clock.clone(),
            snapshots: snapshots(scenario),
        }
    }
}

fn snapshots(scenario: &Scenario) -> Vec<SnapshotCell> {
    let mut found = Vec::new();
    for model in &scenario.models {
        for variant in &model.variants {
            for (cell, gpu) in variant.cells.iter().zip(&scenario.gpus) {
                if cell.boot_plan.as_ref().is_some_and(|plan| plan.snapshot.is_some()) {
                    found.push(SnapshotCell {
                        model: model.name.clone(),
                        variant: variant.name.clone(),
                        gpu: gpu.name.clone(),
                    });
                }
            }
        }
    }
    found
}

/// Of the prices, memories, times, rates and qualities that the scenario states.
fn newest_date(scenario: &Scenario) -> String {
    let platform = &scenario.platform;
    let mut sources: Vec<&Provenance> =
        vec![&platform.container_provenance, &platform.price_provenance, &scenario.naive.provenance];
    sources.extend(scenario.gpus.iter().flat_map(|gpu| [&gpu.price_provenance, &gpu.memory_provenance]));
    sources.extend(scenario.capacity.iter().filter_map(|capacity| capacity.provenance.as_ref()));
    for model in &scenario.models {
        sources.extend([&model.traffic_provenance, &model.failure_provenance, &model.switch_provenance]);
        sources.extend(model.shape.iter().map(|shape| &shape.provenance));
        sources.extend(model.adapters.iter().map(|adapters| &adapters.provenance));
        for variant in &model.variants {
            sources.push(&variant.memory_provenance);
            sources.extend(variant.quality.iter().map(|quality| &quality.provenance));
        }
    }
    let stated = sources.into_iter().map(|source| source.date.as_str());
    let cited = fits(scenario).flat_map(|(_, _, fit)| &fit.sources).filter_map(|source| cited_date(source));
    stated.chain(cited).filter(|date| is_date(date)).max().unwrap_or_default().to_owned()
}

/// The date of a source as [`Provenance::cite`] writes it: in brackets at the end.
fn cited_date(source: &str) -> Option<&str> {
    source.strip_suffix(')')?.rsplit_once('(').map(|(_, date)| date)
}

/// A year, a month or a day in digits: such dates stand in the order of their letters.
fn is_date(text: &str) -> bool {
    let shape: String = text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    ["0000", "0000-00", "0000-00-00"].contains(&shape.as_str())
}

#[cfg(test)]
mod tests {
    use fleetfront_scenario::Files;

    use super::*;

    fn edited(file: &str, old: &str, new: &str) -> Scenario {
        let files = Files::embedded();
        let text = files.text(file).expect("it is there");
        assert!(text.contains(old), "{file} has no {old:?}");
        let text = text.replacen(old, new, 1);
        Scenario::load(&files.with(file, &text)).expect("no problems")
    }

    #[test]
    fn the_newest_fact_dates_the_study_wherever_it_stands() {
        let scenario = Scenario::load(&Files::embedded()).expect("no problems");
        assert_eq!(Deployment::of(&scenario).facts_as_of, "2026-11-26");
        let dated = |date: &str| {
            let line = "L40S,0.000542,published,modal.com/pricing,";
            let scenario = edited("prices.csv", &format!("{line}2026-10-07"), &format!("{line}{date}"));
            Deployment::of(&scenario).facts_as_of
        };
        assert_eq!(dated("2027-02-03"), "2027-02-03");
        // Words are no date, and a year alone is older than any of its days.
        assert_eq!(dated("yesterday"), "2026-11-26");
        assert_eq!(dated("2026"), "2026-11-26");
    }

    #[test]
    fn the_date_of_a_cited_source_is_found() {
        let source = Provenance { kind: Kind::Published, source: "a page (of two)".into(), date: "2026-12-01".into() };
        assert_eq!(cited_date(&source.cite()), Some("2026-12-01"));
        assert_eq!(cited_date("nothing in brackets"), None);
        for (date, is) in [("2026", true), ("2026-01", true), ("2026-01-02", true), ("21 Jan 2026", false), ("", false)]
        {
            assert_eq!(is_date(date), is, "{date}");
        }
    }
}
