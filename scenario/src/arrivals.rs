//! How requests arrive: processes, sine waves and the slow random rate.

use fleetfront_workloads::{BatchSize, ModulatedState, Process, Redrawn, SlowRate, Swing};

use crate::document::join;
use crate::file::{BatchSizeFile, ModelFile, ProcessFile, SlowRateFile, SwingFile};
use crate::findings::Findings;
use crate::law_file::LawFile;

/// Largest coefficient of variation of the slow rate.
const CV_MAX: f64 = 10.0;
/// Most requests that one event brings.
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
            let size = match batches.size {
                BatchSizeFile::Fixed(requests) => BatchSize::Fixed { requests },
                BatchSizeFile::GeometricMean(mean) => BatchSize::Geometric { mean },
            };
            findings.within(&join(&path, "size"), size.mean(), 1.0, BATCH_MAX, "an event brings one request or more");
            Process::Batches { gap: gap(&batches.gap, &join(&path, "gap"), findings), size }
        }
    }
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

/// The slow random rate.
pub(crate) fn slow_rate(file: &SlowRateFile, findings: &mut Findings<'_>) -> Option<SlowRate> {
    let (name, cv, scope, redrawn) = match file {
        SlowRateFile::None => return None,
        SlowRateFile::Gamma(gamma) => {
            let path = "traffic.slow_rate.gamma.correlation_s";
            findings.positive(path, gamma.correlation_s, "the correlation time");
            findings.within_a_day(path, gamma.correlation_s);
            let correlation = Findings::seconds(gamma.correlation_s);
            ("gamma", gamma.cv, gamma.scope, Redrawn::AtRandom { correlation })
        }
        SlowRateFile::GammaEachDay(gamma) => ("gamma_each_day", gamma.cv, gamma.scope, Redrawn::EachDay),
        SlowRateFile::GammaEachHour(gamma) => ("gamma_each_hour", gamma.cv, gamma.scope, Redrawn::EachHour),
    };
    let path = format!("traffic.slow_rate.{name}.cv");
    findings.positive(&path, cv, "the coefficient of variation");
    findings.within(&path, cv, 0.0, CV_MAX, "a rate that varies more is zero nearly always");
    Some(SlowRate { cv, redrawn, scope: scope.into() })
}
