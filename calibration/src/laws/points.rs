//! What figures of a fit are drawn from: the sample against its law, with bands of what luck alone does.

use fleetfront_sim::Law;
use serde::{Deserialize, Serialize};

use super::goodness::{probability_below, share_at};
use super::kaplan_meier::kaplan_meier;
use super::times::Times;

/// A quantile of the sample against that of its law.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct QqPoint {
    /// The probability.
    pub probability: f64,
    /// The quantile of the law, in seconds.
    pub law_s: f64,
    /// The quantile of the sample, in seconds.
    pub sample_s: f64,
    /// Between these, in seconds, are the quantiles of 95 % of the samples that the law draws, each against its own fit;
    /// point by point, so that one in twenty points lies outside even where the law is true.
    pub band_s: [f64; 2],
}

/// A step of the sample's distribution against that of its law.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CdfStep {
    /// The time, in seconds.
    pub seconds: f64,
    /// The share of the sample that is no longer (Kaplan and Meier's where times were cut off).
    pub sample: f64,
    /// The probability under the law.
    pub law: f64,
    /// As of [`QqPoint::band_s`], of shares.
    pub band: [f64; 2],
}

/// The most points of a figure; of a smaller sample, one a time.
const POINTS_MAX: usize = 200;
/// What lies outside a band on either side.
const OUTSIDE: f64 = 0.025;

/// A sample at the places of a figure, or how far a drawn sample is from its own fit there.
#[derive(Debug, Clone)]
pub(super) struct Bands {
    /// Probability, law, sample: the last as a logarithm of the ratio to the law's in drawn samples, NaN where so large a
    /// share did not end.
    qq: Vec<[f64; 3]>,
    /// Time, law, sample; the last less the law's in drawn samples.
    cdf: Vec<[f64; 3]>,
}

impl Bands {
    /// The places of a figure, and the sample there.
    pub(super) fn of(law: &Law, times: &Times) -> Self {
        let steps = kaplan_meier(times);
        let reached = steps[steps.len() - 1].1;
        let n = times.count();
        let points = n.min(POINTS_MAX);
        // The middles of equal shares: those of the times themselves where there are few.
        let probabilities = (0..points).map(|k| (k as f64 + 0.5) / points as f64).filter(|p| *p <= reached);
        let qq = probabilities.map(|p| [p, law.seconds_at(p), quantile(&steps, p)]).collect();
        let shown = steps.len().min(POINTS_MAX);
        let step = |k: usize| {
            let (at, share) = steps[(k + 1) * steps.len() / shown - 1];
            [at, probability_below(law, at), share]
        };
        Self { qq, cdf: (0..shown).map(step).collect() }
    }

    /// How far a drawn sample is from its own fit at the places of the figure.
    ///
    /// - `law`: the fit of `times`, which were drawn.
    pub(super) fn of_replicate(&self, law: &Law, times: &Times) -> Self {
        let steps = kaplan_meier(times);
        let reached = steps[steps.len() - 1].1;
        let ratio = |p: f64| if p <= reached { (quantile(&steps, p) / law.seconds_at(p)).ln() } else { f64::NAN };
        // At the time that has the same probability under the replicate's fit.
        let less = |below: f64| {
            let at = law.seconds_at(below.clamp(1e-9, 1.0 - 1e-9));
            share_at(&steps, at) - below
        };
        Self {
            qq: self.qq.iter().map(|[p, ..]| [*p, 0.0, ratio(*p)]).collect(),
            cdf: self.cdf.iter().map(|[at, below, _]| [*at, *below, less(*below)]).collect(),
        }
    }

    /// The points of the figure, with bands from drawn samples.
    pub(super) fn with_ends(&self, drawn: &[Self]) -> (Vec<QqPoint>, Vec<CdfStep>) {
        let qq = self.qq.iter().enumerate().map(|(k, [probability, law_s, sample_s])| {
            let ends = ends(drawn.iter().map(|of| of.qq[k][2]));
            let band_s = ends.map(|ln_ratio| law_s * ln_ratio.exp());
            let point = QqPoint { probability: *probability, law_s: *law_s, sample_s: *sample_s, band_s };
            // Next to the limit at which times are cut off too few drawn samples have such a quantile.
            band_s.iter().all(|end| end.is_finite()).then_some(point)
        });
        let cdf = self.cdf.iter().enumerate().map(|(k, [seconds, law, sample])| {
            let band = ends(drawn.iter().map(|of| of.cdf[k][2])).map(|less| (law + less).clamp(0.0, 1.0));
            CdfStep { seconds: *seconds, sample: *sample, law: *law, band }
        });
        (qq.flatten().collect(), cdf.collect())
    }
}

/// The first time at which the share reaches `p`.
fn quantile(steps: &[(f64, f64)], p: f64) -> f64 {
    // Shares are sums with roundings.
    let first = steps.partition_point(|(_, share)| *share < p - 1e-12);
    steps[first.min(steps.len() - 1)].0
}

/// What 2.5 % of the numbers are below, and 2.5 % above; what is no number counts as above.
fn ends(numbers: impl Iterator<Item = f64>) -> [f64; 2] {
    let mut numbers: Vec<f64> = numbers.map(|x| if x.is_nan() { f64::INFINITY } else { x }).collect();
    numbers.sort_by(f64::total_cmp);
    let outside = (OUTSIDE * numbers.len() as f64) as usize;
    [numbers[outside], numbers[numbers.len() - 1 - outside]]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_the_times_of_the_sample() {
        let steps = kaplan_meier(&Times::ended(&[3.0, 1.0, 2.0, 4.0]).expect("a sample"));
        let found = [0.125, 0.375, 0.625, 0.875, 0.25, 0.26].map(|p| quantile(&steps, p));
        assert_eq!(found.map(|x| x as u32), [1, 2, 3, 4, 1, 2]);
    }

    #[test]
    fn a_fortieth_lies_outside_on_either_side() {
        assert_eq!(ends((0..199).map(f64::from)).map(|x| x as u32), [4, 194]);
        let [low, high] = ends([f64::NAN, 1.0].into_iter());
        assert!(low.is_finite() && high == f64::INFINITY);
    }
}
