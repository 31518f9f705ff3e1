//! Nonlinear least squares for a handful of parameters, some of them bounded from below.

/// Most parameters that are ever fitted.
pub(crate) const MOST: usize = 5;

/// One value a parameter; those that are not fitted stay where they are.
pub(crate) type Point = [f64; MOST];

/// Steps are taken until the sum of squares falls by less than this share.
const TOLERANCE: f64 = 1e-14;
const MOST_STEPS: usize = 500;

/// Below this share of its own length that the others leave of a column, they are taken to explain it.
const COLLINEAR: f64 = 1e-9;

/// What is minimised: for each observation its residual and the residual's derivatives.
pub(crate) type Residuals<'a> = dyn Fn(&Point) -> Vec<(f64, Point)> + 'a;

/// Where the sum of squares is least.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Least {
    pub(crate) point: Point,
    pub(crate) sum_of_squares: f64,
    /// The transposed derivatives times the derivatives, there.
    pub(crate) normal: [Point; MOST],
}

/// Levenberg 1944 and Marquardt 1963 from one start, with parameters that meet their lower bound held there while the
/// sum of squares would fall beyond it.
///
/// - `free`: which parameters are fitted.
/// - `lowest`: their lower bounds.
pub(crate) fn descend(residuals: &Residuals<'_>, start: Point, free: [bool; MOST], lowest: Point) -> Least {
    let mut least = at(residuals, start);
    let mut gradient = slope(residuals, &start);
    let mut damping = 1e-3;
    for _ in 0..MOST_STEPS {
        let held = |k: usize| !free[k] || (least.point[k] <= lowest[k] && gradient[k] > 0.0);
        let chosen: Vec<usize> = (0..MOST).filter(|k| !held(*k)).collect();
        let mut damped = least.normal;
        damped.iter_mut().enumerate().for_each(|(k, row)| row[k] *= 1.0 + damping);
        let step = solve(&damped, &gradient, &chosen);
        let mut point = least.point;
        for (k, by) in chosen.iter().zip(step.unwrap_or_default()) {
            point[*k] = (point[*k] - by).max(lowest[*k]);
        }
        let next = at(residuals, point);
        if next.sum_of_squares < least.sum_of_squares {
            let gain = 1.0 - next.sum_of_squares / least.sum_of_squares;
            least = next;
            gradient = slope(residuals, &point);
            damping = (damping * 0.2).max(1e-14);
            if gain < TOLERANCE {
                break;
            }
        } else {
            damping *= 5.0;
            if damping > 1e14 {
                break;
            }
        }
    }
    least
}

fn at(residuals: &Residuals<'_>, point: Point) -> Least {
    let mut least = Least { point, sum_of_squares: 0.0, normal: [[0.0; MOST]; MOST] };
    for (residual, derivatives) in residuals(&point) {
        least.sum_of_squares += residual * residual;
        for i in 0..MOST {
            for j in 0..MOST {
                least.normal[i][j] += derivatives[i] * derivatives[j];
            }
        }
    }
    if !least.sum_of_squares.is_finite() {
        least.sum_of_squares = f64::INFINITY;
    }
    least
}

fn slope(residuals: &Residuals<'_>, point: &Point) -> Point {
    let mut gradient = [0.0; MOST];
    for (residual, derivatives) in residuals(point) {
        for k in 0..MOST {
            gradient[k] += residual * derivatives[k];
        }
    }
    gradient
}

/// The root of a symmetric positive matrix, rows and columns `chosen`, scaled to a diagonal of 1 (Cholesky); with the
/// scales. `Err` names the first of `chosen` that those before it explain.
type Root = (Vec<Vec<f64>>, Vec<f64>);

fn root(matrix: &[Point; MOST], chosen: &[usize]) -> Result<Root, usize> {
    let scales: Vec<f64> = chosen.iter().map(|k| matrix[*k][*k].sqrt()).collect();
    let mut root = vec![vec![0.0; chosen.len()]; chosen.len()];
    for i in 0..chosen.len() {
        if scales[i].is_nan() || scales[i] <= 0.0 || scales[i].is_infinite() {
            return Err(chosen[i]);
        }
        for j in 0..=i {
            let inner: f64 = (0..j).map(|k| root[i][k] * root[j][k]).sum();
            let rest = matrix[chosen[i]][chosen[j]] / (scales[i] * scales[j]) - inner;
            if i > j {
                root[i][j] = rest / root[j][j];
            } else if rest > COLLINEAR {
                root[i][i] = rest.sqrt();
            } else {
                return Err(chosen[i]);
            }
        }
    }
    Ok((root, scales))
}

/// Solves the rows and columns `chosen` of `matrix` for `right`; `None` where they are singular.
fn solve(matrix: &[Point; MOST], right: &Point, chosen: &[usize]) -> Option<Vec<f64>> {
    let (root, scales) = root(matrix, chosen).ok()?;
    let n = chosen.len();
    let mut x: Vec<f64> = chosen.iter().zip(&scales).map(|(k, scale)| right[*k] / scale).collect();
    for i in 0..n {
        let inner: f64 = (0..i).map(|k| root[i][k] * x[k]).sum();
        x[i] = (x[i] - inner) / root[i][i];
    }
    for i in (0..n).rev() {
        let inner: f64 = (i + 1..n).map(|k| root[k][i] * x[k]).sum();
        x[i] = (x[i] - inner) / root[i][i];
    }
    Some(x.iter().zip(&scales).map(|(x, scale)| x / scale).collect())
}

/// The inverse of the rows and columns `chosen`, zero elsewhere.
///
/// # Errors
/// The first of `chosen` that those before it explain, so that no inverse is.
pub(crate) fn inverse(matrix: &[Point; MOST], chosen: &[usize]) -> Result<[Point; MOST], usize> {
    root(matrix, chosen)?;
    let mut inverse = [[0.0; MOST]; MOST];
    for column in chosen {
        let mut unit = [0.0; MOST];
        unit[*column] = 1.0;
        for (row, value) in chosen.iter().zip(solve(matrix, &unit, chosen).ok_or(*column)?) {
            inverse[*row][*column] = value;
        }
    }
    Ok(inverse)
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    /// Misra's dental data, y = b1·(1 - exp(-b2·x)): National Institute of Standards and Technology, Statistical
    /// Reference Datasets, *Misra1a*: b1 2.3894212918E+02, b2 5.5015643181E-04, residual sum of squares
    /// 1.2455138894E-01, standard deviation of b1 2.7070075241.
    #[test]
    fn the_certified_answer_is_found_from_the_certified_starts() {
        let y = [10.07, 14.73, 17.94, 23.93, 29.61, 35.18, 40.02, 44.82, 50.76, 55.05, 61.01, 66.40, 75.47, 81.78];
        let x = [77.6, 114.9, 141.1, 190.8, 239.9, 289.0, 332.8, 378.4, 434.8, 477.3, 536.8, 593.1, 689.1, 760.0];
        let residuals = |b: &Point| -> Vec<(f64, Point)> {
            let one = |(x, y): (&f64, &f64)| {
                let decay = (-b[1] * x).exp();
                (b[0] * (1.0 - decay) - y, [1.0 - decay, b[0] * x * decay, 0.0, 0.0, 0.0])
            };
            x.iter().zip(&y).map(one).collect()
        };
        let free = [true, true, false, false, false];
        for start in [[500.0, 1e-4], [250.0, 5e-4]] {
            let start = [start[0], start[1], 0.0, 0.0, 0.0];
            let least = descend(&residuals, start, free, [0.0; MOST]);
            assert_relative_eq!(least.point[0], 238.942_129_18, max_relative = 1e-6);
            assert_relative_eq!(least.point[1], 5.501_564_318_1e-4, max_relative = 1e-6);
            assert_relative_eq!(least.sum_of_squares, 0.124_551_388_94, max_relative = 1e-9);
            let covariance = inverse(&least.normal, &[0, 1]).expect("both are told");
            let deviation = (covariance[0][0] * least.sum_of_squares / 12.0).sqrt();
            assert_relative_eq!(deviation, 2.707_007_524_1, max_relative = 1e-5);
        }
    }

    /// The least squares of x - 3 and y + 2 under x, y ≥ 0 are at (3, 0).
    #[test]
    fn a_bound_holds() {
        let residuals =
            |p: &Point| vec![(p[0] - 3.0, [1.0, 0.0, 0.0, 0.0, 0.0]), (p[1] + 2.0, [0.0, 1.0, 0.0, 0.0, 0.0])];
        let least = descend(&residuals, [1.0; MOST], [true, true, false, false, false], [0.0; MOST]);
        assert_relative_eq!(least.point[0], 3.0, epsilon = 1e-9);
        assert!(least.point[1].abs() < 1e-12, "{least:?}");
    }

    #[test]
    fn a_column_that_others_explain_is_named() {
        let mut matrix = [[0.0; MOST]; MOST];
        for row in [[1.0, 2.0, 3.0, 0.0, 0.0], [1.0, 0.0, 1.0, 0.0, 0.0], [0.0, 1.0, 1.0, 0.0, 0.0]] {
            for i in 0..MOST {
                for j in 0..MOST {
                    matrix[i][j] += row[i] * row[j];
                }
            }
        }
        assert_eq!(inverse(&matrix, &[0, 1, 2]), Err(2));
        assert_eq!(inverse(&matrix, &[0, 3]), Err(3));
        // [[2, 2], [2, 5]]: the inverse by hand is [[5, -2], [-2, 2]] / 6.
        let found = inverse(&matrix, &[0, 1]).expect("regular");
        assert_relative_eq!(found[0][0], 5.0 / 6.0, max_relative = 1e-12);
        assert_relative_eq!(found[1][0], -2.0 / 6.0, max_relative = 1e-12);
    }
}
