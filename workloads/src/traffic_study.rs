//! From a log to what is known of its traffic: what it is like, a model of it, and whether the model draws such days.
//!
//! The log is read twice or more, and never kept: once for what stands in it, once for what it looks like, and once more
//! where the level of its traffic changed, because what was before is another traffic.

mod error;
mod pass;
#[cfg(test)]
mod tests;
mod traces;

use std::io::{self, BufRead};

use serde::{Deserialize, Serialize};

use crate::adapters::Adapters;
use crate::clients::Clients;
use crate::describe::{Clock, Description};
use crate::fit::{CurveKind, TrafficFit, level_since_s, strays_after_s};
use crate::log::{LogOptions, LogSummary};
use crate::prove::{Proof, ample_draws, prove, too_many};
use crate::shapes::Shapes;

pub use error::StudyError;
use pass::Pass;
pub use traces::{ModelTrace, TraceSink, Traces};

/// Most models that are told apart: each takes a description of its own.
const MODELS_MAX: usize = 1000;
/// A log that is shorter tells no rate of a day, in seconds.
const SPAN_MIN_S: f64 = 60.0;
/// What a log is called whose requests say nothing of models.
const ALL: &str = "all";
/// A model without a name among others that have one.
const UNNAMED: &str = "unnamed";

/// How a log's traffic is studied.
#[derive(Debug, Clone, PartialEq)]
pub struct StudyOptions {
    /// How the log is read; hours and weekdays are those of its zone.
    pub log: LogOptions,
    /// How the curve goes from one hour to the next.
    pub curve: CurveKind,
    /// Whether and how the model is held against the log.
    pub check: Option<CheckOptions>,
}

/// A handful of requests after days of silence at the end of a log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Strays {
    /// When the silence began, `YYYY-MM-DDTHH:MM:SS` with the zone's offset.
    pub after: String,
    /// The requests that came then; zero where nothing did until the log ends.
    pub requests: u64,
}

/// How a model is held against its log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CheckOptions {
    /// Seed of the drawn logs.
    pub seed: u64,
    /// How many are drawn, 39 or more; `None` for as many as are useful.
    pub draws: Option<u32>,
}

/// What is known of the traffic of a log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrafficStudy {
    /// What stood in the log, and what had to be put up with.
    pub log: LogSummary,
    /// What all of it looks like, all models together; without strays.
    pub description: Description,
    /// What comes after days of silence and is no level of its own, where the log has that; it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strays: Option<Strays>,
    /// When the present level began, `YYYY-MM-DDTHH:MM:SS` with the zone's offset, where the level changed for good.
    pub since: Option<String>,
    /// What the log looks like from then on; none where the level did not change.
    pub present: Option<Description>,
    /// Each model by itself over the time that is fitted, most requests first; empty where there is one model.
    pub of_models: Vec<(String, Description)>,
    /// Who asks, over the time that is fitted; none where the log does not say.
    pub clients: Option<Clients>,
    /// How large the requests are, over the time that is fitted; none where the log does not say.
    pub shapes: Option<Shapes>,
    /// Which adapters they need, over the time that is fitted; none where the log does not say.
    pub adapters: Option<Adapters>,
    /// Those of each model that needs some; empty where there is one model.
    #[serde(default)]
    pub adapters_of_models: Vec<(String, Adapters)>,
    /// The traffic of each model that has requests in the time that is fitted.
    pub fits: Vec<(String, TrafficFit)>,
    /// The traffic of all models together.
    pub whole: TrafficFit,
    /// Whether the fits draw logs like this one, where that was asked for.
    pub proof: Option<Proof>,
}

impl TrafficStudy {
    /// What was fitted: the log, or the part of it that has its present level.
    #[must_use]
    pub fn fitted(&self) -> &Description {
        self.present.as_ref().unwrap_or(&self.description)
    }

    /// Requests a day of all models, at the end of the log.
    #[must_use]
    pub fn requests_per_day(&self) -> f64 {
        self.fits.iter().map(|(_, fit)| fit.requests_per_day).sum()
    }

    /// What was repaired in the log, what to be careful with in the part that is fitted, and what was assumed.
    #[must_use]
    pub fn remarks(&self) -> Vec<String> {
        let fitted = self.fitted();
        let mut remarks = self.log.remarks();
        remarks.extend(fitted.warnings.iter().cloned());
        if fitted.span_s < 86_400.0 {
            let hours = fitted.span_s / 3600.0;
            remarks.push(format!("the log covers {hours:.1} hours: requests a day hold if the whole day is like them"));
        }
        remarks
    }
}

/// Reads a log, describes it, fits it and, if asked for, holds what the fit draws against it.
///
/// - `open`: opens the log from its beginning, as [`crate::open_log`] does; is called twice or more.
/// - `file`: its name in errors.
///
/// # Errors
/// [`StudyError`] when the log cannot be read or used, has too many models, tells no rate, or would take too many draws
/// to check.
///
/// # Panics
/// If fewer than 39 draws are asked for.
pub fn study_traffic<B: BufRead>(
    open: impl FnMut() -> io::Result<B>,
    file: &str,
    options: &StudyOptions,
) -> Result<TrafficStudy, StudyError> {
    study(open, file, options, None).map(|(study, _)| study)
}

/// The same, and hands the requests of the whole days that are fitted to `sink`, in order of time; memory does not grow with
/// them.
///
/// # Errors
/// As [`study_traffic`]; also [`StudyError`] when the log has counts and no requests, more than 100 models or no whole day,
/// or `sink` fails.
///
/// # Panics
/// As [`study_traffic`].
pub fn study_and_trace<B: BufRead>(
    open: impl FnMut() -> io::Result<B>,
    file: &str,
    options: &StudyOptions,
    sink: &mut TraceSink<'_>,
) -> Result<(TrafficStudy, Traces), StudyError> {
    let (study, traces) = study(open, file, options, Some(sink))?;
    Ok((study, traces.expect("a sink gets traces")))
}

fn study<B: BufRead>(
    open: impl FnMut() -> io::Result<B>,
    file: &str,
    options: &StudyOptions,
    sink: Option<&mut TraceSink<'_>>,
) -> Result<(TrafficStudy, Option<Traces>), StudyError> {
    let mut pass = Pass::new(open, file, &options.log)?;
    if sink.is_some() {
        traces::check(&pass)?;
    }
    let mut log = pass.describe(None)?;
    let clock = Clock::new(&options.log.zone).map_err(crate::LogError::from)?;
    let rfc3339 = |at_s: i64| clock.rfc3339(i128::from(at_s) * 1_000_000_000);
    let mut strays = None;
    if let Some(after_s) = strays_after_s(&log.whole, pass.requests_before_hours()) {
        pass.end_at(after_s);
        let all = std::mem::replace(&mut log, pass.describe(None)?).whole.requests;
        strays = Some(Strays { after: rfc3339(after_s), requests: all - log.whole.requests });
    }
    let told = if log.whole.requests == 0 { None } else { level_since_s(&log.whole) };
    let present = told.map(|since_s| pass.describe(Some(since_s))).transpose()?;
    let part = present.as_ref().unwrap_or(&log);
    if part.whole.requests > 0 && part.whole.first != part.whole.last && part.whole.span_s < SPAN_MIN_S {
        return Err(StudyError::TooShort { file: file.to_owned(), span_s: part.whole.span_s });
    }
    let no_fit = |cause| StudyError::NoFit { file: file.to_owned(), cause };
    let whole = TrafficFit::of(&part.whole, options.curve).map_err(no_fit)?;
    let mut fits = TrafficFit::of_models(&whole, &part.of_models, options.curve);
    if fits.is_empty() {
        fits.push((pass.names()[0].clone(), whole.clone()));
    }
    let prove_it = |check: CheckOptions| {
        let requests = part.whole.requests;
        let draws = check.draws.unwrap_or_else(|| ample_draws(requests));
        if let Some((all, most)) = too_many(requests, draws) {
            return Err(StudyError::TooMuchToDraw { file: file.to_owned(), requests, draws, all, most });
        }
        Ok(prove(&part.whole, &part.options, part.stretch_s, &fits, (check.seed, draws))?)
    };
    let proof = options.check.map(prove_it).transpose()?;
    let since = told.map(rfc3339);
    let (of_models, clients) = (part.of_models.clone(), part.clients.clone());
    let (shapes, adapters, adapters_of_models) =
        (part.shapes.clone(), part.adapters.clone(), part.adapters_of_models.clone());
    let present = present.map(|present| present.whole);
    let traces = sink.map(|sink| traces::trace(&mut pass, told, sink)).transpose()?;
    let study = TrafficStudy {
        log: pass.into_summary(),
        description: log.whole,
        strays,
        since,
        present,
        of_models,
        clients,
        shapes,
        adapters,
        adapters_of_models,
        fits,
        whole,
        proof,
    };
    Ok((study, traces))
}
