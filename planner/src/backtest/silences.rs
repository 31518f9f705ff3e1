//! Long times without a request inside a log that is busy at such hours: an outage, or lines that are missing.

use fleetfront_workloads::{TimeZoneError, days_between, midnights};

use super::days::{DAY_NS, HOUR_NS, Period};
use super::{Observed, SeenRequest};

/// Shorter ones are taken for chance, or for nights.
const SILENCE_NS: i64 = 12 * HOUR_NS;
/// So many requests would have come at such hours of other days: none of them comes by chance once in 20,000 times.
const MISSED_MIN: f64 = 10.0;
/// Of more only these are told.
const SHOWN: usize = 5;
/// Classes of hours: of weekdays and of weekends.
const CLASSES: usize = 48;
/// A Monday.
const MONDAY: &str = "1970-01-05";

/// A time without a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Silence {
    /// The last request before it, and the first behind it, in nanoseconds since 1970.
    pub(crate) from_ns: i64,
    pub(crate) until_ns: i64,
    /// The place of the model in the log; `None` of all.
    model: Option<usize>,
}

impl Silence {
    /// Whether it is of all models and begins then.
    pub(crate) fn is_of_all(&self, from_ns: i64) -> bool {
        self.model.is_none() && self.from_ns == from_ns
    }

    fn meets(&self, other: (i64, i64)) -> bool {
        self.from_ns < other.1 && other.0 < self.until_ns
    }
}

/// The silences of a log: those of all its models, and then of each model by itself.
///
/// - `zone`: whose hours and weekdays count.
///
/// # Errors
/// [`TimeZoneError`] when the zone is unknown.
pub(crate) fn silences(observed: &Observed, zone: &str) -> Result<Vec<Silence>, TimeZoneError> {
    let stamps = |is_own: &dyn Fn(&SeenRequest) -> bool| -> Vec<i64> {
        observed.requests.iter().filter(|request| is_own(request)).map(|request| request.at_ns).collect()
    };
    let all_ns = stamps(&|_| true);
    let (Some(first_ns), Some(last_ns)) = (all_ns.first(), all_ns.last()) else { return Ok(Vec::new()) };
    let days = midnights(zone, *first_ns, last_ns + 1)?;
    let mut found = missed(&all_ns, &days, None)?;
    if observed.models.len() > 1 {
        for model in 0..observed.models.len() {
            let own = missed(&stamps(&|request| request.model == model), &days, Some(model))?;
            let is_new = |of: &Silence| {
                !found.iter().any(|known| known.meets((of.from_ns, of.until_ns)) && known.model.is_none())
            };
            let own: Vec<Silence> = own.into_iter().filter(is_new).collect();
            found.extend(own);
        }
    }
    Ok(found)
}

/// Gaps in which requests were to be expected, by the hours of other weekdays or weekends.
fn missed(at_ns: &[i64], days: &[(String, i64)], model: Option<usize>) -> Result<Vec<Silence>, TimeZoneError> {
    let gaps = at_ns.windows(2).filter(|pair| pair[1] - pair[0] >= SILENCE_NS);
    let gaps: Vec<Silence> = gaps.map(|pair| Silence { from_ns: pair[0], until_ns: pair[1], model }).collect();
    let (Some(first_ns), false) = (at_ns.first(), gaps.is_empty()) else { return Ok(Vec::new()) };
    let last_ns = at_ns[at_ns.len() - 1];
    let first_weekday = days_between(MONDAY, &days[0].0)?;
    let class = |hour_ns: i64| {
        let day = days.partition_point(|(_, midnight_ns)| *midnight_ns <= hour_ns).saturating_sub(1);
        let is_weekend = (first_weekday + i64::from(day as u32)).rem_euclid(7) >= 5;
        let hour = ((hour_ns - days[day].1) / HOUR_NS).min(23) as usize;
        hour + if is_weekend { CLASSES / 2 } else { 0 }
    };
    let hours = |from_ns: i64, until_ns: i64| {
        let from_ns = from_ns - from_ns.rem_euclid(HOUR_NS) + if from_ns % HOUR_NS == 0 { 0 } else { HOUR_NS };
        (from_ns..=until_ns - HOUR_NS).step_by(HOUR_NS as usize)
    };
    let (mut seen, mut hours_seen) = ([0.0; CLASSES], [0.0; CLASSES]);
    for hour_ns in hours(*first_ns, last_ns) {
        let end_ns = hour_ns + HOUR_NS;
        if !gaps.iter().any(|gap| gap.meets((hour_ns, end_ns))) {
            let count = at_ns.partition_point(|at| *at < end_ns) - at_ns.partition_point(|at| *at < hour_ns);
            seen[class(hour_ns)] += count as f64;
            hours_seen[class(hour_ns)] += 1.0;
        }
    }
    let of_hour = |hour_ns: i64| seen[class(hour_ns)] / f64::max(hours_seen[class(hour_ns)], 1.0);
    let is_missed = |gap: &Silence| hours(gap.from_ns, gap.until_ns).map(of_hour).sum::<f64>() >= MISSED_MIN;
    Ok(gaps.into_iter().filter(is_missed).collect())
}

/// What is said of the silences that a period holds, one sentence each.
///
/// - `all`: those of the log.
///
/// # Errors
/// [`TimeZoneError`] when the zone is unknown.
pub(crate) fn silence_remarks(
    all: &[Silence],
    observed: &Observed,
    zone: &str,
    period: &Period,
) -> Result<Vec<String>, TimeZoneError> {
    let all: Vec<&Silence> = all.iter().filter(|of| of.meets((period.start_ns(), period.end_ns()))).collect();
    let words = |of: &Silence| {
        let model = of.model.map_or(String::new(), |model| format!(" of {}", observed.models[model]));
        let [from, until] = [clock(zone, of.from_ns)?, clock(zone, of.until_ns)?];
        Ok(format!(
            "no request{model} from {from} to {until} ({zone}): an outage, or lines that are missing; traffic and curve count it \
             as silence"
        ))
    };
    let mut remarks: Vec<String> = all.iter().take(SHOWN).map(|of| words(of)).collect::<Result<_, TimeZoneError>>()?;
    if all.len() > SHOWN {
        remarks.push(format!("{} more such times without a request", all.len() - SHOWN));
    }
    Ok(remarks)
}

/// The date and the minute of an instant.
fn clock(zone: &str, at_ns: i64) -> Result<String, TimeZoneError> {
    let (date, midnight_ns) = midnights(zone, at_ns, at_ns)?.swap_remove(0);
    let minute = (at_ns - midnight_ns).clamp(0, DAY_NS - 1) / (HOUR_NS / 60);
    Ok(format!("{date} {:02}:{:02}", minute / 60, minute % 60))
}

#[cfg(test)]
mod tests {
    use fleetfront_workloads::LogOptions;

    use super::*;

    /// Ten requests an hour from Monday 2026-01-05 on, of models a and b by turns, as far as an hour is asked for.
    fn log(hours: u32, is_there: impl Fn(u32, &str) -> bool) -> Observed {
        let line = |tenth: u32| {
            let (hour, model) = (tenth / 10, if tenth.is_multiple_of(2) { "a" } else { "b" });
            let (day, minute) = (5 + hour / 24, tenth % 10 * 6);
            is_there(hour, model).then(|| format!("2026-01-{day:02} {:02}:{minute:02}:00,{model}\n", hour % 24))
        };
        let text: String = std::iter::once("time,model\n".to_owned()).chain((0..hours * 10).filter_map(line)).collect();
        Observed::read(|| Ok(text.as_bytes()), ("log", "log"), &LogOptions::default(), &[]).expect("a log")
    }

    fn remarks(observed: &Observed) -> Vec<String> {
        let period = super::super::whole_days(observed, "UTC", &super::super::Dates::default()).expect("days");
        silence_remarks(&silences(observed, "UTC").expect("a zone"), observed, "UTC", &period).expect("a zone")
    }

    #[test]
    fn a_day_without_a_request_is_told() {
        let [told] = remarks(&log(7 * 24, |hour, _| hour / 24 != 2)).try_into().expect("one");
        assert!(told.starts_with("no request from 2026-01-06 23:54 to 2026-01-08 00:00 (UTC): an outage"), "{told}");
        let [told] = remarks(&log(7 * 24, |hour, model| model == "a" || hour / 24 != 2)).try_into().expect("one");
        assert!(told.starts_with("no request of b from 2026-01-06 23:54 to 2026-01-08 00:06 (UTC)"), "{told}");
    }

    #[test]
    fn nights_and_weekends_of_every_week_are_none() {
        let office = |hour: u32, _: &str| hour / 24 % 7 < 5 && (8..19).contains(&(hour % 24));
        assert!(remarks(&log(14 * 24, office)).is_empty());
        // One Wednesday of them is.
        let told = remarks(&log(14 * 24, |hour, model| office(hour, model) && hour / 24 != 9));
        assert_eq!(told.len(), 1, "{told:?}");
    }

    /// The first day begins at 14:00, and 15 h are missing later: those do not make it a whole one.
    #[test]
    fn an_outage_makes_no_day_whole() {
        let log = log(8 * 24, |hour, _| hour >= 14 && !(72..87).contains(&hour));
        let period = super::super::whole_days(&log, "UTC", &super::super::Dates::default()).expect("days");
        assert_eq!((period.dates[0].as_str(), period.days()), ("2026-01-06", 7));
    }
}
