//! What a log says of the assumptions behind a choice: which it rejects, what that does to the answers, and which numbers
//! have passed where an answer changes.

use fleetfront_scenario::{Allocation, Scenario};
use fleetfront_workloads::slow_rate_dispersion;
use serde::{Deserialize, Serialize};

use crate::basis::Basis;
use crate::control::{Control, Effort, Interrupted};
use crate::estimate::Estimate;
use crate::knob::{Knob, KnobUnit};
use crate::statistics::{clopper_pearson, holm};

use super::adoption::{Adopted, Cell};
use super::calls::{ObservedCalls, ObservedModel};
use super::failure_test::failure_test;
use super::shown::{Form, Shown, place_of};
use super::time_tests::{Expected, TIMES_MIN, mean_test, selected_mean_test, spread_test};
use super::traffic_tests::{Compared, WINDOWS_MIN, compared, p_value, whole_days};
use super::{Claim, Question, Trigger, question, values};

/// The probability of rejecting any assumption although all are true.
const LEVEL: f64 = 0.05;

/// A log held against the scenario.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Drift {
    /// Of everything that was observed: the log, and its days that count.
    #[serde(default)]
    pub observed_basis: Basis,
    /// Days of the log that count.
    pub days: u32,
    /// The allocation that served it.
    pub allocation: String,
    /// Every assumption that the log says something about, in the scenario's order.
    pub assumptions: Vec<Assumption>,
    /// The answers with all numbers that the log rejects or knows better replaced by its own; `None` where there are none.
    pub together: Option<Vec<Question>>,
    /// What the log cannot be held against, and why.
    pub not_tested: Vec<String>,
    /// What was repaired in the log or assumed.
    #[serde(default)]
    pub remarks: Vec<String>,
}

/// Something that the scenario says and a log can contradict.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Assumption {
    /// In words: `traffic of flux-dev`.
    pub name: String,
    /// Of the two numbers.
    pub unit: KnobUnit,
    /// What the scenario says, or draws in the mean.
    pub assumed: f64,
    /// What kind that is, and who says so.
    #[serde(default)]
    pub assumed_basis: Basis,
    /// What the log says, with 95 % where it is an estimate.
    pub observed: Estimate,
    /// Calls behind it.
    pub n: u64,
    /// How it was tested, in words.
    pub test: String,
    /// The probability of something as far off by luck.
    pub p_value: f64,
    /// The same for all tests together (Holm).
    pub p_adjusted: f64,
    /// Whether the log rejects it.
    pub rejected: bool,
    /// Whether the log does not reject it, because little was known of it, and yet knows another number.
    pub known_better: bool,
    /// The answers with the log's number in its place; only where it is rejected or known better.
    pub answers: Vec<Question>,
    /// What was put in its place, in words; empty where nothing was.
    pub adopted: String,
    /// Triggers of this number that the log has passed, or may have.
    pub fired: Vec<Fired>,
}

impl Assumption {
    /// Whether the log's number was put in its place.
    #[must_use]
    pub fn is_replaced(&self) -> bool {
        self.rejected || self.known_better
    }
}

/// A trigger that the log speaks to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fired {
    /// The claim whose answer changes.
    pub claim: String,
    /// Where.
    pub at: Estimate,
    /// Whether the log's whole interval lies beyond that of the trigger; if not, they overlap.
    pub certainly: bool,
}

/// An assumption under test.
struct Tested {
    assumption: Assumption,
    adopted: Adopted,
    knob: Option<Knob>,
    /// Of a mean that little was known of: its p if all were known.
    p_exact: f64,
}

/// Holds a log against the scenario.
///
/// - `allocations`: as for [`reevaluate`](super::reevaluate); the first served the calls.
/// - `triggers`: of the choice between them.
///
/// # Errors
/// [`Interrupted`] when `control` was cancelled.
///
/// # Panics
/// If trials are not days, or the calls name a model that the scenario lacks.
pub fn drift(
    scenario: &Scenario,
    allocations: &[Allocation; 2],
    calls: &ObservedCalls,
    triggers: &[Trigger],
    effort: Effort,
    control: &Control,
) -> Result<Drift, Interrupted> {
    assert!(whole_days(&scenario.traffic), "drift is judged by days");
    let shown = Shown::of(scenario, &allocations[0], calls, effort.seed, control)?;
    let (served, seed) = (&allocations[0], effort.seed);
    let mut tests = Tests { scenario, served, calls, shown, seed, tested: vec![], left: vec![] };
    calls.models.iter().for_each(|model| tests.of_model(model));
    let Tests { mut tested, left, .. } = tests;
    let adjusted = holm(&tested.iter().map(|of| of.assumption.p_value).collect::<Vec<_>>());
    let tests = tested.len() as f64;
    for (of, p) in tested.iter_mut().zip(adjusted) {
        let assumption = &mut of.assumption;
        (assumption.p_adjusted, assumption.rejected) = (p, p < LEVEL);
        // Bonferroni's level: of a hundred true means none is to be replaced by luck.
        assumption.known_better = !assumption.rejected && of.p_exact * tests < LEVEL;
    }
    let answers = |adopted: &[&Adopted]| -> Result<Vec<Question>, Interrupted> {
        let mut changed = (scenario.clone(), allocations.clone());
        for of in adopted {
            of.put(&mut changed.0);
        }
        let claims = Claim::all(&changed.0);
        let names = [&allocations[0].name, &allocations[1].name];
        let now = values(&claims, &changed.0, &changed.1, effort, control)?;
        Ok(claims.iter().zip(&now).map(|(claim, value)| question(*claim, value, names)).collect())
    };
    for of in &mut tested {
        of.assumption.fired = fired(scenario, of, triggers);
        if of.assumption.is_replaced() {
            of.assumption.answers = answers(&[&of.adopted])?;
            of.assumption.adopted = of.adopted.words();
        }
    }
    let replaced: Vec<&Adopted> =
        tested.iter().filter(|of| of.assumption.is_replaced()).map(|of| &of.adopted).collect();
    let together = if replaced.is_empty() { None } else { Some(answers(&replaced)?) };
    Ok(Drift {
        observed_basis: Basis::measured(&*calls.source),
        days: calls.days,
        allocation: allocations[0].name.clone(),
        assumptions: tested.into_iter().map(|of| of.assumption).collect(),
        together,
        not_tested: left,
        remarks: calls.remarks.clone(),
    })
}

/// The triggers of the number that lie between what is assumed and what was observed.
fn fired(scenario: &Scenario, of: &Tested, triggers: &[Trigger]) -> Vec<Fired> {
    let Some(knob) = of.knob else { return Vec::new() };
    let (name, observed) = (knob.name(scenario), of.assumption.observed);
    let passed = triggers.iter().filter(|trigger| trigger.knob == name).filter_map(|trigger| {
        let is_above = trigger.at.value >= trigger.now;
        let (touches, certainly) = if is_above {
            (observed.high >= trigger.at.low, observed.low > trigger.at.high)
        } else {
            (observed.low <= trigger.at.high, observed.high < trigger.at.low)
        };
        touches.then(|| Fired { claim: trigger.claim.clone(), at: trigger.at, certainly })
    });
    passed.collect()
}

/// The tests of all models.
struct Tests<'a> {
    scenario: &'a Scenario,
    served: &'a Allocation,
    calls: &'a ObservedCalls,
    shown: Shown,
    seed: u64,
    tested: Vec<Tested>,
    left: Vec<String>,
}

impl Tests<'_> {
    fn of_model(&mut self, seen: &ObservedModel) {
        if let Some(compared) = compared(&self.scenario.traffic, self.calls, seen, self.seed) {
            self.traffic(seen, &compared);
        } else {
            let name = &self.scenario.models[seen.model].name;
            self.left.push(format!("traffic of {name}: it is recorded, or sent by clients who wait for answers"));
        }
        self.times(seen);
        self.failures(seen);
    }

    fn add(
        &mut self,
        (name, unit): (String, KnobUnit),
        numbers: (f64, Basis, Estimate, u64),
        test: &str,
        p: f64,
        to: Adopted,
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
        self.tested.push(Tested { assumption, adopted: to, knob: None, p_exact: 1.0 });
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

    fn times(&mut self, seen: &ObservedModel) {
        let scenario = self.scenario;
        let of_model = &scenario.models[seen.model];
        let Some((variant, gpu)) = self.place(seen.model) else { return };
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
            self.left.push(format!("{name}: {} times in the log, fewer than {TIMES_MIN}", seconds.len()));
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
        let Some(mut p) = spread_test(seconds, expected, self.seed) else { return };
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

    /// Where the model was served; told where that is not one cell.
    fn place(&mut self, model: usize) -> Option<(usize, usize)> {
        let place = place_of(self.served, model);
        if place.is_some() {
            return place;
        }
        let (name, served) = (&self.scenario.models[model].name, &self.served.name);
        self.left.push(format!("times of {name}: \"{served}\" serves it in no pool or in several"));
        None
    }

    fn failures(&mut self, seen: &ObservedModel) {
        if seen.ended == 0 {
            return;
        }
        let of_model = &self.scenario.models[seen.model];
        let assumed = of_model.failure_probability;
        let p = failure_test(seen.failed, seen.ended, assumed, of_model.failure_counts);
        let interval = clopper_pearson(seen.failed, seen.ended, 0.95);
        let value = seen.failed as f64 / seen.ended as f64;
        let observed = Estimate { value, low: interval.low, high: interval.high };
        let of = (format!("failures of {}", of_model.name), KnobUnit::Share);
        let adopted = Adopted::Failures { model: seen.model, probability: value };
        let numbers = (assumed, Basis::stated(&of_model.failure_provenance), observed, seen.ended);
        self.add(of, numbers, "the binomial law, with what was counted before", p, adopted);
    }
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

#[cfg(test)]
#[path = "drift_tests.rs"]
mod tests;
