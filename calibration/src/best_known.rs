//! Whom a cell's times are taken from, where several files speak of it: the one place that decides it.
//!
//! Service times, best first: runs of the cell; rows of `benchmarks.csv` for it; times that the file of runs states as
//! computed; a ratio of `benchmarks.csv`, on the runs of its base where there are any; the speed of other models' runs.
//! Boot times: runs of the cell; rows of `boots.csv`, which may speak of several; computed and borrowed times.

use crate::benchmarks::Benchmarks;
use crate::boots::Boots;
use crate::calibration::{CalibratedCell, Calibration, LawBasis};
use crate::contradictions::{CONTRADICTION_Z, ContradictionRule, Contradictions, Standing, TypicalTime};
use crate::fit::Fit;
use crate::runs::{CellName, Phase, Run, Runs};
use crate::spread::Scope;

/// What the files of a scenario say of times.
#[derive(Debug, Clone, Copy)]
pub struct BestKnown<'a> {
    /// Rows, ratios and spreads of service times; `None` where the file has problems.
    pub benchmarks: Option<&'a Benchmarks>,
    /// Rows and spreads of boot times; `None` where the file has problems.
    pub boots: Option<&'a Boots>,
    /// The runs, joined; `None` without any.
    pub runs: Option<&'a Calibration>,
}

impl BestKnown<'_> {
    /// The service time of a warm request, or `None` when nothing leads to it.
    #[must_use]
    pub fn service(&self, model: &str, variant: &str, gpu: &str) -> Option<Fit> {
        let cell = Scope { model, variant, gpu };
        let (runs, of_runs) = (self.measured(Phase::Warm, cell), self.calibrated(Phase::Warm, cell));
        let computed =
            || of_runs.filter(|found| found.basis == Some(LawBasis::Computed)).and_then(|own| own.fit.clone());
        let rows = |cell: Scope<'_>| self.benchmarks.and_then(|rows| rows.direct(cell));
        let base = |cell: Scope<'_>| self.measured(Phase::Warm, cell).or_else(|| rows(cell));
        let by_ratio = || self.benchmarks.and_then(|rows| rows.by_ratio(cell, base));
        let borrowed = || of_runs.and_then(|found| found.fit.clone());
        runs.or_else(|| rows(cell)).or_else(computed).or_else(by_ratio).or_else(borrowed)
    }

    /// The boot time of a container, or `None` when nothing leads to it.
    #[must_use]
    pub fn boot(&self, model: &str, variant: &str, gpu: &str) -> Option<Fit> {
        let cell = Scope { model, variant, gpu };
        let rows = || self.boots.and_then(|boots| boots.boot(model, variant, gpu));
        let others = || self.calibrated(Phase::Boot, cell).and_then(|found| found.fit.clone());
        self.measured(Phase::Boot, cell).or_else(rows).or_else(others)
    }

    /// Rows of `benchmarks.csv` and `boots.csv` that contradict what is taken of their cell, as `calibrate` judges them, in
    /// words.
    #[must_use]
    pub fn rows_against_each_other(&self) -> Vec<String> {
        let services = self.benchmarks.map_or(Vec::new(), Benchmarks::contradictions);
        let boots = self.boots.map_or(Vec::new(), Boots::contradictions);
        services.into_iter().chain(boots).map(|dispute| dispute.to_string()).collect()
    }

    /// Rows and ratios of `benchmarks.csv`, and rows of `boots.csv`, that runs of their cell have replaced and contradict; and
    /// what is taken from them where all that runs say is that they were cut off far beyond it. In words.
    #[must_use]
    pub fn rows_against_runs(&self) -> Vec<String> {
        let of = |phase: Phase, rows: Option<Runs>| -> Vec<String> {
            let (Some(runs), Some(rows)) = (self.runs, rows) else { return Vec::new() };
            let cells = runs.cells.iter().filter(|cell| cell.phase == phase);
            cells.flat_map(|cell| self.against(phase, &cell.name, &rows)).collect()
        };
        let mut found = of(Phase::Warm, self.benchmarks.map(|rows| rows.runs(true)));
        let warm = self.runs.iter().flat_map(|runs| &runs.cells).filter(|cell| cell.phase == Phase::Warm);
        found.extend(warm.filter_map(|cell| self.ratio_against(&cell.name)));
        found.extend(of(Phase::Boot, self.boots.map(Boots::runs)));
        found.extend(self.runs.iter().flat_map(|runs| &runs.cells).filter_map(|cell| self.cut_off_beyond(cell)));
        found
    }

    fn against(&self, phase: Phase, CellName { model, variant, gpu }: &CellName, rows: &Runs) -> Vec<String> {
        let cell = Scope { model, variant, gpu };
        let Some(fit) = self.measured(phase, cell) else { return Vec::new() };
        let covers = |CellName { model, variant, gpu }: &CellName| Scope { model, variant, gpu }.covers(cell);
        let rows: Vec<&Run> = rows.rows.iter().filter(|row| covers(&row.cell)).collect();
        let judged = Contradictions::judge(&rows, TypicalTime::of_fit(&fit), ContradictionRule::Exclude);
        let named = judged.rows.iter().filter(|row| row.standing == Standing::Contradicts);
        let runs = its_runs(fit.n);
        named.map(|row| format!("{model} {variant} on {gpu}: {}: {runs} simulated", row.words)).collect()
    }

    /// Runs of a cell without a law of its own that were cut off far beyond what is taken of it from elsewhere.
    fn cut_off_beyond(&self, cell: &CalibratedCell) -> Option<String> {
        let CellName { model, variant, gpu } = &cell.name;
        let fit = match cell.phase {
            Phase::Warm => self.service(model, variant, gpu)?,
            Phase::Boot => self.boot(model, variant, gpu)?,
            Phase::Cold | Phase::Adapter => return None,
        };
        if self.measured(cell.phase, cell.name.scope()).is_some() {
            return None;
        }
        let taken = TypicalTime::of_fit(&fit);
        let cut_off = cell.times.iter().filter(|time| time.censored).map(|time| time.seconds);
        let beyond: Vec<f64> = cut_off.filter(|seconds| taken.cut_off_beyond(*seconds).is_some()).collect();
        let shortest_s = beyond.iter().copied().reduce(f64::min)?;
        let (times, z) = taken.cut_off_beyond(shortest_s)?;
        let runs = if beyond.len() == 1 { "a run was".to_owned() } else { format!("{} runs were", beyond.len()) };
        Some(format!(
            "{}: more than {shortest_s} s, where {runs} cut off ({}: {}), is {times:.1} times longer than {taken} ({}), {z:.1} \
             standard deviations: too few of its runs ended for a law, and the {} time is simulated all the same; raise the \
             limit and measure again",
            cell.words(),
            cell.rows.kind.word(),
            cell.rows.sources.join("; "),
            fit.sources.join("; "),
            fit.kind.word()
        ))
    }

    /// Cells whose runs have replaced a time that follows from a ratio of `benchmarks.csv`, and contradict it.
    fn ratio_against(&self, CellName { model, variant, gpu }: &CellName) -> Option<String> {
        let (cell, rows) = (Scope { model, variant, gpu }, self.benchmarks?);
        let fit = self.measured(Phase::Warm, cell)?;
        if rows.direct(cell).is_some() {
            return None;
        }
        let stated = rows.by_ratio(cell, |base| self.measured(Phase::Warm, base).or_else(|| rows.direct(base)))?;
        let (predicted_s, measured_s) = (stated.law.mean_s(), fit.law.mean_s());
        let off = (measured_s / predicted_s).ln();
        let is_longer = off > 0.0;
        let error = |of: &Fit, above: bool| of.whole_sigmas_log()[usize::from(above)];
        let z = off.abs() / error(&stated, is_longer).hypot(error(&fit, !is_longer));
        let direction = if is_longer { "shorter" } else { "longer" };
        let (ratio, source) = (stated.notes.first()?, stated.sources.last()?);
        (z > CONTRADICTION_Z).then(|| {
            format!(
                "{model} {variant} on {gpu}: the {} {predicted_s:.3} s ({ratio}, {source}) is {:.1} times {direction} \
                 than the {} {measured_s:.3} s, {z:.1} standard deviations: {} simulated",
                stated.kind.word(),
                off.abs().exp(),
                fit.kind.word(),
                its_runs(fit.n)
            )
        })
    }

    /// The law of a cell's own runs.
    fn measured(&self, phase: Phase, cell: Scope<'_>) -> Option<Fit> {
        let found = self.calibrated(phase, cell)?;
        match found.basis? {
            LawBasis::OwnRuns | LawBasis::Pooled | LawBasis::FirstRequests => found.fit.clone(),
            LawBasis::Computed | LawBasis::Borrowed => None,
        }
    }

    fn calibrated(&self, phase: Phase, Scope { model, variant, gpu }: Scope<'_>) -> Option<&CalibratedCell> {
        self.runs?.cell(phase, model, variant, gpu)
    }
}

fn its_runs(n: u32) -> String {
    if n == 1 { "its run is".to_owned() } else { format!("its {n} runs are") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calibration::CalibrationOptions;
    use crate::runs::RunsOptions;
    use approx::assert_relative_eq;

    /// 2 s on L40S, three times as long on A10; nothing of others.
    const ROWS: &str = "model,variant,gpu,phase,seconds,ratio,ratio_low,ratio_high,relative_to,cv,use,kind,source,date,note\n\
         m,v,L40S,warm,2,,,,,,yes,measured,log,2026,\n\
         m,*,A10,ratio,,3,2.5,3.5,L40S,,yes,derived,rates,2026,\n";

    /// The mean of m on a GPU type, with these runs beside the rows.
    fn mean_s(runs: &[(&str, &str, f64, &str)], gpu: &str) -> Option<f64> {
        let row = |(model, gpu, seconds, kind): &(&str, &str, f64, &str)| {
            format!("{model},v,{gpu},warm,{seconds},2026-11-26,{kind},bench\n")
        };
        let rows: String = runs.iter().map(row).collect();
        let text = format!("model,variant,gpu,phase,seconds,date,kind,source\n{rows}");
        let runs = Runs::read("runs.csv", &text, &RunsOptions::undated()).expect("valid");
        let joined = Calibration::of(&runs, &CalibrationOptions::default());
        let benchmarks = Benchmarks::read("benchmarks.csv", ROWS).expect("valid");
        let known = BestKnown { benchmarks: Some(&benchmarks), boots: None, runs: Some(&joined) };
        known.service("m", "v", gpu).map(|fit| fit.law.mean_s())
    }

    /// 3 (2.5 to 3.5) times 2 s: 6 s. Five runs of 3 s are half of it; five of 6.2 s are no contradiction.
    #[test]
    fn runs_against_a_ratio_are_named() {
        let against = |middle: f64| {
            let rows: String = [0.98, 1.0, 1.02, 0.99, 1.01]
                .map(|by| format!("m,v,A10,warm,{},2026-11-26,measured,bench\n", middle * by))
                .concat();
            let text = format!("model,variant,gpu,phase,seconds,date,kind,source\n{rows}");
            let runs = Runs::read("runs.csv", &text, &RunsOptions::undated()).expect("valid");
            let joined = Calibration::of(&runs, &CalibrationOptions::default());
            let benchmarks = Benchmarks::read("benchmarks.csv", ROWS).expect("valid");
            BestKnown { benchmarks: Some(&benchmarks), boots: None, runs: Some(&joined) }.rows_against_runs()
        };
        let found = against(3.0);
        let [words] = &found[..] else { panic!("{found:?}") };
        assert!(
            words.starts_with(
                "m v on A10: the derived 6.000 s (3 (2.5 to 3.5) times the time on L40S, rates (2026)) is 2.0 times longer \
                 than the measured 3.0"
            ),
            "{words}"
        );
        assert!(words.ends_with("standard deviations: its 5 runs are simulated"), "{words}");
        assert_eq!(against(6.2), [] as [String; 0]);
        assert_eq!(its_runs(1), "its run is");
    }

    const OTHER: [(&str, &str, f64, &str); 4] = [
        ("o", "L40S", 1.0, "measured"),
        ("o", "L40S", 1.1, "measured"),
        ("o", "T4", 5.0, "measured"),
        ("o", "T4", 5.5, "measured"),
    ];

    #[track_caller]
    fn check(own: &[(&str, &str, f64, &str)], gpu: &str, expected_s: f64) {
        let runs = [&OTHER[..], own].concat();
        assert_relative_eq!(mean_s(&runs, gpu).expect("known"), expected_s, max_relative = 0.02);
    }

    #[test]
    fn own_runs_come_first_and_the_speed_of_others_last() {
        let on = |gpu, seconds: f64| [("m", gpu, seconds, "measured"), ("m", gpu, seconds * 1.05, "measured")];
        // Rows, and what is scaled from them.
        check(&[], "L40S", 2.0);
        check(&[], "A10", 6.0);
        assert_eq!(mean_s(&OTHER, "T4"), None);
        // Runs of the base: of it, of what is scaled from it, and with the five times of another model.
        check(&on("L40S", 4.0), "L40S", 4.1);
        check(&on("L40S", 4.0), "A10", 12.3);
        check(&on("L40S", 4.0), "T4", 20.5);
        // Runs of the cell itself.
        check(&on("A10", 8.0), "A10", 8.2);
        // Computed times stand behind rows, and before ratios.
        check(&[("m", "L40S", 7.0, "derived"), ("m", "A10", 9.0, "derived")], "L40S", 2.0);
        check(&[("m", "L40S", 7.0, "derived"), ("m", "A10", 9.0, "derived")], "A10", 9.0);
    }
}
