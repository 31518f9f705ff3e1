//! How requests arrive: processes, sine waves and slow random rates.

use fleetfront_workloads::{BatchSize, ModulatedState, Process, Redrawn, Scope, SlowRate, Swing};

use crate::document::join;
use crate::file::{BatchSizeFile, ModelFile, ProcessFile, SlowRateFile, SwingFile, TrafficFile};
use crate::findings::Findings;
use crate::law_file::LawFile;

/// Largest coefficient of variation of the slow rate.
pub(crate) const CV_MAX: f64 = 10.0;
/// Most slow rates: a time scale each, and no trace tells so many apart.
const SLOW_RATES_MAX: usize = 8;
/// Longest mean time to think, in seconds.
const THINK_MAX_S: f64 = 86_400.0;
/// Most requests of one event, or of one session in the mean.
const BATCH_MAX: f64 = 10_000.0;

/// The process of a model at `path`.
pub(crate) fn process(model: &ModelFile, path: &str, findings: &mut Findings<'_>) -> Process {
    let path = join(path, "process");
    match &model.process {
        None | Some(ProcessFile::Poisson) => Process::Poisson,
        Some(ProcessFile::Renewal(renewal)) => {
            let gap = gap(&renewal.gap, &format!("{path}.renewal.gap"), findings);
            Process::Renewal { gap }
        }
        Some(ProcessFile::Modulated(modulated)) => {
            let path = format!("{path}.modulated.states");
            if modulated.states.iter().all(|state| state.weight == 0.0) {
                findings.refuse(&path, "no state has a rate above zero", "give one state a weight above zero");
            }
            let state = |(index, state): (usize, &crate::file::StateFile)| {
                let path = format!("{path}[{index}].mean_sojourn_s");
                findings.positive(&path, state.mean_sojourn_s, "the time in the state");
                ModulatedState { weight: state.weight, mean_sojourn_s: state.mean_sojourn_s }
            };
            Process::Modulated { states: modulated.states.iter().enumerate().map(state).collect() }
        }
        Some(ProcessFile::Batches(batches)) => {
            let path = format!("{path}.batches");
            let size = batch_size(&batches.size, &join(&path, "size"), "an event brings one request or more", findings);
            Process::Batches { gap: gap(&batches.gap, &join(&path, "gap"), findings), size }
        }
        Some(ProcessFile::Sessions(sessions)) => {
            let path = format!("{path}.sessions");
            let why = "a session has one request or more";
            let requests = batch_size(&sessions.requests, &join(&path, "requests"), why, findings);
            Process::Sessions { requests, think: think(&sessions.think, &join(&path, "think"), findings) }
        }
    }
}

fn batch_size(size: &BatchSizeFile, path: &str, why: &str, findings: &mut Findings<'_>) -> BatchSize {
    let size = match *size {
        BatchSizeFile::Fixed(requests) => BatchSize::Fixed { requests },
        BatchSizeFile::GeometricMean(mean) => BatchSize::Geometric { mean },
    };
    findings.within(path, size.mean(), 1.0, BATCH_MAX, why);
    size
}

/// A law of times to think. A longer mean would make sessions that no trial sees two requests of, and so many of them
/// at a time that they do not fit into memory.
fn think(law: &LawFile, path: &str, findings: &mut Findings<'_>) -> fleetfront_sim::Law {
    law.check(path, findings);
    let law = law.law();
    findings.within(path, law.mean_s(), 0.0, THINK_MAX_S, "a session goes on within the day, in the mean");
    law
}

/// A law of gaps: of its mean only that it is above zero matters.
fn gap(law: &LawFile, path: &str, findings: &mut Findings<'_>) -> fleetfront_sim::Law {
    law.check(path, findings);
    let law = law.law();
    if law.mean_s() <= 0.0 {
        findings.refuse(path, "gaps of zero have no rate", "give a mean above zero");
    }
    law
}

/// The sine wave on a model's rate.
pub(crate) fn swing(swing: Option<&SwingFile>, path: &str, findings: &mut Findings<'_>) -> Option<Swing> {
    let swing = swing?;
    let path = join(path, "swing");
    findings.within(&join(&path, "share"), swing.share, 0.0, 1.0, "more would make the rate negative");
    findings.positive(&join(&path, "period_s"), swing.period_s, "the period");
    Some(Swing { share: swing.share, period_s: swing.period_s })
}

/// The slow random rates of all models, the first one first.
pub(crate) fn slow_rates(traffic: &TrafficFile, findings: &mut Findings<'_>) -> Vec<SlowRate> {
    let first = slow_rate(&traffic.slow_rate, "traffic.slow_rate", findings);
    let path = "traffic.more_slow_rates";
    let more = traffic.more_slow_rates.as_deref().unwrap_or_default();
    if first.is_none() && !more.is_empty() {
        let message = "slow_rate is \"none\", and there are more of them";
        findings.refuse(path, message, "write one of them as slow_rate, or remove more_slow_rates");
    }
    check_number(1 + more.len(), path, findings);
    let further = listed(more, path, "is no further slow rate", findings);
    first.into_iter().chain(further).collect()
}

/// The slow random rates that the model at `path` has in the place of those of all.
pub(crate) fn own_slow_rates(model: &ModelFile, path: &str, findings: &mut Findings<'_>) -> Option<Vec<SlowRate>> {
    let own = model.slow_rates.as_deref()?;
    let path = join(path, "slow_rates");
    check_number(own.len(), &path, findings);
    let rates = listed(own, &path, "is no slow rate", findings);
    if rates.iter().any(|slow| slow.scope == Scope::Fleet) {
        let message = format!("a factor of \"{}\" alone is shared by the fleet", model.name);
        findings.refuse(&path, message, "write scope = \"model\", or the factor under [traffic]");
    }
    Some(rates)
}

fn check_number(number: usize, path: &str, findings: &mut Findings<'_>) {
    if number > SLOW_RATES_MAX {
        let message = format!("{number} slow rates are more than the {SLOW_RATES_MAX} that are simulated");
        findings.refuse(path, message, "give those that differ most in their time scales");
    }
}

/// The slow random rates of a list, in which "none" is `wrong`.
fn listed(files: &[SlowRateFile], path: &str, wrong: &str, findings: &mut Findings<'_>) -> Vec<SlowRate> {
    let each = files.iter().enumerate().filter_map(|(index, file)| {
        let path = format!("{path}[{index}]");
        if *file == SlowRateFile::None {
            findings.refuse(&path, format!("\"none\" {wrong}"), "remove it from the list");
        }
        slow_rate(file, &path, findings)
    });
    each.collect()
}

/// The slow random rate at `path`.
fn slow_rate(file: &SlowRateFile, path: &str, findings: &mut Findings<'_>) -> Option<SlowRate> {
    let (name, cv, scope, redrawn) = match file {
        SlowRateFile::None => return None,
        SlowRateFile::Gamma(gamma) => {
            let path = join(path, "gamma.correlation_s");
            findings.positive(&path, gamma.correlation_s, "the correlation time");
            findings.within_a_day(&path, gamma.correlation_s);
            let correlation = Findings::seconds(gamma.correlation_s);
            ("gamma", gamma.cv, gamma.scope, Redrawn::AtRandom { correlation })
        }
        SlowRateFile::GammaEachDay(gamma) => ("gamma_each_day", gamma.cv, gamma.scope, Redrawn::EachDay),
        SlowRateFile::GammaEachHour(gamma) => ("gamma_each_hour", gamma.cv, gamma.scope, Redrawn::EachHour),
    };
    let path = format!("{path}.{name}.cv");
    findings.positive(&path, cv, "the coefficient of variation");
    findings.within(&path, cv, 0.0, CV_MAX, "a rate that varies more is zero nearly always");
    Some(SlowRate { cv, redrawn, scope: scope.into() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Scenario;
    use crate::testing::{check, edited};
    use fleetfront_sim::Law;

    const OLD: &str = "name = \"lora\"\nrequests";

    fn with(process: &str) -> String {
        format!("name = \"lora\"\nprocess = {process}\nrequests")
    }

    #[test]
    fn sessions_are_read_and_checked() {
        let sessions = |requests: &str, think: &str| {
            with(&format!("{{ sessions = {{ requests = {{ {requests} }}, think = {{ {think} }} }} }}"))
        };
        let minute = "exponential = { mean_s = 60.0 }";
        for (size, expected) in [
            ("geometric_mean = 2.5", BatchSize::Geometric { mean: 2.5 }),
            ("fixed = 4", BatchSize::Fixed { requests: 4 }),
        ] {
            let scenario = Scenario::load(&edited(OLD, &sessions(size, minute))).expect("no problems");
            let process = Process::Sessions { requests: expected, think: Law::Exponential { mean_s: 60.0 } };
            assert_eq!(scenario.traffic.models[3].process, process);
        }
        let path = "models[3].process.sessions";
        let new = sessions("fixed = 0", minute);
        check(OLD, &new, "{ fixed", &format!("{path}.requests"), "0 is outside 1 to 10000", "one request or more");
        let new = sessions("fixed = 2", "exponential = { mean_s = 90000 }");
        check(OLD, &new, "{ exponential", &format!("{path}.think"), "90000 is outside 0 to 86400", "within the day");
        let new = sessions("fixed = 2", "exponential = { mean_s = 0 }");
        check(OLD, &new, "0 }", &format!("{path}.think.exponential.mean_s"), "the mean is 0", "above zero");
    }
}
