//! What is asked of a system: from the words of a metric to what is counted in trials.

use super::case::{Case, Keys, number_after, numbers_in};

/// Something that is counted or summed in a trial.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Quantity {
    /// 1.
    Trial,
    /// Seconds that count.
    HorizonS,
    /// Requests of all streams.
    Arrived,
    /// Requests of one stream.
    ArrivedOf(usize),
    /// Requests that were not turned away.
    Accepted,
    /// Requests that completed.
    Completed,
    /// Requests turned away.
    Rejected,
    /// Requests of one stream turned away.
    RejectedOf(usize),
    /// Requests whose client gave up.
    Abandoned,
    /// Requests that were not executed at once.
    Waited,
    /// Requests that went to the second fleet.
    FellBack,
    /// Executions that began.
    Executions,
    /// Sum of the times to the first execution, or to the end without one.
    WaitS,
    /// Sum of the latencies of what completed.
    LatencyS,
    /// Sum of the times to the end, whichever it was.
    SojournS,
    /// Containers started, those that a trial begins with excepted.
    Starts,
    /// Billed container seconds.
    BilledS,
    /// Container seconds in setup.
    BootS,
    /// Container seconds executing, in the last fleet.
    BusyS,
    /// Container seconds idle.
    IdleS,
    /// Batches.
    Batches,
    /// Batches that were full.
    FullBatches,
    /// Seconds with more than so many containers.
    AliveAbove(u32),
    /// Arrivals in an hour of the day.
    HourCount(usize),
    /// 1 where more than so many requests arrived.
    CountAbove(f64),
}

/// What is estimated.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Estimand {
    /// A ratio of sums over trials.
    Ratio(Quantity, Quantity),
    /// A quantile of the latency, or of the wait.
    Quantile {
        /// Whether of the wait.
        of_wait: bool,
        /// Which, from 0 to 1.
        p: f64,
    },
    /// The share of requests that wait longer than so many seconds.
    WaitsLonger(f64),
    /// The covariance of two quantities over trials.
    Covariance(Quantity, Quantity),
    /// Variance in time of the containers that the last fleet executes with.
    BusyVariance,
    /// The same over its mean.
    Peakedness,
    /// Mean containers executing at an instant: of a cycle of so many seconds, or (0) of the trial.
    BusyAt {
        /// The instant in seconds.
        at_s: f64,
        /// The cycle in seconds, 0 for none.
        period_s: f64,
    },
    /// How far the wave of executing containers is behind the wave of the rate, in seconds.
    Lag {
        /// The cycle in seconds.
        period_s: f64,
    },
}

use Quantity as Q;

/// Words that a metric begins with, or holds where they begin with "*", and the ratio that they mean. The first match
/// decides.
const RATIOS: [(&str, Q, Q); 42] = [
    ("p(wait>0)", Q::Waited, Q::Arrived),
    ("fraction of requests that wait", Q::Waited, Q::Arrived),
    ("p(arrival finds no idle ready container)", Q::Waited, Q::Arrived),
    ("fraction of requests that find no idle ready container", Q::Waited, Q::Arrived),
    ("blocking probability", Q::Rejected, Q::Arrived),
    ("rejection probability", Q::Rejected, Q::Arrived),
    ("overall blocking ratio", Q::Rejected, Q::Arrived),
    ("p(rejected by both)", Q::Rejected, Q::Arrived),
    ("p(sent to the fallback or rejected)", Q::FellBack, Q::Arrived),
    ("abandonment probability", Q::Abandoned, Q::Arrived),
    ("timeout probability", Q::Abandoned, Q::Arrived),
    ("expected abandonments in [0,24h] / expected arrivals", Q::Abandoned, Q::Arrived),
    ("mean wait of accepted requests", Q::WaitS, Q::Accepted),
    ("mean wait before", Q::WaitS, Q::Arrived),
    ("mean wait in queue (all requests)", Q::WaitS, Q::Arrived),
    ("=mean wait", Q::WaitS, Q::Arrived),
    ("mean time in queue over all requests", Q::WaitS, Q::Arrived),
    ("mean forming wait per request", Q::WaitS, Q::Arrived),
    ("e[sum of waits]/e[number of requests]", Q::WaitS, Q::Arrived),
    ("queueing time accrued in [0,24h] / expected arrivals", Q::WaitS, Q::Arrived),
    ("mean total latency", Q::LatencyS, Q::Completed),
    ("mean latency of accepted", Q::LatencyS, Q::Completed),
    ("mean latency of successful requests", Q::LatencyS, Q::Completed),
    ("mean time from arrival to success", Q::LatencyS, Q::Completed),
    ("mean latency to final outcome", Q::SojournS, Q::Arrived),
    ("success probability", Q::Completed, Q::Arrived),
    ("mean attempts per request", Q::Executions, Q::Arrived),
    ("mean billed busy seconds per request", Q::BusyS, Q::Arrived),
    ("fraction of requests that trigger a cold start", Q::Starts, Q::Arrived),
    ("probability an arriving request starts a new container", Q::Starts, Q::Arrived),
    ("container starts per arriving request", Q::Starts, Q::Arrived),
    ("p(cold start | accepted)", Q::Starts, Q::Accepted),
    ("billed container-seconds per request", Q::BilledS, Q::Arrived),
    ("billed setup fraction of time", Q::BootS, Q::HorizonS),
    ("billed idle fraction of time", Q::IdleS, Q::HorizonS),
    ("expected billed container-seconds in [0,24h]", Q::BilledS, Q::Trial),
    ("expected setup container-seconds in [0,24h]", Q::BootS, Q::Trial),
    ("expected container starts in [0,24h]", Q::Starts, Q::Trial),
    ("mean batch size", Q::Executions, Q::Batches),
    ("fraction of batches that close full", Q::FullBatches, Q::Batches),
    ("mean daily count", Q::Arrived, Q::Trial),
    ("server utilisation", Q::BusyS, Q::HorizonS),
];

/// The same for means over time.
const LEVELS: [(&str, Q); 9] = [
    ("throughput (requests per second)", Q::Completed),
    ("mean containers in setup", Q::BootS),
    ("mean idle containers", Q::IdleS),
    ("mean live (billed) containers", Q::BilledS),
    ("mean billed containers", Q::BilledS),
    ("long-run billed fraction of time", Q::BilledS),
    ("mean busy secondary servers", Q::BusyS),
    ("mean busy fallback servers", Q::BusyS),
    ("=mean busy servers", Q::BusyS),
];

/// What a case asks.
///
/// # Errors
/// If its words are not understood.
pub(crate) fn estimand(keys: &Keys<'_>, case: &Case) -> Result<Estimand, String> {
    let words = case.metric.to_lowercase();
    let unknown = || format!("the metric \"{}\" is not understood", case.metric);
    let matches = |pattern: &str| match pattern.strip_prefix('=') {
        Some(exactly) => words == exactly,
        None => words.starts_with(pattern),
    };
    if let Some((_, above, below)) = RATIOS.iter().find(|(pattern, ..)| matches(pattern)) {
        return Ok(Estimand::Ratio(*above, *below));
    }
    if let Some((_, level)) = LEVELS.iter().find(|(pattern, _)| matches(pattern)) {
        return Ok(Estimand::Ratio(*level, Q::HorizonS));
    }
    let number = |marker: &str| number_after(&words, marker).ok_or_else(unknown);
    if words.contains("quantile") {
        let p = *numbers_in(&words).first().ok_or_else(unknown)?;
        return match (words.contains("latency"), words.contains("wait")) {
            _ if !(0.0..1.0).contains(&p) => Err(unknown()),
            (true, _) => Ok(Estimand::Quantile { of_wait: false, p }),
            (false, true) => Ok(Estimand::Quantile { of_wait: true, p }),
            _ => Err(unknown()),
        };
    }
    if words.starts_with("p(time in queue >") || words.starts_with("fraction of requests with wait >") {
        return Ok(Estimand::WaitsLonger(number(">")?));
    }
    if words.starts_with("time-stationary p(live containers >") {
        return Ok(Estimand::Ratio(Q::AliveAbove(number("> ")? as u32), Q::HorizonS));
    }
    if words.starts_with("blocking of class ") {
        let class = (number("class ")? as usize).checked_sub(1).ok_or_else(unknown)?;
        let classes = keys.value("classes").and_then(|value| value.as_array()).map_or(0, Vec::len);
        return if class < classes {
            Ok(Estimand::Ratio(Q::RejectedOf(class), Q::ArrivedOf(class)))
        } else {
            Err(unknown())
        };
    }
    if words.starts_with("variance of busy secondary servers") {
        return Ok(Estimand::BusyVariance);
    }
    if words.starts_with("peakedness") {
        return Ok(Estimand::Peakedness);
    }
    counts(&words).or_else(|| instants(keys, &words)).ok_or_else(unknown)
}

fn counts(words: &str) -> Option<Estimand> {
    if words.starts_with("variance of daily count") {
        return Some(Estimand::Covariance(Q::Arrived, Q::Arrived));
    }
    if words.starts_with("p(daily count >") {
        return Some(Estimand::Ratio(Q::CountAbove(number_after(words, ">")?), Q::Trial));
    }
    if words.starts_with("covariance of counts of hour") {
        let hours = numbers_in(words);
        let (a, b) = (*hours.first()? as usize, *hours.get(1)? as usize);
        return (a < 24 && b < 24).then_some(Estimand::Covariance(Q::HourCount(a), Q::HourCount(b)));
    }
    None
}

fn instants(keys: &Keys<'_>, words: &str) -> Option<Estimand> {
    let number = |key| keys.number(key).ok();
    if words.starts_with("mean busy servers at the given phase") {
        return Some(Estimand::BusyAt { at_s: number("time_in_cycle_s")?, period_s: number("period_s")? });
    }
    if words.starts_with("mean busy servers at t") {
        return Some(Estimand::BusyAt { at_s: number("time_s")?, period_s: 0.0 });
    }
    (words == "lag").then(|| number("period_s").map(|period_s| Estimand::Lag { period_s }))?
}
