//! How many requests are done after how long: one panel a model, one line an allocation.

use fleetfront_planner::{ModelResult, Study};

use crate::axes::{line_legend, time_labels, x_axis, y_axis};
use crate::figure::{Anchor, Figure, Rect, Spot, Stroke, solid, spot};
use crate::font;
use crate::format::{Unit, plain};
use crate::scale::{Scale, positive_range};
use crate::theme::{INK, LABEL_SIZE, Look, PALE, QUIET, TICK_SIZE, TITLE_SIZE, looks};

const WIDTH: f64 = 960.0;
const COLUMNS: usize = 3;
const PANEL: f64 = 186.0;
const GAP_TOP: f64 = 30.0;
const GAP_BOTTOM: f64 = 26.0;

/// Draws the latency figure.
pub(crate) fn cdf_figure(study: &Study) -> Figure {
    let lines: Vec<(&str, Look, &[ModelResult])> = study
        .allocations
        .iter()
        .zip(looks(&study.allocations))
        .filter_map(|(allocation, look)| {
            allocation.results.as_ref().map(|results| (allocation.name.as_str(), look, results.models.as_slice()))
        })
        .collect();
    let rows = study.models.len().div_ceil(COLUMNS).max(1);
    let mut figure = Figure::new(
        "Requests done after a time",
        "One panel a model: the share of requests done after a time on a logarithmic axis, one line an allocation, \
         the model's limit as a vertical line.",
        WIDTH,
        0.0,
    );
    figure.text(spot(14.0, 24.0), "Requests done after a time", TITLE_SIZE, INK, Anchor::Start);
    let entries: Vec<(String, Look)> = lines.iter().map(|(name, look, _)| ((*name).to_owned(), *look)).collect();
    let top = 36.0 + line_legend(&mut figure, 36.0, 14.0, &entries);
    figure.height = top + rows as f64 * (PANEL + GAP_TOP + GAP_BOTTOM) + 8.0;
    let (low, high) = time_range(study, &lines);
    // Wide under narrow and solid under dashed: both can be seen where they coincide.
    let mut in_order = lines.clone();
    in_order.sort_by(|(_, a, _), (_, b, _)| {
        let dashed = |look: &Look| !look.dash.is_empty();
        dashed(a).cmp(&dashed(b)).then(b.width.total_cmp(&a.width))
    });
    for (index, model) in study.models.iter().enumerate() {
        let (row, column) = (index / COLUMNS, index % COLUMNS);
        let left = 52.0 + column as f64 * 314.0;
        let plot = Rect::new(left, top + row as f64 * (PANEL + GAP_TOP + GAP_BOTTOM) + GAP_TOP, 258.0, PANEL);
        let panel = Panel { plot, x: Scale::log(low, high, plot.left, plot.right) };
        panel.draw_frame(&mut figure, &model.name, model.latency_limit_s);
        for (_, look, results) in &in_order {
            if let Some(result) = results.iter().find(|result| result.model == model.name) {
                panel.draw_line(&mut figure, &result.latency_cdf, *look);
            }
        }
    }
    figure
}

/// From the fastest hundredth of the requests to the slowest, over all models, and all limits in it.
fn time_range(study: &Study, lines: &[(&str, Look, &[ModelResult])]) -> (f64, f64) {
    let times = lines.iter().flat_map(|(_, _, results)| results.iter()).flat_map(|result| {
        let last = result.latency_cdf.last().map_or(1.0, |(_, share)| *share);
        result
            .latency_cdf
            .iter()
            .filter(move |(_, share)| *share > 0.01 && *share <= last * 0.998)
            .map(|(seconds, _)| *seconds)
    });
    let limits = study.models.iter().map(|model| model.latency_limit_s);
    positive_range(times.chain(limits), 1.25).unwrap_or((1.0, 100.0))
}

struct Panel {
    plot: Rect,
    x: Scale,
}

impl Panel {
    fn y(&self) -> Scale {
        Scale::linear(0.0, 1.0, self.plot.bottom, self.plot.top)
    }

    fn draw_frame(&self, figure: &mut Figure, model: &str, limit_s: f64) {
        let shares = [0.0, 0.25, 0.5, 0.75, 0.95].map(|share| (share, plain(share, Unit::Share)));
        y_axis(figure, self.plot, &self.y(), &shares);
        x_axis(figure, self.plot, &self.x, &time_labels(self.x.time_ticks()));
        let limit = self.x.at(limit_s);
        let stroke = Stroke { colour: INK, width: 1.4, dash: &[7.0, 4.0] };
        figure.line(vec![spot(limit, self.plot.top - 4.0), spot(limit, self.plot.bottom)], stroke);
        let text = format!("limit {}", plain(limit_s, Unit::Seconds));
        let half = font::width(&text, TICK_SIZE) / 2.0;
        let x = limit.clamp(self.plot.left + half, self.plot.right - half);
        let name = font::shortened(model, LABEL_SIZE, x - half - 12.0 - self.plot.left);
        if name.chars().count() * 2 >= model.chars().count() {
            figure.text(spot(self.plot.left, self.plot.top - 10.0), &name, LABEL_SIZE, INK, Anchor::Start);
        } else {
            // A limit far to the left: the name goes to the other side.
            let name = font::shortened(model, LABEL_SIZE, self.plot.right - x - half - 12.0);
            figure.text(spot(self.plot.right, self.plot.top - 10.0), &name, LABEL_SIZE, INK, Anchor::End);
        }
        figure.text(spot(x, self.plot.top - 9.0), &text, TICK_SIZE, QUIET, Anchor::Middle);
        let p95 = self.y().at(0.95);
        figure.line(vec![spot(self.plot.left, p95), spot(self.plot.right, p95)], solid(PALE, 1.0));
    }

    fn draw_line(&self, figure: &mut Figure, cdf: &[(f64, f64)], look: Look) {
        let y = self.y();
        let mut points: Vec<Spot> = Vec::with_capacity(cdf.len() + 2);
        for (seconds, share) in cdf.iter().filter(|(seconds, _)| *seconds > 0.0) {
            let at = spot(self.x.at(*seconds), y.at(*share));
            // Left of the axis and right of it, only the last and the first point are needed.
            let here = points.last().is_some_and(|before| before.x >= self.plot.right && at.x >= self.plot.right);
            if !here {
                points.push(at);
            }
        }
        if let Some(first) = points.first().copied() {
            points.insert(0, spot(first.x, self.plot.bottom));
        }
        if let Some(last) = points.last().copied() {
            points.push(spot(self.plot.right, last.y));
        }
        figure.line(points, Stroke { colour: look.colour, width: look.width, dash: look.dash });
    }
}
