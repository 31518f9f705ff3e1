//! Totals of full days, and what follows from them.

use super::clock::{Clock, LocalHour};
use super::curves::{coefficient_of_variation, mean};
use super::trend::trend;
use super::{DayTotal, Description, HourCount};

/// The first weekday that is none, 0 = Monday.
const SATURDAY: u8 = 5;

/// Fills in what follows from the full days.
///
/// - `hourly`, `local`: the full hours in order, what they hold and where they stand.
pub(super) fn describe_days(hourly: &[HourCount], local: &[LocalHour], clock: &Clock, description: &mut Description) {
    let days = full_days(hourly, local, clock);
    let totals = |weekend: bool| -> Vec<f64> {
        let kind = days.iter().filter(|(_, day)| (day.weekday >= SATURDAY) == weekend);
        kind.map(|(_, day)| day.requests as f64).collect()
    };
    let (weekend, weekdays) = (mean(&totals(true)), mean(&totals(false)).filter(|mean| *mean > 0.0));
    description.weekend_over_weekday = weekend.zip(weekdays).map(|(weekend, weekdays)| weekend / weekdays);
    description.day_total_cv = coefficient_of_variation(days.iter().map(|(_, day)| day.requests as f64));
    description.trend = trend(&days);
    description.full_days = days.into_iter().map(|(_, day)| day).collect();
}

/// The days all of whose hours are full, with their numbers.
fn full_days(hourly: &[HourCount], local: &[LocalHour], clock: &Clock) -> Vec<(i64, DayTotal)> {
    let mut days: Vec<(i64, DayTotal)> = Vec::new();
    for (hour, place) in hourly.iter().zip(local) {
        if days.last().is_none_or(|(day, _)| *day != place.day) {
            let date = Clock::date(place.day);
            days.push((place.day, DayTotal { date, weekday: place.weekday, hours: 0, requests: 0 }));
        }
        if let Some((_, total)) = days.last_mut() {
            total.hours += 1;
            total.requests += hour.requests;
        }
    }
    // Only the first and the last day can be cut: the hours between follow one another.
    let last = days.len().saturating_sub(1);
    let whole = |day: &(i64, DayTotal)| 3600 * day.1.hours.cast_signed() >= clock.day_length_s(day.0);
    let kept = days.into_iter().enumerate();
    kept.filter(|(place, day)| (0 < *place && *place < last) || whole(day)).map(|(_, day)| day).collect()
}
