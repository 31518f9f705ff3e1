//! The curve of a log with its intervals, and the fitted one.

use fleetfront_workloads::TrafficStudy;
use fleetfront_workloads::describe::CurvePoint;

use crate::axes::{labelled, x_axis, y_axis};
use crate::figure::{Figure, Stroke};
use crate::format::{Unit, plain};
use crate::scale::Scale;
use crate::traffic_frame::{BAND, LOG, MODEL, band, page, steps};

const WEEKDAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/// Draws it: a day, or a week where the fitted curve is one.
pub(crate) fn traffic_curve_figure(study: &TrafficStudy) -> Figure {
    let log = study.fitted();
    let hours = study.whole.curve.len();
    // Of a log that is too short for hours of the week, every day is the mean of all.
    let (points, seen): (Vec<CurvePoint>, _) = match (hours, log.hour_of_week.len()) {
        (168, 168) => (log.hour_of_week.clone(), "the log's hours, mean"),
        (168, _) => (log.hour_of_day.iter().copied().cycle().take(168).collect(), "the log's hours, mean of all days"),
        _ => (log.hour_of_day.clone(), "the log's hours, mean"),
    };
    let of = |read: fn(&CurvePoint) -> Option<f64>| -> Vec<f64> {
        points.iter().map(|point| 3600.0 * read(point).or(point.rate_per_s).unwrap_or(0.0)).collect()
    };
    let rates = of(|point| point.rate_per_s);
    let (low, high) = (of(|point| point.low_per_s), of(|point| point.high_per_s));
    let mean = rates.iter().sum::<f64>() / rates.len().max(1) as f64;
    // At the level of the log as a whole, so that shapes are compared.
    let fitted: Vec<f64> = study.whole.curve.iter().map(|weight| weight * mean).collect();
    let most = high.iter().chain(&fitted).copied().fold(0.0_f64, f64::max);
    let period = if hours == 168 { "week" } else { "day" };
    let title = match (log.peak_hour, log.peak_over_mean) {
        (Some(hour), Some(ratio)) => {
            format!("The busiest hour of the day (from {hour}:00) has {} the mean rate", plain(ratio, Unit::Ratio))
        }
        _ => format!("Requests by hour of the {period}"),
    };
    let description = format!(
        "Requests an hour by hour of the {period} in {}: mean and 95 % interval of the log's hours, from {} to {}, and the \
         curve of the model at the same level.",
        log.zone,
        plain(rates.iter().copied().fold(f64::INFINITY, f64::min).min(most), Unit::Count),
        plain(rates.iter().copied().fold(0.0, f64::max), Unit::Count),
    );
    let lines = [(seen.to_owned(), LOG), ("the model's curve".to_owned(), MODEL)];
    let x_title = format!("hour of the {period} ({})", log.zone);
    let (mut figure, plot) =
        page((&title, &description), &[(BAND, "95 % interval")], &lines, (&x_title, "requests an hour"));
    let x = Scale::linear(0.0, hours.max(1) as f64, plot.left, plot.right);
    let y = Scale::linear(0.0, if most > 0.0 { most * 1.06 } else { 1.0 }, plot.bottom, plot.top);
    let edges: Vec<f64> = (0..=hours).map(|hour| x.at(hour as f64)).collect();
    band(&mut figure, &steps(&edges, &low, &y), &steps(&edges, &high, &y), BAND);
    let ticks: Vec<(f64, String)> = if hours == 168 {
        WEEKDAYS.iter().enumerate().map(|(day, name)| (24.0 * day as f64, (*name).to_owned())).collect()
    } else {
        (0..=12).map(|k| (f64::from(2 * k), format!("{}:00", 2 * k))).collect()
    };
    x_axis(&mut figure, plot, &x, &ticks);
    y_axis(&mut figure, plot, &y, &labelled(y.ticks(5), Unit::Count));
    for (values, look) in [(&rates, LOG), (&fitted, MODEL)] {
        let stroke = Stroke { colour: look.colour, width: look.width, dash: look.dash };
        figure.line(steps(&edges, values, &y), stroke);
    }
    figure
}
