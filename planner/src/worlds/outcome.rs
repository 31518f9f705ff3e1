//! One world simulated: what every allocation costs in it, how long requests take, and which criteria it meets.

use std::ops::Range;

use fleetfront_scenario::{Allocation, Scenario};

use crate::allocation::{AllocationRun, GroupSection, fold, simulate_section};
use crate::control::{Control, Interrupted};
use crate::criteria::{Criterion, Judged};
use crate::groups::{ReadyGroup, groups};
use crate::requests::Requests;
use crate::results::{Baseline, judged_against};
use crate::sections::sections;
use crate::tally::{P95, Subject};
use crate::verdict::is_information;
use crate::worlds::draw::World;

/// All allocations in one world.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct WorldOutcome {
    /// In their order.
    pub(crate) allocations: Vec<AllocationOutcome>,
    /// Whether a number was taken at the end of what a scenario accepts.
    pub(crate) truncated: bool,
}

/// One allocation in one world.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct AllocationOutcome {
    /// Over all its days.
    pub(crate) whole: Standing,
    /// Over each half of them.
    pub(crate) halves: [Standing; 2],
    /// A section each: a month's cost in dollars, what is saved of the first's in per cent, mean and p95 latency.
    pub(crate) cost_usd_month: Vec<f64>,
    pub(crate) saving_percent: Vec<f64>,
    pub(crate) latency_s_mean: Vec<f64>,
    pub(crate) latency_s_p95: Vec<f64>,
    /// Every criterion in the order of [`judged`].
    pub(crate) criteria: Vec<Met>,
}

/// What decides between allocations.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Standing {
    pub(crate) cost_usd_month: f64,
    /// Whether it meets every criterion that the first allocation meets, or that compares with it. That of the cost is
    /// left out: the cost itself decides.
    pub(crate) is_acceptable: bool,
}

/// A criterion by name.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Named {
    pub(crate) criterion: String,
    pub(crate) subject: String,
    pub(crate) met: Met,
}

/// Whether a criterion is met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Met {
    /// The number is on the right side.
    pub(crate) holds: bool,
    /// Whether it decides: the first allocation meets it, or it compares with that. The cost decides by itself.
    pub(crate) decides: bool,
}

impl Met {
    /// Whether all that decide are met.
    pub(crate) fn are_acceptable(criteria: &[Named]) -> bool {
        criteria.iter().all(|Named { met, .. }| met.holds || !met.decides)
    }
}

/// What the worlds of one question share.
pub(crate) struct Worldwide<'a> {
    pub(crate) allocations: &'a [Allocation],
    /// Days of each world.
    pub(crate) trials: u32,
    pub(crate) seed: u64,
    pub(crate) control: &'a Control,
}

/// An allocation's sections, before they are folded.
struct Simulated {
    ready: Vec<ReadyGroup>,
    sections: Vec<Range<u32>>,
    of_sections: Vec<Vec<GroupSection>>,
}

impl Worldwide<'_> {
    /// Simulates world `number`: days of its own, so that the luck of no two worlds is the same.
    pub(crate) fn outcome(&self, world: &World, number: u32) -> Result<WorldOutcome, Interrupted> {
        let scenario = &world.scenario;
        let first = number * self.trials;
        let sections: Vec<Range<u32>> = sections(self.trials, scenario.traffic.is_weekly())
            .into_iter()
            .map(|section| section.start + first..section.end + first)
            .collect();
        let requests = Requests::on_demand(&scenario.traffic, self.seed);
        let simulated = self.allocations.iter().map(|allocation| {
            let ready = groups(scenario, allocation);
            let of_section = |section: &Range<u32>| {
                let of_group = |group| simulate_section(scenario, (&allocation.name, group), section, &requests, 0);
                ready.iter().map(of_group).collect()
            };
            let of_sections = sections.iter().map(of_section).collect();
            self.control.step()?;
            Ok(Simulated { ready, sections: sections.clone(), of_sections })
        });
        let simulated = simulated.collect::<Result<Vec<_>, Interrupted>>()?;
        let half = sections.len() / 2;
        let whole = self.runs(scenario, &simulated, 0..sections.len());
        let halves = [0..half, half..sections.len()].map(|part| self.runs(scenario, &simulated, part));
        let judged = judged(scenario, self.allocations, &whole);
        let judged_halves = halves.each_ref().map(|runs| self::judged(scenario, self.allocations, runs));
        let standing = |runs: &[AllocationRun], judged: &[Vec<Named>], place: usize| Standing {
            cost_usd_month: month_usd(scenario, &runs[place].fleet),
            is_acceptable: Met::are_acceptable(&judged[place]),
        };
        let of = |place: usize| {
            let (own, first) = (&whole[place].fleet, &whole[0].fleet);
            let costs = own.each(|t| t.cost_usd() / t.days * scenario.platform.days_per_month);
            let firsts = first.each(|t| t.cost_usd() / t.days * scenario.platform.days_per_month);
            AllocationOutcome {
                whole: standing(&whole, &judged, place),
                halves: [0, 1].map(|half| standing(&halves[half], &judged_halves[half], place)),
                saving_percent: costs.iter().zip(&firsts).map(|(own, first)| (1.0 - own / first) * 100.0).collect(),
                cost_usd_month: costs,
                latency_s_mean: own.each(|t| t.latency_s / t.completed),
                latency_s_p95: own.each(|t| t.percentiles_s[P95]),
                criteria: judged[place].iter().map(|named| named.met).collect(),
            }
        };
        let allocations = (0..self.allocations.len()).map(of).collect();
        Ok(WorldOutcome { allocations, truncated: world.truncated })
    }

    fn runs(&self, scenario: &Scenario, simulated: &[Simulated], part: Range<usize>) -> Vec<AllocationRun> {
        let run = |(allocation, of): (&Allocation, &Simulated)| {
            let (sections, of_sections) = (&of.sections[part.clone()], &of.of_sections[part.clone()]);
            fold(scenario, allocation, &of.ready, sections, of_sections)
        };
        self.allocations.iter().zip(simulated).map(run).collect()
    }
}

/// A month's cost, before the plan.
pub(crate) fn month_usd(scenario: &Scenario, fleet: &Subject) -> f64 {
    let (cost, days): (f64, f64) = (fleet.cost_usd().iter().sum(), fleet.each(|t| t.days).iter().sum());
    cost / days * scenario.platform.days_per_month
}

/// The criteria of every allocation against the first, those for information left out; the same in every world.
pub(crate) fn judged(scenario: &Scenario, allocations: &[Allocation], runs: &[AllocationRun]) -> Vec<Vec<Named>> {
    let baseline = Baseline { allocation: &allocations[0], run: &runs[0] };
    let evidence = baseline.evidence(scenario);
    let own = judged_against(scenario, &allocations[0], &runs[0], None);
    let of = |(place, run): (usize, &AllocationRun)| {
        let compared = (place > 0).then_some((&baseline, &evidence[..]));
        let all = judged_against(scenario, &allocations[place], run, compared);
        let asked = all.iter().filter(|judged| !is_information(&judged.result));
        asked.map(|judged| named(judged, &own)).collect()
    };
    runs.iter().enumerate().map(of).collect()
}

/// - `first`: the criteria of the first allocation.
fn named(judged: &Judged, first: &[Judged]) -> Named {
    let same = |other: &&Judged| (other.criterion, other.model) == (judged.criterion, judged.model);
    let decides = judged.criterion != Criterion::Cost && first.iter().find(same).is_none_or(is_met);
    Named {
        criterion: judged.result.criterion.clone(),
        subject: judged.result.subject.clone(),
        met: Met { holds: is_met(judged), decides },
    }
}

/// By the number itself: what luck leaves open is seen over the worlds.
fn is_met(judged: &Judged) -> bool {
    let (value, target) = (judged.result.value.value, judged.result.target);
    match judged.criterion {
        Criterion::Cost | Criterion::Success => value >= target,
        Criterion::RatioWarm
        | Criterion::RatioEndToEnd
        | Criterion::LimitWarm
        | Criterion::LimitEndToEnd
        | Criterion::Quality => value <= target,
    }
}
