//! The tests of a log: model by model, what the scenario says of it against its calls.

use fleetfront_scenario::{Allocation, FailureCounts, Model, PoolPlan, Scenario};
use fleetfront_workloads::slow_rate_dispersion;

use crate::basis::Basis;
use crate::estimate::Estimate;
use crate::knob::{Knob, KnobUnit};
use crate::statistics::clopper_pearson;

use super::adoption::{Adopted, Cell};
use super::calls::{ObservedCalls, ObservedModel};
use super::drift::Assumption;
use super::failure_test::{FailingTries, failure_test};
use super::shown::{Form, Shown, place_of};
use super::time_tests::{Expected, TIMES_MIN, mean_test, selected_mean_test, spread_test};
use super::traffic_tests::{Compared, WINDOWS_MIN, compared, p_value};

/// An assumption under test.
pub(super) struct Tested {
    pub(super) assumption: Assumption,
    /// What is put in its place; `None` where the log does not tell which number of the scenario that would be.
    pub(super) adopted: Option<Adopted>,
    pub(super) knob: Option<Knob>,
    /// Of a mean that little was known of: its p if all were known.
    pub(super) p_exact: f64,
}

/// The tests of all models.
pub(super) struct Tests<'a> {
    pub(super) scenario: &'a Scenario,
    pub(super) served: &'a Allocation,
    pub(super) calls: &'a ObservedCalls,
    pub(super) shown: Shown,
    pub(super) seed: u64,
    pub(super) tested: Vec<Tested>,
    /// What was not tested, and why.
    pub(super) left: Vec<String>,
}

impl Tests<'_> {
    /// Holds every model against the log, and says what no log of calls tells.
    pub(super) fn all(&mut self) {
        let calls = self.calls;
        for (place, model) in self.scenario.models.iter().enumerate() {
            match calls.models.iter().find(|seen| seen.model == place) {
                Some(seen) => self.of_model(seen),
                None => self.left.push(format!(
                    "everything of {}: no call in the log, and --serves says that it is of other models",
                    model.name
                )),
            }
        }
        let begun = if calls.says.waits { "" } else { ", and this one does not say when calls began to execute" };
        self.left.push(format!("waits: they follow from all of this; backtest holds them against a log{begun}"));
        self.left.push("prices, limits and scaling rules of pools: no log of calls tells them".to_owned());
    }

    fn of_model(&mut self, seen: &ObservedModel) {
        let name = &self.scenario.models[seen.model].name;
        if let Some(compared) = compared(&self.scenario.traffic, self.calls, seen, self.seed) {
            self.traffic(seen, &compared);
        } else {
            self.left.push(format!("traffic of {name}: it is recorded, or sent by clients who wait for answers"));
        }
        if seen.at_s.is_empty() {
            self.left.push(format!("curve, dispersion, times, boots and failures of {name}: no call in the log"));
            return;
        }
        let Some(place) = place_of(self.served, seen.model) else {
            let served = &self.served.name;
            self.left
                .push(format!("times, boots and failures of {name}: \"{served}\" serves it in no pool or in several"));
            return;
        };
        self.times(seen, place);
        self.boots(seen);
        self.failures(seen, place);
    }

    fn add(
        &mut self,
        (name, unit): (String, KnobUnit),
        numbers: (f64, Basis, Estimate, u64),
        test: &str,
        p: f64,
        to: impl Into<Option<Adopted>>,
    ) {
        let (assumed, assumed_basis, observed, n) = numbers;
        let assumption = Assumption {
            name,
            unit,
            assumed,
            assumed_basis,
            observed,
            n,
            test: test.to_owned(),
            p_value: p,
            p_adjusted: p,
            rejected: false,
            known_better: false,
            answers: Vec::new(),
            adopted: String::new(),
            fired: Vec::new(),
        };
        self.tested.push(Tested { assumption, adopted: to.into(), knob: None, p_exact: 1.0 });
    }

    fn of_knob(&mut self, knob: Knob) {
        if let Some(last) = self.tested.last_mut() {
            last.knob = Some(knob);
        }
    }

    fn traffic(&mut self, seen: &ObservedModel, compared: &Compared) {
        let (model, days) = (seen.model, f64::from(self.calls.days));
        let name = self.scenario.models[model].name.clone();
        let n = seen.at_s.len() as u64;
        let drawn = &compared.drawn;
        let totals = drawn.iter().map(|of| of.arrivals);
        let expected = compared.expected.iter().sum::<f64>() / days;
        if n == 0 && expected <= 0.0 {
            return;
        }
        let level = compared.seen.arrivals / days;
        let (mean, sd) = moments(totals.clone());
        // A week varies as the scenario's do.
        let reach = 1.96 * sd / mean.max(1.0) * level.max(1.0 / days);
        let observed = Estimate { value: level, low: (level - reach).max(0.0), high: level + reach };
        let p = p_value(compared.seen.arrivals, totals, true);
        // What spikes bring is no part of what the scenario calls requests a day.
        let factor = level / expected;
        let assumed = self.scenario.models[model].requests_per_day;
        let scaled = [observed.value, observed.low, observed.high].map(|x| x / expected * assumed);
        let observed = Estimate { value: scaled[0], low: scaled[1], high: scaled[2] };
        let of = (format!("traffic of {name}"), KnobUnit::RequestsADay);
        let knob = Knob::Traffic { model };
        let numbers = (assumed, knob.basis(self.scenario), observed, n);
        self.add(of, numbers, "as many drawn weeks", p, Adopted::Traffic { model, factor });
        self.of_knob(knob);
        if n == 0 {
            return;
        }
        let distances = drawn.iter().map(|of| of.off_curve);
        let p = p_value(compared.seen.off_curve, distances.clone(), false);
        let (seen_off, drawn_off) = (compared.seen.off_curve, moments(distances).0);
        let of = (format!("curve of {name}: distance from it"), KnobUnit::Factor);
        let adopted = Adopted::curve(model, compared, self.calls.first_weekday);
        let drawn_basis =
            Basis::simulated(self.scenario, self.seed, &format!("{} drawn logs of {days} days", drawn.len()));
        let numbers = (drawn_off, drawn_basis.clone(), exact(seen_off), n);
        self.add(of, numbers, "the hours of weekdays and weekends in drawn weeks", p, adopted);
        for (place, window) in WINDOWS_MIN.into_iter().enumerate() {
            let of_window = drawn.iter().map(|of| of.dispersion[place]).filter(|of| of.is_finite());
            let seen = compared.seen.dispersion[place];
            if !seen.is_finite() || of_window.clone().next().is_none() {
                self.left.push(format!(
                    "dispersion of {name} in {window} min: nothing is drawn that it could be held against"
                ));
                continue;
            }
            let p = p_value(seen, of_window.clone(), true);
            let of = (format!("dispersion of {name} in {window} min"), KnobUnit::Factor);
            let assumed = moments(of_window).0;
            let adopted = self.burstiness(model, window, seen, assumed, level);
            let numbers = (assumed, drawn_basis.clone(), exact(seen), n);
            self.add(of, numbers, "the same statistic of drawn weeks", p, adopted);
        }
    }

    /// The random factors that would make windows as uneven as they were.
    fn burstiness(&self, model: usize, window_min: usize, seen: f64, assumed: f64, per_day: f64) -> Adopted {
        let (seen, assumed) = ((seen - 1.0).max(0.0), assumed - 1.0);
        let has_rates = self.scenario.traffic.slow_rates_of(model).iter().any(|slow| slow.cv > 0.0);
        if has_rates && assumed > 0.01 {
            return Adopted::Burstiness { model, cv_factor: (seen / assumed).sqrt().min(10.0), new_cv: None };
        }
        let window_s = window_min as f64 * 60.0;
        let of_one = slow_rate_dispersion(per_day / 86_400.0, window_s, 1.0, NEW_CORRELATION_S) - 1.0;
        Adopted::Burstiness { model, cv_factor: 1.0, new_cv: Some((seen / of_one).sqrt().min(3.0)) }
    }

    fn times(&mut self, seen: &ObservedModel, (variant, gpu): (usize, usize)) {
        let scenario = self.scenario;
        let of_model = &scenario.models[seen.model];
        let cell = &of_model.variants[variant].cells[gpu];
        let place = (seen.model, variant, gpu);
        let mean_s = of_model.mean_service_s(variant, gpu);
        let has_shapes = of_model.shape.is_some() || of_model.adapters.is_some();
        if let (Some(fit), Some(mean_s)) = (&cell.service, mean_s) {
            let knob = Knob::Service { model: place.0, variant, gpu };
            let form = (!has_shapes).then(|| Form::of_law(&fit.law));
            self.time(knob, &seen.service_s, (mean_s, fit, form), Cell { place, of_boots: false });
        }
        if let Some(fit) = &cell.boot {
            let knob = Knob::Boot { model: place.0, variant, gpu };
            let form = cell.boot_plan.as_ref().map_or_else(|| Some(Form::of_law(&fit.law)), Form::of_plan);
            self.time(knob, &seen.boot_s, (fit.law.mean_s(), fit, form), Cell { place, of_boots: true });
        }
    }

    fn time(
        &mut self,
        knob: Knob,
        seconds: &[f64],
        (assumed_s, fit, form): (f64, &fleetfront_calibration::Fit, Option<Form<'_>>),
        cell: Cell,
    ) {
        let name = knob.name(self.scenario);
        if seconds.len() < TIMES_MIN {
            let is_said = if cell.of_boots { self.calls.says.startups } else { self.calls.says.executions };
            let why = match (is_said, cell.of_boots) {
                (true, _) => format!("{} times in the log, fewer than {TIMES_MIN}", seconds.len()),
                (false, true) => "the log does not say how long containers took to start".to_owned(),
                (false, false) => "the log does not say how long calls executed".to_owned(),
            };
            self.left.push(format!("{name} and its spread: {why}"));
            return;
        }
        let n = seconds.len() as u64;
        let selection = self.shown.selection(cell, assumed_s);
        // Which boots are seen hangs on windows that the log does not tell; a timeout tells itself.
        let test = if cell.of_boots { selected_mean_test } else { mean_test };
        let found = test(seconds, assumed_s, fit, selection);
        let words = "Student's t of the mean, with what is not known of the law's";
        let words =
            format!("{words}{}", self.shown.words(cell, moments(seconds.iter().copied()).0, found.is_corrected));
        let adopted = Adopted::Times { cell, factor: found.mean_s.value / assumed_s };
        let numbers = (assumed_s, Basis::fitted(fit), found.mean_s, n);
        self.add((name.clone(), KnobUnit::Seconds), numbers, &words, found.p_value, adopted);
        self.of_knob(knob);
        if let Some(last) = self.tested.last_mut() {
            last.p_exact = found.p_exact;
        }
        let Some(form) = form else {
            let what =
                if cell.of_boots { "an image or a snapshot is part of it" } else { "requests differ in their shapes" };
            self.left.push(format!("spread of the {name}: {what}, so that it is of no one law"));
            return;
        };
        let Some((expected, cv_factor)) = self.shown.expected(cell, seconds.len(), form) else {
            self.left.push(format!("spread of the {name}: it has several phases, and simulated logs show too few"));
            return;
        };
        let Some(mut p) = spread_test(seconds, expected, self.seed) else {
            self.left.push(format!("spread of the {name}: the scenario says a fixed time"));
            return;
        };
        // As of the mean: rejected only if every boot seen would not do either.
        if let (true, Expected::Shown(_), Some(law)) = (cell.of_boots, expected, form.law) {
            p = p.max(spread_test(seconds, Expected::Law(law), self.seed).unwrap_or(p));
        }
        let cv = cv(seconds) * cv_factor;
        let spread = Adopted::Spread { cell, cv };
        let words = "Kolmogorov's distance over the mean, against drawn samples";
        let numbers = (form.cv, Basis::spread(fit), exact(cv), n);
        self.add((format!("spread of the {name}"), KnobUnit::Factor), numbers, words, p, spread);
    }

    /// How many boots the calls show: what idle windows, and how many containers are kept up, decide.
    fn boots(&mut self, seen: &ObservedModel) {
        let name = format!("boots shown of {} (idle window, containers)", self.scenario.models[seen.model].name);
        let pool = self.served.pools.iter().find(|pool| pool.models.iter().any(|(model, _)| *model == seen.model));
        let is_heard = |(model, _): &(usize, usize)| self.calls.models.iter().any(|of| of.model == *model);
        let why = match (&self.shown.boots(seen), pool.is_some_and(|pool| pool.models.iter().all(is_heard))) {
            _ if !self.calls.says.startups => "the log does not say when containers started",
            (_, false) => "the log is not of all models of its pool",
            (None, _) => "fewer than five, simulated and in the log",
            (Some(boots), true) => {
                let effort = format!("{} logs with the arrivals of this one", boots.logs);
                let basis = Basis::simulated(self.scenario, self.seed, &effort);
                let numbers = (boots.expected, basis, boots.seen, seen.at_s.len() as u64);
                let words = format!("as many simulated logs, {}", boots.words());
                self.add((name, KnobUnit::Count), numbers, &words, boots.p_value, None);
                return;
            }
        };
        self.left.push(format!("{name}: {why}"));
    }

    fn failures(&mut self, seen: &ObservedModel, (variant, gpu): (usize, usize)) {
        let of_model = &self.scenario.models[seen.model];
        let name = format!("failures of {}", of_model.name);
        if seen.ended == 0 {
            let what = if self.calls.says.endings { "none of its calls says" } else { "the log does not say" };
            self.left.push(format!("{name}: {what} how calls ended"));
            return;
        }
        let pool = self.served.pools.iter().find(|pool| pool.models.iter().any(|(model, _)| *model == seen.model));
        let Some(PoolPlan { settings, .. }) = pool else { return };
        if let Some(fallback) = settings.rules.fallback.as_ref().filter(|fallback| fallback.on_failure) {
            let other = &fallback.pool;
            self.left
                .push(format!("{name}: a try that fails goes on in pool \"{other}\", and the log does not tell tries"));
            return;
        }
        let retries = settings.rules.retry.as_ref().map_or(settings.retries, |retry| retry.max_retries);
        let (own, counts, basis) = failing_in(of_model, variant, gpu);
        let probability = of_model.failure_probability_on(variant, gpu);
        let of = FailingTries { probability, counts, tries: retries.saturating_add(1) };
        let p = failure_test(seen.failed, seen.ended, of);
        let interval = clopper_pearson(seen.failed, seen.ended, 0.95);
        let share = seen.failed as f64 / seen.ended as f64;
        let [value, low, high] = [share, interval.low, interval.high].map(|share| of.of_calls(share));
        let words = if of.tries == 1 {
            "the binomial law, with what was counted before".to_owned()
        } else {
            format!(
                "the binomial law, with what was counted before: {:.2} % of calls failed, each with the last of {} tries",
                share * 100.0,
                of.tries
            )
        };
        let adopted = Adopted::Failures { model: seen.model, own: own.then_some((variant, gpu)), probability: value };
        let numbers = (probability, basis, Estimate { value, low, high }, seen.ended);
        self.add((name, KnobUnit::Share), numbers, &words, p, adopted);
    }
}

/// Whether a cell fails by a probability of its own, what that was counted from, and who says so; else the model's.
fn failing_in(of_model: &Model, variant: usize, gpu: usize) -> (bool, Option<FailureCounts>, Basis) {
    let cell = &of_model.variants[variant].cells[gpu];
    if cell.failure_probability.is_none() {
        return (false, of_model.failure_counts, Basis::stated(&of_model.failure_provenance));
    }
    let basis = cell
        .failures
        .as_ref()
        .map_or_else(Basis::default, |of| Basis { kind: of.kind.word().to_owned(), source: of.sources.join("; ") });
    (true, cell.failure_counts, basis)
}

/// The correlation time of a random factor where the scenario has none, in seconds.
pub(super) const NEW_CORRELATION_S: f64 = 900.0;

fn exact(value: f64) -> Estimate {
    Estimate { value, low: value, high: value }
}

pub(super) fn moments(of: impl Iterator<Item = f64> + Clone) -> (f64, f64) {
    let n = of.clone().count() as f64;
    let mean = of.clone().sum::<f64>() / n;
    (mean, (of.map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0)).sqrt())
}

pub(super) fn cv(seconds: &[f64]) -> f64 {
    let (mean, sd) = moments(seconds.iter().copied());
    sd / mean
}
