//! Axes, grids and legends that the figures have in common.

use crate::figure::{Anchor, Figure, Rect, solid, spot};
use crate::font;
use crate::format::{Unit, plain};
use crate::scale::Scale;
use crate::theme::{GRID, INK, LABEL_SIZE, Look, PALE, QUIET, TICK_SIZE, draw_marker};

/// Vertical grid lines with their labels under the plot; labels that would touch are left out.
pub(crate) fn x_axis(figure: &mut Figure, plot: Rect, scale: &Scale, ticks: &[(f64, String)]) {
    let lines = ticks.iter().map(|(tick, _)| scale.at(*tick)).map(|x| (spot(x, plot.top), spot(x, plot.bottom)));
    figure.segments(lines.collect(), solid(GRID, 1.0));
    figure.line(vec![spot(plot.left, plot.bottom), spot(plot.right, plot.bottom)], solid(PALE, 1.0));
    let mut free_from = f64::NEG_INFINITY;
    for (tick, label) in ticks {
        let x = scale.at(*tick);
        let half = font::width(label, TICK_SIZE) / 2.0;
        if x - half >= free_from {
            figure.text(spot(x, plot.bottom + 15.0), label, TICK_SIZE, QUIET, Anchor::Middle);
            free_from = x + half + 3.0;
        }
    }
}

/// Horizontal grid lines with their labels to the left of the plot.
pub(crate) fn y_axis(figure: &mut Figure, plot: Rect, scale: &Scale, ticks: &[(f64, String)]) {
    let lines = ticks.iter().map(|(tick, _)| scale.at(*tick)).map(|y| (spot(plot.left, y), spot(plot.right, y)));
    figure.segments(lines.collect(), solid(GRID, 1.0));
    for (tick, label) in ticks {
        figure.text(spot(plot.left - 6.0, scale.at(*tick) + 4.0), label, TICK_SIZE, QUIET, Anchor::End);
    }
}

/// Ticks with their labels in a unit.
pub(crate) fn labelled(ticks: Vec<f64>, unit: Unit) -> Vec<(f64, String)> {
    ticks
        .into_iter()
        .map(|tick| {
            let text = plain(tick, unit);
            // An axis of dollars needs no cents.
            (tick, text.strip_suffix(".00").map_or(text.clone(), str::to_owned))
        })
        .collect()
}

/// Time ticks as people say them: 1 s, 1 min, 5 min.
pub(crate) fn time_labels(ticks: Vec<f64>) -> Vec<(f64, String)> {
    ticks
        .into_iter()
        .map(|tick| {
            let label = if (60.0..3600.0).contains(&tick) {
                format!("{} min", tick / 60.0)
            } else if tick >= 3600.0 {
                format!("{} h", tick / 3600.0)
            } else {
                format!("{tick} s")
            };
            (tick, label)
        })
        .collect()
}

/// A row of line samples (with markers on request) and names, wrapped at the width of the figure.
///
/// Returns the height that it took.
pub(crate) fn line_legend(figure: &mut Figure, top: f64, left: f64, entries: &[(String, Look)]) -> f64 {
    const ROW: f64 = 19.0;
    let (mut x, mut y) = (left, top + 12.0);
    for (name, look) in entries {
        let name = font::shortened(name, LABEL_SIZE, 300.0);
        let width = 46.0 + font::width(&name, LABEL_SIZE) + 22.0;
        if x + width > figure.width - 10.0 && x > left {
            x = left;
            y += ROW;
        }
        let stroke = crate::figure::Stroke { colour: look.colour, width: look.width, dash: look.dash };
        figure.line(vec![spot(x, y - 4.0), spot(x + 40.0, y - 4.0)], stroke);
        figure.text(spot(x + 46.0, y), &name, LABEL_SIZE, INK, Anchor::Start);
        x += width;
    }
    y + 8.0 - top
}

/// A marker with a text to its right; returns where the text ends.
pub(crate) fn marker_entry(figure: &mut Figure, x: f64, y: f64, look: Look, radius: f64, text: &str) -> f64 {
    draw_marker(figure, spot(x, y - 4.0), look, radius);
    figure.text(spot(x + 12.0, y), text, LABEL_SIZE, INK, Anchor::Start);
    x + 12.0 + font::width(text, LABEL_SIZE)
}
