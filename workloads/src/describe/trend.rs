//! Growth of the day totals: log-linear quasi-Poisson regression by iteratively reweighted least squares.

use super::curves::t_quantile;
use super::{DayTotal, Trend};

/// Below so many days there is no trend.
const LEAST_DAYS: usize = 5;
/// From so many days on weekdays have levels of their own.
const WEEKDAY_DAYS: usize = 14;
const MOST_STEPS: usize = 100;
/// A step that changes the coefficients by no more than this is the last.
const TOLERANCE: f64 = 1e-10;

/// The growth of the totals of full days; none below 5 days or where the fit has no finite answer.
///
/// - `days`: number and total of each day, in order.
///
/// # Source
/// P. `McCullagh` and Nelder (1989), *Generalized Linear Models*: log link, variance in proportion to the mean, the factor
/// from Pearson's statistic over the degrees of freedom.
pub(super) fn trend(days: &[(i64, DayTotal)]) -> Option<Trend> {
    if days.len() < LEAST_DAYS {
        return None;
    }
    let weekdays = days.len() >= WEEKDAY_DAYS;
    let group = |day: &DayTotal| if weekdays { usize::from(day.weekday) } else { 0 };
    // A weekday without a request has a level of minus infinity and says nothing about growth.
    let mut totals = [0; 7];
    for (_, day) in days {
        totals[group(day)] += day.requests;
    }
    let kept: Vec<_> = days.iter().filter(|(_, day)| totals[group(day)] > 0).collect();
    let levels: Vec<usize> = (0..7).filter(|&level| totals[level] > 0).collect();
    let middle = kept.iter().map(|(day, _)| *day as f64).sum::<f64>() / kept.len() as f64;
    // The first column is the time in weeks, the others say which level a day has.
    let row = |(number, day): &(i64, DayTotal)| {
        let week = (*number as f64 - middle) / 7.0;
        let own = levels.iter().map(|&level| f64::from(u8::from(level == group(day))));
        std::iter::once(week).chain(own).collect()
    };
    let design: Vec<Vec<f64>> = kept.iter().map(|day| row(day)).collect();
    let counts: Vec<f64> = kept.iter().map(|(_, day)| day.requests as f64).collect();
    let (slope, error, degrees) = fit(&design, &counts)?;
    let margin = t_quantile(degrees) * error;
    let [growth_per_week, low, high] = [slope, slope - margin, slope + margin].map(f64::exp_m1);
    let finite = [growth_per_week, low, high].iter().all(|value| value.is_finite());
    finite.then_some(Trend { growth_per_week, low, high, days: days.len() as u64, weekdays })
}

/// The first coefficient, its standard error and the degrees of freedom.
fn fit(design: &[Vec<f64>], counts: &[f64]) -> Option<(f64, f64, f64)> {
    let columns = design.first()?.len();
    let degrees = counts.len().checked_sub(columns).filter(|&degrees| degrees > 0)? as f64;
    let mut means: Vec<f64> = counts.iter().map(|count| count + 0.1).collect();
    let mut coefficients = vec![0.0; columns];
    for _ in 0..MOST_STEPS {
        let normal = normal_equations(design, &means);
        let working: Vec<f64> = means.iter().zip(counts).map(|(mean, count)| mean * mean.ln() + count - mean).collect();
        let right: Vec<f64> = (0..columns).map(|j| design.iter().zip(&working).map(|(x, z)| x[j] * z).sum()).collect();
        let next = solve(normal, right)?;
        let change = next.iter().zip(&coefficients).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        coefficients = next;
        let linear = |x: &Vec<f64>| x.iter().zip(&coefficients).map(|(x, c)| x * c).sum::<f64>();
        means = design.iter().map(|x| linear(x).exp()).collect();
        if means.iter().any(|mean| !mean.is_normal()) {
            return None;
        }
        if change < TOLERANCE {
            let pearson: f64 = means.iter().zip(counts).map(|(mean, count)| (count - mean).powi(2) / mean).sum();
            let mut unit = vec![0.0; columns];
            unit[0] = 1.0;
            let variance = solve(normal_equations(design, &means), unit)?[0] * pearson / degrees;
            // Of totals that a trend meets exactly nothing is left but rounding, of either sign.
            return Some((coefficients[0], variance.max(0.0).sqrt(), degrees));
        }
    }
    None
}

/// The matrix X'WX, where the weights W are the means.
fn normal_equations(design: &[Vec<f64>], means: &[f64]) -> Vec<Vec<f64>> {
    let columns = design.first().map_or(0, Vec::len);
    let entry = |i: usize, j: usize| design.iter().zip(means).map(|(x, mean)| x[i] * x[j] * mean).sum();
    (0..columns).map(|i| (0..columns).map(|j| entry(i, j)).collect()).collect()
}

/// Solves a system of linear equations by elimination with row pivots; none where it is singular.
pub(crate) fn solve(mut matrix: Vec<Vec<f64>>, mut right: Vec<f64>) -> Option<Vec<f64>> {
    let n = right.len();
    let largest = matrix.iter().flatten().fold(0.0f64, |most, value| most.max(value.abs()));
    for column in 0..n {
        let pivot = (column..n).max_by(|&a, &b| matrix[a][column].abs().total_cmp(&matrix[b][column].abs()))?;
        matrix.swap(column, pivot);
        right.swap(column, pivot);
        if matrix[column][column].abs() <= 1e-13 * largest {
            return None;
        }
        let (done, below) = matrix.split_at_mut(column + 1);
        let pivot_row = &done[column];
        for (row, entries) in below.iter_mut().enumerate() {
            let factor = entries[column] / pivot_row[column];
            for (entry, pivot) in entries.iter_mut().zip(pivot_row).skip(column) {
                *entry -= factor * pivot;
            }
            right[column + 1 + row] -= factor * right[column];
        }
    }
    for row in (0..n).rev() {
        let known: f64 = (row + 1..n).map(|j| matrix[row][j] * right[j]).sum();
        right[row] = (right[row] - known) / matrix[row][row];
    }
    Some(right)
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    fn days(totals: &[u64]) -> Vec<(i64, DayTotal)> {
        let day = |(number, &requests): (usize, &u64)| {
            let total = DayTotal { date: String::new(), weekday: (number % 7) as u8, hours: 24, requests };
            (20_000 + number.cast_signed() as i64, total)
        };
        totals.iter().enumerate().map(day).collect()
    }

    #[test]
    fn doubling_every_day_is_found() {
        let found = trend(&days(&[1, 2, 4, 8, 16, 32])).expect("a trend");
        assert_relative_eq!(found.growth_per_week, 127.0, max_relative = 1e-8);
        assert_relative_eq!(found.low, found.high, max_relative = 1e-6);
        assert!(!found.weekdays);
    }

    #[test]
    fn weekdays_have_levels_of_their_own() {
        // 10 % a week, and a weekly pattern that a slope alone would take for growth.
        let level = |day: usize| [100e6, 110e6, 120e6, 130e6, 140e6, 20e6, 10e6][day % 7];
        let totals: Vec<u64> = (0..16).map(|day| (level(day) * 1.1f64.powf(day as f64 / 7.0)).round() as u64).collect();
        let found = trend(&days(&totals)).expect("a trend");
        assert_relative_eq!(found.growth_per_week, 0.1, max_relative = 1e-5);
        assert!(found.weekdays && found.high - found.low < 1e-4);
    }

    /// By hand for a log-linear fit of 5 days: the score equations hold, and the interval is that of Pearson's factor.
    #[test]
    fn scattered_totals_have_a_wide_interval() {
        let found = trend(&days(&[100, 140, 90, 160, 130])).expect("a trend");
        let slope = found.growth_per_week.ln_1p() / 7.0;
        let counts = [100.0, 140.0, 90.0, 160.0, 130.0];
        let weight = |day: f64| ((day - 2.0) * slope).exp();
        let level = 620.0 / (0..5).map(|day| weight(f64::from(day))).sum::<f64>();
        let score: f64 = (0..5).map(|d| f64::from(d) * (counts[d as usize] - level * weight(f64::from(d)))).sum();
        assert!(score.abs() < 1e-6, "{score}");
        let mean = |d: usize| level * weight(d as f64);
        let pearson: f64 = (0..5).map(|d| (counts[d] - mean(d)).powi(2) / mean(d)).sum();
        let centre = (0..5).map(|d| d as f64 * mean(d)).sum::<f64>() / 620.0;
        let information: f64 = (0..5).map(|d| (d as f64 - centre).powi(2) * mean(d)).sum();
        // t(3) = 3.182446.
        let margin = 3.182_446 * (pearson / 3.0 / information).sqrt();
        assert_relative_eq!(found.high, ((slope + margin) * 7.0).exp() - 1.0, max_relative = 1e-5);
        assert_relative_eq!(found.low, ((slope - margin) * 7.0).exp() - 1.0, max_relative = 1e-5);
    }

    /// Levels have a closed form given the slope, so that one equation is left: bisection finds it.
    #[test]
    fn scattered_weeks_have_the_slope_that_solves_the_score() {
        let totals: Vec<u64> = (0..24u64).map(|day| 40 + 97 * day * day % 61 + 11 * (day % 7) + 2 * day).collect();
        let found = trend(&days(&totals)).expect("a trend");
        let week = |day: usize| day as f64 / 7.0;
        let of_weekday = |weekday: usize| (weekday..24).step_by(7);
        // Means, given the slope.
        let means = |slope: f64| -> Vec<f64> {
            let weight = |day: usize| (slope * week(day)).exp();
            let level = |weekday: usize| {
                of_weekday(weekday).map(|day| totals[day] as f64).sum::<f64>()
                    / of_weekday(weekday).map(weight).sum::<f64>()
            };
            (0..24).map(|day| level(day % 7) * weight(day)).collect()
        };
        let score = |slope: f64| -> f64 {
            means(slope).iter().enumerate().map(|(day, mean)| week(day) * (totals[day] as f64 - mean)).sum()
        };
        let (mut low, mut high) = (-1.0, 1.0);
        for _ in 0..60 {
            let middle = f64::midpoint(low, high);
            if score(middle) > 0.0 { low = middle } else { high = middle }
        }
        assert_relative_eq!(found.growth_per_week, low.exp_m1(), max_relative = 1e-8);
        let means = means(low);
        let within = |weekday: usize| -> f64 {
            let sum = |power: i32| of_weekday(weekday).map(|day| means[day] * week(day).powi(power)).sum::<f64>();
            sum(2) - sum(1) * sum(1) / sum(0)
        };
        let information: f64 = (0..7).map(within).sum();
        let pearson: f64 = means.iter().zip(&totals).map(|(mean, &total)| (total as f64 - mean).powi(2) / mean).sum();
        // t(24 - 8) = 2.119905.
        let margin = 2.119_905 * (pearson / 16.0 / information).sqrt();
        assert_relative_eq!(found.high, (low + margin).exp_m1(), max_relative = 1e-5);
    }

    #[test]
    fn there_is_no_trend_where_none_can_be_told() {
        assert_eq!(trend(&days(&[1, 2, 3, 4])), None, "too few days");
        assert_eq!(trend(&days(&[0; 20])), None, "nothing happened");
        assert_eq!(trend(&days(&[0, 0, 0, 0, 0, 7])), None, "one day alone");
        let mut sundays_off = vec![50; 21];
        for sunday in [6, 13, 20] {
            sundays_off[sunday] = 0;
        }
        let found = trend(&days(&sundays_off)).expect("a trend");
        assert!(found.growth_per_week.abs() < 1e-9, "{found:?}");
    }
}
