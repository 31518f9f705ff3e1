//! A cell's times against the law that was fitted to them: quantiles, and the distribution.

use fleetfront_calibration::{CalibratedCell, CdfStep, Family, Goodness, QqPoint};
use fleetfront_sim::Law;

use crate::axes::{labelled, marker_entry, x_axis, y_axis};
use crate::figure::{Figure, Spot, Stroke, solid, spot};
use crate::font;
use crate::format::{Unit, plain};
use crate::scale::{Scale, positive_range};
use crate::theme::{LABEL_SIZE, WHITE, outline};
use crate::traffic_frame::{BAND, LOG, MODEL, band, page_of};

const QQ_SIZE: (f64, f64) = (620.0, 560.0);
const CDF_SIZE: (f64, f64) = (760.0, 460.0);
/// How many points a law is drawn through.
const LAW_POINTS: u32 = 200;
const BAND_WORDS: &str = "95 % of drawn samples";

/// Draws the quantiles of the sample against those of the law.
pub(crate) fn qq_figure(cell: &CalibratedCell, family: Family, goodness: &Goodness) -> Figure {
    let title = format!("Quantiles of {}", cell.words());
    let outside = goodness.qq.iter().filter(|point| is_outside(point.sample_s, point.band_s)).count();
    let description = format!(
        "{} quantiles of the measured times against those of the fitted law, both in seconds on logarithmic axes; {outside} \
         lie outside of the band in which 95 % of samples drawn from the law lie. {}",
        goodness.qq.len(),
        match goodness.anderson_darling {
            Some(test) => format!("Anderson-Darling p = {:.3}.", test.p_value),
            None => "The law is the sample as it was measured.".to_owned(),
        }
    );
    let lines = [(format!("the {family} law"), MODEL)];
    let titles = ("seconds by the law", "measured seconds");
    let (mut figure, plot) = page_of(QQ_SIZE, (&title, &description), &[(BAND, BAND_WORDS)], &lines, titles);
    let words = "measured";
    marker_entry(&mut figure, plot.right - font::width(words, LABEL_SIZE) - 12.0, 51.0, LOG, 4.0, words);
    let all = goodness.qq.iter().flat_map(|point| [point.law_s, point.sample_s, point.band_s[0], point.band_s[1]]);
    let Some((low, high)) = positive_range(all, 1.06) else { return figure };
    let x = Scale::log(low, high, plot.left, plot.right);
    let y = Scale::log(low, high, plot.bottom, plot.top);
    x_axis(&mut figure, plot, &x, &ticks(&x));
    y_axis(&mut figure, plot, &y, &ticks(&y));
    let place = |of: fn(&QqPoint) -> f64| -> Vec<Spot> {
        goodness.qq.iter().map(|point| spot(x.at(point.law_s), y.at(of(point)))).collect()
    };
    band(&mut figure, &place(|point| point.band_s[0]), &place(|point| point.band_s[1]), BAND);
    let stroke = Stroke { colour: MODEL.colour, width: MODEL.width, dash: MODEL.dash };
    figure.line(vec![spot(plot.left, plot.bottom), spot(plot.right, plot.top)], stroke);
    for at in place(|point| point.sample_s) {
        figure.area(outline(LOG.marker, at, 3.6), LOG.colour, Some(solid(WHITE, 0.8)));
    }
    figure
}

/// Draws the distribution of the sample against that of the law.
pub(crate) fn cdf_figure(cell: &CalibratedCell, (family, law): (Family, &Law), goodness: &Goodness) -> Figure {
    let title = format!("Distribution of {}", cell.words());
    let outside = goodness.cdf.iter().filter(|step| is_outside(step.sample, step.band)).count();
    let description = format!(
        "The share of measured times that are no longer than so many seconds (logarithmic), in steps, against the fitted \
         law; {outside} of {} steps lie outside of the band in which 95 % of samples drawn from the law lie.",
        goodness.cdf.len()
    );
    let lines = [("measured".to_owned(), LOG), (format!("the {family} law"), MODEL)];
    let titles = ("seconds", "share that is no longer");
    let (mut figure, plot) = page_of(CDF_SIZE, (&title, &description), &[(BAND, BAND_WORDS)], &lines, titles);
    let Some((low, high)) = positive_range(goodness.cdf.iter().map(|step| step.seconds), 1.04) else { return figure };
    let x = Scale::log(low, high, plot.left, plot.right);
    let y = Scale::linear(0.0, 1.0, plot.bottom, plot.top);
    x_axis(&mut figure, plot, &x, &ticks(&x));
    y_axis(&mut figure, plot, &y, &labelled(vec![0.0, 0.25, 0.5, 0.75, 1.0], Unit::Share));
    let place = |of: fn(&CdfStep) -> f64| -> Vec<Spot> {
        goodness.cdf.iter().map(|step| spot(x.at(step.seconds), y.at(of(step)))).collect()
    };
    band(&mut figure, &place(|step| step.band[0]), &place(|step| step.band[1]), BAND);
    // Between the times too, and beyond them: few of them would make a chain of chords.
    let share = |k: u32| (f64::from(k) + 0.5) / f64::from(LAW_POINTS);
    let points = (0..LAW_POINTS).map(|k| (law.seconds_at(share(k)), share(k)));
    let of_law = points.filter(|(seconds, _)| (low..=high).contains(seconds)).map(|(s, p)| spot(x.at(s), y.at(p)));
    figure.line(of_law.collect(), Stroke { colour: MODEL.colour, width: MODEL.width, dash: MODEL.dash });
    let mut steps = vec![spot(plot.left, plot.bottom)];
    for at in place(|step| step.sample) {
        let before = steps[steps.len() - 1].y;
        steps.extend([spot(at.x, before), at]);
    }
    steps.push(spot(plot.right, steps[steps.len() - 1].y));
    figure.line(steps, Stroke { colour: LOG.colour, width: LOG.width, dash: LOG.dash });
    figure
}

fn is_outside(value: f64, [low, high]: [f64; 2]) -> bool {
    value < low * (1.0 - 1e-9) || value > high * (1.0 + 1e-9)
}

/// Round seconds, at least three of them.
fn ticks(scale: &Scale) -> Vec<(f64, String)> {
    let (low, high) = scale.ends();
    let round = if high / low < 3.0 {
        Scale::linear(low, high, 0.0, 1.0).ticks(6).into_iter().filter(|tick| *tick > 0.0).collect()
    } else {
        scale.ticks(7)
    };
    round.into_iter().map(|tick| (tick, plain(tick, Unit::Count))).collect()
}
