//! Two allocations measured on the same requests, section by section.

use fleetfront_sim::Luck;
use serde::{Deserialize, Serialize};

/// Variance that the same requests save at least, as a rule; less is a finding to be explained.
const EXPECTED: f64 = 3.0;

/// One number a section for each of the two.
pub(crate) struct Pair {
    pub(crate) of: Vec<f64>,
    pub(crate) to: Vec<f64>,
}

impl Pair {
    pub(crate) fn differences(&self) -> Vec<f64> {
        self.of.iter().zip(&self.to).map(|(of, to)| of - to).collect()
    }

    /// The variance that the difference would have on requests of their own, over the one that it has on the same.
    pub(crate) fn variance_reduction(&self) -> f64 {
        (variance(&self.of) + variance(&self.to)) / variance(&self.differences())
    }

    /// Why the same requests save little variance; `None` where they save enough.
    ///
    /// With standard deviations a and b and the correlation r between the two, they save
    /// (a^2 + b^2) / (a^2 + b^2 - 2 r a b): at most (a^2 + b^2) / (a - b)^2, however alike the two are.
    pub(crate) fn finding(&self) -> Option<String> {
        let saved = self.variance_reduction();
        // Not a number where neither varies at all: then nothing is to be saved.
        if saved.is_nan() || saved >= EXPECTED {
            return None;
        }
        let (a, b) = (variance(&self.of).sqrt(), variance(&self.to).sqrt());
        let squares = a * a + b * b;
        let most = squares / (a - b).powi(2);
        if most < EXPECTED {
            let times = (a / b).max(b / a);
            return Some(format!(
                "the same requests save only {saved:.1} times the variance: one bill varies {times:.1} times as much as \
                 the other, so that no pairing could save more than {most:.1} times"
            ));
        }
        let r = (squares - variance(&self.differences())) / (2.0 * a * b);
        let enough = squares * (1.0 - 1.0 / EXPECTED) / (2.0 * a * b);
        Some(format!(
            "the same requests save only {saved:.1} times the variance: the two bills are correlated by {r:.2}, and \
             {enough:.2} would save {EXPECTED:.0} times; what moves them is less the requests, which both meet, than what \
             each makes of them (boots, idle windows, queues)"
        ))
    }

    /// Whether the first is below the second over these sections: 1, 0, or a half when they are equal.
    fn is_below(&self, sections: &[usize]) -> f64 {
        let sum: f64 = sections.iter().map(|s| self.of[*s] - self.to[*s]).sum();
        if sum < 0.0 {
            1.0
        } else if sum > 0.0 {
            0.0
        } else {
            0.5
        }
    }
}

fn variance(values: &[f64]) -> f64 {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (n - 1.0)
}

/// Probabilities that one allocation is better than another, given what was simulated.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Probabilities {
    /// It is cheaper.
    pub cheaper: f64,
    /// Its p95 is shorter.
    pub faster: f64,
    /// Both.
    pub both: f64,
}

/// Resamples: a probability is known to 1 % or better.
const RESAMPLES: u32 = 2_000;

impl Probabilities {
    /// The shares of bootstrap resamples of the sections in which it is so (Efron and Tibshirani 1993, *An
    /// Introduction to the Bootstrap*); equal ones count by half.
    pub(crate) fn of(cost: &Pair, p95: &Pair, seed: u64) -> Self {
        let sections = cost.of.len();
        let mut of = Self { cheaper: 0.0, faster: 0.0, both: 0.0 };
        for resample in 0..RESAMPLES {
            let luck = Luck(seed).child(resample);
            let draw = |k: usize| ((luck.uniform(k as u32, 0) * sections as f64) as usize).min(sections - 1);
            let chosen: Vec<usize> = (0..sections).map(draw).collect();
            let (cheaper, faster) = (cost.is_below(&chosen), p95.is_below(&chosen));
            of.cheaper += cheaper;
            of.faster += faster;
            of.both += cheaper * faster;
        }
        let share = |sum: f64| sum / f64::from(RESAMPLES);
        Self { cheaper: share(of.cheaper), faster: share(of.faster), both: share(of.both) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(of: &[f64], to: &[f64]) -> Pair {
        Pair { of: of.to_vec(), to: to.to_vec() }
    }

    /// By hand: both have variance 1, the difference is always 1 or 1.5.
    #[test]
    fn what_moves_both_cancels() {
        let moved = pair(&[1.0, 2.0, 3.0], &[2.0, 3.0, 4.5]);
        let expected = (1.0 + 1.583_333_333) / (1.0 / 12.0);
        approx::assert_relative_eq!(moved.variance_reduction(), expected, max_relative = 1e-6);
        assert!(pair(&[1.0, 2.0, 3.0], &[2.0, 3.0, 4.0]).variance_reduction().is_infinite());
    }

    /// By hand. Standard deviations 1 and 10, perfectly correlated: at most 101 / 81 = 1.25 times. Equal ones with
    /// correlation 0.5: 2 / (2 - 1) = 2 times, and 3 times would take 2/3.
    #[test]
    fn little_saved_is_explained_by_the_spreads_or_by_the_correlation() {
        let unequal = pair(&[1.0, 2.0, 3.0], &[10.0, 20.0, 30.0]).finding().expect("a finding");
        assert!(unequal.contains("varies 10.0 times as much") && unequal.contains("more than 1.2 times"), "{unequal}");
        // Orthogonal u = (1, -1, 0) and v = (1, 1, -2) / sqrt(3): u and (u + sqrt(3) v) / 2 are correlated by 1/2.
        let (u, v) = ([1.0, -1.0, 0.0], [1.0, 1.0, -2.0]);
        let half: Vec<f64> = u.iter().zip(v).map(|(u, v)| (u + v) / 2.0).collect();
        let half = pair(&u, &half);
        approx::assert_relative_eq!(half.variance_reduction(), 2.0, max_relative = 1e-9);
        let words = half.finding().expect("a finding");
        assert!(words.contains("correlated by 0.50, and 0.67 would save 3 times"), "{words}");
        assert_eq!(pair(&[1.0, 2.0, 3.0], &[1.0, 2.0, 3.1]).finding(), None);
        assert_eq!(pair(&[1.0, 1.0], &[2.0, 2.0]).finding(), None);
    }

    /// The mean of 40 differences with mean -0.2 and standard deviation 1 is below zero with probability
    /// Phi(0.2 * sqrt(40)) = 0.897; two of them that are opposite are never below zero together.
    #[test]
    fn probabilities_are_those_of_the_means() {
        let quantile = |k: u32| fleetfront_sim::normal_quantile((f64::from(k) + 0.5) / 40.0);
        let below: Vec<f64> = (0..40).map(|k| quantile(k) - 0.2).collect();
        let above: Vec<f64> = below.iter().map(|x| -x).collect();
        let zero = vec![0.0; 40];
        let of = Probabilities::of(&pair(&below, &zero), &pair(&above, &zero), 1);
        assert!((of.cheaper - 0.897).abs() < 0.03, "{}", of.cheaper);
        assert!((of.faster - 0.103).abs() < 0.03 && of.both == 0.0, "{of:?}");
        let same = Probabilities::of(&pair(&zero, &zero), &pair(&zero, &zero), 1);
        assert_eq!((same.cheaper, same.both), (0.5, 0.25));
    }
}
