//! A smooth curve through points: cubic B-splines whose bends are paid for, as many bends as predict best.
//!
//! # Source
//! Eilers and Marx 1996, "Flexible smoothing with B-splines and penalties"; the price of bends by generalised
//! cross-validation (Craven and Wahba 1979).

/// Parts that the range is cut into, and its ends in standard deviations: beyond them nothing is drawn but once in 1,600.
const PARTS: usize = 12;
const END: f64 = 3.6;
/// Splines that are not zero somewhere in the range.
const SPLINES: usize = PARTS + 3;
/// Prices of bends, as powers of ten.
const PRICES: [f64; 13] = [1e-4, 1e-3, 1e-2, 1e-1, 1.0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e9];
/// Keeps sums apart where no point lies.
const RIDGE: f64 = 1e-9;

type Matrix = [[f64; SPLINES]; SPLINES];
type Vector = [f64; SPLINES];

/// A curve over standard normal numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Curve(Vector);

impl Curve {
    pub(crate) fn at(&self, x: f64) -> f64 {
        let (first, weights) = splines(x);
        weights.iter().zip(&self.0[first..]).map(|(weight, height)| weight * height).sum()
    }
}

/// The splines that are not zero at `x`: the place of the first of four, and their values.
fn splines(x: f64) -> (usize, [f64; 4]) {
    let scaled = ((x + END) / (2.0 * END) * PARTS as f64).clamp(0.0, PARTS as f64 * (1.0 - 1e-12));
    let (first, t) = (scaled.floor() as usize, scaled.fract());
    let u = 1.0 - t;
    let values = [u * u * u, 3.0 * t * t * t - 6.0 * t * t + 4.0, 3.0 * u * u * u - 6.0 * u * u + 4.0, t * t * t];
    (first, values.map(|value| value / 6.0))
}

/// Points at which several curves are fitted, each with a weight.
pub(crate) struct Design<'a> {
    points: &'a [f64],
    weights: &'a [f64],
    /// For each price the factor of the normal equations, and how many free numbers a curve then has.
    priced: Vec<(Matrix, f64)>,
    gram: Matrix,
    total: f64,
}

impl<'a> Design<'a> {
    /// - `points`: standard normal numbers; `weights`: how often each counts.
    pub(crate) fn new(points: &'a [f64], weights: &'a [f64]) -> Self {
        let mut gram = [[0.0; SPLINES]; SPLINES];
        for (x, weight) in points.iter().zip(weights) {
            let (first, values) = splines(*x);
            for (i, a) in values.iter().enumerate() {
                for (j, b) in values.iter().enumerate() {
                    gram[first + i][first + j] += weight * a * b;
                }
            }
        }
        let bends = bends();
        let priced = |price: &f64| {
            let mut sum = gram;
            for (i, row) in sum.iter_mut().enumerate() {
                row.iter_mut().zip(&bends[i]).for_each(|(value, bend)| *value += price * bend);
                row[i] += RIDGE;
            }
            let factor = cholesky(&sum);
            let column = |j: usize| solve(&factor, std::array::from_fn(|i| gram[i][j]))[j];
            (factor, (0..SPLINES).map(column).sum())
        };
        let priced = PRICES.iter().map(priced).collect();
        Self { points, weights, priced, gram, total: weights.iter().sum() }
    }

    pub(crate) fn points(&self) -> &[f64] {
        self.points
    }

    /// The curve that predicts best.
    ///
    /// - `values`: one a point.
    pub(crate) fn fit(&self, values: &[f64]) -> Curve {
        let mut moments = [0.0; SPLINES];
        let mut square = 0.0;
        for ((x, weight), value) in self.points.iter().zip(self.weights).zip(values) {
            let (first, splines) = splines(*x);
            for (i, spline) in splines.iter().enumerate() {
                moments[first + i] += weight * spline * value;
            }
            square += weight * value * value;
        }
        let mut best = (f64::INFINITY, [0.0; SPLINES]);
        for (factor, free) in &self.priced {
            let heights = solve(factor, moments);
            let of_gram: f64 = self.gram.iter().zip(&heights).map(|(row, height)| height * dot(row, &heights)).sum();
            let left = (square - 2.0 * dot(&heights, &moments) + of_gram).max(0.0);
            let score = left / (self.total - free).powi(2);
            // Of equal ones the stiffest, which stands last.
            if score <= best.0 {
                best = (score, heights);
            }
        }
        Curve(best.1)
    }
}

/// The squares of second differences.
fn bends() -> Matrix {
    let mut bends = [[0.0; SPLINES]; SPLINES];
    for first in 0..SPLINES - 2 {
        for (i, a) in [1.0, -2.0, 1.0].into_iter().enumerate() {
            for (j, b) in [1.0, -2.0, 1.0].into_iter().enumerate() {
                bends[first + i][first + j] += a * b;
            }
        }
    }
    bends
}

fn dot(a: &Vector, b: &Vector) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// The lower triangle whose product with its transpose is a positive matrix.
fn cholesky(of: &Matrix) -> Matrix {
    let mut lower = [[0.0; SPLINES]; SPLINES];
    for i in 0..SPLINES {
        for j in 0..=i {
            let sum: f64 = (0..j).map(|k| lower[i][k] * lower[j][k]).sum();
            lower[i][j] = if i == j { (of[i][i] - sum).max(RIDGE).sqrt() } else { (of[i][j] - sum) / lower[j][j] };
        }
    }
    lower
}

fn solve(lower: &Matrix, right: Vector) -> Vector {
    let mut x = right;
    for i in 0..SPLINES {
        let sum: f64 = (0..i).map(|k| lower[i][k] * x[k]).sum();
        x[i] = (x[i] - sum) / lower[i][i];
    }
    for i in (0..SPLINES).rev() {
        let sum: f64 = (i + 1..SPLINES).map(|k| lower[k][i] * x[k]).sum();
        x[i] = (x[i] - sum) / lower[i][i];
    }
    x
}

#[cfg(test)]
mod tests {
    use approx::assert_relative_eq;
    use fleetfront_sim::{Luck, normal_quantile};

    use super::*;

    fn normals(stream: u64, n: u32) -> Vec<f64> {
        (0..n).map(|k| normal_quantile(Luck(stream).child(k).uniform(0, 0).clamp(1e-9, 1.0 - 1e-9))).collect()
    }

    #[test]
    fn splines_add_up_to_one_everywhere() {
        for k in -50..=50 {
            let (first, values) = splines(f64::from(k) / 10.0);
            assert!(first + 4 <= SPLINES);
            assert_relative_eq!(values.iter().sum::<f64>(), 1.0, epsilon = 1e-12);
        }
    }

    #[test]
    fn a_line_is_fitted_as_it_is_and_the_mean_is_kept() {
        let x = normals(1, 300);
        let line: Vec<f64> = x.iter().map(|x| 3.0 - 2.0 * x).collect();
        let curve = Design::new(&x, &vec![1.0; 300]).fit(&line);
        for at in [-2.5, 0.0, 1.7] {
            assert_relative_eq!(curve.at(at), 3.0 - 2.0 * at, epsilon = 1e-3);
        }
        let noisy: Vec<f64> = line.iter().zip(normals(2, 300)).map(|(line, noise)| line + 5.0 * noise).collect();
        let curve = Design::new(&x, &vec![1.0; 300]).fit(&noisy);
        let mean = |values: &mut dyn Iterator<Item = f64>| values.sum::<f64>() / 300.0;
        assert_relative_eq!(
            mean(&mut x.iter().map(|x| curve.at(*x))),
            mean(&mut noisy.iter().copied()),
            epsilon = 1e-6
        );
    }

    /// The error of a curve with so much noise is a small part of the noise: 400 points, sigma 0.5, a sine.
    #[test]
    fn a_bent_curve_is_followed_through_noise() {
        let x = normals(3, 400);
        let noisy: Vec<f64> = x.iter().zip(normals(4, 400)).map(|(x, noise)| (1.5 * x).sin() + 0.5 * noise).collect();
        let curve = Design::new(&x, &vec![1.0; 400]).fit(&noisy);
        let errors = x.iter().filter(|x| x.abs() < 2.0).map(|x| (curve.at(*x) - (1.5 * x).sin()).powi(2));
        let error = (errors.sum::<f64>() / 400.0).sqrt();
        assert!(error < 0.12, "{error}");
    }

    #[test]
    fn a_point_that_counts_twice_is_two_points() {
        let x = normals(5, 60);
        let y: Vec<f64> = x.iter().zip(normals(6, 60)).map(|(x, noise)| x * x + noise).collect();
        let weights: Vec<f64> = (0..60).map(|k| if k < 20 { 2.0 } else { 1.0 }).collect();
        let weighted = Design::new(&x, &weights).fit(&y);
        let twice = |values: &[f64]| [values, &values[..20]].concat();
        let (x2, y2) = (twice(&x), twice(&y));
        let doubled = Design::new(&x2, &[1.0; 80]).fit(&y2);
        assert_relative_eq!(weighted.at(0.3), doubled.at(0.3), epsilon = 1e-6);
    }
}
