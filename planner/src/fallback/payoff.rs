//! What it means that a policy pays. The only place that decides it.

use fleetfront_calibration::Fit;
use fleetfront_scenario::{Criteria, LatencyReading, Scenario};
use serde::{Deserialize, Serialize};

use super::policy::FallbackPolicy;
use super::simulated::Simulated;
use super::study::PolicyResult;
use crate::criteria::{judge_ratio, p95_ratio, success, widen};
use crate::estimate::{Estimate, paired_ratio, ratio};
use crate::statistics::{holm, ratio_of_sums, two_sided_p};
use crate::study::Judgement;
use crate::tally::{P95, Subject};

/// Whether a policy is worth it against the dear GPU type alone, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Payoff {
    /// It is shown to cost less and to keep the criteria.
    Pays,
    /// It is shown to cost less and breaks no criterion, but is not shown to keep them.
    Open,
    /// It is shown to cost less, and breaks a criterion.
    CheaperOnly,
    /// It is not shown to cost less.
    NotCheaper,
}

/// How sure it has to be that a policy costs less.
const ALPHA: f64 = 0.05;

/// The definition in words.
pub(crate) fn definition(criteria: &Criteria) -> String {
    let latency = criteria.latency_ratio_max.map(|most| {
        format!("its end-to-end p95 is at most {most:.2} times as long (a derived service time can refute this, not confirm it)")
    });
    let success =
        criteria.success_rate_min.map(|least| format!("at least {:.0} % of the requests complete", least * 100.0));
    let kept: Vec<String> = latency.into_iter().chain(success).collect();
    let kept = if kept.is_empty() { String::new() } else { format!(", and {}", kept.join(", and ")) };
    format!(
        "A policy pays where it costs less than the dear GPU type alone on the same requests (the whole 95 % interval of \
         the ratio below 1, Holm-adjusted over the policies at a point){kept}. It is cheaper at all where the first holds."
    )
}

/// The dear type alone, held against itself.
pub(crate) fn of_dear(scenario: &Scenario, service: &Fit, dear: &Simulated) -> PolicyResult {
    let mut result = measured(scenario, service, (FallbackPolicy::DearOnly, dear), dear);
    result.payoff = Payoff::NotCheaper;
    result
}

/// Every policy at one point, held against the dear type alone.
///
/// - `service`: that of the cheap GPU type.
pub(crate) fn judged(
    scenario: &Scenario,
    service: &Fit,
    policies: &[(FallbackPolicy, Simulated)],
    dear: &Simulated,
) -> Vec<PolicyResult> {
    let dear_usd = dear.subject.cost_usd();
    let p: Vec<f64> = policies.iter().map(|(_, of)| p_of_equal(&of.subject.cost_usd(), &dear_usd)).collect();
    let of_policy = |((policy, simulated), p): (&(FallbackPolicy, Simulated), f64)| {
        let mut result = measured(scenario, service, (*policy, simulated), dear);
        result.cost_p_adjusted = p;
        result.payoff = payoff(&result);
        result
    };
    policies.iter().zip(holm(&p)).map(of_policy).collect()
}

/// The two-sided p-value of a ratio of 1: that of the interval of its logarithm, so that what busy days add to both does
/// not count against their difference.
fn p_of_equal(of: &[f64], to: &[f64]) -> f64 {
    let ratio = ratio_of_sums(of, to).value;
    let mean = to.iter().sum::<f64>() / to.len() as f64;
    // Its first-order terms, section by section: their mean is the logarithm, their error is its error.
    let terms: Vec<f64> = of.iter().zip(to).map(|(x, y)| ratio.ln() + (x - ratio * y) / (ratio * mean)).collect();
    if terms.iter().all(|term| term.is_finite()) { two_sided_p(&terms) } else { 1.0 }
}

fn payoff(of: &PolicyResult) -> Payoff {
    // Equal bills may differ in their last bit.
    if of.cost_ratio.high >= 1.0 - 1e-9 || of.cost_p_adjusted > ALPHA {
        return Payoff::NotCheaper;
    }
    let judgements: Vec<Judgement> = of.latency.into_iter().chain(of.success).collect();
    if judgements.contains(&Judgement::Fail) {
        Payoff::CheaperOnly
    } else if judgements.contains(&Judgement::Undecided) {
        Payoff::Open
    } else {
        Payoff::Pays
    }
}

fn measured(
    scenario: &Scenario,
    service: &Fit,
    (policy, of): (FallbackPolicy, &Simulated),
    dear: &Simulated,
) -> PolicyResult {
    let (own, first) = (&of.subject, &dear.subject);
    let days = own.each(|t| t.days);
    let counts_requests = policy.falls_back() && policy != FallbackPolicy::Ranked;
    let p95 = p95_ratio(own, first);
    let judged = if policy == FallbackPolicy::DearOnly { p95 } else { widen(p95, service.factor) };
    let enough = scenario.criteria.success_rate_min.map(|least| success("", own, least).result.judgement);
    PolicyResult {
        policy,
        cost_usd_month: ratio(&own.cost_usd(), &days).scaled(scenario.platform.days_per_month),
        cost_ratio: paired_ratio(&own.cost_usd(), &first.cost_usd()),
        cost_p_adjusted: 1.0,
        latency_s_mean: own.mean_latency(),
        latency_s_p95: own.percentile(P95),
        latency_p95_ratio: p95,
        latency_p95_ratio_judged: judged,
        success_rate: own.success_rate(),
        fell_back_share: counts_requests.then(|| of.fell_back_share()),
        dear_time_share: of.dear_time_share(),
        latency: scenario.criteria.latency_ratio_max.map(|most| latency(policy, service, own, judged, most)),
        success: enough,
        payoff: Payoff::NotCheaper,
    }
}

/// "p95 at most 1.20 times that of the dear type."
///
/// - `ratio`: with what the benchmarks leave open.
fn latency(policy: FallbackPolicy, service: &Fit, own: &Subject, ratio: Estimate, most: f64) -> Judgement {
    if policy == FallbackPolicy::DearOnly {
        return Judgement::Pass;
    }
    // More than one in twenty never completes: as long as no latency is, and no interval of it can tell more.
    if own.percentiles_s[P95].is_infinite() {
        return Judgement::Fail;
    }
    judge_ratio(LatencyReading::EndToEnd, "", ratio, most, Some(service.kind)).result.judgement
}

#[cfg(test)]
mod tests {
    use super::Payoff::{CheaperOnly, NotCheaper, Open, Pays};
    use super::*;
    use crate::tally::Tally;
    use fleetfront_calibration::{Factor, Kind};
    use fleetfront_sim::Law;

    fn fit(kind: Kind) -> Fit {
        let law = Law::Deterministic { seconds: 10.0 };
        Fit { law, kind, n: 3, factor: Factor::EXACT, rests_on: None, sources: Vec::new(), notes: Vec::new() }
    }

    /// Sections whose costs vary alike, with this p95 and this share of completed requests.
    fn simulated(usd: f64, p95_s: f64, completed: f64) -> Simulated {
        let section = |k: u32| Tally {
            days: 1.0,
            arrived: 100.0,
            completed: 100.0 * completed,
            latency_s: 900.0,
            usd: [usd * (1.0 + 0.01 * f64::from(k)) + 0.001 * f64::from(k * k), 0.0, 0.0, 0.0],
            seconds: [10.0; 4],
            percentiles_s: [p95_s; 3],
            ..Tally::default()
        };
        let subject =
            Subject { sections: (0..8).map(section).collect(), percentiles_s: [p95_s; 3], peak_containers: 1 };
        Simulated { subject, fell_back: vec![0.0; 8], dear_s: vec![0.0; 8] }
    }

    fn payoffs(kind: Kind, of: &[Simulated]) -> Vec<Payoff> {
        let scenario = crate::fallback::tests::scenario();
        let policies: Vec<_> = of.iter().map(|of| (FallbackPolicy::OnFailure, of.clone())).collect();
        let dear = simulated(10.0, 20.0, 1.0);
        judged(&scenario, &fit(kind), &policies, &dear).into_iter().map(|result| result.payoff).collect()
    }

    #[test]
    fn to_pay_is_to_be_cheaper_and_to_keep_the_criteria() {
        let cases = [
            simulated(8.0, 22.0, 1.0),
            simulated(8.0, 26.0, 1.0),
            simulated(8.0, 22.0, 0.9),
            simulated(10.0, 22.0, 1.0),
            simulated(12.0, 10.0, 1.0),
        ];
        assert_eq!(payoffs(Kind::Measured, &cases), [Pays, CheaperOnly, CheaperOnly, NotCheaper, NotCheaper]);
        // What nobody measured cannot confirm that a latency is kept.
        assert_eq!(payoffs(Kind::Derived, &cases), [Open, CheaperOnly, CheaperOnly, NotCheaper, NotCheaper]);
    }

    /// At the end of its own 95 % interval a ratio would have a p-value of 5 %.
    #[test]
    fn the_p_value_is_that_of_the_interval() {
        let (of, to) = ([8.0, 9.5, 7.0, 11.0], [10.0, 11.0, 9.0, 12.0]);
        let high = paired_ratio(&of, &to).high;
        approx::assert_relative_eq!(p_of_equal(&of, &to.map(|y| y * high)), 0.05, max_relative = 1e-9);
        approx::assert_relative_eq!(p_of_equal(&of, &of), 1.0);
    }

    #[test]
    fn many_policies_have_to_be_surer_than_one() {
        // Cheaper by a hair that varies as much as it is long.
        let noisy = |scale: f64| {
            let mut of = simulated(10.0, 20.0, 1.0);
            for (k, section) in of.subject.sections.iter_mut().enumerate() {
                section.usd[0] -= scale * [0.1, 0.9, 0.2, 0.8, 0.0, 1.0, -0.1, 0.3][k];
            }
            of
        };
        assert_eq!(payoffs(Kind::Measured, &[noisy(0.1)]), [Payoff::Pays]);
        let many: Vec<Simulated> = (0..14).map(|_| noisy(0.1)).collect();
        assert_eq!(payoffs(Kind::Measured, &many), [Payoff::NotCheaper; 14]);
    }
}
