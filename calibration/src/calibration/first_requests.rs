//! Boots that nobody timed by themselves, from what clients saw.

use fleetfront_sim::{Law, Seconds};

use crate::fit::{Factor, Fit};
use crate::runs::{CellName, Phase};
use crate::sample::push_once;

use super::{CalibratedCell, Flag, LawBasis, RowsBehind};

/// Of a difference of two times no less than this share is believed.
const LEAST_DIFFERENCE: f64 = 0.05;

/// Boots of cells whose containers were never timed by themselves: first requests less warm ones.
pub(super) fn boots_of_first_requests(cells: &[CalibratedCell]) -> Vec<CalibratedCell> {
    let of = |phase: Phase, name: &CellName| {
        cells.iter().find(|cell| cell.phase == phase && cell.name == *name).and_then(|cell| cell.fit.as_ref())
    };
    let is_timed = |name: &CellName| {
        let mut boots = cells.iter().filter(|cell| cell.phase == Phase::Boot && cell.basis != Some(LawBasis::Borrowed));
        boots.any(|boot| boot.name == *name && boot.fit.is_some())
    };
    // What a client would see of a cell that borrows is no more than the boots of other models.
    let is_seen = |cell: &&CalibratedCell| cell.phase == Phase::Cold && cell.basis != Some(LawBasis::Borrowed);
    let first = cells.iter().filter(is_seen).filter(|cell| !is_timed(&cell.name));
    first
        .filter_map(|cell| {
            let (cold, warm) = (cell.fit.as_ref()?, of(Phase::Warm, &cell.name)?);
            let boot = CalibratedCell::empty(&cell.name, Phase::Boot);
            let Some(fit) = less(cold, warm) else {
                let because = "first requests take no longer than warm ones".to_owned();
                return Some(CalibratedCell { flags: vec![Flag::NoLaw { because }], rows: cell.rows.clone(), ..boot });
            };
            let (basis, timed) = (Some(LawBasis::FirstRequests), cell.timed.clone());
            let rows = RowsBehind { kind: fit.kind, sources: fit.sources.clone(), ..cell.rows.clone() };
            Some(CalibratedCell { fit: Some(fit), basis, timed, rows, ..boot })
        })
        .collect()
}

/// The law of what a first request takes beyond a warm one; `None` where it takes no longer.
fn less(cold: &Fit, warm: &Fit) -> Option<Fit> {
    let (first, served) = (cold.law.mean_s(), warm.law.mean_s());
    let mean = first - served;
    if mean < LEAST_DIFFERENCE * first {
        return None;
    }
    // Boot and service are independent, so their variances add.
    let variance = (first * cold.law.cv()).powi(2) - (served * warm.law.cv()).powi(2);
    let cv = variance.max(0.0).sqrt() / mean;
    let end = |cold_end: f64| ((first * cold_end - served) / mean).max(LEAST_DIFFERENCE);
    let mut sources = cold.sources.clone();
    warm.sources.iter().for_each(|source| push_once(&mut sources, source.clone()));
    let mut notes = vec![format!("first requests of {first:.2} s less warm ones of {served:.2} s")];
    cold.notes.iter().for_each(|note| push_once(&mut notes, note.clone()));
    Some(Fit {
        law: Law::lognormal(Seconds::new(mean).ok()?, cv),
        kind: cold.kind.max(warm.kind),
        n: cold.n,
        factor: Factor { low: end(cold.factor.low).min(1.0), high: end(cold.factor.high).max(1.0) },
        rests_on: cold.rests_on.clone(),
        sources,
        notes,
    })
}
