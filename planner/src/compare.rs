//! Allocations side by side on the same requests: what the difference is, how sure it is, and what would decide what is
//! open.

use fleetfront_calibration::{Factor, Kind};
use fleetfront_scenario::{Allocation, Scenario};
use serde::{Deserialize, Serialize};

use crate::allocation::AllocationRun;
use crate::control::{Control, Effort, Interrupted};
use crate::estimate::{Estimate, jackknifed_ratio, paired_ratio, ratio, sectioned_ratio};
use crate::pairing::{Pair, Probabilities};
use crate::results::{Baseline, infeasible_reasons, result};
use crate::run::Shared;
use crate::statistics::{holm, two_sided_p};
use crate::study::{AllocationResult, CriterionResult, Judgement, Role};
use crate::tally::{P95, Subject};
use crate::verdict::{is_information, overall};

/// How many trials a comparison takes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Precision {
    /// So many.
    Trials(u32),
    /// As many as it takes until the 95 % interval of every cost ratio reaches no further than this share of it to
    /// either side, and no more than `most`.
    HalfWidth {
        /// Such as 0.01.
        share: f64,
        /// Most trials.
        most: u32,
    },
}

/// Two allocations or more.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// Version of the program.
    pub version: String,
    /// SHA-256 of the input files.
    pub inputs_sha256: String,
    /// Name of the scenario.
    pub scenario: String,
    /// Seed of all random numbers.
    pub seed: u64,
    /// Trials (days) that every allocation was simulated for.
    pub trials: u32,
    /// Sections that intervals are computed from.
    pub sections: u32,
    /// Days that a month is said to have.
    pub days_per_month: f64,
    /// The allocations; the first is what the others are compared with.
    pub allocations: Vec<AllocationResult>,
    /// One entry an allocation but the first.
    pub differences: Vec<Difference>,
}

/// One allocation against the first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// Its name.
    pub allocation: String,
    /// The answer in one sentence.
    pub headline: String,
    /// All its criteria together.
    pub judgement: Judgement,
    /// Its month's bill less the first's.
    pub cost_usd_month: Estimate,
    /// Its bill over the first's.
    pub cost_ratio: Estimate,
    /// Its mean latency less the first's, over all requests that completed.
    pub latency_s_mean: Estimate,
    /// Its mean latency over the first's.
    pub latency_mean_ratio: Estimate,
    /// The p95 over all requests, over the first's.
    pub latency_p95_ratio: Estimate,
    /// That it is cheaper, faster (at the p95) and both, given what was simulated.
    pub probabilities: Probabilities,
    /// Two-sided p-value of equal bills, and Holm's where several allocations are compared.
    pub cost_p: f64,
    /// The same, adjusted for the number of allocations.
    pub cost_p_adjusted: f64,
    /// By how much the same requests for both make the variance of the cost difference smaller: that of independent
    /// draws over that of the pair. Infinite when the difference does not vary at all.
    pub variance_reduction: f64,
    /// Why that is little, where it is.
    #[serde(default)]
    pub pairing_finding: Option<String>,
    /// What is undecided, and what would decide it.
    pub open: Vec<OpenQuestion>,
}

/// A criterion that is neither passed nor failed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OpenQuestion {
    /// The criterion and its subject, in words.
    pub criterion: String,
    /// Trials that would decide it, if the estimate stays where it is; `None` where luck is not what is missing.
    pub trials: Option<u64>,
    /// The same in words: trials, or what to measure.
    pub what_decides: String,
}

/// Weeks of the first look, from which the number of trials is told.
const PILOT: u32 = 98;
/// Trials beyond those that the first look asks for: its own half-width is an estimate.
const MARGIN: f64 = 1.15;

/// Simulates allocations on the same requests and compares each with the first.
///
/// - `allocations`: at least two, all of whose cells are feasible (see [`fleetfront_scenario::repaired`]).
///
/// # Errors
/// [`Interrupted`] when `control` was cancelled.
///
/// # Panics
/// If there are fewer than two, one cannot run, or a conservation law is broken.
pub fn compare(
    scenario: &Scenario,
    allocations: &[Allocation],
    precision: Precision,
    seed: u64,
    control: &Control,
) -> Result<Comparison, Interrupted> {
    assert!(allocations.len() > 1, "one allocation is nothing to compare");
    for allocation in allocations {
        let reasons = infeasible_reasons(scenario, allocation);
        assert!(reasons.is_empty(), "\"{}\" cannot run: {reasons:?}", allocation.name);
    }
    let trials = match precision {
        Precision::Trials(trials) => trials,
        Precision::HalfWidth { share, most } => {
            let trials = PILOT.min(most);
            let pilot = simulated(scenario, allocations, Effort { trials, seed }, control)?;
            trials_for(&pilot, trials, share).clamp(trials, most)
        }
    };
    let runs = simulated(scenario, allocations, Effort { trials, seed }, control)?;
    Ok(comparison(scenario, allocations, &runs, Effort { trials, seed }))
}

fn simulated(
    scenario: &Scenario,
    allocations: &[Allocation],
    effort: Effort,
    control: &Control,
) -> Result<Vec<AllocationRun>, Interrupted> {
    let shared = Shared::new(scenario, effort, control, allocations.len());
    allocations.iter().map(|allocation| shared.allocation(allocation)).collect()
}

/// Trials after which every cost ratio is known to the wanted share, in whole weeks.
fn trials_for(pilot: &[AllocationRun], trials: u32, share: f64) -> u32 {
    let widest = pilot[1..].iter().map(|run| {
        let ratio = paired_ratio(&run.fleet.cost_usd(), &pilot[0].fleet.cost_usd());
        ratio.half_width() / ratio.value
    });
    let widest = widest.fold(0.0, f64::max);
    let wanted = MARGIN * f64::from(trials) * (widest / share).powi(2);
    (wanted as u32).div_ceil(7).saturating_mul(7)
}

fn comparison(scenario: &Scenario, allocations: &[Allocation], runs: &[AllocationRun], effort: Effort) -> Comparison {
    let baseline = Baseline { allocation: &allocations[0], run: &runs[0] };
    let first = result(scenario, &allocations[0], Role::Baseline, &runs[0], None);
    let mut results = vec![first];
    let others = allocations.iter().zip(runs).skip(1);
    results.extend(others.map(|(plan, run)| result(scenario, plan, Role::Named, run, Some(&baseline))));
    let mut differences: Vec<Difference> = (1..runs.len())
        .map(|k| difference(scenario, &baseline, &results[k], (&allocations[k], &runs[k]), effort))
        .collect();
    let p: Vec<f64> = differences.iter().map(|difference| difference.cost_p).collect();
    for (difference, adjusted) in differences.iter_mut().zip(holm(&p)) {
        difference.cost_p_adjusted = adjusted;
    }
    Comparison {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        inputs_sha256: scenario.inputs_sha256.clone(),
        scenario: scenario.name.clone(),
        seed: effort.seed,
        trials: effort.trials,
        sections: runs[0].fleet.sections.len() as u32,
        days_per_month: scenario.platform.days_per_month,
        allocations: results,
        differences,
    }
}

fn difference(
    scenario: &Scenario,
    baseline: &Baseline<'_>,
    of: &AllocationResult,
    (plan, run): (&Allocation, &AllocationRun),
    effort: Effort,
) -> Difference {
    let (own, first) = (&run.fleet, &baseline.run.fleet);
    let days = own.each(|t| t.days);
    let cost = Pair { of: own.cost_usd(), to: first.cost_usd() };
    let p95 = Pair { of: p95_s(own), to: p95_s(first) };
    let a_day = ratio(&cost.differences(), &days);
    let judgement = overall(&of.criteria);
    let mut difference = Difference {
        allocation: of.name.clone(),
        headline: String::new(),
        judgement,
        cost_usd_month: a_day.scaled(scenario.platform.days_per_month),
        cost_ratio: jackknifed_ratio(&cost.of, &cost.to),
        latency_s_mean: mean_difference(own, first),
        latency_mean_ratio: mean_ratio(own, first),
        latency_p95_ratio: sectioned_ratio(own.percentiles_s[P95] / first.percentiles_s[P95], &p95.of, &p95.to),
        probabilities: Probabilities::of(&cost, &p95, effort.seed),
        cost_p: two_sided_p(&cost.differences()),
        cost_p_adjusted: 1.0,
        variance_reduction: cost.variance_reduction(),
        pairing_finding: cost.finding(),
        open: open_questions(scenario, baseline.allocation, plan, of, effort.trials),
    };
    difference.headline = headline(&difference, &baseline.allocation.name);
    difference
}

fn p95_s(subject: &Subject) -> Vec<f64> {
    subject.each(|t| t.percentiles_s[P95])
}

/// The sections' own mean latencies.
fn means(own: &Subject, first: &Subject) -> Pair {
    let of = |subject: &Subject| subject.each(|t| t.latency_s / t.completed);
    Pair { of: of(own), to: of(first) }
}

/// The value over all requests, its interval from the sections' own differences.
fn mean_difference(own: &Subject, first: &Subject) -> Estimate {
    let value = own.mean_latency().value - first.mean_latency().value;
    let differences = means(own, first).differences();
    let Estimate { value: center, low, high } = ratio(&differences, &vec![1.0; differences.len()]);
    Estimate { value, low: value + (low - center), high: value + (high - center) }
}

fn mean_ratio(own: &Subject, first: &Subject) -> Estimate {
    let Pair { of, to } = means(own, first);
    sectioned_ratio(own.mean_latency().value / first.mean_latency().value, &of, &to)
}

fn headline(difference: &Difference, first: &str) -> String {
    let Difference { allocation, cost_ratio, cost_usd_month, latency_p95_ratio, judgement, .. } = difference;
    let percent = |ratio: f64| (ratio - 1.0) * 100.0;
    let change = percent(cost_ratio.value);
    let verb = match judgement {
        Judgement::Pass => "passes every criterion",
        Judgement::Undecided => "is not shown to pass its criteria",
        Judgement::Fail => "fails its criteria",
    };
    let sure = if cost_usd_month.low > 0.0 || cost_usd_month.high < 0.0 { "" } else { ", which may be luck" };
    format!(
        "\"{allocation}\" costs {change:+.1} % ({:+.1} to {:+.1}) against \"{first}\"{sure}, its p95 is {:.2} times as \
         long ({:.2} to {:.2}); it {verb}.",
        percent(cost_ratio.low),
        percent(cost_ratio.high),
        latency_p95_ratio.value,
        latency_p95_ratio.low,
        latency_p95_ratio.high,
    )
}

/// What would decide each criterion that is open.
fn open_questions(
    scenario: &Scenario,
    first: &Allocation,
    plan: &Allocation,
    of: &AllocationResult,
    trials: u32,
) -> Vec<OpenQuestion> {
    let open = of.criteria.iter().filter(|c| c.judgement == Judgement::Undecided && !is_information(c));
    open.map(|criterion| {
        let measure = unmeasured(scenario, first, plan, &criterion.subject);
        let trials = if measure.is_empty() { more_trials(criterion, trials) } else { None };
        let what_decides = match trials {
            _ if !measure.is_empty() => {
                let names: Vec<&str> = measure.iter().map(|cell| cell.name.as_str()).collect();
                let runs = measure.first().filter(|_| measure.len() == 1).and_then(|cell| runs(criterion, cell.cv));
                let runs =
                    runs.map_or(String::new(), |n| format!(" ({n} warm runs, if their mean is what is expected)"));
                format!("measure the service time of {}{runs}", names.join(", "))
            }
            Some(trials) => format!("{trials} trials, if the estimate stays where it is"),
            None => "nothing that can be simulated: the estimate lies on the target".to_owned(),
        };
        OpenQuestion { criterion: format!("{}: {}", criterion.subject, criterion.criterion), trials, what_decides }
    })
    .collect()
}

/// Half-widths shrink with the root of the trials: so many until the interval ends at the target.
fn more_trials(criterion: &CriterionResult, trials: u32) -> Option<u64> {
    let Estimate { value, low, high } = criterion.value;
    let distance = (value - criterion.target).abs();
    let half = if value < criterion.target { high - value } else { value - low };
    let wanted = f64::from(trials) * (half / distance).powi(2);
    (wanted.is_finite() && wanted < 1e9).then(|| (wanted * MARGIN).ceil() as u64)
}

/// Warm runs whose mean has a 95 % interval that ends at the target, if it is what is expected now; at least three, to
/// see that they agree. `None` where the criterion is not about the warm runs of one model, or lies on its target.
fn runs(criterion: &CriterionResult, cv: f64) -> Option<u32> {
    const FEWEST: f64 = 3.0;
    const MOST: f64 = 10_000.0;
    let is_warm = criterion.criterion.starts_with("warm service time") && criterion.subject != "fleet";
    let distance = (criterion.value.value / criterion.target).ln().abs();
    let wanted = (1.96 * cv / distance).powi(2).ceil().max(FEWEST);
    (is_warm && wanted <= MOST).then_some(wanted as u32)
}

/// A cell whose service time nobody measured well enough.
struct Unmeasured {
    name: String,
    /// Spread of its service time.
    cv: f64,
}

/// The cells whose service time nobody measured well enough, of one model or of all that stand elsewhere than in the
/// first allocation.
fn unmeasured(scenario: &Scenario, first: &Allocation, plan: &Allocation, subject: &str) -> Vec<Unmeasured> {
    let place = |of: &Allocation, model: usize| {
        let pool = of.pools.iter().find(|pool| pool.models.iter().any(|(m, _)| *m == model))?;
        let (_, variant) = pool.models.iter().find(|(m, _)| *m == model)?;
        Some((*variant, pool.gpu))
    };
    let cell = |(model, of_model): (usize, &fleetfront_scenario::Model)| {
        let own = place(plan, model)?;
        let concerned = of_model.name == subject || subject == "fleet";
        let fit = of_model.variants[own.0].cells[own.1].service.as_ref()?;
        let unknown = fit.kind >= Kind::Derived || fit.factor != Factor::EXACT;
        let moved = place(first, model) != Some(own);
        let name = format!("{} on {}", of_model.name, scenario.gpus[own.1].name);
        (concerned && moved && unknown).then_some(Unmeasured { name, cv: fit.law.cv() })
    };
    scenario.models.iter().enumerate().filter_map(cell).collect()
}

#[cfg(test)]
mod tests;
