//! Rows of estimates with their intervals, in one panel or more beside each other.

use fleetfront_planner::Estimate;

use crate::axes::x_axis;
use crate::figure::{Anchor, Figure, Rect, Stroke, solid, spot};
use crate::font;
use crate::scale::Scale;
use crate::theme::{GRID, INK, LABEL_SIZE, Look, PALE, QUIET, TICK_SIZE, TINT, TITLE_SIZE, WHITE, outline};

const WIDTH: f64 = 960.0;
const MARGIN: f64 = 14.0;
const ROW: f64 = 22.0;
const HEADING_ROW: f64 = 28.0;
const LEGEND_ROW: f64 = 19.0;
/// Between a panel's plot and its numbers, and between its numbers and the next panel.
const GAP: f64 = 12.0;
const MARKER: f64 = 5.0;

/// A drawing of estimates.
pub(crate) struct Forest {
    pub(crate) title: String,
    pub(crate) description: String,
    /// What the markers mean.
    pub(crate) legend: Vec<(Look, String)>,
    pub(crate) panels: Vec<Panel>,
    pub(crate) rows: Vec<Row>,
    /// Said below, a line each.
    pub(crate) notes: Vec<String>,
}

/// One number of every row.
pub(crate) struct Panel {
    pub(crate) heading: String,
    pub(crate) is_log: bool,
    /// A line that stands for "as it is", and what is written at it.
    pub(crate) now: Option<(f64, String)>,
    /// A line that must not be passed to the right, with what is written at it.
    pub(crate) limit: Option<(f64, String)>,
    /// A tick in words.
    pub(crate) tick: fn(f64) -> String,
}

/// A line of the drawing.
pub(crate) enum Row {
    /// A title of the rows below.
    Heading(String),
    /// A name and a mark for each panel.
    Marks(String, Vec<Option<Mark>>),
}

/// An estimate in a panel.
pub(crate) struct Mark {
    pub(crate) look: Look,
    /// Hollow markers say the contrary of filled ones.
    pub(crate) hollow: bool,
    pub(crate) of: Estimate,
    /// What luck alone leaves open, where `of` holds more than luck.
    pub(crate) luck: Option<Estimate>,
    /// The number, right of the panel.
    pub(crate) words: String,
}

/// Where the parts of the drawing stand.
struct Layout {
    plots: Vec<Rect>,
    labels: f64,
    height: f64,
}

impl Forest {
    /// Draws it.
    pub(crate) fn figure(&self) -> Figure {
        let layout = self.layout();
        let mut figure = Figure::new(&self.title, &self.description, WIDTH, layout.height);
        let title = font::shortened(&self.title, TITLE_SIZE, WIDTH - 2.0 * MARGIN);
        figure.text(spot(MARGIN, 24.0), &title, TITLE_SIZE, INK, Anchor::Start);
        for ((x, row, words), (look, _)) in self.legend_places().into_iter().zip(&self.legend) {
            let y = 48.0 + LEGEND_ROW * f64::from(row);
            draw(&mut figure, spot(x + 8.0, y - 4.0), *look, false);
            figure.text(spot(x + 22.0, y), &words, LABEL_SIZE, INK, Anchor::Start);
        }
        let scales: Vec<Scale> = (0..self.panels.len()).map(|k| self.scale(k, layout.plots[k])).collect();
        for (panel, (plot, scale)) in self.panels.iter().zip(layout.plots.iter().zip(&scales)) {
            panel.draw_frame(&mut figure, *plot, scale);
        }
        self.draw_rows(&mut figure, &layout, &scales);
        for (index, note) in self.notes.iter().enumerate() {
            let y = layout.height - 8.0 - 17.0 * (self.notes.len() - 1 - index) as f64;
            let note = font::shortened(note, LABEL_SIZE, WIDTH - 2.0 * MARGIN);
            figure.text(spot(MARGIN, y), &note, LABEL_SIZE, QUIET, Anchor::Start);
        }
        figure
    }

    fn marks(&self, panel: usize) -> impl Iterator<Item = &Mark> {
        self.rows.iter().filter_map(move |row| match row {
            Row::Marks(_, marks) => marks.get(panel).and_then(Option::as_ref),
            Row::Heading(_) => None,
        })
    }

    /// Where the words of the legend stand, and in which row: side by side as far as they fit.
    fn legend_places(&self) -> Vec<(f64, u32, String)> {
        let (mut x, mut row) = (MARGIN, 0);
        let mut places = Vec::new();
        for (_, words) in &self.legend {
            let words = font::shortened(words, LABEL_SIZE, WIDTH - 2.0 * MARGIN - 24.0);
            let width = 22.0 + font::width(&words, LABEL_SIZE);
            if x > MARGIN && x + width > WIDTH - MARGIN {
                (x, row) = (MARGIN, row + 1);
            }
            places.push((x, row, words));
            x += width + 24.0;
        }
        places
    }

    /// Labels and numbers take what they need, the plots what is left.
    fn layout(&self) -> Layout {
        let label = |row: &Row| match row {
            Row::Marks(name, _) | Row::Heading(name) => font::width(name, LABEL_SIZE),
        };
        let labels = self.rows.iter().map(label).fold(60.0, f64::max).min(300.0);
        let numbers: Vec<f64> = (0..self.panels.len())
            .map(|k| self.marks(k).map(|mark| font::width(&mark.words, TICK_SIZE)).fold(0.0, f64::max).min(190.0))
            .collect();
        let panels = self.panels.len() as f64;
        let taken = 2.0 * MARGIN + labels + numbers.iter().sum::<f64>() + panels * 2.0 * GAP;
        let each = ((WIDTH - taken) / panels).max(80.0);
        let legend = self.legend_places().last().map_or(0, |(_, row, _)| row + 1);
        let top = 48.0 + LEGEND_ROW * f64::from(legend) + 38.0;
        let heights = self.rows.iter().map(|row| if matches!(row, Row::Heading(_)) { HEADING_ROW } else { ROW });
        let bottom = top + heights.sum::<f64>() + 6.0;
        let mut left = MARGIN + labels + GAP;
        let mut plots = Vec::new();
        for width in numbers {
            plots.push(Rect { left, top, right: left + each, bottom });
            left += each + width + 2.0 * GAP;
        }
        Layout { plots, labels, height: bottom + 26.0 + 17.0 * self.notes.len() as f64 + 6.0 }
    }

    /// From the least to the greatest that is drawn, with some air.
    fn scale(&self, panel: usize, plot: Rect) -> Scale {
        let of = &self.panels[panel];
        let ends = self.marks(panel).flat_map(|mark| [mark.of.value, mark.of.low, mark.of.high]);
        let all = ends.chain(of.now.iter().map(|(now, _)| *now)).chain(of.limit.iter().map(|(limit, _)| *limit));
        let drawn = all.filter(|number| number.is_finite() && (!of.is_log || *number > 0.0));
        let (low, high) =
            drawn.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), number| (a.min(number), b.max(number)));
        // Nothing at all is drawn: any axis will do.
        let (low, high) = if low <= high { (low, high) } else { (1.0, 10.0) };
        if of.is_log {
            let air = (high / low).powf(0.05).max(1.05);
            Scale::log(low / air, high * air, plot.left, plot.right)
        } else {
            let air = ((high - low) * 0.06).max(1.0);
            Scale::linear(low - air, high + air, plot.left, plot.right)
        }
    }

    fn draw_rows(&self, figure: &mut Figure, layout: &Layout, scales: &[Scale]) {
        let mut top = layout.plots.first().map_or(0.0, |plot| plot.top);
        for row in &self.rows {
            match row {
                Row::Heading(words) => {
                    let words = font::shortened(words, LABEL_SIZE, WIDTH - 2.0 * MARGIN);
                    figure.text(spot(MARGIN, top + 19.0), &words, LABEL_SIZE, INK, Anchor::Start);
                    let line = vec![spot(MARGIN, top + 24.0), spot(WIDTH - MARGIN, top + 24.0)];
                    figure.line(line, solid(GRID, 1.0));
                    top += HEADING_ROW;
                }
                Row::Marks(name, marks) => {
                    let middle = top + ROW / 2.0;
                    let name = font::shortened(name, LABEL_SIZE, layout.labels);
                    figure.text(spot(MARGIN + layout.labels, middle + 4.0), &name, LABEL_SIZE, INK, Anchor::End);
                    for (mark, (plot, scale)) in marks.iter().zip(layout.plots.iter().zip(scales)) {
                        if let Some(mark) = mark {
                            mark.draw(figure, middle, *plot, scale);
                        }
                    }
                    top += ROW;
                }
            }
        }
    }
}

impl Panel {
    fn draw_frame(&self, figure: &mut Figure, plot: Rect, scale: &Scale) {
        if let Some((limit, _)) = &self.limit {
            let accepted = Rect { right: scale.at(*limit), ..plot };
            figure.rect(accepted, TINT, None);
        }
        let wanted = (plot.width() / 45.0).max(2.0) as usize;
        let ticks: Vec<(f64, String)> = scale.ticks(wanted).into_iter().map(|tick| (tick, (self.tick)(tick))).collect();
        x_axis(figure, plot, scale, &ticks);
        figure.text(spot(plot.left, plot.top - 24.0), &self.heading, LABEL_SIZE, QUIET, Anchor::Start);
        if let Some((now, _)) = self.now {
            let now = scale.at(now);
            figure.line(vec![spot(now, plot.top), spot(now, plot.bottom)], solid(QUIET, 1.2));
        }
        let mut taken = None;
        if let Some((limit, words)) = &self.limit {
            let x = scale.at(*limit);
            let stroke = Stroke { colour: INK, width: 1.4, dash: &[7.0, 4.0] };
            figure.line(vec![spot(x, plot.top - 3.0), spot(x, plot.bottom)], stroke);
            taken = Some(note(figure, plot, x, words, None));
        }
        if let Some((now, words)) = &self.now {
            note(figure, plot, scale.at(*now), words, taken);
        }
    }
}

/// Words over a vertical line, inside the width of the plot; left out where others stand already.
///
/// Returns where they begin and end.
fn note(figure: &mut Figure, plot: Rect, x: f64, words: &str, taken: Option<(f64, f64)>) -> (f64, f64) {
    let half = font::width(words, TICK_SIZE) / 2.0;
    let most = (plot.right - half).max(plot.left + half);
    let middle = x.clamp(plot.left + half, most);
    let (from, to) = (middle - half, middle + half);
    if taken.is_none_or(|(left, right)| to + 6.0 < left || from - 6.0 > right) {
        figure.text(spot(middle, plot.top - 7.0), words, TICK_SIZE, QUIET, Anchor::Middle);
    }
    (from, to)
}

impl Mark {
    fn draw(&self, figure: &mut Figure, y: f64, plot: Rect, scale: &Scale) {
        let words = font::shortened(&self.words, TICK_SIZE, 190.0);
        figure.text(spot(plot.right + GAP, y + 4.0), &words, TICK_SIZE, INK, Anchor::Start);
        if self.of.value.is_nan() {
            return;
        }
        let whisker = |figure: &mut Figure, of: Estimate, width: f64| {
            let (low, high) = (scale.at(of.low), scale.at(of.high));
            if high - low > 0.5 {
                let caps = [low, high].map(|x| (spot(x, y - 3.5), spot(x, y + 3.5)));
                figure.segments(vec![(spot(low, y), spot(high, y)), caps[0], caps[1]], solid(self.look.colour, width));
            }
        };
        whisker(figure, self.of, if self.luck.is_some() { 1.0 } else { 1.6 });
        if let Some(luck) = self.luck {
            whisker(figure, luck, 2.4);
        }
        let x = scale.at(self.of.value);
        draw(figure, spot(x, y), self.look, self.hollow);
        if self.of.value.is_infinite() {
            figure.line(vec![spot(plot.right - 8.0, y), spot(plot.right, y)], solid(PALE, 1.0));
        }
    }
}

fn draw(figure: &mut Figure, at: crate::figure::Spot, look: Look, hollow: bool) {
    if hollow {
        figure.area(outline(look.marker, at, MARKER - 0.5), WHITE, Some(solid(look.colour, 1.6)));
    } else {
        // Without the white rim of other markers, which would hide short intervals.
        figure.area(outline(look.marker, at, MARKER), look.colour, None);
    }
}
