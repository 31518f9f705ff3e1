//! Frontiers: of each model by itself, and of the fleet by exact combination.
//!
//! Pools that share nothing add. For the worst ratio over models the threshold is swept: under each threshold every
//! model takes its cheapest point. For the request-weighted mean latency, itself a sum over models, the frontiers are
//! added pairwise and dominated sums dropped; both are exact.

/// The indices of the points that no other point beats on both axes, cheapest first. Of equal points the first stays;
/// points with a NaN or infinite coordinate never stand on a frontier.
///
/// - `points`: (cost, objective); less is better on both.
pub(crate) fn pareto(points: &[(f64, f64)]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..points.len()).collect();
    order.retain(|k| points[*k].0.is_finite() && points[*k].1.is_finite());
    order.sort_by(|a, b| points[*a].0.total_cmp(&points[*b].0).then(points[*a].1.total_cmp(&points[*b].1)));
    let mut best = f64::INFINITY;
    order.retain(|k| {
        let better = points[*k].1 < best;
        best = best.min(points[*k].1);
        better
    });
    order
}

/// The frontier of cost against the worst objective over models, cheapest first.
///
/// - `models`: the points of each model as (cost, objective).
///
/// Returns one choice of point a model for each point of the frontier. Empty when a model has no finite point.
pub(crate) fn combine_worst(models: &[Vec<(f64, f64)>]) -> Vec<Vec<usize>> {
    let fronts: Vec<Vec<usize>> = models.iter().map(|points| pareto(points)).collect();
    let mut thresholds: Vec<f64> =
        fronts.iter().zip(models).flat_map(|(front, points)| front.iter().map(|k| points[*k].1)).collect();
    thresholds.sort_by(f64::total_cmp);
    thresholds.dedup();
    let mut choices: Vec<Vec<usize>> = Vec::new();
    for threshold in thresholds.iter().rev() {
        // A front is sorted by cost, its objective falls: the first below the threshold is the cheapest.
        let under = |(front, points): (&Vec<usize>, &Vec<(f64, f64)>)| {
            front.iter().copied().find(|k| points[*k].1 <= *threshold)
        };
        let Some(choice) = fronts.iter().zip(models).map(under).collect::<Option<Vec<usize>>>() else { break };
        if choices.last() != Some(&choice) {
            choices.push(choice);
        }
    }
    choices
}

/// The frontier of total cost against the total objective, cheapest first.
///
/// - `models`: the points of each model as (cost, objective).
///
/// Returns one choice of point a model for each point of the frontier. Empty when a model has no finite point.
pub(crate) fn combine_sum(models: &[Vec<(f64, f64)>]) -> Vec<Vec<usize>> {
    let mut sums: Vec<((f64, f64), Vec<usize>)> = vec![((0.0, 0.0), Vec::new())];
    for points in models {
        let front = pareto(points);
        // Only what stays is worth a list of its own.
        let pairs = || sums.iter().flat_map(|(sum, choice)| front.iter().map(move |k| (sum, choice, *k)));
        let added: Vec<(f64, f64)> = pairs().map(|(sum, _, k)| (sum.0 + points[k].0, sum.1 + points[k].1)).collect();
        let extended = |place: usize| {
            let ((_, choice), k) = (&sums[place / front.len()], front[place % front.len()]);
            (added[place], choice.iter().copied().chain([k]).collect())
        };
        sums = pareto(&added).into_iter().map(extended).collect();
    }
    sums.into_iter().map(|(_, choice)| choice).collect()
}

/// The fleets of pools that share nothing which no other fleet beats: costs add, and so does an objective that is a
/// sum over pools, such as the requests that miss a deadline. A mean over requests is such a sum once each pool's
/// objective is multiplied by its share of them.
///
/// - `pools`: the points of each pool as (cost, objective), in any order; less is better on both.
///
/// Returns (cost, objective) of the fleets on the frontier, cheapest first. Exact: every combination of points is on
/// it or beaten by one that is. Empty when a pool has no finite point.
///
/// # Examples
/// ```
/// # use fleetfront_planner::frontier_of_sums;
/// let pools = [vec![(1.0, 4.0), (3.0, 0.0)], vec![(1.0, 1.0), (1.0, 2.0)]];
/// assert_eq!(frontier_of_sums(&pools), [(2.0, 5.0), (4.0, 1.0)]);
/// ```
#[must_use]
pub fn frontier_of_sums(pools: &[Vec<(f64, f64)>]) -> Vec<(f64, f64)> {
    let add = |sum: (f64, f64), point: (f64, f64)| (sum.0 + point.0, sum.1 + point.1);
    let fleet = |choice: &Vec<usize>| choice.iter().zip(pools).map(|(k, points)| points[*k]).fold((0.0, 0.0), add);
    combine_sum(pools).iter().map(fleet).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three models with five points each, some of them dominated.
    fn models() -> Vec<Vec<(f64, f64)>> {
        let mut state = 9u64;
        let mut draw = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f64 / 1000.0
        };
        (0..3).map(|_| (0..5).map(|_| (draw(), draw())).collect()).collect()
    }

    fn brute_force(models: &[Vec<(f64, f64)>], join: impl Fn(f64, f64) -> f64) -> Vec<(f64, f64)> {
        let mut fleets = vec![(0.0, 0.0)];
        for points in models {
            fleets = fleets.iter().flat_map(|f| points.iter().map(|p| (f.0 + p.0, join(f.1, p.1)))).collect();
        }
        pareto(&fleets).into_iter().map(|k| fleets[k]).collect()
    }

    fn combined(models: &[Vec<(f64, f64)>], choices: &[Vec<usize>], join: impl Fn(f64, f64) -> f64) -> Vec<(f64, f64)> {
        let fleet = |choice: &Vec<usize>| {
            choice.iter().zip(models).fold((0.0, 0.0), |f, (k, points)| (f.0 + points[*k].0, join(f.1, points[*k].1)))
        };
        choices.iter().map(fleet).collect()
    }

    #[test]
    fn the_worst_ratio_frontier_equals_brute_force() {
        let models = models();
        assert_eq!(combined(&models, &combine_worst(&models), f64::max), brute_force(&models, f64::max));
    }

    #[test]
    fn the_sum_frontier_equals_brute_force() {
        let models = models();
        assert_eq!(frontier_of_sums(&models), brute_force(&models, |a, b| a + b));
    }

    /// Reference: three and three points with weights 0.6 and 0.4, enumerated by another program: five non-dominated
    /// sums, 29 the cheapest with at most 0.10.
    #[test]
    fn weighted_misses_of_two_pools_add() {
        let a = [(10.0, 0.2), (14.0, 0.12), (20.0, 0.05)].map(|(c, m)| (c, 0.6 * m)).to_vec();
        let b = [(5.0, 0.3), (9.0, 0.1), (16.0, 0.02)].map(|(c, m)| (c, 0.4 * m)).to_vec();
        let sums = frontier_of_sums(&[a, b]);
        assert_eq!(sums.len(), 5);
        let cheapest = sums.iter().find(|(_, miss)| *miss <= 0.10).expect("one is below");
        approx::assert_relative_eq!(cheapest.0, 29.0);
    }

    #[test]
    fn infinite_latencies_never_stand_on_a_frontier() {
        assert_eq!(pareto(&[(1.0, f64::INFINITY), (2.0, 3.0), (1.5, f64::NAN)]), [1]);
        assert!(combine_worst(&[vec![(1.0, f64::INFINITY)]]).is_empty());
    }
}
