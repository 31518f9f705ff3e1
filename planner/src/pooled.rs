//! The frontier of cost against the percentile of all requests of a fleet together.
//!
//! Percentiles do not add, but what they are made of does: a share of 95 % of the requests takes t or less where those
//! of all pools that take longer add up to 5 % of all or less. So the cheapest fleet for one t is a choice of one
//! setting a pool with a limit on a sum (a multiple-choice knapsack), and the frontier comes of lowering t from fleet
//! to fleet: the cheapest of all, then the cheapest that is faster than that one, and so on (the epsilon-constraint
//! method: Y. Y. Haimes and others 1971; M. Laumanns and others 2006). Each of these is found exactly, by adding units
//! one after the other and dropping what is beaten, or what a Lagrangian bound (M. L. Fisher 1981) shows to be no
//! cheaper than a fleet that is known.
//!
//! t runs over the edges of the histogram's buckets, so two fleets whose percentiles share a bucket, 0.8 % wide, count
//! as equally fast.

use fleetfront_sim::Tail;

/// What a setting of a unit costs and how late its requests are; `None` for what may not be chosen.
pub(crate) type Setting<'a> = Option<(f64, &'a Tail)>;

/// A fleet: the place of its cover, and one setting a unit of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PooledFleet {
    pub(crate) cover: usize,
    pub(crate) choice: Vec<usize>,
}

/// The frontier of cost against the `share` quantile of the latency of all requests, cheapest first.
///
/// - `units`: the settings of each unit; tails of one unit that are not of as many requests as its first are left out.
/// - `covers`: lists of units; all of them are of the same requests.
pub(crate) fn combine_pooled(units: &[Vec<Setting<'_>>], covers: &[Vec<usize>], share: f64) -> Vec<PooledFleet> {
    let sorted: Vec<Vec<(f64, usize, &Tail)>> = units.iter().map(|settings| by_cost(settings)).collect();
    let has_all = |cover: &usize| covers[*cover].iter().all(|unit| !sorted[*unit].is_empty());
    let able: Vec<usize> = (0..covers.len()).filter(has_all).collect();
    let Some(first) = able.first() else { return Vec::new() };
    let total: u64 = covers[*first].iter().map(|unit| sorted[*unit][0].2.total()).sum();
    let sweep = Sweep { sorted: &sorted, covers, able: &able, limit: total - (share * total as f64).ceil() as u64 };
    let mut found: Vec<(f64, PooledFleet)> = Vec::new();
    let mut level = sorted.iter().flatten().map(|(.., tail)| tail.last_level()).max();
    while let Some((cost, fleet)) = level.and_then(|level| sweep.cheapest(level)) {
        let tails: Vec<&Tail> =
            fleet.choice.iter().zip(&covers[fleet.cover]).map(|(k, unit)| tail(units, *unit, *k)).collect();
        level = Tail::level_of_quantile(&tails, share).and_then(|reached| reached.checked_sub(1));
        // As cheap, and faster: the one before is beaten.
        found.retain(|(before, _)| *before < cost);
        found.push((cost, fleet));
    }
    found.into_iter().map(|(_, fleet)| fleet).collect()
}

fn tail<'a>(units: &[Vec<Setting<'a>>], unit: usize, k: usize) -> &'a Tail {
    units[unit][k].expect("only what may be chosen is").1
}

/// The settings that may be chosen, cheapest first, each with its place.
fn by_cost<'a>(settings: &[Setting<'a>]) -> Vec<(f64, usize, &'a Tail)> {
    let able = settings.iter().enumerate().filter_map(|(k, setting)| setting.map(|(cost, tail)| (cost, k, tail)));
    let mut sorted: Vec<(f64, usize, &Tail)> = able.filter(|(cost, ..)| cost.is_finite()).collect();
    let total = sorted.iter().map(|(.., tail)| tail.total()).max();
    sorted.retain(|(.., tail)| Some(tail.total()) == total);
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    sorted
}

/// What every level shares.
struct Sweep<'a> {
    sorted: &'a [Vec<(f64, usize, &'a Tail)>],
    covers: &'a [Vec<usize>],
    /// The covers all of whose units have settings.
    able: &'a [usize],
    /// So many requests may be late.
    limit: u64,
}

/// A setting at one level.
#[derive(Debug, Clone, Copy)]
struct Step {
    cost: f64,
    late: u64,
    /// Its place in the unit.
    setting: usize,
    /// Of a sum: the place of the sum that it was added to.
    before: usize,
}

/// Prices of a late request at which bounds are tried.
const PRICES: usize = 16;
/// A bound is trusted to so much of the cost: sums in another order differ in their last bits.
const SLACK: f64 = 1e-9;

impl Sweep<'_> {
    /// The cheapest fleet that has few enough requests later than a level.
    fn cheapest(&self, level: usize) -> Option<(f64, PooledFleet)> {
        let fronts: Vec<Vec<Step>> = self.sorted.iter().map(|settings| front(settings, level, self.limit)).collect();
        let prices = prices(&fronts);
        // The least of cost and fines, by unit and price.
        let fined: Vec<Vec<f64>> =
            fronts.iter().map(|front| prices.iter().map(|p| least(front, *p)).collect()).collect();
        let bound = |cover: &usize| {
            let of_price = |(j, price): (usize, &f64)| {
                self.covers[*cover].iter().map(|unit| fined[*unit][j]).sum::<f64>() - price * self.limit as f64
            };
            (prices.iter().enumerate().map(of_price).fold(0.0, f64::max), *cover)
        };
        let mut order: Vec<(f64, usize)> = self.able.iter().map(bound).collect();
        order.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let mut best: Option<(f64, PooledFleet)> = None;
        for (bound, cover) in order {
            let known = best.as_ref().map_or(f64::INFINITY, |(cost, _)| *cost);
            if bound > known * (1.0 + SLACK) {
                break;
            }
            let knapsack = Knapsack {
                units: &self.covers[cover],
                fronts: &fronts,
                prices: &prices,
                fined: &fined,
                limit: self.limit,
            };
            if let Some((cost, choice)) = knapsack.solve(known).filter(|(cost, _)| *cost < known) {
                best = Some((cost, PooledFleet { cover, choice }));
            }
        }
        best
    }
}

/// The settings of a unit at a level that no cheaper one beats, cheapest first.
fn front(sorted: &[(f64, usize, &Tail)], level: usize, limit: u64) -> Vec<Step> {
    let mut front: Vec<Step> = Vec::new();
    for (cost, setting, tail) in sorted {
        let late = tail.later_than(level);
        if late <= limit && front.last().is_none_or(|last| late < last.late) {
            front.push(Step { cost: *cost, late, setting: *setting, before: 0 });
        }
    }
    front
}

/// From nothing to the dearest that a late request less costs anywhere.
fn prices(fronts: &[Vec<Step>]) -> Vec<f64> {
    let slope = |pair: &[Step]| (pair[1].cost - pair[0].cost) / (pair[0].late - pair[1].late) as f64;
    let slopes = || fronts.iter().flat_map(|front| front.windows(2).map(slope)).filter(|slope| *slope > 0.0);
    let (low, high) = (slopes().fold(f64::INFINITY, f64::min), slopes().fold(0.0, f64::max));
    let between = |k: usize| low * (high / low).powf(k as f64 / (PRICES - 1) as f64);
    std::iter::once(0.0).chain((0..PRICES).filter(|_| high > 0.0).map(between)).collect()
}

/// The least cost plus a fine for each late request; infinite where nothing may be chosen.
fn least(front: &[Step], price: f64) -> f64 {
    front.iter().map(|step| step.cost + price * step.late as f64).fold(f64::INFINITY, f64::min)
}

/// One setting a unit, as cheap as may be, with a limit on the late requests of all.
struct Knapsack<'a> {
    units: &'a [usize],
    fronts: &'a [Vec<Step>],
    prices: &'a [f64],
    fined: &'a [Vec<f64>],
    limit: u64,
}

impl Knapsack<'_> {
    /// The cheapest choice, if there is one that is cheaper than `known`.
    fn solve(&self, known: f64) -> Option<(f64, Vec<usize>)> {
        let known = known.min(self.greedy());
        let mut sums: Vec<Vec<Step>> = vec![vec![Step { cost: 0.0, late: 0, setting: 0, before: 0 }]];
        for (place, unit) in self.units.iter().enumerate() {
            let rest = self.rest(place + 1);
            let mut next = Vec::new();
            for (before, sum) in sums[place].iter().enumerate() {
                for step in &self.fronts[*unit] {
                    let (cost, late) = (sum.cost + step.cost, sum.late + step.late);
                    if late + rest.late <= self.limit && self.bound(cost, late, &rest) <= known * (1.0 + SLACK) {
                        next.push(Step { cost, late, setting: step.setting, before });
                    }
                }
            }
            next.sort_by(|a, b| a.cost.total_cmp(&b.cost).then(a.late.cmp(&b.late)));
            let mut fewest = u64::MAX;
            next.retain(|sum| {
                let fewer = sum.late < fewest;
                fewest = fewest.min(sum.late);
                fewer
            });
            sums.push(next);
        }
        let best = sums[self.units.len()].first()?;
        let (mut choice, mut at) = (Vec::new(), *best);
        for place in (0..self.units.len()).rev() {
            choice.push(at.setting);
            at = sums[place][at.before];
        }
        choice.reverse();
        Some((best.cost, choice))
    }

    /// The cost of some choice that keeps the limit: that of the lowest fine under which nobody exceeds it.
    fn greedy(&self) -> f64 {
        let under = |price: &f64| {
            let cheapest = |unit: &usize| {
                let fine = |step: &Step| step.cost + price * step.late as f64;
                self.fronts[*unit].iter().min_by(|a, b| fine(a).total_cmp(&fine(b)))
            };
            let chosen = self.units.iter().map(cheapest).collect::<Option<Vec<&Step>>>()?;
            let late: u64 = chosen.iter().map(|step| step.late).sum();
            (late <= self.limit).then(|| chosen.iter().map(|step| step.cost).sum::<f64>())
        };
        self.prices.iter().find_map(under).unwrap_or(f64::INFINITY)
    }

    /// What the units from a place on cost and are late at least.
    fn rest(&self, place: usize) -> Rest {
        let units = &self.units[place..];
        let late = units.iter().filter_map(|unit| self.fronts[*unit].last()).map(|step| step.late).sum();
        let fined = |j: usize| units.iter().map(|unit| self.fined[*unit][j]).sum();
        Rest { late, fined: (0..self.prices.len()).map(fined).collect() }
    }

    /// What a fleet costs at least that begins so.
    fn bound(&self, cost: f64, late: u64, rest: &Rest) -> f64 {
        let of = |(price, fined): (&f64, &f64)| cost + fined + price * (late as f64 - self.limit as f64);
        self.prices.iter().zip(&rest.fined).map(of).fold(f64::NEG_INFINITY, f64::max)
    }
}

/// The least that units yet to be added bring.
struct Rest {
    late: u64,
    /// By price: cost and fines.
    fined: Vec<f64>,
}

#[cfg(test)]
mod tests {
    use fleetfront_sim::{LatencyHistogram, SimSpan};

    use super::*;
    use crate::frontier::pareto;

    /// Settings of one unit with so many requests: the dearer, the faster, more or less; some fail.
    fn unit(seed: u64, requests: u64, settings: usize) -> Vec<(f64, Tail)> {
        let mut state = seed;
        let mut draw = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f64 / (1u64 << 24) as f64
        };
        let mut one = |k: usize| {
            let (cost, scale) = (10.0 * (k as f64 + draw()), 60.0 / (k as f64 + 0.5 + draw()));
            let mut latencies = LatencyHistogram::default();
            for _ in 0..requests {
                if draw() < 0.01 {
                    latencies.record_infinite();
                } else {
                    latencies.record(SimSpan::from_secs_f64(1.0 - scale * draw().max(1e-6).ln()));
                }
            }
            (cost, latencies.tail(1))
        };
        (0..settings).map(&mut one).collect()
    }

    /// Every fleet of every cover, and the frontier of (cost, bucket).
    fn brute_force(units: &[Vec<(f64, Tail)>], covers: &[Vec<usize>], share: f64) -> Vec<(f64, usize)> {
        let mut planes = Vec::new();
        for cover in covers {
            let mut fleets: Vec<Vec<&(f64, Tail)>> = vec![Vec::new()];
            for unit in cover {
                let extend = |fleet: &Vec<_>| {
                    let fleet: Vec<&(f64, Tail)> = fleet.clone();
                    units[*unit].iter().map(move |setting| fleet.iter().copied().chain([setting]).collect())
                };
                fleets = fleets.iter().flat_map(extend).collect();
            }
            for fleet in fleets {
                let tails: Vec<&Tail> = fleet.iter().map(|(_, tail)| tail).collect();
                let cost = fleet.iter().fold(0.0, |sum, (cost, _)| sum + cost);
                planes.extend(Tail::level_of_quantile(&tails, share).map(|level| (cost, level)));
            }
        }
        let coordinates: Vec<(f64, f64)> = planes.iter().map(|(cost, level)| (*cost, *level as f64)).collect();
        pareto(&coordinates).into_iter().map(|k| planes[k]).collect()
    }

    fn combined(units: &[Vec<(f64, Tail)>], covers: &[Vec<usize>], share: f64) -> Vec<(f64, usize)> {
        let settings: Vec<Vec<Setting<'_>>> =
            units.iter().map(|unit| unit.iter().map(|(cost, tail)| Some((*cost, tail))).collect()).collect();
        let plane = |fleet: &PooledFleet| {
            let chosen = fleet.choice.iter().zip(&covers[fleet.cover]).map(|(k, unit)| &units[*unit][*k]);
            let (costs, tails): (Vec<f64>, Vec<&Tail>) = chosen.map(|(cost, tail)| (*cost, tail)).unzip();
            (costs.iter().fold(0.0, |sum, cost| sum + cost), Tail::level_of_quantile(&tails, share).expect("finite"))
        };
        combine_pooled(&settings, covers, share).iter().map(plane).collect()
    }

    #[test]
    fn the_pooled_frontier_equals_brute_force() {
        // Two units that share their models with two others: four ways to cover all.
        let covers = [vec![0, 1, 2], vec![3, 2], vec![0, 4], vec![3, 5]];
        for seed in 0..6 {
            let sizes = [(300, 6), (90, 5), (40, 6), (390, 4), (130, 5), (40, 3)];
            let units: Vec<Vec<(f64, Tail)>> =
                sizes.iter().zip(1..).map(|((n, count), k)| unit(100 * seed + k, *n, *count)).collect();
            for share in [0.95, 0.5] {
                let expected = brute_force(&units, &covers, share);
                assert!(expected.len() > 5, "{expected:?}");
                assert_eq!(combined(&units, &covers, share), expected);
            }
        }
    }

    #[test]
    fn what_always_fails_and_what_may_not_be_chosen_stands_on_no_frontier() {
        let mut failing = LatencyHistogram::default();
        (0..10).for_each(|_| failing.record_infinite());
        let tail = failing.tail(1);
        assert_eq!(combine_pooled(&[vec![Some((1.0, &tail))]], &[vec![0]], 0.95), []);
        assert_eq!(combine_pooled(&[vec![None]], &[vec![0]], 0.95), []);
        assert_eq!(combine_pooled(&[], &[], 0.95), []);
    }
}
