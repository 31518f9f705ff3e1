//! Rows of one cell that cannot all be right, and what is done about them: never an average.

use std::fmt;

use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, StudentsT};

use crate::fit::{Fit, Kind};
use crate::provenance::Provenance;
use crate::roofline::RooflinePrediction;
use crate::runs::Run;

/// How far from the middle, in robust standard deviations, a row contradicts the others: Hampel's customary 3 (Davies
/// and Gather 1993, *Journal of the American Statistical Association* 88, 782).
pub(crate) const CONTRADICTION_Z: f64 = 3.0;

/// The share of a normal law beyond three standard deviations to one side.
const CONTRADICTION_TAIL: f64 = 0.001_349_898_031_630_1;

/// A fitted row that is off the middle by more contradicts however few the rows are: our choice. Repetitions at fixed
/// settings have a cv of at most 0.064 (default scenario, 2026-10), and their spread is not known from three or four.
const CONTRADICTION_RATIO: f64 = 3.0;

/// A fitted row that is farther off than three robust standard deviations, but no farther than luck explains of so few rows,
/// is named where it is off the middle by this factor: our choice. One in twenty clean cells with a spread of 0.15 or less
/// at most has such a row (docs/validation.md); from 1.4 on up to one in twelve would.
const ODD_RATIO: f64 = 1.45;

/// Within so many standard deviations a widened spread takes every row.
pub(crate) const WIDENED_Z: f64 = 2.0;

/// Standard deviation of a normal law over its median absolute deviation, 1/Φ⁻¹(3/4).
const SIGMA_OF_MAD: f64 = 1.482_602_218_505_602;

/// What is done about rows that contradict the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContradictionRule {
    /// They are shown and not fitted.
    Exclude,
    /// They are fitted no more than with [`Self::Exclude`], but the spread is widened until all rows are within two
    /// standard deviations.
    Widen,
    /// They are fitted like all others.
    Keep,
}

/// What rows of a cell are held against.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct TypicalTime {
    /// The middle, in seconds.
    pub typical_s: f64,
    /// Standard deviation of the logarithm about it.
    pub sigma: f64,
    /// What is not known of the middle itself, as a standard deviation of its logarithm.
    pub error: f64,
    /// How many rows the middle and the spread are of; `None` where they are not of rows, or of others than are judged.
    pub n: Option<usize>,
    /// The weakest kind that the middle rests on.
    pub kind: Kind,
}

/// How a row stands to the others of its cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It may well be one of them.
    Agrees,
    /// Far off, and luck explains as much of so few rows: it is named, and fitted under every rule.
    Odd,
    /// Farther off than luck explains.
    Contradicts,
}

/// A row of a cell and how it stands to the others.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JudgedRow {
    /// Line in the file, from 1.
    pub line: u64,
    /// In seconds.
    pub seconds: f64,
    /// Robust z of its logarithm; its sign says whether it is longer or shorter.
    pub z: f64,
    /// Whether it contradicts them: see [`Contradictions::judge`].
    pub standing: Standing,
    /// Whether it may be fitted under the rule: rows that the file keeps as evidence never are.
    pub fitted: bool,
    /// In words: seconds, date, source, and the note of the row.
    pub words: String,
}

/// The rows of one cell, judged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Contradictions {
    /// What they were held against.
    pub reference: TypicalTime,
    /// All of them, in the order of the file.
    pub rows: Vec<JudgedRow>,
    /// By which rule.
    pub rule: ContradictionRule,
    /// Under [`ContradictionRule::Widen`] the standard deviation of the logarithm with which all rows are within two;
    /// else that of the reference.
    pub sigma: f64,
}

impl TypicalTime {
    /// The median of the rows that may be fitted, and their spread by the median absolute deviation; where none may, of
    /// all.
    ///
    /// - `runs`: rows of one cell, phase and shape; failures, timeouts and derived times count for nothing here.
    /// - `sigma_floor`: the least spread that is believed, as a standard deviation of logarithms, such as that pooled
    ///   over cells: of two rows, or of equal ones, the deviation is 0.
    ///
    /// `None` without a row. Of rows that only contradict each other the middle one wins, which says little: the caller
    /// should know better, from a prediction for example.
    ///
    /// # Panics
    /// If `sigma_floor` is not above zero.
    #[must_use]
    pub fn of_runs(runs: &[&Run], sigma_floor: f64) -> Option<Self> {
        let measured = |run: &&&Run| run.provenance.kind <= Kind::Published;
        let rows = |used: bool| -> Vec<(f64, Kind)> {
            let rows = runs.iter().filter(measured).filter(|run| !used || run.used);
            rows.filter_map(|run| Some((run.typical_s()?.ln(), run.provenance.kind))).collect()
        };
        let fitted = rows(true);
        let (logs, kinds): (Vec<f64>, Vec<Kind>) =
            if fitted.is_empty() { rows(false) } else { fitted }.into_iter().unzip();
        Self::of_logs(&logs, sigma_floor, kinds.into_iter().max()?)
    }

    fn of_logs(logs: &[f64], sigma_floor: f64, kind: Kind) -> Option<Self> {
        assert!(sigma_floor.is_finite() && sigma_floor > 0.0, "{sigma_floor} is no spread");
        let middle = median(logs)?;
        let deviations: Vec<f64> = logs.iter().map(|x| (x - middle).abs()).collect();
        let sigma = (SIGMA_OF_MAD * median(&deviations)?).max(sigma_floor);
        Some(Self { typical_s: middle.exp(), sigma, error: 0.0, n: Some(logs.len()), kind })
    }

    /// What a fit takes in the place of a median, with what it leaves open.
    #[must_use]
    pub fn of_fit(fit: &Fit) -> Self {
        let sigma = (fit.law.cv() * fit.law.cv()).ln_1p().sqrt();
        let typical_s = fit.law.mean_s() / (sigma * sigma / 2.0).exp();
        let [below, above] = fit.whole_sigmas_log();
        Self { typical_s, sigma, error: below.max(above), n: None, kind: fit.kind }
    }

    /// A derived time in the place of a median: its own uncertainty counts.
    ///
    /// - `sigma`: of one run about the middle.
    #[must_use]
    pub fn of_prediction(prediction: &RooflinePrediction, sigma: f64) -> Self {
        Self { typical_s: prediction.seconds, sigma, error: prediction.factor.ln(), n: None, kind: Kind::Derived }
    }

    /// How far a time is from the middle: as a logarithm, and in standard deviations.
    fn off(&self, seconds: f64) -> (f64, f64) {
        let off = (seconds / self.typical_s).ln();
        (off, off / self.sigma.hypot(self.error))
    }

    /// How a time stands to the middle; one that may be fitted is among the rows that the middle is of.
    fn standing(&self, seconds: f64, is_fitted: bool) -> Standing {
        let (off, z) = self.off(seconds);
        let (off, z) = (off.abs(), z.abs());
        let is_beyond_luck = !is_fitted || z > self.limit() || off > CONTRADICTION_RATIO.ln();
        match z > CONTRADICTION_Z {
            true if is_beyond_luck => Standing::Contradicts,
            true if off >= ODD_RATIO.ln() => Standing::Odd,
            _ => Standing::Agrees,
        }
    }

    /// How many times a run that was cut off is longer than the middle, at least, and how many standard deviations. `None`
    /// where that is no contradiction.
    pub(crate) fn cut_off_beyond(&self, limit_s: f64) -> Option<(f64, f64)> {
        let (off, z) = self.off(limit_s);
        (z > CONTRADICTION_Z).then(|| (off.exp(), z))
    }

    /// What contradicts of a run that was cut off among others that ended, in words: that it took longer than so far above the
    /// middle. `None` where it does not.
    pub(crate) fn far_below(&self, limit_s: f64, provenance: &Provenance) -> Option<String> {
        let (times, z) = self.cut_off_beyond(limit_s).filter(|(times, _)| *times > CONTRADICTION_RATIO)?;
        Some(format!(
            "more than {limit_s} s, where it was cut off ({}), is {times:.1} times longer than {self}, {z:.1} standard \
             deviations; it hung, or was of another kind",
            provenance.cite_in_full()
        ))
    }

    /// How many of its standard deviations of so few rows are as rare as three of a known one.
    fn limit(&self) -> f64 {
        self.n.map_or(CONTRADICTION_Z, |n| {
            let freedom = n.saturating_sub(1).max(1) as f64;
            let student = StudentsT::new(0.0, 1.0, freedom).expect("one degree of freedom or more");
            student.inverse_cdf(1.0 - CONTRADICTION_TAIL)
        })
    }
}

impl fmt::Display for TypicalTime {
    /// As contradictions speak of it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the {} {:.3} s", self.kind.word(), self.typical_s)
    }
}

impl Contradictions {
    /// Judges the rows of a cell.
    ///
    /// - `runs`: as in [`TypicalTime::of_runs`]; derived rows are judged as well.
    /// - `reference`: what they are held against.
    ///
    /// A row that may not be fitted contradicts from three standard deviations on. One that may loses its say by it, and the
    /// spread of few rows is badly known: at three of their own robust standard deviations, 8 to 22 % of clean cells with 5
    /// to 19 runs would lose one, and 90 % bounds of what is left hold 78 %. So it has to be as far out as three standard
    /// deviations are rare by Student's t as well, or off the middle by more than a factor of 3. Between the two, and from a
    /// factor of 1.45 on, it is odd: it keeps its say, and is named.
    #[must_use]
    pub fn judge(runs: &[&Run], reference: TypicalTime, rule: ContradictionRule) -> Self {
        let rows: Vec<JudgedRow> = runs
            .iter()
            .filter_map(|run| {
                let seconds = run.typical_s()?;
                let (_, z) = reference.off(seconds);
                let standing = reference.standing(seconds, run.used);
                let fitted = run.used && (standing != Standing::Contradicts || rule == ContradictionRule::Keep);
                let words = words(run, seconds, reference, z, standing);
                Some(JudgedRow { line: run.line, seconds, z, standing, fitted, words })
            })
            .collect();
        let farthest = rows.iter().map(|row| (row.seconds / reference.typical_s).ln().abs()).fold(0.0, f64::max);
        let sigma = match rule {
            ContradictionRule::Widen => reference.sigma.max(farthest / WIDENED_Z),
            ContradictionRule::Exclude | ContradictionRule::Keep => reference.sigma,
        };
        Self { reference, rows, rule, sigma }
    }

    /// The rows that contradict the others, or are odd, the worst first.
    #[must_use]
    pub fn named(&self) -> Vec<&JudgedRow> {
        let mut named: Vec<&JudgedRow> = self.rows.iter().filter(|row| row.standing != Standing::Agrees).collect();
        named.sort_by(|a, b| b.z.abs().total_cmp(&a.z.abs()));
        named
    }
}

fn words(run: &Run, seconds: f64, reference: TypicalTime, z: f64, standing: Standing) -> String {
    let ratio = (seconds / reference.typical_s).max(reference.typical_s / seconds);
    let direction = if z < 0.0 { "shorter" } else { "longer" };
    let note = if run.note.is_empty() { String::new() } else { format!("; {}", run.note) };
    let why = match (standing, reference.n) {
        (Standing::Odd, Some(n)) => format!("; of {n} rows luck explains as much, measure again"),
        _ => String::new(),
    };
    format!(
        "{seconds} s ({}) is {ratio:.1} times {direction} than {reference}, {:.1} standard deviations{note}{why}",
        run.provenance.cite_in_full(),
        z.abs()
    )
}

/// `None` of nothing.
fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => None,
        n if n % 2 == 1 => Some(sorted[middle]),
        _ => Some(f64::midpoint(sorted[middle - 1], sorted[middle])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::benchmarks::Benchmarks;
    use crate::roofline::Roofline;
    use crate::runs::{Phase, Runs};
    use approx::assert_relative_eq;

    fn shipped(derived: bool) -> Runs {
        let text = include_str!("../../data/image-studio/benchmarks.csv");
        Benchmarks::read("benchmarks.csv", text).expect("valid").runs(derived)
    }

    fn rows<'a>(runs: &'a Runs, model: &str, variant: &str, gpu: &str) -> Vec<&'a Run> {
        let cells = runs.cells(Phase::Warm);
        let cell =
            cells.into_iter().find(|(name, _)| (&*name.model, &*name.variant, &*name.gpu) == (model, variant, gpu));
        cell.expect("measured").1
    }

    fn named(found: &Contradictions) -> Vec<f64> {
        found.named().iter().map(|row| row.seconds).collect()
    }

    /// Field values of 2.52, 29.65 and 37 s against 11.3 s from the published time of a pass, or from arithmetic.
    #[test]
    fn the_field_values_of_the_default_scenario_come_out() {
        let runs = shipped(true);
        let rows = rows(&runs, "flux-dev", "bf16", "L40S");
        let derived = TypicalTime { typical_s: 11.32, sigma: 0.04, error: 1.35_f64.ln(), n: None, kind: Kind::Derived };
        let found = Contradictions::judge(&rows, derived, ContradictionRule::Exclude);
        assert_eq!(named(&found), [2.52, 37.0, 29.65]);
        assert_eq!(found.rows.iter().filter(|row| row.fitted).count(), 1, "{found:#?}");
        assert_eq!(
            found.named()[2].words,
            "29.65 s (measured, github.com/jatidevelopments/ryla apps/modal/docs/status/BENCHMARK-RESULTS (2026-02-02)) is \
             2.6 times longer than the derived 11.320 s, 3.2 standard deviations; may include loading another model in the same container"
        );
        let roofline = Roofline::shipped();
        let prediction = roofline.predict_work(roofline.work("flux-dev")[0], 20.0, "L40S").expect("a prediction");
        let reference = TypicalTime::of_prediction(&prediction, 0.04);
        let found = Contradictions::judge(&rows, reference, ContradictionRule::Exclude);
        assert_eq!(named(&found), [2.52, 37.0, 29.65]);
    }

    /// Among themselves the middle one of the three wins, and 2.52 s contradicts it; 37 s does not.
    #[test]
    fn rows_that_are_only_held_against_each_other() {
        let runs = shipped(false);
        let rows = rows(&runs, "flux-dev", "bf16", "L40S");
        let reference = TypicalTime::of_runs(&rows, 0.04).expect("rows");
        assert_relative_eq!(reference.typical_s, 29.65, max_relative = 1e-12);
        // The deviations are ln(29.65 / 2.52), 0 and ln(37 / 29.65): the middle one is the last.
        assert_relative_eq!(reference.sigma, 1.482_602_2 * (37.0_f64 / 29.65).ln(), max_relative = 1e-6);
        assert_eq!(named(&Contradictions::judge(&rows, reference, ContradictionRule::Exclude)), [2.52]);
    }

    /// The same rows as the present rule of a factor of 2 names, wherever measured rows speak for the cell.
    #[test]
    fn measured_cells_name_what_the_factor_of_two_names() {
        let runs = shipped(false);
        for (model, variant, odd) in
            [("flux-schnell", "fp8", [29.0].as_slice()), ("instantid", "fp16", &[29.0]), ("wan2.1", "fp16", &[29.0])]
        {
            let rows = rows(&runs, model, variant, "L40S");
            let reference = TypicalTime::of_runs(&rows, 0.04).expect("rows");
            assert_eq!(named(&Contradictions::judge(&rows, reference, ContradictionRule::Exclude)), odd, "{model}");
        }
        // A time of another size, published elsewhere, and one whose container may have been cold.
        let rows = rows(&runs, "seedvr2", "bf16", "L40S");
        let reference = TypicalTime::of_runs(&rows, 0.04).expect("rows");
        let found = named(&Contradictions::judge(&rows, reference, ContradictionRule::Exclude));
        assert!(found.contains(&208.0) && found.contains(&3.9), "{found:?}");
    }

    fn runs(seconds: &[f64]) -> Runs {
        let line = |s: &f64| format!("m,T4,warm,{s},2026-11-01,kit\n");
        let text = format!("model,gpu,phase,seconds,date,source\n{}", seconds.iter().map(line).collect::<String>());
        let day = crate::Day::parse("2026-11-26").expect("a date");
        let options = crate::RunsOptions { repeats: crate::Repeats::Keep, ..crate::RunsOptions::on(day) };
        Runs::read("runs.csv", &text, &options).expect("valid")
    }

    #[test]
    fn each_rule_does_what_its_name_says() {
        let runs = runs(&[2.0, 2.1, 1.9, 2.05, 9.0]);
        let rows: Vec<&Run> = runs.rows.iter().collect();
        let reference = TypicalTime::of_runs(&rows, 0.04).expect("rows");
        // Median 2.05; deviations of logarithms 0.0247, 0.0241, 0.0760, 0, 1.4793: their median 0.0247.
        assert_relative_eq!(reference.typical_s, 2.05, max_relative = 1e-12);
        assert_relative_eq!(reference.sigma, 0.04, max_relative = 1e-12);
        let judged = |rule| Contradictions::judge(&rows, reference, rule);
        let fitted = |found: &Contradictions| found.rows.iter().filter(|row| row.fitted).count();
        let (exclude, widen, keep) =
            (judged(ContradictionRule::Exclude), judged(ContradictionRule::Widen), judged(ContradictionRule::Keep));
        assert_eq!((fitted(&exclude), fitted(&widen), fitted(&keep)), (4, 4, 5));
        assert_eq!((named(&exclude), named(&keep)), (vec![9.0], vec![9.0]));
        assert_relative_eq!(exclude.sigma, 0.04);
        assert_relative_eq!(widen.sigma, (9.0_f64 / 2.05).ln() / 2.0, max_relative = 1e-12);
        assert!(widen.rows.iter().all(|row| (row.seconds / 2.05).ln().abs() <= 2.0 * widen.sigma * (1.0 + 1e-12)));
    }

    /// Of five rows 2.6 s are 3.6 robust standard deviations off, which five normal runs are often; Student's t of four
    /// degrees of freedom as rare as three standard deviations is 6.620 by tables. As evidence the same row contradicts.
    #[test]
    fn few_rows_that_may_be_fitted_contradict_only_beyond_luck() {
        let seconds = [2.0, 2.1, 1.9, 2.2, 2.6];
        let mut runs = runs(&seconds);
        let of = |runs: &Runs| {
            let rows: Vec<&Run> = runs.rows.iter().collect();
            let reference = TypicalTime { typical_s: 2.1, sigma: 0.06, error: 0.0, n: Some(5), kind: Kind::Measured };
            let found = Contradictions::judge(&rows, reference, ContradictionRule::Exclude);
            (named(&found), found.rows[4].z)
        };
        assert_eq!(of(&runs).0, [] as [f64; 0]);
        assert!(of(&runs).1 > 3.5);
        runs.rows[4].used = false;
        assert_eq!(of(&runs).0, [2.6]);
        runs.rows[4].used = true;
        runs.rows[4].end = crate::RunEnd::Took { seconds: 2.1 * (6.63 * 0.06_f64).exp() };
        assert_eq!(of(&runs).0.len(), 1);
        runs.rows[4].end = crate::RunEnd::Took { seconds: 2.1 * (6.1 * 0.06_f64).exp() };
        assert_eq!(of(&runs).0.len(), 0);
        // A wide spread, and more than three times as long.
        let rows: Vec<&Run> = runs.rows.iter().collect();
        let wide = TypicalTime { typical_s: 0.6, sigma: 0.3, error: 0.0, n: Some(5), kind: Kind::Measured };
        let found = Contradictions::judge(&rows, wide, ContradictionRule::Exclude);
        assert_eq!(found.named().len(), 5, "{found:#?}");
    }

    /// Of four rows the middle is √(4.1 · 4.2), and the floor of 0.1 holds: 8 s is ln(8 / 4.1497) / 0.1 = 6.56 of it, below the
    /// 9.219 of Student's t with three degrees of freedom. With a floor of 0.04 it is 16.4.
    #[test]
    fn a_far_row_among_few_is_named_and_fitted_under_every_rule() {
        let odd = |seconds: &[f64], floor: f64, rule: ContradictionRule| {
            let runs = runs(seconds);
            let rows: Vec<&Run> = runs.rows.iter().collect();
            let reference = TypicalTime::of_runs(&rows, floor).expect("rows");
            Contradictions::judge(&rows, reference, rule).rows.last().expect("four rows").clone()
        };
        for rule in [ContradictionRule::Exclude, ContradictionRule::Widen, ContradictionRule::Keep] {
            let found = odd(&[4.0, 4.2, 4.1, 8.0], 0.1, rule);
            assert_eq!((found.standing, found.fitted), (Standing::Odd, true));
            assert_relative_eq!(found.z, 6.564, max_relative = 1e-3);
            assert_eq!(
                found.words,
                "8 s (measured, kit (2026-11-01)) is 1.9 times longer than the measured 4.150 s, 6.6 standard deviations; \
                 of 4 rows luck explains as much, measure again"
            );
        }
        let exclude = ContradictionRule::Exclude;
        let beyond = odd(&[4.0, 4.2, 4.1, 8.0], 0.04, exclude);
        assert_eq!((beyond.standing, beyond.fitted), (Standing::Contradicts, false));
        // Of equal rows, 1.46 and 1.44 times as long: 3.8 and 3.6 standard deviations.
        assert_eq!(odd(&[4.0, 4.0, 4.0, 5.84], 0.1, exclude).standing, Standing::Odd);
        assert_eq!(odd(&[4.0, 4.0, 4.0, 5.76], 0.1, exclude).standing, Standing::Agrees);
        // Twice as long, and 2.3 standard deviations.
        assert_eq!(odd(&[4.0, 4.0, 4.0, 8.0], 0.3, exclude).standing, Standing::Agrees);
    }

    #[test]
    fn equal_rows_contradict_nobody_and_no_row_has_no_reference() {
        let runs = runs(&[2.0, 2.0, 2.0]);
        let rows: Vec<&Run> = runs.rows.iter().collect();
        let reference = TypicalTime::of_runs(&rows, 0.04).expect("rows");
        assert_eq!(named(&Contradictions::judge(&rows, reference, ContradictionRule::Exclude)), [] as [f64; 0]);
        assert_eq!(TypicalTime::of_runs(&[], 0.04), None);
    }
}
