//! The statistics that a drawn log has to share with the log it is drawn for.

use serde::{Deserialize, Serialize};

use crate::describe::{CurvePoint, Description};

/// Gap quantiles that are looked at, in per cent: the others are smaller than what stamps of a second show.
const GAP_PERCENTS: [f64; 7] = [10.0, 25.0, 50.0, 75.0, 90.0, 95.0, 99.0];

/// One statistic of the log and of what is drawn for it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Check {
    /// What it is about.
    pub group: CheckGroup,
    /// Its name.
    pub name: String,
    /// The log's own.
    pub log: f64,
    /// The middle one of the draws.
    pub median: f64,
    /// Lower end of the middle 95 % of the draws.
    pub low: f64,
    /// Upper end of it.
    pub high: f64,
    /// Whether the log's lies in it.
    pub holds: bool,
}

/// What a statistic is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckGroup {
    /// Requests by hour of the day, and of days.
    Curve,
    /// Indices of dispersion.
    Dispersion,
    /// Gaps between requests.
    Gaps,
    /// The busiest and the emptiest.
    Extremes,
    /// Active minutes without a warm container.
    KeepAlive,
}

impl CheckGroup {
    /// All of them, in order.
    pub const ALL: [Self; 5] = [Self::Curve, Self::Dispersion, Self::Gaps, Self::Extremes, Self::KeepAlive];
}

type Statistic = (CheckGroup, String, Option<f64>);

/// Every statistic that the log has and the draws have.
pub(super) fn checks(log: &Description, drawn: &[Description], band: f64) -> Vec<Check> {
    let of_draws: Vec<Vec<Statistic>> = drawn.iter().map(statistics).collect();
    let own = statistics(log);
    own.into_iter()
        .filter_map(|(group, name, value)| {
            let of_draw = |draw: &Vec<Statistic>| draw.iter().find(|(_, other, _)| *other == name)?.2;
            let values = of_draws.iter().filter_map(of_draw).collect();
            check(group, name, value?, values, band)
        })
        .collect()
}

/// None where not enough draws have the statistic for a band.
fn check(group: CheckGroup, name: String, log: f64, mut values: Vec<f64>, band: f64) -> Option<Check> {
    values.sort_by(f64::total_cmp);
    let n = values.len();
    let beyond = ((n + 1) as f64 * (1.0 - band) / 2.0).floor() as usize;
    if beyond == 0 {
        return None;
    }
    let (low, high) = (values[beyond - 1], values[n - beyond]);
    let median = f64::midpoint(values[(n - 1) / 2], values[n / 2]);
    // Sums of the same numbers may round differently.
    let tolerance = 1e-9 * log.abs();
    let holds = low <= log + tolerance && log <= high + tolerance;
    Some(Check { group, name, log, median, low, high, holds })
}

/// Requests a mean hour.
fn of_hours(curve: &[CurvePoint]) -> impl Iterator<Item = Statistic> + '_ {
    let of_hour = |(hour, point): (usize, &CurvePoint)| {
        let name = format!("requests from {hour:02}:00 to {:02}:00", hour + 1);
        (CheckGroup::Curve, name, point.rate_per_s.map(|rate| 3600.0 * rate))
    };
    curve.iter().enumerate().map(of_hour)
}

fn statistics(log: &Description) -> Vec<Statistic> {
    let mut all: Vec<Statistic> = of_hours(&log.hour_of_day).collect();
    let mut add = |group: CheckGroup, name: String, value: Option<f64>| all.push((group, name, value));
    add(CheckGroup::Curve, "requests".into(), Some(log.requests as f64));
    add(CheckGroup::Curve, "spread of the days' totals (cv)".into(), log.day_total_cv);
    for of in &log.dispersion {
        let window = window_words(of.window_s);
        add(CheckGroup::Dispersion, format!("in {window}"), of.raw);
        add(CheckGroup::Dispersion, format!("in {window}, about the daily curve"), of.after_day_curve);
        add(CheckGroup::Dispersion, format!("in {window}, about the hour's own mean"), of.local);
    }
    if let Some(gaps) = &log.gaps {
        add(CheckGroup::Gaps, "cv of the gaps".into(), gaps.cv);
        add(CheckGroup::Gaps, "cv of the gaps, rescaled".into(), gaps.cv_rescaled);
        for quantile in gaps.quantiles.iter().filter(|q| GAP_PERCENTS.contains(&q.percent)) {
            add(CheckGroup::Gaps, format!("p{} of the gaps (s)", quantile.percent), Some(quantile.gap_s));
        }
    }
    let most = log.hourly.iter().map(|hour| hour.requests).max();
    add(CheckGroup::Extremes, "requests in the busiest hour".into(), most.map(|requests| requests as f64));
    add(CheckGroup::Extremes, "empty hours".into(), most.map(|_| log.zero_hours as f64));
    let peak = |peak: &Option<crate::describe::Peak>| peak.as_ref().map(|peak| peak.requests as f64);
    add(CheckGroup::Extremes, "requests in the busiest minute".into(), peak(&log.peak_minute));
    add(CheckGroup::Extremes, "requests in the busiest second".into(), peak(&log.peak_second));
    for of in &log.keep_alive {
        let name = format!("minutes with requests that are cold after {} min", of.minutes);
        add(CheckGroup::KeepAlive, name, Some(of.cold_active_minutes as f64));
    }
    all
}

/// A window's length as people say it.
fn window_words(window_s: u64) -> String {
    match window_s {
        3600 => "1 h".into(),
        60.. if window_s.is_multiple_of(60) => format!("{} min", window_s / 60),
        _ => format!("{window_s} s"),
    }
}
