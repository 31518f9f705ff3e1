//! The files of `why`: `why.svg`, `.png`, `.csv`, `.json`, `.md`, and `why.toml`, the fleets that beat an allocation as
//! allocations of the scenario.

use std::fmt::Write;

use fleetfront_planner::{Based, Basis, CellSummary, Choice, Rival, Study, Why};
use serde::Serialize;

use crate::PlotError;
use crate::answer_files::{Answer, cells, csv_table, fenced, pack};
use crate::format::{Unit, estimate, prose};
use crate::frontier_figure::frontier_figure;
use crate::render::{Output, RenderConfig};
use crate::sources::basis_cells;
use crate::table::{Table, head, number, words};

const HEADER: [&str; 17] = [
    "fleet",
    "beats_it_by",
    "cost_usd_month",
    "cost_usd_month_low",
    "cost_usd_month_high",
    "saves_usd_month",
    "saves_usd_month_low",
    "saves_usd_month_high",
    "worst_p95_over_limit",
    "worst_p95_over_limit_low",
    "worst_p95_over_limit_high",
    "latency_s_mean",
    "latency_s_mean_low",
    "latency_s_mean_high",
    "pools",
    "kind",
    "source",
];

/// What `why.json` holds.
#[derive(Serialize)]
struct Saved<'a> {
    version: &'a str,
    inputs_sha256: &'a str,
    scenario: &'a str,
    seed: u64,
    trials: u32,
    why: &'a Why,
}

/// Makes the files of an answer.
///
/// - `study`: what the answer was drawn from.
///
/// # Errors
/// [`PlotError`] when a file cannot be made.
pub fn why_files(study: &Study, answer: &Why, config: &RenderConfig) -> Result<Vec<Output>, PlotError> {
    let names = ["why.svg", "why.png", "why.csv", "why.json", "why.md"];
    let columns = ["fleet", "beats it by", "cost a month", "less by", "worst p95 / limit", "mean latency", "pools"];
    let mut table = Table::new(format!("Fleets that beat \"{}\"", answer.allocation), &columns);
    for (place, rival) in answer.rivals.iter().enumerate() {
        table.push(vec![
            head(fleet_name(place)),
            words(&rival.beats),
            number(estimate(rival.fleet.cost_usd_month, Unit::Usd)),
            number(estimate(rival.saves_usd_month, Unit::Usd)),
            number(estimate(rival.fleet.worst_p95_over_limit, Unit::Ratio)),
            number(estimate(rival.fleet.latency_s_mean, Unit::Seconds)),
            words(prose(&rival.fleet.label)),
        ]);
    }
    let basis = study.basis();
    let toml = allocations_toml(study, answer);
    let page = Answer {
        title: &format!("What beats \"{}\"", answer.allocation),
        sentences: vec![prose(&answer.headline)],
        figure: names[0],
        tables: vec![&table],
        basis: &basis,
        rest: format!("**The same fleets for the end of `scenario.toml`**\n\n{}", fenced("toml", &toml)),
        command: &config.command,
        version: &study.version,
        inputs_sha256: &study.inputs_sha256,
    };
    let saved = Saved {
        version: &study.version,
        inputs_sha256: &study.inputs_sha256,
        scenario: &study.scenario,
        seed: study.seed,
        trials: study.trials,
        why: answer,
    };
    let mut files = pack(names, &frontier_figure(study), csv(answer, &basis)?, (&saved, &basis), page.markdown())?;
    files.push(Output { name: "why.toml".into(), bytes: toml.into_bytes() });
    Ok(files)
}

fn fleet_name(place: usize) -> String {
    format!("fleet-{}", place + 1)
}

fn csv(answer: &Why, basis: &Basis) -> Result<Vec<u8>, PlotError> {
    let row = |(place, rival): (usize, &Rival)| {
        let mut row = vec![fleet_name(place), rival.beats.clone()];
        let fleet = &rival.fleet;
        let estimates = [fleet.cost_usd_month, rival.saves_usd_month, fleet.worst_p95_over_limit, fleet.latency_s_mean];
        row.extend(estimates.into_iter().flat_map(cells));
        row.push(fleet.label.clone());
        row.extend(basis_cells(basis));
        row
    };
    csv_table(&HEADER, answer.rivals.iter().enumerate().map(row))
}

/// The fleets as allocations, to be appended to a scenario. Settings that the grid does not try are those of its
/// `[defaults]`.
fn allocations_toml(study: &Study, answer: &Why) -> String {
    let mut out = format!(
        "# What beats \"{}\", for the end of scenario.toml (fleetfront {}, inputs {}).\n",
        one_line(&answer.allocation),
        study.version,
        study.inputs_sha256
    );
    for (place, rival) in answer.rivals.iter().enumerate() {
        let _ = write!(
            out,
            "\n[[allocations]]\nname = {}\ndescription = {}\n",
            quoted(&fleet_name(place)),
            quoted(&rival.beats)
        );
        for choice in &rival.fleet.choices {
            out += &pool(study, choice);
        }
    }
    out
}

fn pool(study: &Study, choice: &Choice) -> String {
    let members = members(&study.cells, choice);
    let names: Vec<&str> = members.iter().map(|(model, _)| model.as_str()).collect();
    let models: Vec<String> = members.iter().map(|(model, variant)| quoted(&format!("{model}:{variant}"))).collect();
    let mut lines = vec![
        "\n[[allocations.pools]]".to_owned(),
        format!("name = {}", quoted(&names.join("+"))),
        format!("gpu = {}", quoted(&choice.gpu)),
        format!("models = [{}]", models.join(", ")),
        format!("scaledown_window_s = {:?}", choice.scaledown_window_s),
        format!("min_containers = {}", choice.min_containers),
    ];
    let counts = [
        ("buffer_containers", choice.buffer_containers),
        ("max_containers", choice.max_containers),
        ("max_inputs", choice.max_inputs),
    ];
    lines.extend(counts.iter().filter_map(|(key, count)| count.map(|count| format!("{key} = {count}"))));
    lines.join("\n") + "\n"
}

/// The models of a pool with their variants: names may hold the `+` that joins them, so that they are told by what the
/// study knows.
fn members(cells: &[CellSummary], choice: &Choice) -> Vec<(String, String)> {
    let on_gpu: Vec<&CellSummary> = cells.iter().filter(|cell| cell.gpu == choice.gpu).collect();
    let whole = || vec![(choice.model.clone(), choice.variant.clone())];
    parted(&on_gpu, &choice.model, &choice.variant).unwrap_or_else(whole)
}

fn parted(cells: &[&CellSummary], models: &str, variants: &str) -> Option<Vec<(String, String)>> {
    cells.iter().find_map(|cell| {
        let (models, variants) =
            (models.strip_prefix(cell.model.as_str())?, variants.strip_prefix(cell.variant.as_str())?);
        let own = (cell.model.clone(), cell.variant.clone());
        if models.is_empty() && variants.is_empty() {
            return Some(vec![own]);
        }
        let mut rest = parted(cells, models.strip_prefix('+')?, variants.strip_prefix('+')?)?;
        rest.insert(0, own);
        Some(rest)
    })
}

/// A text as TOML writes it.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_control() => out.extend(format!("\\u{:04X}", u32::from(c)).chars()),
            c => out.push(c),
        }
    }
    out + "\""
}

/// A text that does not end the comment that it stands in.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::study;

    fn choice(model: &str, variant: &str) -> Choice {
        let study = study();
        Choice { model: model.into(), variant: variant.into(), gpu: "L40S".into(), ..study.points[0].choice.clone() }
    }

    #[test]
    fn joined_names_are_parted_as_the_study_knows_them() {
        let study = study();
        let of = |model: &str, variant: &str| members(&study.cells, &choice(model, variant));
        let both =
            |a: &str, b: &str, c: &str, d: &str| vec![(a.to_owned(), b.to_owned()), (c.to_owned(), d.to_owned())];
        // A variant that holds a plus, first and last.
        assert_eq!(of("lora+flux-dev", "fp8+lora+fp8"), both("lora", "fp8+lora", "flux-dev", "fp8"));
        assert_eq!(of("flux-dev+lora", "fp8+fp8+lora"), both("flux-dev", "fp8", "lora", "fp8+lora"));
        assert_eq!(of("seedvr2", "3b"), [("seedvr2".to_owned(), "3b".to_owned())]);
    }

    #[test]
    fn names_cannot_leave_their_quotes() {
        let lines = pool(&study(), &choice("instantid <face> & \"id\"", "fp16"));
        assert!(lines.contains("models = [\"instantid <face> & \\\"id\\\":fp16\"]"), "{lines}");
        assert_eq!(one_line("a\nb"), "a b");
    }
}
