//! What a month may come to, by luck alone and with what nobody measured, and what each measurement is worth.

use fleetfront_planner::{AllocationWorlds, Estimate, Measurement, MonthBill, Worlds};

use crate::figure::Figure;
use crate::forest::{Forest, Mark, Panel, Row};
use crate::format::{Unit, plain};
use crate::measure_words::{month_cells, share, worth_showing};
use crate::theme::{BLUE, GREEN, Look, Marker};

/// More are left to the table.
const MEASUREMENTS_MAX: usize = 8;
const MONTH: Look = Look { marker: Marker::Square, colour: BLUE, dash: &[], width: 1.6 };
const WORTH: Look = Look { marker: Marker::Diamond, colour: GREEN, dash: &[], width: 1.6 };

/// Draws the months and the measurements.
pub(crate) fn measure_figure(of: &Worlds) -> Figure {
    let mut rows = vec![Row::Heading("What a month is billed".to_owned())];
    rows.extend(of.allocations.iter().map(month));
    let shown = worth_showing(of);
    let measured = if shown.is_empty() { "No measurement is shown to change the choice" } else { "What to measure" };
    rows.push(Row::Heading(measured.to_owned()));
    rows.extend(shown.iter().take(MEASUREMENTS_MAX).map(|measurement| worth(measurement)));
    let loss = of.choice.loss_usd_month.value;
    let chosen = of.allocations.iter().find(|own| own.name == of.choice.chosen).expect("one of them is chosen");
    Forest {
        title: format!("Luck and ignorance of a month, and what would tell \"{}\" from the right choice", of.choice.chosen),
        description: "Above, a row an allocation: between what nine months in ten are billed, by luck alone (thick) and \
                      with what nobody measured (thin). Below, a row a measurement: what it takes off the expected loss \
                      of choosing now."
            .to_owned(),
        legend: Vec::new(),
        panels: vec![
            Panel {
                heading: "bill a month".to_owned(),
                is_log: false,
                now: Some((chosen.bill_usd.p50, "the choice".to_owned())),
                limit: None,
                tick: |tick| plain(tick, Unit::Usd),
            },
            Panel {
                heading: "worth a month".to_owned(),
                is_log: false,
                now: Some((0.0, "nothing".to_owned())),
                limit: (loss > 0.0).then(|| (loss, "all that is open".to_owned())),
                tick: |tick| plain(tick, Unit::Usd),
            },
        ],
        rows,
        notes: vec![
            "Bills: the median and nine months in ten. Thick: luck alone, at the numbers as they stand. Thin: also what nobody measured.".to_owned(),
            "Worth: what is lost less a month in the mean once the number is known, with two standard errors.".to_owned(),
        ],
    }
    .figure()
}

fn month(of: &AllocationWorlds) -> Row {
    let estimate = |MonthBill { p5, p50, p95 }: MonthBill| Estimate { value: p50, low: p5, high: p95 };
    let [name, bill, ..] = month_cells(of);
    let mark = Mark {
        look: MONTH,
        hollow: false,
        of: estimate(of.bill_usd),
        luck: Some(estimate(of.bill_usd_luck)),
        words: bill,
    };
    Row::Marks(name, vec![Some(mark), None])
}

fn worth(of: &Measurement) -> Row {
    let (value, error) = (of.value_usd_month, 2.0 * of.value_usd_standard_error);
    let count = of.count_words().map_or(String::new(), |count| format!(", {count}"));
    let mark = Mark {
        look: WORTH,
        hollow: false,
        of: Estimate { value, low: (value - error).max(0.0), high: value + error },
        luck: None,
        words: format!("{}, {}{count}", plain(value, Unit::Usd), share(of.share)),
    };
    Row::Marks(of.unknown.measure.clone(), vec![None, Some(mark)])
}
