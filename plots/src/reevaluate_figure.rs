//! How far every number may go until an answer changes, the nearest first.

use fleetfront_planner::{Reevaluation, Trigger};

use crate::figure::Figure;
use crate::forest::{Forest, Mark, Panel, Row};
use crate::format::{Unit, plain, prose};
use crate::theme::{BLUE, GREEN, Look, Marker, VERMILION};
use crate::trigger_words::{at, suffix, unit};

/// More rows are left to the table.
const ROWS: usize = 30;
const LOOKS: [Look; 3] = [
    Look { marker: Marker::Square, colour: BLUE, dash: &[], width: 1.6 },
    Look { marker: Marker::TriangleUp, colour: VERMILION, dash: &[], width: 1.6 },
    Look { marker: Marker::Diamond, colour: GREEN, dash: &[], width: 1.6 },
];

/// Draws the triggers.
pub(crate) fn reevaluate_figure(found: &Reevaluation) -> Figure {
    let look = |claim: &str| {
        let place = found.questions.iter().position(|question| question.claim == claim).unwrap_or(0);
        LOOKS[place % LOOKS.len()]
    };
    let row = |trigger: &Trigger| {
        let name = format!("{}, now {}{}", trigger.knob, plain(trigger.now, unit(trigger.unit)), suffix(trigger.unit));
        let mark = Mark {
            look: look(&trigger.claim),
            hollow: !trigger.holds_beyond,
            of: trigger.at.scaled(1.0 / trigger.now),
            luck: None,
            words: at(trigger),
        };
        Row::Marks(name, vec![Some(mark)])
    };
    let is_true = |holds: Option<bool>| match holds {
        Some(true) => "holds now",
        Some(false) => "does not hold now",
        None => "undecided now",
    };
    let legend = found.questions.iter().map(|question| {
        let words = format!("{} ({})", prose(&question.claim), is_true(question.holds()));
        (look(&question.claim), words)
    });
    let mut notes = vec!["Filled: beyond it the claim holds. Hollow: beyond it the claim no longer holds.".to_owned()];
    let left_out = found.triggers.len().saturating_sub(ROWS);
    if left_out > 0 {
        notes.push(format!("{left_out} further numbers change an answer only when they go further than all of these."));
    }
    notes.push(format!(
        "95 % intervals over {} days, paired; each number is moved by itself. Numbers that change no answer: {}.",
        found.trials,
        found.indifferent.len()
    ));
    Forest {
        title: "How far a number may go until an answer changes".to_owned(),
        description: "One row a number: the multiple of its present value at which an answer changes, with its 95 % \
                      interval, on a logarithmic axis, the nearest first."
            .to_owned(),
        legend: legend.collect(),
        panels: vec![Panel {
            heading: "as a multiple of what it is now".to_owned(),
            is_log: true,
            now: Some((1.0, "now".to_owned())),
            limit: None,
            tick: |tick| plain(tick, Unit::Ratio),
        }],
        rows: found.triggers.iter().take(ROWS).map(row).collect(),
        notes,
    }
    .figure()
}
