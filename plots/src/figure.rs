//! A drawing in pixels: what our figures are made of, whatever writes them out.

#[cfg(test)]
use crate::font;

/// A place on the drawing, in pixels from the top left corner.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Spot {
    pub(crate) x: f64,
    pub(crate) y: f64,
}

/// Shorthand, because figures are full of them.
pub(crate) fn spot(x: f64, y: f64) -> Spot {
    Spot { x, y }
}

/// An upright rectangle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Rect {
    pub(crate) left: f64,
    pub(crate) top: f64,
    pub(crate) right: f64,
    pub(crate) bottom: f64,
}

impl Rect {
    pub(crate) fn new(left: f64, top: f64, width: f64, height: f64) -> Self {
        Self { left, top, right: left + width, bottom: top + height }
    }

    pub(crate) fn around(at: Spot, half_width: f64, half_height: f64) -> Self {
        Self::new(at.x - half_width, at.y - half_height, 2.0 * half_width, 2.0 * half_height)
    }

    pub(crate) fn width(self) -> f64 {
        self.right - self.left
    }

    pub(crate) fn height(self) -> f64 {
        self.bottom - self.top
    }

    pub(crate) fn overlaps(self, other: Self) -> bool {
        self.left < other.right && other.left < self.right && self.top < other.bottom && other.top < self.bottom
    }

    pub(crate) fn contains(self, inner: Self) -> bool {
        self.left <= inner.left && self.top <= inner.top && inner.right <= self.right && inner.bottom <= self.bottom
    }

    pub(crate) fn corners(self) -> Vec<Spot> {
        vec![
            spot(self.left, self.top),
            spot(self.right, self.top),
            spot(self.right, self.bottom),
            spot(self.left, self.bottom),
        ]
    }

    /// Whether a straight line passes through it; touching its edge does not count.
    pub(crate) fn is_crossed_by(self, (from, to): (Spot, Spot)) -> bool {
        let (mut enters, mut leaves) = (0.0_f64, 1.0_f64);
        for (start, way, low, high) in
            [(from.x, to.x - from.x, self.left, self.right), (from.y, to.y - from.y, self.top, self.bottom)]
        {
            if way.abs() < 1e-9 {
                if start <= low || start >= high {
                    return false;
                }
            } else {
                let (a, b) = ((low - start) / way, (high - start) / way);
                enters = enters.max(a.min(b));
                leaves = leaves.min(a.max(b));
            }
        }
        leaves - enters > 1e-9
    }

    /// The point of the rectangle that is nearest to `to`.
    pub(crate) fn nearest(self, to: Spot) -> Spot {
        spot(to.x.clamp(self.left, self.right), to.y.clamp(self.top, self.bottom))
    }
}

/// An opaque colour: red, green, blue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Colour(pub(crate) u8, pub(crate) u8, pub(crate) u8);

/// How a line is drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Stroke {
    pub(crate) colour: Colour,
    pub(crate) width: f64,
    /// Lengths of dashes and gaps in turn; empty for a solid line.
    pub(crate) dash: &'static [f64],
}

/// A solid line.
pub(crate) fn solid(colour: Colour, width: f64) -> Stroke {
    Stroke { colour, width, dash: &[] }
}

/// Which end of a text stands at its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

/// A line of text; `at` is on its baseline.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Text {
    pub(crate) at: Spot,
    pub(crate) words: String,
    pub(crate) size: f64,
    pub(crate) colour: Colour,
    pub(crate) anchor: Anchor,
    /// Whether it stands on a white outline, for text over lines.
    pub(crate) halo: bool,
}

impl Text {
    /// The box that its letters fill.
    #[cfg(test)]
    pub(crate) fn bounds(&self) -> Rect {
        let width = font::width(&self.words, self.size);
        let left = match self.anchor {
            Anchor::Start => self.at.x,
            Anchor::Middle => self.at.x - width / 2.0,
            Anchor::End => self.at.x - width,
        };
        Rect::new(left, self.at.y - 0.76 * self.size, width, self.size)
    }
}

/// One element of a drawing.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Shape {
    /// An open line through points.
    Line { points: Vec<Spot>, stroke: Stroke },
    /// Many separate straight lines of one kind: whiskers, grids, hatching.
    Segments { segments: Vec<(Spot, Spot)>, stroke: Stroke },
    /// A closed polygon, and its outline.
    Area { points: Vec<Spot>, fill: Colour, outline: Option<Stroke> },
    /// A line of text.
    Text(Text),
}

/// A drawing.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Figure {
    /// What it shows, for readers who cannot see it.
    pub(crate) title: String,
    /// The same at greater length.
    pub(crate) description: String,
    pub(crate) width: f64,
    pub(crate) height: f64,
    /// Drawn in this order.
    pub(crate) shapes: Vec<Shape>,
}

impl Figure {
    pub(crate) fn new(title: &str, description: &str, width: f64, height: f64) -> Self {
        Self { title: title.to_owned(), description: description.to_owned(), width, height, shapes: Vec::new() }
    }

    pub(crate) fn line(&mut self, points: Vec<Spot>, stroke: Stroke) {
        if points.len() > 1 {
            self.shapes.push(Shape::Line { points, stroke });
        }
    }

    pub(crate) fn segments(&mut self, segments: Vec<(Spot, Spot)>, stroke: Stroke) {
        if !segments.is_empty() {
            self.shapes.push(Shape::Segments { segments, stroke });
        }
    }

    pub(crate) fn area(&mut self, points: Vec<Spot>, fill: Colour, outline: Option<Stroke>) {
        self.shapes.push(Shape::Area { points, fill, outline });
    }

    pub(crate) fn rect(&mut self, rect: Rect, fill: Colour, outline: Option<Stroke>) {
        self.area(rect.corners(), fill, outline);
    }

    pub(crate) fn text(&mut self, at: Spot, text: &str, size: f64, colour: Colour, anchor: Anchor) {
        self.shapes.push(Shape::Text(Text { at, words: text.to_owned(), size, colour, anchor, halo: false }));
    }

    pub(crate) fn text_on_lines(&mut self, at: Spot, text: &str, size: f64, colour: Colour, anchor: Anchor) {
        self.shapes.push(Shape::Text(Text { at, words: text.to_owned(), size, colour, anchor, halo: true }));
    }
}

/// Cuts a line into its dashes, for writers that do not know any.
pub(crate) fn dashes(points: &[Spot], pattern: &[f64]) -> Vec<Vec<Spot>> {
    if pattern.is_empty() || pattern.iter().sum::<f64>() <= 0.0 {
        return vec![points.to_vec()];
    }
    let mut cut = Vec::new();
    let mut run = vec![points[0]];
    let (mut index, mut left) = (0, pattern[0]);
    for pair in points.windows(2) {
        let (mut from, to) = (pair[0], pair[1]);
        loop {
            let length = (to.x - from.x).hypot(to.y - from.y);
            if length < left {
                left -= length;
                run.push(to);
                break;
            }
            let share = left / length.max(1e-12);
            from = spot(from.x + share * (to.x - from.x), from.y + share * (to.y - from.y));
            run.push(from);
            if index % 2 == 0 {
                cut.push(std::mem::take(&mut run));
            }
            index += 1;
            left = pattern[index % pattern.len()];
            run = vec![from];
        }
    }
    if index % 2 == 0 && run.len() > 1 {
        cut.push(run);
    }
    cut
}

/// Diagonal lines that fill a rectangle; they continue those of its neighbours, whatever its size.
///
/// - `falling`: from top left to bottom right instead of rising.
pub(crate) fn hatching(rect: Rect, spacing: f64, falling: bool) -> Vec<(Spot, Spot)> {
    let sign = if falling { -1.0 } else { 1.0 };
    let keys = [rect.top, rect.bottom].map(|y| [sign * rect.left + y, sign * rect.right + y]);
    let lowest = keys.iter().flatten().copied().fold(f64::INFINITY, f64::min);
    let highest = keys.iter().flatten().copied().fold(f64::NEG_INFINITY, f64::max);
    let first = (lowest / spacing).ceil() as i64;
    let last = (highest / spacing).floor() as i64;
    (first..=last)
        .filter_map(|k| {
            let key = k as f64 * spacing;
            // On the line, y = key - sign * x; clip it to the rectangle.
            let at = |y: f64| sign * (key - y);
            let (a, b) = (at(rect.top), at(rect.bottom));
            let low = a.min(b).max(rect.left);
            let high = a.max(b).min(rect.right);
            (high - low > 0.5).then(|| (spot(low, key - sign * low), spot(high, key - sign * high)))
        })
        .collect()
}

#[cfg(test)]
impl Figure {
    /// Its lines of text.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &Text> {
        self.shapes.iter().filter_map(|shape| if let Shape::Text(text) = shape { Some(text) } else { None })
    }

    /// Asserts that no text is cut off or covers another.
    pub(crate) fn assert_texts_are_legible(&self) {
        let page = Rect::new(0.0, 0.0, self.width, self.height);
        let texts: Vec<&Text> = self.texts().collect();
        for (index, text) in texts.iter().enumerate() {
            assert!(page.contains(text.bounds()), "{}: `{}` is cut off", self.title, text.words);
            let covered = texts[..index].iter().find(|other| other.bounds().overlaps(text.bounds()));
            assert!(covered.is_none(), "{}: `{}` covers {covered:?}", self.title, text.words);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_crosses_what_it_passes_through() {
        let rect = Rect::new(10.0, 10.0, 20.0, 10.0);
        assert!(rect.is_crossed_by((spot(0.0, 0.0), spot(40.0, 30.0))));
        assert!(rect.is_crossed_by((spot(15.0, 12.0), spot(16.0, 13.0))), "inside");
        assert!(!rect.is_crossed_by((spot(0.0, 0.0), spot(10.0, 10.0))), "ends at the corner");
        assert!(!rect.is_crossed_by((spot(0.0, 10.0), spot(40.0, 10.0))), "along the edge");
        assert!(!rect.is_crossed_by((spot(0.0, 22.0), spot(40.0, 22.0))));
    }

    #[test]
    fn dashes_cover_the_line_by_turns() {
        let cut = dashes(&[spot(0.0, 0.0), spot(4.0, 0.0), spot(9.5, 0.0)], &[3.0, 2.0]);
        let ends: Vec<(f64, f64)> = cut.iter().map(|run| (run[0].x, run[run.len() - 1].x)).collect();
        assert_eq!(ends, [(0.0, 3.0), (5.0, 8.0)]);
    }

    #[test]
    fn hatching_stays_inside_and_joins_up() {
        let rect = Rect::new(10.0, 20.0, 50.0, 12.0);
        for falling in [false, true] {
            let lines = hatching(rect, 6.0, falling);
            assert!(lines.len() > 5);
            for (a, b) in &lines {
                for end in [a, b] {
                    assert!(end.x >= rect.left - 1e-9 && end.x <= rect.right + 1e-9);
                    assert!(end.y >= rect.top - 1e-9 && end.y <= rect.bottom + 1e-9);
                }
                let key = if falling { a.y - a.x } else { a.y + a.x };
                assert!((key / 6.0 - (key / 6.0).round()).abs() < 1e-9);
            }
        }
    }
}
