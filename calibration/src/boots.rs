//! Boot-time laws: the rows of `boots.csv`.

use crate::calibration::{Calibration, CalibrationOptions, Dispute, StatedCv};
use crate::contradictions::ContradictionRule;
use crate::fit::Fit;
use crate::problem::Problem;
use crate::provenance::Provenance;
use crate::runs::Phase;
use crate::sample::{Measurement, Sample};
use crate::spread::{ANY, Scope, Spread, StatedSpread, pooled_spread};
use crate::table::{Bound, Row, Table};

const COLUMNS: [&str; 10] = ["model", "variant", "gpu", "seconds", "cv", "use", "kind", "source", "date", "note"];

/// The rows, in the order of the file.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Boots {
    rows: Vec<BootRow>,
}

/// One fact about boots: a time, a spread or both.
#[derive(Debug, Clone, PartialEq)]
pub struct BootRow {
    /// Line in the file, from 1.
    pub line: u64,
    /// The model; `*` (all) only where `seconds` is `None`.
    pub model: String,
    /// Its variant, or `*` (all).
    pub variant: String,
    /// The GPU type, or `*` (all).
    pub gpu: String,
    /// How long one boot took.
    pub seconds: Option<f64>,
    /// Standard deviation over mean.
    pub cv: Option<f64>,
    /// Whether it is fitted; if not, it is evidence to be shown.
    pub used: bool,
    /// Where it comes from.
    pub provenance: Provenance,
    /// What a reader must know; may be empty.
    pub note: String,
}

impl Boots {
    /// Reads the columns `model,variant,gpu,seconds,cv,use,kind,source,date,note`.
    ///
    /// # Errors
    /// Every problem of the file, in the order of its lines.
    pub fn read(file: &str, text: &str) -> Result<Self, Vec<Problem>> {
        let mut table = Table::read(file, text, &COLUMNS, read_row);
        table.reject_repeats("cv", |row: &BootRow| {
            let states_a_spread = row.used && row.seconds.is_none();
            states_a_spread.then(|| (row.line, format!("the cv of {} {} on {}", row.model, row.variant, row.gpu)))
        });
        Ok(Self { rows: table.finish()? })
    }

    /// The boot time of a container, or `None` when no row speaks of it.
    ///
    /// The most specific rows win: model, variant and GPU; model and variant; model and GPU; model. Mean, spread,
    /// kind, `n` and `factor` are as in [`Benchmarks::service`](crate::Benchmarks::service).
    #[must_use]
    pub fn boot(&self, model: &str, variant: &str, gpu: &str) -> Option<Fit> {
        let cell = Scope { model, variant, gpu };
        let scopes = [
            cell,
            Scope { gpu: ANY, ..cell },
            Scope { variant: ANY, ..cell },
            Scope { variant: ANY, gpu: ANY, ..cell },
        ];
        let (scope, sample) = scopes.into_iter().find_map(|scope| Some((scope, self.sample(scope)?)))?;
        Some(sample.fit(scope, || self.pooled_spread(cell)))
    }

    /// The spread that a row states for all models, as in [`Benchmarks::stated_cv`](crate::Benchmarks::stated_cv).
    #[must_use]
    pub fn stated_cv(&self) -> Option<StatedCv> {
        let stated = |row: &&BootRow| row.used && row.model == ANY && row.seconds.is_none();
        let row = self.rows.iter().filter(stated).min_by_key(|row| row.scope().specificity())?;
        Some(StatedCv { phase: Phase::Boot, cv: row.cv?, source: row.provenance.cite() })
    }

    /// Rows that contradict what is taken of their cell. All with `use = yes` are averaged nevertheless.
    #[must_use]
    pub fn contradictions(&self) -> Vec<Dispute> {
        let (rule, stated) = (ContradictionRule::Keep, self.stated_cv().into_iter().collect());
        Calibration::disputes(&self.runs(), &CalibrationOptions { rule, stated, ..CalibrationOptions::default() })
    }

    /// All rows, evidence that is not fitted included.
    #[must_use]
    pub fn rows(&self) -> &[BootRow] {
        &self.rows
    }

    fn sample<'a>(&'a self, scope: Scope<'_>) -> Option<Sample<'a>> {
        Sample::new(self.rows.iter().filter(|row| row.used && row.scope() == scope).filter_map(|row| {
            let seconds = row.seconds?;
            Some(Measurement { seconds, cv: row.cv, provenance: &row.provenance, note: &row.note })
        }))
    }

    fn pooled_spread(&self, cell: Scope<'_>) -> Spread {
        let mut stated = Vec::new();
        let mut scopes: Vec<Scope<'_>> = Vec::new();
        for row in self.rows.iter().filter(|row| row.used) {
            match (row.seconds, row.cv) {
                (None, Some(cv)) => stated.push(StatedSpread { scope: row.scope(), cv, provenance: &row.provenance }),
                _ if scopes.contains(&row.scope()) => {}
                _ => scopes.push(row.scope()),
            }
        }
        let samples: Vec<_> = scopes.into_iter().filter_map(|s| Some((s.model, self.sample(s)?))).collect();
        pooled_spread(cell, &stated, &samples)
    }
}

impl BootRow {
    fn scope(&self) -> Scope<'_> {
        Scope { model: &self.model, variant: &self.variant, gpu: &self.gpu }
    }
}

fn read_row(row: &mut Row<'_>) -> Option<BootRow> {
    let (model, variant, gpu) = (row.text("model"), row.text("variant"), row.text("gpu"));
    let seconds = row.optional_number("seconds", Bound::Positive);
    let cv = row.optional_number("cv", Bound::NotNegative);
    let used = row.used();
    let provenance = row.provenance();
    if row.field("seconds").is_empty() && row.field("cv").is_empty() {
        row.reject("seconds", "is empty, and so is cv".into(), "give the seconds of a boot, or a cv");
    }
    if model.as_deref() == Some(ANY) && seconds.is_some() {
        row.reject("model", "`*` cannot have a boot time: models differ".into(), "name the model that is meant");
    }
    Some(BootRow {
        line: row.line(),
        model: model?,
        variant: variant?,
        gpu: gpu?,
        seconds,
        cv,
        used: used?,
        provenance: provenance?,
        note: row.field("note").to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fit::{Factor, Kind, RestsOn};
    use approx::assert_relative_eq;

    const HEADER: &str = "model,variant,gpu,seconds,cv,use,kind,source,date,note\n";

    const FILE: &str = "\
m,fp8,L40S,40,,yes,measured,log,2026-02-01,
m,fp8,L40S,60,,yes,measured,log,2026-02-02,
m,fp8,L40S,500,,no,measured,log,2026-02-03,
m,fp8,*,45,,yes,assumed,guess,2026,
m,*,T4,70,,yes,derived,sum,2026,
m,*,*,90,0.2,yes,assumed,guess,2026,
n,*,*,1,,yes,measured,log,2026,
n,*,*,2,,yes,measured,log,2026,
n,*,*,3,,yes,measured,log,2026,
*,*,*,,0.73,yes,published,trace,2024,
";

    fn boots() -> Boots {
        Boots::read("boots.csv", &format!("{HEADER}{FILE}")).expect("valid")
    }

    #[test]
    fn the_most_specific_rows_win() {
        let mean = |variant, gpu| boots().boot("m", variant, gpu).expect("a fit").law.mean_s();
        assert_relative_eq!(mean("fp8", "L40S"), 50.0, epsilon = 1e-9);
        assert_relative_eq!(mean("fp8", "T4"), 45.0, epsilon = 1e-9);
        assert_relative_eq!(mean("nf4", "T4"), 70.0, epsilon = 1e-9);
        assert_relative_eq!(mean("nf4", "A10"), 90.0, epsilon = 1e-9);
        let rows = |variant, gpu| match boots().boot("m", variant, gpu).expect("a fit").rests_on {
            Some(RestsOn::Rows(rows)) => (rows.variant, rows.gpu),
            other => panic!("{other:?}"),
        };
        assert_eq!(rows("nf4", "T4"), ("*".to_owned(), "T4".to_owned()));
        assert_eq!(rows("nf4", "A10"), rows("nf4", "H100"));
        assert_eq!(boots().boot("unheard-of", "fp8", "L40S"), None);
    }

    #[test]
    fn the_spread_is_pooled_below_three_boots_and_own_from_three_on() {
        let two = boots().boot("m", "fp8", "L40S").expect("a fit");
        assert_eq!((two.kind, two.n, two.factor), (Kind::Measured, 2, Factor::EXACT));
        assert_relative_eq!(two.law.cv(), 0.73, epsilon = 1e-9);
        assert_eq!(two.notes, ["spread: cv 0.730 for all models, trace (2024)"]);
        let three = boots().boot("n", "fp8", "L40S").expect("a fit");
        assert_relative_eq!(three.law.cv(), 0.5, epsilon = 1e-9);
    }

    #[test]
    fn a_stated_spread_is_taken_and_a_guess_is_uncertain() {
        let fit = boots().boot("m", "nf4", "A10").expect("a fit");
        assert_relative_eq!(fit.law.cv(), 0.2, epsilon = 1e-9);
        assert_eq!((fit.kind, fit.n), (Kind::Assumed, 0));
        assert_relative_eq!(fit.factor.high, 1.638_249, max_relative = 1e-6);
    }

    #[test]
    fn malformed_rows_are_named_with_their_line() {
        let bad = "m,*,*,,,yes,measured,a,b,\n*,*,*,5,,yes,measured,a,b,\nm,*,*,-5,,yes,measured,a,b,\n\
                   m,*,*,5,,,measured,a,b,\n*,*,*,,0.7,yes,published,a,b,\n*,*,*,,0.8,yes,published,a,b,\n";
        let found = Boots::read("boots.csv", &format!("{HEADER}{bad}")).expect_err("bad input");
        let keys: Vec<_> = found.iter().map(|p| (p.line.expect("a line"), p.key.as_str())).collect();
        assert_eq!(keys, [(2, "seconds"), (3, "model"), (4, "seconds"), (5, "use"), (7, "cv")], "{found:#?}");
    }
}
