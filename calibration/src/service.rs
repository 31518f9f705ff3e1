//! Service-time laws from benchmarks: measured cells directly, the others through a ratio.

use crate::benchmarks::{BenchmarkRow, Benchmarks, Finding};
use crate::calibration::{Calibration, CalibrationOptions, Dispute, StatedCv};
use crate::contradictions::{ContradictionRule, TypicalTime};
use crate::fit::{Factor, Fit, RestsOn};
use crate::runs::{CellName, Phase, Runs};
use crate::sample::{Measurement, Sample, push_once};
use crate::spread::{ANY, Scope, Spread, StatedSpread, pooled_spread};

/// A ratio row that is fitted.
struct RatioOf<'a> {
    row: &'a BenchmarkRow,
    ratio: f64,
    bounds: Option<(f64, f64)>,
    relative_to: &'a str,
}

impl Benchmarks {
    /// The service time of a warm request, or `None` when nothing leads to it.
    ///
    /// Warm rows of the cell itself come first: their mean; their own spread from three measurements on, else the
    /// spread that the source states, else a pooled one (the notes say which). Without them, the law of the GPU that
    /// a ratio row compares with is scaled: `n` is then 0 and `factor` holds the bounds of the ratio alone, for what
    /// is unknown about the base is the base's own and the same on every GPU.
    ///
    /// `kind` speaks of the mean: the weakest among the rows it rests on.
    #[must_use]
    pub fn service(&self, model: &str, variant: &str, gpu: &str) -> Option<Fit> {
        let cell = Scope { model, variant, gpu };
        self.direct(cell).or_else(|| self.by_ratio(cell, |base| self.direct(base)))
    }

    /// The law of a cell that a ratio row speaks of.
    ///
    /// - `base`: the law of the cell that it compares with.
    pub(crate) fn by_ratio(&self, cell: Scope<'_>, base: impl Fn(Scope<'_>) -> Option<Fit>) -> Option<Fit> {
        let mut fit = self.scaled(cell, base)?;
        fit.notes.extend(self.contradictions_of(cell));
        Some(fit)
    }

    fn scaled(&self, cell: Scope<'_>, base: impl Fn(Scope<'_>) -> Option<Fit>) -> Option<Fit> {
        let ratio = self.ratio(cell)?;
        let mut fit = base(Scope { gpu: ratio.relative_to, ..cell })?;
        apply(&mut fit, &ratio);
        Some(fit)
    }

    /// Rows that contradict what is taken of their cell.
    #[must_use]
    pub fn contradictions(&self) -> Vec<Dispute> {
        self.disputes(&self.runs(true))
    }

    /// What a ratio makes of cells none of whose rows is fitted.
    #[must_use]
    pub fn expected(&self) -> Vec<(CellName, TypicalTime)> {
        let base = |cell: Scope<'_>| Some(self.sample(cell)?.fit(cell, || self.pooled_spread(cell)));
        let of = |cell: CellName| {
            let scope = cell.scope();
            let fit = if self.sample(scope).is_some() { None } else { self.scaled(scope, base) };
            Some((cell.clone(), TypicalTime::of_fit(&fit?)))
        };
        self.runs(true).cells(Phase::Warm).into_iter().filter_map(|(cell, _)| of(cell.clone())).collect()
    }

    /// Whatever a row says against the others, all rows with `use = yes` are averaged.
    fn disputes(&self, rows: &Runs) -> Vec<Dispute> {
        let stated = self.stated_cv().into_iter().collect();
        let (rule, expected) = (ContradictionRule::Keep, self.expected());
        Calibration::disputes(rows, &CalibrationOptions { rule, stated, expected, ..CalibrationOptions::default() })
    }

    /// The law of a cell that has warm rows of its own.
    pub(crate) fn direct(&self, cell: Scope<'_>) -> Option<Fit> {
        let mut fit = self.sample(cell)?.fit(cell, || self.pooled_spread(cell));
        fit.notes.extend(self.contradictions_of(cell));
        Some(fit)
    }

    fn sample<'a>(&'a self, cell: Scope<'_>) -> Option<Sample<'a>> {
        Sample::new(self.rows.iter().filter(|row| row.used && row.scope() == cell).filter_map(
            |row| match row.finding {
                Finding::Warm { seconds, cv } => {
                    Some(Measurement { seconds, cv, provenance: &row.provenance, note: &row.note })
                }
                _ => None,
            },
        ))
    }

    fn ratio(&self, cell: Scope<'_>) -> Option<RatioOf<'_>> {
        let ratios = self.rows.iter().filter(|row| row.used && row.scope().covers(cell)).filter_map(|row| {
            let Finding::Ratio { ratio, bounds, relative_to } = &row.finding else { return None };
            Some(RatioOf { row, ratio: *ratio, bounds: *bounds, relative_to })
        });
        ratios.max_by_key(|ratio| ratio.row.scope().specificity())
    }

    /// The spread that a row states for all models, of those that speak of all variants and GPU types rather than of
    /// some.
    #[must_use]
    pub fn stated_cv(&self) -> Option<StatedCv> {
        let stated =
            |row: &&BenchmarkRow| row.used && row.model == ANY && matches!(row.finding, Finding::Spread { .. });
        let row = self.rows.iter().filter(stated).min_by_key(|row| row.scope().specificity())?;
        let Finding::Spread { cv } = row.finding else { return None };
        Some(StatedCv { phase: Phase::Warm, cv, source: row.provenance.cite() })
    }

    fn pooled_spread(&self, cell: Scope<'_>) -> Spread {
        let stated: Vec<StatedSpread<'_>> = self
            .rows
            .iter()
            .filter(|row| row.used)
            .filter_map(|row| match row.finding {
                Finding::Spread { cv } => Some(StatedSpread { scope: row.scope(), cv, provenance: &row.provenance }),
                _ => None,
            })
            .collect();
        let mut cells: Vec<Scope<'_>> = Vec::new();
        for row in &self.rows {
            if !cells.contains(&row.scope()) {
                cells.push(row.scope());
            }
        }
        let samples: Vec<_> = cells.into_iter().filter_map(|c| Some((c.model, self.sample(c)?))).collect();
        pooled_spread(cell, &stated, &samples)
    }

    fn contradictions_of(&self, cell: Scope<'_>) -> Vec<String> {
        let mut runs = self.runs(true);
        runs.rows.retain(|row| row.cell.scope() == cell);
        if runs.rows.is_empty() {
            return Vec::new();
        }
        self.disputes(&runs).iter().map(ToString::to_string).collect()
    }
}

/// Turns the law of the base into that of the GPU that `ratio` speaks of.
fn apply(fit: &mut Fit, ratio: &RatioOf<'_>) {
    let RatioOf { row, ratio, bounds, relative_to } = ratio;
    let bounded = bounds.map(|(low, high)| Factor { low: low / ratio, high: high / ratio });
    let words = bounds.map_or(String::new(), |(low, high)| format!(" ({low} to {high})"));
    if fit.factor != Factor::EXACT {
        let Factor { low, high } = fit.factor;
        let own = format!(
            "the time on {relative_to} is itself known to a factor of {low:.2} to {high:.2}, on all GPUs alike"
        );
        push_once(&mut fit.notes, own);
    }
    let base = Box::new(fit.clone());
    fit.rests_on = Some(RestsOn::Ratio { rows: row.scope().into(), relative_to: (*relative_to).to_owned(), base });
    fit.law = fit.law.scaled(*ratio);
    fit.kind = fit.kind.max(row.provenance.kind);
    fit.n = 0;
    fit.factor = bounded.unwrap_or_else(|| Factor::of_kind(row.provenance.kind));
    push_once(&mut fit.sources, row.provenance.cite());
    fit.notes.insert(0, format!("{ratio}{words} times the time on {relative_to}"));
    push_once(&mut fit.notes, row.note.clone());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fit::Kind;
    use approx::assert_relative_eq;

    const HEADER: &str =
        "model,variant,gpu,phase,seconds,ratio,ratio_low,ratio_high,relative_to,cv,use,kind,source,date,note\n";

    const FILE: &str = "\
flux-schnell,fp8,L40S,warm,2.13,,,,,,yes,measured,log,2026-02-02,
flux-schnell,fp8,L40S,warm,2.51,,,,,,yes,measured,log,2026-02-01,
flux-schnell,fp8,L40S,warm,2.9,,,,,,yes,measured,report,2026-01-21,
flux-schnell,fp8,L40S,warm,29,,,,,,no,measured,log,2026-02-02,unlabelled
flux-schnell,*,A10,ratio,,2.93,2.9,3.8,L40S,,yes,published,bench,2026,
flux-schnell,*,T4,ratio,,7.3,,,L40S,,yes,derived,rates,2026,quantised
flux-schnell,fp8,H100,warm,1.2,,,,,,no,published,vendor,2024,
flux-schnell,*,H100,ratio,,0.41,0.35,0.5,L40S,,yes,published,bench,2025,
flux-dev,bf16,L40S,warm,11.3,,,,,,yes,derived,sum,2025,
flux-dev,bf16,L40S,warm,29.65,,,,,,no,measured,log,2026-02-02,
flux-dev,bf16,A10,ratio,,3.1,2.9,3.8,L40S,,yes,published,bench,2026,
flux-dev,*,A10,ratio,,2.93,2.9,3.8,L40S,,yes,published,bench,2026,
instantid,fp16,L40S,warm,8.9,,,,,,yes,measured,log,2026-02-01,
*,*,*,cv,,,,,,0.04,yes,published,series,2025,
";

    fn service(model: &str, variant: &str, gpu: &str) -> Fit {
        benchmarks(FILE).service(model, variant, gpu).expect("a fit")
    }

    fn benchmarks(rows: &str) -> Benchmarks {
        Benchmarks::read("benchmarks.csv", &format!("{HEADER}{rows}")).expect("valid")
    }

    #[test]
    fn measured_rows_give_the_mean_and_from_three_on_the_spread() {
        let fit = service("flux-schnell", "fp8", "L40S");
        // (2.13 + 2.51 + 2.9) / 3 = 2.5133; deviations -0.3833, -0.0033, 0.3867; s = 0.38501.
        assert_relative_eq!(fit.law.mean_s(), 7.54 / 3.0, epsilon = 1e-12);
        assert_relative_eq!(fit.law.cv(), 0.385_010_8 / 2.513_333_3, epsilon = 1e-6);
        assert_eq!((fit.kind, fit.n, fit.factor), (Kind::Measured, 3, Factor::EXACT));
        assert_eq!(fit.sources, ["log (2026-02-02)", "log (2026-02-01)", "report (2026-01-21)"]);
    }

    #[test]
    fn fewer_than_three_rows_take_a_pooled_spread_and_say_which() {
        let stated = service("instantid", "fp16", "L40S");
        assert_relative_eq!(stated.law.mean_s(), 8.9, epsilon = 1e-12);
        assert_relative_eq!(stated.law.cv(), 0.04, epsilon = 1e-12);
        assert_eq!((stated.kind, stated.n), (Kind::Measured, 1));
        assert_eq!(stated.notes, ["spread: cv 0.040 for all models, series (2025)"]);
        let without = benchmarks(FILE.trim_end().rsplit_once('\n').expect("lines").0);
        let pooled = without.service("instantid", "fp16", "L40S").expect("a fit");
        assert_relative_eq!(pooled.law.cv(), 0.385_010_8 / 2.513_333_3, epsilon = 1e-6);
        assert_eq!(pooled.notes, ["spread: cv 0.153 pooled over the repeated measurements of all models"]);
    }

    #[test]
    fn a_ratio_scales_the_base_and_bounds_the_factor() {
        let fit = service("flux-schnell", "fp8", "A10");
        assert_relative_eq!(fit.law.mean_s(), 2.93 * 7.54 / 3.0, epsilon = 1e-12);
        assert_relative_eq!(fit.factor.low, 2.9 / 2.93, epsilon = 1e-12);
        assert_relative_eq!(fit.factor.high, 3.8 / 2.93, epsilon = 1e-12);
        assert_eq!((fit.kind, fit.n), (Kind::Published, 0));
        let Some(RestsOn::Ratio { rows, relative_to, base }) = &fit.rests_on else { panic!("{:?}", fit.rests_on) };
        assert_eq!((rows.variant.as_str(), rows.gpu.as_str(), relative_to.as_str()), ("*", "A10", "L40S"));
        assert_eq!(**base, service("flux-schnell", "fp8", "L40S"));
        assert_eq!(fit.notes[0], "2.93 (2.9 to 3.8) times the time on L40S");
        assert_eq!(fit.sources.last().map(String::as_str), Some("bench (2026)"));
    }

    #[test]
    fn a_derived_ratio_without_bounds_is_uncertain_by_default() {
        let fit = service("flux-schnell", "fp8", "T4");
        assert_relative_eq!(fit.factor.low, 1.0 / 1.638_249, max_relative = 1e-6);
        assert_relative_eq!(fit.factor.high, 1.638_249, max_relative = 1e-6);
        assert_eq!(fit.kind, Kind::Derived);
        assert!(fit.notes.contains(&"quantised".to_owned()), "{:?}", fit.notes);
    }

    #[test]
    fn the_weakest_kind_and_the_most_specific_ratio_win() {
        let fit = service("flux-dev", "bf16", "A10");
        assert_relative_eq!(fit.law.mean_s(), 3.1 * 11.3, epsilon = 1e-12);
        assert_eq!(fit.kind, Kind::Derived);
        let about_the_base = "the time on L40S is itself known to a factor of 0.61 to 1.64, on all GPUs alike";
        assert!(fit.notes.contains(&about_the_base.to_owned()), "{:?}", fit.notes);
    }

    fn contradictions(rows: &str) -> Vec<String> {
        benchmarks(rows).contradictions().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn rows_that_contradict_the_fit_are_named_on_their_cell_and_on_what_rests_on_it() {
        let dev = "flux-dev bf16, L40S (warm requests): 29.65 s (measured, log (2026-02-02)) is 2.6 times longer than the \
                   derived 11.300 s, 3.2 standard deviations: not fitted";
        let schnell = "flux-schnell fp8, L40S (warm requests): 29 s (measured, log (2026-02-02)) is 11.6 times longer than \
                       the measured 2.510 s, 11.4 standard deviations; unlabelled: not fitted";
        assert_eq!(contradictions(FILE), [dev, schnell]);
        for gpu in ["L40S", "A10"] {
            assert!(service("flux-dev", "bf16", gpu).notes.contains(&dev.to_owned()), "{gpu}");
        }
    }

    #[test]
    fn a_wild_row_that_is_fitted_is_named_and_does_not_accuse_the_others() {
        let row = |s: &str| format!("m,v,T4,warm,{s},,,,,,yes,measured,log,2026,\n");
        let found = contradictions(&(row("2") + &row("2.2") + &row("50")));
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(
            found[0].starts_with("m v, T4 (warm requests): 50 s (measured, log (2026)) is 22.7 times longer"),
            "{found:?}"
        );
        assert!(found[0].ends_with(": fitted all the same"), "{found:?}");
        assert!(found[1].ends_with("which are right is not known: kept as they are"), "{found:?}");
    }

    #[test]
    fn evidence_on_a_ratio_cell_is_held_against_the_scaled_base() {
        assert!(!service("flux-schnell", "fp8", "H100").notes.iter().any(|note| note.contains("H100 (warm")));
        let slow = FILE.replace("H100,warm,1.2", "H100,warm,9");
        let fit = benchmarks(&slow).service("flux-schnell", "fp8", "H100").expect("a fit");
        // 0.41 times 2.513 s, and below it the median of a law with a cv of 0.153.
        let named = "flux-schnell fp8, H100 (warm requests): 9 s (published, vendor (2024)) is 8.8 times longer than the published 1.019 s, ";
        assert!(
            fit.notes.iter().any(|note| note.starts_with(named) && note.ends_with(": not fitted")),
            "{:?}",
            fit.notes
        );
    }

    #[test]
    fn what_nothing_leads_to_has_no_fit() {
        let benchmarks = benchmarks(FILE);
        assert_eq!(benchmarks.service("instantid", "fp16", "T4"), None);
        assert_eq!(benchmarks.service("flux-dev", "nf4", "A10"), None);
        assert_eq!(benchmarks.service("unheard-of", "fp16", "L40S"), None);
    }
}
