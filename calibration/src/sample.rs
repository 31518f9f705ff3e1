//! What was measured, or computed, about one thing: the rows behind one law.

use fleetfront_sim::{Law, Seconds};

use crate::fit::{Factor, Fit, Kind, RestsOn};
use crate::provenance::Provenance;
use crate::spread::{OWN_SPREAD_N, Scope, Spread};

/// One row behind a law.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Measurement<'a> {
    /// The time.
    pub(crate) seconds: f64,
    /// Its spread, where the source states one.
    pub(crate) cv: Option<f64>,
    /// Where it comes from.
    pub(crate) provenance: &'a Provenance,
    /// What a reader must know; may be empty.
    pub(crate) note: &'a str,
}

/// The rows behind one law; never empty.
#[derive(Debug, Clone)]
pub(crate) struct Sample<'a> {
    rows: Vec<Measurement<'a>>,
}

impl<'a> Sample<'a> {
    /// `None` when there are no rows.
    pub(crate) fn new(rows: impl IntoIterator<Item = Measurement<'a>>) -> Option<Self> {
        let rows: Vec<_> = rows.into_iter().collect();
        (!rows.is_empty()).then_some(Self { rows })
    }

    /// The mean over all rows, in seconds.
    pub(crate) fn mean_s(&self) -> f64 {
        self.rows.iter().map(|row| row.seconds).sum::<f64>() / self.rows.len() as f64
    }

    /// Squared relative deviations of what was observed, and their degrees of freedom.
    pub(crate) fn squared_cv(&self) -> (f64, usize) {
        let observed = self.observed();
        if observed.len() < 2 {
            return (0.0, 0);
        }
        let mean = observed.iter().sum::<f64>() / observed.len() as f64;
        (observed.iter().map(|seconds| (seconds / mean - 1.0).powi(2)).sum(), observed.len() - 1)
    }

    /// The lognormal law with this mean and a spread: its own where it can be told, else the one the source states,
    /// else `pooled`.
    ///
    /// - `of`: whom its rows speak of.
    pub(crate) fn fit(&self, of: Scope<'_>, pooled: impl FnOnce() -> Spread) -> Fit {
        let n = self.observed().len();
        let kind = self.rows.iter().map(|row| row.provenance.kind).max().expect("a sample has rows");
        let spread = self.own_spread().or_else(|| self.stated_spread()).unwrap_or_else(pooled);
        let mut fit = Fit {
            law: Law::lognormal(Seconds::new(self.mean_s()).expect("a mean of accepted spans"), spread.cv),
            kind,
            n: n as u32,
            factor: Factor::of_kind(kind),
            rests_on: Some(RestsOn::Rows(of.into())),
            sources: Vec::new(),
            notes: vec![spread.basis],
        };
        for row in &self.rows {
            push_once(&mut fit.sources, row.provenance.cite());
            push_once(&mut fit.notes, row.note.to_owned());
        }
        fit
    }

    /// The times that somebody measured: a computed time says nothing about luck.
    fn observed(&self) -> Vec<f64> {
        let measured = |row: &&Measurement| row.provenance.kind <= Kind::Published;
        self.rows.iter().filter(measured).map(|row| row.seconds).collect()
    }

    fn own_spread(&self) -> Option<Spread> {
        let (squares, freedom) = self.squared_cv();
        if freedom + 1 < OWN_SPREAD_N as usize {
            return None;
        }
        let cv = (squares / freedom as f64).sqrt();
        Some(Spread { cv, basis: format!("spread: cv {cv:.3} of these {} measurements", freedom + 1) })
    }

    fn stated_spread(&self) -> Option<Spread> {
        let cv = self.rows.iter().find_map(|row| row.cv)?;
        Some(Spread { cv, basis: format!("spread: cv {cv:.3} as stated by the source") })
    }
}

/// Adds a text that is neither empty nor already there.
pub(crate) fn push_once(texts: &mut Vec<String>, text: String) {
    if !text.is_empty() && !texts.contains(&text) {
        texts.push(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    fn provenance(kind: Kind) -> Provenance {
        Provenance { kind, source: "a log".into(), date: "2026-02-01".into() }
    }

    fn fit(seconds: &[f64], kind: Kind, cv: Option<f64>) -> Fit {
        let provenance = provenance(kind);
        let rows = seconds.iter().map(|&seconds| Measurement { seconds, cv, provenance: &provenance, note: "" });
        let of = Scope { model: "m", variant: "v", gpu: "T4" };
        Sample::new(rows).expect("rows").fit(of, || Spread { cv: 0.5, basis: "pooled".into() })
    }

    #[test]
    fn three_measurements_speak_for_their_own_spread() {
        // Mean 4, standard deviation 2 by hand.
        let fit = fit(&[2.0, 4.0, 6.0], Kind::Measured, Some(0.9));
        assert_relative_eq!(fit.law.mean_s(), 4.0, epsilon = 1e-12);
        assert_relative_eq!(fit.law.cv(), 0.5, epsilon = 1e-12);
        assert_eq!((fit.n, fit.factor), (3, Factor::EXACT));
        assert_eq!(fit.notes, ["spread: cv 0.500 of these 3 measurements"]);
        assert_eq!(fit.sources, ["a log (2026-02-01)"]);
    }

    #[test]
    fn fewer_take_the_stated_or_the_pooled_spread() {
        assert_relative_eq!(fit(&[2.0, 4.0], Kind::Published, Some(0.036)).law.cv(), 0.036, epsilon = 1e-12);
        let pooled = fit(&[2.0, 4.0], Kind::Published, None);
        assert_relative_eq!(pooled.law.cv(), 0.5, epsilon = 1e-12);
        assert_eq!((pooled.n, pooled.notes), (2, vec!["pooled".to_owned()]));
    }

    #[test]
    fn computed_times_are_no_measurements_and_carry_a_factor() {
        let fit = fit(&[2.0, 4.0, 6.0], Kind::Derived, None);
        assert_eq!(fit.n, 0);
        assert_relative_eq!(fit.law.cv(), 0.5, epsilon = 1e-12);
        // Nine in ten of a standard deviation of 1.35 to either side.
        assert_relative_eq!(fit.factor.low * 1.638_249, 1.0, max_relative = 1e-6);
        assert_relative_eq!(fit.factor.high, 1.638_249, max_relative = 1e-6);
    }
}
