//! Writes a drawing as PNG, for places that cannot show SVG.

use plotters::prelude::{BitMapBackend, Color, DrawingBackend, RGBColor, ShapeStyle};

use crate::PlotError;
use crate::figure::{Anchor, Colour, Figure, Shape, Spot, Stroke, Text, dashes};
use crate::font;

/// Pixels of the file per pixel of the drawing: sharp on today's screens.
const DENSITY: u32 = 2;
/// Pixels painted per pixel of the file and direction: the rasteriser knows no half-covered pixels, so they come of
/// averaging.
const OVERSAMPLING: u32 = 2;
const SCALE: f64 = (DENSITY * OVERSAMPLING) as f64;

/// The drawing as a PNG file.
///
/// # Errors
/// [`PlotError::Bitmap`] when the drawing is too large to paint or to compress.
pub(crate) fn png(figure: &Figure) -> Result<Vec<u8>, PlotError> {
    let width = figure.width as u32 * DENSITY;
    let height = figure.height as u32 * DENSITY;
    let (fine_width, fine_height) = (width * OVERSAMPLING, height * OVERSAMPLING);
    let mut fine = vec![0xff_u8; fine_width as usize * fine_height as usize * 3];
    {
        let mut canvas = BitMapBackend::with_buffer(&mut fine, (fine_width, fine_height));
        for shape in &figure.shapes {
            paint(&mut canvas, shape).map_err(|error| PlotError::Bitmap(error.to_string()))?;
        }
        canvas.present().map_err(|error| PlotError::Bitmap(error.to_string()))?;
    }
    encode(&averaged(&fine, width as usize, height as usize), width, height)
}

type Painted = Result<(), Box<dyn std::error::Error>>;

fn paint(canvas: &mut BitMapBackend<'_>, shape: &Shape) -> Painted {
    match shape {
        Shape::Line { points, stroke } => paint_line(canvas, points, *stroke),
        Shape::Segments { segments, stroke } => {
            segments.iter().try_for_each(|(a, b)| paint_line(canvas, &[*a, *b], *stroke))
        }
        Shape::Area { points, fill, outline } => {
            canvas.fill_polygon(points.iter().map(pixel), &style(*fill, 0.0))?;
            let Some(outline) = outline else { return Ok(()) };
            let mut closed = points.clone();
            closed.extend(points.first());
            paint_line(canvas, &closed, *outline)
        }
        Shape::Text(text) => paint_text(canvas, text),
    }
}

fn paint_line(canvas: &mut BitMapBackend<'_>, points: &[Spot], stroke: Stroke) -> Painted {
    for run in dashes(points, stroke.dash) {
        let mut pixels: Vec<(i32, i32)> = run.iter().map(pixel).collect();
        pixels.dedup();
        if pixels.len() > 1 {
            canvas.draw_path(pixels, &style(stroke.colour, stroke.width))?;
        }
    }
    Ok(())
}

fn paint_text(canvas: &mut BitMapBackend<'_>, text: &Text) -> Painted {
    let width = font::width(&text.words, text.size);
    let left = match text.anchor {
        Anchor::Start => text.at.x,
        Anchor::Middle => text.at.x - width / 2.0,
        Anchor::End => text.at.x - width,
    };
    let (x, y) = (left * SCALE, text.at.y * SCALE);
    if text.halo {
        let reach = 2.0 * SCALE;
        for step in 0..12 {
            let angle = f64::from(step) / 12.0 * std::f64::consts::TAU;
            let at = (x + reach * angle.cos(), y + reach * angle.sin());
            paint_letters(canvas, text, at, Colour(0xff, 0xff, 0xff))?;
        }
    }
    paint_letters(canvas, text, (x, y), text.colour)
}

fn paint_letters(canvas: &mut BitMapBackend<'_>, text: &Text, (x, y): (f64, f64), colour: Colour) -> Painted {
    let (width, height) = canvas.get_size();
    let mut painted = Ok(());
    font::rasterise(&text.words, text.size * SCALE, x, y, |i, j, cover| {
        let inside = i >= 0 && j >= 0 && i < width.cast_signed() && j < height.cast_signed();
        if inside && painted.is_ok() {
            let ink = RGBColor(colour.0, colour.1, colour.2).mix(cover);
            painted = canvas.draw_pixel((i, j), ink.to_backend_color());
        }
    });
    Ok(painted?)
}

fn pixel(at: &Spot) -> (i32, i32) {
    ((at.x * SCALE).round() as i32, (at.y * SCALE).round() as i32)
}

fn style(Colour(red, green, blue): Colour, width: f64) -> ShapeStyle {
    let stroke_width = ((width * SCALE).round() as u32).max(1);
    ShapeStyle { color: RGBColor(red, green, blue).into(), filled: true, stroke_width }
}

/// Every pixel the mean of the `OVERSAMPLING` x `OVERSAMPLING` painted ones.
fn averaged(fine: &[u8], width: usize, height: usize) -> Vec<u8> {
    let n = OVERSAMPLING as usize;
    let row = width * n * 3;
    let mut out = Vec::with_capacity(width * height * 3);
    for y in 0..height {
        for x in 0..width {
            for channel in 0..3 {
                let sum: usize =
                    (0..n * n).map(|k| usize::from(fine[(y * n + k / n) * row + (x * n + k % n) * 3 + channel])).sum();
                out.push(((sum + n * n / 2) / (n * n)) as u8);
            }
        }
    }
    out
}

fn encode(pixels: &[u8], width: u32, height: u32) -> Result<Vec<u8>, PlotError> {
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header().map_err(|error| PlotError::Bitmap(error.to_string()))?;
    writer.write_image_data(pixels).map_err(|error| PlotError::Bitmap(error.to_string()))?;
    writer.finish().map_err(|error| PlotError::Bitmap(error.to_string()))?;
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::{Rect, spot};
    use crate::theme::{INK, VERMILION};

    #[test]
    fn colours_and_letters_land_where_they_should() {
        let mut figure = Figure::new("t", "d", 40.0, 20.0);
        figure.rect(Rect::new(0.0, 0.0, 10.0, 20.0), VERMILION, None);
        figure.text(spot(20.0, 15.0), "M", 12.0, INK, Anchor::Start);
        let file = png(&figure).expect("small enough");
        let mut reader = png::Decoder::new(file.as_slice()).read_info().expect("a PNG");
        let mut pixels = vec![0; reader.output_buffer_size()];
        let info = reader.next_frame(&mut pixels).expect("complete");
        assert_eq!((info.width, info.height), (80, 40));
        let at = |x: usize, y: usize| &pixels[(y * 80 + x) * 3..][..3];
        assert_eq!(at(5, 20), [VERMILION.0, VERMILION.1, VERMILION.2]);
        assert_eq!(at(35, 5), [0xff, 0xff, 0xff]);
        let dark = (40..64).flat_map(|x| (10..32).map(move |y| (x, y))).filter(|(x, y)| at(*x, *y)[0] < 0x80).count();
        assert!(dark > 40, "the letter is painted: {dark} dark pixels");
        let below = (40..64).flat_map(|x| (32..40).map(move |y| (x, y))).filter(|(x, y)| at(*x, *y)[0] < 0x80).count();
        assert_eq!(below, 0, "nothing of an M hangs under the baseline");
    }
}
