//! Many tests at once.

/// Holm's adjusted p-values: rejecting those at most α keeps the probability of any false rejection at most α, however
/// the tests depend on each other.
///
/// - `p`: one p-value a test, in any order.
///
/// Returns one value a test, in the order of `p`.
///
/// # Panics
/// If a p-value is not between 0 and 1.
///
/// # Source
/// Holm 1979, *Scandinavian Journal of Statistics* 6.
#[must_use]
pub fn holm(p: &[f64]) -> Vec<f64> {
    assert!(p.iter().all(|p| (0.0..=1.0).contains(p)), "a p-value is not between 0 and 1: {p:?}");
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|a, b| p[*a].total_cmp(&p[*b]));
    let mut adjusted = vec![1.0; p.len()];
    let mut largest = 0.0_f64;
    for (rank, test) in order.into_iter().enumerate() {
        // The smallest is held against all tests, the next against those that are left; none overtakes a smaller one.
        largest = largest.max(p[test] * (p.len() - rank) as f64).min(1.0);
        adjusted[test] = largest;
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: 4 · 0.01; 3 · 0.02 = 0.06, which also holds 2 · 0.03 and 1 · 0.035 up.
    #[test]
    fn later_tests_do_not_overtake_earlier_ones() {
        let adjusted = holm(&[0.03, 0.01, 0.035, 0.02]);
        for (found, expected) in adjusted.iter().zip([0.06, 0.04, 0.06, 0.06]) {
            approx::assert_relative_eq!(*found, expected, max_relative = 1e-12);
        }
    }

    #[test]
    fn adjusted_values_lie_between_the_raw_and_bonferronis() {
        let p = [0.2, 0.004, 0.9, 0.03, 0.03, 0.5];
        for (found, raw) in holm(&p).iter().zip(p) {
            assert!(*found >= raw && *found <= (6.0 * raw).min(1.0), "{raw} became {found}");
        }
        assert_eq!(holm(&[]), Vec::<f64>::new());
    }
}
