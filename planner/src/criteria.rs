//! Each criterion judged, for a model or the fleet. One function a criterion.
//!
//! A criterion passes when its whole interval lies on the right side, fails when it lies on the wrong side, and is
//! undecided otherwise. What benchmarks and runs leave open about a service time widens the interval by its factor. A service
//! time that was derived (not measured or published) can refute "within x % of the baseline", never confirm it.

use fleetfront_calibration::{Factor, Fit, Kind};
use fleetfront_scenario::{Criteria, LatencyReading, Scenario};

use crate::basis::Basis;
use crate::engine_pool::{cell, fits, service};
use crate::estimate::{Estimate, paired_ratio, sectioned_ratio};
use crate::study::{CriterionResult, Judgement};
use crate::tally::{P95, Subject};

/// One model somewhere: what it rests on and what came out.
#[derive(Clone, Copy)]
pub(crate) struct Evidence<'a> {
    pub(crate) model: usize,
    /// Variant and GPU type.
    pub(crate) place: (usize, usize),
    /// What is known of its service time with the reference shape.
    pub(crate) service: &'a Fit,
    /// The mean over the shapes of its requests, in seconds.
    pub(crate) mean_service_s: f64,
    pub(crate) subject: &'a Subject,
}

impl<'a> Evidence<'a> {
    /// # Panics
    /// If the cell is infeasible.
    pub(crate) fn new(scenario: &'a Scenario, model: usize, place: (usize, usize), subject: &'a Subject) -> Self {
        let (fit, _) = fits(cell(scenario, model, place.0, place.1));
        let mean_service_s = service(scenario, (model, place.0), place.1).mean_s();
        Self { model, place, service: fit, mean_service_s, subject }
    }

    /// The warm service time; its interval is what the benchmarks leave open.
    pub(crate) fn warm_service_s(&self) -> Estimate {
        let mean = self.mean_service_s;
        let Factor { low, high } = self.service.factor;
        Estimate { value: mean, low: mean * low, high: mean * high }
    }
}

/// Why a pass is none.
const NOT_MEASURED: &str = "the service time is derived, not measured: it can refute this, not confirm it";

/// Names the criteria that are counted when allocations are ranked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Criterion {
    Cost,
    RatioWarm,
    RatioEndToEnd,
    LimitWarm,
    LimitEndToEnd,
    Success,
    Quality,
}

/// A judged criterion with its place in the ranking.
#[derive(Debug, Clone)]
pub(crate) struct Judged {
    pub(crate) criterion: Criterion,
    /// The model that it is about; `None` for the fleet.
    pub(crate) model: Option<usize>,
    pub(crate) result: CriterionResult,
}

impl Judged {
    /// Whether it would pass if the service time were measured.
    pub(crate) fn is_for_want_of_measurements(&self) -> bool {
        self.result.note == NOT_MEASURED
    }
}

/// The criteria that one model has to meet, in a fixed order.
///
/// - `baseline`: the same model in the baseline; `None` when the model is the baseline itself, which has only the
///   absolute criteria.
pub(crate) fn judge_model(scenario: &Scenario, evidence: Evidence<'_>, baseline: Option<Evidence<'_>>) -> Vec<Judged> {
    let criteria = &scenario.criteria;
    let mut judged = Vec::new();
    for reading in &criteria.latency_readings {
        if let (Some(baseline), Some(target)) = (baseline, criteria.latency_ratio_max) {
            judged.push(latency_ratio(scenario, *reading, evidence, baseline, target));
        }
        if criteria.latency_limit {
            let mut own = latency_limit(scenario, *reading, evidence);
            own.result.baseline = baseline.map(|b| latency_limit(scenario, *reading, b).result.judgement);
            judged.push(own);
        }
    }
    if let Some(target) = criteria.success_rate_min {
        let name = &scenario.models[evidence.model].name;
        let mut own = success(name, evidence.subject, target);
        own.result.baseline = baseline.map(|b| success(name, b.subject, target).result.judgement);
        judged.push(own);
    }
    for own in &mut judged {
        own.model = Some(evidence.model);
    }
    judged
}

/// "Latency within 20 % of the baseline."
fn latency_ratio(
    scenario: &Scenario,
    reading: LatencyReading,
    evidence: Evidence<'_>,
    baseline: Evidence<'_>,
    target: f64,
) -> Judged {
    let luck = match reading {
        LatencyReading::WarmService => Estimate::exact(evidence.mean_service_s / baseline.mean_service_s),
        LatencyReading::EndToEnd => p95_ratio(evidence.subject, baseline.subject),
    };
    let moved = evidence.place != baseline.place;
    // The same variant on the same GPU: what is not known about its speed cancels.
    let value = if moved { widen(luck, evidence.service.factor_over(baseline.service)) } else { luck };
    let weakest = moved.then_some(evidence.service.kind);
    let mut own = judge_ratio(reading, &scenario.models[evidence.model].name, value, target, weakest);
    if reading == LatencyReading::WarmService {
        own.result.basis = Some(Basis::fitted(evidence.service).over(Basis::fitted(baseline.service)));
    }
    own
}

/// The p95 of one subject over that of another, on the same requests.
pub(crate) fn p95_ratio(of: &Subject, to: &Subject) -> Estimate {
    let sections = |subject: &Subject| subject.each(|t| t.percentiles_s[P95]);
    sectioned_ratio(of.percentiles_s[P95] / to.percentiles_s[P95], &sections(of), &sections(to))
}

/// Judges a latency ratio. A derived service time of a model that moved can refute it, not confirm it.
///
/// - `weakest`: the weakest kind of service time among the models that moved; `None` when none did.
pub(crate) fn judge_ratio(
    reading: LatencyReading,
    subject_name: &str,
    value: Estimate,
    target: f64,
    weakest: Option<Kind>,
) -> Judged {
    let criterion = match reading {
        LatencyReading::WarmService => Criterion::RatioWarm,
        LatencyReading::EndToEnd => Criterion::RatioEndToEnd,
    };
    let (judgement, note) = match below(value, target) {
        Judgement::Pass if weakest.is_some_and(|kind| kind >= Kind::Derived) => (Judgement::Undecided, NOT_MEASURED),
        judgement => (judgement, ""),
    };
    let words = ratio_words(reading, target);
    judged(criterion, words, subject_name, (value, target, "x"), judgement, note.to_owned())
}

/// What a latency ratio is asked to be.
pub(crate) fn ratio_words(reading: LatencyReading, target: f64) -> String {
    let what = match reading {
        LatencyReading::WarmService => "warm service time",
        LatencyReading::EndToEnd => "end-to-end p95",
    };
    format!("{what} at most {target:.2} times the baseline's")
}

/// Whether a model is shown to keep its end-to-end limit.
pub(crate) fn keeps_limit(scenario: &Scenario, evidence: Evidence<'_>) -> bool {
    latency_limit(scenario, LatencyReading::EndToEnd, evidence).result.judgement == Judgement::Pass
}

/// "Latency below 30 s." End to end it is the share of late requests that is tested, not the percentile's own
/// interval: sharper, and right where the density is thin at the percentile.
fn latency_limit(scenario: &Scenario, reading: LatencyReading, evidence: Evidence<'_>) -> Judged {
    let model = &scenario.models[evidence.model];
    let limit = model.latency_limit_s.get();
    let factor = evidence.service.factor;
    let (criterion, words, value, judgement, note) = match reading {
        LatencyReading::WarmService => {
            let value = evidence.warm_service_s();
            (Criterion::LimitWarm, "warm service time below", value, below(value, limit), String::new())
        }
        LatencyReading::EndToEnd => {
            let value = widen(evidence.subject.percentile(P95), factor);
            let late = evidence.subject.late_share();
            let by_luck = below(late, 1.0 - scenario.criteria.latency_percentile);
            let judgement = if by_luck == below(value, limit) { by_luck } else { weaken(by_luck, factor) };
            let note = format!("{:.1} % of requests are later than that or fail", late.value * 100.0);
            (Criterion::LimitEndToEnd, "end-to-end p95 below", value, judgement, note)
        }
    };
    let mut own = judged(criterion, format!("{words} {limit} s"), &model.name, (value, limit, "s"), judgement, note);
    if reading == LatencyReading::WarmService {
        own.result.basis = Some(Basis::fitted(evidence.service));
    }
    own
}

/// The share of late requests decides by itself where the service time is known; where it is not, both have to agree.
fn weaken(by_luck: Judgement, factor: Factor) -> Judgement {
    if factor == Factor::EXACT { by_luck } else { Judgement::Undecided }
}

/// "Success above 95 %."
pub(crate) fn success(subject_name: &str, subject: &Subject, target: f64) -> Judged {
    let rate = subject.success_rate();
    let judgement = above(rate, target);
    let words = format!("at least {:.0} % of requests complete", target * 100.0);
    let value = (rate.scaled(100.0), target * 100.0, "%");
    judged(Criterion::Success, words, subject_name, value, judgement, String::new())
}

/// "No visual degradation": how far a precision's output is from the reference. Nothing of it is simulated, so it has no
/// interval; a variant beyond the limit cannot run at all.
pub(crate) fn quality(scenario: &Scenario, evidence: Evidence<'_>) -> Option<Judged> {
    let target = scenario.criteria.quality_lpips_max?;
    let model = &scenario.models[evidence.model];
    let of = model.variants[evidence.place.0].quality.as_ref();
    let value = Estimate::exact(of.map_or(0.0, |quality| quality.lpips));
    let note = match of {
        Some(quality) if quality.provenance.kind > Kind::Measured => "not measured on your own images",
        Some(_) => "",
        None => "the reference itself",
    };
    let words = format!("perceptual distance to the reference at most {target:.2}");
    let mut own =
        judged(Criterion::Quality, words, &model.name, (value, target, "LPIPS"), below(value, target), note.to_owned());
    own.model = Some(evidence.model);
    own.result.basis = Some(match of {
        Some(quality) => Basis::stated(&quality.provenance),
        None => Basis::setting("the reference itself"),
    });
    Some(own)
}

/// "Cost at least 40 % below the baseline."
pub(crate) fn cost(criteria: &Criteria, subject_name: &str, of: &Subject, baseline: &Subject) -> Option<Judged> {
    cost_of_sections(criteria, subject_name, &of.cost_usd(), &baseline.cost_usd())
}

/// The same from the dollars of each section.
pub(crate) fn cost_of_sections(
    criteria: &Criteria,
    subject_name: &str,
    of_usd: &[f64],
    baseline_usd: &[f64],
) -> Option<Judged> {
    let target = criteria.cost_reduction_min? * 100.0;
    let Estimate { value, low, high } = paired_ratio(of_usd, baseline_usd);
    let saved = |ratio: f64| (1.0 - ratio) * 100.0;
    let reduction = Estimate { value: saved(value), low: saved(high), high: saved(low) };
    let judgement = above(reduction, target);
    let words = format!("cost at least {target:.0} % below the baseline");
    Some(judged(Criterion::Cost, words, subject_name, (reduction, target, "%"), judgement, String::new()))
}

pub(crate) fn judged(
    criterion: Criterion,
    words: String,
    subject: &str,
    (value, target, unit): (Estimate, f64, &str),
    judgement: Judgement,
    note: String,
) -> Judged {
    let result = CriterionResult {
        criterion: words,
        subject: subject.to_owned(),
        value,
        target,
        unit: unit.to_owned(),
        judgement,
        note,
        baseline: None,
        basis: None,
    };
    Judged { criterion, model: None, result }
}

pub(crate) fn widen(luck: Estimate, factor: Factor) -> Estimate {
    Estimate { value: luck.value, low: luck.low * factor.low, high: luck.high * factor.high }
}

/// Whether an estimate is at most `target`.
pub(crate) fn below(estimate: Estimate, target: f64) -> Judgement {
    if estimate.high <= target {
        Judgement::Pass
    } else if estimate.low > target {
        Judgement::Fail
    } else {
        Judgement::Undecided
    }
}

/// Whether an estimate is at least `target`.
fn above(estimate: Estimate, target: f64) -> Judgement {
    if estimate.low >= target {
        Judgement::Pass
    } else if estimate.high < target {
        Judgement::Fail
    } else {
        Judgement::Undecided
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_decides_only_when_it_lies_on_one_side() {
        let at = |low, high| Estimate { value: f64::midpoint(low, high), low, high };
        assert_eq!(below(at(0.9, 1.1), 1.2), Judgement::Pass);
        assert_eq!(below(at(1.1, 1.3), 1.2), Judgement::Undecided);
        assert_eq!(below(at(1.3, 1.4), 1.2), Judgement::Fail);
        assert_eq!(above(at(41.0, 44.0), 40.0), Judgement::Pass);
        assert_eq!(above(at(39.0, 44.0), 40.0), Judgement::Undecided);
        assert_eq!(above(at(30.0, 39.0), 40.0), Judgement::Fail);
    }

    fn scenario() -> Scenario {
        Scenario::load(&fleetfront_scenario::Files::embedded()).expect("the embedded scenario is valid")
    }

    fn fit(kind: Kind, factor: Factor) -> Fit {
        let law = fleetfront_sim::Law::Deterministic { seconds: 10.0 };
        Fit { law, kind, n: 3, factor, rests_on: None, sources: Vec::new(), notes: Vec::new() }
    }

    /// Three equal sections with this p95 and this share of late requests.
    fn subject(p95_s: f64, late: f64) -> Subject {
        let tally = crate::tally::Tally {
            days: 1.0,
            arrived: 100.0,
            completed: 100.0,
            late: late * 100.0,
            percentiles_s: [p95_s; 3],
            ..crate::tally::Tally::default()
        };
        Subject { sections: vec![tally; 3], percentiles_s: [p95_s; 3], peak_containers: 1 }
    }

    #[test]
    fn a_derived_service_time_can_refute_a_ratio_and_not_confirm_it() {
        let scenario = scenario();
        let (known, derived) = (fit(Kind::Measured, Factor::EXACT), fit(Kind::Derived, Factor::EXACT));
        let (fast, slow) = (subject(20.0, 0.0), subject(90.0, 0.9));
        let baseline =
            Evidence { model: 0, place: (0, 3), service: &known, mean_service_s: known.law.mean_s(), subject: &fast };
        let judge = |service, subject, place| {
            let own = Evidence { model: 0, place, service, mean_service_s: service.law.mean_s(), subject };
            latency_ratio(&scenario, LatencyReading::EndToEnd, own, baseline, 1.2).result.judgement
        };
        assert_eq!(judge(&known, &fast, (0, 2)), Judgement::Pass);
        assert_eq!(judge(&derived, &fast, (0, 2)), Judgement::Undecided);
        assert_eq!(judge(&derived, &slow, (0, 2)), Judgement::Fail);
        // On the same GPU nothing is left open by the ratio.
        assert_eq!(judge(&derived, &fast, (0, 3)), Judgement::Pass);
    }

    #[test]
    fn what_benchmarks_leave_open_widens_the_interval() {
        let scenario = scenario();
        let wide = fit(Kind::Published, Factor { low: 0.5, high: 2.0 });
        let known = fit(Kind::Measured, Factor::EXACT);
        let same = subject(20.0, 0.0);
        let baseline =
            Evidence { model: 0, place: (0, 3), service: &known, mean_service_s: known.law.mean_s(), subject: &same };
        let moved =
            Evidence { model: 0, place: (0, 2), service: &wide, mean_service_s: wide.law.mean_s(), subject: &same };
        for reading in [LatencyReading::WarmService, LatencyReading::EndToEnd] {
            let result = latency_ratio(&scenario, reading, moved, baseline, 1.2).result;
            approx::assert_relative_eq!(result.value.low, 0.5);
            approx::assert_relative_eq!(result.value.high, 2.0);
            assert_eq!(result.judgement, Judgement::Undecided);
        }
    }

    #[test]
    fn the_share_of_late_requests_decides_about_the_limit() {
        let scenario = scenario();
        let known = fit(Kind::Measured, Factor::EXACT);
        let judge = |p95_s, late| {
            let subject = subject(p95_s, late);
            let own = Evidence {
                model: 0,
                place: (0, 3),
                service: &known,
                mean_service_s: known.law.mean_s(),
                subject: &subject,
            };
            latency_limit(&scenario, LatencyReading::EndToEnd, own).result.judgement
        };
        assert_eq!((judge(29.0, 0.04), judge(31.0, 0.06)), (Judgement::Pass, Judgement::Fail));
    }

    #[test]
    fn quality_is_what_the_scenario_says_of_the_precision() {
        let mut scenario = scenario();
        let (known, same) = (fit(Kind::Measured, Factor::EXACT), subject(20.0, 0.0));
        let nf4 =
            Evidence { model: 0, place: (1, 3), service: &known, mean_service_s: known.law.mean_s(), subject: &same };
        let own = quality(&scenario, nf4).expect("it is asked for").result;
        assert_eq!((own.value, own.target, own.judgement), (Estimate::exact(0.29), 0.30, Judgement::Pass));
        assert_eq!(own.note, "not measured on your own images");
        scenario.criteria.quality_lpips_max = Some(0.28);
        assert_eq!(quality(&scenario, nf4).map(|own| own.result.judgement), Some(Judgement::Fail));
        scenario.criteria.quality_lpips_max = None;
        assert!(quality(&scenario, nf4).is_none());
    }

    #[test]
    fn an_unknown_service_time_needs_both_tests_to_agree() {
        let wide = Factor { low: 0.7, high: 1.35 };
        assert_eq!(weaken(Judgement::Pass, wide), Judgement::Undecided);
        assert_eq!(weaken(Judgement::Pass, Factor::EXACT), Judgement::Pass);
    }
}
