//! A distribution as it was measured, with a smooth tail.

use fleetfront_sim::Law;
use serde::{Deserialize, Serialize};

use super::error::FitError;
use super::family::Family;
use super::fit::fit_law;
use super::goodness::probability_below;
use super::kaplan_meier::kaplan_meier;
use super::times::Times;

/// Fewest times beyond the threshold from which a tail is told: fewer leave its weight open to a factor of two.
const TAIL_TIMES: usize = 10;
/// Fewest for a tail with a shape of its own.
const SHAPED_TIMES: usize = 40;
/// Shapes from lighter than exponential to a mean that is barely there.
const SHAPES: [f64; 2] = [-0.5, 0.9];
/// Most knots of the table.
const KNOTS_MAX: usize = 256;
/// Equal shares of the law that stand for it where it is fitted or summed.
const SHARES: usize = 2000;

/// A quantile table up to a threshold, and an exponential or generalised Pareto tail beyond: what lies beyond the data is
/// the tail's, and extrapolated.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Empirical {
    /// Probability and seconds, rising in both, from the shortest time to the threshold.
    knots: Vec<[f64; 2]>,
    /// Scale in seconds, and shape: P(X > threshold + y) is proportional to (1 + shape·y / scale)^(-1 / shape),
    /// to e^(-y / scale) at shape 0.
    tail: [f64; 2],
    /// The longest time that was measured, in seconds: beyond it the law is extrapolated.
    longest_s: f64,
}

/// A law that can be simulated in the place of a measured distribution, and how far it is from it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Nearest {
    /// The law.
    pub law: Law,
    /// The largest difference of the two distribution functions.
    pub distance: f64,
    /// The law's mean over the measured one, less 1.
    pub mean_error: f64,
    /// The law's quantile over the measured one, less 1, at 50, 95 and 99 %.
    pub quantile_errors: [f64; 3],
}

impl Empirical {
    /// The distribution of a sample, with its longest times smoothed.
    ///
    /// - `tail_share`: the share that the tail is fitted to, in (0, 0.5]; 0.05 as a rule.
    ///
    /// The tail is exponential; generalised Pareto with 40 times or more in it, where that has the smaller AICc. Both by
    /// maximum likelihood on what the times exceed the threshold by, cut off or not.
    ///
    /// # Errors
    /// [`FitError::TooFew`] when fewer than ten times beyond the threshold ended.
    ///
    /// # Source
    /// Davison and Smith 1990, *Journal of the Royal Statistical Society* B 52; the profile likelihood of the tail is
    /// Grimshaw's 1993, *Technometrics* 35.
    ///
    /// # Panics
    /// If `tail_share` is not such.
    pub fn of(times: &Times, tail_share: f64) -> Result<Self, FitError> {
        assert!(tail_share > 0.0 && tail_share <= 0.5, "a tail of {tail_share}");
        let steps = kaplan_meier(times);
        // Halfway up each step: the table neither begins at probability zero nor ends at one.
        let mut below = 0.0;
        let middles: Vec<[f64; 2]> = steps
            .iter()
            .map(|(at, share)| {
                let middle = f64::midpoint(below, *share);
                below = *share;
                [middle, *at]
            })
            .collect();
        let body = middles.partition_point(|[p, _]| *p <= 1.0 - tail_share);
        let threshold_s = middles[body.max(1) - 1][1];
        let beyond = |seconds: &[f64]| -> Vec<f64> {
            seconds.iter().filter(|x| **x > threshold_s).map(|x| x - threshold_s).collect()
        };
        let (ended, cut_off) = (beyond(times.ended_s()), beyond(times.cut_off_s()));
        if ended.len() < TAIL_TIMES || body == 0 {
            let needed = (TAIL_TIMES as f64 / tail_share).ceil() as usize;
            return Err(FitError::TooFew { ended: times.ended_s().len(), needed });
        }
        let longest_s = times.ended_s()[times.ended_s().len() - 1];
        Ok(Self { knots: thinned(&middles[..body]), tail: tail(&ended, &cut_off), longest_s })
    }

    /// What a time stays below with this probability, in seconds.
    #[must_use]
    pub fn seconds_at(&self, probability: f64) -> f64 {
        let [reached, threshold_s] = self.knots[self.knots.len() - 1];
        if probability > reached {
            let [scale_s, shape] = self.tail;
            let ln_beyond = ((1.0 - probability) / (1.0 - reached)).ln();
            let excess = if shape.abs() < 1e-9 { -ln_beyond } else { (-shape * ln_beyond).exp_m1() / shape };
            return threshold_s + scale_s * excess;
        }
        let above = self.knots.partition_point(|[p, _]| *p < probability);
        if above == 0 {
            return self.knots[0][1];
        }
        let ([p0, x0], [p1, x1]) = (self.knots[above - 1], self.knots[above]);
        x0 + (x1 - x0) * (probability - p0) / (p1 - p0)
    }

    /// The mean in seconds, the tail's included.
    #[must_use]
    pub fn mean_s(&self) -> f64 {
        let [first, shortest_s] = self.knots[0];
        let [reached, threshold_s] = self.knots[self.knots.len() - 1];
        let body: f64 =
            self.knots.windows(2).map(|pair| (pair[1][0] - pair[0][0]) * f64::midpoint(pair[0][1], pair[1][1])).sum();
        let [scale_s, shape] = self.tail;
        first * shortest_s + body + (1.0 - reached) * (threshold_s + scale_s / (1.0 - shape))
    }

    /// From which probability on the law is the tail's.
    #[must_use]
    pub fn threshold(&self) -> f64 {
        self.knots[self.knots.len() - 1][0]
    }

    /// The tail's shape: 0 is exponential, above that it is heavier, and moments of 1 / shape or more are infinite.
    #[must_use]
    pub fn tail_shape(&self) -> f64 {
        self.tail[1]
    }

    /// The longest measured time in seconds: quantiles beyond it are extrapolated.
    #[must_use]
    pub fn longest_s(&self) -> f64 {
        self.longest_s
    }

    /// The mixture of two lognormal laws that is nearest (likeliest for 2000 equal shares of this distribution), or the
    /// lognormal law where it has no two parts: what can be simulated in its place, with its error.
    ///
    /// # Errors
    /// [`FitError`] where even a lognormal law has no fit.
    pub fn nearest(&self) -> Result<Nearest, FitError> {
        let at = |k: usize| (k as f64 + 0.5) / SHARES as f64;
        let seconds: Vec<f64> = (0..SHARES).map(|k| self.seconds_at(at(k))).collect();
        let times = Times::ended(&seconds)?;
        let law = fit_law(Family::LognormalMixture, &times).or_else(|_| fit_law(Family::Lognormal, &times))?.law;
        let off = |k: usize| (probability_below(&law, seconds[k]) - at(k)).abs();
        Ok(Nearest {
            law,
            distance: (0..SHARES).map(off).fold(0.0, f64::max),
            mean_error: law.mean_s() / self.mean_s() - 1.0,
            quantile_errors: [0.5, 0.95, 0.99].map(|p| law.seconds_at(p) / self.seconds_at(p) - 1.0),
        })
    }
}

/// At most so many knots, the first and the last among them.
fn thinned(knots: &[[f64; 2]]) -> Vec<[f64; 2]> {
    if knots.len() <= KNOTS_MAX {
        return knots.to_vec();
    }
    (0..KNOTS_MAX).map(|k| knots[k * (knots.len() - 1) / (KNOTS_MAX - 1)]).collect()
}

/// Scale and shape of the tail.
fn tail(ended: &[f64], cut_off: &[f64]) -> [f64; 2] {
    let n = ended.len() as f64;
    let exponential = ended.iter().chain(cut_off).sum::<f64>() / n;
    if ended.len() < SHAPED_TIMES {
        return [exponential, 0.0];
    }
    // AICc of one parameter and of two.
    let plain = 2.0 + 4.0 / (n - 2.0) + 2.0 * n * (exponential.ln() + 1.0);
    match pareto(ended, cut_off) {
        Some((scale_s, shape, likelihood)) if 4.0 + 12.0 / (n - 3.0) - 2.0 * likelihood < plain => [scale_s, shape],
        _ => [exponential, 0.0],
    }
}

/// The likeliest generalised Pareto law (scale, shape, likelihood) with a shape in [`SHAPES`].
///
/// Given θ = shape / scale the likeliest shape is the sum of ln(1 + θ y) over all, over the number that ended.
fn pareto(ended: &[f64], cut_off: &[f64]) -> Option<(f64, f64, f64)> {
    let n = ended.len() as f64;
    let longest = ended.iter().chain(cut_off).fold(0.0f64, |longest, y| longest.max(*y));
    let at = |theta: f64| {
        let sum = |excesses: &[f64]| excesses.iter().map(|y| (theta * y).ln_1p()).sum::<f64>();
        let of_ended = sum(ended);
        let shape = (of_ended + sum(cut_off)) / n;
        let likelihood = -n * (shape / theta).ln() - of_ended - n;
        (shape / theta, shape, likelihood)
    };
    let allowed = |(scale, shape, likelihood): &(f64, f64, f64)| {
        scale.is_finite() && likelihood.is_finite() && (SHAPES[0]..=SHAPES[1]).contains(shape)
    };
    // θ times the longest excess from -1 to a thousand, and never quite zero, where the tail is exponential.
    let positive = (0..600).map(|k| 1e-4 * 10f64.powf(7.0 * f64::from(k) / 600.0));
    let negative = (0..300).map(|k| -(1.0 - 1e-4) * f64::from(k + 1) / 300.0);
    let thetas: Vec<f64> = positive.chain(negative).map(|theta| theta / longest).collect();
    let best = |thetas: &mut dyn Iterator<Item = f64>| {
        thetas
            .map(|theta| (theta, at(theta)))
            .filter(|(_, found)| allowed(found))
            .max_by(|a, b| a.1.2.total_cmp(&b.1.2))
    };
    let (theta, _) = best(&mut thetas.into_iter())?;
    // Once more, finely, around the best.
    best(&mut (-500..=500).map(|k| theta * (1.0 + 6e-5 * f64::from(k)))).map(|(_, found)| found)
}

#[cfg(test)]
mod tests {
    use super::super::Time;
    use super::*;
    use approx::assert_relative_eq;

    fn shares(n: usize) -> impl Iterator<Item = f64> {
        (0..n).map(move |k| (k as f64 + 0.5) / n as f64)
    }

    #[test]
    fn an_exponential_sample_keeps_its_quantiles_and_its_tail() {
        let law = Law::Exponential { mean_s: 4.0 };
        let seconds: Vec<f64> = shares(2000).map(|u| law.seconds_at(u)).collect();
        let found = Empirical::of(&Times::ended(&seconds).expect("a sample"), 0.05).expect("a table");
        assert!(found.tail_shape().abs() < 1e-12 && found.knots.len() <= KNOTS_MAX);
        for u in [0.01, 0.3, 0.5, 0.9, 0.95, 0.99, 0.9999] {
            assert_relative_eq!(found.seconds_at(u), law.seconds_at(u), max_relative = 0.02);
        }
        assert_relative_eq!(found.mean_s(), 4.0, max_relative = 2e-3);
        let summed = shares(100_000).map(|u| found.seconds_at(u)).sum::<f64>() / 1e5;
        assert_relative_eq!(found.mean_s(), summed, max_relative = 1e-4);
    }

    /// Excesses with P(X > y) = (1 + y)^-2: shape ½, scale ½; also where the longest tenth was cut off.
    #[test]
    fn a_heavy_tail_has_its_shape() {
        let excess = |u: f64| (1.0 - u).powf(-0.5) - 1.0;
        let all: Vec<f64> = shares(2000).map(excess).collect();
        let (scale, shape, _) = pareto(&all, &[]).expect("a tail");
        assert_relative_eq!(shape, 0.5, epsilon = 0.02);
        assert_relative_eq!(scale, 0.5, epsilon = 0.02);
        let limit = excess(0.9);
        let ended: Vec<f64> = all.iter().copied().filter(|y| *y < limit).collect();
        let (scale, shape, _) = pareto(&ended, &vec![limit; 2000 - ended.len()]).expect("a tail");
        assert_relative_eq!(shape, 0.5, epsilon = 0.02);
        assert_relative_eq!(scale, 0.5, epsilon = 0.02);
    }

    #[test]
    fn the_nearest_mixture_says_how_near_it_is() {
        let law = Law::LognormalMixture { mu: [1.0, 3.0], sigma: [0.2, 0.4], first_probability: 0.3 };
        let seconds: Vec<f64> = shares(3000).map(|u| law.seconds_at(u)).collect();
        let table = Empirical::of(&Times::ended(&seconds).expect("a sample"), 0.05).expect("a table");
        let found = table.nearest().expect("a law");
        assert!(found.distance < 0.01 && found.mean_error.abs() < 0.01, "{found:?}");
        assert!(found.quantile_errors.iter().all(|error| error.abs() < 0.02), "{found:?}");
        // Three heaps are no two: the distance is that of the best that two can do.
        let heaps: Vec<f64> =
            shares(900).enumerate().map(|(k, u)| [1.0, 10.0, 100.0][k % 3] * (1.0 + 0.1 * u)).collect();
        let table = Empirical::of(&Times::ended(&heaps).expect("a sample"), 0.05).expect("a table");
        assert!(table.nearest().expect("a law").distance > 0.05);
    }

    #[test]
    fn a_tail_of_few_times_is_none() {
        let times = |n: usize| Times::ended(&shares(n).map(|u| 1.0 + u).collect::<Vec<_>>()).expect("a sample");
        assert_eq!(Empirical::of(&times(100), 0.05), Err(FitError::TooFew { ended: 100, needed: 200 }));
        assert!(Empirical::of(&times(250), 0.05).is_ok());
        // Where so many were cut off that the tail was never seen.
        let time = |u: f64| Time { seconds: (1.0 + u).min(1.9), censored: u > 0.9 };
        let cut = Times::of(&shares(1000).map(time).collect::<Vec<_>>()).expect("a sample");
        assert!(matches!(Empirical::of(&cut, 0.05), Err(FitError::TooFew { .. })));
    }
}
