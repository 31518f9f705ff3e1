//! What an exported allocation is expected to do, in lines of plain text: the head of every file that is deployed.

use fleetfront_planner::{AllocationResult, Judgement, Study};

use crate::format::{Unit, estimate, in_unit, judgement_word, prose};

/// Where the numbers come from, what they are, and which criteria are open.
pub(crate) fn expectation(study: &Study, allocation: &AllocationResult) -> Vec<String> {
    let mut lines = vec![format!("Allocation \"{}\" of the scenario \"{}\".", allocation.name, study.scenario)];
    if !allocation.description.is_empty() {
        lines.push(allocation.description.clone());
    }
    lines.push(format!("Inputs (SHA-256): {}", study.inputs_sha256));
    lines.push(format!("Computed by fleetfront {}, {}.", study.version, circumstances(study)));
    lines.push(String::new());
    lines.extend(expected(allocation));
    let open: Vec<String> = allocation
        .criteria
        .iter()
        .filter(|criterion| criterion.judgement != Judgement::Pass)
        .map(|criterion| {
            let found = in_unit(criterion.value, &criterion.unit);
            let note = if criterion.note.is_empty() { String::new() } else { format!(" ({})", criterion.note) };
            let (subject, asked) = (&criterion.subject, &criterion.criterion);
            format!("- {subject}, {asked}: {found}: {}{note}", judgement_word(criterion.judgement))
        })
        .collect();
    if allocation.criteria.is_empty() {
        lines.push("The study holds no criteria against it.".to_owned());
    } else if open.is_empty() {
        lines.push("It meets every criterion of the study.".to_owned());
    } else {
        lines.push("Criteria that it does not meet for sure:".to_owned());
        lines.extend(open.iter().map(|line| prose(line)));
    }
    lines
}

/// Seed, trials and the date of the facts: what makes the same numbers again.
pub(crate) fn circumstances(study: &Study) -> String {
    let facts = &study.deployment.facts_as_of;
    let facts = if facts.is_empty() { String::new() } else { format!("; facts as of {facts}") };
    format!("seed {}, {} trials{facts}", study.seed, study.trials)
}

fn expected(allocation: &AllocationResult) -> Vec<String> {
    let Some(results) = &allocation.results else { return vec!["The study has no results of it.".to_owned()] };
    let fleet = &results.fleet;
    let mut lines = vec![
        "Expected, with 95 % intervals that hold luck, not wrong inputs:".to_owned(),
        format!("- cost a month: {}", estimate(fleet.cost_usd_month, Unit::Usd)),
    ];
    if results.has_own_bill() {
        lines.push(format!(
            "- bill a month, plan and credits included: {}",
            estimate(results.bill_usd_month, Unit::Usd)
        ));
    }
    lines.push(format!("- mean latency: {}", estimate(fleet.latency_s_mean, Unit::Seconds)));
    lines.push(format!("- p95 latency: {}", estimate(fleet.latency_s_p95, Unit::Seconds)));
    let worst = estimate(results.worst_p95_over_limit, Unit::Ratio);
    lines.push(format!("- worst p95 latency: {worst} its limit ({})", results.worst_model));
    lines.push(format!("- requests completed: {}", estimate(fleet.success_rate, Unit::Share)));
    lines
}

/// What one endpoint is expected to do; nothing where the study has no results of it.
pub(crate) fn of_endpoint(allocation: &AllocationResult, model: &str) -> Vec<String> {
    let results = allocation.results.iter().flat_map(|results| &results.models);
    let of = results.filter(|result| result.model == model).map(|result| {
        let metrics = &result.metrics;
        let cost = estimate(metrics.cost_usd_month, Unit::Usd);
        let p95 = estimate(metrics.latency_s_p95, Unit::Seconds);
        format!("{cost} a month, p95 latency {p95}, {} completed", estimate(metrics.success_rate, Unit::Share))
    });
    of.collect()
}
