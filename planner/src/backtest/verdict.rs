//! What is said of all lines together.

use fleetfront_calibration::RateChecks;
use serde::{Deserialize, Serialize};

use super::lines::{BAND, BacktestLine, GivenTraffic};
use super::numbers::{BacktestSubject, Metric};
use super::observed::Says;

/// What the lines of a kind rest on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// How many requests come, and when.
    Arrivals,
    /// How long requests execute.
    Service,
    /// How long containers take to start.
    Boots,
    /// Which requests fail.
    Failures,
    /// When containers start and stop, and how requests find them.
    Rules,
    /// What containers cost.
    Prices,
}

impl Cause {
    fn of(metric: Metric) -> Self {
        match metric {
            Metric::RequestsPerDay => Self::Arrivals,
            Metric::ExecutionMean
            | Metric::ExecutionP50
            | Metric::ExecutionP95
            | Metric::ExecutionP99
            | Metric::BusyPerDay => Self::Service,
            Metric::BootPerDay => Self::Boots,
            Metric::FailedShare => Self::Failures,
            Metric::ColdStartShare
            | Metric::WaitMean
            | Metric::LatencyMean
            | Metric::LatencyP50
            | Metric::LatencyP95
            | Metric::LatencyP99
            | Metric::IdlePerDay => Self::Rules,
            Metric::UsdPerDay => Self::Prices,
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Arrivals => "arrivals: the second part's traffic is not that of the first",
            Self::Service => {
                "service times: requests execute otherwise than in the first part, or follow no law that was tried"
            }
            Self::Boots => "boots: containers start more or less often, or take another time to start, than predicted",
            Self::Failures => "failures: another share of the requests fails than in the first part",
            Self::Rules => {
                "rules: windows, scaling and routing of the scenario are not what was in force, or boots or arrivals differ"
            }
            Self::Prices => "prices or idle time: what is paid is not what the scenario's containers would cost",
        }
    }
}

/// What is said of all lines together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BacktestVerdict {
    /// Lines.
    pub lines: u32,
    /// Those whose observed number lies in its band.
    pub inside: u32,
    /// How many would in the mean, if the prediction were right.
    pub expected: f64,
    /// The share that has to.
    pub pass_share: f64,
    /// Whether it does.
    pub passes: bool,
    /// What the lines outside point to, by the number of them, and how many they are.
    pub points_to: Vec<(Cause, u32)>,
    /// All of it in words.
    pub sentences: Vec<String>,
}

impl BacktestVerdict {
    pub(crate) fn of(lines: &[BacktestLine], rates: Option<&RateChecks>, pass_share: f64) -> Self {
        let count = lines.len() as u32;
        let inside = lines.iter().filter(|line| line.is_inside).count() as u32;
        let expected = BAND * f64::from(count);
        let passes = count > 0 && f64::from(inside) >= pass_share * f64::from(count);
        let points_to = causes(lines);
        let mut verdict = Self { lines: count, inside, expected, pass_share, passes, points_to, sentences: Vec::new() };
        verdict.sentences = verdict.words(lines, rates);
        verdict
    }

    fn words(&self, lines: &[BacktestLine], rates: Option<&RateChecks>) -> Vec<String> {
        if self.lines == 0 {
            return vec!["Nothing could be compared: the log tells no number that is predicted.".to_owned()];
        }
        let word = if self.passes { "The prediction passes" } else { "The prediction does not pass" };
        let mut sentences = vec![format!(
            "{word}: {} of {} observed numbers lie in their 90 % bands, and {:.0} % have to. If it were right, {:.0} would in the \
             mean; but the numbers hang together, so that several are inside or outside at once.",
            self.inside,
            self.lines,
            self.pass_share * 100.0,
            self.expected
        )];
        let of_traffic = |traffic: GivenTraffic| lines.iter().filter(move |line| line.traffic == traffic);
        let (given, forecast) = (of_traffic(GivenTraffic::Given), of_traffic(GivenTraffic::Forecast));
        if let (given @ 1.., forecast @ 1..) = (given.count(), forecast.count()) {
            let inside = |traffic| of_traffic(traffic).filter(|line| line.is_inside).count();
            sentences.push(format!(
                "With the arrivals given {} of {given} lie inside, with forecast ones {} of {forecast}: what is outside in the \
                 second alone is the traffic's.",
                inside(GivenTraffic::Given),
                inside(GivenTraffic::Forecast)
            ));
        }
        for (cause, count) in &self.points_to {
            let lines = if *count == 1 { "1 line points".to_owned() } else { format!("{count} lines point") };
            sentences.push(format!("{lines} to {}.", cause.words()));
        }
        if let Some(fleet) = farthest(lines) {
            sentences.push(fleet);
        }
        let wrong: Vec<String> = rates.iter().flat_map(|rates| &rates.checks).filter_map(wrong_price).collect();
        if !wrong.is_empty() {
            sentences.push(format!("Prices of the scenario are not the platform's rates: {}.", wrong.join("; ")));
        }
        sentences
    }
}

/// What lines outside point to, most lines first. Dollars of days and of the fleet are one thing: the fleet's count where it is
/// told, and days alone where it lies inside.
fn causes(lines: &[BacktestLine]) -> Vec<(Cause, u32)> {
    let mut all: Vec<(Cause, u32)> = Vec::new();
    for line in lines.iter().filter(|line| !line.is_inside) {
        let cause = Cause::of(line.metric);
        match all.iter_mut().find(|(own, _)| *own == cause) {
            Some((_, count)) => *count += 1,
            None => all.push((cause, 1)),
        }
    }
    all.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    all
}

/// The number of the fleet that is farthest off.
fn farthest(lines: &[BacktestLine]) -> Option<String> {
    let fleet = lines.iter().filter(|line| line.subject == BacktestSubject::Fleet && !line.is_inside);
    let off = |line: &BacktestLine| line.off_percent.map_or(0.0, f64::abs);
    let line = fleet.max_by(|a, b| off(a).total_cmp(&off(b)))?;
    let off = line.off_percent?;
    let (traffic, name) = (line.traffic.word(), line.metric.name());
    Some(format!("Farthest off of the fleet's numbers outside, with traffic {traffic}: {name}, predicted {off:+.0} %."))
}

fn wrong_price(check: &fleetfront_calibration::RateCheck) -> Option<String> {
    let rate = check.rate_usd_per_hour.filter(|_| check.differs)?;
    let (item, stated) = (&check.item, check.stated_usd_per_hour);
    Some(format!("{item} {stated:.4} against {rate:.4} USD an hour"))
}

/// What the log does not tell, and what is not compared for it.
///
/// - `has_bill`: whether there is a bill; `tells_idle`: whether idle time could be told from it.
pub(crate) fn absent(says: Says, has_bill: bool, tells_idle: bool) -> Vec<String> {
    let mut absent = Vec::new();
    let mut note = |is_told: bool, words: &str| {
        if !is_told {
            absent.push(words.to_owned());
        }
    };
    note(says.endings, "failed share: no column says how requests ended");
    note(says.executions, "execution and busy seconds: no column says how long requests executed");
    note(
        says.waits,
        "wait and latency: no column says when execution began, so that times are those of execution alone",
    );
    note(says.startups, "cold-start share and boot seconds: no column says how long containers took to start");
    let containers = "cold starts of requests that waited for another's start: no column names containers, so that those count \
                      alone whose own line has a start";
    note(says.containers || !says.startups, containers);
    let idle = "idle seconds: starts or executions are not told, the bill does not cover every pool, or containers execute \
                several requests at a time, so that dollars do not tell them";
    note(tells_idle || !has_bill, idle);
    note(has_bill, "dollars and idle seconds: they are those of a bill, and none is given");
    absent
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(metric: Metric, is_inside: bool, off_percent: f64) -> BacktestLine {
        BacktestLine {
            traffic: GivenTraffic::Given,
            subject: BacktestSubject::Fleet,
            metric,
            observed: 1.0,
            predicted: 1.0 + off_percent / 100.0,
            low: 0.5,
            high: 1.5,
            is_inside,
            off_percent: Some(off_percent),
        }
    }

    #[test]
    fn a_verdict_counts_and_says_what_is_wrong() {
        let mut lines = vec![line(Metric::WaitMean, true, 1.0); 8];
        lines.push(line(Metric::BusyPerDay, false, 30.0));
        lines.push(line(Metric::ExecutionP99, false, -60.0));
        let verdict = BacktestVerdict::of(&lines, None, 0.8);
        assert!(verdict.passes && (verdict.inside, verdict.lines) == (8, 10) && (verdict.expected - 9.0).abs() < 1e-12);
        assert_eq!(verdict.points_to, [(Cause::Service, 2)]);
        let words = verdict.sentences.join(" ");
        assert!(words.starts_with("The prediction passes: 8 of 10"), "{words}");
        assert!(
            words.contains("2 lines point to service times") && words.contains("p99 execution, predicted -60 %"),
            "{words}"
        );
        lines.push(line(Metric::UsdPerDay, false, 5.0));
        assert!(!BacktestVerdict::of(&lines, None, 0.8).passes);
        assert!(!BacktestVerdict::of(&[], None, 0.8).passes);
    }

    #[test]
    fn what_a_log_does_not_tell_is_named() {
        let says = Says { waits: false, executions: true, startups: false, containers: false, endings: true };
        let words = absent(says, false, false);
        assert_eq!(words.len(), 3);
        assert!(words[0].starts_with("wait and latency") && words[1].starts_with("cold-start share"), "{words:?}");
        let all = Says { waits: true, executions: true, startups: true, containers: true, endings: true };
        assert!(absent(all, true, true).is_empty());
        assert!(absent(all, true, false)[0].starts_with("idle seconds"));
    }
}
