//! Daily and weekly curves: the mean rate of the hours that have one place in the day or week.

use statrs::distribution::{ContinuousCDF, StudentsT};

use super::clock::LocalHour;
use super::{CurvePoint, Description, HourCount, normalised};

/// Full hours from which on there is a weekly curve: each hour of the week twice, but for the one that the last request
/// of two weeks cuts.
const WEEK_CURVE_HOURS: usize = 2 * 168 - 1;
/// Share of its law that an interval leaves out on either side.
const TAIL: f64 = 0.025;

/// Fills in what follows from the full hours: curves, peaks, empty hours.
///
/// - `hourly`, `local`: the full hours in order, what they hold and where they stand.
pub(super) fn describe_hours(hourly: &[HourCount], local: &[LocalHour], description: &mut Description) {
    let counts = || hourly.iter().map(|hour| hour.requests as f64);
    description.hourly_cv = coefficient_of_variation(counts());
    description.zero_hours = hourly.iter().filter(|hour| hour.requests == 0).count() as u64;
    description.hour_of_day = curve(24, counts(), local.iter().map(|hour| hour.of_day()));
    if hourly.len() >= WEEK_CURVE_HOURS {
        description.hour_of_week = curve(168, counts(), local.iter().map(|hour| hour.of_week()));
    }
    describe_peak(description);
}

fn describe_peak(description: &mut Description) {
    let rates: Option<Vec<f64>> = description.hour_of_day.iter().map(|point| point.rate_per_s).collect();
    let Some(rates) = rates else { return };
    let highest = rates.iter().copied().fold(0.0, f64::max);
    let lowest = rates.iter().copied().fold(f64::INFINITY, f64::min);
    let first = |is_wanted: &dyn Fn(f64) -> bool| rates.iter().position(|&rate| is_wanted(rate));
    description.peak_hour = first(&|rate| rate >= highest).map(|hour| hour as u8);
    description.trough_hour = first(&|rate| rate <= lowest).map(|hour| hour as u8);
    description.peak_over_mean =
        normalised(&description.hour_of_day).map(|curve| curve.into_iter().fold(0.0, f64::max));
    description.peak_over_trough = (lowest > 0.0).then(|| highest / lowest);
}

/// The curve of `places` points through hours of these counts at these places.
fn curve(places: usize, counts: impl Iterator<Item = f64>, at: impl Iterator<Item = usize>) -> Vec<CurvePoint> {
    let mut hours = vec![Vec::new(); places];
    for (count, place) in counts.zip(at) {
        hours[place].push(count / 3600.0);
    }
    hours.iter().map(|rates| point(rates)).collect()
}

fn point(rates: &[f64]) -> CurvePoint {
    let (mean, sd) = (mean(rates), standard_deviation(rates));
    let margin = sd.map(|sd| sd / (rates.len() as f64).sqrt() * t_quantile(rates.len() as f64 - 1.0));
    CurvePoint {
        rate_per_s: mean,
        low_per_s: mean.zip(margin).map(|(mean, margin)| (mean - margin).max(0.0)),
        high_per_s: mean.zip(margin).map(|(mean, margin)| mean + margin),
        hours: rates.len() as u64,
    }
}

/// The factor of a standard error that makes a 95 % interval, by Student's t with these degrees of freedom, 1 or more.
pub(super) fn t_quantile(degrees: f64) -> f64 {
    StudentsT::new(0.0, 1.0, degrees).map_or(f64::INFINITY, |law| law.inverse_cdf(1.0 - TAIL))
}

/// Standard deviation (n - 1) over mean; none below 2 values or where all are 0.
pub(super) fn coefficient_of_variation(values: impl Iterator<Item = f64>) -> Option<f64> {
    let values: Vec<f64> = values.collect();
    let mean = mean(&values).filter(|mean| *mean > 0.0)?;
    standard_deviation(&values).map(|sd| sd / mean)
}

/// None where there are no values.
pub(super) fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// With n - 1; none below 2 values.
fn standard_deviation(values: &[f64]) -> Option<f64> {
    let mean = mean(values)?;
    let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
    (values.len() > 1).then(|| (squares / (values.len() as f64 - 1.0)).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    #[test]
    fn a_point_has_students_interval() {
        // Mean 2, standard deviation 1, 3 values: t(2) = 4.302653.
        let three = point(&[1.0, 2.0, 3.0]);
        assert_eq!(three.rate_per_s, Some(2.0));
        assert_eq!(three.low_per_s, Some(0.0), "not below 0");
        assert_relative_eq!(three.high_per_s.expect("an end"), 2.0 + 4.302_653 / 3.0f64.sqrt(), max_relative = 1e-6);
        let one = point(&[1.0]);
        assert_eq!((one.rate_per_s, one.low_per_s, one.high_per_s, one.hours), (Some(1.0), None, None, 1));
        assert_eq!(point(&[]).rate_per_s, None);
    }
}
