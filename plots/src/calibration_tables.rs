//! The tables of a calibration, for the screen and for Markdown.

use fleetfront_calibration::{
    CalibrationStudy, CellStudy, Disagreement, FailureRate, FitEstimate, Fitness, LawBasis, OWN_LAW_N, Phase, Refuted,
    RunCounts, ShapeFit, ShapeParameter, TestOfFit,
};

use crate::calibration_variants::{memory, usable};
use crate::calibration_words::{
    between, calibration_sources, flags_words, law_words, mean_words, shape_words, source_numbers, timed_runs,
};
use crate::format::{Unit, plain};

/// A table of texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CalibrationTable {
    /// What it shows.
    pub heading: String,
    /// Names of its columns.
    pub columns: Vec<&'static str>,
    /// Its rows, each as long as the columns.
    pub rows: Vec<Vec<String>>,
    /// Which columns hold numbers.
    pub numbers: Vec<usize>,
}

/// All tables, in the order in which they are read; none without rows.
#[must_use]
pub fn calibration_tables(study: &CalibrationStudy) -> Vec<CalibrationTable> {
    let sources = calibration_sources(study);
    let phases = [Phase::Warm, Phase::Cold, Phase::Boot, Phase::Adapter];
    let mut tables: Vec<CalibrationTable> = phases.iter().map(|phase| laws(study, *phase, &sources)).collect();
    tables.extend([fitness(study), spreads(study), shape_laws(study, &sources), ratios(study, &sources)]);
    tables.extend([
        failures(study, &sources),
        memory(study, &sources),
        usable(study, &sources),
        arithmetic(study, &sources),
    ]);
    tables.into_iter().filter(|table| !table.rows.is_empty()).collect()
}

pub(crate) fn table(heading: impl Into<String>, columns: &[&'static str], numbers: &[usize]) -> CalibrationTable {
    CalibrationTable { heading: heading.into(), columns: columns.to_vec(), rows: Vec::new(), numbers: numbers.to_vec() }
}

fn laws(study: &CalibrationStudy, phase: Phase, sources: &[String]) -> CalibrationTable {
    let columns = ["cell", "law", "mean, s (90 %)", "cv", "runs", "kind, age [from]", "flags"];
    let words = phase.words();
    let heading = format!("{}{}: laws of the seconds", words[..1].to_uppercase(), &words[1..]);
    let mut out = table(heading, &columns, &[3, 4]);
    for of in study.cells.iter().filter(|of| of.cell.phase == phase) {
        let shape = shape_words(&of.cell.timed);
        let shape = if shape.is_empty() { String::new() } else { format!(" at {shape}") };
        let fit = of.cell.fit.as_ref();
        let age = match (of.cell.rows.age_days, of.cell.rows.oldest_days) {
            (Some(youngest), Some(oldest)) if oldest > youngest => format!(", {youngest}–{oldest} d"),
            (Some(days), _) => format!(", {days} d"),
            (None, _) => String::new(),
        };
        out.rows.push(vec![
            format!("{}{shape}", of.cell.name),
            fit.map_or("none".to_owned(), |fit| law_words(&fit.law)),
            of.mean_s.map_or("–".to_owned(), mean_words),
            of.cv.map_or("–".to_owned(), |cv| plain(cv, Unit::Count)),
            runs_words(of),
            format!("{}{age} [{}]", of.cell.rows.kind.word(), source_numbers(sources, &of.cell.rows.sources)),
            flags_words(of),
        ]);
    }
    out
}

/// What rows there are: the fitted ones first.
fn runs_words(of: &CellStudy) -> String {
    if let (Some(LawBasis::FirstRequests), Some(fit)) = (of.cell.basis, &of.cell.fit) {
        return format!("{} first", fit.n);
    }
    let RunCounts { ended, cut_off, failed, summaries, evidence } = of.cell.counts;
    let parts = [
        (summaries, if summaries == 1 { "summary" } else { "summaries" }),
        (cut_off, "cut off"),
        (failed, "failed"),
        (evidence, "left out"),
    ];
    let parts = parts.into_iter().filter(|(count, _)| *count > 0).map(|(count, words)| format!(", {count} {words}"));
    ended.to_string() + &parts.collect::<String>()
}

fn with_interval(of: &FitEstimate) -> String {
    match of.interval {
        Some([low, high]) => between(of.value, low, high),
        None => plain(of.value, Unit::Count),
    }
}

/// How well laws fit, and which other would do nearly as well.
fn fitness(study: &CalibrationStudy) -> CalibrationTable {
    let columns = ["cell", "phase", "fitted to its own times (95 %)", "n", "p, AD", "p, KS", "runner-up"];
    let mut out = table(
        "How well laws fit (kinds and sources as above; p: as far off by luck alone, too high where its runs \
         chose the family)",
        &columns,
        &[3, 4, 5],
    );
    for of in &study.cells {
        let Fitness::Tested { family, parameters, goodness, .. } = &of.fitness else { continue };
        let numbers = parameters.iter().map(|(name, value)| {
            let (name, unit) = name.strip_suffix("_s").map_or((name.as_str(), ""), |name| (name, " s"));
            format!("{} {}{unit}", name.replace('_', " "), with_interval(value))
        });
        let p = |test: Option<TestOfFit>| match test {
            Some(TestOfFit { p_value, .. }) if p_value < 0.01 => format!("{p_value:.3}"),
            Some(TestOfFit { p_value, .. }) => format!("{p_value:.2}"),
            None => "as measured".to_owned(),
        };
        out.rows.push(vec![
            of.cell.name.to_string(),
            of.cell.phase.words().to_owned(),
            format!("{family}: {}", numbers.collect::<Vec<_>>().join(", ")),
            timed_runs(of).to_string(),
            p(goodness.anderson_darling),
            p(goodness.kolmogorov_smirnov),
            runner_up(of),
        ]);
    }
    out
}

/// The law that comes next by AICc, or how far the likeliest is off where the runs refute it; of a cell that does not
/// choose its family, the likeliest one.
fn runner_up(of: &CellStudy) -> String {
    let Some(ranking) = &of.cell.ranking else { return "–".to_owned() };
    let difference = |difference: f64| format!("ΔAICc {}", plain(difference, Unit::Count));
    let Fitness::Tested { family, .. } = &of.fitness else { return "–".to_owned() };
    if ranking.laws[0].family != *family {
        return format!("too few to choose ({} has the least AICc)", ranking.laws[0].family);
    }
    if let Some(Refuted { family, distance, .. }) = ranking.refuted {
        return format!("{family}, refuted: off by {:.1} %", 100.0 * distance);
    }
    match (ranking.laws.get(1), ranking.runner_up_difference) {
        (Some(next), Some(by)) => format!("{}, {}", next.family, difference(by)),
        _ => "none".to_owned(),
    }
}

/// What cells with few runs share.
fn spreads(study: &CalibrationStudy) -> CalibrationTable {
    let columns = ["phase", "cv of a run", "told by", "worth, runs", "kind", "source"];
    let mut out = table("Spreads that cells with few runs share", &columns, &[1, 3]);
    for phase in &study.pooled {
        let Some(spread) = phase.spread else { continue };
        out.rows.push(vec![
            phase.phase.words().to_owned(),
            plain(spread.variance.exp_m1().sqrt(), Unit::Count),
            if spread.cells == 1 { "1 cell".to_owned() } else { format!("{} cells", spread.cells) },
            plain(spread.freedom + 1.0, Unit::Count),
            phase.spread_kind.word().to_owned(),
            phase.spread_source.clone(),
        ]);
    }
    out
}

fn shape_laws(study: &CalibrationStudy, sources: &[String]) -> CalibrationTable {
    let columns = ["cell", "fixed", "a step", "exponents and adapter", "σ", "n", "measured", "kind", "from"];
    let heading = "Shape laws: seconds = fixed + step · steps · megapixels^a · frames^b · images, ± standard errors";
    let mut out = table(heading, &columns, &[4, 5]);
    for of in &study.cells {
        let Some(law) = &of.cell.shape_fit else { continue };
        let [fixed, step] = if law.is_of_one_size() {
            ["–", "– (one size)"].map(str::to_owned)
        } else {
            [(ShapeParameter::Fixed, law.fixed_s), (ShapeParameter::PerStep, law.per_step_s)]
                .map(|(parameter, value)| part(law, parameter, value, Unit::Seconds))
        };
        out.rows.push(vec![
            of.cell.name.to_string(),
            fixed,
            step,
            exponents(law),
            plain(law.sigma, Unit::Count),
            law.n.to_string(),
            ranges(law),
            of.cell.rows.kind.word().to_owned(),
            source_numbers(sources, &of.cell.rows.sources),
        ]);
    }
    out
}

/// A parameter, with its standard error where it was fitted.
fn part(law: &ShapeFit, parameter: ShapeParameter, value: f64, unit: Unit) -> String {
    if law.fitted.contains(&parameter) {
        format!("{} ± {}", plain(value, unit), plain(law.standard_error(parameter), unit))
    } else {
        format!("{} (not fitted)", plain(value, unit))
    }
}

fn exponents(law: &ShapeFit) -> String {
    let all = [
        (ShapeParameter::MegapixelsExponent, law.megapixels_exponent, "a"),
        (ShapeParameter::FramesExponent, law.frames_exponent, "b"),
        (ShapeParameter::AdapterFactor, law.adapter_factor, "adapter ×"),
    ];
    let fitted = all.into_iter().filter(|(parameter, ..)| law.fitted.contains(parameter));
    let words: Vec<String> =
        fitted.map(|(parameter, value, name)| format!("{name} {}", part(law, parameter, value, Unit::Count))).collect();
    if words.is_empty() { "all 1 (not fitted)".to_owned() } else { words.join(", ") }
}

fn ranges(law: &ShapeFit) -> String {
    let names = ["steps", "megapixels", "frames", "images"];
    let number = |value: f64| plain(value, Unit::Count);
    let range = |(name, (low, high)): (&str, (f64, f64))| {
        if low < high {
            format!("{name} {}–{}", number(low), number(high))
        } else {
            format!("{name} {}", number(low))
        }
    };
    // A column that no run states counts as 1.
    let is_stated = |(_, (low, high)): &(&str, (f64, f64))| *low < *high || (*low - 1.0).abs() > 1e-12;
    names.into_iter().zip(law.measured).filter(is_stated).map(range).collect::<Vec<_>>().join(", ")
}

fn ratios(study: &CalibrationStudy, sources: &[String]) -> CalibrationTable {
    let columns =
        ["GPU", "phase", "times as long as on", "one more model (90 %)", "σ between", "models", "kind", "from"];
    let mut out = table("Ratios between GPU types, over the models measured on both", &columns, &[3, 4, 5]);
    for phase in &study.pooled {
        for ratio in &phase.ratios {
            out.rows.push(vec![
                ratio.gpu.clone(),
                phase.phase.words().to_owned(),
                phase.reference.clone(),
                between(ratio.ratio, ratio.ratio * ratio.factor.low, ratio.ratio * ratio.factor.high),
                plain(ratio.between_models, Unit::Count),
                ratio.models.to_string(),
                ratio.kind.word().to_owned(),
                source_numbers(sources, &ratio.sources),
            ]);
        }
    }
    out
}

/// Cells that failed, or ran often enough that not to have failed says something; then what failed of other shapes.
fn failures(study: &CalibrationStudy, sources: &[String]) -> CalibrationTable {
    let columns = ["cell", "phase", "failed", "of", "cut off, not counted", "probability (95 %)", "kind", "from"];
    let mut out = table("Failures", &columns, &[2, 3, 4, 5]);
    for of in &study.cells {
        let own = of.cell.failures.zip(of.failure_interval).map(|(rate, interval)| (None, rate, interval));
        let others = of.failures_of_other_shapes.iter().map(|other| (Some(&other.shape), other.rate, other.interval));
        for (shape, rate, (low, high)) in own.into_iter().chain(others) {
            let (failed, runs) = match rate {
                FailureRate::Certain { runs } => (runs, runs),
                FailureRate::Sometimes { failed, runs, .. } => (failed, runs),
            };
            if failed == 0 && (runs as usize) < OWN_LAW_N {
                continue;
            }
            // Runs that failed may be of other sources than the times.
            let (kind, cited) = match &of.cell.failure_rows {
                Some(rows) if shape.is_none() => (rows.kind, &rows.sources),
                _ => (of.cell.rows.kind, &of.cell.rows.sources),
            };
            let probability = match rate {
                FailureRate::Certain { .. } => "certain: out of memory".to_owned(),
                FailureRate::Sometimes { .. } => {
                    let share = |p: f64| plain(p, Unit::Share);
                    format!("{} ({}–{})", share(rate.probability()), share(low), share(high))
                }
            };
            out.rows.push(vec![
                of.cell.name.to_string() + &shape.map_or(String::new(), |shape| format!(" at {}", shape_words(shape))),
                of.cell.phase.words().to_owned(),
                failed.to_string(),
                runs.to_string(),
                if shape.is_none() { of.cell.counts.cut_off.to_string() } else { "–".to_owned() },
                probability,
                kind.word().to_owned(),
                source_numbers(sources, cited),
            ]);
        }
    }
    out
}

fn arithmetic(study: &CalibrationStudy, sources: &[String]) -> CalibrationTable {
    let columns = ["cell", "mean", "by arithmetic", "off by (1 σ)", "at least", "what it says", "from"];
    let mut out =
        table("Beside arithmetic (derived; it can refute a time, never confirm one)", &columns, &[1, 2, 3, 4]);
    for of in &study.cells {
        let (Some(found), Some(mean)) = (&of.arithmetic, of.mean_s) else { continue };
        let prediction = &found.prediction;
        let verdict = match found.disagreement {
            Some(Disagreement::FasterThanMemory { .. }) => {
                "refuted: the GPU's memory cannot deliver the weights so fast".to_owned()
            }
            Some(Disagreement::FarFromPrediction { interval_s: (low, high) }) => {
                format!("far off: not between {} and {}", plain(low, Unit::Seconds), plain(high, Unit::Seconds))
            }
            None => "not refuted".to_owned(),
        };
        let on = if prediction.is_measured_gpu { "this GPU" } else { "other GPUs left out" };
        out.rows.push(vec![
            format!("{} ({} passes)", of.cell.name, plain(found.passes, Unit::Count)),
            plain(mean.value, Unit::Seconds),
            plain(prediction.seconds, Unit::Seconds),
            format!("× {:.2}, {on}", prediction.factor),
            prediction.least_s.map_or("–".to_owned(), |least_s| plain(least_s, Unit::Seconds)),
            verdict,
            source_numbers(sources, &prediction.sources),
        ]);
    }
    out
}
