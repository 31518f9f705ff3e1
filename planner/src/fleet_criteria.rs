//! The latency criteria of the fleet as a whole: all requests together, whatever their model.

use fleetfront_calibration::{Factor, Kind};
use fleetfront_scenario::{LatencyReading, Scenario};

use crate::basis::Basis;
use crate::criteria::{Criterion, Evidence, Judged, below, judge_ratio, judged, p95_ratio, widen};
use crate::estimate::Estimate;
use crate::study::Judgement;
use crate::tally::Subject;

/// One fleet: its models' evidence, in the scenario's order, and all requests together.
#[derive(Clone, Copy)]
pub(crate) struct FleetEvidence<'a> {
    pub(crate) models: &'a [Evidence<'a>],
    pub(crate) fleet: &'a Subject,
}

impl<'a> FleetEvidence<'a> {
    /// The models that do not stand where they stand in the baseline, each with itself there.
    fn moved(self, baseline: FleetEvidence<'a>) -> impl Iterator<Item = (&'a Evidence<'a>, &'a Evidence<'a>)> {
        self.models.iter().zip(baseline.models).filter(|(own, before)| own.place != before.place)
    }

    /// The weakest kind of service time among them.
    fn weakest_moved(self, baseline: FleetEvidence<'a>) -> Option<Kind> {
        self.moved(baseline).map(|(own, _)| own.service.kind).max()
    }
}

/// The latency criteria of the fleet, in a fixed order.
///
/// - `baseline`: `None` for the baseline itself, which has only the absolute criteria.
pub(crate) fn judge_fleet(
    scenario: &Scenario,
    own: FleetEvidence<'_>,
    baseline: Option<FleetEvidence<'_>>,
) -> Vec<Judged> {
    let criteria = &scenario.criteria;
    let mut all = Vec::new();
    for reading in &criteria.latency_readings {
        if let (Some(baseline), Some(target)) = (baseline, criteria.latency_ratio_max) {
            all.push(match reading {
                LatencyReading::WarmService => warm_ratio(scenario, own, baseline, target),
                LatencyReading::EndToEnd => end_to_end_ratio(own, baseline, target),
            });
        }
        if criteria.latency_limit && *reading == LatencyReading::EndToEnd {
            let mut late = late_share(scenario, own);
            late.result.baseline = baseline.map(|b| late_share(scenario, b).result.judgement);
            all.push(late);
        }
    }
    all
}

/// Mean warm service time over all requests, against the baseline's. What is not known about a speed cancels for the
/// models that stay where they are.
fn warm_ratio(scenario: &Scenario, own: FleetEvidence<'_>, baseline: FleetEvidence<'_>, target: f64) -> Judged {
    let weighted = |of: &[Evidence<'_>], factor: &dyn Fn(usize) -> f64| -> f64 {
        of.iter().map(|e| scenario.traffic.models[e.model].mean_per_day() * e.mean_service_s * factor(e.model)).sum()
    };
    let to = weighted(baseline.models, &|_| 1.0);
    let moved = |model: usize| own.models[model].place != baseline.models[model].place;
    let over = |model: usize| own.models[model].service.factor_over(baseline.models[model].service);
    let factor = |model: usize| if moved(model) { over(model) } else { Factor::EXACT };
    let ratio = Estimate {
        value: weighted(own.models, &|_| 1.0) / to,
        low: weighted(own.models, &|model| factor(model).low) / to,
        high: weighted(own.models, &|model| factor(model).high) / to,
    };
    let mut judged = judge_ratio(LatencyReading::WarmService, "fleet", ratio, target, own.weakest_moved(baseline));
    let kinds = own.models.iter().chain(baseline.models).map(|model| model.service.kind);
    let kind = kinds.max().map_or("derived", Kind::word).to_owned();
    judged.result.basis = Some(Basis { kind, source: "the warm service times of all models".to_owned() });
    judged
}

/// The p95 over all requests, against the baseline's.
fn end_to_end_ratio(own: FleetEvidence<'_>, baseline: FleetEvidence<'_>, target: f64) -> Judged {
    // As wide as the least known of the models that move.
    let factors = own.moved(baseline).map(|(own, before)| own.service.factor_over(before.service));
    let widest = factors.fold(Factor::EXACT, |widest, factor| Factor {
        low: widest.low.min(factor.low),
        high: widest.high.max(factor.high),
    });
    let ratio = widen(p95_ratio(own.fleet, baseline.fleet), widest);
    judge_ratio(LatencyReading::EndToEnd, "fleet", ratio, target, own.weakest_moved(baseline))
}

/// The share of requests that are later than their own model's limit.
fn late_share(scenario: &Scenario, own: FleetEvidence<'_>) -> Judged {
    let accepted = 1.0 - scenario.criteria.latency_percentile;
    let late = own.fleet.late_share();
    let known = own.models.iter().all(|e| e.service.factor == Factor::EXACT);
    let judgement = match below(late, accepted) {
        Judgement::Pass if !known => Judgement::Undecided,
        judgement => judgement,
    };
    let words = format!("at most {:.0} % of requests later than their model's limit", accepted * 100.0);
    let value = (late.scaled(100.0), accepted * 100.0, "%");
    judged(Criterion::LimitEndToEnd, words, "fleet", value, judgement, String::new())
}
