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
    /// The log's own; none where the log does not have it and nearly all draws do.
    pub log: Option<f64>,
    /// That of the draws; none where no draw has it.
    pub drawn: Option<Band>,
    /// How many draws have it.
    pub draws: u32,
    /// Whether the log's lies within that of the draws.
    pub holds: bool,
}

/// Where a statistic lies in draws.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Band {
    /// The middle one of the draws.
    pub median: f64,
    /// Lower end of the middle 95 % of the draws; of fewer than 39 the least.
    pub low: f64,
    /// Upper end of it; of fewer than 39 the greatest.
    pub high: f64,
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

/// Every statistic that the log or the draws have.
pub(super) fn checks(log: &Description, drawn: &[Description], band: f64) -> Vec<Check> {
    let of_draws: Vec<Vec<Statistic>> = drawn.iter().map(statistics).collect();
    let mut all = statistics(log);
    for (group, name, _) in of_draws.iter().flatten() {
        if !all.iter().any(|(_, known, _)| known == name) {
            all.push((*group, name.clone(), None));
        }
    }
    let of_draw = |draw: &Vec<Statistic>, name: &String| draw.iter().find(|(_, other, _)| other == name)?.2;
    let checked = |(group, name, own): Statistic| {
        let values = of_draws.iter().filter_map(|draw| of_draw(draw, &name)).collect();
        check((group, name), own, values, (drawn.len(), band))
    };
    all.into_iter().filter_map(checked).collect()
}

/// A statistic that one side has and nearly nothing of the other does is a miss; none where both lack it, or may.
fn check(
    (group, name): (CheckGroup, String),
    log: Option<f64>,
    mut values: Vec<f64>,
    (draws, share): (usize, f64),
) -> Option<Check> {
    values.sort_by(f64::total_cmp);
    let is_rare = |count: usize| (count as f64) < (1.0 - share) * draws as f64;
    if log.is_none() && (values.is_empty() || !is_rare(draws - values.len())) {
        return None;
    }
    let of_draws = band(&values, share);
    // Sums of the same numbers may round differently.
    let within = |own: f64, band: Band| {
        let tolerance = 1e-9 * own.abs();
        band.low <= own + tolerance && own <= band.high + tolerance
    };
    let holds = !is_rare(values.len()) && log.zip(of_draws).is_some_and(|(own, band)| within(own, band));
    Some(Check { group, name, log, drawn: of_draws, draws: values.len() as u32, holds })
}

/// The middle share of values in order; none of none.
fn band(values: &[f64], share: f64) -> Option<Band> {
    let n = values.len();
    let beyond = (((n + 1) as f64 * (1.0 - share) / 2.0).floor() as usize).max(1);
    let (low, high) = (*values.get(beyond - 1)?, values[n - beyond]);
    Some(Band { median: f64::midpoint(values[(n - 1) / 2], values[n / 2]), low, high })
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A check of a log's statistic against draws, some of which lack it.
    fn of(log: Option<f64>, values: &[f64], draws: usize) -> Option<Check> {
        check((CheckGroup::Gaps, "cv".into()), log, values.to_vec(), (draws, 0.95))
    }

    #[test]
    fn what_one_side_lacks_is_a_miss() {
        let values: Vec<f64> = (1..=200).map(f64::from).collect();
        let holds = |log, present: usize| of(log, &values[..present], 200).map(|check| check.holds);
        assert_eq!(holds(Some(100.0), 200), Some(true));
        assert_eq!(holds(Some(3.0), 200), Some(false), "among the outer five per cent");
        // Few draws have what the log has, or none.
        assert_eq!(holds(Some(5.0), 9), Some(false));
        assert_eq!(holds(Some(5.0), 0), Some(false));
        assert_eq!(of(Some(5.0), &[], 200).expect("a miss").drawn, None);
        // One in ten may lack it as the log does; where all have it, the log is unlike them.
        assert_eq!(holds(Some(5.0), 20), Some(true));
        assert_eq!(holds(None, 180), None);
        assert_eq!(holds(None, 195), Some(false));
        assert_eq!(holds(None, 0), None);
    }

    #[test]
    fn a_band_leaves_out_as_many_on_either_side() {
        let values: Vec<f64> = (1..=199).map(f64::from).collect();
        assert_eq!(band(&values, 0.95), Some(Band { median: 100.0, low: 5.0, high: 195.0 }));
        assert_eq!(band(&[1.0, 4.0], 0.95), Some(Band { median: 2.5, low: 1.0, high: 4.0 }));
        assert_eq!(band(&[], 0.95), None);
    }
}
