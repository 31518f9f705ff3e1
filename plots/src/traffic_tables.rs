//! The tables of a traffic study, for the screen and for Markdown.

use fleetfront_workloads::describe::{Description, Peak};
use fleetfront_workloads::fit::{Mark, TrafficFit};
use fleetfront_workloads::prove::CheckGroup;
use fleetfront_workloads::{Process, TrafficStudy};

use crate::format::{Unit, plain};
use crate::traffic_request_tables::request_tables;
use crate::traffic_words::{count, span};

/// Most models that a table shows; the JSON has all.
const MODELS_SHOWN: usize = 20;

/// A table of texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrafficTable {
    /// What it shows.
    pub heading: String,
    /// Names of its columns.
    pub columns: Vec<String>,
    /// Its rows, each as long as the columns; the first cell names the row, the others are numbers.
    pub rows: Vec<Vec<String>>,
}

impl TrafficTable {
    pub(crate) fn new(heading: impl Into<String>, columns: &[&str]) -> Self {
        let columns = columns.iter().map(|column| (*column).to_owned()).collect();
        Self { heading: heading.into(), columns, rows: Vec::new() }
    }
}

/// All tables, in the order in which they are read; none without rows.
#[must_use]
pub fn traffic_tables(study: &TrafficStudy) -> Vec<TrafficTable> {
    let log = study.fitted();
    let mut tables = vec![numbers(study, log), curve(log, &study.whole), dispersion(log, &study.whole)];
    tables.extend([gaps(log), models(study), keep_alive(log), factors(&study.whole), marked(study)]);
    tables.extend(request_tables(study));
    tables.extend([check_groups(study), broken_checks(study)]);
    tables.into_iter().filter(|table| !table.rows.is_empty()).collect()
}

pub(crate) fn or_dash(value: Option<f64>, unit: Unit) -> String {
    value.map_or("–".to_owned(), |value| plain(value, unit))
}

/// What does not fit into another table.
fn numbers(study: &TrafficStudy, log: &Description) -> TrafficTable {
    let mut table = TrafficTable::new("The log in numbers", &["what", "how much"]);
    let mut row = |what: &str, value: Option<String>| {
        table.rows.extend(value.map(|value| vec![what.to_owned(), value]));
    };
    row("requests", Some(count(log.requests as f64)));
    row("time observed", Some(span(log.span_s)));
    row("requests a day, at the end of the log", Some(count(study.requests_per_day())));
    row("busiest hour of the day over the mean", log.peak_over_mean.map(|ratio| plain(ratio, Unit::Ratio)));
    row("busiest hour of the day over the quietest", log.peak_over_trough.map(|ratio| plain(ratio, Unit::Ratio)));
    row("fitted curve", Some(curve_words(&study.whole)));
    row("weekend over other days", log.weekend_over_weekday.map(|ratio| plain(ratio, Unit::Ratio)));
    row("spread of the days' totals (cv)", log.day_total_cv.map(|cv| plain(cv, Unit::Count)));
    row(
        "growth a week (95 %)",
        // Below two weeks a weekend at one end of the log looks like growth.
        log.trend.filter(|trend| trend.weekdays).map(|trend| {
            let percent = |share: f64| format!("{:+.1}", 100.0 * share);
            format!("{} % ({} to {})", percent(trend.growth_per_week), percent(trend.low), percent(trend.high))
        }),
    );
    let ends = study.log.endings;
    if ends.ok + ends.failed + ends.open > 0 {
        row("requests that failed", Some(count(ends.failed as f64)));
        row("requests that had not ended", (ends.open > 0).then(|| count(ends.open as f64)));
    }
    let hours = log.hourly.len();
    row("empty hours", (hours > 0).then(|| format!("{} of {hours}", log.zero_hours)));
    let busiest = log.hourly.iter().map(|hour| hour.requests).max();
    row("requests in the busiest hour", busiest.map(|requests| count(requests as f64)));
    let peak = |peak: &Peak| format!("{} ({})", count(peak.requests as f64), peak.start);
    row("requests in the busiest minute", log.peak_minute.as_ref().map(peak));
    row("requests in the busiest second", log.peak_second.as_ref().map(peak));
    table
}

/// The daily curve.
fn curve(log: &Description, fit: &TrafficFit) -> TrafficTable {
    let columns = ["hour", "requests an hour", "95 % interval", "over the mean", "model, over the mean", "hours seen"];
    let mut table = TrafficTable::new(format!("The daily curve ({})", log.zone), &columns);
    let rates: Vec<f64> = log.hour_of_day.iter().filter_map(|point| point.rate_per_s).collect();
    let mean = rates.iter().sum::<f64>() / rates.len().max(1) as f64;
    for (hour, point) in log.hour_of_day.iter().enumerate() {
        let hourly = |rate: f64| plain(3600.0 * rate, Unit::Count);
        let interval = point.low_per_s.zip(point.high_per_s);
        let over = point.rate_per_s.filter(|_| mean > 0.0).map(|rate| rate / mean);
        table.rows.push(vec![
            format!("{hour:02}:00"),
            point.rate_per_s.map_or("–".to_owned(), hourly),
            interval.map_or("–".to_owned(), |(low, high)| format!("{}–{}", hourly(low), hourly(high))),
            or_dash(over, Unit::Ratio),
            plain(day_weight(fit, hour), Unit::Ratio),
            point.hours.to_string(),
        ]);
    }
    table
}

/// The fitted weight of an hour of the day, in the mean over the week.
pub(crate) fn day_weight(fit: &TrafficFit, hour: usize) -> f64 {
    let of_hour = fit.curve.iter().skip(hour).step_by(24);
    of_hour.sum::<f64>() * 24.0 / fit.curve.len() as f64
}

/// Index of dispersion by length of the window.
fn dispersion(log: &Description, fit: &TrafficFit) -> TrafficTable {
    let columns = [
        "window",
        "raw",
        "after the daily curve",
        "after the weekly curve",
        "within the hour",
        "fitted: the log",
        "fitted: the model",
    ];
    let heading = "Index of dispersion: variance over mean of the counts in windows; 1 is chance";
    let mut table = TrafficTable::new(heading, &columns);
    let described = log.dispersion.iter().map(|of| of.window_s as f64);
    let mut windows: Vec<f64> = described.chain(fit.dispersion.iter().map(|of| of.window_s)).collect();
    windows.sort_by(f64::total_cmp);
    windows.dedup();
    for window_s in windows {
        let is_this = |other: f64| (other - window_s).abs() < 1e-9;
        let of_log = log.dispersion.iter().find(|of| is_this(of.window_s as f64));
        let fitted = fit.dispersion.iter().find(|of| is_this(of.window_s));
        table.rows.push(vec![
            span(window_s),
            or_dash(of_log.and_then(|of| of.raw), Unit::Count),
            or_dash(of_log.and_then(|of| of.after_day_curve), Unit::Count),
            or_dash(of_log.and_then(|of| of.after_week_curve), Unit::Count),
            or_dash(of_log.and_then(|of| of.local), Unit::Count),
            or_dash(fitted.map(|of| of.log), Unit::Count),
            or_dash(fitted.map(|of| of.model), Unit::Count),
        ]);
    }
    table
}

fn gaps(log: &Description) -> TrafficTable {
    let mut table = TrafficTable::new("Gaps between requests", &["what", "how much"]);
    let Some(gaps) = &log.gaps else { return table };
    let mut row = |what: String, value: String| table.rows.push(vec![what, value]);
    row("mean".into(), plain(gaps.mean_s, Unit::Seconds));
    row("cv".into(), or_dash(gaps.cv, Unit::Count));
    let rescaled = format!("cv, time stretched so that every hour has one rate ({} busy hours)", gaps.rescaled_hours);
    row(rescaled, or_dash(gaps.cv_rescaled, Unit::Count));
    row("share of gaps of 0".into(), plain(gaps.zero_share, Unit::Share));
    for quantile in &gaps.quantiles {
        row(format!("p{}", quantile.percent), plain(quantile.gap_s, Unit::Seconds));
    }
    table
}

fn models(study: &TrafficStudy) -> TrafficTable {
    let shares = &study.fitted().models;
    let more = shares.len().saturating_sub(MODELS_SHOWN);
    let heading = if more > 0 { format!("Models ({more} more are in the JSON)") } else { "Models".to_owned() };
    let columns = ["model", "requests", "share", "a day, at the end", "fitted spread of days (cv)"];
    let mut table = TrafficTable::new(heading, &columns);
    if study.fits.len() < 2 {
        return table;
    }
    for of in shares.iter().take(MODELS_SHOWN) {
        let fit = study.fits.iter().find(|(name, _)| *name == of.name).map(|(_, fit)| fit);
        table.rows.push(vec![
            of.name.clone(),
            count(of.requests as f64),
            plain(of.share, Unit::Share),
            or_dash(fit.map(|fit| fit.requests_per_day), Unit::Count),
            or_dash(fit.map(|fit| fit.day_cv), Unit::Count),
        ]);
    }
    table
}

fn keep_alive(log: &Description) -> TrafficTable {
    let columns = ["kept for", "cold minutes", "of active ones", "share"];
    let heading = "Active minutes that would find no warm container of their model, by how long containers are kept";
    let mut table = TrafficTable::new(heading, &columns);
    for of in &log.keep_alive {
        let cells =
            [count(of.cold_active_minutes as f64), count(of.active_minutes as f64), plain(of.share, Unit::Share)];
        table.rows.push(std::iter::once(format!("{} min", of.minutes)).chain(cells).collect());
    }
    table
}

/// What the curve is made of.
fn curve_words(fit: &TrafficFit) -> String {
    match &fit.harmonics {
        Some(harmonics) => format!("smooth: {}", harmonics.words()),
        None if fit.curve.windows(2).all(|pair| (pair[0] - pair[1]).abs() < 1e-9) => "flat".to_owned(),
        None => format!("{} steps of an hour", fit.curve.len()),
    }
}

/// How the model departs from its curve.
fn factors(fit: &TrafficFit) -> TrafficTable {
    let mut table = TrafficTable::new("The model: the curve, times random factors", &["what", "cv"]);
    if fit.day_cv > 0.0 {
        table
            .rows
            .push(vec!["a factor on the rate that is drawn anew each day".into(), plain(fit.day_cv, Unit::Count)]);
    }
    for burst in &fit.bursts {
        let when = format!("a factor on the rate that is drawn anew every {} in the mean", span(burst.correlation_s));
        table.rows.push(vec![when, plain(burst.cv, Unit::Count)]);
    }
    let mut row = |what: String, cv: f64| table.rows.push(vec![what, plain(cv, Unit::Count)]);
    match fit.process() {
        Process::Renewal { gap } => row("gaps between requests at a constant rate: their cv".into(), gap.cv()),
        Process::Batches { gap, size } => {
            let size = plain(size.mean(), Unit::Count);
            row(format!("{size} requests come at a time; the cv of the gaps between"), gap.cv());
        }
        Process::Sessions { requests, think } => {
            let (size, mean) = (plain(requests.mean(), Unit::Count), span(think.mean_s()));
            row(format!("sessions of {size} requests, {mean} apart in the mean; the cv of that time"), think.cv());
        }
        // No log tells who waited for what.
        Process::Poisson | Process::Modulated { .. } | Process::Closed { .. } => {}
    }
    table
}

/// What is out of the ordinary, in any model.
fn marked(study: &TrafficStudy) -> TrafficTable {
    let columns = ["model", "what", "date", "for", "requests", "expected"];
    let mut table = TrafficTable::new("Out of the ordinary: marked, and left out of the curve", &columns);
    for (name, fit) in &study.fits {
        for mark in &fit.marked {
            let what = match mark.mark {
                Mark::Outage => "outage",
                Mark::QuietDay => "quiet day",
                Mark::BusyDay => "busy day",
            };
            table.rows.push(vec![
                name.clone(),
                what.to_owned(),
                mark.date.clone(),
                span((mark.end_s - mark.start_s) as f64),
                count(mark.requests),
                count(mark.expected),
            ]);
        }
    }
    table
}

pub(crate) fn group_words(group: CheckGroup) -> &'static str {
    match group {
        CheckGroup::Curve => "hours and days",
        CheckGroup::Dispersion => "index of dispersion",
        CheckGroup::Gaps => "gaps",
        CheckGroup::Extremes => "busiest and emptiest",
        CheckGroup::KeepAlive => "keep-alive",
    }
}

fn check_groups(study: &TrafficStudy) -> TrafficTable {
    let draws = study.proof.as_ref().map_or(0, |proof| proof.draws);
    let heading = format!("Statistics of the log within the middle 95 % of {draws} logs drawn from the model");
    let mut table = TrafficTable::new(heading, &["what", "within", "of"]);
    let Some(proof) = &study.proof else { return table };
    for group in CheckGroup::ALL {
        let own: Vec<_> = proof.checks.iter().filter(|check| check.group == group).collect();
        if !own.is_empty() {
            let held = own.iter().filter(|check| check.holds).count();
            table.rows.push(vec![group_words(group).to_owned(), held.to_string(), own.len().to_string()]);
        }
    }
    table
}

/// Every statistic that does not hold.
fn broken_checks(study: &TrafficStudy) -> TrafficTable {
    let mut table = TrafficTable::new("What lies outside", &["statistic", "log", "drawn: middle", "drawn: 95 %"]);
    let Some(proof) = &study.proof else { return table };
    for check in proof.checks.iter().filter(|check| !check.holds) {
        let number = |value: f64| plain(value, Unit::Count);
        let band = check.drawn.map(|drawn| format!("{} to {}", number(drawn.low), number(drawn.high)));
        // Most draws have what the log has: where few do, that is the miss.
        let only = if 2 * check.draws < proof.draws { format!(" (in {} draws)", check.draws) } else { String::new() };
        table.rows.push(vec![
            format!("{}: {}", group_words(check.group), check.name),
            or_dash(check.log, Unit::Count),
            or_dash(check.drawn.map(|drawn| drawn.median), Unit::Count),
            band.unwrap_or_else(|| "–".to_owned()) + &only,
        ]);
    }
    table
}

#[cfg(test)]
mod tests {
    use fleetfront_workloads::prove::Check;

    use super::*;
    use crate::traffic_fixture::study;

    fn table<'a>(tables: &'a [TrafficTable], heading: &str) -> &'a TrafficTable {
        tables.iter().find(|table| table.heading.starts_with(heading)).unwrap_or_else(|| panic!("no table {heading}"))
    }

    #[test]
    fn every_table_has_rows_as_long_as_its_header() {
        let tables = traffic_tables(&study());
        assert!(tables.iter().all(|table| table.rows.iter().all(|row| row.len() == table.columns.len())));
        assert_eq!(table(&tables, "The daily curve").rows.len(), 24);
        assert_eq!(table(&tables, "Models").rows.len(), 2);
        assert_eq!(table(&tables, "Active minutes").rows.len(), 8);
        assert_eq!(table(&tables, "Statistics of the log").rows.len(), CheckGroup::ALL.len());
    }

    /// The trend of a log below two weeks of full days knows no weekdays.
    #[test]
    fn growth_is_told_where_weekdays_are_told_from_it() {
        let has_growth = |study: &TrafficStudy| {
            let tables = traffic_tables(study);
            table(&tables, "The log in numbers").rows.iter().any(|row| row[0].starts_with("growth a week"))
        };
        let mut study = study();
        let mut with = |days: u64, weekdays: bool| {
            let trend = study.description.trend.as_mut().expect("two weeks have a trend");
            (trend.days, trend.weekdays) = (days, weekdays);
            has_growth(&study)
        };
        assert!(with(14, true) && !with(13, false));
    }

    #[test]
    fn checks_are_counted_group_by_group_and_the_broken_ones_listed() {
        let mut study = study();
        let proof = study.proof.as_mut().expect("it was checked");
        proof.checks.iter_mut().for_each(|check| check.holds = true);
        let broken = proof.checks.iter_mut().find(|check| check.group == CheckGroup::KeepAlive).expect("one");
        broken.holds = false;
        let tables = traffic_tables(&study);
        let groups = table(&tables, "Statistics of the log");
        let keep_alive = groups.rows.iter().find(|row| row[0] == "keep-alive").expect("a row");
        assert_eq!(keep_alive[1..], ["7", "8"]);
        let outside = table(&tables, "What lies outside");
        assert_eq!(outside.rows.len(), 1);
        assert!(outside.rows[0][0].starts_with("keep-alive: "), "{:?}", outside.rows);
        let proof = study.proof.as_mut().expect("it was checked");
        proof.checks[0] = Check { log: Some(3.0), drawn: None, draws: 0, holds: false, ..proof.checks[0].clone() };
        let tables = traffic_tables(&study);
        assert_eq!(table(&tables, "What lies outside").rows[0][1..], ["3", "–", "– (in 0 draws)"]);
        study.proof = None;
        assert!(!traffic_tables(&study).iter().any(|table| table.heading.contains("drawn")));
    }

    #[test]
    fn a_weekly_curve_has_the_mean_of_its_days() {
        let mut fit = study().whole;
        fit.curve = (0..168).map(|hour| if hour == 24 + 5 { 7.0 } else { 0.0 }).collect();
        assert!((day_weight(&fit, 5) - 1.0).abs() < 1e-12 && day_weight(&fit, 4) == 0.0);
    }
}
