//! The spread of a cell that was measured too rarely to tell its own.

use crate::fit::RowsOf;
use crate::provenance::Provenance;
use crate::runs::CellName;
use crate::sample::Sample;

/// Stands for every model, variant or GPU in a file.
pub(crate) const ANY: &str = "*";

/// Fewest measurements whose own spread is believed; with fewer it is borrowed.
pub const OWN_SPREAD_N: u32 = 3;

/// Degrees of freedom of a spread that is borrowed, stated by a source or pooled over others: cells differ, so it is worth
/// as little as that of four runs. Our choice.
pub const BORROWED_FREEDOM: u32 = 3;

/// Fewest degrees of freedom that a pooled spread is believed from: as many as three measurements of one cell have.
const POOLED_FREEDOM: usize = 2;

/// A coefficient of variation and what it rests on.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Spread {
    /// Standard deviation over mean.
    pub(crate) cv: f64,
    /// In words, for the notes of a law.
    pub(crate) basis: String,
}

/// Whom a row of a file speaks of: each part a name, or [`ANY`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Scope<'a> {
    pub(crate) model: &'a str,
    pub(crate) variant: &'a str,
    pub(crate) gpu: &'a str,
}

impl CellName {
    /// The cell as rows speak of it.
    pub(crate) fn scope(&self) -> Scope<'_> {
        Scope { model: &self.model, variant: &self.variant, gpu: &self.gpu }
    }
}

impl From<Scope<'_>> for RowsOf {
    fn from(Scope { model, variant, gpu }: Scope<'_>) -> Self {
        Self { model: model.to_owned(), variant: variant.to_owned(), gpu: gpu.to_owned() }
    }
}

impl Scope<'_> {
    /// Whether the row speaks of this cell.
    pub(crate) fn covers(&self, cell: Scope<'_>) -> bool {
        let covers = |pattern: &str, name: &str| pattern == ANY || pattern == name;
        covers(self.model, cell.model) && covers(self.variant, cell.variant) && covers(self.gpu, cell.gpu)
    }

    /// Orders rows that cover the same cell: the greatest is the most specific. A named model outweighs a named
    /// variant, and that a named GPU.
    pub(crate) fn specificity(&self) -> (bool, bool, bool) {
        (self.model != ANY, self.variant != ANY, self.gpu != ANY)
    }
}

/// A spread that a file states.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StatedSpread<'a> {
    /// For whom.
    pub(crate) scope: Scope<'a>,
    /// Standard deviation over mean.
    pub(crate) cv: f64,
    /// Who says so.
    pub(crate) provenance: &'a Provenance,
}

/// The spread to take for `cell`: stated for the model, else pooled over the model's cells, else stated for all
/// models, else pooled over all cells, else none at all.
///
/// `samples` are the samples of all cells, each with its model.
pub(crate) fn pooled_spread(cell: Scope<'_>, stated: &[StatedSpread<'_>], samples: &[(&str, Sample<'_>)]) -> Spread {
    let best = |of_the_model: bool| {
        let covering = stated.iter().filter(|row| row.scope.covers(cell) && (row.scope.model != ANY) == of_the_model);
        covering.max_by_key(|row| row.scope.specificity()).map(describe)
    };
    let of_the_model = samples.iter().filter(|(model, _)| *model == cell.model).map(|(_, sample)| sample);
    let of_all = samples.iter().map(|(_, sample)| sample);
    best(true)
        .or_else(|| pool(of_the_model, &format!("the repeated measurements of {}", cell.model)))
        .or_else(|| best(false))
        .or_else(|| pool(of_all, "the repeated measurements of all models"))
        .unwrap_or_else(|| Spread { cv: 0.0, basis: "spread: unknown, taken as none".into() })
}

fn describe(row: &StatedSpread<'_>) -> Spread {
    let scope = if row.scope.model == ANY { "all models" } else { row.scope.model };
    Spread { cv: row.cv, basis: format!("spread: cv {:.3} for {scope}, {}", row.cv, row.provenance.cite()) }
}

fn pool<'a>(samples: impl Iterator<Item = &'a Sample<'a>>, whose: &str) -> Option<Spread> {
    let (squares, freedom) = samples.map(Sample::squared_cv).fold((0.0, 0), |a, b| (a.0 + b.0, a.1 + b.1));
    let cv = (squares / freedom as f64).sqrt();
    (freedom >= POOLED_FREEDOM).then(|| Spread { cv, basis: format!("spread: cv {cv:.3} pooled over {whose}") })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fit::Kind;
    use crate::sample::Measurement;
    use approx::assert_relative_eq;

    const CELL: Scope<'_> = Scope { model: "lora", variant: "bf16", gpu: "T4" };

    fn provenance() -> Provenance {
        Provenance { kind: Kind::Published, source: "a paper".into(), date: "2024".into() }
    }

    fn sample<'a>(seconds: &[f64], provenance: &'a Provenance) -> Sample<'a> {
        let rows = seconds.iter().map(|&seconds| Measurement { seconds, cv: None, provenance, note: "" });
        Sample::new(rows).expect("rows")
    }

    #[test]
    fn the_most_specific_stated_spread_wins() {
        let provenance = provenance();
        let row = |model, variant, gpu, cv| StatedSpread {
            scope: Scope { model, variant, gpu },
            cv,
            provenance: &provenance,
        };
        let rows = [
            row("*", "*", "*", 0.1),
            row("lora", "*", "*", 0.2),
            row("lora", "*", "T4", 0.3),
            row("lora", "nf4", "T4", 0.4),
        ];
        assert_relative_eq!(pooled_spread(CELL, &rows, &[]).cv, 0.3);
        assert_relative_eq!(pooled_spread(CELL, &rows[..2], &[]).cv, 0.2);
        let all = pooled_spread(CELL, &rows[..1], &[]);
        assert_relative_eq!(all.cv, 0.1);
        assert_eq!(all.basis, "spread: cv 0.100 for all models, a paper (2024)");
    }

    #[test]
    fn samples_of_the_model_are_pooled_before_those_of_all() {
        let provenance = provenance();
        // Relative deviations: ±1/4 (one degree of freedom), ±1/2 and 0 (two): cv² = (1/8 + 1/2) / 3.
        let samples = [
            ("lora", sample(&[3.0, 5.0], &provenance)),
            ("lora", sample(&[1.0, 2.0, 3.0], &provenance)),
            ("other", sample(&[1.0, 9.0], &provenance)),
            ("third", sample(&[1.0, 9.0], &provenance)),
        ];
        let own = pooled_spread(CELL, &[], &samples);
        assert_relative_eq!(own.cv, (0.625f64 / 3.0).sqrt(), epsilon = 1e-12);
        assert!(own.basis.ends_with("pooled over the repeated measurements of lora"), "{}", own.basis);
        let all = pooled_spread(CELL, &[], &samples[2..]);
        assert_relative_eq!(all.cv, (2.0 * 0.64f64).sqrt(), epsilon = 1e-12);
        assert!(all.basis.ends_with("all models"), "{}", all.basis);
    }

    #[test]
    fn two_measurements_tell_no_spread_and_an_unknown_one_says_so() {
        let provenance = provenance();
        let none = pooled_spread(CELL, &[], &[("lora", sample(&[3.0, 9.0], &provenance))]);
        assert_eq!((none.cv.to_bits(), none.basis.as_str()), (0, "spread: unknown, taken as none"));
    }
}
