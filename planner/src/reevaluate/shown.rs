//! Which times a log shows: containers that boot and serve nobody stand in none, and what is stopped at its timeout has no
//! end that is timed. Logs that are simulated with the arrivals of the log leave out the same.

use std::collections::BTreeMap;

use fleetfront_scenario::{Allocation, BootPlan, Scenario};
use fleetfront_sim::Law;
use statrs::distribution::{ContinuousCDF, StudentsT};

use crate::backtest::{DAY_NS, ShownTimes, days_from_zero};
use crate::control::{Control, Interrupted};
use crate::estimate::Estimate;

use super::adoption::{Adopted, Cell};
use super::calls::{ObservedCalls, ObservedModel};
use super::model_tests::moments;
use super::time_tests::{Expected, Selection, TIMES_MIN};

/// A timeout that fewer requests reach moves no mean.
const TIMED_OUT_MIN: f64 = 1e-4;
/// Simulated times for one of the log, at least, that stand for all that are possible.
const SHOWN_PER_TIME_MIN: usize = 10;

/// The form of times of a cell: how they spread.
#[derive(Debug, Clone, Copy)]
pub(super) struct Form<'a> {
    pub(super) cv: f64,
    /// Where they are of one law.
    pub(super) law: Option<&'a Law>,
}

impl<'a> Form<'a> {
    pub(super) fn of_law(law: &'a Law) -> Self {
        Self { cv: law.cv(), law: Some(law) }
    }

    /// Of phases alone: what loads an image or restores a snapshot has no form that a single law could take the place of.
    pub(super) fn of_plan(plan: &'a BootPlan) -> Option<Self> {
        if plan.image.is_some() || plan.snapshot.is_some() {
            return None;
        }
        if let [law] = &plan.phases[..] {
            return Some(Self::of_law(law));
        }
        let variance: f64 = plan.phases.iter().map(|law| (law.cv() * law.mean_s()).powi(2)).sum();
        Some(Self { cv: variance.sqrt() / plan.mean_s(), law: None })
    }
}

/// Fewest boots, in the log or simulated, whose number says anything.
const BOOTS_MIN: f64 = 5.0;
/// So far off may the number of boots be for reasons that are the simulator's: not its luck, its rules.
const BOOTS_OFF: f64 = 0.03;

/// The boots that calls of a model show, in a log and in simulated ones.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct BootsShown {
    /// Mean of the simulated logs.
    pub(super) expected: f64,
    pub(super) logs: usize,
    /// In the log, with 95 % of what luck makes of it.
    pub(super) seen: Estimate,
    pub(super) p_value: f64,
    /// What was counted, in days from the first midnight.
    days: (f64, f64),
}

impl BootsShown {
    /// - `counts`: of each simulated log.
    fn of(seen: f64, counts: &[f64], days: (f64, f64)) -> Self {
        let n = counts.len() as f64;
        let (expected, sd) = moments(counts.iter().copied());
        // A boot more or less is luck even where all logs have as many.
        let error = sd.max(1.0) * (1.0 + 1.0 / n).sqrt();
        let student = StudentsT::new(0.0, 1.0, n - 1.0).expect("several logs");
        let off = ((seen - expected).abs() - BOOTS_OFF * expected).max(0.0);
        let reach = student.inverse_cdf(0.975) * sd.max(1.0);
        let seen = Estimate { value: seen, low: (seen - reach).max(0.0), high: seen + reach };
        Self { expected, logs: counts.len(), seen, p_value: 2.0 * student.cdf(-off / error), days }
    }

    /// How it is tested.
    pub(super) fn words(&self) -> String {
        let off = BOOTS_OFF * 100.0;
        let (from, until) = self.days;
        format!(
            "of days {from} to {until}, with its arrivals and mean times; {off:.0} % are left to the simulator's rules"
        )
    }
}

/// What simulated logs show of the models of a log.
#[derive(Debug)]
pub(super) struct Shown {
    times: ShownTimes,
    /// Models some of whose executions reach their timeout.
    timed_out: Vec<usize>,
    /// How much longer than in the scenario the simulated times are, by model: of executions, of boots.
    factors: BTreeMap<(usize, bool), f64>,
}

impl Shown {
    /// Simulates logs in which service and boot times have the means that the log shows: what is left out hangs on them, and
    /// hardly on a hundredth more or less.
    ///
    /// # Errors
    /// [`Interrupted`] when `control` was cancelled.
    pub(super) fn of(
        scenario: &Scenario,
        served: &Allocation,
        calls: &ObservedCalls,
        seed: u64,
        control: &Control,
    ) -> Result<Self, Interrupted> {
        let mut found = Self { times: ShownTimes::default(), timed_out: Vec::new(), factors: BTreeMap::new() };
        let mut own = scenario.clone();
        for seen in &calls.models {
            let Some((variant, gpu)) = place_of(served, seen.model) else { continue };
            for of_boots in [false, true] {
                let cell = Cell { place: (seen.model, variant, gpu), of_boots };
                found.scale(&mut own, cell, seen);
            }
            let of_cell = &own.models[seen.model].variants[variant].cells[gpu];
            let timeouts = served.pools.iter().filter(|pool| pool.models.iter().any(|(of, _)| *of == seen.model));
            let reach = |timeout_s: f64| {
                of_cell.service.as_ref().is_some_and(|fit| fit.law.seconds_at(1.0 - TIMED_OUT_MIN) > timeout_s)
            };
            if timeouts.map(|pool| pool.settings.timeout.get()).any(reach) {
                found.timed_out.push(seen.model);
            }
        }
        let has_boots = calls.says.startups || calls.models.iter().any(|seen| seen.boot_s.len() >= TIMES_MIN);
        if has_boots || !found.timed_out.is_empty() {
            let mut stamps: Vec<(i64, u32)> = Vec::new();
            for seen in &calls.models {
                stamps.extend(seen.at_s.iter().map(|at_s| ((at_s * 1e9) as i64, seen.model as u32)));
            }
            stamps.sort_unstable();
            found.times = ShownTimes::of(&own, served, (&stamps, &days_from_zero(calls.days)), seed, control)?;
            let all = found.times.boot_s.values_mut().chain(found.times.service_s.values_mut());
            all.for_each(|of| of.sort_by(f64::total_cmp));
        }
        Ok(found)
    }

    fn scale(&mut self, own: &mut Scenario, cell: Cell, seen: &ObservedModel) {
        let seconds = if cell.of_boots { &seen.boot_s } else { &seen.service_s };
        let (model, variant, gpu) = cell.place;
        let assumed_s = if cell.of_boots {
            own.models[model].variants[variant].cells[gpu].boot.as_ref().map(|fit| fit.law.mean_s())
        } else {
            own.models[model].mean_service_s(variant, gpu)
        };
        if let Some(assumed_s) = assumed_s.filter(|_| seconds.len() >= TIMES_MIN) {
            let factor = seconds.iter().sum::<f64>() / seconds.len() as f64 / assumed_s;
            Adopted::Times { cell, factor }.put(own);
            self.factors.insert((model, cell.of_boots), factor);
        }
    }

    /// The boots that the calls of a model show, and as many simulated ones; `None` where both are too few.
    pub(super) fn boots(&self, seen: &ObservedModel) -> Option<BootsShown> {
        let counts = self.times.boot_counts.get(&seen.model)?;
        let counted = &self.times.counted_ns;
        let is_counted = |at_s: &&f64| counted.contains(&((**at_s * 1e9) as i64));
        let own = seen.boot_at_s.iter().filter(is_counted).count() as f64;
        let days = [counted.start, counted.end].map(|at_ns| at_ns as f64 / DAY_NS as f64);
        let boots = BootsShown::of(own, counts, (days[0], days[1]));
        (own.max(boots.expected) >= BOOTS_MIN).then_some(boots)
    }

    fn times(&self, cell: Cell) -> &[f64] {
        let of = if cell.of_boots { &self.times.boot_s } else { &self.times.service_s };
        of.get(&cell.place.0).map_or(&[], Vec::as_slice)
    }

    /// Whether the log leaves out times of a cell.
    fn leaves_out(&self, cell: Cell) -> bool {
        let model = cell.place.0;
        if cell.of_boots { self.times.unshown_share(model) > 0.0 } else { self.timed_out.contains(&model) }
    }

    /// - `assumed_s`: the mean that the scenario says.
    pub(super) fn selection(&self, cell: Cell, assumed_s: f64) -> Selection {
        let times = self.times(cell);
        if !self.leaves_out(cell) || times.len() < TIMES_MIN {
            return Selection::NONE;
        }
        let (mean, sd) = moments(times.iter().copied());
        let of_scenario = self.factors.get(&(cell.place.0, cell.of_boots)).copied().unwrap_or(1.0);
        Selection { factor: mean / (assumed_s * of_scenario), error_log: sd / (times.len() as f64).sqrt() / mean }
    }

    /// What is said of it.
    ///
    /// - `is_corrected`: whether the mean is.
    pub(super) fn words(&self, cell: Cell, seen_s: f64, is_corrected: bool) -> String {
        if !self.leaves_out(cell) {
            return String::new();
        }
        if cell.of_boots {
            let share = self.times.unshown_share(cell.place.0) * 100.0;
            if !is_corrected {
                return format!(
                    "; not corrected: by the scenario's windows {share:.1} % of boots would be seen by no request, but the law's \
                     mean is that of those seen"
                );
            }
            return format!(
                "; corrected: {share:.1} % of boots are seen by no request, mean of the others {seen_s:.2} s"
            );
        }
        format!("; corrected for executions that reach the timeout and are not timed, mean of the others {seen_s:.2} s")
    }

    /// What times of a log are held against, and what their cv is multiplied with to be that of all; `None` where nothing
    /// tells it.
    ///
    /// - `n`: how many there are.
    pub(super) fn expected<'a>(&'a self, cell: Cell, n: usize, form: Form<'a>) -> Option<(Expected<'a>, f64)> {
        let times = self.times(cell);
        let plain = form.law.map(|law| (Expected::Law(law), 1.0));
        if times.len() < SHOWN_PER_TIME_MIN * n {
            return plain;
        }
        match plain {
            Some(plain) if !self.leaves_out(cell) => Some(plain),
            _ => Some((Expected::Shown(times), form.cv / super::model_tests::cv(times))),
        }
    }
}

/// The variant and the GPU type of the one pool in which a model was served.
pub(super) fn place_of(served: &Allocation, model: usize) -> Option<(usize, usize)> {
    let mut places = served.pools.iter().flat_map(|pool| {
        let of = pool.models.iter().filter(move |(other, _)| *other == model);
        of.map(move |(_, variant)| (*variant, pool.gpu))
    });
    places.next().filter(|_| places.next().is_none())
}

#[cfg(test)]
#[path = "shown_tests.rs"]
mod tests;
