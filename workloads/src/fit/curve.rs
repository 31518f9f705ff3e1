//! The curve: which days are alike, and what their hours weigh.

use serde::{Deserialize, Serialize};
use statrs::function::beta::beta_reg;

use super::days::{Hour, Hours};
use super::events::Events;
use super::harmonics::Harmonics;
use super::marks::{Marked, is_marked};
use crate::describe::Description;

/// Hours of the day that are alike differ more than this by chance in one log of a hundred.
const CHANCE_MAX: f64 = 0.01;
/// Days from which on a wave of the week is seen twice.
const TWO_WEEKS: usize = 14;

/// How a curve goes from one hour to the next.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CurveKind {
    /// Each hour of the day has a level of its own.
    #[default]
    Steps,
    /// It is a sum of a few waves of the day and of the week: better where the log is short.
    Smooth,
}

/// Which days of the week are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Grouping {
    /// None.
    Alike,
    /// Saturday and Sunday from the others.
    Weekend,
    /// Each from each.
    Weekday,
}

impl Grouping {
    const ALL: [Self; 3] = [Self::Alike, Self::Weekend, Self::Weekday];

    /// The group of a weekday, 0 = Monday.
    pub(super) fn of(self, weekday: usize) -> usize {
        match self {
            Self::Alike => 0,
            Self::Weekend => usize::from(weekday >= 5),
            Self::Weekday => weekday,
        }
    }

    fn groups(self) -> usize {
        match self {
            Self::Alike => 1,
            Self::Weekend => 2,
            Self::Weekday => 7,
        }
    }
}

/// A curve and its level.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct FittedCurve {
    /// 24 or 168 weights with mean 1.
    pub(super) weights: Vec<f64>,
    pub(super) levels: Grouping,
    pub(super) shapes: Grouping,
    /// At the end of the log.
    pub(super) requests_per_day: f64,
    /// Parameters that the hours were fitted with.
    pub(super) parameters: f64,
    /// Parameters that days are fitted with: one a level.
    pub(super) levels_parameters: f64,
    /// What it is made of where it is smooth.
    pub(super) harmonics: Option<Harmonics>,
}

impl FittedCurve {
    /// The curve of no hour in particular, at the level of the hours that are kept. Where all are, requests outside full
    /// hours count too.
    fn flat(hours: &Hours, kept: &[Hour]) -> Self {
        let exposed: f64 = kept.iter().map(|hour| hour.growth).sum();
        let is_all = kept.len() == hours.hours.len() && exposed.to_bits() == (kept.len() as f64).to_bits();
        let of_kept = || 24.0 * kept.iter().map(|hour| hour.requests).sum::<f64>() / exposed;
        Self {
            weights: vec![1.0; 24],
            levels: Grouping::Alike,
            shapes: Grouping::Alike,
            requests_per_day: if is_all || exposed <= 0.0 { hours.requests_per_day } else { of_kept() },
            parameters: 1.0,
            levels_parameters: 1.0,
            harmonics: None,
        }
    }

    /// A smooth curve.
    fn smooth(harmonics: Harmonics) -> Self {
        let is_weekly = harmonics.of_week > 0;
        let rates: Vec<f64> = (0..if is_weekly { 168 } else { 24 }).map(|place| harmonics.rate(place)).collect();
        let mean = rates.iter().sum::<f64>() / rates.len() as f64;
        Self {
            weights: rates.iter().map(|rate| rate / mean).collect(),
            levels: if is_weekly { Grouping::Weekday } else { Grouping::Alike },
            shapes: Grouping::Alike,
            requests_per_day: 24.0 * mean,
            parameters: harmonics.coefficients.len() as f64,
            levels_parameters: f64::from(1 + 2 * harmonics.of_week),
            harmonics: Some(harmonics),
        }
    }

    /// By what share of its mean the rate rises within an hour: the smaller of the steps to the hours beside it, so that
    /// steps that the rate does at once are none of its slope.
    pub(super) fn slope(&self, hour: &Hour) -> f64 {
        let place = hour.of_week();
        let weight = |place: usize| self.weights[place % self.weights.len()];
        let own = weight(place);
        let (before, after) = (own - weight(place + 167), weight(place + 1) - own);
        if own <= 0.0 || before * after <= 0.0 {
            return 0.0;
        }
        before.abs().min(after.abs()) * before.signum() / own
    }

    /// Requests that an hour is expected to have, growth included.
    pub(super) fn expected(&self, hour: &Hour) -> f64 {
        let weight = self.weights[hour.of_week() % self.weights.len()];
        self.requests_per_day / 24.0 * weight * hour.growth
    }
}

/// The curve of a log, without what is marked.
pub(super) fn fit(log: &Description, hours: &Hours, marked: &[Marked], kind: CurveKind) -> FittedCurve {
    let kept: Vec<Hour> = hours.hours.iter().copied().filter(|hour| !is_marked(marked, hour)).collect();
    let seen = |hour: usize| kept.iter().any(|own| own.of_day == hour);
    if !(0..24).all(seen) || is_flat(log, &kept) || is_sparse(log, hours) {
        return FittedCurve::flat(hours, &kept);
    }
    let kept_hours = Hours { hours: kept, ..hours.clone() };
    if kind == CurveKind::Smooth
        && let Some(harmonics) = Harmonics::of(&kept_hours.hours, kept_hours.full_days().len() >= TWO_WEEKS)
    {
        return FittedCurve::smooth(harmonics);
    }
    let levels = best_levels(&kept_hours);
    let shapes = best_shapes(&kept_hours.hours);
    let rates = rates(&kept_hours.hours, levels, shapes);
    let weekly = levels.max(shapes) != Grouping::Alike;
    let rates = if weekly { rates } else { rates[..24].to_vec() };
    let mean = rates.iter().sum::<f64>() / rates.len() as f64;
    FittedCurve {
        weights: rates.iter().map(|rate| rate / mean).collect(),
        levels,
        shapes,
        requests_per_day: 24.0 * mean,
        parameters: (levels.groups() + 23 * shapes.groups()) as f64,
        levels_parameters: levels.groups() as f64,
        harmonics: None,
    }
}

/// Whether the hours of the day cannot be told from the luck of few events: clusters of one day look like a curve.
fn is_sparse(log: &Description, hours: &Hours) -> bool {
    const DAYS: usize = 3;
    hours.full_days().len() < DAYS && Events::sparse_minutes(log).is_some()
}

/// Whether the hours of the day differ by no more than luck: by the quasi-likelihood of a daily curve and Akaike's
/// criterion, with what quarters of an hour scatter within their hours.
fn is_flat(log: &Description, kept: &[Hour]) -> bool {
    let requests: f64 = kept.iter().map(|hour| hour.requests).sum();
    if requests == 0.0 {
        return true;
    }
    let shape = &shares(kept, Grouping::Alike)[0];
    let mean = requests / kept.len() as f64;
    let explained = |hour: &Hour| {
        let expected = 24.0 * mean * shape[hour.of_day];
        if hour.requests > 0.0 { 2.0 * hour.requests * (expected / mean).ln() } else { 0.0 }
    };
    let deviance: f64 = kept.iter().map(explained).sum();
    let scatter = log.dispersion.iter().rev().find_map(|of| of.local).unwrap_or(1.0).max(1.0);
    deviance / scatter < 2.0 * 23.0 || chance_of_hours(kept).is_some_and(|chance| chance > CHANCE_MAX)
}

/// How probable it is that hours of the day which are alike differ as much as these, given how one day's differ from
/// another's: an analysis of variance of the hours' shares of their days (Fisher's F). None below two full days.
///
/// What lasts for hours makes hours scatter more than their quarters do, which the quasi-likelihood does not see.
fn chance_of_hours(kept: &[Hour]) -> Option<f64> {
    let days: Vec<Vec<f64>> = kept.chunk_by(|a, b| a.day == b.day).filter_map(day_shares).collect();
    let n = days.len() as f64;
    let mean = |hour: usize| days.iter().map(|day| day[hour]).sum::<f64>() / n;
    let means: Vec<f64> = (0..24).map(mean).collect();
    if days.len() < 2 {
        return None;
    }
    let between: f64 = means.iter().map(|mean| n * (mean - 1.0).powi(2)).sum();
    let within: f64 = days.iter().flat_map(|day| day.iter().zip(&means)).map(|(own, mean)| (own - mean).powi(2)).sum();
    let (hours, rest) = (23.0, 23.0 * (n - 1.0));
    // The upper tail of F; of hours that are the same every day nothing is left to chance.
    let chance = |f: f64| beta_reg(rest / 2.0, hours / 2.0, rest / (rest + hours * f));
    Some(if within > 0.0 { chance(between / hours / (within / rest)) } else { f64::from(between == 0.0) })
}

/// The requests of the 24 hours of a day over their mean; none for a day without all of them, or without requests.
fn day_shares(day: &[Hour]) -> Option<Vec<f64>> {
    let total: f64 = day.iter().map(|hour| hour.requests).sum();
    let is_full = day.len() == 24 && day.iter().enumerate().all(|(place, hour)| hour.of_day == place);
    (is_full && total > 0.0).then(|| day.iter().map(|hour| 24.0 * hour.requests / total).collect())
}

/// Requests an hour of the week at the end of the log: the level of the day's group times the shape of its group.
fn rates(hours: &[Hour], levels: Grouping, shapes: Grouping) -> Vec<f64> {
    let shape = shares(hours, shapes);
    let level = |group: usize| {
        let own = || hours.iter().filter(move |hour| levels.of(hour.weekday) == group);
        // A full day exposes a whole shape; hours of one that is cut expose their share.
        let exposed: f64 = own().map(|hour| hour.growth * shape[shapes.of(hour.weekday)][hour.of_day]).sum();
        let requests: f64 = own().map(|hour| hour.requests).sum();
        if exposed > 0.0 { requests / exposed } else { 0.0 }
    };
    let level: Vec<f64> = (0..levels.groups()).map(level).collect();
    let rate = |place: usize| {
        let (weekday, hour) = (place / 24, place % 24);
        level[levels.of(weekday)] * shape[shapes.of(weekday)][hour]
    };
    (0..168).map(rate).collect()
}

/// For each group of days, what share of a day falls into each hour.
fn shares(hours: &[Hour], shapes: Grouping) -> Vec<Vec<f64>> {
    let of_group = |group: usize| {
        let mean = |hour: usize| {
            let own = || hours.iter().filter(move |own| own.of_day == hour && shapes.of(own.weekday) == group);
            let exposed: f64 = own().map(|own| own.growth).sum();
            if exposed > 0.0 { own().map(|own| own.requests).sum::<f64>() / exposed } else { 0.0 }
        };
        let means: Vec<f64> = (0..24).map(mean).collect();
        let all: f64 = means.iter().sum();
        means.iter().map(|mean| if all > 0.0 { mean / all } else { 1.0 / 24.0 }).collect()
    };
    (0..shapes.groups()).map(of_group).collect()
}

/// Whether days of the week have levels of their own: by the logarithms of the full days' totals and AICc, because a
/// day's hours rise and fall together.
fn best_levels(hours: &Hours) -> Grouping {
    let days: Vec<(usize, f64)> = hours
        .full_days()
        .iter()
        .map(|day| {
            let requests: f64 = day.iter().map(|hour| hour.requests).sum();
            let growth = day.iter().map(|hour| hour.growth).sum::<f64>() / day.len() as f64;
            (day[0].weekday, ((requests + 0.5) / growth).ln())
        })
        .collect();
    let aicc = |grouping: Grouping| -> Option<f64> {
        let (n, k) = (days.len() as f64, grouping.groups() as f64 + 1.0);
        let mut groups = vec![Vec::new(); grouping.groups()];
        for (weekday, total) in &days {
            groups[grouping.of(*weekday)].push(*total);
        }
        if n <= k + 1.0 || groups.iter().any(Vec::is_empty) {
            return None;
        }
        let squares = |group: &Vec<f64>| {
            let mean = group.iter().sum::<f64>() / group.len() as f64;
            group.iter().map(|total| (total - mean).powi(2)).sum::<f64>()
        };
        let rest: f64 = groups.iter().map(squares).sum();
        Some(n * (rest.max(1e-12) / n).ln() + 2.0 * k + 2.0 * k * (k + 1.0) / (n - k - 1.0))
    };
    best(aicc)
}

/// Whether days of the week have shapes of their own: by the quasi-likelihood of each day's hours given its total.
fn best_shapes(hours: &[Hour]) -> Grouping {
    let fitted = |grouping: Grouping| {
        let shape = shares(hours, grouping);
        let (mut deviance, mut pearson) = (0.0, 0.0);
        for day in hours.chunk_by(|a, b| a.day == b.day) {
            let total: f64 = day.iter().map(|hour| hour.requests).sum();
            let of_day = |hour: &Hour| shape[grouping.of(hour.weekday)][hour.of_day];
            let exposed: f64 = day.iter().map(of_day).sum();
            for hour in day {
                let expected = total * of_day(hour) / exposed.max(f64::MIN_POSITIVE);
                if expected > 0.0 {
                    let surprise =
                        if hour.requests > 0.0 { hour.requests * (hour.requests / expected).ln() } else { 0.0 };
                    deviance += 2.0 * (surprise - (hour.requests - expected));
                    pearson += (hour.requests - expected).powi(2) / expected;
                }
            }
        }
        (deviance, pearson)
    };
    let days = hours.chunk_by(|a, b| a.day == b.day).count() as f64;
    let parameters = |grouping: Grouping| 23.0 * grouping.groups() as f64;
    let is_seen = |grouping: Grouping| {
        // Twice at least, so that a group's shape is not one day's luck.
        (0..grouping.groups() * 24).all(|place| {
            let own = hours.iter().filter(|own| grouping.of(own.weekday) == place / 24 && own.of_day == place % 24);
            own.count() >= 2
        })
    };
    let Some(richest) = Grouping::ALL.into_iter().rev().find(|grouping| is_seen(*grouping)) else {
        return Grouping::Alike;
    };
    let degrees = hours.len() as f64 - days - parameters(richest);
    let scatter = if degrees > 0.0 { (fitted(richest).1 / degrees).max(1.0) } else { 1.0 };
    best(|grouping| is_seen(grouping).then(|| fitted(grouping).0 / scatter + 2.0 * parameters(grouping)))
}

/// The grouping with the least criterion; the simplest where none has one.
fn best(criterion: impl Fn(Grouping) -> Option<f64>) -> Grouping {
    let known = Grouping::ALL.into_iter().filter_map(|grouping| Some((grouping, criterion(grouping)?)));
    known.min_by(|a, b| a.1.total_cmp(&b.1)).map_or(Grouping::Alike, |(grouping, _)| grouping)
}
