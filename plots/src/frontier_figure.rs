//! Cost against the worst ratio of p95 to limit: the frontier, and where the allocations stand.

use fleetfront_planner::{AllocationResult, Estimate, FleetPoint, Study};

use crate::axes::{labelled, marker_entry, x_axis, y_axis};
use crate::figure::{Anchor, Colour, Figure, Rect, Spot, Stroke, Text, solid, spot};
use crate::font;
use crate::format::{Unit, value};
use crate::place::{Wanted, place};
use crate::scale::{Scale, positive_range};
use crate::theme::{
    BLUE, INK, LABEL_SIZE, Look, Marker, PALE, QUIET, SKY, TICK_SIZE, TINT, TITLE_SIZE, draw_marker, looks, outline,
};

const WIDTH: f64 = 840.0;
const HEIGHT: f64 = 570.0;
const PLOT: Rect = Rect { left: 66.0, top: 66.0, right: 826.0, bottom: 488.0 };
/// Height of the band at the top in which points stand that never come back.
const NEVER: f64 = 26.0;
const MARKER: f64 = 10.0;
const DOT: f64 = 3.4;
const UNIFORM: Look = Look { marker: Marker::Dot, colour: PALE, dash: &[], width: 1.0 };
const ON_FRONTIER: Look = Look { marker: Marker::Dot, colour: BLUE, dash: &[], width: 1.6 };

/// Draws the frontier figure.
pub(crate) fn frontier_figure(study: &Study) -> Figure {
    let mut figure = Figure::new(
        "Cost and latency of every fleet",
        "Cost a month against the worst ratio of a model's p95 latency to its limit, both on logarithmic scales where \
         they span much; the line is the frontier, the large markers are the named allocations.",
        WIDTH,
        HEIGHT,
    );
    let named = named(study);
    let axes = Axes::of(study, &named);
    axes.draw(&mut figure);
    let arrow = draw_hint(&mut figure, &axes);
    let quiet = spots(&axes, &study.frontier.uniform);
    for at in &quiet {
        draw_marker(&mut figure, *at, UNIFORM, 3.0);
    }
    let line = draw_frontier(&mut figure, study, &axes);
    let keep_off: Vec<Spot> = line.into_iter().chain(quiet).collect();
    let markers: Vec<Rect> = named.iter().map(|one| one.bounds(&axes)).collect();
    let note = draw_limit(&mut figure, &axes, &[markers.as_slice(), &[arrow]].concat(), &keep_off);
    let missing = draw_named(&mut figure, &axes, &named, &keep_off, &[arrow, note]);
    draw_legend(&mut figure, study, &missing);
    figure
}

fn spots(axes: &Axes, fleets: &[FleetPoint]) -> Vec<Spot> {
    fleets.iter().map(|point| axes.spot(point.cost_usd_month.value, point.worst_p95_over_limit.value)).collect()
}

/// An allocation with results.
struct Named<'a> {
    allocation: &'a AllocationResult,
    cost: Estimate,
    ratio: Estimate,
    look: Look,
}

impl Named<'_> {
    /// The box of its marker, with a little air.
    fn bounds(&self, axes: &Axes) -> Rect {
        Rect::around(axes.spot(self.cost.value, self.ratio.value), MARKER + 2.0, MARKER + 2.0)
    }
}

fn named(study: &Study) -> Vec<Named<'_>> {
    study
        .allocations
        .iter()
        .zip(looks(&study.allocations))
        .filter_map(|(allocation, look)| {
            let results = allocation.results.as_ref()?;
            let (cost, ratio) = (results.fleet.cost_usd_month, results.worst_p95_over_limit);
            cost.value.is_finite().then_some(Named { allocation, cost, ratio, look })
        })
        .collect()
}

struct Axes {
    x: Scale,
    y: Scale,
    /// The plot without the band of infinite ratios.
    finite: Rect,
    never: bool,
}

impl Axes {
    fn of(study: &Study, named: &[Named<'_>]) -> Self {
        let fleets = || study.frontier.by_worst_ratio.iter().chain(&study.frontier.uniform);
        let costs = fleets().map(|point| point.cost_usd_month.value);
        let costs = costs.chain(named.iter().flat_map(|one| [one.cost.value, one.cost.high]));
        let ratios =
            || fleets().map(|point| point.worst_p95_over_limit.value).chain(named.iter().map(|n| n.ratio.value));
        let never = ratios().any(f64::is_infinite);
        let finite = Rect { top: if never { PLOT.top + NEVER } else { PLOT.top }, ..PLOT };
        let (low, high) = positive_range(costs, 1.0).unwrap_or((1.0, 10.0));
        let x = if high / low > 10.0 {
            Scale::log(low / 1.5, high * 1.25, PLOT.left, PLOT.right)
        } else {
            Scale::linear(0.0, high * 1.1, PLOT.left, PLOT.right)
        };
        let (low, high) = positive_range(ratios().chain([1.0]), 1.0).unwrap_or((0.5, 2.0));
        let y = Scale::log(low / 1.7, high * 1.4, finite.bottom, finite.top);
        Self { x, y, finite, never }
    }

    fn spot(&self, cost: f64, ratio: f64) -> Spot {
        let y = if ratio.is_infinite() { PLOT.top + NEVER / 2.0 } else { self.y.at(ratio) };
        spot(self.x.at(cost), y)
    }

    fn draw(&self, figure: &mut Figure) {
        figure.text(spot(14.0, 24.0), "Cost and latency of every fleet", TITLE_SIZE, INK, Anchor::Start);
        let below = "worst model: p95 latency as a multiple of its limit";
        figure.text(spot(14.0, 50.0), below, LABEL_SIZE, QUIET, Anchor::Start);
        let limit = self.y.at(1.0);
        figure.rect(Rect { top: limit, ..PLOT }, TINT, None);
        x_axis(figure, PLOT, &self.x, &labelled(self.x.ticks(9), Unit::Usd));
        y_axis(figure, self.finite, &self.y, &labelled(self.y.ticks(9), Unit::Ratio));
        figure.text(spot(PLOT.right, PLOT.bottom + 34.0), "cost a month", LABEL_SIZE, QUIET, Anchor::End);
        let stroke = Stroke { colour: INK, width: 1.4, dash: &[7.0, 4.0] };
        figure.line(vec![spot(PLOT.left, limit), spot(PLOT.right, limit)], stroke);
        if self.never {
            let edge = vec![spot(PLOT.left, self.finite.top), spot(PLOT.right, self.finite.top)];
            figure.line(edge, solid(PALE, 1.0));
            figure.text(spot(PLOT.left - 6.0, PLOT.top + 17.0), "never", TICK_SIZE, QUIET, Anchor::End);
            let text = "more than 5 % of a model's requests fail";
            figure.text(spot(PLOT.right - 6.0, PLOT.top + 17.0), text, TICK_SIZE, QUIET, Anchor::End);
        }
    }
}

/// Says what the line of the limit means, where it covers least: from the left, below the line or above it.
///
/// Returns the box of the text.
fn draw_limit(figure: &mut Figure, axes: &Axes, taken: &[Rect], keep_off: &[Spot]) -> Rect {
    const TEXT: &str = "p95 = limit: below, every model keeps its limit";
    const HEIGHT: f64 = 18.0;
    let width = font::width(TEXT, TICK_SIZE) + 12.0;
    let limit = axes.y.at(1.0);
    let columns = ((PLOT.width() - width) / 20.0).floor().max(0.0) as u32;
    let tops = [limit + 2.0, limit - 2.0 - HEIGHT];
    let places = (0..=columns).flat_map(|column| tops.map(|top| (PLOT.left + 20.0 * f64::from(column), top)));
    let places = places.map(|(left, top)| Rect::new(left, top, width, HEIGHT)).filter(|rect| PLOT.contains(*rect));
    let hits = |rect: &Rect| {
        let boxes = taken.iter().filter(|other| other.overlaps(*rect)).count();
        100 * boxes + keep_off.iter().filter(|at| rect.nearest(**at) == **at).count()
    };
    let below = Rect::new(PLOT.left, limit + 2.0, width, HEIGHT);
    let rect = places.min_by_key(hits).unwrap_or(below);
    figure.text_on_lines(spot(rect.left + 6.0, rect.top + 13.0), TEXT, TICK_SIZE, INK, Anchor::Start);
    rect
}

/// The steps between the points, the points on them, and their whiskers.
///
/// Returns places along the steps and whiskers, for labels to keep off.
fn draw_frontier(figure: &mut Figure, study: &Study, axes: &Axes) -> Vec<Spot> {
    let points = &study.frontier.by_worst_ratio;
    let Some(first) = points.first() else {
        let middle = spot(f64::midpoint(PLOT.left, PLOT.right), PLOT.top + 60.0);
        figure.text_on_lines(middle, "no frontier: no simulated fleet can run", LABEL_SIZE, QUIET, Anchor::Middle);
        return Vec::new();
    };
    let bars = whiskers(axes, points.iter().map(|p| (p.cost_usd_month, p.worst_p95_over_limit)));
    figure.segments(bars.clone(), solid(SKY, 1.2));
    let start = axes.spot(first.cost_usd_month.value, first.worst_p95_over_limit.value);
    let mut steps = vec![spot(start.x, PLOT.top), start];
    for point in &points[1..] {
        let at = axes.spot(point.cost_usd_month.value, point.worst_p95_over_limit.value);
        let before = steps[steps.len() - 1];
        steps.extend([spot(at.x, before.y), at]);
    }
    steps.push(spot(PLOT.right, steps[steps.len() - 1].y));
    let mut along = sampled(&steps);
    along.extend(bars.iter().flat_map(|(from, to)| sampled(&[*from, *to])));
    figure.line(steps, solid(BLUE, 1.6));
    for at in spots(axes, points) {
        // Without the white rim of other markers: where points are close, rims would hide the line.
        figure.area(outline(ON_FRONTIER.marker, at, DOT), ON_FRONTIER.colour, None);
    }
    along
}

fn whiskers(axes: &Axes, points: impl Iterator<Item = (Estimate, Estimate)>) -> Vec<(Spot, Spot)> {
    let mut segments = Vec::new();
    for (cost, ratio) in points {
        let at = axes.spot(cost.value, ratio.value);
        segments.push((spot(axes.x.at(cost.low), at.y), spot(axes.x.at(cost.high), at.y)));
        if ratio.value.is_finite() {
            segments.push((spot(at.x, axes.y.at(ratio.low)), spot(at.x, axes.y.at(ratio.high))));
        }
    }
    segments
}

/// Places every few pixels along a line.
fn sampled(line: &[Spot]) -> Vec<Spot> {
    line.windows(2)
        .flat_map(|pair| {
            let length = (pair[1].x - pair[0].x).hypot(pair[1].y - pair[0].y);
            let parts = (length / 6.0).ceil().max(1.0);
            (0..=parts as u32).map(move |k| {
                let share = f64::from(k) / parts;
                spot(pair[0].x + share * (pair[1].x - pair[0].x), pair[0].y + share * (pair[1].y - pair[0].y))
            })
        })
        .collect()
}

/// The arrow to where everybody wants to go; returns its box.
fn draw_hint(figure: &mut Figure, axes: &Axes) -> Rect {
    let corner = spot(axes.finite.left + 10.0, axes.finite.bottom - 10.0);
    let arrow = [(0.0, 0.0), (22.0, -4.0), (16.5, -9.5), (34.0, -27.0), (27.0, -34.0), (9.5, -16.5), (4.0, -22.0)];
    let points = arrow.into_iter().map(|(x, y)| spot(corner.x + x, corner.y + y)).collect();
    figure.area(points, Colour(0xc4, 0xdd, 0xd2), Some(solid(QUIET, 0.8)));
    let text = "cheaper and faster";
    figure.text_on_lines(spot(corner.x + 40.0, corner.y - 4.0), text, LABEL_SIZE, QUIET, Anchor::Start);
    Rect::new(corner.x, corner.y - 36.0, 44.0 + font::width(text, LABEL_SIZE), 40.0)
}

/// The named allocations with their labels; returns the names for which there was no room.
///
/// - `taken`: boxes in which no label may stand.
fn draw_named(figure: &mut Figure, axes: &Axes, named: &[Named<'_>], keep_off: &[Spot], taken: &[Rect]) -> Vec<String> {
    for one in named {
        figure.segments(whiskers(axes, std::iter::once((one.cost, one.ratio))), solid(one.look.colour, 1.6));
    }
    let spots: Vec<Spot> = named.iter().map(|one| axes.spot(one.cost.value, one.ratio.value)).collect();
    for (one, at) in named.iter().zip(&spots) {
        draw_marker(figure, *at, one.look, MARKER);
    }
    let texts: Vec<[String; 2]> = named.iter().map(label).collect();
    let wanted: Vec<Wanted> = texts
        .iter()
        .zip(&spots)
        .map(|([name, numbers], at)| {
            let width = font::width(name, LABEL_SIZE).max(font::width(numbers, TICK_SIZE)) + 8.0;
            Wanted { anchor: *at, width, height: 32.0 }
        })
        .collect();
    let mut taken: Vec<Rect> = taken.iter().copied().chain(named.iter().map(|one| one.bounds(axes))).collect();
    if axes.never {
        taken.push(Rect::new(PLOT.right - 250.0, PLOT.top, 250.0, NEVER));
    }
    let inner = Rect { left: PLOT.left + 4.0, top: PLOT.top + 2.0, right: PLOT.right - 4.0, bottom: PLOT.bottom - 2.0 };
    let places = place(&wanted, inner, &taken, keep_off);
    let mut missing = Vec::new();
    for ((place, [name, numbers]), (one, at)) in places.iter().zip(&texts).zip(named.iter().zip(&spots)) {
        match place {
            Some(rect) => draw_label(figure, *rect, *at, name, numbers),
            None => missing.push(one.allocation.name.clone()),
        }
    }
    missing
}

fn label(one: &Named<'_>) -> [String; 2] {
    let ratio = if one.ratio.value.is_infinite() {
        "p95 never".to_owned()
    } else {
        format!("p95 {} limit", value(one.ratio, Unit::Ratio))
    };
    let name = font::shortened(&one.allocation.name, LABEL_SIZE, 240.0);
    [name, format!("{} a month, {ratio}", value(one.cost, Unit::Usd))]
}

fn draw_label(figure: &mut Figure, rect: Rect, at: Spot, name: &str, numbers: &str) {
    let near = rect.nearest(at);
    let distance = (near.x - at.x).hypot(near.y - at.y);
    if distance > MARKER + 8.0 {
        let start = (MARKER + 1.0) / distance;
        let from = spot(at.x + start * (near.x - at.x), at.y + start * (near.y - at.y));
        figure.line(vec![from, near], solid(QUIET, 0.9));
    }
    // The text stands at the side of the box that looks at its marker.
    let middle = f64::midpoint(rect.left, rect.right);
    let (x, anchor) = if (middle - at.x).abs() < rect.width() / 6.0 {
        (middle, Anchor::Middle)
    } else if middle < at.x {
        (rect.right - 4.0, Anchor::End)
    } else {
        (rect.left + 4.0, Anchor::Start)
    };
    let halo = |y: f64, text: &str, size: f64| {
        crate::figure::Shape::Text(Text {
            at: spot(x, y),
            words: text.to_owned(),
            size,
            colour: INK,
            anchor,
            halo: true,
        })
    };
    figure.shapes.push(halo(rect.top + 13.0, name, LABEL_SIZE));
    figure.shapes.push(halo(rect.top + 27.0, numbers, TICK_SIZE));
}

fn draw_legend(figure: &mut Figure, study: &Study, missing: &[String]) {
    let y = HEIGHT - 26.0;
    let mut x = marker_entry(figure, PLOT.left + 8.0, y, ON_FRONTIER, DOT, "frontier of all simulated fleets") + 26.0;
    figure.line(vec![spot(x - 6.0, y - 4.0), spot(x + 18.0, y - 4.0)], solid(SKY, 1.6));
    figure.text(spot(x + 24.0, y), "95 % interval", LABEL_SIZE, INK, Anchor::Start);
    x += 24.0 + font::width("95 % interval", LABEL_SIZE) + 26.0;
    marker_entry(figure, x, y, UNIFORM, 3.0, "the same GPU and settings for every model");
    let infeasible = study.allocations.iter().filter(|allocation| allocation.results.is_none());
    let notes: Vec<String> = infeasible
        .map(|allocation| format!("{} cannot run", allocation.name))
        .chain(missing.iter().map(|name| format!("no room for the label of {name}")))
        .collect();
    // The recommended fleet may stand above the line: it is chosen by other rules than this axis.
    let mut words = vec!["Recommended is chosen by the criteria against today's latency, not by this axis.".to_owned()];
    if !notes.is_empty() {
        words.push(format!("Not shown: {}.", notes.join("; ")));
    }
    let note = font::shortened(&words.join(" "), LABEL_SIZE, WIDTH - PLOT.left - 20.0);
    figure.text(spot(PLOT.left, HEIGHT - 6.0), &note, LABEL_SIZE, QUIET, Anchor::Start);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::Shape;
    use crate::fixture::study;

    fn texts(figure: &Figure) -> Vec<&Text> {
        let shapes = figure.shapes.iter();
        shapes.filter_map(|shape| if let Shape::Text(text) = shape { Some(text) } else { None }).collect()
    }

    /// The note on the limit is hit by nothing, even where many fleets just keep it.
    #[test]
    fn the_note_on_the_limit_stands_where_nothing_is() {
        let plain = study();
        let mut crowded = study();
        for point in crowded.frontier.uniform.iter_mut().take(12) {
            point.worst_p95_over_limit = Estimate::exact(0.93);
        }
        for study in [plain, crowded] {
            let figure = frontier_figure(&study);
            let axes = Axes::of(&study, &named(&study));
            let all = texts(&figure);
            let note = all.iter().find(|text| text.words.starts_with("p95 = limit")).expect("a note").bounds();
            let fleets = study.frontier.by_worst_ratio.iter().chain(&study.frontier.uniform);
            for point in fleets {
                let at = axes.spot(point.cost_usd_month.value, point.worst_p95_over_limit.value);
                assert!(note.nearest(at) != at, "{note:?} is hit at {at:?}");
            }
            assert!(named(&study).iter().all(|one| !one.bounds(&axes).overlaps(note)));
        }
    }

    /// White rims would hide the line between points that are close to each other.
    #[test]
    fn nothing_white_is_drawn_over_the_frontier_but_the_named_markers() {
        let study = study();
        let figure = frontier_figure(&study);
        let is_line = |shape: &Shape| matches!(shape, Shape::Line { stroke, .. } if stroke.colour == BLUE);
        let line = figure.shapes.iter().position(is_line).expect("a line");
        let rims = figure.shapes[line..].iter().filter(|s| matches!(s, Shape::Area { outline: Some(_), .. })).count();
        // The named markers, and the legend's two samples.
        assert_eq!(rims, named(&study).len() + 2);
    }
}
