//! The one font of the figures, and how wide its texts are.
//!
//! `DejaVu` Sans 2.37 (Bitstream Vera and Arev licences, `assets/LICENSE_DEJAVU`), embedded so that a figure is the
//! same on every machine.

use std::sync::LazyLock;

use ab_glyph::{Font, FontRef, PxScale, ScaleFont};

/// What an SVG asks for: ours, or one of nearly the same width.
pub(crate) const FAMILY: &str = "DejaVu Sans, Verdana, sans-serif";

static FONT: LazyLock<FontRef<'static>> = LazyLock::new(|| {
    FontRef::try_from_slice(include_bytes!("../assets/DejaVuSans.ttf")).expect("the embedded font is a font")
});

/// `ab_glyph` counts ascent and descent as the height, everybody else the em.
fn scale(size: f64) -> PxScale {
    let em = f64::from(FONT.units_per_em().unwrap_or(2048.0));
    PxScale::from((size * f64::from(FONT.height_unscaled()) / em) as f32)
}

/// Width of a text of the given size (em, in pixels).
pub(crate) fn width(text: &str, size: f64) -> f64 {
    let font = FONT.as_scaled(scale(size));
    text.chars().map(|c| f64::from(font.h_advance(font.glyph_id(c)))).sum()
}

/// Calls `paint` with every pixel of a text and how much of it is covered (0 to 1); `x` and `y` are the left end of the
/// baseline.
pub(crate) fn rasterise(text: &str, size: f64, x: f64, y: f64, mut paint: impl FnMut(i32, i32, f64)) {
    let font = FONT.as_scaled(scale(size));
    let mut pen = x as f32;
    for letter in text.chars() {
        let id = font.glyph_id(letter);
        let glyph = id.with_scale_and_position(font.scale(), ab_glyph::point(pen, y as f32));
        pen += font.h_advance(id);
        let Some(outline) = font.outline_glyph(glyph) else { continue };
        let corner = outline.px_bounds().min;
        outline.draw(|i, j, cover| {
            paint(
                corner.x as i32 + i.cast_signed(),
                corner.y as i32 + j.cast_signed(),
                f64::from(cover.clamp(0.0, 1.0)),
            );
        });
    }
}

/// The longest beginning of `text` that is at most `width` wide, with an ellipsis where it was cut.
pub(crate) fn shortened(text: &str, size: f64, most: f64) -> String {
    if width(text, size) <= most {
        return text.to_owned();
    }
    let mut kept: String = text.to_owned();
    while kept.pop().is_some() {
        let tried = format!("{}…", kept.trim_end());
        if width(&tried, size) <= most {
            return tried;
        }
    }
    String::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Advance widths of the font file: "0" is 1303 of 2048 units wide.
    #[test]
    fn widths_are_those_of_the_font() {
        assert!((width("0", 2048.0) - 1303.0).abs() < 1.0);
        assert!((width("000", 12.0) - 3.0 * 12.0 * 1303.0 / 2048.0).abs() < 0.1);
    }

    #[test]
    fn a_long_name_is_cut_to_its_place() {
        assert_eq!(shortened("short", 12.0, 100.0), "short");
        let cut = shortened("a-name-that-nobody-can-print", 12.0, 80.0);
        assert!(cut.ends_with('…') && cut.starts_with("a-na"));
        assert!(width(&cut, 12.0) <= 80.0);
    }
}
