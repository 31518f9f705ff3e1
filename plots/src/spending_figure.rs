//! When the money is spent: dollars by hour of the day, stacked by GPU type; the baseline beside the recommended
//! allocation.

use fleetfront_planner::{AllocationResult, Role, Spending, Study};

use crate::axes::{labelled, x_axis, y_axis};
use crate::figure::{Anchor, Colour, Figure, Rect, hatching, solid, spot};
use crate::font;
use crate::format::Unit;
use crate::scale::Scale;
use crate::theme::{BLUE, GREEN, INK, LABEL_SIZE, ORANGE, PALE, PURPLE, QUIET, SKY, TITLE_SIZE, VERMILION};

const WIDTH: f64 = 960.0;
const LEFT: f64 = 66.0;
const GAP: f64 = 74.0;
const HEIGHT: f64 = 224.0;
const ROW: f64 = 19.0;
const HOURS: usize = 24;

/// How a GPU type is filled: a colour, and a hatching for print without colour.
#[derive(Debug, Clone, Copy)]
struct Fill {
    colour: Colour,
    rising: bool,
    falling: bool,
}

/// In the order in which GPU types come; after the last it begins again with the hatching turned.
const FILLS: [Fill; 8] = [
    Fill { colour: BLUE, rising: false, falling: false },
    Fill { colour: ORANGE, rising: true, falling: false },
    Fill { colour: GREEN, rising: false, falling: true },
    Fill { colour: SKY, rising: false, falling: false },
    Fill { colour: VERMILION, rising: true, falling: true },
    Fill { colour: PURPLE, rising: true, falling: false },
    Fill { colour: PALE, rising: false, falling: false },
    Fill { colour: PALE, rising: true, falling: true },
];

impl Fill {
    fn of(index: usize) -> Self {
        let fill = FILLS[index % FILLS.len()];
        if index < FILLS.len() { fill } else { Self { rising: !fill.rising, ..fill } }
    }

    fn draw(self, figure: &mut Figure, rect: Rect) {
        figure.rect(rect, self.colour, Some(solid(INK, 0.7)));
        for (is_drawn, falls) in [(self.rising, false), (self.falling, true)] {
            if is_drawn {
                figure.segments(hatching(rect, 6.0, falls), solid(INK, 0.7));
            }
        }
    }
}

/// Draws the figure.
pub(crate) fn spending_figure(study: &Study) -> Figure {
    let shown = shown(study);
    let gpus: Vec<&str> = study.gpus.iter().map(|gpu| gpu.name.as_str()).filter(|gpu| is_used(&shown, gpu)).collect();
    let title = "When the money is spent, by GPU type";
    let description = "Dollars a month by hour of the day, stacked by GPU type; the baseline beside the recommended \
                       allocation.";
    let rows = legend_rows(&gpus);
    let top = 44.0 + ROW * rows.len() as f64 + 34.0;
    let mut figure = Figure::new(title, description, WIDTH, top + HEIGHT + 44.0);
    figure.text(spot(14.0, 24.0), title, TITLE_SIZE, INK, Anchor::Start);
    for (row, entries) in rows.iter().enumerate() {
        for (index, x) in entries {
            let y = 50.0 + ROW * row as f64;
            Fill::of(*index).draw(&mut figure, Rect::new(*x, y - 11.0, 22.0, 13.0));
            figure.text(spot(x + 28.0, y), gpus[*index], LABEL_SIZE, INK, Anchor::Start);
        }
    }
    let most = shown.iter().flat_map(|(_, spending)| stacks(spending, &gpus)).map(|stack| stack.iter().sum::<f64>());
    let most = most.fold(0.0_f64, f64::max);
    let columns = shown.len().max(1) as f64;
    let width = (WIDTH - LEFT - 16.0 - (columns - 1.0) * GAP) / columns;
    for (index, (name, spending)) in shown.iter().enumerate() {
        let left = LEFT + index as f64 * (width + GAP);
        let title = font::shortened(name, LABEL_SIZE, width);
        figure.text(spot(left, top - 24.0), &title, LABEL_SIZE + 1.0, INK, Anchor::Start);
        draw_hours(&mut figure, Rect::new(left, top, width, HEIGHT), &stacks(spending, &gpus), most);
    }
    figure
}

/// The baseline and the recommended allocation, or what there is of them.
fn shown(study: &Study) -> Vec<(&str, &Spending)> {
    let wanted = |allocation: &&AllocationResult| {
        allocation.role == Role::Baseline || allocation.name == study.recommendation.allocation
    };
    let chosen = study.allocations.iter().filter(wanted);
    chosen.filter_map(|one| one.results.as_ref().map(|results| (one.name.as_str(), &results.spending))).collect()
}

fn is_used(shown: &[(&str, &Spending)], gpu: &str) -> bool {
    shown.iter().flat_map(|(_, spending)| &spending.gpus).any(|row| row.gpu == gpu && row.usd_month.value > 0.0)
}

/// GPU types by index with the place of each, in rows that fit the page.
fn legend_rows(gpus: &[&str]) -> Vec<Vec<(usize, f64)>> {
    let mut rows = vec![Vec::new()];
    let mut x = LEFT;
    for (index, gpu) in gpus.iter().enumerate() {
        let width = 28.0 + font::width(gpu, LABEL_SIZE) + 24.0;
        if x + width > WIDTH && x > LEFT {
            rows.push(Vec::new());
            x = LEFT;
        }
        rows.last_mut().expect("there is one").push((index, x));
        x += width;
    }
    rows
}

/// Dollars by hour, and in it by GPU type.
fn stacks(spending: &Spending, gpus: &[&str]) -> Vec<Vec<f64>> {
    let mut stacks = vec![vec![0.0; gpus.len()]; HOURS];
    for row in &spending.hours {
        if let Some(gpu) = gpus.iter().position(|gpu| *gpu == row.gpu) {
            stacks[row.hour as usize % HOURS][gpu] += row.states.total().max(0.0);
        }
    }
    stacks
}

fn draw_hours(figure: &mut Figure, plot: Rect, stacks: &[Vec<f64>], most: f64) {
    let x = Scale::linear(0.0, HOURS as f64, plot.left, plot.right);
    let y = Scale::linear(0.0, if most > 0.0 { most * 1.06 } else { 1.0 }, plot.bottom, plot.top);
    let hours: Vec<(f64, String)> = (0..=6).map(|k| 4.0 * f64::from(k)).map(|hour| (hour, format!("{hour}"))).collect();
    x_axis(figure, plot, &x, &hours);
    y_axis(figure, plot, &y, &labelled(y.ticks(5), Unit::Usd));
    figure.text_on_lines(spot(plot.left, plot.top - 6.0), "dollars a month", LABEL_SIZE, QUIET, Anchor::Start);
    figure.text(spot(plot.right, plot.bottom + 32.0), "hour of the day", LABEL_SIZE, QUIET, Anchor::End);
    for (hour, stack) in stacks.iter().enumerate() {
        let (left, right) = (x.at(hour as f64) + 1.0, x.at(hour as f64 + 1.0) - 1.0);
        let mut below = 0.0;
        for (gpu, usd) in stack.iter().enumerate().filter(|(_, usd)| **usd > 0.0) {
            let rect = Rect { left, right, top: y.at(below + usd), bottom: y.at(below) };
            Fill::of(gpu).draw(figure, rect);
            below += usd;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::Shape;
    use crate::fixture;

    /// All bars together are as high as the bill: the areas of a column have the ratio of the two bills.
    #[test]
    fn bars_are_as_high_as_the_bills() {
        let study = fixture::study();
        let gpus: Vec<&str> = study.gpus.iter().map(|gpu| gpu.name.as_str()).collect();
        for (_, spending) in shown(&study) {
            let sum: f64 = stacks(spending, &gpus).iter().flatten().sum();
            assert!((sum / spending.total_usd_month - 1.0).abs() < 1e-9, "{sum}");
        }
    }

    #[test]
    fn only_gpu_types_that_cost_something_have_an_entry() {
        let figure = spending_figure(&fixture::study());
        let says =
            |name: &str| figure.shapes.iter().any(|shape| matches!(shape, Shape::Text(text) if text.words == name));
        for gpu in ["L40S", "A10", "H100", "A100-40GB"] {
            assert!(says(gpu), "{gpu}");
        }
        assert!(!says("B200") && !says("T4"));
    }
}
