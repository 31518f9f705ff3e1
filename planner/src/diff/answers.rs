//! The numbers of two studies, and how they are judged.

use super::{AnswerDiff, CriterionChange, MetricDiff, Told};
use crate::estimate::Estimate;
use crate::statistics::{Interval, difference_interval};
use crate::study::{AllocationMetrics, AllocationResult, CriterionResult, FleetPoint, Study};
use crate::verdict::is_information;

/// A number of a fleet: its name, its unit, and how it is read.
type Metric = (&'static str, &'static str, fn(&AllocationMetrics) -> Estimate);

const METRICS: [Metric; 5] = [
    ("cost a month", "USD", |of| of.fleet.cost_usd_month),
    ("latency p95", "s", |of| of.fleet.latency_s_p95),
    ("worst p95 / limit", "x", |of| of.worst_p95_over_limit),
    ("cold starts", "%", |of| of.fleet.cold_start_share.scaled(100.0)),
    ("completed", "%", |of| of.fleet.success_rate.scaled(100.0)),
];

/// Allocations that are in both, by name, in the order of the later study.
pub(super) fn in_both<'a>(
    old: &'a Study,
    new: &'a Study,
) -> impl Iterator<Item = (&'a AllocationResult, &'a AllocationResult)> {
    let before = |name: &str| old.allocations.iter().find(|own| own.name == name);
    new.allocations.iter().filter_map(move |own| before(&own.name).map(|other| (other, own)))
}

/// Those that ran in both.
pub(super) fn answers(old: &Study, new: &Study) -> Vec<AnswerDiff> {
    let ran = in_both(old, new).filter_map(|(old, new)| Some((new, old.results.as_ref()?, new.results.as_ref()?)));
    ran.map(|(own, old, new)| {
        let metric = |(name, unit, read): &Metric| metric_diff(name, unit, read(old), read(new));
        AnswerDiff { allocation: own.name.clone(), metrics: METRICS.iter().map(metric).collect() }
    })
    .collect()
}

/// One number in both.
pub(super) fn metric_diff(name: &str, unit: &str, old: Estimate, new: Estimate) -> MetricDiff {
    let difference = difference(old, new);
    let told = told(old, new, difference);
    MetricDiff { metric: name.to_owned(), unit: unit.to_owned(), old, new, difference, told }
}

fn difference(old: Estimate, new: Estimate) -> Estimate {
    let with_interval = |of: Estimate| (of.value, Interval { low: of.low, high: of.high });
    let Interval { low, high } = difference_interval(with_interval(old), with_interval(new));
    Estimate { value: new.value - old.value, low, high }
}

/// Where a number is infinite the intervals themselves have to lie apart: there is no difference to speak of.
fn told(old: Estimate, new: Estimate, difference: Estimate) -> Told {
    let same = |a: f64, b: f64| a.total_cmp(&b).is_eq();
    if same(old.value, new.value) && same(old.low, new.low) && same(old.high, new.high) {
        return Told::Same;
    }
    let is_apart = if difference.value.is_finite() {
        difference.low > 0.0 || difference.high < 0.0
    } else {
        new.low > old.high || new.high < old.low
    };
    if is_apart { Told::MoreThanLuck } else { Told::MaybeLuck }
}

/// Criteria of allocations that ran in both that are judged otherwise or not asked in both; what is for information only
/// does not count. Another target alone is no change: the inputs say it.
pub(super) fn criteria(old: &Study, new: &Study) -> Vec<CriterionChange> {
    let mut changes = Vec::new();
    for (old, new) in in_both(old, new).filter(|(old, new)| old.results.is_some() && new.results.is_some()) {
        let mut before = counted(old);
        for own in counted(new) {
            let same = before.iter().position(|other| is_same(other, own));
            let earlier = same.map(|place| before.remove(place));
            if earlier.map(|other| other.judgement) != Some(own.judgement) {
                add(&mut changes, &new.name, earlier, Some(own));
            }
        }
        for gone in before {
            add(&mut changes, &new.name, Some(gone), None);
        }
    }
    changes
}

fn counted(of: &AllocationResult) -> Vec<&CriterionResult> {
    of.criteria.iter().filter(|criterion| !is_information(criterion)).collect()
}

/// Whether two judgements are of the same question, whatever the target is.
fn is_same(a: &CriterionResult, b: &CriterionResult) -> bool {
    let is_target = |c: char| c.is_ascii_digit() || c == '.';
    let question = |of: &CriterionResult| of.criterion.replace(is_target, "");
    a.subject == b.subject && question(a) == question(b)
}

/// Adds a change, or its subject to the same change of another subject.
fn add(
    changes: &mut Vec<CriterionChange>,
    allocation: &str,
    old: Option<&CriterionResult>,
    new: Option<&CriterionResult>,
) {
    let Some(of) = new.or(old) else { return };
    let change = CriterionChange {
        allocation: allocation.to_owned(),
        subjects: vec![of.subject.clone()],
        criterion: of.criterion.clone(),
        old_criterion: old.map(|old| old.criterion.clone()).filter(|old| *old != of.criterion),
        old: old.map(|old| old.judgement),
        new: new.map(|new| new.judgement),
    };
    let like = changes
        .iter_mut()
        .find(|own| CriterionChange { subjects: change.subjects.clone(), ..(*own).clone() } == change);
    match like {
        Some(like) => like.subjects.extend(change.subjects),
        None => changes.push(change),
    }
}

/// The cheapest fleet that keeps every limit.
pub(super) fn in_time(study: &Study) -> Option<FleetPoint> {
    // Cheapest first.
    study.frontier.by_worst_ratio.iter().find(|fleet| fleet.worst_p95_over_limit.high <= 1.0).cloned()
}
