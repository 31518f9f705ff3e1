//! Milliseconds in the place of seconds.

use crate::roofline::Roofline;

use super::checks::groups;
use super::{Phase, Run, Shape};

/// Runs of one cell and shape do not differ by as much: they are asked about.
const UNLIKELY_RATIO_OF_RUNS: f64 = 100.0;

/// Nor do GPUs: from a T4 to a B200 the same request takes 1/37 at the least (ratios of the default scenario, 2026-10).
const UNLIKELY_RATIO_OF_GPUS: f64 = 100.0;

/// Milliseconds, and runs that differ by [`UNLIKELY_RATIO_OF_RUNS`] besides: beyond it the shorter time is the odd one,
/// unless the longer one is odd by itself.
const BEYOND_MILLISECONDS: f64 = 1_000.0 * UNLIKELY_RATIO_OF_RUNS;

/// A first request holds a boot and a service: a warm request of its cell that takes so many times as long is asked about.
const UNLIKELY_RATIO_TO_FIRST: f64 = 10.0;

/// The longest timeout that the platform accepts (modal.com/docs/guide/timeouts, read 2026-10): one day.
const LONGEST_RUN_S: f64 = 86_400.0;

/// Nor do the times of models in one phase: in the default scenario the longest request takes 16 times as long as the shortest,
/// and the longest boot 9 times (2026-10). Nor does arithmetic err by as much: by 2 at worst (see [`Roofline`]).
const UNLIKELY_RATIO_OF_MODELS: f64 = 300.0;

/// A request or boot that usually takes longer is asked about: a second in milliseconds. Videos may take as long.
const UNLIKELY_USUAL_S: f64 = 1_000.0;

const HELP: &str = "divide milliseconds by 1000; if it is seconds that are meant, read the file with seconds-are-right";

const HELP_SHORT: &str = "write it in seconds; if it is seconds that are meant, read the file with seconds-are-right";

/// A line with its seconds.
type Timed = (u64, f64);

/// A line with its seconds, and what makes them odd.
type Odd = (u64, f64, Beside);

/// What makes a time odd.
#[derive(Debug, Clone, Copy)]
enum Beside {
    /// The longest run of the platform.
    Day,
    /// Another line of the same requests.
    Line(Timed),
    /// A first request of the same cell.
    FirstRequest(Timed),
}

/// Times that are some thousand times, or a thousandth, of what stands beside them.
pub(super) fn milliseconds(rows: &[Run]) -> Vec<(u64, &'static str, String, String)> {
    let mut found: Vec<Odd> = Vec::new();
    let has_time = |run: &&Run| run.typical_s().is_some();
    found.extend(rows.iter().filter_map(|run| {
        let seconds = run.time().map(|(seconds, _)| seconds).or(run.typical_s())?;
        (seconds > LONGEST_RUN_S).then_some((run.line, seconds, Beside::Day))
    }));
    for group in groups(rows.iter().filter(has_time), |run| (run.phase, &run.cell, &run.shape)) {
        let times: Vec<Timed> = group.iter().filter_map(|run| Some((run.line, run.typical_s()?))).collect();
        found.extend(odd_ones(&times, UNLIKELY_RATIO_OF_RUNS));
    }
    if found.is_empty() {
        for group in
            groups(rows.iter().filter(has_time), |run| (run.phase, (&run.cell.model, &run.cell.variant), &run.shape))
        {
            let by_gpu = groups(group.into_iter(), |run| &run.cell.gpu);
            let medians: Vec<Timed> = by_gpu.iter().filter_map(|runs| median(runs)).collect();
            found.extend(odd_ones(&medians, UNLIKELY_RATIO_OF_GPUS));
        }
    }
    if found.is_empty() {
        found = beyond_first_requests(rows);
    }
    if found.is_empty() { odd_cells(rows) } else { found.into_iter().map(question).collect() }
}

/// A line with its column, what is asked about it, and how it may be mended.
fn question((line, seconds, beside): Odd) -> (u64, &'static str, String, String) {
    let (message, help) = match beside {
        Beside::Day => (format!("`{seconds}` s is more than a day: are these milliseconds?"), HELP),
        Beside::Line((other, s)) if seconds > s => (
            format!("`{seconds}` s is {:.0} times the {s} s of line {other}: are these milliseconds?", seconds / s),
            HELP,
        ),
        Beside::Line((other, s)) if s / seconds > BEYOND_MILLISECONDS => {
            let part = s / seconds;
            (format!("`{seconds}` s is 1/{part:.0} of the {s} s of line {other}: in which unit is it?"), HELP_SHORT)
        }
        Beside::Line((other, s)) => (
            format!("`{seconds}` s is 1/{:.0} of the {s} s of line {other}: are those milliseconds?", s / seconds),
            HELP,
        ),
        Beside::FirstRequest((other, s)) => {
            let ratio = seconds / s;
            let first = format!("the {s} s of the first request of line {other}, boot and all");
            (format!("`{seconds}` s of a warm request is {ratio:.0} times {first}: are these milliseconds?"), HELP)
        }
    };
    (line, "seconds", message, help.to_owned())
}

/// Of each cell and shape the warm row in the middle, where it is long beside the first request in the middle.
fn beyond_first_requests(rows: &[Run]) -> Vec<Odd> {
    let of_requests =
        rows.iter().filter(|run| run.typical_s().is_some() && matches!(run.phase, Phase::Warm | Phase::Cold));
    let odd = |group: Vec<&Run>| {
        let (warm, first): (Vec<&Run>, Vec<&Run>) = group.into_iter().partition(|run| run.phase == Phase::Warm);
        let ((line, seconds), first) = (median(&warm)?, median(&first)?);
        (seconds / first.1 >= UNLIKELY_RATIO_TO_FIRST).then_some((line, seconds, Beside::FirstRequest(first)))
    };
    groups(of_requests, |run| (&run.cell, &run.shape)).into_iter().filter_map(odd).collect()
}

/// The row in the middle and its time.
fn median(runs: &[&Run]) -> Option<Timed> {
    let mut times: Vec<Timed> = runs.iter().filter_map(|run| Some((run.line, run.typical_s()?))).collect();
    times.sort_by(|a, b| a.1.total_cmp(&b.1));
    times.get(times.len() / 2).copied()
}

/// Where a gap of more than `ratio` parts the times, those on the side with fewer (of as many: the longer ones), each
/// with the nearest of the other side; the shorter ones where milliseconds cannot explain the gap.
fn odd_ones(times: &[Timed], ratio: f64) -> Vec<Odd> {
    let mut sorted = times.to_vec();
    sorted.sort_by(|a, b| a.1.total_cmp(&b.1));
    let gap = |index: &usize| sorted[*index].1 / sorted[index - 1].1;
    let Some(cut) = (1..sorted.len()).max_by(|a, b| gap(a).total_cmp(&gap(b))).filter(|cut| gap(cut) > ratio) else {
        return Vec::new();
    };
    let (short, long) = sorted.split_at(cut);
    let is_too_short = gap(&cut) > BEYOND_MILLISECONDS && long[0].1 <= UNLIKELY_USUAL_S;
    let (odd, beside) =
        if is_too_short || short.len() < long.len() { (short, long[0]) } else { (long, short[cut - 1]) };
    odd.iter().map(|(line, seconds)| (*line, *seconds, Beside::Line(beside))).collect()
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
