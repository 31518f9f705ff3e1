//! Requests hour by hour over the log, with what is out of the ordinary.

use fleetfront_workloads::TrafficStudy;
use fleetfront_workloads::describe::Description;
use fleetfront_workloads::fit::{Expected, Mark};

use crate::axes::{labelled, x_axis, y_axis};
use crate::figure::{Colour, Figure, Rect, solid};
use crate::format::Unit;
use crate::scale::Scale;
use crate::theme::{GRID, Look};
use crate::traffic_frame::{LOG, MODEL, page, steps};
use crate::traffic_words::count;

/// Most steps that a line has: more than a pixel each.
const STEPS_MAX: usize = 800;
const HOUR_S: i64 = 3600;
const OUTAGE: Colour = Colour(0xf6, 0xd5, 0xbf);
const UNUSUAL: Colour = Colour(0xf8, 0xe6, 0xb8);

/// Draws it.
pub(crate) fn traffic_hours_figure(study: &TrafficStudy) -> Figure {
    let log = &study.description;
    let width = log.hourly.len().div_ceil(STEPS_MAX).max(1);
    let description = format!(
        "Requests an hour over the log in steps of {width} h, the expectation of the model over the part that it is \
         fitted to, and marked stretches shaded."
    );
    let expectation = Look { dash: &[], width: 1.5, ..MODEL };
    let lines = [("the log".to_owned(), LOG), ("the model's expectation".to_owned(), expectation)];
    let x_title = format!("time ({})", log.zone);
    let (mut figure, plot) =
        page((&title(study), &description), &shades(study), &lines, (&x_title, "requests an hour"));
    let (Some(first), Some(last)) = (log.hourly.first(), log.hourly.last()) else { return figure };
    let (start_s, end_s) = (first.start_s, last.start_s + HOUR_S);
    let x = Scale::linear(0.0, (end_s - start_s) as f64, plot.left, plot.right);
    let at = |unix_s: i64| x.at((unix_s - start_s) as f64);
    let requests: Vec<f64> = log.hourly.iter().map(|hour| hour.requests as f64).collect();
    let own = means(&requests, width);
    let most = own.iter().copied().fold(0.0_f64, f64::max);
    let y = Scale::linear(0.0, if most > 0.0 { most * 1.06 } else { 1.0 }, plot.bottom, plot.top);
    let fitted_s = study.fitted().hourly.first().map_or(start_s, |hour| hour.start_s);
    let before = study.since.iter().map(|_| (start_s, fitted_s, GRID));
    let marks = study.whole.marked.iter().map(|mark| (mark.start_s, mark.end_s, colour(mark.mark)));
    for (from_s, to_s, colour) in before.chain(marks) {
        // Short ones are shown, too.
        let width = (at(to_s) - at(from_s)).max(2.0);
        figure.rect(Rect::new(at(from_s), plot.top, width, plot.height()), colour, None);
    }
    x_axis(&mut figure, plot, &x, &time_ticks(log, start_s));
    y_axis(&mut figure, plot, &y, &labelled(y.ticks(5), Unit::Count));
    let step_s = HOUR_S * i64::try_from(width).unwrap_or(1);
    let edges = |values: &[f64], from_s: i64| -> Vec<f64> {
        let begun = (0..).map(|step| from_s + step_s * step).take(values.len());
        begun.map(at).chain([at(end_s)]).collect()
    };
    if let Ok(expected) = Expected::new(&study.whole, &log.zone, (fitted_s, end_s), last.start_s) {
        let hours: Vec<f64> = expected.hours().iter().map(|hour| 3600.0 * hour.per_second).collect();
        let expected = means(&hours, width);
        figure.line(steps(&edges(&expected, fitted_s), &expected, &y), solid(expectation.colour, expectation.width));
    }
    figure.line(steps(&edges(&own, start_s), &own, &y), solid(LOG.colour, 1.3));
    figure
}

fn title(study: &TrafficStudy) -> String {
    let requests = count(study.description.requests as f64);
    match (study.whole.marked.len(), &study.since) {
        (0, None) => format!("{requests} requests hour by hour"),
        (0, Some(since)) => format!("The level changed for good on {}", since.get(..10).unwrap_or(since)),
        (1, _) => format!("{requests} requests hour by hour: one stretch is out of the ordinary"),
        (marks, _) => format!("{requests} requests hour by hour: {marks} stretches are out of the ordinary"),
    }
}

fn colour(mark: Mark) -> Colour {
    if mark == Mark::Outage { OUTAGE } else { UNUSUAL }
}

/// What is shaded, as the legend has it.
fn shades(study: &TrafficStudy) -> Vec<(Colour, &'static str)> {
    let has = |wanted: Colour| study.whole.marked.iter().any(|mark| colour(mark.mark) == wanted);
    let all = [
        (OUTAGE, "outage", has(OUTAGE)),
        (UNUSUAL, "unusual day", has(UNUSUAL)),
        (GRID, "another level", study.since.is_some()),
    ];
    all.into_iter().filter(|(_, _, is_there)| *is_there).map(|(colour, words, _)| (colour, words)).collect()
}

/// Means of so many values at a time.
fn means(values: &[f64], width: usize) -> Vec<f64> {
    values.chunks(width).map(|chunk| chunk.iter().sum::<f64>() / chunk.len() as f64).collect()
}

/// Midnights with their dates; hours of the clock where there is no full day.
fn time_ticks(log: &Description, start_s: i64) -> Vec<(f64, String)> {
    let ahead_s = offset_s(log.first.as_deref().unwrap_or(""));
    let clock_s = |hour: i64| start_s + HOUR_S * hour + ahead_s;
    if log.full_days.is_empty() {
        let every = log.hourly.len().div_ceil(8).max(1);
        let hours = (0_i64..).take(log.hourly.len()).step_by(every);
        let label = |hour: i64| format!("{}:00", clock_s(hour).rem_euclid(86_400) / HOUR_S);
        return hours.map(|hour| ((HOUR_S * hour) as f64, label(hour))).collect();
    }
    let midnight = (0..25).find(|hour| clock_s(*hour).rem_euclid(86_400) < HOUR_S).unwrap_or(0);
    let every = log.full_days.len().div_ceil(10);
    let days = log.full_days.iter().zip(0_i64..).step_by(every);
    days.map(|(of, day)| ((HOUR_S * (midnight + 24 * day)) as f64, of.date.clone())).collect()
}

/// How far the clock of an RFC 3339 stamp is ahead of UTC, in seconds.
fn offset_s(stamp: &str) -> i64 {
    let Some((sign, clock)) = stamp.len().checked_sub(6).and_then(|at| stamp.get(at..)).and_then(|zone| {
        let sign = if zone.starts_with('-') { -1 } else { 1 };
        Some((sign, zone.get(1..)?.split_once(':')?))
    }) else {
        return 0;
    };
    let number = |text: &str| text.parse::<i64>().unwrap_or(0);
    sign * (3600 * number(clock.0) + 60 * number(clock.1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::traffic_fixture::study;

    #[test]
    fn ticks_are_midnights_of_the_zone() {
        let log = study().description;
        let ticks = time_ticks(&log, log.hourly[0].start_s);
        assert_eq!(ticks[0], (0.0, "2024-01-01".to_owned()));
        assert_eq!(ticks[1], (2.0 * 86_400.0, "2024-01-03".to_owned()));
        assert_eq!((offset_s("2024-01-01T00:00:00+05:30"), offset_s("2024-01-01T00:00:00-03:00")), (19_800, -10_800));
        assert_eq!(offset_s("Z"), 0);
    }

    #[test]
    fn long_logs_are_drawn_in_wider_steps() {
        assert_eq!(means(&[1.0, 3.0, 5.0], 2), [2.0, 5.0]);
    }
}
