//! Service-time laws from benchmarks: measured cells directly, the others through a ratio.

use crate::benchmarks::{BenchmarkRow, Benchmarks, Finding};
use crate::calibration::StatedCv;
use crate::fit::{Factor, Fit, RestsOn};
use crate::runs::Phase;
use crate::sample::{Measurement, Sample, default_factor, push_once};
use crate::spread::{ANY, Scope, Spread, StatedSpread, pooled_spread};

/// A row this many times longer or shorter than the fitted time contradicts it.
const CONTRADICTION: f64 = 2.0;

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
        let ratio = self.ratio(cell)?;
        let mut fit = base(Scope { gpu: ratio.relative_to, ..cell })?;
        apply(&mut fit, &ratio);
        fit.notes.extend(self.contradictions_of(cell));
        Some(fit)
    }

    /// Every row that differs from the fitted time of its cell by more than a factor of 2, in words.
    #[must_use]
    pub fn contradictions(&self) -> Vec<String> {
        let mut cells: Vec<Scope<'_>> = Vec::new();
        for row in &self.rows {
            if matches!(row.finding, Finding::Warm { .. }) && !cells.contains(&row.scope()) {
                cells.push(row.scope());
            }
        }
        cells.into_iter().flat_map(|cell| self.contradictions_of(cell)).collect()
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

    /// The time that rows of a cell are held against: a median, so that a wild row does not hide itself.
    fn typical_s(&self, cell: Scope<'_>) -> Option<f64> {
        if let Some(sample) = self.sample(cell) {
            return Some(sample.median_s());
        }
        let ratio = self.ratio(cell)?;
        Some(ratio.ratio * self.sample(Scope { gpu: ratio.relative_to, ..cell })?.median_s())
    }

    fn contradictions_of(&self, cell: Scope<'_>) -> Vec<String> {
        let Some(typical) = self.typical_s(cell) else { return Vec::new() };
        let mut found = Vec::new();
        for row in self.rows.iter().filter(|row| row.scope() == cell) {
            let Finding::Warm { seconds, .. } = row.finding else { continue };
            if (seconds / typical).max(typical / seconds) > CONTRADICTION {
                let verdict = if row.used { "fitted all the same" } else { "kept as evidence, not fitted" };
                let (Scope { model, gpu, .. }, date) = (cell, &row.provenance.date);
                found.push(format!("{model} on {gpu}: {seconds} s ({date}) contradicts {typical:.1} s: {verdict}"));
            }
        }
        found
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
    fit.factor = bounded.unwrap_or_else(|| default_factor(row.provenance.kind));
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
        assert_relative_eq!(fit.factor.low, 1.0 / 1.35, epsilon = 1e-12);
        assert_relative_eq!(fit.factor.high, 1.35, epsilon = 1e-12);
        assert_eq!(fit.kind, Kind::Derived);
        assert!(fit.notes.contains(&"quantised".to_owned()), "{:?}", fit.notes);
    }

    #[test]
    fn the_weakest_kind_and_the_most_specific_ratio_win() {
        let fit = service("flux-dev", "bf16", "A10");
        assert_relative_eq!(fit.law.mean_s(), 3.1 * 11.3, epsilon = 1e-12);
        assert_eq!(fit.kind, Kind::Derived);
        let about_the_base = "the time on L40S is itself known to a factor of 0.74 to 1.35, on all GPUs alike";
        assert!(fit.notes.contains(&about_the_base.to_owned()), "{:?}", fit.notes);
    }

    #[test]
    fn rows_that_contradict_the_fit_are_named_on_their_cell_and_on_what_rests_on_it() {
        let dev = "flux-dev on L40S: 29.65 s (2026-02-02) contradicts 11.3 s: kept as evidence, not fitted";
        let schnell = "flux-schnell on L40S: 29 s (2026-02-02) contradicts 2.5 s: kept as evidence, not fitted";
        assert_eq!(benchmarks(FILE).contradictions(), [schnell, dev]);
        for gpu in ["L40S", "A10"] {
            assert!(service("flux-dev", "bf16", gpu).notes.contains(&dev.to_owned()), "{gpu}");
        }
    }

    #[test]
    fn a_wild_row_that_is_fitted_is_named_and_does_not_accuse_the_others() {
        let row = |s: &str| format!("m,v,T4,warm,{s},,,,,,yes,measured,log,2026,\n");
        let found = benchmarks(&(row("2") + &row("2.2") + &row("50"))).contradictions();
        assert_eq!(found, ["m on T4: 50 s (2026) contradicts 2.2 s: fitted all the same"]);
    }

    #[test]
    fn evidence_on_a_ratio_cell_is_held_against_the_scaled_base() {
        let slow = FILE.replace("H100,warm,1.2", "H100,warm,9");
        let fit = benchmarks(&slow).service("flux-schnell", "fp8", "H100").expect("a fit");
        let named = "flux-schnell on H100: 9 s (2024) contradicts 1.0 s: kept as evidence, not fitted";
        assert!(fit.notes.contains(&named.to_owned()), "{:?}", fit.notes);
    }

    #[test]
    fn what_nothing_leads_to_has_no_fit() {
        let benchmarks = benchmarks(FILE);
        assert_eq!(benchmarks.service("instantid", "fp16", "T4"), None);
        assert_eq!(benchmarks.service("flux-dev", "nf4", "A10"), None);
        assert_eq!(benchmarks.service("unheard-of", "fp16", "L40S"), None);
    }
}
