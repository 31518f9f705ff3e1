//! What a log looks like, as plain data.

use serde::{Deserialize, Serialize};

use super::DescribeOptions;

/// What a log looks like. What cannot be told from it is none, or an empty list; no number is NaN or infinite.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Description {
    /// Number of requests.
    pub requests: u64,
    /// IANA name of the time zone whose hours and weekdays count.
    pub zone: String,
    /// First stamp, RFC 3339 in the zone.
    pub first: Option<String>,
    /// Last stamp, RFC 3339 in the zone.
    pub last: Option<String>,
    /// Time observed, from the origin to the end, in seconds.
    pub span_s: f64,
    /// Arrival rate over the time observed, in requests a second.
    pub mean_rate_per_s: Option<f64>,
    /// Resolution of the stamps, in seconds.
    pub resolution_s: f64,
    /// Length of the bins whose starts the stamps are, in seconds; none if requests have their own stamps.
    pub bin_s: Option<f64>,
    /// Requests of every clock hour that was observed from start to end, in order.
    pub hourly: Vec<HourCount>,
    /// Coefficient of variation (n - 1) of the requests of full hours; none where fewer than 2 or all are empty.
    pub hourly_cv: Option<f64>,
    /// How many full hours are empty.
    pub zero_hours: u64,
    /// Arrival rate by hour of the day in the zone: 24 points, from 0:00; none at all before the first stamp.
    pub hour_of_day: Vec<CurvePoint>,
    /// Arrival rate by hour of the week in the zone: 168 points, from Monday 0:00; empty below 14 days of full hours.
    pub hour_of_week: Vec<CurvePoint>,
    /// Hour of the day with the highest mean rate, the first of them; none unless every hour of the day was observed.
    pub peak_hour: Option<u8>,
    /// Hour of the day with the lowest mean rate, the first of them.
    pub trough_hour: Option<u8>,
    /// Highest point of the daily curve over its mean.
    pub peak_over_mean: Option<f64>,
    /// Highest point of the daily curve over its lowest; none where that is 0.
    pub peak_over_trough: Option<f64>,
    /// The minute (from the origin) with most requests, the first of them; none for bins that no minute holds.
    pub peak_minute: Option<Peak>,
    /// The second (from the origin) with most requests, the first of them; none for bins that no second holds.
    pub peak_second: Option<Peak>,
    /// Requests of every day of the zone that was observed from start to end, in order.
    pub full_days: Vec<DayTotal>,
    /// Mean total of full Saturdays and Sundays over that of the other full days; none where one kind is missing.
    pub weekend_over_weekday: Option<f64>,
    /// Coefficient of variation (n - 1) of the totals of full days; none where fewer than 2.
    pub day_total_cv: Option<f64>,
    /// Growth; none below 5 full days or where no finite growth fits.
    pub trend: Option<Trend>,
    /// Index of dispersion by length of the window, ascending.
    pub dispersion: Vec<Dispersion>,
    /// Gaps between requests; none for bins and for fewer than 2 requests.
    pub gaps: Option<Gaps>,
    /// Models, most requests first.
    pub models: Vec<ModelShare>,
    /// The longest gaps, the longest first: at most 50, each above a minute; empty for bins.
    #[serde(default)]
    pub silences: Vec<Silence>,
    /// Minutes with a request; none for bins longer than a minute.
    #[serde(default)]
    pub active_minutes: Option<ActiveMinutes>,
    /// Keep-alives, ascending; empty for bins longer than a minute.
    pub keep_alive: Vec<KeepAlive>,
    /// What to be careful with: plain sentences.
    pub warnings: Vec<String>,
}

/// Requests of one clock hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct HourCount {
    /// Start of the hour, in unix seconds.
    pub start_s: i64,
    /// Number of requests.
    pub requests: u64,
}

/// A point of a daily or weekly curve: the mean of the hours that have this place in the day or week.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CurvePoint {
    /// Mean arrival rate, in requests a second; none where no such hour was observed.
    pub rate_per_s: Option<f64>,
    /// Lower end of the 95 % interval (Student's t over the hours, at least 0), in requests a second; none below 2 hours.
    pub low_per_s: Option<f64>,
    /// Upper end of the 95 % interval, in requests a second; none below 2 hours.
    pub high_per_s: Option<f64>,
    /// How many hours the mean is over.
    pub hours: u64,
}

/// The window with most requests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Peak {
    /// Start of the window, RFC 3339 in the zone.
    pub start: String,
    /// Requests in it.
    pub requests: u64,
}

/// Requests of one day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayTotal {
    /// `YYYY-MM-DD` in the zone.
    pub date: String,
    /// Day of the week, 0 = Monday.
    pub weekday: u8,
    /// Clock hours of the day: 24, and 23 or 25 when the clocks change.
    pub hours: u64,
    /// Number of requests.
    pub requests: u64,
}

/// Growth of the day totals: a log-linear regression (quasi-Poisson) on the number of the day, and from 14 full days on
/// the weekday.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Trend {
    /// Growth a week as a share: 0.1 is 10 % more every week.
    pub growth_per_week: f64,
    /// Lower end of its 95 % interval (Student's t).
    pub low: f64,
    /// Upper end of its 95 % interval (Student's t).
    pub high: f64,
    /// How many full days it is from.
    pub days: u64,
    /// Whether weekdays have levels of their own.
    pub weekdays: bool,
}

/// Index of dispersion (variance over mean) of the counts in windows of one length. It is 1 for Poisson arrivals at the
/// rate that is taken off.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Dispersion {
    /// Length of the windows, in seconds.
    pub window_s: u64,
    /// How many complete windows there are; at least 2.
    pub windows: u64,
    /// Mean count, in requests a window.
    pub mean: f64,
    /// About the mean: variance (n - 1) over mean. None where no complete window holds a request.
    pub raw: Option<f64>,
    /// About the daily curve: sum of squared differences over sum of expected counts. None below 48 full hours.
    pub after_day_curve: Option<f64>,
    /// About the weekly curve; none below 14 days of full hours.
    pub after_week_curve: Option<f64>,
    /// About each full hour's own mean (n - 1); none for windows of an hour.
    pub local: Option<f64>,
    /// Its standard error, from how the hours scatter; none below two hours with requests.
    #[serde(default)]
    pub local_error: Option<f64>,
    /// The same of the hours at which the daily curve is low and of those at which it is high, each with half of the
    /// requests; none below 20 hours each.
    /// Where rates vary, busy hours are more dispersed; where requests come in sessions, all are alike.
    #[serde(default)]
    pub halves: Option<[Half; 2]>,
}

/// Dispersion about their own means of some hours.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Half {
    /// Index of dispersion about each hour's own mean.
    pub dispersion: f64,
    /// Its standard error, from how the hours scatter.
    pub error: f64,
    /// Other requests in the hour of a request, in the mean.
    pub others_per_hour: f64,
    /// How many hours.
    pub hours: u64,
}

/// Gaps between successive requests.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Gaps {
    /// Mean, in seconds.
    pub mean_s: f64,
    /// Coefficient of variation (n); none where all requests have one stamp.
    pub cv: Option<f64>,
    /// Share of gaps of exactly 0.
    pub zero_share: f64,
    /// Quantiles, ascending; linear between gaps, within 0.1 %.
    pub quantiles: Vec<Quantile>,
    /// Coefficient of variation (n) after time is stretched so that every full hour's rate is 1. Hours with fewer than 30
    /// requests are cut out. 1 for Poisson arrivals. None where no two requests are left, or they have one stamp.
    pub cv_rescaled: Option<f64>,
    /// Requests in the hours that it is from.
    pub rescaled_requests: u64,
    /// Hours that it is from.
    pub rescaled_hours: u64,
    /// Whether the resolution of the stamps is more than a twentieth of the median gap, so that rounding shapes the
    /// gaps.
    pub quantised: bool,
}

/// A stretch without a request.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Silence {
    /// The last request before it, in unix seconds.
    pub start_s: f64,
    /// How long it lasts, in seconds.
    pub length_s: f64,
}

/// Minutes with at least one request of a model, summed over the models.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ActiveMinutes {
    /// How many.
    pub minutes: u64,
    /// Minutes from a model's first one to its last.
    pub stretch_min: u64,
    /// Coefficient of variation (n) of the time from one to the next of the same model; none below two of a model.
    pub step_cv: Option<f64>,
}

/// A quantile of the gaps.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Quantile {
    /// Share of gaps up to it, in per cent.
    pub percent: f64,
    /// The gap, in seconds.
    pub gap_s: f64,
}

/// A model's part of the traffic.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelShare {
    /// Its name.
    pub name: String,
    /// Number of its requests.
    pub requests: u64,
    /// Share of all requests.
    pub share: f64,
}

/// Active minutes (from the origin, with at least one request of a model) that would find no warm container of the model: its active
/// minute before is more than the keep-alive earlier, or there is none. Summed over the models.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct KeepAlive {
    /// How long a container is kept after its last minute, in minutes.
    pub minutes: u64,
    /// Active minutes without a warm container.
    pub cold_active_minutes: u64,
    /// Active minutes.
    pub active_minutes: u64,
    /// The former over the latter.
    pub share: f64,
}

impl Description {
    /// The description of a log without a single stamp.
    pub(super) fn of_nothing(options: &DescribeOptions) -> Self {
        Self {
            requests: 0,
            zone: options.zone.clone(),
            first: None,
            last: None,
            span_s: 0.0,
            mean_rate_per_s: None,
            resolution_s: options.resolution_ns as f64 / 1e9,
            bin_s: options.bin_s,
            hourly: Vec::new(),
            hourly_cv: None,
            zero_hours: 0,
            hour_of_day: Vec::new(),
            hour_of_week: Vec::new(),
            peak_hour: None,
            trough_hour: None,
            peak_over_mean: None,
            peak_over_trough: None,
            peak_minute: None,
            peak_second: None,
            full_days: Vec::new(),
            weekend_over_weekday: None,
            day_total_cv: None,
            trend: None,
            dispersion: Vec::new(),
            gaps: None,
            models: Vec::new(),
            silences: Vec::new(),
            active_minutes: None,
            keep_alive: Vec::new(),
            warnings: Vec::new(),
        }
    }
}

/// A curve's points over their mean, so that the mean is 1; none where a point is missing or all are 0.
#[must_use]
pub fn normalised(curve: &[CurvePoint]) -> Option<Vec<f64>> {
    let rates: Vec<f64> = curve.iter().map(|point| point.rate_per_s).collect::<Option<_>>()?;
    let mean = rates.iter().sum::<f64>() / rates.len() as f64;
    (mean > 0.0).then(|| rates.iter().map(|rate| rate / mean).collect())
}
