//! The tables of the report about what is put in: traffic, what fits where, times, prices; each with its sources.

use std::collections::BTreeSet;

use fleetfront_planner::{CellSummary, Study};

use crate::format::{Unit, estimate, given, kind_word, plain};
use crate::sources::numbers_in_words;
use crate::table::{Cell, Look, Table, cell, head, number, words};

/// The models themselves.
pub(crate) fn traffic(study: &Study) -> Table {
    let mut table = Table::new("Models", &["model", "requests a day", "kind", "source", "p95 limit"]);
    table.basis = format!("requests a day: kind and source of each row; p95 limit: setting of {}", study.scenario);
    for model in &study.models {
        let requests = plain(model.requests_per_day, Unit::Count);
        table.push(vec![
            head(&model.name),
            number(match model.clients {
                Some(clients) => format!("{requests} expected of {} clients", plain(clients, Unit::Count)),
                None => requests,
            }),
            words(kind_word(model.requests_kind)),
            words(&model.requests_source),
            number(plain(model.latency_limit_s, Unit::Seconds)),
        ]);
    }
    table
}

/// Which variant can run on which GPU type.
pub(crate) fn feasibility(study: &Study) -> Table {
    let mut table = Table::new("What fits where", &["model, variant", "its peak: kind and source"]);
    table.basis = format!(
        "derived: the peak of each row beside usable memory, which has kind and source in the memory file of {}",
        study.scenario
    );
    table.columns.extend(study.gpus.iter().map(|gpu| format!("{} ({} GiB)", gpu.name, gpu.usable_gib)));
    let mut seen = BTreeSet::new();
    for first in study.cells.iter().filter(|one| seen.insert((one.model.clone(), one.variant.clone()))) {
        let mut row = vec![head(format!("{}, {}", first.model, first.variant)), words(first.peak_basis.words())];
        row.extend(study.gpus.iter().map(|gpu| {
            let found =
                study.cells.iter().find(|c| c.model == first.model && c.variant == first.variant && c.gpu == gpu.name);
            found.map_or_else(|| words("–"), fit)
        }));
        table.push(row);
    }
    table
}

fn fit(found: &CellSummary) -> Cell {
    let look = match found.sign() {
        "✓" => Look::Good,
        "✗" => Look::Bad,
        _ => Look::Open,
    };
    cell(look, format!("{} {}", found.sign(), found.memory))
}

/// All notes on service and boot times, each once; [`laws`] refers to them by number, from 1.
pub(crate) fn notes(study: &Study) -> Vec<&str> {
    let mut seen = BTreeSet::new();
    let used = study.cells.iter().filter(|one| one.feasible).flat_map(|one| &one.notes);
    used.map(String::as_str).filter(|note| seen.insert(*note)).collect()
}

/// The service and boot times that were used.
pub(crate) fn laws(study: &Study) -> Table {
    let columns = [
        "model, variant",
        "GPU",
        "warm service, mean (could be)",
        "variation",
        "kind",
        "n",
        "boot, mean (could be)",
        "kind",
        "sources and notes, below",
    ];
    let notes = notes(study);
    let mut table = Table::new("Times used", &columns);
    table.basis = format!("laws of {}: kinds of each row, sources by number", study.scenario);
    let number_of = |note: &String| notes.iter().position(|other| other == note).map(|place| place + 1);
    for one in study.cells.iter().filter(|one| one.feasible) {
        let dash = || "–".to_owned();
        table.push(vec![
            head(format!("{}, {}", one.model, one.variant)),
            words(&one.gpu),
            number(one.service().map_or_else(dash, |mean| estimate(mean, Unit::Seconds))),
            number(one.service_cv.map_or_else(dash, |cv| plain(cv, Unit::Share))),
            words(one.service_kind.map_or("–", kind_word)),
            number(one.service_n.map_or_else(dash, |n| n.to_string())),
            number(one.boot().map_or_else(dash, |mean| given(mean, Unit::Seconds))),
            words(one.boot_kind.map_or("–", kind_word)),
            words(numbers_in_words(one.notes.iter().filter_map(number_of).collect())),
        ]);
    }
    table
}

/// What the GPU types cost.
pub(crate) fn prices(study: &Study) -> Table {
    let columns = ["GPU", "GPU alone, an hour", "price from", "container, an hour", "usable memory", "memory from"];
    let mut table = Table::new("GPU types", &columns);
    table.basis =
        "kind and source of each row; container: derived, the GPU with its CPU and memory, which are assumed".into();
    for gpu in &study.gpus {
        let usd = |price: f64| number(if gpu.offered { plain(price, Unit::Usd) } else { "not offered".to_owned() });
        table.push(vec![
            head(&gpu.name),
            usd(gpu.usd_per_hour),
            words(gpu.price_basis.words()),
            usd(gpu.container_usd_per_hour),
            number(format!("{} GiB", gpu.usable_gib)),
            words(gpu.memory_basis.words()),
        ]);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::study;

    #[test]
    fn notes_are_told_once_and_found_by_number() {
        let mut study = study();
        study.cells[4].notes = vec!["second".into(), "team benchmark (2026-01-21)".into()];
        assert_eq!(notes(&study), ["team benchmark (2026-01-21)", "second"]);
        let table = laws(&study);
        let found: Vec<&str> = table.rows.iter().map(|row| row[8].text.as_str()).collect();
        assert_eq!(found.iter().filter(|numbers| **numbers == "1, 2").count(), 1);
        assert!(found.iter().all(|numbers| ["1", "1, 2"].contains(numbers)));
    }
}
