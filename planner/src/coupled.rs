//! Fleets whose pools a quota may tie together.
//!
//! Pools whose peaks together stay within the quota never meet it: simulated one by one they are what they are
//! together. (Peaks are those of the counted day, not of the evening that runs it in.) Others are simulated as one
//! group, and what that brings stands in place of the sum.

use std::ops::Range;

use fleetfront_scenario::{Allocation, PoolPlan, Quota, Scenario};

use crate::allocation::run_allocation;
use crate::control::{Control, Interrupted};
use crate::experiment::Candidate;
use crate::fleets::{Against, Combined, Fleets};
use crate::partition::Partitions;
use crate::requests::Requests;

/// At most so many fleets of a frontier are simulated together, spread over it evenly: each takes as long as a named
/// allocation.
const MOST_TOGETHER: usize = 8;

/// What simulating fleets together needs.
pub(crate) struct Together<'a> {
    pub(crate) scenario: &'a Scenario,
    pub(crate) partitions: &'a Partitions,
    pub(crate) requests: &'a Requests<'a>,
    pub(crate) sections: &'a [Range<u32>],
    pub(crate) control: &'a Control,
}

/// A fleet as an allocation.
pub(crate) fn plan(partitions: &Partitions, name: &str, description: &str, chosen: &[&Candidate]) -> Allocation {
    let pool = |candidate: &&Candidate| PoolPlan {
        name: partitions.units[candidate.unit].name.clone(),
        gpu: candidate.gpu,
        models: candidate.models.clone(),
        settings: candidate.settings.clone(),
    };
    Allocation { name: name.to_owned(), description: description.to_owned(), pools: chosen.iter().map(pool).collect() }
}

/// Whether the pools of a fleet never meet the quota.
pub(crate) fn keeps_quota(quota: Quota, chosen: &[&Candidate]) -> bool {
    let peak = |c: &&Candidate| u64::from(c.pool.peak_containers);
    let gpus = |c: &&Candidate| peak(c) * u64::from(c.settings.rules.gpus_per_container.unwrap_or(1));
    let within = |limit: Option<u32>, used: u64| limit.is_none_or(|limit| used <= u64::from(limit));
    within(quota.containers, chosen.iter().map(peak).sum()) && within(quota.gpus, chosen.iter().map(gpus).sum())
}

impl Together<'_> {
    /// The fleets with what the quota makes of them. Where none is set they stay as they are.
    pub(crate) fn under_quota<'c>(&self, fleets: Fleets<'c>) -> Result<Fleets<'c>, Interrupted> {
        let quota = self.scenario.quota;
        if quota == Quota::default() {
            return Ok(fleets);
        }
        let Fleets { frontiers, mut uniform, mut notes } = fleets;
        uniform.retain(|fleet| keeps_quota(quota, &fleet.chosen));
        let mut known: Vec<Combined<'c>> = Vec::new();
        let (mut simulated, mut left) = (0, 0);
        let mut checked = Vec::new();
        for (against, fleets) in frontiers {
            let (mut sure, open): (Vec<_>, Vec<_>) =
                fleets.into_iter().partition(|fleet| keeps_quota(quota, &fleet.chosen));
            let tried = spread(open.len(), MOST_TOGETHER);
            left += open.len() - tried.len();
            for fleet in tried.into_iter().map(|k| &open[k]) {
                let same = known.iter().find(|other| same_settings(other, fleet));
                if let Some(found) = same {
                    sure.push(found.clone());
                    continue;
                }
                let found = self.simulated(fleet)?;
                simulated += 1;
                known.push(found.clone());
                sure.push(found);
            }
            checked.push((against, Against::frontier(against, &sure)));
        }
        if simulated + left > 0 {
            let unknown = match left {
                0 => String::new(),
                left => format!("; {left} others are left out, because what they are together is not known"),
            };
            notes.push(format!(
                "The frontiers were found pool by pool. The pools of {simulated} of their fleets together may reach the \
                 quota: these were simulated together, and stand where they still belong{unknown}. Fleets that are better \
                 only because of the quota are not searched."
            ));
        }
        Ok(Fleets { frontiers: checked, uniform, notes })
    }

    fn simulated<'c>(&self, fleet: &Combined<'c>) -> Result<Combined<'c>, Interrupted> {
        self.control.expect(self.sections.len() as u64);
        let plan = plan(self.partitions, "fleet", "", &fleet.chosen);
        let run = run_allocation(self.scenario, &plan, self.requests, self.sections, self.control)?;
        Ok(fleet.together(self.scenario, &run))
    }
}

fn same_settings(a: &Combined<'_>, b: &Combined<'_>) -> bool {
    a.chosen.len() == b.chosen.len() && a.chosen.iter().zip(&b.chosen).all(|(a, b)| std::ptr::eq(*a, *b))
}

/// Places of so many of `n`, the first and the last among them.
fn spread(n: usize, most: usize) -> Vec<usize> {
    if n <= most { (0..n).collect() } else { (0..most).map(|k| k * (n - 1) / (most - 1)).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_are_spread_over_all() {
        assert_eq!(spread(3, 8), [0, 1, 2]);
        assert_eq!(spread(15, 8), [0, 2, 4, 6, 8, 10, 12, 14]);
        assert_eq!(spread(0, 8), Vec::<usize>::new());
    }
}
