//! Measured runs of a scenario: which may stand there, and the laws that they are joined into.

use std::collections::BTreeSet;

use fleetfront_calibration::{
    Benchmarks, BestKnown, Boots, Calibration, CalibrationOptions, Flag, LawBasis, Phase, Problem, Repeats, Run, Runs,
    RunsOptions, Shape,
};

use crate::file::{CalibrationFile, ModelFile, RepeatsName, ScenarioFile};
use crate::findings::Findings;
use crate::suggest::{advice, nearest};
use crate::tables::Tables;

/// Reads the file of runs. GPU types, models and variants have to be the scenario's; an empty variant is the only one.
///
/// No day of reading is known here, so that no date is too late or too old.
pub(crate) fn read(scenario: &ScenarioFile, label: &str, text: &str) -> Result<Runs, Vec<Problem>> {
    let gpus: Vec<&str> = scenario.gpus.iter().map(|gpu| gpu.name.as_str()).collect();
    let rules = scenario.calibration.as_ref();
    let options = RunsOptions {
        gpus: &gpus,
        seconds_are_right: rules.and_then(|rules| rules.seconds_are_right) == Some(true),
        repeats: rules.and_then(|rules| rules.repeats).map_or(Repeats::Ask, Repeats::from),
        ..RunsOptions::undated()
    };
    let mut runs =
        Runs::read(label, text, &options).map_err(|problems| problems.into_iter().map(mended).collect::<Vec<_>>())?;
    let mut problems = unknown_names(scenario, label, &mut runs.rows);
    if problems.is_empty() {
        let shaped = scenario.models.iter().filter(|model| model.shape.is_some());
        problems = runs.mixed_shapes(label, &shaped.map(|model| model.name.as_str()).collect::<Vec<_>>());
    }
    if problems.is_empty() { Ok(runs) } else { Err(problems) }
}

/// The problem with the answers to its questions as a scenario gives them.
fn mended(mut problem: Problem) -> Problem {
    for (words, option) in [
        ("read the file with seconds-are-right", "write seconds_are_right = true under [calibration]"),
        ("read the file with repeats kept", "write repeats = \"keep\" under [calibration]"),
    ] {
        problem.help = problem.help.replace(words, option);
    }
    problem
}

/// Models and variants that the scenario does not have, each once; fills in the variants of models that have one.
fn unknown_names(scenario: &ScenarioFile, label: &str, rows: &mut [Run]) -> Vec<Problem> {
    let models: Vec<&str> = scenario.models.iter().map(|model| model.name.as_str()).collect();
    let (mut problems, mut told) = (Vec::new(), BTreeSet::new());
    for run in rows {
        let told_before = !told.insert((run.cell.model.clone(), run.cell.variant.clone()));
        let mut refuse = |key: &str, message: String, help: String| {
            let (file, key) = (label.to_owned(), key.to_owned());
            problems.push(Problem { file, line: Some(run.line), column: None, key, message, help });
        };
        let Some(model) = scenario.models.iter().find(|model| model.name == run.cell.model) else {
            if !told_before && told.insert((run.cell.model.clone(), "*".to_owned())) {
                let message = format!("there is no model \"{}\" in the scenario", run.cell.model);
                refuse("model", message, nearest_or_removed(&run.cell.model, &models));
            }
            continue;
        };
        let variants: Vec<&str> = model.variants.iter().map(|variant| variant.name.as_str()).collect();
        match (run.cell.variant.as_str(), &variants[..]) {
            ("", [only]) => run.cell.variant = (*only).to_owned(),
            ("", _) if !told_before => {
                let message = format!("which variant of {} was run is not said", model.name);
                refuse("variant", message, format!("write one of: {}", variants.join(", ")));
            }
            (given, known) if !given.is_empty() && !known.contains(&given) && !told_before => {
                let message = format!("{} has no variant \"{given}\" in the scenario", model.name);
                refuse("variant", message, nearest_or_removed(given, known));
            }
            _ => {}
        }
    }
    problems
}

fn nearest_or_removed(given: &str, known: &[&str]) -> String {
    let near = nearest(given, known.iter().copied()).is_some();
    if near { advice(given, known) } else { format!("remove its rows, or write one of: {}", known.join(", ")) }
}

/// Joins the runs into laws, with the spreads that the other tables state, at the shapes that the scenario's times are of.
pub(crate) fn joined(
    runs: &Runs,
    scenario: &ScenarioFile,
    benchmarks: Option<&Benchmarks>,
    boots: Option<&Boots>,
) -> Calibration {
    let rules = scenario.calibration.as_ref();
    let of_services = benchmarks.and_then(Benchmarks::stated_cv);
    let rule = rules.and_then(|rules| rules.contradictions);
    let options = CalibrationOptions {
        rule: rule.map_or(CalibrationOptions::default().rule, Into::into),
        stated: of_services.into_iter().chain(boots.and_then(Boots::stated_cv)).collect(),
        timed: scenario.models.iter().filter_map(|model| Some((model.name.clone(), timed(model, runs)?))).collect(),
        extrapolate: extrapolates(scenario),
        ..CalibrationOptions::default()
    };
    Calibration::of(runs, &options)
}

/// Whether shapes may lie outside of what was measured.
pub(crate) fn extrapolates(scenario: &ScenarioFile) -> bool {
    scenario.calibration.as_ref().and_then(|rules| rules.extrapolate) == Some(true)
}

/// The reference shape of a model, as far as its runs state shapes: what none of them states is taken for the reference.
fn timed(model: &ModelFile, runs: &Runs) -> Option<Shape> {
    let reference = &model.shape.as_ref()?.reference;
    let is_stated = |of: fn(&Shape) -> Option<f64>| {
        runs.rows.iter().any(|run| run.cell.model == model.name && of(&run.shape).is_some())
    };
    let wanted = |of: fn(&Shape) -> Option<f64>, value: Option<f64>| is_stated(of).then_some(value.unwrap_or(1.0));
    Some(Shape {
        steps: wanted(|shape| shape.steps, reference.steps),
        megapixels: wanted(|shape| shape.megapixels, reference.megapixels),
        frames: wanted(|shape| shape.frames, reference.frames),
        images: wanted(|shape| shape.images, reference.images),
        adapter: String::new(),
    })
}

impl From<RepeatsName> for Repeats {
    fn from(name: RepeatsName) -> Self {
        match name {
            RepeatsName::Merge => Self::Merge,
            RepeatsName::Keep => Self::Keep,
        }
    }
}

/// Rules about runs have no effect without any.
pub(crate) fn check(file: &ScenarioFile, findings: &mut Findings<'_>) {
    let Some(CalibrationFile { .. }) = file.calibration else { return };
    if file.files.runs.is_none() {
        let message = "there are no runs: these rules have no effect";
        findings.refuse("calibration", message, "name a file of them, files.runs, or remove the section");
    }
}

/// What a reader must know about the runs: flags of their cells, rows of other tables that they contradict, and phases
/// that nothing simulates.
pub(crate) fn warn(label: &str, tables: &Tables, findings: &mut Findings<'_>) {
    let (Some(runs), Some(joined)) = (&tables.runs, &tables.calibration) else { return };
    findings.warnings.extend(runs.remarks.iter().map(|remark| {
        let line = remark.line.map_or(String::new(), |line| format!(":{line}"));
        format!("{}{line}: {}: {}", remark.file, remark.key, remark.message)
    }));
    for cell in joined.cells.iter().filter(|cell| cell.basis != Some(LawBasis::Borrowed)) {
        let words: Vec<String> = cell.flags.iter().filter(|flag| is_told(flag)).map(ToString::to_string).collect();
        if !words.is_empty() {
            findings.warnings.push(format!("{label}: {}: {}", cell.words(), words.join("; ")));
        }
    }
    let adapters = runs.cells(Phase::Adapter);
    if let Some((_, rows)) = adapters.first() {
        let message = "loads of adapters are not taken from runs: state them in [models.adapters]";
        findings.warnings.push(format!("{label}:{}: {message}", rows[0].line));
    }
    let against = tables.best_known().rows_against_runs();
    findings.warnings.extend(against.into_iter().map(|words| format!("{label}: {words}")));
}

/// Whether a flag changes what the law of its cell is worth.
fn is_told(flag: &Flag) -> bool {
    match flag {
        Flag::Few { .. }
        | Flag::MostlyCutOff { .. }
        | Flag::TwoPercentiles { .. }
        | Flag::EqualPercentiles { .. }
        | Flag::ShapeMisfit { .. }
        | Flag::OneMachine { .. }
        | Flag::Contradiction { .. }
        | Flag::Divided { .. }
        | Flag::TwoGroups { .. }
        | Flag::TiedShapes { .. }
        | Flag::NotCompared { .. }
        | Flag::Stale { .. }
        | Flag::OtherShapesLeftOut { .. }
        | Flag::Extrapolated { .. }
        | Flag::OutOfMemory { .. }
        | Flag::NoLaw { .. } => true,
        // A scenario has no clock: ages are told by who has one.
        Flag::NotMeasured | Flag::StatedSpread { .. } | Flag::NoAge { .. } => false,
    }
}

impl Tables {
    /// Whom times are taken from.
    pub(crate) fn best_known(&self) -> BestKnown<'_> {
        let (benchmarks, boots) = (self.benchmarks.as_ref(), self.boots.as_ref());
        BestKnown { benchmarks, boots, runs: self.calibration.as_ref() }
    }
}

#[cfg(test)]
mod tests;
