//! `fleetfront calibrate`.

use std::time::Instant;

use fleetfront_calibration::{
    CalibrationOptions, CalibrationStudy, CellStudy, ContradictionRule, Day, Flag, Phase, Problem, Roofline, Runs,
    Shape, ShapeFit, StatedCv, StudyEffort, StudyFacts, several,
};
use fleetfront_plots::{
    CalibrationAnswer, CalibrationAsked, calibration_sentences, calibration_sources, calibration_tables,
    contradiction_words, flag_words, render_calibration,
};
use fleetfront_scenario::Files;
use rayon::ThreadPoolBuilder;

use crate::answer::AnswerFolder;
use crate::calibrate_args::{CalibrateArgs, ContradictionsRule, Joining, MixedShapes, RepeatsRule};
use crate::calibrate_inputs::Inputs;
use crate::failure::{Failure, Outcome};
use crate::interrupt::Interrupt;
use crate::output_folder::CALIBRATION;
use crate::run::quoted;
use crate::screen::{Screen, print_json};
use crate::source::described;

/// Turns measurements into laws, writes the files if a folder is given, and prints the answer.
pub(crate) fn calibrate(args: &CalibrateArgs) -> Result<Outcome, Failure> {
    let (today, on) = day(&args.joining)?;
    let folder = AnswerFolder::claim(args.answer.out.as_ref(), &CALIBRATION)?;
    let inputs = Inputs::read(&args.inputs, &args.reading, today)?;
    let runs = inputs.runs();
    let options = options(&args.joining, &inputs, &runs, today)?;
    let study = watched(args, &inputs, &runs, &options)?;
    refuse_shapes(&args.joining, &study, &inputs)?;
    let answer = CalibrationAnswer {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        command: command(args, &inputs, &on),
        inputs_sha256: inputs.sha256(),
        inputs: inputs.files,
        asked: CalibrationAsked {
            on,
            max_age_days: args.joining.max_age_days,
            contradictions: options.rule,
            extrapolate: options.extrapolate,
            shapes: options.timed,
            reference: options.reference,
            replicates: args.replicates,
            seed: args.machine.seed,
        },
        remarks: runs.remarks.iter().map(remark).collect(),
        study,
    };
    // Before the files change places nothing has to be said or put away: Ctrl-C ends the program as it would any other.
    let interrupt = Interrupt::listen();
    let written = folder.publish(&interrupt, || render_calibration(&answer))?;
    if args.answer.json { print_json(&answer) } else { screen(&answer, written.as_deref()).show() }
}

/// Runs the study on the threads asked for, with timing on stderr.
fn watched(
    args: &CalibrateArgs,
    inputs: &Inputs,
    runs: &Runs,
    options: &CalibrationOptions,
) -> Result<CalibrationStudy, Failure> {
    let threads = usize::from(args.machine.threads.unwrap_or(0));
    let pool = ThreadPoolBuilder::new().num_threads(threads).build();
    let pool =
        pool.map_err(|error| Failure::input(format!("the threads cannot be started: {error}"), "lower --threads"))?;
    let roofline = Roofline::shipped();
    let facts = StudyFacts { memory: &inputs.memory, roofline: &roofline, variants: &inputs.of_scenario.facts };
    let effort = StudyEffort { replicates: args.replicates, seed: args.machine.seed };
    #[expect(clippy::disallowed_methods, reason = "goes to stderr, and into no result")]
    let begun = Instant::now();
    let study = pool.install(|| CalibrationStudy::of(runs, options, facts, effort));
    if !args.machine.quiet {
        let (rows, cells) = (several(runs.rows.len(), "row", "rows"), several(study.cells.len(), "cell", "cells"));
        eprintln!("joined {rows} into {cells} in {:.1} s", begun.elapsed().as_secs_f64());
    }
    Ok(study)
}

/// The day that ages are counted from, and as it is written.
fn day(joining: &Joining) -> Result<(Day, String), Failure> {
    let Some(text) = &joining.on else {
        let today = Day::since_1970(days_since_1970());
        return Ok((today, today.to_string()));
    };
    match Day::parse(text) {
        Some(day) if text.len() == "2026-11-27".len() => Ok((day, text.clone())),
        _ => Err(Failure::input(format!("--on: \"{text}\" is no day"), "write it as 2026-11-27")),
    }
}

#[expect(clippy::disallowed_types, reason = "ages are counted from today where no other day is named")]
fn days_since_1970() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| i64::try_from(since.as_secs() / 86_400).unwrap_or(0))
}

fn options(joining: &Joining, inputs: &Inputs, runs: &Runs, today: Day) -> Result<CalibrationOptions, Failure> {
    let mut stated: Vec<StatedCv> = joining.spreads.iter().map(|words| spread(words)).collect::<Result<_, _>>()?;
    let believed = stated.iter().map(|stated| stated.phase).collect();
    // What is said on the command line goes before what a table says.
    stated.extend(inputs.stated.iter().cloned());
    let mut models: Vec<&str> = runs.rows.iter().map(|run| run.cell.model.as_str()).collect();
    models.sort_unstable();
    models.dedup();
    let mut timed: Vec<(String, Shape)> = Vec::new();
    for words in &joining.shapes {
        let (model, shape) = shape(words, &models)?;
        match model {
            Some(model) => timed.insert(0, (model, shape)),
            None => timed.extend(models.iter().map(|model| ((*model).to_owned(), shape.clone()))),
        }
    }
    timed.extend(inputs.of_scenario.timed(runs));
    let mut named: Vec<(String, Shape)> = Vec::new();
    for (model, shape) in timed {
        if !named.iter().any(|(other, _)| *other == model) {
            named.push((model, shape));
        }
    }
    if let Some(gpu) = &joining.reference
        && !runs.rows.iter().any(|run| run.cell.gpu == *gpu)
    {
        let mut known: Vec<&str> = runs.rows.iter().map(|run| run.cell.gpu.as_str()).collect();
        known.sort_unstable();
        known.dedup();
        let what = format!("--reference: nothing was measured on \"{gpu}\"");
        return Err(Failure::input(what, format!("measured: {}", known.join(", "))));
    }
    Ok(CalibrationOptions {
        rule: match joining.contradictions {
            ContradictionsRule::Exclude => ContradictionRule::Exclude,
            ContradictionsRule::Widen => ContradictionRule::Widen,
            ContradictionsRule::Keep => ContradictionRule::Keep,
        },
        stated,
        stand_ins: inputs.stand_ins.clone(),
        believed,
        expected: inputs.expected.clone(),
        reference: joining.reference.clone(),
        timed: named,
        extrapolate: joining.extrapolate,
        stale: Some((today, joining.max_age_days)),
    })
}

/// `PHASE=CV`.
fn spread(words: &str) -> Result<StatedCv, Failure> {
    let phases = [("warm", Phase::Warm), ("cold", Phase::Cold), ("boot", Phase::Boot), ("adapter", Phase::Adapter)];
    let found = words.split_once('=').and_then(|(phase, cv)| {
        let (_, phase) = phases.into_iter().find(|(name, _)| *name == phase)?;
        let cv: f64 = cv.parse().ok().filter(|cv| *cv > 0.0 && *cv <= 10.0)?;
        Some(StatedCv { phase, cv, source: "--spread of the command line (assumed)".to_owned() })
    });
    found.ok_or_else(|| {
        let what = format!("--spread: \"{words}\" is no spread");
        Failure::input(what, "write the phase and a number above 0, as in warm=0.04; phases: warm, cold, boot, adapter")
    })
}

/// `[MODEL:]steps=20,megapixels=1.05`.
fn shape(words: &str, models: &[&str]) -> Result<(Option<String>, Shape), Failure> {
    let wrong = |what: String| Failure::input(format!("--shape: {what}"), "write it as steps=20,megapixels=1.05");
    let (model, columns) = match words.split_once(':') {
        Some((model, columns)) => (Some(model.to_owned()), columns),
        None => (None, words),
    };
    if let Some(model) = model.as_ref().filter(|model| !models.contains(&model.as_str())) {
        let what = format!("--shape: no run is of a model \"{model}\"");
        return Err(Failure::input(what, format!("models: {}", models.join(", "))));
    }
    let mut shape = Shape::default();
    for part in columns.split(',') {
        let (name, value) = part.split_once('=').ok_or_else(|| wrong(format!("\"{part}\" has no =")))?;
        if name == "adapter" {
            value.clone_into(&mut shape.adapter);
            continue;
        }
        let number = value.parse::<f64>().ok().filter(|number| number.is_finite() && *number > 0.0);
        let number = number.ok_or_else(|| wrong(format!("\"{value}\" is no number above zero")))?;
        match name {
            "steps" => shape.steps = Some(number),
            "megapixels" => shape.megapixels = Some(number),
            "frames" => shape.frames = Some(number),
            "images" => shape.images = Some(number),
            _ => return Err(wrong(format!("\"{name}\" is none of steps, megapixels, frames, images, adapter"))),
        }
    }
    Ok((model, shape))
}

/// Refuses cells whose runs are of several shapes and make no law of the shape, or whose wanted shape lies outside of what
/// was measured.
fn refuse_shapes(joining: &Joining, study: &CalibrationStudy, inputs: &Inputs) -> Result<(), Failure> {
    if joining.mixed_shapes == MixedShapes::LeaveOut {
        return Ok(());
    }
    let mut problems = Vec::new();
    for of in &study.cells {
        for flag in &of.cell.flags {
            if let Flag::OtherShapesLeftOut { line, because, .. } = flag {
                problems.push(shape_problem(of, *line, because, inputs));
            }
        }
    }
    if problems.is_empty() {
        return Ok(());
    }
    Err(Failure::Input(described(&problems, &Files::from_texts([]))))
}

fn shape_problem(of: &CellStudy, line: u64, because: &str, inputs: &Inputs) -> Problem {
    let (cause, mend) = because.split_once("; ").unwrap_or((because, ""));
    let name = &of.cell.name;
    let is_of =
        |runs: &Runs| runs.rows.iter().any(|run| run.line == line && run.cell == *name && run.phase == of.cell.phase);
    let file = inputs.parts.iter().find(|(_, runs)| is_of(runs)).map_or(String::new(), |(file, _)| file.clone());
    let cell = format!("{} {}", name.model, name.variant);
    let law = of.cell.shape_fit.as_ref();
    let is_outside = law.is_some();
    let message = if is_outside {
        format!("{} on {}: {cause}", cell.trim_end(), name.gpu)
    } else {
        format!("{} on {} has runs of several shapes, and {cause}", cell.trim_end(), name.gpu)
    };
    let help = if law.is_some_and(ShapeFit::is_of_one_size) {
        "measure there: runs of one size do not tell how times grow".to_owned()
    } else if is_outside {
        "allow it by name with --extrapolate, or measure there".to_owned()
    } else {
        format!("{mend}; or give each shape a variant of its own, or leave others out with --mixed-shapes leave-out")
    };
    Problem { file, line: Some(line), column: None, key: String::new(), message, help }
}

fn remark(remark: &Problem) -> String {
    let line = remark.line.map_or(String::new(), |line| format!(" line {line}"));
    format!("{}{line}: {} {}", remark.file, remark.key, remark.message)
}

/// The command that makes the same again: it depends neither on threads nor on the folder.
fn command(args: &CalibrateArgs, inputs: &Inputs, on: &str) -> String {
    let mut words = vec!["fleetfront".to_owned(), "calibrate".to_owned()];
    words.extend(inputs.words.iter().cloned());
    let (reading, joining) = (&args.reading, &args.joining);
    let mut option = |name: &str, value: Option<&str>| {
        words.extend(value.iter().flat_map(|value| [name.to_owned(), (*value).to_owned()]));
    };
    option("--as", reading.read_as.map(crate::calibrate_args::ReadAs::word));
    option("--gpus", (!reading.gpus.is_empty()).then(|| reading.gpus.join(",")).as_deref());
    reading.cells.iter().for_each(|cell| option("--cell", Some(cell)));
    option("--source", reading.source.as_deref());
    option("--date", reading.date.as_deref());
    option("--queries", reading.queries.map(|n| n.to_string()).as_deref());
    option("--accelerators", (reading.accelerators != 1).then(|| reading.accelerators.to_string()).as_deref());
    option(
        "--repeats",
        match reading.repeats {
            RepeatsRule::Ask => None,
            RepeatsRule::Merge => Some("merge"),
            RepeatsRule::Keep => Some("keep"),
        },
    );
    option("--max-age-days", Some(&joining.max_age_days.to_string()));
    option("--on", Some(on));
    option(
        "--contradictions",
        match joining.contradictions {
            ContradictionsRule::Exclude => None,
            ContradictionsRule::Widen => Some("widen"),
            ContradictionsRule::Keep => Some("keep"),
        },
    );
    joining.shapes.iter().for_each(|shape| option("--shape", Some(shape)));
    option("--mixed-shapes", (joining.mixed_shapes == MixedShapes::LeaveOut).then_some("leave-out"));
    option("--reference", joining.reference.as_deref());
    joining.spreads.iter().for_each(|spread| option("--spread", Some(spread)));
    option("--replicates", Some(&args.replicates.to_string()));
    option("--seed", Some(&args.machine.seed.to_string()));
    for (is_asked, name) in [(reading.seconds_are_right, "--seconds-are-right"), (joining.extrapolate, "--extrapolate")]
    {
        words.extend(is_asked.then(|| name.to_owned()));
    }
    words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")
}

fn screen(answer: &CalibrationAnswer, written: Option<&str>) -> Screen {
    let study = &answer.study;
    let mut screen = Screen::new();
    for sentence in calibration_sentences(study) {
        screen.paragraph(&sentence);
    }
    for table in calibration_tables(study) {
        screen.heading(&table.heading);
        screen.table(&table.columns, &table.rows, &table.numbers);
    }
    screen.list("Contradictions", &contradiction_words(study));
    screen.list("What a reader must know", &flag_words(study));
    screen.list("Remarks on the files", &answer.remarks);
    let sources = calibration_sources(study);
    let sources: Vec<String> = sources.iter().enumerate().map(|(k, source)| format!("[{}] {source}", k + 1)).collect();
    screen.list("Sources, by the numbers above", &sources);
    if let Some(written) = written {
        screen.paragraph(written);
    }
    screen
}
