//! What one change of the scenario brings: the bill and the p95 of each, those that save most first.

use fleetfront_planner::{Change, ChangeGroup, WhatIf};

use crate::compare_figure::{change, cost_panel, mark, p95_panel};
use crate::figure::Figure;
use crate::forest::{Forest, Row};
use crate::format::Unit;
use crate::theme::{BLUE, GREEN, Look, Marker, ORANGE, PURPLE, VERMILION};

/// Draws the changes.
pub(crate) fn what_if_figure(found: &WhatIf) -> Figure {
    let row = |of: &Change| {
        let look = look(of.group);
        let marks = [
            mark(look, change(of.cost_ratio), None, Unit::PerCent),
            mark(look, of.latency_p95_ratio, None, Unit::Ratio),
        ];
        Row::Marks(of.what.clone(), marks.map(Some).into())
    };
    let legend = ChangeGroup::ALL.into_iter().filter(|group| found.changes.iter().any(|change| change.group == *group));
    Forest {
        title: format!("What one change would bring to \"{}\"", found.allocation),
        description: "One row a change of the scenario: the change of the bill in per cent and the p95 latency as a \
                      multiple, each with its 95 % interval, those that save most first."
            .to_owned(),
        legend: legend.map(|group| (look(group), group.name().to_owned())).collect(),
        panels: vec![cost_panel(None), p95_panel(None)],
        rows: found.changes.iter().map(row).collect(),
        notes: vec![format!(
            "95 % intervals over {} days on the same requests: they hold luck, not whether the change does what it says.",
            found.trials
        )],
    }
    .figure()
}

fn look(group: ChangeGroup) -> Look {
    let (marker, colour) = match group {
        ChangeGroup::Precision => (Marker::Diamond, GREEN),
        ChangeGroup::Snapshot => (Marker::TriangleUp, VERMILION),
        ChangeGroup::Software => (Marker::Square, BLUE),
        ChangeGroup::Boot => (Marker::Pentagon, ORANGE),
        ChangeGroup::Window => (Marker::Dot, PURPLE),
    };
    Look { marker, colour, dash: &[], width: 1.6 }
}
