//! The curve as a smooth periodic one: a Poisson regression with log link on harmonics of the day and of the week.
//!
//! What an hour is expected to have is exp(c + Σ a cos(2π k t) + b sin(2π k t)), with t in days, and further terms with t in
//! weeks. A few coefficients take the place of 24 steps, so that a short log tells them better. The curve is one of hourly
//! means: the hours' counts were fitted, and a scenario takes hours.

use serde::{Deserialize, Serialize};

use super::days::Hour;

/// Most harmonics of the day: beyond, what is left are steps.
const OF_DAY_MAX: u32 = 8;
/// Most harmonics of the week: its days are seven points, and the seventh harmonic is the day.
const OF_WEEK_MAX: u32 = 3;
const MOST_STEPS: usize = 100;
/// A step that changes the coefficients by no more than this is the last.
const TOLERANCE: f64 = 1e-10;

/// What a smooth curve is made of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Harmonics {
    /// Harmonics of the day.
    pub of_day: u32,
    /// Harmonics of the week; none below two weeks.
    pub of_week: u32,
    /// The constant (logarithm of requests an hour), then cosine and sine of each harmonic of the day, then of the week,
    /// with time from midnight and from Monday's midnight on, at the middle of each hour.
    pub coefficients: Vec<f64>,
    /// Pearson's statistic over the degrees of freedom: 1 is chance.
    pub dispersion: f64,
}

impl Harmonics {
    /// Those of the least `QAICc` (Burnham and Anderson 2002, *Model Selection and Multimodel Inference*, section 2.5): the
    /// deviance over the dispersion of the richest curve, and the price of the parameters. None where no curve has finite
    /// coefficients.
    ///
    /// - `has_weeks`: whether the hours cover two weeks or more.
    pub(super) fn of(hours: &[Hour], has_weeks: bool) -> Option<Self> {
        let cells = cells(hours);
        let weeks = if has_weeks { OF_WEEK_MAX } else { 0 };
        let tried = (0..=OF_DAY_MAX).flat_map(|of_day| (0..=weeks).map(move |of_week| (of_day, of_week)));
        let tried: Vec<Self> = tried.filter_map(|numbers| Self::regression(hours, &cells, numbers)).collect();
        let scatter = tried.last()?.dispersion.max(1.0);
        let n = hours.len() as f64;
        let criterion = |of: &Self| {
            // The dispersion is a parameter, too.
            let k = of.coefficients.len() as f64 + 1.0;
            let left = n - k - 1.0;
            let price = if left > 0.0 { 2.0 * k + 2.0 * k * (k + 1.0) / left } else { f64::INFINITY };
            of.deviance(&cells) / scatter + price
        };
        tried.into_iter().map(|of| (criterion(&of), of)).min_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, of)| of)
    }

    /// In words: how many there are.
    #[must_use]
    pub fn words(&self) -> String {
        let of =
            |number: u32, what: &str| format!("{number} harmonic{} of the {what}", if number == 1 { "" } else { "s" });
        let of_week = if self.of_week > 0 { format!(" and {}", of(self.of_week, "week")) } else { String::new() };
        format!("{}{of_week}", of(self.of_day, "day"))
    }

    /// Requests an hour of the week, from Monday's midnight on.
    pub(super) fn rate(&self, place: usize) -> f64 {
        let row = row(place, (self.of_day, self.of_week));
        row.iter().zip(&self.coefficients).map(|(x, c)| x * c).sum::<f64>().exp()
    }

    /// The likeliest coefficients, by iteratively reweighted least squares (`McCullagh` and Nelder 1989, *Generalized Linear
    /// Models*, section 2.5); none where there is no finite answer.
    fn regression(hours: &[Hour], cells: &[Cell], (of_day, of_week): (u32, u32)) -> Option<Self> {
        let design: Vec<Vec<f64>> = cells.iter().map(|cell| row(cell.place, (of_day, of_week))).collect();
        let columns = design.first()?.len();
        let mut means: Vec<f64> = cells.iter().map(|cell| cell.requests + 0.1).collect();
        let mut coefficients = vec![0.0; columns];
        for _ in 0..MOST_STEPS {
            let entry = |i: usize, j: usize| design.iter().zip(&means).map(|(x, mean)| x[i] * x[j] * mean).sum();
            let normal = (0..columns).map(|i| (0..columns).map(|j| entry(i, j)).collect()).collect();
            let working = |(mean, cell): (&f64, &Cell)| mean * (mean / cell.exposed).ln() + cell.requests - mean;
            let working: Vec<f64> = means.iter().zip(cells).map(working).collect();
            let right = (0..columns).map(|j| design.iter().zip(&working).map(|(x, z)| x[j] * z).sum()).collect();
            let next = crate::describe::solve(normal, right)?;
            let change = next.iter().zip(&coefficients).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
            let of = Self { of_day, of_week, coefficients: next, dispersion: 1.0 };
            means = cells.iter().map(|cell| of.rate(cell.place) * cell.exposed).collect();
            if means.iter().any(|mean| !mean.is_normal()) {
                return None;
            }
            if change < TOLERANCE {
                return Some(Self { dispersion: of.pearson(hours, columns)?, ..of });
            }
            coefficients = of.coefficients;
        }
        None
    }

    /// Pearson's statistic over the degrees of freedom; none where there are none.
    fn pearson(&self, hours: &[Hour], columns: usize) -> Option<f64> {
        let degrees = hours.len().checked_sub(columns).filter(|degrees| *degrees > 0)? as f64;
        let of_hour = |hour: &Hour| {
            let expected = self.rate(hour.of_week()) * hour.growth;
            (hour.requests - expected).powi(2) / expected
        };
        Some(hours.iter().map(of_hour).sum::<f64>() / degrees)
    }

    /// The deviance, up to what all curves share.
    fn deviance(&self, cells: &[Cell]) -> f64 {
        let of_cell = |cell: &Cell| {
            let expected = self.rate(cell.place) * cell.exposed;
            2.0 * (expected - cell.requests * expected.ln())
        };
        cells.iter().map(of_cell).sum()
    }
}

/// The hours at one place of the week: all that a regression on places needs of them.
struct Cell {
    /// Hours from Monday's midnight.
    place: usize,
    requests: f64,
    /// Hours, those of less growth counting less.
    exposed: f64,
}

fn cells(hours: &[Hour]) -> Vec<Cell> {
    let of_place = |place: usize| {
        let own = || hours.iter().filter(move |hour| hour.of_week() == place);
        let exposed = own().map(|hour| hour.growth).sum();
        Cell { place, requests: own().map(|hour| hour.requests).sum(), exposed }
    };
    (0..168).map(of_place).filter(|cell| cell.exposed > 0.0).collect()
}

/// The columns of the regression at an hour of the week.
fn row(place: usize, (of_day, of_week): (u32, u32)) -> Vec<f64> {
    let waves = |number: u32, length: usize| {
        (1..=number).flat_map(move |k| {
            let middle = (place % length) as f64 + 0.5;
            let angle = std::f64::consts::TAU * f64::from(k) * middle / length as f64;
            [angle.cos(), angle.sin()]
        })
    };
    std::iter::once(1.0).chain(waves(of_day, 24)).chain(waves(of_week, 168)).collect()
}

#[cfg(test)]
mod tests;
