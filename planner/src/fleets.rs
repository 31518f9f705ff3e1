//! The fleets combined of the grid's candidates: the frontiers, and uniform fleets to compare them with.

use fleetfront_scenario::Scenario;
use fleetfront_sim::Tail;

use crate::allocation::AllocationRun;
use crate::estimate::{Estimate, ratio, sectioned};
use crate::experiment::Candidate;
use crate::frontier::{combine_sum, combine_worst, pareto};
use crate::neighbours::{Sectioned, indistinguishable};
use crate::partition::Partitions;
use crate::points::{choice, choice_words, greater, p95_over_limit};
use crate::pooled::{Setting, combine_pooled};
use crate::study::{FleetPoint, Frontier};
use crate::tally::{P95, PERCENTILES, Tally};

/// What a frontier holds cost against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Against {
    WorstRatio,
    MeanLatency,
    PooledP95,
}

/// A fleet with what it comes to section by section.
#[derive(Debug, Clone)]
pub(crate) struct Combined<'a> {
    pub(crate) chosen: Vec<&'a Candidate>,
    pub(crate) point: FleetPoint,
    worst_ratio: Vec<f64>,
    mean_s: Vec<f64>,
    p95_s: Vec<f64>,
}

/// All fleets that are reported.
pub(crate) struct Fleets<'a> {
    pub(crate) frontiers: Vec<(Against, Vec<Combined<'a>>)>,
    pub(crate) uniform: Vec<Combined<'a>>,
    /// What has to be said of them.
    pub(crate) notes: Vec<String>,
}

impl Against {
    pub(crate) fn of(self, point: &FleetPoint) -> f64 {
        match self {
            Self::WorstRatio => point.worst_p95_over_limit.value,
            Self::MeanLatency => point.latency_s_mean.value,
            Self::PooledP95 => point.latency_s_p95.map_or(f64::NAN, |p95| p95.value),
        }
    }

    fn sections<'c>(self, fleet: &'c Combined<'_>) -> &'c [f64] {
        match self {
            Self::WorstRatio => &fleet.worst_ratio,
            Self::MeanLatency => &fleet.mean_s,
            Self::PooledP95 => &fleet.p95_s,
        }
    }

    /// Those of the fleets that none of the others beats, cheapest first.
    pub(crate) fn frontier<'a>(self, fleets: &[Combined<'a>]) -> Vec<Combined<'a>> {
        let place = |fleet: &Combined<'_>| (fleet.point.cost_usd_month.value, self.of(&fleet.point));
        let places: Vec<(f64, f64)> = fleets.iter().map(place).collect();
        pareto(&places).into_iter().map(|k| fleets[k].clone()).collect()
    }
}

impl Fleets<'_> {
    /// As they are reported.
    pub(crate) fn into_frontier(self) -> Frontier {
        let points = |fleets: Vec<Combined<'_>>| fleets.into_iter().map(|fleet| fleet.point).collect();
        let mut frontier = Frontier {
            by_worst_ratio: Vec::new(),
            by_mean_latency: Vec::new(),
            by_pooled_p95: Vec::new(),
            uniform: points(self.uniform),
        };
        for (against, mut fleets) in self.frontiers {
            let sectioned: Vec<Sectioned<'_>> = fleets.iter().map(|fleet| fleet.sectioned(against)).collect();
            let alike = indistinguishable(&sectioned);
            fleets.iter_mut().zip(alike).for_each(|(fleet, alike)| fleet.point.indistinguishable = alike);
            *match against {
                Against::WorstRatio => &mut frontier.by_worst_ratio,
                Against::MeanLatency => &mut frontier.by_mean_latency,
                Against::PooledP95 => &mut frontier.by_pooled_p95,
            } = points(fleets);
        }
        frontier
    }
}

/// The fleet's frontiers, combined of the candidates exactly, and uniform fleets to compare them with.
pub(crate) fn fleets<'a>(scenario: &Scenario, partitions: &Partitions, candidates: &'a [Candidate]) -> Fleets<'a> {
    let units: Vec<Vec<&Candidate>> = (0..partitions.units.len())
        .map(|unit| candidates.iter().filter(|candidate| candidate.unit == unit).collect())
        .collect();
    let given = Given { scenario, covers: &partitions.covers, units: &units };
    // Total seconds in the system over all requests: the request-weighted mean latency times the requests. Of clients who
    // wait not all settings have the same requests, but the seconds grow with the mean latency all the same: whoever is not
    // in the system thinks.
    let seconds = |c: &Candidate| c.pool.each(|t| t.latency_s).iter().sum::<f64>();
    let worst = |c: &Candidate| p95_over_limit(scenario, c).value;
    let by_worst = given.added(worst, combine_worst, f64::max);
    let by_mean = given.added(seconds, combine_sum, |a, b| a + b);
    let (pooled, notes) = given.pooled();
    let frontiers = [(Against::WorstRatio, by_worst), (Against::MeanLatency, by_mean), (Against::PooledP95, pooled)];
    let uniform = given.uniform();
    let frontiers = frontiers.map(|(against, chosen)| (against, against.frontier(&given.built(chosen))));
    Fleets { frontiers: frontiers.into(), uniform, notes }
}

/// The candidates of each unit, and how units cover all models.
struct Given<'g, 'a> {
    scenario: &'g Scenario,
    covers: &'g [Vec<usize>],
    units: &'g [Vec<&'a Candidate>],
}

fn cost(candidate: &Candidate) -> f64 {
    candidate.pool.cost_usd().iter().sum()
}

impl<'a> Given<'_, 'a> {
    /// The frontier over all ways of sharing pools: that of each way, and of those what none of the others beats.
    ///
    /// - `objective`: of a pool; `join` makes the fleet's of two of them.
    fn added(
        &self,
        objective: impl Fn(&Candidate) -> f64,
        combine: impl Fn(&[Vec<(f64, f64)>]) -> Vec<Vec<usize>>,
        join: impl Fn(f64, f64) -> f64,
    ) -> Vec<Vec<&'a Candidate>> {
        // What left the race stands on no frontier, and its few trials may flatter it.
        let place = |c: &&Candidate| if c.beaten { (f64::NAN, f64::NAN) } else { (cost(c), objective(c)) };
        let planes: Vec<Vec<(f64, f64)>> = self.units.iter().map(|unit| unit.iter().map(place).collect()).collect();
        let (mut fleets, mut reached) = (Vec::new(), Vec::new());
        for cover in self.covers {
            let own: Vec<Vec<(f64, f64)>> = cover.iter().map(|unit| planes[*unit].clone()).collect();
            for choice in combine(&own) {
                let points = || choice.iter().zip(&own).map(|(k, points)| points[*k]);
                reached.push(points().fold((0.0, 0.0), |sum, point| (sum.0 + point.0, join(sum.1, point.1))));
                fleets.push((cover, choice));
            }
        }
        let best = pareto(&reached).into_iter().map(|k| &fleets[k]);
        best.map(|(cover, choice)| self.chosen(cover, choice)).collect()
    }

    /// The frontier against the 95th percentile of all requests, and why there is none.
    fn pooled(&self) -> (Vec<Vec<&'a Candidate>>, Vec<String>) {
        let models = self.scenario.models.iter().zip(&self.scenario.traffic.models);
        let mut waits = models.filter(|(_, traffic)| traffic.process.waits_for_answers());
        if let Some((model, _)) = waits.next() {
            let note = format!(
                "no frontier against the p95 of all requests: the clients of {} wait for their answers, so that not all \
                 fleets have the same requests",
                model.name
            );
            return (Vec::new(), vec![note]);
        }
        let setting = |c: &&'a Candidate| -> Setting<'a> {
            let tails = c.tails.as_ref().filter(|_| !c.beaten)?;
            Some((cost(c), tails.whole.as_ref()?))
        };
        let settings: Vec<Vec<Setting<'a>>> =
            self.units.iter().map(|unit| unit.iter().map(setting).collect()).collect();
        let fleets = combine_pooled(&settings, self.covers, PERCENTILES[P95]);
        (fleets.iter().map(|fleet| self.chosen(&self.covers[fleet.cover], &fleet.choice)).collect(), Vec::new())
    }

    fn chosen(&self, cover: &[usize], choice: &[usize]) -> Vec<&'a Candidate> {
        choice.iter().zip(cover).map(|(k, unit)| self.units[*unit][*k]).collect()
    }

    fn built(&self, fleets: Vec<Vec<&'a Candidate>>) -> Vec<Combined<'a>> {
        let build = |chosen: Vec<&'a Candidate>| {
            let words: Vec<String> = chosen.iter().map(|c| choice_words(&choice(self.scenario, c))).collect();
            Combined::of(self.scenario, words.join("; "), chosen)
        };
        fleets.into_iter().map(build).collect()
    }

    /// The same GPU type and setting for every model, each by itself in the first of its variants that runs there.
    fn uniform(&self) -> Vec<Combined<'a>> {
        let scenario = self.scenario;
        let own = &self.units[..scenario.models.len()];
        let mut fleets = Vec::new();
        for (gpu, of_gpu) in scenario.gpus.iter().enumerate() {
            for window in &scenario.grid.windows {
                for min in &scenario.grid.min_containers {
                    let here = |c: &&&Candidate| {
                        c.gpu == gpu && c.settings.scaledown_window == *window && c.settings.min_containers == *min
                    };
                    let chosen: Option<Vec<&Candidate>> =
                        own.iter().map(|of_model| of_model.iter().find(here).copied()).collect();
                    let warm = if *min > 0 { format!(", {min} warm") } else { String::new() };
                    let label = format!("{}, {} s{warm}", of_gpu.name, window.get());
                    fleets.extend(chosen.map(|chosen| Combined::of(scenario, label, chosen)));
                }
            }
        }
        fleets
    }
}

impl<'a> Combined<'a> {
    /// One candidate a pool, each simulated by itself.
    fn of(scenario: &Scenario, label: String, chosen: Vec<&'a Candidate>) -> Self {
        // What left the race is known for the first sections only.
        let sections = chosen.iter().map(|c| c.pool.sections.len()).min().unwrap_or(0);
        let sum = |number: &dyn Fn(&Tally) -> f64| -> Vec<f64> {
            (0..sections).map(|s| chosen.iter().map(|c| number(&c.pool.sections[s])).sum()).collect()
        };
        let days = (0..sections).map(|s| chosen[0].pool.sections[s].days).collect::<Vec<f64>>();
        let (cost_usd, seconds, completed) = (sum(&Tally::cost_usd), sum(&|t| t.latency_s), sum(&|t| t.completed));
        let worst = chosen.iter().map(|c| p95_over_limit(scenario, c)).reduce(greater).expect("a fleet has pools");
        let of_section = |s: usize| {
            let over_limit = |c: &&Candidate| worst_of_section(scenario, c, s);
            chosen.iter().map(over_limit).fold(0.0, f64::max)
        };
        let (p95, p95_s) = pooled_p95(&chosen).unzip();
        let point = FleetPoint {
            label,
            cost_usd_month: ratio(&cost_usd, &days).scaled(scenario.platform.days_per_month),
            worst_p95_over_limit: worst,
            latency_s_mean: ratio(&seconds, &completed),
            choices: chosen.iter().map(|c| choice(scenario, c)).collect(),
            latency_s_p95: p95,
            indistinguishable: Vec::new(),
            simulated_together: false,
            cost_usd_sections: cost_usd,
        };
        Self {
            point,
            worst_ratio: (0..sections).map(of_section).collect(),
            mean_s: seconds.iter().zip(&completed).map(|(seconds, completed)| seconds / completed).collect(),
            p95_s: p95_s.unwrap_or_default(),
            chosen,
        }
    }

    /// As a frontier sees it.
    fn sectioned(&self, against: Against) -> Sectioned<'_> {
        Sectioned {
            latency: against.of(&self.point),
            cost_sections: &self.point.cost_usd_sections,
            latency_sections: against.sections(self),
        }
    }

    /// The same pools simulated together.
    pub(crate) fn together(&self, scenario: &Scenario, run: &AllocationRun) -> Self {
        let limit = |model: usize| scenario.models[model].latency_limit_s.get();
        let over_limit = |model: usize| run.models[model].percentile(P95).scaled(1.0 / limit(model));
        let worst = (0..run.models.len()).map(over_limit).reduce(greater).expect("a scenario has models");
        let of_section = |s: usize| {
            let over_limit = |model: usize| run.models[model].sections[s].percentiles_s[P95] / limit(model);
            (0..run.models.len()).map(over_limit).fold(0.0, f64::max)
        };
        let fleet = run.fleet.metrics(scenario.platform.days_per_month);
        let point = FleetPoint {
            cost_usd_month: fleet.cost_usd_month,
            worst_p95_over_limit: worst,
            latency_s_mean: fleet.latency_s_mean,
            latency_s_p95: Some(fleet.latency_s_p95),
            simulated_together: true,
            cost_usd_sections: run.fleet.cost_usd(),
            ..self.point.clone()
        };
        Self {
            chosen: self.chosen.clone(),
            point,
            worst_ratio: (0..run.fleet.sections.len()).map(of_section).collect(),
            mean_s: run.fleet.each(|t| t.latency_s / t.completed),
            p95_s: run.fleet.each(|t| t.percentiles_s[P95]),
        }
    }
}

fn worst_of_section(scenario: &Scenario, candidate: &Candidate, section: usize) -> f64 {
    let of_model = |(place, (model, _)): (usize, &(usize, usize))| {
        let limit_s = scenario.models[*model].latency_limit_s.get();
        candidate.of_model(place).sections[section].percentiles_s[P95] / limit_s
    };
    candidate.models.iter().enumerate().map(of_model).fold(0.0, f64::max)
}

/// The 95th percentile of all requests of pools that were simulated one by one, and that of each section; `None` where
/// one of them left the race.
fn pooled_p95(chosen: &[&Candidate]) -> Option<(Estimate, Vec<f64>)> {
    let tails = chosen.iter().map(|c| c.tails.as_ref().filter(|_| !c.beaten)).collect::<Option<Vec<_>>>()?;
    let whole = tails.iter().map(|tails| tails.whole.as_ref()).collect::<Option<Vec<&Tail>>>()?;
    let p95 = |tails: Vec<&Tail>| Tail::quantile_s(&tails, PERCENTILES[P95]).unwrap_or(f64::NAN);
    let sections = tails.iter().map(|tails| tails.sections.len()).min().unwrap_or(0);
    let p95_s: Vec<f64> = (0..sections).map(|s| p95(tails.iter().map(|tails| &tails.sections[s]).collect())).collect();
    Some((sectioned(p95(whole), &p95_s), p95_s))
}

#[cfg(test)]
mod tests {
    use fleetfront_scenario::Files;

    use super::*;
    use crate::control::Control;
    use crate::experiment::{Grid, feasible_cells, run_grid};
    use crate::requests::Requests;
    use crate::sections::sections;

    /// Every fleet of few candidates, and the three frontiers of them.
    #[test]
    fn each_frontier_equals_brute_force() {
        let mut scenario = Scenario::load(&Files::embedded()).expect("the embedded scenario is valid");
        scenario.grid.windows.retain(|window| [2.0, 300.0].contains(&window.get()));
        scenario.grid.pooled.clear();
        let partitions = Partitions::of(&scenario);
        let (tasks, control) = (feasible_cells(&scenario, &partitions), Control::default());
        let sections = sections(14, scenario.traffic.is_weekly());
        let requests = Requests::of_trials(&scenario.traffic, 1, 14);
        let grid =
            Grid { scenario: &scenario, partitions: &partitions, requests: &requests, seed: 1, control: &control };
        let mut candidates = run_grid(&grid, &tasks, &[sections]).expect("nobody interrupts");
        // Four settings a unit: 4^6 + 4^4 fleets.
        let mut seen = vec![0; partitions.units.len()];
        candidates.retain(|candidate| {
            seen[candidate.unit] += 1;
            [1, 4, 8, 14].contains(&seen[candidate.unit])
        });
        let mut all: Vec<Combined<'_>> = Vec::new();
        for cover in &partitions.covers {
            let mut fleets: Vec<Vec<&Candidate>> = vec![Vec::new()];
            for unit in cover {
                let own = || candidates.iter().filter(|c| c.unit == *unit);
                let extend = |fleet: &Vec<_>| {
                    let fleet: Vec<&Candidate> = fleet.clone();
                    own().map(move |c| fleet.iter().copied().chain([c]).collect())
                };
                fleets = fleets.iter().flat_map(extend).collect();
            }
            all.extend(fleets.into_iter().map(|chosen| Combined::of(&scenario, String::new(), chosen)));
        }
        assert_eq!(all.len(), 4_096 + 256);
        for (against, found) in fleets(&scenario, &partitions, &candidates).frontiers {
            let place = |fleet: &Combined<'_>| (fleet.point.cost_usd_month.value, against.of(&fleet.point));
            let (expected, found): (Vec<_>, Vec<_>) =
                (against.frontier(&all).iter().map(place).collect(), found.iter().map(place).collect());
            assert!(found.len() > 8, "{against:?}: {}", found.len());
            if against != Against::PooledP95 {
                assert_eq!(found, expected, "{against:?}");
            }
            // Percentiles of one bucket, 0.8 % wide, count as equal.
            for (cost, latency) in expected {
                let reached = |other: &&(f64, f64)| other.0 <= cost * (1.0 + 1e-9) && other.1 <= latency * 1.008;
                assert!(found.iter().any(|other| reached(&other)), "{against:?}: {cost} {latency}");
            }
            for place in &found {
                assert!(
                    all.iter()
                        .map(|fleet| (fleet.point.cost_usd_month.value, against.of(&fleet.point)))
                        .any(|o| o == *place)
                );
            }
        }
    }
}
