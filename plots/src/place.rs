//! Where labels go: beside their points, never on each other.

use crate::figure::{Rect, Spot, spot};

/// A label that wants a place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Wanted {
    /// The point that it names.
    pub(crate) anchor: Spot,
    pub(crate) width: f64,
    pub(crate) height: f64,
}

/// Pixels that a label rather moves than cover one point more.
const COVERED: f64 = 12.0;
/// Pixels that a label rather moves than stand nearer to another label's point than to its own.
const ASTRAY: f64 = 400.0;
/// Pixels that a label rather moves than have its line pass over one point more.
const PASSED: f64 = 4.0;
/// What a label counts that finds no place in the rings.
const HOMELESS: f64 = 4000.0;
/// With more labels than this, only some orders of placing them are tried.
const ALL_ORDERS: usize = 5;

/// Finds a box for every label, inside `bounds`, off all `taken` boxes and off each other.
///
/// The line from a point to its label crosses no other label, no such line and no `taken` box but those around the point
/// itself. Places in rings around the point are weighed: each pixel away counts one, each of the `soft` points (of a
/// curve, say) that would be covered counts [`COVERED`], or [`PASSED`] under the line; standing nearer to another label's
/// point counts [`ASTRAY`]. Labels take their best place in turn, and of all orders the one that weighs least is kept.
/// Where no such place is free, the nearest one of the whole area is taken.
///
/// Returns one entry a label, in the same order; `None` where there is no room at all.
pub(crate) fn place(labels: &[Wanted], bounds: Rect, taken: &[Rect], soft: &[Spot]) -> Vec<Option<Rect>> {
    let room = Room { labels, bounds, taken, soft };
    let choices: Vec<Vec<(f64, Rect)>> = (0..labels.len()).map(|index| room.choices(index)).collect();
    let tried = orders(labels.len()).into_iter().map(|order| room.in_turn(&order, &choices));
    let Some((_, mut places)) = tried.min_by(|(a, _), (b, _)| a.total_cmp(b)) else { return Vec::new() };
    for (index, label) in labels.iter().enumerate().filter(|(index, _)| places[*index].is_none()).collect::<Vec<_>>() {
        let free = |rect: &Rect| room.is_inside(label.anchor, *rect) && room.agrees(index, *rect, &places);
        places[index] = nearest(everywhere(label, bounds).into_iter().filter(free), label.anchor);
    }
    places
}

/// What labels have to get along with.
struct Room<'a> {
    labels: &'a [Wanted],
    bounds: Rect,
    taken: &'a [Rect],
    soft: &'a [Spot],
}

impl Room<'_> {
    /// The places of a label in the rings with what they weigh, the best one first.
    fn choices(&self, index: usize) -> Vec<(f64, Rect)> {
        let label = &self.labels[index];
        let gaps = [14.0, 18.0, 26.0, 36.0, 50.0, 66.0, 92.0, 124.0];
        let rings = gaps.into_iter().flat_map(|gap| ring(label, gap));
        let mut all: Vec<(f64, Rect)> = rings
            .filter(|(_, rect)| self.is_inside(label.anchor, *rect))
            .map(|(gap, rect)| (gap + self.weight(label.anchor, rect), rect))
            .collect();
        all.sort_by(|(a, _), (b, _)| a.total_cmp(b));
        all
    }

    fn is_inside(&self, anchor: Spot, rect: Rect) -> bool {
        let leader = (anchor, rect.nearest(anchor));
        let is_own = |other: &Rect| other.nearest(anchor) == anchor;
        let clear = |other: &Rect| !rect.overlaps(*other) && (is_own(other) || !other.is_crossed_by(leader));
        self.bounds.contains(rect) && self.taken.iter().all(clear)
    }

    fn weight(&self, anchor: Spot, rect: Rect) -> f64 {
        let own = distance(rect, anchor);
        let astray = self.labels.iter().any(|other| distance(rect, other.anchor) < own - 1e-9);
        let leader = (anchor, rect.nearest(anchor));
        let under = |at: &&Spot| Rect::around(**at, 3.0, 3.0).is_crossed_by(leader);
        let passed = self.soft.iter().filter(under).count() as f64;
        COVERED * covered(rect, self.soft) as f64 + PASSED * passed + if astray { ASTRAY } else { 0.0 }
    }

    /// Whether a label can stand there with all others that have a place.
    fn agrees(&self, index: usize, rect: Rect, places: &[Option<Rect>]) -> bool {
        let anchor = self.labels[index].anchor;
        let leader = (anchor, rect.nearest(anchor));
        let others = self.labels.iter().zip(places).filter_map(|(label, place)| place.map(|rect| (label.anchor, rect)));
        let mut others = others;
        others.all(|(point, other)| {
            let theirs = (point, other.nearest(point));
            !rect.overlaps(other)
                && !other.is_crossed_by(leader)
                && !rect.is_crossed_by(theirs)
                && (point == anchor || !cross(leader, theirs))
        })
    }

    /// Every label takes the best place that is left; returns what all weigh together, too.
    fn in_turn(&self, order: &[usize], choices: &[Vec<(f64, Rect)>]) -> (f64, Vec<Option<Rect>>) {
        let mut places = vec![None; self.labels.len()];
        let mut weight = 0.0;
        for index in order {
            let found = choices[*index].iter().find(|(_, rect)| self.agrees(*index, *rect, &places));
            weight += found.map_or(HOMELESS, |(weight, _)| *weight);
            places[*index] = found.map(|(_, rect)| *rect);
        }
        (weight, places)
    }
}

/// All orders of so many things, or their rotations where those would be too many.
fn orders(count: usize) -> Vec<Vec<usize>> {
    if count > ALL_ORDERS {
        return (0..count).map(|first| (first..count).chain(0..first).collect()).collect();
    }
    let mut all: Vec<Vec<usize>> = vec![Vec::new()];
    for next in 0..count {
        let longer = |order: &Vec<usize>| -> Vec<Vec<usize>> {
            (0..=order.len()).map(|at| [&order[..at], &[next], &order[at..]].concat()).collect()
        };
        all = all.iter().flat_map(longer).collect();
    }
    all
}

/// Whether two straight lines cross each other.
fn cross((a, b): (Spot, Spot), (c, d): (Spot, Spot)) -> bool {
    let side = |from: Spot, to: Spot, of: Spot| (to.x - from.x) * (of.y - from.y) - (to.y - from.y) * (of.x - from.x);
    side(a, b, c) * side(a, b, d) < 0.0 && side(c, d, a) * side(c, d, b) < 0.0
}

/// From a point to the nearest edge of a label.
fn distance(rect: Rect, from: Spot) -> f64 {
    let near = rect.nearest(from);
    (near.x - from.x).hypot(near.y - from.y)
}

/// Places around the point at a distance of `gap` pixels: right, left, above, below, and the corners.
fn ring(label: &Wanted, gap: f64) -> Vec<(f64, Rect)> {
    const WAYS: [(f64, f64); 16] = [
        (1.0, 0.0),
        (1.0, -0.4),
        (1.0, 0.4),
        (1.0, -0.8),
        (1.0, 0.8),
        (-1.0, 0.0),
        (-1.0, -0.4),
        (-1.0, 0.4),
        (-1.0, -0.8),
        (-1.0, 0.8),
        (0.0, -1.0),
        (0.0, 1.0),
        (0.6, -1.0),
        (0.6, 1.0),
        (-0.6, -1.0),
        (-0.6, 1.0),
    ];
    WAYS.into_iter()
        .map(|(x, y)| {
            let middle =
                spot(label.anchor.x + x * (gap + label.width / 2.0), label.anchor.y + y * (gap + label.height / 2.0));
            (gap, Rect::around(middle, label.width / 2.0, label.height / 2.0))
        })
        .collect()
}

fn everywhere(label: &Wanted, bounds: Rect) -> Vec<Rect> {
    let columns = (((bounds.width() - label.width) / 8.0).floor()).max(-1.0) as i32;
    let rows = (((bounds.height() - label.height) / 4.0).floor()).max(-1.0) as i32;
    (0..=columns)
        .flat_map(|column| (0..=rows).map(move |row| (column, row)))
        .map(|(column, row)| {
            Rect::new(
                bounds.left + 8.0 * f64::from(column),
                bounds.top + 4.0 * f64::from(row),
                label.width,
                label.height,
            )
        })
        .collect()
}

/// How many of the points are under a label, or touch it.
fn covered(rect: Rect, soft: &[Spot]) -> usize {
    let grown = Rect::new(rect.left - 4.0, rect.top - 4.0, rect.width() + 8.0, rect.height() + 8.0);
    soft.iter().filter(|at| grown.nearest(**at) == **at).count()
}

fn nearest(places: impl Iterator<Item = Rect>, anchor: Spot) -> Option<Rect> {
    places.min_by(|a, b| distance(*a, anchor).total_cmp(&distance(*b, anchor)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const BOUNDS: Rect = Rect { left: 0.0, top: 0.0, right: 700.0, bottom: 400.0 };

    proptest! {
        /// Labels never overlap each other or what was there before, their lines cross nothing, and all of them find room
        /// in a sane figure, even when their points coincide.
        #[test]
        fn labels_and_their_lines_never_meet_others(
            anchors in prop::collection::vec((100.0..600.0_f64, 80.0..320.0_f64, 30.0..160.0_f64), 1..5),
            together in any::<bool>(),
        ) {
            let labels: Vec<Wanted> = anchors
                .iter()
                .map(|(x, y, width)| Wanted {
                    anchor: if together { spot(anchors[0].0, anchors[0].1) } else { spot(*x, *y) },
                    width: *width,
                    height: 16.0,
                })
                .collect();
            let markers: Vec<Rect> = labels.iter().map(|label| Rect::around(label.anchor, 8.0, 8.0)).collect();
            let soft: Vec<Spot> = (0..100).map(|k| spot(7.0 * f64::from(k), 200.0)).collect();
            let places = place(&labels, BOUNDS, &markers, &soft);
            prop_assert_eq!(places.len(), labels.len());
            for (index, (rect, label)) in places.iter().zip(&labels).enumerate() {
                let rect = rect.expect("there is room for four labels");
                prop_assert!(BOUNDS.contains(rect));
                prop_assert!(markers.iter().all(|marker| !rect.overlaps(*marker)));
                let line = (label.anchor, rect.nearest(label.anchor));
                let others = || places.iter().enumerate().filter(|(other, _)| *other != index);
                for other in others().filter_map(|(_, other)| *other) {
                    prop_assert!(!rect.overlaps(other) && !other.is_crossed_by(line));
                }
                let foreign = markers.iter().filter(|marker| marker.nearest(label.anchor) != label.anchor);
                for marker in foreign {
                    prop_assert!(!marker.is_crossed_by(line));
                }
            }
        }
    }

    /// A cluster of three markers that touch, with a curve and a cloud beside them.
    #[test]
    fn labels_of_close_points_stand_by_their_own() {
        let anchors = [spot(396.0, 126.0), spot(382.0, 107.0), spot(374.0, 118.0)];
        let labels = anchors.map(|anchor| Wanted { anchor, width: 180.0, height: 32.0 });
        let markers = anchors.map(|at| Rect::around(at, 12.0, 12.0));
        let cloud: Vec<Spot> = (0..40).map(|k| spot(220.0 + 9.0 * f64::from(k), 120.0)).collect();
        let places = place(&labels, BOUNDS, &markers, &cloud);
        for (label, rect) in labels.iter().zip(places) {
            let rect = rect.expect("there is room");
            let own = distance(rect, label.anchor);
            assert!(anchors.iter().all(|other| distance(rect, *other) >= own), "{label:?} at {rect:?}");
        }
    }

    #[test]
    fn a_label_keeps_off_the_curve_when_it_can() {
        let label = Wanted { anchor: spot(300.0, 200.0), width: 60.0, height: 16.0 };
        let curve: Vec<Spot> = (300..500).map(|x| spot(f64::from(x), 200.0)).collect();
        let rect = place(&[label], BOUNDS, &[], &curve)[0].expect("there is room");
        assert!(!curve.iter().any(|at| rect.nearest(*at) == *at));
    }

    #[test]
    fn a_label_larger_than_the_figure_has_no_place() {
        let label = Wanted { anchor: spot(300.0, 200.0), width: 900.0, height: 16.0 };
        assert_eq!(place(&[label], BOUNDS, &[], &[]), [None]);
    }
}
