//! Where fallback pays: a map a pair of GPU types, failures of the cheap one across, its scarcity down.

use fleetfront_planner::{FallbackAnswer, FallbackPoint, FallbackPolicy, FallbackStudy, Payoff};

use crate::fallback_tables::change;
use crate::figure::{Anchor, Colour, Figure, Rect, hatching, solid, spot};
use crate::font;
use crate::format::{Unit, plain, value};
use crate::theme::{GRID, INK, LABEL_SIZE, PALE, QUIET, TICK_SIZE, TITLE_SIZE, WHITE};

const CELL_WIDTH: f64 = 68.0;
const CELL_HEIGHT: f64 = 33.0;
const MARGIN: f64 = 14.0;
/// Room for the labels of the rows.
const LEFT: f64 = 58.0;
/// Room for the title of a panel.
const ABOVE: f64 = 30.0;
/// Room for the labels of the columns, and the gap to the next row of panels.
const BELOW: f64 = 54.0;
const GAP: f64 = 22.0;
const PER_ROW: usize = 3;
const TOP: f64 = 92.0;
/// Policy names inside the cells.
const SMALL_SIZE: f64 = 9.5;
/// The narrowest figure that its title and legend fit.
const WIDTH_MIN: f64 = 860.0;

/// Policies that look alike: they differ in a threshold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Family {
    Alone,
    Ranked,
    Failure,
    Wait,
    Predicted,
    Hedge,
}

impl Family {
    const ALL: [Self; 6] = [Self::Alone, Self::Ranked, Self::Failure, Self::Wait, Self::Predicted, Self::Hedge];

    fn of(policy: FallbackPolicy) -> Self {
        match policy {
            FallbackPolicy::DearOnly | FallbackPolicy::CheapOnly => Self::Alone,
            FallbackPolicy::Ranked => Self::Ranked,
            FallbackPolicy::OnFailure => Self::Failure,
            FallbackPolicy::OnWait { predicted: false, .. } => Self::Wait,
            FallbackPolicy::OnWait { predicted: true, .. } => Self::Predicted,
            FallbackPolicy::Hedge { .. } => Self::Hedge,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Alone => "no fallback",
            Self::Ranked => "ranked list",
            Self::Failure => "on failure",
            Self::Wait => "on a wait",
            Self::Predicted => "on a predicted wait",
            Self::Hedge => "hedge",
        }
    }

    /// Tints of the colours of all figures, pale enough for dark letters.
    fn colour(self) -> Colour {
        match self {
            Self::Alone => Colour(0xa6, 0xdc, 0xca),
            Self::Ranked => Colour(0xb4, 0xdc, 0xf5),
            Self::Failure => Colour(0xf5, 0xd7, 0x93),
            Self::Wait => Colour(0xe8, 0xc4, 0xd8),
            Self::Predicted => Colour(0xc9, 0xc3, 0xe6),
            Self::Hedge => Colour(0xf3, 0xbd, 0x9c),
        }
    }
}

/// What stands in a cell: the policy in two words.
fn short(policy: FallbackPolicy) -> String {
    match policy {
        FallbackPolicy::DearOnly | FallbackPolicy::CheapOnly => "alone".to_owned(),
        FallbackPolicy::Ranked => "ranked".to_owned(),
        FallbackPolicy::OnFailure => "on failure".to_owned(),
        FallbackPolicy::OnWait { seconds, predicted: false } => format!("wait > {seconds} s"),
        FallbackPolicy::OnWait { seconds, predicted: true } => format!("pred. > {seconds} s"),
        FallbackPolicy::Hedge { after_s } => format!("hedge {after_s} s"),
    }
}

/// Draws the maps.
pub(crate) fn fallback_figure(study: &FallbackStudy) -> Figure {
    let rows = rows(&study.pairs);
    let panel_width = |answer: &FallbackAnswer| LEFT + columns(answer) as f64 * CELL_WIDTH;
    let row_width = |row: &Vec<&FallbackAnswer>| {
        2.0 * MARGIN + row.iter().map(|answer| panel_width(answer) + GAP).sum::<f64>() - GAP
    };
    let row_height = |row: &Vec<&FallbackAnswer>| {
        let most = row.iter().map(|answer| answer.points.len().div_ceil(columns(answer))).max().unwrap_or(0);
        ABOVE + most as f64 * CELL_HEIGHT + BELOW
    };
    let width = rows.iter().map(row_width).fold(WIDTH_MIN, f64::max);
    let height = TOP + rows.iter().map(row_height).sum::<f64>();
    let title = "Where trying a cheaper GPU type first pays, with or without fallback";
    let mut figure = Figure::new(
        title,
        "A map a model and pair of GPU types: the share of tries that fail on the cheaper one across, the share of the \
         time in which it is not to be had down; each cell names the policy that comes nearest to paying and by how much \
         it changes the cost.",
        width,
        height,
    );
    figure.text(spot(MARGIN, 24.0), title, TITLE_SIZE, INK, Anchor::Start);
    legend(&mut figure);
    let mut top = TOP;
    for row in &rows {
        let mut left = MARGIN;
        for answer in row {
            panel(&mut figure, left, top, answer);
            left += panel_width(answer) + GAP;
        }
        top += row_height(row);
    }
    figure
}

/// A row of panels a model, or several where it has many.
fn rows(answers: &[FallbackAnswer]) -> Vec<Vec<&FallbackAnswer>> {
    let models = answers.chunk_by(|a, b| a.model == b.model);
    models.flat_map(|of_model| of_model.chunks(PER_ROW)).map(|row| row.iter().collect()).collect()
}

/// Failure levels of a map: points stand by scarcity, then by failure.
fn columns(answer: &FallbackAnswer) -> usize {
    let first = answer.points.first().map(|point| point.scarcity);
    answer.points.iter().take_while(|point| Some(point.scarcity) == first).count().max(1)
}

fn panel(figure: &mut Figure, left: f64, top: f64, answer: &FallbackAnswer) {
    let columns = columns(answer);
    let (cheap, dear) = (&answer.cheap.gpu, &answer.dear.gpu);
    let plot = Rect::new(
        left + LEFT,
        top + ABOVE,
        columns as f64 * CELL_WIDTH,
        answer.points.len().div_ceil(columns) as f64 * CELL_HEIGHT,
    );
    let title = format!("{}: {cheap} before {dear}", answer.model);
    let title = font::shortened(&title, LABEL_SIZE, plot.right - left);
    figure.text(spot(plot.left, top + 14.0), &title, LABEL_SIZE, INK, Anchor::Start);
    figure.text(spot(plot.left - 6.0, plot.top - 6.0), "scarce for", TICK_SIZE, QUIET, Anchor::End);
    let mut own = None;
    for (index, point) in answer.points.iter().enumerate() {
        let (column, row) = (index % columns, index / columns);
        let rect = Rect::new(
            plot.left + column as f64 * CELL_WIDTH,
            plot.top + row as f64 * CELL_HEIGHT,
            CELL_WIDTH,
            CELL_HEIGHT,
        );
        cell(figure, rect, point);
        if point.is_own() {
            own = Some(rect);
        }
        if column == 0 {
            let share = plain(point.scarcity.share, Unit::Share);
            let at = spot(plot.left - 6.0, rect.top + CELL_HEIGHT / 2.0 + 4.0);
            figure.text(at, &share, TICK_SIZE, QUIET, Anchor::End);
        }
        if row == 0 {
            let share = plain(point.failure.probability, Unit::Share);
            let at = spot(rect.left + CELL_WIDTH / 2.0, plot.bottom + 15.0);
            figure.text(at, &share, TICK_SIZE, QUIET, Anchor::Middle);
        }
    }
    // Last, so that no neighbour covers it.
    if let Some(rect) = own {
        figure.rect_outline(rect);
    }
    let middle = f64::midpoint(plot.left, plot.right);
    let words = font::shortened(&format!("tries that fail on {cheap}"), TICK_SIZE, plot.width());
    figure.text(spot(middle, plot.bottom + 31.0), &words, TICK_SIZE, QUIET, Anchor::Middle);
}

fn cell(figure: &mut Figure, rect: Rect, point: &FallbackPoint) {
    let best = point.best();
    paint(figure, rect, best.payoff, Family::of(best.policy).colour());
    let ink = if best.payoff <= Payoff::Open { INK } else { QUIET };
    let middle = f64::midpoint(rect.left, rect.right);
    let change = value(change(best.cost_ratio), Unit::PerCent);
    let change = if change.starts_with(['−', '0', '–']) { change } else { format!("+{change}") };
    for (words, below, size) in [(change, 15.0, TICK_SIZE), (short(best.policy), 27.0, SMALL_SIZE)] {
        let at = spot(middle, rect.top + below);
        if best.payoff == Payoff::Open {
            figure.text_on_lines(at, &words, size, ink, Anchor::Middle);
        } else {
            figure.text(at, &words, size, ink, Anchor::Middle);
        }
    }
}

/// Solid where it pays, hatched where it may, an edge where it is only cheaper, grey where nothing is.
fn paint(figure: &mut Figure, rect: Rect, payoff: Payoff, colour: Colour) {
    let rim = Some(solid(WHITE, 1.0));
    match payoff {
        Payoff::Pays => figure.rect(rect, colour, rim),
        Payoff::Open => {
            figure.rect(rect, WHITE, None);
            figure.segments(hatching(rect, 6.0, false), solid(colour, 3.0));
            figure.rect_outline_in(rect, WHITE, 2.5);
        }
        Payoff::CheaperOnly => {
            figure.rect(rect, Colour(0xf7, 0xf7, 0xf7), rim);
            figure.rect(Rect::new(rect.left + 1.0, rect.top + 1.0, 5.0, rect.height() - 2.0), colour, None);
        }
        Payoff::NotCheaper => figure.rect(rect, GRID, rim),
    }
}

fn legend(figure: &mut Figure) {
    let swatch = |x: f64, y: f64| Rect::new(x, y - 10.0, 18.0, 12.0);
    let mut x = MARGIN;
    for family in Family::ALL {
        paint(figure, swatch(x, 48.0), Payoff::Pays, family.colour());
        figure.text(spot(x + 24.0, 48.0), family.name(), LABEL_SIZE, INK, Anchor::Start);
        x += 24.0 + font::width(family.name(), LABEL_SIZE) + 20.0;
    }
    let mut x = MARGIN;
    let meanings = [
        (Payoff::Pays, "pays"),
        (Payoff::Open, "may pay"),
        (Payoff::CheaperOnly, "cheaper, but breaks a criterion"),
        (Payoff::NotCheaper, "nothing is cheaper"),
    ];
    for (payoff, words) in meanings {
        paint(figure, swatch(x, 70.0), payoff, PALE);
        figure.text(spot(x + 24.0, 70.0), words, LABEL_SIZE, INK, Anchor::Start);
        x += 24.0 + font::width(words, LABEL_SIZE) + 20.0;
    }
    figure.rect_outline(swatch(x, 70.0));
    figure.text(spot(x + 24.0, 70.0), "as the scenario says", LABEL_SIZE, INK, Anchor::Start);
}

impl Figure {
    /// A dark frame around a rectangle.
    fn rect_outline(&mut self, rect: Rect) {
        self.rect_outline_in(rect, INK, 1.8);
    }

    fn rect_outline_in(&mut self, rect: Rect, colour: Colour, width: f64) {
        let mut corners = rect.corners();
        corners.push(corners[0]);
        self.line(corners, solid(colour, width));
    }
}
