//! What the spreads of all cells have in common.

use serde::{Deserialize, Serialize};
use statrs::function::gamma::digamma;

use super::PoolingError;
use super::estimate::LogMedian;
use crate::spread::BORROWED_FREEDOM;

/// A variance below this share of the median one is rounding: as in the reference implementation of the method.
const LEAST_OF_MEDIAN: f64 = 1e-5;

/// However much cells differ, what they tell of one more is worth one squared deviation: with less, Student's t has no ends
/// that a number can hold.
const LEAST_FREEDOM: f64 = 1.0;

/// The least standard deviation of logarithms that few runs of a cell are believed to have, however alike those of other
/// cells are. Repeated at once a request takes the same to 0.01 to 6.4 % (published series, 2024-2026); on three days of two
/// weeks the same one took 2.13, 2.51 and 2.90 s, 0.154 of their logarithms (FLUX.1-schnell on L40S,
/// github.com/jatidevelopments/ryla, 2026-02-02). Between the two, and as that of ratios: our choice.
pub const SPREAD_FLOOR: f64 = 0.1;

/// The variance of the logarithms of a cell's times.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CellSpread {
    /// Sum of squared deviations over `freedom`.
    pub variance: f64,
    /// Runs less one; at least 1.
    pub freedom: f64,
}

/// Variances of cells are drawn from `variance · d0 / chi-square(d0)`.
///
/// # Source
/// Smyth 2004, *Statistical Applications in Genetics and Molecular Biology* 3, article 3: the moments of section 6.2,
/// the posterior of section 3.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SpreadPrior {
    /// s0², of logarithms of seconds.
    pub variance: f64,
    /// d0; `None` where the cells do not differ more than luck explains, so that it is infinite.
    pub cell_freedom: Option<f64>,
    /// What the prior is worth for one more cell: d0 less what is not known of s0² itself. Our approximation: variances
    /// of the logarithm of a scaled chi-square with d degrees of freedom are near 2/d, and add.
    pub freedom: f64,
    /// How many cells told it; 0 of a stated spread.
    pub cells: usize,
    /// Degrees of freedom of all runs that told it: a cell knows its spread no better than from all of them, its own among
    /// them, and with what was stated beside them. `None` of a stated spread alone, which rests on other runs.
    pub of_runs: Option<f64>,
    /// Whether the cells, or a source, tell less than is believed: then it is the least that is, and worth no more than a
    /// borrowed one.
    #[serde(default)]
    pub is_least: bool,
}

impl SpreadPrior {
    /// - `spreads`: of the cells with at least two runs each.
    ///
    /// # Errors
    /// [`PoolingError::NoSpread`] without a cell whose runs differ; [`PoolingError::NotA`] for what is no variance.
    pub fn fit(spreads: &[CellSpread]) -> Result<Self, PoolingError> {
        for spread in spreads {
            if !(spread.variance.is_finite() && spread.variance >= 0.0) {
                return Err(PoolingError::NotA { what: "variance", value: spread.variance });
            }
            if !(spread.freedom.is_finite() && spread.freedom >= 1.0) {
                return Err(PoolingError::NotA {
                    what: "number of degrees of freedom from 1 on",
                    value: spread.freedom,
                });
            }
        }
        let mut sorted: Vec<f64> = spreads.iter().map(|spread| spread.variance).collect();
        sorted.sort_by(f64::total_cmp);
        let positive: Vec<f64> = sorted.iter().copied().filter(|variance| *variance > 0.0).collect();
        if positive.is_empty() {
            return Err(PoolingError::NoSpread);
        }
        let least = LEAST_OF_MEDIAN * positive[positive.len() / 2];
        let own: f64 = spreads.iter().map(|spread| spread.freedom).sum();
        if spreads.len() == 1 {
            let variance = spreads[0].variance;
            return Ok(Self {
                variance,
                cell_freedom: None,
                freedom: own,
                cells: 1,
                of_runs: Some(own),
                is_least: false,
            });
        }
        let n = spreads.len() as f64;
        let logs: Vec<f64> =
            spreads.iter().map(|s| s.variance.max(least).ln() + ln_less_digamma(s.freedom / 2.0)).collect();
        let mean = logs.iter().sum::<f64>() / n;
        let by_luck = spreads.iter().map(|s| trigamma(s.freedom / 2.0)).sum::<f64>() / n;
        let total = logs.iter().map(|e| (e - mean).powi(2)).sum::<f64>() / (n - 1.0);
        let between = total - by_luck;
        // The mean of n logarithms, each with the variance of luck and of the cells, is known to their n-th part.
        let of_mean = 2.0 / (total.max(by_luck) / n);
        if between > 0.0 {
            let half = inverse_trigamma(between);
            let variance = (mean - ln_less_digamma(half)).exp();
            let freedom = (1.0 / (1.0 / (2.0 * half) + 1.0 / of_mean)).max(LEAST_FREEDOM);
            return Ok(Self {
                variance,
                cell_freedom: Some(2.0 * half),
                freedom,
                cells: spreads.len(),
                of_runs: Some(own),
                is_least: false,
            });
        }
        // One variance for all: its best estimate is the pooled one, with the freedom of all runs.
        let pooled = spreads.iter().map(|s| s.variance * s.freedom).sum::<f64>() / own;
        let cells = spreads.len();
        Ok(Self { variance: pooled, cell_freedom: None, freedom: own, cells, of_runs: Some(own), is_least: false })
    }

    /// A spread that a source states.
    ///
    /// - `cv`: standard deviation over mean.
    /// - `freedom`: what it is worth: runs less one behind it, or fewer where cells differ.
    ///
    /// # Errors
    /// [`PoolingError::NotA`] when `cv` is not above zero, or `freedom` below 1.
    pub fn stated(cv: f64, freedom: f64) -> Result<Self, PoolingError> {
        if !(cv.is_finite() && cv > 0.0) {
            return Err(PoolingError::NotA { what: "coefficient of variation", value: cv });
        }
        if !(freedom.is_finite() && freedom >= 1.0) {
            return Err(PoolingError::NotA { what: "number of degrees of freedom from 1 on", value: freedom });
        }
        Ok(Self {
            variance: (cv * cv).ln_1p(),
            cell_freedom: Some(freedom),
            freedom,
            cells: 0,
            of_runs: None,
            is_least: false,
        })
    }

    /// What a few cells told together with what a source states: variances weighted by what each is worth, as two
    /// estimates of one variance are. Cells keep a share that grows with their runs, and the only cell that happened to be
    /// measured twice does not set the spread of all.
    pub(super) fn with_stated(self, stated: Self) -> Self {
        let freedom = self.freedom + stated.freedom;
        let variance = (self.freedom * self.variance + stated.freedom * stated.variance) / freedom;
        Self { variance, freedom, of_runs: self.of_runs.map(|own| own + stated.freedom), ..self }
    }

    /// No less than is believed of few runs.
    ///
    /// - `floor`: as a standard deviation of logarithms; such as [`SPREAD_FLOOR`].
    pub(super) fn no_less_than(self, floor: f64) -> Self {
        let (variance, most) = (floor * floor, f64::from(BORROWED_FREEDOM));
        if self.variance >= variance {
            return self;
        }
        Self { variance, cell_freedom: Some(most), freedom: most, of_runs: None, is_least: true, ..self }
    }

    /// The variance of a cell after its own runs were seen, and its degrees of freedom: both spreads weighted by
    /// theirs.
    ///
    /// - `own`: `None` of a cell with one run. The only cell that told the prior is in it with all its runs.
    ///
    /// # Source
    /// Smyth 2004, section 3; the limit is that of the reference implementation (limma 3.x, `eBayes`), without which the only
    /// cell with two runs would count them twice.
    #[must_use]
    pub fn posterior(&self, own: Option<CellSpread>) -> CellSpread {
        let own =
            own.filter(|_| self.cells != 1 || self.is_least).unwrap_or(CellSpread { variance: 0.0, freedom: 0.0 });
        let freedom = self.freedom + own.freedom;
        let variance = (self.freedom * self.variance + own.freedom * own.variance) / freedom;
        CellSpread { variance, freedom: self.of_runs.map_or(freedom, |most| freedom.min(most)) }
    }

    /// The median of a cell by its own runs, with the shrunken spread.
    pub(super) fn median_of(&self, mean: f64, n: f64, own: Option<CellSpread>) -> LogMedian {
        let CellSpread { variance, freedom } = self.posterior(own);
        LogMedian { mean, error: (variance / n).sqrt(), freedom, sigma: variance.sqrt(), n: n.round() as usize }
    }
}

/// ln x less the digamma function, for x > 0.
fn ln_less_digamma(x: f64) -> f64 {
    x.ln() - digamma(x)
}

/// The derivative of the digamma function, for x > 0.
///
/// # Source
/// Abramowitz and Stegun 1964, 6.4.12; below 16 by ψ'(x) = ψ'(x + 1) + 1/x².
pub(super) fn trigamma(x: f64) -> f64 {
    let (mut x, mut below) = (x, 0.0);
    while x < 16.0 {
        below += x.powi(-2);
        x += 1.0;
    }
    let square = x.powi(-2);
    below + 1.0 / x + square * (0.5 + (1.0 / 6.0 - square * (1.0 / 30.0 - square / 42.0)) / x)
}

/// The x > 0 with this trigamma function: Newton's method on 1/ψ', which is convex (Smyth 2004, appendix).
fn inverse_trigamma(y: f64) -> f64 {
    let mut x = 0.5 + 1.0 / y;
    for _ in 0..100 {
        let value = trigamma(x);
        let h = 1e-5 * x;
        let slope = (trigamma(x + h) - trigamma(x - h)) / (2.0 * h);
        let step = value * (1.0 - value / y) / slope;
        x += step;
        if step.abs() < 1e-10 * x {
            break;
        }
    }
    x
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    /// ψ'(1) = π²/6, ψ'(1/2) = π²/2; near 1/x far out.
    #[test]
    fn trigamma_has_its_known_values_and_is_inverted() {
        let pi = std::f64::consts::PI;
        assert_relative_eq!(trigamma(1.0), pi * pi / 6.0, max_relative = 1e-12);
        assert_relative_eq!(trigamma(0.5), pi * pi / 2.0, max_relative = 1e-12);
        assert_relative_eq!(trigamma(1e8), 1e-8, max_relative = 1e-7);
        for x in [0.01, 0.5, 3.0, 40.0, 1e4] {
            assert_relative_eq!(inverse_trigamma(trigamma(x)), x, max_relative = 1e-8);
        }
    }

    /// By `scipy.special` and `scipy.optimize.brentq`: d0 = 7.846112931964, s0² = 0.003996399672.
    #[test]
    fn the_moments_give_what_another_program_finds() {
        let variances = [0.0016, 0.0052, 0.0009, 0.021, 0.0031, 0.0007, 0.0118, 0.0024];
        let freedoms = [2.0, 4.0, 3.0, 9.0, 2.0, 5.0, 4.0, 2.0];
        let spreads: Vec<CellSpread> =
            variances.into_iter().zip(freedoms).map(|(variance, freedom)| CellSpread { variance, freedom }).collect();
        let prior = SpreadPrior::fit(&spreads).expect("spreads");
        assert_relative_eq!(prior.cell_freedom.expect("they differ"), 7.846_112_931_964, max_relative = 1e-7);
        assert_relative_eq!(prior.variance, 0.003_996_399_672, max_relative = 1e-8);
        assert!(prior.freedom < 7.85 && prior.freedom > 3.0, "{prior:?}");
        // Smyth's posterior: (d0·s0² + d·s²) / (d0 + d), here with what the prior is worth.
        let own = CellSpread { variance: 0.02, freedom: 1e9 };
        assert_relative_eq!(prior.posterior(Some(own)).variance, 0.02, max_relative = 1e-7);
        assert_eq!(prior.posterior(None), CellSpread { variance: prior.variance, freedom: prior.freedom });
    }

    #[test]
    fn cells_that_are_alike_are_pooled_with_all_their_freedom() {
        let spreads = [0.01, 0.0101, 0.0099].map(|variance| CellSpread { variance, freedom: 4.0 });
        let prior = SpreadPrior::fit(&spreads).expect("spreads");
        assert_eq!((prior.cell_freedom, prior.cells), (None, 3));
        assert_relative_eq!(prior.variance, 0.01, max_relative = 1e-12);
        assert_relative_eq!(prior.freedom, 12.0);
    }

    #[test]
    fn the_only_cell_does_not_count_its_runs_twice() {
        let only = CellSpread { variance: 0.04, freedom: 2.0 };
        let prior = SpreadPrior::fit(&[only]).expect("a spread");
        assert_eq!(prior.posterior(Some(only)), only);
        assert_eq!(prior.posterior(None), only);
    }

    /// By hand: (2 · 0.04 + 3 · 0.01) / 5.
    #[test]
    fn one_cell_and_a_stated_spread_are_weighted_by_their_freedom() {
        let only = CellSpread { variance: 0.04, freedom: 2.0 };
        let stated = SpreadPrior { variance: 0.01, ..SpreadPrior::stated(0.1, 3.0).expect("a spread") };
        let prior = SpreadPrior::fit(&[only]).expect("a spread").with_stated(stated);
        assert_relative_eq!(prior.variance, 0.022, max_relative = 1e-12);
        assert_eq!((prior.freedom, prior.cells), (5.0, 1));
        for own in [Some(only), None] {
            let CellSpread { variance, freedom } = prior.posterior(own);
            assert_relative_eq!(variance, 0.022, max_relative = 1e-12);
            assert_relative_eq!(freedom, 5.0);
        }
    }

    #[test]
    fn what_tells_no_spread_is_refused() {
        let zero = CellSpread { variance: 0.0, freedom: 3.0 };
        assert_eq!(SpreadPrior::fit(&[]), Err(PoolingError::NoSpread));
        assert_eq!(SpreadPrior::fit(&[zero, zero]), Err(PoolingError::NoSpread));
        let negative = CellSpread { variance: -1.0, freedom: 3.0 };
        assert!(matches!(SpreadPrior::fit(&[negative]), Err(PoolingError::NotA { what: "variance", .. })));
        assert!(SpreadPrior::stated(0.0, 9.0).is_err() && SpreadPrior::stated(0.04, 0.5).is_err());
        assert_relative_eq!(SpreadPrior::stated(0.04, 9.0).expect("a spread").variance, 0.04_f64.powi(2).ln_1p());
    }
}
