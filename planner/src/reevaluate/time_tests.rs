//! Whether measured times are such as a law says: their mean, with what is not known of it, and their spread.

use fleetfront_calibration::Fit;
use fleetfront_sim::{Law, Luck};
use rayon::prelude::*;
use statrs::distribution::{ContinuousCDF, StudentsT};

use crate::estimate::Estimate;
use crate::worlds::Doubt;

/// Fewest times that are held against a law.
pub(super) const TIMES_MIN: usize = 5;
/// Of more times every so-many-th is taken for the test of their spread.
const TIMES_MAX: usize = 2_000;
/// Samples that are drawn for that test.
const DRAWN: u32 = 1_999;
/// Quantiles of the law that its distribution is read from.
const GRID: usize = 4_096;
/// Keeps the draws of these tests apart from those of anything else.
const TEST_LUCK: u64 = 0x0074_696D_6573_2121;

/// A mean that was measured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct MeasuredMean {
    /// In seconds, with 95 %.
    pub(super) mean_s: Estimate,
    /// The probability of one as far from the law's, with what is not known of that.
    pub(super) p_value: f64,
    /// The same if nothing were unknown of the law's: small where the log knows another mean, however vague the law is.
    pub(super) p_exact: f64,
    /// Whether `mean_s` is corrected for a selection.
    pub(super) is_corrected: bool,
}

/// The mean of the times that a log shows over the mean of all.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Selection {
    pub(super) factor: f64,
    /// Of its logarithm, from being simulated.
    pub(super) error_log: f64,
}

impl Selection {
    /// All are shown.
    pub(super) const NONE: Self = Self { factor: 1.0, error_log: 0.0 };
}

/// The mean of times against that of a law.
///
/// - `assumed_s`: the law's mean, over all shapes of requests.
/// - `fit`: what is not known of it.
/// - `selection`: by how much a log shows too long times, or too short ones.
pub(super) fn mean_test(seconds: &[f64], assumed_s: f64, fit: &Fit, selection: Selection) -> MeasuredMean {
    let n = seconds.len() as f64;
    let seen = seconds.iter().sum::<f64>() / n;
    let variance = seconds.iter().map(|s| (s - seen).powi(2)).sum::<f64>() / (n - 1.0);
    let error_log = ((variance / n).sqrt() / seen).hypot(selection.error_log);
    let mean = seen / selection.factor;
    let student = StudentsT::new(0.0, 1.0, n - 1.0).expect("two times or more");
    let reach = student.inverse_cdf(0.975) * error_log;
    let doubt_log = Doubt::of(fit).map_or(0.0, Doubt::sd_log);
    let p = |error: f64| 2.0 * student.cdf(-((mean / assumed_s).ln() / error.max(f64::MIN_POSITIVE)).abs());
    MeasuredMean {
        mean_s: Estimate { value: mean, low: mean * (-reach).exp(), high: mean * reach.exp() },
        p_value: p(error_log.hypot(doubt_log)),
        p_exact: p(error_log),
        is_corrected: selection != Selection::NONE,
    }
}

/// The mean of times of which a log shows some, where the windows that chose them may be others than the scenario's: it is off
/// where it is by the selection that was simulated, by none and by all between. That is an intersection-union test, whose p is
/// the largest and whose level holds without correction (Berger 1982, *Technometrics* 24); its interval spans both.
pub(super) fn selected_mean_test(seconds: &[f64], assumed_s: f64, fit: &Fit, selection: Selection) -> MeasuredMean {
    let [simulated, plain] = [selection, Selection::NONE].map(|of| mean_test(seconds, assumed_s, fit, of));
    let holds = |of: &MeasuredMean| of.mean_s.low <= assumed_s && assumed_s <= of.mean_s.high;
    // The scenario's windows are taken to be right unless the law's mean is where they are not.
    let told = if holds(&plain) && !holds(&simulated) { plain } else { simulated };
    let mean_s = Estimate {
        value: told.mean_s.value,
        low: simulated.mean_s.low.min(plain.mean_s.low),
        high: simulated.mean_s.high.max(plain.mean_s.high),
    };
    let is_between = (simulated.mean_s.value - assumed_s) * (plain.mean_s.value - assumed_s) < 0.0;
    let larger = |a: f64, b: f64| if is_between { 1.0 } else { a.max(b) };
    MeasuredMean {
        mean_s,
        p_value: larger(simulated.p_value, plain.p_value),
        p_exact: larger(simulated.p_exact, plain.p_exact),
        is_corrected: told.is_corrected,
    }
}

/// Times as they are expected.
#[derive(Debug, Clone, Copy)]
pub(super) enum Expected<'a> {
    /// Of a law.
    Law(&'a Law),
    /// Such as simulated logs show, rising.
    Shown(&'a [f64]),
}

impl Expected<'_> {
    fn seconds_at(self, share: f64) -> f64 {
        match self {
            Self::Law(law) => law.seconds_at(share),
            Self::Shown(all) => all[((share * all.len() as f64) as usize).min(all.len() - 1)],
        }
    }

    fn mean_s(self) -> f64 {
        match self {
            Self::Law(law) => law.mean_s(),
            Self::Shown(all) => all.iter().sum::<f64>() / all.len() as f64,
        }
    }
}

/// The probability of times as far from the expected form: both are taken times their own mean, so that the mean counts for
/// nothing here. Kolmogorov's distance, against that of samples of what is expected. `None` of a fixed time.
pub(super) fn spread_test(seconds: &[f64], law: Expected<'_>, seed: u64) -> Option<f64> {
    let step = seconds.len().div_ceil(TIMES_MAX);
    let sample: Vec<f64> = seconds.iter().copied().step_by(step).collect();
    let mean_s = law.mean_s();
    let grid: Vec<f64> = (0..GRID).map(|k| law.seconds_at((k as f64 + 0.5) / GRID as f64) / mean_s).collect();
    if grid[0].to_bits() == grid[GRID - 1].to_bits() {
        return None;
    }
    let own = distance(sample.clone(), &grid);
    let beyond = (0..DRAWN).into_par_iter().filter(|draw| {
        let luck = Luck(seed ^ TEST_LUCK).child(*draw);
        let uniform = |k: usize| (luck.child(k as u32).uniform(0, 0)).clamp(1e-12, 1.0 - 1e-12);
        let drawn = (0..sample.len()).map(|k| law.seconds_at(uniform(k))).collect();
        distance(drawn, &grid) >= own
    });
    Some((1.0 + beyond.count() as f64) / (f64::from(DRAWN) + 1.0))
}

/// The largest distance between the distribution of times over their mean and that of a law over its own.
fn distance(mut seconds: Vec<f64>, grid: &[f64]) -> f64 {
    seconds.sort_by(f64::total_cmp);
    let n = seconds.len() as f64;
    let mean = seconds.iter().sum::<f64>() / n;
    let of = |(rank, seconds): (usize, &f64)| {
        let below = grid.partition_point(|quantile| *quantile <= seconds / mean) as f64 / grid.len() as f64;
        (below - rank as f64 / n).max((rank + 1) as f64 / n - below)
    };
    seconds.iter().enumerate().map(of).fold(0.0, f64::max)
}
