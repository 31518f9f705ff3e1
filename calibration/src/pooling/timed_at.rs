//! Cells are compared at one shape: which one their times are of, and what takes them to another.

use super::{LogMedian, Own};
use crate::runs::Shape;
use crate::shape_fit::ShapeFit;

/// The shape that the times of a cell are of.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TimedAt {
    /// `None`: it does not matter, or they are taken for times of whatever shape they are compared at.
    pub shape: Option<Shape>,
    /// How they grow with the shape, where runs of several shapes tell.
    pub law: Option<ShapeFit>,
}

/// The median of `base` at the shape of `cell`; `None` where they are of two shapes, and the law of neither holds both.
pub(super) fn at_shape_of(cell: &Own, base: &Own) -> Option<LogMedian> {
    let (Some(wanted), Some(given)) = (&cell.timed.shape, &base.timed.shape) else { return Some(base.median) };
    if wanted.asks_the_same_as(given) {
        return Some(base.median);
    }
    let change = |of: &Own, from: &Shape, to: &Shape| {
        let law = of.timed.law.as_ref()?;
        let (mean, error) = law.ln_change(from, to)?;
        Some(LogMedian { mean, error, freedom: law.freedom as f64, sigma: 0.0, n: 0 })
    };
    // Where only the cell tells how its times grow, what is compared is that cell at the shape of the base.
    let by_cell = || change(cell, wanted, given).map(|change| LogMedian { mean: -change.mean, ..change });
    Some(base.median.plus(&change(base, given, wanted).or_else(by_cell)?))
}
