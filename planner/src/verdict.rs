//! The proposed allocation judged, in sentences.

use fleetfront_scenario::Scenario;

use crate::study::{AllocationResult, CriterionResult, Judgement, NaiveComparison, Verdict};

/// - `proposed`: the proposed allocation, or its repair where it cannot run.
/// - `original`: the proposed allocation as it was written.
pub(crate) fn verdict(
    scenario: &Scenario,
    original: &AllocationResult,
    proposed: &AllocationResult,
    baseline: &AllocationResult,
    naive: &NaiveComparison,
) -> Verdict {
    let judgement = overall(&proposed.criteria);
    Verdict {
        allocation: proposed.name.clone(),
        headline: headline(original, proposed, baseline, naive, judgement),
        first: first(scenario, original, proposed, baseline),
        judgement,
    }
}

/// All criteria must hold at once: each is tested at its own level (intersection-union, no correction needed).
/// Criteria that are shown for information do not count.
pub(crate) fn overall(criteria: &[CriterionResult]) -> Judgement {
    let counted = criteria.iter().filter(|c| !is_information(c));
    counted.map(|c| c.judgement).max().unwrap_or(Judgement::Undecided)
}

/// What is said of a model's own cost: the fleet's decides.
pub(crate) const FOR_INFORMATION: &str = "for information: the fleet's cost decides";

pub(crate) fn is_information(criterion: &CriterionResult) -> bool {
    criterion.note == FOR_INFORMATION
}

fn headline(
    original: &AllocationResult,
    proposed: &AllocationResult,
    baseline: &AllocationResult,
    naive: &NaiveComparison,
    judgement: Judgement,
) -> String {
    let runs = if original.infeasible.is_empty() {
        format!("\"{}\"", original.name)
    } else {
        format!("\"{}\" cannot run as written. Made to fit, it", original.name)
    };
    let verb = match judgement {
        Judgement::Pass => "passes every criterion",
        Judgement::Undecided => "is not shown to pass its criteria",
        Judgement::Fail => "fails its criteria",
    };
    let money = match (&proposed.results, &baseline.results) {
        (Some(of), Some(to)) => {
            let (of, to) = (of.fleet.cost_usd_month.value, to.fleet.cost_usd_month.value);
            let change = (of / to - 1.0) * 100.0;
            let spreadsheet = naive.estimates.iter().map(|e| format!("${:.0}", e.usd_month)).collect::<Vec<_>>();
            let arrow = spreadsheet.join(" -> ");
            format!(": ${to:.0} -> ${of:.0} a month ({change:+.0} %), where the spreadsheet says {arrow}")
        }
        _ => String::new(),
    };
    format!("{runs} {verb}{money}.")
}

/// What has to be said before the criteria: what cannot run, and what the baseline itself does not meet.
fn first(
    scenario: &Scenario,
    original: &AllocationResult,
    proposed: &AllocationResult,
    baseline: &AllocationResult,
) -> Vec<String> {
    let mut first: Vec<String> = original.infeasible.clone();
    first.extend(proposed.repairs.iter().cloned());
    first.extend(unmet_by_baseline(scenario, baseline, Judgement::Fail, "does not meet"));
    first.extend(unmet_by_baseline(scenario, baseline, Judgement::Undecided, "is not shown to meet"));
    first
}

/// One sentence a criterion that the baseline itself fails, or is undecided on, with what was found.
fn unmet_by_baseline(
    scenario: &Scenario,
    baseline: &AllocationResult,
    judgement: Judgement,
    verb: &str,
) -> Vec<String> {
    let mut by_criterion: Vec<(&str, Vec<String>)> = Vec::new();
    for criterion in baseline.criteria.iter().filter(|c| c.judgement == judgement) {
        let digits = usize::from(criterion.value.value < 100.0);
        let found = criterion.value.value;
        let found = if found.is_finite() { format!("{found:.digits$} {}", criterion.unit) } else { "never".to_owned() };
        let what = format!("{} ({found})", criterion.subject);
        match by_criterion.iter_mut().find(|(words, _)| *words == criterion.criterion) {
            Some((_, subjects)) => subjects.push(what),
            None => by_criterion.push((&criterion.criterion, vec![what])),
        }
    }
    let name = &scenario.allocations[scenario.baseline].name;
    let sentence = |(words, subjects): (&str, Vec<String>)| {
        format!("\"{name}\" itself {verb} \"{words}\": {}.", subjects.join(", "))
    };
    by_criterion.into_iter().map(sentence).collect()
}
