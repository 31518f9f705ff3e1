//! The recommendation once more, on days that it was not chosen on: the best of many on the very days of the choice is
//! the luckiest too.

use std::ops::Range;

use fleetfront_scenario::{Allocation, Scenario};

use crate::advice::verb;
use crate::allocation::run_allocation;
use crate::control::{Control, Effort, Interrupted};
use crate::recommendation::FreshDays;
use crate::requests::Requests;
use crate::results::{Baseline, result};
use crate::sections::sections;
use crate::study::{AllocationResult, Judgement, Role};

/// Simulates the recommended allocation and the baseline on as many days again, none of which took part in the choice.
///
/// - `chosen`: what came out on the days of the choice.
pub(crate) fn on_fresh_days(
    scenario: &Scenario,
    plan: &Allocation,
    chosen: &AllocationResult,
    effort: Effort,
    control: &Control,
) -> Result<FreshDays, Interrupted> {
    // Whole weeks later, so that the days of the week are the same.
    let first = effort.trials.next_multiple_of(7);
    let later = |section: Range<u32>| section.start + first..section.end + first;
    let own = sections(effort.trials, scenario.traffic.is_weekly()).into_iter().map(later).collect::<Vec<_>>();
    let requests = Requests::on_demand(&scenario.traffic, effort.seed);
    let baseline_plan = &scenario.allocations[scenario.baseline];
    let baseline_run = run_allocation(scenario, baseline_plan, &requests, &own, control)?;
    let baseline = Baseline { allocation: baseline_plan, run: &baseline_run };
    let run = run_allocation(scenario, plan, &requests, &own, control)?;
    let fresh = result(scenario, plan, Role::Recommended, &run, Some(&baseline));
    let results = fresh.results.as_ref().expect("the recommended allocation runs");
    Ok(FreshDays {
        trials: effort.trials,
        first_trial: first,
        cost_usd_month: results.fleet.cost_usd_month,
        latency_s_p95: results.fleet.latency_s_p95,
        changed: changed(chosen, &fresh),
    })
}

/// The criteria that are judged otherwise.
fn changed(chosen: &AllocationResult, fresh: &AllocationResult) -> Vec<String> {
    let pairs = chosen.criteria.iter().zip(&fresh.criteria).filter(|(a, b)| a.judgement != b.judgement);
    pairs
        .map(|(was, is)| {
            format!("{}: {} {} instead of {}", is.subject, is.criterion, verb(is.judgement), participle(was.judgement))
        })
        .collect()
}

fn participle(judgement: Judgement) -> &'static str {
    match judgement {
        Judgement::Pass => "passing",
        Judgement::Fail => "failing",
        Judgement::Undecided => "being undecided",
    }
}

impl FreshDays {
    /// In a sentence or two.
    #[must_use]
    pub fn words(&self) -> String {
        let cost = self.cost_usd_month;
        let found = format!(
            "On {} other days, which had no part in the choice, it costs ${:.0} a month ({:.0} to {:.0}), with a p95 of \
             {:.1} s",
            self.trials, cost.value, cost.low, cost.high, self.latency_s_p95.value
        );
        match self.changed.as_slice() {
            [] => format!("{found}; every criterion is judged as before."),
            changed => format!("{found}. Judged otherwise there: {}.", changed.join("; ")),
        }
    }
}
