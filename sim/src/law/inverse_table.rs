//! An inverse as a table of polynomials: for laws whose quantiles bend too sharply for one series.

use crate::quantile::Quantile;

/// The logarithm of a law's seconds on all places of a [`Quantile`], in cells that are halved until a polynomial of
/// degree 5 meets it, or one place is left.
///
/// Values at the ends of cells are exact, and every polynomial rises (its derivative has no negative Bernstein
/// coefficient), so that the table rises as a whole.
#[derive(Debug, Clone)]
pub(super) struct InverseTable {
    cells: Vec<Cell>,
    /// The cell of the first place of each bucket, and the last cell.
    guide: Vec<u32>,
}

/// The function at a place: its value, and two derivatives in the probability.
#[derive(Debug, Clone, Copy)]
pub(super) struct Node {
    pub(super) value: f64,
    pub(super) slope: f64,
    pub(super) bend: f64,
}

#[derive(Debug, Clone, Copy)]
struct Cell {
    /// Its first place.
    start: u32,
    /// One over its width in places.
    per_place: f64,
    /// Of a polynomial in the share of the width.
    coefficients: [f64; 6],
}

const PLACES: f64 = 4_294_967_296.0;
/// Buckets of 2^22 places each.
const BUCKET_BITS: u32 = 22;
/// Of the logarithm, at a quarter, half and three quarters of a cell.
const NEGLIGIBLE: f64 = 2e-10;

impl InverseTable {
    /// - `node`: the function, by the probabilities of what is below and of what is above, and a guess at its value.
    /// - `step`: from a value towards the function's, by the same probabilities; precise where it is small.
    pub(super) fn of(node: impl Fn(f64, f64, Option<f64>) -> Node, step: impl Fn(f64, f64, f64) -> f64) -> Self {
        let at = |place: f64| (place / PLACES, (PLACES - place) / PLACES);
        let mut cells = Vec::new();
        // Cells still to be done, the lowest last, each with its ends; `None` where a probability is 0 or 1.
        let whole = |start: u64, width: u64| (start, width, None, None);
        let mut open = vec![whole(0, 1 << 32)];
        while let Some((start, width, low, high)) = open.pop() {
            if width == 1 {
                let (below, above) = at(start as f64 + 0.5);
                let coefficients = [node(below, above, None).value, 0.0, 0.0, 0.0, 0.0, 0.0];
                cells.push(Cell { start: start as u32, per_place: 1.0, coefficients });
                continue;
            }
            let mut guess = None;
            if let (Some(low), Some(high)) = (low, high) {
                let coefficients = hermite(low, high, width as f64 / PLACES);
                let meets = |share: f64| {
                    let (below, above) = at(start as f64 + share * width as f64);
                    step(horner(&coefficients, share), below, above).abs() < NEGLIGIBLE
                };
                if rises(&coefficients) && meets(0.5) && meets(0.25) && meets(0.75) {
                    cells.push(Cell { start: start as u32, per_place: 1.0 / width as f64, coefficients });
                    continue;
                }
                guess = Some(horner(&coefficients, 0.5));
            }
            let half = width / 2;
            let (below, above) = at((start + half) as f64);
            let middle = Some(node(below, above, guess));
            open.push((start + half, half, middle, high));
            open.push((start, half, low, middle));
        }
        let guide = (0..1u64 << (32 - BUCKET_BITS))
            .map(|bucket| {
                let first = bucket << BUCKET_BITS;
                cells.partition_point(|cell| u64::from(cell.start) <= first) as u32 - 1
            })
            .chain([cells.len() as u32 - 1])
            .collect();
        Self { cells, guide }
    }

    /// The function at each of `quantiles`.
    pub(super) fn fill(&self, quantiles: &[Quantile], values: &mut [f64]) {
        for (quantile, value) in quantiles.iter().zip(values) {
            *value = self.at(*quantile);
        }
    }

    fn at(&self, quantile: Quantile) -> f64 {
        let place = quantile.0;
        let bucket = (place >> BUCKET_BITS) as usize;
        let (mut cell, last) = (self.guide[bucket] as usize, self.guide[bucket + 1] as usize);
        if cell < last {
            cell += self.cells[cell + 1..=last].partition_point(|cell| cell.start <= place);
        }
        let cell = &self.cells[cell];
        horner(&cell.coefficients, (f64::from(place - cell.start) + 0.5) * cell.per_place)
    }
}

/// The polynomial that has the values and derivatives of `low` at 0 and of `high` at 1, `width` apart.
fn hermite(low: Node, high: Node, width: f64) -> [f64; 6] {
    let rise = high.value - low.value;
    let [v0, v1] = [low.slope * width, high.slope * width];
    let [a0, a1] = [low.bend * width * width, high.bend * width * width];
    [
        low.value,
        v0,
        0.5 * a0,
        10.0 * rise - 6.0 * v0 - 4.0 * v1 - 1.5 * a0 + 0.5 * a1,
        -15.0 * rise + 8.0 * v0 + 7.0 * v1 + 1.5 * a0 - a1,
        6.0 * rise - 3.0 * (v0 + v1) - 0.5 * (a0 - a1),
    ]
}

fn horner(coefficients: &[f64; 6], t: f64) -> f64 {
    coefficients.iter().rev().fold(0.0, |sum, c| sum * t + c)
}

/// Whether the polynomial certainly rises on [0, 1]: the Bernstein coefficients of its derivative bound it.
fn rises(coefficients: &[f64; 6]) -> bool {
    /// The binomial coefficients j over i, divided by 4 over i.
    const BERNSTEIN: [[f64; 5]; 5] = [
        [1.0, 0.0, 0.0, 0.0, 0.0],
        [1.0, 0.25, 0.0, 0.0, 0.0],
        [1.0, 0.5, 1.0 / 6.0, 0.0, 0.0],
        [1.0, 0.75, 0.5, 0.25, 0.0],
        [1.0, 1.0, 1.0, 1.0, 1.0],
    ];
    let derivative = [1, 2, 3, 4, 5].map(|k| k as f64 * coefficients[k]);
    BERNSTEIN.iter().all(|row| row.iter().zip(&derivative).map(|(b, d)| b * d).sum::<f64>() >= 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    #[test]
    fn a_polynomial_of_degree_five_is_met_and_falling_ones_are_told() {
        let f = |t: f64| 1.0 + 2.0 * t + 3.0 * t * t - 0.5 * t.powi(3) + 0.25 * t.powi(4) + 0.125 * t.powi(5);
        let slope = |t: f64| 2.0 + 6.0 * t - 1.5 * t * t + t.powi(3) + 0.625 * t.powi(4);
        let bend = |t: f64| 6.0 - 3.0 * t + 3.0 * t * t + 2.5 * t.powi(3);
        let node = |t: f64| Node { value: f(t), slope: slope(t), bend: bend(t) };
        let found = hermite(node(0.2), node(0.7), 0.5);
        for share in [0.0, 0.3, 0.5, 0.9, 1.0] {
            assert_relative_eq!(horner(&found, share), f(0.2 + 0.5 * share), max_relative = 1e-14);
        }
        assert!(rises(&found));
        assert!(!rises(&[0.0, 1.0, -3.0, 2.5, 0.0, 0.0]));
    }

    /// A step as steep as a cliff: the two sides are met, and only the place of the cliff is between them.
    #[test]
    fn a_cliff_is_one_cell_wide() {
        let cliff = 0.3;
        let height = |below: f64| if below < cliff { 0.0 } else { 1.0 };
        let node = |below: f64, _, _| Node { value: below + height(below), slope: 1.0, bend: 0.0 };
        let table = InverseTable::of(node, |y, below, _| below + height(below) - y);
        for place in [0, 1, 77, (cliff * PLACES) as u32 - 1, (cliff * PLACES) as u32 + 1, u32::MAX] {
            let below = Quantile(place).uniform();
            assert_relative_eq!(table.at(Quantile(place)), below + height(below), epsilon = 1e-12);
        }
        assert!(table.cells.len() < 100, "{}", table.cells.len());
    }
}
