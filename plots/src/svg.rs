//! Writes a drawing as SVG: scalable, with text as text.
//!
//! Of our own, because the plotters back end rounds every place to whole pixels, knows neither dashes nor outlines of
//! text, and says nothing to readers who cannot see.

use std::fmt::Write;

use crate::figure::{Anchor, Colour, Figure, Shape, Spot, Stroke, Text};
use crate::font::FAMILY;

/// The drawing as an SVG document that can also stand inside an HTML page.
pub(crate) fn svg(figure: &Figure) -> String {
    let mut out = String::new();
    let _ = writeln!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" viewBox=\"0 0 {0} {1}\" role=\"img\" \
         aria-label=\"{2}\" font-family=\"{FAMILY}\">",
        number(figure.width),
        number(figure.height),
        escape(&format!("{}. {}", figure.title, figure.description)),
    );
    let _ = writeln!(out, "<title>{}</title>", escape(&figure.title));
    let _ = writeln!(out, "<desc>{}</desc>", escape(&figure.description));
    let _ = writeln!(
        out,
        "<rect width=\"{}\" height=\"{}\" fill=\"#ffffff\"/>",
        number(figure.width),
        number(figure.height)
    );
    for shape in &figure.shapes {
        write_shape(&mut out, shape);
    }
    out.push_str("</svg>\n");
    out
}

fn write_shape(out: &mut String, shape: &Shape) {
    match shape {
        Shape::Line { points, stroke } => {
            let _ = writeln!(out, "<path d=\"{}\" fill=\"none\" {}/>", path(points), stroke_attributes(*stroke));
        }
        Shape::Segments { segments, stroke } => {
            let path: String = segments.iter().map(|(a, b)| path(&[*a, *b])).collect();
            let _ = writeln!(out, "<path d=\"{path}\" fill=\"none\" {}/>", stroke_attributes(*stroke));
        }
        Shape::Area { points, fill, outline } => {
            let stroke = outline.map_or_else(String::new, |outline| format!(" {}", stroke_attributes(outline)));
            let _ = writeln!(out, "<path d=\"{}Z\" fill=\"{}\"{stroke}/>", path(points), hex(*fill));
        }
        Shape::Text(text) => write_text(out, text),
    }
}

fn write_text(out: &mut String, text: &Text) {
    let anchor = match text.anchor {
        Anchor::Start => "",
        Anchor::Middle => " text-anchor=\"middle\"",
        Anchor::End => " text-anchor=\"end\"",
    };
    let halo = if text.halo {
        " stroke=\"#ffffff\" stroke-width=\"4\" stroke-linejoin=\"round\" paint-order=\"stroke\""
    } else {
        ""
    };
    let _ = writeln!(
        out,
        "<text x=\"{}\" y=\"{}\" font-size=\"{}\" fill=\"{}\"{anchor}{halo}>{}</text>",
        number(text.at.x),
        number(text.at.y),
        number(text.size),
        hex(text.colour),
        escape(&text.words),
    );
}

fn path(points: &[Spot]) -> String {
    let mut out = String::new();
    for (index, point) in points.iter().enumerate() {
        let _ = write!(out, "{}{} {}", if index == 0 { 'M' } else { 'L' }, number(point.x), number(point.y));
    }
    out
}

fn stroke_attributes(stroke: Stroke) -> String {
    let mut out = format!("stroke=\"{}\" stroke-width=\"{}\"", hex(stroke.colour), number(stroke.width));
    if !stroke.dash.is_empty() {
        let lengths: Vec<String> = stroke.dash.iter().map(|length| number(*length)).collect();
        let _ = write!(out, " stroke-dasharray=\"{}\"", lengths.join(" "));
    }
    out
}

/// A tenth of a pixel is finer than any screen.
fn number(value: f64) -> String {
    let rounded = (value * 10.0).round() / 10.0;
    // Adding zero turns -0 into 0.
    format!("{}", rounded + 0.0)
}

fn hex(Colour(red, green, blue): Colour) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}

/// Text that XML and HTML take as text.
pub(crate) fn escape(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut out, c| {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            // XML has no way of writing these at all.
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::{solid, spot};
    use crate::theme::INK;

    #[test]
    fn text_is_escaped_and_places_are_rounded() {
        let mut figure = Figure::new("a < b", "c & d", 100.0, 50.0);
        figure.text(spot(1.26, -0.01), "<\u{1}&>", 12.0, INK, Anchor::End);
        figure.line(vec![spot(0.0, 0.0), spot(1.0 / 3.0, 5.0)], solid(INK, 1.0));
        let svg = svg(&figure);
        assert!(svg.contains("<title>a &lt; b</title>"));
        assert!(svg.contains(
            "<text x=\"1.3\" y=\"0\" font-size=\"12\" fill=\"#222222\" text-anchor=\"end\">&lt; &amp;&gt;</text>"
        ));
        assert!(svg.contains("d=\"M0 0L0.3 5\""));
    }
}
