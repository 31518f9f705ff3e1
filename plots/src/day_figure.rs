//! The average day: requests, containers by state and the queue, the baseline beside the recommended allocation.

use fleetfront_planner::{AllocationResult, Day, Role, Study};

use crate::axes::{labelled, x_axis, y_axis};
use crate::figure::{Anchor, Figure, Rect, Spot, solid, spot};
use crate::font;
use crate::format::Unit;
use crate::scale::Scale;
use crate::theme::{INK, LABEL_SIZE, PURPLE, QUIET, State, TICK_SIZE, TITLE_SIZE};

const WIDTH: f64 = 960.0;
const LEFT: f64 = 58.0;
const GAP: f64 = 62.0;
const LOAD: (f64, f64) = (104.0, 84.0);
const CONTAINERS: (f64, f64) = (232.0, 190.0);
const QUEUE: (f64, f64) = (466.0, 84.0);
const HEIGHT: f64 = 590.0;

/// Draws the figure of the average day.
pub(crate) fn day_figure(study: &Study) -> Figure {
    let shown = shown(study);
    let mut figure = Figure::new(
        "The average day",
        "Requests an hour, containers by what they do, and requests waiting, over the hours of the day; the baseline \
         beside the recommended allocation.",
        WIDTH,
        HEIGHT,
    );
    figure.text(spot(14.0, 24.0), "The average day", TITLE_SIZE, INK, Anchor::Start);
    legend(&mut figure);
    let days = || shown.iter().map(|(_, day)| *day);
    let most = |series: fn(&Day) -> Vec<f64>| days().flat_map(series).fold(0.0_f64, f64::max);
    let tops = Tops {
        load: most(|day| day.arrivals_per_s.iter().map(|rate| rate * 3600.0).collect()),
        containers: most(totals),
        queue: most(|day| day.queue.clone()),
    };
    let columns = shown.len().max(1) as f64;
    let width = (WIDTH - LEFT - 16.0 - (columns - 1.0) * GAP) / columns;
    for (index, (name, day)) in shown.iter().enumerate() {
        let left = LEFT + index as f64 * (width + GAP);
        let title = font::shortened(name, LABEL_SIZE, width);
        figure.text(spot(left, 78.0), &title, LABEL_SIZE + 1.0, INK, Anchor::Start);
        Column { left, width, day, tops: &tops }.draw(&mut figure);
    }
    figure
}

/// The baseline and the recommended allocation, or what there is of them.
fn shown(study: &Study) -> Vec<(String, &Day)> {
    let wanted = |allocation: &&AllocationResult| {
        allocation.role == Role::Baseline || allocation.name == study.recommendation.allocation
    };
    study
        .allocations
        .iter()
        .filter(wanted)
        .filter_map(|allocation| allocation.results.as_ref().map(|results| (allocation.name.clone(), &results.day)))
        .filter(|(_, day)| !day.busy.is_empty() && day.bin_s > 0.0)
        .collect()
}

fn totals(day: &Day) -> Vec<f64> {
    (0..day.busy.len()).map(|bin| State::ALL.iter().map(|state| series(day, *state)[bin]).sum()).collect()
}

fn series(day: &Day, state: State) -> &[f64] {
    match state {
        State::Boot => &day.boot,
        State::Busy => &day.busy,
        State::Idle => &day.idle,
        State::Wasted => &day.wasted,
    }
}

fn legend(figure: &mut Figure) {
    let (mut x, y) = (LEFT, 50.0);
    for state in State::ALL {
        state.fill_rect(figure, Rect::new(x, y - 11.0, 22.0, 13.0), Some(solid(INK, 0.7)));
        figure.text(spot(x + 28.0, y), state.name(), LABEL_SIZE, INK, Anchor::Start);
        x += 28.0 + font::width(state.name(), LABEL_SIZE) + 24.0;
    }
}

/// The highest value of each row, over both columns: equal heights are equal numbers.
struct Tops {
    load: f64,
    containers: f64,
    queue: f64,
}

/// One allocation: three plots under each other.
struct Column<'a> {
    left: f64,
    width: f64,
    day: &'a Day,
    tops: &'a Tops,
}

impl Column<'_> {
    fn draw(&self, figure: &mut Figure) {
        let load: Vec<f64> = self.day.arrivals_per_s.iter().map(|rate| rate * 3600.0).collect();
        let (_, y) = self.frame(figure, LOAD, "requests an hour", self.tops.load);
        figure.line(self.steps(&y, &load), solid(INK, 1.6));
        let (_, y) = self.frame(figure, CONTAINERS, "containers", self.tops.containers);
        self.draw_stack(figure, &y);
        let (plot, y) = self.frame(figure, QUEUE, "requests waiting", self.tops.queue);
        figure.line(self.steps(&y, &self.day.queue), solid(PURPLE, 1.8));
        figure.text(spot(plot.right, plot.bottom + 32.0), "hour of the day", LABEL_SIZE, QUIET, Anchor::End);
    }

    fn hours(&self) -> f64 {
        self.day.busy.len() as f64 * self.day.bin_s / 3600.0
    }

    fn x(&self) -> Scale {
        Scale::linear(0.0, self.hours(), self.left, self.left + self.width)
    }

    fn frame(&self, figure: &mut Figure, (top, height): (f64, f64), title: &str, most: f64) -> (Rect, Scale) {
        let plot = Rect::new(self.left, top, self.width, height);
        let y = Scale::linear(0.0, if most > 0.0 { most * 1.06 } else { 1.0 }, plot.bottom, plot.top);
        let step = if self.hours() > 48.0 { 24.0 } else { 4.0 };
        let count = (self.hours() / step).floor() as u32;
        let hours: Vec<(f64, String)> =
            (0..=count).map(|k| f64::from(k) * step).map(|hour| (hour, format!("{hour}"))).collect();
        x_axis(figure, plot, &self.x(), &hours);
        y_axis(figure, plot, &y, &labelled(y.ticks(if height > 120.0 { 5 } else { 3 }), Unit::Count));
        figure.text_on_lines(spot(plot.left + 4.0, plot.top - 5.0), title, TICK_SIZE, QUIET, Anchor::Start);
        (plot, y)
    }

    /// The corners of a stepped line, one step a bin.
    fn steps(&self, y: &Scale, values: &[f64]) -> Vec<Spot> {
        let x = self.x();
        let edge = |bin: usize| x.at(bin as f64 * self.day.bin_s / 3600.0);
        let corners = values.iter().enumerate().flat_map(|(bin, value)| [(bin, *value), (bin + 1, *value)]);
        corners.map(|(bin, value)| spot(edge(bin), y.at(value))).collect()
    }

    fn draw_stack(&self, figure: &mut Figure, y: &Scale) {
        let bins = self.day.busy.len();
        let mut below = vec![0.0; bins];
        for state in State::ALL {
            let above: Vec<f64> = below.iter().zip(series(self.day, state)).map(|(a, b)| a + b.max(0.0)).collect();
            let (bottom, top) = (self.steps(y, &below), self.steps(y, &above));
            state.fill_stack(figure, &bottom, &top);
            figure.line(top, solid(INK, 0.7));
            below = above;
        }
    }
}
