//! What the figures of traffic share: the page, stepped lines, bands.

use crate::axes::line_legend;
use crate::figure::{Anchor, Colour, Figure, Rect, Spot, solid, spot};
use crate::font;
use crate::scale::Scale;
use crate::theme::{INK, LABEL_SIZE, Look, Marker, PALE, QUIET, TITLE_SIZE, VERMILION, outline};

pub(crate) const WIDTH: f64 = 960.0;
pub(crate) const HEIGHT: f64 = 420.0;
const MARGIN: f64 = 14.0;

/// What was drawn from the model: pale enough for lines over it.
pub(crate) const BAND: Colour = Colour(0xd3, 0xe8, 0xf4);
/// The log's own numbers.
pub(crate) const LOG: Look = Look { marker: Marker::Dot, colour: INK, dash: &[], width: 1.8 };
/// The model's.
pub(crate) const MODEL: Look = Look { marker: Marker::Diamond, colour: VERMILION, dash: &[6.0, 4.0], width: 2.0 };
/// The log's, before something is taken off.
pub(crate) const RAW: Look = Look { marker: Marker::Square, colour: PALE, dash: &[2.0, 3.0], width: 1.6 };

/// A page with a title and a legend, and where its plot stands.
///
/// - `bands`: names of filled areas, each with its colour.
pub(crate) fn page(
    words: (&str, &str),
    bands: &[(Colour, &str)],
    lines: &[(String, Look)],
    titles: (&str, &str),
) -> (Figure, Rect) {
    page_of((WIDTH, HEIGHT), words, bands, lines, titles)
}

/// The same in another size.
pub(crate) fn page_of(
    (width, height): (f64, f64),
    (title, description): (&str, &str),
    bands: &[(Colour, &str)],
    lines: &[(String, Look)],
    (x_title, y_title): (&str, &str),
) -> (Figure, Rect) {
    let mut figure = Figure::new(title, description, width, height);
    let shown = font::shortened(title, TITLE_SIZE, width - 2.0 * MARGIN);
    figure.text(spot(MARGIN, 24.0), &shown, TITLE_SIZE, INK, Anchor::Start);
    let mut left = MARGIN;
    for (colour, name) in bands {
        figure.rect(Rect::new(left, 41.0, 22.0, 12.0), *colour, None);
        figure.text(spot(left + 28.0, 51.0), name, LABEL_SIZE, INK, Anchor::Start);
        left += 28.0 + font::width(name, LABEL_SIZE) + 22.0;
    }
    line_legend(&mut figure, 39.0, left, lines);
    let plot = Rect::new(62.0, 84.0, width - 62.0 - 18.0, height - 84.0 - 48.0);
    figure.text(spot(MARGIN, 76.0), y_title, LABEL_SIZE, QUIET, Anchor::Start);
    figure.text(spot(plot.right, plot.bottom + 36.0), x_title, LABEL_SIZE, QUIET, Anchor::End);
    (figure, plot)
}

/// The corners of a stepped line, one step a value.
///
/// - `edges`: where the steps begin, and where the last one ends: one more than values.
pub(crate) fn steps(edges: &[f64], values: &[f64], y: &Scale) -> Vec<Spot> {
    let between = edges.windows(2).zip(values);
    between.flat_map(|(edge, value)| [spot(edge[0], y.at(*value)), spot(edge[1], y.at(*value))]).collect()
}

/// The area between two lines.
pub(crate) fn band(figure: &mut Figure, low: &[Spot], high: &[Spot], colour: Colour) {
    if low.len() > 1 {
        figure.area(high.iter().chain(low.iter().rev()).copied().collect(), colour, None);
    }
}

/// A line with a marker at each point.
pub(crate) fn marked_line(figure: &mut Figure, points: &[Spot], look: Look) {
    let stroke = crate::figure::Stroke { colour: look.colour, width: look.width, dash: look.dash };
    figure.line(points.to_vec(), stroke);
    for at in points {
        figure.area(outline(look.marker, *at, 4.0), look.colour, Some(solid(crate::theme::WHITE, 0.8)));
    }
}
