//! Whether a model draws what its log is: the log's own statistics, held against those of logs that the model draws.
//!
//! Every draw covers the log's own stretch of time, is rounded as its stamps are and described by the same code. A
//! statistic holds where the log's lies within the middle 95 % of the draws (a parametric bootstrap; Davison and Hinkley
//! 1997, *Bootstrap Methods and their Application*). The keep-alive table matters most: it decides cold starts.

mod checks;
#[cfg(test)]
mod tests;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::describe::{DescribeError, DescribeOptions, Describer, Description};
use crate::fit::{Expected, TrafficFit};

pub use checks::{Band, Check, CheckGroup};

/// Share of the draws that a band holds.
const BAND: f64 = 0.95;
/// So many requests are drawn in all, if that leaves enough draws for a band.
const REQUESTS: u64 = 30_000_000;
/// More requests than these in all are not drawn: a minute or two of a machine with a few cores.
const REQUESTS_MAX: f64 = 2e9;
/// Least draws: the band of 39 is between their least and their greatest.
const DRAWS_MIN: u32 = 39;
/// Most draws that are useful: the band's ends are then the fifth from each end.
const DRAWS_MAX: u32 = 199;

/// What holds of a model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Proof {
    /// Logs that were drawn.
    pub draws: u32,
    /// One entry a statistic.
    pub checks: Vec<Check>,
}

impl Proof {
    /// Share of the checks that hold; none where there are none.
    #[must_use]
    pub fn share(&self) -> Option<f64> {
        share(self.checks.iter())
    }

    /// The same of one group.
    #[must_use]
    pub fn share_of(&self, group: CheckGroup) -> Option<f64> {
        share(self.checks.iter().filter(|check| check.group == group))
    }
}

fn share<'a>(checks: impl Iterator<Item = &'a Check>) -> Option<f64> {
    let (all, held) = checks.fold((0_u32, 0_u32), |(all, held), check| (all + 1, held + u32::from(check.holds)));
    (all > 0).then(|| f64::from(held) / f64::from(all))
}

/// How many logs are drawn for a log of so many requests.
#[must_use]
pub fn ample_draws(requests: u64) -> u32 {
    u32::try_from(REQUESTS / requests.max(1)).unwrap_or(DRAWS_MAX).clamp(DRAWS_MIN, DRAWS_MAX)
}

/// How many requests so many logs like this one would have, where that is more than are drawn, and how many those are.
#[must_use]
pub fn too_many(requests: u64, draws: u32) -> Option<(f64, f64)> {
    let all = requests as f64 * f64::from(draws);
    (all > REQUESTS_MAX).then_some((all, REQUESTS_MAX))
}

/// Draws logs from the models and holds the log's statistics against them.
///
/// - `options`: those that the log was described with.
/// - `stretch_s`: the time observed, in unix seconds.
/// - `models`: each with its name.
///
/// # Errors
/// [`DescribeError`] where the options are not those of a description.
///
/// # Panics
/// If `draws` is too few for a band, below 39.
pub fn prove(
    log: &Description,
    options: &DescribeOptions,
    stretch_s: (i64, i64),
    models: &[(String, TrafficFit)],
    (seed, draws): (u64, u32),
) -> Result<Proof, DescribeError> {
    assert!(draws >= DRAWS_MIN, "{draws} draws make no band");
    let growth_from_s = log.hourly.last().map_or(stretch_s.0, |hour| hour.start_s);
    let expect = |(_, fit): &(String, TrafficFit)| Expected::new(fit, &log.zone, stretch_s, growth_from_s);
    let expected: Vec<Expected> = models.iter().map(expect).collect::<Result<_, _>>()?;
    let names: Vec<String> = models.iter().map(|(name, _)| name.clone()).collect();
    let options = DescribeOptions { end_ns: Some(stretch_s.1 * 1_000_000_000), ..options.clone() };
    let described: Vec<Description> = (0..draws)
        .into_par_iter()
        .map(|draw| describe_draw(&expected, &names, &options, stretch_s.0, (seed, draw)))
        .collect::<Result<_, _>>()?;
    Ok(Proof { draws, checks: checks::checks(log, &described, BAND) })
}

/// One drawn log, described.
fn describe_draw(
    expected: &[Expected],
    names: &[String],
    options: &DescribeOptions,
    start_s: i64,
    (seed, draw): (u64, u32),
) -> Result<Description, DescribeError> {
    // Stamps are rounded as the log's are.
    let step_ns = options.bin_s.map_or(options.resolution_ns, |bin_s| (bin_s * 1e9) as i64).max(1) as u64;
    let mut stamps: Vec<(u64, u32, u64)> = Vec::new();
    for (model, (of_model, name)) in expected.iter().zip(names).enumerate() {
        of_model.draw((seed, draw), name, |since_ns| {
            let at_ns = since_ns / step_ns * step_ns;
            match stamps.last_mut() {
                Some((last_ns, last, count)) if *last == model as u32 && *last_ns == at_ns => *count += 1,
                _ => stamps.push((at_ns, model as u32, 1)),
            }
        });
    }
    stamps.sort_unstable();
    let mut describer = Describer::new(options.clone())?;
    // The drawn log begins where the log does, with or without a request.
    let at_ns = |since_ns: u64| start_s * 1_000_000_000 + since_ns.cast_signed();
    describer.push(at_ns(0), 0, 0);
    for (since_ns, model, requests) in stamps {
        describer.push(at_ns(since_ns), model, requests);
    }
    Ok(describer.finish(names))
}
