//! What the first part of a log tells of the models: how long they execute, how long their containers take to start, how often
//! they fail; and what it leaves open about that.

use fleetfront_calibration::{Factor, Fit, Kind, LawFit, Times, own_law};
use fleetfront_scenario::FailureCounts;
use fleetfront_sim::{Law, Luck};
use serde::{Deserialize, Serialize};

use super::SeenRequest;
use crate::worlds::Doubt;

/// Fewest times that tell a law: with fewer the scenario's own holds.
pub(crate) const TIMES_MIN: usize = 8;
/// More times than these are thinned out evenly: they leave less than cv / 70 of a mean open.
const TIMES_MAX: usize = 5_000;

/// A law fitted to times, and the times.
#[derive(Debug, Clone)]
pub(crate) struct MeasuredLaw {
    fit: LawFit,
    times: Vec<f64>,
    /// How many there were before they were thinned out.
    pub(crate) n: usize,
}

impl MeasuredLaw {
    /// The law that `calibrate` finds in such times; `None` where they are too few. Times of zero are no spans and left out.
    pub(crate) fn of(seconds: impl Iterator<Item = f64>) -> Option<Self> {
        let mut times: Vec<f64> = seconds.filter(|seconds| *seconds > 0.0).collect();
        let n = times.len();
        if n < TIMES_MIN {
            return None;
        }
        times.sort_by(f64::total_cmp);
        if n > TIMES_MAX {
            times = (0..TIMES_MAX).map(|k| times[(2 * k + 1) * n / (2 * TIMES_MAX)]).collect();
        }
        let fit = own_law(&Times::ended(&times).ok()?).ok()?;
        Some(Self { fit, times, n })
    }

    /// The law that another first part might have told: refitted to times drawn from these, one fewer of them, which makes up
    /// for the spread that a sample has about its own mean (Efron 1982, *The Jackknife, the Bootstrap and Other Resampling
    /// Plans*, 5.7).
    pub(crate) fn redrawn(&self, luck: Luck) -> Law {
        let count = self.times.len();
        let draw = |k: usize| self.times[((luck.child(k as u32).uniform(0, 0) * count as f64) as usize).min(count - 1)];
        let times: Vec<f64> = (1..count).map(draw).collect();
        let refitted = Times::ended(&times).ok().and_then(|times| self.fit.refitted(&times));
        // Too few different times for the family: the mean at least is theirs.
        refitted.unwrap_or_else(|| self.fit.law.scaled(mean(&times) / mean(&self.times)))
    }

    fn told(&self) -> LawTold {
        LawTold { law: self.fit.law, family: self.fit.family.to_string(), n: self.n as u32 }
    }
}

fn mean(times: &[f64]) -> f64 {
    times.iter().sum::<f64>() / times.len() as f64
}

/// What is known of one model from the first part.
#[derive(Debug, Clone)]
pub(crate) struct MeasuredModel {
    /// Its place in the scenario.
    pub(crate) model: usize,
    requests: u32,
    pub(crate) service: Option<MeasuredLaw>,
    pub(crate) boot: Option<MeasuredLaw>,
    /// Of the requests whose end is told.
    pub(crate) failures: Option<FailureCounts>,
}

/// The same in words and numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Calibrated {
    /// The model.
    pub model: String,
    /// Its requests in the first part.
    pub requests: u32,
    /// How long it executes; `None` where the log has too few times: the scenario's own law holds, with its doubt.
    pub service: Option<LawTold>,
    /// How long its containers take to start; likewise.
    pub boot: Option<LawTold>,
    /// Requests that failed, and those whose end the log tells; `None` where it tells none.
    pub failed: Option<(u32, u32)>,
    /// Requests a day at the end of the first part; `None` where nothing was forecast.
    pub requests_per_day: Option<f64>,
}

/// A law that was fitted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LawTold {
    /// The law.
    pub law: Law,
    /// The name of its family.
    pub family: String,
    /// How many times it rests on.
    pub n: u32,
}

impl MeasuredModel {
    /// - `first`: the requests of the first part, of all models.
    pub(crate) fn of(model: usize, first: &[&SeenRequest]) -> Self {
        let own = || first.iter().filter(|request| request.model == model);
        let count = |is_so: fn(&SeenRequest) -> bool| own().filter(|request| is_so(request)).count() as u32;
        let succeeded = own().filter(|request| request.is_ok != Some(false));
        let tries = count(|request| request.is_ok.is_some());
        let failed = count(|request| request.is_ok == Some(false));
        Self {
            model,
            requests: own().count() as u32,
            service: MeasuredLaw::of(succeeded.filter_map(|request| request.executed_s)),
            boot: MeasuredLaw::of(own().filter_map(|request| request.startup_s)),
            failures: (tries > 0).then_some(FailureCounts { failed, tries }),
        }
    }

    pub(crate) fn told(&self, model: &str, requests_per_day: Option<f64>) -> Calibrated {
        Calibrated {
            model: model.to_owned(),
            requests: self.requests,
            service: self.service.as_ref().map(MeasuredLaw::told),
            boot: self.boot.as_ref().map(MeasuredLaw::told),
            failed: self.failures.map(|counts| (counts.failed, counts.tries)),
            requests_per_day,
        }
    }
}

/// A probability of failing that counts allow, for a place in their law.
pub(crate) fn failure_probability(counts: FailureCounts, share: f64) -> f64 {
    Doubt::Counted { counts, taken: 1.0 }.factor(share)
}

/// A law as a fit of the scenario.
pub(crate) fn fit_of(law: Law, n: usize) -> Fit {
    let (sources, notes) = (Vec::new(), Vec::new());
    Fit { law, kind: Kind::Measured, n: n as u32, factor: Factor::EXACT, rests_on: None, sources, notes }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The spread of refitted means is that of means of samples: sigma / sqrt(n), here 3 / sqrt(40) = 0.474.
    #[test]
    fn refitted_laws_differ_as_samples_do() {
        let law = Law::Gamma { shape: 4.0, scale_s: 1.5 };
        let times = (0..40).map(|k| law.seconds_at((f64::from(k) + 0.5) / 40.0));
        let measured = MeasuredLaw::of(times).expect("enough times");
        let means: Vec<f64> = (0..400).map(|k| measured.redrawn(Luck(9).child(k)).mean_s()).collect();
        let mean = means.iter().sum::<f64>() / 400.0;
        let sd = (means.iter().map(|own| (own - mean).powi(2)).sum::<f64>() / 399.0).sqrt();
        assert!((mean - 6.0).abs() < 0.12, "{mean}");
        assert!((0.40..0.55).contains(&sd), "{sd}");
    }

    #[test]
    fn few_times_tell_no_law_and_equal_ones_a_fixed_one() {
        assert!(MeasuredLaw::of([3.0; 7].into_iter()).is_none());
        let fixed = MeasuredLaw::of([3.0, 0.0, 3.0, 3.0, 3.0, 3.0, 3.0, 3.0, 3.0].into_iter()).expect("eight times");
        assert_eq!((fixed.fit.law, fixed.n), (Law::Deterministic { seconds: 3.0 }, 8));
        assert_eq!(fixed.redrawn(Luck(1)), fixed.fit.law);
        let many = MeasuredLaw::of((0..20_000).map(|k| 1.0 + f64::from(k % 100))).expect("many");
        assert_eq!((many.n, many.times.len()), (20_000, TIMES_MAX));
    }

    /// By scipy 1.17.1, `beta.ppf(0.5, 0.5, 20.5)`.
    #[test]
    fn no_failure_in_twenty_is_no_certainty() {
        let median = failure_probability(FailureCounts { failed: 0, tries: 20 }, 0.5);
        assert!((median - 0.011_169_169_123_59).abs() < 1e-8, "{median}");
    }
}
