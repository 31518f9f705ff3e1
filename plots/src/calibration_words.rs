//! A calibration in words: laws with their numbers, flags, and the sentences that come first.

use fleetfront_calibration::{
    CalibratedCell, CalibrationStudy, CellStudy, Disagreement, Fitness, Flag, Kind, LawBasis, MeanBounds, MemoryClass,
    MemoryFit, PeakOfVariant, Phase, Provenance, QualityOfVariant, Shape, several,
};
use fleetfront_sim::Law;

use crate::format::{Unit, plain};
use crate::sources::numbers_in_words;

/// A law with a smaller p of Anderson and Darling's statistic does not suit its runs: the customary twentieth.
const POOR_P: f64 = 0.05;

/// From so many runs on their own lognormal law is held against them where the law of the cell is pooled: of fewer a small p
/// says little.
const POOLED_TELL_N: usize = 8;

/// A law with its parameters, in the order of docs/calibration.md.
pub(crate) fn law_words(law: &Law) -> String {
    let number = |value: f64| plain(value, Unit::Count);
    let of = |name: &str, numbers: &[f64]| {
        format!("{name} ({})", numbers.iter().map(|value| number(*value)).collect::<Vec<_>>().join(", "))
    };
    match *law {
        Law::Deterministic { seconds } => of("always", &[seconds]),
        Law::Exponential { mean_s } => of("exponential", &[mean_s]),
        Law::Lognormal { mu, sigma } => of("lognormal", &[mu, sigma]),
        Law::Gamma { shape, scale_s } => of("gamma", &[shape, scale_s]),
        Law::Weibull { shape, scale_s } => of("Weibull", &[shape, scale_s]),
        Law::ShiftedLognormal { shift_s, mu, sigma } => {
            format!("{} + {}", number(shift_s), of("lognormal", &[mu, sigma]))
        }
        Law::LognormalMixture { mu, sigma, first_probability } => format!(
            "{} {}, else {}",
            plain(first_probability, Unit::Share),
            of("lognormal", &[mu[0], sigma[0]]),
            of("lognormal", &[mu[1], sigma[1]])
        ),
        Law::TwoPoint { low_s, high_s, high_probability } => {
            format!("{} or, with {}, {}", number(low_s), plain(high_probability, Unit::Share), number(high_s))
        }
        Law::Hyperexponential { mean_s, first_probability } => {
            format!(
                "{} exponential ({}), else ({})",
                plain(first_probability, Unit::Share),
                number(mean_s[0]),
                number(mean_s[1])
            )
        }
        Law::Empirical { tail_scale_s, tail_shape, .. } => {
            let tail = if tail_shape == 0.0 {
                of("exponential", &[tail_scale_s])
            } else {
                of("Pareto", &[tail_scale_s, tail_shape])
            };
            format!("empirical, tail from 93.75 % on: {tail}")
        }
    }
}

/// A mean with its bounds, in seconds.
pub(crate) fn mean_words(mean: MeanBounds) -> String {
    between(mean.value, mean.low, mean.high)
}

/// A number with the ends of its interval, each with digits of its own: few runs leave intervals that are no narrower on
/// one side than the number itself.
pub(crate) fn between(value: f64, low: f64, high: f64) -> String {
    let number = |value: f64| plain(value, Unit::Count);
    let (low, high) = (number(low), number(high));
    let dash = if low.starts_with('−') || high.starts_with('−') { " to " } else { "–" };
    format!("{} ({low}{dash}{high})", number(value))
}

/// Where a law comes from.
pub(crate) fn basis_words(cell: &CalibratedCell) -> &'static str {
    match cell.basis {
        Some(LawBasis::OwnRuns) => "own runs",
        Some(LawBasis::Pooled) => "pooled",
        Some(LawBasis::FirstRequests) => "first less warm",
        Some(LawBasis::Computed) => "computed",
        Some(LawBasis::Borrowed) => "borrowed",
        None => "–",
    }
}

/// A flag in a word or two, for tables.
pub(crate) fn flag_word(flag: &Flag) -> &'static str {
    match flag {
        Flag::Few { .. } => "few",
        Flag::MostlyCutOff { .. } => "mostly cut off",
        Flag::TwoPercentiles { .. } => "two percentiles",
        Flag::EqualPercentiles { .. } => "equal percentiles",
        Flag::ShapeMisfit { .. } => "off the shapes",
        Flag::OneMachine { .. } => "one machine",
        Flag::Contradiction { .. } => "disputed",
        Flag::Stale { .. } => "stale",
        Flag::NoAge { .. } => "no age",
        Flag::Divided { .. } => "divided",
        Flag::TwoGroups { .. } => "two groups",
        Flag::TiedShapes { .. } => "tied shapes",
        Flag::NotCompared { .. } => "not compared",
        Flag::NotMeasured => "not measured",
        Flag::StatedSpread { .. } => "stated spread",
        Flag::OtherShapesLeftOut { .. } => "other shapes",
        Flag::Extrapolated { .. } => "extrapolated",
        Flag::OutOfMemory { .. } => "out of memory",
        Flag::NoLaw { .. } => "no law",
    }
}

/// The flags of a cell in words, each once.
pub(crate) fn flags_words(of: &CellStudy) -> String {
    let mut words: Vec<&str> = Vec::new();
    let arithmetic = of.arithmetic.as_ref().and_then(|found| found.disagreement).map(|found| match found {
        Disagreement::FasterThanMemory { .. } => "refuted",
        Disagreement::FarFromPrediction { .. } => "off arithmetic",
    });
    let misfit = is_of_no_family(of).then_some("no family").or(is_poor(of).then_some("poor fit"));
    // What nobody measured is said by where it comes from.
    let lent =
        [Some(LawBasis::Computed), Some(LawBasis::Borrowed), Some(LawBasis::FirstRequests)].contains(&of.cell.basis);
    let basis = lent.then(|| basis_words(&of.cell));
    let flags = of.cell.flags.iter().filter(|flag| !lent || **flag != Flag::NotMeasured).map(flag_word);
    for word in basis.into_iter().chain(flags).chain(misfit).chain(arithmetic) {
        if !words.contains(&word) {
            words.push(word);
        }
    }
    words.join(", ")
}

/// Whether the law that a cell's own runs chose does not suit them all the same; of a pooled cell, whether enough runs speak
/// against the family that is pooled.
fn is_poor(of: &CellStudy) -> bool {
    let Fitness::Tested { goodness, .. } = &of.fitness else { return false };
    let is_told = match of.cell.basis {
        Some(LawBasis::OwnRuns) => true,
        Some(LawBasis::Pooled) => timed_runs(of) >= POOLED_TELL_N,
        _ => false,
    };
    is_told && goodness.anderson_darling.is_some_and(|test| test.p_value < POOR_P)
}

/// Whether the runs of a cell are their own law, since they refute every family.
fn is_of_no_family(of: &CellStudy) -> bool {
    let is_empirical = of.cell.fit.as_ref().is_some_and(|fit| matches!(fit.law, Law::Empirical { .. }));
    is_empirical && of.cell.ranking.as_ref().is_some_and(|ranking| ranking.refuted.is_some())
}

/// How many runs a law is held against.
pub(crate) fn timed_runs(of: &CellStudy) -> usize {
    of.cell.counts.ended + of.cell.counts.cut_off
}

/// What a shape asks for; empty where nothing is stated.
pub(crate) fn shape_words(shape: &Shape) -> String {
    let columns =
        [(shape.steps, "steps"), (shape.megapixels, "megapixels"), (shape.frames, "frames"), (shape.images, "images")];
    let stated = columns.into_iter().filter_map(|(value, name)| {
        let value = plain(value?, Unit::Count);
        let name = if value == "1" { name.trim_end_matches('s') } else { name };
        Some(format!("{value} {name}"))
    });
    let adapter = (!shape.adapter.is_empty()).then(|| format!("adapter {}", shape.adapter));
    stated.chain(adapter).collect::<Vec<_>>().join(", ")
}

/// What was found, one sentence each, the most important first.
#[must_use]
pub fn calibration_sentences(study: &CalibrationStudy) -> Vec<String> {
    let all = study.cells.len();
    let with_law = study.cells.iter().filter(|of| of.cell.fit.is_some()).count();
    let of_kind = |kinds: &[Kind]| {
        study.cells.iter().filter(|of| of.cell.fit.as_ref().is_some_and(|fit| kinds.contains(&fit.kind))).count()
    };
    let mut sentences = vec![format!(
        "{with_law} of {all} cells (a model's variant on a GPU type, in one phase) have a law: {} rest on measured or \
         published times, {} on derived ones, {} on assumed ones.",
        of_kind(&[Kind::Measured, Kind::Published]),
        of_kind(&[Kind::Derived]),
        of_kind(&[Kind::Assumed]),
    )];
    let count =
        |is: fn(&Flag) -> bool| study.cells.iter().flat_map(|of| &of.cell.flags).filter(|flag| is(flag)).count();
    let with = |is: fn(&Flag) -> bool| study.cells.iter().filter(|of| of.cell.flags.iter().any(is)).count();
    let rows = count(|flag| matches!(flag, Flag::Contradiction { .. }));
    if rows > 0 {
        let cells = with(|flag| matches!(flag, Flag::Contradiction { .. }));
        sentences.push(format!(
            "{} in {}: named below.",
            several(rows, "row contradicts what is fitted", "rows contradict what is fitted"),
            several(cells, "cell", "cells")
        ));
    }
    let divided = with(|flag| matches!(flag, Flag::Divided { .. }));
    if divided > 0 {
        sentences.push(format!(
            "In {} the rows fall into two groups, and nothing says which is right.",
            several(divided, "cell", "cells")
        ));
    }
    let mixed = with(|flag| matches!(flag, Flag::TwoGroups { .. }));
    if mixed > 0 {
        sentences.push(format!(
            "In {} warm times fall into two groups: two shapes under one name?",
            several(mixed, "cell", "cells")
        ));
    }
    // Boots with weights cached and without are of no family by nature.
    let strays = study.cells.iter().filter(|of| of.cell.phase == Phase::Warm && is_of_no_family(of)).count();
    if strays > 0 {
        sentences.push(format!(
            "In {} the runs are of no family: several shapes under one name?",
            several(strays, "cell", "cells")
        ));
    }
    let poor = study.cells.iter().filter(|of| is_poor(of)).count();
    if poor > 0 {
        let cells = several(poor, "cell has a law", "cells have laws");
        sentences.push(format!("{cells} that the runs do not suit (p below 0.05): poor fit."));
    }
    let stale = with(|flag| matches!(flag, Flag::Stale { .. }));
    if stale > 0 {
        sentences.push(format!("{} on rows that are stale.", several(stale, "cell rests", "cells rest")));
    }
    sentences
}

/// The rows that contradict others, in full words, cell by cell.
#[must_use]
pub fn contradiction_words(study: &CalibrationStudy) -> Vec<String> {
    flags_of(study, Flag::is_dispute)
        .into_iter()
        .map(|(words, cells)| format!("{}: {words}.", cells.join("; ")))
        .chain(study.memory.iter().flat_map(ended_all_the_same))
        .collect()
}

/// Runs of a variant that ended where peak or features say that none can.
fn ended_all_the_same(peak: &PeakOfVariant) -> impl Iterator<Item = String> {
    peak.gpus.iter().filter(|on| on.ended_all_the_same > 0).map(|on| {
        let MemoryFit { class, peak_gib, usable_gib } = on.fit;
        let why = if class == MemoryClass::No {
            let peak_gib = plain(peak_gib, Unit::Count);
            format!("{peak_gib} GiB are said to be needed ({}) of {usable_gib} GiB", peak.provenance.cite_in_full())
        } else {
            format!("it is said to need {}, which is lacking", on.lacks.join(", "))
        };
        let runs = several(on.ended_all_the_same as usize, "run", "runs");
        let name = format!("{} {}", peak.model, peak.variant);
        format!("{}, {}: {runs} ended where {why}: offloaded, or of another variant?", name.trim_end(), on.gpu)
    })
}

/// All other flags in full words, each with the cells that it is of.
#[must_use]
pub fn flag_words(study: &CalibrationStudy) -> Vec<String> {
    let is = |flag: &Flag| !flag.is_dispute() && !matches!(flag, Flag::Few { .. } | Flag::NotMeasured);
    flags_of(study, is).into_iter().map(|(words, cells)| format!("{}: {words}.", cells.join("; "))).collect()
}

/// Flags in words, those of one wording together.
fn flags_of(study: &CalibrationStudy, is: impl Fn(&Flag) -> bool) -> Vec<(String, Vec<String>)> {
    let mut found: Vec<(String, Vec<String>)> = Vec::new();
    for of in &study.cells {
        for flag in of.cell.flags.iter().filter(|flag| is(flag)) {
            let (words, cell) = (flag.to_string(), of.cell.words());
            match found.iter_mut().find(|(other, _)| *other == words) {
                Some((_, cells)) => cells.push(cell),
                None => found.push((words, vec![cell])),
            }
        }
    }
    found
}

/// All sources of a study, each once: tables say them by their number, from 1.
#[must_use]
pub fn calibration_sources(study: &CalibrationStudy) -> Vec<String> {
    let cells = study.cells.iter().flat_map(|of| of.cell.rows.sources.clone());
    let memory = study.memory.iter().flat_map(peak_sources);
    let arithmetic = study.cells.iter().filter_map(|of| of.arithmetic.as_ref());
    let arithmetic = arithmetic.flat_map(|found| found.prediction.sources.clone());
    let failed =
        study.cells.iter().filter_map(|of| of.cell.failure_rows.as_ref()).flat_map(|rows| rows.sources.clone());
    let mut sources: Vec<String> = Vec::new();
    for source in cells.chain(memory).chain(arithmetic).chain(failed) {
        if !sources.contains(&source) {
            sources.push(source);
        }
    }
    sources
}

/// Who says what a variant needs, what the GPU types have, and what else says whether it may be used.
fn peak_sources(peak: &PeakOfVariant) -> Vec<String> {
    let memory = std::iter::once(&peak.provenance).chain(peak.gpus.iter().map(|on| &on.provenance));
    memory.map(Provenance::cite).chain(sources_of_use(peak)).collect()
}

/// Who says what of its quality and its failures.
pub(crate) fn sources_of_use(peak: &PeakOfVariant) -> Vec<String> {
    let quality = match &peak.quality {
        QualityOfVariant::Stated { provenance, .. } => Some(provenance.cite()),
        QualityOfVariant::NotStated | QualityOfVariant::Reference => None,
    };
    let failures = peak.gpus.iter().filter_map(|on| on.failure.as_ref()).flat_map(|failure| failure.sources.clone());
    quality.into_iter().chain(failures).collect()
}

/// Numbers of sources.
pub(crate) fn source_numbers(sources: &[String], of: &[String]) -> String {
    let number = |source: &String| sources.iter().position(|known| known == source).map(|place| place + 1);
    numbers_in_words(of.iter().filter_map(number).collect())
}
