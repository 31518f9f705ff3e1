//! Runs joined into laws: for every cell how long it takes, how sure that is, and what a reader must know.
//!
//! A cell with many runs has the law that they support ([`choose_law`](crate::choose_law)); one with few has a lognormal
//! law whose middle and spread it shares with others ([`Pooling`]); one without any borrows its speed from other models.
//! Runs of several shapes meet in a [`ShapeFit`](crate::ShapeFit) first. Rows that contradict the others are named, and
//! never averaged in silence.

mod borrowed;
mod bounds;
mod cell;
#[cfg(test)]
mod compared;
#[cfg(test)]
mod coverage;
mod dispute;
mod first_requests;
mod flag;
mod groups;
mod ranking;
mod ratios;
mod rows;
mod shared;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use crate::contradictions::{ContradictionRule, TypicalTime};
use crate::day::Day;
use crate::fit::Kind;
use crate::pooling::{CellTimes, ENOUGH_CELLS, Pooling, SPREAD_FLOOR, SpreadPrior, TAU_FLOOR};
use crate::runs::{CellName, Phase, Run, Runs, Shape};
use crate::spread::BORROWED_FREEDOM;

pub use cell::{CalibratedCell, FailureRows, LawBasis, RowsBehind, RunCounts};
pub use dispute::Dispute;
pub use flag::Flag;
pub use ranking::{LawRanking, RankedLaw};
pub use ratios::GpuRatio;

use borrowed::Borrower;
use rows::{Judged, judged};

/// Fewest ended runs of a cell that may choose a family of laws; below, the law is a pooled lognormal one. With 20 runs the
/// standard deviation of a spread is 16 % of it, and that of the mean of times with a cv of 0.7 is 16 % too.
pub const OWN_LAW_N: usize = 20;

/// A spread that a source states, for cells without runs that would tell it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StatedCv {
    /// Of which phase.
    pub phase: Phase,
    /// Standard deviation over mean.
    pub cv: f64,
    /// Who says so, with its date.
    pub source: String,
}

impl StatedCv {
    /// The first of a phase.
    fn of(phase: Phase, spreads: &[Self]) -> Option<&Self> {
        spreads.iter().find(|stated| stated.phase == phase)
    }
}

/// What is to be decided when runs become laws.
#[derive(Debug, Clone, PartialEq)]
pub struct CalibrationOptions {
    /// What is done about rows that contradict the others.
    pub rule: ContradictionRule,
    /// Of a phase the first; beside what fewer than three cells tell, and in their place where no cell was measured twice.
    pub stated: Vec<StatedCv>,
    /// The same of other models than these. They say so little of them that they only stand in where no cell was measured
    /// twice and nothing else is stated: beside cells of a wider spread they would make bounds too narrow. What is stated, or else
    /// these, is the least spread that is believed where rows are held against each other.
    pub stand_ins: Vec<StatedCv>,
    /// Phases whose spread is believed however small it is; of others it is no less than [`SPREAD_FLOOR`].
    pub believed: Vec<Phase>,
    /// What is taken of cells none of whose rows may be fitted, such as a ratio of a GPU type: their rows are held against it.
    pub expected: Vec<(CellName, TypicalTime)>,
    /// The GPU type that others are compared with; `None`: the one on which most cells were measured.
    pub reference: Option<String>,
    /// The shape at which the times of a model are wanted; of others, that of most of its runs.
    pub timed: Vec<(String, Shape)>,
    /// Whether the wanted shape may lie outside of what was measured.
    pub extrapolate: bool,
    /// The day of reading and the age in days from which on a row is stale; `None`: no row is.
    pub stale: Option<(Day, u32)>,
}

/// All cells of a file of runs, calibrated.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// Sorted by phase and name; after the measured ones of a phase those that borrow.
    pub cells: Vec<CalibratedCell>,
    /// Of each phase with runs.
    pub pooled: Vec<PooledPhase>,
}

/// What the cells of a phase have in common.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PooledPhase {
    /// Which.
    pub phase: Phase,
    /// The spread of a cell; `None` where neither a run nor a source tells it.
    pub spread: Option<SpreadPrior>,
    /// Kind of the spread: derived from the runs of all cells, or assumed to be what a source states.
    pub spread_kind: Kind,
    /// Who states the spread, or how it was found.
    pub spread_source: String,
    /// The GPU type that others are compared with.
    pub reference: String,
    /// How the others compare.
    pub ratios: Vec<GpuRatio>,
}

impl Default for CalibrationOptions {
    /// Contradictions excluded, no spread stated, nothing extrapolated, nothing stale.
    fn default() -> Self {
        Self {
            rule: ContradictionRule::Exclude,
            stated: Vec::new(),
            stand_ins: Vec::new(),
            believed: Vec::new(),
            expected: Vec::new(),
            reference: None,
            timed: Vec::new(),
            extrapolate: false,
            stale: None,
        }
    }
}

impl CalibrationOptions {
    /// What is stated of a phase, or else stands in.
    fn stated_or_stand_in(&self, phase: Phase) -> Option<&StatedCv> {
        StatedCv::of(phase, &self.stated).or_else(|| StatedCv::of(phase, &self.stand_ins))
    }
}

impl Calibration {
    /// Joins the runs. A cell that makes no law is there all the same: its flags say why.
    #[must_use]
    pub fn of(runs: &Runs, options: &CalibrationOptions) -> Self {
        let (mut cells, mut pooled) = (Vec::new(), Vec::new());
        for phase in Phase::ALL {
            let of_phase = runs.cells(phase);
            if of_phase.is_empty() {
                continue;
            }
            let stated = StatedCv::of(phase, &options.stated);
            let judged = of_phase.into_iter().map(|(name, rows)| judged(name, phase, &rows, options)).collect();
            let (of_phase, phase) = PhaseOf { phase, judged, stated, options }.calibrated();
            cells.extend(of_phase);
            pooled.push(phase);
        }
        let boots = first_requests::boots_of_first_requests(&cells);
        let boots: Vec<CalibratedCell> = boots.into_iter().map(|boot| with_rows_of(boot, &cells)).collect();
        // What clients of a cell saw says more than boots of other models.
        let is_replaced = |cell: &CalibratedCell| {
            cell.phase == Phase::Boot && boots.iter().any(|boot| boot.name == cell.name && boot.fit.is_some())
        };
        cells.retain(|cell| !is_replaced(cell));
        cells.extend(boots);
        // Nothing is borrowed where every container or request runs out of memory.
        let lacking: Vec<CellName> =
            cells.iter().filter(|cell| cell.never_runs()).map(|cell| cell.name.clone()).collect();
        cells.retain(|cell| cell.basis != Some(LawBasis::Borrowed) || !lacking.contains(&cell.name));
        Self { cells, pooled }
    }

    /// A cell that has a law. A file that names no variant means the only one.
    #[must_use]
    pub fn cell(&self, phase: Phase, model: &str, variant: &str, gpu: &str) -> Option<&CalibratedCell> {
        let named = |wanted: &str| {
            let is = |name: &CellName| name.model == model && name.variant == wanted && name.gpu == gpu;
            self.cells.iter().find(|cell| cell.phase == phase && cell.fit.is_some() && is(&cell.name))
        };
        named(variant).or_else(|| named(""))
    }
}

/// A phase on its way.
struct PhaseOf<'a> {
    phase: Phase,
    judged: Vec<Judged<'a>>,
    stated: Option<&'a StatedCv>,
    options: &'a CalibrationOptions,
}

/// In words: see [`SPREAD_FLOOR`].
const LEAST_SPREAD: &str = "no less is believed of few runs: between repetitions at once (cv up to 0.064, published series, \
                            2024-2026) and on three days (0.154, github.com/jatidevelopments/ryla, 2026-02-02)";

impl PhaseOf<'_> {
    fn calibrated(self) -> (Vec<CalibratedCell>, PooledPhase) {
        let Self { phase, judged, stated, options } = self;
        // First requests and adapters wait for weights to be loaded, as boots do.
        let is_loading = matches!(phase, Phase::Cold | Phase::Adapter);
        let of_boots = || options.stated_or_stand_in(Phase::Boot).filter(|_| is_loading);
        let stand_in = StatedCv::of(phase, &options.stand_ins).or_else(of_boots);
        let times: Vec<CellTimes> = judged.iter().filter_map(Judged::cell_times).collect();
        let reference = options.reference.clone().unwrap_or_else(|| most_measured(&times));
        let spread_floor = if options.believed.contains(&phase) { 0.0 } else { SPREAD_FLOOR };
        let fit = |stated: Option<&StatedCv>| {
            let prior = stated.and_then(|stated| SpreadPrior::stated(stated.cv, f64::from(BORROWED_FREEDOM)).ok());
            Pooling::fit(&times, prior, &reference, [spread_floor, TAU_FLOOR]).ok()
        };
        let (pooling, stated) = match fit(stated) {
            Some(pooling) => (Some(pooling), stated),
            None => (fit(stand_in), stand_in),
        };
        let mut cells: Vec<CalibratedCell> =
            judged.into_iter().map(|judged| judged.calibrated(pooling.as_ref(), stated, options.stale)).collect();
        if let Some(pooling) = &pooling {
            let borrowers = Borrower { phase, pooling, reference: &reference, measured: &cells };
            let borrowed = borrowers.all();
            cells.extend(borrowed);
        }
        let ratios = pooling.as_ref().map_or(Vec::new(), |pooling| ratios::ratios(pooling, &reference, &cells));
        let spread = pooling.map(|pooling| *pooling.prior());
        let (spread_kind, spread_source) = basis_of_spread(spread, stated);
        (cells, PooledPhase { phase, spread, spread_kind, spread_source, reference, ratios })
    }
}

/// Kind and source of the spread that the cells of a phase share.
fn basis_of_spread(spread: Option<SpreadPrior>, stated: Option<&StatedCv>) -> (Kind, String) {
    let (kind, source) = match (stated, spread.map_or(0, |spread| spread.cells)) {
        (Some(stated), 0) => (Kind::Assumed, stated.source.clone()),
        (Some(stated), cells) if cells < ENOUGH_CELLS => {
            let of = if cells == 1 { "one cell" } else { "two cells" };
            let source = &stated.source;
            (Kind::Assumed, format!("{of} with two runs or more, and {source}, weighted by degrees of freedom"))
        }
        (_, 1) => (Kind::Derived, "the only cell with two runs or more".to_owned()),
        (_, cells) => (Kind::Derived, format!("pooled over {cells} cells with two runs or more")),
    };
    if spread.is_some_and(|spread| spread.is_least) {
        return (Kind::Assumed, format!("{LEAST_SPREAD}; less is told: {source}"));
    }
    (kind, source)
}

/// A boot from first requests with what the rows of boots, which make no law, say of failures.
fn with_rows_of(boot: CalibratedCell, cells: &[CalibratedCell]) -> CalibratedCell {
    let mut timed = cells.iter().filter(|cell| cell.phase == Phase::Boot && cell.basis != Some(LawBasis::Borrowed));
    let Some(rows) = timed.find(|cell| cell.name == boot.name) else { return boot };
    CalibratedCell { failures: rows.failures, counts: rows.counts, peak_gib: rows.peak_gib, ..boot }
}

/// The GPU type on which most cells were measured; of equals the first by name.
fn most_measured(times: &[CellTimes]) -> String {
    let mut counts: Vec<(&str, usize)> = Vec::new();
    for cell in times {
        match counts.iter_mut().find(|(gpu, _)| *gpu == cell.cell.gpu) {
            Some((_, count)) => *count += 1,
            None => counts.push((&cell.cell.gpu, 1)),
        }
    }
    counts.sort_by(|(a, m), (b, n)| n.cmp(m).then(a.cmp(b)));
    counts.first().map_or_else(String::new, |(gpu, _)| (*gpu).to_owned())
}

/// The sources of rows, each once, in the order of the file. A source whose rows have times of day lists single runs: it is
/// cited with its first and its last day.
fn sources(rows: &[&Run]) -> Vec<String> {
    let mut found: Vec<(&str, &str, &str, bool)> = Vec::new();
    for run in rows {
        let (source, date) = (run.provenance.source.as_str(), run.provenance.date.as_str());
        let Some(day) = date.get(..10).filter(|_| date.contains(['T', ' ']) && Day::parse(date).is_some()) else {
            if !found.contains(&(source, date, date, false)) {
                found.push((source, date, date, false));
            }
            continue;
        };
        match found.iter_mut().find(|(other, .., timed)| *other == source && *timed) {
            Some((_, first, last, _)) => (*first, *last) = ((*first).min(day), (*last).max(day)),
            None => found.push((source, day, day, true)),
        }
    }
    let cited = |(source, first, last, _): (&str, &str, &str, bool)| {
        if first == last { format!("{source} ({first})") } else { format!("{source} ({first} to {last})") }
    };
    found.into_iter().map(cited).collect()
}
