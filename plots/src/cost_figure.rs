//! What a month costs by what containers do, beside the spreadsheet's bill.

use fleetfront_planner::{AllocationMetrics, AllocationResult, CostByState, Estimate, Metrics, Study};

use crate::axes::{labelled, marker_entry, x_axis};
use crate::figure::{Anchor, Figure, Rect, Shape, Text, solid, spot};
use crate::font;
use crate::format::{Unit, estimate, plain, value};
use crate::scale::Scale;
use crate::theme::{INK, LABEL_SIZE, Look, Marker, QUIET, State, TICK_SIZE, TITLE_SIZE, WHITE, draw_marker, looks};

const WIDTH: f64 = 960.0;
const LEFT: f64 = 190.0;
/// Room for the totals to the right of the longest bar.
const TOTALS: f64 = 190.0;
const TOP: f64 = 74.0;
const ROW: f64 = 66.0;
const BAR: f64 = 30.0;
/// Like none of the allocations that stand in the same figure.
const SPREADSHEET: Look = Look { marker: Marker::Cross, colour: INK, dash: &[], width: 1.0 };

/// Draws the cost figure.
pub(crate) fn cost_figure(study: &Study) -> Figure {
    let simulated: Vec<(&AllocationResult, &AllocationMetrics)> = study
        .allocations
        .iter()
        .filter_map(|allocation| allocation.results.as_ref().map(|results| (allocation, results)))
        .collect();
    let bottom = TOP + ROW * simulated.len() as f64;
    let mut figure = Figure::new(
        "What a month costs, by what containers do",
        "One bar an allocation, split into busy, idle, booting and wasted; the cross is what the spreadsheet says.",
        WIDTH,
        bottom + 62.0,
    );
    figure.text(spot(14.0, 24.0), "What a month costs, by what containers do", TITLE_SIZE, INK, Anchor::Start);
    legend(&mut figure);
    let most = simulated
        .iter()
        .flat_map(|(allocation, results)| {
            [
                results.fleet.cost_usd_month.value,
                results.fleet.cost_usd_month.high,
                naive(study, allocation).unwrap_or(0.0),
            ]
        })
        .filter(|cost| cost.is_finite())
        .fold(1.0, f64::max);
    let scale = Scale::linear(0.0, most, LEFT, WIDTH - TOTALS);
    let plot = Rect { left: LEFT, top: TOP, right: WIDTH - TOTALS, bottom };
    x_axis(&mut figure, plot, &scale, &labelled(scale.ticks(7), Unit::Usd));
    figure.text(spot(plot.right, bottom + 34.0), "cost a month", LABEL_SIZE, QUIET, Anchor::End);
    let all_looks = looks(&study.allocations);
    for (index, (allocation, results)) in simulated.iter().enumerate() {
        let look = study.allocations.iter().zip(&all_looks).find(|(one, _)| one.name == allocation.name);
        let row = Row { top: TOP + ROW * index as f64, scale: &scale, naive: naive(study, allocation) };
        row.draw(&mut figure, &allocation.name, look.map(|(_, look)| *look), &results.fleet);
        row.draw_total(&mut figure, results.fleet.cost_usd_month);
    }
    note_infeasible(&mut figure, study, bottom + 54.0);
    figure
}

fn naive(study: &Study, allocation: &AllocationResult) -> Option<f64> {
    let bridge = study.naive.bridges.iter().find(|bridge| bridge.allocation == allocation.name)?;
    Some(bridge.naive_usd_month)
}

fn legend(figure: &mut Figure) {
    let (mut x, y) = (LEFT, 52.0);
    for state in State::ALL {
        state.fill_rect(figure, Rect::new(x, y - 11.0, 22.0, 13.0), Some(solid(INK, 0.7)));
        figure.text(spot(x + 28.0, y), state.name(), LABEL_SIZE, INK, Anchor::Start);
        x += 28.0 + font::width(state.name(), LABEL_SIZE) + 24.0;
    }
    marker_entry(figure, x + 4.0, y, SPREADSHEET, 7.0, "the spreadsheet's estimate");
}

/// The place of one bar.
struct Row<'a> {
    top: f64,
    scale: &'a Scale,
    naive: Option<f64>,
}

impl Row<'_> {
    fn draw(&self, figure: &mut Figure, name: &str, look: Option<Look>, fleet: &Metrics) {
        let middle = self.top + 8.0 + BAR / 2.0;
        let name = font::shortened(name, LABEL_SIZE, LEFT - 44.0);
        figure.text(spot(LEFT - 28.0, middle + 4.0), &name, LABEL_SIZE, INK, Anchor::End);
        if let Some(look) = look {
            draw_marker(figure, spot(LEFT - 14.0, middle), look, 7.0);
        }
        let mut from = 0.0;
        for state in State::ALL {
            let (part, total) = (of_state(&fleet.cost_by_state, state), fleet.cost_usd_month);
            let to = from + part.value.max(0.0);
            let rect = Rect {
                left: self.scale.at(from),
                right: self.scale.at(to),
                top: self.top + 8.0,
                bottom: self.top + 8.0 + BAR,
            };
            if rect.width() > 0.4 {
                state.fill_rect(figure, rect, Some(solid(INK, 0.7)));
                // The whisker of the total stands in the bars, too.
                let room = Rect { right: rect.right.min(self.scale.at(total.low) - 3.0), ..rect };
                label_part(figure, room, state, part);
            }
            from = to;
        }
        if let Some(naive) = self.naive {
            let at = spot(self.scale.at(naive), self.top + 8.0 + BAR + 8.0);
            draw_marker(figure, at, SPREADSHEET, 7.0);
            let text = format!("spreadsheet {}", plain(naive, Unit::Usd));
            figure.text_on_lines(spot(at.x + 11.0, at.y + 5.0), &text, TICK_SIZE, INK, Anchor::Start);
        }
    }

    fn draw_total(&self, figure: &mut Figure, total: Estimate) {
        let y = self.top + 8.0 + BAR / 2.0;
        let (low, high) = (self.scale.at(total.low), self.scale.at(total.high));
        let caps = [low, high].map(|x| (spot(x, y - 5.0), spot(x, y + 5.0)));
        let whisker = [(spot(low, y), spot(high, y)), caps[0], caps[1]];
        figure.segments(whisker.to_vec(), solid(WHITE, 4.0));
        figure.segments(whisker.to_vec(), solid(INK, 1.6));
        let x = self.scale.at(total.value).max(high) + 10.0;
        figure.text_on_lines(spot(x, y + 4.0), &estimate(total, Unit::Usd), LABEL_SIZE, INK, Anchor::Start);
    }
}

/// Says in the bar what it is, where there is room.
fn label_part(figure: &mut Figure, rect: Rect, state: State, part: Estimate) {
    let amount = value(part, Unit::Usd);
    let long = format!("{} {amount}", state.name());
    let fits = |text: &String| font::width(text, TICK_SIZE) + 12.0 <= rect.width();
    let Some(text) = [long, amount].into_iter().find(fits) else { return };
    let (colour, halo) = if state == State::Busy { (WHITE, false) } else { (INK, state != State::Idle) };
    figure.shapes.push(Shape::Text(Text {
        at: spot(f64::midpoint(rect.left, rect.right), rect.top + BAR / 2.0 + 4.0),
        words: text,
        size: TICK_SIZE,
        colour,
        anchor: Anchor::Middle,
        halo,
    }));
}

fn note_infeasible(figure: &mut Figure, study: &Study, y: f64) {
    let names: Vec<&str> = study
        .allocations
        .iter()
        .filter(|allocation| allocation.results.is_none())
        .map(|allocation| allocation.name.as_str())
        .collect();
    if !names.is_empty() {
        let note = format!("Not shown, because it cannot run: {}.", names.join(", "));
        let note = font::shortened(&note, LABEL_SIZE, WIDTH - LEFT - 20.0);
        figure.text(spot(LEFT, y), &note, LABEL_SIZE, QUIET, Anchor::Start);
    }
}

/// The part of a bill that a state has.
pub(crate) fn of_state(cost: &CostByState, state: State) -> Estimate {
    match state {
        State::Boot => cost.boot_usd,
        State::Busy => cost.busy_usd,
        State::Idle => cost.idle_usd,
        State::Wasted => cost.wasted_usd,
    }
}
