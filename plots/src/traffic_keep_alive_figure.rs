//! Minutes that would find no warm container, by how long containers are kept.

use fleetfront_workloads::TrafficStudy;
use fleetfront_workloads::describe::KeepAlive;
use fleetfront_workloads::prove::{Band, CheckGroup};

use crate::axes::{labelled, x_axis, y_axis};
use crate::figure::{Figure, Spot, spot};
use crate::format::{Unit, plain};
use crate::scale::Scale;
use crate::traffic_frame::{BAND, LOG, MODEL, band, marked_line, page};

/// Draws it.
pub(crate) fn traffic_keep_alive_figure(study: &TrafficStudy) -> Figure {
    let rows = &study.fitted().keep_alive;
    let title = match rows.iter().find(|row| row.minutes == 5) {
        Some(row) => {
            format!("Kept for 5 min, containers are gone before {} of active minutes", plain(row.share, Unit::Share))
        }
        None => "Active minutes without a warm container".to_owned(),
    };
    let values: Vec<String> =
        rows.iter().map(|row| format!("{} at {} min", plain(row.share, Unit::Share), row.minutes)).collect();
    let description = format!(
        "Share of active minutes that would find no warm container of their model against how long containers are kept \
         (logarithmic): {}.",
        values.join(", ")
    );
    let checks: Vec<(f64, Band)> = rows
        .iter()
        .filter_map(|row| {
            let words = format!("after {} min", row.minutes);
            let of = study.proof.as_ref()?.checks.iter();
            let mut of = of.filter(|check| check.group == CheckGroup::KeepAlive && check.name.ends_with(&words));
            Some((row.minutes as f64, of.next()?.drawn?))
        })
        .collect();
    let mut lines = vec![("the log".to_owned(), LOG)];
    if !checks.is_empty() {
        lines.push(("drawn logs, middle".to_owned(), MODEL));
    }
    let legend: &[_] = if checks.is_empty() { &[] } else { &[(BAND, "95 % of drawn logs")] };
    let titles = ("minutes that an idle container is kept", "minutes with requests that find no warm container");
    let (mut figure, plot) = page((&title, &description), legend, &lines, titles);
    let x = Scale::log(0.9, 66.0, plot.left, plot.right);
    let cold = |row: &KeepAlive| row.cold_active_minutes as f64;
    let most = rows.iter().map(cold).chain(checks.iter().map(|(_, drawn)| drawn.high)).fold(1.0, f64::max);
    let y = Scale::linear(0.0, most * 1.06, plot.bottom, plot.top);
    let place = |minutes: f64, cold: f64| -> Spot { spot(x.at(minutes), y.at(cold)) };
    let of = |read: fn(&Band) -> f64| -> Vec<Spot> {
        checks.iter().map(|(minutes, drawn)| place(*minutes, read(drawn))).collect()
    };
    band(&mut figure, &of(|drawn| drawn.low), &of(|drawn| drawn.high), BAND);
    let ticks: Vec<(f64, String)> = rows.iter().map(|row| (row.minutes as f64, row.minutes.to_string())).collect();
    x_axis(&mut figure, plot, &x, &ticks);
    y_axis(&mut figure, plot, &y, &labelled(y.ticks(5), Unit::Count));
    marked_line(&mut figure, &of(|drawn| drawn.median), MODEL);
    let own: Vec<Spot> = rows.iter().map(|row| place(row.minutes as f64, cold(row))).collect();
    marked_line(&mut figure, &own, LOG);
    figure
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::traffic_fixture::study;

    #[test]
    fn the_band_of_the_drawn_logs_is_there_with_a_check_only() {
        let mut study = study();
        let areas = |study: &TrafficStudy| {
            let figure = traffic_keep_alive_figure(study);
            figure
                .shapes
                .iter()
                .filter(|shape| matches!(shape, crate::figure::Shape::Area { points, .. } if points.len() == 16))
                .count()
        };
        assert_eq!(areas(&study), 1);
        study.proof = None;
        assert_eq!(areas(&study), 0);
    }
}
