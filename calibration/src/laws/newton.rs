//! The maximum of a smooth function.

use super::jet::Jet;

/// Where a function is largest.
#[derive(Debug, Clone, Copy)]
pub(super) struct Maximum<const N: usize> {
    pub(super) at: [f64; N],
    pub(super) jet: Jet<N>,
}

const STEPS_MAX: usize = 200;
/// Longest step in a coordinate: of a logarithm, a factor of 4.5.
const STEP_LONGEST: f64 = 1.5;
/// What a step may still promise, relative to the value, when the search ends: its square is behind the last one.
const NEGLIGIBLE: f64 = 1e-12;
/// Coordinates are logarithms or numbers of seconds: a law beyond is none of a time.
const FARTHEST: f64 = 1e4;
/// A variance at which a coordinate is not known at all: the function climbs without end, ever more slowly.
const UNKNOWN: f64 = 1e8;

/// The maximum next to `start`, by Newton's method; where the function is not concave, or a step does not climb, with a
/// ridge on the curvatures (Levenberg 1944). `None` where the function climbs without end or has no number at `start`.
pub(super) fn maximise<const N: usize>(start: [f64; N], of: impl Fn(&[f64; N]) -> Jet<N>) -> Option<Maximum<N>> {
    let (mut at, mut jet) = (start, of(&start));
    if !jet.is_finite() {
        return None;
    }
    let mut ridge = 0.0;
    for _ in 0..STEPS_MAX {
        let Some(step) = step(&jet, ridge) else {
            ridge = (10.0 * ridge).max(1e-3);
            continue;
        };
        let promise: f64 = step.iter().zip(&jet.slope).map(|(step, slope)| step * slope).sum();
        let longest = step.iter().fold(0.0f64, |longest, step| longest.max(step.abs()));
        let share = (STEP_LONGEST / longest).min(1.0);
        let next: [f64; N] = std::array::from_fn(|k| at[k] + share * step[k]);
        if next.iter().any(|x| x.abs() > FARTHEST) {
            return None;
        }
        let there = of(&next);
        // A sum of many numbers has noise.
        let noise = 1e-13 * (1.0 + jet.value.abs());
        if there.is_finite() && there.value >= jet.value - noise {
            (at, jet) = (next, there);
            if promise < NEGLIGIBLE * (1.0 + jet.value.abs()) && ridge <= 1e-3 {
                let known = |unknown: [[f64; N]; N]| (0..N).all(|k| unknown[k][k] < UNKNOWN);
                return covariance(&jet).filter(|unknown| known(*unknown)).map(|_| Maximum { at, jet });
            }
            ridge = if ridge > 1e-6 { ridge / 10.0 } else { 0.0 };
        } else {
            ridge = (10.0 * ridge).max(1e-3);
            if ridge > 1e15 {
                return None;
            }
        }
    }
    None
}

/// Newton's step; `None` where the curvature with its ridge is not that of a summit.
fn step<const N: usize>(jet: &Jet<N>, ridge: f64) -> Option<[f64; N]> {
    let matrix = std::array::from_fn(|i| {
        std::array::from_fn(|j| {
            let extra = if i == j { ridge * (1.0 + jet.curvature[i][i].abs()) } else { 0.0 };
            extra - jet.curvature[i][j]
        })
    });
    let root = cholesky(&matrix)?;
    Some(solve(&root, &jet.slope))
}

/// What is not known about the coordinates of a maximum: the inverse of the curvature (the observed information). `None`
/// where it is none of a summit.
pub(super) fn covariance<const N: usize>(jet: &Jet<N>) -> Option<[[f64; N]; N]> {
    let root = cholesky(&jet.curvature.map(|row| row.map(|x| -x)))?;
    let unit = |k: usize| std::array::from_fn(|i| f64::from(u8::from(i == k)));
    Some(std::array::from_fn(|k| solve(&root, &unit(k))))
}

/// The lower triangle L of a symmetric positive definite matrix L L'.
fn cholesky<const N: usize>(matrix: &[[f64; N]; N]) -> Option<[[f64; N]; N]> {
    let mut root = [[0.0; N]; N];
    for i in 0..N {
        for j in 0..=i {
            let sum: f64 = (0..j).map(|k| root[i][k] * root[j][k]).sum();
            let rest = matrix[i][j] - sum;
            if i == j {
                // Less than rounding leaves of the number is not positive.
                if rest.is_nan() || rest <= 1e-14 * matrix[i][i].abs() {
                    return None;
                }
                root[i][i] = rest.sqrt();
            } else {
                root[i][j] = rest / root[j][j];
            }
        }
    }
    Some(root)
}

fn solve<const N: usize>(root: &[[f64; N]; N], right: &[f64; N]) -> [f64; N] {
    let mut x = *right;
    for i in 0..N {
        let sum: f64 = (0..i).map(|k| root[i][k] * x[k]).sum();
        x[i] = (x[i] - sum) / root[i][i];
    }
    for i in (0..N).rev() {
        let sum: f64 = (i + 1..N).map(|k| root[k][i] * x[k]).sum();
        x[i] = (x[i] - sum) / root[i][i];
    }
    x
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    /// -(a - 1)² - 3 (b - a²)² has its summit at (1, 1), behind a bent ridge; the inverse of its curvature there,
    /// [[26, -12], [-12, 6]], by hand: determinant 156 - 144 = 12.
    #[test]
    fn a_bent_ridge_is_climbed() {
        let of = |at: &[f64; 2]| {
            let [a, b] = Jet::<2>::variables(at);
            let (one, other) = (a.plus(-1.0), b - a * a);
            -(one * one) - (other * other).times(3.0)
        };
        let found = maximise([-2.0, 3.0], of).expect("a summit");
        assert_relative_eq!(found.at[0], 1.0, max_relative = 1e-9);
        assert_relative_eq!(found.at[1], 1.0, max_relative = 1e-9);
        let unknown = covariance(&found.jet).expect("a summit");
        assert_relative_eq!(unknown[0][0], 0.5, max_relative = 1e-9);
        assert_relative_eq!(unknown[0][1], 1.0, max_relative = 1e-9);
        assert_relative_eq!(unknown[1][1], 26.0 / 12.0, max_relative = 1e-9);
    }

    #[test]
    fn what_climbs_without_end_has_no_maximum() {
        assert!(maximise([0.0], |at| Jet::<1>::variables(at)[0]).is_none());
        assert!(maximise([0.0], |at| -(-Jet::<1>::variables(at)[0]).exp()).is_none());
        assert!(maximise([0.0], |_| Jet::<1>::constant(f64::NEG_INFINITY)).is_none());
    }
}
