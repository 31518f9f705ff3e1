//! A cell with its law, and where the law comes from.

use fleetfront_sim::{Law, Seconds};
use serde::{Deserialize, Serialize};

use crate::contradictions::{ContradictionRule, Contradictions, WIDENED_Z};
use crate::day::Day;
use crate::failures::FailureRate;
use crate::fit::{Factor, Fit, Kind, RestsOn, RowsOf};
use crate::laws::{Choice, Family, LawFit, Time, Times, choose_law, fit_law};
use crate::pooling::{CellEstimate, ENOUGH_CELLS, Pooling};
use crate::problem::several;
use crate::runs::{CellName, Phase, Run, RunEnd, Shape};
use crate::sample::push_once;
use crate::shape_fit::ShapeFit;

use super::bounds::{bounds_of_mean, student};
use super::groups::two_groups;
use super::ranking::chooses_family;
use super::ratios::not_compared;
use super::rows::Judged;
use super::{Flag, LawRanking, OWN_LAW_N, StatedCv, sources};

/// Notes of rows that a law repeats: lists of calls have one each.
const SHOWN_NOTES: usize = 10;

/// Where a law comes from, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LawBasis {
    /// The runs of the cell chose its family.
    OwnRuns,
    /// A few runs of the cell, with a spread and a speed shared with other cells.
    Pooled,
    /// First requests less warm ones.
    FirstRequests,
    /// Times that were computed.
    Computed,
    /// The runs of other models alone.
    Borrowed,
}

/// What rows there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunCounts {
    /// That ended and are fitted.
    pub ended: usize,
    /// That were cut off and are fitted.
    pub cut_off: usize,
    /// That failed.
    pub failed: usize,
    /// Summaries that are fitted.
    pub summaries: usize,
    /// Kept as evidence: by the file, or because they contradict others.
    pub evidence: usize,
}

/// Kind, sources and age of the rows behind a law; without a law, of all rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RowsBehind {
    /// The weakest kind among them.
    pub kind: Kind,
    /// Sources with their dates, each once.
    pub sources: Vec<String>,
    /// The date of the youngest, as written; `None` where no date tells an age, or the age was not asked for.
    pub youngest: Option<String>,
    /// Its age in days.
    pub age_days: Option<i64>,
    /// The age of the oldest of them in days.
    pub oldest_days: Option<i64>,
}

/// Kind and sources of runs of which some failed, those that ended well included.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FailureRows {
    /// The weakest kind among them.
    pub kind: Kind,
    /// Sources with their dates, each once.
    pub sources: Vec<String>,
}

/// What is known of a model's variant on a GPU type, in one phase.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CalibratedCell {
    /// Which cell.
    pub name: CellName,
    /// Which phase.
    pub phase: Phase,
    /// The rows.
    pub counts: RunCounts,
    /// The shape of the times; empty where the file states none.
    pub timed: Shape,
    /// The law that is simulated, with its provenance; its factor holds 90 % of what is not known of its mean. `None`
    /// where there is none: the flags say why.
    pub fit: Option<Fit>,
    /// Where the law comes from; `None` without one.
    pub basis: Option<LawBasis>,
    /// The laws that were compared; `None` of fewer than three runs that ended.
    pub ranking: Option<LawRanking>,
    /// What pooling knows of it; `None` where it does not.
    pub pooled: Option<CellEstimate>,
    /// How its times grow with the shape; `None` of one shape.
    pub shape_fit: Option<ShapeFit>,
    /// Its rows against each other.
    pub contradictions: Option<Contradictions>,
    /// How often it fails; `None` where no run tells.
    pub failures: Option<FailureRate>,
    /// What that was counted on; `None` where no run failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure_rows: Option<FailureRows>,
    /// The greatest peak of memory of a run that ended, in GiB.
    pub peak_gib: Option<f64>,
    /// Where its numbers come from.
    pub rows: RowsBehind,
    /// What a reader must know.
    pub flags: Vec<Flag>,
    /// The times behind the law, cut off or not, at [`Self::timed`].
    #[serde(skip)]
    pub times: Vec<Time>,
}

impl CalibratedCell {
    /// Its name with its phase.
    #[must_use]
    pub fn words(&self) -> String {
        format!("{} ({})", self.name, self.phase.words())
    }

    /// The sample and the law that it is held against in tests and figures: that of the chosen family, for few runs the
    /// lognormal one. `None` where the sample has no such law.
    #[must_use]
    pub fn sample_and_fit(&self) -> Option<(Times, LawFit)> {
        let times = Times::of(&self.times).ok()?;
        let chooses = chooses_family(self.counts.ended, self.counts.summaries > 0);
        let family = match &self.ranking {
            Some(ranking) if chooses => ranking.laws[0].family,
            _ => Family::Lognormal,
        };
        let fit = fit_law(family, &times).ok()?;
        Some((times, fit))
    }

    /// The one of all cells that says how often requests fail: warm ones; where none tell, first ones, and boots that run out of
    /// memory.
    #[must_use]
    pub fn of_failures<'a>(cells: &'a [Self], model: &str, variant: &str, gpu: &str) -> Option<&'a Self> {
        let of = |phase: Phase| {
            let mut cells = cells.iter().filter(move |cell| cell.phase == phase && cell.failures.is_some());
            cells.find(|cell| (cell.name.model == model && cell.name.variant == variant) && cell.name.gpu == gpu)
        };
        of(Phase::Warm).or_else(|| of(Phase::Cold)).or_else(|| of(Phase::Boot).filter(|cell| cell.never_runs()))
    }

    /// Whether every request, or every boot, runs out of memory.
    #[must_use]
    pub fn never_runs(&self) -> bool {
        matches!(self.failures, Some(FailureRate::Certain { .. }))
    }

    /// A cell that nothing is known of.
    pub(super) fn empty(name: &CellName, phase: Phase) -> Self {
        Self {
            name: name.clone(),
            phase,
            counts: RunCounts::default(),
            timed: Shape::default(),
            fit: None,
            basis: None,
            ranking: None,
            pooled: None,
            shape_fit: None,
            contradictions: None,
            failures: None,
            failure_rows: None,
            peak_gib: None,
            rows: RowsBehind {
                kind: Kind::Assumed,
                sources: Vec::new(),
                youngest: None,
                age_days: None,
                oldest_days: None,
            },
            flags: Vec::new(),
            times: Vec::new(),
        }
    }
}

/// A law with what is not known of its mean.
pub(super) struct Known {
    pub(super) law: Law,
    pub(super) kind: Kind,
    pub(super) n: u32,
    pub(super) factor: Factor,
    pub(super) basis: LawBasis,
    pub(super) words: String,
}

impl Judged<'_> {
    /// The cell with its law.
    pub(super) fn calibrated(
        mut self,
        pooling: Option<&Pooling>,
        stated: Option<&StatedCv>,
        stale: Option<(Day, u32)>,
    ) -> CalibratedCell {
        let times = self.times();
        let choice = Times::of(&times).ok().and_then(|times| choose_law(&times).ok());
        let pooled = pooling.and_then(|pooling| pooling.cell(self.name)).filter(|pooled| pooled.own.is_some());
        let known = self.known(&times, choice.as_ref(), pooled.as_ref(), pooling, stated);
        let is_of_shape = |run: &&Run| run.shape == self.timed || self.timed == Shape::default();
        let of_shape: Vec<&Run> = self.all.iter().copied().filter(is_of_shape).collect();
        let failures = FailureRate::of(&of_shape);
        self.flags.extend(self.of_percentiles());
        self.flags.extend(pooling.and_then(|pooling| not_compared(self.name, pooling)));
        if let Some(FailureRate::Certain { runs }) = failures {
            self.flags.push(Flag::OutOfMemory { runs });
        }
        self.flags.extend(choice.as_ref().and_then(|choice| self.two_groups(choice, &times)));
        let ended = self.all.iter().filter(|run| !matches!(run.end, RunEnd::Failed { .. }));
        let mut cell = CalibratedCell {
            counts: self.counts(),
            ranking: choice.as_ref().map(LawRanking::from),
            pooled,
            failures,
            failure_rows: failure_rows(&of_shape),
            peak_gib: ended.filter_map(|run| run.peak_gib).reduce(f64::max),
            times,
            ..CalibratedCell::empty(self.name, self.phase)
        };
        cell.rows = self.rows_behind(stale);
        match known {
            Ok(known) => {
                self.flag(&known, &cell.counts, stated, pooling);
                cell.basis = Some(known.basis);
                cell.fit = Some(self.fit(known));
            }
            Err(because) => self.flags.push(Flag::NoLaw { because }),
        }
        CalibratedCell {
            timed: self.timed,
            shape_fit: self.shape_fit,
            contradictions: self.contradictions,
            flags: self.flags,
            ..cell
        }
    }

    /// Many warm times in two groups, where rows are not divided already.
    fn two_groups(&self, choice: &Choice, times: &[Time]) -> Option<Flag> {
        let is_divided = self.flags.iter().any(|flag| matches!(flag, Flag::Divided { .. }));
        if self.phase != Phase::Warm || is_divided || !chooses_family(self.counts().ended, false) {
            return None;
        }
        two_groups(choice, Times::of(times).ok()?.ended_s(), self.timed != Shape::default())
    }

    fn known(
        &self,
        times: &[Time],
        choice: Option<&Choice>,
        pooled: Option<&CellEstimate>,
        pooling: Option<&Pooling>,
        stated: Option<&StatedCv>,
    ) -> Result<Known, String> {
        let ended = times.iter().filter(|time| !time.censored).count();
        let has_summaries = self.fitted.iter().any(|run| matches!(run.end, RunEnd::Summary { .. }));
        if let (Some(choice), true) = (choice, chooses_family(ended, has_summaries)) {
            return Ok(self.chosen(choice, ended));
        }
        if let Some(pooled) = pooled {
            return Ok(self.shared(pooled, pooling, times));
        }
        if !self.derived.is_empty() {
            let spread = pooling.map(|pooling| pooling.prior().variance.exp_m1().sqrt());
            return self.computed(spread.or(stated.map(|stated| stated.cv)));
        }
        Err(self.why_none(ended, times.len()))
    }

    /// The law that many runs support.
    fn chosen(&self, choice: &Choice, n: usize) -> Known {
        let best = choice.best();
        Known {
            law: self.widened(best.law),
            kind: self.kind(),
            n: n as u32,
            factor: self.holding_both(best.law.mean_s(), self.beyond_shape(bounds_of_mean(best, n))),
            basis: LawBasis::OwnRuns,
            words: choice.words(n),
        }
    }

    /// Times that were computed: their mean, and the spread of the others.
    fn computed(&self, cv: Option<f64>) -> Result<Known, String> {
        let cv = cv.ok_or("no run tells how much its times spread; measure a cell twice")?;
        let seconds: Vec<f64> = self.derived.iter().filter_map(Run::typical_s).collect();
        if seconds.is_empty() {
            return Err("no computed time ended".to_owned());
        }
        let mean = seconds.iter().sum::<f64>() / seconds.len() as f64;
        let mean = Seconds::new(mean).map_err(|error| error.to_string())?;
        Ok(Known {
            law: self.widened(Law::lognormal(mean, cv)),
            kind: self.kind(),
            n: 0,
            factor: Factor::DERIVED,
            basis: LawBasis::Computed,
            words: "lognormal law about a computed mean".to_owned(),
        })
    }

    fn why_none(&self, ended: usize, times: usize) -> String {
        let because = if self.fitted.iter().any(|run| matches!(run.end, RunEnd::Summary { .. })) {
            "equal percentiles tell no spread, and no other cell does; give times with more digits, or state a spread"
        } else if ended > 0 && ended < times {
            "too few ended before they were cut off to tell a spread, and no other cell does; raise the limit, or state a spread"
        } else if ended > 1 {
            "its runs are equal, so that they tell no spread, and no other cell does; give times with more digits, or state a \
             spread"
        } else if ended > 0 {
            "one run tells no spread, and no cell was measured twice; repeat a run, or state a spread"
        } else if times > 0 {
            "no run ended before it was cut off; raise the limit"
        } else if self.all.iter().any(|run| matches!(run.end, RunEnd::Failed { .. })) {
            "no run ended"
        } else {
            "every row is kept as evidence only"
        };
        because.to_owned()
    }

    /// The rows behind the law.
    fn behind(&self) -> Vec<&Run> {
        let rows = if self.fitted.is_empty() { &self.derived } else { &self.fitted };
        rows.iter().filter(|run| !matches!(run.end, RunEnd::Failed { .. })).collect()
    }

    /// The weakest kind among the rows behind the law.
    pub(super) fn kind(&self) -> Kind {
        self.behind().iter().map(|run| run.provenance.kind).max().unwrap_or(Kind::Assumed)
    }

    /// Runs behind the law, those in summaries included.
    pub(super) fn runs_behind(&self) -> usize {
        let count = |run: &Run| match run.end {
            RunEnd::Took { .. } => 1,
            RunEnd::Summary { p50_s, high_s, .. } if high_s <= p50_s => 1,
            RunEnd::Summary { n, .. } => n as usize,
            RunEnd::CutOff { .. } | RunEnd::Failed { .. } => 0,
        };
        self.fitted.iter().map(count).sum()
    }

    fn counts(&self) -> RunCounts {
        let of = |is: fn(&RunEnd) -> bool| self.fitted.iter().filter(|run| is(&run.end)).count();
        let failed = self.all.iter().filter(|run| matches!(run.end, RunEnd::Failed { .. })).count();
        let timed = self.all.iter().filter(|run| !matches!(run.end, RunEnd::Failed { .. })).count();
        let (ended, cut_off) =
            (of(|end| matches!(end, RunEnd::Took { .. })), of(|end| matches!(end, RunEnd::CutOff { .. })));
        let summaries = of(|end| matches!(end, RunEnd::Summary { .. }));
        let computed = if self.fitted.is_empty() { self.derived.len() } else { 0 };
        RunCounts { ended, cut_off, failed, summaries, evidence: timed - ended - cut_off - summaries - computed }
    }

    /// The law with a spread that takes every row in, where that is the rule, or both halves of divided rows.
    pub(super) fn widened(&self, law: Law) -> Law {
        let widest = self
            .contradictions
            .as_ref()
            .filter(|found| found.rule == ContradictionRule::Widen && !found.named().is_empty());
        let divided = self.divided.map_or(0.0, |(low, high)| (high / low).ln() / (2.0 * WIDENED_Z));
        let wanted = widest.map_or(0.0, |found| found.sigma).max(divided);
        let sigma = (law.cv() * law.cv()).ln_1p().sqrt();
        if wanted <= sigma {
            return law;
        }
        let mean = Seconds::new(law.mean_s()).expect("the mean of a fitted law is a span");
        Law::lognormal(mean, (wanted * wanted).exp_m1().sqrt())
    }

    /// The mean of divided rows is that of either group.
    pub(super) fn holding_both(&self, mean_s: f64, Factor { low, high }: Factor) -> Factor {
        let Some((shortest, longest)) = self.divided else { return Factor { low, high } };
        Factor { low: low.min(shortest / mean_s), high: high.max(longest / mean_s) }
    }

    /// With what the shape fit leaves open about the wanted shape.
    pub(super) fn beyond_shape(&self, Factor { low, high }: Factor) -> Factor {
        let Some((error, freedom)) = self.of_shape else { return Factor { low, high } };
        let reach = student(freedom as f64) * error;
        Factor { low: (-reach.hypot(low.ln())).exp(), high: reach.hypot(high.ln()).exp() }
    }

    fn fit(&self, known: Known) -> Fit {
        let CellName { model, variant, gpu } = self.name;
        let rows = RowsOf { model: model.clone(), variant: variant.clone(), gpu: gpu.clone() };
        let behind = self.behind();
        let mut notes = vec![known.words];
        let mut of_rows = Vec::new();
        for run in &behind {
            push_once(&mut of_rows, run.note.clone());
        }
        let more = of_rows.len().saturating_sub(SHOWN_NOTES);
        notes.extend(of_rows.into_iter().take(SHOWN_NOTES));
        if more > 0 {
            notes.push(several(more, "more row has a note of its own", "more rows have notes of their own"));
        }
        for flag in &self.flags {
            push_once(&mut notes, flag.to_string());
        }
        Fit {
            law: known.law,
            kind: known.kind,
            n: known.n,
            factor: known.factor,
            rests_on: Some(RestsOn::Rows(rows)),
            sources: sources(&behind),
            notes,
        }
    }

    fn flag(&mut self, known: &Known, counts: &RunCounts, stated: Option<&StatedCv>, pooling: Option<&Pooling>) {
        match known.basis {
            LawBasis::Pooled if (known.n as usize) < OWN_LAW_N => self.flags.push(Flag::Few { n: known.n as usize }),
            LawBasis::Computed => self.flags.push(Flag::NotMeasured),
            LawBasis::Pooled | LawBasis::OwnRuns | LawBasis::FirstRequests | LawBasis::Borrowed => {}
        }
        let borrows_spread = matches!(known.basis, LawBasis::Pooled | LawBasis::Computed);
        self.flags.extend(self.mostly_cut_off());
        let alone = pooling.is_none_or(|pooling| pooling.prior().cells < ENOUGH_CELLS);
        let of_kinds = self.spread_of_kinds(known.basis == LawBasis::Pooled && alone);
        if let Some(StatedCv { source, .. }) = of_kinds.or(stated.filter(|_| borrows_spread && alone)) {
            self.flags.push(Flag::StatedSpread { source: source.clone() });
        }
        let behind = self.behind();
        if let Some(first) = behind.first()
            && counts.ended > 1
            && !first.machine.is_empty()
            && behind.iter().all(|run| run.machine == first.machine)
        {
            let flag = Flag::OneMachine { n: counts.ended, machine: first.machine.clone() };
            self.flags.push(flag);
        }
    }

    /// Where the numbers come from, with flags where they are old.
    fn rows_behind(&mut self, stale: Option<(Day, u32)>) -> RowsBehind {
        let mut rows = self.behind();
        if rows.is_empty() {
            rows.clone_from(&self.all);
        }
        let (of, first) = (rows.len(), rows[0].provenance.date.clone());
        let kind = rows.iter().map(|run| run.provenance.kind).max().unwrap_or(Kind::Assumed);
        let sources = sources(&rows);
        let age = |run: &&Run| {
            let days = Day::parse(&run.provenance.date)?.days_to(stale?.0);
            Some((days, run.provenance.date.clone()))
        };
        let mut ages: Vec<(i64, String)> = rows.iter().filter_map(age).collect();
        ages.sort();
        if let Some((_, max_days)) = stale {
            let old = ages.partition_point(|(days, _)| *days <= i64::from(max_days));
            if let Some((days, date)) = ages.get(old).cloned() {
                self.flags.push(Flag::Stale { date, days, rows: ages.len() - old, of });
            } else if ages.is_empty() {
                self.flags.push(Flag::NoAge { date: first });
            }
        }
        let oldest_days = ages.last().map(|(days, _)| *days);
        let (age_days, youngest) = ages.into_iter().next().unzip();
        RowsBehind { kind, sources, youngest, age_days, oldest_days }
    }
}

/// The runs that failures are counted on; `None` where none failed.
fn failure_rows(runs: &[&Run]) -> Option<FailureRows> {
    let has_failed = |run: &Run| matches!(run.end, RunEnd::Failed { .. });
    runs.iter().find(|run| has_failed(run))?;
    let counted = |run: &&Run| has_failed(run) || matches!(run.end, RunEnd::Took { .. });
    let counted: Vec<&Run> = runs.iter().copied().filter(counted).collect();
    let kind = counted.iter().map(|run| run.provenance.kind).max()?;
    Some(FailureRows { kind, sources: sources(&counted) })
}
