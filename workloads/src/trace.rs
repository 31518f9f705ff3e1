//! A trace: when requests of recorded days came.

use serde::de::Error;
use serde::ser::SerializeStruct;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::curve::LoadCurve;
use crate::recorded::{Cursor, RecordedDays, Recorder};

/// Milliseconds of a day.
const DAY_MS: u32 = 86_400_000;
const WEEK: usize = 7;

/// What is wrong with a trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TraceError {
    /// Instants out of order or of no day.
    #[error("day {day} of the trace is not in order, or goes beyond its 24 hours; give its requests in order of time")]
    NotADay {
        /// Which one, from 0.
        day: usize,
    },
    /// No whole week.
    #[error("the trace has {days} days; weekdays need seven or more")]
    NoWeek {
        /// How many there are.
        days: usize,
    },
    /// Nothing to be replayed.
    #[error("the days that are replayed have no request")]
    Empty,
}

/// The requests of recorded days.
#[derive(Debug, Clone, PartialEq)]
pub struct Trace {
    recorded: RecordedDays,
    /// The weekday of the first day (0 = Monday), where weekdays count.
    first_weekday: Option<u32>,
    /// Mean requests in each hour: 168 from Monday 00:00 where weekdays count, else 24.
    hourly: Vec<f64>,
}

impl Trace {
    /// - `days`: milliseconds after 00:00 of the reporting clock, rising, a list a day.
    /// - `first_weekday`, `whole_weeks`: as of [`Trace::of`].
    ///
    /// # Errors
    /// [`TraceError`] when a day is none, and as of [`Trace::of`].
    pub fn new(days: &[Vec<u32>], first_weekday: Option<u32>, whole_weeks: bool) -> Result<Self, TraceError> {
        Self::of(recorded(days)?, first_weekday, whole_weeks)
    }

    /// - `recorded`: by the reporting clock.
    /// - `first_weekday`: that of the first day, from 0 (Monday) to 6; `None` where all days are alike.
    /// - `whole_weeks`: whether days beyond the last whole week are left out, which only matters with weekdays.
    ///
    /// # Errors
    /// [`TraceError`] when weekdays are wanted of less than a week, or nothing would be replayed.
    pub fn of(mut recorded: RecordedDays, first_weekday: Option<u32>, whole_weeks: bool) -> Result<Self, TraceError> {
        if first_weekday.is_some() {
            if recorded.len() < WEEK {
                return Err(TraceError::NoWeek { days: recorded.len() });
            }
            if whole_weeks {
                recorded.truncate(recorded.len() / WEEK * WEEK);
            }
        }
        if recorded.bytes() == 0 {
            return Err(TraceError::Empty);
        }
        let mut trace = Self { recorded, first_weekday, hourly: Vec::new() };
        let weekdays = if trace.is_weekly() { WEEK } else { 1 };
        trace.hourly = (0..weekdays).flat_map(|weekday| trace.mean_hours(&trace.alike(weekday))).collect();
        Ok(trace)
    }

    /// How many days there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.recorded.len()
    }

    /// Never: a trace has a request.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.recorded.is_empty()
    }

    /// Whether days of the week differ.
    #[must_use]
    pub fn is_weekly(&self) -> bool {
        self.first_weekday.is_some()
    }

    /// The requests of a day, from its first on.
    pub(crate) fn cursor(&self, day: usize) -> Cursor {
        self.recorded.cursor(day)
    }

    /// The next request of a day, in milliseconds after 00:00.
    pub(crate) fn next(&self, cursor: &mut Cursor) -> Option<u32> {
        cursor.next(&self.recorded)
    }

    /// The place of the first Monday, or of the first day where all are alike.
    pub(crate) fn first_monday(&self) -> usize {
        self.first_weekday.map_or(0, |first| (WEEK - first as usize % WEEK) % WEEK)
    }

    /// The places of the days that may stand for one on this weekday.
    pub(crate) fn alike(&self, weekday: usize) -> Vec<usize> {
        match self.first_weekday {
            None => (0..self.recorded.len()).collect(),
            Some(_) => ((self.first_monday() + weekday) % WEEK..self.recorded.len()).step_by(WEEK).collect(),
        }
    }

    /// The fewest days that are alike: more than so many laid over each other repeat one.
    #[must_use]
    pub fn alike_min(&self) -> usize {
        (0..WEEK).map(|weekday| self.alike(weekday).len()).min().unwrap_or(0)
    }

    /// Mean requests in each hour of these days.
    fn mean_hours(&self, places: &[usize]) -> Vec<f64> {
        let days = self.recorded.days();
        let sum = |hour: usize| places.iter().map(|place| days[*place].hourly[hour]).sum::<u64>() as f64;
        (0..24).map(|hour| sum(hour) / places.len() as f64).collect()
    }

    /// Mean requests a day; where weekdays count, over a week of mean days.
    #[must_use]
    pub fn mean_per_day(&self) -> f64 {
        self.hourly.iter().sum::<f64>() * 24.0 / self.hourly.len() as f64
    }

    /// Its mean hours as a load curve, by the reporting clock.
    ///
    /// # Panics
    /// Never: a trace has a request.
    #[must_use]
    pub fn curve(&self) -> LoadCurve {
        LoadCurve::new(&self.hourly).expect("a trace has 24 or 168 hours, and a request in one of them")
    }
}

/// Lists of requests in compact form, in memory.
fn recorded(days: &[Vec<u32>]) -> Result<RecordedDays, TraceError> {
    let is_day = |day: &Vec<u32>| day.is_sorted() && day.last().is_none_or(|last| *last < DAY_MS);
    if let Some(day) = days.iter().position(|day| !is_day(day)) {
        return Err(TraceError::NotADay { day });
    }
    let mut recorder = Recorder::new(Vec::new());
    for (number, day) in (0..).zip(days) {
        for ms in day {
            recorder.push(number, *ms).expect("memory takes every byte");
        }
    }
    recorder.extend_to(days.len());
    Ok(recorder.in_memory())
}

/// Written as lists of requests, a day at a time.
struct Days<'a>(&'a RecordedDays);

impl Serialize for Days<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq((0..self.0.len()).map(|day| self.0.day(day)))
    }
}

impl Serialize for Trace {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut trace = serializer.serialize_struct("Trace", 3)?;
        trace.serialize_field("days", &Days(&self.recorded))?;
        trace.serialize_field("first_weekday", &self.first_weekday)?;
        trace.serialize_field("hourly", &self.hourly)?;
        trace.end()
    }
}

impl<'de> Deserialize<'de> for Trace {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Written {
            days: Vec<Vec<u32>>,
            first_weekday: Option<u32>,
            hourly: Vec<f64>,
        }
        let Written { days, first_weekday, hourly } = Written::deserialize(deserializer)?;
        Ok(Self { recorded: recorded(&days).map_err(Error::custom)?, first_weekday, hourly })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    const HOUR_MS: u32 = 3_600_000;

    /// Days with one request an hour more than the day before, all at noon.
    fn rising(days: u32) -> Vec<Vec<u32>> {
        (0..days).map(|day| vec![12 * HOUR_MS; day as usize]).collect()
    }

    #[test]
    fn days_alike_are_all_of_them_or_those_of_a_weekday() {
        let trace = Trace::new(&rising(3), None, false).expect("a trace");
        assert_eq!((trace.alike(4), trace.alike_min(), trace.is_weekly()), (vec![0, 1, 2], 3, false));
        // The first of ten days is a Wednesday.
        let weekly = Trace::new(&rising(10), Some(2), false).expect("a trace");
        assert_eq!((weekly.first_monday(), weekly.alike(0), weekly.alike(2)), (5, vec![5], vec![0, 7]));
        assert_eq!((weekly.alike_min(), weekly.len()), (1, 10));
        assert_eq!(Trace::new(&rising(10), Some(2), true).expect("a trace").len(), 7);
    }

    #[test]
    fn its_curve_has_the_mean_of_its_hours() {
        let trace = Trace::new(&[vec![0, HOUR_MS], vec![0, 1, 2, 3 * HOUR_MS]], None, false).expect("a trace");
        assert_relative_eq!(trace.mean_per_day(), 3.0);
        let hours: Vec<f64> = trace.curve().hourly().iter().map(|weight| weight * 3.0 / 24.0).collect();
        assert_eq!(hours[..5], [2.0, 0.5, 0.0, 0.5, 0.0]);
        // Two Wednesdays with 0 and 7 requests, then 8 and 9 beside 1 and 2; 3 to 6 stand alone.
        let weekly = Trace::new(&rising(10), Some(2), false).expect("a trace");
        assert_relative_eq!(weekly.mean_per_day(), (3.5 + 4.5 + 5.5 + 18.0) / 7.0, max_relative = 1e-12);
        let noon = |weekday: i64| weekly.curve().weight(24 * weekday + 12) * weekly.mean_per_day() / 24.0;
        assert_relative_eq!(noon(0), 5.0, max_relative = 1e-12);
        assert_relative_eq!(noon(2), 3.5, max_relative = 1e-12);
    }

    #[test]
    fn what_is_no_trace_is_refused() {
        let message =
            |days: Vec<Vec<u32>>, weekday, whole| Trace::new(&days, weekday, whole).expect_err("an error").to_string();
        assert!(message(vec![vec![], vec![5, 4]], None, false).starts_with("day 1 of the trace is not in order"));
        assert!(message(vec![vec![DAY_MS]], None, false).starts_with("day 0"));
        assert_eq!(message(rising(6), Some(0), false), "the trace has 6 days; weekdays need seven or more");
        let late = vec![vec![], vec![], vec![], vec![], vec![], vec![], vec![], vec![1]];
        assert_eq!(message(late, Some(0), true), "the days that are replayed have no request");
    }
}
