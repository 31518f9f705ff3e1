//! What the first part of a log tells of the models: how long they execute, how long their containers take to start, how often
//! they fail; and what it leaves open about that.

use std::collections::BTreeMap;

use fleetfront_calibration::{Factor, Fit, Kind, LawFit, Times, own_law};
use fleetfront_scenario::FailureCounts;
use fleetfront_sim::{Law, Luck};
use serde::{Deserialize, Serialize};

use super::SeenRequest;
use super::days::Period;
use super::shown_boots::ShownBoots;
use super::times_by_day::TimesByDay;
use crate::worlds::Doubt;

/// Fewest times that tell a law: with fewer the scenario's own holds.
pub(crate) const TIMES_MIN: usize = 8;

/// A law fitted to times, and the times.
#[derive(Debug, Clone)]
pub(crate) struct MeasuredLaw {
    fit: LawFit,
    times: TimesByDay,
    /// How many there were before they were thinned out.
    pub(crate) n: usize,
}

impl MeasuredLaw {
    /// The law that `calibrate` finds in such times; `None` where they are too few. Times of zero are no spans and left out.
    ///
    /// - `seconds`: each with the number of its day.
    /// - `days_ahead`: days of the part that is predicted.
    pub(crate) fn of(seconds: impl Iterator<Item = (usize, f64)>, days_ahead: usize) -> Option<Self> {
        let mut of_days: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
        for (day, seconds) in seconds.filter(|(_, seconds)| *seconds > 0.0) {
            of_days.entry(day).or_default().push(seconds);
        }
        let n = of_days.values().map(Vec::len).sum();
        if n < TIMES_MIN {
            return None;
        }
        let times = TimesByDay::of(of_days.into_values(), days_ahead);
        let fit = own_law(&Times::ended(times.all()).ok()?).ok()?;
        Some(Self { fit, times, n })
    }

    /// The law that another first part might have told: refitted to times drawn from these.
    ///
    /// - `days`: the luck of days, the same for all laws of a world: on a slow day all models may be slow.
    pub(crate) fn redrawn(&self, luck: Luck, days: Luck) -> Law {
        let times = self.times.redrawn(luck, days);
        let refitted = Times::ended(&times).ok().and_then(|times| self.fit.refitted(&times));
        // Too few different times for the family: the mean at least is theirs.
        refitted.unwrap_or_else(|| self.fit.law.scaled(mean(&times) / mean(self.times.all())))
    }

    /// That of the times themselves.
    pub(crate) fn fitted(&self) -> Law {
        self.fit.law
    }

    fn told(&self) -> LawTold {
        LawTold { law: self.fit.law, family: self.fit.family.to_string(), n: self.n as u32, unshown: None }
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
    /// What the log shows of boots.
    pub(crate) shown: ShownBoots,
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
    /// Of boots: what was corrected for those that no request shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unshown: Option<Unshown>,
}

/// Boots that no request shows: their containers served none.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Unshown {
    /// Of all boots of the pools, in simulated logs.
    pub share: f64,
    /// Mean of the law that was fitted to the boots of the log, before it was corrected for the others.
    pub shown_mean_s: f64,
}

impl MeasuredModel {
    /// - `first`: the requests of the first part, of all models.
    pub(crate) fn of(model: usize, first: &[&SeenRequest], parts: &[Period; 2]) -> Self {
        let own = || first.iter().filter(|request| request.model == model);
        let count = |is_so: fn(&SeenRequest) -> bool| own().filter(|request| is_so(request)).count() as u32;
        let succeeded = own().filter(|request| request.is_ok != Some(false));
        let tries = count(|request| request.is_ok.is_some());
        let failed = count(|request| request.is_ok == Some(false));
        let ahead = parts[1].days();
        let on_day = |request: &SeenRequest, seconds: Option<f64>| Some((parts[0].day_of(request.at_ns)?, seconds?));
        Self {
            model,
            requests: own().count() as u32,
            service: MeasuredLaw::of(succeeded.filter_map(|request| on_day(request, request.executed_s)), ahead),
            boot: MeasuredLaw::of(own().filter_map(|request| on_day(request, request.startup_s)), ahead),
            shown: ShownBoots::ALL,
            failures: (tries > 0).then_some(FailureCounts { failed, tries }),
        }
    }

    pub(crate) fn told(&self, model: &str, requests_per_day: Option<f64>) -> Calibrated {
        Calibrated {
            model: model.to_owned(),
            requests: self.requests,
            service: self.service.as_ref().map(MeasuredLaw::told),
            boot: self.boot.as_ref().map(|law| self.shown.told(law.told())),
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

    #[test]
    fn few_times_tell_no_law_and_equal_ones_a_fixed_one() {
        let of = |times: &[f64]| MeasuredLaw::of(times.iter().map(|seconds| (0, *seconds)), 1);
        assert!(of(&[3.0; 7]).is_none());
        let fixed = of(&[3.0, 0.0, 3.0, 3.0, 3.0, 3.0, 3.0, 3.0, 3.0]).expect("eight times");
        assert_eq!((fixed.fit.law, fixed.n), (Law::Deterministic { seconds: 3.0 }, 8));
        assert_eq!(fixed.redrawn(Luck(1), Luck(2)), fixed.fit.law);
    }

    /// Of times whose middle is another every day the law is as they are, and that of a redraw is one of its days.
    #[test]
    fn times_of_no_family_are_drawn_as_they_are() {
        let law = Law::LognormalMixture { mu: [0.0, 3.0], sigma: [0.1, 0.1], first_probability: 0.5 };
        let heap = |k: u32| [1.0, 10.0, 100.0][k as usize % 3] * law.seconds_at((f64::from(k) + 0.5) / 900.0);
        let measured = MeasuredLaw::of((0..900).map(|k| (0, heap(k))), 1).expect("enough times");
        assert!(matches!(measured.fit.law, Law::Empirical { .. }), "{:?}", measured.fit);
        assert!(matches!(measured.redrawn(Luck(1), Luck(2)), Law::Empirical { .. }));
    }

    /// By scipy 1.17.1, `beta.ppf(0.5, 0.5, 20.5)`.
    #[test]
    fn no_failure_in_twenty_is_no_certainty() {
        let median = failure_probability(FailureCounts { failed: 0, tries: 20 }, 0.5);
        assert!((median - 0.011_169_169_123_59).abs() < 1e-8, "{median}");
    }
}
