//! Fleets combined of pools, for every set of models: the frontier of cost against an objective over all ways of
//! sharing pools, without going through the ways one by one.
//!
//! A fleet of some models is a pool with the first of them and a fleet of those that are left. Costs add; an objective
//! adds or is the greatest, so a fleet on the frontier is made of pools and fleets on theirs (dynamic programming over
//! sets of models; exact).

use std::collections::BTreeMap;

use crate::frontier::pareto;

/// How the objectives of two parts of a fleet become that of both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Join {
    Sum,
    Greatest,
}

impl Join {
    pub(crate) fn of(self, a: f64, b: f64) -> f64 {
        match self {
            Self::Sum => a + b,
            Self::Greatest => a.max(b),
        }
    }
}

/// A fleet of some models.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Combined {
    pub(crate) cost: f64,
    pub(crate) objective: f64,
    /// One candidate a pool, by its number.
    pub(crate) chosen: Vec<usize>,
}

/// The models of a unit as bits, and its candidates as (number, cost, objective).
pub(crate) type Choices = (u64, Vec<(usize, f64, f64)>);

/// The pools that fleets are made of, and the frontiers found so far.
pub(crate) struct Combiner {
    join: Join,
    /// Models of a unit as bits, and its candidates on its own frontier, cheapest first.
    units: Vec<(u64, Vec<Combined>)>,
    known: BTreeMap<u64, Vec<Combined>>,
}

impl Combiner {
    pub(crate) fn new(join: Join, units: &[Choices]) -> Self {
        let front = |(models, candidates): &Choices| {
            let plane: Vec<(f64, f64)> = candidates.iter().map(|(_, cost, objective)| (*cost, *objective)).collect();
            let front = pareto(&plane).into_iter().map(|k| {
                let (number, cost, objective) = candidates[k];
                Combined { cost, objective, chosen: vec![number] }
            });
            (*models, front.collect())
        };
        Self { join, units: units.iter().map(front).collect(), known: BTreeMap::new() }
    }

    /// The fleets of these models (as bits) that no other beats, cheapest first; none where one of them has no pool.
    pub(crate) fn frontier(&mut self, models: u64) -> &[Combined] {
        if !self.known.contains_key(&models) {
            let found = self.find(models);
            self.known.insert(models, found);
        }
        &self.known[&models]
    }

    fn find(&mut self, models: u64) -> Vec<Combined> {
        if models == 0 {
            return vec![Combined { cost: 0.0, objective: 0.0, chosen: Vec::new() }];
        }
        let first = models & models.wrapping_neg();
        let fits = |unit: &usize| self.units[*unit].0 & first != 0 && self.units[*unit].0 & !models == 0;
        let fitting: Vec<usize> = (0..self.units.len()).filter(fits).collect();
        for unit in &fitting {
            self.frontier(models & !self.units[*unit].0);
        }
        let (mut plane, mut parts) = (Vec::new(), Vec::new());
        for unit in fitting {
            let (own, pools) = &self.units[unit];
            for pool in pools {
                for rest in &self.known[&(models & !own)] {
                    plane.push((pool.cost + rest.cost, self.join.of(pool.objective, rest.objective)));
                    parts.push((pool, rest));
                }
            }
        }
        let joined = |k: usize| {
            let (pool, rest) = parts[k];
            let chosen = pool.chosen.iter().chain(&rest.chosen).copied().collect();
            Combined { cost: plane[k].0, objective: plane[k].1, chosen }
        };
        pareto(&plane).into_iter().map(joined).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Five models, every set of them a unit with a few candidates, drawn.
    fn units() -> Vec<Choices> {
        let mut state = 5u64;
        let mut draw = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f64 / 1e6
        };
        let mut number = 0;
        let mut candidates = |models: u64| {
            let of_unit = (0..4).map(|_| {
                number += 1;
                (number - 1, draw() * f64::from(models.count_ones()), draw())
            });
            of_unit.collect::<Vec<_>>()
        };
        (1..32).map(|models| (models, candidates(models))).collect()
    }

    /// Every fleet of these models, by trying all units that hold the first of them.
    fn all(units: &[Choices], models: u64, join: Join) -> Vec<(f64, f64)> {
        if models == 0 {
            return vec![(0.0, 0.0)];
        }
        let first = models & models.wrapping_neg();
        let mut fleets = Vec::new();
        for (own, candidates) in units.iter().filter(|(own, _)| own & first != 0 && own & !models == 0) {
            for rest in all(units, models & !own, join) {
                fleets.extend(candidates.iter().map(|(_, cost, x)| (cost + rest.0, join.of(*x, rest.1))));
            }
        }
        fleets
    }

    #[test]
    fn the_frontier_of_every_set_equals_brute_force() {
        let units = units();
        for join in [Join::Sum, Join::Greatest] {
            let mut combiner = Combiner::new(join, &units);
            for models in [0b11111, 0b10110, 0b00001] {
                let fleets = all(&units, models, join);
                let expected: Vec<(f64, f64)> = pareto(&fleets).into_iter().map(|k| fleets[k]).collect();
                let found = combiner.frontier(models);
                assert_eq!(found.len(), expected.len());
                for (own, (cost, objective)) in found.iter().zip(expected) {
                    approx::assert_relative_eq!(own.cost, cost, max_relative = 1e-12);
                    approx::assert_relative_eq!(own.objective, objective, max_relative = 1e-12);
                    let covered: u64 = own.chosen.iter().map(|number| units[number / 4].0).sum();
                    assert_eq!(covered, models, "every model once");
                }
            }
        }
    }

    #[test]
    fn a_model_without_a_pool_leaves_no_fleet() {
        let mut combiner = Combiner::new(Join::Sum, &[(0b01, vec![(0, 1.0, 1.0)]), (0b10, vec![])]);
        assert!(combiner.frontier(0b11).is_empty());
        assert_eq!(combiner.frontier(0b01).len(), 1);
    }
}
