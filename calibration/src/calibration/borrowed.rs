//! Cells that nobody measured, with the speed that other models have there.

use crate::fit::{Fit, Kind, RestsOn, RowsOf};
use crate::pooling::Pooling;
use crate::problem::several;
use crate::runs::{CellName, Phase, Shape};
use crate::sample::push_once;
use crate::spread::ANY;

use super::bounds::bounds;
use super::ratios::sources_of_both;
use super::{CalibratedCell, Flag, LawBasis, RowsBehind};

/// Who borrows from whom in a phase.
pub(super) struct Borrower<'a> {
    pub(super) phase: Phase,
    pub(super) pooling: &'a Pooling,
    pub(super) reference: &'a str,
    pub(super) measured: &'a [CalibratedCell],
}

impl Borrower<'_> {
    /// The cells of models that were measured on the reference, on GPU types on which others were measured.
    pub(super) fn all(&self) -> Vec<CalibratedCell> {
        let mut gpus: Vec<&str> = self.measured.iter().map(|cell| cell.name.gpu.as_str()).collect();
        gpus.sort_unstable();
        gpus.dedup();
        let bases = self.measured.iter().filter(|cell| cell.name.gpu == self.reference);
        let cells = bases.flat_map(|base| gpus.iter().filter_map(move |gpu| self.borrowed(base, gpu)));
        cells.collect()
    }

    fn borrowed(&self, base: &CalibratedCell, gpu: &str) -> Option<CalibratedCell> {
        let name = CellName { gpu: gpu.to_owned(), ..base.name.clone() };
        let fit = base.fit.as_ref()?;
        if self.measured.iter().any(|cell| cell.name == name) {
            return None;
        }
        let ratio = self.pooling.ratio(gpu, Some((&name.model, &name.variant)))?;
        let predicted = ratio.predicted();
        let times = predicted.median_s();
        let on = self.reference;
        let at = if base.timed == Shape::default() { String::new() } else { format!(" at {}", base.timed) };
        let others = several(ratio.k, "other model is", "other models are");
        let mut notes = vec![format!("{times:.2} times the time on {on}{at}, as {others}")];
        for note in &fit.notes {
            push_once(&mut notes, note.clone());
        }
        let rows = RowsOf { model: ANY.to_owned(), variant: ANY.to_owned(), gpu: gpu.to_owned() };
        let kind = fit.kind.max(Kind::Derived);
        let mut sources = fit.sources.clone();
        for lender in sources_of_both(gpu, self.pooling, self.measured) {
            push_once(&mut sources, lender);
        }
        let fit = Fit {
            law: fit.law.scaled(times),
            kind,
            n: 0,
            factor: bounds(&predicted),
            rests_on: Some(RestsOn::Ratio { rows, relative_to: on.to_owned(), base: Box::new(fit.clone()) }),
            sources: sources.clone(),
            notes,
        };
        Some(CalibratedCell {
            fit: Some(fit),
            basis: Some(LawBasis::Borrowed),
            pooled: self.pooling.cell(&name),
            timed: base.timed.clone(),
            rows: RowsBehind { kind, sources, ..base.rows.clone() },
            flags: vec![Flag::NotMeasured],
            ..CalibratedCell::empty(&name, self.phase)
        })
    }
}
