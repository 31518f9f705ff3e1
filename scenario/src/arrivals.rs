//! How requests arrive: processes, sine waves and slow random rates.

use fleetfront_workloads::{BatchSize, ModulatedState, Process, Redrawn, Scope, SlowRate, Swing};

use crate::document::join;
use crate::file::{BatchSizeFile, ClosedFile, ModelFile, ProcessFile, SlowRateFile, SwingFile, TrafficFile};
use crate::findings::Findings;
use crate::law_file::LawFile;
use crate::models::REQUESTS_PER_DAY_MAX;

/// Largest coefficient of variation of the slow rate.
pub(crate) const CV_MAX: f64 = 10.0;
/// Most slow rates: a time scale each, and no trace tells so many apart.
const SLOW_RATES_MAX: usize = 8;
/// Longest mean time to think, in seconds.
const THINK_MAX_S: f64 = 86_400.0;
/// Most clients of a model. Each is followed by itself.
const CLIENTS_MAX: u32 = 100_000;
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
        Some(ProcessFile::Closed(closed)) => self::closed(closed, model.requests_per_day, &path, findings),
    }
}

/// Clients who wait. No more requests can be expected of them than they could send if every answer came at once.
///
/// - `path`: of the process.
fn closed(closed: &ClosedFile, requests_per_day: f64, path: &str, findings: &mut Findings<'_>) -> Process {
    let (clients, of_model) = (f64::from(closed.clients), path.trim_end_matches(".process"));
    let path = format!("{path}.closed");
    findings.within(&join(&path, "clients"), clients, 1.0, f64::from(CLIENTS_MAX), "each client is followed by itself");
    let think_path = join(&path, "think");
    closed.think.check(&think_path, findings);
    let think = closed.think.law();
    // To a microsecond: the mean that some laws give back differs in its last digits from the one that was written.
    let mean_s = (think.mean_s() * 1e6).round() / 1e6;
    findings.positive(&think_path, mean_s, "the mean time to think");
    if mean_s <= 0.0 || clients == 0.0 {
        return Process::Closed { clients, think };
    }
    let message = "its clients wait for their answers, and send fewer requests where answers are slow: a slow allocation \
                   looks cheap by its bill alone, so compare the cost a request too";
    findings.warn(&path, message);
    let most = clients * 86_400.0 / mean_s;
    if most > REQUESTS_PER_DAY_MAX {
        let message = format!(
            "{clients} clients who think for {mean_s} s in the mean send up to {most:.0} requests a day: more than the \
             {REQUESTS_PER_DAY_MAX} that are simulated"
        );
        findings.refuse(&join(&path, "clients"), message, "simulate a share of them, or give a longer time to think");
    } else if requests_per_day > most {
        let message = format!(
            "{requests_per_day} requests a day are more than {clients} clients send who think for {mean_s} s in the mean: \
             {most:.1} if every answer came at once"
        );
        let needed = (requests_per_day * mean_s / 86_400.0).ceil();
        let help = format!("expect {most:.1} or less, give {needed} clients or more, or a shorter time to think");
        findings.refuse(&join(of_model, "requests_per_day"), message, help);
    }
    Process::Closed { clients, think }
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

    #[test]
    fn clients_are_read_and_checked() {
        let closed = |clients: u32, think: &str| {
            with(&format!("{{ closed = {{ clients = {clients}, think = {{ {think} }} }} }}"))
        };
        let minute = "exponential = { mean_s = 60.0 }";
        let scenario = Scenario::load(&edited(OLD, &closed(20, minute))).expect("no problems");
        let process = Process::Closed { clients: 20.0, think: Law::Exponential { mean_s: 60.0 } };
        assert_eq!(scenario.traffic.models[3].process, process);
        assert!(
            scenario.warnings.iter().any(|words| words.contains("wait for their answers")),
            "{:?}",
            scenario.warnings
        );
        let path = "models[3].process.closed";
        let new = closed(0, minute);
        check(OLD, &new, "0,", &format!("{path}.clients"), "0 is outside 1 to 100000", "followed by itself");
        let new = closed(2, "deterministic = { seconds = 0 }");
        check(OLD, &new, "{ determ", &format!("{path}.think"), "the mean time to think is 0", "above zero");
        let new = closed(100_000, "exponential = { mean_s = 60 }");
        let message = "send up to 144000000 requests a day: more than the 10000000";
        check(OLD, &new, "100000", &format!("{path}.clients"), message, "a share of them");
    }

    /// Of lora 100 requests a day are expected: two clients who think for half an hour send 96 at most.
    #[test]
    fn no_more_is_expected_of_clients_than_they_can_send() {
        let new = |clients: u32| {
            let text = "closed = { clients = N, think = { gamma = { mean_s = 1800.0, cv = 0.5 } } }";
            let process = text.replace('N', &clients.to_string());
            format!("name = \"lora\"\nprocess = {{ {process} }}\nrequests_per_day = 100.0")
        };
        let old = "name = \"lora\"\nrequests_per_day = 100.0";
        let message = "100 requests a day are more than 2 clients send who think for 1800 s in the mean: 96.0 if";
        let help = "expect 96.0 or less, give 3 clients or more";
        check(old, &new(2), "100.0", "models[3].requests_per_day", message, help);
        assert!(Scenario::load(&edited(old, &new(3))).is_ok());
    }

    #[test]
    fn clients_of_a_replayed_model_are_refused() {
        let process = "process = { closed = { clients = 20, think = { exponential = { mean_s = 60.0 } } } }";
        let replay = "replay = { file = \"calls.csv\", days = \"in_order\" }";
        let new = format!("name = \"lora\"\n{process}\n{replay}\nrequests");
        let files = edited(OLD, &new).with("calls.csv", "day,at_s\n0,1.5\n0,2.5\n");
        let problems = Scenario::load(&files).expect_err("problems");
        let of_process = problems.iter().find(|problem| problem.key == "models[3].process").expect("it is refused");
        assert!(of_process.message.contains("`process` has no effect"), "{of_process}");
    }
}
