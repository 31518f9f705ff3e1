//! How often requests of a cell fail: for certain, or k times in n.

use serde::{Deserialize, Serialize};
use statrs::distribution::{Beta, ContinuousCDF};

use crate::runs::{Run, RunEnd, Shape};

/// The cause of a failure that comes again with every request of the same shape.
const OUT_OF_MEMORY: &str = "oom";

/// How often requests of one shape fail in a cell.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureRate {
    /// Every request runs out of memory: what does not fit once does not fit again.
    Certain {
        /// How many runs showed it.
        runs: u64,
    },
    /// Failures come by chance.
    Sometimes {
        /// How many runs failed, for whatever cause.
        failed: u64,
        /// Of how many that ended.
        runs: u64,
        /// How many of the failures were out of memory although other runs of the shape fitted: the memory is at its
        /// limit.
        out_of_memory: u64,
    },
}

impl FailureRate {
    /// Counts the runs of one cell, phase and shape; timeouts and summaries count for nothing, because neither says
    /// whether a request would have failed. `None` where no run is left.
    #[must_use]
    pub fn of(runs: &[&Run]) -> Option<Self> {
        let (mut failed, mut ended, mut out_of_memory) = (0, 0, 0);
        for run in runs {
            match &run.end {
                RunEnd::Took { .. } => ended += 1,
                RunEnd::Failed { cause, .. } => {
                    ended += 1;
                    failed += 1;
                    out_of_memory += u64::from(cause.trim().eq_ignore_ascii_case(OUT_OF_MEMORY));
                }
                RunEnd::CutOff { .. } | RunEnd::Summary { .. } => {}
            }
        }
        if ended == 0 {
            None
        } else if out_of_memory > 0 && failed == ended {
            Some(Self::Certain { runs: out_of_memory })
        } else {
            Some(Self::Sometimes { failed, runs: ended, out_of_memory })
        }
    }

    /// Each shape of a cell by itself, in the order of the file: a larger image may run out of memory where a smaller
    /// one fits.
    #[must_use]
    pub fn by_shape<'a>(runs: &[&'a Run]) -> Vec<(&'a Shape, Self)> {
        let mut shapes: Vec<&Shape> = Vec::new();
        for run in runs {
            if !shapes.contains(&&run.shape) {
                shapes.push(&run.shape);
            }
        }
        let rate = |shape: &'a Shape| {
            let of_shape: Vec<&Run> = runs.iter().copied().filter(|run| run.shape == *shape).collect();
            Some((shape, Self::of(&of_shape)?))
        };
        shapes.into_iter().filter_map(rate).collect()
    }

    /// The probability of a failure, as it is likeliest: 1 where it is certain.
    #[must_use]
    pub fn probability(&self) -> f64 {
        match *self {
            Self::Certain { .. } => 1.0,
            Self::Sometimes { failed, runs, .. } => failed as f64 / runs as f64,
        }
    }

    /// Interval of the probability; (1, 1) where it is certain.
    ///
    /// - `confidence`: such as 0.95; the interval holds the probability at least as often.
    ///
    /// # Panics
    /// If `confidence` is not between 0 and 1.
    ///
    /// # Source
    /// Clopper and Pearson 1934, *Biometrika* 26, by quantiles of the beta law.
    #[must_use]
    pub fn interval(&self, confidence: f64) -> (f64, f64) {
        assert!(confidence > 0.0 && confidence < 1.0, "{confidence} is no confidence");
        let Self::Sometimes { failed, runs, .. } = *self else { return (1.0, 1.0) };
        let (k, n, tail) = (failed as f64, runs as f64, (1.0 - confidence) / 2.0);
        let quantile = |a: f64, b: f64, p: f64| Beta::new(a, b).map_or(f64::NAN, |law| bisected(&law, p));
        let low = if failed == 0 { 0.0 } else { quantile(k, n - k + 1.0, tail) };
        let high = if failed == runs { 1.0 } else { quantile(k + 1.0, n - k, 1.0 - tail) };
        (low, high)
    }
}

/// The quantile, to the last digits.
fn bisected(law: &Beta, p: f64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if law.cdf(middle) < p {
            low = middle;
        } else {
            high = middle;
        }
    }
    f64::midpoint(low, high)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runs::{Runs, RunsOptions};
    use approx::assert_relative_eq;

    fn sometimes(failed: u64, runs: u64) -> FailureRate {
        FailureRate::Sometimes { failed, runs, out_of_memory: 0 }
    }

    /// `scipy.stats.binomtest(k, n).proportion_ci(method="exact")`; with none of n the upper end is 1 - 0.025^(1/n).
    #[test]
    fn intervals_have_their_book_values() {
        for (k, n, low, high) in [
            (0, 10, 0.0, 0.308_497_1),
            (1, 10, 0.002_528_579, 0.445_016_1),
            (3, 50, 0.012_548_6, 0.165_481_95),
            (10, 10, 0.691_502_9, 1.0),
        ] {
            let found = sometimes(k, n).interval(0.95);
            assert_relative_eq!(found.0, low, max_relative = 1e-5);
            assert_relative_eq!(found.1, high, max_relative = 1e-5);
        }
        assert_relative_eq!(sometimes(0, 10).interval(0.95).1, 1.0 - 0.025_f64.powf(0.1), max_relative = 1e-12);
    }

    /// Exact by summing the binomial law: the interval misses in at most 5 % for every probability.
    #[test]
    fn intervals_hold_what_they_promise_for_every_probability() {
        let n = 12_i32;
        let intervals: Vec<(f64, f64)> = (0..=12).map(|k| sometimes(k, 12).interval(0.95)).collect();
        let choose = |k: i32| (0..k).fold(1.0, |c, i| c * f64::from(n - i) / f64::from(i + 1));
        for step in 1..100 {
            let p = f64::from(step) / 100.0;
            let held: f64 = (0..=n)
                .zip(&intervals)
                .filter(|(_, (low, high))| *low <= p && p <= *high)
                .map(|(k, _)| choose(k) * p.powi(k) * (1.0 - p).powi(n - k))
                .sum();
            assert!(held >= 0.95, "{p}: {held}");
        }
    }

    fn read(lines: &str) -> Runs {
        let text = format!("model,gpu,phase,seconds,ok,cause,megapixels,date,source\n{lines}");
        let options = RunsOptions::on(crate::Day::parse("2026-11-26").expect("a date"));
        Runs::read("runs.csv", &text, &options).expect("valid")
    }

    fn rate(lines: &str) -> Option<FailureRate> {
        let runs = read(lines);
        FailureRate::of(&runs.rows.iter().collect::<Vec<_>>())
    }

    const OOM: &str = "m,T4,warm,,no,oom,1,2026-11-01,kit\n";
    const ERROR: &str = "m,T4,warm,3,no,error,1,2026-11-01,kit\n";
    const GOOD: &str = "m,T4,warm,2,yes,,1,2026-11-01,kit\n";
    const TIMEOUT: &str = "m,T4,warm,300,timeout,,1,2026-11-01,kit\n";

    #[test]
    fn out_of_memory_is_certain_and_other_failures_are_counted() {
        let certain = rate(OOM).expect("a run");
        assert_eq!(certain, FailureRate::Certain { runs: 1 });
        assert_eq!((certain.probability().to_bits(), certain.interval(0.95)), (1.0_f64.to_bits(), (1.0, 1.0)));
        assert_eq!(rate(&format!("{ERROR}{GOOD}{TIMEOUT}")), Some(sometimes(1, 2)));
        // All failed, but by chance: nothing is certain.
        assert_eq!(rate(&format!("{ERROR}{ERROR}")), Some(sometimes(2, 2)));
        assert_eq!(rate(TIMEOUT), None);
    }

    #[test]
    fn memory_at_its_limit_fails_sometimes_and_says_so() {
        let found = rate(&format!("{OOM}{GOOD}{ERROR}"));
        assert_eq!(found, Some(FailureRate::Sometimes { failed: 2, runs: 3, out_of_memory: 1 }));
    }

    #[test]
    fn shapes_fail_by_themselves() {
        let large = OOM.replace(",oom,1,", ",OOM,4,");
        let runs = read(&format!("{GOOD}{large}{large}"));
        let rates = FailureRate::by_shape(&runs.rows.iter().collect::<Vec<_>>());
        let found: Vec<_> = rates.iter().map(|(shape, rate)| (shape.megapixels, *rate)).collect();
        assert_eq!(found, [(Some(1.0), sometimes(0, 1)), (Some(4.0), FailureRate::Certain { runs: 2 })]);
    }
}
