//! The means of all cells with their bounds.

use fleetfront_calibration::{CalibrationStudy, CellStudy, Kind, Phase};
use fleetfront_planner::Estimate;

use crate::calibration_words::{basis_words, mean_words};
use crate::figure::Figure;
use crate::forest::{Forest, Mark, Panel, Row};
use crate::format::{Unit, plain};
use crate::theme::{BLUE, GREEN, Look, Marker, ORANGE, VERMILION};

/// How kinds look: measurements are filled, what nobody measured is hollow.
const KINDS: [(Kind, Look); 4] = [
    (Kind::Measured, Look { marker: Marker::Dot, colour: BLUE, dash: &[], width: 1.6 }),
    (Kind::Published, Look { marker: Marker::Square, colour: GREEN, dash: &[], width: 1.6 }),
    (Kind::Derived, Look { marker: Marker::Diamond, colour: ORANGE, dash: &[], width: 1.6 }),
    (Kind::Assumed, Look { marker: Marker::TriangleUp, colour: VERMILION, dash: &[], width: 1.6 }),
];

/// Draws them.
pub(crate) fn means_figure(study: &CalibrationStudy) -> Figure {
    let mut rows = Vec::new();
    for phase in [Phase::Warm, Phase::Cold, Phase::Boot, Phase::Adapter] {
        let of_phase = study.cells.iter().filter(|of| of.cell.phase == phase && of.mean_s.is_some());
        let of_phase: Vec<&CellStudy> = of_phase.collect();
        if !of_phase.is_empty() {
            rows.push(Row::Heading(format!("Mean seconds of {}", phase.words())));
            rows.extend(of_phase.into_iter().map(row));
        }
    }
    let shown: Vec<Kind> = study.cells.iter().filter_map(|of| Some(of.cell.fit.as_ref()?.kind)).collect();
    let legend = KINDS.iter().filter(|(kind, _)| shown.contains(kind));
    let count = shown.len();
    Forest {
        title: format!("Mean times of {count} cells, and what is not known of them"),
        description:
            "A row a cell: the mean of its law in seconds on a logarithmic axis, with the ends between which it \
                      is nine times in ten; the marker says how good the number is."
                .to_owned(),
        legend: legend.map(|(kind, look)| (*look, kind.word().to_owned())).collect(),
        panels: vec![Panel {
            heading: "seconds".to_owned(),
            is_log: true,
            now: None,
            limit: None,
            tick: |tick| plain(tick, Unit::Count),
        }],
        rows,
        notes: vec![
            "Whiskers: nine times in ten. Filled: measured by somebody. Hollow: nobody measured it.".to_owned(),
        ],
    }
    .figure()
}

fn row(of: &CellStudy) -> Row {
    let mark = of.cell.fit.as_ref().zip(of.mean_s).map(|(fit, mean)| {
        let look = KINDS.iter().find(|(kind, _)| *kind == fit.kind).map_or(KINDS[3].1, |(_, look)| *look);
        Mark {
            look,
            hollow: fit.kind > Kind::Published,
            of: Estimate { value: mean.value, low: mean.low, high: mean.high },
            luck: None,
            words: format!("{} {}", mean_words(mean), basis_words(&of.cell)),
        }
    });
    Row::Marks(of.cell.name.to_string(), vec![mark])
}
