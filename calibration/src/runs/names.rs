//! Names of models and variants that may be one, written in two ways.

use crate::nearest::is_slip_of;
use crate::problem::{Problem, several};

use super::{Run, Runs};

/// A model with its variants, as a scenario names them.
pub type KnownModel = (String, Vec<String>);

/// A name with its rows.
struct Named<'a> {
    name: &'a str,
    is_known: bool,
    rows: usize,
    /// The file and the line of the first row; `None` of a name that only the scenario has.
    first: Option<(&'a str, u64)>,
}

/// Remarks on names that differ by case, separators or one slip of the pen from another one, in the same file, another
/// file or the scenario: each of them makes cells of its own.
///
/// - `files`: each by its name in messages.
/// - `known`: the models of the scenario; empty where there is none. Two of its names are two names, however near.
#[must_use]
pub fn near_misses(files: &[(String, Runs)], known: &[KnownModel]) -> Vec<Problem> {
    let rows: Vec<(&str, &Run)> =
        files.iter().flat_map(|(file, runs)| runs.rows.iter().map(move |run| (file.as_str(), run))).collect();
    let models: Vec<&str> = known.iter().map(|(model, _)| model.as_str()).collect();
    let mut found = remarks("model", &named(&rows, &models, |run| &run.cell.model));
    let mut seen: Vec<&str> = rows.iter().map(|(_, run)| run.cell.model.as_str()).collect();
    seen.sort_unstable();
    seen.dedup();
    for model in seen {
        let of_model: Vec<(&str, &Run)> = rows.iter().copied().filter(|(_, run)| run.cell.model == model).collect();
        let variants = known.iter().find(|(name, _)| name == model).map_or(&[][..], |(_, variants)| variants);
        let variants: Vec<&str> = variants.iter().map(String::as_str).collect();
        found.extend(remarks("variant", &named(&of_model, &variants, |run| &run.cell.variant)));
    }
    found
}

/// The names that rows and the scenario have, each once; `*` is all of them, and nothing is none.
fn named<'a>(rows: &[(&'a str, &'a Run)], known: &[&'a str], of: impl Fn(&'a Run) -> &'a String) -> Vec<Named<'a>> {
    let mut all: Vec<Named<'_>> =
        known.iter().map(|name| Named { name, is_known: true, rows: 0, first: None }).collect();
    for (file, run) in rows {
        let name = of(run).as_str();
        match all.iter_mut().find(|other| other.name == name) {
            Some(other) => {
                other.rows += 1;
                other.first.get_or_insert((file, run.line));
            }
            None => all.push(Named { name, is_known: false, rows: 1, first: Some((file, run.line)) }),
        }
    }
    all.retain(|named| !["", "*"].contains(&named.name));
    all
}

/// One remark for each name that another one is likelier to be right than: the scenario's, else that with more rows, else
/// the earlier one.
fn remarks(key: &str, all: &[Named<'_>]) -> Vec<Problem> {
    let mut found = Vec::new();
    for (place, suspect) in all.iter().enumerate().filter(|(_, suspect)| !suspect.is_known) {
        let is_likelier = |(other_place, other): &(usize, &Named<'_>)| {
            let rank = |named: &Named<'_>, place: usize| (!named.is_known, std::cmp::Reverse(named.rows), place);
            rank(other, *other_place) < rank(suspect, place) && is_slip_of(suspect.name, other.name)
        };
        let Some((_, meant)) = all.iter().enumerate().find(is_likelier) else { continue };
        let Some((file, line)) = suspect.first else { continue };
        let of = if meant.is_known { "in the scenario".to_owned() } else { several(meant.rows, "row", "rows") };
        let message = format!(
            "`{}` ({}) is nearly `{}` ({of}): did you mean that? As they are written, both have cells of their own",
            suspect.name,
            several(suspect.rows, "row", "rows"),
            meant.name
        );
        found.push(Problem {
            file: file.to_owned(),
            line: Some(line),
            column: None,
            key: key.to_owned(),
            message,
            help: format!("write `{}` in all rows, or names that are less alike", meant.name),
        });
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runs::RunsOptions;

    /// A file of runs of these models and variants, three runs each.
    fn file(names: &[(&str, &str)]) -> (String, Runs) {
        let row = |(model, variant): &(&str, &str)| {
            [5.0, 5.1, 5.3].map(|s| format!("{model},{variant},T4,warm,{s},2026-11-01,kit\n")).concat()
        };
        let rows: String = names.iter().map(row).collect();
        let text = format!("model,variant,gpu,phase,seconds,date,source\n{rows}");
        ("runs.csv".to_owned(), Runs::read("runs.csv", &text, &RunsOptions::undated()).expect("valid"))
    }

    fn said(files: &[(String, Runs)], known: &[KnownModel]) -> Vec<String> {
        near_misses(files, known).iter().map(|p| format!("{:?} {}: {}", p.line, p.key, p.message)).collect()
    }

    #[test]
    fn the_name_with_fewer_rows_is_asked_about() {
        let found = said(&[file(&[("flux-dev", "a"), ("flux_dev", "a"), ("flux-dev", "b")])], &[]);
        let words = "Some(5) model: `flux_dev` (3 rows) is nearly `flux-dev` (6 rows): did you mean that? As they are written, \
                     both have cells of their own";
        assert_eq!(found, [words]);
        // Of equally many the later one, in another file too.
        let found = said(&[file(&[("flux-dev", "bf16")]), file(&[("Flux-Dev", "bf16")])], &[]);
        assert!(found.len() == 1 && found[0].starts_with("Some(2) model: `Flux-Dev`"), "{found:?}");
    }

    #[test]
    fn the_names_of_the_scenario_are_right() {
        let known = vec![("flux-dev".to_owned(), vec!["bf16".to_owned(), "nf4-offload".to_owned()])];
        let found = said(&[file(&[("flux-dve", "bf16")])], &known);
        assert!(found.len() == 1 && found[0].contains("`flux-dev` (in the scenario)"), "{found:?}");
        let found = said(&[file(&[("flux-dev", "BF16"), ("flux-dev", "nf4_offload")])], &known);
        assert!(found.len() == 2 && found.iter().all(|words| words.contains(" variant: ")), "{found:?}");
        let two = vec![("flux-a1".to_owned(), vec![]), ("flux_a1".to_owned(), vec![])];
        assert_eq!(said(&[file(&[("flux-a1", ""), ("flux_a1", "")])], &two), [] as [String; 0]);
    }

    #[test]
    fn other_precisions_and_versions_are_other_names() {
        let names =
            [("m", "fp8"), ("m", "fp4"), ("m", "nf4"), ("m", "bf16"), ("m", "fp16"), ("m", "int8"), ("m", "int4")];
        assert_eq!(said(&[file(&names)], &[]), [] as [String; 0]);
        let models = ["wan2.1", "wan2.2", "wan-i2v", "wan-t2v", "flux-dev", "flux-schnell", "lora", "sdxl", "sd3"];
        assert_eq!(said(&[file(&models.map(|model| (model, "")))], &[]), [] as [String; 0]);
    }
}
