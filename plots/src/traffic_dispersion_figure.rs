//! How bursty a log and its model are, at every length of windows.

use fleetfront_workloads::TrafficStudy;
use fleetfront_workloads::fit::FittedDispersion;

use crate::axes::{labelled, time_labels, x_axis, y_axis};
use crate::figure::{Figure, Spot, Stroke, solid, spot};
use crate::format::{Unit, plain};
use crate::scale::{Scale, positive_range};
use crate::theme::QUIET;
use crate::traffic_frame::{BAND, LOG, MODEL, RAW, marked_line, page};
use crate::traffic_words::span;

const HOUR_S: f64 = 3600.0;

/// Draws it.
pub(crate) fn traffic_dispersion_figure(study: &TrafficStudy) -> Figure {
    let (log, told) = (study.fitted(), &study.whole.dispersion);
    let raw: Vec<(f64, f64)> =
        log.dispersion.iter().filter_map(|of| Some((of.window_s as f64, of.raw.filter(|raw| *raw > 0.0)?))).collect();
    let bands: Vec<(f64, f64, f64)> = told.iter().filter_map(|of| drawn(study, of)).collect();
    let title = match told.iter().max_by(|a, b| a.log.total_cmp(&b.log)) {
        Some(most) => format!(
            "Counts in windows of {} vary {} as much as by chance",
            span(most.window_s),
            plain(most.log, Unit::Ratio)
        ),
        None => "How much counts vary".to_owned(),
    };
    let values = |of: &FittedDispersion| format!("{} at {}", plain(of.log, Unit::Count), span(of.window_s));
    let description = format!(
        "Index of dispersion against the length of windows, both logarithmic. The log about the hour's own mean (below an \
         hour) and about the curve: {}.",
        told.iter().map(values).collect::<Vec<_>>().join(", ")
    );
    let mut lines = vec![("the log: about its hours, then the curve".to_owned(), LOG), ("the model".to_owned(), MODEL)];
    if !raw.is_empty() {
        lines.push(("raw".to_owned(), RAW));
    }
    let legend: &[_] = if bands.is_empty() { &[] } else { &[(BAND, "95 % of drawn logs")] };
    let titles = ("length of the windows", "variance over mean");
    let (mut figure, plot) = page((&title, &description), legend, &lines, titles);
    let windows = || raw.iter().map(|(window_s, _)| *window_s).chain(told.iter().map(|of| of.window_s));
    let all = told.iter().flat_map(|of| [of.log, of.model]).chain(raw.iter().map(|(_, raw)| *raw));
    let all = all.chain(bands.iter().flat_map(|(_, low, high)| [*low, *high])).chain([1.0]);
    let (Some((left, right)), Some((low, high))) = (positive_range(windows(), 1.3), positive_range(all, 1.3)) else {
        return figure;
    };
    let x = Scale::log(left, right, plot.left, plot.right);
    let y = Scale::log(low, high, plot.bottom, plot.top);
    x_axis(&mut figure, plot, &x, &time_labels(windows_ticks(left, right)));
    y_axis(&mut figure, plot, &y, &labelled(y.ticks(6), Unit::Count));
    let chance = Stroke { colour: QUIET, width: 1.0, dash: &[] };
    figure.line(vec![spot(plot.left, y.at(1.0)), spot(plot.right, y.at(1.0))], chance);
    let whiskers =
        bands.iter().map(|(at_s, low, high)| (spot(x.at(*at_s), y.at(*low)), spot(x.at(*at_s), y.at(*high))));
    figure.segments(whiskers.collect(), solid(BAND, 14.0));
    let place = |(window_s, value): (f64, f64)| -> Spot { spot(x.at(window_s), y.at(value)) };
    marked_line(&mut figure, &raw.iter().copied().map(place).collect::<Vec<_>>(), RAW);
    for part in told.chunk_by(|a, b| (a.window_s < HOUR_S) == (b.window_s < HOUR_S)) {
        let of = |read: fn(&FittedDispersion) -> f64| -> Vec<Spot> {
            part.iter().filter(|of| read(of) > 0.0).map(|of| place((of.window_s, read(of)))).collect()
        };
        marked_line(&mut figure, &of(|of| of.log), LOG);
        marked_line(&mut figure, &of(|of| of.model), MODEL);
    }
    figure
}

/// Between what the drawn logs lie, where they were looked at as the fit looks at the log.
fn drawn(study: &TrafficStudy, of: &FittedDispersion) -> Option<(f64, f64, f64)> {
    let about = if of.window_s < HOUR_S {
        "the hour's own mean"
    } else if study.whole.curve.len() == 24 {
        "the daily curve"
    } else {
        return None;
    };
    let name = format!("in {}, about {about}", span(of.window_s));
    let drawn = study.proof.as_ref()?.checks.iter().find(|check| check.name == name)?.drawn?;
    (drawn.low > 0.0).then_some((of.window_s, drawn.low, drawn.high))
}

fn windows_ticks(left: f64, right: f64) -> Vec<f64> {
    const TICKS_S: [f64; 10] = [1.0, 10.0, 60.0, 300.0, 900.0, 3600.0, 10_800.0, 21_600.0, 43_200.0, 86_400.0];
    TICKS_S.into_iter().filter(|tick| (left..=right).contains(tick)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::traffic_fixture::study;

    #[test]
    fn the_drawn_logs_are_found_by_the_names_of_their_checks() {
        let study = study();
        let of = |window_s: f64| FittedDispersion { window_s, log: 1.0, model: 1.0 };
        for window_s in [60.0, 300.0, 900.0] {
            assert!(drawn(&study, &of(window_s)).is_some(), "{window_s}");
        }
        let mut daily = study.clone();
        daily.whole.curve = vec![1.0; 24];
        assert!(drawn(&daily, &of(3600.0)).is_some());
    }
}
