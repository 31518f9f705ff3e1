//! A number's variance in two: luck, which another month would have otherwise, and ignorance, which every month has the
//! same and measuring takes away.

use fleetfront_sim::Luck;
use serde::{Deserialize, Serialize};

use crate::estimate::Estimate;

/// Resamples of the worlds.
const RESAMPLES: u32 = 400;
/// Keeps them apart from those of anything else.
const SPLIT_LUCK: u64 = 0x0073_706C_6974_7321;

/// A month's number over all worlds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Components {
    /// Its mean.
    pub mean: Estimate,
    /// Standard deviation between months of one world.
    pub luck_sd: Estimate,
    /// Standard deviation between worlds.
    pub ignorance_sd: Estimate,
    /// Share of the ignorance in the variance of a month.
    pub ignorance_share: Estimate,
}

/// Variances of a one-way layout.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Variances {
    /// Of a section within its world.
    pub(crate) within: f64,
    /// Of the worlds, less what the luck of their sections adds; not below zero.
    pub(crate) between: f64,
    /// Of the means of the worlds as they came out.
    pub(crate) of_means: f64,
}

/// A world in numbers.
#[derive(Debug, Clone, Copy)]
struct Row {
    mean: f64,
    squares: f64,
}

/// - `worlds`: a row a world, with as many sections in each, two or more.
///
/// # Source
/// Random effects, one way: E\[MS between\] = within + n between (Searle and others 1992, *Variance
/// Components*, chapter 3).
pub(crate) fn variances(worlds: &[Vec<f64>]) -> Variances {
    let rows: Vec<Row> = worlds.iter().map(|sections| row(sections)).collect();
    of_rows(rows.iter(), worlds[0].len())
}

fn row(sections: &[f64]) -> Row {
    let mean = sections.iter().sum::<f64>() / sections.len() as f64;
    Row { mean, squares: sections.iter().map(|value| (value - mean).powi(2)).sum() }
}

fn of_rows<'a>(rows: impl Iterator<Item = &'a Row> + Clone, sections: usize) -> Variances {
    let n = rows.clone().count() as f64;
    let mean = rows.clone().map(|row| row.mean).sum::<f64>() / n;
    let within = rows.clone().map(|row| row.squares).sum::<f64>() / (n * (sections as f64 - 1.0));
    let of_means = rows.map(|row| (row.mean - mean).powi(2)).sum::<f64>() / (n - 1.0);
    Variances { within, between: (of_means - within / sections as f64).max(0.0), of_means }
}

impl Variances {
    /// - `a_month`: sections in one.
    fn share(self, a_month: f64) -> f64 {
        let luck = self.within / a_month;
        if self.between + luck > 0.0 { self.between / (self.between + luck) } else { 0.0 }
    }
}

impl Components {
    /// The split of a number, with intervals from redrawn worlds. `None` where it is infinite or there is none somewhere.
    ///
    /// - `worlds`: a row a world, with as many sections in each, two or more.
    /// - `a_month`: sections in one.
    pub(crate) fn of(worlds: &[Vec<f64>], a_month: f64, seed: u64) -> Option<Self> {
        if !worlds.iter().flatten().all(|value| value.is_finite()) {
            return None;
        }
        let rows: Vec<Row> = worlds.iter().map(|sections| row(sections)).collect();
        let numbers = |rows: &[&Row]| {
            let of = of_rows(rows.iter().copied(), worlds[0].len());
            let mean = rows.iter().map(|row| row.mean).sum::<f64>() / rows.len() as f64;
            [mean, (of.within / a_month).sqrt(), of.between.sqrt(), of.share(a_month)]
        };
        let value = numbers(&rows.iter().collect::<Vec<_>>());
        let redrawn: Vec<[f64; 4]> = (0..RESAMPLES)
            .map(|resample| numbers(&redrawn(&rows, Luck(seed ^ SPLIT_LUCK).child(resample)).collect::<Vec<_>>()))
            .collect();
        let [mean, luck_sd, ignorance_sd, ignorance_share] = [0, 1, 2, 3].map(|k| {
            let mut all: Vec<f64> = redrawn.iter().map(|numbers| numbers[k]).collect();
            all.sort_by(f64::total_cmp);
            let [low, high] = [0.025, 0.975].map(|share| quantile(&all, share));
            Estimate { value: value[k], low: low.min(value[k]), high: high.max(value[k]) }
        });
        Some(Self { mean, luck_sd, ignorance_sd, ignorance_share })
    }
}

/// As many of these, drawn with replacement.
fn redrawn<T>(all: &[T], luck: Luck) -> impl Iterator<Item = &T> {
    let draw = move |k: usize| ((luck.child(k as u32).uniform(0, 0) * all.len() as f64) as usize).min(all.len() - 1);
    (0..all.len()).map(move |k| &all[draw(k)])
}

/// What a month comes to, one a world, rising: the means of the worlds, brought together about their own mean until
/// their variance is that of months and not that of the few days of a world.
///
/// - `a_month`: sections in one.
pub(crate) fn months(worlds: &[Vec<f64>], a_month: f64) -> Vec<f64> {
    let of = variances(worlds);
    let together = if of.of_means > 0.0 { ((of.between + of.within / a_month) / of.of_means).sqrt() } else { 1.0 };
    let means: Vec<f64> = worlds.iter().map(|sections| row(sections).mean).collect();
    let mean = means.iter().sum::<f64>() / means.len() as f64;
    let mut months: Vec<f64> = means.iter().map(|own| mean + together * (own - mean)).collect();
    months.sort_by(f64::total_cmp);
    months
}

/// Of sorted numbers, between neighbours in proportion.
pub(crate) fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = (share * sorted.len() as f64 - 0.5).clamp(0.0, (sorted.len() - 1) as f64);
    let (below, part) = (place.floor() as usize, place.fract());
    let above = (below + 1).min(sorted.len() - 1);
    sorted[below] + part * (sorted[above] - sorted[below])
}

#[cfg(test)]
mod tests {
    use approx::assert_relative_eq;
    use fleetfront_sim::normal_quantile;

    use super::*;

    /// Normal worlds with normal sections.
    fn drawn(seed: u32, worlds: u32, sections: u32, (between, within): (f64, f64)) -> Vec<Vec<f64>> {
        let normal = |world: u32, k: u32| {
            normal_quantile(Luck(77).child(seed).child(world).child(k).uniform(0, 0).clamp(1e-9, 1.0 - 1e-9))
        };
        let section = |world: u32, k: u32| between * normal(world, 0) + within * normal(world, k + 1);
        (0..worlds).map(|world| (0..sections).map(|k| 100.0 + section(world, k)).collect()).collect()
    }

    /// By hand: means 2 and 4 (variance 2), within 1 each: 2 - 1/2.
    #[test]
    fn what_luck_adds_to_the_worlds_is_taken_off() {
        let of = variances(&[vec![1.5, 2.5], vec![3.5, 4.5]]);
        assert_relative_eq!(of.within, 0.5, max_relative = 1e-12);
        assert_relative_eq!(of.of_means, 2.0, max_relative = 1e-12);
        assert_relative_eq!(of.between, 1.75, max_relative = 1e-12);
        assert_relative_eq!(variances(&[vec![1.0, 3.0], vec![3.0, 1.0]]).between, 0.0);
    }

    /// A month of 4 sections: 2^2 / (2^2 + 3^2 / 4) = 0.64 of its variance are between worlds.
    #[test]
    fn known_components_lie_within_their_intervals_nineteen_times_in_twenty() {
        let mut inside = [0; 3];
        for seed in 0..200 {
            let of = Components::of(&drawn(seed, 100, 4, (2.0, 3.0)), 4.0, u64::from(seed)).expect("finite");
            let truths = [(of.luck_sd, 1.5), (of.ignorance_sd, 2.0), (of.ignorance_share, 0.64)];
            for (count, (estimate, truth)) in inside.iter_mut().zip(truths) {
                *count += u32::from(estimate.low <= truth && truth <= estimate.high);
            }
        }
        // Of 200, nominally 190; redrawn worlds cover a little less. 3 sigma of luck are 9.
        assert!(inside.iter().all(|count| *count >= 176), "{inside:?}");
    }

    #[test]
    fn without_ignorance_its_share_is_near_nothing() {
        let of = Components::of(&drawn(1, 400, 4, (0.0, 3.0)), 4.0, 1).expect("finite");
        assert!(of.ignorance_share.value < 0.15 && of.ignorance_share.low < 1e-12, "{of:?}");
        assert_eq!(Components::of(&[vec![1.0, f64::INFINITY], vec![1.0, 1.0]], 4.0, 1), None);
    }

    /// Months of 16 sections drawn with other luck: their variance is 2^2 + 3^2 / 16, whatever the sections of a world.
    #[test]
    fn months_vary_as_months_do() {
        for sections in [2, 4, 40] {
            let months = months(&drawn(5, 4000, sections, (2.0, 3.0)), 16.0);
            let sd = (quantile(&months, 0.95) - quantile(&months, 0.05)) / 2.0 / 1.644_854;
            assert_relative_eq!(sd, (4.0f64 + 9.0 / 16.0).sqrt(), max_relative = 0.05);
        }
    }
}
