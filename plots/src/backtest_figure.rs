//! Observed numbers on their predicted bands.

use fleetfront_planner::{Backtest, BacktestLine, BacktestSubject, Estimate, GivenTraffic, Metric};

use crate::backtest_words::{is_shown, metric_unit};
use crate::figure::Figure;
use crate::forest::{Forest, Mark, Panel, Row};
use crate::format::{Unit, plain};
use crate::theme::{BLUE, Look, Marker, VERMILION};

const INSIDE: Look = Look { marker: Marker::Dot, colour: BLUE, dash: &[], width: 1.6 };
const OUTSIDE: Look = Look { marker: Marker::Diamond, colour: VERMILION, dash: &[], width: 1.6 };
/// More subjects make a figure that nobody reads: the table has them all.
const ROWS_MAX: usize = 60;
/// More times longer or shorter is drawn at the edge.
const RATIO_MAX: f64 = 3.0;

/// Draws the numbers of the fleet, pools and days, and a few of each model, each over what is predicted.
pub(crate) fn backtest_figure(of: &Backtest) -> Figure {
    let mut traffics: Vec<GivenTraffic> = of.lines.iter().map(|line| line.traffic).collect();
    traffics.dedup();
    let mut keys: Vec<(&BacktestSubject, Metric)> = Vec::new();
    for line in of.lines.iter().filter(|line| is_shown(line)) {
        if !keys.contains(&(&line.subject, line.metric)) {
            keys.push((&line.subject, line.metric));
        }
    }
    keys.sort();
    let mut rows = Vec::new();
    let mut last = None;
    for (subject, metric) in keys.into_iter().take(ROWS_MAX) {
        let group = group(subject);
        if last.as_ref() != Some(&group) {
            rows.push(Row::Heading(group.clone()));
            last = Some(group);
        }
        let own = |traffic: &GivenTraffic| {
            let is_own = |line: &&BacktestLine| {
                line.traffic == *traffic && line.subject == *subject && line.metric == metric && line.predicted > 0.0
            };
            of.lines.iter().find(is_own).map(mark)
        };
        let name = match subject {
            BacktestSubject::Day(date) => date.clone(),
            _ => metric.name().to_owned(),
        };
        rows.push(Row::Marks(name, traffics.iter().map(own).collect()));
    }
    let panel = |traffic: &GivenTraffic| Panel {
        heading: format!("traffic {}, over what is predicted", traffic.word()),
        // Half and twice are as far off.
        is_log: true,
        now: Some((1.0, "predicted".to_owned())),
        limit: None,
        tick: |tick| plain(tick, Unit::Ratio),
    };
    Forest {
        title: format!("{} of {} observed numbers lie in their 90 % bands", of.verdict.inside, of.verdict.lines),
        description: "A row a number of the second part: the observed one as a marker, the band that nine worlds in ten lie in \
                      as a line, both over the predicted median."
            .to_owned(),
        legend: vec![
            (INSIDE, "observed, in its band".to_owned()),
            (OUTSIDE, "observed, outside its band".to_owned()),
        ],
        panels: traffics.iter().map(panel).collect(),
        rows,
        notes: vec![
            format!("Calibrated on {}, predicted {}.", of.first.words(), of.second.words()),
            format!(
                "Right of each panel: observed, and what was predicted. More than {RATIO_MAX} times more or less is drawn at \
                 {RATIO_MAX} times."
            ),
        ],
    }
    .figure()
}

fn group(subject: &BacktestSubject) -> String {
    match subject {
        BacktestSubject::Fleet => "Fleet".to_owned(),
        BacktestSubject::Model(name) => format!("Model {name}"),
        BacktestSubject::Pool(name) => format!("Pool {name}"),
        BacktestSubject::Day(_) => "Dollars of a day".to_owned(),
    }
}

fn mark(line: &BacktestLine) -> Mark {
    let ratio = |number: f64| (number / line.predicted).clamp(1.0 / RATIO_MAX, RATIO_MAX);
    let unit = metric_unit(line.metric);
    Mark {
        look: if line.is_inside { INSIDE } else { OUTSIDE },
        hollow: !line.is_inside,
        of: Estimate { value: ratio(line.observed), low: ratio(line.low), high: ratio(line.high) },
        luck: None,
        words: format!("{} ({})", plain(line.observed, unit), plain(line.predicted, unit)),
    }
}
