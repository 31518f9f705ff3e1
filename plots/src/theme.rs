//! Colours, markers, line styles and sizes that all figures share.
//!
//! The colours are those of Okabe and Ito (2008), which colour-blind readers can tell apart; shapes, dashes and hatching
//! say the same once more, for print without colour.

use fleetfront_planner::{AllocationResult, Role};

use crate::figure::{Colour, Figure, Rect, Spot, Stroke, hatching, solid, spot};

pub(crate) const INK: Colour = Colour(0x22, 0x22, 0x22);
pub(crate) const QUIET: Colour = Colour(0x60, 0x60, 0x60);
pub(crate) const PALE: Colour = Colour(0xa8, 0xa8, 0xa8);
pub(crate) const GRID: Colour = Colour(0xe2, 0xe2, 0xe2);
pub(crate) const WHITE: Colour = Colour(0xff, 0xff, 0xff);
pub(crate) const TINT: Colour = Colour(0xee, 0xf6, 0xf2);
pub(crate) const BLUE: Colour = Colour(0x00, 0x72, 0xb2);
pub(crate) const VERMILION: Colour = Colour(0xd5, 0x5e, 0x00);
pub(crate) const GREEN: Colour = Colour(0x00, 0x9e, 0x73);
pub(crate) const PURPLE: Colour = Colour(0xcc, 0x79, 0xa7);
pub(crate) const ORANGE: Colour = Colour(0xe6, 0x9f, 0x00);
pub(crate) const SKY: Colour = Colour(0x56, 0xb4, 0xe9);
const BUSY: Colour = BLUE;
const IDLE: Colour = Colour(0xdd, 0xe3, 0xe8);

/// Text sizes in pixels.
pub(crate) const TITLE_SIZE: f64 = 16.0;
pub(crate) const LABEL_SIZE: f64 = 12.5;
pub(crate) const TICK_SIZE: f64 = 11.0;

/// The shape of a marker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Marker {
    Square,
    TriangleUp,
    Star,
    Diamond,
    TriangleDown,
    Pentagon,
    Cross,
    Dot,
}

/// How an allocation looks in every figure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Look {
    pub(crate) marker: Marker,
    pub(crate) colour: Colour,
    pub(crate) dash: &'static [f64],
    pub(crate) width: f64,
}

/// One look an allocation, in their order: fixed for the roles, in turn for named ones.
pub(crate) fn looks(allocations: &[AllocationResult]) -> Vec<Look> {
    const NAMED: [Look; 4] = [
        Look { marker: Marker::Diamond, colour: GREEN, dash: &[2.0, 3.0], width: 2.0 },
        Look { marker: Marker::TriangleDown, colour: PURPLE, dash: &[8.0, 3.0, 2.0, 3.0], width: 2.0 },
        Look { marker: Marker::Pentagon, colour: ORANGE, dash: &[12.0, 4.0], width: 1.6 },
        Look { marker: Marker::Cross, colour: SKY, dash: &[8.0, 3.0, 2.0, 3.0, 2.0, 3.0], width: 1.6 },
    ];
    let mut named = NAMED.iter().cycle();
    allocations
        .iter()
        .map(|allocation| match allocation.role {
            Role::Baseline => Look { marker: Marker::Square, colour: INK, dash: &[], width: 1.3 },
            Role::Proposed | Role::Repaired => {
                Look { marker: Marker::TriangleUp, colour: VERMILION, dash: &[6.0, 4.0], width: 2.0 }
            }
            Role::Recommended => Look { marker: Marker::Star, colour: BLUE, dash: &[], width: 4.4 },
            Role::Named => *named.next().unwrap_or(&NAMED[0]),
        })
        .collect()
}

/// What a container does, as the figures show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Boot,
    Busy,
    Idle,
    Wasted,
}

impl State {
    /// In the order in which they are stacked.
    pub(crate) const ALL: [Self; 4] = [Self::Busy, Self::Idle, Self::Boot, Self::Wasted];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Boot => "booting",
            Self::Busy => "busy",
            Self::Idle => "idle",
            Self::Wasted => "wasted on failed tries",
        }
    }

    fn fill(self) -> Colour {
        match self {
            Self::Boot => ORANGE,
            Self::Busy => BUSY,
            Self::Idle => IDLE,
            Self::Wasted => VERMILION,
        }
    }

    /// Fills a rectangle with the state's colour and hatching: busy plain and dark, idle plain and pale, booting
    /// rising, wasted crossed.
    pub(crate) fn fill_rect(self, figure: &mut Figure, rect: Rect, outline: Option<Stroke>) {
        figure.rect(rect, self.fill(), outline);
        figure.segments(self.hatching(rect), solid(INK, 0.7));
    }

    /// Fills the area between two stepped lines over the same bins.
    pub(crate) fn fill_stack(self, figure: &mut Figure, bottom: &[Spot], top: &[Spot]) {
        let around = top.iter().chain(bottom.iter().rev()).copied().collect();
        figure.area(around, self.fill(), None);
        let columns = top.chunks_exact(2).zip(bottom.chunks_exact(2));
        let rects = columns.map(|(up, down)| Rect { left: up[0].x, top: up[0].y, right: up[1].x, bottom: down[0].y });
        figure.segments(rects.flat_map(|rect| self.hatching(rect)).collect(), solid(INK, 0.7));
    }

    fn hatching(self, rect: Rect) -> Vec<(Spot, Spot)> {
        match self {
            Self::Busy | Self::Idle => Vec::new(),
            Self::Boot => hatching(rect, 6.0, false),
            Self::Wasted => [hatching(rect, 6.0, false), hatching(rect, 6.0, true)].concat(),
        }
    }
}

/// Draws a marker with a white rim, so that it stands out of lines and other points.
pub(crate) fn draw_marker(figure: &mut Figure, at: Spot, look: Look, radius: f64) {
    figure.area(outline(look.marker, at, radius), look.colour, Some(solid(WHITE, 1.2)));
}

/// The corners of a marker.
pub(crate) fn outline(marker: Marker, at: Spot, radius: f64) -> Vec<Spot> {
    let polygon = |corners: u32, turn: f64, inner: Option<f64>| -> Vec<Spot> {
        let steps = if inner.is_some() { 2 * corners } else { corners };
        (0..steps)
            .map(|k| {
                let angle = turn + f64::from(k) / f64::from(steps) * std::f64::consts::TAU;
                let reach = if k % 2 == 1 { inner.unwrap_or(1.0) } else { 1.0 } * radius;
                spot(at.x + reach * angle.sin(), at.y - reach * angle.cos())
            })
            .collect()
    };
    let pi = std::f64::consts::PI;
    match marker {
        Marker::Square => polygon(4, pi / 4.0, None),
        Marker::TriangleUp => polygon(3, 0.0, None),
        Marker::TriangleDown => polygon(3, pi, None),
        Marker::Diamond => polygon(4, 0.0, None),
        Marker::Pentagon => polygon(5, 0.0, None),
        Marker::Star => polygon(5, 0.0, Some(0.45)),
        Marker::Cross => polygon(4, pi / 4.0, Some(0.35)),
        Marker::Dot => polygon(20, 0.0, None),
    }
}
