//! How to spend a budget of trials on competing designs.

/// Optimal computing budget allocation: how many of `budget` trials each design deserves, so that the one with the
/// smallest mean is told from the others as surely as possible.
///
/// A rival's share grows with its variance and falls with the square of its distance from the best,
/// N ∝ (σ / δ)²; the best itself takes σ·√(Σ N² / σ²) over its rivals. Rivals whose mean equals the best one's leave
/// nothing for the others: the limit as their common distance vanishes.
///
/// - `means`, `deviations`: mean and standard deviation of one trial of each design, in the same order and unit, from
///   the trials made so far.
/// - `budget`: trials in all.
///
/// Returns the trials of each design, in the same order, not rounded; their sum is `budget`. Equal shares where the
/// rule gives nothing to anybody, as it does without deviations.
///
/// # Panics
/// If there are no designs, the lengths differ, a mean is not finite, or a deviation is negative or not finite.
///
/// # Source
/// Chen, Lin, Yücesan and Chick 2000, *Discrete Event Dynamic Systems* 10.
#[must_use]
pub fn ocba(means: &[f64], deviations: &[f64], budget: f64) -> Vec<f64> {
    assert_eq!(means.len(), deviations.len(), "means and deviations of different designs");
    assert!(means.iter().all(|mean| mean.is_finite()), "means {means:?}");
    assert!(deviations.iter().all(|sd| sd.is_finite() && *sd >= 0.0), "deviations {deviations:?}");
    let best = (0..means.len()).min_by(|a, b| means[*a].total_cmp(&means[*b])).expect("there are designs");
    let rivals = || (0..means.len()).filter(|k| *k != best);
    let nearest = rivals().map(|k| means[k] - means[best]).fold(f64::INFINITY, f64::min);
    // Distances in multiples of the smallest; only quotients of shares matter.
    let distance = |k: usize| match means[k] - means[best] {
        0.0 => 1.0,
        _ if nearest == 0.0 => f64::INFINITY,
        gap => gap / nearest,
    };
    let mut shares: Vec<f64> = (0..means.len()).map(|k| (deviations[k] / distance(k)).powi(2)).collect();
    let squares: f64 = rivals().map(|k| (deviations[k] / distance(k).powi(2)).powi(2)).sum();
    shares[best] = deviations[best] * squares.sqrt();
    let total: f64 = shares.iter().sum();
    if total == 0.0 {
        return vec![budget / means.len() as f64; means.len()];
    }
    shares.iter().map(|share| budget * share / total).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    fn check(found: &[f64], expected: &[f64]) {
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(expected) {
            assert_relative_eq!(*found, *expected, epsilon = 1e-9);
        }
    }

    /// By hand: rivals at distances 1 and 2 with deviation 1 weigh 1 and 1/4; the best √(1 + 1/16) = √17 / 4.
    #[test]
    fn near_rivals_take_most() {
        let weights = [17.0_f64.sqrt() / 4.0, 1.0, 0.25];
        let total: f64 = weights.iter().sum();
        check(&ocba(&[5.0, 6.0, 7.0], &[1.0; 3], 900.0), &weights.map(|w| 900.0 * w / total));
    }

    /// Two designs: proportional to the deviations, whatever the means.
    #[test]
    fn two_designs_share_by_their_deviations() {
        check(&ocba(&[9.0, 2.0], &[3.0, 1.0], 100.0), &[75.0, 25.0]);
        check(&ocba(&[2.0, 2.0], &[3.0, 1.0], 100.0), &[75.0, 25.0]);
    }

    #[test]
    fn a_tie_is_the_limit_of_small_distances() {
        let deviations = [1.0, 2.0, 1.5, 3.0];
        let tied = ocba(&[4.0, 4.0, 4.0, 9.0], &deviations, 1000.0);
        let nearly = ocba(&[4.0, 4.0 + 1e-7, 4.0 + 1e-7, 9.0], &deviations, 1000.0);
        for (a, b) in tied.iter().zip(&nearly) {
            assert_relative_eq!(*a, *b, epsilon = 1e-6);
        }
        assert_relative_eq!(tied[3], 0.0);
    }

    #[test]
    fn nobody_starves_for_want_of_luck() {
        check(&ocba(&[1.0, 2.0, 3.0], &[0.0; 3], 9.0), &[3.0; 3]);
        check(&ocba(&[1.0], &[0.5], 9.0), &[9.0]);
    }

    #[test]
    fn units_do_not_matter() {
        let (means, deviations) = ([10.0, 11.0, 14.0], [1.0, 2.0, 3.0]);
        let scaled = ocba(&means.map(|m| 60.0 * m + 7.0), &deviations.map(|s| 60.0 * s), 100.0);
        check(&scaled, &ocba(&means, &deviations, 100.0));
    }
}
