//! What a log of calls says, as far as assumptions are held against it.

use fleetfront_scenario::Scenario;
use fleetfront_workloads::days_between;

use crate::backtest::{BacktestError, Dates, Observed, Says, even, silence_remarks, silences, whole_days};

/// A Monday.
const MONDAY: &str = "1970-01-05";

/// The calls of whole days.
#[derive(Debug, Clone, PartialEq)]
pub struct ObservedCalls {
    /// The log and its days, in words.
    pub source: String,
    /// What was repaired in the log or assumed.
    pub remarks: Vec<String>,
    /// The weekday of the first day by the reporting clock, 0 = Monday.
    pub first_weekday: u32,
    /// How many days follow each other, at least one.
    pub days: u32,
    /// Each model of the scenario that the log is of, called or not, at most once.
    pub models: Vec<ObservedModel>,
    /// What the log says of any of its calls.
    pub says: SaidOfCalls,
}

/// What a log says of calls.
#[expect(clippy::struct_excessive_bools, reason = "columns that are there or not, each by itself")]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SaidOfCalls {
    /// When they began to execute.
    pub waits: bool,
    /// How they ended.
    pub endings: bool,
    /// How long they executed.
    pub executions: bool,
    /// How long their containers took to start.
    pub startups: bool,
}

/// The calls of one model.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ObservedModel {
    /// Its place in the scenario.
    pub model: usize,
    /// When calls arrived, in seconds from the first midnight, rising.
    pub at_s: Vec<f64>,
    /// How long they executed, in seconds above zero; empty where the log does not say.
    pub service_s: Vec<f64>,
    /// How long containers booted, in seconds above zero; empty where the log does not say.
    pub boot_s: Vec<f64>,
    /// When the calls arrived that show these, in seconds from the first midnight.
    pub boot_at_s: Vec<f64>,
    /// Calls of which the log says how they ended.
    pub ended: u64,
    /// Those of them that failed.
    pub failed: u64,
}

impl ObservedCalls {
    /// The whole days of a log, by the scenario's reporting clock.
    ///
    /// - `dates`: which days; a split is not looked at.
    ///
    /// Only calls that succeeded are timed: how long a failed one took says nothing of the law. A model without a call has none,
    /// unless somebody said which models the log is of ([`Observed::only`]).
    ///
    /// # Errors
    /// [`BacktestError`] when the log has no whole day of 24 hours, a date lies outside, or a model is not the scenario's;
    /// or when trials are not days, so that no drawn week can be held against it.
    pub fn of(observed: &Observed, scenario: &Scenario, dates: &Dates) -> Result<Self, BacktestError> {
        if !super::traffic_tests::whole_days(&scenario.traffic) {
            let what = "a log is held against days, and this scenario's trials are none";
            return Err(BacktestError::unfit(what, "simulate days: leave horizon out"));
        }
        let zone = &scenario.clock.reporting_time_zone;
        let period = whole_days(observed, zone, dates)?;
        even(&period, zone)?;
        if period.days() == 0 {
            let what = format!("{}: no whole day of {zone}", observed.name);
            return Err(BacktestError::unfit(
                what,
                "give a log of a day or more; --from and --until say what it covers",
            ));
        }
        let places = observed.models_in(scenario)?;
        let mut models: Vec<ObservedModel> =
            places.iter().map(|model| ObservedModel { model: *model, ..ObservedModel::default() }).collect();
        for request in observed.requests.iter().filter(|request| period.holds(request.at_ns)) {
            let of = &mut models[request.model];
            let at_s = (request.at_ns - period.start_ns()) as f64 / 1e9;
            of.at_s.push(at_s);
            of.ended += u64::from(request.is_ok.is_some());
            of.failed += u64::from(request.is_ok == Some(false));
            let succeeded = request.is_ok != Some(false);
            of.service_s.extend(request.executed_s.filter(|seconds| succeeded && *seconds > 0.0));
            if let Some(boot_s) = request.startup_s.filter(|seconds| *seconds > 0.0) {
                of.boot_s.push(boot_s);
                of.boot_at_s.push(at_s);
            }
        }
        let is_asked = |name: &String| observed.only.is_empty() || observed.only.contains(name);
        let silent = scenario
            .models
            .iter()
            .enumerate()
            .filter(|(place, of)| is_asked(&of.name) && !models.iter().any(|seen| seen.model == *place));
        let silent: Vec<usize> = silent.map(|(place, _)| place).collect();
        models.extend(silent.into_iter().map(|model| ObservedModel { model, ..ObservedModel::default() }));
        models.sort_by_key(|of| of.model);
        let first_weekday = days_between(MONDAY, &period.dates[0])?.rem_euclid(7) as u32;
        let source = format!("{}, {}", observed.name, period.words());
        let days = period.days() as u32;
        let remarks =
            [observed.remarks.clone(), silence_remarks(&silences(observed, zone)?, observed, zone, &period)?].concat();
        let Says { waits, executions, startups, endings, .. } = observed.says();
        let says = SaidOfCalls { waits, endings, executions, startups };
        Ok(Self { source, remarks, first_weekday, days, models, says })
    }
}
