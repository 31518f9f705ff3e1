//! Milliseconds in the place of seconds.

use crate::roofline::Roofline;

use super::checks::groups;
use super::{Phase, Run, Shape};

/// Runs of one cell and shape do not differ by as much: they are asked about.
const UNLIKELY_RATIO_OF_RUNS: f64 = 100.0;

/// Nor do GPUs: from a T4 to a B200 the same request takes 1/26 (default scenario, 2026-10).
const UNLIKELY_RATIO_OF_GPUS: f64 = 300.0;

/// The longest timeout that the platform accepts (modal.com/docs/guide/timeouts, read 2026-10): one day.
const LONGEST_RUN_S: f64 = 86_400.0;

/// Nor do the times of models in one phase: in the default scenario the longest request takes 16 times as long as the shortest,
/// and the longest boot 9 times (2026-10). Nor does arithmetic err by as much: by 2 at worst (see [`Roofline`]).
const UNLIKELY_RATIO_OF_MODELS: f64 = 300.0;

/// A request or boot that usually takes longer is asked about: a second in milliseconds. Videos may take as long.
const UNLIKELY_USUAL_S: f64 = 1_000.0;

const HELP: &str = "divide milliseconds by 1000; if it is seconds that are meant, read the file with seconds-are-right";

/// A line with its seconds, and another line with seconds that make them odd.
type Odd = (u64, f64, Option<(u64, f64)>);

/// Times that are some thousand times, or a thousandth, of what stands beside them.
pub(super) fn milliseconds(rows: &[Run]) -> Vec<(u64, &'static str, String, String)> {
    let mut found: Vec<Odd> = Vec::new();
    let has_time = |run: &&Run| run.typical_s().is_some();
    found.extend(rows.iter().filter_map(|run| {
        let seconds = run.time().map(|(seconds, _)| seconds).or(run.typical_s())?;
        (seconds > LONGEST_RUN_S).then_some((run.line, seconds, None))
    }));
    for group in groups(rows.iter().filter(has_time), |run| (run.phase, &run.cell, &run.shape)) {
        let times: Vec<(u64, f64)> = group.iter().filter_map(|run| Some((run.line, run.typical_s()?))).collect();
        found.extend(odd_ones(&times, UNLIKELY_RATIO_OF_RUNS));
    }
    if found.is_empty() {
        for group in
            groups(rows.iter().filter(has_time), |run| (run.phase, (&run.cell.model, &run.cell.variant), &run.shape))
        {
            let by_gpu = groups(group.into_iter(), |run| &run.cell.gpu);
            let medians: Vec<(u64, f64)> = by_gpu.iter().filter_map(|runs| median(runs)).collect();
            found.extend(odd_ones(&medians, UNLIKELY_RATIO_OF_GPUS));
        }
    }
    if found.is_empty() {
        return odd_cells(rows);
    }
    let question = |(line, seconds, beside): Odd| {
        let message = match beside {
            None => format!("`{seconds}` s is more than a day: are these milliseconds?"),
            Some((other, s)) if seconds > s => {
                format!("`{seconds}` s is {:.0} times the {s} s of line {other}: are these milliseconds?", seconds / s)
            }
            Some((other, s)) => {
                format!("`{seconds}` s is 1/{:.0} of the {s} s of line {other}: are those milliseconds?", s / seconds)
            }
        };
        (line, "seconds", message, HELP.to_owned())
    };
    found.into_iter().map(question).collect()
}

/// The row in the middle and its time.
fn median(runs: &[&Run]) -> Option<(u64, f64)> {
    let mut times: Vec<(u64, f64)> = runs.iter().filter_map(|run| Some((run.line, run.typical_s()?))).collect();
    times.sort_by(|a, b| a.1.total_cmp(&b.1));
    times.get(times.len() / 2).copied()
}

/// Where a gap of more than `ratio` parts the times, those on the side with fewer (of as many: the longer ones), each
/// with the nearest of the other side.
fn odd_ones(times: &[(u64, f64)], ratio: f64) -> Vec<Odd> {
    let mut sorted = times.to_vec();
    sorted.sort_by(|a, b| a.1.total_cmp(&b.1));
    let gap = |index: &usize| sorted[*index].1 / sorted[index - 1].1;
    let Some(cut) = (1..sorted.len()).max_by(|a, b| gap(a).total_cmp(&gap(b))).filter(|cut| gap(cut) > ratio) else {
        return Vec::new();
    };
    let (short, long) = sorted.split_at(cut);
    let (odd, beside) = if short.len() < long.len() { (short, long[0]) } else { (long, short[cut - 1]) };
    odd.iter().map(|(line, seconds)| (*line, *seconds, Some(beside))).collect()
}

/// Cells that as a whole are long beside other models, beside arithmetic, or at all: one row of each, that in the middle.
fn odd_cells(rows: &[Run]) -> Vec<(u64, &'static str, String, String)> {
    let has_time = |run: &&Run| run.typical_s().is_some();
    let cells = groups(rows.iter().filter(has_time), |run| (run.phase, &run.cell));
    let middles: Vec<(&Run, u64, f64)> =
        cells.iter().filter_map(|runs| median(runs).map(|(line, seconds)| (runs[0], line, seconds))).collect();
    let roofline = Roofline::shipped();
    let question = |(run, line, seconds): &(&Run, u64, f64)| {
        let others = middles.iter().filter(|(other, ..)| other.phase == run.phase && other.cell != run.cell);
        let why = beside_others(*seconds, others.map(|(.., seconds)| *seconds).collect())
            .or_else(|| beside_arithmetic(run, *seconds, &roofline))
            .or_else(|| {
                let is_long = run.phase != Phase::Adapter && *seconds > UNLIKELY_USUAL_S;
                is_long.then(|| format!("in the middle of its cell, more than {UNLIKELY_USUAL_S} s"))
            })?;
        Some((*line, "seconds", format!("`{seconds}` s is {why}: are these milliseconds?"), HELP.to_owned()))
    };
    middles.iter().filter_map(question).collect()
}

fn beside_others(seconds: f64, mut others: Vec<f64>) -> Option<String> {
    others.sort_by(f64::total_cmp);
    let middle = others.get(others.len() / 2).filter(|_| others.len() >= 2)?;
    let ratio = seconds / middle;
    (ratio > UNLIKELY_RATIO_OF_MODELS).then(|| format!("{ratio:.0} times the {middle} s in the middle of other cells"))
}

/// What arithmetic predicts at most: as many passes, pixels, frames and images as the run states, of a model that it knows.
fn beside_arithmetic(run: &Run, seconds: f64, roofline: &Roofline) -> Option<String> {
    let works = roofline.work(&run.cell.model);
    let ([work], Phase::Warm) = (&works[..], run.phase) else { return None };
    let Shape { steps, megapixels, frames, images, .. } = &run.shape;
    // Guidance takes two passes a step, which those of the counted setting may hold already.
    let passes = steps.filter(|steps| *steps > work.forwards).map_or(work.forwards, |steps| 2.0 * steps);
    let larger: f64 = [megapixels, frames, images].iter().map(|times| times.unwrap_or(1.0).max(1.0)).product();
    let predicted = roofline.predict_work(work, passes, &run.cell.gpu).ok()?.seconds * larger;
    let ratio = seconds / predicted;
    (ratio > UNLIKELY_RATIO_OF_MODELS)
        .then(|| format!("{ratio:.0} times the {predicted:.1} s that arithmetic predicts"))
}
