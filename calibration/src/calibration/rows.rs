//! The rows of a cell on their way to a law: brought to one shape, and held against each other.

use crate::contradictions::{ContradictionRule, Contradictions, Standing, TypicalTime};
use crate::fit::{Factor, Kind};
use crate::laws::Time;
use crate::percentiles::{Percentile, lognormal_of};
use crate::pooling::{CellTimes, TimedAt};
use crate::runs::{CellName, Phase, Run, RunEnd, Shape};
use crate::shape_fit::{Exponents, ShapeError, ShapeFit};

use super::{CalibrationOptions, Flag, OWN_LAW_N, StatedCv};

/// The least spread that makes a row contradict others where no source states one, not even of other models, as a standard
/// deviation of logarithms:
/// our choice. Rows within a third of each other then never contradict.
const SIGMA_FLOOR: f64 = 0.1;

/// Neighbours among few rows whose ratio is larger are no repetitions of one request: published series at fixed settings
/// have a cv of at most 0.064 (default scenario, 2026-10), so twice as long is seven of its standard deviations.
const DIVIDED_RATIO: f64 = 2.0;

/// Coverage of the interval that an extrapolation is asked for; it is read off its standard error.
const ANY_COVERAGE: f64 = 0.9;

/// The rows of a cell, judged.
pub(super) struct Judged<'a> {
    pub(super) name: &'a CellName,
    pub(super) phase: Phase,
    /// As the file has them.
    pub(super) all: Vec<&'a Run>,
    /// Those that are fitted, their times at the wanted shape.
    pub(super) fitted: Vec<Run>,
    /// Those that were computed and stand in for measurements where there are none.
    pub(super) derived: Vec<Run>,
    pub(super) shape_fit: Option<ShapeFit>,
    /// Standard error of the logarithm of the time at the wanted shape, from the shape fit, and its degrees of freedom.
    pub(super) of_shape: Option<(f64, usize)>,
    /// What a source says of the spread of both kinds of boots together; `None` of other phases.
    pub(super) of_kinds: Option<StatedCv>,
    /// The shape of the times.
    pub(super) timed: Shape,
    /// The shape at which it is compared with others; `None`: see [`TimedAt`].
    compared: Option<Shape>,
    pub(super) contradictions: Option<Contradictions>,
    /// The shortest and the longest fitted time, in seconds, where the rows are divided and not kept as they are.
    pub(super) divided: Option<(f64, f64)>,
    pub(super) flags: Vec<Flag>,
}

/// Holds the rows of a cell against each other, at one shape.
pub(super) fn judged<'a>(
    name: &'a CellName,
    phase: Phase,
    rows: &[&'a Run],
    options: &CalibrationOptions,
) -> Judged<'a> {
    let mut judged = Judged {
        name,
        phase,
        all: rows.to_vec(),
        fitted: Vec::new(),
        derived: Vec::new(),
        shape_fit: None,
        of_shape: None,
        of_kinds: of_kinds(phase, options),
        timed: Shape::default(),
        compared: None,
        contradictions: None,
        divided: None,
        flags: Vec::new(),
    };
    let at_one_shape = judged.at_one_shape(options);
    let expected = options.expected.iter().find(|(cell, _)| phase == Phase::Warm && cell == name);
    judged.judge(at_one_shape, options.stated_or_stand_in(phase), expected.map(|(_, time)| *time), options.rule);
    judged
}

/// First requests are of two kinds because of their boots: where nothing is stated of them, what is stated of boots.
fn of_kinds(phase: Phase, options: &CalibrationOptions) -> Option<StatedCv> {
    let stated = |of: Phase| options.stated_or_stand_in(of).cloned();
    let of_boots = || stated(Phase::Boot).filter(|_| phase == Phase::Cold);
    if phase.has_two_kinds() { stated(phase).or_else(of_boots) } else { None }
}

impl Judged<'_> {
    /// The times at the wanted shape: as the shape fit has them, or of that shape alone.
    fn at_one_shape(&mut self, options: &CalibrationOptions) -> Vec<Run> {
        let wanted = options.timed.iter().find(|(model, _)| *model == self.name.model).map(|(_, shape)| shape.clone());
        let timed: Vec<&Run> = self.all.iter().copied().filter(|run| run.time().is_some() && run.used).collect();
        let is_one = timed.iter().all(|run| run.shape == timed[0].shape);
        let usual = self.usual_shapes();
        let most = || usual.first().map(|(shape, _)| (*shape).clone());
        let only = if is_one { timed.first().map(|run| run.shape.clone()) } else { None };
        let states_none = only.as_ref().is_some_and(|shape| *shape == Shape::default());
        let is_taken = wanted.is_some() && states_none;
        let of_first_requests = most();
        self.timed = match (wanted, only) {
            // A file without shapes is taken for runs of the wanted one.
            (Some(_), Some(only)) if states_none => only,
            (Some(wanted), only) => completed(wanted, &only.or_else(most).unwrap_or_default()),
            (None, Some(only)) => only,
            (None, None) => {
                let is_told = self.phase == Phase::Warm;
                let (most, flag) = (most().unwrap_or_default(), tied(&usual).filter(|_| is_told));
                self.flags.extend(flag);
                most
            }
        };
        self.compared = match self.phase {
            Phase::Warm => Some(self.timed.clone()).filter(|_| !is_taken),
            Phase::Cold => of_first_requests,
            Phase::Boot | Phase::Adapter => None,
        };
        if self.phase != Phase::Warm || timed.iter().all(|run| run.shape == self.timed) {
            return self.all.iter().map(|run| (*run).clone()).collect();
        }
        match self.scaled(options) {
            Ok(rows) => rows,
            Err(error) => {
                let of_shape = self.all.iter().filter(|run| run.shape == self.timed || run.time().is_none());
                let rows: Vec<Run> = of_shape.map(|run| (*run).clone()).collect();
                let runs = self.all.len() - rows.len();
                let others = self.all.iter().filter(|run| run.shape != self.timed && run.time().is_some());
                let line = others.map(|run| run.line).min().unwrap_or_default();
                self.flags.push(Flag::OtherShapesLeftOut { runs, line, because: error.to_string() });
                rows
            }
        }
    }

    /// The shapes of the rows with how many have each, most first; of equals the earlier one in the file. What failed, or is
    /// kept as evidence, counts only where nothing else is there.
    fn usual_shapes(&self) -> Vec<(&Shape, usize)> {
        let counts = |run: &&&Run| run.used && !matches!(run.end, RunEnd::Failed { .. });
        let any = self.all.iter().any(|run| counts(&run));
        let mut shapes: Vec<(&Shape, usize)> = Vec::new();
        for run in self.all.iter().filter(|run| !any || counts(run)) {
            match shapes.iter_mut().find(|(shape, _)| **shape == run.shape) {
                Some((_, count)) => *count += 1,
                None => shapes.push((&run.shape, 1)),
            }
        }
        shapes.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        shapes
    }

    fn scaled(&mut self, options: &CalibrationOptions) -> Result<Vec<Run>, ShapeError> {
        let shaped: Vec<(f64, Shape)> = (self.all.iter().filter(|run| run.is_fitted()))
            .filter_map(|run| match run.end {
                RunEnd::Took { seconds } => Some((seconds, run.shape.clone())),
                _ => None,
            })
            .collect();
        let law = ShapeFit::fit(&shaped, Exponents::Fitted)?;
        if let Some(found) = law.misfit(&shaped) {
            self.flags.push(Flag::ShapeMisfit { shape: found.shape.to_string(), ratio: found.ratio });
        }
        if options.extrapolate
            && let Some(error) = law.untold_size(&self.timed)
        {
            return Err(error);
        }
        let law = self.shape_fit.insert(law);
        let wanted = if options.extrapolate {
            law.extrapolate(&self.timed, ANY_COVERAGE)
        } else {
            law.predict(&self.timed, ANY_COVERAGE)?
        };
        if !wanted.beyond.is_empty() {
            let beyond = wanted.beyond.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            self.flags.push(Flag::Extrapolated { beyond });
        }
        let states_none = shaped.iter().any(|(_, shape)| *shape == Shape::default());
        let scaled = |run: &&Run| {
            // What states no shape, as the tables of a scenario do, is taken for the wanted one; but where runs differ in
            // their adapter alone, it has none.
            if run.shape == Shape::default() && !states_none {
                return (*run).clone();
            }
            let factor = wanted.median_s / law.extrapolate(&run.shape, ANY_COVERAGE).median_s;
            Run { end: scaled(&run.end, factor), ..(*run).clone() }
        };
        let rows = self.all.iter().map(scaled).collect();
        self.of_shape = Some((wanted.ln_error, law.freedom));
        Ok(rows)
    }

    /// - `expected`: what is taken of the cell where no row may be fitted.
    fn judge(
        &mut self,
        rows: Vec<Run>,
        stated: Option<&StatedCv>,
        expected: Option<TypicalTime>,
        rule: ContradictionRule,
    ) {
        let floor = stated.map_or(SIGMA_FLOOR, |stated| (stated.cv * stated.cv).ln_1p().sqrt());
        let speakers = speakers(&rows, self.phase);
        let refs: Vec<&Run> = speakers.iter().map(|speaker| &speaker.row).collect();
        let every: Vec<&Run> = rows.iter().collect();
        let expected = expected.filter(|_| !every.iter().any(|run| run.is_fitted()));
        let expected = expected.map(|time| TypicalTime { sigma: time.sigma.max(floor), ..time });
        let reference = derived_middle(&every, floor).or(expected).or_else(|| TypicalTime::of_runs(&every, floor));
        let mut outcasts: Vec<usize> = Vec::new();
        if let Some(reference) = reference {
            let found = Contradictions::judge(&refs, reference, rule);
            for row in found.named() {
                let (line, fitted, words) = (row.line, row.fitted, row.words.clone());
                self.flags.push(Flag::Contradiction { line, fitted, words });
            }
            for (row, speaker) in found.rows.iter().zip(&speakers) {
                if row.standing == Standing::Contradicts && !row.fitted {
                    outcasts.extend(&speaker.speaks_for);
                }
            }
            self.contradictions = Some(found);
        }
        let heard = |speaker: &&Speaker| speaker.row.is_fitted() && !outcasts.contains(&speaker.speaks_for[0]);
        self.divide(&speakers.iter().filter(heard).collect::<Vec<_>>(), rule);
        if let Some(reference) = reference.filter(|_| rule != ContradictionRule::Keep) {
            outcasts.extend(self.hung(&rows, reference));
        }
        let believed = rows.into_iter().enumerate().filter(|(place, run)| run.used && !outcasts.contains(place));
        (self.fitted, self.derived) = believed.map(|(_, run)| run).partition(Run::is_fitted);
    }

    /// Few runs of which one was cut off far beyond all the others: it hung, and says nothing of how long they take. Where as many
    /// were cut off as ended, that is how long they take.
    fn hung(&mut self, rows: &[Run], reference: TypicalTime) -> Vec<usize> {
        let count = |is: fn(&RunEnd) -> bool| rows.iter().filter(|run| run.used && is(&run.end)).count();
        let ended = count(|end| matches!(end, RunEnd::Took { .. }));
        let cut_off = count(|end| matches!(end, RunEnd::CutOff { .. }));
        if self.phase.has_two_kinds() || ended >= OWN_LAW_N || cut_off >= ended {
            return Vec::new();
        }
        let mut hung = Vec::new();
        for (place, run) in rows.iter().enumerate().filter(|(_, run)| run.used) {
            let RunEnd::CutOff { seconds } = run.end else { continue };
            if let Some(words) = reference.far_below(seconds, &run.provenance) {
                self.flags.push(Flag::Contradiction { line: run.line, fitted: false, words });
                hung.push(place);
            }
        }
        hung
    }

    /// Few rows or series of which each may be right, as of two: no middle tells who contradicts whom.
    fn divide(&mut self, speakers: &[&Speaker], rule: ContradictionRule) {
        if speakers.len() >= OWN_LAW_N {
            return;
        }
        let time = |speaker: &&Speaker| Some((speaker.row.typical_s()?, speaker.speaks_for.len()));
        let mut times: Vec<(f64, usize)> = speakers.iter().filter_map(time).collect();
        times.sort_by(|a, b| a.0.total_cmp(&b.0));
        let gap = |k: &usize| times[*k].0 / times[k - 1].0;
        let Some(cut) =
            (1..times.len()).max_by(|a, b| gap(a).total_cmp(&gap(b))).filter(|cut| gap(cut) > DIVIDED_RATIO)
        else {
            return;
        };
        let rows = |of: &[(f64, usize)]| of.iter().map(|(_, rows)| rows).sum::<usize>();
        let (few, all) = (rows(&times[..cut]), rows(&times));
        let (short, long) = (times[cut - 1].0, times[cut].0);
        let done = if rule == ContradictionRule::Keep { "kept as they are" } else { "the spread holds both" };
        let words = format!(
            "{few} of {all} rows lie about {short} s or less, the others about {long} s or more; which are right is not known: \
             {done}"
        );
        self.flags.push(Flag::Divided { ratio: long / short, words });
        if rule != ContradictionRule::Keep {
            self.divided = Some((times[0].0, times[times.len() - 1].0));
        }
    }

    /// What pooling takes of the cell; `None` without a time that may be fitted.
    pub(super) fn cell_times(&self) -> Option<CellTimes> {
        let mut times = CellTimes::none_of(self.name.clone());
        times.timed = TimedAt { shape: self.compared.clone(), law: self.shape_fit.clone() };
        for run in &self.fitted {
            match run.end {
                RunEnd::Took { seconds } => times.seconds.push(seconds),
                // Equal percentiles tell a time and no spread.
                RunEnd::Summary { p50_s, high_s, .. } if high_s <= p50_s => times.seconds.push(p50_s),
                RunEnd::Summary { n, p50_s, high_s, high_share } => {
                    let low = Percentile { share: 0.5, seconds: p50_s };
                    let high = Percentile { share: high_share, seconds: high_s };
                    let summary = lognormal_of(n, low, high).ok();
                    times.summaries.extend(summary.filter(|summary| summary.sigma > 0.0));
                }
                RunEnd::CutOff { seconds } => times.cut_off_s.push(seconds),
                RunEnd::Failed { .. } => {}
            }
        }
        (!times.seconds.is_empty() || !times.summaries.is_empty()).then_some(times)
    }

    /// The times that may be fitted, cut off or not.
    pub(super) fn times(&self) -> Vec<Time> {
        let time = |run: &Run| run.time().map(|(seconds, censored)| Time { seconds, censored });
        self.fitted.iter().filter_map(time).collect()
    }
}

/// The flag of shapes of which none is that of most runs; `None` where one is.
fn tied(usual: &[(&Shape, usize)]) -> Option<Flag> {
    let (taken, runs) = usual.first()?;
    let others: Vec<String> =
        usual[1..].iter().filter(|(_, count)| count == runs).map(|(shape, _)| shape.to_string()).collect();
    let others = others.join("; ");
    (!others.is_empty()).then(|| Flag::TiedShapes { runs: *runs, taken: taken.to_string(), others })
}

/// A row that is held against others.
struct Speaker {
    row: Run,
    /// The places of the rows that it speaks for.
    speaks_for: Vec<usize>,
}

/// Who is held against whom, in the order of the rows: single rows, but of a long series of one source its median alone.
/// What is far from the middle of a long series is the tail of its law and contradicts nobody. Of boots and first requests
/// every series counts as long: those that find weights cached and those that do not are two kinds, and no mistake.
fn speakers(rows: &[Run], phase: Phase) -> Vec<Speaker> {
    let long = if phase.has_two_kinds() { 2 } else { OWN_LAW_N };
    let mut series: Vec<Vec<usize>> = Vec::new();
    for (place, run) in rows.iter().enumerate().filter(|(_, run)| run.typical_s().is_some()) {
        let same = |of: &&mut Vec<usize>| {
            let (first, second) = (&rows[of[0]].provenance, &run.provenance);
            run.used && rows[of[0]].used && (&first.source, first.kind) == (&second.source, second.kind)
        };
        match series.iter_mut().find(same) {
            Some(of) => of.push(place),
            None => series.push(vec![place]),
        }
    }
    let mut speakers = Vec::new();
    for of in series {
        if of.len() < long {
            speakers.extend(of.into_iter().map(|place| Speaker { row: rows[place].clone(), speaks_for: vec![place] }));
            continue;
        }
        let mut sorted = of.clone();
        sorted.sort_by(|a, b| rows[*a].typical_s().partial_cmp(&rows[*b].typical_s()).expect("times are numbers"));
        speakers.push(Speaker { row: rows[sorted[of.len() / 2]].clone(), speaks_for: of });
    }
    speakers.sort_by_key(|speaker| speaker.speaks_for[0]);
    speakers
}

/// What was not asked for is as in most runs.
fn completed(wanted: Shape, usual: &Shape) -> Shape {
    Shape {
        steps: wanted.steps.or(usual.steps),
        megapixels: wanted.megapixels.or(usual.megapixels),
        frames: wanted.frames.or(usual.frames),
        images: wanted.images.or(usual.images),
        adapter: if wanted.adapter.is_empty() { usual.adapter.clone() } else { wanted.adapter },
    }
}

/// A computed time in the place of a middle, where nothing measured may be fitted: rows kept as evidence are held against
/// what is simulated.
fn derived_middle(rows: &[&Run], sigma: f64) -> Option<TypicalTime> {
    if rows.iter().any(|run| run.is_fitted()) {
        return None;
    }
    let derived: Vec<f64> = (rows.iter().filter(|run| run.used && run.provenance.kind > Kind::Published))
        .filter_map(|run| run.typical_s())
        .collect();
    let mean = derived.iter().sum::<f64>() / derived.len() as f64;
    let [_, error] = Factor::DERIVED.sigmas_log();
    (!derived.is_empty()).then_some(TypicalTime { typical_s: mean, sigma, error, n: None, kind: Kind::Derived })
}

fn scaled(end: &RunEnd, factor: f64) -> RunEnd {
    match end {
        RunEnd::Took { seconds } => RunEnd::Took { seconds: seconds * factor },
        RunEnd::CutOff { seconds } => RunEnd::CutOff { seconds: seconds * factor },
        RunEnd::Summary { n, p50_s, high_s, high_share } => {
            RunEnd::Summary { n: *n, p50_s: p50_s * factor, high_s: high_s * factor, high_share: *high_share }
        }
        RunEnd::Failed { .. } => end.clone(),
    }
}
