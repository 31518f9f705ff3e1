//! The whole days of a log, and where they are split.

use fleetfront_calibration::Day;
use fleetfront_workloads::midnights;
use serde::{Deserialize, Serialize};

use super::silences::silences;
use super::{BacktestError, Observed, SeenRequest};

pub(crate) const DAY_NS: i64 = 86_400_000_000_000;
pub(crate) const HOUR_NS: i64 = DAY_NS / 24;
/// Fewest days: one to calibrate on, one to predict.
const DAYS_MIN: usize = 2;

/// Which days are taken, as dates of the reporting zone, `YYYY-MM-DD`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dates {
    /// The first; `None` for the first that the log covers.
    pub from: Option<String>,
    /// The day behind the last; `None` for that behind the last that the log covers.
    pub until: Option<String>,
    /// The first of the second part; `None` for the middle.
    pub split: Option<String>,
}

/// Days that follow each other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Period {
    /// Their dates.
    pub dates: Vec<String>,
    /// When each begins, and when the last ends: nanoseconds since 1970.
    pub(crate) edges_ns: Vec<i64>,
}

impl Period {
    /// How many.
    #[must_use]
    pub fn days(&self) -> usize {
        self.dates.len()
    }

    pub(crate) fn start_ns(&self) -> i64 {
        self.edges_ns[0]
    }

    pub(crate) fn end_ns(&self) -> i64 {
        self.edges_ns[self.dates.len()]
    }

    pub(crate) fn holds(&self, at_ns: i64) -> bool {
        (self.start_ns()..self.end_ns()).contains(&at_ns)
    }

    /// The place of the day that holds an instant inside.
    pub(crate) fn day_of(&self, at_ns: i64) -> Option<usize> {
        self.holds(at_ns).then(|| self.edges_ns.partition_point(|edge_ns| *edge_ns <= at_ns) - 1)
    }

    /// The hour of its day that holds an instant inside; the 25th of a day that has one is its 24th.
    pub(crate) fn hour_of(&self, at_ns: i64) -> Option<usize> {
        let day = self.day_of(at_ns)?;
        Some((((at_ns - self.edges_ns[day]) / HOUR_NS) as usize).min(23))
    }

    pub(crate) fn part(&self, days: std::ops::Range<usize>) -> Self {
        Self { edges_ns: self.edges_ns[days.start..=days.end].to_vec(), dates: self.dates[days].to_vec() }
    }

    /// In words.
    #[must_use]
    pub fn words(&self) -> String {
        let (first, last) = (&self.dates[0], &self.dates[self.dates.len() - 1]);
        match self.days() {
            1 => first.clone(),
            days => format!("{first} to {last} ({days} days)"),
        }
    }
}

/// The two parts of a log's whole days.
///
/// The day of the first request counts where the log covers it: where it begins no longer before that request than the longest
/// gap between any two. So does the day of the last one.
///
/// - `zone`: in which days begin at midnight.
///
/// # Errors
/// [`BacktestError`] when there are fewer than two whole days, a date lies outside, a part has no day or no request, or a day
/// of the second part does not have 24 hours.
pub(crate) fn parts(observed: &Observed, zone: &str, dates: &Dates) -> Result<[Period; 2], BacktestError> {
    let whole = whole_days(observed, zone, dates)?;
    let days = whole.days();
    if days < DAYS_MIN {
        let name = &observed.name;
        let what = format!("{name}: {days} whole days of {zone}: one part is calibrated on, another one predicted");
        return Err(BacktestError::unfit(
            what,
            "give a log of two whole days or more; --from and --until say what it covers",
        ));
    }
    let split = match &dates.split {
        None => days / 2,
        Some(date) => {
            let place = whole.dates.iter().position(|own| own == date).filter(|place| *place > 0);
            place.ok_or_else(|| {
                let behind = whole.part(1..days).words();
                let what = format!("--split {date}: is not among the days behind the first, {behind}");
                BacktestError::unfit(what, "give the first day of the second part, one of these, as YYYY-MM-DD")
            })?
        }
    };
    let both = [whole.part(0..split), whole.part(split..days)];
    for (part, word) in both.iter().zip(["first", "second"]) {
        if !observed.requests.iter().any(|request| part.holds(request.at_ns)) {
            let what = format!("{}: no request in the {word} part, {}", observed.name, part.words());
            return Err(BacktestError::unfit(what, "give another --split, or a log with requests on both sides"));
        }
    }
    even(&both[1], zone)?;
    Ok(both)
}

/// Refuses days that do not have 24 hours.
pub(crate) fn even(period: &Period, zone: &str) -> Result<(), BacktestError> {
    let uneven = period.edges_ns.windows(2).position(|edges| edges[1] - edges[0] != DAY_NS);
    let Some(day) = uneven else { return Ok(()) };
    let what = format!("{zone}: {} does not have 24 hours, and such days are not simulated", period.dates[day]);
    let mend = "report in UTC (reporting_time_zone in the scenario), or take other days";
    Err(BacktestError::unfit(what, mend))
}

/// The days that a log covers from midnight to midnight, as far as they are asked for.
pub(crate) fn whole_days(observed: &Observed, zone: &str, dates: &Dates) -> Result<Period, BacktestError> {
    let (Some(first), Some(last)) = (observed.requests.first(), observed.requests.last()) else {
        return Err(BacktestError::unfit(format!("{}: has no request", observed.name), "give a log with requests"));
    };
    let all = midnights(zone, first.at_ns, last.at_ns + 1)?;
    // What is missing inside makes no edge whole.
    let silent = silences(observed, zone)?;
    let is_silent = |pair: &&[SeenRequest]| silent.iter().any(|of| of.is_of_all(pair[0].at_ns));
    let gaps = observed.requests.windows(2).filter(|pair| !is_silent(pair)).map(|pair| pair[1].at_ns - pair[0].at_ns);
    let longest_ns = gaps.max().unwrap_or(0);
    let edge = |date: &Option<String>, option: &str| match date {
        None => Ok(None),
        Some(date) => {
            let place = all.iter().position(|(own, _)| own == date);
            place.map(Some).ok_or_else(|| no_edge(option, date, &all))
        }
    };
    let from = edge(&dates.from, "--from")?.unwrap_or_else(|| usize::from(first.at_ns - all[0].1 > longest_ns));
    let last_is_whole = all[all.len() - 1].1 - last.at_ns <= longest_ns + observed.resolution_ns;
    let until = edge(&dates.until, "--until")?.unwrap_or(all.len() - 1 - usize::from(!last_is_whole));
    let until = until.max(from);
    Ok(Period {
        dates: all[from..until].iter().map(|(date, _)| date.clone()).collect(),
        edges_ns: all[from..=until].iter().map(|(_, at_ns)| *at_ns).collect(),
    })
}

/// - `all`: the days of the log, and the one behind the last.
fn no_edge(option: &str, date: &str, all: &[(String, i64)]) -> BacktestError {
    let (first, behind) = (&all[0].0, &all[all.len() - 1].0);
    let last = &all[all.len().saturating_sub(2)].0;
    let what = format!("{option} {date}: is not among the days of the log, {first} to {last}");
    let is_date = date.len() == "YYYY-MM-DD".len() && Day::parse(date).is_some();
    let help = match option {
        _ if !is_date => "give a date as YYYY-MM-DD".to_owned(),
        "--until" => format!("give one of these days, or {behind}, the day behind the last"),
        _ => "give one of these days".to_owned(),
    };
    BacktestError::unfit(what, help)
}

#[cfg(test)]
mod tests {
    use fleetfront_workloads::LogOptions;

    use super::*;

    /// A request at the full hour from one hour to another of 2026-01-05.
    fn hourly(from_h: u32, to_h: u32) -> Observed {
        let line = |hour: u32| format!("2026-01-{:02} {:02}:00:00\n", 5 + hour / 24, hour % 24);
        let text: String = std::iter::once("time\n".to_owned()).chain((from_h..to_h).map(line)).collect();
        Observed::read(|| Ok(text.as_bytes()), ("log", "log"), &LogOptions::default(), &[]).expect("a log")
    }

    fn dates(from: Option<&str>, until: Option<&str>, split: Option<&str>) -> Dates {
        let own = |date: Option<&str>| date.map(str::to_owned);
        Dates { from: own(from), until: own(until), split: own(split) }
    }

    #[test]
    fn days_that_the_log_does_not_cover_are_left_out() {
        let words = |observed: &Observed, dates: &Dates| {
            parts(observed, "UTC", dates).expect("two parts").map(|part| part.dates.join(" "))
        };
        // From 00:00 of the 5th to 23:00 of the 9th, an hour apart: five days, of which the middle is the second.
        assert_eq!(
            words(&hourly(0, 120), &Dates::default()),
            ["2026-01-05 2026-01-06", "2026-01-07 2026-01-08 2026-01-09"]
        );
        // The first begins at 02:00, the last ends at 20:00.
        assert_eq!(words(&hourly(2, 117), &Dates::default()), ["2026-01-06", "2026-01-07 2026-01-08"]);
        let asked = dates(Some("2026-01-05"), Some("2026-01-08"), Some("2026-01-07"));
        assert_eq!(words(&hourly(2, 117), &asked), ["2026-01-05 2026-01-06", "2026-01-07"]);
        let [_, second] = parts(&hourly(0, 48), "Asia/Tokyo", &dates(None, None, None))
            .map_or_else(|_| [None, None], |both| both.map(Some));
        // 09:00 of the 5th to 08:00 of the 7th in Tokyo: one whole day.
        assert_eq!(second, None);
    }

    #[test]
    fn what_cannot_be_split_is_refused() {
        let said =
            |observed: &Observed, dates: &Dates| parts(observed, "UTC", dates).expect_err("an error").to_string();
        assert!(
            said(&hourly(0, 24), &Dates::default()).contains("1 whole days of UTC"),
            "{}",
            said(&hourly(0, 24), &Dates::default())
        );
        let five = hourly(0, 120);
        assert!(said(&five, &dates(None, None, Some("2026-01-05"))).contains("--split 2026-01-05: is not among"));
        assert!(said(&five, &dates(Some("2026-02-05"), None, None)).contains("--from 2026-02-05: is not among"));
        let until = |date: &str| said(&five, &dates(None, Some(date), None));
        let beyond = until("2026-01-30");
        assert!(beyond.contains("days of the log, 2026-01-05 to 2026-01-09"), "{beyond}");
        assert!(beyond.contains("or 2026-01-10, the day behind the last") && !beyond.contains("YYYY"), "{beyond}");
        assert!(until("2026-1-30").contains("give a date as YYYY-MM-DD"), "{}", until("2026-1-30"));
        let mut gap = five.clone();
        gap.requests.retain(|request| (request.at_ns / DAY_NS) % 2 == 0);
        let [first, ..] = &gap.requests[..] else { panic!("requests") };
        let last = Observed { requests: vec![*first], ..gap.clone() };
        assert!(said(&last, &dates(None, Some("2026-01-06"), None)).contains("whole days"));
        let empty = dates(Some("2026-01-06"), Some("2026-01-08"), Some("2026-01-07"));
        let said_empty = said(&gap, &empty);
        assert!(said_empty.contains("no request in the"), "{said_empty}");
    }
}
