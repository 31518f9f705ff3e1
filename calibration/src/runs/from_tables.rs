//! The measurements among the rows of `benchmarks.csv` and `boots.csv`.

use crate::benchmarks::{Benchmarks, Finding};
use crate::boots::Boots;
use crate::fit::Kind;

use super::{CellName, Phase, Run, RunEnd, Runs, Shape};

impl Benchmarks {
    /// Every warm time of the file as a run: what was measured or published, with `used` as the file says; times that
    /// were computed only where `derived` asks for them, because they are no measurements. Ratios and spreads are none
    /// either. The file does not state shapes.
    #[must_use]
    pub fn runs(&self, derived: bool) -> Runs {
        let rows = self.rows().iter().filter_map(|row| match row.finding {
            Finding::Warm { seconds, .. } if derived || row.provenance.kind <= Kind::Published => Some(Run {
                line: row.line,
                cell: CellName { model: row.model.clone(), variant: row.variant.clone(), gpu: row.gpu.clone() },
                phase: Phase::Warm,
                end: RunEnd::Took { seconds },
                shape: Shape::default(),
                peak_gib: None,
                machine: String::new(),
                used: row.used,
                provenance: row.provenance.clone(),
                note: row.note.clone(),
            }),
            _ => None,
        });
        Runs { rows: rows.collect(), remarks: Vec::new() }
    }
}

impl Boots {
    /// Every boot of the file that somebody measured, as a run; `*` (all variants) stays as it is written.
    #[must_use]
    pub fn runs(&self) -> Runs {
        let measured = self.rows().iter().filter(|row| row.provenance.kind <= Kind::Published);
        let rows = measured.filter_map(|row| {
            Some(Run {
                line: row.line,
                cell: CellName { model: row.model.clone(), variant: row.variant.clone(), gpu: row.gpu.clone() },
                phase: Phase::Boot,
                end: RunEnd::Took { seconds: row.seconds? },
                shape: Shape::default(),
                peak_gib: None,
                machine: String::new(),
                used: row.used,
                provenance: row.provenance.clone(),
                note: row.note.clone(),
            })
        });
        Runs { rows: rows.collect(), remarks: Vec::new() }
    }
}
