//! The numbers of a period, read off a log of its requests: observed and predicted ones alike.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::SeenRequest;
use super::days::Period;
use super::observed::Says;
use crate::worlds::quantile;

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// Requests a day.
    RequestsPerDay,
    /// Share of the requests that come at other hours of the day than the first part foretells: half the sum of the distances
    /// between the two daily curves.
    OtherHours,
    /// Share of the requests that failed, of those whose end the log tells.
    FailedShare,
    /// Share of the requests that waited for a container to start.
    ColdStartShare,
    /// Mean wait from arrival to execution, in seconds.
    WaitMean,
    /// Mean time from arrival to the end of a request that succeeded, in seconds.
    LatencyMean,
    /// Half of those are faster, in seconds.
    LatencyP50,
    /// 19 of 20 are, in seconds.
    LatencyP95,
    /// 99 of 100 are, in seconds.
    LatencyP99,
    /// Mean time that a request executed that succeeded, in seconds.
    ExecutionMean,
    /// Half of those are shorter, in seconds.
    ExecutionP50,
    /// 19 of 20 are, in seconds.
    ExecutionP95,
    /// 99 of 100 are, in seconds.
    ExecutionP99,
    /// Seconds a day that requests executed, whether they succeeded or not.
    BusyPerDay,
    /// Mean time that containers took to start which served a request, in seconds.
    BootMean,
    /// Seconds a day that containers took to start which served a request.
    BootPerDay,
    /// Seconds a day that containers were billed and neither executed nor served after a start.
    IdlePerDay,
    /// Dollars a day.
    UsdPerDay,
}

impl Metric {
    /// Whether a bill tells it, and no log.
    #[must_use]
    pub fn is_paid(self) -> bool {
        matches!(self, Self::IdlePerDay | Self::UsdPerDay)
    }

    /// As reports name it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::RequestsPerDay => "requests a day",
            Self::OtherHours => "at other hours",
            Self::FailedShare => "failed share",
            Self::ColdStartShare => "cold-start share",
            Self::WaitMean => "mean wait",
            Self::LatencyMean => "mean latency",
            Self::LatencyP50 => "p50 latency",
            Self::LatencyP95 => "p95 latency",
            Self::LatencyP99 => "p99 latency",
            Self::ExecutionMean => "mean execution",
            Self::ExecutionP50 => "p50 execution",
            Self::ExecutionP95 => "p95 execution",
            Self::ExecutionP99 => "p99 execution",
            Self::BusyPerDay => "busy seconds a day",
            Self::BootMean => "mean boot",
            Self::BootPerDay => "boot seconds a day",
            Self::IdlePerDay => "idle seconds a day",
            Self::UsdPerDay => "dollars a day",
        }
    }
}

/// Whose number it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BacktestSubject {
    /// All requests of the log, or all pools of the bill.
    Fleet,
    /// A model of the scenario.
    Model(String),
    /// A pool that the bill tells apart.
    Pool(String),
    /// A day, all pools of the bill together.
    Day(String),
}

impl BacktestSubject {
    /// In words.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Fleet => "fleet".to_owned(),
            Self::Model(name) | Self::Day(name) => name.clone(),
            Self::Pool(name) => format!("pool {name}"),
        }
    }
}

/// One number's place among all.
pub(crate) type Key = (BacktestSubject, Metric);
/// All numbers of a period that could be read.
pub(crate) type Sheet = BTreeMap<Key, f64>;

/// The share of the requests of each hour of the day, by subject.
pub(crate) type DayCurves = BTreeMap<BacktestSubject, [f64; 24]>;

/// The sums of a subject.
#[derive(Debug, Clone, Default)]
struct Sums {
    requests: f64,
    hours: [f64; 24],
    ended: f64,
    failed: f64,
    cold: f64,
    waits_s: Vec<f64>,
    latencies_s: Vec<f64>,
    executions_s: Vec<f64>,
    busy_s: f64,
    boots_s: Vec<f64>,
}

/// Reads all numbers of a period off a log, for all together and, of several models, for each that has requests in the
/// period.
///
/// - `all`: also those before the period, whose containers may serve in it.
/// - `says`: what the log tells; of the rest there are no numbers.
/// - `names`: of the models.
/// - `curves`: those that the first part foretells.
pub(crate) fn sheet(
    all: &[SeenRequest],
    says: Says,
    names: &[String],
    (period, curves): (&Period, &DayCurves),
) -> Sheet {
    let days = period.days() as f64;
    let mut sheet = Sheet::new();
    for (subject, sums) in sums(all, says, names, period) {
        if let Some(usual) = curves.get(&subject) {
            let moved: f64 = sums.curve().iter().zip(usual).map(|(own, usual)| (own - usual).abs()).sum();
            sheet.insert((subject.clone(), Metric::OtherHours), moved / 2.0);
        }
        sums.write(&subject, says, days, &mut sheet);
    }
    sheet
}

/// The sums of all together and, of several models, of each that has requests in the period.
fn sums(all: &[SeenRequest], says: Says, names: &[String], period: &Period) -> Vec<(BacktestSubject, Sums)> {
    let ready = Containers::of(all, says);
    let mut of_models = vec![Sums::default(); names.len()];
    let mut fleet = Sums::default();
    for request in all {
        let Some(hour) = period.hour_of(request.at_ns) else { continue };
        let cold = ready.is_cold(request);
        of_models[request.model].add(request, cold, hour);
        fleet.add(request, cold, hour);
    }
    // Of a single model all numbers would be told, and counted, twice.
    let told = |sums: &Sums| names.len() > 1 && sums.requests > 0.0;
    let models = of_models.into_iter().zip(names).filter(|(sums, _)| told(sums));
    let models = models.map(|(sums, name)| (BacktestSubject::Model(name.clone()), sums));
    models.chain([(BacktestSubject::Fleet, fleet)]).collect()
}

/// When containers became ready that were seen to start.
struct Containers {
    ready_ns: BTreeMap<u32, i64>,
    /// Whether the log tells containers and waits, so that a start concerns all that waited for it.
    are_told: bool,
}

impl Containers {
    /// A container is ready when it begins to execute for the first time; the request says how long it took to start.
    fn of(all: &[SeenRequest], says: Says) -> Self {
        let mut first: BTreeMap<u32, (i64, bool)> = BTreeMap::new();
        for request in all {
            let (Some(container), Some(wait_s)) = (request.container, request.wait_s) else { continue };
            let began = (request.at_ns + (wait_s * 1e9).round() as i64, request.startup_s.is_some());
            let known = first.entry(container).or_insert(began);
            if began.0 < known.0 {
                *known = began;
            }
        }
        let ready = first.into_iter().filter(|(_, (_, starts))| *starts);
        Self {
            ready_ns: ready.map(|(container, (at_ns, _))| (container, at_ns)).collect(),
            are_told: says.containers && says.waits,
        }
    }

    /// Whether a request waited for a start: its container became ready after it arrived. Where the log does not tell
    /// containers, whether its container started for it.
    fn is_cold(&self, request: &SeenRequest) -> bool {
        if !self.are_told {
            return request.startup_s.is_some();
        }
        let ready_ns = request.container.and_then(|container| self.ready_ns.get(&container));
        ready_ns.is_some_and(|ready_ns| *ready_ns > request.at_ns)
    }
}

impl Sums {
    fn curve(&self) -> [f64; 24] {
        self.hours.map(|requests| requests / self.requests.max(1.0))
    }

    fn add(&mut self, request: &SeenRequest, cold: bool, hour: usize) {
        let failed = request.is_ok == Some(false);
        self.requests += 1.0;
        self.hours[hour] += 1.0;
        self.ended += f64::from(u8::from(request.is_ok.is_some()));
        self.failed += f64::from(u8::from(failed));
        self.cold += f64::from(u8::from(cold));
        self.waits_s.extend(request.wait_s);
        self.busy_s += request.executed_s.unwrap_or(0.0);
        self.boots_s.extend(request.startup_s);
        if !failed {
            self.executions_s.extend(request.executed_s);
            self.latencies_s.extend(request.wait_s.zip(request.executed_s).map(|(wait, executed)| wait + executed));
        }
    }

    fn write(mut self, subject: &BacktestSubject, says: Says, days: f64, sheet: &mut Sheet) {
        self.latencies_s.sort_by(f64::total_cmp);
        self.executions_s.sort_by(f64::total_cmp);
        let mean = |all: &[f64]| all.iter().sum::<f64>() / all.len() as f64;
        let of = |all: &[f64], share: f64| if all.is_empty() { f64::NAN } else { quantile(all, share) };
        let (latencies, executions) = (&self.latencies_s[..], &self.executions_s[..]);
        let are_starts_told = says.startups;
        let numbers = [
            (Metric::RequestsPerDay, true, self.requests / days),
            (Metric::FailedShare, says.endings, self.failed / self.ended),
            (Metric::ColdStartShare, are_starts_told, self.cold / self.requests),
            (Metric::WaitMean, says.waits, mean(&self.waits_s)),
            (Metric::LatencyMean, says.waits, mean(latencies)),
            (Metric::LatencyP50, says.waits, of(latencies, 0.50)),
            (Metric::LatencyP95, says.waits, of(latencies, 0.95)),
            (Metric::LatencyP99, says.waits, of(latencies, 0.99)),
            (Metric::ExecutionMean, says.executions, mean(executions)),
            (Metric::ExecutionP50, says.executions, of(executions, 0.50)),
            (Metric::ExecutionP95, says.executions, of(executions, 0.95)),
            (Metric::ExecutionP99, says.executions, of(executions, 0.99)),
            (Metric::BusyPerDay, says.executions, self.busy_s / days),
            (Metric::BootMean, are_starts_told, mean(&self.boots_s)),
            (Metric::BootPerDay, are_starts_told, self.boots_s.iter().sum::<f64>() / days),
        ];
        let told = numbers.into_iter().filter(|(_, is_told, number)| *is_told && number.is_finite());
        sheet.extend(told.map(|(metric, _, number)| ((subject.clone(), metric), number)));
    }
}

#[cfg(test)]
mod tests {
    use approx::assert_relative_eq;

    use super::*;

    const SECOND_NS: i64 = 1_000_000_000;

    fn request(at_s: i64, container: u32, (wait_s, executed_s): (f64, f64), startup_s: Option<f64>) -> SeenRequest {
        SeenRequest {
            at_ns: at_s * SECOND_NS,
            model: 0,
            wait_s: Some(wait_s),
            executed_s: Some(executed_s),
            startup_s,
            container: Some(container),
            is_ok: Some(true),
        }
    }

    /// By hand. Container 0 boots for 20 s from second 100 on and is ready at 120; who comes at 100 and at 110 waits for it,
    /// who comes at 130 waits for somebody else. Container 1 was up before the log began.
    fn log() -> Vec<SeenRequest> {
        vec![
            request(100, 0, (20.0, 5.0), Some(20.0)),
            request(110, 0, (15.0, 10.0), None),
            request(130, 0, (5.0, 5.0), None),
            SeenRequest { is_ok: Some(false), ..request(140, 1, (0.0, 2.0), None) },
            // After the period.
            request(90_000, 1, (7.0, 7.0), None),
        ]
    }

    fn period() -> Period {
        Period { dates: vec!["1970-01-01".into()], edges_ns: vec![0, 86_400 * SECOND_NS] }
    }

    const ALL: Says = Says { waits: true, executions: true, startups: true, containers: true, endings: true };

    #[test]
    fn numbers_are_those_of_a_log_counted_by_hand() {
        let names = ["a".to_owned(), "b".to_owned()];
        let sheet = sheet(&log(), ALL, &names, (&period(), &DayCurves::new()));
        let fleet = |metric: Metric| sheet[&(BacktestSubject::Fleet, metric)];
        assert_relative_eq!(fleet(Metric::RequestsPerDay), 4.0);
        assert_relative_eq!(fleet(Metric::FailedShare), 0.25);
        assert_relative_eq!(fleet(Metric::ColdStartShare), 0.5);
        assert_relative_eq!(fleet(Metric::WaitMean), 10.0);
        // Latencies of those that succeeded: 25, 25, 10.
        assert_relative_eq!(fleet(Metric::LatencyMean), 20.0);
        assert_relative_eq!(fleet(Metric::LatencyP50), 25.0);
        assert_relative_eq!(fleet(Metric::ExecutionMean), 20.0 / 3.0);
        assert_relative_eq!(fleet(Metric::BusyPerDay), 22.0);
        assert_relative_eq!(fleet(Metric::BootPerDay), 20.0);
        assert_relative_eq!(fleet(Metric::BootMean), 20.0);
        // Model b has no request.
        assert!(!sheet.keys().any(|(subject, _)| *subject == BacktestSubject::Model("b".into())));
        assert_eq!(sheet.keys().filter(|(subject, _)| *subject == BacktestSubject::Fleet).count(), 15);
    }

    /// By hand. Four requests in the first hour, as before: none comes at another one. Where half of them came in the second
    /// hour before, half come at other hours.
    #[test]
    fn requests_at_other_hours_are_counted() {
        let names = ["a".to_owned()];
        let mut usual = DayCurves::from([(BacktestSubject::Fleet, [0.0; 24])]);
        usual.get_mut(&BacktestSubject::Fleet).expect("a curve")[0] = 1.0;
        let moved = |curves: &DayCurves| {
            sheet(&log(), ALL, &names, (&period(), curves))[&(BacktestSubject::Fleet, Metric::OtherHours)]
        };
        assert_relative_eq!(moved(&usual), 0.0);
        let mut shifted = usual.clone();
        let curve = shifted.get_mut(&BacktestSubject::Fleet).expect("a curve");
        (curve[0], curve[1]) = (0.5, 0.5);
        assert_relative_eq!(moved(&shifted), 0.5);
        assert_eq!(period().hour_of(23 * 3_600 * SECOND_NS), Some(23));
    }

    /// Without containers only who says so waited for a start; without waits there are no latencies.
    #[test]
    fn what_the_log_does_not_say_has_no_number() {
        let names = ["a".to_owned()];
        let says = Says { containers: false, ..ALL };
        assert_relative_eq!(
            sheet(&log(), says, &names, (&period(), &DayCurves::new()))
                [&(BacktestSubject::Fleet, Metric::ColdStartShare)],
            0.25
        );
        let says = Says { waits: false, startups: false, containers: false, ..ALL };
        let plain = sheet(&log(), says, &names, (&period(), &DayCurves::new()));
        assert!(plain.keys().all(|(subject, _)| *subject == BacktestSubject::Fleet), "one model is the fleet");
        let has = |metric: Metric| plain.contains_key(&(BacktestSubject::Fleet, metric));
        assert!(has(Metric::ExecutionP99) && has(Metric::FailedShare) && has(Metric::BusyPerDay));
        assert!(
            !has(Metric::LatencyMean)
                && !has(Metric::WaitMean)
                && !has(Metric::ColdStartShare)
                && !has(Metric::BootPerDay)
        );
    }
}
