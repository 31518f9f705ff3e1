//! What it is worth to know: the loss of choosing today, and how much of it each number would take away.
//!
//! # Source
//! Raiffa and Schlaifer 1961, *Applied Statistical Decision Theory* (values of information); Strong, Oakley and Brennan
//! 2014, "Estimating multiparameter partial expected value of perfect information from a probabilistic sensitivity
//! analysis sample: a nonparametric regression approach" (from the worlds that are simulated anyway).

use fleetfront_sim::{Luck, normal_quantile};

use crate::worlds::outcome::Standing;
use crate::worlds::smooth::{Curve, Design};
use crate::worlds::split::quantile;

/// Redrawn sets of worlds, for standard errors, and shuffled ones, for what luck alone would sell as value.
const REDRAWN: u32 = 100;
const SHUFFLED: u32 = 200;
/// Keeps these draws apart from those of anything else.
const VALUE_LUCK: u64 = 0x0076_616C_7565_7321;
/// A value counts as shown where so large a share of the shuffled worlds shows less for any unknown.
const SHOWN: f64 = 0.95;

/// The losses of one world in dollars a month, one an allocation, and which of them is right there.
///
/// The right one is the cheapest that is acceptable; another that is acceptable loses the difference of the bills. One
/// that is not has to be replaced: its own bill is lost.
pub(crate) fn losses(standings: &[Standing]) -> (Vec<f64>, usize) {
    let right = (0..standings.len())
        .min_by(|a, b| {
            let key = |place: usize| (!standings[place].is_acceptable, standings[place].cost_usd_month);
            let ((a_fails, a_cost), (b_fails, b_cost)) = (key(*a), key(*b));
            a_fails.cmp(&b_fails).then(a_cost.total_cmp(&b_cost))
        })
        .expect("there are allocations");
    let least = standings[right];
    let loss = |own: &Standing| {
        let comparable = own.is_acceptable == least.is_acceptable;
        own.cost_usd_month - if comparable { least.cost_usd_month } else { 0.0 }
    };
    (standings.iter().map(loss).collect(), right)
}

/// A choice under many worlds, each as likely as any other.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Choice {
    /// A row an allocation, a loss a world.
    losses: Vec<Vec<f64>>,
    /// The right allocation of each world.
    right: Vec<usize>,
}

/// What a number decides.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Decides {
    /// Of the loss, what knowing it takes away.
    pub(crate) value: f64,
    pub(crate) standard_error: f64,
    /// Share of the worlds in which the choice is still wrong once it is known.
    pub(crate) wrong_after: f64,
    /// Whether luck alone would show less.
    pub(crate) is_shown: bool,
    /// Of so many measurements (see [`Measured`]); `None` where no number of them is enough.
    pub(crate) count: Option<u32>,
}

/// How fast measuring narrows a number down.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Measured {
    /// Standard deviation of its logarithm before.
    pub(crate) sd_log: f64,
    /// Spread of one measurement.
    pub(crate) cv: f64,
}

impl Choice {
    /// - `worlds`: one entry a world, each with a loss an allocation and the right one.
    pub(crate) fn new(worlds: impl IntoIterator<Item = (Vec<f64>, usize)>) -> Self {
        let (rows, right): (Vec<Vec<f64>>, Vec<usize>) = worlds.into_iter().unzip();
        let of = |place: usize| rows.iter().map(|row| row[place]).collect();
        Self { losses: (0..rows[0].len()).map(of).collect(), right }
    }

    fn worlds(&self) -> usize {
        self.right.len()
    }

    /// The expected loss of each allocation.
    pub(crate) fn expected(&self) -> Vec<f64> {
        self.losses.iter().map(|losses| losses.iter().sum::<f64>() / losses.len() as f64).collect()
    }

    /// The allocation with the smallest expected loss.
    pub(crate) fn now(&self) -> usize {
        first_least(&self.expected())
    }

    /// Share of the worlds in which an allocation is not the right one.
    pub(crate) fn wrong(&self, place: usize) -> f64 {
        self.right.iter().filter(|right| **right != place).count() as f64 / self.worlds() as f64
    }

    /// The smallest expected loss of redrawn sets of worlds, rising: how well it is known.
    pub(crate) fn redrawn(&self, seed: u64) -> Vec<f64> {
        let least = |redraw: u32| {
            let weights = self.redrawn_weights(seed, redraw);
            let means = self.losses.iter().map(|losses| weighted_mean(losses, &weights));
            means.fold(f64::INFINITY, f64::min)
        };
        let mut all: Vec<f64> = (0..REDRAWN * 4).map(least).collect();
        all.sort_by(f64::total_cmp);
        all
    }

    fn redrawn_weights(&self, seed: u64, redraw: u32) -> Vec<f64> {
        let luck = Luck(seed ^ VALUE_LUCK).child(0).child(redraw);
        let mut weights = vec![0.0; self.worlds()];
        for k in 0..self.worlds() {
            let drawn = (luck.child(k as u32).uniform(0, 0) * self.worlds() as f64) as usize;
            weights[drawn.min(self.worlds() - 1)] += 1.0;
        }
        weights
    }

    /// What each unknown decides.
    ///
    /// - `unknowns`: for each the standard normal number of every world, and how it is measured.
    pub(crate) fn decides(&self, unknowns: &[(Vec<f64>, Measured)], seed: u64) -> Vec<Decides> {
        let ones = vec![1.0; self.worlds()];
        let differences = self.differences(&ones);
        let designs: Vec<Design<'_>> = unknowns.iter().map(|(points, _)| Design::new(points, &ones)).collect();
        let luck_alone = self.luck_alone(&designs, &differences, seed);
        let of = |(design, (points, measured)): (&Design<'_>, &(Vec<f64>, Measured))| {
            let curves: Vec<Curve> = differences.iter().map(|values| design.fit(values)).collect();
            let chosen = |x: &f64| first_least(&curves.iter().map(|curve| curve.at(*x)).collect::<Vec<_>>());
            let wrong = points.iter().zip(&self.right).filter(|(x, right)| chosen(x) != **right).count();
            let value = value(&curves, points, &ones);
            let is_shown = value > luck_alone && value > 0.0;
            Decides {
                value,
                standard_error: self.standard_error(points, seed),
                wrong_after: wrong as f64 / self.worlds() as f64,
                is_shown,
                count: if is_shown { enough(&curves, *measured) } else { None },
            }
        };
        designs.iter().zip(unknowns).map(of).collect()
    }

    /// Each allocation's losses less those of the one with the smallest expected loss.
    fn differences(&self, weights: &[f64]) -> Vec<Vec<f64>> {
        let means: Vec<f64> = self.losses.iter().map(|losses| weighted_mean(losses, weights)).collect();
        let least = &self.losses[first_least(&means)];
        let less = |losses: &Vec<f64>| losses.iter().zip(least).map(|(own, least)| own - least).collect();
        self.losses.iter().map(less).collect()
    }

    fn standard_error(&self, points: &[f64], seed: u64) -> f64 {
        let of = |redraw: u32| {
            let weights = self.redrawn_weights(seed, redraw);
            let design = Design::new(points, &weights);
            let curves: Vec<Curve> = self.differences(&weights).iter().map(|values| design.fit(values)).collect();
            value(&curves, points, &weights)
        };
        let all: Vec<f64> = (0..REDRAWN).map(of).collect();
        let mean = all.iter().sum::<f64>() / all.len() as f64;
        (all.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (all.len() - 1) as f64).sqrt()
    }

    /// The value that the most valuable of the unknowns shows in [`SHOWN`] of the cases when worlds are shuffled, so that
    /// none of them has any: the largest of all, so that many unknowns do not make one of them look valuable.
    ///
    /// # Source
    /// Westfall and Young 1993, *Resampling-Based Multiple Testing*.
    fn luck_alone(&self, designs: &[Design<'_>], differences: &[Vec<f64>], seed: u64) -> f64 {
        let ones = vec![1.0; self.worlds()];
        let largest = |shuffle: u32| {
            let order = shuffled(self.worlds(), Luck(seed ^ VALUE_LUCK).child(1).child(shuffle));
            let moved: Vec<Vec<f64>> =
                differences.iter().map(|values| order.iter().map(|from| values[*from]).collect()).collect();
            let of = |design: &Design<'_>| {
                let curves: Vec<Curve> = moved.iter().map(|values| design.fit(values)).collect();
                value(&curves, design.points(), &ones)
            };
            designs.iter().map(of).fold(0.0, f64::max)
        };
        let mut all: Vec<f64> = (0..SHUFFLED).map(largest).collect();
        all.sort_by(f64::total_cmp);
        quantile(&all, SHOWN)
    }
}

/// What is lost on the half of the days that did not choose: the loss of choosing now less that of choosing in each world
/// by one half of its days, both on the other half. Luck cannot make it look larger than it is.
///
/// - `halves`: for each world the standings of its halves.
pub(crate) fn shown_loss(halves: &[[Vec<Standing>; 2]]) -> f64 {
    let n = 2.0 * halves.len() as f64;
    let of_halves = || halves.iter().flat_map(|[a, b]| [(a, b), (b, a)]);
    let allocations = halves[0][0].len();
    let now = (0..allocations).map(|place| of_halves().map(|(_, judge)| losses(judge).0[place]).sum::<f64>() / n);
    let by_halves = of_halves().map(|(choose, judge)| losses(judge).0[losses(choose).1]).sum::<f64>() / n;
    (now.fold(f64::INFINITY, f64::min) - by_halves).max(0.0)
}

fn weighted_mean(values: &[f64], weights: &[f64]) -> f64 {
    let sum: f64 = values.iter().zip(weights).map(|(value, weight)| value * weight).sum();
    sum / weights.iter().sum::<f64>()
}

/// The place of the least, the first of equal ones.
fn first_least(values: &[f64]) -> usize {
    (0..values.len()).min_by(|a, b| values[*a].total_cmp(&values[*b])).expect("there are values")
}

/// What the best choice at each point loses less than the choice that is best without knowing: that has differences of
/// zero.
fn value(curves: &[Curve], points: &[f64], weights: &[f64]) -> f64 {
    let least = |x: &f64| curves.iter().map(|curve| curve.at(*x)).fold(0.0, f64::min);
    let sum: f64 =
        points.iter().zip(weights).map(|(x, weight)| if *weight > 0.0 { weight * least(x) } else { 0.0 }).sum();
    // Not the negative zero of an empty gain.
    (-sum / weights.iter().sum::<f64>()).max(0.0)
}

/// A permutation (Fisher and Yates 1938).
fn shuffled(n: usize, luck: Luck) -> Vec<usize> {
    let mut order: Vec<usize> = (0..n).collect();
    for k in (1..n).rev() {
        let other = (luck.child(k as u32).uniform(0, 0) * (k + 1) as f64) as usize;
        order.swap(k, other.min(k));
    }
    order
}

/// Fewest measurements, to see that they agree, and most that are looked at.
const COUNT_MIN: u32 = 3;
const COUNT_MAX: u32 = 1 << 20;
/// Share of the value that is enough.
const ENOUGH: f64 = 0.8;

/// So many measurements bring most of what knowing the number brings. Normal luck about a normal number: with `r` the
/// share of its variance that they take away, its expectation varies by the root of `r`, and it about that by the rest.
fn enough(curves: &[Curve], measured: Measured) -> Option<u32> {
    let all = expected_value(curves, 1.0);
    let is_enough = |count: u32| expected_value(curves, measured.taken_away(count)) >= ENOUGH * all;
    let mut most = COUNT_MIN;
    while !is_enough(most) {
        if most >= COUNT_MAX {
            return None;
        }
        most *= 2;
    }
    let mut least = COUNT_MIN.max(most / 2);
    while least < most {
        let middle = u32::midpoint(least, most);
        if is_enough(middle) { most = middle } else { least = middle + 1 }
    }
    Some(most)
}

impl Measured {
    /// Share of the variance that so many measurements take away.
    fn taken_away(self, count: u32) -> f64 {
        let (own, of_mean) = (self.sd_log.powi(2), self.cv.powi(2) / f64::from(count));
        own / (own + of_mean)
    }

    /// So many leave a third of the standard deviation; at least three.
    pub(crate) fn for_a_third(self) -> u32 {
        ((8.0 * (self.cv / self.sd_log).powi(2)).ceil() as u32).max(COUNT_MIN)
    }
}

/// What is gained where so large a share of the number's variance is taken away.
fn expected_value(curves: &[Curve], share: f64) -> f64 {
    const OUTER: u32 = 200;
    const INNER: u32 = 40;
    let normals = |n: u32| (0..n).map(move |k| normal_quantile((f64::from(k) + 0.5) / f64::from(n)));
    let (known, left) = (share.sqrt(), (1.0 - share).sqrt());
    let inner: Vec<f64> = if left > 0.0 { normals(INNER).map(|x| left * x).collect() } else { vec![0.0] };
    let mut means = vec![0.0; curves.len()];
    let mut of_choice = 0.0;
    for known in normals(OUTER).map(|x| known * x) {
        let mut least = f64::INFINITY;
        for (curve, mean) in curves.iter().zip(&mut means) {
            let expected = inner.iter().map(|x| curve.at(known + x)).sum::<f64>() / inner.len() as f64;
            *mean += expected / f64::from(OUTER);
            least = least.min(expected);
        }
        of_choice += least / f64::from(OUTER);
    }
    (means.into_iter().fold(f64::INFINITY, f64::min) - of_choice).max(0.0)
}

#[cfg(test)]
mod tests;
