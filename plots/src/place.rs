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

/// Finds a box for every label, inside `bounds`, off all `taken` boxes and off each other.
///
/// Places in rings around the point are weighed: each pixel away counts one, each of the `soft` points (of a curve, say)
/// that would be covered counts [`COVERED`]. Where no such place is free, the nearest one of the whole area is taken.
///
/// Returns one entry a label, in the same order; `None` where there is no room at all.
pub(crate) fn place(labels: &[Wanted], bounds: Rect, taken: &[Rect], soft: &[Spot]) -> Vec<Option<Rect>> {
    let mut full: Vec<Rect> = taken.to_vec();
    labels
        .iter()
        .map(|label| {
            let free = |rect: &Rect| bounds.contains(*rect) && !full.iter().any(|other| rect.overlaps(*other));
            let places = [14.0, 26.0, 44.0, 66.0, 92.0, 124.0].into_iter().flat_map(|gap| ring(label, gap));
            let found = places
                .filter(|(_, rect)| free(rect))
                .map(|(gap, rect)| (gap + COVERED * covered(rect, soft) as f64, rect))
                .min_by(|(a, _), (b, _)| a.total_cmp(b))
                .map(|(_, rect)| rect)
                .or_else(|| nearest(everywhere(label, bounds).into_iter().filter(|rect| free(rect)), label.anchor));
            full.extend(found);
            found
        })
        .collect()
}

/// Places around the point at a distance of `gap` pixels: right, left, above, below, and the corners.
fn ring(label: &Wanted, gap: f64) -> Vec<(f64, Rect)> {
    const WAYS: [(f64, f64); 12] = [
        (1.0, 0.0),
        (1.0, -0.7),
        (1.0, 0.7),
        (-1.0, 0.0),
        (-1.0, -0.7),
        (-1.0, 0.7),
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
    let distance = |rect: &Rect| {
        let near = rect.nearest(anchor);
        (near.x - anchor.x).hypot(near.y - anchor.y)
    };
    places.min_by(|a, b| distance(a).total_cmp(&distance(b)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const BOUNDS: Rect = Rect { left: 0.0, top: 0.0, right: 700.0, bottom: 400.0 };

    proptest! {
        /// Labels never overlap each other or what was there before, and all of them find room in a sane figure, even
        /// when their points coincide.
        #[test]
        fn labels_never_overlap(
            anchors in prop::collection::vec((0.0..700.0_f64, 0.0..400.0_f64, 30.0..160.0_f64), 1..9),
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
            for (index, rect) in places.iter().enumerate() {
                let rect = rect.expect("there is room for eight labels");
                prop_assert!(BOUNDS.contains(rect));
                prop_assert!(markers.iter().all(|marker| !rect.overlaps(*marker)));
                prop_assert!(places[..index].iter().flatten().all(|other| !rect.overlaps(*other)));
            }
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
